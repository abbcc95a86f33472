"""Dropout that stays the same over a sequence, LSTM with a projection, and sequences as a loop in the graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .... import base, ndarray, symbol
from ...parameter import ParameterDict
from ...rnn._cells import vector_state
from ...rnn._modifiers import holds_bidirectional
from ...rnn._sequences import Steps, Tensor
from ...rnn.rnn_cell import (
    HybridRecurrentCell,
    ModifierCell,
    RecurrentCell,
    _format_sequence,
    _get_begin_state,
    _mask_sequence_variable_length,
    tensor_types,
)

__all__ = ["LSTMPCell", "VariationalDropoutCell"]


class VariationalDropoutCell(ModifierCell):
    """Dropout of inputs, states and outputs with masks that are drawn once for a sequence.

    Parameters
    ----------
    base_cell : HybridRecurrentCell
        The cell to modify.
    drop_inputs : float from 0 to 1
        Probability with which an element of all inputs becomes 0 while training; the others are divided by
        ``1 - drop_inputs``.
    drop_states : float from 0 to 1
        The same for the first state, where no cell in `base_cell` may be bidirectional.
    drop_outputs : float from 0 to 1
        The same for the output.

    Raises
    ------
    AssertionError
        If states are to be dropped of a cell that cannot be run step by step.

    References
    ----------
    Gal and Ghahramani, A Theoretically Grounded Application of Dropout in Recurrent Neural Networks, 2016.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.VariationalDropoutCell(mx.gluon.rnn.RNNCell(3), drop_inputs=0.5)
    >>> cell.initialize()
    >>> with mx.autograd.train_mode():
    ...     outputs, states = cell.unroll(4, mx.nd.ones((2, 4, 5)), merge_outputs=True)
    >>> outputs.shape
    (2, 4, 3)
    """

    def __init__(
        self,
        base_cell: HybridRecurrentCell,
        drop_inputs: float = 0.0,
        drop_states: float = 0.0,
        drop_outputs: float = 0.0,
    ) -> None:
        if drop_states and isinstance(base_cell, RecurrentCell) and holds_bidirectional(base_cell):
            raise base.AssertionError(
                "VariationalDropoutCell: the states of a BidirectionalCell are not at hand from step to step; put "
                "VariationalDropoutCell around the cells in it"
            )
        super().__init__(base_cell)
        self.drop_inputs = drop_inputs
        self.drop_states = drop_states
        self.drop_outputs = drop_outputs
        self.drop_inputs_mask: Any = None
        self.drop_states_mask: Any = None
        self.drop_outputs_mask: Any = None

    def _alias(self) -> str:
        return "vardrop"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p_out = {self.drop_outputs}, p_state = {self.drop_states})"

    def reset(self) -> None:
        """Start anew: draw other masks for the next sequence."""
        super().reset()
        self.drop_inputs_mask = None
        self.drop_states_mask = None
        self.drop_outputs_mask = None

    def _initialize_input_masks(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> None:
        # what a trace left behind is no mask for arrays, and an array is none for a trace
        if self.drop_states and not isinstance(self.drop_states_mask, type(states[0])):
            self.drop_states_mask = F.Dropout(F.ones_like(states[0]), p=self.drop_states)
        if self.drop_inputs and not isinstance(self.drop_inputs_mask, type(inputs)):
            self.drop_inputs_mask = F.Dropout(F.ones_like(inputs), p=self.drop_inputs)

    def _initialize_output_mask(self, F: Any, output: Tensor) -> None:
        if self.drop_outputs and not isinstance(self.drop_outputs_mask, type(output)):
            self.drop_outputs_mask = F.Dropout(F.ones_like(output), p=self.drop_outputs)

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        self._initialize_input_masks(F, inputs, states)
        if self.drop_states:
            states = [states[0] * self.drop_states_mask, *states[1:]]
        if self.drop_inputs:
            inputs = inputs * self.drop_inputs_mask
        output, after = self.base_cell(inputs, states)
        self._initialize_output_mask(F, output)
        if self.drop_outputs:
            output = output * self.drop_outputs_mask
        return output, after

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Tensor] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Tensor | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs for all steps, and the states after the last; see `RecurrentCell.unroll`.

        Where no states are dropped, all steps are dropped at once, and by default one array of all outputs is returned.
        """
        if self.drop_states:
            return super().unroll(length, inputs, begin_state, layout, merge_outputs, valid_length)
        self.reset()
        steps, axis, F, batch_size = _format_sequence(length, inputs, layout, True)
        states = _get_begin_state(self, F, begin_state, steps, batch_size)
        if self.drop_inputs:
            steps = F.Dropout(steps, p=self.drop_inputs, axes=(axis,))
        outputs, states = self.base_cell.unroll(
            length, steps, states, layout, merge_outputs=True, valid_length=valid_length
        )
        if self.drop_outputs:
            outputs = F.Dropout(outputs, p=self.drop_outputs, axes=(axis,))
        merge = isinstance(outputs, tensor_types) if merge_outputs is None else merge_outputs
        outputs = _format_sequence(length, outputs, layout, merge)[0]
        if valid_length is not None:
            outputs = _mask_sequence_variable_length(F, outputs, length, valid_length, axis, merge)
        return outputs, states


