"""Recording operators on arrays and differentiating what was recorded.

Examples
--------
>>> x = mx.nd.array([1, 2, 3])
>>> x.attach_grad()
>>> with mx.autograd.record():
...     y = (x * x).sum()
>>> y.backward()
>>> x.grad.asnumpy().tolist()
[2.0, 4.0, 6.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

import torch

from ._runtime.tape import grad_mode, state
from .base import MXNetError
from .ndarray import NDArray
from .ndarray.dispatch import NDArrayBase, live_tensor, wrap, wrap_live
from .ndarray.gradients import backward as _backward
from .ndarray.gradients import grad as _grad

__all__ = ["Function", "backward", "get_symbol", "grad", "is_recording", "is_training", "mark_variables", "pause",
           "predict_mode", "record", "set_recording", "set_training", "train_mode"]  # fmt: skip


def set_recording(is_recording: bool) -> bool:
    """Switch recording in this thread on or off, and return what it was."""
    before, state.recording = state.recording, bool(is_recording)
    return before


def set_training(train_mode: bool) -> bool:
    """Switch this thread's mode to training or prediction, and return whether it was training."""
    before, state.training = state.training, bool(train_mode)
    return before


def is_recording() -> bool:
    """Return whether this thread records.

    Examples
    --------
    >>> with mx.autograd.record():
    ...     mx.autograd.is_recording(), mx.autograd.is_training()
    (True, True)
    """
    return state.recording


def is_training() -> bool:
    """Return whether this thread is in training mode, in which Dropout drops and BatchNorm uses the batch."""
    return state.training


