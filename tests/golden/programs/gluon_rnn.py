"""What recurrent layers and cells of Gluon compute, name, save and refuse."""

_SETUP = """
import json
from mxnet.gluon import contrib, nn, rnn
from mxnet.gluon.contrib.rnn import rnn_cell as further
from mxnet.gluon.rnn import rnn_cell
crnn = contrib.rnn
nd, sym = mx.nd, mx.sym
def data(*shape):
    size = int(np.prod(shape))
    return nd.array(np.sin(np.arange(size) * 1.3).reshape(shape))
def fill(block):
    for i, (_, p) in enumerate(sorted(block.collect_params().items())):
        size = int(np.prod(p.shape))
        p.set_data(nd.array(np.cos(np.arange(size) * 0.7 + i).reshape(p.shape) * 0.4))
    return block
def ready(block, *args, **kwargs):
    "Initialize, let a first call find the shapes, and fill."
    block.initialize()
    block(*args, **kwargs)
    return fill(block)
def flat(value):
    return [x for part in value for x in flat(part)] if isinstance(value, (list, tuple)) else [value]
def nodes(value):
    graph = json.loads(sym.Group(flat(value)).tojson())
    def line(n):
        attrs = n.get("attrs", {}) if n["op"] != "null" else {}
        shown = ["%s=%s" % a for a in sorted(attrs.items())] + [str(i[:2]) for i in n["inputs"]]
        return " ".join([n["op"], n["name"]] + shown)
    return [line(n) for n in graph["nodes"]]
def form(value):
    if isinstance(value, (list, tuple)):
        return [type(value).__name__] + [form(v) for v in value]
    return list(value.shape) if isinstance(value, nd.NDArray) else value.list_outputs()
def stack(kind, *cells):
    made = kind(prefix="s_")
    for cell in cells:
        made.add(cell)
    return made
def gradients(block, run):
    with mx.autograd.record():
        outputs = flat(run())
        total = sum((o * data(*o.shape)).sum() for o in outputs)
    total.backward()
    return [outputs, [p.grad() for _, p in sorted(block.collect_params().items())]]
x, var, lengths = data(4, 2, 3), sym.var("data"), nd.array([2, 4])
"""

