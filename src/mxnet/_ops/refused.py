"""Names that MXNet 1.9.1 registers, but whose every call it refuses; so do the functions here, with a reason.

Most are nodes of its engine: graphs of hybrid blocks, Python functions with gradients, gradients of operators. The
names are taken here so that a program that lists operators finds them, and a file that holds one is told why it fails.
"""

from __future__ import annotations

from typing import NoReturn

import torch

from .registry import operator

Tensor = torch.Tensor


def _refuse(instead: str) -> NoReturn:
    raise ValueError(f"no program can call this, in MXNet 1.9.1 either; {instead}")


@operator("_CachedOp", variadic=None, inputs=lambda attributes: ("data",))
def cached_op(*data: Tensor) -> Tensor:
    """Stand for the graph of a hybrid block; refused."""
    _refuse("call the hybrid block itself")


@operator("_CachedOpThreadSafe", variadic=None, inputs=lambda attributes: ("data",))
def cached_op_thread_safe(*data: Tensor) -> Tensor:
    """Stand for the graph of a hybrid block that threads share; refused."""
    _refuse("call the hybrid block itself")


@operator("_CustomFunction", creates=True)
def custom_function(*, device: torch.device) -> Tensor:
    """Stand for a recorded `mx.autograd.Function`; refused."""
    _refuse("call the mx.autograd.Function")


@operator("_NoGradient", creates=True)
def no_gradient(*, device: torch.device) -> Tensor:
    """Stand for a gradient that does not exist; it has no value."""
    _refuse("a gradient that does not exist has no value (mx.sym.zeros makes zeros)")


@operator("_contrib_backward_hawkesll", creates=True)
def backward_hawkesll(*, device: torch.device) -> Tensor:
    """Stand for the gradient of `_contrib_hawkesll`; refused."""
    _refuse("record mx.nd.contrib.hawkesll and call backward")


@operator("_contrib_backward_index_copy", creates=True)
def backward_index_copy(*, device: torch.device) -> Tensor:
    """Stand for the gradient of `_contrib_index_copy`; refused."""
    _refuse("record mx.nd.contrib.index_copy and call backward")


@operator("_contrib_backward_quadratic", creates=True)
def backward_quadratic(*, device: torch.device) -> Tensor:
    """Stand for the gradient of `_contrib_quadratic`; refused."""
    _refuse("record mx.nd.contrib.quadratic and call backward")


@operator("_imdecode")
def imdecode(mean: Tensor, *, index: int, x0: int, y0: int, x1: int, y1: int, c: int, size: int) -> Tensor:
    """Stand for the first image decoder, which takes its bytes past the operator; refused."""
    _refuse("mx.nd._internal._cvimdecode decodes an image")
