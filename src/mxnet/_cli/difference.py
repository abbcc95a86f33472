"""``remx diff``: which parameters of two files differ."""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from . import tables
from .main import DIFFERS, GOOD, fail
from .models import epochs, load_params

if TYPE_CHECKING:
    from ..ndarray import NDArray


@dataclass
class Difference:
    """How one parameter differs: ``missing`` (from `side` A or B), ``shape``, ``dtype``, ``kind`` or ``values``."""

    name: str
    what: str
    text: str
    largest: float | None = None
    relative: float | None = None


def run(options: argparse.Namespace) -> int:
    """Print the differences of two files; the exit code says whether there are any."""
    if not options.tolerance >= 0:
        fail(f"--tolerance {options.tolerance}: expected 0 or more")
    (first_path, first), (second_path, second) = _read(options.first), _read(options.second)
    found, compared = differences(first, second, options.tolerance)
    if options.json:
        rows = [vars(difference) for difference in found]
        tables.print_json({"a": first_path, "b": second_path, "equal": compared - len(found), "differences": rows})
    else:
        print(*tables.facts([("A", _said(first_path, first)), ("B", _said(second_path, second))]), sep="\n")
        if found:
            cells = [(d.name, d.text, _number(d.largest), _number(d.relative)) for d in found]
            heads = ("Parameter", "What differs", "Largest", "Relative")
            print("", *tables.table(heads, cells, right="llrr"), sep="\n")
        equal = f"equal{f' to {options.tolerance:g}' if options.tolerance else ''}"
        print(
            f"\n{len(found)} of {compared} parameters differ" if found else f"\nAll {compared} parameters are {equal}"
        )
    return DIFFERS if found else GOOD


def _said(path: str, arrays: Mapping[str, NDArray]) -> str:
    return f"{path} ({len(arrays)} arrays, {tables.size(os.path.getsize(path))})"


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2e}"


def _read(name: str) -> tuple[str, dict[str, NDArray]]:
    """Return the file that a name stands for, and its arrays, with ``arg:`` and ``aux:`` where the file has them."""
    if name.endswith(".safetensors") and os.path.isfile(name):
        from .formats import read_safetensors

        arg_params, aux_params, _ = read_safetensors(name)
        return name, _with_kinds(arg_params, aux_params)
    if name.endswith(".onnx") and os.path.isfile(name):
        from ..onnx import import_model

        _, arg_params, aux_params = import_model(name)
        return name, _with_kinds(arg_params, aux_params)
    if not os.path.isfile(name) and epochs(name):
        name = f"{name}-{epochs(name)[-1]:04d}.params"
    if not os.path.isfile(name):
        fail(f"there is no file {name!r}, and no {name}-0000.params or the like")
    if name.endswith(".json"):
        fail(f"{name!r} is a symbol, which has no parameters; give the .params file, or the prefix of both")
    return name, load_params(name)


def _with_kinds(arg_params: Mapping[str, NDArray], aux_params: Mapping[str, NDArray]) -> dict[str, NDArray]:
    found = {f"arg:{name}": array for name, array in arg_params.items()}
    found.update({f"aux:{name}": array for name, array in aux_params.items()})
    return found


def differences(
    first: Mapping[str, NDArray], second: Mapping[str, NDArray], tolerance: float = 0.0
) -> tuple[list[Difference], int]:
    """Return how the arrays of two files differ, and how many names there are in all.

    Parameters
    ----------
    first, second : dict of str to NDArray
        What the files hold. ``arg:`` and ``aux:`` before names are compared where both files have them.
    tolerance : float
        Differences up to this, times the largest value of the array, do not count.
    """
    one, other = _by_name(first), _by_name(second)
    found: list[Difference] = []
    names = list(dict.fromkeys((*one, *other)))
    for name in names:
        if name not in one or name not in other:
            kind, array = one.get(name) or other[name]
            where = "A" if name in one else "B"
            found.append(Difference(name, "missing", f"only in {where}: {tables.shape(array.shape)}"))
            continue
        (kind, array), (other_kind, other_array) = one[name], other[name]
        if kind and other_kind and kind != other_kind:
            found.append(Difference(name, "kind", f"{kind} in A, {other_kind} in B"))
        elif array.shape != other_array.shape:
            text = f"shape {tables.shape(array.shape)}, {tables.shape(other_array.shape)}"
            found.append(Difference(name, "shape", text))
        else:
            difference = _values(name, array, other_array, tolerance)
            if difference is not None:
                found.append(difference)
    return found, len(names)


def _by_name(arrays: Mapping[str, NDArray]) -> dict[str, tuple[str, NDArray]]:
    found: dict[str, tuple[str, NDArray]] = {}
    for key, array in arrays.items():
        kind, colon, name = key.partition(":")
        known = bool(colon) and kind in ("arg", "aux") and bool(name)
        found[name if known else key] = (kind if known else "", array)
    return found


def _values(name: str, one: NDArray, other: NDArray, tolerance: float) -> Difference | None:
    """Return how the values of two arrays of one shape differ; equal NaN do not."""
    a, b = one._data, other._data
    kinds = f"{str(a.dtype)[6:]}, {str(b.dtype)[6:]}"
    if a.dtype is b.dtype and torch.equal(a, b):
        return None
    a, b = a.double(), b.double()
    apart = (a - b).abs()
    apart[(a == b) | (a.isnan() & b.isnan())] = 0
    largest = float(apart.nan_to_num(nan=math.inf).max()) if apart.numel() else 0.0
    top = float(torch.maximum(a.abs(), b.abs()).nan_to_num(nan=0.0).max()) if apart.numel() else 0.0
    relative = largest / top if top else 0.0
    if one._data.dtype is not other._data.dtype:
        return Difference(name, "dtype", f"dtype {kinds}", largest, relative)
    if largest <= tolerance * top:
        return None
    count = int((apart > 0).sum() + apart.isnan().sum())
    return Difference(name, "values", f"{count:,} of {apart.numel():,} values", largest, relative)
