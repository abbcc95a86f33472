"""Updates of many weight arrays at once.

The inputs of an update come interleaved: the weights of the first layer, their gradient and their states, then those of
the second layer, and so on. torch's ``_foreach`` functions take the arrays of one kind together: one call for all on a
GPU, and one call into C++ instead of one for each array elsewhere.
"""

# torch does not export the functions of its own optimizers, but keeps them
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch

from .attributes import Floats, single
from .attributes import Shape as Ints
from .decoupled_optimizer import MASTERED, WEIGHTS, adamw_steps, check_scalar, lamb_direction, lamb_ratio
from .optimizer import (
    check_arrays,
    check_dtype,
    described,
)
from .registry import Shape, operator

Tensor = torch.Tensor
Tensors = list[Tensor]
Attributes = Mapping[str, Any]
Dtypes = list[torch.dtype | None]
#: Takes weights, gradients and states, each a list of float32 or float64 arrays, and changes weights and states.
Steps = Callable[..., None]
Step = Callable[..., tuple[Tensor, ...]]

SGD = ("weight", "grad")
MOMENTUM = ("weight", "grad", "mom")


# -- what the updates share --------------------------------------------------------------------------------------


def numbered(count: int) -> tuple[str, ...]:
    """Return the names of `count` outputs."""
    return ("output",) if count == 1 else tuple(f"output{i}" for i in range(count))


def multi(
    *variants: tuple[str, tuple[str, ...], str],
    last: tuple[str, ...] = (),
    counted: str = "num_weights",
    own: Mapping[str, str] | None = None,
) -> Callable[[Step], Step]:
    """Register the decorated update of many weights in variants: name, what comes for each weight, and an example.

    The function takes what comes for each weight first, then the arrays. `last` is what comes after all of them,
    `counted` the attribute that says how many weights there are.
    """

    def register(function: Step) -> Step:
        signature = inspect.signature(function, eval_str=True)
        parameters = list(signature.parameters.values())[1:]
        for name, kinds, example in variants:
            call = _bound(function, kinds)
            call.__name__ = call.__qualname__ = name
            call.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
            summary, _, more = inspect.cleandoc(function.__doc__ or "").partition("\n")
            masters = ", with master weights." if kinds[-1] == "weight32" else "."
            text = f"{summary[:-1]}{masters}\n{more}"
            texts = {**_texts(kinds, last, counted), **(own or {})}
            names = [parameter.name for parameter in parameters if parameter.name != "inplace"]
            call.__doc__ = described(text, names, texts, "the new weights, a list if there are several", example)
            operator(name, mutates=("data",), **_traits(kinds, last, counted))(call)
        return function

    return register


def _bound(function: Step, kinds: tuple[str, ...]) -> Callable[..., Any]:
    def call(*data: Tensor, **attributes: Any) -> tuple[Tensor, ...]:
        return function(kinds, *data, **attributes)

    return call


def _texts(kinds: tuple[str, ...], last: tuple[str, ...], counted: str) -> dict[str, str]:
    """Return descriptions of the parameters."""
    lines = [f"For each of the weights: {', '.join(kinds)}."]
    if last:
        lines.append(f"After all of them: {', '.join(last)}.")
    if kinds[-1] == "weight32":
        lines.append("Weights and gradients have one dtype, usually float16; all others are float32.")
    if len(kinds) > 2:
        lines.append(f"Overwritten: {', '.join(kinds[2:])}.")
    return {
        "data": "arrays\n    " + "\n    ".join(lines),
        "lrs": "tuple of float\n    Learning rates, one for each of the weights.",
        "wds": "tuple of float\n    Weight decays.",
        "etas": "tuple of float\n    Factors of the whole steps, from a schedule.",
        "learning_rates": "tuple of float\n    Learning rates, one for each of the weights.",
        "step_count": "tuple of int\n    Numbers of the steps, from 1 on.",
        counted: "int\n    Number of weights.",
    }


