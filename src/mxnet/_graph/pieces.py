"""The first layers of a network that predicts take a few images of a batch at a time.

Their arrays are the largest: those of a whole batch do not fit into the processor's cache, so every layer waits for
memory. A few images go through all of these layers before the next ones come.

Examples
--------
t1 = fused_convolution(a0, ...)                    becomes    t1 = in_pieces(a0, arguments)
t1 = pooling(t1)
t2 = fused_convolution(t1, ...)
t1 = fused_convolution(t2, ..., t1)
"""

from __future__ import annotations

import itertools
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from .node import Node
from .printing import compiled

Tensor = torch.Tensor
Block = Callable[[Tensor, Sequence[Tensor]], Tensor]

#: Operators that treat each image of a batch apart, but for what `_is_apart` says.
_APART = {
    "Activation", "BatchNorm", "Concat", "Convolution", "LRN", "LeakyReLU", "Pooling", "clip", "elemwise_add",
    "elemwise_mul", "elemwise_sub", "hard_sigmoid", "relu", "sigmoid", "tanh", "_div_scalar", "_minus_scalar",
    "_mul_scalar", "_plus_scalar",
}  # fmt: skip
_PARAMETERS = frozenset({"weight", "bias", "gamma", "beta", "moving_mean", "moving_var"})  # inputs that are no batch

_MOST_SIZES = 64  # sizes of batches to remember


class Line(NamedTuple):
    """A printed line, which computes a node.

    Attributes
    ----------
    alone : str or None
        The one temporary that holds a value after the line; empty if none does, None if several do.
    """

    node: Node
    text: str
    reads: tuple[str, ...]
    alone: str | None


def in_pieces(
    lines: Sequence[Line], constants: dict[str, Any], constant: Callable[[Any, str], str]
) -> tuple[list[str], dict[int, Node]]:
    """Return the lines with calls of `InPieces` in place of chains of layers, and the nodes by their number there."""
    found: list[str] = []
    nodes: dict[int, Node] = {}
    position = 0
    while position < len(lines):
        before = lines[position - 1].alone if position else ""
        ends, batch = ([], "") if before is None else _chain(lines, position, before)
        end = ends[-1] if ends else position + 1
        if ends and any(_is(line.node, "Convolution") for line in lines[position:end]):
            blocks = [lines[a:b] for a, b in zip([position, *ends], ends)]
            called = constant(InPieces(batch, blocks, constants), "in_pieces")
            found.append(f"{lines[end - 1].alone} = {called}({batch}, arguments)")
        else:
            for line in lines[position:end]:
                nodes[len(found)] = line.node
                found.append(line.text)
        position = end
    return found, nodes


def _is(node: Node, name: str) -> bool:
    return node.operator is not None and node.operator.name == name


def _chain(lines: Sequence[Line], start: int, before: str) -> tuple[list[int], str]:
    """Return before which lines one value alone is left, as far as images stay apart, and the name of their batch.

    `before` is the one temporary that holds a value at the start; if it is empty, the batch is an argument.
    """
    ends: list[int] = []
    batch = before
    for position in range(start, len(lines)):
        read = _batches(lines[position])
        if read is None:
            break
        batch = batch or read[0]
        if any(name.startswith("a") and (name != batch or ends) for name in read):
            break
        if lines[position].alone:
            ends.append(position + 1)
    return ends, batch


def _batches(line: Line) -> list[str] | None:
    """Return the names of the batches that a line reads, None if it does not treat their images apart."""
    node = line.node
    if not _is_apart(node):
        return None
    named = list(zip(node.input_names(), line.reads))
    if any(name in _PARAMETERS and not read.startswith("a") for name, read in named):
        return None
    return [read for name, read in named if name not in _PARAMETERS]


def _is_apart(node: Node) -> bool:
    assert node.operator is not None
    name, values = node.operator.name, node.values
    if name == "Concat":
        return values["dim"] > 0
    if name == "BatchNorm":
        return values["axis"] > 0 and not values["output_mean_var"]
    if name == "LeakyReLU":
        return values["act_type"] != "rrelu"
    return name in _APART


