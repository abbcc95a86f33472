"""Loops and branches on torch alone that written modules need: their source is copied into the file."""

# pyright: basic, reportMissingParameterType=false, reportArgumentType=false, reportCallIssue=false
from __future__ import annotations

import torch


def foreach(step, data, states, outputs):
    """Run a step for each row of the data; return its outputs, stacked, and the last states."""
    kept = []
    for row in zip(*(x.unbind(0) for x in data)):
        found = step(*row, *states)
        kept.append(found[:outputs])
        states = found[outputs:]
    return *(torch.stack(rows) for rows in zip(*kept)), *states


def while_loop(condition, step, states, most, outputs):
    """Run a step while a condition holds; return its outputs, stacked and filled up with zeros, and the last states."""
    if torch.compiler.is_exporting():
        return exported_loop(condition, step, states, most, outputs)
    kept = []
    while len(kept) < most and condition(*states)[0]:
        found = step(*states)
        kept.append(found[:outputs])
        states = found[outputs:]
    if not kept:  # one step shows the outputs' shapes
        with torch.no_grad():
            rows = [x.new_zeros(0, *x.shape) for x in step(*states)[:outputs]]
    else:
        rows = [torch.stack(row) for row in zip(*kept)]
    return *(torch.cat((x, x.new_zeros(most - len(kept), *x.shape[1:]))) for x in rows), *states


def exported_loop(condition, step, states, most, outputs):
    """The same as one node of a program of torch.export."""
    from torch._higher_order_ops.while_loop import while_loop as node

    rows = [x.new_zeros(most, *x.shape) for x in step(*states)[:outputs]]

    def goes_on(number, *values):
        return (number < most) & condition(*values[outputs:])[0].reshape(()).bool()

    def run(number, *values):
        found = step(*values[outputs:])
        place = number.reshape(1)
        rows = (row.index_copy(0, place, x.unsqueeze(0)) for row, x in zip(values[:outputs], found))
        return number + 1, *rows, *(x.clone() for x in found[outputs:])

    start = torch.zeros((), dtype=torch.long, device=states[0].device)
    return node(goes_on, run, (start, *rows, *states))[1:]


def branch(truth, then, otherwise):
    """Compute one of two things; a program of torch.export holds both."""
    if torch.compiler.is_exporting():

        def own(values):
            return tuple(x.clone() for x in values)

        return torch.cond(truth.reshape(()).bool(), lambda: own(then()), lambda: own(otherwise()))
    return then() if truth else otherwise()
