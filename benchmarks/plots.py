"""Pictures of the figures, drawn from their tables: one SVG file for each, in docs/figures.

A picture shows every table that compares with ours: as bars where there are few, as points (the ratio to ours) where
there are many. Grey text on no background is legible on white and on black. A file says in its description what it was
drawn from, so that `is_current` needs no matplotlib and does not depend on its version.
"""

from __future__ import annotations

import hashlib
import json
import math
import pathlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

GREY, FAINT, OURS = "#7d7d7d", "#7d7d7d40", "#d9663d"
#: For peers in points, by the beginning of their names; bars of peers are grey.
COLOURS = {
    "remx": OURS,
    "MXNet 1.9.1, default": "#2f9e63",
    "MXNet 1.9.1, OMP": "#7cc79b",
    "PyTorch": "#3d7fd9",
    "torch": "#8a63d2",
    "JAX": "#c2a01e",
    "ONNX": "#c05a9e",
    "OpenVINO": "#3fa3a3",
}
MARKERS = "osD^vPX*<>hpd"
PANELS = 6  # with more tables a figure is drawn as points
WIDTH, LINE = 7.6, 0.21  # inches; of a bar or a row of points


@dataclass(frozen=True)
class Panel:
    """One table: a caption, the unit, and a value and its ratio to ours by row."""

    caption: str
    unit: str
    names: list[str]
    values: list[float]
    ratios: list[float]


def panels(figure: Mapping[str, Any]) -> list[Panel]:
    """Return what a figure has to show: its tables with a column of values and one of their ratios to ours."""
    found = []
    for table in figure["tables"]:
        columns, rows = table["columns"], table["rows"]
        ratio = next((i for i, column in enumerate(columns) if column.endswith("/ ours")), None)
        value = next((i for i, column in enumerate(columns) if column.startswith(("median, ", "peak, "))), None)
        if ratio is None or value != 1 or len(rows) < 2:
            continue
        numbers = [[float(row[i].replace(",", "")) for row in rows] for i in (value, ratio)]
        unit = columns[value].partition(", ")[2]
        found.append(Panel(table["caption"].replace("`", ""), unit, [row[0] for row in rows], *numbers))
    return found


