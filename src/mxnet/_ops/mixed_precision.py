"""What mixed precision, LARS and gradients that are added up need to know or do about many arrays."""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from . import binary
from .attributes import single
from .families import dtype_name, elementwise_binary, scalar_binary
from .multi_optimizer import numbered
from .optimizer import (
    check_arrays,
)
from .registry import operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = list[torch.dtype | None]

_INFINITY = float("inf")


def _check_floating(data: Sequence[Tensor]) -> None:
    if not data:
        raise ValueError("no input; expected at least one array")
    for i, array in enumerate(data):
        if not array.is_floating_point() or array.dtype is not data[0].dtype:
            raise TypeError(
                f"array {i} is {dtype_name(array.dtype)} and array 0 {dtype_name(data[0].dtype)}; expected one "
                "floating dtype for all: cast with .astype"
            )


@operator(
    "multi_sum_sq",
    variadic="num_arrays",
    shape=lambda shapes, dtypes, attributes: [((len(shapes),), torch.float32)],
    output_dtypes=lambda dtypes, attributes: [torch.float32],
)
def multi_sum_sq(*data: Tensor) -> Tensor:
    """Sum of the squares of each array.

    No gradient flows through it.

    Parameters
    ----------
    data : arrays of any shape
        Of one floating dtype; 16-bit floats are summed in float32.
    num_arrays : int
        Number of inputs.

    Returns
    -------
    (num_arrays,), float32

    Examples
    --------
    >>> mx.nd.multi_sum_sq(mx.nd.array([3, 4]), mx.nd.array([2]), num_arrays=2).asnumpy().tolist()
    [25.0, 4.0]
    """
    _check_floating(data)
    arrays = [array.detach() for array in data]
    if data[0].dtype.itemsize == 2:
        norms = [torch.linalg.vector_norm(array, dtype=torch.float32) for array in arrays]
    else:
        norms = torch._foreach_norm(arrays)
    return torch.stack(list(norms)).square_().float()


@operator(
    "multi_all_finite",
    variadic="num_arrays",
    shape=lambda shapes, dtypes, attributes: [((1,), torch.float32)],
    output_dtypes=lambda dtypes, attributes: [torch.float32],
)
def multi_all_finite(*data: Tensor, num_arrays: int = 1, init_output: bool = True) -> Tensor:
    """1 if no element of any array is infinite or NaN, else 0: says whether a step with scaled gradients overflowed.

    Parameters
    ----------
    data : arrays of any shape
        Of one floating dtype.
    num_arrays : int
        Number of inputs.
    init_output : bool
        Must be left at True: the answer is about `data` alone, not combined with what an output held before.

    Returns
    -------
    (1,), float32

    Examples
    --------
    >>> mx.nd.multi_all_finite(mx.nd.ones((2,)), mx.nd.array([float('nan')]), num_arrays=2).asnumpy().tolist()
    [0.0]
    """
    _check_floating(data)
    if not init_output:
        raise ValueError("init_output is False; only True is possible: give all arrays in one call")
    filled = [array.detach() for array in data if array.numel()]
    if not filled:
        return torch.ones(1, device=data[0].device)
    # the extreme values are NaN where one value is, and found in one pass
    if filled[0].device.type == "cpu":
        extremes = [extreme for array in filled for extreme in torch.aminmax(array)]
    else:
        extremes = list(torch._foreach_norm(filled, _INFINITY))
    return torch.stack(extremes).isfinite().all().view(1).float()


@operator("reset_arrays", variadic="num_arrays", outputs=(), mutates=("data",), shape=lambda *_: [])
def reset_arrays(*data: Tensor) -> tuple[Tensor, ...]:
    """Fill all arrays with 0, as is done with gradients that were added up.

    Parameters
    ----------
    data : arrays of any shape
        Of floating dtypes; overwritten.
    num_arrays : int
        Number of inputs.

    Returns
    -------
    nothing: an empty list

    Examples
    --------
    >>> x, y = mx.nd.ones((2,)), mx.nd.ones((1,))
    >>> mx.nd.reset_arrays(x, y, num_arrays=2)
    []
    >>> x.asnumpy().tolist()
    [0.0, 0.0]
    """
    for i, array in enumerate(data):
        if not array.is_floating_point():
            raise TypeError(f"array {i} is {dtype_name(array.dtype)}; expected a floating dtype")
    if data:
        torch._foreach_zero_(list(data))
    return ()


