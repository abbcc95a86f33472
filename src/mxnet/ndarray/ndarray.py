"""The array of ``mx.nd``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch._C import _to_dlpack as to_dlpack

from .. import base
from .._ops.attributes import DTYPE_NAMES, torch_dtype
from .._ops.shape import reshape_target
from .._ops.sharing import share_outside
from .._runtime import tape, transfers
from .._runtime.device import is_pinned, torch_device
from .._runtime.tape import state
from .._warning import warn
from ..context import Context
from . import indexing
from .dispatch import NDArrayBase, check_writable, live_tensor, overwrite, wrap, wrap_live, write

__all__ = ["NDArray"]

#: NumPy's type for each dtype. NumPy has no bfloat16: this is MXNet's stand-in.
NUMPY_TYPES: dict[torch.dtype, Any] = {
    dtype: np.dtype(name).type for dtype, name in DTYPE_NAMES.items() if name != "bfloat16"
}
NUMPY_TYPES[torch.bool] = np.bool_
NUMPY_TYPES[torch.bfloat16] = np.dtype([("bfloat16", np.uint16)])

_NP_TO_MX: dict[Any, int] = {
    None: -1, np.float32: 0, np.float64: 1, np.float16: 2, np.uint8: 3, np.int32: 4, np.int8: 5, np.int64: 6,
    np.bool_: 7, np.dtype([("bfloat16", np.uint16)]): 12,
}  # fmt: skip
_DTYPE_NP_TO_MX = _NP_TO_MX
_DTYPE_MX_TO_NP = {code: kind for kind, code in _NP_TO_MX.items()}
_GRAD_REQ_MAP = {"null": 0, "write": 1, "add": 3}
_STORAGE_TYPE_STR_TO_ID = {"undefined": -1, "default": 0, "row_sparse": 1, "csr": 2}


if TYPE_CHECKING:  # methods that come from the registry and from `arithmetic`, see the end of this file
    from ._fluent import Fluent
else:
    Fluent = object


class NDArray(NDArrayBase, Fluent):
    """An n-dimensional array on one device.

    Arrays are made by `mx.nd.array`, `mx.nd.zeros` and every operator, not by calling this class.

    Parameters
    ----------
    handle : torch.Tensor or NDArray
        The memory, shared with the new array.
    writable : bool
        Ignored; kept for MXNet's signature.

    Examples
    --------
    >>> x = mx.nd.array([[1, 2, 3], [4, 5, 6]])
    >>> x[1]
    <BLANKLINE>
    [4. 5. 6.]
    <NDArray 3 @cpu(0)>
    >>> (x * 2).sum().asscalar()
    np.float32(42.0)
    """

    __slots__ = ()
    __array_priority__ = 1000.0  # NumPy leaves ``numpy_array + x`` to this class

    def __init__(self, handle: Any, writable: bool = True) -> None:
        del writable
        if isinstance(handle, NDArrayBase):
            self._data, self._context = handle._data, handle._context
        elif isinstance(handle, torch.Tensor):
            self._data, self._context = share_outside(handle.detach()), _context_of_tensor(handle)
        elif handle is None:  # MXNet's pickles make an array without memory and fill it by `__setstate__`
            self._data, self._context = torch.empty(0), Context("cpu", 0)
        else:
            raise base.TypeError(f"NDArray: expected a tensor, got {type(handle).__name__}; use mx.nd.array(...)")
        self._trace = None

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        return tuple(self._data.shape)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self._data.dim()

    @property
    def size(self) -> int:
        """Number of elements."""
        return self._data.numel()

    @property
    def dtype(self) -> Any:
        """NumPy type of the elements, such as ``numpy.float32``."""
        return NUMPY_TYPES[self._data.dtype]

    @property
    def context(self) -> Context:
        """The device that holds it."""
        return self._context

    ctx = context

    @property
    def stype(self) -> str:
        """Storage type: 'default' for a dense array."""
        return "default"

    @property
    def handle(self) -> torch.Tensor:
        """The torch tensor underneath; writing to it writes to the array."""
        return self._data

    @property
    def writable(self) -> bool:
        """Whether the array can be written to: always."""
        return True

    @property
    def T(self) -> NDArray:
        """A copy with the axes in reverse order."""
        return op.transpose(self)

    @property
    def grad(self) -> NDArray | None:
        """The gradient array that `attach_grad` made, or None."""
        trace = self._trace
        return None if trace is None else trace.gradient  # type: ignore[return-value]

    @property
    def _fresh_grad(self) -> bool:
        """Whether a backward pass delivered a gradient since this was last set to False."""
        trace = self._trace
        return trace is not None and trace.gradient is not None and trace.fresh[0]

    @_fresh_grad.setter
    def _fresh_grad(self, fresh: bool) -> None:
        trace = self._trace
        if trace is None or trace.gradient is None:
            raise base.MXNetError("_fresh_grad: the array has no gradient; call attach_grad() first")
        trace.fresh[0] = bool(fresh)

    # -- to and from other things ----------------------------------------------------------------------------------

    def asnumpy(self) -> np.ndarray:
        """Return a NumPy copy. bfloat16, which NumPy lacks, becomes float32."""
        data = self._data
        if data.dtype is torch.bfloat16:
            data = data.float()
        return data.numpy().copy() if data.device.type == "cpu" else data.cpu().numpy()

    def asscalar(self) -> Any:
        """Return the only element as a NumPy scalar; ValueError when there are more."""
        if self.size != 1:
            raise base.ValueError(f"The current array is not a scalar: it has shape {self.shape}")
        return self.asnumpy().reshape(-1)[0]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError(
                "an NDArray cannot become a NumPy array without a copy; use np.from_dlpack to share memory"
            )
        found = self.asnumpy()
        return found if dtype is None else found.astype(dtype, copy=False)

    def __bool__(self) -> bool:
        if self.size == 0:
            return False
        if self.size == 1:
            return bool(self.asscalar())
        raise base.ValueError("The truth value of an NDArray with multiple elements is ambiguous.")

    def __float__(self) -> float:
        return float(self.asscalar())

    def __int__(self) -> int:
        return int(self.asscalar())

    def __index__(self) -> int:
        if self.size == 1 and self._data.dtype in (torch.int8, torch.int32, torch.int64, torch.uint8):
            return int(self.asscalar())
        raise base.TypeError(f"only an integer array of one element is an index; this is {self.shape} {self.dtype}")

    def __len__(self) -> int:
        if self._data.dim() == 0:
            raise base.IndexError("len() of an array without axes")
        return self._data.shape[0]

    def __iter__(self) -> Iterator[NDArray]:
        for i in range(len(self)):
            yield self[i]

    def __repr__(self) -> str:
        size = "x".join(str(n) for n in self.shape)
        return f"\n{self.asnumpy()!s}\n<{self.__class__.__name__} {size} @{self._context}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return self.__class__, (None,), self.__getstate__()

    def __getstate__(self) -> dict[str, Any]:
        return files.state_of(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        other = files.restored(state)
        if other.stype != "default":
            raise base.MXNetError(f"{type(self).__name__}: the pickle holds a {type(other).__name__}")
        self._data, self._context, self._trace = other._data, other._context, None

    def __dlpack__(self, **options: Any) -> Any:
        return share_outside(self._data).__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._data.__dlpack_device__()

    def to_dlpack_for_read(self) -> Any:
        """Return a DLPack capsule that shares the array's memory.

        Examples
        --------
        >>> x = mx.nd.ones((2,))
        >>> y = mx.nd.from_dlpack(x.to_dlpack_for_read())
        >>> y[:] = 5
        >>> x.asnumpy().tolist()
        [5.0, 5.0]
        """
        return to_dlpack(share_outside(self._data))

    def to_dlpack_for_write(self) -> Any:
        """Return a DLPack capsule that shares the array's memory; what is written there is seen here."""
        check_writable("to_dlpack_for_write", self)
        return to_dlpack(share_outside(self._data))

    def as_nd_ndarray(self) -> NDArray:
        """Return this array."""
        return self

    def as_np_ndarray(self) -> Any:
        """Return the array of ``mx.np`` that shares this memory: the NumPy front end is not there yet."""
        raise base.MXNetError("as_np_ndarray: mx.np is not part of this version yet; use asnumpy() for a NumPy copy")

    def tostype(self, stype: str) -> NDArray:
        """Return a copy with another storage type.

        Parameters
        ----------
        stype : {'default', 'csr', 'row_sparse'}
            'csr' stores the elements of a matrix that are not zero, 'row_sparse' the rows that are not zero.

        Examples
        --------
        >>> mx.nd.array([[0, 1], [0, 0]]).tostype('csr').data.asnumpy().tolist()
        [1.0]
        """
        return functions.cast_storage(self, stype)

    # -- copies and devices ------------------------------------------------------------------------------------------

    def copy(self) -> NDArray:
        """Return a copy on the same device."""
        return _internal._copy(self)

    def __copy__(self) -> NDArray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> NDArray:
        return self.copy()

    def copyto(self, other: NDArray | Context) -> NDArray:
        """Copy into another array (cast to its dtype) or to another device.

        Parameters
        ----------
        other : NDArray or Context
            An array of the same shape, or a device for a new array.

        Returns
        -------
        NDArray
            `other`, or the new array.

        Raises
        ------
        MXNetError
            If the shapes differ; TypeError if `other` is neither.
        """
        if isinstance(other, Context):
            return self._on(other, copy=True)
        if not isinstance(other, NDArrayBase):
            raise base.TypeError(f"copyto does not support type {type(other)}; expected an NDArray or a Context")
        if other is self:
            warn("You are attempting to copy an array to itself", RuntimeWarning)
            return False  # type: ignore[return-value] - MXNet's answer
        if self.shape != other.shape:
            raise base.MXNetError(f"copyto: this array has shape {self.shape}, the other one {other.shape}")
        with tape.grad_mode():
            write("copyto", other, live_tensor(self) if state.recording else self._data)
        return other

    def as_in_context(self, context: Context) -> NDArray:
        """Return this array if it is on `context`, else a copy there."""
        return self if self._context == context else self._on(context, copy=True)

    as_in_ctx = as_in_context

    def _on(self, context: Context, copy: bool) -> NDArray:
        device = torch_device(context)
        with tape.grad_mode():
            data = transfers.moved(live_tensor(self) if state.recording else self._data, device, copy=copy)
        return wrap_live(self.__class__, data.pin_memory() if is_pinned(context) else data, context)

    def astype(self, dtype: Any, copy: bool = True) -> NDArray:
        """Return the array with another dtype.

        Parameters
        ----------
        dtype : str or numpy type
            'float32', numpy.int64, 'bfloat16' ...
        copy : bool
            Whether to copy when the dtype is the same already.
        """
        try:
            wanted = torch_dtype(dtype)
        except TypeError as error:
            raise base.TypeError(f"astype: {error}") from None
        if not copy and wanted is self._data.dtype:
            return self
        return op.cast(self, wanted)

    def wait_to_read(self) -> None:
        """Block until the array's value is computed; a CPU array's always is."""
        if self._data.is_cuda:
            torch.cuda.synchronize(self._data.device)

    wait_to_write = wait_to_read

    # -- recording -----------------------------------------------------------------------------------------------

    def attach_grad(self, grad_req: str = "write", stype: str | None = None) -> None:
        """Make a zero gradient array, into which backward passes deliver; the array leaves any graph it was part of.

        Parameters
        ----------
        grad_req : {'write', 'add', 'null'}
            Whether a backward pass overwrites the gradient, adds to it, or leaves it alone.
        stype : {'default', 'row_sparse', 'csr'}, optional
            Storage type of the gradient array. It is computed densely and compressed when its parts are asked for.

        Raises
        ------
        MXNetError
            If the dtype is an integer's: it has no gradient. ValueError for another `grad_req`.
        """
        if stype in (None, "default"):
            self._attach(wrap(NDArray, torch.zeros_like(self._data), self._context), grad_req)
        else:
            self._attach(functions.sparse_zeros_like(self, stype), grad_req)

    def _attach(self, gradient: NDArray, grad_req: str) -> None:
        if grad_req not in _GRAD_REQ_MAP:
            raise base.ValueError(f"grad_req is {grad_req!r}, expected 'write', 'add' or 'null'")
        if grad_req != "null" and not self._data.is_floating_point():
            raise base.MXNetError(
                f"attach_grad: an array of {DTYPE_NAMES[self._data.dtype]} has no gradient; "
                "cast it with .astype('float32') first, or use grad_req='null'"
            )
        self._trace = tape.attach(self._data, gradient, grad_req)

    def detach(self) -> NDArray:
        """Return an array that shares this memory and is a constant to recording."""
        return wrap(self.__class__, self._data, self._context)

    def backward(self, out_grad: NDArray | None = None, retain_graph: bool = False, train_mode: bool = True) -> None:
        """Compute the gradients of this array with respect to the attached arrays it was recorded from.

        Parameters
        ----------
        out_grad : NDArray, optional
            Gradient that flows in, of this array's shape; ones when left out.
        retain_graph : bool
            Keep the graph for another backward pass.
        train_mode : bool
            Kept for MXNet's signature: the mode is the recording's.
        """
        autograd_backward([self], None if out_grad is None else [out_grad], retain_graph, train_mode)

    # -- shape -----------------------------------------------------------------------------------------------------

    def reshape(self, *shape: Any, **kwargs: Any) -> NDArray:
        """Return a view with another shape: memory is shared.

        Parameters
        ----------
        *shape : int or tuple of int
            The new lengths, or one tuple. 0 keeps an axis, -1 is what is left over, -2 keeps all remaining axes, -3
            joins two axes, -4 splits one into the two that follow.
        reverse : bool
            Match the codes from the last axis to the first.

        Raises
        ------
        MXNetError
            If the number of elements does not fit.

        Examples
        --------
        >>> mx.nd.zeros((2, 3, 4)).reshape((0, -1)).shape
        (2, 12)
        """
        unknown = set(kwargs) - {"shape", "reverse"}
        if unknown:
            raise base.TypeError(
                f"Got unknown keywords in reshape: {', '.join(sorted(unknown))}. Accepted: shape, reverse"
            )
        wanted: Any = shape[0] if len(shape) == 1 and not isinstance(shape[0], int) else shape
        wanted = wanted if shape else kwargs.get("shape")
        if wanted is None or wanted == ():
            raise base.ValueError("reshape: the shape must be provided")
        codes = (wanted,) if isinstance(wanted, int) else tuple(int(n) for n in wanted)
        try:
            target = reshape_target(self.shape, codes, bool(kwargs.get("reverse", False)))
        except ValueError as error:
            raise base.ValueError(f"reshape: {error}") from None
        return self._view(target)

    def _view(self, shape: Sequence[int]) -> NDArray:
        """Return an array of another shape that shares this memory, inside a recording too."""
        if state.recording and self._trace is not None:
            with tape.grad_mode():
                return wrap_live(self.__class__, live_tensor(self).reshape(shape), self._context)
        return wrap(self.__class__, self._data.reshape(shape), self._context)

    def expand_dims(self, axis: int, inplace: bool = False) -> NDArray:
        """Return a copy with a new axis of length one at `axis`; with `inplace`, a view."""
        expanded = op.expand_dims(self, axis)
        return self._view(expanded.shape) if inplace else expanded

    def flatten(self, inplace: bool = False) -> NDArray:
        """Return a copy of shape (first, rest); with `inplace`, a view."""
        flat = op.flatten(self)
        return self._view(flat.shape) if inplace else flat

    def squeeze(self, axis: int | tuple[int, ...] | None = None, inplace: bool = False) -> NDArray:
        """Return a copy without axes of length one; with `inplace`, a view."""
        squeezed = op.squeeze(self, axis)
        return self._view(squeezed.shape) if inplace else squeezed

    def broadcast_to(self, shape: int | tuple[int, ...]) -> NDArray:
        """Return a copy repeated to `shape`; 0 keeps an axis. ValueError when it does not fit."""
        wanted = (shape,) if isinstance(shape, int) else tuple(shape)
        missing = len(wanted) - self.ndim
        if missing < 0 or any(a not in (1, b) and b != 0 for a, b in zip(self.shape, wanted[missing:])):
            raise base.ValueError(f"broadcast_to: shape {self.shape} does not broadcast to {wanted}")
        source = self.reshape((1,) * missing + self.shape) if missing else self
        return op.broadcast_to(source, wanted)

    def broadcast_like(self, other: NDArray) -> NDArray:
        """Return a copy repeated to the shape of `other`."""
        return self.broadcast_to(other.shape)

    def diag(self, k: int = 0, **kwargs: Any) -> NDArray:
        """Return the `k`-th diagonal, or a matrix with this vector on it."""
        return op.diag(self, k, **kwargs)

    def split_v2(self, *args: Any, **kwargs: Any) -> list[NDArray]:
        """Split at indices or into equal sections: see `mx.nd.split_v2`."""
        return functions.split_v2(self, *args, **kwargs)

    def slice_assign(self, rhs: NDArray, begin: Any, end: Any, step: Any) -> NDArray:
        """Write `rhs` into the slice from `begin` to `end` of this array, and return this array."""
        return _internal._slice_assign(self, rhs, begin=begin, end=end, step=step, out=self)

    def slice_assign_scalar(self, value: float, begin: Any, end: Any, step: Any) -> NDArray:
        """Write a number into the slice from `begin` to `end` of this array, and return this array."""
        return _internal._slice_assign_scalar(self, value, begin=begin, end=end, step=step, out=self)

    # -- indexing --------------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> NDArray:
        """Select elements: see `mxnet.ndarray.indexing`. A contiguous piece shares memory, anything else is copied."""
        if state.recording and self._trace is not None:
            with tape.grad_mode():
                return wrap_live(self.__class__, indexing.select(live_tensor(self), key), self._context)
        return wrap(self.__class__, indexing.select(self._data, key), self._context)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Overwrite elements with a number or anything that broadcasts to the selection."""
        if transfers.pending:
            transfers.settle(self._data)
        if state.recording:
            self._set_recorded(key, value)
            return
        if key.__class__ is slice and key == _ALL:
            if isinstance(value, NDArrayBase):
                if value._data.shape == self._data.shape:
                    overwrite(self._data, value._data)
                    return
            elif isinstance(value, (int, float)):
                self._data.fill_(value)
                return
            elif value.__class__ is np.ndarray and value.shape == self._data.shape:
                source = tensor_from(value, "x[:] = value")
                if self._data.is_cuda:
                    transfers.overwrite(self._data, source, guarded=False)
                else:
                    self._data.copy_(source)
                return
        indexing.assign(self._data, key, _assigned(value))

    def _set_recorded(self, key: Any, value: Any) -> None:
        check_writable("x[key] = value", self)
        if isinstance(value, NDArrayBase) and value._trace is not None and live_tensor(value).requires_grad:
            if indexing.covers(key, self._data):
                with tape.grad_mode():
                    fitting = indexing.fitting(live_tensor(value), self.shape)
                    write("x[:] = value", self, fitting.expand(self.shape).clone())
                return
            raise base.MXNetError(
                "x[key] = value: assigning a recorded value to a part of an array is not supported inside "
                "autograd.record(): its gradient would be lost. Build the array with concat, stack or where"
            )
        indexing.assign(self._data, key, _assigned(value))

    def _at(self, index: int) -> NDArray:
        return self[index]

    def _slice(self, start: int, stop: int) -> NDArray:
        return self[start:stop]

    def _sync_copyfrom(self, source: Any) -> None:
        self[:] = np.asarray(source)


_ALL = slice(None)


def _assigned(value: Any) -> torch.Tensor | float:
    """Return what stands on the right of ``x[key] = value`` as a tensor or a number; TypeError for anything else."""
    if isinstance(value, NDArrayBase):
        return value._data
    if isinstance(value, (bool, int, float, np.floating, np.integer, np.bool_)):
        return value.item() if isinstance(value, np.generic) else value
    return tensor_from(value, "x[key] = value")


def tensor_from(value: Any, what: str) -> torch.Tensor:
    """Return a CPU tensor with the content of a NumPy array or of nested lists; it may share the array's memory."""
    if value.__class__ is np.ndarray and value.dtype in _SHARED:  # the common case, without a detour
        flags = value.flags
        if flags.writeable and flags.c_contiguous:
            return torch.from_numpy(value)
    try:
        array = np.asarray(value)
    except ValueError:
        raise base.TypeError(f"{what}: the nested lists do not have one length per axis") from None
    if array.dtype.kind not in "fiub":
        raise base.TypeError(
            f"{what}: a value of type {type(value).__name__} (dtype {array.dtype}) is not array-like with numbers"
        )
    if array.dtype.name not in _TORCH_READS:
        array = array.astype(np.float64 if array.dtype.kind == "f" else np.int64)
    if not array.flags.writeable or any(stride < 0 for stride in array.strides) or not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="), order="C", copy=True)
    return torch.from_numpy(array)


_SHARED = frozenset(np.dtype(name) for name in DTYPE_NAMES.values() if name != "bfloat16")
_TORCH_READS = frozenset(DTYPE_NAMES.values()) | {"int16"}


def _context_of_tensor(tensor: torch.Tensor) -> Context:
    if tensor.is_cuda:
        return Context("gpu", tensor.device.index or 0)
    return Context("cpu", 0)


# The functions that methods call are generated for this class, so they can only be imported once it exists.
from .._frontend.modules import add_methods  # noqa: E402
from .._frontend.namespaces import FLUENT  # noqa: E402
from . import _internal, arithmetic, files, functions, op  # noqa: E402
from .gradients import backward as autograd_backward  # noqa: E402

for _name, _method in arithmetic.methods().items():
    setattr(NDArray, _name, _method)
add_methods(NDArray, FLUENT, op)
