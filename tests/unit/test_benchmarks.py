"""The benchmarks' page, pictures, ratios and networks; no times."""

from __future__ import annotations

import importlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time
import types
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator

import numpy as np
import pytest
import torch

import mxnet as mx

ROOT = pathlib.Path(__file__).parent.parent.parent
BENCHMARKS = ROOT / "benchmarks"
PROGRAMS = BENCHMARKS / "programs"
WRITTEN = [file.stem for folder in (BENCHMARKS, PROGRAMS) for file in folder.glob("*.py")]


@pytest.fixture(scope="module")
def bench() -> Iterator[types.SimpleNamespace]:
    """The modules of benchmarks/, which are found there and forgotten afterwards: their names are plain words."""
    before = {name: sys.modules.pop(name) for name in WRITTEN if name in sys.modules}
    sys.path[:0] = [str(BENCHMARKS), str(PROGRAMS)]
    names = ("harness", "report", "plots", "run", "networks", "machine", "compile_time", "later", "workloads")
    try:
        found = {name: importlib.import_module(name) for name in names}
        found |= {name: importlib.import_module(name) for name in ("vision_mxnet", "vision_torch")}
        yield types.SimpleNamespace(**found)
    finally:
        sys.path[:] = [entry for entry in sys.path if entry not in (str(BENCHMARKS), str(PROGRAMS))]
        for name in WRITTEN:
            sys.modules.pop(name, None)
        sys.modules.update(before)


@pytest.fixture
def times(bench):
    return lambda *seconds: bench.harness.Times(list(seconds))


def figure(bench, times, *, tables: int = 1, title: str = "A figure") -> dict:
    """Return a figure with tables of three rows, where the second library takes twice as long as remx."""
    made = bench.report.Figure(title, "python benchmarks/a.py", "About it.")
    for number in range(tables):
        rows = {"remx": times(0.001, 0.002, 0.004), "PyTorch eager": times(0.004, 0.004), "MXNet 1.9.1": times(0.001)}
        made.race(f"Case {number}", rows, "ms", base="remx")
    made.target("step", 0.5, 1, " x")
    return {**vars(made), "machine": {"CPU": "one"}, "day": "2020-01-01", "load": 0.5}


# -- tables -----------------------------------------------------------------------------------------------------------


def test_a_race_has_the_ratios_to_ours(bench, times):
    made = figure(bench, times)["tables"][0]
    assert made["columns"] == ["", "median, ms", "minimum, ms", "median / ours", "minimum / ours"]
    assert made["rows"] == [
        ["remx", "2.000", "1.000", "1.00", "1.00"],
        ["PyTorch eager", "4.000", "4.000", "2.00", "4.00"],
        ["MXNet 1.9.1", "1.000", "1.000", "0.50", "1.00"],
    ]


def test_a_share_is_of_the_time_at_the_peak(bench, times):
    made = bench.report.Figure("", "", "")
    made.race("case", {"remx": times(0.002), "other": times(0.004)}, "ms", share=("peak", 0.001))
    assert made.tables[0]["columns"][-1] == "share of the peak"
    assert [row[-1] for row in made.tables[0]["rows"]] == ["50%", "25%"]


def test_parts_compare_with_ours_of_the_same_part(bench, times):
    taken = {
        "copy: remx": times(1e-3),
        "copy: peer": times(3e-3),
        "update: remx": times(2e-3),
        "update: peer": times(1e-3),
    }
    made = bench.report.Figure("", "", "")
    made.parts("Parts", bench.harness.by_part(taken), "ms")
    shown = [(row[0], row[1], row[4]) for row in made.tables[0]["rows"]]
    assert shown == [
        ("copy", "remx", "1.00"),
        ("copy", "peer", "3.00"),
        ("update", "remx", "1.00"),
        ("update", "peer", "0.50"),
    ]


def test_targets_are_met_missed_or_not_measured(bench, times):
    made = bench.report.Figure("", "", "")
    compared = bench.harness.compared(times(3, 4, 5), times(2))
    assert compared == {"median": 2.0, "min": 1.5}
    made.target("slow", compared, 1, " x")
    made.target("fast", 0.5, 1, " x")
    made.target("absent", None, 1, " x")
    assert [target["met"] for target in made.targets] == [False, True, None]
    assert [target["found"] for target in made.targets] == ["2.00 x (minima 1.50 x)", "0.50 x", "not measured"]


def test_markdown_tables_have_as_many_cells_in_every_line(bench, times):
    text = bench.report.markdown(figure(bench, times), "figures/a.svg")
    assert "](figures/a.svg)" in text
    widths = {line.count("|") for line in text.splitlines() if line.startswith("|")}
    assert widths == {5, 6}  # targets, times


