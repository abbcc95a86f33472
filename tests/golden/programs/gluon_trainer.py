"""What Gluon's Trainer does: steps, stores, stale gradients, states, rates, sparse parameters."""

_START = """
import os, tempfile
from mxnet import autograd, gluon
folder = tempfile.mkdtemp()
two = [mx.cpu(0), mx.cpu(1)]
def param(name="w", ctx=None, shape=(2,), **options):
    found = gluon.Parameter(name, shape=shape, **options)
    found.initialize(init="ones", ctx=ctx)
    return found
def back(*params, **options):
    for p in params:
        for i, c in enumerate(p.list_ctx()):
            with autograd.record():
                loss = p.data(c) * (1 + i) * options.get("x", 1)
            loss.backward()
def values(*params):
    return [[a.asnumpy() for a in p.list_data()] for p in params]
def grads(*params):
    return [[a.asnumpy() for a in p.list_grad()] for p in params]
def fresh(*params):
    return [[bool(a._fresh_grad) for a in p.list_data()] for p in params]
def attempt(f, *args, **options):
    try:
        f(*args, **options)
    except Exception as error:
        kinds = (UserWarning, AssertionError, ValueError, TypeError, mx.MXNetError)
        return [k.__name__ for k in kinds if isinstance(error, k)][0]
    return "fine"
def pair(ctx=None, **options):
    a, b = param("a_weight", ctx), param("b_bias", ctx, (3,))
    options.setdefault("optimizer_params", {"learning_rate": 0.5, "momentum": 0.5})
    return a, b, gluon.Trainer([a, b], options.pop("optimizer", "sgd"), **options)
"""

_SPARSE = """
def table(stype="row_sparse", ctx=None, name="table"):
    found = gluon.Parameter(name, shape=(4, 2), stype=stype, grad_stype="row_sparse")
    found.initialize(init="ones", ctx=ctx)
    return found
def look(p, rows):
    for c in p.list_ctx():
        x = mx.nd.array(rows, ctx=c)
        with autograd.record():
            w = p.row_sparse_data(x) if p._stype == "row_sparse" else p.data(c)
            y = mx.nd.Embedding(x, w, input_dim=4, output_dim=2, sparse_grad=True)
        y.backward()
def rows(p):
    if p._stype == "default":
        return [a.asnumpy() for a in p.list_data()]
    return p.row_sparse_data(mx.nd.arange(4)).asnumpy()
"""

_STORE = """
said = []
class Mock(mx.kv.KVStoreBase):
    def __init__(self, kind, able):
        self.kind, self.able = kind, able
    def broadcast(self, key, value, out, priority=0):
        said.append(("broadcast", key, value.asnumpy(), [o.asnumpy() for o in out], priority))
    def pushpull(self, key, value, out=None, priority=0):
        said.append(("pushpull", key, [v.asnumpy() for v in value], out and [o.asnumpy() for o in out], priority))
    def set_optimizer(self, optimizer):
        said.append(("set_optimizer", type(optimizer)))
    def is_capable(self, capability):
        return self.able
    def save_optimizer_states(self, fname, dump_optimizer=False):
        said.append(("save", fname, dump_optimizer))
    def set_gradient_compression(self, params):
        said.append(("compress", params))
    @property
    def type(self):
        return self.kind
    rank, num_workers = 0, 1
"""


def _stores():
    programs = {}
    for title, ctx in (("one device", "None"), ("two devices", "two")):
        for kind in ("device", "local", "teststore", None):
            for wanted in (None, True, False):
                if wanted and (title == "one device" or kind is None):
                    continue  # 1.9.1 fails for want of a store
                programs[f"{title}, kvstore {kind}, update_on_kvstore {wanted}"] = (
                    _START,
                    f"""
                    a, b, trainer = pair({ctx}, kvstore={kind!r}, update_on_kvstore={wanted})
                    answer = []
                    for i in range(3):
                        back(a, b, x=i + 1)
                        trainer.step(2)
                        answer += [values(a, b), grads(a, b), fresh(a, b)]
                    answer += [trainer._update_on_kvstore, trainer._distributed, len(trainer._params_to_init),
                               trainer._kv_initialized, trainer._kvstore is None, len(trainer._updaters)]
                    """,
                )
    return programs


