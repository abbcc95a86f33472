"""What modules train, score, predict, log, refuse and keep."""

_BASE = """
import logging, os, re, warnings
os.environ.pop("MXNET_UPDATE_ON_KVSTORE", None)
warnings.simplefilter("ignore")

def network(bn=False, hidden=4):
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=hidden, name="fc1")
    if bn:
        net = mx.sym.BatchNorm(net, name="bn", fix_gamma=False)
    net = mx.sym.Activation(net, act_type="tanh", name="act")
    return mx.sym.SoftmaxOutput(mx.sym.FullyConnected(net, num_hidden=3, name="fc2"), name="softmax")

def filled(module):
    arguments, states = module.get_params()
    def values(name, array):
        r = np.random.RandomState(sum(map(ord, name)))
        return mx.nd.array(r.uniform(-0.5, 0.5, array.shape) + (1 if name.endswith("var") else 0))
    module.set_params({n: values(n, a) for n, a in arguments.items()}, {n: values(n, a) for n, a in states.items()})
    return module

def batch(number=0, size=8, width=5):
    r = np.random.RandomState(number)
    return mx.io.DataBatch([mx.nd.array(r.randn(size, width))], [mx.nd.array(r.randint(0, 3, size))], pad=0)

DATA, LABEL = [("data", (8, 5))], [("softmax_label", (8,))]

def ready(net=None, bn=False, bind={}, **kwargs):
    module = mx.mod.Module(network(bn) if net is None else net, **kwargs)
    module.bind(DATA, LABEL, **bind)
    module.init_params()
    return filled(module)

def steps(module, count=5):
    for i in range(count):
        module.forward_backward(batch(i))
        module.update()
    return module.get_params()

def iterator(count=20, **kwargs):
    r = np.random.RandomState(1)
    return mx.io.NDArrayIter(r.randn(count, 5).astype("float32"), r.randint(0, 3, count).astype("float32"), 8, **kwargs)

class Lines(logging.Handler):
    def __enter__(self):
        self.lines, self.logger = [], logging.getLogger()
        self.before = self.logger.level, self.logger.handlers[:]
        self.logger.handlers[:] = [self]
        self.logger.setLevel(logging.INFO)
        return self.lines
    def emit(self, record):
        text = re.sub("(Time cost=|Speed: )[0-9.]+", r"\\\\1", record.getMessage())
        text = re.sub("=([0-9]+[.][0-9]{4})[0-9]*", r"=\\\\1", text)
        self.lines.append((record.levelname, text))
    def __exit__(self, *args):
        self.logger.setLevel(self.before[0])
        self.logger.handlers[:] = self.before[1]

class Warned:
    def __enter__(self):
        self.catcher = warnings.catch_warnings(record=True)
        caught = self.catcher.__enter__()
        warnings.simplefilter("always")
        self.texts = []
        self.caught = caught
        return self.texts
    def __exit__(self, *args):
        self.catcher.__exit__(*args)
        self.texts += [
            re.sub("\\\\x1b.[0-9]*m", "", str(w.message)) for w in self.caught if w.category is not ResourceWarning
        ]
""".replace("\\\\", "\\")

_BUCKETS = (
    _BASE
    + """
def generate(key):
    words = mx.sym.Embedding(mx.sym.var("data"), input_dim=10, output_dim=4, name="words")
    scores = mx.sym.FullyConnected(mx.sym.mean(words, axis=1), num_hidden=3, name="scores")
    return mx.sym.SoftmaxOutput(scores, name="softmax"), ("data",), ("softmax_label",)

def bucket(key, number=0, size=8):
    r = np.random.RandomState(number)
    return mx.io.DataBatch(
        [mx.nd.array(r.randint(0, 10, (size, key)))], [mx.nd.array(r.randint(0, 3, size))], bucket_key=key, pad=0,
        provide_data=[mx.io.DataDesc("data", (size, key))], provide_label=[mx.io.DataDesc("softmax_label", (size,))],
    )

class Buckets(mx.io.DataIter):
    keys = [5, 10, 7, 5]
    def __init__(self):
        super().__init__(8)
        self.default_bucket_key, self.at = 10, 0
        self.provide_data = [mx.io.DataDesc("data", (8, 10))]
        self.provide_label = [mx.io.DataDesc("softmax_label", (8,))]
    def reset(self):
        self.at = 0
    def next(self):
        if self.at == len(self.keys):
            raise StopIteration
        self.at += 1
        return bucket(self.keys[self.at - 1], self.at)

def bound(sym_gen=generate, key=10, **kwargs):
    module = mx.mod.BucketingModule(sym_gen, default_bucket_key=key, **kwargs)
    module.bind([("data", (8, key))], LABEL)
    module.init_params()
    return filled(module)

def run(module, keys):
    outputs = []
    for i, key in enumerate(keys):
        module.forward(bucket(key, i), is_train=True)
        module.backward()
        module.update()
        outputs.append(module.get_outputs()[0].asnumpy())
    return outputs
"""
)

_CHAIN = (
    _BASE
    + """
def first():
    return mx.sym.Activation(
        mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=4, name="fc1"), act_type="tanh", name="act")

def second(name="hidden"):
    return mx.sym.SoftmaxOutput(mx.sym.FullyConnected(mx.sym.var(name), num_hidden=3, name="fc2"), name="softmax")

def chain():
    module = mx.mod.SequentialModule()
    module.add(mx.mod.Module(first(), label_names=None))
    module.add(mx.mod.Module(second(), data_names=["hidden"]), take_labels=True, auto_wiring=True)
    return module
"""
)

