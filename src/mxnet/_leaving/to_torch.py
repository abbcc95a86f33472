"""`to_torch`: a symbol or a Gluon block as a torch module that knows nothing of MXNet."""

from __future__ import annotations

import inspect
import itertools
import linecache
import os
import sys
import types
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch

from .. import base
from .._graph.node import Node
from .._graph.rule import run_recorded
from .._runtime.files import replacing
from ..gluon import Block, HybridBlock, SymbolBlock
from ..gluon._structure import flatten
from ..gluon.parameter import DeferredInitializationError
from ..ndarray import NDArray
from ..ndarray import load as load_arrays
from ..symbol import Group, Symbol, var
from ..symbol import load as load_symbol
from .writing import ModuleWriter, Written

__all__ = ["to_torch"]

Tensor = torch.Tensor
_numbers = itertools.count()


def to_torch(
    net: Symbol | Block | str | os.PathLike[str],
    params: Mapping[str, NDArray] | str | os.PathLike[str] | None = None,
    aux_params: Mapping[str, NDArray] | None = None,
    *,
    inputs: Sequence[str] | int | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    name: str | None = None,
    source: str | os.PathLike[str] | None = None,
    copy: bool = True,
) -> torch.nn.Module:
    """Return a torch module that computes what a symbol or a Gluon block computes, with copies of its parameters.

    The module holds torch's own layers and parameters, and no array of MXNet. Layers and parameters are called as in
    MXNet, without what all names begin with: ``resnetv10_stage1_conv0_weight`` becomes ``stage1_conv0.weight``.
    Torch's layers have torch's names: gamma and beta of a normalization are ``weight`` and ``bias``, moving averages
    ``running_mean`` and ``running_var``. The module's dict ``mxnet_names`` tells MXNet's name, such as
    ``arg:resnetv10_stage1_conv0_weight``, of each key of its ``state_dict``.

    In training mode, Dropout drops and BatchNorm moves its averages, as MXNet does, but in `forward`. A loss layer such
    as SoftmaxOutput predicts while its label is left out; with a label, its backward pass gives MXNet's gradient.

    Parameters
    ----------
    net : Symbol, HybridBlock or str
        The network; a str is the path of a ``-symbol.json`` file.
    params : dict of str to NDArray, or str
        Parameters by name, with or without ``arg:`` and ``aux:``, or the path of a ``.params`` file. Not for a block,
        which has its own.
    aux_params : dict of str to NDArray, optional
        Auxiliary states by name, if they are not in `params`.
    inputs : list of str, or int, optional
        For a symbol, names of the inputs in the order in which the module shall take them. For a block, how many arrays
        it takes, where its `hybrid_forward` does not say that.
    shapes : dict of str to tuple of int, optional
        Shapes of inputs, 0 for any length. Few graphs need them; the message says so.
    name : str, optional
        Name of the module's class.
    source : str, optional
        Where to write the module as Python source, which needs torch only. All operators must then have a plain form.
    copy : bool
        False lets the module share the memory of the parameters where it can, so that a large network is there once.

    Returns
    -------
    torch.nn.Module
        On the device and with the dtypes of the parameters, in evaluation mode. Its attribute ``source`` is the source
        of its class.

    Raises
    ------
    MXNetError
        If parameters are missing, do not fit, or are not initialized; or, with `source`, if an operator has no plain
        form. All of them are listed.

    Examples
    --------
    >>> import torch
    >>> net = mx.gluon.nn.HybridSequential(prefix="net_")
    >>> with net.name_scope():
    ...     net.add(mx.gluon.nn.Dense(8, activation="relu", in_units=4), mx.gluon.nn.Dense(2, in_units=8))
    >>> net.initialize()
    >>> module = mx.to_torch(net)
    >>> list(module.state_dict())
    ['dense0.weight', 'dense0.bias', 'dense1.weight', 'dense1.bias']
    >>> x = np.ones((3, 4), "float32")
    >>> np.allclose(module(torch.tensor(x)).detach(), net(mx.nd.array(x)).asnumpy(), atol=1e-6)
    True
    """
    if isinstance(net, (str, os.PathLike)):
        net = load_symbol(os.fspath(net))
    if isinstance(net, Symbol):
        arguments, states = _named_values(params, aux_params)
        order = [inputs] if isinstance(inputs, str) else [] if inputs is None else list(_names(inputs))
        output, frozen = None, frozenset()
    elif isinstance(net, Block):
        if params is not None or aux_params is not None:
            raise base.ValueError("to_torch: params came with a block, which has its own; pass a symbol, or no params")
        name = name or type(net).__name__
        net, order, output, arguments, frozen = _traced(net, inputs)
        states = {}
    else:
        raise base.TypeError(
            f"to_torch: expected a Symbol, a HybridBlock or the path of a -symbol.json file, got {type(net).__name__}"
        )
    values = _fitting(net, {**arguments, **states}, order, shapes or {})
    writer = ModuleWriter(
        net._entries,
        values,
        name or "Network",
        inputs=order,
        output=output,
        shapes=shapes,
        standalone=source is not None,
        copies=copy and not isinstance(params, (str, os.PathLike)),
    )
    written = writer.write()
    module = _made(written, frozen)
    if source is not None:
        with replacing(source) as file:
            file.write(written.source.encode())
    return module


