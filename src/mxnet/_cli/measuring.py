"""``remx bench``: latency, throughput and memory of a model."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import sys
import time
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
import torch

from .. import autograd
from .._graph.node import topological_order
from ..cached_op import CachedOp
from ..context import Context
from ..ndarray import NDArray
from ..ndarray import array as nd_array
from . import tables
from .executing import computable, context_of, random_inputs, require_parameters
from .main import GOOD, fail
from .models import Model, open_model
from .shapes import Shape, Variables, batch_is_open, find_shapes, infer, parse_shapes

_PERCENTILES = (50, 90, 99)


def run(options: argparse.Namespace) -> int:
    """Print one row of figures for each batch size."""
    if not 0 < options.seconds < 86400:
        fail(f"--seconds {options.seconds}: expected more than 0, and less than a day")
    if min(options.batch) < 1:
        fail(f"--batch {min(options.batch)}: expected 1 or more")
    if options.threads is not None:
        if options.threads < 1:
            fail(f"--threads {options.threads}: expected 1 or more")
        torch.set_num_threads(options.threads)
    context = context_of(options.device)
    model = computable(open_model(options))
    variables = Variables(model)
    shapes, _ = find_shapes(model, variables, parse_shapes(options.input, variables))
    if not model.parameters:
        fail(f"{model.name} has no parameters: give its .params file")
    require_parameters(model, variables, infer(model, shapes))
    call = _Call(model, variables, context, options.dtype, options.backend)
    rows = [_measure(call, _with_batch(model, variables, shapes, n), n, options) for n in options.batch]
    if options.json:
        tables.print_json(_as_json(options, model, shapes, rows))
        return GOOD
    print(*tables.facts(_heading(options, model, shapes, context)), sep="\n", end="\n\n")
    compiled = options.backend != "plain"
    heads = (
        "Batch",
        "Compiling" if compiled else "First call",
        "Median",
        "90 %",
        "99 %",
        "Samples/s",
        "Memory",
        "Runs",
    )
    cells = [
        (
            row["batch"],
            _time(row["compile_s"] if compiled else row["first_call_s"]),
            *(_time(row[f"p{p}_s"]) for p in _PERCENTILES),
            f"{row['samples_per_s']:.4g}",
            tables.size(row["memory"]),
            row["runs"],
        )
        for row in rows
    ]
    print(*tables.table(heads, cells, right="rrrrrrrr"), sep="\n")
    return GOOD


class _Call:
    """The model as one function of its inputs, on a device, with parameters of a dtype."""

    def __init__(self, model: Model, variables: Variables, context: Context, dtype: str, backend: str) -> None:
        self.model, self.variables, self.context, self.dtype = model, variables, context, dtype
        flags: list[tuple[str, Any]] = [("static_alloc", True), ("static_shape", True)]
        chosen = None if backend == "plain" else backend
        self.names = model.symbol.list_inputs()
        self.op = CachedOp(model.symbol, flags, chosen)
        kept = _kept_in_float32(model)
        self.fixed = {
            name: (array if name in kept else _cast(array, dtype)).as_in_context(context)
            for name, array in model.parameters.items()
        }

    def prepared(self, shapes: dict[str, Shape]) -> Callable[[], Any]:
        """Return a function that computes the outputs for random inputs of these shapes, and waits for them."""
        given = random_inputs(self.model, self.variables, shapes)
        numbers = {name: nd_array(value, ctx=self.context, dtype=value.dtype) for name, value in given.items()}
        data = {
            name: _cast(array, self.dtype) if array._data.is_floating_point() else array
            for name, array in numbers.items()
        }
        arrays = [self.fixed[name] if name in self.fixed else data[name] for name in self.names]
        on_gpu = self.context.device_type == "gpu"

        def call() -> None:
            with autograd.predict_mode():
                self.op(*arrays)
            if on_gpu:
                torch.cuda.synchronize()

        return call


def _kept_in_float32(model: Model) -> set[str]:
    """Return the parameters of operators with averages, such as BatchNorm, which stay as they are."""
    return {
        entry.node.name
        for node in topological_order(model.symbol._entries)
        if node.operator is not None and node.operator.auxiliary
        for entry in node.inputs[1:]
    }


def _cast(array: NDArray, dtype: str) -> NDArray:
    return array.astype(dtype) if array._data.is_floating_point() else array


def _with_batch(model: Model, variables: Variables, shapes: dict[str, Shape], batch: int) -> dict[str, Shape]:
    """Return shapes for another batch size: the axis that is the batch in the shapes as they are."""
    first = shapes[variables.inputs[0]][0] if variables.inputs and shapes[variables.inputs[0]] else 1
    data = {name: shape for name, shape in shapes.items() if name in variables.inputs}
    if batch != first and not batch_is_open(model, data):
        fail(f"--batch {batch}: the network takes inputs of the shapes {', '.join(map(str, data.values()))} only")
    changed = {name: (batch, *shape[1:]) if shape and shape[0] == first else shape for name, shape in data.items()}
    return find_shapes(model, variables, changed)[0]


def _measure(call: _Call, shapes: dict[str, Shape], batch: int, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of one batch size."""
    from tqdm import tqdm

    if call.context.device_type == "gpu":
        torch.cuda.reset_peak_memory_stats(call.context.device_id)
    once = call.prepared(shapes)
    start = time.perf_counter()
    with _compiled():
        once()
    first = time.perf_counter() - start
    for _ in range(2):
        once()
    times: list[float] = []
    bar = tqdm(total=options.seconds, desc=f"batch {batch}", unit="s", leave=False, disable=None, file=sys.stderr,
               bar_format="{desc}: {percentage:3.0f}% |{bar}|")  # fmt: skip
    with bar:
        end = time.perf_counter() + options.seconds
        now = time.perf_counter()
        while now < end or len(times) < 3:
            once()
            later = time.perf_counter()
            times.append(later - now)
            bar.update(min(later - now, max(0.0, end - now)))
            now = time.perf_counter()
    found: dict[str, Any] = {f"p{p}_s": float(np.percentile(times, p)) for p in _PERCENTILES}
    return {
        "batch": batch,
        "first_call_s": first,
        "compile_s": max(0.0, first - found["p50_s"]) if options.backend != "plain" else None,
        **found,
        "samples_per_s": batch * len(times) / sum(times),
        "memory": _memory(call.context),
        "runs": len(times),
        "shapes": shapes,
    }


