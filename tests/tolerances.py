"""How far a result may be from the expected one, by dtype: the only place where tests say so."""

from __future__ import annotations

import numpy as np

#: dtype -> (relative, absolute), for one operator against a reference or a golden.
OPERATOR = {
    "float64": (1e-9, 1e-10),
    "float32": (2e-5, 2e-6),
    "float16": (5e-3, 2e-3),
    "bfloat16": (4e-2, 1e-2),
}

#: The same for gradients against goldens: MXNet's own kernels accumulate in float32.
GRADIENT = {
    "float64": (1e-6, 1e-7),
    "float32": (1e-4, 1e-5),
    "float16": (1e-2, 5e-3),
    "bfloat16": (6e-2, 2e-2),
}


def assert_close(actual: np.ndarray, expected: np.ndarray, table: dict[str, tuple[float, float]], what: str) -> None:
    """Compare shape, dtype and values (exactly for integers and booleans)."""
    assert actual.shape == expected.shape, f"{what}: shape {actual.shape}, expected {expected.shape}"
    assert actual.dtype == expected.dtype, f"{what}: dtype {actual.dtype}, expected {expected.dtype}"
    if expected.dtype.name in table:
        relative, absolute = table[expected.dtype.name]
        np.testing.assert_allclose(
            actual.astype("float64"), expected.astype("float64"), relative, absolute, equal_nan=True, err_msg=what
        )
    else:
        np.testing.assert_array_equal(actual, expected, err_msg=what)
