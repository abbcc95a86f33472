"""Loss layers: their output is a prediction, their gradient that of a loss, whatever gradient comes from above."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import torch

from .activation import check_floating
from .attributes import DTYPE_NAMES, UnitFloat
from .registry import Backward, Function, operator

Tensor = torch.Tensor
MaybeShapes = Sequence[tuple[int, ...] | None]

#: From so many classes on, writing to the label's place alone is faster than comparing all classes with the label.
_MANY_CLASSES = 64


def _data_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return [(tuple(shapes[0]), dtypes[0])]


def _check_label_dtype(data: Tensor, label: Tensor) -> None:
    if label.dtype is not data.dtype:
        raise TypeError(
            f"label is {DTYPE_NAMES[label.dtype]}; expected {DTYPE_NAMES[data.dtype]}, the dtype of data: "
            "cast it with .astype"
        )


def _unknown(shape: tuple[int, ...] | None) -> bool:
    return shape is None or 0 in shape


def _valid(count: Tensor, gradient: Tensor) -> Tensor:
    """Divide by a number of valid elements that is known on the device only, at least one."""
    return gradient.div_(count.clamp_(min=1))


def _softmax_label_shapes(data: tuple[int, ...], multi_output: bool) -> list[tuple[int, ...]]:
    """Return the shapes that class labels may have; the first is the one that MXNet infers."""
    if not multi_output:
        return [data[:-1], data[:1]]
    places = 1
    for length in data[2:]:
        places *= length
    return [(data[0], places), (data[0], *data[2:]), (data[0], 1, *data[2:])]


def _softmax_output_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and len(data) > 1 and _unknown(shapes[1]):
        if attributes["multi_output"] and 0 in data[2:]:
            return shapes
        shapes[1] = _softmax_label_shapes(data, attributes["multi_output"])[0]
    return shapes


def _without_labels(output: Tensor, classes: Tensor, axis: int, alpha: float, into: Tensor | None) -> Tensor:
    """Return ``output - target``: the target is 1 - alpha at the class, and alpha shared by the others.

    `classes` holds int64 with length 1 at `axis`. A number that is no class has no place in the target.
    """
    count = output.shape[axis]
    result = torch.empty_like(output) if into is None else into
    share = alpha / max(count - 1, 1)
    if count < _MANY_CLASSES:
        every = torch.arange(count, device=output.device).view((count,) + (1,) * (output.dim() - axis - 1))
        torch.eq(classes, every, out=result)
        torch.sub(output, result, alpha=1 - alpha - share, out=result)
    else:
        place = classes.clamp(0, count - 1)
        result.copy_(output)
        result.scatter_add_(axis, place, (place == classes).to(output.dtype).mul_(alpha + share - 1))
    return result.sub_(share) if alpha else result


def _softmax_output_gradient(backward: Backward) -> tuple[Tensor | None, None]:
    if not backward.wanted[0]:
        return None, None
    attributes, label, output = backward.attributes, backward.inputs[1], backward.outputs[0]
    into, scale = backward.into[0], attributes["grad_scale"]
    normalization = attributes["normalization"]
    if label.shape == output.shape:  # probabilities
        gradient = torch.sub(output, label, out=into)
        return _scaled(gradient, scale, backward), None
    shape = output.shape
    if attributes["multi_output"]:
        axis, ndim = 1, output.dim()
        classes = label.long().view(shape[0], 1, *shape[2:])
        rows = shape[0]
        if normalization != "valid":
            scale = scale * shape[0] * shape[1] / output.numel()
    else:
        if output.dim() == 2:
            classes = label.long()
        elif attributes["preserve_shape"]:
            classes = label.long().view(shape[:-1])
        else:  # everything but the first axis is one softmax, and the first labels are the ones that count
            into, output = None, output.reshape(shape[0], -1)
            classes = label.reshape(-1)[: shape[0]].long()
        axis = ndim = output.dim() - 1
        rows = label.numel()
        classes = classes.unsqueeze(ndim)
    alpha = 0.0 if attributes["multi_output"] else attributes["smooth_alpha"]
    gradient = _without_labels(output, classes, axis, alpha, into)
    if normalization == "batch":
        scale /= rows
    if attributes["use_ignore"] or normalization == "valid":
        used = classes != int(attributes["ignore_label"])
        if attributes["use_ignore"]:
            gradient.mul_(used)
        if normalization == "valid":
            _valid(used.sum(), gradient)
    gradient = gradient if gradient.shape == shape else gradient.view(shape)
    return _scaled(gradient, scale, backward), None


def _scaled(gradient: Tensor, scale: float, backward: Backward) -> Tensor:
    if scale != 1.0:
        gradient.mul_(scale)
    if backward.attributes["out_grad"] and (head := backward.head_gradients[0]) is not None:
        gradient.mul_(head)
    return gradient


def _needs_no_head(attributes: Mapping[str, Any]) -> bool:
    return not attributes["out_grad"]


@operator(
    "SoftmaxOutput",
    aliases=("Softmax",),
    complete=_softmax_output_complete,
    shape=_data_shape,
    gradient=_softmax_output_gradient,
    gradient_reads=("label", "output"),
    gradient_memory="own",
    loss=_needs_no_head,
)
def softmax_output(
    data: Tensor,
    label: Tensor,
    *,
    grad_scale: float = 1.0,
    ignore_label: float = -1.0,
    multi_output: bool = False,
    use_ignore: bool = False,
    preserve_shape: bool = False,
    normalization: Literal["batch", "null", "valid"] = "null",
    out_grad: bool = False,
    smooth_alpha: UnitFloat = 0.0,
) -> Tensor:
    """Softmax in the forward pass, gradient of the cross entropy with `label` in the backward pass.

    The gradient of `data` is ``softmax(data) - target``, where the target is 1 at the labelled class, times
    ``grad_scale`` and a factor from `normalization`. The gradient that comes from above is ignored unless `out_grad`.

    Parameters
    ----------
    data : (N, C); (N, C, ...) with `multi_output`; (..., C) with `preserve_shape`
        Scores, of a floating dtype. With neither flag, all axes but the first are one long row of classes.
    label : the shape of `data` without its class axis, or the shape of `data`
        Classes, stored in the dtype of `data` and cut to whole numbers; a number that is no class subtracts nothing.
        A label of the shape of `data` holds probabilities: the target itself.
    grad_scale : float
        Factor for the gradient.
    ignore_label : float
        With `use_ignore`, rows of this label get no gradient.
    multi_output : bool
        Classes are along axis 1, with a label for each position of the other axes.
    use_ignore : bool
        See `ignore_label`.
    preserve_shape : bool
        Classes are along the last axis, with a label for each row.
    normalization : str
        ``null``: sum over examples; ``batch``: divide by the number of rows; ``valid``: divide by the number of
        labels other than `ignore_label`. With `multi_output`, the first two also divide by the number of positions.
        Probabilities are never normalized.
    out_grad : bool
        Multiply the gradient by the one that comes from above.
    smooth_alpha : float
        The target is ``1 - smooth_alpha`` at the class and shares the rest among the others (not with `multi_output`).

    Returns
    -------
    the shape of `data`: probabilities

    Examples
    --------
    >>> x, y = mx.nd.zeros((1, 2)), mx.nd.array([1])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     p = mx.nd.SoftmaxOutput(x, y)
    >>> p.backward()
    >>> p.asnumpy().tolist(), x.grad.asnumpy().tolist()
    ([[0.5, 0.5]], [[0.5, -0.5]])
    """
    check_floating(data)
    if label.dtype is not data.dtype:
        _check_label_dtype(data, label)
    shape = data.shape
    if data.dim() < 2:
        raise ValueError(f"data has shape {tuple(shape)}; expected at least two axes, such as (N, C)")
    if label.shape != shape[:-1] or multi_output:
        allowed = [*_softmax_label_shapes(tuple(shape), multi_output), tuple(shape)]
        if preserve_shape and not multi_output:
            del allowed[1]
        if tuple(label.shape) not in allowed:
            raise ValueError(
                f"label has shape {tuple(label.shape)}; expected {' or '.join(map(str, dict.fromkeys(allowed)))} "
                f"for data {tuple(shape)}"
            )
    if multi_output:
        return torch.softmax(data, 1)
    if preserve_shape or data.dim() == 2:
        return torch.softmax(data, -1)
    return torch.softmax(data.flatten(1), 1).view(shape)


def _regression_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and _unknown(shapes[1]):
        shapes[1] = data[:1] if len(data) == 2 and data[1] == 1 else data
    return shapes


def _check_regression(data: Tensor, label: Tensor) -> None:
    _check_label_dtype(data, label)
    if label.shape != data.shape:
        single = data.dim() > 0 and data.numel() == data.shape[0]
        if not single or label.shape[:1] != data.shape[:1] or label.numel() != data.numel():
            raise ValueError(
                f"label has shape {tuple(label.shape)}; expected {tuple(data.shape)}, the shape of data"
                + (f", or ({data.shape[0]},)" if single else "")
            )


def _regression_gradient(
    difference: Callable[[Tensor, Tensor, Tensor | None], Tensor],
) -> Callable[[Backward], list[Tensor | None]]:
    def rule(backward: Backward) -> list[Tensor | None]:
        if not backward.wanted[0]:
            return [None, None]
        label, output = backward.inputs[1], backward.outputs[0]
        gradient = difference(output, label if label.shape == output.shape else label.view_as(output), backward.into[0])
        each = label.numel() // max(label.shape[0], 1) if label.dim() else 1
        scale = backward.attributes["grad_scale"] / max(each, 1)
        return [gradient if scale == 1.0 else gradient.mul_(scale), None]

    return rule


def regression(
    name: str, difference: Callable[[Tensor, Tensor, Tensor | None], Tensor], *, view: bool = False
) -> Callable[[Function], Function]:
    """Register a layer on ``(data, label)`` whose gradient is ``difference(output, label) * grad_scale / M``."""
    return operator(
        name,
        aliases=(f"_sparse_{name}",),
        complete=_regression_complete,
        shape=_data_shape,
        gradient=_regression_gradient(difference),
        gradient_reads=("label", "output"),
        gradient_memory="own",
        loss=True,
        view=view,
    )


def _difference(output: Tensor, label: Tensor, into: Tensor | None) -> Tensor:
    return torch.sub(output, label, out=into)


def _direction(output: Tensor, label: Tensor, into: Tensor | None) -> Tensor:
    """Return 1 where the output is above the label and -1 elsewhere, ties included."""
    result = torch.empty_like(output) if into is None else into
    return torch.gt(output, label, out=result).mul_(2).sub_(1)


@regression("LinearRegressionOutput", _difference, view=True)
def linear_regression_output(data: Tensor, label: Tensor, *, grad_scale: float = 1.0) -> Tensor:
    """Pass `data` on; the gradient is that of half the squared distance to `label`.

    The gradient of `data` is ``(data - label) * grad_scale / M`` with M numbers in each example. The gradient that
    comes from above is ignored.

    Parameters
    ----------
    data : (N, ...)
        Predictions.
    label : the shape of `data`, or (N,) for one number in each example
        Targets, of the same dtype.
    grad_scale : float
        Factor for the gradient.

    Returns
    -------
    `data`

    Examples
    --------
    >>> x, y = mx.nd.array([1, 2]), mx.nd.array([0, 4])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     p = mx.nd.LinearRegressionOutput(x, y)
    >>> p.backward()
    >>> x.grad.asnumpy().tolist()
    [1.0, -2.0]
    """
    _check_regression(data, label)
    return data


@regression("LogisticRegressionOutput", _difference)
def logistic_regression_output(data: Tensor, label: Tensor, *, grad_scale: float = 1.0) -> Tensor:
    """Sigmoid in the forward pass, gradient of the binary cross entropy with `label` in the backward pass.

    The gradient of `data` is ``(sigmoid(data) - label) * grad_scale / M`` with M numbers in each example. The gradient
    that comes from above is ignored.

    Parameters
    ----------
    data : (N, ...)
        Scores, of a floating dtype.
    label : the shape of `data`, or (N,) for one number in each example
        Targets from 0 to 1, of the same dtype.
    grad_scale : float
        Factor for the gradient.

    Returns
    -------
    the shape of `data`: probabilities

    Examples
    --------
    >>> mx.nd.LogisticRegressionOutput(mx.nd.zeros((2,)), mx.nd.ones((2,))).asnumpy().tolist()
    [0.5, 0.5]
    """
    check_floating(data)
    _check_regression(data, label)
    return torch.sigmoid(data)


@regression("MAERegressionOutput", _direction, view=True)
def mae_regression_output(data: Tensor, label: Tensor, *, grad_scale: float = 1.0) -> Tensor:
    """Pass `data` on; the gradient is that of the absolute distance to `label`.

    The gradient of `data` is ``grad_scale / M``, with M numbers in each example, where `data` is above `label`, and
    ``-grad_scale / M`` elsewhere, ties included. The gradient that comes from above is ignored.

    Parameters
    ----------
    data : (N, ...)
        Predictions.
    label : the shape of `data`, or (N,) for one number in each example
        Targets, of the same dtype.
    grad_scale : float
        Factor for the gradient.

    Returns
    -------
    `data`

    Examples
    --------
    >>> x, y = mx.nd.array([1, 2]), mx.nd.array([0, 4])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     p = mx.nd.MAERegressionOutput(x, y)
    >>> p.backward()
    >>> x.grad.asnumpy().tolist()
    [1.0, -1.0]
    """
    _check_regression(data, label)
    return data


def _svm_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and len(data) > 1 and _unknown(shapes[1]):
        shapes[1] = data[:-1]
    return shapes


def _svm_gradient(backward: Backward) -> list[Tensor | None]:
    if not backward.wanted[0]:
        return [None, None]
    data, label = backward.inputs
    attributes = backward.attributes
    every = torch.arange(data.shape[-1], device=data.device)
    sign = (every == label.long().unsqueeze(-1)).to(data.dtype).mul_(-2).add_(1)  # -1 at the class, 1 elsewhere
    excess = (data * sign).add_(attributes["margin"])
    slope = (excess > 0).to(data.dtype) if attributes["use_linear"] else excess.clamp_(min=0).mul_(2)
    return [torch.mul(slope, sign, out=backward.into[0]).mul_(attributes["regularization_coefficient"]), None]


@operator("SVMOutput", complete=_svm_complete, shape=_data_shape, gradient=_svm_gradient, loss=True, view=True)
def svm_output(
    data: Tensor,
    label: Tensor,
    *,
    margin: float = 1.0,
    regularization_coefficient: float = 1.0,
    use_linear: bool = False,
) -> Tensor:
    """Pass `data` on; the gradient is that of one-against-all hinge losses.

    With s = 1 for the labelled class and -1 for the others, every score x adds
    ``regularization_coefficient * max(0, margin - s * x)`` to the loss, squared unless `use_linear`. The gradient that
    comes from above is ignored.

    Parameters
    ----------
    data : (..., C)
        Scores, of a floating dtype.
    label : (...)
        Classes, stored in the dtype of `data`.
    margin : float
        By how much a score should be on the right side of zero.
    regularization_coefficient : float
        Factor for the gradient.
    use_linear : bool
        Hinge loss (L1) instead of squared hinge loss (L2).

    Returns
    -------
    `data`

    Examples
    --------
    >>> x, y = mx.nd.array([[0.5, 0.0]]), mx.nd.array([0])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     p = mx.nd.SVMOutput(x, y)
    >>> p.backward()
    >>> x.grad.asnumpy().tolist()
    [[-1.0, 2.0]]
    """
    check_floating(data)
    _check_label_dtype(data, label)
    if data.dim() < 2 or label.shape != data.shape[:-1]:
        raise ValueError(
            f"label has shape {tuple(label.shape)}; expected {tuple(data.shape[:-1])}, that of data "
            f"{tuple(data.shape)} without its last axis"
        )
    return data


def _make_loss_gradient(backward: Backward) -> list[Tensor | None]:
    if not backward.wanted[0]:
        return [None]
    (data,), attributes = backward.inputs, backward.attributes
    scale = attributes["grad_scale"]
    if attributes["normalization"] == "batch" and data.dim() > 1:
        scale /= max(data.shape[0], 1)
    gradient = torch.empty_like(data) if (into := backward.into[0]) is None else into
    gradient.fill_(scale)
    if attributes["normalization"] == "valid":
        gradient = _valid((data > attributes["valid_thresh"]).sum(), gradient)
    return [gradient]


@operator("MakeLoss", elementwise=True, gradient=_make_loss_gradient, loss=True, view=True)
def make_loss_layer(
    data: Tensor,
    *,
    grad_scale: float = 1.0,
    valid_thresh: float = 0.0,
    normalization: Literal["batch", "null", "valid"] = "null",
) -> Tensor:
    """Declare `data` a loss: it is passed on, and its gradient is a constant.

    The gradient that comes from above is ignored.

    Parameters
    ----------
    data : any shape
        A loss for each example or element, of a floating dtype.
    grad_scale : float
        The gradient of every element.
    valid_thresh : float
        See `normalization`.
    normalization : str
        Divide the gradient by nothing (``null``), the length of the first axis (``batch``; a vector counts as one
        example, as in MXNet 1.9.1), or the number of elements above `valid_thresh` (``valid``).

    Returns
    -------
    `data`

    Examples
    --------
    >>> x = mx.nd.array([1, 2])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     loss = mx.nd.MakeLoss(x * x)
    >>> loss.backward()
    >>> x.grad.asnumpy().tolist()
    [2.0, 4.0]
    """
    check_floating(data)
    return data


def _ones_gradient(backward: Backward) -> list[Tensor | None]:
    if not backward.wanted[0]:
        return [None]
    into = backward.into[0]
    return [torch.ones_like(backward.inputs[0]) if into is None else into.fill_(1)]


@operator(
    "make_loss",
    aliases=("_sparse_make_loss",),
    outputs=("loss",),
    elementwise=True,
    gradient=_ones_gradient,
    loss=True,
    view=True,
)
def make_loss(data: Tensor) -> Tensor:
    """Declare `data` a loss: it is passed on, and the gradient of every element is 1.

    The gradient that comes from above is ignored.

    Parameters
    ----------
    data : any shape
        A loss for each example or element.

    Returns
    -------
    `data`

    Examples
    --------
    >>> x = mx.nd.array([1, 2])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     loss = mx.nd.make_loss(x * x)
    >>> loss.backward()
    >>> x.grad.asnumpy().tolist()
    [2.0, 4.0]
    """
    return data


def _sparse_complete(shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]) -> MaybeShapes:
    data = shapes[0]
    if data is not None and len(data) > 1 and data[1]:
        shapes[1] = (data[1],)
    return shapes


def _sparse_gradient(backward: Backward) -> list[Tensor | None]:
    data, moving_average = backward.inputs
    attributes, head = backward.attributes, backward.head_gradients[0]
    with torch.no_grad():
        moving_average.lerp_(data.transpose(0, 1).flatten(1).mean(1), 1 - attributes["momentum"])
    if not backward.wanted[0] or head is None:
        return [None, None]
    target = attributes["sparseness_target"]
    slope = (1 - target) / (1 - moving_average) - target / moving_average
    slope = slope.mul_(attributes["penalty"]).view((-1,) + (1,) * (data.dim() - 2))
    return [torch.add(head, slope, out=backward.into[0]), None]


@operator(
    "IdentityAttachKLSparseReg",
    auxiliary=("moving_avg",),
    input_init={"moving_avg": '["zero", {}]'},
    complete=_sparse_complete,
    shape=_data_shape,
    gradient=_sparse_gradient,
    view=True,
)
def identity_attach_kl_sparse_reg(
    data: Tensor,
    moving_avg: Tensor,
    *,
    sparseness_target: UnitFloat = 0.1,
    penalty: float = 0.001,
    momentum: UnitFloat = 0.9,
) -> Tensor:
    """Pass `data` on; the gradient asks each unit to be active with a given probability on average.

    With t the target and a the moving average of a unit's activation, which every backward pass updates first, the
    gradient from above grows by ``penalty * ((1 - t) / (1 - a) - t / a)``, the derivative of the Kullback-Leibler
    divergence from t to a.

    Parameters
    ----------
    data : (N, C, ...)
        Activations between 0 and 1, such as those of a sigmoid.
    moving_avg : (C,)
        State: average activation of each unit.
    sparseness_target : float from 0 to 1
        The wanted average activation.
    penalty : float
        Weight of the divergence.
    momentum : float from 0 to 1
        How much of the moving average stays.

    Returns
    -------
    `data`

    Examples
    --------
    >>> mx.sym.IdentityAttachKLSparseReg(mx.sym.var("x"), name="sparse").list_auxiliary_states()
    ['sparse_moving_avg']
    """
    check_floating(data)
    if data.dim() < 2 or moving_avg.shape != data.shape[1:2]:
        raise ValueError(
            f"moving_avg has shape {tuple(moving_avg.shape)}; expected {tuple(data.shape[1:2])}, axis 1 of data "
            f"{tuple(data.shape)}"
        )
    return data
