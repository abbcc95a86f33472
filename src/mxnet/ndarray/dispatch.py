"""From an array function to an operator's function and back: the general path, and what every path shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .._frontend.casting import casts
from .._graph.rule import run_recorded
from .._ops.attributes import REQUIRED
from .._ops.registry import Operator
from .._runtime import transfers
from .._runtime.device import torch_device
from .._runtime.random import generator
from .._runtime.tape import Trace, backward_passes, grad_mode, state
from ..base import MXNetError, translated
from ..base import TypeError as MXNetTypeError
from ..base import ValueError as MXNetValueError
from ..context import Context, current_context

if TYPE_CHECKING:
    from .ndarray import NDArray

Tensor = torch.Tensor

#: What an operator's function may raise for input that does not fit.
ERRORS = (RuntimeError, ValueError, TypeError, IndexError, ArithmeticError)


class NDArrayBase:
    """The parts of an array: a torch tensor, its context, and its place in recorded graphs (None when it has none)."""

    __slots__ = ("__weakref__", "_context", "_data", "_trace")

    is_sparse = False  # see _sparse_arrays.py

    _data: Tensor
    _context: Context
    _trace: Trace | None


def own(result: Tensor, source: Tensor) -> Tensor:
    """Return `result` with memory of its own: results of operators never share memory with their inputs.

    Arrays are always contiguous, so that a contiguous piece of one can be a view.
    """
    shared = result.untyped_storage().data_ptr() == source.untyped_storage().data_ptr()
    return result.clone(memory_format=torch.contiguous_format) if shared else result


def wrap(cls: type[NDArray], data: Tensor, context: Context) -> NDArray:
    """Return an array around a plain tensor."""
    array = cls.__new__(cls)
    array._data = data
    array._context = context
    array._trace = None
    return array


def wrap_live(cls: type[NDArray], live: Tensor, context: Context) -> NDArray:
    """Return an array around a tensor that may carry autograd history."""
    if not live.requires_grad:
        return wrap(cls, live, context)
    array = cls.__new__(cls)
    array._data = live.detach()
    array._context = context
    array._trace = Trace(live)
    return array


def live_tensor(array: NDArrayBase) -> Tensor:
    """Return the tensor that a recorded operator shall see."""
    trace = array._trace
    if trace is None:
        return array._data
    if trace.gradient is not None or trace.epoch == backward_passes.freeing:
        return trace.live
    found = trace.current()
    return array._data if found is None else found


def parse(operator: Operator, name: str, value: Any) -> Any:
    """Return an attribute's Python value; MXNetError names the operator and the attribute."""
    attribute = operator.attributes[name]
    if value is REQUIRED:
        raise MXNetError(
            f"operator {operator.name}: required attribute {name!r} ({attribute.type.spelling}) is missing"
        )
    if name == "ctx":
        return value
    try:
        return operator.parse_one(attribute, value)
    except ValueError as error:
        raise MXNetValueError(f"operator {operator.name}: {error}") from None


def unknown(operator: Operator, given: Mapping[str, Any]) -> None:
    """Refuse keyword arguments that the operator does not have; one such as ``__layout__`` is a remark for symbols."""
    for name in given:
        if name.startswith("__") and name.endswith("__") and len(name) > 4:
            continue
        raise MXNetError(f"operator {operator.name}: {operator.unknown_attribute(name)}")


def further(operator: Operator, given: Mapping[str, Any]) -> dict[str, str]:
    """Return keyword arguments as further attributes, which are strings."""
    for name, value in given.items():
        if isinstance(value, NDArrayBase):
            raise MXNetTypeError(f"operator {operator.name}: {name} is an array; expected inputs by position")
    return {name: str(value) for name, value in given.items()}


def failed(
    operator: Operator, arrays: Sequence[NDArrayBase | None], values: Mapping[str, Any], error: BaseException
) -> MXNetError:
    """Return what an operator's function said, with the operator's name and what it was given."""
    if operator.starred:
        names: Sequence[str] = [f"arg{i}" for i in range(len(arrays))]
    else:
        names = [item.name for item in operator.inputs]
    inputs = ", ".join(f"{name} {describe(a)}" for name, a in zip(names, arrays) if a is not None)
    shown = ", ".join(f"{name}={_shown(value)}" for name, value in values.items())
    given = "; ".join(part for part in (inputs, shown) if part)
    text = str(error).splitlines()[0] if str(error) else type(error).__name__
    return translated(error, f"operator {operator.name}: {text}" + (f" [called with {given}]" if given else ""))


def describe(array: NDArrayBase) -> str:
    """Return shape, dtype and context of an array for a message."""
    return f"{tuple(array._data.shape)} {_shown(array._data.dtype)} @{array._context}"


def _shown(value: Any) -> str:
    return str(value).removeprefix("torch.")