def _optimizers():
    programs = {}
    for name, options in {
        "sgd": {"learning_rate": 0.1, "wd": 0.01, "clip_gradient": 0.5},
        "nag": {"momentum": 0.9},
        "adam": {"learning_rate": 0.01, "wd": 0.01},
        "adagrad": {},
        "rmsprop": {"centered": True},
        "ftrl": {},
        "adadelta": {},
        "signum": {},
        "lamb": {},
        "adamax": {},
        "nadam": {},
        "ftml": {},
    }.items():
        programs[f"optimizer {name}"] = (
            _START,
            f"""
            a, b, trainer = pair(optimizer={name!r}, optimizer_params={options!r})
            answer = []
            for i in range(4):
                back(a, b, x=(i - 1.5))
                trainer.step(4)
                answer.append(values(a, b))
            """,
        )
    return programs


def _mocks():
    programs = {}
    for kind in ("foo", "dist_sync", "dist_async"):
        for able in (True, False):
            for wanted in (None, True, False):
                programs[f"store of one's own: {kind}, able {able}, update_on_kvstore {wanted}"] = (
                    _START,
                    _STORE,
                    f"""
                    a, b, trainer = pair(two, kvstore=Mock({kind!r}, {able}), update_on_kvstore={wanted},
                                         compression_params={{"type": "2bit"}})
                    back(a, b)
                    answer = [attempt(trainer.step, 1), said, trainer._update_on_kvstore, trainer._distributed]
                    """,
                )
    return programs


def _sparse():
    programs = {}
    for stype in ("row_sparse", "default"):
        for title, ctx in (("one device", "None"), ("two devices", "two")):
            for wanted in (None, True, False):
                for kind in ("device", None):
                    programs[f"sparse gradient, {stype} weight, {title}, {kind}, update_on_kvstore {wanted}"] = (
                        _START,
                        _SPARSE,
                        f"""
                        p, q = table({stype!r}, {ctx}), param("q", {ctx})
                        trainer = gluon.Trainer([p, q], "sgd", {{"learning_rate": 0.5}}, kvstore={kind!r},
                                                update_on_kvstore={wanted})
                        back(q)
                        look(p, [0, 2, 2])
                        trainer.step(1)
                        answer = [rows(p), values(q), trainer._update_on_kvstore, trainer._kvstore is None,
                                  trainer._contains_sparse_weight, trainer._contains_sparse_grad]
                        """,
                    )
    return programs


