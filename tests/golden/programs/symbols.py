"""What symbols are called, list, infer and refuse."""

# One expression each: how it is named, what it lists, and what it stores.
_EXPRESSIONS = """
a + b | a - b | a * b | a / b | a % b | a ** b | a == b | a != b | a > b | a >= b | a < b | a <= b
a + 1 | a - 1 | a * 2 | a / 2 | a % 2 | a ** 2 | a == 1 | a != 1 | a > 1 | a >= 1 | a < 1 | a <= 1
1 + a | 1 - a | 2 * a | 2 / a | 2 % a | 1 == a | 1 != a | 1 > a | 1 >= a | 1 < a | 1 <= a
a + 1.5 | a - 1e-5 | a * 1e10 | a / 3 | a ** 0.5 | a + np.float32(0.1) | a * np.int64(3) | a + 123456789
-a | abs(a) | (a + b) / 10 + 1 | a + a | -(-a) | a * float("inf")
mx.sym.maximum(a, b) | mx.sym.maximum(a, 1) | mx.sym.maximum(1, a) | mx.sym.minimum(a, b) | mx.sym.minimum(2, a)
mx.sym.hypot(a, b) | mx.sym.hypot(a, 3) | mx.sym.hypot(3, a)
mx.sym.pow(a, b) | mx.sym.pow(a, 2) | mx.sym.pow(2, a) | mx.sym.power(a, b)
mx.sym.FullyConnected(a, num_hidden=3) | mx.sym.FullyConnected(a, num_hidden=3, no_bias=True)
mx.sym.FullyConnected(data=a, weight=b, num_hidden=3, name="fc") | mx.sym.FullyConnected(a, b, num_hidden=3)
mx.sym.Activation(a, act_type="relu") | mx.sym.relu(a) | mx.sym.LeakyReLU(a, act_type="prelu") | mx.sym.softmax(a)
mx.sym.BatchNorm(a) | mx.sym.Convolution(a, kernel=(3, 3), num_filter=2) | mx.sym.Pooling(a, kernel=(2, 2))
mx.sym.Convolution(a, kernel=(3, 3), num_filter=2, no_bias=True) | mx.sym.Deconvolution(a, kernel=(2, 2), num_filter=1)
mx.sym.SoftmaxOutput(a) | mx.sym.SoftmaxOutput(a, b) | mx.sym.LinearRegressionOutput(a) | mx.sym.MakeLoss(a)
mx.sym.Concat(a, b) | mx.sym.concat(a, b, dim=0) | mx.sym.add_n(a, b, a) | mx.sym.ElementWiseSum(a, b)
mx.sym.stack(a, b)
mx.sym.SliceChannel(a, num_outputs=3) | mx.sym.split(a, num_outputs=2)[1] | mx.sym.BlockGrad(a)
mx.sym.stop_gradient(a)
mx.sym.Reshape(a, shape=(2, -1)) | mx.sym.reshape(a, shape=(0, -1)) | mx.sym.Flatten(a) | mx.sym.flatten(a)
mx.sym.transpose(a) | mx.sym.transpose(a, axes=(1, 0)) | mx.sym.sum(a) | mx.sym.sum(a, axis=1)
mx.sym.mean(a, axis=(0, 1))
mx.sym.dot(a, b) | mx.sym.broadcast_add(a, b) | mx.sym.broadcast_mul(a, b) | mx.sym.elemwise_add(a, b)
mx.sym.Embedding(a, input_dim=5, output_dim=2) | mx.sym.Dropout(a, p=0.3) | mx.sym.Cast(a, dtype="float16")
mx.sym.clip(a, -1, 1) | mx.sym.clip(a, a_min=0, a_max=1) | mx.sym.topk(a, k=2) | mx.sym.LayerNorm(a)
mx.sym.zeros((2, 3)) | mx.sym.ones((2, 3)) | mx.sym.full((2,), 3) | mx.sym.arange(3) | mx.sym.arange(1, 7, 2)
mx.sym.eye(3)
a.reshape((2, 3)) | a.reshape(shape=(2, 3)) | a.astype("float16") | a.sum(axis=1) | a.transpose((1, 0))
a.expand_dims(1)
a.relu() | a.sqrt() | a.flatten() | a.squeeze() | a.tile((2, 2)) | a.clip(0, 1) | a.softmax() | a.max(axis=0) | a.log()
a.slice_axis(0, 0, 1) | a.take(b) | a.broadcast_to((2, 3)) | a.broadcast_like(b) | a.split(num_outputs=2)
a.swapaxes(0, 1)
a.abs() | a.mean() | a.norm() | a.one_hot(depth=3) | a.zeros_like() | a.ones_like() | a.square() | a.diag()
a.argmax(axis=1)
mx.sym.Custom | mx.sym.random.uniform(0, 1, shape=(2, 3)) | mx.sym.random.normal(shape=(2,)) | mx.sym.where(a, b, b)
mx.sym.ones_like(a, name="given") | mx.sym.sum(a, name="") | mx.sym.linspace(0, 1, 5)
mx.sym.UpSampling(a, scale=2, sample_type="nearest")
""".replace("mx.sym.Custom | ", "")

