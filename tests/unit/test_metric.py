"""Metrics: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from mxnet.metric import _binary
from tests.golden import programs

GROUP = "metrics"
P = [[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]]
L = [1, 0, 0]


def array(values, dtype="float32", ctx=None):
    return mx.nd.array(values, dtype=dtype, ctx=ctx)


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
@pytest.mark.filterwarnings("ignore:New metric:UserWarning")  # a program registers its own
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


# -- every metric against its formula, batch after batch ---------------------------------------------------------------


def correlation(confusion):
    total, rows, columns = confusion.sum(), confusion.sum(1), confusion.sum(0)
    spread = (rows @ (total - rows)) * (columns @ (total - columns))
    return (np.trace(confusion) * total - rows @ columns) / np.sqrt(spread) if spread else np.nan


def confusion(labels, guesses, count):
    found = np.zeros((count, count))
    np.add.at(found, (guesses, labels), 1)
    return found


def f1(labels, guesses):
    hits = ((labels == 1) & (guesses == 1)).sum()
    return 2 * hits / ((labels == 1).sum() + (guesses == 1).sum()) if hits else 0.0


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(2, 5), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_classifiers(sizes, count, random):
    generator = np.random.default_rng(random.getrandbits(32))
    labels = [generator.integers(0, count, n) for n in sizes]
    scores = [generator.random((n, count)).astype("float32") + 0.01 for n in sizes]
    every_label, every_score = np.concatenate(labels), np.concatenate(scores)
    guesses = every_score.argmax(1)
    chosen = every_score[np.arange(len(every_label)), every_label].astype("float64")
    rank = (every_score > every_score[np.arange(len(every_label)), every_label][:, None]).sum(1)
    counted = every_label != 0
    expected = {
        mx.metric.Accuracy(): (guesses == every_label).mean(),
        mx.metric.TopKAccuracy(2): (rank < 2).mean(),
        mx.metric.CrossEntropy(): -np.log(chosen).mean(),
        mx.metric.NegativeLogLikelihood(): -np.log(chosen).mean(),
        mx.metric.Perplexity(None): np.exp(-np.log(chosen).mean()),
        mx.metric.Perplexity(0): np.exp(-np.log(chosen[counted]).mean()) if counted.any() else np.nan,
        mx.metric.PCC(): correlation(confusion(every_label, guesses, count)),
    }
    for metric, value in expected.items():
        for label, score in zip(labels, scores):
            metric.update([array(label)], [array(score)])
        np.testing.assert_allclose(metric.get()[1], value, rtol=1e-5, atol=1e-7, err_msg=metric.name)
        np.testing.assert_allclose(metric.get_global()[1], value, rtol=1e-5, atol=1e-7, err_msg=metric.name)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.booleans(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_two_classes(sizes, macro, random):
    generator = np.random.default_rng(random.getrandbits(32))
    batches = [(generator.integers(0, 2, n), generator.random((n, 2)).astype("float32")) for n in sizes]
    pieces = [(label, score.argmax(1)) for label, score in batches]
    if not macro:
        pieces = [tuple(np.concatenate(part) for part in zip(*pieces))]
    matthews = [correlation(confusion(*piece, 2)) for piece in pieces]
    expected = {
        "F1": np.mean([f1(*piece) for piece in pieces]),
        "MCC": np.mean(np.nan_to_num(matthews)),
    }
    for name, value in expected.items():
        metric = getattr(mx.metric, name)(average="macro" if macro else "micro")
        for label, score in batches:
            metric.update([array(label)], [array(score)])
        np.testing.assert_allclose(metric.get()[1], value, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(metric.get_global()[1], value, rtol=1e-9, atol=1e-12)


@given(st.lists(st.integers(2, 9), min_size=1, max_size=5), st.sets(st.integers(0, 4)), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_pearson_of_all_elements_over_local_resets(sizes, resets, seed):
    generator = np.random.default_rng(seed)
    batches = [generator.normal(3, 2, (2, n)) for n in sizes]
    metric = mx.metric.PearsonCorrelation(average="micro")
    start = 0
    for i, (label, pred) in enumerate(batches):
        metric.update([array(label, "float64")], [array(pred, "float64")])
        local = np.corrcoef(np.concatenate(batches[start : i + 1], 1))[0, 1]
        np.testing.assert_allclose(metric.get()[1], local, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            metric.get_global()[1], np.corrcoef(np.concatenate(batches[: i + 1], 1))[0, 1], rtol=1e-9, atol=1e-12
        )
        if i in resets:
            metric.reset_local()
            start = i + 1
    metric.reset()
    assert np.isnan(metric.get_global()[1])


# -- sums wait on the device -------------------------------------------------------------------------------------------


@pytest.fixture
def away(monkeypatch):
    """Tensors that say they are on a GPU: there, nothing may wait for a value."""
    monkeypatch.setattr(torch.Tensor, "is_cpu", property(lambda self: False))


def test_updates_do_not_fetch_anything(away, monkeypatch):
    """On a GPU each fetch would stall the batch, so update must not ask for a value."""
    metrics = [
        mx.metric.create(name)
        for name in ("acc", "ce", "nll_loss", "mae", "mse", "rmse", "loss", "pearsonr", "pcc", "f1", "mcc")
    ]
    metrics += [mx.metric.F1(average="micro"), mx.metric.PearsonCorrelation(average="micro"), mx.metric.Perplexity(0)]
    metrics += [mx.metric.TopKAccuracy(2)]
    same = {"MAE", "MSE", "RMSE", "PearsonCorrelation"}
    inputs = [([array(P)] if type(m).__name__ in same else [array(L)], [array(P)]) for m in metrics]

    def forbidden(*args, **kwargs):
        raise AssertionError("a value was fetched")

    with monkeypatch.context() as patch:
        for name in ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__", "__index__"):
            patch.setattr(torch.Tensor, name, forbidden)
        for metric, (label, pred) in zip(metrics, inputs):
            metric.update(label, pred)
            metric.update(label, pred)
    for metric in metrics:
        assert metric.num_inst > 0
        assert np.isfinite(metric.get()[1]), metric.name


def test_sums_are_numbers_whenever_they_are_read():
    metric = mx.metric.Accuracy()
    metric.update([array(L)], [array(P)])
    assert (type(metric.sum_metric), metric.sum_metric) == (float, 2.0)
    metric.sum_metric += 1
    metric.update([array(L)], [array(P)])
    assert (metric.sum_metric, metric.global_sum_metric, metric.num_inst) == (5.0, 4.0, 6)
    metric.sum_metric = 0.0
    assert metric.get() == ("accuracy", 0.0)


def test_setting_a_sum_does_not_lose_what_waits_for_the_other():
    metric = mx.metric.Accuracy()
    metric.update([array(L)], [array(P)])
    metric.sum_metric = 0.0  # as an older subclass resets
    metric.num_inst = 0
    assert metric.get_global() == ("accuracy", 2 / 3)
    assert (metric.sum_metric, metric.num_inst) == (0, 0)


def test_global_names_of_a_metric_that_has_its_own_names():
    class Own(mx.metric.Loss):
        def __init__(self):
            super().__init__()
            self._has_global_stats = False

        def get_name_value(self):
            return [("own", 1.0)]

    assert Own().get_global_name_value() == [("own", 1.0)]


def test_reset_forgets_what_waits():
    for metric in (mx.metric.Accuracy(), mx.metric.F1(), mx.metric.F1(average="micro"), mx.metric.PCC()):
        metric.update([array(L)], [array(P)])
        metric.reset()
        assert (metric.num_inst, metric.global_num_inst) == (0, 0)
        assert np.isnan(metric.get()[1])
        metric.update([array(L)], [array(P)])
        assert metric.get()[1] > 0


def test_a_million_samples_are_counted():
    metric = mx.metric.Accuracy()
    ones = mx.nd.ones((1 << 20,))
    for _ in range(20):  # 20 * 2**20 is beyond what float32 counts exactly
        metric.update([ones], [ones])
    half = mx.nd.array([1, 0, 0])
    metric.update([half], [mx.nd.ones((3,))])
    assert (metric.sum_metric, metric.num_inst) == (20 * 2**20 + 1, 20 * 2**20 + 3)


def test_pcc_counts_now_and_then(monkeypatch):
    monkeypatch.setattr(_binary, "MANY", 5)
    metric = mx.metric.PCC()
    for _ in range(4):
        metric.update([array([0, 1, 2])], [array([0, 1, 1])])
        assert metric._waiting <= 5
    assert metric.lcm.tolist() == [[4, 0, 0], [0, 4, 4], [0, 0, 0]]


def test_reading_does_not_change_the_result():
    quiet, looked = mx.metric.CrossEntropy(), mx.metric.CrossEntropy()
    generator = np.random.default_rng(0)
    for _ in range(10):
        p = generator.random((7, 3)).astype("float32")
        label = array(generator.integers(0, 3, 7))
        quiet.update([label], [array(p)])
        looked.update([label], [array(p)])
        assert looked.get()[1] > 0
    assert quiet.get()[1] == pytest.approx(looked.get()[1], rel=1e-12)


# -- inputs ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [np.array, np.float64, list, lambda x: array(x, ctx=mx.cpu(3)), lambda x: array(x, "float64")],
    ids=["numpy", "float64", "list", "other context", "other dtype"],
)
@pytest.mark.parametrize("name", ["acc", "ce", "f1", "mcc", "pcc", "loss"])
def test_any_kind_of_array(make, name):
    metric, other = mx.metric.create(name), mx.metric.create(name)
    metric.update([make(L)], [make(P)])
    other.update([array(L)], [array(P)])
    assert metric.get()[1] == pytest.approx(other.get()[1], rel=1e-6)
    assert metric.num_inst == other.num_inst


def test_numpy_arrays_alone():
    metric = mx.metric.Accuracy()
    metric.update(np.array(L), np.array(P))
    assert metric.get() == ("accuracy", 2 / 3)


def test_inputs_stay_as_they_are():
    label, pred = array(L), array(P)
    for name in ("acc", "ce", "mae", "f1", "pcc", "loss", "nll_loss"):
        mx.metric.create(name).update([label if name != "mae" else pred], [pred])
    single = array([2], "float64")
    loss = mx.metric.Loss()
    loss.update(None, [single])
    loss.update(None, [single])
    assert loss.sum_metric == 4
    assert (label.asnumpy().tolist(), single.asnumpy().tolist()) == (L, [2])
    np.testing.assert_array_equal(pred.asnumpy(), np.float32(P))


def test_updates_inside_record_are_not_recorded():
    x = array(P)
    x.attach_grad()
    loss = mx.metric.Loss()
    with mx.autograd.record():
        y = (x * 2).sum()
        loss.update(None, [y])
        mx.metric.CrossEntropy().update([array(L)], [x * 1])
    y.backward()
    assert x.grad.asnumpy().tolist() == [[2, 2]] * 3
    assert loss.get()[1] == pytest.approx(6)


def test_float16_is_summed_in_float32():
    loss = mx.metric.Loss()
    loss.update(None, [mx.nd.ones((300, 300), dtype="float16")])
    assert loss.get() == ("loss", 1.0)
    entropy = mx.metric.CrossEntropy()
    entropy.update([array([0])], [array([[0, 1]], "float16")])
    assert entropy.get()[1] == pytest.approx(-np.log(1e-12), rel=1e-6)
    error = mx.metric.MSE()
    error.update([array([0], "float16")], [array([1000], "float16")])
    assert error.get()[1] == 1e6


def test_small_integers_do_not_wrap():
    error = mx.metric.MAE()
    error.update([array([1, 2], "uint8")], [array([3, 1], "uint8")])
    assert error.get()[1] == 1.5


def test_label_columns_of_binary_metrics():
    metric = mx.metric.F1()
    metric.update([array([[1], [0], [0]])], [array(P)])
    assert metric.get()[1] == pytest.approx(2 / 3)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_perplexity_takes_any_axis(axis):
    generator = np.random.default_rng(1)
    p = generator.random((2, 3, 4)).astype("float32") + 0.1
    moved = np.moveaxis(p, axis, -1)
    label = generator.integers(0, moved.shape[-1], moved.shape[:-1])
    metric = mx.metric.Perplexity(None, axis=axis)
    metric.update([array(label)], [array(p)])
    expected = np.exp(-np.log(np.take_along_axis(moved, label[..., None], -1)).mean())
    assert metric.get()[1] == pytest.approx(expected, rel=1e-5)


def test_top_k_takes_later_classes_of_equal_scores():
    for label, hit in enumerate([0, 0, 1, 1, 0]):
        metric = mx.metric.TopKAccuracy(2)
        metric.update([array([label])], [array([[1, 2, 2, 2, 0]])])
        assert metric.get()[1] == hit


def test_top_k_of_one_axis_counts_globally():
    metric = mx.metric.TopKAccuracy(2)
    metric.update([array([2, 0, 1, 3])], [array([5, 9, 1, 10])])
    assert metric.get()[1] == metric.get_global()[1] == 1


# -- configurations, names, pickles ------------------------------------------------------------------------------------

KINDS = {
    "Accuracy": {"axis": 2},
    "TopKAccuracy": {"top_k": 3, "name": "best"},
    "F1": {"average": "micro"},
    "MCC": {"average": "micro"},
    "PCC": {"has_global_stats": False},
    "Perplexity": {"ignore_label": 3, "axis": 1},
    "MAE": {"output_names": ["a"]},
    "MSE": {"label_names": ["a"]},
    "RMSE": {},
    "CrossEntropy": {"eps": 0.5},
    "NegativeLogLikelihood": {"eps": 0.5},
    "PearsonCorrelation": {"average": "micro"},
    "Loss": {"name": "q"},
    "Torch": {},
    "Caffe": {},
    "CompositeEvalMetric": {"metrics": ["acc", mx.metric.F1(average="micro")]},
}


@pytest.mark.parametrize("name", sorted(KINDS))
def test_a_configuration_makes_the_same_metric(name):
    metric = getattr(mx.metric, name)(**KINDS[name])
    again = mx.metric.create(**metric.get_config())
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert again.name == metric.name


@pytest.mark.parametrize("name", sorted(KINDS))
def test_pickles_name_mxnet_metric(name):
    metric = getattr(mx.metric, name)(**KINDS[name])
    assert type(metric).__module__ == "mxnet.metric"
    again = pickle.loads(pickle.dumps(metric))
    assert again.get_config() == metric.get_config()
    assert str(again) == str(metric)


def test_a_pickle_holds_what_waited():
    for metric in (mx.metric.Accuracy(), mx.metric.F1(average="micro"), mx.metric.PCC()):
        metric.update([array(L)], [array(P)])
        data = pickle.dumps(metric)
        assert b"_late_sum" not in data
        assert pickle.loads(data).get() == metric.get()


def test_every_name_of_the_registry():
    names = mx.registry.get_registry(mx.metric.EvalMetric)
    assert {"acc", "accuracy", "ce", "top_k_acc", "top_k_accuracy", "nll_loss", "pearsonr", "composite"} <= set(names)
    assert all(kind.__module__ == "mxnet.metric" for name, kind in names.items() if name in map(str.lower, KINDS))


def test_create_takes_classes():
    assert mx.metric.create(mx.metric.Accuracy, axis=3).axis == 3


def test_callable_objects_have_a_name():
    class Largest:
        def __call__(self, label, pred):
            return pred.max()

    metric = mx.metric.create(Largest())
    metric.update([array(L)], [array(L)])
    assert metric.get() == ("Largest", 1.0)
    assert mx.metric.np(Largest()).name == "Largest"


def test_custom_metrics_that_return_arrays_do_not_share_them():
    total = np.array([1.0, 2.0])
    metric = mx.metric.CustomMetric(lambda label, pred: total)
    for _ in range(2):
        metric.update([array(L)], [array(P)])
    assert metric.sum_metric.tolist() == metric.global_sum_metric.tolist() == [2, 4]
    assert total.tolist() == [1, 2]


def test_a_metric_without_sums_says_so():
    metric = mx.metric.EvalMetric.__new__(mx.metric.EvalMetric)
    assert getattr(metric, "num_inst", "none") == "none"
    with pytest.raises(AttributeError, match=r"reset\(\)"):
        _ = metric.sum_metric


# -- errors ------------------------------------------------------------------------------------------------------------

WRONG = [
    ("Accuracy()", [L], [P, P], ValueError, "labels 1 does not match shape of predictions 2"),
    ("Accuracy()", [[1, 0]], [P], ValueError, r"Accuracy.update: 2 labels of shape \(2,\) came with 3 predictions"),
    ("Accuracy(axis=5)", [L], [P], ValueError, r"axis is 5, but the prediction has shape \(3, 2\)"),
    ("Accuracy()", None, [P], TypeError, "labels is None, expected an NDArray"),
    ("Accuracy()", [["a", "b", "c"]], [P], TypeError, "expected an array of numbers"),
    ("TopKAccuracy(3)", [L], [P], ValueError, "top_k is 3, but there are only 2 classes"),
    ("TopKAccuracy(2)", [L], [[P]], ValueError, "at most 2 axes"),
    ("TopKAccuracy(2)", [[1]], [P], ValueError, "1 labels .* 3 rows of predictions"),
    ("F1()", [[0, 1, 2]], [P], ValueError, "F1.update: the labels are of more than 2 classes"),
    ("MCC(average='micro')", [[0, 1, 2]], [P], ValueError, "MCC.update: the labels are of more than 2"),
    ("F1()", [L], [L], ValueError, r"shape \(3,\) and the label \(3,\), expected \(N, C\)"),
    ("PCC()", [[0, 1]], [P], ValueError, "PCC.update: 2 labels"),
    ("CrossEntropy()", [[0, 1]], [P], ValueError, r"CrossEntropy.update: .* expected \(N, C\) and N labels"),
    ("CrossEntropy()", [[0, 1, 2]], [P], IndexError, r"not among the 2 classes \(0 to 1\)"),
    ("NegativeLogLikelihood()", [[0, 1, -3]], [P], IndexError, "NegativeLogLikelihood.update"),
    ("Perplexity(None)", [[0, 1]], [P], ValueError, "Perplexity.update: 2 labels"),
    ("Perplexity(None, axis=2)", [L], [P], ValueError, "axis is 2"),
    ("MAE()", [L], [[[1, 2], [3, 4]]], ValueError, r"MAE.update: .*\(3, 1\) .*\(2, 2\) do not broadcast"),
    ("PearsonCorrelation()", [L], [P], ValueError, r"labels \(3,\) does not match shape of predictions \(3, 2\)"),
]  # fmt: skip


@pytest.mark.parametrize(("metric", "labels", "preds", "kind", "message"), WRONG, ids=[row[0] for row in WRONG])
def test_wrong_batches(metric, labels, preds, kind, message):
    found = eval(f"mx.metric.{metric}")
    with pytest.raises(kind, match=message) as raised:
        found.update(labels, preds)
    assert isinstance(raised.value, mx.MXNetError)
    assert np.isnan(found.get()[1])


def test_wrong_arguments():
    with pytest.raises(ValueError, match="use Accuracy for top_k=1"):
        mx.metric.TopKAccuracy()
    with pytest.raises(ValueError, match="average is 'other'"):
        mx.metric.PearsonCorrelation(average="other")
    with pytest.raises(ValueError, match=r"nope is not registered.*accuracy"):
        mx.metric.create("nope")
    with pytest.raises(ValueError, match="index is 9, but there are 1 metrics"):
        mx.metric.CompositeEvalMetric(["acc"]).get_metric(9)
    with pytest.raises(mx.MXNetError, match=r"label_names has \['l'\], but there are only \['x'\]"):
        mx.metric.Accuracy(label_names=["l"]).update_dict({"x": 1}, {"y": 2})


def test_late_errors_come_when_someone_looks(away):
    metric = mx.metric.CrossEntropy()
    metric.update([array(L)], [array(P)])
    metric.update([array([0, 1, 2])], [array(P)])
    metric.update([array(L)], [array(P)])
    with pytest.raises(IndexError, match=r"not among the 2 classes .*since the metric was last looked at"):
        metric.get()
    metric.reset()
    metric.update([array(L)], [array(P)])
    assert metric.get()[1] > 0


# -- on a GPU ----------------------------------------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.skipif(mx.context.num_gpus() == 0, reason="this machine has no CUDA device")
def test_on_a_gpu():
    names = ("acc", "ce", "nll_loss", "f1", "mcc", "pcc", "loss")
    metrics, others = [[mx.metric.create(n) for n in names] for _ in range(2)]
    for group in (metrics, others):
        group += [mx.metric.F1(average="micro"), mx.metric.Perplexity(0), mx.metric.TopKAccuracy(2)]
    gpu = mx.gpu(0)
    label, pred = array(L, ctx=gpu), array(P, ctx=gpu)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for metric in metrics:
            metric.update([label], [pred])
            metric.update([label], [pred])
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for metric, other in zip(metrics, others):
        metric.update([array(L)], [pred])
        metric.update([array(L)], [array(P)])
        for _ in range(4):
            other.update([array(L)], [array(P)])
        assert metric.get()[1] == pytest.approx(other.get()[1], rel=1e-6)
    entropy = mx.metric.CrossEntropy()
    entropy.update([array([0, 1, 2], ctx=gpu)], [pred])
    with pytest.raises(IndexError, match="not among the 2 classes"):
        entropy.get()
