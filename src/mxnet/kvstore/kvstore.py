"""The store of ``mx.kv.create("local")``: sums over devices, and updates."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch

from .. import base
from .. import optimizer as opt
from .._runtime.device import torch_device
from .._runtime.files import replacing
from ..ndarray._sparse_functions import add
from ..ndarray.dispatch import wrap
from ..ndarray.ndarray import NDArray
from ._compression import TwoBit, compression
from ._processes import OneProcess
from ._rows import pull_rows
from .base import KVStoreBase, Values, arrays_of, by_key, check_capability, deliver

__all__ = ["KVStore"]


class KVStore(KVStoreBase):
    """A store of arrays by key, which sums what several devices push.

    It is made by `mx.kv.create`. Keys are all int or all str.

    Parameters
    ----------
    handle : OneProcess
        The processes that share it.

    Examples
    --------
    >>> store = mx.kv.create("local")
    >>> store.init(3, mx.nd.ones((2,)))
    >>> store.push(3, [mx.nd.array([1, 2]), mx.nd.array([10, 20])])
    >>> out = mx.nd.zeros((2,))
    >>> store.pull(3, out=out)
    >>> out.asnumpy().tolist()
    [11.0, 22.0]
    """

    def __init__(self, handle: OneProcess) -> None:
        if not isinstance(handle, OneProcess):
            raise base.TypeError(f"KVStore: made by mx.kv.create(name), not from a {type(handle).__name__}")
        self.handle = handle
        self._updater: Callable[[Any, Any, Any], Any] | None = None
        self._store: dict[int | str, NDArray] = {}
        self._key_type: type | None = None
        self._compression: TwoBit | None = None
        self._said: set[int | str] = set()  # keys whose pull was skipped, and a warning logged

    # -- values ------------------------------------------------------------------------------------------------------

    def init(self, key: Any, value: Values) -> None:
        """Set the first value of keys.

        Parameters
        ----------
        key : int or str, or a list of them
            New keys.
        value : NDArray, or a list with one for each key
            Their values, which are copied.

        Raises
        ------
        MXNetError
            If a key has a value already, or keys of int and str are mixed.
        """
        for name, values in self._by_key("init", key, value):
            if name in self._store or len(values) != 1:
                raise base.MXNetError(f"KVStore.init: duplicate init of key {name!r}; a key has one first value")
            self._key_type = str if isinstance(name, str) else int
            self._store[name] = self.handle.first(_copy(values[0]))

    def push(self, key: Any, value: Values, priority: int = 0) -> None:
        """Sum the arrays of each key; hand the sum to the updater, or store it if there is none.

        Parameters
        ----------
        key : int or str, or a list of them
            Keys that have a value.
        value : NDArray, list of NDArray, or a list of these for several keys
            One array from each device, of the shape of the key's value.
        priority : int
            Kept for MXNet's signature: work is done in the order of calls.

        Raises
        ------
        MXNetError
            If a key has no value yet, or a shape differs.
        """
        del priority
        for name, values in self._by_key("push", key, value):
            self._push("push", name, values)

    def pull(self, key: Any, out: Values = None, priority: int = 0, ignore_sparse: bool = True) -> None:
        """Copy the value of each key into arrays.

        Parameters
        ----------
        key : int or str, or a list of them
            Keys that have a value.
        out : NDArray, list of NDArray, or a list of these for several keys
            Arrays to write to, of any dtype and on any device.
        priority : int
            Kept for MXNet's signature.
        ignore_sparse : bool
            Leave sparse arrays that belong to sparse values alone (a warning is logged): `row_sparse_pull` fetches
            the rows that are needed.

        Raises
        ------
        MXNetError
            If a key has no value yet, or a shape differs.
        """
        del priority
        if out is None:
            raise base.ValueError("KVStore.pull: out is missing, expected the arrays to write to")
        for name, targets in self._by_key("pull", key, out):
            self._pull("pull", name, targets, ignore_sparse)

    def pushpull(self, key: Any, value: Values, out: Values = None, priority: int = 0) -> None:
        """Push, then pull: `push` and `pull` in one call.

        Parameters
        ----------
        key : int or str, or a list of them
            Keys that have a value.
        value : NDArray, list of NDArray, or a list of these for several keys
            One array from each device.
        out : the same as `value`, optional
            Arrays to write to; those of `value` when left out.
        priority : int
            Kept for MXNet's signature.
        """
        del priority
        targets = self._by_key("pushpull", key, value if out is None else out)
        for name, values in self._by_key("pushpull", key, value):
            self._push("pushpull", name, values)
        for name, arrays in targets:
            self._pull("pushpull", name, arrays, ignore_sparse=True)

    def broadcast(self, key: Any, value: Values, out: Values, priority: int = 0) -> None:
        """Set the first value of keys and copy it into arrays: `init` and `pull` in one call.

        Parameters
        ----------
        key : int or str, or a list of them
            New keys.
        value : NDArray, or a list with one for each key
            Their values.
        out : NDArray, list of NDArray, or a list of these for several keys
            Arrays to write to.
        priority : int
            Kept for MXNet's signature.
        """
        self.init(key, value)
        self.pull(key, out, priority)

    def row_sparse_pull(self, key: Any, out: Values = None, priority: int = 0, row_ids: Any = None) -> None:
        """Copy rows of row_sparse values into row_sparse arrays.

        Parameters
        ----------
        key : int or str, or a list of them
            Keys whose values are row_sparse.
        out : RowSparseNDArray, list of them, or a list of these for several keys
            Arrays to write to; all their other rows become zero.
        priority : int
            Kept for MXNet's signature.
        row_ids : NDArray, or a list of them
            Rows that are wanted, in any order, for all arrays or for each.

        Raises
        ------
        MXNetError
            If value or array are not row_sparse. IndexError if there is no such row.

        Examples
        --------
        >>> store = mx.kv.create("local")
        >>> store.init("w", mx.nd.ones((3, 2)).tostype("row_sparse"))
        >>> out = mx.nd.sparse.zeros("row_sparse", (3, 2))
        >>> store.row_sparse_pull("w", out=out, row_ids=mx.nd.array([2, 0]))
        >>> out.indices.asnumpy().tolist()
        [0, 2]
        """
        del priority
        if out is None or row_ids is None:
            missing = "out" if out is None else "row_ids"
            raise base.ValueError(f"KVStore.row_sparse_pull: {missing} is missing")
        if isinstance(row_ids, NDArray):
            wanted = row_ids
            row_ids = [[wanted] * len(arrays_of("KVStore.row_sparse_pull", item)) for item in _listed(key, out)]
            row_ids = row_ids if isinstance(key, (list, tuple)) else row_ids[0]
        rows = self._by_key("row_sparse_pull", key, row_ids)
        for (name, targets), (_, ids) in zip(self._by_key("row_sparse_pull", key, out), rows):
            if len(ids) != len(targets):
                raise base.ValueError(
                    f"KVStore.row_sparse_pull: key {name!r} has {len(targets)} arrays in out and {len(ids)} row_ids"
                )
            for target, wanted in zip(targets, ids):
                pull_rows(name, self._stored("row_sparse_pull", name), target, wanted)

    def _by_key(self, method: str, key: Any, value: Values) -> list[tuple[int | str, list[NDArray]]]:
        found = by_key(f"KVStore.{method}", key, value)
        known = self._key_type
        if found and known is not None and not isinstance(found[0][0], known):
            raise base.MXNetError(
                f"KVStore.{method}: key {found[0][0]!r} came, but the store has keys of {known.__name__}: "
                "mixed key types are not allowed"
            )
        return found

    def _stored(self, method: str, key: int | str) -> NDArray:
        found = self._store.get(key)
        if found is None:
            raise base.MXNetError(f"KVStore.{method}: key {key!r} has no value; call init({key!r}, value) first")
        return found

    def _push(self, method: str, key: int | str, values: list[NDArray]) -> None:
        stored = self._stored(method, key)
        for value in values:
            if value.shape != stored.shape:
                raise base.MXNetError(
                    f"KVStore.{method}: key {key!r} has shape {stored.shape}, but an array of shape {value.shape} came"
                )
        if not values:
            raise base.ValueError(f"KVStore.{method}: the list of values of key {key!r} is empty")
        merged = self.handle.total(self._sum(key, values))
        if stored._context != merged._context and torch_device(stored._context) != torch_device(merged._context):
            # Values follow their gradients, as to a GPU.
            stored = self._store[key] = stored.as_in_context(merged.context)
        if self._updater is not None:
            self._updater(key, merged, stored)
        elif merged.stype != stored.stype or merged.stype == "default":
            deliver(f"KVStore.{method}", merged, [stored])
        else:
            self._store[key] = _copy(merged)

    def _sum(self, key: int | str, values: list[NDArray]) -> NDArray:
        """Return the sum on the device of the first array, in its dtype."""
        first = values[0]
        if any(value.stype != "default" for value in values):
            total = first
            for value in values[1:]:
                total = add(total, value.as_in_context(first.context))
            return total
        tensors = [value._data for value in values]
        if self._compression is not None:
            tensors = [self._compression(key, i, tensor) for i, tensor in enumerate(tensors)]
        elif len(tensors) == 1:
            return first
        return wrap(NDArray, _added(tensors), first._context)

    def _pull(self, method: str, key: int | str, targets: list[NDArray], ignore_sparse: bool) -> None:
        stored = self._stored(method, key)
        if ignore_sparse and stored.stype != "default":
            skipped = [target for target in targets if target.stype != "default"]
            if skipped and key not in self._said:
                self._said.add(key)
                logging.warning(
                    "KVStore.%s: the value of key %r is sparse, and sparse arrays are left as they are; use "
                    "row_sparse_pull, or ignore_sparse=False",
                    method,
                    key,
                )
            targets = [target for target in targets if target.stype == "default"]
        deliver(f"KVStore.{method}", stored, targets)

    # -- updates -----------------------------------------------------------------------------------------------------

    def set_optimizer(self, optimizer: opt.Optimizer) -> None:
        """Let the store update its values: what is pushed are gradients from then on.

        Parameters
        ----------
        optimizer : mx.optimizer.Optimizer

        Examples
        --------
        >>> store = mx.kv.create("local")
        >>> store.set_optimizer(mx.optimizer.SGD(learning_rate=0.5))
        >>> store.init("w", mx.nd.ones((2,)))
        >>> store.push("w", mx.nd.array([1, 2]))
        >>> out = mx.nd.zeros((2,))
        >>> store.pull("w", out=out)
        >>> out.asnumpy().tolist()
        [0.5, 0.0]
        """
        self._set_updater(opt.get_updater(optimizer))

    def _set_updater(self, updater: Callable[[Any, Any, Any], Any] | None) -> None:
        """Set what `push` does with a sum: a function of key, sum and value, which changes the value."""
        if updater is not None and not callable(updater):
            raise base.TypeError(f"KVStore._set_updater: updater is a {type(updater).__name__}, expected a function")
        self._updater = updater

    def save_optimizer_states(self, fname: str, dump_optimizer: bool = False) -> None:
        """Write the optimizer's states to a file.

        Parameters
        ----------
        fname : str
            Name of the file.
        dump_optimizer : bool
            Whether to write the optimizer too.

        Raises
        ------
        MXNetError
            If `set_optimizer` was not called.
        """
        states = self._states("save_optimizer_states").get_states(dump_optimizer)
        with replacing(fname) as file:
            file.write(states)

    def load_optimizer_states(self, fname: str) -> None:
        """Read the optimizer's states from a file.

        Parameters
        ----------
        fname : str
            Name of the file.

        Raises
        ------
        MXNetError
            If `set_optimizer` was not called.
        """
        updater = self._states("load_optimizer_states")
        with open(fname, "rb") as file:
            updater.set_states(file.read())

    def _states(self, method: str) -> Any:
        if not hasattr(self._updater, "get_states"):
            raise base.MXNetError(f"KVStore.{method}: there is no optimizer; call set_optimizer first")
        return self._updater

    def set_gradient_compression(self, compression_params: dict[str, Any]) -> None:
        """Round what is pushed, element by element; what is lost is added to the next gradient.

        Parameters
        ----------
        compression_params : dict
            ``{'type': '2bit', 'threshold': 0.5}``: each element becomes -threshold, 0 or threshold.

        Raises
        ------
        MXNetError
            If the store is not of a 'device' kind, or the parameters are wrong.

        Examples
        --------
        >>> store = mx.kv.create("device")
        >>> store.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        >>> store.init("w", mx.nd.zeros((2,)))
        >>> out = mx.nd.zeros((2,))
        >>> for _ in range(2):
        ...     store.pushpull("w", mx.nd.array([0.3, -2]), out=out)
        ...     print(out.asnumpy().tolist())
        [0.0, -0.5]
        [0.5, -0.5]
        """
        if "device" not in self.type and "dist" not in self.type:
            raise base.MXNetError(
                f"KVStore.set_gradient_compression: gradient compression is not supported by {self.type!r}; "
                "use mx.kv.create('device')"
            )
        self._compression = compression(compression_params)

    # -- processes ---------------------------------------------------------------------------------------------------

    def is_capable(self, capability: str) -> bool:
        """Return whether the store can do something.

        Parameters
        ----------
        capability : {'optimizer'}
            'optimizer': run the optimizer on its values.

        Raises
        ------
        ValueError
            If there is no such capability.
        """
        return check_capability(capability) == self.OPTIMIZER

    @property
    def type(self) -> str:
        """The name it was made with."""
        return self.handle.type

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        return self.handle.rank

    @property
    def num_workers(self) -> int:
        """Number of processes."""
        return self.handle.size

    def _barrier(self) -> None:
        """Wait for all processes."""
        self.handle.wait()

    def _send_command_to_servers(self, head: int, body: str) -> None:
        """Do nothing: a store of one process has no servers."""


def _copy(value: NDArray) -> NDArray:
    return value.detach().copy()


def _listed(key: Any, values: Values) -> list[Any]:
    """Return what was given for each key."""
    return list(values) if isinstance(key, (list, tuple)) else [values]


def _added(tensors: list[torch.Tensor]) -> torch.Tensor:
    first, *others = tensors
    total = None
    for other in others:
        other = other.to(first.device, first.dtype, non_blocking=True)
        total = first + other if total is None else total.add_(other)
    return first if total is None else total
