"""Recurrent cells: the graphs they make, what those compute, their weights, and what they refuse."""

_CELLS = """
import json
import warnings
warnings.simplefilter("ignore")
R = mx.rnn
x, y = mx.sym.var("x"), mx.sym.var("y")

def flat(value):
    return [value] if isinstance(value, mx.sym.Symbol) else [s for item in value for s in flat(item)]

def stack(*cells):
    made = R.SequentialRNNCell()
    for cell in cells:
        made.add(cell)
    return made

def graph(found):
    "The nodes of outputs and states as text, and how the outputs came."
    outputs, states = found
    text = json.loads(mx.sym.Group(flat(outputs) + flat(states)).tojson())
    nodes = ["%s %s %s %s" % (n["op"], n["name"], [i[:2] for i in n["inputs"]], json.dumps(n.get("attrs"),
        sort_keys=True)) for n in text["nodes"]]
    return [nodes, text["heads"], text["arg_nodes"], type(outputs).__name__, len(states)]

def values(found, **shapes):
    "Outputs and gradients of everything, for weights that are the same wherever this runs."
    outputs, states = found
    group = mx.sym.Group(flat(outputs) + [s * 0.5 for s in flat(states)])  # 1.9.1 counts a head once that comes twice
    e = group.simple_bind(mx.cpu(), **shapes)
    for i, name in enumerate(sorted(e.arg_dict)):
        a = e.arg_dict[name]
        a[:] = np.sin(0.7 * np.arange(a.size) + i).reshape(a.shape)
    heads = [mx.nd.array(np.cos(np.arange(o.size) + 0.3).reshape(o.shape)) for o in e.forward(is_train=True)]
    e.backward(heads)
    return [[o.shape for o in e.outputs], e.outputs, sorted(e.arg_dict), [e.grad_dict[n] for n in sorted(e.arg_dict)]]
"""

#: Cells, each new in every program.
_MADE = {
    "RNN": "R.RNNCell(3)",
    "RNN relu": "R.RNNCell(3, activation='relu', prefix='q_')",
    "RNN with a function": "R.RNNCell(3, activation=lambda s, name=None: mx.sym.LeakyReLU(s, name=name))",
    "LSTM": "R.LSTMCell(3, forget_bias=2.0)",
    "GRU": "R.GRUCell(3)",
    "stack": "stack(R.RNNCell(3, prefix='a_'), R.LSTMCell(4, prefix='b_'), R.GRUCell(2, prefix='c_'))",
    "bidirectional": "R.BidirectionalCell(R.LSTMCell(3, prefix='l_'), R.GRUCell(2, prefix='r_'), output_prefix='o_')",
    "residual": "R.ResidualCell(R.GRUCell(5))",
    "stack of all": "stack(R.GRUCell(3, prefix='a_'), R.ResidualCell(R.LSTMCell(3, prefix='b_')), "
    "R.BidirectionalCell(R.RNNCell(2, prefix='c_'), R.RNNCell(2, prefix='d_')))",
    "fused LSTM": "R.FusedRNNCell(3, num_layers=2, get_next_state=True)",
    "fused GRU": "R.FusedRNNCell(3, mode='gru', bidirectional=True, get_next_state=True, prefix='f_')",
    "fused tanh": "R.FusedRNNCell(3, num_layers=2, mode='rnn_tanh', bidirectional=True)",
    "fused relu": "R.FusedRNNCell(3, mode='rnn_relu')",
    "stack of fused": "stack(R.FusedRNNCell(3, prefix='a_'), R.FusedRNNCell(3, mode='gru', prefix='b_'))",
    "bidirectional of fused": "R.BidirectionalCell(R.FusedRNNCell(3, prefix='l_'), R.FusedRNNCell(3, prefix='r_', "
    "get_next_state=True))",
    "bidirectional mixed": "R.BidirectionalCell(R.FusedRNNCell(3, prefix='l_'), R.RNNCell(3, prefix='r_'))",
    "residual of fused": "R.ResidualCell(R.FusedRNNCell(5))",
    "unfused LSTM": "R.FusedRNNCell(3, num_layers=2, prefix='f_').unfuse()",
    "unfused GRU": "R.FusedRNNCell(3, num_layers=2, mode='gru', bidirectional=True).unfuse()",
    "unfused tanh": "R.FusedRNNCell(3, num_layers=2, mode='rnn_tanh', bidirectional=True).unfuse()",
    "unfused relu": "R.FusedRNNCell(3, mode='rnn_relu').unfuse()",
}
#: Random ones: only their graphs are compared, and what they compute outside of training.
_RANDOM = {
    "dropout": "R.DropoutCell(0.5)",
    "zoneout": "R.ZoneoutCell(R.LSTMCell(3), 0.3, 0.2)",
    "zoneout of outputs": "R.ZoneoutCell(R.GRUCell(3), 0.3)",
    "zoneout of states": "R.ZoneoutCell(R.RNNCell(3), zoneout_states=0.3)",
    "stack with dropout": "stack(R.LSTMCell(3, prefix='a_'), R.DropoutCell(0.5), "
    "R.ZoneoutCell(R.GRUCell(3), 0.1, 0.1))",
    "fused with dropout": "R.FusedRNNCell(3, num_layers=2, dropout=0.5)",
    "unfused with dropout": "R.FusedRNNCell(3, num_layers=3, dropout=0.5, mode='gru', bidirectional=True).unfuse()",
}
_IMAGES = {
    "conv RNN": "R.ConvRNNCell((2, 2, 6, 5), 3)",
    "conv LSTM": "R.ConvLSTMCell((2, 2, 6, 5), 3)",
    "conv GRU": "R.ConvGRUCell((2, 2, 6, 5), 3)",
    "conv LSTM, all said": "R.ConvLSTMCell((2, 2, 6, 5), 3, h2h_kernel=(3, 5), h2h_dilate=(2, 1), i2h_kernel=(2, 3), "
    "i2h_stride=(2, 1), i2h_pad=(0, 1), i2h_dilate=(1, 2), i2h_weight_initializer=mx.init.One(), "
    "h2h_weight_initializer='xavier', i2h_bias_initializer=mx.init.LSTMBias(2.0), h2h_bias_initializer='ones', "
    "activation='tanh', prefix='q_')",
}

