"""Opens what stands on the command line as MODEL, in all its forms."""

from __future__ import annotations

import argparse
import glob
import json
import os
import re
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .._graph.upgrades import VERSION, version_of
from .._ops.registry import get
from .._runtime.kinds import looks_like
from ..base import MXNetError
from .main import fail

if TYPE_CHECKING:
    from ..ndarray import NDArray
    from ..symbol import Symbol

Params = dict[str, "NDArray"]

#: The number that stands for a file that does not name its version.
_UNNAMED = 800


@dataclass
class Model:
    """A network with its parameters."""

    name: str
    form: str  # checkpoint, files, symbol, zoo, onnx, safetensors
    files: list[str]
    symbol: Symbol
    arg_params: Params
    aux_params: Params
    saved_by: str = ""
    epoch: int | None = None
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])  # that the file says
    notes: list[str] = field(default_factory=list[str])

    @property
    def parameters(self) -> dict[str, NDArray]:
        """All arrays by name, auxiliary states too."""
        return {**self.arg_params, **self.aux_params}


def open_model(options: argparse.Namespace) -> Model:
    """Return the model that the options of a command name.

    Raises
    ------
    MXNetError
        If there is no such model, or it is damaged; the message says what was looked for.
    """
    for path in options.plugin:
        run_plugin(path)
    given: list[str] = options.model
    if len(given) > 2:
        fail(f"MODEL is one name or a pair of files; here are {len(given)}: {', '.join(given)}")
    return find(given[0], given[1] if len(given) > 1 else None, options.epoch)


def run_plugin(path: str) -> None:
    """Run a user's Python file, which registers operators."""
    if not os.path.isfile(path):
        fail(f"--plugin: there is no file {path!r}")
    try:
        runpy.run_path(path)
    except Exception as error:
        raise MXNetError(f"--plugin {path}: {type(error).__name__}: {error}") from error


def find(name: str, params: str | None = None, epoch: int | None = None) -> Model:
    """Return the model of a name, and of a file of parameters if one is given."""
    if params is not None and name.endswith(".params") and params.endswith(".json"):
        name, params = params, name
    if epoch is not None and epoch < 0:
        fail(f"--epoch {epoch}: expected 0 or more")
    _refuse_what_has_no_effect(name, params, epoch)
    if name.lower() in _zoo() and not os.path.isfile(name) and not os.path.isfile(f"{name}-symbol.json"):
        if epoch is not None:
            fail(f"--epoch {epoch}: only the prefix of a checkpoint has epochs, and {name!r} is of the model zoo")
        return _from_zoo(name.lower(), params)
    if params is None and name.endswith(".params"):
        return _beside(name)
    if name.endswith(".onnx"):
        return _from_onnx(_existing(name))
    if name.endswith(".safetensors"):
        return _from_safetensors(_existing(name))
    if os.path.isfile(f"{name}-symbol.json"):
        return _from_prefix(name, epoch) if params is None else _from_files(f"{name}-symbol.json", params)
    if os.path.isfile(name):
        if params is None and name.endswith("-symbol.json"):
            return _from_prefix(name.removesuffix("-symbol.json"), epoch)
        return _from_files(name, params)
    return fail(_not_found(name))


def _refuse_what_has_no_effect(name: str, params: str | None, epoch: int | None) -> None:
    """Refuse a second file, or an epoch, that belongs to nothing."""
    whole = name.endswith((".onnx", ".safetensors"))
    if whole and params is not None:
        fail(f"{name!r} holds its parameters itself; what is {params!r} for?")
    if epoch is not None and (whole or params is not None or name.endswith(".params")):
        fail(f"--epoch {epoch}: only the prefix of a checkpoint has epochs, and the files are named here")


def _existing(path: str) -> str:
    if not os.path.isfile(path):
        fail(f"there is no file {path!r}")
    return path


def _not_found(name: str) -> str:
    folder = name if os.path.isdir(name) else os.path.dirname(name) or "."
    if not os.path.isdir(folder):
        return f"there is no model {name!r}: the folder {folder!r} does not exist"
    ending = "-symbol.json"
    name = name.removesuffix(ending)
    paths = sorted(glob.glob(f"{glob.escape(folder)}/*{ending}"))
    prefixes = ", ".join(path[: -len(ending)].removeprefix("./") for path in paths[:10])
    found = (
        f"that folder has {prefixes}{' ...' if len(paths) > 10 else ''}" if paths else f"no {ending} is in that folder"
    )
    if os.path.isdir(name):
        return f"{name!r} is a folder and no model; {found}"
    return f"there is no model {name!r}: {name}{ending} does not exist ({found}), and no zoo network has this name"


