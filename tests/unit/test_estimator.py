"""Estimators: against what MXNet 1.9.1 answers, and what is promised beyond it."""

from __future__ import annotations

import logging
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet import gluon
from mxnet.gluon.contrib import estimator as est
from tests.golden import programs

GROUP = "gluon_estimator"
X = (np.arange(24).reshape(8, 3) / 24).astype("float32")
Y = (np.arange(8) % 2).astype("float32")


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    # The logarithms of MXNet's losses are off by 1e-6, and training adds that up.
    programs.check(GROUP, name, mx, absolute=3e-5)


# -- beyond MXNet's answers -----------------------------------------------------------------------------------------


def loader(size=4, samples=8):
    return gluon.data.DataLoader(gluon.data.ArrayDataset(X[:samples], Y[:samples]), batch_size=size)


class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


def make(**kwargs):
    net = gluon.nn.Dense(2, in_units=3)
    net.initialize(mx.init.Constant(0.1))
    options = {"learning_rate": 0.5, "momentum": 0.9}
    trainer = gluon.Trainer(net.collect_params(), "sgd", options)
    made = est.Estimator(net, gluon.loss.SoftmaxCrossEntropyLoss(), trainer=trainer, context=mx.cpu(), **kwargs)
    made.logger.handlers = [Kept()]
    return made


def lines(estimator):
    return estimator.logger.handlers[0].lines


class Values(mx.metric.EvalMetric):
    """A metric whose values are known beforehand, one for each epoch."""

    def __init__(self, values, name="given"):
        self.values = list(values)
        super().__init__(name)

    def reset(self):
        pass

    def get(self):
        return self.name, self.values[0]


class Next(est.EpochEnd):
    priority = 5

    def __init__(self, values):
        self.values = values

    def epoch_end(self, estimator, *args, **kwargs):
        self.values.values.pop(0)


class Count(est.BatchEnd):
    batches = 0

    def batch_end(self, estimator, *args, **kwargs):
        self.batches += 1


@pytest.mark.parametrize("limit", [{"epochs": -1}, {"batches": -3}])
def test_negative_limits_are_refused(limit):
    with pytest.raises(ValueError, match="as a positive number"):
        make().fit(loader(), **limit)


def test_batches_of_an_empty_loader_are_never_done():
    with pytest.raises(ValueError, match="train_data has no batch"):
        make().fit(loader(samples=0), batches=3)


def test_lists_of_handlers_stay_as_they_are():
    estimator, handlers = make(), [Count()]
    estimator.fit(loader(), loader(), epochs=1, event_handlers=handlers)
    estimator.evaluate(loader(), event_handlers=handlers)
    assert [type(handler) for handler in handlers] == [Count]
    estimator.fit(loader(), epochs=1, event_handlers=(Count(),))


@pytest.mark.parametrize(
    ("own", "given", "batches"),
    [
        ({"max_epoch": 1}, {"epochs": 3}, 2),
        ({"max_batch": 3}, {"epochs": 3}, 3),
        ({"max_epoch": 5}, {"epochs": 3}, 6),
        ({"max_epoch": 1}, {"batches": 3}, 2),
        ({}, {"batches": 3}, 3),
    ],
)
def test_an_own_stopping_handler_ends_sooner(own, given, batches):
    count = Count()
    make().fit(loader(), event_handlers=[est.StoppingHandler(**own), count], **given)
    assert count.batches == batches


def test_names_of_metrics_are_put_once():
    accuracy = mx.metric.Accuracy()
    make(train_metrics=accuracy)
    estimator = make(train_metrics=accuracy, val_metrics=mx.metric.MSE(name="validation mse"))
    assert estimator.train_metrics[0].name == "training accuracy"
    assert estimator.val_metrics[0].name == "validation mse"


def test_handlers_may_name_what_they_like_after_metrics():
    class Own(est.EpochEnd):
        metric_name = "loss"

        def log_metrics(self):
            pass

    make().fit(loader(), epochs=1, event_handlers=Own())


def test_composite_metrics_are_logged():
    estimator = make(train_metrics=[mx.metric.CompositeEvalMetric(["acc", "ce"])])
    estimator.fit(loader(), epochs=1)
    assert "accuracy: 0.5000, cross-entropy: " in lines(estimator)[-1]


def test_a_log_without_metrics_is_one_of_training():
    estimator = make()
    estimator.fit(loader(), epochs=1, event_handlers=est.LoggingHandler(1))
    logged = lines(estimator)
    assert logged[2] == "[Epoch 0] Begin, current learning rate: 0.5000"
    assert logged[-1] == "Train finished using total 0s with 1 epochs."
    estimator.evaluate(loader(), event_handlers=est.LoggingHandler())
    assert logged[-2] == "Validation Begin"


def test_log_intervals_of_0_are_refused():
    with pytest.raises(ValueError, match="log_interval is 0"):
        est.LoggingHandler(0)


