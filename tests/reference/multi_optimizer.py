"""References for mxnet/_ops/multi_optimizer.py."""

from __future__ import annotations

import itertools

import numpy as np

from . import Sample, bad, integers, normal, reference, sample
from .decoupled_optimizer import adamw_update, lamb_update_phase1, lamb_update_phase2
from .optimizer import case, result, sgd_mom_update, sgd_update

_SHAPES = ((2, 3), (4,), (1, 1))


def many(
    kinds: str, *last: np.ndarray, shapes=_SHAPES, dtype: str = "float32", count: str = "num_weights", **options
) -> Sample:
    """A sample with one group of arrays for each shape; see `case` for `kinds`."""
    groups = [case(kinds, *shape, dtype=dtype).inputs for shape in shapes]
    inputs = itertools.chain.from_iterable(groups)
    return sample(*inputs, *last, differentiable=False, **{count: len(shapes)}, **options)


def groups(data, width: int):
    """The arrays of each weight."""
    return [data[i : i + width] for i in range(0, len(data) - width + 1, width)]


_RATES = {"lrs": (0.1, 0.2, 0.1), "wds": (0.0, 0.1, 0.1)}
_KEPT = {"golden": False, "why": "1.9.1 leaves the master weights of float32 weights as they were"}
_ONE = {"lrs": (0.1,), "wds": (0.1,), "shapes": ((3,),)}
_SGD = (
    _RATES, {**_RATES, "rescale_grad": 0.5}, {**_RATES, "clip_gradient": 0.3, "rescale_grad": 2.0},
    {**_RATES, "clip_gradient": 0.0}, {"lrs": (0.1,) * 3, "wds": (0.0,) * 3}, _ONE, {**_RATES, "dtype": "float16"},
)  # fmt: skip
_MOMENTUM = ({**_RATES, "momentum": 0.9}, *({"momentum": 0.5, **given} for given in _SGD[2:]))
_WIDE = {**_RATES, "dtype": "float64", "rescale_grad": 0.5}

_LARGE = {"lrs": (0.1,) * 20, "wds": (1e-4,) * 20, "rescale_grad": 1 / 32, "shapes": ((50, 1000),) * 20}


@reference(
    "multi_sgd_update",
    samples=[many("wg", **given) for given in (*_SGD, _WIDE)],
    bad=[
        bad(
            normal(2), normal(3), lrs=(0.1,), wds=(0.0,), num_weights=1, match=r"grad_0 has shape \(3,\) and weight_0 "
        ),
        bad(normal(2), normal(2), lrs=(0.1, 0.2), wds=(0.0,), num_weights=1, match="2 learning rates.* for 1 weights"),
        bad(normal(2), normal(2), normal(2), lrs=(0.1,), wds=(0.0,), num_weights=1, match="3 inputs came"),
        bad(normal(2), integers(2), lrs=(0.1,), wds=(0.0,), num_weights=1, match="grad_0 is int32; expected float32"),
        bad(normal(2), normal(2), wds=(0.0,), num_weights=1, match="required attribute 'lrs'"),
    ],
    benchmark=lambda: many("wg", **_LARGE),
)
def multi_sgd_update(*data, lrs, wds, rescale_grad=1.0, clip_gradient=-1.0, num_weights=1):
    both = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient}
    return [sgd_update(*group, lr=lr, wd=wd, **both) for group, lr, wd in zip(groups(data, 2), lrs, wds)]


@reference(
    "multi_mp_sgd_update",
    samples=[
        many("wgW", **{"dtype": "float16", **given}) for given in (*_SGD, {**_RATES, "dtype": "float32", **_KEPT})
    ],
    bad=[
        bad(
            normal(2), normal(2), normal(3), lrs=(0.1,), wds=(0.0,), num_weights=1, match=r"weight32_0 has shape \(3,\)"
        ),
    ],
    benchmark=lambda: many("wgW", dtype="float16", **_LARGE),
)
def multi_mp_sgd_update(*data, **attributes):
    wide = [x for weight, grad, master in groups(data, 3) for x in (master, grad)]
    return _narrow(multi_sgd_update(*wide, **attributes), data, 3)


