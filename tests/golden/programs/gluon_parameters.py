"""Parameters, constants and dictionaries of them: what they keep, answer and refuse."""

_SETUP = """
gluon, nd, ag = (mx.gluon, mx.nd, mx.autograd)
from mxnet.gluon import Parameter, Constant, ParameterDict
"""

PROGRAMS = {
    "shape int": (
        _SETUP,
        """
        p = Parameter("w", shape=3)
        answer = [p.shape, repr(p)]
    """,
    ),
    "shape none initialize": (
        _SETUP,
        """
        p = Parameter("w")
        p.initialize()
    """,
    ),
    "shape none deferred": (
        _SETUP,
        """
        p = Parameter("w", allow_deferred_init=True)
        p.initialize()
        p.data()
    """,
    ),
    "shape 0 initialize": (
        _SETUP,
        """
        p = Parameter("w", shape=(0, 2))
        p.initialize()
    """,
    ),
    "not initialized data": (_SETUP, 'Parameter("w", shape=(2,)).data()'),
    "not initialized list_data": (_SETUP, 'Parameter("w", shape=(2,)).list_data()'),
    "not initialized grad": (_SETUP, 'Parameter("w", shape=(2,)).grad()'),
    "not initialized list_grad": (_SETUP, 'Parameter("w", shape=(2,)).list_grad()'),
    "not initialized list_ctx": (_SETUP, 'Parameter("w", shape=(2,)).list_ctx()'),
    "not initialized zero_grad": (_SETUP, 'answer = Parameter("w", shape=(2,)).zero_grad()'),
    "not initialized set_data": (_SETUP, 'Parameter("w", shape=(2,)).set_data(mx.nd.ones((2,)))'),
    "not initialized reset_ctx": (_SETUP, 'Parameter("w", shape=(2,)).reset_ctx(mx.cpu(1))'),
    "deferred data": (
        _SETUP,
        """
        p = Parameter("w", shape=(0,), allow_deferred_init=True)
        p.initialize()
        p.data()
    """,
    ),
    "deferred list_data": (
        _SETUP,
        """
        p = Parameter("w", shape=(0,), allow_deferred_init=True)
        p.initialize()
        p.list_data()
    """,
    ),
    "deferred grad": (
        _SETUP,
        """
        p = Parameter("w", shape=(0,), allow_deferred_init=True)
        p.initialize()
        p.grad()
    """,
    ),
    "deferred grad null": (
        _SETUP,
        """
        p = Parameter("w", shape=(0,), allow_deferred_init=True, grad_req="null")
        p.initialize()
        p.grad()
    """,
    ),
    "deferred list_ctx": (
        _SETUP,
        """
        p = Parameter("w", shape=(0,), allow_deferred_init=True)
        p.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        answer = str(p.list_ctx())
    """,
    ),
    "deferred zero_grad": (
        _SETUP,
        """
        p = Parameter("w", shape=(0,), allow_deferred_init=True)
        p.initialize()
        answer = p.zero_grad()
    """,
    ),
    "deferred set_data": (
        _SETUP,
        """
        p = Parameter("w", shape=(0, 2), allow_deferred_init=True)
        p.initialize()
        p.set_data(mx.nd.ones((3, 2)))
        answer = [p.shape, len(p._deferred_init)]
        try:
            p.data()
        except Exception as e:
            answer.append(type(e).__name__)
        p._finish_deferred_init()
        answer.append(p.data())
    """,
    ),
    "deferred reset_ctx": (
        _SETUP,
        """
        p = Parameter("w", shape=(0, 2), allow_deferred_init=True)
        p.initialize()
        p.reset_ctx([mx.cpu(1), mx.cpu(2)])
        answer = [str(p.list_ctx())]
        p.shape = (1, 2)
        p._finish_deferred_init()
        answer.append(str(p.list_ctx()))
    """,
    ),
    "deferred_init tuple": (
        _SETUP,
        """
        p = Parameter("w", shape=(0, 2), allow_deferred_init=True)
        p.initialize("ones", mx.cpu(1))
        t = p._deferred_init
        answer = [str(type(x).__name__) for x in t] + [str(t[1])]
    """,
    ),
    "initialize twice": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        p.initialize("zeros")
        answer = p.data()
    """,
    ),
    "initialize force": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        d = p.data()
        p.initialize("zeros", force_reinit=True)
        answer = [p.data(), d, p.data() is d]
    """,
    ),
    "initialize own": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), init="ones")
        p.initialize()
        answer = p.data()
    """,
    ),
    "initialize own given": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), init="ones")
        p.initialize(init="zeros")
        answer = p.data()
    """,
    ),
    "initialize own default": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), init="ones")
        p.initialize(default_init="zeros")
        answer = p.data()
    """,
    ),
    "initialize default": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize(default_init="ones")
        answer = p.data()
    """,
    ),
    "initialize bias by name": (
        _SETUP,
        """
        p = Parameter("a_bias", shape=(2,))
        p.initialize(default_init=mx.init.One())
        answer = p.data()
    """,
    ),
    "initialize bias by name given": (
        _SETUP,
        """
        p = Parameter("a_bias", shape=(2,))
        p.initialize(init=mx.init.One())
        answer = p.data()
    """,
    ),
    "initialize odd name": (
        _SETUP,
        """
        p = Parameter("zork", shape=(2,))
        p.initialize(default_init=mx.init.One())
        answer = p.data()
    """,
    ),
    "initialize odd name, more": (
        _SETUP,
        """
        p = Parameter("zork", shape=(2,))
        p.initialize()
        answer = p.data().shape
    """,
    ),
    "initialize context list": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones", ctx=[mx.cpu(0), mx.cpu(1)])
        answer = [
            str(p.list_ctx()),
            [str(d.context) for d in p.list_data()],
            [str(d.context) for d in p.list_grad()],
        ]
    """,
    ),
    "initialize context tuple": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones", ctx=(mx.cpu(0), mx.cpu(1)))
        answer = [str(p.list_ctx())]
    """,
    ),
    "initialize context dup": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones", ctx=[mx.cpu(0), mx.cpu(0)])
        answer = [str(p.list_ctx()), len(p.list_data())]
    """,
    ),
    "initialize context with": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        with mx.cpu(2):
            p.initialize("ones")
        answer = [str(p.list_ctx()), str(p.data().context)]
    """,
    ),
    "data other context": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        p.data(mx.cpu(3))
    """,
    ),
    "data one current": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones", ctx=[mx.cpu(1)])
        answer = [str(p.data().context)]
        with mx.cpu(2):
            answer.append(str(p.data().context))
    """,
    ),
    "data cpu_pinned": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones", ctx=[mx.cpu(0)])
        answer = str(p.data(mx.Context("cpu_pinned", 0)).context)
    """,
    ),
    "grad_req bad": (_SETUP, 'Parameter("w", grad_req="foo")'),
    "grad_req bad later": (
        _SETUP,
        """
        p = Parameter("w")
        p.grad_req = "foo"
    """,
    ),
    "grad_req none": (
        _SETUP,
        """
        p = Parameter("w")
        p.grad_req = None
    """,
    ),
    "grad null": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), grad_req="null")
        p.initialize()
        p.grad()
    """,
    ),
    "list_grad null": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), grad_req="null")
        p.initialize()
        p.list_grad()
    """,
    ),
    "not differentiable": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), differentiable=False)
        answer = [p.grad_req]
        p.grad_req = "write"
        answer.append(p.grad_req)
    """,
    ),
    "grad_req null then record": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        p.grad_req = "null"
        with ag.record():
            y = (p.data() * 3).sum()
        answer = p.data().grad is None
        y.backward()
    """,
    ),
    "shape set": (
        _SETUP,
        """
        p = Parameter("w", shape=(0, 2))
        p.shape = (3, 2)
        answer = [p.shape]
        p.shape = (3, 4)
    """,
    ),
    "shape set rank": (
        _SETUP,
        """
        p = Parameter("w", shape=(0, 2))
        p.shape = (3, 2, 1)
    """,
    ),
    "shape set -1": (
        _SETUP,
        """
        p = Parameter("w", shape=(-1, 2))
        p.shape = (3, 2)
        answer = p.shape
    """,
    ),
    "shape set unknown": (
        _SETUP,
        """
        p = Parameter("w", shape=(3, 2))
        p.shape = (0, 2)
        answer = p.shape
    """,
    ),
    "shape from None": (
        _SETUP,
        """
        p = Parameter("w")
        p.shape = (0, 2)
        answer = p.shape
    """,
    ),
    "set_data shape": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize()
        p.set_data(mx.nd.ones((3,)))
    """,
    ),
    "set_data numpy": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize()
        p.set_data(np.ones((2,)) * 4)
        answer = p.data()
    """,
    ),
    "set_data list": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize()
        p.set_data([1, 2])
        answer = p.data()
    """,
    ),
    "set_data number": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize()
        p.set_data(2)
        answer = p.data()
    """,
    ),
    "set_data float64": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize()
        p.set_data(mx.nd.ones((2,), dtype="float64"))
        answer = p.data()
    """,
    ),
    "set_data two context": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        p.set_data(mx.nd.array([3, 4], ctx=mx.cpu(1)))
        answer = p.list_data()
    """,
    ),
    "set_data same object": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize()
        d = p.data()
        g = p.grad()
        p.set_data(mx.nd.array([3, 4]))
        answer = [p.data() is d, d, p.grad() is g]
    """,
    ),
    "cast after": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        d = p.data()
        p.cast("float64")
        answer = [p.dtype, p.data(), p.grad(), p.data() is d, repr(p)]
        with ag.record():
            y = (p.data() * 3).sum()
        y.backward()
        answer.append(p.grad())
    """,
    ),
    "cast before": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.cast("float16")
        answer = [p.dtype, repr(p)]
        p.initialize("ones")
        answer += [p.data()]
    """,
    ),
    "dtype set": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        p.dtype = "float16"
        answer = [p.dtype, p.data()]
    """,
    ),
    "dtype numpy": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), dtype=np.float64)
        p.initialize("ones")
        answer = [p.dtype, p.data(), repr(p)]
    """,
    ),
    "dtype int": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), dtype="int32", grad_req="null")
        p.initialize("ones")
        answer = [p.dtype, p.data(), repr(p)]
    """,
    ),
    "dtype int grad": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), dtype="int32")
        p.initialize("ones")
        answer = [p.dtype, p.data(), p.grad()]
    """,
    ),
    "dtype None": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), dtype=None)
        p.initialize("ones")
        answer = [p.dtype, p.data()]
    """,
    ),
    "dtype bad": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,), dtype="foo")
        p.initialize("ones")
    """,
    ),
    "reset_ctx": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        p.grad()[:] = 7
        p.reset_ctx([mx.cpu(1), mx.cpu(2)])
        answer = [str(p.list_ctx()), p.list_data(), p.list_grad(), str(p.data(mx.cpu(1)).context)]
        p.data(mx.cpu(1))[:] = 3
        p.reset_ctx(mx.cpu(0))
        answer += [str(p.list_ctx()), p.data()]
        with mx.cpu(4):
            p.reset_ctx(None)
        answer += [str(p.list_ctx())]
    """,
    ),
    "reset_ctx tuple": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        p.reset_ctx((mx.cpu(1),))
        answer = str(p.list_ctx())
    """,
    ),
    "var": (
        _SETUP,
        """
        p = Parameter("w", shape=(2, 0), init="ones", lr_mult=2, wd_mult=3)
        v = p.var()
        answer = [v is p.var(), sorted(v.list_attr().items())]
    """,
    ),
    "var of an open parameter": (
        _SETUP,
        """
        p = Parameter("w")
        v = p.var()
        answer = [sorted(v.list_attr().items())]
    """,
    ),
    "var with attributes": (
        _SETUP,
        """
        p = Parameter("w", shape=(2, 3), dtype="float16", stype="row_sparse", init=mx.init.Xavier())
        v = p.var()
        answer = [sorted(v.list_attr().items())]
    """,
    ),
    "stype bad": (_SETUP, 'Parameter("w", stype="foo")'),
    "grad_stype bad": (_SETUP, 'Parameter("w", grad_stype="foo")'),
    "row_sparse grad": (
        _SETUP,
        """
        p = Parameter("w", shape=(4, 2), grad_stype="row_sparse")
        p.initialize("ones")
        answer = [p.grad().stype, p.data().stype]
        p.grad()[:] = mx.nd.ones((4, 2))
        p.zero_grad()
        answer.append(p.grad())
    """,
    ),
    "csr": (
        _SETUP,
        """
        p = Parameter("w", shape=(4, 2), stype="csr")
        p.initialize("ones")
        answer = p._data[0].stype
        p.data()
    """,
    ),
    "csr zeros": (
        _SETUP,
        """
        p = Parameter("w", shape=(4, 2), stype="csr")
        p.initialize("zeros")
        answer = p._data[0].stype
        p.data()
    """,
    ),
    "dense row_sparse_data": (
        _SETUP,
        """
        p = Parameter("w", shape=(4, 2))
        p.initialize("ones")
        p.row_sparse_data(nd.array([0, 1], dtype="int64"))
    """,
    ),
    "dense list_row_sparse_data": (
        _SETUP,
        """
        p = Parameter("w", shape=(4, 2))
        p.initialize("ones")
        p.list_row_sparse_data(nd.array([0, 1], dtype="int64"))
    """,
    ),
    "csr not initialized": (
        _SETUP,
        """
        p = Parameter("w", shape=(4, 2), stype="csr")
        p.data()
    """,
    ),
    "zero_grad two": (
        _SETUP,
        """
        p = Parameter("w", shape=(2,))
        p.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        p.list_grad()[1][:] = 4
        g = p.list_grad()[1]
        p.zero_grad()
        answer = [p.list_grad(), p.list_grad()[1] is g]
    """,
    ),
    "equality and hashes": (
        _SETUP,
        """
        a = Parameter("w")
        b = Parameter("w")
        answer = [a == b, a != b, len({a, b}), a == a]
    """,
    ),
    "pickle": (
        _SETUP,
        """
        import pickle
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        q = pickle.loads(pickle.dumps(p))
        answer = [q.data(), q.grad(), repr(q), q.list_ctx() == p.list_ctx()]
    """,
    ),
    "deepcopy": (
        _SETUP,
        """
        import copy
        p = Parameter("w", shape=(2,))
        p.initialize("ones")
        q = copy.deepcopy(p)
        answer = [q.data(), q.grad(), repr(q), q.data() is p.data()]
        q.data()[:] = 4
        answer.append(p.data())
    """,
    ),
    "deepcopy deferred": (
        _SETUP,
        """
        import copy
        p = Parameter("w", shape=(0,), allow_deferred_init=True)
        p.initialize("ones")
        q = copy.deepcopy(p)
        q.shape = (2,)
        q._finish_deferred_init()
        answer = q.data()
    """,
    ),
    "constant grad_req": (
        _SETUP,
        """
        c = Constant("c", [[1, 2], [3, 4]])
        c.grad_req = "write"
        answer = c.grad_req
    """,
    ),
    "constant grad_req bad": (
        _SETUP,
        """
        c = Constant("c", [[1, 2], [3, 4]])
        c.grad_req = "foo"
        answer = c.grad_req
    """,
    ),
    "constant numpy": (
        _SETUP,
        """
        c = Constant("c", np.arange(3))
        answer = [c.dtype, c.value]
        c.initialize()
        answer += [c.data()]
    """,
    ),
    "constant np64": (
        _SETUP,
        """
        c = Constant("c", np.arange(3, dtype="float64"))
        answer = [c.dtype, c.value]
        c.initialize()
        answer += [c.data()]
    """,
    ),
    "constant array int": (
        _SETUP,
        """
        c = Constant("c", mx.nd.arange(3, dtype="int32"))
        answer = [c.dtype, c.value]
        c.initialize()
        answer += [c.data()]
    """,
    ),
    "constant scalar": (
        _SETUP,
        """
        c = Constant("c", 3)
        answer = [c.shape]
    """,
    ),
    "constant initialize given": (
        _SETUP,
        """
        c = Constant("c", [1, 2])
        c.initialize(init=mx.init.One())
        answer = c.data()
    """,
    ),
    "constant initialize default": (
        _SETUP,
        """
        c = Constant("c", [1, 2])
        c.initialize(default_init=mx.init.One())
        answer = c.data()
    """,
    ),
    "constant cast": (
        _SETUP,
        """
        c = Constant("c", [1, 2])
        c.initialize()
        c.cast("float16")
        answer = [c.data(), c.dtype, c.value]
    """,
    ),
    "constant cast before": (
        _SETUP,
        """
        c = Constant("c", [1, 2])
        c.cast("float16")
        c.initialize()
        answer = [c.data(), c.dtype, c.value]
    """,
    ),
    "constant set_data": (
        _SETUP,
        """
        c = Constant("c", [1, 2])
        c.initialize()
        c.set_data(nd.array([5, 6]))
        answer = [c.data(), c.value]
    """,
    ),
    "constant no value": (_SETUP, 'Constant("c")'),
    "constant two context": (
        _SETUP,
        """
        c = Constant("c", [1, 2])
        c.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        answer = c.list_data()
        c.reset_ctx(mx.cpu(3))
        answer += [str(c.list_ctx())]
    """,
    ),
    "constant deepcopy": (
        _SETUP,
        """
        import copy
        c = Constant("c", [1, 2])
        c.initialize()
        answer = [copy.deepcopy(c).data()]
    """,
    ),
    "constant pickle": (
        _SETUP,
        """
        import pickle
        c = Constant("c", [1, 2])
        c.initialize()
        answer = [pickle.loads(pickle.dumps(c)).data()]
    """,
    ),
    "dict": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3))
        answer = [
            d.prefix,
            list(d.keys()),
            list(d),
            "n_weight" in d,
            d["n_weight"] is p,
            repr(d),
            str(d),
            sorted(vars(d)),
        ]
    """,
    ),
    "dict empty repr": (
        _SETUP,
        'answer = [repr(ParameterDict()), repr(ParameterDict("a_")), str(ParameterDict("a_"))]',
    ),
    "dict len": (_SETUP, 'answer = len(ParameterDict("n_"))'),
    "dict bool": (_SETUP, 'answer = bool(ParameterDict("n_"))'),
    "dict values": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3))
        answer = [type(d.values()).__name__, type(d.items()).__name__, type(d.keys()).__name__]
    """,
    ),
    "dict get twice": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3))
        answer = [
            d.get("weight") is p,
            d.get("weight", shape=(2, 3)) is p,
            d.get("weight", dtype="float32") is p,
            d.get("weight", init="ones") is p,
            p.init,
        ]
    """,
    ),
    "dict get initialize none": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3), init="ones")
        answer = [d.get("weight", init=None) is p, p.init]
    """,
    ),
    "dict get initialize other": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3), init="ones")
        answer = [d.get("weight", init="zeros") is p, p.init]
    """,
    ),
    "dict get shape": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3))
        d.get("weight", shape=(2, 4))
    """,
    ),
    "dict get shape 0": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        answer = [d.get("weight", shape=(2, 0)) is p, p.shape]
    """,
    ),
    "dict get shape 0, the other way": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(2, 3))
        answer = [d.get("weight", shape=(0, 3)) is p, p.shape]
    """,
    ),
    "dict get shape rank": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        d.get("weight", shape=(2, 0, 1))
    """,
    ),
    "dict get shape list": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(3, 2))
        answer = [d.get("weight", shape=[3, 2]) is p, p.shape]
    """,
    ),
    "dict get dtype": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        d.get("weight", dtype="float16")
    """,
    ),
    "dict get lr_mult": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        d.get("weight", lr_mult=3)
    """,
    ),
    "dict get grad_req": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        d.get("weight", grad_req="null")
    """,
    ),
    "dict get allow": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        answer = [d.get("weight", allow_deferred_init=True) is p, p._allow_deferred_init, p.allow_deferred_init]
    """,
    ),
    "dict get allow, more": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3), allow_deferred_init=True)
        answer = [
            d.get("weight", allow_deferred_init=True) is p,
            p._allow_deferred_init,
            hasattr(p, "allow_deferred_init"),
        ]
    """,
    ),
    "dict get differentiable": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        answer = [d.get("weight", differentiable=False) is p, p._differentiable, hasattr(p, "differentiable")]
    """,
    ),
    "dict get stype": (
        _SETUP,
        """
        d = ParameterDict("n_")
        p = d.get("weight", shape=(0, 3))
        answer = [d.get("weight", stype="row_sparse") is p, p._stype, hasattr(p, "stype")]
    """,
    ),
    "dict get unknown": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("weight", foo=3)
    """,
    ),
    "dict get unknown, more": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("weight")
        answer = d.get("weight", foo=3).foo
    """,
    ),
    "dict get dtype initialize": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("weight", shape=(2,)).initialize()
        d.get("weight", shape=(2,), grad_req="write")
    """,
    ),
    "dict shared": (
        _SETUP,
        """
        a = ParameterDict("a_")
        w = a.get("weight")
        b = ParameterDict("a_", shared=a)
        answer = [b.get("weight") is w, list(b), b.get("bias") is a.get("bias"), list(a), list(b)]
    """,
    ),
    "dict shared other prefix": (
        _SETUP,
        """
        a = ParameterDict("a_")
        w = a.get("weight")
        b = ParameterDict("b_", shared=a)
        answer = [b.get("weight") is w, list(b)]
    """,
    ),
    "dict shared contains": (
        _SETUP,
        """
        a = ParameterDict("a_")
        w = a.get("weight")
        b = ParameterDict("a_", shared=a)
        answer = ["a_weight" in b]
        b["a_weight"]
    """,
    ),
    "dict keyerror": (_SETUP, 'ParameterDict("a_")["x"]'),
    "dict constant none": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get_constant("c")
    """,
    ),
    "dict constant not": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("c")
        d.get_constant("c", [1, 3])
    """,
    ),
    "dict constant array differs": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get_constant("c", [1, 2])
        d.get_constant("c", nd.array([1, 3]))
    """,
    ),
    "dict constant get": (
        _SETUP,
        """
        d = ParameterDict("a_")
        c = d.get_constant("c", [1, 2])
        answer = d.get("c") is c
    """,
    ),
    "dict constant get shape": (
        _SETUP,
        """
        d = ParameterDict("a_")
        c = d.get_constant("c", [1, 2])
        answer = d.get("c", shape=(2,)) is c
    """,
    ),
    "dict constant get initialize": (
        _SETUP,
        """
        d = ParameterDict("a_")
        c = d.get_constant("c", [1, 2])
        answer = d.get("c", grad_req="write") is c
    """,
    ),
    "dict update": (
        _SETUP,
        """
        a = ParameterDict("a_")
        b = ParameterDict("b_")
        w = b.get("weight")
        a.update(b)
        answer = [list(a), a["b_weight"] is w]
        a.update(b)
        c = ParameterDict("b_")
        c.get("weight")
        a.update(c)
    """,
    ),
    "dict update dict": (
        _SETUP,
        """
        a = ParameterDict("a_")
        b = ParameterDict("b_")
        w = b.get("weight")
        a.update({"x": w})
        answer = list(a)
    """,
    ),
    "dict initialize": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.get("bias", shape=(2,))
        d.get("gamma", shape=(2,), init="zeros")
        d.initialize(mx.init.Constant(3))
        answer = [(k, v.data()) for k, v in d.items()]
    """,
    ),
    "dict initialize str": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.initialize("ones")
        answer = d["a_weight"].data()
    """,
    ),
    "dict initialize str verbose": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.initialize("ones", verbose=True)
    """,
    ),
    "dict zero_grad": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.get("b", shape=(2,), grad_req="null")
        d.get("c", shape=(3, 2), grad_stype="row_sparse")
        d.initialize()
        [p.grad().__setitem__(slice(None), mx.nd.ones(p.shape)) for p in d.values() if p.grad_req != "null"]
        d.zero_grad()
        answer = [d["a_weight"].grad(), d["a_c"].grad()]
    """,
    ),
    "dict zero_grad not initialized": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        answer = d.zero_grad()
    """,
    ),
    "dict zero_grad mixed dtype": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.get("w2", shape=(2,), dtype="float64")
        d.initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        [g.__setitem__(slice(None), 3) for p in d.values() for g in p.list_grad()]
        d.zero_grad()
        answer = [p.list_grad() for p in d.values()]
    """,
    ),
    "dict list_ctx": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.get("b", shape=(2,))
        d["a_weight"].initialize(ctx=[mx.cpu(0), mx.cpu(1)])
        d["a_b"].initialize(ctx=mx.cpu(2))
        answer = sorted(map(str, d.list_ctx()))
    """,
    ),
    "dict list_ctx not initialized": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        answer = d.list_ctx()
    """,
    ),
    "dict list_ctx empty": (
        _SETUP,
        """
        d = ParameterDict("a_")
        answer = d.list_ctx()
    """,
    ),
    "dict reset_ctx": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.initialize()
        d.reset_ctx([mx.cpu(1)])
        answer = str(d.list_ctx())
    """,
    ),
    "dict setattr": (
        _SETUP,
        """
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.get_constant("c", [1])
        d.setattr("grad_req", "null")
        d.setattr("lr_mult", 4)
        answer = [(p.grad_req, p.lr_mult) for p in d.values()]
        d.setattr("grad_req", "write")
        answer += [(p.grad_req, p.lr_mult) for p in d.values()]
    """,
    ),
    "dict deepcopy": (
        _SETUP,
        """
        import copy
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.initialize("ones")
        answer = copy.deepcopy(d)["a_weight"].data()
    """,
    ),
    "dict pickle": (
        _SETUP,
        """
        import pickle
        d = ParameterDict("a_")
        d.get("weight", shape=(2,))
        d.initialize("ones")
        answer = pickle.loads(pickle.dumps(d))["a_weight"].data()
    """,
    ),
    "an initializer by name and the same as an object": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("w", shape=(2,), init="zeros")
        d.get("w", init=mx.init.Zero())
        answer = 1
    """,
    ),
    "equal initializers": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("w", shape=(2,), init=mx.init.Zero())
        d.get("w", init=mx.init.Zero())
        answer = 1
    """,
    ),
    "equal initializers with arguments": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("w", shape=(2,), init=mx.init.Xavier(magnitude=3))
        d.get("w", init=mx.init.Xavier(magnitude=3))
        answer = 1
    """,
    ),
    "unequal initializers": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get("w", shape=(2,), init=mx.init.Xavier(magnitude=3))
        d.get("w", init=mx.init.Xavier(magnitude=4))
        answer = 1
    """,
    ),
    "an initializer for a constant": (
        _SETUP,
        """
        d = ParameterDict("n_")
        d.get_constant("w", nd.ones((2,)))
        d.get("w", init="zeros")
        answer = 1
    """,
    ),
}