_LAYERS = {
    "RNN relu": "rnn.RNN(4, prefix='a_'{})",
    "RNN tanh": "rnn.RNN(4, activation='tanh', prefix='a_'{})",
    "LSTM": "rnn.LSTM(4, prefix='a_'{})",
    "GRU": "rnn.GRU(4, prefix='a_'{})",
}
_CELLS = {
    "RNNCell": "rnn.RNNCell(4, prefix='a_')",
    "RNNCell relu": "rnn.RNNCell(4, activation='relu', prefix='a_')",
    "RNNCell softrelu": "rnn.RNNCell(4, activation='softrelu', prefix='a_')",
    "RNNCell softsign": "rnn.RNNCell(4, activation='softsign', prefix='a_')",
    "LSTMCell": "rnn.LSTMCell(4, prefix='a_')",
    "LSTMCell activations": "rnn.LSTMCell(4, prefix='a_', activation='relu', recurrent_activation='softsign')",
    "GRUCell": "rnn.GRUCell(4, prefix='a_')",
    "LSTMPCell": "crnn.LSTMPCell(4, 2, prefix='a_')",
    "DropoutCell": "rnn.DropoutCell(0.5, prefix='a_')",
    "DropoutCell axes": "rnn.DropoutCell(0.5, axes=(1,), prefix='a_')",
    "DropoutCell 0": "rnn.DropoutCell(0.0, prefix='a_')",
    "ZoneoutCell": "rnn.ZoneoutCell(rnn.RNNCell(4, prefix='a_'), 0.5, 0.2)",
    "ZoneoutCell outputs": "rnn.ZoneoutCell(rnn.LSTMCell(4, prefix='a_'), 0.5)",
    "ResidualCell": "rnn.ResidualCell(rnn.GRUCell(3, prefix='a_'))",
    "VariationalDropoutCell": "crnn.VariationalDropoutCell(rnn.LSTMCell(4, prefix='a_'), 0.1, 0.2, 0.3)",
    "VariationalDropoutCell stateless": "crnn.VariationalDropoutCell(rnn.RNNCell(4, prefix='a_'), 0.1, 0, 0.3)",
    "BidirectionalCell": "rnn.BidirectionalCell(rnn.RNNCell(4, prefix='a_'), rnn.LSTMCell(2, prefix='b_'))",
    "SequentialRNNCell": "stack(rnn.SequentialRNNCell, rnn.LSTMCell(4, prefix='a_'), rnn.DropoutCell(0.3, prefix='b_'),"
    " rnn.GRUCell(2, prefix='c_'))",
    "HybridSequentialRNNCell": "stack(rnn.HybridSequentialRNNCell, rnn.RNNCell(4, prefix='a_'), "
    "rnn.ResidualCell(rnn.GRUCell(4, prefix='c_')))",
    "bidirectional layers": "stack(rnn.SequentialRNNCell, rnn.BidirectionalCell(rnn.RNNCell(2, prefix='a_'), "
    "rnn.GRUCell(2, prefix='b_')), rnn.LSTMCell(3, prefix='c_'))",
}
_STEPPED = [name for name in _CELLS if "idirectional" not in name]
_CONVOLUTIONAL = {
    "Conv1DRNNCell": ("crnn.Conv1DRNNCell((3, 6), 2, 3, 3, prefix='a_')", "(2, 3, 6)"),
    "Conv1DLSTMCell": ("crnn.Conv1DLSTMCell((3, 6), 2, 3, 3, i2h_pad=1, prefix='a_')", "(2, 3, 6)"),
    "Conv1DGRUCell": ("crnn.Conv1DGRUCell((3, 6), 2, 2, 3, activation='relu', prefix='a_')", "(2, 3, 6)"),
    "Conv2DRNNCell": ("crnn.Conv2DRNNCell((3, 6, 5), 2, (2, 3), (3, 1), (0, 1), prefix='a_')", "(2, 3, 6, 5)"),
    "Conv2DLSTMCell": (
        "crnn.Conv2DLSTMCell((3, 6, 5), 2, 3, 3, i2h_dilate=2, h2h_dilate=2, prefix='a_')",
        "(2, 3, 6, 5)",
    ),
    "Conv2DGRUCell": ("crnn.Conv2DGRUCell((0, 6, 5), 2, 3, 3, prefix='a_')", "(2, 3, 6, 5)"),
    "Conv3DRNNCell": ("crnn.Conv3DRNNCell((3, 4, 4, 3), 2, 2, 3, prefix='a_')", "(2, 3, 4, 4, 3)"),
    "Conv3DLSTMCell": ("crnn.Conv3DLSTMCell((3, 4, 4, 3), 2, 2, 1, prefix='a_')", "(2, 3, 4, 4, 3)"),
    "Conv3DGRUCell": ("crnn.Conv3DGRUCell((3, 4, 4, 3), 2, 2, 3, i2h_pad=1, prefix='a_')", "(2, 3, 4, 4, 3)"),
}

PROGRAMS = {}


def _add(name, source):
    PROGRAMS[name] = (_SETUP, source)


