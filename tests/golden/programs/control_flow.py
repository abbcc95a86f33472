"""Loops and branches, as symbols and on arrays. Subgraphs are named: MXNet numbers names through all programs."""

_RUN = """
import json
x, s, w, y = [mx.sym.var(name) for name in ("x", "s", "w", "y")]
def same(net):
    text = net.tojson()
    again = mx.sym.load_json(text)
    assert again.tojson() == text
    return text
def run(net, train=True, **shapes):
    net = mx.sym.load_json(net.tojson())
    random = np.random.RandomState(0)
    values = {n: mx.nd.array(random.uniform(0.1, 1, shapes[n])) for n in net.list_arguments()}
    e = net.bind(mx.cpu(), values, {n: mx.nd.zeros(shapes[n]) for n in shapes})
    e.forward(is_train=train)
    found = [o.asnumpy() for o in e.outputs]
    e.backward([mx.nd.array(random.uniform(size=o.shape)) for o in e.outputs])
    return found, e.grad_dict
def listed(net):
    return net.list_outputs(), net.list_arguments(), net.list_auxiliary_states(), net.get_internals().list_outputs()
"""
_DENSE = """
def body(piece, states):
    h = mx.sym.FullyConnected(piece, num_hidden=3, name="fc")
    return h, [mx.sym.tanh(states[0] * w + h)]
o, states = mx.sym.contrib.foreach(body, x, [s], name="dense%s")
net = mx.sym.Group([o] + states)
"""
_LISTS = """
relu, outer = mx.sym.relu(x), mx.sym.exp(w)
def body(pieces, states):
    o = pieces[0] * outer + states[0] + pieces[1]
    return [o, pieces[0]], [o * 2, states[1]]
o, states = mx.sym.contrib.foreach(body, [relu, y], [s, mx.sym.var("s2")], name="lists%s")
net = mx.sym.Group(o + states)
"""
_NORM = """
def body(piece, states):
    h = mx.sym.BatchNorm(mx.sym.FullyConnected(piece, num_hidden=3, name="fc"), name="bn")
    return h, [states[0] + h]
o, states = mx.sym.contrib.foreach(body, x, [s], name="norm%s")
net = mx.sym.Group([o] + states)
"""
_NESTED = """
def outer(piece, state):
    return mx.sym.contrib.foreach(lambda d, t: (d * t, t * w + d), piece, state, name="inner")
o, state = mx.sym.contrib.foreach(outer, x, s, name="nested%s")
net = mx.sym.Group([o, state])
"""
_WHILE = """
o, last = mx.sym.contrib.while_loop(lambda i, a: i < 5, lambda i, a: ([i * w, a * a], [i + 1, a + i * w]),
                                    (mx.sym.var("i"), mx.sym.var("a")), max_iterations=%s, name="while%s")
net = mx.sym.Group(o + last)
"""
_COND = """
net = mx.sym.contrib.cond(mx.sym.sum(x) > %s, lambda: x * w, lambda: x + w * w, name="cond%s")
"""
_CONDS = """
net = mx.sym.Group(mx.sym.contrib.cond(mx.sym.sum(x) > 1, lambda: [x * w, x], lambda: [x + y, y], name="conds%s"))
"""

