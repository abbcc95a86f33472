"""`ParameterDict`: parameters by name."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Any

import numpy as np
import torch

from .. import base, initializer
from .. import ndarray as nd
from .._ops.attributes import torch_dtype
from ..context import Context
from ..ndarray.ndarray import NDArray
from ._constant import Constant
from ._parameter import Parameter
from .utils import _brief_print_list


class ParameterDict:
    """Parameters by name, whose names begin with one prefix.

    Parameters
    ----------
    prefix : str
        What the names of parameters that `get` makes begin with.
    shared : ParameterDict, optional
        Where `get` looks before it makes a parameter.

    Examples
    --------
    >>> params = mx.gluon.ParameterDict("net_")
    >>> params.get("weight", shape=(2, 3))
    Parameter net_weight (shape=(2, 3), dtype=<class 'numpy.float32'>)
    >>> list(params)
    ['net_weight']
    """

    def __init__(self, prefix: str = "", shared: ParameterDict | None = None) -> None:
        self._prefix = prefix
        self._params: OrderedDict[str, Parameter] = OrderedDict()
        self._shared = shared

    def __repr__(self) -> str:
        name = f"{self._prefix} " if self._prefix else ""
        lines = "\n".join(f"  {parameter}" for parameter in self.values())
        return f"{name}(\n{lines}\n)"

    def __getitem__(self, key: str) -> Parameter:
        return self._params[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._params)

    def __contains__(self, key: object) -> bool:
        return key in self._params

    def items(self) -> ItemsView[str, Parameter]:
        """Return names and parameters."""
        return self._params.items()

    def keys(self) -> KeysView[str]:
        """Return the names."""
        return self._params.keys()

    def values(self) -> ValuesView[Parameter]:
        """Return the parameters."""
        return self._params.values()

    @property
    def prefix(self) -> str:
        """What the names of parameters that `get` makes begin with."""
        return self._prefix

    def _get_impl(self, name: str) -> Parameter | None:
        if name in self._params:
            return self._params[name]
        if self._shared is not None and name in self._shared._params:
            self._params[name] = self._shared._params[name]
            return self._params[name]
        return None

    def get(self, name: str, **kwargs: Any) -> Parameter:
        """Return a parameter, which is made if there is none of that name here or in the shared dictionary.

        Parameters
        ----------
        name : str
            Name without the prefix.
        **kwargs
            Arguments of `Parameter` for a new one; for one that is there, what it must agree with.

        Raises
        ------
        AssertionError
            If it is there and differs from what is asked for.

        Examples
        --------
        >>> params = mx.gluon.ParameterDict("net_")
        >>> params.get("weight", shape=(2, 0)) is params.get("weight", shape=(2, 3))
        True
        >>> params.get("weight").shape
        (2, 3)
        """
        name = self.prefix + name
        found = self._get_impl(name)
        if found is None:
            found = self._params[name] = Parameter(name, **kwargs)
            return found
        for key, value in kwargs.items():
            if getattr(found, key, None) is None:
                setattr(found, key, value)
                continue
            existing = getattr(found, key)
            if key == "shape":
                joined = _joined(value, existing)
                if joined is None:
                    self._differs(name, key, value, existing)
                found._shape = joined
            elif key == "dtype":
                if torch_dtype(value) is not torch_dtype(existing):
                    self._differs(name, key, value, existing)
            elif value is not None and value != existing:
                self._differs(name, key, value, existing)
        return found

    @staticmethod
    def _differs(name: str, key: str, value: Any, existing: Any) -> None:
        raise base.AssertionError(
            f"Cannot retrieve Parameter '{name}' because desired attribute does not match with stored for attribute "
            f"'{key}': desired '{value}' vs stored '{existing}'."
        )

    def get_constant(self, name: str, value: Any = None) -> Constant:
        """Return a constant, which is made if there is none of that name.

        Parameters
        ----------
        name : str
            Name without the prefix.
        value : NDArray or array_like, optional
            Its values, for a new one.

        Raises
        ------
        KeyError
            If there is none and no value came.
        AssertionError
            If a parameter has the name, or a constant with other values.
        """
        name = self.prefix + name
        found = self._get_impl(name)
        if found is None:
            if value is None:
                raise KeyError(
                    f"No constant named '{name}'. Please specify value if you want to create a new constant."
                )
            found = self._params[name] = Constant(name, value)
            return found
        if not isinstance(found, Constant):
            raise base.AssertionError(f"Parameter '{name}' already exists but it is not a constant.")
        if value is not None:
            given = value.asnumpy() if isinstance(value, NDArray) else np.asarray(value)
            if given.shape != found.value.shape or not (given == found.value.asnumpy()).all():
                raise base.AssertionError(f"Constant '{name}' already exists but its value doesn't match new value")
        return found

    def update(self, other: ParameterDict | Mapping[str, Parameter]) -> None:
        """Take all parameters of `other`; AssertionError if one of the same name is another parameter."""
        for name, parameter in other.items():
            if self._params.get(name, parameter) is not parameter:
                raise base.AssertionError(
                    f"Cannot update self with other because they have different Parameters with the same name '{name}'"
                )
        self._params.update(other.items())

    def initialize(
        self,
        init: Any = initializer.Uniform(),  # noqa: B008 - has no state
        ctx: Context | Sequence[Context] | None = None,
        verbose: bool = False,
        force_reinit: bool = False,
    ) -> None:
        """Initialize all parameters; see `Parameter.initialize`.

        Parameters
        ----------
        init : str or Initializer
            How to fill parameters that were not told when they were made.
        ctx : Context or list of Context, optional
            Where; the current context when left out.
        verbose : bool
            Log what is done.
        force_reinit : bool
            Fill those anew that have values already.
        """
        if verbose:
            init.set_verbosity(verbose=verbose)
        for parameter in self.values():
            parameter.initialize(None, ctx, init, force_reinit=force_reinit)

    def zero_grad(self) -> None:
        """Set all gradients to 0."""
        dense = [g._data for p in self.values() for g in p._grad or () if not g.is_sparse]
        for parameter in self.values():
            for gradient in parameter._grad or ():
                if gradient.is_sparse:
                    gradient[:] = 0
        if dense:
            torch._foreach_zero_(dense)  # type: ignore[reportPrivateImportUsage]

    def list_ctx(self) -> list[Context]:
        """Return the contexts that any of the parameters is on."""
        found: dict[str, Context] = {}
        for parameter in self.values():
            found.update((str(context), context) for context in parameter.list_ctx())
        return list(found.values())

    def reset_ctx(self, ctx: Context | Sequence[Context] | None) -> None:
        """Move all parameters to other contexts; see `Parameter.reset_ctx`."""
        for parameter in self.values():
            parameter.reset_ctx(ctx)

    def setattr(self, name: str, value: Any) -> None:
        """Set an attribute of all parameters, such as ``setattr('grad_req', 'null')`` to freeze them.

        Parameters
        ----------
        name : str
            Name of the attribute: 'grad_req', 'lr_mult', 'wd_mult' ...
        value
            Its new value.
        """
        for parameter in self.values():
            setattr(parameter, name, value)

    def save(self, filename: str, strip_prefix: str = "") -> None:
        """Write all parameters to a file.

        Parameters
        ----------
        filename : str
            Path of the file.
        strip_prefix : str
            What to take off the beginning of each name.

        Raises
        ------
        ValueError
            If a name does not begin so.
        """
        arrays: dict[str, NDArray] = {}
        for parameter in self.values():
            if not parameter.name.startswith(strip_prefix):
                raise base.ValueError(
                    f"Prefix '{strip_prefix}' is to be striped before saving, but Parameter's name '{parameter.name}' "
                    f"does not start with '{strip_prefix}'. This may be due to your Block shares parameters from other "
                    "Blocks or you forgot to use 'with name_scope()' when creating child blocks"
                )
            arrays[parameter.name[len(strip_prefix) :]] = parameter._reduce()
        nd.save(filename, arrays)

    def load(
        self,
        filename: str,
        ctx: Context | Sequence[Context] | None = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Read parameters from a file, of Gluon or of a checkpoint (``arg:weight``).

        Parameters
        ----------
        filename : str
            Path of the file.
        ctx : Context or list of Context, optional
            Where to put parameters that were not initialized; the CPU when left out.
        allow_missing : bool
            Whether the file may lack parameters.
        ignore_extra : bool
            Whether the file may hold others.
        restore_prefix : str
            What to put before the names in the file.
        cast_dtype : bool
            Whether dtypes may differ.
        dtype_source : {'current', 'saved'}
            With `cast_dtype`, whose dtype the parameter has afterwards: its own or the file's.

        Raises
        ------
        AssertionError
            If names, shapes, dtypes or contexts do not go together; the message names the parameter.
        MXNetError
            If the file is missing or damaged.
        """
        loaded = nd.load(filename) or {}  # a file without arrays has no names either
        if not isinstance(loaded, dict):
            raise base.ValueError(
                f"load: the {len(loaded)} arrays in {filename!r} have no names; mx.nd.load reads them"
            )
        self.load_dict(loaded, ctx, allow_missing, ignore_extra, restore_prefix, filename, cast_dtype, dtype_source)

    def load_dict(
        self,
        param_dict: Mapping[str, NDArray],
        ctx: Context | Sequence[Context] | None = None,
        allow_missing: bool = False,
        ignore_extra: bool = False,
        restore_prefix: str = "",
        filename: str | None = None,
        cast_dtype: bool = False,
        dtype_source: str = "current",
    ) -> None:
        """Take parameters from a dictionary; see `load`."""
        where = f"file: {filename}" if filename else "param_dict"
        for name in self.keys() if restore_prefix else ():
            if not name.startswith(restore_prefix):
                raise base.AssertionError(
                    f"restore_prefix is '{restore_prefix}' but Parameters name '{name}' does not start with "
                    f"'{restore_prefix}'"
                )
        arrays = {restore_prefix + without_kind(name): array for name, array in param_dict.items()}
        cut = len(restore_prefix)
        if not allow_missing:
            for name in self.keys():
                if name not in arrays:
                    raise base.AssertionError(
                        f"Parameter '{name[cut:]}' is missing in {where}, which contains parameters: "
                        f"{_brief_print_list(param_dict)}. Please make sure source and target networks have the same "
                        "prefix, or set allow_missing=True"
                    )
        for name, array in arrays.items():
            if name not in self._params:
                if not ignore_extra:
                    raise base.AssertionError(
                        f"Parameter '{name[cut:]}' loaded from {where} is not present in ParameterDict, choices are: "
                        f"{_brief_print_list(self._params)}. Set ignore_extra to True to ignore. Please make sure "
                        "source and target networks have the same prefix"
                    )
                continue
            self._params[name]._load_init(array, ctx, cast_dtype, dtype_source, filename or "")


def without_kind(name: str) -> str:
    """Return a name of a checkpoint without ``arg:`` or ``aux:``."""
    return name[4:] if name.startswith(("arg:", "aux:")) else name


def _joined(one: Any, other: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that agrees with both, None if there is none."""
    given = (one,) if isinstance(one, int) else None if one is None else tuple(one)
    if given is None or len(given) == 0:
        return other
    if len(given) != len(other):
        return None
    if any(a != b and a > 0 and b > 0 for a, b in zip(given, other)):
        return None
    return tuple(max(a, b) for a, b in zip(given, other))
