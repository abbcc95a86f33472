"""What operators there are, and operators written in Python.

A user writes two classes: a `CustomOp` that computes, and a `CustomOpProp` that describes it and is made known by
`register`. ``mx.nd.Custom`` and ``mx.sym.Custom`` then run it by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from . import (
    _ops,  # noqa: F401 - registers the operators
    autograd,
)
from ._ops import registry
from ._ops.attributes import DTYPE_NAMES, REQUIRED, torch_dtype
from ._ops.custom import LIVE, REGISTERED
from ._ops.registry import Backward, Shape
from ._warning import warn
from .base import MXNetError
from .context import Context
from .ndarray import NDArray
from .ndarray.dispatch import wrap
from .symbol import Symbol
from .symbol import _internal as symbols

__all__ = ["CustomOp", "CustomOpProp", "NDArrayOp", "NumpyOp", "OperatorArguments", "PythonOp",
           "get_all_registered_operators", "get_operator_arguments", "register"]  # fmt: skip

Tensor = torch.Tensor


class OperatorArguments(NamedTuple):
    """Inputs and attributes of an operator: how many, their names, and their types with defaults."""

    narg: int
    names: list[str]
    types: list[str]


def get_all_registered_operators() -> list[str]:
    """Return the names of all operators, aliases included.

    Examples
    --------
    >>> "FullyConnected" in mx.operator.get_all_registered_operators()
    True
    """
    return sorted(registry.names())


def get_operator_arguments(op_name: str) -> OperatorArguments:
    """Return inputs and attributes of an operator.

    Raises
    ------
    MXNetError
        If there is no such operator.

    Examples
    --------
    >>> mx.operator.get_operator_arguments("FullyConnected").names
    ['data', 'weight', 'bias', 'num_hidden', 'no_bias', 'flatten']
    """
    try:
        entry = registry.get(op_name)
    except KeyError as error:
        raise MXNetError(error.args[0]) from None
    kind = "NDArray-or-Symbol[]" if entry.starred else "NDArray-or-Symbol"
    names = [item.name for item in entry.inputs]
    types = [kind] * len(names)
    for attribute in entry.attributes.values():
        names.append(attribute.name)
        if attribute.default is REQUIRED:
            types.append(f"{attribute.type.spelling}, required")
        else:
            types.append(f"{attribute.type.spelling}, optional, default={attribute.type.print(attribute.default)}")
    return OperatorArguments(len(names), names, types)


# -- what a user writes -----------------------------------------------------------------------------------------


class CustomOp:
    """An operator written in Python: a subclass computes in `forward` and `backward`.

    One object serves one node of an executor, or one call on arrays: what `forward` keeps in ``self`` is there in the
    `backward` that belongs to it.

    Examples
    --------
    >>> class Square(mx.operator.CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], in_data[0] ** 2)
    ...     def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
    ...         self.assign(in_grad[0], req[0], 2 * in_data[0] * out_grad[0])
    """

    def forward(
        self, is_train: bool, req: list[str], in_data: list[NDArray], out_data: list[NDArray], aux: list[NDArray]
    ) -> None:
        """Compute the outputs.

        Parameters
        ----------
        is_train : bool
            Whether this is training.
        req : list of str
            For each output what `assign` shall do: 'write'.
        in_data, out_data, aux : list of NDArray
            Inputs, outputs to fill, and auxiliary states, which may be written to.
        """

    def backward(
        self,
        req: list[str],
        out_grad: list[NDArray],
        in_data: list[NDArray],
        out_data: list[NDArray],
        in_grad: list[NDArray],
        aux: list[NDArray],
    ) -> None:
        """Compute the gradients of the inputs.

        Parameters
        ----------
        req : list of str
            For each input what `assign` shall do: 'write', or 'null' if nobody asks for its gradient.
        out_grad : list of NDArray
            Gradients of the outputs; zeros where nothing flows in.
        in_data, out_data, aux : list of NDArray
            As in `forward`.
        in_grad : list of NDArray
            Gradients to fill.
        """

    def assign(self, dst: NDArray, req: str, src: Any) -> None:
        """Put `src` into `dst` as `req` says: 'null', 'write', 'inplace' or 'add'."""
        if req in ("write", "inplace"):
            dst[:] = src
        elif req == "add":
            dst[:] += src


class CustomOpProp:
    """What a `CustomOp` takes and gives; a subclass is made known by `register`.

    Keyword arguments of ``mx.nd.Custom`` and ``mx.sym.Custom`` come to the constructor as strings.

    Parameters
    ----------
    need_top_grad : bool
        Whether `CustomOp.backward` needs the gradient of the outputs; a loss does not.
    """

    def __init__(self, need_top_grad: bool = True) -> None:
        self.need_top_grad_ = need_top_grad

    def infer_shape(self, in_shape: list[Any]) -> tuple[Any, ...]:
        """Return the shapes of arguments, outputs and auxiliary states (which may be left out).

        Unknown shapes come as empty lists. Unless overridden, all shapes are the first argument's.
        """
        return in_shape, (in_shape[0],) * len(self.list_outputs()), ()

    def infer_type(self, in_type: list[Any]) -> tuple[list[Any], list[Any], list[Any]]:
        """Return the NumPy types of arguments, outputs and auxiliary states: the first argument's unless overridden."""
        first = in_type[0]
        return in_type, [first] * len(self.list_outputs()), [first] * len(self.list_auxiliary_states())

    def infer_storage_type(self, in_stype: list[str]) -> tuple[list[str], list[str], list[str]]:
        """Return the storage types of arguments, outputs and auxiliary states: 'default', the only one used here."""
        return in_stype, ["default"] * len(self.list_outputs()), ["default"] * len(self.list_auxiliary_states())

    def infer_storage_type_backward(
        self,
        ograd_stype: list[str],
        in_stype: list[str],
        out_stype: list[str],
        igrad_stype: list[str],
        aux_stype: list[str],
    ) -> tuple[list[str], ...]:
        """Return the storage types in the backward pass: 'default', the only one used here."""
        kinds = (ograd_stype, in_stype, out_stype, igrad_stype, aux_stype)
        return tuple(["default"] * len(kind) for kind in kinds)

    def list_outputs(self) -> list[str]:
        """Return the names of the outputs."""
        return ["output"]

    def list_arguments(self) -> list[str]:
        """Return the names of the arguments."""
        return ["data"]

    def list_auxiliary_states(self) -> list[str]:
        """Return the names of the auxiliary states."""
        return []

    def declare_backward_dependency(
        self, out_grad: Sequence[int], in_data: Sequence[int], out_data: Sequence[int]
    ) -> list[int]:
        """Return which numbers the backward pass needs. Where none of `out_grad` is among them, it is a loss."""
        return [*(out_grad if self.need_top_grad_ else ()), *in_data, *out_data]

    def create_operator(self, ctx: Context, in_shapes: list[Any], in_dtypes: list[Any]) -> CustomOp:
        """Return the operator for inputs of these shapes and dtypes on one device."""
        return CustomOp()


