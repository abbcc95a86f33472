"""What all modules share: the loops that train, measure and predict, and what a kind of module has to supply."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import base, metric
from .. import ndarray as nd
from .._warning import warn
from ..initializer import Uniform
from ..io import DataIter, NDArrayIter
from ..ndarray import NDArray
from .names import _as_list, _check_input_names, _check_names_match, _parse_data_desc, as_list, require

if TYPE_CHECKING:
    from ..io import DataBatch
    from ..metric import EvalMetric
    from ..symbol import Symbol

__all__ = ["BaseModule"]
_ = (_as_list, _check_input_names, _check_names_match, _parse_data_desc)  # programs import these from here


class BatchEndParams(NamedTuple):
    """What a callback at the end of a batch gets: numbers of epoch and batch, the metric, the caller's variables."""

    epoch: int
    nbatch: int
    eval_metric: Any
    locals: Any


BatchEndParam = BatchEndParams
BatchEndParams.__module__ = "mxnet.model"


class BaseModule:
    """A network that is bound to shapes, initialized, given an optimizer, and then trained.

    The order of calls is `bind`, `init_params`, `init_optimizer`, and then for each batch `forward`, `backward` and
    `update`. `fit` makes all of them. A class derived from this one supplies the methods that raise
    NotImplementedError here.

    Parameters
    ----------
    logger : Logger or module
        Has ``info`` and ``warning``.

    Attributes
    ----------
    binded, params_initialized, optimizer_initialized : bool
        What has been called so far.
    for_training, inputs_need_grad : bool
        As given to `bind`.

    Examples
    --------
    >>> net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2), name="softmax")
    >>> module = mx.mod.Module(net)
    >>> data = mx.io.NDArrayIter(np.eye(2, dtype="float32"), np.array([0.0, 1.0]), batch_size=2)
    >>> module.fit(data, num_epoch=20, optimizer_params={"learning_rate": 1})
    >>> module.score(data, "acc")
    [('accuracy', 1.0)]
    >>> module.predict(data).shape
    (2, 2)
    """

    def __init__(self, logger: Any = logging) -> None:
        self.logger = logger
        self.binded = False
        self.for_training = False
        self.inputs_need_grad = False
        self.params_initialized = False
        self.optimizer_initialized = False
        self._symbol: Symbol | None = None
        self._total_exec_bytes = 0

    # -- loops -----------------------------------------------------------------------------------------------------

    def forward_backward(self, data_batch: DataBatch) -> None:
        """Compute outputs and gradients of one batch, in training mode."""
        self.forward(data_batch, is_train=True)
        self.backward()

    def _add_to_metric(self, eval_metric: EvalMetric, batch: Any) -> None:
        """Add the outputs for `batch` to a metric; a list has a batch for each device."""
        if isinstance(batch, list):
            self.update_metric(eval_metric, [one.label for one in batch], pre_sliced=True)
        else:
            self.update_metric(eval_metric, batch.label)

    def score(
        self,
        eval_data: DataIter,
        eval_metric: Any,
        num_batch: int | None = None,
        batch_end_callback: Any = None,
        score_end_callback: Any = None,
        reset: bool = True,
        epoch: int = 0,
        sparse_row_id_fn: Callable[..., Any] | None = None,
    ) -> list[tuple[str, float]]:
        """Measure the network on data.

        Parameters
        ----------
        eval_data : DataIter
        eval_metric : EvalMetric, str or list
            What to measure.
        num_batch : int, optional
            At most so many batches.
        batch_end_callback, score_end_callback : function or list of functions, optional
            Called with a BatchEndParam after each batch, and at the end.
        reset : bool
            Begin at the first batch.
        epoch : int
            What callbacks are told.
        sparse_row_id_fn : function, optional
            See `prepare`.

        Returns
        -------
        list of (str, float)
            Names and values of the metric.

        Raises
        ------
        StateError
            Before `bind` and `init_params`.
        """
        require(self.binded and self.params_initialized, "score: call bind and init_params first")
        if reset:
            eval_data.reset()
        if not isinstance(eval_metric, metric.EvalMetric):
            eval_metric = metric.create(eval_metric)
        eval_metric.reset()
        actual_num_batch = 0
        for nbatch, eval_batch in enumerate(eval_data):
            if nbatch == num_batch:
                break
            self.prepare(eval_batch, sparse_row_id_fn=sparse_row_id_fn)
            self.forward(eval_batch, is_train=False)
            self._add_to_metric(eval_metric, eval_batch)
            if batch_end_callback is not None:
                told = BatchEndParam(epoch, nbatch, eval_metric, locals())
                for callback in as_list(batch_end_callback):
                    callback(told)
            actual_num_batch += 1
        if score_end_callback:
            told = BatchEndParam(epoch, actual_num_batch, eval_metric, locals())
            for callback in as_list(score_end_callback):
                callback(told)
        return eval_metric.get_name_value()

    def iter_predict(
        self,
        eval_data: DataIter,
        num_batch: int | None = None,
        reset: bool = True,
        sparse_row_id_fn: Callable[..., Any] | None = None,
    ) -> Generator[tuple[list[NDArray], int, DataBatch], None, None]:
        """Yield the outputs for each batch, without its padding, with the batch's number and the batch.

        Parameters
        ----------
        eval_data : DataIter
        num_batch : int, optional
            At most so many batches.
        reset : bool
            Begin at the first batch.
        sparse_row_id_fn : function, optional
            See `prepare`.

        Yields
        ------
        (list of NDArray, int, DataBatch)
        """
        require(self.binded and self.params_initialized, "iter_predict: call bind and init_params first")
        if reset:
            eval_data.reset()
        for nbatch, eval_batch in enumerate(eval_data):
            if nbatch == num_batch:
                break
            self.prepare(eval_batch, sparse_row_id_fn=sparse_row_id_fn)
            self.forward(eval_batch, is_train=False)
            pad = eval_batch.pad or 0
            yield [output[: output.shape[0] - pad] for output in self.get_outputs()], nbatch, eval_batch

    def predict(
        self,
        eval_data: DataIter | NDArray | np.ndarray,
        num_batch: int | None = None,
        merge_batches: bool = True,
        reset: bool = True,
        always_output_list: bool = False,
        sparse_row_id_fn: Callable[..., Any] | None = None,
    ) -> Any:
        """Return the outputs for all batches, without padding.

        Parameters
        ----------
        eval_data : DataIter, NDArray or numpy.ndarray
            An array is one batch.
        num_batch : int, optional
            At most so many batches.
        merge_batches : bool
            Join the batches along axis 0.
        reset : bool
            Begin at the first batch.
        always_output_list : bool
            Return a list for a network with one output, too.
        sparse_row_id_fn : function, optional
            See `prepare`.

        Returns
        -------
        NDArray, list of NDArray, or list of list of NDArray
            By output; with ``merge_batches=False`` by batch and then by output.

        Raises
        ------
        ValueError
            If `eval_data` is something else, or the batches have different numbers of outputs.
        """
        require(self.binded and self.params_initialized, "predict: call bind and init_params first")
        if isinstance(eval_data, (NDArray, np.ndarray)):
            if isinstance(eval_data, np.ndarray):
                eval_data = nd.array(eval_data)
            eval_data = NDArrayIter(eval_data, batch_size=eval_data.shape[0])
        elif not isinstance(eval_data, DataIter):
            raise base.ValueError(f"eval_data must be of type NDArray or DataIter; it is a {type(eval_data).__name__}")
        found = [
            [output.copy() for output in outputs]
            for outputs, _, _ in self.iter_predict(eval_data, num_batch, reset, sparse_row_id_fn)
        ]
        if not found or not merge_batches:
            return found
        if len({len(outputs) for outputs in found}) != 1:
            raise base.ValueError(
                "predict: batches cannot be merged, they have different numbers of outputs "
                f"({sorted({len(outputs) for outputs in found})}); pass merge_batches=False"
            )
        merged = [outputs[0] if len(outputs) == 1 else nd.concat(*outputs, dim=0) for outputs in zip(*found)]
        return merged[0] if len(merged) == 1 and not always_output_list else merged

    def fit(
        self,
        train_data: DataIter,
        eval_data: DataIter | None = None,
        eval_metric: Any = "acc",
        epoch_end_callback: Any = None,
        batch_end_callback: Any = None,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        eval_end_callback: Any = None,
        eval_batch_end_callback: Any = None,
        initializer: Any = Uniform(0.01),  # noqa: B008 (it has no state)
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_missing: bool = False,
        force_rebind: bool = False,
        force_init: bool = False,
        begin_epoch: int = 0,
        num_epoch: int | None = None,
        validation_metric: Any = None,
        monitor: Any = None,
        sparse_row_id_fn: Callable[..., Any] | None = None,
    ) -> None:
        """Train the network: bind, initialize, and run over the data from `begin_epoch` to before `num_epoch`.

        Parameters
        ----------
        train_data, eval_data : DataIter
            What to train on and, if given, to measure on after each epoch.
        eval_metric : EvalMetric, str or list
            What is measured on the training data.
        epoch_end_callback : function or list of functions, optional
            Called with (epoch, symbol, arg_params, aux_params) after each epoch.
        batch_end_callback : function or list of functions, optional
            Called with a BatchEndParam after each batch.
        kvstore : str or KVStoreBase
            How several devices work together.
        optimizer : str or Optimizer
        optimizer_params : dict, or sequence of (str, object)
            Arguments of an optimizer that is given by name.
        eval_end_callback, eval_batch_end_callback : function or list of functions, optional
            Called with a BatchEndParam after the evaluation, and after each of its batches.
        initializer : Initializer
            For parameters that are not given.
        arg_params, aux_params : dict of str to NDArray, optional
            Parameters and auxiliary states to begin with.
        allow_missing : bool
            Let `initializer` make what `arg_params` lacks, instead of raising RuntimeError.
        force_rebind, force_init : bool
            Bind and initialize again what is so already.
        begin_epoch, num_epoch : int
            The first epoch's number, and the one to stop before. `num_epoch` must be given.
        validation_metric : EvalMetric, str or list, optional
            What is measured on `eval_data`; `eval_metric` unless said.
        monitor : Monitor, optional
            Watches the executors.
        sparse_row_id_fn : function, optional
            See `prepare`.

        Raises
        ------
        StateError
            If `num_epoch` is missing.
        """
        require(num_epoch is not None, "please specify number of epochs: fit(..., num_epoch=10)")
        assert num_epoch is not None
        self.bind(
            data_shapes=train_data.provide_data,
            label_shapes=train_data.provide_label,
            for_training=True,
            force_rebind=force_rebind,
        )
        if monitor is not None:
            self.install_monitor(monitor)
        self.init_params(
            initializer=initializer,
            arg_params=arg_params,
            aux_params=aux_params,
            allow_missing=allow_missing,
            force_init=force_init,
        )
        self.init_optimizer(kvstore=kvstore, optimizer=optimizer, optimizer_params=optimizer_params)
        if validation_metric is None:
            validation_metric = eval_metric
        if not isinstance(eval_metric, metric.EvalMetric):
            eval_metric = metric.create(eval_metric)

        for epoch in range(begin_epoch, num_epoch):
            tic = time.time()
            eval_metric.reset()
            nbatch = 0
            data_iter = iter(train_data)
            end_of_batch = False
            eval_name_vals: list[tuple[str, float]] = []
            next_data_batch: Any = next(data_iter, None)
            if next_data_batch is None:
                raise base.ValueError(f"fit: train_data has no batch in epoch {epoch}; call its reset(), or check it")
            while not end_of_batch:
                data_batch: Any = next_data_batch
                if monitor is not None:
                    monitor.tic()
                self.forward_backward(data_batch)
                self.update()
                self._add_to_metric(eval_metric, data_batch)
                next_data_batch = next(data_iter, None)
                if next_data_batch is None:
                    end_of_batch = True
                else:
                    self.prepare(next_data_batch, sparse_row_id_fn=sparse_row_id_fn)
                if monitor is not None:
                    monitor.toc_print()
                if end_of_batch:  # before the callbacks, which may reset the metric
                    eval_name_vals = eval_metric.get_global_name_value()
                if batch_end_callback is not None:
                    told = BatchEndParam(epoch, nbatch, eval_metric, locals())
                    for callback in as_list(batch_end_callback):
                        callback(told)
                nbatch += 1
            for name, value in eval_name_vals:
                self.logger.info("Epoch[%d] Train-%s=%f", epoch, name, value)
            self.logger.info("Epoch[%d] Time cost=%.3f", epoch, time.time() - tic)

            # what the devices have now is what callbacks see, and what all devices go on with
            arg_params, aux_params = self.get_params()
            self.set_params(arg_params, aux_params)
            if epoch_end_callback is not None:
                for callback in as_list(epoch_end_callback):
                    callback(epoch, self.symbol, arg_params, aux_params)
            if eval_data:
                found = self.score(
                    eval_data,
                    validation_metric,
                    score_end_callback=eval_end_callback,
                    batch_end_callback=eval_batch_end_callback,
                    epoch=epoch,
                )
                for name, value in found:
                    self.logger.info("Epoch[%d] Validation-%s=%f", epoch, name, value)
            train_data.reset()

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def data_names(self) -> Sequence[str]:
        """Names of the inputs."""
        raise NotImplementedError

    @property
    def output_names(self) -> Sequence[str]:
        """Names of the outputs."""
        raise NotImplementedError

    @property
    def data_shapes(self) -> Sequence[Any]:
        """Descriptions of the inputs that the module is bound for."""
        raise NotImplementedError

    @property
    def label_shapes(self) -> Sequence[Any] | None:
        """Descriptions of the labels that the module is bound for, None without labels."""
        raise NotImplementedError

    @property
    def output_shapes(self) -> Sequence[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the outputs."""
        raise NotImplementedError

    @property
    def symbol(self) -> Symbol | None:
        """The network, or None for a module without one."""
        return self._symbol

    # -- parameters ------------------------------------------------------------------------------------------------

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Return parameters and auxiliary states by name, as they are on the devices now."""
        raise NotImplementedError

    def init_params(
        self,
        initializer: Any = Uniform(0.01),  # noqa: B008
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_missing: bool = False,
        force_init: bool = False,
        allow_extra: bool = False,
    ) -> None:
        """Give parameters and auxiliary states their first values; see `Module.init_params`."""
        raise NotImplementedError

    def set_params(
        self,
        arg_params: Mapping[str, NDArray] | None,
        aux_params: Mapping[str, NDArray] | None,
        allow_missing: bool = False,
        force_init: bool = True,
        allow_extra: bool = False,
    ) -> None:
        """Set parameters and auxiliary states.

        Parameters
        ----------
        arg_params, aux_params : dict of str to NDArray
        allow_missing : bool
            Leave what is not given as it is, instead of raising RuntimeError.
        force_init : bool
            Set them though they are initialized already.
        allow_extra : bool
            Ignore names that the network does not have.
        """
        self.init_params(
            initializer=None,
            arg_params=arg_params,
            aux_params=aux_params,
            allow_missing=allow_missing,
            force_init=force_init,
            allow_extra=allow_extra,
        )

    def save_params(self, fname: str) -> None:
        """Write parameters and auxiliary states to a ``.params`` file."""
        arg_params, aux_params = self.get_params()
        nd.save(
            fname,
            {
                **{f"arg:{name}": array for name, array in arg_params.items()},
                **{f"aux:{name}": array for name, array in aux_params.items()},
            },
        )

    def load_params(self, fname: str) -> None:
        """Read parameters and auxiliary states from a ``.params`` file.

        Raises
        ------
        ValueError
            If an array's name begins with neither ``arg:`` nor ``aux:``.
        """
        found: dict[str, dict[str, NDArray]] = {"arg": {}, "aux": {}}
        stored = nd.load(fname)
        if not isinstance(stored, dict):
            raise base.ValueError(f"Invalid param file {fname}: its arrays have no names")
        for key, array in stored.items():
            kind, colon, name = key.partition(":")
            if not colon or kind not in found:
                raise base.ValueError(
                    f"Invalid param file {fname}: it holds {key!r}, expected names such as 'arg:fc1_weight' and "
                    "'aux:bn_moving_mean'"
                )
            found[kind][name] = array
        self.set_params(found["arg"], found["aux"])

    # -- states ----------------------------------------------------------------------------------------------------

    def get_states(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the states: none here."""
        require(self.binded and self.params_initialized, "get_states: call bind and init_params first")
        require(not merge_multi_context, "merge_multi_context=True is not supported for get_states yet; pass False")
        return []

    def set_states(self, states: Sequence[Any] | None = None, value: float | None = None) -> None:
        """Set the states: there are none here."""
        require(self.binded and self.params_initialized, "set_states: call bind and init_params first")
        require(not states and not value, "set_states: this module has no states")

    # -- computing -------------------------------------------------------------------------------------------------

    def install_monitor(self, mon: Any) -> None:
        """Let a monitor watch the executors."""
        raise NotImplementedError

    def prepare(self, data_batch: DataBatch, sparse_row_id_fn: Callable[..., Any] | None = None) -> None:
        """Get ready for a batch: called before `forward` by the loops.

        Parameters
        ----------
        data_batch : DataBatch
        sparse_row_id_fn : function of DataBatch, optional
            Returns, by name of a row_sparse parameter, the rows that the batch needs.
        """
        if sparse_row_id_fn is not None:
            warn("sparse_row_id_fn is not invoked for BaseModule.")

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute the outputs for a batch.

        Parameters
        ----------
        data_batch : DataBatch
        is_train : bool, optional
            Training mode; as given to `bind` unless said.
        """
        raise NotImplementedError

    def backward(self, out_grads: Any = None) -> None:
        """Compute gradients; `out_grads`, those of the outputs, are needed for outputs that are no losses."""
        raise NotImplementedError

    def get_outputs(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the outputs of the last `forward`.

        Parameters
        ----------
        merge_multi_context : bool
            Join the parts of several devices; otherwise each output is a list by device.
        """
        raise NotImplementedError

    def get_input_grads(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the gradients of the inputs, with `merge_multi_context` as for `get_outputs`."""
        raise NotImplementedError

    def update(self) -> None:
        """Let the optimizer change the parameters by their gradients."""
        raise NotImplementedError

    def update_metric(self, eval_metric: EvalMetric, labels: Any, pre_sliced: bool = False) -> None:
        """Add the outputs of the last `forward` to a metric.

        Parameters
        ----------
        eval_metric : EvalMetric
        labels : list of NDArray
            Labels of the batch.
        pre_sliced : bool
            `labels` is a list with such a list for each device.
        """
        raise NotImplementedError

    # -- getting ready ---------------------------------------------------------------------------------------------

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
        """Make the executors; see `Module.bind`."""
        raise NotImplementedError

    def init_optimizer(
        self,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        force_init: bool = False,
    ) -> None:
        """Make the optimizer; see `Module.init_optimizer`."""
        raise NotImplementedError