def _narrow(values, data, width: int):
    return [result(value, group[0]) for value, group in zip(values, groups(data, width))]


@reference(
    "multi_sgd_mom_update",
    samples=[many("wgm", **given) for given in (*_MOMENTUM, {**_WIDE, "momentum": 0.9})],
    bad=[
        bad(
            *[normal(2)] * 2,
            normal(3),
            lrs=(0.1,),
            wds=(0.0,),
            num_weights=1,
            match=r"mom_0 has shape \(3,\) and weight",
        ),
    ],
    benchmark=lambda: many("wgm", momentum=0.9, **_LARGE),
)
def multi_sgd_mom_update(*data, lrs, wds, momentum=0.0, rescale_grad=1.0, clip_gradient=-1.0, num_weights=1):
    rest = {"rescale_grad": rescale_grad, "clip_gradient": clip_gradient, "momentum": momentum}
    return [sgd_mom_update(*group, lr=lr, wd=wd, **rest) for group, lr, wd in zip(groups(data, 3), lrs, wds)]


@reference(
    "multi_mp_sgd_mom_update",
    samples=[
        many("wgmW", **{"dtype": "float16", **given}) for given in (*_MOMENTUM, {**_RATES, "dtype": "float32", **_KEPT})
    ],
    bad=[
        bad(*[normal(2)] * 3, normal(3), lrs=(0.1,), wds=(0.0,), num_weights=1, match=r"weight32_0 has shape \(3,\)"),
    ],
    benchmark=lambda: many("wgmW", dtype="float16", momentum=0.9, **_LARGE),
)
def multi_mp_sgd_mom_update(*data, **attributes):
    wide = [x for weight, grad, mom, master in groups(data, 4) for x in (master, grad, mom)]
    return _narrow(multi_sgd_mom_update(*wide, **attributes), data, 4)


def _loaded(kinds: str, *, lrs, wds, **options) -> Sample:
    return many(kinds, np.float32(lrs), np.float32(wds), **options)


def _preloaded(update, *data, **attributes):
    *arrays, lrs, wds = data
    return update(*arrays, lrs=lrs.tolist(), wds=wds.tolist(), **attributes)


_LRS = np.float32([0.1])


@reference(
    "preloaded_multi_sgd_update",
    samples=[_loaded("wg", **given) for given in (*_SGD, _WIDE)],
    bad=[
        bad(*[normal(2)] * 2, normal(2), _LRS, num_weights=1, match="lrs holds 2 numbers and 2 arrays came with it"),
        bad(*[normal(2)] * 2, _LRS, _LRS.astype("float64"), num_weights=1, match="wds is float64; expected float32"),
        bad(normal(2), normal(3), _LRS, _LRS, num_weights=1, match=r"grad_0 has shape \(3,\) and weight_0 "),
    ],
    benchmark=lambda: _loaded("wg", **_LARGE),
)
def preloaded_multi_sgd_update(*data, **attributes):
    return _preloaded(multi_sgd_update, *data, **attributes)


@reference(
    "preloaded_multi_sgd_mom_update",
    samples=[_loaded("wgm", **given) for given in (*_MOMENTUM, {**_WIDE, "momentum": 0.9})],
    bad=[bad(*[normal(2)] * 2, normal(3), _LRS, _LRS, num_weights=1, match=r"mom_0 has shape \(3,\) and weight_0 ")],
    benchmark=lambda: _loaded("wgm", momentum=0.9, **_LARGE),
)
def preloaded_multi_sgd_mom_update(*data, **attributes):
    return _preloaded(multi_sgd_mom_update, *data, **attributes)


