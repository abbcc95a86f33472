"""The servers of distributed training, which this version does not have."""

from __future__ import annotations

from .. import base
from .kvstore import KVStore

__all__ = ["KVStoreServer"]


class KVStoreServer:
    """A process that keeps values for others.

    Parameters
    ----------
    kvstore : KVStore
        The store it would serve.

    Examples
    --------
    >>> server = mx.kv.KVStoreServer(mx.kv.create("local"))
    >>> server.kvstore.type
    'local'
    """

    def __init__(self, kvstore: KVStore) -> None:
        self.kvstore = kvstore
        self.handle = kvstore.handle
        self.init_logging = False

    def run(self) -> None:
        """Refuse: servers belong to stores over several machines.

        Raises
        ------
        MXNetError
            Always.
        """
        raise base.MXNetError(
            f"KVStoreServer.run: a {self.kvstore.type!r} store has no servers, and this version has no stores over "
            "several machines yet; start the worker's program alone"
        )
