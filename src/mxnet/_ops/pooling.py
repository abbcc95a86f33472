"""Pooling: windows that keep their maximum, mean, sum or p-norm."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

import torch

from . import derivatives
from .activation import check_floating
from .attributes import Shape
from .registry import Backward, get, operator

Tensor = torch.Tensor
#: Elements from which on the copies into and out of oneDNN's tensors pay.
_WORTH_IT = 1 << 15
_CHANNELS_LAST = ("NWC", "NHWC", "NDHWC")
_AXES = {3: "NCW or NWC", 4: "NCHW or NHWC", 5: "NCDHW or NDHWC"}


class _Windows(NamedTuple):
    """Where the windows of one pooling lie, spatial axes only."""

    output: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pad: tuple[int, ...]
    ceil: bool  # torch's own ceil_mode gives these windows
    border: tuple[int, ...] | None  # or the data is padded first: (before, after) of the last axis, then the one before


@lru_cache(maxsize=4096)
def _windows(
    size: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...], pad: tuple[int, ...], convention: str
) -> _Windows:
    """Return the windows over axes of length `size`; ValueError where they do not fit."""
    axes = len(size)
    stride, pad = stride or (1,) * axes, pad or (0,) * axes
    if convention == "same" and not any(pad):
        pad = (0,) * axes
    for name, value in (("kernel", kernel), ("stride", stride), ("pad", pad)):
        if len(value) != axes:
            raise ValueError(f"{name} is {value}; expected {axes} numbers, one for each spatial axis of data")
        if min(value) < (0 if name == "pad" else 1):
            raise ValueError(f"{name} is {value}; expected numbers of at least {0 if name == 'pad' else 1}")
    if convention == "same" and any(pad):
        raise ValueError(f"pad is {pad}; expected zeros with pooling_convention='same'")
    output: list[int] = []
    for n, k, s, p in zip(size, kernel, stride, pad):
        room = n + 2 * p - k
        if convention == "same":
            output.append(-(-n // s))
            continue
        if room < 0:
            raise ValueError(f"kernel is {kernel}; expected at most the padded data, {size} with pad {pad}")
        output.append(1 + (room // s if convention == "valid" else -(-room // s)))
    # Torch wants pad <= kernel / 2, and drops windows that start beyond the data: MXNet keeps them.
    plain = all(2 * p <= k for k, p in zip(kernel, pad))
    if plain and all(o == 1 + (n + 2 * p - k) // s for o, n, k, s, p in zip(output, size, kernel, stride, pad)):
        return _Windows(tuple(output), kernel, stride, pad, False, None)
    if plain and all(
        o == 1 - (-(n + 2 * p - k) // s) and (o - 1) * s < n + p
        for o, n, k, s, p in zip(output, size, kernel, stride, pad)
    ):
        return _Windows(tuple(output), kernel, stride, pad, True, None)
    border: list[int] = []
    for o, n, k, s, p in zip(reversed(output), reversed(size), reversed(kernel), reversed(stride), reversed(pad)):
        border += [p, max(0, (o - 1) * s + k - n - p)]
    return _Windows(tuple(output), kernel, stride, pad, False, tuple(border))


def _counts(windows: _Windows, size: Sequence[int], include_pad: bool, data: Tensor) -> Tensor:
    """Return how many elements each window of the padded data counts, one where it has none."""
    counts = torch.ones((), dtype=data.dtype, device=data.device)
    for o, n, k, s, p in zip(windows.output, size, windows.kernel, windows.stride, windows.pad):
        starts = [i * s - p for i in range(o)]
        if include_pad:
            along = [max(1, min(start + k, n + p) - start) for start in starts]
        else:
            along = [max(1, min(start + k, n) - max(start, 0)) for start in starts]
        counts = counts.unsqueeze(-1) * torch.tensor(along, dtype=data.dtype, device=data.device)
    return counts


def _suits_onednn(data: Tensor, windows: _Windows) -> bool:
    """Whether oneDNN pools this image faster, two copies included: torch's own functions take one number at a time."""
    return (
        data.is_cpu
        and data.dtype is torch.float32
        and len(windows.kernel) == 2
        and min(windows.kernel) > 1
        and math.prod(windows.output) > 1
        and data.numel() >= _WORTH_IT
        and data.is_contiguous()
        and torch.backends.mkldnn.is_available()
    )


