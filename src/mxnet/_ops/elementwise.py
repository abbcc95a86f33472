"""Operators that keep an array's shape and take attributes or several inputs, casts, and what describes an array."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch

from . import derivatives
from .attributes import DType
from .families import check_same_dtype, cut, dtype_name
from .registry import Backward, Function, Shape, operator

Tensor = torch.Tensor


@operator("hard_sigmoid", elementwise=True)
def hard_sigmoid(data: Tensor, *, alpha: float = 0.2, beta: float = 0.5) -> Tensor:
    """Straight line cut to [0, 1]: ``min(max(alpha * data + beta, 0), 1)``. Its gradient is 0 where it is cut.

    Parameters
    ----------
    data : any shape
        Input, of a floating dtype.
    alpha : float
        Slope.
    beta : float
        Value at 0.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.hard_sigmoid(mx.nd.array([-3, 0, 3])).asnumpy().tolist()
    [0.0, 0.5, 1.0]
    """
    if not data.is_floating_point():
        raise TypeError(f"data is {dtype_name(data.dtype)}; expected a floating dtype: cast it with .astype")
    # hardtanh has no gradient at the two corners, like MXNet; clamp would have one.
    return torch.nn.functional.hardtanh(data * alpha + beta, 0.0, 1.0)


def _smooth_l1(data: Tensor, scalar: float) -> Tensor:
    corner = 1 / (scalar * scalar) if scalar else float("inf")
    return torch.nn.functional.smooth_l1_loss(data, torch.zeros_like(data), reduction="none", beta=corner)


@operator("smooth_l1", aliases=("_npx_smooth_l1",), elementwise=True)
def smooth_l1(data: Tensor, *, scalar: float = 1.0) -> Tensor:
    """Loss that is a square near 0 and a straight line elsewhere.

    ``0.5 * (scalar * x)**2`` where ``abs(x) < 1 / scalar**2``, else ``abs(x) - 0.5 / scalar**2``.

    Parameters
    ----------
    data : any shape
        Input x, usually a difference; floating, or integers (computed with the scalar cut, and cut themselves).
    scalar : float
        How narrow the square part is.

    Returns
    -------
    the shape and dtype of `data`

    References
    ----------
    R. Girshick, Fast R-CNN, 2015

    Examples
    --------
    >>> mx.nd.smooth_l1(mx.nd.array([-2, 0.5, 2]), scalar=1).asnumpy().tolist()
    [1.5, 0.125, 1.5]
    """
    if data.is_floating_point():
        return _smooth_l1(data, scalar)
    if data.dtype is torch.bool:
        raise TypeError("data is bool; expected floats or integers: cast it with .astype")
    return cut(_smooth_l1)(data, int(scalar))


@lru_cache(maxsize=256)
def _just_outside(low: float, high: float, dtype: torch.dtype) -> tuple[float, float]:
    """Return the last number below `low` and the first one above `high`, as kernels of `dtype` compare."""
    wide = torch.promote_types(dtype, torch.float32)  # in which 16-bit numbers are compared
    bounds, infinity = torch.tensor([low, high], dtype=dtype).to(wide), torch.tensor([-math.inf, math.inf], dtype=wide)
    below, above = torch.nextafter(bounds, infinity).tolist()
    return below, above


def _clip_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data,), of = backward.head_gradients, backward.inputs, backward.attributes
    into, hard = derivatives.result_of(backward), torch.ops.aten.hardtanh_backward
    assert head is not None
    # torch's own derivative of a clamp takes ten times as long; this one passes nothing at its bounds, and passes at
    # NaN, as MXNet's does
    bounds = _just_outside(of["a_min"], of["a_max"], data.dtype)
    return [hard(head, data, *bounds) if into is None else hard.grad_input(head, data, *bounds, grad_input=into)]


@operator(
    "clip",
    aliases=("_npi_clip", "_sparse_clip"),
    elementwise=True,
    gradient=_clip_gradient,
    **derivatives.OF_DATA,
)
def clip(data: Tensor, *, a_min: float, a_max: float) -> Tensor:
    """Cut elements to ``[a_min, a_max]``. The gradient passes inside, at the bounds and at NaN, which stays.

    Parameters
    ----------
    data : any shape
        Input; the bounds are cut to integers where it is integer.
    a_min, a_max : float
        The bounds. Where ``a_min > a_max`` everything becomes `a_max`.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.clip(mx.nd.array([-2, 0.5, 2]), a_min=-1, a_max=1).asnumpy().tolist()
    [-1.0, 0.5, 1.0]
    """
    dtype = data.dtype
    if dtype.is_floating_point:
        if data.itemsize < 8 and max(abs(a_min), abs(a_max)) > 65504:  # torch refuses numbers beyond a dtype's range
            limit = torch.finfo(dtype).max
            a_min, a_max = (bound if abs(bound) <= limit else bound * math.inf for bound in (a_min, a_max))
        return torch.clamp(data, a_min, a_max)
    if dtype is torch.bool:
        raise TypeError("data is bool; expected floats or integers: cast it with .astype")
    if math.isnan(a_min) or math.isnan(a_max):
        raise ValueError(f"a_min={a_min}, a_max={a_max}; expected numbers as data is {dtype_name(dtype)}")
    limits = torch.iinfo(dtype)
    low, high = (int(min(max(bound, limits.min), limits.max)) for bound in (a_min, a_max))
    return torch.clamp(data, low, high)


def _to_dtype(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Any:
    return [(shapes[0], attributes["dtype"])]


@operator("Cast", aliases=("_npi_cast", "_npx_cast", "cast"), shape=_to_dtype, view=True)
def cast(data: Tensor, *, dtype: DType) -> Tensor:
    """Convert to another dtype. Floats are cut towards 0 for integers, and integers wrap around.

    Parameters
    ----------
    data : any shape
        Input, of any dtype.
    dtype : dtype
        What to convert to; bool is True for what is not 0.

    Returns
    -------
    the shape of `data`, of `dtype`

    Examples
    --------
    >>> mx.nd.Cast(mx.nd.array([0.9, -1.9]), dtype='int32').asnumpy().tolist()
    [0, -1]
    """
    return data.to(dtype)


#: The dtypes that automatic mixed precision casts.
AMP_DTYPES = frozenset((torch.float32, torch.float16, torch.bfloat16))


def _amp_dtypes(dtypes: Sequence[torch.dtype | None], attributes: Mapping[str, Any]) -> list[torch.dtype | None]:
    return [attributes["dtype"] if dtypes[0] in AMP_DTYPES else dtypes[0]]


def _to_amp_dtype(shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]) -> Any:
    return [(shapes[0], *_amp_dtypes(dtypes, attributes))]


@operator("amp_cast", elementwise=True, shape=_to_amp_dtype, output_dtypes=_amp_dtypes, view=True)
def amp_cast(data: Tensor, *, dtype: DType) -> Tensor:
    """Convert between the dtypes of mixed precision; what is not float32, float16 or bfloat16 stays as it is.

    Parameters
    ----------
    data : any shape
        Input, of any dtype.
    dtype : dtype
        What to convert to.

    Returns
    -------
    the shape of `data`

    Examples
    --------
    >>> mx.nd.amp_cast(mx.nd.array([1, 2], dtype='int32'), dtype='float16').dtype
    <class 'numpy.int32'>
    """
    return data.to(dtype) if data.dtype in AMP_DTYPES else data


@operator("BlockGrad", aliases=("_sparse_stop_gradient", "stop_gradient"), elementwise=True, view=True)
def block_grad(data: Tensor) -> Tensor:
    """Return the input and stop its gradient, which is 0 from here on.

    Parameters
    ----------
    data : any shape
        Input.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> x = mx.nd.array([1, 2])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     y = x * mx.nd.BlockGrad(x)
    >>> y.backward()
    >>> x.grad.asnumpy().tolist()
    [1.0, 2.0]
    """
    return data.detach()


@operator("_copy", aliases=("identity",), elementwise=True, view=True)
def copy(data: Tensor) -> Tensor:
    """Return a copy of the input.

    Parameters
    ----------
    data : any shape
        Input.

    Returns
    -------
    the shape and dtype of `data`

    Examples
    --------
    >>> mx.nd.identity(mx.nd.array([1, 2])).asnumpy().tolist()
    [1.0, 2.0]
    """
    return data


@operator("_identity_with_attr_like_rhs", elementwise=True, view=True)
def identity_with_attr_like_rhs(lhs: Tensor, rhs: Tensor) -> Tensor:
    """Return `lhs`, which takes its shape and dtype from `rhs` where they are not known.

    Parameters
    ----------
    lhs : any shape
        Input.
    rhs : the shape of `lhs`
        Gives its shape and dtype only; its gradient is 0.

    Returns
    -------
    the shape and dtype of `lhs`
    """
    check_same_dtype(lhs, rhs)
    if lhs.shape != rhs.shape:
        raise ValueError(f"lhs has shape {tuple(lhs.shape)} and rhs {tuple(rhs.shape)}; expected equal shapes")
    return lhs


def constant_like(name: str, make: Callable[[Tensor], Tensor], shown: str, *, aliases: Sequence[str] = ()) -> None:
    """Register ``{name}_like(data)``, which `make` fills; `shown` is what the example prints."""

    def call(data: Tensor) -> Tensor:
        return make(data)

    call.__name__ = call.__qualname__ = f"{name}_like"
    call.__doc__ = _CONSTANT_LIKE.format(values=name.capitalize(), name=name, shown=shown)
    operator(f"{name}_like", aliases=aliases, elementwise=True)(call)


_CONSTANT_LIKE = """\
{values} in the shape and dtype of the input.

