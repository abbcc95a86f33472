"""Optimizers: step by step against MXNet 1.9.1, and what is promised beyond it."""

from __future__ import annotations

import base64
import pickle
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.optimizer import _stepping
from tests.golden import programs

GROUP = "optimizers"
PICKLES = sorted(name for name in programs.table(GROUP) if name.startswith("pickle of"))
#: Runs of one optimizer over several parameters.
RUNS = sorted(name for name, source in programs.table(GROUP).items() if "answer = run(" in source)

pytestmark = pytest.mark.filterwarnings("ignore:Accumulating with .*16 in optimizer:UserWarning")


def array(*values, dtype="float32"):
    return mx.nd.array(values, dtype=dtype)


def numbers(x):
    return x.asnumpy().astype("float64").round(5).tolist()


def tolerance(name):
    return (1e-2, 2e-3) if "float16" in name or "masters" in name else (1e-4, 1e-5)


@pytest.mark.parametrize("name", sorted(set(programs.table(GROUP)) - set(PICKLES)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx, *tolerance(name))


@pytest.mark.gpu
@pytest.mark.skipif(mx.context.num_gpus() == 0, reason="this machine has no CUDA device")
@pytest.mark.parametrize("name", RUNS)
def test_a_gpu_answers_as_mxnet(name):
    with mx.gpu(0):
        programs.check(GROUP, name, mx, *tolerance(name))


# -- however parameters come: alone, together, in pieces ---------------------------------------------------------------


def agree(source, other, name):
    first, second = programs.run(source, mx), programs.run(other, mx)
    assert "answer" in first, first
    programs._compare(second.get("answer", second), first["answer"], name, 1e-6, 1e-6)


@pytest.mark.parametrize("name", [name for name in RUNS if "lbsgd lr_scheduler" not in name and "nadam" not in name])
def test_one_at_a_time_is_the_same(name):
    source = programs.table(GROUP)[name]
    assert "together=True" in source
    agree(source, source.replace("together=True", "together=False"), name)


@pytest.mark.parametrize("name", [name for name in RUNS if "wd=0.1" in name or "masters" in name])
def test_pieces_are_the_same(name, monkeypatch):
    source = programs.table(GROUP)[name]
    expected = programs.run(source, mx)
    monkeypatch.setattr(_stepping, "PIECE", 3)
    actual = programs.run(source, mx)
    programs._compare(actual["answer"], expected["answer"], name, 1e-6, 1e-6)


def test_large_arrays_are_cut_and_keep_their_order(monkeypatch):
    monkeypatch.setattr(_stepping, "PIECE", 4)
    rows = [(torch.arange(float(n)),) * 2 for n in (3, 1, 9, 2, 4)]
    pieces = list(_stepping._cut(rows, elementwise=True))
    assert [[len(row[0]) for row in piece] for piece in pieces] == [[3, 1], [4], [4], [1], [2], [4]]
    whole = list(_stepping._cut(rows, elementwise=False))
    assert [[len(row[0]) for row in piece] for piece in whole] == [[3, 1], [9], [2], [4]]


@pytest.mark.parametrize("name", sorted(set(mx.optimizer.Optimizer.opt_registry) - {"test"}))
@pytest.mark.parametrize("multi_precision", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
def test_every_dtype_comes_down(name, dtype, multi_precision):
    """The gradient of 0.5 * x**2 is x."""
    options = {"rho": 0.5, "epsilon": 0.1} if name == "adadelta" else {"learning_rate": 0.01}
    if name in ("lars", "groupadagrad"):
        options["learning_rate"] = 0.1
        options.update({"eta": 0.1} if name == "lars" else {})
    optimizer = mx.optimizer.create(name, multi_precision=multi_precision, **options)
    update = mx.optimizer.get_updater(optimizer)
    weights = [mx.nd.array([[1.0, -2.0], [0.5, 3.0]]).astype(dtype), mx.nd.array([[4.0, -1.0]]).astype(dtype)]
    before = [abs(w.asnumpy().astype("float64")).sum() for w in weights]
    for _ in range(5):
        grads = [w.copy() for w in weights]
        kept = [g.asnumpy() for g in grads]
        update([0, 1], grads, weights)
        for grad, value in zip(grads, kept):
            np.testing.assert_array_equal(grad.asnumpy(), value, "the gradient was changed")
    for weight, start in zip(weights, before):
        assert weight._data.dtype is getattr(torch, dtype)
        if name != "sgld":
            assert abs(weight.asnumpy().astype("float64")).sum() < start


@given(
    lr=st.floats(1e-12, 1),
    momentum=st.floats(0, 0.99),
    wd=st.floats(0, 0.5),
    scale=st.one_of(st.just(0.0), st.floats(1e-3, 10)),
    clip=st.one_of(st.none(), st.floats(0.01, 2)),
    dtype=st.sampled_from(["float32", "float64"]),
)
@settings(deadline=None, max_examples=60)
def test_sgd_follows_its_formula(lr, momentum, wd, scale, clip, dtype):
    optimizer = mx.optimizer.SGD(momentum, learning_rate=lr, wd=wd, rescale_grad=scale, clip_gradient=clip)
    update = mx.optimizer.get_updater(optimizer)
    w = np.linspace(-1, 1, 7)
    mom = np.zeros(7)
    weight = mx.nd.array(w, dtype=dtype)
    for t in range(3):
        g = np.cos(np.arange(7) + t)
        update(0, mx.nd.array(g, dtype=dtype), weight)
        g = g * scale if clip is None else np.clip(g * scale, -clip, clip)
        mom = momentum * mom - lr * (g + wd * w)
        w = w + mom
    np.testing.assert_allclose(weight.asnumpy(), w, 1e-4, 1e-5)


@pytest.mark.parametrize("scale", [1.0, 1e-3, 1e-7, 1e-12])
def test_small_steps_keep_their_digits(scale):
    update = mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9, learning_rate=1e-3, rescale_grad=scale))
    weight = mx.nd.zeros((3,))
    update(0, array(1, 2, 3), weight)
    np.testing.assert_allclose(weight.asnumpy(), [-1e-3 * scale * g for g in (1, 2, 3)], 2e-7)