_OPTIMIZERS = {
    "sgd": "'sgd', optimizer_params={'learning_rate': 0.1}",
    "momentum": "'sgd', optimizer_params={'learning_rate': 0.1, 'momentum': 0.9, 'wd': 0.01}",
    "adam": "'adam', optimizer_params=(('learning_rate', 0.05),)",
    "scheduled": (
        "'sgd', optimizer_params={'learning_rate': 0.4, "
        "'lr_scheduler': mx.lr_scheduler.FactorScheduler(step=2, factor=0.5)}"
    ),
    "object": "mx.optimizer.SGD(learning_rate=0.1, momentum=0.5, rescale_grad=0.125)",
}
_STORES = {
    "no store": "mx.cpu(), kvstore=None",
    "one device": "mx.cpu(), kvstore='local'",
    "two devices, no store": "[mx.cpu(0), mx.cpu(1)], kvstore=None",
    "two devices, local": "[mx.cpu(0), mx.cpu(1)], kvstore='local'",
    "two devices, device": "[mx.cpu(0), mx.cpu(1)], kvstore='device'",
    "two devices, updated on each": "[mx.cpu(0), mx.cpu(1)], kvstore='local'",
    "store for one device": "mx.cpu(), kvstore=mx.kv.create('local')",
}


def _training(optimizer, store):
    context, _, store_argument = _STORES[store].rpartition(", ")
    setting = "os.environ['MXNET_UPDATE_ON_KVSTORE'] = '0'" if "updated on each" in store else ""
    return (
        _BASE,
        setting,
        f"""
module = ready(context={context}, bn={optimizer != "adam" and ("one device" in store or store == "no store")})
module.init_optimizer({store_argument}, optimizer={_OPTIMIZERS[optimizer]})
os.environ.pop("MXNET_UPDATE_ON_KVSTORE", None)
answer = [steps(module), module._update_on_kvstore, module._kvstore is None, module._updater is None,
          module._optimizer.rescale_grad, module._optimizer.idx2name, module._optimizer.num_update]
""",
    )


