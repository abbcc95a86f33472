"""Networks in safetensors files: parameters under MXNet's names, with their kinds and the symbol beside them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from .. import base
from .._runtime import safetensors
from ..context import Context
from ..gluon import Block
from ..ndarray import NDArray
from ..symbol import Symbol, load_json

__all__ = ["load_safetensors", "save_safetensors"]

Params = dict[str, NDArray]

#: Keys of the metadata: the symbol's JSON, and for each auxiliary state ``kind:NAME`` with the value ``aux``.
_SYMBOL, _KIND, _FORMAT = "mxnet_symbol", "kind:", "format"


def save_safetensors(
    path: str | os.PathLike[str],
    arg_params: Mapping[str, Any] | Block,
    aux_params: Mapping[str, Any] | None = None,
    symbol: Symbol | None = None,
) -> None:
    """Write the parameters of a network to a safetensors file.

    Tensors keep MXNet's names. The metadata tells which of them are auxiliary states, as ``kind:NAME`` = ``aux``, and
    holds the symbol's JSON as ``mxnet_symbol`` if there is a symbol. The file appears complete or not at all.

    Parameters
    ----------
    path : str
        Where to write.
    arg_params : dict of str to NDArray, or Block
        Parameters by name; names that begin with ``arg:`` or ``aux:``, as in a checkpoint, say their kind. Of a Gluon
        block its parameters, under the names of `Block.save_parameters`.
    aux_params : dict of str to NDArray, optional
        Auxiliary states by name.
    symbol : Symbol, optional
        The network.

    Raises
    ------
    MXNetError
        If an array is sparse, a block is not initialized, or the file cannot be written.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.safetensors")
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    >>> mx.save_safetensors(path, {"fc_bias": mx.nd.ones((2,))}, symbol=net)
    >>> symbol, arg_params, aux_params = mx.load_safetensors(path)
    >>> symbol.name, arg_params["fc_bias"].asnumpy().tolist(), aux_params
    ('fc', [1.0, 1.0], {})
    """
    arrays: dict[str, Any] = {}
    states: set[str] = set()
    if isinstance(arg_params, Block):
        if aux_params is not None:
            raise base.ValueError("save_safetensors: aux_params came with a block, which has its own")
        for name, parameter in arg_params._collect_params_with_prefix().items():
            arrays[name] = parameter.data() if len(parameter.list_ctx()) == 1 else parameter.list_data()[0]
            if not parameter._differentiable:
                states.add(name)
    else:
        for kind, params in (("arg", arg_params), ("aux", aux_params or {})):
            for key, array in params.items():
                prefix, colon, rest = key.partition(":")
                name, found = (rest, prefix) if colon and prefix in ("arg", "aux") else (key, kind)
                if name in arrays:
                    raise base.ValueError(f"save_safetensors: two arrays are called {name!r}")
                arrays[name] = array
                if found == "aux":
                    states.add(name)
    tensors: dict[str, Any] = {}
    for name, array in arrays.items():
        if not isinstance(array, NDArray):
            raise base.TypeError(f"save_safetensors: {name!r} is a {type(array).__name__}, expected an NDArray")
        if array.is_sparse:
            raise base.MXNetError(
                f"save_safetensors: {name!r} is {array.stype}, and the format holds dense arrays only; make it dense "
                "with tostype('default')"
            )
        tensors[name] = array._data
    metadata = {_FORMAT: "mxnet", **{f"{_KIND}{name}": "aux" for name in sorted(states)}}
    if symbol is not None:
        metadata[_SYMBOL] = symbol.tojson()
    try:
        safetensors.save(path, tensors, metadata)
    except OSError as error:
        raise base.MXNetError(f"save_safetensors: cannot write {os.fspath(path)!r}: {error.strerror}") from None


def load_safetensors(path: str | os.PathLike[str], ctx: Context | None = None) -> tuple[Symbol | None, Params, Params]:
    """Read a safetensors file: of `save_safetensors`, or of anybody else.

    On the CPU, the file is mapped into memory: an array's values are read when they are first used. Writing to an array
    does not change the file. As long as an array of it lives, the file must not be cut off; it may be replaced.

    Parameters
    ----------
    path : str
        The file.
    ctx : Context, optional
        Where to put the arrays; the CPU unless given.

    Returns
    -------
    symbol : Symbol or None
        The network, None if the file holds none.
    arg_params, aux_params : dict of str to NDArray
        Parameters and auxiliary states by name. Where the file tells no kinds, everything is in `arg_params`, but for
        names with ``aux:``, and for what the symbol calls auxiliary.

    Raises
    ------
    MXNetError
        If the file is missing or damaged.

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.safetensors")
    >>> mx.save_safetensors(path, {"w": mx.nd.ones((2,))}, {"mean": mx.nd.zeros((1,))})
    >>> symbol, arg_params, aux_params = mx.load_safetensors(path)
    >>> symbol, list(arg_params), list(aux_params)
    (None, ['w'], ['mean'])
    """
    try:
        tensors, metadata = safetensors.load(path)
    except OSError as error:
        raise base.MXNetError(f"load_safetensors: cannot read {os.fspath(path)!r}: {error.strerror}") from None
    symbol = load_json(metadata[_SYMBOL]) if _SYMBOL in metadata else None
    states = set(symbol.list_auxiliary_states()) if symbol is not None else set()
    arg_params: Params = {}
    aux_params: Params = {}
    for key, tensor in tensors.items():
        array = NDArray(tensor)
        prefix, colon, rest = key.partition(":")
        name, kind = (rest, prefix) if colon and prefix in ("arg", "aux") else (key, "arg")
        if metadata.get(f"{_KIND}{key}") == "aux" or name in states:
            kind = "aux"
        (aux_params if kind == "aux" else arg_params)[name] = array if ctx is None else array.as_in_context(ctx)
    return symbol, arg_params, aux_params
