"""Recurrent layers run one after the other: directions, sequences of different lengths, dropout.

Where torch has a fast kernel (cuDNN's on a GPU, oneDNN's LSTM on a CPU), as much as possible is one call of it. That
kernel knows no lengths unless the host does, so lengths are made of masks around it and nothing leaves the device.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch

from .recurrent_steps import Gated, Plain, lstm
from .registry import Shape

Tensor = torch.Tensor

#: How many affine maps of the input and of the state a cell has.
GATES = {"rnn_relu": 1, "rnn_tanh": 1, "gru": 3, "lstm": 4}

#: Far outside the range where a sigmoid is not 0 or 1 yet, in every dtype.
_SURELY = 1e4


class Layout(NamedTuple):
    """What a vector of parameters holds: the weights of all layers, then their biases.

    The weights go layer by layer, within a layer direction by direction, and are that of the input, that of the state
    and, with a projection, the weight of that. In the same order follow the biases of the input and of the state. This
    is cuDNN's layout, which torch hands over without a copy. The rows of the gates are in torch's order, too.
    """

    mode: str
    inputs: int  # length of the data's last axis
    size: int  # of a cell
    projected: int | None  # length of an output, where it is not `size`
    layers: int
    directions: int

    @property
    def width(self) -> int:
        """Length of one direction's output."""
        return self.projected or self.size

    def shapes(self, layer: int) -> list[Shape]:
        """Return the shapes of the weights of one layer and direction."""
        rows = GATES[self.mode] * self.size
        columns = self.width * self.directions if layer else self.inputs
        projection: list[Shape] = [(self.projected, self.size)] if self.projected else []
        return [(rows, columns), (rows, self.width), *projection]

    def each(self) -> list[list[Shape]]:
        """Return the shapes of the weights of each layer and direction."""
        return [self.shapes(layer) for layer in range(self.layers) for _ in range(self.directions)]

    def sizes(self) -> list[int]:
        """Return the lengths of the vector's pieces."""
        each = self.each()
        return [math.prod(shape) for shapes in each for shape in shapes] + [GATES[self.mode] * self.size] * 2 * len(
            each
        )

    def total(self) -> int:
        """Return the length of the vector."""
        return sum(self.sizes())

    def unpack(self, parameters: Tensor) -> list[list[Tensor]]:
        """Return, for each layer and direction, weights of input and state, their biases, a projection's weight."""
        return self.arrange(parameters.split(self.sizes()))  # one call, so that its gradient is put together once

    def fits(self, pieces: Sequence[Tensor]) -> bool:
        """Return whether the pieces of a vector have the sizes that `arrange` expects."""
        return self.sizes() == [piece.numel() for piece in pieces]

    def arrange(self, pieces: Sequence[Tensor]) -> list[list[Tensor]]:
        """Return what `unpack` does, from the pieces of the vector in their order, which may have their shapes."""
        left = iter(pieces)
        weights = [[next(left).view(shape) for shape in shapes] for shapes in self.each()]
        return [[*found[:2], next(left), next(left), *found[2:]] for found in weights]


class Bounds(NamedTuple):
    """What the cells of an LSTM are held within."""

    low: float
    high: float
    keep_nan: bool  # else NaN becomes `low`


