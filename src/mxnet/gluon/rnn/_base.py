"""What all recurrent cells share: states, and running over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import base, ndarray
from ..block import Block, HybridBlock
from ..nn.activations import LeakyReLU
from ..parameter import ParameterDict
from ._sequences import Steps, Tensor, _format_sequence, _get_begin_state, _mask_sequence_variable_length

#: What a cell's `activation` may be: a name, a block, or a function that takes an array or a symbol and ``name=``.
Activation = str | Block | Callable[..., Any]

#: Activations that are operators of their own.
_OPERATORS = ("tanh", "relu", "sigmoid", "softsign")


def begun(block: Block, func: Callable[..., Any], name: str, info: dict[str, Any]) -> Any:
    """Return one state that `func` makes; MXNetError if it is an array of no sequences."""
    state = func(name=name, **info)
    if isinstance(state, ndarray.NDArray) and 0 in state.shape:
        raise base.MXNetError(
            f"{type(block).__name__}.begin_state: a state would have shape {state.shape}; give a batch_size above 0"
        )
    return state


class RecurrentCell(Block):
    """A recurrent cell: one step from an input and states to an output and new states, and whole sequences of steps.

    A cell of your own overrides `state_info` and `forward` (or, as a `HybridRecurrentCell`, `hybrid_forward`).

    Parameters
    ----------
    prefix : str, optional
        Put before the names of parameters and of operators; made from the class's name by default.
    params : ParameterDict, optional
        Parameters to share with another cell.

    Examples
    --------
    >>> class Sum(mx.gluon.rnn.RecurrentCell):
    ...     def state_info(self, batch_size=0):
    ...         return [{"shape": (batch_size, 2), "__layout__": "NC"}]
    ...     def forward(self, inputs, states):
    ...         total = inputs + states[0]
    ...         return total, [total]
    >>> outputs, states = Sum().unroll(3, mx.nd.ones((1, 3, 2)), merge_outputs=True)
    >>> outputs.asnumpy().tolist()
    [[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]]
    """

    _init_counter: int
    _counter: int

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self._modified = False
        self.reset()

    def reset(self) -> None:
        """Forget all steps, here and in the cells that this one is made of, before a new sequence."""
        self._init_counter = -1
        self._counter = -1
        for child in self._children.values():
            forget = getattr(child, "reset", None)  # an activation's block has nothing to forget
            if forget is not None:
                forget()

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of each state.

        Parameters
        ----------
        batch_size : int
            Length of the axis N.

        Returns
        -------
        list of dict
            With ``shape`` and ``__layout__``.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its states are; override state_info")

    def begin_state(self, batch_size: int = 0, func: Callable[..., Any] = ndarray.zeros, **kwargs: Any) -> list[Any]:
        """Return new states for before the first step.

        Parameters
        ----------
        batch_size : int
            Number of sequences; needed where `func` makes arrays.
        func : function
            What makes them: `mx.nd.zeros`, `mx.nd.random.normal`, `mx.sym.zeros`, `mx.sym.var` and the like. It is
            called with ``name=``, and with ``shape=`` and ``__layout__=`` of `state_info`.
        **kwargs
            Passed on to `func`, such as ``ctx`` or ``dtype``.

        Returns
        -------
        list of NDArray or Symbol

        Raises
        ------
        AssertionError
            If the cell was given to a modifier cell, whose states are to be used then.

        Examples
        --------
        >>> [state.shape for state in mx.gluon.rnn.LSTMCell(4).begin_state(batch_size=2)]
        [(2, 4), (2, 4)]
        """
        self._check_unmodified()
        states: list[Any] = []
        for info in self.state_info(batch_size):
            self._init_counter += 1
            name = f"{self._prefix}begin_state_{self._init_counter}"
            states.append(begun(self, func, name, {**(info or {}), **kwargs}))
        return states

    def _check_unmodified(self) -> None:
        if self._modified:
            raise base.AssertionError(
                f"{type(self).__name__}.begin_state: this cell was given to a modifier cell (such as ZoneoutCell); "
                "call the modifier cell instead"
            )

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Tensor] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Tensor | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs of all steps of a sequence, and the states after the last.

        Parameters
        ----------
        length : int
            Number of steps T.
        inputs : NDArray or Symbol of shape (N, T, C) or (T, N, C), or list of T of shape (N, C)
            The sequence.
        begin_state : list of NDArray or Symbol, optional
            States before the first step; zeros by default.
        layout : str
            Axes of arrays that hold all steps: 'NTC' or 'TNC'.
        merge_outputs : bool, optional
            True for one array of all outputs, False for a list of one for each step. By default what the cell makes:
            mostly a list, and one array with `valid_length`.
        valid_length : NDArray or Symbol of shape (N,), optional
            How many steps of each sequence count. Outputs after them are zero, and the states are those at the end.

        Returns
        -------
        outputs : NDArray, Symbol or list of them
        states : list of NDArray or Symbol

        Raises
        ------
        AssertionError
            If there are not `length` inputs, or the layout has no axis T.

        Examples
        --------
        >>> cell = mx.gluon.rnn.GRUCell(4)
        >>> cell.initialize()
        >>> outputs, states = cell.unroll(3, mx.nd.ones((2, 3, 5)))
        >>> len(outputs), outputs[0].shape
        (3, (2, 4))
        """
        self.reset()
        steps, axis, F, batch_size = _format_sequence(length, inputs, layout, False)
        states: Any = _get_begin_state(self, F, begin_state, steps, batch_size)
        outputs: Any = []
        every: list[Any] = []
        for i in range(length):
            output, states = self(steps[i], states)
            outputs.append(output)
            every.append(states)
        if valid_length is not None:
            states = [
                F.SequenceLast(F.stack(*each, axis=0), sequence_length=valid_length, use_sequence_length=True, axis=0)
                for each in zip(*every)
            ]
            outputs = _mask_sequence_variable_length(F, outputs, length, valid_length, axis, True)
        return _format_sequence(length, outputs, layout, merge_outputs)[0], states

    def _get_activation(self, F: Any, inputs: Tensor, activation: Activation, **kwargs: Any) -> Tensor:
        """Apply an activation that is given by name, as a block or as a function."""
        if isinstance(activation, str):
            if activation in _OPERATORS:
                return getattr(F, activation)(inputs, **kwargs)
            return F.Activation(inputs, act_type=activation, **kwargs)
        if isinstance(activation, LeakyReLU):
            return F.LeakyReLU(inputs, act_type="leaky", slope=activation._alpha, **kwargs)
        return activation(inputs) if isinstance(activation, Block) else activation(inputs, **kwargs)

    def forward(  # type: ignore[override] - these and no others
        self, inputs: Tensor, states: Sequence[Tensor]
    ) -> tuple[Tensor, list[Any]]:
        """Return the output and the states after one step.

        Parameters
        ----------
        inputs : NDArray or Symbol of shape (N, C)
            What comes in at this step.
        states : list of NDArray or Symbol
            The states before it: those of `begin_state` or of the step before.

        Returns
        -------
        output : NDArray or Symbol
        states : list of NDArray or Symbol
        """
        self._counter += 1
        return super().forward(inputs, states)


