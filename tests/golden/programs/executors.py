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
    "bind with lists": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward(one)
        answer = [e.outputs, ga, gb]
    """,
    ),
    "bind with dicts": (
        _XY,
        """
        e = z.bind(mx.cpu(), {'y': b, 'x': a}, {'x': ga})
        e.forward(is_train=True)
        e.backward([one])
        answer = [e.outputs, ga, gb, e.grad_arrays, e.grad_dict['y'] is None]
    """,
    ),
    "requests add": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb], 'add')
        for i in range(2):
            e.forward(is_train=True)
            e.backward(one)
        answer = [ga, gb]
    """,
    ),
    "requests null": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb], 'null')
        e.forward(is_train=True)
        answer = [e.outputs, ga, gb]
    """,
    ),
    "requests by list": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb], ['add', 'null'])
        e.forward(is_train=True)
        e.backward(one)
        answer = [ga, gb]
    """,
    ),
    "requests by dict": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb], {'y': 'write'})
        e.forward(is_train=True)
        e.backward(one)
        answer = [ga, gb]
    """,
    ),
    "requests unknown": (_XY, "z.bind(mx.cpu(), [a, b], [ga, gb], 'wrong')"),
    "bind missing argument": (_XY, "z.bind(mx.cpu(), {'x': a})"),
    "bind too few": (_XY, "z.bind(mx.cpu(), [a])"),
    "bind too many": (_XY, "z.bind(mx.cpu(), [a, b, a])"),
    "bind superfluous by name is ignored": (_XY, "answer = z.bind(mx.cpu(), {'x': a, 'y': b, 'q': a}).forward()"),
    "bind wrong shapes": (_XY, "z.bind(mx.cpu(), [a, mx.nd.ones((4,))])"),
    "bind something else": (_XY, "z.bind(mx.cpu(), 3)"),
    "bind a number": (_XY, "z.bind(mx.cpu(), [a, 3])"),
    "bind none": (_XY, "z.bind(mx.cpu(), [a, None])"),
    "bind wrong context": (_XY, "z.bind('cpu', [a, b])"),
    "bind without states": """
        mx.sym.BatchNorm(mx.sym.var('x')).bind(mx.cpu(), [mx.nd.ones((2, 2))] + [mx.nd.ones((2,))] * 2)
    """,
    "dicts and arrays": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb])
        answer = [sorted(e.arg_dict), sorted(e.grad_dict), sorted(e.aux_dict), sorted(e.output_dict), e.arg_arrays,
            e.grad_arrays, e.aux_arrays, len(e.outputs)]
    """,
    ),
    "bound arrays are shared": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b])
        e.forward()
        a[:] = 0
        answer = [e.forward(), e.arg_dict['x']]
    """,
    ),
    "replacing a dict entry does not rebind": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b])
        e.arg_dict['x'] = mx.nd.zeros((3,))
        answer = [e.forward(), e.arg_arrays]
    """,
    ),
    "outputs of forward": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b])
        o = e.forward()
        answer = [type(o).__name__, len(o), o]
    """,
    ),
    "outputs follow forward": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b])
        o = e.forward()[0]
        a[:] = 0
        e.forward()
        answer = [o, e.outputs[0]]
    """,
    ),
    # forward
    "forward feeds by keyword": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b])
        answer = [e.forward(is_train=False, x=mx.nd.zeros((3,))), a]
    """,
    ),
    "forward feeds an unknown name": (_XY, "z.bind(mx.cpu(), [a, b]).forward(q=a)"),
    "forward feeds a wrong shape": (_XY, "z.bind(mx.cpu(), [a, b]).forward(x=mx.nd.zeros((4,)))"),
    # backward
    "backward without head gradient of a loss": (
        _SOFTMAX,
        """
        e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))
        e.arg_dict['sm_label'][:] = mx.nd.array([0, 1, 1])
        e.forward(is_train=True)
        e.backward()
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "backward without head gradient": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward()
    """,
    ),
    "backward with a dict": (
        _XY,
        """
        e = mx.sym.Group([z, x - y]).bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        n = list(e.output_dict)
        e.backward({n[0]: one, n[1]: one * 2})
        answer = [ga, gb]
    """,
    ),
    "backward with too few head gradients": (
        _XY,
        """
        e = mx.sym.Group([z, x - y]).bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward([one])
    """,
    ),
    "backward with a wrong type": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward([3])
    """,
    ),
    "backward twice": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb], 'add')
        e.forward(is_train=True)
        e.backward(one)
        e.backward(one)
        answer = [ga, gb]
    """,
    ),
    "backward after inference forward": (
        _SOFTMAX,
        """
        e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))
        e.forward()
        e.backward()
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "argument that does not reach the output": (
        _XY,
        """
        e = mx.sym.Group([x * 2, mx.sym.BlockGrad(y)]).bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward([one, one])
        answer = [e.outputs, ga, gb]
    """,
    ),
    "a node used many times": (
        _XY,
        """
        r = mx.sym.relu(x)
        s = r * r + r * y - r
        e = s.bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward(one)
        answer = [e.outputs, ga, gb]
    """,
    ),
    "output that is a view": (
        _XY,
        """
        e = mx.sym.Reshape(x, shape=(3, 1)).bind(mx.cpu(), [a])
        e.forward()
        e.outputs[0][:] = 7
        answer = a
    """,
    ),
    "loss beside another head": (
        _FC,
        """
        e = fill(mx.sym.Group([mx.sym.SoftmaxOutput(fc, name='sm'), fc * 2]).simple_bind(mx.cpu(), data=(3, 4)))
        e.forward(is_train=True)
        e.backward([mx.nd.ones((3, 2)), mx.nd.ones((3, 2))])
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "loss beside a blocked head": (
        _FC,
        """
        e = fill(mx.sym.Group([mx.sym.SoftmaxOutput(fc, name='sm'), mx.sym.BlockGrad(fc)]).simple_bind(mx.cpu(),
            data=(3, 4)))
        e.forward(is_train=True)
        e.backward()
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "loss beside heads that end gradients": (
        _FC,
        """
        others = [mx.sym.argmax(fc, axis=1), fc > 1, mx.sym.round(fc), mx.sym.sign(fc), mx.sym.zeros_like(fc),
            mx.sym.argsort(fc)]
        e = fill(mx.sym.Group([mx.sym.SoftmaxOutput(fc, name='sm')] + others).simple_bind(mx.cpu(), data=(3, 4)))
        e.forward(is_train=True)
        e.backward()
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "two losses": (
        _FC,
        """
        e = fill(mx.sym.Group([mx.sym.LinearRegressionOutput(fc, name='l'),
            mx.sym.MakeLoss(fc * fc)]).simple_bind(mx.cpu(), data=(3, 4)))
        e.forward(is_train=True)
        e.backward()
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "loss inside a graph": (
        _FC,
        """
        e = fill((mx.sym.SoftmaxOutput(fc, name='sm') * 3).simple_bind(mx.cpu(), data=(3, 4)))
        e.forward(is_train=True)
        e.backward(mx.nd.ones((3, 2)))
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    "part of the outputs used": (
        _XY,
        """
        s = mx.sym.SliceChannel(mx.sym.var('d'), num_outputs=3, name='s')
        e = (s[0] * s[2]).simple_bind(mx.cpu(), d=(2, 3))
        e.arg_dict['d'][:] = mx.nd.array([[1, 2, 3], [4, 5, 6]])
        e.forward(is_train=True)
        e.backward(mx.nd.ones((2, 1)))
        answer = [e.outputs, e.grad_arrays]
    """,
    ),
    # auxiliary states
    "states after inference": (
        _NORM,
        """
        e.forward()
        answer = [e.outputs, states()]
    """,
    ),
    "states after training forward": (
        _NORM,
        """
        e.forward(is_train=True)
        answer = [e.outputs, states()]
    """,
    ),
    "states after backward": (
        _NORM,
        """
        e.forward(is_train=True)
        e.backward(head)
        answer = [e.outputs, states(), e.grad_arrays]
    """,
    ),
    "states after two backwards": (
        _NORM,
        """
        e.forward(is_train=True)
        e.backward(head)
        e.backward(head)
        answer = states()
    """,
    ),
    "states after two steps": (
        _NORM,
        """
        for i in range(2):
            e.forward(is_train=True)
            e.backward(head)
        answer = states()
    """,
    ),
    "states are used by inference": (
        _NORM,
        """
        e.forward(is_train=True)
        e.backward(head)
        mx.nd.waitall()
        answer = e.forward()
    """,
    ),
    # simple_bind
    "simple bind": (
        _SOFTMAX,
        """
        e = net.simple_bind(mx.cpu(), data=(3, 4))
        answer = [[x.shape for x in e.arg_arrays], e.arg_arrays, e.grad_arrays, sorted(e.grad_dict)]
    """,
    ),
    "simple bind types": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4), type_dict={'data': 'float64'})
        answer = [x.dtype for x in e.arg_arrays]
    """,
    ),
    "simple bind half": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4), type_dict={'data': np.float16})
        answer = [x.dtype for x in e.arg_arrays]
    """,
    ),
    "simple bind null": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4), grad_req='null')
        answer = [e.grad_arrays, sorted(e.grad_dict)]
    """,
    ),
    "simple bind requests by dict": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4), grad_req={'fc_weight': 'write'})
        answer = [g is None for g in e.grad_arrays]
    """,
    ),
    "simple bind requests by list": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4), grad_req=['null', 'add', 'write'])
        answer = [g is None for g in e.grad_arrays]
    """,
    ),
    "simple bind without shapes": (_FC, "fc.simple_bind(mx.cpu())"),
    "simple bind conflict": (_FC, "fc.simple_bind(mx.cpu(), data=(3, 4), fc_weight=(2, 5))"),
    "simple bind shape of an unknown name is ignored": (
        _FC,
        """
        answer = [x.shape for x in fc.simple_bind(mx.cpu(), data=(3, 4), extra=(3, 3)).arg_arrays]
    """,
    ),
    # parameters
    "copy parameters": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4))
        e.copy_params_from({'fc_weight': mx.nd.ones((2, 4)), 'fc_bias': mx.nd.array([1, 2])})
        answer = e.arg_arrays
    """,
    ),
    "copy parameters unknown name": (
        _FC,
        """
        fc.simple_bind(mx.cpu(), data=(3, 4)).copy_params_from({'wrong': mx.nd.ones((2, 4))})
    """,
    ),
    "copy parameters extra": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4))
        e.copy_params_from({'wrong': mx.nd.ones((2, 4))}, allow_extra_params=True)
        answer = e.arg_arrays
    """,
    ),
    "copy parameters wrong shape": (
        _FC,
        """
        fc.simple_bind(mx.cpu(), data=(3, 4)).copy_params_from({'fc_bias': mx.nd.ones((3,))})
    """,
    ),
    "copy parameters casts": (
        _FC,
        """
        e = fc.simple_bind(mx.cpu(), data=(3, 4))
        e.copy_params_from({'fc_bias': mx.nd.ones((2,), dtype='float64')})
        answer = e.arg_dict['fc_bias']
    """,
    ),
    "copy states": (
        _NORM,
        """
        e.copy_params_from({}, {'bn_moving_mean': mx.nd.array([3, 4])})
        answer = states()
    """,
    ),
    # reshape
    "reshape down": (
        _FC,
        """
        e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))
        r = e.reshape(data=(2, 3))
        r.arg_dict['fc_bias'][:] = 100
        answer = [[x.shape for x in r.arg_arrays], r.forward(), e.arg_dict['fc_bias'], [x.shape for x in r.grad_arrays]]
    """,
    ),
    "reshape shares data memory": (
        _FC,
        """
        e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))
        r = e.reshape(data=(2, 3))
        r.arg_dict['data'][:] = 7
        answer = e.arg_dict['data']
    """,
    ),
    "reshape up refused": (_FC, "fc.simple_bind(mx.cpu(), data=(4, 3)).reshape(data=(5, 3))"),
    "reshape up": (
        _FC,
        """
        e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))
        r = e.reshape(allow_up_sizing=True, data=(5, 3))
        r.arg_dict['data'][:] = 1
        r.arg_dict['fc_weight'][:] = 2
        answer = [r.forward(), e.arg_dict['fc_weight'], e.arg_dict['data']]
    """,
    ),
    "reshape changes a parameter refused": (_FC, "fc.simple_bind(mx.cpu(), data=(4, 3)).reshape(data=(4, 2))"),
    "reshape partial": (
        _FC,
        """
        e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))
        r = e.reshape(partial_shaping=True, data=(4, 2))
        answer = [x.shape for x in r.arg_arrays]
    """,
    ),
    "reshape keeps gradients going": (
        _FC,
        """
        e = fill(fc.simple_bind(mx.cpu(), data=(4, 3)))
        r = e.reshape(data=(2, 3))
        r.forward(is_train=True)
        r.backward(mx.nd.ones((2, 2)))
        answer = [r.grad_arrays, e.grad_dict['fc_weight']]
    """,
    ),
    # several executors
    "executors share arrays": (
        _FC,
        """
        e = fill(fc.simple_bind(mx.cpu(), data=(2, 3)))
        t = fc.bind(mx.cpu(), e.arg_arrays, grad_req='null')
        first = t.forward()[0].asnumpy()
        e.arg_dict['fc_weight'][:] = 1
        answer = [first, t.forward()]
    """,
    ),
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
        answer = [e.outputs, e.grad_arrays, [str(v.context) for v in e.arg_arrays], [str(v.context)
            for v in e.grad_arrays],
                  str(e.outputs[0].context)]
    """,
    # monitoring
    "monitor": (
        _SOFTMAX,
        """
        e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))
        seen = []
        e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n))
        e.forward(is_train=True)
        answer = list(seen)
    """,
    ),
    "monitor everything": (
        _SOFTMAX,
        """
        e = fill(net.simple_bind(mx.cpu(), data=(3, 4)))
        seen = []
        e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n), monitor_all=True)
        e.forward(is_train=True)
        answer = list(seen)
    """,
    ),
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
    "monitor of batch norm": (
        _NORM,
        """
        seen = []
        e.set_monitor_callback(lambda n, v: seen.append(n.decode() if isinstance(n, bytes) else n), True)
        e.forward()
        answer = list(seen)
    """,
    ),
    "duplicate names": """
        (mx.sym.var('x') + mx.sym.var('x')).bind(mx.cpu(), [mx.nd.ones((2,)), mx.nd.ones((2,))]).arg_dict
    """,
    "dropout at inference": "answer = mx.sym.Dropout(mx.sym.var('x'), p=0.5).eval(x=mx.nd.ones((3,)))",
    "scalars of half": "answer = (mx.sym.var('x') * 3 + 0.1).eval(x=mx.nd.ones((3,), dtype='float16'))",
    "debug string": (_XY, "answer = type(z.bind(mx.cpu(), [a, b]).debug_str()).__name__"),
    "different dtypes": (_XY, "z.bind(mx.cpu(), [a, b.astype('float64')])"),
    "gradient missing for a written argument": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], {'x': ga}, {'x': 'write', 'y': 'write'})
        e.forward(is_train=True)
        e.backward(one)
        answer = [ga, e.grad_arrays]
    """,
    ),
    "head gradient of another shape": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward(mx.nd.ones((4,)))
    """,
    ),
    "head gradient of another dtype": (
        _XY,
        """
        e = z.bind(mx.cpu(), [a, b], [ga, gb])
        e.forward(is_train=True)
        e.backward(one.astype('float64'))
    """,
    ),
}