def _traits(kinds: tuple[str, ...], last: tuple[str, ...], counted: str) -> dict[str, Any]:
    """Return traits of the operator."""
    width = len(kinds)
    master = kinds[-1] == "weight32"

    def count(attributes: Attributes) -> int:
        return attributes[counted]

    def names(attributes: Attributes) -> list[str]:
        if count(attributes) < 1:
            raise ValueError(f"{counted} is {count(attributes)}; expected at least 1")
        return [f"{kind}_{i}" for i in range(count(attributes)) for kind in kinds] + list(last)

    def complete(shapes: list[Shape | None], attributes: Attributes) -> list[Shape | None]:
        end = width * count(attributes)
        for start in range(0, end, width):
            known = next((shape for shape in shapes[start : start + width] if shape), None)
            shapes[start : start + width] = [known] * width
        # an array of factors holds one for each weight, a factor for all is alone
        shapes[end:] = [(count(attributes) if len(last) > 1 else 1,)] * len(last)
        return shapes

    def complete_dtypes(dtypes: Dtypes, attributes: Attributes) -> Dtypes:
        of_weights = [d for i, d in enumerate(dtypes[: width * count(attributes)]) if not master or i % width < 2]
        known = next((d for d in of_weights if d is not None), None)
        each = [known, known, *[torch.float32] * (width - 2)] if master else [known] * width
        return each * count(attributes) + [torch.float32] * len(last)

    def outputs(
        shapes: Sequence[Shape], dtypes: Sequence[torch.dtype], attributes: Attributes
    ) -> list[tuple[Shape, torch.dtype]]:
        return [(shapes[i], dtypes[i]) for i in range(0, width * count(attributes), width)]

    return {
        "inputs": names,
        "variadic": None,
        "outputs": lambda attributes: numbered(count(attributes)),
        "complete": complete,
        "complete_dtypes": complete_dtypes,
        "output_dtypes": lambda dtypes, attributes: dtypes[: width * count(attributes) : width],
        "shape": outputs,
        "updates": lambda attributes: range(0, width * count(attributes), width),
    }


def _take(
    steps: Steps, kinds: tuple[str, ...], data: Sequence[Tensor], inplace: bool, *lists: Sequence[float]
) -> tuple[Tensor, ...]:
    """Check `data`, call ``steps(weights, grads, *states)`` on it and return the new weights."""
    width = len(kinds)
    count, rest = divmod(len(data), width)
    if rest or not count:
        raise ValueError(f"{len(data)} arrays came; expected {width} for each of the weights: {', '.join(kinds)}")
    for values in lists:
        if len(values) != count:
            raise ValueError(
                f"{len(values)} learning rates, decays or counts for {count} weights; expected one for each"
            )
    dtype, master = data[0].dtype, kinds[-1] == "weight32"
    dtypes = [dtype, dtype, *[torch.float32 if master else dtype] * (width - 2)]
    weights, *others = ([*data[i::width]] for i in range(width))
    shapes = [x.shape for x in weights]
    if (
        not data[0].is_floating_point()
        or [x.dtype for x in data] != dtypes * count
        or any([x.shape for x in column] != shapes for column in others)
    ):
        for i in range(count):  # find the array that does not fit
            check_arrays([f"{kind}_{i}" for kind in kinds], data[i * width : (i + 1) * width], dtypes)
    if master:
        *others, masters = others
        steps(masters, [grad.float() for grad in others[0]], *others[1:])
        return _copied(weights, masters, inplace)
    if dtype.itemsize > 2:
        weights = weights if inplace else [weight.clone() for weight in weights]
        steps(weights, *others)
        return tuple(weights)
    wide = [[x.float() for x in column] for column in (weights, *others)]
    steps(*wide)
    for states, values in zip(others[1:], wide[2:]):
        torch._foreach_copy_(states, values)
    return _copied(weights, wide[0], inplace)


def _copied(weights: Tensors, wide: Tensors, inplace: bool) -> tuple[Tensor, ...]:
    if inplace:
        torch._foreach_copy_(weights, wide)
        return tuple(weights)
    return tuple(x.to(weight.dtype, copy=True) for weight, x in zip(weights, wide))


def _rounded(values: Sequence[float]) -> list[float]:
    return [single(value) for value in values]


