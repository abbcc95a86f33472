"""Symbols of many kinds; the answer is their JSON text."""

_NETWORK = """
data = mx.sym.Variable("data")
net = mx.sym.Convolution(data, kernel=(5, 5), num_filter=6, name="conv1")
net = mx.sym.Activation(net, act_type="tanh", name="act1")
net = mx.sym.Pooling(net, kernel=(2, 2), stride=(2, 2), pool_type="max", name="pool1")
net = mx.sym.FullyConnected(mx.sym.Flatten(net), num_hidden=10, name="fc")
s = mx.sym.SoftmaxOutput(net, name="softmax")
"""

_SYMBOLS = {
    "variable": "s = mx.sym.var('x')",
    "variable with attributes": """
        s = mx.sym.var('x', shape=(2, 3), lr_mult=0.1, wd_mult=0, dtype='float16', init='one', __k__='v')
    """,
    "variable with an initializer": """
        s = mx.sym.var('w', init='["xavier", {"rnd_type": "uniform", "factor_type": "in", "magnitude": 2.34}]')
    """,
    "sum": "s = mx.sym.var('a') + mx.sym.var('b')",
    "tutorial": "s = (mx.sym.var('A') + mx.sym.var('B')) / 10 + 1",
    "scalars": """
        x = mx.sym.var('x')
        s = ((((x + 1) * 2.5 - 1e-7) / 3 % 2) ** 0.5 > 1) * (2 ** 31 - x) + np.float32(0.1) * x
    """,
    "small and large scalars": """
        x = mx.sym.var('x')
        s = x * 1e-30 + 1e30 * x + float('inf') - 123456789 * x + 0.1 * x + 1 / 3 * x
    """,
    "group": """
        a, b = mx.sym.var('a'), mx.sym.var('b')
        s = mx.sym.Group([a + b, b, a * b])
    """,
    "group of outputs of one node": """
        p = mx.sym.SliceChannel(mx.sym.var('x'), num_outputs=3, name='p')
        s = mx.sym.Group([p[2], p[0]])
    """,
    "multiple outputs": "s = mx.sym.SliceChannel(mx.sym.var('x'), num_outputs=2)",
    "one of several outputs": """
        s = mx.sym.SliceChannel(mx.sym.var('x'), num_outputs=2, axis=2, squeeze_axis=True)[1] * 2
    """,
    "fully connected": "s = mx.sym.FullyConnected(mx.sym.var('x'), num_hidden=3)",
    "fully connected without bias": """
        s = mx.sym.FullyConnected(mx.sym.var('x'), num_hidden=3, no_bias=True, flatten=False, name='f')
    """,
    "mlp": """
        x = mx.sym.var('data')
        for i in range(3):
            x = mx.sym.Activation(mx.sym.FullyConnected(x, num_hidden=4 + i), act_type='relu')
        s = mx.sym.SoftmaxOutput(x)
    """,
    "network": _NETWORK,
    "internals": (_NETWORK, "s = s.get_internals()"),
    "part of internals": (_NETWORK, "s = s.get_internals()['pool1_output']"),
    "children": (_NETWORK, "s = s.get_children()"),
    "convolution": """
        s = mx.sym.Convolution(mx.sym.var('x'), kernel=(3, 3), stride=[2, 2], pad=(1, 1), dilate=(1, 2),
            num_filter=8, num_group=2, no_bias=True)
    """,
    "deconvolution": """
        s = mx.sym.Deconvolution(mx.sym.var('x'), kernel=(4, 4), stride=(2, 2), pad=(1, 1), num_filter=3,
            target_shape=(8, 8))
    """,
    "pooling": "s = mx.sym.Pooling(mx.sym.var('x'), global_pool=True, kernel=(7, 7), pool_type='avg')",
    "batch norm": "s = mx.sym.BatchNorm(mx.sym.var('x'), fix_gamma=False, eps=2e-5, momentum=0.9, name='bn')",
    "shared batch norm": """
        m, v = mx.sym.var('m'), mx.sym.var('v')
        a = mx.sym.BatchNorm(mx.sym.var('x'), moving_mean=m, moving_var=v, name='a')
        s = mx.sym.BatchNorm(a, moving_mean=m, moving_var=v, name='b')
    """,
    "batch norm with statistics": "s = mx.sym.BatchNorm(mx.sym.var('x'), output_mean_var=True, name='bn')",
    "residual": """
        x = mx.sym.var('x')
        for i in range(2):
            y = mx.sym.BatchNorm(x, name='bn%d' % i)
            y = mx.sym.Convolution(mx.sym.relu(y), kernel=(3, 3), pad=(1, 1), num_filter=4, no_bias=True,
                name='conv%d' % i)
            x = x + y
        s = x
    """,
    "leaky relu": "s = mx.sym.LeakyReLU(mx.sym.var('x'), act_type='prelu', name='p')",
    "concat": "s = mx.sym.Concat(mx.sym.var('a'), mx.sym.var('b'), mx.sym.var('c'), dim=1)",
    "concat of more than ten": "s = mx.sym.Concat(*[mx.sym.var('v%d' % i) for i in range(13)], dim=0)",
    "sum of exactly ten": "s = mx.sym.add_n(*[mx.sym.var('v%d' % i) for i in range(10)])",
    "concat with missing inputs": "s = mx.sym.Concat(mx.sym.var('a'), num_args=3, dim=0, name='c')",
    "attribute scope": """
        with mx.AttrScope(ctx_group='dev1', __mood__='so so'):
            x = mx.sym.var('x')
            y = mx.sym.FullyConnected(x, num_hidden=2)
        s = mx.sym.relu(y)
    """,
    "prefix": """
        with mx.name.Prefix('net_'):
            s = mx.sym.FullyConnected(mx.sym.var('x'), num_hidden=2)
    """,
    "multipliers": """
        s = mx.sym.FullyConnected(mx.sym.var('x'), num_hidden=2, lr_mult=2, attr={'wd_mult': '0.5'}, name='f')
    """,
    "quotes and unicode": "s = mx.sym.var('x', attr={'__text__': 'a \"quoted\" \\\\ back\\nslash\\ttab é ü 漢'})",
    "names with odd characters": "s = mx.sym.relu(mx.sym.var('a b/c:d'), name='r \"1\"')",
    "reshape": """
        x = mx.sym.var('x')
        s = mx.sym.Reshape(x, shape=(0, -1, 2)) + mx.sym.reshape(x, shape=(-2,)) + x.reshape((-3, 4))
    """,
    "reductions": """
        x = mx.sym.var('x')
        s = mx.sym.sum(x, axis=1, keepdims=True) + mx.sym.mean(x, axis=(0, 2)) + mx.sym.max(x) + x.min(axis=0)
    """,
    "slices": """
        x = mx.sym.var('x')
        s = mx.sym.slice(x, begin=(0, None), end=(2, None)) + mx.sym.slice_axis(x, axis=-1, begin=1, end=None)
    """,
    "transposes": """
        x = mx.sym.var('x')
        s = mx.sym.transpose(x, axes=(1, 0, 2)) + mx.sym.transpose(x) + mx.sym.SwapAxis(x, dim1=0, dim2=2)
    """,
    "cast and clip": """
        x = mx.sym.var('x')
        s = mx.sym.Cast(mx.sym.clip(x, a_min=-1, a_max=1.5), dtype='float64')
    """,
    "constants": """
        s = mx.sym.zeros((2, 3)) + mx.sym.ones((2, 3), dtype='float32') + mx.sym.full((2, 3),
            0.5) + mx.sym.arange(0, 3, 0.5)
    """,
    "random": """
        s = mx.sym.random.uniform(-1, 1, shape=(2, 3)) + mx.sym.random.normal(0, 2, shape=(2, 3), dtype='float32')
    """,
    "embedding and dot": """
        x = mx.sym.var('x')
        s = mx.sym.dot(mx.sym.Embedding(x, input_dim=10, output_dim=4, name='e'), mx.sym.var('w'), transpose_b=True)
    """,
    "losses": """
        x = mx.sym.var('x')
        s = mx.sym.Group([mx.sym.MakeLoss(x * x, grad_scale=0.5), mx.sym.BlockGrad(x),
            mx.sym.LinearRegressionOutput(x, name='lro'), mx.sym.SoftmaxOutput(x, name='sm', multi_output=True,
                use_ignore=True, ignore_label=-1)])
    """,
    "dropout": "s = mx.sym.Dropout(mx.sym.var('x'), p=0.25, mode='always')",
    "maximum and comparisons": """
        a, b = mx.sym.var('a'), mx.sym.var('b')
        s = mx.sym.maximum(a, b) + mx.sym.minimum(a, 2) + (a >= b) * (a == 1) + mx.sym.hypot(a, b)
    """,
    "one node used often": """
        x = mx.sym.relu(mx.sym.var('x'))
        s = x * x + x
    """,
    "aliases of operators": """
        x = mx.sym.var('x')
        s = mx.sym.Flatten(x) + mx.sym.flatten(x) + mx.sym.stop_gradient(x) + mx.sym.elemwise_add(x,
            x) + mx.sym.broadcast_plus(x, x) + mx.sym.identity(x)
    """,
    "topk and argmax": """
        x = mx.sym.var('x')
        s = mx.sym.Group([mx.sym.topk(x, k=2, ret_typ='both'), mx.sym.argmax(x, axis=1), mx.sym.sort(x)])
    """,
    "layer norm": "s = mx.sym.LayerNorm(mx.sym.var('x'), axis=1, eps=1e-6, name='ln')",
}

PROGRAMS = {
    name: (*((source,) if isinstance(source, str) else source), "answer = s.tojson()")
    for name, source in _SYMBOLS.items()
}
