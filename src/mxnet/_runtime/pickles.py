"""Reading pickles of optimizer states and optimizers without running what they say.

A pickle is a program for a small stack machine, and Python's own `pickle.loads` calls whatever function the program
names. This machine calls nothing. It makes numbers, text, bytes, containers, NumPy arrays, and objects of classes that
its caller allows: those are made by ``object.__new__`` and filled with their attributes (by ``__setstate__`` where the
class has one) only after the whole program was read and found harmless:

* every length is checked against the rest of the data before it is believed,
* shared parts are counted each time they appear, so that a small file cannot stand for a large value,
* no list, tuple, set or dict contains itself or lies deeper than 100 in others.

Protocols 0 to 5 are read. Strings of Python 2 are taken as Latin-1.
"""

from __future__ import annotations

import pickle
import struct
import types
from typing import Any

from .pickle_machine import Classes, Machine

#: What our files are written in, as MXNet 1.9.1 on Python 3.8 does; Python 3.4 and newer read it.
PROTOCOL = 4

_LARGE = 1 << 16  # bytes that Python writes by themselves, outside of frames
_UINT32, _UINT64 = struct.Struct("<I"), struct.Struct("<Q")


def loads(data: bytes | bytearray | memoryview, classes: Classes, name: str = "pickle") -> Any:
    """Return the value of a pickle; run no code of it.

    Parameters
    ----------
    data : bytes
        The pickle: protocol 0 to 5, of Python 2 or 3.
    classes : callable
        Gets the module and name of a class in the pickle and returns the class, or None to refuse it. Builtin
        containers and numbers, and NumPy's arrays, scalars and dtypes, need no permission. `subclasses_of` makes such
        a function.
    name : str
        Stands for the data in messages: the file's name.

    Returns
    -------
    object
        New objects; arrays are copies. Objects of allowed classes are made without their ``__init__``; their
        ``__setstate__`` is called if there is one.

    Raises
    ------
    MXNetError
        If the data is no pickle, is cut off or damaged, stands for more than its length justifies, or names anything
        that `classes` does not allow; the message says which global, and where.

    Examples
    --------
    >>> import pickle
    >>> from mxnet._runtime import pickles
    >>> data = pickle.dumps({0: None, 1: (np.arange(2.0), [mx.nd.ones((2,))])})
    >>> found = pickles.loads(data, pickles.subclasses_of(mx.nd.NDArray))
    >>> found[1][0].tolist(), found[1][1][0].asnumpy().tolist()
    ([0.0, 1.0], [1.0, 1.0])
    >>> try:
    ...     pickles.loads(pickle.dumps(eval, 4), lambda module, name: None)
    ... except mx.MXNetError as error:
    ...     print(str(error).split(",")[0])
    pickle at byte 29: it asks for builtins.eval
    """
    return Machine(memoryview(data).cast("B"), classes, name).run()


def subclasses_of(*roots: type) -> Classes:
    """Return a `classes` for `loads`: these classes and all that were derived from them so far.

    A class is found by its module and name, also by the name of a package above that module: older versions of MXNet
    kept ``mxnet.optimizer.optimizer.SGD`` in ``mxnet.optimizer``. Nothing is imported.

    Examples
    --------
    >>> from mxnet._runtime import pickles
    >>> find = pickles.subclasses_of(mx.nd.NDArray)
    >>> find("mxnet.ndarray", "NDArray") is mx.nd.NDArray, find("os", "system")
    (True, None)
    """

    def find(module: str, name: str) -> type | None:
        waiting, seen = list(roots), set[type]()
        inside: type | None = None
        for kind in waiting:  # which grows: all roots, then what was derived from them, and so on
            if kind in seen:
                continue
            seen.add(kind)
            if kind.__qualname__ == name:
                if kind.__module__ == module:
                    return kind
                if inside is None and kind.__module__.startswith(f"{module}."):
                    inside = kind
            waiting += type.__subclasses__(kind)
        return inside

    return find


def dumps(value: Any) -> bytes:
    """Return the pickle of `value`, for MXNet 1.9.1 and its NumPy to read.

    NumPy 2 moved its private modules; the names of NumPy 1, which both know, are written.

    Examples
    --------
    >>> from mxnet._runtime import pickles
    >>> b"numpy._core" in pickles.dumps(np.float32(1))
    False
    """
    pieces = _Pieces()
    _Pickler(pieces, PROTOCOL).dump(value)
    return b"".join(pieces)


_PythonPickler: Any = pickle._Pickler  # type: ignore[attr-defined]  # the one whose names can be changed


class _Pickler(_PythonPickler):
    """Python's pickler with the module names of NumPy 1."""

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module = getattr(obj, "__module__", None) or ""
        if not module.startswith("numpy._core"):
            super().save_global(obj, name)
            return
        self.save(module.replace("numpy._core", "numpy.core", 1))
        self.save(name or obj.__qualname__)
        self.write(pickle.STACK_GLOBAL)
        self.memoize(obj)

    def save_bytearray(self, obj: bytearray) -> None:
        """Write what Python does, but no copies of large data: arrays are bytearrays."""
        if len(obj) < _LARGE:
            super().save_bytearray(obj)
            return
        form, code = (_UINT32, pickle.BINBYTES) if len(obj) < 2**32 else (_UINT64, pickle.BINBYTES8)
        self.save(bytearray)
        self._write_large_bytes(code + form.pack(len(obj)), obj)
        content = memoryview(obj)  # for the numbers under which Python keeps the bytes and their tuple
        self.memoize(content)
        self.write(pickle.TUPLE1)
        self.memoize((content,))
        self.write(pickle.REDUCE)
        self.memoize(obj)

    dispatch = {  # noqa: RUF012
        **_PythonPickler.dispatch,
        types.FunctionType: save_global,
        bytearray: save_bytearray,
    }


class _Pieces(list[Any]):
    """A file that keeps what is written to it as it came."""

    def write(self, piece: Any) -> None:
        self.append(piece)