def _together(values: Iterable[Any]) -> list[tuple[Any, list[int]]]:
    """Return each distinct value with its positions."""
    found: dict[Any, list[int]] = {}
    for position, value in enumerate(values):
        found.setdefault(value, []).append(position)
    return list(found.items())


def _add(targets: Tensors, values: Tensors, factors: Sequence[float]) -> None:
    """Add ``factor * value`` to each target."""
    for factor, positions in _together(factors):
        torch._foreach_add_([targets[i] for i in positions], [values[i] for i in positions], alpha=factor)


def _scaled(grads: Tensors, rescale_grad: float, clip_gradient: float) -> tuple[Tensors, float]:
    """Clip gradients if they are to be clipped; return them and the factor that is still to be applied."""
    if clip_gradient < 0:
        return grads, rescale_grad
    grads = list(torch._foreach_mul(grads, rescale_grad))
    torch._foreach_clamp_max_(grads, clip_gradient)
    torch._foreach_clamp_min_(grads, -clip_gradient)
    return grads, 1.0


# -- stochastic gradient descent ---------------------------------------------------------------------------------


def _sgd(
    kinds: tuple[str, ...],
    data: Sequence[Tensor],
    lrs: Sequence[float],
    wds: Sequence[float],
    rescale_grad: float,
    clip_gradient: float,
    inplace: bool,
) -> tuple[Tensor, ...]:
    lrs, wds = _rounded(lrs), _rounded(wds)

    def steps(weights: Tensors, grads: Tensors) -> None:
        grads, scale = _scaled(grads, single(rescale_grad), single(clip_gradient))
        if any(wds):
            torch._foreach_mul_(weights, [1 - lr * wd for lr, wd in zip(lrs, wds)])
        _add(weights, grads, [-lr * scale for lr in lrs])

    return _take(steps, kinds, data, inplace, lrs, wds)


def _sgd_mom(
    kinds: tuple[str, ...],
    data: Sequence[Tensor],
    lrs: Sequence[float],
    wds: Sequence[float],
    momentum: float,
    rescale_grad: float,
    clip_gradient: float,
    inplace: bool,
) -> tuple[Tensor, ...]:
    lrs, wds = _rounded(lrs), _rounded(wds)

    def steps(weights: Tensors, grads: Tensors, moms: Tensors) -> None:
        grads, scale = _scaled(grads, single(rescale_grad), single(clip_gradient))
        torch._foreach_mul_(moms, single(momentum))
        _add(moms, grads, [-lr * scale for lr in lrs])
        if any(wds):
            _add(moms, weights, [-lr * wd for lr, wd in zip(lrs, wds)])
        torch._foreach_add_(weights, moms)

    return _take(steps, kinds, data, inplace, lrs, wds)


@multi(
    (
        "multi_sgd_update",
        SGD,
        """
        >>> weights, grads = [mx.nd.array([1, 2]), mx.nd.array([3])], [mx.nd.array([2, -2]), mx.nd.array([4])]
        >>> data = [weights[0], grads[0], weights[1], grads[1]]
        >>> new = mx.nd.multi_sgd_update(*data, lrs=(0.5, 0.25), wds=(0, 0), num_weights=2, out=weights)
        >>> [weight.asnumpy().tolist() for weight in weights]
        [[0.0, 3.0], [2.0]]
        """,
    ),
    (
        "multi_mp_sgd_update",
        (*SGD, "weight32"),
        """
        >>> master = mx.nd.array([1, 2])
        >>> weight, grad = master.astype('float16'), mx.nd.array([2, -2], dtype='float16')
        >>> options = {'lrs': (0.5,), 'wds': (0,), 'num_weights': 1}
        >>> mx.nd.multi_mp_sgd_update(weight, grad, master, **options).asnumpy().tolist()
        [0.0, 3.0]
        """,
    ),
)
def multi_sgd_update(
    kinds: tuple[str, ...],
    *data: Tensor,
    lrs: Floats,
    wds: Floats,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    inplace: bool = False,
) -> tuple[Tensor, ...]:
    """Step of stochastic gradient descent for many weights: see `sgd_update`."""
    return _sgd(kinds, data, lrs, wds, rescale_grad, clip_gradient, inplace)


