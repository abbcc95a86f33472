"""Helpers around Gluon: batches split over devices, gradients clipped by their norm, files fetched and checked."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch

from .. import base
from .. import ndarray as nd
from .._warning import warn
from ..context import Context
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from ..symbol import Symbol
from ._download import _get_repo_file_url, _get_repo_url, check_sha1, download, replace_file

__all__ = ["split_data", "split_and_load", "clip_global_norm", "check_sha1", "download", "replace_file"]

for _function in (_get_repo_file_url, _get_repo_url, check_sha1, download, replace_file):
    _function.__module__ = __name__  # where MXNet has them

# -- batches over devices --------------------------------------------------------------------------------------------


def split_data(data: Any, num_slice: int, batch_axis: int = 0, even_split: bool = True) -> list[Any]:
    """Cut a batch into slices, one for each device.

    Parameters
    ----------
    data : NDArray or numpy.ndarray
        A batch.
    num_slice : int
        How many slices, at least 1.
    batch_axis : int
        Which axis counts the samples.
    even_split : bool
        Whether all slices must have one length. Otherwise the first ones may have one sample more.

    Returns
    -------
    list of NDArray or numpy.ndarray
        Slices along the first axis share the batch's memory.

    Raises
    ------
    ValueError
        If the batch cannot be cut so.

    Examples
    --------
    >>> [part.shape for part in mx.gluon.utils.split_data(mx.nd.zeros((5, 2)), 2, even_split=False)]
    [(3, 2), (2, 2)]
    """
    if num_slice < 1:
        raise base.ValueError(f"split_data: num_slice is {num_slice}, expected at least 1")
    shape = tuple(data.shape)
    if not -len(shape) <= batch_axis < len(shape):
        raise base.IndexError(f"split_data: batch_axis is {batch_axis}, but data has shape {shape}")
    size = shape[batch_axis]
    if even_split and size % num_slice:
        raise base.ValueError(
            f"data with shape {shape} cannot be evenly split into {num_slice} slices along axis {batch_axis}. Use a "
            f"batch size that's multiple of {num_slice} or set even_split=False to allow uneven partitioning of data."
        )
    if num_slice == 1:
        return [data]
    length, longer = divmod(size, num_slice)
    bounds = [index * length + min(index, longer) for index in range(num_slice + 1)]
    before = (slice(None),) * (batch_axis % len(shape))
    return [data[(*before, slice(begin, end))] for begin, end in itertools.pairwise(bounds)]


def split_and_load(
    data: Any, ctx_list: Sequence[Context], batch_axis: int = 0, even_split: bool = True
) -> list[NDArray]:
    """Cut a batch into slices and put each on a device.

    Parameters
    ----------
    data : NDArray or array_like
        A batch.
    ctx_list : list of Context
        The devices.
    batch_axis : int
        Which axis counts the samples.
    even_split : bool
        As in `split_data`.

    Returns
    -------
    list of NDArray
        One for each device; what is there already is not copied.

    Examples
    --------
    >>> parts = mx.gluon.utils.split_and_load([[1, 2], [3, 4]], [mx.cpu(0), mx.cpu(1)])
    >>> [(part.context, part.asnumpy().tolist()) for part in parts]
    [(cpu(0), [[1.0, 2.0]]), (cpu(1), [[3.0, 4.0]])]
    """
    if not isinstance(ctx_list, (list, tuple)):
        raise base.TypeError(f"split_and_load: ctx_list is a {type(ctx_list).__name__}, expected a list of Context")
    if not ctx_list:
        raise base.ValueError("split_and_load: ctx_list is empty, expected at least one Context")
    batch = data if isinstance(data, NDArray) else nd.array(data, ctx=ctx_list[0])
    slices = split_data(batch, len(ctx_list), batch_axis, even_split)
    return [part.as_in_context(context) for part, context in zip(slices, ctx_list)]


# -- gradients -------------------------------------------------------------------------------------------------------


def clip_global_norm(arrays: Sequence[NDArray], max_norm: Any, check_isfinite: bool = True) -> Any:
    """Scale arrays in place so that the 2-norm of all their elements together is at most `max_norm`.

    Parameters
    ----------
    arrays : list of NDArray
        Usually gradients, on any devices and of any dtypes.
    max_norm : float
        The largest norm that is left as it is.
    check_isfinite : bool
        Whether to warn when the norm is infinite or NaN; that waits for the device.

    Returns
    -------
    float or NDArray
        The norm before scaling: a number if `check_isfinite` is set, else an array of shape (1,) on the device of the
        first array.

    Examples
    --------
    >>> gradients = [mx.nd.array([3.0]), mx.nd.array([4.0])]
    >>> float(mx.gluon.utils.clip_global_norm(gradients, 1.0))
    5.0
    >>> print(*[gradient.asnumpy() for gradient in gradients])
    [0.6] [0.8]
    """
    if not arrays:
        raise base.AssertionError("clip_global_norm: arrays is empty, expected at least one NDArray")
    context = arrays[0].context
    total = _norm([_stored(array) for array in arrays])
    limit = max_norm._data.to(total.device, total.dtype) if isinstance(max_norm, NDArray) else max_norm
    scale = limit / (total + 1e-8)
    if not check_isfinite:
        _multiply(arrays, scale.reshape(()).clamp_max(1.0))
        return wrap(NDArray, total.reshape(1), context)
    norm, factor = total.numpy(force=True)[()], scale.item()
    if not np.isfinite(norm):
        warn("nan or inf is detected. Clipping results will be undefined.")
    if not factor >= 1:  # NaN too
        _multiply(arrays, scale.reshape(()))
    return norm


def _stored(array: Any) -> torch.Tensor:
    """Return what an array stores: of a sparse one, its values."""
    return array._data if array.stype == "default" else array._compressed()[0]


def _norm(tensors: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return the norm of all elements on the first tensor's device, in float64 if all are, else in float32."""
    device = tensors[0].device
    dtype = torch.float64 if all(tensor.dtype is torch.float64 for tensor in tensors) else torch.float32
    by_kind: dict[Any, list[torch.Tensor]] = {}
    for tensor in tensors:
        by_kind.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    parts: list[torch.Tensor] = []
    for (own, _), group in by_kind.items():
        wide = group if own.itemsize >= 4 and own.is_floating_point else [tensor.float() for tensor in group]
        norms = list(torch._foreach_norm(wide))  # pyright: ignore[reportPrivateImportUsage]
        parts.append(torch.stack(norms).to(device, dtype))
    return torch.linalg.vector_norm(torch.cat(parts))