for _name, _made in _LAYERS.items():
    _plain = _made.format("")
    _deep = _made.format(", num_layers=2, bidirectional=True, dropout=0.5")
    _add(
        f"{_name}: attributes",
        f"""
        l = {_deep}
        p = l.collect_params()
        answer = [repr(l), repr({_plain}), list(p), [v.shape for v in p.values()], list(l._reg_params), l.state_info(),
            l.state_info(7), form(l.begin_state(2)), form(l.begin_state(func=sym.var)), l._alias(), l._gates, l._dir,
            list(l._collect_params_with_prefix()), list(l._collect_params_with_prefix('q')), repr(l._unfuse()),
            list(l._unfuse().collect_params()), [c.prefix for c in l._unfuse()._children.values()],
            sorted(k for k in vars(l) if k.startswith('_') and 'init' in k), l._layout, l._mode, l._num_layers]
    """,
    )
    _add(
        f"{_name}: calls",
        f"""
        l = ready({_plain}, x)
        answer = [form(l(x)), form(l(x, l.begin_state(2))), form(l(x, tuple(l.begin_state(2)))), l.skip_states,
            l(x), l(x, [data(*s.shape) for s in l.begin_state(2)]), repr(l)]
    """,
    )
    _add(
        f"{_name}: gradients",
        f"""
        l = ready({_deep.replace("0.5", "0")}, x)
        answer = gradients(l, lambda: l(x, [data(*s.shape) for s in l.begin_state(2)]))
    """,
    )
    _add(
        f"{_name}: layout NTC",
        f"""
        l = ready({_plain[:-1]}, layout='NTC'), x)
        answer = [l(x), l(x, l.begin_state(4))]
    """,
    )
    _add(
        f"{_name}: in float64",
        f"""
        l = {_plain[:-1]}, dtype='float64')
        ready(l, x.astype('float64'))
        answer = [l(x.astype('float64'), l.begin_state(2)), l.begin_state(1)[0].dtype]
    """,
    )
    _add(
        f"{_name}: cast",
        f"""
        l = ready({_plain}, x)
        l.cast('float64')
        answer = [l(x.astype('float64')), l._dtype, l.begin_state(1)[0].dtype]
    """,
    )
    _add(
        f"{_name}: hybridized",
        f"""
        l = ready({_deep}, x)
        l.hybridize()
        answer = [l(x), l(x)]
    """,
    )
    _add(
        f"{_name}: hybridized with states",
        f"""
        l = ready({_deep}, x)
        l.hybridize()
        out, states = l(x, l.begin_state(2))
        answer = [out, list(states)]
    """,
    )
    _add(
        f"{_name}: graph",
        f"""
        answer = [nodes({_deep}(var)), nodes({_plain[:-1]}, layout='NTC', input_size=3)(var))]
        l = {_deep}
        answer.append(nodes(l(var, l.begin_state(func=sym.var))))
    """,
    )
    _add(
        f"{_name}: _unfuse computes the same",
        f"""
        l = ready({_deep.replace("0.5", "0.2")}, x)
        outputs, states = l._unfuse().unroll(4, x, layout='TNC', merge_outputs=True)
        answer = [outputs, states, l(x)]
    """,
    )
    _add(
        f"{_name}: saved",
        f"""
        import os, tempfile
        class Net(mx.gluon.HybridBlock):
            def __init__(self, **kwargs):
                super().__init__(**kwargs)
                with self.name_scope():
                    self.layer = {_deep.replace("prefix='a_', ", "")}
        net = Net(prefix='n_')
        net.initialize()
        net.layer(x)
        fill(net)
        path = os.path.join(tempfile.mkdtemp(), 'p')
        net.save_parameters(path)
        other = Net()
        other.load_parameters(path)
        answer = [sorted(nd.load(path)), list(net.collect_params()), other.layer(x)]
    """,
    )
    for _bad in ("l(x, l.begin_state(3))", "l(data(4, 2))", "l(data(4, 2, 5))"):
        _add(f"{_name}: refuses {_bad}", f"l = ready({_plain}, x)\n{_bad}")
    for _bad in ("layout='NCT'", "foo=1", "num_layers=0", "dropout=2"):
        _add(f"{_name}: refuses {_bad}", f"ready({_plain[:-1]}, {_bad}), x)")

