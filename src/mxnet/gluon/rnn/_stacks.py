"""Cells made of cells: layers on top of each other, and both directions of a layer; dropout between layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import base
from ...base import numeric_types
from ..parameter import ParameterDict
from ..utils import _indent
from ._base import HybridRecurrentCell, RecurrentCell
from ._sequences import (
    Steps,
    Tensor,
    _cells_begin_state,
    _cells_state_info,
    _format_sequence,
    _get_begin_state,
    _mask_sequence_variable_length,
    _reverse_sequences,
    tensor_types,
)


class _Stack(RecurrentCell):
    """What `SequentialRNNCell` and `HybridSequentialRNNCell` share."""

    def add(self, cell: RecurrentCell) -> None:
        """Put a cell on top.

        Parameters
        ----------
        cell : RecurrentCell
            The new layer.
        """
        self.register_child(cell)

    def _cells(self) -> list[Any]:
        return list(self._children.values())

    def _shares(self, states: Sequence[Tensor]) -> list[Sequence[Tensor]]:
        """Return the states of each cell."""
        shares, begin = [], 0
        for cell in self._cells():
            end = begin + len(cell.state_info())
            shares.append(states[begin:end])
            begin = end
        if begin > len(states):
            raise base.IndexError(
                f"{type(self).__name__}: {len(states)} states came; expected {begin}, as begin_state() returns them"
            )
        return shares

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the states of all cells, one after the other."""
        return _cells_state_info(self._cells(), batch_size)

    def begin_state(self, **kwargs: Any) -> list[Any]:  # type: ignore[override] - as in MXNet, by keyword only
        """Return new states of all cells for before the first step; see `RecurrentCell.begin_state`."""
        self._check_unmodified()
        return _cells_begin_state(self._cells(), **kwargs)

    def __call__(  # type: ignore[override] - these and no others
        self, inputs: Tensor, states: Sequence[Tensor]
    ) -> tuple[Tensor, list[Any]]:
        """Return the output of the top layer and the states of all after one step; see `RecurrentCell.forward`."""
        self._counter += 1
        after: list[Any] = []
        for cell, share in zip(self._cells(), self._shares(states)):
            if isinstance(cell, BidirectionalCell):
                raise base.AssertionError(
                    f"{type(self).__name__}: a BidirectionalCell in it needs the whole sequence; call unroll instead"
                )
            inputs, share = cell(inputs, share)
            after.extend(share)
        return inputs, after

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Tensor] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Tensor | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs of the top layer for all steps, and the last states; see `RecurrentCell.unroll`."""
        self.reset()
        inputs, _, F, batch_size = _format_sequence(length, inputs, layout, None)
        states = _get_begin_state(self, F, begin_state, inputs, batch_size)
        after: list[Any] = []
        top = len(self._children) - 1
        for i, (cell, share) in enumerate(zip(self._cells(), self._shares(states))):
            merge = merge_outputs if i == top else None
            inputs, share = cell.unroll(
                length, inputs=inputs, begin_state=share, layout=layout, merge_outputs=merge, valid_length=valid_length
            )
            after.extend(share)
        return inputs, after

    def __getitem__(self, i: int) -> RecurrentCell:
        return self._cells()[i]

    def __len__(self) -> int:
        return len(self._children)

    def __repr__(self) -> str:
        lines = "\n".join(f"({name}): {_indent(repr(cell), 2)}" for name, cell in self._children.items())
        return f"{type(self).__name__}(\n{lines}\n)"


class SequentialRNNCell(_Stack):
    """Layers on top of each other: each takes the outputs of the one before.

    Parameters
    ----------
    prefix : str, optional
        As for `RecurrentCell`.
    params : ParameterDict, optional
        As for `RecurrentCell`.

    Examples
    --------
    >>> stack = mx.gluon.rnn.SequentialRNNCell()
    >>> stack.add(mx.gluon.rnn.LSTMCell(8))
    >>> stack.add(mx.gluon.rnn.LSTMCell(4))
    >>> stack.initialize()
    >>> outputs, states = stack.unroll(3, mx.nd.ones((2, 3, 5)), merge_outputs=True)
    >>> outputs.shape, len(states)
    ((2, 3, 4), 4)
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        super().__init__(prefix=prefix, params=params)

    def hybrid_forward(self, *args: Any, **kwargs: Any) -> Any:
        """Raise NotImplementedError: a call goes to the cells."""
        raise NotImplementedError("SequentialRNNCell has no hybrid_forward; call it, or take HybridSequentialRNNCell")


class HybridSequentialRNNCell(_Stack, HybridRecurrentCell):  # type: ignore[misc] - begin_state is by keyword
    """Layers on top of each other, all of which can be hybridized.

    Parameters
    ----------
    prefix : str, optional
        As for `RecurrentCell`.
    params : ParameterDict, optional
        As for `RecurrentCell`.

    Examples
    --------
    >>> stack = mx.gluon.rnn.HybridSequentialRNNCell()
    >>> with stack.name_scope():
    ...     stack.add(mx.gluon.rnn.GRUCell(8))
    ...     stack.add(mx.gluon.rnn.DropoutCell(0.5))
    >>> len(stack), stack[1]
    (2, DropoutCell(rate=0.5, axes=()))
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        super().__init__(prefix=prefix, params=params)

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the output of the top layer and the states of all after one step; see `RecurrentCell.forward`."""
        return self(inputs, states)


