"""The picture: loss and accuracy by epoch, and some held-out digits with what the network says."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from digits import DataError, Digits

if TYPE_CHECKING:
    from train import History

TRAIN, TEST, GRAY = "#9aa5b1", "#1f5fa8", "#52606d"
SHOWN = 16


def draw(
    path: pathlib.Path, history: History, predict: Callable[[np.ndarray], np.ndarray], digits: Digits, name: str
) -> None:
    """Save the picture to `path`."""
    try:
        import matplotlib
    except ImportError:
        raise DataError("the picture needs matplotlib: pip install 'remx[demo]'") from None
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.ticker import MaxNLocator

    style = {"font.size": 10, "axes.edgecolor": "#cbd2d9", "axes.labelcolor": GRAY, "xtick.color": GRAY,
             "ytick.color": GRAY, "axes.titlelocation": "left", "axes.spines.top": False,
             "axes.spines.right": False}  # fmt: skip
    with pyplot.rc_context(style):
        figure = pyplot.figure(figsize=(10, 6), layout="constrained")
        figure.suptitle(f"Two layers, 128 hidden units, {name}", x=0.012, ha="left", fontsize=13, fontweight="bold")
        top, bottom = figure.subfigures(2, 1, height_ratios=(3.3, 1))
        epochs = np.arange(1, len(history.test_loss) + 1)
        panels = (
            ("Loss (mean cross entropy)", history.train_loss, history.test_loss, "{:.3f}", "upper right"),
            ("Accuracy", history.train_accuracy, history.test_accuracy, "{:.2%}", "lower right"),
        )
        for axes, (title, train, test, form, corner) in zip(top.subplots(1, 2), panels):
            axes.plot(epochs, train, "o-", color=TRAIN, markersize=4, linewidth=1.6, label="while training")
            axes.plot(epochs, test, "o-", color=TEST, markersize=4, linewidth=2, label="held out")
            axes.set_title(f"{title}; held out at the end: {form.format(test[-1])}", fontsize=10.5)
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(axis="y", color="#e4e7eb", linewidth=0.8)
            axes.set_axisbelow(True)
            axes.margins(x=0.04)
            axes.legend(frameon=False, loc=corner)
        top.axes[0].set_ylim(bottom=0)
        top.axes[1].yaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        _digits(bottom, predict, digits)
        figure.savefig(path, dpi=150)
        pyplot.close(figure)


def _digits(figure, predict: Callable[[np.ndarray], np.ndarray], digits: Digits) -> None:
    """Show the held-out digits of which the network is least sure, and its answers."""
    probabilities = predict(digits.test_x)
    answers = np.argmax(probabilities, axis=1)
    shown = np.argsort(probabilities.max(axis=1))[:SHOWN]
    wrong = (answers != digits.test_y).sum()
    figure.suptitle(
        f"{wrong} of {len(answers)} held-out digits are wrong. The {len(shown)} least sure answers:",
        x=0.012, ha="left", fontsize=10.5,
    )  # fmt: skip
    for axes in (grid := figure.subplots(1, SHOWN)):
        axes.axis("off")
    for axes, number in zip(grid, shown):
        axes.imshow(digits.test_x[number].reshape(digits.size), cmap="gray_r", vmin=0, vmax=digits.largest)
        answer, truth = answers[number], digits.test_y[number]
        axes.set_title(
            f"{answer}" if answer == truth else f"{answer}, not {truth}",
            fontsize=9, loc="center", color=GRAY if answer == truth else "#b42318",
        )  # fmt: skip
