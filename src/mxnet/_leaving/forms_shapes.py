"""Plain forms of operators that move elements: shapes, slices, indices, sequences, and new arrays."""

from __future__ import annotations

from collections.abc import Sequence

from .._ops.registry import get
from . import helpers
from .forms import FORMS, Call, NotPlain, arguments, axes_text, expression, form, text, unless

FORMS["SwapAxis"] = expression("{0}.transpose({dim1}, {dim2})", integers=True)
FORMS["expand_dims"] = expression("{0}.unsqueeze({axis})", integers=True)
FORMS["cast_storage"] = expression("{0}", integers=True)


@form("Flatten")
def flatten(call: Call) -> str:
    return f"{call.x}.unsqueeze(1)" if call.rank() == 1 else f"{call.x}.flatten(1)"


@form("Reshape")
def reshape(call: Call) -> str:
    codes = call["shape"]
    if not codes:
        raise NotPlain("it has a target_shape, as before MXNet 0.7")
    targets = None if call["reverse"] else _codes(call, codes)
    if targets is not None:
        return f"{call.x}.reshape({', '.join(targets)})"
    return f"{call.helper(helpers.reshaped)}({call.x}, {codes!r}{', reverse=True' if call['reverse'] else ''})"


def _codes(call: Call, codes: Sequence[int]) -> list[str] | None:
    """Return what is between the parentheses of torch's reshape, None where that would be hard to read."""
    x, axis, left, found = call.x, 0, list(codes), []
    if left == [0, -1] or left == [-3, -2]:
        return None if left[0] else [f"{x}.shape[0]", "-1"]
    while left:
        code = left.pop(0)
        if code == -2:
            found.append(f"*{x}.shape[{axis}:]")
            if left:
                return None
        elif code == -3:
            found.append(f"{x}.shape[{axis}] * {x}.shape[{axis + 1}]")
            axis += 2
        elif code == -4:
            parts = left.pop(0), left.pop(0)
            if parts.count(-1) > 1 or min(parts) < -1 or 0 in parts:
                return None
            first, second = parts
            found.append(f"{x}.shape[{axis}] // {second}" if first == -1 else repr(first))
            found.append(f"{x}.shape[{axis}] // {first}" if second == -1 else repr(second))
            axis += 1
        else:
            found.append(f"{x}.shape[{axis}]" if code == 0 else repr(code))
            axis += 1
    return found


