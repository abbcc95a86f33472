#!/usr/bin/env python3
"""Write the pages that come from the operator registry, and run the pages with code.

    python docs/generate.py             # docs/support.md, docs/reference/*.md, the figures in README.md
    python docs/generate.py --check     # fail if docs/support.md is not what this program writes
    python docs/generate.py --outputs   # also run the pages with code, and write what they print into them

`docs/support.md` is kept in version control, the reference pages are not. What MXNet 1.9.1 has is read from
`tests/golden/operators.json`. In a page with code, a block marked ``text`` right after one marked ``python`` is what
that one prints. On some pages, blocks marked ``sh`` with `remx` commands run as well.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import inspect
import io
import json
import os
import pathlib
import re
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

import mxnet as mx
from mxnet._frontend.namespaces import place
from mxnet._ops import registry
from mxnet._ops.attributes import REQUIRED
from mxnet._ops.registry import Operator, operators

HERE = pathlib.Path(__file__).resolve().parent
OPERATORS = HERE.parent / "tests" / "golden" / "operators.json"
GOLDENS = OPERATORS.with_suffix("")
SUPPORT = HERE / "support.md"
REFERENCE = HERE / "reference"
#: Pages on which `remx` commands run, too: in a folder of their own, as they write files.
COMMANDS = (HERE / "leaving_mxnet.md", HERE / "coming_back.md")
RUN = (HERE.parent / "README.md", HERE / "how_it_works.md", HERE / "gluon.md", *COMMANDS)  # pages whose code runs

#: Groups of operators on the support page: heading and the test of a registered name, first match counts.
GROUPS = (
    ("NumPy arrays (`mx.np`, `mx.npx`)", re.compile(r"_np_|_npi_|_npx_")),
    ("Random numbers (`mx.nd.random`, `mx.sym.random`)", re.compile(r"_random_|_sample_")),
    ("`contrib`", re.compile(r"_contrib_")),
    ("`linalg`", re.compile(r"_linalg_")),
    ("`image`", re.compile(r"_image_")),
    ("`sparse`", re.compile(r"_sparse_")),
    ("Behind operators and methods (`_internal`)", re.compile(r"_")),
    ("`mx.nd` and `mx.sym`", re.compile(r"")),
)

#: Public areas of MXNet 1.9.1 and what they are for.
AREAS = (
    ("attribute", "attribute scopes of symbols"),
    ("autograd", "recording and gradients"),
    ("callback", "callbacks of training loops"),
    ("context", "devices"),
    ("contrib.amp", "mixed precision"),
    ("contrib.onnx", "ONNX export and import"),
    ("contrib.quantization", "quantized networks"),
    ("contrib.tensorboard", "TensorBoard logs"),
    ("contrib.text", "vocabularies and embeddings"),
    ("engine", "bulk execution"),
    ("error", "error types"),
    ("executor", "bound symbols"),
    ("gluon", "blocks, layers, losses, trainers, data loading, model zoo"),
    ("image", "image reading and augmentation"),
    ("initializer", "initial values of parameters"),
    ("io", "data iterators"),
    ("kvstore", "parameter stores and distributed training"),
    ("library", "operators in shared libraries"),
    ("lr_scheduler", "learning rate schedules"),
    ("metric", "evaluation metrics"),
    ("model", "checkpoints"),
    ("module", "training of symbols"),
    ("monitor", "statistics of a running network"),
    ("name", "automatic names of symbols"),
    ("ndarray", "arrays"),
    ("numpy", "arrays with NumPy's semantics"),
    ("numpy_extension", "neural operators for NumPy arrays"),
    ("operator", "what operators there are; operators written in Python"),
    ("optimizer", "optimizers"),
    ("profiler", "profiles"),
    ("random", "seeds and random arrays"),
    ("recordio", "record files"),
    ("rnn", "recurrent cells for symbols"),
    ("runtime", "features of the build"),
    ("symbol", "symbols"),
    ("test_utils", "helpers of tests"),
    ("util", "NumPy semantics switches"),
    ("visualization", "drawings and tables of networks"),
)

_SUPPORT_HEAD = """\
# What is supported

This page is written by `python docs/generate.py`; do not edit it. It compares the operator registry with the
operators that MXNet 1.9.1 registers for forward computation.