# -- what comes in -------------------------------------------------------------------------------------------------


def _names(inputs: Any) -> Sequence[str]:
    if isinstance(inputs, int):
        raise base.TypeError(f"to_torch: inputs is {inputs}; expected names, as the network is a symbol")
    return inputs


def _named_values(params: Any, aux_params: Any) -> tuple[dict[str, NDArray], dict[str, NDArray]]:
    """Return parameters and states by plain names."""
    if isinstance(params, (str, os.PathLike)):
        path = os.fspath(params)
        params = load_arrays(path)
        if not isinstance(params, dict):
            raise base.ValueError(f"to_torch: the arrays in {path!r} have no names")
    found: dict[str, dict[str, NDArray]] = {"arg": {}, "aux": dict(aux_params or {})}
    for key, array in (params or {}).items():
        kind, colon, name = key.partition(":")
        if colon and kind in found:
            found[kind][name] = array
        else:
            found["arg"][key] = array
    found["aux"] = {key.removeprefix("aux:"): array for key, array in found["aux"].items()}
    return found["arg"], found["aux"]


def _traced(
    block: Block, count: Sequence[str] | int | None
) -> tuple[Symbol, list[str], str, dict[str, NDArray], frozenset[str]]:
    """Return the graph of a block, its inputs, how it returns its outputs, its parameters, and the frozen ones."""
    if not isinstance(block, HybridBlock):
        raise base.TypeError(
            f"to_torch: {type(block).__name__} {block.name!r} is no HybridBlock, so its graph cannot be found; "
            "mx.gluon.TorchModule runs it as it is"
        )
    if isinstance(block, SymbolBlock):
        names, output, form = list(block._input_names), block._output, block._output_form
    else:
        names = _block_inputs(block, count)
        found, form = flatten(block(*map(var, names)), "output")
        output = Group(found)
    arrays: dict[str, NDArray] = {}
    wanted = {*output.list_arguments(), *output.list_auxiliary_states()}
    missing: list[str] = []
    frozen: set[str] = set()
    for parameter in block.collect_params().values():
        if parameter.name not in wanted:
            continue
        try:
            arrays[parameter.name] = parameter.data() if len(parameter.list_ctx()) == 1 else parameter.list_data()[0]
        except (DeferredInitializationError, RuntimeError):
            missing.append(parameter.name)
        if parameter.grad_req == "null":
            frozen.add(parameter.name)
    if missing:
        raise base.MXNetError(
            f"to_torch: {len(missing)} parameters of {type(block).__name__} {block.name!r} have no values: "
            f"{', '.join(missing[:10])}{' ...' if len(missing) > 10 else ''}; call initialize() and pass one batch "
            "through it, or load_parameters"
        )
    return output, names, _template(form, itertools.count()), arrays, frozenset(frozen)


def _block_inputs(block: HybridBlock, count: Sequence[str] | int | None) -> list[str]:
    """Return a name for each array that a block takes."""
    if count is None:
        count = _required(type(block).hybrid_forward, 2, block._reg_params)
        if type(block).__call__ is not HybridBlock.__call__:  # a recurrent layer makes its states
            count = min(count, _required(type(block).__call__, 1, ()))
        count = max(count, 1)
    if isinstance(count, int):
        given = list(inspect.signature(type(block).hybrid_forward).parameters)[2 : 2 + count]
        readable = len(given) == count and not {*given} & {*block.collect_params()}
        return ["data"] if count == 1 else given if readable else [f"data{number}" for number in range(count)]
    return [count] if isinstance(count, str) else list(count)


def _required(function: Any, skip: int, known: Collection[str]) -> int:
    """Return how many arrays a method must be given."""
    found = list(inspect.signature(function).parameters.values())[skip:]
    return sum(
        one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        and one.default is one.empty
        and one.name not in known
        for one in found
    )


def _template(form: Any, numbers: Any) -> str:
    """Return how a block returns its outputs, as source with {0}, {1} ... for them."""
    if form == 0:
        return f"{{{next(numbers)}}}"
    if form == -1:
        return "None"
    if isinstance(form, int):
        return f"[{', '.join(f'{{{next(numbers)}}}' for _ in range(form))}]"
    parts = [_template(part, numbers) for part in form[1:]]
    if form[0] == "tuple":
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"
    return f"[{', '.join(parts)}]"