def register(reg_name: str) -> Callable[[Any], Any]:
    """Make a `CustomOpProp` known under a name; a later one takes the place of an earlier one.

    Examples
    --------
    >>> @mx.operator.register("docs_identity")
    ... class IdentityProp(mx.operator.CustomOpProp):
    ...     pass
    >>> mx.sym.Custom(mx.sym.var("x"), op_type="docs_identity", name="same").list_outputs()
    ['same_output']
    """

    def do_register(prop_cls: Any) -> Any:
        REGISTERED[reg_name] = lambda parameters: _Custom(reg_name, prop_cls(**parameters))
        return prop_cls

    return do_register


# -- how the library sees it ------------------------------------------------------------------------------------


def _context(tensor: Tensor) -> Context:
    return Context("gpu", tensor.device.index or 0) if tensor.device.type == "cuda" else Context("cpu", 0)


def _arrays(tensors: Sequence[Tensor]) -> list[NDArray]:
    return [wrap(NDArray, tensor, _context(tensor)) for tensor in tensors]


class _Custom:
    """A `CustomOpProp` as the definition that `mxnet._ops.custom` asks for."""

    def __init__(self, name: str, prop: Any) -> None:
        self.name, self._prop = name, prop
        self.arguments: Sequence[str] = list(self._ask("list_arguments"))
        self.outputs: Sequence[str] = list(self._ask("list_outputs"))
        self.states: Sequence[str] = list(self._ask("list_auxiliary_states"))
        numbers = list(range(2 * len(self.outputs) + len(self.arguments)))
        heads, rest = numbers[: len(self.outputs)], numbers[len(self.outputs) :]
        inputs, outputs = rest[: len(self.arguments)], rest[len(self.arguments) :]
        needed = set(self._ask("declare_backward_dependency", heads, inputs, outputs))
        self.needs_head = bool(needed.intersection(heads))

    def _ask(self, method: str, *arguments: Any, **keywords: Any) -> Any:
        return self._call(self._prop, method, *arguments, **keywords)

    def _call(self, user: Any, method: str, *arguments: Any, **keywords: Any) -> Any:
        """Call the user's code; what it raises becomes the cause of a MXNetError that says where."""
        try:
            return getattr(user, method)(*arguments, **keywords)
        except Exception as error:
            raise MXNetError(
                f"operator Custom, op_type {self.name!r}: {type(user).__name__}.{method} raised "
                f"{type(error).__name__}: {error}"
            ) from error

    def infer_shapes(self, shapes: Sequence[Shape | None]) -> tuple[list[Shape | None], list[Shape]]:
        count = len(self.arguments)
        unknown = [shape is None or 0 in shape for shape in shapes[:count]]
        given = [[] if shape is None else list(shape) for shape in shapes[:count]]
        try:
            found = self._ask("infer_shape", given)
        except MXNetError:
            if any(unknown):
                return list(shapes), []  # it cannot tell yet; with all shapes known its error goes to the user
            raise
        inputs, outputs, states = (*found, ())[:3]
        self._check("infer_shape", inputs, outputs, states)
        completed: list[Shape | None] = [tuple(s) or None if u else tuple(s) for s, u in zip(inputs, unknown)]
        return [*completed, *map(tuple, states)], [tuple(shape) for shape in outputs]

    def infer_dtypes(self, dtypes: Sequence[torch.dtype | None]) -> tuple[list[torch.dtype], list[torch.dtype]]:
        count = len(self.arguments)
        default = next((dtype for dtype in dtypes if dtype is not None), torch.float32)
        given = [_numpy_type(dtype or default) for dtype in dtypes[:count]]
        inputs, outputs, states = (*self._ask("infer_type", given), ())[:3]
        self._check("infer_type", inputs, outputs, states)
        return [torch_dtype(t) for t in (*inputs, *states)], [torch_dtype(t) for t in outputs]

    def _check(self, method: str, inputs: Sequence[Any], outputs: Sequence[Any], states: Sequence[Any]) -> None:
        for what, found, names in (
            ("arguments", inputs, self.arguments),
            ("outputs", outputs, self.outputs),
            ("auxiliary states", states, self.states),
        ):
            if len(found) != len(names):
                raise MXNetError(
                    f"operator Custom, op_type {self.name!r}: {type(self._prop).__name__}.{method} returned "
                    f"{len(found)} {what}; expected {len(names)}: {', '.join(names) or 'none'}"
                )

    def _operator(self, kept: dict[str, Any], inputs: Sequence[Tensor]) -> Any:
        """Return the user's operator object, made when first needed."""
        if "operator" not in kept:
            arguments = inputs[: len(self.arguments)]
            shapes = [list(tensor.shape) for tensor in arguments]
            dtypes = [_numpy_type(tensor.dtype) for tensor in arguments]
            kept["operator"] = self._ask("create_operator", _context(inputs[0]), shapes, dtypes)
        return kept["operator"]

    def forward(self, kept: dict[str, Any], inputs: Sequence[Tensor], training: bool) -> tuple[Tensor, ...]:
        shapes = self.infer_shapes([tuple(tensor.shape) for tensor in inputs])[1]
        dtypes = self.infer_dtypes([tensor.dtype for tensor in inputs])[1]
        device = inputs[0].device
        outputs = [torch.zeros(shape, dtype=dtype, device=device) for shape, dtype in zip(shapes, dtypes)]
        count = len(self.arguments)
        made = self._operator(kept, inputs)
        with autograd.pause(train_mode=training), _context(inputs[0]):
            self._call(
                made, "forward", is_train=training, req=["write"] * len(outputs), in_data=_arrays(inputs[:count]),
                out_data=_arrays(outputs), aux=_arrays(inputs[count:]),
            )  # fmt: skip
        return tuple(outputs)

    def backward(self, kept: dict[str, Any], backward: Backward) -> Sequence[Tensor | None]:
        count = len(self.arguments)
        inputs, wanted = backward.inputs[:count], backward.wanted[:count]
        heads = [
            torch.zeros_like(output) if head is None else head
            for head, output in zip(backward.head_gradients, backward.outputs)
        ]
        gradients = [torch.zeros_like(tensor, memory_format=torch.contiguous_format) for tensor in inputs]
        made = self._operator(kept, backward.inputs)
        with autograd.pause(train_mode=True), _context(inputs[0]):
            self._call(
                made, "backward", req=["write" if w else "null" for w in wanted], out_grad=_arrays(heads),
                in_data=_arrays(inputs), out_data=_arrays(backward.outputs), in_grad=_arrays(gradients),
                aux=_arrays(backward.inputs[count:]),
            )  # fmt: skip
        found = [gradient if w else None for gradient, w in zip(gradients, wanted)]
        return [*found, *(None for _ in self.states)]


