"""What the optimizers of this library share: they take any number of parameters in one call.

Parameters with the same rate, decay, dtype and device are updated together, by functions of torch that take lists. On a
CPU these lists are cut into pieces that stay in its cache from the first operation of a step to the last.
"""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, ClassVar

import torch

from .. import base
from .._runtime import tape
from ..ndarray import NDArray
from ..ndarray.dispatch import check_writable
from ._base import NARROW, Index, Optimizer

Tensor = torch.Tensor
Tensors = list[Tensor]
#: Weight, gradient and states of one parameter, or of a part of it.
Row = tuple[Tensor, ...]

#: Elements that a piece has at most: with temporary arrays they fill about 8 MiB.
PIECE = 1 << 19

_OVERRIDES = {"update", "update_multi_precision", "_get_lr", "_get_wd"}


def flattened(state: Any) -> list[NDArray]:
    """Return the arrays of a state, in order, without what is None."""
    if state is None:
        return []
    if isinstance(state, (tuple, list)):
        return [array for part in state for array in flattened(part)]
    return [state]


class SteppingOptimizer(Optimizer):
    """An optimizer whose step is written for lists of tensors, in `_step`."""

    _takes_lists: ClassVar[bool] = True
    #: Whether the float32 copy of a narrow weight comes before its state, or after it.
    _master_first: ClassVar[bool] = True
    #: Whether the step treats every element alone, so that arrays can be cut.
    _elementwise: ClassVar[bool] = True
    #: Whether all states have the shape of their weight.
    _states_like_weight: ClassVar[bool] = True
    #: How many arrays a state can hold.
    _state_arrays: ClassVar[tuple[int, ...]] = (0,)
    #: Whether the rate is that of the last update: it is asked for before this one is counted.
    _rate_first: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        """Let a class of somebody else that overrides `update` have one parameter at a time."""
        own = cls.__dict__
        if "_step" in own:
            return
        if own.keys() & _OVERRIDES:
            cls._takes_lists = False
        if "update" in own and "update_multi_precision" not in own:
            cls.update_multi_precision = cls._update_alone  # type: ignore[method-assign]

    def update(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Change a weight and its state by its gradient, or those of a list.

        Parameters
        ----------
        index : int or str, or list of them
            Which parameter it is.
        weight : NDArray, or list of them
            Its value; overwritten.
        grad : NDArray in the shape and dtype of `weight`, or list of them
            Gradient of the loss.
        state : None, NDArray, tuple of them, or list of any of these
            What `create_state` returned; overwritten.
        """
        self._take(index, weight, grad, state, False)

    def update_multi_precision(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Change a weight by its gradient, or those of a list: 16-bit weights by way of their float32 copies.

        Parameters
        ----------
        index : int or str, or list of them
            Which parameter it is.
        weight : NDArray, or list of them
            Its value; overwritten.
        grad : NDArray in the shape and dtype of `weight`, or list of them
            Gradient of the loss.
        state : None, NDArray, tuple of them, or list of any of these
            What `create_state_multi_precision` returned; overwritten.
        """
        self._take(index, weight, grad, state, self.multi_precision)

    def _update_alone(self, index: Any, weight: Any, grad: Any, state: Any) -> None:
        """Call `update` for one parameter after the other: `update_multi_precision` where `update` is overridden."""
        if isinstance(index, (list, tuple)):
            for one in zip(index, weight, grad, state):
                self._update_alone(*one)
        elif self._has_master(weight):
            master, own = state if self._master_first else reversed(state)
            self.update(index, master, grad.astype("float32"), own)
            weight._data.copy_(master._data)
        else:
            self.update(index, weight, grad, state)

    # -- what a class of this library defines ------------------------------------------------------------------------

    #: Returns what else the step depends on, such as the number of the update. Parameters are then kept apart by it.
    _detail: ClassVar[Callable[[Any, Index], Hashable] | None] = None

    def _step(
        self, weights: Tensors, grads: Tensors, states: Sequence[Tensors], lr: float, wd: float, detail: Any
    ) -> None:
        """Change weights and states in place.

        All tensors are on one device and of one dtype, float32 or float64; `states` holds a list for each array that
        a parameter's state has. Gradients must not be changed.
        """
        raise NotImplementedError

    def _is_lazy(self, weight: NDArray) -> bool:
        """Return whether a row_sparse gradient of this weight changes only its rows, as if there were no others."""
        return False

    # -- from arrays to steps ----------------------------------------------------------------------------------------

    def _take(self, index: Any, weight: Any, grad: Any, state: Any, masters: bool) -> None:
        if isinstance(index, (list, tuple)):
            indices, weights, grads, states = index, weight, grad, state
            self._update_count(index)
            lrs, wds = self._get_lrs(index), self._get_wds(index)
        else:
            indices, weights, grads, states = (index,), (weight,), (grad,), (state,)
            if not self._rate_first:
                self._update_count(index)
            lrs, wds = (self._get_lr(index),), (self._get_wd(index),)
            if self._rate_first:
                self._update_count(index)
        if tape.state.recording:
            for array in weights:
                check_writable(type(self).__name__, array)
        detail_of = self._detail
        groups: dict[Hashable, list[Row]] = {}
        partial: list[tuple[Row, Tensor, Row]] = []
        for one, array, gradient, kept, lr, wd in zip(indices, weights, grads, states, lrs, wds):
            data, slope = array._data, gradient._data
            if kept is None:
                row = (data, slope)
            elif isinstance(kept, NDArray):
                row = (data, slope, kept._data)
            else:
                row = (data, slope, *[part._data for part in flattened(kept)])
            shape = data.shape
            if (
                slope.dtype is not data.dtype
                or not data.is_floating_point()
                or any([part.shape != shape for part in row[1:]])  # noqa: C419 (a list is quicker)
            ):
                self._check(one, row)
            if gradient.is_sparse and gradient.stype == "row_sparse" and self._is_lazy(array):
                values, (numbers,) = gradient._compressed()
                part = (data[numbers], values, *[state[numbers] for state in row[2:]])
                partial.append((row, numbers, part))
                row = part
            detail = None if detail_of is None else detail_of(one)
            key = (lr, wd, len(row), data.dtype, data.device, detail)
            group = groups.get(key)
            if group is None:
                groups[key] = [row]
            else:
                group.append(row)
        for (lr, wd, width, dtype, device, detail), rows in groups.items():  # type: ignore[misc]
            narrow = dtype in NARROW
            if width - 2 - (narrow and masters) not in self._state_arrays:
                raise self._wrong_state(indices, width - 2)
            for piece in self._pieces(rows, device):
                columns = [list(column) for column in zip(*piece)]
                if narrow:
                    self._narrow_step(columns, float(lr), float(wd), detail, masters)
                else:
                    self._wide_step(columns, float(lr), float(wd), detail)
        for (weight, _, *kept), numbers, (part, _, *changed) in partial:
            for whole, rows in zip((weight, *kept), (part, *changed)):
                whole.index_copy_(0, numbers, rows)

    def _wide_step(self, columns: Sequence[Tensors], lr: Any, wd: Any, detail: Any) -> None:
        """Take a step with float32 or float64 weights; states may have another of these dtypes."""
        weights, grads, *states = columns
        dtype = weights[0].dtype
        wide = [column if column[0].dtype is dtype else [x.to(dtype) for x in column] for column in states]
        self._step(weights, grads, wide, lr, wd, detail)
        for column, values in zip(states, wide):
            if values is not column:
                torch._foreach_copy_(column, values)

    def _narrow_step(self, columns: Sequence[Tensors], lr: Any, wd: Any, detail: Any, masters: bool) -> None:
        """Take a step with 16-bit weights in float32, so that nothing is lost on the way."""
        weights, grads, *states = columns
        own = states.pop(0 if self._master_first else -1) if masters else None
        wide = [weight.float() for weight in weights] if own is None else own
        self._wide_step([wide, [grad.float() for grad in grads], *states], lr, wd, detail)
        torch._foreach_copy_(weights, wide)

    def _pieces(self, rows: list[Row], device: torch.device) -> Iterable[list[Row]]:
        """Cut the rows, on a CPU, into pieces of at most `PIECE` elements where it can be done."""
        if device.type != "cpu" or sum([row[0].numel() for row in rows]) <= PIECE:
            return (rows,)
        return _cut(rows, self._elementwise)

    # -- messages ----------------------------------------------------------------------------------------------------

    def _check(self, index: Index, row: Row) -> None:
        """Raise for a row whose parts do not fit together."""
        weight, grad, *states = row
        name = f"{type(self).__name__}: parameter {index!r}"
        if not weight.is_floating_point():
            raise base.TypeError(f"{name} is {str(weight.dtype)[6:]}; expected a floating dtype")
        if grad.shape != weight.shape or grad.dtype is not weight.dtype:
            kind = base.TypeError if grad.shape == weight.shape else base.MXNetError
            raise kind(
                f"{name}: grad is {tuple(grad.shape)} {str(grad.dtype)[6:]} and weight {tuple(weight.shape)} "
                f"{str(weight.dtype)[6:]}; expected the same shape and dtype"
            )
        if self._states_like_weight:
            for state in states:
                if state.shape != weight.shape:
                    raise base.MXNetError(
                        f"{name}: its state has shape {tuple(state.shape)} and its weight {tuple(weight.shape)}; "
                        "expected the same shape: the state was made for another network, or for other indices"
                    )

    def _wrong_state(self, indices: Sequence[Index], found: int) -> base.MXNetError:
        expected = " or ".join(str(count) for count in self._state_arrays)
        return base.MXNetError(
            f"{type(self).__name__}: among parameters {list(indices)}, a state holds {found} arrays; expected "
            f"{expected}{' and a float32 copy of the weight' if self.multi_precision else ''}: it was made by another "
            "optimizer, or with other settings"
        )

    # -- gradients ---------------------------------------------------------------------------------------------------

    def _bound(self) -> float:
        """Return the bound of gradients, or 0 if there is none."""
        return max(float(self.clip_gradient or 0), 0.0)

    def _clipped(self, grads: Tensors) -> Tensors:
        """Return ``clip(rescale_grad * grad)``."""
        clip, scale = self._bound(), float(self.rescale_grad)
        if scale != 1:
            grads = _new(torch._foreach_mul(grads, scale))
        if clip:
            grads = _limited(grads if scale != 1 else _new(torch._foreach_clamp_min(grads, -clip)), clip)
        return grads

    def _folded(self, grads: Tensors) -> tuple[Tensors, float]:
        """Return gradients and a factor: together they are ``clip(rescale_grad * grad)``."""
        return (self._clipped(grads), 1.0) if self._bound() else (grads, float(self.rescale_grad))

    def _decayed(self, weights: Tensors, grads: Tensors, wd: float) -> Tensors:
        """Return ``clip(rescale_grad * grad + wd * weight)``."""
        clip, scale = self._bound(), float(self.rescale_grad)
        if not wd:
            return self._clipped(grads)
        if scale == 1:
            grads = _new(torch._foreach_add(grads, weights, alpha=wd))
        else:
            grads = _new(torch._foreach_mul(grads, scale))
            torch._foreach_add_(grads, weights, alpha=wd)
        return _limited(grads, clip) if clip else grads


def _new(tensors: Any) -> Tensors:
    return list(tensors)


def _limited(grads: Tensors, clip: float) -> Tensors:
    torch._foreach_clamp_min_(grads, -clip)
    torch._foreach_clamp_max_(grads, clip)
    return grads


def _cut(rows: list[Row], elementwise: bool) -> Iterator[list[Row]]:
    piece: list[Row] = []
    size = 0
    for row in rows:
        count = row[0].numel()
        if size + count > PIECE and piece:
            yield piece
            piece, size = [], 0
        if count > PIECE and elementwise:
            for part in zip(*[tensor.view(-1).split(PIECE) for tensor in row]):
                yield [part]
            continue
        piece.append(row)
        size += count
    if piece:
        yield piece
