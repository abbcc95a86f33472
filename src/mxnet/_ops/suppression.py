"""Non-maximum suppression and matching: the sequential algorithms of object detection, in few steps.

No operators here. `greedy` says which boxes stay when each one removes the lower-scored ones that it overlaps. It works
on blocks: the first boxes of every group that are still there are compared with each other and settled, then all
others are compared with those that stay, and removed where they overlap. Settling a block takes as many steps as its
longest chain of boxes that remove each other.

`match` pairs rows with columns, best score first. A pair that is the best of its row and of its column is taken
whatever happens elsewhere, so each step takes all such pairs.

Both ask after each step whether anything is left to do; on an accelerator the host waits for that answer.
"""

from __future__ import annotations

import math

import torch

from .attributes import single

Tensor = torch.Tensor

#: Most pairs that are compared at once: on a processor, the three work arrays of that size shall fit into its cache.
_PAIRS_CPU, _PAIRS = 1 << 18, 1 << 24

#: Most boxes in a block, and most pairs inside all blocks of one step.
_BLOCK, _BLOCK_PAIRS = 256, 1 << 20

_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


def plain(data: Tensor) -> Tensor:
    """Return `data` without its history, 16-bit floats as float32: areas in pixels are beyond float16."""
    return (data.float() if data.dtype.itemsize == 2 else data).detach()


def zero_unless_(data: Tensor, mask: Tensor) -> Tensor:
    """Set `data` to 0 where `mask` is False, in place and by bits: a mask without a pattern makes branches slow."""
    kind = _INTEGERS[data.dtype.itemsize]
    data.view(kind).bitwise_and_(mask.to(kind).neg_())
    return data


def corners(boxes: Tensor, center: bool = False) -> Tensor:
    """Return boxes (..., 4) as planes (5, ...): x1, y1, x2, y2 and the area; `center`: they are x, y, width, height."""
    planes = boxes.movedim(-1, 0).contiguous()
    if not center:
        return with_areas(planes)
    half = planes[2:] * 0.5
    return torch.cat((planes[:2] - half, planes[:2] + half, planes[2:3] * planes[3:]))


def with_areas(planes: Tensor, extra: float = 0.0) -> Tensor:
    """Return (5, ...): the corners `planes` (4, ...) and the area of boxes whose sides are longer by `extra`."""
    width, height = planes[2:3] - planes[:1], planes[3:] - planes[1:2]
    if extra:
        width, height = width + extra, height + extra
    return torch.cat((planes, width * height))


def overlaps(rows: Tensor, columns: Tensor, work: list[Tensor], extra: float = 0.0) -> Tensor:
    """Return the intersection over union (P, R, C) of each row of a part with each of its columns.

    `rows` is (5, P, R) and `columns` (5, P, C), as `corners` makes them; `extra` is added to the sides of the
    intersection. Two boxes without area give NaN. The answer lies in `work`, which holds arrays for the next call.
    """
    rows, columns = rows.unsqueeze(3), columns.unsqueeze(2)
    shape = (rows.shape[1], rows.shape[2], columns.shape[3])
    size = shape[0] * shape[1] * shape[2]
    if not work or work[0].numel() < size:
        work[:] = [rows.new_empty(size) for _ in range(3)]
    width, height, other = (array[:size].view(shape) for array in work)
    torch.minimum(rows[2], columns[2], out=width).sub_(torch.maximum(rows[0], columns[0], out=other))
    torch.minimum(rows[3], columns[3], out=height).sub_(torch.maximum(rows[1], columns[1], out=other))
    if extra:
        width.add_(extra)
        height.add_(extra)
    shared = width.clamp_(min=0).mul_(height.clamp_(min=0))
    return shared.div_(torch.add(rows[4], columns[4], out=other).sub_(shared))


def pairs_at_once(data: Tensor) -> int:
    """Return how many pairs to compare in one call of `overlaps`."""
    return _PAIRS_CPU if data.device.type == "cpu" else _PAIRS


