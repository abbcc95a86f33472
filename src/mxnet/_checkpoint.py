"""Checkpoints: the symbol of a network and its parameters, as two files with one prefix.

``prefix-symbol.json`` holds the symbol and ``prefix-0007.params`` the parameters after epoch 7, under the names
``arg:weight`` and ``aux:moving_mean``.
"""

from __future__ import annotations

import glob
import logging
import os
import re
from collections.abc import Mapping

import numpy as np

from . import base
from .base import MXNetError
from .ndarray import NDArray
from .ndarray import load as load_arrays
from .ndarray import save as save_arrays
from .symbol import Symbol
from .symbol import load as load_symbol

__all__ = ["load_checkpoint", "load_params", "save_checkpoint"]

Params = dict[str, NDArray]


def save_checkpoint(
    prefix: str,
    epoch: int,
    symbol: Symbol | None,
    arg_params: Mapping[str, NDArray] | None,
    aux_params: Mapping[str, NDArray] | None,
    remove_amp_cast: bool = True,
) -> None:
    """Write a network and its parameters to ``prefix-symbol.json`` and ``prefix-0000.params`` (the epoch).

    Each file is written beside its place and then renamed, the parameters last. So a process that is killed while it
    saves leaves the checkpoint that was there before.

    Parameters
    ----------
    prefix : str
        Path and beginning of the names of both files.
    epoch : int
        Number of the epoch, written with at least four digits.
    symbol : Symbol or None
        The network; None writes only the parameters.
    arg_params, aux_params : dict of str to NDArray
        Parameters and auxiliary states by name, on any device; None stands for none.
    remove_amp_cast : bool
        Leave out the casts that automatic mixed precision put in.

    Raises
    ------
    MXNetError
        If a file cannot be written. TypeError if `epoch` is no number.

    Examples
    --------
    >>> import os, tempfile
    >>> prefix = os.path.join(tempfile.mkdtemp(), "net")
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    >>> mx.model.save_checkpoint(prefix, 3, net, {"fc_bias": mx.nd.ones((2,))}, {})
    >>> sorted(os.listdir(os.path.dirname(prefix)))
    ['net-0003.params', 'net-symbol.json']
    """
    path = _params_path("save_checkpoint", prefix, epoch)
    arrays = {f"arg:{name}": array for name, array in (arg_params or {}).items()}
    arrays.update({f"aux:{name}": array for name, array in (aux_params or {}).items()})
    if symbol is not None:
        symbol.save(f"{prefix}-symbol.json", remove_amp_cast=remove_amp_cast)
    save_arrays(path, arrays)
    logging.info('Saved checkpoint to "%s"', path)


def load_params(prefix: str, epoch: int) -> tuple[Params, Params]:
    """Read the parameters of a checkpoint.

    Parameters
    ----------
    prefix : str
        Path and beginning of the names of its files.
    epoch : int
        Number of the epoch.

    Returns
    -------
    arg_params, aux_params : dict of str to NDArray
        Parameters and auxiliary states by name, on the CPU.

    Raises
    ------
    MXNetError
        If the file is missing (the message says which epochs are there) or damaged. ValueError if its arrays are not
        named as those of a checkpoint.

    Examples
    --------
    >>> import os, tempfile
    >>> prefix = os.path.join(tempfile.mkdtemp(), "net")
    >>> mx.model.save_checkpoint(prefix, 3, None, {"w": mx.nd.ones((2,))}, {"mean": mx.nd.zeros((1,))})
    >>> arg_params, aux_params = mx.model.load_params(prefix, 3)
    >>> list(arg_params), list(aux_params)
    (['w'], ['mean'])
    """
    path = _params_path("load_params", prefix, epoch)
    if not os.path.exists(path):
        raise MXNetError(f"load_params: there is no file {path!r}; {_epochs(prefix)}")
    arrays = load_arrays(path)
    arg_params: Params = {}
    aux_params: Params = {}
    if not arrays:
        logging.warning("Params file '%s' is empty", path)
        return arg_params, aux_params
    if not isinstance(arrays, dict):
        raise base.ValueError(
            f"load_params: {path!r} is no checkpoint: its {len(arrays)} arrays have no names; read it with mx.nd.load"
        )
    others: list[str] = []
    for key, array in arrays.items():
        kind, colon, name = key.partition(":")
        if not colon:
            raise base.ValueError(
                f"load_params: {path!r} is no checkpoint: an array is called {key!r}, expected 'arg:{key}' or "
                f"'aux:{key}'; files of other names, such as those of Gluon's save_parameters, mx.nd.load reads"
            )
        if kind == "arg":
            arg_params[name] = array
        elif kind == "aux":
            aux_params[name] = array
        else:
            others.append(key)
    if others:
        logging.warning(
            "Params file '%s': %d arrays are neither 'arg:' nor 'aux:' and are left out: %s", path, len(others), others
        )
    return arg_params, aux_params


def load_checkpoint(prefix: str, epoch: int) -> tuple[Symbol, Params, Params]:
    """Read a checkpoint: the network and its parameters.

    Parameters
    ----------
    prefix : str
        Path and beginning of the names of its files.
    epoch : int
        Number of the epoch.

    Returns
    -------
    symbol : Symbol
        The network.
    arg_params, aux_params : dict of str to NDArray
        Parameters and auxiliary states by name, on the CPU.

    Raises
    ------
    MXNetError
        If a file is missing or damaged; the message names it, and says which epochs are there.

    Examples
    --------
    >>> import os, tempfile
    >>> prefix = os.path.join(tempfile.mkdtemp(), "net")
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    >>> mx.model.save_checkpoint(prefix, 3, net, {"fc_bias": mx.nd.ones((2,))}, {})
    >>> symbol, arg_params, aux_params = mx.model.load_checkpoint(prefix, 3)
    >>> symbol.name, list(arg_params)
    ('fc', ['fc_bias'])
    """
    path = f"{prefix}-symbol.json"
    if not os.path.exists(path):
        raise MXNetError(
            f"load_checkpoint: there is no file {path!r}; {_epochs(prefix)}. Parameters without a symbol are read with "
            "load_params"
        )
    symbol = load_symbol(path)
    return symbol, *load_params(prefix, epoch)


def _params_path(function: str, prefix: str, epoch: int) -> str:
    if not isinstance(epoch, (int, float, np.number)):
        raise base.TypeError(f"{function}: epoch is {epoch!r}, expected an int such as 7 for 'prefix-0007.params'")
    return f"{prefix}-{int(epoch):04d}.params"


def _epochs(prefix: str) -> str:
    """Say which checkpoints there are."""
    found = [
        int(match[1])
        for path in glob.glob(f"{glob.escape(prefix)}-*.params")
        if (match := re.fullmatch(r"(-?\d+)\.params", path[len(prefix) + 1 :]))
    ]
    if found:
        shown = ", ".join(map(str, sorted(found)[-20:]))
        return f"{'of this prefix there are' if len(found) <= 20 else 'the last of this prefix are'} epochs {shown}"
    folder = os.path.dirname(prefix) or "."
    return "there are no parameters of this prefix" if os.path.isdir(folder) else f"there is no folder {folder!r}"
