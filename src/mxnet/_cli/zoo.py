"""Networks of Gluon's model zoo with the parameters of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import symbol as sym
from ..name import NameManager
from ..ndarray import NDArray
from ..ndarray import zeros as nd_zeros
from ..symbol import Symbol
from .main import fail

Params = dict[str, NDArray]


def network(name: str, arrays: Mapping[str, NDArray] | None) -> tuple[Symbol, Params, Params, list[str]]:
    """Return a network's symbol, its arguments, its auxiliary states, and what there is to say of them.

    Parameters
    ----------
    name : str
        The network, as in ``mx.gluon.model_zoo.vision.get_model``.
    arrays : dict of str to NDArray, optional
        Its parameters, in the names of ``save_parameters``, ``save_params`` or ``export``. Without them, the network
        is initialized with random numbers.
    """
    block = _made(name)
    notes: list[str] = []
    if arrays is None:
        values = _initialized(block, name)
        notes.append("no parameters were given: they are random, as before training")
    else:
        known = {key.partition(":")[2] if key.startswith(("arg:", "aux:")) else key: a for key, a in arrays.items()}
        by_structure = bool(known.keys() & block._collect_params_with_prefix().keys())
        prefix = None if by_structure else _common_prefix(list(known))
        block = _made(name, prefix=prefix)
        classes = _other_classes(_parameters(block, by_structure), known)
        if classes is not None:
            block = _made(name, prefix=prefix, classes=classes)
        values = _chosen(name, _parameters(block, by_structure), known)
    symbol = block(sym.Variable("data"))
    states = set(symbol.list_auxiliary_states())
    arg_params = {key: array for key, array in values.items() if key not in states}
    return symbol, arg_params, {key: array for key, array in values.items() if key in states}, notes


def _made(name: str, **arguments: Any) -> Any:
    from ..gluon.model_zoo.vision import get_model

    with NameManager():  # automatic prefixes start from 0
        return get_model(name, **{key: value for key, value in arguments.items() if value is not None})


def _initialized(block: Any, name: str) -> Params:
    block.initialize()
    size = 299 if name.startswith("inception") else 224
    block._initialize_deferred((nd_zeros((1, 3, size, size)),))
    return {key: parameter.data() for key, parameter in block.collect_params().items()}


def _parameters(block: Any, by_structure: bool) -> dict[str, Any]:
    """Return the block's parameters by the names that stand in the file."""
    return block._collect_params_with_prefix() if by_structure else dict(block.collect_params().items())


def _common_prefix(names: list[str]) -> str | None:
    """Return the block's prefix in names such as ``resnetv15_conv0_weight``, None if they do not share one."""
    firsts = {name.partition("_")[0] for name in names}
    return f"{firsts.pop()}_" if len(firsts) == 1 else None


def _other_classes(parameters: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> int | None:
    """Return the number of classes that the file's last layer has, if it is not the usual one."""
    found = {
        arrays[key].shape[0]
        for key, parameter in parameters.items()
        if key in arrays and parameter.shape and len(arrays[key].shape) == len(parameter.shape)
        if parameter.shape[0] == 1000 != arrays[key].shape[0]
    }
    return found.pop() if len(found) == 1 else None


def _chosen(name: str, parameters: Mapping[str, Any], arrays: Mapping[str, NDArray]) -> Params:
    """Return the file's arrays by the names of the symbol's variables; refuse a file of another network."""
    missing = [key for key in parameters if key not in arrays]
    extra = [key for key in arrays if key not in parameters]
    wrong = [
        f"{key} is {arrays[key].shape} in the file and {tuple(parameter.shape)} in the network"
        for key, parameter in parameters.items()
        if key in arrays and not _fits(parameter.shape, arrays[key].shape)
    ]
    if missing or extra or wrong:
        said = [
            f"{len(keys)} {what}: {', '.join(keys[:6])}{' ...' if len(keys) > 6 else ''}"
            for what, keys in (("are missing", missing), ("do not belong to it", extra), ("have other shapes", wrong))
            if keys
        ]
        fail(f"the file's parameters are not those of {name}: {'; '.join(said)}")
    return {parameter.name: arrays[key] for key, parameter in parameters.items()}


def _fits(wanted: Any, found: tuple[int, ...]) -> bool:
    """Return whether a shape is right, where 0 stands for a length that data tell."""
    if not wanted:
        return True
    return len(wanted) == len(found) and all(a in (0, -1, b) for a, b in zip(wanted, found))
