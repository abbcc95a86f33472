"""Networks that are converted to mixed precision."""

SETUP = """
import json
from mxnet.contrib import amp
bfloat16 = np.dtype([("bfloat16", np.uint16)])
def nodes(s):
    found = json.loads(s.tojson(remove_amp_cast=False))
    listed = [
        [n["op"], n["name"], sorted(n.get("attrs", {}).items()), [i[:2] for i in n["inputs"]]] for n in found["nodes"]
    ]
    return [listed, [head[:2] for head in found["heads"]], s.list_arguments(), s.list_auxiliary_states()]
def named(dtype):
    return "bfloat16" if getattr(np.dtype(dtype), "names", None) else str(np.dtype(dtype))
def dtypes(arrays):
    return {name: named(array.dtype) for name, array in arrays.items()}
sym = mx.sym
x, y, w = sym.var("x"), sym.var("y"), sym.var("w")
def fc(data=x, weight=w, name="fc"):
    return sym.FullyConnected(data, weight, no_bias=True, num_hidden=3, name=name)
def two():
    f = fc()
    return sym.Group([sym.exp(f), f])
def net():
    data = sym.Convolution(sym.var("data"), kernel=(3, 3), num_filter=2, name="conv")
    data = sym.Activation(sym.BatchNorm(data, name="bn"), act_type="relu", name="relu")
    data = sym.FullyConnected(sym.Pooling(data, kernel=(2, 2), name="pool"), num_hidden=4, name="fc")
    return sym.SoftmaxOutput(data, name="softmax")
def model():
    s = net()
    shapes, _, states = s.infer_shape(data=(2, 1, 6, 6))
    known = zip(s.list_arguments(), shapes)
    arguments = {n: mx.nd.ones(shape) for n, shape in known if n not in ("data", "softmax_label")}
    return s, arguments, {n: mx.nd.ones(shape) for n, shape in zip(s.list_auxiliary_states(), states)}
"""

_LISTS = ("lp16_ops", "fp32_ops", "lp16_fp32_ops", "conditional_fp32_ops", "widest_type_cast", "loss_output_functions",
          "lp16_use_fp32_params")  # fmt: skip

#: What is converted, and with which options.
_SYMBOLS = {
    "a network": ("net()", ""),
    "a network, parameters cast": ("net()", "data_names=['data', 'softmax_label'], cast_optional_params=True"),
    "a network, parameters known": ("net()", "data_names=['data', 'softmax_label']"),
    "a network, parameters cast without data names": ("net()", "cast_optional_params=True"),
    "a network without conv": ("net()", "excluded_sym_names=['conv']"),
    "a network without what it has not": ("net()", "excluded_sym_names=['nothing']"),
    "a network with another condition": ("net()", "conditional_fp32_ops=[('Activation', 'act_type', ['relu'])]"),
    "a sum with a variable": ("fc() + y", ""),
    "a sum with a parameter": ("y + fc()", "data_names=['x']"),
    "a sum of variables": ("x + y", ""),
    "a sum of both narrow": ("fc() + fc(weight=y, name='fc2')", ""),
    "a sum of both wide": ("sym.exp(fc()) + sym.log(fc(weight=y, name='fc2'))", ""),
    "sums in a row": ("sym.Activation(fc(), act_type='relu') + y + fc()", ""),
    "of variables only": ("sym.exp(x)", ""),
    "two readers": ("two()", ""),
    "one weight twice": ("sym.Group([fc(), fc(name='fc2')])", "data_names=['x'], cast_optional_params=True"),
    "a weight that is read wide, too": ("sym.Group([fc(), sym.exp(w)])", ""),
    "a variable as a head": ("sym.Group([x, fc()])", ""),
    "conditions": ("sym.LeakyReLU(sym.Activation(fc(), act_type='softrelu'), act_type='elu')", ""),
    "a condition that does not hold": ("sym.LeakyReLU(fc())", ""),
    "a cast to float32": ("sym.Cast(fc(), dtype='float32') + fc()", ""),
    "one_hot": ("sym.one_hot(fc(), depth=3)", ""),
    "synchronized normalization": ("sym.contrib.SyncBatchNorm(fc(), name='bn', key='k')", ""),
    "excluded normalization": ("sym.BatchNorm(fc(), name='bn')", "excluded_sym_names=['bn']"),
    "an excluded sum": ("sym.elemwise_add(fc(), y, name='sum')", "excluded_sym_names=['sum']"),
    "LSTM": ("sym.RNN(x, state_size=3, num_layers=1, mode='lstm', state_outputs=True, name='rnn')", ""),
    "layer normalization": ("sym.LayerNorm(fc(), name='ln')", ""),
    "equal dtypes come to Concat": ("sym.concat(fc(), sym.Activation(fc(), act_type='relu'), dim=0)", ""),
    "dropout": ("sym.Dropout(fc())", ""),
    "attributes": ("fc(sym.var('d', attr={'__note__': 'n'}))", ""),
}  # fmt: skip

