"""The table of translations: one function for each MXNet operator that ONNX can express.

A translation takes the graph, the operator's inputs as `Value` objects and, as keywords, those of the operator's
attributes that it names; it returns one `Value` for each output. It may also name ``node`` (what is translated, with
the shapes and dtypes of its outputs).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from .._graph.node import Node
from ._lengths import Axes, Shapes
from ._writing import CannotTranslate, Graph, Value

__all__ = ["Applied", "CannotTranslate", "Translation", "translates", "translations"]

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class Applied:
    """The MXNet node that is translated."""

    node: Node
    shapes: Sequence[Axes | None]
    dtypes: Sequence[np.dtype[Any]]
    inner: Sequence[Shapes]  # of its subgraphs

    @property
    def shape(self) -> Axes:
        """The first output's shape."""
        shape = self.shapes[0]
        if shape is None:
            raise CannotTranslate("the shape of its output is not known: give in_shapes for every input")
        return shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The first output's dtype."""
        return self.dtypes[0]


@dataclass(frozen=True)
class Translation:
    """How one operator is translated."""

    function: Callable[..., Any]
    wanted: frozenset[str]  # names of the attributes that the function takes
    labels: frozenset[str]  # inputs that are for training only
    since: int  # first opset that has what is needed

    def __call__(self, graph: Graph, inputs: Sequence[Value], applied: Applied) -> list[Value]:
        values = applied.node.values
        options = {name: applied if name == "node" else values[name] for name in self.wanted}
        made = self.function(graph, *inputs, **options)
        return [made] if isinstance(made, Value) else list(made)


_TABLE: dict[str, Translation] = {}


def translates(*operators: str, labels: Sequence[str] = (), since: int = 17) -> Callable[[Function], Function]:
    """Register the decorated function as the translation of MXNet operators.

    Parameters
    ----------
    operators : str
        Names of operators, as the registry spells them (no aliases).
    labels : sequence of str
        Inputs that only training needs: they are left away.
    since : int
        The first opset of ONNX that the translation can be written in.
    """

    def register(function: Function) -> Function:
        parameters = inspect.signature(function).parameters.values()
        wanted = frozenset(p.name for p in parameters if p.kind is p.KEYWORD_ONLY)
        for operator in operators:
            if operator in _TABLE:
                raise ValueError(f"two translations of {operator}")
            _TABLE[operator] = Translation(function, wanted, frozenset(labels), since)
        return function

    return register


def translations() -> dict[str, Translation]:
    """Return all translations by operator."""
    from . import _translations

    for module in pkgutil.iter_modules(_translations.__path__):
        importlib.import_module(f"{_translations.__name__}.{module.name}")
    return _TABLE
