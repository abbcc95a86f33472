"""Layers of gluon.nn, gluon.contrib.nn and gluon.contrib.cnn: how they are shown and named, and what they give."""

_START = """
import json
from mxnet.gluon import nn
from mxnet.gluon.contrib import nn as cn, cnn as cc

def values(shape, seed=0, dtype="float32"):
    n = int(np.prod(shape))
    return mx.nd.array((np.sin(np.arange(n) * 1.7 + seed) + 0.05).reshape(shape), dtype=dtype)

def described(layer):
    return [
        repr(layer), layer.prefix, layer.name, sorted(layer._children), sorted(layer._reg_params),
        [(n, tuple(p.shape), np.dtype(p.dtype).name, p.grad_req, p.lr_mult, p.wd_mult, p.init if isinstance(p.init, str)
          else type(p.init).__name__) for n, p in layer.collect_params().items()],
    ]

def fill(layer):
    for i, (n, p) in enumerate(layer.collect_params().items()):
        v = values(p.shape, i + 1, p.dtype)
        p.set_data(v * v + 0.5 if n.endswith("var") else v)

def nodes(layer, inputs=1):
    out = layer(*[mx.sym.var("data%d" % i) for i in range(inputs)])
    return json.loads(out.tojson())["nodes"]

def tried(layer, *inputs):
    layer.initialize()
    layer(*inputs)
    fill(layer)
    answer = [layer(*inputs)]
    if inputs[0].dtype != np.int32:
        for x in inputs:
            x.attach_grad()
    with mx.autograd.record():
        y = layer(*inputs)
    y.backward(values(y.shape, 9, y.dtype))
    mx.nd.waitall()
    answer += [y, [x.grad for x in inputs if x.grad is not None]]
    for n, p in layer.collect_params().items():
        answer.append([n, p.data(), p.grad().tostype("default") if p.grad_req != "null" else None])
    answer.append(described(layer))
    return answer
"""

