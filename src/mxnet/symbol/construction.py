"""Symbols from names, from other symbols and from files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .. import base
from .._graph import json as graph_json
from .._graph.inference import dtype_code
from .._graph.node import HIDDEN_KEYS, Entry, Node
from .._ops.attributes import torch_dtype
from .._runtime.kinds import looks_like
from ..attribute import AttrScope
from ..base import MXNetError
from .symbol import Symbol

__all__ = ["Group", "Variable", "load", "load_json", "var"]


def Variable(
    name: str,
    attr: dict[str, str] | None = None,
    shape: Any = None,
    lr_mult: float | None = None,
    wd_mult: float | None = None,
    dtype: Any = None,
    init: Any = None,
    stype: str | None = None,
    **kwargs: str,
) -> Symbol:
    """Return a symbol that stands for an array given later.

    Parameters
    ----------
    name : str
        Name of the argument.
    attr : dict of str to str, optional
        Further attributes.
    shape : tuple of int, optional
        Shape; 0 stands for a length that is not known.
    lr_mult, wd_mult : float, optional
        Factors on the learning rate and on weight decay.
    dtype : str or numpy type, optional
        Dtype.
    init : str or Initializer, optional
        How a module shall initialize it.
    stype : {'default', 'row_sparse', 'csr'}, optional
        Storage type.
    **kwargs : str
        Attributes called ``__something__``.

    Raises
    ------
    TypeError
        If `name` is no string.
    ValueError
        If a keyword does not start and end with two underscores.

    Examples
    --------
    >>> mx.sym.Variable("data", shape=(2, 3)).list_attr()
    {'__shape__': '(2, 3)'}
    """
    if not isinstance(name, str):
        raise base.TypeError("Expect a string for variable `name`")
    for value in (attr or {}).values():
        if not isinstance(value, str):
            raise base.ValueError("Set Attr only accepts string values")
    attributes = AttrScope.current.get(attr)
    attributes = {f"__{key}__" if key in HIDDEN_KEYS else key: value for key, value in attributes.items()}
    if shape is not None:
        attributes["__shape__"] = str(shape)
    if lr_mult is not None:
        attributes["__lr_mult__"] = str(lr_mult)
    if wd_mult is not None:
        attributes["__wd_mult__"] = str(wd_mult)
    if dtype is not None:
        try:
            attributes["__dtype__"] = str(dtype_code(torch_dtype(dtype)))
        except TypeError as error:
            raise base.TypeError(f"variable {name!r}: {error}") from None
    if init is not None:
        attributes["__init__"] = init if isinstance(init, str) else init.dumps()
    if stype is not None:
        kinds = {"default": 0, "row_sparse": 1, "csr": 2}
        if stype not in kinds:
            raise base.ValueError(f"variable {name!r}: stype is {stype!r}, expected one of {', '.join(kinds)}")
        attributes["__storage_type__"] = str(kinds[stype])
    for key, value in kwargs.items():
        if not (key.startswith("__") and key.endswith("__")):
            raise base.ValueError(
                f"Attribute name={key} is not supported. Additional attributes must start and end with double "
                "underscores, e.g, __yourattr__"
            )
        attributes[key] = str(value)
    return Symbol([Entry(Node(None, name, attributes), 0)])


var = Variable


def Group(symbols: Sequence[Symbol], create_fn: Callable[[list[Entry]], Symbol] = Symbol) -> Symbol:
    """Return a symbol with the outputs of all `symbols`.

    Examples
    --------
    >>> mx.sym.Group([mx.sym.var("a"), mx.sym.var("b")]).list_outputs()
    ['a', 'b']
    """
    if not symbols or any(not isinstance(symbol, Symbol) for symbol in symbols):
        raise base.TypeError("Expected a list of symbols as input")
    return create_fn([entry for symbol in symbols for entry in symbol._entries])


def load(fname: str) -> Symbol:
    """Read a symbol from a JSON file.

    Raises
    ------
    MXNetError
        If the file is missing or holds no symbol; the message names the place.
    """
    if not isinstance(fname, str):
        raise base.TypeError("fname need to be string")
    try:
        with open(fname, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise MXNetError(f"load: cannot read {fname!r}: {error}") from None
    except UnicodeDecodeError:
        text = ""
    if not text.strip() or text.strip()[0] not in "{[":
        raise MXNetError(
            f"load: {fname!r} is not a symbol file: it looks like {looks_like(fname)}; expected the JSON that "
            "Symbol.save writes, which is usually called NET-symbol.json"
        )
    return Symbol(graph_json.load(text, fname))


def load_json(json_str: str) -> Symbol:
    """Read a symbol from JSON text; MXNetError as in `load`."""
    if not isinstance(json_str, str):
        raise base.TypeError("fname required to be string")
    return Symbol(graph_json.load(json_str))
