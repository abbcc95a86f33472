"""`Parameter`: an array with a gradient, one of each for every context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from .. import autograd, base, initializer
from .. import ndarray as nd
from .._ops.attributes import torch_dtype
from .._warning import warn
from ..context import Context, cpu, current_context
from ..ndarray.dispatch import wrap
from ..ndarray.ndarray import NDArray
from ..symbol import Symbol, Variable

if TYPE_CHECKING:
    from .trainer import Trainer

_STORAGE_TYPES = ("default", "row_sparse", "csr")
_GRAD_REQS = ("write", "add", "null")
#: What a user who meets an uninitialized parameter probably did not know.
_HINT = (
    "call net.initialize() first; parameters of child blocks are in net.collect_params(), not in net.params, for "
    "Trainer, too"
)


class DeferredInitializationError(base.MXNetError):
    """A parameter is asked for its values before its shape is known."""


class Parameter:
    """Weights of a block: an array and its gradient on every context that it was initialized on.

    Parameters
    ----------
    name : str
        Full name, prefixes included.
    grad_req : {'write', 'add', 'null'}
        What a backward pass does to the gradient: overwrite it, add to it, or nothing because there is none.
    shape : int or tuple of int, optional
        Shape; 0 stands for a length that the first data will tell.
    dtype : str or numpy type
        Dtype of the values.
    lr_mult, wd_mult : float
        Factors on the learning rate and on weight decay.
    init : str or Initializer, optional
        How to initialize it, before what `initialize` is given by default.
    allow_deferred_init : bool
        Whether `initialize` may wait until the shape is known.
    differentiable : bool
        Whether it can have a gradient at all.
    stype, grad_stype : {'default', 'row_sparse', 'csr'}
        Storage types of values and gradient.

    Attributes
    ----------
    name : str
    lr_mult, wd_mult : float
    init : str, Initializer or None

    Examples
    --------
    >>> weight = mx.gluon.Parameter("weight", shape=(2, 3))
    >>> weight.initialize(init="ones")
    >>> weight.data().sum().asscalar()
    np.float32(6.0)
    >>> weight
    Parameter weight (shape=(2, 3), dtype=<class 'numpy.float32'>)
    """

    def __init__(
        self,
        name: str,
        grad_req: str = "write",
        shape: int | Sequence[int] | None = None,
        dtype: Any = np.float32,
        lr_mult: float = 1.0,
        wd_mult: float = 1.0,
        init: Any = None,
        allow_deferred_init: bool = False,
        differentiable: bool = True,
        stype: str = "default",
        grad_stype: str = "default",
    ) -> None:
        self._var: Symbol | None = None
        self._data: list[NDArray] | None = None
        self._grad: list[NDArray] | None = None
        self._ctx_list: list[Context] | None = None
        self._trainer: Trainer | None = None
        self._deferred_init: tuple[Any, ...] = ()
        self._differentiable = differentiable
        self._allow_deferred_init = allow_deferred_init
        self._grad_req: str | None = None
        self._shape = None if shape is None else _as_shape(shape)
        self.name = name
        self._dtype = dtype
        self.lr_mult = lr_mult
        self.wd_mult = wd_mult
        self.grad_req = grad_req
        self.init = init
        for what, value in (("grad_stype", grad_stype), ("stype", stype)):
            if value not in _STORAGE_TYPES:
                raise base.AssertionError(
                    f"{what} for Parameter '{name}' must be one of 'default', 'row_sparse', or 'csr', but got '{value}'"
                )
        self._grad_stype = grad_stype
        self._stype = stype

    def __repr__(self) -> str:
        return f"{type(self).__name__} {self.name} (shape={self.shape}, dtype={self.dtype})"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_trainer": None, "_var": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._mark()  # copies of arrays have no gradients attached

    # -- what it is ----------------------------------------------------------------------------------------------

    @property
    def grad_req(self) -> str:
        """What a backward pass does to the gradient: 'write', 'add' or 'null'; it can be set at any time."""
        return self._grad_req or "null"

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        if req not in _GRAD_REQS:
            raise base.AssertionError(f"grad_req must be one of 'write', 'add', or 'null', but got '{req}'")
        if not self._differentiable:
            req = "null"
        if self._grad_req == req:
            return
        self._grad_req = req
        if self._data is None:
            return
        if req == "null":
            self._grad = None
            self._data = [array.detach() for array in self._data]
        else:
            self._init_grad()

    @property
    def dtype(self) -> Any:
        """Dtype of the values; setting it casts them."""
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: Any) -> None:
        self.cast(dtype)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape, 0 for a length not known yet; None if nothing is known. It can be completed, not changed."""
        return self._shape

    @shape.setter
    def shape(self, new_shape: int | Sequence[int] | None) -> None:
        if self._shape is None:
            self._shape = None if new_shape is None else _as_shape(new_shape)
            return
        given = () if new_shape is None else _as_shape(new_shape)
        fits = len(given) == len(self._shape) and all(old in (0, -1, new) for old, new in zip(self._shape, given))
        if not fits:
            raise base.AssertionError(
                f"Parameter '{self.name}': expected shape {given} is incompatible with given shape {self._shape}"
            )
        self._shape = given

    def list_ctx(self) -> list[Context]:
        """Return the contexts that it is, or will be, initialized on; RuntimeError before `initialize`."""
        if self._data is None:
            if self._deferred_init:
                return self._deferred_init[1]
            raise base.MXNetError(f"Parameter '{self.name}' has not been initialized: {_HINT}")
        assert self._ctx_list is not None
        return self._ctx_list

    def var(self) -> Symbol:
        """Return the symbol that stands for it in graphs, always the same one."""
        if self._var is None:
            self._var = Variable(
                self.name, shape=self.shape, dtype=self.dtype, lr_mult=self.lr_mult, wd_mult=self.wd_mult,
                init=self.init, stype=self._stype,
            )  # fmt: skip
        return self._var

    # -- values --------------------------------------------------------------------------------------------------

    def _check_and_get(self, arrays: list[NDArray] | None, ctx: Context | type[list] | None) -> Any:
        """Return the array on `ctx`, the only one or the one on the current context for None, or all for `list`."""
        if arrays is not None:
            if ctx is list:
                return arrays
            if ctx is None:
                if len(arrays) == 1:
                    return arrays[0]
                ctx = current_context()
            contexts = self._ctx_list
            assert contexts is not None
            for array, context in zip(arrays, contexts):
                if context is ctx or context == ctx:
                    return array
            for array, context in zip(arrays, contexts):
                if _same_device(context, ctx):
                    return array
            raise base.MXNetError(
                f"Parameter '{self.name}' was not initialized on context {ctx}. It was only initialized on {contexts}."
            )
        if self._deferred_init:
            raise DeferredInitializationError(
                f"Parameter '{self.name}' has not been initialized yet because initialization was deferred: its shape "
                f"{self.shape} is not known. Pass one batch of data through the network first, or give in_units, "
                "in_channels etc. when you make the layers"
            )
        raise base.MXNetError(f"Parameter '{self.name}' has not been initialized: {_HINT}")

    def _refuse_sparse(self, what: str) -> None:
        if self._stype != "default":
            raise base.MXNetError(
                f"Cannot return Parameter '{self.name}' via {what} because its storage type is {self._stype}. "
                "Please use row_sparse_data() instead"
            )

    def data(self, ctx: Context | None = None) -> NDArray:
        """Return the values on one context.

        Parameters
        ----------
        ctx : Context, optional
            Which; when left out, the only one there is, or the current context.

        Returns
        -------
        NDArray
            The array itself: writing to it changes the parameter.

        Raises
        ------
        DeferredInitializationError
            If the shape is not known yet.
        RuntimeError
            If it was not initialized, or not on `ctx`, or is stored sparsely.
        """
        if self._stype != "default":
            self._refuse_sparse("data()")
        return self._check_and_get(self._data, ctx)

    def list_data(self) -> list[NDArray]:
        """Return the values on all contexts, in the order of `list_ctx`; errors as in `data`."""
        self._refuse_sparse("list_data()")
        return self._check_and_get(self._data, list)

    def grad(self, ctx: Context | None = None) -> NDArray:
        """Return the gradient on one context.

        Parameters
        ----------
        ctx : Context, optional
            As in `data`.

        Raises
        ------
        RuntimeError
            If there is none because `grad_req` is 'null', or as in `data`.
        """
        self._check_has_grad()
        return self._check_and_get(self._grad, ctx)

    def list_grad(self) -> list[NDArray]:
        """Return the gradients on all contexts, in the order of `list_ctx`; errors as in `grad`."""
        self._check_has_grad()
        return self._check_and_get(self._grad, list)

    def _check_has_grad(self) -> None:
        if self._data is not None and self._grad is None:
            raise base.MXNetError(f"Cannot get gradient array for Parameter '{self.name}' because grad_req='null'")

    def zero_grad(self) -> None:
        """Set the gradients on all contexts to 0; do nothing if there are none."""
        for gradient in self._grad or ():
            gradient[:] = 0

    def set_data(self, data: Any) -> None:
        """Set the values on all contexts.

        Parameters
        ----------
        data : NDArray or array_like
            New values. If the shape was not known, this tells it.

        Raises
        ------
        AssertionError
            If the shape differs.
        RuntimeError
            If it was not initialized.
        """
        self.shape = data.shape
        if self._data is None:
            if not self._deferred_init:
                raise base.AssertionError(f"Parameter '{self.name}' has not been initialized: {_HINT}")
            self._deferred_init = (*self._deferred_init[:3], data)
            return
        trainer = self._trainer
        in_store = trainer is not None and trainer._kv_initialized and trainer._update_on_kvstore
        if trainer is not None and in_store and all(parameter is not self for parameter in trainer._params_to_init):
            trainer._reset_kvstore()  # it has a copy of its own
        for array in self._check_and_get(self._data, list):
            array[:] = data

    def row_sparse_data(self, row_id: NDArray) -> Any:
        """Return rows of a row_sparse parameter, fresh from the trainer's store, on the context of `row_id`.

        Parameters
        ----------
        row_id : NDArray of int64
            Which rows.

        Raises
        ------
        RuntimeError
            If it is not stored as row_sparse, or no Trainer has it.
        """
        if self._stype != "row_sparse":
            raise base.MXNetError(
                f"Cannot return a copy of Parameter {self.name} via row_sparse_data() because its storage type is "
                f"{self._stype}. Please use data() instead."
            )
        return self._get_row_sparse(self._data, row_id.context, row_id)

    def list_row_sparse_data(self, row_id: NDArray) -> Any:
        """Return rows of a row_sparse parameter on all contexts; see `row_sparse_data`."""
        if self._stype != "row_sparse":
            raise base.MXNetError(
                f"Cannot return copies of Parameter '{self.name}' on all contexts via list_row_sparse_data() because "
                f"its storage type is {self._stype}. Please use data() instead."
            )
        return self._get_row_sparse(self._data, list, row_id)

    def _get_row_sparse(self, arrays: list[NDArray] | None, ctx: Any, row_id: NDArray) -> Any:
        trainer = self._trainer
        if trainer is None:
            raise base.MXNetError(
                f"Cannot get row_sparse data for Parameter '{self.name}' when no Trainer is created with it."
            )
        found = self._check_and_get(arrays, ctx)
        trainer._row_sparse_pull(self, found, row_id)
        return found

    # -- initializing --------------------------------------------------------------------------------------------

    def initialize(
        self,
        init: Any = None,
        ctx: Context | Sequence[Context] | None = None,
        default_init: Any = initializer.Uniform(),  # noqa: B008 - has no state
        force_reinit: bool = False,
    ) -> None:
        """Make the arrays and fill them, or note how, if the shape is not known yet.

        Parameters
        ----------
        init : str or Initializer, optional
            How to fill this parameter; when left out, as it was told when it was made, or by `default_init`.
        ctx : Context or list of Context, optional
            Where; the current context when left out. The values are the same everywhere.
        default_init : str or Initializer
            See `init`.
        force_reinit : bool
            Fill it anew if it has values already, which otherwise stay, with a warning.

        Raises
        ------
        ValueError
            If the shape is not known and `allow_deferred_init` is not set.
        """
        if self._data is not None and not force_reinit:
            warn(f"Parameter '{self.name}' is already initialized, ignoring. Set force_reinit=True to re-initialize.")
            return
        self._data = self._grad = None
        contexts = [current_context()] if ctx is None else [ctx] if isinstance(ctx, Context) else list(ctx)
        if init is None:
            init = default_init if self.init is None else self.init
        if not _is_known(self.shape) and not self._allow_deferred_init:
            raise base.ValueError(
                f"Cannot initialize Parameter '{self.name}' because it has invalid shape: {self.shape}."
            )
        self._deferred_init = (init, contexts, default_init, None)
        if _is_known(self.shape):
            self._finish_deferred_init()

    def _finish_deferred_init(self) -> None:
        """Make and fill the arrays, now that the shape is known."""
        if not self._deferred_init:
            return
        init, contexts, default_init, data = self._deferred_init
        if not _is_known(self.shape):
            raise base.AssertionError(
                f"Cannot initialize Parameter '{self.name}' because it has invalid shape: {self.shape}. Please specify "
                "in_units, in_channels, etc for `Block`s."
            )
        with autograd.pause():
            if data is None:
                data = nd.zeros(self.shape or (), ctx=cpu(), dtype=self.dtype, stype=self._stype)
                rule, default = _rule(init, self.name), _rule(default_init, self.name)
                initializer.create(default)(initializer.InitDesc(self.name, {"__init__": rule}), data)
            self._init_impl(data, contexts)
        self._deferred_init = ()  # last: another thread may ask now

    def _init_impl(self, data: Any, contexts: Sequence[Context]) -> None:
        """Take a copy of `data` as the values on each context."""
        self._ctx_list = list(contexts)
        source = data if isinstance(data, NDArray) else nd.array(data, dtype=self.dtype)
        self._data = [source.copyto(context) for context in self._ctx_list]
        self._init_grad()

    def _init_grad(self) -> None:
        """Make the gradient arrays, all zeros."""
        assert self._data is not None
        if self.grad_req == "null":
            self._grad = None
            return
        if self._grad_stype == "default":
            self._grad = [wrap(NDArray, torch.zeros_like(a._data), a._context) for a in self._data]
        else:
            self._grad = [nd.zeros(a.shape, a.context, a.dtype, stype=self._grad_stype) for a in self._data]
        self._mark()

    def _mark(self) -> None:
        """Tell autograd where gradients go; those of integers stay zeros."""
        if self._grad is not None and self._data is not None and torch_dtype(self.dtype).is_floating_point:
            autograd.mark_variables(self._data, self._grad, self.grad_req)

    def _load_init(
        self, data: NDArray, ctx: Any, cast_dtype: bool = False, dtype_source: str = "current", path: str = ""
    ) -> None:
        """Take values that were saved, and initialize with them if that was not done."""
        saved_in = f" from file {path!r}" if path else " from saved params"
        if cast_dtype and dtype_source not in ("current", "saved"):
            raise base.AssertionError(f"dtype_source is {dtype_source!r}, expected 'current' or 'saved'")
        if self.shape is not None:
            fits = len(self.shape) == len(data.shape) and all(
                own in (0, -1, n) for own, n in zip(self.shape, data.shape)
            )
            if not fits:
                raise base.AssertionError(
                    f"Failed loading Parameter '{self.name}'{saved_in}: shape incompatible expected {self.shape} vs "
                    f"saved {data.shape}"
                )
            self.shape = data.shape
        if self.dtype is not None:
            own = torch_dtype(self.dtype)
            if cast_dtype and own is not data._data.dtype:
                if dtype_source == "current":
                    data = data.astype(self.dtype, copy=False)
                else:
                    self.cast(data.dtype)
            elif own is not data._data.dtype:
                raise base.AssertionError(
                    f"Failed loading Parameter '{self.name}'{saved_in}: dtype incompatible expected {self.dtype} vs "
                    f"saved {data.dtype}. Set cast_dtype=True to cast the dtype of saved params."
                )
        if self._stype != data.stype:
            data = data.tostype(self._stype)
        contexts = [ctx] if isinstance(ctx, Context) else None if ctx is None else list(ctx)
        if self._data is None:
            if self._deferred_init:
                waiting = self._deferred_init[1]
                if contexts is not None and set(contexts) != set(waiting):
                    raise base.AssertionError(
                        f"Failed to load Parameter '{self.name}' on {contexts} because it was previous initialized on "
                        f"{waiting}."
                    )
                contexts = waiting
            elif contexts is None:
                contexts = [cpu()]
            self._deferred_init = ()
            if self.shape is None:
                self.shape = data.shape
            with autograd.pause():
                self._init_impl(data, contexts)
            return
        if contexts is not None and set(contexts) != set(self.list_ctx()):
            raise base.AssertionError(
                f"Failed to load Parameter '{self.name}' on {contexts} because it was previous initialized on "
                f"{self.list_ctx()}."
            )
        self.set_data(data)

    def _reduce(self) -> NDArray:
        """Return the values on the CPU: the mean over contexts."""
        if self._stype == "default":
            arrays = [array.as_in_context(cpu()) for array in self.list_data()]
            return arrays[0] if len(arrays) == 1 else nd.add_n(*arrays) / len(arrays)
        rows = nd.arange(0, (self.shape or (0,))[0], dtype="int64", ctx=cpu())
        data = nd.zeros(self.shape or (), stype="row_sparse", ctx=cpu(), dtype=self.dtype)
        if self._trainer is None:
            raise base.MXNetError(
                f"Cannot get row_sparse data for Parameter '{self.name}' when no Trainer is created with it."
            )
        self._trainer._row_sparse_pull(self, data, rows, full_idx=True)
        return data

    def _set_trainer(self, trainer: Trainer | None) -> None:
        if self._stype != "default" and self._trainer and trainer and self._trainer is not trainer:
            raise base.MXNetError(
                f"Failed to set the trainer for Parameter '{self.name}' because it was already set. More than one "
                "trainers for a row_sparse Parameter is not supported."
            )
        self._trainer = trainer

    # -- moving and casting --------------------------------------------------------------------------------------

    def reset_ctx(self, ctx: Context | Sequence[Context] | None) -> None:
        """Move it to other contexts.

        Parameters
        ----------
        ctx : Context or list of Context
            Where to; the current context for None.

        Raises
        ------
        ValueError
            If it was not initialized.
        """
        contexts = [current_context()] if ctx is None else [ctx] if isinstance(ctx, Context) else list(ctx)
        if self._data is not None:
            data = self._reduce()
            with autograd.pause():
                self._init_impl(data, contexts)
        elif self._deferred_init:
            init, _, default_init, data = self._deferred_init
            self._deferred_init = (init, contexts, default_init, data)
        else:
            raise base.ValueError(
                f"Cannot reset context for Parameter '{self.name}' because it has not been initialized."
            )

    def cast(self, dtype: Any) -> None:
        """Cast values and gradients.

        Parameters
        ----------
        dtype : str or numpy type
            The new dtype.
        """
        self._dtype = dtype
        self._var = None
        if self._data is None:
            return
        with autograd.pause():
            self._data = [array.astype(dtype) for array in self._data]
            if self._grad is not None:
                self._grad = [array.astype(dtype) for array in self._grad]
                self._mark()


def _rule(init: Any, name: str) -> Any:
    """Return the initializer that `Mixed` has for a name; any other as it is."""
    if not isinstance(init, initializer.Mixed):
        return init
    found = next((rule for pattern, rule in init.map if pattern.match(name)), None)
    if found is None:
        raise base.ValueError(f"Parameter '{name}' matches no pattern of Mixed; add '.*' with a default as the last")
    return found


def _same_device(one: Context, other: Any) -> bool:
    """Tell whether both are the CPU, whose kinds of memory have odd numbers, or the same GPU."""
    return one.device_id == other.device_id and one.device_typeid % 2 == other.device_typeid % 2


def _as_shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _is_known(shape: tuple[int, ...] | None) -> bool:
    return shape is not None and all(length > 0 for length in shape)
