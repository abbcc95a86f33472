"""One executor for each device: slices of a batch go in, merged outputs and gradients come out."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from .. import base
from .._runtime.device import torch_device
from ..context import Context
from ..executor_manager import _split_input_slice
from ..io import DataDesc
from ..ndarray import NDArray
from ..ndarray.dispatch import NDArrayBase, overwrite, wrap
from .names import StateError, require

if TYPE_CHECKING:
    from ..executor import Executor
    from ..io import DataBatch
    from ..metric import EvalMetric
    from ..symbol import Symbol

__all__ = ["DataParallelExecutorGroup"]


# -- moving batches ------------------------------------------------------------------------------------------------


def _copy(source: Any, target: NDArray, what: str) -> None:
    """Overwrite `target` with `source`, an array of its shape."""
    if isinstance(source, NDArrayBase):
        if source is target:
            return
        if source._data.shape == target._data.shape:
            overwrite(target._data, source._data)
            return
    shape = tuple(getattr(source, "shape", ()))
    if shape != target.shape:
        raise base.MXNetError(
            f"{what}: the batch has an array of shape {shape}, the module is bound for {target.shape}; "
            "bind or reshape it for this shape"
        )
    target[:] = source


def _part(array: Any, part: slice, axis: int) -> Any:
    """Return one device's part of an array; axis -1 means that every device gets all of it."""
    if axis == 0:
        return array[part]
    return array if axis < 0 else array[(slice(None),) * axis + (part,)]


def _load_general(data: Sequence[Any], targets: Sequence[Any], major_axis: Sequence[int]) -> None:
    """Copy a batch into bound arrays.

    `data` holds, for each input, one array, or a list with one for each device. `targets` holds, for each input, the
    bound arrays as (slice, array) for each device.
    """
    if len(data) < len(targets):
        raise base.ValueError(f"the batch has {len(data)} arrays, the module is bound for {len(targets)}")
    for source, devices, axis in zip(data, targets, major_axis):
        if isinstance(devices, NDArrayBase):
            _copy(source, devices, "forward")  # type: ignore[arg-type]
        elif isinstance(source, (list, tuple)):
            for one, (_, target) in zip(source, devices):
                _copy(one, target, "forward")
        elif len(devices) == 1:
            _copy(source, devices[0][1], "forward")
        else:
            for part, target in devices:
                _copy(_part(source, part, axis), target, "forward")


def _of_batch(batch: Any, field: str) -> Sequence[Any]:
    """Return the data or labels of a batch; of a list of batches, one for each device, as a list for each input."""
    if isinstance(batch, list):
        return [list(arrays) for arrays in zip(*(getattr(one, field) for one in batch))]
    return getattr(batch, field, None) or ()


def _load_data(batch: Any, targets: Sequence[Any], major_axis: Sequence[int]) -> None:
    """Copy the data of a batch into bound arrays."""
    _load_general(_of_batch(batch, "data"), targets, major_axis)


def _load_label(batch: Any, targets: Sequence[Any], major_axis: Sequence[int]) -> None:
    """Copy the labels of a batch into bound arrays."""
    _load_general(_of_batch(batch, "label"), targets, major_axis)


def _merge_multi_context(outputs: Sequence[Sequence[NDArray]], major_axis: Sequence[int]) -> list[NDArray]:
    """Join what the devices computed along the batch axis, on the first device; without one, take the first."""
    merged: list[NDArray] = []
    for arrays, axis in zip(outputs, major_axis):
        first = arrays[0]
        if len(arrays) == 1 or axis < 0:
            merged.append(first)
            continue
        device = first._data.device
        joined = torch.cat([array._data.to(device) for array in arrays], axis)
        merged.append(wrap(NDArray, joined, first.context))
    return merged


def _prepare_group2ctxs(group2ctxs: Any, ctx_len: int) -> list[Mapping[str, Context] | None]:
    """Return for each of `ctx_len` devices where its groups of nodes are."""
    if group2ctxs is None:
        return [None] * ctx_len
    if isinstance(group2ctxs, list):
        require(
            len(group2ctxs) == ctx_len,
            f"length of group2ctxs should be {ctx_len}, one dict per context; it is {len(group2ctxs)}",
        )
        return group2ctxs
    if not isinstance(group2ctxs, dict):
        raise StateError(
            "group2ctxs should be list of dict of str to context, or dict of str to context or list of context; "
            f"it is a {type(group2ctxs).__name__}"
        )
    found: list[dict[str, Context]] = [{} for _ in range(ctx_len)]
    for group, given in group2ctxs.items():
        contexts = [given] if isinstance(given, Context) else list(given)
        contexts = contexts * ctx_len if len(contexts) == 1 else contexts
        require(
            len(contexts) == ctx_len, f"length of group2ctxs[{group}] should be {ctx_len} or 1; it is {len(contexts)}"
        )
        for places, context in zip(found, contexts):
            places[group] = context
    return found  # type: ignore[return-value]


