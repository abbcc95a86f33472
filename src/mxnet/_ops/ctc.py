"""Connectionist temporal classification: the loss of a labelling whose places in time are not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch.autograd.function import once_differentiable

from .activation import check_floating
from .registry import Shape, operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]

#: The logarithm of zero. Being finite it needs no care in sums; whatever is far below no probability is.
_ZERO = -1e30
_IMPOSSIBLE = 1e29


def _inputs(attributes: Attributes) -> tuple[str, ...]:
    lengths = [name for name in ("data_lengths", "label_lengths") if attributes[f"use_{name}"]]
    return ("data", "label", *lengths)


def _complete(shapes: list[Shape | None], attributes: Attributes) -> Sequence[Shape | None]:
    known = [shape[position] for shape, position in zip(shapes, (1, 0)) if shape and len(shape) > 1 and shape[position]]
    if known:
        shapes[2:] = [(known[0],)] * len(shapes[2:])
    return shapes


def _complete_dtypes(dtypes: list[torch.dtype | None], attributes: Attributes) -> Sequence[torch.dtype | None]:
    if dtypes[0] is not None:
        return [dtype or dtypes[0] for dtype in dtypes]
    return dtypes


def _shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes
) -> list[tuple[Shape, torch.dtype]]:
    _check(shapes, _inputs(attributes))
    return [(tuple(shapes[0][1:2]), dtypes[0])]


def _check(shapes: Sequence[Sequence[int]], names: Sequence[str]) -> None:
    data, label = shapes[:2]
    if len(data) != 3 or data[2] == 0:
        raise ValueError(f"data has shape {tuple(data)}; expected (T, N, C): steps, sequences, classes with the blank")
    if len(label) != 2 or label[0] != data[1]:
        raise ValueError(
            f"label has shape {tuple(label)}; expected ({data[1]}, L), a row for each sequence of data {tuple(data)}"
        )
    if len(shapes) != len(names):
        raise ValueError(f"{len(shapes)} inputs came; expected {len(names)}: {', '.join(names)}")
    for shape, name in zip(shapes[2:], names[2:]):
        if tuple(shape) != (data[1],):
            raise ValueError(
                f"{name} has shape {tuple(shape)}; expected ({data[1]},), one for each sequence of data {tuple(data)}"
            )


def _rounded(values: Tensor) -> Tensor:
    """Return whole numbers as int64; halves go away from zero."""
    if not values.is_floating_point():
        return values.long()
    wide = values.detach().double()
    return wide.abs().add_(0.5).floor_().copysign_(wide).long()


class _Lattice:
    """The states that an alignment of each label passes through, and what each of them emits.

    A label of l classes has the 2 l + 1 states "blank, class, blank, class ... blank". One more behind them makes
    sequences of all lengths alike: a path that is there waits, with probability one, until the longest sequence
    ends. A path stays where it is, goes on by one state, or jumps over a blank to a class that is another than the one
    before; to the end it may come from the last class and from the last blank.

    Attributes
    ----------
    state : (N, S) int64
        The class of each state; anything where the state is none of this label.
    emitted : (T + 1, S, N)
        Log probability of each state at each step.
    jumps : (S, N)
        0 where the step from two states before is allowed, else the logarithm of zero.
    end : (N,) int64
        The state after the last.
    late : (T + 1, N) bool
        Whether a step comes after the sequence's end.
    possible : (N,) bool
        Whether the sequence has enough steps for its label.
    """

    def __init__(
        self, log_probability: Tensor, label: Tensor, steps: Tensor | None, length: Tensor, blank: int
    ) -> None:
        total, batch, classes = log_probability.shape
        width, device = label.shape[1], label.device
        self.state = label.new_full((batch, 2 * width + 2), blank)
        self.state[:, 1:-1:2] = label.clamp(0, classes - 1)
        self.end = 2 * length + 1
        number = torch.arange(2 * width + 2, device=device).unsqueeze(1)  # of a state
        time = torch.arange(total + 1, device=device).unsqueeze(1)
        self.late = (time >= (total if steps is None else steps)).expand(-1, batch)

        kind = self.state.t().contiguous()  # (S, N)
        at_end = number == self.end
        is_class = (number % 2 == 1) & (number < self.end)
        equal = torch.zeros_like(at_end)
        equal[2:] = is_class[2:] & (kind[2:] == kind[:-2])
        self.possible = length + equal.sum(0) <= (total if steps is None else steps)
        self.jumps = log_probability.new_zeros(at_end.shape)
        self.jumps.masked_fill_(~(is_class & ~equal & (kind != blank) | at_end), _ZERO)

        never = at_end.clone()  # emitted; a label that is no class has no probability
        never[1:-1:2] |= ((label < 0) | (label >= classes)).t()
        self.emitted = log_probability.new_empty(total + 1, 2 * width + 2, batch)
        places = self.state.unsqueeze(0).expand(total, -1, -1)
        self.emitted[:-1] = log_probability.gather(2, places).clamp_(min=_ZERO).transpose(1, 2)
        late = self.late.unsqueeze(1)
        self.emitted.masked_fill_(late | never, _ZERO)
        self.emitted.masked_fill_(late & at_end, 0.0)

    def forwards(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return what `_sums` takes for all ways from the start to each state."""
        first = self.emitted[0].clone()
        first[2:] = _ZERO
        return first, self.emitted, self.jumps

    def both_ways(self) -> tuple[Tensor, Tensor, Tensor]:
        """The same, and as further columns all ways from each state to the end, steps and states in reverse order."""
        first, emitted, jumps = self.forwards()
        back = emitted.flip(0, 1)
        jumps_back = torch.full_like(jumps, _ZERO)
        jumps_back[2:] = jumps.flip(0)[:-2]
        return torch.cat((first, back[0]), 1), torch.cat((emitted, back), 2), torch.cat((jumps, jumps_back), 1)


