"""Operators that a user writes in Python: ``Custom``, and ``_Native`` and ``_NDArray`` of older programs.

What such an operator is and does stands in a `Definition`, which the front end (``mxnet.operator``) makes from the
user's classes and puts into the tables here. Attributes select it; everything else asks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch

from .registry import Backward, Shape, operator

Tensor = torch.Tensor


class Definition(Protocol):
    """What the graph and the tape need to know of a user's operator.

    `needs_head` says whether its gradient needs a head gradient. `kept` is a dict that lives as long as one recorded
    call or one node of an executor: the user's operator object stays in it.
    """

    name: str
    arguments: Sequence[str]
    outputs: Sequence[str]
    states: Sequence[str]
    needs_head: bool

    def infer_shapes(self, shapes: Sequence[Shape | None]) -> tuple[list[Shape | None], list[Shape]]:
        """Return the shapes of all inputs and of the outputs."""
        ...

    def infer_dtypes(self, dtypes: Sequence[torch.dtype | None]) -> tuple[list[torch.dtype], list[torch.dtype]]:
        """Return the dtypes of all inputs and of the outputs."""
        ...

    def forward(self, kept: dict[str, Any], inputs: Sequence[Tensor], training: bool) -> tuple[Tensor, ...]:
        """Return the outputs."""
        ...

    def backward(self, kept: dict[str, Any], backward: Backward) -> Sequence[Tensor | None]:
        """Return the gradients of all inputs."""
        ...


#: ``op_type`` -> maker of definitions from the further attributes, for ``Custom``.
REGISTERED: dict[str, Callable[[Mapping[str, str]], Definition]] = {}

#: ``info`` -> the definition of a live Python object, for ``_Native`` and ``_NDArray``.
LIVE: dict[str, Definition] = {}

_made: dict[tuple[Any, ...], Definition] = {}


def definition(attributes: Mapping[str, Any]) -> Definition:
    """Return the definition that attributes select; ValueError when there is none."""
    if "info" in attributes:
        found = LIVE.get(attributes["info"])
        if found is None:
            raise ValueError(
                f"info={attributes['info']!r} is no operator of this process: such a symbol lives in the program that "
                "made it (mx.operator.CustomOp can be saved and loaded)"
            )
        return found
    name = attributes["op_type"]
    maker = REGISTERED.get(name)
    if maker is None:
        raise ValueError(
            f"no operator {name!r} is registered; expected op_type to be one of {', '.join(REGISTERED) or 'none yet'} "
            "(mx.operator.register makes one known)"
        )
    further = {key: text for key, text in attributes.items() if key not in ("op_type", "training", "kept")}
    key = (maker, *sorted(further.items()))
    if key not in _made:
        if len(_made) > 10_000:
            _made.clear()
        _made[key] = maker(further)
    return _made[key]


def _inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    found = definition(attributes)
    return (*found.arguments, *found.states)


def _complete(shapes: list[Shape | None], attributes: Mapping[str, Any]) -> Sequence[Shape | None]:
    return definition(attributes).infer_shapes(shapes)[0]


def _shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> Sequence[tuple[Shape, torch.dtype]]:
    found = definition(attributes)
    return list(zip(found.infer_shapes(shapes)[1], found.infer_dtypes(dtypes)[1]))


def _complete_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype | None]:
    return dtypes if all(d is None for d in dtypes) else definition(attributes).infer_dtypes(dtypes)[0]


def _output_dtypes(dtypes: list[torch.dtype | None], attributes: Mapping[str, Any]) -> Sequence[torch.dtype | None]:
    return definition(attributes).infer_dtypes(dtypes)[1]


def _gradient(backward: Backward) -> Sequence[Tensor | None]:
    return definition(backward.attributes).backward(backward.attributes["kept"], backward)


def _user_operator(name: str, aliases: Sequence[str] = (), open_attributes: bool = False) -> Any:
    return operator(
        name,
        aliases=aliases,
        variadic=None,
        open_attributes=open_attributes,
        inputs=_inputs,
        auxiliary=lambda attributes: definition(attributes).states,
        outputs=lambda attributes: definition(attributes).outputs,
        complete=_complete,
        shape=_shape,
        complete_dtypes=_complete_dtypes,
        output_dtypes=_output_dtypes,
        gradient=_gradient,
        loss=lambda attributes: not definition(attributes).needs_head,
        training=True,
        keeps=True,
    )


@_user_operator("Custom", aliases=("_npi_Custom",), open_attributes=True)
def custom(
    *data: Tensor, op_type: str, training: bool = False, kept: dict[str, Any], **parameters: str
) -> tuple[Tensor, ...]:
    """Run an operator written in Python, made known by `mx.operator.register`.

    Parameters
    ----------
    *data : arrays
        The operator's arguments, then its auxiliary states.
    op_type : str
        The name it is registered under.
    **parameters : str
        Handed to the constructor of the `mx.operator.CustomOpProp` as strings.

    Returns
    -------
    array or list of arrays, as the operator says

    Raises
    ------
    MXNetError
        If no such operator is registered, or when the user's code raises; that error is the cause.

    Examples
    --------
    >>> class Double(mx.operator.CustomOp):
    ...     def forward(self, is_train, req, in_data, out_data, aux):
    ...         self.assign(out_data[0], req[0], in_data[0] * 2)
    ...     def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
    ...         self.assign(in_grad[0], req[0], out_grad[0] * 2)
    >>> @mx.operator.register("docs_twice")
    ... class DoubleProp(mx.operator.CustomOpProp):
    ...     def create_operator(self, ctx, in_shapes, in_dtypes):
    ...         return Double()
    >>> mx.nd.Custom(mx.nd.array([1, 2]), op_type="docs_twice").asnumpy().tolist()
    [2.0, 4.0]
    """
    return definition({"op_type": op_type, **parameters}).forward(kept, data, training)


@_user_operator("_Native")
def native(
    *data: Tensor, info: str, need_top_grad: bool = True, training: bool = False, kept: dict[str, Any]
) -> tuple[Tensor, ...]:
    """Run a `mx.operator.NumpyOp`, whose functions get NumPy arrays.

    Parameters
    ----------
    *data : arrays
        The operator's arguments.
    info : str
        Which Python object it is, in this process.
    need_top_grad : bool
        Whether its gradient needs a head gradient; the object says so itself.
    """
    del need_top_grad
    return definition({"info": info}).forward(kept, data, training)


@_user_operator("_NDArray")
def ndarray(*data: Tensor, info: str, training: bool = False, kept: dict[str, Any]) -> tuple[Tensor, ...]:
    """Run a `mx.operator.NDArrayOp`, whose functions get NDArrays.

    Parameters
    ----------
    *data : arrays
        The operator's arguments.
    info : str
        Which Python object it is, in this process.
    """
    return definition({"info": info}).forward(kept, data, training)
