"""Blocks: names, parts, hooks, inputs and outputs, hybridized or not."""

SETUP = """
gluon, nd, ag = (mx.gluon, mx.nd, mx.autograd)
from mxnet.gluon import Block, Constant, HybridBlock, Parameter, ParameterDict, SymbolBlock, nn
class D(HybridBlock):
    def __init__(self, n, in_units=0, **kw):
        super().__init__(**kw)
        with self.name_scope():
            self.weight = self.params.get("weight", shape=(n, in_units), allow_deferred_init=True)
            self.bias = self.params.get("bias", shape=(n,), init="zeros", allow_deferred_init=True)
        self._n = n
    def hybrid_forward(self, F, x, weight, bias):
        return F.FullyConnected(x, weight, bias, num_hidden=self._n)
class N(Block):
    def __init__(self, k=1, **kw):
        super().__init__(**kw)
        with self.name_scope():
            self.a = D(2)
            self.b = D(3)
    def forward(self, x):
        return self.b(self.a(x))
class H(HybridBlock):
    def __init__(self, k=1, **kw):
        super().__init__(**kw)
        with self.name_scope():
            self.a = D(2)
            self.b = D(3)
    def hybrid_forward(self, F, x):
        return self.b(F.relu(self.a(x)))
def keys(b):
    return list(b.collect_params().keys())
def err(f):
    try:
        return f()
    except Exception as e:
        return (
            [k.__name__ for k in type(e).__mro__ if k.__module__ == "builtins"][0]
            if type(e).__module__ != "builtins"
            else type(e).__name__
        )
x = mx.nd.array([[1, -2, 3], [4, 5, -6.0]])
"""