def context_of(value: Any) -> Context:
    """Return the context that a ``ctx`` argument means: a Context, its string, or nothing for the current one."""
    if isinstance(value, Context):
        return value
    if not value:
        return current_context()
    name, _, number = str(value).rstrip(")").partition("(")
    try:
        return Context(name, int(number or 0))
    except (KeyError, ValueError):
        raise MXNetError(f"ctx: expected a Context or a string like 'cpu(0)', got {value!r}") from None


def invoke(operator: Operator, inputs: Sequence[Any], values: dict[str, Any], out: Any = None) -> Any:
    """Run an operator on arrays. `values` holds parsed attributes.

    Returns one array, or a list when the operator has several visible outputs. Results go into `out` when it is given.
    """
    from .ndarray import NDArray

    try:
        arrays = _check_inputs(operator, inputs, values, NDArray)
    except MXNetError:
        raise
    except ValueError as error:  # the attributes do not say what inputs there are
        raise failed(operator, (), values, error) from None
    rule = casts.get(operator.name) if casts and operator.differentiable else None
    if rule is not None:
        from ._casting import cast

        arrays = cast(operator, rule, arrays, values)
    context, sparse = None, False
    for array in arrays:
        if array is not None:
            context = array._context if context is None else context
            sparse = sparse or array.is_sparse
    if sparse:
        from . import _sparse_operators as sparse_operators  # it is made of arrays

        kept = sparse_operators.run(operator, arrays, values, out)
        if kept is not None:
            return kept
        if not (operator.updates or operator.mutates):
            arrays = sparse_operators.dense_inputs(arrays)
    if context is None:
        context = context_of(values.get("ctx")) if out is None else _first(out)._context
    call = operator.keywords(values)
    if operator.training:
        call["training"] = state.training
        values = {**values, "training": state.training}
    if operator.random:
        call["generator"] = generator(context)
    if operator.creates:
        call["device"] = torch_device(context)
    if operator.keeps:
        call["kept"] = values["kept"] = {}
    recorded = False
    if operator.updates:
        call["inplace"] = _is_in_place(operator, arrays, values, out)
    if state.recording and operator.differentiable:
        tensors = [None if a is None else live_tensor(a) for a in arrays]
        recorded = any(t is not None and t.requires_grad for t in tensors)
    else:
        tensors = [None if a is None else a._data for a in arrays]
    try:
        result = run_recorded(operator, tensors, call, values) if recorded else operator.function(*tensors, **call)
    except MXNetError:
        raise  # of user's code inside, already told
    except ERRORS as error:
        raise failed(operator, arrays, values, error) from None
    outputs: Sequence[Tensor] = result if isinstance(result, (tuple, list)) else (result,)
    outputs = outputs[: operator.visible_outputs(values)]
    source = next((t for t in tensors if t is not None), None)
    if operator.view and source is not None:
        outputs = [own(o, source) for o in outputs]
    outputs = [o if o.is_contiguous() else o.contiguous() for o in outputs]
    if operator.fills:
        return _fill(operator, outputs[0], out)
    if out is not None:
        if rule is not None:
            outputs = [o.to(target._data.dtype) for o, target in zip(outputs, _several(out))]
        return _write(operator, arrays, outputs, out)
    if recorded:
        results = [wrap_live(NDArray, o, context) for o in outputs]
    else:
        results = [wrap(NDArray, o, context) for o in outputs]
    return results[0] if len(results) == 1 else results


def _check_inputs(
    operator: Operator, inputs: Sequence[Any], values: dict[str, Any], array_class: type[NDArray]
) -> list[NDArray | None]:
    if operator.starred:
        if len(inputs) == 1 and isinstance(inputs[0], (list, tuple)):
            inputs = inputs[0]
        if operator.variadic and (operator.active is None or values.get(operator.variadic) is None):
            values[operator.variadic] = len(inputs)
        wanted = operator.input_names(values)
        names = [f"{operator.inputs[0].name}[{i}]" for i in range(len(inputs))]
        if len(wanted) != len(inputs):
            raise MXNetError(
                f"operator {operator.name}: {len(inputs)} inputs came, but under these attributes it takes "
                f"{len(wanted)}: {', '.join(wanted)}"
            )
        wanted = names
    else:
        names = [item.name for item in operator.inputs]
        wanted = operator.input_names(values)
        inputs = _in_order(names, inputs, wanted)
    for name, value in zip(names, inputs):
        if value is None:
            if name in wanted and not (operator.active is None and _is_optional(operator, name)):
                raise MXNetError(
                    f"operator {operator.name}: input {name!r} is missing; "
                    f"it takes {len(wanted)} inputs: {', '.join(wanted)}"
                )
        elif not isinstance(value, array_class):
            raise MXNetTypeError(
                f"operator {operator.name}: input {name!r} is a {type(value).__module__}.{type(value).__name__}, "
                "expected an NDArray (mx.nd.array(...) makes one)"
            )
        elif name not in wanted:
            raise MXNetError(
                f"operator {operator.name}: input {name!r} came, but under these attributes it takes "
                f"{len(wanted)} inputs: {', '.join(wanted)}"
            )
    return list(inputs)


