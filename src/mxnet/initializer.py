"""Initializers: what a parameter holds before training."""

from __future__ import annotations

import json
import logging
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from . import base, registry
from .ndarray import NDArray, load, random
from .ndarray.dispatch import wrap

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Bilinear", "Constant", "FusedRNN", "InitDesc", "Initializer", "LSTMBias", "Load", "MSRAPrelu", "Mixed",
           "Normal", "One", "Orthogonal", "Uniform", "Xavier", "Zero", "alias", "create", "register"]  # fmt: skip


class InitDesc(str):
    """The name of a parameter with what is known of it: what an initializer is called with.

    Parameters
    ----------
    name : str
        Name of the parameter.
    attrs : dict of str to str, optional
        Attributes of its symbol. ``attrs["__init__"]`` names an initializer that goes before the one that is called.
    global_init : Initializer, optional
        The initializer of the whole network.

    Examples
    --------
    >>> weight = mx.nd.zeros((2,))
    >>> mx.init.Zero()(mx.init.InitDesc("fc_weight", {"__init__": '["constant", {"value": 3}]'}), weight)
    >>> weight.asnumpy().tolist()
    [3.0, 3.0]
    """

    attrs: dict[str, str]
    global_init: Any

    def __new__(cls, name: str, attrs: dict[str, str] | None = None, global_init: Any = None) -> Self:
        found = super().__new__(cls, name)
        found.attrs = attrs or {}
        found.global_init = global_init
        return found