PROGRAMS = {
    **{
        f"train with {optimizer}, {store}": _training(optimizer, store)
        for optimizer in _OPTIMIZERS
        for store in _STORES
        if optimizer in ("momentum", "object") or store in ("no store", "two devices, local")
    },
    # parameters
    "fixed parameters": (
        _BASE,
        """
module = ready(fixed_param_names=["fc1_weight", "fc1_bias"])
module.init_optimizer(optimizer_params={"learning_rate": 0.1})
answer = [steps(module), module._exec_group.grad_req, module._exec_group.grad_arrays[0][0] is None]
""",
    ),
    "parameters that are added up": (
        _BASE,
        """
module = ready(bind={"grad_req": "add"})
for i in range(3):
    module.forward_backward(batch(i))
answer = [g[0] for g in module._exec_group.grad_arrays]
""",
    ),
    "requests": (
        _BASE,
        """
def asked(grad_req, **kwargs):
    module = mx.mod.Module(network(), **kwargs)
    module.bind(DATA, LABEL, grad_req=grad_req)
    return module._exec_group.grad_req
answer = [asked("write"), asked("add"), asked("null"), asked(["null"] + ["write"] * 4 + ["null"]),
    asked({"fc1_weight": "add"}), asked({"data": "write"}), asked("write", fixed_param_names=["fc2_bias"])]
""",
    ),
    "requests of another kind": (_BASE, "mx.mod.Module(network()).bind(DATA, LABEL, grad_req=3)"),
    "gradients of the inputs": (
        _BASE,
        """
answer = []
for contexts in ([mx.cpu()], [mx.cpu(0), mx.cpu(1)]):
    module = ready(context=contexts, bind={"inputs_need_grad": True})
    module.forward_backward(batch())
    answer += [module.get_input_grads(), module.get_input_grads(False), module.get_outputs(False), module.get_outputs()]
""",
    ),
    "head gradients": (
        _BASE,
        """
answer = []
for contexts in ([mx.cpu()], [mx.cpu(0), mx.cpu(1)]):
    net = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc")
    module = mx.mod.Module(net, label_names=None, context=contexts)
    module.bind(DATA, inputs_need_grad=True)
    module.init_params()
    filled(module)
    module.forward(batch(), is_train=True)
    module.backward([mx.nd.arange(24).reshape((8, 3))])
    answer += [module.get_input_grads(), [g for g in module._exec_group.grad_arrays]]
""",
    ),
    "a head gradient is needed": (
        _BASE,
        """
module = mx.mod.Module(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="fc"), label_names=None)
module.bind(DATA)
module.init_params()
module.forward(batch(), is_train=True)
module.backward()
""",
    ),
    "initialization": (
        _BASE,
        """
asked = []
class Noting(mx.init.Initializer):
    def __call__(self, desc, array):
        asked.append((type(desc).__name__, str(desc), dict(desc.attrs), array.shape))
        array[:] = len(asked)
module = mx.mod.Module(network(bn=True))
module.bind(DATA, LABEL)
module.init_params(Noting())
first = [{n: a.asnumpy().copy() for n, a in d.items()} for d in module.get_params()]
given = {"fc1_weight": mx.nd.ones((4, 5)) * 9, "unknown": mx.nd.ones((2,))}
module.init_params(Noting(), arg_params=given, allow_missing=True, force_init=True)
answer = [first, asked, module.get_params()]
""",
    ),
    "initialization by functions and attributes": (
        _BASE,
        """
data = mx.sym.var("data")
weight = mx.sym.var("w", init=mx.init.Constant(3))
net = mx.sym.FullyConnected(data, weight=weight, num_hidden=2, name="fc")
net = mx.sym.BatchNorm(net, name="bn")
module = mx.mod.Module(net, label_names=None)
module.bind(DATA)
module.init_params(mx.init.Mixed(["bias", ".*"], [mx.init.One(), mx.init.Constant(2)]))
answer = module.get_params()
""",
    ),
    "initialization twice": (
        _BASE,
        """
module = ready()
before = {n: a.asnumpy().copy() for n, a in module.get_params()[0].items()}
with Warned() as texts:
    module.init_params(mx.init.One())
    module.set_params({}, {}, allow_missing=True, force_init=False)
answer = [before, module.get_params()[0], texts]
""",
    ),
    "a parameter is missing": (_BASE, "ready().set_params({'fc1_weight': mx.nd.ones((4, 5))}, {})"),
    "a state is missing": (_BASE, "module = ready(bn=True); module.set_params(module.get_params()[0], {})"),
    "a missing parameter stays": (
        _BASE,
        """
module = ready()
module.set_params({'fc1_weight': mx.nd.ones((4, 5))}, {}, allow_missing=True)
answer = module.get_params()
""",
    ),
    "a superfluous parameter": (_BASE, "ready().set_params({'x': mx.nd.ones((4, 5))}, {}, allow_missing=True)"),
    "a superfluous parameter is allowed": (
        _BASE,
        """
module = ready()
before = module.get_params()[0]['fc1_bias'].asnumpy()
module.set_params({'x': mx.nd.ones((4, 5))}, {}, allow_missing=True, allow_extra=True)
answer = np.array_equal(before, module.get_params()[0]['fc1_bias'].asnumpy())
""",
    ),
    "a parameter of another shape": (
        _BASE,
        "ready().init_params(arg_params={'fc1_weight': mx.nd.ones((4, 6))}, allow_missing=True, force_init=True)",
    ),
    "a parameter of another dtype is cast": (
        _BASE,
        """
module = ready()
given = {'fc1_weight': mx.nd.ones((4, 5), dtype='float64')}
module.set_params(given, {}, allow_missing=True)
answer = module.get_params()[0]['fc1_weight']
""",
    ),
    "averages over two devices": (
        _BASE,
        """
module = ready(bn=True, context=[mx.cpu(0), mx.cpu(1)])
module.init_optimizer()
module.forward_backward(batch())
stale = module.get_params()[1]['bn_moving_mean'].asnumpy().copy()
module.update()
answer = [stale, module.get_params()]
""",
    ),
    "half precision": (
        _BASE,
        """
module = mx.mod.Module(network())
module.bind([mx.io.DataDesc('data', (8, 5), 'float64')], [mx.io.DataDesc('softmax_label', (8,), 'float64')])
module.init_params(mx.init.One())
module.init_optimizer()
module.forward_backward(batch())
module.update()
answer = [module.get_params(), module.data_shapes[0].dtype, module.get_outputs()]
""",
    ),
    # shapes
    "slices": (
        _BASE,
        """
from mxnet.executor_manager import _split_input_slice
answer = [[(s.start, s.stop) for s in _split_input_slice(n, loads)] for n, loads in (
    (8, [1, 1]), (8, [1, 3]), (8, [1, 1, 1]), (7, [1, 1, 1]), (10, [1, 2, 3]), (5, [0.5, 0.5]), (9, [1] * 4),
    (13, [3, 1, 4]), (3, [1, 1]), (100, [1, 1, 1]))]
""",
    ),
    "too many slices": (_BASE, "mx.mod.Module(network(), context=[mx.cpu(i) for i in range(9)]).bind(DATA, LABEL)"),
    "work loads": (
        _BASE,
        """
module = ready(context=[mx.cpu(0), mx.cpu(1)], work_load_list=[1, 3])
module.init_optimizer(optimizer_params={"learning_rate": 0.1})
answer = [steps(module), [a.shape for a in module.get_outputs(False)[0]], module.output_shapes]
""",
    ),
    "batches of other sizes": (
        _BASE,
        """
module = ready()
module.init_optimizer(optimizer_params={"learning_rate": 0.1, "momentum": 0.9})
answer = []
for i, size in enumerate((8, 4, 12, 8, 3)):
    module.forward_backward(batch(i, size))
    module.update()
    answer += [module.get_outputs()[0].asnumpy(), module.data_shapes[0].shape, module.label_shapes[0].shape,
        module._exec_group.batch_size, module._optimizer.rescale_grad]
answer.append(module.get_params())
""",
    ),
    "batches of other sizes on two devices": (
        _BASE,
        """
module = ready(context=[mx.cpu(0), mx.cpu(1)])
module.init_optimizer(optimizer_params={"learning_rate": 0.1})
answer = []
for i, size in enumerate((8, 5, 10)):
    module.forward_backward(batch(i, size))
    module.update()
    answer += [module.get_outputs()[0].asnumpy(), [(s.start, s.stop) for s in module._exec_group.slices]]
answer.append(module.get_params())
""",
    ),
    "reshape": (
        _BASE,
        """
module = ready()
module.init_optimizer(optimizer_params={"learning_rate": 0.1})
module.reshape([("data", (4, 5))], [("softmax_label", (4,))])
module.forward_backward(batch(0, 4))
module.update()
answer = [module.data_shapes[0].shape, module.output_shapes, module.get_outputs(), module.get_params()]
""",
    ),
    "axes of the batch": (
        _BASE,
        """
net = mx.sym.sum(mx.sym.var("data"), axis=2, name="total")
module = mx.mod.Module(net, label_names=None, context=[mx.cpu(0), mx.cpu(1)])
module.bind([mx.io.DataDesc("data", (3, 8, 5), layout="TNC")])
answer = [[a.shape for _, a in arrays] for arrays in module._exec_group.data_arrays]
answer += [module._exec_group.data_layouts, module._exec_group.output_layouts]
""",
    ),
    "different batch sizes": (
        _BASE,
        """
net = mx.sym.broadcast_add(mx.sym.var("a"), mx.sym.var("b"))
mx.mod.Module(net, data_names=["a", "b"], label_names=None).bind([("a", (8, 5)), ("b", (1, 5))])
""",
    ),
    "an input without batch axis": (
        _BASE,
        """
net = mx.sym.broadcast_add(mx.sym.var("a"), mx.sym.var("b"))
module = mx.mod.Module(net, data_names=["a", "b"], label_names=None, context=[mx.cpu(0), mx.cpu(1)])
module.bind([("a", (4, 2)), mx.io.DataDesc("b", (1, 2), layout="")])
module.init_params()
module.forward(mx.io.DataBatch([mx.nd.arange(8).reshape((4, 2)), mx.nd.array([[10, 20]])]))
answer = [module.get_outputs(), module._exec_group.data_layouts]
""",
    ),
    "inputs go by the order of the shapes": (
        _BASE,
        """
net = mx.sym.var("a") - mx.sym.var("b")
module = mx.mod.Module(net, data_names=["b", "a"], label_names=None)
module.bind([("a", (2, 2)), ("b", (2, 2))])
module.init_params()
module.forward(mx.io.DataBatch([mx.nd.ones((2, 2)), mx.nd.zeros((2, 2))]))
answer = [module.get_outputs(), module.data_names]
""",
    ),
    "what a bound module says": (
        _BASE,
        """
module = ready(context=[mx.cpu(0), mx.cpu(1)])
group = module._exec_group
answer = [module.data_names, module.label_names, module.output_names, module.output_shapes, module._param_names,
    [tuple(d) for d in module.data_shapes], [tuple(d) for d in module.label_shapes], module.binded,
    module.params_initialized, module.optimizer_initialized, module.for_training, module.inputs_need_grad,
    group.arg_names, group.param_names, group.data_names, group.label_names, group.output_names, group.batch_size,
    len(group.execs), [[a.shape for a in arrays] for arrays in group.param_arrays], group.workload,
    [(s.start, s.stop) for s in group.slices], sorted(module._arg_params), sorted(module._aux_params)]
""",
    ),
    # names
    "a wrong data name": (_BASE, "mx.mod.Module(network(), data_names=['x'])"),
    "a wrong label name": (
        _BASE,
        """
with Warned() as texts:
    module = mx.mod.Module(network(), label_names=["softmax_labels"])
answer = [texts, module._param_names]
""",
    ),
    "a wrong fixed name": (_BASE, "mx.mod.Module(network(), fixed_param_names=['x'])"),
    "no labels": (_BASE, "answer = mx.mod.Module(network(), label_names=None)._param_names"),
    "bind with other names": (_BASE, "mx.mod.Module(network()).bind([('x', (8, 5))], LABEL)"),
    "bind without labels": (
        _BASE,
        """
module = mx.mod.Module(network())
with Warned() as texts:
    module.bind(DATA, for_training=False)
answer = [texts, module.label_shapes, module._exec_group.label_arrays]
""",
    ),
    "groups of contexts": (
        _BASE,
        """
answer = []
for given in ({"a": mx.cpu(1)}, {"a": [mx.cpu(1)]}, {"a": [mx.cpu(1), mx.cpu(0)]}, [{"a": mx.cpu(1)}] * 2):
    module = ready(group2ctxs=given, context=[mx.cpu(0), mx.cpu(1)])
    answer.append([[(k, str(v)) for k, v in d.items()] for d in module._exec_group.group2ctxs])
""",
    ),
    "groups of contexts of another number": (
        _BASE,
        "ready(group2ctxs=[{'a': mx.cpu(1)}], context=[mx.cpu(0), mx.cpu(1)])",
    ),
    # order of calls
    "init_params before bind": (_BASE, "mx.mod.Module(network()).init_params()"),
    "init_optimizer before bind": (_BASE, "mx.mod.Module(network()).init_optimizer()"),
    "forward before bind": (_BASE, "mx.mod.Module(network()).forward(batch())"),
    "data_shapes before bind": (_BASE, "mx.mod.Module(network()).data_shapes"),
    "update before init_optimizer": (_BASE, "module = ready(); module.forward_backward(batch()); module.update()"),
    "backward of a module for inference": (
        _BASE,
        "module = ready(bind={'for_training': False}); module.forward(batch()); module.backward()",
    ),
    "gradients of inputs that were not wanted": (
        _BASE,
        "module = ready(); module.forward_backward(batch()); module.get_input_grads()",
    ),
    "input gradients without training": (
        _BASE,
        "mx.mod.Module(network()).bind(DATA, LABEL, for_training=False, inputs_need_grad=True)",
    ),
    "methods of the base class": (
        _BASE,
        """
module, answer = mx.mod.BaseModule(), []
for name, arguments in dict(get_params=(), init_params=(), install_monitor=(1,), forward=(1,), backward=(), update=(),
        get_outputs=(), get_input_grads=(), update_metric=(1, 1), bind=(1,), init_optimizer=()).items():
    try:
        getattr(module, name)(*arguments)
    except NotImplementedError:
        answer.append(name)
module.prepare(1)
answer.append(module.symbol)
""",
    ),
    # optimizers
    "manual rescale_grad": (
        _BASE,
        """
module = ready()
with Warned() as texts:
    module.init_optimizer(optimizer=mx.optimizer.SGD())
answer = [texts, module._optimizer.rescale_grad, module._optimizer.idx2name]
""",
    ),
    "an optimizer's own names stay": (
        _BASE,
        """
module = ready()
module.init_optimizer(optimizer=mx.optimizer.SGD(rescale_grad=0.125, param_idx2name={0: "a"}))
answer = module._optimizer.idx2name
""",
    ),
    "another optimizer": (
        _BASE,
        """
module = ready()
module.init_optimizer()
with Lines() as lines:
    module.init_optimizer(optimizer="adam")
before = type(module._optimizer).__name__
module.init_optimizer(optimizer="adam", optimizer_params={"rescale_grad": 1}, force_init=True)
answer = [lines, before, type(module._optimizer).__name__, module._optimizer.rescale_grad]
""",
    ),
    "an unknown optimizer": (_BASE, "ready().init_optimizer(optimizer='unknown')"),
    "an optimizer of another kind": (_BASE, "ready().init_optimizer(optimizer=3)"),
    "a store of another kind": (_BASE, "ready().init_optimizer(kvstore=3)"),
    "large parameters are updated on each device": (
        _BASE,
        """
net = mx.sym.LinearRegressionOutput(
    mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=4200, no_bias=True, name="fc"), name="softmax")
answer = []
for kvstore in ("local", "device"):
    module = mx.mod.Module(net, context=[mx.cpu(0), mx.cpu(1)])
    module.bind([("data", (2, 4200))], [("softmax_label", (2, 4200))])
    module.init_params(mx.init.Zero())
    module.init_optimizer(kvstore=kvstore)
    answer.append(module._update_on_kvstore)
""",
    ),
    "multipliers of rates": (
        _BASE,
        """
data = mx.sym.var("data")
weight = mx.sym.var("fc1_weight", lr_mult=0.0)
net = mx.sym.FullyConnected(data, weight=weight, num_hidden=4, name="fc1")
net = mx.sym.FullyConnected(net, num_hidden=3, name="fc2", attr={"lr_mult": "3", "wd_mult": "2"})
module = ready(net=mx.sym.SoftmaxOutput(net, name="softmax"))
module.init_optimizer(optimizer_params={"learning_rate": 0.1, "wd": 0.1})
answer = [steps(module), module._optimizer.lr_mult, module._optimizer.wd_mult]
""",
    ),
    # loops
    "fit": (
        _BASE,
        """
told, ended = [], []
def batch_end(param):
    told.append((param.epoch, param.nbatch, [v for _, v in param.eval_metric.get_name_value()], type(param).__name__))
def epoch_end(epoch, symbol, arg_params, aux_params):
    ended.append((epoch, symbol.name, sorted(arg_params), sorted(aux_params)))
module = ready()
with Lines() as lines:
    module.fit(iterator(), iterator(12), eval_metric=["acc", "ce"], num_epoch=3, begin_epoch=1,
        optimizer_params={"learning_rate": 0.5}, batch_end_callback=[batch_end], epoch_end_callback=epoch_end,
        eval_end_callback=batch_end, eval_batch_end_callback=batch_end)
answer = [lines, told, ended, module.get_params()]
""",
    ),
    "fit with Speedometer and checkpoints": (
        _BASE,
        """
import tempfile
with tempfile.TemporaryDirectory() as folder, Lines() as lines:
    prefix = os.path.join(folder, "net")
    module = ready(bn=True)
    module.fit(iterator(), num_epoch=2, batch_end_callback=mx.callback.Speedometer(8, 2),
        epoch_end_callback=[mx.callback.do_checkpoint(prefix),
            mx.callback.module_checkpoint(module, prefix + "m", 1, True)])
    files = sorted(os.listdir(folder))
    symbol, arguments, states = mx.model.load_checkpoint(prefix, 2)
answer = [[(l, t.replace(folder, "")) for l, t in lines], files, arguments, states]
""",
    ),
    "fit without epochs": (_BASE, "mx.mod.Module(network()).fit(iterator())"),
    "fit again": (
        _BASE,
        """
module = ready()
with Lines() as lines, Warned() as texts:
    module.fit(iterator(), num_epoch=1)
    module.fit(iterator(), num_epoch=1, force_rebind=True)
answer = [lines, texts, module.get_params()]
""",
    ),
    "fit with parameters": (
        _BASE,
        """
module = mx.mod.Module(network(bn=True))
given = ready(bn=True).get_params()
module.fit(iterator(), num_epoch=1, arg_params=given[0], aux_params=given[1], kvstore=None)
answer = module.get_params()
""",
    ),
    "fit with batches of two sizes": (
        _BASE,
        """
class Sizes(mx.io.DataIter):
    def __init__(self):
        super().__init__(8)
        self.at, self.provide_data, self.provide_label = 0, DATA, LABEL
    def reset(self):
        self.at = 0
    def next(self):
        if self.at == 3:
            raise StopIteration
        self.at += 1
        return batch(self.at, (8, 8, 5)[self.at - 1])
module = ready()
with Lines() as lines:
    module.fit(Sizes(), Sizes(), num_epoch=2)
answer = [lines, module.get_params(), module.predict(Sizes())]
""",
    ),
    "fit with a batch for each device": (
        _BASE,
        """
class Halves(mx.io.DataIter):
    def __init__(self):
        super().__init__(8)
        self.at, self.provide_data, self.provide_label = 0, DATA, LABEL
    def reset(self):
        self.at = 0
    def next(self):
        if self.at == 2:
            raise StopIteration
        self.at += 1
        return [batch(10 * self.at, 4), batch(10 * self.at + 1, 4)]
module = ready(context=[mx.cpu(0), mx.cpu(1)])
with Lines() as lines:
    module.fit(Halves(), num_epoch=2)
answer = [lines, module.get_params()]
""",
    ),
    "order of calls in fit": (
        _BASE,
        """
answer = []
class Noting(mx.mod.Module):
    pass
def note(name):
    method = getattr(mx.mod.Module, name)
    def noting(self, *args, **kwargs):
        answer.append((name, [type(a).__name__ for a in args], sorted(kwargs)))
        return method(self, *args, **kwargs)
    setattr(Noting, name, noting)
for name in ("bind", "init_params", "init_optimizer", "forward_backward", "forward", "backward", "update",
        "update_metric", "prepare", "get_params", "set_params", "score"):
    note(name)
class Data(mx.io.DataIter):
    at, provide_data, provide_label = 0, DATA, LABEL
    def reset(self):
        answer.append("reset")
        self.at = 0
    def next(self):
        self.at += 1
        answer.append("next")
        if self.at > 2:
            raise StopIteration
        return batch(self.at)
Noting(network()).fit(Data(8), Data(8), num_epoch=1, batch_end_callback=lambda p: answer.append("batch end"),
    epoch_end_callback=lambda *a: answer.append("epoch end"))
""",
    ),
    "score": (
        _BASE,
        """
told = []
def note(param):
    told.append((param.epoch, param.nbatch, param.eval_metric.get_name_value()))
module = ready()
answer = [module.score(iterator(), "acc"), module.score(iterator(), ["acc", "ce"], num_batch=1, epoch=7,
    batch_end_callback=note, score_end_callback=[note]), told, module.score(iterator(), mx.metric.TopKAccuracy(2))]
data = iterator()
data.reset()
next(data)
answer.append(module.score(data, "acc", reset=False))
""",
    ),
    "score on two devices": (
        _BASE,
        """
module = ready(context=[mx.cpu(0), mx.cpu(1)])
answer = [module.score(iterator(), ["acc", "ce"]), module.predict(iterator())]
""",
    ),
    "score with chosen outputs": (
        _BASE,
        """
net = network()
module = ready(net=mx.sym.Group([net, mx.sym.BlockGrad(net.get_internals()["fc1_output"], name="x")]))
metric = mx.metric.Accuracy(output_names=["softmax_output"], label_names=["softmax_label"])
answer = [module.score(iterator(), metric), module.output_names, module.output_shapes, module.predict(iterator())]
""",
    ),
    "score with too many outputs": (
        _BASE,
        """
net = network()
ready(net=mx.sym.Group([net, mx.sym.BlockGrad(net, name="x")])).score(iterator(), "acc")
""",
    ),
    "predict": (
        _BASE,
        """
module = ready()
answer = [module.predict(iterator()), module.predict(iterator(), num_batch=2),
    module.predict(iterator(), merge_batches=False), module.predict(iterator(), always_output_list=True),
    module.predict(np.ones((8, 5), "float32")), module.predict(mx.nd.ones((8, 5))),
    module.predict(iterator(), num_batch=0)]
""",
    ),
    "predict from something else": (_BASE, "ready().predict([[1, 2, 3, 4, 5]])"),
    "predict before bind": (_BASE, "mx.mod.Module(network()).predict(iterator())"),
    "iter_predict": (
        _BASE,
        """
found = ready().iter_predict(iterator(), num_batch=3)
answer = [([o.asnumpy() for o in outputs], number, b.pad) for outputs, number, b in found]
""",
    ),
    # rebinding and sharing
    "bind twice": (
        _BASE,
        """
module = ready()
with Lines() as lines:
    module.bind(DATA, LABEL)
answer = lines
""",
    ),
    "force_rebind keeps what was learnt": (
        _BASE,
        """
module = ready()
module.init_optimizer(optimizer_params={"learning_rate": 0.1, "momentum": 0.9})
steps(module, 2)
module.bind(DATA, LABEL, force_rebind=True)
answer = steps(module, 2)
""",
    ),
    "shared modules": (
        _BASE,
        """
module = ready()
module.init_optimizer(optimizer_params={"learning_rate": 0.1, "momentum": 0.9})
other = mx.mod.Module(network())
other.bind([("data", (4, 5))], [("softmax_label", (4,))], shared_module=module)
for i in range(4):
    which, size = ((module, 8), (other, 4))[i % 2]
    which.forward_backward(batch(i, size))
    which.update()
answer = [module.get_params(), other.params_initialized, other.optimizer_initialized,
    other._updater is module._updater, other._arg_params is module._arg_params]
other._exec_group.execs[0].grad_dict["fc1_bias"][:] = 7
answer.append(module._exec_group.execs[0].grad_dict["fc1_bias"])
""",
    ),
    "shared with an unbound module": (
        _BASE,
        "mx.mod.Module(network()).bind(DATA, LABEL, shared_module=mx.mod.Module(network()))",
    ),
    "borrow an optimizer that is not there": (_BASE, "ready().borrow_optimizer(ready())"),
    # states
    "states": (
        _BASE,
        """
data, state = mx.sym.var("data"), mx.sym.var("state", shape=(4, 5))
net = mx.sym.Group([mx.sym.BlockGrad(state + data, name="next"),
    mx.sym.SoftmaxOutput(mx.sym.FullyConnected(data + state, num_hidden=3, name="fc"), name="softmax")])
module = mx.mod.Module(net, state_names=["state"], context=[mx.cpu(0), mx.cpu(1)])
module.bind(DATA, LABEL)
module.init_params()
filled(module)
module.set_states(value=3)
module.forward(batch())
outputs = module.get_outputs(False)
module.set_states(states=outputs[:1])
answer = [module.get_states(False), module._param_names, outputs]
for wrong in (dict(states=outputs, value=2), dict()):
    try:
        module.set_states(**wrong)
    except AssertionError as error:
        answer.append(str(error))
""",
    ),
    "states cannot be merged": (_BASE, "ready().get_states()"),
    # metrics and monitors
    "labels of each device": (
        _BASE,
        """
answer = []
class Noting(mx.metric.EvalMetric):
    def update_dict(self, label, pred):
        answer.append([(n, a.shape) for n, a in label.items()] +
            [(n, a.shape, str(a.context)) for n, a in pred.items()])
module = ready(context=[mx.cpu(0), mx.cpu(1)])
module.forward(batch())
module.update_metric(Noting("n"), batch().label)
module.update_metric(Noting("n"), [[mx.nd.zeros((4,))]] * 2, pre_sliced=True)
module.update_metric(Noting("n"), [])
module = ready()
module.forward(batch())
module.update_metric(Noting("n"), batch().label)
""",
    ),
    "a monitor": (
        _BASE,
        """
answer = []
class Noting:
    def install(self, executor):
        answer.append(type(executor).__name__)
    def tic(self):
        answer.append("tic")
    def toc_print(self):
        answer.append("toc_print")
mx.mod.Module(network(), context=[mx.cpu(0), mx.cpu(1)]).fit(iterator(), num_epoch=1, monitor=Noting())
""",
    ),
    "a monitor of weights": (
        _BASE,
        """
module = ready()
with Lines() as lines:
    module.fit(iterator(8), num_epoch=1, monitor=mx.mon.Monitor(1, pattern="fc1_output|fc2_bias"))
answer = [(level, text[:45]) for level, text in lines]
""",
    ),
    "row ids without a store": (
        _BASE,
        """
module = ready()
module.init_optimizer()
with Warned() as texts:
    module.prepare(batch(), lambda b: {})
module = ready(context=[mx.cpu(0), mx.cpu(1)])
module.init_optimizer()
with Warned() as more:
    module.prepare(batch(), lambda b: {"fc1_weight": mx.nd.array([0])})
answer = [texts, more]
""",
    ),
    "sparse parameters": (
        _BASE,
        """
weight = mx.sym.var("table_weight", stype="row_sparse", shape=(10, 4))
words = mx.sym.contrib.SparseEmbedding(mx.sym.var("data"), weight, input_dim=10, output_dim=4, name="words")
net = mx.sym.FullyConnected(mx.sym.mean(words, axis=1), num_hidden=3, name="fc2")
net = mx.sym.SoftmaxOutput(net, name="softmax")
answer = []
for contexts in ([mx.cpu()], [mx.cpu(0), mx.cpu(1)]):
    module = mx.mod.Module(net, context=contexts)
    module.bind(DATA, LABEL)
    module.init_params(mx.init.One())
    r = np.random.RandomState(0)
    given = {"fc2_weight": mx.nd.array(r.uniform(size=(3, 4)))}
    module.set_params(given, {}, allow_missing=True)
    module.init_optimizer(optimizer_params={"learning_rate": 0.5, "momentum": 0.9})
    for i in range(3):
        words = mx.nd.array(np.random.RandomState(i).randint(0, 7, (8, 5)))
        one = mx.io.DataBatch([words], [mx.nd.array(np.arange(8) % 3)])
        module.prepare(one, lambda b: {"table_weight": b.data[0].reshape((-1,))})
        module.forward_backward(one)
        module.update()
    found = module.get_params()[0]
    answer += [found["table_weight"].stype, found["table_weight"].asnumpy(), found["fc2_weight"],
        module._exec_group.grad_arrays[0][0].stype]
""",
    ),
    # files
    "checkpoints": (
        _BASE,
        """
import tempfile
with tempfile.TemporaryDirectory() as folder, Lines() as lines:
    prefix = os.path.join(folder, "net")
    module = ready(bn=True)
    module.init_optimizer(optimizer_params={"learning_rate": 0.1, "momentum": 0.9})
    steps(module, 2)
    module.save_checkpoint(prefix, 3, True)
    module.save_params(prefix + ".params")
    files = sorted(os.listdir(folder))
    loaded = mx.mod.Module.load(prefix, 3, True, context=mx.cpu(1))
    before = [loaded.params_initialized, loaded.binded, os.path.basename(loaded._preload_opt_states)]
    loaded.bind(DATA, LABEL)
    loaded.init_optimizer(optimizer_params={"learning_rate": 0.1, "momentum": 0.9})
    names = sorted(mx.nd.load(prefix + ".params"))
    module.load_params(prefix + ".params")
answer = [[(l, t.replace(folder, "")) for l, t in lines], files, before, names, steps(loaded, 2), steps(module, 2)]
""",
    ),
    "states of an optimizer in a store": (
        _BASE,
        """
import tempfile
module = ready(context=[mx.cpu(0), mx.cpu(1)])
module.init_optimizer(optimizer="adam")
steps(module, 2)
with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "x.states")
    module.save_optimizer_states(name)
    steps(module, 1)
    module.load_optimizer_states(name)
answer = steps(module, 2)
""",
    ),
    "load_params of something else": (
        _BASE,
        """
import tempfile
with tempfile.TemporaryDirectory() as folder:
    name = os.path.join(folder, "x.params")
    mx.nd.save(name, {"what:x": mx.nd.ones((2,))})
    ready().load_params(name)
""",
    ),
    "states without an optimizer": (_BASE, "ready().save_optimizer_states('never')"),
    # buckets
    "buckets": (
        _BUCKETS,
        """
module = bound()
module.init_optimizer(optimizer_params={"learning_rate": 0.5, "momentum": 0.9})
outputs = run(module, [5, 10, 7, 12, 5, 10])
answer = [outputs, sorted(module._buckets), module._curr_bucket_key, module.data_shapes[0].shape, module.get_params(),
    module.symbol.name, module.output_names, module.data_names]
""",
    ),
    "buckets on two devices": (
        _BUCKETS,
        """
module = bound(context=[mx.cpu(0), mx.cpu(1)])
module.init_optimizer(kvstore="device", optimizer="adam", optimizer_params={"learning_rate": 0.1})
answer = [run(module, [5, 10, 7, 5]), module.get_params()]
""",
    ),
    "buckets in fit": (
        _BUCKETS,
        """
module = bound()
with Lines() as lines:
    module.fit(Buckets(), Buckets(), num_epoch=2, optimizer="adam", eval_metric=mx.metric.Perplexity(None),
        batch_end_callback=mx.callback.Speedometer(8, 2))
answer = [lines, module.get_params(), module.score(Buckets(), "acc"), module.predict(Buckets())]
""",
    ),
    "buckets are prepared": (
        _BUCKETS,
        """
module = bound()
module.prepare(bucket(9))
answer = [sorted(module._buckets), module._curr_bucket_key]
""",
    ),
    "buckets whose names are automatic": (
        _BUCKETS,
        """
def automatic(key):
    words = mx.sym.Embedding(mx.sym.var("data"), input_dim=10, output_dim=4)
    scores = mx.sym.FullyConnected(mx.sym.mean(words, axis=1), num_hidden=3)
    return mx.sym.SoftmaxOutput(scores, name="softmax"), ("data",), ("softmax_label",)
module = bound(automatic)
module.init_optimizer()
run(module, [5, 7])
answer = sorted(module.get_params()[0])
""",
    ),
    "buckets in files": (
        _BUCKETS,
        """
import tempfile
module = bound()
module.init_optimizer()
run(module, [5, 10])
with tempfile.TemporaryDirectory() as folder:
    prefix = os.path.join(folder, "net")
    module.save_checkpoint(prefix, 2)
    files = sorted(os.listdir(folder))
    keys = mx.nd.load(prefix + ".buckets")
    loaded = mx.mod.BucketingModule.load(prefix, 2, sym_gen=generate, default_bucket_key=10)
before = [loaded.params_initialized, loaded.binded, loaded.get_params()]
loaded.bind([("data", (8, 10))], LABEL)
loaded.forward(bucket(5), is_train=False)
answer = [files, keys, before, loaded.get_outputs()]
given = mx.mod.BucketingModule.load_dict(sym_dict={10: generate(10)[0]}, sym_gen=generate, default_bucket_key=10,
    arg_params=module.get_params()[0], aux_params={})
given.bind([("data", (8, 10))], LABEL)
given.forward(bucket(7), is_train=False)
answer.append(given.get_outputs())
""",
    ),
    "buckets from files without a generator": (_BUCKETS, "mx.mod.BucketingModule.load('x', 1)"),
    "load_dict without symbols": (_BUCKETS, "mx.mod.BucketingModule.load_dict(sym_gen=generate, default_bucket_key=1)"),
    "buckets without a default": (_BUCKETS, "mx.mod.BucketingModule(generate)"),
    "buckets that are not bound": (_BUCKETS, "mx.mod.BucketingModule(generate, 10).forward(bucket(5))"),
    "buckets are not shared": (
        _BUCKETS,
        "mx.mod.BucketingModule(generate, 10).bind([('data', (8, 10))], LABEL, shared_module=bound())",
    ),
    "buckets get other parameters": (
        _BUCKETS,
        """
module = bound()
with Lines() as lines, Warned() as texts:
    module.init_params(mx.init.One())
    module.bind([("data", (8, 10))], LABEL)
    module.init_optimizer()
    module.init_optimizer()
    module.set_params({}, {}, force_init=False, allow_missing=True)
module.set_params({"scores_bias": mx.nd.ones((3,))}, {}, allow_missing=True)
answer = [lines, texts, module.get_params()]
""",
    ),
    # chains
    "a chain": (
        _CHAIN,
        """
module = chain()
module.bind(DATA, LABEL)
module.init_params()
filled(module)
module.init_optimizer(optimizer_params={"learning_rate": 0.5})
with Lines() as lines:
    module.bind(DATA, LABEL)
    module.init_optimizer()
metric = mx.metric.Accuracy()
params = steps(module)
module.update_metric(metric, batch().label)
answer = [params, module.get_outputs(), metric.get(), lines, module.data_names, module.output_names,
    module.output_shapes, [tuple(d) for d in module.label_shapes], [tuple(d) for d in module._modules[1].data_shapes]]
""",
    ),
    "a chain in fit": (
        _CHAIN,
        """
module = chain()
module.bind(DATA, LABEL)
module.init_params()
filled(module)
with Lines() as lines:
    module.fit(iterator(), iterator(), num_epoch=2, optimizer_params={"learning_rate": 0.5})
answer = [lines, module.get_params(), module.predict(iterator())]
""",
    ),
    "a chain with a loss in Python": (
        _CHAIN,
        """
module = mx.mod.SequentialModule()
module.add(mx.mod.Module(first(), label_names=None))
module.add(mx.mod.PythonLossModule(grad_func=lambda scores, labels: scores - mx.nd.one_hot(labels, 4)),
    take_labels=True, auto_wiring=True)
module.bind(DATA, LABEL)
module.init_params()
filled(module)
module.init_optimizer(optimizer_params={"learning_rate": 0.5})
params = steps(module)
metric = mx.metric.Accuracy()
module.update_metric(metric, batch().label)
answer = [params, module.get_outputs(), metric.get(), module.output_shapes, module.output_names]
""",
    ),
    "a chain without wiring": (
        _CHAIN,
        """
module = mx.mod.SequentialModule().add(mx.mod.Module(first(), label_names=None))
module.add(mx.mod.Module(second(), data_names=["hidden"]), take_labels=True).bind(DATA, LABEL)
""",
    ),
    "a chain wired by names": (
        _CHAIN,
        """
module = mx.mod.SequentialModule().add(mx.mod.Module(first(), label_names=None))
module.add(mx.mod.Module(second("act_output"), data_names=["act_output"]), take_labels=True)
module.bind(DATA, LABEL)
module.init_params()
filled(module)
module.forward(batch())
answer = module.get_outputs()
""",
    ),
    "a chain with a parameter twice": (
        _CHAIN,
        """
module = mx.mod.SequentialModule().add(mx.mod.Module(first(), label_names=None))
module.add(mx.mod.Module(first(), label_names=None), auto_wiring=True).bind(DATA)
module.init_params()
""",
    ),
    "a chain of nothing": (
        _CHAIN,
        "answer = [mx.mod.SequentialModule().data_names, mx.mod.SequentialModule().output_names]",
    ),
    "a chain with an unknown word": (_CHAIN, "mx.mod.SequentialModule().add(mx.mod.PythonLossModule(), labels=True)"),
    "a chain that is not bound": (_CHAIN, "chain().init_params()"),
    # modules in Python
    "a loss in Python": (
        _BASE,
        """
module = mx.mod.PythonLossModule(grad_func=lambda scores, labels: np.ones((8, 5)))
module.bind(DATA, LABEL)
module.forward(batch(), is_train=True)
module.backward()
metric = mx.metric.Accuracy()
module.update_metric(metric, batch().label)
answer = [module.get_outputs(), module.get_input_grads(), module.output_shapes, module.get_params(), module.data_shapes,
    module.label_shapes, module.output_names, module.data_names, module.binded, metric.get()]
""",
    ),
    "a loss in Python without a gradient": (
        _BASE,
        "m = mx.mod.PythonLossModule(); m.bind(DATA, LABEL); m.forward(batch()); m.backward()",
    ),
    "a loss in Python with head gradients": (
        _BASE,
        "m = mx.mod.PythonLossModule(); m.bind(DATA, LABEL); m.forward(batch()); m.backward([mx.nd.ones((1,))])",
    ),
    "a module in Python": (
        _BASE,
        """
class Twice(mx.mod.PythonModule):
    def __init__(self):
        super().__init__(["data"], ["softmax_label"], ["twice"])
    def _compute_output_shapes(self):
        return [("twice", self._data_shapes[0][1])]
    def forward(self, data_batch, is_train=None):
        self.output = data_batch.data[0] * 2
    def get_outputs(self, merge_multi_context=True):
        return [self.output]
module = Twice()
module.bind(DATA, LABEL)
module.init_params()
module.init_optimizer()
module.forward(batch())
answer = [module.get_outputs(), module.output_shapes, module.get_params(), module.binded, module.params_initialized]
""",
    ),
    "a module in Python with other requests": (
        _BASE,
        "mx.mod.PythonModule(['data'], None, ['o']).bind(DATA, None, grad_req='add')",
    ),
    "a module in Python with other names": (_BASE, "mx.mod.PythonModule(['x'], None, ['o']).bind(DATA)"),
    "a module in Python without shapes": (_BASE, "mx.mod.PythonModule(['data'], None, ['o']).bind(DATA)"),
}