@operator("multi_lars", elementwise=True)
def multi_lars(
    lrs: Tensor,
    weights_sum_sq: Tensor,
    grads_sum_sq: Tensor,
    wds: Tensor,
    *,
    eta: float,
    eps: float,
    rescale_grad: float = 1.0,
) -> Tensor:
    """Learning rates of LARS, one for each layer.

    ``lr * eta * w / (rescale_grad * g + wd * w + eps)`` with the norms w of the weights and g of the gradients; ``lr``
    itself where one of them is 0 or NaN. No gradient flows through it.

    Parameters
    ----------
    lrs : any shape, float32
        Learning rates.
    weights_sum_sq : the shape of `lrs`, float32
        Sums of the squares of the weights: see `multi_sum_sq`.
    grads_sum_sq : the shape of `lrs`, float32
        Sums of the squares of the gradients.
    wds : the shape of `lrs`, float32
        Weight decays.
    eta : float
        How much of its norm a weight may change in a step.
    eps : float
        Keeps the divisor away from 0.
    rescale_grad : float
        Factor of the gradients.

    Returns
    -------
    the shape of `lrs`, float32

    References
    ----------
    You, Gitman, Ginsburg, "Large batch training of convolutional networks", 2017.

    Examples
    --------
    >>> lrs, weights, grads = mx.nd.array([0.5, 0.5]), mx.nd.array([16, 0]), mx.nd.array([4, 4])
    >>> mx.nd.multi_lars(lrs, weights, grads, mx.nd.zeros((2,)), eta=0.25, eps=0).asnumpy().tolist()
    [0.25, 0.5]
    """
    names = ("lrs", "weights_sum_sq", "grads_sum_sq", "wds")
    arrays = [array.detach() for array in (lrs, weights_sum_sq, grads_sum_sq, wds)]
    check_arrays(names, arrays, [torch.float32] * 4)
    rates, weights, grads, decays = arrays
    weights, grads = weights.sqrt(), grads.sqrt()
    divisor = torch.addcmul(grads * single(rescale_grad), weights, decays).add_(single(eps))
    ratio = weights.mul(single(eta)).div_(divisor)
    return rates * torch.where((weights > 0) & (grads > 0), ratio, 1.0)


# -- mixed precision ---------------------------------------------------------------------------------------------

#: The dtypes that automatic mixed precision casts, narrowest first.
_CAST = (torch.float16, torch.bfloat16, torch.float32)


def _common_dtype(dtypes: Iterable[torch.dtype | None], narrow: bool) -> torch.dtype | None:
    """Return what the dtypes of `_CAST` among `dtypes` are cast to."""
    found = [dtype for dtype in _CAST if dtype in set(dtypes)]
    if not found:
        return None
    return found[0] if narrow else torch.float32 if len(found) > 1 else found[0]


def _multicast_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    common = _common_dtype(dtypes, attributes["cast_narrow"])
    return [common if dtype in _CAST else dtype for dtype in dtypes]


@operator(
    "amp_multicast",
    variadic="num_outputs",
    pairwise=True,
    outputs=lambda attributes: numbered(attributes["num_outputs"]),
    complete_dtypes=lambda dtypes, attributes: dtypes,
    output_dtypes=_multicast_dtypes,
)
def amp_multicast(*data: Tensor, cast_narrow: bool = False) -> tuple[Tensor, ...]:
    """Copies of all inputs in one floating dtype: the widest among them, or the narrowest.

    Parameters
    ----------
    data : arrays of any shape
        float16, bfloat16 and float32 arrays are cast; those of other dtypes are only copied.
    cast_narrow : bool
        Cast to the narrowest of the dtypes.
    num_outputs : int
        Number of inputs and outputs.

    Returns
    -------
    `num_outputs` arrays in the shapes of the inputs

    Examples
    --------
    >>> x, y = mx.nd.ones((2,), dtype='float16'), mx.nd.ones((1,))
    >>> [array.dtype.__name__ for array in mx.nd.amp_multicast(x, y, num_outputs=2)]
    ['float32', 'float32']
    """
    common = _common_dtype([array.dtype for array in data], cast_narrow)
    return tuple(array.to(common if array.dtype in _CAST else array.dtype, copy=True) for array in data)


# -- for row_sparse gradients ------------------------------------------------------------------------------------
# In MXNet these touch stored rows only. Here every row is stored.

elementwise_binary("_scatter_elemwise_div", binary.divide, "Quotient ``lhs / rhs`` of the rows that `lhs` stores: all.")
scalar_binary("_scatter_plus_scalar", torch.add, "Sum ``data + scalar`` of the rows that `data` stores: all.")
scalar_binary("_scatter_minus_scalar", torch.sub, "Difference ``data - scalar`` of the rows that `data` stores: all.")
