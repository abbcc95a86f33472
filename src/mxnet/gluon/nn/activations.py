"""Activations: functions of every element."""

from __future__ import annotations

from typing import Any

from ... import base, initializer
from ..block import HybridBlock
from ._checks import ArgumentError, integer

__all__ = ["ELU", "GELU", "SELU", "Activation", "LeakyReLU", "PReLU", "Swish"]

_KNOWN = ("relu", "sigmoid", "softrelu", "softsign", "tanh")


class Activation(HybridBlock):
    """One of the operator Activation's functions, by its name.

    Parameters
    ----------
    activation : {'relu', 'sigmoid', 'softrelu', 'softsign', 'tanh'}
        Which function. ``softrelu`` is log(1 + exp(x)), ``softsign`` is x / (1 + abs(x)).
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If `activation` is no such function.

    Examples
    --------
    >>> mx.gluon.nn.Activation("relu")(mx.nd.array([-1, 2])).asnumpy()
    array([0., 2.], dtype=float32)
    """

    def __init__(self, activation: str, **kwargs: Any) -> None:
        if type(self) is Activation and activation not in _KNOWN:  # a subclass may know others
            names = ", ".join(repr(name) for name in _KNOWN)
            kind = ArgumentError if isinstance(activation, str) else base.TypeError
            raise kind(f"{type(self).__name__}: activation is {activation!r}; it must be one of {names}")
        self._act_type = activation  # Block's constructor names the block by it
        super().__init__(**kwargs)

    def _alias(self) -> str:
        return self._act_type

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the function of every element of `x`."""
        return F.Activation(x, act_type=self._act_type, name="fwd")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._act_type})"


class LeakyReLU(HybridBlock):
    """``x`` where it is positive, ``alpha * x`` elsewhere.

    Parameters
    ----------
    alpha : float
        The slope below zero, not negative.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If `alpha` is negative.

    Examples
    --------
    >>> mx.gluon.nn.LeakyReLU(0.1)(mx.nd.array([-1, 2])).asnumpy()
    array([-0.1,  2. ], dtype=float32)
    """

    def __init__(self, alpha: float, **kwargs: Any) -> None:
        if not isinstance(alpha, base.numeric_types):
            raise base.TypeError(f"{type(self).__name__}: alpha must be a number, but is {alpha!r}")
        if alpha < 0:
            raise ArgumentError(f"{type(self).__name__}: alpha, the slope, must not be negative, but is {alpha!r}")
        super().__init__(**kwargs)
        self._alpha = alpha

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the function of every element of `x`."""
        return F.LeakyReLU(x, act_type="leaky", slope=self._alpha, name="fwd")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._alpha})"


class PReLU(HybridBlock):
    """``x`` where it is positive, ``alpha * x`` elsewhere, with a slope that is learnt.

    Parameters
    ----------
    alpha_initializer : Initializer, optional
        What the slopes are before training: 0.25.
    in_channels : int
        How many slopes there are: 1, or one for each position of axis 1.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `in_channels` is not an integer, or negative.

    References
    ----------
    He, Zhang, Ren, Sun: Delving Deep into Rectifiers. arXiv:1502.01852.

    Examples
    --------
    >>> act = mx.gluon.nn.PReLU()
    >>> act.initialize()
    >>> act(mx.nd.array([[-1, 2]])).asnumpy()
    array([[-0.25,  2.  ]], dtype=float32)
    """

    alpha: Any

    def __init__(
        self,
        alpha_initializer: Any = initializer.Constant(0.25),  # noqa: B008 (never changed)
        in_channels: int = 1,
        **kwargs: Any,
    ) -> None:
        integer(type(self).__name__, "in_channels", in_channels, 0)
        super().__init__(**kwargs)
        with self.name_scope():
            self.alpha = self.params.get("alpha", shape=(in_channels,), init=alpha_initializer)

    def hybrid_forward(self, F: Any, x: Any, alpha: Any) -> Any:
        """Return the function of every element of `x`."""
        return F.LeakyReLU(x, gamma=alpha, act_type="prelu", name="fwd")


class ELU(HybridBlock):
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Parameters
    ----------
    alpha : float
        What the function tends to, negated, far below zero.
    **kwargs
        ``prefix`` and ``params`` of Block.

    References
    ----------
    Clevert, Unterthiner, Hochreiter: Fast and Accurate Deep Network Learning by Exponential Linear Units.
    arXiv:1511.07289.

    Examples
    --------
    >>> mx.gluon.nn.ELU()(mx.nd.array([-1, 2])).asnumpy().round(3)
    array([-0.632,  2.   ], dtype=float32)
    """

    def __init__(self, alpha: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._alpha = alpha

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the function of every element of `x`."""
        return F.LeakyReLU(x, act_type="elu", slope=self._alpha)


class SELU(HybridBlock):
    """The scaled exponential linear unit, which keeps mean 0 and variance 1 in deep networks.

    Parameters
    ----------
    **kwargs
        ``prefix`` and ``params`` of Block.

    References
    ----------
    Klambauer, Unterthiner, Mayr, Hochreiter: Self-Normalizing Neural Networks. arXiv:1706.02515.

    Examples
    --------
    >>> mx.gluon.nn.SELU()(mx.nd.array([-1, 2])).asnumpy().round(3)
    array([-1.111,  2.101], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the function of every element of `x`."""
        return F.LeakyReLU(x, act_type="selu", name="fwd")


class GELU(HybridBlock):
    """``x`` times the probability that a standard normal variable is below it.

    Parameters
    ----------
    **kwargs
        ``prefix`` and ``params`` of Block.

    References
    ----------
    Hendrycks, Gimpel: Gaussian Error Linear Units. arXiv:1606.08415.

    Examples
    --------
    >>> mx.gluon.nn.GELU()(mx.nd.array([-1, 2])).asnumpy().round(3)
    array([-0.159,  1.954], dtype=float32)
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the function of every element of `x`."""
        return F.LeakyReLU(x, act_type="gelu", name="fwd")


class Swish(HybridBlock):
    """``x * sigmoid(beta * x)``.

    Parameters
    ----------
    beta : float
        How steep the sigmoid is.
    **kwargs
        ``prefix`` and ``params`` of Block.

    References
    ----------
    Ramachandran, Zoph, Le: Searching for Activation Functions. arXiv:1710.05941.

    Examples
    --------
    >>> mx.gluon.nn.Swish()(mx.nd.array([-1, 2])).asnumpy().round(3)
    array([-0.269,  1.762], dtype=float32)
    """

    def __init__(self, beta: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._beta = beta

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return the function of every element of `x`."""
        return x * F.sigmoid(self._beta * x, name="fwd")
