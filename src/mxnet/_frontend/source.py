"""Prints the Python source of front-end functions from the registry.

Functions are printed and compiled rather than built as closures: an exact signature for editors and `help`, and a call
costs about half of one through ``*args, **kwargs``. The source is kept for tracebacks.

What a printed array function does, in order: give attributes their final form (a test each, nearly free when the value
already has it); on the common path (plain arrays, no ``out``, no casts) call the operator's function on the
tensors and wrap the result; otherwise hand over to the general path, `mxnet.ndarray.dispatch.invoke`.
"""

from __future__ import annotations

import inspect
import linecache
import threading
from collections.abc import Callable, Mapping
from typing import Any

import torch

from .._ops.attributes import REQUIRED
from .._ops.registry import Attribute, Operator
from .namespaces import members


class Null:
    """The default of a symbol function's attribute: the operator's own default holds and nothing is stored."""

    def __repr__(self) -> str:
        return "_Null"

    def __bool__(self) -> bool:
        return False


NULL = Null()


Printer = Callable[[str, Operator, int], str]


class Functions:
    """The front-end functions of one submodule, each compiled when first asked for.

    A program uses a handful of several hundred functions, and compiling all of them would be most of the import's time.

    Parameters
    ----------
    namespace : str
        See `mxnet._frontend.namespaces.members`.
    module : str
        Full name of the submodule.
    printer : function
        Prints the source of one function: `array_source` or `symbol_source`.
    environment : mapping
        What the printed code refers to; see ``_generate.py`` of both packages.
    """

    def __init__(self, namespace: str, module: str, printer: Printer, environment: Mapping[str, Any]) -> None:
        self._entries = {public: entry for public, _, entry in members(namespace)}
        self._printer, self._module = printer, module
        self._lock = threading.Lock()
        self._scope: dict[str, Any] = {**environment, "_Null": NULL, "__name__": module}

    def names(self) -> list[str]:
        """Return the public names of all functions."""
        return list(self._entries)

    def get(self, public: str) -> Any:
        """Return one function; KeyError when there is none."""
        entry, scope = self._entries[public], self._scope
        with self._lock:  # the number keeps the names of two functions apart
            number = len(scope)
            scope[f"op{number}"], scope[f"kernel{number}"] = entry, entry.function
            for attribute in entry.attributes.values():
                if _default_text(attribute) is None:
                    scope[_default_name(number, attribute)] = attribute.default
        text = self._printer(public, entry, number)
        filename = f"<{self._module}.{public}>"
        made: dict[str, Any] = {}
        exec(compile(text, filename, "exec"), scope, made)
        linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)
        function = made[public]
        function.__doc__ = documentation(entry, public)
        return function


def documentation(entry: Operator, public: str) -> str:
    """Return the docstring of an operator under one of its names."""
    text = inspect.cleandoc(entry.function.__doc__ or "")
    return text if public == entry.name else f"{text}\n\nThis is another name of ``{entry.name}``."


# -- array functions --------------------------------------------------------------------------------------------


def array_source(public: str, entry: Operator, number: int) -> str:
    """Return the source of an array function."""
    inputs = [item.name for item in entry.inputs]
    attributes = list(entry.attributes.values())
    lines = [] if entry.open_attributes else ["if kwargs:", f"    unknown(op{number}, kwargs)"]
    for attribute in attributes:
        if attribute.name != entry.variadic:
            lines += _parse_lines(attribute, number)
    values = ", ".join(f"{a.name!r}: {a.name}" for a in attributes if a.name != entry.variadic)
    if entry.open_attributes:
        values += f", **further(op{number}, kwargs)"
    if entry.starred:
        signature = [f"*{inputs[0]}"]
        if entry.variadic is not None:
            counted = f"{entry.variadic!r}: {entry.variadic}"
            values = f"{values}, {counted}" if values else counted
        arrays = inputs[0]
    else:
        signature = [f"{name}=None" for name in inputs]
        arrays = f"({', '.join(inputs)}{',' if len(inputs) == 1 else ''})"
        if _has_short_path(entry):
            lines += _short_path(entry, number)
    signature += [f"{a.name}={_default(a, number, entry)}" for a in attributes]
    signature += ["out=None", "name=None", "**kwargs"]
    lines.append(f"return invoke(op{number}, {arrays}, {{{values}}}, out)")
    return f"def {public}({', '.join(signature)}):\n    " + "\n    ".join(lines)


def _has_short_path(entry: Operator) -> bool:
    one_output = not callable(entry.output_names) and len(entry.output_names) == 1
    return bool(entry.inputs) and one_output and not (entry.random or entry.creates or not entry.differentiable)