# -- rounds -----------------------------------------------------------------------------------------------------------


class Clock:
    """A contestant whose cases take as long as they say."""

    label = "clock"

    def __init__(self, **seconds: float) -> None:
        self.seconds = seconds
        self.asked: list[tuple[str, int, int | None]] = []

    def ask(self, name: str, count: int, warm: int | None = None) -> float:
        self.asked.append((name, count, warm))
        return self.seconds[name]


def test_fast_cases_are_called_often_and_slow_ones_seldom(bench):
    clock = Clock(fast=2**-16, slow=5.0, endless=100.0)
    rows = [bench.harness.Row(name, clock, name) for name in clock.seconds]
    found = bench.harness.race(rows, rounds=12, seconds=2**-6)
    assert {name: len(taken.rounds) for name, taken in found.items()} == {"fast": 12, "slow": 4, "endless": 3}
    assert max(count for name, count, _ in clock.asked if name == "fast") == 1024
    assert {count for name, count, _ in clock.asked if name != "fast"} == {1}
    turns = [name for name, _, _ in clock.asked[-12 - 4 - 3 :]]
    assert 0 < turns.index("slow") < turns.index("endless") < 12  # spread over the rounds, not at their end
    assert "slow" in turns[-3:]


def test_fewer_rounds_than_three_can_be_asked_for(bench):
    clock = Clock(slow=30.0)
    assert len(bench.harness.race([bench.harness.Row("slow", clock, "slow")], rounds=1)["slow"].rounds) == 1


def contestant(bench, folder: pathlib.Path, text: str):
    program = folder / "program.py"
    program.write_text(text)
    return bench.harness.Contestant("somebody", str(program), variables={"PYTHONPATH": str(PROGRAMS)})


def test_a_contestant_answers_and_ends(bench, tmp_path):
    one = contestant(
        bench,
        tmp_path,
        "from later import Made, later\nfrom worker import serve\n"
        "made = []\n"
        "def make():\n    print('noise')\n    made.append(1)\n    return Made(lambda: made.append(2), 7)\n"
        "cases, measures = later({'a': make})\n"
        "serve(cases, {**measures, 'made': lambda: made}, facts={'version': '1'})\n",
    )
    assert (one.facts["cases"], one.facts["version"]) == (["a"], "1")
    assert one.ask("a", count=2, warm=0) >= 0
    assert one.ask("made") == [1, 2, 2]
    assert one.ask("parameters", arguments={"name": "a"}) == 7
    one.ask("forget")
    assert one.ask("first", arguments={"name": "a"}) >= 0
    assert one.ask("made") == [1, 2, 2, 1, 2]
    if sys.platform == "linux":
        before, after = one.ask("peak", arguments={"name": "a", "steps": 3})
        assert 1e6 < before <= after < 1e9
    one.close()


def test_a_contestant_that_fails_says_why(bench, tmp_path):
    with pytest.raises(SystemExit, match=r"somebody ended with 1:[\s\S]*no such thing"):
        contestant(bench, tmp_path, "raise RuntimeError('no such thing')\n")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not do this")
def test_a_stopped_contestant_ends_with_a_benchmark_that_is_killed(bench, tmp_path):
    program = tmp_path / "program.py"
    program.write_text("from worker import serve\nserve({'a': lambda: None}, {'me': __import__('os').getpid})\n")
    code = (
        "import os, sys\nfrom harness import Contestant\n"
        f"one = Contestant('one', {str(program)!r}, variables={{'PYTHONPATH': {str(PROGRAMS)!r}}})\n"
        "print(one.ask('me'), flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=BENCHMARKS, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": "."}
    )
    state = pathlib.Path(f"/proc/{int(found.stdout)}/stat")
    for _ in range(200):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return
        time.sleep(0.05)
    pytest.fail("it is still there")


def test_peers_that_are_left_out_are_named(bench):
    lines = bench.harness.absent(None, {"NumPy": "numpy", "Nobody": "no_such_module"})
    assert lines == ["MXNet 1.9.1 was left out: no interpreter was given.", "Nobody was left out: it is not installed."]
    assert bench.harness.absent("python3.8", {"NumPy": "numpy"}) == []


def test_compiling_pays_or_never_does(bench, times):
    first, taken = {"plain": 1.0, "compiled": 11.0}, {"plain": times(0.3), "compiled": times(0.2)}
    assert bench.compile_time.paying(first, taken, "compiled", "plain") == ("1.50 x", "100")
    taken["compiled"] = times(0.4)
    assert bench.compile_time.paying(first, taken, "compiled", "plain") == ("0.75 x", "never")