_add("layers: without a batch size", "rnn.LSTM(3).begin_state()")
_add(
    "LSTM: graph with sequence_length",
    """
    l = rnn.LSTM(4, 2, use_sequence_length=True, prefix='a_')
    answer = [nodes(l(var, sequence_length=sym.var('len'))), nodes(l(var, l.begin_state(func=sym.var), sym.var('len')))]
""",
)
_add("LSTM: sequence_length is missing", "ready(rnn.LSTM(4, use_sequence_length=True, input_size=3), x)")
_add(
    "LSTM: projection",
    """
    l = ready(rnn.LSTM(4, 2, bidirectional=True, projection_size=2, prefix='a_'), x)
    answer = [l(x), l(x, [data(*s.shape) for s in l.begin_state(2)]),
        [(p.name, p.shape) for p in l.collect_params().values()], l.state_info(3),
        list(l._collect_params_with_prefix()), repr(l), nodes(l(var))]
""",
)
_add("LSTM: _unfuse of a projection", "rnn.LSTM(4, projection_size=2)._unfuse()")
_add("LSTM: too few states", "l = ready(rnn.LSTM(4), x)\nl(x, l.begin_state(2)[:1])")
_add("LSTM: one array of states", "l = ready(rnn.LSTM(4), x)\nl(x, l.begin_state(2)[0])")
_add("LSTM: two dtypes", "ready(rnn.LSTM(4), x)(x.astype('float64'))")
_add("GRU: one array of states", "l = ready(rnn.GRU(4), x)\nanswer = l(x, data(1, 2, 4))")
_add(
    "layers: begin_state",
    """
    l = rnn.GRU(4, 2)
    answer = [l.begin_state(3, nd.ones), l.begin_state(3, func=nd.ones, dtype='float64'),
        form(l.begin_state(2, ctx=mx.cpu())), form(l.begin_state(3, func=nd.random.normal, loc=1)),
        l.begin_state(1, func=lambda name, shape, **kw: shape)]
""",
)
_add(
    "layers: initializers",
    """
    l = rnn.LSTM(2, input_size=2, i2h_weight_initializer='ones', h2h_weight_initializer=mx.init.Constant(2),
        i2h_bias_initializer=mx.init.LSTMBias(3.0), h2h_bias_initializer='ones')
    l.initialize()
    answer = {k: p.data() for k, p in l._reg_params.items()}
    l = rnn.LSTM(2, input_size=2, projection_size=1, h2r_weight_initializer='ones')
    l.initialize()
    answer['p'] = l.l0_h2r_weight.data()
    l = rnn.GRU(2, input_size=2)
    l.initialize(mx.init.One())
    answer['all'] = [p.data() for p in l.collect_params().values()]
""",
)
_add(
    "layers: shared parameters",
    """
    one = ready(rnn.GRU(4, prefix='a_'), x)
    other = rnn.GRU(4, prefix='b_', params=one.params)
    answer = [other(x), list(other.collect_params())]
""",
)
_add(
    "layers: inside a network",
    """
    class Net(mx.gluon.HybridBlock):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                self.embed = nn.Embedding(5, 3)
                self.layer = rnn.LSTM(4, 2, layout='NTC', bidirectional=True)
                self.out = nn.Dense(2, flatten=False)
        def hybrid_forward(self, F, tokens):
            return self.out(self.layer(self.embed(tokens)))
    tokens = nd.array([[0, 1, 2], [4, 3, 1]])
    answer = []
    for hybrid in (False, True):
        net = Net(prefix='n_')
        net.initialize()
        if hybrid:
            net.hybridize()
        net(tokens)
        fill(net)
        answer += [net(tokens), gradients(net, lambda: net(tokens)), nodes(net(var))]
""",
)
_add(
    "layers: states through a network",
    """
    class Net(mx.gluon.HybridBlock):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                self.layer = rnn.LSTM(4)
                self.out = nn.Dense(2, flatten=False)
        def hybrid_forward(self, F, x, h, c):
            output, (h, c) = self.layer(x, [h, c])
            return self.out(output), h, c
    answer = []
    for hybrid in (False, True):
        net = Net(prefix='n_')
        net.initialize()
        if hybrid:
            net.hybridize()
        states = [data(1, 2, 4), data(1, 2, 4)]
        net(x, *states)
        fill(net)
        for _ in range(2):
            output, *states = net(x, *states)
            answer += [output, states]
""",
)

