"""The remx command: what it prints, writes and refuses, on files of MXNet 1.9.1 (tests/golden/cli)."""

from __future__ import annotations

import itertools
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import zipfile

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._cli import layout, main, shapes, tables
from mxnet._cli.arguments import make_parser

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "cli"
SRC = pathlib.Path(mx.__file__).parent.parent


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the models, in which the command runs."""
    for path in GOLDEN.iterdir():
        if path.suffix in (".json", ".params", ".npy"):
            shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def remx(here, capsys):
    """Return a function that runs the command and returns exit code, what it printed, and errors."""

    def run(line):
        code = main.main(line.split())
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def good(remx):
    """Return a function that runs the command, which has to succeed without a message, and returns what it printed."""

    def run(line):
        code, printed, errors = remx(line)
        assert (code, errors) == (0, "")
        return printed

    return run


@pytest.fixture
def refused(remx, here):
    """Return a function that runs a command that has to fail with one line, and returns that line."""

    def run(line, code=2):
        before = sorted(os.listdir(here))
        found, printed, errors = remx(line)
        assert (found, printed) == (code, "")
        assert "Traceback" not in errors
        assert "internal error" not in errors
        assert errors.count("\n") == 1, "one line"
        assert errors.endswith("\n")
        assert "codec" not in errors
        assert sorted(os.listdir(here)) == before, "something was left behind"
        return errors

    return run


# -- the command itself -----------------------------------------------------------------------------------------------


def started(*arguments, code=0, folder="."):
    """Run the real command in a process of its own."""
    found = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "COLUMNS": "80"},
    )
    assert found.returncode == code, found.stderr
    return found


def test_the_real_command_runs(here):
    found = started("remx", "inspect", "digits", folder=here)
    assert "conv1" in found.stdout
    assert found.stderr == ""
    missing = started("mxnet", "inspect", "nothing", code=2, folder=here)
    assert missing.stdout == ""
    assert len(missing.stderr.splitlines()) == 1
    assert missing.stderr.startswith("remx inspect: there is no model 'nothing'")


def test_help_does_not_wait_for_torch():
    program = "import sys, remx\nsys.argv[1:] = {}\ncode = remx.main()\nprint(code, 'torch' in sys.modules)"
    for arguments, code in ((["--help"], 0), (["bench", "--help"], 0), (["--version"], 0), (["nothing"], 2)):
        found = subprocess.run(
            [sys.executable, "-c", program.format(arguments)], capture_output=True, text=True, check=True
        )
        assert found.stdout.splitlines()[-1] == f"{code} False"


def test_the_entry_point_is_there():
    text = (SRC.parent / "pyproject.toml").read_text()
    assert re.search(r'^\[project\.scripts\]\nremx = "remx:main"$', text, re.MULTILINE)


def test_a_reader_that_stops_early_is_no_error():
    """As in ``remx doctor | head -1``."""
    command = [sys.executable, "-c", "import remx, sys\nsys.argv[1:] = ['bench', '--help']\nsys.exit(remx.main())"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_every_subcommand_explains_itself(capsys):
    for name in main._MODULES:
        assert main.main([name, "--help"]) == 0
        text = capsys.readouterr().out
        assert max(map(len, text.splitlines())) <= 80
        assert name in ("doctor",) or f"remx {name} " in text.partition("Examples:")[2]
    assert main.main([]) == 2
    assert "COMMAND" in capsys.readouterr().out
    assert main.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("remx 1.")
    assert main.main(["inspekt"]) == 2
    assert "invalid choice" in capsys.readouterr().err


def test_every_example_in_the_help_is_a_right_command():
    parser = make_parser()
    for name in main._MODULES:
        text = parser._subparsers._group_actions[0].choices[name].format_help()
        for line in re.findall(r"^  remx (.*)$", text, re.MULTILINE):
            assert parser.parse_args(line.split()).command == name


def test_debug_shows_where(here, capsys):
    for line in (["inspect", "nothing", "--debug"], ["--debug", "inspect", "nothing"]):
        with pytest.raises(mx.MXNetError, match="no model 'nothing'"):
            main.main(line)


def test_a_mistake_in_remx_is_called_one(remx, monkeypatch):
    monkeypatch.setattr(shapes, "Variables", None)
    monkeypatch.setattr("mxnet._cli.inspection.Variables", lambda model: 1 / 0)
    code, _, errors = remx("inspect digits")
    assert code == 2
    assert errors == "remx inspect: internal error (ZeroDivisionError): division by zero; --debug shows where\n"


# -- inspect ----------------------------------------------------------------------------------------------------------


def test_inspect(good):
    text = good("inspect digits")
    assert max(map(len, text.splitlines())) <= 80
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert rows["Model"] == ["digits,", "epoch", "7"]
    assert rows["Saved"] == ["by", "MXNet", "1.9.1", "or", "remx"]
    assert rows["Inputs"][:2] == ["data", "1x1x28x28"]
    assert rows["Outputs"] == ["softmax_output", "1x10"]
    assert rows["conv1"] == ["Convolution", "1x4x26x26", "40", "24.3", "k"]
    assert rows["fc1"] == ["FullyConnected", "1x10", "6770", "6.76", "k"]
    assert rows["Parameters"][0] == "6,818"
    assert "SoftmaxOutput is a loss" in text


def test_inspect_as_json(good):
    found = json.loads(good("inspect digits --input data:5,1,28,28 --json"))
    assert found["inputs"] == {"data": [5, 1, 28, 28]}
    assert found["labels"] == {"softmax_label": [5]}
    assert found["guessed"] == []
    assert found["outputs"] == {"softmax_output": [5, 10]}
    assert found["parameters"] == 4 * 9 + 4 + 4 + 4 + 676 * 10 + 10
    assert found["auxiliary"] == 8
    assert found["multiply_adds"] == 5 * (26 * 26 * 4 * 9 + 676 * 10)
    assert found["operators"]["BatchNorm"] == 1
    assert [row["name"] for row in found["layers"]][:2] == ["data", "conv1"]
    assert found["arrays"]["bn1_moving_mean"] == {"shape": [4], "dtype": "float32", "kind": "aux"}
    assert (found["missing"], found["unused"], found["misfits"]) == ([], [], [])


@pytest.mark.parametrize(
    ("model", "inputs"),
    [
        ("digits", {"data": [1, 1, 28, 28]}),
        ("faces", {"data": [1, 3, 112, 112]}),
        ("words", {"data": [1, 10]}),
        ("mobilenet0.25", {"data": [1, 3, 224, 224]}),
        ("large", {"data": [1, 3, 299, 299]}),
        ("matrix", {"data": [1, 6]}),
        ("sequence", {"data": [10, 1, 3]}),
    ],
)
def test_shapes_are_found(good, here, model, inputs):
    def large(x):
        return mx.sym.FullyConnected(mx.sym.Convolution(x, kernel=(9, 9), stride=(9, 9), num_filter=1), num_hidden=2)

    def matrix(x):
        return mx.sym.FullyConnected(mx.sym.tanh(x), num_hidden=2)

    def sequence(x):
        cell = mx.rnn.FusedRNNCell(4, num_layers=2, mode="gru", bidirectional=True)
        return cell.unroll(10, x, layout="TNC")[0]

    make = {"large": large, "matrix": matrix, "sequence": sequence}.get(model)
    if make is not None:
        symbol = make(mx.sym.var("data"))
        found = symbol.infer_shape(data=tuple(inputs["data"]))[0]
        arguments = {name: mx.nd.zeros(shape) for name, shape in zip(symbol.list_arguments(), found) if name != "data"}
        mx.model.save_checkpoint(model, 0, symbol, arguments, {})
    found = json.loads(good(f"inspect {model} --json"))
    assert found["inputs"] == inputs
    assert found["guessed"] == list(inputs)


def test_an_old_file_and_a_pair_of_files(good):
    new, old = (
        json.loads(good(f"inspect {model} --json")) for model in ("digits", "old-symbol.json digits-0007.params")
    )
    assert old["saved_by"] == "MXNet 0.8.0 or older (the file names no version)"
    assert old["layers"] == new["layers"]
    assert old["form"] == "files"
    for pair in (
        "digits-symbol.json digits-0007.params",
        "digits digits-0007.params",
        "digits-0007.params digits-symbol.json",
    ):
        assert json.loads(good(f"inspect {pair} --json"))["layers"] == new["layers"]
    for one in ("digits-0007.params", "digits-symbol.json"):
        assert json.loads(good(f"inspect {one} --json")) == new


def test_epochs(good, refused, here):
    shutil.copy(here / "digits-0007.params", here / "digits-0012.params")
    assert json.loads(good("inspect digits --json"))["epoch"] == 12
    assert json.loads(good("inspect digits --epoch 7 --json"))["epoch"] == 7
    assert "epoch 12 is the newest of 2" in good("inspect digits")
    message = refused("inspect digits --epoch 8")
    assert "digits-0008.params" in message
    assert "7, 12" in message


def test_a_symbol_alone(good, refused, here):
    os.remove(here / "digits-0007.params")
    assert "the parameters are missing" in good("inspect digits")
    assert "has no parameters" in refused("run digits --input digits-input.npy")
    assert "has no parameters" in refused("convert digits --to mxnet -o x")
    assert "has no parameters" in refused("bench digits")


def test_zoo_files_in_all_spellings(good, refused, here):
    """The file tells the classes and the prefix; its name may tell the network."""
    net = mx.gluon.model_zoo.vision.mobilenet0_25(classes=7, prefix="mobilenet5_")
    net.initialize()
    net.hybridize()
    expected = net(mx.nd.ones((1, 3, 32, 32)))
    net.save_parameters("mobilenet0.25-mine.params")
    net.collect_params().save("by_name.params")
    net.export("exported")
    np.save("x.npy", np.ones((1, 3, 32, 32), "float32"))
    for model in ("mobilenet0.25 mobilenet0.25-mine.params", "mobilenet0.25 by_name.params",
                  "mobilenet0.25 exported-0000.params", "exported", "mobilenet0.25-mine.params"):  # fmt: skip
        good(f"run {model} --input x.npy --output out.npz")
        with np.load("out.npz") as found:
            np.testing.assert_allclose(found[found.files[0]], expected.asnumpy(), rtol=1e-4, atol=1e-5)
    message = refused("inspect mobilenet0.5 by_name.params")
    assert "not those of mobilenet0.5" in message
    assert "have other shapes" in message
    assert "holds parameters and no network" in refused("inspect by_name.params")
    text = good("inspect mobilenet0.25")
    assert "random, as before training" in text


def test_what_does_not_fit_is_listed(good, refused, here):
    symbol, arguments, states = mx.model.load_checkpoint("digits", 7)
    arguments["fc1_weight"] = mx.nd.ones((11, 676))
    arguments["stray"] = mx.nd.ones((3,))
    del arguments["conv1_bias"]
    mx.model.save_checkpoint("wrong", 0, symbol, arguments, states)
    found = json.loads(good("inspect wrong --json"))
    assert found["missing"] == ["conv1_bias"]
    assert found["unused"] == ["stray"]
    assert found["misfits"] == [{"name": "fc1_weight", "in_file": [11, 676], "in_graph": [10, 676]}]
    assert found["inputs"] == {"data": [1, 1, 28, 28]}
    for line in ("run wrong --input digits-input.npy", "convert wrong --to mxnet -o new", "bench wrong --seconds 0.1"):
        message = refused(line)
        assert "conv1_bias" in message
        assert "fc1_weight is (11, 676) in the file and (10, 676) in the graph" in message


def test_what_is_unusual_is_said(good, here):
    x = mx.sym.Reshape(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=12, name="a"), shape=(4, 3, 4))
    arguments = {
        "a_weight": mx.nd.ones((12, 6), dtype="float16"),
        "a_bias": mx.nd.array([np.nan] * 12, dtype="float16"),
    }
    mx.model.save_checkpoint("fixed", 0, x, arguments, {})
    text = " ".join(good("inspect fixed").split())
    assert "batch size is fixed: 4" in text
    assert "2 float16" in text
    assert "not a number or infinite values in 1 parameters: a_bias" in text


@pytest.mark.parametrize("ending", ["html", "svg", "png"])
def test_drawings(good, refused, here, ending, monkeypatch):
    if ending == "html":
        assert "Drawn to net.html" in good("inspect digits --graph net.html")
        page = (here / "net.html").read_text()
        assert not re.search(r"(src|href)=|https?://", page), "the page needs something from elsewhere"
        assert "<!--" not in page.replace("<!DOCTYPE", "")
        assert page.count('<g class="box') == 9
        details = json.loads(re.search(r'id="details">(.*?)</script>', page, re.DOTALL)[1])
        assert details[1]["name"] == "conv1"
        assert details[1]["outputs"] == ["1x4x26x26"]
        return
    monkeypatch.setattr(shutil, "which", lambda name: None)
    message = refused(f"inspect digits --graph net.{ending}")
    assert "dot" in message
    assert "--graph FILE.html" in message


def test_names_cannot_break_the_page(good, here):
    x = mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=2, name="</script><b>&")
    shapes_of = {"</script><b>&_weight": mx.nd.ones((2, 3)), "</script><b>&_bias": mx.nd.ones((2,))}
    mx.model.save_checkpoint("odd", 0, x, shapes_of, {})
    good("inspect odd --graph odd.html")
    page = (here / "odd.html").read_text()
    assert page.count("</script>") == 2
    assert "<b>&" not in page
    assert "&lt;/script&gt;" in page


def test_layout_is_in_layers_without_overlaps():
    widths = [30.0 + 7 * (i % 5) for i in range(60)]
    edges = [(i // 2, i) for i in range(1, 60)] + [(i, i + 25) for i in range(0, 30, 4)]
    placed = layout.place(widths, edges, step=50)
    for source, target in edges:
        assert placed.y[source] < placed.y[target]
    order = sorted(range(60), key=lambda i: (placed.y[i], placed.x[i]))
    for one, other in itertools.pairwise(order):
        if placed.y[one] == placed.y[other]:
            assert placed.x[other] - placed.x[one] >= (widths[one] + widths[other]) / 2
    assert all(x - w / 2 >= 0 and x + w / 2 <= placed.width + 1e-6 for x, w in zip(placed.x, widths))
    for (source, target), points in zip(edges, placed.edges):
        assert points[0] == (placed.x[source], placed.y[source])
        assert points[-1] == (placed.x[target], placed.y[target])


def test_layout_avoids_crossings():
    """Four pairs of boxes whose order is free."""
    edges = [(0, 7), (1, 6), (2, 5), (3, 4)]
    placed = layout.place([10.0] * 8, edges, step=50)
    order = sorted(edges, key=lambda edge: placed.x[edge[0]])
    assert order == sorted(edges, key=lambda edge: placed.x[edge[1]])


# -- run --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["digits", "faces", "words"])
def test_run_gives_what_mxnet_gives(good, here, model):
    good(f"run {model} --input {model}-input.npy --output out.npz")
    with np.load("out.npz") as found:
        np.testing.assert_allclose(found[found.files[0]], np.load(f"{model}-output.npy"), rtol=1e-5, atol=1e-6)


def test_run_prints_the_best_classes(good, here):
    (here / "labels.txt").write_text("".join(f"number {i}\n" for i in range(10)))
    expected = np.load("digits-output.npy")
    text = good("run digits --input digits-input.npy --labels labels.txt --top 3")
    best = re.findall(r"^ *(\d+) +([\d.]+) %  (.*)$", text, re.MULTILINE)
    assert [int(number) for number, _, _ in best] == np.argsort(-expected, axis=1)[:, :3].ravel().tolist()
    assert best[0][2] == f"number {best[0][0]}"
    assert abs(float(best[0][1]) - 100 * expected[0].max()) < 0.01
    found = json.loads(good("run digits --input digits-input.npy --labels labels.txt --json"))
    assert len(found["best"][1]) == 5
    assert found["best"][1][0]["class"] == expected[1].argmax()
    assert found["best"][1][0]["name"] == f"number {expected[1].argmax()}"


def test_features_and_sequences_are_no_classes(good):
    assert "Class" not in good("run faces --input faces-input.npy")
    assert "Class" not in good("run words --input words-input.npy")
    assert "Class" in good("run faces --input faces-input.npy --top 1")


def test_one_array_becomes_a_batch(good, here):
    np.save("one.npy", np.load("digits-input.npy")[0])
    np.savez("one.npz", data=np.load("digits-input.npy")[:1])
    text = good("run digits --input one.npy --output a.npz")
    assert "taken for a batch of one" in text
    good("run digits --input data=one.npy --output b.npz")
    good("run digits --input one.npz --output c.npz")
    found = [np.load(name)["softmax_output"] for name in ("a.npz", "b.npz", "c.npz")]
    np.testing.assert_allclose(found[0], np.load("digits-output.npy")[:1], rtol=1e-5)
    assert np.array_equal(found[0], found[1])
    assert np.array_equal(found[0], found[2])


def image(path, height, width, seed=0):
    import cv2

    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), pixels)  # lossless where the name ends in .png
    return pixels[:, :, ::-1]  # red first


def outputs_of(model, data):
    symbol, arguments, states = mx.model.load_checkpoint(model, mx.model.load_checkpoint and EPOCHS[model])
    executor = symbol.simple_bind(mx.cpu(), grad_req="null", data=data.shape)
    executor.copy_params_from(arguments, states, allow_extra_params=True)
    return executor.forward(data=mx.nd.array(data))[0].asnumpy()


EPOCHS = {"digits": 7, "faces": 0, "words": 0}


def test_images_are_prepared_as_it_says(good, here):
    pixels = image(here / "face.png", 112, 112)
    raw = pixels.transpose(2, 0, 1)[None].astype("float32")

    def run(options):
        text = good(f"run faces --input face.png --output out.npz {options}")
        with np.load("out.npz") as found:
            return " ".join(text.split()), found["fc1_output"]

    text, found = run("--resize exact")
    assert "values from 0 to 255, because the network normalizes by itself (_minusscalar0)" in text
    assert "red, green, blue" in text
    np.testing.assert_allclose(found, outputs_of("faces", raw), rtol=1e-4, atol=1e-5)
    text, found = run("--resize exact --bgr")
    np.testing.assert_allclose(found, outputs_of("faces", raw[:, ::-1]), rtol=1e-4, atol=1e-5)
    text, found = run("--resize exact --mean 0.5 0.25 0.125 --std 0.5")
    mean = np.float32([0.5, 0.25, 0.125])[:, None, None]
    np.testing.assert_allclose(found, outputs_of("faces", (raw / 255 - mean) / 0.5), rtol=1e-4, atol=1e-4)
    text, found = run("--resize 112 --mean 127.5 --std 128")
    assert "values from 0 to 255, less mean 127.5, divided by 128" in text
    np.testing.assert_allclose(found, outputs_of("faces", (raw - 127.5) / 128), rtol=1e-4, atol=1e-4)


def test_the_middle_of_an_image_is_cut_out(good, here):
    pixels = image(here / "wide.png", 112, 160)
    good("run faces --input wide.png --resize 112 --output out.npz")
    middle = pixels[:, 24:136].transpose(2, 0, 1)[None].astype("float32")
    with np.load("out.npz") as found:
        np.testing.assert_allclose(found["fc1_output"], outputs_of("faces", middle), rtol=1e-4, atol=1e-5)


def test_imagenet_is_the_default_for_a_classifier(good, here):
    image(here / "a.jpg", 40, 50)
    image(here / "b.jpg", 60, 30, seed=1)
    text = " ".join(good("run mobilenet0.25 --input a.jpg b.jpg --top 1").split())
    assert "ImageNet's normalization" in text
    assert "shorter side scaled to 256, middle 224x224 cut out" in text
    assert "softmax was taken" in text
    assert text.index("a.jpg") < text.index("b.jpg")


def test_gray_images(good, here):
    image(here / "digit.png", 28, 28)
    text = good("run digits --input digit.png --top 1")
    assert "gray; values from 0 to 1" in " ".join(text.split())


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run digits --input nothing.npy", ["nothing.npy", "no file"]),
        ("run digits --input nothing.png", ["nothing.png", "no file"]),
        ("run digits --input digits-symbol.json", ["digits-symbol.json", "no image and no array"]),
        ("run digits --input label=digits-input.npy", ["no input 'label'", "data"]),
        ("run words --input broken.png", ["none of an image"]),
        ("run digits --input broken.png", ["broken.png", "cannot be read as an image"]),
        ("run digits --input broken.npz", ["broken.npz", "no array file"]),
        ("run digits --input texts.npy", ["texts.npy", "expected numbers"]),
        ("run digits --input pickled.npy", ["pickled.npy"]),
        ("run digits --input wrong.npy", ["do not fit", "conv1"]),
        ("run digits --input digits-input.npy --output out.txt", [".npz"]),
        ("run digits --input digits-input.npy --output no/out.npz", ["no folder 'no'"]),
        ("run digits --input digits-input.npy --top 0", ["--top 0"]),
        ("run digits --input digits-input.npy --labels nothing.txt", ["nothing.txt"]),
        ("run digits --input digits-input.npy --device tpu", ["--device tpu", "cpu, gpu"]),
        ("run faces --input face.png --resize 50", ["--resize 50", "112"]),
        ("run faces --input face.png --mean 1 2", ["--mean", "1 or 3"]),
        ("run faces --input face.png --std 0", ["--std", "0"]),
        ("run faces --input face.png --raw --mean 0.5", ["--raw"]),
        ("run digits digits-0007.params more --input x", ["here are 3"]),
    ],
)
def test_run_refuses(refused, here, line, words):
    image(here / "face.png", 112, 112)
    for name in ("broken.png", "broken.npz"):
        (here / name).write_bytes(b"\x89PNG not really")
    np.save("texts.npy", np.array(["a"]))
    np.save("pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    np.save("wrong.npy", np.ones((1, 1, 2, 2), "float32"))
    message = refused(line)
    for word in words:
        assert word in message


# -- convert ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["digits", "faces", "words", "old-symbol.json digits-0007.params"])
@pytest.mark.parametrize("form", ["mxnet", "onnx", "safetensors", "torch"])
def test_convert_and_check(remx, here, model, form):
    if form in ("onnx", "safetensors"):
        pytest.importorskip(form)
    code, printed, errors = remx(f"convert {model} --to {form} -o new --check --json")
    assert (code, errors) == (0, "")
    found = json.loads(printed)
    assert found["passed"] is True
    assert all(row["relative"] < 1e-5 for row in found["check"])
    endings = {
        "mxnet": ["-0000.params", "-symbol.json"],
        "onnx": [".onnx"],
        "safetensors": [".safetensors"],
        "torch": ["-state_dict.pt", ".pt2", ".py"],
    }
    assert [os.path.basename(file["path"]) for file in found["files"]] == [f"new{end}" for end in endings[form]]
    assert all(os.path.getsize(file["path"]) == file["size"] for file in found["files"])
    assert not [name for name in os.listdir(here) if name.startswith(".")]


def test_the_way_out_and_back(good, here):
    pytest.importorskip("onnx")
    pytest.importorskip("safetensors")
    good("convert digits --to onnx -o digits")
    good("convert digits.onnx --to safetensors -o digits")
    good("convert digits.safetensors --to mxnet -o back --check")
    for model in ("digits.onnx", "digits.safetensors", "back"):
        good(f"run {model} --input digits-input.npy --output out.npz")
        with np.load("out.npz") as found:
            np.testing.assert_allclose(found[found.files[0]], np.load("digits-output.npy"), rtol=1e-4, atol=1e-6)


def test_an_old_file_becomes_a_new_one(good):
    good("convert old-symbol.json digits-0007.params --to mxnet -o new")
    found = json.loads(good("inspect new --json"))
    assert found["saved_by"] == "MXNet 1.9.1 or remx"
    assert good("diff digits new").splitlines()[-1] == "All 8 parameters are equal"


def test_onnx_takes_any_batch_size(good, here):
    onnxruntime = pytest.importorskip("onnxruntime")
    good("convert digits --to onnx -o digits.onnx --opset 17")
    session = onnxruntime.InferenceSession("digits.onnx", providers=["CPUExecutionProvider"])
    assert [item.name for item in session.get_inputs()] == ["data"]
    for count in (1, 2, 5):
        data = np.resize(np.load("digits-input.npy"), (count, 1, 28, 28))
        found = session.run(None, {"data": data})[0]
        np.testing.assert_allclose(found, np.resize(np.load("digits-output.npy"), (count, 10)), rtol=1e-4, atol=1e-6)


def test_torch_files_need_no_mxnet(good, here):
    good("convert digits --to torch -o digits")
    program = """