# -- files ---------------------------------------------------------------------------------------------------------


def arrays_of(encoded):
    return [np.array(x["data"], x["dtype"]).reshape(x["shape"]) for x in encoded]


def run_on(name, updater, weights):
    """Take the steps that MXNet took after it wrote the pickle."""
    scope = {"mx": mx, "np": np}
    exec(programs.table(GROUP)[name].split("import base64")[0], scope)
    shapes, gradient, dtype = scope["SHAPES"], scope["gradient"], scope["DTYPE"]
    for t in range(4, 7):
        grads = [mx.nd.array(gradient(i, t, shape), dtype=dtype) for i, shape in enumerate(shapes)]
        updater([0, 1, 2], grads, weights)


@pytest.mark.parametrize("name", PICKLES)
def test_training_goes_on_from_mxnets_pickle(name):
    answer = dict(programs.answers(GROUP)[name]["answer"]["dict"])
    kind = name.removeprefix("pickle of ")
    states, whole = (base64.b64decode(text) for text in answer["data"])
    weights = [mx.nd.array(x, dtype=x.dtype) for x in arrays_of(answer["before"])]
    updater = mx.optimizer.get_updater(mx.optimizer.SGD())
    updater.set_states(whole)
    assert type(updater.optimizer) is mx.optimizer.Optimizer.opt_registry[kind]
    run_on(name, updater, weights)
    for weight, expected in zip(weights, arrays_of(answer["after"])):
        np.testing.assert_allclose(weight.asnumpy(), expected, *tolerance("float16" if "lamb" in name else name))
    other = mx.optimizer.get_updater(mx.optimizer.SGD())
    other.set_states(states)
    assert sorted(other.states) == [0, 1, 2]
    assert isinstance(other.optimizer, mx.optimizer.SGD)


@pytest.mark.parametrize("name", PICKLES)
def test_our_pickles_are_like_mxnets(name):
    """The same structure, the same attributes, the same classes: MXNet 1.9.1 reads them."""
    scope = {"mx": mx, "np": np}
    exec(programs.table(GROUP)[name], scope)
    theirs = [base64.b64decode(text) for text in dict(programs.answers(GROUP)[name]["answer"]["dict"])["data"]]
    for ours, data in zip(scope["answer"]["data"], theirs):
        first, second = pickle.loads(base64.b64decode(ours)), pickle.loads(data)
        assert structure(first) == structure(second)
        if isinstance(first, tuple):
            mine, other = vars(first[1]), vars(second[1])
            assert other.keys() <= mine.keys()
            for key in other:
                if key not in ("lr_scheduler", "cumgrads"):
                    assert mine[key] == other[key], key


