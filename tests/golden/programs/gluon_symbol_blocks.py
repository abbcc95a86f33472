"""Blocks made from symbols."""

from .gluon_core import SETUP
from .gluon_files import FILES

_SYMBOLS = """
def attrs(b):
    return [
        [
            p.name,
            p.shape,
            p.lr_mult,
            p.wd_mult,
            p.grad_req,
            str(np.dtype(p.dtype)) if p.dtype else None,
            p.init if isinstance(p.init, str) else type(p.init).__name__,
            p._stype,
        ]
        for p in b.collect_params().values()
    ]
d = mx.sym.var("data")
def fc(**k):
    return mx.sym.FullyConnected(d, num_hidden=2, name="fc", **k)
"""

PROGRAMS = {
    "plain": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        answer = [attrs(b), b.prefix, b.name, b.params.prefix, sorted(b._reg_params), repr(b)]
        b.initialize(mx.init.One())
        answer += [b(x), attrs(b)]
    """,
    ),
    "inputs list": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock([fc()], [d])
        b.initialize("ones")
        answer = [b(x)]
    """,
    ),
    "inputs tuple": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock((fc(),), (d,))
        b.initialize("ones")
        answer = [b(x)]
    """,
    ),
    "outputs list": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock([fc(), d * 2], [d])
        b.initialize("ones")
        answer = [b(x)]
    """,
    ),
    "outputs nested": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock([fc(), [d * 2, d * 3]], [d])
        b.initialize("ones")
        answer = [b(x)]
    """,
    ),
    "outputs group": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(mx.sym.Group([fc(), d * 2]), [d])
        b.initialize("ones")
        answer = [b(x)]
    """,
    ),
    "outputs split": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(mx.sym.split(d, num_outputs=3), [d])
        answer = [b(x)]
    """,
    ),
    "input not var": (SETUP, FILES, _SYMBOLS, "b = SymbolBlock(fc(), [mx.sym.relu(d)])"),
    "input group": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(d + mx.sym.var("e"), mx.sym.Group([d, mx.sym.var("e")]))
        answer = b(x, x)
    """,
    ),
    "two inputs": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        e = mx.sym.var("e")
        b = SymbolBlock(d + 2 * e, [e, d])
        answer = b(x, x * 10)
    """,
    ),
    "inputs nested": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        e = mx.sym.var("e")
        f2 = mx.sym.var("f")
        b = SymbolBlock(d + 2 * e + f2, [e, [d, f2]])
        answer = b(x, [x * 10, x * 100])
    """,
    ),
    "wrong number": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        e = mx.sym.var("e")
        b = SymbolBlock(d + 2 * e, [e, d])
        b(x)
    """,
    ),
    "wrong number more": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        e = mx.sym.var("e")
        b = SymbolBlock(d + 2 * e, [e, d])
        b(x, x, x)
    """,
    ),
    "other var of same name": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), mx.sym.var("data"))
        b.initialize("ones")
        answer = b(x)
    """,
    ),
    "input not in symbol": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), [mx.sym.var("zork")])
        answer = attrs(b)
    """,
    ),
    "variable stype": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        w = mx.sym.var("w", shape=(4, 2), stype="row_sparse")
        b = SymbolBlock(mx.sym.dot(d, w), d)
        answer = attrs(b)
    """,
    ),
    "shared params": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        n = made(prefix="p_")
        s = n(d)
        b = SymbolBlock(s, d, params=n.collect_params())
        answer = [keys(b), b(x), b.params["p_dense0_weight"] is n[0].weight, n(x)]
    """,
    ),
    "features": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        n = made(prefix="p_")
        s = n(d).get_internals()
        answer = [s.list_outputs()]
        b = SymbolBlock(s["p_dense0_fwd_output"], d, params=n.collect_params())
        answer += [b(x), keys(b)]
        b = SymbolBlock([s["p_dense0_fwd_output"], s["p_batchnorm0_fwd_output"]], d, params=n.collect_params())
        answer += [b(x)]
    """,
    ),
    "fine tune": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        n = made(prefix="p_")
        s = n(d).get_internals()["p_batchnorm0_fwd_output"]
        b = SymbolBlock(s, d, params=n.collect_params())
        class M(HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.f = b
                    self.o = nn.Dense(2)
            def hybrid_forward(self, F, x):
                return self.o(self.f(x))
        m = M(prefix="m_")
        m.o.initialize("ones")
        answer = [keys(m), m(x), sorted(m._collect_params_with_prefix())]
        m.hybridize()
        answer += [m(x)]
        with ag.record():
            y = m(x)
        y.backward()
        answer += [n[0].weight.grad(), m.o.weight.grad()]
    """,
    ),
    "called with symbol": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        y = b(mx.sym.var("z"))
        answer = [y.list_arguments(), y.list_outputs()]
    """,
    ),
    "called with symbol two": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        e = mx.sym.var("e")
        b = SymbolBlock(d + 2 * e, [e, d])
        y = b(mx.sym.var("p"), mx.sym.var("q"))
        answer = [y.list_arguments()]
    """,
    ),
    "called with symbols out list": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock([fc(), d * 2], [d])
        y = b(mx.sym.var("z"))
        answer = [type(y).__name__, len(y)]
    """,
    ),
    "called with symbol twice": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        y = b(b(mx.sym.var("z")))
        answer = y.list_arguments()
    """,
    ),
    "symbol call keeps": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b(mx.sym.var("z"))
        b.initialize("ones")
        answer = b(x)
    """,
    ),
    "not initialized": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b(x)
    """,
    ),
    "hybridize": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.initialize("ones")
        b.hybridize()
        answer = [b(x)]
        b.hybridize(False)
        answer += [b(x), b._active]
    """,
    ),
    "active": (SETUP, FILES, _SYMBOLS, "answer = SymbolBlock(fc(), d)._active"),
    "cast": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.initialize("ones")
        b(x)
        b.cast("float64")
        answer = [b(x.astype("float64")), attrs(b)]
    """,
    ),
    "cast before": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.initialize("ones")
        b.cast("float64")
        answer = [b(x.astype("float64")), attrs(b)]
    """,
    ),
    "export": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.initialize("ones")
        b.hybridize()
        b(x)
        b.export(os.path.join(T, "e"))
        answer = [
            sorted(os.listdir(T)),
            L(os.path.join(T, "e-0000.params")),
            sorted(mx.sym.load(os.path.join(T, "e-symbol.json")).list_arguments()),
        ]
    """,
    ),
    "grad": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.initialize("ones")
        x.attach_grad()
        with ag.record():
            y = b(x)
        y.backward()
        answer = [x.grad, [p.grad() for p in b.collect_params().values()]]
    """,
    ),
    "loss head": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(mx.sym.SoftmaxOutput(fc(), mx.sym.var("l"), name="softmax"), [d, mx.sym.var("l")])
        b.initialize("ones")
        with ag.record():
            y = b(x, nd.array([0, 1]))
        y.backward()
        answer = [y, [p.grad() for p in b.collect_params().values()]]
    """,
    ),
    "hybrid_forward": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.hybrid_forward(nd, x)
    """,
    ),
    "no params": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(mx.sym.relu(d), d)
        answer = b(x)
        b.initialize()
    """,
    ),
    "scope": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        n = N(prefix="n_")
        with n.name_scope():
            b = SymbolBlock(fc(), d)
        answer = [b.prefix, keys(b)]
    """,
    ),
    "two context": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        e = mx.sym.var("e")
        b = SymbolBlock(d + 2 * e, [e, d])
        b(x, x.as_in_context(mx.cpu(1)))
    """,
    ),
    "setattr mult": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        b.collect_params("fc_bias").setattr("grad_req", "null")
        b.initialize("ones")
        answer = attrs(b)
    """,
    ),
    "deferred initialize attr": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        b = SymbolBlock(fc(), d)
        answer = [p._allow_deferred_init for p in b.collect_params().values()]
    """,
    ),
    "shared subset": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        p = ParameterDict()
        w = p.get("fc_weight", shape=(2, 3))
        b = SymbolBlock(fc(), d, params=p)
        answer = [keys(b), b.params["fc_weight"] is w, list(p)]
    """,
    ),
    "shared other prefix": (
        SETUP,
        FILES,
        _SYMBOLS,
        """
        p = ParameterDict("zz_")
        w = p.get("fc_weight", shape=(2, 3))
        b = SymbolBlock(fc(), d, params=p)
        answer = [keys(b), list(p), b.prefix, b.params.prefix]
    """,
    ),
}
