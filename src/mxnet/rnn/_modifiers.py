"""Cells that change what another cell does: zoneout and residual connections."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import base, symbol
from ..symbol import Symbol
from ._base import BaseRNNCell, RNNParams, Steps, Weights, _normalize_sequence
from ._fused import FusedRNNCell
from ._stacks import BidirectionalCell, SequentialRNNCell


class ModifierCell(BaseRNNCell):
    """A cell on top of another one, with its weights and states; the other is not to be called directly any more.

    Parameters
    ----------
    base_cell : BaseRNNCell
        The cell to modify.

    Raises
    ------
    TypeError
        If `base_cell` is not a cell.

    Examples
    --------
    >>> class Doubled(mx.rnn.ModifierCell):
    ...     def __call__(self, inputs, states):
    ...         output, states = self.base_cell(inputs, states)
    ...         return output * 2, states
    >>> Doubled(mx.rnn.GRUCell(3, prefix="g_")).state_shape
    [(0, 3)]
    """

    def __init__(self, base_cell: BaseRNNCell) -> None:
        super().__init__()
        if not isinstance(base_cell, BaseRNNCell):
            raise base.TypeError(
                f"{type(self).__name__}: base_cell is a {type(base_cell).__name__}; expected a cell of mx.rnn"
            )
        base_cell._modified = True
        self.base_cell = base_cell

    @property
    def params(self) -> RNNParams:
        """The weights' variables of the cell underneath."""
        self._own_params = False
        return self.base_cell.params

    @property
    def state_info(self) -> list[Any]:
        """The states of the cell underneath."""
        return self.base_cell.state_info

    def begin_state(  # type: ignore[override] - MXNet's name
        self, init_sym: Callable[..., Symbol] = symbol.zeros, **kwargs: Any
    ) -> list[Symbol]:
        """Return new states of the cell underneath; see `BaseRNNCell.begin_state`.

        Parameters
        ----------
        init_sym : function
            What makes them; it may also be called `func`, as in other cells.
        **kwargs
            Passed on to it.
        """
        self._check_unmodified()
        with _Unmodified(self.base_cell):
            return self.base_cell.begin_state(func=kwargs.pop("func", init_sym), **kwargs)

    def unpack_weights(self, args: Weights) -> Weights:
        """Take the weights of the cell underneath apart; see `BaseRNNCell.unpack_weights`."""
        return self.base_cell.unpack_weights(args)

    def pack_weights(self, args: Weights) -> Weights:
        """Stack the weights of the cell underneath; see `BaseRNNCell.pack_weights`."""
        return self.base_cell.pack_weights(args)

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; a subclass says how."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it modifies a step; override __call__")


class _Unmodified:
    """Lets the modifier use its cell as if it were free."""

    def __init__(self, cell: BaseRNNCell) -> None:
        self._cell = cell

    def __enter__(self) -> None:
        self._cell._modified = False

    def __exit__(self, *problem: object) -> None:
        self._cell._modified = True


class ZoneoutCell(ModifierCell):
    """While training, some elements of the outputs and states stay as they were a step before.

    Parameters
    ----------
    base_cell : BaseRNNCell
        The cell to modify; not a FusedRNNCell and not bidirectional: modify the single cells instead.
    zoneout_outputs : float from 0 to 1
        Probability with which an element of the output is that of the step before (0 at the first step).
    zoneout_states : float from 0 to 1
        The same for the states.

    Raises
    ------
    AssertionError
        If `base_cell` cannot be run step by step.

    References
    ----------
    Krueger et al., Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations, 2017.

    Examples
    --------
    >>> cell = mx.rnn.ZoneoutCell(mx.rnn.LSTMCell(4), zoneout_outputs=0.1, zoneout_states=0.1)
    >>> cell.unroll(3, mx.sym.var("data"), merge_outputs=True)[0].infer_shape(data=(2, 3, 5))[1]
    [(2, 3, 4)]
    """

    def __init__(self, base_cell: BaseRNNCell, zoneout_outputs: float = 0.0, zoneout_states: float = 0.0) -> None:
        if isinstance(base_cell, FusedRNNCell):
            raise AssertionError("ZoneoutCell: a FusedRNNCell cannot be run step by step; call its unfuse() first")
        if _bidirectional(base_cell):
            raise AssertionError(
                "ZoneoutCell: a BidirectionalCell cannot be run step by step; put ZoneoutCell around the cells in it"
            )
        super().__init__(base_cell)
        self.zoneout_outputs = zoneout_outputs
        self.zoneout_states = zoneout_states

    def reset(self) -> None:
        """Start anew: there is no step before the next."""
        super().reset()
        self.prev_output: Symbol | None = None

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        output, after = self.base_cell(inputs, states)
        before = self.prev_output
        if before is None:
            axes = len(self.state_info[0]["shape"]) if self.state_info else 2
            before = symbol.zeros((0,) * axes)  # of the shape that the output will have
        if self.zoneout_outputs != 0:
            output = _zoneout(self.zoneout_outputs, output, before)
        if self.zoneout_states != 0:
            after = [_zoneout(self.zoneout_states, new, old) for new, old in zip(after, states)]
        self.prev_output = output
        return output, after


def _zoneout(probability: float, new: Symbol, old: Symbol) -> Symbol:
    kept = symbol.Dropout(symbol.ones_like(new), p=probability)  # 0 where the old one stays; all ones in prediction
    return symbol.where(kept, new, old)


def _bidirectional(cell: BaseRNNCell) -> bool:
    return isinstance(cell, BidirectionalCell) or (
        isinstance(cell, SequentialRNNCell) and any(map(_bidirectional, cell._cells))
    )


class ResidualCell(ModifierCell):
    """Adds the input to the output, so that a layer learns the difference; both must have one shape.

    Parameters
    ----------
    base_cell : BaseRNNCell
        The cell to modify.

    References
    ----------
    Wu et al., Google's Neural Machine Translation System, 2016.

    Examples
    --------
    >>> cell = mx.rnn.ResidualCell(mx.rnn.GRUCell(4, prefix="g_"))
    >>> cell(mx.sym.var("data"), cell.begin_state())[0].name
    'g_t0_out_plus_residual'
    """

    def __init__(self, base_cell: BaseRNNCell) -> None:
        super().__init__(base_cell)

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step; see `BaseRNNCell.__call__`."""
        output, states = self.base_cell(inputs, states)
        return _plus(output, inputs), states

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Symbol] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs for all steps, merged if the cell underneath merges; see `BaseRNNCell.unroll`."""
        self.reset()
        with _Unmodified(self.base_cell):
            outputs, states = self.base_cell.unroll(
                length, inputs=inputs, begin_state=begin_state, layout=layout, merge_outputs=merge_outputs
            )
        steps, _ = _normalize_sequence(length, inputs, layout, isinstance(outputs, Symbol))
        if isinstance(outputs, Symbol):
            return _plus(outputs, steps), states
        return [_plus(output, step) for output, step in zip(outputs, steps)], states


def _plus(output: Symbol, inputs: Symbol) -> Symbol:
    return symbol.elemwise_add(output, inputs, name=f"{output.name}_plus_residual")
