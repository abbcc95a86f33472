"""Normalization of each example by itself: over layers, instances, groups and channels."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from .activation import check_axis, check_floating
from .attributes import DTYPE_NAMES, NonNegativeInt
from .registry import operator

Tensor = torch.Tensor
MaybeShapes = Sequence[tuple[int, ...] | None]


def three(attributes: Mapping[str, Any]) -> int:
    return 3 if attributes["output_mean_var"] else 1


def check_parameters(
    data: Tensor, names: Sequence[str], parameters: Sequence[Tensor], length: int, dtype: torch.dtype, source: str
) -> None:
    """Raise unless every parameter has shape (length,) and the dtype that goes with the data."""
    for name, parameter in zip(names, parameters):
        if parameter.dtype is not dtype:
            raise TypeError(
                f"{name} is {DTYPE_NAMES[parameter.dtype]}; expected {DTYPE_NAMES[dtype]} as data is "
                f"{DTYPE_NAMES[data.dtype]}: cast one of them with .astype"
            )
        if parameter.shape != (length,):
            raise ValueError(
                f"{name} has shape {tuple(parameter.shape)}; expected ({length},), {source} of data {tuple(data.shape)}"
            )


# The statistics that some of them return pass no gradient, as in MXNet.


def _too_narrow(data: Tensor, mean: Tensor, inverse: Tensor) -> bool:
    """Whether float32 loses these statistics: squares overflowed, or the data is constant but for its rounding.

    Looked at on the CPU only: elsewhere it would wait for the device.
    """
    if data.dtype is not torch.float32 or data.device.type != "cpu" or not data.numel():
        return False
    return not float((mean.detach() * inverse.detach()).abs_().amax()) < 100


def _group_norm(data: Tensor, gamma: Tensor, beta: Tensor, groups: int, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize groups of channels; return the output, the means and 1 / sqrt(variance + eps)."""
    n, channels = data.shape[:2]
    if not data.numel():
        mean = torch.zeros((n, groups), dtype=data.dtype, device=data.device)
        return data.clone(), mean, (mean + eps).rsqrt()
    sizes = (n, channels, math.prod(data.shape[2:]), groups)
    data, gamma, beta = data.contiguous(), gamma.contiguous(), beta.contiguous()  # the kernel reads nothing else right
    found = torch.native_group_norm(data, gamma, beta, *sizes, eps)
    if _too_narrow(data, *found[1:]):
        wide = data.double().reshape(n, groups, -1)
        variance, mean = torch.var_mean(wide, 2, correction=0, keepdim=True)
        inverse = (variance + eps).rsqrt()
        axes = (1, channels) + (1,) * (data.dim() - 2)
        output = ((wide - mean) * inverse).reshape(data.shape) * gamma.reshape(axes) + beta.reshape(axes)
        return output.to(data.dtype), mean.squeeze(2), inverse.squeeze(2)
    return found


def _layer_norm_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and (length := data[check_axis(attributes["axis"], len(data))]):
        shapes[1:] = [(length,)] * 2
    return shapes


def _layer_norm_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    data = tuple(shapes[0])
    axis = check_axis(attributes["axis"], len(data))
    statistics = ((*data[:axis], 1, *data[axis + 1 :]), dtypes[0])
    return [(data, dtypes[0]), statistics, statistics][: three(attributes)]


