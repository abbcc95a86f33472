"""``mx.nd.save`` and ``mx.nd.load``: MXNet's ``.params`` files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import base
from .._runtime import params
from ..base import MXNetError
from ..context import Context
from .dispatch import NDArrayBase, wrap
from .ndarray import NDArray

__all__ = ["load", "load_frombuffer", "save"]


def save(fname: str, data: NDArray | Sequence[NDArray] | Mapping[str, NDArray]) -> None:
    """Write arrays to a file as MXNet 1.9.1 does, byte for byte.

    The file is written under another name first and then renamed: a failure leaves an older file as it was.

    Parameters
    ----------
    fname : str
        Path of the file.
    data : NDArray, list of NDArray, or dict of str to NDArray
        What to write.

    Raises
    ------
    TypeError, ValueError
        If `data` holds anything else.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.params")
    >>> mx.nd.save(path, {"w": mx.nd.ones((2,))})
    >>> mx.nd.load(path)["w"].asnumpy().tolist()
    [1.0, 1.0]
    """
    arrays, names = _listed(data)
    try:
        params.save(fname, [array._data for array in arrays], names)
    except OSError as error:
        raise MXNetError(f"save: cannot write {fname!r}: {error}") from None


def _listed(data: Any) -> tuple[list[NDArray], list[str]]:
    if isinstance(data, NDArrayBase):
        data = [data]
    if isinstance(data, Mapping):
        names, arrays = list(data), list(data.values())
        if not all(isinstance(name, str) for name in names):
            raise base.TypeError("save: the names of arrays must be str")
    elif isinstance(data, (list, tuple)):
        names, arrays = [], list(data)
    else:
        raise base.ValueError(
            f"save: data is a {type(data).__name__}, expected an NDArray, a list of NDArray or a dict of str to NDArray"
        )
    for array in arrays:
        if not isinstance(array, NDArrayBase):
            raise base.TypeError(f"save: found a {type(array).__name__} among the arrays, expected NDArray only")
    return arrays, names  # type: ignore[return-value]


def load(fname: str) -> list[NDArray] | dict[str, NDArray]:
    """Read the arrays of a ``.params`` file: a dict when they have names, else a list.

    Raises
    ------
    MXNetError
        If the file is missing or not a valid ``.params`` file; the message names the place.
    """
    try:
        return _wrapped(*params.load(fname))
    except OSError as error:
        raise MXNetError(f"load: cannot read {fname!r}: {error}") from None


def load_frombuffer(buf: bytes) -> list[NDArray] | dict[str, NDArray]:
    """Read arrays from the bytes of a ``.params`` file."""
    if not isinstance(buf, (bytes, bytearray, memoryview)):
        raise base.TypeError(f"load_frombuffer: expected bytes, got {type(buf).__name__}")
    return _wrapped(*params.loads(buf))


def _wrapped(tensors: Sequence[Any], names: Sequence[str]) -> list[NDArray] | dict[str, NDArray]:
    arrays = [wrap(NDArray, tensor, Context("cpu", 0)) for tensor in tensors]
    return dict(zip(names, arrays)) if names else arrays
