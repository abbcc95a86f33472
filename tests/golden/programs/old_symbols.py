"""JSON files as older versions of MXNet wrote them, put together by hand; the answer is what becomes of them."""

_START = """
import json, re

def node(op, name, *inputs, **sections):
    return dict(sections, op=op, name=name, inputs=[list(entry) for entry in inputs])

def text(nodes, heads=None, version=None):
    graph = {"nodes": nodes, "arg_nodes": [i for i, item in enumerate(nodes) if item["op"] == "null"]}
    graph["heads"] = heads or [[len(nodes) - 1, 0]]
    if version is not None:
        graph["attrs"] = {"mxnet_version": ["int", version]}
    return json.dumps(graph)

def var(name, **sections):
    return node("null", name, **sections)

def written(symbol):
    # MXNet keeps the counts of writes that stood in the file; here they are counted anew
    return re.sub(r"\\[(\\d+), (\\d+), \\d+\\]", r"[\\1, \\2]", symbol.tojson())

def dense(*inputs, **sections):
    return node("FullyConnected", "fc", *inputs, **sections)

X, W, B = var("x"), var("w"), var("b")
INPUTS = (0, 0), (1, 0), (2, 0)
VERSIONS = (None, 0, 700, 899, 900, 903, 904, 905, 1000, 10000, 10200, 10901)
"""

_ANSWER = """
symbol = mx.sym.load_json(found)
answer = [written(symbol), symbol.list_arguments(), symbol.list_auxiliary_states(), symbol.list_outputs(),
          symbol.attr_dict()]
"""