for _name, _made in _CELLS.items():
    _add(
        f"{_name}: attributes",
        f"""
        c = {_made}
        answer = [repr(c), c.prefix, c._alias(), c.state_info(), c.state_info(3), form(c.begin_state(func=sym.var)),
            form(c.begin_state(batch_size=2, func=nd.ones)), [(p.name, p.shape) for p in c.collect_params().values()],
            c._counter, c._init_counter, c._modified, list(c.params), list(c._children)]
    """,
    )
    for _options in (
        "",
        "merge_outputs=True, ",
        "merge_outputs=False, ",
        "valid_length=lengths, merge_outputs=True, ",
        "valid_length=lengths, merge_outputs=False, ",
        "valid_length=lengths, ",
    ):
        if _options == "valid_length=lengths, " and "idirectional" in _name:
            continue  # an error in 1.9.1
        _add(
            f"{_name}: unroll({_options}layout='TNC')",
            f"""
            c = {_made}
            c.initialize()
            c.unroll(4, inputs=x, layout='TNC')
            fill(c)
            outputs, states = c.unroll(4, x, layout='TNC', {_options})
            answer = [form(outputs), outputs, form(states), states, c._counter, c._init_counter]
        """,
        )
        if _options == "valid_length=lengths, merge_outputs=False, " and "Residual" in _made:
            continue  # an error in 1.9.1
        _add(
            f"{_name}: graph({_options})",
            f"""
            lengths = sym.var('len')
            c = {_made}
            with mx.name.NameManager():
                answer = nodes([list(v) for v in flat(c.unroll(2, var, {_options}))])
        """,
        )
    if "Dropout" not in _name[:7]:
        _add(
            f"{_name}: gradients",
            f"""
        c = {_made}
        c.initialize()
        c.unroll(4, x, layout='TNC')
        fill(c)
        def run():
            with mx.autograd.predict_mode():
                return c.unroll(4, x, layout='TNC', valid_length=lengths, merge_outputs=True)
        answer = gradients(c, run)
    """,
        )
    _add(
        f"{_name}: layout NTC and lists",
        f"""
        c = {_made}
        c.initialize()
        batches = nd.swapaxes(x, 0, 1)
        c.unroll(4, batches)
        fill(c)
        answer = [c.unroll(4, batches), c.unroll(4, list(x), merge_outputs=True), c.unroll(3, list(x)[:3])]
    """,
    )
for _name in _STEPPED:
    _made = _CELLS[_name]
    _add(
        f"{_name}: steps",
        f"""
        c = {_made}
        begin = c.begin_state(func=nd.ones, batch_size=2)
        ready(c, x[0], begin)
        c.reset()
        one = c(x[0], begin)
        two = c(x[1], one[1])
        answer = [form(one), one, two, c._counter]
    """,
    )
    _add(
        f"{_name}: graph of steps",
        f"""
        c = {_made}
        one = c(var, c.begin_state(func=sym.var))
        answer = [nodes(one), nodes(c(var, one[1]))]
    """,
    )
    if _name != "SequentialRNNCell":
        _add(
            f"{_name}: hybridized steps",
            f"""
            c = {_made}
            begin = c.begin_state(func=nd.ones, batch_size=2)
            ready(c, x[0], begin)
            c.reset()
            c.hybridize()
            output, states = c(x[0], begin)
            answer = [output, list(states), list(c(x[1], states)[1])]
        """,
        )

_R, _L = "rnn.RNNCell(4, prefix='a_')", "rnn.LSTMCell(4, prefix='b_')"
for _name, _source in {
    "too few states of RNNCell": f"ready({_R}, x[0], [nd.ones((2, 4))])(x[0], [])",
    "too few states of LSTMCell": f"ready({_L}, x[0], [nd.ones((2, 4))] * 2)(x[0], [nd.ones((2, 4))])",
    "wrong number of steps": f"{_R}.unroll(3, x, layout='TNC')",
    "wrong number of inputs": f"{_R}.unroll(3, list(x))",
    "no inputs": f"{_R}.unroll(3, None)",
    "inputs of another kind": f"{_R}.unroll(3, 5)",
    "a grouped symbol": f"{_R}.unroll(2, sym.Group([var, var]))",
    "begin_state without batch size": f"{_R}.begin_state()",
    "begin_state of a modified cell": f"c = {_R}\nrnn.ResidualCell(c)\nc.begin_state(batch_size=2)",
    "modified twice": f"c = {_R}\nrnn.ResidualCell(c)\nrnn.ZoneoutCell(c, 0.5)",
    "zoneout of both directions": f"rnn.ZoneoutCell(rnn.BidirectionalCell({_R}, {_L}))",
    "variational dropout of both directions": f"crnn.VariationalDropoutCell(rnn.BidirectionalCell({_R}, {_L}), 0, 0.1)",
    "dropout of a word": "rnn.DropoutCell('a')",
    "a step of both directions": f"rnn.BidirectionalCell({_R}, {_L})(x[0], [])",
    "a step of both directions in a stack": f"""
        s = rnn.SequentialRNNCell()
        s.add(rnn.BidirectionalCell({_R}, {_L}))
        s(x[0], s.begin_state(batch_size=2))
    """,
    "a plain stack in a hybrid one": "rnn.HybridSequentialRNNCell().add(rnn.SequentialRNNCell())",
    "state_info of RecurrentCell": "rnn.RecurrentCell().state_info()",
    "step of HybridRecurrentCell": "rnn.HybridRecurrentCell()(x[0], [])",
    "step of ModifierCell": f"rnn.ModifierCell({_R})(x[0], [nd.ones((2, 4))])",
    "unknown activation": "ready(rnn.RNNCell(4, activation='gelu'), x[0], [nd.ones((2, 4))])",
    "even kernel of a state": "crnn.Conv2DRNNCell((3, 8, 8), 4, 3, 2)",
    "kernel of three axes for two": "crnn.Conv2DRNNCell((3, 8, 8), 4, (3, 3, 3), 3)",
    "hybrid_forward of SequentialRNNCell": "rnn.SequentialRNNCell().hybrid_forward(nd, x, [])",
    "begin_state of a stack by position": "rnn.SequentialRNNCell().begin_state(2)",
}.items():
    _add(f"refused: {_name}", _source)

