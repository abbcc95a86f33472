"""What initializers write into arrays, which rule a name follows, and the text of `dumps`."""

_LOG = """
import logging, warnings
warnings.simplefilter("ignore")
class Kept(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self)
        self.lines = []
    def emit(self, record):
        self.lines.append(record.getMessage())
kept = Kept()
root = logging.getLogger()
level = root.level
root.setLevel(logging.INFO)
root.addHandler(kept)
def finish():
    root.removeHandler(kept)
    root.setLevel(level)
    return kept.lines
"""
_SHOW = """
import warnings
warnings.simplefilter("ignore")
I = mx.init
def filled(init, name, shape, attrs=None, dtype="float32"):
    a = mx.nd.full(shape, 5, dtype=dtype)
    init(I.InitDesc(name, attrs), a)
    return a
def outcome(init, desc, shape=(2, 2)):
    a = mx.nd.full(shape, 5)
    try:
        init(desc, a)
    except ValueError:
        return "ValueError"
    return a
NAMES = ["fc_weight", "fc_bias", "bn_gamma", "bn_beta", "bn_moving_mean", "bn_moving_var", "bn_moving_inv_var",
    "bn_moving_avg", "bn_running_mean", "bn_running_var", "x_min", "x_max", "minimum", "x_min_data", "fc_WEIGHT",
    "xweight", "parameters", "rnn_parameters", "begin_state", "softmax_label", "", "gamma_weight", "x_bias_quantize",
    "x_alpha"]
"""
_FUSED = (
    _SHOW
    + """
def fused(init, mode, bidirectional=False, forget=1.0, whole=None):
    cell = mx.rnn.FusedRNNCell(2, 2, mode, bidirectional=bidirectional, prefix='')
    output, _ = cell.unroll(4, mx.sym.var("data"), merge_outputs=True, layout="TNC")
    shapes = dict(zip(output.list_arguments(), output.infer_shape(data=(4, 1, 3))[0]))
    a = mx.nd.zeros(shapes["parameters"])
    I.FusedRNN(init, 2, 2, mode, bidirectional, forget)(I.InitDesc("a_weight", {}, whole), a)
    return a
"""
)

