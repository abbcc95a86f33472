"""What every initializer shares: it chooses by a parameter's name what is done to it."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base, registry
from .._warning import warn
from ..ndarray import NDArray, random

if TYPE_CHECKING:
    from typing_extensions import Self


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
        warn(
            "Calling initializer with init(str, NDArray) has been deprecated; "
            "please use init(mx.init.InitDesc(...), NDArray) instead",
            DeprecationWarning,
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
