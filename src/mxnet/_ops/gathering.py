"""Weighted sums of pixels: what the operators that read images at computed places come down to.

Images become a table with one row of channels for each pixel. Every place that is read is a bag of rows and weights,
and torch's ``embedding_bag`` sums all bags in one call. Places and weights have no channels, so they cost little.

Means over the bins of a box have weights that are products, of one for the row and one for the column of a pixel. So
they are found for each axis alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import torch

Tensor = torch.Tensor
Planes = tuple[Tensor, Tensor]

#: Numbers in an intermediate tensor from which on boxes or channels are worked on in several pieces.
MOST = 1 << 24


def exact(data: Tensor) -> Tensor:
    """Return 16-bit numbers as float32, in which sums are taken; others as they are."""
    return data.float() if data.dtype.itemsize == 2 else data


def pixel_rows(data: Tensor) -> Tensor:
    """Return the table (N * H * W, C) of images (N, C, H, W), or of others with their channels second, in `exact`."""
    return exact(data).flatten(2).transpose(1, 2).reshape(-1, data.shape[1]).contiguous()


def weighted_sums(rows: Tensor, index: Tensor, weight: Tensor, offsets: Tensor | None = None) -> Tensor:
    """Return for each bag the sum of ``weight * rows[index]``, differentiable in `rows` and `weight`.

    Bags are the rows of `index` and `weight` (B, K), or pieces of them (E,) that begin at `offsets` (B,).
    """
    bags = index.shape[0] if offsets is None else offsets.shape[0]
    if not (bags and index.numel() and rows.numel()):
        return rows.new_zeros(bags, rows.shape[1])
    if torch.is_grad_enabled() and (rows.requires_grad or weight.requires_grad):
        sums: Any = _WeightedSums.apply(rows, weight, index, offsets)
        return sums
    return _sums(rows, index, weight, offsets)


def _sums(rows: Tensor, index: Tensor, weight: Tensor, offsets: Tensor | None) -> Tensor:
    return torch.nn.functional.embedding_bag(index, rows, offsets, mode="sum", per_sample_weights=weight)


class _WeightedSums(torch.autograd.Function):
    """The gradient for the rows is a weighted sum too, of the bags that a row is in: much faster than torch's own."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, weight: Tensor, index: Tensor, offsets: Tensor | None) -> Tensor:
        ctx.save_for_backward(rows, weight, index, offsets)
        return _sums(rows, index, weight, offsets)

    @staticmethod
    def backward(ctx: Any, *heads: Tensor) -> Any:
        rows, weight, index, offsets = ctx.saved_tensors
        head = heads[0].contiguous()
        to_rows = _row_gradient(head, rows.shape[0], index, weight, offsets) if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return to_rows, None, None, None
        with torch.enable_grad():
            weight = weight.detach().requires_grad_()
            sums = _sums(rows.detach(), index, weight, offsets)
        return to_rows, torch.autograd.grad(sums, weight, head)[0], None, None


