"""The errors that every part of the library raises for a user's mistake."""

from __future__ import annotations

import builtins
import os
import platform
from typing import Any

import numpy as np

__all__ = ["MXNetError", "NotImplementedForSymbol", "NotSupportedForSparseNDArray", "data_dir", "data_dir_default",
           "integer_types", "numeric_types", "py_str", "string_types"]  # fmt: skip


class MXNetError(RuntimeError):
    """A wrong use of the library, or something the library could not do.

    The message names the operator, node, argument or file, what came, and what was expected.

    Examples
    --------
    >>> try:
    ...     mx.nd.ones((2, 3)) + mx.nd.ones((4, 5))
    ... except mx.MXNetError as error:
    ...     print("broadcast" in str(error))
    True
    """


class ValueError(MXNetError, builtins.ValueError):
    """An argument has the right type and a wrong value."""


class TypeError(MXNetError, builtins.TypeError):
    """An argument has the wrong type or dtype."""


class IndexError(MXNetError, builtins.IndexError):
    """An index is out of range."""


class AssertionError(MXNetError, builtins.AssertionError):
    """Things do not go together, where MXNet 1.9.1 says so by an assertion."""


class NotImplementedForSymbol(MXNetError):
    """An array's function was called on a symbol."""

    def __init__(self, function: Any, alias: str | None = None, *args: Any) -> None:
        name = function if isinstance(function, str) else function.__name__
        other = f' (that is, operator "{alias}")' if alias else ""
        super().__init__(f"Function {name}{other} is not implemented for Symbol, only for NDArray.")


class NotSupportedForSparseNDArray(MXNetError):
    """A method of dense arrays was called on a sparse one."""

    def __init__(self, function: Any, alias: str | None = None, *args: Any) -> None:
        name = function if isinstance(function, str) else function.__name__
        other = f' (namely operator "{alias}")' if alias else ""
        given = f" with arguments ({', '.join(str(type(arg)) for arg in args)})" if args else ""
        super().__init__(
            f"Function {name}{other}{given} is not supported for SparseNDArray and only available in NDArray; "
            "x.tostype('default') makes one."
        )


def translated(error: BaseException, message: str) -> MXNetError:
    """Return `message` as the MXNetError that is also of the Python class of `error`."""
    for kind, ours in ((builtins.IndexError, IndexError), (builtins.TypeError, TypeError)):
        if isinstance(error, kind):
            return ours(message)
    return ValueError(message) if isinstance(error, builtins.ValueError) else MXNetError(message)


string_types = (str,)
numeric_types = (float, int, np.generic)
integer_types = (int, np.int32, np.int64)


def py_str(text: bytes) -> str:
    """Decode UTF-8 bytes: what MXNet's callbacks are given as names."""
    return text.decode("utf-8")


def data_dir_default() -> str:
    """Return the folder of data sets and models where MXNET_HOME is not set."""
    if platform.system() == "Windows":
        return os.path.join(os.environ.get("APPDATA", os.path.expanduser("~")), "mxnet")
    return os.path.join(os.path.expanduser("~"), ".mxnet")


def data_dir() -> str:
    """Return the folder of data sets and models: what MXNET_HOME says, or ``~/.mxnet``."""
    return os.getenv("MXNET_HOME", data_dir_default())