def descending(scores: Tensor) -> Tensor:
    """Return, for each row of (B, N), the positions from the highest score to the lowest; equal ones keep their order.

    On a processor, float32 is sorted by its bits, all rows at once: torch has a radix sort for integers on one axis.
    """
    if scores.device.type != "cpu" or scores.dtype is not torch.float32 or scores.numel() < 1024:
        return scores.sort(dim=1, descending=True, stable=True).indices
    bits = (scores + 0.0).view(torch.int32)  # -0.0 + 0.0 is 0.0
    bits = bits ^ ((bits >> 31) & 0x7FFFFFFF)  # as integers, in the order of the floats
    row = torch.arange(len(scores)).unsqueeze(1)
    keys = (row << 32) - bits
    order = keys.view(-1).sort(stable=True).indices.view(scores.shape)
    return order.sub_(row * scores.shape[1])


def groups_of(image: Tensor, classes: Tensor) -> tuple[Tensor, Tensor]:
    """Return the order that puts boxes (T,) of one image and class side by side, and how many each group has."""
    if not image.numel():
        return image, image
    low = classes.min()
    keys = image * (classes.max() - low + 1) + (classes - low)
    keys, order = keys.sort(stable=True)
    return order, keys.unique_consecutive(return_counts=True)[1]


def _settle(removes: Tensor, there: Tensor) -> Tensor:
    """Return which boxes of each block stay. `removes` (G, b, b) says which later ones a box removes if it stays.

    The answer is the only fixed point of "a box stays if none that stays removes it"; each step settles one more box
    of every chain. Few pairs overlap, so the steps go over a list of them.
    """
    group, earlier, later = removes.nonzero(as_tuple=True)
    group = group * there.shape[1]
    earlier, later = earlier.add_(group), later.add_(group)
    there = there.reshape(-1)
    nowhere, stays = there.shape[0], there
    while True:
        gone = torch.zeros(nowhere + 1, dtype=torch.bool, device=there.device)
        gone.scatter_(0, torch.where(stays[earlier], later, nowhere), True)
        again = there & ~gone[:nowhere]
        if torch.equal(again, stays):
            return stays.view(removes.shape[:2])
        stays = again


