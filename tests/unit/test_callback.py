"""Callbacks: against what MXNet 1.9.1 logs, saves and resets, and what is promised beyond it."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

import mxnet as mx
from tests.golden import programs

GROUP = "callbacks"


def batch(number, epoch=0, metric=None):
    return SimpleNamespace(epoch=epoch, nbatch=number, eval_metric=metric, locals=None)


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_as_mxnet_answers(name):
    programs.check(GROUP, name, mx)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mx.callback.Speedometer(10, 0), "Speedometer: frequent is 0"),
        (lambda: mx.callback.ProgressBar(0)(batch(1)), "ProgressBar: total is 0"),
    ],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert isinstance(error.value, mx.MXNetError)


def test_metric_is_not_read_between_lines(caplog):
    """Reading a metric waits for the device."""

    class Metric:
        reads = 0

        def get_name_value(self):
            self.reads += 1
            return [("a", 1.0)]

        def reset_local(self):
            pass

    metric = Metric()
    with caplog.at_level(logging.INFO):
        for callback in (mx.callback.Speedometer(1, 5), mx.callback.log_train_metric(5)):
            for number in range(1, 11):
                callback(batch(number, metric=metric))
    assert metric.reads == len(caplog.records) == 4


def test_speedometer_measures_real_time(caplog):
    callback = mx.callback.Speedometer(10, 1)
    with caplog.at_level(logging.INFO):
        callback(batch(0))
        callback(batch(1))
    speed = float(caplog.records[0].getMessage().split("Speed: ")[1].split()[0])
    assert speed > 0


def test_several_epochs_overwrite_nothing(tmp_path, caplog):
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
    callback = mx.callback.do_checkpoint(str(tmp_path / "m"), period=2)
    with caplog.at_level(logging.INFO):
        for epoch in range(4):
            weight = mx.nd.full((2, 3), epoch)
            callback(epoch, net, {"fc_weight": weight}, {"state": weight + 1})
    for epoch in (2, 4):
        saved = mx.nd.load(str(tmp_path / f"m-000{epoch}.params"))
        assert saved["arg:fc_weight"][0, 0].asscalar() == epoch - 1
        assert saved["aux:state"][0, 0].asscalar() == epoch
    assert mx.sym.load(str(tmp_path / "m-symbol.json")).tojson() == net.tojson()