def structure(value):
    if isinstance(value, mx.nd.NDArray):
        return type(value), value.shape, value.dtype
    if isinstance(value, dict):
        return {key: structure(part) for key, part in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value), [structure(part) for part in value]
    return type(value)


def test_states_of_another_optimizer_are_refused():
    updater = mx.optimizer.get_updater(mx.optimizer.Adam())
    updater(0, array(1, 2), array(1, 2))
    other = mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9))
    other.set_states(updater.get_states())
    with pytest.raises(mx.MXNetError, match=r"SGD: .*a state holds 2 arrays; expected 0 or 1"):
        other(0, array(1, 2), array(1, 2))


def test_states_of_another_network_are_refused():
    updater = mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9))
    updater(0, array(1, 2, 3), array(1, 2, 3))
    with pytest.raises(mx.MXNetError, match=r"parameter 0: its state has shape \(3,\) and its weight \(2,\)"):
        updater(0, array(1, 2), array(1, 2))


def test_a_pickle_runs_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return (open, (str(tmp_path / "touched"), "w"))

    updater = mx.optimizer.get_updater(mx.optimizer.SGD())
    for value in ({0: Evil()}, Evil(), ({}, Evil())):
        with pytest.raises(mx.MXNetError, match=r"Updater\.set_states"):
            updater.set_states(pickle.dumps(value))
    assert not (tmp_path / "touched").exists()
    with pytest.raises(mx.MXNetError):
        updater.set_states(b"junk")
    with pytest.raises(TypeError, match="expected bytes"):
        updater.set_states("text")
    with pytest.raises(mx.MXNetError, match="holds a list; expected a dict"):
        updater.set_states(pickle.dumps([1]))


def test_an_old_pickle_gets_what_it_lacks():
    optimizer = mx.optimizer.SGD(momentum=0.9)
    optimizer._update_count([0, 1])
    state = optimizer.__getstate__()
    for name in ("_all_index_update_counts", "aggregate_num", "allow_np_array", "multi_precision"):
        del state[name]
    old = mx.optimizer.SGD.__new__(mx.optimizer.SGD)
    old.__setstate__(state)
    updater = mx.optimizer.get_updater(old)
    updater([0, 1], [array(1), array(2)], [array(1), array(2)])
    assert old._all_index_update_counts == {0: {0: 2, 1: 2}}


def test_classes_live_where_pickles_look_for_them():
    for name in mx.optimizer.optimizer.__all__:
        kind = getattr(mx.optimizer.optimizer, name)
        assert getattr(mx.optimizer, name) is kind
        if isinstance(kind, type):
            assert kind.__module__ == "mxnet.optimizer.optimizer"
    assert mx.optimizer.contrib.GroupAdaGrad.__module__ == "mxnet.optimizer.contrib"


# -- what MXNet refuses, ignores or gets wrong -------------------------------------------------------------------------


def test_momentum_of_dcasgd():
    optimizer = mx.optimizer.DCASGD(momentum=0.5, lamda=0.1, learning_rate=0.2, wd=0.3)
    update = mx.optimizer.get_updater(optimizer)
    weight, previous = array(1, -2), np.array([1.0, -2.0])
    w, mom = previous.copy(), np.zeros(2)
    for g in ([1, 2], [-1, 0.5], [3, 1]):
        update(0, array(*g), weight)
        g = np.array(g)
        mom = 0.5 * mom - 0.2 * (g + 0.3 * w + 0.1 * g * g * (w - previous))
        previous, w = w.copy(), w + mom
    np.testing.assert_allclose(weight.asnumpy(), w, 1e-5)


def test_adamax_leaves_weights_that_never_had_a_gradient():
    update = mx.optimizer.get_updater(mx.optimizer.Adamax(learning_rate=0.5))
    weight = array(1, 2)
    for _ in range(2):
        update(0, array(0, 1), weight)
    assert numbers(weight) == [1, 1]


