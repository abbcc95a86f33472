"""Twenty steps of every optimizer, weights and states included, and what optimizers know about their parameters."""

_RUN = """
def values(i, shape):
    n = int(np.prod(shape))
    return np.cos(np.arange(n) * 0.9 + i).reshape(shape)
def gradient(i, t, shape):
    n = int(np.prod(shape))
    return (np.sin(np.arange(n) * 0.7 + t * (i + 1)) * (0.5 + i)).reshape(shape)
SHAPES = [(3, 2), (4,), (2, 1, 2)]
NAMES = {0: "fc_weight", 1: "fc_bias", 2: "bn_gamma"}
def plain(state):
    if isinstance(state, (list, tuple)):
        return [plain(s) for s in state]
    return state.asnumpy() if isinstance(state, mx.nd.NDArray) else state
def run(opt, together=True, dtype="float32", at=(1, 2, 5, 20), shapes=SHAPES):
    updater = mx.optimizer.get_updater(opt)
    weights = [mx.nd.array(values(i, s), dtype=dtype) for i, s in enumerate(shapes)]
    found = []
    for t in range(1, max(at) + 1):
        grads = [mx.nd.array(gradient(i, t, s), dtype=dtype) for i, s in enumerate(shapes)]
        if together:
            updater(list(range(len(shapes))), grads, weights)
        else:
            for i in range(len(shapes)):
                updater(i, grads[i], weights[i])
        if t in at:
            states = [plain(updater.states[i]) for i in range(len(shapes))]
            found.append([[w.asnumpy() for w in weights], states])
    return found
"""

