"""Memory that other libraries may write to without torch noticing.

torch counts the writes to a tensor, which tells whether something made from it is out of date. Writes through NumPy,
DLPack or ``tensor.data`` are not counted, so what is made from such memory must not be kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

#: Addresses of storages that were handed out. An address that is used again only costs some speed.
_addresses: set[int] = set()


def share_outside(tensor: torch.Tensor) -> torch.Tensor:
    """Note that something else knows the memory of `tensor`, and return it."""
    _addresses.add(tensor.untyped_storage().data_ptr())
    return tensor


def is_shared_outside(tensors: Sequence[torch.Tensor]) -> bool:
    """Return whether something else knows the memory of any of the tensors."""
    return bool(_addresses) and any(t.untyped_storage().data_ptr() in _addresses for t in tensors)