def _numpy_type(dtype: torch.dtype) -> Any:
    name = DTYPE_NAMES[dtype]
    return np.dtype(name).type if name != "bfloat16" else name


# -- older forms ------------------------------------------------------------------------------------------------


class PythonOp:
    """Base of `NumpyOp` and `NDArrayOp`, which came before `CustomOp`.

    Parameters
    ----------
    need_top_grad : bool
        Whether `backward` needs the gradient of the outputs; a loss does not.
    """

    _node: str = ""  # the operator that runs it

    def __init__(self, need_top_grad: bool = True) -> None:
        warn(f"{type(self).__name__}: PythonOp is deprecated; use CustomOp", DeprecationWarning)
        self.info_: str | None = None
        self.need_top_grad_ = need_top_grad

    def __call__(self, *args: Any, **kwargs: Any) -> Symbol:
        """Return the symbol of this operator; the same as `get_symbol`."""
        return self.get_symbol(*args, **kwargs)

    def get_symbol(self, *args: Any, **kwargs: Any) -> Symbol:
        """Return a symbol of this operator, on symbols by position or by the arguments' names."""
        if not self._node:
            raise NotImplementedError("Must override this")
        if self.info_ is None:
            self.info_ = f"{id(self):x}"
            LIVE[self.info_] = _Custom(type(self).__name__, _Adapter(self, self._node))
        further = {"need_top_grad": self.need_top_grad()} if self._node == "_Native" else {}
        return getattr(symbols, self._node)(*args, info=self.info_, **further, **kwargs)

    def forward(self, in_data: list[Any], out_data: list[Any]) -> None:
        """Compute the outputs; unless overridden, the first input."""
        out_data[0][:] = in_data[0]

    def backward(self, out_grad: list[Any], in_data: list[Any], out_data: list[Any], in_grad: list[Any]) -> None:
        """Compute the gradients of the inputs; unless overridden, 1."""
        in_grad[0][:] = 1.0

    def infer_shape(self, in_shape: list[Any]) -> tuple[list[Any], list[Any]]:
        """Return the shapes of arguments and outputs: the first argument's unless overridden."""
        return in_shape, [in_shape[0]]

    def list_outputs(self) -> list[str]:
        """Return the names of the outputs."""
        return ["output"]

    def list_arguments(self) -> list[str]:
        """Return the names of the arguments."""
        return ["data"]

    def need_top_grad(self) -> bool:
        """Return whether `backward` needs the gradient of the outputs."""
        return self.need_top_grad_


