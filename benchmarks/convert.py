"""Converting a network of about 500 MB: its time beside reading and writing the file, and the memory it takes.

    python benchmarks/convert.py
    python benchmarks/convert.py --megabytes 100 --rounds 3 --uneven

Each conversion runs in a process of its own, first with a network of the same layers and few numbers. That loads all
modules, and tells the time of the work that depends on the graph only, which is taken away. What is printed: the median
of the rest, beside that of reading a checkpoint and writing it; and the largest resident memory above that of the
process before. Times are those of the processor, as other work on the machine would count double where files are large.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import io
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

MB = 10**6
TARGETS = {"time": 2.0, "memory": 2.5}
BASE = "params -> params"  # reading a checkpoint and writing it
CASES = {
    "params -> params": "to_params_again",
    "params -> safetensors": "to_safetensors",
    "safetensors -> params": "to_params",
    "params -> onnx": "to_onnx",
    "onnx -> params": "from_onnx",
    "onnx -> Gluon block": "to_block",
    "params -> state_dict": "to_state_dict",
    "remx convert --to onnx": "command_to_onnx",
    "remx convert --to torch": "command_to_torch",
    "remx convert X.onnx": "command_from_onnx",
}
#: Memory that something else than the conversion takes.
BESIDES = {
    "onnx -> Gluon block": (1, "gradients"),
    "remx convert --to torch": (None, "torch.export.save holds the largest array twice"),
}


def network(megabytes: float, width: int, uneven: bool):
    """Return a symbol of layers and its parameters; in an uneven one, the first has three quarters of them."""
    import mxnet as mx

    total = megabytes * MB / 4
    first = int(0.75 * total / width) if uneven else width
    layers = max(1, round(total * (0.25 if uneven else 1) / (width * (width + 1))))
    net, params, before = mx.sym.var("data"), {}, first
    for number in range(layers + 1 if uneven else layers):
        net = mx.sym.FullyConnected(net, num_hidden=width, name=f"fc{number}")
        params[f"fc{number}_weight"] = mx.nd.random.normal(shape=(width, before))
        params[f"fc{number}_bias"] = mx.nd.zeros((width,))
        before = width
    return net, params, first


def write(folder: pathlib.Path, megabytes: float, width: int, uneven: bool) -> float:
    """Write a network in all formats that are read; return the part of it that is its largest array."""
    import mxnet as mx

    folder.mkdir()
    symbol, params, inputs = network(megabytes, width, uneven)
    (folder / "inputs").write_text(str(inputs))
    mx.model.save_checkpoint(str(folder / "net"), 0, symbol, params, {})
    mx.save_safetensors(folder / "net.safetensors", params, {}, symbol)
    mx.onnx.export_model(symbol, params, [(1, inputs)], onnx_file_path=str(folder / "net.onnx"))
    return max(array.size for array in params.values()) / sum(array.size for array in params.values())


def to_onnx(folder: pathlib.Path) -> None:
    """Write a checkpoint as ONNX file."""
    import mxnet as mx

    files = str(folder / "net-symbol.json"), str(folder / "net-0000.params")
    mx.onnx.export_model(*files, [(1, int((folder / "inputs").read_text()))], onnx_file_path=str(folder / "out"))


def from_onnx(folder: pathlib.Path) -> None:
    """Read an ONNX file and write a checkpoint."""
    import mxnet as mx

    mx.model.save_checkpoint(str(folder / "out"), 0, *mx.onnx.import_model(str(folder / "net.onnx")))


def to_block(folder: pathlib.Path) -> None:
    """Read an ONNX file as a block, with gradients."""
    import mxnet as mx

    mx.onnx.import_to_gluon(str(folder / "net.onnx"), mx.cpu())


def command(*arguments: str) -> None:
    """Run ``remx convert``."""
    from mxnet._cli.main import main

    with contextlib.redirect_stdout(io.StringIO()) as said:
        if main(["convert", *arguments]) != 0:
            raise SystemExit(said.getvalue())


def command_to_onnx(folder: pathlib.Path) -> None:
    command(str(folder / "net"), "--to", "onnx", "-o", str(folder / "out"))


def command_to_torch(folder: pathlib.Path) -> None:
    command(str(folder / "net"), "--to", "torch", "-o", str(folder / "out"))


def command_from_onnx(folder: pathlib.Path) -> None:
    command(str(folder / "net.onnx"), "--to", "mxnet", "-o", str(folder / "out"))


def to_safetensors(folder: pathlib.Path) -> None:
    """Read a checkpoint and write a safetensors file with the symbol in it."""
    import mxnet as mx

    symbol, arg_params, aux_params = mx.model.load_checkpoint(str(folder / "net"), 0)
    mx.save_safetensors(folder / "out", arg_params, aux_params, symbol)


def to_params(folder: pathlib.Path) -> None:
    """Read a safetensors file and write a checkpoint."""
    import mxnet as mx

    symbol, arg_params, aux_params = mx.load_safetensors(folder / "net.safetensors")
    mx.model.save_checkpoint(str(folder / "out"), 0, symbol, arg_params, aux_params)


def to_params_again(folder: pathlib.Path) -> None:
    """Read a checkpoint and write it in the present format."""
    import mxnet as mx

    mx.model.save_checkpoint(str(folder / "out"), 0, *mx.model.load_checkpoint(str(folder / "net"), 0))


def to_state_dict(folder: pathlib.Path) -> None:
    """Make a torch module of a checkpoint and write its values."""
    import torch

    import mxnet as mx

    module = mx.to_torch(str(folder / "net-symbol.json"), str(folder / "net-0000.params"), source=folder / "net.py")
    torch.save(module.state_dict(), folder / "out")


def copy(folder: pathlib.Path) -> float:
    """Return the time of reading a file into memory and writing it to another."""
    start = time.process_time()
    data = (folder / "net-0000.params").read_bytes()
    (folder / "copy").write_bytes(data)
    return time.process_time() - start


def peak() -> int:
    """Return the largest resident memory so far, in bytes (Linux)."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def measure(case: str, folder: pathlib.Path) -> None:
    """Run one conversion in this process and print its time and memory."""
    run = globals()[CASES[case]]
    run(folder / "small")  # all modules are loaded
    start = time.process_time()
    run(folder / "small")
    graph = time.process_time() - start
    gc.collect()
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = peak()
    start = time.process_time()
    run(folder / "large")
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds - graph, "graph": graph, "bytes": peak() - before}))