_SETTINGS = {
    "sgd": ["", "wd=0.1", "clip_gradient=0.3, wd=0.1, rescale_grad=0.5", "momentum=0.9",
            "momentum=0.9, wd=0.1, learning_rate=0.1", "momentum=0.9, clip_gradient=0.3, wd=0.05, rescale_grad=2",
            "momentum=0.9, lazy_update=False", "momentum=0.9, learning_rate=0.1, wd=0.1, param_idx2name=NAMES",
            "momentum=0.9, learning_rate=0", "momentum=0.9, learning_rate=0.1, rescale_grad=0, wd=0.1"],
    "ccsgd": ["momentum=0.9, wd=0.1"],
    "nag": ["", "wd=0.1, clip_gradient=0.3", "momentum=0.9", "momentum=0.9, wd=0.1, learning_rate=0.1",
            "momentum=0.9, clip_gradient=0.3, wd=0.05, rescale_grad=2"],
    "signum": ["", "momentum=0", "momentum=0, wd=0.1", "momentum=0.5, wd=0.1, wd_lh=0.05",
               "clip_gradient=0.3, wd=0.1, rescale_grad=0.5"],
    "dcasgd": ["", "lamda=0.5, wd=0.1, learning_rate=0.1", "clip_gradient=0.3, rescale_grad=0.5"],
    "ftml": ["", "wd=0.1, learning_rate=0.1", "beta1=0.8, beta2=0.9, epsilon=1e-4, clip_gradient=0.3, wd=0.1"],
    "lars": ["", "momentum=0.9", "momentum=0.9, wd=0.1, learning_rate=1.0", "wd=0.1, learning_rate=1.0",
             "momentum=0.9, wd=0.1, learning_rate=1.0, param_idx2name=NAMES",
             "momentum=0.9, wd=0.1, learning_rate=1.0, eta=0.5, eps=0.1, param_idx2name=NAMES",
             "momentum=0.9, clip_gradient=0.3, rescale_grad=0.5, learning_rate=1.0, eta=0.1",
             "momentum=0.9, learning_rate=1.0, eta=0.1, wd=0.1, momentum_correction=False, "
             "lr_scheduler=mx.lr_scheduler.FactorScheduler(2, 0.7)",
             ],
    "lbsgd": ["", "momentum=0.9", "momentum=0.9, wd=0.1, batch_scale=4, updates_per_epoch=2, warmup_epochs=5",
              "momentum=0.9, batch_scale=2, updates_per_epoch=2, warmup_strategy='power2'",
              "batch_scale=2, updates_per_epoch=2, warmup_strategy='sqrt', clip_gradient=0.3, wd=0.1",
              "momentum=0.9, batch_scale=2, updates_per_epoch=2, warmup_strategy='lars', wd=0.1",
              "momentum=0.9, batch_scale=2, warmup_epochs=0, begin_epoch=3, updates_per_epoch=2",
              "momentum=0.9, batch_scale=4, warmup_strategy='lars', begin_epoch=1, updates_per_epoch=2",
              "batch_scale=1, warmup_strategy='lars'",
              "momentum=0.9, batch_scale=3, updates_per_epoch=7, warmup_strategy='nothing'"],
    "lamb": ["", "wd=0.1, learning_rate=0.1", "wd=0.1, learning_rate=0.1, bias_correction=False",
             "learning_rate=0.1, lower_bound=0.5, upper_bound=1.5", "learning_rate=0.1, upper_bound=0.7",
             "learning_rate=0.1, lower_bound=3", "learning_rate=0.1, clip_gradient=0.3, rescale_grad=0.5, wd=0.01",
             "beta1=0.5, beta2=0.7, epsilon=0.01, param_idx2name=NAMES, wd=0.3"],
    "adam": ["", "learning_rate=0.1, wd=0.1", "clip_gradient=0.3, wd=0.1, rescale_grad=0.5",
             "beta1=0.5, beta2=0.7, epsilon=0.01", "lazy_update=False, learning_rate=0.1",
             "learning_rate=0.1, wd=0.1, param_idx2name=NAMES", "begin_num_update=10"],
    "adagrad": ["", "wd=0.1, learning_rate=0.1", "eps=0.1, clip_gradient=0.3, rescale_grad=0.5, wd=0.01"],
    "rmsprop": ["", "wd=0.1, learning_rate=0.1", "gamma1=0.5, epsilon=0.01, clip_gradient=0.3, rescale_grad=0.5",
                "clip_weights=0.4, learning_rate=0.1", "centered=True", "centered=True, wd=0.1, learning_rate=0.1",
                "centered=True, gamma1=0.5, gamma2=0.3, epsilon=0.01, clip_gradient=0.3, clip_weights=0.4"],
    "adadelta": ["", "rho=0.5, epsilon=0.01, wd=0.1", "clip_gradient=0.3, rescale_grad=0.5, epsilon=0.01"],
    "ftrl": ["", "learning_rate=0.5, lamda1=0.3, beta=0.5, wd=0.1", "clip_gradient=0.3, rescale_grad=0.5, wd=0.01"],
    "adamax": ["", "learning_rate=0.1, wd=0.1", "beta1=0.5, beta2=0.7, clip_gradient=0.3, rescale_grad=0.5, wd=0.1"],
    "nadam": ["", "learning_rate=0.1, wd=0.1", "beta1=0.5, beta2=0.7, epsilon=0.01, schedule_decay=0.1",
              "clip_gradient=0.3, rescale_grad=0.5, wd=0.1"],
    "test": ["", "rescale_grad=0.5"],
}  # fmt: skip
#: A rate of 0 makes FTML and Ftrl divide by it in MXNet.
_SCHEDULES = [
    "lr_scheduler=mx.lr_scheduler.FactorScheduler(3, 0.5, base_lr=0.1)",
    "lr_scheduler=mx.lr_scheduler.PolyScheduler(18, 0.3, final_lr=0.01, warmup_steps=4, warmup_begin_lr=0.1), wd=0.1",
]
#: Where MXNet corrects the momentum of some parameters only, unless all come in one call.
_TOGETHER = [
    "momentum=0.9, learning_rate=1.0, eta=0.1, wd=0.1, lr_scheduler=mx.lr_scheduler.FactorScheduler(2, 0.7)",
    "momentum=0.9, learning_rate=1.0, eta=0.1, lr_scheduler=mx.lr_scheduler.FactorScheduler(2, 0.7), "
    "param_idx2name=NAMES",
]
#: Their states are float32 in MXNet, also for weights of other dtypes, which then fail.
_SINGLE = ("adadelta", "adagrad", "ftrl", "rmsprop")
_MULTIPLIERS = """
opt.set_lr_mult({"fc_weight": 0.5, 2: 3})
opt.set_wd_mult({"fc_bias": 2})
"""