#: Layers and the shapes of what they are called with.
LAYERS = {
    "nn.Dense(3)": (2, 4),
    "nn.Dense(3, in_units=8)": (2, 4, 2),
    "nn.Dense(3, flatten=False)": (2, 4, 2),
    "nn.Dense(3, 'relu', use_bias=False, flatten=False, weight_initializer='xavier', in_units=4, prefix='d_')": (2, 4),
    "nn.Dense(3, 'tanh', bias_initializer=mx.init.One(), weight_initializer=mx.init.Xavier())": (2, 4),
    "nn.Dense(2, activation='sigmoid', dtype='float64')": (2, 4),
    "nn.Dropout(0)": (2, 3),
    "nn.Dropout(0.0, axes=(0, 1))": (2, 3),
    "nn.Flatten()": (2, 3, 4),
    "nn.Lambda('relu')": (2, 3),
    "nn.Lambda(lambda x: x * 2)": (2, 3),
    "nn.HybridLambda('sigmoid')": (2, 3),
    "nn.HybridLambda(lambda F, x: F.square(x) + x)": (2, 3),
    "nn.HybridLambda('flatten', prefix='f_')": (2, 3, 2),
    "nn.BatchNorm()": (4, 3),
    "nn.BatchNorm(in_channels=3, center=False)": (4, 3, 2),
    "nn.BatchNorm(scale=False, axis=3)": (2, 2, 2, 3),
    "nn.BatchNorm(axis=-1, momentum=0.5, epsilon=1e-3)": (2, 2, 2, 3),
    "nn.BatchNorm(scale=False, center=False)": (4, 3),
    "nn.BatchNorm(use_global_stats=True, beta_initializer='ones', prefix='bn_')": (4, 3),
    "nn.InstanceNorm()": (2, 3, 4),
    "nn.InstanceNorm(in_channels=4, center=False, scale=True, axis=2)": (2, 3, 4),
    "nn.InstanceNorm(axis=-1)": (2, 3, 4, 2),
    "nn.LayerNorm()": (2, 4),
    "nn.LayerNorm(in_channels=3, axis=1, center=False, scale=False, epsilon=1e-2)": (2, 3, 4),
    "nn.GroupNorm()": (2, 4, 3),
    "nn.GroupNorm(2, center=False, scale=True)": (2, 4, 3),
    "nn.Activation('relu')": (2, 3),
    "nn.Activation('sigmoid')": (2, 3),
    "nn.Activation('softrelu')": (2, 3),
    "nn.Activation('softsign')": (2, 3),
    "nn.Activation('tanh', prefix='t_')": (2, 3),
    "nn.ELU()": (2, 3),
    "nn.ELU(0.3)": (2, 3),
    "nn.GELU()": (2, 3),
    "nn.Swish()": (2, 3),
    "nn.Swish(beta=2)": (2, 3),
    "nn.LeakyReLU(0.1)": (2, 3),
    "nn.LeakyReLU(0)": (2, 3),
    "nn.PReLU()": (2, 3, 2),
    "nn.PReLU('ones', in_channels=3)": (2, 3, 2),
    "nn.Conv1D(3, 2)": (2, 2, 5),
    "nn.Conv1D(4, (2,), 2, 1, 3, 2, activation='relu', use_bias=False, in_channels=2)": (2, 2, 5),
    "nn.Conv2D(4, (3, 2))": (1, 2, 5, 4),
    "nn.Conv2D(4, 3, (2, 1), 1, (2, 2), 2, in_channels=6, bias_initializer='ones')": (1, 6, 6, 6),
    "nn.Conv2D(4, 3, padding=(1, 0), strides=2, groups=4, activation='tanh', prefix='x_')": (1, 4, 5, 5),
    "nn.Conv3D(4, 2)": (1, 2, 3, 3, 3),
    "nn.Conv3D(2, (1, 2, 3), strides=(2, 1, 1), padding=(0, 1, 1))": (1, 2, 3, 3, 3),
    "nn.Conv1DTranspose(4, 3)": (1, 2, 4),
    "nn.Conv2DTranspose(4, 3, strides=2, padding=1, output_padding=1, groups=2, in_channels=4)": (1, 4, 3, 3),
    "nn.Conv2DTranspose(4, (3, 2), activation='relu', use_bias=False)": (1, 2, 3, 3),
    "nn.Conv3DTranspose(2, 2, (2, 2, 1))": (1, 2, 2, 2, 2),
    "nn.AvgPool1D(3, 2, 1, count_include_pad=False)": (1, 2, 7),
    "nn.AvgPool2D(3, 2, 1, True)": (1, 2, 6, 6),
    "nn.AvgPool2D(pool_size=(2, 3), strides=1, padding=(0, 1), count_include_pad=False)": (1, 2, 5, 6),
    "nn.AvgPool3D(2, 1, 1)": (1, 1, 3, 3, 3),
    "nn.MaxPool2D(3, 2, 1, 'NCHW', True)": (1, 2, 6, 6),
    "nn.ReflectionPad2D()": (1, 2, 3, 3),
    "nn.ReflectionPad2D(2)": (1, 2, 3, 4),
    "nn.ReflectionPad2D((0, 0, 0, 0, 1, 2, 2, 1))": (1, 2, 3, 4),
    "cn.Identity()": (2, 3),
    "cn.SyncBatchNorm(3, num_devices=1)": (4, 3),
    "cn.PixelShuffle1D(2)": (2, 4, 3),
    "cn.PixelShuffle2D(2)": (1, 8, 2, 3),
    "cn.PixelShuffle2D((2, 3))": (1, 12, 2, 2),
    "cn.PixelShuffle3D((1, 2, 3))": (1, 12, 2, 1, 2),
    "cn.PixelShuffle3D(2)": (1, 8, 2, 1, 2),
    "cc.DeformableConvolution(4)": (1, 2, 3, 3),
    "cc.DeformableConvolution(2, (3, 3), (1, 1), (1, 1), activation='relu', num_deformable_group=2)": (1, 2, 4, 4),
    "cc.DeformableConvolution(2, (3, 2), (2, 1), (1, 1), use_bias=False, offset_use_bias=False)": (1, 2, 4, 4),
}
for _size, _kinds in {(8,): "NCW NWC", (4, 6): "NCHW NHWC", (2, 4, 4): "NCDHW NDHWC"}.items():
    for _layout in _kinds.split():
        for _pool in ("MaxPool", "AvgPool", "GlobalMaxPool", "GlobalAvgPool"):
            _argument = "" if _layout[1] == "C" else f"layout='{_layout}'"
            _made = f"nn.{_pool}{len(_size)}D({_argument})"
            LAYERS[_made] = (2, 3, *_size) if _layout[1] == "C" else (2, *_size, 3)
