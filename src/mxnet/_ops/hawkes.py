"""The log likelihood of Hawkes processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .families import dtype_name
from .registry import Shape, operator

Tensor = torch.Tensor
pad = torch.nn.functional.pad
Dtypes = Sequence[torch.dtype | None]

_NAMES = ("lda", "alpha", "beta", "state", "lags", "marks", "valid_length", "max_time")
_MARKS = 5


class _Recurrence(torch.autograd.Function):
    """``y[i] = decay[i] * y[i - 1] + drive[i]`` along an axis of length L, in log2(longest) passes.

    `longest` bounds how many steps a value lives: decay is 0 at the latest after so many.
    """

    @staticmethod
    def forward(ctx: Any, decay: Tensor, drive: Tensor, longest: int) -> Tensor:
        result = _scan(decay, drive, longest)
        ctx.save_for_backward(decay, result)
        ctx.longest = longest
        return result

    @staticmethod
    def backward(ctx: Any, *heads: Tensor) -> tuple[Tensor | None, ...]:
        decay, result = ctx.saved_tensors
        # The same recurrence from the end: what reaches y[i + 1] reaches y[i] times decay[i + 1].
        shifted = pad(decay[1:], (0, 1)).flip(0)
        drive = _Recurrence.apply(shifted, heads[0].flip(0), ctx.longest).flip(0)
        return drive * pad(result[:-1], (1, 0)), drive, None


def _scan(decay: Tensor, drive: Tensor, longest: int) -> Tensor:
    count = drive.shape[0]
    margin = 1
    while margin < longest:
        margin *= 2
    # Zeros in front stand for what lies before the start; two pairs of buffers take turns.
    zeros = drive.new_zeros((4, margin + count))
    (factor, value), (next_factor, next_value) = zeros[:2].unbind(0), zeros[2:].unbind(0)
    factor[margin:] = decay
    value[margin:] = drive
    step = 1
    while step < longest:
        back = slice(margin - step, margin - step + count)
        torch.addcmul(value[margin:], factor[margin:], value[back], out=next_value[margin:])
        torch.mul(factor[margin:], factor[back], out=next_factor[margin:])
        factor, value, next_factor, next_value = next_factor, next_value, factor, value
        step *= 2
    return value[margin:]


def _check(given: Sequence[Tensor]) -> None:
    lda, lags = given[0], given[4]
    if lda.dim() != 2 or lags.dim() != 2:
        raise ValueError(
            f"lda has shape {tuple(lda.shape)} and lags {tuple(lags.shape)}; expected (N, K) and (N, T): a row for "
            "each process"
        )
    if not lda.is_floating_point():
        raise TypeError(f"lda is {dtype_name(lda.dtype)}; expected floats: cast it with .astype")
    (rows, kinds), length = lda.shape, lags.shape[1]
    expected = ((rows, kinds), (kinds,), (kinds,), (rows, kinds), (rows, length), (rows, length), (rows,), (rows,))
    for number, (name, one, shape) in enumerate(zip(_NAMES, given, expected)):
        if one.shape != shape:
            raise ValueError(
                f"{name} has shape {tuple(one.shape)}; expected {shape} from lda {tuple(lda.shape)} "
                f"and lags {tuple(lags.shape)}"
            )
        if number != _MARKS and one.dtype is not lda.dtype:
            raise TypeError(
                f"{name} is {dtype_name(one.dtype)} and lda is {dtype_name(lda.dtype)}; expected one dtype for all but "
                "marks: cast one of them with .astype"
            )
    if given[_MARKS].dtype is not torch.int32:
        raise TypeError(f"marks is {dtype_name(given[_MARKS].dtype)}; expected int32: cast it with .astype")


def _check_marks(kind: Tensor, kinds: int, valid: Tensor) -> None:
    """Refuse marks outside of the intensities. Not looked at where that would interrupt a CUDA graph."""
    if kind.is_meta or not kind.numel() or (kind.is_cuda and torch.cuda.is_current_stream_capturing()):
        return
    lowest, highest = torch.stack(torch.aminmax(kind)).tolist()
    if lowest < 0 or highest >= kinds:  # kinds itself stands for what is not valid
        for mark in kind[valid & ((kind < 0) | (kind >= kinds))][:1].tolist():
            raise IndexError(f"marks: mark {mark} is out of bounds; expected 0 to {kinds - 1} from lda")


def _intensities(shapes: list[Shape | None], attributes: Mapping[str, Any]) -> Sequence[Shape | None]:
    lda, lags = shapes[0], shapes[4]
    if lda is not None and len(lda) == 2:
        rows, kinds = lda
        for number, shape in ((1, (kinds,)), (2, (kinds,)), (3, (rows, kinds)), (6, (rows,)), (7, (rows,))):
            shapes[number] = shapes[number] or shape
    if lags is not None:
        shapes[_MARKS] = shapes[_MARKS] or lags
    return shapes


def _dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Dtypes:
    known = next((dtype for number, dtype in enumerate(dtypes) if dtype and number != _MARKS), None)
    result = [dtype or known for dtype in dtypes]
    result[_MARKS] = dtypes[_MARKS] or torch.int32
    return result


def _output_dtypes(dtypes: Dtypes, attributes: Mapping[str, Any]) -> Dtypes:
    return [dtypes[0], dtypes[0]]


def _output_shapes(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[Shape, torch.dtype]]:
    return [(shapes[0][:1], dtypes[0]), (shapes[0], dtypes[0])]


@operator(
    "_contrib_hawkesll",
    outputs=("output", "out_state"),
    complete=_intensities,
    complete_dtypes=_dtypes,
    output_dtypes=_output_dtypes,
    shape=_output_shapes,
)
def hawkesll(
    lda: Tensor,
    alpha: Tensor,
    beta: Tensor,
    state: Tensor,
    lags: Tensor,
    marks: Tensor,
    valid_length: Tensor,
    max_time: Tensor,
) -> tuple[Tensor, Tensor]:
    """Log likelihood of events under Hawkes processes, where each event makes more of its kind likely for a while.

    Events of kind k come at the rate ``lda[k] + alpha[k] * beta[k] * s[k]``. The memory ``s[k]`` starts as
    ``state[k]``, decays as ``exp(-beta[k] * time)`` and grows by 1 at each event of the kind. For one process with
    events at times ``t[i]`` and of kinds ``c[i]``, observed up to `max_time`, the log likelihood is the sum of the
    logarithms of the rates of ``c[i]`` at ``t[i]``, less the integrals of all rates from 0 to `max_time`.

    Parameters
    ----------
    lda : (N, K)
        Background rate of each kind in each of N processes; floating, as are all others but `marks`.
    alpha : (K,)
        Expected number of further events that an event brings.
    beta : (K,)
        Rate of decay.
    state : (N, K)
        Memory at time 0.
    lags : (N, T)
        Time between an event and the one before it, or time 0.
    marks : (N, T)
        Kind of each event, from 0 to K - 1, int32.
    valid_length : (N,)
        How many events each process has, at most T; a fraction counts as one. The rest is not read. Its gradient is
        zero.
    max_time : (N,)
        End of the observation, not before the last event.

    Returns
    -------
    (N,)
        The log likelihoods.
    (N, K)
        The memory at `max_time`: the `state` of an observation that goes on from there.

    Raises
    ------
    IndexError
        If a mark is not below K.

    References
    ----------
    Laub, Taimre and Pollett, Hawkes processes, 2015.

    Examples
    --------
    >>> lda, alpha, beta = mx.nd.array([[2.0]]), mx.nd.array([0.5]), mx.nd.array([1.0])
    >>> lags, marks = mx.nd.array([[0.5, 0.25]]), mx.nd.zeros((1, 2), dtype='int32')
    >>> likelihood, state = mx.nd.contrib.hawkesll(
    ...     lda, alpha, beta, mx.nd.zeros((1, 1)), lags, marks, mx.nd.array([2]), mx.nd.array([1]))
    >>> [round(x, 4) for x in likelihood.asnumpy().tolist()]
    [-0.7431]
    """
    _check((lda, alpha, beta, state, lags, marks, valid_length, max_time))
    dtype, (rows, kinds), length = lda.dtype, lda.shape, lags.shape[1]
    if lda.element_size() < 4:
        lda, alpha, beta, state, lags, max_time = (x.float() for x in (lda, alpha, beta, state, lags, max_time))
    device = lda.device

    # Events of one process and kind together, in their order. What is not valid becomes a further kind whose rate is 1,
    # so every process keeps T events.
    valid = torch.arange(length, device=device) < valid_length.detach().unsqueeze(1)
    kind = torch.where(valid, marks, kinds)
    _check_marks(kind, kinds, valid)
    cell = kind + torch.arange(rows, device=device, dtype=torch.int32).unsqueeze(1) * (kinds + 1)
    place, order = cell.view(-1).sort(stable=True)
    time = torch.where(valid, lags, 0).cumsum(1).view(-1).gather(0, order)

    def spread(table: Tensor, other: float) -> Tensor:
        """One value of `table` (N, K) for each event, `other` for those that are not valid."""
        return pad(table.expand(rows, kinds), (0, 1), value=other).view(-1).index_select(0, place)

    # The memory before each event: that after the one before it of its kind, decayed; the first decays the state.
    follows = pad(place[1:] == place[:-1], (1, 0)).to(lda.dtype)[: place.shape[0]]
    since = time - follows * pad(time, (1, 0))[:-1]
    decay = torch.exp(-spread(beta, 0) * since)
    drive = decay * torch.lerp(spread(state, 0), torch.ones_like(follows), follows)
    memory: Tensor = _Recurrence.apply(decay * follows, drive, length)  # type: ignore[assignment]
    rate = torch.addcmul(spread(lda, 1), spread(alpha * beta, 0), memory)
    gain = rate.log().view(rows, length).sum(1)

    # What the last event of each kind leaves at the end; the integrals of the rates follow from it.
    end = torch.searchsorted(place, torch.arange(rows * (kinds + 1), device=device, dtype=torch.int32), right=True)
    count = end.diff(prepend=end.new_zeros(1)).view(rows, kinds + 1)[:, :kinds]
    end = end.view(rows, kinds + 1)[:, :kinds].reshape(-1)
    some = count > 0
    after = torch.where(some, 1 + pad(memory, (1, 0)).index_select(0, end).view(rows, kinds), state)
    rest = max_time.unsqueeze(1) - torch.where(some, pad(time, (1, 0)).index_select(0, end).view(rows, kinds), 0)
    final = after * torch.exp(-beta * rest)
    loss = lda * max_time.unsqueeze(1) + alpha * (state + count - final)
    return (gain - loss.sum(1)).to(dtype), final.to(dtype)