class Ends(NamedTuple):
    """Where the sequences of a batch end."""

    length: Tensor  # (N,) int64
    late: Tensor  # (T, N, 1) bool: after the end
    turning: Tensor  # (T * N,) which row stands where when each sequence is in reverse order

    @classmethod
    def of(cls, steps: int, sequence_length: Tensor) -> Ends:
        """Return the ends of sequences of at most so many steps."""
        length = sequence_length.detach().long().clamp(0, steps)
        batch = torch.arange(len(length), device=length.device)
        step = torch.arange(steps, device=length.device).unsqueeze(1)
        source = torch.where(step < length, length - 1 - step, step)
        return cls(length, (step >= length).unsqueeze(2), (source * len(length) + batch).flatten())

    def turned(self, data: Tensor) -> Tensor:
        """Return data with the steps of each sequence in reverse order."""
        return data.flatten(0, 1).index_select(0, self.turning).view(data.shape)

    def cut(self, output: Tensor, last: Sequence[Tensor], first: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Return the output with zeros after the ends, and the states there; `last` holds the cells already."""
        place = (self.length - 1).clamp(min=0).view(1, -1, 1).expand(1, -1, output.shape[2])
        begun = (self.length > 0).unsqueeze(1)
        found = (output.gather(0, place).squeeze(0), *last[1:])
        states = [torch.where(begun, after, before) for after, before in zip(found, first)]
        return output.masked_fill(self.late, 0.0), *states


class Run(NamedTuple):
    """One call of recurrent layers."""

    layout: Layout
    bounds: Bounds | None
    ends: Ends | None
    dropped: float  # probability
    generator: torch.Generator | None

    def __call__(
        self, data: Tensor, weights: Sequence[Sequence[Tensor]], states: Sequence[Tensor]
    ) -> tuple[Tensor, ...]:
        """Return the output (T, N, ...) and the last states, in shape like the first ones.

        `weights` are what `Layout.unpack` returns.
        """
        layout, directions = self.layout, self.layout.directions
        if not data.shape[0] or not data.shape[1]:
            return data.new_zeros(*data.shape[:2], directions * layout.width), *(state.clone() for state in states)
        if self.ends is not None:
            data = data.masked_fill(self.ends.late, 0.0)
        if self._is_fast(data) and self.ends is None and (layout.layers == 1 or not self.dropped):
            return _fused(layout, data, weights, states)
        last: list[Sequence[Tensor]] = []
        for layer in range(layout.layers):
            if layer and self.dropped:
                data = self._with_dropout(data)
            here = slice(layer * directions, (layer + 1) * directions)
            data, *after = self._layer(data, weights[here], [state[here] for state in states])
            last.append(after)
        return data, *(torch.cat(found) for found in zip(*last))

    def _is_fast(self, data: Tensor) -> bool:
        """Return whether torch has a fast kernel: see `recurrent_steps`."""
        plain_lstm = self.layout.mode == "lstm" and self.layout.projected is None
        return self.bounds is None and (plain_lstm or not data.is_cpu)

    def _with_dropout(self, data: Tensor) -> Tensor:
        mask = torch.empty_like(data).bernoulli_(1 - self.dropped, generator=self.generator)
        return data * (mask.div_(1 - self.dropped) if self.dropped < 1 else mask)

    def _layer(self, data: Tensor, weights: Sequence[Sequence[Tensor]], states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Run one layer, its directions one by one where need be."""
        if self._is_fast(data) and self.ends is None:
            return _fused(self.layout, data, weights, states)
        run = self._to_length if self.ends is None else self._to_ends
        each = [run(data, own, [state[i] for state in states], i == 1) for i, own in enumerate(weights)]
        found = list(zip(*each))
        output = torch.cat(found[0], 2) if len(each) > 1 else each[0][0]
        return output, *(torch.stack(last) for last in found[1:])

    def _to_ends(
        self, data: Tensor, weights: Sequence[Tensor], states: Sequence[Tensor], reverse: bool
    ) -> tuple[Tensor, ...]:
        """Run one direction on sequences of different lengths; states are (N, ...)."""
        ends = self.ends
        assert ends is not None
        if reverse:
            data = ends.turned(data)
        if self.layout.mode == "lstm":
            data, weights = _held(data, ends.late, weights)
        output, *last = self._to_length(data, weights, states, False)
        output, *last = ends.cut(output, last, states)
        return ends.turned(output) if reverse else output, *last

    def _to_length(
        self, data: Tensor, weights: Sequence[Tensor], states: Sequence[Tensor], reverse: bool
    ) -> tuple[Tensor, ...]:
        """Run one direction over all steps."""
        mode = self.layout.mode
        if mode == "gru" and data.is_cpu:
            output = Gated.apply(data, *weights, states[0], reverse)
            return output, output[0 if reverse else -1]
        if mode != "lstm" and data.is_cpu:
            output = Plain.apply(data, *weights, states[0], mode == "rnn_relu", reverse)
            return output, output[0 if reverse else -1]
        if reverse:
            data = data.flip(0)
        if self._is_fast(data):
            found = _fused(self.layout, data, [weights], [state.unsqueeze(0) for state in states])
            output, *last = found[0], *(state.squeeze(0) for state in found[1:])
        else:
            output, *last = lstm(data, weights, states[0], states[1], self.bounds)
        return output.flip(0) if reverse else output, *last


def _fused(
    layout: Layout, data: Tensor, weights: Sequence[Sequence[Tensor]], states: Sequence[Tensor]
) -> tuple[Tensor, ...]:
    """Run layers, or one direction of one layer, in torch's kernel."""
    directions = min(layout.directions, len(weights))
    if data.is_cuda and len(weights) < layout.layers * layout.directions:
        weights = _side_by_side(layout, data.shape[2], weights)
    flat = [piece for own in weights for piece in own]
    recorded = torch.is_grad_enabled() and any(x.requires_grad for x in (data, *flat, *states))
    options = (flat, True, len(weights) // directions, 0.0, recorded, directions == 2, False)
    run = getattr(torch._VF, layout.mode)  # pyright: ignore[reportPrivateImportUsage, reportUnknownMemberType]
    return run(data, tuple(states) if layout.mode == "lstm" else states[0], *options)


def _side_by_side(layout: Layout, inputs: int, weights: Sequence[Sequence[Tensor]]) -> list[list[Tensor]]:
    """Copy a part of the weights into a vector of its own: torch warns of cuDNN weights that lie elsewhere."""
    pieces = [piece for own in weights for piece in (*own[:2], *own[4:])]
    pieces += [bias for own in weights for bias in own[2:4]]
    part = layout._replace(inputs=inputs, layers=1, directions=len(weights))
    return part.unpack(torch.cat([piece.flatten() for piece in pieces]))


def _held(data: Tensor, late: Tensor, weights: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Make the cells of an LSTM stay as they are after the end of their sequence.

    A further feature says that a sequence is over; its weight opens the forget gate and shuts the input gate for good.
    """
    column = weights[0].new_zeros(4, weights[0].shape[0] // 4)
    column[0] = -_SURELY
    column[1] = _SURELY
    weight = torch.cat((weights[0], column.view(-1, 1)), 1)
    return torch.cat((data, late.to(data.dtype)), 2), [weight, *weights[1:]]
