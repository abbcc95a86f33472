"""Which public module an operator's name belongs to, as in MXNet."""

from __future__ import annotations

from collections.abc import Iterator

from .._ops import registry
from .._ops.registry import Operator

#: Prefix of a registered name -> submodule of ``mx.nd`` and ``mx.sym``.
PREFIXES = {"_contrib_": "contrib", "_linalg_": "linalg", "_image_": "image", "_sparse_": "sparse"}

#: Modules beside a generated submodule of ``mx.nd`` and ``mx.sym`` whose names it shows as its own.
WRITTEN_BY_HAND = {
    ("ndarray", "contrib"): ("contrib_functions", "control_flow"),
    ("symbol", "contrib"): ("contrib_functions", "control_flow"),
    ("ndarray", "sparse"): ("_sparse_arrays", "_sparse_base", "_sparse_creation", "_sparse_functions"),
}

#: Prefixes of the operators of ``mx.np`` and ``mx.npx``, which have front ends of their own.
NUMPY_PREFIXES = ("_np_", "_npi_", "_npx_")


def members(namespace: str) -> Iterator[tuple[str, str, Operator]]:
    """Yield (public name, registered name, operator) for one submodule.

    `namespace` is ``op`` for plain names, ``_internal`` for names with a leading underscore, or a value of PREFIXES.
    """
    for name in registry.names():
        found = place(name)
        if found is not None and found[0] == namespace and not registry.get(name).subgraphs:
            yield found[1], name, registry.get(name)


def place(name: str) -> tuple[str, str] | None:
    """Return (submodule, public name) of a registered name, None for the NumPy front ends' operators."""
    if name.startswith(NUMPY_PREFIXES):
        return None
    for prefix, submodule in PREFIXES.items():
        if name.startswith(prefix) and len(name) > len(prefix):
            return submodule, name[len(prefix) :]
    return ("_internal", name) if name.startswith("_") else ("op", name)


#: Operators that are also methods of NDArray and Symbol, with the array as first argument.
FLUENT = (
    "abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "argmax", "argmax_channel", "argmin",
    "argsort", "broadcast_axes", "cbrt", "ceil", "clip", "cos", "cosh", "degrees", "depth_to_space", "exp", "expm1",
    "fix", "flip", "floor", "log", "log10", "log1p", "log2", "log_softmax", "max", "mean", "min", "nanprod",
    "nansum", "norm", "one_hot", "ones_like", "pad", "pick", "prod", "radians", "rcbrt", "reciprocal", "relu",
    "repeat", "reshape_like", "rint", "round", "rsqrt", "shape_array", "sigmoid", "sign", "sin", "sinh",
    "size_array", "slice", "slice_axis", "slice_like", "softmax", "softmin", "sort", "space_to_depth", "split",
    "sqrt", "square", "sum", "swapaxes", "take", "tan", "tanh", "tile", "topk", "transpose", "trunc", "zeros_like",
)  # fmt: skip
