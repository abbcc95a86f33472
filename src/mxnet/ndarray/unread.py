"""Gradient arrays that nobody has looked at.

`Symbol.simple_bind` makes a gradient for every argument unless told otherwise, the network's data among them, and most
programs never look at that one. So an executor watches the arrays that it made itself: until the first look at one, the
executor may keep what its gradient follows from instead of computing it. The first look computes the gradient of the
last backward pass; from then on the array is an ordinary one and every backward pass writes to it.

A look is any use of the array object at all: reading, viewing, passing it to a function, asking for its shape.
"""

from __future__ import annotations

from typing import Any

import torch

from .._graph.step import Later
from .dispatch import NDArrayBase
from .ndarray import NDArray


class Gradient:
    """Where a backward pass delivers the gradient of one argument.

    Attributes
    ----------
    tensor : torch.Tensor
        The memory of the gradient array.
    grad_req : {'write', 'add'}
        What a backward pass does to it.
    unread : bool
        Whether nobody has looked at the array yet.
    """

    __slots__ = ("_later", "grad_req", "tensor", "unread")

    def __init__(self, array: NDArray, grad_req: str) -> None:
        self.tensor = array._data
        self.grad_req = grad_req
        self.unread = False
        self._later: Later | None = None

    def watch(self, array: NDArray) -> None:
        """Note the first look at `array`, which must be known to nobody else yet."""
        self.unread = True
        array._trace = self  # type: ignore[assignment] - kept there until the first look
        array.__class__ = UnreadArray

    def read(self) -> None:
        """Compute what was put off: somebody looks."""
        self.unread = False
        if self._later is not None:
            later, self._later = self._later, None
            self.deliver(later.compute())

    def deliver(self, found: torch.Tensor | Later | None) -> None:
        """Take what a backward pass found."""
        if found is self.tensor:
            return
        if isinstance(found, Later):
            if self.unread:
                self._later = found
                return
            found = found.compute()
        with torch.no_grad():
            if self.grad_req == "add":
                if found is not None:
                    self.tensor.add_(found)
            elif found is None:
                self.tensor.zero_()
            else:
                self.tensor.copy_(found)


class UnreadArray(NDArray):
    """An array that becomes an ordinary NDArray at the first look at it."""

    __slots__ = ()

    def __getattribute__(self, name: str) -> Any:
        gradient = NDArrayBase._trace.__get__(self)  # type: ignore[attr-defined] - the slot itself
        self.__class__ = NDArray  # pyright: ignore[reportAttributeAccessIssue]
        self._trace = None
        gradient.read()
        return getattr(self, name)


UnreadArray.__name__ = UnreadArray.__qualname__ = "NDArray"
