"""The table that `print_summary` prints, and the source of what `plot_network` draws, without its first line's end."""

_NETS = """
S = mx.sym
def mlp():
    f = S.FullyConnected(S.var("data"), num_hidden=128, name="fc1")
    f = S.FullyConnected(S.Activation(f, act_type="relu", name="relu1"), num_hidden=10, name="fc2", no_bias=True)
    return S.SoftmaxOutput(f, name="softmax")
def lenet():
    c = S.Convolution(S.var("data"), kernel=(5, 5), num_filter=20, name="conv1")
    p = S.Pooling(S.Activation(c, act_type="tanh", name="tanh1"), pool_type="max", kernel=(2, 2), stride=(2, 2),
        name="pool1")
    c = S.Convolution(p, kernel=(5, 5), num_filter=50, name="conv2")
    p = S.Pooling(S.Activation(c, act_type="tanh", name="tanh2"), pool_type="max", kernel=(2, 2), stride=(2, 2),
        name="pool2")
    f = S.FullyConnected(S.Flatten(p, name="flatten0"), num_hidden=500, name="fc1")
    f = S.FullyConnected(S.Activation(f, act_type="tanh", name="tanh3"), num_hidden=10, name="fc2")
    return S.SoftmaxOutput(f, name="softmax")
def block():
    a = S.Activation(S.BatchNorm(S.var("data"), fix_gamma=False, name="bn1"), act_type="relu", name="relu1")
    c = S.Convolution(a, num_filter=64, kernel=(3, 3), stride=(1, 1), pad=(1, 1), no_bias=True, name="conv1")
    b = S.Activation(S.BatchNorm(c, name="bn2"), act_type="relu", name="relu2")
    c = S.Convolution(b, num_filter=64, kernel=(3, 3), stride=(1, 1), pad=(1, 1), no_bias=True, num_group=2,
        name="conv2")
    o = S.elemwise_add(c, S.Convolution(a, num_filter=64, kernel=(1, 1), no_bias=True, name="sc"), name="plus")
    p = S.Pooling(o, global_pool=True, pool_type="avg", kernel=(7, 7), name="pool")
    return S.softmax(S.FullyConnected(S.Flatten(p, name="flat"), num_hidden=10, name="fc"), name="out")
def embedded():
    return S.Embedding(S.var("data"), input_dim=100, output_dim=16, name="embed") + 1
def line():
    return S.Convolution(S.var("data"), kernel=(3,), num_filter=4, name="c")
def long():
    a = S.Activation(S.var("variable_with_a_name_that_needs_more_room_than_there_is"), act_type="relu", name="x" * 60)
    return S.FullyConnected(a, num_hidden=3, name="y" * 70)
def drawn(*args, **kwargs):
    d = mx.viz.plot_network(*args, **kwargs)
    return [d.name, d.format, d.source.strip().splitlines()]
"""
_PRINTED = (
    _NETS
    + """
import contextlib, io
def printed(*args, **kwargs):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert mx.viz.print_summary(*args, **kwargs) is None
    return out.getvalue().splitlines()
"""
)
_SHAPES = {
    "mlp": "{'data': (32, 784)}",
    "lenet": "{'data': (1, 1, 28, 28)}",
    "block": "{'data': (2, 32, 8, 8)}",
    "embedded": "{'data': (2, 7)}",
    "line": "{'data': (1, 2, 9)}",
    "long": "{'variable_with_a_name_that_needs_more_room_than_there_is': (2, 3)}",
}

