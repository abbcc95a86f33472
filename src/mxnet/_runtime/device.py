"""From MXNet's contexts to torch's devices."""

from __future__ import annotations

import torch

from ..base import MXNetError
from ..context import Context, num_gpus

_CPU = torch.device("cpu")


def torch_device(context: Context) -> torch.device:
    """Return the torch device of a context; MXNetError when this machine does not have it."""
    if context.device_type != "gpu":
        return _CPU
    if not 0 <= context.device_id < num_gpus():
        count = num_gpus()
        reason = "this torch was built without CUDA" if not torch.backends.cuda.is_built() else f"{count} found"
        raise MXNetError(f"there is no {context}: {reason}; use mx.cpu(), or see mx.context.num_gpus()")
    return torch.device("cuda", context.device_id)


def is_pinned(context: Context) -> bool:
    """Return whether arrays of this context live in page-locked memory."""
    return context.device_type == "cpu_pinned" and torch.cuda.is_available()


def wait_for_all() -> None:
    """Block until every computation on every device is done."""
    if torch.cuda.is_available():
        for index in range(num_gpus()):
            torch.cuda.synchronize(index)