def _sums(first: Tensor, emitted: Tensor, jumps: Tensor) -> Tensor:
    """Return log probabilities (T + 1, S, R) of all ways to each state, what the state emits included.

    The states come before the R sequences, so that a shift by a state is a contiguous piece of memory.
    """
    total, states, rows = emitted.shape
    sums = emitted.new_full((total, states + 2, rows), _ZERO)  # two states in front: every one has two before it
    sums[0, 2:] = first
    before, jumped = sums[:-1], torch.empty_like(first)
    views = (before[:, :-2], before[:, 1:-1], before[:, 2:], emitted[1:], sums[1:, 2:])
    for two_before, one_before, same, emission, after in zip(*(view.unbind(0) for view in views)):
        torch.add(two_before, jumps, out=jumped)
        torch.logaddexp(one_before, same, out=after)
        torch.logaddexp(after, jumped, out=jumped)
        torch.add(jumped, emission, out=after)
    return sums[:, 2:]


class _Loss(torch.autograd.Function):
    """Minus the log probability of each label; the gradient is ``softmax - share of the paths that pass here``."""

    @staticmethod
    def forward(ctx: Any, data: Tensor, label: Tensor, steps: Tensor | None, length: Tensor, blank: int) -> Tensor:
        log_probability = torch.log_softmax(data, 2, torch.float32 if data.dtype.itemsize == 2 else None)
        lattice = _Lattice(log_probability, label, steps, length, blank)
        batch, wanted = data.shape[1], ctx.needs_input_grad[0]
        sums = _sums(*lattice.both_ways() if wanted else lattice.forwards())
        loss = sums[-1, :, :batch].gather(0, lattice.end.unsqueeze(0)).squeeze(0).neg_()
        if wanted:
            share = sums[:-1, :, :batch] + sums[:, :, batch:].flip(0, 1)[:-1]
            share = share.sub_(lattice.emitted[:-1]).add_(loss).exp_()  # of the paths, for each state and step
            share = share.masked_fill_(loss > _IMPOSSIBLE, 0.0)[:, :-1].transpose(1, 2).contiguous()
            gradient = log_probability.exp_()
            gradient[..., blank] -= share[..., ::2].sum(2)
            index = lattice.state[:, 1:-1:2].unsqueeze(0).expand(data.shape[0], -1, -1)
            gradient.scatter_add_(2, index, share[..., 1::2].neg())
            if steps is not None:
                gradient.masked_fill_(lattice.late[:-1].unsqueeze(2), 0.0)
            ctx.save_for_backward(gradient, lattice.possible)
        loss = loss.masked_fill_(loss > _IMPOSSIBLE, torch.inf).masked_fill_(~lattice.possible, 0.0)
        return loss.to(data.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, head: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        gradient, possible = ctx.saved_tensors
        weight = head.to(gradient.dtype).masked_fill(~possible, 0.0)
        return (gradient * weight.unsqueeze(1)).to(head.dtype), None, None, None, None


@operator(
    "CTCLoss",
    aliases=("_contrib_CTCLoss", "_contrib_ctc_loss", "ctc_loss"),
    inputs=_inputs,
    outputs=("output0",),
    complete=_complete,
    complete_dtypes=_complete_dtypes,
    shape=_shape,
)
def ctc_loss(
    data: Tensor,
    label: Tensor,
    data_lengths: Tensor | None = None,
    label_lengths: Tensor | None = None,
    *,
    use_data_lengths: bool = False,
    use_label_lengths: bool = False,
    blank_label: Literal["first", "last"] = "first",
) -> Tensor:
    """Minus the log probability that a sequence of class scores spells a label, wherever its classes stand in time.

    The scores are turned into probabilities by a softmax. A path takes one class at each step; it spells the label
    that is left when repetitions are merged and blanks removed. The loss is ``-log(sum of the paths that spell it)``.

    Parameters
    ----------
    data : (T, N, C)
        Scores of C classes, one of which is the blank, at T steps of N sequences; of a floating dtype.
    label : (N, L)
        The classes to spell, in any dtype (fractions are rounded). Without `label_lengths` a label ends at the first
        padding value: 0 with ``blank_label='first'``, -1 with ``'last'``. No gradient flows here.
    data_lengths : (N,), optional
        With `use_data_lengths`: how many steps each sequence has; the others have no influence and no gradient.
    label_lengths : (N,), optional
        With `use_label_lengths`: how many classes each label has; the label's other places may hold anything.
    use_data_lengths, use_label_lengths : bool
        Which of the two inputs there are.
    blank_label : {'first', 'last'}
        Which class is the blank: 0, so that the others are 1 to C - 1, or C - 1, so that the others are 0 to C - 2.

    Returns
    -------
    (N,), of the dtype of `data`
        The losses. One is 0, with zero gradient, where the steps are too few for the label, which needs one for each
        class and one between equal neighbours. One is infinite where the label has probability zero, as it has with a
        number that is no class.

    References
    ----------
    Graves et al., Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with Recurrent Neural
    Networks, 2006.

    Examples
    --------
    >>> scores, label = mx.nd.zeros((2, 1, 3)), mx.nd.array([[1]])
    >>> mx.nd.CTCLoss(scores, label).exp().asnumpy().round(4).tolist()  # 3 of 9 paths: blank 1, 1 blank, 1 1
    [3.0]
    """
    names = _inputs({"use_data_lengths": use_data_lengths, "use_label_lengths": use_label_lengths})
    lengths = [given for given in (data_lengths, label_lengths) if given is not None]
    _check([data.shape, label.shape, *(given.shape for given in lengths)], names)
    check_floating(data)
    label = _rounded(label)
    steps = _rounded(lengths[0]).clamp(0, data.shape[0]) if use_data_lengths else None
    if use_label_lengths:
        length = _rounded(lengths[-1]).clamp(0, label.shape[1])
    else:
        length = ((label == (0 if blank_label == "first" else -1)).cumsum(1) == 0).sum(1)
    return _Loss.apply(data, label, steps, length, 0 if blank_label == "first" else data.shape[2] - 1)
