"""What updates parameters by their gradients: an optimizer, and a store that adds up gradients of several devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import autograd, base
from .. import kvstore as kvs
from .. import optimizer as opt
from .._runtime.files import replacing
from ..context import Context
from ..module.updating import _create_kvstore
from ..ndarray import NDArray
from .parameter import Parameter, ParameterDict

__all__ = ["Trainer"]


class _RaisedWarning(base.MXNetError, UserWarning):
    """A warning that stops the program: MXNet raises these instead of showing them."""


class Trainer:
    """Updates parameters with an optimizer, on one device or on several.

    Parameters
    ----------
    params : ParameterDict, dict of str to Parameter, or list of Parameter
        What to update, usually ``net.collect_params()``. Those with ``grad_req='null'`` are left alone.
    optimizer : str or Optimizer
        Name of an optimizer, or one that is made already.
    optimizer_params : dict, optional
        Arguments of an optimizer that is given by name, such as ``{'learning_rate': 0.1}``.
    kvstore : str, KVStoreBase or None
        What adds gradients up if there are several devices: see `mx.kv.create`. With one device, a name that is not
        that of a distributed store gives no store, and nothing is copied. None adds nothing up.
    compression_params : dict, optional
        Gradient compression of the store, such as ``{'type': '2bit', 'threshold': 0.5}``.
    update_on_kvstore : bool, optional
        Whether the optimizer runs in the store. If left out, it does where the store can, but for gradients that are
        stored sparsely and where the environment has ``MXNET_UPDATE_ON_KVSTORE=0``.

    Raises
    ------
    ValueError
        If `params` is something else.
    AssertionError
        If parameters are on different devices, or `optimizer_params` come with an Optimizer.
    RuntimeError
        If a parameter was not initialized.

    Examples
    --------
    >>> weight = mx.gluon.Parameter("weight", shape=(2,))
    >>> weight.initialize(init="ones")
    >>> trainer = mx.gluon.Trainer([weight], "sgd", {"learning_rate": 0.5})
    >>> with mx.autograd.record():
    ...     loss = weight.data() * mx.nd.array([2, 4])
    >>> loss.backward()
    >>> trainer.step(batch_size=2)
    >>> weight.data().asnumpy().tolist()
    [0.5, 0.0]
    """

    def __init__(
        self,
        params: ParameterDict | Mapping[str, Parameter] | Sequence[Parameter],
        optimizer: str | opt.Optimizer,
        optimizer_params: dict[str, Any] | None = None,
        kvstore: str | kvs.KVStoreBase | None = "device",
        compression_params: dict[str, Any] | None = None,
        update_on_kvstore: bool | None = None,
    ) -> None:
        self._params = _listed(params)
        self._contains_sparse_weight = any(param._stype != "default" for param in self._params)
        self._contains_sparse_grad = any(param._grad_stype != "default" for param in self._params)
        self._param2idx: dict[str, int] = {param.name: index for index, param in enumerate(self._params)}
        self._compression_params = compression_params
        self._contexts = self._check_contexts()
        self._init_optimizer(optimizer, optimizer_params)
        self._scale: float = self._optimizer.rescale_grad
        self._kvstore_params: dict[str, Any] = {"kvstore": kvstore, "update_on_kvstore": update_on_kvstore}
        self._kvstore: Any = None
        self._reset_kvstore()
        for param in self._params:  # last, so that they never belong to a trainer that was not made
            param._set_trainer(self)

    # -- setting up --------------------------------------------------------------------------------------------------

    def _check_contexts(self) -> list[Context]:
        """Return the devices that all parameters are on."""
        contexts: list[Context] | None = None
        for param in self._params:
            found = param.list_ctx()
            if contexts is not None and contexts != found:
                raise base.AssertionError(
                    "Trainer: All Parameters must be initialized on the same set of contexts, but Parameter "
                    f"{param.name} is initialized on {found} while previous Parameters are initialized on {contexts}."
                )
            contexts = found
        if contexts is None:
            raise base.TypeError("Trainer: params is empty; expected at least one Parameter")
        return contexts

    def _init_optimizer(self, optimizer: str | opt.Optimizer, optimizer_params: dict[str, Any] | None) -> None:
        """Make the optimizer, and what keeps its states on each device."""
        param_dict = dict(enumerate(self._params))
        if isinstance(optimizer, opt.Optimizer):
            if optimizer_params:
                raise base.AssertionError(
                    "Trainer: optimizer_params must be None if optimizer is an instance of Optimizer instead of str; "
                    f"got {sorted(optimizer_params)}: set them where the optimizer is made"
                )
            self._optimizer: Any = optimizer
            optimizer.param_dict = param_dict
        else:
            self._optimizer = opt.create(optimizer, param_dict=param_dict, **(optimizer_params or {}))
        self._updaters = [opt.get_updater(self._optimizer) for _ in self._contexts]

    def _reset_kvstore(self) -> None:
        """Forget the store: the next step makes a new one from the parameters' present values."""
        if self._kvstore is not None and "dist" in self._kvstore.type:
            raise base.MXNetError("Trainer: Cannot reset distributed KVStore.")
        self._kv_initialized = False
        self._kvstore = None
        self._distributed: bool | None = None
        self._update_on_kvstore: bool | None = None
        self._params_to_init = list(self._params)

    def _init_kvstore(self) -> None:
        """Make the store, where one is needed, and decide where the optimizer runs."""
        contexts = self._check_contexts()
        if contexts != self._contexts and not any(updater.states for updater in self._updaters):
            self._contexts = contexts  # parameters were moved before the first step
            self._updaters = [opt.get_updater(self._optimizer) for _ in contexts]
        kvstore, wanted = self._kvstore_params["kvstore"], self._kvstore_params["update_on_kvstore"]
        if self._contains_sparse_weight:
            store, on_store = _create_sparse_kvstore(kvstore)
            self._distributed = "dist" in store.type
            if wanted is False:
                raise base.ValueError("Trainer: Cannot set update_on_kvstore=False when sparse weights are present.")
        else:
            values = {param.name: param.data(contexts[0]) for param in self._params}
            store, on_store = _create_kvstore(kvstore, len(self._contexts), values)
            self._distributed = store is not None and "dist" in store.type
            on_store = self._where_to_update(store, on_store, wanted)
        if store is not None:
            if self._compression_params:
                store.set_gradient_compression(self._compression_params)
            if on_store:
                store.set_optimizer(self._optimizer)
        self._kvstore = store
        self._update_on_kvstore = None if store is None else on_store
        self._kv_initialized = True

    def _where_to_update(self, store: Any, on_store: bool, wanted: bool | None) -> bool:
        """Return whether the optimizer runs in the store; ValueError if that was asked for and cannot be."""
        if store is None:
            if wanted and self._kvstore_params["kvstore"] is None and not self._contains_sparse_grad:
                raise base.ValueError("Trainer: update_on_kvstore=True came with kvstore=None; expected a store")
            return False
        if self._contains_sparse_grad:
            on_store = bool(self._distributed)
            if wanted is False and self._distributed:
                raise base.ValueError(
                    "Trainer: Cannot set update_on_kvstore=False on dist kvstore when sparse gradients are present."
                )
        elif wanted is False and self._distributed and "async" in store.type:
            raise base.ValueError("Trainer: Please set update_on_kvstore=True when training in async mode.")
        if wanted and not store.is_capable(kvs.KVStoreBase.OPTIMIZER):
            raise base.ValueError(f"Trainer: Please set update_on_kvstore=False when training with {type(store)}")
        return on_store if wanted is None else wanted

    def _init_params(self) -> None:
        """Put those parameters into the store that are not there yet; some may still wait for their shape."""
        waiting: list[Parameter] = []
        if self._kvstore is not None:
            for param in self._params_to_init:
                if param._deferred_init:
                    waiting.append(param)
                    continue
                arrays = param._check_and_get(param._data, list)
                index = self._param2idx[param.name]
                if param._stype == "default":
                    self._kvstore.broadcast(index, arrays[0], arrays)
                else:
                    self._kvstore.init(index, arrays[0])  # rows are pulled when a batch needs them
        self._params_to_init = waiting

    def _prepare(self) -> None:
        if not self._kv_initialized:
            self._init_kvstore()
        if self._params_to_init:
            self._init_params()

    # -- learning rate -----------------------------------------------------------------------------------------------

    @property
    def learning_rate(self) -> float:
        """The optimizer's present learning rate, before factors of single parameters."""
        if not isinstance(self._optimizer, opt.Optimizer):
            raise _RaisedWarning("Optimizer has to be defined before its learning rate can be accessed.")
        return self._optimizer.learning_rate

    @property
    def optimizer(self) -> opt.Optimizer:
        """The optimizer."""
        if not isinstance(self._optimizer, opt.Optimizer):
            raise _RaisedWarning("Optimizer has not been initialized yet")
        return self._optimizer

    def set_learning_rate(self, lr: float) -> None:
        """Set the learning rate.

        Parameters
        ----------
        lr : float
            The new rate.

        Raises
        ------
        UserWarning
            If the optimizer has a scheduler, which decides.
        """
        if not isinstance(self._optimizer, opt.Optimizer):
            raise _RaisedWarning("Optimizer has to be defined before its learning rate is mutated.")
        self._optimizer.set_learning_rate(lr)

    # -- training ----------------------------------------------------------------------------------------------------

    def step(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Add gradients up over devices and update the parameters; to be called after ``backward``.

        Parameters
        ----------
        batch_size : int
            Gradients are divided by it. With 1, the loss decides what is averaged.
        ignore_stale_grad : bool
            Leave parameters alone that got no gradient since the last step, instead of stopping.

        Raises
        ------
        UserWarning
            If a parameter got no gradient since the last step, unless `ignore_stale_grad` is set.
        DeferredInitializationError
            If a parameter's shape is still not known.
        """
        self._check_and_rescale_grad(self._scale / batch_size)
        if not self._kv_initialized:
            self._init_kvstore()
        if self._params_to_init:
            self._init_params()
        if self._kvstore is not None and self._update_on_kvstore and self._has_overflow():
            return  # the store would update with these gradients
        self._allreduce_grads()
        self._update(ignore_stale_grad)

    def _has_overflow(self) -> bool:
        """Return whether scaled gradients overflowed, so that this step is left out; see `contrib.amp.init_trainer`."""
        scaler = getattr(self, "_amp_loss_scaler", None)
        if scaler is None:
            return False
        if self._update_on_kvstore and self._distributed:
            raise base.MXNetError(
                "Trainer: a distributed store that runs the optimizer cannot leave out steps whose scaled gradients "
                "overflow; make the Trainer with update_on_kvstore=False"
            )
        return scaler.has_overflow(self._params)

    def allreduce_grads(self) -> None:
        """Add gradients up over devices, and nothing else: look at them or change them, then call `update`.

        Raises
        ------
        AssertionError
            If the optimizer runs in the store.
        """
        self._prepare()
        self._refuse_on_kvstore("allreduce_grads")
        self._allreduce_grads()

    def update(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """Update the parameters by gradients that `allreduce_grads` added up.

        Parameters
        ----------
        batch_size : int
            As in `step`.
        ignore_stale_grad : bool
            As in `step`.

        Raises
        ------
        AssertionError
            If the optimizer runs in the store.
        UserWarning
            As in `step`.
        """
        self._prepare()
        self._refuse_on_kvstore("update")
        self._check_and_rescale_grad(self._scale / batch_size)
        self._update(ignore_stale_grad)

    def _refuse_on_kvstore(self, method: str) -> None:
        if self._kvstore is not None and self._update_on_kvstore:
            raise base.AssertionError(
                f"Trainer: {method}() when parameters are updated on kvstore is not supported. Try setting "
                "`update_on_kvstore` to False when creating trainer."
            )

    def _check_and_rescale_grad(self, scale: float) -> None:
        """Let the optimizer multiply gradients by `scale`; one on other machines cannot be told anew."""
        optimizer = self._optimizer
        if self._update_on_kvstore and self._distributed and self._kv_initialized and optimizer.rescale_grad != scale:
            raise _RaisedWarning(
                "Possible change in the `batch_size` from previous `step` detected. Optimizer gradient normalizing "
                "factor will not change w.r.t new batch_size when update_on_kvstore=True and when distributed kvstore "
                "is used."
            )
        optimizer.rescale_grad = scale

    def _allreduce_grads(self) -> None:
        """Add gradients up over devices, or hand them to the store's optimizer and take the new weights."""
        store, on_store = self._kvstore, self._update_on_kvstore
        if store is None:
            return
        for index, param in enumerate(self._params):
            if param.grad_req == "null":
                continue
            key, gradients = self._param2idx[param.name], param.list_grad()
            if gradients[0].stype == "default":
                if on_store:
                    store.pushpull(key, gradients, out=param.list_data(), priority=-index)
                else:
                    store.pushpull(key, gradients, priority=-index)
                continue
            store.push(key, gradients, priority=-index)
            if param._stype == "default":
                target = param.list_data() if on_store else gradients
                store.pull(key, target, priority=-index, ignore_sparse=bool(self._distributed))

    def _update(self, ignore_stale_grad: bool = False) -> None:
        """Update the parameters on each device, unless the store has done so."""
        on_store = self._kvstore is not None and self._update_on_kvstore
        if not on_store and self._has_overflow():
            return
        if not on_store and len(self._params[0].list_ctx()) > len(self._updaters):
            raise base.MXNetError(
                f"Trainer: the parameters were moved from {self._contexts} to {self._params[0].list_ctx()}; call "
                "save_states, make a new Trainer, and call its load_states"
            )
        updates: list[list[tuple[int, NDArray, NDArray]]] = [[] for _ in self._updaters]
        for index, param in enumerate(self._params):
            if param.grad_req == "null":
                continue
            arrays = param._check_and_get(param._data, list)
            if not ignore_stale_grad:
                for array in arrays:
                    if not array._fresh_grad:
                        raise _stale(param, array)
            if on_store:
                continue
            for rows, array, gradient in zip(updates, arrays, param.list_grad()):
                if not ignore_stale_grad or array._fresh_grad:
                    rows.append((index, gradient, array))
        for updater, rows in zip(self._updaters, updates):
            if rows:
                indices, gradients, arrays = zip(*rows)
                updater(indices, gradients, arrays)
                for array in arrays:
                    array._fresh_grad = False

    def _row_sparse_pull(self, parameter: Parameter, out: Any, row_id: NDArray, full_idx: bool = False) -> None:
        """Copy rows of a parameter that is stored sparsely from the store into arrays."""
        with autograd.pause():  # a network asks for its rows while it is recorded
            self._prepare()
            index = self._param2idx[parameter.name]
            if not full_idx or "dist" in self._kvstore.type:
                self._kvstore.row_sparse_pull(index, out=out, row_ids=row_id, priority=-index)
                return
            if row_id.size != out.shape[0]:
                raise base.AssertionError(
                    f"Trainer: row_id has {row_id.size} rows of Parameter {parameter.name}, expected all {out.shape[0]}"
                )
            self._kvstore.pull(index, out=out, priority=-index, ignore_sparse=False)

    # -- states ------------------------------------------------------------------------------------------------------

    def save_states(self, fname: str) -> None:
        """Write the optimizer and its states (momentum and the like) to a file, which MXNet 1.9.1 reads, too.

        Parameters
        ----------
        fname : str
            Name of the file.
        """
        self._prepare()
        if self._update_on_kvstore:
            self._kvstore.save_optimizer_states(fname, dump_optimizer=True)
            return
        states = self._updaters[0].get_states(dump_optimizer=True)
        with replacing(fname) as file:
            file.write(states)

    def load_states(self, fname: str) -> None:
        """Take the optimizer and its states from a file that `save_states` wrote, here or in MXNet 1.x.

        Parameters
        ----------
        fname : str
            Name of the file.

        Raises
        ------
        MXNetError
            If the file is damaged.
        """
        self._prepare()
        if self._update_on_kvstore:
            self._kvstore.load_optimizer_states(fname)
            self._optimizer = getattr(getattr(self._kvstore, "_updater", None), "optimizer", self._optimizer)
        else:
            with open(fname, "rb") as file:
                states = file.read()
            for updater in self._updaters:
                updater.set_states(states)
                updater.optimizer = self._updaters[0].optimizer
            self._optimizer = self._updaters[0].optimizer
        self._optimizer.param_dict = dict(enumerate(self._params))


def _listed(params: Any) -> list[Parameter]:
    """Return the parameters; those of a dictionary in the order of their names."""
    if isinstance(params, (dict, ParameterDict)):
        params = [params[name] for name in sorted(params.keys())]
    if not isinstance(params, (list, tuple)):
        raise base.ValueError(
            f"Trainer: First argument must be a list or dict of Parameters, got {type(params)}. "
            "net.collect_params() returns what is expected."
        )
    for param in params:
        if not isinstance(param, Parameter):
            raise base.ValueError(
                f"Trainer: First argument must be a list or dict of Parameters, got list of {type(param)}."
            )
    return list(params)


def _create_sparse_kvstore(kvstore: Any) -> tuple[Any, bool]:
    """Return the store for parameters that are stored sparsely; it always runs the optimizer."""
    if isinstance(kvstore, str):
        kvstore = kvs.create(kvstore)
    elif not isinstance(kvstore, kvs.KVStoreBase):
        raise base.TypeError(
            f"Cannot create '{kvstore}' KVStore with row_sparse parameters. The type must be KVStore or str."
        )
    if not kvstore.is_capable(kvs.KVStoreBase.OPTIMIZER):
        raise base.ValueError(f"{type(kvstore)} cannot run the optimizer, which row_sparse parameters need")
    return kvstore, True


def _stale(param: Parameter, array: NDArray) -> _RaisedWarning:
    return _RaisedWarning(
        f"Gradient of Parameter `{param.name}` on context {array.context} has not been updated by backward since last "
        "`step`. This could mean a bug in your model that made it only use a subset of the Parameters (Blocks) for "
        "this iteration. If you are intentionally only using a subset, call step with ignore_stale_grad=True to "
        "suppress this warning and skip updating of Parameters with stale gradient"
    )
