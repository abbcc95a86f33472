"""Convolution, its transpose, and upsampling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import torch

from .activation import check_floating
from .attributes import DTYPE_NAMES, PositiveInt, Shape
from .families import documented
from .registry import Backward, Function, GradientRule, ShapeRule, operator

Tensor = torch.Tensor
Layout = Literal["NCDHW", "NCHW", "NCW", "NDHWC", "NHWC"]
_CHANNELS_LAST = ("NHWC", "NDHWC")


@lru_cache(maxsize=4096)
def _steps(
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
    adj: tuple[int, ...],
    layout: str | None,
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return stride, dilate, pad and adj with their defaults filled in; ValueError where they do not fit."""
    axes = len(kernel)
    if not 1 <= axes <= 3 or min(kernel) < 1:
        raise ValueError(f"kernel is {kernel}; expected one to three numbers of at least 1")
    if layout is not None and len(layout) != axes + 2:
        raise ValueError(f"layout is {layout!r}; expected one with {axes} spatial axes, as many as kernel {kernel}")
    full = (stride or (1,) * axes, dilate or (1,) * axes, pad or (0,) * axes, adj or (0,) * axes)
    for name, value, least in zip(("stride", "dilate", "pad", "adj"), full, (1, 1, 0, 0)):
        if len(value) != axes or min(value) < least:
            raise ValueError(f"{name} is {value}; expected {axes} numbers of at least {least}, as kernel is {kernel}")
    return full


def _channels_first(data: Tensor) -> Tensor:
    axes = data.dim()
    return data.permute(0, axes - 1, *range(1, axes - 1))


def _channels_last(data: Tensor) -> Tensor:
    axes = data.dim()
    return data.permute(0, *range(2, axes), 1)


def _with_channels(first: int, second: int, kernel: tuple[int, ...], layout: str | None) -> tuple[int, ...]:
    """Return a weight's shape: its two channel axes around or before the kernel."""
    return (first, *kernel, second) if layout in _CHANNELS_LAST else (first, second, *kernel)


_WORTH_IT = 1 << 13  # elements from which on a convolution of images is faster with its channels last in memory
_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}  # of images and of volumes, by the number of axes


def _interleaved(data: Tensor) -> Tensor:
    """Return (N, C, [D,] H, W) with its channels last in memory; what torch makes of it then has them last, too."""
    if data.shape[1] == 1:  # the same memory; it is the strides that tell
        return _channels_first(data.contiguous().view(data.shape[0], *data.shape[2:], 1))
    return data.contiguous(memory_format=_LAST[data.dim()])