def _fitting(
    symbol: Symbol, arrays: Mapping[str, NDArray], order: Sequence[str], shapes: Mapping[str, tuple[int, ...]]
) -> dict[str, Tensor]:
    """Return the tensors that a symbol uses; MXNetError lists what is missing and what does not fit."""
    states = symbol.list_auxiliary_states()
    names = [*symbol.list_arguments(), *states]
    unknown = [name for name in (*order, *shapes) if name not in names]
    if unknown:
        raise base.ValueError(
            f"to_torch: the network has no input {unknown[0]!r}; its variables: {', '.join(names[:20])}"
        )
    missing = [name for name in states if name not in arrays]
    looking_like = [name for name in names if name not in arrays and name not in order and _is_parameter(name)]
    missing += [name for name in looking_like if name not in missing]
    if missing:
        raise base.MXNetError(
            f"to_torch: {len(missing)} parameters are missing: {', '.join(missing[:10])}"
            f"{' ...' if len(missing) > 10 else ''}; pass them in params (it has {len(arrays)} arrays), or name what "
            "the module shall take in inputs"
        )
    wrong: list[str] = []
    found: dict[str, Tensor] = {}
    for name in names:
        if name in arrays and name not in order:
            array = arrays[name]
            if array.is_sparse:
                wrong.append(f"{name} is {array.stype}; make it dense with tostype('default')")
            else:
                found[name] = array._data
    if wrong:
        raise base.MXNetError(f"to_torch: {'; '.join(wrong)}")
    known = {name: tuple(tensor.shape) for name, tensor in found.items()}
    try:
        symbol.infer_shape_partial(**{**known, **shapes})
    except base.MXNetError as error:
        raise base.MXNetError(f"to_torch: the parameters do not fit the network: {error}") from None
    return found


def _is_parameter(name: str) -> bool:
    return name.endswith(("_weight", "_bias", "_gamma", "_beta", "_parameters", "_moving_mean", "_moving_var"))


# -- the module ----------------------------------------------------------------------------------------------------


class _Operator:
    """An operator without a plain form: remx's own function, with MXNet's gradient."""

    def __init__(self, node: Node) -> None:
        assert node.operator is not None
        self.operator, self.values = node.operator, dict(node.values)

    def __deepcopy__(self, memo: Any) -> _Operator:
        return self

    def __call__(self, tensors: Sequence[Tensor], training: bool, device: Any = None) -> Any:
        if torch.compiler.is_dynamo_compiling():
            return _run_apart(self, tensors, training, device)
        return self.run(tensors, training, device)

    def run(self, tensors: Sequence[Tensor], training: bool, device: Any) -> Any:
        operator, values = self.operator, self.values
        call = operator.keywords(values)
        if operator.training:
            call["training"] = training
            values = {**values, "training": training}
        if operator.keeps:
            kept: dict[str, Any] = {}
            call["kept"], values = kept, {**values, "kept": kept}
        if operator.random:
            place = tensors[0].device if tensors else torch.device(device)
            call["generator"] = torch.default_generator if place.type == "cpu" else None
        if operator.creates:
            call["device"] = device
        recorded = operator.gradient is not None and torch.is_grad_enabled()
        if recorded and any(tensor.requires_grad for tensor in tensors):
            return run_recorded(operator, tensors, call, values)
        found = operator.function(*tensors, **call)
        several = len(operator.outputs(self.values)) > 1
        return found[0] if isinstance(found, (tuple, list)) and not several else found


#: What torch.compile calls as it is. `torch.compiler.disable` would do the same, and load the compiler for it now.
_run_apart: Any = torch._disable_dynamo(_Operator.run)  # pyright: ignore[reportPrivateImportUsage]


_spaces: dict[str, dict[str, Any]] = {}  # what sources define, so that one source is one class


def _defined(source: str, name: str, operators: Mapping[str, _Operator]) -> dict[str, Any]:
    """Return what a source defines. Modules without operators of MXNet's can be pickled, by it."""
    if source in _spaces:
        return _spaces[source]
    filename = f"<remx {name} {next(_numbers)}>"
    written = types.ModuleType(filename)
    space = vars(written)
    space.update(operators)
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    exec(compile(source, filename, "exec"), space)
    if not operators:
        _spaces[source] = space
        sys.modules[filename] = written  # torch.export imports what a loop's body reads
        for kind in space.values():
            if isinstance(kind, type) and issubclass(kind, torch.nn.Module) and kind.__module__ == filename:
                kind.__reduce_ex__ = lambda module, protocol: (_empty, (source, type(module).__name__), vars(module))
    return space


def _empty(source: str, name: str) -> torch.nn.Module:
    """Return a module that has no values yet: what unpickling fills."""
    kind = _defined(source, name, {})[name]
    return kind.__new__(kind)


def _made(written: Written, frozen: frozenset[str]) -> torch.nn.Module:
    """Return the module of written source, with its values."""
    operators = {name: _Operator(node) for name, node in written.operators.items()}
    with torch.device("meta"):  # the values come next
        module: torch.nn.Module = _defined(written.source, written.name, operators)[written.name]()
    module.load_state_dict(written.state, assign=True)
    for key, parameter in module.named_parameters():
        if written.origins.get(key, "")[4:] in frozen:
            parameter.requires_grad_(False)
    module.mxnet_names = dict(written.origins)  # type: ignore[assignment]
    module.source = written.source  # type: ignore[assignment]
    return module.eval()