# -- checkpoints and pairs of files ----------------------------------------------------------------------------------


def epochs(prefix: str) -> list[int]:
    """Return the epochs of which there are parameters."""
    paths = glob.glob(f"{glob.escape(prefix)}-*.params")
    found = [re.fullmatch(r"(\d{4,})\.params", path[len(prefix) + 1 :]) for path in paths]
    return sorted(int(match[1]) for match in found if match)


def _from_prefix(prefix: str, epoch: int | None) -> Model:
    known = epochs(prefix)
    if epoch is not None and epoch not in known:
        there = f"there are epochs {', '.join(map(str, known[-20:]))}" if known else "there are no parameters at all"
        fail(f"there is no {prefix}-{epoch:04d}.params; {there}")
    path = f"{prefix}-symbol.json"
    if not known:
        model = _from_files(path, None)
        model.notes.append(f"there is no {prefix}-0000.params or the like: the parameters are missing")
        return model
    chosen = known[-1] if epoch is None else epoch
    model = _from_files(path, f"{prefix}-{chosen:04d}.params")
    model.name, model.form, model.epoch = os.path.basename(prefix), "checkpoint", chosen
    if epoch is None and len(known) > 1:
        model.notes.append(f"epoch {chosen} is the newest of {len(known)}; --epoch chooses another")
    return model


def _beside(params: str) -> Model:
    """Return the model of a .params file alone: its symbol lies beside it, or its name is that of the model zoo."""
    _existing(params)
    match = re.fullmatch(r"(.*)-(\d{4,})\.params", params)
    if match and os.path.isfile(f"{match[1]}-symbol.json"):
        return _from_prefix(match[1], int(match[2]))
    base_name = os.path.basename(params).lower()
    zoo = max((name for name in _zoo() if base_name.startswith(name)), key=len, default=None)
    if zoo is not None:
        model = _from_zoo(zoo, params)
        model.notes.append(f"taken for the model zoo's {zoo}, because of the file's name")
        return model
    return fail(
        f"{params!r} holds parameters and no network. Give the symbol file too (remx ... NET-symbol.json {params}), or "
        f"a name of the model zoo (remx ... resnet50_v1 {params})"
    )


def _from_files(path: str, params: str | None) -> Model:
    symbol, version = load_symbol(path)
    model = Model(os.path.basename(path), "symbol", [path], symbol, {}, {}, describe_version(version))
    if params is not None:
        arrays = load_params(params)
        model.form = "files"
        model.files.append(params)
        model.arg_params, model.aux_params = sorted_out(arrays, symbol)
    return model


def load_params(path: str) -> dict[str, NDArray]:
    """Return the arrays of a .params file by name."""
    from .. import ndarray

    try:
        arrays = ndarray.load(_existing(path))
    except MXNetError:
        kind = looks_like(path) if os.path.isfile(path) else ""
        if not kind or kind.startswith(("a .params", "a NumPy archive")):
            raise
        fail(f"{path!r} is no .params file: it looks like {kind}")
    if not isinstance(arrays, dict):
        fail(f"{path!r}: its {len(arrays)} arrays have no names, so they are not the parameters of a network")
    return arrays


def sorted_out(arrays: Mapping[str, NDArray], symbol: Symbol) -> tuple[Params, Params]:
    """Return arguments and auxiliary states; without ``arg:`` and ``aux:`` the symbol tells which is which."""
    states = set(symbol.list_auxiliary_states())
    arg_params: Params = {}
    aux_params: Params = {}
    for key, array in arrays.items():
        kind, _, name = key.partition(":")
        if kind not in ("arg", "aux") or not name:
            kind, name = "aux" if key in states else "arg", key
        (aux_params if kind == "aux" else arg_params)[name] = array
    return arg_params, aux_params


def load_symbol(path: str) -> tuple[Symbol, int]:
    """Return the symbol in a file, and the version of MXNet that wrote it.

    Raises
    ------
    MXNetError
        For a damaged file. It lists all operators that are not known.
    """
    from .. import symbol

    _existing(path)
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except UnicodeDecodeError:
        text = ""
    if text.strip()[:1] not in ("{", "["):
        fail(f"{path!r} is no symbol file: it looks like {looks_like(path)}. Expected NET-symbol.json, and its .params "
             "file after it")  # fmt: skip
    try:
        found = symbol.load_json(text)
    except MXNetError as error:
        unknown = _unknown_operators(text)
        if unknown:
            fail(f"{path!r}: {_how_to_register(unknown)}")
        raise MXNetError(f"{path!r}: {str(error).removeprefix('JSON text: ')}") from None
    return found, version_of(json.loads(text), path)


