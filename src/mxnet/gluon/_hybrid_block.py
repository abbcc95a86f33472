"""`HybridBlock`: a block that runs operator by operator or, hybridized, as one compiled graph."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .. import base, ndarray, symbol
from .._runtime.backends import backend_named
from .._warning import warn
from ..cached_op import CachedOp
from ..context import Context
from ..ndarray.ndarray import NDArray
from ..symbol import Symbol
from ._block import Block
from ._structure import Form, flatten, restore
from .parameter import DeferredInitializationError, Parameter, ParameterDict

#: Held where a block is traced or finds its shapes: name scopes and parameters belong to all threads.
_preparing = threading.RLock()


class Graph:
    """What one structure of inputs was traced to, and what runs it.

    Attributes
    ----------
    inputs : list of Symbol
        One variable for each array that comes in.
    output : Symbol
        All outputs.
    form : Form
        How the outputs were nested.
    """

    def __init__(self, inputs: Sequence[Symbol], output: Symbol, form: Form) -> None:
        self.inputs, self.output, self.form = list(inputs), output, form
        self.operation: CachedOp | None = None
        #: For each input of the operation its number, or a parameter and whether its class has a `data` of its own.
        self.sources: list[tuple[int, Parameter | None, bool]] = []
        self.single = form == 0

    def prepare(self, block: HybridBlock) -> CachedOp:
        """Make the operation, and find where its inputs come from."""
        parameters = {parameter.name: parameter for parameter in block.collect_params().values()}
        numbers = {variable.name: number for number, variable in enumerate(self.inputs)}
        names = self.output.list_inputs()
        unknown = [name for name in names if name not in numbers and name not in parameters]
        if unknown:
            raise base.MXNetError(
                f"{type(block).__name__} {block.name!r}: the graph needs {unknown[0]!r}, which is neither an input nor "
                "a parameter of this block; make it with self.params.get, or register the block that it belongs to"
            )
        self.sources = [
            (numbers[n], None, False) if n in numbers else (-1, parameters[n], _has_own_data(parameters[n]))
            for n in names
        ]
        self._warn_of_unused(numbers, parameters, set(names))
        self.operation = CachedOp(self.output, block._flags, block._backend)
        return self.operation

    @staticmethod
    def _warn_of_unused(numbers: Mapping[Any, int], parameters: Mapping[str, Parameter], used: set[str]) -> None:
        left = sorted(number for name, number in numbers.items() if name not in used)
        if left:
            which = ", ".join(f"{number}-th" for number in left)
            warn(f"The {which} input to HybridBlock is not used by any computation. Is this intended?")
        idle = ", ".join(name for name in parameters if name not in used)
        if idle:
            warn(f"Parameter {idle} is not used by any computation. Is this intended?")

    def arrays(self, inputs: Sequence[NDArray], context: Context) -> list[NDArray]:
        """Return what the operation is called with; DeferredInitializationError if a parameter has no shape yet."""
        found: list[NDArray] = []
        for number, parameter, own_data in self.sources:
            if parameter is None:
                found.append(inputs[number])
                continue
            held = parameter._data
            if held is not None and len(held) == 1 and held[0]._context is context and not own_data:
                found.append(held[0])
            else:
                found.append(parameter.data(context))
        return found


def _has_own_data(parameter: Parameter) -> bool:
    """Return whether `Parameter.data` does more than look the array up: in a subclass, or for sparse values."""
    kind = type(parameter)
    overridden = kind.data is not Parameter.data or kind._check_and_get is not Parameter._check_and_get
    return overridden or parameter._stype != "default"


class HybridBlock(Block):
    """A block whose computation can be compiled to one graph.

    A subclass overrides `hybrid_forward`, which is written once for arrays (``F`` is ``mx.nd``) and symbols (``F`` is
    ``mx.sym``). After `hybridize`, the first call traces it with symbols; later calls run the compiled graph.

    Parameters
    ----------
    prefix, params
        As for `Block`.

    Examples
    --------
    >>> class Net(mx.gluon.HybridBlock):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         with self.name_scope():
    ...             self.scale = self.params.get("scale", shape=(3,), init="ones")
    ...     def hybrid_forward(self, F, x, scale):
    ...         return F.relu(x * scale)
    >>> net = Net()
    >>> net.initialize()
    >>> net.hybridize()
    >>> net(mx.nd.array([-1, 0, 2])).asnumpy().tolist()
    [0.0, 0.0, 2.0]
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self._active = False
        self._flags: list[tuple[str, Any]] = []
        self._backend: str | None = None
        self._backend_opts: dict[str, Any] = {}
        self._callback: Callable[..., Any] | None = None
        self._monitor_all = False
        self._graphs: OrderedDict[Form, Graph] = OrderedDict()
        self._simple: dict[int, Graph] = {}  # of calls with so many plain arrays
        self._cached_graph: Any = ()  # inputs and output of the graph used last, as other libraries ask for it

    def __getstate__(self) -> dict[str, Any]:
        state = super().__getstate__()
        state.update(_graphs=OrderedDict(), _simple={}, _cached_graph=(), _callback=None)
        return state

    # -- structure -------------------------------------------------------------------------------------------------

    def register_child(self, block: Block, name: str | None = None) -> None:
        """Make `block`, a HybridBlock, a child; see `Block.register_child`."""
        if not isinstance(block, HybridBlock):
            raise base.ValueError(
                f"Children of HybridBlock must also be HybridBlock, but {block} has type {type(block)}. If you are "
                "using Sequential, please try HybridSequential instead."
            )
        super().register_child(block, name)

    def _structure_changed(self) -> None:
        if self.__dict__.get("_graphs"):
            self._clear_cached_op()
        super()._structure_changed()

    def _clear_cached_op(self) -> None:
        """Forget what was traced and compiled."""
        self._graphs.clear()
        self._simple.clear()
        self._cached_graph = ()

    def cast(self, dtype: Any) -> None:
        """Cast all parameters; see `Block.cast`."""
        self._clear_cached_op()
        super().cast(dtype)

    def hybridize(
        self,
        active: bool = True,
        backend: str | None = None,
        clear: bool = True,
        static_alloc: bool = False,
        static_shape: bool = False,
        inline_limit: int = 2,
        forward_bulk_size: int | None = None,
        backward_bulk_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Run this block and its children as compiled graphs from the next call on, or no longer.

        Parameters
        ----------
        active : bool
            Whether to compile.
        backend : {None, 'inductor'}, optional
            Who compiles: remx's plans, or ``torch.compile``.
        clear : bool
            Forget what was compiled before.
        static_alloc, static_shape, inline_limit, forward_bulk_size, backward_bulk_size
            MXNet's hints. They change no result. With `static_alloc` and `static_shape`, a block on a GPU may run as a
            CUDA graph: see ``MXNET_ENABLE_CUDA_GRAPHS``.
        **kwargs
            Options for the backend.

        Raises
        ------
        MXNetError
            If there is no such backend.
        """
        backend_named(backend)  # says so if there is none
        self._backend, self._backend_opts = backend, kwargs
        if active and (self._forward_hooks or self._forward_pre_hooks):
            warn(
                f'"{self}" is being hybridized while still having forward hook/pre-hook. If "{self}" is a child of '
                "HybridBlock, the hooks will not take effect."
            )
        self._active = active
        self._flags = [("static_alloc", static_alloc), ("static_shape", static_shape), ("inline_limit", inline_limit)]
        for name, size in (("forward_bulk_size", forward_bulk_size), ("backward_bulk_size", backward_bulk_size)):
            if size is not None:
                self._flags.append((name, size))
        if clear:
            self._clear_cached_op()
        super().hybridize(
            active,
            static_alloc=static_alloc,
            static_shape=static_shape,
            inline_limit=inline_limit,
            forward_bulk_size=forward_bulk_size,
            backward_bulk_size=backward_bulk_size,
        )

    def optimize_for(
        self,
        x: NDArray,
        *args: Any,
        backend: str | None = None,
        clear: bool = False,
        static_alloc: bool = False,
        static_shape: bool = False,
        inline_limit: int = 2,
        forward_bulk_size: int | None = None,
        backward_bulk_size: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Hybridize for a backend and compile for these inputs now.

        Parameters
        ----------
        x, *args : NDArray
            Inputs of `forward`.
        backend : str
            As in `hybridize`.
        clear, static_alloc, static_shape, inline_limit, forward_bulk_size, backward_bulk_size, **kwargs
            As in `hybridize`.

        Raises
        ------
        MXNetError
            If there is no such backend. ValueError if none is named.
        """
        if backend is None:
            raise base.ValueError('Must specify "backend" to optimize_for')
        self.hybridize(True, backend, clear, static_alloc, static_shape, inline_limit, forward_bulk_size,
                       backward_bulk_size, **kwargs)  # fmt: skip
        self(x, *args)

    def register_op_hook(self, callback: Callable[..., Any], monitor_all: bool = False) -> None:
        """Call ``callback(name, operator, array)`` for each operator of the compiled graph, at each call.

        Parameters
        ----------
        callback : function of (bytes, bytes, NDArray)
            The names are those of the output (or input) and of the operator.
        monitor_all : bool
            Whether to tell inputs, too.
        """
        self._callback, self._monitor_all = callback, monitor_all
        super().register_op_hook(callback, monitor_all)

    # -- tracing ---------------------------------------------------------------------------------------------------

    def _graph_for(self, args: Sequence[Any]) -> tuple[Graph, list[NDArray]]:
        """Return the graph for inputs of this structure, traced now if it is new, and the arrays in them."""
        flat, form = flatten(tuple(args), "input")
        while form[-1] == -1:
            form = form[:-1]  # None at the end is as good as nothing
        graph = self._graphs.get(form)
        if graph is None:
            with _preparing:
                graph = self._graphs.get(form)
                if graph is None:
                    graph = self._graphs[form] = self._trace(args, len(flat))
        self._cached_graph = (graph.inputs, graph.output)
        return graph, flat

    def _trace(self, args: Sequence[Any], count: int) -> Graph:
        inputs = [symbol.var("data" if count == 1 else f"data{number}") for number in range(count)]
        _, form = flatten(tuple(args), "input")
        grouped = restore(inputs, form)
        params = {name: parameter.var() for name, parameter in self._reg_params.items()}
        with self.name_scope():
            out = self.hybrid_forward(symbol, *grouped, **params)
        found, form = flatten(out, "output")
        if not found:
            raise base.TypeError(
                f"{type(self).__name__}.hybrid_forward returned {out!r}, expected symbols: is a return missing?"
            )
        return Graph(inputs, symbol.Group(found), form)

    def _get_graph(self, *args: Any) -> tuple[list[Symbol], Symbol]:
        graph, _ = self._graph_for(args)
        return graph.inputs, graph.output

    def infer_shape(self, *args: Any) -> None:
        """Find shapes of parameters from inputs, which are arrays or have a ``shape``."""
        self._infer("shape", args)

    def infer_type(self, *args: Any) -> None:
        """Find dtypes of parameters from inputs."""
        self._infer("dtype", args)

    def _infer(self, what: str, args: Sequence[Any]) -> None:
        graph, flat = self._graph_for(args)
        infer = graph.output.infer_shape if what == "shape" else graph.output.infer_type
        names = set(graph.output.list_arguments())
        known = {v.name: getattr(array, what) for v, array in zip(graph.inputs, flat) if v.name in names}
        arguments, _, states = infer(**known)
        if arguments is None:
            open_ = [p for p in self.collect_params().values() if p.shape is None or 0 in p.shape]
            names = ", ".join(f"{parameter.name!r} {parameter.shape}" for parameter in open_)
            raise base.MXNetError(
                f"{type(self).__name__} {self.name!r}: {what} of {names or 'parameters'} cannot be found from {known}; "
                "say it when the parameter is made, or override infer_shape"
            )
        found = dict(zip(graph.output.list_arguments(), arguments))
        found.update(zip(graph.output.list_auxiliary_states(), states))
        for parameter in self.collect_params().values():
            if parameter.name in found:
                setattr(parameter, what, found[parameter.name])

    def _deferred_infer_shape(self, *args: Any) -> None:
        try:
            self.infer_shape(*args)
        except Exception as error:
            raise base.ValueError(
                f"Deferred initialization failed because shape cannot be inferred. {error}"
            ) from error

    def _initialize_deferred(self, args: Sequence[Any]) -> None:
        """Find the shapes that are missing, and initialize what waited for them."""
        with _preparing:
            self._deferred_infer_shape(*args)
            for parameter in self.collect_params().values():
                parameter._finish_deferred_init()

    # -- running ---------------------------------------------------------------------------------------------------

    def __call__(self, *args: Any) -> Any:
        # The common call first: compiled, one plain array, nobody watches.
        if self._active and len(args) == 1 and not (self._forward_hooks or self._forward_pre_hooks):
            graph, x = self._simple.get(1), args[0]
            if graph is not None and x.__class__ is NDArray and graph.operation is not None and self._callback is None:
                context = x._context
                found = graph.operation.outputs(graph.arrays(args, context), context)
                return found[0] if graph.single else restore(found, graph.form)
        return super().__call__(*args)

    def _call_cached_op(self, *args: Any) -> Any:
        """Run the compiled graph."""
        graph, flat = self._graph_for(args)
        context = _context(flat)
        try:
            operation = graph.operation or graph.prepare(self)
            arrays = graph.arrays(flat, context)
        except DeferredInitializationError:
            self._initialize_deferred(args)
            operation = graph.operation or graph.prepare(self)
            arrays = graph.arrays(flat, context)
        if len(flat) == len(args) == 1 and type(self).forward is HybridBlock.forward:
            self._simple[1] = graph
        if self._callback is None:
            found = operation.outputs(arrays, context)
        else:
            found = operation.watched(arrays, context, self._callback, self._monitor_all)
        return restore(found, graph.form)

    def forward(self, x: Any, *args: Any) -> Any:  # type: ignore[override]
        """Run `hybrid_forward` on arrays or symbols, or the compiled graph on arrays.

        Parameters
        ----------
        x, *args : NDArray, Symbol, nested lists of them, or None
            Inputs.

        Raises
        ------
        ValueError
            If arrays and symbols are mixed, or there is none.
        """
        first = x if not args and isinstance(x, (NDArray, Symbol)) else _first((x, *args))
        if isinstance(first, Symbol):
            params = {name: parameter.var() for name, parameter in self._reg_params.items()}
            with self.name_scope():
                return self.hybrid_forward(symbol, x, *args, **params)
        if self._active:
            return self._call_cached_op(x, *args)
        context = first._context
        try:
            params = {name: parameter.data(context) for name, parameter in self._reg_params.items()}
        except DeferredInitializationError:
            self._initialize_deferred((x, *args))
            params = {name: parameter.data(context) for name, parameter in self._reg_params.items()}
        try:
            with context:  # arrays that it makes are made there
                return self.hybrid_forward(ndarray, x, *args, **params)
        except base.MXNetError as error:
            _name_block(error, self)
            raise

    def hybrid_forward(self, F: Any, x: Any, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs, with ``F.relu`` and the like. To be overridden.

        Parameters
        ----------
        F : module
            ``mx.nd`` for arrays, ``mx.sym`` for symbols.
        x, *args
            Inputs.
        **kwargs
            The block's own parameters by attribute name.
        """
        raise NotImplementedError(f"{type(self).__name__}.hybrid_forward must be overridden")

    # -- files -----------------------------------------------------------------------------------------------------

    def export(self, path: str, epoch: int = 0, remove_amp_cast: bool = True) -> tuple[str, str]:
        """Write graph and parameters as a checkpoint, for `SymbolBlock.imports`, `mx.mod.Module` and other programs.

        Parameters
        ----------
        path : str
            Beginning of the names of the files ``path-symbol.json`` and ``path-0000.params``.
        epoch : int
            The number in the second name.
        remove_amp_cast : bool
            Leave out the casts that automatic mixed precision put in.

        Returns
        -------
        str, str
            The names of both files.

        Raises
        ------
        RuntimeError
            If the block was not hybridized and called before.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "net")
        >>> net = mx.gluon.nn.Dense(2, prefix="fc_")
        >>> net.initialize()
        >>> net.hybridize()
        >>> before = net(mx.nd.ones((1, 3)))
        >>> files = net.export(path)
        >>> again = mx.gluon.SymbolBlock.imports(files[0], ["data"], files[1])
        >>> (again(mx.nd.ones((1, 3))) == before).asnumpy().tolist()
        [[1.0, 1.0]]
        """
        if not self._cached_graph:
            raise base.MXNetError(
                "Please first call block.hybridize() and then run forward with this block at least once before calling "
                "export."
            )
        output: Symbol = self._cached_graph[1]
        renamed = self._renamed_inputs()
        states = set(output.list_auxiliary_states())
        values = {p.name: p._reduce() for p in self.collect_params().values()}
        used = [name for name in output.list_inputs() if name in values]
        renamed.save(f"{path}-symbol.json", remove_amp_cast=remove_amp_cast)
        arrays = {f"{'aux' if name in states else 'arg'}:{name}": values[name] for name in used}
        ndarray.save(f"{path}-{epoch:04d}.params", arrays)
        return f"{path}-symbol.json", f"{path}-{epoch:04d}.params"

    def _renamed_inputs(self) -> Symbol:
        return self._cached_graph[1]


def _name_block(error: base.MXNetError, block: Block) -> None:
    """Say in a message which block it comes from: the innermost one."""
    if "block" not in error.__dict__ and len(error.args) == 1:
        error.__dict__["block"] = block.name
        error.args = (f"{error.args[0]} [in {type(block).__name__} {block.name!r}]",)


def _leaves(value: Any) -> Iterator[Any]:
    """Yield the arrays and symbols in nested lists."""
    if isinstance(value, (NDArray, Symbol)):
        yield value
    elif isinstance(value, (list, tuple)):
        for part in value:
            yield from _leaves(part)


def _first(values: Sequence[Any]) -> Any:
    """Return the first array or symbol in nested lists; ValueError if there is none, or both kinds."""
    found = list(_leaves(values))
    kinds = {Symbol if isinstance(value, Symbol) else NDArray for value in found}
    if not found:
        raise base.ValueError(
            "In HybridBlock, there must be one NDArray or one Symbol in the input. Please check the type of the args: "
            f"{', '.join(type(value).__name__ for value in values)}"
        )
    if len(kinds) > 1:
        raise base.ValueError(
            "In HybridBlock, we do not support mixed NDArrays and Symbols types for the input. Please check the type "
            "of the args."
        )
    return found[0]


def _context(arrays: Sequence[NDArray]) -> Context:
    """Return the context that all arrays share."""
    context = arrays[0]._context
    for array in arrays:
        if array._context is not context and array._context != context:
            raise base.ValueError(
                f"After hybridized, the HybridBlock only supports one input context, but arrays came on {context} and "
                f"{array._context}; move them with as_in_context"
            )
    return context
