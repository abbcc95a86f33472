"""``remx run``: a model on images and arrays."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import tables
from .executing import bound, computable, context_of, outputs
from .images import ENDINGS, Preparing
from .main import GOOD, fail
from .models import Model, open_model
from .shapes import Shape, Variables, find_shapes


def run(options: argparse.Namespace) -> int:
    """Run a model on files; print the best classes or what came out, and write the outputs where asked."""
    if options.top is not None and options.top < 1:
        fail(f"--top {options.top}: expected at least 1")
    if options.output is not None:
        _check_output(options.output)
    labels = _read_labels(options.labels) if options.labels is not None else None
    context = context_of(options.device)
    model = computable(open_model(options))
    variables = Variables(model)
    if not model.parameters and variables.missing:
        fail(f"{model.name} has no parameters: give its .params file")
    values, shapes, said = _values(options, model, variables)
    found = [array.asnumpy() for array in outputs(bound(model, variables, shapes, context), values)]
    names = model.symbol.list_outputs()
    said = [*model.notes, *said]
    files = [path for _, path in map(_named, options.input)]
    rows = next((array.shape[0] for array in values.values() if array.ndim), 0)
    best, how = None, None
    if options.top is not None or _is_classifier(model, found, rows):
        best, how = _best(found[0], options.top or 5)
    if how:
        said.append(how)
    if options.output is not None:
        _write(options.output, dict(zip(names, found)))
    if options.json:
        tables.print_json(_as_json(names, found, best, labels, said, files))
        return GOOD
    print(*tables.bullets(said), sep="\n", end="\n\n" if said else "")
    if best is not None:
        _print_best(best, labels, files)
    else:
        cells = [(name, tables.shape(array.shape), array.dtype, *_range(array)) for name, array in zip(names, found)]
        print(*tables.table(("Output", "Shape", "Dtype", "Least", "Mean", "Greatest"), cells, right="lllrrr"), sep="\n")
        if options.output is None:
            print("\n--output FILE.npz writes the values")
    if options.output is not None:
        print(f"\nOutputs written to {options.output}")
    return GOOD


# -- inputs ----------------------------------------------------------------------------------------------------------


def _named(text: str) -> tuple[str | None, str]:
    """Return name and path of ``data=cat.jpg``; a file of that very name comes first."""
    name, equals, path = text.partition("=")
    return (name, path) if equals and not os.path.exists(text) else (None, text)


def _values(
    options: argparse.Namespace, model: Model, variables: Variables
) -> tuple[dict[str, np.ndarray], dict[str, Shape], list[str]]:
    """Return the inputs' values, the shapes of everything, and what was done."""
    arrays: dict[str, np.ndarray] = {}
    images: dict[str, list[str]] = {}
    for text in options.input:
        name, path = _named(text)
        if name is not None and name not in variables.inputs:
            fail(f"--input {text}: the network has no input {name!r}; its inputs: {', '.join(variables.inputs)}")
        if path.lower().endswith(ENDINGS):
            images.setdefault(name or _next(variables, arrays, images, path), []).append(path)
        elif path.lower().endswith(".npz"):
            arrays.update(_read_npz(path, variables))
        else:
            arrays[name or _next(variables, arrays, {}, path)] = _read_npy(path)
    said: list[str] = []
    usual: dict[str, Shape] = {}
    if images or any(array.ndim in (1, 2, 3) for array in arrays.values()):
        usual = _usual_shapes(model, variables, arrays, bool(images))
    for name, array in arrays.items():
        if name in usual and array.ndim == len(usual[name]) - 1:
            arrays[name] = array[None]
            said.append(f"{name}: taken for a batch of one, {array.shape} became {(1, *array.shape)}")
    for name, paths in images.items():
        prepare = Preparing(options, model, usual[name])
        arrays[name] = np.stack([prepare(path) for path in paths])
        said.append(f"{name}: {prepare.said}")
    shapes = _all_shapes(model, variables, {name: array.shape for name, array in arrays.items()}, said)
    return arrays, shapes, said


def _usual_shapes(
    model: Model, variables: Variables, arrays: Mapping[str, np.ndarray], needed: bool
) -> dict[str, Shape]:
    """Return the shapes of all inputs as they are with a batch of one; nothing if they cannot be found."""
    from ..base import MXNetError

    try:
        return find_shapes(model, variables, {})[0]
    except MXNetError:
        if needed:
            raise
        return {}


def _next(variables: Variables, arrays: Mapping[str, Any], images: Mapping[str, Any], path: str) -> str:
    """Return the input that a file without a name is for."""
    free = [name for name in variables.inputs if name not in arrays and "state" not in name]
    if path.lower().endswith(ENDINGS) and images:
        return next(iter(images))  # one more of a batch
    if len(free) != 1:
        listed = ", ".join(variables.inputs) or "none"
        fail(f"--input {path}: say which input it is for, as in NAME={path}; the network's inputs: {listed}")
    return free[0]


def _read_npy(path: str) -> np.ndarray:
    if not os.path.isfile(path):
        fail(f"--input: there is no file {path!r}")
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        fail(f"--input: {path!r} is no image and no array file (.npy, .npz): {error}")
    if not isinstance(array, np.ndarray):
        fail(f"--input: {path!r} holds several arrays; call it .npz")
    return _numbers(array, path)


