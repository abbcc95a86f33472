"""Batch normalization."""

from __future__ import annotations

from typing import Any

import torch

from ..._ops.attributes import torch_dtype
from ..block import HybridBlock
from ._checks import integer, listed


class _BatchNorm(HybridBlock):
    """What batch normalization layers share; `fuse_relu` also sets what is negative to zero."""

    gamma: Any
    beta: Any
    running_mean: Any
    running_var: Any

    def __init__(
        self,
        axis: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        fuse_relu: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        integer(type(self).__name__, "in_channels", in_channels, 0)
        super().__init__(**kwargs)
        self._kwargs: dict[str, Any] = {
            "axis": axis,
            "eps": epsilon,
            "momentum": momentum,
            "fix_gamma": not scale,
            "use_global_stats": use_global_stats,
        }
        self.fuse_relu = fuse_relu
        if in_channels != 0:
            self.in_channels = in_channels
        for name, init, learnt in (
            ("gamma", gamma_initializer, scale),
            ("beta", beta_initializer, center),
            ("running_mean", running_mean_initializer, False),
            ("running_var", running_variance_initializer, False),
        ):
            parameter = self.params.get(
                name,
                grad_req="write" if learnt else "null",
                shape=(in_channels,),
                init=init,
                allow_deferred_init=True,
                differentiable=bool(learnt),
            )
            setattr(self, name, parameter)

    def cast(self, dtype: Any) -> None:
        """Cast the parameters; half precision is not enough for statistics, which stay in float32."""
        super().cast("float32" if torch_dtype(dtype) in (torch.float16, torch.bfloat16) else dtype)

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
        """Return the normalized data, of the shape of `x`."""
        normalize = F.contrib.BatchNormWithReLU if self.fuse_relu else F.BatchNorm
        return normalize(x, gamma, beta, running_mean, running_var, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({listed(self._kwargs)}, in_channels={self.gamma.shape[0] or None})"


class BatchNorm(_BatchNorm):
    """Normalizes each channel over the batch, and while training keeps averages for prediction.

    While training, the mean and the variance are those of the batch, and
    ``running = momentum * running + (1 - momentum) * batch``. In prediction they are the running ones. Then the data
    is scaled by `gamma` and shifted by `beta`, one number for each channel.

    Parameters
    ----------
    axis : int
        The axis of channels: 1 for NCHW, 3 for NHWC.
    momentum : float
        How much of the running averages stays at each step, from 0 to 1.
    epsilon : float
        What is added to the variance.
    center, scale : bool
        Whether `beta`, and `gamma`, are learnt. Without `scale`, `gamma` is 1.
    use_global_stats : bool
        Whether the running averages are used while training, too.
    beta_initializer, gamma_initializer : str or Initializer
        What `beta` and `gamma` are before training.
    running_mean_initializer, running_variance_initializer : str or Initializer
        What the averages are before training.
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
    Ioffe, Szegedy: Batch Normalization. arXiv:1502.03167.

    Examples
    --------
    >>> layer = mx.gluon.nn.BatchNorm()
    >>> layer.initialize()
    >>> with mx.autograd.record():
    ...     y = layer(mx.nd.array([[1, 2], [3, 6]]))
    >>> y.asnumpy().round(2)
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            axis=axis,
            momentum=momentum,
            epsilon=epsilon,
            center=center,
            scale=scale,
            use_global_stats=use_global_stats,
            fuse_relu=False,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            running_mean_initializer=running_mean_initializer,
            running_variance_initializer=running_variance_initializer,
            in_channels=in_channels,
            **kwargs,
        )


class BatchNormReLU(_BatchNorm):
    """`BatchNorm`, and then zero for what is negative.

    Parameters
    ----------
    axis, momentum, epsilon, center, scale, use_global_stats, beta_initializer, gamma_initializer, \
running_mean_initializer, running_variance_initializer, in_channels
        As in `BatchNorm`.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Examples
    --------
    >>> layer = mx.gluon.nn.BatchNormReLU()
    >>> layer.initialize()
    >>> with mx.autograd.record():
    ...     y = layer(mx.nd.array([[1, 2], [3, 6]]))
    >>> y.asnumpy().round(2)
    array([[0., 0.],
           [1., 1.]], dtype=float32)
    """

    def __init__(
        self,
        axis: int = 1,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        in_channels: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            axis=axis,
            momentum=momentum,
            epsilon=epsilon,
            center=center,
            scale=scale,
            use_global_stats=use_global_stats,
            fuse_relu=True,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            running_mean_initializer=running_mean_initializer,
            running_variance_initializer=running_variance_initializer,
            in_channels=in_channels,
            **kwargs,
        )
