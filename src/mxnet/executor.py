"""Executors: a symbol bound to arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from . import base
from ._forward_values import ForwardValues
from ._graph import passes
from ._graph.inference import Inferred
from ._graph.node import Entry, Node, auxiliary_nodes, state_inputs, topological_order
from ._graph.plan import Plan, Training
from ._running import placement, run
from ._runtime import backends
from ._runtime.cuda_graphs import Graphs, graphs_for
from ._runtime.device import torch_device
from .base import MXNetError
from .context import Context
from .ndarray import NDArray
from .ndarray.dispatch import NDArrayBase, wrap
from .ndarray.unread import Gradient
from .symbol import Symbol

__all__ = ["Executor"]


class Executor:
    """Computes a symbol, and its gradients, on a fixed set of arrays.

    Executors are made by `Symbol.bind` and `Symbol.simple_bind`, not by calling this class.

    Attributes
    ----------
    arg_arrays, grad_arrays, aux_arrays : list of NDArray
        The bound arrays, in the order of the symbol's lists; a gradient may be None. Writing to an array (``[:] =``) is
        seen by the next call; several executors may share arrays.
    arg_dict, grad_dict, aux_dict : dict of str to NDArray
        The same by name.
    outputs : list of NDArray
        The results of the last `forward`, always the same array objects.

    Examples
    --------
    >>> x = mx.sym.var("x")
    >>> executor = (x * x).bind(mx.cpu(), {"x": mx.nd.array([3.0])}, args_grad={"x": mx.nd.zeros((1,))})
    >>> executor.forward(is_train=True)[0].asscalar()
    np.float32(9.0)
    >>> executor.backward(mx.nd.ones((1,)))
    >>> executor.grad_dict["x"].asscalar()
    np.float32(6.0)
    """

    def __init__(
        self,
        handle: Mapping[str, Any],
        symbol: Symbol,
        ctx: Context,
        grad_req: Any,
        group2ctx: Mapping[str, Context] | None,
    ) -> None:
        self._symbol, self._ctx, self._grad_req, self._group2ctx = symbol, ctx, grad_req, group2ctx
        self.arg_arrays: list[NDArray] = handle["args"]
        self.grad_arrays: list[NDArray | None] = handle["grads"]
        self.aux_arrays: list[NDArray] = handle["auxiliary"]
        self._reqs: list[str] = handle["reqs"]
        self._output_names = symbol.list_outputs()
        self._heads, self._context_of = _placed(_with_shapes(symbol, handle), ctx, group2ctx)
        self._plan = Plan(self._heads, placement(self._context_of))
        self._backend = backends.backend_named(symbol._backend)
        states = auxiliary_nodes(self._plan.order)
        self._arg_names = [node.name for node in self._plan.variables if id(node) not in states]
        self._aux_names = [node.name for node in self._plan.variables if id(node) in states]
        arguments, auxiliary = iter(self.arg_arrays), iter(self.aux_arrays)
        self._variables = [next(auxiliary if id(node) in states else arguments) for node in self._plan.variables]
        numbers = [number for number, node in enumerate(self._plan.variables) if id(node) not in states]
        self._wanted: list[int] = []  # numbers of the plan's variables that have a gradient
        self._targets: list[Gradient] = []  # where each of them goes
        self._integers: list[torch.Tensor] = []  # gradients of integer arguments: always zero
        for number, grad, req in zip(numbers, self.grad_arrays, self._reqs):
            if grad is None or req == "null":
                continue
            if not grad._data.is_floating_point():
                self._integers.append(grad._data)
                continue
            self._wanted.append(number)
            self._targets.append(Gradient(grad, req))
            if handle.get("own_gradients") and req == "write" and not grad.is_sparse:
                self._targets[-1].watch(grad)
        self._waiting: list[Gradient] = []  # those that the present steps put off
        self._loss = [e.node.operator is not None and e.node.operator.is_loss(e.node.values) for e in self._heads]
        self._reached: list[bool] | None = None
        self._monitor: tuple[Callable[[Any, NDArray], None], bool] | None = None
        numbers_of_states = {number for number, node in enumerate(self._plan.variables) if id(node) in states}
        self._values = ForwardValues(self._plan, numbers_of_states)
        self._step: Training | None = None  # that of the last forward pass
        self._outputs: list[NDArray] | None = None
        self._steps: dict[bool, Any] = {}
        self._graphs = None if self._backend is not None else self._capturing()

    def _capturing(self) -> Graphs | None:
        """Return what captures CUDA graphs of this executor; sparse arrays have no memory that would stay."""
        if any(type(array).is_sparse for array in (*self._variables, *self.grad_arrays) if array is not None):
            return None  # (the class is asked: to ask an array would be a look at its gradient)
        contexts = {self._context_of(node) for node in self._plan.order} if self._group2ctx else {self._ctx}
        what = f"the executor of {', '.join(self._output_names)}"
        return graphs_for(what, self._plan, map(torch_device, contexts))

    @cached_property
    def arg_dict(self) -> dict[str, NDArray]:
        """The arguments by name; ValueError when two have one name."""
        return _by_name(self._arg_names, self.arg_arrays, "arguments")

    @cached_property
    def grad_dict(self) -> dict[str, NDArray | None]:
        """The gradients by name, None for an argument without one."""
        return _by_name(self._arg_names, self.grad_arrays, "arguments")

    @cached_property
    def aux_dict(self) -> dict[str, NDArray]:
        """The auxiliary states by name."""
        return _by_name(self._aux_names, self.aux_arrays, "auxiliary states")

    # -- how arrays and plan go together ---------------------------------------------------------------------------

    def _heads_with_gradient(self) -> list[bool]:
        """Return, for each output, whether its gradient reaches a wanted argument: BlockGrad and argmax end one."""
        if self._reached is None:
            inferred = self._infer()
            reached = {(id(self._plan.variables[i]), 0) for i in self._wanted}
            for node in self._plan.order:
                above = [(id(entry.node), entry.index) in reached for entry in node.inputs]
                if node.operator is not None and any(above):
                    carried = inferred.carries_gradient(node, above)
                    reached.update((id(node), i) for i, carries in enumerate(carried) if carries)
            self._reached = [(id(entry.node), entry.index) in reached for entry in self._heads]
        return self._reached

    # -- running ---------------------------------------------------------------------------------------------------

    @property
    def outputs(self) -> list[NDArray]:
        """The results of the last `forward`; zeros before the first."""
        if self._outputs is None:
            self._outputs = self._empty_outputs()
        return self._outputs

    def _infer(self) -> Inferred:
        inferred = Inferred(
            self._heads,
            {node.name: array.shape for node, array in zip(self._plan.variables, self._variables)},
            {node.name: array._data.dtype for node, array in zip(self._plan.variables, self._variables)},
            zeros_are_sizes=True,
        )
        inferred.infer_dtypes()
        inferred.infer_shapes()
        return inferred

    def _empty_outputs(self) -> list[NDArray]:
        inferred = self._infer()
        found: list[NDArray] = []
        for entry in self._heads:
            context = self._context_of(entry.node)
            shape, dtype = inferred.shape(entry) or (), inferred.dtype(entry) or torch.float32
            found.append(wrap(NDArray, torch.zeros(shape, dtype=dtype, device=torch_device(context)), context))
        return found

    @property
    def output_dict(self) -> dict[str, NDArray]:
        """The outputs by name."""
        return _by_name(self._output_names, self.outputs, "outputs")

    def forward(self, is_train: bool = False, **kwargs: Any) -> list[NDArray]:
        """Compute the outputs from the bound arrays' present values.

        Parameters
        ----------
        is_train : bool
            Training mode: Dropout drops, BatchNorm uses the batch. `backward` may follow in either mode.
        **kwargs : NDArray or array_like
            New values for arguments, copied into the bound arrays first.

        Returns
        -------
        list of NDArray
            `outputs`.

        Raises
        ------
        TypeError, ValueError
            If a keyword is no argument, or a value has another shape.
        MXNetError
            If an operator cannot compute; the message names the node.
        """
        if kwargs:
            self._feed(kwargs)
        if self._graphs is not None and self._graphs.refused is not None:
            self._graphs = None
            self._steps.clear()
        if self._monitor is not None:
            return self._forward_watched(bool(is_train))
        if self._waiting and not all(target.unread for target in self._waiting):
            self._steps.clear()  # somebody looked at a gradient that was put off: compute it from now on
        step = self._steps.get(is_train)
        if step is None:
            step = self._steps[is_train] = self._lower(bool(is_train))
        arguments = [array._data for array in self._variables]
        if self._wanted:
            self._values.begin(arguments)
        if not self._wanted:
            outputs, _ = self._run(step, arguments)
        else:
            self._step = None
            outputs, saved, _ = self._run(step.forward, arguments)
            self._values.keep(saved)
            self._step = step
        if self._outputs is None:
            self._outputs = [wrap(NDArray, o, self._context_of(e.node)) for e, o in zip(self._heads, outputs)]
            return self._outputs
        for array, tensor in zip(self._outputs, outputs):
            array._data = tensor
        return self._outputs

    def _lower(self, is_train: bool, watch: Sequence[Entry] | None = None) -> Any:
        if self._backend is not None and watch is None:
            self._waiting = []
            if not self._wanted:
                return self._backend(self._plan.inference(is_train, for_compiler=True))
            return backends.training(self._plan, self._backend, is_train, self._wanted)
        if not self._wanted:
            function = self._plan.inference(is_train, watch or ())
            return function if watch is not None or self._graphs is None else self._graphs.function(function)
        if watch is not None:
            self._waiting = []
            return self._plan.training(is_train, self._wanted, watch, apart=True)
        if self._graphs is not None:
            self._waiting = []  # a gradient that follows from a graph's memory cannot wait: the next replay changes it
            step = _delivering(self._plan.training(is_train, self._wanted), self._targets)
            return self._graphs.step(step, own=[target.tensor for target in self._targets])
        put_off = [number for number, target in zip(self._wanted, self._targets) if target.unread]
        step = self._plan.training(is_train, self._wanted, put_off=put_off)
        self._waiting = [target for number, target in zip(self._wanted, self._targets) if number in step.deferred]
        return step

    def _run(self, function: Any, *arguments: Any) -> Any:
        return run("executor", self._plan.variables, self._variables, function, *arguments)

    def _feed(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name not in self.arg_dict:
                raise base.TypeError(f"Unknown argument {name}; the symbol's arguments: {', '.join(self._arg_names)}")
            target = self.arg_arrays[self._arg_names.index(name)]
            shape = tuple(value.shape) if hasattr(value, "shape") else np.shape(value)
            if shape != target.shape:
                raise base.ValueError(f"Shape not match! Argument {name}, need: {target.shape}, received: {shape}")
            target[:] = value

    def backward(self, out_grads: Any = None, is_train: bool = True) -> None:
        """Compute the gradients of the last `forward` into the gradient arrays.

        A call uses up what `forward` kept, so that its memory comes back. A second call after the same `forward`
        computes it again first, with the same random numbers; it needs the arguments as they were.

        Parameters
        ----------
        out_grads : NDArray, list of NDArray, or dict of str to NDArray, optional
            What flows into the outputs. A loss output needs none.
        is_train : bool
            Kept for MXNet's signature: gradients are those of what `forward` did.

        Raises
        ------
        MXNetError
            If no `forward` came before, a head gradient is missing or has another shape; in a second call, if an
            argument was written to since `forward`.
        """
        if not self._wanted and not self._integers:
            raise MXNetError("backward: the executor was bound without gradients (grad_req 'null' or no args_grad)")
        for tensor in self._integers:
            tensor.zero_()
        if not self._wanted:
            return
        if self._step is None:
            raise MXNetError("backward: call forward first; gradients are those of the last forward")
        heads = self._head_gradients(out_grads)
        into = [target.tensor if target.grad_req == "write" else None for target in self._targets]
        values = self._values.take(self._step, self._run)
        gradients = self._run(self._step.backward, values, heads, into)
        if self._monitor is not None and self._step.noted:
            self._tell_gradients(self._monitor[0], self._step.noted, gradients[len(self._targets) :])
        for target, found in zip(self._targets, gradients):
            if found is not target.tensor:
                target.deliver(found)

    def _head_gradients(self, given: Any) -> list[torch.Tensor | None]:
        if isinstance(given, Mapping):
            unknown = [name for name in given if name not in self._output_names]
            if unknown:
                raise MXNetError(f"backward: no output {unknown[0]!r}; there are: {', '.join(self._output_names)}")
            given = [given.get(name) for name in self._output_names]
        if given is None:
            if all(self._loss):
                return [None] * len(self._heads)
            given = []
        elif isinstance(given, NDArrayBase):
            given = [given]
        if not given:
            given = [None] * len(self._heads)
        if len(given) != len(self._heads):
            raise MXNetError(f"backward: {len(given)} head gradients for {len(self._heads)} outputs")
        found: list[torch.Tensor | None] = []
        for position, gradient in enumerate(given):
            if gradient is None:
                if not self._loss[position] and self._heads_with_gradient()[position]:
                    raise MXNetError(
                        f"backward: output {self._output_names[position]!r} is not a loss, so a head gradient is "
                        "needed: pass out_grads, or put the output through make_loss if it is what you minimize"
                    )
                found.append(None)
                continue
            if not isinstance(gradient, NDArrayBase):
                raise base.TypeError(
                    f"backward: head gradient {position} is a {type(gradient).__name__}, expected an NDArray"
                )
            output = self.outputs[position]._data
            if gradient._data.shape != output.shape:
                raise MXNetError(
                    f"backward: head gradient {position} has shape {tuple(gradient._data.shape)}, "
                    f"output {self._output_names[position]!r} {tuple(output.shape)}; expected equal"
                )
            found.append(gradient._data.to(output.device, output.dtype))
        return found

    # -- watching --------------------------------------------------------------------------------------------------

    def set_monitor_callback(self, callback: Callable[[Any, NDArray], None] | None, monitor_all: bool = False) -> None:
        """Call ``callback(name, array)`` for the outputs of every node at each `forward`, and at each `backward`.

        What flows back into input ``i`` of a node is called ``NODE_backward_output{i}``, without a number where the
        node has one input.

        Parameters
        ----------
        callback : function of (bytes, NDArray), or None
            Names come as bytes, as from MXNet. None ends the watching.
        monitor_all : bool
            Watch inputs and variables, too.
        """
        self._monitor = None if callback is None else (callback, monitor_all)

    def _forward_watched(self, is_train: bool) -> list[NDArray]:
        assert self._monitor is not None
        callback, everything = self._monitor
        names: list[str] = []
        watch: list[Entry] = []
        for node in self._plan.order:
            if node.operator is None:
                continue
            if everything:
                for name, entry in zip(node.input_names(), node.inputs):
                    if entry.node.operator is None:  # a variable shows before each of its uses, as in MXNet
                        names.append(entry.node.name)
                        watch.append(entry)
                    names.append(f"{node.name}_{name}")
                    watch.append(entry)
            count = len(node.operator.outputs(node.values))
            names += [node.output_name(i) for i in range(count)]
            watch += [Entry(node, i) for i in range(count)]
        monitor, self._monitor, steps = self._monitor, None, self._steps
        watched: list[torch.Tensor] = []
        step = self._lower(is_train, watch)

        def noting(function: Any) -> Any:
            def run(arguments: Any) -> Any:
                result = function(arguments)
                watched.extend(result[-1])
                return result

            return run

        self._steps = {is_train: replace(step, forward=noting(step.forward)) if self._wanted else noting(step)}
        try:
            outputs = self.forward(is_train)
        finally:
            self._monitor, self._steps = monitor, steps
        for name, entry, tensor in zip(names, watch, watched):
            callback(name.encode(), wrap(NDArray, tensor.detach(), self._context_of(entry.node)))
        return outputs

    def _tell_gradients(
        self, callback: Callable[[Any, NDArray], None], noted: Sequence[tuple[Node, int]], gradients: Sequence[Any]
    ) -> None:
        for (node, index), tensor in zip(noted, gradients):
            if tensor is not None:
                number = index if len(node.inputs) - len(state_inputs(node)) > 1 else ""
                array = wrap(NDArray, tensor.detach(), self._context_of(node))
                callback(f"{node.name}_backward_output{number}".encode(), array)

    # -- arrays ----------------------------------------------------------------------------------------------------

    def copy_params_from(
        self,
        arg_params: Mapping[str, NDArray],
        aux_params: Mapping[str, NDArray] | None = None,
        allow_extra_params: bool = False,
    ) -> None:
        """Copy values into arguments and auxiliary states by name.

        Parameters
        ----------
        arg_params, aux_params : dict of str to NDArray
            The values; they are cast to the bound arrays' dtypes.
        allow_extra_params : bool
            Ignore names that the symbol does not have.

        Raises
        ------
        ValueError
            If there is no such name, or a shape differs.
        """
        for given, own, what in (
            (arg_params, self.arg_dict, "arguments"),
            (aux_params or {}, self.aux_dict, "auxiliary states"),
        ):
            for name, array in given.items():
                if name in own:
                    if array.shape != own[name].shape:
                        raise base.ValueError(f"{name!r} has shape {array.shape}, the executor's {own[name].shape}")
                    array.copyto(own[name])
                elif not allow_extra_params:
                    raise base.ValueError(f'Find name "{name}" that is not in the {what}')

    def reshape(self, partial_shaping: bool = False, allow_up_sizing: bool = False, **kwargs: Any) -> Executor:
        """Return an executor of other input shapes that shares this one's parameters.

        Parameters
        ----------
        partial_shaping : bool
            Allow arguments that are not named to change shape.
        allow_up_sizing : bool
            Allow arrays that become larger: they get new memory. A smaller array is the beginning of the old one.
        **kwargs : tuple of int
            New shapes of arguments.

        Raises
        ------
        MXNetError
            If a shape changes in a way that was not allowed, or shapes do not fit.
        """
        names = {**dict(zip(self._arg_names, self.arg_arrays)), **dict(zip(self._aux_names, self.aux_arrays))}
        for name in kwargs:
            if name not in names:
                raise MXNetError(f"reshape: no argument {name!r}; there are: {', '.join(self._arg_names)}")
        arg_shapes, _, aux_shapes = self._symbol.infer_shape(**kwargs)
        if arg_shapes is None:
            raise MXNetError("reshape: insufficient argument shapes provided")

        def moved(name: str, array: NDArray, shape: tuple[int, ...]) -> NDArray:
            if shape == array.shape:
                return array
            if name not in kwargs and not partial_shaping:
                raise MXNetError(
                    f"reshape: the shape of {name!r} changes from {array.shape} to {shape}, so that it cannot be "
                    "shared; pass partial_shaping=True if that is intended"
                )
            count = 1
            for length in shape:
                count *= length
            if count > array.size:
                if not allow_up_sizing:
                    raise MXNetError(
                        f"reshape: {name!r} grows from {array.shape} to {shape}; pass allow_up_sizing=True for new "
                        "memory, or bind the largest shape first"
                    )
                return wrap(
                    NDArray, torch.zeros(shape, dtype=array._data.dtype, device=array._data.device), array.context
                )
            return wrap(NDArray, array._data.reshape(-1)[:count].view(shape), array.context)

        args = [moved(n, a, s) for n, a, s in zip(self._arg_names, self.arg_arrays, arg_shapes)]
        grads = [
            None if g is None else moved(n, g, s) for n, g, s in zip(self._arg_names, self.grad_arrays, arg_shapes)
        ]
        auxiliary = [moved(n, a, s) for n, a, s in zip(self._aux_names, self.aux_arrays, aux_shapes)]
        return make(self._symbol, self._ctx, args, grads, self._reqs, auxiliary, self._group2ctx)

    def debug_str(self) -> str:
        """Return a description of the graph and of the bound memory for reading."""
        held = [*self.arg_arrays, *self.aux_arrays, *(grad for grad in self.grad_arrays if grad is not None)]
        size = sum(array._data.numel() * array._data.element_size() for array in held)
        return f"{self._symbol.debug_str()}Total {size / 2**20:.4g} MB bound\n"

    def get_optimized_symbol(self) -> Symbol:
        """Return the symbol that is computed, with the copies between devices put in."""
        return Symbol(self._heads)


def _delivering(step: Training, targets: Sequence[Gradient]) -> Training:
    """Return a step whose backward half also puts the gradients where they go."""

    def backward(saved: Any, heads: Sequence[Any], into: Sequence[Any]) -> tuple[torch.Tensor, ...]:
        for target, found in zip(targets, step.backward(saved, heads, into)):
            target.deliver(found)
        return tuple(target.tensor for target in targets)

    return replace(step, backward=backward)


def _by_name(names: Sequence[str], arrays: Sequence[Any], what: str) -> dict[str, Any]:
    found = dict(zip(names, arrays))
    if len(found) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise base.ValueError(f"Duplicate names detected among the {what}: {twice!r}; give each variable its own name")
    return found


# -- making one ------------------------------------------------------------------------------------------------


def _with_shapes(symbol: Symbol, handle: Mapping[str, Any]) -> list[Entry]:
    """Return the graph in which arrays that are made inside have the shapes that the bound arrays tell."""
    if not any(map(passes.has_open_shape, topological_order(symbol._entries))):
        return symbol._entries
    arguments, states = symbol._variables()
    arrays = dict(zip((node.name for node in (*arguments, *states)), (*handle["args"], *handle["auxiliary"])))
    inferred = Inferred(symbol._entries, {name: array.shape for name, array in arrays.items()})
    inferred.infer_shapes()
    return passes.with_shapes(symbol._entries, inferred.shape)


def _placed(
    entries: list[Entry], ctx: Context, group2ctx: Mapping[str, Context] | None
) -> tuple[list[Entry], Callable[[Node], Context]]:
    """Return the graph with copies between devices, and where each of its nodes is."""
    if not group2ctx:
        return entries, lambda node: ctx
    heads, places = passes.place(entries, lambda node: group_context(node, ctx, group2ctx))
    return heads, lambda node: places[id(node)]  # type: ignore[return-value]


def group_context(node: Node, ctx: Context, group2ctx: Mapping[str, Context] | None) -> Context:
    group = node.attributes.get("__ctx_group__")
    return ctx if group is None or not group2ctx else group2ctx.get(group, ctx)


def make(
    symbol: Symbol,
    ctx: Context,
    args: list[NDArray],
    grads: list[NDArray | None],
    reqs: list[str],
    auxiliary: list[NDArray],
    group2ctx: Mapping[str, Context] | None,
    *,
    own_gradients: bool = False,
) -> Executor:
    handle = {"args": args, "grads": grads, "reqs": reqs, "auxiliary": auxiliary, "own_gradients": own_gradients}
    return Executor(handle, symbol, ctx, reqs, group2ctx)
