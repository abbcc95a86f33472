# Written by `make stubs` from the operator registry; do not edit.
from collections.abc import Sequence
from typing import Any, Literal

from .ndarray import NDArray

__all__: list[str]

def arange_like(data: NDArray = ..., start: float = 0.0, step: float = 1.0, repeat: int = 1, ctx: Any = '', axis: int | None = None, out: Any = None, name: str | None = None, **kwargs: Any) -> NDArray: ...
def index_array(data: NDArray = ..., axes: Sequence[int] | int | None = None, out: Any = None, name: str | None = None, **kwargs: Any) -> NDArray: ...
def AdaptiveAvgPooling2D(data: NDArray = ..., output_size: Sequence[int] | int = ..., out: Any = None, name: str | None = None, **kwargs: Any) -> NDArray: ...
