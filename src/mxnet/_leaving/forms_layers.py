"""Plain forms of operators with parameters, and of pooling, activation and dropout."""

from __future__ import annotations

from . import helpers
from .forms import Call, NotPlain, arguments, form, same, text, unless

_CHANNELS_LAST = ("NWC", "NHWC", "NDHWC")


def _steps(call: Call, name: str, default: int) -> tuple[int, ...]:
    return call[name] or (default,) * len(call["kernel"])


def _channels_first(call: Call) -> str:
    return f"{call.x}.movedim(-1, 1)" if call["layout"] in _CHANNELS_LAST else call.x


def _as_laid_out(call: Call, expression: str) -> str:
    return f"{expression}.movedim(1, -1)" if call["layout"] in _CHANNELS_LAST else expression


@form("Convolution", "Convolution_v1")
def convolution(call: Call) -> str:
    axes, bias = len(call["kernel"]), not call["no_bias"]
    stride, dilation, padding = (_steps(call, n, d) for n, d in (("stride", 1), ("dilate", 1), ("pad", 0)))
    groups, last = call["num_group"], call["layout"] in _CHANNELS_LAST
    weight = call.held(1)
    options = {
        "stride": unless(stride, (1,) * axes) and same(stride),
        "padding": unless(padding, (0,) * axes) and same(padding),
        "dilation": unless(dilation, (1,) * axes) and same(dilation),
        "groups": unless(groups, 1),
    }
    if weight is None or last or (bias and call.held(2) is None):
        kernel = f"{call.inputs[1]}.movedim(-1, 1)" if last else call.inputs[1]
        expression = (
            f"F.conv{axes}d({arguments(_channels_first(call), kernel, *call.inputs[2:3] if bias else (), **options)})"
        )
        return _as_laid_out(call, expression)
    sizes = (repr(weight.shape[1] * groups), repr(call["num_filter"]), same(call["kernel"]))
    made = f"nn.Conv{axes}d({arguments(*sizes, **options, bias=None if bias else 'False')})"
    layer = call.layer(made, weight=1, **({"bias": 2} if bias else {}))
    return f"{layer}({call.x})"


@form("Deconvolution")
def deconvolution(call: Call) -> str:
    axes, bias = len(call["kernel"]), not call["no_bias"]
    if any(call["target_shape"]):
        raise NotPlain("it has a target_shape")
    if call["layout"] in _CHANNELS_LAST:
        raise NotPlain(f"its layout is {call['layout']}")
    stride, dilation, padding = (_steps(call, n, d) for n, d in (("stride", 1), ("dilate", 1), ("pad", 0)))
    more, groups, weight = _steps(call, "adj", 0), call["num_group"], call.held(1)
    options = {
        "stride": unless(stride, (1,) * axes) and same(stride),
        "padding": unless(padding, (0,) * axes) and same(padding),
        "output_padding": unless(more, (0,) * axes) and same(more),
        "groups": unless(groups, 1),
        "dilation": unless(dilation, (1,) * axes) and same(dilation),
    }
    if weight is None or (bias and call.held(2) is None):
        return f"F.conv_transpose{axes}d({arguments(*call.inputs[: 2 + bias], **options)})"
    sizes = (repr(weight.shape[0]), repr(call["num_filter"]), same(call["kernel"]))
    made = f"nn.ConvTranspose{axes}d({arguments(*sizes, **options, bias=None if bias else 'False')})"
    return f"{call.layer(made, weight=1, **({'bias': 2} if bias else {}))}({call.x})"


@form("FullyConnected")
def fully_connected(call: Call) -> str:
    bias, weight = not call["no_bias"], call.held(1)
    data = call.x if not call["flatten"] or call.rank() == 2 else f"{call.x}.flatten(1)"
    if weight is None or (bias and call.held(2) is None):
        return f"F.linear({arguments(data, *call.inputs[1 : 2 + bias])})"
    made = f"nn.Linear({arguments(repr(weight.shape[1]), repr(weight.shape[0]), bias=None if bias else 'False')})"
    return f"{call.layer(made, weight=1, **({'bias': 2} if bias else {}))}({data})"


