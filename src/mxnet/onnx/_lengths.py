"""Which lengths of a graph change with its inputs.

Shapes are inferred several times, each time with other lengths in place of those that may change. A length that is
then the same every time is a number; any other is a `Length`, which remembers what it was each time. So two lengths
that always agree are recognized as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from .._graph.inference import Conflict, Inferred
from .._graph.node import Entry, Node
from ..base import MXNetError


class Length(NamedTuple):
    """A length that changes with the inputs: what it was in each trial."""

    trials: tuple[int, ...]


Axes = tuple[int | Length, ...]


def static(shape: Axes | None) -> tuple[int, ...] | None:
    """Return a shape without lengths that change, or None."""
    if shape is None or any(isinstance(n, Length) for n in shape):
        return None
    return tuple(n for n in shape if isinstance(n, int))


def product_of(wanted: Length, shape: Axes) -> tuple[list[int], int] | None:
    """Return axes of `shape` that are multiplied, and a factor, such that the product is the wanted length."""
    for first in range(len(shape)):
        for last in range(first, len(shape)):
            chosen = [axis for axis in range(first, last + 1) if isinstance(shape[axis], Length)]
            if not chosen:
                continue
            totals = [1] * len(wanted.trials)
            for axis in chosen:
                length = shape[axis]
                assert isinstance(length, Length)
                totals = [total * n for total, n in zip(totals, length.trials)]
            factor, rest = divmod(wanted.trials[0], totals[0]) if totals[0] else (0, 1)
            if not rest and all(total * factor == n for total, n in zip(totals, wanted.trials)):
                return chosen, factor
    return None


class Shapes:
    """Shapes and dtypes of all entries of a graph, over several trials."""

    def __init__(self, trials: Sequence[Inferred]) -> None:
        self.trials = trials

    def shape(self, entry: Entry) -> Axes | None:
        """Return the shape of an entry, None if it is not known."""
        found = [trial.shape(entry) for trial in self.trials]
        first = found[0]
        if first is None or any(shape is None or len(shape) != len(first) for shape in found):
            return None
        lengths = list(zip(*(shape for shape in found if shape is not None)))
        return tuple(n[0] if len(set(n)) == 1 else Length(n) for n in lengths)

    def dtype(self, entry: Entry) -> np.dtype:
        """Return the dtype of an entry, float32 if nothing says otherwise."""
        found = self.trials[0].dtype(entry)
        return np.dtype("float32") if found is None else numpy_dtype(found)

    def inner(self, node: Node) -> list[Shapes]:
        """Return the shapes in the subgraphs of a node."""
        return [Shapes(list(trials)) for trials in zip(*(trial.inner(node) for trial in self.trials))]


def numpy_dtype(dtype: object) -> np.dtype:
    """Return NumPy's dtype for one of torch."""
    name = str(dtype).removeprefix("torch.")
    if name == "bfloat16":
        import ml_dtypes

        return np.dtype(ml_dtypes.bfloat16)
    return np.dtype(name)