def _in_order(names: Sequence[str], inputs: Sequence[Any], wanted: Sequence[str]) -> Sequence[Any]:
    """Give arrays that came by position to the inputs that exist under the attributes, in their order."""
    count = sum(value is not None for value in inputs)
    if count != len(wanted) or any(value is None for value in inputs[:count]) or list(wanted) == list(names[:count]):
        return inputs
    by_name = dict(zip(wanted, inputs))
    return [by_name.get(name) for name in names]


def _is_optional(operator: Operator, name: str) -> bool:
    return any(item.optional for item in operator.inputs if item.name == name)


def _first(out: Any) -> NDArray:
    return out[0] if isinstance(out, (list, tuple)) else out


def _several(out: Any) -> Sequence[NDArray]:
    return out if isinstance(out, (list, tuple)) else [out]


def _is_in_place(operator: Operator, arrays: Sequence[NDArray | None], values: Mapping[str, Any], out: Any) -> bool:
    """Return whether ``out`` is the arrays that the operator updates."""
    if out is None:
        return False
    numbers = operator.updates(values) if callable(operator.updates) else operator.updates
    targets: Sequence[NDArray] = list(out) if isinstance(out, (list, tuple)) else [out]
    if len(targets) != len(numbers) or any(target is not arrays[n] for target, n in zip(targets, numbers)):
        return False
    for target in targets:
        check_writable(operator.name, target)
        if transfers.pending:
            transfers.settle(target._data)
    return True


def _write(operator: Operator, arrays: Sequence[NDArray | None], outputs: Sequence[Tensor], out: Any) -> Any:
    """Put results into the arrays given as ``out``."""
    targets: Sequence[NDArray] = list(out) if isinstance(out, (list, tuple)) else [out]
    if len(targets) != len(outputs):
        raise MXNetError(f"operator {operator.name}: {len(outputs)} outputs, but out holds {len(targets)} arrays")
    for target, output in zip(targets, outputs):
        if target._data.shape != output.shape or target._data.dtype is not output.dtype:
            raise MXNetError(
                f"operator {operator.name}: out is {describe(target)}, "
                f"the result is {tuple(output.shape)} {_shown(output.dtype)}; expected the same shape and dtype"
            )
        if output is not target._data:
            write(operator.name, target, output, arrays)
    return out


def _fill(operator: Operator, value: Tensor, target: Any) -> Any:
    """Put a result into the array given as ``out``, in its dtype."""
    if not isinstance(target, NDArrayBase):
        raise MXNetError(f"operator {operator.name}: out={target!r}; expected the array to write to")
    if value.dim() and value.shape != target._data.shape:
        raise MXNetError(
            f"operator {operator.name}: out is {describe(target)}, the result has shape {tuple(value.shape)}; "
            "expected the same shape"
        )
    check_writable(operator.name, target)
    if value.is_floating_point() and not target._data.is_floating_point():
        value = value.long()  # cut towards zero, then the lowest bits
    overwrite(target._data, value)
    return target


def write(what: str, target: NDArrayBase, value: Tensor, sources: Sequence[NDArray | None] = ()) -> None:
    """Overwrite all of `target` with `value`, which may carry autograd history."""
    if state.recording:
        check_writable(what, target)
        if value.requires_grad:
            if any(target is source for source in sources):
                raise _inplace_error(what)
            overwrite(target._data, value.detach())
            with grad_mode():
                target._trace = Trace(value.to(target._data.device, target._data.dtype))
            return
    if target.is_sparse:
        target._set_dense(value)  # type: ignore[attr-defined]
    else:
        overwrite(target._data, value)


def overwrite(target: Tensor, value: Tensor) -> None:
    """Copy `value` into `target`, which has its shape; they may be overlapping views of one memory."""
    if target.is_cuda and value.is_cpu:
        transfers.overwrite(target, value)
        return
    if transfers.pending:
        transfers.settle(target)
    try:
        target.copy_(value)
    except RuntimeError:  # torch refuses views that overlap in part
        target.copy_(value.clone())


def check_writable(what: str, target: NDArrayBase) -> None:
    """Refuse to write, while recording, to an array that a recorded graph contains."""
    if state.recording and target._trace is not None:
        raise _inplace_error(what)


def _inplace_error(what: str) -> MXNetError:
    return MXNetError(
        f"{what}: writing to an array that is part of a recorded graph (+=, *=, x[:] =, out=) is not supported inside "
        "autograd.record(): its gradient would be wrong. Use a new array (y = x + 1), or write outside the block."
    )
