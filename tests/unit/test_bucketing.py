"""Buckets: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import numpy as np
import pytest

import mxnet as mx
from tests.golden import programs

GROUP = "modules"


@pytest.mark.parametrize("name", sorted(name for name in programs.table(GROUP) if "buckets" in name))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


def network(hidden=True):
    """Return a network in which long sentences have one layer more than short ones."""

    def generate(key):
        layer = mx.sym.Embedding(mx.sym.var("data"), input_dim=9, output_dim=4, name="words")
        layer = mx.sym.mean(layer, axis=1)
        if hidden and key > 5:
            layer = mx.sym.FullyConnected(layer, num_hidden=4, name="hidden")
        return mx.sym.SoftmaxOutput(mx.sym.FullyConnected(layer, num_hidden=3, name="scores"), name="softmax")

    return lambda key: (generate(key), ("data",), ("softmax_label",))


def batch(key, number=0, size=8):
    random = np.random.default_rng(number)
    return mx.io.DataBatch(
        [mx.nd.array(random.integers(0, 9, (size, key)))],
        [mx.nd.array(random.integers(0, 3, size))],
        bucket_key=key,
        provide_data=[("data", (size, key))],
        provide_label=[("softmax_label", (size,))],
    )


def ready(default=10, optimizer=None, **kwargs):
    module = mx.mod.BucketingModule(network(), default, **kwargs)
    module.bind([("data", (8, default))], [("softmax_label", (8,))])
    module.init_params(mx.init.Uniform(0.5))
    module.init_optimizer(optimizer_params=optimizer or {"learning_rate": 0.1, "momentum": 0.9})
    return module


def step(module, given):
    module.forward_backward(given)
    module.update()


def test_buckets_share_their_memory():
    module = ready()
    for key in (3, 10, 7):
        step(module, batch(key))
    executors = {key: bucket._exec_group.execs[0] for key, bucket in module._buckets.items()}
    for what in ("arg_dict", "grad_dict"):
        places = {getattr(e, what)["words_weight"]._data.data_ptr() for e in executors.values()}
        assert len(places) == 1, what
    assert len({e.arg_dict["data"]._data.data_ptr() for e in executors.values()}) == 1


def test_momenta_belong_to_parameters_not_to_their_positions():
    module = ready()
    step(module, batch(10))
    names = module._buckets[10]._param_names
    before = {i: state.asnumpy().copy() for i, state in module._buckets[10]._updater.states.items()}
    step(module, batch(3))  # without the layer in the middle
    states = module._buckets[10]._updater.states
    changed = {names[i] for i in states if not np.array_equal(before[i], states[i].asnumpy())}
    assert changed == {"words_weight", "scores_weight", "scores_bias"}


def test_an_optimizer_that_is_made_in_another_bucket_numbers_all_parameters():
    module = mx.mod.BucketingModule(network(), 10)
    module.bind([("data", (8, 10))], [("softmax_label", (8,))])
    module.init_params()
    module.forward(batch(3), is_train=True)
    module.init_optimizer(optimizer_params={"momentum": 0.9})
    step(module, batch(3))
    step(module, batch(10))
    assert sorted(module._curr_module._optimizer.idx2name.values()) == sorted(module.get_params()[0])


def test_a_bucket_with_a_new_parameter():
    module = ready(default=5)
    with pytest.raises(ValueError, match=r"bucket 10 has a parameter 'hidden_weight' that the default bucket 5 lacks"):
        module.forward(batch(10))
    module.forward(batch(3))
    assert module.get_outputs()[0].shape == (8, 3)


def test_a_batch_of_another_size():
    module = ready()
    for size in (8, 3, 12):
        step(module, batch(4, size=size))
        assert module.get_outputs()[0].shape == (size, 3)


def test_rebinding_keeps_parameters_and_optimizer():
    module = ready()
    step(module, batch(10))
    learnt = {name: array.asnumpy().copy() for name, array in module.get_params()[0].items()}
    module.bind([("data", (4, 10))], [("softmax_label", (4,))], force_rebind=True)
    for name, array in module.get_params()[0].items():
        assert np.array_equal(array.asnumpy(), learnt[name]), name
    step(module, batch(3, size=4))
    assert sorted(module._buckets) == [3, 10]


def test_checkpoints(tmp_path):
    module = ready()
    for key in (10, 3):
        step(module, batch(key))
    prefix = str(tmp_path / "net")
    module.save_checkpoint(prefix, 1)
    loaded = mx.mod.BucketingModule.load(prefix, 1, sym_gen=network(), default_bucket_key=10)
    loaded.bind([("data", (8, 10))], [("softmax_label", (8,))], for_training=False)
    for key in (10, 3, 7):
        for one in (module, loaded):
            one.forward(batch(key), is_train=False)
        assert np.array_equal(module.get_outputs()[0].asnumpy(), loaded.get_outputs()[0].asnumpy())


def test_keys_of_any_kind(tmp_path):
    module = mx.mod.BucketingModule(lambda key: network()(10), ("long", 10))
    module.bind([("data", (8, 10))], [("softmax_label", (8,))])
    module.init_params()
    module.save_checkpoint(str(tmp_path / "net"), 1)
    assert (tmp_path / "net-0001.params").exists()


def test_a_generator_of_something_else():
    with pytest.raises(ValueError, match=r"sym_gen returned 3, expected \(symbol, data_names, label_names\)"):
        mx.mod.BucketingModule(lambda key: 3, 10)


def test_an_epoch_may_end_in_a_bucket_without_some_parameters():
    class Buckets(mx.io.DataIter):
        default_bucket_key, at = 10, 0
        provide_data, provide_label = [("data", (8, 10))], [("softmax_label", (8,))]

        def reset(self):
            self.at = 0

        def next(self):
            if self.at == 2:
                raise StopIteration
            self.at += 1
            return batch((10, 3)[self.at - 1], self.at)

    seen = []
    module = ready()
    module.fit(Buckets(8), num_epoch=2, epoch_end_callback=lambda e, s, arg, aux: seen.append(arg["hidden_bias"]))
    assert seen[-1].asnumpy().any()
    device = module._buckets[10]._exec_group.execs[0].arg_dict["hidden_bias"]
    assert np.array_equal(seen[-1].asnumpy(), device.asnumpy())
