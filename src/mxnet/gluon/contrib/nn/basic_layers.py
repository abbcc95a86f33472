"""Layers beyond those of ``mx.gluon.nn``."""

from __future__ import annotations

from typing import Any

from .... import context, ndarray
from ...._warning import warn
from ...block import Block, HybridBlock
from ...nn import BatchNorm, HybridSequential, Sequential
from ...nn._checks import integer, listed
from ._pixel_shuffle import PixelShuffle1D, PixelShuffle2D, PixelShuffle3D

__all__ = ["Concurrent", "HybridConcurrent", "Identity", "PixelShuffle1D", "PixelShuffle2D", "PixelShuffle3D",
           "SparseEmbedding", "SyncBatchNorm"]  # fmt: skip

for _kind in (PixelShuffle1D, PixelShuffle2D, PixelShuffle3D):
    _kind.__module__ = __name__  # where MXNet has them, and where pickles look for them


class Concurrent(Sequential):
    """Blocks that are all called with the same data; their results are joined.

    Parameters
    ----------
    axis : int
        The axis along which results are joined.
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Examples
    --------
    >>> net = mx.gluon.contrib.nn.Concurrent(axis=1)
    >>> net.add(mx.gluon.contrib.nn.Identity(), mx.gluon.nn.Activation("relu"))
    >>> net(mx.nd.array([[-1, 2]])).asnumpy()
    array([[-1.,  2.,  0.,  2.]], dtype=float32)
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def forward(self, x: Any) -> Any:
        """Return what all children make of `x`, joined."""
        return ndarray.concat(*(block(x) for block in self._children.values()), dim=self.axis)


class HybridConcurrent(HybridSequential):
    """HybridBlocks that are all called with the same data; their results are joined.

    Parameters
    ----------
    axis : int
        The axis along which results are joined.
    prefix : str, optional
        What the names of parameters begin with.
    params : ParameterDict, optional
        Parameters of another block to share.

    Examples
    --------
    >>> net = mx.gluon.contrib.nn.HybridConcurrent(axis=1)
    >>> net.add(mx.gluon.contrib.nn.Identity(), mx.gluon.nn.Activation("relu"))
    >>> net(mx.nd.array([[-1, 2]])).asnumpy()
    array([[-1.,  2.,  0.,  2.]], dtype=float32)
    """

    def __init__(self, axis: int = -1, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)
        self.axis = axis

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return what all children make of `x`, joined."""
        return F.concat(*(block(x) for block in self._children.values()), dim=self.axis)