#: Arguments that are refused.
_REFUSED = {
    "dtype": "net(), 'float64'",
    "symbol": "3",
    "excluded names": "net(), excluded_sym_names='conv'",
    "operators": "net(), target_dtype_ops='dot'",
    "data names": "net(), data_names=['nothing']",
    "an operator in two lists": "net(), target_dtype_ops=['Pooling'], fp32_ops=['Pooling']",
}


def _programs():
    for dtype, written in (("float16", "'float16'"), ("bfloat16", "'bfloat16'")):
        for name, (source, options) in _SYMBOLS.items():
            yield (
                f"{name}, {dtype}",
                (
                    SETUP,
                    f"answer = nodes(amp.convert_symbol({source}, target_dtype={written}, {options}))",
                ),
            )
        given = "'float16'" if dtype == "float16" else "bfloat16"
        for name in _LISTS:
            yield (
                f"{name}, {dtype}",
                (
                    SETUP,
                    f"""
                found = amp.list_{name}({given})
                answer = found if isinstance(found, dict) else found and sorted(map(str, found))
                """,
                ),
            )
        for cast in (False, True):
            yield (
                f"model, {dtype}, {cast}",
                (
                    SETUP,
                    f"""
                s, arguments, states = model()
                found, cast, other = amp.convert_model(
                    s, arguments, states, target_dtype={written}, cast_optional_params={cast}
                )
                answer = [nodes(found), dtypes(cast), dtypes(other), cast["bn_gamma"] is arguments["bn_gamma"]]
                """,
                ),
            )
            yield (
                f"block, {dtype}, {cast}",
                (
                    SETUP,
                    f"""
                net = mx.gluon.nn.HybridSequential(prefix="n_")
                with net.name_scope():
                    net.add(mx.gluon.nn.Conv2D(2, 3), mx.gluon.nn.BatchNorm(), mx.gluon.nn.Dense(4))
                net.initialize(mx.init.One())
                net.hybridize()
                net(mx.nd.ones((2, 1, 5, 5)))
                found = amp.convert_hybrid_block(
                    net, target_dtype={written}, ctx=mx.cpu(), cast_optional_params={cast}
                )
                answer = [type(found).__name__, nodes(found._cached_graph[1])[2:],
                          sorted((p.name, named(p.dtype), named(p.data().dtype))
                                 for p in found.collect_params().values()),
                          sorted((p.name, named(p.data().dtype)) for p in net.collect_params().values())]
                """,
                ),
            )
    for name, arguments in _REFUSED.items():
        yield f"refused: {name}", (SETUP, f"amp.convert_symbol({arguments})")
    yield "refused: dtype of init", (SETUP, "amp.init('float64')")
    yield "refused: dtype of a list", (SETUP, "amp.list_fp32_ops('float64')")
    yield (
        "refused: a block that was not called",
        (SETUP, "amp.convert_hybrid_block(mx.gluon.nn.Dense(1), ctx=mx.cpu())"),
    )
    yield "refused: no block", (SETUP, "amp.convert_hybrid_block(3, ctx=mx.cpu())")
    yield "refused: parameters", (SETUP, "amp.convert_model(net(), [1], {})")
    yield "refused: states", (SETUP, "amp.convert_model(net(), {}, 3)")
    yield (
        "what is converted stays",
        (
            SETUP,
            "s = fc() + y; before = s.tojson(); amp.convert_symbol(s); answer = s.tojson() == before",
        ),
    )
    yield (
        "files leave casts out",
        (
            SETUP,
            """
        s = amp.convert_symbol(net())
        found = [sym.load_json(s.tojson(remove_amp_cast=r)).get_internals().list_outputs() for r in (True, False)]
        answer = [found, sym.load_json(s.tojson()).get_internals().list_outputs() == found[0]]
        """,
        ),
    )


PROGRAMS = dict(_programs())
