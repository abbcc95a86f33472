"""Classes and functions of the model zoo with other sizes than the 34 networks have, and what they refuse."""

_ZOO = """
V = mx.gluon.model_zoo.vision
R, M, D, S, I = V.resnet, V.mobilenet, V.densenet, V.squeezenet, V.inception
def shapes(net, *shape):
    net.initialize(mx.init.One())
    out = net(mx.nd.zeros(shape))
    return out.shape, [(n, p.shape) for n, p in net.collect_params().items()], list(net._collect_params_with_prefix())
def fill(net, *shape):
    net.initialize(mx.init.Zero())
    net(mx.nd.zeros(shape))
    for i, (n, p) in enumerate(net._collect_params_with_prefix().items()):
        v = mx.nd.arange(p.data().size).reshape(p.shape) * 0.7 + i
        p.set_data(mx.nd.cos(v) * (0.3 if v.ndim > 1 else 0.2) + (1 if 'gamma' in n or 'var' in n else 0))
    return mx.nd.sin(mx.nd.arange(int(np.prod(shape))).reshape(shape))
def modes(net, *shape):  # in float64: BatchNorm of few values magnifies rounding
    x = fill(net, *shape).astype('float64')
    net.cast('float64')
    eager = net(x)
    with mx.autograd.record():
        training = net(x)
    training.backward()
    gradients = [p.grad() for p in net.collect_params().values() if p.grad_req != 'null']
    states = [p.data() for p in net.collect_params().values() if p.grad_req == 'null']
    net.hybridize()
    return [eager, training, net(x), [g.norm().asscalar() for g in gradients], states]
"""

_BLOCKS = {
    "BasicBlockV1": "R.BasicBlockV1(8, 1, False, 8)",
    "BasicBlockV1 with downsampling": "R.BasicBlockV1(8, 2, True, 4)",
    "BottleneckV1": "R.BottleneckV1(8, 1, in_channels=8)",
    "BottleneckV1 with downsampling": "R.BottleneckV1(8, 2, downsample=True, in_channels=4)",
    "BasicBlockV2": "R.BasicBlockV2(8, 1, False, 8, prefix='a_')",
    "BasicBlockV2 with downsampling": "R.BasicBlockV2(8, 2, True)",
    "BottleneckV2": "R.BottleneckV2(8, 1)",
    "BottleneckV2 with downsampling": "R.BottleneckV2(8, 2, True, 4)",
    "LinearBottleneck": "M.LinearBottleneck(4, 4, 2, 1)",
    "LinearBottleneck with stride": "M.LinearBottleneck(4, 4, 2, 2)",
    "LinearBottleneck with other channels": "M.LinearBottleneck(8, 4, 1, 1)",
}
_CHANNELS = {"BasicBlockV1": 8, "BottleneckV1": 8, "BasicBlockV2": 8, "BottleneckV2": 8,
             "LinearBottleneck with other channels": 8}  # fmt: skip