_add(
    "cells: begin_state",
    f"""
    c = {_L}
    answer = [c.begin_state(2), c.begin_state(2, nd.ones), form(c.begin_state(2, func=nd.random.uniform, low=1)),
        c.begin_state(2, dtype='float16')[0].dtype, form(c.begin_state(batch_size=2, ctx=mx.cpu())), c._init_counter,
        c.begin_state(3, lambda **kwargs: kwargs, a=1)]
    c.reset()
    answer.append(c._init_counter)
""",
)
_add(
    "cells: begin states are given",
    f"""
    c = ready({_L}, x[0], [nd.ones((2, 4))] * 2)
    answer = [c.unroll(4, x, [data(2, 4), data(2, 4)], 'TNC'),
        c.unroll(4, x, begin_state=c.begin_state(2), layout='TNC')]
""",
)
_add(
    "cells: a block as activation",
    """
    c = ready(rnn.RNNCell(4, activation=nn.LeakyReLU(0.1)), x[0], [nd.ones((2, 4))])
    answer = [repr(c), c(x[0], [nd.ones((2, 4))])]
""",
)
_add(
    "cells: prefixes",
    """
    s = rnn.SequentialRNNCell(prefix='s_')
    with s.name_scope():
        for c in (rnn.RNNCell(2), rnn.LSTMCell(2), rnn.GRUCell(2), rnn.GRUCell(2), rnn.DropoutCell(0.1),
                rnn.BidirectionalCell(rnn.RNNCell(2), rnn.RNNCell(2)), crnn.LSTMPCell(2, 2),
                crnn.Conv1DRNNCell((2, 3), 2, 1, 1),
                rnn.ResidualCell(rnn.RNNCell(2)), rnn.ZoneoutCell(rnn.LSTMCell(2)),
                crnn.Conv2DLSTMCell((2, 3, 3), 2, 1, 1),
                crnn.VariationalDropoutCell(rnn.GRUCell(2)), rnn.HybridSequentialRNNCell(),
                crnn.Conv3DGRUCell((2, 3, 3, 3), 2, 1, 1)):
            s.add(c)
    answer = [repr(s), len(s), repr(s[2]), [c.prefix for c in s._children.values()], list(s.collect_params())]
""",
)
_add(
    "cells: saved",
    """
    import os, tempfile
    def make():
        s = rnn.HybridSequentialRNNCell()
        s.add(rnn.BidirectionalCell(rnn.RNNCell(2), rnn.GRUCell(2)))
        s.add(rnn.ResidualCell(rnn.LSTMCell(4)))
        return s
    s, path = make(), os.path.join(tempfile.mkdtemp(), 'p')
    s.initialize()
    s.unroll(4, x, layout='TNC')
    fill(s).save_parameters(path)
    other = make()
    other.load_parameters(path)
    answer = [sorted(nd.load(path)), other.unroll(4, x, layout='TNC')]
""",
)
_add(
    "cells: of other authors",
    """
    class Own(rnn.HybridRecurrentCell):
        def __init__(self, size, **kwargs):
            super().__init__(**kwargs)
            self._size = size
            with self.name_scope():
                self.weight = self.params.get('weight', shape=(size, size))
        def state_info(self, batch_size=0):
            return [{'shape': (batch_size, self._size), '__layout__': 'NC'}]
        def hybrid_forward(self, F, inputs, states, weight):
            prefix = 't%d_' % self._counter
            output = F.tanh(F.dot(inputs, weight, name=prefix + 'dot') + states[0])
            return output, [output]
    c = Own(3, prefix='o_')
    c.initialize()
    fill(c)
    answer = [c.unroll(4, x, layout='TNC'), c.prefix, nodes(c.unroll(2, var)), rnn.ZoneoutCell(c, 0.1).prefix]
""",
)
_add(
    "cells: modifiers share parameters",
    """
    c = rnn.GRUCell(3, prefix='a_')
    m = rnn.ResidualCell(rnn.ZoneoutCell(c, 0.1))
    answer = [m.params is c.params, list(m.collect_params()), m.prefix, m.name, repr(m), c._modified, m._modified,
        form(m.begin_state(nd.ones, batch_size=2)), c._modified, vars(m)['base_cell'].zoneout_outputs]
""",
)
_add(
    "cells: inside a network",
    """
    class Net(mx.gluon.HybridBlock):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            with self.name_scope():
                self.cell = rnn.LSTMCell(4)
                self.both = rnn.BidirectionalCell(rnn.GRUCell(2), rnn.RNNCell(2))
        def hybrid_forward(self, F, x, lengths):
            outputs, _ = self.cell.unroll(4, x, layout='TNC', merge_outputs=True)
            return self.both.unroll(4, outputs, layout='TNC', merge_outputs=True, valid_length=lengths)[0]
    answer = []
    for hybrid in (False, True):
        net = Net(prefix='n_')
        net.initialize()
        if hybrid:
            net.hybridize()
        net(x, lengths)
        fill(net)
        answer += [net(x, lengths), gradients(net, lambda: net(x, lengths)), nodes(net(var, sym.var('len')))]
""",
)
_add(
    "VariationalDropoutCell: masks",
    """
    c = crnn.VariationalDropoutCell(rnn.RNNCell(4), 0.5, 0.5, 0.5)
    answer = [c.drop_inputs, c.drop_states, c.drop_outputs, c.drop_inputs_mask, c.drop_states_mask, c.drop_outputs_mask]
    ready(c, x[0], [nd.ones((2, 4))])
    answer += [form(c.drop_inputs_mask), form(c.drop_states_mask), form(c.drop_outputs_mask)]
    c.reset()
    answer += [c.drop_inputs_mask, c.drop_states_mask, c.drop_outputs_mask]
""",
)