@contextlib.contextmanager
def _compiled() -> Generator[None, None, None]:
    """Refuse a network that the backend could not compile, and ran as it is."""
    said: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().startswith("inductor: "):
                said.append(record.getMessage().partition("torch.compile failed: ")[2])

    root = logging.getLogger()
    before = root.handlers
    root.handlers = list[logging.Handler]([Listening(logging.WARNING)])
    try:
        yield
    finally:
        root.handlers = before
    if said:
        fail(f"--backend inductor: torch.compile cannot take this network: {said[0]}")


def _memory(context: Context) -> int:
    """Return the most memory in bytes: of the device, or of the process so far."""
    if context.device_type == "gpu":
        return torch.cuda.max_memory_allocated(context.device_id)
    if os.name != "posix":
        return 0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _time(seconds: float) -> str:
    return (
        f"{seconds:.2f} s"
        if seconds >= 1
        else f"{seconds * 1e3:.3g} ms"
        if seconds >= 1e-3
        else f"{seconds * 1e6:.3g} us"
    )


def _heading(
    options: argparse.Namespace, model: Model, shapes: dict[str, Shape], context: Context
) -> list[tuple[str, str]]:
    threads = f", {torch.get_num_threads()} threads" if context.device_type == "cpu" else ""
    name = torch.cuda.get_device_name(context.device_id) if context.device_type == "gpu" else "cpu"
    return [
        ("Model", model.name if model.epoch is None else f"{model.name}, epoch {model.epoch}"),
        ("Inputs", ", ".join(f"{key} {tables.shape(shape)}" for key, shape in shapes.items())),
        ("Device", f"{name}{threads}, {options.dtype}, {options.backend}"),
        ("Remarks", "; ".join(model.notes)),
    ]


def _as_json(
    options: argparse.Namespace, model: Model, shapes: dict[str, Shape], rows: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "model": model.name,
        "device": options.device,
        "threads": torch.get_num_threads(),
        "dtype": options.dtype,
        "backend": options.backend,
        "remarks": model.notes,
        "results": rows,
    }