@pytest.mark.parametrize("name", ["ftml", "ftrl"])
def test_a_rate_of_0_changes_nothing(name):
    optimizer = mx.optimizer.create(name, learning_rate=0.1)
    update = mx.optimizer.get_updater(optimizer)
    weight = array(1, -2)
    update(0, array(1, 1), weight)
    before = numbers(weight)
    optimizer.lr = 0
    update(0, array(1, 1), weight)
    assert numbers(weight) == before
    optimizer.lr = 0.1
    update(0, array(1, 1), weight)
    assert np.isfinite(weight.asnumpy()).all()
    assert numbers(weight) != before


def test_signum_without_momentum_decays_by_wd_lh():
    update = mx.optimizer.get_updater(mx.optimizer.Signum(0.5, momentum=0, wd_lh=0.1))
    weight = array(10, -10)
    update(0, array(3, 3), weight)
    assert numbers(weight) == [9, -10]


@pytest.mark.parametrize("name", ["sgd", "adam", "adagrad", "adamax", "nadam", "rmsprop", "lars", "dcasgd"])
def test_a_bound_of_0_or_less_is_none(name):
    found = []
    for clip in (None, 0, -1):
        weight = array(1, -2)
        mx.optimizer.get_updater(mx.optimizer.create(name, clip_gradient=clip))(0, array(3, 4), weight)
        found.append(numbers(weight))
    assert found[0] == found[1] == found[2]


def test_lars_corrects_the_momentum_of_all_parameters():
    """However many calls one update takes."""
    found = []
    for together in (True, False):
        scheduler = mx.lr_scheduler.FactorScheduler(1, 0.5)
        optimizer = mx.optimizer.LARS(0.9, eta=0.5, learning_rate=1.0, lr_scheduler=scheduler)
        update = mx.optimizer.get_updater(optimizer)
        weights = [array(3, 4) for _ in range(6)]
        for _ in range(4):
            grads = [array(1, 2) for _ in weights]
            if together:
                update(list(range(6)), grads, weights)
            else:
                for i in range(6):
                    update(i, grads[i], weights[i])
        assert all(numbers(weight) == numbers(weights[0]) for weight in weights)
        found.append(numbers(weights[0]))
    assert found[0] == found[1]


@pytest.mark.parametrize("kind", ["SGD", "NAG", "LAMB", "LARS", "Adam"])
def test_an_overridden_update_is_called(kind):
    calls = []

    class Own(getattr(mx.optimizer, kind)):
        def update(self, index, weight, grad, state):
            calls.append((index, weight._data.dtype))
            super().update(index, weight, grad, state)

    plain = mx.optimizer.get_updater(getattr(mx.optimizer, kind)(learning_rate=0.1, multi_precision=True))
    update = mx.optimizer.get_updater(Own(learning_rate=0.1, multi_precision=True))
    weights, others = ([array(1, 2), array(1, 2, dtype="float16")] for _ in range(2))
    for u, ws in ((update, weights), (plain, others)):
        u([0, 1], [array(3, 4), array(3, 4, dtype="float16")], ws)
        u(0, array(3, 4), ws[0])
    assert calls == [(0, torch.float32), (1, torch.float32), (0, torch.float32)]
    assert [numbers(w) for w in weights] == [numbers(w) for w in others]


@pytest.mark.parametrize("multi_precision", [False, True])
def test_bfloat16(multi_precision):
    update = mx.optimizer.get_updater(
        mx.optimizer.SGD(momentum=0.9, multi_precision=multi_precision, learning_rate=1e-3)
    )
    weight = mx.nd.ones((2,)).astype("bfloat16")
    for _ in range(8):
        update(0, mx.nd.ones((2,)).astype("bfloat16"), weight)
    # steps below the spacing of bfloat16 near 1 are lost without a master
    state = update.states[0]
    if multi_precision:
        momentum, master = state
        assert momentum._data.dtype is master._data.dtype is torch.float32
        assert abs(float(master[0]) - (1 - 1e-3 * sum(10 * (1 - 0.9**t) for t in range(1, 9)))) < 1e-5
        assert float(weight[0]) == float(master[0:1].astype("bfloat16")[0])
    else:
        assert state._data.dtype is torch.bfloat16


