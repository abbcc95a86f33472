"""Batch normalization, and its variants with ReLU and across devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

import torch

from . import derivatives
from .activation import check_axis, check_floating
from .normalization import check_parameters, three
from .registry import Backward, operator

Tensor = torch.Tensor
MaybeShapes = Sequence[tuple[int, ...] | None]

# Batch normalization. MXNet's third output, "var", is 1 / sqrt(variance + eps); the moving averages change in backward.


def _statistics_dtype(dtype: torch.dtype) -> torch.dtype:
    """Return the dtype of gamma, beta and the statistics: float32 for 16-bit data, else that of the data."""
    return torch.float32 if dtype.itemsize == 2 else dtype


@lru_cache(maxsize=256)
def _channel_orders(ndim: int, axis: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the permutation that brings `axis` to position 1, and the one back."""
    order = [i for i in range(ndim) if i != axis]
    order.insert(1, axis)
    return tuple(order), tuple(order.index(i) for i in range(ndim))


def _batch_axis(data: Tensor, axis: int) -> int:
    if data.dim() < 2:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected at least two axes, such as (N, C)")
    return check_axis(axis, data.dim())


def _batch_norm_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and (length := data[check_axis(attributes["axis"], len(data))]):
        shapes[1:] = [(length,)] * 4
    return shapes


def _batch_norm_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype | None]:
    if dtypes[0] is None:
        dtypes[0] = next((dtype for dtype in dtypes if dtype is not None), None)
    if dtypes[0] is not None:
        statistics = _statistics_dtype(dtypes[0])
        dtypes[1:] = [dtype or statistics for dtype in dtypes[1:]]
    return dtypes


def _batch_norm_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    length = shapes[0][check_axis(attributes["axis"], len(shapes[0]))]
    statistics = ((length,), _statistics_dtype(dtypes[0]))
    return [(tuple(shapes[0]), dtypes[0]), statistics, statistics]