for _name, (_made, _shape) in _CONVOLUTIONAL.items():
    _add(
        f"{_name}: attributes",
        f"""
        c = {_made}
        answer = [repr(c), c._alias(), c.state_info(), c.state_info(2),
            [(p.name, p.shape) for p in c.collect_params().values()],
            [list(c._gate_names), c._num_gates, c._hidden_channels, c._input_shape, c._conv_layout,
            c._i2h_kernel, c._stride, c._i2h_pad, c._i2h_dilate, c._h2h_kernel, c._h2h_dilate,
            c._channel_axis, c._in_channels, c._h2h_pad, c._state_shape]]
    """,
    )
    _add(
        f"{_name}: graph",
        f"""
        c = {_made}
        answer = nodes(c(var, c.begin_state(func=sym.var)))
    """,
    )
    if _name in ("Conv1DLSTMCell", "Conv3DLSTMCell"):
        continue  # a step takes 1.9.1 down
    if "dilate" not in _made and "3D" not in _name:
        _add(
            f"{_name}: unroll",
            f"""
            c, steps = {_made}, [data(*{_shape}) * i for i in (1, 2, -1)]
            c.initialize()
            c.unroll(1, steps[:1])
            fill(c)
            answer = gradients(c, lambda: c.unroll(3, steps))
        """,
        )
    else:
        _add(
            f"{_name}: step",
            f"""
            c, step = {_made}, data(*{_shape})
            c.initialize()
            begin = c.begin_state(func=nd.ones, batch_size=2)
            c(step, begin)
            fill(c)
            answer = c(step, begin)
        """,
        )
