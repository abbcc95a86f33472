"""Matrix products give what torch's own give, whichever library computes them."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._ops import products

LARGE = 160  # 160 ** 3 is above the size from which oneDNN is asked
RANDOM = np.random.default_rng(28)


@pytest.fixture(params=["mkl", "onednn"])
def library(request, monkeypatch):
    """Each of the two libraries, where torch has it."""
    monkeypatch.setenv("MXNET_CPU_GEMM", request.param)
    monkeypatch.setattr(products, "onednn", products._find())
    if request.param == "onednn" and products.onednn is None:
        pytest.skip("this torch has no oneDNN product")
    return request.param


def values(*shape: int) -> torch.Tensor:
    return torch.from_numpy(RANDOM.standard_normal(shape)).float()


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found.double(), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.usefixtures("library")
def test_products_of_all_strides():
    a, b, bias = values(LARGE, LARGE), values(LARGE, LARGE + 8), values(LARGE)
    close(products.matmul(a, b), a.double() @ b.double())
    close(products.matmul(a.t(), b), a.t().double() @ b.double())
    close(products.matmul(b.t(), a), b.t().double() @ a.double())
    close(products.linear(b.t(), a, bias), b.t().double() @ a.t().double() + bias.double())
    close(products.linear(a.view(2, LARGE // 2, LARGE), a).view(LARGE, LARGE), a.double() @ a.t().double())
    into = torch.empty(LARGE, LARGE + 8)
    assert products.matmul(a, b, into) is into
    close(into, a.double() @ b.double())


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("shape", [(64, 300, 8), (96, 64, 600), (32, 200, 200), (1, 500, 1)], ids=str)
def test_every_way_to_a_large_product(shape, monkeypatch):
    monkeypatch.setattr(products, "_WORTH_IT", 1)
    monkeypatch.setattr(products, "_LARGE", 1)
    monkeypatch.setattr(products, "_MANY_ROWS", 32)
    monkeypatch.setattr(products, "_MANY_COLUMNS", 200)
    rows, inner, columns = shape
    for lhs in (values(rows, inner), values(inner, rows).t(), values(rows, 2 * inner)[:, ::2]):
        for rhs in (values(inner, columns), values(columns, inner).t(), values(2 * inner, columns)[::2]):
            found = products.matmul(lhs, rhs)
            assert found.is_contiguous()
            close(found, lhs.double() @ rhs.double())
            into = torch.empty(rows, columns)
            assert products.matmul(lhs, rhs, into) is into
            close(into, lhs.double() @ rhs.double())


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("rows", [1, 3])
def test_few_rows_and_a_large_weight(rows):
    data, weight, bias = values(rows, 600), values(500, 600), values(500)
    expected = data.double() @ weight.double().t()
    close(products.linear(data, weight), expected)
    close(products.linear(data, weight, bias), expected + bias.double())
    close(products.linear(data[0], weight), expected[0])
    close(products.linear(data[:0], weight), expected[:0])


@pytest.mark.usefixtures("library")
def test_gradients_flow_through_large_layers():
    x, w = (mx.nd.from_dlpack(values(LARGE, LARGE)) for _ in range(2))
    for array in (x, w):
        array.attach_grad()
    with mx.autograd.record():
        y = mx.nd.dot(mx.nd.FullyConnected(x, w, num_hidden=LARGE, no_bias=True), w)
    y.backward()
    a, b = (torch.from_dlpack(array).double().requires_grad_() for array in (x, w))
    (a @ b.t() @ b).sum().backward()
    close(torch.from_dlpack(x.grad), a.grad)
    torch.testing.assert_close(torch.from_dlpack(w.grad).double(), b.grad, rtol=1e-3, atol=1e-2)


def test_unknown_library_is_refused():
    environment = {**os.environ, "MXNET_CPU_GEMM": "blas"}
    command = [sys.executable, "-c", "import mxnet"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "MXNET_CPU_GEMM is 'blas'; expected 'auto', 'mkl' or 'onednn'" in ended.stderr


@pytest.mark.usefixtures("library")
def test_second_derivatives_of_large_layers():
    x, w, b = (values(*shape).double() for shape in ((LARGE, LARGE), (LARGE, LARGE), (LARGE,)))
    results = []
    for kind in (torch.float32, torch.float64):
        leaves = [t.to(kind).requires_grad_() for t in (x, w, b)]
        y = torch.tanh(products.linear(*leaves) / LARGE).sum()
        first = torch.autograd.grad(y, leaves, create_graph=True)
        results.append(torch.autograd.grad(sum((g * g).sum() for g in first), leaves))
    for found, expected in zip(*results):
        close(found, expected)
