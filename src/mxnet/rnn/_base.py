"""What all recurrent cells share: parameters by name, states, and running over the steps of a sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import base, ndarray, symbol
from ..ndarray import NDArray
from ..symbol import Symbol

#: What `unroll` takes and returns: a symbol of all steps, or one symbol for each.
Steps = Symbol | Sequence[Symbol]
#: Weights by name.
Weights = dict[str, NDArray]


class RNNParams:
    """The variables of cells, by name; cells that are given the same object share their weights.

    Parameters
    ----------
    prefix : str
        Put before every name.

    Examples
    --------
    >>> shared = mx.rnn.RNNParams("shared_")
    >>> shared.get("weight").name, shared.get("weight") is shared.get("weight")
    ('shared_weight', True)
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._params: dict[str, Symbol] = {}

    def get(self, name: str, **kwargs: Any) -> Symbol:
        """Return the variable called prefix + `name`, and make it if there is none.

        Parameters
        ----------
        name : str
            Name without the prefix.
        **kwargs
            What `mx.sym.Variable` takes, for a new variable.
        """
        name = self._prefix + name
        if name not in self._params:
            self._params[name] = symbol.Variable(name, **kwargs)
        return self._params[name]


class BaseRNNCell:
    """A recurrent cell: symbols for one step, and for a whole sequence.

    A cell of your own overrides `__call__` and `state_info`, adds one to `self._counter` at each call, and makes its
    weights with ``self.params.get``.

    Parameters
    ----------
    prefix : str
        Put before the names of weights, states and outputs.
    params : RNNParams, optional
        Where the weights come from; its own prefix counts for them then. New ones by default.

    Examples
    --------
    >>> class Sum(mx.rnn.BaseRNNCell):
    ...     @property
    ...     def state_info(self):
    ...         return [{"shape": (0, 3), "__layout__": "NC"}]
    ...     def __call__(self, inputs, states):
    ...         self._counter += 1
    ...         total = mx.sym.elemwise_add(inputs, states[0], name=f"{self._prefix}t{self._counter}")
    ...         return total, [total]
    >>> outputs, states = Sum("sum_").unroll(3, mx.sym.var("data"), merge_outputs=True)
    >>> outputs.eval(data=mx.nd.ones((1, 3, 3)))[0].asnumpy().tolist()
    [[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0], [3.0, 3.0, 3.0]]]
    """

    _counter: int
    _init_counter: int
    _num_hidden: int

    def __init__(self, prefix: str = "", params: RNNParams | None = None) -> None:
        self._own_params = params is None
        self._prefix = prefix
        self._params = RNNParams(prefix) if params is None else params
        self._modified = False
        self.reset()

    def reset(self) -> None:
        """Start counting steps and states anew, here and in the cells that this one is made of."""
        self._init_counter = -1
        self._counter = -1
        for cell in getattr(self, "_cells", ()):
            cell.reset()

    def __call__(self, inputs: Symbol, states: Sequence[Symbol]) -> tuple[Symbol, list[Any]]:
        """Return the output and the states after one step.

        Parameters
        ----------
        inputs : Symbol of shape (N, C)
            What comes in at this step.
        states : list of Symbol
            The states before it: those of `begin_state` or of the step before.

        Returns
        -------
        output : Symbol
        states : list of Symbol
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what one step is; override __call__")

    @property
    def params(self) -> RNNParams:
        """The weights' variables, which may be given to another cell to share them."""
        self._own_params = False
        return self._params

    @property
    def state_info(self) -> list[Any]:
        """Shape (0 where the batch is) and layout of each state, as a list of dict."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its states are; override state_info")

    @property
    def state_shape(self) -> list[tuple[int, ...]]:
        """Shape of each state, with 0 where the batch is."""
        return [info["shape"] for info in self.state_info]

    @property
    def _gate_names(self) -> Sequence[str]:
        """Endings of the names of the gates' weights, in the order in which they are stacked."""
        return ()

    def begin_state(self, func: Callable[..., Symbol] = symbol.zeros, **kwargs: Any) -> list[Symbol]:
        """Return new symbols for the states before the first step.

        Parameters
        ----------
        func : function
            What makes them: `mx.sym.zeros`, `mx.sym.uniform` and the like, or `mx.sym.Variable` for states that are
            inputs. It is called with ``name=``, and with ``shape=`` and ``__layout__=`` of `state_info`.
        **kwargs
            Passed on to `func`, such as ``dtype``.

        Returns
        -------
        list of Symbol
            Their batch axis is 0: not known until the graph is bound.

        Raises
        ------
        AssertionError
            If the cell was given to a modifier cell, whose states are to be used then.

        Examples
        --------
        >>> cell = mx.rnn.LSTMCell(5, prefix="l_")
        >>> [state.name for state in cell.begin_state(mx.sym.Variable)]
        ['l_begin_state_0', 'l_begin_state_1']
        """
        self._check_unmodified()
        states: list[Symbol] = []
        for info in self.state_info:
            self._init_counter += 1
            name = f"{self._prefix}begin_state_{self._init_counter}"
            states.append(func(name=name, **{**kwargs, **(info or {})}))
        return states

    def _check_unmodified(self) -> None:
        if self._modified:
            raise AssertionError(
                f"{type(self).__name__}: this cell was given to a modifier cell (such as ZoneoutCell); call the "
                "modifier cell instead"
            )

    def _check_states(self, states: Sequence[Symbol]) -> None:
        expected = len(self.state_info)
        if len(states) < expected:
            raise base.IndexError(
                f"{type(self).__name__}: {len(states)} states came; expected {expected}, as begin_state() returns them"
            )

    def unpack_weights(self, args: Weights) -> Weights:
        """Take stacked weights apart: one array for each gate.

        Parameters
        ----------
        args : dict of str to NDArray
            Stacked weights by name, such as ``lstm_i2h_weight``; others are passed through.

        Returns
        -------
        dict of str to NDArray
            With the arrays of the gates, such as ``lstm_i2h_f_weight``, in place of the stacked ones: copies.

        Raises
        ------
        KeyError, ValueError
            If a weight is not there, or has not as many rows as the cell's gates.

        Examples
        --------
        >>> cell = mx.rnn.LSTMCell(2)
        >>> weights = {f"lstm_{part}_weight": mx.nd.ones((8, 3)) for part in ("i2h", "h2h")}
        >>> weights.update({f"lstm_{part}_bias": mx.nd.zeros((8,)) for part in ("i2h", "h2h")})
        >>> cell.unpack_weights(weights)["lstm_i2h_f_weight"].shape
        (2, 3)
        """
        args = args.copy()
        if not self._gate_names:
            return args
        rows = self._num_hidden
        for part in ("i2h", "h2h"):
            weight = self._taken(args, "unpack_weights", f"{part}_weight")
            bias = self._taken(args, "unpack_weights", f"{part}_bias")
            expected = rows * len(self._gate_names)
            for name, array in ((f"{part}_weight", weight), (f"{part}_bias", bias)):
                if array.shape[0] != expected:
                    raise base.ValueError(
                        f"unpack_weights: {self._prefix}{name} has shape {array.shape}; expected {expected} rows: "
                        f"{len(self._gate_names)} gates of {rows}"
                    )
            for i, gate in enumerate(self._gate_names):
                args[f"{self._prefix}{part}{gate}_weight"] = weight[i * rows : (i + 1) * rows].copy()
                args[f"{self._prefix}{part}{gate}_bias"] = bias[i * rows : (i + 1) * rows].copy()
        return args

    def pack_weights(self, args: Weights) -> Weights:
        """Stack the arrays of the gates: the inverse of `unpack_weights`.

        Parameters
        ----------
        args : dict of str to NDArray
            What `unpack_weights` returned.

        Returns
        -------
        dict of str to NDArray
            Weights as the cell's symbols need them.

        Raises
        ------
        KeyError
            If the array of a gate is not there.
        """
        args = args.copy()
        if not self._gate_names:
            return args
        for part in ("i2h", "h2h"):
            for kind in ("weight", "bias"):
                gates = [self._taken(args, "pack_weights", f"{part}{gate}_{kind}") for gate in self._gate_names]
                args[f"{self._prefix}{part}_{kind}"] = ndarray.concatenate(gates)
        return args

    def _taken(self, args: Weights, method: str, name: str) -> NDArray:
        """Return and remove one of the weights."""
        name = self._prefix + name
        if name not in args:
            known = ", ".join(list(args)[:10]) or "nothing"
            raise KeyError(f"{type(self).__name__}.{method}: no array {name!r}; there are: {known}")
        return args.pop(name)

    def unroll(
        self,
        length: int,
        inputs: Steps,
        begin_state: Sequence[Symbol] | None = None,
        layout: str = "NTC",
        merge_outputs: bool | None = None,
    ) -> tuple[Steps, list[Any]]:
        """Return the outputs of all steps of a sequence, and the states after the last.

        Parameters
        ----------
        length : int
            Number of steps T.
        inputs : Symbol of shape (N, T, C) or (T, N, C), or list of T Symbol of shape (N, C)
            The sequence.
        begin_state : list of Symbol, optional
            States before the first step; zeros by default.
        layout : str
            Axes of symbols that hold all steps: 'NTC' or 'TNC'.
        merge_outputs : bool, optional
            True for one symbol of all outputs, False for a list of one symbol a step; by default what the cell makes.

        Returns
        -------
        outputs : Symbol or list of Symbol
        states : list of Symbol

        Raises
        ------
        AssertionError
            If `inputs` is None, a symbol with several outputs, or a list of another length.
        MXNetError
            If the layout has no axis T.

        Examples
        --------
        >>> outputs, states = mx.rnn.RNNCell(4, prefix="r_").unroll(3, mx.sym.var("data"))
        >>> [output.name for output in outputs]
        ['r_t0_out', 'r_t1_out', 'r_t2_out']
        """
        self.reset()
        steps, _ = _normalize_sequence(length, inputs, layout, False)
        states: Any = self.begin_state() if begin_state is None else begin_state
        outputs: list[Symbol] = []
        for i in range(length):
            output, states = self(steps[i], states)
            outputs.append(output)
        merged, _ = _normalize_sequence(length, outputs, layout, merge_outputs)
        return merged, states

    def _get_activation(self, inputs: Symbol, activation: str | Callable[..., Symbol], **kwargs: Any) -> Symbol:
        """Apply an activation that is given as ``act_type`` of `mx.sym.Activation` or as a function."""
        if isinstance(activation, str):
            return symbol.Activation(inputs, act_type=activation, **kwargs)  # type: ignore[arg-type]
        return activation(inputs, **kwargs)


