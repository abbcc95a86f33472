"""Poolings over windows."""

from __future__ import annotations

from typing import Any

from ..block import HybridBlock
from ._checks import check_layout, integer, lengths


class _Pooling(HybridBlock):
    """What poolings share: the operator Pooling and its attributes."""

    def __init__(
        self,
        pool_size: Any,
        strides: Any,
        padding: Any,
        ceil_mode: bool,
        global_pool: bool,
        pool_type: str,
        layout: str,
        count_include_pad: bool | None = None,
        **kwargs: Any,
    ) -> None:
        name, axes = type(self).__name__, len(pool_size)
        for number in pool_size:
            integer(name, "pool_size", number, 1)
        super().__init__(**kwargs)
        self._kwargs: dict[str, Any] = {
            "kernel": pool_size,
            "stride": pool_size if strides is None else lengths(name, "strides", strides, axes),
            "pad": lengths(name, "padding", padding, axes),
            "global_pool": global_pool,
            "pool_type": pool_type,
            "layout": layout,
            "pooling_convention": "full" if ceil_mode else "valid",
        }
        if count_include_pad is not None:
            self._kwargs["count_include_pad"] = count_include_pad

    def _alias(self) -> str:
        return "pool"

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        """Return one number for each window of `x`, in its layout."""
        return F.Pooling(x, name="fwd", **self._kwargs)

    def __repr__(self) -> str:
        made = self._kwargs
        return (
            f"{type(self).__name__}(size={made['kernel']}, stride={made['stride']}, padding={made['pad']}, "
            f"ceil_mode={made['pooling_convention'] == 'full'}, global_pool={made['global_pool']}, "
            f"pool_type={made['pool_type']}, layout={made['layout']})"
        )


class MaxPool1D(_Pooling):
    """The largest element in each window of series.

    Parameters
    ----------
    pool_size : int or tuple of int
        Length of the window.
    strides : int or tuple of int, optional
        The steps of the window; None: `pool_size`.
    padding : int or tuple of int
        What is added at both ends of the axis.
    layout : {'NCW', 'NWC'}
        Order of the axes.
    ceil_mode : bool
        Whether windows that pass the end count, so that lengths are rounded up.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If an argument has a wrong length or value.

    Examples
    --------
    >>> mx.gluon.nn.MaxPool1D()(mx.nd.ones((2, 3, 8))).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: Any = 0,
        layout: str = "NCW",
        ceil_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        check_layout(type(self).__name__, layout, ("NCW", "NWC"))
        super().__init__(
            lengths(type(self).__name__, "pool_size", pool_size, 1),
            strides,
            padding,
            ceil_mode,
            False,
            "max",
            layout,
            **kwargs,
        )


class MaxPool2D(_Pooling):
    """The largest element in each window of images.

    Parameters
    ----------
    pool_size : int or tuple of int
        Height and width of the window; one number stands for both.
    strides : int or tuple of int, optional
        The steps of the window; None: `pool_size`.
    padding : int or tuple of int
        What is added at both ends of height and width.
    layout : {'NCHW', 'NHWC'}
        Order of the axes.
    ceil_mode : bool
        Whether windows that pass the end count, so that lengths are rounded up.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If an argument has a wrong length or value.

    Examples
    --------
    >>> mx.gluon.nn.MaxPool2D()(mx.nd.ones((2, 3, 8, 8))).shape
    (2, 3, 4, 4)
    """

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: Any = 0,
        layout: str = "NCHW",
        ceil_mode: bool = False,
        **kwargs: Any,
    ) -> None:
        check_layout(type(self).__name__, layout, ("NCHW", "NHWC"))
        super().__init__(
            lengths(type(self).__name__, "pool_size", pool_size, 2),
            strides,
            padding,
            ceil_mode,
            False,
            "max",
            layout,
            **kwargs,
        )


class MaxPool3D(_Pooling):
    """The largest element in each window of volumes.

    Parameters
    ----------
    pool_size : int or tuple of int
        Depth, height and width of the window; one number stands for all three.
    strides : int or tuple of int, optional
        The steps of the window; None: `pool_size`.
    padding : int or tuple of int
        What is added at both ends of depth, height and width.
    ceil_mode : bool
        Whether windows that pass the end count, so that lengths are rounded up.
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If an argument has a wrong length or value.

    Examples
    --------
    >>> mx.gluon.nn.MaxPool3D()(mx.nd.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 2, 2, 2)
    """

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        layout: str = "NCDHW",
        **kwargs: Any,
    ) -> None:
        check_layout(type(self).__name__, layout, ("NCDHW", "NDHWC"))
        super().__init__(
            lengths(type(self).__name__, "pool_size", pool_size, 3),
            strides,
            padding,
            ceil_mode,
            False,
            "max",
            layout,
            **kwargs,
        )


class AvgPool1D(_Pooling):
    """The mean in each window of series.

    Parameters
    ----------
    pool_size : int or tuple of int
        Length of the window.
    strides : int or tuple of int, optional
        The steps of the window; None: `pool_size`.
    padding : int or tuple of int
        What is added at both ends of the axis.
    layout : {'NCW', 'NWC'}
        Order of the axes.
    ceil_mode : bool
        Whether windows that pass the end count, so that lengths are rounded up.
    count_include_pad : bool
        Whether what was added counts, as zeros, in the mean.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If an argument has a wrong length or value.

    Examples
    --------
    >>> mx.gluon.nn.AvgPool1D()(mx.nd.ones((2, 3, 8))).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: Any = 0,
        layout: str = "NCW",
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        **kwargs: Any,
    ) -> None:
        check_layout(type(self).__name__, layout, ("NCW", "NWC"))
        super().__init__(
            lengths(type(self).__name__, "pool_size", pool_size, 1),
            strides,
            padding,
            ceil_mode,
            False,
            "avg",
            layout,
            count_include_pad,
            **kwargs,
        )


