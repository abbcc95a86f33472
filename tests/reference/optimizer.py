"""References for mxnet/_ops/optimizer.py.

They return the new weights. The states that an update overwrites are compared with goldens.
"""

from __future__ import annotations

import numpy as np

from . import Sample, bad, integers, normal, reference, sample, uniform

SPECIAL = np.float32([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e15])


def single(value):
    """MXNet keeps attributes in float32."""
    return float(np.float32(value))


def case(kinds: str, *shape: int, dtype: str = "float32", state: str | None = None, **options) -> Sample:
    """A sample of an update.

    `kinds` has a letter for each input: w weight, g gradient, m mean or momentum, v (positive) mean square,
    a mean that is small beside `v`, W master weights.
    """
    wide, inputs = normal(*shape, seed=3), []
    for number, kind in enumerate(kinds):
        if kind in "wW":
            x = wide.astype("float32" if kind == "W" else dtype)
        elif kind == "g":
            x = normal(*shape, seed=4, dtype=dtype)
        else:
            x = uniform(*shape, low=0.5, high=2, seed=number) if kind == "v" else normal(*shape, seed=number, scale=0.2)
            x = x.astype(state or ("float32" if "W" in kinds else dtype))
        inputs.append(x)
    return sample(*inputs, differentiable=False, **options)


def cases(kinds: str, *given: dict, **required) -> list[Sample]:
    """Samples of every dtype, of edge cases, and of each of the attributes in `given`."""
    found = [case(kinds, 2, 3, **required)]
    found += [case(kinds, 5, **{**required, **attributes}) for attributes in given]
    common = {"rescale_grad": 0.5, **required}
    found += [case(kinds, 1, **common), case(kinds, 0, 2, **common), case(kinds, 2, 3, dtype="float16", **common)]
    if "W" not in kinds:
        found += [case(kinds, 2, 3, dtype="float64", **common)]
    return found


def overflowed(kinds: str, **attributes) -> Sample:
    """A sample with infinities and NaN in the gradient."""
    made = case(kinds, 6, **attributes)
    made.inputs = (made.inputs[0], SPECIAL.astype(made.inputs[1].dtype), *made.inputs[2:])
    return made


def scaled(grad, rescale_grad, clip_gradient):
    grad = grad * single(rescale_grad)
    return np.clip(grad, -single(clip_gradient), single(clip_gradient)) if clip_gradient >= 0 else grad


def sign(value):
    """The sign, 0 for NaN."""
    return np.where(value > 0, 1.0, np.where(value < 0, -1.0, 0.0))


def result(value, weight):
    with np.errstate(over="ignore"):
        return np.asarray(value).astype(weight.dtype)


CLIP = {"clip_gradient": 0.3, "rescale_grad": 2.0, "wd": 0.1}
NO_ROOM = {"clip_gradient": 0.0}