A supported operator has MXNet's inputs, attributes, defaults and aliases. Its values and gradients are tested against a
NumPy reference and, where the answer of MXNet 1.9.1 is right, against that answer; those of random operators against
their distribution.
[Differences](differences.md) lists where it is not. Every operator takes sparse arrays. About sixty keep the storage
types that 1.9.1 gives, the others compute densely, as all of them do in executors.
"""


_CONFORMANCE = """\
`make conformance` runs every one of these calls: on arrays, through an executor, with shapes and dtypes inferred, in
JSON, with `out=`, with `grad_req` add and null, and with finite differences where they mean something. A call against a
reference is compared with a NumPy function (of a random operator: shapes and dtypes, and its distribution apart from
that). A call against 1.9.1 is compared with what MXNet 1.9.1 answered, which is stored in `tests/golden`.
Control flow and operators written in Python are tested by programs instead (`tests/golden/programs`)."""


# -- the support page -------------------------------------------------------------------------------------------


def support() -> str:
    """Return the text of docs/support.md."""
    facts = json.loads(OPERATORS.read_text())
    module = {entry.name: _module(entry) for entry in _ours() if entry.name in facts}
    grouped: dict[str, list[str]] = {heading: [] for heading, _ in reversed(GROUPS)}
    for name in sorted(facts, key=lambda n: (n.lower(), n)):
        grouped[next(heading for heading, test in GROUPS if test.match(name))].append(name)
    checks = {name: _checks(name) for name in facts}
    columns = (
        "| Group | In MXNet 1.9.1 | Supported | Calls against a reference | Calls against 1.9.1 | Their gradients |"
    )
    lines = [_SUPPORT_HEAD, "## Counts", "", columns, "|---|---:|---:|---:|---:|---:|"]
    for heading, names in [*grouped.items(), ("**All operators**", list(facts))]:
        totals = [sum(checks[name][i] for name in names) for i in range(3)]
        supported = [name for name in names if module.get(name, "refused") != "refused"]
        cells = [f"{n:,}" for n in (len(names), len(supported), *totals)]
        if heading.startswith("**"):
            cells = [f"**{cell}**" for cell in cells]
        lines.append(f"| {heading} | {' | '.join(cells)} |")
    lines += ["", _CONFORMANCE, ""]
    lines += ["## Modules", "", "| Module | For | Exists |", "|---|---|---|"]
    for name, purpose in AREAS:
        lines.append(f"| `mxnet.{name}` | {purpose} | {'yes' if _exists(name) else 'no'} |")
    lines += [
        "",
        "A module that exists may still lack names that need missing parts, such as the iterators over record files in "
        "`mxnet.io`. An argument that is not supported yet raises an MXNetError that says so.",
        "",
    ]
    for heading, names in grouped.items():
        lines += [
            f"## Operators: {heading}",
            "",
            "| Operator | Supported | Written in | Calls compared | Aliases |",
            "|---|---|---|---:|---|",
        ]
        for name in names:
            aliases = ", ".join(f"`{alias}`" for alias in facts[name].get("aliases") or [])
            where = f"`{module[name]}`" if name in module else ""
            supported = "yes" if name in module else "no"
            if module.get(name) == "refused":
                supported = "refused, as in MXNet"
            lines.append(f"| `{name}` | {supported} | {where} | {checks[name][0] or ''} | {aliases} |")
        lines.append("")
    return "\n".join(lines)


def _checks(name: str) -> tuple[int, int, int]:
    """Return how many calls of an operator are compared with its reference, with 1.9.1, and gradients of the latter."""
    known = _references()
    if name not in known:  # an operator of another front end may have its reference under the name that mx.nd knows
        name = next((alias for alias in _aliases().get(name, ()) if alias in known), name)
    entry = known.get(name)
    calls = len(entry.samples) if entry is not None else 0
    path = GOLDENS / f"{name}.npz"
    if not path.exists():
        return calls, 0, 0
    arrays = np.load(path)
    gradients = {key.split(".")[0] for key in arrays.files if ".gradient." in key}
    return calls, len(json.loads(str(arrays["calls"]))), len(gradients)


@functools.cache
def _aliases() -> dict[str, tuple[str, ...]]:
    return {entry.name: entry.aliases for entry in _ours()}


@functools.cache
def _references() -> dict[str, Any]:
    sys.path.insert(0, str(HERE.parent))
    from tests.reference import load_all

    return load_all()


def _exists(name: str) -> bool:
    try:
        return importlib.util.find_spec(f"mxnet.{name}") is not None
    except ModuleNotFoundError:  # what it would be in is missing
        return False


# -- the reference ----------------------------------------------------------------------------------------------


def reference() -> dict[str, str]:
    """Return the reference pages by file name: one for each module of operators, and their list."""
    by_module: dict[str, list[Operator]] = {}
    for entry in _ours():
        by_module.setdefault(_module(entry), []).append(entry)
    pages = {}
    rows = ["# Operators by module", "", "| Module | About | Operators |", "|---|---|---|"]
    for module, entries in sorted(by_module.items()):
        about = (importlib.import_module(f"mxnet._ops.{module}").__doc__ or "").strip()
        listed = ", ".join(f"`{entry.name}`" for entry in entries)
        rows.append(f"| [{module}]({module}.md) | {about.splitlines()[0]} | {listed} |")
        parts = [f"# {module}", "", about, "", *(line for entry in entries for line in _page_of(entry))]
        pages[f"{module}.md"] = "\n".join(parts)
    pages["index.md"] = "\n".join([*rows, ""])
    return pages


def _page_of(entry: Operator) -> Iterable[str]:
    inputs = [f"*{item.name}" if entry.starred else item.name for item in entry.inputs]
    optional = {item.name for item in entry.inputs if item.optional}
    shown = [f"{name}=None" if name in optional else name for name in inputs]
    for attribute in entry.attributes.values():
        if attribute.name == entry.variadic:
            continue
        shown.append(f"{attribute.name}={_default(attribute.default)}")
    yield f"## {entry.name}"
    yield ""
    yield "```text"
    yield f"{_public(entry.name)}({', '.join(shown)})"
    yield "```"
    yield ""
    if entry.aliases:
        yield f"Also called {', '.join(f'`{alias}`' for alias in entry.aliases)}."
        yield ""
    if entry.attributes:
        yield "| Attribute | Type | Default |"
        yield "|---|---|---|"
        for attribute in entry.attributes.values():
            default = "required" if attribute.default is REQUIRED else f"`{_default(attribute.default)}`"
            kind = attribute.type.spelling.replace("|", r"\|")
            yield f"| `{attribute.name}` | {kind} | {default} |"
        yield ""
    yield from _docstring(entry.function.__doc__ or "")
    yield ""


def _docstring(text: str) -> Iterable[str]:
    """Turn a numpydoc docstring into Markdown: headings become bold, sections with code become code blocks."""
    lines = inspect.cleandoc(text).splitlines()
    position, code, listed = 0, False, False
    while position < len(lines):
        line = lines[position]
        if position + 1 < len(lines) and line and re.fullmatch("-+", lines[position + 1]):
            if code:
                yield "```"
            code, listed = line == "Examples", line in ("Parameters", "Returns", "Raises")
            yield ""
            yield f"**{line}**"
            yield ""
            if code:
                yield "```pycon"
            position += 2
            continue
        if code or not listed or not line:
            yield line
        elif line.startswith(" "):
            yield f"    {line.strip()}"
        else:
            yield f"- {_entry(line)}"
        position += 1
    if code:
        yield "```"


def _entry(line: str) -> str:
    name, colon, kind = line.partition(" : ")
    return f"`{name}`: {kind}" if colon else line


def _default(value: object) -> str:
    return str(value).removeprefix("torch.") if not isinstance(value, str) else repr(value)


def _public(name: str) -> str:
    found = place(name)
    if found is None:
        return name
    submodule, public = found
    if registry.get(name).subgraphs:
        return name  # made by a function of mx.sym.contrib
    return f"mx.nd.{public}" if submodule == "op" else f"mx.nd.{submodule}.{public}"


# -- operators and where they are written -----------------------------------------------------------------------


def _ours() -> Iterable[Operator]:
    """All operators of the package itself: examples in docstrings register others."""
    return (entry for entry in operators() if entry.module.startswith("mxnet._ops."))


def _module(entry: Operator) -> str:
    """Return the name of the module of _ops that an operator is written in."""
    return entry.module.rpartition(".")[2]


# -- the figures in the README ----------------------------------------------------------------------------------

_SHOWN = 3  # targets of one figure
_FIGURES = re.compile(r"(<!-- figures -->\n).*?(<!-- end of figures -->\n)", re.DOTALL)


def with_figures(readme: str, performance: str) -> str:
    """Return the README with the first targets of each figure in docs/performance.md, and all that were missed."""
    rows = ["| Figure | Target | Found | |", "|---|---:|---:|---|"]
    heading, inside, shown = "", False, 0
    for line in performance.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            heading, shown = (line[3:], 0) if line.startswith("## ") else (heading, shown)
            inside = False
        elif cells[0] == "target":
            inside = True
        elif inside and not re.fullmatch("[-: ]+", cells[0]):
            shown += 1
            if shown <= _SHOWN or cells[-1] == "missed":
                rows.append(f"| {heading}: {' | '.join(cells)} |")
    return _FIGURES.sub(lambda found: "\n".join([f"{found[1]}", *rows, "", found[2]]), readme)


# -- pages with code --------------------------------------------------------------------------------------------

_BLOCK = re.compile(r"```(python|sh)\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
#: Numbers in printed source that only keep names apart: op6, c10, relu_7(
_NUMBER = re.compile(r"(?<=\bop)\d+\b|(?<=\bc)\d+\b|(?<=[a-z]_)\d+(?=\()")


#: What is not the same on every machine: small differences, sizes of files, versions of formats.
_VARYING = re.compile(
    r"\b\d\.\d\de-(0[4-9]|[1-9]\d)\b|\b0\.00e\+00\b|\([\d.]+ k?B\)|(?<=opset )\d+|(?<=remx )\d+\.\d+\S*\d"
)


def run(page: pathlib.Path) -> tuple[str, list[tuple[str, str, str]]]:
    """Run a page's code in one namespace.

    Returns the page with what its code printed, and (code, printed, expected) of each block where that differs from
    what the page says. A block of Python without an output in the page may print nothing, one of commands anything.
    """
    text = page.read_text()
    namespace: dict[str, object] = {"__name__": "page"}
    wrong: list[tuple[str, str, str]] = []
    pieces: list[str] = []
    position = 0
    with contextlib.ExitStack() as stack:
        stack.enter_context(mx.name.NameManager())  # automatic names start from 0
        if page in COMMANDS:
            stack.enter_context(_own_folder())
        for block in _BLOCK.finditer(text):
            kind, code, expected = block[1], block[2], block[3] or ""
            line = text.count("\n", 0, block.start(2))
            if kind == "sh" and page not in COMMANDS:
                continue
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                if kind == "sh":
                    _run_commands(code)
                else:
                    exec(compile("\n" * line + code, str(page), "exec"), namespace)
            said = "\n".join(row.rstrip() for row in printed.getvalue().rstrip().split("\n"))
            said += "\n" if said else ""
            if kind == "sh" and block[3] is None:
                continue
            if _comparable(said) != _comparable(expected):
                wrong.append((code, said, expected))
                shown = f"\n```text\n{said}```\n" if said else ""
                pieces += [text[position : block.start()], f"```{kind}\n{code}```\n{shown}"]
                position = block.end()
    return "".join([*pieces, text[position:]]), wrong


def _comparable(printed: str) -> str:
    """Return what a block prints without what differs from run to run."""
    return _VARYING.sub("*", _NUMBER.sub("", printed))


@contextlib.contextmanager
def _own_folder() -> Iterator[None]:
    """Run in an empty folder."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def _run_commands(code: str) -> None:
    """Run `remx` commands, one in each line; what they say on stderr counts as printed."""
    from mxnet._cli.main import main as remx

    for line in code.replace("\\\n", " ").splitlines():
        command = shlex.split(line, comments=True)
        if not command:
            continue
        if command[0] != "remx":
            raise ValueError(f"a page runs {line!r}; only remx commands are run")
        with contextlib.redirect_stderr(sys.stdout):
            exit_code = remx(command[1:])
        if exit_code > 1 and "# fails" not in line:
            raise ValueError(f"{line!r} has the exit code {exit_code}")


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--check", action="store_true", help="write nothing; fail if docs/support.md is out of date")
    cli.add_argument("--outputs", action="store_true", help="run the pages with code and write what they print")
    options = cli.parse_args()
    text = support()
    if options.check:
        if not SUPPORT.exists() or SUPPORT.read_text() != text:
            print("docs/support.md is not up to date: run `python docs/generate.py`")
            return 1
        return 0
    SUPPORT.write_text(text)
    REFERENCE.mkdir(exist_ok=True)
    pages = reference()
    for old in REFERENCE.glob("*.md"):
        if old.name not in pages:
            old.unlink()
    for name, page in pages.items():
        (REFERENCE / name).write_text(page)
    print(f"docs/support.md and {len(pages)} reference pages written")
    performance = HERE / "performance.md"
    if performance.exists():
        readme = HERE.parent / "README.md"
        readme.write_text(with_figures(readme.read_text(), performance.read_text()))
    if options.outputs:
        for path in RUN:
            path.write_text(run(path)[0])
    return 0


if __name__ == "__main__":
    sys.exit(main())
