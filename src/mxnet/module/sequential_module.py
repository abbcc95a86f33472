"""``mx.mod.SequentialModule``: modules one after the other, each taking what the one before puts out."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any

from ..initializer import Uniform
from ..io import DataDesc
from .base_module import BaseModule
from .names import require

if TYPE_CHECKING:
    from ..io import DataBatch
    from ..metric import EvalMetric
    from ..ndarray import NDArray

__all__ = ["SequentialModule"]

_READY = "call bind and init_params first"


class SequentialModule(BaseModule):
    """A chain of modules. Outputs of one are the data of the next, gradients come back the same way.

    Parameters
    ----------
    logger : Logger or module

    Examples
    --------
    >>> first = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=4, name="first")
    >>> second = mx.sym.FullyConnected(mx.sym.var("hidden"), num_hidden=2, name="second")
    >>> second = mx.sym.SoftmaxOutput(second, name="softmax")
    >>> module = mx.mod.SequentialModule()
    >>> _ = module.add(mx.mod.Module(first, label_names=None))
    >>> _ = module.add(mx.mod.Module(second, data_names=["hidden"]), take_labels=True, auto_wiring=True)
    >>> module.bind([("data", (8, 3))], [("softmax_label", (8,))])
    >>> module.output_shapes
    [('softmax_output', (8, 2))]
    """

    META_TAKE_LABELS = "take_labels"
    META_AUTO_WIRING = "auto_wiring"

    def __init__(self, logger: Any = logging) -> None:
        super().__init__(logger=logger)
        self._modules: list[BaseModule] = []
        self._metas: list[dict[str, Any]] = []
        self._label_shapes: Sequence[Any] | None = None
        self._data_shapes: Sequence[Any] | None = None
        self._meta_keys = {self.META_TAKE_LABELS, self.META_AUTO_WIRING}

    def add(self, module: BaseModule, **kwargs: Any) -> SequentialModule:
        """Append a module. The chain must then be bound and initialized again.

        Parameters
        ----------
        module : BaseModule
        take_labels : bool
            It gets the labels.
        auto_wiring : bool
            Its data are the outputs before it by position, whatever their names.

        Returns
        -------
        SequentialModule
            This one, so that calls can be chained.
        """
        for key in kwargs:
            require(key in self._meta_keys, f'Unknown meta "{key}", a typo? There are: {sorted(self._meta_keys)}')
        self._modules.append(module)
        self._metas.append(kwargs)
        self.binded = self.params_initialized = self.optimizer_initialized = False
        return self

    # -- what it is ------------------------------------------------------------------------------------------------

    @property
    def data_names(self) -> Sequence[str]:
        """Names of the data of the first module."""
        return self._modules[0].data_names if self._modules else []

    @property
    def output_names(self) -> Sequence[str]:
        """Names of the outputs of the last module."""
        return self._modules[-1].output_names if self._modules else []

    @property
    def data_shapes(self) -> Sequence[Any]:
        """Descriptions of the data that the first module is bound for."""
        require(self.binded, "data_shapes: call bind first")
        return self._modules[0].data_shapes

    @property
    def label_shapes(self) -> Sequence[Any] | None:
        """Descriptions of the labels as given to `bind`, None if no module takes them."""
        require(self.binded, "label_shapes: call bind first")
        return self._label_shapes

    @property
    def output_shapes(self) -> Sequence[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the outputs of the last module."""
        require(self.binded, "output_shapes: call bind first")
        return self._modules[-1].output_shapes

    # -- parameters ------------------------------------------------------------------------------------------------

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Return parameters and auxiliary states of all modules by name."""
        require(self.binded and self.params_initialized, f"get_params: {_READY}")
        arg_params: dict[str, NDArray] = {}
        aux_params: dict[str, NDArray] = {}
        for module in self._modules:
            arguments, auxiliary = module.get_params()
            arg_params.update(arguments)
            aux_params.update(auxiliary)
        return arg_params, aux_params

    def init_params(
        self,
        initializer: Any = Uniform(0.01),  # noqa: B008 (it has no state)
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_missing: bool = False,
        force_init: bool = False,
        allow_extra: bool = False,
    ) -> None:
        """Give the parameters of all modules their first values; see `Module.init_params`.

        Raises
        ------
        StateError
            Before `bind`, or if two modules have a parameter of one name.
        """
        if self.params_initialized and not force_init:
            return
        require(self.binded, "call bind before initializing the parameters")
        for module in self._modules:
            module.init_params(
                initializer=initializer,
                arg_params=arg_params,
                aux_params=aux_params,
                allow_missing=allow_missing,
                force_init=force_init,
                allow_extra=allow_extra,
            )
        owners: dict[str, int] = {}
        for i, module in enumerate(self._modules):
            for names in module.get_params():
                for name in names:
                    require(
                        name not in owners,
                        f'Duplicated parameter names: name "{name}" in layer {i} ({type(module)}) is already used in '
                        f"layer {owners.get(name)} ({type(self._modules[owners.get(name, 0)])}).",
                    )
                    owners[name] = i
        self.params_initialized = True

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
        """Bind all modules, each for the outputs of the one before; see `Module.bind`.

        `shared_module` must be None.
        """
        if self.binded and not force_rebind:
            self.logger.warning("Already bound, ignoring bind()")
            return
        require(for_training or not inputs_need_grad, "bind: inputs_need_grad=True needs for_training=True")
        require(shared_module is None, "Shared module is not supported")
        require(len(self._modules) > 0, "Attempting to bind an empty SequentialModule: add modules first")
        present = data_shapes
        taken = False
        for i, (module, meta) in enumerate(zip(self._modules, self._metas)):
            labels = label_shapes if meta.get(self.META_TAKE_LABELS) else None
            taken = taken or bool(meta.get(self.META_TAKE_LABELS))
            if meta.get(self.META_AUTO_WIRING):
                names = module.data_names
                require(
                    len(names) == len(present),
                    f"bind: module {i} has {len(names)} data names, the one before has {len(present)} outputs",
                )
                present = [DataDesc(name, _described(shape).shape) for name, shape in zip(names, present)]
            module.bind(
                data_shapes=present,
                label_shapes=labels,
                for_training=for_training,
                inputs_need_grad=for_training and (inputs_need_grad or i > 0),
                force_rebind=force_rebind,
                shared_module=None,
                grad_req=grad_req,
            )
            present = module.output_shapes
        self.binded, self.for_training, self.inputs_need_grad = True, for_training, inputs_need_grad
        self._data_shapes = data_shapes
        self._label_shapes = label_shapes if taken else None

    def init_optimizer(
        self,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        force_init: bool = False,
    ) -> None:
        """Make the optimizer of each module; see `Module.init_optimizer`."""
        require(self.binded and self.params_initialized, f"init_optimizer: {_READY}")
        if self.optimizer_initialized and not force_init:
            self.logger.warning("optimizer already initialized, ignoring.")
            return
        for module in self._modules:
            module.init_optimizer(
                kvstore=kvstore, optimizer=optimizer, optimizer_params=optimizer_params, force_init=force_init
            )
        self.optimizer_initialized = True

    # -- computing -------------------------------------------------------------------------------------------------

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Compute all modules' outputs for a batch; see `BaseModule.forward`."""
        require(self.binded and self.params_initialized, f"forward: {_READY}")
        batch = copy(data_batch)  # its data are replaced from module to module
        last = len(self._modules) - 1
        for i, module in enumerate(self._modules):
            module.forward(batch, is_train=is_train)
            if i == last:
                break
            batch.data = module.get_outputs()
            if getattr(batch, "provide_data", None) is not None:
                names = [_described(shape).name for shape in module.output_shapes]
                if self._metas[i + 1].get(self.META_AUTO_WIRING):
                    names = list(self._modules[i + 1].data_names)
                batch.provide_data = [DataDesc(name, array.shape) for name, array in zip(names, batch.data)]

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradients, from the last module to the first; see `BaseModule.backward`."""
        require(self.binded and self.params_initialized, f"backward: {_READY}")
        for i in range(len(self._modules) - 1, -1, -1):
            self._modules[i].backward(out_grads=out_grads)
            if i > 0:
                out_grads = self._modules[i].get_input_grads()

    def update(self) -> None:
        """Let the optimizers change the parameters of all modules."""
        require(
            self.binded and self.params_initialized and self.optimizer_initialized,
            "update: call bind, init_params and init_optimizer first",
        )
        for module in self._modules:
            module.update()

    def get_outputs(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the outputs of the last module; see `BaseModule.get_outputs`."""
        require(self.binded and self.params_initialized, f"get_outputs: {_READY}")
        return self._modules[-1].get_outputs(merge_multi_context=merge_multi_context)

    def get_input_grads(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the gradients of the data of the first module."""
        require(
            self.binded and self.params_initialized and self.inputs_need_grad,
            "get_input_grads: bind with inputs_need_grad=True and call init_params first",
        )
        return self._modules[0].get_input_grads(merge_multi_context=merge_multi_context)

    def update_metric(self, eval_metric: EvalMetric, labels: Any, pre_sliced: bool = False) -> None:
        """Add the outputs of every module that takes labels to a metric; see `BaseModule.update_metric`."""
        require(self.binded and self.params_initialized, f"update_metric: {_READY}")
        for module, meta in zip(self._modules, self._metas):
            if meta.get(self.META_TAKE_LABELS):
                module.update_metric(eval_metric, labels, pre_sliced)

    def install_monitor(self, mon: Any) -> None:
        """Let a monitor watch the executors of all modules."""
        require(self.binded, "install_monitor: call bind first")
        for module in self._modules:
            module.install_monitor(mon)


def _described(shape: Any) -> DataDesc:
    return shape if isinstance(shape, DataDesc) else DataDesc(*shape)
