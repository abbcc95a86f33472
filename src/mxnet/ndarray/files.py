"""``mx.nd.save`` and ``mx.nd.load``: MXNet's ``.params`` files."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import Tensor

from .. import base
from .._graph.collector import held_back
from .._runtime import params
from ..base import MXNetError
from ..context import Context
from .dispatch import NDArrayBase, wrap
from .ndarray import NDArray

if TYPE_CHECKING:
    from ._sparse_arrays import BaseSparseNDArray

__all__ = ["load", "load_frombuffer", "save"]


def save(fname: str, data: NDArray | Sequence[NDArray] | Mapping[str, NDArray]) -> None:
    """Write arrays to a file as MXNet 1.9.1 does, byte for byte.

    The file is written under another name first and then renamed: a failure leaves an older file as it was.

    Parameters
    ----------
    fname : str
        Path of the file.
    data : NDArray, list of NDArray, or dict of str to NDArray
        What to write: dense and sparse arrays of any device.

    Raises
    ------
    TypeError, ValueError
        If `data` holds anything else.
    MXNetError
        If the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.params")
    >>> mx.nd.save(path, {"w": mx.nd.ones((2,))})
    >>> mx.nd.load(path)["w"].asnumpy().tolist()
    [1.0, 1.0]
    """
    _check_path("save", fname)
    arrays, names = _listed(data)
    try:
        params.save(fname, [_content(array) for array in arrays], names)
    except OSError as error:
        raise MXNetError(f"save: cannot write {fname!r}: {error}") from None


def _check_path(function: str, fname: Any) -> None:
    if not isinstance(fname, (str, os.PathLike)):
        raise base.TypeError(f"{function}: fname required to be a string, got {type(fname).__name__}")


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
    """Read the arrays of a ``.params`` file, of any version of MXNet.

    Parameters
    ----------
    fname : str
        Path of the file.

    Returns
    -------
    dict of str to NDArray, or list of NDArray
        A dict where the arrays have names. All are on the CPU; sparse arrays are `CSRNDArray` and `RowSparseNDArray`.

    Raises
    ------
    MXNetError
        If the file is missing, or is no valid ``.params`` file; the message names the place.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.params")
    >>> mx.nd.save(path, [mx.nd.ones((2,)), mx.nd.zeros((1,))])
    >>> [array.shape for array in mx.nd.load(path)]
    [(2,), (1,)]
    """
    _check_path("load", fname)
    try:
        return _wrapped(*params.load(fname))
    except OSError as error:
        raise MXNetError(f"load: cannot read {fname!r}: {error}") from None


def load_frombuffer(buf: bytes) -> list[NDArray] | dict[str, NDArray]:
    """Read arrays from the bytes of a ``.params`` file: see `load`.

    Parameters
    ----------
    buf : bytes
        What the file holds.

    Returns
    -------
    dict of str to NDArray, or list of NDArray
        As `load` returns them; they are copies.

    Raises
    ------
    MXNetError
        If the bytes are no valid ``.params`` file. TypeError if they are no bytes.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "x.params")
    >>> mx.nd.save(path, {"w": mx.nd.ones((2,))})
    >>> with open(path, "rb") as file:
    ...     list(mx.nd.load_frombuffer(file.read()))
    ['w']
    """
    if not isinstance(buf, (bytes, bytearray, memoryview)):
        raise base.TypeError(f"load_frombuffer: buf required to be bytes, got {type(buf).__name__}")
    return _wrapped(*params.loads(buf))


def _wrapped(contents: Sequence[params.Array], names: Sequence[str]) -> list[NDArray] | dict[str, NDArray]:
    place = Context("cpu", 0)
    with held_back(len(contents)):
        arrays = [_array(content, place) for content in contents]
    return dict(zip(names, arrays)) if names else arrays


def _content(array: NDArray | BaseSparseNDArray) -> params.Array:
    """Return what stands for an array in a file."""
    if array.__class__ is NDArray or array.stype == "default":
        return array._data
    values, parts = array._compressed()  # type: ignore[union-attr]
    return params.Sparse(array.stype, array.shape, values, parts[-1], parts[0] if len(parts) == 2 else None)


def _array(content: params.Array, place: Context) -> NDArray:
    """Return the array that `content` stands for."""
    if isinstance(content, Tensor):
        return wrap(NDArray, content, place)
    from ._sparse_arrays import CLASSES, from_parts  # they are made of dense arrays

    parts = (content.indices,) if content.indptr is None else (content.indptr, content.indices)
    return from_parts(CLASSES[content.storage], content.data, parts, content.shape, place)


# -- pickles ---------------------------------------------------------------------------------------------------------
def state_of(array: NDArray) -> dict[str, Any]:
    """Return what a pickle holds of an array: the record of a file."""
    return {"handle": params.dumps_one(_content(array))}


def restored(state: dict[str, Any]) -> NDArray:
    """Return the array of a state that `state_of` made, here or in MXNet 1.x."""
    record = state.get("handle") if isinstance(state, dict) else None
    if not isinstance(record, (bytes, bytearray)):
        raise MXNetError(f"a pickled array holds bytes under 'handle', here is a {type(record).__name__}")
    return _array(params.loads_one(record, "pickled array"), Context("cpu", 0))