def _unknown_operators(text: str) -> dict[str, list[str]]:
    """Return the nodes of operators that are not registered, by operator."""
    from .._ops.custom import REGISTERED

    found: dict[str, list[str]] = {}
    try:
        nodes = json.loads(text)["nodes"]
        for node in nodes:
            kind = node["op"]
            attributes = {**node.get("param", {}), **node.get("attr", {}), **node.get("attrs", {})}
            if kind == "Custom" and attributes.get("op_type") not in REGISTERED:
                found.setdefault(f"Custom (op_type {attributes.get('op_type')!r})", []).append(node["name"])
            elif kind != "null" and not _is_known(kind):
                found.setdefault(kind, []).append(node["name"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}  # damaged in another way, which the loader has said
    return found


def _is_known(operator: str) -> bool:
    try:
        get(operator)
    except KeyError:
        return False
    return True


def _how_to_register(unknown: Mapping[str, Sequence[str]]) -> str:
    listed = "; ".join(
        f"{kind} (node {nodes[0]!r}{f' and {len(nodes) - 1} more' if len(nodes) > 1 else ''})"
        for kind, nodes in unknown.items()
    )
    own = any(kind.startswith("Custom ") for kind in unknown)
    how = (
        "register a custom operator with mx.operator.register in a Python file, and give it as --plugin FILE.py"
        if own
        else "the operator comes from a library of its own, or from a changed MXNet. Write it in Python "
        "(docs/adding_an_operator.md) and give that file as --plugin FILE.py"
    )
    return f"operators that are not known: {listed}. What to do: {how}"


def describe_version(version: int) -> str:
    """Return the version that wrote a symbol file, for reading.

    Examples
    --------
    >>> from mxnet._cli.models import describe_version
    >>> describe_version(10500), describe_version(800)
    ('MXNet 1.5.0', 'MXNet 0.8.0 or older (the file names no version)')
    """
    if version <= _UNNAMED:
        return "MXNet 0.8.0 or older (the file names no version)"
    text = f"MXNet {version // 10000}.{version // 100 % 100}.{version % 100}"
    if version > VERSION:
        return f"{text}, which is newer than what is known here"
    return f"{text} or remx" if version == VERSION else text


# -- other forms -----------------------------------------------------------------------------------------------------


def _zoo() -> Mapping[str, Any]:
    from ..gluon.model_zoo.vision import _MODELS

    return _MODELS


def _from_zoo(name: str, params: str | None) -> Model:
    from .zoo import network

    symbol, arg_params, aux_params, notes = network(name, None if params is None else load_params(params))
    files = [] if params is None else [params]
    return Model(name, "zoo", files, symbol, arg_params, aux_params, notes=notes)


def _from_onnx(path: str) -> Model:
    from ..onnx import get_model_metadata, import_model

    symbol, arg_params, aux_params = import_model(path)
    shapes = {
        name: (sizes[0] or 1, *sizes[1:]) for name, sizes in get_model_metadata(path)["input_tensor_data"] if sizes
    }
    shapes = {name: sizes for name, sizes in shapes.items() if all(size > 0 for size in sizes)}
    return Model(
        os.path.basename(path), "onnx", [path], symbol, arg_params, aux_params, _onnx_producer(path), shapes=shapes
    )


def _onnx_producer(path: str) -> str:
    """Return which program wrote an ONNX file, and its opset."""
    from ..onnx._loading import load, readable_names

    with readable_names(path):
        file = load(path, values=False).model
        opset = max((item.version for item in file.opset_import if item.domain in ("", "ai.onnx")), default=0)
        return f"{file.producer_name or 'unknown'} {file.producer_version}".strip() + f", ONNX opset {opset}"


def _from_safetensors(path: str) -> Model:
    from .formats import read_safetensors

    arg_params, aux_params, symbol = read_safetensors(path)
    if symbol is None:
        fail(f"{path!r} holds parameters and no network; remx convert --to safetensors writes both")
    return Model(os.path.basename(path), "safetensors", [path], symbol, arg_params, aux_params)
