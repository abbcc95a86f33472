"""What ``import mxnet`` loads, and what it leaves for later."""

from __future__ import annotations

import subprocess
import sys

import pytest

import mxnet as mx


def loaded(program):
    """Run a program in a new process and return the modules that it loaded."""
    command = [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())


def test_the_training_stack_waits_until_it_is_asked_for():
    found = loaded("import mxnet as mx")
    assert "mxnet.symbol" in found
    assert not found & {"mxnet.module", "mxnet.optimizer", "mxnet.io", "mxnet.rnn", "matplotlib", "graphviz", "pandas"}
    assert "mxnet.module" in loaded("import mxnet as mx\nmx.mod.Module")
    assert "mxnet.io" in loaded("from mxnet import io")


def test_every_name_is_there():
    assert [name for name in mx.__all__ if not hasattr(mx, name)] == []
    assert set(mx.__all__) <= set(dir(mx))
    assert mx.mod is mx.module
    assert mx.init is mx.initializer


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'modul'"):
        _ = mx.modul


def test_common_networks_do_not_load_a_compiler():
    """torch loads its compiler, a second of work, when it meets some operators on the meta device."""
    program = """
import mxnet as mx
x = mx.sym.Variable("data")
y = mx.sym.Pooling(mx.sym.Convolution(x, kernel=(3, 3), num_filter=4), kernel=(2, 2))
y = mx.sym.BatchNorm(mx.sym.concat(y, y, dim=1)) * 2
y = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.Dropout(mx.sym.relu(y)), num_hidden=3), name="softmax")
executor = y.simple_bind(mx.cpu(), data=(2, 3, 8, 8))
executor.forward(is_train=True)
executor.backward()
"""
    assert "torch._dynamo" not in loaded(program)