def _block_length(largest: int, groups: int, limit: int | None) -> int:
    most = _BLOCK if limit is None or limit <= _BLOCK // 2 else 2 * _BLOCK
    length = min(largest, most, max(16, math.isqrt(_BLOCK_PAIRS // groups)))
    return -(-length // 8) * 8


def greedy(
    boxes: Tensor,
    counts: Tensor,
    threshold: float,
    *,
    inclusive: bool = False,
    extra: float = 0.0,
    limit: int | None = None,
) -> Tensor:
    """Return which boxes stay, as a mask (T,).

    `boxes` (5, T), as `corners` makes them, holds one group after the other, the best box of a group first; groups do
    not touch each other. `counts` (G,) are their lengths. A box removes those that it overlaps by more than
    `threshold`, or by no less with `inclusive`. `extra` is added to sides (1 where coordinates count pixels).
    With `limit`, the search ends when each group has so many; more may be found.
    """
    keep = torch.zeros(boxes.shape[1], dtype=torch.bool, device=boxes.device)
    where = torch.arange(boxes.shape[1], device=boxes.device)  # of the boxes that are left, in all boxes
    compare = torch.ge if inclusive else torch.gt
    threshold, at_once = single(threshold), pairs_at_once(boxes)
    work: list[Tensor] = []
    found = torch.zeros_like(counts)
    while where.numel():
        left = counts > 0
        counts, found = counts[left], found[left]
        largest, groups = int(counts.max()), len(counts)
        length = _block_length(largest, groups, limit)
        step = torch.arange(length, device=boxes.device)
        starts = (counts.cumsum(0) - counts).unsqueeze(1)
        first = (starts + step).clamp_(max=len(where) - 1)
        block = boxes[:, first]  # (5, groups, length)
        removes = torch.empty((groups, length, length), dtype=torch.bool, device=boxes.device)
        part = max(1, at_once // (length * length))
        for i in range(0, groups, part):
            rows = block[:, i : i + part]
            compare(overlaps(rows, rows, work, extra), threshold, out=removes[i : i + part])
        stays = _settle(removes.triu_(1), step < counts.unsqueeze(1))
        keep[where[first[stays]]] = True
        number = stays.sum(1)
        if limit is not None:
            found = found + number
            counts = counts.masked_fill(found >= limit, 0)  # the rest of these groups is not looked at
            largest = int(counts.max())
        if largest <= length:
            break
        # Those that stay move to the front of their block; a NaN for an area, and the others overlap nothing.
        most = int(number.max())
        order = stays.byte().sort(dim=1, descending=True, stable=True).indices[:, :most]
        block = block.gather(2, order.expand(5, -1, -1))
        block[4].masked_fill_(step[:most] >= number.unsqueeze(1), float("nan"))
        # All other boxes, in tiles as long as a block.
        tiles = (counts - 1).clamp_(min=0).div_(length, rounding_mode="floor")
        owner = torch.repeat_interleave(tiles)  # each tile's group
        number_in_group = torch.arange(len(owner), device=boxes.device) - (tiles.cumsum(0) - tiles)[owner] + 1
        offset = (number_in_group * length).unsqueeze(1) + step
        left = offset < counts[owner].unsqueeze(1)
        others = (starts[owner] + offset).clamp_(max=len(where) - 1)
        part = max(1, at_once // (length * most))
        for i in range(0, len(owner), part):
            tile = slice(i, i + part)
            covered = overlaps(block[:, owner[tile]], boxes[:, others[tile]], work, extra)
            left[tile] &= ~compare(covered, threshold).amax(1)
        counts = torch.zeros_like(counts).index_add_(0, owner, left.sum(1))
        others = others[left]
        boxes, where = boxes[:, others], where[others]
    return keep


def inverted(pairs: Tensor, columns: int) -> Tensor:
    """Return, for each of so many columns, the row that `pairs` (B, R) gives it, or -1."""
    back = torch.full((len(pairs), columns + 1), -1, dtype=torch.int64, device=pairs.device)
    every = torch.arange(pairs.shape[1], device=pairs.device).expand_as(pairs)
    return back.scatter_(1, pairs.masked_fill(pairs < 0, columns), every)[:, :columns]


def match(scores: Tensor) -> Tensor:
    """Return, for each row of (B, R, C), the column that it is paired with, or -1.

    Pairs are taken from the highest score down while their row and column are free; of equal scores the one of the
    lower row, then of the lower column. -inf is no pair. `scores` is overwritten.
    """
    batch, rows, columns = scores.shape
    if rows > columns:  # the same order: only equal scores of one row or of one column compete
        return inverted(match(scores.transpose(1, 2).contiguous()), rows)
    pairs = torch.full((batch, rows), -1, dtype=torch.int64, device=scores.device)
    if not scores.numel():
        return pairs
    every = torch.arange(rows, device=scores.device)
    while True:
        value, column = scores.max(2)
        rivals = scores.gather(
            2, column.unsqueeze(1).expand(-1, rows, -1)
        )  # what each row has where each one's best is
        mutual = (rivals.argmax(1) == every) & (value != -torch.inf)
        if not bool(mutual.any()):
            return pairs
        pairs = torch.where(mutual, column, pairs)
        taken = torch.zeros((batch, columns + 1), dtype=torch.bool, device=scores.device)
        taken.scatter_(1, column.masked_fill(~mutual, columns), True)
        scores.masked_fill_(mutual.unsqueeze(2) | taken[:, None, :columns], -torch.inf)
