"""What executors compute, refuse, share and report."""

_XY = """
x, y = mx.sym.var("x"), mx.sym.var("y")
z = x * y + x
a, b = mx.nd.array([1, 2, 3]), mx.nd.array([4, 5, 6])
ga, gb = mx.nd.array([10, 10, 10]), mx.nd.array([20, 20, 20])
one = mx.nd.array([1, 10, 100])
"""
_FC = """
fc = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="fc")
def fill(e):
    for i, n in enumerate(sorted(e.arg_dict)):
        e.arg_dict[n][:] = mx.nd.arange(e.arg_dict[n].size).reshape(e.arg_dict[n].shape) / 10 + i
    return e
"""
_SOFTMAX = _FC + "net = mx.sym.SoftmaxOutput(fc, name='sm')\n"
_NORM = """
bn = mx.sym.BatchNorm(mx.sym.var("data"), name="bn", fix_gamma=False, momentum=0.5, eps=1e-3)
e = bn.simple_bind(mx.cpu(), data=(4, 2), grad_req="write")
e.arg_dict["data"][:] = mx.nd.array([[1, 2], [3, 5], [-1, 4], [0, -3]])
e.arg_dict["bn_gamma"][:] = 2
e.aux_dict["bn_moving_var"][:] = 1
def states():
    mx.nd.waitall()
    return [e.aux_dict[n].asnumpy().copy() for n in ("bn_moving_mean", "bn_moving_var")]
head = mx.nd.array([[1, 2], [3, 4], [5, 6], [7, 9]])
"""

