"""`from_torch`: a torch module as a Gluon block, or as a symbol that MXNet's files can hold."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Sequence
from typing import Any, Literal, overload

import torch

from .. import base
from ..gluon import TorchBlock
from ..ndarray import NDArray
from ..symbol import Symbol

__all__ = ["from_torch"]

Tensor = torch.Tensor
Params = dict[str, NDArray]


@overload
def from_torch(
    module: torch.nn.Module, example_inputs: Any = None, symbol: Literal[False] = False, *, input_names: Any = None
) -> TorchBlock: ...
@overload
def from_torch(
    module: torch.nn.Module, example_inputs: Any, symbol: Literal[True], *, input_names: Any = None
) -> tuple[Symbol, Params, Params]: ...
def from_torch(
    module: torch.nn.Module,
    example_inputs: Any = None,
    symbol: bool = False,
    *,
    input_names: Sequence[str] | None = None,
) -> TorchBlock | tuple[Symbol, Params, Params]:
    """Return a Gluon block that runs a torch module, or with `symbol` a symbol that computes the same.

    The block shares the module's parameters, and works with any module. The symbol consists of MXNet's operators, with
    copies of the parameters: `save_checkpoint` saves it, and Module, `SymbolBlock` and MXNet 1.9.1 itself run it. It is
    found by ``torch.export`` in evaluation mode; BatchNorm and Dropout train in it nevertheless. Its batch may have any
    length where the module allows it.

    Parameters
    ----------
    module : torch.nn.Module
        What to take over.
    example_inputs : Tensor, or tuple of Tensor or NDArray
        What the module can be called with; their values do not matter. Without `symbol` they tell only how many
        outputs there are, and may be left out where there is one.
    symbol : bool
        Whether to return a symbol.
    input_names : list of str, optional
        What the symbol's inputs are called; ``data`` unless given, or ``data0``, ``data1`` ...

    Returns
    -------
    TorchBlock, or (Symbol, dict of str to NDArray, dict of str to NDArray)
        The block; or the symbol, its parameters and its auxiliary states.

    Raises
    ------
    MXNetError
        If the module cannot be exported, or holds operations that MXNet has nothing for; all of them are listed.

    Examples
    --------
    >>> import torch
    >>> module = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 2))
    >>> symbol, arg_params, aux_params = mx.from_torch(module, torch.ones(3, 4), symbol=True)
    >>> symbol.list_arguments()
    ['data', '0_weight', '0_bias', '2_weight', '2_bias']
    >>> mx.from_torch(module)(mx.nd.ones((5, 4))).shape
    (5, 2)
    """
    if not isinstance(module, torch.nn.Module):
        raise base.TypeError(f"from_torch: expected a torch.nn.Module, got {type(module).__name__}")
    inputs = _tensors(example_inputs)
    if not symbol:
        return TorchBlock(module, outputs=1 if inputs is None else _count(module, inputs))
    if inputs is None:
        raise base.ValueError("from_torch: symbol=True needs example_inputs, which the module is traced with")
    names = [input_names] if isinstance(input_names, str) else input_names
    if names is None:
        names = ["data"] if len(inputs) == 1 else [f"data{number}" for number in range(len(inputs))]
    if len(names) != len(inputs):
        raise base.ValueError(f"from_torch: {len(names)} input_names for {len(inputs)} example_inputs")
    from .aten import convert  # loads the exporter

    return convert(exported(module, inputs), names)


def _tensors(example_inputs: Any) -> tuple[Tensor, ...] | None:
    if example_inputs is None:
        return None
    listed = example_inputs if isinstance(example_inputs, (list, tuple)) else [example_inputs]
    found = [one._data if isinstance(one, NDArray) else one for one in listed]
    for position, one in enumerate(found):
        if not isinstance(one, Tensor):
            raise base.TypeError(
                f"from_torch: example input {position} is a {type(one).__name__}, expected a torch.Tensor or an NDArray"
            )
    return tuple(found)


def _count(module: torch.nn.Module, inputs: Sequence[Tensor]) -> int:
    training = module.training
    module.eval()
    try:
        with torch.no_grad():
            found = module(*inputs)
    finally:
        module.train(training)
    return 1 if isinstance(found, Tensor) else len(found)


def exported(module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> torch.export.ExportedProgram:
    """Return a module's graph, for batches of any length if it allows them; MXNetError if it cannot be found."""
    if all(one.dim() and one.shape[0] == 1 for one in inputs):  # torch takes a length of 1 for a constant
        inputs = tuple(torch.cat([one, one]) for one in inputs)
    states = {one: one.training for one in module.modules()}
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # fused layers of transformers cannot be taken apart
    module.eval()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch remarks on how it traces
            return _exported(module, inputs)
    except Exception as error:
        reason = str(error).strip().splitlines()
        raise base.MXNetError(
            f"from_torch: torch.export cannot trace {type(module).__name__}: {reason[0] if reason else error!r}; "
            "without symbol=True, a block runs the module as it is"
        ) from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for one, training in states.items():
            one.training = training


def _exported(module: torch.nn.Module, inputs: tuple[Tensor, ...]) -> torch.export.ExportedProgram:
    free = tuple({0: torch.export.Dim.AUTO} if one.dim() else None for one in inputs)
    with contextlib.suppress(Exception):  # the batch's length may matter to this module
        return torch.export.export(module, tuple(one.clone() for one in inputs), dynamic_shapes=free)
    return torch.export.export(module, tuple(one.clone() for one in inputs))