@form("BatchNorm", "BatchNorm_v1", "_contrib_SyncBatchNorm", "_contrib_BatchNormWithReLU")
def batch_norm(call: Call) -> str:
    call.only_output()
    values = [call.held(position) for position in range(1, 5)]
    gamma = values[0]
    if gamma is None or None in values:
        raise NotPlain("its parameters are computed, or used elsewhere, too")
    axis = call.node.values.get("axis", 1)
    made = arguments(
        repr(len(gamma)),
        eps=unless(call["eps"], 1e-3),
        momentum=unless(call["momentum"], 0.9),
        axis=unless(axis, 1),
        fixed_scale=unless(call["fix_gamma"], False),
        frozen=unless(call["use_global_stats"], False),
    )
    if call["fix_gamma"]:
        call.writer.fix(call.node.inputs[1])
    layer = call.layer(f"{call.helper(helpers.BatchNorm)}({made})", weight=1, bias=2, running_mean=3, running_var=4)
    found = f"{layer}({call.x})"
    assert call.node.operator is not None
    return f"F.relu({found})" if call.node.operator.name.endswith("WithReLU") else found


@form("LayerNorm")
def layer_norm(call: Call) -> str:
    call.only_output()
    gamma, axis, rank = call.held(1), call["axis"], call.rank()
    last = axis == -1 or (rank is not None and axis == rank - 1)
    if gamma is None or call.held(2) is None:
        if not last:
            raise NotPlain("its parameters are computed, or used elsewhere, too")
        return f"F.layer_norm({call.x}, {call.inputs[1]}.shape, {call.inputs[1]}, {call.inputs[2]}, {call['eps']})"
    kind = "nn.LayerNorm" if last else call.helper(helpers.LayerNorm)
    made = arguments(repr(len(gamma)), eps=unless(call["eps"], 1e-5), axis=None if last else repr(axis))
    return f"{call.layer(f'{kind}({made})', weight=1, bias=2)}({call.x})"


@form("InstanceNorm")
def instance_norm(call: Call) -> str:
    x, scale, shift = call.inputs
    return f"torch.group_norm({x}, {x}.shape[1], {scale}, {shift}, {text(call['eps'])})"


@form("GroupNorm")
def group_norm(call: Call) -> str:
    call.only_output()
    x, scale, shift = call.inputs
    return f"{call.helper(helpers.group_norm)}({x}, {call['num_groups']}, {scale}, {shift}, {text(call['eps'])})"


@form("L2Normalization")
def l2_normalization(call: Call) -> str:
    call.floating()
    if call["mode"] == "channel":
        axes = "1"
    elif (rank := call.rank()) is None:
        axes = f"tuple(range({1 if call['mode'] == 'instance' else 2}, {call.x}.dim()))"
    else:
        axes = text(tuple(range(1 if call["mode"] == "instance" else 2, rank)))
        if axes == "()":
            raise NotPlain("there is nothing to add up")
    return f"{call.x} * ({call.x}.square().sum({axes}, keepdim=True) + {text(call['eps'])}).rsqrt()"


@form("LRN")
def local_response_norm(call: Call) -> str:
    if call["nsize"] % 2 == 0 or call.rank() == 2:
        raise NotPlain("nsize is even, or the data has two axes")
    options = {"alpha": text(call["alpha"]), "beta": text(call["beta"]), "k": text(call["knorm"])}
    return f"F.local_response_norm({arguments(call.x, repr(call['nsize']), **options)})"


@form("Embedding")
def embedding(call: Call) -> str:
    return f"{call.helper(helpers.embedded)}({call.x}, {call.inputs[1]})"


@form("Dropout")
def dropout(call: Call) -> str:
    training = "True" if call["mode"] == "always" else "self.training"
    if not call["p"]:
        return call.x
    if call["axes"]:
        return f"{call.helper(helpers.shared_dropout)}({call.x}, {call['p']}, {call['axes']!r}, {training})"
    return f"F.dropout({call.x}, {text(call['p'])}, {training})"


# -- pooling -------------------------------------------------------------------------------------------------------


@form("Pooling", "Pooling_v1")
def pooling(call: Call) -> str:
    values, kind = call.node.values, call["pool_type"]
    layout, rank = values.get("layout"), call.rank()
    axes = len(call["kernel"]) or (len(layout) - 2 if layout else (rank or 0) - 2)
    if axes < 1:
        raise NotPlain("the number of axes of its data is not known; give the shapes of inputs")
    last = layout in _CHANNELS_LAST
    data = f"{call.x}.movedim(-1, 1)" if last else call.x
    if call["global_pool"]:
        found = _global_pooling(kind, data, tuple(range(2, 2 + axes)))
    else:
        found = _windows(call, data, axes)
    return f"{found}.movedim(1, -1)" if last else found


def _global_pooling(kind: str, data: str, axes: tuple[int, ...]) -> str:
    if kind == "max":
        return f"F.adaptive_max_pool{len(axes)}d({data}, 1)"
    if kind == "lp":
        raise NotPlain(f"pool_type is {kind}")
    return f"{data}.{'mean' if kind == 'avg' else 'sum'}({axes!r}, keepdim=True)"


