"""Graphs called like operators: what a hybridized block runs, on arrays, recorded or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from . import base
from ._graph import passes
from ._graph.inference import Inferred
from ._graph.node import Entry, auxiliary_nodes, topological_order
from ._graph.plan import Plan
from ._graph.step import Training
from ._running import placement, run
from ._runtime import memory, random
from ._runtime.backends import Backend, backend_named
from ._runtime.cuda_graphs import Graphs, Lease, graphs_for
from ._runtime.device import torch_device
from ._runtime.tape import grad_mode, state
from .context import Context
from .ndarray import NDArray
from .ndarray.dispatch import live_tensor, wrap, wrap_live
from .symbol import Symbol

__all__ = ["CachedOp"]

Tensor = torch.Tensor
#: ``callback(name of a node's output or input, name of its operator, array)``
Callback = Callable[[bytes, bytes, NDArray], Any]


class CachedOp:
    """A symbol that is called with arrays.

    It is lowered once for each device, mode and set of arrays that need a gradient; shapes may vary from call to call.
    Nothing of the arrays is kept: the next call sees what was written to them.

    Parameters
    ----------
    sym : Symbol
        What to compute.
    flags : sequence of (str, str), or dict
        MXNet's flags ``static_alloc``, ``static_shape``, ``inline_limit`` ...: hints that change no result.
    backend : {None, 'inductor'}, optional
        Who runs it: the plan as it is, or what ``torch.compile`` makes of it.

    Examples
    --------
    >>> a, b = mx.sym.var("a"), mx.sym.var("b")
    >>> op = mx.cached_op.CachedOp(a * b + a)
    >>> op(mx.nd.array([2.0]), mx.nd.array([5.0])).asscalar()
    np.float32(12.0)
    """

    def __init__(self, sym: Symbol, flags: Any = (), backend: str | None = None) -> None:
        self._symbol = sym
        self.flags = dict(flags)
        self._backend = backend_named(backend)
        self._runs: dict[Any, _Run] = {}
        order = topological_order(sym._entries)
        self._inputs = [node for node in order if node.operator is None]
        self._open = any(map(passes.has_open_shape, order))
        self._last: tuple[Context | None, _Run | None] = (None, None)

    def __call__(self, *args: NDArray, out: Any = None) -> Any:
        """Compute the outputs.

        Parameters
        ----------
        *args : NDArray
            One for each of ``sym.list_inputs()``, all on one device.
        out : NDArray or list of NDArray, optional
            Where to write the results.

        Returns
        -------
        NDArray, or list of NDArray if the symbol has several outputs

        Raises
        ------
        MXNetError
            If the number of arrays is wrong, or an operator cannot compute; the message names the node.
        """
        if len(args) != len(self._inputs):
            names = ", ".join(node.name for node in self._inputs)
            raise base.MXNetError(f"CachedOp: {len(args)} arrays for {len(self._inputs)} inputs: {names}")
        found = self.outputs(args, args[0]._context if args else Context("cpu", 0))
        if out is not None:
            targets = out if isinstance(out, (list, tuple)) else [out]
            for target, array in zip(targets, found, strict=True):
                target[:] = array
            return out
        return found[0] if len(found) == 1 else found

    def outputs(self, arrays: Sequence[NDArray], context: Context) -> list[NDArray]:
        """Compute on `context`, where the arrays are, and return all outputs."""
        last, running = self._last
        if last is not context or running is None:
            running = self._run_on(context, arrays)
        here = state
        if here.recording:
            wanted = [i for i, array in enumerate(arrays) if array._trace is not None]
            if wanted:
                return running.recorded(arrays, wanted, here.training)
        function = running.predict.get(here.training)
        if function is None:
            function = running.lower(here.training)
        results, _ = run("CachedOp", running.plan.variables, arrays, function, [array._data for array in arrays])
        return [wrap(NDArray, result, context) for result in results]

    def watched(
        self, arrays: Sequence[NDArray], context: Context, callback: Callback, everything: bool
    ) -> list[NDArray]:
        """Compute as `outputs` does, and tell `callback` every node's outputs, with `everything` its inputs, too."""
        return self._run_on(context, arrays).watched(arrays, callback, everything)

    def _run_on(self, context: Context, arrays: Sequence[NDArray]) -> _Run:
        key: Any = (context, tuple(array.shape for array in arrays)) if self._open else context
        running = self._runs.get(key)
        if running is None:
            heads = self._with_shapes(arrays) if self._open else self._symbol._entries
            running = self._runs[key] = _Run(heads, context, self._backend)
            if self._backend is None and self._is_static():
                running.graphs = self._capturing(running.plan, context)
        if not self._open:
            self._last = (context, running)
        return running

    def _is_static(self) -> bool:
        """Return whether whoever hybridized promised memory and shapes that stay."""
        return all(str(self.flags.get(name)) in ("True", "1") for name in ("static_alloc", "static_shape"))

    def _capturing(self, plan: Plan, context: Context) -> Graphs | None:
        what = f"the hybridized graph of {', '.join(self._symbol.list_outputs())}"
        return graphs_for(what, plan, [torch_device(context)])

    def _with_shapes(self, arrays: Sequence[NDArray]) -> list[Entry]:
        """Return the graph in which arrays that are made inside have the shapes that the given ones tell."""
        shapes = {node.name: array.shape for node, array in zip(self._inputs, arrays)}
        inferred = Inferred(self._symbol._entries, shapes)
        inferred.infer_shapes()
        return passes.with_shapes(self._symbol._entries, inferred.shape)


