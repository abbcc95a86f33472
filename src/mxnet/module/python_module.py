"""Modules whose computation is Python code: ``mx.mod.PythonModule`` and ``mx.mod.PythonLossModule``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import ndarray as nd
from ..initializer import Uniform
from .base_module import BaseModule
from .names import require

if TYPE_CHECKING:
    from ..io import DataBatch
    from ..metric import EvalMetric
    from ..ndarray import NDArray

__all__ = ["PythonLossModule", "PythonModule"]


class PythonModule(BaseModule):
    """A module without parameters. A derived class supplies `forward`, `backward` and the methods that read results.

    Parameters
    ----------
    data_names, label_names, output_names : list of str
        Names of the inputs and outputs; `label_names` may be None.
    logger : Logger or module

    Examples
    --------
    >>> class Twice(mx.mod.PythonModule):
    ...     def __init__(self):
    ...         super().__init__(["data"], [], ["twice_output"])
    ...     def _compute_output_shapes(self):
    ...         return [("twice_output", self.data_shapes[0][1])]
    ...     def forward(self, data_batch, is_train=None):
    ...         self.output = 2 * data_batch.data[0]
    ...     def get_outputs(self, merge_multi_context=True):
    ...         return [self.output]
    >>> module = Twice()
    >>> module.bind([("data", (2, 3))])
    >>> module.forward(mx.io.DataBatch([mx.nd.ones((2, 3))]))
    >>> module.get_outputs()[0].sum().asscalar()
    np.float32(12.0)
    """

    def __init__(
        self,
        data_names: Sequence[str],
        label_names: Sequence[str] | None,
        output_names: Sequence[str],
        logger: Any = logging,
    ) -> None:
        super().__init__(logger=logger)
        self._data_names = list(data_names) if isinstance(data_names, tuple) else data_names
        self._label_names = list(label_names) if isinstance(label_names, tuple) else label_names
        self._output_names = output_names
        self._data_shapes: Sequence[Any] | None = None
        self._label_shapes: Sequence[Any] | None = None
        self._output_shapes: Sequence[tuple[str, tuple[int, ...]]] | None = None

    @property
    def data_names(self) -> Sequence[str]:
        """Names of the data."""
        return self._data_names

    @property
    def output_names(self) -> Sequence[str]:
        """Names of the outputs."""
        return self._output_names

    @property
    def data_shapes(self) -> Sequence[Any]:
        """The data's shapes as given to `bind`."""
        return self._data_shapes  # type: ignore[return-value]

    @property
    def label_shapes(self) -> Sequence[Any] | None:
        """The labels' shapes as given to `bind`."""
        return self._label_shapes

    @property
    def output_shapes(self) -> Sequence[tuple[str, tuple[int, ...]]]:
        """Names and shapes of the outputs."""
        return self._output_shapes  # type: ignore[return-value]

    def get_params(self) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
        """Return two empty dicts."""
        return {}, {}

    def init_params(
        self,
        initializer: Any = Uniform(0.01),  # noqa: B008
        arg_params: Mapping[str, NDArray] | None = None,
        aux_params: Mapping[str, NDArray] | None = None,
        allow_missing: bool = False,
        force_init: bool = False,
        allow_extra: bool = False,
    ) -> None:
        """Do nothing: there are no parameters."""

    def update(self) -> None:
        """Do nothing: there are no parameters."""

    def update_metric(self, eval_metric: EvalMetric, labels: Any, pre_sliced: bool = False) -> None:
        """Add the outputs to a metric, if there are labels.

        Raises
        ------
        StateError
            If `pre_sliced`: the labels must be those of the whole batch.
        """
        if self._label_shapes is None:
            return
        require(not pre_sliced, "PythonModule does not support presliced labels")
        eval_metric.update(labels, self.get_outputs())

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
        """Take the shapes of the inputs; `_compute_output_shapes` makes those of the outputs.

        Raises
        ------
        StateError
            If the names are others than those given to the class, or `grad_req` is not 'write'.
        """
        if self.binded and not force_rebind:
            self.logger.warning("Already bound, ignoring bind()")
            return
        require(grad_req == "write", "Python module only support write gradient")
        self.for_training, self.inputs_need_grad = for_training, inputs_need_grad
        for shapes, names, what in (
            (data_shapes, self._data_names, "data"),
            (label_shapes, self._label_names, "label"),
        ):
            if shapes is None and what == "label":
                continue
            given = [shape[0] for shape in shapes or ()]
            require(
                given == list(names or []),
                f"bind: {what}_shapes has names {given}, the module's {what} names are {list(names or [])}",
            )
        self._data_shapes = data_shapes
        self._label_shapes = label_shapes
        self._output_shapes = self._compute_output_shapes()

    def _compute_output_shapes(self) -> Sequence[tuple[str, tuple[int, ...]]]:
        """Return names and shapes of the outputs, from `data_shapes` and `label_shapes`."""
        raise NotImplementedError

    def init_optimizer(
        self,
        kvstore: Any = "local",
        optimizer: Any = "sgd",
        optimizer_params: Any = (("learning_rate", 0.01),),
        force_init: bool = False,
    ) -> None:
        """Do nothing: there are no parameters."""


