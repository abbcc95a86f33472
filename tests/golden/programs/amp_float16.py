"""Programs after ``amp.init('float16')``, which MXNet 1.9.1 cannot take back: this group has a process of its own."""

from .amp_convert import SETUP

#: Symbols that are made while mixed precision is on.
SYMBOLS = {
    "dense": "sym.FullyConnected(x, num_hidden=2, name='fc')",
    "dense, by keyword": "sym.FullyConnected(weight=w, data=x, num_hidden=2, name='fc')",
    "dense, twice": "sym.FullyConnected(sym.FullyConnected(x, num_hidden=2), num_hidden=2)",
    "one weight": "fc(x, x) + fc(x, y, 'fc2')",
    "convolution": "sym.Convolution(x, kernel=(3, 3), num_filter=2, name='conv')",
    "exp": "sym.exp(fc())",
    "method": "fc().softmax()",
    "sum of two": "x + y",
    "sum with a number": "x + 1",
    "power of a number": "x ** 2",
    "product": "fc() * y",
    "broadcast_add": "sym.broadcast_add(x, y)",
    "add_n": "sym.add_n(x, y, x, name='s')",
    "stack": "sym.stack(x, y, axis=1)",
    "dot": "sym.dot(lhs=x, rhs=y, name='d')",
    "where": "sym.where(x, x, y)",
    "maximum": "sym.maximum(x, y)",
    "equal": "x == y",
    "softrelu": "sym.Activation(x, act_type='softrelu', name='a')",
    "relu": "sym.Activation(x, act_type='relu', name='a')",
    "elu": "sym.LeakyReLU(x, act_type='elu')",
    "prelu": "sym.LeakyReLU(x, act_type='prelu')",
    "batch normalization": "sym.BatchNorm(fc(), name='bn')",
    "synchronized normalization": "sym.contrib.SyncBatchNorm(fc(), name='bn', key='k')",
    "layer normalization": "sym.LayerNorm(x, name='ln')",
    "output": "sym.SoftmaxOutput(x, name='so')",
    "pick": "sym.pick(x, y)",
    "sum": "sym.sum(x, axis=1)",
    "linalg": "sym.linalg.gemm2(x, y)",
    "contrib": "sym.contrib.fft(x)",
    "LSTM": "sym.RNN(x, state_size=3, num_layers=1, mode='lstm', name='r')",
    "embedding": "sym.Embedding(x, input_dim=3, output_dim=2, name='e')",
    "transpose": "sym.transpose(x)",
    "block": "mx.gluon.nn.Dense(2, in_units=3, prefix='d_')(x)",
    "net": "net()",
}

#: Calls on arrays: `n` is narrow, `s` is float32.
ARRAYS = {
    "dense": "mx.nd.FullyConnected(s, s, no_bias=True, num_hidden=2)",
    "dense, narrow data": "mx.nd.FullyConnected(n, s, no_bias=True, num_hidden=2)",
    "dense, float64": "mx.nd.FullyConnected(d, d, no_bias=True, num_hidden=2)",
    "convolution": "mx.nd.Convolution(i, i, no_bias=True, num_filter=1, kernel=(2, 2))",
    "both": "[s + n, n - s, s * n, n > s, mx.nd.add(n, s), mx.nd.maximum(n, s)]",
    "functions of both": "[mx.nd.elemwise_add(n, s), mx.nd.broadcast_add(s, n), mx.nd.stack(n, s), mx.nd.add_n(n, s)]",
    "where": "mx.nd.where(n, s, n)",
    "products of both": "[mx.nd.dot(n, s), mx.nd.batch_dot(n.expand_dims(0), s.expand_dims(0))]",
    "equal dtypes": "[s + s, s.exp(), mx.nd.relu(n), mx.nd.Activation(n, act_type='relu'), mx.nd.tanh(n)]",
    "normalization": "mx.nd.BatchNorm(n, v, v, v, v)",
    "integers": "[j + j, mx.nd.pick(s, j[0]), mx.nd.where(j, n, s)]",
    "sum in place": "g",
}


def programs(target, given):
    """Yield the programs for one narrow dtype."""
    start = f"""
    amp.init({target!r})
    s = mx.nd.ones((2, 2))
    n, d, j = s.astype({given}), s.astype("float64"), s.astype("int32")
    v, i = mx.nd.ones((2,)), mx.nd.ones((1, 1, 2, 2))
    g = s.copy()
    g += n
    """
    for name, source in SYMBOLS.items():
        yield f"symbol: {name}", (SETUP, start, f"answer = nodes({source})")
    yield (
        "symbol: scope",
        (
            SETUP,
            start,
            "with mx.AttrScope(ctx_group='a'), mx.name.Prefix('p_'):\n    answer = nodes(fc(sym.var('q')))",
        ),
    )
    for name, source in ARRAYS.items():
        yield (
            f"arrays: {name}",
            (
                SETUP,
                start,
                f"found = {source}\nanswer = [named(a.dtype) for a in (found if isinstance(found, list) else [found])]",
            ),
        )


PROGRAMS = dict(programs("float16", "'float16'"))
