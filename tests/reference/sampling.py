"""Samples for mxnet/_ops/sampling.py: shapes, dtypes and refusals; ``tests/laws/test_sampling.py`` tests the values."""

from __future__ import annotations

from typing import Any

from . import bad, integers, normal, sample, without_reference

#: Usual parameters of each distribution, and parameters that must be refused with the text of the message.
PARAMETERS: dict[str, tuple[dict[str, Any], list[tuple[dict[str, Any], str]]]] = {
    "uniform": (
        {"low": 1, "high": 2.5},
        [({"low": 2, "high": 1}, "low=2.0 and high=1.0"), ({"low": float("nan")}, "low=nan")],
    ),
    "normal": (
        {"loc": 3, "scale": 0.5},
        [
            ({"scale": -1}, "scale=-1.0; expected a positive"),
            ({"scale": 0}, "scale=0.0"),
            ({"scale": "nan"}, "scale=nan"),
        ],
    ),
    "gamma": (
        {"alpha": 2, "beta": 3},
        [({"alpha": 0}, "alpha=0.0; expected a positive"), ({"beta": -1}, "beta=-1.0; expected a positive")],
    ),
    "exponential": ({"lam": 2}, [({"lam": 0}, "lam=0.0; expected a positive"), ({"lam": -1}, "lam=-1.0")]),
    "poisson": ({"lam": 4}, [({"lam": -1}, "lam=-1.0; expected a number of at least 0")]),
    "negative_binomial": (
        {"k": 3, "p": 0.5},
        [({"k": -1, "p": 0.5}, "k=-1"), ({"p": -0.5}, "p=-0.5"), ({"k": 1.5}, "attribute 'k': expected int")],
    ),
    "generalized_negative_binomial": (
        {"mu": 2, "alpha": 0.3},
        [({"mu": -1}, "mu=-1.0; expected a number of at least 0"), ({"alpha": -1}, "alpha=-1.0")],
    ),
}
EXTREME: dict[str, list[dict[str, Any]]] = {
    "uniform": [{"low": 1, "high": 1}],
    "gamma": [{"alpha": 0.01}],
    "poisson": [{"lam": 0}, {"lam": 1e6}],
    "negative_binomial": [{"k": 0, "p": 0.5}, {"k": 2, "p": 1}, {"k": 2, "p": 1.5}],
    "generalized_negative_binomial": [{"mu": 0}, {"alpha": 0}],
}

for _name, (_usual, _bad) in PARAMETERS.items():
    without_reference(
        f"_random_{_name}",
        samples=[
            sample(shape=(2, 3)),
            sample(shape=(2, 3), **_usual),
            sample(shape=4, ctx="cpu(0)", **_usual),
            sample(shape=(), **_usual),
            sample(shape=(2, 0), **_usual),
            *[sample(shape="(1, 5)", dtype=dtype, **_usual) for dtype in ("None", "float16", "float32", "float64")],
            *[sample(shape=(3,), **extreme) for extreme in EXTREME.get(_name, [])],
        ],
        bad=[
            *[bad(shape=(2,), match=match, **parameters) for parameters, match in _bad],
            bad(shape=(2,), dtype="int32", match="dtype is int32; expected float16, float32 or float64"),
            bad(shape=(2, -1), match="negative length"),
        ],
        benchmark=lambda usual=_usual: sample(shape=(1000, 1000), **usual),
    )
    without_reference(
        f"_random_{_name}_like",
        samples=[
            sample(normal(2, 3)),
            *[sample(normal(2, 3, dtype=dtype), **_usual) for dtype in ("float16", "float32", "float64")],
            sample(normal(1), **_usual),
            sample(normal(2, 0), **_usual),
            *[sample(normal(3), **extreme) for extreme in EXTREME.get(_name, [])],
        ],
        bad=[
            *[bad(normal(2), match=match, **parameters) for parameters, match in _bad],
            bad(integers(2), match="data is int32; expected float16, float32 or float64", **_usual),
        ],
        benchmark=lambda usual=_usual: sample(normal(1000, 1000), **usual),
    )

without_reference(
    "_random_randint",
    samples=[
        sample(low=3, high=9, shape=(2, 3)),
        sample(low=-5, high=-4, shape=3, ctx="cpu(0)"),
        sample(low=0, high=2**40, shape=(2,), dtype="int64"),
        sample(low=-(2**31), high=2**31, shape=(2,), dtype="int32"),
        sample(low=-(2**63), high=2**63 - 1, shape=(2,), dtype="int64"),
        sample(low="0", high="5", shape="(2,)", dtype="None"),
        sample(low=0, high=5, shape=()),
        sample(low=0, high=5, shape=(0,)),
    ],
    bad=[
        bad(low=5, high=4, shape=(3,), match="low=5 and high=4; expected low below high"),
        bad(low=5, high=5, shape=(3,), match="low=5 and high=5; expected low below high"),
        bad(low=0, high=2**40, shape=(3,), match="do not fit int32; pass a wider dtype"),
        bad(low=0, high=5, shape=(3,), dtype="float32", match="dtype is float32; expected int32 or int64"),
        bad(low=0, shape=(3,), match="required attribute 'high'"),
    ],
    benchmark=lambda: sample(low=0, high=1000, shape=(1000, 1000)),
)
