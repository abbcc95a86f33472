"""One direction of one recurrent layer, step by step: what torch has no fast kernel for.

torch's fused kernels are cuDNN on a GPU and, for the LSTM, oneDNN on a CPU. On a CPU it runs the other cells as
dozens of recorded calls for each step, and finds the weights' gradients one step at a time. Here a loop holds only
what depends on the step before. All else is done for all T steps at once: the product of the input and its weight,
the derivatives of the activations, and every gradient but that of the state. The product of the state and its weight
is oneDNN's, on a weight that is laid out for it once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch.autograd.function import once_differentiable

from .products import linear, matmul, onednn

Tensor = torch.Tensor
aten = torch.ops.aten

#: Multiplications from which on oneDNN with a weight of its own layout is the faster one.
_WORTH_IT = 1_500_000


def _steps(count: int, reverse: bool) -> Sequence[int]:
    return range(count - 1, -1, -1) if reverse else range(count)


def _product(weight: Tensor, rows: int) -> Callable[[Tensor, Tensor | None], Tensor]:
    """Return ``f(state, bias) -> state @ weight.T + bias`` for many states of so many rows."""
    if onednn is not None and weight.dtype is torch.float32 and rows * weight.numel() >= _WORTH_IT:
        packed: Tensor = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
        return lambda state, bias: onednn(state, packed, bias, "none", [], "")
    right = weight.t()
    return lambda state, bias: torch.mm(state, right) if bias is None else torch.addmm(bias, state, right)


def _states_before(output: Tensor, state: Tensor, reverse: bool) -> Tensor:
    """Return the state that each step starts from (T, N, H)."""
    first = state.unsqueeze(0)
    return torch.cat((output[1:], first) if reverse else (first, output[:-1]))


def _gradients(
    wanted: Sequence[bool], saved: Sequence[Tensor], before: Tensor, of_input: Tensor, of_state: Tensor
) -> tuple[Tensor | None, ...]:
    """Return the gradients of data, both weights and both biases, all but that of data in any case.

    `of_input` and `of_state` (T, N, G H) are those of the two affine maps' results; they may be one tensor.
    """
    data, input_weight = saved[:2]
    of_input, of_state = of_input.flatten(0, 1), of_state.flatten(0, 1)
    input_bias = of_input.sum(0)
    return (
        matmul(of_input, input_weight).view(data.shape) if wanted[0] else None,
        matmul(of_input.t(), data.reshape(of_input.shape[0], data.shape[2])),
        matmul(of_state.t(), before.flatten(0, 1)),
        input_bias,
        input_bias if of_state.data_ptr() == of_input.data_ptr() else of_state.sum(0),
    )


class Plain(torch.autograd.Function):
    """``h = f(W x + b + R h' + c)`` with tanh or the rectifier.

    Takes data (T, N, I), the weights W (H, I) and R (H, H), the biases b and c (H,), the first state (N, H), whether f
    is the rectifier, and whether the steps are taken in reverse order; returns the states (T, N, H).
    """

    @staticmethod
    def forward(
        ctx: Any,
        data: Tensor,
        input_weight: Tensor,
        state_weight: Tensor,
        input_bias: Tensor,
        state_bias: Tensor,
        state: Tensor,
        rectified: bool,
        reverse: bool,
    ) -> Tensor:
        output = linear(data, input_weight, input_bias + state_bias)
        product = _product(state_weight, state.shape[0])
        outputs, last = output.unbind(0), state
        for t in _steps(data.shape[0], reverse):
            last = outputs[t].add_(product(last, None))
            last = last.relu_() if rectified else last.tanh_()
        ctx.save_for_backward(data, input_weight, state_weight, state, output)
        ctx.rectified, ctx.reverse = rectified, reverse
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, head: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        _, _, state_weight, state, output = saved
        product = _product(state_weight.t(), state.shape[0])
        of_sum = torch.empty_like(output)
        heads, outputs, sums = head.unbind(0), output.unbind(0), of_sum.unbind(0)
        carried = torch.zeros_like(state)
        for t in _steps(output.shape[0], not ctx.reverse):
            of_output = carried.add_(heads[t])
            if ctx.rectified:
                aten.threshold_backward.grad_input(of_output, outputs[t], 0, grad_input=sums[t])
            else:
                aten.tanh_backward.grad_input(of_output, outputs[t], grad_input=sums[t])
            carried = product(sums[t], None)
        before = _states_before(output, state, ctx.reverse)
        return (*_gradients(ctx.needs_input_grad, saved, before, of_sum, of_sum), carried, None, None)


class Gated(torch.autograd.Function):
    """The gated recurrent unit with the reset gate behind the product of the state and its weight.

    r = sigmoid(W_r x + b_r + R_r h' + c_r), z likewise, n = tanh(W_n x + b_n + r (R_n h' + c_n)), and
    ``h = (1 - z) n + z h'``. Parameters as for `Plain`, the weights' and biases' rows in the order r, z, n.
    """

    @staticmethod
    def forward(
        ctx: Any,
        data: Tensor,
        input_weight: Tensor,
        state_weight: Tensor,
        input_bias: Tensor,
        state_bias: Tensor,
        state: Tensor,
        reverse: bool,
    ) -> Tensor:
        size = state.shape[1]
        gates = linear(data, input_weight, input_bias)  # becomes r, z, n
        output = gates.new_empty(*gates.shape[:2], size)
        product = _product(state_weight, state.shape[0])
        both, reset, update, new = (
            gates[..., first:last].unbind(0)
            for first, last in ((0, 2 * size), (0, size), (size, 2 * size), (2 * size, 3 * size))
        )
        outputs, last = output.unbind(0), state
        inners: list[Tensor] = []  # R_n h' + c_n
        for t in _steps(data.shape[0], reverse):
            for_both, inner = product(last, state_bias).split((2 * size, size), 1)
            both[t].add_(for_both).sigmoid_()
            new[t].addcmul_(reset[t], inner).tanh_()
            last = torch.lerp(new[t], last, update[t], out=outputs[t])
            inners.append(inner)
        if not any(ctx.needs_input_grad):
            return output
        inner = torch.stack(inners[::-1] if reverse else inners)
        ctx.save_for_backward(data, input_weight, state_weight, state, output, gates, inner)
        ctx.reverse = reverse
        return output

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, head: Tensor) -> tuple[Tensor | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        _, _, state_weight, state, output, gates, inner = saved
        shape = (*output.shape[:2], 3, output.shape[2])
        reset, update, new = gates.view(shape).unbind(2)
        before = _states_before(output, state, ctx.reverse)
        # The derivatives of h by the arguments of the gates; the loop multiplies them by the gradient of h.
        of_input, of_state = output.new_empty(shape), output.new_empty(shape)
        of_reset, of_update, of_new = of_input.unbind(2)
        aten.tanh_backward.grad_input(1 - update, new, grad_input=of_new)
        aten.sigmoid_backward.grad_input(before - new, update, grad_input=of_update)
        aten.sigmoid_backward.grad_input(of_new * inner, reset, grad_input=of_reset)
        of_state[:, :, :2] = of_input[:, :, :2]
        torch.mul(of_new, reset, out=of_state[:, :, 2])

        product = _product(state_weight.t(), state.shape[0])
        of_inputs, of_states, flat = of_input.unbind(0), of_state.unbind(0), of_state.flatten(2).unbind(0)
        heads, updates, carried = head.unbind(0), update.unbind(0), torch.zeros_like(state)
        for t in _steps(output.shape[0], not ctx.reverse):
            of_output = carried.add_(heads[t])
            factor = of_output.unsqueeze(1)
            of_inputs[t].mul_(factor)
            of_states[t].mul_(factor)
            carried = product(flat[t], None).addcmul_(of_output, updates[t])
        return (
            *_gradients(ctx.needs_input_grad, saved, before, of_input.flatten(2), of_state.flatten(2)),
            carried,
            None,
        )


def lstm(
    data: Tensor,
    weights: Sequence[Tensor],
    state: Tensor,
    cell: Tensor,
    bounds: tuple[float, float, bool] | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Run an LSTM with a projection, or with cells that are held within bounds: what oneDNN's cannot do.

    Returns all outputs, the last output and the last cell. `weights` are those of the input (4 H, I) and of the state
    (4 H, P), their biases, and with a projection its weight (P, H). `bounds` are the lowest and the highest cell, and
    whether NaN stays. Recorded by autograd as it stands.
    """
    input_weight, state_weight, input_bias, state_bias = weights[:4]
    from_input = linear(data, input_weight, input_bias + state_bias)
    outputs: list[Tensor] = []
    for step in from_input.unbind(0):
        enter, forget, new, leave = torch.addmm(step, state, state_weight.t()).chunk(4, 1)
        cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
        if bounds is not None:
            low, high, keep_nan = bounds
            cell = cell.clamp(low, high)
            cell = cell if keep_nan else cell.nan_to_num(low, high, low)
        state = leave.sigmoid() * cell.tanh()
        if len(weights) > 4:
            state = state @ weights[4].t()
        outputs.append(state)
    return torch.stack(outputs), state, cell