@reference(
    "sgd_update",
    samples=[
        *cases("wg", {"wd": 0.1}, {"rescale_grad": 0.25}, CLIP, NO_ROOM, {"lazy_update": False}, {"lr": "0.5"}, lr=0.1),
        overflowed("wg", lr=0.1, clip_gradient=1.0),
        overflowed("wg", lr=0.1, wd=0.1),
    ],
    bad=[
        bad(normal(2), normal(3), lr=0.1, match=r"grad has shape \(3,\) and weight \(2,\)"),
        bad(normal(2), normal(2, dtype="float64"), lr=0.1, match="grad is float64; expected float32"),
        bad(integers(2), integers(2), lr=0.1, match="weight is int32; expected a floating dtype"),
        bad(normal(2), normal(2), match="required attribute 'lr'"),
    ],
    benchmark=lambda: case("wg", 1000, 1000, lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)
def sgd_update(weight, grad, *, lr, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0, lazy_update=True):
    weight64, grad = weight.astype("float64"), grad.astype("float64")
    step = scaled(grad, rescale_grad, clip_gradient) + single(wd) * weight64
    return result(weight64 - single(lr) * step, weight)


@reference(
    "mp_sgd_update",
    samples=cases("wgW", {"wd": 0.1}, {"rescale_grad": 0.25}, CLIP, NO_ROOM, {"lazy_update": False}, lr=0.1),
    bad=[
        bad(normal(2), normal(2), normal(3), lr=0.1, match=r"weight32 has shape \(3,"),
        bad(normal(2), normal(2), normal(2, dtype="float64"), lr=0.1, match="weight32 is float64; expected float32"),
    ],
    benchmark=lambda: case("wgW", 1000, 1000, dtype="float16", lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)
def mp_sgd_update(weight, grad, weight32, **attributes):
    return result(sgd_update(weight32, grad, **attributes), weight)


_MOMENTUM = ({"momentum": 0.9}, {"momentum": 0.5, "wd": 0.1}, {"momentum": 0.9, **CLIP}, NO_ROOM, {"lr": "0.5"})


@reference(
    "sgd_mom_update",
    samples=[*cases("wgm", *_MOMENTUM, {"lazy_update": False}, lr=0.1), overflowed("wgm", lr=0.1, clip_gradient=1.0)],
    bad=[
        bad(normal(2), normal(2), normal(3), lr=0.1, match=r"mom has shape \(3,\) and weight \(2,\)"),
        bad(normal(2), normal(2), normal(2, dtype="float64"), lr=0.1, match="mom is float64; expected float32"),
    ],
    benchmark=lambda: case("wgm", 1000, 1000, lr=0.1, momentum=0.9, wd=1e-4, rescale_grad=1 / 32),
)
def sgd_mom_update(
    weight, grad, mom, *, lr, momentum=0.0, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0, lazy_update=True
):
    weight64, grad = weight.astype("float64"), grad.astype("float64")
    step = scaled(grad, rescale_grad, clip_gradient) + single(wd) * weight64
    return result(weight64 + single(momentum) * mom - single(lr) * step, weight)


@reference(
    "mp_sgd_mom_update",
    samples=cases("wgmW", *_MOMENTUM, lr=0.1),
    bad=[bad(normal(2), normal(2), normal(2, dtype="float16"), normal(2), lr=0.1, match="mom is float16")],
    benchmark=lambda: case("wgmW", 1000, 1000, dtype="float16", lr=0.1, momentum=0.9, wd=1e-4, rescale_grad=1 / 32),
)
def mp_sgd_mom_update(weight, grad, mom, weight32, **attributes):
    return result(sgd_mom_update(weight32, grad, mom, **attributes), weight)


def _without_decay(samples: list[Sample]) -> list[Sample]:
    """Take no goldens with weight decay of weights that are not updated in place."""
    for made in samples:
        if made.attributes.get("wd"):
            made.golden, made.why = (
                False,
                "1.9.1 takes the decay of the momentum from weight, which is the new one with out=weight",
            )
    return samples


@reference(
    "nag_mom_update",
    samples=_without_decay(cases("wgm", *_MOMENTUM, lr=0.1)),
    bad=[bad(normal(2), normal(2), normal(3), lr=0.1, match=r"mom has shape \(3,\) and weight \(2,\)")],
    benchmark=lambda: case("wgm", 1000, 1000, lr=0.1, momentum=0.9, wd=1e-4, rescale_grad=1 / 32),
)
def nag_mom_update(weight, grad, mom, *, lr, momentum=0.0, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0):
    weight64, grad = weight.astype("float64"), grad.astype("float64")
    step = single(lr) * (scaled(grad, rescale_grad, clip_gradient) + single(wd) * weight64)
    ahead = single(momentum) * mom - step
    return result(weight64 + single(momentum) * ahead - step, weight)


@reference(
    "mp_nag_mom_update",
    samples=cases("wgmW", *_MOMENTUM, lr=0.1),
    bad=[bad(normal(2), normal(2), normal(2), normal(3), lr=0.1, match=r"weight32 has shape \(3,\) and weight \(2,\)")],
    benchmark=lambda: case("wgmW", 1000, 1000, dtype="float16", lr=0.1, momentum=0.9, wd=1e-4, rescale_grad=1 / 32),
)
def mp_nag_mom_update(weight, grad, mom, weight32, **attributes):
    return result(nag_mom_update(weight32, grad, mom, **attributes), weight)


@reference(
    "signsgd_update",
    samples=[
        *cases("wg", {"wd": 0.1}, CLIP, NO_ROOM, {"rescale_grad": -1.0}, {"rescale_grad": 0.0}, lr=0.1),
        overflowed("wg", lr=0.1),
    ],
    bad=[bad(normal(2), normal(3), lr=0.1, match=r"grad has shape \(3,\) and weight \(2,\)")],
    benchmark=lambda: case("wg", 1000, 1000, lr=0.1, wd=1e-4, rescale_grad=1 / 32),
)
def signsgd_update(weight, grad, *, lr, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0):
    return result((1 - single(lr) * single(wd)) * weight.astype("float64") - single(lr) * sign(grad), weight)


@reference(
    "signum_update",
    samples=[*cases("wgm", *_MOMENTUM, {"wd_lh": 0.2, "momentum": 0.3}, lr=0.1), overflowed("wgm", lr=0.1)],
    bad=[bad(normal(2), normal(2), normal(3), lr=0.1, match=r"mom has shape \(3,\) and weight \(2,\)")],
    benchmark=lambda: case("wgm", 1000, 1000, lr=0.1, momentum=0.9, wd=1e-4, rescale_grad=1 / 32),
)
def signum_update(weight, grad, mom, *, lr, momentum=0.0, wd=0.0, rescale_grad=1.0, clip_gradient=-1.0, wd_lh=0.0):
    weight64, grad = weight.astype("float64"), grad.astype("float64")
    step = scaled(grad, rescale_grad, clip_gradient) + single(wd) * weight64
    mom = single(momentum) * mom - (1 - single(momentum)) * step
    return result((1 - single(lr) * single(wd_lh)) * weight64 + single(lr) * sign(mom), weight)
