"""Warnings show the user's line, from wherever in the library they come."""

from __future__ import annotations

import contextlib
import warnings

import numpy as np
import pytest

import mxnet as mx
from mxnet import gluon

NET = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2), name="softmax")


def batches(label: str = "target") -> mx.io.NDArrayIter:
    return mx.io.NDArrayIter(np.ones((4, 3), "float32"), np.zeros(4, "float32"), 2, label_name=label)


def bound() -> None:
    it = batches()
    mx.mod.Module(NET).bind(it.provide_data, it.provide_label)


def fitted() -> None:
    mx.mod.Module(NET, label_names=["softmax_label"]).fit(batches(), num_epoch=0, begin_epoch=0)


def with_unused_input() -> None:
    class Net(gluon.HybridBlock):
        def hybrid_forward(self, F, x, y):
            return x * 2

    net = Net()
    net.hybridize()
    net(mx.nd.ones(2), mx.nd.ones(2))


def initialized_twice() -> None:
    net = gluon.nn.Dense(2)
    net.initialize()
    net.initialize()


def named_as_nothing() -> None:
    mx.mod.Module(NET, label_names=["nothing"])


@pytest.mark.parametrize("case", [bound, fitted, with_unused_input, initialized_twice, named_as_nothing])
def test_the_line_is_here(case):
    with warnings.catch_warnings(record=True) as found, contextlib.suppress(mx.MXNetError):
        warnings.simplefilter("always")
        case()  # (labels of another name end in an error)
    assert {warning.filename for warning in found} == {__file__}