class _Scope:
    """A ``with`` block with another recording state or mode; None leaves one of them as it is."""

    __slots__ = ("_before", "_recording", "_training")

    def __init__(self, recording: bool | None, training: bool | None) -> None:
        self._recording, self._training = recording, training
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        here = state
        self._before.append((here.recording, here.training))
        if self._recording is not None:
            here.recording = self._recording
        if self._training is not None:
            here.training = self._training

    def __exit__(
        self, ptype: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        state.recording, state.training = self._before.pop()


def record(train_mode: bool = True) -> _Scope:
    """Return a ``with`` block in which operators on attached arrays are recorded.

    Parameters
    ----------
    train_mode : bool
        Whether the block is in training mode.
    """
    return _Scope(True, train_mode)


def pause(train_mode: bool = False) -> _Scope:
    """Return a ``with`` block in which nothing is recorded."""
    return _Scope(False, train_mode)


def train_mode() -> _Scope:
    """Return a ``with`` block in training mode; recording stays as it is."""
    return _Scope(None, True)


def predict_mode() -> _Scope:
    """Return a ``with`` block in prediction mode; recording stays as it is."""
    return _Scope(None, False)


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def mark_variables(
    variables: NDArray | Sequence[NDArray],
    gradients: NDArray | Sequence[NDArray],
    grad_reqs: str | Sequence[str] = "write",
) -> None:
    """Attach the caller's own gradient arrays.

    Parameters
    ----------
    variables : NDArray or list of NDArray
        The arrays to differentiate with respect to.
    gradients : NDArray or list of NDArray
        Where their gradients go; shapes equal the variables'.
    grad_reqs : {'write', 'add', 'null'} or list of them
        What a backward pass does to each.

    Raises
    ------
    MXNetError
        If the numbers of arrays or their shapes differ.
    """
    arrays, grads = _listed(variables), _listed(gradients)
    reqs = [grad_reqs] * len(arrays) if isinstance(grad_reqs, str) else list(grad_reqs)
    if not len(arrays) == len(grads) == len(reqs):
        raise MXNetError(f"mark_variables: {len(arrays)} variables, {len(grads)} gradients, {len(reqs)} grad_reqs")
    for number, (array, gradient, req) in enumerate(zip(arrays, grads, reqs)):
        if array.shape != gradient.shape:
            raise MXNetError(
                f"mark_variables: variable {number} has shape {array.shape}, its gradient {gradient.shape}"
            )
        array._attach(gradient, req)


def backward(
    heads: NDArray | Sequence[NDArray],
    head_grads: NDArray | Sequence[NDArray | None] | None = None,
    retain_graph: bool = False,
    train_mode: bool = True,
) -> None:
    """Deliver the gradients of the heads into the attached arrays.

    Parameters
    ----------
    heads : NDArray or list of NDArray
        What to differentiate; gradients of several heads add up.
    head_grads : NDArray or list of NDArray or None, optional
        Gradients that flow into the heads, of their shapes; ones where left out.
    retain_graph : bool
        Keep the graph for another backward pass.
    train_mode : bool
        Kept for MXNet's signature: the mode is the recording's.

    Raises
    ------
    MXNetError
        If a head was not recorded, its graph is used up, a shape does not fit, or an array was overwritten that the
        graph still needs.
    """
    given = None if head_grads is None else _listed(head_grads)
    _backward(_listed(heads), given, retain_graph, train_mode)


def grad(
    heads: NDArray | Sequence[NDArray],
    variables: NDArray | Sequence[NDArray],
    head_grads: NDArray | Sequence[NDArray | None] | None = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    train_mode: bool = True,
) -> list[NDArray]:
    """Return the gradients of the heads instead of delivering them.

    Parameters
    ----------
    heads, head_grads
        As in `backward`.
    variables : NDArray or list of NDArray
        Attached arrays.
    retain_graph : bool, optional
        Keep the graph; as `create_graph` when left out.
    create_graph : bool
        Record the gradients' own computation, so that they can be differentiated again.

    Returns
    -------
    list of NDArray
        One for each variable, for a single one too.

    Raises
    ------
    MXNetError
        As in `backward`, and if a variable does not reach any head.

    Examples
    --------
    >>> x = mx.nd.array([2.0])
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     dx = mx.autograd.grad(x**3, x, create_graph=True)[0]
    >>> dx.backward()  # the second derivative, 6 x
    >>> x.grad.asscalar()
    np.float32(12.0)
    """
    del train_mode
    given = None if head_grads is None else _listed(head_grads)
    retain = create_graph if retain_graph is None else retain_graph
    return _grad(_listed(heads), _listed(variables), given, retain, create_graph)


def get_symbol(x: NDArray) -> Any:
    """Return the recorded computation as a symbol: torch's tape keeps no symbols, so this always fails.

    Raises
    ------
    MXNetError
        Always. Build the network from symbols, or hybridize a block, to get its graph.
    """
    raise MXNetError(
        "get_symbol: recorded operators are kept by torch's autograd, not as a symbol; build the network with mx.sym"
    )


class Function:
    """A differentiable function with a gradient of the user's own.

    Subclasses define ``forward`` and ``backward`` on arrays; an instance is used once.

    Examples
    --------
    >>> class Sigmoid(mx.autograd.Function):
    ...     def forward(self, x):
    ...         y = 1 / (1 + mx.nd.exp(-x))
    ...         self.save_for_backward(y)
    ...         return y
    ...     def backward(self, dy):
    ...         y, = self.saved_tensors
    ...         return dy * y * (1 - y)
    >>> x = mx.nd.zeros((1,))
    >>> x.attach_grad()
    >>> with mx.autograd.record():
    ...     y = Sigmoid()(x)
    >>> y.backward()
    >>> x.grad.asscalar()
    np.float32(0.25)
    """

    def __init__(self) -> None:
        self._used = False
        self.saved_tensors: tuple[Any, ...] = ()

    def save_for_backward(self, *args: Any) -> None:
        """Keep values for `backward`, which finds them in ``self.saved_tensors``."""
        self.saved_tensors = args

    def __call__(self, *inputs: NDArray) -> Any:
        if self._used:
            raise MXNetError("Each Function instance can only be called once. Please create another instance.")
        self._used = True
        with pause(train_mode=state.training):
            outputs = self.forward(*inputs)
        if not state.recording:
            return outputs
        results = _listed(outputs)
        with grad_mode():
            live = _UserFunction.apply(self, inputs, [r._data for r in results], *(live_tensor(a) for a in inputs))
        wrapped = [wrap_live(type(r), t, r._context) for r, t in zip(results, live)]
        return wrapped if isinstance(outputs, (list, tuple)) else wrapped[0]

    def forward(self, *inputs: Any) -> Any:
        """Compute the outputs. To be overridden."""
        raise NotImplementedError("Function.forward must be overridden")

    def backward(self, *output_grads: Any) -> Any:
        """Compute the gradients of the inputs from those of the outputs. To be overridden."""
        raise NotImplementedError("Function.backward must be overridden")


class _UserFunction(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, function: Function, inputs: Sequence[NDArrayBase], results: list[torch.Tensor], *tensors: torch.Tensor
    ) -> Any:
        ctx.function, ctx.inputs = function, inputs
        ctx.contexts = [array._context for array in inputs]
        return tuple(result.view_as(result) for result in results)

    @staticmethod
    def backward(ctx: Any, *heads: torch.Tensor) -> Any:
        arrays = [wrap(NDArray, head, ctx.contexts[0]) for head in heads]
        with pause(train_mode=state.training):
            found = _listed(ctx.function.backward(*arrays))
        if len(found) != len(ctx.inputs):
            raise MXNetError(
                f"{type(ctx.function).__name__}.backward returned {len(found)} gradients for {len(ctx.inputs)} inputs"
            )
        for number, (gradient, array) in enumerate(zip(found, ctx.inputs)):
            if gradient is not None and gradient.shape != array.shape:
                raise MXNetError(
                    f"{type(ctx.function).__name__}.backward: gradient {number} has shape {gradient.shape}, "
                    f"its input {array.shape}"
                )
        return (None, None, None, *(None if g is None else g._data for g in found))
