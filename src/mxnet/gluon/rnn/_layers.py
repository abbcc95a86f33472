"""The recurrent layers by the kind of their cells."""

from __future__ import annotations

from typing import Any

from ... import base
from ._layer import _RNNLayer


class RNN(_RNNLayer):
    """Simple recurrent layers on top of each other: ``h = f(W x + b + R h' + d)`` in each, h' the output before.

    Parameters
    ----------
    hidden_size : int
        Length H of the outputs h of each layer and direction, which are the states.
    num_layers : int
        Number of layers L.
    activation : {'relu', 'tanh'}
        f.
    layout : {'TNC', 'NTC'}
        Axes of the input and of the output; 'TNC' saves two copies.
    dropout : float from 0 to 1
        While training, the probability with which an output of a layer but the last becomes 0.
    bidirectional : bool
        Also run through the sequences from the end; the outputs of both directions (D = 2) stand side by side.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R of each layer start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start.
    input_size : int
        Length of the input's axis C; 0 if the first input is to tell.
    dtype : str or numpy type
        Dtype of parameters and states.
    **kwargs
        ``prefix``, ``params``, and ``use_sequence_length=True`` if `sequence_length` shall be given in each call.

    Notes
    -----
    A call takes the input (T, N, C), states (L * D, N, H), an array or a list of one, and `sequence_length` (N,). It
    returns the output (T, N, D * H); and a list of the last states, if states were given.

    References
    ----------
    Elman, Finding Structure in Time, 1990.

    Examples
    --------
    >>> layer = mx.gluon.rnn.RNN(4, num_layers=2)
    >>> layer.initialize()
    >>> layer(mx.nd.ones((5, 3, 10))).shape
    (5, 3, 4)
    >>> output, states = layer(mx.nd.ones((5, 3, 10)), layer.begin_state(batch_size=3))
    >>> [state.shape for state in states]
    [(2, 3, 4)]
    """

    def __init__(
        self,
        hidden_size: int,
        num_layers: int = 1,
        activation: str = "relu",
        layout: str = "TNC",
        dropout: float = 0,
        bidirectional: bool = False,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        input_size: int = 0,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        if activation not in ("relu", "tanh"):
            raise base.ValueError(f"RNN: activation is {activation!r}; expected 'relu' or 'tanh'")
        super().__init__(
            hidden_size, num_layers, layout, dropout, bidirectional, input_size,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            f"rnn_{activation}", None, None, None, None, False, dtype, **kwargs,
        )  # fmt: skip

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape, layout and dtype of the one state (L * D, N, H)."""
        return [self._state(batch_size, self._hidden_size)]


class LSTM(_RNNLayer):
    """Layers of long short-term memory on top of each other.

    In each, with h' and c' of the step before: ``i = sigmoid(W_i x + b_i + R_i h' + d_i)``, f and o likewise,
    ``g = tanh(W_c x + b_c + R_c h' + d_c)``, then ``c = f * c' + i * g`` and ``h = o * tanh(c)``; with a projection,
    ``h = P (o * tanh(c))``. The rows of the parameters stand in the order i, f, c, o.

    Parameters
    ----------
    hidden_size : int
        Length H of c, and of h without a projection.
    num_layers : int
        Number of layers L.
    layout : {'TNC', 'NTC'}
        Axes of the input and of the output; 'TNC' saves two copies.
    dropout : float from 0 to 1
        While training, the probability with which an output of a layer but the last becomes 0.
    bidirectional : bool
        Also run through the sequences from the end; the outputs of both directions (D = 2) stand side by side.
    input_size : int
        Length of the input's axis C; 0 if the first input is to tell.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R of each layer start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start; ``mx.init.LSTMBias(1.0)`` lets the cells remember at first.
    projection_size : int, optional
        Length of h, if it is not H.
    h2r_weight_initializer : Initializer or str, optional
        How P starts.
    state_clip_min, state_clip_max : float, optional
        Bounds of c; they slow the layers down.
    state_clip_nan : bool
        Whether NaN in c becomes a bound, too.
    dtype : str or numpy type
        Dtype of parameters and states.
    **kwargs
        ``prefix``, ``params``, and ``use_sequence_length=True`` if `sequence_length` shall be given in each call.

    Notes
    -----
    A call takes the input (T, N, C), the states h (L * D, N, length of h) and c (L * D, N, H), and `sequence_length`
    (N,). It returns the output (T, N, D * length of h); and a list of the last states, if states were given.

    References
    ----------
    Hochreiter and Schmidhuber, Long Short-Term Memory, 1997. Sak et al., Long Short-Term Memory Based Recurrent Neural
    Network Architectures for Large Vocabulary Speech Recognition, 2014 (projections).

    Examples
    --------
    >>> layer = mx.gluon.rnn.LSTM(4, num_layers=2, layout="NTC", bidirectional=True)
    >>> layer.initialize()
    >>> output, (h, c) = layer(mx.nd.ones((3, 5, 10)), layer.begin_state(batch_size=3))
    >>> output.shape, h.shape, c.shape
    ((3, 5, 8), (4, 3, 4), (4, 3, 4))
    """

    def __init__(
        self,
        hidden_size: int,
        num_layers: int = 1,
        layout: str = "TNC",
        dropout: float = 0,
        bidirectional: bool = False,
        input_size: int = 0,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        projection_size: int | None = None,
        h2r_weight_initializer: Any = None,
        state_clip_min: float | None = None,
        state_clip_max: float | None = None,
        state_clip_nan: bool = False,
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            hidden_size, num_layers, layout, dropout, bidirectional, input_size,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            "lstm", projection_size, h2r_weight_initializer, state_clip_min, state_clip_max, state_clip_nan,
            dtype, **kwargs,
        )  # fmt: skip

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape, layout and dtype of the states h and c."""
        width = self._hidden_size if self._projection_size is None else self._projection_size
        return [self._state(batch_size, width), self._state(batch_size, self._hidden_size)]


class GRU(_RNNLayer):
    """Layers of gated recurrent units on top of each other.

    In each, with h' the output before: ``r = sigmoid(W_r x + b_r + R_r h' + d_r)``, z likewise,
    ``n = tanh(W_o x + b_o + r * (R_o h' + d_o))``, and ``h = (1 - z) * n + z * h'``. The rows of the parameters stand
    in the order r, z, o.

    Parameters
    ----------
    hidden_size : int
        Length H of the outputs h of each layer and direction, which are the states.
    num_layers : int
        Number of layers L.
    layout : {'TNC', 'NTC'}
        Axes of the input and of the output; 'TNC' saves two copies.
    dropout : float from 0 to 1
        While training, the probability with which an output of a layer but the last becomes 0.
    bidirectional : bool
        Also run through the sequences from the end; the outputs of both directions (D = 2) stand side by side.
    input_size : int
        Length of the input's axis C; 0 if the first input is to tell.
    i2h_weight_initializer, h2h_weight_initializer : Initializer or str, optional
        How W and R of each layer start; by default as `initialize` says.
    i2h_bias_initializer, h2h_bias_initializer : Initializer or str
        How b and d start.
    dtype : str or numpy type
        Dtype of parameters and states.
    **kwargs
        ``prefix``, ``params``, and ``use_sequence_length=True`` if `sequence_length` shall be given in each call.

    Notes
    -----
    What a call takes and returns is as for `RNN`.

    References
    ----------
    Cho et al., Learning Phrase Representations using RNN Encoder-Decoder for Statistical Machine Translation, 2014.

    Examples
    --------
    >>> layer = mx.gluon.rnn.GRU(4, use_sequence_length=True)
    >>> layer.initialize()
    >>> output = layer(mx.nd.ones((5, 2, 3)), sequence_length=mx.nd.array([5, 1]))
    >>> float(abs(output[1:, 1]).sum().asscalar())
    0.0
    """

    def __init__(
        self,
        hidden_size: int,
        num_layers: int = 1,
        layout: str = "TNC",
        dropout: float = 0,
        bidirectional: bool = False,
        input_size: int = 0,
        i2h_weight_initializer: Any = None,
        h2h_weight_initializer: Any = None,
        i2h_bias_initializer: Any = "zeros",
        h2h_bias_initializer: Any = "zeros",
        dtype: Any = "float32",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            hidden_size, num_layers, layout, dropout, bidirectional, input_size,
            i2h_weight_initializer, h2h_weight_initializer, i2h_bias_initializer, h2h_bias_initializer,
            "gru", None, None, None, None, False, dtype, **kwargs,
        )  # fmt: skip

    def state_info(self, batch_size: int = 0) -> list[Any]:
        """Return shape, layout and dtype of the one state (L * D, N, H)."""
        return [self._state(batch_size, self._hidden_size)]