#: What MXNet's CPU cannot compute is only made and shown.
SHOWN = [
    "nn.SELU()",
    "nn.Dropout(0.3)",
    "nn.Dropout(0.3, axes=(0, 1))",
    "nn.Embedding(4, 5)",
    "nn.Embedding(4, 5, dtype='float64', weight_initializer='ones', sparse_grad=True, prefix='e_')",
    "nn.BatchNormReLU()",
    "nn.BatchNormReLU(in_channels=3, scale=False)",
    "nn.Conv2D(4, 3, layout='NHWC')",
    "nn.Conv2D(4, (2, 3), layout='NHWC', in_channels=4, groups=2, activation='relu')",
    "nn.Conv3D(4, 3, layout='NDHWC', in_channels=2)",
    "nn.Conv2DTranspose(4, 3, activation='relu', layout='NHWC')",
    "nn.Conv3DTranspose(4, (2, 3, 4), layout='NDHWC', in_channels=5)",
    "cn.SyncBatchNorm(num_devices=1)",
    "cn.SyncBatchNorm(3, num_devices=1, scale=False, center=False, prefix='s_')",
]
#: Layers whose weights MXNet 1.9.1 shows with a list as their shape, or that are no symbols.
_NO_SYMBOL = ("cc.", "nn.Lambda", "cn.Identity")


def _data(made, shape):
    return f"values({shape!r}, dtype={'float64' if 'float64' in made else 'float32'!r})"


PROGRAMS = {}
for _made in [*LAYERS, *SHOWN]:
    if not _made.startswith("cc."):
        PROGRAMS[f"made: {_made}"] = (_START, f"answer = described({_made})")
    if not _made.startswith(_NO_SYMBOL):
        PROGRAMS[f"symbol: {_made}"] = (_START, f"answer = nodes({_made})")
for _made, _shape in LAYERS.items():
    _answer = f"answer = tried(layer, {_data(_made, _shape)})"
    PROGRAMS[f"run: {_made}"] = (_START, f"layer = {_made}", _answer)
    if not _made.startswith(("nn.Lambda", "cn.Identity")):
        PROGRAMS[f"hybrid: {_made}"] = (_START, f"layer = {_made}", "layer.hybridize()", _answer)
_CAST = """
layer.initialize()
layer(x)
fill(layer)
y = layer(x)
layer.hybridize()
answer = [y.astype("float32"), layer(x).astype("float32"), np.dtype(y.dtype).name, described(layer)]
"""
for _dtype, _mades in {
    "float64": ["nn.Dense(3)", "nn.BatchNorm()", "nn.LayerNorm()", "nn.GroupNorm()", "nn.PReLU()", "nn.Conv1D(3, 2)",
                "nn.Conv2D(4, (3, 2))"],
    "float16": ["nn.BatchNorm()", "nn.PReLU()"],
}.items():  # fmt: skip
    for _made in _mades:
        _cast = f"layer = {_made}; layer.cast({_dtype!r}); x = values({LAYERS[_made]!r}, dtype={_dtype!r})"
        PROGRAMS[f"cast to {_dtype}: {_made}"] = (_START, _cast, _CAST)

