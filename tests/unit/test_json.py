"""Symbols as JSON text: written to the character as MXNet 1.9.1 writes it, read back, and refused when damaged."""

from __future__ import annotations

import contextlib
import json
import pathlib
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mxnet as mx
from tests.golden import programs

GROUP = "symbol_json"
TEXTS = {name: answer["answer"] for name, answer in programs.answers(GROUP).items()}


@pytest.mark.parametrize("name", sorted(programs.table(GROUP)))
def test_text_is_mxnets_to_the_character(name):
    assert programs.run(programs.table(GROUP)[name], mx) == {"answer": TEXTS[name]}


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_mxnets_text_is_read_and_written_again(name):
    symbol = mx.sym.load_json(TEXTS[name])
    assert symbol.tojson() == TEXTS[name]
    assert pickle.loads(pickle.dumps(symbol)).tojson() == TEXTS[name]
    graph = json.loads(TEXTS[name])
    variables = [graph["nodes"][i]["name"] for i in graph["arg_nodes"]]
    assert symbol.list_inputs() == variables


@pytest.mark.parametrize("name", ["network", "shared batch norm", "quotes and unicode", "group of outputs of one node"])
def test_files(name, tmp_path):
    path = str(tmp_path / "net-symbol.json")
    mx.sym.load_json(TEXTS[name]).save(path)
    assert pathlib.Path(path).read_bytes() == TEXTS[name].encode()
    assert mx.sym.load(path).tojson() == TEXTS[name]


def test_saving_replaces_a_file_or_leaves_it(tmp_path):
    path = tmp_path / "s.json"
    path.write_text("old")
    mx.sym.var("x").save(str(path))
    assert mx.sym.load(str(path)).name == "x"
    assert [item.name for item in tmp_path.iterdir()] == ["s.json"]


def test_names_that_files_cannot_hold():
    for argument in (3, None, b"x"):
        with pytest.raises(TypeError, match="string"):
            mx.sym.load(argument)
        with pytest.raises(TypeError, match="string"):
            mx.sym.load_json(argument)
        with pytest.raises(TypeError, match="string"):
            mx.sym.var("x").save(argument)


# -- older spellings ------------------------------------------------------------------------------------------------


def _old(node_attributes):
    nodes = [
        {"op": "null", "name": "x", "inputs": []},
        {"op": "null", "name": "w", "inputs": []},
        {"op": "FullyConnected", "name": "fc", **node_attributes, "inputs": [[0, 0], [1, 0, 0]]},
    ]
    return json.dumps({"nodes": nodes, "arg_nodes": [0, 1], "heads": [[2, 0]]})


OLD = {
    "attrs": {"attrs": {"num_hidden": "3", "no_bias": "True", "__lr_mult__": "2"}},
    "attr": {"attr": {"num_hidden": "3", "no_bias": "True", "lr_mult": "2"}},
    "param and attr": {
        "param": {"num_hidden": "3", "no_bias": "True"},
        "attr": {"lr_mult": "2"},
        "backward_source_id": -1,
    },
}


@pytest.mark.parametrize("spelling", sorted(OLD))
def test_older_spellings_are_read(spelling):
    symbol = mx.sym.load_json(_old(OLD[spelling]))
    assert symbol.infer_shape(x=(2, 5)) == ([(2, 5), (3, 5)], [(2, 3)], [])
    assert symbol.attr("lr_mult") == "2"
    assert json.loads(symbol.tojson())["nodes"][2]["attrs"]["__lr_mult__"] == "2"


@pytest.mark.parametrize("name", sorted(programs.table("old_symbols")))
def test_old_files_become_what_mxnet_makes_of_them(name):
    programs.check("old_symbols", name, mx)


def test_what_a_user_added_to_an_operator_before_0_9_stays():
    # MXNet 1.9.1 cannot read such a file
    symbol = mx.sym.load_json(_old({"param": {"num_hidden": "3", "no_bias": "True"}, "attr": {"mood": "angry"}}))
    assert symbol.attr("__mood__") == "angry"
    assert mx.sym.load_json(symbol.tojson()).attr("__mood__") == "angry"
    assert symbol.infer_shape(x=(2, 5))[1] == [(2, 3)]