PROGRAMS = {}
for _name, _all in _SETTINGS.items():
    for _one in _all:
        PROGRAMS[f"{_name} {_one}"] = (_RUN, f"answer = run(mx.optimizer.create({_name!r}, {_one}))")
    for _one in _SCHEDULES:
        PROGRAMS[f"{_name} {_one}"] = (_RUN, f"answer = run(mx.optimizer.create({_name!r}, {_one}))")
    PROGRAMS[f"{_name} multipliers"] = (
        _RUN,
        f"opt = mx.optimizer.create({_name!r}, wd=0.1, param_idx2name=NAMES)",
        _MULTIPLIERS,
        "answer = run(opt)",
    )
    for _dtype in ("float64", "float16"):
        if _name in _SINGLE:
            continue
        for _more in ("", "momentum=0.9") if _name in ("sgd", "nag", "lars", "lbsgd") else ("",):
            PROGRAMS[f"{_name} {_dtype} {_more}"] = (
                _RUN,
                f"answer = run(mx.optimizer.create({_name!r}, {_more}), dtype={_dtype!r})",
            )
for _name in _SETTINGS:
    for _more in ("", "momentum=0.9") if _name in ("sgd", "nag", "lars", "lbsgd") else ("",):
        PROGRAMS[f"{_name} masters {_more}"] = (
            _RUN,
            f"answer = run(mx.optimizer.create({_name!r}, multi_precision=True, {_more}), dtype='float16')",
        )
for _one in _TOGETHER:
    PROGRAMS[f"lars {_one}"] = (_RUN, f"answer = run(mx.optimizer.create('lars', {_one}))")
for _one in ("", "learning_rate=0.1, eps=0.1, rescale_grad=0.5", "clip_gradient=0.3"):
    PROGRAMS[f"groupadagrad {_one}"] = (
        _RUN,
        f"answer = run(mx.optimizer.create('groupadagrad', {_one}), shapes=[(3, 2), (4, 1), (1, 5)])",
    )

# -- row_sparse gradients ------------------------------------------------------------------------------------------

