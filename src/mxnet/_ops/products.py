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
_LARGE_WEIGHT = 250_000  # elements from which on it is faster for any number of rows, as all are read from memory
_LARGE = 1_000_000_000  # multiplications from which on a convolution's kernel is faster, if there are so many
_MANY_ROWS, _MANY_COLUMNS = 512, 128
_MUCH_MORE = 1.5  # times as many elements copied: then the transposed product is faster


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


#: oneDNN's ``data @ weight.T + bias`` as ``onednn(data, weight, bias, "none", [], "")``; None where it is not the
#: faster one. It has no derivative.
onednn: Any = _find()


def _suits(lhs: Tensor, rhs: Tensor, multiplications: int) -> bool:
    if multiplications < _WORTH_IT or not lhs.is_cpu or torch.compiler.is_compiling():  # a compiler has its own way
        return False
    return lhs.dtype is torch.float32 and rhs.dtype is torch.float32


def _is_recorded(*tensors: Tensor | None) -> bool:
    return torch.is_grad_enabled() and any(tensor is not None and tensor.requires_grad for tensor in tensors)


class _Linear(torch.autograd.Function):
    """oneDNN's product with its derivative, which goes the same way."""

    @staticmethod
    def forward(ctx: Any, data: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(data, weight)
        return onednn(data, weight, bias, "none", [], "")

    @staticmethod
    def backward(ctx: Any, *heads: Tensor) -> Any:
        data, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        rows = heads[0].reshape(-1, weight.shape[0])
        columns = data.reshape(-1, weight.shape[1])
        return (
            matmul(rows, weight).view(data.shape) if wanted[0] else None,
            matmul(rows.t(), columns) if wanted[1] else None,
            rows.sum(0) if wanted[2] else None,
        )


class _Product(torch.autograd.Function):
    """oneDNN's product of two matrices with its derivative."""

    @staticmethod
    def forward(ctx: Any, lhs: Tensor, rhs: Tensor) -> Tensor:
        ctx.save_for_backward(lhs, rhs)
        return _product(lhs, rhs).contiguous()

    @staticmethod
    def backward(ctx: Any, *heads: Tensor) -> Any:
        (head,), (lhs, rhs), wanted = heads, ctx.saved_tensors, ctx.needs_input_grad
        return matmul(head, rhs.t()) if wanted[0] else None, matmul(lhs.t(), head) if wanted[1] else None


def _product(lhs: Tensor, rhs: Tensor) -> Tensor:
    """Return ``lhs @ rhs`` in the way that copies and waits least; the result may have any strides."""
    (rows, inner), columns = lhs.shape, rhs.shape[1]
    if lhs.t().is_contiguous() and rows * inner > _MUCH_MORE * columns * (rows + inner):
        return onednn(rhs.t(), lhs, None, "none", [], "").t()  # oneDNN would copy all of `lhs` into the other order
    large = rows * inner * columns >= _LARGE
    if large and rows >= _MANY_ROWS and columns >= _MANY_COLUMNS and lhs.is_contiguous() and rhs.is_contiguous():
        return _by_convolution(lhs, rhs)
    return onednn(lhs, rhs.t(), None, "none", [], "")


def _by_convolution(lhs: Tensor, rhs: Tensor) -> Tensor:
    """Return ``lhs @ rhs`` as the derivative of a 1x1 convolution by its data: the kernel for weights as `rhs` lies."""
    head, data = _as_image(lhs), _as_image(lhs.new_empty(len(lhs), rhs.shape[1]))
    weight, only_data = rhs[:, :, None, None], (True, False, False)
    found: Any = torch.ops.aten.convolution_backward(
        head, data, weight, None, (1, 1), (0, 0), (1, 1), False, (0, 0), 1, only_data
    )
    return found[0].permute(0, 2, 3, 1).reshape(data.shape[2], data.shape[1])


def _as_image(matrix: Tensor) -> Tensor:
    """Return (positions, channels) as (1, channels, positions, 1)."""
    return matrix[None, :, None].permute(0, 3, 1, 2)


def linear(data: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``data @ weight.T + bias`` for data (..., K), weight (N, K) and bias (N,)."""
    work = data.numel() * weight.shape[0]
    if weight.numel() >= _LARGE_WEIGHT:
        work = max(work, _WORTH_IT)
    if onednn is not None and _suits(data, weight, work):
        if _is_recorded(data, weight, bias):
            return _Linear.apply(data, weight, bias)  # type: ignore[return-value]
        return onednn(data, weight, bias, "none", [], "")
    return torch.nn.functional.linear(data, weight, bias)


def matmul(lhs: Tensor, rhs: Tensor, into: Tensor | None = None) -> Tensor:
    """Return ``lhs @ rhs`` for lhs (M, K) and rhs (K, N), written to `into` when it is given."""
    if onednn is not None and _suits(lhs, rhs, lhs.numel() * rhs.shape[1]):
        if _is_recorded(lhs, rhs):
            return _Product.apply(lhs, rhs)  # type: ignore[return-value]
        found = _product(lhs, rhs)
        return found.contiguous() if into is None else into.copy_(found)
    return torch.mm(lhs, rhs) if into is None else torch.mm(lhs, rhs, out=into)
