"""The object that MXNet 1.9.1 reads ONNX graphs with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....onnx._importing import get_model_metadata, import_model, import_to_gluon
from ....onnx._loading import onnx_package

if TYPE_CHECKING:
    from ....context import Context
    from ....gluon import SymbolBlock
    from ....ndarray import NDArray
    from ....symbol import Symbol

__all__ = ["GraphProto"]


class GraphProto:
    """Reads graphs that are already in memory.

    Examples
    --------
    >>> import os, tempfile
    >>> import onnx
    >>> from mxnet.contrib.onnx.onnx2mx.import_onnx import GraphProto
    >>> net = mx.sym.relu(mx.sym.var("data"), name="act")
    >>> path = mx.onnx.export_model(net, {}, [(2,)], onnx_file_path=os.path.join(tempfile.mkdtemp(), "net.onnx"))
    >>> model = onnx.load(path)
    >>> symbol, arguments, states = GraphProto().from_onnx(model.graph, opset_version=model.opset_import[0].version)
    >>> symbol.list_arguments()
    ['data']
    """

    def __init__(self) -> None:
        self.arg_dict: dict[str, NDArray] = {}
        self.aux_dict: dict[str, NDArray] = {}
        self.model_metadata: dict[str, Any] = {}
        self.opset_version = 0

    def from_onnx(self, graph: Any, opset_version: int) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
        """Return the symbol, parameters and auxiliary states of an ``onnx.GraphProto``.

        Parameters
        ----------
        graph : onnx.GraphProto
        opset_version : int
            Version of ONNX's operators that it is written in.
        """
        symbol, self.arg_dict, self.aux_dict = import_model(_model(graph, opset_version))
        self.opset_version = opset_version
        return symbol, self.arg_dict, self.aux_dict

    def get_graph_metadata(self, graph: Any) -> dict[str, list[tuple[str, tuple[int, ...]]]]:
        """Return names and shapes of the inputs and outputs of an ``onnx.GraphProto``."""
        self.model_metadata = get_model_metadata(_model(graph, None))
        return self.model_metadata

    def graph_to_gluon(self, graph: Any, ctx: Context, opset_version: int) -> SymbolBlock:
        """Return an ``onnx.GraphProto`` as a block with its parameters on a device."""
        return import_to_gluon(_model(graph, opset_version), ctx)


def _model(graph: Any, opset_version: int | None) -> Any:
    """Return the model of a graph alone."""
    onnx = onnx_package()
    number = onnx.defs.onnx_opset_version() if opset_version is None else opset_version
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", number)])
