"""Parameters of blocks: arrays with a gradient, one of each for every context, under names with a prefix."""

from __future__ import annotations

from ..ndarray.ndarray import NDArray
from ..symbol import Symbol
from ._constant import Constant
from ._parameter import DeferredInitializationError, Parameter
from ._parameter_dict import ParameterDict

__all__ = ["Constant", "DeferredInitializationError", "Parameter", "ParameterDict", "tensor_types"]

tensor_types = (Symbol, NDArray)

for _class in (Constant, DeferredInitializationError, Parameter, ParameterDict):
    _class.__module__ = __name__