PROGRAMS = {
    "foreach lists": (_RUN, _DENSE % 1, "answer = same(net), listed(net)"),
    "foreach shapes": (_RUN, _DENSE % 2, "answer = net.infer_shape(x=(2, 4, 5), s=(4, 3), w=(4, 3))"),
    "foreach partial shapes": (_RUN, _DENSE % 3, "answer = net.infer_shape_partial(x=(2, 4, 5))[0][:3]"),
    "foreach types": (_RUN, _DENSE % 4, "answer = net.infer_type(x='float64')"),
    "foreach values": (
        _RUN,
        _DENSE % 5,
        "answer = run(net, x=(2, 4, 5), s=(4, 3), w=(4, 3), fc_weight=(3, 5), fc_bias=(3,))",
    ),
    "foreach many": (_RUN, _LISTS % 1, "answer = same(net), listed(net)"),
    "foreach many values": (_RUN, _LISTS % 2, "answer = run(net, x=(3, 2), y=(3, 2), s=(2,), s2=(1,), w=(2,))"),
    "foreach with states of a layer": (_RUN, _NORM % 1, "answer = same(net), listed(net)"),
    "foreach nested": (_RUN, _NESTED % 1, "answer = same(net), listed(net)"),
    "foreach nested values": (_RUN, _NESTED % 2, "answer = run(net, x=(2, 3, 2), s=(2,), w=(2,))"),
    "foreach same twice": (
        _RUN,
        """
        def body(piece, state):
            o = piece + state
            return o, o
        o, state = mx.sym.contrib.foreach(body, x, s, name="twice")
        net = mx.sym.Group([o, state])
        answer = same(net), run(net, x=(2, 3), s=(3,))
    """,
    ),
    "foreach outputs of one node": (
        _RUN,
        """
        def body(piece, state):
            parts = mx.sym.split(piece + state, num_outputs=2, axis=0)
            return [parts[0], parts[1]], mx.sym.concat(parts[1], parts[0], dim=0)
        o, state = mx.sym.contrib.foreach(body, x, s, name="parts")
        net = mx.sym.Group(o + [state])
        answer = same(net), run(net, x=(2, 4), s=(4,))
    """,
    ),
    "foreach states of one node": (
        _RUN,
        """
        def body(piece, states):
            parts = mx.sym.split(piece + states[0] + states[1], num_outputs=2, axis=0)
            o = mx.sym.concat(parts[1], parts[0], dim=0)
            both = o * parts[0]
            return [o, o], [both, both]
        o, states = mx.sym.contrib.foreach(body, x, [s, y], name="states")
        net = mx.sym.Group(o + states)
        answer = same(net)
    """,
    ),
    "while same twice": (
        _RUN,
        """
        def body(a, b):
            parts = mx.sym.split(mx.sym.concat(a * b, a + b, dim=0), num_outputs=2, axis=0)
            return [parts[0], parts[0]], [parts[0], parts[1]]
        o, last = mx.sym.contrib.while_loop(lambda a, b: a < 3, body, [x, y], max_iterations=3, name="again")
        net = mx.sym.Group(o + last)
        answer = same(net), run(net, x=(1,), y=(1,))[0]
    """,
    ),
    "foreach identity": (
        _RUN,
        """
        o, state = mx.sym.contrib.foreach(lambda d, t: (d, t), x, s, name="identity")
        net = mx.sym.Group([o, state])
        answer = same(net), run(net, x=(2, 4), s=(4,))
    """,
    ),
    "foreach without states": (
        _RUN,
        """
        o, state = mx.sym.contrib.foreach(lambda d, t: (d + 1, []), x, [], name="stateless")
        answer = same(o), state, run(o, x=(2, 4))
    """,
    ),
    "foreach unused data": (_RUN, "mx.sym.contrib.foreach(lambda d, t: (t + 1, t * 2), x, s)"),
    "foreach unused state": (_RUN, "mx.sym.contrib.foreach(lambda d, t: (d + 1, [d, t[0]]), x, [s, w])"),
    "foreach outer state": (_RUN, "mx.sym.contrib.foreach(lambda d, t: (d + w, w), x, s)"),
    "foreach other states": (_RUN, "mx.sym.contrib.foreach(lambda d, t: (d, [t, t]), x, s)"),
    "foreach of a number": (_RUN, "mx.sym.contrib.foreach(lambda d, t: (d, t), 3, s)"),
    "while": (_RUN, _WHILE % (7, 1), "answer = same(net), listed(net)"),
    "while values": (_RUN, _WHILE % (5, 2), "answer = run(net, i=(1,), w=(1,), a=(1,))"),
    "while at most": (_RUN, _WHILE % (2, 3), "answer = run(net, i=(1,), w=(1,), a=(1,))"),
    "while single": (
        _RUN,
        """
        o, last = mx.sym.contrib.while_loop(lambda i: i < 5, lambda i: (i, i + 1), x, max_iterations=5, name="single")
        net = mx.sym.Group([o, last])
        answer = same(net), run(net, x=(1,))
    """,
    ),
    "while without limit": (_RUN, "mx.sym.contrib.while_loop(lambda i: i < 5, lambda i: (i, i + 1), x)"),
    "cond then": (_RUN, _COND % (-100, 1), "answer = same(net), listed(net), run(net, x=(3, 2), w=(3, 2))"),
    "cond else": (_RUN, _COND % (100, 2), "answer = run(net, x=(3, 2), w=(3, 2))"),
    "cond many": (_RUN, _CONDS % 1, "answer = same(net), listed(net)"),
    "cond of different branches": (_RUN, "mx.sym.contrib.cond(x, lambda: [x, w], lambda: x)"),
    "arrays foreach": """
        x, s = mx.nd.array([[1, 2], [3, 4], [5, 6]]), mx.nd.array([10, 20])
        x.attach_grad(), s.attach_grad()
        with mx.autograd.record():
            o, last = mx.nd.contrib.foreach(lambda d, t: ([d[0] + t[0], d[1] * t[0]], [t[0] * d[0]]), [x, x], [s])
            total = o[0].sum() + (o[1] * 2).sum() + last[0].sum()
        total.backward()
        answer = o, last, x.grad, s.grad
    """,
    "arrays foreach without states": """
        answer = mx.nd.contrib.foreach(lambda d, t: (d + 1, []), mx.nd.array([[1, 2], [3, 4]]), [])
    """,
    "arrays foreach of a number": "mx.nd.contrib.foreach(lambda d, t: (d, t), 3, mx.nd.ones(2))",
    "arrays while": """
        i, s = mx.nd.array([0]), mx.nd.array([1])
        o, last = mx.nd.contrib.while_loop(lambda i, s: i < 4, lambda i, s: ([i * 1, s], [i + 1, s + i]), (i, s),
                                           max_iterations=6)
        answer = [a[:4] for a in o], [a.shape for a in o], last
    """,
    "arrays while at most": """
        answer = mx.nd.contrib.while_loop(lambda i: i < 4, lambda i: (i, i + 1), mx.nd.array([0]), max_iterations=2)
    """,
    "arrays while never": """
        answer = mx.nd.contrib.while_loop(lambda i: i < 4, lambda i: (i, i + 1), mx.nd.array([9]), max_iterations=2)
    """,
    "arrays while without outputs": """
        answer = mx.nd.contrib.while_loop(lambda i: i < 4, lambda i: ([], i + 1), mx.nd.array([0]), max_iterations=9)
    """,
    "arrays while without limit": "mx.nd.contrib.while_loop(lambda i: i < 4, lambda i: (i, i + 1), mx.nd.array([0]))",
    "arrays cond": """
        x = mx.nd.array([1, 2])
        answer = [mx.nd.contrib.cond(x.sum() > limit, lambda: x, lambda: [x * 2, x * 3]) for limit in (1, 9)]
    """,
    "arrays cond of many": "mx.nd.contrib.cond(mx.nd.array([1, 2]) > 1, lambda: mx.nd.ones(1), lambda: mx.nd.ones(1))",
}
