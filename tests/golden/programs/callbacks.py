"""What callbacks log, save and reset; the clock stands still unless a program moves it."""

_LOG = """
import logging, time, collections
class Kept(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []
    def emit(self, record):
        self.lines.append(record.getMessage())
kept, root = Kept(), logging.getLogger()
level = root.level
root.setLevel(logging.INFO)
root.addHandler(kept)
clock, real = [100.0], time.time
time.time = lambda: clock[0]
def finish():
    time.time = real
    root.removeHandler(kept)
    root.setLevel(level)
    return kept.lines
Param = collections.namedtuple("BatchEndParam", ["epoch", "nbatch", "eval_metric", "locals"])
class Metric:
    def __init__(self, *found):
        self.found, self.calls = list(found), []
    def get_name_value(self):
        return self.found
    def reset_local(self):
        self.calls.append("reset_local")
    def reset(self):
        self.calls.append("reset")
"""
_EPOCHS = """
def epochs(callback, metric):
    for epoch in range(2):
        for batch in range(6):
            clock[0] += 0.5 * (batch + 1)
            assert callback(Param(epoch, batch, metric, None)) is None
"""

PROGRAMS = {
    "speedometer": (
        _LOG + _EPOCHS,
        """
        s = mx.callback.Speedometer(10, 2)
        before = dict(vars(s))
        m = Metric(("accuracy", 0.75))
        epochs(s, m)
        answer = [finish(), m.calls, before, vars(s)]
        """,
    ),
    "speedometer without reset": (
        _LOG + _EPOCHS,
        """
        m = Metric(("accuracy", 0.75), ("ce", 1e-7))
        epochs(mx.callback.Speedometer(10, frequent=2, auto_reset=False), m)
        answer = [finish(), m.calls]
        """,
    ),
    "speedometer without metric": (
        _LOG + _EPOCHS,
        """
        epochs(mx.callback.Speedometer(batch_size=10, frequent=3), None)
        answer = finish()
        """,
    ),
    "speedometer when no time passes": (
        _LOG,
        """
        s = mx.callback.Speedometer(10, 1)
        for batch in range(3):
            s(Param(0, batch, None, None))
        for batch in range(3):
            s(Param(0, batch, Metric(("a", float("nan"))), None))
        answer = finish()
        """,
    ),
    "speedometer from the middle": (
        _LOG,
        """
        s = mx.callback.Speedometer(10, 2)
        for batch in [3, 4, 5, 6, 2, 3, 4]:
            clock[0] += 1
            s(Param(0, batch, None, None))
        answer = finish()
        """,
    ),
    "speedometer of any object": (
        _LOG,
        """
        class Any: pass
        p = Any()
        p.epoch, p.nbatch, p.eval_metric = 1, 2, None
        s = mx.callback.Speedometer(10, 1)
        s(p)
        clock[0] += 3
        s(p)
        answer = finish()
        """,
    ),
    "speedometer with real metrics": (
        _LOG + _EPOCHS,
        """
        m = mx.metric.CompositeEvalMetric([mx.metric.Accuracy(), mx.metric.CrossEntropy(), mx.metric.TopKAccuracy(2)])
        s = mx.callback.Speedometer(4, 2)
        for batch in range(5):
            clock[0] += 1
            m.update([mx.nd.array([0, 1, 1, 1])],
                [mx.nd.array([[.9, .1], [.2, .8], [.3, .7], [.6, .4]])])
            s(Param(0, batch, m, None))
        answer = [finish(), m.get_global_name_value()]
        """,
    ),
    "log train metric": (
        _LOG,
        """
        m = Metric(("accuracy", 0.75), ("loss", 2))
        for reset in (False, True):
            f = mx.callback.log_train_metric(2, reset)
            for batch in range(5):
                f(Param(3, batch, m, None))
        f(Param(3, 2, None, None))
        answer = [finish(), m.calls]
        """,
    ),
    "log validation": (
        _LOG,
        """
        v = mx.callback.LogValidationMetricsCallback()
        v(Param(2, 0, Metric(("accuracy", 0.75), ("loss", 2)), None))
        v(Param(2, 0, None, None))
        answer = finish()
        """,
    ),
    "progress bar": (
        _LOG,
        """
        p = mx.callback.ProgressBar(10)
        for batch in (0, 1, 3, 10, 12):
            p(Param(0, batch, None, None))
        q = mx.callback.ProgressBar(total=7, length=10)
        for batch in (0, 1, 3, 5):
            q(Param(0, batch, None, None))
        answer = [finish(), vars(p)]
        """,
    ),
    "do checkpoint": (
        _LOG,
        """
        import os, tempfile
        net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
        arg = {"fc_weight": mx.nd.ones((2, 3)), "fc_bias": mx.nd.zeros((2,))}
        found, before = [], os.getcwd()
        for period in (1, 2, 0, -3, 1.9):
            with tempfile.TemporaryDirectory() as folder:
                os.chdir(folder)
                f = mx.callback.do_checkpoint("m", period)
                for epoch in range(4):
                    f(epoch, net, arg, {})
                found.append(sorted(os.listdir(".")))
                os.chdir(before)
        answer = [found, finish()]
        """,
    ),
    "module checkpoint": """
        class Module:
            def save_checkpoint(self, *args):
                saved.append(args)
        saved = []
        f = mx.callback.module_checkpoint(Module(), "m", 2, True)
        for epoch in range(4):
            f(epoch, None, None, None)
        g = mx.callback.module_checkpoint(Module(), "n", period=0)
        g(0)
        g(1)
        answer = saved
    """,
}
