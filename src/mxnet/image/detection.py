"""Images with boxes in them: changing and iterating over them. The parts live in modules by subject beside this one."""

from __future__ import annotations

from . import _det_augmenters, _det_create, _det_crops, _det_iterator
from ._det_augmenters import *  # noqa: F403
from ._det_create import *  # noqa: F403
from ._det_crops import *  # noqa: F403
from ._det_iterator import *  # noqa: F403

_PARTS = (_det_augmenters, _det_create, _det_crops, _det_iterator)

__all__ = sorted(name for part in _PARTS for name in part.__all__)  # pyright: ignore

for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