def _read_npz(path: str, variables: Variables) -> dict[str, np.ndarray]:
    import zipfile

    if not os.path.isfile(path):
        fail(f"--input: there is no file {path!r}")
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError) as error:
        fail(f"--input: {path!r} is no array file (.npz): {error}")
    for name in found:
        if name not in (*variables.inputs, *variables.labels):
            fail(f"--input {path}: the network has no input {name!r}; its inputs: {', '.join(variables.inputs)}")
    return {name: _numbers(array, path) for name, array in found.items()}


def _numbers(array: np.ndarray, path: str) -> np.ndarray:
    if array.dtype.kind not in "fiub":
        fail(f"--input: {path!r} holds {array.dtype}; expected numbers")
    return array


def _all_shapes(model: Model, variables: Variables, given: dict[str, Shape], said: list[str]) -> dict[str, Shape]:
    """Return the shapes of all inputs and labels; those that no file gives become zeros."""
    rest = [name for name in variables.inputs if name not in given]
    data = [name for name in rest if "state" not in name]
    if data:
        fail(f"no --input for {', '.join(data)}: the network needs {', '.join(variables.inputs)}")
    shapes, _ = find_shapes(model, variables, given)
    zeros = [*rest, *(name for name in variables.labels if name not in given)]
    if zeros:
        said.append(f"zeros stand for {', '.join(zeros)}")
    return shapes


def _read_labels(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8") as file:
            found = [line.strip() for line in file]
    except UnicodeDecodeError:
        fail(f"--labels: {path!r} is no text; expected one name in each line")
    while found and not found[-1]:
        found.pop()
    return found


# -- outputs ---------------------------------------------------------------------------------------------------------


def _check_output(path: str) -> None:
    if not path.endswith(".npz"):
        fail(f"--output {path}: the name has to end in .npz")
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        fail(f"--output {path}: there is no folder {folder!r}")


def _write(path: str, arrays: Mapping[str, np.ndarray]) -> None:
    import io

    from .._runtime.files import replacing

    packed = io.BytesIO()
    np.savez(packed, **arrays)  # type: ignore[arg-type]
    with replacing(path) as file:
        rest = packed.getbuffer()
        while len(rest):
            rest = rest[file.write(rest) :]


#: Operators whose results are features, not scores.
_FEATURES = ("BatchNorm", "InstanceNorm", "L2Normalization", "LayerNorm", "broadcast_div")


def _is_classifier(model: Model, found: Sequence[np.ndarray], rows: int) -> bool:
    """Return whether the only output looks like scores of classes: (N, classes) with N as in the input."""
    last = model.symbol._entries[0].node.operator
    scores = len(found) == 1 and found[0].ndim == 2 and found[0].shape[0] == rows and found[0].shape[1] > 1
    return scores and found[0].dtype.kind == "f" and (last is None or last.name not in _FEATURES)


def _best(scores: np.ndarray, top: int) -> tuple[list[list[tuple[int, float]]], str | None]:
    """Return the best classes of each row with their probabilities, and what was done to get these."""
    if scores.ndim != 2:
        fail(f"--top: the first output has shape {scores.shape}; expected (rows, classes)")
    scores = scores.astype(np.float64)
    said = None
    if scores.min() < 0 or abs(scores.sum(axis=1) - 1).max() > 1e-2:
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores /= scores.sum(axis=1, keepdims=True)
        said = "the outputs are no probabilities, so softmax was taken of them"
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    return [[(int(i), float(row[i])) for i in best] for row, best in zip(scores, order)], said


def _label(labels: Sequence[str] | None, number: int) -> str:
    return labels[number] if labels is not None and number < len(labels) else ""


def _print_best(
    best: Sequence[Sequence[tuple[int, float]]], labels: Sequence[str] | None, files: Sequence[str]
) -> None:
    for number, row in enumerate(best):
        if len(best) > 1:
            print(f"{'' if number == 0 else chr(10)}{files[number] if len(files) == len(best) else f'Row {number}'}")
        cells = [(i, f"{100 * score:.2f} %", _label(labels, i)) for i, score in row]
        heads = ("Class", "Score", "Name") if labels else ("Class", "Score")
        print(*tables.table(heads, [cell[: len(heads)] for cell in cells], right="rrl"), sep="\n")


def _range(array: np.ndarray) -> tuple[str, str, str]:
    if not array.size:
        return "", "", ""
    numbers = array.astype(np.float64)
    return tuple(f"{value:.5g}" for value in (numbers.min(), numbers.mean(), numbers.max()))  # type: ignore[return-value]


def _as_json(
    names: Sequence[str],
    found: Sequence[np.ndarray],
    best: Sequence[Sequence[tuple[int, float]]] | None,
    labels: Sequence[str] | None,
    said: Sequence[str],
    files: Sequence[str],
) -> dict[str, Any]:
    result: dict[str, Any] = {
        "inputs": list(files),
        "outputs": {name: {"shape": a.shape, "dtype": str(a.dtype)} for name, a in zip(names, found)},
        "remarks": list(said),
    }
    if best is not None:
        result["best"] = [
            [{"class": i, "score": score, "name": _label(labels, i) or None} for i, score in row] for row in best
        ]
    return result
