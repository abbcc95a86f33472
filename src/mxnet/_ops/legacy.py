"""First versions of layers, kept by MXNet for old programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .activation import check_floating
from .attributes import PositiveInt, Shape
from .batch_norm import sync_batch_norm
from .convolution import convolution
from .registry import Backward, get, operator

Tensor = torch.Tensor

_NORMALIZATION = get("_contrib_SyncBatchNorm")
_CONVOLUTION = get("Convolution")


@operator(
    "BatchNorm_v1",
    auxiliary=("moving_mean", "moving_var"),
    input_init=_NORMALIZATION.input_init,
    outputs=("output", "mean", "var"),
    visible_outputs=_NORMALIZATION.visible,
    complete=_NORMALIZATION.complete,
    complete_dtypes=_NORMALIZATION.complete_dtypes,
    shape=_NORMALIZATION.shape,
    gradient=_NORMALIZATION.gradient,
    training=True,
)
def batch_norm_v1(
    data: Tensor,
    gamma: Tensor,
    beta: Tensor,
    moving_mean: Tensor,
    moving_var: Tensor,
    *,
    eps: float = 1e-3,
    momentum: float = 0.9,
    fix_gamma: bool = True,
    use_global_stats: bool = False,
    output_mean_var: bool = False,
    training: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """The first `BatchNorm`: channels are at axis 1, and the second statistic that it returns is the variance.

    Parameters
    ----------
    data : (N, C, ...)
        Input, of a floating dtype.
    gamma, beta : (C,)
        Scale and shift; float32 when `data` is float16, else of its dtype.
    moving_mean, moving_var : (C,)
        State: averages of the statistics of the batches seen; the backward pass moves them.
    eps, momentum, fix_gamma, use_global_stats
        As in `BatchNorm`.
    output_mean_var : bool
        Also return the mean and the variance that were used. They pass no gradient.

    Returns
    -------
    the shape of `data`; with `output_mean_var` also two of shape (C,)

    Examples
    --------
    >>> x, one, zero = mx.nd.array([[1, 2], [3, 6]]), mx.nd.ones((2,)), mx.nd.zeros((2,))
    >>> with mx.autograd.record():
    ...     y, mean, variance = mx.nd.BatchNorm_v1(x, one, zero, zero, one, eps=0, output_mean_var=True)
    >>> y.asnumpy().round(4).tolist(), mean.asnumpy().tolist(), variance.asnumpy().round(4).tolist()
    ([[-1.0, -1.0], [1.0, 1.0]], [2.0, 4.0], [1.0, 4.0])
    """
    return sync_batch_norm(
        data,
        gamma,
        beta,
        moving_mean,
        moving_var,
        eps=eps,
        momentum=momentum,
        fix_gamma=fix_gamma,
        use_global_stats=use_global_stats,
        output_mean_var=output_mean_var,
        key="",
        training=training,
    )


@operator(
    "Convolution_v1",
    inputs=_CONVOLUTION.active,
    complete=_CONVOLUTION.complete,
    shape=_CONVOLUTION.shape,
    hidden=tuple(_CONVOLUTION.hidden),
)
def convolution_v1(
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
    layout: Literal["NCDHW", "NCHW", "NDHWC", "NHWC"] | None = None,
) -> Tensor:
    """The first `Convolution`. It is computed as that one.

    Parameters
    ----------
    data : (N, C, H, W)
        Input, of a floating dtype; one and three spatial axes work, too.
    weight : (num_filter, C / num_group, *kernel)
        Filters, of the same dtype.
    bias : (num_filter,), optional
        Added to every position; absent with `no_bias`.
    kernel, stride, dilate, pad, num_filter, num_group, no_bias, layout
        As in `Convolution`.
    workspace, cudnn_tune, cudnn_off
        No effect.

    Returns
    -------
    (N, num_filter, H', W')

    Examples
    --------
    >>> x, w, b = mx.nd.ones((1, 2, 5, 5)), mx.nd.ones((4, 2, 3, 3)), mx.nd.zeros((4,))
    >>> mx.nd.Convolution_v1(x, w, b, kernel=(3, 3), num_filter=4, stride=(2, 2)).shape
    (1, 4, 2, 2)
    """
    return convolution(
        data,
        weight,
        bias,
        kernel=kernel,
        stride=stride,
        dilate=dilate,
        pad=pad,
        num_filter=num_filter,
        num_group=num_group,
        no_bias=no_bias,
        layout=layout,
    )


class _Windows:
    """Where the windows of one pooling lie."""

    def __init__(self, shape: Sequence[int], attributes: Mapping[str, Any]) -> None:
        if len(shape) != 4:
            raise ValueError(f"data has shape {tuple(shape)}; expected four axes (N, C, H, W)")
        self.size = size = tuple(shape[2:])
        names = ("kernel", "stride", "pad")
        kernel, stride, pad = (tuple(attributes[name]) for name in names)
        if attributes["global_pool"]:
            kernel, stride, pad = size, (), ()
        self.kernel, self.stride, self.pad = kernel, stride or (1, 1), pad or (0, 0)
        for name, value, least in zip(names, (self.kernel, self.stride, self.pad), (1, 1, 0)):
            if len(value) != 2 or min(value) < least:
                raise ValueError(f"{name} is {value}; expected two numbers of at least {least}, for height and width")
        room = [n + 2 * p - k for n, k, p in zip(size, self.kernel, self.pad)]
        if min(room) < 0:
            raise ValueError(f"kernel is {kernel}; expected at most the padded data, {size} with pad {self.pad}")
        full = attributes["pooling_convention"] == "full"
        self.output = tuple(1 + (-(-r // s) if full else r // s) for r, s in zip(room, self.stride))
        # How far the last windows reach beyond the padded data.
        ends = [max(0, (o - 1) * s - r) for o, s, r in zip(self.output, self.stride, room)]
        self.beyond = (0, ends[1], 0, ends[0])

    def padded(self, data: Tensor, filler: float) -> Tensor:
        """Return the data with zeros around, and `filler` where windows reach even further."""
        (top, left), pad = self.pad, torch.nn.functional.pad
        if top or left:
            data = pad(data, (left, left, top, top))
        return pad(data, self.beyond, value=filler) if any(self.beyond) else data

    def inside(self, padded: Tensor) -> Tensor:
        """Undo `padded`."""
        (top, left), (height, width) = self.pad, self.size
        return padded[:, :, top : top + height, left : left + width]

    def along(self, padded: Tensor, axis: Literal[0, 1], i: int) -> Tensor:
        """Return the view of row i (axis 0) or column i (axis 1) of all windows."""
        met = slice(i, i + (self.output[axis] - 1) * self.stride[axis] + 1, self.stride[axis])
        return padded[:, :, met] if axis == 0 else padded[:, :, :, met]

    def maximum(self, padded: Tensor) -> Tensor:
        """Return the maxima of all windows: along the height, then along the width."""
        for axis in (0, 1):
            found = self.along(padded, axis, 0)
            for i in range(1, self.kernel[axis]):
                found = torch.maximum(found, self.along(padded, axis, i))
            padded = found
        return padded


def _pooling_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return [((*shapes[0][:2], *_Windows(shapes[0], attributes).output), dtypes[0])]


def _pooling_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data,), (output,) = backward.head_gradients, backward.inputs, backward.outputs
    assert head is not None
    kind, windows = backward.attributes["pool_type"], _Windows(data.shape, backward.attributes)
    kernel = windows.kernel
    if kind != "max":
        like = windows.padded(data, 0.0)
        divisor = kernel[0] * kernel[1] if kind == "avg" else 1
        pooled = torch.ops.aten.avg_pool2d_backward
        head = head.contiguous()
        return [windows.inside(pooled(head, like, [*kernel], [*windows.stride], [0, 0], False, True, divisor))]
    if windows.output == (1, 1) and kernel == windows.size:
        return [torch.where(data == output, head, 0)]
    # Every element that equals the maximum gets the whole gradient.
    padded = windows.padded(data, -torch.inf)
    gradient = torch.zeros_like(padded, memory_format=torch.contiguous_format)
    equal = torch.empty_like(output)
    for i in range(kernel[0]):
        values, targets = windows.along(padded, 0, i), windows.along(gradient, 0, i)
        for j in range(kernel[1]):
            torch.eq(windows.along(values, 1, j), output, out=equal)
            windows.along(targets, 1, j).addcmul_(equal, head)
    return [windows.inside(gradient)]


@operator("Pooling_v1", view=True, shape=_pooling_shape, gradient=_pooling_gradient)
def pooling_v1(
    data: Tensor,
    *,
    kernel: Shape = (),
    pool_type: Literal["avg", "max", "sum"] = "max",
    global_pool: bool = False,
    pooling_convention: Literal["full", "valid"] = "valid",
    stride: Shape = (),
    pad: Shape = (),
) -> Tensor:
    """The first `Pooling`. It differs from that one where windows reach beyond the data, and at equal maxima.

    The padding counts as zeros for the maximum, too. A mean always divides by the size of the kernel. Of several equal
    maxima in a window, each gets the whole gradient.

    Parameters
    ----------
    data : (N, C, H, W)
        Input, of a floating dtype.
    kernel : (int, int)
        Size of the window; not needed with `global_pool`.
    pool_type : str
        ``max``, ``avg`` or ``sum``.
    global_pool : bool
        One window over everything; `kernel`, `stride` and `pad` are ignored.
    pooling_convention : str
        Whether the number of windows, ``1 + (n + 2 * pad - kernel) / stride``, is rounded down (``valid``) or up
        (``full``). A window that lies wholly beyond the padded data gives 0, or minus infinity for ``max``.
    stride : (int, int)
        Steps between windows; 1 unless given.
    pad : (int, int)
        Zeros added on both sides of each axis.

    Returns
    -------
    (N, C, H', W')

    Examples
    --------
    >>> x = mx.nd.array([[[[-1, -2, -3]]]])
    >>> mx.nd.Pooling_v1(x, kernel=(1, 2), pad=(0, 1)).asnumpy().tolist()
    [[[[0.0, -1.0, -2.0, 0.0]]]]
    >>> mx.nd.Pooling_v1(x, kernel=(1, 2), stride=(1, 2), pool_type="avg", pooling_convention="full").asnumpy().tolist()
    [[[[-1.5, -1.5]]]]
    """
    check_floating(data)
    attributes = {"kernel": kernel, "stride": stride, "pad": pad, "global_pool": global_pool}
    windows = _Windows(data.shape, {"pooling_convention": pooling_convention, **attributes})
    if global_pool and pool_type != "max":
        output = data.sum((2, 3), keepdim=True) if pool_type == "sum" else data.mean((2, 3), keepdim=True)
    elif global_pool:
        output = data.amax((2, 3), keepdim=True)
    elif pool_type == "max":
        output = windows.maximum(windows.padded(data, -torch.inf))
    else:
        divisor = windows.kernel[0] * windows.kernel[1] if pool_type == "avg" else 1
        padded = windows.padded(data, 0.0)
        output = torch.nn.functional.avg_pool2d(padded, windows.kernel, windows.stride, divisor_override=divisor)
    return output