@reference(
    "preloaded_multi_mp_sgd_update",
    samples=[_loaded("wgW", **{"dtype": "float16", **given}) for given in _SGD],
    bad=[bad(*[normal(2)] * 2, normal(3), _LRS, _LRS, num_weights=1, match=r"weight32_0 has shape \(3,\) and weight")],
    benchmark=lambda: _loaded("wgW", dtype="float16", **_LARGE),
)
def preloaded_multi_mp_sgd_update(*data, **attributes):
    return _preloaded(multi_mp_sgd_update, *data, **attributes)


@reference(
    "preloaded_multi_mp_sgd_mom_update",
    samples=[_loaded("wgmW", **{"dtype": "float16", **given}) for given in _MOMENTUM],
    bad=[bad(*[normal(2)] * 3, normal(3), _LRS, _LRS, num_weights=1, match=r"weight32_0 has shape \(3,\) and weight")],
    benchmark=lambda: _loaded("wgmW", dtype="float16", momentum=0.9, **_LARGE),
)
def preloaded_multi_mp_sgd_mom_update(*data, **attributes):
    return _preloaded(multi_mp_sgd_mom_update, *data, **attributes)


def _adamw(kinds: str, *, scale: float = 0.5, dtype: str = "float32", **options) -> Sample:
    kind = "float32" if "W" in kinds else dtype
    return many(kinds, np.array([scale], kind), dtype=dtype, **options)


_ETAS = {**_RATES, "etas": (1.0, 1.0, 0.5)}
_UNWRITTEN = {"golden": False, "why": "1.9.1 leaves an output that is not the weights unwritten"}
_HALF = {"golden": False, "why": "1.9.1 makes no step in float16"}
_ADAMW = (
    _ETAS, {**_ETAS, "beta1": 0.8, "beta2": 0.5}, {**_ETAS, "beta1": 1.0}, {**_ETAS, "epsilon": 0.5},
    {**_ETAS, "clip_gradient": 0.3}, {**_ONE, "etas": (0.5,)}, {**_ETAS, "dtype": "float16"},
    {**_ETAS, **_UNWRITTEN, "scale": 0.0}, {**_ETAS, **_UNWRITTEN, "scale": np.nan},
)  # fmt: skip
_LARGE_ADAMW = {**_LARGE, "etas": (1.0,) * 20}
del _LARGE_ADAMW["rescale_grad"]


@reference(
    "_multi_adamw_update",
    samples=[_adamw("wgmv", **(given | (_HALF if "dtype" in given else {}))) for given in _ADAMW],
    bad=[
        bad(*[normal(2)] * 3, normal(3), _LRS, lrs=(0.1,), wds=(0.1,), etas=(1.0,), num_weights=1,
            match=r"var_0 has shape \(3,\) and weight_0 "),
        bad(*[normal(2)] * 4, _LRS, lrs=(0.1,), wds=(0.1,), etas=(), num_weights=1, match="0 learning rates, decays"),
    ],
    benchmark=lambda: _adamw("wgmv", **_LARGE_ADAMW),
)  # fmt: skip
def multi_adamw_update(*data, lrs, wds, etas, num_weights=1, **rest):
    *arrays, scale = data
    return [
        adamw_update(*group, scale, lr=lr, wd=wd, eta=eta, **rest)
        for group, lr, wd, eta in zip(groups(arrays, 4), lrs, wds, etas)
    ]


@reference(
    "_multi_mp_adamw_update",
    samples=[_adamw("wgmvW", **{"dtype": "float16", **given}) for given in _ADAMW],
    bad=[
        bad(*[normal(2)] * 4, normal(3), _LRS, lrs=(0.1,), wds=(0.1,), etas=(1.0,), num_weights=1,
            match=r"weight32_0 has shape \(3,\) and weight_0 "),
    ],
    benchmark=lambda: _adamw("wgmvW", dtype="float16", **_LARGE_ADAMW),
)  # fmt: skip
def multi_mp_adamw_update(*data, **attributes):
    wide = [x for _, grad, mean, var, master in groups(data, 5) for x in (master, grad, mean, var)]
    return _narrow(multi_adamw_update(*wide, data[-1], **attributes), data, 5)


