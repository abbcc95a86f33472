"""``remx doctor``: what is installed, and what works.

Nothing of mxnet is imported at the top: it may be what does not work.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from typing import Any

from .main import DIFFERS, GOOD
from .tables import bullets, facts, print_json, size, table  # `from . import tables` would import mxnet itself

#: Packages, what is missing without them, and how to get them.
_PACKAGES = (
    ("numpy", "everything", ""),
    ("torch", "everything", ""),
    ("opencv-python-headless", "images: reading, resizing, augmentation", ""),
    ("tqdm", "progress bars", ""),
    ("onnx", "ONNX export and import", "remx[onnx]"),
    ("onnxruntime", "remx convert --to onnx --check", "remx[onnx]"),
    ("safetensors", "safetensors files", "remx[safetensors]"),
    ("graphviz", "mx.viz.plot_network, remx inspect --graph FILE.svg", "remx[viz]"),
    ("matplotlib", "the demo's curves", "remx[demo]"),
    ("scikit-learn", "the demo without MNIST", "remx[demo]"),
)

#: Environment variables that change what happens.
_VARIABLES = ("CUDA_VISIBLE_DEVICES", "DMLC_ROLE", "GOMP_CPU_AFFINITY", "KMP_AFFINITY", "LD_PRELOAD",
              "MKL_NUM_THREADS", "OMP_NUM_THREADS", "PYTHONPATH", "VIRTUAL_ENV")  # fmt: skip
_PREFIXES = ("MXNET_", "REMX_", "PYTORCH_", "TORCH")


def run(options: argparse.Namespace) -> int:
    """Print what is installed; the exit code is 1 where something that is needed does not work."""
    found = examine()
    if options.json:
        print_json(found)
    else:
        print(*_text(found), sep="\n")
    return DIFFERS if found["problems"] else GOOD


def examine() -> dict[str, Any]:
    """Return what there is to know of this installation, as plain values."""
    problems: list[str] = []
    packages = {name: _version(name) for name, _, _ in _PACKAGES}
    machine = _machine()
    devices, build = _devices(problems)
    works = _try(problems) if not problems else "not tried"
    missing = [
        {"package": name, "for": purpose, "install": f'pip install "{extra}"' if extra else f"pip install {name}"}
        for name, purpose, extra in _PACKAGES
        if packages[name] is None
    ]
    if shutil.which("dot") is None:
        missing.append({"package": "dot (Graphviz)", "for": "remx inspect --graph FILE.svg", "install": "graphviz.org"})
    if _version("mxnet") is not None:
        problems.append(
            "the distribution mxnet is installed beside remx, and both are the package mxnet: uninstall both, then "
            "install remx"
        )
    return {
        "remx": _version("remx"),
        "python": f"{platform.python_version()} ({sys.executable})",
        "package": _where("mxnet"),
        "platform": platform.platform(),
        **machine,
        "torch_build": build,
        "devices": devices,
        "works": works,
        "packages": packages,
        "missing": missing,
        "environment": {name: value for name, value in sorted(os.environ.items()) if _matters(name)},
        "problems": problems,
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return _version("opencv-python") if name == "opencv-python-headless" else None


def _where(name: str) -> str | None:
    spec = importlib.util.find_spec(name)
    return os.path.dirname(spec.origin) if spec is not None and spec.origin else None


def _matters(name: str) -> bool:
    return name in _VARIABLES or name.startswith(_PREFIXES)


def _machine() -> dict[str, Any]:
    """Return processor and memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = platform.processor()
    memory = None
    if sys.platform == "linux":
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            model = next((line.partition(":")[2].strip() for line in file if line.startswith("model name")), model)
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"processor": model, "cores": cores, "memory": memory}


def _devices(problems: list[str]) -> tuple[list[str], str | None]:
    """Return the devices, and what torch is built for; note where torch does not load."""
    try:
        torch = importlib.import_module("torch")
    except Exception as error:
        problems.append(f"torch does not load: {type(error).__name__}: {error}")
        return [], None
    threads = f"cpu: {torch.get_num_threads()} threads"
    devices = [threads]
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            about = torch.cuda.get_device_properties(index)
            devices.append(f"gpu({index}): {about.name}, {size(about.total_memory)}")
    parts = [f"CUDA {torch.version.cuda}" if torch.version.cuda else "no CUDA"]
    parts += [f"oneDNN {'on' if torch.backends.mkldnn.is_available() else 'off'}"]
    parts += [f"vectors of {torch.backends.cpu.get_cpu_capability()}"]
    return devices, ", ".join(parts)


def _try(problems: list[str]) -> str:
    """Return whether a small network runs."""
    try:
        mx = importlib.import_module("mxnet")
        net = mx.sym.FullyConnected(mx.sym.Variable("data"), num_hidden=2, no_bias=True)
        executor = net.simple_bind(mx.cpu(), data=(1, 3))
        for array in executor.arg_arrays:
            array[:] = 1
        result = executor.forward()[0].asnumpy().tolist()
    except Exception as error:
        problems.append(f"mxnet does not work: {type(error).__name__}: {error}")
        return "no"
    if result != [[3.0, 3.0]]:
        problems.append(f"a product of ones gave {result}, expected [[3.0, 3.0]]")
        return "no"
    return "yes: a small network gave the right result"


def _text(found: dict[str, Any]) -> list[str]:
    here = [f"{name} {version}" for name, version in found["packages"].items() if version]
    lines = facts(
        [
            ("remx", f"{found['remx'] or 'not installed as a package'} ({found['package']})"),
            ("Python", found["python"]),
            ("System", found["platform"]),
            ("Processor", f"{found['processor']}, {found['cores']} cores"),
            ("Memory", size(found["memory"]) if found["memory"] else None),
            ("torch", found["torch_build"]),
            ("Devices", "\n".join(found["devices"])),
            ("Works", found["works"]),
            ("Packages", ", ".join(here)),
            (
                "Environment",
                "\n".join(f"{name}={value}" for name, value in found["environment"].items()) or "nothing set",
            ),
        ]
    )
    if found["missing"]:
        cells = [(row["package"], row["for"], row["install"]) for row in found["missing"]]
        lines += ["", *table(("Not installed", "Needed for", "Install"), cells)]
    if found["problems"]:
        lines += ["", "Problems", *bullets(found["problems"])]
    return lines
