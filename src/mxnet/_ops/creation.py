"""Arrays made from nothing, and arrays of indices.

``ctx`` names the device in MXNet's spelling (``"gpu(0)"``). The runtime reads it and passes the torch device; the
functions here have no use for the string.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .attributes import TYPE_FLAGS, DType
from .attributes import Shape as ShapeAttribute
from .registry import Shape, operator

Tensor = torch.Tensor
Known = Sequence[tuple[Shape, torch.dtype]]


def check_shape(shape: Shape) -> Shape:
    """Return `shape`, or raise ValueError when an axis has a negative length."""
    if shape and min(shape) < 0:
        raise ValueError(f"shape={shape} has a negative length; expected lengths of at least 0")
    return shape


def _filled_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [(check_shape(attributes["shape"] or ()), attributes["dtype"])]


def constant(name: str, make: Callable[..., Tensor], arguments: str, shown: str) -> None:
    """Register ``_{name}``, which `make` fills; `arguments` and `shown` are an example and what it prints."""

    def call(
        *, shape: ShapeAttribute = (), ctx: str = "", dtype: DType = torch.float32, device: torch.device
    ) -> Tensor:
        return make(check_shape(shape), dtype=dtype, device=device)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = _CONSTANT.format(name=name, arguments=arguments, shown=shown)
    operator(f"_{name}", creates=True, shape=_filled_shape)(call)


_CONSTANT = """\
Array of {name}.

Parameters
----------
shape : tuple of int
    Shape of the result.
ctx : str
    Device, such as ``"cpu(0)"``.
dtype : dtype
    Dtype of the result.

Returns
-------
`shape`

Examples
--------
>>> mx.nd.{name}({arguments}).asnumpy().tolist()
{shown}
"""


constant("zeros", torch.zeros, "(2, 2)", "[[0.0, 0.0], [0.0, 0.0]]")
constant("ones", torch.ones, '(3,), dtype="int32"', "[1, 1, 1]")


def _in_dtype(value: float, dtype: torch.dtype) -> float | int | bool:
    """Return `value` as MXNet casts it: cut to an integer, wrapped to its width, infinite beyond a float's range."""
    if dtype.is_floating_point:
        if abs(value) < 6e4 or dtype is torch.float64:
            return value
        return torch.tensor(value, dtype=torch.float64).to(dtype).item()
    if dtype is torch.bool:
        return value != 0
    if not abs(value) < 2**63:
        raise ValueError(f"value={value} does not fit {str(dtype)[6:]}; expected a finite number below 2**63")
    return torch.tensor(int(value), dtype=torch.int64).to(dtype).item()


@operator("_full", aliases=("_npi_full",), creates=True, shape=_filled_shape)
def full(
    *,
    shape: ShapeAttribute | None = None,
    ctx: str = "",
    dtype: DType = torch.float32,
    value: float,
    device: torch.device,
) -> Tensor:
    """Array that holds one value everywhere.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype
        Dtype of the result. An integer dtype cuts `value` towards zero and wraps it to its width.
    value : float
        The value.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd.full((2, 2), 7).asnumpy().tolist()
    [[7.0, 7.0], [7.0, 7.0]]
    """
    return torch.full(check_shape(shape or ()), _in_dtype(value, dtype), dtype=dtype, device=device)


def _untyped_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [(check_shape(attributes["shape"] or ()), _flagged(attributes["dtype"]))]


def _flagged(flag: int) -> torch.dtype:
    if flag == -1:
        return torch.float32
    if flag not in TYPE_FLAGS:
        raise ValueError(f"dtype={flag} is no type flag; expected -1 or one of {', '.join(map(str, TYPE_FLAGS))}")
    return TYPE_FLAGS[flag]


def _untyped_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype]:
    return [_flagged(attributes["dtype"])]


@operator("_zeros_without_dtype", creates=True, shape=_untyped_shape, output_dtypes=_untyped_dtypes)
def zeros_without_dtype(
    *, shape: ShapeAttribute | None = None, ctx: str = "", dtype: int = -1, device: torch.device
) -> Tensor:
    """Array of zeros whose dtype may be left open.

    Parameters
    ----------
    shape : tuple of int, optional
        Shape of the result; nothing stands for ``()``.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : int
        MXNet's number of a dtype (0 float32, 1 float64, 2 float16, 3 uint8, 4 int32, 5 int8, 6 int64, 7 bool,
        12 bfloat16), or -1 for float32 where nothing else decides.

    Returns
    -------
    `shape`

    Examples
    --------
    >>> mx.nd._internal._zeros_without_dtype(shape=(2,)).asnumpy().tolist()
    [0.0, 0.0]
    """
    return torch.zeros(check_shape(shape or ()), dtype=_flagged(dtype), device=device)


