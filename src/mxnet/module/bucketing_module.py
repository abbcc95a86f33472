"""``mx.mod.BucketingModule``: networks of several lengths that share their parameters."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import base
from .. import ndarray as nd
from .._checkpoint import load_params
from .._warning import warn
from ..context import Context, cpu
from ..initializer import Uniform
from ..name import NameManager
from .base_module import BaseModule
from .module import Module
from .names import _check_input_names, require

if TYPE_CHECKING:
    from ..io import DataBatch, DataDesc
    from ..metric import EvalMetric
    from ..ndarray import NDArray
    from ..symbol import Symbol

__all__ = ["BucketingModule"]

_READY = "call bind and init_params first"


class BucketingModule(BaseModule):
    """Trains a network that is made anew for each bucket of batches, such as those of one sentence length.

    All buckets share parameters, gradients, optimizer and the memory of their inputs. The default bucket should be the
    largest one.

    Parameters
    ----------
    sym_gen : function of object
        Returns (symbol, data_names, label_names) for a bucket key.
    default_bucket_key : object
        The key that `bind` uses; all parameters must occur in its network.
    logger : Logger or module
    context : Context or list of Context
    work_load_list : list of float, optional
    fixed_param_names, state_names : list of str, optional
    group2ctxs : dict or list of dict, optional
    compression_params : dict, optional
        As for `Module`.

    Examples
    --------
    >>> def network(length):
    ...     words = mx.sym.Embedding(mx.sym.var("data"), input_dim=9, output_dim=4, name="words")
    ...     scores = mx.sym.FullyConnected(mx.sym.mean(words, axis=1), num_hidden=2, name="scores")
    ...     return mx.sym.SoftmaxOutput(scores, name="softmax"), ("data",), ("softmax_label",)
    >>> module = mx.mod.BucketingModule(network, default_bucket_key=10)
    >>> module.bind([("data", (8, 10))], [("softmax_label", (8,))])
    >>> module.init_params()
    >>> module.forward(mx.io.DataBatch([mx.nd.ones((8, 3))], [mx.nd.ones((8,))], bucket_key=3,
    ...                                provide_data=[("data", (8, 3))], provide_label=[("softmax_label", (8,))]))
    >>> module.get_outputs()[0].shape
    (8, 2)
    """

    def __init__(
        self,
        sym_gen: Callable[..., Any],
        default_bucket_key: Hashable = None,
        logger: Any = logging,
        context: Context | Sequence[Context] = cpu(),  # noqa: B008 (the default device of MXNet's signature)
        work_load_list: Sequence[float] | None = None,
        fixed_param_names: Sequence[str] | None = None,
        state_names: Sequence[str] | None = None,
        group2ctxs: Any = None,
        compression_params: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(logger=logger)
        require(default_bucket_key is not None, "BucketingModule: default_bucket_key is missing")
        self._default_bucket_key = default_bucket_key
        self._sym_gen = sym_gen
        symbol, data_names, label_names = self._call_sym_gen(default_bucket_key)
        self._fixed_param_names = list(fixed_param_names or [])
        self._state_names = list(state_names or [])
        _check_input_names(symbol, list(data_names or []), "data", True)
        _check_input_names(symbol, list(label_names or []), "label", False)
        _check_input_names(symbol, self._state_names, "state", True)
        _check_input_names(symbol, self._fixed_param_names, "fixed_param", True)
        self._compression_params = compression_params
        self._context = context
        self._work_load_list = work_load_list
        self._group2ctxs = group2ctxs
        self._buckets: dict[Any, Module] = {}
        self._curr_module: Module = None  # type: ignore[assignment] - until `bind`
        self._curr_bucket_key: Any = None
        self._params_dirty = False
        self._monitor: Any = None
        self._grad_req: Any = None

    def _reset_bind(self) -> None:
        """Forget the executors."""
        self.binded = False
        self._buckets = {}
        self._curr_module = None  # type: ignore[assignment]
        self._curr_bucket_key = None

    def _call_sym_gen(self, *args: Any, **kwargs: Any) -> tuple[Symbol, Sequence[str], Sequence[str]]:
        """Return what `sym_gen` says of a bucket; names that it leaves open are the same for every bucket."""
        with NameManager():
            found = self._sym_gen(*args, **kwargs)
        try:
            symbol, data_names, label_names = found
        except (TypeError, ValueError):
            raise base.ValueError(
                f"BucketingModule: sym_gen returned {found!r}, expected (symbol, data_names, label_names)"
            ) from None
        return symbol, data_names, label_names

    @property
    def _owner(self) -> Module:
        """The module of the default bucket. It has all parameters; another bucket may lack some."""
        return self._buckets[self._default_bucket_key]

    def _make_module(self, bucket_key: Any) -> Module:
        """Return an unbound module for a bucket."""
        symbol, data_names, label_names = self._call_sym_gen(bucket_key)
        return Module(
            symbol,
            data_names,
            label_names,
            logger=self.logger,
            context=self._context,
            work_load_list=self._work_load_list,
            fixed_param_names=self._fixed_param_names,
            state_names=self._state_names,
            group2ctxs=self._group2ctxs,
            compression_params=self._compression_params,
        )

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def data_names(self) -> Sequence[str]:
        """Names of the data of the present bucket, or of the default one before `bind`."""
        return self._curr_module.data_names if self.binded else self._call_sym_gen(self._default_bucket_key)[1]

    @property
    def output_names(self) -> Sequence[str]:
        """Names of the outputs of the present bucket, or of the default one before `bind`."""
        if self.binded:
            return self._curr_module.output_names
        return self._call_sym_gen(self._default_bucket_key)[0].list_outputs()

    @property
    def data_shapes(self) -> list[DataDesc]:
        """Descriptions of the data that the present bucket is bound for."""
        require(self.binded, "data_shapes: call bind first")
        return self._curr_module.data_shapes

    @property
    def label_shapes(self) -> list[DataDesc] | None:
        """Descriptions of the labels that the present bucket is bound for."""
        require(self.binded, "label_shapes: call bind first")
        return self._curr_module.label_shapes

    @property
    def output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the outputs of the present bucket."""
        require(self.binded, "output_shapes: call bind first")
        return self._curr_module.output_shapes

    @property
    def symbol(self) -> Symbol:
        """The network of the present bucket."""
        require(self.binded, "symbol: call bind first")
        return self._curr_module.symbol  # type: ignore[return-value]

    # -- parameters ------------------------------------------------------------------------------------------------

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Return parameters and auxiliary states by name, as they are on the devices now."""
        require(self.params_initialized, f"get_params: {_READY}")
        owner = self._owner
        owner._params_dirty = self._params_dirty
        params = owner.get_params()
        self._params_dirty = self._curr_module._params_dirty = False
        return params

    def init_params(
        self,
        initializer: Any = Uniform(0.01),  # noqa: B008 (it has no state)
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_missing: bool = False,
        force_init: bool = False,
        allow_extra: bool = False,
    ) -> None:
        """Give parameters and auxiliary states their first values; see `Module.init_params`."""
        if self.params_initialized and not force_init:
            return
        require(self.binded, "call bind before initializing the parameters")
        self._owner.init_params(
            initializer=initializer,
            arg_params=arg_params,
            aux_params=aux_params,
            allow_missing=allow_missing,
            force_init=force_init,
            allow_extra=allow_extra,
        )
        self._params_dirty = False
        self.params_initialized = True

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
        self._owner.set_params(
            arg_params, aux_params, allow_missing=allow_missing, force_init=force_init, allow_extra=allow_extra
        )
        self._params_dirty = True
        self.params_initialized = True

    def get_states(self, merge_multi_context: bool = True) -> list[list[NDArray]]:
        """Return the states of the present bucket, by name and then by device."""
        require(self.binded and self.params_initialized, f"get_states: {_READY}")
        return self._curr_module.get_states(merge_multi_context=merge_multi_context)

    def set_states(self, states: Sequence[Sequence[NDArray]] | None = None, value: float | None = None) -> None:
        """Set the states of the present bucket; see `Module.set_states`."""
        require(self.binded and self.params_initialized, f"set_states: {_READY}")
        self._curr_module.set_states(states, value)

    # -- buckets ---------------------------------------------------------------------------------------------------

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
        """Make the executors of the default bucket; see `Module.bind`.

        `force_rebind` drops the other buckets, and keeps parameters and optimizer. `shared_module` must be None.
        """
        require(shared_module is None, "shared_module for BucketingModule is not supported")
        if self.binded and not force_rebind:
            self.logger.warning("Already bound, ignoring bind()")
            return
        params = self.get_params() if self.params_initialized else None
        owner = self._owner if self.binded and self.optimizer_initialized else None
        module = self._make_module(self._default_bucket_key)
        module.bind(
            data_shapes,
            label_shapes,
            for_training,
            inputs_need_grad,
            force_rebind=False,
            shared_module=None,
            grad_req=grad_req,
        )
        self._reset_bind()
        self.binded, self.for_training, self.inputs_need_grad = True, for_training, inputs_need_grad
        self._grad_req = grad_req
        self._curr_module, self._curr_bucket_key = module, self._default_bucket_key
        self._buckets[self._default_bucket_key] = module
        if params is not None:
            self.set_params(*params)
        if owner is not None:
            module.borrow_optimizer(owner)

    def switch_bucket(
        self, bucket_key: Any, data_shapes: Sequence[Any], label_shapes: Sequence[Any] | None = None
    ) -> None:
        """Go on with another bucket; its executors are made when it is first used.

        Parameters
        ----------
        bucket_key : object
        data_shapes, label_shapes : list of DataDesc or of (str, tuple of int)
            The inputs of a whole batch of a new bucket.

        Raises
        ------
        ValueError
            If the network of a new bucket has a parameter that the default bucket lacks.
        """
        require(self.binded, "call bind before switching bucket")
        if bucket_key not in self._buckets:
            self._buckets[bucket_key] = self._bound(bucket_key, data_shapes, label_shapes)
        self._curr_module = self._buckets[bucket_key]
        self._curr_bucket_key = bucket_key

    def _bound(self, bucket_key: Any, data_shapes: Sequence[Any], label_shapes: Sequence[Any] | None) -> Module:
        """Return a module for a new bucket, bound to the parameters of the default one."""
        module = self._make_module(bucket_key)
        owner = self._owner
        new = [name for name in module._param_names if name not in owner._param_names]
        if new:
            raise base.ValueError(
                f"the network of bucket {bucket_key!r} has a parameter {new[0]!r} that the default bucket "
                f"{self._default_bucket_key!r} lacks; make the default bucket the one with all parameters"
            )
        module.bind(
            data_shapes,
            label_shapes,
            self.for_training,
            self.inputs_need_grad,
            force_rebind=False,
            shared_module=owner,
            grad_req=self._grad_req,
        )
        if self._monitor is not None:
            module.install_monitor(self._monitor)
        return module

    def prepare(self, data_batch: DataBatch, sparse_row_id_fn: Callable[..., Any] | None = None) -> None:
        """Get ready for a batch, its bucket included; the present bucket stays. See `Module.prepare`."""
        require(self.binded and self.params_initialized, f"prepare: {_READY}")
        present = self._curr_bucket_key, self._curr_module
        self.switch_bucket(data_batch.bucket_key, data_batch.provide_data or (), data_batch.provide_label)
        self._curr_module.prepare(data_batch, sparse_row_id_fn=sparse_row_id_fn)
        self._curr_bucket_key, self._curr_module = present

    # -- the optimizer ---------------------------------------------------------------------------------------------

    def init_optimizer(
        self,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        force_init: bool = False,
    ) -> None:
        """Make the optimizer of all buckets; see `Module.init_optimizer`."""
        require(self.binded and self.params_initialized, f"init_optimizer: {_READY}")
        if self.optimizer_initialized and not force_init:
            self.logger.warning("optimizer already initialized, ignoring.")
            return
        # the numbers of the parameters are those of the default bucket, which has all of them
        owner = self._owner
        owner._params_dirty = self._params_dirty
        owner.init_optimizer(kvstore, optimizer, optimizer_params, force_init=force_init)
        self._params_dirty = False
        for module in self._buckets.values():
            if module is not owner:
                module.borrow_optimizer(owner)
        self.optimizer_initialized = True

    # -- computing -------------------------------------------------------------------------------------------------

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs for a batch in the bucket ``data_batch.bucket_key``; see `BaseModule.forward`."""
        require(self.binded and self.params_initialized, f"forward: {_READY}")
        self.switch_bucket(data_batch.bucket_key, data_batch.provide_data or (), data_batch.provide_label)
        self._curr_module.forward(data_batch, is_train=is_train)

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients in the present bucket; see `BaseModule.backward`."""
        require(self.binded and self.params_initialized, f"backward: {_READY}")
        self._curr_module.backward(out_grads=out_grads)

    def update(self) -> None:
        """Let the optimizer change the parameters by the gradients of the present bucket."""
        require(
            self.binded and self.params_initialized and self.optimizer_initialized,
            "update: call bind, init_params and init_optimizer first",
        )
        self._params_dirty = True
        self._curr_module.update()

    def get_outputs(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the outputs of the last `forward`; see `BaseModule.get_outputs`."""
        require(self.binded and self.params_initialized, f"get_outputs: {_READY}")
        return self._curr_module.get_outputs(merge_multi_context=merge_multi_context)

    def get_input_grads(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the gradients of the data of the present bucket."""
        require(
            self.binded and self.params_initialized and self.inputs_need_grad,
            "get_input_grads: bind with inputs_need_grad=True and call init_params first",
        )
        return self._curr_module.get_input_grads(merge_multi_context=merge_multi_context)

    def update_metric(self, eval_metric: EvalMetric, labels: Any, pre_sliced: bool = False) -> None:
        """Add the outputs of the last `forward` to a metric; see `BaseModule.update_metric`."""
        require(self.binded and self.params_initialized, f"update_metric: {_READY}")
        self._curr_module.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon: Any) -> None:
        """Let a monitor watch the executors of all buckets, those still to come included."""
        require(self.binded, "install_monitor: call bind first")
        self._monitor = mon
        for module in self._buckets.values():
            module.install_monitor(mon)

    # -- files -----------------------------------------------------------------------------------------------------

    def save_checkpoint(self, prefix: str, epoch: int, remove_amp_cast: bool = False) -> None:
        """Write the parameters, the symbol of each bucket so far, and the bucket keys.

        Parameters
        ----------
        prefix, epoch : str, int
            The files are ``prefix-0012.params`` for epoch 12, ``prefix-KEY-symbol.json`` and ``prefix.buckets``.
        remove_amp_cast : bool
            Leave casts of mixed precision out of the symbols.
        """
        require(self.binded and self.params_initialized, f"save_checkpoint: {_READY}")
        for key, module in self._buckets.items():
            module._symbol.save(f"{prefix}-{key}-symbol.json", remove_amp_cast=remove_amp_cast)
        self.save_params(f"{prefix}-{epoch:04d}.params")
        keys = list(self._buckets)
        try:
            numbers = np.array(keys, dtype=np.int32)
        except (TypeError, ValueError):
            return  # keys that are no numbers cannot be listed in an array
        nd.save(f"{prefix}.buckets", nd.array(numbers, dtype=np.int32))

    @staticmethod
    def load(
        prefix: str,
        epoch: int,
        sym_gen: Callable[..., Any] | None = None,
        default_bucket_key: Any = None,
        **kwargs: Any,
    ) -> BucketingModule:
        """Return a module with the parameters that `save_checkpoint` wrote.

        Parameters
        ----------
        prefix, epoch : str, int
            As given to `save_checkpoint`.
        sym_gen, default_bucket_key
            As for `BucketingModule`.
        **kwargs
            Its other arguments.

        Returns
        -------
        BucketingModule
            It is not bound yet.
        """
        require(sym_gen is not None, "sym_gen is required for loading BucketingModule")
        require(default_bucket_key is not None, "default_bucket_key is required for loading BucketingModule")
        arg_params, aux_params = load_params(prefix, epoch)
        return _with_params(sym_gen, default_bucket_key, arg_params, aux_params, kwargs)

    @staticmethod
    def load_dict(
        sym_dict: Mapping[Any, Symbol] | None = None,
        sym_gen: Callable[..., Any] | None = None,
        default_bucket_key: Any = None,
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        **kwargs: Any,
    ) -> BucketingModule:
        """Return a module with given parameters.

        Parameters
        ----------
        sym_dict : dict of object to Symbol
            The symbol of each bucket; `sym_gen` makes those of others.
        sym_gen, default_bucket_key
            As for `BucketingModule`.
        arg_params, aux_params : dict of str to NDArray
        **kwargs
            Other arguments of `BucketingModule`.

        Returns
        -------
        BucketingModule
            It is not bound yet.
        """
        require(sym_dict is not None, "sym_dict needs to be provided for BucketingModule.load_dict")
        require(arg_params is not None, "arg_params need to be provided for BucketingModule.load_dict")
        require(aux_params is not None, "aux_params need to be provided for BucketingModule.load_dict")
        require(sym_gen is not None, "sym_gen is required for loading BucketingModule")
        assert sym_gen is not None
        assert sym_dict is not None

        def given(bucket_key: Any) -> tuple[Symbol, Sequence[str], Sequence[str]]:
            symbol, data_names, label_names = sym_gen(bucket_key)
            return sym_dict.get(bucket_key, symbol), data_names, label_names

        return _with_params(given, default_bucket_key, arg_params, aux_params, kwargs)


def _with_params(
    sym_gen: Any, default_bucket_key: Any, arg_params: Any, aux_params: Any, options: Mapping[str, Any]
) -> BucketingModule:
    """Return an unbound module whose default bucket has these parameters."""
    made = BucketingModule(sym_gen, default_bucket_key, **options)
    module = made._make_module(default_bucket_key)
    module._arg_params, module._aux_params = arg_params, aux_params
    module.params_initialized = made.params_initialized = True
    made._buckets[default_bucket_key] = module
    made._curr_module = module
    return made