def time_axis(layout: str) -> int:
    """Return where the steps are in a layout such as NTC."""
    axis = layout.find("T")
    if axis < 0:
        raise base.ValueError(f"unroll: layout {layout!r} has no axis T; expected one such as 'NTC' or 'TNC'")
    return axis


def split(steps: Symbol, length: Any, axis: int, operator: Callable[..., Symbol] = symbol.split) -> list[Symbol]:
    """Return a symbol for each step; `operator` only makes a difference to the name."""
    return list(operator(steps, axis=axis, num_outputs=length, squeeze_axis=1))


def _normalize_sequence(
    length: int | None, inputs: Any, layout: str, merge: bool | None, in_layout: str | None = None
) -> tuple[Any, int]:
    """Return the steps as one symbol (`merge` True), as a list (False), or as they come (None); and the axis T."""
    if inputs is None:
        raise AssertionError(
            f"unroll: inputs is None; expected a symbol, or a list of {length} symbols: make the variables first"
        )
    if isinstance(inputs, Symbol):
        axis = time_axis(layout)
        in_axis = axis if in_layout is None else time_axis(in_layout)
        if merge is False:
            if len(inputs) != 1:
                raise AssertionError(
                    f"unroll: inputs is a symbol with {len(inputs)} outputs; pass list(inputs), or one symbol of all "
                    "steps, which unroll splits"
                )
            return split(inputs, length, in_axis), axis
    else:
        if not isinstance(inputs, Sequence) or isinstance(inputs, str):
            raise base.TypeError(f"unroll: inputs is a {type(inputs).__name__}; expected a symbol or a list of symbols")
        if length is not None and len(inputs) != length:
            raise AssertionError(f"unroll: {len(inputs)} inputs for {length} steps; expected one for each")
        if merge is not True:
            return inputs, layout.find("T")
        axis = in_axis = time_axis(layout)
        inputs = symbol.Concat(*[symbol.expand_dims(step, axis=axis) for step in inputs], dim=axis)
    if axis != in_axis:
        inputs = symbol.swapaxes(inputs, dim1=axis, dim2=in_axis)
    return inputs, axis


def _cells_state_shape(cells: Sequence[BaseRNNCell]) -> list[Any]:
    return [shape for cell in cells for shape in cell.state_shape]


def _cells_state_info(cells: Sequence[BaseRNNCell]) -> list[Any]:
    return [info for cell in cells for info in cell.state_info]


def _cells_begin_state(cells: Sequence[BaseRNNCell], **kwargs: Any) -> list[Symbol]:
    return [state for cell in cells for state in cell.begin_state(**kwargs)]


def _cells_unpack_weights(cells: Sequence[BaseRNNCell], args: Weights) -> Weights:
    for cell in cells:
        args = cell.unpack_weights(args)
    return args


def _cells_pack_weights(cells: Sequence[BaseRNNCell], args: Weights) -> Weights:
    for cell in cells:
        args = cell.pack_weights(args)
    return args