def _average(data: Tensor, windows: _Windows, divisor: int | None, include_pad: bool) -> Tensor:
    pool = torch.nn.functional.avg_pool3d if len(windows.kernel) == 3 else torch.nn.functional.avg_pool2d
    pad = windows.pad if windows.border is None else (0,) * len(windows.pad)
    if divisor is None and not windows.ceil and _suits_onednn(data, windows):
        return pool(data.to_mkldnn(), windows.kernel, windows.stride, pad, False, include_pad).to_dense()
    return pool(data, windows.kernel, windows.stride, pad, windows.ceil, include_pad, divisor)


def _root(total: Tensor, power: int) -> Tensor:
    """Return the `power`-th root with derivative 0 at 0."""
    zero = total == 0
    safe = total.masked_fill(zero, 1)
    root = safe.sqrt() if power == 2 else safe.sign() * safe.abs().pow(1 / 3)
    return root.masked_fill(zero, 0)


def _pool(data: Tensor, windows: _Windows, pool_type: str, power: int, include_pad: bool) -> Tensor:
    """Pool (N, C, H, W) or (N, C, D, H, W)."""
    size = tuple(data.shape[2:])
    if windows.border is not None:
        filler = torch.finfo(data.dtype).min if pool_type == "max" else 0.0
        data = torch.nn.functional.pad(data, windows.border, value=filler)
    if pool_type == "max":
        pool = torch.max_pool3d if len(windows.kernel) == 3 else torch.max_pool2d
        pad = windows.pad if windows.border is None else (0,) * len(windows.pad)
        # oneDNN would hide NaN and -inf; their sum cannot be finite.
        if _suits_onednn(data, windows) and math.isfinite(data.detach().sum()):
            return pool(data.to_mkldnn(), windows.kernel, windows.stride, pad, (1,) * len(pad), windows.ceil).to_dense()
        return pool(data, windows.kernel, windows.stride, pad, (1,) * len(pad), windows.ceil)
    if pool_type == "avg":
        if windows.border is None:
            return _average(data, windows, None, include_pad)
        return _average(data, windows, 1, True) / _counts(windows, size, include_pad, data)
    if pool_type == "sum" or power == 1:
        return _average(data, windows, 1, True)
    wide = data.float() if data.dtype.itemsize == 2 else data
    return _root(_average(wide.pow(power), windows, 1, True), power).to(data.dtype)


def _channels_first(data: Tensor) -> Tensor:
    axes = data.dim()
    return data.permute(0, axes - 1, *range(1, axes - 1))


def _channels_last(data: Tensor) -> Tensor:
    axes = data.dim()
    return data.permute(0, *range(2, axes), 1)


def _spatial(shape: Sequence[int], attributes: Mapping[str, Any]) -> tuple[tuple[int, ...], bool]:
    """Return the lengths of the spatial axes and whether channels come last."""
    layout: str | None = attributes["layout"]
    if not 3 <= len(shape) <= 5 or (layout is not None and len(layout) != len(shape)):
        raise ValueError(
            f"data has shape {tuple(shape)} and layout is {layout!r}; expected (N, C, W), (N, C, H, W) or "
            f"(N, C, D, H, W), and a layout with as many letters ({_AXES.get(len(shape), 'none fits this data')})"
        )
    if layout in _CHANNELS_LAST:
        return tuple(shape[1:-1]), True
    return tuple(shape[2:]), False


def _pooling_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    shape = tuple(shapes[0])
    size, last = _spatial(shape, attributes)
    if attributes["global_pool"]:
        output = (1,) * len(size)
    else:
        names = ("kernel", "stride", "pad", "pooling_convention")
        output = _windows(size, *(attributes[name] for name in names)).output
    return [((shape[0], *output, shape[-1]) if last else (*shape[:2], *output), dtypes[0])]


