"""Updates of one weight array: what an optimizer does in each training step.

Each optimizer is written once, as a step that changes float32 or float64 arrays in place. `updates` makes operators of
it: one that takes weights and states of one dtype, and one with the prefix ``mp_`` for 16-bit weights with float32
master copies. 16-bit weights without master copies are widened for the step, so that it loses nothing on the way.

MXNet keeps attributes in float32. So do the steps: ``1 - beta2`` of beta2 = 0.999 is another number in float64.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .attributes import single
from .families import dtype_name
from .registry import Function, Shape, operator

Tensor = torch.Tensor
Attributes = Mapping[str, Any]
Dtypes = list[torch.dtype | None]
Step = Callable[..., None]

#: What the parameters of these operators are, by name. ``{state}`` stands for shape and dtype of a state.
PARAMETERS = {
    "weight": "any shape\n    Weights, of a floating dtype.",
    "grad": "the shape and dtype of `weight`\n    Gradient.",
    "mom": "{state}\n    Momentum; overwritten.",
    "mean": "{state}\n    Moving average of the gradients; overwritten.",
    "var": "{state}\n    Moving average of their squares; overwritten.",
    "weight32": "the shape of `weight`, float32\n    Master weights; overwritten. `weight` becomes their rounded copy.",
    "lr": "float\n    Learning rate.",
    "momentum": "float\n    Part of the momentum that is kept.",
    "wd": "float\n    Weight decay.",
    "rescale_grad": "float\n    Factor of the gradient, 1 / batch size in most programs.",
    "clip_gradient": "float\n    Bound of the scaled gradient's absolute values; none if negative.",
    "clip_weights": "float\n    Bound of the new weights' absolute values; none if negative.",
    "lazy_update": "bool\n    Let a row_sparse gradient change its rows only; no effect with dense gradients.",
    "beta1": "float\n    Part of `mean` that is kept.",
    "beta2": "float\n    Part of `var` that is kept.",
    "epsilon": "float\n    Keeps the divisor away from 0.",
    "gamma1": "float\n    Part of the averages that is kept.",
    "t": "int\n    Number of this step, from 1 on.",
}


# -- what all updates share --------------------------------------------------------------------------------------


def check_dtype(name: str, array: Tensor, dtype: torch.dtype) -> None:
    """Raise TypeError unless `array` has the dtype."""
    if array.dtype is not dtype:
        raise TypeError(f"{name} is {dtype_name(array.dtype)}; expected {dtype_name(dtype)}: cast it with .astype")


def check_arrays(names: Sequence[str], arrays: Sequence[Tensor], dtypes: Sequence[torch.dtype]) -> None:
    """Raise unless all arrays have the shape of the first, which is floating, and the dtypes given."""
    first = arrays[0]
    shape = first.shape
    for number, array in enumerate(arrays):
        if array.dtype is not dtypes[number]:
            check_dtype(names[number], array, dtypes[number])
        if array.shape != shape:
            raise ValueError(
                f"{names[number]} has shape {tuple(array.shape)} and {names[0]} {tuple(shape)}; expected equal shapes"
            )
    if not first.is_floating_point():
        raise TypeError(f"{names[0]} is {dtype_name(first.dtype)}; expected a floating dtype: cast it with .astype")


def update(step: Step, names: Sequence[str], arrays: Sequence[Tensor], inplace: bool, attributes: Attributes) -> Tensor:
    """Take a step with weight, gradient and states, all of one dtype; return the new weights."""
    weight = arrays[0]
    dtype = weight.dtype
    check_arrays(names, arrays, [dtype] * len(arrays))
    if dtype.itemsize > 2:
        target = weight if inplace else weight.clone()
        step(target, *arrays[1:], **attributes)
        return target
    wide = [array.float() for array in arrays]
    step(*wide, **attributes)
    for state, value in zip(arrays[2:], wide[2:]):
        state.copy_(value)
    return weight.copy_(wide[0]) if inplace else wide[0].to(dtype)


def master_update(
    step: Step, names: Sequence[str], arrays: Sequence[Tensor], inplace: bool, attributes: Attributes
) -> Tensor:
    """Take a step with weight, gradient, float32 states and, last, float32 master weights; return the new weights."""
    weight, grad, *states, master = arrays
    check_arrays(names, arrays, [weight.dtype] * 2 + [torch.float32] * (len(arrays) - 2))
    step(master, grad.float(), *states, **attributes)
    return weight.copy_(master) if inplace else master.to(weight.dtype, copy=True)


def advanced(weight: Tensor, step: Tensor, inplace: bool) -> Tensor:
    """Return ``weight + step``, computed in the dtype of `step`, a tensor of the caller's own."""
    return weight.add_(step) if inplace else step.add_(weight).to(weight.dtype)