def _batch_norm_training(data: Tensor, gamma: Tensor, beta: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize (N, C, ...) by its own statistics; return the output, the means and 1 / sqrt(variance + eps)."""
    if not (
        data.device.type == "cpu"
        and data.dtype is torch.float32
        and data.dim() > 2
        and data.numel() >= 32768
        and data.is_contiguous()
    ):
        return torch.native_batch_norm(data, gamma, beta, None, None, True, 0.0, eps)
    # On the CPU, torch finds the statistics of contiguous (N, C, H, W) an order of magnitude faster for each (n, c)
    # than for each c. They combine exactly: the variance is the mean variance plus the variance of the means. The
    # output overwrites what the first call normalized by its own statistics.
    n, c = data.shape[:2]
    count = data.numel() // (n * c)
    output, means, inverses = torch.native_group_norm(data, None, None, n, c, count, c, 0.0)
    mean = means.mean(0)
    variance = (
        inverses.pow_(-2).add_((means - mean).square_()).mean(0)
    )  # 1 / inf of a constant row is the 0 it should be
    unused = mean.new_empty(0)
    torch.native_batch_norm(data, gamma, beta, mean, variance, False, 0.0, eps, out=(output, unused, unused.clone()))
    return output, mean, variance.add(eps).rsqrt_()


def _batch_norm_gradient(backward: Backward) -> list[Tensor | None]:
    attributes, wanted = backward.attributes, backward.wanted
    data, gamma, _, moving_mean, moving_var = backward.inputs
    _, mean, inverse = backward.outputs
    head = backward.head_gradients[0]
    by_batch = attributes["training"] and not attributes["use_global_stats"]
    gradients: list[Tensor | None] = [None] * 5
    mask = [wanted[0], wanted[1] and not attributes["fix_gamma"], wanted[2]]
    if head is not None and not data.numel():
        gradients[:3] = [torch.zeros_like(x) if m else None for x, m in zip((data, gamma, gamma), mask)]
    elif head is not None and any(mask):
        orders = None
        if (axis := attributes["axis"] % data.dim()) != 1:
            orders = _channel_orders(data.dim(), axis)
            data, head = data.permute(orders[0]), head.permute(orders[0])
        found = torch.ops.aten.native_batch_norm_backward(
            derivatives.ordered_as(data, head),
            data,
            gamma,
            None if by_batch else moving_mean,
            None if by_batch else moving_var,
            mean if by_batch else None,
            inverse if by_batch else None,
            by_batch,
            attributes["eps"],
            mask,
        )
        gradients[:3] = [g if m else None for g, m in zip(found, mask)]
        if orders is not None and (first := gradients[0]) is not None:
            gradients[0] = first.permute(orders[1])
    if by_batch:
        with torch.no_grad():
            share = 1 - attributes["momentum"]
            moving_mean.lerp_(mean, share)
            moving_var.lerp_(inverse.pow(-2).sub_(attributes["eps"]), share)
    return gradients


@operator(
    "BatchNorm",
    aliases=("_npx_batch_norm",),
    auxiliary=("moving_mean", "moving_var"),
    input_init={"moving_mean": '["zero", {}]', "moving_var": '["one", {}]'},
    outputs=("output", "mean", "var"),
    visible_outputs=three,
    complete=_batch_norm_complete,
    complete_dtypes=_batch_norm_dtypes,
    shape=_batch_norm_shape,
    gradient=_batch_norm_gradient,
    gradient_reads=("data", "gamma", "moving_mean", "moving_var", "mean", "var"),
    gradient_memory="own",
    training=True,
    hidden=("cudnn_off", "min_calib_range", "max_calib_range"),
)
def batch_norm(
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
    axis: int = 1,
    cudnn_off: bool = False,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    training: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Normalize every channel over the batch: ``gamma * (data - mean) / sqrt(var + eps) + beta``.

    While training, mean and (biased) variance are those of the batch, and the backward pass moves the averages:
    ``moving = momentum * moving + (1 - momentum) * batch``. Otherwise the moving averages themselves are used.

    Parameters
    ----------
    data : (N, C, ...), or with the channels at `axis`
        Input, of a floating dtype.
    gamma, beta : (C,)
        Scale and shift; float32 when `data` is float16, else of its dtype.
    moving_mean, moving_var : (C,)
        State: averages of the statistics of the batches seen.
    eps : float
        Added to the variance.
    momentum : float
        How much of the moving averages stays.
    fix_gamma : bool
        Set `gamma` to ones (the array itself) and give it no gradient.
    use_global_stats : bool
        Use the moving averages while training, too.
    output_mean_var : bool
        Also return the mean and ``1 / sqrt(var + eps)`` that were used. They pass no gradient.
    axis : int
        Where the channels are.
    cudnn_off, min_calib_range, max_calib_range
        No effect.

    Returns
    -------
    the shape of `data`; with `output_mean_var` also two of shape (C,)

    References
    ----------
    Ioffe and Szegedy, Batch Normalization, 2015.

    Examples
    --------
    >>> x, one, zero = mx.nd.array([[1, 2], [3, 6]]), mx.nd.ones((2,)), mx.nd.zeros((2,))
    >>> with mx.autograd.record():
    ...     y = mx.nd.BatchNorm(x, one, zero, zero, one, eps=1e-12)
    >>> y.asnumpy().round(4).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    check_floating(data)
    axis = _batch_axis(data, axis)
    dtype, length = _statistics_dtype(data.dtype), data.shape[axis]
    for parameter in (gamma, beta, moving_mean, moving_var):
        if parameter.dtype is not dtype or parameter.dim() != 1 or parameter.shape[0] != length:
            names = ("gamma", "beta", "moving_mean", "moving_var")
            parameters = (gamma, beta, moving_mean, moving_var)
            check_parameters(data, names, parameters, length, dtype, f"axis {axis}")
    if fix_gamma:
        gamma.data.fill_(1)
    if not data.numel():  # an empty batch has no statistics: the moving averages stay as they are
        return data.clone(), moving_mean.clone(), moving_var.add(eps).rsqrt_()
    orders = _channel_orders(data.dim(), axis) if axis != 1 else None
    if orders is not None:
        data = data.permute(orders[0])
    if training and not use_global_stats:
        output, mean, inverse = _batch_norm_training(data, gamma, beta, eps)
    else:
        output, _, _ = torch.native_batch_norm(data, gamma, beta, moving_mean, moving_var, False, 0.0, eps)
        if output_mean_var:
            mean, inverse = moving_mean.clone(), moving_var.add(eps).rsqrt_()
        else:  # nobody sees them, and the gradient rule reads the inputs
            mean, inverse = moving_mean, moving_var
    return (output if orders is None else output.permute(orders[1])), mean, inverse


# Variants of batch normalization. The gradient of each is that of `BatchNorm` between two small steps.

_AS_BATCH_NORM: dict[str, Any] = {
    "auxiliary": ("moving_mean", "moving_var"),
    "input_init": {"moving_mean": '["zero", {}]', "moving_var": '["one", {}]'},
    "outputs": ("output", "mean", "var"),
    "visible_outputs": three,
    "complete_dtypes": _batch_norm_dtypes,
    "training": True,
}


def _with_relu_gradient(backward: Backward) -> list[Tensor | None]:
    head, output = backward.head_gradients[0], backward.outputs[0]
    if head is not None:
        head = torch.ops.aten.threshold_backward(head, output, 0)
    return _batch_norm_gradient(replace(backward, head_gradients=(head, None, None)))


@operator(
    "_contrib_BatchNormWithReLU",
    complete=_batch_norm_complete,
    shape=_batch_norm_shape,
    gradient=_with_relu_gradient,
    hidden=("cudnn_off", "min_calib_range", "max_calib_range"),
    **_AS_BATCH_NORM,
)
def batch_norm_with_relu(
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
    axis: int = 1,
    cudnn_off: bool = False,
    min_calib_range: float | None = None,
    max_calib_range: float | None = None,
    training: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization, then ReLU: ``max(BatchNorm(data, ...), 0)``.

    Parameters
    ----------
    data : (N, C, ...), or with the channels at `axis`
        Input, of a floating dtype.
    gamma, beta : (C,)
        Scale and shift; float32 when `data` is float16, else of its dtype.
    moving_mean, moving_var : (C,)
        State: averages of the statistics of the batches seen; the backward pass moves them.
    eps, momentum, fix_gamma, use_global_stats, output_mean_var, axis
        As in `BatchNorm`.
    cudnn_off, min_calib_range, max_calib_range
        No effect.

    Returns
    -------
    the shape of `data`; with `output_mean_var` also the mean and ``1 / sqrt(var + eps)``, of shape (C,)

    Examples
    --------
    >>> x, one, zero = mx.nd.array([[1, 2], [3, 6]]), mx.nd.ones((2,)), mx.nd.zeros((2,))
    >>> with mx.autograd.record():
    ...     y = mx.nd.contrib.BatchNormWithReLU(x, one, zero, zero, one, eps=1e-12)
    >>> y.asnumpy().round(4).tolist()
    [[0.0, 0.0], [1.0, 1.0]]
    """
    output, mean, inverse = batch_norm(
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
        axis=axis,
        training=training,
    )
    return output.relu_(), mean, inverse


def _sync_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    return _batch_norm_complete(shapes, {"axis": 1})


def _sync_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return _batch_norm_shape(shapes, dtypes, {"axis": 1})


def _sync_gradient(backward: Backward) -> list[Tensor | None]:
    output, mean, variance = backward.outputs
    attributes = {**backward.attributes, "axis": 1}
    inverse = variance.add(attributes["eps"]).rsqrt_()
    return _batch_norm_gradient(replace(backward, outputs=(output, mean, inverse), attributes=attributes))


@operator(
    "_contrib_SyncBatchNorm",
    complete=_sync_complete,
    shape=_sync_shape,
    gradient=_sync_gradient,
    hidden=("ndev", "key"),
    **_AS_BATCH_NORM,
)
def sync_batch_norm(
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
    ndev: int = 1,
    key: str,
    training: bool = False,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization on one device: `BatchNorm` along axis 1.

    MXNet can take the statistics over the batches of several devices. Here each device has its own.

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
    ndev, key
        No effect: how many devices share statistics, and a name for what they share.

    Returns
    -------
    the shape of `data`; with `output_mean_var` also two of shape (C,)

    Examples
    --------
    >>> x, one, zero = mx.nd.array([[1, 2], [3, 6]]), mx.nd.ones((2,)), mx.nd.zeros((2,))
    >>> with mx.autograd.record():
    ...     y = mx.nd.contrib.SyncBatchNorm(x, one, zero, zero, one, eps=1e-12, key="first")
    >>> y.asnumpy().round(4).tolist()
    [[-1.0, -1.0], [1.0, 1.0]]
    """
    output, mean, spread = batch_norm(
        data,
        gamma,
        beta,
        moving_mean,
        moving_var,
        eps=eps,
        momentum=momentum,
        fix_gamma=fix_gamma,
        use_global_stats=use_global_stats,
        training=training,
    )
    if training and not use_global_stats:
        return output, mean, spread.pow_(-2).sub_(eps)
    if output_mean_var:
        return output, mean.clone(), spread.clone()
    return output, mean, spread
