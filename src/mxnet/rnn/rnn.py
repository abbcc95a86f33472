"""Checkpoints in which the weights of recurrent cells stand gate by gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import symbol as sym
from .._checkpoint import load_checkpoint, save_checkpoint
from .._warning import warn
from ..ndarray import NDArray
from ..symbol import Symbol
from ._base import Steps
from .rnn_cell import BaseRNNCell

__all__ = ["do_rnn_checkpoint", "load_rnn_checkpoint", "rnn_unroll", "save_rnn_checkpoint"]

Cells = BaseRNNCell | Sequence[BaseRNNCell]


def rnn_unroll(
    cell: BaseRNNCell,
    length: int,
    inputs: Steps | None = None,
    begin_state: Sequence[Symbol] | None = None,
    input_prefix: str = "",
    layout: str = "NTC",
) -> tuple[Steps, list[Any]]:
    """Call ``cell.unroll``, as programs before version 0.9.5 did.

    Parameters
    ----------
    cell : BaseRNNCell
        The cell.
    length : int
        Number of steps.
    inputs : Symbol or list of Symbol, optional
        The sequence; by default variables ``<input_prefix>t0_data``, ``<input_prefix>t1_data`` and so on.
    begin_state : list of Symbol, optional
        States before the first step; zeros by default.
    input_prefix : str
        Put before the names of those variables.
    layout : str
        Axes of symbols that hold all steps.

    Returns
    -------
    outputs : list of Symbol
    states : list of Symbol
    """
    warn("rnn_unroll is deprecated. Please call cell.unroll directly.")
    if inputs is None:
        inputs = [sym.Variable(f"{input_prefix}t{i}_data") for i in range(length)]
    return cell.unroll(length, inputs, begin_state=begin_state, layout=layout)


def save_rnn_checkpoint(
    cells: Cells,
    prefix: str,
    epoch: int,
    symbol: Symbol | None,
    arg_params: dict[str, NDArray],
    aux_params: dict[str, NDArray],
) -> None:
    """Save a model as `mx.model.save_checkpoint` does, with the cells' weights taken apart.

    So a model that was trained with `FusedRNNCell` may be loaded with the cells that its `unfuse` makes.

    Parameters
    ----------
    cells : BaseRNNCell or list of BaseRNNCell
        The cells whose weights are in `arg_params`.
    prefix : str
        Beginning of the files' names: ``<prefix>-symbol.json`` and ``<prefix>-0001.params``.
    epoch : int
        Number in the name.
    symbol : Symbol, optional
        The network.
    arg_params, aux_params : dict of str to NDArray
        Weights as the network needs them, and auxiliary states.

    Examples
    --------
    >>> import tempfile
    >>> cell = mx.rnn.GRUCell(2)
    >>> outputs, _ = cell.unroll(3, mx.sym.var("data"), merge_outputs=True)
    >>> shapes = dict(zip(outputs.list_arguments(), outputs.infer_shape(data=(1, 3, 4))[0]))
    >>> weights = {name: mx.nd.ones(shape) for name, shape in shapes.items() if name != "data"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     mx.rnn.save_rnn_checkpoint(cell, f"{folder}/net", 1, outputs, weights, {})
    ...     found = mx.rnn.load_rnn_checkpoint(cell, f"{folder}/net", 1)[1]
    >>> sorted(found) == sorted(weights)
    True
    """
    for cell in _list(cells):
        arg_params = cell.unpack_weights(arg_params)
    save_checkpoint(prefix, epoch, symbol, arg_params, aux_params)


def load_rnn_checkpoint(cells: Cells, prefix: str, epoch: int) -> tuple[Symbol, dict[str, NDArray], dict[str, NDArray]]:
    """Load what `save_rnn_checkpoint` saved, and put the weights together for these cells.

    Parameters
    ----------
    cells : BaseRNNCell or list of BaseRNNCell
        The cells whose weights are in the file.
    prefix : str
        Beginning of the files' names.
    epoch : int
        Number in the name.

    Returns
    -------
    symbol : Symbol
    arg_params : dict of str to NDArray
    aux_params : dict of str to NDArray
    """
    symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
    for cell in _list(cells):
        arg_params = cell.pack_weights(arg_params)
    return symbol, arg_params, aux_params


def do_rnn_checkpoint(cells: Cells, prefix: str, period: int = 1) -> Callable[..., None]:
    """Return a callback for ``epoch_end_callback`` of `fit` that calls `save_rnn_checkpoint`.

    Parameters
    ----------
    cells : BaseRNNCell or list of BaseRNNCell
        The cells whose weights the network has.
    prefix : str
        Beginning of the files' names.
    period : int
        Save every so many epochs.

    Examples
    --------
    >>> callback = mx.rnn.do_rnn_checkpoint(mx.rnn.LSTMCell(8), "model", period=5)
    >>> callback(0)  # the first epoch has ended: nothing is saved yet
    """
    period = int(max(1, period))

    def _callback(iter_no: int, sym: Symbol | None = None, arg: Any = None, aux: Any = None) -> None:
        """Save after every `period`-th epoch."""
        if (iter_no + 1) % period == 0:
            save_rnn_checkpoint(cells, prefix, iter_no + 1, sym, arg, aux)

    return _callback


def _list(cells: Cells) -> Sequence[BaseRNNCell]:
    return [cells] if isinstance(cells, BaseRNNCell) else cells
