"""The scale of the loss: small gradients vanish in float16, and those of a scaled loss do not."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from ... import autograd
from ...ndarray import NDArray, op

_LARGEST = 2.0**24
_SMALLEST = 2.0**-100
#: After so many steps without an overflow the scale is doubled.
_STEPS = 2000


class LossScaler:
    """A scale that halves when gradients overflow, and doubles after 2,000 steps in which they did not.

    Examples
    --------
    >>> weight = mx.gluon.Parameter("weight", shape=(2,))
    >>> weight.initialize()
    >>> scaler = mx.contrib.amp.loss_scaler.LossScaler()
    >>> scaler.loss_scale
    65536.0
    >>> weight.grad()[:] = float("inf")
    >>> scaler.has_overflow([weight]), scaler.loss_scale
    (True, 32768.0)
    """

    def __init__(self) -> None:
        self._loss_scale = 2.0**16
        self._unskipped = 0

    @property
    def loss_scale(self) -> float:
        """What the loss is multiplied by."""
        return self._loss_scale

    def has_overflow(self, params: Sequence[Any]) -> bool:
        """Return whether a gradient is infinite or NaN, and adapt the scale; to be called once in each step.

        Parameters
        ----------
        params : list of Parameter
            Those with gradients are looked at, on all of their devices.
        """
        found = not _all_finite(params)
        if found:
            self._unskipped = 0
            self._loss_scale = max(self._loss_scale / 2, _SMALLEST)
            logging.getLogger().info("AMP: decreasing loss scale to %f", self._loss_scale)
            return True
        self._unskipped += 1
        if self._unskipped == _STEPS:
            self._unskipped = 0
            if self._loss_scale < _LARGEST:
                self._loss_scale *= 2
                logging.getLogger().info("AMP: increasing loss scale to %f", self._loss_scale)
        return False


def _all_finite(params: Sequence[Any]) -> bool:
    groups: dict[Any, list[NDArray]] = {}
    for param in params:
        if param.grad_req == "null" or param._grad is None:
            continue
        for gradient in param.list_grad():
            groups.setdefault((gradient.context, str(gradient.dtype)), []).append(gradient)
    with autograd.pause():
        said = [op.multi_all_finite(*arrays, num_arrays=len(arrays)) for arrays in groups.values()]
    return all(bool(one.asscalar()) for one in said)