#: Constructor calls that MXNet 1.9.1 refuses.
REFUSED = [
    "nn.Dense()",
    "nn.Dense(3, activation=nn.Activation('relu'))",
    "nn.Dense(3, bogus=1)",
    "nn.Dense(3.5, in_units=2).initialize()",
    "nn.Dropout(1.5)(mx.nd.ones((2,)))",
    "nn.Embedding(3)",
    "nn.Lambda(3)",
    "nn.Lambda('bogus')",
    "nn.Lambda(None)",
    "nn.HybridLambda(3)",
    "nn.HybridLambda('bogus')",
    "nn.HybridLambda(lambda F, x: x, params=None)",
    "nn.Activation('bogus')(mx.nd.ones((1,)))",
    "nn.LeakyReLU(-1)",
    "nn.LeakyReLU('a')",
    "nn.BatchNorm()(mx.nd.ones((2, 3)))",
    "nn.GroupNorm(2, num_channels=3)",
    "nn.Conv1D(3, (2, 2))",
    "nn.Conv2D(3, (2,))",
    "nn.Conv2D(3, (2, 2, 2))",
    "nn.Conv2D(3, 2, strides=(1,))",
    "nn.Conv2D(3, 2, padding=(1, 2, 3))",
    "nn.Conv2D(3, 2, dilation=(1,))",
    "nn.Conv2D(3, 2.0)",
    "nn.Conv2D(3, 'a')",
    "nn.Conv2D(3, 0)",
    "nn.Conv2D(0, 2)",
    "nn.Conv2D(3, 2, layout='NCW')",
    "nn.Conv2D(3, 2, layout='HWNC')",
    "nn.Conv1D(3, 2, layout='NWC')",
    "nn.Conv3D(3, 2, layout='NCHW')",
    "nn.Conv2D(3, 2, groups=2)",
    "nn.Conv2D(4, 2, groups=2, in_channels=3)",
    "nn.Conv2D(4, 2, in_channels=-3)",
    "nn.Conv2D(4, 2)(mx.nd.ones((1, 2, 4, 4)))",
    "nn.Conv2DTranspose(3, 2, output_padding=(1,))",
    "nn.Conv2DTranspose(3, (2,))",
    "nn.Conv2DTranspose(3, 2, layout='NCW')",
    "nn.Conv1DTranspose(3, 2, layout='NWC')",
    "nn.Conv3DTranspose(3, 2, layout='bar')",
    "nn.MaxPool2D((2,))",
    "nn.MaxPool2D('a')",
    "nn.MaxPool2D(2, layout='NCW')",
    "nn.MaxPool1D(2, layout='NCHW')",
    "nn.AvgPool3D(2, layout='foo')",
    "nn.GlobalAvgPool2D('foo')",
    "nn.GlobalMaxPool1D('foo')",
    "nn.GlobalMaxPool3D('foo')",
    "nn.MaxPool2D(2, strides=(2,))(mx.nd.ones((1, 1, 4, 4)))",
    "nn.ReflectionPad2D((1, 1))",
    "nn.ReflectionPad2D('a')",
    "nn.ReflectionPad2D(5)(mx.nd.ones((1, 1, 4, 4)))",
    "nn.Flatten(3)",
    "nn.SELU(3)",
    "nn.Dense(3)(3)",
    "cn.PixelShuffle1D((2,))",
    "cn.PixelShuffle2D((2,))",
    "cn.PixelShuffle2D('ab')",
    "cn.PixelShuffle3D((2, 2))",
    "cn.PixelShuffle2D(2)(mx.nd.ones((1, 6, 4, 4)))",
    "cn.SyncBatchNorm(axis=1)",
    "cn.HybridConcurrent(axis=1)(mx.nd.ones((1,)))",
    "cc.DeformableConvolution(3, (2, 2, 2))",
    "cc.DeformableConvolution(3, (2, 2), layout='foo')",
    "cc.DeformableConvolution(3, (2, 2), adj=(1, 1))",
]
PROGRAMS.update({f"refused: {made}": (_START, made) for made in REFUSED})

_NETS = """
def stack(kind):
    net = kind(prefix="m_")
    with net.name_scope():
        net.add(nn.Dense(3, activation="relu"))
        net.add(nn.BatchNorm(), nn.Dropout(0))
        net.add(nn.Dense(2, prefix="out_"))
    return net
def named(net):
    return [repr(net), net.prefix, list(net._children), len(net), sorted(net.collect_params())]
"""
_CONTAINERS = {
    "runs": "answer = tried(stack(KIND), values((4, 5)))",
    "is described": "net = stack(KIND); answer = [named(net), described(net)]",
    "empty": "net = KIND(); answer = [named(net), net(values((2,)))]",
    "indices and slices": """
        net = stack(KIND)
        part = net[0:2]
        answer = [repr(net[0]), repr(net[-1]), named(part), part[0] is net[0], named(net[::-1]), named(net[9:]),
            type(part), [repr(child) for child in net], net[1] in list(net)]
    """,
    "index out of range": "stack(KIND)[7]",
    "index by name": "stack(KIND)['a']",
    "two inputs": "net = stack(KIND); net.initialize(); net(values((2, 3)), values((2, 3)))",
    "nested": """
        outer = KIND()
        outer.add(stack(KIND), nn.Flatten())
        answer = named(outer) + tried(outer, values((4, 5)))
    """,
    "children by name and attribute": """
        net = KIND()
        net.add(nn.Dense(2))
        net.register_child(nn.Dense(3), "foo")
        net.x = nn.Dense(4)
        answer = named(net) + tried(net, values((2, 3)))
    """,
    "own parameters are not those of children": """
        net = KIND(prefix="a_")
        with net.name_scope():
            net.add(nn.Dense(2, in_units=2))
        other = KIND(prefix="b_", params=net.params)
        with other.name_scope():
            other.add(nn.Dense(2, in_units=2))
        net.initialize()
        other(values((2, 2)))
    """,
    "shares parameters": """
        net = KIND(prefix="a_")
        with net.name_scope():
            net.add(nn.Dense(2, in_units=2))
        other = KIND(prefix="b_", params=net.collect_params())
        with other.name_scope():
            other.add(nn.Dense(2, in_units=2))
        net.initialize()
        answer = [sorted(other.collect_params()), (net(values((2, 2))) - other(values((2, 2)))).asnumpy(),
            other[0].weight is net[0].weight]
    """,
    "a child takes all that the one before it returns": """
        class Both(nn.HybridBlock):
            def hybrid_forward(self, F, x):
                return x, x + 1
        class Product(nn.HybridBlock):
            def hybrid_forward(self, F, pair):
                return pair[0] * pair[1]
        net = KIND()
        net.add(Both(), Product())
        answer = [net(values((2, 3)))]
        for child in net:
            child.hybridize()
        answer.append(net(values((2, 3))))
    """,
    "hybridize warns": """
        import warnings
        net = stack(KIND)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            net.hybridize()
            KIND().hybridize()
            net.hybridize(False)
            mixed = nn.Sequential()
            mixed.add(net, nn.Lambda("relu"))
            mixed.hybridize()
        answer = [(str(w.message), w.category.__name__) for w in caught]
    """,
}
for _kind in ("Sequential", "HybridSequential"):
    for _name, _source in _CONTAINERS.items():
        PROGRAMS[f"{_kind}: {_name}"] = (_START, _NETS, _source.replace("KIND", f"nn.{_kind}"))
