# Written by `make stubs` from the operator registry; do not edit.
from collections.abc import Sequence
from typing import Any, Literal

from .symbol import Symbol

__all__: list[str]

def arange_like(data: Symbol | None = ..., start: float = 0.0, step: float = 1.0, repeat: int = 1, ctx: Any = '', axis: int | None = None, name: str | None = None, attr: dict[str, str] | None = None, out: Any = None, **kwargs: Any) -> Symbol: ...
def index_array(data: Symbol | None = ..., axes: Sequence[int] | int | None = None, name: str | None = None, attr: dict[str, str] | None = None, out: Any = None, **kwargs: Any) -> Symbol: ...
def AdaptiveAvgPooling2D(data: Symbol | None = ..., output_size: Sequence[int] | int = ..., name: str | None = None, attr: dict[str, str] | None = None, out: Any = None, **kwargs: Any) -> Symbol: ...
