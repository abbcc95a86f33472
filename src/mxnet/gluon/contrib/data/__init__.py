"""A sampler for sequences in parallel, and text data sets."""

from __future__ import annotations

from . import _constants, sampler, text
from .sampler import IntervalSampler

__all__ = ["IntervalSampler", "sampler", "text"]