PROGRAMS = {
    # bind
    "bind with lists": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward(one)\nanswer = [e.outputs, ga, gb]",
    "bind with dicts": _XY
    + "e = z.bind(mx.cpu(), {'y': b, 'x': a}, {'x': ga})\ne.forward(is_train=True)\ne.backward([one])\n"
    "answer = [e.outputs, ga, gb, e.grad_arrays, e.grad_dict['y'] is None]",
    "requests add": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb], 'add')\nfor i in range(2):\n    e.forward(is_train=True)\n    e.backward(one)\nanswer = [ga, gb]",
    "requests null": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb], 'null')\ne.forward(is_train=True)\nanswer = [e.outputs, ga, gb]",
    "requests by list": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb], ['add', 'null'])\ne.forward(is_train=True)\ne.backward(one)\nanswer = [ga, gb]",
    "requests by dict": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb], {'y': 'write'})\ne.forward(is_train=True)\ne.backward(one)\nanswer = [ga, gb]",
    "requests unknown": _XY + "z.bind(mx.cpu(), [a, b], [ga, gb], 'wrong')",
    "bind missing argument": _XY + "z.bind(mx.cpu(), {'x': a})",
    "bind too few": _XY + "z.bind(mx.cpu(), [a])",
    "bind too many": _XY + "z.bind(mx.cpu(), [a, b, a])",
    "bind superfluous by name is ignored": _XY + "answer = z.bind(mx.cpu(), {'x': a, 'y': b, 'q': a}).forward()",
    "bind wrong shapes": _XY + "z.bind(mx.cpu(), [a, mx.nd.ones((4,))])",
    "bind something else": _XY + "z.bind(mx.cpu(), 3)",
    "bind a number": _XY + "z.bind(mx.cpu(), [a, 3])",
    "bind none": _XY + "z.bind(mx.cpu(), [a, None])",
    "bind wrong context": _XY + "z.bind('cpu', [a, b])",
    "bind without states": "mx.sym.BatchNorm(mx.sym.var('x')).bind(mx.cpu(), [mx.nd.ones((2, 2))] + [mx.nd.ones((2,))] * 2)",
    "dicts and arrays": _XY
    + "e = z.bind(mx.cpu(), [a, b], [ga, gb])\nanswer = [sorted(e.arg_dict), sorted(e.grad_dict), sorted(e.aux_dict), "
    "sorted(e.output_dict), e.arg_arrays, e.grad_arrays, e.aux_arrays, len(e.outputs)]",
    "bound arrays are shared": _XY + "e = z.bind(mx.cpu(), [a, b])\ne.forward()\na[:] = 0\nanswer = [e.forward(), e.arg_dict['x']]",
    "replacing a dict entry does not rebind": _XY
    + "e = z.bind(mx.cpu(), [a, b])\ne.arg_dict['x'] = mx.nd.zeros((3,))\nanswer = [e.forward(), e.arg_arrays]",
    "outputs of forward": _XY + "e = z.bind(mx.cpu(), [a, b])\no = e.forward()\nanswer = [type(o).__name__, len(o), o]",
    "outputs follow forward": _XY + "e = z.bind(mx.cpu(), [a, b])\no = e.forward()[0]\na[:] = 0\ne.forward()\nanswer = [o, e.outputs[0]]",
    # forward
    "forward feeds by keyword": _XY + "e = z.bind(mx.cpu(), [a, b])\nanswer = [e.forward(is_train=False, x=mx.nd.zeros((3,))), a]",
    "forward feeds an unknown name": _XY + "z.bind(mx.cpu(), [a, b]).forward(q=a)",
    "forward feeds a wrong shape": _XY + "z.bind(mx.cpu(), [a, b]).forward(x=mx.nd.zeros((4,)))",
    # backward
    "backward without head gradient of a loss": _SOFTMAX
    + "e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))\ne.arg_dict['sm_label'][:] = mx.nd.array([0, 1, 1])\ne.forward(is_train=True)\ne.backward()\n"
    "answer = [e.outputs, e.grad_arrays]",
    "backward without head gradient": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward()",
    "backward with a dict": _XY
    + "e = mx.sym.Group([z, x - y]).bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\nn = list(e.output_dict)\n"
    "e.backward({n[0]: one, n[1]: one * 2})\nanswer = [ga, gb]",
    "backward with too few head gradients": _XY
    + "e = mx.sym.Group([z, x - y]).bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward([one])",
    "backward with a wrong type": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward([3])",
    "backward twice": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb], 'add')\ne.forward(is_train=True)\ne.backward(one)\ne.backward(one)\nanswer = [ga, gb]",
    "backward after inference forward": _SOFTMAX
    + "e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))\ne.forward()\ne.backward()\nanswer = [e.outputs, e.grad_arrays]",
    "argument that does not reach the output": _XY
    + "e = mx.sym.Group([x * 2, mx.sym.BlockGrad(y)]).bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\n"
    "e.backward([one, one])\nanswer = [e.outputs, ga, gb]",
    "a node used many times": _XY
    + "r = mx.sym.relu(x)\ns = r * r + r * y - r\ne = s.bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward(one)\n"
    "answer = [e.outputs, ga, gb]",
    "output that is a view": _XY + "e = mx.sym.Reshape(x, shape=(3, 1)).bind(mx.cpu(), [a])\ne.forward()\ne.outputs[0][:] = 7\nanswer = a",
    "loss beside another head": _FC
    + "e = fill(mx.sym.Group([mx.sym.SoftmaxOutput(fc, name='sm'), fc * 2]).simple_bind(mx.cpu(), data=(3, 4)))\ne.forward(is_train=True)\n"
    "e.backward([mx.nd.ones((3, 2)), mx.nd.ones((3, 2))])\nanswer = [e.outputs, e.grad_arrays]",
    "loss beside a blocked head": _FC
    + "e = fill(mx.sym.Group([mx.sym.SoftmaxOutput(fc, name='sm'), mx.sym.BlockGrad(fc)]).simple_bind(mx.cpu(), data=(3, 4)))\n"
    "e.forward(is_train=True)\ne.backward()\nanswer = [e.outputs, e.grad_arrays]",
    "loss beside heads that end gradients": _FC
    + "others = [mx.sym.argmax(fc, axis=1), fc > 1, mx.sym.round(fc), mx.sym.sign(fc), mx.sym.zeros_like(fc), mx.sym.argsort(fc)]\n"
    "e = fill(mx.sym.Group([mx.sym.SoftmaxOutput(fc, name='sm')] + others).simple_bind(mx.cpu(), data=(3, 4)))\n"
    "e.forward(is_train=True)\ne.backward()\nanswer = [e.outputs, e.grad_arrays]",
    "two losses": _FC
    + "e = fill(mx.sym.Group([mx.sym.LinearRegressionOutput(fc, name='l'), mx.sym.MakeLoss(fc * fc)]).simple_bind(mx.cpu(), data=(3, 4)))\n"
    "e.forward(is_train=True)\ne.backward()\nanswer = [e.outputs, e.grad_arrays]",
    "loss inside a graph": _FC
    + "e = fill((mx.sym.SoftmaxOutput(fc, name='sm') * 3).simple_bind(mx.cpu(), data=(3, 4)))\ne.forward(is_train=True)\n"
    "e.backward(mx.nd.ones((3, 2)))\nanswer = [e.outputs, e.grad_arrays]",
    "part of the outputs used": _XY
    + "s = mx.sym.SliceChannel(mx.sym.var('d'), num_outputs=3, name='s')\ne = (s[0] * s[2]).simple_bind(mx.cpu(), d=(2, 3))\n"
    "e.arg_dict['d'][:] = mx.nd.array([[1, 2, 3], [4, 5, 6]])\ne.forward(is_train=True)\ne.backward(mx.nd.ones((2, 1)))\n"
    "answer = [e.outputs, e.grad_arrays]",
    # auxiliary states
    "states after inference": _NORM + "e.forward()\nanswer = [e.outputs, states()]",
    "states after training forward": _NORM + "e.forward(is_train=True)\nanswer = [e.outputs, states()]",
    "states after backward": _NORM + "e.forward(is_train=True)\ne.backward(head)\nanswer = [e.outputs, states(), e.grad_arrays]",
    "states after two backwards": _NORM + "e.forward(is_train=True)\ne.backward(head)\ne.backward(head)\nanswer = states()",
    "states after two steps": _NORM + "for i in range(2):\n    e.forward(is_train=True)\n    e.backward(head)\nanswer = states()",
    "states are used by inference": _NORM + "e.forward(is_train=True)\ne.backward(head)\nmx.nd.waitall()\nanswer = e.forward()",
    # simple_bind
    "simple bind": _SOFTMAX
    + "e = net.simple_bind(mx.cpu(), data=(3, 4))\nanswer = [[x.shape for x in e.arg_arrays], e.arg_arrays, e.grad_arrays, sorted(e.grad_dict)]",
    "simple bind types": _FC + "e = fc.simple_bind(mx.cpu(), data=(3, 4), type_dict={'data': 'float64'})\nanswer = [x.dtype for x in e.arg_arrays]",
    "simple bind half": _FC + "e = fc.simple_bind(mx.cpu(), data=(3, 4), type_dict={'data': np.float16})\nanswer = [x.dtype for x in e.arg_arrays]",
    "simple bind null": _FC + "e = fc.simple_bind(mx.cpu(), data=(3, 4), grad_req='null')\nanswer = [e.grad_arrays, sorted(e.grad_dict)]",
    "simple bind requests by dict": _FC + "e = fc.simple_bind(mx.cpu(), data=(3, 4), grad_req={'fc_weight': 'write'})\nanswer = [g is None for g in e.grad_arrays]",
    "simple bind requests by list": _FC + "e = fc.simple_bind(mx.cpu(), data=(3, 4), grad_req=['null', 'add', 'write'])\nanswer = [g is None for g in e.grad_arrays]",
    "simple bind without shapes": _FC + "fc.simple_bind(mx.cpu())",
    "simple bind conflict": _FC + "fc.simple_bind(mx.cpu(), data=(3, 4), fc_weight=(2, 5))",
    "simple bind shape of an unknown name is ignored": _FC + "answer = [x.shape for x in fc.simple_bind(mx.cpu(), data=(3, 4), extra=(3, 3)).arg_arrays]",
    # parameters
    "copy parameters": _FC
    + "e = fc.simple_bind(mx.cpu(), data=(3, 4))\ne.copy_params_from({'fc_weight': mx.nd.ones((2, 4)), 'fc_bias': mx.nd.array([1, 2])})\n"
    "answer = e.arg_arrays",
    "copy parameters unknown name": _FC + "fc.simple_bind(mx.cpu(), data=(3, 4)).copy_params_from({'wrong': mx.nd.ones((2, 4))})",
    "copy parameters extra": _FC
    + "e = fc.simple_bind(mx.cpu(), data=(3, 4))\ne.copy_params_from({'wrong': mx.nd.ones((2, 4))}, allow_extra_params=True)\nanswer = e.arg_arrays",
    "copy parameters wrong shape": _FC + "fc.simple_bind(mx.cpu(), data=(3, 4)).copy_params_from({'fc_bias': mx.nd.ones((3,))})",
    "copy parameters casts": _FC
    + "e = fc.simple_bind(mx.cpu(), data=(3, 4))\ne.copy_params_from({'fc_bias': mx.nd.ones((2,), dtype='float64')})\nanswer = e.arg_dict['fc_bias']",
    "copy states": _NORM + "e.copy_params_from({}, {'bn_moving_mean': mx.nd.array([3, 4])})\nanswer = states()",
    # reshape
    "reshape down": _FC
    + "e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))\nr = e.reshape(data=(2, 3))\nr.arg_dict['fc_bias'][:] = 100\n"
    "answer = [[x.shape for x in r.arg_arrays], r.forward(), e.arg_dict['fc_bias'], [x.shape for x in r.grad_arrays]]",
    "reshape shares data memory": _FC
    + "e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))\nr = e.reshape(data=(2, 3))\nr.arg_dict['data'][:] = 7\nanswer = e.arg_dict['data']",
    "reshape up refused": _FC + "fc.simple_bind(mx.cpu(), data=(4, 3)).reshape(data=(5, 3))",
    "reshape up": _FC
    + "e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))\nr = e.reshape(allow_up_sizing=True, data=(5, 3))\nr.arg_dict['data'][:] = 1\n"
    "r.arg_dict['fc_weight'][:] = 2\nanswer = [r.forward(), e.arg_dict['fc_weight'], e.arg_dict['data']]",
    "reshape changes a parameter refused": _FC + "fc.simple_bind(mx.cpu(), data=(4, 3)).reshape(data=(4, 2))",
    "reshape partial": _FC
    + "e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))\nr = e.reshape(partial_shaping=True, data=(4, 2))\nanswer = [x.shape for x in r.arg_arrays]",
    "reshape keeps gradients going": _FC
    + "e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))\nr = e.reshape(data=(2, 3))\nr.forward(is_train=True)\nr.backward(mx.nd.ones((2, 2)))\n"
    "answer = [r.grad_arrays, e.grad_dict['fc_weight']]",
    # several executors
    "executors share arrays": _FC
    + "e = fill(fc.simple_bind(mx.cpu(), data=(2, 3)))\nt = fc.bind(mx.cpu(), e.arg_arrays, grad_req='null')\nfirst = t.forward()[0].asnumpy()\n"
    "e.arg_dict['fc_weight'][:] = 1\nanswer = [first, t.forward()]",
    "groups on two devices": """
        with mx.AttrScope(ctx_group="one"):
            x = mx.sym.var("x")
            h = x * 2
        with mx.AttrScope(ctx_group="two"):
            y = mx.sym.var("y")
            z = h + y
        e = z.simple_bind(mx.cpu(0), group2ctx={"one": mx.cpu(0), "two": mx.cpu(1)}, x=(3,), y=(3,))
        e.arg_dict["x"][:], e.arg_dict["y"][:] = 3, 4
        e.forward(is_train=True)
        e.backward(mx.nd.ones((3,), ctx=mx.cpu(1)))
        answer = [e.outputs, e.grad_arrays, [str(v.context) for v in e.arg_arrays], [str(v.context) for v in e.grad_arrays],
                  str(e.outputs[0].context)]
    """,
    # monitoring
    "monitor": _SOFTMAX
    + "e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))\nseen = []\n"
    "e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n))\n"
    "e.forward(is_train=True)\nanswer = list(seen)",
    "monitor everything": _SOFTMAX
    + "e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))\nseen = []\n"
    "e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n), monitor_all=True)\n"
    "e.forward(is_train=True)\nanswer = list(seen)",
    "monitor several outputs": """
        s = mx.sym.SliceChannel(mx.sym.var("x"), num_outputs=2, name="s")
        e = (s[0] + s[1]).simple_bind(mx.cpu(), x=(2, 4), grad_req="write")
        seen = []
        e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n), True)
        e.forward()
        answer = list(seen)
    """,
    "monitor a variable used twice": """
        x = mx.sym.var("x")
        e = mx.sym.Concat(x, x, x * x, dim=0, name="c").simple_bind(mx.cpu(), x=(2, 4))
        seen = []
        e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n), True)
        e.forward()
        answer = list(seen)
    """,
    "monitor of batch norm": _NORM
    + "seen = []\ne.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n), True)\n"
    "e.forward()\nanswer = list(seen)",
    "duplicate names": "(mx.sym.var('x') + mx.sym.var('x')).bind(mx.cpu(), [mx.nd.ones((2,)), mx.nd.ones((2,))]).arg_dict",
    "dropout at inference": "answer = mx.sym.Dropout(mx.sym.var('x'), p=0.5).eval(x=mx.nd.ones((3,)))",
    "scalars of half": "answer = (mx.sym.var('x') * 3 + 0.1).eval(x=mx.nd.ones((3,), dtype='float16'))",
    "debug string": _XY + "answer = type(z.bind(mx.cpu(), [a, b]).debug_str()).__name__",
    "different dtypes": _XY + "z.bind(mx.cpu(), [a, b.astype('float64')])",
    "gradient missing for a written argument": _XY + "e = z.bind(mx.cpu(), [a, b], {'x': ga}, {'x': 'write', 'y': 'write'})\n"
    "e.forward(is_train=True)\ne.backward(one)\nanswer = [ga, e.grad_arrays]",
    "head gradient of another shape": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward(mx.nd.ones((4,)))",
    "head gradient of another dtype": _XY + "e = z.bind(mx.cpu(), [a, b], [ga, gb])\ne.forward(is_train=True)\ne.backward(one.astype('float64'))",
}