class Identity(HybridBlock):
    """Returns what it is called with, as one of the branches of `HybridConcurrent`.

    Parameters
    ----------
    prefix : str, optional
        What the block's name begins with.
    params : ParameterDict, optional
        As in Block.

    Examples
    --------
    >>> mx.gluon.contrib.nn.Identity()(mx.nd.array([1, 2])).asnumpy()
    array([1., 2.], dtype=float32)
    """

    def __init__(self, prefix: str | None = None, params: Any = None) -> None:
        super().__init__(prefix=prefix, params=params)

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return `x`."""
        return x


class SparseEmbedding(Block):
    """Replaces indices by vectors that are learnt, of which only those asked for are fetched.

    The weight and its gradient are row_sparse arrays: a Trainer with a KVStore moves only the rows of a batch.

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
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `input_dim` or `output_dim` is not a positive integer.

    Examples
    --------
    >>> mx.gluon.contrib.nn.SparseEmbedding(10, 3)
    SparseEmbedding(10 -> 3, float32)
    """

    weight: Any

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        dtype: Any = "float32",
        weight_initializer: Any = None,
        **kwargs: Any,
    ) -> None:
        name = type(self).__name__
        input_dim, output_dim = integer(name, "input_dim", input_dim, 1), integer(name, "output_dim", output_dim, 1)
        super().__init__(**kwargs)
        self._kwargs: dict[str, Any] = {
            "input_dim": input_dim,
            "output_dim": output_dim,
            "dtype": dtype,
            "sparse_grad": True,
        }
        self.weight = self.params.get(
            "weight",
            shape=(input_dim, output_dim),
            init=weight_initializer,
            dtype=dtype,
            grad_stype="row_sparse",
            stype="row_sparse",
        )

    def forward(self, x: Any) -> Any:  # type: ignore[override] - one argument, as in MXNet
        """Return the vectors of the indices `x`: of shape ``x.shape + (output_dim,)``."""
        weight = self.weight.row_sparse_data(x)
        return ndarray.Embedding(x, weight, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        made = self._kwargs
        return f"{type(self).__name__}({made['input_dim']} -> {made['output_dim']}, {made['dtype']})"


class SyncBatchNorm(BatchNorm):
    """Batch normalization whose mean and variance are those of all devices together, in MXNet.

    Here it is `mxnet.gluon.nn.BatchNorm` on each device: operators run when they are called, and the first device
    would wait for data that the program has not yet sent to the others. There is a warning where this matters.

    Parameters
    ----------
    in_channels : int
        How many channels, on axis 1, there are; 0: as many as the first data has.
    num_devices : int, optional
        How many devices take part; None: all GPUs of this machine, and one without any.
    momentum, epsilon, center, scale, use_global_stats, beta_initializer, gamma_initializer, \
running_mean_initializer, running_variance_initializer
        As in `mxnet.gluon.nn.BatchNorm`.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    TypeError, ValueError
        If `num_devices` is not a positive integer, or `in_channels` is negative.

    References
    ----------
    Zhang et al.: Context Encoding for Semantic Segmentation. arXiv:1803.08904.

    Examples
    --------
    >>> layer = mx.gluon.contrib.nn.SyncBatchNorm(in_channels=2, num_devices=1)
    >>> layer.initialize()
    >>> with mx.autograd.record():
    ...     y = layer(mx.nd.array([[1, 2], [3, 6]]))
    >>> y.asnumpy().round(2)
    array([[-1., -1.],
           [ 1.,  1.]], dtype=float32)
    """

    def __init__(
        self,
        in_channels: int = 0,
        num_devices: int | None = None,
        momentum: float = 0.9,
        epsilon: float = 1e-5,
        center: bool = True,
        scale: bool = True,
        use_global_stats: bool = False,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        running_mean_initializer: Any = "zeros",
        running_variance_initializer: Any = "ones",
        **kwargs: Any,
    ) -> None:
        super().__init__(
            1,
            momentum,
            epsilon,
            center,
            scale,
            use_global_stats,
            beta_initializer,
            gamma_initializer,
            running_mean_initializer,
            running_variance_initializer,
            in_channels,
            **kwargs,
        )
        if num_devices is None:
            num_devices = self._get_num_devices()
        if integer(type(self).__name__, "num_devices", num_devices, 1) > 1:
            warn(
                f"{type(self).__name__}: each of the {num_devices} devices uses the mean and the variance of its own "
                "part of a batch, as BatchNorm does"
            )
        self._kwargs = {
            "eps": epsilon,
            "momentum": momentum,
            "fix_gamma": not scale,
            "use_global_stats": use_global_stats,
            "ndev": num_devices,
            "key": self.prefix,
        }

    def _get_num_devices(self) -> int:
        warn("Caution using SyncBatchNorm: if not using all the GPUs, please mannually set num_devices")
        return context.num_gpus() or 1

    def hybrid_forward(self, F: Any, x: Any, gamma: Any, beta: Any, running_mean: Any, running_var: Any) -> Any:
        """Return the normalized data, of the shape of `x`."""
        return F.contrib.SyncBatchNorm(x, gamma, beta, running_mean, running_var, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({listed(self._kwargs)}, in_channels={self.gamma.shape[0] or None})"
