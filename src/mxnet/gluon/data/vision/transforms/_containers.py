"""Several transforms as one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from .....base import TypeError as MXNetTypeError
from ....block import HybridBlock
from ....nn import HybridSequential, Sequential

__all__ = ["Compose", "RandomApply"]


class Compose(Sequential):
    """Transforms one after another.

    Neighbours that are HybridBlocks become one hybridized HybridSequential.

    Parameters
    ----------
    transforms : list of Block or callable
        What an image goes through, in this order.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> pipeline = transforms.Compose([transforms.Resize(300), transforms.CenterCrop(256), transforms.ToTensor()])
    >>> pipeline(mx.nd.zeros((512, 400, 3), dtype="uint8")).shape
    (3, 256, 256)
    """

    def __init__(self, transforms: Sequence[Callable[..., Any]]) -> None:
        super().__init__()
        if isinstance(transforms, (str, bytes)) or not isinstance(transforms, Sequence):
            raise MXNetTypeError(
                f"Compose: transforms is {type(transforms).__name__}; expected a list of Blocks or functions"
            )
        for hybrid, group in groupby(transforms, lambda transform: isinstance(transform, HybridBlock)):
            members: list[Any] = list(group)
            if hybrid and len(members) > 1:
                joined = HybridSequential()
                joined.add(*members)
                joined.hybridize()
                members = [joined]
            self.add(*members)


class RandomApply(Sequential):
    """Apply transforms to some images, and leave the others as they are.

    Which ones, Python's `random` decides.

    Parameters
    ----------
    transforms : Block, callable or list of these
        What is applied.
    p : float from 0 to 1
        Probability of applying it.

    Examples
    --------
    >>> from mxnet.gluon.data.vision import transforms
    >>> transforms.RandomApply(transforms.RandomBrightness(0.4), p=0.5)(mx.nd.ones((4, 5, 3))).shape
    (4, 5, 3)
    """

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        if isinstance(transforms, (list, tuple)):
            transforms = Compose(transforms)
        elif not callable(transforms):
            raise MXNetTypeError(
                f"RandomApply: transforms is {transforms!r}; expected a Block, a function or a list of these"
            )
        self.transforms = transforms
        self.p = p

    def forward(self, x: Any) -> Any:
        """Return `x`, transformed or not."""
        if self.p < random.random():
            return x
        return self.transforms(x)
