"""ONNX: networks out of MXNet's files and into them.

`export_model` writes a symbol and its parameters as an ONNX file. `import_model`, `import_to_gluon` and
`get_model_metadata` read ONNX files.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base

if TYPE_CHECKING:
    from ..context import Context
    from ..gluon import HybridBlock, SymbolBlock
    from ..ndarray import NDArray
    from ..symbol import Symbol

__all__ = ["export_model", "get_model_metadata", "get_operator_support", "import_model", "import_to_gluon"]

_log = logging.getLogger("mxnet.onnx")


def export_model(
    sym: Symbol | HybridBlock | str,
    params: Mapping[str, NDArray] | Sequence[Mapping[str, NDArray]] | str | None,
    in_shapes: Sequence[Sequence[int]] | None = None,
    in_types: Any = np.float32,
    onnx_file_path: str = "model.onnx",
    verbose: bool = False,
    dynamic: bool = False,
    dynamic_input_shapes: Sequence[Sequence[int | str | None]] | None = None,
    run_shape_inference: bool = False,
    input_type: Any = None,
    input_shape: Sequence[Sequence[int]] | None = None,
    *,
    opset: int | None = None,
) -> str:
    """Write a network as an ONNX file, as it computes in prediction.

    Parameters keep their names. Nodes and outputs have the names that the symbol gives them. Labels of loss layers are
    left away, and so is what only training does.

    Parameters
    ----------
    sym : Symbol, HybridBlock or str
        The network, or the path of its ``-symbol.json`` file. A block has been hybridized and has run.
    params : dict, list of two dicts, or str
        Parameters and auxiliary states by name, with or without ``arg:`` and ``aux:``; or arg_params and aux_params; or
        the path of a ``.params`` file. None for a block, which has its own.
    in_shapes : list of tuple of int
        A shape for each input (a variable that is neither parameter nor label), in the order of ``sym.list_inputs()``.
        None takes the shapes that the variables were given.
    in_types : dtype or list of dtypes
        The inputs' dtype, for all of them or for each.
    onnx_file_path : str
        Where to write. A model of more than 2 GB gets a second file beside, ``onnx_file_path + ".data"``.
    verbose : bool
        Log what is done.
    dynamic : bool
        Lengths of the inputs' axes may change from call to call: all of them, or those that `dynamic_input_shapes`
        says. `in_shapes` is then an example.
    dynamic_input_shapes : list of tuple of int, str or None
        For each input, the lengths of its axes: None, or a name, for one that may change. Axes of one name have one
        length.
    run_shape_inference : bool
        Let ONNX infer the shapes inside of the graph too, and check them.
    input_type, input_shape
        Older names of `in_types` and `in_shapes`.
    opset : int
        The version of ONNX's operators, 17 to 28; 21, the newest that ONNX Runtime has completely, unless said.

    Returns
    -------
    str : `onnx_file_path`

    Raises
    ------
    MXNetError
        The package onnx is missing; or operators have no equivalent in ONNX (the message lists all such nodes); or
        parameters and inputs do not fit the graph.

    References
    ----------
    ONNX, https://onnx.ai/onnx/operators

    Examples
    --------
    >>> import os, tempfile
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    >>> params = {"fc_weight": mx.nd.ones((2, 3)), "fc_bias": mx.nd.zeros((2,))}
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> mx.onnx.export_model(net, params, [(1, 3)], onnx_file_path=path) == path
    True
    """
    from ._draft import save
    from ._loading import onnx_package
    from ._model import draft_of

    onnx_package()
    if not isinstance(onnx_file_path, (str, os.PathLike)):
        raise base.TypeError(f"export_model: onnx_file_path is {onnx_file_path!r}; expected a path")
    in_types = in_types if input_type is None else input_type
    in_shapes = in_shapes if input_shape is None else input_shape
    draft = draft_of(sym, params, in_shapes, in_types, dynamic, dynamic_input_shapes, opset)
    if run_shape_inference:
        draft.infer()
    path = os.fspath(onnx_file_path)
    files = save(draft, path)
    if len(files) > 1:
        _log.warning("%s: more parameters than fit into an ONNX file (2 GB); %s holds them and has to stay beside it",
                     path, files[1])  # fmt: skip
    if verbose:
        model = draft.model
        opsets = ", ".join(str(item.version) for item in model.opset_import)
        kinds = sorted({node.op_type for node in model.graph.node})
        _log.warning("%d nodes of opset %s: %s", len(model.graph.node), opsets, ", ".join(kinds))
        _log.warning("Exported ONNX file %s", path)
    return path


def get_operator_support(opset_version: int | None = None) -> list[str]:
    """Return the names of MXNet's operators that `export_model` can write.

    Parameters
    ----------
    opset_version : int
        Version of ONNX's operators, 17 to 28; 21 unless said.

    Returns
    -------
    list of str

    Examples
    --------
    >>> "Convolution" in mx.onnx.get_operator_support()
    True
    """
    from ._export import checked_opset
    from ._translating import translations

    number = checked_opset(opset_version)
    found = {name for name, translation in translations().items() if translation.since <= number}
    return sorted(found | {"_arange", "_eye", "_linspace"})  # these become constants


def import_model(model_file: str) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """Read an ONNX file as a symbol and its parameters.

    Parameters
    ----------
    model_file : str
        Path of the file.

    Returns
    -------
    sym : Symbol
    arg_params, aux_params : dict from name to NDArray

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> net = mx.sym.relu(mx.sym.var("data"), name="act")
    >>> symbol, arguments, states = mx.onnx.import_model(mx.onnx.export_model(net, {}, [(2,)], onnx_file_path=path))
    >>> symbol.list_arguments()
    ['data']
    """
    from ._importing import import_model as read

    return read(model_file)


def import_to_gluon(model_file: str, ctx: Context | list[Context]) -> SymbolBlock:
    """Read an ONNX file as a block.

    Parameters
    ----------
    model_file : str
        Path of the file.
    ctx : Context or list of Context
        Where the parameters shall be.

    Returns
    -------
    SymbolBlock

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> net = mx.sym.relu(mx.sym.var("data"), name="act")
    >>> block = mx.onnx.import_to_gluon(mx.onnx.export_model(net, {}, [(2,)], onnx_file_path=path), mx.cpu())
    >>> block(mx.nd.array([-1, 1])).asnumpy().tolist()
    [0.0, 1.0]
    """
    from ._importing import import_to_gluon as read

    return read(model_file, ctx)


def get_model_metadata(model_file: str) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
    """Return names and shapes of the inputs and outputs of an ONNX file.

    Parameters
    ----------
    model_file : str
        Path of the file.

    Returns
    -------
    dict with the lists ``input_tensor_data`` and ``output_tensor_data`` of (name, shape)

    Examples
    --------
    >>> import os, tempfile
    >>> path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    >>> net = mx.sym.relu(mx.sym.var("data"), name="act")
    >>> mx.onnx.get_model_metadata(mx.onnx.export_model(net, {}, [(2,)], onnx_file_path=path))
    {'input_tensor_data': [('data', (2,))], 'output_tensor_data': [('act_output', (2,))]}
    """
    from ._importing import get_model_metadata as read

    return read(model_file)


from . import mx2onnx as mx2onnx  # at the end: it takes its names from here