_FILES = {
    "0.5": "found = text([X, W, B, dense(*INPUTS, param={'num_hidden': '3'}, backward_source_id=-1)])",
    "0.7": """
        found = text([
            X, W, B, dense(*INPUTS, param={'num_hidden': '3'}, attr={'lr_mult': '2', 'ctx_group': 'd'},
            backward_source_id=-1),
            node('SoftmaxOutput', 'softmax', (3, 0), param={'grad_scale': '0.5'}, backward_source_id=-1)])
    """,
    "0.8 batch norm": """
        found = text([
            X, var('bn_gamma'), var('bn_beta'),
            node('BatchNorm', 'bn', *INPUTS, param={'eps': '0.01', 'fix_gamma': 'False'}, backward_source_id=-1)])
    """,
    "0.8 batch norm in a group": """
        found = text([
            X, var('bn_gamma'), var('bn_beta'),
            node('BatchNorm', 'bn', *INPUTS, attr={'eps': '0.01', 'ctx_group': 'd', 'lr_mult': '3'})])
    """,
    "0.8 multipliers of inputs": """
        found = text([X, W, B, dense(*INPUTS, param={'num_hidden': '3'}, attr={'weight_lr_mult': '2',
            'bias_wd_mult': '0', 'weight_wd_mult': '7', 'data_ctx_group': 'd', 'bias_force_mirroring': '1'})])
    """,
    "0.8 weight that is shared": """
        found = text([X, W, dense((0, 0), (1, 0), attr={'num_hidden': '2', 'weight_lr_mult': '3', 'no_bias': 'True'}),
            node('FullyConnected', 'f2', (2, 0), (1, 0),
                attr={'num_hidden': '2', 'weight_lr_mult': '4', 'no_bias': 'True'})])
    """,
    "0.8 weight with its own multiplier": """
        found = text([X, var('w', attr={'lr_mult': '9'}),
            dense((0, 0), (1, 0), attr={'num_hidden': '2', 'weight_lr_mult': '3', 'no_bias': 'True'})])
    """,
    "0.8 multipliers of Concat's inputs": """
        found = text([X, var('y'), node('Concat', 'c', (0, 0), (1, 0),
            attr={'num_args': '2', 'arg0_lr_mult': '3', 'arg1_wd_mult': '1'})])
    """,
    "0.8 multipliers of states": """
        found = text([X, var('g'), var('b'), var('m'), var('v'), node('BatchNorm', 'bn', *[(i, 0) for i in range(5)],
            attr={'gamma_wd_mult': '0', 'moving_mean_lr_mult': '1', 'moving_mean_ctx_group': 'q'})])
    """,
    "0.8 prelu": "found = text([X, node('LeakyReLU', 'l', (0, 0), attr={'act_type': 'prelu'})])",
    "0.8 Concat": "found = text([X, node('Concat', 'c', (0, 0), attr={'num_args': '3'})])",
    "0.8 RNN": """
        found = text([X, node('RNN', 'r', (0, 0), attr={'state_size': '3', 'num_layers': '1', 'mode': 'lstm'})])
    """,
    "0.8 variable": """
        found = text([var('x', attr={'lr_mult': '2', 'wd_mult': '0', '__init__': 'one', 'shape': '(1,)', 'foo': 'b',
            'mirror_stage': '1', 'weight_lr_mult': '3', 'init': 'i', 'profiler_scope': 'p'})])
    """,
    "0.8 both spellings": "found = text([var('w', attr={'__lr_mult__': '9', 'lr_mult': '8'})])",
    "0.8 operators of other names": """
        found = text([X, node('_PlusScalar', 'a', (0, 0), param={'scalar': '2'}),
            node('_Mul', 'm', (0, 0), (1, 0)), node('_RMinusScalar', 'r', (2, 0), param={'scalar': '1'}),
            node('ElementWiseSum', 's', (1, 0), (2, 0), (3, 0), param={'num_args': '3'}),
            node('SwapAxis', 't', (4, 0), param={'dim1': '0', 'dim2': '1'}),
            node('Softmax', 'o', (5, 0), (0, 0))])
    """,
    "all sections": """
        found = text([var('x', attr={'__a__': '1'}, attrs={'__b__': '2'}, param={'__c__': '3'}),
            var('y', attr={'__a__': '1'}, param={'__a__': '3'}), node('_plus', 'p', (0, 0), (1, 0))], version=1000)
    """,
    "heads of two numbers": "found = text([X, node('relu', 'r', (0, 0)), node('relu', 'q', (1, 0))], [[1, 0], [2, 0]])",
    "heads and inputs of three numbers": """
        found = text([X, node('relu', 'r', (0, 0, 0)), node('relu', 'q', (1, 0, 0))], [[1, 0, 0], [2, 0, 0]])
    """,
    "one name twice": "found = text([X, X, node('_plus', 'p', (0, 0), (1, 0))])",
    "a node that nobody needs": "found = text([X, var('u'), node('relu', 'r', (0, 0))])",
    "today, a key without underscores": """
        found = text([X, node('relu', 'r', (0, 0), attrs={'lr_mult': '2'})], version=10901)
    """,
    "today, unknown attribute": """
        found = text([X, W, B, dense(*INPUTS, attrs={'num_hidden': '2', 'foo': '2'})], version=10901)
    """,
    "today, plain multiplier": """
        found = text([X, W, B, dense(*INPUTS, attrs={'num_hidden': '2', 'lr_mult': '2'})], version=10901)
    """,
    "1.0, unknown attribute": """
        found = text([X, W, B, dense(*INPUTS, attrs={'num_hidden': '2', 'foo': '2'})], version=10000)
    """,
    "weight that is no variable": """
        found = text([X, node('relu', 'w', (0, 0)),
            dense((0, 0), (1, 0), attr={'num_hidden': '2', 'weight_lr_mult': '3', 'no_bias': 'True'})])
    """,
    "multiplier of no input": """
        found = text([X, W, dense((0, 0), (1, 0), attr={'num_hidden': '2', 'bias_lr_mult': '3', 'no_bias': 'True'})])
    """,
    "newer": "found = text([X, node('relu', 'r', (0, 0))], version=20000)",
    "version of text": """
        found = text([X]).replace('"heads"', '"attrs": {"mxnet_version": ["str", "x"]}, "heads"')
    """,
    "version without a type": """
        found = text([X]).replace('"heads"', '"attrs": {"mxnet_version": 10901}, "heads"')
    """,
    "input of one number": "found = text([X, node('relu', 'r', (0,))])",
    "input of four numbers": "found = text([X, node('relu', 'r', (0, 0, 0, 0))])",
    "a node of its own": "found = text([X, node('relu', 'r', (5, 0))])",
    "no such operator": "found = text([X, node('CuDNNBatchNorm', 'r', (0, 0))])",
}