_SPARSE = """
def sparse(opt, stype, steps=4):
    updater = mx.optimizer.get_updater(opt)
    weight = (mx.nd.arange(10).reshape((5, 2)) - 3).tostype(stype)
    rows = [[1, 3], [0, 3], [1, 2, 4], [3]]
    for t in range(steps):
        values = np.sin(np.arange(2 * len(rows[t])) + t).reshape((-1, 2))
        grad = mx.nd.sparse.row_sparse_array((values, rows[t]), shape=(5, 2), dtype="float32")
        updater(0, grad, weight)
    def told(state):
        if isinstance(state, (list, tuple)):
            return [told(s) for s in state]
        return state if state is None else (state.stype, state.asnumpy())
    return weight.stype, weight.asnumpy(), told(updater.states[0])
"""
_LAZY = {
    "sgd": ["", "wd=0.1", "momentum=0.9, wd=0.1", "momentum=0.9, wd=0.1, lazy_update=False",
            "momentum=0.9, clip_gradient=0.3, rescale_grad=0.5, wd=0.1"],
    "ccsgd": ["momentum=0.9, wd=0.1"],
    "nag": ["", "wd=0.1"],
    "signum": ["", "wd=0.1"],
    "adam": ["learning_rate=0.1", "wd=0.1", "wd=0.1, lazy_update=False", "clip_gradient=0.3, rescale_grad=0.5, wd=0.1"],
    "adagrad": ["", "clip_gradient=0.3, rescale_grad=0.5, learning_rate=0.1"],
    "ftrl": ["", "wd=0.1, learning_rate=0.5"],
    "rmsprop": ["", "wd=0.1"],
    "adadelta": ["", "wd=0.1"],
    "nadam": ["wd=0.1"],
    "adamax": ["wd=0.1"],
    "ftml": ["wd=0.1"],
    "lamb": ["", "wd=0.1"],
    "lars": ["eta=0.5"],
    "lbsgd": ["", "wd=0.1"],
    "dcasgd": ["", "wd=0.1"],
    "groupadagrad": ["", "clip_gradient=0.3, rescale_grad=0.5, learning_rate=0.1"],
}  # fmt: skip
for _name, _all in _LAZY.items():
    for _one in _all:
        for _stype in ("default", "row_sparse"):
            PROGRAMS[f"sparse {_name} {_one} {_stype}"] = (
                _SPARSE,
                f"answer = sparse(mx.optimizer.create({_name!r}, {_one}), {_stype!r})",
            )

# -- what optimizers know about their parameters -------------------------------------------------------------------

