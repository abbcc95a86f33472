"""A NumPy reference and samples for every operator: what the laws in ``tests/laws`` are driven by.

A module here mirrors one in ``mxnet/_ops``. It holds, for each operator, a plain NumPy function with the operator's
signature and a list of samples::

    @reference("clip", samples=[sample(normal(2, 3), a_min=-0.5, a_max=0.5)])
    def clip(data, *, a_min, a_max):
        return np.clip(data, a_min, a_max)

The references know NumPy only, never torch or the library. Goldens recorded from MXNet 1.9.1 for the same samples lie
in ``tests/golden`` (see ``tests/golden/record.py``).
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass
class Sample:
    """One call of an operator: inputs, attributes, and what the laws may do with it."""

    inputs: tuple[np.ndarray, ...]
    attributes: dict[str, Any]
    training: bool = True  # the mode of the recording
    differentiable: bool = True  # finite differences are meaningful here (no kink or tie at the sampled point)
    golden: bool = True  # the answer of MXNet 1.9.1 is the right one (False: give the reason in `why`)
    golden_gradient: bool = True  # the same for its gradient
    why: str = ""
    label: str = ""

    def __str__(self) -> str:
        shapes = "x".join("_".join(map(str, x.shape)) or "scalar" for x in self.inputs) or "none"
        text = ",".join(f"{k}={v}" for k, v in self.attributes.items())
        return self.label or f"{shapes}[{text}]"[:80].replace(" ", "")


@dataclass
class BadSample:
    """A call that must be refused with a message that matches `match`."""

    inputs: tuple[np.ndarray, ...]
    attributes: dict[str, Any]
    match: str


@dataclass
class Reference:
    """The reference of one operator. `function` is None where the operator is random or only mutates state."""

    name: str
    function: Callable[..., Any] | None
    samples: list[Sample]
    bad: list[BadSample] = field(default_factory=list)
    deterministic: bool = True
    benchmark: Callable[[], Sample] | None = None
    constant: tuple[str, ...] = ()


REFERENCES: dict[str, Reference] = {}


def sample(*inputs: np.ndarray, **options: Any) -> Sample:
    """One sample: inputs by position, attributes by keyword, and the fields of `Sample` by their names."""
    fields = {name: options.pop(name) for name in list(options) if name in Sample.__dataclass_fields__}
    return Sample(inputs=tuple(np.asarray(x) for x in inputs), attributes=options, **fields)


def bad(*inputs: np.ndarray, match: str, **attributes: Any) -> BadSample:
    """One call that must fail with a message matching the regular expression `match`."""
    return BadSample(tuple(np.asarray(x) for x in inputs), attributes, match)


def reference(
    *names: str,
    samples: list[Sample],
    bad: list[BadSample] | None = None,
    deterministic: bool = True,
    benchmark: Callable[[], Sample] | None = None,
    constant: tuple[str, ...] = (),
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register the decorated NumPy function as the reference of the operators `names`.

    `benchmark` makes one call of a size that real programs have, for ``benchmarks/operators.py``. `constant` names
    floating inputs that the gradient takes for constants, as MXNet does: boxes, counts.
    """

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            if name in REFERENCES:
                raise ValueError(f"two references for {name}")
            REFERENCES[name] = Reference(name, function, samples, bad or [], deterministic, benchmark, constant)
        return function

    return register


def without_reference(
    *names: str,
    samples: list[Sample],
    bad: list[BadSample] | None = None,
    benchmark: Callable[[], Sample] | None = None,
) -> None:
    """Register samples of an operator whose values cannot be predicted (random ones): shapes and dtypes only."""
    for name in names:
        REFERENCES[name] = Reference(name, None, samples, bad or [], deterministic=False, benchmark=benchmark)


def _generator(*key: Any) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


def normal(*shape: int, seed: int = 0, dtype: str = "float32", scale: float = 1.0) -> np.ndarray:
    """Standard normal values times `scale`; the same for the same arguments."""
    return (_generator("normal", shape, seed).standard_normal(shape) * scale).astype(dtype)


def uniform(*shape: int, low: float = 0.0, high: float = 1.0, seed: int = 0, dtype: str = "float32") -> np.ndarray:
    """Uniform values in [low, high)."""
    return _generator("uniform", shape, seed).uniform(low, high, shape).astype(dtype)


def integers(*shape: int, low: int = 0, high: int = 10, seed: int = 0, dtype: str = "int32") -> np.ndarray:
    """Uniform integers in [low, high), stored with `dtype` (indices are float32 in most MXNet programs)."""
    return _generator("integers", shape, seed).integers(low, high, shape).astype(dtype)


def load_all() -> dict[str, Reference]:
    """Import every module here and return the references by operator name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return REFERENCES
