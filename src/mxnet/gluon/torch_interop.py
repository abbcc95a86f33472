"""torch modules inside Gluon networks, and Gluon networks as torch modules: parameters are shared, gradients flow."""

from __future__ import annotations

import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from .. import autograd, base
from .._graph.node import Entry, apply
from .._ops.attributes import REQUIRED, attribute_type, torch_dtype
from .._ops.registry import Attribute, Input, Operator
from .._ops.sharing import share_outside
from .._runtime.device import torch_device
from .._runtime.tape import Trace, state
from ..context import Context, cpu, gpu
from ..name import NameManager
from ..ndarray.dispatch import live_tensor, wrap, wrap_live
from ..ndarray.ndarray import NDArray
from ..symbol import Symbol
from ._block import Block
from ._hybrid_block import HybridBlock
from ._structure import flatten, restore
from .parameter import Parameter

__all__ = ["TorchBlock", "TorchModule"]

Tensor = torch.Tensor
TORCH_MODULE = "_torch_module"


# -- a torch module in a Gluon network ---------------------------------------------------------------------------


class TorchBlock(HybridBlock):
    """A block that runs a torch module. Its parameters are the module's: they share memory.

    Buffers, such as running statistics, are parameters with ``grad_req='null'``. The module is in training mode when
    the recording is. Gradients go to the block's parameters, for a `Trainer` to use.

    Parameters
    ----------
    module : torch.nn.Module
        What to run, on tensors, returning a tensor or a tuple of tensors.
    outputs : int
        How many tensors it returns.
    prefix, params
        As for `Block`.

    Examples
    --------
    >>> import torch
    >>> net = mx.gluon.nn.HybridSequential()
    >>> net.add(mx.gluon.nn.Dense(4, in_units=3), mx.gluon.TorchBlock(torch.nn.Linear(4, 2)))
    >>> net[0].initialize()
    >>> net.hybridize()
    >>> net(mx.nd.ones((5, 3))).shape
    (5, 2)
    """

    def __init__(
        self, module: torch.nn.Module, outputs: int = 1, prefix: str | None = None, params: Any = None
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        if not isinstance(module, torch.nn.Module):
            raise base.TypeError(f"TorchBlock: expected a torch.nn.Module, got {type(module).__name__}")
        self._module, self._outputs = module, outputs
        self._names: list[str] = []
        for name, tensor in (*module.named_parameters(), *module.named_buffers()):
            self._share(name, tensor)

    def _share(self, name: str, tensor: Tensor) -> None:
        """Make a parameter of this block from one of the module's."""
        own = self.prefix + name.replace(".", "_")
        self._params._params[own] = self._reg_params[name] = _SharedParameter(own, tensor)
        self._names.append(name)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._module!r})"

    def hybrid_forward(self, F: Any, *args: Any, **params: Any) -> Any:
        """Run the module on arrays, or make the node that does."""
        values = [params[name] for name in self._names]
        given, form = flatten(args, "input")
        if isinstance(given[0], Symbol):
            return self._node(given, values, form)
        live = [live_tensor(array) if state.recording else array._data for array in (*given, *values)]
        enabled = torch.enable_grad() if state.recording else torch.no_grad()
        with enabled:
            found = _run(self._module, self._names, live, form, state.training)
        results = [wrap_live(NDArray, tensor, given[0].context) for tensor in _listed(found)]
        return results[0] if isinstance(found, Tensor) else results

    def _node(self, given: Sequence[Symbol], values: Sequence[Symbol], form: Any) -> Symbol:
        entries = [symbol._entries[0] for symbol in (*given, *values)]
        name = NameManager.current.get(None, "torch_module")
        node = apply(_operator(self._module, self._names, form, self._outputs), name, {}, entries)
        return Symbol([Entry(node, index) for index in range(self._outputs)])


def _operator(module: torch.nn.Module, names: Sequence[str], form: Any, outputs: int) -> Operator:
    """Return an operator that runs one module. It is in no registry: a graph with it lives in this process only."""

    def run(*tensors: Tensor, training: bool) -> Any:
        return _run(module, names, tensors, form, training)

    return Operator(
        name=TORCH_MODULE,
        function=run,
        inputs=(Input("data", False),),
        attributes={"num_args": Attribute("num_args", attribute_type(int), REQUIRED)},
        module=__name__,
        starred=True,
        variadic="num_args",
        training=True,
        output_names=[f"output{i}" for i in range(outputs)] if outputs > 1 else ["output"],
    )


