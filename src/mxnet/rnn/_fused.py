"""All layers as one operator, and the one vector that holds their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import base, initializer, ndarray, symbol
from .._warning import warn
from ..symbol import Symbol
from ._base import BaseRNNCell, RNNParams, Steps, Weights, _normalize_sequence
from ._cells import DropoutCell, GRUCell, LSTMCell, RNNCell
from ._stacks import BidirectionalCell, SequentialRNNCell

#: Gates of the cells of each mode, in the order of `mx.sym.RNN`.
GATES = {"rnn_relu": [""], "rnn_tanh": [""], "lstm": ["_i", "_f", "_c", "_o"], "gru": ["_r", "_z", "_o"]}


class FusedRNNCell(BaseRNNCell):
    """Recurrent layers as one operator, `mx.sym.RNN`: the fast way, and nothing between the layers can be changed.

    Parameters
    ----------
    num_hidden : int
        Length of the output of each layer and direction.
    num_layers : int
        Number of layers.
    mode : {'lstm', 'gru', 'rnn_relu', 'rnn_tanh'}
        Kind of the cells.
    bidirectional : bool
        Run through the sequences in both directions; the outputs are twice as long.
    dropout : float from 0 to 1
        Dropout between the layers.
    get_next_state : bool
        Also return the states after the last step; else `unroll` returns no states.
    forget_bias : float
        What `mx.init.FusedRNN` puts into the biases of the forget gates at the start.
    prefix : str, optional
        Put before all names; the mode and ``_`` by default.
    params : RNNParams, optional
        Weights to share: one vector, ``<prefix>parameters``.

    Raises
    ------
    ValueError
        If there is no such mode.

    Examples
    --------
    >>> cell = mx.rnn.FusedRNNCell(100, num_layers=2, mode="gru", bidirectional=True)
    >>> outputs, _ = cell.unroll(7, mx.sym.var("data"), layout="TNC")
    >>> outputs.infer_shape(data=(7, 32, 10))[1]
    [(7, 32, 200)]
    """

    def __init__(
        self,
        num_hidden: int,
        num_layers: int = 1,
        mode: str = "lstm",
        bidirectional: bool = False,
        dropout: float = 0.0,
        get_next_state: bool = False,
        forget_bias: float = 1.0,
        prefix: str | None = None,
        params: RNNParams | None = None,
    ) -> None:
        if mode not in GATES:
            raise base.ValueError(f"FusedRNNCell: mode is {mode!r}; expected one of {', '.join(map(repr, GATES))}")
        super().__init__(prefix=f"{mode}_" if prefix is None else prefix, params=params)
        self._num_hidden = num_hidden
        self._num_layers = num_layers
        self._mode: Any = mode
        self._bidirectional = bidirectional
        self._dropout = dropout
        self._get_next_state = get_next_state
        self._forget_bias = forget_bias
        self._directions = ["l", "r"] if bidirectional else ["l"]
        start = initializer.FusedRNN(None, num_hidden, num_layers, mode, bidirectional, forget_bias)
        self._parameter = self.params.get("parameters", init=start)

    @property
    def state_info(self) -> list[Any]:
        """One state, or two with mode 'lstm', of all layers and directions: (layers * directions, N, num_hidden)."""
        shape = (len(self._directions) * self._num_layers, 0, self._num_hidden)
        return [{"shape": shape, "__layout__": "LNC"} for _ in range(1 + (self._mode == "lstm"))]

    @property
    def _gate_names(self) -> Sequence[str]:
        return GATES[self._mode]

    @property
    def _num_gates(self) -> int:
        return len(self._gate_names)

    def _slice_weights(self, arr: Any, li: int, lh: int) -> dict[str, Any]:
        """Return views of the vector `arr` by name; `li` is the length of an input of the first layer, `lh` of h."""
        slices: dict[str, Any] = {}
        position = 0

        def cut(name: str, *shape: int) -> None:
            nonlocal position
            size = shape[0] * (shape[1] if len(shape) == 2 else 1)
            slices[self._prefix + name] = arr[position : position + size].reshape(shape)
            position += size

        blocks = [(f"{d}{layer}_", layer) for layer in range(self._num_layers) for d in self._directions]
        for block, layer in blocks:
            for gate in self._gate_names:
                cut(f"{block}i2h{gate}_weight", lh, len(self._directions) * lh if layer else li)
            for gate in self._gate_names:
                cut(f"{block}h2h{gate}_weight", lh, lh)
        for block, _ in blocks:
            for part in ("i2h", "h2h"):
                for gate in self._gate_names:
                    cut(f"{block}{part}{gate}_bias", lh)
        return slices

    def _size(self, inputs: int) -> int:
        """Return the number of weights for inputs of this length."""
        h, directions = self._num_hidden, len(self._directions)
        return self._num_gates * h * directions * (inputs + h + 2 + (self._num_layers - 1) * (h + directions * h + 2))

    def unpack_weights(self, args: Weights) -> Weights:
        """Take the vector of all weights apart, into copies named as in the cells that `unfuse` makes.

        Raises
        ------
        KeyError, ValueError
            If the vector is not there, or no length of the input goes with its length.

        Examples
        --------
        >>> cell = mx.rnn.FusedRNNCell(2, mode="gru")
        >>> list(cell.unpack_weights({"gru_parameters": mx.nd.ones((42,))}))[:2]
        ['gru_l0_i2h_r_weight', 'gru_l0_i2h_z_weight']
        """
        args = args.copy()
        name = str(self._parameter.name)
        if name not in args:
            raise KeyError(f"FusedRNNCell.unpack_weights: no array {name!r}; there are: {', '.join(list(args)[:10])}")
        vector = args.pop(name)
        least = self._size(0)
        inputs, rest = divmod(vector.size - least, self._size(1) - least)
        if rest or inputs < 1:
            raise base.ValueError(
                f"FusedRNNCell.unpack_weights: {name!r} has {vector.size} elements; expected {least} and a multiple of "
                f"{self._size(1) - least}, for each element of an input"
            )
        views = self._slice_weights(vector, inputs, self._num_hidden)
        args.update({key: view.copy() for key, view in views.items()})
        return args

    def pack_weights(self, args: Weights) -> Weights:
        """Put the weights of all gates, layers and directions into one vector: the inverse of `unpack_weights`."""
        args = args.copy()
        first = f"{self._prefix}l0_i2h{self._gate_names[0]}_weight"
        if first not in args:
            raise KeyError(f"FusedRNNCell.pack_weights: no array {first!r}; there are: {', '.join(list(args)[:10])}")
        inputs = args[first].shape[1]
        vector = ndarray.zeros((self._size(inputs),), ctx=args[first].context, dtype=args[first].dtype)
        for name, view in self._slice_weights(vector, inputs, self._num_hidden).items():
            view[:] = self._taken(args, "pack_weights", name.removeprefix(self._prefix))
        args[str(self._parameter.name)] = vector
        return args

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Raise NotImplementedError: the operator runs over whole sequences."""
        raise NotImplementedError(
            "FusedRNNCell runs over whole sequences, not one step; call unroll, or unfuse() for cells that step"
        )

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Symbol] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs for all steps, as one symbol by default, and the last states if they were asked for.

        See `BaseRNNCell.unroll`. The layout TNC saves two copies.
        """
        self.reset()
        steps, axis = _normalize_sequence(length, inputs, layout, True)
        if axis not in (0, 1):
            raise AssertionError(f"FusedRNNCell.unroll: layout {layout!r} is not supported; expected 'TNC' or 'NTC'")
        if axis == 1:
            warn("NTC layout detected. Consider using TNC for FusedRNNCell for faster speed")
            steps = symbol.swapaxes(steps, dim1=0, dim2=1)
        states = self.begin_state() if begin_state is None else begin_state
        self._check_states(states)
        rnn = symbol.RNN(
            steps,
            self._parameter,
            *[states[i] for i in range(len(self.state_info))],
            state_size=self._num_hidden,
            num_layers=self._num_layers,
            bidirectional=self._bidirectional,
            p=self._dropout,
            state_outputs=self._get_next_state,
            mode=self._mode,
            name=f"{self._prefix}rnn",
        )
        outputs, last = rnn[0], [rnn[i] for i in range(1, len(rnn))]
        if last:
            rnn._set_attr(__layout__="LNC")
        if axis == 1:
            outputs = symbol.swapaxes(outputs, dim1=0, dim2=1)
        return _normalize_sequence(length, outputs, layout, merge_outputs)[0], last

    def unfuse(self) -> SequentialRNNCell:
        """Return a stack of single cells that compute the same, for weights that went through `unpack_weights`.

        Returns
        -------
        SequentialRNNCell
            Of cells with the prefixes ``l0_``, ``r0_``, ``l1_`` and so on after this cell's own.

        Examples
        --------
        >>> fused = mx.rnn.FusedRNNCell(5, num_layers=2, prefix="f_")
        >>> fused.unfuse().unroll(3, mx.sym.var("data"))[0][0].list_arguments()[:3]
        ['data', 'f_l0_i2h_weight', 'f_l0_i2h_bias']
        """
        stack = SequentialRNNCell()
        for layer in range(self._num_layers):
            cell = self._cell(f"{self._prefix}l{layer}_")
            if self._bidirectional:
                backwards = self._cell(f"{self._prefix}r{layer}_")
                cell = BidirectionalCell(cell, backwards, output_prefix=f"{self._prefix}bi_l{layer}_")
            stack.add(cell)
            if self._dropout > 0 and layer + 1 < self._num_layers:
                stack.add(DropoutCell(self._dropout, prefix=f"{self._prefix}_dropout{layer}_"))
        return stack

    def _cell(self, prefix: str) -> BaseRNNCell:
        make: dict[str, Callable[[], BaseRNNCell]] = {
            "rnn_relu": lambda: RNNCell(self._num_hidden, activation="relu", prefix=prefix),
            "rnn_tanh": lambda: RNNCell(self._num_hidden, activation="tanh", prefix=prefix),
            "lstm": lambda: LSTMCell(self._num_hidden, prefix=prefix, forget_bias=self._forget_bias),
            "gru": lambda: GRUCell(self._num_hidden, prefix=prefix),
        }
        return make[self._mode]()
