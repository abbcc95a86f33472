"""Cases that are made when they are first asked for, and what can be asked about them besides their time.

It is imported by programs with large networks and runs on Python 3.8, which MXNet 1.9.1 needs.
"""

import time
from collections import namedtuple

#: What makes a case: `step` runs it once, `parameters` is how many numbers it trains.
Made = namedtuple("Made", "step parameters")


def later(makers, finish=lambda: None):
    """Return cases and measures for `serve`.

    Parameters
    ----------
    makers : dict of str to callable
        For each case a function that returns a `Made`.
    finish : callable
        Waits for what a case started.
    """
    made = {}

    def get(name):
        if name not in made:
            made[name] = makers[name]()
        return made[name]

    def forget():
        """Free what was made: the next network needs the memory."""
        made.clear()

    def first(name):
        """Return the seconds of the first step of a new network: tracing and compiling are in it."""
        made.clear()
        step = get(name).step
        start = time.perf_counter()
        step()
        finish()
        return time.perf_counter() - start

    def peak(name, steps):
        """Run some steps; return the largest resident memory before them and after them, in bytes."""
        step = get(name).step
        finish()
        before = largest_resident()
        for _ in range(steps):
            step()
        finish()
        return [before, largest_resident()]

    cases = {name: (lambda name=name: get(name).step()) for name in makers}
    measures = {"forget": forget, "parameters": lambda name: get(name).parameters, "first": first, "peak": peak}
    return cases, measures


def largest_resident():
    """Return the most memory that this process had resident so far (VmHWM), in bytes; Linux only."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