_INDEX = """
three = mx.sym.Group([mx.sym.var("a"), mx.sym.relu(mx.sym.var("b"), name="r"),
                      mx.sym.SliceChannel(mx.sym.var("c"), num_outputs=2, name="s")])
"""
_NET = """
data = mx.sym.var("data")
fc = mx.sym.FullyConnected(data, num_hidden=4, name="fc")
norm = mx.sym.BatchNorm(fc, name="bn", fix_gamma=False)
net = mx.sym.SoftmaxOutput(norm, name="softmax")
"""
_CHAIN = """
x, y = mx.sym.var("x"), mx.sym.var("y")
net = mx.sym.relu(x + y, name="r")
"""

PROGRAMS = {
    f"expression {text}": (
        f"a, b = mx.sym.var('a'), mx.sym.var('b')\ns = {text}\n"
        "answer = [s.name, s.list_arguments(), s.list_auxiliary_states(), s.list_outputs(), s.attr_dict(), repr(s),"
        "\n    len(s)]"
    )
    for text in (piece.strip() for line in _EXPRESSIONS.strip().splitlines() for piece in line.split("|"))
}

PROGRAMS.update(
    {
        # names
        "names count by hint": """
            x = mx.sym.var("x")
            answer = [mx.sym.relu(x).name, mx.sym.relu(x).name, (x + 1).name, (x + 1).name, (1 + x).name, (x + x).name,
                      mx.sym.Activation(x, act_type="relu").name, mx.sym.Activation(x, act_type="tanh").name]
        """,
        "names in a fresh manager start at zero": """
            x = mx.sym.var("x")
            first = mx.sym.relu(x).name
            with mx.name.NameManager():
                inner = [mx.sym.relu(x).name, mx.sym.relu(x).name]
            answer = [first, inner, mx.sym.relu(x).name]
        """,
        "prefix applies to given and automatic names": """
            with mx.name.Prefix("p_"):
                x = mx.sym.var("x")
                r = mx.sym.relu(x)
                f = mx.sym.FullyConnected(x, num_hidden=2, name="fc")
                with mx.name.Prefix("q_"):
                    inner = mx.sym.relu(f)
                after = mx.sym.relu(f)
            answer = [x.name, r.name, f.list_arguments(), inner.name, after.name, mx.sym.relu(x).name]
        """,
        "current name manager": """
            with mx.name.Prefix("p_") as p:
                inside = mx.name.NameManager.current is p
            answer = [inside, mx.name.NameManager.current is p, mx.name.NameManager.current.get(None, "h"),
                      mx.name.NameManager.current.get("n", "h"), mx.name.NameManager.current.get("", "h")]
        """,
        "name manager may be entered twice": """
            m = mx.name.NameManager()
            x = mx.sym.var("x")
            with m:
                one = mx.sym.relu(x).name
            with m:
                two = mx.sym.relu(x).name
            answer = [one, two]
        """,
        # attribute scopes
        "attribute scope": """
            with mx.AttrScope(ctx_group="dev1", __data__="great", lr_mult="2"):
                x = mx.sym.var("x")
                y = mx.sym.FullyConnected(x, num_hidden=2, name="fc")
            answer = [x.list_attr(), y.list_attr(), y.attr_dict(), x.attr("ctx_group"), y.attr("__data__"),
                y.attr("lr_mult")]
        """,
        "attribute scopes nest": """
            with mx.AttrScope(__a__="1", __b__="1"):
                with mx.AttrScope(__b__="2", __c__="2"):
                    inner = mx.sym.var("x")
                outer = mx.sym.var("y")
            answer = [inner.list_attr(), outer.list_attr(), mx.sym.var("z").list_attr()]
        """,
        "attr argument wins over the scope": """
            with mx.AttrScope(__a__="scope", __b__="scope"):
                x = mx.sym.var("x", attr={"__a__": "own"})
                r = mx.sym.relu(x, attr={"__b__": "own"})
            answer = [x.list_attr(), r.list_attr()]
        """,
        "attribute scope wants strings": "mx.AttrScope(lr_mult=2)",
        "attribute scope get": """
            answer = [mx.AttrScope(a='1').get({'b': '2'}), mx.AttrScope(a='1').get(None), mx.AttrScope().get(None),
                mx.AttrScope(a='1').get({'a': '3'})]
        """,
        # variables
        "variable with everything": """
            answer = mx.sym.var("x", attr={"__k__": "v"}, shape=(2, 0, 3), lr_mult=0.5, wd_mult=2, dtype="float16",
                                init="zeros", stype="csr", __extra__="e").attr_dict()
        """,
        "variable shapes": "answer = [mx.sym.var('x', shape=s).list_attr() for s in ((), (1,), [2, 3], (0, 3), 5)]",
        "variable dtypes": """
            answer = [mx.sym.var('x', dtype=d).list_attr() for d in ('float32', np.float64, 'uint8', 'int32',
                np.int8, 'int64', np.dtype('float16'), 'bool')]
        """,
        "variable storage types": """
            answer = [mx.sym.var('x', stype=s).list_attr() for s in ('default', 'row_sparse', 'csr')]
        """,
        "variable hidden attributes": "answer = mx.sym.var('x', attr={'lr_mult': '3', 'ctx_group': 'g'}).list_attr()",
        "variable dunder multiplier": "answer = mx.sym.var('x', __lr_mult__='3', __wd_mult__='0').attr('lr_mult')",
        "variable name is no string": "mx.sym.var(3)",
        "variable unknown keyword": "mx.sym.var('x', extra='e')",
        "variable attribute is no string": "mx.sym.var('x', attr={'a': 1})",
        "variable unknown dtype": "mx.sym.var('x', dtype='wrong')",
        "variable in prefix": """
            with mx.name.Prefix("p_"):
                answer = mx.sym.var("x").name
        """,
        # attributes
        "operator attributes": """
            x = mx.sym.var("x")
            s = mx.sym.Convolution(x, kernel=(3, 3), num_filter=8, attr={"__mood__": "so so"}, lr_mult=3, name="c")
            answer = [s.list_attr(), s.attr_dict(), s.attr("kernel"), s.attr("stride"), s.attr("__mood__"),
                s.attr("lr_mult")]
        """,
        "operator keyword attributes": "answer = mx.sym.relu(mx.sym.var('x'), __k__='v', name='r').list_attr()",
        "set attributes": """
            x = mx.sym.var("x")
            x._set_attr(mood="angry", lr_mult="2", __k__="v")
            r = mx.sym.relu(x, name="r")
            r._set_attr(__q__="1")
            answer = [x.list_attr(), x.attr("mood"), x.attr("lr_mult"), x.attr("__lr_mult__"), r.attr_dict(),
                x.attr("missing")]
        """,
        "set attributes wants strings": "mx.sym.var('x')._set_attr(a=1)",
        "setting an attribute is seen in a network made before": """
            x = mx.sym.var("x")
            r = mx.sym.relu(x, name="r")
            x._set_attr(__k__="v")
            answer = r.attr_dict()
        """,
        "list_attr recursive": "mx.sym.var('a').list_attr(recursive=True)",
        # groups and indices
        "group": (
            _INDEX,
            """
            answer = [three.name, len(three), three.list_outputs(), three.list_arguments(), repr(three), [s.name
                for s in three]]
        """,
        ),
        "group of groups": (_INDEX, "answer = mx.sym.Group([three, three[0]]).list_outputs()"),
        "group of nothing": "mx.sym.Group([])",
        "group of numbers": "mx.sym.Group([1])",
        "index by number": (_INDEX, "answer = [three[i].list_outputs() for i in range(4)]"),
        "index by name": (
            _INDEX,
            """
            answer = [three[n].list_outputs() for n in ('a', 'r_output', 's_output0', 's_output1')]
        """,
        ),
        "index too large": (_INDEX, "three[4]"),
        "index unknown name": (_INDEX, "three['r']"),
        "index ambiguous name": """
            a = mx.sym.var('a')
            mx.sym.Group([a, a])['a']
        """,
        "index of a wrong type": (_INDEX, "three[1.5]"),
        "slice": (_INDEX, "answer = [three[1:3].list_outputs(), three[:].list_outputs(), three[::2].list_outputs()]"),
        "iterate": (_INDEX, "answer = [s.list_outputs() for s in three]"),
        "multiple outputs": """
            s = mx.sym.SliceChannel(mx.sym.var("x"), num_outputs=3, name="s")
            answer = [len(s), s.name, s[1].name, s.list_outputs(), s[1].list_outputs(), s["s_output2"].list_outputs()]
        """,
        "hidden outputs": """
            s = mx.sym.BatchNorm(mx.sym.var("x"), name="bn")
            t = mx.sym.BatchNorm(mx.sym.var("x"), name="bn", output_mean_var=True)
            answer = [s.list_outputs(), t.list_outputs(), s.get_internals().list_outputs()]
        """,
        "internals": (
            _NET,
            """
            i = net.get_internals()
            answer = [i.list_outputs(), i['fc_output'].list_arguments(), len(i), i['fc_output'].name, i[0].name]
        """,
        ),
        "children": (
            _NET,
            """
            answer = [net.get_children().list_outputs(), fc.get_children().list_outputs(), data.get_children(),
                net.get_children().get_children().list_outputs()]
        """,
        ),
        "lists": (
            _NET,
            """
            answer = [net.list_arguments(), net.list_auxiliary_states(), net.list_inputs(), net.list_outputs()]
        """,
        ),
        "shared variable is listed once": """
            x = mx.sym.var('x')
            answer = (x * x + x).list_arguments()
        """,
        "two variables of one name": "answer = (mx.sym.var('x') + mx.sym.var('x')).list_arguments()",
        # composing
        "compose by keyword": (_CHAIN, "answer = [net(x=mx.sym.var('z')).list_arguments(), net.list_arguments()]"),
        "compose with a network": (
            _CHAIN,
            """
            answer = net(y=mx.sym.FullyConnected(mx.sym.var('d'), num_hidden=2, name='f')).list_arguments()
        """,
        ),
        "compose renames": (
            _CHAIN,
            """
            n = net(x=mx.sym.var('z'), name='new')
            answer = [n.name, n.list_outputs(), net.name]
        """,
        ),
        "compose without a name keeps none": (
            _CHAIN,
            """
            n = net(x=mx.sym.var('z'))
            answer = n.list_arguments()
        """,
        ),
        "compose mixes position and keyword": (_CHAIN, "net(mx.sym.var('z'), y=mx.sym.var('z'))"),
        "compose with a number": (_CHAIN, "net(x=1)"),
        "compose with a number by position": (_CHAIN, "net(1)"),
        "compose too many": (_CHAIN, "net(x, y, x)"),
        "compose unknown name": (_CHAIN, "net(wrong=mx.sym.var('z'))"),
        "input is a group": "mx.sym.relu(mx.sym.Group([mx.sym.var('a'), mx.sym.var('b')]))",
        "variadic by list": """
            answer = mx.sym.Concat(*[mx.sym.var('a'), mx.sym.var('b')], dim=1, name='c').list_attr()
        """,
        "missing inputs of a variadic operator": """
            answer = mx.sym.Concat(mx.sym.var('a'), num_args=2, name='c').list_arguments()
        """,
        "attribute wrong": "mx.sym.FullyConnected(mx.sym.var('x'), num_hidden='many')",
        "attribute missing": "mx.sym.FullyConnected(mx.sym.var('x'))",
        "attribute of no choice": "mx.sym.Activation(mx.sym.var('x'), act_type='wrong')",
        # arithmetic refuses
        "add a string": "mx.sym.var('x') + 'a'",
        "add None": "mx.sym.var('x') + None",
        "add a list": "mx.sym.var('x') + [1]",
        "string adds": "'a' + mx.sym.var('x')",
        "compare with a string": "mx.sym.var('x') > 'a'",
        "truth": "bool(mx.sym.var('x'))",
        "in-place addition": """
            x = mx.sym.var('x')
            x += 1
            answer = x.name
        """,
        "in-place multiplication": """
            x = mx.sym.var('x')
            x *= 2
            answer = x.name
        """,
        "power of a number": "2 ** mx.sym.var('x')",
        "maximum of numbers": """
            answer = [mx.sym.maximum(1, 2), mx.sym.minimum(1, 2), mx.sym.pow(2, 3), mx.sym.hypot(3, 4)]
        """,
        "maximum of strings": "mx.sym.maximum('a', mx.sym.var('x'))",
        **{
            f"arrays only: {name}": f"mx.sym.var('x').{name}()"
            for name in ("asnumpy", "asscalar", "wait_to_read", "copy", "as_in_context", "detach", "backward")
        },
        # shapes
        "infer shape": (_NET, "answer = net.infer_shape(data=(8, 5))"),
        "infer shape backwards": (_CHAIN, "answer = net.infer_shape(y=(2, 3))"),
        "infer shape from both sides": (_CHAIN, "answer = net.infer_shape(x=(2, 0), y=(0, 3))"),
        "infer shape unknown": (_NET, "answer = net.infer_shape()"),
        "infer shape partial with zero": (_NET, "answer = net.infer_shape_partial(data=(0, 5))"),
        "infer shape of zero": (_CHAIN, "answer = [net.infer_shape(x=(0, 3)), net.infer_shape_partial(x=(0, 3))]"),
        "infer shape conflict": (_CHAIN, "net.infer_shape(x=(2, 3), y=(3, 2))"),
        "infer shape conflict of ranks": (_CHAIN, "net.infer_shape(x=(2, 3), y=(2, 3, 1))"),
        "infer shape conflict with weight": (_NET, "net.infer_shape(data=(8, 5), fc_weight=(4, 6))"),
        "infer shape unknown name": (_CHAIN, "net.infer_shape(wrong=(2, 3))"),
        "infer shape of both kinds": (_CHAIN, "net.infer_shape((2, 3), y=(2, 3))"),
        "infer shape wrong value": (_CHAIN, "net.infer_shape(x='wrong')"),
        "infer shape from variable": """
            answer = (mx.sym.var('x', shape=(2, 0)) + mx.sym.var('y', shape=(0, 3))).infer_shape()
        """,
        "infer shape of data by weight": """
            answer = mx.sym.FullyConnected(mx.sym.var('x'), num_hidden=4, flatten=False).infer_shape_partial(x=(2,
                3, 0))
        """,
        "infer shape of group": (_INDEX, "answer = three.infer_shape(a=(1,), b=(2, 3), c=(4, 6))"),
        "infer shape through a chain backwards": """
            x = mx.sym.var("x")
            y = mx.sym.exp(mx.sym.tanh(mx.sym.relu(x)))
            answer = (y + mx.sym.var("z", shape=(4, 5))).infer_shape()
        """,
        "infer shape with zeros symbol": "answer = (mx.sym.zeros((0, 3)) + mx.sym.var('x')).infer_shape(x=(2, 3))",
        "infer shape of split": """
            answer = mx.sym.SliceChannel(mx.sym.var('x'), num_outputs=2, squeeze_axis=True,
                axis=0).infer_shape(x=(2, 3))
        """,
        "infer shape of split that does not fit": """
            mx.sym.SliceChannel(mx.sym.var('x'), num_outputs=2).infer_shape(x=(2, 3))
        """,
        "infer shape of reshape": """
            answer = mx.sym.Reshape(mx.sym.var('x'), shape=(0, -1, 2)).infer_shape(x=(2, 3, 4))
        """,
        "infer shape of concat": """
            answer = mx.sym.Concat(mx.sym.var('x'), mx.sym.var('y'), dim=1).infer_shape(x=(2, 3), y=(2, 5))
        """,
        "infer shape of concat from parts": """
            answer = mx.sym.Concat(mx.sym.var('x'), mx.sym.var('y'), dim=1).infer_shape_partial(x=(2, 3), y=(0, 5))
        """,
        "infer shape of embedding": """
            answer = mx.sym.Embedding(mx.sym.var('x'), input_dim=9, output_dim=4, name='e').infer_shape(x=(2, 3))
        """,
        "infer shape of dot": "answer = mx.sym.dot(mx.sym.var('x'), mx.sym.var('y')).infer_shape(x=(2, 3), y=(3, 4))",
        "infer shape of convolution": """
            answer = mx.sym.Convolution(mx.sym.var('x'), kernel=(3, 3), num_filter=8, name='c').infer_shape(x=(2, 3,
                10, 12))
        """,
        "infer shape of label": "answer = mx.sym.SoftmaxOutput(mx.sym.var('x'), name='s').infer_shape(x=(6, 3))",
        # dtypes
        "infer type": (_NET, "answer = net.infer_type(data='float16')"),
        "infer type default": (_NET, "answer = net.infer_type()"),
        "infer type backwards": (_CHAIN, "answer = net.infer_type(y='int32')"),
        "infer type conflict": (_CHAIN, "net.infer_type(x='int32', y='float32')"),
        "infer type of cast": "answer = mx.sym.Cast(mx.sym.var('x'), dtype='int8').infer_type(x='float64')",
        "infer type of variables": "answer = (mx.sym.var('x', dtype='float64') + mx.sym.var('y')).infer_type()",
        "infer type partial": (_CHAIN, "answer = [net.infer_type_partial(), net.infer_type_partial(y='float16')]"),
        "infer type unknown name": (_CHAIN, "net.infer_type(wrong='float32')"),
        "infer type wrong value": (_CHAIN, "net.infer_type(x='wrong')"),
        "infer type of both kinds": (_CHAIN, "net.infer_type('float32', y='float32')"),
        "infer type of batch norm": "answer = mx.sym.BatchNorm(mx.sym.var('x'), name='b').infer_type(x='float16')",
        # copies
        "copy is deep": """
            import copy
            x = mx.sym.var("x")
            for duplicate in (copy.copy, copy.deepcopy):
                y = duplicate(mx.sym.relu(x, name="r"))
                y._set_attr(__k__="v")
            answer = [y.attr_dict(), mx.sym.relu(x, name="r").attr_dict(), y.list_arguments()]
        """,
        "pickle": (
            _NET,
            """
            import pickle
            copied = pickle.loads(pickle.dumps(net))
            answer = [copied.tojson() == net.tojson(), copied.name, copied.list_auxiliary_states()]
        """,
        ),
        "equality makes a symbol": """
            x = mx.sym.var('x')
            answer = [(x == x).name, (x != 1).name]
        """,
        "debug string": (_CHAIN, "answer = net.debug_str()"),
        "debug string of a network": (_NET, "answer = net.debug_str()"),
        "eval": "answer = (mx.sym.var('x') * 2 + 1).eval(x=mx.nd.array([1, 2, 3]))",
        "eval needs arguments": "mx.sym.relu(mx.sym.var('x')).eval()",
        "iteration makes symbols": """
            answer = [type(s).__name__ for s in mx.sym.Group([mx.sym.var('a'), mx.sym.var('b')])]
        """,
        "gradient": "mx.sym.var('x').gradient(['x'])",
        "scalar functions on numbers": "answer = [mx.sym.power(2, 3), mx.sym.maximum(2.5, 1)]",
    }
)
