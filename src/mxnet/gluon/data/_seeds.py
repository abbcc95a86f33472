"""Random numbers in worker processes: different for every batch, and the same again when a program is run again."""

from __future__ import annotations

import hashlib
import pickle
import random
from dataclasses import dataclass

import numpy as np
import torch

from ..._runtime import random as _arrays
from ...context import Context

_GOLDEN = 0x9E3779B97F4A7C15  # 2**64 over the golden ratio: its multiples are far apart
_BITS = 2**64 - 1
_CPU = Context("cpu", 0)


@dataclass(frozen=True)
class Seeds:
    """One 64-bit seed for each generator that code of a dataset may use."""

    python: int
    numpy: int
    arrays: int
    torch: int

    @classmethod
    def of_epoch(cls, epoch: int) -> Seeds:
        """Return seeds that follow from the state of this process's generators and from the number of an epoch.

        Only ``mx.random`` is advanced. The others are looked at, for what a program draws from NumPy after
        ``np.random.seed`` is to be what MXNet 1.9.1 draws.
        """
        drawn = torch.empty((), dtype=torch.int64).random_(generator=_arrays.generator(_CPU))
        states = random.getstate(), np.random.get_state(legacy=False)
        python, numpy = (_hashed(pickle.dumps(state, 4)) + _GOLDEN * epoch for state in states)
        return cls(python & _BITS, numpy & _BITS, int(drawn), (torch.initial_seed() + _GOLDEN * epoch) & _BITS)

    def of_batch(self, number: int) -> Seeds:
        """Return seeds for one batch."""
        step = _GOLDEN * (2 * number + 1)
        values = (self.python, self.numpy, self.arrays, self.torch)
        return Seeds(*(_mixed((value + step) & _BITS) for value in values))

    def apply(self) -> None:
        """Seed the generators of this process."""
        random.seed(self.python)
        np.random.seed(self.numpy >> 32)
        _arrays.seed(self.arrays >> 1)
        torch.manual_seed(self.torch >> 1)


def _hashed(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


def _mixed(value: int) -> int:
    """Return a number whose bits all depend on all bits of `value` (the last steps of SplitMix64)."""
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & _BITS
    value = (value ^ value >> 27) * 0x94D049BB133111EB & _BITS
    return value ^ value >> 31
