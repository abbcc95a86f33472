"""Functions as layers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ... import base, ndarray, symbol
from ..block import Block, HybridBlock
from ._checks import ArgumentError


def _refused(layer: str, function: Any) -> base.ValueError:
    return base.ValueError(
        f"{layer}: Unrecognized function in lambda: {function} of type {type(function)}; "
        "a callable is expected, or the name of an operator"
    )


def _called(function: Any) -> str:
    """Return what a function is called; objects that are callable go by their class."""
    return getattr(function, "__name__", type(function).__name__)


def _operator(name: str, F: Any, *args: Any) -> Any:
    """Call the operator `name` of ``mx.nd`` or ``mx.sym``."""
    return getattr(F, name)(*args)


class Lambda(Block):
    """A function of arrays as a Block.

    Parameters
    ----------
    function : str or callable
        Name of a function of ``mx.nd``, or a function that takes what the block is called with.
    prefix : str, optional
        What the block's name begins with.

    Raises
    ------
    ValueError
        If `function` is neither, or ``mx.nd`` has none of that name.

    Examples
    --------
    >>> mx.gluon.nn.Lambda("tanh")(mx.nd.array([0])).asnumpy()
    array([0.], dtype=float32)
    >>> mx.gluon.nn.Lambda(lambda x: x + 1)(mx.nd.array([0])).asnumpy()
    array([1.], dtype=float32)
    """

    def __init__(self, function: str | Callable[..., Any], prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        if isinstance(function, str):
            if not hasattr(ndarray, function):
                raise ArgumentError(f"{type(self).__name__}: Function name {function} is not found in ndarray.")
            self._func_impl = getattr(ndarray, function)
        elif callable(function):
            self._func_impl = function
        else:
            raise _refused(type(self).__name__, function)

    def forward(self, *args: Any) -> Any:
        """Return the function of the arguments."""
        return self._func_impl(*args)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({_called(self._func_impl)})"


class HybridLambda(HybridBlock):
    """A function of arrays or symbols as a HybridBlock.

    Parameters
    ----------
    function : str or callable
        Name of a function that ``mx.nd`` and ``mx.sym`` have, or a function that takes one of these modules and then
        what the block is called with.
    prefix : str, optional
        What the block's name begins with.

    Raises
    ------
    ValueError
        If `function` is neither, or there is none of that name.

    Examples
    --------
    >>> mx.gluon.nn.HybridLambda("tanh")(mx.nd.array([0])).asnumpy()
    array([0.], dtype=float32)
    >>> mx.gluon.nn.HybridLambda(lambda F, x: F.square(x) + 1)(mx.nd.array([2])).asnumpy()
    array([5.], dtype=float32)
    """

    def __init__(self, function: str | Callable[..., Any], prefix: str | None = None) -> None:
        super().__init__(prefix=prefix)
        if isinstance(function, str):
            name = function
            if not (hasattr(ndarray, name) and hasattr(symbol, name)):
                raise ArgumentError(f"{type(self).__name__}: Function name {name} is not found in symbol/ndarray.")
            self._func: Callable[..., Any] = functools.partial(_operator, name)  # unlike a lambda, it can be pickled
            self._func_name = name
        elif callable(function):
            self._func = function
            self._func_name = _called(function)
        else:
            raise _refused(type(self).__name__, function)

    def hybrid_forward(self, F: Any, x: Any, *args: Any) -> Any:
        """Return the function of the arguments."""
        return self._func(F, x, *args)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._func_name})"