@operator("Pooling", aliases=("_npx_pooling",), shape=_pooling_shape, hidden=("cudnn_off",))
def pooling(
    data: Tensor,
    *,
    kernel: Shape = (),
    pool_type: Literal["avg", "lp", "max", "sum"] = "max",
    global_pool: bool = False,
    cudnn_off: bool = False,
    pooling_convention: Literal["full", "same", "valid"] = "valid",
    stride: Shape = (),
    pad: Shape = (),
    p_value: int | None = None,
    count_include_pad: bool | None = None,
    layout: Literal["NCDHW", "NCHW", "NCW", "NDHWC", "NHWC", "NWC"] | None = None,
) -> Tensor:
    """Slide a window over the spatial axes and keep one number of each.

    The number of windows along an axis of length n, with kernel k, stride s and pad p, is ``1 + (n + 2p - k) / s``,
    rounded down (``valid``) or up (``full``); it is ``n / s`` rounded up for ``same``, where windows start at the
    first element. Windows that lie wholly beyond the data give 0, or the lowest finite number for ``max``.

    Parameters
    ----------
    data : (N, C, W), (N, C, H, W) or (N, C, D, H, W), or as `layout` says
        Input, of a floating dtype.
    kernel : tuple of int
        Size of the window; not needed with `global_pool`.
    pool_type : str
        ``max``, ``avg``, ``sum``, or ``lp``: the p-th root of the sum of p-th powers.
    global_pool : bool
        One window over everything; `kernel`, `stride` and `pad` are ignored.
    cudnn_off : bool
        No effect.
    pooling_convention : str
        How many windows there are, see above.
    stride : tuple of int
        Steps between windows; 1 unless given.
    pad : tuple of int
        Elements added on both sides of each axis: zeros, that ``max`` never takes.
    p_value : 1, 2 or 3
        The p of ``lp``.
    count_include_pad : bool
        Whether ``avg`` counts the padding; it does unless False.
    layout : str, optional
        Order of the axes; channels first unless given.

    Returns
    -------
    the layout of `data`, with spatial axes as above

    Examples
    --------
    >>> x = mx.nd.array([[[1, 2, 3, 4, 5]]])
    >>> mx.nd.Pooling(x, kernel=(2,), stride=(2,)).asnumpy().tolist()
    [[[2.0, 4.0]]]
    >>> mx.nd.Pooling(x, kernel=(2,), stride=(2,), pooling_convention="full").asnumpy().tolist()
    [[[2.0, 4.0, 5.0]]]
    """
    check_floating(data)
    size, last = _spatial(data.shape, {"layout": layout})
    if pool_type == "lp" and p_value not in (1, 2, 3):
        raise ValueError(f"p_value is {p_value}; expected 1, 2 or 3 with pool_type='lp'")
    if last:
        data = _channels_first(data)
    if global_pool and pool_type in ("avg", "sum"):
        axes = tuple(range(2, data.dim()))
        output = data.mean(axes, keepdim=True) if pool_type == "avg" else data.sum(axes, keepdim=True)
        return _channels_last(output) if last else output
    if global_pool:
        windows = _windows(size, size, (), (), "valid")
    else:
        windows = _windows(size, kernel, stride, pad, pooling_convention)
    if not data.shape[1]:  # torch wants channels
        return data.new_empty((data.shape[0], *windows.output, 0) if last else (data.shape[0], 0, *windows.output))
    if len(size) == 1:  # a row of an image
        windows = _as_image(windows)
        data = data.unsqueeze(2)
    output = _pool(data, windows, pool_type, p_value or 1, count_include_pad is not False)
    if len(size) == 1:
        output = output.squeeze(2)
    return _channels_last(output) if last else output


@lru_cache(maxsize=1024)
def _as_image(windows: _Windows) -> _Windows:
    border = None if windows.border is None else (*windows.border, 0, 0)
    output, kernel, stride = ((1, *x) for x in (windows.output, windows.kernel, windows.stride))
    return _Windows(output, kernel, stride, (0, *windows.pad), windows.ceil, border)


def _max_with_places(data: Tensor, **attributes: Any) -> tuple[Tensor, Tensor]:
    """Return the maxima of windows of (N, C, H, W) and where in its image each was found."""
    check_floating(data)
    size, _ = _spatial(data.shape, {"layout": attributes.get("layout")})
    windows = _windows_of(size, attributes)
    if not data.numel():
        output = data.new_empty((*data.shape[:2], *windows.output))
        return output, output.long()
    if windows.border is not None:
        data = torch.nn.functional.pad(data, windows.border, value=torch.finfo(data.dtype).min)
    if data.is_cpu and data.numel() >= _WORTH_IT and data.shape[1] > 1:  # torch's kernel takes vectors of channels
        data = data.contiguous(memory_format=torch.channels_last)
    pad = windows.pad if windows.border is None else (0, 0)
    return torch.ops.aten.max_pool2d_with_indices(data, windows.kernel, windows.stride, pad, (1, 1), windows.ceil)