_PARTS = {
    "fire": ("S._make_fire(2, 3, 4)", "2, 3, 6, 6"),
    "fire convolution": ("S._make_fire_conv(3, 2, 1)", "2, 3, 6, 6"),
    "dense layer": ("D._make_dense_layer(2, 3, 0)", "2, 3, 4, 4"),
    "dense block": ("D._make_dense_block(2, 2, 3, 0, 5)", "2, 3, 4, 4"),
    "transition": ("D._make_transition(2)", "2, 3, 4, 4"),
    "auxiliary classifier": ("I.make_aux(4)", "1, 3, 17, 17"),
    "branch avg": ("I._make_branch('avg', (4, 1, None, None), (3, 3, 2, 1))", "1, 3, 7, 7"),
    "branch max": ("I._make_branch('max', (4, (1, 3), None, (0, 1)))", "1, 3, 7, 7"),
    "branch": ("I._make_branch(None, (4, 3, None, None))", "1, 3, 7, 7"),
    "basic convolution": ("I._make_basic_conv(channels=3, kernel_size=2)", "1, 3, 4, 4"),
    "module A": ("I._make_A(4, 'A_')", "1, 3, 5, 5"),
    "module B": ("I._make_B('B_')", "1, 3, 5, 5"),
    "module C": ("I._make_C(4, 'C_')", "1, 3, 5, 5"),
    "module D": ("I._make_D('D_')", "1, 3, 5, 5"),
    "module E": ("I._make_E('E_')", "1, 3, 5, 5"),
    "relu6": ("M.RELU6()", "2, 3"),
    "3 x 3": ("R._conv3x3(4, 2, 3)", "1, 3, 5, 5"),
}
_NETWORKS = {
    "ResNetV1 thumbnail": ("V.ResNetV1(V.BasicBlockV1, [1, 2], [4, 4, 8], classes=3, thumbnail=True)", "2, 3, 8, 8"),
    "ResNetV1 basic": ("V.ResNetV1(V.BasicBlockV1, [1, 1], [4, 8, 16], classes=3, prefix='net_')", "2, 3, 32, 32"),
    "ResNetV1 bottlenecks": ("V.ResNetV1(V.BottleneckV1, [2, 1], [4, 8, 16], classes=3)", "2, 3, 32, 32"),
    "ResNetV2 thumbnail": ("V.ResNetV2(V.BasicBlockV2, [1, 2], [4, 4, 8], classes=3, thumbnail=True)", "2, 3, 8, 8"),
    "ResNetV2 basic": ("V.ResNetV2(V.BasicBlockV2, [1, 1], [4, 8, 16], classes=3)", "2, 3, 32, 32"),
    "ResNetV2 bottlenecks": ("V.ResNetV2(V.BottleneckV2, [2, 1], [4, 8, 16], classes=3)", "2, 3, 32, 32"),
    "MobileNet of few channels": ("V.MobileNet(0.125, classes=3)", "1, 3, 32, 32"),
    "MobileNetV2 of few channels": ("V.MobileNetV2(0.1, classes=3)", "1, 3, 32, 32"),
    "DenseNet": ("V.DenseNet(4, 2, [1, 2], bn_size=2, classes=3)", "1, 3, 56, 56"),
    "DenseNet of one block": ("V.DenseNet(4, 2, [2], classes=3)", "1, 3, 28, 28"),
}
_LARGER = {
    "MobileNet of more channels": "V.MobileNet(1.5)",
    "MobileNetV2 of more channels": "V.MobileNetV2(1.5, classes=4)",
    "MobileNet of an odd number of channels": "V.get_mobilenet(0.3)",
    "get_mobilenet of an integer": "V.get_mobilenet(1, prefix='m_')",
    "VGG": "V.VGG([1, 2], [3, 4], classes=3)",
    "VGG with normalization": "V.VGG([1, 2], [3, 4], classes=3, batch_norm=True, prefix='v_')",
    "AlexNet": "V.AlexNet(classes=3, prefix='a_')",
    "DenseNet with dropout": "V.DenseNet(4, 2, [1, 2], dropout=0.3)",
    "get_model, capitals": "V.get_model('ResNet18_V1', classes=4, thumbnail=True)",
    "get_model, prefix": "V.get_model('squeezenet1.1', prefix='s_')",
    "get_resnet": "V.get_resnet(2, 18, classes=4)",
    "get_vgg": "V.get_vgg(11, classes=4, batch_norm=True)",
    "get_mobilenet_v2": "V.get_mobilenet_v2(0.25, classes=4)",
}
_REFUSED = {
    "get_model of another name": "V.get_model('resnet19_v1')",
    "get_mobilenet, pretrained": "V.get_mobilenet(0.3, pretrained=True)",
    "short_hash": "mx.gluon.model_zoo.model_store.short_hash('resnet19_v1')",
    "get_model_file": "mx.gluon.model_zoo.model_store.get_model_file('resnet19_v1')",
    "unknown argument": "V.resnet18_v1(colour='red')",
}

