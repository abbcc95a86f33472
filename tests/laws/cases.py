"""The samples of all operators as pytest parameters."""

from __future__ import annotations

import pytest

from tests.reference import BadSample, Reference, Sample, load_all

REFERENCES = load_all()


def samples() -> list[object]:
    """(reference, sample) for every sample, with ids ``operator-number-sample``."""
    return [
        pytest.param(entry, sample, id=f"{name}-{number}-{sample}")
        for name, entry in sorted(REFERENCES.items())
        for number, sample in enumerate(entry.samples)
    ]


def bad_samples() -> list[object]:
    """(name, bad sample) for every call that must be refused."""
    return [
        pytest.param(name, wrong, id=f"{name}-{number}")
        for name, entry in sorted(REFERENCES.items())
        for number, wrong in enumerate(entry.bad)
    ]


__all__ = ["REFERENCES", "BadSample", "Reference", "Sample", "bad_samples", "samples"]
