"""Which function reads which ONNX operator."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .call import Call

Reader = Callable[["Call"], Any]
ReaderT = TypeVar("ReaderT", bound=Reader)

#: ONNX operator of the default domain -> the function that reads it.
READERS: dict[str, Reader] = {}


class Unsupported(Exception):
    """An ONNX node that cannot be expressed; the message gives the reason."""


def reads(*operators: str) -> Callable[[ReaderT], ReaderT]:
    """Register a function as the reader of ONNX operators.

    It takes a `Call` and returns the symbols of the node's outputs, one symbol if there is one output.
    """

    def register(function: ReaderT) -> ReaderT:
        for operator in operators:
            assert operator not in READERS, operator
            READERS[operator] = function
        return function

    return register
