"""The initializers themselves: what values a weight gets."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import torch

from .. import base
from ..ndarray import NDArray, random
from ..ndarray.dispatch import wrap
from ._base import InitDesc, Initializer, _register, alias, create


@_register
@alias("zeros")
class Zero(Initializer):
    """Zeros.

    Examples
    --------
    >>> weight = mx.nd.ones((2,))
    >>> mx.init.Zero()(mx.init.InitDesc("fc_weight"), weight)
    >>> weight.asnumpy().tolist()
    [0.0, 0.0]
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        arr[:] = 0


@_register
@alias("ones")
class One(Initializer):
    """Ones.

    Examples
    --------
    >>> weight = mx.nd.zeros((2,))
    >>> mx.init.One()(mx.init.InitDesc("fc_weight"), weight)
    >>> weight.asnumpy().tolist()
    [1.0, 1.0]
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        arr[:] = 1


@_register
class Constant(Initializer):
    """One value for all elements, or the elements of an array.

    Parameters
    ----------
    value : float or NDArray or array_like
        The value. An array is broadcast to the parameter's shape.

    Examples
    --------
    >>> weight = mx.nd.zeros((2, 2))
    >>> mx.init.Constant([1, 2])(mx.init.InitDesc("fc_weight"), weight)
    >>> weight.asnumpy().tolist()
    [[1.0, 2.0], [1.0, 2.0]]
    """

    def __init__(self, value: Any) -> None:
        super().__init__(value=value)
        self.value = value

    def _init_weight(self, name: str, arr: NDArray) -> None:
        arr[:] = self.value

    def dumps(self) -> str:
        """Return class and value as JSON text: arrays as lists.

        Examples
        --------
        >>> mx.init.Constant(mx.nd.array([1, 2])).dumps()
        '["constant", {"value": [1.0, 2.0]}]'
        """
        value = self.value
        if isinstance(value, NDArray):
            value = value.asnumpy()
        if isinstance(value, (np.ndarray, np.generic)):
            value = value.tolist()
        return json.dumps([type(self).__name__.lower(), {"value": value}])

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.dumps() == other.dumps()  # type: ignore[attr-defined]

    __hash__ = None  # type: ignore[assignment]


@_register
class Uniform(Initializer):
    """Uniform numbers on [-scale, scale).

    Parameters
    ----------
    scale : float
        The bound, at least 0.

    Examples
    --------
    >>> weight = mx.nd.zeros((100,))
    >>> mx.init.Uniform(0.5)(mx.init.InitDesc("fc_weight"), weight)
    >>> bool(0.3 < weight.max().asscalar() <= 0.5)
    True
    """

    def __init__(self, scale: float = 0.07) -> None:
        super().__init__(scale=scale)
        self.scale = scale

    def _init_weight(self, name: str, arr: NDArray) -> None:
        random.uniform(-self.scale, self.scale, out=arr)


@_register
class Normal(Initializer):
    """Normal numbers with mean 0.

    Parameters
    ----------
    sigma : float
        Their standard deviation, above 0.

    Examples
    --------
    >>> weight = mx.nd.zeros((100, 100))
    >>> mx.init.Normal(0.5)(mx.init.InitDesc("fc_weight"), weight)
    >>> bool(0.45 < weight.asnumpy().std() < 0.55)
    True
    """

    def __init__(self, sigma: float = 0.01) -> None:
        super().__init__(sigma=sigma)
        self.sigma = sigma

    def _init_weight(self, name: str, arr: NDArray) -> None:
        random.normal(0, self.sigma, out=arr)


@_register
class Orthogonal(Initializer):
    """Orthogonal rows (or columns, where there are more rows) of length `scale`.

    The parameter is taken as a matrix: its first axis, by all others together.

    Parameters
    ----------
    scale : float
        Length of the rows.
    rand_type : {'uniform', 'normal'}
        Distribution of the matrix whose singular vectors are taken.

    References
    ----------
    A. M. Saxe, J. L. McClelland, S. Ganguli: Exact solutions to the nonlinear dynamics of learning in deep linear
    neural networks, 2013, arXiv:1312.6120.

    Examples
    --------
    >>> weight = mx.nd.zeros((2, 3))
    >>> mx.init.Orthogonal(scale=2)(mx.init.InitDesc("fc_weight"), weight)
    >>> bool(np.allclose(mx.nd.dot(weight, weight.T).asnumpy(), [[4, 0], [0, 4]], atol=1e-4))
    True
    """

    def __init__(self, scale: float = 1.414, rand_type: str = "uniform") -> None:
        super().__init__(scale=scale, rand_type=rand_type)
        self.scale = scale
        self.rand_type = rand_type

    def _init_weight(self, name: str, arr: NDArray) -> None:
        shape = (arr.shape[0], math.prod(arr.shape[1:]))
        if self.rand_type == "uniform":
            drawn = random.uniform(-1.0, 1.0, shape=shape, ctx=arr.context)
        elif self.rand_type == "normal":
            drawn = random.normal(0.0, 1.0, shape=shape, ctx=arr.context)
        else:
            raise base.ValueError(
                f"Orthogonal: {name}: rand_type is {self.rand_type!r}, expected 'uniform' or 'normal'"
            )
        left, _, right = torch.linalg.svd(drawn._data, full_matrices=False)
        found = left if tuple(left.shape) == shape else right
        arr[:] = wrap(NDArray, (self.scale * found).reshape(arr.shape), arr.context)


@_register
class Xavier(Initializer):
    """Random numbers scaled to the number of inputs and outputs, so that layers neither shrink nor blow up signals.

    With ``c`` the square root of ``magnitude / factor``, they are uniform on [-c, c), or normal with standard
    deviation ``c``. ``factor`` is the number of inputs, of outputs, or the mean of both; each is the length of its
    axis times the size of the kernel.

    Parameters
    ----------
    rnd_type : {'uniform', 'gaussian'}
        The distribution.
    factor_type : {'avg', 'in', 'out'}
        What is counted.
    magnitude : float
        Scale of the numbers, at least 0.

    References
    ----------
    X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural networks, AISTATS 2010.

    Examples
    --------
    >>> weight = mx.nd.zeros((100, 200))
    >>> mx.init.Xavier(factor_type="in", magnitude=2)(mx.init.InitDesc("fc_weight"), weight)
    >>> bool(0.09 < weight.max().asscalar() <= 0.1)  # the square root of 2 / 200
    True
    """

    def __init__(self, rnd_type: str = "uniform", factor_type: str = "avg", magnitude: float = 3) -> None:
        super().__init__(rnd_type=rnd_type, factor_type=factor_type, magnitude=magnitude)
        self.rnd_type = rnd_type
        self.factor_type = factor_type
        self.magnitude = float(magnitude)

    def _init_weight(self, name: str, arr: NDArray) -> None:
        shape = arr.shape
        if len(shape) < 2:
            raise base.ValueError(
                f"Xavier initializer cannot be applied to vector {name}. It requires at least 2D; the shape is {shape}"
            )
        kernel = math.prod(shape[2:])
        inputs, outputs = shape[1] * kernel, shape[0] * kernel
        factors = {"avg": (inputs + outputs) / 2.0, "in": inputs, "out": outputs}
        if self.factor_type not in factors:
            raise base.ValueError(
                f"Xavier: {name}: Incorrect factor type {self.factor_type!r}, expected {', '.join(factors)}"
            )
        if self.magnitude < 0:
            raise base.ValueError(f"Xavier: {name}: magnitude is {self.magnitude}, expected at least 0")
        scale = math.sqrt(self.magnitude / factors[self.factor_type])
        if self.rnd_type == "uniform":
            random.uniform(-scale, scale, out=arr)
        elif self.rnd_type == "gaussian":
            random.normal(0, scale, out=arr)
        else:
            raise base.ValueError(
                f"Xavier: {name}: Unknown random type {self.rnd_type!r}, expected 'uniform' or 'gaussian'"
            )


@_register
class MSRAPrelu(Xavier):
    """`Xavier` with normal numbers, for layers that are followed by ReLU, LeakyReLU or PReLU.

    Parameters
    ----------
    factor_type : {'avg', 'in', 'out'}
        What is counted.
    slope : float
        Slope of the activation below zero.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun: Delving deep into rectifiers: surpassing human-level performance on ImageNet
    classification, 2015, arXiv:1502.01852.

    Examples
    --------
    >>> mx.init.MSRAPrelu(slope=0).magnitude
    2.0
    """

    def __init__(self, factor_type: str = "avg", slope: float = 0.25) -> None:
        super().__init__("gaussian", factor_type, 2.0 / (1 + slope**2))
        self._kwargs = {"factor_type": factor_type, "slope": slope}


@_register
class Bilinear(Initializer):
    """Weights of a Deconvolution that enlarges by bilinear interpolation.

    Examples
    --------
    >>> weight = mx.nd.zeros((1, 1, 4, 4))
    >>> mx.init.Bilinear()(mx.init.InitDesc("up_weight"), weight)
    >>> weight[0, 0, 1].asnumpy().tolist()
    [0.1875, 0.5625, 0.5625, 0.1875]
    """

    def __init__(self) -> None:
        super().__init__()

    def _init_weight(self, name: str, arr: NDArray) -> None:
        self._init_bilinear(name, arr)


@_register
class LSTMBias(Initializer):
    """Zeros, but `forget_bias` for the forget gate: the second quarter of an LSTM's bias.

    Parameters
    ----------
    forget_bias : float
        Bias of the forget gate. A large one makes the cell remember at first.

    References
    ----------
    R. Jozefowicz, W. Zaremba, I. Sutskever: An empirical exploration of recurrent network architectures, ICML 2015.

    Examples
    --------
    >>> bias = mx.sym.var("lstm_bias", init=mx.init.LSTMBias(forget_bias=2.0))
    """

    def __init__(self, forget_bias: float = 1.0) -> None:
        super().__init__(forget_bias=forget_bias)
        self.forget_bias = forget_bias

    def _init_weight(self, name: str, arr: NDArray) -> None:
        arr[:] = 0.0
        hidden = arr.shape[0] // 4
        arr[hidden : 2 * hidden] = self.forget_bias


@_register
class FusedRNN(Initializer):
    """Initialize the one vector that holds all parameters of an `RNN` operator, piece by piece.

    Parameters
    ----------
    init : Initializer or str or None
        What initializes each weight and bias, by its name in `FusedRNNCell`. None stands for the initializer of the
        whole network.
    num_hidden, num_layers, mode, bidirectional
        As of `mx.rnn.FusedRNNCell`.
    forget_bias : float
        Bias of the forget gates, in mode ``'lstm'``.

    Examples
    --------
    >>> parameters = mx.sym.var("rnn_parameters", init=mx.init.FusedRNN(mx.init.Xavier(), 8, 1, "lstm"))
    """

    def __init__(
        self,
        init: Any,
        num_hidden: int,
        num_layers: int,
        mode: str,
        bidirectional: bool = False,
        forget_bias: float = 1.0,
    ) -> None:
        if init is not None:
            init = create(init)
        super().__init__(
            init=None if init is None else init.dumps(), num_hidden=num_hidden, num_layers=num_layers, mode=mode,
            bidirectional=bidirectional, forget_bias=forget_bias,
        )  # fmt: skip
        self._init = init
        self._num_hidden = num_hidden
        self._num_layers = num_layers
        self._mode = mode
        self._bidirectional = bidirectional
        self._forget_bias = forget_bias

    def _init_weight(self, name: str, arr: NDArray) -> None:
        from ..rnn.rnn_cell import FusedRNNCell  # the cells import this module

        whole = getattr(name, "global_init", None)
        init = whole if self._init is None else self._init
        if init is None or init is self:
            raise base.ValueError(
                f"FusedRNN: {name}: init is None, and there is no initializer of the whole network; give one"
            )
        cell = FusedRNNCell(
            self._num_hidden,
            self._num_layers,
            self._mode,
            self._bidirectional,
            forget_bias=self._forget_bias,
            prefix="",
        )
        pieces = cell.unpack_weights({"parameters": arr})
        for piece, value in pieces.items():
            if self._mode == "lstm" and piece.endswith("_f_bias"):
                value[:] = self._forget_bias
            else:
                init(InitDesc(piece, global_init=whole), value)
        arr[:] = cell.pack_weights(pieces)["parameters"]