def _row_gradient(head: Tensor, count: int, index: Tensor, weight: Tensor, offsets: Tensor | None) -> Tensor:
    """Return the sum of ``weight * head`` over all places where a row is used, for each of `count` rows."""
    index = index.flatten()
    order = index.sort().indices
    if offsets is None:
        bags = torch.div(order, index.shape[0] // head.shape[0], rounding_mode="floor")
    else:
        begins = index.new_zeros(index.shape[0] + 1).index_add_(0, offsets, torch.ones_like(offsets))
        bags = (begins.cumsum(0) - 1).index_select(0, order)
    uses = index.new_zeros(count).index_add_(0, index, torch.ones_like(index))
    return _sums(head, bags, weight.flatten().index_select(0, order), uses.cumsum(0) - uses)


class Reads(NamedTuple):
    """Which pixels of an axis each bin reads, with which weights: (R, bins, K) both."""

    pixel: Tensor
    weight: Tensor


def between(place: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Return the two pixels next to places (...) on an axis, and their weights: (..., 2) each."""
    place = place.clamp(0, length - 1)
    low = place.floor()
    part = place - low
    pair = torch.stack((low, (low + 1).clamp(max=length - 1)), -1).int()
    return pair, torch.stack((1 - part, part), -1)


def samples(start: Tensor, size: Tensor, bins: int, count: int, length: int) -> Reads:
    """Read `count` places in each bin of an axis, the same number for all boxes."""
    step = (size / bins)[:, None, None]
    number = torch.arange(bins, device=start.device)[:, None]
    sample = torch.arange(count, device=start.device) + 0.5
    place = start[:, None, None] + number * step + sample * step / count  # (R, bins, count)
    inside = (place >= -1) & (place <= length) & (step > 0)
    index, weight = between(torch.where(inside, place, 0), length)
    return Reads(index.flatten(2), (weight * (inside.to(weight.dtype) / count).unsqueeze(-1)).flatten(2))


def dense_samples(start: Tensor, size: Tensor, bins: int, length: int) -> Tensor:
    """Return the weight of every pixel of an axis in every bin, (R, bins, length), with a sample for each pixel.

    A bin has ``ceil(size / bins)`` samples. Two of them are at least half a pixel apart, so no more than
    ``2 * length + 6`` lie inside, however large the box is.
    """
    step = size / bins
    count = step.ceil().clamp(min=1)
    most = 2 * length + 6
    if start.is_cpu:  # looking at the numbers costs nothing here
        most = int(count.nan_to_num(1).clamp(max=most).amax())
    begin = start[:, None] + torch.arange(bins, device=start.device) * step[:, None]  # (R, bins)
    apart = (step / count)[:, None]
    first = ((-1 - begin) / apart - 1.5).floor().clamp(min=0).unsqueeze(-1)
    sample = first + torch.arange(most, device=start.device)
    place = begin.unsqueeze(-1) + (sample + 0.5) * apart.unsqueeze(-1)  # (R, bins, most)
    inside = (place >= -1) & (place <= length) & (sample < count[:, None, None]) & (step > 0)[:, None, None]
    index, weight = between(torch.where(inside, place, 0), length)
    weight = weight * (inside / count[:, None, None]).unsqueeze(-1)
    return weight.new_zeros(*begin.shape, length).scatter_add_(2, index.flatten(2).long(), weight.flatten(2))


def _span(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first pixel (R, bins) whose weight (R, bins, length) is not 0, and how many there are to the last."""
    counts = weight != 0
    number = torch.arange(weight.shape[2], dtype=torch.int32, device=weight.device)
    begin = torch.where(counts, number, weight.shape[2] - 1).amin(2)
    return begin, (torch.where(counts, number + 1, 0).amax(2) - begin).clamp(min=1)


def _read(weight: Tensor, begin: Tensor, count: int) -> Reads:
    """Read `count` pixels from `begin` on, or some more before it at the end of the axis."""
    begin = begin.clamp(max=weight.shape[2] - count).unsqueeze(-1)
    index = begin + torch.arange(count, dtype=begin.dtype, device=begin.device)
    return Reads(index, weight.gather(2, index.long()))


def _by_size(rows: Tensor, columns: Tensor) -> Iterator[tuple[Tensor, Reads, Reads]]:
    """Yield numbers of boxes of similar size, and what they read of each axis, given all weights (R, bins, length).

    All bins of a call of `_entries` get as many as the largest one, so they should not be of very different sizes.
    """
    (top, height), (left, width) = _span(rows), _span(columns)
    high, wide = height.amax(1), width.amax(1)
    for part in (high * wide).argsort().chunk(min(max(rows.shape[0] // 32, 1), 8)):
        by_row = _read(rows[part], top[part], int(high[part].amax()))
        yield part, by_row, _read(columns[part], left[part], int(wide[part].amax()))


def _entries(rows: Reads, columns: Reads) -> tuple[Tensor, Tensor]:
    """Return what bins (R, P, Q) read, with weights: (R * P * Q, K) both. The places of rows and columns are added."""
    high, wide = rows.pixel.shape[2], columns.pixel.shape[2]

    # All pairs stand in one axis: loops over two axes of a few numbers would take longer to start than to run.
    def by_row(numbers: Tensor) -> Tensor:
        return numbers.unsqueeze(3).expand(-1, -1, -1, wide).flatten(2).unsqueeze(2)

    def by_column(numbers: Tensor) -> Tensor:
        return numbers.unsqueeze(2).expand(-1, -1, high, -1).flatten(2).unsqueeze(1)

    index = by_row(rows.pixel) + by_column(columns.pixel)
    return index.flatten(0, 2), (by_row(rows.weight) * by_column(columns.weight)).flatten(0, 2)


def _together(table: Tensor, entries: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Return `weighted_sums` of several sets of bags in one call."""
    if len(entries) == 1:
        return weighted_sums(table, *entries[0])
    index, weight = (torch.cat([item.flatten() for item in items]) for items in zip(*entries))
    lengths = [torch.full(item.shape[:1], item.shape[1], dtype=index.dtype, device=index.device) for item, _ in entries]
    length = torch.cat(lengths)
    return weighted_sums(table, index, weight, (length.cumsum(0) - length).to(index.dtype))


def _contracted(data: Tensor, image: Tensor, planes: Planes | None, rows: Tensor, columns: Tensor) -> Tensor:
    """Return the sums (R, P, Q, C) as two products with all weights, the many zeros included: nothing waits here."""
    own = image.unsqueeze(1) == torch.arange(data.shape[0], device=data.device)
    rows = rows.unsqueeze(2) * own[:, None, :, None]  # (R, P, N, H)
    if planes is None:
        return torch.einsum("rpcw,rqw->rpqc", torch.einsum("rpnh,nchw->rpcw", rows, data[:, :, 0]), columns)
    chosen = data[:, :, planes[0][:, None] + planes[1]]
    return torch.einsum("rpqcw,rqw->rpqc", torch.einsum("rpnh,ncpqhw->rpqcw", rows, chosen), columns)


def averages(
    data: Tensor, image: Tensor, planes: Planes | None, rows: Reads | Tensor, columns: Reads | Tensor
) -> Tensor:
    """Return the sums (R, C, P, Q) over bins of pixels, each times the weights of its row and its column.

    `data` is (N, C, G, H, W); bin (p, q) reads plane ``planes[0][p] + planes[1][q]`` of these G. Weights are given for
    the pixels that are read, or as (R, bins, length) for all.
    """
    channels, count, height, width = data.shape[1:]
    found: list[Tensor] = []
    if isinstance(rows, Tensor) and isinstance(columns, Tensor):
        if not data.is_cpu:
            piece = max(MOST // (rows.shape[1] * channels * width * (1 if planes is None else columns.shape[1])), 1)
            for few in torch.arange(image.shape[0], device=data.device).split(piece):
                found.append(_contracted(exact(data), image[few], planes, rows[few], columns[few]))
            return torch.cat(found).permute(0, 3, 1, 2).contiguous()
        similar, in_order = list(_by_size(rows, columns)), False
    else:
        assert isinstance(rows, Reads)
        assert isinstance(columns, Reads)
        similar, in_order = [(torch.arange(image.shape[0], device=data.device), rows, columns)], True
    table, bins = pixel_rows(data), (similar[0][1].pixel.shape[1], similar[0][2].pixel.shape[1])
    entries: list[tuple[Tensor, Tensor]] = []
    gathered = 0
    for part, by_row, by_column in similar:
        top, left = by_row.pixel * width + (image[part] * (count * height * width))[:, None, None], by_column.pixel
        if planes is not None:
            top, left = (x + plane[:, None] * (height * width) for x, plane in zip((top, left), planes))
        piece = max(MOST // (bins[0] * bins[1] * top.shape[2] * left.shape[2]), 1)
        for start in range(0, part.shape[0], piece):
            few = slice(start, start + piece)
            entries.append(_entries(Reads(top[few], by_row.weight[few]), Reads(left[few], by_column.weight[few])))
            gathered += entries[-1][0].numel()
            if gathered > MOST:
                found.append(_together(table, entries))
                entries, gathered = [], 0
    if entries:
        found.append(_together(table, entries))
    pooled = (torch.cat(found) if len(found) > 1 else found[0]).view(image.shape[0], -1, channels)
    if not in_order:
        pooled = pooled.index_select(0, torch.cat([part for part, *_ in similar]).argsort())
    return pooled.transpose(1, 2).reshape(image.shape[0], channels, *bins).contiguous()
