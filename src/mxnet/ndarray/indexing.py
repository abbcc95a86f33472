"""What ``x[key]`` and ``x[key] = value`` mean for the arrays of ``mx.nd``.

As in MXNet, a key of integers, slices, None and ``...`` that selects one contiguous piece of memory gives a view, and
everything else a copy. Two things differ from NumPy: a result never has fewer than one axis (``x[0]`` of a vector has
shape (1,)), and booleans in a key count as the integers 0 and 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .. import base
from .dispatch import NDArrayBase

Tensor = torch.Tensor
_FULL = slice(None)


def select(data: Tensor, key: Any) -> Tensor:
    """Return ``data[key]``: a view where the selection is basic and contiguous, a copy elsewhere."""
    parts, advanced = _parse(key, data)
    if advanced:
        result = data[_torch_key(parts, data)]
        return result.reshape(1) if result.dim() == 0 else result
    view, flipped = _basic(data, parts)
    if flipped:
        view = view.flip(flipped)
    if view.dim() == 0:
        view = view.reshape(1)
    return view if view.is_contiguous() else view.clone(memory_format=torch.contiguous_format)


def assign(data: Tensor, key: Any, value: Tensor | float) -> None:
    """Do ``data[key] = value``; the value is broadcast and cast to the dtype of `data`."""
    parts, advanced = _parse(key, data)
    if isinstance(value, Tensor) and value.untyped_storage().data_ptr() == data.untyped_storage().data_ptr():
        value = value.clone()  # x[1:] = x[:-1] reads everything before it writes
    if advanced:
        index = _torch_key(parts, data)
        if isinstance(value, Tensor):
            value = fitting(value.to(data.device, data.dtype), tuple(data[index].shape))
        else:
            value = torch.tensor(value, dtype=data.dtype, device=data.device)
        data[index] = value
        return
    view, flipped = _basic(data, parts)
    if not isinstance(value, Tensor):
        view.fill_(value)
        return
    value = fitting(value, tuple(view.shape))
    if flipped:
        value = value.expand(view.shape).flip(flipped)
    view.copy_(value)


def covers(key: Any, data: Tensor) -> bool:
    """Return whether `key` selects the whole array as it is: ``[:]``, ``[...]``, ``[0:2, :]`` of a 2 x 3 array."""
    parts, _ = _parse(key, data)
    return len(parts) == data.dim() and all(
        isinstance(part, slice) and part.indices(length) == (0, length, 1) for part, length in zip(parts, data.shape)
    )


def fitting(value: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Check that `value` broadcasts to `shape`; drop leading axes of length one that are too many."""
    while value.dim() > len(shape) and value.shape[0] == 1:
        value = value[0]
    if value.dim() > len(shape) or any(
        have not in (1, want) for have, want in zip(reversed(value.shape), reversed(shape))
    ):
        raise base.ValueError(
            f"x[key] = value: value of shape {tuple(value.shape)} does not broadcast to the selected shape {shape}"
        )
    return value


def _parse(key: Any, data: Tensor) -> tuple[list[Any], bool]:
    """Return the key with one part for each axis (and None for new ones), and whether it holds index arrays."""
    items: Sequence[Any] = key if isinstance(key, tuple) else (key,)
    parts: list[Any] = []
    advanced = False
    for item in items:
        part = _part(item)
        advanced |= isinstance(part, Tensor)
        parts.append(part)
    axes = sum(part is not None and part is not Ellipsis for part in parts)
    if axes > data.dim():
        raise base.IndexError(f"too many indices ({axes}) for an array with {data.dim()} axes")
    dots = [i for i, part in enumerate(parts) if part is Ellipsis]
    if len(dots) > 1:
        raise base.IndexError("an index can only have a single ellipsis ('...')")
    where = dots[0] if dots else len(parts)
    parts[where : where + 1] = [_FULL] * (data.dim() - axes)
    return parts, advanced