#: One symbol of all steps or a list, layout, and merge_outputs.
_WAYS = (
    ("x", "NTC", None),
    ("x", "TNC", None),
    ("x", "NTC", True),
    ("x", "TNC", False),
    ("[x, y]", "NTC", None),
    ("[x, y]", "TNC", True),
    ("[x, y]", "NTC", False),
)

PROGRAMS = {}
for _name, _cell in {**_MADE, **_RANDOM, **_IMAGES}.items():
    for _inputs, _layout, _merge in _WAYS[:1] if _name in _IMAGES else _WAYS:
        PROGRAMS[f"graph of {_name}, {_inputs}, {_layout}, merge {_merge}"] = (
            _CELLS,
            f"answer = graph(({_cell}).unroll(2, {_inputs}, layout='{_layout}', merge_outputs={_merge}))",
        )
for _name, _cell in _MADE.items():
    PROGRAMS[f"values of {_name}"] = (
        _CELLS,
        f"answer = values(({_cell}).unroll(3, x, layout='TNC', merge_outputs=True), x=(3, 2, 5))",
    )
    PROGRAMS[f"values of {_name}, batch first"] = (_CELLS, f"answer = values(({_cell}).unroll(3, x), x=(2, 3, 5))")
for _name, _cell in _IMAGES.items():
    PROGRAMS[f"values of {_name}"] = (_CELLS, f"answer = values(({_cell}).unroll(2, [x, x]), x=(2, 2, 6, 5))")
for _name, _cell in _RANDOM.items():
    PROGRAMS[f"prediction of {_name}"] = (
        _CELLS,
        f"cell = {_cell}",
        """
        outputs, _ = cell.unroll(3, x, merge_outputs=True)
        e = outputs.simple_bind(mx.cpu(), grad_req='null', x=(2, 3, 4))
        for i, name in enumerate(sorted(e.arg_dict)):
            a = e.arg_dict[name]
            a[:] = np.sin(0.7 * np.arange(a.size) + i).reshape(a.shape)
        answer = e.forward()
        """,
    )