def _requests(
    given: Any,
    arguments: Sequence[str],
    parameters: Sequence[str],
    fixed: Sequence[str],
    data: Sequence[str],
    inputs: bool,
) -> dict[str, str]:
    """Return grad_req by argument: parameters that are not fixed and, if `inputs`, the data."""
    if isinstance(given, (list, tuple)):
        if len(given) != len(arguments):
            raise base.ValueError(
                f"grad_req: {len(given)} entries for the {len(arguments)} arguments {list(arguments)}"
            )
        return dict(zip(arguments, given))
    if not isinstance(given, (str, Mapping)):
        raise base.ValueError(f"grad_req must be one of str, list, tuple, or dict; it is a {type(given).__name__}")
    request = given if isinstance(given, str) else "write"
    found = dict.fromkeys(arguments, "null")
    for name in arguments:
        if (name in data and inputs) or (name in parameters and name not in fixed):
            found[name] = request
    return found if isinstance(given, str) else {**found, **given}


# -- the group -----------------------------------------------------------------------------------------------------


class DataParallelExecutorGroup:
    """The executors of one module, one for each device.

    Parameters
    ----------
    symbol : Symbol
        The network.
    contexts : list of Context
        The devices.
    workload : list of float
        How much of a batch each device gets, in any unit.
    data_shapes, label_shapes : list of DataDesc
        The inputs of a whole batch; `label_shapes` may be None.
    param_names : list of str
        Arguments that are parameters.
    for_training : bool
        Whether there are gradients at all.
    inputs_need_grad : bool
        Whether data gets gradients.
    shared_group : DataParallelExecutorGroup, optional
        Parameters, gradients and memory are taken from it.
    logger : Logger
    fixed_param_names : list of str, optional
        Parameters without gradient.
    grad_req : str, list or dict
        'write', 'add' or 'null', for all, by position, or by name.
    state_names : list of str, optional
        Arguments that keep their values from batch to batch.
    group2ctxs : dict or list of dict, optional
        Where groups of nodes are, for each device.

    Attributes
    ----------
    execs : list of Executor
    slices : list of slice
        Each device's part of a batch.
    param_arrays, grad_arrays, aux_arrays : list of list of NDArray
        By parameter (or auxiliary state), then by device.
    data_arrays, label_arrays : list of list of (slice, NDArray)
        By input, then by device.
    input_grad_arrays : list of list of NDArray, or None

    Examples
    --------
    >>> net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    >>> module = mx.mod.Module(net, label_names=None, context=[mx.cpu(0), mx.cpu(1)])
    >>> module.bind([("data", (6, 3))])
    >>> group = module._exec_group
    >>> group.slices, len(group.execs)
    ([slice(0, 3, None), slice(3, 6, None)], 2)
    """

    def __init__(
        self,
        symbol: Symbol,
        contexts: Sequence[Context],
        workload: Sequence[float],
        data_shapes: Sequence[DataDesc],
        label_shapes: Sequence[DataDesc] | None,
        param_names: Sequence[str],
        for_training: bool,
        inputs_need_grad: bool,
        shared_group: DataParallelExecutorGroup | None = None,
        logger: Any = logging,
        fixed_param_names: Sequence[str] | None = None,
        grad_req: Any = "write",
        state_names: Sequence[str] | None = None,
        group2ctxs: Any = None,
    ) -> None:
        self.symbol = symbol
        self.arg_names = symbol.list_arguments()
        self.aux_names = symbol.list_auxiliary_states()
        self.contexts = list(contexts)
        self.workload = list(workload)
        self.group2ctxs = _prepare_group2ctxs(group2ctxs, len(self.contexts))
        self.param_names = list(param_names)
        self.fixed_param_names = list(fixed_param_names or [])
        self.state_names = list(state_names or [])
        self.for_training = for_training
        self.inputs_need_grad = inputs_need_grad
        self.logger = logger
        self._total_exec_bytes = 0
        self.grad_req = _requests(
            grad_req if for_training else "null",
            self.arg_names,
            self.param_names,
            self.fixed_param_names,
            [shape.name for shape in data_shapes],
            inputs_need_grad,
        )
        self.shared_data_arrays: list[dict[str, NDArray]] = (
            [{} for _ in self.contexts] if shared_group is None else shared_group.shared_data_arrays
        )
        self.output_names = symbol.list_outputs()
        self.num_outputs = len(self.output_names)
        self.output_layouts = [DataDesc.get_batch_axis(symbol[i].attr("__layout__")) for i in range(self.num_outputs)]
        self.execs: list[Executor] = []
        self._default_execs: list[Executor] | None = None
        self.batch_size: int | None = None
        self.slices: list[slice] = []
        self.bind_exec(data_shapes, label_shapes, shared_group)

    # -- binding -------------------------------------------------------------------------------------------------------

    def decide_slices(self, data_shapes: Sequence[DataDesc]) -> list[int]:
        """Set `batch_size` and `slices` from the shapes of a batch; return the batch axis of each input, -1 for none.

        Raises
        ------
        AssertionError
            If the inputs have different batch sizes.
        """
        axes = [DataDesc.get_batch_axis(shape.layout) for shape in data_shapes]
        for description, axis in zip(data_shapes, axes):
            if axis == -1:
                continue
            shape = tuple(description.shape)
            if axis >= len(shape):
                raise base.ValueError(f"bind: {description.name} has shape {shape}, without the batch axis {axis}")
            size = shape[axis]
            require(
                self.batch_size in (None, size),
                f"all data must have the same batch size: batch_size = {self.batch_size}, but {description.name} has "
                f"shape {shape}",
            )
            if self.batch_size is None:
                self.batch_size = size
                self.slices = _split_input_slice(size, self.workload)
        return axes

    def bind_exec(
        self,
        data_shapes: Sequence[DataDesc],
        label_shapes: Sequence[DataDesc] | None,
        shared_group: DataParallelExecutorGroup | None = None,
        reshape: bool = False,
    ) -> None:
        """Make an executor for each device, or give the first ones other shapes.

        Parameters
        ----------
        data_shapes, label_shapes : list of DataDesc
            The inputs of a whole batch.
        shared_group : DataParallelExecutorGroup, optional
            What to share parameters and memory with.
        reshape : bool
            Keep parameters and gradients of the executors that are there.
        """
        before = self.batch_size, self.slices
        self.batch_size = None
        try:
            data_layouts = self.decide_slices(data_shapes)
            label_layouts = None if label_shapes is None else self.decide_slices(label_shapes)
            execs: list[Executor] = []
            for i in range(len(self.contexts)):
                data = self._sliced_shape(data_shapes, i, data_layouts)
                labels = None if label_shapes is None else self._sliced_shape(label_shapes, i, label_layouts or [])
                if reshape:
                    shapes = {shape.name: tuple(shape.shape) for shape in (*data, *(labels or []))}
                    assert self._default_execs is not None
                    # labels that are not given follow from the data
                    execs.append(
                        self._default_execs[i].reshape(partial_shaping=labels is None, allow_up_sizing=True, **shapes)
                    )
                else:
                    execs.append(self._bind_ith_exec(i, data, labels, shared_group))
        except BaseException:
            self.batch_size, self.slices = before
            raise
        self.execs = execs
        self.data_layouts, self.label_layouts = data_layouts, label_layouts
        self.data_shapes, self.label_shapes = list(data_shapes), None if label_shapes is None else list(label_shapes)
        self.data_names = [shape.name for shape in data_shapes]
        if label_shapes is not None:
            self.label_names = [shape.name for shape in label_shapes]
        self._collect_arrays()

    def _sliced_shape(self, shapes: Sequence[DataDesc], i: int, major_axis: Sequence[int]) -> list[DataDesc]:
        """Return the shapes of one device's part of a batch."""
        found: list[DataDesc] = []
        for description, axis in zip(shapes, major_axis):
            shape = list(description.shape)
            if axis >= 0:
                shape[axis] = self.slices[i].stop - self.slices[i].start
            found.append(DataDesc(description.name, tuple(shape), description.dtype, description.layout))
        return found

    def _bind_ith_exec(
        self,
        i: int,
        data_shapes: Sequence[DataDesc],
        label_shapes: Sequence[DataDesc] | None,
        shared_group: DataParallelExecutorGroup | None,
    ) -> Executor:
        """Bind the symbol on one device."""
        inputs = [*data_shapes, *(label_shapes or [])]
        unknown = [shape.name for shape in inputs if shape.name not in self.arg_names]
        if unknown:
            raise base.ValueError(
                f"bind: the network has no input {unknown[0]!r}; its arguments: {', '.join(self.arg_names)}"
            )
        shapes: dict[str, Any] = {shape.name: tuple(shape.shape) for shape in inputs}
        return self.symbol.simple_bind(
            ctx=self.contexts[i],
            grad_req={name: self.grad_req[name] for name in self.arg_names},
            type_dict={shape.name: shape.dtype for shape in inputs},
            shared_arg_names=self.param_names,
            shared_exec=None if shared_group is None else shared_group.execs[i],
            shared_buffer=self.shared_data_arrays[i],
            group2ctx=self.group2ctxs[i],
            **shapes,
        )

    def _collect_arrays(self) -> None:
        """Take the executors' arrays, by name and then by device."""

        def arguments(names: Sequence[str]) -> list[list[NDArray]]:
            return [[executor.arg_dict[name] for executor in self.execs] for name in names]

        def gradients(names: Sequence[str]) -> list[list[NDArray | None]]:
            return [[executor.grad_dict[name] for executor in self.execs] for name in names]

        self.data_arrays = [list(zip(self.slices, arrays)) for arrays in arguments(self.data_names)]
        self.label_arrays = (
            None
            if self.label_shapes is None
            else [list(zip(self.slices, arrays)) for arrays in arguments(self.label_names)]
        )
        self.state_arrays = arguments(self.state_names)
        known = set(self.param_names)
        parameters = [name for name in self.arg_names if name in known]
        self.param_arrays = arguments(parameters)
        self.grad_arrays: list[list[NDArray | None]] | None = gradients(parameters) if self.for_training else None
        for arrays in self.grad_arrays or []:
            for array in arrays:
                if array is not None:
                    _ = array.stype  # a look: every step reads these, so no executor need put them off
        self.input_grad_arrays: list[list[NDArray | None]] | None = (
            gradients(self.data_names) if self.inputs_need_grad else None
        )
        self.aux_arrays = [[executor.aux_dict[name] for executor in self.execs] for name in self.aux_names]

    def reshape(self, data_shapes: Sequence[DataDesc], label_shapes: Sequence[DataDesc] | None) -> None:
        """Go on with other input shapes; nothing happens if they are the present ones."""
        if data_shapes == self.data_shapes and label_shapes == self.label_shapes:
            return
        if self._default_execs is None:
            self._default_execs = list(self.execs)
        self.bind_exec(data_shapes, label_shapes, reshape=True)

    def install_monitor(self, mon: Any) -> None:
        """Let a monitor watch every executor."""
        for executor in self.execs:
            mon.install(executor)

    # -- parameters ----------------------------------------------------------------------------------------------------

    def set_params(
        self, arg_params: Mapping[str, NDArray], aux_params: Mapping[str, NDArray] | None, allow_extra: bool = False
    ) -> None:
        """Copy values into the parameters and auxiliary states of every device.

        Parameters
        ----------
        arg_params, aux_params : dict of str to NDArray
            The values by name.
        allow_extra : bool
            Ignore names that the network does not have, instead of raising ValueError.
        """
        for executor in self.execs:
            executor.copy_params_from(arg_params, aux_params, allow_extra_params=allow_extra)

    def get_params(self, arg_params: Mapping[str, NDArray], aux_params: Mapping[str, NDArray]) -> None:
        """Copy the parameters and auxiliary states into the given arrays: the mean over the devices."""
        with torch.no_grad():
            for names, blocks, targets in (
                (self.param_names, self.param_arrays, arg_params),
                (self.aux_names, self.aux_arrays, aux_params),
            ):
                for name, block in zip(names, blocks):
                    _mean(block, targets[name])

    def get_states(self, merge_multi_context: bool = True) -> list[list[NDArray]]:
        """Return the states, by name and then by device; StateError for ``merge_multi_context=True``."""
        require(not merge_multi_context, "merge_multi_context=True is not supported for get_states yet; pass False")
        return self.state_arrays

    def set_states(self, states: Sequence[Sequence[NDArray]] | None = None, value: float | None = None) -> None:
        """Overwrite the states with arrays, by name and then by device, or all of them with one number."""
        if states is not None:
            require(value is None, "Only one of states & value can be specified.")
            for sources, targets in zip(states, self.state_arrays):
                for source, target in zip(sources, targets):
                    _copy(source, target, "set_states")
            return
        require(value is not None, "At least one of states & value must be specified.")
        for arrays in self.state_arrays:
            for array in arrays:
                array[:] = value

    # -- running -------------------------------------------------------------------------------------------------------

    def forward(self, data_batch: DataBatch, is_train: bool | None = None) -> None:
        """Copy a batch to the devices and compute the outputs.

        Parameters
        ----------
        data_batch : DataBatch, or a list with one for each device
        is_train : bool, optional
            Training mode; `for_training` unless said.
        """
        _load_data(data_batch, self.data_arrays, self.data_layouts)
        if self.label_arrays is not None and self.label_layouts is not None:
            labels = _of_batch(data_batch, "label")
            if labels:
                _load_general(labels, self.label_arrays, self.label_layouts)
        training = self.for_training if is_train is None else is_train
        for executor in self.execs:
            executor.forward(is_train=training)

    def backward(self, out_grads: NDArray | Sequence[NDArray] | None = None) -> None:
        """Compute the gradients; `out_grads`, those of whole outputs, are needed for outputs that are no losses."""
        require(self.for_training, "re-bind with for_training=True to run backward")
        if out_grads is None:
            for executor in self.execs:
                executor.backward()
            return
        heads = [out_grads] if isinstance(out_grads, NDArray) else out_grads
        for i, executor in enumerate(self.execs):
            executor.backward([self._head(gradient, axis, i) for gradient, axis in zip(heads, self.output_layouts)])

    def _head(self, gradient: NDArray, axis: int, i: int) -> NDArray:
        """Return one device's part of the gradient of an output."""
        if axis >= 0 and len(self.execs) > 1:
            gradient = _part(gradient, self.slices[i], axis)
        return gradient.as_in_context(self.contexts[i])

    def get_output_shapes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Return names and shapes of the merged outputs."""
        found: list[tuple[str, tuple[int, ...]]] = []
        for name, output, axis in zip(self.output_names, self.execs[0].outputs, self.output_layouts):
            shape = list(output.shape)
            if axis >= 0 and self.batch_size is not None:
                shape[axis] = self.batch_size
            found.append((name, tuple(shape)))
        return found

    def get_outputs(self, merge_multi_context: bool = True, begin: int = 0, end: int | None = None) -> list[Any]:
        """Return the outputs from number `begin` to before `end`, merged over the devices or by device.

        Parameters
        ----------
        merge_multi_context : bool
            Join the devices' parts on the first device.
        begin, end : int
            Which outputs.

        Returns
        -------
        list of NDArray, or list of list of NDArray
        """
        part = slice(begin, self.num_outputs if end is None else end)
        if merge_multi_context and len(self.execs) == 1:
            return list(self.execs[0].outputs[part])
        outputs = [list(arrays) for arrays in zip(*(executor.outputs[part] for executor in self.execs))]
        return _merge_multi_context(outputs, self.output_layouts[part]) if merge_multi_context else outputs

    def get_input_grads(self, merge_multi_context: bool = True) -> list[Any]:
        """Return the gradients of the data, merged over the devices or by device."""
        require(
            self.inputs_need_grad and self.input_grad_arrays is not None,
            "get_input_grads: bind with inputs_need_grad=True first",
        )
        assert self.input_grad_arrays is not None
        if merge_multi_context:
            return _merge_multi_context(self.input_grad_arrays, self.data_layouts)  # type: ignore[arg-type]
        return self.input_grad_arrays

    def update_metric(self, eval_metric: EvalMetric, labels: Sequence[Any], pre_sliced: bool) -> None:
        """Add the devices' outputs for this batch to a metric.

        Parameters
        ----------
        eval_metric : EvalMetric
            Its ``update_dict(labels, outputs)`` is called for each device.
        labels : list of array, or list of list of array
            Labels of the whole batch, or those of each device if `pre_sliced`.
        pre_sliced : bool
        """
        names = self.label_names if self.label_shapes is not None else []
        for i, (executor, part) in enumerate(zip(self.execs, self.slices)):
            if pre_sliced:
                own: Sequence[Any] = labels[i]
            elif len(self.execs) == 1:
                own = labels
            else:
                own = [_part(label, part, axis) for label, axis in zip(labels, self.label_layouts or [])]
            eval_metric.update_dict(OrderedDict(zip(names, own)), OrderedDict(zip(self.output_names, executor.outputs)))


def _mean(block: Sequence[NDArray], target: NDArray) -> None:
    """Write the mean of the devices' arrays into `target`."""
    if len(block) == 1:
        block[0].copyto(target)
        return
    device = torch_device(target.context)
    total = block[0]._data.to(device, copy=True)
    for array in block[1:]:
        total += array._data.to(device)
    overwrite(target._data, total / len(block))