_NAMES = """
NAMES = {0: "fc_weight", 1: "fc_bias", 2: "bn_gamma", 3: "bn_beta", 4: "x", 5: "bn_moving_mean", 6: "weight_g"}
def rates(opt):
    indices = list(range(len(NAMES) + 1))
    return [opt._get_lr(i) for i in indices], opt._get_wds(indices), opt.lr_mult, opt.wd_mult
"""
_SYMBOL = """
x = mx.sym.Variable("a_weight", lr_mult=0.3, wd_mult=0.4)
y = mx.sym.Variable("b_bias", wd_mult=2.0, lr_mult=3.0)
with mx.AttrScope(lr_mult="0.5", wd_mult="0.25"):
    net = mx.sym.FullyConnected(x + y + mx.sym.Variable("c_gamma"), num_hidden=2, name="fc")
NAMES = {0: "a_weight", 1: "b_bias", 2: "c_gamma", 3: "fc_weight", 4: "fc_bias"}
"""
PROGRAMS.update(
    {
        "names decide the decay": (_NAMES, "answer = rates(mx.optimizer.SGD(param_idx2name=NAMES, wd=0.1))"),
        "names decide the decay of lars": (_NAMES, "answer = rates(mx.optimizer.LARS(param_idx2name=NAMES, wd=0.1))"),
        "multipliers by name and index": (
            _NAMES,
            """
            opt = mx.optimizer.SGD(param_idx2name=NAMES, wd=0.1, learning_rate=0.2)
            opt.set_lr_mult({"fc_weight": 2, "x": 5, "unknown": 7})
            opt.set_wd_mult({"fc_bias": 2})
            first = rates(opt)
            opt.set_lr_mult({"fc_bias": 3})
            opt.set_wd_mult({})
            answer = first, rates(opt)
            """,
        ),
        "an index comes before its name": (
            _NAMES,
            """
            opt = mx.optimizer.SGD(param_idx2name=NAMES, learning_rate=0.2)
            opt.set_lr_mult({"fc_weight": 2, 0: 3})
            answer = opt._get_lrs([0, 1])
            """,
        ),
        "multipliers of a symbol": (
            _NAMES,
            _SYMBOL,
            """
            opt = mx.optimizer.SGD(param_idx2name=NAMES, sym=net, wd=0.1, learning_rate=0.2)
            first = rates(opt)
            opt.set_lr_mult({"fc_weight": 11})
            opt.set_wd_mult({"a_weight": 12})
            answer = first, rates(opt)
            """,
        ),
        "multipliers of a symbol without names": (
            _SYMBOL,
            "opt = mx.optimizer.SGD(sym=net)",
            "answer = opt.lr_mult, opt.wd_mult, opt.sym_info[1]",
        ),
        "multipliers of parameters": """
            class Parameter:
                lr_mult, wd_mult = 2.0, 3.0
            opt = mx.optimizer.SGD(param_dict={0: Parameter()}, wd=0.1, learning_rate=0.2,
                param_idx2name={0: "q", 1: "b_bias"})
            opt.set_lr_mult({0: 7, 1: 5})
            answer = opt._get_lrs([0, 1, 2]), opt._get_wds([0, 1, 2])
            """,
        "counts": """
            opt = mx.optimizer.SGD()
            opt._update_count(0)
            opt._set_current_context(3)
            opt._update_count(0)
            opt._update_count([0, 1])
            first = dict(opt._index_update_count), opt.num_update
            opt._set_current_context(0)
            answer = first, opt._index_update_count, opt.num_update, sorted(opt._all_index_update_counts)
            """,
        "counts from a beginning": """
            opt = mx.optimizer.SGD(begin_num_update=10)
            opt._update_count(0)
            answer = opt._index_update_count, opt.num_update
            """,
        "counts of two devices": """
            opt = mx.optimizer.SGD(momentum=0.9)
            update = mx.optimizer.Updater(opt)
            for i in range(2):
                a = mx.nd.ones((2,), ctx=mx.cpu(i))
                update([i], [a], [a])
            answer = opt._all_index_update_counts, str(update.states[1].context)
            """,
        "rates": """
            answer = []
            for kwargs in ({}, {"learning_rate": 0.5}, {"lr_scheduler": mx.lr_scheduler.FactorScheduler(2, 0.5)},
                           {"lr_scheduler": mx.lr_scheduler.FactorScheduler(2, 0.5), "learning_rate": 0.5}):
                opt = mx.optimizer.SGD(**kwargs)
                found = [opt.lr, opt.learning_rate]
                for _ in range(5):
                    opt._update_count(0)
                    found.append(opt._get_lr(0))
                answer.append(found)
            """,
        "a function as a scheduler": """
            opt = mx.optimizer.SGD(lr_scheduler=lambda n: n / 10)
            opt._update_count([0, 1])
            opt._update_count(0)
            answer = opt.learning_rate, opt._get_lrs([0, 1])
            """,
        "set the rate": """
            opt = mx.optimizer.SGD(learning_rate=0.1)
            opt.set_learning_rate(0.3)
            answer = opt.learning_rate, opt.lr
            """,
        "set the rate of a scheduler": """
            mx.optimizer.SGD(lr_scheduler=mx.lr_scheduler.FactorScheduler(2)).set_learning_rate(0.3)
            """,
        "assign the rate": "mx.optimizer.SGD().learning_rate = 0.3",
        "set the scale": "mx.optimizer.SGD().set_lr_scale({})",
        "create in capitals": """
            answer = type(mx.optimizer.create('ADAM', beta1=0.5)), mx.optimizer.create('Adam').beta2
            """,
        "create what is not there": "mx.optimizer.create('nothing')",
        "create with a wrong argument": "mx.optimizer.create('sgd', nothing=3)",
        "names of all": "answer = sorted(mx.optimizer.Optimizer.opt_registry)",
        "register": """
            @mx.optimizer.register
            class MyThing(mx.optimizer.Optimizer):
                def create_state(self, index, weight):
                    return mx.nd.zeros_like(weight)
                def update(self, index, weight, grad, state):
                    self._update_count(index)
                    state += grad * self.rescale_grad
                    weight -= self._get_lr(index) * state
            update = mx.optimizer.get_updater(mx.optimizer.create("mything", learning_rate=0.5, rescale_grad=2))
            weight = mx.nd.array([1, 2])
            update(0, mx.nd.array([1, -1]), weight)
            update([0], [mx.nd.array([1, -1])], [weight])
            answer = weight, update.states[0], update.optimizer.num_update, update.aggregate_updates
            """,
        "an optimizer that takes lists": """
            calls = []
            class Lists(mx.optimizer.Optimizer):
                def __init__(self, **kwargs):
                    super().__init__(**kwargs)
                    self.aggregate_num = 2
                def update(self, index, weight, grad, state):
                    calls.append((index, [w.shape for w in weight], state))
            update = mx.optimizer.get_updater(Lists())
            a, b = mx.nd.ones((2,)), mx.nd.ones((3,), dtype="float64")
            update([0, 1, 2, 3], [a, b, a, a], [a, b, a, a])
            answer = calls, update.aggregate_updates
            """,
        "a subclass that counts": """
            calls = []
            class Counting(mx.optimizer.Adam):
                def update(self, index, weight, grad, state):
                    calls.append(index)
                    super().update(index, weight, grad, state)
            update = mx.optimizer.get_updater(Counting(learning_rate=0.5))
            a, b = mx.nd.array([1, 2]), mx.nd.array([3])
            update([0, 1], [a * 2, b], [a, b])
            answer = calls, a, b
            """,
        "a subclass with its own rate": """
            calls = []
            class Own(mx.optimizer.Adam):
                def _get_lr(self, index):
                    return 0.5 + index
            update = mx.optimizer.get_updater(Own())
            a, b = mx.nd.array([1, 2]), mx.nd.array([3])
            update([0, 1], [a * 2, b], [a, b])
            answer = a, b
            """,
        "base class has no update": """
            mx.optimizer.get_updater(mx.optimizer.Optimizer())(0, mx.nd.ones((2,)), mx.nd.ones((2,)))
            """,
        "base class has no state": "answer = mx.optimizer.Optimizer().create_state(0, mx.nd.ones((2,)))",
        "gradient of another shape": """
            mx.optimizer.get_updater(mx.optimizer.Adam())(0, mx.nd.ones((3,)), mx.nd.ones((2,)))
            mx.nd.waitall()
            """,
        "one index in a list": """
            update = mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9))
            weight = mx.nd.array([1, 2])
            update([5], [mx.nd.array([1, -1])], [weight])
            update("name", mx.nd.array([1, -1]), weight)
            answer = weight, sorted(map(str, update.states)), update.states_synced[5]
            """,
        "the same parameter twice": """
            update = mx.optimizer.get_updater(mx.optimizer.Adam(learning_rate=0.5))
            weight = mx.nd.array([1, 2])
            update([0, 0], [mx.nd.array([1, -1]), mx.nd.array([-3, -1])], [weight, weight])
            answer = weight, update.states[0], update.optimizer.num_update
            """,
        "dtypes in one list": """
            update = mx.optimizer.get_updater(mx.optimizer.SGD(momentum=0.9, multi_precision=True))
            weights = [mx.nd.ones((2,), dtype=d) for d in ("float32", "float16", "float64", "float16")]
            update([0, 1, 2, 3], [w * 2 for w in weights], weights)
            answer = weights, [update.states[i] for i in range(4)]
            """,
        "states go and come back": """
            update = mx.optimizer.get_updater(mx.optimizer.Adam(learning_rate=0.5))
            weight = mx.nd.array([1, 2])
            update(0, mx.nd.array([1, -1]), weight)
            other = mx.optimizer.get_updater(mx.optimizer.Adam(learning_rate=0.25))
            other.set_states(update.get_states())
            first = other.states_synced[0], other.optimizer.num_update, type(update.get_states())
            other.set_states(update.get_states(dump_optimizer=True))
            update(0, mx.nd.array([1, -3]), weight)
            copy = weight.copy()
            other(0, mx.nd.array([1, -3]), weight)
            answer = first, other.optimizer.num_update, other.optimizer.lr, copy, weight, other.states_synced
            """,
        "the device of states": """
            update = mx.optimizer.get_updater(mx.optimizer.SGD())
            moved = update.sync_state_context((mx.nd.ones((1,)), [mx.nd.ones((1,)), None], 3), mx.cpu(1))
            contexts = str(moved[0].context), str(moved[1][0].context)
            answer = contexts, moved[1][1], moved[2], type(moved), type(moved[1])
            """,
        "attributes": """
            answer = {}
            for name in sorted(mx.optimizer.Optimizer.opt_registry):
                opt = mx.optimizer.create(name)
                answer[name] = {k: v for k, v in vars(opt).items() if not k.startswith("_")}
            """,
        "pickles leave parameters out": """
            import pickle
            opt = mx.optimizer.SGD(param_dict={0: object()}, momentum=0.5)
            opt._update_count([0, 1])
            found = pickle.loads(pickle.dumps(opt))
            answer = type(found), vars(found)
            """,
        "warm-up of LBSGD": """
            answer = []
            for strategy in ("linear", "power2", "sqrt", "lars", "other"):
                opt = mx.optimizer.LBSGD(batch_scale=4, updates_per_epoch=2, warmup_strategy=strategy)
                answer.append([opt._get_lbmult(i) for i in range(14)])
            answer.append([mx.optimizer.LBSGD(batch_scale=4, updates_per_epoch=1, warmup_epochs=1)._get_lbmult(0)])
            """,
    }
)

