"""The exception that every part of the library raises for a user's mistake."""

from __future__ import annotations

__all__ = ["MXNetError"]


class MXNetError(RuntimeError):
    """A wrong use of the library, or something the library could not do.

    The message names the operator, node, argument or file, what came, and what was expected.

    Examples
    --------
    >>> import mxnet as mx
    >>> try:
    ...     mx.nd.ones((2, 3)) + mx.nd.ones((4, 5))
    ... except mx.MXNetError as error:
    ...     print("broadcast" in str(error))
    True
    """
