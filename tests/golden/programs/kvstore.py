"""What key-value stores sum, keep, update, compress and refuse."""

_STORE = """
ones = mx.nd.ones
def array(x, context=0):
    return mx.nd.array(x, ctx=mx.cpu(context))
def value(store, key, shape=(2,)):
    out = mx.nd.zeros(shape)
    store.pull(key, out=out)
    return out.asnumpy()
def made(*keys):
    store = mx.kv.create(KIND)
    for key in keys:
        store.init(key, ones((2,)))
    return store
s = made("a")
"""
_SPARSE = """
sparse = mx.nd.sparse
W = mx.nd.array(np.arange(8).reshape(4, 2)).tostype("row_sparse")
def rows(data, indices):
    return sparse.row_sparse_array((np.array(data, "float32"), indices), shape=(4, 2))
def empty():
    return sparse.zeros("row_sparse", (4, 2))
def parts(x):
    return [x.stype, x.indices.asnumpy(), x.data.asnumpy()]
t = mx.kv.create(KIND)
t.init("w", W)
"""
_COMPRESSED = """
def push(*gradients):
    s.push("g", [array(g, i) for i, g in enumerate(gradients)])
    return value(s, "g", (3,))
s.init("g", mx.nd.zeros((3,)))
STEPS = [([.3, .6, -.7], [.5, -.5, .49]), ([.3, .6, -.7], [.5, -.5, .49]), ([0, 0, 0], [0, 0, 0]),
    ([2., -2, 0], [.1, .1, .1]), ([0, 0, 0], [0, 0, 0])]
"""

