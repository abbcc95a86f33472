"""Files of parameters, structures and graphs: written and read with every choice."""

from .gluon_core import SETUP

FILES = """
import os, tempfile
T = tempfile.mkdtemp()
f = os.path.join(T, "a.params")
def L(p):
    d = nd.load(p)
    return sorted(d.items()) if isinstance(d, dict) else d
def names(p):
    return sorted(nd.load(p))
def S(u=0, prefix=None):
    n = nn.HybridSequential(prefix=prefix)
    with n.name_scope():
        n.add(
            nn.Dense(2, in_units=u),
            nn.BatchNorm(in_channels=2 if u else 0),
            nn.Dense(3, in_units=2 if u else 0),
        )
    return n
def made(**k):
    n = S(3, **k)
    n.initialize(mx.init.One())
    return n
"""

PROGRAMS = {
    "save": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        answer = L(f)
    """,
    ),
    "save not initialized": (
        SETUP,
        FILES,
        """
        n = S(3)
        n.save_parameters(f)
    """,
    ),
    "save deferred": (
        SETUP,
        FILES,
        """
        n = S()
        n.initialize()
        n.save_parameters(f)
    """,
    ),
    "save empty": (
        SETUP,
        FILES,
        """
        n = nn.Sequential()
        n.save_parameters(f)
        answer = len(nd.load(f))
        n.load_parameters(f)
    """,
    ),
    "save shared": (
        SETUP,
        FILES,
        """
        n = nn.Sequential()
        d = nn.Dense(2, in_units=3)
        n.add(d, d, nn.Dense(2, in_units=3, params=d.params))
        n.initialize()
        n.save_parameters(f)
        answer = [names(f)]
        n.save_parameters(f, deduplicate=True)
        answer += [names(f)]
        n.load_parameters(f)
        m = nn.Sequential()
        m.add(*[nn.Dense(2, in_units=3) for i in range(3)])
        try:
            m.load_parameters(f)
        except Exception as e:
            answer += [str(e).replace(f, "F")]
    """,
    ),
    "load": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.load_parameters(f)
        answer = [p.data() for p in m.collect_params().values()]
    """,
    ),
    "load deferred": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S()
        m.load_parameters(f)
        answer = [p.data() for p in m.collect_params().values()]
        answer += [m(x)]
    """,
    ),
    "load initialized deferred": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S()
        m.initialize("zeros", ctx=[mx.cpu(0), mx.cpu(1)])
        m.load_parameters(f)
        answer = [p.list_data() for p in m.collect_params().values()]
    """,
    ),
    "load initialized": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.initialize("zeros")
        w = m[0].weight.data()
        m.load_parameters(f)
        answer = [p.data() for p in m.collect_params().values()]
        answer += [w is m[0].weight.data(), w]
    """,
    ),
    "load other context": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.initialize("zeros")
        m.load_parameters(f, ctx=mx.cpu(1))
    """,
    ),
    "load other context deferred": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S()
        m.initialize("zeros")
        m.load_parameters(f, ctx=mx.cpu(1))
    """,
    ),
    "load context": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.load_parameters(f, ctx=[mx.cpu(1), mx.cpu(2)])
        answer = [str(m.collect_params().list_ctx())]
    """,
    ),
    "load context none": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        with mx.cpu(2):
            m.load_parameters(f)
        answer = [str(m.collect_params().list_ctx())]
    """,
    ),
    "load context order": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        m.load_parameters(f, ctx=[mx.cpu(1), mx.cpu(0)])
        answer = str(m.collect_params().list_ctx())
    """,
    ),
    "load missing": (
        SETUP,
        FILES,
        """
        n = nn.Sequential()
        n.add(nn.Dense(2, in_units=3))
        n.initialize()
        n.save_parameters(f)
        m = made()
        m.load_parameters(f)
    """,
    ),
    "load missing ok": (
        SETUP,
        FILES,
        """
        n = nn.Sequential()
        n.add(nn.Dense(2, in_units=3))
        n.initialize("zeros")
        n.save_parameters(f)
        m = made()
        m.load_parameters(f, allow_missing=True)
        answer = [p.data() for p in m.collect_params().values()]
    """,
    ),
    "load extra": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = nn.Sequential()
        m.add(nn.Dense(2, in_units=3))
        m.load_parameters(f)
    """,
    ),
    "load extra ok": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = nn.Sequential()
        m.add(nn.Dense(2, in_units=3))
        m.load_parameters(f, ignore_extra=True)
        answer = m(x)
    """,
    ),
    "load shape": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = nn.Sequential()
        m.add(nn.Dense(4, in_units=3))
        m.load_parameters(f, ignore_extra=True)
    """,
    ),
    "load shape rank": (
        SETUP,
        FILES,
        """
        nd.save(f, {"weight": nd.ones((2,)), "bias": nd.ones((2,))})
        nn.Dense(2).load_parameters(f)
    """,
    ),
    "load dtype": (
        SETUP,
        FILES,
        """
        n = made()
        n.cast("float16")
        n.save_parameters(f)
        answer = L(f)
        m = S(3)
        m.load_parameters(f)
    """,
    ),
    "load dtype cast": (
        SETUP,
        FILES,
        """
        n = made()
        n.cast("float64")
        n.save_parameters(f)
        m = S(3)
        m.load_parameters(f, cast_dtype=True)
        answer = [p.data() for p in m.collect_params().values()]
    """,
    ),
    "load dtype saved": (
        SETUP,
        FILES,
        """
        n = made()
        n.cast("float64")
        n.save_parameters(f)
        m = S(3)
        m.load_parameters(f, cast_dtype=True, dtype_source="saved")
        answer = [[p.data(), p.dtype] for p in m.collect_params().values()]
    """,
    ),
    "load dtype saved initialize": (
        SETUP,
        FILES,
        """
        n = made()
        n.cast("float64")
        n.save_parameters(f)
        m = S(3)
        m.initialize()
        m.hybridize()
        m(x)
        m.load_parameters(f, cast_dtype=True, dtype_source="saved")
        answer = [[p.data(), p.dtype] for p in m.collect_params().values()]
        answer += [m(x.astype("float64"))]
    """,
    ),
    "load dtype bad source": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.load_parameters(f, cast_dtype=True, dtype_source="foo")
    """,
    ),
    "load dtype bad source nocast": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.load_parameters(f, dtype_source="foo")
        answer = 1
    """,
    ),
    "load no file": (SETUP, FILES, 'S().load_parameters("/nonexistent/zork")'),
    "save_params": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.save_params(f)
        answer = names(f)
        m = S(3)
        m.load_params(f)
        answer += [m(x)]
    """,
    ),
    "save_params other prefix": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.save_params(f)
        m = S(3, prefix="q_")
        m.load_params(f)
        answer = [m(x)]
    """,
    ),
    "collected save other": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f)
        m = S(3, prefix="q_")
        m.load_parameters(f)
    """,
    ),
    "collected save strip": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f, strip_prefix="p_")
        answer = names(f)
        m = S(3, prefix="q_")
        m.collect_params().load(f, restore_prefix="q_")
        answer += [m(x)]
        m = S(3, prefix="q_")
        m.load_parameters(f)
        answer += [m(x)]
    """,
    ),
    "collected save strip bad": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f, strip_prefix="q_")
    """,
    ),
    "collected load restore bad": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f, strip_prefix="p_")
        n.collect_params().load(f, restore_prefix="q_")
    """,
    ),
    "collected load missing": (
        SETUP,
        FILES,
        """
        nd.save(f, {"p_dense0_weight": nd.ones((2, 3))})
        n = S(3, prefix="p_")
        n.collect_params().load(f)
    """,
    ),
    "collected load missing restore": (
        SETUP,
        FILES,
        """
        nd.save(f, {"dense0_weight": nd.ones((2, 3))})
        n = S(3, prefix="p_")
        n.collect_params().load(f, restore_prefix="p_")
    """,
    ),
    "collected load extra": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f)
        m = nn.Dense(2, prefix="p_dense0_")
        m.collect_params().load(f)
    """,
    ),
    "collected load extra ok": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f)
        m = nn.Dense(2, prefix="p_dense0_")
        m.collect_params().load(f, ignore_extra=True)
        answer = m(x)
    """,
    ),
    "collected load context": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.collect_params().save(f)
        m = S(3, prefix="p_")
        m.collect_params().load(f, mx.cpu(1))
        answer = str(m.collect_params().list_ctx())
    """,
    ),
    "collected load cast": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.cast("float64")
        n.collect_params().save(f)
        m = S(3, prefix="p_")
        m.collect_params().load(f, cast_dtype=True)
        answer = str(m[0].weight.dtype)
    """,
    ),
    "collected load_dict": (
        SETUP,
        FILES,
        """
        m = S(3, prefix="p_")
        n = made(prefix="p_")
        m.collect_params().load_dict({k: v.data() for k, v in n.collect_params().items()})
        answer = m(x)
    """,
    ),
    "collected load_dict missing": (
        SETUP,
        FILES,
        """
        m = S(3, prefix="p_")
        m.collect_params().load_dict({})
    """,
    ),
    "collected load_dict extra": (
        SETUP,
        FILES,
        """
        m = S(3, prefix="p_")
        m.collect_params().load_dict({"foo": nd.ones((1,))}, allow_missing=True)
    """,
    ),
    "collected load_dict arg": (
        SETUP,
        FILES,
        """
        m = nn.Dense(2, prefix="p_")
        m.collect_params().load_dict({"arg:p_weight": nd.ones((2, 3)), "arg:p_bias": nd.ones((2,))})
        answer = m(x)
    """,
    ),
    "collected load_dict aux": (
        SETUP,
        FILES,
        """
        m = nn.Dense(2, prefix="p_")
        m.collect_params().load_dict({"aux:p_weight": nd.ones((2, 3)), "arg:p_bias": nd.ones((2,))})
        answer = m(x)
    """,
    ),
    "save two context": (
        SETUP,
        FILES,
        """
        n = S(3)
        n.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
        n[0].weight.list_data()[1][:] = 5
        n.save_parameters(f)
        answer = L(f)
    """,
    ),
    "save constant": (
        SETUP,
        FILES,
        """
        n = HybridBlock()
        n.c = n.params.get_constant("c", [1, 2])
        n.initialize()
        n.save_parameters(f)
        answer = L(f)
        m = HybridBlock()
        m.c = m.params.get_constant("c", [3, 4])
        m.load_parameters(f)
        answer += [m.c.data(), m.c.value]
    """,
    ),
    "params no attr": (
        SETUP,
        FILES,
        """
        n = Block()
        n.params.get("w", shape=(2,))
        n.initialize("ones")
        n.save_parameters(f)
        answer = len(nd.load(f))
        n.collect_params().save(f)
        answer = [answer, len(nd.load(f))]
    """,
    ),
    "export collected load": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        m = S(3, prefix="p_")
        m.collect_params().load(os.path.join(T, "e-0000.params"))
        answer = m(x)
    """,
    ),
    "export not hybridized": (
        SETUP,
        FILES,
        """
        n = made()
        n(x)
        n.export(os.path.join(T, "e"))
    """,
    ),
    "export not run": (
        SETUP,
        FILES,
        """
        n = made()
        n.hybridize()
        n.export(os.path.join(T, "e"))
    """,
    ),
    "export dehyb": (
        SETUP,
        FILES,
        """
        n = made()
        n.hybridize()
        n(x)
        n.hybridize(False)
        n.export(os.path.join(T, "e"))
    """,
    ),
    "export two in": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return (F.relu(x[0] + y) * x[1], x[0])
        z = Z(prefix="z_")
        z.hybridize()
        z([x, x * 2], x)
        z.export(os.path.join(T, "e"))
        s = mx.sym.load(os.path.join(T, "e-symbol.json"))
        answer = [s.list_arguments(), s.list_outputs()]
        b = SymbolBlock.imports(os.path.join(T, "e-symbol.json"), ["data0", "data1", "data2"])
        answer += [b(x, x * 2, x)]
    """,
    ),
    "imports context": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        b = SymbolBlock.imports(
            os.path.join(T, "e-symbol.json"), ["data"], os.path.join(T, "e-0000.params"), ctx=[mx.cpu(1), mx.cpu(2)]
        )
        answer = [str(b.collect_params().list_ctx()), b(x.as_in_context(mx.cpu(2)))]
    """,
    ),
    "imports float64": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.cast("float64")
        n.hybridize()
        n(x.astype("float64"))
        n.export(os.path.join(T, "e"))
        b = SymbolBlock.imports(os.path.join(T, "e-symbol.json"), ["data"], os.path.join(T, "e-0000.params"))
        answer = [[p.dtype for p in b.collect_params().values()], b(x.astype("float64"))]
    """,
    ),
    "imports missing": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        nd.save(f, {"arg:p_dense0_weight": nd.ones((2, 3))})
        SymbolBlock.imports(os.path.join(T, "e-symbol.json"), ["data"], f)
    """,
    ),
    "imports missing ok": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        nd.save(f, {"arg:p_dense0_weight": nd.ones((2, 3))})
        b = SymbolBlock.imports(os.path.join(T, "e-symbol.json"), ["data"], f, allow_missing=True)
        answer = 1
        b(x)
    """,
    ),
    "imports extra": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        p = os.path.join(T, "e-0000.params")
        d = nd.load(p)
        d["arg:zork"] = nd.ones((1,))
        nd.save(p, d)
        SymbolBlock.imports(os.path.join(T, "e-symbol.json"), ["data"], p)
    """,
    ),
    "imports extra ok": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        p = os.path.join(T, "e-0000.params")
        d = nd.load(p)
        d["arg:zork"] = nd.ones((1,))
        nd.save(p, d)
        answer = SymbolBlock.imports(os.path.join(T, "e-symbol.json"), ["data"], p, ignore_extra=True)(x)
    """,
    ),
    "imports no file": (SETUP, FILES, 'SymbolBlock.imports("/nonexistent/zz-symbol.json", ["data"])'),
    "imports module checkpoint": (
        SETUP,
        FILES,
        """
        d = mx.sym.var("data")
        s = mx.sym.SoftmaxOutput(
            mx.sym.FullyConnected(mx.sym.BatchNorm(d, name="bn"), num_hidden=2, name="fc"), name="softmax"
        )
        m = mx.mod.Module(s, label_names=["softmax_label"])
        m.bind([("data", (2, 3))], [("softmax_label", (2,))])
        m.init_params(mx.init.One())
        m.save_checkpoint(os.path.join(T, "m"), 2)
        b = SymbolBlock.imports(
            os.path.join(T, "m-symbol.json"), ["data", "softmax_label"], os.path.join(T, "m-0002.params")
        )
        answer = [keys(b), b(x, nd.zeros((2,)))]
        b = SymbolBlock.imports(
            os.path.join(T, "m-symbol.json"), ["data"], os.path.join(T, "m-0002.params"), allow_missing=True
        )
        answer += [keys(b)]
        s2 = mx.sym.load(os.path.join(T, "m-symbol.json")).get_internals()["fc_output"]
        b = SymbolBlock(s2, [mx.sym.var("data")])
        b.collect_params().load(os.path.join(T, "m-0002.params"), ignore_extra=True)
        answer += [b(x)]
        b = SymbolBlock(s2, [mx.sym.var("data")])
        b.load_parameters(os.path.join(T, "m-0002.params"), ignore_extra=True)
        answer += [b(x)]
    """,
    ),
    "export to module": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        y = n(x)
        n.export(os.path.join(T, "e"))
        m = mx.mod.Module.load(os.path.join(T, "e"), 0, label_names=None)
        m.bind([("data", (2, 3))], for_training=False)
        m.forward(mx.io.DataBatch([x], None))
        answer = [m.get_outputs()[0], y]
    """,
    ),
    "block save": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.save(os.path.join(T, "s"))
        answer = sorted(os.listdir(T))
        m = S(3, prefix="q_")
        m.load(os.path.join(T, "s"))
        answer += [m(x)]
    """,
    ),
    "load dtype float16 param set": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.cast("float16")
        m.load_parameters(f)
    """,
    ),
    "load dtype float16 cast": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.cast("float16")
        m.load_parameters(f, cast_dtype=True)
        answer = [p.data() for p in m.collect_params().values()]
    """,
    ),
    "load_init grad req": (
        SETUP,
        FILES,
        """
        n = made()
        n.save_parameters(f)
        m = S(3)
        m.collect_params(".*weight").setattr("grad_req", "null")
        m.load_parameters(f)
        answer = [p.grad_req for p in m.collect_params().values()]
        m[0].bias.grad()
        m[0].weight.grad()
    """,
    ),
}
