"""Where mixed precision takes hold of the front ends: what arrays and symbols are cast to before an operator sees them.

`mxnet.contrib.amp.init` fills `casts`. While it is empty, all it costs is a look at it in each call.
"""

from __future__ import annotations

import weakref
from typing import Protocol

from .._graph.autocast import Rule

#: By operator name.
casts: dict[str, Rule] = {}


class Scaler(Protocol):
    """What knows the present scale of the loss."""

    @property
    def loss_scale(self) -> float: ...


class Scaling:
    """The scale of the loss, for operators whose gradients take no head gradient."""

    def __init__(self) -> None:
        self._scaler: weakref.ref[Scaler] | None = None

    @property
    def scaler(self) -> Scaler | None:
        """What scales: the first that was set and is still in use."""
        return None if self._scaler is None else self._scaler()

    @scaler.setter
    def scaler(self, value: Scaler | None) -> None:
        if value is None or self.scaler is None:
            self._scaler = None if value is None else weakref.ref(value)

    @property
    def factor(self) -> float:
        """The present scale."""
        scaler = self.scaler
        return 1.0 if scaler is None else scaler.loss_scale


scaling = Scaling()