def _lamb(kinds: str, **options) -> Sample:
    return many(kinds, count="num_tensors", **options)


_LAYERS = {"learning_rates": (0.1, 0.2, 0.1), "wds": (0.0, 0.1, 0.1), "step_count": (1, 2, 30)}
_LAMB = (
    _LAYERS, {**_LAYERS, "beta1": 0.8, "beta2": 0.5}, {**_LAYERS, "epsilon": 0.5}, {**_LAYERS, "rescale_grad": 0.5},
    {**_LAYERS, "lower_bound": 2.0}, {**_LAYERS, "upper_bound": 0.5}, {**_LAYERS, "bias_correction": False},
    {**_LAYERS, "clip_gradient": 0.3, "rescale_grad": 2.0}, {**_LAYERS, "dtype": "float16"},
    {"learning_rates": (0.1,), "wds": (0.1,), "step_count": (3,), "shapes": ((3,),)},
)  # fmt: skip
_NORMS = {"golden": False, "why": "1.9.1 computes the norms of float64 arrays in float32"}
_LARGE_LAMB = {
    "learning_rates": (0.1,) * 20, "wds": (1e-4,) * 20, "step_count": (5,) * 20, "shapes": ((50, 1000),) * 20,
}  # fmt: skip


@reference(
    "_multi_lamb_update",
    samples=[_lamb("wgmv", **given) for given in (*_LAMB, {**_LAYERS, "dtype": "float64", **_NORMS})],
    bad=[
        bad(*[normal(2)] * 3, normal(3), learning_rates=(0.1,), wds=(0.1,), step_count=(1,), num_tensors=1,
            match=r"var_0 has shape \(3,\) and weight_0 "),
        bad(*[normal(2)] * 4, learning_rates=(0.1,), wds=(0.1,), step_count=(0,), num_tensors=1,
            match="the averages of step 0 .* cannot be corrected"),
    ],
    benchmark=lambda: _lamb("wgmv", **_LARGE_LAMB),
)  # fmt: skip
def multi_lamb_update(
    *data, learning_rates, wds, step_count, lower_bound=-1.0, upper_bound=-1.0, num_tensors=1, given=None, **rest
):
    found = []
    given = given or data[::4]
    for (weight, *others), narrow, lr, wd, t in zip(groups(data, 4), given, learning_rates, wds, step_count):
        wide = weight.astype("float64")
        step = lamb_update_phase1(wide, *others, wd=wd, t=t, **rest)
        norms = [np.sqrt(np.sum(x * x)).reshape(1) for x in (narrow.astype("float64"), step)]
        bounds = {"lower_bound": lower_bound, "upper_bound": upper_bound}
        found.append(result(lamb_update_phase2(wide, step, *norms, lr=lr, **bounds), weight))
    return found


def _squared(given: dict) -> dict:
    """Take no goldens where the digits that 1.9.1 loses are seen."""
    seen = given.keys() & {"beta1", "bias_correction"}
    return {"golden": False, "why": "1.9.1 squares float16 weights in float16"} if seen else {}


@reference(
    "_multi_mp_lamb_update",
    samples=[_lamb("wgmvW", **{"dtype": "float16", **given, **_squared(given)}) for given in _LAMB],
    bad=[
        bad(*[normal(2)] * 4, normal(3), learning_rates=(0.1,), wds=(0.1,), step_count=(1,), num_tensors=1,
            match=r"weight32_0 has shape \(3,\) and weight_0 "),
    ],
    benchmark=lambda: _lamb("wgmvW", dtype="float16", **_LARGE_LAMB),
)  # fmt: skip
def multi_mp_lamb_update(*data, **attributes):
    wide = [x for _, grad, mean, var, master in groups(data, 5) for x in (master, grad, mean, var)]
    return _narrow(multi_lamb_update(*wide, given=data[::5], **attributes), data, 5)
