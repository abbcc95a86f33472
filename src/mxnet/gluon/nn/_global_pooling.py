"""Poolings over everything but batch and channels."""

from __future__ import annotations

from typing import Any

from ._checks import check_layout
from ._pooling import _Pooling


class GlobalMaxPool1D(_Pooling):
    """The largest element of each channel of a series.

    Parameters
    ----------
    layout : {'NCW', 'NWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If the layout is no such.

    Examples
    --------
    >>> mx.gluon.nn.GlobalMaxPool1D()(mx.nd.ones((2, 3, 8))).shape
    (2, 3, 1)
    """

    def __init__(self, layout: str = "NCW", **kwargs: Any) -> None:
        check_layout(type(self).__name__, layout, ("NCW", "NWC"))
        super().__init__((1,), None, 0, True, True, "max", layout, **kwargs)


class GlobalMaxPool2D(_Pooling):
    """The largest element of each channel of an image.

    Parameters
    ----------
    layout : {'NCHW', 'NHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If the layout is no such.

    Examples
    --------
    >>> mx.gluon.nn.GlobalMaxPool2D()(mx.nd.ones((2, 3, 8, 8))).shape
    (2, 3, 1, 1)
    """

    def __init__(self, layout: str = "NCHW", **kwargs: Any) -> None:
        check_layout(type(self).__name__, layout, ("NCHW", "NHWC"))
        super().__init__((1, 1), None, 0, True, True, "max", layout, **kwargs)


class GlobalMaxPool3D(_Pooling):
    """The largest element of each channel of a volume.

    Parameters
    ----------
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If the layout is no such.

    Examples
    --------
    >>> mx.gluon.nn.GlobalMaxPool3D()(mx.nd.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 1, 1, 1)
    """

    def __init__(self, layout: str = "NCDHW", **kwargs: Any) -> None:
        check_layout(type(self).__name__, layout, ("NCDHW", "NDHWC"))
        super().__init__((1, 1, 1), None, 0, True, True, "max", layout, **kwargs)


class GlobalAvgPool1D(_Pooling):
    """The mean of each channel of a series.

    Parameters
    ----------
    layout : {'NCW', 'NWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If the layout is no such.

    Examples
    --------
    >>> mx.gluon.nn.GlobalAvgPool1D()(mx.nd.ones((2, 3, 8))).shape
    (2, 3, 1)
    """

    def __init__(self, layout: str = "NCW", **kwargs: Any) -> None:
        check_layout(type(self).__name__, layout, ("NCW", "NWC"))
        super().__init__((1,), None, 0, True, True, "avg", layout, **kwargs)


class GlobalAvgPool2D(_Pooling):
    """The mean of each channel of an image.

    Parameters
    ----------
    layout : {'NCHW', 'NHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If the layout is no such.

    Examples
    --------
    >>> mx.gluon.nn.GlobalAvgPool2D()(mx.nd.ones((2, 3, 8, 8))).shape
    (2, 3, 1, 1)
    """

    def __init__(self, layout: str = "NCHW", **kwargs: Any) -> None:
        check_layout(type(self).__name__, layout, ("NCHW", "NHWC"))
        super().__init__((1, 1), None, 0, True, True, "avg", layout, **kwargs)


class GlobalAvgPool3D(_Pooling):
    """The mean of each channel of a volume.

    Parameters
    ----------
    layout : {'NCDHW', 'NDHWC'}
        Order of the axes.
    **kwargs
        ``prefix`` and ``params`` of Block.

    Raises
    ------
    ValueError
        If the layout is no such.

    Examples
    --------
    >>> mx.gluon.nn.GlobalAvgPool3D()(mx.nd.ones((2, 3, 4, 4, 4))).shape
    (2, 3, 1, 1, 1)
    """

    def __init__(self, layout: str = "NCDHW", **kwargs: Any) -> None:
        check_layout(type(self).__name__, layout, ("NCDHW", "NDHWC"))
        super().__init__((1, 1, 1), None, 0, True, True, "avg", layout, **kwargs)
