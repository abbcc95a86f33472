"""Devices: where arrays live and where computation happens.

``cpu(0)``, ``cpu(1)`` ... are logical devices that share the machine's processors; ``gpu(i)`` is the i-th CUDA device.
"""

from __future__ import annotations

import operator
import threading
from types import TracebackType
from typing import Any, ClassVar

import torch

from .base import MXNetError

__all__ = ["Context", "cpu", "cpu_pinned", "current_context", "gpu", "gpu_memory_info", "num_gpus"]


class _WithDefault(type):
    @property
    def default_ctx(cls) -> Context:
        """The innermost ``with`` block's context, for each thread by itself; it can be set."""
        return current_context()

    @default_ctx.setter
    def default_ctx(cls, value: Context) -> None:
        _current.value = value


class Context(metaclass=_WithDefault):
    """A device.

    Parameters
    ----------
    device_type : {'cpu', 'gpu', 'cpu_pinned', 'cpu_shared'} or Context
        Kind of device; a Context is copied.
    device_id : int, default 0
        Which device of that kind.

    Examples
    --------
    >>> with mx.Context("cpu", 1):
    ...     x = mx.nd.ones((2, 3))
    >>> x.context
    cpu(1)
    """

    __slots__ = ("__weakref__", "_outer", "device_id", "device_typeid")

    devtype2str: ClassVar[dict[int, str]] = {1: "cpu", 2: "gpu", 3: "cpu_pinned", 5: "cpu_shared"}
    devstr2type: ClassVar[dict[str, int]] = {name: number for number, name in devtype2str.items()}

    def __init__(self, device_type: str | Context, device_id: int = 0) -> None:
        if isinstance(device_type, Context):
            self.device_typeid, self.device_id = device_type.device_typeid, device_type.device_id
        else:
            if device_type not in self.devstr2type:
                raise KeyError(f"no device type {device_type!r}; expected one of {', '.join(self.devstr2type)}")
            self.device_typeid, self.device_id = self.devstr2type[device_type], operator.index(device_id)
        self._outer: list[Context | None] = []

    @property
    def device_type(self) -> str:
        """'cpu', 'gpu', 'cpu_pinned' or 'cpu_shared'."""
        return self.devtype2str[self.device_typeid]

    def __hash__(self) -> int:
        return hash((self.device_typeid, self.device_id))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Context)
            and self.device_typeid == other.device_typeid
            and self.device_id == other.device_id
        )

    def __repr__(self) -> str:
        return f"{self.device_type}({self.device_id})"

    def __reduce__(self) -> tuple[Any, ...]:
        return Context, (self.device_type, self.device_id)

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take what MXNet's own pickles hold."""
        self.device_typeid, self.device_id, self._outer = state["device_typeid"], state["device_id"], []

    def __enter__(self) -> Context:
        self._outer.append(getattr(_current, "value", None))
        _current.value = self
        return self

    def __exit__(
        self, ptype: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.value = self._outer.pop()

    def empty_cache(self) -> None:
        """Give cached, unused GPU memory back to the driver; nothing to do on a CPU."""
        if self.device_type == "gpu":
            with torch.cuda.device(self.device_id):
                torch.cuda.empty_cache()


_current = threading.local()
_DEFAULT = Context("cpu", 0)


def cpu(device_id: int = 0) -> Context:
    """Return a CPU context. Logical CPU devices share memory and processors but are told apart.

    Examples
    --------
    >>> mx.cpu(1)
    cpu(1)
    """
    return Context("cpu", device_id)


def cpu_pinned(device_id: int = 0) -> Context:
    """Return a context of page-locked CPU memory, from which copies to a GPU are faster."""
    return Context("cpu_pinned", device_id)


def gpu(device_id: int = 0) -> Context:
    """Return the context of a CUDA device. It need not exist until an array is put there.

    Examples
    --------
    >>> mx.gpu(0)
    gpu(0)
    """
    return Context("gpu", device_id)


def num_gpus() -> int:
    """Return how many CUDA devices there are."""
    return torch.cuda.device_count()


def gpu_memory_info(device_id: int = 0) -> tuple[int, int]:
    """Return free and total memory of a CUDA device, in bytes.

    Raises
    ------
    MXNetError
        If there is no such device.
    """
    if not 0 <= device_id < num_gpus():
        raise MXNetError(f"gpu_memory_info: there is no gpu({device_id}); this machine has {num_gpus()} CUDA devices")
    return torch.cuda.mem_get_info(device_id)


def current_context() -> Context:
    """Return the context of the innermost ``with`` block of this thread, or ``cpu(0)``.

    Examples
    --------
    >>> mx.current_context()
    cpu(0)
    """
    return getattr(_current, "value", None) or _DEFAULT