class Initializer:
    """Base of all initializers: chooses by a parameter's name what is done to it.

    A subclass overrides `_init_weight`, and writes with ``arr[:] = ...``. The other methods, `_init_bias`,
    `_init_gamma` and so on, may be overridden, too.

    Parameters
    ----------
    **kwargs
        The arguments of the subclass, for `dumps`.

    Examples
    --------
    >>> @mx.init.register
    ... class Half(mx.init.Initializer):
    ...     def _init_weight(self, name, arr):
    ...         arr[:] = 0.5
    >>> weight = mx.nd.zeros((2,))
    >>> mx.init.create("half")(mx.init.InitDesc("fc_weight"), weight)
    >>> weight.asnumpy().tolist()
    [0.5, 0.5]
    """

    def __init__(self, **kwargs: Any) -> None:
        self._kwargs = kwargs
        self._verbose = False
        self._print_func: Callable[[NDArray], Any] | None = None

    def set_verbosity(self, verbose: bool = False, print_func: Callable[[NDArray], Any] | None = None) -> Self:
        """Log each parameter that is initialized, and a statistic of it.

        Parameters
        ----------
        verbose : bool
            Whether to log.
        print_func : function of (NDArray), optional
            The statistic: the root of the mean of squares when left out.

        Returns
        -------
        Initializer
            `self`
        """
        self._verbose = verbose
        self._print_func = print_func or _root_mean_square
        return self

    def _verbose_print(self, desc: str, init: str, arr: NDArray) -> None:
        if self._verbose and self._print_func:
            logging.info("Initialized %s as %s: %s", desc, init, self._print_func(arr))

    def dumps(self) -> str:
        """Return class and arguments as JSON text, which ``mx.init.create`` and ``mx.sym.var(init=...)`` read.

        Examples
        --------
        >>> mx.init.Uniform(0.5).dumps()
        '["uniform", {"scale": 0.5}]'
        """
        return json.dumps([type(self).__name__.lower(), self._kwargs])

    def __call__(self, desc: str, arr: NDArray) -> None:
        """Initialize one parameter in place.

        Parameters
        ----------
        desc : InitDesc
            Its name and attributes. A plain str is deprecated; it follows the rules of old versions.
        arr : NDArray
            Its array.

        Raises
        ------
        ValueError
            If the name tells nothing, or the initializer cannot be used for this shape.
        """
        if not isinstance(desc, InitDesc):
            self._legacy_init(desc, arr)
            return
        if desc.global_init is None:
            desc.global_init = self
        own = desc.attrs.get("__init__", "")
        if own:
            create(own)._init_weight(desc, arr)
            self._verbose_print(desc, own, arr)
            return
        for suffix, method in _BY_SUFFIX.items():
            if desc.endswith(suffix):
                getattr(self, method)(desc, arr)
                self._verbose_print(desc, suffix, arr)
                return
        self._init_default(desc, arr)

    def _legacy_init(self, name: str, arr: NDArray) -> None:
        warnings.warn(
            "Calling initializer with init(str, NDArray) has been deprecated; "
            "please use init(mx.init.InitDesc(...), NDArray) instead",
            DeprecationWarning,
            stacklevel=3,
        )
        if not isinstance(name, str):
            raise base.TypeError(f"{type(self).__name__}: name must be string, got {name!r}")
        if not isinstance(arr, NDArray):
            raise base.TypeError(f"{type(self).__name__}: {name}: arr must be NDArray, got {type(arr).__name__}")
        if name.startswith("upsampling"):
            self._init_bilinear(name, arr)
        elif name.startswith("stn_loc") and name.endswith("weight"):
            self._init_zero(name, arr)
        elif name.startswith("stn_loc") and name.endswith("bias"):
            self._init_loc_bias(name, arr)
        else:
            methods = (method for suffix, method in _BY_SUFFIX_LEGACY.items() if name.endswith(suffix))
            getattr(self, next(methods, "_init_default"))(name, arr)

    def _init_bilinear(self, name: str, arr: NDArray) -> None:
        shape = arr.shape
        if len(shape) < 4:
            raise base.ValueError(
                f"Bilinear initializer: {name} has shape {shape}; expected at least four axes, as the weights of a "
                "Deconvolution have"
            )
        half = math.ceil(shape[3] / 2)
        center = (2 * half - 1 - half % 2) / (2.0 * half)
        place = np.arange(arr.size)
        columns, rows = place % shape[3], place // shape[3] % shape[2]
        factors = (1 - np.abs(columns / half - center)) * (1 - np.abs(rows / half - center))
        arr[:] = factors.reshape(shape).astype(np.float32)

    def _init_loc_bias(self, name: str, arr: NDArray) -> None:
        if arr.shape != (6,):
            raise base.ValueError(f"Initializer: {name} has shape {arr.shape}; expected (6,), an affine map of a plane")
        arr[:] = np.array([1.0, 0, 0, 0, 1.0, 0])

    def _init_zero(self, name: str, arr: NDArray) -> None:
        arr[:] = 0.0

    def _init_one(self, name: str, arr: NDArray) -> None:
        arr[:] = 1.0

    def _init_bias(self, name: str, arr: NDArray) -> None:
        arr[:] = 0.0

    def _init_quantized_bias(self, name: str, arr: NDArray) -> None:
        arr[:] = 0

    def _init_gamma(self, name: str, arr: NDArray) -> None:
        arr[:] = 1.0

    def _init_beta(self, name: str, arr: NDArray) -> None:
        arr[:] = 0.0

    def _init_weight(self, name: str, arr: NDArray) -> None:
        raise NotImplementedError(
            f"{type(self).__name__}: {name}: a subclass of Initializer must override _init_weight"
        )

    def _init_quantized_weight(self, name: str, arr: NDArray) -> None:
        arr[:] = random.randint(-127, 127, shape=arr.shape, ctx=arr.context)

    def _init_default(self, name: str, arr: NDArray) -> None:
        raise base.ValueError(
            f"Unknown initialization pattern for {name}. {type(self).__name__} initializes names that end with "
            f"{', '.join(_BY_SUFFIX)}. For any other, say mx.sym.Variable({str(name)!r}, init=...)"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Initializer):
            return NotImplemented
        return type(self) is type(other) and self._kwargs == other._kwargs

    __hash__ = None  # type: ignore[assignment]  # as in MXNet: the arguments may change


_BY_SUFFIX = {
    "weight": "_init_weight",
    "bias": "_init_bias",
    "gamma": "_init_gamma",
    "beta": "_init_beta",
    "min": "_init_zero",
    "max": "_init_one",
    "weight_quantize": "_init_quantized_weight",
    "bias_quantize": "_init_quantized_bias",
}
_BY_SUFFIX_LEGACY = {
    "bias": "_init_bias",
    "gamma": "_init_gamma",
    "beta": "_init_beta",
    "weight": "_init_weight",
    "moving_mean": "_init_zero",
    "moving_var": "_init_one",
    "moving_inv_var": "_init_zero",
    "moving_avg": "_init_zero",
    "min": "_init_zero",
    "max": "_init_one",
}

_register = registry.get_register_func(Initializer, "initializer")
alias = registry.get_alias_func(Initializer, "initializer")
create = registry.get_create_func(Initializer, "initializer")