_BOTH = {
    "push": "s.push('a', array([3, 4])); answer = value(s, 'a')",
    "push twice": "s.push('a', array([3, 4])); s.push('a', array([1, 2])); answer = value(s, 'a')",
    "push of several devices": """
        s.push("a", [array([i, 1], i) for i in range(4)])
        outs = [mx.nd.zeros((2,), ctx=mx.cpu(i)) for i in range(4)]
        s.pull("a", out=outs)
        answer = [outs, [str(o.context) for o in outs]]
    """,
    "lists of keys": """
        s = made("b", "c")
        s.push(["c", "b"], [array([3, 4]), array([5, 6])])
        x, y = ones((2,)), ones((2,))
        s.pull(["b", "c"], out=[x, y])
        answer = [x, y]
    """,
    "lists of lists": """
        s = made(5, 3)
        s.push([3, 5], [[array([3, 4]), array([1, 1], 1)], [array([5, 6]), array([2, 2], 1)]])
        x, y, z = ones((2,)), ones((2,)), ones((2,))
        s.pull([3, 5], out=[[x, y], z])
        answer = [x, y, z]
    """,
    "a key twice": "s.push(['a', 'a'], [array([1, 2]), array([10, 20])]); answer = value(s, 'a')",
    "tuples": "s = mx.kv.create(KIND); s.init(('x', 'y'), (ones((2,)), ones((2,)))); answer = value(s, 'y')",
    "negative keys": "answer = value(made(-3), -3)",
    "pushpull": """
        x, o = [array([3, 4]), array([5, 6], 1)], [array([0, 0]), array([0, 0], 1)]
        s.pushpull("a", x, out=o)
        answer = [x, o, value(s, "a")]
        s.pushpull("a", x)
        answer += [x, value(s, "a")]
        s.pushpull("a", x[0], out=x[0])
        answer += [x[0], value(s, "a")]
    """,
    "broadcast": """
        o = [array([0, 0]), array([0, 0], 1)]
        s.broadcast("b", array([3, 4]), out=o)
        p = [array([0, 0]), array([0, 0])]
        s.broadcast(["c", "d"], [array([5, 6]), array([7, 8])], out=p)
        answer = [o, p, value(s, "b"), value(s, "d")]
    """,
    "dtypes": """
        o = ones((2,), dtype="float16")
        s.pull("a", out=o)
        s.init("h", ones((2,), dtype="int32"))
        s.push("h", [ones((2,), dtype="int32")] * 3)
        i = ones((2,), dtype="int32")
        s.pull("h", out=i)
        answer = [o, i]
        s.push("a", [ones((2,)), ones((2,), dtype="float64")])
        answer.append(value(s, "a"))
    """,
    "priority": """
        answer = [s.push("a", array([2, 3]), priority=-3), s.pull("a", out=ones((2,)), priority=4),
            s.push("a", array([2, 3]), -1), value(s, "a")]
    """,
    "results": "answer = [s.init('b', ones((2,))), s.push('a', ones((2,))), s.pull('a', out=ones((2,))), s._barrier()]",
    "attributes": "answer = [s.type, s.rank, s.num_workers, s.is_capable('optimizer'), type(s), mx.kv is mx.kvstore]",
    "capability": "s.is_capable('flying')",
    "updater": """
        seen = []
        def update(key, gradient, weight):
            seen.append(gradient.asnumpy())
            weight += gradient * 2
        s._set_updater(update)
        s.push("a", array([3, 4]))
        answer = [value(s, "a")]
        s.push("a", [array([1, 2]), array([1, 2], 1)])
        o = ones((2,))
        s.pushpull("a", array([1, 1]), out=o)
        answer += [value(s, "a"), o, seen]
    """,
    "updater, order of keys": """
        seen = []
        s = made(2, 10, 1)
        s._set_updater(lambda key, gradient, weight: seen.append(key))
        s.push([10, 2, 1], [ones((2,))] * 3)
        answer = seen
    """,
    "updater after pushes": """
        s.push("a", array([3, 4]))
        s._set_updater(lambda key, gradient, weight: weight.__iadd__(gradient))
        s.push("a", array([1, 1]))
        answer = value(s, "a")
    """,
    "optimizer": """
        s.set_optimizer(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9, wd=0.1, rescale_grad=0.25))
        answer = []
        for i in range(3):
            s.push("a", [array([1, 2]), array([3, i], 1)])
            answer.append(value(s, "a"))
        answer += [type(s._updater), s._updater.states["a"], s._updater.optimizer._index_update_count]
    """,
    "optimizer, number keys": """
        s = made(3, 5)
        names = {3: "x_weight", 5: "x_bias"}
        s.set_optimizer(mx.optimizer.create("adam", learning_rate=0.1, param_idx2name=names, wd=0.1))
        s.push([3, 5], [[array([1, 2])] * 2, [array([1, -2])] * 2])
        answer = [value(s, 3), value(s, 5), s._updater.optimizer._index_update_count]
    """,
    "optimizer states": """
        import tempfile, os
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "states")
            answer = []
            for dump in (False, True):
                s = made("a")
                s.set_optimizer(mx.optimizer.SGD(learning_rate=0.5, momentum=0.9))
                s.push("a", array([1, 2]))
                s.save_optimizer_states(name, dump)
                t = made("a")
                t.set_optimizer(mx.optimizer.SGD(learning_rate=0.25, momentum=0.9))
                t.load_optimizer_states(name)
                t.push("a", array([1, 2]))
                answer.append(value(t, "a"))
    """,
    "no such states": "s.set_optimizer(mx.optimizer.SGD()); s.load_optimizer_states('/no/such/file')",
    "init twice": "s.init('a', ones((2,)))",
    "init of two values": "s.init('b', [ones((2,)), ones((2,))])",
    "broadcast twice": "s.broadcast('a', ones((2,)), out=ones((2,)))",
    "pull of an unknown key": "value(s, 'b')",
    "push of an unknown key": "s.push('b', ones((2,)))",
    "pushpull of an unknown key": "s.pushpull('b', ones((2,)))",
    "int key among str": "s.init(3, ones((2,)))",
    "str key among int": "made(3).init('3', ones((2,)))",
    "push of another shape": "s.push('a', ones((3,))); value(s, 'a')",
    "push of two shapes": "s.push('a', [ones((3,)), ones((2,))]); value(s, 'a')",
    "pull of another shape": "value(s, 'a', (3,))",
    "push of a number": "s.push('a', 3.0)",
    "push of nothing": "s.push('a', None)",
    "pull into a number": "s.pull('a', out=3)",
    "a name that is none": "mx.kv.create(3)",
    "rows": (
        _SPARSE,
        """
        o, p, q = empty(), empty(), empty()
        t.row_sparse_pull("w", out=o, row_ids=array([3, 1, 1]))
        t.row_sparse_pull("w", out=[p, q], row_ids=[array([0]), array([[2, 0], [2, 2]])])
        answer = [parts(x) for x in (o, p, q)]
        """,
    ),
    "rows for all": (
        _SPARSE,
        """
        o, p = empty(), empty()
        t.row_sparse_pull("w", out=[o, p], row_ids=array([3, 1]))
        answer = [parts(x) for x in (o, p)]
        """,
    ),
    "rows of keys": (
        _SPARSE,
        """
        t.init("v", W * 2)
        o, p = empty(), empty()
        t.row_sparse_pull(["w", "v"], out=[o, p], row_ids=[array([3, 1]), array([0])])
        answer = [parts(x) for x in (o, p)]
        """,
    ),
    "rows that are not stored": (
        _SPARSE,
        """
        t.init("v", rows([[1, 2]], [2]))
        o = empty()
        t.row_sparse_pull("v", out=o, row_ids=array([0, 2, 3]))
        answer = parts(o)
        """,
    ),
    "rows of a dense value": (_SPARSE, "s.row_sparse_pull('a', out=empty(), row_ids=array([0]))"),
    "rows into a dense array": (_SPARSE, "t.row_sparse_pull('w', out=ones((4, 2)), row_ids=array([0]))"),
    "pull of sparse": (
        _SPARSE,
        """
        dense, sparse_, other = ones((4, 2)), empty(), empty()
        t.pull("w", out=dense)
        t.pull("w", out=sparse_)
        t.pull("w", out=other, ignore_sparse=False)
        answer = [dense, sparse_, parts(other)]
        """,
    ),
    "push of sparse": (
        _SPARSE,
        """
        o = empty()
        t.push("w", [rows([[1, 1]], [2]), rows([[5, 5], [6, 6]], [0, 2])])
        t.pull("w", out=o, ignore_sparse=False)
        answer = [parts(o)]
        t.init("d", ones((4, 2)))
        t.push("d", rows([[1, 1]], [2]))
        answer.append(value(t, "d", (4, 2)))
        t.push("w", ones((4, 2)))
        answer.append(value(t, "w", (4, 2)))
        """,
    ),
    "optimizer of sparse": (
        _SPARSE,
        """
        t.set_optimizer(mx.optimizer.SGD(learning_rate=0.5))
        t.push("w", [rows([[1, 1]], [2]), rows([[5, 5], [6, 6]], [0, 2])])
        answer = value(t, "w", (4, 2))
        """,
    ),
}