PROGRAMS = {
    # names
    "rules of descriptions": (_SHOW, "answer = [outcome(I.Constant(9), I.InitDesc(name)) for name in NAMES]"),
    "rules of plain names": (_SHOW, "answer = [outcome(I.Constant(9), name) for name in NAMES]"),
    "upsampling and stn_loc": (
        _SHOW,
        """
        names = [("upsampling0_weight", (1, 1, 3, 3)), ("upsampling", (1, 1, 2, 2)), ("stn_loc_weight", (6,)),
            ("stn_loc_bias", (6,)), ("stn_loc_x", (6,))]
        answer = [[outcome(I.Constant(9), kind(name), shape) for kind in (str, I.InitDesc)] for name, shape in names]
        """,
    ),
    "description": (
        _SHOW,
        """
        d = I.InitDesc("x_weight")
        e = I.InitDesc("x", {"a": "b"}, 3)
        answer = [str(d), type(d).__name__, d.attrs, d.global_init, e.attrs, e.global_init, isinstance(d, str)]
        """,
    ),
    "description is told the whole network's initializer": (
        _SHOW,
        """
        one, zero, a = I.One(), I.Zero(), mx.nd.ones((2,))
        d, e = I.InitDesc("x_bias"), I.InitDesc("x_bias", {}, zero)
        one(d, a)
        one(e, a)
        answer = [d.global_init is one, e.global_init is zero]
        """,
    ),
    "own initializer of a variable": (
        _SHOW,
        """
        own = ["zeros", I.One().dumps(), '["constant", {"value": 4}]', "", '["Constant", {"value": [1, 2]}]']
        answer = [outcome(I.Constant(9), I.InitDesc("foo", {"__init__": text})) for text in own]
        """,
    ),
    "own initializer writes a bias as a weight": (
        _SHOW,
        "answer = filled(I.Zero(), 'x_bias', (2,), {'__init__': I.One().dumps()})",
    ),
    "attributes of variables": """
        v = mx.sym.var("v", init=mx.init.Xavier(magnitude=2))
        w = mx.sym.var("w", init="zeros")
        b = mx.sym.BatchNorm(mx.sym.LeakyReLU(v, act_type="prelu", name="p"), name="b")
        c = mx.sym.var("c", init=mx.init.Constant(mx.nd.array([1, 2])))
        answer = [v.attr_dict(), w.attr_dict(), {k: d["__init__"] for k, d in b.attr_dict().items() if "__init__" in d},
            c.attr_dict()]
    """,
    "name no string": (_SHOW, "I.One()(3, mx.nd.ones((2,)))"),
    "no array": (_SHOW, "I.One()('x_weight', np.ones((2,)))"),
    "no pattern": (_SHOW, "I.One()(I.InitDesc('foo'), mx.nd.ones((2,)))"),
    "base class": (_SHOW, "I.Initializer()(I.InitDesc('x_weight'), mx.nd.ones((2,)))"),
    # classes
    "zero, one, constant": (
        _SHOW,
        """
        inits = [I.Zero(), I.One(), I.Constant(2.5), I.Constant(mx.nd.array([[1, 2], [3, 4]])),
            I.Constant(np.array([1, 2])), I.Constant([[1, 2], [3, 4]])]
        answer = [filled(i, "w_weight", (2, 2)) for i in inits] + [filled(i, "w_weight", (2, 2), dtype="float16")
            for i in inits] + [filled(i, "w_weight", (2, 2), dtype="int32") for i in inits]
        """,
    ),
    "bilinear": (
        _SHOW,
        """
        shapes = [(1, 1, 4, 4), (2, 1, 3, 3), (1, 1, 4, 6), (1, 1, 6, 4), (1, 1, 1, 1), (3, 2, 5, 4), (2, 2, 2, 2, 2)]
        answer = [filled(I.Bilinear(), "w_weight", shape) for shape in shapes]
        """,
    ),
    "lstm bias": (
        _SHOW,
        """
        answer = [filled(I.LSTMBias(2.0), "w_weight", shape) for shape in [(8,), (9,), (4, 2), (3,), (1,)]]
        answer.append(filled(I.LSTMBias(2.0), "w_bias", (8,)))
        answer.append(filled(I.Zero(), "w_bias", (8,), {"__init__": I.LSTMBias(3.0).dumps()}))
        """,
    ),
    "random without spread": (
        _SHOW,
        "answer = [filled(I.Uniform(0), 'w_weight', (3,)), filled(I.Xavier(magnitude=0), 'w_weight', (3, 2))]",
    ),
    "xavier of a vector": (_SHOW, "filled(I.Xavier(), 'w_weight', (3,))"),
    "xavier of a wrong distribution": (_SHOW, "filled(I.Xavier('wrong'), 'w_weight', (3, 2))"),
    "xavier of a wrong factor": (_SHOW, "filled(I.Xavier(factor_type='wrong'), 'w_weight', (3, 2))"),
    "xavier of a wrong magnitude": (_SHOW, "I.Xavier(magnitude='a')"),
    "xavier of a negative magnitude": (_SHOW, "filled(I.Xavier(magnitude=-1), 'w_weight', (3, 2)).asnumpy()"),
    "xavier of integers": (_SHOW, "filled(I.Xavier(), 'w_weight', (3, 2), dtype='int32')"),
    "normal without spread": (_SHOW, "filled(I.Normal(0), 'w_weight', (3, 2)).asnumpy()"),
    "uniform of a negative scale": (_SHOW, "filled(I.Uniform(-1), 'w_weight', (3, 2)).asnumpy()"),
    "orthogonal": (
        _SHOW,
        """
        def products(init, shape):
            a = filled(init, "w_weight", shape).asnumpy().reshape(shape[0], -1)
            return (a.dot(a.T) if a.shape[0] <= a.shape[1] else a.T.dot(a)).round(3)
        answer = [products(init, shape) for init in (I.Orthogonal(), I.Orthogonal(1.0, "normal"))
            for shape in [(3, 5), (5, 3), (4, 4), (3, 2, 2, 2), (1, 1)]]
        """,
    ),
    "seed governs": (
        _SHOW,
        """
        def twice(init):
            found = []
            for i in range(2):
                mx.random.seed(3)
                found.append(filled(init, "w_weight", (4, 5)).asnumpy())
            return bool((found[0] == found[1]).all())
        answer = [twice(i) for i in (I.Uniform(), I.Normal(), I.Xavier(), I.MSRAPrelu(), I.Orthogonal())]
        """,
    ),
    "dtypes of random numbers": (
        _SHOW,
        """
        answer = [filled(i, "w_weight", (4, 5), dtype=t).dtype for t in ("float16", "float32", "float64")
            for i in (I.Uniform(), I.Normal(), I.Xavier(), I.Orthogonal())]
        """,
    ),
    # text
    "dumps": (
        _SHOW,
        """
        inits = [I.Zero(), I.One(), I.Constant(3), I.Constant(2.5), I.Constant(mx.nd.array([1, 2])),
            I.Constant(np.array([[1, 2], [3, 4]])), I.Uniform(), I.Uniform(scale=1), I.Normal(), I.Orthogonal(),
            I.Orthogonal(1.0, "normal"), I.Xavier(), I.Xavier("gaussian", "in", 2.34), I.MSRAPrelu(),
            I.MSRAPrelu("in", 0), I.Bilinear(), I.LSTMBias(), I.LSTMBias(2), I.FusedRNN(None, 3, 2, "lstm"),
            I.FusedRNN(I.Xavier(), 3, 2, "gru", True, 0.5), I.Initializer(a=1, b="x")]
        answer = [init.dumps() for init in inits]
        """,
    ),
    "attributes": (
        _SHOW,
        """
        m, x, u = I.MSRAPrelu(), I.Xavier(magnitude="2"), I.Uniform(3)
        answer = [vars(m), vars(x), vars(u), vars(I.LSTMBias()), vars(I.Orthogonal())]
        """,
    ),
    "equality": (
        _SHOW,
        """
        answer = [I.Zero() == I.Zero(), I.Zero() == I.One(), I.Uniform(1) == I.Uniform(1), I.Uniform(1) == I.Uniform(2),
            I.Xavier() == I.MSRAPrelu(), I.Constant(1) == I.Constant(1), I.Zero() == 3, I.Zero() != I.Zero()]
        """,
    ),
    "no hash": (_SHOW, "hash(I.Zero())"),
    "create": (
        _SHOW,
        """
        x = I.create('["xavier", {"magnitude": 5}]')
        z = I.Zero()
        names = "zeros Zero ones ONE uniform normal orthogonal xavier msraprelu bilinear lstmbias".split()
        answer = [[type(I.create(n)).__name__ for n in names], x.magnitude, I.create("uniform", scale=2).scale,
            I.create(z) is z, I.create("uniform", 3).scale, I.create('{"initializer": "normal", "sigma": 7}').sigma]
        """,
    ),
    "create something else": (_SHOW, "try:\n    I.create('mixed')\nexcept Exception as e:\n    answer = 'raises'"),
    "register": (
        _SHOW,
        """
        class Own(I.Initializer):
            def __init__(self, value=2):
                super(Own, self).__init__(value=value)
                self.value = value
            def _init_weight(self, name, arr):
                arr[:] = self.value
            def _init_default(self, name, arr):
                arr[:] = -1
        same = I.register(Own) is Own
        answer = [same, filled(I.create("own", value=7), "a_weight", (2,)), filled(Own(), "foo", (2,)),
            filled(Own(), "a_bias", (2,)), Own(4).dumps(), filled(I.Zero(), "q", (2,), {"__init__": Own(4).dumps()})]
        """,
    ),
    "override other rules": (
        _SHOW,
        """
        class Own(I.Xavier):
            def _init_bias(self, name, arr):
                arr[:] = 0.5
            def _init_gamma(self, name, arr):
                arr[:] = 0.25
        answer = [filled(Own(), "a_bias", (2,)), filled(Own(), "a_gamma", (2,)), filled(Own(), "a_beta", (2,))]
        """,
    ),
    # wrappers
    "mixed": (
        _SHOW,
        """
        m = I.Mixed(["bias", "fc.*", ".*"], [I.Zero(), I.Constant(3), I.One()])
        answer = [outcome(m, kind(name)) for name in ("fc_weight", "fc_bias", "bias", "x_weight", "foo", "xbias_weight")
            for kind in (str, I.InitDesc)]
        """,
    ),
    "mixed without a match": (_SHOW, "answer = outcome(I.Mixed(['bias'], [I.Zero()]), I.InitDesc('fc_bias'))"),
    "load": (
        _SHOW,
        """
        p = {"arg:w": mx.nd.array([1, 2]), "aux:m": mx.nd.array([3, 4]), "plain": mx.nd.array([5, 6]),
            "arg:arg:q": mx.nd.array([5, 6]), "foo:z": mx.nd.array([5, 6])}
        l = I.Load(p, default_init=I.One())
        names = ["w", "m", "plain", "q_weight", "q_bias", "arg:w", I.InitDesc("w"), I.InitDesc("x_weight")]
        answer = [sorted(l.param), l.default_init is not None, l.verbose, [outcome(l, name, (2,)) for name in names]]
        """,
    ),
    "load from a file": (
        _SHOW,
        """
        import os, tempfile
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "x.params")
            mx.nd.save(name, {"arg:w": mx.nd.array([1, 2]), "aux:m": mx.nd.array([3, 4])})
            l = I.Load(name)
        answer = [sorted(l.param), outcome(l, "w", (2,))]
        """,
    ),
    "load a missing file": (_SHOW, "I.Load('/nowhere/x.params')"),
    # logging
    "verbosity": (
        _LOG + _SHOW,
        """
        x = I.Constant(mx.nd.array([3, -4]))
        same = x.set_verbosity(True) is x
        for name in ("a_weight", "a_bias", "a_gamma", "a_beta", "a_min", "a_max", "a_bias_quantize"):
            filled(x, name, (2,))
        filled(x, "foo", (2,), {"__init__": "zeros"})
        filled(x, "foo", (2,), {"__init__": I.One().dumps()})
        x("plain_weight", mx.nd.ones((2,)))
        x.set_verbosity(True, lambda array: "S%s" % (array.shape,))
        filled(x, "a_weight", (2,))
        x.set_verbosity()
        filled(x, "a_weight", (2,))
        answer = [same, finish()]
        """,
    ),
    "verbosity of load": (
        _LOG + _SHOW,
        """
        l = I.Load({"w": mx.nd.array([1, 2])}, I.Zero(), True)
        for name in ("w", "q_weight"):
            l(name, mx.nd.ones((2,)))
        answer = finish()
        """,
    ),
    # fused cells
    "fused lstm": (_FUSED, "answer = fused(I.One(), 'lstm', False, 4.0)"),
    "fused lstm both ways": (_FUSED, "answer = fused(I.One(), 'lstm', True, 4.0)"),
    "fused gru": (_FUSED, "answer = [fused(I.One(), 'gru'), fused(I.One(), 'gru', True)]"),
    "fused plain": (_FUSED, "answer = [fused(I.One(), mode) for mode in ('rnn_relu', 'rnn_tanh')]"),
    "fused with the whole network's": (_FUSED, "answer = fused(None, 'lstm', whole=I.One())"),
    "fused names": (
        _FUSED,
        """
        seen = []
        class Own(I.Initializer):
            def __call__(self, desc, arr):
                seen.append((str(desc), type(desc).__name__, arr.shape, len(seen)))
                arr[:] = len(seen)
        whole = fused(Own(), "lstm", True)
        answer = [seen, whole, fused(Own(), "gru"), seen]
        """,
    ),
}
