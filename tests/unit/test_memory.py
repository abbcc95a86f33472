"""Freed memory stays in the process, unless told otherwise."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

import mxnet as mx
from mxnet._runtime import memory

#: Allocates and frees 40 MB, which glibc would map by themselves, and prints the page faults of doing it again.
PROGRAM = """
import resource
import torch
import mxnet as mx
x = mx.nd.ones((10_000_000,))
del x
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    y = mx.nd.ones((10_000_000,))
    del y
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
OWN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "REMX_KEEP_MEMORY")


def faults(**variables):
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [sys.executable, "-c", PROGRAM]
    return int(subprocess.run(command, env={**environment, **variables}, capture_output=True, check=True).stdout)


@pytest.mark.skipif(not memory.keep_freed(), reason="no glibc here, or its thresholds are set by the environment")
def test_freed_memory_is_used_again_without_page_faults():
    assert faults() < faults(REMX_KEEP_MEMORY="0") / 4


@pytest.mark.parametrize("name", OWN)
def test_what_the_environment_says_goes(name, monkeypatch):
    monkeypatch.setenv(name, "0")
    assert not memory.keep_freed()


def _gluon_step(hybrid):
    net = mx.gluon.nn.HybridSequential()
    net.add(mx.gluon.nn.Dense(8, activation="relu"), mx.gluon.nn.BatchNorm(), mx.gluon.nn.Dense(3))
    loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    net.initialize()
    if hybrid:
        net.hybridize(static_alloc=True)
        loss.hybridize()
    trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
    metric = mx.metric.Accuracy()
    data, label = mx.nd.ones((4, 5)), mx.nd.array([0, 1, 2, 0])

    def step():
        with mx.autograd.record():
            found = net(data)
            value = loss(found, label)
        value.backward()
        trainer.step(4)
        metric.update([label], [found])

    return step


def _module_step():
    net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3), name="softmax")
    module = mx.mod.Module(net)
    module.bind([("data", (4, 5))], [("softmax_label", (4,))])
    module.init_params()
    module.init_optimizer()
    batch = mx.io.DataBatch([mx.nd.ones((4, 5))], [mx.nd.array([0, 1, 2, 0])])
    metric = mx.metric.Accuracy()

    def step():
        module.forward_backward(batch)
        module.update()
        module.update_metric(metric, batch.label)

    return step


def _custom_step():
    x = mx.nd.ones((4, 5))
    x.attach_grad()

    def step():
        with mx.autograd.record():
            y = (mx.nd.relu(x * 2 - 1) + x[1:2]).sum()
        y.backward()

    return step


@pytest.mark.parametrize(
    "made",
    [lambda: _gluon_step(True), lambda: _gluon_step(False), _module_step, _custom_step],
    ids=["hybridized", "gluon", "module", "arrays"],
)
def test_a_step_leaves_nothing_for_the_collector(made):
    """What waits for Python's collector holds memory meanwhile: an output, and all that its graph keeps."""
    step = made()
    for _ in range(3):
        step()
    while gc.collect():  # what torch's compiler made in other tests goes step by step
        pass
    gc.disable()
    try:
        step()
        assert gc.collect() == 0
    finally:
        gc.enable()


class Heap:
    """What `Holes` asks of glibc: blocks, and free memory of which some is the heap's end."""

    def __init__(self, blocks, free, end):
        self.trims = 0
        found = SimpleNamespace(uordblks=blocks, fordblks=free, keepcost=end)
        self.mallinfo2 = lambda: found

    def malloc_trim(self, _):
        self.trims += 1


def looks(monkeypatch, heap, resident, nbytes=1 << 26):
    """Look once for each number of resident pages; return how often memory went back after each."""
    monkeypatch.setattr(memory, "_EVERY", 1)
    holes, trims = memory.Holes(heap), []
    for pages in resident:
        monkeypatch.setattr(memory, "_resident", lambda pages=pages: pages)
        holes.look([SimpleNamespace(nbytes=nbytes), (3, 4)])
        trims.append(heap.trims)
    return trims


def test_holes_go_back_when_the_process_has_grown(monkeypatch):
    # the second look learns how large it is afterwards
    assert looks(monkeypatch, Heap(100, 80, 10), [1000, 900, 1000, 1100, 1200, 1000, 1200, 1300]) == [
        1, 1, 1, 1, 2, 2, 2, 3,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heap", "nbytes"),
    [(Heap(100, 40, 0), 1 << 26), (Heap(100, 150, 120), 1 << 26), (Heap(100, 80, 10), 1 << 20)],
    ids=["few holes", "the end of the heap", "small values"],
)
def test_what_is_no_hole_stays(heap, nbytes, monkeypatch):
    assert looks(monkeypatch, heap, [1000, 2000, 4000], nbytes) == [0, 0, 0]