class PythonLossModule(PythonModule):
    """A loss at the end of a chain, whose gradient is a Python function.

    Its output is its data. It stands last in a `SequentialModule`.

    Parameters
    ----------
    name : str
        Its output is called ``name_output``.
    data_names, label_names : list of str
        One name each.
    logger : Logger or module
    grad_func : function of (NDArray, NDArray), optional
        Returns the gradient, an NDArray or something that `mx.nd.array` takes, from scores and labels. A derived class
        may override `_backward_impl` instead.

    Examples
    --------
    >>> loss = mx.mod.PythonLossModule(grad_func=lambda scores, labels: scores - labels)
    >>> loss.bind([("data", (2,))], [("softmax_label", (2,))])
    >>> loss.forward(mx.io.DataBatch([mx.nd.array([3, 5])], [mx.nd.array([1, 1])]))
    >>> loss.backward()
    >>> loss.get_input_grads()[0].asnumpy().tolist()
    [2.0, 4.0]
    """

    def __init__(
        self,
        name: str = "pyloss",
        data_names: Sequence[str] = ("data",),
        label_names: Sequence[str] = ("softmax_label",),
        logger: Any = logging,
        grad_func: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(data_names, label_names, [f"{name}_output"], logger=logger)
        require(len(data_names) == 1, f"PythonLossModule: one data name is expected, got {list(data_names)}")
        require(len(label_names) == 1, f"PythonLossModule: one label name is expected, got {list(label_names)}")
        require(grad_func is None or callable(grad_func), f"PythonLossModule: grad_func is {grad_func!r}, no function")
        self._name = name
        self._scores: NDArray | None = None
        self._labels: NDArray | None = None
        self._scores_grad: NDArray | None = None
        self._grad_func = grad_func

    def _compute_output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """The output is the data."""
        return [(f"{self._name}_output", self.data_shapes[0][1])]

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Take data and, in training mode, labels of a batch."""
        self._scores = data_batch.data[0]
        training = self.for_training if is_train is None else is_train
        if training:
            self._labels = data_batch.label[0]

    def get_outputs(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the data; `merge_multi_context` must be True."""
        require(merge_multi_context is True, "PythonLossModule: merge_multi_context=False is not supported")
        return [self._scores]

    def backward(self, out_grads: Any = None) -> None:
        """Compute the gradient of the data; `out_grads` must be None."""
        require(out_grads is None, "For a loss module, out_grads should be None")
        require(self.for_training, "re-bind with for_training=True to run backward")
        self._backward_impl()

    def _backward_impl(self) -> None:
        """Call `grad_func`; a derived class without one sets ``self._scores_grad`` here."""
        if self._grad_func is None:
            raise NotImplementedError("PythonLossModule: give a grad_func, or override _backward_impl")
        gradient = self._grad_func(self._scores, self._labels)
        self._scores_grad = gradient if isinstance(gradient, nd.NDArray) else nd.array(gradient)

    def get_input_grads(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the gradient of the data; `merge_multi_context` must be True."""
        require(merge_multi_context is True, "PythonLossModule: merge_multi_context=False is not supported")
        return [self._scores_grad]

    def install_monitor(self, mon: Any) -> None:
        """There is nothing that a monitor could watch."""
        raise NotImplementedError("PythonLossModule has no executor to be watched")
