"""Programs as tutorials and model libraries of 1.x write them, and bodies of hybridized blocks."""

from .gluon_core import SETUP
from .gluon_files import FILES

_BOTH = """
class Z(HybridBlock):
    def __init__(self, fn, **k):
        super().__init__(**k)
        self.fn = fn
    def hybrid_forward(self, F, *a):
        return self.fn(F, *a)
def both(fn, *a):
    r = []
    for h in (0, 1):
        z = Z(fn)
        z.hybridize(bool(h))
        for v in a:
            v.attach_grad()
        with ag.record():
            y = z(*a)
            ys = y if isinstance(y, (list, tuple)) else [y]
            l = sum([(v * v).sum() for v in ys])
        l.backward()
        r.append(list(ys) + [v.grad.copy() for v in a])
    return r
import contextlib, io
def printed(f):
    with contextlib.redirect_stdout(io.StringIO()) as said:
        f()
    return said.getvalue()
"""

PROGRAMS = {
    "d2l net": (
        SETUP,
        FILES,
        """
        class MLP(nn.Block):
            def __init__(self, **kwargs):
                super(MLP, self).__init__(**kwargs)
                self.hidden = nn.Dense(4, activation="relu")
                self.output = nn.Dense(2)
            def forward(self, x):
                return self.output(self.hidden(x))
        class NestMLP(nn.Block):
            def __init__(self, **kwargs):
                super(NestMLP, self).__init__(**kwargs)
                self.net = nn.Sequential()
                self.net.add(nn.Dense(6, activation="relu"), nn.Dense(3, activation="relu"))
                self.dense = nn.Dense(1, activation="relu")
            def forward(self, x):
                return self.dense(self.net(x))
        net = nn.Sequential()
        net.add(NestMLP(), nn.Dense(2), MLP())
        net.initialize(mx.init.One())
        y = net(x)
        print(net)
        print(net.collect_params())
        print(net[0].params, net[0].dense.params, net[1].weight.data(), net[1].weight.grad())
        answer = [y, net[0].net[0].weight.name]
    """,
    ),
    "d2l custom initialize": (
        SETUP,
        FILES,
        """
        class MyInit(mx.init.Initializer):
            def _init_weight(self, name, data):
                print("Init", name, data.shape)
                data[:] = 2
        net = nn.Sequential()
        net.add(nn.Dense(2, activation="relu"), nn.Dense(3))
        net.initialize(MyInit())
        print("before")
        net(x)
        net.initialize(MyInit(), force_reinit=True)
        net[0].weight.initialize(init=mx.init.Xavier(), force_reinit=True)
        net[0].weight.set_data(net[0].weight.data() * 0 + 1)
        answer = [p.data() for p in net.collect_params().values()]
    """,
    ),
    "d2l custom layer params": (
        SETUP,
        FILES,
        """
        class MyDense(nn.Block):
            def __init__(self, units, in_units, **kwargs):
                super(MyDense, self).__init__(**kwargs)
                self.weight = self.params.get("weight", shape=(in_units, units))
                self.bias = self.params.get("bias", shape=(units,))
            def forward(self, x):
                linear = nd.dot(x, self.weight.data()) + self.bias.data()
                return nd.relu(linear)
        dense = MyDense(units=3, in_units=3)
        print(dense.params)
        dense.initialize(mx.init.One())
        answer = [dense(x)]
        net = nn.Sequential()
        net.add(MyDense(4, 3), MyDense(1, 4))
        net.initialize("ones")
        answer += [net(x)]
    """,
    ),
    "params get then initialize": (
        SETUP,
        FILES,
        """
        params = gluon.ParameterDict()
        params.get("param2", shape=(2, 3))
        print(params)
        params.initialize(mx.init.One())
        answer = params["param2"].data()
    """,
    ),
    "gluoncv ssd like": (
        SETUP,
        FILES,
        """
        class ConvPredictor(gluon.HybridBlock):
            def __init__(
                self,
                num_channel,
                kernel=(3, 3),
                pad=(1, 1),
                stride=(1, 1),
                activation=None,
                use_bias=True,
                **kwargs,
            ):
                super(ConvPredictor, self).__init__(**kwargs)
                with self.name_scope():
                    self.predictor = nn.Conv2D(
                        num_channel,
                        kernel,
                        strides=stride,
                        padding=pad,
                        activation=activation,
                        use_bias=use_bias,
                        weight_initializer=mx.init.Xavier(magnitude=2),
                        bias_initializer="zeros",
                    )
            def hybrid_forward(self, F, x):
                return self.predictor(x)
        class SSD(gluon.HybridBlock):
            def __init__(self, **kw):
                super(SSD, self).__init__(**kw)
                with self.name_scope():
                    self.stages = nn.HybridSequential()
                    self.class_predictors = nn.HybridSequential(prefix="class_predictors_")
                    for i in range(2):
                        s = nn.HybridSequential(prefix="stage%d_" % i)
                        with s.name_scope():
                            s.add(nn.Conv2D(4, 3, 2, 1), nn.BatchNorm(), nn.Activation("relu"))
                        self.stages.add(s)
                        self.class_predictors.add(ConvPredictor(6))
            def hybrid_forward(self, F, x):
                feats = []
                for s in self.stages:
                    x = s(x)
                    feats.append(x)
                preds = [F.flatten(F.transpose(cp(f), (0, 2, 3, 1))) for f, cp in zip(feats, self.class_predictors)]
                cls = F.concat(*preds, dim=1).reshape((0, -1, 3))
                if mx.autograd.is_training():
                    return [cls, feats[0]]
                return (F.softmax(cls, axis=-1), feats)
        n = SSD(prefix="ssd0_")
        n.initialize()
        im = nd.arange(2 * 3 * 16 * 16).reshape((2, 3, 16, 16)) / 1000
        o = n(im)
        n.hybridize()
        o2 = n(im)
        answer = [
            keys(n),
            sorted(n._collect_params_with_prefix()),
            o[0].shape,
            [v.shape for v in o[1]],
            float((o[0] - o2[0]).abs().max().asscalar()) < 1e-05,
            type(o2[1]).__name__,
        ]
        with ag.record():
            r = n(im)
        answer += [len(r)]
    """,
    ),
    "gluoncv getattr": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        answer = [
            [getattr(l, "_units", None) for l in n],
            len(n),
            [k for k, v in n._children.items()],
            [type(v).__name__ for v in n._children.values()],
        ]
    """,
    ),
    "replace output layer": (
        SETUP,
        FILES,
        """
        class Net(gluon.HybridBlock):
            def __init__(self, classes=4, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.features = nn.HybridSequential(prefix="")
                    self.features.add(nn.Dense(3))
                    self.output = nn.Dense(classes)
            def hybrid_forward(self, F, x):
                return self.output(self.features(x))
        a = Net(prefix="a_")
        a.initialize("ones")
        a.hybridize()
        a(x)
        b = Net(classes=2, prefix="b_")
        b.features = a.features
        b.output.initialize("ones")
        answer = [b(x), keys(b)]
        with a.name_scope():
            a.output = nn.Dense(5)
        a.output.initialize("ones")
        a.collect_params(".*dense").setattr("lr_mult", 10)
        answer += [a(x).shape, keys(a), [p.lr_mult for p in a.collect_params().values()]]
    """,
    ),
    "insightface like": (
        SETUP,
        FILES,
        """
        class ArcMargin(gluon.HybridBlock):
            def __init__(self, classes, emb, s=64, m=0.5, **k):
                super().__init__(**k)
                self.s = s
                self.weight = self.params.get(
                    "weight", shape=(classes, emb), init="ones", dtype="float32", allow_deferred_init=True
                )
            def hybrid_forward(self, F, x, label, weight):
                w = F.L2Normalization(weight, mode="instance")
                e = F.L2Normalization(x, mode="instance") * self.s
                fc = F.FullyConnected(e, w, no_bias=True, num_hidden=self.weight.shape[0])
                return (F.pick(fc, label, axis=1), fc)
        n = ArcMargin(4, 3)
        n.initialize()
        y = nd.array([1, 2])
        answer = [n(x, y)]
        n.hybridize()
        r = n(x, y)
        answer += [list(r)]
    """,
    ),
    "sockeye like states": (
        SETUP,
        FILES,
        """
        class Cell(gluon.HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.i = nn.Dense(2, flatten=False)
                    self.h = nn.Dense(2, flatten=False)
            def hybrid_forward(self, F, x, states, mask=None):
                h = F.tanh(self.i(x) + self.h(states[0]))
                if mask is not None:
                    h = F.broadcast_mul(h, mask)
                return (h, [h, states[1] + 1])
        c = Cell()
        c.initialize("ones")
        s = [nd.zeros((2, 2)), nd.zeros((1,))]
        o, s2 = c(x, s)
        c.hybridize()
        o3, s3 = c(x, s)
        o4, s4 = c(x, s3)
        answer = [o, s2, o3, s3, o4, s4]
    """,
    ),
    "mask arg": (
        SETUP,
        FILES,
        """
        class Cell(gluon.HybridBlock):
            def hybrid_forward(self, F, x, mask=None):
                return x if mask is None else F.broadcast_mul(x, mask)
        c = Cell()
        answer = [c(x, None), c(x, nd.array([[1], [0]]))]
        c.hybridize()
        answer += [c(x, nd.array([[1], [0]]))]
    """,
    ),
    "loss in net": (
        SETUP,
        FILES,
        """
        class T(HybridBlock):
            def __init__(self, net, **k):
                super().__init__(**k)
                self.net = net
                self.loss = gluon.loss.SoftmaxCrossEntropyLoss()
            def hybrid_forward(self, F, x, y):
                return self.loss(self.net(x), y)
        n = made(prefix="p_")
        t = T(n)
        t.hybridize(static_alloc=True, static_shape=True)
        tr = gluon.Trainer(t.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
        for i in range(3):
            with ag.record():
                l = t(x, nd.array([0, 1]))
            l.backward()
            tr.step(2)
        answer = [l, [p.data() for p in n.collect_params().values()]]
    """,
    ),
    "freeze batch norm": (
        SETUP,
        FILES,
        """
        n = made()
        n.collect_params(".*batchnorm.*").setattr("grad_req", "null")
        n.hybridize()
        with ag.record():
            l = n(x).sum()
        l.backward()
        answer = [[k, p.grad_req] for k, p in sorted(n._collect_params_with_prefix().items())] + [
            n[0].weight.grad(),
            n[1].running_mean.data(),
        ]
    """,
    ),
    "use_global_stats": (
        SETUP,
        FILES,
        """
        n = nn.HybridSequential()
        n.add(nn.BatchNorm(use_global_stats=True, scale=False))
        n.initialize()
        n.hybridize()
        with ag.record():
            l = n(x)
        l.backward()
        nd.waitall()
        answer = [l, n[0].running_mean.data()]
    """,
    ),
    "name of symbol outputs": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        s = n(mx.sym.var("data"))
        answer = [s.list_arguments(), s.list_outputs(), s.list_auxiliary_states(), s.get_internals().list_outputs()]
        i = s.get_internals()
        answer += [i["p_dense0_fwd_output"].list_arguments()]
    """,
    ),
    "symbol of sequences": (
        SETUP,
        FILES,
        """
        n = nn.HybridSequential(prefix="q_")
        with n.name_scope():
            for i in range(2):
                n.add(nn.Conv2D(2, 1), nn.MaxPool2D(), nn.Activation("relu"), nn.Dropout(0.1), nn.Flatten())
        s = n(mx.sym.var("data"))
        answer = s.get_internals().list_outputs()
    """,
    ),
    "infer_shape of symbol": (
        SETUP,
        FILES,
        """
        n = S(prefix="p_")
        s = n(mx.sym.var("data"))
        answer = s.infer_shape(data=(4, 3))
    """,
    ),
    "block in params dict": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        d = n.collect_params()
        d.update(nn.Dense(1, prefix="zz_").collect_params())
        answer = list(d)
    """,
    ),
    "monitor": (
        SETUP,
        FILES,
        """
        n = made(prefix="p_")
        n.hybridize()
        y = n(x)
        s = n._cached_graph[1]
        e = s.bind(
            mx.cpu(),
            {**{"data": x}, **{k: p.data() for k, p in n.collect_params().items() if "running" not in k}},
            aux_states={k: p.data() for k, p in n.collect_params().items() if "running" in k},
        )
        answer = [e.forward()[0], y]
    """,
    ),
    "hybrid lambda": (
        SETUP,
        FILES,
        """
        n = nn.HybridSequential()
        n.add(nn.HybridLambda("tanh"), nn.HybridLambda(lambda F, x: F.relu(x)))
        answer = [n(x)]
        n.hybridize()
        answer += [n(x)]
    """,
    ),
    "detach inside": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return F.BlockGrad(x) * x + F.stop_gradient(x)
        z = Z()
        z.hybridize()
        x.attach_grad()
        with ag.record():
            y = z(x)
        y.backward()
        answer = x.grad
    """,
    ),
    "slice inside": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return (
                    x.slice_axis(axis=1, begin=0, end=2) + x.reshape((0, -1)).slice((0, 1), (2, 3)),
                    x.sum(axis=1),
                    x.expand_dims(0).squeeze(),
                    x.astype("float64"),
                )
        z = Z()
        a = z(x)
        z.hybridize()
        b = z(x)
        answer = [list(a), list(b)]
    """,
    ),
    "arange_like etc": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                return (
                    F.contrib.arange_like(x, axis=1),
                    F.zeros_like(x),
                    F.ones_like(x),
                    F.arange(3),
                    F.zeros((2,)),
                    F.linalg.gemm2(x, x, transpose_b=True),
                    F.random.uniform(shape=(2,)) * 0,
                )
        z = Z()
        a = z(x)
        z.hybridize()
        b = z(x)
        answer = [list(a), list(b)]
    """,
    ),
    "param.var override": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.w = self.params.get("w", shape=(3,), init="ones")
            def hybrid_forward(self, F, x, **kw):
                return F.broadcast_mul(x, kw["w"])
        z = Z()
        z.initialize()
        answer = [z(x)]
        z.hybridize()
        answer += [z(x)]
    """,
    ),
    "param used of child": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.d = nn.Dense(3, in_units=3)
                self.o = nn.Dense(3, in_units=3, params=self.d.params)
            def hybrid_forward(self, F, x):
                return F.dot(self.o(x), self.d.weight.var() if F is mx.sym else self.d.weight.data())
        z = Z()
        z.initialize("ones")
        answer = [z(x)]
        z.hybridize()
        answer += [z(x)]
    """,
    ),
    "register in loop": (
        SETUP,
        FILES,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.layers = []
                for i in range(3):
                    l = nn.Dense(3, in_units=3)
                    self.layers.append(l)
                    self.register_child(l, "l%d" % i)
                    setattr(self, "w%d" % i, self.params.get("w%d" % i, shape=(3,), init="ones"))
            def hybrid_forward(self, F, x, **p):
                for i, l in enumerate(self.layers):
                    x = F.broadcast_add(l(x), p["w%d" % i])
                return x
        z = Z()
        z.initialize("ones")
        answer = [z(x)]
        z.hybridize()
        answer += [z(x), sorted(z._collect_params_with_prefix())]
        z.save_parameters(f)
        answer += [names(f)]
    """,
    ),
    "foreach": (
        SETUP,
        FILES,
        _BOTH,
        """
        def fn(F, a):
            o, s = F.contrib.foreach(lambda i, s: (i * s[0], [s[0] + i]), a, [F.ones((3,))])
            return (o, s[0])
        answer = both(fn, x)
    """,
    ),
    "foreach single state": (
        SETUP,
        FILES,
        _BOTH,
        """
        def fn(F, a):
            o, s = F.contrib.foreach(lambda i, s: (i * s, s + i), a, F.ones((3,)))
            return (o, s)
        answer = both(fn, x)
    """,
    ),
    "foreach closure": (
        SETUP,
        FILES,
        _BOTH,
        """
        def fn(F, a, b):
            o, s = F.contrib.foreach(lambda i, s: (i * s * b, s + i), a, F.ones((3,)))
            return (o, s)
        answer = both(fn, x, x[0] * 1)
    """,
    ),
    "while": (
        SETUP,
        FILES,
        _BOTH,
        """
        def fn(F, a):
            o, s = F.contrib.while_loop(
                lambda i, s: i < 3, lambda i, s: ([s], [i + 1, s * 2]), [F.zeros((1,)), a], max_iterations=3
            )
            return (o[0], s[1])
        answer = both(fn, x)
    """,
    ),
    "cond": (
        SETUP,
        FILES,
        _BOTH,
        """
        def fn(F, a):
            return F.contrib.cond(a.sum() > 100, lambda: a * 2, lambda: a * 3)
        answer = both(fn, x)
    """,
    ),
    "foreach layer": (
        SETUP,
        FILES,
        _BOTH,
        """
        class R(HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.d = nn.Dense(3, in_units=3)
            def hybrid_forward(self, F, x):
                o, s = F.contrib.foreach(lambda i, s: (self.d(i.expand_dims(0)) + s, s + 1), x, F.zeros((1, 3)))
                return o
        r = R(prefix="r_")
        r.initialize("ones")
        answer = [r(x)]
        r.hybridize()
        answer += [r(x)]
        with ag.record():
            l = r(x)
        l.backward()
        answer += [r.d.weight.grad()]
    """,
    ),
    "foreach layer deferred": (
        SETUP,
        FILES,
        _BOTH,
        """
        class R(HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                with self.name_scope():
                    self.d = nn.Dense(3)
            def hybrid_forward(self, F, x):
                o, s = F.contrib.foreach(lambda i, s: (self.d(i.expand_dims(0)) + s, s + 1), x, F.zeros((1, 3)))
                return o
        r = R(prefix="r_")
        r.initialize("ones")
        r.hybridize()
        answer = [r(x)]
    """,
    ),
    "nested hybrid parts": (
        SETUP,
        FILES,
        _BOTH,
        """
        class A(Block):
            def __init__(self):
                super().__init__()
                self.h = H()
                self.g = nn.Dense(2)
            def forward(self, x):
                return self.g(self.h(x)) * self.h.a.bias.data().sum()
        a = A()
        a.initialize("ones")
        a.hybridize()
        with ag.record():
            l = a(x).sum()
        l.backward()
        answer = [l, a.h.a.weight.grad(), a.g.weight.grad()]
    """,
    ),
    "hybrid inside not": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = H()
        n.b.hybridize()
        n.initialize("ones")
        answer = [n(x), n._active, n.b._active]
    """,
    ),
    "hybrid then child off": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        n.b.hybridize(False)
        answer = [n(x)]
        n.hybridize(False)
        n.b.hybridize()
        answer += [n(x)]
    """,
    ),
    "clear False": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = H()
        n.initialize("ones")
        n.hybridize()
        a = n(x)
        n.hybridize(clear=False)
        answer = [a, n(x)]
    """,
    ),
    "grad_req add two context": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize(mx.init.One(), ctx=[mx.cpu(0), mx.cpu(1)])
        n.hybridize()
        n.collect_params().setattr("grad_req", "add")
        for i in range(2):
            with ag.record():
                ls = [n(x.as_in_context(mx.cpu(k)) * (k + 1)).sum() for k in range(2)]
            ag.backward(ls)
        answer = [p.list_grad() for k, p in sorted(n._collect_params_with_prefix().items()) if k.startswith("2")]
    """,
    ),
    "stale": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.hybridize()
        n(x)
        n[2].weight.data()[:] = 0
        answer = [n(x)]
        n[2].bias.set_data(nd.array([1, 2, 3]))
        answer += [n(x)]
    """,
    ),
    "head grads": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.hybridize()
        with ag.record():
            y = n(x)
        y.backward(nd.array([[1, 2, 3], [4, 5, 6]]))
        answer = [n[2].weight.grad(), n[2].bias.grad()]
    """,
    ),
    "two outputs one used": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: (a * 2, a * 3))
        z.hybridize()
        x.attach_grad()
        with ag.record():
            y, w = z(x)
        w.backward()
        answer = x.grad
    """,
    ),
    "int output": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: (a * 2, F.argmax(a, axis=1), F.cast(a, "int32")))
        z.hybridize()
        x.attach_grad()
        with ag.record():
            y, w, i = z(x)
        y.backward()
        answer = [x.grad, w, i]
    """,
    ),
    "float64 grads": (
        SETUP,
        FILES,
        _BOTH,
        """
        a = x.astype("float64")
        z = Z(lambda F, a: a * a)
        z.hybridize()
        a.attach_grad()
        with ag.record():
            y = z(a)
        y.backward()
        answer = [a.grad, y]
    """,
    ),
    "view input": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a * 2)
        z.hybridize()
        answer = [z(x[0]), z(x[:, 1]), z(x[0:1]), z(x.T)]
    """,
    ),
    "zero size": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a * 2)
        z.hybridize()
        answer = z(nd.zeros((1,)))
    """,
    ),
    "scalar": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a.sum())
        z.hybridize()
        answer = z(x)
    """,
    ),
    "same input twice": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a, b: a * b)
        z.hybridize()
        x.attach_grad()
        with ag.record():
            y = z(x, x)
        y.backward()
        answer = x.grad
    """,
    ),
    "input is param": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.hybridize()
        n(x)
        z = Z(lambda F, a, b: F.dot(a, b, transpose_b=True))
        z.hybridize()
        with ag.record():
            y = z(x, n[0].weight.data())
        y.backward()
        answer = [y, n[0].weight.grad()]
    """,
    ),
    "chained nets": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.hybridize()
        m = S(3)
        m.initialize("ones")
        m.hybridize()
        m(x)
        with ag.record():
            y = m(n(x))
        y.backward()
        answer = [y, n[2].bias.grad(), m[2].bias.grad()]
    """,
    ),
    "inplace on output": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.hybridize()
        n(x)
        y = n(x)
        y += 1
        y *= 2
        answer = [y, n(x)]
    """,
    ),
    "no grad param within": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n[0].weight.grad_req = "null"
        n.hybridize()
        with ag.record():
            y = n(x)
        y.backward()
        answer = [n[0].bias.grad(), err(lambda: n[0].weight.grad())]
    """,
    ),
    "attach after hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.hybridize()
        n(x)
        with ag.record():
            y = n(x)
        y.backward()
        x.attach_grad()
        with ag.record():
            y = n(x)
        y.backward()
        answer = [x.grad, n[2].bias.grad()]
    """,
    ),
    "detached param grad": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = nn.Dense(2, in_units=3)
        n.initialize("ones")
        n.hybridize()
        with ag.record():
            y = n(x)
            z = n(x).detach()
            l = (y * z).sum()
        l.backward()
        answer = n.weight.grad()
    """,
    ),
    "is_training inside": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a * 2 if ag.is_training() else a * 3)
        z.hybridize()
        answer = [z(x)]
        with ag.record():
            answer += [z(x)]
    """,
    ),
    "save in hybrid_forward": (
        SETUP,
        FILES,
        _BOTH,
        """
        class K(HybridBlock):
            def hybrid_forward(self, F, x):
                self.last = x * 2
                return x
        k = K()
        k.hybridize()
        k(x)
        answer = type(k.last).__name__
    """,
    ),
    "shape attr of symbol": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a.reshape((a.shape[0], -1)))
        answer = [z(x)]
        z.hybridize()
        z(x)
    """,
    ),
    "len of symbol": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a[0])
        answer = [z(x)]
        z.hybridize()
        answer += [z(x)]
    """,
    ),
    "asnumpy in hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a.asnumpy())
        z.hybridize()
        z(x)
    """,
    ),
    "setitem in hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        def fn(F, a):
            a[0] = 1
            return a
        z = Z(fn)
        z.hybridize()
        z(x)
    """,
    ),
    "if in hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a if a > 0 else -a)
        z.hybridize()
        z(x)
    """,
    ),
    "optimize_for no backend": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.optimize_for(x)
    """,
    ),
    "optimize_for MKLDNN": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.initialize("ones")
        n.optimize_for(x, backend="MKLDNN")
        answer = [n._active]
    """,
    ),
    "apply initialize": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(3)
        n.apply(lambda b: b.initialize("ones") if isinstance(b, nn.Dense) else None)
        n[1].initialize()
        answer = n(x)
    """,
    ),
    "collect after hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S()
        n.initialize()
        n.hybridize()
        n(x)
        answer = [p.shape for p in n.collect_params().values()]
    """,
    ),
    "infer_shape symbol arg": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = H()
        n.initialize()
        n.infer_shape(nd.zeros((4, 7)))
        answer = [n.a.weight.shape]
    """,
    ),
    "deferred two inputs": (
        SETUP,
        FILES,
        _BOTH,
        """
        class Bi(HybridBlock):
            def __init__(self, **k):
                super().__init__(**k)
                self.w = self.params.get("w", shape=(2, 0, 0), allow_deferred_init=True)
            def hybrid_forward(self, F, a, b, w):
                return F.FullyConnected(
                    a, w.reshape((0, -1)) if False else F.sum(w, axis=2), num_hidden=2, no_bias=True
                )
        b = Bi()
        b.initialize("ones")
        b(x, x)
    """,
    ),
    "summary text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
        n = N()
        n.initialize()
        answer.append(printed(lambda: n.summary(x)))
    """,
    ),
    "summary h text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
        n = H()
        n.initialize()
        answer.append(printed(lambda: n.summary(x)))
    """,
    ),
    "summary seq text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
        n = nn.Sequential()
        n.add(nn.Dense(3), nn.BatchNorm(), nn.Dense(2))
        n.initialize()
        answer.append(printed(lambda: n.summary(x)))
    """,
    ),
    "summary nested outputs text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
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
        answer.append(printed(lambda: z.summary(x)))
        answer.append(printed(lambda: z.summary(x, x)))
    """,
    ),
    "summary list in text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
        class Z(Block):
            def forward(self, x):
                return x[0]
        z = Z()
        answer.append(printed(lambda: z.summary([x, x])))
    """,
    ),
    "summary shared text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.a = D(2)
                self.b = D(2, params=self.a.params)
            def hybrid_forward(self, F, x):
                return self.a(x) + self.b(x)
        z = Z()
        z.initialize()
        answer.append(printed(lambda: z.summary(x)))
    """,
    ),
    "summary none text": (
        SETUP,
        FILES,
        _BOTH,
        """
        answer = []
        class Z(Block):
            def forward(self, x, y):
                return x
        z = Z()
        answer.append(printed(lambda: z.summary(x, None)))
    """,
    ),
    "summary conv": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = nn.HybridSequential()
        n.add(
            nn.Conv2D(4, 3),
            nn.BatchNorm(),
            nn.Activation("relu"),
            nn.MaxPool2D(),
            nn.GlobalAvgPool2D(),
            nn.Flatten(),
            nn.Dense(10),
        )
        n.initialize()
        answer = printed(lambda: n.summary(nd.zeros((1, 3, 8, 8))))
    """,
    ),
    "summary frozen": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made()
        n.collect_params(".*weight").setattr("grad_req", "null")
        answer = printed(lambda: n.summary(x))
    """,
    ),
    "summary own params": (
        SETUP,
        FILES,
        _BOTH,
        """
        class Z(HybridBlock):
            def __init__(self):
                super().__init__()
                self.w = self.params.get("w", shape=(3,))
                self.c = self.params.get_constant("c", nd.ones((2,)))
                self.d = nn.Dense(3)
            def hybrid_forward(self, F, x, w, c):
                return self.d(x) + w.sum()
        z = Z()
        z.initialize()
        answer = printed(lambda: z.summary(x))
    """,
    ),
    "summary embedding": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = nn.Sequential()
        n.add(nn.Embedding(5, 4), nn.LayerNorm())
        n.initialize()
        answer = printed(lambda: n.summary(nd.array([[1, 2, 3]])))
    """,
    ),
    "summary fails": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made()
        n.register_forward_hook(lambda *a: None)
        h = len(n[0]._forward_hooks)
        try:
            n.summary(nd.zeros((2, 7)))
        except Exception:
            pass
        answer = [h, len(n[0]._forward_hooks)]
    """,
    ),
    "what F is": (
        SETUP,
        FILES,
        _BOTH,
        """
        class Z(HybridBlock):
            def hybrid_forward(self, F, x):
                print([F is mx.nd, F is mx.ndarray, F is mx.sym, F is mx.symbol, F.__name__, type(x).__name__])
                return F.relu(x)
        z = Z()
        answer = [printed(lambda: z(x))]
        z.hybridize()
        answer += [printed(lambda: z(x)), printed(lambda: z(x))]
    """,
    ),
    "print symbol": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(prefix="p_")
        n.initialize()
        n.hybridize()
        n(x)
        answer = [repr(n._cached_graph[1]), repr(n(mx.sym.var("z")))]
    """,
    ),
    "repr of shared": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made(prefix="p_")
        m = nn.HybridSequential()
        m.add(n, n, nn.Dense(2, params=n[2].params))
        answer = [repr(m), repr(m.collect_params())]
    """,
    ),
    "verbose": (
        SETUP,
        FILES,
        _BOTH,
        """
        import logging
        class L(logging.Handler):
            def __init__(self):
                super().__init__()
                self.said = []
            def emit(self, r):
                self.said.append(r.getMessage())
        l = L()
        r = logging.getLogger()
        r.addHandler(l)
        v = r.level
        r.setLevel(logging.INFO)
        n = S(3, prefix="p_")
        n.initialize(mx.init.Constant(2), verbose=True)
        r.removeHandler(l)
        r.setLevel(v)
        answer = [s.split(" as ")[0] for s in l.said] + [s.split(": ")[-1] for s in l.said]
    """,
    ),
    "container count": (
        SETUP,
        FILES,
        _BOTH,
        """
        import warnings
        class M(Block):
            def __init__(self, v):
                super().__init__()
                self.l = v
                self.d = D(1)
                self.k = {"a": D(1)}
        m = M([D(2), D(3)])
        with warnings.catch_warnings(record=True) as w:
            warnings.simplefilter("always")
            m.collect_params()
            a = len(w)
            m.collect_params()
            b = len(w)
            m.initialize()
            answer = [a, b, len(w)]
    """,
    ),
    "sparse grad embedding": (
        SETUP,
        FILES,
        _BOTH,
        """
        e = nn.Embedding(6, 2, sparse_grad=True)
        e.initialize("ones")
        answer = [e.weight._grad_stype, e.weight.grad().stype]
        for h in (0, 1):
            e.hybridize(bool(h))
            with ag.record():
                l = (e(nd.array([1, 3, 1])) * nd.array([[1], [2], [3]])).sum()
            l.backward()
            answer += [e.weight.grad().stype, e.weight.grad().tostype("default")]
        t = gluon.Trainer(e.collect_params(), "sgd", {"learning_rate": 0.5})
        t.step(1)
        answer += [e.weight.data()]
    """,
    ),
    "row sparse param": (
        SETUP,
        FILES,
        _BOTH,
        """
        class E(Block):
            def __init__(self):
                super().__init__()
                self.w = self.params.get(
                    "w", shape=(5, 2), stype="row_sparse", grad_stype="row_sparse", init="ones"
                )
            def forward(self, i):
                return (
                    nd.sparse.Embedding(i, self.w.row_sparse_data(i), input_dim=5, output_dim=2, sparse_grad=True)
                    if hasattr(nd, "sparse") and hasattr(nd.sparse, "Embedding")
                    else None
                )
        e = E()
        e.initialize()
        t = gluon.Trainer(e.collect_params(), "sgd", {"learning_rate": 1.0})
        i = nd.array([1, 3])
        with ag.record():
            l = e(i).sum()
        l.backward()
        t.step(1)
        answer = [
            e.w.row_sparse_data(nd.array([0, 1], dtype="int64")).tostype("default"),
            e.w.grad().tostype("default"),
        ]
        e.save_parameters(f)
        answer += [nd.load(f)["w"].stype, nd.load(f)["w"].tostype("default")]
    """,
    ),
    "csr in hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        c = x.tostype("csr")
        z = Z(lambda F, a, w: F.dot(a, w))
        w = nd.ones((3, 2))
        answer = [z(c, w)]
        z.hybridize()
        answer += [z(c, w)]
        w.attach_grad()
        with ag.record():
            y = z(c, w)
        y.backward()
        answer += [w.grad]
    """,
    ),
    "custom in hybrid": (
        SETUP,
        FILES,
        _BOTH,
        """
        class Sq(mx.operator.CustomOp):
            def forward(self, is_train, req, in_data, out_data, aux):
                self.assign(out_data[0], req[0], in_data[0] ** 2 + int(is_train))
            def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
                self.assign(in_grad[0], req[0], 2 * in_data[0] * out_grad[0])
        @mx.operator.register("h8sq")
        class SqP(mx.operator.CustomOpProp):
            def create_operator(self, c, s, d):
                return Sq()
        z = Z(lambda F, a: F.Custom(a, op_type="h8sq") + a)
        answer = both(z.fn, x)
        z.hybridize()
        answer += [z(x)]
    """,
    ),
    "numpy input": (
        SETUP,
        FILES,
        _BOTH,
        """
        class Q(HybridBlock):
            def hybrid_forward(self, F, x):
                return x
        Q()(np.ones(3))
    """,
    ),
    "first arg str": (
        SETUP,
        FILES,
        _BOTH,
        """
        class Q(HybridBlock):
            def hybrid_forward(self, F, x, y):
                return y
        answer = Q()("a", x)
    """,
    ),
    "shared net two blocks": (
        SETUP,
        FILES,
        _BOTH,
        """
        a = S(3, prefix="a_")
        a.initialize("ones")
        b = nn.HybridSequential(prefix="b_")
        b.add(a[0], a[1])
        b.hybridize()
        a.hybridize()
        answer = [a(x), b(x)]
        a[0].weight.data()[:] = 2
        answer += [a(x), b(x)]
    """,
    ),
    "insert at runtime": (
        SETUP,
        FILES,
        _BOTH,
        """
        a = S(3)
        a.initialize("ones")
        a.hybridize()
        a(x)
        a.add(nn.Dense(1, in_units=3))
        a[3].initialize("ones")
        answer = a(x).shape
    """,
    ),
    "params getter types": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made(prefix="p_")
        answer = [type(n.params).__name__, n.params.prefix, repr(n.params), len(list(n.params))]
    """,
    ),
    "var shapes in symbol": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = S(prefix="p_")
        s = n(mx.sym.var("data"))
        answer = s.attr_dict()
    """,
    ),
    "export aux names": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made(prefix="p_")
        n.hybridize()
        n(x)
        n.export(os.path.join(T, "e"))
        answer = names(os.path.join(T, "e-0000.params"))
    """,
    ),
    "trainer then set_data": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made()
        n.hybridize()
        t = gluon.Trainer(n.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
        for i in range(2):
            with ag.record():
                l = n(x).sum()
            l.backward()
            t.step(1)
        n[0].weight.set_data(nd.ones((2, 3)))
        with ag.record():
            l = n(x).sum()
        l.backward()
        t.step(1)
        answer = [p.data() for k, p in sorted(n._collect_params_with_prefix().items())]
    """,
    ),
    "trainer then reset_ctx": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made()
        t = gluon.Trainer(n.collect_params(), "sgd", {"learning_rate": 0.1})
        with ag.record():
            l = n(x).sum()
        l.backward()
        t.step(1)
        n.collect_params().reset_ctx(mx.cpu(1))
        answer = [str(n(x.as_in_context(mx.cpu(1))).context)]
    """,
    ),
    "force reinit hybrid grads": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made()
        n.hybridize()
        n(x)
        n.initialize(mx.init.Constant(2), force_reinit=True)
        with ag.record():
            l = n(x).sum()
        l.backward()
        answer = [l, n[0].weight.grad(), n[2].bias.grad()]
    """,
    ),
    "load into hybrid recorded": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = made()
        n.save_parameters(f)
        n.hybridize()
        with ag.record():
            l = n(x).sum()
        l.backward()
        n.load_parameters(f)
        with ag.record():
            l = n(x * 2).sum()
        l.backward()
        answer = [l, n[2].weight.grad()]
    """,
    ),
    "name scope attr": (
        SETUP,
        FILES,
        _BOTH,
        """
        with mx.AttrScope(ctx_group="g"):
            n = nn.Dense(2, prefix="q_")
            s = n(mx.sym.var("data"))
        answer = s.attr_dict()
    """,
    ),
    "lr_mult in attrs": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = nn.Dense(2, prefix="q_")
        n.weight.lr_mult = 3
        n.weight.wd_mult = 0
        s = n(mx.sym.var("data"))
        answer = s.attr_dict()
    """,
    ),
    "setattr hybrid_forward": (
        SETUP,
        FILES,
        _BOTH,
        """
        z = Z(lambda F, a: a * 2)
        z.hybridize()
        z(x)
        z.fn = lambda F, a: a * 3
        answer = z(x)
        z.hybridize()
        answer = [answer, z(x)]
    """,
    ),
    "dtype of var": (
        SETUP,
        FILES,
        _BOTH,
        """
        n = nn.Dense(2, prefix="q_", dtype="float64")
        answer = n(mx.sym.var("data")).attr_dict()
    """,
    ),
}