class _Run:
    """A graph on one context."""

    def __init__(self, heads: Sequence[Entry], context: Context, backend: Backend | None) -> None:
        self.context = context
        self.plan = Plan(heads, placement(lambda node: context))
        self.backend = backend
        self.graphs: Graphs | None = None  # where functions run as captured CUDA graphs
        self.predict: dict[bool, Callable[..., Any]] = {}
        self._bodies: dict[bool, Callable[..., Any]] = {}
        self._steps: dict[Any, Any] = {}  # a `Training` for each mode and set of arrays that need a gradient
        operators = [node.operator for node in self.plan.order if node.operator is not None]
        self._keeps = any(operator.keeps for operator in operators)
        self._random = any(operator.random for operator in operators)
        states = auxiliary_nodes(self.plan.order)
        self._states = {number for number, node in enumerate(self.plan.variables) if id(node) in states}
        self._repeats = len({(id(entry.node), entry.index) for entry in heads}) < len(heads)

    def lower(self, training: bool) -> Callable[..., Any]:
        """Return the function that computes without a backward pass."""
        function = self.plan.inference(training, for_compiler=self.backend is not None)
        if self.backend is not None:
            function = self.backend(function)
        if self.graphs is not None:
            function = self.graphs.function(function)
        self.predict[training] = function
        return function

    def recorded(self, arrays: Sequence[NDArray], wanted: Sequence[int], training: bool) -> list[NDArray]:
        """Compute the outputs and put the whole graph into the recording as one function."""
        live: list[Tensor] = []
        numbers: list[int] = []
        for number in wanted:
            tensor = live_tensor(arrays[number])
            if tensor.requires_grad and number not in self._states:
                numbers.append(number)
                live.append(tensor)
        tensors = [array._data for array in arrays]
        if not numbers:
            function = self.predict.get(training) or self.lower(training)
            results, _ = run("CachedOp", self.plan.variables, arrays, function, tensors)
            return [wrap(NDArray, result, self.context) for result in results]
        if self._keeps or self.backend is not None:
            # What a node keeps belongs to one call, and compilers take the whole graph: torch records every node.
            outputs = self._on_live(tensors, numbers, live, training, arrays)
            return [wrap_live(NDArray, output, self.context) for output in outputs]
        key = (training, *numbers)
        step: Any = self._steps.get(key)
        if step is None:
            step = self.plan.training(training, numbers)
            step = self._steps[key] = step if self.graphs is None else self.graphs.step(step)
        call = _Call(self, step, numbers, training, arrays)
        if self._random:
            call.generator_state = random.generator(self.context).get_state()
        call.outputs, call.saved, _ = run("CachedOp", self.plan.variables, arrays, step.forward, tensors)
        lease: Any = call.saved
        if lease.__class__ is Lease:
            call.step, call.saved = lease, lease.tied()
        if self._repeats:
            call.outputs = tuple(output.view_as(output) for output in call.outputs)
        with grad_mode():
            outputs = _Recorded.apply(call, *live)
        return [wrap_live(NDArray, output, self.context) for output in outputs]

    def _on_live(
        self,
        tensors: Sequence[Tensor],
        numbers: Sequence[int],
        live: Sequence[Tensor],
        training: bool,
        arrays: Sequence[NDArray],
    ) -> tuple[Tensor, ...]:
        """Run the graph on live tensors, so that torch's autograd records each node."""
        mixed = list(tensors)
        for number, tensor in zip(numbers, live):
            mixed[number] = tensor
        body = self._bodies.get(training)
        if body is None:
            body = self.plan.body(training, live=True)
            self._bodies[training] = body = body if self.backend is None else self.backend(body)
        found = run("CachedOp", self.plan.variables, arrays, body, mixed)
        own = [output.clone() if any(output is tensor for tensor in mixed) else output for output in found]
        return tuple(output.contiguous() for output in own)

    def watched(self, arrays: Sequence[NDArray], callback: Callback, everything: bool) -> list[NDArray]:
        names: list[tuple[str, str]] = []
        entries: list[Entry] = []
        for node in self.plan.order:
            if node.operator is None:
                continue
            if everything:
                names += [(f"{node.name}_{name}", node.operator.name) for name in node.input_names()]
                entries += node.inputs
            count = len(node.operator.outputs(node.values))
            names += [(node.output_name(i), node.operator.name) for i in range(count)]
            entries += [Entry(node, i) for i in range(count)]
        tensors = [array._data for array in arrays]
        live = [live_tensor(array) for array in arrays] if state.recording else tensors
        numbers = [i for i, t in enumerate(live) if t.requires_grad and i not in self._states]
        variables = self.plan.variables
        if not numbers:
            function = self.plan.inference(state.training, entries)
            results, seen = run("CachedOp", variables, arrays, function, tensors)
            found = [wrap(NDArray, result, self.context) for result in results]
        else:
            step = self.plan.training(state.training, numbers, entries)
            call = _Call(self, step, numbers, state.training, arrays)
            call.outputs, call.saved, seen = run("CachedOp", variables, arrays, step.forward, tensors)
            with grad_mode():
                outputs = _Recorded.apply(call, *(live[number] for number in numbers))
            found = [wrap_live(NDArray, output, self.context) for output in outputs]
        for (name, operator), tensor in zip(names, seen):
            callback(name.encode(), operator.encode(), wrap(NDArray, tensor.detach(), self.context))
        return found

    def states_in(self, call: _Call, saved: Sequence[Any]) -> dict[int, Any]:
        """Return which of the saved tensors are auxiliary states, by position."""
        if not self._states or call.arrays is None:
            return {}
        states = {id(call.arrays[number]._data) for number in self._states}
        return {position: tensor for position, tensor in enumerate(saved) if id(tensor) in states}

    def differentiable(self, call: _Call, heads: Sequence[Tensor | None]) -> Sequence[Tensor | None]:
        """Return the gradients of one call so that they can be differentiated again: each node is run once more."""
        if call.arrays is None:
            raise base.MXNetError(
                "backward: gradients of a hybridized block can be differentiated again (create_graph=True) only in its "
                "first backward pass; call autograd.grad(..., create_graph=True) before backward(retain_graph=True)"
            )
        generator = random.generator(self.context)
        now = generator.get_state() if call.generator_state is not None else None
        if call.generator_state is not None:
            generator.set_state(call.generator_state)  # draw the same numbers
        try:
            live = [live_tensor(call.arrays[number]) for number in call.numbers]
            tensors = [array._data for array in call.arrays]
            outputs = self._on_live(tensors, call.numbers, live, call.training, call.arrays)
        finally:
            if now is not None:
                generator.set_state(now)
        pairs = [(o, h) for o, h in zip(outputs, heads) if h is not None and o.requires_grad]
        return torch.autograd.grad(
            [o for o, _ in pairs], live, [h for _, h in pairs], create_graph=True, allow_unused=True
        )


