"""Nodes of MXNet's own engine. Files and programs cannot use them; their names are taken.

MXNet 1.9.1 registers these for its own bookkeeping: graphs of hybrid blocks, Python functions with gradients, gradients
that do not exist. It refuses every call of them from outside, and so do the functions here.
"""

from __future__ import annotations

from typing import NoReturn

import torch

from .registry import operator

Tensor = torch.Tensor


def _refuse(instead: str) -> NoReturn:
    raise ValueError(f"this is a node of MXNet's engine that no program can call; {instead}")


@operator("_CachedOp", variadic=None, inputs=lambda attributes: ("data",))
def cached_op(*data: Tensor) -> Tensor:
    """Stand for the graph of a hybrid block; calls are refused, as in MXNet."""
    _refuse("call the hybrid block itself")


@operator("_CachedOpThreadSafe", variadic=None, inputs=lambda attributes: ("data",))
def cached_op_thread_safe(*data: Tensor) -> Tensor:
    """Stand for the graph of a hybrid block that threads share; calls are refused, as in MXNet."""
    _refuse("call the hybrid block itself")


@operator("_CustomFunction", creates=True)
def custom_function(*, device: torch.device) -> Tensor:
    """Stand for a recorded `mx.autograd.Function`; calls are refused, as in MXNet."""
    _refuse("call the mx.autograd.Function")


@operator("_NoGradient", creates=True)
def no_gradient(*, device: torch.device) -> Tensor:
    """Stand for a gradient that does not exist; it has no value, as in MXNet."""
    _refuse("a gradient that does not exist has no value (mx.sym.zeros makes zeros)")
