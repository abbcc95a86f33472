"""``mx.mod.Module``: one symbol with its parameters, executors on one or several devices, and an optimizer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .. import base
from .. import optimizer as opt
from .._checkpoint import load_checkpoint
from .._runtime.device import torch_device
from .._runtime.files import replacing
from .._warning import warn
from ..context import Context, cpu
from ..initializer import InitDesc, Uniform
from ..io import DataDesc
from ..ndarray import NDArray
from ..ndarray.dispatch import wrap
from .base_module import BaseModule
from .executor_group import DataParallelExecutorGroup
from .names import _check_input_names, _parse_data_desc, described_by, require
from .updating import _create_kvstore, _initialize_kvstore, _update_params_on_kvstore, make_optimizer, update_each

if TYPE_CHECKING:
    from ..io import DataBatch
    from ..metric import EvalMetric
    from ..symbol import Symbol

__all__ = ["Module"]

_READY = "call bind and init_params first"


class Module(BaseModule):
    """Trains and runs one symbol.

    Parameters
    ----------
    symbol : Symbol
        The network.
    data_names, label_names : list of str
        Which of its arguments are data and labels. None stands for an empty list.
    logger : Logger or module
    context : Context or list of Context
        Device, or devices that share each batch.
    work_load_list : list of float, optional
        How much of a batch each device gets, in any unit.
    fixed_param_names : list of str, optional
        Parameters that are not trained.
    state_names : list of str, optional
        Arguments that are neither given by batches nor parameters; they keep their values from batch to batch.
    group2ctxs : dict of str to Context or list of Context, or list of dict, optional
        Where the nodes of each ``ctx_group`` are.
    compression_params : dict, optional
        How gradients are compressed in a distributed store, such as ``{"type": "2bit", "threshold": 0.5}``.

    Raises
    ------
    ValueError
        If the symbol lacks one of the names. A missing label name is a warning.

    Examples
    --------
    >>> net = mx.sym.LinearRegressionOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=1, name="fc"),
    ...                                     mx.sym.var("label"))
    >>> module = mx.mod.Module(net, label_names=["label"])
    >>> module.bind(data_shapes=[("data", (4, 1))], label_shapes=[("label", (4, 1))])
    >>> module.init_params(mx.init.Zero())
    >>> module.init_optimizer(optimizer_params={"learning_rate": 0.5})
    >>> x = mx.nd.array([[-1], [0], [1], [2]])
    >>> for _ in range(100):
    ...     module.forward_backward(mx.io.DataBatch([x], [3 * x + 1]))
    ...     module.update()
    >>> {name: round(array.asscalar().item(), 3) for name, array in module.get_params()[0].items()}
    {'fc_weight': 3.0, 'fc_bias': 1.0}
    """

    def __init__(
        self,
        symbol: Symbol,
        data_names: Sequence[str] | None = ("data",),
        label_names: Sequence[str] | None = ("softmax_label",),
        logger: Any = logging,
        context: Context | Sequence[Context] = cpu(),  # noqa: B008 (the default device of MXNet's signature)
        work_load_list: Sequence[float] | None = None,
        fixed_param_names: Sequence[str] | None = None,
        state_names: Sequence[str] | None = None,
        group2ctxs: Any = None,
        compression_params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(logger=logger)
        contexts: list[Any] = list(context) if isinstance(context, (list, tuple)) else [context]
        self._context: list[Context] = contexts
        for given in contexts:
            if not isinstance(given, Context):
                raise base.TypeError(f"Module: context is {context!r}, expected a Context such as mx.cpu(), or a list")
        self._work_load_list = [1] * len(self._context) if work_load_list is None else list(work_load_list)
        require(
            len(self._work_load_list) == len(self._context),
            f"Module: {len(self._work_load_list)} entries in work_load_list for {len(self._context)} contexts",
        )
        self._group2ctxs = group2ctxs
        self._symbol: Symbol = symbol  # pyright: ignore[reportIncompatibleVariableOverride]
        self._data_names = list(data_names or [])
        self._label_names = list(label_names or [])
        self._state_names = list(state_names or [])
        self._fixed_param_names = list(fixed_param_names or [])
        _check_input_names(symbol, self._data_names, "data", True)
        _check_input_names(symbol, self._label_names, "label", False)
        _check_input_names(symbol, self._state_names, "state", True)
        _check_input_names(symbol, self._fixed_param_names, "fixed_param", True)
        inputs = {*self._data_names, *self._label_names, *self._state_names}
        arguments = symbol.list_arguments()
        self._param_names = [name for name in arguments if name not in inputs]
        self._known_labels = [name for name in self._label_names if name in arguments]
        self._aux_names = symbol.list_auxiliary_states()
        self._output_names = symbol.list_outputs()
        self._arg_params: dict[str, NDArray] | None = None
        self._aux_params: dict[str, NDArray] | None = None
        self._params_dirty = False
        self._compression_params = compression_params
        self._optimizer: Any = None
        self._kvstore: Any = None
        self._update_on_kvstore: bool | None = None
        self._updater: Any = None
        self._preload_opt_states: str | None = None
        self._grad_req: Any = None
        self._exec_group: DataParallelExecutorGroup = None  # type: ignore[assignment] - until `bind`
        self._data_shapes: list[DataDesc] | None = None
        self._label_shapes: list[DataDesc] | None = None
        self._positions: Sequence[int] = range(len(self._param_names))  # the parameters' numbers for the optimizer

    # -- files -----------------------------------------------------------------------------------------------------

    @staticmethod
    def load(prefix: str, epoch: int, load_optimizer_states: bool = False, **kwargs: Any) -> Module:
        """Return a module with the symbol and parameters of a checkpoint.

        Parameters
        ----------
        prefix, epoch : str, int
            The files are ``prefix-symbol.json`` and ``prefix-0012.params`` for epoch 12.
        load_optimizer_states : bool
            `init_optimizer` shall read ``prefix-0012.states``, too.
        **kwargs
            Other arguments of `Module`.

        Returns
        -------
        Module
            It is not bound yet.
        """
        symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
        module = Module(symbol=symbol, **kwargs)
        module._arg_params, module._aux_params = arg_params, aux_params
        module.params_initialized = True
        if load_optimizer_states:
            module._preload_opt_states = f"{prefix}-{epoch:04d}.states"
        return module

    def save_checkpoint(
        self, prefix: str, epoch: int, save_optimizer_states: bool = False, remove_amp_cast: bool = True
    ) -> None:
        """Write the symbol, the parameters and, if wanted, what the optimizer keeps.

        Parameters
        ----------
        prefix, epoch : str, int
            The files are ``prefix-symbol.json``, ``prefix-0012.params`` and ``prefix-0012.states`` for epoch 12.
        save_optimizer_states : bool
        remove_amp_cast : bool
            Leave casts of mixed precision out of the symbol.
        """
        self._symbol.save(f"{prefix}-symbol.json", remove_amp_cast=remove_amp_cast)
        params = f"{prefix}-{epoch:04d}.params"
        self.save_params(params)
        logging.info('Saved checkpoint to "%s"', params)
        if save_optimizer_states:
            states = f"{prefix}-{epoch:04d}.states"
            self.save_optimizer_states(states)
            logging.info('Saved optimizer state to "%s"', states)

    def save_optimizer_states(self, fname: str) -> None:
        """Write what the optimizer keeps for each parameter, such as momenta."""
        require(self.optimizer_initialized, "save_optimizer_states: call init_optimizer first")
        if self._update_on_kvstore:
            self._kvstore.save_optimizer_states(fname)
            return
        with replacing(fname) as file:
            file.write(self._updater.get_states())

    def load_optimizer_states(self, fname: str) -> None:
        """Read what `save_optimizer_states` wrote."""
        require(self.optimizer_initialized, "load_optimizer_states: call init_optimizer first")
        if self._update_on_kvstore:
            self._kvstore.load_optimizer_states(fname)
            return
        with open(fname, "rb") as file:
            self._updater.set_states(file.read())

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def data_names(self) -> list[str]:
        """Names of the data."""
        return self._data_names

    @property
    def label_names(self) -> list[str]:
        """Names of the labels."""
        return self._label_names

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs."""
        return self._output_names

    @property
    def data_shapes(self) -> list[DataDesc]:
        """Descriptions of the data that the module is bound for."""
        require(self.binded, "data_shapes: call bind first")
        assert self._data_shapes is not None
        return self._data_shapes

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """Descriptions of the labels that the module is bound for, None without labels."""
        require(self.binded, "label_shapes: call bind first")
        return self._label_shapes

    @property
    def output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the outputs."""
        require(self.binded, "output_shapes: call bind first")
        return self._exec_group.get_output_shapes()

    # -- parameters ------------------------------------------------------------------------------------------------

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Return parameters and auxiliary states by name, as they are on the devices now.

        The arrays are the module's own copies: the next call overwrites them.
        """
        require(self.params_initialized, f"get_params: {_READY}")
        if self._params_dirty:
            self._sync_params_from_devices()
        assert self._arg_params is not None
        assert self._aux_params is not None
        return self._arg_params, self._aux_params

    def init_params(
        self,
        initializer: Any = Uniform(0.01),  # noqa: B008 (it has no state)
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_missing: bool = False,
        force_init: bool = False,
        allow_extra: bool = False,
    ) -> None:
        """Give parameters and auxiliary states their first values.

        Parameters
        ----------
        initializer : Initializer or function of (InitDesc, NDArray)
            Fills the parameters that are not given. It is asked in alphabetical order.
        arg_params, aux_params : dict of str to NDArray, optional
            Values that are given. Names that the network does not have are ignored.
        allow_missing : bool
            Let `initializer` fill what these lack, instead of raising RuntimeError.
        force_init : bool
            Initialize again.
        allow_extra : bool
            Kept for MXNet's signature.

        Raises
        ------
        StateError
            Before `bind`.
        RuntimeError
            If `arg_params` or `aux_params` is given and lacks a name.
        MXNetError
            If a given array has another shape.
        """
        if self.params_initialized and not force_init:
            warn("Parameters already initialized and force_init=False. init_params call ignored.")
            return
        require(self.binded, "call bind before initializing the parameters")
        assert self._arg_params is not None
        assert self._aux_params is not None
        attributes = self._symbol.attr_dict()
        for own, given in ((self._arg_params, arg_params), (self._aux_params, aux_params)):
            for name in sorted(own):
                description = InitDesc(name, attributes.get(name, {}))
                if given is not None and name in given:
                    _take(name, given[name], own[name])
                elif given is not None and not allow_missing:
                    raise base.MXNetError(
                        f"{name} is not presented: init_params was given {len(given)} arrays without it; "
                        "add it, or pass allow_missing=True to have it initialized"
                    )
                elif initializer is not None:
                    initializer(description, own[name])
                elif given is None:
                    raise base.TypeError(f"init_params: nothing is given for {name}: neither values nor an initializer")
        self.params_initialized = True
        self._params_dirty = False
        self._exec_group.set_params(self._arg_params, self._aux_params, allow_extra=allow_extra)

    def set_params(
        self,
        arg_params: Mapping[str, NDArray] | None,
        aux_params: Mapping[str, NDArray] | None,
        allow_missing: bool = False,
        force_init: bool = True,
        allow_extra: bool = False,
    ) -> None:
        """Set parameters and auxiliary states; see `BaseModule.set_params`."""
        if not allow_missing:
            self.init_params(
                initializer=None,
                arg_params=arg_params,
                aux_params=aux_params,
                allow_missing=allow_missing,
                force_init=force_init,
                allow_extra=allow_extra,
            )
            return
        if self.params_initialized and not force_init:
            warn("Parameters already initialized and force_init=False. set_params call ignored.")
            return
        require(self.binded, "call bind before initializing the parameters")
        self._exec_group.set_params(arg_params or {}, aux_params, allow_extra=allow_extra)
        self._params_dirty = True
        self.params_initialized = True

    def _sync_params_from_devices(self) -> None:
        """Copy what the devices have into `_arg_params` and `_aux_params`."""
        assert self._arg_params is not None
        assert self._aux_params is not None
        self._exec_group.get_params(self._arg_params, self._aux_params)
        if self._kvstore is not None and self._update_on_kvstore:
            for name, array in self._arg_params.items():
                if array.stype == "row_sparse":  # the devices have only the rows of their last batch
                    rows = wrap(NDArray, torch.arange(array.shape[0]), cpu())
                    self._kvstore.row_sparse_pull(name, array, row_ids=rows)
        self._params_dirty = False

    # -- binding ---------------------------------------------------------------------------------------------------

    def _reset_bind(self) -> None:
        """Forget the executors; parameters stay."""
        if self.binded and self.params_initialized and self._params_dirty:
            self._sync_params_from_devices()
        self.binded = False
        self._exec_group = None  # type: ignore[assignment]
        self._data_shapes = self._label_shapes = None

    def bind(
        self,
        data_shapes: Sequence[Any],
        label_shapes: Sequence[Any] | None = None,
        for_training: bool = True,
        inputs_need_grad: bool = False,
        force_rebind: bool = False,
        shared_module: BaseModule | None = None,
        grad_req: Any = "write",
    ) -> None:
        """Make the executors for inputs of given shapes.

        Parameters
        ----------
        data_shapes, label_shapes : list of DataDesc or of (str, tuple of int)
            The inputs of a whole batch: usually ``provide_data`` and ``provide_label`` of an iterator.
        for_training : bool
            Whether there will be gradients.
        inputs_need_grad : bool
            Whether the data gets gradients.
        force_rebind : bool
            Bind again; parameters and optimizer stay.
        shared_module : Module, optional
            Parameters, gradients, optimizer and memory are shared with it.
        grad_req : str, list or dict
            'write', 'add' or 'null': for all parameters, by position of the argument, or by name.

        Raises
        ------
        ValueError
            If the names are not those given to `Module`. Labels that differ are a warning.
        MXNetError
            If shapes cannot be inferred or contradict each other.
        """
        if force_rebind:
            self._reset_bind()
        if self.binded:
            self.logger.warning("Already bound, ignoring bind()")
            return
        require(for_training or not inputs_need_grad, "bind: inputs_need_grad=True needs for_training=True")
        data, labels = _parse_data_desc(self._data_names, self._label_names, data_shapes, label_shapes)
        shared_group = None
        if shared_module is not None:
            require(
                isinstance(shared_module, Module) and shared_module.binded and shared_module.params_initialized,
                "bind: shared_module must be a Module that is bound and initialized",
            )
            assert isinstance(shared_module, Module)
            shared_group = shared_module._exec_group
            require(
                len(shared_group.execs) >= len(self._context),
                f"bind: shared_module is on {len(shared_group.execs)} devices, this one on {len(self._context)}",
            )
        self._exec_group = DataParallelExecutorGroup(
            self._symbol,
            self._context,
            self._work_load_list,
            data,
            labels,
            self._param_names,
            for_training,
            inputs_need_grad,
            shared_group,
            logger=self.logger,
            fixed_param_names=self._fixed_param_names,
            grad_req=grad_req,
            state_names=self._state_names,
            group2ctxs=self._group2ctxs,
        )
        self.for_training, self.inputs_need_grad, self._grad_req = for_training, inputs_need_grad, grad_req
        self._data_shapes, self._label_shapes = data, labels
        self.binded = True
        if isinstance(shared_module, Module):
            self._arg_params, self._aux_params = shared_module._arg_params, shared_module._aux_params
            self.params_initialized = True
            if shared_module.optimizer_initialized:
                self.borrow_optimizer(shared_module)
        elif self.params_initialized:
            assert self._arg_params is not None
            self._exec_group.set_params(self._arg_params, self._aux_params, allow_extra=True)
        else:
            group = self._exec_group
            self._arg_params = {name: _like(arrays[0]) for name, arrays in zip(self._param_names, group.param_arrays)}
            self._aux_params = {name: _like(arrays[0]) for name, arrays in zip(self._aux_names, group.aux_arrays)}

    def reshape(self, data_shapes: Sequence[Any], label_shapes: Sequence[Any] | None = None) -> None:
        """Go on with inputs of other shapes: parameters, gradients and the optimizer stay.

        Parameters
        ----------
        data_shapes, label_shapes : list of DataDesc or of (str, tuple of int)
            Without `label_shapes` the labels' shapes follow from the data.
        """
        require(self.binded, "reshape: call bind first")
        data, labels = _parse_data_desc(self._data_names, self._label_names, data_shapes, label_shapes)
        self._reshape(data, labels)

    def _reshape(self, data: list[DataDesc], labels: list[DataDesc] | None) -> None:
        try:
            self._exec_group.reshape(data, labels)
        except base.MXNetError as error:
            came, bound = (
                ", ".join(f"{shape.name} {tuple(shape.shape)}" for shape in shapes)
                for shapes in (data, self._data_shapes or [])
            )
            reason = str(error).removeprefix("reshape: ").split(", so that it cannot be shared")[0]
            raise base.MXNetError(
                f"Module: {came} came, the module is bound for {bound}, and the network cannot go on with that: "
                f"{reason}. Give batches as the module was bound for, apart from their number of examples, or bind "
                "again with force_rebind=True"
            ) from error
        self._data_shapes, self._label_shapes = data, labels

    # -- the optimizer ---------------------------------------------------------------------------------------------

    def init_optimizer(
        self,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        force_init: bool = False,
    ) -> None:
        """Make the optimizer, and the store through which devices share gradients.

        Parameters
        ----------
        kvstore : str, KVStoreBase or None
            A name other than that of a distributed store matters with several devices only.
        optimizer : str or Optimizer
            One given by name gets ``rescale_grad = 1 / batch size``, unless `optimizer_params` says otherwise.
        optimizer_params : dict, or sequence of (str, object)
            Arguments of an optimizer that is given by name.
        force_init : bool
            Replace the optimizer that is there.
        """
        require(self.binded and self.params_initialized, f"init_optimizer: {_READY}")
        if self.optimizer_initialized and not force_init:
            self.logger.warning("optimizer already initialized, ignoring...")
            return
        if self._params_dirty:
            self._sync_params_from_devices()
        assert self._arg_params is not None
        kvstore, update_on_kvstore = _create_kvstore(kvstore, len(self._context), self._arg_params)
        group = self._exec_group
        batch_size = group.batch_size or 1
        if kvstore is not None and "dist" in kvstore.type and "_sync" in kvstore.type:
            batch_size *= kvstore.num_workers
        devices = 1 if update_on_kvstore else len(self._context)
        optimizer = make_optimizer(
            optimizer, optimizer_params, 1.0 / batch_size, group.param_names, devices, self._symbol
        )
        self._optimizer, self._kvstore, self._update_on_kvstore = optimizer, kvstore, update_on_kvstore
        self._updater = None
        self._positions = range(len(self._param_names))
        if kvstore is not None:
            if self._compression_params:
                kvstore.set_gradient_compression(self._compression_params)
            if update_on_kvstore:
                kvstore.set_optimizer(optimizer)
            _initialize_kvstore(
                kvstore=kvstore,
                param_arrays=group.param_arrays,
                arg_params=self._arg_params,
                param_names=self._param_names,
                update_on_kvstore=update_on_kvstore,
            )
        if not update_on_kvstore:
            self._updater = opt.get_updater(optimizer)
        self.optimizer_initialized = True
        if self._preload_opt_states is not None:
            self.load_optimizer_states(self._preload_opt_states)
            self._preload_opt_states = None

    def borrow_optimizer(self, shared_module: Module) -> None:
        """Use the optimizer, its states and the store of another module that has the same parameters.

        Parameters
        ----------
        shared_module : Module
            Its optimizer is initialized.
        """
        require(shared_module.optimizer_initialized, "borrow_optimizer: the other module needs init_optimizer first")
        self._optimizer = shared_module._optimizer
        self._kvstore = shared_module._kvstore
        self._update_on_kvstore = shared_module._update_on_kvstore
        self._updater = shared_module._updater
        if self._param_names != shared_module._param_names:  # a parameter keeps the number that its states have
            known = dict(zip(shared_module._param_names, shared_module._positions))
            new = [name for name in self._param_names if name not in known]
            if new:
                raise base.ValueError(f"borrow_optimizer: the other module has no parameter {new[0]!r}")
            self._positions = [known[name] for name in self._param_names]
        else:
            self._positions = shared_module._positions
        self.optimizer_initialized = True

    # -- computing -------------------------------------------------------------------------------------------------

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs for a batch; a batch of other shapes reshapes the module.

        Parameters
        ----------
        data_batch : DataBatch, or a list with one for each device
        is_train : bool, optional
            Training mode; as given to `bind` unless said.
        """
        require(self.binded and self.params_initialized, f"forward: {_READY}")
        if not isinstance(data_batch, list):
            assert self._data_shapes is not None
            new = described_by(data_batch, self._data_shapes, self._label_shapes, self._known_labels)
            if new is not None:
                self._reshape(*new)
        self._exec_group.forward(data_batch, is_train)

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients of the last `forward`.

        Parameters
        ----------
        out_grads : NDArray or list of NDArray, optional
            Gradients of the outputs, for outputs that are no losses.
        """
        require(self.binded and self.params_initialized, f"backward: {_READY}")
        self._exec_group.backward(out_grads=out_grads)

    def update(self) -> None:
        """Let the optimizer change the parameters by their gradients, on all devices."""
        require(
            self.binded and self.params_initialized and self.optimizer_initialized,
            "update: call bind, init_params and init_optimizer first",
        )
        self._params_dirty = True
        group = self._exec_group
        require(group.grad_arrays is not None, "update: re-bind with for_training=True to have gradients")
        assert group.grad_arrays is not None
        if self._update_on_kvstore:
            _update_params_on_kvstore(group.param_arrays, group.grad_arrays, self._kvstore, group.param_names)
        else:
            update_each(
                group.param_arrays,
                group.grad_arrays,
                self._updater,
                len(self._context),
                self._positions,
                self._kvstore,
                group.param_names,
            )

    def get_outputs(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the outputs of the last `forward`; see `BaseModule.get_outputs`."""
        require(self.binded and self.params_initialized, f"get_outputs: {_READY}")
        return self._exec_group.get_outputs(merge_multi_context=merge_multi_context)

    def get_input_grads(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the gradients of the data: bind with ``inputs_need_grad=True`` first."""
        require(
            self.binded and self.params_initialized and self.inputs_need_grad,
            "get_input_grads: bind with inputs_need_grad=True and call init_params first",
        )
        return self._exec_group.get_input_grads(merge_multi_context=merge_multi_context)

    def get_states(self, merge_multi_context: bool = True) -> list[list[NDArray]]:
        """Return the states, by name and then by device; `merge_multi_context` must be False."""
        require(self.binded and self.params_initialized, f"get_states: {_READY}")
        return self._exec_group.get_states(merge_multi_context=merge_multi_context)

    def set_states(self, states: Sequence[Sequence[NDArray]] | None = None, value: float | None = None) -> None:
        """Set the states.

        Parameters
        ----------
        states : list of list of NDArray, optional
            By name and then by device, as from `get_states` and ``get_outputs(False)``.
        value : float, optional
            One number for all of them, instead.
        """
        require(self.binded and self.params_initialized, f"set_states: {_READY}")
        self._exec_group.set_states(states, value)

    def update_metric(self, eval_metric: EvalMetric, labels: Any, pre_sliced: bool = False) -> None:
        """Add the outputs of the last `forward` to a metric; see `BaseModule.update_metric`."""
        self._exec_group.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon: Any) -> None:
        """Let a monitor watch the executors."""
        require(self.binded, "install_monitor: call bind first")
        self._exec_group.install_monitor(mon)

    def prepare(self, data_batch: DataBatch, sparse_row_id_fn: Callable[..., Any] | None = None) -> None:
        """Pull the rows of row_sparse parameters that a batch needs.

        Parameters
        ----------
        data_batch : DataBatch
        sparse_row_id_fn : function of DataBatch, optional
            Returns a dict of parameter name to row numbers. Without it nothing is done.
        """
        require(self.binded, "prepare: call bind first")
        if sparse_row_id_fn is None:
            return
        if self._kvstore is None or not self._update_on_kvstore:
            warn("Parameters are not updated in the KVStore. No need to call sparse_row_id_fn.")
            return
        row_ids = sparse_row_id_fn(data_batch)
        require(
            isinstance(row_ids, Mapping),
            f"prepare: sparse_row_id_fn returned a {type(row_ids).__name__}, expected a dict of name to NDArray",
        )
        group = self._exec_group
        for name, rows in row_ids.items():
            if name not in group.param_names:
                raise base.ValueError(f"prepare: no parameter {name!r}; there are: {', '.join(group.param_names)}")
            index = group.param_names.index(name)
            arrays = group.param_arrays[index]
            if arrays[0].stype != "row_sparse":
                warn(f"{name}.stype is not 'row_sparse'. No need to perform row_sparse_pull.")
                continue
            self._kvstore.row_sparse_pull(name, arrays, row_ids=rows, priority=-index)


def _like(array: NDArray) -> NDArray:
    """Return zeros of an array's shape and dtype on the CPU."""
    if array.stype != "default":
        from .. import ndarray as nd

        return nd.zeros(array.shape, dtype=array.dtype, stype=array.stype)  # type: ignore[call-arg]
    context = cpu()
    return wrap(NDArray, torch.zeros_like(array._data, device=torch_device(context)), context)


def _take(name: str, given: Any, own: NDArray) -> None:
    """Copy a given parameter into the module's own array."""
    if not isinstance(given, NDArray):
        raise base.TypeError(f"init_params: {name} is a {type(given).__name__}, expected an NDArray")
    if given is own:
        return
    if given.shape != own.shape:
        raise base.MXNetError(f"init_params: {name} has shape {given.shape}, the network needs {own.shape}")
    given.copyto(own)
