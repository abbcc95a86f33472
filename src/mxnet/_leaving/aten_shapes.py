"""Shapes, slices, indices and new tensors of torch in MXNet's operators."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch

from .. import symbol as sym
from ..symbol import Symbol
from .aten import Operation, Unsupported, lifted, reads


def _codes(before: Sequence[Any], after: Sequence[Any]) -> tuple[int, ...]:
    """Return MXNet's reshape codes: 0 keeps a length at its place, and one symbolic length elsewhere is inferred."""
    found: list[int] = []
    for place, length in enumerate(after):
        if isinstance(length, int) and length >= 0:
            found.append(length)
        elif isinstance(length, torch.SymInt) and place < len(before) and _equal(before[place], length):
            found.append(0)
        else:
            found.append(-1)
    if found.count(-1) > 1:
        raise Unsupported("several of its lengths depend on the batch")
    if 0 in [length for length in after if isinstance(length, int)]:
        raise Unsupported("it has no elements")
    return tuple(found)


def _equal(one: Any, other: Any) -> bool:
    """Whether two lengths are equal for every batch: compared as expressions, which sets no condition."""
    return str(one) == str(other)


def _reshaped(op: Operation, name: str = "self") -> Symbol:
    return sym.reshape(op[name], shape=_codes(op.example(name).shape, op.example().shape), name=op.name)


@reads("view.default", "reshape.default", "_unsafe_view.default", "flatten.using_ints", "unflatten.int",
       "view_as.default", "squeeze.default", "squeeze.dim", "squeeze.dims", "squeeze_.dim")  # fmt: skip
def reshape(op: Operation) -> Symbol:
    if not op.example().dim():
        raise Unsupported("its result has no axes, and MXNet's arrays have one")
    return _reshaped(op)


@reads("unsqueeze.default", "unsqueeze_.default")
def unsqueeze(op: Operation) -> Symbol:
    return sym.expand_dims(op["self"], axis=op.raw["dim"] % (op.rank("self") + 1), name=op.name)


@reads("permute.default")
def permute(op: Operation) -> Symbol:
    return sym.transpose(op["self"], axes=tuple(axis % op.rank("self") for axis in op.raw["dims"]), name=op.name)


@reads("transpose.int")
def transpose(op: Operation) -> Symbol:
    rank = op.rank("self")
    axes = list(range(rank))
    one, other = op.raw["dim0"] % rank, op.raw["dim1"] % rank
    axes[one], axes[other] = axes[other], axes[one]
    return sym.transpose(op["self"], axes=tuple(axes), name=op.name)


@reads("t.default", "numpy_T.default", "mT.default")
def matrix_transpose(op: Operation) -> Symbol:
    if op.rank("self") != 2:
        raise Unsupported("its data is no matrix")
    return sym.transpose(op["self"], axes=(1, 0), name=op.name)


@reads("cat.default", "concat.default")
def concat(op: Operation) -> Symbol:
    return sym.Concat(*op["tensors"], dim=op.raw["dim"] % op.example().dim(), name=op.name)


@reads("stack.default")
def stack(op: Operation) -> Symbol:
    return sym.stack(*op["tensors"], axis=op.raw["dim"] % op.example().dim(), name=op.name)


@reads("split.Tensor", "split_with_sizes.default", "split.sizes", "chunk.default", "tensor_split.sections")
def split(op: Operation) -> list[Symbol]:
    axis, parts = op.axis("dim", "self"), op.node.meta["val"]
    ends, at = [0], 0
    for part in parts:
        at += part.shape[axis]
        ends.append(at)
    if not all(isinstance(end, int) for end in ends):
        raise Unsupported("it splits the batch")
    return [
        sym.slice_axis(op["self"], axis=axis, begin=begin, end=end, name=f"{op.name}_{number}")
        for number, (begin, end) in enumerate(itertools.pairwise(ends))
    ]


@reads("unbind.int")
def unbind(op: Operation) -> list[Symbol]:
    axis = op.axis("dim", "self")
    count = op.example("self").shape[axis]
    if not isinstance(count, int) or op.rank("self") == 1:
        raise Unsupported("it takes the batch apart, or gives numbers")
    found = sym.SliceChannel(op["self"], num_outputs=count, axis=axis, squeeze_axis=True, name=op.name)
    return list(found)