Parameters
----------
data : any shape
    Gives its shape and dtype.

Returns
-------
the shape and dtype of `data`

Examples
--------
>>> mx.nd.{name}_like(mx.nd.array([3, 4])).asnumpy().tolist()
{shown}
"""


constant_like("zeros", torch.zeros_like, "[0.0, 0.0]", aliases=("_sparse_zeros_like",))
constant_like("ones", torch.ones_like, "[1.0, 1.0]")


def _describing(
    name: str, dtype: torch.dtype, length: Callable[[Shape], int], aliases: Sequence[str] = ()
) -> Callable[[Function], Function]:
    """Register an operator that answers with one vector of a fixed dtype."""
    return operator(
        name,
        aliases=aliases,
        shape=lambda shapes, dtypes, attributes: [((length(shapes[0]),), dtype)],
        output_dtypes=lambda dtypes, attributes: [dtype],
    )


@_describing("shape_array", torch.int64, len, aliases=("_npx_shape_array",))
def shape_array(data: Tensor) -> Tensor:
    """Shape of the input, as an array.

    Parameters
    ----------
    data : any shape
        Input.

    Returns
    -------
    (number of axes,), int64

    Examples
    --------
    >>> mx.nd.shape_array(mx.nd.ones((2, 3))).asnumpy().tolist()
    [2, 3]
    """
    return torch.tensor(data.shape, dtype=torch.int64, device=data.device)


@_describing("size_array", torch.int64, lambda shape: 1)
def size_array(data: Tensor) -> Tensor:
    """Number of elements of the input, as an array.

    Parameters
    ----------
    data : any shape
        Input.

    Returns
    -------
    (1,), int64

    Examples
    --------
    >>> mx.nd.size_array(mx.nd.ones((2, 3))).asnumpy().tolist()
    [6]
    """
    return torch.tensor([data.numel()], dtype=torch.int64, device=data.device)


@operator("add_n", aliases=("ElementWiseSum", "_sparse_ElementWiseSum", "_sparse_add_n"), elementwise=True, view=True)
def add_n(*args: Tensor) -> Tensor:
    """Sum of all inputs.

    Parameters
    ----------
    args : one shape
        At least one array, all of one dtype. 16-bit floats are summed in float32.

    Returns
    -------
    the shape and dtype of the inputs

    Examples
    --------
    >>> mx.nd.add_n(mx.nd.array([1, 2]), mx.nd.array([3, 4]), mx.nd.array([5, 6])).asnumpy().tolist()
    [9.0, 12.0]
    """
    if not args:
        raise ValueError("no input; expected at least one array")
    first = args[0]
    dtype = first.dtype
    for i, other in enumerate(args):
        if other.dtype is not dtype or other.shape != first.shape:
            raise ValueError(
                f"input {i} is {tuple(other.shape)} {dtype_name(other.dtype)} and the first is "
                f"{tuple(first.shape)} {dtype_name(dtype)}; expected one shape and dtype for all"
            )
    if dtype is torch.bool:
        raise TypeError("the inputs are bool, which has no sum; cast them with .astype")
    wide = len(args) > 2 and dtype.itemsize == 2
    total = first.float() if wide else first
    for other in args[1:]:
        total = total + other
    return total.to(dtype) if wide else total


@_describing("all_finite", torch.float32, lambda shape: 1)
def all_finite(data: Tensor, *, init_output: bool = True) -> Tensor:
    """1 if no element is infinite or NaN, else 0: says whether a step with scaled gradients overflowed.

    Parameters
    ----------
    data : any shape
        Input, of a floating dtype.
    init_output : bool
        Must be left at True: the answer is about `data` alone, not combined with what an output held before.

    Returns
    -------
    (1,), float32

    Examples
    --------
    >>> mx.nd.all_finite(mx.nd.array([1, float('inf')])).asnumpy().tolist()
    [0.0]
    """
    if not data.is_floating_point():
        raise TypeError(f"data is {dtype_name(data.dtype)}; expected a floating dtype")
    if not init_output:
        raise ValueError("init_output is False; only True is possible: use multi_all_finite for several arrays")
    return (data * 0).sum().eq(0).reshape(1).float()  # infinity and NaN make NaN of it
