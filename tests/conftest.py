"""Names of tests."""

from __future__ import annotations

from typing import Any


def pytest_make_parametrize_id(config: Any, val: object, argname: str) -> str | None:
    """Name bytes by their length: archives hold the second that they were made in, and workers must find one name."""
    return f"{argname} of {len(val)} bytes" if isinstance(val, bytes) else None