@multi(
    (
        "multi_sgd_mom_update",
        MOMENTUM,
        """
        >>> weight, grad, mom = mx.nd.array([1, 2]), mx.nd.array([2, -2]), mx.nd.array([1, 0])
        >>> options = {'lrs': (0.5,), 'wds': (0,), 'momentum': 0.5, 'num_weights': 1}
        >>> mx.nd.multi_sgd_mom_update(weight, grad, mom, out=weight, **options).asnumpy().tolist()
        [0.5, 3.0]
        """,
    ),
    (
        "multi_mp_sgd_mom_update",
        (*MOMENTUM, "weight32"),
        """
        >>> master, mom = mx.nd.array([1, 2]), mx.nd.array([1, 0])
        >>> weight, grad = master.astype('float16'), mx.nd.array([2, -2], dtype='float16')
        >>> options = {'lrs': (0.5,), 'wds': (0,), 'momentum': 0.5, 'num_weights': 1}
        >>> mx.nd.multi_mp_sgd_mom_update(weight, grad, mom, master, **options).asnumpy().tolist()
        [0.5, 3.0]
        """,
    ),
)
def multi_sgd_mom_update(
    kinds: tuple[str, ...],
    *data: Tensor,
    lrs: Floats,
    wds: Floats,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    inplace: bool = False,
) -> tuple[Tensor, ...]:
    """Step of stochastic gradient descent with momentum for many weights: see `sgd_mom_update`."""
    return _sgd_mom(kinds, data, lrs, wds, momentum, rescale_grad, clip_gradient, inplace)


# -- the same with rates in arrays -------------------------------------------------------------------------------

_PRELOADED = ("lrs", "wds")


def _preloaded(
    kinds: tuple[str, ...],
    data: Sequence[Tensor],
    momentum: float | None,
    rescale_grad: float,
    clip_gradient: float,
    inplace: bool,
) -> tuple[Tensor, ...]:
    *arrays, lrs, wds = data
    for name, values in (("lrs", lrs), ("wds", wds)):
        check_dtype(name, values, torch.float32)
        if values.numel() * len(kinds) != len(arrays):
            raise ValueError(
                f"{name} holds {values.numel()} numbers and {len(arrays)} arrays came with it; expected "
                f"{len(kinds)} arrays for each number: {', '.join(kinds)}"
            )

    def steps(weights: Tensors, grads: Tensors, *states: Tensors) -> None:
        grads, scale = _scaled(grads, single(rescale_grad), single(clip_gradient))
        rates = lrs.view(-1).to(weights[0].dtype)
        pull = (lrs * wds).view(-1).to(rates.dtype)
        lengths = (rates * -scale).unbind()
        if momentum is None:
            torch._foreach_mul_(weights, (1 - pull).unbind())
            torch._foreach_addcmul_(weights, grads, lengths)
            return
        (moms,) = states
        torch._foreach_mul_(moms, single(momentum))
        torch._foreach_addcmul_(moms, grads, lengths)
        torch._foreach_addcmul_(moms, weights, pull.unbind(), -1)
        torch._foreach_add_(weights, moms)

    return _take(steps, kinds, arrays, inplace)


@multi(
    (
        "preloaded_multi_sgd_update",
        SGD,
        """
        >>> weight, grad, lrs, wds = mx.nd.array([1, 2]), mx.nd.array([2, -2]), mx.nd.array([0.5]), mx.nd.array([0])
        >>> mx.nd.preloaded_multi_sgd_update(weight, grad, lrs, wds, num_weights=1).asnumpy().tolist()
        [0.0, 3.0]
        """,
    ),
    (
        "preloaded_multi_mp_sgd_update",
        (*SGD, "weight32"),
        """
        >>> master, rates = mx.nd.array([1, 2]), [mx.nd.array([0.5]), mx.nd.array([0])]
        >>> weight, grad = master.astype('float16'), mx.nd.array([2, -2], dtype='float16')
        >>> mx.nd.preloaded_multi_mp_sgd_update(weight, grad, master, *rates, num_weights=1).asnumpy().tolist()
        [0.0, 3.0]
        """,
    ),
    last=_PRELOADED,
)
def preloaded_multi_sgd_update(
    kinds: tuple[str, ...],
    *data: Tensor,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    inplace: bool = False,
) -> tuple[Tensor, ...]:
    """Step of `multi_sgd_update` whose learning rates and weight decays are arrays."""
    return _preloaded(kinds, data, None, rescale_grad, clip_gradient, inplace)


