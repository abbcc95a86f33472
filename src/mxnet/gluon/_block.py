"""`Block`: a part of a network that runs operator by operator."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .. import base, initializer
from .. import ndarray as nd
from .._warning import warn
from ..context import Context
from ..name import NameManager, Prefix
from ..ndarray.ndarray import NDArray
from ._parameter_dict import without_kind
from .parameter import Parameter, ParameterDict
from .utils import HookHandle, _brief_print_list, _indent

if TYPE_CHECKING:
    from typing_extensions import Self


class _Current(threading.local):
    scope: _BlockScope | None = None


_current = _Current()


class _BlockScope:
    """The ``with block.name_scope():`` in which children are made: it numbers them and gives them their prefix."""

    def __init__(self, block: Block | None) -> None:
        self._block = block
        self._counter: dict[str, int] = {}
        self._outer: list[tuple[_BlockScope | None, Prefix]] = []

    @staticmethod
    def create(prefix: str | None, params: ParameterDict | None, hint: str) -> tuple[str, ParameterDict]:
        """Return prefix and parameters of a new block."""
        scope = _current.scope
        if scope is None or scope._block is None:
            if prefix is None:
                prefix = NameManager.current.get(None, hint) + "_"
            own = ParameterDict(prefix) if params is None else ParameterDict(params.prefix, params)
            return prefix, own
        if prefix is None:
            number = scope._counter.get(hint, 0)
            scope._counter[hint] = number + 1
            prefix = f"{hint}{number}_"
        parent = scope._block.params
        if params is None:
            own = ParameterDict(parent.prefix + prefix, parent._shared)
        else:
            own = ParameterDict(params.prefix, params)
        return scope._block.prefix + prefix, own

    def __enter__(self) -> Self:
        block = self._block
        if block is None or block._empty_prefix:
            return self
        names = Prefix(block.prefix)
        self._outer.append((_current.scope, names))
        _current.scope = self
        names.__enter__()
        return self

    def __exit__(
        self, ptype: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._block is None or self._block._empty_prefix:
            return
        outer, names = self._outer.pop()
        names.__exit__(ptype, value, trace)
        _current.scope = outer


class Block:
    """A part of a network: parameters, child blocks, and a `forward` that runs operator by operator.

    A subclass makes parameters and children in ``__init__`` and overrides `forward`. Blocks and parameters that become
    attributes are registered.

    Parameters
    ----------
    prefix : str, optional
        What the names of its parameters begin with; made from the class's name when left out.
    params : ParameterDict, optional
        Parameters to share, from another block's ``params`` or ``collect_params()``.

    Examples
    --------
    >>> class Net(mx.gluon.Block):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         with self.name_scope():
    ...             self.hidden = mx.gluon.nn.Dense(4, in_units=3)
    ...     def forward(self, x):
    ...         return mx.nd.relu(self.hidden(x))
    >>> net = Net(prefix="net_")
    >>> net.initialize()
    >>> net(mx.nd.ones((2, 3))).shape
    (2, 4)
    >>> list(net.collect_params())
    ['net_dense0_weight', 'net_dense0_bias']
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        self._empty_prefix = prefix == ""
        self._parents: WeakSet[Any] = WeakSet()  # blocks whose compiled graphs contain this one
        self._prefix, self._params = _BlockScope.create(prefix, params, self._alias())
        self._name = self._prefix[:-1] if self._prefix.endswith("_") else self._prefix
        self._scope = _BlockScope(self)
        self._children: OrderedDict[str, Block] = OrderedDict()
        self._reg_params: dict[str, Parameter] = {}
        self._forward_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self._forward_pre_hooks: OrderedDict[int, Callable[..., Any]] = OrderedDict()

    def __repr__(self) -> str:
        lines = "\n".join(
            f"  ({key}): {_indent(repr(block), 2)}" for key, block in self.__dict__.items() if isinstance(block, Block)
        )
        return f"{type(self).__name__}(\n{lines}\n)"

    def __setattr__(self, name: str, value: Any) -> None:
        """Register parameters and children."""
        existing = self.__dict__.get(name)
        if isinstance(existing, (Parameter, Block)) and not isinstance(value, type(existing)):
            raise base.TypeError(
                f"Changing attribute type for {name} from {type(existing)} to {type(value)} is not allowed."
            )
        if isinstance(value, Block):
            self.register_child(value, name)
        elif isinstance(value, Parameter):
            if name in self._reg_params:
                raise base.AssertionError(
                    f"Overriding Parameter attribute {name} is not allowed. If you want to share parameters between "
                    "blocks, please set 'params' at Block construction instead."
                )
            self._reg_params[name] = value
            self._structure_changed()
        object.__setattr__(self, name, value)

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        state["_parents"] = None
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["_parents"] = WeakSet()
        for child in self._children.values():
            if isinstance(child, Block):
                child._parents.add(self)

    def _structure_changed(self) -> None:
        """Tell the blocks that contain this one that graphs they compiled are out of date."""
        for parent in self._parents:
            parent._structure_changed()

    # -- names -----------------------------------------------------------------------------------------------------

    def _alias(self) -> str:
        return type(self).__name__.lower()

    @property
    def prefix(self) -> str:
        """What the names of its parameters begin with."""
        return self._prefix

    @property
    def name(self) -> str:
        """The prefix without the underscore at its end."""
        return self._name

    def name_scope(self) -> _BlockScope:
        """Return a ``with`` block in which children get names under this block's prefix."""
        return self._scope

    @property
    def params(self) -> ParameterDict:
        """The block's own parameters, without those of its children."""
        return self._params

    # -- parts -----------------------------------------------------------------------------------------------------

    def register_child(self, block: Block, name: str | None = None) -> None:
        """Make `block` a child: its parameters belong to this block's.

        Parameters
        ----------
        block : Block
            The child.
        name : str, optional
            Its name in saved parameters; its number when left out.
        """
        self._children[str(len(self._children)) if name is None else name] = block
        if isinstance(block, Block):  # transforms of images are also plain functions
            block._parents.add(self)
        self._structure_changed()

    def apply(self, fn: Callable[[Block], Any]) -> Self:
        """Call ``fn(block)`` for all children, their children and so on, and for this block last; return this block.

        Examples
        --------
        >>> net = mx.gluon.nn.Sequential()
        >>> net.add(mx.gluon.nn.Dense(2), mx.gluon.nn.Flatten())
        >>> net.apply(lambda block: print(type(block).__name__)) is net
        Dense
        Flatten
        Sequential
        True
        """
        for child in self._children.values():
            child.apply(fn)
        fn(self)
        return self

    def _check_container_with_block(self) -> None:
        """Warn of blocks in a list or dict: they are not registered, and their parameters stay out."""
        children = set(map(id, self._children.values()))

        def hidden(value: Any) -> bool:
            if isinstance(value, (list, tuple)):
                return any(map(hidden, value))
            if isinstance(value, dict):
                return any(map(hidden, value.values()))
            return isinstance(value, Block) and id(value) not in children

        for name, value in self.__dict__.items():
            if (
                isinstance(value, (list, tuple, dict))
                and not name.startswith("__")
                and name != "_children"
                and hidden(value)
            ):
                warn(
                    f'"{type(self).__name__}.{name}" is an unregistered container with Blocks. Note that Blocks inside '
                    "the list, tuple or dict will not be registered automatically. Make sure to register them using "
                    "register_child() or switching to nn.Sequential/nn.HybridSequential instead. "
                )

    def collect_params(self, select: str | None = None) -> ParameterDict:
        """Return the parameters of this block and its children.

        Parameters
        ----------
        select : str, optional
            Regular expression that the beginnings of names must match, such as ``'.*weight'`` or ``'a_weight|a_bias'``.

        Examples
        --------
        >>> net = mx.gluon.nn.Dense(2, prefix="fc_")
        >>> list(net.collect_params(".*weight"))
        ['fc_weight']
        """
        self._check_container_with_block()
        found = ParameterDict(self._params.prefix)
        if select is None:
            found.update(self.params)
        else:
            pattern = re.compile(select)
            found._params.update((name, value) for name, value in self.params.items() if pattern.match(name))
        for child in self._children.values():
            found.update(child.collect_params(select=select))
        return found

    def _collect_params_with_prefix(self, prefix: str = "") -> dict[str, Parameter]:
        """Return parameters under their names in the structure: ``features.0.weight``."""
        start = f"{prefix}." if prefix else ""
        found = {start + key: parameter for key, parameter in self._reg_params.items()}
        for name, child in self._children.items():
            found.update(child._collect_params_with_prefix(start + name))
        return found

    def initialize(
        self,
        init: Any = initializer.Uniform(),  # noqa: B008 - has no state
        ctx: Context | Sequence[Context] | None = None,
        verbose: bool = False,
        force_reinit: bool = False,
    ) -> None:
        """Initialize the parameters of this block and its children.

        Parameters
        ----------
        init : str or Initializer
            For parameters that were not told how when they were made.
        ctx : Context or list of Context, optional
            Where; the current context when left out.
        verbose : bool
            Log what is done.
        force_reinit : bool
            Initialize those anew that have values already.

        Examples
        --------
        >>> net = mx.gluon.nn.Dense(2, in_units=3)
        >>> net.initialize(mx.init.One())
        >>> net(mx.nd.ones((1, 3))).asnumpy().tolist()
        [[3.0, 3.0]]
        """
        self.collect_params().initialize(init, ctx, verbose, force_reinit)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Run the children that are `HybridBlock` as compiled graphs, or no longer; see `HybridBlock.hybridize`."""
        for child in self._children.values():
            child.hybridize(active, **kwargs)

    def cast(self, dtype: Any) -> None:
        """Cast all parameters.

        Parameters
        ----------
        dtype : str or numpy type
            The new dtype.
        """
        for child in self._children.values():
            child.cast(dtype)
        for parameter in self.params.values():
            parameter.cast(dtype)

    # -- running ---------------------------------------------------------------------------------------------------

    def register_forward_pre_hook(self, hook: Callable[[Block, Any], Any]) -> HookHandle:
        """Call ``hook(block, inputs)`` before each `forward`; the handle's ``detach()`` ends it."""
        handle = HookHandle()
        handle.attach(self._forward_pre_hooks, hook)
        return handle

    def register_forward_hook(self, hook: Callable[[Block, Any, Any], Any]) -> HookHandle:
        """Call ``hook(block, inputs, outputs)`` after each `forward`; the handle's ``detach()`` ends it.

        Examples
        --------
        >>> net = mx.gluon.nn.Flatten()
        >>> handle = net.register_forward_hook(lambda block, inputs, outputs: print(outputs.shape))
        >>> flat = net(mx.nd.ones((2, 3, 4)))
        (2, 12)
        >>> handle.detach()
        """
        handle = HookHandle()
        handle.attach(self._forward_hooks, hook)
        return handle

    def register_op_hook(self, callback: Callable[..., Any], monitor_all: bool = False) -> None:
        """Watch the operators of hybridized children; see `HybridBlock.register_op_hook`."""
        for child in self._children.values():
            child.register_op_hook(callback, monitor_all)

    def __call__(self, *args: Any) -> Any:
        if self._forward_pre_hooks:
            for hook in list(self._forward_pre_hooks.values()):
                hook(self, args)
        out = self.forward(*args)
        if self._forward_hooks:
            for hook in list(self._forward_hooks.values()):
                hook(self, args, out)
        return out

    def forward(self, *args: Any) -> Any:
        """Compute the outputs. To be overridden."""
        raise NotImplementedError(f"{type(self).__name__}.forward must be overridden")

    def summary(self, *inputs: NDArray) -> None:
        """Run the block and print a table of its layers, the shapes that come out, and numbers of parameters.

        Parameters
        ----------
        *inputs : NDArray
            Inputs of `forward`.

        Raises
        ------
        AssertionError
            If the block is hybridized.
        """
        from ._summary import summarize

        summarize(self, inputs)

    # -- files -----------------------------------------------------------------------------------------------------

    def save_parameters(self, filename: str, deduplicate: bool = False) -> None:
        """Write all parameters to a file, under their names in the structure.

        Parameters
        ----------
        filename : str
            Path of the file.
        deduplicate : bool
            Write a parameter that several children share only once, under its last name.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "net.params")
        >>> net = mx.gluon.nn.Sequential()
        >>> net.add(mx.gluon.nn.Dense(2, in_units=3))
        >>> net.initialize()
        >>> net.save_parameters(path)
        >>> list(mx.nd.load(path))
        ['0.weight', '0.bias']
        >>> net.load_parameters(path)
        """
        found = self._collect_params_with_prefix()
        if deduplicate:
            last = {id(parameter): name for name, parameter in found.items()}
            found = {name: parameter for name, parameter in found.items() if last[id(parameter)] == name}
        nd.save(filename, {name: parameter._reduce() for name, parameter in found.items()})

    def save_params(self, filename: str) -> None:
        """Write all parameters under their own names without the prefix. Deprecated: use `save_parameters`."""
        warn("save_params is deprecated. Please use save_parameters, or export.")
        self.collect_params().save(filename, strip_prefix=self.prefix)

    def load_parameters(
        self,
        filename: str,
        ctx: Context | Sequence[Context] | None = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Read parameters from a file.

        It may come from `save_parameters` (names of the structure), from `save_params` or ``collect_params().save``
        (names of parameters), or from `HybridBlock.export` and checkpoints (names with ``arg:`` and ``aux:``).

        Parameters
        ----------
        filename : str
            Path of the file.
        ctx : Context or list of Context, optional
            Where to put parameters that were not initialized; the CPU when left out.
        allow_missing : bool
            Whether the file may lack parameters.
        ignore_extra : bool
            Whether the file may hold others.
        cast_dtype : bool
            Whether dtypes may differ.
        dtype_source : {'current', 'saved'}
            With `cast_dtype`, whose dtype the parameter has afterwards: its own or the file's.

        Raises
        ------
        AssertionError, ValueError
            If parameters are missing, too many, or of another shape or dtype.
        MXNetError
            If the file is missing or damaged.
        """
        loaded = nd.load(filename)
        own = self._collect_params_with_prefix()
        if not loaded and not own:
            return
        if not isinstance(loaded, dict):
            raise base.ValueError(
                f"load_parameters: the {len(loaded)} arrays in {filename!r} have no names; mx.nd.load reads them"
            )
        loaded = {without_kind(name): array for name, array in loaded.items()}
        if not any(name in own for name in loaded) and not any("." in name for name in loaded):
            collected = self.collect_params()
            prefix = "" if any(name in collected for name in loaded) else self.prefix
            collected.load_dict(loaded, ctx, allow_missing, ignore_extra, prefix, filename, cast_dtype, dtype_source)
            return
        if not allow_missing:
            there = {id(own[name]) for name in loaded if name in own}
            for name, parameter in own.items():
                if id(parameter) not in there:
                    raise base.AssertionError(
                        f"Parameter '{name}' is missing in file '{filename}', which contains parameters: "
                        f"{_brief_print_list(loaded)}. Set allow_missing=True to ignore missing parameters."
                    )
        for name, array in loaded.items():
            if name in own:
                own[name]._load_init(array, ctx, cast_dtype, dtype_source, filename)
            elif not ignore_extra:
                raise base.ValueError(
                    f"Parameter '{name}' loaded from file '{filename}' is not present in this block, which contains "
                    f"parameters {_brief_print_list(own)}. Set ignore_extra=True to ignore. "
                )

    def load_params(
        self,
        filename: str,
        ctx: Context | Sequence[Context] | None = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
    ) -> None:
        """Read parameters from a file. Deprecated: use `load_parameters`."""
        warn("load_params is deprecated. Please use load_parameters.")
        self.load_parameters(filename, ctx, allow_missing, ignore_extra)

    def save(self, prefix: str) -> None:
        """Write structure, compiled graphs and parameters to ``prefix-model.json`` and ``prefix-model.params``.

        Parameters
        ----------
        prefix : str
            Path and beginning of the names of both files.
        """
        from ._saving import save

        save(self, prefix)

    def load(self, prefix: str) -> None:
        """Read what `save` wrote, into a block that the same code made.

        Parameters
        ----------
        prefix : str
            Path and beginning of the names of both files.

        Raises
        ------
        ValueError
            If the structure is another.
        """
        from ._saving import load

        load(self, prefix)
