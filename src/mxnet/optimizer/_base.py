"""The class of all optimizers: settings, rates and decays of each parameter, numbers of updates, and the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import torch

from .. import base
from .._warning import warn
from ..ndarray import NDArray

if TYPE_CHECKING:
    from ..symbol import Symbol

#: What an optimizer is told a parameter by: its number in a list, or its name.
Index = Any
OptimizerClass = TypeVar("OptimizerClass", bound="type[Optimizer]")

#: Weights of these dtypes have float32 masters with ``multi_precision=True``.
NARROW = (torch.float16, torch.bfloat16)


class _AlreadyScheduled(base.MXNetError, UserWarning):
    """A learning rate was set where a scheduler decides; MXNet raises a warning as an error."""


class Optimizer:
    """What all optimizers share. An optimizer changes weights by their gradients, one step at a time.

    An optimizer of your own overrides `create_state` and `update`, is registered with `mx.optimizer.register`, and is
    then made by its name. In `update` it calls ``self._update_count(index)`` and asks for the parameter's
    learning rate and weight decay with ``self._get_lr(index)`` and ``self._get_wd(index)``.

    Parameters
    ----------
    rescale_grad : float
        Factor of all gradients, usually 1 / batch size.
    param_idx2name : dict of int to str, optional
        Names of the parameters. Those whose names end in neither ``_weight`` nor ``_gamma`` get no weight decay.
    wd : float
        Weight decay: this times the weights is added to the gradients.
    clip_gradient : float, optional
        Bound of the scaled gradients' absolute values; None for no bound.
    learning_rate : float, optional
        Learning rate; 0.01 if neither it nor `lr_scheduler` is given. With a scheduler it becomes its `base_lr`.
    lr_scheduler : LRScheduler, optional
        Returns the learning rate, given the number of updates so far.
    sym : Symbol, optional
        Its variables' attributes ``__lr_mult__`` and ``__wd_mult__`` are taken over.
    begin_num_update : int
        Number of updates made before: training goes on from there.
    multi_precision : bool
        Keep float32 copies of float16 and bfloat16 weights and update those.
    param_dict : dict, optional
        Parameters by their index: objects with `lr_mult` and `wd_mult`. They come before all other multipliers.

    Attributes
    ----------
    lr, wd, rescale_grad, clip_gradient, lr_scheduler, multi_precision
        As given.
    lr_mult, wd_mult : dict
        Factors of the rate and the decay, by name or index.
    num_update : int
        Number of updates so far: of the parameter that was updated most often.
    aggregate_num : int
        Largest number of parameters that `update` gets at once, as lists; 0 if it gets one at a time.

    Examples
    --------
    >>> @mx.optimizer.register
    ... class Plain(mx.optimizer.Optimizer):
    ...     def update(self, index, weight, grad, state):
    ...         self._update_count(index)
    ...         weight -= self._get_lr(index) * (grad * self.rescale_grad + self._get_wd(index) * weight)
    >>> update = mx.optimizer.get_updater(mx.optimizer.create("plain", learning_rate=0.5))
    >>> weight = mx.nd.array([1, 2])
    >>> update(0, mx.nd.array([2, -2]), weight)
    >>> weight.asnumpy().tolist()
    [0.0, 3.0]
    >>> del mx.optimizer.Optimizer.opt_registry["plain"]
    """

    #: All optimizers by name in small letters.
    opt_registry: ClassVar[dict[str, type[Optimizer]]] = {}

    #: Whether `update_multi_precision` of this class takes lists of any length and any mixture of dtypes.
    _takes_lists: ClassVar[bool] = False

    def __init__(
        self,
        rescale_grad: float = 1.0,
        param_idx2name: Mapping[Index, str] | None = None,
        wd: float = 0.0,
        clip_gradient: float | None = None,
        learning_rate: float | None = None,
        lr_scheduler: Callable[[int], float] | None = None,
        sym: Symbol | None = None,
        begin_num_update: int = 0,
        multi_precision: bool = False,
        param_dict: Mapping[Index, Any] | None = None,
    ) -> None:
        name = type(self).__name__
        if param_idx2name is not None and not isinstance(param_idx2name, Mapping):
            raise base.TypeError(
                f"{name}: param_idx2name should be a dict of param indexes to names, not {param_idx2name!r}"
            )
        if sym is not None and not hasattr(sym, "attr_dict"):
            raise base.TypeError(f"{name}: sym is {sym!r} of type {type(sym).__name__}; expected a Symbol")
        self.rescale_grad: Any = rescale_grad
        self.lr_scheduler: Any = lr_scheduler
        self.lr: Any = learning_rate
        if lr_scheduler is None:
            self.lr = 0.01 if learning_rate is None else learning_rate
        elif learning_rate is not None and getattr(lr_scheduler, "base_lr", learning_rate) != learning_rate:
            print("learning rate from ``lr_scheduler`` has been overwritten by ``learning_rate`` in optimizer.")
            lr_scheduler.base_lr = learning_rate  # type: ignore[attr-defined]
        self.wd: Any = wd
        self.lr_mult: dict[Index, float] = {}
        self.wd_mult: dict[Index, float] = {}
        self.begin_num_update = begin_num_update
        self.num_update = begin_num_update
        self._all_index_update_counts: dict[int, dict[Index, int]] = {0: {}}
        self._index_update_count = self._all_index_update_counts[0]
        self.clip_gradient: Any = clip_gradient
        self.multi_precision = multi_precision
        self.aggregate_num = 0
        self.idx2name: dict[Index, str] = dict(param_idx2name or {})
        self.sym_info: tuple[Any, ...] = () if sym is None else (sym.attr_dict(), sym.list_arguments())
        self.param_dict: Mapping[Index, Any] = param_dict or {}
        self.allow_np_array = False
        self.set_lr_mult({})
        self.set_wd_mult({})

    # -- the registry ------------------------------------------------------------------------------------------------

    @staticmethod
    def register(klass: OptimizerClass) -> OptimizerClass:
        """Make a class known by its name in small letters, and return it: a decorator.

        A UserWarning tells when that replaces another class.

        Parameters
        ----------
        klass : type
            Usually a subclass of `Optimizer`.

        Raises
        ------
        TypeError
            If `klass` is no class.
        """
        if not isinstance(klass, type):
            raise base.TypeError(f"Optimizer.register: klass is {klass!r} of type {type(klass)}; expected a class")
        name = klass.__name__.lower()
        known = Optimizer.opt_registry.get(name)
        if known is not None:
            warn(
                f"WARNING: New optimizer {klass.__module__}.{klass.__name__} is overriding existing optimizer "
                f"{known.__module__}.{known.__name__}"
            )
        Optimizer.opt_registry[name] = klass
        return klass

    @staticmethod
    def create_optimizer(name: str, **kwargs: Any) -> Optimizer:
        """Make an optimizer by its name, in any mixture of small and capital letters.

        Parameters
        ----------
        name : str
            Name of a registered class.
        **kwargs
            What the class is called with.

        Raises
        ------
        ValueError
            If there is no such optimizer.
        """
        if not isinstance(name, str):
            raise base.TypeError(
                f"create_optimizer: name is {name!r} of type {type(name).__name__}; expected the name of an "
                "optimizer, as a string"
            )
        found = Optimizer.opt_registry.get(name.lower())
        if found is None:
            known = ", ".join(sorted(Optimizer.opt_registry))
            raise base.ValueError(f"Cannot find optimizer {name}; expected one of {known}")
        return found(**kwargs)

    # -- what an optimizer overrides ---------------------------------------------------------------------------------

    def create_state(self, index: Index, weight: NDArray) -> Any:
        """Return what is kept for a parameter between its updates.

        Parameters
        ----------
        index : int or str
            Which parameter it is.
        weight : NDArray
            Its value, for shape, dtype and context.

        Returns
        -------
        None, NDArray, or tuple of them
            Here: None.
        """
        return None

    def create_state_multi_precision(self, index: Index, weight: NDArray) -> Any:
        """Return what is kept for a parameter, with a float32 copy of 16-bit weights if `multi_precision` is set.

        Parameters
        ----------
        index : int or str
            Which parameter it is.
        weight : NDArray
            Its value.

        Returns
        -------
        None, NDArray, or tuple of them
            ``(float32 copy, its state)`` for a 16-bit weight, otherwise what `create_state` returns.
        """
        if self._has_master(weight):
            master = weight.astype("float32")
            return master, self.create_state(index, master)
        self._warn_of_narrow(weight, "")
        return self.create_state(index, weight)

    def update(self, index: Index, weight: NDArray, grad: NDArray, state: Any) -> None:
        """Change a weight and its state by its gradient. Each optimizer overrides this.

        Parameters
        ----------
        index : int or str
            Which parameter it is.
        weight : NDArray
            Its value; overwritten.
        grad : NDArray, in the shape and dtype of `weight`
            Gradient of the loss.
        state : None, NDArray, or tuple of them
            What `create_state` returned; overwritten.
        """
        raise NotImplementedError(f"{type(self).__name__}.update: each optimizer overrides it")

    def update_multi_precision(self, index: Index, weight: NDArray, grad: NDArray, state: Any) -> None:
        """Change a weight by its gradient, by way of its float32 copy if it has one.

        Parameters
        ----------
        index : int or str
            Which parameter it is.
        weight : NDArray
            Its value; overwritten.
        grad : NDArray, in the shape and dtype of `weight`
            Gradient of the loss.
        state : None, NDArray, or tuple of them
            What `create_state_multi_precision` returned; overwritten.
        """
        if self._has_master(weight):
            master, own = state
            self.update(index, master, grad.astype("float32"), own)
            weight._data.copy_(master._data)
        else:
            self.update(index, weight, grad, state)

    def _has_master(self, weight: NDArray) -> bool:
        return self.multi_precision and weight._data.dtype in NARROW

    def _warn_of_narrow(self, weight: NDArray, name: str) -> None:
        if weight._data.dtype in NARROW:
            warn(
                f"Accumulating with {str(weight._data.dtype)[6:]} in optimizer can lead to poor accuracy or slow "
                f"convergence. Consider using multi_precision=True option of the {name}optimizer"
            )

    # -- rates, decays and their factors -----------------------------------------------------------------------------

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the present update, before the factors of single parameters."""
        return self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate.

        Parameters
        ----------
        lr : float
            The new rate.

        Raises
        ------
        UserWarning, MXNetError
            If the optimizer has a scheduler.
        """
        if self.lr_scheduler is not None:
            raise _AlreadyScheduled(
                f"{type(self).__name__}.set_learning_rate: LRScheduler of the optimizer has already been defined. "
                "Note that set_learning_rate can mutate the value of the learning rate of the optimizer only when "
                "the LRScheduler of the optimizer is undefined."
            )
        self.lr = lr

    def set_lr_scale(self, args_lrscale: Mapping[Index, float]) -> None:
        """Raise DeprecationWarning: `set_lr_mult` took its place.

        Parameters
        ----------
        args_lrscale : dict
            Not used.
        """
        raise DeprecationWarning(f"{type(self).__name__}.set_lr_scale: use set_lr_mult instead")

    def set_lr_mult(self, args_lr_mult: Mapping[Index, float]) -> None:
        """Set the factors of the learning rate; those that were set before are forgotten.

        Factors in the attributes of the symbol given as `sym` stay, where `args_lr_mult` has no other.

        Parameters
        ----------
        args_lr_mult : dict of int or str to float
            Factors by name or index of the parameter; 1 for all others.
        """
        self.lr_mult = {**self._in_symbol("__lr_mult__"), **args_lr_mult}

    def set_wd_mult(self, args_wd_mult: Mapping[Index, float]) -> None:
        """Set the factors of the weight decay; those that were set before are forgotten.

        Parameters whose names end in neither ``_weight`` nor ``_gamma`` have the factor 0, unless the symbol given as
        `sym` or `args_wd_mult` has another.

        Parameters
        ----------
        args_wd_mult : dict of int or str to float
            Factors by name or index of the parameter; 1 for all others.
        """
        spared = self._without_decay("_weight", "_gamma")
        self.wd_mult = {**spared, **self._in_symbol("__wd_mult__"), **args_wd_mult}

    def _without_decay(self, *decayed: str) -> dict[str, float]:
        """Return factors of 0 for the parameters whose names end in none of these."""
        return {name: 0.0 for name in self.idx2name.values() if not name.endswith(decayed)}

    def _in_symbol(self, key: str) -> dict[str, float]:
        """Return the factors that the symbol's arguments have as an attribute."""
        if not self.sym_info:
            return {}
        attributes, arguments = self.sym_info
        return {name: float(attributes[name][key]) for name in arguments if key in attributes.get(name, ())}

    def _get_lrs(self, indices: Sequence[Index]) -> list[Any]:
        """Return the learning rates of parameters."""
        rate = self.lr if self.lr_scheduler is None else self.lr_scheduler(self.num_update)
        return self._multiplied(rate, indices, "lr_mult", self.lr_mult)

    def _get_lr(self, index: Index) -> Any:
        """Return the learning rate of a parameter."""
        return self._get_lrs([index])[0]

    def _get_wds(self, indices: Sequence[Index]) -> list[Any]:
        """Return the weight decays of parameters."""
        return self._multiplied(self.wd, indices, "wd_mult", self.wd_mult)

    def _get_wd(self, index: Index) -> Any:
        """Return the weight decay of a parameter."""
        return self._get_wds([index])[0]

    def _multiplied(self, value: Any, indices: Sequence[Index], kind: str, factors: dict[Index, float]) -> list[Any]:
        parameters = self.param_dict
        if not factors and not parameters:
            return [value] * len(indices)
        found: list[Any] = []
        names = self.idx2name
        for index in indices:
            if index in parameters:
                found.append(value * getattr(parameters[index], kind))
            elif index in factors:
                found.append(value * factors[index])
            elif index in names:
                found.append(value * factors.get(names[index], 1.0))
            else:
                found.append(value)
        return found

    # -- numbers of updates ------------------------------------------------------------------------------------------

    def _set_current_context(self, device_id: int) -> None:
        """Count the updates that follow for this device."""
        self._index_update_count = self._all_index_update_counts.setdefault(device_id, {})

    def _update_count(self, index: Index | Sequence[Index]) -> None:
        """Count an update of a parameter, or of each of a list."""
        counts = self._index_update_count
        latest = self.num_update
        for one in index if isinstance(index, (list, tuple)) else (index,):
            count = counts.get(one, self.begin_num_update) + 1
            counts[one] = count
            if count > latest:
                latest = count
        self.num_update = latest

    # -- pickles -----------------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        state = self.__dict__.copy()
        state.pop("param_dict", None)  # it holds the parameters themselves
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        counts: dict[Index, int] = state.get("_index_update_count", {})
        # what optimizers that older versions wrote do not have
        self.__dict__ = {
            "multi_precision": False,
            "aggregate_num": 0,
            "allow_np_array": False,
            "sym_info": (),
            "idx2name": {},
            "_all_index_update_counts": {0: counts},
            **state,
            "param_dict": {},
        }


create = Optimizer.create_optimizer
register = Optimizer.register