class DropoutCell(HybridRecurrentCell):
    """Dropout of what goes from one layer to the next.

    Parameters
    ----------
    rate : float from 0 to 1
        Probability with which an element becomes 0 while training; the others are divided by ``1 - rate``.
    axes : tuple of int
        Axes along which all elements share their fate.
    prefix : str, optional
        As for `RecurrentCell`.
    params : ParameterDict, optional
        As for `RecurrentCell`.

    Raises
    ------
    AssertionError
        If `rate` is not a number.

    References
    ----------
    Zaremba et al., Recurrent Neural Network Regularization, 2014.

    Examples
    --------
    >>> mx.gluon.rnn.DropoutCell(0.5).unroll(3, mx.nd.ones((1, 3, 2)))[0].asnumpy().tolist()
    [[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]]
    """

    def __init__(
        self, rate: float, axes: Sequence[int] = (), prefix: str | None = None, params: ParameterDict | None = None
    ) -> None:
        super().__init__(prefix, params)
        if not isinstance(rate, numeric_types):
            raise base.AssertionError(f"DropoutCell: rate is {rate!r}; expected a number from 0 to 1")
        self._rate = rate
        self._axes = axes

    def __repr__(self) -> str:
        return f"{type(self).__name__}(rate={self._rate}, axes={self._axes})"

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return an empty list: there are no states."""
        return []

    def _alias(self) -> str:
        return "dropout"

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the inputs with dropout, and `states`."""
        if self._rate > 0:
            inputs = F.Dropout(inputs, p=self._rate, axes=self._axes, name=f"t{self._counter}_fwd")
        return inputs, states

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Tensor] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Tensor | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return all steps with dropout; one array of all steps stays one. See `RecurrentCell.unroll`."""
        self.reset()
        steps, _, F, _ = _format_sequence(length, inputs, layout, merge_outputs)
        if isinstance(steps, tensor_types):
            return self.hybrid_forward(F, steps, begin_state if begin_state else [])
        return super().unroll(length, steps, begin_state=begin_state, layout=layout, merge_outputs=merge_outputs)


class BidirectionalCell(HybridRecurrentCell):
    """A layer in both directions: the outputs of two cells side by side, of which one starts at the end.

    Parameters
    ----------
    l_cell, r_cell : HybridRecurrentCell
        The cells that run forwards and backwards.
    output_prefix : str
        Put before the names of the outputs.

    References
    ----------
    Schuster and Paliwal, Bidirectional Recurrent Neural Networks, 1997.

    Examples
    --------
    >>> cell = mx.gluon.rnn.BidirectionalCell(mx.gluon.rnn.GRUCell(3), mx.gluon.rnn.GRUCell(4))
    >>> cell.initialize()
    >>> cell.unroll(5, mx.nd.ones((2, 5, 6)), merge_outputs=True)[0].shape
    (2, 5, 7)
    """

    def __init__(self, l_cell: RecurrentCell, r_cell: RecurrentCell, output_prefix: str = "bi_") -> None:
        super().__init__(prefix="", params=None)
        self.register_child(l_cell, "l_cell")
        self.register_child(r_cell, "r_cell")
        self._output_prefix = output_prefix

    def __call__(self, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Raise NotImplementedError: a step backwards needs the steps that come after it."""
        raise NotImplementedError("BidirectionalCell cannot be stepped: it needs the whole sequence; call unroll")

    def __repr__(self) -> str:
        left, right = self._children.values()
        return f"{type(self).__name__}(forward={left}, backward={right})"

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the states of both cells, one after the other."""
        return _cells_state_info(list(self._children.values()), batch_size)  # type: ignore[arg-type]

    def begin_state(self, **kwargs: Any) -> list[Any]:  # type: ignore[override] - as in MXNet, by keyword only
        """Return new states of both cells for before the first step; see `RecurrentCell.begin_state`."""
        self._check_unmodified()
        return _cells_begin_state(list(self._children.values()), **kwargs)  # type: ignore[arg-type]

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Tensor] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Tensor | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs of both directions for all steps, and the last states of both.

        See `RecurrentCell.unroll`. With `valid_length`, the direction backwards starts at the end of each sequence.
        """
        self.reset()
        steps, axis, F, batch_size = _format_sequence(length, inputs, layout, False)
        backwards = _reverse_sequences(steps, length, valid_length)
        states: Any = _get_begin_state(self, F, begin_state, steps, batch_size)
        left, right = self._children.values()
        own = len(left.state_info())  # type: ignore[attr-defined]
        options = {"layout": layout, "valid_length": valid_length}
        l_outputs, l_states = left.unroll(  # type: ignore[attr-defined]
            length, inputs=steps, begin_state=states[:own], merge_outputs=merge_outputs, **options
        )
        r_outputs, r_states = right.unroll(  # type: ignore[attr-defined]
            length, inputs=backwards, begin_state=states[own:], merge_outputs=False, **options
        )
        merge = isinstance(l_outputs, tensor_types) if merge_outputs is None else merge_outputs
        l_outputs = _format_sequence(None, l_outputs, layout, merge)[0]
        r_outputs = _format_sequence(length, _reverse_sequences(r_outputs, length, valid_length), layout, merge)[0]
        if merge:
            outputs: Any = F.concat(l_outputs, r_outputs, dim=2, name=f"{self._output_prefix}out")
        else:
            pairs = enumerate(zip(l_outputs, r_outputs))
            outputs = [F.concat(*pair, dim=1, name=f"{self._output_prefix}t{i}") for i, pair in pairs]
        if valid_length is not None:
            outputs = _mask_sequence_variable_length(F, outputs, length, valid_length, axis, merge)
        return outputs, [*l_states, *r_states]
