"""The loop of a contestant: a process that runs one of its cases whenever the benchmark asks for it.

It is imported by every program in this folder and runs on Python 3.8, which MXNet 1.9.1 needs.
"""

import ctypes
import json
import os
import signal
import sys
import time


def serve(cases=None, measures=None, finish=None, facts=None):
    """Answer requests, one JSON line each, until the input ends.

    Parameters
    ----------
    cases : dict of str to callable
        What is timed: a request names one and how many times to call it. The answer is the seconds for one call.
    measures : dict of str to callable
        What times itself: it takes the request's arguments by keyword and returns anything that JSON holds.
    finish : callable
        Waits for what a case started, before the clock is read; for engines that run behind the caller.
    facts : dict
        Versions and settings, told once at the start.
    """
    _end_with_parent()
    cases, measures, finish = cases or {}, measures or {}, finish or (lambda: None)
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print does not disturb the answers
    print(json.dumps({"cases": sorted(cases), **(facts or {})}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        if request["name"] in measures:
            result = measures[request["name"]](**request.get("arguments", {}))
        else:
            case, count = cases[request["name"]], request["count"]
            for _ in range(request.get("warm", count // 5 + 1)):  # the caches were another's until now
                case()
            finish()
            start = time.perf_counter()
            for _ in range(count):
                case()
            finish()
            result = (time.perf_counter() - start) / count
        print(json.dumps(result), file=answers, flush=True)


def _end_with_parent():
    """Have the system end this process with the benchmark: it may be stopped then, and notice nothing (Linux)."""
    if sys.platform == "linux":
        set_signal_of_parents_death = 1
        ctypes.CDLL(None).prctl(set_signal_of_parents_death, signal.SIGKILL)
