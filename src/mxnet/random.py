"""Random numbers: the seed, and the distributions of ``mx.nd.random``."""

from __future__ import annotations

from typing import Any, Literal

from ._runtime.random import seed as _seed
from .context import Context

__all__ = ["seed"]


def seed(seed_state: int, ctx: Context | Literal["all"] = "all") -> None:
    """Make the random numbers that follow reproducible.

    Parameters
    ----------
    seed_state : int
        The seed. The same seed gives the same numbers on the same kind of device.
    ctx : Context or 'all'
        One device's generator, or every one's: then ``cpu(0)`` and ``cpu(1)`` get different streams.

    Raises
    ------
    ValueError
        If `seed_state` is no integer.

    Examples
    --------
    >>> mx.random.seed(7)
    >>> a = mx.nd.random.uniform(shape=(3,))
    >>> mx.random.seed(7)
    >>> bool((a == mx.nd.random.uniform(shape=(3,))).min())
    True
    """
    try:
        value = seed_state.__index__()
    except AttributeError:
        raise ValueError(f"seed: seed_state is {seed_state!r}, expected an int") from None
    _seed(value % 2**63, None if ctx == "all" else ctx)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    """MXNet offers the distributions here, too."""
    from .ndarray import random as distributions

    if name.startswith("_") or not hasattr(distributions, name):
        raise AttributeError(f"module 'mxnet.random' has no attribute {name!r}")
    return getattr(distributions, name)
