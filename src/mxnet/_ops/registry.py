"""The registry: one Python function on torch tensors is one operator.

The function's signature is the schema. Positional parameters are inputs (a default of ``None`` makes one optional, a
starred one makes the operator variadic); keyword-only parameters are attributes, whose annotation says how MXNet's
spelling is read and printed. Everything else about an operator is a trait, given to `operator` only where needed:

``aliases``          other registered names.
``inputs``           ``f(attributes) -> names``: which inputs exist, where attributes decide (``no_bias``).
``variadic``         for a starred function: the attribute that counts the inputs; None where ``inputs`` names them all.
``auxiliary``        names of inputs that are state, not arguments (BatchNorm's moving statistics), or
                     ``f(attributes) -> names``.
``outputs``          names of the outputs, or ``f(attributes) -> names``; one output is called ``output``.
``visible_outputs``  how many of them a user sees, or ``f(attributes) -> int``; all unless said.
``complete``         ``f(shapes, attributes) -> shapes``: fills input shapes that follow from others and attributes.
``complete_dtypes``  the same for dtypes; without it unknown inputs take the dtype of the known ones.
``output_dtypes``    ``f(dtypes, attributes) -> dtypes`` of the outputs; without it the attribute ``dtype`` decides,
                     else the first input.
``elementwise``      every input and output has the same shape and dtype, known from any one of them (with
                     ``output_dtypes`` the same shape only).
``pairwise``         every output has the shape of the input of the same number.
``shape``            ``f(shapes, dtypes, attributes) -> [(shape, dtype), ...]`` of outputs, where running the function
                     on torch's meta device cannot tell, or is slow.
``dynamic``          the outputs' shapes depend on values, not on shapes alone: inference leaves them unknown.
``gradient``         MXNet's own gradient, where it is not the derivative that torch takes. See `Backward`.
``plan_gradient``    the derivative that torch takes too, written out so that a plan can write straight into
                     gradient arrays.
``gradient_reads``   names of the inputs and outputs whose values the gradient rule reads, or
                     ``f(attributes) -> names``; all unless said. The others come as None, so that a plan need not keep
                     them. ``data.shape`` stands for only the shape of ``data``, which then comes in its place.
``gradient_memory``  whose memory the rule's gradients have: ``"own"`` for new memory, or that of the head gradient
                     where the rule may reuse it; ``"head"`` for the first head gradient itself or views of it; None
                     for any memory.
``linear_in``        inputs that the function is linear in, each with the names of the inputs that its gradient reads.
                     Its own value is not among them, so a plan can put the gradient off until somebody asks.
``loss``             the gradient does not need a head gradient (or ``f(attributes) -> bool``).
``view``             the function may return a view of an input; eager results are copied, as MXNet's are.
``mutates``          names of inputs that the function overwrites (optimizer states). It is never differentiated.
``updates``          numbers of the inputs that the outputs are new values of (or ``f(attributes) -> numbers``): the
                     function takes ``inplace=``, which is true when ``out=`` is these very arrays. It then writes its
                     results into them and returns them.
``fills``            the result goes into the array given as ``out=``, which is needed, and takes its dtype; a result
                     without axes fills all of it.
``random``           the function takes ``generator=``, a torch.Generator of the array's device.
``training``         the function takes ``training=``: the mode of the recording or of the executor. Its gradient rule
                     finds it among the attributes.
``input_init``       MXNet's ``__init__`` attribute for input variables that a symbol creates on its own.
``creates``          the function takes ``device=``: where it is to run (it has no tensor input to tell).
``keeps``            the function takes ``kept=``, a dict that lives as long as one recorded call, or as long as one
                     node of an executor; its gradient rule finds it among the attributes.
``reuses``           names of inputs, of the result's shape and dtype, over which the function can write its result: it
                     takes ``reuse=``, in a plan the name of one of them that nobody else needs.
``planned``          the function takes ``planned=``, which is true in the plan of an executor. There its results may
                     have any strides, as suits the kernels of the operators around it.
``open_attributes``  further keywords are attributes too, kept as strings: the function takes ``**parameters``.
``subgraphs``        names of the graphs that a node of this operator holds. The function takes ``subgraphs=``, one
                     ``f(tensors) -> tensors`` for each; ``wiring`` is ``f(attributes) -> Wiring`` for each of them.
``hidden``           names of attributes that have no effect here (they tuned a library that is gone).
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypeVar

import torch

from .attributes import REQUIRED, AttributeType, attribute_type

Shape = tuple[int, ...]
Function = TypeVar("Function", bound=Callable[..., Any])
Tensors = tuple[torch.Tensor | None, ...]

#: Attribute names that the runtime gives to a function itself; they are no part of the schema.
_RUNTIME_ATTRIBUTES = ("training", "generator", "device", "inplace", "kept", "planned", "reuse", "subgraphs")


@dataclass(slots=True)
class Backward:
    """What a gradient rule is given: ``rule(backward) -> one gradient or None for each input``.

    `head_gradients` holds one entry for each output, None where nothing flows in. `into` names, for each input, a
    tensor that the rule may write its gradient to and return; a rule is free to ignore it. With `reuse`, nobody else
    needs the first head gradient: the rule may write one gradient there.
    """

    head_gradients: Tensors
    inputs: tuple[torch.Tensor, ...]
    outputs: tuple[torch.Tensor, ...]
    attributes: Mapping[str, Any]
    wanted: tuple[bool, ...]
    into: Tensors
    reuse: bool = False


GradientRule = Callable[[Backward], Sequence[torch.Tensor | None]]
Complete = Callable[[list[Shape | None], Mapping[str, Any]], Sequence[Shape | None]]
CompleteDtypes = Callable[[list[torch.dtype | None], Mapping[str, Any]], Sequence[torch.dtype | None]]
ShapeRule = Callable[[Sequence[Shape], Sequence[torch.dtype], Mapping[str, Any]], Sequence[tuple[Shape, torch.dtype]]]


class Wiring(NamedTuple):
    """How one subgraph hangs in its node.

    `inputs` holds, for each variable of the subgraph, the number of the node's input that it stands for and whether
    it gets that input's first axis piece by piece. `outputs` holds, for each output of the subgraph, the number
    of the node's output that it makes and how: as it is (None), or stacked along a new first axis of this length
    (0: of the length of the inputs that come piece by piece).
    """

    inputs: Sequence[tuple[int, bool]]
    outputs: Sequence[tuple[int, int | None]]


class Attribute(NamedTuple):
    """One attribute of an operator: its name, type and default (REQUIRED when there is none)."""

    name: str
    type: AttributeType
    default: Any


class Input(NamedTuple):
    """One input of an operator; an optional one may be left out."""

    name: str
    optional: bool


@dataclass(frozen=True, slots=True, eq=False)
class Operator:
    """What the rest of the library knows about one operator. See the module's docstring for the traits."""

    name: str
    function: Callable[..., Any]
    inputs: tuple[Input, ...]
    attributes: dict[str, Attribute]
    module: str  # full name of the module that registers it
    aliases: tuple[str, ...] = ()
    starred: bool = False  # takes any number of inputs
    variadic: str | None = None  # name of the attribute that counts them
    active: Callable[[Mapping[str, Any]], Sequence[str]] | None = None
    auxiliary: frozenset[str] | Callable[[Mapping[str, Any]], Sequence[str]] = frozenset()
    output_names: Sequence[str] | Callable[[Mapping[str, Any]], Sequence[str]] = ("output",)
    visible: int | Callable[[Mapping[str, Any]], int] | None = None
    complete: Complete | None = None
    complete_dtypes: CompleteDtypes | None = None
    output_dtypes: CompleteDtypes | None = None
    elementwise: bool = False
    pairwise: bool = False
    shape: ShapeRule | None = None
    dynamic: bool = False
    gradient: GradientRule | None = None
    plan_gradient: GradientRule | None = None
    gradient_reads: Collection[str] | Callable[[Mapping[str, Any]], Collection[str]] | None = None
    gradient_memory: Literal["own", "head"] | None = None
    linear_in: Mapping[str, Sequence[str]] = field(default_factory=dict)
    loss: bool | Callable[[Mapping[str, Any]], bool] = False
    view: bool = False
    mutates: frozenset[str] = frozenset()
    updates: Sequence[int] | Callable[[Mapping[str, Any]], Sequence[int]] = ()
    fills: bool = False
    random: bool = False
    training: bool = False
    input_init: Mapping[str, str] = field(default_factory=dict)
    creates: bool = False
    keeps: bool = False
    reuses: tuple[str, ...] = ()
    planned: bool = False
    open_attributes: bool = False
    subgraphs: tuple[str, ...] = ()
    wiring: Callable[[Mapping[str, Any]], Sequence[Wiring]] | None = None
    hidden: frozenset[str] = frozenset()
    defaults: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Operator {self.name}>"

    def parse(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return all attributes with their Python values; raise ValueError naming what is wrong."""
        values = dict(self.defaults)
        for name, value in given.items():
            attribute = self.attributes.get(name)
            if attribute is None:
                if not self.open_attributes:
                    raise ValueError(self.unknown_attribute(name))
                values[name] = str(value)
                continue
            values[name] = self.parse_one(attribute, value)
        for name, attribute in self.attributes.items():
            if name not in values:
                raise ValueError(f"required attribute {name!r} ({attribute.type.spelling}) is missing")
        if self.starred and self.variadic is None:
            self.input_names(values)  # says so if the attributes name no inputs
        return values

    def parse_one(self, attribute: Attribute, value: Any) -> Any:
        """Return the Python value of one attribute; ValueError names the attribute, what came and what is expected."""
        try:
            return attribute.type.parse(value)
        except ValueError as error:
            raise ValueError(f"attribute {attribute.name!r}: {error}") from None

    def unknown_attribute(self, name: str) -> str:
        """Return the message for an attribute that this operator does not have."""
        import difflib

        close = difflib.get_close_matches(name, self.attributes, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        return f"no attribute {name!r}{hint} (it has: {', '.join(self.attributes) or 'none'})"

    def input_names(self, attributes: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of the inputs that exist under these (parsed) attributes."""
        if self.active is not None:
            return tuple(self.active(attributes))
        if self.variadic is not None:
            return tuple(f"arg{i}" for i in range(attributes[self.variadic] - len(self.subgraphs)))
        return tuple(item.name for item in self.inputs)

    def outputs(self, attributes: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the names of all outputs under these (parsed) attributes."""
        names = self.output_names
        return tuple(names(attributes) if callable(names) else names)

    def visible_outputs(self, attributes: Mapping[str, Any]) -> int:
        """Return how many of the outputs a user sees."""
        if self.visible is None:
            return len(self.outputs(attributes))
        return self.visible(attributes) if callable(self.visible) else self.visible

    def auxiliary_names(self, attributes: Mapping[str, Any]) -> Collection[str]:
        """Return the names of the inputs that are auxiliary states under these (parsed) attributes."""
        return self.auxiliary(attributes) if callable(self.auxiliary) else self.auxiliary

    def keywords(self, attributes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the (parsed) attributes that the function takes: all but the number of its inputs."""
        return {name: value for name, value in attributes.items() if name != self.variadic}

    @property
    def differentiable(self) -> bool:
        """Whether it may be part of a recorded graph: one that overwrites its inputs may not."""
        return not self.mutates and not self.updates and not self.fills

    def reads(self, attributes: Mapping[str, Any]) -> Collection[str] | None:
        """Return the names of the inputs and outputs that the gradient rule reads; None for all of them."""
        return self.gradient_reads(attributes) if callable(self.gradient_reads) else self.gradient_reads

    def is_loss(self, attributes: Mapping[str, Any]) -> bool:
        """Return whether the gradient needs no head gradient."""
        return self.loss(attributes) if callable(self.loss) else self.loss


_OPERATORS: dict[str, Operator] = {}


def operator(
    name: str,
    *,
    aliases: Sequence[str] = (),
    inputs: Callable[[Mapping[str, Any]], Sequence[str]] | None = None,
    auxiliary: Sequence[str] | Callable[[Mapping[str, Any]], Sequence[str]] = (),
    outputs: Sequence[str] | Callable[[Mapping[str, Any]], Sequence[str]] = ("output",),
    visible_outputs: int | Callable[[Mapping[str, Any]], int] | None = None,
    variadic: str | None = "num_args",
    complete: Complete | None = None,
    complete_dtypes: CompleteDtypes | None = None,
    output_dtypes: CompleteDtypes | None = None,
    elementwise: bool = False,
    pairwise: bool = False,
    shape: ShapeRule | None = None,
    dynamic: bool = False,
    gradient: GradientRule | None = None,
    plan_gradient: GradientRule | None = None,
    gradient_reads: Collection[str] | Callable[[Mapping[str, Any]], Collection[str]] | None = None,
    gradient_memory: Literal["own", "head"] | None = None,
    linear_in: Mapping[str, Sequence[str]] | None = None,
    loss: bool | Callable[[Mapping[str, Any]], bool] = False,
    view: bool = False,
    mutates: Sequence[str] = (),
    updates: Sequence[int] | Callable[[Mapping[str, Any]], Sequence[int]] = (),
    fills: bool = False,
    random: bool = False,
    training: bool = False,
    input_init: Mapping[str, str] | None = None,
    creates: bool = False,
    keeps: bool = False,
    reuses: Sequence[str] = (),
    planned: bool = False,
    open_attributes: bool = False,
    subgraphs: Sequence[str] = (),
    wiring: Callable[[Mapping[str, Any]], Sequence[Wiring]] | None = None,
    hidden: Sequence[str] = (),
) -> Callable[[Function], Function]:
    """Register the decorated function as the operator `name`. The traits are described at the top of this module.

    Examples
    --------
    >>> from mxnet._ops.registry import get, operator
    >>> @operator("docs_double", elementwise=True)
    ... def docs_double(data):
    ...     \"\"\"Twice the input.\"\"\"
    ...     return data * 2
    >>> get("docs_double").input_names({})
    ('data',)
    """

    def register(function: Function) -> Function:
        found_inputs, found_attributes, starred = _read_signature(function)
        if starred and variadic is not None and variadic not in found_attributes:
            found_attributes = {**found_attributes, variadic: Attribute(variadic, attribute_type(int), REQUIRED)}
        entry = Operator(
            name=name,
            function=function,
            inputs=found_inputs,
            attributes=found_attributes,
            module=_registering_module(),
            aliases=tuple(aliases),
            starred=starred,
            variadic=variadic if starred else None,
            active=inputs,
            auxiliary=auxiliary if callable(auxiliary) else frozenset(auxiliary),
            output_names=outputs,
            visible=visible_outputs,
            complete=complete,
            complete_dtypes=complete_dtypes,
            output_dtypes=output_dtypes,
            elementwise=elementwise,
            pairwise=pairwise,
            shape=shape,
            dynamic=dynamic,
            gradient=gradient,
            plan_gradient=plan_gradient,
            gradient_reads=gradient_reads,
            gradient_memory=gradient_memory,
            linear_in=linear_in or {},
            loss=loss,
            view=view,
            mutates=frozenset(mutates),
            updates=updates,
            fills=fills,
            random=random,
            training=training,
            input_init=input_init or {},
            creates=creates,
            keeps=keeps,
            reuses=tuple(reuses),
            planned=planned,
            open_attributes=open_attributes,
            subgraphs=tuple(subgraphs),
            wiring=wiring,
            hidden=frozenset(hidden),
            defaults={n: a.default for n, a in found_attributes.items() if a.default is not REQUIRED},
        )
        for spelled in (name, *aliases):
            if spelled in _OPERATORS:
                raise ValueError(f"operator {spelled!r} is registered twice")
            _OPERATORS[spelled] = entry
        return function

    return register


def _registering_module() -> str:
    """Return the module whose import registers an operator, directly or through a family's constructor."""
    frame = sys._getframe(1)
    while frame.f_code.co_name != "<module>" and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_globals.get("__name__", "")


def _read_signature(function: Callable[..., Any]) -> tuple[tuple[Input, ...], dict[str, Attribute], bool]:
    inputs: list[Input] = []
    attributes: dict[str, Attribute] = {}
    starred = False
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            if parameter.name in _RUNTIME_ATTRIBUTES:
                continue
            default = REQUIRED if parameter.default is parameter.empty else parameter.default
            attributes[parameter.name] = Attribute(parameter.name, attribute_type(parameter.annotation), default)
        elif parameter.kind is parameter.VAR_KEYWORD:
            continue
        elif parameter.kind is parameter.VAR_POSITIONAL:
            starred = True
            inputs.append(Input(parameter.name, False))
        else:
            inputs.append(Input(parameter.name, parameter.default is None))
    return tuple(inputs), attributes, starred


def get(name: str) -> Operator:
    """Return the operator registered under `name` or an alias; KeyError with the closest names when there is none."""
    try:
        return _OPERATORS[name]
    except KeyError:
        import difflib

        close = difflib.get_close_matches(name, _OPERATORS, n=3)
        hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        raise KeyError(f"no operator named {name!r}{hint}") from None


def is_registered(operator: Operator) -> bool:
    """Return whether an operator can be found by its name; one made for a single graph cannot."""
    return _OPERATORS.get(operator.name) is operator


def names() -> list[str]:
    """Return every registered name, aliases included, in the order of registration."""
    return list(_OPERATORS)


def operators() -> Iterator[Operator]:
    """Iterate over all operators, each once."""
    for name, entry in _OPERATORS.items():
        if name == entry.name:
            yield entry