# -- files ---------------------------------------------------------------------------------------------------------

#: Three steps; the states, and the optimizer with them, as base64 text; then the weights after three steps more.
_PICKLED = """
import base64
opt = mx.optimizer.create(NAME, param_idx2name=NAMES, **OPTIONS)
update = mx.optimizer.get_updater(opt)
weights = [mx.nd.array(values(i, s), dtype=DTYPE) for i, s in enumerate(SHAPES)]
def steps(first, last):
    for t in range(first, last):
        update([0, 1, 2], [mx.nd.array(gradient(i, t, s), dtype=DTYPE) for i, s in enumerate(SHAPES)], weights)
    return [w.asnumpy() for w in weights]
before = steps(1, 4)
data = [base64.b64encode(update.get_states(dump_optimizer=d)).decode() for d in (False, True)]
answer = {"before": before, "data": data, "after": steps(4, 7)}
"""
_PICKLED_OPTIONS = {
    "sgd": "dict(momentum=0.9, wd=0.1, lr_scheduler=mx.lr_scheduler.FactorScheduler(2, 0.5))",
    "nag": "dict(momentum=0.9, multi_precision=True)",
    "adam": "dict(learning_rate=0.1, lr_scheduler=mx.lr_scheduler.CosineScheduler(20, warmup_steps=2))",
    "nadam": "dict(learning_rate=0.1)",
    "rmsprop": "dict(learning_rate=0.1, centered=True)",
    "ftml": "dict(learning_rate=0.1)",
    "lamb": "dict(learning_rate=0.1, wd=0.1, multi_precision=True)",
    "lars": "dict(learning_rate=1.0, momentum=0.9, eta=0.1, lr_scheduler=mx.lr_scheduler.FactorScheduler(1, 0.5))",
    "lbsgd": "dict(learning_rate=0.1, momentum=0.9, batch_scale=2)",
    "dcasgd": "dict(learning_rate=0.1)",
}
PICKLES = {}
for _name, _options in _PICKLED_OPTIONS.items():
    _dtype = "float16" if "precision" in _options else "float32"
    _given = f"NAME, OPTIONS, DTYPE = {_name!r}, {_options}, {_dtype!r}"
    PICKLES[f"pickle of {_name}"] = (_RUN, _given, _PICKLED)
PROGRAMS.update(PICKLES)