@pytest.mark.parametrize("version", [None, 800])
def test_multipliers_of_inputs_that_the_file_leaves_out(version):
    # MXNet 1.9.1 does not survive this file
    nodes = [_X, {"op": "BatchNorm", "name": "bn", "attr": {"moving_var_lr_mult": "4"}, "inputs": [[0, 0]]}]
    graph = {"nodes": nodes, "heads": [[1, 0]]}
    if version:
        graph["attrs"] = {"mxnet_version": ["int", version]}
    symbol = mx.sym.load_json(json.dumps(graph))
    assert symbol.list_auxiliary_states() == ["bn_moving_mean", "bn_moving_var"]
    assert symbol.attr_dict()["bn_moving_var"] == {
        "__init__": '["one", {}]',
        "__lr_mult__": "4",
        "lr_mult": "4",
    }
    assert "bn_moving_mean" not in symbol.attr_dict() or "lr_mult" not in symbol.attr_dict()["bn_moving_mean"]


def test_newer_files_are_read_with_a_warning(caplog):
    text = _text(_X).replace("10901", "20000")
    assert mx.sym.load_json(text).name == "x"
    assert "version 20000, which is newer" in caplog.text
    caplog.clear()
    mx.sym.load_json(_text(_X))
    assert caplog.text == ""


# -- damaged text ---------------------------------------------------------------------------------------------------

_X = {"op": "null", "name": "x", "inputs": []}


def _text(*nodes, heads=((0, 0, 0),)):
    return json.dumps({"nodes": list(nodes), "heads": heads, "attrs": {"mxnet_version": ["int", 10901]}})


def _relu(**changes):
    return _text(_X, {"op": "relu", "name": "r", "inputs": [[0, 0, 0]], **changes}, heads=[[1, 0, 0]])


def _version(value):
    return json.dumps({"nodes": [_X], "heads": [[0, 0]], "attrs": value})


def _old_fc(**changes):
    """A file of 0.8 of which the inputs are made."""
    node = {"op": "Concat", "name": "c", "attr": {"num_args": "3"}, "inputs": [[0, 0]], **changes}
    return json.dumps({"nodes": [_X, node], "heads": [[1, 0]]})


