"""Contexts: as MXNet 1.9.1 answers, and devices that are not there."""

from __future__ import annotations

import copy
import pickle

import pytest
import torch

import mxnet as mx
from tests.golden.arrays import check, programs

MISSING = 77  # no machine has so many


@programs("context")
def test_answers_of_mxnet(table, name):
    check(table, name)


def test_block_entered_twice_restores_the_outer_context():
    context = mx.cpu(1)
    with context, mx.cpu(2), context:
        assert mx.current_context() == mx.cpu(1)
    assert mx.current_context() == mx.cpu(0)


def test_functions_make_contexts():
    assert [repr(make(1)) for make in (mx.cpu, mx.gpu, mx.cpu_pinned)] == ["cpu(1)", "gpu(1)", "cpu_pinned(1)"]
    assert mx.context.cpu is mx.cpu
    assert mx.Context("cpu_shared").device_typeid == 5


@pytest.mark.parametrize("context", [mx.cpu(0), mx.cpu(3), mx.gpu(2), mx.cpu_pinned()], ids=repr)
def test_copies_are_equal_and_hash_equally(context):
    copies = (copy.copy(context), copy.deepcopy(context), mx.Context(context))
    pickles = (pickle.loads(pickle.dumps(context, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1))
    for other in (*copies, *pickles):
        assert other == context
        assert hash(other) == hash(context)
        assert repr(other) == repr(context)


def test_unknown_type_is_refused_with_the_known_ones():
    with pytest.raises(KeyError, match=r"tpu.*cpu_pinned"):
        mx.Context("tpu", 0)


class TestMissingGpu:
    def test_number_of_gpus_is_torchs(self):
        assert mx.context.num_gpus() == torch.cuda.device_count()

    def test_context_exists_without_the_device(self):
        with mx.gpu(MISSING):
            assert mx.current_context() == mx.gpu(MISSING)

    @pytest.mark.parametrize("use", [
        lambda gpu: mx.nd.zeros((2,), ctx=gpu),
        lambda gpu: mx.nd.empty((2,), ctx=gpu),
        lambda gpu: mx.nd.array([1], ctx=gpu),
        lambda gpu: mx.nd.ones((2,)).as_in_context(gpu),
        lambda gpu: mx.nd.ones((2,)).copyto(gpu),
        lambda gpu: mx.nd.random.uniform(shape=(2,), ctx=gpu),
        lambda gpu: mx.context.gpu_memory_info(gpu.device_id),
        lambda gpu: mx.random.seed(1, ctx=gpu),
    ], ids=["zeros", "empty", "array", "as_in_context", "copyto", "uniform", "gpu_memory_info", "seed"])  # fmt: skip
    def test_use_names_the_device(self, use):
        with pytest.raises(mx.MXNetError, match=rf"gpu\({MISSING}\)"):
            use(mx.gpu(MISSING))

    def test_use_by_default_context_names_the_device(self):
        with mx.gpu(MISSING), pytest.raises(mx.MXNetError, match=rf"gpu\({MISSING}\)"):
            mx.nd.ones((2,))

    def test_negative_number_is_no_device(self):
        with pytest.raises(mx.MXNetError, match=r"gpu\(-1\)"):
            mx.nd.ones((2,), ctx=mx.gpu(-1))


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() == 0, reason="needs a CUDA device")
def test_arrays_live_on_the_gpu():
    x = mx.nd.ones((2,), ctx=mx.gpu(0))
    assert x.context == mx.gpu(0)
    assert (x + 1).as_in_context(mx.cpu()).asnumpy().tolist() == [2, 2]
    free, total = mx.context.gpu_memory_info(0)
    assert 0 < free <= total
    mx.gpu(0).empty_cache()
