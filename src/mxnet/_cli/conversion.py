"""``remx convert``: a model in another format."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..base import MXNetError
from . import formats, tables
from .executing import bound, computable, outputs, random_inputs, require_parameters
from .main import DIFFERS, GOOD, fail
from .models import Model, find, open_model
from .progress import Stages
from .shapes import Shape, Variables, batch_is_open, find_shapes, infer, parse_shapes

#: The largest difference that passes, as a part of an output's largest value.
_TOLERANCE = 1e-3

_ENDINGS = {"onnx": ".onnx", "safetensors": ".safetensors"}


def run(options: argparse.Namespace) -> int:
    """Write a model in another format; with ``--check``, compare what both compute."""
    target = _target(options)
    if options.opset is not None and options.to != "onnx":
        fail(f"--opset {options.opset}: only ONNX files have one (--to onnx)")
    if options.to == "onnx":
        formats.require("onnx", "onnx", "--to onnx")
        if options.check:
            formats.require("onnxruntime", "onnx", "--check")
    if options.to == "safetensors":
        formats.require("safetensors", "safetensors", "--to safetensors")
    stages = ["reading", "writing", *(["checking"] if options.check else [])]
    with Stages(*stages) as bar:
        bar.next()
        model = open_model(options)
        if options.to in ("onnx", "torch"):
            model = formats.without_labels(computable(model))
        variables = Variables(model)
        if not model.parameters and variables.missing:
            fail(f"{model.name} has no parameters: give its .params file")
        model = formats.used_only(model, variables)
        shapes = _shapes(options, model, variables)
        folder = os.path.dirname(os.path.abspath(target))
        with tempfile.TemporaryDirectory(prefix=".remx-", dir=folder) as place:
            bar.next()
            written, said = _write(options, model, variables, shapes, os.path.join(place, os.path.basename(target)))
            checked = None
            if options.check:
                bar.next()
                assert shapes is not None
                checked = _compare(options.to, written[0], model, variables, _two(model, variables, shapes))
            paths = _move(place, folder)
    said = [*model.notes, *said]
    good = checked is None or all(row["relative"] <= _TOLERANCE for row in checked)
    if options.json:
        files = [{"path": path, "size": os.path.getsize(path)} for path in paths]
        tables.print_json({"files": files, "remarks": said, "check": checked, "passed": good if checked else None})
    else:
        _print(model, paths, said, checked, good)
    return GOOD if good else DIFFERS


def _target(options: argparse.Namespace) -> str:
    """Return the path or prefix to write to, with the right ending."""
    path: str = options.output
    ending = _ENDINGS.get(options.to)
    if ending is not None and not path.lower().endswith(ending):
        path += ending
    if options.to == "torch":
        path = path.removesuffix(".pt2").removesuffix(".py").removesuffix(".pt")
    if options.to == "mxnet":
        path = path.removesuffix("-symbol.json").removesuffix("-0000.params")
    folder, name = os.path.split(path)
    if folder and not os.path.isdir(folder):
        fail(f"-o {options.output}: there is no folder {folder!r}")
    if not name:
        fail(f"-o {options.output}: expected a name in this folder, such as {os.path.join(path, 'model')}")
    if os.path.isdir(path):
        fail(f"-o {options.output}: {path!r} is a folder")
    return path


def _shapes(options: argparse.Namespace, model: Model, variables: Variables) -> dict[str, Shape] | None:
    """Return the shapes of all inputs and labels, None where the new format needs none; refuse what does not fit."""
    given = parse_shapes(options.input, variables)
    try:
        shapes, _ = find_shapes(model, variables, given)
    except MXNetError:
        if options.to in ("onnx", "torch") or options.check or given:
            raise
        shapes = None
    require_parameters(model, variables, infer(model, shapes or {}, with_parameters=shapes is None))
    return shapes


def _write(
    options: argparse.Namespace, model: Model, variables: Variables, shapes: dict[str, Shape] | None, target: str
) -> tuple[list[str], list[str]]:
    """Write the new files; return their paths, the first of which can be run, and remarks."""
    if options.to == "mxnet":
        return formats.write_mxnet(model, target), []
    if options.to == "safetensors":
        formats.write_safetensors(model, target)
        return [target], []
    assert shapes is not None
    is_open = batch_is_open(model, {name: shapes[name] for name in variables.inputs})
    if options.to == "onnx":
        return [target], formats.write_onnx(model, variables, target, shapes, is_open, options.opset)
    return formats.write_torch(model, variables, target, shapes, is_open)


def _move(place: str, folder: str) -> list[str]:
    """Move the finished files to where they belong; return their paths as the user would write them."""
    found: list[str] = []
    for name in sorted(os.listdir(place)):
        path = os.path.join(folder, name)
        os.replace(os.path.join(place, name), path)
        shown = os.path.relpath(path)
        found.append(path if shown.startswith("..") else shown)
    return found


# -- the check -------------------------------------------------------------------------------------------------------


def _two(model: Model, variables: Variables, shapes: dict[str, Shape]) -> dict[str, Shape]:
    """Return shapes for a batch of two where there was one: a batch size that is written somewhere shows."""
    data = {name: shapes[name] for name in variables.inputs}
    if not batch_is_open(model, data) or any(shape[0] != 1 for shape in data.values()):
        return shapes
    return find_shapes(model, variables, {name: (2, *shape[1:]) for name, shape in data.items()})[0]


def _compare(
    to: str, path: str, model: Model, variables: Variables, shapes: Mapping[str, Shape]
) -> list[dict[str, Any]]:
    """Return, for each output, how far what was written is from the model."""
    values = random_inputs(model, variables, shapes)
    model = computable(model)
    if model.form == "onnx":
        expected = formats.run_onnx(model.files[0], values)
    else:
        expected = _run_here(model, variables, shapes, values)
    if to == "onnx":
        found = formats.run_onnx(path, values)
    elif to == "torch":
        found = formats.run_torch(path, model, variables, values)
    else:
        again = computable(find(path.removesuffix("-symbol.json"), None, None))
        found = _run_here(again, Variables(again), shapes, values)
    names = model.symbol.list_outputs()
    if len(found) != len(expected):
        fail(f"--check: the model has {len(expected)} outputs, what was written has {len(found)}")
    return [_apart(name, one, other) for name, one, other in zip(names, expected, found)]


def _run_here(
    model: Model, variables: Variables, shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray]
) -> list[np.ndarray]:
    from ..context import cpu

    return [array.asnumpy() for array in outputs(bound(model, variables, shapes, cpu()), values)]


def _apart(name: str, expected: np.ndarray, found: np.ndarray) -> dict[str, Any]:
    """Return the largest difference of two outputs, and its part of the largest value."""
    if tuple(expected.shape) != tuple(found.shape):
        fail(f"--check: the output {name} has shape {expected.shape}, in what was written {found.shape}")
    one, other = expected.astype(np.float64), found.astype(np.float64)
    with np.errstate(invalid="ignore"):
        apart = np.abs(one - other)
    apart[(one == other) | (np.isnan(one) & np.isnan(other))] = 0
    apart = np.nan_to_num(apart, nan=np.inf)
    top = np.abs(one[np.isfinite(one)]).max(initial=0.0)
    largest = float(apart.max(initial=0.0))
    return {"output": name, "largest": largest, "relative": largest / top if top else largest}


def _print(
    model: Model, paths: Sequence[str], said: Sequence[str], checked: Sequence[dict[str, Any]] | None, good: bool
) -> None:
    print(*(f"Written: {path} ({tables.size(os.path.getsize(path))})" for path in paths), sep="\n")
    if said:
        print(*tables.bullets(said), sep="\n")
    if checked is not None:
        cells = [(row["output"], f"{row['largest']:.2e}", f"{row['relative']:.2e}") for row in checked]
        heads = ("Output", "Largest difference", "Relative")
        print("", *tables.table(heads, cells, right="lrr"), sep="\n")
        verdict = "passed" if good else f"FAILED: above {_TOLERANCE:g}"
        print(f"\nCheck on random input {verdict}")
