"""``mx.nd.contrib.foreach``, ``while_loop`` and ``cond``: on arrays these are Python's own loops and branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .._frontend.nested import Form, flatten, restore
from . import op
from .ndarray import NDArray

__all__ = ["cond", "foreach", "while_loop"]


def foreach(body: Callable[..., Any], data: Any, init_states: Any) -> tuple[Any, Any]:
    """Run a body on each piece of the data's first axis, with states from step to step.

    Parameters
    ----------
    body : function of (piece, states)
        Returns (outputs, new states), each an array or a nested list of arrays.
    data : NDArray or nested list of NDArray
        What is cut into pieces along the first axis.
    init_states : NDArray or nested list of NDArray
        The states of the first step.

    Returns
    -------
    outputs : the body's outputs, stacked along a new first axis
    states : the last states

    Raises
    ------
    AssertionError
        If data or states are no arrays.
    ValueError
        If the first axes have different lengths or none.

    Examples
    --------
    >>> x, total = mx.nd.array([[1], [2], [3]]), mx.nd.array([0])
    >>> sums, last = mx.nd.contrib.foreach(lambda row, state: (state + row, state + row), x, total)
    >>> sums.asnumpy().tolist()
    [[1.0], [3.0], [6.0]]
    """
    arrays, form = flatten(data, NDArray, "foreach input")
    flatten(init_states, NDArray, "foreach states")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) != 1:
        raise ValueError(f"foreach: the first axes of the data have lengths {lengths}; expected one length")
    if lengths[0] == 0:
        raise ValueError("foreach: the data's first axis is empty: there is no step to run, so no output to stack")
    states, stacks, output_form = init_states, [], None
    for step in range(lengths[0]):
        outputs, states = body(restore([array[step] for array in arrays], form), states)
        found, output_form = flatten(outputs, NDArray, "foreach output")
        stacks.append(found)
    return _stacked(stacks, output_form, "foreach"), states


def _stacked(steps: Sequence[Sequence[NDArray]], form: Form, what: str) -> Any:
    counts = {len(outputs) for outputs in steps}
    if len(counts) != 1:
        raise ValueError(f"{what}: the number of outputs changes from step to step: {sorted(counts)}")
    return restore([op.stack(*outputs, axis=0) for outputs in zip(*steps)], form)


def while_loop(
    cond: Callable[..., Any], func: Callable[..., Any], loop_vars: Any, max_iterations: int | None = None
) -> tuple[Any, Any]:
    """Run a function again and again while a condition holds.

    Parameters
    ----------
    cond : function of the loop variables
        Returns a number or an array of one element; 0 ends the loop.
    func : function of the loop variables
        Returns (outputs, new loop variables), each an array or a list of arrays.
    loop_vars : NDArray or list of NDArray
        The loop variables of the first step.
    max_iterations : int of at least 1
        The most steps; it is the length of the outputs' first axis. Rows of steps that were not taken are 0.

    Returns
    -------
    outputs : the function's outputs, stacked along a new first axis; an empty list if no step was taken
    loop_vars : the last loop variables

    Raises
    ------
    ValueError
        Without `max_iterations` or loop variables, or if the number of loop variables changes.

    Examples
    --------
    >>> squares, last = mx.nd.contrib.while_loop(
    ...     lambda i: i < 3, lambda i: (i * i, i + 1), mx.nd.array([0]), max_iterations=4)
    >>> squares.asnumpy().tolist()
    [[0.0], [1.0], [4.0], [0.0]]
    """
    if max_iterations is None:
        raise ValueError("max_iterations should be specified")
    try:
        most = int(max_iterations)
    except (TypeError, ValueError):
        raise ValueError(f"max_iterations should be an int, got {max_iterations!r}") from None
    values, form = flatten(loop_vars, NDArray, "while_loop loop_vars")
    if not values:
        raise ValueError("loop_vars should contain at least one element")

    def call(function: Callable[..., Any]) -> Any:
        return function(values[0]) if form is None else function(*restore(values, form))

    steps: list[list[NDArray]] = []
    output_form: Form = []
    while len(steps) < most and bool(call(cond)):
        outputs, new_vars = call(func)
        found, output_form = flatten([] if outputs is None else outputs, NDArray, "while_loop output")
        count = len(values)
        values, _ = flatten(new_vars, NDArray, "while_loop loop_vars")
        if len(values) != count:
            raise ValueError(f"while_loop: func returned {len(values)} loop variables, expected {count}")
        steps.append(found)
    if not steps:
        return [], restore(values, form)
    rows = most - len(steps)
    if rows:
        missing = [op.zeros_like(output) for output in steps[-1]]
        steps += [missing] * rows
    return _stacked(steps, output_form, "while_loop"), restore(values, form)


def cond(pred: Any, then_func: Callable[[], Any], else_func: Callable[[], Any]) -> Any:
    """Compute one of two branches.

    Parameters
    ----------
    pred : NDArray of one element, or a number
        0 chooses `else_func`.
    then_func, else_func : function without arguments
        Return an array or a nested list of arrays.

    Returns
    -------
    What the branch that is taken returns.

    Raises
    ------
    ValueError
        If `pred` has more than one element.

    Examples
    --------
    >>> x = mx.nd.array([-1])
    >>> mx.nd.contrib.cond(x.sum() > 0, lambda: x * 2, lambda: x * 3).asscalar()
    np.float32(-3.0)
    """
    outputs = then_func() if (pred.asscalar() if isinstance(pred, NDArray) else pred) else else_func()
    flatten(outputs, NDArray, "cond outputs")
    return outputs
