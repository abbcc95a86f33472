"""What estimators train, log, save and resume."""

_START = """
import logging, os, re, tempfile, warnings
warnings.simplefilter("ignore")
from mxnet import gluon
from mxnet.gluon.contrib.estimator import *
M, L = mx.metric, gluon.loss
X = np.arange(24).reshape(8, 3).astype("float32") / 24
Y = (np.arange(8) % 2).astype("float32")

def loader(size=4, *arrays):
    dataset = gluon.data.ArrayDataset(*(arrays or (mx.nd.array(X), mx.nd.array(Y))))
    return gluon.data.DataLoader(dataset, batch_size=size)

def network(prefix="net_"):
    net = gluon.nn.Dense(2, in_units=3, prefix=prefix)
    net.initialize(mx.init.Zero())
    net.weight.set_data(mx.nd.array([[0.1, -0.2, 0.3], [0.2, 0.1, -0.3]]))
    return net

class Kept(logging.Handler):
    def __init__(self):
        super().__init__()
        self.lines = []
    def emit(self, record):
        line = re.sub(r"total [0-9]+s", "total Ts", record.getMessage())
        self.lines.append(re.sub(r"[0-9.]+s\\b", "Ts", line).replace(folder, "FOLDER"))

folder = tempfile.mkdtemp()

def make(loss=None, momentum=0.9, **kwargs):
    net = kwargs.pop("net", None) or network()
    schedule = mx.lr_scheduler.FactorScheduler(3, 0.9, base_lr=0.5)
    options = {"learning_rate": 0.5, "momentum": momentum, "lr_scheduler": schedule}
    trainer = gluon.Trainer(net.collect_params(), "sgd", options)
    kwargs.setdefault("context", mx.cpu())
    e = Estimator(net, loss or L.SoftmaxCrossEntropyLoss(), trainer=trainer, **kwargs)
    kept = Kept()
    e.logger.handlers = [kept]
    e.lines = kept.lines
    return e

def weights(e):
    return e.net.weight.data(e.context[0]), e.net.bias.data(e.context[0])

class Record(TrainBegin, TrainEnd, EpochBegin, EpochEnd, BatchBegin, BatchEnd):
    def __init__(self, name="h", priority=None, calls=None):
        self.name, self.calls = name, [] if calls is None else calls
        if priority is not None:
            self.priority = priority
    def note(self, event, args, kwargs):
        def shape(value):
            return [part.shape for part in value]
        self.calls.append((event, self.name, len(args), {key: shape(value) for key, value in kwargs.items()}))
    def train_begin(self, estimator, *args, **kwargs):
        self.note("train_begin", args, kwargs)
    def train_end(self, estimator, *args, **kwargs):
        self.note("train_end", args, kwargs)
    def epoch_begin(self, estimator, *args, **kwargs):
        self.note("epoch_begin", args, kwargs)
    def epoch_end(self, estimator, *args, **kwargs):
        self.note("epoch_end", args, kwargs)
    def batch_begin(self, estimator, *args, **kwargs):
        self.note("batch_begin", args, kwargs)
    def batch_end(self, estimator, *args, **kwargs):
        self.note("batch_end", args, kwargs)

class Steps(BatchEnd):
    count = 0
    def batch_end(self, estimator, *args, **kwargs):
        self.count += 1

class Given(M.EvalMetric):
    "A metric whose values are known beforehand, one for each epoch."
    def __init__(self, values, name="given"):
        self.values, self.at = values, 0
        super().__init__(name)
    def reset(self):
        pass
    def update(self, labels, preds):
        pass
    def get(self):
        return self.name, self.values[min(self.at, len(self.values) - 1)]

class Next(EpochEnd):
    priority = 5
    def __init__(self, source):
        self.source = source
    def epoch_end(self, estimator, *args, **kwargs):
        self.source.at += 1
"""

_SAVE = (
    _START
    + """
def train(e, epochs=None, batches=None, handlers=(), size=2, **kwargs):
    handler, steps = CheckpointHandler(folder, verbose=1, **kwargs), Steps()
    e.fit(loader(size), epochs=epochs, batches=batches, event_handlers=[handler, steps] + list(handlers))
    return handler, steps
def files():
    return sorted(os.listdir(folder))
def state(e, handler, steps):
    numbers = {key: value for key, value in vars(handler).items() if key in ("current_epoch", "current_batch",
        "trained_epoch", "trained_batch", "saved_checkpoints")}
    return files(), numbers, steps.count, weights(e), e.trainer.learning_rate, e.trainer.optimizer.num_update
"""
)