class InPieces:
    """Runs a chain of layers on as many images at a time as the cache has room for.

    How far that pays is decided by how much memory each part of the chain goes through when a size comes first.

    Parameters
    ----------
    batch : str
        What the lines call the batch at first.
    blocks : lists of Line
        The parts of the chain, with one value from each to the next.
    constants : dict
        What the lines refer to.
    """

    def __init__(self, batch: str, blocks: Sequence[Sequence[Line]], constants: Mapping[str, Any]) -> None:
        self.__name__ = "in_pieces"
        names = [batch, *(block[-1].alone or "" for block in blocks)]
        self._blocks = [_compiled(name, block, constants) for name, block in zip(names, blocks)]
        self._known: dict[Any, tuple[int, int]] = {}

    def __call__(self, batch: Tensor, arguments: Sequence[Tensor]) -> Tensor:
        threads = torch.get_num_threads()
        count, pieces = 0, 0
        if batch.is_cpu and batch.dim() > 2 and len(batch) >= 2 * threads:
            key = (batch.shape, batch.dtype, threads)
            known = self._known.get(key)
            if known is None:
                return self._measured(batch, arguments, key)
            count, pieces = known
        if count:
            found: list[Tensor] = []
            for part in batch.tensor_split(pieces):
                for block in self._blocks[:count]:
                    part = block(part, arguments)
                found.append(part)
            batch = torch.cat(found)
        for block in self._blocks[count:]:
            batch = block(batch, arguments)
        return batch

    def _measured(self, batch: Tensor, arguments: Sequence[Tensor], key: Any) -> Tensor:
        """Run the chain, look how much memory each block goes through, and decide about the next calls."""
        count = len(batch)
        moved: list[int] = []
        results: list[int] = []
        for block in self._blocks:
            with _Moved(count) as mode:
                batch = block(batch, arguments)
            moved.append(mode.most)
            results.append(batch.nbytes)
        if len(self._known) >= _MOST_SIZES:
            self._known.clear()
        self._known[key] = how_far(moved, results, count, key[-1], _cache())
        return batch


def _compiled(batch: str, lines: Sequence[Line], constants: Mapping[str, Any]) -> Block:
    arguments = sorted({name for line in lines for name in line.reads if name.startswith("a")} - {batch})
    taken = [f"{name} = arguments[{name[1:]}]" for name in arguments]
    nodes = {number: line.node for number, line in enumerate(lines, len(taken) + 2)}
    text = [*taken, *(line.text for line in lines), f"return {lines[-1].alone}"]
    return compiled("pieces", [batch, "arguments"], text, constants, {"pieces": nodes})


class _Moved(TorchDispatchMode):
    """Notes the most bytes that the arrays of one operation take which hold something for each of `count` images."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count, self.most = count, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        found = func(*args, **(kwargs or {}))
        values = [*args, found]
        values += [one for value in values if isinstance(value, (list, tuple)) for one in value]
        memory = {
            value.data_ptr(): value.nbytes
            for value in values
            if isinstance(value, Tensor) and value.layout is torch.strided and value.shape[:1] == (self.count,)
        }
        self.most = max(self.most, sum(memory.values()))
        return found


def how_far(moved: Sequence[int], results: Sequence[int], count: int, threads: int, cache: int) -> tuple[int, int]:
    """Return how many blocks shall take a batch of `count` images in pieces, and in how many; (0, 0) for none.

    Blocks that go through more than the cache holds gain about what is beyond it, and others lose by small pieces.

    Parameters
    ----------
    moved : list of int
        How many bytes the largest operation of each block goes through, for the whole batch.
    results : list of int
        How many bytes each block returns.
    count, threads : int
        Images, and threads; a piece has an image for each thread at least.
    cache : int
        Bytes that the cache holds.
    """
    beyond = [0, *itertools.accumulate(most - cache for most in moved)]
    blocks = beyond.index(max(beyond))
    if not blocks:
        return 0, 0
    while blocks < len(results) and results[blocks] < results[blocks - 1]:  # there is less to put together again
        blocks += 1
    size = max(threads, cache * count // (2 * max(moved[:blocks])))
    return (blocks, -(-count // size)) if 2 * size <= count else (0, 0)


def _cache() -> int:
    """Return the size of the processor's last cache in bytes, a usual one where the system does not tell."""
    try:
        text = pathlib.Path("/sys/devices/system/cpu/cpu0/cache/index3/size").read_text().strip()
        return int(text.removesuffix("K")) * 1024
    except (OSError, ValueError):
        return 2**25