class HybridRecurrentCell(RecurrentCell, HybridBlock):  # type: ignore[misc] - forward takes the states, too
    """A recurrent cell whose step works on arrays and on symbols, so that it can be hybridized.

    A cell of your own overrides `state_info` and `hybrid_forward`.

    Parameters
    ----------
    prefix : str, optional
        As for `RecurrentCell`.
    params : ParameterDict, optional
        As for `RecurrentCell`.

    Examples
    --------
    >>> class Mean(mx.gluon.rnn.HybridRecurrentCell):
    ...     def state_info(self, batch_size=0):
    ...         return [{"shape": (batch_size, 2), "__layout__": "NC"}]
    ...     def hybrid_forward(self, F, inputs, states):
    ...         mean = (inputs + states[0]) / 2
    ...         return mean, [mean]
    >>> Mean().unroll(2, mx.nd.ones((1, 2, 2)))[0][1].asnumpy().tolist()
    [[0.75, 0.75]]
    """

    def __init__(self, prefix: str | None = None, params: ParameterDict | None = None) -> None:
        super().__init__(prefix=prefix, params=params)

    def hybrid_forward(self, F: Any, x: Tensor, *args: Any, **kwargs: Any) -> Any:
        """Return the output and the states after one step; a subclass says how."""
        raise NotImplementedError(f"{type(self).__name__} does not say what one step is; override hybrid_forward")
