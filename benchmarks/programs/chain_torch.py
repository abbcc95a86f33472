"""The bare torch calls of the chain of N operators with a scalar."""

import torch
from worker import serve

SIZE = 10
state = {"n": 200}
x = torch.arange(float(SIZE), requires_grad=True)
plain, head = x.detach(), torch.ones(SIZE)


def start(n):
    state["n"] = n
    return {}


def autograd():
    """Record the chain with torch's autograd and run it backwards."""
    y = x
    for _ in range(state["n"] // 2):
        y = y * 0.999 + 0.001
    torch.autograd.grad(y, x, head)


def by_hand():
    """Call the kernels alone: n forwards, and one for each multiplication backwards (an addition passes through)."""
    with torch.no_grad():
        y, gradient = plain, head
        for _ in range(state["n"] // 2):
            y = y * 0.999 + 0.001
        for _ in range(state["n"] // 2):
            gradient = gradient * 0.999


if __name__ == "__main__":
    serve({"autograd": autograd, "by_hand": by_hand}, {"start": start})