def test_narrow_weights_without_masters_are_warned_of():
    weight = mx.nd.ones((2,), dtype="float16")
    for name, said in (("sgd", "the SGD optimizer"), ("nag", "the NAG optimizer"), ("adam", "option of the optimizer")):
        with pytest.warns(UserWarning, match=f"Accumulating with float16.*{said}"):
            mx.optimizer.create(name).create_state_multi_precision(0, weight)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            mx.optimizer.create(name, multi_precision=True).create_state_multi_precision(0, weight)


def test_noise_of_sgld():
    mx.random.seed(1)
    update = mx.optimizer.get_updater(mx.optimizer.SGLD(learning_rate=0.04, wd=0.5, rescale_grad=2, clip_gradient=3))
    weight = mx.nd.full((20000,), 10.0)
    update(0, mx.nd.full((20000,), 2.0), weight)
    sample = weight.asnumpy()
    assert abs(sample.mean() - (10 - 0.02 * (3 + 5))) < 0.01
    assert abs(sample.std() - 0.2) < 0.01
    mx.random.seed(1)
    again = mx.nd.full((20000,), 10.0)
    update(0, mx.nd.full((20000,), 2.0), again)
    np.testing.assert_array_equal(again.asnumpy(), sample)


def test_registering_twice_warns(monkeypatch):
    monkeypatch.setattr(mx.optimizer.Optimizer, "opt_registry", dict(mx.optimizer.Optimizer.opt_registry))

    class SGD(mx.optimizer.SGD):
        pass

    with pytest.warns(UserWarning, match=r"New optimizer .*SGD is overriding existing optimizer mxnet\.optimizer"):
        assert mx.optimizer.register(SGD) is SGD
    assert type(mx.optimizer.create("sgd")) is SGD


def test_a_rate_replaces_that_of_a_scheduler(capsys):
    scheduler = mx.lr_scheduler.FactorScheduler(2, 0.5)
    mx.optimizer.SGD(learning_rate=0.01, lr_scheduler=scheduler)
    assert capsys.readouterr().out == ""
    mx.optimizer.SGD(learning_rate=0.5, lr_scheduler=scheduler)
    assert scheduler.base_lr == 0.5
    expected = "learning rate from ``lr_scheduler`` has been overwritten by ``learning_rate`` in optimizer.\n"
    assert capsys.readouterr().out == expected


@pytest.mark.parametrize(("value", "sizes"), [("7", (7, 7, 7)), ("100", (100, 100, 45)), ("0", (0, 0, 0))])
def test_the_size_of_aggregation(monkeypatch, value, sizes):
    assert [mx.optimizer.create(name).aggregate_num for name in ("sgd", "lars", "lamb")] == [4, 4, 45]
    monkeypatch.setenv("MXNET_OPTIMIZER_AGGREGATION_SIZE", value)
    assert tuple(mx.optimizer.create(name).aggregate_num for name in ("sgd", "lars", "lamb")) == sizes


def test_lbsgd_logs_its_settings(caplog):
    with caplog.at_level("INFO"):
        mx.optimizer.LBSGD(batch_scale=4, warmup_strategy="sqrt")
    assert caplog.messages == [
        "Running Large-Batch SGD Algorithm",
        "(Batch_scale=4.000000, warmup_epochs=5, warmup_strategy=sqrt, updates_per_epoch=32)",
    ]


def test_weights_of_a_recorded_graph_are_not_changed():
    weight = array(1, 2)
    weight.attach_grad()
    update = mx.optimizer.get_updater(mx.optimizer.SGD())
    with mx.autograd.record():
        (weight * weight).sum().backward()
        with pytest.raises(mx.MXNetError, match="SGD: writing to an array that is part of a recorded graph"):
            update(0, weight.grad, weight)
    update(0, weight.grad, weight)
    assert numbers(weight) == [0.98, 1.96]


