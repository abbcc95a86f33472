"""Operators written in Python."""

_SOFTMAX = """
log = []
class Softmax(mx.operator.CustomOp):
    def forward(self, is_train, req, in_data, out_data, aux):
        log.append(("forward", bool(is_train), req, len(aux), mx.autograd.is_recording(), mx.autograd.is_training()))
        x = in_data[0].asnumpy()
        y = np.exp(x - x.max(axis=1, keepdims=True))
        self.assign(out_data[0], req[0], mx.nd.array(y / y.sum(axis=1, keepdims=True)))
    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        log.append(("backward", len(out_grad), len(in_grad), mx.autograd.is_recording()))
        label = in_data[1].asnumpy().ravel().astype(int)
        y = out_data[0].asnumpy().copy()
        y[np.arange(label.shape[0]), label] -= 1
        self.assign(in_grad[0], req[0], mx.nd.array(y))
@mx.operator.register("golden_softmax")
class SoftmaxProp(mx.operator.CustomOpProp):
    def __init__(self, a="3", **further):
        log.append(("prop", a, further))
        super(SoftmaxProp, self).__init__(need_top_grad=False)
    def list_arguments(self):
        return ["data", "label"]
    def infer_shape(self, in_shape):
        return [in_shape[0], (in_shape[0][0],)], [in_shape[0]], []
    def create_operator(self, ctx, shapes, dtypes):
        log.append(("create", str(ctx), [list(s) for s in shapes], len(dtypes)))
        return Softmax()
net = mx.sym.Custom(data=mx.sym.var("x"), name="sm", op_type="golden_softmax", a=5, b=(1, 2))
"""
_TWO = """
class Two(mx.operator.CustomOp):
    def forward(self, is_train, req, in_data, out_data, aux):
        aux[0][:] = aux[0] + 1
        self.saved = in_data[0] * 2
        self.assign(out_data[0], req[0], in_data[0] * 2)
        self.assign(out_data[1], req[1], in_data[0] * in_data[1])
    def backward(self, req, out_grad, in_data, out_data, in_grad, aux):
        self.assign(in_grad[0], req[0], out_grad[0] * self.saved / in_data[0] + out_grad[1] * in_data[1])
        self.assign(in_grad[1], req[1], out_grad[1] * in_data[0])
        aux[0][:] = aux[0] + 100
@mx.operator.register("golden_two")
class TwoProp(mx.operator.CustomOpProp):
    def list_arguments(self):
        return ["a", "b"]
    def list_outputs(self):
        return ["first", "second"]
    def list_auxiliary_states(self):
        return ["count"]
    def infer_shape(self, shapes):
        return shapes, [shapes[0], shapes[0]], [(1,)]
    def create_operator(self, ctx, shapes, dtypes):
        return Two()
p, q = mx.sym.var("p"), mx.sym.var("q")
net = mx.sym.Custom(p, q, op_type="golden_two", name="tw")
a, b, c = mx.nd.array([1, 2]), mx.nd.array([3, 4]), mx.nd.zeros(1)
"""

PROGRAMS = {
    "lists": (_TWO, "answer = net.list_arguments(), net.list_outputs(), net.list_auxiliary_states()"),
    "json": (_SOFTMAX, "answer = net.tojson(), mx.sym.load_json(net.tojson()).tojson() == net.tojson()"),
    "made inputs": (
        _TWO,
        """
        answer = [mx.sym.Custom(op_type="golden_two", name="n").list_inputs(),
                  mx.sym.Custom(b=p, op_type="golden_two", name="n").list_inputs()]
    """,
    ),
    "too many inputs": (_TWO, "mx.sym.Custom(p, q, p, q, op_type='golden_two')"),
    "shapes": (_SOFTMAX, "answer = net.infer_shape(x=(2, 3))"),
    "shapes with states": (_TWO, "answer = net.infer_shape(p=(2,), q=(2,))"),
    "types": (_TWO, "answer = net.infer_type(p='float64', q='float64')"),
    "loss": (
        _SOFTMAX,
        """
        e = net.simple_bind(mx.cpu(), x=(2, 3))
        e.arg_dict["x"][:] = mx.nd.array([[1, 2, 3], [0, 0, 1]])
        e.arg_dict["sm_label"][:] = mx.nd.array([2, 0])
        e.forward(is_train=True)
        e.backward()
        mx.nd.waitall()
        answer = e.outputs, e.grad_dict, log
    """,
    ),
    "loss on arrays": (
        _SOFTMAX,
        """
        x, label = mx.nd.array([[1, 2, 3], [0, 0, 1]]), mx.nd.array([2, 0])
        x.attach_grad()
        with mx.autograd.record():
            y = mx.nd.Custom(x, label, op_type="golden_softmax", a=7)
        y.backward()
        mx.nd.waitall()
        answer = y, x.grad, [entry for entry in log if entry[0] in ("forward", "backward")]
    """,
    ),
    "executor": (
        _TWO,
        """
        e = net.simple_bind(mx.cpu(), grad_req={"p": "add", "q": "write"}, p=(2,), q=(2,))
        e.arg_dict["p"][:], e.arg_dict["q"][:] = a, b
        answer = []
        for training in (True, False, True):
            e.forward(is_train=training)
            answer += [e.outputs[0].asnumpy(), e.outputs[1].asnumpy(), e.aux_dict["tw_count"].asnumpy()]
        for i in range(2):
            e.backward([mx.nd.ones(2), mx.nd.ones(2) * 3])
            mx.nd.waitall()
            answer += [e.grad_dict["p"].asnumpy(), e.grad_dict["q"].asnumpy(), e.aux_dict["tw_count"].asnumpy()]
    """,
    ),
    "arrays": (
        _TWO,
        """
        a.attach_grad(), b.attach_grad()
        with mx.autograd.record():
            y, z = mx.nd.Custom(a, b, c, op_type="golden_two")
            w = y * 2 + z
        w.backward()
        mx.nd.waitall()
        answer = y, z, a.grad, b.grad, c
    """,
    ),
    "one output used": (
        _TWO,
        """
        a.attach_grad(), b.attach_grad()
        with mx.autograd.record():
            y, z = mx.nd.Custom(a, b, c, op_type="golden_two")
        z.backward()
        mx.nd.waitall()
        answer = a.grad, b.grad
    """,
    ),
    "out": (
        _TWO,
        """
        answer = [mx.nd.zeros(2), mx.nd.zeros(2)]
        mx.nd.Custom(a, b, c, op_type="golden_two", out=answer)
    """,
    ),
    "missing states": (_TWO, "mx.nd.Custom(a, b, op_type='golden_two')"),
    "unknown": "mx.nd.Custom(mx.nd.ones(1), op_type='golden_unknown')",
    "unknown symbol": "mx.sym.Custom(mx.sym.var('x'), op_type='golden_unknown')",
    "without a type": "mx.nd.Custom(mx.nd.ones(1))",
    "defaults": """
        prop = mx.operator.CustomOpProp()
        answer = [prop.infer_shape([(1, 2), (1, 2)]), prop.infer_type(["a", "b"]), prop.list_arguments(),
                  prop.list_outputs(), prop.list_auxiliary_states(),
                  prop.declare_backward_dependency([1], [2], [3]),
                  mx.operator.CustomOpProp(False).declare_backward_dependency([1], [2], [3]), prop.need_top_grad_]
    """,
    "assign": """
        answer = [mx.nd.ones(2) for request in range(4)]
        for target, request in zip(answer, ("null", "write", "inplace", "add")):
            mx.operator.CustomOp().assign(target, request, mx.nd.ones(2) * 3)
    """,
}
