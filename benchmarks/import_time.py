"""The time of `import mxnet` over that of `import torch`, in fresh processes."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

from harness import Times, environment, options
from report import Figure


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=15)
    programs = {
        "python alone": (sys.executable, "pass"),
        "import numpy": (sys.executable, "import numpy"),
        "import torch": (sys.executable, "import torch"),
        "import mxnet (remx)": (sys.executable, "import mxnet"),
    }
    if chosen.mxnet191:
        programs["import mxnet (1.9.1)"] = (chosen.mxnet191, "import mxnet")
    times: dict[str, list[float]] = {name: [] for name in programs}
    # Bytecode is written, as installing a package does, but not beside a checkout's sources.
    bytecode = tempfile.TemporaryDirectory()
    variables = {**environment(), "PYTHONPYCACHEPREFIX": bytecode.name}
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    for number in range(chosen.rounds + 1):
        for name, (python, code) in random.sample(list(programs.items()), len(programs)):
            seconds = _fresh(python, code, variables)
            if number:  # the first fills the file cache and writes the bytecode
                times[name].append(seconds)
    bytecode.cleanup()
    figure = Figure(
        "Import",
        "python benchmarks/import_time.py --mxnet191 PYTHON",
        "Fresh processes from start to end, so `python alone` is in every row.",
    )
    found = {name: Times(seconds) for name, seconds in times.items()}
    figure.race("A process that does nothing else", found, "ms", base="import mxnet (remx)")
    ours, torch = found["import mxnet (remx)"], found["import torch"]
    figure.target("`import mxnet` over `import torch`", ours.median - torch.median, 0.2, " s")
    figure.notes.append(f"Between the minima: {ours.least - torch.least:.2f} s.")
    return figure.finish(chosen.json)


def _fresh(python: str, code: str, variables: dict[str, str]) -> float:
    """Return the seconds of a process; it ends without tidying up, which is not part of an import."""
    start = time.perf_counter()
    subprocess.run(
        [python, "-c", f"{code}\nimport os\nos._exit(0)"],
        check=True,
        cwd=tempfile.gettempdir(),
        env=variables,
        stderr=subprocess.DEVNULL,
    )
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