def test_logs_count_samples_along_the_batch_axis():
    estimator = make()
    estimator.batch_axis = 1
    handler = est.LoggingHandler(1)
    handler.batch_begin(estimator)
    handler.batch_end(estimator, batch=[mx.nd.ones((3, 7))])
    assert handler.processed_samples == 7


# -- watching metrics -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "better"),
    [("training accuracy", np.greater), ("f1", np.greater), ("mAP", np.greater), ("mcc", np.greater),
     ("validation softmaxcrossentropyloss", np.less), ("mse", np.less), ("Perplexity", np.less)],
)  # fmt: skip
def test_losses_are_better_when_smaller(tmp_path, name, better):
    metric = Values([1], name)
    with pytest.warns(UserWarning, match=f"`{better.__name__}` operator will be used to determine if {name}"):
        assert est.EarlyStoppingHandler(metric).monitor_op is better
    with pytest.warns(UserWarning, match=f"`{better.__name__}` operator will be used to determine if {name}"):
        assert est.CheckpointHandler(str(tmp_path), monitor=metric, save_best=True).monitor_op is better


def test_unknown_modes_are_told(tmp_path):
    with pytest.warns() as warned:
        est.EarlyStoppingHandler(Values([1]), mode="up")
    assert [warning.category for warning in warned] == [RuntimeWarning, UserWarning]
    assert "EarlyStoppingHandler: mode 'up' is unknown" in str(warned[0].message)
    assert warned[0].filename == warned[1].filename == __file__


def test_stopping_in_the_first_epoch_is_logged():
    estimator, metric = make(), Values([1, 2])
    estimator.fit(loader(), epochs=2, event_handlers=est.EarlyStoppingHandler(metric, mode="max", baseline=5))
    assert "[Epoch 0] EarlyStoppingHanlder: early stopping due to given not improving" in lines(estimator)


def test_a_metric_that_is_not_updated_is_told():
    estimator = make()
    handler = est.EarlyStoppingHandler(estimator.val_metrics[0], mode="max")
    with pytest.warns(RuntimeWarning, match="EarlyStoppingHandler: validation accuracy is not updated"):
        estimator.fit(loader(), epochs=1, event_handlers=handler)


def test_several_values_cannot_be_watched():
    estimator = make(train_metrics=[mx.metric.CompositeEvalMetric(["acc", "ce"])])
    handler = est.EarlyStoppingHandler(estimator.train_metrics[0], mode="max")
    with pytest.raises(ValueError, match="expected one number"):
        estimator.fit(loader(), epochs=1, event_handlers=handler)


# -- checkpoints ----------------------------------------------------------------------------------------------------


def test_logs_of_checkpoints(tmp_path):
    estimator, metric = make(), Values([3, 2, 4, 0])
    handler = est.CheckpointHandler(str(tmp_path), monitor=metric, save_best=True, mode="max", verbose=1)
    estimator.fit(loader(), epochs=3, event_handlers=[handler, Next(metric)])
    told = [line for line in lines(estimator) if "CheckpointHandler" in line]
    prefix = f"at {tmp_path} with prefix: model"
    assert told == [
        f"[Epoch 0] CheckpointHandler: trained total 2 batches, saving model {prefix}-epoch0batch2",
        f"[Epoch 0] CheckpointHandler: given improved from -inf to 3.00000, updating best model {prefix}-best",
        f"[Epoch 1] CheckpointHandler: trained total 4 batches, saving model {prefix}-epoch1batch4",
        "[Epoch 1] CheckpointHandler: given did not improve from 3.00000, skipping updating best model",
        f"[Epoch 2] CheckpointHandler: trained total 6 batches, saving model {prefix}-epoch2batch6",
        f"[Epoch 2] CheckpointHandler: given improved from 3.00000 to 4.00000, updating best model {prefix}-best",
    ]