def test_a_peak_is_the_best_round_of_the_best_case(bench, times):
    taken = {f"{kind}: {case}": times(2.0, 4.0) for kind in bench.machine.KINDS for case in ("one", "two")}
    taken["memory copy: two"] = times(1.0, 8.0, 8.0)
    assert bench.machine.best_of(taken, dict.fromkeys(taken, 10.0)) == {
        **dict.fromkeys(bench.machine.KINDS, 5.0),
        "memory copy": 10.0,
    }


# -- page and pictures ------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(bench, tmp_path, monkeypatch):
    monkeypatch.setattr(bench.run, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(bench.run, "PAGE", tmp_path / "docs" / "performance.md")
    monkeypatch.setattr(bench.run, "PICTURES", tmp_path / "docs" / "figures")
    return tmp_path


def test_page_and_pictures_are_those_of_the_results(bench, times, folder, capsys):
    results = {"chain": figure(bench, times), "memory": figure(bench, times, tables=0, title="Memory")}
    bench.run.write(results)
    text = (folder / "docs" / "performance.md").read_text()
    assert text.index("## Memory") > text.index("## A figure")
    assert "](figures/chain.svg)" in text
    assert "memory.svg" not in text
    assert "Measured 2020-01-01: CPU one; load average at the start 0.5." in text
    assert bench.run.check() == 0
    picture = folder / "docs" / "figures" / "chain.svg"
    drawn = picture.read_bytes()

    picture.unlink()
    assert bench.run.check() == 1
    bench.run.write(results)
    assert picture.read_bytes() == drawn  # the same results, the same picture

    results["chain"]["tables"][0]["rows"][1][1] = "5.000"
    bench.run.RESULTS.write_text(json.dumps(results))
    bench.run.PAGE.write_text(bench.run.page(results))
    assert bench.run.check() == 1  # the page is right, the picture is not
    assert "not drawn from benchmarks/results.json, in docs/figures: chain" in capsys.readouterr().out
    bench.run.write(results)
    assert bench.run.check() == 0
    assert picture.read_bytes() != drawn

    (folder / "docs" / "figures" / "other.svg").write_text("<svg/>")
    assert bench.run.check() == 1
    bench.run.write(results)
    assert bench.run.check() == 0
    bench.run.PAGE.write_text(text)
    assert bench.run.check() == 1


@pytest.mark.parametrize("tables", [1, 9], ids=["bars", "points"])
def test_a_picture_shows_every_table(bench, times, tmp_path, tables):
    shown, file = figure(bench, times, tables=tables), tmp_path / "a.svg"
    bench.plots.draw(shown, file)
    tree = ElementTree.parse(file)
    words = [element.text or "" for element in tree.iter() if element.tag.endswith("text")]
    assert [f"Case {i}" for i in range(tables)] == [word for word in words if word.startswith("Case")]
    assert "PyTorch eager" in words
    if tables == 1:
        assert {"remx", "2.00 ms", "4.00 ms  (2.00 x)", "1.00 ms  (0.50 x)"} <= set(words)
    text = file.read_text()
    assert not re.search(r"#0{6}|#f{6}", text)  # neither black nor white: both are some page's background
    assert len(text) < 60_000


def test_a_picture_of_hundreds_of_ratios(bench, tmp_path):
    shown, file = {"title": "Operators", "tables": [], "values": {}}, tmp_path / "a.svg"
    assert bench.plots.description(shown) is None
    shown["values"]["ratios"] = {"forward": {"relu": 0.5, "exp": 0.1, "sort": 2.0}, "both": {}}
    bench.plots.draw(shown, file)
    assert "forward, 3 cases, median 0.50 x" in file.read_text()
    assert bench.plots.is_current(shown, file)
    shown["values"]["ratios"]["forward"]["sort"] = 3.0
    assert not bench.plots.is_current(shown, file)


def test_networks_are_seen_at_a_glance(bench, times):
    results = {name: figure(bench, times, tables=2) for name in bench.run.NETWORKS}
    assert bench.run.OVERVIEW not in bench.run.drawn(results)
    for made in results.values():
        for table in made["tables"]:
            table["columns"].append("share of the float32 convolution peak")
            for row in table["rows"]:
                row.append("50%")
    assert len(bench.run.drawn(results)[bench.run.OVERVIEW]["tables"]) == 2 * len(results)
    assert bench.run.page(results).index("figures/overview.svg") < bench.run.page(results).index("## A figure")


def test_the_kept_page_is_current(bench, capsys):
    assert bench.run.check() == 0, capsys.readouterr().out


def test_every_figure_has_a_program_and_is_explained(bench):
    text = (BENCHMARKS / "README.md").read_text()
    for name in bench.run.FIGURES:
        assert (BENCHMARKS / f"{name}.py").is_file()
        assert f"benchmarks/{name}.py" in text


# -- networks ---------------------------------------------------------------------------------------------------------


def copied(bench, name: str, size: int):
    """Return a Gluon network, PyTorch's with the same numbers, and what both are given."""
    np.random.seed(0)
    net, model = bench.vision_mxnet.network(name), bench.vision_torch.NETWORKS[name]().eval()
    images = np.random.rand(2, 3, size, size).astype("float32")
    net(mx.nd.array(images))
    ours = [parameter.data() for parameter in net.collect_params().values()]
    theirs = [tensor for name, tensor in model.state_dict().items() if "num_batches" not in name]
    assert [array.shape for array in ours] == [tuple(tensor.shape) for tensor in theirs]
    for array, tensor in zip(ours, theirs):
        tensor.copy_(torch.from_numpy(array.asnumpy()))
    return net, model, images


@pytest.mark.parametrize(("name", "tolerance"), [("resnet18", 1e-5), ("resnet50", 1e-4), ("mobilenet", 1e-5)])
def test_torch_runs_the_same_network(bench, name, tolerance):
    net, model, images = copied(bench, name, 64)
    with torch.no_grad():
        expected = model(torch.from_numpy(images)).numpy()
    found = net(mx.nd.array(images)).asnumpy()
    np.testing.assert_allclose(found, expected, atol=tolerance * np.abs(expected).max())


def test_torch_runs_the_same_detector(bench):
    net, model, images = copied(bench, "ssd", 256)
    objects = bench.workloads.objects(2)
    anchors, scores, offsets = net(mx.nd.array(images))
    with torch.no_grad():
        found = model(torch.from_numpy(images))
    np.testing.assert_allclose(anchors.asnumpy()[0], model.anchors.numpy(), atol=1e-6)
    for ours, theirs in zip((scores, offsets), found):
        np.testing.assert_allclose(ours.asnumpy(), theirs.numpy(), atol=1e-4)
    ours = mx.nd.contrib.MultiBoxTarget(anchors, mx.nd.array(objects), scores.transpose((0, 2, 1)))
    theirs = bench.vision_torch.targets(model.anchors, torch.from_numpy(objects))
    for one, other in zip(ours, theirs):
        np.testing.assert_allclose(one.asnumpy(), other.numpy(), atol=1e-5)
    assert ours[2].asnumpy().astype(bool).sum() > 6
    loss = bench.vision_mxnet.DetectionLoss()(anchors, scores, offsets, mx.nd.array(objects)).mean().asscalar()
    expected = bench.vision_torch.detection_loss(model.anchors, found, torch.from_numpy(objects)).item()
    assert loss == pytest.approx(expected, rel=1e-5)


def test_operations_are_those_of_the_symbol(bench):
    """Count multiply-adds from the shapes of our graph and compare with what torch counts, which the tables use."""
    from torch.utils.flop_counter import FlopCounterMode

    symbol = bench.vision_mxnet.NETWORKS["resnet50"]()(mx.sym.Variable("data"))
    inside = symbol.get_internals()
    _, shapes, _ = inside.infer_shape(data=(2, 3, 64, 64))
    sizes = dict(zip(inside.list_outputs(), shapes))
    multiplied = 0
    nodes = json.loads(symbol.tojson())["nodes"]
    for node in nodes:
        if node["op"] in ("Convolution", "FullyConnected"):
            weight, made = sizes[nodes[node["inputs"][1][0]]["name"]], sizes[f"{node['name']}_output"]
            multiplied += int(np.prod(made)) * int(np.prod(weight[1:]))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        bench.vision_torch.NETWORKS["resnet50"]().eval()(torch.zeros(2, 3, 64, 64))
    assert counter.get_total_flops() == 2 * multiplied


def test_the_language_models_have_the_operations_of_their_formula(bench):
    from torch.utils.flop_counter import FlopCounterMode

    language = importlib.import_module("language_torch")
    length, batch = bench.workloads.LANGUAGE["transformer_training"]
    model = language.NETWORKS["transformer_training"]()
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        model(torch.zeros(batch, length, dtype=torch.long))
    assert 3 * counter.get_total_flops() == bench.workloads.language_operations("transformer_training")


def test_other_networks_end_the_benchmark(bench):
    class Counting:
        def __init__(self, count: int | None) -> None:
            self.count = count

        def ask(self, name: str, arguments: dict[str, str]) -> int | None:
            assert (name, arguments) == ("parameters", {"name": "case"})
            return self.count

    rows = [bench.harness.Row(str(count), Counting(count), "case") for count in (10_000, 10_004, None)]
    bench.networks.same_parameters(rows)
    rows.append(bench.harness.Row("another", Counting(9_000), "case"))
    with pytest.raises(SystemExit, match="'another': 9000"):
        bench.networks.same_parameters(rows)
