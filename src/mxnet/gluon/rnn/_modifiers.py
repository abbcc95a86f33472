"""Cells that change what another cell does: zoneout and residual connections."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sequence
from typing import Any

from ... import base, ndarray, symbol
from ..parameter import ParameterDict
from ._base import HybridRecurrentCell, RecurrentCell
from ._sequences import Steps, Tensor, _format_sequence, _mask_sequence_variable_length, tensor_types
from ._stacks import BidirectionalCell


class ModifierCell(HybridRecurrentCell):
    """A cell on top of another one, with its parameters and states; begin with this one's states then.

    A cell of your own overrides `hybrid_forward`, which calls ``self.base_cell``.

    Parameters
    ----------
    base_cell : HybridRecurrentCell
        The cell to modify.

    Raises
    ------
    AssertionError
        If `base_cell` was given to a modifier cell already.

    Examples
    --------
    >>> class Doubled(mx.gluon.rnn.ModifierCell):
    ...     def hybrid_forward(self, F, inputs, states):
    ...         output, states = self.base_cell(inputs, states)
    ...         return output * 2, states
    >>> Doubled(mx.gluon.rnn.GRUCell(3)).state_info()
    [{'shape': (0, 3), '__layout__': 'NC'}]
    """

    base_cell: Any

    def __init__(self, base_cell: HybridRecurrentCell) -> None:
        if not isinstance(base_cell, RecurrentCell):
            raise base.TypeError(
                f"{type(self).__name__}: base_cell is a {type(base_cell).__name__}; expected a cell of mx.gluon.rnn"
            )
        if base_cell._modified:
            raise base.AssertionError(
                f"{type(self).__name__}: Cell {base_cell.name} is already modified. One cell cannot be modified twice; "
                "give the modifier cell around it"
            )
        super().__init__(prefix=base_cell.prefix + self._alias(), params=None)
        self.base_cell = base_cell
        base_cell._modified = True

    @property
    def params(self) -> ParameterDict:
        """The parameters of the cell underneath."""
        return self.base_cell.params

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape and layout of the states of the cell underneath."""
        return self.base_cell.state_info(batch_size)

    def begin_state(  # type: ignore[override] - MXNet's signature
        self, func: Callable[..., Any] = symbol.zeros, **kwargs: Any
    ) -> list[Any]:
        """Return new states of the cell underneath; see `RecurrentCell.begin_state`.

        Parameters
        ----------
        func : function
            What makes them. The default makes symbols, and arrays where a ``batch_size`` is given.
        **kwargs
            ``batch_size``, and what is passed on to `func`.
        """
        self._check_unmodified()
        if func is symbol.zeros and kwargs.get("batch_size"):
            func = ndarray.zeros
        with self._unmodified():
            return self.base_cell.begin_state(func=func, **kwargs)

    @contextlib.contextmanager
    def _unmodified(self) -> Generator[None]:
        """Use the cell underneath as if it were free."""
        self.base_cell._modified = False
        try:
            yield
        finally:
            self.base_cell._modified = True

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the output and the states after one step; a subclass says how."""
        raise NotImplementedError(f"{type(self).__name__} does not say how it modifies a step; override hybrid_forward")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_cell})"


def holds_bidirectional(cell: Any) -> bool:
    """Return whether a cell, or one that it is made of, cannot be run step by step."""
    return isinstance(cell, BidirectionalCell) or any(map(holds_bidirectional, cell._children.values()))


class ZoneoutCell(ModifierCell):
    """While training, some elements of the outputs and states stay as they were a step before.

    Parameters
    ----------
    base_cell : HybridRecurrentCell
        The cell to modify; nothing bidirectional.
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
    >>> cell = mx.gluon.rnn.ZoneoutCell(mx.gluon.rnn.LSTMCell(4), zoneout_outputs=0.1, zoneout_states=0.1)
    >>> cell
    ZoneoutCell(p_out=0.1, p_state=0.1, LSTMCell(None -> 16))
    """

    def __init__(
        self, base_cell: HybridRecurrentCell, zoneout_outputs: float = 0.0, zoneout_states: float = 0.0
    ) -> None:
        if isinstance(base_cell, RecurrentCell) and holds_bidirectional(base_cell):
            raise base.AssertionError(
                "ZoneoutCell: a BidirectionalCell cannot be run step by step; put ZoneoutCell around the cells in it"
            )
        super().__init__(base_cell)
        self.zoneout_outputs = zoneout_outputs
        self.zoneout_states = zoneout_states
        self._prev_output: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p_out={self.zoneout_outputs}, p_state={self.zoneout_states}, {self.base_cell})"

    def _alias(self) -> str:
        return "zoneout"

    def reset(self) -> None:
        """Start anew: there is no step before the next."""
        super().reset()
        self._prev_output = None

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        output, after = self.base_cell(inputs, states)
        if self.zoneout_outputs != 0:
            kept = _kept(F, self.zoneout_outputs, output)
            # what a trace left behind is no value, and a value is nothing for a trace
            usable = isinstance(self._prev_output, type(output))
            before = self._prev_output if usable else F.zeros_like(output)
            output = F.where(kept, output, before)
        if self.zoneout_states != 0:
            after = [F.where(_kept(F, self.zoneout_states, new), new, old) for new, old in zip(after, states)]
        self._prev_output = output
        return output, after


def _kept(F: Any, probability: float, like: Tensor) -> Tensor:
    """Return 0 where the old element stays; there is none while predicting."""
    return F.Dropout(F.ones_like(like), p=probability)


class ResidualCell(ModifierCell):
    """Adds the input to the output, so that a layer learns the difference; both must have one shape.

    Parameters
    ----------
    base_cell : HybridRecurrentCell
        The cell to modify.

    References
    ----------
    Wu et al., Google's Neural Machine Translation System, 2016.

    Examples
    --------
    >>> cell = mx.gluon.rnn.ResidualCell(mx.gluon.rnn.GRUCell(4))
    >>> cell.initialize(mx.init.Zero())
    >>> cell(mx.nd.ones((1, 4)), cell.begin_state(batch_size=1))[0].asnumpy().tolist()
    [[1.0, 1.0, 1.0, 1.0]]
    """

    def __init__(self, base_cell: HybridRecurrentCell) -> None:
        super().__init__(base_cell)

    def hybrid_forward(self, F: Any, inputs: Tensor, states: Sequence[Tensor]) -> Any:  # type: ignore[override]
        """Return the output and the states after one step; see `RecurrentCell.forward`."""
        output, states = self.base_cell(inputs, states)
        return F.elemwise_add(output, inputs, name=f"t{self._counter}_fwd"), states

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Tensor] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
        valid_length: Tensor | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs for all steps, merged if the cell underneath merges; see `RecurrentCell.unroll`."""
        self.reset()
        with self._unmodified():
            outputs, states = self.base_cell.unroll(
                length,
                inputs=inputs,
                begin_state=begin_state,
                layout=layout,
                merge_outputs=merge_outputs,
                valid_length=valid_length,
            )
        merge = isinstance(outputs, tensor_types) if merge_outputs is None else merge_outputs
        steps, axis, F, _ = _format_sequence(length, inputs, layout, merge)
        if valid_length is not None:
            steps = _mask_sequence_variable_length(F, steps, length, valid_length, axis, merge)
        if merge:
            return F.elemwise_add(outputs, steps), states
        return [F.elemwise_add(output, step) for output, step in zip(outputs, steps)], states