@multi(
    (
        "preloaded_multi_sgd_mom_update",
        MOMENTUM,
        """
        >>> weight, grad, mom = mx.nd.array([1, 2]), mx.nd.array([2, -2]), mx.nd.array([1, 0])
        >>> rates = [mx.nd.array([0.5]), mx.nd.array([0])]
        >>> new = mx.nd.preloaded_multi_sgd_mom_update(weight, grad, mom, *rates, momentum=0.5, num_weights=1)
        >>> new.asnumpy().tolist()
        [0.5, 3.0]
        """,
    ),
    (
        "preloaded_multi_mp_sgd_mom_update",
        (*MOMENTUM, "weight32"),
        """
        >>> master, mom, rates = mx.nd.array([1, 2]), mx.nd.array([1, 0]), [mx.nd.array([0.5]), mx.nd.array([0])]
        >>> data = [master.astype('float16'), mx.nd.array([2, -2], dtype='float16'), mom, master, *rates]
        >>> mx.nd.preloaded_multi_mp_sgd_mom_update(*data, momentum=0.5, num_weights=1).asnumpy().tolist()
        [0.5, 3.0]
        """,
    ),
    last=_PRELOADED,
)
def preloaded_multi_sgd_mom_update(
    kinds: tuple[str, ...],
    *data: Tensor,
    momentum: float = 0.0,
    rescale_grad: float = 1.0,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    inplace: bool = False,
) -> tuple[Tensor, ...]:
    """Step of `multi_sgd_mom_update` whose learning rates and weight decays are arrays."""
    return _preloaded(kinds, data, momentum, rescale_grad, clip_gradient, inplace)


# -- AdamW and LAMB ----------------------------------------------------------------------------------------------


def _adamw(
    kinds: tuple[str, ...], data: Sequence[Tensor], rates: Sequence[Sequence[float]], inplace: bool, **rest: float
) -> tuple[Tensor, ...]:
    *arrays, rescale_grad = data
    if rescale_grad.dtype is not torch.float32 and arrays:
        check_scalar("rescale_grad", rescale_grad, arrays[0].dtype)
    else:
        check_scalar("rescale_grad", rescale_grad, torch.float32)
    rest = {name: single(value) for name, value in rest.items()}

    def steps(*columns: Tensors) -> None:
        for (lr, wd, eta), positions in _together(zip(*map(_rounded, rates))):
            chosen = ([column[i] for i in positions] for column in columns)
            adamw_steps(*chosen, rescale_grad=rescale_grad, lr=lr, wd=wd, eta=eta, **rest)

    return _take(steps, kinds, arrays, inplace, *rates)


@multi(
    (
        "_multi_adamw_update",
        WEIGHTS,
        """
        >>> weight, grad, mean, var = mx.nd.ones((2,)), mx.nd.array([3, -3]), mx.nd.zeros((2,)), mx.nd.zeros((2,))
        >>> options = {'lrs': (0.5,), 'wds': (0.25,), 'etas': (1,), 'beta1': 0, 'beta2': 0, 'num_weights': 1}
        >>> update = mx.nd._internal._multi_adamw_update
        >>> update(weight, grad, mean, var, mx.nd.array([0.5]), **options).asnumpy().tolist()
        [0.25, 1.25]
        """,
    ),
    (
        "_multi_mp_adamw_update",
        MASTERED,
        """
        >>> master, mean, var = mx.nd.ones((2,)), mx.nd.zeros((2,)), mx.nd.zeros((2,))
        >>> weight, grad = master.astype('float16'), mx.nd.array([3, -3], dtype='float16')
        >>> data = [weight, grad, mean, var, master, mx.nd.array([0.5])]
        >>> options = {'lrs': (0.5,), 'wds': (0.25,), 'etas': (1,), 'beta1': 0, 'beta2': 0, 'num_weights': 1}
        >>> mx.nd._internal._multi_mp_adamw_update(*data, **options).asnumpy().tolist()
        [0.25, 1.25]
        """,
    ),
    last=("rescale_grad",),
)
def multi_adamw_update(
    kinds: tuple[str, ...],
    *data: Tensor,
    lrs: Floats,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
    wds: Floats,
    etas: Floats,
    clip_gradient: float = -1.0,
    num_weights: int = 1,
    inplace: bool = False,
) -> tuple[Tensor, ...]:
    """Step of AdamW for many weights: see `_adamw_update`."""
    rest = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "clip_gradient": clip_gradient}
    return _adamw(kinds, data, (lrs, wds, etas), inplace, **rest)