class LSTMPCell(HybridRecurrentCell):
    """A cell of long short-term memory whose output is a linear map of what the memory shows.

    With r' and c' the states of the step before: ``i = sigmoid(W_i x + b_i + R_i r' + d_i)``, f and o likewise,
    ``g = tanh(W_c x + b_c + R_c r' + d_c)``, then ``c = f * c' + i * g`` and ``r = P (o * tanh(c))``. The rows of the
    parameters stand in the order i, f, c, o.

    Parameters
    ----------
    hidden_size : int
        Length of c, the second state.
    projection_size : int
        Length of r, which is the output and the first state.
    i2h_weight_initializer, h2h_weight_initializer, h2r_weight_initializer : Initializer or str, optional
        How W, R and P start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start.
    input_size : int
        Length of the input x; 0 if the first input is to tell.
    prefix : str, optional
        Put before all names: P is ``<prefix>h2r_weight``.
    params : ParameterDict, optional
        Parameters to share with another cell.

    References
    ----------
    Sak et al., Long Short-Term Memory Based Recurrent Neural Network Architectures for Large Vocabulary Speech
    Recognition, 2014.

    Examples
    --------
    >>> cell = mx.gluon.contrib.rnn.LSTMPCell(8, 3)
    >>> cell.initialize()
    >>> output, (r, c) = cell(mx.nd.ones((2, 5)), cell.begin_state(batch_size=2))
    >>> output.shape, c.shape
    ((2, 3), (2, 8))
    """

    def __init__(
        self,
        hidden_size: int,
        projection_size: int,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        h2r_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: int = 0,
        prefix: str | None = None,
        params: ParameterDict | None = None,
    ) -> None:
        super().__init__(prefix=prefix, params=params)
        self._hidden_size = hidden_size
        self._input_size = input_size
        self._projection_size = projection_size
        rows = 4 * hidden_size

        def get(name: str, shape: tuple[int, ...], init: Any) -> Any:
            return self.params.get(name, shape=shape, init=init, allow_deferred_init=True)

        self.i2h_weight = get("i2h_weight", (rows, input_size), i2h_weight_initializer)
        self.h2h_weight = get("h2h_weight", (rows, projection_size), h2h_weight_initializer)
        self.h2r_weight = get("h2r_weight", (projection_size, hidden_size), h2r_weight_initializer)
        self.i2h_bias = get("i2h_bias", (rows,), i2h_bias_initializer)
        self.h2h_bias = get("h2h_bias", (rows,), h2h_bias_initializer)

    def _alias(self) -> str:
        return "lstmp"

    def __repr__(self) -> str:
        rows, columns = self.i2h_weight.shape
        return f"{type(self).__name__}({columns or None} -> {rows} -> {self._projection_size})"

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the two states: the output r and the memory c."""
        return [vector_state(batch_size, self._projection_size), vector_state(batch_size, self._hidden_size)]

    def hybrid_forward(  # type: ignore[override] - with the parameters by name, as in every block
        self,
        F: Any,
        inputs: Tensor,
        states: Sequence[Tensor],
        i2h_weight: Tensor,
        h2h_weight: Tensor,
        h2r_weight: Tensor,
        i2h_bias: Tensor,
        h2h_bias: Tensor,
    ) -> tuple[Tensor, list[Any]]:
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        name = f"t{self._counter}_"
        rows = 4 * self._hidden_size
        i2h = F.FullyConnected(inputs, i2h_weight, i2h_bias, num_hidden=rows, name=f"{name}i2h")
        h2h = F.FullyConnected(states[0], h2h_weight, h2h_bias, num_hidden=rows, name=f"{name}h2h")
        gates = F.SliceChannel(i2h + h2h, num_outputs=4, name=f"{name}slice")
        enter = F.Activation(gates[0], act_type="sigmoid", name=f"{name}i")
        forget = F.Activation(gates[1], act_type="sigmoid", name=f"{name}f")
        new = F.Activation(gates[2], act_type="tanh", name=f"{name}c")
        leave = F.Activation(gates[3], act_type="sigmoid", name=f"{name}o")
        kept, added = forget * states[1], enter * new
        memory = F.elemwise_add(kept, added, name=f"{name}state")
        hidden = F.elemwise_mul(leave, F.Activation(memory, act_type="tanh"), name=f"{name}hidden")
        output = F.FullyConnected(hidden, h2r_weight, num_hidden=self._projection_size, no_bias=True, name=f"{name}out")
        return output, [output, memory]


def dynamic_unroll(
    cell: RecurrentCell,
    inputs: Tensor,
    begin_state: Sequence[Tensor],
    drop_inputs: float = 0,
    drop_outputs: float = 0,
    layout: str = "TNC",
    valid_length: Tensor | None = None,
) -> tuple[Tensor, list[Any]]:
    """Run a cell over sequences of any length, as a loop in the graph: `mx.sym.contrib.foreach`.

    Parameters
    ----------
    cell : RecurrentCell
        The cell.
    inputs : NDArray or Symbol of shape (T, N, C) or (N, T, C)
        The sequences.
    begin_state : list of NDArray or Symbol
        States before the first step.
    drop_inputs, drop_outputs : float from 0 to 1
        Probability with which an element of all inputs, or outputs, of a sequence becomes 0 while training.
    layout : str
        Axes of `inputs` and of the outputs: 'TNC' or 'NTC'.
    valid_length : NDArray or Symbol of shape (N,), optional
        How many steps of each sequence count. Outputs after them are zero, and the states are those at the end.

    Returns
    -------
    outputs : NDArray or Symbol of shape (T, N, ...) or (N, T, ...)
    states : list of NDArray or Symbol

    Raises
    ------
    AssertionError
        If the layout does not begin with T and N, or `begin_state` is None.

    Examples
    --------
    >>> cell = mx.gluon.rnn.LSTMCell(4)
    >>> cell.initialize()
    >>> unroll = mx.gluon.contrib.rnn.rnn_cell.dynamic_unroll
    >>> outputs, states = unroll(cell, mx.nd.ones((5, 2, 3)), cell.begin_state(batch_size=2))
    >>> outputs.shape, states[0].shape
    ((5, 2, 4), (2, 4))
    """
    axis = layout.find("T")
    if axis not in (0, 1):
        raise base.AssertionError(f"dynamic_unroll: layout is {layout!r}; expected one such as 'TNC' or 'NTC'")
    if begin_state is None:
        raise base.AssertionError("dynamic_unroll: begin_state is None; expected cell.begin_state(batch_size=N)")
    F: Any = symbol if isinstance(inputs, symbol.Symbol) else ndarray
    time_first = [1, 0, *range(2, len(layout))]
    states = [begin_state] if isinstance(begin_state, tensor_types) else list(begin_state)
    cell.reset()
    if axis == 1:
        inputs = F.transpose(inputs, axes=time_first)
    if drop_inputs:
        inputs = F.Dropout(inputs, p=drop_inputs, axes=(0,))
    if valid_length is None:
        outputs, states = F.contrib.foreach(cell, inputs, states)
    else:
        outputs, (states, _) = F.contrib.foreach(_until(F, cell, valid_length), inputs, (states, F.zeros(1)))
    if drop_outputs:
        outputs = F.Dropout(outputs, p=drop_outputs, axes=(0,))
    if axis == 1:
        outputs = F.transpose(outputs, axes=time_first)
    if valid_length is not None:
        outputs = F.SequenceMask(outputs, sequence_length=valid_length, use_sequence_length=True, axis=axis)
    return outputs, states


def _until(F: Any, cell: RecurrentCell, valid_length: Tensor) -> Any:
    """Return a step that leaves the states of sequences alone that have ended."""

    def step(inputs: Tensor, states: Any) -> Any:
        before, number = states
        output, after = cell(inputs, before)
        goes_on = F.broadcast_greater(valid_length, number)
        return output, ([F.where(goes_on, new, old) for new, old in zip(after, before)], number + 1)

    return step