PROGRAMS = {
    "names": (
        SETUP,
        """
        n = N()
        m = N()
        answer = [n.prefix, n.name, keys(n), m.prefix, keys(m), n.a.prefix, n.a.name, n.params.prefix]
    """,
    ),
    "names prefix": (
        SETUP,
        """
        n = N(prefix="foo")
        answer = [n.prefix, n.name, keys(n)]
    """,
    ),
    "names prefix_": (
        SETUP,
        """
        n = N(prefix="foo_")
        answer = [n.prefix, n.name, keys(n)]
    """,
    ),
    "names empty": (
        SETUP,
        """
        n = N(prefix="")
        answer = [n.prefix, n.name, keys(n)]
        m = N(prefix="")
        answer += [keys(m)]
    """,
    ),
    "names no scope": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                super().__init__()
                self.a = D(2)
                self.b = D(3)
        n = M()
        answer = [keys(n)]
        answer += [keys(M())]
    """,
    ),
    "names nested": (
        SETUP,
        """
        class M(Block):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.a = N()
                    self.b = N(prefix="zz_")
                    self.c = N(prefix="")
                    self.d = N()
                    self.e = D(1, prefix="q")
        n = M()
        answer = [keys(n), n.c.prefix, n.b.name]
        n = M(prefix="")
        answer = [keys(n), n.c.prefix, n.b.name]
    """,
    ),
    "names scope again": (
        SETUP,
        """
        class M(Block):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.a = D(1)
                with self.name_scope():
                    self.b = D(1)
        n = M()
        with n.name_scope():
            n.c = D(1)
        answer = keys(n)
    """,
    ),
    "names NameManager": (
        SETUP,
        """
        with mx.name.Prefix("pre_"):
            n = N()
            m = N()
        answer = [keys(n), keys(m)]
        with mx.name.NameManager():
            n = N()
        answer += [keys(n)]
    """,
    ),
    "names scope exception": (
        SETUP,
        """
        n = N()
        try:
            with n.name_scope():
                raise ValueError
        except ValueError:
            pass
        answer = keys(N())
    """,
    ),
    "names alias": (
        SETUP,
        """
        class Foo(Block):
            def _alias(self):
                return "bar"
        answer = [Foo().prefix, Foo().prefix]
    """,
    ),
    "names symbols in scope": (
        SETUP,
        """
        n = N()
        with n.name_scope():
            v = mx.sym.var("v")
            y = mx.sym.relu(v)
            z = mx.sym.relu(v, name="k")
            w = mx.sym.var("u") + 1
        answer = [v.name, y.name, z.name, w.name]
    """,
    ),
    "names empty scope symbols": (
        SETUP,
        """
        n = N(prefix="")
        with n.name_scope():
            v = mx.sym.var("v")
            y = mx.sym.relu(v)
        answer = [v.name, y.name]
    """,
    ),
    "names seq": (
        SETUP,
        """
        n = nn.HybridSequential()
        n.add(nn.Dense(1), nn.Dense(2))
        with n.name_scope():
            n.add(nn.Dense(3), nn.Dense(4))
        m = nn.Sequential(prefix="s_")
        with m.name_scope():
            m.add(nn.Dense(3), nn.Dense(4))
        answer = [keys(n), keys(m), list(n._children), n[0].name]
    """,
    ),
    "share params": (
        SETUP,
        """
        a = D(2, in_units=3)
        b = D(2, in_units=3, params=a.params)
        c = D(2, in_units=3, params=a.collect_params())
        answer = [
            keys(b),
            keys(c),
            a.weight is b.weight,
            c.bias is a.bias,
            b.prefix,
            b.params.prefix,
            list(b.params),
            list(a.params),
        ]
    """,
    ),
    "share params net": (
        SETUP,
        """
        a = N(prefix="a_")
        b = N(prefix="b_", params=a.collect_params())
        answer = [keys(a), keys(b), [k for k in b.params], a.a.weight is b.a.weight]
    """,
    ),
    "share params shape": (
        SETUP,
        """
        a = D(2, in_units=3)
        b = D(3, in_units=3, params=a.params)
    """,
    ),
    "share params in scope": (
        SETUP,
        """
        class M(Block):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.a = D(1)
                    self.b = D(1, params=self.a.params)
                    self.c = D(2)
        n = M()
        answer = [keys(n), n.b.prefix, n.c.prefix, list(n._collect_params_with_prefix())]
    """,
    ),
    "share params missing": (
        SETUP,
        """
        a = N(prefix="a_")
        b = D(2, params=a.params)
        answer = [keys(b), list(a.params)]
    """,
    ),
    "share initialize": (
        SETUP,
        """
        a = D(2, in_units=3)
        b = D(2, in_units=3, params=a.params)
        a.initialize()
        answer = [a(x) - b(x)]
        b.initialize()
    """,
    ),
    "repr": (
        SETUP,
        """
        n = N(prefix="n_")
        answer = [repr(n), str(n), repr(n.a), repr(H(prefix="h_"))]
    """,
    ),
    "repr none": (SETUP, "answer = [repr(Block()), repr(HybridBlock())]"),
    "repr nested": (
        SETUP,
        """
        class M(Block):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.a = N()
                    self.b = self.a
                    self.l = [D(1)]
                    self.register_child(D(3))
                    self.register_child(D(3), "foo")
        m = M()
        answer = [repr(m), list(m._children)]
    """,
    ),
    "setattr block type": (
        SETUP,
        """
        n = N()
        n.a = 3
    """,
    ),
    "setattr block none": (
        SETUP,
        """
        n = N()
        n.a = None
    """,
    ),
    "setattr block other": (
        SETUP,
        """
        n = N()
        n.a = N()
    """,
    ),
    "setattr block dense": (
        SETUP,
        """
        n = N()
        n.a = D(5)
        answer = [list(n._children), keys(n)]
    """,
    ),
    "setattr param again": (
        SETUP,
        """
        a = D(2)
        a.weight = Parameter("x")
    """,
    ),
    "setattr param same": (
        SETUP,
        """
        a = D(2)
        a.weight = a.weight
    """,
    ),
    "setattr param type": (
        SETUP,
        """
        a = D(2)
        a.weight = 3
    """,
    ),
    "setattr constant over param": (
        SETUP,
        """
        a = D(2)
        a.weight = Constant("c", [1])
    """,
    ),
    "setattr param new": (
        SETUP,
        """
        a = D(2)
        a.foo = Parameter("x", shape=(1,))
        answer = [keys(a), list(a._reg_params), list(a._collect_params_with_prefix())]
    """,
    ),
    "setattr number block": (
        SETUP,
        """
        n = N()
        n.foo = 3
        n.foo = D(2)
        answer = list(n._children)
    """,
    ),
    "setattr prefix": (
        SETUP,
        """
        n = N()
        n.prefix = "x"
    """,
    ),
    "setattr before initialize": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                self.a = D(2)
                super().__init__()
        M()
    """,
    ),
    "setattr param before initialize": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                self.a = Parameter("x")
                super().__init__()
        M()
    """,
    ),
    "setattr plain before initialize": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                self.a = 2
                super().__init__()
        answer = M().a
    """,
    ),
    "delattr": (
        SETUP,
        """
        n = N()
        del n.a
        answer = [list(n._children), keys(n)]
    """,
    ),
    "register_child": (
        SETUP,
        """
        n = Block()
        n.register_child(D(2))
        n.register_child(D(3), "foo")
        n.register_child(D(4))
        answer = list(n._children)
    """,
    ),
    "register_child hybrid bad": (
        SETUP,
        """
        n = H()
        n.register_child(N())
    """,
    ),
    "register_child hybrid bad setattr": (
        SETUP,
        """
        n = H()
        n.foo = N()
    """,
    ),
    "register_child other": (
        SETUP,
        """
        n = N()
        n.register_child(3)
    """,
    ),
    "register_child none": (
        SETUP,
        """
        n = H()
        n.register_child(None)
    """,
    ),
    "container": (
        SETUP,
        """
        class M(Block):
            def __init__(self, v):
                super().__init__()
                self.l = v
                self.d = D(1)
        m = M([D(2)])
        m.collect_params()
        m.collect_params()
        answer = keys(m)
    """,
    ),
    "container dict": (
        SETUP,
        """
        class M(Block):
            def __init__(self, v):
                super().__init__()
                self.l = v
                self.d = D(1)
        m = M({"a": [D(2)]})
        m.initialize()
    """,
    ),
    "container registered": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                super().__init__()
                self.l = [D(1), D(2)]
                for b in self.l:
                    self.register_child(b)
        m = M()
        m.initialize()
        answer = keys(m)
    """,
    ),
    "container params": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                super().__init__()
                self.l = [Parameter("x")]
                self.t = (D(1),)
        m = M()
        m.initialize()
        answer = keys(m)
    """,
    ),
    "container part": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                super().__init__()
                self.l = [D(1), D(2)]
                self.register_child(self.l[0])
        m = M()
        m.initialize()
    """,
    ),
    "collect": (
        SETUP,
        """
        n = N(prefix="n_")
        answer = [
            list(n.collect_params(".*weight")),
            list(n.collect_params("n_d0_weight|n_d1_bias")),
            list(n.collect_params("weight")),
            list(n.collect_params(".*d0")),
            n.collect_params().prefix,
            repr(n.collect_params()),
            type(n.collect_params()).__name__,
        ]
    """,
    ),
    "collect same name": (
        SETUP,
        """
        class M(Block):
            def __init__(self):
                super().__init__()
                self.a = D(1, prefix="x_")
                self.b = D(1, prefix="x_")
        keys(M())
    """,
    ),
    "collect shared child": (
        SETUP,
        """
        n = N()
        n.c = n.a
        answer = [keys(n), list(n._collect_params_with_prefix())]
    """,
    ),
    "collect bad regex": (SETUP, 'N().collect_params("(")'),
    "apply": (
        SETUP,
        """
        n = N(prefix="n_")
        l = []
        r = n.apply(lambda b: l.append(b.name))
        answer = [l, r is n]
    """,
    ),
    "hooks": (
        SETUP,
        """
        n = D(2, in_units=3)
        n.initialize()
        l = []
        h1 = n.register_forward_pre_hook(lambda b, i: l.append(["pre1", type(i).__name__, len(i)]))
        h2 = n.register_forward_pre_hook(lambda b, i: l.append(["pre2", b is n]))
        h3 = n.register_forward_hook(lambda b, i, o: l.append(["post1", type(i).__name__, o.shape]))
        h4 = n.register_forward_hook(lambda b, i, o: l.append(["post2"]))
        n(x)
        h1.detach()
        h3.detach()
        n(x)
        h1.detach()
        with h2:
            n(x)
        n(x)
        answer = [l, type(h1).__name__, len(n._forward_hooks), len(n._forward_pre_hooks)]
    """,
    ),
    "hooks return": (
        SETUP,
        """
        n = D(2, in_units=3)
        n.initialize("ones")
        n.register_forward_pre_hook(lambda b, i: (i[0] * 100,))
        n.register_forward_hook(lambda b, i, o: o * 0)
        answer = n(x)
    """,
    ),
    "hooks same twice": (
        SETUP,
        """
        n = D(2, in_units=3)
        n.initialize()
        l = []
        f = lambda b, i: l.append(1)
        h = n.register_forward_pre_hook(f)
        g = n.register_forward_pre_hook(f)
        n(x)
        h.detach()
        n(x)
        g.detach()
        n(x)
        answer = l
    """,
    ),
    "hooks hybrid": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.hybridize()
        l = []
        n.register_forward_hook(lambda b, i, o: l.append("n " + type(o).__name__))
        n.a.register_forward_hook(lambda b, i, o: l.append("a " + type(o).__name__))
        n.a.register_forward_pre_hook(lambda b, i: l.append("apre " + type(i[0]).__name__))
        n(x)
        n(x)
        answer = l
    """,
    ),
    "hooks hybrid after": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.hybridize()
        l = []
        n(x)
        n.a.register_forward_hook(lambda b, i, o: l.append("a " + type(o).__name__))
        n.register_forward_hook(lambda b, i, o: l.append("n " + type(o).__name__))
        n(x)
        n.hybridize()
        n(x)
        answer = l
    """,
    ),
    "hooks not callable": (SETUP, "D(2).register_forward_hook(3)"),
    "forward missing": (SETUP, "Block()(x)"),
    "hybrid_forward missing": (SETUP, "HybridBlock()(x)"),
    "forward missing hybridized": (
        SETUP,
        """
        n = HybridBlock()
        n.hybridize()
        n(x)
    """,
    ),
    "call no args": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        Z()()
    """,
    ),
    "call too many": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        Z()(x, x)
    """,
    ),
    "call too many hybridized": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        z = Z()
        z.hybridize()
        z(x, x)
    """,
    ),
    "call block kwargs": (
        SETUP,
        """
        class Z(Block):
            def forward(self, x, y=None):
                return x
        Z()(x, y=x)
    """,
    ),
    "call numpy": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        Z()(np.ones(3))
    """,
    ),
    "call number": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        Z()(3)
    """,
    ),
    "call None": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        Z()(None)
    """,
    ),
    "call array and symbol": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x
        Z()(x, mx.sym.var("y"))
    """,
    ),
    "call array and symbol, more": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x
        Z()(mx.sym.var("y"), x)
    """,
    ),
    "call second number": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x * y
        answer = Z()(x, 3)
    """,
    ),
    "call second number hybridized": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x * y
        z = Z()
        z.hybridize()
        z(x, 3)
    """,
    ),
    "call second str": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x if y == "a" else -x
        answer = Z()(x, "a")
    """,
    ),
    "call list first": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x[0] + x[1]
        answer = [Z()([x, x])]
        z = Z()
        z.hybridize()
        answer.append(z([x, x]))
    """,
    ),
    "call dict first": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x["a"]
        answer = [Z()({"a": x})]
    """,
    ),
    "call none first": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return y if x is None else x
        answer = [Z()(None, x)]
        z = Z()
        z.hybridize()
        answer.append(z(None, x))
    """,
    ),
    "return list": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return [x, x * 2]
        answer = [Z()(x)]
        z = Z()
        z.hybridize()
        answer.append(z(x))
    """,
    ),
    "return list1": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return [x * 2]
        answer = [Z()(x)]
        z = Z()
        z.hybridize()
        answer.append(z(x))
    """,
    ),
    "return split": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return F.split(x, num_outputs=3)
        answer = [Z()(x)]
        z = Z()
        z.hybridize()
        answer.append(z(x))
    """,
    ),
    "return dict": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return {"a": x}
        answer = [Z()(x)]
        z = Z()
        z.hybridize()
        answer.append(z(x))
    """,
    ),
    "return number": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return 3
        answer = [Z()(x)]
        z = Z()
        z.hybridize()
        answer.append(z(x))
    """,
    ),
    "return nothing": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                pass
        answer = [Z()(x)]
        z = Z()
        z.hybridize()
        answer.append(z(x))
    """,
    ),
    "return input": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        z = Z()
        answer = [z(x) is x]
        z.hybridize()
        y = z(x)
        answer += [y]
        y[:] = 7
        answer += [y]
    """,
    ),
    "unused input": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x * 2
        z = Z()
        answer = [z(x, x)]
        z.hybridize()
        answer += [z(x, x)]
    """,
    ),
    "not initialized": (
        SETUP,
        """
        n = H()
        n(x)
    """,
    ),
    "not initialized hybridized": (
        SETUP,
        """
        n = H()
        n.hybridize()
        n(x)
    """,
    ),
    "not initialized forward block": (
        SETUP,
        """
        n = N()
        n(x)
    """,
    ),
    "bad shape": (
        SETUP,
        """
        n = H()
        n.initialize()
        n(x)
        n(nd.ones((2, 4)))
    """,
    ),
    "bad shape hybridized": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.hybridize()
        n(x)
        n(nd.ones((2, 4)))
    """,
    ),
    "bad shape infer": (
        SETUP,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.w = self.params.get("w", shape=(0,), allow_deferred_init=True)
            def hybrid_forward(self, F, x, w):
                return F.reshape(w, shape=(-1,))
        z = Z()
        z.initialize()
        z(x)
    """,
    ),
    "bad shape infer, more": (
        SETUP,
        """
        n = D(2, in_units=5)
        n.bias._shape = (0,)
        n.initialize()
        n(x)
    """,
    ),
    "two context": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.hybridize()
        n(x)
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return x + y
        z = Z()
        z.hybridize()
        z(x, x.as_in_context(mx.cpu(1)))
    """,
    ),
    "other context": (
        SETUP,
        """
        n = H()
        n.initialize(ctx=mx.cpu(0))
        n(x.as_in_context(mx.cpu(1)))
    """,
    ),
    "other context hybridized": (
        SETUP,
        """
        n = H()
        n.initialize(ctx=mx.cpu(0))
        n.hybridize()
        n(x.as_in_context(mx.cpu(1)))
    """,
    ),
    "other context hybridized, later": (
        SETUP,
        """
        n = H()
        n.initialize(ctx=mx.cpu(0))
        n.hybridize()
        n(x)
        n(x.as_in_context(mx.cpu(1)))
    """,
    ),
    "multi context": (
        SETUP,
        """
        n = H()
        n.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
        answer = [str(n(x).context), str(n(x.as_in_context(mx.cpu(1))).context)]
        n.hybridize()
        xs = [x, x.as_in_context(mx.cpu(1)) * 2]
        with ag.record():
            ys = [n(v) for v in xs]
        for y in ys:
            y.backward()
        answer += [str(ys[1].context), ys, n.a.weight.list_grad()]
    """,
    ),
    "cpu_pinned": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        answer = [n(x.as_in_context(mx.Context("cpu_pinned", 0)))]
    """,
    ),
    "hybridize args": (
        SETUP,
        """
        n = H()
        n.hybridize(
            True, static_alloc=True, static_shape=True, inline_limit=3, forward_bulk_size=2, backward_bulk_size=3
        )
        answer = [n._active, n.a._active, n._flags]
    """,
    ),
    "hybridize default": (
        SETUP,
        """
        n = H()
        answer = [n._active, n._flags]
        n.hybridize()
        answer += [n._active, n._flags]
        n.hybridize(False)
        answer += [n._active, n.a._active]
    """,
    ),
    "hybridize block": (
        SETUP,
        """
        n = N()
        n.hybridize()
        answer = [n.a._active, hasattr(n, "_active")]
        n.hybridize(active=False)
        answer += [n.a._active]
    """,
    ),
    "hybridize unknown": (
        SETUP,
        """
        n = H()
        n.hybridize(foo=3)
        n.initialize()
        answer = n(x).shape
    """,
    ),
    "hybridize block kw": (
        SETUP,
        """
        n = N()
        n.hybridize(static_alloc=True)
        answer = n.a._flags
    """,
    ),
    "cast hybrid": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        answer = [n(x)]
        n.cast("float64")
        answer += [n(x.astype("float64"))]
        answer += [err(lambda: n(x).asnumpy())]
    """,
    ),
    "cast numpy": (
        SETUP,
        """
        n = H()
        n.cast(np.float16)
        answer = [n.a.weight.dtype]
    """,
    ),
    "infer_shape": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.infer_shape(x)
        answer = [n.a.weight.shape, n.b.weight.shape]
        answer += [n.a.weight._data is None]
    """,
    ),
    "infer_shape override": (
        SETUP,
        """
        class Z(D):
            def infer_shape(self, x, *args):
                self.weight.shape = (self._n, x.shape[1])
        z = Z(2)
        z.initialize("ones")
        answer = [z(x)]
        z.hybridize()
        answer += [z(x)]
    """,
    ),
    "float64 input deferred": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        answer = [err(lambda: n(x.astype("float64")).dtype), n.a.weight.dtype]
    """,
    ),
    "float64 input deferred hybridized": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        answer = [err(lambda: n(x.astype("float64")).asnumpy()), n.a.weight.dtype]
    """,
    ),
    "current context within": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return (x + F.ones((2, 3)),)
        z = Z()
        answer = [str(z(x.as_in_context(mx.cpu(1)))[0].context)]
        z.hybridize()
        answer += [str(z(x.as_in_context(mx.cpu(1)))[0].context)]
    """,
    ),
    "grad add": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.collect_params().setattr("grad_req", "add")
        n(x)
        n.hybridize()
        for i in range(3):
            with ag.record():
                y = n(x)
            y.backward()
        answer = [p.grad() for p in n.collect_params().values()]
        n.collect_params().zero_grad()
        n.collect_params().setattr("grad_req", "write")
        with ag.record():
            y = n(x)
        y.backward()
        answer += [p.grad() for p in n.collect_params().values()]
        n.collect_params().setattr("grad_req", "null")
        with ag.record():
            y = n(x)
        answer += [err(lambda: y.backward())]
        n.a.weight.grad_req = "write"
        with ag.record():
            y = n(x)
        y.backward()
        answer += [n.a.weight.grad()]
    """,
    ),
    "input grad": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        x.attach_grad()
        with ag.record():
            y = n(x * 2)
        y.backward()
        answer = [x.grad]
    """,
    ),
    "several calls": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        with ag.record():
            y = (n(x) + n(x * 2)).sum() + n(x[:1]).sum()
        y.backward()
        answer = [p.grad() for p in n.collect_params().values()]
    """,
    ),
    "retain": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        n.collect_params().setattr("grad_req", "add")
        with ag.record():
            y = n(x)
        y.backward(retain_graph=True)
        y.backward()
        answer = [p.grad() for p in n.collect_params().values()]
    """,
    ),
    "twice backward": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        with ag.record():
            y = n(x)
        y.backward()
        y.backward()
    """,
    ),
    "modes": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return F.Dropout(x, p=0.5)
        z = Z()
        z.hybridize()
        big = nd.ones((100, 100))
        def kept():
            return float(abs(float((z(big) == 0).mean().asscalar()) - 0.5)) < 0.05
        answer = [kept()]
        with ag.record():
            answer.append(kept())
        with ag.record(train_mode=False):
            answer.append(kept())
        with ag.train_mode():
            answer.append(kept())
        with ag.record():
            with ag.pause():
                answer.append(kept())
            with ag.pause(train_mode=True):
                answer.append(kept())
            with ag.predict_mode():
                answer.append(kept())
    """,
    ),
    "batch norm": (
        SETUP,
        """
        n = nn.HybridSequential()
        n.add(nn.BatchNorm(momentum=0.5))
        n.initialize()
        n.hybridize()
        n(x)
        s = [n[0].running_mean.data().copy(), n[0].running_var.data().copy()]
        with ag.record():
            y = n(x)
        y.backward()
        nd.waitall()
        answer = [y, n[0].running_mean.data(), n[0].running_var.data(), n[0].gamma.grad(), n(x)]
        with ag.record(train_mode=False):
            y = n(x)
        y.backward()
        answer += [y, n[0].running_mean.data()]
    """,
    ),
    "summary": (
        SETUP,
        """
        n = N()
        n.initialize()
        n.summary(x)
    """,
    ),
    "summary of a HybridBlock": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.summary(x)
    """,
    ),
    "summary hybridized": (
        SETUP,
        """
        n = H()
        n.initialize()
        n.hybridize()
        n.summary(x)
    """,
    ),
    "summary seq": (
        SETUP,
        """
        n = nn.Sequential()
        n.add(nn.Dense(3), nn.BatchNorm(), nn.Dense(2))
        n.initialize()
        n.summary(x)
    """,
    ),
    "summary nested outputs": (
        SETUP,
        """
        class Z(Block):
            def __init__(self):
                super().__init__()
                self.a = D(2)
                self.l = nn.HybridSequential()
                self.l.add(D(4))
            def forward(self, x, y=None):
                return [self.a(x), (self.l(x), self.a(x))]
        z = Z()
        z.initialize()
        z.summary(x)
        z.summary(x, x)
    """,
    ),
    "summary list in": (
        SETUP,
        """
        class Z(Block):
            def forward(self, x):
                return x[0]
        z = Z()
        z.summary([x, x])
    """,
    ),
    "summary shared": (
        SETUP,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.a = D(2)
                self.b = D(2, params=self.a.params)
            def hybrid_forward(self, F, x):
                return self.a(x) + self.b(x)
        z = Z()
        z.initialize()
        z.summary(x)
    """,
    ),
    "summary not initialized": (SETUP, "N().summary(x)"),
    "summary none": (
        SETUP,
        """
        class Z(Block):
            def forward(self, x, y):
                return x
        z = Z()
        z.summary(x, None)
    """,
    ),
    "call symbol": (
        SETUP,
        """
        n = H(prefix="h_")
        y = n(mx.sym.var("data"))
        answer = [y.list_arguments(), y.list_outputs(), y.tojson()]
    """,
    ),
    "call symbol again": (
        SETUP,
        """
        n = H(prefix="h_")
        y = n(mx.sym.var("data"))
        z = n(mx.sym.var("data"))
        answer = [y.list_outputs(), z.list_outputs(), [i.name for i in z.get_internals()]]
    """,
    ),
    "call symbol bind": (
        SETUP,
        """
        n = H(prefix="h_")
        y = n(mx.sym.var("data"))
        e = y.simple_bind(mx.cpu(), data=(2, 3))
        answer = [{k: v.shape for k, v in e.arg_dict.items()}]
        n.initialize("ones")
        n.infer_shape(x)
        for p in n.collect_params().values():
            p._finish_deferred_init()
        e.copy_params_from({k: v.data() for k, v in n.collect_params().items()}, allow_extra_params=True)
        answer += [e.forward(data=x)[0], n(x)]
    """,
    ),
    "hybridized internals": (
        SETUP,
        """
        n = H(prefix="h_")
        n.initialize()
        n.hybridize()
        n(x)
        s = n._cached_graph
        answer = [
            type(s).__name__,
            len(s),
            [i.name for i in s[0]] if isinstance(s[0], (list, tuple)) else s[0].name,
            s[1].list_arguments(),
            [i.name for i in s[1].get_internals()],
        ]
    """,
    ),
    "hybridized internals two in": (
        SETUP,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return F.relu(x[0] + y) * x[1]
        z = Z(prefix="z_")
        z.hybridize()
        z([x, x], x)
        s = z._cached_graph
        answer = [[i.name for i in s[0]], s[1].list_arguments(), [i.name for i in s[1].get_internals()]]
    """,
    ),
    "get_graph": (
        SETUP,
        """
        n = H(prefix="h_")
        s = n._get_graph(x)
        answer = [s[1].list_arguments(), n._get_graph(x)[1] is s[1]]
    """,
    ),
    "names in hybrid_forward": (
        SETUP,
        """
        class Z(HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                self.c = D(2, prefix="c_")
            def hybrid_forward(self, F, x):
                return F.relu(self.c(F.relu(x, name="foo")))
        z = Z(prefix="z_")
        s = z(mx.sym.var("data"))
        answer = [[i.name for i in s.get_internals()]]
        s = z(mx.sym.var("data"))
        answer += [[i.name for i in s.get_internals()]]
    """,
    ),
    "empty prefix internals": (
        SETUP,
        """
        class Z(HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                self.c = D(2, prefix="c_")
            def hybrid_forward(self, F, x):
                return F.relu(self.c(F.relu(x)))
        z = Z(prefix="")
        s = z(mx.sym.var("data"))
        answer = [[i.name for i in s.get_internals()]]
        s = z(mx.sym.var("data"))
        answer += [[i.name for i in s.get_internals()]]
    """,
    ),
    "forward override": (
        SETUP,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.a = D(2)
                self.b = D(3)
            def forward(self, x):
                return self.b(self.a(x))
        z = Z()
        z.initialize("ones")
        answer = [z(x)]
        z.hybridize()
        answer += [z(x)]
        answer += [err(lambda: z.export("zz"))]
    """,
    ),
    "forward override super": (
        SETUP,
        """
        class Z(D):
            def forward(self, x, k=2):
                return super().forward(x * k)
        z = Z(2)
        z.initialize("ones")
        answer = [z(x)]
        z.hybridize()
        answer += [z(x), z(x, 3)]
    """,
    ),
    "forward override in parent": (
        SETUP,
        """
        class Z(D):
            def forward(self, x, k=2):
                return super().forward(x * k)
        n = nn.HybridSequential()
        n.add(Z(2), D(3))
        n.initialize("ones")
        answer = [n(x)]
        n.hybridize()
        answer += [n(x)]
    """,
    ),
    "child override": (
        SETUP,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.a = D(2)
                self.b = D(3)
            def hybrid_forward(self, F, x):
                return self.b(self.a(x))
        z = Z()
        z.initialize("ones")
        z.hybridize()
        answer = [z(x)]
        z.b = D(4)
        z.b.initialize("ones")
        answer += [z(x)]
    """,
    ),
    "child inner hybridized only": (
        SETUP,
        """
        n = N()
        n.a.hybridize()
        n.initialize("ones")
        answer = n(x)
    """,
    ),
    "set_data later": (
        SETUP,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        n(x)
        n.a.weight.set_data(nd.ones((2, 3)) * 2)
        answer = [n(x)]
        n.a.weight.data()[:] = 3
        answer += [n(x)]
        n.initialize("zeros", force_reinit=True)
        answer += [n(x)]
        n.collect_params().reset_ctx(mx.cpu(1))
        answer += [n(x.as_in_context(mx.cpu(1)))]
    """,
    ),
    "initialize verbose": (
        SETUP,
        """
        n = N()
        n.initialize(mx.init.One(), verbose=True)
    """,
    ),
    "initialize twice": (
        SETUP,
        """
        n = N()
        n.initialize()
        n(x)
        n.initialize()
    """,
    ),
    "initialize twice deferred": (
        SETUP,
        """
        n = N()
        n.initialize("ones")
        n.initialize("zeros")
        answer = n(x)
    """,
    ),
    "initialize positional": (
        SETUP,
        """
        n = N()
        n.initialize(mx.init.One(), mx.cpu(1))
        answer = [str(n.collect_params().list_ctx())]
    """,
    ),
    "hybridize infer": (
        SETUP,
        """
        n = H()
        n.hybridize()
        n.initialize("ones")
        answer = [n(x), n(x[:1]), n(nd.ones((5, 3)))]
    """,
    ),
}