_SWEEPS = {
    "hidden key": "[X, node('relu', 'r', (0, 0), attr={'lr_mult': '2', 'wd_mult': '1'})]",
    "batch norm of five": """
        [X, var('g'), var('b'), var('m', attr={'__init__': 'mine'}), var('v'),
            node('BatchNorm', 'bn', *[(i, 0) for i in range(5)])]
    """,
    "prelu": "[X, var('g'), node('LeakyReLU', 'l', (0, 0), (1, 0), attr={'act_type': 'prelu'})]",
    "argmax of -1": "[X, node('argmax', 'k', (0, 0), attr={'axis': '-1', 'keepdims': 'True'})]",
    "argmin of -1": "[X, node('argmin', 'k', (0, 0), attrs={'axis': '-1'})]",
    "argmax of 1": "[X, node('argmax', 'k', (0, 0), attr={'axis': '1'})]",
    "argmax_channel": "[X, node('argmax_channel', 'k', (0, 0))]",
    "sum of -1": "[X, node('sum', 'k', (0, 0), attr={'axis': '-1'})]",
}

#: These run: an old network on data, and what its gradient is.
_RUNS = {
    "network of 0.8": """
        found = text([
            var('data'), var('conv1_weight'), var('conv1_bias'),
            node('Convolution', 'conv1', *INPUTS, param={'kernel': '(3,3)', 'num_filter': '2', 'workspace': '512',
                'dilate': '(1,1)', 'no_bias': 'False', 'num_group': '1', 'pad': '(1,1)', 'stride': '(1,1)'},
                backward_source_id=-1),
            var('bn1_gamma'), var('bn1_beta'),
            node('BatchNorm', 'bn1', (3, 0), (4, 0), (5, 0), param={'eps': '0.001', 'fix_gamma': 'False',
                'momentum': '0.9', 'use_global_stats': 'False'}, backward_source_id=-1),
            node('Activation', 'act', (6, 0), param={'act_type': 'relu'}, backward_source_id=-1),
            node('Pooling', 'pool', (7, 0), param={'kernel': '(2,2)', 'pool_type': 'max', 'stride': '(2,2)',
                'pad': '(0,0)', 'global_pool': 'False'}, backward_source_id=-1),
            node('Flatten', 'flat', (8, 0), param={}, backward_source_id=-1),
            var('fc_weight'), var('fc_bias'),
            node('FullyConnected', 'fc', (9, 0), (10, 0), (11, 0), param={'num_hidden': '3', 'no_bias': 'False'},
                attr={'weight_lr_mult': '2'}, backward_source_id=-1),
            var('softmax_label'),
            node('SoftmaxOutput', 'softmax', (12, 0), (13, 0), param={'grad_scale': '1', 'ignore_label': '-1',
                'multi_output': 'False', 'use_ignore': 'False'}, backward_source_id=-1)])
    """,
    "unrolled cell of 0.10": """
        found = text([
            var('data'), var('i2h_weight'), var('i2h_bias'),
            node('FullyConnected', 'i2h', *INPUTS, attr={'num_hidden': '8'}),
            node('SliceChannel', 'slice', (3, 0), attr={'num_outputs': '4'}),
            node('Activation', 'i', (4, 0), attr={'act_type': 'sigmoid'}),
            node('Activation', 'o', (4, 3), attr={'act_type': 'sigmoid'}),
            node('Activation', 'c', (4, 2), attr={'act_type': 'tanh'}),
            node('elemwise_mul', 'state', (5, 0), (7, 0)), node('Activation', 't', (8, 0), attr={'act_type': 'tanh'}),
            node('elemwise_mul', 'out', (6, 0), (9, 0))], version=1000)
    """,
}

_RUN = """
shapes = {'data': (2, 1, 4, 4)}
symbol = mx.sym.load_json(found)
executor = symbol.simple_bind(mx.cpu(), **shapes)
for number, name in enumerate(symbol.list_arguments()):
    array = executor.arg_dict[name]
    values = np.sin(np.arange(array.size) * (number + 1) + 1).reshape(array.shape)
    array[:] = np.arange(array.size) % 3 if name.endswith('label') else values
answer = [executor.forward(is_train=True)[0].asnumpy()]
executor.backward() if name.endswith('label') else executor.backward(mx.nd.ones(executor.outputs[0].shape))
answer += [executor.grad_dict[name].asnumpy() for name in symbol.list_arguments() if not name.endswith('label')]
answer += [executor.aux_dict[name].asnumpy() for name in symbol.list_auxiliary_states()]
"""

PROGRAMS = {
    **{name: (_START, source, _ANSWER) for name, source in _FILES.items()},
    **{
        f"versions: {name}": (
            _START,
            f"nodes = {source.strip()}",
            "answer = [written(mx.sym.load_json(text(nodes, version=version))) for version in VERSIONS]",
        )
        for name, source in _SWEEPS.items()
    },
    **{f"run: {name}": (_START, source, _RUN) for name, source in _RUNS.items()},
}
