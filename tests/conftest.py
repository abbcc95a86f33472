"""What all tests share: their names, and where Hypothesis's examples come from."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

# A test that passed passes again. `make conformance` asks for examples that nobody has seen yet.
settings.register_profile("steady", derandomize=True)
settings.register_profile("new", derandomize=False)
settings.load_profile("steady")


def pytest_make_parametrize_id(config: Any, val: object, argname: str) -> str | None:
    """Name bytes by their length: archives hold the second that they were made in, and workers must find one name."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None
