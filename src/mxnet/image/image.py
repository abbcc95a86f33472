"""Images: reading, changing and iterating over them. The parts live in modules by subject beside this one."""

from __future__ import annotations

from . import _augmenters, _color_augmenters, _create, _crops, _files, _iterator, _rotation, _sizes
from ._augmenters import *  # noqa: F403
from ._color_augmenters import *  # noqa: F403
from ._create import *  # noqa: F403
from ._crops import *  # noqa: F403
from ._files import *  # noqa: F403
from ._iterator import *  # noqa: F403
from ._rotation import *  # noqa: F403
from ._sizes import *  # noqa: F403
from ._sizes import _get_interp_method  # noqa: F401 (others import it from here)

_PARTS = (_augmenters, _color_augmenters, _create, _crops, _files, _iterator, _rotation, _sizes)

__all__ = sorted(name for part in _PARTS for name in part.__all__)  # pyright: ignore

for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
