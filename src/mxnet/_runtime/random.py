"""One random generator for each context, apart from torch's own."""

from __future__ import annotations

import threading

import torch

from ..context import Context
from .device import torch_device

_generators: dict[tuple[str, int], torch.Generator] = {}
_lock = threading.Lock()
_base_seed: int | None = None  # what `seed` was last called with for all contexts


def generator(context: Context) -> torch.Generator:
    """Return the generator of a context; the same object for the life of the process."""
    key = (context.device_type, context.device_id)
    found = _generators.get(key)
    if found is None:
        with _lock:
            found = _generators.get(key)
            if found is None:
                found = torch.Generator(torch_device(context))
                if _base_seed is None:
                    found.seed()
                else:
                    found.manual_seed(_base_seed + context.device_id)
                _generators[key] = found
    return found


def seed(value: int, context: Context | None = None) -> None:
    """Restart the generator of one context, or of all: each device's stream differs, and each is reproducible."""
    global _base_seed
    if context is not None:
        generator(context).manual_seed(value)
        return
    with _lock:
        _base_seed = value
        for (_, device_id), found in _generators.items():
            found.manual_seed(value + device_id)
