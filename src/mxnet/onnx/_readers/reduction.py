"""Reductions over axes, and what runs along one axis."""

from __future__ import annotations

from typing import Any

from ... import symbol as sym
from ...symbol import Symbol
from .call import Call
from .registry import reads


def _axes(call: Call) -> tuple[int, ...] | None:
    """Return the axes to reduce; None if the tensor stays as it is."""
    axes = call.setting("axes", 1)
    if axes is None or len(axes) == 0:
        if call.attribute("noop_with_empty_axes", 0):
            return None
        return tuple(range(call.rank())) if call.value(0).shape is not None else ()
    return call.axes([int(axis) for axis in axes])


def _log_sum_exp(x: Symbol, **where: Any) -> Symbol:
    """Return log(sum(exp(x))) with the largest taken out first, so that nothing overflows."""
    largest = sym.max(x, axis=where["axis"], keepdims=True)
    finite = sym.clip(largest, a_min=-3e38, a_max=3e38)
    total = sym.log(sym.sum(sym.exp(sym.broadcast_sub(x, finite)), axis=where["axis"], keepdims=True)) + finite
    return total if where["keepdims"] else sym.sum(total, **where)


_REDUCTIONS: dict[str, Any] = {
    "ReduceSum": sym.sum, "ReduceMean": sym.mean, "ReduceMax": sym.max, "ReduceMin": sym.min, "ReduceProd": sym.prod,
    "ReduceL1": lambda x, **where: sym.sum(sym.abs(x), **where),
    "ReduceL2": lambda x, **where: sym.sqrt(sym.sum(sym.square(x), **where)),
    "ReduceLogSum": lambda x, **where: sym.log(sym.sum(x, **where)),
    "ReduceLogSumExp": _log_sum_exp,
    "ReduceSumSquare": lambda x, **where: sym.sum(sym.square(x), **where),
}  # fmt: skip
#: What each makes of one element, where no axis is reduced.
_OF_ONE: dict[str, Any] = {
    "ReduceL1": sym.abs, "ReduceL2": sym.abs, "ReduceLogSum": sym.log, "ReduceSumSquare": sym.square,
}  # fmt: skip


#: Those that are computed in real numbers, of integers too.
_REAL = ("ReduceL2", "ReduceMean", "ReduceLogSum", "ReduceLogSumExp")


@reads(*_REDUCTIONS)
def reduction(call: Call) -> Symbol:
    """Read a reduction; axes are an attribute in older versions and an input in newer ones."""
    axes = _axes(call)
    if axes is None or call.value(0).is_number:
        return _OF_ONE.get(call.operator, sym.identity)(call[0])
    keep = bool(call.attribute("keepdims", 1))
    x = call[0]
    boolean = call.dtype() == "bool"  # the largest and the smallest of booleans
    if boolean:
        x = sym.Cast(x, dtype="uint8")
    wide = "int" in call.dtype() and call.operator in _REAL
    if wide:
        x = sym.Cast(x, dtype="float64")
    found = _REDUCTIONS[call.operator](x, axis=axes, keepdims=keep)
    return sym.Cast(found, dtype=call.dtype()) if boolean or wide else found


@reads("ArgMax", "ArgMin")
def arg_extreme(call: Call) -> Symbol:
    """Read the index of the largest or smallest element: the first, or the last, of equal ones."""
    function = sym.argmax if call.operator == "ArgMax" else sym.argmin
    axis = call.axis(0)
    keep = bool(call.attribute("keepdims", 1))
    if not call.attribute("select_last_index", 0):
        return sym.Cast(function(call[0], axis=axis, keepdims=keep), dtype="int64")
    found = function(sym.flip(call[0], axis=axis), axis=axis, keepdims=keep)
    return sym.Cast(call.length(axis) - 1 - found, dtype="int64")


@reads("CumSum")
def cumulative_sum(call: Call) -> Symbol:
    """Read running sums, from either end, with or without the element itself."""
    axis = int(call.constant(1).reshape(-1)[0])
    axis = axis % call.rank()
    x = call[0]
    if call.attribute("reverse", 0):
        x = sym.flip(x, axis=axis)
    found = sym.cumsum(x, axis=axis, dtype=call.dtype())
    if call.attribute("exclusive", 0):
        found = found - x
    return sym.flip(found, axis=axis) if call.attribute("reverse", 0) else found


@reads("CumProd")
def cumulative_product(call: Call) -> Symbol:
    """Read running products, from either end, with or without the element itself."""
    axis = int(call.constant(1).reshape(-1)[0]) % call.rank()
    x = sym.swapaxes(call[0], dim1=0, dim2=axis) if axis else call[0]
    if call.attribute("reverse", 0):
        x = sym.flip(x, axis=0)
    flat = call.rank() == 1  # foreach takes rows
    x = sym.expand_dims(x, axis=1) if flat else x
    first = sym.ones_like(sym.squeeze(sym.slice_axis(x, axis=0, begin=0, end=1), axis=0))
    exclusive = bool(call.attribute("exclusive", 0))
    found, _ = sym.contrib.foreach(
        lambda row, product: ((product * 1 if exclusive else row * product), row * product), x, first
    )
    found = sym.squeeze(found, axis=1) if flat else found
    if call.attribute("reverse", 0):
        found = sym.flip(found, axis=0)
    return sym.swapaxes(found, dim1=0, dim2=axis) if axis else found


@reads("TopK")
def top_k(call: Call) -> list[Symbol]:
    """Read the k largest or smallest elements and their indices."""
    k = int(call.constant(1).reshape(-1)[0]) if call.has(1) else call.attribute("k")
    axis = call.axis(-1)
    both = sym.topk(call[0], axis=axis, k=k, ret_typ="both", is_ascend=not call.attribute("largest", 1), dtype="int64")
    return [both[0], both[1]]