class _SharedParameter(Parameter):
    """A parameter whose memory is a torch tensor's."""

    def __init__(self, name: str, tensor: Tensor) -> None:
        trains = isinstance(tensor, torch.nn.Parameter) and tensor.requires_grad
        req, array = "write" if trains else "null", NDArray(tensor)
        super().__init__(name, req, array.shape, array.dtype, differentiable=trains)
        self._tensor = tensor
        self._take()

    def _take(self) -> None:
        array = NDArray(self._tensor)
        self._dtype, self._data, self._ctx_list = array.dtype, [array], [array.context]
        self._init_grad()

    def initialize(self, *args: Any, **kwargs: Any) -> None:
        """Keep the module's values: it has initialized them."""

    def cast(self, dtype: Any) -> None:
        """Cast the module's tensor, if it is one of floats; see `Parameter.cast`."""
        if self._tensor.is_floating_point():
            self._tensor.data = self._tensor.data.to(torch_dtype(dtype))
            self._var = None
            self._take()

    def reset_ctx(self, ctx: Any) -> None:
        """Move the module's tensor to one context; see `Parameter.reset_ctx`."""
        contexts = [ctx] if isinstance(ctx, Context) else list(ctx)
        if len(contexts) != 1:
            raise base.ValueError(
                f"Parameter '{self.name}' belongs to a torch module, which has one device; got {contexts}"
            )
        self._tensor.data = self._tensor.data.to(torch_device(contexts[0]))
        self._take()


def _listed(found: Any) -> Sequence[Tensor]:
    return [found] if isinstance(found, Tensor) else list(found)


def _run(module: torch.nn.Module, names: Sequence[str], tensors: Sequence[Tensor], form: Any, training: bool) -> Any:
    count = len(tensors) - len(names)
    inputs = restore(tensors[:count], form)
    if module.training is not training:
        module.train(training)
    return torch.func.functional_call(module, dict(zip(names, tensors[count:])), tuple(inputs))


# -- a Gluon network as a torch module ---------------------------------------------------------------------------


class TorchModule(torch.nn.Module):
    """A torch module that runs a block. Its parameters are the block's: they share memory.

    The names in its ``state_dict`` are those of `Block.save_parameters`. Parameters with ``grad_req='null'`` are
    buffers. Gradients go to the module's parameters, for a torch optimizer to use.

    Parameters
    ----------
    block : Block
        An initialized block whose shapes are known: pass one batch of data through it first.

    Examples
    --------
    >>> import torch
    >>> net = mx.gluon.nn.Dense(2, in_units=3)
    >>> net.initialize()
    >>> module = mx.gluon.TorchModule(net)
    >>> module(torch.ones(5, 3)).sum().backward()
    >>> module.weight.grad.tolist()
    [[5.0, 5.0, 5.0], [5.0, 5.0, 5.0]]
    """

    def __init__(self, block: Block) -> None:
        super().__init__()
        if not isinstance(block, Block):
            raise base.TypeError(f"TorchModule: expected a Block, got {type(block).__name__}")
        self._block = [block]  # in a list, so that torch leaves it alone
        self._pairs: list[tuple[Parameter, torch.nn.Module, str]] = []
        self._one_at_a_time = threading.RLock()
        for name, parameter in block._collect_params_with_prefix().items():
            *path, last = name.split(".")
            holder: torch.nn.Module = self
            for part in path:
                if part not in holder._modules:
                    holder.add_module(part, torch.nn.Module())
                holder = holder._modules[part]  # type: ignore[assignment]
            tensor = share_outside(parameter.data()._data)
            if parameter.grad_req == "null":
                holder.register_buffer(last, tensor)
            else:
                holder.register_parameter(last, torch.nn.Parameter(tensor))
            self._pairs.append((parameter, holder, last))

    @property
    def block(self) -> Block:
        """The block that is run."""
        return self._block[0]

    def forward(self, *inputs: Any) -> Any:
        """Run the block on tensors (or nested lists of them) and return tensors in the block's form."""
        with self._one_at_a_time, self._lent():
            arrays = _converted(inputs, Tensor, _array)
            with autograd._Scope(torch.is_grad_enabled(), self.training):
                found = self.block(*arrays)
                return _converted(found, NDArray, live_tensor)

    @contextmanager
    def _lent(self) -> Generator[None]:
        """Let the block's parameters be the module's tensors, so that torch's graph leads to them."""
        before: list[tuple[NDArray, Any]] = []
        try:
            for parameter, holder, name in self._pairs:
                tensor = getattr(holder, name)
                array = parameter.data() if len(parameter.list_ctx()) == 1 else parameter.list_data()[0]
                if array._data.data_ptr() != tensor.data_ptr() or array._data.device != tensor.device:
                    array._data, array._context = tensor.detach(), _context(tensor)  # moved by module.to()
                    parameter._ctx_list = [array._context]
                before.append((array, array._trace))
                array._trace = Trace(tensor) if tensor.requires_grad else None
            yield
        finally:
            for array, trace in before:
                array._trace = trace


def _context(tensor: Tensor) -> Context:
    return gpu(tensor.device.index or 0) if tensor.is_cuda else cpu()


def _array(tensor: Tensor) -> NDArray:
    tensor = tensor if tensor.is_contiguous() else tensor.contiguous()
    array = wrap(NDArray, tensor.detach(), _context(tensor))
    if tensor.requires_grad:
        array._trace = Trace(tensor)
    return array


def _converted(value: Any, kind: type, convert: Any) -> Any:
    if isinstance(value, kind):
        return convert(value)
    if isinstance(value, (list, tuple)):
        return type(value)([_converted(part, kind, convert) for part in value])
    return value
