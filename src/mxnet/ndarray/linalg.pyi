# Written by `make stubs` from the operator registry; do not edit.
from collections.abc import Sequence
from typing import Any, Literal

from .ndarray import NDArray

__all__: list[str]