def _root_mean_square(arr: NDArray) -> str:
    return str((arr.norm() / math.sqrt(arr.size)).asscalar())


def register(klass: type[Initializer]) -> type[Initializer]:
    """Register a subclass of `Initializer` under its name in lower case, and return it.

    Examples
    --------
    >>> @mx.init.register
    ... class Ninth(mx.init.Constant):
    ...     def __init__(self):
    ...         super().__init__(1 / 9)
    >>> weight = mx.sym.var("weight", init="ninth")
    """
    return _register(klass)


class Load:
    """Take parameters from a file, and leave the rest to another initializer.

    Parameters
    ----------
    param : str or dict of str to NDArray
        A ``.params`` file, or what it holds. ``arg:`` and ``aux:`` before names are taken off.
    default_init : Initializer, optional
        What initializes a parameter that is not there.
    verbose : bool
        Log what is done to each parameter.

    Raises
    ------
    MXNetError
        If the file has no names.

    Examples
    --------
    >>> load = mx.init.Load({"arg:fc_weight": mx.nd.array([1, 2])}, default_init=mx.init.Zero())
    >>> weight = mx.nd.zeros((2,))
    >>> load(mx.init.InitDesc("fc_weight"), weight)
    >>> weight.asnumpy().tolist()
    [1.0, 2.0]
    """

    def __init__(self, param: Any, default_init: Any = None, verbose: bool = False) -> None:
        loaded: Any = load(param) if isinstance(param, str) else param
        if not isinstance(loaded, Mapping):
            what = f"file {param!r} has arrays without names" if isinstance(param, str) else f"param is {param!r}"
            raise base.TypeError(f"Load: {what}; expected a file or a dict of arrays by name")
        self.param: dict[str, Any] = {
            name[4:] if name.startswith(("arg:", "aux:")) else name: value for name, value in loaded.items()
        }
        self.default_init = default_init
        self.verbose = verbose

    def __call__(self, name: str, arr: NDArray) -> None:
        """Initialize `arr`, the parameter `name`.

        Raises
        ------
        ValueError
            If the loaded array has another shape, or there is neither one nor `default_init`.
        """
        value = self.param.get(name)
        if value is not None:
            if tuple(value.shape) != arr.shape:
                raise base.ValueError(
                    f"Load: Parameter {name} cannot be initialized from loading. Shape mismatch, target {arr.shape} vs "
                    f"loaded {tuple(value.shape)}"
                )
            arr[:] = value
        elif self.default_init is None:
            raise base.ValueError(
                f"Load: Cannot Initialize {name}. Not found in loaded param and no default Initializer is provided; "
                "give one as default_init"
            )
        else:
            self.default_init(name, arr)
        if self.verbose:
            logging.info("Initialized %s by %s", name, "default" if value is None else "loading")


class Mixed:
    """Use the initializer of the first pattern that a parameter's name begins with.

    Parameters
    ----------
    patterns : list of str
        Regular expressions, matched at the beginning of the name.
    initializers : list of Initializer
        One for each of them.

    Raises
    ------
    ValueError
        If there are not as many initializers as patterns.

    Examples
    --------
    >>> mixed = mx.init.Mixed(["embed_.*", ".*"], [mx.init.One(), mx.init.Zero()])
    >>> weight = mx.nd.zeros((2,))
    >>> mixed(mx.init.InitDesc("embed_weight"), weight)
    >>> weight.asnumpy().tolist()
    [1.0, 1.0]
    """

    def __init__(self, patterns: Sequence[str], initializers: Sequence[Any]) -> None:
        if len(patterns) != len(initializers):
            raise base.ValueError(
                f"Mixed: {len(patterns)} patterns and {len(initializers)} initializers; expected one initializer for "
                "each pattern"
            )
        self.map = [(re.compile(pattern), initializer) for pattern, initializer in zip(patterns, initializers)]

    def __call__(self, name: str, arr: NDArray) -> None:
        """Initialize `arr`, the parameter `name`; ValueError when no pattern matches."""
        for pattern, initializer in self.map:
            if pattern.match(name):
                initializer(name, arr)
                return
        raise base.ValueError(
            f"Mixed: Parameter name {name} did not match any pattern. Consider adding a '.*' pattern at the end with "
            "a default Initializer"
        )


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
        from .rnn.rnn_cell import FusedRNNCell  # the cells import this module

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