for _name, _cell in {**_MADE, **_RANDOM}.items():
    PROGRAMS[f"weights of {_name}"] = (
        _CELLS,
        f"cell = {_cell}",
        """
        outputs = mx.sym.Group(flat(cell.unroll(2, x)[0]))
        shapes = dict(zip(outputs.list_arguments(), outputs.infer_shape(x=(2, 2, 5))[0]))
        del shapes['x']
        weights = {n: mx.nd.array(np.arange(np.prod(s)).reshape(s)) for n, s in shapes.items()}
        apart = cell.unpack_weights(weights)
        together = cell.pack_weights(apart)
        answer = [list(apart), apart, list(together), all((together[n].asnumpy() == weights[n].asnumpy()).all()
            for n in weights)]
        """,
    )
for _name, _cell in {**_MADE, **_RANDOM, **_IMAGES}.items():
    PROGRAMS[f"about {_name}"] = (
        _CELLS,
        f"cell = {_cell}",
        """
        answer = [cell.state_info, cell.state_shape, list(cell._gate_names), type(cell).__module__,
            [s.name for s in cell.begin_state()], [s.name for s in cell.begin_state()], sorted(cell.params._params)]
        """,
    )
PROGRAMS.update(
    {
        "steps by hand": (
            _CELLS,
            """
            cell = stack(R.LSTMCell(3, prefix='a_'), R.ResidualCell(R.GRUCell(3, prefix='b_')))
            one, states = cell(x, cell.begin_state())
            two, states = cell(y, states)
            answer = [graph(([one, two], states)), values(([one, two], states), x=(2, 3), y=(2, 3))]
            """,
        ),
        "names go on until reset": (
            _CELLS,
            """
            cell = R.LSTMCell(3, prefix='a_')
            answer = []
            for _ in range(2):
                states = cell.begin_state()
                answer.append([s.name for s in states + cell(x, states)[1] + cell(x, states)[1]])
            cell.reset()
            states = cell.begin_state()
            answer.append([s.name for s in states + cell(x, states)[1]])
            """,
        ),
        "names under modifiers go on": (
            _CELLS,
            """
            cell = R.ZoneoutCell(R.RNNCell(3), 0.1)
            cell.unroll(2, x)
            answer = graph(cell.unroll(2, x))
            """,
        ),
        "unrolled twice": (
            _CELLS,
            """
            cell = stack(R.LSTMCell(3, prefix='a_'), R.GRUCell(3, prefix='b_'))
            cell.unroll(2, x)
            answer = graph(cell.unroll(2, x))
            """,
        ),
        "shared weights": (
            _CELLS,
            """
            shared = R.RNNParams('s_')
            one, two = R.LSTMCell(3, prefix='a_', params=shared), R.LSTMCell(3, prefix='b_', params=shared)
            answer = [one._iW is two._iW, one.params is shared, sorted(shared._params),
                graph(([one.unroll(1, [x])[0][0], two.unroll(1, [y])[0][0]], []))]
            """,
        ),
        "params of stacks": (
            _CELLS,
            """
            cell = stack(R.RNNCell(3, prefix='a_'), R.BidirectionalCell(R.RNNCell(3, prefix='b_'), R.GRUCell(3)))
            answer = [sorted(cell.params._params), [c._own_params for c in cell._cells]]
            """,
        ),
        "params for stack and cell": (
            _CELLS,
            "R.SequentialRNNCell(params=R.RNNParams('s_')).add(R.RNNCell(3, params=R.RNNParams('u_')))",
        ),
        "params for both directions and one": (
            _CELLS,
            "R.BidirectionalCell(R.RNNCell(3, params=R.RNNParams('u_')), R.RNNCell(3), params=R.RNNParams('s_'))",
        ),
        "attributes of parameters": (
            _CELLS,
            """
            params = R.RNNParams('s_')
            again = params.get('w', shape=(3, 4), lr_mult=2.0)
            answer = [again.list_attr(), params.get('w') is params.get('w', shape=(1,)) is again,
                R.LSTMCell(3, forget_bias=0.5)._iB.list_attr(),
                R.FusedRNNCell(3, forget_bias=0.5)._parameter.list_attr()]
            """,
        ),
        "states as variables": (
            _CELLS,
            """
            cell = R.LSTMCell(3, prefix='a_')
            states = cell.begin_state(func=mx.sym.Variable, lr_mult=2)
            answer = [[s.name for s in states], [s.list_attr() for s in states],
                values(cell.unroll(2, x, begin_state=states), x=(2, 2, 4))]
            """,
        ),
        "states of fused as variables": (
            _CELLS,
            """
            cell = R.FusedRNNCell(3, num_layers=2, get_next_state=True)
            states = cell.begin_state(mx.sym.Variable)
            answer = values(cell.unroll(2, x, begin_state=states), x=(2, 2, 4))
            """,
        ),
        "states of ones": (
            _CELLS,
            """
            cell = stack(R.GRUCell(3, prefix='a_'), R.RNNCell(2, prefix='b_'))
            answer = values(cell.unroll(2, x, begin_state=cell.begin_state(func=mx.sym.ones)), x=(2, 2, 4))
            """,
        ),
        "states of ones under modifiers": (
            _CELLS,
            """
            cell = R.ResidualCell(R.GRUCell(4))
            answer = values(cell.unroll(2, x, begin_state=cell.begin_state(init_sym=mx.sym.ones)), x=(2, 2, 4))
            """,
        ),
        "states of another dtype": (
            _CELLS,
            "answer = [s.list_attr() for s in R.GRUCell(3).begin_state(func=mx.sym.zeros, dtype='float16')]",
        ),
        "states from one layer to another": (
            _CELLS,
            """
            _, states = R.GRUCell(3, prefix='a_').unroll(2, x)
            answer = values(R.GRUCell(3, prefix='b_').unroll(2, y, begin_state=states), x=(2, 2, 4), y=(2, 2, 4))
            """,
        ),
        "no states": (_CELLS, "R.LSTMCell(3).unroll(2, x, begin_state=[])"),
        "too few states": (_CELLS, "R.LSTMCell(3).unroll(2, x, begin_state=[y])"),
        "too few states for fused": (_CELLS, "R.FusedRNNCell(3).unroll(2, x, begin_state=[y])"),
        "states with an unknown argument": (_CELLS, "R.LSTMCell(3).begin_state(batch_size=4)"),
        "inputs with several outputs": (_CELLS, "R.RNNCell(3).unroll(2, mx.sym.split(x, num_outputs=2))"),
        "fused, a symbol with several outputs": (_CELLS, "R.FusedRNNCell(3).unroll(2, mx.sym.split(x, num_outputs=2))"),
        "no inputs": (_CELLS, "R.RNNCell(3).unroll(2, None)"),
        "a number as inputs": (_CELLS, "R.RNNCell(3).unroll(2, 3)"),
        "too few inputs": (_CELLS, "R.RNNCell(3).unroll(2, [x])"),
        "too many inputs": (_CELLS, "R.FusedRNNCell(3).unroll(2, [x, x, x])"),
        "no steps": (_CELLS, "answer = [len(found) for found in R.RNNCell(3).unroll(0, [])]"),
        "no steps of a symbol": (_CELLS, "R.RNNCell(3).unroll(0, x)"),
        "stack of nothing": (_CELLS, "answer = [f.name for f in (R.SequentialRNNCell().unroll(2, x)[0], )]"),
        "fused in another layout": (_CELLS, "R.FusedRNNCell(3).unroll(2, x, layout='NCT')"),
        "fused of a wrong mode": (_CELLS, "R.FusedRNNCell(3, mode='wrong').unroll(2, x)"),
        "fused one step": (_CELLS, "R.FusedRNNCell(3)(x, [y, y])"),
        "bidirectional one step": (_CELLS, "R.BidirectionalCell(R.RNNCell(3), R.RNNCell(3))(x, [y, y])"),
        "bidirectional in a stack, one step": (
            _CELLS,
            "stack(R.BidirectionalCell(R.RNNCell(3), R.RNNCell(3)))(x, [y, y])",
        ),
        "modifier one step": (_CELLS, "R.ModifierCell(R.RNNCell(3))(x, [y])"),
        "modified cell": (
            _CELLS,
            """
            cell = R.RNNCell(3)
            R.ZoneoutCell(cell)
            cell.begin_state()
            """,
        ),
        "modified cell in a stack": (
            _CELLS,
            """
            cell = R.RNNCell(3)
            R.ResidualCell(cell)
            stack(cell).unroll(2, x)
            """,
        ),
        "modified modifier": (
            _CELLS,
            """
            cell = R.ResidualCell(R.RNNCell(3))
            R.ZoneoutCell(cell)
            cell.begin_state()
            """,
        ),
        "zoneout of fused": (_CELLS, "R.ZoneoutCell(R.FusedRNNCell(3))"),
        "zoneout of bidirectional": (_CELLS, "R.ZoneoutCell(R.BidirectionalCell(R.RNNCell(3), R.RNNCell(3)))"),
        "zoneout of zoneout": (
            _CELLS,
            "answer = graph(R.ZoneoutCell(R.ZoneoutCell(R.RNNCell(3), 0.1), 0.2).unroll(2, x))",
        ),
        "dropout of nothing": (_CELLS, "answer = R.DropoutCell(0)(x, [])[0].name"),
        "dropout in words": (_CELLS, "R.DropoutCell('0.5')"),
        "dropout above one": (_CELLS, "R.DropoutCell(2.0).unroll(2, x)"),
        "conv with an even kernel": (_CELLS, "R.ConvRNNCell((1, 2, 6, 6), 3, h2h_kernel=(3, 2))"),
        "conv with an odd layout": (_CELLS, "R.ConvRNNCell((1, 2, 6, 6), 3, conv_layout='XYZ')"),
        "conv of something else": (_CELLS, "R.ConvRNNCell((1, 2, 6), 3)"),
        "conv with a wide kernel": (_CELLS, "R.ConvRNNCell((1, 2, 2, 2), 3, i2h_kernel=(9, 9))"),
        "conv base one step": (
            _CELLS,
            """
            one = (1, 1)
            cell = R.BaseConvRNNCell((1, 2, 6, 6), 3, (3, 3), one, (3, 3), one, one, one, None, None, 'zeros', 'zeros',
                'tanh')
            answer = cell.state_info
            cell(x, [y, y])
            """,
        ),
        "conv channels last": (
            _CELLS,
            """
            cell = R.ConvLSTMCell((2, 6, 5, 2), 3, conv_layout='NHWC')
            answer = [cell.state_info, graph(cell.unroll(2, [x, y]))]
            """,
        ),
        "names of convolutions after a conv cell": (
            _CELLS,
            "R.ConvGRUCell((2, 2, 6, 5), 3); answer = mx.sym.Convolution(x, kernel=(1, 1), num_filter=1).name",
        ),
        "base cell": (_CELLS, "R.BaseRNNCell().state_shape"),
        "base cell one step": (_CELLS, "R.BaseRNNCell()(x, [])"),
        "a cell of one's own": (
            _CELLS,
            """
            class Own(R.BaseRNNCell):
                def __init__(self, size, prefix='own_', params=None):
                    super().__init__(prefix=prefix, params=params)
                    self._size = size
                    self._w = self.params.get('weight')
                @property
                def state_info(self):
                    return [{'shape': (0, self._size), '__layout__': 'NC'}, None]
                def __call__(self, inputs, states):
                    self._counter += 1
                    name = '%st%d' % (self._prefix, self._counter)
                    output = mx.sym.FullyConnected(inputs + states[0], self._w, no_bias=True, num_hidden=self._size,
                        name=name)
                    return output, [output, states[1]]
            cell = Own(4)
            answer = [graph(cell.unroll(2, x, begin_state=[y, y])), [s.name for s in cell.begin_state(mx.sym.var)],
                values(stack(R.GRUCell(4), R.ResidualCell(Own(4))).unroll(2, x, begin_state=[y, y, y]), x=(2, 2, 3),
                    y=(2, 4)),
                cell.unpack_weights({'own_weight': mx.nd.ones((1,))})]
            """,
        ),
        "weights that are not there": (_CELLS, "R.LSTMCell(3).unpack_weights({})"),
        "weights of fused that are not there": (_CELLS, "R.FusedRNNCell(3).unpack_weights({'x': mx.nd.ones((1,))})"),
        "weights of fused of a wrong size": (
            _CELLS,
            "R.FusedRNNCell(3).unpack_weights({'lstm_parameters': mx.nd.ones((20,))})",
        ),
        "gates that are not there": (_CELLS, "R.LSTMCell(3).pack_weights({'lstm_i2h_i_weight': mx.nd.ones((3, 2))})"),
        "gates of fused that are not there": (_CELLS, "R.FusedRNNCell(3).pack_weights({})"),
        "other weights pass through": (
            _CELLS,
            """
            weights = {'a': x, 'gru_parameters': mx.nd.ones((12,)), 'b': y}
            answer = list(R.FusedRNNCell(1, mode='gru').unpack_weights(weights))
            """,
        ),
        "unpacked weights are copies": (
            _CELLS,
            """
            weights = {'gru_parameters': mx.nd.ones((12,))}
            R.FusedRNNCell(1, mode='gru').unpack_weights(weights)['gru_l0_i2h_r_weight'][:] = 5
            answer = weights
            """,
        ),
        "slices of weights are views": (
            _CELLS,
            """
            weights = mx.nd.zeros((24,))
            slices = R.FusedRNNCell(1, mode='gru', bidirectional=True)._slice_weights(weights, 1, 1)
            slices['gru_r0_h2h_z_bias'][:] = 5
            answer = [list(slices), weights]
            """,
        ),
        "packed dtype": (
            _CELLS,
            """
            cell = R.FusedRNNCell(1, mode='gru')
            apart = cell.unpack_weights({'gru_parameters': mx.nd.ones((12,))})
            answer = cell.pack_weights({n: a.astype('float16') for n, a in apart.items()})
            """,
        ),
        "from fused to single cells": (
            _CELLS,
            """
            cell = R.FusedRNNCell(2, num_layers=2, bidirectional=True, prefix='f_')
            outputs, _ = cell.unroll(2, x)
            (_, size), _, _ = outputs.infer_shape(x=(2, 2, 3))
            apart = cell.unpack_weights({'f_parameters': mx.nd.array(np.arange(size[0]))})
            answer = cell.unfuse().pack_weights(apart)
            """,
        ),
        "gradients added": (
            _CELLS,
            """
            outputs, _ = R.FusedRNNCell(3, mode='gru').unroll(2, x, layout='TNC')
            e = outputs.simple_bind(mx.cpu(), grad_req='add', x=(2, 2, 3))
            for a in e.arg_arrays:
                a[:] = np.sin(np.arange(a.size)).reshape(a.shape)
            for _ in range(2):
                e.forward(is_train=True)
                e.backward(mx.nd.ones((2, 2, 3)))
            answer = e.grad_arrays
            """,
        ),
        "the same cell for two lengths": (
            _CELLS,
            """
            cell = R.FusedRNNCell(3, num_layers=2, mode='gru').unfuse()
            answer = []
            for length in (2, 4):
                cell.reset()
                answer.append(values(cell.unroll(length, x, merge_outputs=True), x=(2, length, 3)))
            """,
        ),
    }
)

