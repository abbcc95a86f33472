"""The symbol of ``mx.sym``: a description of a computation, without values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .. import base
from .._graph import json as graph_json
from .._graph.describe import describe
from .._graph.inference import Conflict, Inferred
from .._graph.node import HIDDEN_KEYS, Entry, Node, auxiliary_nodes, copy_graph, topological_order
from .._graph.passes import AMP_CASTS, without_operators
from .._ops.attributes import torch_dtype
from .._runtime import backends
from .._runtime.files import replacing
from .._warning import warn
from ..base import MXNetError, NotImplementedForSymbol
from ..context import Context, current_context
from ..ndarray.ndarray import NUMPY_TYPES

if TYPE_CHECKING:
    from ..executor import Executor
    from ..ndarray import NDArray
    from ._fluent import Fluent
else:
    Fluent = object

__all__ = ["Symbol"]

#: Attributes of a variable that `list_attr` also shows without underscores.
_SHOWN_BARE = HIDDEN_KEYS


class Symbol(Fluent):
    """One or several outputs of a graph.

    Symbols are made by `mx.sym.Variable` and every operator of ``mx.sym``, not by calling this class.

    Examples
    --------
    >>> a, b = mx.sym.Variable("a"), mx.sym.Variable("b")
    >>> c = (a + b) / 10
    >>> c.list_arguments()
    ['a', 'b']
    >>> c.eval(a=mx.nd.ones((2,)), b=mx.nd.ones((2,)))[0].asnumpy().tolist()
    [0.20000000298023224, 0.20000000298023224]
    """

    __slots__ = ("__weakref__", "_backend", "_entries", "_found_variables")
    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment] - == makes a symbol, so a symbol cannot be a key

    def __init__(self, handle: Sequence[Entry]) -> None:
        self._entries = list(handle)
        self._backend: str | None = None  # who shall compile executors of it
        self._found_variables: tuple[list[Node], list[Node]] | None = None

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str | None:
        """The name of the node; None for a group."""
        nodes = {id(entry.node): entry.node for entry in self._entries}
        return next(iter(nodes.values())).name if len(nodes) == 1 else None

    @property
    def handle(self) -> list[Entry]:
        """The graph entries underneath."""
        return self._entries

    def __repr__(self) -> str:
        name = self.name
        if name is None:
            return f"<{type(self).__name__} group [{', '.join(entry.node.name for entry in self._entries)}]>"
        return f"<{type(self).__name__} {name}>"

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Symbol]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int | str | slice) -> Symbol:
        """Return one output, by its number or its name.

        Raises
        ------
        IndexError, ValueError
            If there is no such output.
        """
        if isinstance(index, str):
            names = self.list_outputs()
            found = [i for i, name in enumerate(names) if name == index]
            if not found:
                raise base.ValueError(f'Cannot find output that matches name "{index}"; there are: {_some(names)}')
            if len(found) > 1:
                raise base.ValueError(f'There are multiple outputs with name "{index}"')
            index = found[0]
        if isinstance(index, slice):
            return type(self)(self._entries[index])
        if not isinstance(index, int):
            raise base.TypeError(f"a symbol is indexed by int or str, got {type(index).__name__}")
        if not 0 <= index < len(self._entries):
            raise base.IndexError(f"output {index} of a symbol with {len(self._entries)} outputs")
        return type(self)([self._entries[index]])

    def __bool__(self) -> bool:
        raise NotImplementedForSymbol("__bool__", "bool")

    def __copy__(self) -> Symbol:
        return self.__deepcopy__(None)

    def __deepcopy__(self, memo: Any) -> Symbol:
        return type(self)(copy_graph(self._entries))

    def copy(self) -> Symbol:
        """Arrays can be copied, symbols cannot."""
        raise NotImplementedForSymbol(self.copy)

    def __getstate__(self) -> dict[str, Any]:
        return {"handle": self.tojson()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(graph_json.load(state["handle"]))

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), ([],), self.__getstate__()

    # -- composing -------------------------------------------------------------------------------------------------

    def __call__(self, *args: Symbol, **kwargs: Any) -> Symbol:
        """Return a copy in which variables are replaced by other symbols, by position or by name.

        Raises
        ------
        TypeError, MXNetError
            If something else than a symbol comes, or there is no such variable.

        Examples
        --------
        >>> net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=3, name="fc")
        >>> net(x=mx.sym.var("other")).list_arguments()
        ['other', 'fc_weight', 'fc_bias']
        """
        name = kwargs.pop("name", None)
        if args and kwargs:
            raise base.TypeError(
                "compose only accept input Symbols either as positional or keyword arguments, not both"
            )
        names = self.list_arguments()
        if len(args) > len(names):
            raise base.TypeError(f"{len(args)} symbols for {len(names)} arguments")
        given = {**dict(zip(names, args)), **kwargs}
        replaced: dict[str, Entry] = {}
        for key, value in given.items():
            if not isinstance(value, Symbol):
                raise base.TypeError(f"Compose expects a Symbol for {key!r}, got {type(value).__name__}")
            if key not in names:
                raise MXNetError(f"compose: no argument {key!r}; there are: {_some(names)}")
            replaced[key] = value._single(f"argument {key!r}")
        entries = copy_graph(self._entries, lambda node: replaced.get(node.name))
        if name:
            entries[0].node.name = name
        return type(self)(entries)

    def _single(self, what: str) -> Entry:
        if len(self._entries) != 1:
            raise MXNetError(
                f"{what} is a symbol with {len(self._entries)} outputs ({_some(self.list_outputs())}); "
                "pick one, such as symbol[0]"
            )
        return self._entries[0]

    def get_internals(self) -> Symbol:
        """Return a group of every output inside the graph.

        Examples
        --------
        >>> net = mx.sym.relu(mx.sym.var("x"), name="act")
        >>> net.get_internals().list_outputs()
        ['x', 'act_output']
        """
        order = topological_order(self._entries)
        return type(self)([Entry(node, i) for node in order for i in range(node.output_count)])

    def get_children(self) -> Symbol | None:
        """Return a group of the inputs of this output's node, None for a variable."""
        entries = [entry for node in {id(e.node): e.node for e in self._entries}.values() for entry in node.inputs]
        return type(self)(entries) if entries else None

    # -- lists -----------------------------------------------------------------------------------------------------

    def _variables(self) -> tuple[list[Node], list[Node]]:
        """Return the nodes of arguments and of auxiliary states, in MXNet's order; a symbol's graph never changes."""
        if self._found_variables is None:
            order = topological_order(self._entries)
            auxiliary = auxiliary_nodes(order)
            variables = [node for node in order if node.operator is None]
            self._found_variables = (
                [node for node in variables if id(node) not in auxiliary],
                [node for node in variables if id(node) in auxiliary],
            )
        return self._found_variables

    def list_arguments(self) -> list[str]:
        """Return the names of the arguments: what the value is computed from."""
        return [node.name for node in self._variables()[0]]

    def list_auxiliary_states(self) -> list[str]:
        """Return the names of the auxiliary states, such as BatchNorm's moving statistics."""
        return [node.name for node in self._variables()[1]]

    def list_inputs(self) -> list[str]:
        """Return the names of arguments and auxiliary states together."""
        return [node.name for node in topological_order(self._entries) if node.operator is None]

    def list_outputs(self) -> list[str]:
        """Return the names of the outputs."""
        return [entry.node.output_name(entry.index) for entry in self._entries]

    # -- attributes ------------------------------------------------------------------------------------------------

    def attr(self, key: str) -> str | None:
        """Return one attribute as a string, None when there is none.

        Examples
        --------
        >>> mx.sym.var("w", lr_mult=2).attr("lr_mult")
        '2'
        """
        attributes = self._node("attr").attributes
        return attributes.get(f"__{key}__", attributes.get(key)) if key in HIDDEN_KEYS else attributes.get(key)

    def _node(self, what: str) -> Node:
        nodes = {id(entry.node): entry.node for entry in self._entries}
        if len(nodes) != 1:
            raise MXNetError(f"{what}: a group of {len(nodes)} symbols has no attributes of its own; pick one of them")
        return next(iter(nodes.values()))

    def list_attr(self, recursive: bool = False) -> dict[str, str]:
        """Return all attributes of this symbol's node; see `attr_dict` for those of the whole graph."""
        if recursive:
            raise DeprecationWarning(
                "Symbol.list_attr with recursive=True has been deprecated. Please use attr_dict instead."
            )
        return _shown(self._node("list_attr").attributes)

    def attr_dict(self) -> dict[str, dict[str, str]]:
        """Return the attributes of every node that has some, by its name."""
        found = {node.name: _shown(node.attributes) for node in topological_order(self._entries)}
        return {name: attributes for name, attributes in found.items() if attributes}

    def _set_attr(self, **kwargs: str) -> None:
        node = self._node("_set_attr")
        for key, value in kwargs.items():
            if not isinstance(value, str):
                raise base.ValueError("Set Attr only accepts string values")
            node.attributes[f"__{key}__" if key in HIDDEN_KEYS else key] = value

    # -- shapes and dtypes -----------------------------------------------------------------------------------------

    def infer_shape(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Find the shapes of all arguments, outputs and auxiliary states from some of them.

        Parameters
        ----------
        *args : tuple of int or None
            Shapes in the order of `list_arguments`.
        **kwargs : tuple of int
            Shapes by name; 0 stands for a length that is not known.

        Returns
        -------
        arg_shapes, out_shapes, aux_shapes : lists of tuples
            Or three times None when something stays unknown (with a warning).

        Raises
        ------
        MXNetError
            If shapes do not fit; the message names the node and its inputs.

        Examples
        --------
        >>> net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=3, name="fc")
        >>> net.infer_shape(x=(2, 5))
        ([(2, 5), (3, 5), (3,)], [(2, 3)], [])
        """
        found = self._infer_shapes("infer_shape", args, kwargs)
        if all(_complete(shape) for group in found for shape in group):
            return found
        unknown = [
            f"\t{name}: {shape or ()}" for name, shape in zip(self.list_arguments(), found[0]) if not _complete(shape)
        ]
        warn(
            "Cannot decide shape for the following arguments (0s in shape means unknown dimensions). "
            "Consider providing them as input:\n" + "\n".join(unknown)
        )
        return None, None, None

    def infer_shape_partial(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """As `infer_shape`, but return what can be known: ``()`` for nothing, 0 for a length that is not."""
        found = self._infer_shapes("infer_shape_partial", args, kwargs)
        return tuple([shape or () for shape in group] for group in found)  # type: ignore[return-value]

    def _infer_shapes(self, what: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        given = self._given(what, args, kwargs)
        shapes: dict[str, tuple[int, ...]] = {}
        for name, shape in given.items():
            if shape is None:
                continue
            try:
                shapes[name] = tuple(n.__index__() for n in ((shape,) if isinstance(shape, int) else shape))
            except (AttributeError, TypeError):
                raise base.TypeError(f"{what}: the shape of {name!r} is {shape!r}, expected a tuple of int") from None
        try:
            inferred = Inferred(self._entries, shapes)
            inferred.infer_dtypes()
            inferred.infer_shapes()
        except Conflict as error:
            raise MXNetError(f"{what}: {error}") from None
        return self._collect(inferred.shape)

    def _given(self, what: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        if args and kwargs:
            raise base.ValueError(f"{what}: give either positional or keyword arguments, not both")
        names = self.list_inputs()
        arguments = self.list_arguments()
        if len(args) > len(arguments):
            raise base.ValueError(f"{what}: {len(args)} values for {len(arguments)} arguments")
        for name in kwargs:
            if name not in names:
                raise MXNetError(f"{what}: no argument {name!r}; there are: {_some(names)}")
        return {**dict(zip(arguments, args)), **kwargs}

    def _collect(self, look_up: Callable[[Entry], Any]) -> tuple[Any, Any, Any]:
        arguments, auxiliary = self._variables()
        return (
            [look_up(Entry(node, 0)) for node in arguments],
            [look_up(entry) for entry in self._entries],
            [look_up(Entry(node, 0)) for node in auxiliary],
        )

    def infer_type(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """Find the dtypes of all arguments, outputs and auxiliary states from some of them.

        Returns
        -------
        arg_types, out_types, aux_types : lists of numpy types
            Or three times None when something stays unknown (with a warning). Executors take float32 for it.

        Raises
        ------
        MXNetError
            If dtypes do not fit; the message names the node and its input.

        Examples
        --------
        >>> net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=3, name="fc")
        >>> net.infer_type(x="float16")[1]
        [<class 'numpy.float16'>]
        """
        found = self._infer_types("infer_type", args, kwargs)
        if all(dtype is not None for group in found for dtype in group):
            return found
        unknown = [f"\t{name}: None" for name, dtype in zip(self.list_arguments(), found[0]) if dtype is None]
        warn("Cannot decide type for the following arguments. Consider providing them as input:\n" + "\n".join(unknown))
        return None, None, None

    def infer_type_partial(self, *args: Any, **kwargs: Any) -> tuple[Any, Any, Any]:
        """As `infer_type`, with None for what stays unknown."""
        return self._infer_types("infer_type_partial", args, kwargs)

    def _infer_types(self, what: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, Any, Any]:
        dtypes: dict[str, torch.dtype] = {}
        for name, dtype in self._given(what, args, kwargs).items():
            if dtype is not None:
                try:
                    dtypes[name] = torch_dtype(dtype)
                except TypeError as error:
                    raise base.TypeError(f"{what}: {name!r}: {error}") from None
        try:
            inferred = Inferred(self._entries, None, dtypes)
            inferred.infer_dtypes()
        except Conflict as error:
            raise MXNetError(f"{what}: {error}") from None

        def numpy_type(entry: Entry) -> Any:
            dtype = inferred.dtype(entry)
            return None if dtype is None else NUMPY_TYPES[dtype]

        return self._collect(numpy_type)

    # -- text and files --------------------------------------------------------------------------------------------

    def tojson(self, remove_amp_cast: bool = True) -> str:
        """Return MXNet's JSON text of the graph.

        Parameters
        ----------
        remove_amp_cast : bool
            Leave out the casts that automatic mixed precision put in.
        """
        return graph_json.dump(without_operators(self._entries, AMP_CASTS) if remove_amp_cast else self._entries)

    def save(self, fname: str, remove_amp_cast: bool = True) -> None:
        """Write the JSON text to a file, which is renamed into place when complete.

        Parameters
        ----------
        fname : str
            Path of the file, by custom ``prefix-symbol.json``.
        remove_amp_cast : bool
            Leave out the casts that automatic mixed precision put in.

        Raises
        ------
        MXNetError
            If the file cannot be written. TypeError if `fname` is no string.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "net-symbol.json")
        >>> mx.sym.relu(mx.sym.var("x"), name="act").save(path)
        >>> mx.sym.load(path).name
        'act'
        """
        if not isinstance(fname, str):
            raise base.TypeError("fname needs to be string")
        text = self.tojson(remove_amp_cast).encode()
        try:
            with replacing(fname) as file:
                while text:  # a pipe may take less at once
                    text = text[file.write(text) :]
        except OSError as error:
            raise MXNetError(f"save: cannot write {fname!r}: {error}") from None

    def debug_str(self) -> str:
        """Return a description of the graph for reading."""
        return describe(self._entries)

    # -- executors -------------------------------------------------------------------------------------------------

    def bind(
        self,
        ctx: Context,
        args: Any,
        args_grad: Any = None,
        grad_req: Any = "write",
        aux_states: Any = None,
        group2ctx: Mapping[str, Context] | None = None,
        shared_exec: Executor | None = None,
    ) -> Executor:
        """Return an executor that computes on the caller's arrays.

        Parameters
        ----------
        ctx : Context
            Where to compute.
        args : list or dict of NDArray
            The arguments, in the order of `list_arguments` or by name. They are shared, not copied.
        args_grad : list or dict of NDArray, optional
            Where gradients go; an argument without one has no gradient.
        grad_req : {'write', 'add', 'null'}, or a list or dict of them
            What a backward pass does to the gradients.
        aux_states : list or dict of NDArray, optional
            Auxiliary states; needed when there are any.
        group2ctx : dict of str to Context, optional
            Where symbols with the attribute ``ctx_group`` go.
        shared_exec : Executor, optional
            Kept for MXNet's signature: memory is shared by the allocator.

        Raises
        ------
        ValueError, MXNetError
            If an array is missing or superfluous, or shapes or dtypes do not fit.

        Examples
        --------
        >>> y = mx.sym.var("x") * 2
        >>> executor = y.bind(mx.cpu(), {"x": mx.nd.ones((2,))})
        >>> executor.forward()[0].asnumpy().tolist()
        [2.0, 2.0]
        """
        from .._binding import bind

        return bind(self, ctx, args, args_grad, grad_req, aux_states, group2ctx, shared_exec)

    def simple_bind(
        self,
        ctx: Context,
        grad_req: Any = "write",
        type_dict: Mapping[str, Any] | None = None,
        stype_dict: Mapping[str, str] | None = None,
        group2ctx: Mapping[str, Context] | None = None,
        shared_arg_names: Sequence[str] | None = None,
        shared_exec: Executor | None = None,
        shared_buffer: dict[str, NDArray] | None = None,
        **kwargs: Any,
    ) -> Executor:
        """Return an executor whose arrays are allocated from the shapes given by keyword.

        Parameters
        ----------
        ctx : Context
            Where to compute.
        grad_req : {'write', 'add', 'null'}, or a list or dict of them
            What a backward pass does to the gradients.
        type_dict : dict of str to dtype, optional
            Dtypes of arguments; float32 where nothing says otherwise.
        stype_dict : dict of str to str, optional
            Storage types; only 'default' so far.
        group2ctx : dict of str to Context, optional
            Where symbols with the attribute ``ctx_group`` go.
        shared_arg_names : list of str, optional
            Arguments whose arrays come from `shared_exec` or `shared_buffer`.
        shared_exec : Executor, optional
            An executor to share arrays with.
        shared_buffer : dict of str to NDArray, optional
            Arrays to use again, and where new ones are noted.
        **kwargs : tuple of int
            Shapes of arguments, as in `infer_shape`.

        Raises
        ------
        MXNetError
            If shapes stay unknown or do not fit.

        Examples
        --------
        >>> net = mx.sym.FullyConnected(mx.sym.var("x"), num_hidden=3, name="fc")
        >>> executor = net.simple_bind(mx.cpu(), x=(2, 5))
        >>> executor.arg_dict["fc_weight"].shape
        (3, 5)
        """
        from .._binding import simple_bind

        return simple_bind(
            self, ctx, grad_req, type_dict, stype_dict, group2ctx, shared_arg_names, shared_exec, shared_buffer, kwargs
        )

    def eval(self, ctx: Context | None = None, **kwargs: NDArray) -> list[NDArray]:
        """Return the outputs for arguments given by name.

        Examples
        --------
        >>> (mx.sym.var("x") + 1).eval(x=mx.nd.zeros((2,)))[0].asnumpy().tolist()
        [1.0, 1.0]
        """
        return self.bind(ctx or current_context(), kwargs, grad_req="null").forward()

    def gradient(self, wrt: Any) -> Any:
        """Return the gradient as a symbol: MXNet never had it, and an executor's backward is how to differentiate."""
        raise MXNetError("gradient: not available for symbols; bind an executor and call backward")

    def optimize_for(
        self,
        backend: str,
        args: Any = None,
        aux: Any = None,
        ctx: Context | None = None,
        shape_dict: Any = None,
        type_dict: Any = None,
        stype_dict: Any = None,
        skip_infer: bool = False,
        **kwargs: Any,
    ) -> Symbol:
        """Return the same symbol, whose executors a compiler will make.

        Parameters
        ----------
        backend : {'inductor'}
            ``torch.compile``. MXNet's names of what executors do anyway, such as 'MKLDNN', change nothing.
        args, aux, ctx, shape_dict, type_dict, stype_dict, skip_infer, **kwargs
            Kept for MXNet's signature: shapes are known when the symbol is bound.

        Raises
        ------
        MXNetError
            If there is no such backend.

        Examples
        --------
        >>> x = mx.sym.var("x")
        >>> net = (x * 2).optimize_for("inductor")
        >>> net.list_arguments()
        ['x']
        """
        del args, aux, ctx, shape_dict, type_dict, stype_dict, skip_infer, kwargs
        backends.backend_named(backend)  # says so if there is none
        found = type(self)(self._entries)
        found._backend = backend
        return found

    def get_backend_symbol(self, backend: str) -> Symbol:
        """Return the symbol for a backend; see `optimize_for`."""
        return self.optimize_for(backend)

    # -- shape methods with signatures of their own ------------------------------------------------------------------

    def reshape(self, *args: Any, **kwargs: Any) -> Symbol:
        """Return the symbol reshaped: ``reshape((2, -1))`` or ``reshape(shape=(2, -1))``; see `mx.sym.Reshape`."""
        if len(args) > 1 and all(isinstance(n, int) for n in args):
            args = (args,)
        return op.reshape(self, *args, **kwargs)

    def broadcast_to(self, *args: Any, **kwargs: Any) -> Symbol:
        """Return the symbol repeated to a shape; see `mx.sym.broadcast_to`."""
        return op.broadcast_to(self, *args, **kwargs)

    def broadcast_like(self, *args: Any, **kwargs: Any) -> Symbol:
        """Return the symbol repeated to the shape of another; see `mx.sym.broadcast_like`."""
        return op.broadcast_like(self, *args, **kwargs)

    def astype(self, *args: Any, **kwargs: Any) -> Symbol:
        """Return the symbol with another dtype; see `mx.sym.Cast`."""
        return op.cast(self, *args, **kwargs)

    def expand_dims(self, axis: int, inplace: bool = False, **kwargs: Any) -> Symbol:
        """Return the symbol with a new axis of length one."""
        del inplace  # a symbol has no memory
        return op.expand_dims(self, axis=axis, **kwargs)

    def flatten(self, inplace: bool = False, **kwargs: Any) -> Symbol:
        """Return the symbol in the shape (first, rest)."""
        del inplace
        return op.flatten(self, **kwargs)

    def squeeze(self, axis: Any = None, inplace: bool = False, **kwargs: Any) -> Symbol:
        """Return the symbol without axes of length one."""
        del inplace
        return op.squeeze(self, axis=axis, **kwargs)

    def diag(self, k: int = 0, **kwargs: Any) -> Symbol:
        """Return the `k`-th diagonal, or a matrix with this vector on it."""
        return op.diag(self, k, **kwargs)

    def split_v2(self, *args: Any, **kwargs: Any) -> Symbol:
        """Split at indices or into equal sections; see `mx.sym.split_v2`."""
        return functions.split_v2(self, *args, **kwargs)

    def as_nd_ndarray(self) -> Symbol:
        """Return this symbol."""
        return self

    def as_np_ndarray(self) -> Any:
        """Return the symbol of ``mx.sym.np``: the NumPy front end is not there yet."""
        raise MXNetError("as_np_ndarray: mx.sym.np is not part of this version yet")

    # -- what only arrays have -------------------------------------------------------------------------------------

    def asnumpy(self) -> Any:
        """Arrays have values, symbols do not."""
        raise NotImplementedForSymbol(self.asnumpy)

    def asscalar(self) -> Any:
        """Arrays have values, symbols do not."""
        raise NotImplementedForSymbol(self.asscalar)

    def wait_to_read(self) -> Any:
        """Arrays have values, symbols do not."""
        raise NotImplementedForSymbol(self.wait_to_read)

    def as_in_context(self) -> Any:
        """Arrays live on devices, symbols do not."""
        raise NotImplementedForSymbol(self.as_in_context)

    def detach(self) -> Any:
        """Arrays have values, symbols do not."""
        raise NotImplementedForSymbol(self.detach)

    def backward(self) -> Any:
        """Arrays have gradients, symbols do not."""
        raise NotImplementedForSymbol(self.backward)


def _some(names: Sequence[str], most: int = 20) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _complete(shape: Any) -> bool:
    return shape is not None and 0 not in shape


def _shown(attributes: Mapping[str, str]) -> dict[str, str]:
    """Hidden attributes of MXNet's own show both with and without underscores."""
    bare = {key: attributes[f"__{key}__"] for key in _SHOWN_BARE if f"__{key}__" in attributes}
    return {**attributes, **bare}


# The functions that methods call take this class, so they can only be imported once it exists.
from .._frontend.modules import add_methods  # noqa: E402
from .._frontend.namespaces import FLUENT  # noqa: E402
from . import arithmetic, functions, op  # noqa: E402

for _name, _method in arithmetic.methods().items():
    setattr(Symbol, _name, _method)
add_methods(Symbol, FLUENT, op)