PROGRAMS.update(
    {
        "a Block in HybridSequential": (_START, "nn.HybridSequential().add(nn.Lambda('relu'))"),
        "one layer's parameters for another": (
            _START,
            """
            a = nn.Dense(2, in_units=2, prefix="a_")
            b = nn.Dense(2, in_units=2, prefix="b_", params=a.params)
            a.initialize()
            answer = [described(b), b.weight is a.weight, (a(values((2, 2))) - b(values((2, 2)))).asnumpy()]
            """,
        ),
        "embedding": (
            _START,
            """
            layer = nn.Embedding(5, 3)
            x = mx.nd.array([[1, 2], [4, 1]], dtype="int32")
            answer = tried(layer, x)
            layer.hybridize()
            answer += [layer(x), layer(x.astype("float32"))]
            """,
        ),
        "embedding with sparse gradients": (
            _START,
            """
            layer = nn.Embedding(5, 3, sparse_grad=True)
            layer.initialize()
            fill(layer)
            x = mx.nd.array([[1, 2], [4, 1]])
            with mx.autograd.record():
                y = layer(x)
            y.backward(values(y.shape))
            g = layer.weight.grad()
            answer = [y, g.stype, g.indices.asnumpy().tolist(), g.data, layer.weight.data().stype, described(layer)]
            """,
        ),
        "embedding in float16": (
            _START,
            """
            layer = nn.Embedding(5, 3)
            layer.cast("float16")
            layer.initialize()
            answer = [np.dtype(layer(mx.nd.array([1])).dtype).name, layer(mx.nd.array([1])).shape, repr(layer)]
            """,
        ),
        "sparse embedding": (
            _START,
            """
            layer = cn.SparseEmbedding(5, 3)
            layer.initialize(mx.init.One())
            x = mx.nd.array([1, 3])
            kv = mx.kv.create("local")
            trainer = mx.gluon.Trainer(layer.collect_params(), "sgd", {"learning_rate": 0.5}, kvstore=kv)
            answer = [described(layer)]
            for step in range(2):
                with mx.autograd.record():
                    y = layer(x)
                y.backward(values(y.shape))
                trainer.step(1)
                answer += [y, layer.weight.grad().stype, layer.weight.grad().tostype("default")]
            answer.append(layer.weight.row_sparse_data(mx.nd.arange(5)).tostype("default"))
            """,
        ),
        "concurrent": (
            _START,
            """
            answer = []
            for net in (cn.Concurrent(axis=1), cn.HybridConcurrent(axis=1)):
                net.add(nn.Dense(2, in_units=3), cn.Identity())
                net.add(nn.Activation("relu"))
                answer += [repr(net), net.axis, len(net), net.prefix] + tried(net, values((2, 3)))[:3]
            """,
        ),
        "dropout in training": (
            _START,
            """
            layer = nn.Dropout(0.5)
            x = mx.nd.ones((200, 200))
            with mx.autograd.record():
                y = layer(x)
            answer = [sorted(set(y.asnumpy().ravel().tolist())), bool(abs(y.mean().asscalar() - 1) < 0.03),
                (layer(x) - x).abs().sum().asscalar()]
            """,
        ),
        "dropout along axes": (
            _START,
            """
            layer = nn.Dropout(0.5, axes=(1,))
            with mx.autograd.train_mode():
                y = layer(mx.nd.ones((50, 20)))
            answer = [bool((y == y[:, :1].broadcast_to(y.shape)).asnumpy().all()), layer._rate, layer._axes]
            """,
        ),
        "selu": (_START, "answer = nn.SELU()(values((2, 3)))"),
        "attributes": (
            _START,
            """
            d, e, c = nn.Dense(3, "relu", in_units=2), nn.Embedding(3, 4), nn.Conv2DTranspose(4, 3, 2, in_channels=2)
            b, i, l, g = nn.BatchNorm(in_channels=3), nn.InstanceNorm(), nn.LayerNorm(), nn.GroupNorm(2)
            answer = [d._units, d._in_units, d._flatten, repr(d.act), e._kwargs, c._kwargs, c._channels, c._in_channels,
                c._op_name, c.outpad, c.act, b._kwargs, b.in_channels, hasattr(nn.BatchNorm(), "in_channels"),
                b.fuse_relu, i._kwargs, i._axis, i._epsilon, l._kwargs, l._center, l._scale, g._kwargs, g._num_groups,
                nn.Activation("relu")._act_type, nn.ELU(2)._alpha, nn.Swish(2)._beta, nn.LeakyReLU(2)._alpha,
                nn.MaxPool2D()._kwargs, nn.AvgPool2D()._kwargs, nn.GlobalAvgPool2D()._kwargs,
                nn.ReflectionPad2D(3)._padding, nn.HybridLambda("relu")._func_name, cn.PixelShuffle1D(2)._factor,
                cn.PixelShuffle2D(2)._factors, cn.SyncBatchNorm(2, 1)._kwargs]
            """,
        ),
        "deformable attributes": (
            _START,
            """
            c = cc.DeformableConvolution(2, (3, 3), padding=(1, 1), num_deformable_group=2)
            m = cc.ModulatedDeformableConvolution(2, (3, 2))
            answer = [c._kwargs_offset, c._kwargs_deformable_conv, c._op_name, c.act, c.prefix,
                list(c.collect_params()), m._kwargs_offset, m._kwargs_deformable_conv, m.offset_split_index, m.prefix,
                list(m.collect_params()),
                repr(c), repr(m)]
            """,
        ),
        "module names": (
            _START,
            """
            answer = [
                sorted((n, k.__module__) for n, k in vars(m).items() if isinstance(k, type)) for m in (nn, cn, cc)
            ]
            """,
        ),
        "private names that others import": (
            _START,
            """
            from mxnet.gluon.nn.conv_layers import _infer_weight_shape, _Conv, _Pooling
            from mxnet.gluon.nn.basic_layers import _BatchNorm
            answer = [_infer_weight_shape("Convolution", (0, 3, 0, 0), {"kernel": (3, 3), "num_filter": 4}),
                issubclass(nn.Conv2D, _Conv), issubclass(nn.MaxPool1D, _Pooling), issubclass(nn.BatchNorm, _BatchNorm)]
            """,
        ),
        "a subclass of a layer": (
            _START,
            """
            class Normed(nn.Dense):
                def hybrid_forward(self, F, x, weight, bias=None):
                    weight = F.L2Normalization(weight)
                    return super(Normed, self).hybrid_forward(F, x, weight, bias)
            layer = Normed(3, in_units=4)
            answer = tried(layer, values((2, 4)))
            layer.hybridize()
            answer += [layer(values((2, 4)))]
            """,
        ),
        "a small network learns": (
            _START,
            """
            net = nn.HybridSequential()
            net.add(nn.Conv2D(4, 3, activation="relu"), nn.MaxPool2D(), nn.BatchNorm(), nn.Flatten(), nn.Dense(3))
            net.initialize()
            x, y = values((6, 1, 8, 8)), mx.nd.array([0, 1, 2, 0, 1, 2])
            net(x)
            fill(net)
            net.hybridize()
            trainer = mx.gluon.Trainer(net.collect_params(), "sgd", {"learning_rate": 0.1, "momentum": 0.9})
            answer = []
            for step in range(4):
                with mx.autograd.record():
                    loss = -mx.nd.pick(mx.nd.log_softmax(net(x)), y)
                loss.backward()
                trainer.step(6)
                answer.append(loss.mean())
            answer += [net(x), [p.data() for p in net.collect_params().values()]]
            """,
        ),
    }
)