_SENTENCES = """
import random
sentences = [[1, 2, 3], [4, 5], [6], [7, 8, 9, 10], [11, 12], [13, 14, 15], [16, 17], [18, 19], [20, 21, 22],
    [23] * 9, []]
def batches(**arguments):
    random.seed(3)
    np.random.seed(4)
    made = mx.rnn.BucketSentenceIter(**dict(dict(sentences=sentences, batch_size=2), **arguments))
    def one(b):
        descs = [[d.name, tuple(d.shape), d.dtype, d.layout] for d in b.provide_data + b.provide_label]
        return [b.bucket_key, b.pad, b.index, b.data, b.label, descs]
    found = [made.buckets, made.default_bucket_key, made.batch_size, made.major_axis, len(made.idx),
        [tuple(d) for d in made.provide_data + made.provide_label], [d.layout for d in made.provide_data]]
    found.append([one(b) for b in made])
    made.reset()
    found.append([one(b) for b in made])
    return found
"""
PROGRAMS.update(
    {
        "sentences in buckets of their own": (_SENTENCES, "answer = batches()"),
        "sentences in given buckets": (_SENTENCES, "answer = batches(buckets=[3, 5, 9], invalid_label=0)"),
        "sentences in buckets without order": (_SENTENCES, "answer = batches(buckets=[4, 2])"),
        "sentences in an empty bucket": (_SENTENCES, "answer = batches(buckets=[4, 5, 20])"),
        "sentences, time first": (_SENTENCES, "answer = batches(buckets=[2, 4], layout='TN')"),
        "sentences as integers": (
            _SENTENCES,
            "answer = batches(buckets=[4], dtype='int32', data_name='d', label_name='l')",
        ),
        "sentences as arrays": (
            _SENTENCES,
            "answer = batches(sentences=[np.array(s) for s in sentences], buckets=[9])",
        ),
        "sentences in a wrong layout": (_SENTENCES, "batches(layout='XY')"),
        "sentences, all too long": (_SENTENCES, "batches(sentences=[[1, 2], [3, 4]], buckets=[1])"),
        "sentences, none": (_SENTENCES, "batches(sentences=[])"),
        "sentences, no batch": (_SENTENCES, "batches(batch_size=0)"),
        "sentences, end": (
            _SENTENCES,
            """
            made = mx.rnn.BucketSentenceIter(sentences, 2)
            for _ in made.idx:
                made.next()
            made.next()
            """,
        ),
        "words": "answer = mx.rnn.encode_sentences([['a', 'b'], ['b', 'c', 'a'], []])",
        "words from one": "answer = mx.rnn.encode_sentences([['a', 'b'], ['b', 'c']], start_label=1, invalid_label=0)",
        "words around the invalid label": "answer = mx.rnn.encode_sentences([list('abcd')], invalid_label=2)",
        "words with the invalid key": (
            "answer = mx.rnn.encode_sentences([['a', 'x', 'b']], invalid_label=0, invalid_key='x', start_label=0)"
        ),
        "words of a vocabulary": """
            known = {'a': 5, 'b': 7}
            found = mx.rnn.encode_sentences(['ab', 'ba'], vocab=known)
            answer = [found, found[1] is known]
        """,
        "words that are not known": "mx.rnn.encode_sentences([['a', 'b']], vocab={'a': 5})",
        "words that are not known, with a token": (
            "answer = mx.rnn.encode_sentences([['a', 'b']], vocab={'a': 5}, unknown_token='?')"
        ),
        "words of a number": "mx.rnn.encode_sentences([3])",
    }
)
_FILES = (
    _CELLS
    + """
import logging, os, tempfile
cell = stack(R.FusedRNNCell(2, prefix='f_'), R.GRUCell(2, prefix='g_'))
outputs, _ = cell.unroll(2, x, merge_outputs=True)
shapes = dict(zip(outputs.list_arguments(), outputs.infer_shape(x=(1, 2, 3))[0]))
weights = {n: mx.nd.array(np.arange(np.prod(s)).reshape(s)) for n, s in shapes.items() if n != 'x'}
said = []
class Heard(logging.Handler):
    def emit(self, record):
        said.append([record.levelname, record.getMessage().replace(folder, '.')])
"""
)
PROGRAMS.update(
    {
        "checkpoint": (
            _FILES,
            """
            with tempfile.TemporaryDirectory() as folder:
                logging.getLogger().setLevel(logging.INFO)
                logging.getLogger().addHandler(Heard())
                R.save_rnn_checkpoint(cell, folder + '/net', 3, outputs, weights, {'s': mx.nd.ones((1,))})
                logging.getLogger().handlers.pop()
                files = sorted(os.listdir(folder))
                saved = mx.nd.load(folder + '/net-0003.params')
                symbol, args, states = R.load_rnn_checkpoint([cell], folder + '/net', 3)
            answer = [files, saved, symbol.list_arguments(), args, states, said]
            """,
        ),
        "checkpoints every second epoch": (
            _FILES,
            """
            with tempfile.TemporaryDirectory() as folder:
                callback = R.do_rnn_checkpoint(cell._cells, folder + '/net', period=2)
                for epoch in range(5):
                    callback(epoch, outputs, weights, {})
                answer = sorted(os.listdir(folder))
            """,
        ),
        "checkpoints of period 0": (
            _FILES,
            """
            with tempfile.TemporaryDirectory() as folder:
                R.do_rnn_checkpoint(cell, folder + '/net', 0)(0, outputs, weights, {})
                answer = sorted(os.listdir(folder))
            """,
        ),
        "checkpoint that is not there": (_FILES, "R.load_rnn_checkpoint(cell, '/nowhere/net', 1)"),
    }
)