def _eye_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [(_eye_size(attributes["N"], attributes["M"]), attributes["dtype"])]


def _eye_size(N: int, M: int) -> Shape:
    if N < 0:
        raise ValueError(f"N={N}; expected the number of rows, at least 0")
    return (N, M if M > 0 else N)


@operator("_eye", creates=True, shape=_eye_shape)
def eye(*, N: int, M: int = 0, k: int = 0, ctx: str = "", dtype: DType = torch.float32, device: torch.device) -> Tensor:
    """Matrix with ones on one diagonal and zeros elsewhere.

    Parameters
    ----------
    N : int of at least 0
        Number of rows.
    M : int
        Number of columns; 0 (or less) stands for `N`.
    k : int
        Which diagonal: 0 the main one, above it for `k` > 0, below it for `k` < 0.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype
        Dtype of the result.

    Returns
    -------
    (N, M)

    Examples
    --------
    >>> mx.nd.eye(2, 3, k=1).asnumpy().tolist()
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    rows, columns = _eye_size(N, M)
    if k == 0:
        return torch.eye(rows, columns, dtype=dtype, device=device)
    out = torch.zeros((rows, columns), dtype=dtype, device=device)
    if -rows < k < columns:
        out.diagonal(k).fill_(1)
    return out


def _progression(
    count: int, start: float, step: float, repeat: int, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """``count`` values ``start + step * (i // repeat)``, computed in `dtype`, as MXNet does."""
    distinct = -(-count // repeat)
    if dtype.is_floating_point:
        work = torch.float32 if dtype.itemsize == 2 else dtype
        out = torch.arange(distinct, dtype=work, device=device)
    else:  # start and step are cut to integers before they are used
        start, step = int(start), int(step)
        out = torch.arange(distinct, dtype=torch.int64, device=device)
    if step != 1:
        out.mul_(step)
    if start != 0:
        out.add_(start)
    if repeat != 1:
        out = out.repeat_interleave(repeat)[:count]
    return out.to(dtype)


def _check_repeat(repeat: int) -> None:
    if repeat <= 0:
        raise ValueError(f"repeat={repeat}; expected at least 1")


def _arange_range(start: float, stop: float | None, step: float, repeat: int) -> tuple[int, float]:
    """Return how many values there are, and the first."""
    _check_repeat(repeat)
    if step == 0:
        raise ValueError("step=0; expected a step other than 0")
    if stop is None:
        start, stop = 0.0, start
    if math.isinf(stop - start):
        raise ValueError(f"start={start}, stop={stop}; expected finite numbers")
    if not (stop - start) * step > 0:
        raise ValueError(
            f"start={start}, stop={stop}, step={step} give no value; expected start "
            f"{'below' if step > 0 else 'above'} stop for a {'positive' if step > 0 else 'negative'} step"
        )
    return math.ceil((stop - start) / step) * repeat, start


def _arange_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    stop = attributes["stop"]
    if attributes["infer_range"] and stop is None:
        return [((0,), attributes["dtype"])]  # 0: not known from the attributes
    count, _ = _arange_range(attributes["start"], stop, attributes["step"], attributes["repeat"])
    return [((count,), attributes["dtype"])]


@operator("_arange", creates=True, shape=_arange_shape)
def arange(
    *,
    start: float,
    stop: float | None = None,
    step: float = 1.0,
    repeat: int = 1,
    infer_range: bool = False,
    ctx: str = "",
    dtype: DType = torch.float32,
    device: torch.device,
) -> Tensor:
    """Evenly spaced values ``start, start + step, ...`` before `stop`, each one `repeat` times.

    Parameters
    ----------
    start : float
        First value. Without `stop`, this is the stop and values start at 0.
    stop : float, optional
        Bound that is not reached.
    step : float
        Distance between values, not 0; negative to count down.
    repeat : int of at least 1
        How often each value is written.
    infer_range : bool
        In a graph, and without `stop`: the length is taken from the operators that read the result.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype
        Dtype of the result. An integer dtype cuts `start` and `step` to integers; the length does not change.

    Returns
    -------
    (``ceil((stop - start) / step) * repeat``,)

    Errors
    ------
    An empty range is an error.

    Examples
    --------
    >>> mx.nd.arange(1, 3, repeat=2).asnumpy().tolist()
    [1.0, 1.0, 2.0, 2.0]
    """
    if infer_range and stop is None:
        raise ValueError("infer_range=True without stop has a length only inside a graph; give stop")
    count, start = _arange_range(start, stop, step, repeat)
    return _progression(count, start, step, repeat, dtype, device)


def _linspace_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    return [((_check_num(attributes["num"]),), attributes["dtype"])]


def _check_num(num: int) -> int:
    if num < 0:
        raise ValueError(f"num={num}; expected at least 0")
    return num


@operator("_linspace", aliases=("_npi_linspace",), creates=True, shape=_linspace_shape)
def linspace(
    *,
    start: float,
    stop: float,
    num: int,
    endpoint: bool = True,
    ctx: str = "",
    dtype: DType = torch.float32,
    device: torch.device,
) -> Tensor:
    """`num` evenly spaced values from `start` to `stop`.

    Parameters
    ----------
    start : float
        First value.
    stop : float
        Last value, or the bound that is not reached without `endpoint`.
    num : int of at least 0
        How many values.
    endpoint : bool
        Whether `stop` is the last value.
    ctx : str
        Device, such as ``"cpu(0)"``.
    dtype : dtype
        Dtype of the result; values are computed in float64 and cast.

    Returns
    -------
    (num,)

    Examples
    --------
    >>> mx.nd.linspace(0, 1, 5).asnumpy().tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    parts = _check_num(num) - 1 if endpoint else num
    out = torch.arange(num, dtype=torch.float64, device=device)
    if parts > 0:
        out.mul_((stop - start) / parts)
        out.add_(start)
        if endpoint:
            out[-1:] = stop  # rounding must not cut the last integer down by one
    else:
        out.add_(start)
    if not dtype.is_floating_point:
        out = out.long()  # then wrapped to the width, where a direct cast would be undefined
    return out.to(dtype)


def _checked_axis(axis: int, rank: int, name: str) -> int:
    if not -rank <= axis < rank:
        raise ValueError(f"{name}={axis} is out of range for data with {rank} axes; expected {-rank} to {rank - 1}")
    return axis % rank


def _arange_like_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    axis, shape = attributes["axis"], shapes[0]
    return [(shape if axis is None else (shape[_checked_axis(axis, len(shape), "axis")],), dtypes[0])]


@operator("_contrib_arange_like", aliases=("_npx_arange_like",), shape=_arange_like_shape)
def arange_like(
    data: Tensor, *, start: float = 0.0, step: float = 1.0, repeat: int = 1, ctx: str = "", axis: int | None = None
) -> Tensor:
    """Evenly spaced values, as many as `data` has elements, or as one of its axes is long.

    Parameters
    ----------
    data : (...)
        Only its shape, dtype and device count.
    start : float
        First value.
    step : float
        Distance between values.
    repeat : int of at least 1
        How often each value is written; the last one may come out shorter.
    ctx : str
        No effect: the result lies where `data` lies.
    axis : int, optional
        Take the length of this axis; without it, the result has the shape of `data`.

    Returns
    -------
    The shape of `data`, or (length of the axis,); the dtype of `data`

    Examples
    --------
    >>> mx.nd.contrib.arange_like(mx.nd.zeros((2, 3)), start=1).asnumpy().tolist()
    [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    """
    _check_repeat(repeat)
    if axis is not None:
        length = data.shape[_checked_axis(axis, data.dim(), "axis")]
        return _progression(length, start, step, repeat, data.dtype, data.device)
    return _progression(data.numel(), start, step, repeat, data.dtype, data.device).view(data.shape)


def _index_axes(axes: Shape | None, rank: int) -> Shape:
    if axes is None:
        return tuple(range(rank))
    return tuple(_checked_axis(axis, rank, "axes") for axis in axes)


def _index_array_shape(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Known:
    shape = tuple(shapes[0])
    return [((*shape, len(_index_axes(attributes["axes"], len(shape)))), torch.int64)]


@operator("_contrib_index_array", shape=_index_array_shape, output_dtypes=lambda dtypes, attributes: [torch.int64])
def index_array(data: Tensor, *, axes: ShapeAttribute | None = None) -> Tensor:
    """The index of every element: ``out[i, j, ..., a]`` is the position along ``axes[a]``.

    Parameters
    ----------
    data : (...)
        Only its shape and device count.
    axes : tuple of int, optional
        Which positions to give and in what order; all axes in order unless given.

    Returns
    -------
    (..., len(axes)), int64

    Examples
    --------
    >>> mx.nd.contrib.index_array(mx.nd.zeros((2, 2)), axes=(1, 0)).asnumpy().tolist()
    [[[0, 0], [1, 0]], [[0, 1], [1, 1]]]
    """
    rank = data.dim()
    chosen = _index_axes(axes, rank)
    out = torch.empty((*data.shape, len(chosen)), dtype=torch.int64, device=data.device)
    for column, axis in enumerate(chosen):
        positions = torch.arange(data.shape[axis], device=data.device)
        out[..., column] = positions.view([-1] + [1] * (rank - 1 - axis))
    return out
