"""Matrix products on the faster of the two libraries inside torch.

torch computes float32 products on a CPU with MKL, which takes its AVX2 path on processors that are not Intel's. oneDNN,
which torch carries too, takes AVX-512 wherever it is: on an AMD EPYC with two cores 350 to 390 instead of 200 GFLOP/s.
Its call costs about 12 µs, so small products stay with MKL. See ``docs/decisions/0012-onednn-products.md``.

``MXNET_CPU_GEMM`` chooses: ``auto`` (the default: oneDNN where it is the faster one), ``mkl`` or ``onednn``.
"""

from __future__ import annotations

import os
import pathlib
import platform
from typing import Any

import torch

Tensor = torch.Tensor

#: Multiplications from which on oneDNN is not slower (measured between 2 and 8 million on two cores).
_WORTH_IT = 2_000_000


def _find() -> Any:
    """Return oneDNN's product if it is there and wanted, else None."""
    choice = os.environ.get("MXNET_CPU_GEMM", "auto")
    if choice not in ("auto", "mkl", "onednn"):
        raise ValueError(f"MXNET_CPU_GEMM is {choice!r}; expected 'auto', 'mkl' or 'onednn'")
    try:
        found: Any = torch.ops.mkldnn._linear_pointwise
    except (AttributeError, RuntimeError):  # a torch without oneDNN
        return None
    if choice == "onednn":
        return found
    faster = "AVX512" in torch.backends.cpu.get_cpu_capability() and _vendor() != "GenuineIntel"
    return found if choice == "auto" and faster else None


def _vendor() -> str:
    """Return the processor's maker as the processor spells it; empty when the system does not tell."""
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        text = platform.processor()
        return next((name for name in ("GenuineIntel", "AuthenticAMD") if name in text), "")
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("vendor_id")), "")


_onednn: Any = _find()


def _suits(lhs: Tensor, rhs: Tensor, multiplications: int) -> bool:
    return (
        multiplications >= _WORTH_IT
        and lhs.dtype is torch.float32
        and rhs.dtype is torch.float32
        and lhs.is_cpu
        and not (torch.is_grad_enabled() and (lhs.requires_grad or rhs.requires_grad))  # it has no derivative
    )


def linear(data: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``data @ weight.T + bias`` for data (..., K), weight (N, K) and bias (N,)."""
    recorded = bias is not None and bias.requires_grad and torch.is_grad_enabled()
    if _onednn is not None and not recorded and _suits(data, weight, data.numel() * weight.shape[0]):
        return _onednn(data, weight, bias, "none", [], "")
    return torch.nn.functional.linear(data, weight, bias)


def matmul(lhs: Tensor, rhs: Tensor, into: Tensor | None = None) -> Tensor:
    """Return ``lhs @ rhs`` for lhs (M, K) and rhs (K, N), written to `into` when it is given."""
    if _onednn is not None and _suits(lhs, rhs, lhs.numel() * rhs.shape[1]):
        found = _onednn(lhs, rhs.t(), None, "none", [], "")
        return found if into is None else into.copy_(found)
    return torch.mm(lhs, rhs) if into is None else torch.mm(lhs, rhs, out=into)