def ratios(figure: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the sorted ratios of a figure with hundreds of them, by what was done."""
    found: Mapping[str, Mapping[str, float]] = figure.get("values", {}).get("ratios", {})
    words = {"both": "forward and backward"}
    return {words.get(what, what): sorted(by_name.values()) for what, by_name in found.items() if by_name}


def description(figure: Mapping[str, Any]) -> str | None:
    """Return what identifies a picture's content, None if the figure has nothing to show."""
    shown = [asdict(panel) for panel in panels(figure)] or ratios(figure)
    text = json.dumps([figure["title"], shown], sort_keys=True)
    return f"drawn from {hashlib.sha256(text.encode()).hexdigest()[:16]}" if shown else None


def is_current(figure: Mapping[str, Any], file: pathlib.Path) -> bool:
    """Return whether `file` was drawn from what the figure says now."""
    wanted = description(figure)
    return wanted is not None and file.exists() and wanted in file.read_text(encoding="utf-8")


def draw(figure: Mapping[str, Any], file: pathlib.Path) -> None:
    """Write the picture of a figure, unless it is there already."""
    shown, made_from = panels(figure), description(figure)
    if made_from is None or is_current(figure, file):
        return
    from matplotlib import pyplot

    file.parent.mkdir(exist_ok=True)
    style: dict[Any, Any] = {
        "font.family": "sans-serif", "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
        "font.size": 8.5, "svg.fonttype": "none", "svg.hashsalt": file.stem,
        "text.color": GREY, "axes.labelcolor": GREY, "xtick.color": GREY, "ytick.color": GREY, "axes.edgecolor": FAINT,
    }  # fmt: skip
    with pyplot.rc_context(style):
        drawn = _drawn(shown, ratios(figure))
        facts = {"Title": figure["title"], "Description": made_from, "Date": None, "Creator": None}
        drawn.savefig(file, transparent=True, metadata=facts if file.suffix == ".svg" else None)
        pyplot.close(drawn)


def _drawn(shown: Sequence[Panel], many: Mapping[str, Sequence[float]]) -> Any:
    if not shown:
        return curves(many)
    return bars(shown) if len(shown) <= PANELS else points(shown)


def bars(shown: Sequence[Panel]) -> Any:
    """Draw one panel of horizontal bars for each table; ours in colour, the ratio to ours behind each value."""
    from matplotlib import pyplot

    titles = [_wrapped(panel.caption, 62) for panel in shown]
    heights = [LINE * len(panel.names) + 0.22 + 0.16 * len(title.splitlines()) for panel, title in zip(shown, titles)]
    drawn, axes = pyplot.subplots(
        len(shown), 1, figsize=(WIDTH, sum(heights)), height_ratios=heights, squeeze=False, layout="constrained"
    )
    for axis, panel, title in zip(axes.flat, shown, titles):
        places, most = range(len(panel.names)), max(panel.values)
        colours = [OURS if name.startswith("remx") else GREY for name in panel.names]
        axis.barh(places, panel.values, color=colours, height=0.72)
        for place, value, ratio in zip(places, panel.values, panel.ratios):
            said = f"{_short(value)} {panel.unit}" + ("" if ratio == 1 else f"  ({ratio:.{2 if ratio < 10 else 0}f} x)")
            axis.text(value + most * 0.01, place, said, va="center", fontsize=7.5)
        axis.set_yticks(places, panel.names)
        axis.set_xlim(0, most * 1.24)
        axis.set_title(title, loc="left", fontsize=8.5, fontweight="bold")
        axis.invert_yaxis()
        _plain(axis)
        axis.set_xticks([])
    return drawn


def points(shown: Sequence[Panel]) -> Any:
    """Draw one row of points for each table: how many times as long as ours each peer took."""
    from matplotlib import pyplot

    peers = list(dict.fromkeys(name for panel in shown for name in panel.names))
    peers = [name for name in peers if not all(r == 1 for p in shown for n, r in zip(p.names, p.ratios) if n == name)]
    drawn, axis = pyplot.subplots(figsize=(WIDTH, LINE * (len(shown) + len(peers) / 2) + 1.0), layout="constrained")
    for number, name in enumerate(peers):
        found = [(p.ratios[p.names.index(name)], place) for place, p in enumerate(shown) if name in p.names]
        colour = next((c for begin, c in COLOURS.items() if name.startswith(begin)), GREY)
        marker = MARKERS[number % len(MARKERS)]
        axis.scatter(*zip(*found), color=colour, marker=marker, s=22, label=name, linewidths=0, zorder=3)
    axis.set_xscale("log")
    axis.set_xticks(*_ticks(*axis.get_xlim()))
    axis.minorticks_off()
    axis.axvline(1, color=OURS, linewidth=1.5)
    axis.set_xlabel("time over remx's (logarithmic); on the right of the line remx is faster")
    axis.set_yticks(range(len(shown)), [_wrapped(panel.caption, 54) for panel in shown])
    axis.set_ylim(len(shown) - 0.4, -0.6)
    axis.grid(axis="both", color=FAINT, linewidth=0.5)
    _plain(axis)
    drawn.legend(loc="outside lower center", ncols=2, frameon=False, labelcolor=GREY, fontsize=7.5)
    return drawn


def curves(shown: Mapping[str, Sequence[float]]) -> Any:
    """Draw the ratios of many cases to the peer's time, from the smallest to the largest, as one line each."""
    from matplotlib import pyplot

    drawn, axis = pyplot.subplots(figsize=(WIDTH, 2.8), layout="constrained")
    for (what, found), colour in zip(shown.items(), ("#3d7fd9", "#2f9e63", "#8a63d2")):
        said = f"{what}, {len(found)} cases, median {found[len(found) // 2]:.2f} x"
        axis.plot([(i + 0.5) / len(found) for i in range(len(found))], found, color=colour, label=said)
    axis.set_yscale("log")
    axis.set_yticks(*_ticks(*axis.get_ylim()))
    axis.minorticks_off()
    axis.axhline(1, color=OURS, linewidth=1.5)
    axis.set_ylabel("remx's time over the peer's")
    axis.set_xlim(0, 1)
    axis.set_xticks([i / 10 for i in range(11)], [f"{10 * i} %" for i in range(11)])
    axis.set_xlabel("so many of the cases have at most this ratio; below the line remx is faster")
    axis.grid(axis="both", color=FAINT, linewidth=0.5)
    axis.legend(frameon=False, labelcolor=GREY)
    _plain(axis)
    return drawn


def _ticks(least: float, most: float) -> tuple[list[float], list[str]]:
    """Return where a logarithmic axis of ratios is marked, and how."""
    steps = (1, 2, 5) if most / least < 200 else (1,)
    found = [digit * 10.0**power for power in range(-4, 5) for digit in steps]
    found = [tick for tick in found if least <= tick <= most]
    return found, [f"{tick:g} x" for tick in found]


def _plain(axis: Any) -> None:
    axis.tick_params(which="both", length=0)
    for side in ("top", "right", "bottom", "left"):
        axis.spines[side].set_visible(False)


def _short(value: float) -> str:
    """Write three digits, or all of those before the point."""
    return (
        f"{value:,.0f}"
        if value >= 100
        else f"{value:.{max(0, 2 - math.floor(math.log10(value)))}f}"
        if value > 0
        else "0"
    )


def _wrapped(text: str, width: int) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