import sys
sys.modules["mxnet"] = None
import numpy as np, torch
x, expected = torch.from_numpy(np.load("digits-input.npy")), np.load("digits-output.npy")
print(np.abs(torch.export.load("digits.pt2").module()(x).detach().numpy() - expected).max() < 1e-6)
from digits import Digits
net = Digits()
net.load_state_dict(torch.load("digits-state_dict.pt"))
print(np.abs(net.eval()(x).detach().numpy() - expected).max() < 1e-6)
"""
    found = subprocess.run([sys.executable, "-c", program], cwd=here, capture_output=True, text=True)
    assert found.stdout == "True\nTrue\n", found.stderr


def test_a_check_that_fails(remx, here, monkeypatch):
    """What was written is compared with the model, and not with itself."""
    from mxnet._cli import formats

    real = formats.write_mxnet

    def wrong(model, prefix):
        model.arg_params["fc1_bias"] = model.arg_params["fc1_bias"] + mx.nd.arange(10)
        written = real(model, prefix)
        model.arg_params["fc1_bias"] = model.arg_params["fc1_bias"] - mx.nd.arange(10)
        return written

    monkeypatch.setattr(formats, "write_mxnet", wrong)
    code, printed, errors = remx("convert digits --to mxnet -o new --check")
    assert (code, errors) == (1, "")
    assert "FAILED" in printed


def test_half_precision_of_everything(good, here):
    """Files cast as a whole, BatchNorm too."""
    halves = {name: array.astype("float16") for name, array in mx.nd.load("digits-0007.params").items()}
    mx.nd.save("half-0000.params", halves)
    shutil.copy("digits-symbol.json", "half-symbol.json")
    text = good("run half --input digits-input.npy --output out.npz")
    assert "stored in half precision" in text
    with np.load("out.npz") as found:
        np.testing.assert_allclose(found["softmax_output"], np.load("digits-output.npy"), atol=2e-3)
    good("convert half --to mxnet -o same --check")
    assert mx.nd.load("same-0000.params")["arg:fc1_bias"].dtype == np.float16


def test_nothing_is_left_of_a_failure(refused, here, monkeypatch):
    """An older file stays as it was, and no half of a new one appears."""
    from mxnet._cli import formats

    (here / "new-symbol.json").write_text("old")

    def fails(model, prefix):
        pathlib.Path(f"{prefix}-symbol.json").write_text("half")
        raise mx.MXNetError("the disk is full")

    monkeypatch.setattr(formats, "write_mxnet", fails)
    assert "the disk is full" in refused("convert digits --to mxnet -o new")
    assert (here / "new-symbol.json").read_text() == "old"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("convert digits --to onnx -o x --opset 3", ["opset", "3", "17"]),
        ("convert digits --to mxnet -o x --opset 17", ["--opset 17", "only ONNX"]),
        ("convert digits --to mxnet -o no/x", ["no folder 'no'"]),
        ("convert digits --to mxnet -o ./", ["expected a name"]),
        ("convert digits --to mxnet -o x --input data:1,1,9", ["do not fit", "conv1"]),
        ("convert digits --to mxnet -o x --input data:1,1,a,9", ["data:1,1,a,9", "data:1,3,224,224"]),
        ("convert digits --to mxnet -o x --input date:1,1,28,28", ["no input 'date'", "data"]),
        ("convert digits --to mxnet -o x --plugin nothing.py", ["nothing.py"]),
        (
            "convert digits --to mxnet -o x --input data:1,1,28,28 data:2,1,28,28",
            ["data:2,1,28,28", "(1, 1, 28, 28) before"],
        ),
        ("convert digits --to mxnet -o x --input data:1,1,99999999999,28", ["99999999999", "lengths from 1 to"]),
        ("convert digits --to mxnet", ["-o/--output", "--help explains all"]),
        ("convert digits --to flowers -o x", ["'flowers'", "safetensors"]),
        ("convert digits --to onnx -o x --opset new", ["--opset", "'new'"]),
        ("convert digits --epoch -1 --to mxnet -o x", ["--epoch -1", "0 or more"]),
        ("convert digits --epoch 8 --to mxnet -o x", ["digits-0008.params", "there are epochs 7"]),
        ("convert digits-symbol.json digits-0007.params --epoch 7 --to mxnet -o x", ["--epoch 7", "only the prefix"]),
        ("convert resnet18_v1 --epoch 7 --to mxnet -o x", ["--epoch 7", "model zoo"]),
        ("convert digits-symbol.json words-0000.params --to mxnet -o x", ["missing", "conv1_weight"]),
        ("convert nothing-symbol.json --to mxnet -o x", ["nothing-symbol.json does not exist"]),
    ],
)
def test_convert_refuses(refused, line, words):
    message = refused(line)
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("package", "line", "extra"),
    [
        ("onnx", "convert digits --to onnx -o x", "remx[onnx]"),
        ("onnxruntime", "convert digits --to onnx -o x --check", "remx[onnx]"),
        ("safetensors", "convert digits --to safetensors -o x", "remx[safetensors]"),
    ],
)
def test_a_missing_package_is_named(refused, monkeypatch, package, line, extra):
    real = main.importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name, *more: None if name == package else real(name, *more))
    assert f'pip install "{extra}"' in refused(line)


# -- files that are wrong ---------------------------------------------------------------------------------------------


def test_operators_that_nobody_knows(refused, good, here):
    graph = json.loads((here / "digits-symbol.json").read_text())
    for node in graph["nodes"]:
        if node["op"] in ("Activation", "Pooling"):
            node["op"] = f"My{node['op']}"
    (here / "own-symbol.json").write_text(json.dumps(graph))
    message = refused("inspect own")
    assert "MyActivation (node 'relu1'); MyPooling (node 'pool1')" in message
    assert "--plugin" in message


def test_custom_operators_come_from_a_plugin(refused, good, here):
    graph = json.loads((here / "digits-symbol.json").read_text())
    for node in graph["nodes"]:
        if node["op"] == "Activation":
            node.update(op="Custom", attrs={"op_type": "cli_relu"})
    (here / "own-symbol.json").write_text(json.dumps(graph))
    shutil.copy("digits-0007.params", "own-0000.params")
    message = refused("run own --input digits-input.npy")
    assert "Custom (op_type 'cli_relu')" in message
    assert "mx.operator.register" in message
    (here / "plugin.py").write_text(
        "import mxnet as mx\n\n\n"
        "class Relu(mx.operator.CustomOp):\n"
        "    def forward(self, is_train, req, in_data, out_data, aux):\n"
        "        self.assign(out_data[0], req[0], mx.nd.relu(in_data[0]))\n\n\n"
        "@mx.operator.register('cli_relu')\n"
        "class RelUProp(mx.operator.CustomOpProp):\n"
        "    def create_operator(self, ctx, shapes, dtypes):\n"
        "        return Relu()\n"
    )
    good("run own --input digits-input.npy --plugin plugin.py --output out.npz")
    with np.load("out.npz") as found:
        np.testing.assert_allclose(found["softmax_output"], np.load("digits-output.npy"), rtol=1e-5)
    assert "custom operators, written in Python: cli_relu" in good("inspect own --plugin plugin.py")
    (here / "bad.py").write_text("import nothing_of_this_name\n")
    assert "bad.py" in refused("inspect own --plugin bad.py")


@pytest.mark.parametrize("length", [0, 7, 30, 900, 20_000])
def test_truncated_parameters(refused, here, length):
    (here / "digits-0007.params").write_bytes((GOLDEN / "digits-0007.params").read_bytes()[:length])
    assert "digits-0007.params" in refused("inspect digits")


BROKEN = ("", "{", "[]", "null", '{"nodes": [], "heads": []}', '{"nodes": 5, "heads": [[0, 0]]}', "\x00\x01",
          '{"nodes": [{"op": 7}], "heads": [[0, 0, 0]]}')  # fmt: skip


@pytest.mark.parametrize("text", BROKEN)
def test_broken_symbols(refused, here, text):
    (here / "digits-symbol.json").write_text(text)
    assert "digits-symbol.json" in refused("inspect digits")


def test_other_files(refused, here):
    (here / "digits-symbol.json").write_bytes(b"\xff\xfe\x00\x12")
    assert "binary data" in refused("inspect digits")
    (here / "x.onnx").write_bytes(b"not ONNX at all")
    assert "x.onnx" in refused("inspect x.onnx")
    (here / "x.safetensors").write_bytes(b"\xff" * 20)
    assert "x.safetensors" in refused("inspect x.safetensors")
    mx.nd.save("nameless.params", [mx.nd.ones((2,))])
    assert "have no names" in refused("inspect faces-symbol.json nameless.params")
    assert "does not exist" in refused("inspect no/folder/net")
    assert "that folder has digits, faces, old, words" in refused("inspect nothing")
    assert f"is a folder and no model; that folder has {here}/digits" in refused(f"inspect {here}")


@pytest.fixture
def shelf(here, good):
    """The digits in all formats, and files of other kinds."""
    pytest.importorskip("onnx")
    pytest.importorskip("safetensors")
    good("convert digits --to onnx -o digits")
    good("convert digits --to safetensors -o digits")
    (here / "empty").touch()
    (here / "words.txt").write_text("hello")
    (here / "page").write_text("<!DOCTYPE html><html>Not found</html>")
    (here / "other.json").write_text('{"a": 1}')
    (here / "pointer").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    torch.save({"a": torch.ones(2)}, "weights.pt")
    with zipfile.ZipFile("archive.zip", "w") as archive:
        archive.writestr("a", "b")
    return here


KINDS = {
    "digits-0007.params": "a .params file of MXNet",
    "digits-symbol.json": "a symbol file of MXNet",
    "digits.onnx": "an ONNX file",
    "digits.safetensors": "a safetensors file",
    "digits-input.npy": "a NumPy array",
    "archive.zip": "a zip archive",
    "empty": "an empty file",
    "other.json": "JSON that is no symbol",
    "page": "an HTML or XML page",
    "pointer": "git lfs pull",
    "weights.pt": "a file of torch.save",
    "words.txt": "text that is no JSON",
}


@pytest.mark.parametrize("place", ["x-symbol.json", "x.params", "x.onnx", "x.safetensors"])
def test_files_of_another_kind(shelf, refused, place):
    """Each file in the place of each other: the message names the file and what it looks like."""
    own = {"x-symbol.json": "digits-symbol.json", "x.params": "digits-0007.params"}.get(place, f"digits{place[1:]}")
    for name, kind in KINDS.items():
        if name == own:
            continue
        shutil.copy(name, place)
        model = {"x-symbol.json": "x-symbol.json digits-0007.params", "x.params": "digits-symbol.json x.params"}
        message = refused(f"inspect {model.get(place, place)}")
        assert place in message
        said_otherwise = {("x-symbol.json", "other.json"), ("x.safetensors", "empty"), ("x.safetensors", "words.txt")}
        if (place, name) not in said_otherwise:
            assert kind in message, (name, message)
        if place == "x-symbol.json":
            with pytest.raises(mx.MXNetError, match=re.escape(place)) as error:
                mx.sym.load(place)
            assert "codec" not in str(error.value)
            assert "not a symbol file" in str(error.value)
            assert name == "other.json" or kind in str(error.value)


@pytest.mark.parametrize("name", ["digits.onnx", "digits.safetensors", "digits-0007.params", "digits-symbol.json"])
def test_files_that_are_cut_off(shelf, refused, name):
    whole = (shelf / name).read_bytes()
    model = name if name.endswith(("onnx", "safetensors")) else "digits"
    for length in [*range(12), *np.random.default_rng(0).integers(12, len(whole.rstrip()), 12)]:
        (shelf / name).write_bytes(whole[:length])
        assert name in refused(f"inspect {model}")
        assert name in refused(f"convert {model} --to mxnet -o out")
        if not name.endswith(".json"):
            assert name in refused(f"diff {model} words")


@pytest.mark.parametrize("name", ["digits.onnx", "digits.safetensors", "digits-0007.params", "digits-symbol.json"])
def test_files_with_a_wrong_byte(shelf, remx, name):
    """Nothing but an answer, or one line that says what is wrong."""
    whole = (shelf / name).read_bytes()
    model = name if name.endswith(("onnx", "safetensors")) else "digits"
    draw = np.random.default_rng(1)
    for place in draw.integers(0, min(len(whole), 3000), 60):
        (shelf / name).write_bytes(whole[:place] + bytes(draw.integers(0, 256, 1, "uint8")) + whole[place + 1 :])
        code, _, errors = remx(f"inspect {model}")
        assert (code, errors) == (0, "") or (code, errors.count("\n")) == (2, 1), (place, errors)
        assert "internal error" not in errors
        assert "codec" not in errors


def test_a_second_file_for_one_that_is_whole(shelf, refused):
    for name in ("digits.onnx", "digits.safetensors"):
        assert "holds its parameters itself" in refused(f"run {name} digits-0007.params --input digits-input.npy")
        assert "only the prefix of a checkpoint" in refused(f"inspect {name} --epoch 7")


def test_a_list_is_one_line():
    assert main._one_line("two nodes:\n  a, node 'b'\n  c\nReplace them.") == "two nodes: a, node 'b'; c; Replace them."


# -- bench ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_bench(good, dtype):
    found = json.loads(good(f"bench digits --batch 1 3 --seconds 0.05 --dtype {dtype} --json"))
    assert [row["batch"] for row in found["results"]] == [1, 3]
    for row in found["results"]:
        assert 0 < row["p50_s"] <= row["p90_s"] <= row["p99_s"]
        assert row["samples_per_s"] > 0
        assert row["runs"] >= 3
        assert row["shapes"]["data"] == [row["batch"], 1, 28, 28]
    text = good("bench words --batch 2 --seconds 0.05")
    assert "data 1x10" in text
    assert max(map(len, text.splitlines())) <= 80


@pytest.fixture
def tiny(here):
    net = mx.sym.relu(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=3, name="a"))
    mx.model.save_checkpoint("tiny", 0, net, {"a_weight": mx.nd.ones((3, 4)), "a_bias": mx.nd.ones((3,))}, {})


def test_bench_tells_how_long_compiling_took(good, tiny, monkeypatch):
    """Torch compiles what a backend gets; here it waits in its place."""

    def compiled(function, **options):
        def run(*arguments):
            if not calls:
                time.sleep(0.2)
            calls.append(1)
            return function(*arguments)

        return run

    calls = []
    monkeypatch.setattr(torch, "compile", compiled)
    (row,) = json.loads(good("bench tiny --backend inductor --seconds 0.02 --json"))["results"]
    assert 0.1 < row["compile_s"] <= row["first_call_s"]
    assert len(calls) > row["runs"]
    assert "Compiling" in good("bench tiny --backend inductor --seconds 0.02")
    assert json.loads(good("bench tiny --seconds 0.02 --json"))["results"][0]["compile_s"] is None


def test_bench_says_when_nothing_was_compiled(refused, tiny, monkeypatch):
    def broken(function, **options):
        def run(*arguments):
            raise RuntimeError("there is no C++ compiler")

        return run

    monkeypatch.setattr(torch, "compile", broken)
    message = refused("bench tiny --backend inductor --seconds 0.02")
    assert "torch.compile cannot take this network: there is no C++ compiler" in message


@pytest.mark.slow
def test_bench_with_a_real_compiler(good):
    (row,) = json.loads(good("bench digits --backend inductor --seconds 0.05 --json"))["results"]
    assert row["compile_s"] > 10 * row["p50_s"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("bench digits --batch 0", ["--batch 0"]),
        ("bench digits --seconds 0", ["--seconds"]),
        ("bench digits --seconds inf", ["--seconds inf", "less than a day"]),
        ("bench digits --seconds nan", ["--seconds nan"]),
        ("bench digits --batch many", ["--batch", "'many'"]),
        ("bench digits --threads 0", ["--threads 0"]),
        ("bench fixed --batch 8 --seconds 0.1", ["--batch 8", "(4, 6)"]),
    ],
)
def test_bench_refuses(refused, here, line, words):
    x = mx.sym.Reshape(mx.sym.FullyConnected(mx.sym.var("data"), num_hidden=12, name="a"), shape=(4, 3, 4))
    mx.model.save_checkpoint("fixed", 0, x, {"a_weight": mx.nd.ones((12, 6)), "a_bias": mx.nd.ones((12,))}, {})
    message = refused(line)
    for word in words:
        assert word in message


# -- doctor -----------------------------------------------------------------------------------------------------------


def test_doctor(good, monkeypatch):
    monkeypatch.setenv("MXNET_HOME", "/somewhere")
    text = good("doctor")
    assert "yes: a small network gave the right result" in text
    assert "MXNET_HOME=/somewhere" in text
    found = json.loads(good("doctor --json"))
    assert found["problems"] == []
    assert found["packages"]["numpy"] == np.__version__


def test_doctor_survives_a_broken_torch(tmp_path):
    (tmp_path / "torch.py").write_text("raise ImportError('libtorch.so: cannot open shared object file')\n")
    program = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nsys.argv[1:] = ['doctor']\n"
    program += "import remx\nsys.exit(remx.main())"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert found.returncode == 1, found.stderr
    assert "torch does not load: ImportError: libtorch.so" in " ".join(found.stdout.split())
    assert found.stderr == ""


# -- diff -------------------------------------------------------------------------------------------------------------


def test_diff(remx, good, here):
    arrays = mx.nd.load("digits-0007.params")
    assert good("diff digits digits-0007.params").endswith("All 8 parameters are equal\n")
    arrays["arg:fc1_bias"][3] += 0.5
    arrays["arg:conv1_weight"] = arrays["arg:conv1_weight"].astype("float16")
    arrays["arg:bn1_beta"] = mx.nd.ones((5,))
    arrays["aux:more"] = mx.nd.ones((1,))
    del arrays["arg:conv1_bias"]
    mx.nd.save("other.params", arrays)
    code, printed, errors = remx("diff digits other.params --json")
    assert (code, errors) == (1, "")
    found = {row["name"]: row for row in json.loads(printed)["differences"]}
    assert {name: row["what"] for name, row in found.items()} == {
        "fc1_bias": "values",
        "conv1_weight": "dtype",
        "bn1_beta": "shape",
        "more": "missing",
        "conv1_bias": "missing",
    }
    assert abs(found["fc1_bias"]["largest"] - 0.5) < 1e-6
    code, printed, _ = remx("diff digits other.params")
    assert code == 1
    assert "5 of 9 parameters differ" in printed
    assert "only in A: 4" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_diff_with_a_tolerance(remx, good, here):
    arrays = mx.nd.load("digits-0007.params")
    arrays["arg:fc1_weight"] *= 1.0001
    mx.nd.save("near.params", arrays)
    assert remx("diff digits near.params")[0] == 1
    assert "equal to 0.001" in good("diff digits near.params --tolerance 1e-3")
    arrays["arg:fc1_weight"][0, 0] = np.nan
    mx.nd.save("nan.params", arrays)
    assert remx("diff digits nan.params --tolerance 1e-3")[0] == 1
    good("diff nan.params nan.params")


def test_diff_refuses(refused):
    assert "'nothing'" in refused("diff digits nothing")
    assert "is a symbol" in refused("diff digits-symbol.json digits")
    assert "--tolerance" in refused("diff digits digits --tolerance -1")


# -- tables -----------------------------------------------------------------------------------------------------------


def test_tables_fit_the_width():
    rows = [("a" * 200, "b" * 50, 12345678), ("c", "d", 1)]
    lines = tables.table(("Name", "Kind", "Count"), rows, right="llr")
    assert max(map(len, lines)) == 80
    assert len({len(line) for line in lines[1:]}) == 1
    assert ".." in lines[1]
    assert lines[1].endswith("12345678")


COUNTS = {0: "0", 999: "999", 999.6: "1.00 k", 1000: "1.00 k", 25557032: "25.6 M", 999_999: "1.00 M", 4.1e9: "4.10 G",
          3e20: "300000 P"}  # fmt: skip


@pytest.mark.parametrize(("number", "text"), COUNTS.items())
def test_counts(number, text):
    assert tables.count(number) == text


def test_json_is_strict(capsys):
    tables.print_json({"a": float("inf"), 1: (float("nan"), [2])})
    assert json.loads(capsys.readouterr().out) == {"a": None, "1": [None, [2]]}