PROGRAMS = {
    **_stores(),
    **_optimizers(),
    **_mocks(),
    **_sparse(),
    # what it is made of
    "attributes": (
        _START,
        """
        a, b, trainer = pair(two, update_on_kvstore=False)
        answer = [[p.name for p in trainer._params], trainer._param2idx, trainer._contexts == two, trainer._scale,
                  trainer._kvstore_params, trainer._kv_initialized, trainer._compression_params,
                  trainer._optimizer.param_dict[0] is a, trainer._optimizer.idx2name, a._trainer is trainer,
                  hasattr(trainer, "_amp_loss_scaler"), hasattr(trainer, "_amp_original_scale"),
                  trainer.optimizer is trainer._optimizer, len(trainer._params_to_init)]
        """,
    ),
    "dictionaries are sorted": (
        _START,
        """
        d = gluon.ParameterDict("n_")
        for n in "cab":
            d.get(n, shape=(1,))
        d.initialize()
        answer = [[p.name for p in gluon.Trainer(d, "sgd")._params],
                  [p.name for p in gluon.Trainer({"b": param("x"), "a": param("y")}, "sgd")._params],
                  [p.name for p in gluon.Trainer((param("z"), param("x")), "sgd")._params]]
        """,
    ),
    "params a str": (_START, "gluon.Trainer('x', 'sgd')"),
    "params None": (_START, "gluon.Trainer(None, 'sgd')"),
    "params a Parameter": (_START, "gluon.Trainer(param(), 'sgd')"),
    "params a list of numbers": (_START, "gluon.Trainer([1], 'sgd')"),
    "params a dict of arrays": (_START, "gluon.Trainer({'a': mx.nd.ones(1)}, 'sgd')"),
    "params values of a dict": (_START, "gluon.Trainer({'a': param()}.values(), 'sgd')"),
    "params empty": (_START, "gluon.Trainer([], 'sgd')"),
    "params on different devices": (_START, "gluon.Trainer([param('a'), param('b', mx.cpu(1))], 'sgd')"),
    "params not initialized": (_START, "gluon.Trainer([gluon.Parameter('a', shape=(1,))], 'sgd')"),
    "optimizer unknown": (_START, "gluon.Trainer([param()], 'foo')"),
    "optimizer with an unknown argument": (_START, "gluon.Trainer([param()], 'sgd', {'foo': 1})"),
    "optimizer object": (
        _START,
        """
        optimizer = mx.optimizer.SGD(learning_rate=2, rescale_grad=3)
        p = param()
        trainer = gluon.Trainer([p], optimizer, {})
        back(p)
        trainer.step(2)
        answer = [values(p), trainer._scale, trainer._optimizer is optimizer, optimizer.rescale_grad]
        """,
    ),
    "optimizer object and arguments": (_START, "gluon.Trainer([param()], mx.optimizer.SGD(), {'learning_rate': 1})"),
    "rescale_grad among the arguments": (
        _START,
        """
        a, b, trainer = pair(optimizer_params={"rescale_grad": 0.5, "learning_rate": 1})
        back(a, b)
        trainer.step(4)
        answer = [values(a, b), trainer._scale, trainer._optimizer.rescale_grad]
        """,
    ),
    "kvstore a number": (
        _START,
        "p = param()\ntrainer = gluon.Trainer([p], 'sgd', kvstore=3)\nback(p)\ntrainer.step(1)",
    ),
    "kvstore an object, one device": (
        _START,
        """
        store = mx.kv.create("local")
        a, b, trainer = pair(kvstore=store)
        back(a, b)
        trainer.step(1)
        out = mx.nd.zeros((2,))
        store.pull(0, out)
        answer = [values(a, b), trainer._kvstore is store, trainer._update_on_kvstore, out]
        """,
    ),
    "the environment decides where to update": (
        _START,
        """
        os.environ["MXNET_UPDATE_ON_KVSTORE"] = "0"
        a, b, trainer = pair(two)
        c, d, other = pair(two, update_on_kvstore=True)
        back(a, b, c, d)
        trainer.step(1)
        other.step(1)
        del os.environ["MXNET_UPDATE_ON_KVSTORE"]
        answer = [trainer._update_on_kvstore, other._update_on_kvstore, values(a, b, c, d)]
        """,
    ),
    "compression": (
        _START,
        """
        answer = []
        for wanted in (True, False):
            a, b, trainer = pair(two, compression_params={"type": "2bit", "threshold": 0.5}, update_on_kvstore=wanted)
            for i in range(3):
                back(a, b, x=0.3)
                trainer.step(1)
                answer.append(values(a, b))
        """,
    ),
    "compression of an unknown kind": (
        _START,
        "a, b, t = pair(two, compression_params={'type': '3bit'})\nback(a, b)\nt.step(1)",
    ),
    # steps
    "batch size zero": (_START, "a, b, trainer = pair()\nback(a, b)\ntrainer.step(0)"),
    "batch size changes": (
        _START,
        """
        answer = []
        for options in ({}, {"ctx": two}, {"ctx": two, "update_on_kvstore": False}):
            a, b, trainer = pair(**options)
            for size in (1, 4, 0.5):
                back(a, b)
                trainer.step(size)
                answer += [values(a, b), trainer._optimizer.rescale_grad]
        """,
    ),
    "scale changes, as mixed precision does it": (
        _START,
        """
        a, b, trainer = pair()
        trainer._amp_original_scale = trainer._scale
        answer = []
        for scale in (1, 8):
            trainer._scale = trainer._amp_original_scale / scale
            back(a, b, x=scale)
            trainer.step(1)
            answer.append(values(a, b))
        """,
    ),
    "loss scaler": (
        _START,
        """
        class Scaler:
            def has_overflow(self, params):
                said.append([p.name for p in params])
                return overflow
        answer = []
        for overflow in (False, True):
            said = []
            a, b, trainer = pair()
            trainer._amp_loss_scaler = Scaler()
            back(a, b)
            trainer.step(1)
            answer += [values(a, b), said, fresh(a, b)]
        """,
    ),
    "grad_req add": (
        _START,
        """
        p = param(grad_req="add")
        trainer = gluon.Trainer([p], "sgd", {"learning_rate": 1})
        answer = []
        for i in range(3):
            back(p)
            back(p)
            trainer.step(1)
            answer += [values(p), grads(p), fresh(p)]
            if i == 1:
                p.zero_grad()
        """,
    ),
    "grad_req null": (
        _START,
        """
        answer = []
        for ctx in (None, two):
            p, q, r = param("p", ctx), param("q", ctx, grad_req="null"), param("r", ctx)
            trainer = gluon.Trainer([p, q, r], "sgd", {"learning_rate": 1})
            back(p, r)
            trainer.step(1)
            r.grad_req = "null"
            back(p)
            trainer.step(1)
            answer += [values(p, q, r)]
        """,
    ),
    "all grad_req null": (_START, "p = param(grad_req='null')\ngluon.Trainer([p], 'sgd').step(1)\nanswer = values(p)"),
    "factors of single parameters": (
        _START,
        """
        p, q = param("p", lr_mult=0.25), param("q", wd_mult=0)
        trainer = gluon.Trainer([p, q], "sgd", {"learning_rate": 1, "wd": 0.5})
        back(p, q)
        trainer.step(1)
        answer = [values(p, q)]
        p.lr_mult, q.wd_mult = 0, 2
        back(p, q)
        trainer.step(1)
        answer.append(values(p, q))
        """,
    ),
    "allreduce_grads and update": (
        _START,
        """
        answer = []
        for options in ({}, {"ctx": two, "update_on_kvstore": False}):
            a, b, trainer = pair(**options)
            for i in range(2):
                back(a, b)
                trainer.allreduce_grads()
                gluon.utils.clip_global_norm([p.grad(mx.cpu(0)) for p in (a, b)], 1)
                answer.append(grads(a, b))
                trainer.update(2)
                answer.append(values(a, b))
        """,
    ),
    "allreduce_grads with an optimizer in the store": (_START, "pair(two)[2].allreduce_grads()"),
    "update with an optimizer in the store": (_START, "pair(two)[2].update(1)"),
    "calls": (
        _START,
        """
        said = []
        names = ("step", "allreduce_grads", "_allreduce_grads", "update", "_update", "_init_params", "_init_kvstore",
                 "_check_and_rescale_grad", "_init_optimizer", "_reset_kvstore")
        class Told(gluon.Trainer):
            def __getattribute__(self, name):
                if name in names:
                    said.append(name)
                return super().__getattribute__(name)
        p = param()
        trainer = Told([p], "sgd")
        step = lambda: trainer.step(1)
        for call in (step, step, trainer.allreduce_grads, lambda: trainer.update(1)):
            back(p)
            call()
        answer = said
        """,
    ),
    "a trainer that adds gradients up itself": (
        _START,
        """
        class Own(gluon.Trainer):
            def __init__(self, params, optimizer, **options):
                super().__init__(params, optimizer, kvstore=None, **options)
                self._scale /= 2
            def _allreduce_grads(self):
                for i, p in enumerate(self._params):
                    if p.grad_req != "null":
                        total = p.list_grad()[0] + p.list_grad()[1].as_in_context(mx.cpu(0))
                        for g in p.list_grad():
                            g[:] = total.as_in_context(g.context)
        a, b = param("a", two), param("b", two)
        trainer = Own([a, b], "sgd", optimizer_params={"learning_rate": 0.5})
        for i in range(2):
            back(a, b)
            trainer.step(2)
        answer = [values(a, b), trainer._scale]
        """,
    ),
    "what an updater is called with": (
        _START,
        """
        a, b, trainer = pair()
        said = []
        trainer._updaters = [lambda *args: said.append([list(args[0]), [g.shape for g in args[1]],
                                                         [w is p.data() for w, p in zip(args[2], (a, b))]])]
        back(a, b)
        trainer.step(1)
        answer = [said, fresh(a, b)]
        """,
    ),
    # stale gradients
    "stale from the start": (_START, "pair()[2].step(1)"),
    "stale after a step": (_START, "a, b, trainer = pair()\nback(a, b)\ntrainer.step(1)\ntrainer.step(1)"),
    "one is stale": (_START, "a, b, trainer = pair()\nback(a)\ntrainer.step(1)"),
    "stale and ignored": (
        _START,
        """
        a, b, trainer = pair()
        answer = []
        for params in ((a,), (b,), (a, b), ()):
            back(*params)
            trainer.step(1, ignore_stale_grad=True)
            answer += [values(a, b), fresh(a, b), trainer._optimizer.num_update]
        """,
    ),
    "stale on one of two devices": (
        _START,
        """
        a, b, trainer = pair(two, update_on_kvstore=False)
        back(a, b)
        trainer.step(1)
        for p in (a, b):
            with autograd.record():
                loss = p.data(mx.cpu(1)) * 1
            loss.backward()
        answer = [attempt(trainer.step, 1)]
        """,
    ),
    "stale with an optimizer in the store": (
        _START,
        """
        a, b, trainer = pair(two)
        answer = [attempt(trainer.step, 1)]
        back(a)
        answer.append(attempt(trainer.step, 1))
        back(a, b)
        answer += [attempt(trainer.step, 1), attempt(trainer.step, 1), fresh(a, b)]
        """,
    ),
    "fresh gradients of arrays": (
        _START,
        """
        x = mx.nd.ones(2)
        answer = [bool(x._fresh_grad), attempt(setattr, x, "_fresh_grad", True)]
        x.attach_grad()
        answer.append(bool(x._fresh_grad))
        with autograd.record():
            y = x * 2
        y.backward()
        answer += [bool(a._fresh_grad) for a in (x, x.copy(), x.detach(), x[0:1])]
        x._fresh_grad = False
        answer.append(bool(x._fresh_grad))
        with autograd.record():
            y = x * 2
        autograd.grad(y, [x])
        answer.append(bool(x._fresh_grad))
        x._fresh_grad = True
        answer.append(bool(x._fresh_grad))
        x.attach_grad()
        answer.append(bool(x._fresh_grad))
        z = mx.nd.ones(2)
        z.attach_grad()
        with autograd.record():
            y, unused = x * 2, z * 3
        y.backward()
        answer += [bool(x._fresh_grad), bool(z._fresh_grad)]
        """,
    ),
    "fresh gradients of parameters": (
        _START,
        """
        p = param()
        back(p)
        answer = [fresh(p)]
        p.zero_grad()
        answer.append(fresh(p))
        p.set_data(mx.nd.zeros(2))
        answer.append(fresh(p))
        """,
    ),
    # waiting parameters
    "a parameter that waits for its shape": (
        _START,
        """
        answer = []
        for ctx in (None, two):
            p, q = param("p", ctx), gluon.Parameter("q", shape=(0,), allow_deferred_init=True)
            q.initialize(init="ones", ctx=ctx)
            trainer = gluon.Trainer([p, q], "sgd", {"learning_rate": 1})
            back(p)
            answer.append(attempt(trainer.step, 1))
            q.shape = (2,)
            q._finish_deferred_init()
            back(p, q)
            trainer.step(1)
            answer.append(values(p, q))
        """,
    ),
    # learning rates
    "learning rate": (
        _START,
        """
        a, b, trainer = pair()
        answer = [trainer.learning_rate]
        trainer.set_learning_rate(0.25)
        back(a, b)
        trainer.step(1)
        answer += [trainer.learning_rate, trainer.optimizer.learning_rate, values(a, b)]
        """,
    ),
    "learning rate is no attribute to set": (_START, "pair()[2].learning_rate = 3"),
    "scheduler": (
        _START,
        """
        answer = []
        for options in ({}, {"ctx": two}, {"ctx": two, "update_on_kvstore": False}):
            schedule = mx.lr_scheduler.FactorScheduler(1, 0.5)
            a, b, trainer = pair(optimizer_params={"learning_rate": 1, "lr_scheduler": schedule}, **options)
            for i in range(3):
                back(a, b)
                trainer.step(1)
                answer += [trainer.learning_rate, values(a, b)]
        """,
    ),
    "set_learning_rate and a scheduler": (
        _START,
        "s = mx.lr_scheduler.FactorScheduler(1)\npair(optimizer_params={'lr_scheduler': s})[2].set_learning_rate(1)",
    ),
    "no optimizer": (_START, "t = pair()[2]\nt._optimizer = None\nt.optimizer"),
    "no optimizer, learning rate": (_START, "t = pair()[2]\nt._optimizer = None\nt.learning_rate"),
    "no optimizer, set_learning_rate": (_START, "t = pair()[2]\nt._optimizer = None\nt.set_learning_rate(1)"),
    # the store again
    "reset of the store": (
        _START,
        """
        answer = []
        for options in ({}, {"ctx": two}, {"ctx": two, "update_on_kvstore": False}):
            a, b, trainer = pair(**options)
            back(a, b)
            trainer.step(1)
            trainer._reset_kvstore()
            answer += [trainer._kv_initialized, trainer._kvstore, trainer._update_on_kvstore]
            answer.append(len(trainer._params_to_init))
            back(a, b)
            trainer.step(1)
            answer += [values(a, b)]
        """,
    ),
    "set_data between steps": (
        _START,
        """
        answer = []
        for options in ({}, {"ctx": two}, {"ctx": two, "update_on_kvstore": False}):
            a, b, trainer = pair(**options)
            back(a, b)
            trainer.step(1)
            a.set_data(mx.nd.array([5, 6]))
            answer.append(trainer._kv_initialized)
            back(a, b)
            trainer.step(1)
            answer.append(values(a, b))
        """,
    ),
    "batch size changes with a distributed store": (
        _START,
        _STORE,
        """
        a, b, trainer = pair(two, kvstore=Mock("dist_sync", True))
        back(a, b)
        answer = [attempt(trainer.step, 1), attempt(trainer.step, 1), attempt(trainer.step, 2)]
        """,
    ),
    "reset of a distributed store": (
        _START,
        _STORE,
        "a, b, t = pair(two, kvstore=Mock('dist_sync', True))\nback(a, b)\nt.step(1)\nt._reset_kvstore()",
    ),
    "states go to the store": (
        _START,
        _STORE,
        "trainer = pair(two, kvstore=Mock('foo', True))[2]\ntrainer.save_states('name')\nanswer = said[-1]",
    ),
    # states
    "states": (
        _START,
        """
        answer = []
        name = os.path.join(folder, "states")
        for options in ({}, {"ctx": two}, {"ctx": two, "update_on_kvstore": False}):
            for optimizer, arguments in (("sgd", {"momentum": 0.5}), ("adam", {}), ("sgd", {})):
                options.update(optimizer=optimizer, optimizer_params=dict(arguments, learning_rate=0.5))
                a, b, trainer = pair(**options)
                for i in range(2):
                    back(a, b)
                    trainer.step(1)
                trainer.save_states(name)
                options["optimizer_params"]["learning_rate"] = 0.125
                c, d, other = pair(**options)
                other.load_states(name)
                back(c, d)
                other.step(1)
                answer += [values(c, d), other.learning_rate, other._optimizer.num_update,
                           other._optimizer.param_dict[1] is d]
        """,
    ),
    "bytes of states": (
        _START,
        """
        answer = []
        name = os.path.join(folder, "states")
        for options in ({}, {"ctx": two, "update_on_kvstore": False}, {"optimizer": "nag"}):
            arguments = {"learning_rate": 0.5, "wd": 0.25, "momentum": 0.5}
            a, b, trainer = pair(**dict(options, optimizer_params=arguments))
            for i in range(2):
                back(a, b)
                trainer.step(1)
            trainer.save_states(name)
            with open(name, "rb") as file:
                answer.append(file.read().hex())
        """,
    ),
    "states before the first step": (
        _START,
        """
        name = os.path.join(folder, "states")
        a, b, trainer = pair()
        trainer.save_states(name)
        trainer.load_states(name)
        back(a, b)
        trainer.step(1)
        answer = [values(a, b), trainer._kv_initialized, trainer.learning_rate]
        """,
    ),
    "states from a file that is not there": (_START, "pair()[2].load_states(os.path.join(folder, 'none'))"),
    "states to a folder that is not there": (_START, "pair()[2].save_states(os.path.join(folder, 'none', 'x'))"),
    # sparse parameters
    "two trainers of a parameter": (
        _START,
        "p = param()\nanswer = [gluon.Trainer([p], 'sgd') is p._trainer for i in (0, 1)]",
    ),
    "two trainers of a sparse parameter": (
        _START,
        _SPARSE,
        "p = table()\na = gluon.Trainer([p], 'sgd')\nb = gluon.Trainer([p], 'sgd')",
    ),
    "rows of a sparse parameter": (
        _START,
        _SPARSE,
        """
        p = table(ctx=two)
        trainer = gluon.Trainer([p], "adagrad", {"learning_rate": 0.5})
        answer = []
        for r in ([0, 2], [1, 1], [3]):
            look(p, r)
            trainer.step(1)
            answer.append(rows(p))
        out = mx.nd.sparse.zeros("row_sparse", (4, 2))
        trainer._row_sparse_pull(p, out, mx.nd.arange(4), full_idx=True)
        answer += [out.asnumpy(), [a.asnumpy() for a in p.list_row_sparse_data(mx.nd.arange(4))]]
        p.set_data(mx.nd.ones((4, 2)).tostype("row_sparse"))
        answer += [trainer._kv_initialized, rows(p)]
        """,
    ),
    # training
    "a network": (
        _START,
        """
        answer = []
        for ctx in ([mx.cpu(0)], two):
            for optimizer in ("sgd", "adam"):
                net = gluon.nn.HybridSequential()
                net.add(gluon.nn.Dense(4, activation="tanh", in_units=3), gluon.nn.Dense(2, in_units=4))
                net.initialize(ctx=ctx)
                for i, p in enumerate(net.collect_params().values()):
                    p.set_data(mx.nd.array(np.cos(np.arange(np.prod(p.shape)) + i).reshape(p.shape) / 2))
                net.hybridize()
                trainer = gluon.Trainer(net.collect_params(), optimizer, {"learning_rate": 0.05, "wd": 0.01})
                loss = gluon.loss.SoftmaxCELoss()
                x, y = np.sin(np.arange(24)).reshape(8, 3), np.arange(8) % 2
                for i in range(5):
                    xs, ys = gluon.utils.split_and_load(x, ctx), gluon.utils.split_and_load(y, ctx)
                    with autograd.record():
                        losses = [loss(net(u), v) for u, v in zip(xs, ys)]
                    for one in losses:
                        one.backward()
                    trainer.step(8)
                    answer.append(sum(float(one.sum().asscalar()) for one in losses))
                answer.append([p.data(ctx[-1]).asnumpy() for p in net.collect_params().values()])
        """,
    ),
}
