"""Who compiles hybridized graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import base

Backend = Callable[[Callable[..., Any], bool], Callable[..., Any]]

#: Names that MXNet 1.9.1 knows for what plans do anyway, or do better.
_BUILT_IN = ("MKLDNN", "ONEDNN", "default")


def backend_named(name: str | None, options: Mapping[str, Any]) -> Backend | None:
    """Return what makes lowered functions faster; MXNetError if nobody of that name is there."""
    if name is None or name in _BUILT_IN:
        return None
    raise base.MXNetError(
        f"hybridize: no backend {name!r}; there are None (remx's own plans) and 'inductor' (torch.compile)"
    )