#: What a length that may change becomes in two more trials, by the number of the length among them. Multiples come
#: first, as networks halve their images; then small steps, for lengths that something in the graph limits.
_CHANGES = (
    lambda n, k: (n * _PRIMES[k], 2 * n * _PRIMES[k]),
    lambda n, k: (n * 2, n * 3),
    lambda n, k: (max(1, n // 2), n + 1) if n > 1 else (2, 3),
    lambda n, k: (max(1, n - 1), max(1, n - 2)) if n > 2 else (n + 1, n + 2),
)
_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29) * 10


def infer(
    heads: Sequence[Entry],
    shapes: Mapping[str, Sequence[int]],
    names: Mapping[str, Sequence[str | None]],
    fixed: Mapping[str, tuple[int, ...]],
    dtypes: Mapping[str, object],
) -> Shapes:
    """Infer a graph for the given shapes of its inputs, and for others where lengths may change.

    Parameters
    ----------
    heads : entries
    shapes : mapping from input to shape
    names : mapping from input to names
        For each axis that may change a name, else None. Axes of one name change together.
    fixed : mapping from parameter to shape
    dtypes : mapping from variable to torch dtype

    Raises
    ------
    MXNetError
        The inputs do not fit the graph, or they do with the lengths that were given and never with others.
    """
    base = _run(heads, {**fixed, **{name: tuple(shape) for name, shape in shapes.items()}}, dtypes)
    if not any(label is not None for labels in names.values() for label in labels):
        return Shapes([base])
    problem: Exception | None = None
    for by_axis in (True, False):
        for change in _CHANGES:
            try:
                return Shapes([base, *_changed(heads, shapes, names, fixed, dtypes, change, by_axis)])
            except MXNetError as error:
                problem = problem or error
    raise MXNetError(
        f"onnx: with other lengths than {dict(shapes)} the graph does not fit together: {problem}. Give fewer dynamic "
        "lengths (dynamic_input_shapes), or none (dynamic=False)"
    )


def changeable(
    heads: Sequence[Entry],
    shapes: Mapping[str, tuple[int, ...]],
    names: Mapping[str, Sequence[str | None]],
    fixed: Mapping[str, tuple[int, ...]],
    dtypes: Mapping[str, object],
) -> dict[str, list[str | None]]:
    """Return `names` without those of axes that the graph does not let change, such as channels.

    Axes of one number and one length are looked at together: the batch is in all inputs.
    """
    keys = {(axis, n) for shape in shapes.values() for axis, n in enumerate(shape)}
    free: set[tuple[int, int]] = set()
    for key in sorted(keys):
        alone = {name: _only(shapes[name], names[name], {key}) for name in shapes}
        try:
            infer(heads, shapes, alone, fixed, dtypes)
        except MXNetError:
            continue
        free.add(key)
    return {name: _only(shapes[name], names[name], free) for name in shapes}


def _only(shape: Sequence[int], labels: Sequence[str | None], kept: set[tuple[int, int]]) -> list[str | None]:
    return [label if (axis, n) in kept else None for axis, (n, label) in enumerate(zip(shape, labels))]


def _changed(
    heads: Sequence[Entry],
    shapes: Mapping[str, Sequence[int]],
    names: Mapping[str, Sequence[str | None]],
    fixed: Mapping[str, tuple[int, ...]],
    dtypes: Mapping[str, object],
    change: Callable[[int, int], tuple[int, int]],
    by_axis: bool,
) -> list[Inferred]:
    """Return two more trials, in which lengths that may change are others."""
    keys: dict[object, int] = {}
    trials: list[dict[str, tuple[int, ...]]] = [{}, {}]
    for name, shape in shapes.items():
        lengths: list[list[int]] = [[], []]
        for axis, (n, label) in enumerate(zip(shape, names[name])):
            if label is None:
                for one in lengths:
                    one.append(n)
                continue
            own = label if not label.startswith("?") else (axis if by_axis else None, n)
            number = keys.setdefault(own, len(keys))
            for one, other in zip(lengths, change(n, number)):
                one.append(other)
        for trial, one in zip(trials, lengths):
            trial[name] = tuple(one)
    return [_run(heads, {**fixed, **trial}, dtypes) for trial in trials]


def _run(heads: Sequence[Entry], shapes: Mapping[str, tuple[int, ...]], dtypes: Mapping[str, object]) -> Inferred:
    import torch

    found = Inferred(heads, dict(shapes), {k: v for k, v in dtypes.items() if isinstance(v, torch.dtype)})
    try:
        found.infer_dtypes(torch.float32)
        found.infer_shapes()
    except Conflict as error:
        raise MXNetError(str(error)) from None
    return found


def count(shape: tuple[int, ...]) -> int:
    """Return how many elements a shape has."""
    return math.prod(shape)
