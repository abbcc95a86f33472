"""`Constant`: a parameter whose values never change."""

from __future__ import annotations

from typing import Any

from .. import initializer
from .. import ndarray as nd
from .._warning import warn
from ..ndarray.ndarray import NDArray
from ..symbol import Symbol, Variable
from ._parameter import Parameter

#: Constants of more elements than this are not written into graphs.
_WRITTEN = 1000


class Constant(Parameter):
    """A parameter whose values never change: without a gradient, and not touched by a Trainer.

    Parameters
    ----------
    name : str
        Full name, prefixes included.
    value : NDArray or array_like
        Its values.

    Examples
    --------
    >>> class Scaled(mx.gluon.HybridBlock):
    ...     def __init__(self, **kwargs):
    ...         super().__init__(**kwargs)
    ...         self.factor = self.params.get_constant("factor", [2.0, 3.0])
    ...     def hybrid_forward(self, F, x, factor):
    ...         return x * factor
    >>> net = Scaled()
    >>> net.initialize()
    >>> net(mx.nd.ones((2,))).asnumpy().tolist()
    [2.0, 3.0]
    """

    def __init__(self, name: str, value: Any) -> None:
        self.value = value if isinstance(value, NDArray) else nd.array(value)
        super().__init__(
            name, grad_req="null", shape=self.value.shape, dtype=self.value.dtype, init=initializer.Constant(self.value)
        )

    def var(self) -> Symbol:
        """Return the symbol that stands for it; how to initialize it is written there unless it is large."""
        if self._var is None and self.value.size > _WRITTEN:
            self._var = Variable(self.name, shape=self.shape, dtype=self.dtype, stype=self._stype)
        return super().var()

    @property
    def grad_req(self) -> str:
        """Always 'null'."""
        return "null"

    @grad_req.setter
    def grad_req(self, req: str) -> None:
        if req != "null":
            warn(
                f'Constant parameter "{self.name}" does not support grad_req other than "null", and new value "{req}" '
                "is ignored."
            )
