"""Times every line of a plan's printed functions."""

import linecache
import time


def timed_lines(function, repetitions, *arguments):
    """Call a printed function with a clock around every line.

    Returns the median seconds of each line, as (line, seconds).
    """
    source = [linecache.getline(function.filename, i + 1).rstrip() for i in range(len(function.source.splitlines()))]
    head, body = source[0], [line.strip() for line in source[1:]]
    last = body.pop()
    lines = [head.replace("(", "(clock, times, ", 1), "    before = clock()"]
    for line in body:
        lines += [f"    {line}", "    times.append(clock() - before); before = clock()"]
    lines.append(f"    {last}")
    scope = dict(function.__globals__)
    exec(compile("\n".join(lines), "timed", "exec"), scope)
    rounds = []
    for _ in range(repetitions):
        times = []
        # a backward half empties what was saved for it
        given = [list(value) if isinstance(value, list) else value for value in arguments]
        result = scope[function.__name__](time.perf_counter, times, *given)
        rounds.append(times)
    medians = [sorted(values)[len(values) // 2] for values in zip(*rounds)]
    return list(zip(body, medians)), result