def _multiply(arrays: Sequence[NDArray], scale: torch.Tensor) -> None:
    """Multiply all arrays by a scalar in place."""
    by_kind: dict[Any, list[torch.Tensor]] = {}
    for array in arrays:
        if array.stype != "default":
            array[:] = array * float(scale)
        else:
            by_kind.setdefault((array._data.dtype, array._data.device), []).append(array._data)
    for (_, device), group in by_kind.items():
        torch._foreach_mul_(group, scale.to(device))  # pyright: ignore[reportPrivateImportUsage]


# -- hooks -----------------------------------------------------------------------------------------------------------


class HookHandle:
    """A callable's place in a dictionary of hooks; `detach`, or the end of a ``with`` block, removes it.

    Examples
    --------
    >>> from collections import OrderedDict
    >>> hooks, handle = OrderedDict(), mx.gluon.utils.HookHandle()
    >>> handle.attach(hooks, print)
    >>> handle.detach()
    >>> len(hooks)
    0
    """

    def __init__(self) -> None:
        self._hooks_dict_ref: weakref.ref[Any] | None = None
        self._id: int | None = None

    def attach(self, hooks_dict: Any, hook: Any) -> None:
        """Put `hook` into `hooks_dict` (an OrderedDict), once for a handle."""
        if self._hooks_dict_ref is not None:
            raise base.AssertionError(
                "HookHandle.attach: The same handle cannot be attached twice; make another HookHandle"
            )
        self._id = id(hook)
        hooks_dict[self._id] = hook
        self._hooks_dict_ref = weakref.ref(hooks_dict)

    def detach(self) -> None:
        """Remove the hook; nothing happens when it, or its dictionary, is gone."""
        hooks = None if self._hooks_dict_ref is None else self._hooks_dict_ref()
        if hooks is not None:
            hooks.pop(self._id, None)

    def __enter__(self) -> HookHandle:
        return self

    def __exit__(self, ptype: Any, value: Any, trace: Any) -> None:
        self.detach()

    def __getstate__(self) -> tuple[Any, int | None]:
        return (None if self._hooks_dict_ref is None else self._hooks_dict_ref(), self._id)

    def __setstate__(self, state: tuple[Any, int | None]) -> None:
        self._hooks_dict_ref = None if state[0] is None else weakref.ref(state[0])
        self._id = state[1]


# -- text and shapes -------------------------------------------------------------------------------------------------


def _indent(s_: str, numSpaces: int) -> str:
    """Return the text with every line but the first moved to the right."""
    return s_.replace("\n", "\n" + " " * numSpaces)


def _brief_print_list(lst: Iterable[Any], limit: int = 7) -> str:
    """Return the items in quotes; the middle of a list of more than `limit` items becomes three dots."""
    items = list(lst)
    if len(items) <= limit:
        return ", ".join(f"'{item}'" for item in items)
    first, last = items[: limit // 2], items[-((limit + 1) // 2) :]
    return f"{_brief_print_list(first, limit)}, ..., {_brief_print_list(last, limit)}"


def shape_is_known(shape: Sequence[int] | None) -> bool:
    """Return whether all lengths of a shape are known: it has axes, and none of them is 0.

    Parameters
    ----------
    shape : tuple of int, optional
        A shape, or None if nothing is known of it.

    Raises
    ------
    AssertionError
        If a length is negative.
    """
    if shape is None or len(shape) == 0:
        return False
    for length in shape:
        if length < 0:
            raise base.AssertionError(f"shape dimension size cannot be less than 0, while received {length}")
    return 0 not in shape


def _check_same_symbol_type(symbols: Sequence[Any]) -> type:
    """Return the class of the symbols; TypeError if they are of several, which cannot be grouped."""
    if not symbols:
        raise base.IndexError("_check_same_symbol_type: the list of symbols is empty")
    kinds = {type(symbol) for symbol in symbols}
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise base.TypeError(f"symbols of several classes cannot be grouped into one graph: {names}; convert them")
    return kinds.pop()


def _check_all_np_ndarrays(out: Any) -> None:
    """Raise TypeError if there is a classic array or symbol among outputs that should be NumPy-like."""
    if type(out) in (NDArray, Symbol):
        raise base.TypeError(
            "Block's output ndarrays/symbols must be of type `mxnet.numpy.ndarray` or `mxnet.symbol.numpy._Symbol`, "
            f"while got output type {type(out)}"
        )
    if isinstance(out, (list, tuple)):
        for item in out:
            _check_all_np_ndarrays(item)
