"""Cells made of cells: layers on top of each other, and both directions of a layer."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from .. import base, symbol
from ..symbol import Symbol
from ._base import (
    BaseRNNCell,
    RNNParams,
    Steps,
    Weights,
    _cells_begin_state,
    _cells_pack_weights,
    _cells_state_info,
    _cells_unpack_weights,
    _normalize_sequence,
    split,
)


class _CellsCell(BaseRNNCell):
    """A cell that has the states and weights of the cells in it."""

    _cells: list[BaseRNNCell]

    def __init__(self, prefix: str = "", params: RNNParams | None = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self._override_cell_params = params is not None

    def _join_params(self, cell: BaseRNNCell) -> None:
        """Take over the variables of a cell, or give it the ones that this cell was made with."""
        if self._override_cell_params:
            if not cell._own_params:
                raise AssertionError(
                    f"{type(self).__name__}: params were given for it, and {type(cell).__name__} has its own; give "
                    "params to one of them only"
                )
            cell.params._params.update(self.params._params)
        self.params._params.update(cell.params._params)

    @property
    def state_info(self) -> list[Any]:
        """The states of all cells, one after the other."""
        return _cells_state_info(self._cells)

    def begin_state(self, **kwargs: Any) -> list[Symbol]:  # type: ignore[override] - as in MXNet, by keyword only
        """Return new states of all cells before the first step; see `BaseRNNCell.begin_state`."""
        self._check_unmodified()
        return _cells_begin_state(self._cells, **kwargs)

    def unpack_weights(self, args: Weights) -> Weights:
        """Take the stacked weights of all cells apart; see `BaseRNNCell.unpack_weights`."""
        return _cells_unpack_weights(self._cells, args)

    def pack_weights(self, args: Weights) -> Weights:
        """Stack the weights of all cells; see `BaseRNNCell.pack_weights`."""
        return _cells_pack_weights(self._cells, args)


class SequentialRNNCell(_CellsCell):
    """Layers on top of each other: each takes the outputs of the one before.

    Parameters
    ----------
    params : RNNParams, optional
        Weights for all cells; those must not have weights of their own then.

    Examples
    --------
    >>> stack = mx.rnn.SequentialRNNCell()
    >>> stack.add(mx.rnn.LSTMCell(8, prefix="l0_"))
    >>> stack.add(mx.rnn.LSTMCell(4, prefix="l1_"))
    >>> stack.unroll(3, mx.sym.var("data"), merge_outputs=True)[0].infer_shape(data=(2, 3, 5))[1]
    [(2, 3, 4)]
    """

    def __init__(self, params: RNNParams | None = None) -> None:
        super().__init__(prefix="", params=params)
        self._cells = []

    def add(self, cell: BaseRNNCell) -> None:
        """Put a cell on top.

        Parameters
        ----------
        cell : BaseRNNCell
            The new layer.

        Raises
        ------
        TypeError
            If it is not a cell.
        AssertionError
            If both this cell and `cell` were given params.
        """
        if not isinstance(cell, BaseRNNCell):
            raise base.TypeError(f"SequentialRNNCell.add: got a {type(cell).__name__}; expected a cell of mx.rnn")
        self._cells.append(cell)
        self._join_params(cell)

    def _shares(self, states: Sequence[Symbol]) -> list[Sequence[Symbol]]:
        """Return the states of each cell."""
        ends = [0]
        for cell in self._cells:
            ends.append(ends[-1] + len(cell.state_info))
        return [states[begin:end] for begin, end in itertools.pairwise(ends)]

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output of the top layer and the states of all after one step; see `BaseRNNCell.__call__`."""
        self._counter += 1
        after: list[Any] = []
        for cell, share in zip(self._cells, self._shares(states)):
            if isinstance(cell, BidirectionalCell):
                raise AssertionError(
                    "SequentialRNNCell: a BidirectionalCell in it needs the whole sequence; call unroll instead"
                )
            inputs, share = cell(inputs, share)
            after.extend(share)
        return inputs, after

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Symbol] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs of the top layer for all steps, and the last states; see `BaseRNNCell.unroll`."""
        self.reset()
        states = self.begin_state() if begin_state is None else begin_state
        after: list[Any] = []
        top = len(self._cells) - 1
        for i, (cell, share) in enumerate(zip(self._cells, self._shares(states))):
            merge = merge_outputs if i == top else None
            inputs, share = cell.unroll(length, inputs, begin_state=share, layout=layout, merge_outputs=merge)
            after.extend(share)
        return inputs, after


class BidirectionalCell(_CellsCell):
    """A layer in both directions: the outputs of two cells side by side, of which one starts at the end.

    Parameters
    ----------
    l_cell, r_cell : BaseRNNCell
        The cells that run forwards and backwards.
    params : RNNParams, optional
        Weights for both cells; they must not have weights of their own then.
    output_prefix : str
        Put before the names of the outputs.

    Raises
    ------
    AssertionError
        If both this cell and one of the two were given params.

    References
    ----------
    Schuster and Paliwal, Bidirectional Recurrent Neural Networks, 1997.

    Examples
    --------
    >>> cell = mx.rnn.BidirectionalCell(mx.rnn.GRUCell(3, prefix="l_"), mx.rnn.GRUCell(4, prefix="r_"))
    >>> cell.unroll(5, mx.sym.var("data"), merge_outputs=True)[0].infer_shape(data=(2, 5, 6))[1]
    [(2, 5, 7)]
    """

    def __init__(
        self, l_cell: BaseRNNCell, r_cell: BaseRNNCell, params: RNNParams | None = None, output_prefix: str = "bi_"
    ) -> None:
        super().__init__("", params=params)
        self._output_prefix = output_prefix
        self._join_params(l_cell)
        self._join_params(r_cell)
        self._cells = [l_cell, r_cell]

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Raise NotImplementedError: a step backwards needs the steps that come after it."""
        raise NotImplementedError("BidirectionalCell needs the whole sequence, not one step; call unroll instead")

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Symbol] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs of both directions for all steps, and a list of the last states of each.

        See `BaseRNNCell.unroll`. By default one symbol is returned where both cells make one.
        """
        self.reset()
        steps, axis = _normalize_sequence(length, inputs, layout, False)
        states = self.begin_state() if begin_state is None else begin_state
        left, right = self._cells
        own = len(left.state_info)
        l_outputs, l_states = left.unroll(
            length, steps, begin_state=states[:own], layout=layout, merge_outputs=merge_outputs
        )
        r_outputs, r_states = right.unroll(
            length, list(reversed(steps)), begin_state=states[own:], layout=layout, merge_outputs=merge_outputs
        )
        if merge_outputs is not False and isinstance(l_outputs, Symbol) and isinstance(r_outputs, Symbol):
            backwards = symbol.reverse(r_outputs, axis=axis)
            return symbol.Concat(l_outputs, backwards, dim=2, name=f"{self._output_prefix}out"), [l_states, r_states]
        pairs = zip(_steps(l_outputs, length, axis), reversed(_steps(r_outputs, length, axis)))
        outputs = [symbol.Concat(*pair, dim=1, name=f"{self._output_prefix}t{i}") for i, pair in enumerate(pairs)]
        return outputs, [l_states, r_states]


def _steps(outputs: Steps, length: int, axis: int) -> Sequence[Symbol]:
    return split(outputs, length, axis, symbol.SliceChannel) if isinstance(outputs, Symbol) else outputs