def _stopping(values, epochs=7, **kwargs):
    """Return a program that trains with an EarlyStoppingHandler on given values, twice."""
    arguments = "".join(f", {key}={value!r}" for key, value in kwargs.items())
    return (
        _START,
        f"""
        nan = float("nan")
        metric = Given({values})
        handler = EarlyStoppingHandler(metric{arguments})
        answer = []
        for epochs in ({epochs}, 2):
            e = make()
            e.fit(loader(), epochs=epochs, event_handlers=[handler, Next(metric)])
            found = dict(vars(handler))
            found.pop("monitor")
            found["monitor_op"] = found["monitor_op"].__name__
            answer.append((found, metric.at))
        """,
    )


PROGRAMS = {
    # construction
    "attributes": (_START, "answer = sorted(vars(make()))"),
    "logger": (
        _START,
        """
        e = Estimator(network(), L.L2Loss(), trainer=make().trainer, context=mx.cpu())
        other = make()
        answer = e.logger.name, e.logger.level, len(e.logger.handlers), e.logger is other.logger, Estimator.logger
    """,
    ),
    "default metrics": (
        _START,
        """
        answer = []
        losses = [L.SoftmaxCrossEntropyLoss(), L.SoftmaxCELoss(sparse_label=False), L.L2Loss(), L.L1Loss(prefix="abc_")]
        losses += [L.HuberLoss(prefix="huber12_"), L.SigmoidBCELoss(prefix="s_"), L.KLDivLoss(prefix="k_")]
        for loss in losses:
            e = make(loss)
            answer.append([[(type(m).__name__, m.name) for m in part] for part in (e.train_metrics, e.val_metrics)])
        answer[2] = None  # its name counts instances
    """,
    ),
    "names of metrics": (
        _START,
        """
        def names(**kwargs):
            e = make(L.SoftmaxCrossEntropyLoss(prefix="ce_"), **kwargs)
            return [[(type(m).__name__, m.name) for m in part] for part in (e.train_metrics, e.val_metrics)]
        def feval(label, pred):
            return 0.0
        answer = [names(train_metrics=M.Accuracy()), names(train_metrics=[M.Accuracy(), M.TopKAccuracy(3)]),
            names(val_metrics=[M.MSE()]), names(train_metrics=[M.Accuracy()], val_metrics=M.MSE(name="own")),
            names(train_metrics=M.CompositeEvalMetric(["acc", "mse"])), names(train_metrics=[M.CustomMetric(feval)]),
            names(train_metrics=[M.Loss()]), names(train_metrics=[], val_metrics=[])]
    """,
    ),
    "metrics are copied for validation": (
        _START,
        "acc = M.Accuracy(); e = make(train_metrics=acc); answer = e.train_metrics[0] is acc, e.val_metrics[0] is acc",
    ),
    "metrics by name": (_START, "make(train_metrics='acc')"),
    "metrics of names": (_START, "make(val_metrics=['acc'])"),
    "metrics of a number": (_START, "make(train_metrics=3)"),
    "metrics cannot be set": (_START, "make().train_metrics = []"),
    "loss of another class": (_START, "make(loss=lambda p, l: p)"),
    "validation loss of another class": (_START, "make(val_loss=3)"),
    "contexts": (
        _START,
        "answer = [[str(c) for c in make(context=c).context] for c in (None, mx.cpu(), [mx.cpu(0), mx.cpu(1)], [])]",
    ),
    "context by name": (_START, "make(context='cpu')"),
    "contexts by name": (_START, "make(context=['cpu'])"),
    "context tuple": (_START, "make(context=(mx.cpu(),))"),
    "context that is not there": (_START, "make(context=mx.gpu(77))"),
    "trainer of another class": (_START, "Estimator(network(), L.L2Loss(), trainer='sgd')"),
    "default trainer": (
        _START,
        """
        e = Estimator(network(), L.L2Loss())
        answer = type(e.trainer.optimizer).__name__, e.trainer.learning_rate
    """,
    ),
    "batch processor of another class": (_START, "make(batch_processor=3)"),
    "batch processor without evaluate_batch": (
        _START,
        """
        class Half:
            def fit_batch(self, estimator, batch, batch_axis=0):
                pass
        make(batch_processor=Half())
    """,
    ),
    "initializer": (
        _START,
        """
        answer = []
        for initializer in (mx.init.One(), "ones", None):
            net = gluon.nn.Dense(2, in_units=3)
            Estimator(net, L.L2Loss(), initializer=initializer, context=[mx.cpu(0), mx.cpu(1)])
            value = net.weight.data(mx.cpu(1)) if initializer is not None else mx.nd.zeros((1,))
            answer.append((value, [str(c) for c in net.weight.list_ctx()]))
    """,
    ),
    "initializer of an initialized network": (
        _START,
        """
        net = network()
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            Estimator(net, L.L2Loss(), initializer="ones", trainer=make().trainer)
        answer = net.weight.data(), [w.category.__name__ for w in seen]
    """,
    ),
    "warning of no trainer": (
        _START,
        """
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            Estimator(network(), L.L2Loss())
        answer = [(w.category.__name__, str(w.message)) for w in seen]
    """,
    ),
    # training
    "fit": (_START, "e = make(); e.fit(loader(), epochs=3); answer = weights(e), [m.get() for m in e.train_metrics]"),
    "fit momentum and schedule": (
        _START,
        """
        e = make()
        e.fit(loader(2), epochs=4)
        answer = weights(e), e.trainer.learning_rate, e.trainer.optimizer.num_update
        """,
    ),
    "fit regression": (
        _START,
        """
        e = make(L.L2Loss(prefix="l2_"), train_metrics=M.MSE(), val_metrics=M.MAE())
        data = loader(4, mx.nd.array(X), mx.nd.array(X[:, :2]))
        e.fit(data, data, epochs=2)
        answer = weights(e), [m.get() for m in e.train_metrics + e.val_metrics], e.lines
    """,
    ),
    "fit log": (_START, "e = make(L.SoftmaxCELoss(prefix='ce_')); e.fit(loader(), epochs=2); answer = e.lines"),
    "fit log with validation": (
        _START,
        """
        e = make(L.SoftmaxCELoss(prefix="ce_"))
        e.fit(loader(), loader(8), epochs=2)
        answer = e.lines, [m.get() for m in e.val_metrics], e.max_epoch, e.max_batch, e.batch_axis
    """,
    ),
    "fit batches": (
        _START,
        """
        answer = []
        for batches in (1, 2, 3, 5):
            e, steps = make(L.SoftmaxCELoss(prefix="ce_")), Steps()
            e.fit(loader(), loader(), batches=batches, event_handlers=steps)
            answer.append((e.lines, steps.count, weights(e), e.max_epoch, e.max_batch))
    """,
    ),
    "fit several contexts": (
        _START,
        """
        net = gluon.nn.Dense(2, in_units=3)
        e = Estimator(net, L.L2Loss(prefix="l2_"), initializer="ones", context=[mx.cpu(0), mx.cpu(1)])
        e.logger.handlers = []
        record = Record()
        data = loader(4, mx.nd.array(X), mx.nd.array(X[:, :2]))
        e.fit(data, data, epochs=2, event_handlers=record)
        metrics = e.train_metrics + e.val_metrics
        answer = record.calls, [net.weight.data(c) for c in e.context], [m.get() for m in metrics]
    """,
    ),
    "fit several contexts uneven": (
        _START,
        """
        net = gluon.nn.Dense(2, in_units=3)
        e = Estimator(net, L.L2Loss(), initializer="ones", context=[mx.cpu(0), mx.cpu(1)])
        e.logger.handlers = []
        e.fit(loader(3, mx.nd.array(X), mx.nd.array(X[:, :2])), epochs=1)
    """,
    ),
    "fit twice": (
        _START,
        """
        e = make()
        e.fit(loader(), epochs=1)
        e.fit(loader(), batches=3)
        answer = weights(e), e.lines[-1][:30], e.max_epoch
        """,
    ),
    "fit neither": (_START, "make().fit(loader())"),
    "fit both": (_START, "make().fit(loader(), epochs=1, batches=1)"),
    "fit zero": (_START, "make().fit(loader(), epochs=0)"),
    "fit a list": (_START, "make().fit([(mx.nd.array(X), mx.nd.array(Y))], epochs=1)"),
    "fit an iterator": (_START, "make().fit(mx.io.NDArrayIter(X, Y, batch_size=4), epochs=1)"),
    "fit with validation in a list": (_START, "make().fit(loader(), [(mx.nd.array(X), mx.nd.array(Y))], epochs=1)"),
    "fit with a number as handler": (_START, "make().fit(loader(), epochs=1, event_handlers=[3])"),
    "fit with one number as handler": (_START, "make().fit(loader(), epochs=1, event_handlers=3)"),
    "fit with another metric": (_START, "make().fit(loader(), epochs=1, event_handlers=MetricHandler(M.MSE()))"),
    "fit with another metric in a log": (
        _START,
        "make().fit(loader(), epochs=1, event_handlers=[LoggingHandler(metrics=M.MSE())])",
    ),
    "evaluate with a metric of training": (
        _START,
        "e = make(); e.evaluate(loader(), event_handlers=LoggingHandler(metrics=e.train_metrics))",
    ),
    "mode": (
        _START,
        """
        seen = []
        class Net(gluon.nn.Dense):
            def forward(self, x):
                seen.append((mx.autograd.is_training(), mx.autograd.is_recording()))
                return super().forward(x)
        net = Net(2, in_units=3)
        net.initialize(mx.init.One())
        make(net=net).fit(loader(8), loader(8), epochs=1)
        answer = seen
    """,
    ),
    "batch axis": (
        _START,
        """
        class Turned(gluon.Block):
            def __init__(self):
                super().__init__()
                with self.name_scope():
                    self.dense = gluon.nn.Dense(2, in_units=3)
            def forward(self, x):
                return self.dense(x.T).T
        def together(samples):
            return [mx.nd.stack(*[s[i] for s in samples], axis=1) for i in range(2)]
        data = gluon.data.DataLoader(
            gluon.data.ArrayDataset(mx.nd.array(X), mx.nd.array(X[:, :2])), 4, batchify_fn=together)
        net = Turned()
        net.initialize(mx.init.One())
        e = make(L.L2Loss(batch_axis=1, prefix="l2_"), net=net)
        record = Record()
        e.fit(data, data, epochs=1, batch_axis=1, event_handlers=record)
        answer = record.calls, net.dense.weight.data(), e.lines, e.batch_axis
    """,
    ),
    # order of handlers
    "order of handlers": (
        _START,
        """
        calls = []
        handlers = [Record(str(p), p, calls) for p in (None, 0, -5000, -1500, np.inf, -500, -1000, -2000, 3)]
        make().fit(loader(8), loader(8), epochs=1, event_handlers=handlers)
        answer = calls
    """,
    ),
    "handlers around the update": (
        _START,
        """
        class Look(BatchEnd):
            def __init__(self, priority):
                self.priority, self.seen = priority, []
            def batch_end(self, estimator, *args, **kwargs):
                self.seen.append((estimator.net.weight.data().asnumpy(), str(estimator.train_metrics[0].get()[1])))
        looks = [Look(p) for p in (-2001, -1999, -999, 0)]
        make().fit(loader(), epochs=1, event_handlers=list(looks))
        answer = [look.seen for look in looks]
    """,
    ),
    "default handlers": (
        _START,
        """
        e = make()
        e.max_epoch, e.max_batch = 2, None
        def kinds(handlers):
            return [(type(h).__name__, [m.name for m in getattr(h, "metrics", [])]) for h in handlers]
        answer = []
        for given in (lambda: None, lambda: [], lambda: LoggingHandler(), lambda: [StoppingHandler(5)],
                      lambda: [LoggingHandler(metrics=e.val_metrics)], lambda: [MetricHandler(e.val_metrics)],
                      lambda: [CheckpointHandler(folder), GradientUpdateHandler()],
                      lambda: [EarlyStoppingHandler(e.val_metrics[0], mode="max")],
                      lambda: [EarlyStoppingHandler(M.MSE(), mode="min")], lambda: [Record()]):
            answer.append(kinds(e._prepare_default_handlers(None, given())))
            answer.append(kinds(e._prepare_default_handlers([1], given())))
            answer.append(kinds(e._prepare_default_validation_handlers(given())))
        answer.append([kinds(part) for part in e._categorize_handlers(e._prepare_default_handlers([1], None))])
    """,
    ),
    "own metric handler": (
        _START,
        """
        e = make(train_metrics=[M.Accuracy(), M.Loss(name="l")])
        e.fit(loader(), epochs=1, event_handlers=MetricHandler(e.train_metrics[:1]))
        answer = [str(m.get()) for m in e.train_metrics], e.lines
    """,
    ),
    "own gradient handler": (
        _START,
        """
        class Third(GradientUpdateHandler):
            seen = 0
            def batch_end(self, estimator, *args, **kwargs):
                self.seen += 1
                if self.seen % 2 == 0:
                    super().batch_end(estimator, *args, **kwargs)
        e = make()
        e.fit(loader(2), epochs=2, event_handlers=Third())
        answer = weights(e), e.trainer.optimizer.num_update
    """,
    ),
    "numbers of samples in steps": (
        _START,
        """
        class Own(gluon.Trainer):
            sizes = []
            def step(self, batch_size, ignore_stale_grad=False):
                self.sizes.append(batch_size)
                super().step(batch_size, ignore_stale_grad)
        net = network()
        e = Estimator(net, L.SoftmaxCELoss(), trainer=Own(net.collect_params(), "sgd"), context=mx.cpu())
        e.logger.handlers = []
        e.fit(loader(3), epochs=1)
        answer = Own.sizes
    """,
    ),
    "results of handlers": (
        _START,
        """
        class Ends(BatchEnd, EpochEnd):
            def __init__(self, batch, epoch):
                self.batch, self.epoch, self.batches, self.epochs = batch, epoch, 0, 0
            def batch_end(self, estimator, *args, **kwargs):
                self.batches += 1
                return self.batches == self.batch
            def epoch_end(self, estimator, *args, **kwargs):
                self.epochs += 1
                return self.epochs == self.epoch
        answer = []
        for ends in ((None, None), (1, None), (2, None), (3, None), (None, 1), (None, 2), (1, 1)):
            handler = Ends(*ends)
            make().fit(loader(), epochs=3, event_handlers=handler)
            answer.append((handler.batches, handler.epochs))
    """,
    ),
    "results at other moments count for nothing": (
        _START,
        """
        class Ends(TrainBegin, EpochBegin, BatchBegin, TrainEnd):
            stop_training = True
            def batch_begin(self, estimator, *args, **kwargs):
                return True
            train_begin = epoch_begin = train_end = batch_begin
        e, steps = make(), Steps()
        e.fit(loader(), epochs=2, event_handlers=[Ends(), steps])
        answer = steps.count
    """,
    ),
    # evaluation
    "evaluate": (
        _START,
        """
        e = make(L.SoftmaxCELoss(prefix='ce_'))
        answer = e.evaluate(loader()), [m.get() for m in e.val_metrics], e.lines
        """,
    ),
    "evaluate with handlers": (
        _START,
        """
        e, r = make(), Record()
        e.evaluate(loader(), event_handlers=[r])
        answer = r.calls, [str(m.get()) for m in e.train_metrics]
        """,
    ),
    "evaluate with a log": (
        _START,
        """
        e = make(L.SoftmaxCELoss(prefix="ce_"))
        e.evaluate(loader(), event_handlers=[LoggingHandler()])
        e.evaluate(loader(3), 0, LoggingHandler(2, e.val_metrics))
        answer = e.lines
    """,
    ),
    "evaluate another network": (
        _START,
        """
        net = network()
        other = gluon.nn.Dense(2, in_units=3, activation="relu", params=net.collect_params(), prefix="net_")
        e = make(L.L2Loss(prefix="l2_"), net=net, val_net=other, val_loss=L.L1Loss(prefix="l1_"))
        data = loader(4, mx.nd.array(X), mx.nd.array(X[:, :2]))
        e.evaluate(data)
        e.fit(data, data, epochs=2)
        answer = e.lines, weights(e), [m.get() for m in e.val_metrics]
    """,
    ),
    "evaluate a list": (_START, "make().evaluate([(mx.nd.array(X), mx.nd.array(Y))])"),
    "validation periods": (
        _START,
        """
        answer = []
        for epochs, batches in ((1, None), (2, None), (None, 3), (1, 2), (0, None)):
            calls = []
            def seen(**kwargs):
                calls.append(sorted((key, str(value)) for key, value in kwargs.items()))
            handler = ValidationHandler("data", seen, epoch_period=epochs, batch_period=batches)
            e = make()
            e.fit(loader(2), loader(), epochs=3, event_handlers=[handler])
            answer.append((calls, handler.current_batch, handler.current_epoch, handler.priority))
    """,
    ),
    "validation handlers": (
        _START,
        """
        e, record = make(), Record()
        handlers = [record]
        e.fit(loader(), epochs=1, event_handlers=ValidationHandler(loader(8), e.evaluate, event_handlers=handlers))
        answer = record.calls
    """,
    ),
    # logging
    "log batches": (
        _START,
        """
        answer = []
        for interval in (1, 2, 3, True):
            e = make(L.SoftmaxCELoss(prefix="ce_"))
            e.fit(loader(3), epochs=2, event_handlers=[LoggingHandler(interval, e.train_metrics)])
            answer.append(e.lines)
    """,
    ),
    "log twice": (
        _START,
        """
        e = make(L.SoftmaxCELoss(prefix="ce_"))
        handler = LoggingHandler(2, e.train_metrics)
        for i in range(2):
            e.fit(loader(2), epochs=1, event_handlers=[handler])
        answer = e.lines, handler.batch_index, handler.current_epoch, handler.processed_samples
    """,
    ),
    "log of both": (
        _START,
        """
        e = make(L.SoftmaxCELoss(prefix="ce_"))
        handlers = [LoggingHandler(metrics=metrics) for metrics in (e.train_metrics, e.val_metrics)]
        e.fit(loader(), loader(), epochs=1, event_handlers=handlers)
        answer = e.lines
    """,
    ),
    "log of metrics with other names": (
        _START,
        """
        e = make(train_metrics=M.Accuracy())
        e.train_metrics[0].name = "foo"
        e.fit(loader(), epochs=1)
        answer = e.lines
    """,
    ),
    "log of an attribute": (
        _START,
        "h = LoggingHandler(metrics=M.Accuracy()); answer = h.priority, len(h.metrics), h.log_interval, h.batch_index",
    ),
    "log interval by another name": (_START, "LoggingHandler('batch')"),
    "log interval of a float": (_START, "LoggingHandler(2.5)"),
    "log metrics by name": (_START, "LoggingHandler(metrics='acc')"),
    # early stopping
    "early stopping max": _stopping([1, 2, 3, 2, 1, 0, 0], mode="max", patience=2),
    "early stopping without patience": _stopping([1, 2, 3, 2, 1, 0, 0], mode="max"),
    "early stopping min": _stopping([1, 2, 3, 2, 1, 0, 0], mode="min"),
    "early stopping least change": _stopping([1, 0.9, 0.8, 0.7, 0.7], mode="min", min_delta=0.15, patience=1),
    "early stopping least change up": _stopping([1, 1.1, 1.3, 1.35, 1.7], mode="max", min_delta=0.15, patience=2),
    "early stopping baseline": _stopping([1, 2, 3, 2], mode="max", baseline=2.5, patience=2),
    "early stopping baseline 0": _stopping([0.5, 0.4, 0.3, 0.4], mode="max", baseline=0),
    "early stopping without values": _stopping("[nan, 1]", mode="min"),
    "early stopping auto": _stopping([1, 2, 3]),
    "early stopping auto down": _stopping([3, 2, 1]),
    "early stopping of an unknown mode": _stopping([1, 2, 3, 2], mode="foo"),
    "early stopping log": (
        _START,
        """
        metric = Given([2, 3, 3, 4])
        e = make(train_metrics=M.Accuracy())
        e.fit(loader(), epochs=5, event_handlers=[EarlyStoppingHandler(metric, mode="max"), Next(metric)])
        answer = e.lines
    """,
    ),
    "early stopping by name": (_START, "EarlyStoppingHandler('acc')"),
    "early stopping on validation": (
        _START,
        """
        e = make()
        handler = EarlyStoppingHandler(e.val_metrics[1], min_delta=0.01, patience=2, mode="min")
        e.fit(loader(), loader(), epochs=30, event_handlers=handler)
        answer = handler.stopped_epoch, handler.best, handler.current_epoch, weights(e)
    """,
    ),
    # checkpoints
    "checkpoint attributes": (
        _START,
        """
        h = CheckpointHandler(folder)
        best = CheckpointHandler(folder, monitor=M.Accuracy(), save_best=True, mode="min")
        found = {key: value for key, value in vars(h).items() if key != "model_dir" and key[0] != "_"}
        answer = found, best.best, best.monitor_op.__name__
    """,
    ),
    "checkpoint names": (
        _SAVE,
        """
        answer = []
        every = [{}, {"model_prefix": "p"}, {"epoch_period": 2}, {"batch_period": 3}, {"max_checkpoints": 2}]
        every += [{"max_checkpoints": 0}, {"epoch_period": None, "batch_period": 3, "max_checkpoints": 2}]
        every += [{"epoch_period": None}, {"epoch_period": 0}]
        for kwargs in every:
            handler, _ = train(make(), 4, **kwargs)
            answer.append((files(), handler.saved_checkpoints, handler.current_batch, handler.current_epoch))
            for name in files():
                os.remove(os.path.join(folder, name))
    """,
    ),
    "checkpoint names of batches": (
        _SAVE,
        """
        answer = []
        for kwargs in ({}, {"batch_period": 3}, {"batch_period": 3, "epoch_period": None}):
            handler, _ = train(make(), batches=7, **kwargs)
            answer.append((files(), handler.saved_checkpoints, handler.current_batch, handler.current_epoch))
            for name in files():
                os.remove(os.path.join(folder, name))
    """,
    ),
    "checkpoint folder is made": (
        _SAVE,
        "CheckpointHandler(os.path.join(folder, 'a', 'b')); answer = os.path.isdir(os.path.join(folder, 'a', 'b'))",
    ),
    "checkpoint symbol": (
        _SAVE,
        """
        e = make()
        e.net.hybridize()
        train(e, 1)
        found = mx.sym.load(os.path.join(folder, "model-symbol.json"))
        answer = files(), found.list_arguments(), e.lines[-3][:27]
    """,
    ),
    "checkpoint symbol without": (_SAVE, "e = make(); train(e, 1); answer = files(), e.lines[3]"),
    "checkpoint parameters": (
        _SAVE,
        """
        e = make()
        train(e, 2)
        first, last = network(), network()
        first.load_parameters(os.path.join(folder, "model-epoch0batch4.params"))
        last.load_parameters(os.path.join(folder, "model-epoch1batch8.params"))
        answer = first.weight.data(), last.weight.data(), weights(e)
    """,
    ),
    "checkpoint best": (
        _SAVE,
        """
        answer = []
        for mode, values in (("max", [1, 3, 2, 4, 1]), ("min", [3, 2, 4, 1, 2])):
            metric, e = Given(values), make()
            handler, _ = train(e, 5, monitor=metric, save_best=True, mode=mode, max_checkpoints=1,
                handlers=[Next(metric)])
            best = network()
            best.load_parameters(os.path.join(folder, "model-best.params"))
            answer.append((files(), handler.best, handler.saved_checkpoints, best.weight.data(), best.bias.data()))
    """,
    ),
    "checkpoint best on validation": (
        _SAVE,
        """
        e = make()
        handler = CheckpointHandler(folder, monitor=e.val_metrics[1], save_best=True, mode="min")
        e.fit(loader(), loader(8), epochs=3, event_handlers=handler)
        answer = files(), handler.best
    """,
    ),
    "checkpoint best without values": (
        _SAVE,
        """
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            e = make()
            handler, _ = train(e, 2, monitor=e.val_metrics[1], save_best=True, mode="min")
        answer = files(), str(handler.best), [w.category.__name__ for w in seen]
    """,
    ),
    "checkpoint best without monitor": (_START, "CheckpointHandler(folder, save_best=True)"),
    "checkpoint best by name": (_START, "CheckpointHandler(folder, monitor='acc', save_best=True)"),
    "resume": (
        _SAVE,
        """
        train(make(), 2)
        e = make()
        answer = state(e, *train(e, 5, resume_from_checkpoint=True)), e.max_epoch
        answer = answer, [line for line in e.lines if line.startswith(("Checkpoint", "Train"))]
    """,
    ),
    "resume equals training at once": (_SAVE, "e = make(); answer = state(e, *train(e, 5))[2:]"),
    "resume twice": (
        _SAVE,
        """
        train(make(), 1)
        train(make(), 2, resume_from_checkpoint=True)
        e = make()
        answer = state(e, *train(e, 4, resume_from_checkpoint=True))
    """,
    ),
    "resume the same estimator": (
        _SAVE,
        "e = make(); train(e, 2); answer = state(e, *train(e, 4, resume_from_checkpoint=True))",
    ),
    "resume with as many checkpoints": (
        _SAVE,
        """
        train(make(), 4, max_checkpoints=2)
        e = make()
        answer = state(e, *train(e, 8, max_checkpoints=2, resume_from_checkpoint=True))
    """,
    ),
    "resume with many epochs": (
        _SAVE,
        """
        train(make(), 12, max_checkpoints=20, size=4)
        e = make()
        answer = state(e, *train(e, 13, resume_from_checkpoint=True, size=4))[:3]
    """,
    ),
    "resume by batches": (
        _SAVE,
        """
        train(make(), batches=8, batch_period=4, epoch_period=None)
        e = make()
        found = state(e, *train(e, batches=16, batch_period=4, epoch_period=None, resume_from_checkpoint=True))
        answer = found, e.max_batch, [line for line in e.lines if line.startswith(("CheckpointHandler", "Train for"))]
    """,
    ),
    "resume by batches equals training at once": (
        _SAVE,
        "e = make(); answer = state(e, *train(e, batches=16, batch_period=4, epoch_period=None))[2:]",
    ),
    "resume by batches in an epoch": (
        _SAVE,
        """
        train(make(), batches=7, batch_period=3, epoch_period=None)
        e = make()
        answer = state(e, *train(e, batches=10, batch_period=3, epoch_period=None, resume_from_checkpoint=True))
    """,
    ),
    "resume nothing": (
        _SAVE,
        """
        e = make()
        handler, steps = train(e, 2, resume_from_checkpoint=True)
        answer = e.lines[0], state(e, handler, steps)
    """,
    ),
    "resume nothing by batches": (
        _SAVE,
        """
        e = make()
        handler, steps = train(e, batches=7, batch_period=3, epoch_period=None, resume_from_checkpoint=True)
        answer = e.lines[0], state(e, handler, steps)
    """,
    ),
    "resume nothing twice": (
        _SAVE,
        """
        train(make(), 2, resume_from_checkpoint=True)
        e = make()
        answer = state(e, *train(e, 3, resume_from_checkpoint=True))
    """,
    ),
    "resume when all is done": (_SAVE, "train(make(), 2); train(make(), 2, resume_from_checkpoint=True)"),
    "resume when more is done": (_SAVE, "train(make(), 3); train(make(), 2, resume_from_checkpoint=True)"),
    "resume epochs with periods of batches": (_SAVE, "train(make(), 3, batch_period=2, resume_from_checkpoint=True)"),
    "resume batches with periods of epochs": (_SAVE, "train(make(), batches=3, resume_from_checkpoint=True)"),
    "resume without states": (
        _SAVE,
        """
        train(make(), 2)
        os.remove(os.path.join(folder, "model-epoch1batch8.states"))
        train(make(), 4, resume_from_checkpoint=True)
    """,
    ),
    "resume without parameters": (
        _SAVE,
        """
        train(make(), 2)
        os.remove(os.path.join(folder, "model-epoch1batch8.params"))
        e = make()
        answer = state(e, *train(e, 4, resume_from_checkpoint=True))
    """,
    ),
    "resume a strange name": (
        _SAVE,
        """
        train(make(), 2)
        open(os.path.join(folder, "model-epochbatch.params"), "w").close()
        train(make(), 4, resume_from_checkpoint=True)
    """,
    ),
    "resume beside another prefix": (
        _SAVE,
        """
        train(make(), 2)
        train(make(), 3, model_prefix="model-other")
        e = make()
        answer = state(e, *train(e, 4, resume_from_checkpoint=True))
    """,
    ),
    # batch processors
    "batch processor": (
        _START,
        """
        calls = []
        class Own(BatchProcessor):
            def fit_batch(self, estimator, train_batch, batch_axis=0):
                calls.append(("fit", [x.shape for x in train_batch], batch_axis))
                return super().fit_batch(estimator, train_batch, batch_axis)
            def evaluate_batch(self, estimator, val_batch, batch_axis=0):
                found = super().evaluate_batch(estimator, val_batch, batch_axis)
                calls.append(("evaluate", [[x.shape for x in part] for part in found], batch_axis))
                return found
        e = make(batch_processor=Own())
        e.fit(loader(3), loader(8), epochs=1)
        answer = calls, weights(e)
    """,
    ),
    "batch processor of own kind": (
        _START,
        """
        class Pair(gluon.Block):
            def __init__(self):
                super().__init__()
                with self.name_scope():
                    self.dense = gluon.nn.Dense(2, in_units=3)
            def forward(self, a, b):
                return self.dense(a) + b
        class Own(BatchProcessor):
            def fit_batch(self, estimator, train_batch, batch_axis=0):
                a, b, y = [x.as_in_context(estimator.context[0]) for x in train_batch]
                with mx.autograd.record():
                    pred = estimator.net(a, b)
                    loss = estimator.loss(pred, y)
                loss.backward()
                return a, [y], [pred], [loss]
        net = Pair()
        net.initialize(mx.init.One())
        e = make(net=net, batch_processor=Own())
        e.fit(loader(4, mx.nd.array(X), mx.nd.array(X[:, :2]), mx.nd.array(Y)), epochs=2)
        answer = net.dense.weight.data(), e.train_metrics[0].get()
    """,
    ),
    "data and label": (
        _START,
        """
        e = make()
        batch = [mx.nd.array(X[:4]), mx.nd.array(Y[:4])]
        answer = [owner._get_data_and_label(batch, [mx.cpu(0), mx.cpu(1)]) for owner in (e, e.batch_processor)]
    """,
    ),
    "batches of one kind": (
        _START,
        "e = make(); answer = [len(p) for p in e.batch_processor.fit_batch(e, [mx.nd.array(X), mx.nd.array(Y)])]",
    ),
    # helpers that others import
    "checks": (
        _START,
        """
        from mxnet.gluon.contrib.estimator.utils import _check_metrics, _suggest_metric_for_loss
        from mxnet.gluon.contrib.estimator.event_handler import _check_event_handlers
        h, m = Steps(), M.Accuracy()
        composite = M.CompositeEvalMetric(["acc", "mse"])
        answer = [len(_check_event_handlers(x)) for x in (None, h, [h, h], [])]
        answer += [len(_check_metrics(x)) for x in (None, m, [m], [], composite)]
        answer += [type(_suggest_metric_for_loss(loss)).__name__ for loss in (L.SoftmaxCELoss(), L.L2Loss())]
    """,
    ),
    "modules": (
        _START,
        """
        from mxnet.gluon.contrib.estimator.event_handler import EventHandler
        kinds = [Estimator, BatchProcessor, CheckpointHandler, LoggingHandler, StoppingHandler, MetricHandler]
        kinds += [ValidationHandler, EarlyStoppingHandler, GradientUpdateHandler, TrainBegin, BatchEnd, EventHandler]
        answer = [(kind.__module__, [b.__name__ for b in kind.__mro__]) for kind in kinds]
    """,
    ),
    "bare handlers": (
        _START,
        """
        e = make()
        kinds = {"train_begin": TrainBegin, "train_end": TrainEnd, "epoch_begin": EpochBegin, "epoch_end": EpochEnd,
                 "batch_begin": BatchBegin, "batch_end": BatchEnd}
        answer = {name: getattr(kind(), name)(e) for name, kind in kinds.items()}
    """,
    ),
    "metric handler without predictions": (_START, "e = make(); MetricHandler(e.train_metrics).batch_end(e)"),
    "update without losses": (_START, "GradientUpdateHandler().batch_end(make())"),
}
