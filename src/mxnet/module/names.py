"""The names and shapes of a module's inputs: what was declared, what is bound, what a batch brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import base
from .._warning import warn
from ..io import DataDesc

if TYPE_CHECKING:
    from ..io import DataBatch
    from ..symbol import Symbol

#: How the parameters of layers end; anything else may be meant as an input.
_PARAMETER_ENDINGS = ("_weight", "_bias", "_gamma", "_beta")


class StateError(base.MXNetError, AssertionError):
    """A method was called too early: before `bind`, `init_params` or `init_optimizer`."""


def require(condition: Any, message: str) -> None:
    """Raise StateError with `message` unless `condition` holds."""
    if not condition:
        raise StateError(message)


def as_list(given: Any) -> list[Any]:
    """Return `given` as a list: a list or tuple as it is, anything else alone in one."""
    return list(given) if isinstance(given, (list, tuple)) else [given]


_as_list = as_list


def _check_input_names(symbol: Symbol, names: Sequence[str], typename: str, throw: bool) -> None:
    """Look for `names` among the arguments of `symbol`; ValueError, or a warning, for one that is missing."""
    arguments = symbol.list_arguments()
    for name in names:
        if name in arguments:
            continue
        candidates = [argument for argument in arguments if not argument.endswith(_PARAMETER_ENDINGS)]
        message = (
            f"You created Module with Module(..., {typename}_names={list(names)}) but input with name '{name}' is not "
            "found in symbol.list_arguments(). Did you mean one of:\n\t" + "\n\t".join(candidates)
        )
        if throw:
            raise base.ValueError(message)
        warn(message)


def _check_names_match(data_names: Sequence[str], data_shapes: Sequence[DataDesc], name: str, throw: bool) -> None:
    """Compare declared names with those of shapes; ValueError, or a warning, if they differ."""
    if sorted(data_names) == sorted(shape.name for shape in data_shapes):
        return
    message = (
        f"Data provided by {name}_shapes don't match names specified by {name}_names "
        f"({list(data_shapes)} vs. {list(data_names)})"
    )
    if throw:
        raise base.ValueError(message)
    warn(message)


def _described(shapes: Any, what: str) -> list[DataDesc]:
    """Return DataDesc for what may be pairs of name and shape."""
    expected = f"{what} is {shapes!r}; expected a list of DataDesc or of (name, shape), such as [('data', (8, 5))]"
    if isinstance(shapes, (str, Mapping)):
        raise base.ValueError(expected)
    try:
        found = [shape if isinstance(shape, DataDesc) else DataDesc(*shape) for shape in shapes]
        for shape in found:
            tuple(shape.shape)
    except TypeError:
        raise base.TypeError(expected) from None
    return found


def _parse_data_desc(
    data_names: Sequence[str], label_names: Sequence[str], data_shapes: Any, label_shapes: Any
) -> tuple[list[DataDesc], list[DataDesc] | None]:
    """Return the descriptions of data and labels, checked against the declared names."""
    data = _described(data_shapes, "data_shapes")
    _check_names_match(data_names, data, "data", True)
    labels = _described(label_shapes, "label_shapes") if label_shapes else None
    _check_names_match(label_names, labels or [], "label", False)
    return data, labels


def described_by(
    batch: DataBatch, data: Sequence[DataDesc], labels: Sequence[DataDesc] | None, label_names: Sequence[str]
) -> tuple[list[DataDesc], list[DataDesc] | None] | None:
    """Return descriptions of a batch's data and labels, or None if it is what `data` and `labels` describe.

    Labels count if the network takes labels, which are `label_names`.
    """
    shapes = [tuple(array.shape) for array in batch.data or ()]
    # programs also bring batches that are just a namedtuple of data
    given = [tuple(array.shape) for array in getattr(batch, "label", None) or ()] if label_names else []
    if labels is None and given and len(given) == len(label_names):  # bound without labels, which come now
        labels = [DataDesc(name, shape) for name, shape in zip(label_names, given)]
    elif shapes == [old.shape for old in data] and (
        not given or labels is None or given == [old.shape for old in labels]
    ):
        return None
    if len(shapes) < len(data):
        raise base.ValueError(
            f"forward: the batch has {len(shapes)} data arrays, the module is bound for {len(data)}: "
            + ", ".join(old.name for old in data)
        )
    provided, provided_labels = getattr(batch, "provide_data", None), getattr(batch, "provide_label", None)
    new_data = _described(provided, "provide_data") if provided else _reshaped(data, shapes)
    if not given or labels is None:
        return new_data, None
    return new_data, _described(provided_labels, "provide_label") if provided_labels else _reshaped(labels, given)


def _reshaped(descriptions: Sequence[DataDesc], shapes: Sequence[tuple[int, ...]]) -> list[DataDesc]:
    return [DataDesc(old.name, shape, old.dtype, old.layout) for old, shape in zip(descriptions, shapes)]
