"""Initializers that leave the work to others: `Load` and `Mixed`."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from typing import Any

from .. import base
from ..ndarray import NDArray, load


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
