"""The beginning and the end of ``remx``: which command runs, and what becomes of errors."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from .arguments import make_parser

#: Exit codes.
GOOD, DIFFERS, BAD_INPUT = 0, 1, 2
_INTERRUPTED = 130

#: Command -> the module that has its function `run`.
_MODULES = {
    "inspect": "inspection",
    "convert": "conversion",
    "run": "running",
    "bench": "measuring",
    "doctor": "doctor",
    "diff": "difference",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that stands in `arguments`, the process's own unless given; return the exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        Such as ``["inspect", "resnet-50", "--json"]``.

    Returns
    -------
    int
        0 for good, 1 where something differs or a check failed, 2 for wrong input.

    Examples
    --------
    >>> from mxnet._cli.main import main
    >>> main(["diff", "/nowhere/a.params", "/nowhere/b.params"])
    2
    """
    parser = make_parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as end:  # argparse has said what is wrong, or printed help
        return int(end.code or 0)
    if options.version:
        print(f"remx {_version()}")
        return GOOD
    if options.command is None:
        parser.print_help()
        return BAD_INPUT
    try:
        code = importlib.import_module(f"mxnet._cli.{_MODULES[options.command]}").run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print(f"remx {options.command}: interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:  # the reader, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return GOOD
    except Exception as error:
        if options.debug:
            raise
        print(_message(options.command, error), file=sys.stderr)
        return BAD_INPUT
    return code


def _version() -> str:
    """Return the version without importing mxnet: it may be what does not work."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("remx")
    except PackageNotFoundError:
        from .._version import __version__

        return __version__


def _message(command: str, error: Exception) -> str:
    """Return what to say of an error: its own words where it is the user's to mend."""
    text = str(error).strip() or type(error).__name__
    if isinstance(error, OSError) and error.filename is not None:
        text = f"cannot use {os.fspath(error.filename)!r}: {error.strerror}"
    elif not (isinstance(error, (OSError, MemoryError)) or _is_ours(error)):
        text = f"internal error ({type(error).__name__}): {text.splitlines()[0]}; --debug shows where"
    return f"remx {command}: {_one_line(text)}"


def _one_line(text: str) -> str:
    """Return a message with a list as one line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return "".join(
        line + ("" if number == len(lines) - 1 else " " if line.endswith((":", ".", ",")) else "; ")
        for number, line in enumerate(lines)
    )


def _is_ours(error: Exception) -> bool:
    """Return whether an error is an MXNetError; where mxnet was not imported, none is."""
    base = sys.modules.get("mxnet.base")
    return base is not None and isinstance(error, base.MXNetError)


def fail(message: str) -> NoReturn:
    """Raise the error for wrong input."""
    from ..base import MXNetError

    raise MXNetError(message)