def _windows(call: Call, data: str, axes: int) -> str:
    kind, kernel = call["pool_type"], call["kernel"]
    stride, pad = call["stride"] or (1,) * axes, call["pad"] or (0,) * axes
    convention = call["pooling_convention"]
    assert call.node.operator is not None
    if call.node.operator.name == "Pooling_v1" and (convention == "full" or any(pad)):
        raise NotPlain("Pooling_v1 pads in its own way")
    if kind == "lp" or convention == "same":
        raise NotPlain(f"pool_type is {kind}, pooling_convention {convention}")
    full = convention == "full" and any(s > 1 for s in stride)
    if any(2 * p > k for k, p in zip(kernel, pad)):
        raise NotPlain(f"pad {pad} is more than half of kernel {kernel}")
    # Torch leaves out a last window that would start in the padding behind; MXNet keeps it.
    if full and any(p and s > k - p for s, k, p in zip(stride, kernel, pad)):
        raise NotPlain("pooling_convention is full, and its windows may start in the padding")
    options = {
        "stride": unless(stride, kernel) and same(stride),
        "padding": unless(pad, (0,) * axes) and same(pad),
        "ceil_mode": "True" if full else None,
    }
    if kind == "max":
        return f"F.max_pool{axes}d({arguments(data, same(kernel), **options)})"
    if full and ((kind == "sum" and axes == 1) or any(s > k for s, k in zip(stride, kernel))):
        raise NotPlain("pooling_convention is full, which torch counts in another way")
    include = call.node.values.get("count_include_pad") is not False
    if kind == "sum":
        if axes == 1:
            return f"F.avg_pool1d({arguments(data, same(kernel), **options)}) * {kernel[0]}"
        return f"F.avg_pool{axes}d({arguments(data, same(kernel), **options, divisor_override='1')})"
    options["count_include_pad"] = None if include or not any(pad) else "False"
    return f"F.avg_pool{axes}d({arguments(data, same(kernel), **options)})"


@form("_contrib_AdaptiveAvgPooling2D")
def adaptive_pooling(call: Call) -> str:
    size = call["output_size"] or (1,)
    return f"F.adaptive_avg_pool2d({call.x}, {same(size)})"


@form("UpSampling")
def up_sampling(call: Call) -> str:
    if call["sample_type"] == "nearest" and len(call.inputs) == 1:
        return f'F.interpolate({call.x}, scale_factor={call["scale"]}, mode="nearest")'
    if call["sample_type"] == "nearest":
        raise NotPlain("it has several inputs")
    scale = call["scale"]
    groups = f"{call.x}.shape[1]"
    return f"F.conv_transpose2d({call.x}, {call.inputs[1]}, stride={scale}, padding={scale // 2}, groups={groups})"


@form("_contrib_BilinearResize2D")
def bilinear_resize(call: Call) -> str:
    if call["mode"] != "size" or call["scale_height"] is not None or len(call.inputs) > 1:
        raise NotPlain(f"mode is {call['mode']}")
    size = (call["height"], call["width"])
    if 1 in size and not call["align_corners"]:
        raise NotPlain("its output has an axis of length 1")
    return f'F.interpolate({call.x}, {size!r}, mode="bilinear", align_corners={call["align_corners"]})'


# -- activations ---------------------------------------------------------------------------------------------------

_ACTIVATIONS = {
    "relu": "F.relu({0})",
    "sigmoid": "torch.sigmoid({0})",
    "tanh": "torch.tanh({0})",
    "softrelu": "F.softplus({0})",
    "softsign": "F.softsign({0})",
}


@form("Activation")
def activation(call: Call) -> str:
    return _ACTIVATIONS[call["act_type"]].format(call.x)


@form("LeakyReLU")
def leaky_relu(call: Call) -> str:
    kind = call["act_type"]
    if kind == "rrelu":
        if any(call.writer.is_used(call.node, i) for i in range(1, call.count)):
            raise NotPlain("its drawn slopes are used")
        call.pattern = "{0}"
        return f"F.rrelu({call.x}, {text(call['lower_bound'])}, {text(call['upper_bound'])}, self.training)"
    if kind == "prelu":
        slopes = call.held(1)
        data = call.writer.shape(call.node.inputs[0])
        if slopes is None or slopes.dim() != 1 or (data and len(slopes) not in (1, (*data, 0)[1])):
            raise NotPlain("its slopes are computed, or not one for each channel")
        return f"F.prelu({call.x}, {call.inputs[1]})"
    if kind in ("leaky", "elu"):
        return f"F.{'leaky_relu' if kind == 'leaky' else 'elu'}({call.x}, {text(call['slope'])})"
    return f"F.{kind}({call.x})"