def _windows_of(size: tuple[int, ...], attributes: Mapping[str, Any]) -> _Windows:
    convention = attributes.get("pooling_convention", "valid")
    return _windows(size, attributes["kernel"], attributes.get("stride", ()), attributes.get("pad", ()), convention)


def _max_gradient(backward: Backward) -> list[Tensor | None]:
    head, places = backward.head_gradients[0], backward.outputs[1]
    shape: Any = backward.inputs[0]
    assert head is not None
    windows = _windows_of(tuple(shape[2:]), backward.attributes)
    if not math.prod(shape):
        return [head.new_zeros(shape)]
    left, right, top, bottom = windows.border or (0, 0, 0, 0)
    last = places.is_contiguous(memory_format=torch.channels_last)
    order = torch.channels_last if last else torch.contiguous_format
    padded = (*shape[:2], top + shape[2] + bottom, left + shape[3] + right)
    gradient = torch.empty(padded, dtype=head.dtype, device=head.device, memory_format=order)
    pad = windows.pad if windows.border is None else (0, 0)
    # of the data, whose place the gradient takes here, torch reads no more than the shape
    torch.ops.aten.max_pool2d_with_indices_backward.grad_input(
        derivatives.ordered_as(places, head),
        gradient,
        windows.kernel,
        windows.stride,
        pad,
        (1, 1),
        windows.ceil,
        places,
        grad_input=gradient,
    )
    return [gradient[:, :, top : top + shape[2], left : left + shape[3]]]


#: `Pooling` of the maxima of images for graphs that train; no graph of a user's holds it.
MAX_WITH_PLACES = dataclasses.replace(
    get("Pooling"),
    function=_max_with_places,
    aliases=(),
    output_names=("output", "places"),
    shape=None,
    plan_gradient=_max_gradient,
    gradient_reads=("data.shape", "places"),
    gradient_memory="own",
)


def _adaptive_output(output_size: tuple[int, ...]) -> tuple[int, int]:
    if len(output_size) > 2 or any(size < 1 for size in output_size):
        raise ValueError(f"output_size is {output_size}; expected one or two numbers of at least 1")
    if len(output_size) == 2:
        return output_size[0], output_size[1]
    return (output_size[0], output_size[0]) if output_size else (1, 1)


def _adaptive_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return [((*shapes[0][:2], *_adaptive_output(attributes["output_size"])), dtypes[0])]


@operator("_contrib_AdaptiveAvgPooling2D", shape=_adaptive_shape)
def adaptive_avg_pooling_2d(data: Tensor, *, output_size: Shape = ()) -> Tensor:
    """Average over windows that are chosen so that the output has a given size.

    Row i of H' averages the input rows from ``floor(i * H / H')`` up to but without ``ceil((i + 1) * H / H')``, and
    columns likewise.

    Parameters
    ----------
    data : (N, C, H, W)
        Input, of a floating dtype.
    output_size : int or (int, int)
        (H', W'), or one number for both; 1 unless given.

    Returns
    -------
    (N, C, H', W')

    Examples
    --------
    >>> x = mx.nd.array([[[[1, 2], [3, 4]]]])
    >>> mx.nd.contrib.AdaptiveAvgPooling2D(x, output_size=1).asnumpy().tolist()
    [[[[2.5]]]]
    """
    check_floating(data)
    if data.dim() != 4:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected (N, C, H, W)")
    size, output = data.shape[2:], _adaptive_output(output_size)
    if data.numel() and not (size[0] % output[0] or size[1] % output[1]):  # windows of one size, side by side
        step = (size[0] // output[0], size[1] // output[1])
        return _average(data, _windows(tuple(size), step, step, (0, 0), "valid"), None, True)
    return torch.nn.functional.adaptive_avg_pool2d(data, output)