class AvgPool2D(_Pooling):
    """The mean in each window of images.

    Parameters
    ----------
    pool_size : int or tuple of int
        Height and width of the window; one number stands for both.
    strides : int or tuple of int, optional
        The steps of the window; None: `pool_size`.
    padding : int or tuple of int
        What is added at both ends of height and width.
    ceil_mode : bool
        Whether windows that pass the end count, so that lengths are rounded up.
    layout : {'NCHW', 'NHWC'}
        Order of the axes.
    count_include_pad : bool
        Whether what was added counts, as zeros, in the mean.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If an argument has a wrong length or value.

    Examples
    --------
    >>> mx.gluon.nn.AvgPool2D()(mx.nd.ones((2, 3, 8, 8))).shape
    (2, 3, 4, 4)
    """

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        layout: str = "NCHW",
        count_include_pad: bool = True,
        **kwargs: Any,
    ) -> None:
        check_layout(type(self).__name__, layout, ("NCHW", "NHWC"))
        super().__init__(
            lengths(type(self).__name__, "pool_size", pool_size, 2),
            strides,
            padding,
            ceil_mode,
            False,
            "avg",
            layout,
            count_include_pad,
            **kwargs,
        )


class AvgPool3D(_Pooling):
    """The mean in each window of volumes.

    Parameters
    ----------
    pool_size : int or tuple of int
        Depth, height and width of the window; one number stands for all three.
    strides : int or tuple of int, optional
        The steps of the window; None: `pool_size`.
    padding : int or tuple of int
        What is added at both ends of depth, height and width.
    ceil_mode : bool
        Whether windows that pass the end count, so that lengths are rounded up.
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes.
    count_include_pad : bool
        Whether what was added counts, as zeros, in the mean.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If an argument has a wrong length or value.

    Examples
    --------
    >>> mx.gluon.nn.AvgPool3D()(mx.nd.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 2, 2, 2)
    """

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        layout: str = "NCDHW",
        count_include_pad: bool = True,
        **kwargs: Any,
    ) -> None:
        check_layout(type(self).__name__, layout, ("NCDHW", "NDHWC"))
        super().__init__(
            lengths(type(self).__name__, "pool_size", pool_size, 3),
            strides,
            padding,
            ceil_mode,
            False,
            "avg",
            layout,
            count_include_pad,
            **kwargs,
        )
