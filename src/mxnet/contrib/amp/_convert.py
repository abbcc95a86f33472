"""Trained networks in mixed precision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ... import base
from ..._graph.autocast import autocast
from ..._graph.inference import own_dtype
from ...context import Context, gpu, num_gpus
from ...gluon import HybridBlock, SymbolBlock
from ...ndarray import NDArray
from ...symbol import Symbol, var
from ._rules import Conditions, Names, rules_of, target_of


def convert_symbol(
    sym: Symbol,
    target_dtype: Any = "float16",
    target_dtype_ops: Names = None,
    fp32_ops: Names = None,
    conditional_fp32_ops: Conditions = None,
    excluded_sym_names: Names = None,
    data_names: Names = None,
    cast_optional_params: bool = False,
) -> Symbol:
    """Return a symbol that computes in mixed precision: with casts between its operators, and outputs in float32.

    Parameters
    ----------
    sym : Symbol
        What to convert; it stays as it is.
    target_dtype : {'float16', 'bfloat16'}
        The narrow dtype.
    target_dtype_ops, fp32_ops, conditional_fp32_ops : lists, optional
        As in `init`, where the first is called `target_precision_ops`.
    excluded_sym_names : list of str, optional
        Nodes that compute in float32.
    data_names : list of str, optional
        Variables that are no parameters. If they are given, the dtypes of all others are written into the symbol.
    cast_optional_params : bool
        Write `target_dtype` as the dtype of parameters that an operator reads in it, instead of casting them. This
        needs `data_names`.

    Returns
    -------
    Symbol

    Raises
    ------
    AssertionError
        If an argument has the wrong type, or an operator is in two lists.
    ValueError
        If a list names what is no operator, or `data_names` what is no variable of `sym`.

    Examples
    --------
    >>> fc = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, no_bias=True, name="fc")
    >>> [name for name in mx.contrib.amp.convert_symbol(fc).get_internals().list_outputs() if "cast" in name]
    ['data_amp_cast_float16_output', 'fc_weight_amp_cast_float16_output', 'fc_output_amp_cast_float32_output']
    """
    what = "amp.convert_symbol"
    if not isinstance(sym, Symbol):
        raise base.AssertionError(f"{what}: sym is {type(sym)}; expected a Symbol")
    target = target_of(what, target_dtype)
    rules = rules_of(what, target, ("target_dtype_ops", target_dtype_ops), fp32_ops, conditional_fp32_ops)
    excluded = _names(what, "excluded_sym_names", excluded_sym_names)
    variables = sym.list_inputs()
    parameters: set[str] = set()
    if data_names is not None:
        data = _names(what, "data_names", data_names)
        unknown = [name for name in data if name not in variables]
        if unknown:
            raise base.ValueError(
                f"{what}: data_names has {unknown[0]!r}; the symbol's variables are {', '.join(variables[:20])}"
            )
        parameters = set(variables) - set(data)
    return Symbol(autocast(sym._entries, target, rules, excluded, parameters, cast_optional_params))


def convert_model(
    sym: Symbol,
    arg_params: Mapping[str, NDArray],
    aux_params: Mapping[str, NDArray],
    target_dtype: Any = "float16",
    target_dtype_ops: Names = None,
    fp32_ops: Names = None,
    conditional_fp32_ops: Conditions = None,
    excluded_sym_names: Names = None,
    cast_optional_params: bool = False,
) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """Return a checkpoint's symbol and parameters in mixed precision.

    Parameters
    ----------
    sym : Symbol
        The network.
    arg_params, aux_params : dict of str to NDArray
        Its parameters and auxiliary states. Variables without one are data.
    target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops, excluded_sym_names
        As in `convert_symbol`.
    cast_optional_params : bool
        Return parameters in `target_dtype` that an operator reads in it. Else they stay float32, and are cast in each
        call.

    Returns
    -------
    Symbol, dict, dict
        For `Module.set_params` and other programs; arrays that need no cast are the ones given.

    Raises
    ------
    AssertionError, ValueError
        As `convert_symbol` does.

    Examples
    --------
    >>> fc = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, no_bias=True, name="fc")
    >>> weights = {"fc_weight": mx.nd.ones((2, 3))}
    >>> _, found, _ = mx.contrib.amp.convert_model(fc, weights, {}, cast_optional_params=True)
    >>> found["fc_weight"].dtype
    <class 'numpy.float16'>
    """
    what = "amp.convert_model"
    if not isinstance(sym, Symbol):
        raise base.AssertionError(f"{what}: sym is {type(sym)}; expected a Symbol")
    for argument, arrays in (("arg_params", arg_params), ("aux_params", aux_params)):
        if not isinstance(arrays, Mapping) or not all(isinstance(array, NDArray) for array in arrays.values()):
            raise base.AssertionError(f"{what}: {argument} is {type(arrays)}; expected a dict of names to NDArrays")
    data = [name for name in sym.list_inputs() if name not in arg_params and name not in aux_params]
    converted = convert_symbol(
        sym, target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops, excluded_sym_names, data,
        cast_optional_params,
    )  # fmt: skip
    dtypes = _dtypes(converted)
    return converted, _cast(arg_params, dtypes), _cast(aux_params, dtypes)


def convert_hybrid_block(
    block: HybridBlock,
    target_dtype: Any = "float16",
    target_dtype_ops: Names = None,
    fp32_ops: Names = None,
    conditional_fp32_ops: Conditions = None,
    excluded_sym_names: Names = None,
    ctx: Context | Sequence[Context] = gpu(0),  # noqa: B008 - a value
    cast_optional_params: bool = False,
) -> SymbolBlock:
    """Return a block that computes what `block` does in mixed precision, with parameters of its own.

    Parameters
    ----------
    block : HybridBlock
        What to convert; it was hybridized and called before, and stays as it is.
    target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops, excluded_sym_names
        As in `convert_symbol`.
    ctx : Context or list of Context
        Where the parameters of the new block are: the first GPU unless said.
    cast_optional_params : bool
        As in `convert_model`.

    Returns
    -------
    SymbolBlock

    Raises
    ------
    AssertionError, ValueError
        As `convert_symbol` does.
    RuntimeError
        If the block was not hybridized and called, or there is no such GPU.

    Examples
    --------
    >>> net = mx.gluon.nn.Dense(2)
    >>> net.initialize()
    >>> net.hybridize()
    >>> before = net(mx.nd.ones((1, 3)))
    >>> amp_net = mx.contrib.amp.convert_hybrid_block(net, "bfloat16", ctx=mx.cpu())
    >>> bool(abs(amp_net(mx.nd.ones((1, 3))) - before).max() < 0.01)
    True
    """
    what = "amp.convert_hybrid_block"
    if not isinstance(block, HybridBlock):
        raise base.AssertionError(f"{what}: block is {type(block)}; expected a HybridBlock")
    contexts = [ctx] if isinstance(ctx, Context) else list(ctx)
    for one in contexts:
        if one.device_type == "gpu" and one.device_id >= num_gpus():
            raise base.MXNetError(f"{what}: ctx is {one}, but there are {num_gpus()} GPUs; pass ctx=mx.cpu()")
    if not block._cached_graph:
        raise base.MXNetError(
            f"{what}: {block.name!r} has no graph yet; call its hybridize() and then the block itself, once"
        )
    inputs, output = block._cached_graph
    data = [one.name for one in inputs]
    used = output.list_inputs()
    converted = convert_symbol(
        output, target_dtype, target_dtype_ops, fp32_ops, conditional_fp32_ops, excluded_sym_names,
        [name for name in data if name in used], cast_optional_params,
    )  # fmt: skip
    found = SymbolBlock(list(converted), [var(name) for name in data])
    dtypes = _dtypes(converted)
    own = {parameter.name: parameter for parameter in block.collect_params().values()}
    for name, parameter in found.collect_params().items():
        values = _cast({name: own[name]._reduce()}, dtypes)[name]
        parameter._load_init(values, contexts, cast_dtype=True, dtype_source="saved")
    return found


def _names(what: str, argument: str, names: Any) -> list[str]:
    if names is None:
        return []
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise base.AssertionError(f"{what}: {argument} is {names!r}; expected a list of names")
    return list(names)


def _dtypes(sym: Symbol) -> dict[str, Any]:
    """Return the narrow dtypes that are written at a symbol's variables."""
    arguments, states = sym._variables()
    found = {node.name: own_dtype(node) for node in (*arguments, *states)}
    return {name: dtype for name, dtype in found.items() if dtype in (torch.float16, torch.bfloat16)}


def _cast(arrays: Mapping[str, NDArray], dtypes: Mapping[str, Any]) -> dict[str, NDArray]:
    return {name: array.astype(dtypes[name], copy=False) if name in dtypes else array for name, array in arrays.items()}
