"""``mx.model``: checkpoints, what callbacks get, and `FeedForward`, the training interface before `mx.mod.Module`."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from . import base, metric
from . import io as mx_io
from . import ndarray as nd
from ._checkpoint import load_checkpoint, load_params, save_checkpoint
from ._warning import warn
from .callback import LogValidationMetricsCallback
from .context import Context, current_context
from .executor_manager import _check_arguments
from .initializer import InitDesc, Uniform
from .module import Module
from .module.base_module import BatchEndParam, BatchEndParams
from .module.names import require
from .module.updating import (
    _create_kvstore,
    _initialize_kvstore,
    _multiple_callbacks,
    _update_params,
    _update_params_on_kvstore,
    _update_params_on_kvstore_nccl,
)
from .ndarray import NDArray

if TYPE_CHECKING:
    from .symbol import Symbol

__all__ = ["BatchEndParam", "FeedForward", "load_checkpoint", "load_params", "save_checkpoint"]
_ = (_initialize_kvstore, _update_params, _update_params_on_kvstore, _update_params_on_kvstore_nccl)


class FeedForward:
    """Trains a network on arrays. Deprecated since MXNet 0.9: use `mx.mod.Module`.

    Parameters
    ----------
    symbol : Symbol, or function of object
        The network, or what makes it for a bucket key. Inputs are the arguments whose names end in ``data`` and
        ``label``.
    ctx : Context or list of Context, optional
        Device, or devices that share each batch; the current context unless said.
    num_epoch : int
        Number of the epoch to stop before.
    epoch_size : int, optional
        Batches in an epoch; as many as the data has unless said.
    optimizer : str or Optimizer
    initializer : Initializer
        For parameters that are not given.
    numpy_batch_size : int
        Batch size for data that come as arrays.
    arg_params, aux_params : dict of str to NDArray, optional
        Parameters to begin with.
    allow_extra_params : bool
        Drop given parameters that the network does not have.
    begin_epoch : int
        Number of the first epoch.
    **kwargs
        Arguments of an optimizer that is given by name.

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore", DeprecationWarning)
    >>> net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2), name="softmax")
    >>> model = mx.model.FeedForward(net, num_epoch=20, numpy_batch_size=2, learning_rate=1)
    >>> model.fit(np.eye(2, dtype="float32"), np.array([0.0, 1.0]))
    >>> model.predict(np.eye(2, dtype="float32")).argmax(axis=1).tolist()
    [0, 1]
    """

    def __init__(
        self,
        symbol: Symbol | Callable[..., Symbol],
        ctx: Context | Sequence[Context] | None = None,
        num_epoch: int | None = None,
        epoch_size: int | None = None,
        optimizer: Any = "sgd",
        initializer: Any = Uniform(0.01),  # noqa: B008 (it has no state)
        numpy_batch_size: int = 128,
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_extra_params: bool = False,
        begin_epoch: int = 0,
        **kwargs: Any,
    ) -> None:
        warn("mxnet.model.FeedForward has been deprecated. Please use mxnet.mod.Module instead.", DeprecationWarning)
        generated = callable(symbol) and not hasattr(symbol, "list_arguments")
        self.symbol: Any = None if generated else symbol
        self.sym_gen: Any = symbol if generated else None
        self.arg_params = None if arg_params is None else dict(arg_params)
        self.aux_params = None if aux_params is None else dict(aux_params)
        self.allow_extra_params = allow_extra_params
        self.argument_checked = False
        if not generated:
            self._check_arguments()
        if ctx is None:
            ctx = [current_context()]
        self.ctx = [ctx] if isinstance(ctx, Context) else list(ctx)
        self.num_epoch = num_epoch
        self.epoch_size = epoch_size
        self.kwargs = kwargs.copy()
        self.optimizer = optimizer
        self.initializer = initializer
        self.numpy_batch_size = numpy_batch_size
        self.begin_epoch = begin_epoch
        self._pred_exec: Any = None

    def _check_arguments(self) -> None:
        """Refuse names that occur twice, and drop superfluous parameters if that is allowed."""
        if self.argument_checked:
            return
        require(self.symbol is not None, "FeedForward: there is no symbol yet")
        self.argument_checked = True
        _check_arguments(self.symbol)
        if not self.allow_extra_params:
            return
        for own, names in (
            (self.arg_params, set(self.symbol.list_arguments())),
            (self.aux_params, set(self.symbol.list_auxiliary_states())),
        ):
            for name in list(own or ()):
                if name not in names:
                    assert own is not None
                    del own[name]

    @staticmethod
    def _is_data_arg(name: str) -> bool:
        """Return whether an argument of this name is an input."""
        return name.endswith(("data", "label"))

    # -- data ------------------------------------------------------------------------------------------------------

    def _init_iter(self, X: Any, y: Any, is_train: bool) -> mx_io.DataIter:
        """Return an iterator over arrays; training shuffles them and carries incomplete batches over."""
        if not isinstance(X, (np.ndarray, NDArray)):
            if not isinstance(X, mx_io.DataIter):
                raise base.TypeError(f"X must be DataIter, NDArray or numpy.ndarray; it is a {type(X).__name__}")
            return X
        if y is None:
            if is_train:
                raise base.ValueError("y must be specified when X is numpy.ndarray")
            y = np.zeros(X.shape[0])
        if not isinstance(y, (np.ndarray, NDArray)):
            raise base.TypeError(f"y must be ndarray when X is numpy.ndarray; it is a {type(y).__name__}")
        if X.shape[0] != y.shape[0]:
            raise base.ValueError(
                f"The numbers of data points and labels not equal: X has shape {X.shape}, y {y.shape}"
            )
        if len(y.shape) == 2 and y.shape[1] == 1:
            y = y.reshape((y.shape[0],))
        if len(y.shape) != 1:
            raise base.ValueError(f"Label must be 1D or 2D (with 2nd dimension being 1); it has shape {y.shape}")
        return mx_io.NDArrayIter(
            X,
            y,
            min(X.shape[0], self.numpy_batch_size),
            shuffle=is_train,
            last_batch_handle="roll_over" if is_train else "pad",
        )

    def _init_eval_iter(self, eval_data: Any) -> Any:
        """Return an iterator over the data to measure on, which may be a pair of arrays."""
        if eval_data is None:
            return None
        if isinstance(eval_data, (tuple, list)) and len(eval_data) == 2:
            X, y = eval_data
            if X is None:
                raise base.ValueError("Eval data is NONE")
            if y is None and isinstance(X, mx_io.DataIter):
                return X
            as_arrays = [np.array(part) if isinstance(part, list) else part for part in (X, y)]
            if y is None:
                raise base.ValueError("y must be specified when X is numpy.ndarray")
            return self._init_iter(*as_arrays, is_train=True)
        if not isinstance(eval_data, mx_io.DataIter):
            raise base.TypeError(
                "Eval data must be DataIter, or NDArray/numpy.ndarray/list pair (i.e. tuple/list of length 2); "
                f"it is a {type(eval_data).__name__}"
            )
        return eval_data

    # -- parameters ------------------------------------------------------------------------------------------------

    def _init_params(self, inputs: Sequence[Any], overwrite: bool = False) -> tuple[list[str], list[str], list[str]]:
        """Make the parameters that are missing; return the names of arguments, parameters and auxiliary states."""
        inputs = [shape if isinstance(shape, mx_io.DataDesc) else mx_io.DataDesc(*shape) for shape in inputs]
        arg_shapes, _, aux_shapes = self.symbol.infer_shape(**{shape.name: tuple(shape.shape) for shape in inputs})
        if arg_shapes is None:
            raise base.ValueError(f"FeedForward: the inputs {inputs} do not determine all shapes")
        arg_types, _, aux_types = self.symbol.infer_type(**{shape.name: shape.dtype for shape in inputs})
        arg_names, aux_names = self.symbol.list_arguments(), self.symbol.list_auxiliary_states()
        input_names = {shape.name for shape in inputs}
        param_names = [name for name in arg_names if name not in input_names]
        attributes = self.symbol.attr_dict()

        def made(names: list[str], shapes: Any, types: Any, wanted: Any, given: Any) -> dict[str, NDArray]:
            found: dict[str, NDArray] = {}
            for name, shape, dtype in zip(names, shapes, types):
                if name not in wanted:
                    continue
                found[name] = nd.zeros(shape, dtype=dtype)
                if given and name in given and not overwrite:
                    found[name][:] = given[name]
                else:
                    self.initializer(InitDesc(name, attributes.get(name, {})), found[name])
            return found

        self.arg_params = made(arg_names, arg_shapes, arg_types, set(param_names), self.arg_params)
        self.aux_params = made(aux_names, aux_shapes, aux_types, set(aux_names), self.aux_params)
        return arg_names, param_names, aux_names

    def _init_predictor(self, input_shapes: Sequence[Any], type_dict: Mapping[str, Any] | None = None) -> None:
        """Bind an executor for inputs of these shapes, unless the present one has them."""
        shapes = {name: tuple(shape) for name, shape in (shape[:2] for shape in input_shapes)}
        if self.arg_params is None:
            raise base.MXNetError("FeedForward: there are no parameters yet; call fit, or give arg_params")
        present = self._pred_exec
        if present is not None and all(present.arg_dict[name].shape == shape for name, shape in shapes.items()):
            return
        executor = self.symbol.simple_bind(self.ctx[0], grad_req="null", type_dict=dict(type_dict or {}), **shapes)
        executor.copy_params_from(self.arg_params, self.aux_params, allow_extra_params=True)
        _check_arguments(self.symbol)
        self._pred_exec = executor

    # -- using it --------------------------------------------------------------------------------------------------

    def _outputs(self, batch: Any, names: Sequence[str]) -> list[NDArray]:
        """Return the network's outputs for one batch."""
        for name, array in zip(names, batch.data):
            self._pred_exec.arg_dict[name][:] = array
        return self._pred_exec.forward(is_train=False)

    def predict(self, X: Any, num_batch: int | None = None, return_data: bool = False, reset: bool = True) -> Any:
        """Return the outputs for all data.

        Parameters
        ----------
        X : DataIter, NDArray or numpy.ndarray
        num_batch : int, optional
            At most so many batches.
        return_data : bool
            Return data and labels, too.
        reset : bool
            Begin at the first batch.

        Returns
        -------
        numpy.ndarray, or list of numpy.ndarray
            By output; with `return_data` the outputs, the data and the labels.
        """
        data_iter = self._init_iter(X, None, is_train=False)
        if reset:
            data_iter.reset()
        names = self._prepare_predictor(data_iter)
        outputs: list[list[np.ndarray]] = []
        data: list[list[np.ndarray]] = []
        labels: list[list[np.ndarray]] = []
        for number, batch in enumerate(data_iter):
            if number == num_batch:
                break
            real = data_iter.batch_size - (batch.pad or 0)
            outputs.append([output[:real].asnumpy() for output in self._outputs(batch, names)])
            if return_data:
                data.append([array[:real].asnumpy() for array in batch.data])
                labels.append([array[:real].asnumpy() for array in batch.label])
        merged = _joined(outputs)
        return (merged, _joined(data), _joined(labels)) if return_data else merged

    def _prepare_predictor(self, data: mx_io.DataIter) -> list[str]:
        """Bind for what an iterator provides, with the present parameters; return the names of its data."""
        provided = data.provide_data
        types = {shape[0]: getattr(shape, "dtype", np.float32) for shape in provided}
        self._init_predictor(provided, types)
        self._pred_exec.copy_params_from(self.arg_params, self.aux_params, allow_extra_params=True)
        return [shape[0] for shape in provided]

    def score(
        self,
        X: Any,
        eval_metric: Any = "acc",
        num_batch: int | None = None,
        batch_end_callback: Any = None,
        reset: bool = True,
    ) -> Any:
        """Measure the network on data.

        Parameters
        ----------
        X : DataIter, NDArray or numpy.ndarray
        eval_metric : EvalMetric, str or list
        num_batch : int, optional
            At most so many batches.
        batch_end_callback : function or list of functions, optional
            Called with a BatchEndParam after each batch.
        reset : bool
            Begin at the first batch.

        Returns
        -------
        float, or list of float
            The value of the metric.
        """
        if not isinstance(eval_metric, metric.EvalMetric):
            eval_metric = metric.create(eval_metric)
        data_iter = self._init_iter(X, None, is_train=False)
        if reset:
            data_iter.reset()
        names = self._prepare_predictor(data_iter)
        eval_metric.reset()
        for i, batch in enumerate(data_iter):
            if i == num_batch:
                break
            eval_metric.update(batch.label, self._outputs(batch, names))
            if batch_end_callback is not None:
                _multiple_callbacks(
                    batch_end_callback, BatchEndParam(epoch=0, nbatch=i, eval_metric=eval_metric, locals=locals())
                )
        return eval_metric.get()[1]

    def fit(
        self,
        X: Any,
        y: Any = None,
        eval_data: Any = None,
        eval_metric: Any = "acc",
        epoch_end_callback: Any = None,
        batch_end_callback: Any = None,
        kvstore: Any = "local",
        logger: Any = None,
        work_load_list: Sequence[float] | None = None,
        monitor: Any = None,
        eval_end_callback: Any = LogValidationMetricsCallback(),  # noqa: B008 (it has no state)
        eval_batch_end_callback: Any = None,
    ) -> None:
        """Train the network.

        Parameters
        ----------
        X : DataIter, NDArray or numpy.ndarray
            Data, with labels if it is an iterator. Arrays are shuffled.
        y : NDArray or numpy.ndarray, optional
            Labels, of shape (N,) or (N, 1).
        eval_data : DataIter, or pair of arrays, optional
            What to measure on after each epoch.
        eval_metric : EvalMetric, str or list
        epoch_end_callback : function or list of functions, optional
            Called with (epoch, symbol, arg_params, aux_params) after each epoch.
        batch_end_callback : function or list of functions, optional
            Called with a BatchEndParam after each batch; ``nbatch`` begins at 1.
        kvstore : str, KVStoreBase or None
        logger : Logger, optional
        work_load_list : list of float, optional
            How much of a batch each device gets.
        monitor : Monitor, optional
        eval_end_callback, eval_batch_end_callback : function or list of functions, optional
            Called with a BatchEndParam after the evaluation, and after each of its batches.
        """
        if self.num_epoch is None:
            raise base.TypeError("FeedForward: num_epoch is missing")
        data = self._init_iter(X, y, is_train=True)
        eval_data = self._init_eval_iter(eval_data)
        logger = logging if logger is None else logger
        if self.sym_gen is not None:
            self.symbol = self.sym_gen(data.default_bucket_key)  # type: ignore[attr-defined]
            self._check_arguments()
        self.kwargs["sym"] = self.symbol
        self._init_params([*data.provide_data, *data.provide_label])
        if not isinstance(eval_metric, metric.EvalMetric):
            eval_metric = metric.create(eval_metric)
        module = self._module(data, kvstore, work_load_list, monitor)
        logger.info("Start training with %s", str(self.ctx))
        self._train(
            module,
            data,
            eval_data,
            eval_metric,
            epoch_end_callback,
            batch_end_callback,
            logger,
            monitor,
            eval_end_callback,
            eval_batch_end_callback,
        )

    def _module(self, data: mx_io.DataIter, kvstore: Any, work_load_list: Any, monitor: Any) -> Any:
        """Return a module with these parameters, ready to train."""
        data_names, label_names = ([shape[0] for shape in shapes] for shapes in (data.provide_data, data.provide_label))
        if self.sym_gen is None:
            module: Any = Module(self.symbol, data_names, label_names, context=self.ctx, work_load_list=work_load_list)
        else:
            from .module import BucketingModule

            def generate(key: Any) -> Any:
                return self.sym_gen(key), data_names, label_names

            module = BucketingModule(
                generate,
                data.default_bucket_key,  # type: ignore[attr-defined]
                context=self.ctx,
                work_load_list=work_load_list,
            )
        module.bind(data.provide_data, data.provide_label)
        if monitor is not None:
            module.install_monitor(monitor)
        module.init_params(initializer=None, arg_params=self.arg_params, aux_params=self.aux_params)
        optimizer = self.optimizer
        if isinstance(optimizer, str):
            kvstore, _ = _create_kvstore(kvstore, len(self.ctx), self.arg_params or {})
            batch_size = data.batch_size
            if kvstore is not None and "dist" in kvstore.type and "_async" not in kvstore.type:
                batch_size *= kvstore.num_workers
            module.init_optimizer(
                kvstore, optimizer, {"rescale_grad": 1.0 / batch_size, **_without(self.kwargs, "sym")}
            )
        else:
            with warnings.catch_warnings():  # whoever gives an optimizer here has chosen its rescale_grad
                warnings.simplefilter("ignore", UserWarning)
                module.init_optimizer(kvstore, optimizer)
        return module

    def _train(
        self,
        module: Any,
        train_data: mx_io.DataIter,
        eval_data: Any,
        eval_metric: Any,
        epoch_end_callback: Any,
        batch_end_callback: Any,
        logger: Any,
        monitor: Any,
        eval_end_callback: Any,
        eval_batch_end_callback: Any,
    ) -> None:
        """Run over the data from `begin_epoch` to before `num_epoch`."""
        assert self.num_epoch is not None
        epoch_size = self.epoch_size
        train_data.reset()
        for epoch in range(self.begin_epoch, self.num_epoch):
            tic = time.time()
            eval_metric.reset()
            nbatch = 0
            while True:
                do_reset = True
                for data_batch in train_data:
                    if monitor is not None:
                        monitor.tic()
                    module.forward_backward(data_batch)
                    module.update()
                    if monitor is not None:
                        monitor.toc_print()
                    module.update_metric(eval_metric, data_batch.label)
                    nbatch += 1
                    if batch_end_callback is not None:
                        _multiple_callbacks(
                            batch_end_callback,
                            BatchEndParam(epoch=epoch, nbatch=nbatch, eval_metric=eval_metric, locals=locals()),
                        )
                    if epoch_size is not None and nbatch >= epoch_size:
                        do_reset = False
                        break
                if do_reset:
                    logger.info("Epoch[%d] Resetting Data Iterator", epoch)
                    train_data.reset()
                if epoch_size is None or nbatch >= epoch_size:
                    break
            logger.info("Epoch[%d] Time cost=%.3f", epoch, time.time() - tic)
            if epoch_end_callback or epoch + 1 == self.num_epoch:
                arg_params, aux_params = module.get_params()
                assert self.arg_params is not None
                assert self.aux_params is not None
                for own, new in ((self.arg_params, arg_params), (self.aux_params, aux_params)):
                    for name, array in new.items():
                        array.copyto(own[name])
            _multiple_callbacks(epoch_end_callback, epoch, self.symbol, self.arg_params, self.aux_params)
            if eval_data:
                self._evaluate(module, eval_data, eval_metric, epoch, eval_batch_end_callback, eval_end_callback)

    def _evaluate(
        self, module: Any, eval_data: Any, eval_metric: Any, epoch: int, batch_end_callback: Any, end_callback: Any
    ) -> None:
        """Measure on `eval_data` at the end of an epoch."""
        eval_metric.reset()
        eval_data.reset()
        total = 0
        for i, eval_batch in enumerate(eval_data):
            module.forward(eval_batch, is_train=False)
            module.update_metric(eval_metric, eval_batch.label)
            if batch_end_callback is not None:
                _multiple_callbacks(
                    batch_end_callback,
                    BatchEndParam(epoch=epoch, nbatch=i, eval_metric=eval_metric, locals=locals()),
                )
            total += 1
        if end_callback is not None:
            _multiple_callbacks(
                end_callback, BatchEndParam(epoch=epoch, nbatch=total, eval_metric=eval_metric, locals=locals())
            )
        eval_data.reset()

    # -- files -----------------------------------------------------------------------------------------------------

    def save(self, prefix: str, epoch: int | None = None, remove_amp_cast: bool = True) -> None:
        """Write a checkpoint: ``prefix-symbol.json`` and ``prefix-0012.params`` for epoch 12.

        Parameters
        ----------
        prefix : str
        epoch : int, optional
            `num_epoch` unless said.
        remove_amp_cast : bool
            Leave casts of mixed precision out of the symbol.
        """
        epoch = self.num_epoch if epoch is None else epoch
        require(epoch is not None, "FeedForward.save: give an epoch, num_epoch is not set")
        assert epoch is not None
        if self.arg_params is None or self.aux_params is None:
            raise base.MXNetError("FeedForward.save: there are no parameters yet; call fit, or give arg_params")
        save_checkpoint(prefix, epoch, self.symbol, self.arg_params, self.aux_params, remove_amp_cast=remove_amp_cast)

    @staticmethod
    def load(prefix: str, epoch: int, ctx: Any = None, **kwargs: Any) -> FeedForward:
        """Return a model with the symbol and parameters of a checkpoint.

        Parameters
        ----------
        prefix, epoch : str, int
            As given to `save`. Training goes on with this epoch.
        ctx : Context or list of Context, optional
        **kwargs
            Other arguments of `FeedForward`.

        Returns
        -------
        FeedForward
        """
        symbol, arg_params, aux_params = load_checkpoint(prefix, epoch)
        return FeedForward(symbol, ctx=ctx, arg_params=arg_params, aux_params=aux_params, begin_epoch=epoch, **kwargs)

    @staticmethod
    def create(
        symbol: Symbol,
        X: Any,
        y: Any = None,
        ctx: Any = None,
        num_epoch: int | None = None,
        epoch_size: int | None = None,
        optimizer: Any = "sgd",
        initializer: Any = Uniform(0.01),  # noqa: B008
        eval_data: Any = None,
        eval_metric: Any = "acc",
        epoch_end_callback: Any = None,
        batch_end_callback: Any = None,
        kvstore: Any = "local",
        logger: Any = None,
        work_load_list: Sequence[float] | None = None,
        eval_end_callback: Any = LogValidationMetricsCallback(),  # noqa: B008
        eval_batch_end_callback: Any = None,
        **kwargs: Any,
    ) -> FeedForward:
        """Return a model that is trained: `FeedForward` and `fit` in one call, with their arguments."""
        model = FeedForward(
            symbol,
            ctx=ctx,
            num_epoch=num_epoch,
            epoch_size=epoch_size,
            optimizer=optimizer,
            initializer=initializer,
            **kwargs,
        )
        model.fit(
            X,
            y,
            eval_data=eval_data,
            eval_metric=eval_metric,
            epoch_end_callback=epoch_end_callback,
            batch_end_callback=batch_end_callback,
            kvstore=kvstore,
            logger=logger,
            work_load_list=work_load_list,
            eval_end_callback=eval_end_callback,
            eval_batch_end_callback=eval_batch_end_callback,
        )
        return model


def _without(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in options.items() if key != name}


def _joined(batches: Sequence[Sequence[np.ndarray]]) -> Any:
    """Join the batches of each array along axis 0; one array stands alone."""
    joined = [np.concatenate(parts) for parts in zip(*batches)]
    return joined[0] if len(joined) == 1 else joined


_ = BatchEndParams  # pickles of BatchEndParam name it
