"""How large the value of a pickle is, where what is shared counts each time it appears.

A value of a few bytes may hold one list twice, which holds another twice, and so on: it is small in memory and endless
to whoever walks through it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .pickle_makers import Maker, Refused

CONTAINERS = (list, tuple, dict, set, frozenset)

_MOST_DEPTH = 100


def size_of(value: Any) -> int:
    """Return about how many bytes a copy of a value takes, without what it contains."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, (str, bytes, bytearray)):
        return len(value)
    return 8 * len(value) if isinstance(value, CONTAINERS) else 8


def check_weight(roots: list[Any], spent: int, limit: int) -> None:
    """Refuse values that weigh more than `limit` together, `spent` included; contain themselves; are nested deeply."""
    known: dict[int, tuple[int, int]] = {}  # weight and depth of the containers that were seen
    total = spent
    for root in roots:
        if isinstance(root, CONTAINERS):
            if id(root) not in known:
                _weigh(root, known)
            total += known[id(root)][0]
        else:
            total += size_of(root)
            _check_value(root)
        if total > limit:
            raise Refused(f"it stands for more than {limit} bytes, which its length does not justify")


def _weigh(root: Any, known: dict[int, tuple[int, int]]) -> None:
    """Find the weight of a container and how deep it is, and of all inside."""
    path, on_path = [_Level(root)], {id(root)}
    while path:
        level = path[-1]
        for child in level.children:
            if not isinstance(child, CONTAINERS):
                level.weight += 8 + size_of(child)
                _check_value(child)
                continue
            if id(child) in on_path:
                raise Refused(f"a {type(child).__name__} contains itself")
            if id(child) not in known:
                path.append(_Level(child))
                on_path.add(id(child))
                break
            level.count(*known[id(child)])
        else:
            path.pop()
            on_path.discard(id(level.value))
            known[id(level.value)] = level.weight, level.depth
            if path:
                path[-1].count(level.weight, level.depth)
        if level.depth + len(path) > _MOST_DEPTH:
            raise Refused(f"more than {_MOST_DEPTH} containers in each other")


def _check_value(value: Any) -> None:
    if isinstance(value, Maker):
        raise Refused(f"{value.name} is named as a value")


class _Level:
    """A container on the path of `_weigh`."""

    __slots__ = ("children", "depth", "value", "weight")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.weight, self.depth = 8, 1
        self.children = iter([part for pair in value.items() for part in pair] if isinstance(value, dict) else value)

    def count(self, weight: int, depth: int) -> None:
        """Add a container inside."""
        self.weight += weight
        self.depth = max(self.depth, depth + 1)
