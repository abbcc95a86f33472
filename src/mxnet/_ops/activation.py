"""Activations, softmax in all its forms, and dropout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch

from . import derivatives
from .attributes import DTYPE_NAMES, DType, Shape, UnitFloat
from .registry import Backward, operator

Tensor = torch.Tensor
Shapes = Sequence[tuple[int, ...]]
DTypes = Sequence[torch.dtype]

#: Above this the softplus is its argument in every dtype up to float64.
_LINEAR_FROM = 40.0


def check_floating(data: Tensor, name: str = "data") -> None:
    """Raise TypeError unless the input is floating: these layers have no meaning in integers."""
    if not data.is_floating_point():
        raise TypeError(
            f"{name} is {DTYPE_NAMES.get(data.dtype, data.dtype)}; expected a floating dtype: cast it with .astype"
        )


def check_axis(axis: int, ndim: int) -> int:
    """Return `axis` counted from the front; IndexError when the input has no such axis."""
    if not -ndim <= axis < ndim:
        raise IndexError(f"axis is {axis}; expected {-ndim} to {ndim - 1} for data with {ndim} axes")
    return axis % ndim


_OF_OUTPUT = {"relu": derivatives.relu, "sigmoid": derivatives.sigmoid, "tanh": derivatives.tanh}


def _activation_reads(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("output",) if attributes["act_type"] in _OF_OUTPUT else ("data",)


def _activation_gradient(backward: Backward) -> Sequence[Tensor | None]:
    kind = backward.attributes["act_type"]
    if kind in _OF_OUTPUT:
        return _OF_OUTPUT[kind](backward)
    (data,), aten = backward.inputs, torch.ops.aten
    head, into = derivatives.of_elements(backward, data)
    if kind == "softsign":
        return [torch.div(head, data.abs().add_(1).square_(), out=into)]
    if into is None:
        return [aten.softplus_backward(head, data, 1, _LINEAR_FROM)]
    return [aten.softplus_backward.grad_input(head, data, 1, _LINEAR_FROM, grad_input=into)]


@operator(
    "Activation",
    aliases=("_npx_activation",),
    elementwise=True,
    plan_gradient=_activation_gradient,
    gradient_reads=_activation_reads,
    gradient_memory="own",
    reuses=("data",),
)
def activation(
    data: Tensor,
    *,
    act_type: Literal["relu", "sigmoid", "softrelu", "softsign", "tanh"],
    reuse: str | None = None,
) -> Tensor:
    """Elementwise activation, chosen by name.

    ``relu``: max(x, 0); ``sigmoid``: 1 / (1 + exp(-x)); ``tanh``; ``softrelu``: log(1 + exp(x)); ``softsign``:
    x / (1 + abs(x)).

    Parameters
    ----------
    data : any shape
        Input, of a floating dtype.
    act_type : str
        Which function.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.Activation(mx.nd.array([-1, 0, 2]), act_type="relu").asnumpy().tolist()
    [0.0, 0.0, 2.0]
    """
    check_floating(data)
    if act_type == "relu":
        return torch.relu_(data) if reuse else torch.relu(data)
    if act_type == "sigmoid":
        return torch.sigmoid_(data) if reuse else torch.sigmoid(data)
    if act_type == "tanh":
        return torch.tanh_(data) if reuse else torch.tanh(data)
    if act_type == "softrelu":
        return torch.nn.functional.softplus(data, threshold=_LINEAR_FROM)
    return torch.nn.functional.softsign(data)


def _leaky_inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("data", "gamma") if attributes["act_type"] == "prelu" else ("data",)


def _leaky_outputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("output", "mask") if attributes["act_type"] == "rrelu" else ("output",)


def _leaky_complete(
    shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]
) -> Sequence[tuple[int, ...] | None]:
    if len(shapes) == 2 and (shapes[1] is None or 0 in shapes[1]):
        data = shapes[0]
        if data is not None and len(data) > 1:
            shapes[1] = (data[1],)
    return shapes


def _leaky_shape(shapes: Shapes, dtypes: DTypes, attributes: Mapping[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
    return [(tuple(shapes[0]), dtypes[0])] * len(_leaky_outputs(attributes))


def _prelu(data: Tensor, gamma: Tensor) -> Tensor:
    if gamma.dtype is not data.dtype:
        raise TypeError(f"gamma is {DTYPE_NAMES[gamma.dtype]}; expected {DTYPE_NAMES[data.dtype]}, the dtype of data")
    if gamma.dim() == 1 and (gamma.shape[0] == 1 or (data.dim() > 1 and gamma.shape[0] == data.shape[1])):
        return torch.nn.functional.prelu(data, gamma)
    # Anything else lines up with the first axes of the data, and its own axes of length 1 broadcast.
    slope = gamma.reshape(tuple(gamma.shape) + (1,) * (data.dim() - gamma.dim()))
    if slope.dim() != data.dim() or any(g not in (1, n) for g, n in zip(slope.shape, data.shape)):
        raise ValueError(
            f"gamma has shape {tuple(gamma.shape)}; expected (1,) or one slope for each channel of data "
            f"{tuple(data.shape)}, its axis 1"
        )
    return torch.where(data > 0, data, slope * data)


@operator(
    "LeakyReLU",
    aliases=("_npx_leaky_relu",),
    inputs=_leaky_inputs,
    input_init={"gamma": '["Constant", {"value": 0.25}]'},
    outputs=_leaky_outputs,
    complete=_leaky_complete,
    shape=_leaky_shape,
    random=True,
    training=True,
)
def leaky_relu(
    data: Tensor,
    gamma: Tensor | None = None,
    *,
    act_type: Literal["elu", "gelu", "leaky", "prelu", "rrelu", "selu"] = "leaky",
    slope: float = 0.25,
    lower_bound: float = 0.125,
    upper_bound: float = 0.334,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor | tuple[Tensor, Tensor]:
    """Rectifiers that let something through below zero.

    ``leaky``: ``slope * x`` below zero. ``prelu``: the same with the learnt slopes `gamma`. ``rrelu``: slopes drawn
    uniformly from [`lower_bound`, `upper_bound`) for each element while training, their mean otherwise. ``elu``:
    ``slope * (exp(x) - 1)`` below zero. ``selu``: the self-normalizing elu. ``gelu``: x times the normal
    distribution function of x.

    Parameters
    ----------
    data : (N, C, ...)
        Input, of a floating dtype.
    gamma : (C,) or (1,), optional
        Slopes below zero, for ``prelu`` only.
    act_type : str
        Which function.
    slope : float
        Slope of ``leaky``, scale of ``elu``.
    lower_bound, upper_bound : float
        Range of the random slopes of ``rrelu``.

    Returns
    -------
    the shape and dtype of `data`; for ``rrelu`` also the slopes that multiplied each element

    References
    ----------
    He et al., Delving Deep into Rectifiers, 2015 (prelu). Xu et al., Empirical Evaluation of Rectified Activations,
    2015 (rrelu). Clevert et al., Exponential Linear Units, 2016. Klambauer et al., Self-Normalizing Neural Networks,
    2017. Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.

    Examples
    --------
    >>> mx.nd.LeakyReLU(mx.nd.array([-4, 0, 2]), slope=0.5).asnumpy().tolist()
    [-2.0, 0.0, 2.0]
    """
    check_floating(data)
    if act_type == "leaky":
        return torch.nn.functional.leaky_relu(data, slope)
    if act_type == "prelu":
        if gamma is None:
            raise ValueError("gamma is missing; act_type='prelu' takes two inputs, data and gamma")
        return _prelu(data, gamma)
    if act_type == "gelu":
        return torch.nn.functional.gelu(data)
    if act_type == "elu":
        return torch.nn.functional.elu(data, slope)
    if act_type == "selu":
        return torch.selu(data)
    if training:
        mask = torch.empty_like(data).uniform_(lower_bound, upper_bound, generator=generator)
    else:
        mask = torch.full_like(data, (lower_bound + upper_bound) / 2)
    mask = mask.masked_fill_(data.detach() > 0, 1)
    return data * mask, mask


def _over_axis(data: Tensor, axis: int, temperature: float | None, dtype: torch.dtype | None, log: bool) -> Tensor:
    check_floating(data)
    check_axis(axis, data.dim())
    if dtype is not None and not dtype.is_floating_point:
        raise TypeError(f"dtype is {DTYPE_NAMES[dtype]}; expected a floating dtype")
    if dtype is not None and dtype.itemsize > data.dtype.itemsize:
        data = data.to(dtype)
    if temperature is not None and temperature != 1.0:
        # The element with the largest quotient becomes 0 first, so that none overflows to infinity.
        if data.numel():
            largest = torch.amax if temperature > 0 else torch.amin
            data = data - largest(data.detach(), axis, keepdim=True)
        data = data / temperature
    output = torch.log_softmax(data, axis) if log else torch.softmax(data, axis)
    return output if dtype is None or dtype is output.dtype else output.to(dtype)


def _softmax_shape(shapes: Shapes, dtypes: DTypes, attributes: Mapping[str, Any]) -> list[tuple[tuple[int, ...], Any]]:
    check_axis(attributes["axis"], len(shapes[0]))
    return [(tuple(shapes[0]), attributes["dtype"] or dtypes[0])]


def _softmax_inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("data", "length") if attributes["use_length"] else ("data",)


def _softmax_complete(
    shapes: list[tuple[int, ...] | None], attributes: Mapping[str, Any]
) -> Sequence[tuple[int, ...] | None]:
    data = shapes[0]
    if len(shapes) == 2 and data is not None:
        axis = check_axis(attributes["axis"], len(data))
        shapes[1] = data[:axis] + data[axis + 1 :]
    return shapes


def _softmax_complete_dtypes(
    dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]
) -> Sequence[torch.dtype | None]:
    if len(dtypes) == 2 and dtypes[1] is None:
        dtypes[1] = torch.int32
    return dtypes


@operator(
    "softmax",
    aliases=("_npx_softmax",),
    inputs=_softmax_inputs,
    complete=_softmax_complete,
    complete_dtypes=_softmax_complete_dtypes,
    shape=_softmax_shape,
)
def softmax(
    data: Tensor,
    length: Tensor | None = None,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DType | None = None,
    use_length: bool | None = False,
) -> Tensor:
    """Softmax along one axis: ``exp(data / temperature)``, divided by its sum over `axis`.

    Parameters
    ----------
    data : any shape with at least one axis
        Input, of a floating dtype.
    length : shape of `data` without `axis`, int32 or int64, optional
        With `use_length`: only the first ``length`` elements along `axis` count, the rest of the output is zero.
    axis : int
        Where the output sums to one.
    temperature : float, optional
        Above 1 the output becomes more even, below 1 more peaked.
    dtype : dtype, optional
        Floating dtype of the output; that of `data` unless given.
    use_length : bool
        Whether there is an input `length`.

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> mx.nd.softmax(mx.nd.zeros((2, 4))).asnumpy().tolist()
    [[0.25, 0.25, 0.25, 0.25], [0.25, 0.25, 0.25, 0.25]]
    """
    if not use_length:
        return _over_axis(data, axis, temperature, dtype, False)
    check_floating(data)
    axis = check_axis(axis, data.dim())
    if length is None:
        raise ValueError("length is missing; use_length=True takes two inputs, data and length")
    if length.dtype not in (torch.int32, torch.int64):
        raise TypeError(f"length is {DTYPE_NAMES[length.dtype]}; expected int32 or int64: cast it with .astype")
    if length.shape != data.shape[:axis] + data.shape[axis + 1 :]:
        raise ValueError(
            f"length has shape {tuple(length.shape)}; expected the shape of data without axis {axis}, "
            f"{tuple(data.shape[:axis] + data.shape[axis + 1 :])}"
        )
    steps = torch.arange(data.shape[axis], device=data.device).view((-1,) + (1,) * (data.dim() - axis - 1))
    outside = steps >= length.unsqueeze(axis)
    output = _over_axis(data.masked_fill(outside, -torch.inf), axis, temperature, dtype, False)
    return output.masked_fill(outside, 0)  # also where a length of 0 left no element: all of these are NaN


def _check_no_length(name: str, use_length: bool | None) -> None:
    if use_length:
        raise ValueError(f"use_length is True; expected False: {name} has no input 'length', only softmax has")


@operator("softmin", shape=_softmax_shape)
def softmin(
    data: Tensor,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DType | None = None,
    use_length: bool | None = False,
) -> Tensor:
    """Softmax of ``-data`` along one axis: the smallest element gets the largest share.

    Parameters
    ----------
    data : any shape with at least one axis
        Input, of a floating dtype.
    axis : int
        Where the output sums to one.
    temperature : float, optional
        Above 1 the output becomes more even, below 1 more peaked.
    dtype : dtype, optional
        Floating dtype of the output; that of `data` unless given.
    use_length : bool
        Must be False; only ``softmax`` knows lengths.

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> mx.nd.softmin(mx.nd.zeros((1, 2))).asnumpy().tolist()
    [[0.5, 0.5]]
    """
    _check_no_length("softmin", use_length)
    return _over_axis(-data, axis, temperature, dtype, False)


@operator("log_softmax", aliases=("_npx_log_softmax",), shape=_softmax_shape)
def log_softmax(
    data: Tensor,
    *,
    axis: int = -1,
    temperature: float | None = None,
    dtype: DType | None = None,
    use_length: bool | None = False,
) -> Tensor:
    """Logarithm of the softmax along one axis, exact where the softmax itself would round to zero.

    Parameters
    ----------
    data : any shape with at least one axis
        Input, of a floating dtype.
    axis : int
        Where the exponential of the output sums to one.
    temperature : float, optional
        The input is divided by it first.
    dtype : dtype, optional
        Floating dtype of the output; that of `data` unless given.
    use_length : bool
        Must be False; only ``softmax`` knows lengths.

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> mx.nd.log_softmax(mx.nd.array([[0, 1000]])).asnumpy().tolist()
    [[-1000.0, 0.0]]
    """
    _check_no_length("log_softmax", use_length)
    return _over_axis(data, axis, temperature, dtype, True)


@operator("SoftmaxActivation", elementwise=True)
def softmax_activation(data: Tensor, *, mode: Literal["channel", "instance"] = "instance") -> Tensor:
    """Softmax over the last axis or over the channels (kept for old models; see ``softmax``).

    Parameters
    ----------
    data : any shape for ``instance``, (N, C, ...) with at least three axes for ``channel``
        Input, of a floating dtype.
    mode : str
        ``instance``: every row of the last axis sums to one; ``channel``: the sum over axis 1 is one at every position.

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> mx.nd.SoftmaxActivation(mx.nd.zeros((1, 2, 2))).asnumpy().tolist()
    [[[0.5, 0.5], [0.5, 0.5]]]
    """
    check_floating(data)
    if mode == "channel":
        if data.dim() < 3:
            raise ValueError(
                f"data has shape {tuple(data.shape)}; mode='channel' expects at least three axes (N, C, ...)"
            )
        return torch.softmax(data, 1)
    return torch.softmax(data, -1)


@operator(
    "Dropout",
    aliases=("_npx_dropout",),
    elementwise=True,
    view=True,
    random=True,
    training=True,
    hidden=("cudnn_off",),
)
def dropout(
    data: Tensor,
    *,
    p: UnitFloat = 0.5,
    mode: Literal["always", "training"] = "training",
    axes: Shape = (),
    cudnn_off: bool | None = False,
    training: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Zero a random share of the elements and scale the others so that the expected value stays.

    Each element is kept with probability ``1 - p`` and then divided by ``1 - p``. Outside of training the input
    passes unchanged, unless `mode` is ``always``.

    Parameters
    ----------
    data : any shape
        Input, of a floating dtype.
    p : float from 0 to 1
        Probability of dropping an element.
    mode : str
        ``training`` or ``always``.
    axes : tuple of int, from 0
        Axes along which one decision is shared by all elements; none shares by default.
    cudnn_off : bool
        No effect.

    Returns
    -------
    the shape of `data`

    References
    ----------
    Srivastava et al., Dropout: A Simple Way to Prevent Neural Networks from Overfitting, 2014.

    Examples
    --------
    >>> mx.nd.Dropout(mx.nd.ones((2, 3))).asnumpy().tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    check_floating(data)
    if p == 0 or not (training or mode == "always"):
        return data
    if axes:
        shape = list(data.shape)
        for axis in axes:
            if not 0 <= axis < len(shape):
                raise ValueError(
                    f"axes is {axes}; expected axes from 0 to {len(shape) - 1} of data {tuple(data.shape)}"
                )
            shape[axis] = 1
    else:
        shape = data.shape
    # Uniform numbers, drawn in vectors, are five times as fast as Bernoulli ones. A float16 could not hold them.
    dtype = torch.float32 if data.dtype.itemsize == 2 else data.dtype
    mask = torch.rand(shape, generator=generator, dtype=dtype, device=data.device).lt_(1 - p)
    if p < 1:
        mask.div_(1 - p)
    return data * mask.to(data.dtype)