class _Call:
    """One recorded call: what it gave, and what its backward pass needs."""

    __slots__ = ("arrays", "generator_state", "numbers", "outputs", "running", "saved", "step", "training")

    def __init__(
        self, running: _Run, step: Training, numbers: Sequence[int], training: bool, arrays: Sequence[NDArray]
    ) -> None:
        self.running, self.step, self.numbers, self.training = running, step, numbers, training
        self.arrays: Sequence[NDArray] | None = arrays  # until the graph is used up
        self.outputs: tuple[Tensor, ...] = ()
        self.saved: tuple[Any, ...] = ()
        self.generator_state: Tensor | None = None


class _Recorded(torch.autograd.Function):
    """A graph as one function of torch's autograd."""

    @staticmethod
    def forward(ctx: Any, call: _Call, *live: Tensor) -> Any:
        outputs, saved = call.outputs, call.saved
        call.outputs, call.saved = (), ()
        ctx.call = call
        # a backward pass writes to states, also before another call's: torch would call that a lost value
        unwatched = call.running.states_in(call, saved)
        unwatched.update((position, saved[position]) for position in call.step.shapes)
        if unwatched:
            saved = tuple(None if position in unwatched else tensor for position, tensor in enumerate(saved))
        ctx.unwatched = unwatched
        ctx.save_for_backward(*saved)
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable(*(output for output in outputs if not output.is_floating_point()))
        return outputs

    @staticmethod
    def backward(ctx: Any, *heads: Tensor | None) -> Any:
        call: _Call = ctx.call
        if torch.is_grad_enabled():  # somebody will differentiate these gradients
            return (None, *call.running.differentiable(call, heads))
        # Outputs that were saved come back as parts of the graph outside; those of regions keep their graph inside.
        saved: list[Any] = [
            tensor.detach() if tensor is not None and tensor.grad_fn is ctx else tensor for tensor in ctx.saved_tensors
        ]
        if ctx.unwatched:
            saved = [ctx.unwatched.get(position, tensor) for position, tensor in enumerate(saved)]
        if memory.holes is not None:
            memory.holes.look(saved)
        _let_go(ctx)  # unless the graph is kept: values give their memory back after their last use
        into = (None,) * len(call.numbers)
        variables = call.running.plan.variables
        found = run("backward", variables, call.arrays or (), call.step.backward, saved, heads, into)
        call.arrays = None  # inputs that nobody else holds give their memory back
        return (None, *found)


#: What torch's own compiled functions do, too; a torch without it gives memory back at the end.
_let_go: Callable[[Any], None] = getattr(
    torch.autograd.function.BackwardCFunction, "maybe_clear_saved_tensors", lambda ctx: None
)