def _lamb(
    kinds: tuple[str, ...],
    data: Sequence[Tensor],
    learning_rates: Sequence[float],
    wds: Sequence[float],
    step_count: Sequence[int],
    lower_bound: float,
    upper_bound: float,
    inplace: bool,
    bias_correction: bool,
    **rest: float,
) -> tuple[Tensor, ...]:
    bounds = single(lower_bound), single(upper_bound)
    options: dict[str, Any] = {name: single(value) for name, value in rest.items()}
    options["bias_correction"] = bias_correction

    def steps(*columns: Tensors) -> None:
        given = data[:: len(kinds)]  # MXNet takes the norm of these, not of master weights
        for arrays, narrow, lr, wd, t in zip(zip(*columns), given, learning_rates, wds, step_count):
            weight = arrays[0]
            direction = lamb_direction(*arrays, t=t, wd=single(wd), **options)
            norm = torch.linalg.vector_norm(narrow, dtype=weight.dtype)
            ratio = lamb_ratio(norm, torch.linalg.vector_norm(direction), *bounds)
            weight.addcmul_(direction, ratio, value=-single(lr))

    return _take(steps, kinds, data, inplace, learning_rates, wds, step_count)


_LAMB = {
    "bias_correction": "bool\n    Divide the averages by 1 less the power of their beta.",
    "lower_bound": "float\n    Least value of the weights' norm in the ratio; none if negative.",
    "upper_bound": "float\n    Greatest value of it; none if negative.",
}


@multi(
    (
        "_multi_lamb_update",
        WEIGHTS,
        """
        >>> weight, grad, mean, var = mx.nd.array([3, 4]), mx.nd.array([2, 0]), mx.nd.zeros((2,)), mx.nd.zeros((2,))
        >>> options = {'learning_rates': (0.5,), 'wds': (0,), 'step_count': (1,), 'num_tensors': 1}
        >>> mx.nd._internal._multi_lamb_update(weight, grad, mean, var, **options).asnumpy().round(3).tolist()
        [0.5, 4.0]
        """,
    ),
    (
        "_multi_mp_lamb_update",
        MASTERED,
        """
        >>> master, mean, var = mx.nd.array([3, 4]), mx.nd.zeros((2,)), mx.nd.zeros((2,))
        >>> data = [master.astype('float16'), mx.nd.array([2, 0], dtype='float16'), mean, var, master]
        >>> options = {'learning_rates': (0.5,), 'wds': (0,), 'step_count': (1,), 'num_tensors': 1}
        >>> mx.nd._internal._multi_mp_lamb_update(*data, **options).asnumpy().round(3).tolist()
        [0.5, 4.0]
        """,
    ),
    counted="num_tensors",
    own=_LAMB,
)
def multi_lamb_update(
    kinds: tuple[str, ...],
    *data: Tensor,
    learning_rates: Floats,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-6,
    wds: Floats,
    rescale_grad: float = 1.0,
    lower_bound: float = -1.0,
    upper_bound: float = -1.0,
    clip_gradient: float = -1.0,
    bias_correction: bool = True,
    step_count: Ints,
    num_tensors: int = 1,
    inplace: bool = False,
) -> tuple[Tensor, ...]:
    """Whole step of LAMB for many weights: see `lamb_update_phase1` and `lamb_update_phase2`."""
    rest = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    rest |= {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    rates = learning_rates, wds, step_count, lower_bound, upper_bound
    return _lamb(kinds, data, *rates, inplace, bias_correction, **rest)
