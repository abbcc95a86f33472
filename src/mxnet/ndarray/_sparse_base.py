"""What all arrays of ``mx.nd.sparse`` have in common: they hold only what is not zero.

A sparse array keeps its parts (see `_sparse_layout`). All other code knows arrays by their tensor ``_data``: here that
is a property, which makes a dense tensor of the parts and remembers the tensor's version. A write to that tensor is
noticed by the version, and the parts are made anew when they are next asked for. So whatever reads or writes a dense
array can read or write a sparse one, and only what is worth it needs to know about sparse arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .. import base
from .._ops.attributes import torch_dtype
from .._runtime.device import is_pinned, torch_device
from .._runtime.tape import state
from .._warning import warn
from ..context import Context
from . import _sparse_layout as layout
from .dispatch import NDArrayBase, check_writable, live_tensor, wrap, wrap_live, write
from .ndarray import NUMPY_TYPES, NDArray, tensor_from

__all__ = ["BaseSparseNDArray"]

Tensor = torch.Tensor


class BaseSparseNDArray(NDArray):
    """What csr matrices and row_sparse arrays have in common; made by functions such as `csr_matrix`, not directly.

    Parameters
    ----------
    handle : torch.Tensor or NDArray
        The content, dense or sparse.
    writable : bool
        Ignored; kept for MXNet's signature.

    Examples
    --------
    >>> isinstance(mx.nd.sparse.zeros('csr', (2, 3)), mx.nd.sparse.BaseSparseNDArray)
    True
    """

    __module__ = "mxnet.ndarray.sparse"
    __slots__ = ("_aux", "_dense", "_seen", "_shape", "_values")
    __hash__ = object.__hash__

    is_sparse = True
    _parts: tuple[str, ...] = ()  # names of the index tensors, in MXNet's order

    _values: Tensor | None  # None while only the dense tensor holds the content
    _aux: tuple[Tensor, ...]
    _dense: Tensor | None  # what `_data` gave away, with everything that was written to it
    _seen: int  # its version when it last agreed with the parts
    _shape: tuple[int, ...]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        array = super().__new__(cls)
        array._values, array._aux, array._dense, array._seen, array._shape = None, (), None, -1, (0,)
        array._trace = None
        return array

    def __init__(self, handle: Any, writable: bool = True) -> None:
        if isinstance(handle, BaseSparseNDArray) and handle.stype == self.stype:
            self._set_parts(*handle._compressed(), handle._shape)
            self._context, self._trace = handle._context, None
        else:
            super().__init__(handle, writable)

    # -- the parts and the dense tensor ------------------------------------------------------------------------------

    @property
    def _data(self) -> Tensor:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The content as a dense tensor; what is written to it is written to the array."""
        if self._dense is None:
            with torch.inference_mode(False):  # a tensor made in that mode would not count its versions
                self._dense = self._to_dense()
            self._seen = self._dense._version
        return self._dense

    @_data.setter
    def _data(self, dense: Tensor) -> None:
        self._dense, self._seen, self._values, self._aux = dense, -1, None, ()
        self._shape = tuple(dense.shape)

    def _compressed(self) -> layout.Parts:
        """Return the parts: values and index tensors, which must not be written to."""
        dense, values = self._dense, self._values
        if dense is not None and (values is None or dense.is_inference() or dense._version != self._seen):
            values, self._aux = self._compress(dense.detach())
            self._values = values
            self._seen = -1 if dense.is_inference() else dense._version
        assert values is not None
        return values, self._aux

    def _set_parts(self, values: Tensor, aux: tuple[Tensor, ...], shape: Sequence[int]) -> None:
        """Replace the content. Whoever holds the dense tensor sees the new content there."""
        dense = self._dense
        self._values, self._aux, self._shape = values, aux, tuple(shape)
        if dense is None:
            return
        with torch.no_grad():
            dense.copy_(self._expand((values, aux)))
        self._seen = -1 if dense.is_inference() else dense._version

    def _to_dense(self) -> Tensor:
        """Return the content as a dense tensor of the caller's own, or the one that `_data` gives."""
        if self._dense is not None:
            return self._dense
        try:
            return self._expand(self._compressed())
        except (IndexError, RuntimeError) as error:
            problem = self._problem(True)
            raise base.ValueError(f"{type(self).__name__}: {problem or error}") from None

    @staticmethod
    def _compress(dense: Tensor) -> layout.Parts:
        raise NotImplementedError

    def _expand(self, parts: layout.Parts) -> Tensor:
        raise NotImplementedError

    def _problem(self, full: bool) -> str | None:
        raise NotImplementedError

    def _like(self, values: Tensor, aux: tuple[Tensor, ...], shape: Sequence[int] | None = None) -> Any:
        """Return an array of this class and device."""
        return from_parts(type(self), values, aux, self._shape if shape is None else shape, self._context)

    def _dense_part(self, tensor: Tensor) -> NDArray:
        return wrap(NDArray, tensor.clone(), self._context)

    def _unsupported(self, function: str, alias: str | None, *args: Any) -> base.MXNetError:
        return base.NotSupportedForSparseNDArray(function, alias, *args)

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    @property
    def size(self) -> int:
        """Number of elements, those that are not stored too."""
        return int(np.prod(self._shape, dtype=np.int64))

    @property
    def dtype(self) -> Any:
        """NumPy type of the elements."""
        return NUMPY_TYPES[self._dtype]

    @property
    def _dtype(self) -> torch.dtype:
        source = self._dense if self._values is None else self._values
        assert source is not None
        return source.dtype

    @property
    def _num_aux(self) -> int:
        return len(self._parts)

    @property
    def _aux_types(self) -> list[Any]:
        return [np.int64] * len(self._parts)

    def _aux_type(self, i: int) -> Any:
        return self._aux_types[i]

    def _aux_data(self, i: int) -> NDArray:
        return self._dense_part(self._compressed()[1][i])

    @property
    def data(self) -> NDArray:
        """A copy of the stored values, as a dense array."""
        return self._dense_part(self._compressed()[0])

    @property
    def indices(self) -> NDArray:
        """A copy of the indices of the stored values: columns of a csr matrix, rows of a row_sparse array; int64."""
        return self._dense_part(self._compressed()[1][-1])

    def check_format(self, full_check: bool = True) -> None:
        """Check that the parts make a valid array.

        Parameters
        ----------
        full_check : bool
            Check every index. Without it, only shapes and both ends of ``indptr`` are looked at.

        Raises
        ------
        MXNetError
            If they do not; the message says why.

        Examples
        --------
        >>> mx.nd.sparse.csr_matrix(([1, 2], [0, 1], [0, 1, 2]), shape=(2, 2)).check_format()
        """
        problem = self._problem(full_check)
        if problem is not None:
            raise base.MXNetError(f"check_format: {type(self).__name__}: {problem}")

    # -- to and from other things ----------------------------------------------------------------------------------

    def asnumpy(self) -> np.ndarray:
        """Return the content as a dense NumPy array."""
        return wrap(NDArray, self._to_dense(), self._context).asnumpy()

    def __len__(self) -> int:
        return self._shape[0]

    def __repr__(self) -> str:
        size = "x".join(str(n) for n in self._shape)
        return f"\n<{type(self).__name__} {size} @{self._context}>"

    def __setstate__(self, state: dict[str, Any]) -> None:
        other = files.restored(state)
        if type(other) is not type(self):
            raise base.MXNetError(f"{type(self).__name__}: the pickle holds a {type(other).__name__}")
        self._dense = None
        self._set_parts(*other._compressed(), other._shape)
        self._context, self._trace = other._context, None

    def __getstate__(self) -> dict[str, Any]:
        return files.state_of(self)

    def __dlpack__(self, **options: Any) -> Any:
        raise self._unsupported("__dlpack__", None)

    def to_dlpack_for_read(self) -> Any:
        """A sparse array has no memory of its shape: NotSupportedForSparseNDArray."""
        raise self._unsupported("to_dlpack_for_read", None)

    def to_dlpack_for_write(self) -> Any:
        """A sparse array has no memory of its shape: NotSupportedForSparseNDArray."""
        raise self._unsupported("to_dlpack_for_write", None)

    def tostype(self, stype: str) -> Any:
        """Return a copy with another storage type: the array's own or 'default'; ValueError for any other."""
        if stype not in ("default", self.stype):
            raise base.ValueError(f"cast_storage from {self.stype} to {stype} is not supported")
        return functions.cast_storage(self, stype)

    # -- copies and devices ------------------------------------------------------------------------------------------

    def copy(self) -> Any:
        """Return a copy on the same device."""
        return _internal._copy(self)

    def detach(self) -> Any:
        """Return an array of the same content that is a constant to recording."""
        return self._like(*self._compressed())

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """Return the array with another dtype, as `NDArray.astype` does."""
        try:
            wanted = torch_dtype(dtype)
        except TypeError as error:
            raise base.TypeError(f"astype: {error}") from None
        if not copy and wanted is self._dtype:
            return self
        if state.recording and self._trace is not None:
            return functions.cast_storage(op.cast(self, wanted), self.stype)
        values, aux = self._compressed()
        return self._like(values.to(wanted), aux)

    def _on(self, context: Context, copy: bool) -> Any:
        if state.recording and self._trace is not None:
            return super()._on(context, copy)
        device, pinned = torch_device(context), is_pinned(context)
        values, aux = self._compressed()
        values, *rest = (part.to(device) for part in (values, *aux))
        values = values.pin_memory() if pinned else values
        return from_parts(type(self), values, tuple(rest), self._shape, context)

    def copyto(self, other: NDArray | Context) -> Any:
        """Copy into another array (cast to its dtype) or to another device.

        Parameters
        ----------
        other : NDArray or Context
            A dense array or one of this storage type, of the same shape; or a device for a new array.

        Raises
        ------
        MXNetError
            If the shapes differ; TypeError for another storage type or anything else.
        """
        if isinstance(other, Context):
            return self._on(other, copy=True)
        if not isinstance(other, NDArray):
            raise base.TypeError(f"copyto does not support type {type(other)}; expected an NDArray or a Context")
        if other is self:
            warn("You are attempting to copy an array to itself", RuntimeWarning)
            return False
        if other.stype not in ("default", self.stype):
            raise base.TypeError(f"copyto does not support destination NDArray stype {other.stype}")
        if self._shape != other.shape:
            raise base.MXNetError(f"copyto: this array has shape {self._shape}, the other one {other.shape}")
        recorded = state.recording and self._trace is not None
        if isinstance(other, BaseSparseNDArray) and not recorded:
            other._replace("copyto", self)
        else:
            write("copyto", other, live_tensor(self) if recorded else self._to_dense())
        return other

    def _replace(self, what: str, source: BaseSparseNDArray) -> None:
        """Take the content of an array of the same class and shape."""
        check_writable(what, self)
        values, aux = source._compressed()
        device = self._device()
        values, *rest = (part.to(device) for part in (values, *aux))
        self._set_parts(values.to(self._dtype), tuple(rest), self._shape)

    def _device(self) -> torch.device:
        source = self._dense if self._values is None else self._values
        assert source is not None
        return source.device

    def wait_to_read(self) -> None:
        """Block until the array's value is computed; a CPU array's always is."""
        device = self._device()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    # -- recording -----------------------------------------------------------------------------------------------

    def attach_grad(self, grad_req: str = "write", stype: str | None = None) -> None:
        """Make a zero gradient array of this storage type, or of `stype`: see `NDArray.attach_grad`."""
        super().attach_grad(grad_req, self.stype if stype is None else stype)

    # -- parts of it, and writing --------------------------------------------------------------------------------------

    def reshape(self, *shape: Any, **kwargs: Any) -> NDArray:
        """Sparse arrays have no other shapes: NotSupportedForSparseNDArray."""
        raise self._unsupported("reshape", None, *shape)

    def _view(self, shape: Sequence[int]) -> NDArray:
        return wrap(NDArray, self._to_dense(), self._context)._view(shape)

    def _at(self, index: int) -> NDArray:
        raise self._unsupported("_at", "[idx]", index)

    def _slice(self, start: int, stop: int) -> NDArray:
        raise self._unsupported("_slice", None, start, stop)

    def broadcast_to(self, shape: int | tuple[int, ...]) -> NDArray:
        """Return a dense copy repeated to `shape`."""
        return self.tostype("default").broadcast_to(shape)

    def _set_all(self, value: Any) -> None:
        """Do ``x[:] = value`` for an array or anything array-like."""
        if value is self:
            return
        if isinstance(value, NDArrayBase):
            value.copyto(self)  # type: ignore[attr-defined]
        elif isinstance(value, np.ndarray):
            self._set_dense(tensor_from(value, "x[:] = value"))
        else:
            raise base.TypeError(
                f"{type(self).__name__}: x[:] = value: type {type(value)} not supported; expected an NDArray or a "
                "NumPy array"
            )

    def _set_dense(self, value: Tensor) -> None:
        if tuple(value.shape) != self._shape:
            raise base.MXNetError(
                f"{type(self).__name__}: x[:] = value: value has shape {tuple(value.shape)}, the array {self._shape}"
            )
        check_writable("x[:] = value", self)
        self._set_parts(*self._compress(value.to(self._device(), self._dtype)), self._shape)

    # -- arithmetic ----------------------------------------------------------------------------------------------------

    def __add__(self, other: NDArray | float) -> NDArray:
        return functions.add(self, other)

    def __sub__(self, other: NDArray | float) -> NDArray:
        return functions.subtract(self, other)

    def __mul__(self, other: NDArray | float) -> NDArray:
        return functions.multiply(self, other)

    def _assign(self, what: str, result: NDArray) -> BaseSparseNDArray:
        check_writable(what, self)
        if result.shape != self._shape:
            raise base.MXNetError(f"{what}: this array has shape {self._shape}, the result {result.shape}")
        if state.recording and result._trace is not None:
            write(what, self, live_tensor(result), (self,))
        elif isinstance(result, BaseSparseNDArray) and result.stype == self.stype:
            self._replace(what, result)
        else:
            self._set_dense(result._data)
        return self

    def __iadd__(self, other: NDArray | float) -> Any:
        return self._assign("x += other", self + other)

    def __isub__(self, other: NDArray | float) -> Any:
        return self._assign("x -= other", self - other)

    def __imul__(self, other: NDArray | float) -> Any:
        return self._assign("x *= other", self * other)

    def __itruediv__(self, other: NDArray | float) -> Any:
        return self._assign("x /= other", self / other)

    __idiv__ = __itruediv__


def from_parts(cls: type[Any], values: Tensor, aux: tuple[Tensor, ...], shape: Sequence[int], context: Context) -> Any:
    """Return a sparse array of its parts, which it keeps: see `_sparse_layout`."""
    array: Any = cls.__new__(cls)  # pyright: ignore[reportCallIssue] - of any class
    array._set_parts(values, aux, shape)
    array._context = context
    return array


def from_dense(cls: type[Any], live: Tensor, context: Context) -> Any:
    """Return an array with the content of a dense tensor, which may be recorded; else it is not kept."""
    if cls is NDArray or live.requires_grad:
        return wrap_live(cls, live, context)
    values, aux = cls._compress(live)
    return from_parts(cls, values, aux, live.shape, context)


from . import _internal, files, op  # noqa: E402 - made for the dense class
from . import _sparse_functions as functions  # noqa: E402 - they take these arrays