def _check_inputs(
    data: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    attributes: tuple[tuple[int, ...], int, int, str | None],
    transposed: bool,
) -> None:
    kernel, num_filter, num_group, layout = attributes
    check_floating(data)
    if weight.dtype is not data.dtype or (bias is not None and bias.dtype is not data.dtype):
        other, name = (bias, "bias") if bias is not None and weight.dtype is data.dtype else (weight, "weight")
        raise TypeError(
            f"{name} is {DTYPE_NAMES[other.dtype]}; expected {DTYPE_NAMES[data.dtype]}, the dtype of data: "
            "cast one of them with .astype"
        )
    if data.dim() != len(kernel) + 2:
        order = layout or {1: "NCW", 2: "NCHW", 3: "NCDHW"}[len(kernel)]
        raise ValueError(
            f"data has shape {tuple(data.shape)}; expected {len(kernel) + 2} axes ({order}), as kernel is {kernel}"
        )
    channels = data.shape[-1 if layout in _CHANNELS_LAST else 1]
    if channels % num_group or num_filter % num_group:
        raise ValueError(
            f"num_group is {num_group}; expected a divisor of the {channels} channels of data {tuple(data.shape)} "
            f"and of num_filter={num_filter}"
        )
    pair = (channels, num_filter // num_group) if transposed else (num_filter, channels // num_group)
    expected = _with_channels(*pair, kernel, layout)
    if weight.shape != expected:
        raise ValueError(
            f"weight has shape {tuple(weight.shape)}; expected {expected} from num_filter={num_filter}, "
            f"kernel={kernel}, num_group={num_group} and data {tuple(data.shape)}"
        )
    if bias is not None and bias.shape != (num_filter,):
        raise ValueError(f"bias has shape {tuple(bias.shape)}; expected ({num_filter},)")


def _inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("data", "weight") if attributes["no_bias"] else ("data", "weight", "bias")


def _known_channels(data: tuple[int, ...] | None, attributes: Mapping[str, Any]) -> int:
    """Return the number of channels of the data, 0 when it is unknown."""
    if data is None:
        return 0
    axes = len(attributes["kernel"]) + 2
    if len(data) != axes:
        raise ValueError(f"data has shape {data}; expected {axes} axes for kernel={attributes['kernel']}")
    return data[-1 if attributes["layout"] in _CHANNELS_LAST else 1]


def _parameters(
    shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any], transposed: bool
) -> Sequence[tuple[int, ...] | None]:
    channels = _known_channels(shapes[0], attributes)
    filters, groups = attributes["num_filter"], attributes["num_group"]
    if channels or shapes[1] is None:
        pair = (channels, filters // groups) if transposed else (filters, channels // groups)
        shapes[1] = _with_channels(*pair, attributes["kernel"], attributes["layout"])
    if len(shapes) == 3:
        shapes[2] = (filters,)
    return shapes


def _gradients(
    backward: Backward, steps: Sequence[Sequence[int]], transposed: bool
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients of data, weight and bias, of which the last may not exist."""
    (head,), (data, weight), of = backward.head_gradients, backward.inputs[:2], backward.attributes
    assert head is not None
    stride, dilate, pad, adj = steps
    last = of["layout"] in _CHANNELS_LAST
    if last:
        head, data, weight = _channels_first(head), _channels_first(data), _channels_first(weight)
    elif data.is_cpu and head.dim() in _LAST and _is_interleaved(head) and not _is_interleaved(data):
        data = _interleaved(
            data
        )  # as the forward pass had it; torch would bring the head gradient into the other order
    mask = (*backward.wanted, False)[:3]
    found = torch.ops.aten.convolution_backward(
        head, data, weight, [of["num_filter"]], stride, pad, dilate, transposed, adj, of["num_group"], mask
    )
    in_data, in_weight, in_bias = (gradient if m else None for gradient, m in zip(found, mask))
    if last:
        in_data = None if in_data is None else _channels_last(in_data)
        in_weight = None if in_weight is None else _channels_last(in_weight)
    return in_data, in_weight, in_bias


def _convolution_gradient(backward: Backward) -> Sequence[Tensor | None]:
    stride, dilate, pad = steps_of(backward.attributes)
    return _gradients(backward, (stride, dilate, pad, (0,) * len(pad)), False)[: len(backward.wanted)]


def _deconvolution_gradient(backward: Backward) -> Sequence[Tensor | None]:
    of, data = backward.attributes, backward.inputs[0]
    size = _spatial(data.shape, of["layout"])
    names = ("kernel", "stride", "dilate", "pad", "adj", "target_shape", "layout")
    steps = _transposed_steps(size, *(of[name] for name in names))
    return _gradients(backward, steps, True)[: len(backward.wanted)]


def _is_interleaved(data: Tensor) -> bool:
    """Return whether (N, C, [D,] H, W) has its channels last in memory, and not also first."""
    return data.is_contiguous(memory_format=_LAST[data.dim()]) and not data.is_contiguous()


def filtering(
    name: str, shape: ShapeRule, gradient: GradientRule, *, transposed: bool
) -> Callable[[Function], Function]:
    """Register an operator on ``(data, weight, bias)``; its docstring goes on with `_FILTERING`."""

    def register(function: Function) -> Function:
        function.__doc__ = documented(function, _FILTERING)
        return operator(
            name,
            aliases=(f"_npx_{name.lower()}",),
            inputs=_inputs,
            complete=lambda shapes, attributes: _parameters(shapes, attributes, transposed),
            shape=shape,
            hidden=("workspace", "cudnn_tune", "cudnn_off"),
            planned=not transposed,
            plan_gradient=gradient,
            gradient_reads=("data", "weight"),
            gradient_memory="own",
        )(function)

    return register


_FILTERING = """\
num_filter : int of at least 1
    Channels of the output.
num_group : int of at least 1
    Channels and filters fall into so many groups that do not see each other.
workspace, cudnn_tune, cudnn_off
    No effect.
no_bias : bool
    Leave `bias` out.
layout : str, optional
    Order of the axes of data and output; channels first unless given.

Returns
-------
the layout of `data`, with `num_filter` channels
"""


def _convolution_size(n: int, k: int, s: int, d: int, p: int) -> int:
    return (n + 2 * p - d * (k - 1) - 1) // s + 1


def _output_shape(data: Sequence[int], filters: int, size: Sequence[int], layout: str | None) -> tuple[int, ...]:
    return (data[0], *size, filters) if layout in _CHANNELS_LAST else (data[0], filters, *size)


def _spatial(data: Sequence[int], layout: str | None) -> tuple[int, ...]:
    return tuple(data[1:-1]) if layout in _CHANNELS_LAST else tuple(data[2:])


def _too_large(data: Tensor, kernel: tuple[int, ...], dilate: tuple[int, ...], pad: tuple[int, ...]) -> str:
    return (
        f"kernel is {kernel} with dilate {dilate}; expected at most the padded data, "
        f"{tuple(data.shape[2:])} with pad {pad}"
    )


def _convolution_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    data, kernel, layout = shapes[0], attributes["kernel"], attributes["layout"]
    stride, dilate, pad, _ = _steps(kernel, attributes["stride"], attributes["dilate"], attributes["pad"], (), layout)
    if len(data) != len(kernel) + 2:
        raise ValueError(f"data has shape {tuple(data)}; expected {len(kernel) + 2} axes, as kernel is {kernel}")
    size = [_convolution_size(*along) for along in zip(_spatial(data, layout), kernel, stride, dilate, pad)]
    if min(size) < 1:
        raise ValueError(_too_large(torch.empty(data, device="meta"), kernel, dilate, pad))
    return [(_output_shape(data, attributes["num_filter"], size, layout), dtypes[0])]


def steps_of(attributes: Mapping[str, Any]) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return stride, dilate and pad of a convolution with these attributes."""
    given = (attributes[name] for name in ("kernel", "stride", "dilate", "pad"))
    return _steps(*given, (), attributes["layout"])[:3]


@filtering("Convolution", _convolution_shape, _convolution_gradient, transposed=False)
def convolution(
    data: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    kernel: Shape,
    stride: Shape = (),
    dilate: Shape = (),
    pad: Shape = (),
    num_filter: PositiveInt,
    num_group: PositiveInt = 1,
    workspace: int = 1024,
    no_bias: bool = False,
    cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None,
    cudnn_off: bool = False,
    layout: Layout | None = None,
    planned: bool = False,
) -> Tensor:
    """Convolution over one, two or three spatial axes.

    ``output[n, f, y, x] = bias[f] + sum over c, i, j of weight[f, c, i, j] * data[n, c, y * s + i * d, x * s + j * d]``
    on the padded data, with stride s and dilation d. An output axis has length
    ``(n + 2 * pad - dilate * (kernel - 1) - 1) // stride + 1``.

    Parameters
    ----------
    data : (N, C, W), (N, C, H, W) or (N, C, D, H, W), or as `layout` says
        Input, of a floating dtype.
    weight : (num_filter, C / num_group, *kernel), or with the channels last as in `layout`
        Filters, of the same dtype.
    bias : (num_filter,), optional
        Added to every position; absent with `no_bias`.
    kernel : tuple of one to three int
        Size of a filter.
    stride, dilate, pad : tuple of as many int
        Step between positions (1 unless given), step between the elements that a filter meets (1), zeros added on both
        sides (0).

    Examples
    --------
    >>> x, w, b = mx.nd.ones((1, 2, 5, 5)), mx.nd.ones((4, 2, 3, 3)), mx.nd.zeros((4,))
    >>> mx.nd.Convolution(x, w, b, kernel=(3, 3), num_filter=4, stride=(2, 2)).shape
    (1, 4, 2, 2)
    """
    if no_bias:
        bias = None
    stride, dilate, pad, no_adj = _steps(kernel, stride, dilate, pad, (), layout)
    _check_inputs(data, weight, bias, (kernel, num_filter, num_group, layout), False)
    last = layout in _CHANNELS_LAST
    if last:
        data, weight = _channels_first(data), _channels_first(weight)
    elif planned and data.is_cpu and data.dim() in _LAST and data.numel() >= _WORTH_IT:
        data = _interleaved(data)
    try:
        output = torch.convolution(data, weight, bias, stride, pad, dilate, False, no_adj, num_group)
    except RuntimeError:
        size = [_convolution_size(*along) for along in zip(data.shape[2:], kernel, stride, dilate, pad)]
        if min(size) < 1:
            raise ValueError(_too_large(data, kernel, dilate, pad)) from None
        raise
    return _channels_last(output) if last else output


@lru_cache(maxsize=4096)
def _transposed_steps(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
    adj: tuple[int, ...],
    target: tuple[int, ...],
    layout: str | None,
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Return stride, dilate, pad and adj; a target shape decides the last two."""
    stride, dilate, pad, adj = _steps(kernel, stride, dilate, pad, adj, layout)
    if any(target):
        if len(target) != len(kernel):
            raise ValueError(f"target_shape is {target}; expected {len(kernel)} numbers, as kernel is {kernel}")
        surplus = [s * (n - 1) + d * (k - 1) + 1 - t for n, k, s, d, t in zip(size, kernel, stride, dilate, target)]
        if min(surplus) < 0:
            largest = tuple(t + x for t, x in zip(target, surplus))
            raise ValueError(f"target_shape is {target}; expected at most {largest}, what data {size} reaches")
        pad, adj = tuple((x + 1) // 2 for x in surplus), tuple(x % 2 for x in surplus)
    if any(a >= s for a, s in zip(adj, stride)):
        source = f" (it follows from target_shape={target})" if any(target) else ""
        raise ValueError(f"adj is {adj}{source}; expected numbers smaller than stride {stride}")
    return stride, dilate, pad, adj


def _deconvolution_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    data, kernel, layout = shapes[0], attributes["kernel"], attributes["layout"]
    if len(data) != len(kernel) + 2:
        raise ValueError(f"data has shape {tuple(data)}; expected {len(kernel) + 2} axes, as kernel is {kernel}")
    size = _spatial(data, layout)
    names = ("kernel", "stride", "dilate", "pad", "adj", "target_shape", "layout")
    steps = _transposed_steps(size, *(attributes[name] for name in names))
    output = [s * (n - 1) + d * (k - 1) + 1 - 2 * p + a for n, k, s, d, p, a in zip(size, kernel, *steps)]
    return [(_output_shape(data, attributes["num_filter"], output, layout), dtypes[0])]


@filtering("Deconvolution", _deconvolution_shape, _deconvolution_gradient, transposed=True)
def deconvolution(
    data: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    kernel: Shape,
    stride: Shape = (),
    dilate: Shape = (),
    pad: Shape = (),
    adj: Shape = (),
    target_shape: Shape = (),
    num_filter: PositiveInt,
    num_group: PositiveInt = 1,
    workspace: int = 512,
    no_bias: bool = True,
    cudnn_tune: Literal["fastest", "limited_workspace", "off"] | None = None,
    cudnn_off: bool = False,
    layout: Layout | None = None,
) -> Tensor:
    """Transposed convolution: what a convolution with the same attributes does to its gradient.

    Every element of the data adds its multiple of the filter to the output, `stride` positions apart. An output axis
    has length ``stride * (n - 1) + dilate * (kernel - 1) + 1 - 2 * pad + adj``.

    Parameters
    ----------
    data : (N, C, W), (N, C, H, W) or (N, C, D, H, W), or as `layout` says
        Input, of a floating dtype.
    weight : (C, num_filter / num_group, *kernel), or with the channels last as in `layout`
        Filters, of the same dtype.
    bias : (num_filter,), optional
        Added to every position; absent with `no_bias`, the default here.
    kernel : tuple of one to three int
        Size of a filter.
    stride, dilate, pad : tuple of as many int
        Those of the convolution that this one transposes.
    adj : tuple of as many int, smaller than `stride`
        Positions added at the far end of each axis, because several input lengths convolve to the same output length.
    target_shape : tuple of as many int
        Length of the output's spatial axes; replaces `pad` and `adj`.

    Examples
    --------
    >>> x, w = mx.nd.ones((1, 2, 4, 4)), mx.nd.ones((2, 3, 3, 3))
    >>> mx.nd.Deconvolution(x, w, kernel=(3, 3), num_filter=3, stride=(2, 2)).shape
    (1, 3, 9, 9)
    """
    if no_bias:
        bias = None
    _check_inputs(data, weight, bias, (kernel, num_filter, num_group, layout), True)
    last = layout in _CHANNELS_LAST
    if last:
        data, weight = _channels_first(data), _channels_first(weight)
    size = tuple(data.shape[2:])
    stride, dilate, pad, adj = _transposed_steps(size, kernel, stride, dilate, pad, adj, target_shape, layout)
    for n, k, s, d, p, a in zip(size, kernel, stride, dilate, pad, adj):
        if s * (n - 1) + d * (k - 1) + 1 - 2 * p + a < 1:
            raise ValueError(f"pad is {tuple(pad)}; expected less: it leaves nothing of what data {size} grows to")
    output = torch.convolution(data, weight, bias, stride, pad, dilate, True, adj, num_group)
    return _channels_last(output) if last else output


def _upsampling_complete(
    shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]
) -> Sequence[tuple[int, ...] | None]:
    if attributes["sample_type"] == "bilinear" and len(shapes) == 2:
        size = _bilinear_kernel(attributes["scale"])
        shapes[1] = (attributes["num_filter"], 1, size, size)
    return shapes


def _bilinear_kernel(scale: int) -> int:
    return 2 * scale - scale % 2


def _repeat(data: Tensor, times: int) -> Tensor:
    """Repeat every element `times` times along the last two axes."""
    if times == 1:
        return data
    # The gradient of a stack is a sum of slices, much faster than one over the short axes of an expanded array.
    wide = torch.stack((data,) * times, -1).flatten(-2)
    return torch.stack((wide,) * times, -2).flatten(2, 3)


def _upsampling_inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    if attributes["sample_type"] == "bilinear":
        return ("data", "weight")
    return tuple(f"arg{i}" for i in range(attributes["num_args"]))


@operator("UpSampling", inputs=_upsampling_inputs, complete=_upsampling_complete, view=True, hidden=("workspace",))
def up_sampling(
    *data: Tensor,
    scale: PositiveInt,
    num_filter: int = 0,
    sample_type: Literal["bilinear", "nearest"],
    multi_input_mode: Literal["concat", "sum"] = "concat",
    workspace: int = 512,
) -> Tensor:
    """Make images `scale` times larger.

    ``nearest`` repeats every element; several inputs are brought to the size of the first output and then joined.
    ``bilinear`` is a transposed convolution of each channel with the filters of the second input, usually initialised
    to ``mx.init.Bilinear()``.

    Parameters
    ----------
    data : (N, C, H, W)
        Images; for ``nearest`` several, for ``bilinear`` one and its weight (C, 1, K, K) with
        ``K = 2 * scale - scale % 2``.
    scale : int of at least 1
        Factor for the height and the width of the first input.
    num_filter : int
        The number of channels, for ``bilinear`` only.
    sample_type : str
        ``nearest`` or ``bilinear``.
    multi_input_mode : str
        Join several inputs along the channels (``concat``) or add them (``sum``).
    workspace
        No effect.

    Returns
    -------
    (N, C, H * scale, W * scale)

    Examples
    --------
    >>> x = mx.nd.array([[[[1, 2]]]])
    >>> mx.nd.UpSampling(x, scale=2, sample_type="nearest").asnumpy().tolist()
    [[[[1.0, 1.0, 2.0, 2.0], [1.0, 1.0, 2.0, 2.0]]]]
    """
    first = data[0]
    if any(x.dim() != 4 or not (x.shape[2] and x.shape[3]) for x in data):
        raise ValueError(f"data has shapes {', '.join(str(tuple(x.shape)) for x in data)}; expected (N, C, H, W)")
    if sample_type == "bilinear":
        if len(data) != 2:
            raise ValueError(f"{len(data)} inputs came; expected two for sample_type='bilinear', data and weight")
        size, channels, weight = _bilinear_kernel(scale), first.shape[1], data[1]
        if num_filter != channels or weight.shape != (channels, 1, size, size):
            raise ValueError(
                f"num_filter is {num_filter} and weight has shape {tuple(weight.shape)}; expected {channels}, the "
                f"channels of data {tuple(first.shape)}, and ({channels}, 1, {size}, {size})"
            )
        pad = scale // 2
        return torch.conv_transpose2d(first, weight, None, scale, pad, 0, channels)
    height = first.shape[2] * scale
    for x in data:
        if height % x.shape[2] or x.shape[3] * (height // x.shape[2]) != first.shape[3] * scale:
            raise ValueError(
                f"data has an input of shape {tuple(x.shape)}; expected a whole fraction of the output's size, "
                f"({height}, {first.shape[3] * scale})"
            )
    images = [_repeat(x, height // x.shape[2]) for x in data]
    if len(images) == 1:
        return images[0]
    if multi_input_mode == "concat":
        return torch.cat(images, 1)
    if any(x.shape[1] != first.shape[1] for x in data):
        raise ValueError("data has different numbers of channels; expected the same for multi_input_mode='sum'")
    return torch.stack(images).sum(0) if len(images) > 2 else images[0] + images[1]
