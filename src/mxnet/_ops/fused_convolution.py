"""Convolution, normalization, sum and activation in one kernel, for inference: `mxnet._graph.fusing` puts it in graphs.

On CPUs oneDNN adds a bias, another array and an activation while it writes a convolution's output, and is faster on
weights in an order of its own. The weights are scaled by the normalization and brought into that order once; every call
looks whether somebody has written to one of the arrays since.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from .attributes import REQUIRED, attribute_type
from .batch_norm import batch_norm
from .convolution import convolution, steps_of
from .registry import Attribute, Input, Operator
from .sharing import is_shared_outside

Tensor = torch.Tensor
_kernels: Any = torch.ops.mkldnn
_ADDED, _PLAIN = "_convolution_pointwise", "none"
_DTYPES = frozenset({torch.float32, torch.bfloat16})

#: Sizes of data for which weights are kept in oneDNN's order; beyond that they are only scaled.
_MOST_SIZES = 8


@dataclass(frozen=True)
class Fused:
    """What one fused convolution computes.

    Attributes
    ----------
    convolution : dict
        Attributes of the Convolution.
    norm : dict or None
        Attributes of the BatchNorm on it.
    adds : bool
        Whether another array, the last input, is added then.
    activation : (str, list of float) or None
        oneDNN's name and numbers of the activation in the end.
    after : (function, dict) or None
        The operator function of that activation and its attributes.
    cast : torch.dtype or None
        What weight and bias are cast to first.
    """

    convolution: Mapping[str, Any]
    norm: Mapping[str, Any] | None = None
    adds: bool = False
    activation: tuple[str, list[float]] | None = None
    after: tuple[Any, Mapping[str, Any]] | None = None
    cast: torch.dtype | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs."""
        bias = () if self.convolution["no_bias"] else ("bias",)
        norm = () if self.norm is None else ("gamma", "beta", "moving_mean", "moving_var")
        return ("data", "weight", *bias, *norm, *(("other",) if self.adds else ()))


class _Prepared:
    """Weights for the kernel, and what they were made from."""

    __slots__ = ("bias", "by_size", "scaled", "sources", "versions")

    def __init__(self, sources: Sequence[Tensor], scaled: Tensor, bias: Tensor | None) -> None:
        self.sources = tuple(sources)
        self.versions = [tensor._version for tensor in sources]
        self.scaled, self.bias = scaled, bias
        self.by_size: dict[torch.Size, Tensor] = {}

    def is_of(self, sources: Sequence[Tensor], dtype: torch.dtype) -> bool:
        """Return whether these are the same tensors, nobody wrote to them, and they were prepared for this dtype."""
        return (
            self.scaled.dtype is dtype
            and all(one is other for one, other in zip(self.sources, sources))
            and self.versions == [tensor._version for tensor in sources]
            and not is_shared_outside(sources)
        )


def fused_convolution(*tensors: Tensor, spec: Fused, kept: dict[str, Any], reuse: str | None = None) -> Tensor:
    """Return convolution, normalization, sum and activation; the tensors come as `Fused.names` says.

    With `reuse` the sum is written over the array that is added, which moves less memory.
    """
    data, other = tensors[0], tensors[-1] if spec.adds else None
    sources = tensors[1:-1] if spec.adds else tensors[1:]
    if not _fits(data, sources, other, spec.cast):
        return _apart(data, sources, other, spec)
    prepared: _Prepared | None = kept.get("prepared")
    if prepared is None or not prepared.is_of(sources, data.dtype):
        prepared = kept["prepared"] = _Prepared(sources, *_scaled(sources, spec, data.dtype))
    attributes = spec.convolution
    stride, dilate, pad = steps_of(attributes)
    groups = attributes["num_group"]
    weight = prepared.by_size.get(data.shape)
    if weight is None:
        weight = prepared.scaled
        if len(prepared.by_size) < _MOST_SIZES:
            size = list(data.shape)
            weight = _kernels._reorder_convolution_weight(weight, pad, stride, dilate, groups, size)
            prepared.by_size[data.shape] = weight
    name, numbers = spec.activation or (_PLAIN, [])
    data = data.contiguous(memory_format=torch.channels_last)
    if other is None:
        return _kernels._convolution_pointwise(
            data, weight, prepared.bias, pad, stride, dilate, groups, name, numbers, ""
        )
    last = None if spec.activation is None else name
    other = other.contiguous(memory_format=torch.channels_last)
    if reuse is not None:
        return _kernels._convolution_pointwise_.binary(
            other, data, weight, prepared.bias, pad, stride, dilate, groups, "add", 1.0, last, numbers, ""
        )
    return _kernels._convolution_pointwise.binary(
        data, other, weight, prepared.bias, pad, stride, dilate, groups, "add", 1.0, last, numbers, ""
    )


def _fits(data: Tensor, sources: Sequence[Tensor], other: Tensor | None, cast: torch.dtype | None) -> bool:
    """Return whether the kernel takes these tensors."""
    return (
        data.is_cpu
        and data.dim() == 4
        and (data.dtype is torch.float32 or (data.dtype is torch.bfloat16 and _narrow()))
        and data.numel() > 0
        and (cast or sources[0].dtype) is data.dtype
        and all(tensor.dtype in _DTYPES and not tensor.is_inference() for tensor in sources)
        and sources[0].shape[1] > 0
        and data.shape[1] % sources[0].shape[1] == 0
        and (other is None or other.dtype is data.dtype)
    )


@functools.cache
def _narrow() -> bool:
    """Return whether the processor multiplies in bfloat16."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _scaled(sources: Sequence[Tensor], spec: Fused, dtype: torch.dtype) -> tuple[Tensor, Tensor | None]:
    """Return weight and bias, in a dtype, that do what convolution and normalization do one after the other."""
    weight = sources[0]
    bias = None if spec.convolution["no_bias"] else sources[1]
    if spec.norm is not None:
        gamma, beta, mean, var = sources[-4:]
        if spec.norm["fix_gamma"]:
            gamma.data.fill_(1)
        factor = gamma * torch.rsqrt(var + spec.norm["eps"])
        weight = weight * factor.reshape(-1, 1, 1, 1)
        bias = beta - mean * factor if bias is None else beta + (bias - mean) * factor
    weight = weight.to(dtype).contiguous(memory_format=torch.channels_last)
    return weight, None if bias is None else bias.to(dtype)


def _apart(data: Tensor, sources: Sequence[Tensor], other: Tensor | None, spec: Fused) -> Tensor:
    """Compute one step after the other, as the graph had it."""
    count = 1 if spec.convolution["no_bias"] else 2
    own = sources[:count] if spec.cast is None else [tensor.to(spec.cast) for tensor in sources[:count]]
    found = convolution(data, *own, **spec.convolution)
    if spec.norm is not None:
        found = batch_norm(found, *sources[count:], **spec.norm)[0]
    if other is not None:
        found = found + other
    if spec.after is None:
        return found
    function, attributes = spec.after
    return function(found, **attributes)


def available() -> bool:
    """Return whether this torch has the kernels."""
    return torch.backends.mkldnn.is_available() and all(
        hasattr(_kernels, name) for name in (_ADDED, f"{_ADDED}_", "_reorder_convolution_weight")
    )


#: In no registry: it lives in plans only, and messages speak of the operator that it stands for.
FUSED = Operator(
    name="Convolution",
    function=fused_convolution,
    inputs=(Input("inputs", False),),
    attributes={"spec": Attribute("spec", attribute_type(str), REQUIRED)},
    module=__name__,
    starred=True,
    active=lambda values: values["spec"].names,
    keeps=True,
    reuses=("other",),
)