ERRORS = {
    "shape": (
        lambda: updated("adam", array(1, 2, 3), array(1, 2)),
        mx.MXNetError,
        r"Adam: parameter 0: grad is \(3,\)",
    ),
    "dtype": (lambda: updated("sgd", array(1, 2, dtype="float64"), array(1, 2)), TypeError, "grad is .* float64"),
    "integers": (
        lambda: updated("sgd", array(1, dtype="int32"), array(1, dtype="int32")),
        TypeError,
        "int32; expected",
    ),
    "name": (lambda: mx.optimizer.create("sdg"), ValueError, "Cannot find optimizer sdg; expected one of adadelta, "),
    "no name": (lambda: mx.optimizer.create(3), TypeError, "name is 3 of type int"),
    "no class": (lambda: mx.optimizer.register(3), TypeError, "klass is 3"),
    "names": (lambda: mx.optimizer.SGD(param_idx2name=[1]), TypeError, "should be a dict of param indexes to names"),
    "symbol": (lambda: mx.optimizer.SGD(sym=3), TypeError, "sym is 3 of type int; expected a Symbol"),
    "lengths": (
        lambda: mx.optimizer.get_updater(mx.optimizer.SGD())([0, 1], [array(1)], [array(1), array(2)]),
        ValueError,
        "index holds 2 parameters, grad 1 and weight 2",
    ),
    "groups": (lambda: updated("groupadagrad", array(1, 2), array(1, 2)), ValueError, "expected 2 axes"),
    "decay of groups": (
        lambda: updated("groupadagrad", array([1, 2]), array([1, 2]), wd=0.1),
        ValueError,
        "the weight decay is 0.1; expected 0",
    ),
    "scheduled": (
        lambda: mx.optimizer.SGD(lr_scheduler=mx.lr_scheduler.FactorScheduler(2)).set_learning_rate(1),
        mx.MXNetError,
        "LRScheduler of the optimizer has already been defined",
    ),
}


def updated(name, grad, weight, **options):
    mx.optimizer.get_updater(mx.optimizer.create(name, **options))(0, grad, weight)


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, kind, message = ERRORS[name]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, mx.MXNetError)


# -- row_sparse --------------------------------------------------------------------------------------------------------


def rows(values, indices, shape):
    return mx.nd.sparse.row_sparse_array((np.array(values, "float32"), indices), shape=shape)


@pytest.mark.parametrize("stype", ["default", "row_sparse"])
def test_adagrad_decays_rows_that_are_there(stype):
    update = mx.optimizer.get_updater(mx.optimizer.AdaGrad(eps=0, learning_rate=0.5, wd=0.5))
    weight = mx.nd.full((3, 2), 4).tostype(stype)
    update(0, rows([[1, -1]], [1], (3, 2)), weight)
    assert numbers(weight) == [[4, 4], [2.5, 3.5], [4, 4]]
    assert weight.stype == stype


def test_rows_that_a_weight_does_not_have():
    update = mx.optimizer.get_updater(mx.optimizer.SGD(learning_rate=0.5))
    weight = rows([[4, 4]], [0], (3, 2))
    update(0, rows([[1, -1]], [2], (3, 2)), weight)
    assert numbers(weight) == [[4, 4], [0, 0], [-0.5, 0.5]]
    assert numbers(weight.indices) == [0, 2]


def test_lists_of_dense_and_sparse():
    update = mx.optimizer.get_updater(mx.optimizer.Adam(learning_rate=0.5))
    weights = [mx.nd.ones((3, 2)), mx.nd.ones((2,)), mx.nd.ones((3, 2)).tostype("row_sparse")]
    sparse = rows([[1, -1]], [1], (3, 2))
    update([0, 1, 2], [sparse, array(1, -1), sparse], weights)
    changed = [[1, 1], [0.5, 1.5], [1, 1]]
    assert [numbers(w) for w in weights] == [changed, changed[1], changed]
    assert update.states[2][0].stype == "row_sparse"


def test_no_rows_change_nothing():
    weight = mx.nd.ones((3, 2))
    update = mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9, wd=0.5))
    update(0, mx.nd.sparse.zeros("row_sparse", (3, 2)), weight)
    assert numbers(weight) == [[1, 1]] * 3


def test_sparse_states_go_and_come_back():
    update = mx.optimizer.get_updater(mx.optimizer.Adam(learning_rate=0.5))
    weight = mx.nd.ones((3, 2)).tostype("row_sparse")
    sparse = rows([[1, -1]], [1], (3, 2))
    update(0, sparse, weight)
    other = mx.optimizer.get_updater(mx.optimizer.SGD())
    other.set_states(update.get_states(dump_optimizer=True))
    copy = weight.copy()
    update(0, sparse, weight)
    other(0, sparse, copy)
    assert numbers(weight) == numbers(copy)
    assert other.states[0][0].stype == "row_sparse"