DAMAGED = {
    "version is a number": (_version({"mxnet_version": 10901}), "'mxnet_version' is 10901, expected"),
    "version is text": (_version({"mxnet_version": ["str", "1.9"]}), "'mxnet_version' is"),
    "version is a fraction": (_version({"mxnet_version": ["int", 1.5]}), "'mxnet_version' is"),
    "version is empty": (_version({"mxnet_version": []}), "'mxnet_version' is"),
    "version is not a number": (_version({"mxnet_version": ["int", float("nan")]}), "'mxnet_version' is"),
    "attributes of the graph are a list": (_version([]), r"'attrs' is \[\], expected an object"),
    "attribute that the operator does not have": (
        _text(_X, {"op": "Dropout", "name": "d", "attrs": {"q": "0.5"}, "inputs": [[0, 0, 0]]}),
        r"JSON text: node 1 \('d'\).*no attribute 'q'",
    ),
    "multiplier of an input that is no variable": (
        json.dumps(
            {
                "nodes": [
                    _X,
                    {"op": "relu", "name": "r", "inputs": [[0, 0]]},
                    {"op": "Dropout", "name": "d", "attr": {"data_lr_mult": "2"}, "inputs": [[1, 0]]},
                ],
                "heads": [[2, 0]],
            }
        ),
        r"node 2 \('d'\).*no attribute 'data_lr_mult'",
    ),
    "huge number of inputs of an old file": (_old_fc(attr={"num_args": "9" * 12}), r"'c'\): num_args is 9+, the file"),
    "many inputs of an old file": (_old_fc(attr={"num_args": "20000"}), r"'c'\): num_args is 20000, the file"),
    "many inputs of many nodes": (
        json.dumps(
            {
                "nodes": [_X]
                + [
                    {"op": "Concat", "name": f"c{i}", "attr": {"num_args": "4000"}, "inputs": [[0, 0]]}
                    for i in range(5)
                ],
                "heads": [[1, 0]],
            }
        ),
        r"node 3 \('c2'\): num_args is 4000, the file gives 1 inputs",
    ),
    "empty": ("", "JSON text: not a symbol file"),
    "no JSON": ("{nodes", "not a symbol file.*column"),
    "cut": (TEXTS["network"][:500], "not a symbol file.*line"),
    "a list": ("[]", "expected an object"),
    "a number": ("3", "expected an object"),
    "null": ("null", "expected an object"),
    "no nodes": ('{"heads": []}', "'nodes' and 'heads'"),
    "no heads": ('{"nodes": []}', "'nodes' and 'heads'"),
    "heads are a number": ('{"nodes": [], "heads": 3}', "heads.*3.*list"),
    "heads are an object": ('{"nodes": [], "heads": {"a": 1}}', "heads.*list"),
    "no head": (_text(_X, heads=[]), "no heads"),
    "nodes are an object": ('{"nodes": {}, "heads": []}', "'nodes' and 'heads'"),
    "node is null": (_text(None), "node 0.*'op' and 'name'"),
    "node without operator": (_text({"name": "x"}), "node 0.*'op' and 'name'"),
    "node without name": (_text({"op": "null"}), "node 0.*'op' and 'name'"),
    "operator is a number": (_text({"op": 3, "name": "x"}), "node 0.*'op' and 'name'"),
    "unknown operator": (_text({"op": "FullyConected", "name": "f"}), r"node 0 \('f'\).*FullyConected.*FullyConnected"),
    "inputs are a number": (_relu(inputs=7), r"node 1 \('r'\).*inputs.*7.*list"),
    "input is a number": (_relu(inputs=[0]), r"node 1 \('r'\).*\[node, output, version\].*0"),
    "input is text": (_relu(inputs=[["0", 0, 0]]), r"node 1 \('r'\).*\[node, output, version\]"),
    "input is a truth value": (_relu(inputs=[[False, 0, 0]]), r"node 1 \('r'\).*\[node, output, version\]"),
    "input is a fraction": (_relu(inputs=[[0.0, 0, 0]]), r"node 1 \('r'\).*\[node, output, version\]"),
    "input too long": (_relu(inputs=[[0, 0, 0, 0]]), r"node 1 \('r'\).*\[node, output, version\]"),
    "input is the node itself": (_relu(inputs=[[1, 0, 0]]), r"node 1 \('r'\).*node 1.*0 to 0"),
    "input comes later": (_relu(inputs=[[5, 0, 0]]), r"node 1 \('r'\).*node 5"),
    "input is negative": (_relu(inputs=[[-1, 0, 0]]), r"node 1 \('r'\).*node -1"),
    "no such output": (_relu(inputs=[[0, 1, 0]]), r"node 1 \('r'\).*output 1.*'x'.*1"),
    "too few inputs": (_relu(inputs=[]), r"node 1 \('r'\).*takes 1 inputs.*gives 0"),
    "too many inputs": (_relu(inputs=[[0, 0, 0]] * 2), r"node 1 \('r'\).*takes 1 inputs.*gives 2"),
    "head comes later": (_text(_X, heads=[[1, 0, 0]]), "head 0.*node 1"),
    "head without output": (_text(_X, heads=[[0, 2, 0]]), "head 0.*output 2"),
    "head is a number": (_text(_X, heads=[0]), "head 0"),
    "attributes are a list": (_relu(attrs=[1]), "node 1.*'attrs'.*object"),
    "attribute is a number": (_relu(attrs={"a": 1}), "node 1.*'a'.*1.*string"),
    "wrong attribute": (
        _text(_X, {"op": "Activation", "name": "a", "attrs": {"act_type": "no"}, "inputs": [[0, 0, 0]]}),
        "'a'.*act_type.*no",
    ),
    "missing attribute": (_text(_X, {"op": "Activation", "name": "a", "inputs": [[0, 0, 0]]}), "'a'.*act_type"),
    "variable with inputs": (
        _text(_X, {"op": "null", "name": "y", "inputs": [[0, 0, 0]]}),
        r"node 1 \('y'\).*variable.*input",
    ),
    "huge number of inputs": (
        _text(_X, {"op": "Concat", "name": "c", "attrs": {"num_args": "9" * 12}, "inputs": [[0, 0, 0]]}),
        "'c'.*num_args|'c'.*inputs",
    ),
    "huge number of outputs": (
        _text(
            _X,
            {"op": "SliceChannel", "name": "c", "attrs": {"num_outputs": "9" * 12}, "inputs": [[0, 0, 0]]},
            heads=[[1, 0, 0]],
        ),
        "'c'.*outputs",
    ),
    "negative number of inputs": (
        _text(_X, {"op": "Concat", "name": "c", "attrs": {"num_args": "-1"}, "inputs": [[0, 0, 0]]}),
        "'c'",
    ),
    "deeply nested": ("[" * 100_000, "not a symbol file"),
    "number of many digits": ('{"nodes": [], "heads": [' + "1" * 5000 + "]}", "not a symbol file|head"),
    "half a surrogate": (_text({"op": "null", "name": "\ud800"}), "node 0.*name"),
}


