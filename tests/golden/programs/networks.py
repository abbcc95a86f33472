"""Whole networks on small fixed inputs: outputs and all gradients, twice, so that auxiliary states have moved."""

_LENET = """
net = mx.sym.var("data")
for i, filters in enumerate((2, 3)):
    net = mx.sym.Convolution(net, kernel=(3, 3), num_filter=filters, name="conv%d" % i)
    net = mx.sym.Activation(net, act_type="tanh", name="act%d" % i)
    net = mx.sym.Pooling(net, kernel=(2, 2), stride=(2, 2), pool_type="max", name="pool%d" % i)
net = mx.sym.FullyConnected(mx.sym.Flatten(net), num_hidden=6, name="fc1")
net = mx.sym.FullyConnected(mx.sym.Activation(net, act_type="relu"), num_hidden=4, name="fc2")
net = mx.sym.SoftmaxOutput(net, name="softmax")
shapes = {"data": (3, 1, 12, 12), "softmax_label": (3,)}
"""

_MLP = """
net = mx.sym.Flatten(mx.sym.var("data"))
for i, hidden in enumerate((5, 4)):
    net = mx.sym.Activation(mx.sym.FullyConnected(net, num_hidden=hidden, name="fc%d" % i), act_type=("relu",
        "sigmoid")[i])
net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(net, num_hidden=3, name="out"), name="softmax", normalization="batch")
shapes = {"data": (4, 2, 3), "softmax_label": (4,)}
"""

_RESNET = """
def convolution(x, filters, kernel, stride, name):
    pad = (kernel // 2, kernel // 2)
    return mx.sym.Convolution(x, kernel=(kernel, kernel), stride=(stride, stride), pad=pad, num_filter=filters,
        no_bias=True,
                              name=name)
def block(x, filters, stride, name):
    y = mx.sym.Activation(mx.sym.BatchNorm(x, fix_gamma=False, eps=2e-5, name=name + "_bn1"), act_type="relu")
    shortcut = x if stride == 1 else convolution(y, filters, 1, stride, name + "_sc")
    y = convolution(y, filters, 3, stride, name + "_conv1")
    y = mx.sym.Activation(mx.sym.BatchNorm(y, fix_gamma=False, eps=2e-5, name=name + "_bn2"), act_type="relu")
    return convolution(y, filters, 3, 1, name + "_conv2") + shortcut
net = mx.sym.BatchNorm(mx.sym.var("data"), fix_gamma=True, eps=2e-5, name="bn_data")
net = convolution(net, 3, 3, 1, "conv0")
net = block(net, 3, 1, "a")
net = block(net, 4, 2, "b")
net = mx.sym.Activation(mx.sym.BatchNorm(net, fix_gamma=False, eps=2e-5, name="bn1"), act_type="relu")
net = mx.sym.Flatten(mx.sym.Pooling(net, global_pool=True, kernel=(4, 4), pool_type="avg"))
net = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(net, num_hidden=3, name="fc"), name="softmax")
shapes = {"data": (4, 2, 8, 8), "softmax_label": (4,)}
"""

#: Source that defines `net` and `shapes`.
NETWORKS = {"lenet": _LENET, "mlp": _MLP, "resnet": _RESNET}

#: Gives every array values that depend on its name's place only.
FILL = """
def values(number, shape, label):
    n = int(np.prod(shape))
    if label:
        return (np.arange(n) % 3).astype("float32")
    return (np.sin(np.arange(n) * (0.7 + 0.13 * number) + number) * (0.5
        if len(shape) > 1 else 0.1)).reshape(shape).astype("float32")
def fill(executor):
    for i, name in enumerate(sorted(executor.arg_dict)):
        array = executor.arg_dict[name]
        array[:] = values(i, array.shape, name.endswith("label"))
        if name.endswith("gamma"):
            array[:] = array + 1
    for name in executor.aux_dict:
        executor.aux_dict[name][:] = 1 if name.endswith("var") else 0
"""

_STEPS = """
executor = net.simple_bind(mx.cpu(), grad_req="write", **shapes)
fill(executor)
for step in range(2):
    executor.forward(is_train=True)
    executor.backward()
mx.nd.waitall()
answer = [executor.outputs, executor.grad_dict, executor.aux_dict]
executor.forward(is_train=False)
answer.append([output.asnumpy() for output in executor.outputs])
"""

PROGRAMS = {
    name: source
    + FILL
    + _STEPS.replace("answer = [executor.outputs,", "answer = [[o.asnumpy() for o in executor.outputs],")
    for name, source in NETWORKS.items()
}