PROGRAMS = {
    f"{kind}: {name}": (f"KIND = {kind!r}\n" + _STORE, *((pieces,) if isinstance(pieces, str) else pieces))
    for name, pieces in _BOTH.items()
    for kind in ("local", "device")
}

PROGRAMS.update(
    {
        "kinds": """
            names = ["local", "device", "LOCAL", "local_update_cpu", "local_allreduce_cpu", "local_allreduce_device"]
            answer = [[type(s), s.type, s.rank, s.num_workers] for s in map(mx.kv.create, names)]
        """,
        "default kind": "answer = mx.kv.create().type",
        "distributed": "mx.kv.create('dist_sync')",
        "teststore": """
            t = mx.kv.create("TestStore")
            o = [mx.nd.zeros((2,)), mx.nd.zeros((2,))]
            t.broadcast("a", mx.nd.array([1, 2]), o)
            answer = [o[0].asnumpy(), o[1].asnumpy()]
            g = [mx.nd.array([1, 2]), mx.nd.array([3, 4])]
            t.pushpull("a", g, o)
            answer += [g[0].asnumpy(), o]
            t.pushpull("a", g)
            answer += [g, t.is_capable("optimizer"), t.type, t.rank, t.num_workers]
        """,
        "base is abstract": """
            b, answer = mx.kv.KVStoreBase(), []
            for name, arguments in (("broadcast", (1, 2, 3)), ("pushpull", (1, 2)), ("set_optimizer", (1,)),
                    ("is_capable", ("optimizer",)), ("save_optimizer_states", ("x",)),
                    ("load_optimizer_states", ("x",))):
                try:
                    getattr(b, name)(*arguments)
                except NotImplementedError:
                    answer.append(name)
            for name in ("type", "rank", "num_workers"):
                try:
                    getattr(b, name)
                except NotImplementedError:
                    answer.append(name)
            answer.append(b.OPTIMIZER)
        """,
        "a store of one's own": """
            @mx.kv.KVStoreBase.register
            class Mine(mx.kv.KVStoreBase):
                @staticmethod
                def is_capable(capability):
                    return False
                @property
                def type(self):
                    return "my type"
            answer = [mx.kv.create("MINE").type, mx.kv.KVStoreBase.kv_registry["mine"] is Mine]
            del mx.kv.KVStoreBase.kv_registry["mine"]
        """,
    }
)

