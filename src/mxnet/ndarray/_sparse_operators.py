"""Operators whose results stay sparse, as they do in MXNet 1.9.1. Every other operator sees dense tensors.

Each entry of `RULES` says of which storage type the result is, and how to compute it from the parts of sparse inputs.
While recording, what depends on attached arrays is computed densely, under the operator's own gradient, and compressed
afterwards; only the product of a csr matrix and a dense one, by which linear models train, has a sparse way there too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from .._graph.rule import run_recorded
from .._ops.registry import Operator
from .._runtime.tape import grad_mode, state
from . import _sparse_layout as layout
from ._sparse_arrays import CLASSES
from ._sparse_base import from_dense
from ._sparse_lazy import lazy_update
from ._sparse_products import PRODUCTS, dot, key_of
from .dispatch import ERRORS, NDArrayBase, failed, live_tensor, wrap, wrap_live
from .ndarray import NDArray

Tensor = torch.Tensor
Arrays = Sequence[Any]
Values = Mapping[str, Any]


class Rule(NamedTuple):
    """How one operator keeps results sparse.

    `stype` returns the storage type of the result, None where this rule does not hold. `compute` gets the operator,
    arrays, attributes and that storage type.
    """

    stype: Callable[[Arrays, Values], str | None]
    compute: Callable[[Operator, Arrays, Values, str], Any]


def run(operator: Operator, arrays: Arrays, values: Values, out: Any) -> Any:
    """Return the result of an operator with sparse inputs, or None where it shall run on dense tensors."""
    updated = lazy_update(operator, arrays, values, out)
    if updated is not None:
        return updated
    rule = RULES.get(operator.name)
    if rule is None or (out is not None and not isinstance(out, NDArray)):
        return None
    stype = rule.stype(arrays, values)
    if stype is None:
        return None
    if state.recording and operator.differentiable and any(_is_recorded(a) for a in arrays):
        return _recorded(operator, arrays, values, stype) if out is None else None
    try:
        result = rule.compute(operator, arrays, values, stype)
    except ERRORS as error:
        raise failed(operator, arrays, values, error) from None
    return result if out is None else _written(result, out)


def dense_inputs(arrays: Arrays) -> list[Any]:
    """Return the arrays with dense ones in place of sparse ones, which do not keep the dense tensors."""
    return [
        wrap(NDArray, a._to_dense(), a._context) if a is not None and a.is_sparse and a._trace is None else a
        for a in arrays
    ]


def _is_recorded(array: NDArrayBase | None) -> bool:
    return array is not None and array._trace is not None and live_tensor(array).requires_grad


def _recorded(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    constant = not any(a.stype == "csr" and _is_recorded(a) for a in arrays)
    if operator.name == "dot" and constant and key_of(arrays, values) in PRODUCTS:
        with grad_mode():
            return dot(arrays, values, stype)
    tensors = [None if a is None else live_tensor(a) for a in arrays]
    try:
        result = run_recorded(operator, tensors, operator.keywords(values), values)
    except ERRORS as error:
        raise failed(operator, arrays, values, error) from None
    live: Tensor = result[0] if isinstance(result, (tuple, list)) else result
    if any(live is tensor for tensor in tensors):
        live = live.clone()
    return wrap_live(CLASSES[stype], live.contiguous(), arrays[0]._context)


def _written(result: Any, out: Any) -> Any:
    if out.shape == result.shape and out.stype not in ("default", result.stype):
        out._set_dense(result._to_dense())
        return out
    result.copyto(out)
    return out


# -- one array ---------------------------------------------------------------------------------------------------------


def _of_first(arrays: Arrays, values: Values) -> str | None:
    return arrays[0].stype


def _on_values(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    """Apply a function that leaves 0 at 0 to what is stored."""
    array = arrays[0]
    stored, aux = array._compressed()
    call = operator.keywords(values)
    result = operator.function(stored, **call)
    return array._like(result.clone() if result is stored else result, aux)


def _zeros_like(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    array = arrays[0]
    stored, aux = array._compressed()
    if stype == "csr":
        return array._like(stored[:0], (torch.zeros_like(aux[0]), aux[1][:0]))
    return array._like(stored[:0], (aux[0][:0],))


def _where_zero_stays(test: Callable[[float], bool]) -> Callable[[Arrays, Values], str | None]:
    """The storage type stays for those scalars with which 0 stays 0."""

    def stype(arrays: Arrays, values: Values) -> str | None:
        return arrays[0].stype if test(values["scalar"]) else None

    return stype


def _clip_stype(arrays: Arrays, values: Values) -> str | None:
    return arrays[0].stype if values["a_min"] <= 0 <= values["a_max"] else None


def _slice_stype(arrays: Arrays, values: Values) -> str | None:
    steps = values["step"]
    return "csr" if arrays[0].stype == "csr" and all(n in (None, 1) for n in steps or ()) else None


def _slice(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    array = arrays[0]
    begin, end = values["begin"], values["end"]
    if not 0 < len(begin) <= 2 or len(begin) != len(end):
        raise ValueError(f"begin={begin}, end={end} for a matrix; expected one or two numbers each")
    ranges = [slice(a, b).indices(length)[:2] for a, b, length in zip(begin, end, array.shape)]
    parts, (rows, columns) = array._compressed(), array.shape
    start, stop = ranges[0]
    rows = max(stop - start, 0)
    parts = layout.csr_rows(parts, start, start + rows)
    if len(ranges) == 2:
        start, stop = ranges[1]
        columns = max(stop - start, 0)
        parts = layout.csr_columns(parts, start, start + columns)
    return array._like(*parts, (rows, columns))


def _take_stype(arrays: Arrays, values: Values) -> str | None:
    data, indices = arrays
    plain = data.stype == "csr" and indices.stype == "default" and indices.ndim == 1
    return "csr" if plain and values["axis"] == 0 and values["mode"] != "raise" and data.shape[0] else None


def _take(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    data, indices = arrays
    rows, length = indices._data.long(), data.shape[0]
    rows = rows.clamp(0, length - 1) if values["mode"] == "clip" else rows % length
    return data._like(*layout.csr_take(data._compressed(), rows), (rows.numel(), data.shape[1]))


def _cast_stype(arrays: Arrays, values: Values) -> str | None:
    have, wanted = arrays[0].stype, values["stype"]
    if have != wanted and "default" not in (have, wanted):
        raise ValueError(f"cast_storage from {have} to {wanted} is not supported; cast to 'default' first")
    return wanted if wanted == have else None


def _square_sum_stype(arrays: Arrays, values: Values) -> str | None:
    kept = arrays[0].stype == "row_sparse" and arrays[0].ndim == 2 and values["keepdims"] and not values["exclude"]
    return "row_sparse" if kept and values["axis"] in (1, (1,), -1, (-1,)) else None


def _square_sum(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    stored, aux = arrays[0]._compressed()
    return arrays[0]._like((stored * stored).sum(1, keepdim=True), aux, (arrays[0].shape[0], 1))


def _retain_stype(arrays: Arrays, values: Values) -> str | None:
    data, indices = arrays
    return "row_sparse" if data.stype == "row_sparse" and indices.stype == "default" and indices.ndim == 1 else None


def _retain(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    data, rows = arrays[0], arrays[1]._data.long()
    if rows.numel() and (int(rows.min()) < 0 or int(rows.max()) >= data.shape[0]):
        raise IndexError(
            f"indices go from {int(rows.min())} to {int(rows.max())}; expected rows 0 to {data.shape[0] - 1}"
        )
    rows = rows.clone() if rows is arrays[1]._data else rows
    return data._like(layout.at_rows(data._compressed(), rows), (rows,))


# -- several arrays ----------------------------------------------------------------------------------------------------


def _fit(arrays: Arrays) -> bool:
    """Return whether arrays have one shape, dtype and device; where not, the dense operator says what is wrong."""
    first = arrays[0]
    return all(a.shape == first.shape and a.dtype is first.dtype and a._context == first._context for a in arrays)


def _of_equals(arrays: Arrays, values: Values) -> str | None:
    first = arrays[0].stype
    same = first != "default" and all(a.stype == first for a in arrays)
    return first if same and _fit(arrays) else None


def _of_any(arrays: Arrays, values: Values) -> str | None:
    """Products: a sparse array by one of its own kind or by a dense one."""
    kinds = {a.stype for a in arrays} - {"default"}
    return kinds.pop() if len(kinds) == 1 and _fit(arrays) else None


def _aligned(lhs: Any, rhs: Any) -> tuple[Tensor, Tensor, Tensor]:
    """Return the places that either of two csr matrices stores (row * columns + column), and the values of both."""
    places: list[Tensor] = []
    for array in (lhs, rhs):
        _, (indptr, columns) = array._compressed()
        places.append(layout.row_numbers(indptr) * array.shape[1] + columns)
    union, where = torch.unique(torch.cat(places), return_inverse=True)
    sides: list[Tensor] = []
    for array, part in ((lhs, where[: places[0].numel()]), (rhs, where[places[0].numel() :])):
        stored = array._compressed()[0]
        sides.append(stored.new_zeros(union.numel()).index_copy_(0, part, stored))
    return union, sides[0], sides[1]


def _combine(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    """Apply a function with f(0, 0) = 0 where either array stores something."""
    lhs, rhs = arrays
    if stype == "row_sparse":
        left, right = lhs._compressed(), rhs._compressed()
        rows = torch.unique(torch.cat((left[1][0], right[1][0])))
        result = operator.function(layout.at_rows(left, rows), layout.at_rows(right, rows))
        return lhs._like(result, (rows,))
    places, left, right = _aligned(lhs, rhs)
    result = operator.function(left, right)
    kept = result != 0  # unlike rows, single zeros are not worth storing
    places, columns = places[kept], lhs.shape[1]
    counts = torch.bincount(places // columns, minlength=lhs.shape[0])
    return lhs._like(result[kept], (layout.counted(counts), places % columns))


def _multiply(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    lhs, rhs = arrays
    if lhs.stype == rhs.stype:
        return _combine(operator, arrays, values, stype)
    sparse, dense = (rhs, lhs) if lhs.stype == "default" else (lhs, rhs)
    return _at_stored(operator, sparse, dense._data)


def _at_stored(operator: Operator, sparse: Any, dense: Tensor) -> Any:
    """Apply a function with f(0, y) = 0 to what is stored, and to the dense elements in those places."""
    stored, aux = sparse._compressed()
    rows = aux[0] if sparse.stype == "row_sparse" else (layout.row_numbers(aux[0]), aux[1])
    return sparse._like(operator.function(stored, dense[rows]), aux)


def _divide_stype(arrays: Arrays, values: Values) -> str | None:
    return "row_sparse" if arrays[0].stype == "row_sparse" and _fit(arrays) else None


def _divide_stored(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    lhs, rhs = arrays
    return _at_stored(operator, lhs, rhs._to_dense() if rhs.is_sparse else rhs._data)


def _broadcast_stype(arrays: Arrays, values: Values) -> str | None:
    lhs, rhs = arrays
    plain = lhs.stype == "csr" and rhs.stype == "default" and lhs.dtype is rhs.dtype and lhs._context == rhs._context
    fits = rhs.ndim <= 2 and all(n in (1, m) for n, m in zip(reversed(rhs.shape), reversed(lhs.shape)))
    return "csr" if plain and fits else None


def _broadcast(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    lhs, rhs = arrays
    return _at_stored(operator, lhs, rhs._data.expand(lhs.shape))


def _sum_stype(arrays: Arrays, values: Values) -> str | None:
    return "row_sparse" if _of_equals(arrays, values) == "row_sparse" else None


def _sum(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    return arrays[0]._like(*layout.merged([a._compressed() for a in arrays]))


def _concat_stype(arrays: Arrays, values: Values) -> str | None:
    first = arrays[0]
    same = all(a.stype == "csr" and a.shape[1] == first.shape[1] and a.dtype is first.dtype for a in arrays)
    return "csr" if same and values["dim"] == 0 and all(a._context == first._context for a in arrays) else None


def _concat(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    parts = [a._compressed() for a in arrays]
    counts = torch.cat([indptr.diff() for _, (indptr, _) in parts])
    stored, columns = torch.cat([v for v, _ in parts]), torch.cat([indices for _, (_, indices) in parts])
    return arrays[0]._like(stored, (layout.counted(counts), columns), (counts.numel(), arrays[0].shape[1]))


def _dot_stype(arrays: Arrays, values: Values) -> str | None:
    lhs, rhs = arrays
    if lhs.ndim != 2 or rhs.ndim != 2 or lhs.dtype is not rhs.dtype or lhs._context != rhs._context:
        return None
    if not np.issubdtype(lhs.dtype, np.floating):
        return None
    inner = lhs.shape[not values["transpose_a"]], rhs.shape[bool(values["transpose_b"])]
    if inner[0] != inner[1]:
        return None
    return values["forward_stype"] or PRODUCTS.get(key_of(arrays, values))


def _dot(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    if key_of(arrays, values) in PRODUCTS:
        return dot(arrays, values, stype)
    product = operator.function(
        *(a._to_dense() if a.is_sparse else a._data for a in arrays), **operator.keywords(values)
    )
    return from_dense(CLASSES[stype], product, arrays[0]._context)


def _stored_count_stype(arrays: Arrays, values: Values) -> str | None:
    return "default" if arrays[0].stype == "csr" and values["axis"] in (None, 0, 1) else None


def _stored_count(operator: Operator, arrays: Arrays, values: Values, stype: str) -> Any:
    array, axis = arrays[0], values["axis"]
    _, (indptr, columns) = array._compressed()
    if axis is None:
        counts = indptr[-1:].clone()
    else:
        counts = indptr.diff() if axis == 1 else torch.bincount(columns, minlength=array.shape[1])
    return wrap(NDArray, counts, array._context)


_ZERO_TO_ZERO = (
    "abs", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "ceil", "degrees", "expm1", "fix", "floor", "log1p",
    "negative", "radians", "relu", "rint", "round", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh", "trunc",
    "make_loss", "BlockGrad", "_copy", "_mul_scalar", "_div_scalar", "_scatter_plus_scalar", "_scatter_minus_scalar",
)  # fmt: skip
_ZEROS_TO_ZERO = ("elemwise_add", "elemwise_sub", "_grad_add", "_maximum", "_minimum", "_hypot")
_SCALARS: dict[str, Callable[[float], bool]] = {
    "_plus_scalar": lambda n: n == 0,
    "_minus_scalar": lambda n: n == 0,
    "_equal_scalar": lambda n: n != 0,
    "_not_equal_scalar": lambda n: n == 0,
    "_greater_scalar": lambda n: n >= 0,
    "_greater_equal_scalar": lambda n: n > 0,
    "_lesser_scalar": lambda n: n <= 0,
    "_lesser_equal_scalar": lambda n: n < 0,
}

RULES: dict[str, Rule] = {
    **{name: Rule(_of_first, _on_values) for name in _ZERO_TO_ZERO},
    **{name: Rule(_where_zero_stays(test), _on_values) for name, test in _SCALARS.items()},
    **{name: Rule(_of_equals, _combine) for name in _ZEROS_TO_ZERO},
    **{name: Rule(_broadcast_stype, _broadcast) for name in ("broadcast_mul", "broadcast_div")},
    "elemwise_mul": Rule(_of_any, _multiply),
    "_scatter_elemwise_div": Rule(_divide_stype, _divide_stored),
    "_contrib_quadratic": Rule(lambda arrays, values: "csr" if arrays[0].stype == "csr" and not values["c"] else None,
                               _on_values),
    "zeros_like": Rule(_of_first, _zeros_like),
    "clip": Rule(_clip_stype, _on_values),
    "slice": Rule(_slice_stype, _slice),
    "take": Rule(_take_stype, _take),
    "_sparse_retain": Rule(_retain_stype, _retain),
    "cast_storage": Rule(_cast_stype, _on_values),
    "_square_sum": Rule(_square_sum_stype, _square_sum),
    "add_n": Rule(_sum_stype, _sum),
    "Concat": Rule(_concat_stype, _concat),
    "dot": Rule(_dot_stype, _dot),
    "_contrib_getnnz": Rule(_stored_count_stype, _stored_count),
}  # fmt: skip
