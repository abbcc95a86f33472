"""What the benchmarks of networks share: who runs them, in which ways, and what the machine could do at best.

The programs in ``programs/`` define the same networks for each library: ``networks_mxnet.py`` (remx and MXNet 1.9.1),
``networks_torch.py``, ``networks_jax.py`` and ``networks_onnx.py``. Before a case is timed, all are asked how many
numbers they train, and a difference ends the benchmark.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness import Contestant, Row, Times, absent, compared, installed, mxnet191, race
from machine import Peaks, higher, peaks
from programs.workloads import language_operations
from report import Figure

OURS = "remx"
PYTORCH = ("PyTorch eager", "PyTorch eager, channels_last")  # what "PyTorch's best" is the better of
COMMON = (
    "Gluon networks run hybridized with `static_alloc=True, static_shape=True`; a training step is forward, loss, "
    "backward and `Trainer.step` (SGD with momentum). PyTorch, JAX, ONNX Runtime and OpenVINO run the same networks as "
    "their guides write them, with the same numbers of parameters."
)
MODULES = {"JAX": "jax", "ONNX Runtime": "onnxruntime", "OpenVINO": "openvino"}


@dataclass(frozen=True)
class Workload:
    """A network and what is done with it.

    Attributes
    ----------
    case : str
        Its name in the programs.
    what : str
        What a reader calls it.
    work : str
        What its operations are compared with: the machine's peak in ``"convolution"`` or ``"product"``.
    over_torch, over_mxnet : float, optional
        Limits of our time over the better of PyTorch's eager ones and of MXNet's two.
    """

    case: str
    what: str
    work: str = "convolution"
    over_torch: float | None = None
    over_mxnet: float | None = None

    @property
    def images(self) -> bool:
        return self.work == "convolution"

    @property
    def infers(self) -> bool:
        return "inference" in self.case


class Library:
    """The programs, each started when it is first asked for, and ended together.

    Parameters
    ----------
    mxnet191 : str, optional
        An interpreter with MXNet 1.9.1.
    """

    def __init__(self, mxnet191: str | None) -> None:
        self._mxnet191 = mxnet191
        self._running: dict[str, list[Contestant]] = {}

    def get(self, name: str) -> list[Contestant]:
        """Return who runs a program: nobody where the peer is not installed, MXNet 1.9.1 twice."""
        makers: dict[str, Callable[[], list[Contestant]]] = {
            "remx": lambda: [Contestant(OURS, "networks_mxnet.py")],
            "remx amp": lambda: [Contestant(OURS, "networks_mxnet.py", arguments=["--amp"])],
            "torch": lambda: [Contestant("PyTorch", "networks_torch.py")],
            "compiled": lambda: [Contestant("torch.compile", "networks_torch.py", arguments=["--compiled"])],
            "jax": lambda: [Contestant("JAX", "networks_jax.py")] if installed("jax") else [],
            "onnx": lambda: [Contestant("runtimes", "networks_onnx.py")] if installed("onnx") else [],
            "mxnet191": lambda: mxnet191(self._mxnet191, "networks_mxnet.py"),
            "mxnet191 amp": lambda: mxnet191(self._mxnet191, "networks_mxnet.py", ["--amp"]),
        }
        if name not in self._running:
            self._running[name] = makers[name]()
        return self._running[name]

    def one(self, name: str) -> Contestant:
        """Return the only one that runs a program."""
        return self.get(name)[0]

    def forget(self) -> None:
        """Have all free the networks that they made."""
        for contestant in self.everybody:
            contestant.ask("forget")

    @property
    def everybody(self) -> list[Contestant]:
        return [contestant for running in self._running.values() for contestant in running]

    @property
    def versions(self) -> dict[str, str]:
        """Return the versions of what runs besides remx and PyTorch."""
        found: dict[str, str] = {}
        for contestant in self.everybody:
            version = contestant.facts["version"]
            found.update(version if isinstance(version, dict) else {contestant.label: version})
        return {name: found[name] for name in found if name in ("JAX", "ONNX Runtime", "OpenVINO")}

    def close(self) -> None:
        """End all programs."""
        for contestant in self.everybody:
            contestant.close()


def rows(library: Library, workload: Workload) -> list[Row]:
    """Return who runs a workload, and how."""
    case, torch = workload.case, library.one("torch")
    found = [Row(OURS, library.one("remx"), case), Row(PYTORCH[0], torch, case)]
    if workload.images:  # the compiler finds the same way for both layouts, in some minutes each
        found += [Row(PYTORCH[1], torch, f"{case}_last")]
        found += [Row("torch.compile, channels_last", library.one("compiled"), f"{case}_last")]
    else:
        found += [Row("torch.compile", library.one("compiled"), case)]
    found += [Row("JAX, jit", jax, case) for jax in library.get("jax")]
    if workload.infers:
        kinds = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO, float32"}
        found += [
            Row(label, runtimes, f"{case}_{kind}")
            for runtimes in library.get("onnx")
            for kind, label in kinds.items()
            if f"{case}_{kind}" in runtimes.facts["cases"]
        ]
    return found + [Row(peer.label, peer, case) for peer in library.get("mxnet191")]


def measure(
    figure: Figure, workloads: Sequence[Workload], chosen: argparse.Namespace, library: Library | None = None
) -> None:
    """Time workloads and add a table and the targets of each to a figure."""
    library = library or Library(chosen.mxnet191)
    limits, found = peaks(), {}
    try:
        for workload in workloads:
            if not chosen.only or workload.case in chosen.only:
                these = rows(library, workload)
                same_parameters(these)
                found[workload] = race(these, chosen.rounds), operations(library, workload)
                library.forget()
    finally:
        library.close()
    limits = higher(limits, peaks())  # a machine may be disturbed for a while
    for workload, (times, work) in found.items():
        report(figure, workload, times, work, limits)
    figure.versions.update(library.versions)
    figure.notes.extend(absent(chosen.mxnet191, MODULES))


def same_parameters(rows: Sequence[Row]) -> None:
    """Make the networks; SystemExit if they do not train as many numbers.

    A thousandth may differ: PyTorch and MXNet give each gate of an LSTM two biases, JAX's program one.
    """
    found = {row.name: row.contestant.ask("parameters", arguments={"name": row.case}) for row in rows}
    counts = [count for count in found.values() if count is not None]
    if max(counts) - min(counts) > 0.001 * max(counts):
        raise SystemExit(f"the programs do not run the same network; they train {found}")


def operations(library: Library, workload: Workload) -> float:
    """Return the floating point operations of one step, two for each multiply-add."""
    if workload.images:
        return library.one("torch").ask("operations", arguments={"name": workload.case})
    return language_operations(workload.case)


def report(figure: Figure, workload: Workload, times: dict[str, Times], work: float, limits: Peaks) -> None:
    """Add the table, the targets and the amount of work of a workload."""
    kind = f"float32 {workload.work} peak"
    figure.race(workload.what, times, "ms", base=OURS, share=(kind, work / limits[kind]))
    figure.values[workload.what]["work"] = {"operations": work, kind: limits[kind]}
    ours, what = times[OURS], workload.what
    if workload.over_torch is not None:
        found = best(times, PYTORCH)
        figure.target(f"{what}, over PyTorch eager's best", found and compared(ours, found), workload.over_torch, " x")
    if workload.over_mxnet is not None:
        found = best(times, [name for name in times if name.startswith("MXNet")])
        figure.target(f"{what}, over MXNet's better", found and compared(ours, found), workload.over_mxnet, " x")
    figure.notes.append(
        f"{what}: {work / 2e9:,.1f} billion multiply-adds a step; at the machine's {kind} of "
        f"{limits[kind] / 1e9:,.0f} GFLOP/s that takes {work / limits[kind] * 1e3:,.1f} ms."
    )


def best(times: dict[str, Times], names: Sequence[str]) -> Times | None:
    """Return the times with the smallest median of those that are there."""
    return min((times[name] for name in names if name in times), key=lambda taken: taken.median, default=None)
