"""Starts the ``remx`` command. Everything it does stands in ``mxnet._cli``; programs import ``mxnet``.

The command begins here so that its help, and a doctor for an installation in which torch does not load, need not wait
for ``import mxnet``: the package ``mxnet._cli`` is put in place alone, and imports the rest where a command needs it.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys

__all__ = ["main"]


def main() -> int:
    """Run the command with the arguments of the process; return its exit code."""
    if "mxnet" not in sys.modules:
        _place_alone("mxnet._cli", "_cli")
    return importlib.import_module("mxnet._cli.main").main()


def _place_alone(name: str, folder: str) -> None:
    """Make a package of mxnet importable without running mxnet itself."""
    parent = importlib.util.find_spec("mxnet")  # finds the package and does not run it
    if parent is None or not parent.submodule_search_locations:
        raise SystemExit("remx: the package mxnet is not installed beside this command: pip install remx")
    path = f"{parent.submodule_search_locations[0]}/{folder}"
    spec = importlib.util.spec_from_file_location(name, f"{path}/__init__.py", submodule_search_locations=[path])
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