@form("reshape_like")
def reshape_like(call: Call) -> str:
    limits = [call[name] for name in ("lhs_begin", "lhs_end", "rhs_begin", "rhs_end")]
    if limits == [None] * 4:
        return f"{call.x}.reshape({call.inputs[1]}.shape)"
    ranks = call.rank(0), call.rank(1)
    if None in ranks:
        raise NotPlain("shapes are not known; give the shapes of inputs")
    filled = [limit if limit is not None else (0, rank)[i % 2] for i, (limit, rank) in
              enumerate(zip(limits, (ranks[0], ranks[0], ranks[1], ranks[1])))]  # fmt: skip
    filled = [n + (ranks[i // 2] or 0) if n is not None and n < 0 else n for i, n in enumerate(filled)]
    return f"{call.helper(helpers.reshaped_like)}({call.x}, {call.inputs[1]}, {', '.join(map(repr, filled))})"


@form("transpose")
def transpose(call: Call) -> str:
    if call["axes"]:
        return f"{call.x}.permute({', '.join(map(repr, call['axes']))})"
    return f"{call.x}.permute(*range({call.x}.dim() - 1, -1, -1))"


@form("squeeze")
def squeeze(call: Call) -> str:
    axis = call["axis"]
    if axis is None:
        found = f"{call.x}.squeeze()"
    else:
        found = f"{call.x}.squeeze({axes_text(axis if isinstance(axis, tuple) else (axis,))})"
    rank = call.rank()
    if axis is not None and rank is not None and rank > (len(axis) if isinstance(axis, tuple) else 1):
        return found
    return f"torch.atleast_1d({found})"


@form("depth_to_space")
def depth_to_space(call: Call) -> str:
    return f"{call.helper(helpers.depth_to_space)}({call.x}, {call['block_size']})"


@form("space_to_depth")
def space_to_depth(call: Call) -> str:
    return f"{call.helper(helpers.space_to_depth)}({call.x}, {call['block_size']})"


@form("slice")
def slice_(call: Call) -> str:
    begin, end = call["begin"], call["end"]
    step = call["step"] or (None,) * len(begin)
    if any((s or 1) < 0 for s in step):
        return f"{call.helper(helpers.sliced)}({call.x}, {begin!r}, {end!r}, {step!r})"
    parts = [f"{'' if b is None else b}:{'' if e is None else e}{'' if s in (None, 1) else f':{s}'}"
             for b, e, s in zip(begin, end, step)]  # fmt: skip
    return f"{call.x}[{', '.join(parts)}]" if parts else call.x


@form("slice_axis")
def slice_axis(call: Call) -> str:
    axis, begin, end = call["axis"], call["begin"], call["end"]
    part = f"{begin or ''}:{'' if end is None else end}"
    if axis < 0:
        return f"{call.x}[..., {part}{', :' * (-axis - 1)}]"
    return f"{call.x}[{':, ' * axis}{part}]"


@form("slice_like")
def slice_like(call: Call) -> str:
    axes = call["axes"]
    return f"{call.helper(helpers.cut_like)}({call.x}, {call.inputs[1]}{f', {axes!r}' if axes else ''})"


@form("Concat")
def concat(call: Call) -> str:
    return f"torch.cat([{', '.join(call.inputs)}], {call['dim']})"


@form("_rnn_param_concat")
def parameter_concat(call: Call) -> str:
    return f"torch.cat([{', '.join(call.inputs)}], {call['dim']})"


@form("stack")
def stack(call: Call) -> str:
    return f"torch.stack([{', '.join(call.inputs)}], {call['axis']})"


@form("SliceChannel")
def slice_channel(call: Call) -> str:
    count, axis = call["num_outputs"], call["axis"]
    call.pattern = ", ".join(f"{{{i}}}" for i in range(count)) + ("," if count == 1 else "")
    if call["squeeze_axis"]:
        return f"{call.x}.unbind({axis})"
    if count == 1:
        return f"({call.x},)"
    return f"{call.x}.split({call.x}.shape[{axis}] // {count}, {axis})"


@form("_split_v2")
def split(call: Call) -> str:
    count, axis = call.count, call["axis"]
    call.pattern = ", ".join(f"{{{i}}}" for i in range(count)) + ("," if count == 1 else "")
    if call["sections"]:
        found = f"{call.x}.tensor_split({call['sections']}, {axis})"
    else:
        found = f"{call.x}.tensor_split({tuple(call['indices'][1:])!r}, {axis})"
    return f"[part.squeeze({axis}) for part in {found}]" if call["squeeze_axis"] else found


@form("tile")
def tile(call: Call) -> str:
    return f"{call.x}.tile({call['reps']!r})"


@form("repeat")
def repeat(call: Call) -> str:
    axis = call["axis"]
    return f"{call.x}.repeat_interleave({call['repeats']}{'' if axis is None else f', dim={axis}'})"


@form("reverse")
def reverse(call: Call) -> str:
    axis = call["axis"]
    return f"{call.x}.flip({axes_text(tuple(dict.fromkeys(axis)) if isinstance(axis, tuple) else (axis,))})"


@form("Pad")
def pad(call: Call) -> str:
    width, mode = call["pad_width"][4:], call["mode"]
    pairs = [width[i : i + 2] for i in range(0, len(width), 2)]
    border = tuple(n for pair in reversed(pairs) for n in pair)
    if mode == "constant":
        return f"F.pad({arguments(call.x, repr(border), value=unless(call['constant_value'], 0.0))})"
    return f'F.pad({call.x}, {border!r}, mode="{"replicate" if mode == "edge" else mode}")'


@form("broadcast_to")
def broadcast_to(call: Call) -> str:
    shape = call["shape"]
    if 0 not in shape:
        return f"{call.x}.expand({', '.join(map(repr, shape))})"
    return f"{call.x}.expand({', '.join('-1' if n == 0 else repr(n) for n in shape)})"


@form("broadcast_axis")
def broadcast_axis(call: Call) -> str:
    rank = call.rank()
    axis, size = call["axis"], call["size"]
    axis, size = (x if isinstance(x, tuple) else (x,) for x in (axis, size))
    if rank is None:
        raise NotPlain("the number of axes is not known; give the shapes of inputs")
    sizes = ["-1"] * rank
    for a, n in zip(axis, size):
        sizes[a] = repr(n)
    return f"{call.x}.expand({', '.join(sizes)})"


@form("broadcast_like")
def broadcast_like(call: Call) -> str:
    axes, others = call["lhs_axes"], call["rhs_axes"]
    if axes is None or others is None:
        return f"{call.x}.expand_as({call.inputs[1]})"
    return f"{call.helper(helpers.expanded_like)}({call.x}, {call.inputs[1]}, {tuple(axes)!r}, {tuple(others)!r})"


# -- indices -------------------------------------------------------------------------------------------------------


@form("take")
def take(call: Call) -> str:
    if call["mode"] == "raise":
        raise NotPlain("mode is 'raise'")
    inside = arguments(*call.inputs, repr(call["axis"]), wrap=unless(call["mode"] == "wrap", False))
    return f"{call.helper(helpers.taken)}({inside})"


@form("pick")
def pick(call: Call) -> str:
    if call["axis"] is None:
        raise NotPlain("axis is None")
    inside = arguments(
        *call.inputs,
        repr(call["axis"]),
        keep=unless(call["keepdims"], False),
        wrap=unless(call["mode"] == "wrap", False),
    )
    found = f"{call.helper(helpers.picked)}({inside})"
    return found if call["keepdims"] or (call.rank() or 0) > 1 else f"torch.atleast_1d({found})"


@form("gather_nd")
def gather_nd(call: Call) -> str:
    return f"{call.helper(helpers.gathered)}({call.x}, {call.inputs[1]})"


@form("one_hot")
def one_hot(call: Call) -> str:
    inside = arguments(
        call.x, repr(call["depth"]), text(call["on_value"]), text(call["off_value"]), repr(call["dtype"])
    )
    return f"{call.helper(helpers.one_hot)}({inside})"


# -- sequences -----------------------------------------------------------------------------------------------------


@form("SequenceMask")
def sequence_mask(call: Call) -> str:
    if not call["use_sequence_length"]:
        return call.x
    inside = arguments(*call.inputs, axis=unless(call["axis"], 0), value=unless(call["value"], 0.0))
    return f"{call.helper(helpers.masked_steps)}({inside})"


@form("SequenceLast")
def sequence_last(call: Call) -> str:
    if not call["use_sequence_length"]:
        return f"{call.x}[-1]" if call["axis"] == 0 else f"{call.x}[:, -1]"
    return f"{call.helper(helpers.last_steps)}({arguments(*call.inputs, axis=unless(call['axis'], 0))})"


@form("SequenceReverse")
def sequence_reverse(call: Call) -> str:
    if not call["use_sequence_length"]:
        return f"{call.x}.flip(0)"
    return f"{call.helper(helpers.reversed_steps)}({', '.join(call.inputs)})"


# -- new arrays ----------------------------------------------------------------------------------------------------


def _sizes(call: Call) -> str:
    """Return a shape; a length that inference would find from the batch is 1 and broadcasts."""
    shape = call["shape"]
    if not shape or any(n < 0 for n in shape):
        raise NotPlain(f"its shape is {shape}")
    if 0 in shape and not call.writer.only_broadcasts(call.node):
        raise NotPlain(f"its shape {shape} depends on the inputs; give the shapes of inputs")
    return repr(tuple(n or 1 for n in shape))


def _made(function: str) -> None:
    def make(call: Call) -> str:
        return f"torch.{function}({_sizes(call)}, dtype={call['dtype']}, device={call.writer.device()})"

    FORMS[get(f"_{function}").name] = make


for _function in ("zeros", "ones"):
    _made(_function)


@form("_full")
def full(call: Call) -> str:
    return f"torch.full({_sizes(call)}, {text(call['value'])}, dtype={call['dtype']}, device={call.writer.device()})"


@form("_arange")
def arange(call: Call) -> str:
    start, stop, step = call["start"], call["stop"], call["step"]
    if call["infer_range"] or call["repeat"] != 1:
        raise NotPlain("its range is inferred, or its numbers repeat")
    if not call["dtype"].is_floating_point and not all(float(n or 0).is_integer() for n in (start, stop, step)):
        raise NotPlain("it cuts its numbers to integers")
    start, stop = (0.0, start) if stop is None else (start, stop)
    inside = arguments(text(start), text(stop), text(step), dtype=repr(call["dtype"]), device=call.writer.device())
    return f"torch.arange({inside})"
