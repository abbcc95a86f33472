"""``Symbol.bind`` and ``Symbol.simple_bind``: checking and allocating an executor's arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from . import base
from ._graph.inference import Conflict, Inferred
from ._graph.node import Entry, topological_order
from ._ops.attributes import DTYPE_NAMES, torch_dtype
from ._runtime.device import torch_device
from ._storage_types import argument_types, gradient_types
from .base import MXNetError
from .context import Context
from .executor import Executor, group_context, make
from .ndarray import NDArray
from .ndarray.dispatch import NDArrayBase, wrap
from .ndarray.sparse import zeros as sparse_zeros
from .symbol import Symbol

_REQS = ("write", "add", "null")


def _listed(given: Any, names: Sequence[str], what: str, required: bool) -> list[Any]:
    """Return arrays in the order of `names` from a list or a dict."""
    if given is None:
        given = {}
    if isinstance(given, Mapping):
        missing = [name for name in names if name not in given]
        if required and missing:
            raise base.ValueError(f"key `{missing[0]}` is missing in `{what}`")
        found = [given.get(name) for name in names]
    elif isinstance(given, (list, tuple)):
        found = list(given)
        if len(found) != len(names):
            raise base.ValueError(
                f"Length of {what} does not match the number of arguments: {len(found)} came for {', '.join(names)}"
            )
    else:
        raise base.TypeError(f"Only accept list of NDArrays or dict of str to NDArray for {what}, got {type(given)}")
    for name, array in zip(names, found):
        if array is None and not required:
            continue
        if not isinstance(array, NDArrayBase):
            raise base.TypeError(f"{what}[{name!r}] is a {type(array).__name__}, expected an NDArray")
    return found


def _requests(grad_req: Any, names: Sequence[str]) -> list[str]:
    """Return a grad_req for every argument."""
    if isinstance(grad_req, str):
        found = [grad_req] * len(names)
    elif isinstance(grad_req, (list, tuple)):
        found = list(grad_req)
        if len(found) != len(names):
            raise base.ValueError(f"grad_req: {len(found)} entries for {len(names)} arguments")
    elif isinstance(grad_req, Mapping):
        unknown = [name for name in grad_req if name not in names]
        if unknown:
            raise base.ValueError(f"grad_req: no argument {unknown[0]!r}; there are: {', '.join(names)}")
        found = [grad_req.get(name, "null") for name in names]
    else:
        raise base.TypeError(f"grad_req: expected str, list or dict, got {type(grad_req).__name__}")
    for request in found:
        if request not in _REQS:
            raise base.ValueError(f"grad_req must be in {_REQS}, got {request!r}")
    return found


def bind(
    symbol: Symbol,
    ctx: Context,
    args: Any,
    args_grad: Any,
    grad_req: Any,
    aux_states: Any,
    group2ctx: Mapping[str, Context] | None,
    shared_exec: Executor | None,
) -> Executor:
    """See `Symbol.bind`."""
    del shared_exec  # torch's allocator shares memory between executors
    ctx = _context(ctx)
    names, states = ([node.name for node in nodes] for nodes in symbol._variables())
    arguments: list[NDArray] = _listed(args, names, "args", required=True)
    gradients: list[NDArray | None] = _listed(args_grad, names, "args_grad", required=False)
    auxiliary: list[NDArray] = _listed(aux_states, states, "aux_states", required=True)
    requests = _requests(grad_req, names)
    _check_arrays(symbol, ctx, group2ctx, dict(zip(names, arguments)), dict(zip(states, auxiliary)))
    for name, array, gradient in zip(names, arguments, gradients):
        if gradient is not None and gradient.shape != array.shape:
            raise base.ValueError(f"args_grad[{name!r}] has shape {gradient.shape}, its argument {array.shape}")
        if gradient is not None and gradient._data.dtype is not array._data.dtype:
            raise base.TypeError(
                f"args_grad[{name!r}] is {DTYPE_NAMES[gradient._data.dtype]}, "
                f"its argument {DTYPE_NAMES[array._data.dtype]}"
            )
    return make(symbol, ctx, arguments, gradients, requests, auxiliary, group2ctx)


def _context(ctx: Any) -> Context:
    if not isinstance(ctx, Context):
        raise base.TypeError(f"bind: ctx is a {type(ctx).__name__}, expected a Context such as mx.cpu()")
    torch_device(ctx)  # says so if there is no such device
    return ctx


def _check_arrays(
    symbol: Symbol,
    ctx: Context,
    group2ctx: Mapping[str, Context] | None,
    arguments: Mapping[str, NDArray],
    auxiliary: Mapping[str, NDArray],
) -> None:
    """Refuse arrays whose shapes, dtypes or devices do not go together."""
    arrays = {**arguments, **auxiliary}
    try:
        inferred = Inferred(
            symbol._entries,
            {name: array.shape for name, array in arrays.items()},
            {name: array._data.dtype for name, array in arrays.items()},
            zeros_are_sizes=True,
        )
        inferred.infer_dtypes()
        inferred.infer_shapes()
    except Conflict as error:
        raise MXNetError(f"bind: {error}") from None
    for node in inferred.order:
        if node.operator is None:
            device = torch_device(group_context(node, ctx, group2ctx))
            if arrays[node.name]._data.device != device:
                raise MXNetError(
                    f"bind: {node.name!r} is on {arrays[node.name].context}, but is needed on "
                    f"{group_context(node, ctx, group2ctx)}; move it with as_in_context"
                )


def simple_bind(
    symbol: Symbol,
    ctx: Context,
    grad_req: Any,
    type_dict: Mapping[str, Any] | None,
    stype_dict: Mapping[str, str] | None,
    group2ctx: Mapping[str, Context] | None,
    shared_arg_names: Sequence[str] | None,
    shared_exec: Executor | None,
    shared_buffer: dict[str, NDArray] | None,
    shapes: Mapping[str, Any],
) -> Executor:
    """See `Symbol.simple_bind`."""
    ctx = _context(ctx)
    argument_nodes, state_nodes = symbol._variables()
    names, states = [node.name for node in argument_nodes], [node.name for node in state_nodes]
    nodes = {node.name: node for node in (*argument_nodes, *state_nodes)}
    stypes = argument_types(nodes, stype_dict or {})
    gradient_stypes = gradient_types(topological_order(symbol._entries), stypes)
    requests = _requests(grad_req, names)
    inferred = _infer_for_binding(symbol, shapes, type_dict or {})

    def allocate(name: str, stypes: Mapping[str, str] = stypes) -> NDArray:
        entry = Entry(nodes[name], 0)
        shape, dtype = inferred.shape(entry), inferred.dtype(entry)
        assert shape is not None
        context = group_context(nodes[name], ctx, group2ctx)
        if stypes[name] != "default":
            return sparse_zeros(stypes[name], shape, context, dtype)
        return wrap(NDArray, torch.zeros(shape, dtype=dtype, device=torch_device(context)), context)

    def shared(name: str) -> NDArray:
        """Take an array from the executor or the buffer to share with, where it fits."""
        new = allocate(name)
        old = None
        if shared_exec is not None and (shared_arg_names is None or name in shared_arg_names):
            old = shared_exec.arg_dict.get(name)
            old = shared_exec.aux_dict.get(name) if old is None else old
        if old is None and shared_buffer is not None and (shared_arg_names is None or name not in shared_arg_names):
            old = shared_buffer.get(name)
        fits = (
            old is not None
            and old.stype == new.stype
            and old._data.dtype is new._data.dtype
            and old._data.device == new._data.device
        )
        if fits and old is not None and old.shape == new.shape:
            return old
        if fits and old is not None and old.size >= new.size and not old.is_sparse:
            return wrap(NDArray, old._data.reshape(-1)[: new.size].view(new.shape), old.context)
        if shared_buffer is not None and (shared_arg_names is None or name not in shared_arg_names):
            shared_buffer[name] = new
        return new

    sharing = shared_exec is not None or shared_buffer is not None
    arguments = [shared(name) if sharing else allocate(name) for name in names]
    auxiliary = [shared(name) if sharing else allocate(name) for name in states]
    gradients = [
        None if request == "null" else allocate(name, gradient_stypes) for name, request in zip(names, requests)
    ]
    if shared_exec is None:
        return make(symbol, ctx, arguments, gradients, requests, auxiliary, group2ctx, own_gradients=True)
    # executors that share a parameter share its gradient, too
    for position, (name, gradient) in enumerate(zip(names, gradients)):
        old = None if shared_arg_names is not None and name not in shared_arg_names else shared_exec.grad_dict.get(name)
        if gradient is not None and old is not None and arguments[position] is shared_exec.arg_dict.get(name):
            gradients[position] = old
    return make(symbol, ctx, arguments, gradients, requests, auxiliary, group2ctx)


def _infer_for_binding(symbol: Symbol, shapes: Mapping[str, Any], type_dict: Mapping[str, Any]) -> Inferred:
    given = ", ".join(f"{name} {shape}" for name, shape in shapes.items()) or "none"
    known: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        try:
            known[name] = tuple(n.__index__() for n in ((shape,) if isinstance(shape, int) else shape))
        except (AttributeError, TypeError):
            raise base.TypeError(f"simple_bind: the shape of {name!r} is {shape!r}, expected a tuple of int") from None
    try:
        dtypes = {name: torch_dtype(dtype) for name, dtype in type_dict.items()}
    except TypeError as error:
        raise base.TypeError(f"simple_bind: type_dict: {error}") from None
    inferred = Inferred(symbol._entries, known, dtypes)
    try:
        inferred.infer_dtypes(torch.float32)
        inferred.infer_shapes()
    except Conflict as error:
        raise MXNetError(f"simple_bind: {error} [given shapes: {given}]") from None
    unknown = [
        f"{node.name} {inferred.shape(Entry(node, 0)) or ''}".strip()
        for node in inferred.order
        if node.operator is None
        and (inferred.shape(Entry(node, 0)) is None or 0 in (inferred.shape(Entry(node, 0)) or ()))
    ]
    if unknown:
        raise MXNetError(
            f"simple_bind: the shapes of these arguments cannot be found: {', '.join(unknown)} "
            f"[given shapes: {given}]; give them by keyword, such as {unknown[0].split()[0]}=(...)"
        )
    return inferred