def master_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    """``complete_dtypes=`` of an update with master weights."""
    return [dtypes[0] or dtypes[1]] * 2 + [torch.float32] * (len(dtypes) - 2)


def first_dtype(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
    """``output_dtypes=`` of the same."""
    return dtypes[:1]


def first_shape(
    shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes
) -> list[tuple[Shape, torch.dtype]]:
    """``shape=`` of an update whose inputs do not all have the shape of the first."""
    return [(shapes[0], dtypes[0])]


def described(text: str, names: Sequence[str], own: Mapping[str, str], returns: str, example: str) -> str:
    """Return a docstring; `own` goes before `PARAMETERS`."""
    summary, _, references = inspect.cleandoc(text).partition("\n\nReferences\n")
    state = "the shape of `weight`, float32" if "weight32" in names else "the shape and dtype of `weight`"
    parameters = "\n".join(f"{name} : {own.get(name) or PARAMETERS[name]}" for name in names).replace("{state}", state)
    parts = [summary, f"Parameters\n----------\n{parameters}", f"Returns\n-------\n{returns}"]
    if references:
        parts.append(f"References\n{references}")
    parts.append(f"Examples\n--------\n{inspect.cleandoc(example)}")
    return "\n\n".join(parts) + "\n"


def described_as(
    example: str, own: Mapping[str, str] | None = None, returns: str = "the new weights"
) -> Callable[[Function], Function]:
    """Complete the decorated operator's docstring; see `described`."""

    def complete(function: Function) -> Function:
        names = [name for name in inspect.signature(function).parameters if name != "inplace"]
        function.__doc__ = described(function.__doc__ or "", names, own or {}, returns, example)
        return function

    return complete


def with_single_floats(step: Step) -> Step:
    """Return `step` for attributes that are rounded to float32, as far as they are declared ``float``."""
    floats = {
        p.name
        for p in inspect.signature(step, eval_str=True).parameters.values()
        if p.kind is p.KEYWORD_ONLY and p.annotation is float and p.name not in getattr(step, "doubles", ())
    }

    def rounded(*arrays: Tensor, **attributes: Any) -> None:
        step(*arrays, **{k: single(v) if k in floats else v for k, v in attributes.items()})

    return rounded


def updates(
    name: str,
    example: str,
    master_example: str = "",
    *,
    aliases: Sequence[str] = (),
    hidden: Sequence[str] = (),
    own: Mapping[str, str] | None = None,
) -> Callable[[Step], Step]:
    """Register the decorated step as the operator `name`, and as ``mp_name`` where there is an example of that.

    The step's inputs are weight, gradient and states; it changes the weights and states in place. `own` describes
    parameters that `PARAMETERS` does not.
    """

    def register(step: Step) -> Step:
        signature = inspect.signature(step, eval_str=True)
        inputs = [p for p in signature.parameters.values() if p.kind is not p.KEYWORD_ONLY]
        rest = [p for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
        rounded = with_single_floats(step)

        def make(public: str, run: Callable[..., Tensor], more: list[inspect.Parameter], text: str, shown: str) -> Any:
            names = [p.name for p in (*inputs, *more)]

            def call(*arrays: Tensor, inplace: bool = False, **attributes: Any) -> Tensor:
                return run(rounded, names, arrays, inplace, {**defaults, **attributes})

            defaults = {p.name: p.default for p in rest if p.default is not p.empty}
            call.__name__ = call.__qualname__ = public
            call.__signature__ = inspect.Signature([*inputs, *more, *rest])  # type: ignore[attr-defined]
            described_names = [*names, *(p.name for p in rest)]
            call.__doc__ = described(text, described_names, own or {}, "the new weights", shown)
            return call

        text = inspect.cleandoc(step.__doc__ or "")
        states = [p.name for p in inputs[2:]]
        operator(name, aliases=aliases, hidden=hidden, elementwise=True, mutates=states, updates=(0,))(
            make(name, update, [], text, example)
        )
        if master_example:
            master = inspect.Parameter("weight32", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Tensor)
            summary, _, more = text.partition("\n")
            operator(
                f"mp_{name}",
                hidden=hidden,
                elementwise=True,
                complete_dtypes=master_dtypes,
                output_dtypes=first_dtype,
                mutates=[*states, "weight32"],
                updates=(0,),
            )(
                make(
                    f"mp_{name}",
                    master_update,
                    [master],
                    f"{summary[:-1]}, with master weights.\n{more}",
                    master_example,
                )
            )
        return step

    return register


def scaled(grad: Tensor, rescale_grad: float, clip_gradient: float) -> Tensor:
    """Return ``clip(rescale_grad * grad)``: a new tensor, or `grad` itself where there is nothing to do."""
    if clip_gradient >= 0:
        return (grad * rescale_grad).clamp_(-clip_gradient, clip_gradient)
    return grad * rescale_grad if rescale_grad != 1 else grad


def decayed(weight: Tensor, grad: Tensor, wd: float, rescale_grad: float, clip_gradient: float) -> Tensor:
    """Return ``clip(rescale_grad * grad + wd * weight)``: a new tensor, or `grad` itself."""
    if not wd:
        return scaled(grad, rescale_grad, clip_gradient)
    grad = torch.add(grad, weight, alpha=wd) if rescale_grad == 1 else (grad * rescale_grad).add_(weight, alpha=wd)
    return grad.clamp_(-clip_gradient, clip_gradient) if clip_gradient >= 0 else grad


def average(state: Tensor, value: Tensor, kept: float) -> Tensor:
    """Make `state` its average with `value`: ``kept * state + (1 - kept) * value``."""
    return state.mul_(kept).add_(value, alpha=1 - kept)


def average_of_squares(state: Tensor, value: Tensor, kept: float) -> Tensor:
    """Make `state` its average with the squares of `value`."""
    return state.mul_(kept).addcmul_(value, value, value=1 - kept)


# -- descent and momentum ----------------------------------------------------------------------------------------


@updates(
    "sgd_update",
    """
    >>> weight, grad = mx.nd.array([1, 2]), mx.nd.array([2, -2])
    >>> mx.nd.sgd_update(weight, grad, lr=0.5, out=weight).asnumpy().tolist()
    [0.0, 3.0]
    """,
    """
    >>> master = mx.nd.array([1, 2])
    >>> weight, grad = master.astype('float16'), mx.nd.array([2, -2], dtype='float16')
    >>> mx.nd.mp_sgd_update(weight, grad, master, lr=0.5).asnumpy().tolist()
    [0.0, 3.0]
    """,
    aliases=("_sparse_sgd_update",),
    hidden=("lazy_update",),
)
def sgd_step(
    weight: Tensor,
    grad: Tensor,
    *,
    lr: float,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> None:
    """Step of stochastic gradient descent.

    ``weight -= lr * (clip(rescale_grad * grad) + wd * weight)``
    """
    if clip_gradient >= 0:
        grad, rescale_grad = scaled(grad, rescale_grad, clip_gradient), 1.0
    if wd:
        weight.mul_(1 - lr * wd)
    weight.add_(grad, alpha=-lr * rescale_grad)


@updates(
    "sgd_mom_update",
    """
    >>> weight, grad, mom = mx.nd.array([1, 2]), mx.nd.array([2, -2]), mx.nd.array([1, 0])
    >>> mx.nd.sgd_mom_update(weight, grad, mom, lr=0.5, momentum=0.5, out=weight).asnumpy().tolist()
    [0.5, 3.0]
    >>> mom.asnumpy().tolist()
    [-0.5, 1.0]
    """,
    """
    >>> master, mom = mx.nd.array([1, 2]), mx.nd.array([1, 0])
    >>> weight, grad = master.astype('float16'), mx.nd.array([2, -2], dtype='float16')
    >>> mx.nd.mp_sgd_mom_update(weight, grad, mom, master, lr=0.5, momentum=0.5).asnumpy().tolist()
    [0.5, 3.0]
    """,
    aliases=("_sparse_sgd_mom_update",),
    hidden=("lazy_update",),
)
def sgd_mom_step(
    weight: Tensor,
    grad: Tensor,
    mom: Tensor,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    lazy_update: bool = True,
) -> None:
    """Step of stochastic gradient descent with momentum.

    ``mom = momentum * mom - lr * (clip(rescale_grad * grad) + wd * weight)``, then ``weight += mom``
    """
    if clip_gradient >= 0:
        grad, rescale_grad = scaled(grad, rescale_grad, clip_gradient), 1.0
    mom.mul_(momentum).add_(grad, alpha=-lr * rescale_grad)
    if wd:
        mom.add_(weight, alpha=-lr * wd)
    weight.add_(mom)


@updates(
    "nag_mom_update",
    """
    >>> weight, grad, mom = mx.nd.array([1, 2]), mx.nd.array([2, -2]), mx.nd.array([1, 0])
    >>> mx.nd.nag_mom_update(weight, grad, mom, lr=0.5, momentum=0.5, out=weight).asnumpy().tolist()
    [-0.25, 3.5]
    """,
    """
    >>> master, mom = mx.nd.array([1, 2]), mx.nd.array([1, 0])
    >>> weight, grad = master.astype('float16'), mx.nd.array([2, -2], dtype='float16')
    >>> mx.nd.mp_nag_mom_update(weight, grad, mom, master, lr=0.5, momentum=0.5).asnumpy().tolist()
    [-0.25, 3.5]
    """,
)
def nag_mom_step(
    weight: Tensor,
    grad: Tensor,
    mom: Tensor,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
) -> None:
    """Step of Nesterov's accelerated gradient.

    With ``step = lr * (clip(rescale_grad * grad) + wd * weight)``: ``ahead = momentum * mom - step``, then
    ``weight += momentum * ahead - step``. The new momentum is ``ahead``, but with the decay of the new weights, as in
    MXNet.

    References
    ----------
    Sutskever, Martens, Dahl, Hinton, "On the importance of initialization and momentum in deep learning", 2013.
    """
    if clip_gradient >= 0:
        grad, rescale_grad = scaled(grad, rescale_grad, clip_gradient), 1.0
    if wd:
        weight.mul_(1 - lr * wd * (1 + momentum))
    weight.add_(grad, alpha=-lr * rescale_grad * (1 + momentum)).add_(mom, alpha=momentum * momentum)
    mom.mul_(momentum).add_(grad, alpha=-lr * rescale_grad)
    if wd:
        mom.add_(weight, alpha=-lr * wd)


@updates(
    "signsgd_update",
    """
    >>> weight, grad = mx.nd.array([1, 2]), mx.nd.array([0.1, -7])
    >>> mx.nd.signsgd_update(weight, grad, lr=0.5, out=weight).asnumpy().tolist()
    [0.5, 2.5]
    """,
    hidden=("rescale_grad", "clip_gradient"),
    own={
        "rescale_grad": "float\n    Has no effect: only signs count.",
        "clip_gradient": "float\n    Has no effect: only signs count.",
    },
)
def signsgd_step(
    weight: Tensor, grad: Tensor, *, lr: float, wd: float = 0.0, rescale_grad: float = 1.0, clip_gradient: float = -1.0
) -> None:
    """Step of a fixed length against the gradient's sign.

    ``weight = (1 - lr * wd) * weight - lr * sign(grad)``

    References
    ----------
    Bernstein, Wang, Azizzadenesheli, Anandkumar, "signSGD: compressed optimisation for non-convex problems", 2018.
    """
    if wd:
        weight.mul_(1 - lr * wd)
    weight.add_(torch.sign(grad), alpha=-lr)


@updates(
    "signum_update",
    """
    >>> weight, grad, mom = mx.nd.array([1, 2]), mx.nd.array([0.1, -7]), mx.nd.zeros((2,))
    >>> mx.nd.signum_update(weight, grad, mom, lr=0.5, out=weight).asnumpy().tolist()
    [0.5, 2.5]
    """,
    own={"wd_lh": "float\n    Weight decay that is applied to `weight` and not to the gradient."},
)
def signum_step(
    weight: Tensor,
    grad: Tensor,
    mom: Tensor,
    *,
    lr: float,
    momentum: float = 0.0,
    wd: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    wd_lh: float = 0.0,
) -> None:
    """Step of a fixed length along the momentum's sign.

    ``mom = momentum * mom - (1 - momentum) * (clip(rescale_grad * grad) + wd * weight)``, then
    ``weight = (1 - lr * wd_lh) * weight + lr * sign(mom)``.

    References
    ----------
    Bernstein, Wang, Azizzadenesheli, Anandkumar, "signSGD: compressed optimisation for non-convex problems", 2018.
    """
    if clip_gradient >= 0:
        grad, rescale_grad = scaled(grad, rescale_grad, clip_gradient), 1.0
    mom.mul_(momentum).add_(grad, alpha=(momentum - 1) * rescale_grad)
    if wd:
        mom.add_(weight, alpha=(momentum - 1) * wd)
    if wd_lh:
        weight.mul_(1 - lr * wd_lh)
    weight.add_(torch.sign(mom), alpha=lr)