_add(
    "convolutional cells: channels last",
    """
    c = crnn.Conv2DLSTMCell((6, 5, 3), 2, 3, 3, conv_layout='NHWC')
    answer = [c.state_info(2), [p.shape for p in c.collect_params().values()], repr(c), c._channel_axis, c._in_channels]
""",
)
_add(
    "LSTMPCell: unroll in NTC",
    """
    c = crnn.LSTMPCell(4, 2)
    c.initialize()
    c.unroll(2, x)
    answer = gradients(fill(c), lambda: c.unroll(2, x))
""",
)

for _name, _made in (("RNNCell", _R), ("LSTMCell", _L), ("ResidualCell", "rnn.ResidualCell(rnn.RNNCell(3))")):
    for _options in (
        "",
        ", valid_length=lengths",
        ", layout='NTC'",
        ", layout='NTC', valid_length=nd.array([1, 2, 2, 0])",
    ):
        _add(
            f"dynamic_unroll: {_name}{_options}",
            f"""
            c = {_made}
            begin = c.begin_state(func=nd.ones, batch_size={4 if "NTC" in _options else 2})
            c.initialize()
            further.dynamic_unroll(c, x, begin{_options})
            fill(c)
            answer = further.dynamic_unroll(c, x, begin{_options})
        """,
        )
_add(
    "dynamic_unroll: graph",
    f"""
    c = {_R}
    outputs, states = further.dynamic_unroll(c, var, [sym.var('begin')], 0.1, 0.2, 'TNC', sym.var('len'))
    arguments = sym.Group([outputs, *states]).list_arguments()
    answer = [sorted(arguments), len(states)]
""",
)
_add("dynamic_unroll: no states", f"further.dynamic_unroll({_R}, x, None)")

for _layout in ("NTC", "TNC"):
    for _merge in (None, True, False):
        _add(
            f"_format_sequence: {_layout} {_merge}",
            f"""
            def told(value):
                steps, axis, F, batch = value
                return [form(steps), axis, F.__name__.rsplit('.')[-1], batch]
            length = {2 if _layout == "NTC" else 4}
            f = rnn_cell._format_sequence
            answer = [told(f(length, x, '{_layout}', {_merge})), told(f(None, x, '{_layout}', {_merge})),
                told(f(4, list(x), '{_layout}', {_merge})), told(f(None, tuple(x), '{_layout}', {_merge})),
                told(f(3, var, '{_layout}', {_merge})), told(f(2, [var, var], '{_layout}', {_merge}))]
        """,
        )
_add(
    "_reverse_sequences",
    """
    f = rnn_cell._reverse_sequences
    answer = [f(list(x), 4), f(list(x), 4, lengths), form(f(list(x)[:1], 1, nd.ones(2)))]
""",
)
_add(
    "_mask_sequence_variable_length",
    """
    f = rnn_cell._mask_sequence_variable_length
    answer = [f(nd, x, 4, lengths, 0, True), f(nd, list(x), 4, lengths, 0, False), f(nd, list(x), 4, lengths, 1, True)]
""",
)
_add(
    "_get_begin_state",
    f"""
    f = rnn_cell._get_begin_state
    answer = [f({_L}, nd, None, x, 3), f({_L}, nd, None, list(x), 3), f({_L}, nd, [1, 2], x, 3),
        form(f({_L}, sym, None, var, 0))]
""",
)
_add("_cells_state_info", f"answer = rnn_cell._cells_state_info([{_L}, {_R}], 3)")
_add(
    "modules",
    """
    kinds = [rnn.LSTM, rnn.LSTMCell, rnn.ZoneoutCell, rnn.BidirectionalCell, crnn.LSTMPCell, crnn.Conv1DGRUCell,
        crnn.VariationalDropoutCell, rnn.rnn_layer._RNNLayer, crnn.conv_rnn_cell._BaseConvRNNCell]
    answer = [[k.__name__, k.__module__] for k in kinds] + [sorted(rnn.rnn_cell.__all__), sorted(rnn.rnn_layer.__all__),
        sorted(crnn.rnn_cell.__all__), sorted(crnn.conv_rnn_cell.__all__), [b.__name__ for b in rnn.LSTMCell.__mro__[1:]
        if not b.__name__.startswith('_')]]
""",
)
