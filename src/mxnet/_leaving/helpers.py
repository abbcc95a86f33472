"""Functions and layers on torch alone that written modules need: their source is copied into the file.

Each stands for itself: it may use `math`, `torch`, `nn` and `F` only, and other helpers by name.
"""

# pyright: basic, reportMissingParameterType=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812 - as torch's users write it
from torch import nn


class BatchNorm(nn.Module):
    """Batch normalization with MXNet's averages: `momentum` is what stays of the old, and the variance is biased."""

    def __init__(self, channels, eps=1e-3, momentum=0.9, axis=1, fixed_scale=False, frozen=False):
        super().__init__()
        self.eps, self.momentum, self.axis, self.frozen = eps, momentum, axis, frozen
        self.weight = nn.Parameter(torch.ones(channels), requires_grad=not fixed_scale)
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        if self.axis != 1:
            x = x.movedim(self.axis, 1)
        if self.training and not self.frozen:
            x, mean, inverse = torch.native_batch_norm(x, self.weight, self.bias, None, None, True, 0.0, self.eps)
            with torch.no_grad():
                self.running_mean.lerp_(mean.to(self.running_mean.dtype), 1 - self.momentum)
                variance = inverse.pow(-2) - self.eps
                self.running_var.lerp_(variance.to(self.running_var.dtype), 1 - self.momentum)
        else:
            x = F.batch_norm(x, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)
        return x if self.axis == 1 else x.movedim(1, self.axis)


class LayerNorm(nn.Module):
    """Layer normalization along one axis that need not be the last."""

    def __init__(self, channels, eps=1e-5, axis=-1):
        super().__init__()
        self.eps, self.axis = eps, axis
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        x = F.layer_norm(x.movedim(self.axis, -1), self.weight.shape, self.weight, self.bias, self.eps)
        return x.movedim(-1, self.axis)


def straight_through(x, y):
    """y, with the gradient of x."""
    return y.detach() + (x - x.detach()) if x.requires_grad else y


def gradient_times(x, scale):
    """x, with its gradient multiplied."""
    return x.detach() + scale * (x - x.detach()) if x.requires_grad else x


def cube_root(x):
    return torch.copysign(x.abs().pow(1 / 3), x)


def gamma_function(x):
    below = x.floor()
    sign = torch.where(x < 0, 1 - 2 * torch.remainder(below, 2), torch.ones_like(x).copysign(x))
    sign = sign.masked_fill((x < 0) & (x == below), float("nan"))
    return sign * torch.lgamma(x.double()).exp().to(x.dtype)


def round_half_down(x):
    whole = x.round().detach()
    return whole - ((whole - x.detach()) == 0.5).to(x.dtype)


def round_half_away(x):
    below_half = 0.5 * (1 - torch.finfo(x.dtype).eps / 2)
    return torch.copysign((x.abs() + below_half).floor(), x).detach()


def modulo(x, y):
    y = torch.as_tensor(y, dtype=x.dtype, device=x.device)
    return torch.remainder(x, y).masked_fill(y == 0, 0)


def softmax_of_lengths(x, length, axis, temperature=1.0):
    """Softmax over the first `length` elements along an axis; the rest becomes 0."""
    axis = axis % x.dim()
    steps = torch.arange(x.shape[axis], device=x.device).view((-1,) + (1,) * (x.dim() - axis - 1))
    outside = steps >= length.unsqueeze(axis)
    x = torch.softmax(x.masked_fill(outside, -torch.inf) / temperature, axis)
    return x.masked_fill(outside, 0)


