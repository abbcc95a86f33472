"""Layers that call their children one after another."""

from __future__ import annotations

from typing import Any

from ..._warning import warn
from ..block import Block, HybridBlock
from ..utils import _indent


def _shown(container: Block) -> str:
    """Return a container's name with one line for each child."""
    children = "\n".join(f"  ({key}): {_indent(str(block), 2)}" for key, block in container._children.items())
    return f"{type(container).__name__}(\n{children}\n)"


def _picked(container: Any, key: Any) -> Any:
    """Return the child at an index, or a container of the same class with the children of a slice."""
    blocks = list(container._children.values())[key]
    if not isinstance(blocks, list):
        return blocks
    part = type(container)(prefix=container._prefix)
    with part.name_scope():
        part.add(*blocks)
    return part


class Sequential(Block):
    """A stack of blocks: each is called with what the one before it returned.

    Children may be any Block. `HybridSequential` is faster where all of them are HybridBlocks. An index gives a child,
    a slice gives a Sequential that shares the children, and ``len`` their number.

    Parameters
    ----------
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Examples
    --------
    >>> net = mx.gluon.nn.Sequential()
    >>> net.add(mx.gluon.nn.Dense(3, activation="relu"), mx.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> len(net), net(mx.nd.ones((4, 5))).shape
    (2, (4, 2))
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)

    def add(self, *blocks: Block) -> None:
        """Put blocks on top of the stack.

        Parameters
        ----------
        *blocks : Block
            What is called after the present children, in this order.
        """
        for block in blocks:
            self.register_child(block)

    def forward(self, x: Any) -> Any:  # type: ignore[override] - one argument, as in MXNet
        """Return what the last child makes of `x`.

        Parameters
        ----------
        x : NDArray
            What the first child is called with.

        Returns
        -------
        NDArray
            The result of the last child; `x` itself if there are no children.
        """
        for block in self._children.values():
            x = block(x)
        return x

    def __repr__(self) -> str:
        return _shown(self)

    def __getitem__(self, key: Any) -> Any:
        return _picked(self, key)

    def __len__(self) -> int:
        return len(self._children)

    def hybridize(self, active: bool = True, **kwargs: Any) -> None:
        """Hybridize the children, and warn where HybridSequential would do it for the whole stack.

        Parameters
        ----------
        active : bool
            Whether hybrid children run as compiled graphs.
        **kwargs
            What `HybridBlock.hybridize` takes, such as `static_alloc`.
        """
        if self._children and all(isinstance(block, HybridBlock) for block in self._children.values()):
            warn(
                f"All children of this Sequential layer '{self.prefix}' are HybridBlocks. "
                "Consider using HybridSequential for the best performance."
            )
        super().hybridize(active, **kwargs)


class HybridSequential(HybridBlock):
    """A stack of HybridBlocks that hybridizes as one graph.

    An index gives a child, a slice gives a HybridSequential that shares the children, and ``len`` their number.

    Parameters
    ----------
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Examples
    --------
    >>> net = mx.gluon.nn.HybridSequential()
    >>> net.add(mx.gluon.nn.Dense(3, activation="relu"), mx.gluon.nn.Dense(2))
    >>> net.initialize()
    >>> net.hybridize()
    >>> net(mx.nd.ones((4, 5))).shape
    (4, 2)
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)

    def add(self, *blocks: HybridBlock) -> None:
        """Put blocks on top of the stack.

        Parameters
        ----------
        *blocks : HybridBlock
            What is called after the present children, in this order.

        Raises
        ------
        ValueError
            If one of them is not a HybridBlock.
        """
        for block in blocks:
            self.register_child(block)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return what the last child makes of `x`; `x` itself if there are no children."""
        for block in self._children.values():
            x = block(x)
        return x

    def __repr__(self) -> str:
        return _shown(self)

    def __getitem__(self, key: Any) -> Any:
        return _picked(self, key)

    def __len__(self) -> int:
        return len(self._children)