def main() -> int:
    """Measure all conversions; the exit code is 1 if one misses its target."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=500, help="size of the network (500)")
    parser.add_argument("--uneven", action="store_true", help="three quarters of it in one array, as in VGG-16")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions (5)")
    parser.add_argument("--only", nargs="+", metavar="CASE", choices=CASES, default=list(CASES), help="some of them")
    parser.add_argument("--folder", type=pathlib.Path, help="where to write (a temporary folder)")
    parser.add_argument("--measure", nargs=2, metavar=("CASE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], pathlib.Path(options.measure[1]))
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        return compare(pathlib.Path(place), options)


def compare(folder: pathlib.Path, options: argparse.Namespace) -> int:
    """Measure and print; return 1 if a target is missed."""
    largest = write(folder / "large", options.megabytes, 2000, options.uneven)
    layers = len((folder / "large/net-symbol.json").read_text().split("FullyConnected")) - 1
    write(folder / "small", layers * 20 * 21 * 4 / MB, 20, False)
    size = os.path.getsize(folder / "large/net-0000.params")
    cases = list(dict.fromkeys([BASE, *options.only]))
    found: dict[str, list[dict[str, float]]] = {case: [] for case in cases}
    plain: list[float] = []
    for _ in range(options.rounds):  # interleaved, as the machine has other things to do
        plain.append(copy(folder / "large"))
        for case in cases:
            command = [sys.executable, __file__, "--measure", case, str(folder)]
            found[case].append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
    base = statistics.median(one["seconds"] for one in found[BASE])
    print(
        f"{size / MB:.0f} MB in {layers} layers, the largest array {largest:.0%} of it; copying the bytes, into the "
        f"cache of the system: {statistics.median(plain):.2f} s"
    )
    print(f"{'':24}{'Time':>9}   {'of ' + BASE:21}{'Graph':>8}   Largest memory, in sizes of the network")
    missed = False
    for case, results in found.items():
        seconds, graph = (statistics.median(one[key] for one in results) for key in ("seconds", "graph"))
        more, why = BESIDES.get(case, (0, ""))
        most = TARGETS["memory"] + (2 * largest if more is None else more)
        memory = max(one["bytes"] for one in results) / size
        missed |= seconds > TARGETS["time"] * base or memory > most
        print(
            f"{case:24}{seconds:7.2f} s   {seconds / base:5.2f} x (at most 2)  {graph:6.2f} s   {memory:.2f} x "
            f"(at most {most:.2f}{': ' + why if why else ''})"
        )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