def _short_path(entry: Operator, number: int) -> list[str]:
    """The common case without a detour: plain arrays in, one array out.

    While recording, the function sees live tensors and its result keeps them. An operator with a gradient rule of its
    own, and a user's ``torch.no_grad()``, take the general path then.
    """
    tests: list[str] = []
    plain: list[str] = []
    live: list[str] = []
    for item in entry.inputs:
        name = item.name
        test = f"{name}.__class__ is NDArray"
        tensor = f"{name}._data"
        traced = f"{name}._data if {name}._trace is None else live({name})"
        if item.optional:
            test, tensor = f"({name} is None or {test})", f"None if {name} is None else {tensor}"
            traced = f"None if {name} is None else ({traced})"
        tests.append(test)
        plain.append(tensor)
        live.append(traced)
    given = [f"{name}={name}" for name in entry.attributes]
    before: list[str] = []
    if entry.active is not None:  # which inputs exist is up to the attributes
        values = ", ".join(f"{name!r}: {name}" for name in entry.attributes)
        before = [f"wanted = op{number}.active({{{values}}})"]
        tests += [f"({n!r} in wanted) is ({n} is not None)" for n in (item.name for item in entry.inputs)]
    if entry.training:
        given.append("training=state.training")
    first = entry.inputs[0].name
    arrays = ", ".join(item.name for item in entry.inputs)
    values = ", ".join(f"{name!r}: {name}" for name in entry.attributes)
    raised = f"raise failed(op{number}, ({arrays},), {{{values}}}, error) from None"
    fails = ["    except ERRORS as error:", f"        {raised}"]

    def result(tensors: list[str]) -> str:
        call = f"kernel{number}({', '.join([*tensors, *given])})"
        return f"own({call}, {first}._data)" if entry.view else call

    lines = [
        *before,
        f"if {' and '.join(tests)} and out is None and not casts:",
        "    if not state.recording:",
        "        try:",
        f"            value = {result(plain)}",
        *(f"    {line}" for line in fails),
        "        result = new(NDArray)",
        "        result._data = value if value.is_contiguous() else value.contiguous()",
        f"        result._context = {first}._context",
        "        result._trace = None",
        "        return result",
    ]
    if entry.gradient is None:
        lines += [
            "    if grad_enabled():",
            "        try:",
            f"            value = {result(live)}",
            *(f"    {line}" for line in fails),
            "        value = value if value.is_contiguous() else value.contiguous()",
            f"        return wrap_live(NDArray, value, {first}._context)",
        ]
    return lines


def _parse_lines(attribute: Attribute, number: int) -> list[str]:
    name, test = attribute.name, attribute.type.accepts_as_is
    default = _default_text(attribute)
    if test is not None:
        condition = f"not ({test.format(name)})"
    elif attribute.default is REQUIRED:
        return [f"{name} = parse(op{number}, {name!r}, {name})"]
    else:
        condition = f"{name} is not {default or _default_name(number, attribute)}"
    return [f"if {condition}:", f"    {name} = parse(op{number}, {name!r}, {name})"]


def _default(attribute: Attribute, number: int, entry: Operator) -> str:
    if attribute.name == entry.variadic:
        return "None"
    return _default_text(attribute) or _default_name(number, attribute)


def _default_name(number: int, attribute: Attribute) -> str:
    return f"default{number}_{attribute.name}"


def _default_text(attribute: Attribute) -> str | None:
    """Return a default as source text, None when it must be referred to by name."""
    value = attribute.default
    if value is REQUIRED or isinstance(value, (torch.dtype, tuple)):
        return None
    return repr(value)


# -- symbol functions -------------------------------------------------------------------------------------------


def symbol_source(public: str, entry: Operator, number: int) -> str:
    """Return the source of a symbol function."""
    attributes = list(entry.attributes)
    if entry.starred:
        name = entry.inputs[0].name
        signature, inputs = [f"*{name}"], name
    else:
        signature = [f"{item.name}=None" for item in entry.inputs]
        inputs = "{" + ", ".join(f"{item.name!r}: {item.name}" for item in entry.inputs) + "}"
    signature += [f"{name}=_Null" for name in attributes]
    signature += ["name=None", "attr=None", "out=None", "**kwargs"]
    given = ", ".join(f"{name!r}: {name}" for name in attributes)
    return (
        f"def {public}({', '.join(signature)}):\n"
        f"    return compose(op{number}, {public.lower()!r}, {inputs}, {{{given}}}, name, attr, kwargs)"
    )
