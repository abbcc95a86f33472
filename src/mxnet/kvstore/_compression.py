"""Gradient compression: what would travel between devices is rounded, and what was lost is sent later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from .. import base

Tensor = torch.Tensor


class TwoBit:
    """Each element becomes -threshold, 0 or threshold; the rest is kept and added to the next gradient.

    Parameters
    ----------
    threshold : float
        Above 0.

    References
    ----------
    Seide, Fu, Droppo, Li, Yu. "1-bit stochastic gradient descent and its application to data-parallel distributed
    training of speech DNNs." Interspeech 2014 (the feedback of what was lost).
    """

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._residuals: dict[tuple[int | str, int], Tensor] = {}

    def __call__(self, key: int | str, position: int, gradient: Tensor) -> Tensor:
        """Return what is sent of a gradient. What is left belongs to the key and to the place in the list of values."""
        if not gradient.is_floating_point():
            raise base.MXNetError(f"push: gradients of {gradient.dtype} cannot be compressed, expected floats")
        residual = self._residuals.get((key, position))
        if residual is None:
            residual = torch.zeros_like(gradient)
        total = residual.to(gradient.device, gradient.dtype).add_(gradient)
        sent = ((total >= self.threshold).to(total.dtype) - (total <= -self.threshold).to(total.dtype)).mul_(
            self.threshold
        )
        self._residuals[key, position] = total.sub_(sent)
        return sent


def compression(parameters: Any) -> TwoBit:
    """Return the compression that ``{'type': '2bit', 'threshold': 0.5}`` and the like describe."""
    what = "set_gradient_compression"
    if not isinstance(parameters, Mapping):
        raise base.TypeError(f"{what}: compression_params is a {type(parameters).__name__}, expected a dict")
    if "type" not in parameters:
        raise base.MXNetError(f"{what}: 'type' is missing, expected {{'type': '2bit', 'threshold': 0.5}}")
    if str(parameters["type"]) != "2bit":
        raise base.MXNetError(f"{what}: unknown type {parameters['type']!r}, expected '2bit'")
    unknown = sorted(map(str, parameters.keys() - {"type", "threshold"}))
    if unknown:
        raise base.MXNetError(f"{what}: unknown parameters {unknown}, expected 'type' and 'threshold'")
    try:
        threshold = float(parameters.get("threshold", 0.5))
    except (TypeError, ValueError):
        threshold = float("nan")
    if not 0 < threshold < float("inf"):
        raise base.MXNetError(f"{what}: threshold is {parameters['threshold']!r}, expected a number greater than 0")
    return TwoBit(threshold)