def _mean_and_std_names(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("output", "mean", "std")[: three(attributes)]


@operator(
    "LayerNorm",
    aliases=("_npx_layer_norm",),
    outputs=_mean_and_std_names,
    complete=_layer_norm_complete,
    shape=_layer_norm_shape,
)
def layer_norm(
    data: Tensor, gamma: Tensor, beta: Tensor, *, axis: int = -1, eps: float = 1e-5, output_mean_var: bool = False
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """Normalize along one axis: ``gamma * (data - mean) / sqrt(var + eps) + beta``.

    Parameters
    ----------
    data : any shape
        Input, of a floating dtype.
    gamma, beta : (length of `axis`,)
        Scale and shift, of the same dtype.
    axis : int
        Over which mean and variance are taken.
    eps : float
        Added to the variance.
    output_mean_var : bool
        Also return mean and ``sqrt(var + eps)``. They pass no gradient.

    Returns
    -------
    the shape of `data`; with `output_mean_var` also two of that shape with length 1 at `axis`

    References
    ----------
    Ba et al., Layer Normalization, 2016.

    Examples
    --------
    >>> x = mx.nd.array([[1, 3], [10, 30]])
    >>> mx.nd.LayerNorm(x, mx.nd.ones((2,)), mx.nd.zeros((2,)), eps=0).asnumpy().round(4).tolist()
    [[-1.0, 1.0], [-1.0, 1.0]]
    """
    check_floating(data)
    axis = check_axis(axis, data.dim())
    length = data.shape[axis]
    check_parameters(data, ("gamma", "beta"), (gamma, beta), length, data.dtype, f"axis {axis}")
    inner = axis != data.dim() - 1
    if inner:
        data = data.transpose(axis, -1)
    output, mean, inverse = torch.native_layer_norm(data, (length,), gamma, beta, eps)
    if data.dtype is torch.float32 and _too_narrow(data, mean, inverse):
        wide = torch.native_layer_norm(data.double(), (length,), gamma.double(), beta.double(), eps)
        output, mean, inverse = wide[0].to(data.dtype), wide[1], wide[2]
    if output_mean_var:
        mean, std = mean.detach().to(data.dtype), inverse.detach().reciprocal().to(data.dtype)
        if inner:
            output, mean, std = output.transpose(axis, -1), mean.transpose(axis, -1), std.transpose(axis, -1)
        return output, mean, std
    return output.transpose(axis, -1) if inner else output


def _check_channels(data: Tensor, axes: str = "(N, C, ...)") -> None:
    check_floating(data)
    if data.dim() < 3:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected at least three axes {axes}")


def _instance_norm_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and len(data) > 1 and data[1]:
        shapes[1:] = [(data[1],)] * 2
    return shapes


def _data_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return [(tuple(shapes[0]), dtypes[0])]


@operator("InstanceNorm", complete=_instance_norm_complete, shape=_data_shape)
def instance_norm(data: Tensor, gamma: Tensor, beta: Tensor, *, eps: float = 1e-3) -> Tensor:
    """Normalize every channel of every example: ``gamma * (data - mean) / sqrt(var + eps) + beta``.

    Parameters
    ----------
    data : (N, C, ...) with at least three axes
        Input, of a floating dtype. Mean and variance are over all axes after the second.
    gamma, beta : (C,)
        Scale and shift, of the same dtype.
    eps : float
        Added to the variance.

    Returns
    -------
    the shape of `data`

    References
    ----------
    Ulyanov et al., Instance Normalization: The Missing Ingredient for Fast Stylization, 2016.

    Examples
    --------
    >>> x = mx.nd.array([[[1, 3], [10, 30]]])
    >>> mx.nd.InstanceNorm(x, mx.nd.ones((2,)), mx.nd.zeros((2,)), eps=0).asnumpy().round(4).tolist()
    [[[-1.0, 1.0], [-1.0, 1.0]]]
    """
    _check_channels(data)
    channels = data.shape[1]
    check_parameters(data, ("gamma", "beta"), (gamma, beta), channels, data.dtype, "axis 1")
    return _group_norm(data, gamma, beta, channels, eps)[0]


def _group_norm_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    shapes[1:] = [(attributes["num_groups"],)] * 2
    return shapes


def _group_norm_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    statistics = ((shapes[0][0], attributes["num_groups"]), dtypes[0])
    return [(tuple(shapes[0]), dtypes[0]), statistics, statistics][: three(attributes)]


@operator("GroupNorm", outputs=_mean_and_std_names, complete=_group_norm_complete, shape=_group_norm_shape)
def group_norm(
    data: Tensor, gamma: Tensor, beta: Tensor, *, num_groups: int = 1, eps: float = 1e-5, output_mean_var: bool = False
) -> Tensor | tuple[Tensor, Tensor, Tensor]:
    """Normalize groups of channels of every example: ``gamma * (data - mean) / sqrt(var + eps) + beta``.

    Scale and shift are one number for each group, not for each channel, as in MXNet 1.9.1.

    Parameters
    ----------
    data : (N, C, ...) with at least three axes
        Input, of a floating dtype.
    gamma, beta : (num_groups,)
        Scale and shift, of the same dtype.
    num_groups : int, a divisor of C
        How many groups of neighbouring channels there are.
    eps : float
        Added to the variance.
    output_mean_var : bool
        Also return mean and ``sqrt(var + eps)``. They pass no gradient.

    Returns
    -------
    the shape of `data`; with `output_mean_var` also two of shape (N, num_groups)

    References
    ----------
    Wu and He, Group Normalization, 2018.

    Examples
    --------
    >>> x = mx.nd.array([[[1], [3], [10], [30]]])
    >>> mx.nd.GroupNorm(x, mx.nd.ones((2,)), mx.nd.zeros((2,)), num_groups=2, eps=0).asnumpy().round(4).tolist()
    [[[-1.0], [1.0], [-1.0], [1.0]]]
    """
    _check_channels(data)
    channels = data.shape[1]
    if num_groups < 1 or channels % num_groups:
        raise ValueError(
            f"num_groups is {num_groups}; expected a divisor of the {channels} channels of data {tuple(data.shape)}"
        )
    check_parameters(data, ("gamma", "beta"), (gamma, beta), num_groups, data.dtype, "one for each group")
    each = channels // num_groups
    scale, shift = (x.unsqueeze(1).expand(num_groups, each).reshape(channels) for x in (gamma, beta))
    output, mean, inverse = _group_norm(data, scale, shift, num_groups, eps)
    if not output_mean_var:
        return output
    return output, mean.detach().to(data.dtype), inverse.detach().reciprocal().to(data.dtype)


@operator("L2Normalization", elementwise=True)
def l2_normalization(
    data: Tensor, *, eps: float = 1e-10, mode: Literal["channel", "instance", "spatial"] = "instance"
) -> Tensor:
    """Divide by the Euclidean norm: ``data / sqrt(sum(data ** 2) + eps)``.

    Parameters
    ----------
    data : (N, ...), with at least three axes (N, C, ...) for ``channel`` and ``spatial``
        Input, of a floating dtype.
    eps : float
        Keeps the root away from zero.
    mode : str
        What is summed: every axis but the first (``instance``), axis 1 (``channel``), every axis from the third on
        (``spatial``).

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> mx.nd.L2Normalization(mx.nd.array([[3, 4]], dtype="float64")).asnumpy().round(4).tolist()
    [[0.6, 0.8]]
    """
    check_floating(data)
    if mode != "instance":
        _check_channels(data, f"(N, C, ...) for mode={mode!r}")
    first = {"instance": 1, "channel": 1, "spatial": 2}[mode]
    axes = (1,) if mode == "channel" else tuple(range(first, data.dim()))
    wide = data.float() if data.dtype.itemsize == 2 else data
    total = wide.square()
    if axes:
        total = total.sum(axes, keepdim=True)
    on_cpu = wide.dtype is torch.float32 and wide.device.type == "cpu" and total.numel()
    if on_cpu and not float(total.detach().amax()) < math.inf:  # squares overflowed
        wide = wide.double()
        total = wide.square().sum(axes, keepdim=True) if axes else wide.square()
    return (wide * (total + eps).rsqrt()).to(data.dtype)


@operator("LRN", elementwise=True)
def lrn(data: Tensor, *, alpha: float = 1e-4, beta: float = 0.75, knorm: float = 2.0, nsize: NonNegativeInt) -> Tensor:
    """Local response normalization: ``data * (knorm + alpha / nsize * sum(data ** 2)) ** -beta``.

    The sum runs over the channels at most ``(nsize - 1) // 2`` away.

    Parameters
    ----------
    data : (N, C, ...)
        Input, of a floating dtype.
    alpha, beta, knorm : float
        Constants of the formula.
    nsize : int of at least 1
        Number of neighbouring channels; an even number counts as the odd one below, except in ``alpha / nsize``.

    Returns
    -------
    the shape of `data`

    References
    ----------
    Krizhevsky et al., ImageNet Classification with Deep Convolutional Neural Networks, 2012.

    Examples
    --------
    >>> [round(float(v), 4) for v in mx.nd.LRN(mx.nd.ones((1, 3, 1, 1)), nsize=3, alpha=1, beta=1).reshape(-1)]
    [0.375, 0.3333, 0.375]
    """
    check_floating(data)
    if data.dim() < 2:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected at least two axes (N, C, ...)")
    if nsize < 1:
        raise ValueError(f"nsize is {nsize}; expected at least 1")
    half = (nsize - 1) // 2
    wide = data.float() if data.dtype.itemsize == 2 else data
    total = wide.square()
    if half and total.numel():
        channels = data.shape[1]
        padded = torch.nn.functional.pad(total.flatten(2) if data.dim() > 2 else total.unsqueeze(2), (0, 0, half, half))
        total = padded[:, :channels] + padded[:, 1 : 1 + channels]
        for shift in range(2, 2 * half + 1):  # short windows, so this beats pooling
            total.add_(padded[:, shift : shift + channels])
        total = total.view(data.shape)
    total.mul_(alpha / nsize).add_(knorm)
    if beta == 0.75:  # the usual one; roots are faster than powers
        root = total.rsqrt()
        return (wide * (root * root.sqrt())).to(data.dtype)
    return (wide * total.pow(-beta)).to(data.dtype)