class NumpyOp(PythonOp):
    """An operator whose `forward` and `backward` get NumPy arrays and write into them.

    Examples
    --------
    >>> class Twice(mx.operator.NumpyOp):
    ...     def forward(self, in_data, out_data):
    ...         out_data[0][:] = in_data[0] * 2
    """

    _node = "_Native"


class NDArrayOp(PythonOp):
    """An operator whose `forward` and `backward` get NDArrays and write into them.

    Examples
    --------
    >>> class Twice(mx.operator.NDArrayOp):
    ...     def forward(self, in_data, out_data):
    ...         out_data[0][:] = in_data[0] * 2
    """

    _node = "_NDArray"

    def declare_backward_dependency(
        self, out_grad: Sequence[int], in_data: Sequence[int], out_data: Sequence[int]
    ) -> list[int]:
        """Return which numbers the backward pass needs. Where none of `out_grad` is among them, it is a loss."""
        return [*(out_grad if self.need_top_grad() else ()), *in_data, *out_data]


class _Adapter(CustomOpProp, CustomOp):
    """A `PythonOp` in the form of a `CustomOpProp` and its `CustomOp`."""

    def __init__(self, user: PythonOp, node: str) -> None:
        super().__init__(user.need_top_grad())
        self._user, self._numpy = user, node == "_Native"

    def list_arguments(self) -> list[str]:
        return self._user.list_arguments()

    def list_outputs(self) -> list[str]:
        return self._user.list_outputs()

    def infer_shape(self, in_shape: list[Any]) -> tuple[Any, ...]:
        return (*self._user.infer_shape(in_shape), ())

    def declare_backward_dependency(
        self, out_grad: Sequence[int], in_data: Sequence[int], out_data: Sequence[int]
    ) -> list[int]:
        if isinstance(self._user, NDArrayOp):
            return self._user.declare_backward_dependency(out_grad, in_data, out_data)
        return super().declare_backward_dependency(out_grad, in_data, out_data)

    def create_operator(self, ctx: Context, in_shapes: list[Any], in_dtypes: list[Any]) -> CustomOp:
        return self

    def forward(self, is_train: bool, req: list[str], in_data: Any, out_data: Any, aux: Any) -> None:
        with _Shown(self._numpy, out_data) as outputs:
            self._user.forward(in_data=self._seen(in_data), out_data=outputs)

    def backward(self, req: Any, out_grad: Any, in_data: Any, out_data: Any, in_grad: Any, aux: Any) -> None:
        with _Shown(self._numpy, in_grad) as gradients:
            self._user.backward(
                out_grad=self._seen(out_grad),
                in_data=self._seen(in_data),
                out_data=self._seen(out_data),
                in_grad=gradients,
            )

    def _seen(self, arrays: list[NDArray]) -> list[Any]:
        return [array.asnumpy() for array in arrays] if self._numpy else arrays


class _Shown:
    """Arrays to be filled, as the user's function sees them; NumPy's are copied back."""

    def __init__(self, as_numpy: bool, arrays: list[NDArray]) -> None:
        self._arrays, self._shown = arrays, [a.asnumpy() for a in arrays] if as_numpy else arrays

    def __enter__(self) -> list[Any]:
        return self._shown

    def __exit__(self, *_: object) -> None:
        for array, shown in zip(self._arrays, self._shown):
            if shown is not array:
                array[:] = shown