def _part(item: Any) -> Any:
    if item is None or item is Ellipsis:
        return item
    if isinstance(item, slice):
        return slice(*(None if n is None else _integer(n) for n in (item.start, item.stop, item.step)))
    if isinstance(item, NDArrayBase):
        if item._data.dtype is torch.bool:
            raise base.ValueError(
                "x[mask]: boolean arrays do not index in mx.nd (they would select rows 0 and 1); "
                "use mx.nd.contrib.boolean_mask, or mx.np arrays"
            )
        return item._data.to(torch.int64)
    if isinstance(item, (list, tuple, range, np.ndarray)):
        try:
            index = np.asarray(item).astype(np.int64)
        except (TypeError, ValueError):
            raise _unsupported(item) from None
        return int(index) if index.ndim == 0 else torch.from_numpy(index)
    try:
        return item.__index__()
    except AttributeError:
        raise _unsupported(item) from None


def _integer(value: Any) -> int:
    try:
        return value.__index__()
    except AttributeError:
        raise base.TypeError(f"a slice takes integers or None, got {value!r}") from None


def _unsupported(item: Any) -> base.MXNetError:
    return base.ValueError(
        f"an array does not support indexing with {item!r} of type {type(item).__name__}; "
        "expected int, slice, None, ..., or an array or list of integers"
    )


def _checked(index: int, axis: int, length: int) -> int:
    if not -length <= index < length:
        raise base.IndexError(f"index {index} is out of bounds for axis {axis} with size {length}")
    return index


def _basic(data: Tensor, parts: Sequence[Any]) -> tuple[Tensor, list[int]]:
    """Return a view for integers, slices and None, and the axes of it that are still to be reversed."""
    axis, flipped, index = 0, [], []
    kept = 0  # axes of the result so far
    for part in parts:
        if part is None:
            index.append(None)
            kept += 1
        elif isinstance(part, int):
            index.append(_checked(part, axis, data.shape[axis]))
            axis += 1
        else:
            if part.step is not None and part.step < 0:
                part = _ascending(part, data.shape[axis])
                if len(range(*part.indices(data.shape[axis]))) > 1:  # a single element can still be a view
                    flipped.append(kept)
            elif part.step == 0:
                raise base.ValueError("slice step cannot be zero")
            index.append(part)
            axis += 1
            kept += 1
    return data[tuple(index)], flipped


def _ascending(part: slice, length: int) -> slice:
    """Return the slice that selects the same elements in ascending order."""
    start, stop, step = part.indices(length)
    count = max(0, (start - stop - step - 1) // -step)
    first = start + (count - 1) * step
    return slice(first, start + 1, -step) if count else slice(0, 0)


def _torch_key(parts: Sequence[Any], data: Tensor) -> tuple[Any, ...]:
    """Return the key for torch, whose rules for mixing slices and index arrays are NumPy's."""
    key: list[Any] = []
    axis = 0
    rank = max(part.dim() for part in parts if isinstance(part, Tensor))
    for part in parts:
        if part is None:
            key.append(None)
            continue
        length = data.shape[axis]
        if isinstance(part, Tensor):
            if part.numel() and (int(part.min()) < -length or int(part.max()) >= length):
                worst = int(part.max()) if int(part.max()) >= length else int(part.min())
                raise base.IndexError(f"index {worst} is out of bounds for axis {axis} with size {length}")
            key.append(part.to(data.device))
        elif isinstance(part, int):  # with axes, because torch takes a tensor without any for a plain integer
            key.append(torch.full((1,) * rank, _checked(part, axis, length), device=data.device))
        else:
            if part.step is not None and part.step < 0:
                raise base.ValueError(
                    "a slice with a negative step cannot be mixed with index arrays; reverse with mx.nd.flip first"
                )
            key.append(part)
        axis += 1
    _check_together([tuple(part.shape) for part in key if isinstance(part, Tensor)])
    return tuple(key)


def _check_together(shapes: Sequence[tuple[int, ...]]) -> None:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise base.ValueError(f"index arrays of shapes {', '.join(map(str, shapes))} do not broadcast") from None
