"""Basic layers. Containers, normalization and functions as layers live in modules by subject beside this one."""

from __future__ import annotations

from typing import Any

from ... import base
from ..block import Block, HybridBlock, SymbolBlock
from ..utils import _indent  # noqa: F401 (layers of other authors import it from here)
from ._batch_norm import BatchNorm, BatchNormReLU, _BatchNorm
from ._checks import ArgumentError, integer
from ._containers import HybridSequential, Sequential
from ._functions import HybridLambda, Lambda
from ._normalization import GroupNorm, InstanceNorm, LayerNorm
from .activations import Activation

__all__ = ["BatchNorm", "BatchNormReLU", "Block", "Dense", "Dropout", "Embedding", "Flatten", "GroupNorm",
           "HybridBlock", "HybridLambda", "HybridSequential", "InstanceNorm", "Lambda", "LayerNorm", "Sequential",
           "SymbolBlock"]  # fmt: skip

# Where MXNet has them, and where pickles look for them.
for _kind in (BatchNorm, BatchNormReLU, GroupNorm, HybridLambda, HybridSequential, InstanceNorm, Lambda, LayerNorm,
              Sequential, _BatchNorm):  # fmt: skip
    _kind.__module__ = __name__


class Dense(HybridBlock):
    """A fully connected layer: ``activation(dot(x, weight.T) + bias)``.

    Parameters
    ----------
    units : int
        Length of the outputs.
    activation : str, optional
        Name of an `Activation` of the outputs.
    use_bias : bool
        Whether something is added.
    flatten : bool
        Whether all axes but the first count as one. Otherwise the last axis is transformed, and the others stay.
    dtype : str or numpy.dtype
        Dtype of the parameters, which that of the data must be, too.
    weight_initializer, bias_initializer : str or Initializer, optional
        What `weight` (units, in_units) and `bias` (units,) are before training.
    in_units : int
        Length of the inputs; 0: that of the first data.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `units` is not a positive integer, or `in_units` is negative.

    Examples
    --------
    >>> layer = mx.gluon.nn.Dense(2, weight_initializer="ones")
    >>> layer.initialize()
    >>> layer(mx.nd.array([[1, 2, 3]])).asnumpy()
    array([[6., 6.]], dtype=float32)
    """

    weight: Any
    bias: Any
    act: Any

    def __init__(
        self,
        units: int,
        activation: str | None = None,
        use_bias: bool = True,
        flatten: bool = True,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        bias_initializer: Any = "zeros",
        in_units: int = 0,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        units, in_units = integer(name, "units", units, 1), integer(name, "in_units", in_units, 0)
        super().__init__(**kwargs)
        self._flatten = flatten
        with self.name_scope():
            self._units = units
            self._in_units = in_units
            self.weight = self.params.get(
                "weight", shape=(units, in_units), init=weight_initializer, dtype=dtype, allow_deferred_init=True
            )
            self.bias = None
            if use_bias:
                self.bias = self.params.get(
                    "bias", shape=(units,), init=bias_initializer, dtype=dtype, allow_deferred_init=True
                )
            self.act = None if activation is None else Activation(activation, prefix=f"{activation}_")

    def hybrid_forward(self, F: Any, x: Any, weight: Any, bias: Any = None) -> Any:
        """Return the outputs: (batch, units), or (..., units) if `flatten` is off."""
        out = F.FullyConnected(
            x, weight, bias, no_bias=bias is None, num_hidden=self._units, flatten=self._flatten, name="fwd"
        )
        return out if self.act is None else self.act(out)

    def __repr__(self) -> str:
        units, in_units = self.weight.shape
        return f"{type(self).__name__}({in_units or None} -> {units}, {self.act or 'linear'})"


class Dropout(HybridBlock):
    """Sets elements to zero at random during training, and scales the others so that their mean stays.

    Parameters
    ----------
    rate : float
        The probability that an element is dropped, from 0 to 1.
    axes : tuple of int
        Axes along which elements are dropped together.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `rate` is not a number, or outside of [0, 1].

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov: Dropout: A Simple Way to Prevent Neural Networks from
    Overfitting. Journal of Machine Learning Research 15, 2014.

    Examples
    --------
    >>> mx.gluon.nn.Dropout(0.5)(mx.nd.ones((2,))).asnumpy()  # not training
    array([1., 1.], dtype=float32)
    """

    def __init__(self, rate: float, axes: tuple[int, ...] = (), **kwargs: Any) -> None:
        if not isinstance(rate, base.numeric_types):
            raise base.TypeError(f"{type(self).__name__}: rate must be a number, but is {rate!r}")
        if not 0 <= rate <= 1:
            raise ArgumentError(f"{type(self).__name__}: rate must be from 0 to 1, but is {rate!r}")
        super().__init__(**kwargs)
        self._rate = rate
        self._axes = axes

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return `x` with some elements dropped while training, and else as it is."""
        if self._rate > 0:
            return F.Dropout(x, p=self._rate, axes=self._axes, name="fwd", cudnn_off=False)
        return F.identity(x)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p = {self._rate}, axes={self._axes})"


class Embedding(HybridBlock):
    """Replaces indices by vectors that are learnt.

    Parameters
    ----------
    input_dim : int
        How many vectors there are: indices are from 0 to ``input_dim - 1``.
    output_dim : int
        Length of the vectors.
    dtype : str or numpy.dtype
        Dtype of the vectors.
    weight_initializer : str or Initializer, optional
        What `weight` (input_dim, output_dim) is before training.
    sparse_grad : bool
        Whether the gradient is a row_sparse array of the rows that were asked for.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `input_dim` or `output_dim` is not a positive integer.

    Examples
    --------
    >>> layer = mx.gluon.nn.Embedding(10, 3)
    >>> layer.initialize()
    >>> layer(mx.nd.array([[1, 2], [3, 1]])).shape
    (2, 2, 3)
    """

    weight: Any

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        sparse_grad: bool = False,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        input_dim, output_dim = integer(name, "input_dim", input_dim, 1), integer(name, "output_dim", output_dim, 1)
        super().__init__(**kwargs)
        self._kwargs = {
            "input_dim": input_dim,
            "output_dim": output_dim,
            "dtype": dtype,
            "sparse_grad": sparse_grad,
        }
        with self.name_scope():
            self.weight = self.params.get(
                "weight",
                shape=(input_dim, output_dim),
                init=weight_initializer,
                dtype=dtype,
                allow_deferred_init=True,
                grad_stype="row_sparse" if sparse_grad else "default",
            )

    def hybrid_forward(self, F: Any, x: Any, weight: Any) -> Any:
        """Return the vectors: of shape ``x.shape + (output_dim,)``."""
        return F.Embedding(x, weight, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        made = self._kwargs
        return f"{type(self).__name__}({made['input_dim']} -> {made['output_dim']}, {made['dtype']})"


class Flatten(HybridBlock):
    """Makes two axes of the data: the first stays, all others become one.

    Parameters
    ----------
    **kwargs
        ``prefix`` and ``params`` of Block.

    Examples
    --------
    >>> mx.gluon.nn.Flatten()(mx.nd.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return `x` as (batch, everything else)."""
        return F.Flatten(x)

    def __repr__(self) -> str:
        return type(self).__name__