def reshaped(x, codes, reverse=False):
    """Reshape with MXNet's codes: 0 keeps an axis, -1 infers, -2 keeps the rest, -3 merges two, -4 splits one."""
    shape = list(x.shape)[::-1] if reverse else list(x.shape)
    codes = list(codes)[::-1] if reverse else list(codes)
    target, axis = [], 0
    while codes:
        code = codes.pop(0)
        if code == -2:
            target += shape[axis:]
            axis = len(shape)
        elif code == -3:
            target.append(shape[axis] * shape[axis + 1])
            axis += 2
        elif code == -4:
            first, second = codes.pop(0), codes.pop(0)
            length = shape[axis]
            target += [length // second if first == -1 else first, length // first if second == -1 else second]
            axis += 1
        else:
            target.append(shape[axis] if code == 0 else code)
            axis += 1
    return x.reshape(target[::-1] if reverse else target)


def reshaped_like(x, like, begin, end, like_begin, like_end):
    """Replace axes of x by axes of another tensor."""
    return x.reshape(*x.shape[:begin], *like.shape[like_begin:like_end], *x.shape[end:])


def sliced(x, begin, end, step):
    """Slices with any step, also backwards."""
    for axis, (first, last, by) in enumerate(zip(begin, end, step)):
        places = range(x.shape[axis])[slice(first, last, by)]
        x = x.index_select(axis, torch.tensor(places, dtype=torch.long, device=x.device))
    return x


def cut_like(x, like, axes=()):
    """The beginning of x, as long as another tensor along some axes (all unless given)."""
    for axis in axes or range(x.dim()):
        x = x.narrow(axis, 0, like.shape[axis])
    return x


def expanded_like(x, like, axes, like_axes):
    shape = list(x.shape)
    for axis, other in zip(axes, like_axes):
        shape[axis] = like.shape[other]
    return x.expand(shape)


def depth_to_space(x, size):
    n, c, h, w = x.shape
    x = x.reshape(n, size, size, c // size**2, h, w).permute(0, 3, 4, 1, 5, 2)
    return x.reshape(n, c // size**2, h * size, w * size)


def space_to_depth(x, size):
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // size, size, w // size, size).permute(0, 3, 5, 1, 2, 4)
    return x.reshape(n, c * size**2, h // size, w // size)


def taken(x, indices, axis, wrap=False):
    """Elements along an axis; indices beyond the ends count from the other end, or mean the ends."""
    length = x.shape[axis]
    indices = indices.long()
    indices = indices.remainder(length) if wrap else indices.clamp(0, length - 1)
    axis = axis % x.dim()
    found = x.index_select(axis, indices.reshape(-1))
    return found.reshape(*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :])


def picked(x, index, axis, keep=False, wrap=False):
    """One element along an axis for each of the others."""
    length = x.shape[axis]
    axis = axis % x.dim()
    kept = [1 if i == axis else n for i, n in enumerate(x.shape)]
    index = index.long().reshape(kept)
    found = x.gather(axis, index.remainder(length) if wrap else index.clamp(0, length - 1))
    return found if keep else found.squeeze(axis)


def gathered(x, indices):
    """Elements by indices of their first axes: (M, ...) holds one index for each of M axes."""
    return x[tuple(indices.long().unbind(0))]


def one_hot(indices, depth, on, off, dtype):
    found = torch.arange(depth, device=indices.device) == indices.long().unsqueeze(-1)
    return torch.where(found, on, off).to(dtype)


def embedded(indices, weight):
    """Rows of a table; indices beyond its ends mean the ends."""
    return F.embedding(indices.long().clamp(0, weight.shape[0] - 1), weight)


def ordered(x, axis, ascending):
    """Sort so that equal elements keep their order."""
    return torch.sort(x, dim=axis, descending=not ascending, stable=True)


def over_others(reduce, x, axes, keep=False):
    """Reduce all axes but these."""
    left = [axis for axis in range(x.dim()) if axis not in [a % x.dim() for a in axes]]
    return reduce(x, left, keepdim=keep) if left else x


def product_over_axes(x, axes, keep):
    for axis in sorted((a % x.dim() for a in axes), reverse=True):
        x = x.prod(axis, keepdim=keep)
    return x


def matrix_dot(x, y, transpose_x=False, transpose_y=False):
    """Product over the last axis of x and the first of y."""
    if transpose_x:
        x = x.permute(*range(x.dim() - 1, -1, -1)) if x.dim() == 2 else x.movedim(0, -1)
    if transpose_y:
        y = y.t() if y.dim() == 2 else y.movedim(-1, 0)
    return torch.atleast_1d(torch.tensordot(x, y, dims=1))


def attention_parts(x, heads, parts):
    """Split (T, N, heads * parts * D) into `parts` tensors (N * heads, T, D)."""
    length, batch, width = x.shape
    x = x.reshape(length, batch * heads, parts, width // (heads * parts))
    return [part.transpose(0, 1) for part in x.unbind(2)]


def attention_scores(queries, keys):
    return torch.bmm(queries, keys.transpose(1, 2)) / math.sqrt(queries.shape[-1])


def attention_joined(weights, values, heads):
    """Weighted values as (T, N, heads * D)."""
    found = torch.bmm(weights, values).transpose(0, 1)
    return found.reshape(found.shape[0], -1, heads * values.shape[2])


def arange_like(x, axis=None, start=0.0, step=1.0, repeat=1):
    count = x.numel() if axis is None else x.shape[axis]
    numbers = torch.arange(count, device=x.device) // repeat
    numbers = (start + step * numbers).to(x.dtype)
    return numbers.reshape(x.shape) if axis is None else numbers


def masked_steps(x, lengths, axis=0, value=0.0):
    """Replace the steps after each sequence's length; x is (T, N, ...), or (N, T, ...) with axis 1."""
    steps = torch.arange(x.shape[axis], device=x.device)
    after = steps.unsqueeze(1 - axis) >= lengths.long().unsqueeze(axis)
    return x.masked_fill(after.reshape(*after.shape, *(1,) * (x.dim() - 2)), value)


def last_steps(x, lengths, axis=0):
    """The last step of each sequence."""
    x = x if axis == 1 else x.transpose(0, 1)
    return x[torch.arange(x.shape[0], device=x.device), (lengths.long() - 1).clamp(0, x.shape[1] - 1)]


def reversed_steps(x, lengths):
    """Reverse the first steps of each sequence; x is (T, N, ...)."""
    step = torch.arange(x.shape[0], device=x.device).unsqueeze(1)
    lengths = lengths.long().clamp(max=x.shape[0])
    source = torch.where(step < lengths, lengths - 1 - step, step)
    return x[source, torch.arange(x.shape[1], device=x.device)]


def recurrent_of_lengths(layer, x, lengths, state=None):
    """Run a recurrent layer so that each sequence ends at its length; the steps after it become 0."""
    lengths = lengths.long().clamp(0, x.shape[0])
    packed = nn.utils.rnn.pack_padded_sequence(x, lengths.clamp(min=1).cpu(), enforce_sorted=False)
    out, after = layer(packed, state)
    out = nn.utils.rnn.pad_packed_sequence(out, total_length=x.shape[0])[0]
    empty = (lengths == 0).view(1, -1, 1)  # these keep the state that they began with
    pairs = [(after, state)] if isinstance(after, torch.Tensor) else zip(after, state or [None] * len(after))
    after = [torch.where(empty, torch.zeros_like(new) if old is None else old, new) for new, old in pairs]
    return out.masked_fill(empty, 0), after[0] if len(after) == 1 else tuple(after)


def group_norm(x, groups, scale, shift, eps):
    """Group normalization with one scale and shift for each group."""
    each = x.shape[1] // groups
    return torch.group_norm(x, groups, scale.repeat_interleave(each), shift.repeat_interleave(each), eps)


def shared_dropout(x, p, axes, training):
    """Dropout with one draw along some axes."""
    if not training:
        return x
    shape = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    return x * F.dropout(torch.ones(shape, dtype=x.dtype, device=x.device), p)


def largest(x, count, axis, smallest, dtype):
    """The first elements in descending (or ascending) order and their indices."""
    values, indices = torch.sort(x, dim=axis, descending=not smallest, stable=True)
    return values.narrow(axis, 0, count), indices.narrow(axis, 0, count).to(dtype)
