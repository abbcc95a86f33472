"""Monitor: statistics of what flows through executors while they train."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
from typing import Any

from . import base
from .ndarray import NDArray

__all__ = ["Monitor"]


class Monitor:
    """Collect a statistic of outputs, parameters and states of executors at every `interval`-th batch.

    Parameters
    ----------
    interval : int
        Batches from one collection to the next.
    stat_func : function of (NDArray) to NDArray or list of NDArray, optional
        The statistic; the root of the mean of squares when left out.
    pattern : str
        Regular expression; only names that begin with a match are looked at.
    sort : bool
        Sort the results by name.
    monitor_all : bool
        Look at the inputs of operators, too.

    Attributes
    ----------
    queue : list of (int, str, NDArray)
        Step, name and statistic of what was seen since `tic`.
    activated : bool
        Whether `tic` began a collection.
    step : int
        How often `tic` was called.
    exes : list of Executor
        What is watched.

    Examples
    --------
    >>> executor = mx.sym.exp(mx.sym.var("x"), name="e").bind(mx.cpu(), {"x": mx.nd.zeros((2,))})
    >>> monitor = mx.mon.Monitor(interval=1, stat_func=lambda array: array.max())
    >>> monitor.install(executor)
    >>> monitor.tic()
    >>> _ = executor.forward()
    >>> monitor.toc()
    [(1, 'e_output', '1.0\\t'), (1, 'x', '0.0\\t')]
    """

    def __init__(
        self,
        interval: int,
        stat_func: Callable[[NDArray], Any] | None = None,
        pattern: str = ".*",
        sort: bool = False,
        monitor_all: bool = False,
    ) -> None:
        if interval == 0:
            raise base.ValueError(
                "Monitor: interval is 0, expected the number of batches from one collection to the next"
            )
        self.stat_func = stat_func or _root_mean_square
        self.interval = interval
        self.activated = False
        self.queue: list[tuple[int, str, Any]] = []
        self.step = 0
        self.exes: list[Any] = []
        self.re_prog = re.compile(pattern)
        self.sort = sort
        self.monitor_all = monitor_all

    def stat_helper(self, name: bytes | str, array: NDArray) -> None:
        """Note the statistic of one array, if a collection goes on: what the executors call."""
        if not self.activated:
            return
        text = name.decode() if isinstance(name, bytes) else name
        if self.re_prog.match(text):
            self.queue.append((self.step, text, self.stat_func(array)))

    def install(self, exe: Any) -> None:
        """Watch an executor.

        Parameters
        ----------
        exe : Executor
            The executor. A module's `install_monitor` calls this for each of its own.
        """
        exe.set_monitor_callback(self.stat_helper, self.monitor_all)
        self.exes.append(exe)

    def tic(self) -> None:
        """Count a batch, and begin a collection if its turn has come. Call it before `forward`."""
        if self.step % self.interval == 0:
            self.queue = []
            self.activated = True
        self.step += 1

    def toc(self) -> list[tuple[int, str, str]]:
        """End the collection, and add the present arguments and auxiliary states.

        Returns
        -------
        list of (int, str, str)
            Step, name, and the statistics as text, each with a tab behind it. Empty without a collection.

        Raises
        ------
        TypeError
            If the statistic is neither an NDArray nor a list of them.
        """
        if not self.activated:
            return []
        for exe in self.exes:
            names = (exe._symbol.list_arguments(), exe._symbol.list_auxiliary_states())
            for group, arrays in zip(names, (exe.arg_arrays, exe.aux_arrays)):
                for name, array in zip(group, arrays):
                    self.stat_helper(name, array)
        self.activated = False
        found = sorted(self.queue, key=lambda item: item[1]) if self.sort else self.queue
        self.queue = []
        return [(step, name, _text(name, value)) for step, name, value in found]

    def toc_print(self) -> None:
        """End the collection, and log what it found."""
        for step, name, text in self.toc():
            logging.info("Batch: %7d %-30s %s", step, name, text)


def _root_mean_square(array: NDArray) -> NDArray:
    return array.norm() / math.sqrt(array.size)


def _text(name: str, value: Any) -> str:
    values = [value] if isinstance(value, NDArray) else value
    if not isinstance(values, list) or not all(isinstance(item, NDArray) for item in values):
        raise base.TypeError(
            f"Monitor: stat_func gave {value!r} for {name}; expected an NDArray or a list of them, such as array.mean()"
        )
    return "".join(str(item.asscalar() if item.shape == (1,) else item.asnumpy()) + "\t" for item in values)