for _threshold in (0.5, 0.2):
    for _update in (False, True):
        PROGRAMS[f"compression: {_threshold}{', updater' * _update}"] = (
            "KIND = 'device'\n" + _STORE,
            _COMPRESSED,
            f"""
            if {_update}:
                s._set_updater(lambda key, gradient, weight: weight.__iadd__(gradient))
            s.set_gradient_compression({{"type": "2bit", "threshold": {_threshold}}})
            answer = [push(*g) for g in STEPS]
            """,
        )
_COMPRESSING = {
    "one value": "s.set_gradient_compression({'type': '2bit'})\nanswer = [push(g[0]) for g in STEPS]",
    "three values": """
        s.set_gradient_compression({"type": "2bit", "threshold": "0.5"})
        answer = [push(a, b, a) for a, b in STEPS]
    """,
    "rest belongs to places, not to devices": """
        s.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        s.init("p", mx.nd.zeros((1,)))
        answer = []
        for (i, x), (j, y) in (((0, .3), (1, .1)), ((1, .3), (0, .1)), ((0, .3), (1, 0.))):
            s.push("p", [array([x], i), array([y], j)])
            answer.append(value(s, "p", (1,)))
    """,
    "rest belongs to keys": """
        s.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        s.init(["x", "y"], [mx.nd.zeros((2,))] * 2)
        answer = []
        for i in range(3):
            s.push(["x", "y"], [[array([.3, .6]), array([.3, .6], 1)], [array([.1, .9]), array([.1, .4], 1)]])
            answer += [value(s, "x"), value(s, "y")]
    """,
    "pushpull": """
        s.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        g = [array([.3, .6]), array([.7, -.6], 1)]
        s.pushpull("a", g)
        answer = g
    """,
    "set late and twice": """
        s.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        s.set_gradient_compression({"type": "2bit", "threshold": 0.2})
        answer = [push(*g) for g in STEPS]
    """,
    "many elements": """
        s.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        r = np.random.RandomState(0)
        s.init("m", mx.nd.zeros((37, 5)))
        for i in range(3):
            s.push("m", [array(r.randn(37, 5), j) for j in range(3)])
        answer = value(s, "m", (37, 5))
    """,
    "nan and infinity": """
        s.set_gradient_compression({"type": "2bit", "threshold": 0.5})
        answer = [push([float("nan")] * 3, [float("inf"), -float("inf"), 0]), push([1, 1, 1], [1, 1, 1])]
    """,
    "1bit": "s.set_gradient_compression({'type': '1bit'})",
    "none": "s.set_gradient_compression({'type': 'none'})",
    "no type": "s.set_gradient_compression({'threshold': 0.5})",
    "threshold 0": "s.set_gradient_compression({'type': '2bit', 'threshold': 0})",
    "threshold below 0": "s.set_gradient_compression({'type': '2bit', 'threshold': -1})",
    "threshold is no number": "s.set_gradient_compression({'type': '2bit', 'threshold': 'a'})",
}
PROGRAMS.update(
    {
        f"compression: {name}": ("KIND = 'device'\n" + _STORE, _COMPRESSED, source)
        for name, source in _COMPRESSING.items()
    }
)