def test_a_file_is_no_folder(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(ValueError, match="is a file, expected a folder"):
        est.CheckpointHandler(str(path))


def test_only_own_files_are_deleted(tmp_path):
    kept = tmp_path / "model-epoch0batch20.params"  # begins with the name of a checkpoint that is deleted
    kept.write_text("somebody's")
    make().fit(loader(), epochs=4, event_handlers=est.CheckpointHandler(str(tmp_path), max_checkpoints=1))
    assert sorted(path.name for path in tmp_path.glob("*.params")) == [kept.name, "model-epoch3batch8.params"]


def test_a_handler_that_trains_twice_keeps_what_it_wrote_last(tmp_path):
    handler = est.CheckpointHandler(str(tmp_path), max_checkpoints=2)
    for _ in range(2):
        make().fit(loader(), epochs=2, event_handlers=handler)
    assert sorted(path.stem for path in tmp_path.glob("*.params")) == ["model-epoch0batch2", "model-epoch1batch4"]


def test_a_checkpoint_without_states_is_told(tmp_path):
    make().fit(loader(), epochs=1, event_handlers=est.CheckpointHandler(str(tmp_path)))
    (tmp_path / "model-epoch0batch2.states").unlink()
    handler = est.CheckpointHandler(str(tmp_path), resume_from_checkpoint=True)
    with pytest.raises(mx.MXNetError, match=r"model-epoch0batch2\.states does not exist; delete the other file"):
        make().fit(loader(), epochs=2, event_handlers=handler)


def test_epochs_are_numbers_when_the_newest_is_looked_for(tmp_path):
    make().fit(loader(), epochs=11, event_handlers=est.CheckpointHandler(str(tmp_path), max_checkpoints=99))
    handler = est.CheckpointHandler(str(tmp_path), resume_from_checkpoint=True)
    make().fit(loader(), epochs=12, event_handlers=handler)
    assert (handler.trained_epoch, handler.trained_batch) == (10, 22)


TRAIN = """
    import os, sys
    import mxnet as mx
    import numpy as np
    from mxnet import gluon
    from mxnet.gluon.contrib.estimator import CheckpointHandler, Estimator

    def train(folder, epochs):
        net = gluon.nn.Dense(2, in_units=3)
        net.initialize(mx.init.Constant(0.1))
        options = {"learning_rate": 0.01, "lr_scheduler": mx.lr_scheduler.FactorScheduler(3, 0.5, base_lr=0.01)}
        trainer = gluon.Trainer(net.collect_params(), "adam", options)
        estimator = Estimator(net, gluon.loss.SoftmaxCrossEntropyLoss(), trainer=trainer, context=mx.cpu())
        x = np.arange(24, dtype="float32").reshape(8, 3) / 24
        data = gluon.data.DataLoader(gluon.data.ArrayDataset(x, np.arange(8) % 2), batch_size=2)
        estimator.fit(data, epochs=epochs, event_handlers=CheckpointHandler(folder, resume_from_checkpoint=True))
        return net.weight.data().asnumpy().tolist(), trainer.learning_rate, trainer.optimizer.num_update
"""
KILLED = """
    replace, left = os.replace, int(sys.argv[2])

    def killed(*args):
        global left
        left -= 1
        if left < 0:
            os._exit(9)  # before the file has its name
        replace(*args)

    os.replace = killed
    train(sys.argv[1], 4)
"""


def test_a_run_that_was_killed_while_it_saved_goes_on_to_the_same_numbers(tmp_path, capsys):
    scope = {}
    exec(textwrap.dedent(TRAIN), scope)
    at_once = scope["train"](str(tmp_path / "at once"), 4)
    folder = tmp_path / "killed"
    # Each epoch gives two files their names: the third epoch's states have theirs, its parameters do not.
    program = textwrap.dedent(TRAIN) + textwrap.dedent(KILLED)
    status = subprocess.run([sys.executable, "-c", program, str(folder), "5"], capture_output=True, check=False)
    assert status.returncode == 9, status.stderr
    names = {path.name for path in folder.iterdir()}
    assert "model-epoch2batch11.states" in names
    assert "model-epoch2batch11.params" not in names
    capsys.readouterr()
    assert scope["train"](str(folder), 4) == at_once
    told = capsys.readouterr().out.splitlines()[0]
    assert told == "CheckpointHandler: Checkpoint resumed from epoch 1 batch 7, continue to train for 2 epochs "


def test_estimators_do_not_wait_for_the_device(monkeypatch):
    """On a GPU each fetch would stall the batch: from its begin to its end, nobody asks for a value."""
    watched = []

    def forbidden(*args, **kwargs):
        raise AssertionError("a value was fetched")

    class Watch(est.BatchBegin, est.BatchEnd):
        priority = 9999

        def batch_begin(self, estimator, *args, **kwargs):
            monkeypatch.setattr(torch.Tensor, "is_cpu", property(lambda self: False))
            for name in ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__", "__index__"):
                monkeypatch.setattr(torch.Tensor, name, forbidden)

        def batch_end(self, estimator, *args, **kwargs):
            monkeypatch.undo()
            watched.append(estimator)

    make().fit(loader(), epochs=2, event_handlers=Watch())
    assert len(watched) == 4


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: est.Estimator(gluon.nn.Dense(1), 3), "loss must be a Loss, refer to gluon.loss.Loss:3"),
        (lambda: make(train_metrics=["acc"]), "'acc' is none. mx.metric.create makes one from a name"),
        (lambda: make().fit([1], epochs=1), "Estimator.fit: train_data is of list"),
        (lambda: make().evaluate([1]), "Estimator.evaluate: val_data is of list"),
        (lambda: make().fit(loader(), epochs=1, event_handlers=[3]), "3 is none. Derive its class from TrainBegin"),
        (lambda: make().fit(loader()), "epochs is None and batches is None"),
    ],
)
def test_messages(call, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")) as raised:
        call()
    assert isinstance(raised.value, mx.MXNetError)
