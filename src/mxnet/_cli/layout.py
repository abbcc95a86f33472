"""Places for the nodes of a drawing: layers from top to bottom, few crossings, straight chains.

The steps are those of Sugiyama's method: layers by the longest path, points where long edges cross a layer, an order
within layers by the mean of the neighbours, and coordinates that come near to the neighbours' without overlaps.

References
----------
K. Sugiyama, S. Tagawa, M. Toda, "Methods for Visual Understanding of Hierarchical System Structures", IEEE Transactions
on Systems, Man, and Cybernetics 11(2), 1981.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: How many points for long edges there may be in all; beyond that, long edges are straight.
_MOST_POINTS = 40_000

_GAP = 24.0  # between boxes of a layer
_POINT = 14.0  # width of a place that an edge takes in a layer
_SWEEPS = 8


@dataclass
class Placed:
    """Where everything is: centres of the nodes, and the points of each edge."""

    x: list[float]
    y: list[float]
    edges: list[list[tuple[float, float]]]
    width: float = 0.0
    height: float = 0.0


@dataclass
class _Layers:
    """The nodes, and the points of long edges, in layers; a point is a node with a number above those of the nodes."""

    of: list[int]
    widths: list[float]
    rows: list[list[int]]
    above: list[list[int]]
    below: list[list[int]]
    chains: list[list[int]] = field(default_factory=list[list[int]])


def place(widths: Sequence[float], edges: Sequence[tuple[int, int]], *, step: float) -> Placed:
    """Return places for the boxes of a graph.

    Parameters
    ----------
    widths : sequence of float
        Width of each box.
    edges : sequence of (int, int)
        From box to box, where the first has the smaller number.
    step : float
        Distance from layer to layer.

    Examples
    --------
    >>> from mxnet._cli.layout import place
    >>> found = place([10, 10, 10], [(0, 1), (1, 2)], step=50)
    >>> found.y, len(set(found.x))
    ([0, 50, 100], 1)
    """
    layers = _layered(widths, edges)
    _order(layers)
    x = _coordinates(layers)
    least = min((place - width / 2 for place, width in zip(x, layers.widths)), default=0.0)
    x = [place - least for place in x]
    y = [layer * step for layer in layers.of]
    lines = [[(x[i], y[i]) for i in chain] for chain in layers.chains]
    right = max((place + width / 2 for place, width in zip(x, layers.widths)), default=0.0)
    count = len(widths)
    return Placed(x[:count], y[:count], lines, right, max(y, default=0.0))


def _layered(widths: Sequence[float], edges: Sequence[tuple[int, int]]) -> _Layers:
    count = len(widths)
    of = [0] * count
    sources: list[list[int]] = [[] for _ in range(count)]
    targets: list[list[int]] = [[] for _ in range(count)]
    for source, target in edges:
        sources[target].append(source)
        targets[source].append(target)
    for node in range(count):
        of[node] = max((of[source] + 1 for source in sources[node]), default=0)
    for node in reversed(range(count)):  # an input goes right above what reads it
        if not sources[node] and targets[node]:
            of[node] = max(0, min(of[target] for target in targets[node]) - 1)
    long = sum(of[target] - of[source] - 1 for source, target in edges)
    found = _Layers(of, list(widths), [], [[] for _ in range(count)], [[] for _ in range(count)])
    for source, target in edges:
        chain = [source]
        for layer in range(of[source] + 1, of[target]) if long <= _MOST_POINTS else ():
            chain.append(len(found.of))
            found.of.append(layer)
            found.widths.append(_POINT)
            found.above.append([])
            found.below.append([])
        chain.append(target)
        for one, other in pairwise(chain):
            found.below[one].append(other)
            found.above[other].append(one)
        found.chains.append(chain)
    found.rows = [[] for _ in range(max(found.of, default=-1) + 1)]
    for node, layer in enumerate(found.of):
        found.rows[layer].append(node)
    return found


def _order(layers: _Layers) -> None:
    """Sort each layer by the mean place of the neighbours in the layer before, down and up again; keep the best."""
    position = [0.0] * len(layers.of)

    def note(row: list[int]) -> None:
        for place, node in enumerate(row):
            position[node] = place - (len(row) - 1) / 2

    for row in layers.rows:
        note(row)
    best, fewest = [list(row) for row in layers.rows], _crossings(layers, position)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        near = layers.above if down else layers.below
        for row in layers.rows if down else reversed(layers.rows):
            means = {n: sum(position[m] for m in near[n]) / len(near[n]) if near[n] else position[n] for n in row}
            row.sort(key=means.__getitem__)
            note(row)
        crossings = _crossings(layers, position)
        if crossings < fewest:
            best, fewest = [list(row) for row in layers.rows], crossings
    layers.rows = best


def _crossings(layers: _Layers, position: Sequence[float]) -> int:
    """Count crossing edges from layer to layer: inversions, by insertion into a sorted list."""
    import bisect

    total = 0
    for row in layers.rows:
        ends = [
            position[m]
            for n in sorted(row, key=position.__getitem__)
            for m in sorted(layers.below[n], key=position.__getitem__)
        ]
        seen: list[float] = []
        for end in ends:
            total += len(seen) - bisect.bisect_right(seen, end)
            bisect.insort(seen, end)
    return total


def _coordinates(layers: _Layers) -> list[float]:
    """Return places within layers: each node as near to the mean of its neighbours as the order allows."""
    x = [0.0] * len(layers.of)
    for row in layers.rows:
        _put(row, [0.0] * len(row), layers.widths, x)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        near = layers.above if down else layers.below
        for row in layers.rows if down else reversed(layers.rows):
            wanted = [sum(x[m] for m in near[n]) / len(near[n]) if near[n] else x[n] for n in row]
            _put(row, wanted, layers.widths, x)
    return x


def _put(row: Sequence[int], wanted: Sequence[float], widths: Sequence[float], x: list[float]) -> None:
    """Give a layer's nodes the places nearest to the wanted ones in which they do not overlap.

    That is isotonic regression: neighbours that would overlap become a block, which goes to the mean of its wishes.
    """
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (widths[one] + widths[other]) / 2 + _GAP)
    blocks: list[tuple[float, int]] = []  # sum of wishes, how many
    for wish, offset in zip(wanted, offsets):
        blocks.append((wish - offset, 1))
        while len(blocks) > 1 and blocks[-2][0] / blocks[-2][1] >= blocks[-1][0] / blocks[-1][1]:
            (total, count), (more, further) = blocks[-2:]
            blocks[-2:] = [(total + more, count + further)]
    places = [total / count for total, count in blocks for _ in range(count)]
    for node, start, offset in zip(row, places, offsets):
        x[node] = start + offset