@pytest.mark.parametrize("name", sorted(DAMAGED))
def test_damaged_text_is_refused_with_its_place(name):
    text, match = DAMAGED[name]
    with pytest.raises(mx.MXNetError, match=match):
        mx.sym.load_json(text)


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "broken.json"
    for content in (b"", b"\xff\xfe\x00", b"{}", TEXTS["network"].encode()[:-40]):
        path.write_bytes(content)
        with pytest.raises(mx.MXNetError, match=r"broken\.json"):
            mx.sym.load(str(path))
    with pytest.raises(mx.MXNetError, match="missing"):
        mx.sym.load(str(tmp_path / "missing.json"))
    with pytest.raises(mx.MXNetError, match=str(tmp_path)):
        mx.sym.load(str(tmp_path))


def _use(text):
    """Read a text and do with it what needs no arrays; only MXNetError may come out."""
    with contextlib.suppress(mx.MXNetError):
        symbol = mx.sym.load_json(text)
        again = mx.sym.load_json(symbol.tojson())
        assert again.tojson() == symbol.tojson()
        assert len(symbol.list_outputs()) == len(symbol)
        symbol.attr_dict()
        symbol.debug_str()
        symbol.infer_shape_partial()
        symbol.infer_type_partial()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_changed_characters_do_no_harm(name, data):
    text = TEXTS[name]
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        length = data.draw(st.integers(0, 6))
        text = (
            text[:start]
            + data.draw(st.sampled_from(["", "[", "]", "{", '"', "0", "-1", "99", ",", "null", "(", "x", "e9"]))
            + text[start + length :]
        )
    _use(text)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.lists(st.integers(-1, 30), max_size=4),
    st.sampled_from(["relu", "Concat", "BatchNorm", "null", "-1", "(0,)", "None", "True", "1e30"]),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TEXTS)), st.data())
def test_changed_values_do_no_harm(name, data):
    graph = json.loads(TEXTS[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = graph
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            key = data.draw(st.sampled_from(keys))
            below = place[key]
            if not isinstance(below, (dict, list)) or not below or data.draw(st.integers(0, 4)) == 0:
                break
            place = below
        place[key] = data.draw(VALUES)
        if not graph:
            break
    _use(json.dumps(graph))
    _use(json.dumps(graph).replace("10901", "800").replace("attrs", "attr", data.draw(st.integers(0, 3))))