PROGRAMS = {
    **{
        f"summary of {name}": (_PRINTED, f"n = {name}()\nanswer = [printed(n, shape={shape}), printed(n)]")
        for name, shape in _SHAPES.items()
    },
    **{
        f"drawing of {name}": (_NETS, f"n = {name}()\nanswer = [drawn(n, shape={shape}), drawn(n)]")
        for name, shape in _SHAPES.items()
    },
    "summary of a variable": (_PRINTED, "answer = [printed(S.var('data')), printed(S.var('data'), {'data': (2, 3)})]"),
    "summary with the label's shape": (
        _PRINTED,
        "answer = printed(mlp(), {'data': (32, 784), 'softmax_label': (32,)})",
    ),
    "summary of several outputs": (
        _PRINTED,
        "n = mlp()\nanswer = printed(mx.sym.Group([n, n.get_internals()['fc1_output']]), {'data': (32, 784)})",
    ),
    "summary with other columns": (
        _PRINTED,
        """
        s = {"data": (32, 784)}
        answer = [printed(mlp(), shape=s, line_length=80), printed(mlp(), s, 100, [.3, .5, .8, 1.]),
            printed(mlp(), s, 100, [30, 50, 70, 90]), printed(mlp(), s, positions=[.1, .2, .3, .4])]
        """,
    ),
    "summary without variables": (_PRINTED, "answer = printed(mx.sym.zeros((2, 3), name='z') + mx.sym.var('q'))"),
    "summary of too few shapes": (_PRINTED, "import warnings\nwarnings.simplefilter('ignore')\nprinted(mlp(), {})"),
    "summary of an unknown name": (_PRINTED, "printed(mlp(), {'dat': (1, 784)})"),
    "summary of no symbol": (_PRINTED, "printed(3)"),
    "summary of a wrong shape": (_PRINTED, "printed(mlp(), 3)"),
    "drawing with dtypes": (
        _NETS,
        """
        answer = [drawn(mlp(), "My Title", "png", {"data": (2, 5)}, {"data": "float16"}, {"fontsize": "8"}),
            drawn(mlp(), shape={"data": (2, 5)}, dtype={"data": np.float64}), drawn(mlp(), dtype={"data": "float64"})]
        """,
    ),
    "drawing with other attributes": (
        _NETS,
        """
        answer = [drawn(mlp(), node_attrs={"shape": "ellipse", "fixedsize": "false"}),
            drawn(S.var("data"), node_attrs={"fillcolor": "red", "shape": "box"})]
        """,
    ),
    "drawing of single operators": (
        _NETS,
        """
        d = S.var("data")
        made = [S.Reshape(d, shape=(0, -1), name="r"), S.softmax(d, name="s"), S.SoftmaxActivation(d, name="sa"),
            S.Pooling(d, kernel=(3, 3), stride=(2, 2), pad=(1, 1), pool_type="avg", name="p"),
            S.Convolution(d, kernel=(3, 3), stride=(2, 1), num_filter=3, name="c", dilate=(2, 2)),
            S.Deconvolution(d, kernel=(3, 3), num_filter=3, name="c"), S.LeakyReLU(d, act_type="elu", name="l"),
            S.LeakyReLU(d, act_type="prelu", name="l"), S.Flatten(d, name="f"), S.concat(d, d, name="f", dim=1),
            S.BatchNorm(d, name="b"), S.LRN(d, nsize=3, name="n"), S.Dropout(d, name="x"), S.stack(d, d, name="st"),
            S.Activation(d, "relu", name="has space"), S.Activation(d, "relu", name='quo"te'),
            S.LayerNorm(d, name="ln"), S.FullyConnected(S.var("x_running_mean"), num_hidden=2, name="fc")]
        answer = [drawn(s)[2] for s in made]
        """,
    ),
    "drawing of several inputs and outputs": (
        _NETS,
        """
        a, b = S.var("a"), S.var("b")
        s = S.SliceChannel(S.Concat(a, b, dim=1, name="cat"), num_outputs=2, name="sl")
        answer = drawn(S.Group([S.exp(s[0], name="x"), s[1], S.exp(a, name="y")]), shape={"a": (2, 3), "b": (2, 5)})
        """,
    ),
    "drawing of shared weights": (
        _NETS,
        """
        w = S.var("w")
        a = S.FullyConnected(S.var("data"), weight=w, num_hidden=5, no_bias=True, name="f1")
        answer = drawn(S.FullyConnected(a, weight=w, num_hidden=5, no_bias=True, name="f2"), shape={"data": (2, 5)})
        """,
    ),
    "drawing of a custom operator": (
        _NETS,
        """
        class Prop(mx.operator.CustomOpProp):
            def list_arguments(self):
                return ["data"]
        mx.operator.register("drawn_op")(Prop)
        answer = drawn(S.Custom(S.var("data"), op_type="drawn_op", name="cu"))
        """,
    ),
    "drawing of a sum": (_NETS, "answer = drawn(S.exp(S.sum(S.var('d'), name='s'), name='e'), shape={'d': (2, 3)})"),
    "drawing of no symbol": (_NETS, "drawn(3)"),
    "drawing of a wrong shape": (_NETS, "drawn(mlp(), shape=(2, 3))"),
    "drawing in a wrong format": (_NETS, "drawn(mlp(), save_format='wrong')"),
    "drawing of repeated names": (
        _NETS,
        """
        import warnings
        with warnings.catch_warnings(record=True) as found:
            warnings.simplefilter("always")
            lines = drawn(S.elemwise_add(S.var("d"), S.var("d"), name="p"))
        answer = [lines, [(w.category.__name__, "d" in str(w.message)) for w in found]]
        """,
    ),
}