@reads("slice.Tensor")
def slice_(op: Operation) -> Symbol:
    axis = op.axis("dim", "self")
    begin, end, step = op.raw["start"] or 0, op.raw["end"], op.raw["step"]
    length = op.example("self").shape[axis]
    if not isinstance(begin, int) or not isinstance(step, int):
        raise Unsupported("where it begins is computed")
    if not isinstance(end, int) and end is not None:
        if not _equal(end.meta["val"], length):
            raise Unsupported("where it ends is computed")
        end = None
    end = None if end is None or end >= 2**62 or (isinstance(length, int) and end >= length) else end
    if begin == 0 and end is None and step == 1:
        return op["self"]
    if step == 1:
        return sym.slice_axis(op["self"], axis=axis, begin=begin, end=end, name=op.name)
    whole = [None] * axis
    return sym.slice(op["self"], begin=(*whole, begin), end=(*whole, end), step=(*whole, step), name=op.name)


@reads("select.int")
def select(op: Operation) -> Symbol:
    axis, index = op.axis("dim", "self"), op.number("index")
    if op.rank("self") == 1:
        raise Unsupported("its result has no axes, and MXNet's arrays have one")
    end = None if index == -1 else int(index) + 1
    part = sym.slice_axis(op["self"], axis=axis, begin=int(index), end=end)
    return sym.squeeze(part, axis=axis, name=op.name)


@reads("index_select.default")
def index_select(op: Operation) -> Symbol:
    return sym.take(op["self"], op["index"], axis=op.raw["dim"], name=op.name)


@reads("expand.default", "expand_as.default")
def expand(op: Operation) -> Symbol:
    before, after = op.example("self").shape, op.example().shape
    data, added = op["self"], len(after) - len(before)
    if added:
        data = lifted(data, len(before), len(after))
    sizes = [1] * added + list(before)
    target = tuple(0 if _equal(one, other) else other for one, other in zip(sizes, after))
    if not any(target):
        return data
    if not all(isinstance(length, int) for length in target):
        raise Unsupported("it expands to the length of the batch")
    return sym.broadcast_to(data, shape=target, name=op.name)


@reads("repeat.default")
def repeat(op: Operation) -> Symbol:
    times = op.sizes("repeats")
    if not all(isinstance(one, int) for one in times):
        raise Unsupported("it repeats as often as the batch is long")
    return sym.tile(op["self"], reps=tuple(times), name=op.name)


@reads("constant_pad_nd.default", "pad.default")
def pad(op: Operation) -> Symbol:
    width, mode = list(op.raw["pad"]), op.get("mode", "constant")
    rank = op.rank("self")
    whole = width + [0] * (2 * rank - len(width))
    pairs = [whole[2 * i : 2 * i + 2] for i in range(rank)][::-1]
    flat = tuple(n for pair in pairs for n in pair)
    if any(flat[:4]) or rank not in (4, 5) or min(flat) < 0 or mode not in ("constant", "reflect", "replicate"):
        raise Unsupported("MXNet pads the last axes of 4 or 5 only, and cuts nothing off")
    value = op.get("value") or 0.0
    kind = "edge" if mode == "replicate" else mode
    return sym.Pad(op["self"], mode=kind, pad_width=flat, constant_value=float(value), name=op.name)


@reads("pixel_shuffle.default")
def pixel_shuffle(op: Operation) -> Symbol:
    """Depth to space, with the channels outermost: MXNet's operator has them innermost."""
    factor, shape = op.raw["upscale_factor"], op.example("self").shape
    channels, height, width = shape[1] // factor**2, shape[2], shape[3]
    data = sym.reshape(op["self"], shape=(0, channels, factor, factor, height, width))
    data = sym.transpose(data, axes=(0, 1, 4, 2, 5, 3))
    return sym.reshape(data, shape=(0, channels, height * factor, width * factor), name=op.name)


@reads("flip.default")
def flip(op: Operation) -> Symbol:
    return sym.reverse(op["self"], axis=tuple(axis % op.rank("self") for axis in op.raw["dims"]), name=op.name)


# -- new tensors ---------------------------------------------------------------------------------------------------


@reads("zeros.default", "ones.default", "full.default", "new_zeros.default", "new_ones.default")
def new(op: Operation) -> Symbol:
    """A length that depends on the batch is left to inference; what depends on no input is computed already."""
    kind = str(op.node.target).removeprefix("aten.").removeprefix("new_").partition(".")[0]
    value = op.number("fill_value") if kind == "full" else float(kind == "ones")
    sizes = tuple(length if isinstance(length, int) else 0 for length in op.example().shape)
    if sizes.count(0) > 1:
        raise Unsupported("several of its lengths depend on the batch")
    if kind == "full":
        return sym.full(sizes, value, name=op.name)
    return (sym.ones if value else sym.zeros)(shape=sizes, name=op.name)
