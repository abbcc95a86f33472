"""Products of a csr matrix and a dense one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._runtime.tape import state
from . import _sparse_layout as layout
from ._sparse_arrays import CLASSES
from ._sparse_base import from_dense, from_parts
from .dispatch import live_tensor

Tensor = torch.Tensor

#: Storage types and transpositions of both -> storage type of the product, as in MXNet 1.9.1.
PRODUCTS: dict[tuple[str, str, bool, bool], str] = {
    ("csr", "default", False, False): "default",
    ("csr", "row_sparse", False, False): "default",
    ("csr", "default", True, False): "row_sparse",
    ("csr", "row_sparse", True, False): "row_sparse",
    ("default", "csr", False, False): "csr",
    ("default", "csr", False, True): "csr",
}


def key_of(arrays: Sequence[Any], values: Mapping[str, Any]) -> tuple[str, str, bool, bool]:
    """Return what `PRODUCTS` is asked for."""
    return arrays[0].stype, arrays[1].stype, bool(values["transpose_a"]), bool(values["transpose_b"])


def dot(arrays: Sequence[Any], values: Mapping[str, Any], stype: str) -> Any:
    """Return one of the `PRODUCTS` with storage type `stype`. Shapes go together; the dense array may be recorded."""
    lhs, rhs = arrays
    _, _, transpose_a, transpose_b = key_of(arrays, values)
    context = lhs._context
    if lhs.stype == "csr":
        parts = lhs._compressed()
        dense = live_tensor(rhs) if state.recording else rhs._data
        if not transpose_a:
            product = _csr_times_dense(parts, dense)
        elif stype == "row_sparse" and not dense.requires_grad:
            found, turned = layout.csr_transposed(parts)
            product = layout.csr_times_dense(turned, dense)
            return from_parts(CLASSES[stype], product, (found,), (lhs.shape[1], dense.shape[1]), context)
        else:
            product = _transposed_times_dense(parts, dense, lhs.shape[1])
    else:  # the transpose of a product with a csr matrix on the left
        parts = rhs._compressed()
        dense = (live_tensor(lhs) if state.recording else lhs._data).t().contiguous()
        product = _csr_times_dense(parts, dense) if transpose_b else _transposed_times_dense(parts, dense, rhs.shape[1])
        product = product.t()
    return from_dense(CLASSES[stype], product.contiguous(), context)


class _CsrTimesDense(torch.autograd.Function):
    """Product with a csr matrix that is a constant; the gradient of the dense one is a product with its transpose."""

    @staticmethod
    def forward(ctx: Any, stored: Tensor, indptr: Tensor, indices: Tensor, dense: Tensor) -> Tensor:
        ctx.save_for_backward(stored, indptr, indices)
        ctx.rows = dense.shape[0]
        return layout.csr_times_dense((stored, (indptr, indices)), dense)

    @staticmethod
    def backward(ctx: Any, *heads: Tensor) -> Any:
        stored, indptr, indices = ctx.saved_tensors
        gradient = _transposed_times_dense((stored, (indptr, indices)), heads[0].contiguous(), ctx.rows)
        return None, None, None, gradient


def _csr_times_dense(parts: layout.Parts, dense: Tensor) -> Tensor:
    stored, (indptr, indices) = parts
    return _CsrTimesDense.apply(stored, indptr, indices, dense)


def _transposed_times_dense(parts: layout.Parts, dense: Tensor, rows: int) -> Tensor:
    found, turned = layout.csr_transposed(parts)
    product = layout.csr_times_dense(turned, dense)
    return dense.new_zeros((rows, dense.shape[1])).index_copy(0, found, product)
