"""Samples for mxnet/_ops/multisampling.py: shapes, dtypes, refusals, and values where chance leaves no choice."""

from __future__ import annotations

import numpy as np

from . import bad, integers, normal, reference, sample, uniform, without_reference

#: Two arrays of parameters (one for a single parameter) for each distribution.
PARAMETERS = {
    "uniform": lambda *shape: (uniform(*shape), uniform(*shape, low=1, high=2)),
    "normal": lambda *shape: (normal(*shape), uniform(*shape, low=0.5)),
    "gamma": lambda *shape: (uniform(*shape, low=0.5), uniform(*shape, low=0.5)),
    "exponential": lambda *shape: (uniform(*shape, low=0.5),),
    "poisson": lambda *shape: (uniform(*shape, low=0.5, high=20),),
    "negative_binomial": lambda *shape: (integers(*shape, low=1, dtype="float32"), uniform(*shape, low=0.3)),
    "generalized_negative_binomial": lambda *shape: (uniform(*shape, high=5), uniform(*shape)),
}

for _name, _make in PARAMETERS.items():
    _arrays = _make(2, 3)
    _first, _last = _arrays[0], _arrays[-1]
    _wrong = [
        bad(_first, _last[:1], match=r"parameters have shapes \(2, 3\) and \(1, 3\); expected equal shapes"),
        bad(_first, _last.astype("float64"), match="float32 and rhs is float64"),
    ]
    without_reference(
        f"_sample_{_name}",
        samples=[
            sample(*_arrays),
            sample(*_arrays, shape=4),
            sample(*_arrays, shape=(2, 1)),
            sample(*_arrays, shape="(2, 0)"),
            *[sample(*_arrays, shape=2, dtype=dtype) for dtype in ("None", "float16", "float64")],
            *[sample(*[x[0].astype(dtype) for x in _arrays]) for dtype in ("float16", "float64", "int32", "uint8")],
            sample(*[x.astype("float64") for x in _arrays], dtype="float16"),
            sample(*[x[:0] for x in _arrays], shape=2),
        ],
        bad=[
            bad(*_arrays, dtype="int32", match="dtype is int32; expected float16, float32 or float64"),
            bad(*_arrays, shape=(-1,), match="negative length"),
            *(_wrong if len(_arrays) == 2 else []),
        ],
        benchmark=lambda make=_make: sample(*make(1000), shape=1000),
    )

CERTAIN = np.array([[0, 0, 1, 0], [1, 0, 0, 0]], "float32")
SCALED = "1.9.1 does not scale: it then gives the first position, or one past the last"


@reference(
    "_sample_multinomial",
    samples=[
        sample(CERTAIN),
        sample(CERTAIN, shape=3),
        sample(CERTAIN, shape=(2, 2), get_prob=True),
        sample(CERTAIN[0]),
        sample(CERTAIN[0], get_prob="True"),
        sample(CERTAIN[0], shape=(1,), dtype="uint8"),
        sample(CERTAIN[:, None], shape=2, dtype="float32"),
        sample(CERTAIN.astype("float64"), get_prob=True, dtype="float64"),
        sample(CERTAIN.astype("float16"), get_prob=True, dtype="float16"),
        sample(CERTAIN, shape=(2, 0), get_prob=True),
        sample(np.ones((3, 1), "float32"), get_prob=True),
        sample(CERTAIN[:0], shape=2, get_prob=True),
        sample(CERTAIN * 0.125, shape=4, get_prob=True, golden=False, why=SCALED),
    ],
    bad=[
        bad(integers(2, 3), match="data is int32; expected float16, float32 or float64"),
        bad(np.array([0.5, -0.5, 1], "float32"), match="data holds a row that is no distribution"),
        bad(np.array([[0.5, 0.5], [0, 0]], "float32"), match="data holds a row that is no distribution"),
        bad(np.array([0.5, np.nan], "float32"), match="data holds a row that is no distribution"),
        bad(np.array([0.5, np.inf], "float32"), match="data holds a row that is no distribution"),
        bad(np.zeros((2, 0), "float32"), match=r"data has shape \(2, 0\); expected \(..., K\)"),
        bad(CERTAIN, shape=(-1,), match="negative length"),
    ],
    benchmark=lambda: sample(np.full((64, 1000), 0.001, "float32"), shape=10),
)
def sample_multinomial(data, *, shape=(), get_prob=False, dtype="int32"):
    size = data.shape[:-1] + shape if data.ndim > 1 or shape else (1,)
    blocks = (*data.shape[:-1], *[1] * (len(size) - data.ndim + 1))
    positions = np.broadcast_to(data.argmax(-1).reshape(blocks), size).astype(str(dtype).split(".")[-1])
    return (positions, np.broadcast_to(np.log(data.max(-1)).reshape(blocks), size)) if get_prob else positions


@reference(
    "_shuffle",
    samples=[
        sample(np.full((4, 2), 3.0, "float32"), golden_gradient=False, why="1.9.1 has no gradient for it"),
        sample(np.array([7], "int64")),
        sample(normal(1, 5, dtype="float16")),
        sample(np.full(3, 2.5, "float64")),
        sample(np.full(3, 2, "uint8")),
        sample(np.full(3, True), golden=False, why="1.9.1 refuses bool"),
        sample(normal(0, 2), golden=False, why="1.9.1 may die of a division by zero"),
        sample(np.array(2.0, "float32"), golden=False, why="1.9.1 refuses an array without axes"),
    ],
    benchmark=lambda: sample(normal(100000, 8)),
)
def shuffle(data):
    return data


without_reference(
    "_sample_unique_zipfian",
    samples=[
        sample(range_max=20, shape=(2, 5)),
        sample(range_max=5, shape=(1, 5)),
        sample(range_max=1, shape=(3, 1)),
        sample(range_max=5, shape=(0, 5)),
        sample(range_max="5", shape="(2, 0)"),
    ],
    bad=[
        bad(range_max=5, match="shape=None; expected two lengths"),
        bad(range_max=5, shape=(3,), match=r"shape=\(3,\); expected two lengths"),
        bad(range_max=3, shape=(1, 9), match=r"range_max=3 and shape=\(1, 9\)"),
        bad(range_max=0, shape=(1, 0), match="range_max=0"),
        bad(shape=(1, 2), match="required attribute 'range_max'"),
    ],
    benchmark=lambda: sample(range_max=100000, shape=(8, 512)),
)