def _softmax(call: Call, function: str, sign: str = "") -> str:
    axis, temperature, dtype = call["axis"], call["temperature"], call["dtype"]
    call.floating()
    if call["use_length"]:
        options = arguments(call.x, call.inputs[1], repr(axis), temperature=unless(temperature or 1.0, 1.0))
        if dtype is not None:
            raise NotPlain("it has lengths and a dtype")
        return f"{call.helper(helpers.softmax_of_lengths)}({options})"
    data = f"{sign}{call.x}"
    if temperature is not None and temperature != 1.0:
        data = f"{data} / {text(float(temperature))}"
    wide = dtype is not None and dtype.itemsize > call.dtype().itemsize
    found = f"{function}({data}, {axis}{f', dtype={dtype}' if wide else ''})"
    return found if dtype is None or wide else f"{found}.to({dtype})"


@form("softmax")
def softmax(call: Call) -> str:
    return _softmax(call, "torch.softmax")


@form("log_softmax")
def log_softmax(call: Call) -> str:
    return _softmax(call, "torch.log_softmax")


@form("softmin")
def softmin(call: Call) -> str:
    return _softmax(call, "torch.softmax", "-")


@form("SoftmaxActivation")
def softmax_activation(call: Call) -> str:
    if call["mode"] == "channel":
        return f"torch.softmax({call.x}, 1)"
    return f"torch.softmax({call.x}, -1)"


# -- attention -----------------------------------------------------------------------------------------------------


@form("_contrib_interleaved_matmul_selfatt_qk")
def self_scores(call: Call) -> str:
    parts, scores = call.helper(helpers.attention_parts), call.helper(helpers.attention_scores)
    return f"{scores}(*{parts}({call.x}, {call['heads']}, 3)[:2])"


@form("_contrib_interleaved_matmul_selfatt_valatt")
def self_values(call: Call) -> str:
    parts, joined = call.helper(helpers.attention_parts), call.helper(helpers.attention_joined)
    heads = call["heads"]
    return f"{joined}({call.inputs[1]}, {parts}({call.x}, {heads}, 3)[2], {heads})"


@form("_contrib_interleaved_matmul_encdec_qk")
def other_scores(call: Call) -> str:
    parts, scores = call.helper(helpers.attention_parts), call.helper(helpers.attention_scores)
    heads = call["heads"]
    return f"{scores}({parts}({call.x}, {heads}, 1)[0], {parts}({call.inputs[1]}, {heads}, 2)[0])"


@form("_contrib_interleaved_matmul_encdec_valatt")
def other_values(call: Call) -> str:
    parts, joined = call.helper(helpers.attention_parts), call.helper(helpers.attention_joined)
    heads = call["heads"]
    return f"{joined}({call.inputs[1]}, {parts}({call.x}, {heads}, 2)[1], {heads})"


@form("_contrib_div_sqrt_dim")
def div_sqrt_dim(call: Call) -> str:
    call.floating()
    return f"{call.x} / {call.x}.shape[-1] ** 0.5"


# -- losses --------------------------------------------------------------------------------------------------------


def _loss(call: Call, expression: str) -> str:
    """Print the forward pass; MXNet's gradient needs the operator, where a label comes."""
    label = call.node.inputs[1]
    if not call.writer.standalone and not call.writer.is_label(label):
        raise NotPlain("its label is computed")
    return expression


@form("SoftmaxOutput")
def softmax_output(call: Call) -> str:
    if call["multi_output"]:
        return _loss(call, f"torch.softmax({call.x}, 1)")
    if call["preserve_shape"] or call.rank() == 2:
        return _loss(call, f"torch.softmax({call.x}, -1)")
    return _loss(call, f"torch.softmax({call.x}.flatten(1), 1).view_as({call.x})")


@form("LinearRegressionOutput", "MAERegressionOutput", "SVMOutput")
def identity_output(call: Call) -> str:
    return _loss(call, call.x)


@form("LogisticRegressionOutput")
def logistic_output(call: Call) -> str:
    return _loss(call, f"torch.sigmoid({call.x})")


@form("MakeLoss", "make_loss", "IdentityAttachKLSparseReg")
def make_loss(call: Call) -> str:
    """Return the input as it is; while training, the module runs the operator if it may."""
    call.only_output()
    return call.x
