"""Converting a network of about 500 MB: its time beside reading and writing the file, and the memory it takes.

    python benchmarks/convert.py
    python benchmarks/convert.py --megabytes 100 --rounds 3

Each conversion runs in a process of its own. What is printed for it: the median time without the import, beside that of
reading and writing a checkpoint of that size, and the largest resident memory above that of the imported library. Times
are those of the processor, as other work on the machine would count double where files are large.
"""

from __future__ import annotations

import argparse
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
    "params -> safetensors": "to_safetensors",
    "safetensors -> params": "to_params",
    "params -> state_dict": "to_state_dict",
    "params -> params": "to_params_again",
}


def network(megabytes: float):
    """Return a symbol of wide layers and its parameters."""
    import mxnet as mx

    width, layers = 2000, max(1, round(megabytes * MB / (2000 * 2001 * 4)))
    net, params = mx.sym.var("data"), {}
    for number in range(layers):
        net = mx.sym.FullyConnected(net, num_hidden=width, name=f"fc{number}")
        params[f"fc{number}_weight"] = mx.nd.random.normal(shape=(width, width))
        params[f"fc{number}_bias"] = mx.nd.zeros((width,))
    return net, params


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
    import mxnet as mx

    mx.to_torch, mx.save_safetensors, mx.gluon  # noqa: B018 - imported before the clock starts
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
    before = peak()
    start = time.process_time()
    globals()[CASES[case]](folder)
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "bytes": peak() - before}))


def main() -> int:
    """Measure all conversions; the exit code is 1 if one misses its target."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=500, help="size of the network (500)")
    parser.add_argument("--rounds", type=int, default=5, help="repetitions (5)")
    parser.add_argument("--folder", type=pathlib.Path, help="where to write (a temporary folder)")
    parser.add_argument("--measure", nargs=2, metavar=("CASE", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.measure[0], pathlib.Path(options.measure[1]))
        return 0
    with tempfile.TemporaryDirectory(dir=options.folder) as place:
        folder = pathlib.Path(place)
        return compare(folder, options.megabytes, options.rounds)


def compare(folder: pathlib.Path, megabytes: float, rounds: int) -> int:
    import mxnet as mx

    symbol, params = network(megabytes)
    mx.model.save_checkpoint(str(folder / "net"), 0, symbol, params, {})
    mx.save_safetensors(folder / "net.safetensors", params, {}, symbol)
    del params
    size = os.path.getsize(folder / "net-0000.params")
    found: dict[str, list[dict[str, float]]] = {case: [] for case in CASES}
    plain: list[float] = []
    for _ in range(rounds):  # interleaved, as the machine has other things to do
        plain.append(copy(folder))
        for case in CASES:
            command = [sys.executable, __file__, "--measure", case, str(folder)]
            found[case].append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    base = statistics.median(one["seconds"] for one in found[BASE])
    print(f"{size / MB:.0f} MB; copying the bytes, into the cache of the system: {statistics.median(plain):.2f} s")
    missed = False
    for case, results in found.items():
        seconds = statistics.median(one["seconds"] for one in results)
        memory = max(one["bytes"] for one in results) / size
        missed |= seconds > TARGETS["time"] * base or memory > TARGETS["memory"]
        print(f"{case:24}{seconds:7.2f} s = {seconds / base:5.2f} x (at most 2)   memory {memory:.2f} x (at most 2.5)")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