PROGRAMS = {
    **{
        f"{name}: shapes": (_ZOO, f"net = {code}\nanswer = [repr(net), shapes(net, 2, {_CHANNELS.get(name, 4)}, 6, 6)]")
        for name, code in _BLOCKS.items()
    },
    **{
        f"{name}: values": (_ZOO, f"answer = modes({code}, 2, {_CHANNELS.get(name, 4)}, 4, 4)")
        for name, code in _BLOCKS.items()
    },
    **{
        f"{name}: shapes": (_ZOO, f"net = {code}\nanswer = [repr(net), shapes(net, {shape})]")
        for name, (code, shape) in {**_PARTS, **_NETWORKS}.items()
    },
    **{f"{name}: values": (_ZOO, f"answer = modes({code}, {shape})[:4]") for name, (code, shape) in _NETWORKS.items()},
    **{
        name: (_ZOO, f"net = {code}\nanswer = [repr(net), [(n, p.shape) for n, p in net.collect_params().items()]]")
        for name, code in _LARGER.items()
    },
    **{f"refused: {name}": (_ZOO, f"answer = {code}") for name, code in _REFUSED.items()},
    "tables": (
        _ZOO,
        """
        answer = [
            [(k, R.resnet_spec[k]) for k in sorted(R.resnet_spec)],
            [(k, V.vgg.vgg_spec[k]) for k in sorted(V.vgg.vgg_spec)],
            [(k, D.densenet_spec[k]) for k in sorted(D.densenet_spec)],
            R.resnet_net_versions, R.resnet_block_versions,
        ]
    """,
    ),
    "hashes": (
        "S = mx.gluon.model_zoo.model_store",
        "answer = [S._model_sha1, S.apache_repo_url, S._url_format, S.short_hash('resnet18_v1')]",
    ),
    "where classes live": (
        _ZOO,
        """
        names = ['AlexNet', 'DenseNet', 'Inception3', 'MobileNet', 'MobileNetV2', 'ResNetV1', 'ResNetV2', 'SqueezeNet',
                 'VGG', 'BasicBlockV1', 'BottleneckV2', 'alexnet', 'densenet121', 'inception_v3', 'get_resnet',
                 'resnet18_v1', 'get_vgg', 'vgg11', 'get_mobilenet', 'mobilenet0_5', 'squeezenet1_0', 'get_model']
        answer = [getattr(V, name).__module__ for name in names] + [M.RELU6.__module__, D.HybridConcurrent.__module__]
    """,
    ),
    "helpers of MobileNet": (
        _ZOO,
        """
        net = mx.gluon.nn.HybridSequential(prefix='o_')
        with net.name_scope():
            M._add_conv(net, 4, relu6=True)
            M._add_conv(net, 4, kernel=3, stride=2, pad=1, num_group=2, active=False)
            M._add_conv_dw(net, 4, 8, 2, relu6=True)
            M._add_conv_dw(net, 8, 4, 1)
        answer = [repr(net), [c.prefix for c in net], shapes(net, 1, 4, 6, 6)]
    """,
    ),
    "initializers of VGG": (
        _ZOO,
        """
        net = V.VGG([1], [3], classes=3, batch_norm=True)
        answer = [p.init if isinstance(p.init, str) else p.init.dumps() for p in net.collect_params().values()]
    """,
    ),
    "attributes of blocks": (
        _ZOO,
        """
        a, b = R.BottleneckV2(8, 2, True, 4), R.BasicBlockV1(8, 1)
        answer = [a.conv1._kwargs, a.conv3._kwargs, a.conv2._channels, a.downsample._kwargs, b.downsample,
                  M.LinearBottleneck(4, 4, 6, 1).use_shortcut, M.LinearBottleneck(4, 4, 6, 2).use_shortcut]
    """,
    ),
    "subclass of ResNetV1": (
        _ZOO,
        """
        class Mine(V.ResNetV1):
            def _make_layer(self, block, layers, channels, stride, stage_index, in_channels=0):
                calls.append((block, layers, channels, stride, stage_index, in_channels))
                return super(Mine, self)._make_layer(block, layers, channels, stride, stage_index, in_channels)
        calls = []
        net = Mine(V.BasicBlockV1, [1, 1], [4, 4, 8], classes=3)
        answer = [calls, net.prefix, [p for p in net.collect_params()], type(net).__name__]
    """,
    ),
    "features as a backbone": (
        _ZOO,
        """
        net = V.resnet18_v1(prefix='r_')
        backbone = mx.gluon.nn.HybridSequential(prefix='b_')
        for layer in net.features[:5]:
            backbone.add(layer)
        backbone.initialize(mx.init.One())
        answer = [backbone(mx.nd.zeros((1, 3, 32, 32))).shape, len(net.features), list(backbone.collect_params())]
    """,
    ),
    "another output": (
        _ZOO,
        """
        net, other = V.squeezenet1_1(prefix='a_'), V.mobilenet0_25(classes=5, prefix='b_')
        with other.name_scope():
            other.output = mx.gluon.nn.Dense(7)
        other.initialize(mx.init.One())
        answer = [other(mx.nd.zeros((1, 3, 32, 32))).shape, other.output.weight.name, net.output[0].weight.name,
                  list(other.collect_params('.*dense.*')), list(other._children)]
    """,
    ),
    "internals as symbols": (
        _ZOO,
        """
        net = V.ResNetV2(V.BottleneckV2, [1, 1], [4, 8, 16], classes=3, prefix='r_')
        out = net(mx.sym.var('data'))
        answer = [out.list_arguments(), out.list_auxiliary_states(), out.get_internals().list_outputs()]
    """,
    ),
    "shared parameters": (
        _ZOO,
        """
        options = {'classes': 3, 'thumbnail': True, 'prefix': 'r_'}
        one = V.ResNetV1(V.BasicBlockV1, [1], [4, 4], **options)
        two = V.ResNetV1(V.BasicBlockV1, [1], [4, 4], params=one.collect_params(), **options)
        one.initialize(mx.init.One())
        x = mx.nd.ones((1, 3, 4, 4))
        answer = [one(x), two(x), one.output.weight is two.output.weight]
    """,
    ),
}
