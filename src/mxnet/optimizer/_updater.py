"""What calls an optimizer: it keeps the states of all parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import base
from .._runtime import pickles
from ..context import Context
from ..lr_scheduler import LRScheduler
from ..ndarray import NDArray
from ._base import Index, Optimizer


class Updater:
    """An optimizer and the states of its parameters: what a KVStore or a Module calls with gradients.

    Parameters
    ----------
    optimizer : Optimizer
        What changes the weights.

    Attributes
    ----------
    optimizer : Optimizer
        As given.
    states : dict
        State of each parameter by its index: what `Optimizer.create_state_multi_precision` returned.
    states_synced : dict of bool
        Whether the state is on the device of its weight; it may not be after `set_states`.
    aggregate_updates : bool
        Whether the optimizer takes several parameters at once.

    Examples
    --------
    >>> update = mx.optimizer.Updater(mx.optimizer.SGD(learning_rate=0.5, momentum=0.5))
    >>> weights = [mx.nd.array([1, 2]), mx.nd.array([3])]
    >>> update([0, 1], [mx.nd.array([2, -2]), mx.nd.array([4])], weights)
    >>> [weight.asnumpy().tolist() for weight in weights]
    [[0.0, 3.0], [1.0]]
    >>> update.states[0].asnumpy().tolist()
    [-1.0, 1.0]
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.states: dict[Index, Any] = {}
        self.states_synced: dict[Index, bool] = {}
        self.aggregate_updates = optimizer.aggregate_num > 0

    def __call__(self, index: Index | Sequence[Index], grad: Any, weight: Any) -> None:
        """Change a weight by its gradient, or weights by theirs.

        Parameters
        ----------
        index : int or str, or list of them
            Which parameter it is.
        grad : NDArray, or list of them
            Gradient.
        weight : NDArray, or list of them
            Weight; overwritten.
        """
        optimizer = self.optimizer
        if not isinstance(index, (list, tuple)):
            if optimizer._takes_lists or not self.aggregate_updates:
                self._prepare((index,), (weight,))
                optimizer._set_current_context(weight._context.device_id)
                optimizer.update_multi_precision(index, weight, grad, self.states[index])
                return
            index, grad, weight = [index], [grad], [weight]
        if not len(index) == len(grad) == len(weight):
            raise base.ValueError(
                f"Updater: index holds {len(index)} parameters, grad {len(grad)} and weight {len(weight)}; expected "
                "as many gradients and weights as indices"
            )
        if not index:
            return
        self._prepare(index, weight)
        optimizer._set_current_context(weight[0]._context.device_id)
        states = [self.states[one] for one in index]
        if optimizer._takes_lists and len(set(index)) == len(index):
            optimizer.update_multi_precision(index, weight, grad, states)
        elif self.aggregate_updates and not optimizer._takes_lists:
            self._update_chunks(index, weight, grad, states)
        else:
            for one, array, gradient, state in zip(index, weight, grad, states):
                optimizer.update_multi_precision(one, array, gradient, state)

    def _prepare(self, indices: Sequence[Index], weights: Sequence[NDArray]) -> None:
        """Make the states that are missing, and move those that were loaded."""
        synced = self.states_synced
        for index, weight in zip(indices, weights):
            if synced.get(index, False):
                continue
            if index in self.states:
                self.states[index] = self.sync_state_context(self.states[index], weight._context)
            else:
                self.states[index] = self.optimizer.create_state_multi_precision(index, weight)
            synced[index] = True

    def _update_chunks(
        self, indices: Sequence[Index], weights: Sequence[NDArray], grads: Sequence[NDArray], states: Sequence[Any]
    ) -> None:
        """Give an optimizer that somebody else wrote what MXNet gives it: `aggregate_num` at once, of one dtype."""
        by_dtype: dict[Any, list[tuple[Any, ...]]] = {}
        for one in zip(indices, weights, grads, states):
            by_dtype.setdefault(one[1]._data.dtype, []).append(one)
        size = self.optimizer.aggregate_num
        for rows in by_dtype.values():
            for start in range(0, len(rows), size):
                index, weight, grad, state = zip(*rows[start : start + size])
                update: Any = self.optimizer.update_multi_precision
                update(index, weight, grad, list(state))

    def sync_state_context(self, state: Any, context: Context) -> Any:
        """Return a state on a device.

        Parameters
        ----------
        state : None, NDArray, or tuple or list of them
            The state.
        context : Context
            The device.

        Returns
        -------
        None, NDArray, or tuple or list of them
            The same structure; arrays that are there already are not copied.
        """
        if isinstance(state, NDArray):
            return state.as_in_context(context)
        if isinstance(state, (tuple, list)):
            moved = [self.sync_state_context(part, context) for part in state]
            return tuple(moved) if isinstance(state, tuple) else moved
        return state

    def set_states(self, states: bytes) -> None:
        """Take over states that `get_states` returned, here or in MXNet 1.x.

        Only optimizers, schedulers and arrays are made of the data; nothing that it may contain is run.

        Parameters
        ----------
        states : bytes
            The states, and the optimizer too if `get_states` was told to include it.

        Raises
        ------
        MXNetError
            If the data is damaged, or contains something else.
        """
        if not isinstance(states, (bytes, bytearray, memoryview)):
            raise base.TypeError(f"Updater.set_states: states is a {type(states).__name__}; expected bytes")
        allowed = pickles.subclasses_of(NDArray, Optimizer, LRScheduler)
        found = pickles.loads(states, allowed, "Updater.set_states")
        if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], Optimizer):
            found, self.optimizer = found
            self.aggregate_updates = self.optimizer.aggregate_num > 0
        if not isinstance(found, dict):
            raise base.MXNetError(
                f"Updater.set_states: the data holds a {type(found).__name__}; expected a dict of states by index"
            )
        self.states = found
        self.states_synced = dict.fromkeys(found, False)

    def get_states(self, dump_optimizer: bool = False) -> bytes:
        """Return the states as bytes, which `set_states` and MXNet 1.9.1 read.

        Parameters
        ----------
        dump_optimizer : bool
            Whether to add the optimizer, with its numbers of updates.

        Returns
        -------
        bytes
            A pickle.
        """
        return pickles.dumps((self.states, self.optimizer) if dump_optimizer else self.states)


def get_updater(optimizer: Optimizer) -> Updater:
    """Return what calls an optimizer and keeps the states of its parameters.

    Parameters
    ----------
    optimizer : Optimizer
        What changes the weights.

    Returns
    -------
    Updater
        To be called with index, gradient and weight, in this order.

    Examples
    --------
    >>> update = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5))
    >>> weight = mx.nd.array([1, 2])
    >>> update(0, mx.nd.array([2, -2]), weight)
    >>> weight.asnumpy().tolist()
    [0.0, 3.0]
    """
    return Updater(optimizer)
