"""Layers that normalize within each sample."""

from __future__ import annotations

from typing import Any

from ..block import HybridBlock
from ._checks import integer, listed


class InstanceNorm(HybridBlock):
    """Normalizes each channel of each sample over the places in it.

    Parameters
    ----------
    axis : int
        The axis of channels.
    epsilon : float
        What is added to the variance.
    center, scale : bool
        Whether `beta`, and `gamma`, are learnt.
    beta_initializer, gamma_initializer : str or Initializer
        What `beta` and `gamma` are before training.
    in_channels : int
        How many channels there are; 0: as many as the first data has.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `in_channels` is not an integer, or negative.

    References
    ----------
    Ulyanov, Vedaldi, Lempitsky: Instance Normalization. arXiv:1607.08022.

    Examples
    --------
    >>> layer = mx.gluon.nn.InstanceNorm()
    >>> layer.initialize()
    >>> layer(mx.nd.array([[[1, 3], [2, 6]]])).asnumpy().round(2)
    array([[[-1.,  1.],
            [-1.,  1.]]], dtype=float32)
    """

    gamma: Any
    beta: Any

    def __init__(
        self,
        axis: int = 1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        integer(type(self).__name__, "in_channels", in_channels, 0)
        super().__init__(**kwargs)
        self._kwargs = {"eps": epsilon, "axis": axis, "center": center, "scale": scale}
        self._axis = axis
        self._epsilon = epsilon
        _add_factors(self, in_channels, scale, center, gamma_initializer, beta_initializer)

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any) -> Any:
        """Return the normalized data, of the shape of `x`."""
        if self._axis == 1:
            return F.InstanceNorm(x, gamma, beta, name="fwd", eps=self._epsilon)
        x = x.swapaxes(1, self._axis)
        return F.InstanceNorm(x, gamma, beta, name="fwd", eps=self._epsilon).swapaxes(1, self._axis)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({listed(self._kwargs)}, in_channels={self.gamma.shape[0]})"


class LayerNorm(HybridBlock):
    """Normalizes each sample along one axis.

    Parameters
    ----------
    axis : int
        The axis whose values are normalized together.
    epsilon : float
        What is added to the variance.
    center, scale : bool
        Whether `beta`, and `gamma`, are learnt.
    beta_initializer, gamma_initializer : str or Initializer
        What `beta` and `gamma`, of the length of the axis, are before training.
    in_channels : int
        Length of the axis; 0: that of the first data.
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Raises
    ------
    TypeError, ValueError
        If `in_channels` is not an integer, or negative.

    References
    ----------
    Ba, Kiros, Hinton: Layer Normalization. arXiv:1607.06450.

    Examples
    --------
    >>> layer = mx.gluon.nn.LayerNorm()
    >>> layer.initialize()
    >>> layer(mx.nd.array([[1, 3], [2, 6]])).asnumpy().round(2)
    array([[-1.,  1.],
           [-1.,  1.]], dtype=float32)
    """

    gamma: Any
    beta: Any

    def __init__(
        self,
        axis: int = -1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        in_channels: int = 0,
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        integer(type(self).__name__, "in_channels", in_channels, 0)
        super().__init__(prefix=prefix, params=params)
        self._kwargs = {"eps": epsilon, "axis": axis, "center": center, "scale": scale}
        self._axis = axis
        self._epsilon = epsilon
        self._center = center
        self._scale = scale
        _add_factors(self, in_channels, scale, center, gamma_initializer, beta_initializer)

    def hybrid_forward(self, F: Any, data: Any, gamma: Any, beta: Any) -> Any:
        """Return the normalized data, of the shape of `data`."""
        return F.LayerNorm(data, gamma=gamma, beta=beta, axis=self._axis, eps=self._epsilon)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({listed(self._kwargs)}, in_channels={self.gamma.shape[0]})"


class GroupNorm(HybridBlock):
    """Normalizes groups of channels of each sample; axis 1 is that of channels.

    Parameters
    ----------
    num_groups : int
        How many groups there are; the number of channels is a multiple of it.
    epsilon : float
        What is added to the variance.
    center, scale : bool
        Whether `beta`, and `gamma`, are learnt.
    beta_initializer, gamma_initializer : str or Initializer
        What `beta` and `gamma`, one number for each group, are before training.
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Raises
    ------
    TypeError, ValueError
        If `num_groups` is not a positive integer.

    References
    ----------
    Wu, He: Group Normalization. arXiv:1803.08494.

    Examples
    --------
    >>> layer = mx.gluon.nn.GroupNorm(num_groups=2)
    >>> layer.initialize()
    >>> layer(mx.nd.array([[1, 3, 2, 6]]).reshape((1, 4, 1))).asnumpy().ravel().round(2)
    array([-1.,  1., -1.,  1.], dtype=float32)
    """

    gamma: Any
    beta: Any

    def __init__(
        self,
        num_groups: int = 1,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        prefix: str | None = None,
        params: Any = None,
    ) -> None:
        integer(type(self).__name__, "num_groups", num_groups, 1)
        super().__init__(prefix=prefix, params=params)
        self._kwargs = {"eps": epsilon, "num_groups": num_groups, "center": center, "scale": scale}
        self._num_groups = num_groups
        self._epsilon = epsilon
        self._center = center
        self._scale = scale
        _add_factors(self, num_groups, scale, center, gamma_initializer, beta_initializer)

    def hybrid_forward(self, F: Any, data: Any, gamma: Any, beta: Any) -> Any:
        """Return the normalized data, of the shape of `data`."""
        return F.GroupNorm(data, gamma=gamma, beta=beta, num_groups=self._num_groups, eps=self._epsilon)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({listed(self._kwargs)})"


def _add_factors(layer: Any, length: int, scale: bool, center: bool, gamma_init: Any, beta_init: Any) -> None:
    """Give a layer its `gamma` and `beta`."""
    for name, init, learnt in (("gamma", gamma_init, scale), ("beta", beta_init, center)):
        parameter = layer.params.get(
            name, grad_req="write" if learnt else "null", shape=(length,), init=init, allow_deferred_init=True
        )
        setattr(layer, name, parameter)
