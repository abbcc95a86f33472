"""From samples to a batch, and what a loader does with its arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ... import base
from ... import ndarray as nd
from ...context import Context, current_context
from ...ndarray import NDArray
from ...ndarray.dispatch import wrap
from ._sharing import shared_empty

Batchify = Callable[[Any], Any]
_SHARED = Context("cpu_shared", 0)
_CPU = Context("cpu", 0)
_KINDS = ("float16", "float32", "float64", "uint8", "int8", "int32", "int64", "bool")
_TORCH = {np.dtype(name): getattr(torch, name) for name in _KINDS}


def default_batchify_fn(data: Sequence[Any]) -> Any:
    """Return samples as a batch.

    Parameters
    ----------
    data : sequence of samples
        Arrays are stacked along a new first axis. Tuples give a list: a batch of the first elements, one of the second,
        and so on. Numbers, and whatever else NumPy makes an array of, give an array of NumPy's dtype.

    Raises
    ------
    TypeError
        If there is no array of a sample's type.
    ValueError
        If shapes, or lengths of tuples, differ.

    Examples
    --------
    >>> images, labels = mx.gluon.data.dataloader.default_batchify_fn([(np.zeros((2, 3)), 1), (np.ones((2, 3)), 4)])
    >>> images.shape, labels.asnumpy().tolist(), labels.dtype.__name__
    ((2, 2, 3), [1, 4], 'int64')
    """
    return _batched(data, default_batchify_fn, shared=False)


def default_mp_batchify_fn(data: Sequence[Any]) -> Any:
    """Return samples as a batch in shared memory, on ``cpu_shared(0)``; else as `default_batchify_fn`."""
    return _batched(data, default_mp_batchify_fn, shared=True)


def _batched(data: Sequence[Any], batchify: Batchify, shared: bool) -> Any:
    if not len(data):
        raise base.IndexError(f"{batchify.__name__}: no samples; expected at least one")
    first = data[0]
    if isinstance(first, NDArray):
        return _stacked_arrays(data, batchify, shared)
    if isinstance(first, tuple):
        _check_lengths(data, batchify)
        return [batchify(column) for column in zip(*data)]
    return _stacked_numbers(data, batchify, shared)


def _check_lengths(data: Sequence[Any], batchify: Batchify) -> None:
    for number, sample in enumerate(data):
        if not isinstance(sample, tuple) or len(sample) != len(data[0]):
            what = f"a tuple of {len(sample)}" if isinstance(sample, tuple) else f"{type(sample).__name__}"
            raise base.ValueError(
                f"{batchify.__name__}: sample 0 is a tuple of {len(data[0])} and sample {number} {what}; expected "
                "tuples of one length"
            )


def _stacked_arrays(data: Sequence[Any], batchify: Batchify, shared: bool) -> NDArray:
    first = data[0]
    for number, sample in enumerate(data):
        if not isinstance(sample, NDArray):
            raise base.TypeError(
                f"{batchify.__name__}: sample 0 is an NDArray and sample {number} {type(sample).__name__}; expected "
                "samples of one type"
            )
        if sample.shape != first.shape:
            raise base.ValueError(
                f"{batchify.__name__}: sample 0 has shape {first.shape} and sample {number} {sample.shape}; expected "
                "one shape: crop or pad the samples, or give a batchify_fn of your own"
            )
    if not shared:
        return nd.stack(*data, axis=0)
    tensors = [(sample.tostype("default") if sample.is_sparse else sample)._data for sample in data]
    out = shared_empty((len(data), *first.shape), tensors[0].dtype)
    if len({tensor.dtype for tensor in tensors}) == 1 and all(tensor.device.type == "cpu" for tensor in tensors):
        torch.stack(tensors, out=out)
    else:
        for row, tensor in zip(out, tensors):
            row.copy_(tensor)
    return _array(out, shared)


def _stacked_numbers(data: Sequence[Any], batchify: Batchify, shared: bool) -> NDArray:
    first = data[0]
    if type(first) is np.ndarray and (dtype := _TORCH.get(first.dtype)) is not None:
        key = first.shape, first.dtype
        if all(type(sample) is np.ndarray and (sample.shape, sample.dtype) == key for sample in data):
            shape = (len(data), *first.shape)
            out = shared_empty(shape, dtype) if shared else torch.empty(shape, dtype=dtype)
            np.stack(data, out=out.numpy())  # NumPy alone would copy twice
            return _array(out, shared)
    try:
        values = np.asarray(data)
        found = nd.array(values, _CPU, values.dtype)._data
    except (ValueError, TypeError) as error:
        shapes = {getattr(sample, "shape", None) for sample in data}
        what = f"of shapes {sorted(map(str, shapes))}" if len(shapes) > 1 else f"such as {first!r:.80}"
        kind = base.TypeError if isinstance(error, TypeError) else base.ValueError
        raise kind(
            f"{batchify.__name__}: no array can be made of {len(data)} samples of {type(first).__name__} {what}: "
            f"{error}; expected arrays of one shape, numbers, or tuples of these: give a batchify_fn of your own"
        ) from None
    return _array(shared_empty(found.shape, found.dtype).copy_(found) if shared else found, shared)


def _array(data: torch.Tensor, shared: bool) -> NDArray:
    """Return an array around new memory of the CPU, on the current context if it is not to be shared."""
    found = wrap(NDArray, data, _SHARED if shared else _CPU)
    return found if shared else found.as_in_context(current_context())


def as_in_context(data: Any, ctx: Context) -> Any:
    """Return arrays, in lists and tuples too, on `ctx`; anything else as it is."""
    if isinstance(data, NDArray):
        return data.as_in_context(ctx)
    if isinstance(data, (list, tuple)):
        return [as_in_context(item, ctx) for item in data]
    return data
