"""Sampling images at other places: grids, bilinear samplers, spatial transformers, and resizing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch

from .activation import check_floating
from .attributes import PositiveInt, Shape
from .families import dtype_name
from .registry import operator

Tensor = torch.Tensor


def _check_image(data: Tensor) -> None:
    check_floating(data)
    if data.dim() != 4:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected four axes (N, C, H, W)")


def _check_batch(name: str, other: Tensor, data: Tensor) -> None:
    """Raise unless the second input has the dtype and the number of examples of the first."""
    if other.dtype is not data.dtype:
        raise TypeError(
            f"{name} is {dtype_name(other.dtype)}; expected {dtype_name(data.dtype)}, the dtype of data: "
            "cast one of them with .astype"
        )
    if other.shape[0] != data.shape[0]:
        raise ValueError(
            f"{name} has shape {tuple(other.shape)}; expected {data.shape[0]} examples, as data {tuple(data.shape)} has"
        )


def _target(target_shape: tuple[int, ...]) -> tuple[int, int]:
    if len(target_shape) != 2 or min(target_shape) < 1:
        raise ValueError(f"target_shape is {target_shape}; expected (height, width), both of at least 1")
    return target_shape[0], target_shape[1]


def _wide(data: Tensor) -> Tensor:
    """Return 16-bit data as float32: 16 bits are too coarse for places."""
    return data.float() if data.dtype.itemsize == 2 else data


def _affine_grid(name: str, theta: Tensor, target_shape: tuple[int, ...], *, precise: bool) -> Tensor:
    """Return the grid (N, 2, H, W), at least in float32, where the affine maps `theta` (N, 6) send a regular one.

    `precise` makes the regular grid in float64 and then rounds it. Which of two pixels a place between them belongs to
    can depend on that, and with it the gradient of a sampler.
    """
    if theta.dim() != 2 or theta.shape[1] != 6:
        raise ValueError(f"{name} has shape {tuple(theta.shape)}; expected (N, 6): two rows of an affine map")
    height, width = _target(target_shape)
    theta = _wide(theta)
    made_in = torch.float64 if precise else theta.dtype
    x, y = (_regular(length, made_in, theta.device).to(theta.dtype) for length in (width, height))
    of_x, of_y, constant = theta.view(-1, 2, 1, 1, 3).unbind(-1)
    return of_x * x + (of_y * y.unsqueeze(1) + constant)


def _regular(length: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return `length` places from -1 to 1; NaN for a single one, which MXNet's formula does not place."""
    step = torch.full((), 2.0, dtype=dtype, device=device) / (length - 1)
    return torch.arange(length, dtype=dtype, device=device) * step - 1


@operator("GridGenerator")
def grid_generator(data: Tensor, *, transform_type: Literal["affine", "warp"], target_shape: Shape = (0, 0)) -> Tensor:
    """Make the grid that `BilinearSampler` reads: for every output pixel, the place in the image that it shows.

    Places are (x, y), from -1, the centre of the first column or row, to 1, the centre of the last. ``affine`` applies
    the map ``x' = a * x + b * y + c``, ``y' = d * x + e * y + f`` to a regular grid. ``warp`` adds an optical flow,
    given in pixels, to the regular grid.

    Parameters
    ----------
    data : (N, 6) for ``affine``, (N, 2, H, W) for ``warp``
        The numbers (a, b, c, d, e, f) of each map, or flows (first x, then y); of a floating dtype.
    transform_type : str
        ``affine`` or ``warp``.
    target_shape : (int, int)
        Height and width of an ``affine`` grid; a ``warp`` grid has those of `data`. Along an axis of length 1 the
        places are not defined: NaN or infinite, as in MXNet.

    Returns
    -------
    (N, 2, H, W): x, then y

    References
    ----------
    Jaderberg et al., Spatial Transformer Networks, 2015.

    Examples
    --------
    >>> double = mx.nd.array([[2, 0, 0, 0, 2, 0]])
    >>> mx.nd.GridGenerator(double, transform_type="affine", target_shape=(2, 3)).asnumpy().tolist()
    [[[[-2.0, 0.0, 2.0], [-2.0, 0.0, 2.0]], [[-2.0, -2.0, -2.0], [2.0, 2.0, 2.0]]]]
    """
    check_floating(data)
    if transform_type == "affine":
        return _affine_grid("data", data, target_shape, precise=False).to(data.dtype)
    if data.dim() != 4 or data.shape[1] != 2:
        raise ValueError(f"data has shape {tuple(data.shape)}; expected (N, 2, H, W) with transform_type='warp'")
    flow, (height, width) = _wide(data), data.shape[2:]
    x = torch.arange(width, dtype=flow.dtype, device=data.device).expand(height, width)
    y = torch.arange(height, dtype=flow.dtype, device=data.device).unsqueeze(1).expand(height, width)
    half = torch.tensor([(width - 1) / 2, (height - 1) / 2], dtype=flow.dtype, device=data.device).view(2, 1, 1)
    return ((flow + torch.stack((x, y))) / half - 1).to(data.dtype)


def _sample(data: Tensor, grid: Tensor) -> Tensor:
    places = _wide(grid).permute(0, 2, 3, 1)
    read = torch.nn.functional.grid_sample
    return read(_wide(data), places, mode="bilinear", padding_mode="zeros", align_corners=True).to(data.dtype)


@operator("BilinearSampler", hidden=("cudnn_off",))
def bilinear_sampler(data: Tensor, grid: Tensor, *, cudnn_off: bool | None = None) -> Tensor:
    """Read images at the places of a grid, between pixels by bilinear interpolation.

    The place (x, y) is column ``(x + 1) * (W - 1) / 2`` and row ``(y + 1) * (H - 1) / 2``: -1 and 1 are the centres of
    the outermost pixels. Around the image everything is zero, and so the values fade to zero within one pixel beyond
    the border. On a pixel, where the derivative for `grid` jumps, it is the one towards larger x and y.

    Parameters
    ----------
    data : (N, C, H, W)
        Images, of a floating dtype.
    grid : (N, 2, H', W')
        Places in x and y, of the same dtype; `GridGenerator` makes them.
    cudnn_off
        No effect.

    Returns
    -------
    (N, C, H', W')

    References
    ----------
    Jaderberg et al., Spatial Transformer Networks, 2015.

    Examples
    --------
    >>> image = mx.nd.array([[[[0, 1], [2, 3]]]])
    >>> places = mx.nd.array([[[[-1, 0, 1, 2]], [[-1, 0, 0, 0]]]])
    >>> mx.nd.BilinearSampler(image, places).asnumpy().tolist()
    [[[[0.0, 1.5, 2.0, 1.0]]]]
    """
    _check_image(data)
    if grid.dim() != 4 or grid.shape[1] != 2:
        raise ValueError(f"grid has shape {tuple(grid.shape)}; expected (N, 2, height, width)")
    _check_batch("grid", grid, data)
    return _sample(data, grid)


@operator("SpatialTransformer", hidden=("cudnn_off",))
def spatial_transformer(
    data: Tensor,
    loc: Tensor,
    *,
    target_shape: Shape = (0, 0),
    transform_type: Literal["affine"],
    sampler_type: Literal["bilinear"],
    cudnn_off: bool | None = None,
) -> Tensor:
    """Show images under affine maps: `BilinearSampler` with the grid that `GridGenerator` makes of `loc`.

    Parameters
    ----------
    data : (N, C, H, W)
        Images, of a floating dtype.
    loc : (N, 6)
        For each image the map from places in the output to places in the image, of the same dtype.
    target_shape : (int, int)
        Height and width of the output. Where one of them is 1, the output is NaN, see `GridGenerator`.
    transform_type : str
        ``affine``, the only one.
    sampler_type : str
        ``bilinear``, the only one.
    cudnn_off
        No effect.

    Returns
    -------
    (N, C, *target_shape)

    References
    ----------
    Jaderberg et al., Spatial Transformer Networks, 2015.

    Examples
    --------
    >>> image = mx.nd.array([[[[0, 1, 2], [3, 4, 5], [6, 7, 8]]]])
    >>> mirror = mx.nd.array([[-1, 0, 0, 0, 1, 0]])
    >>> options = {"transform_type": "affine", "sampler_type": "bilinear", "target_shape": (2, 3)}
    >>> mx.nd.SpatialTransformer(image, mirror, **options).asnumpy().tolist()
    [[[[2.0, 1.0, 0.0], [8.0, 7.0, 6.0]]]]
    """
    _check_image(data)
    grid = _affine_grid("loc", loc, target_shape, precise=True)
    _check_batch("loc", loc, data)
    return _sample(data, grid)


def _scaled(length: int, scale: float) -> int:
    return int(np.float32(length) * np.float32(scale))  # the product is rounded to float32 before it is cut


def _resized(length: int, mode: str, size: int, scale: float | None) -> int:
    """Return the new length of an axis."""
    odd = length % 2
    if mode == "size":
        return size if scale is None else _scaled(length, scale)
    if mode == "odd_scale":
        assert scale is not None
        return _scaled(length - 1, scale) + 1 if odd else _scaled(length, scale)
    return length + {"to_even_down": -odd, "to_even_up": odd, "to_odd_down": odd - 1, "to_odd_up": 1 - odd}[mode]


def _new_size(shape: Sequence[int], like: Sequence[int] | None, attributes: Mapping[str, Any]) -> tuple[int, int]:
    """Return the output's height and width; ValueError where there are none."""
    if len(shape) != 4:
        raise ValueError(f"data has shape {tuple(shape)}; expected four axes (N, C, H, W)")
    mode, scales = attributes["mode"], (attributes["scale_height"], attributes["scale_width"])
    if mode == "like":
        if like is None or len(like) != 4:
            came = "is missing" if like is None else f"has shape {tuple(like)}"
            raise ValueError(f"like {came}; expected four axes, the last two of the new size, with mode='like'")
        return like[2], like[3]
    if mode == "size" and scales[0] is None:  # MXNet looks at the scale of the height only
        scales = (None, None)
    elif mode in ("size", "odd_scale") and None in scales:
        names = " and ".join(f"scale_{n} is {s}" for n, s in zip(("height", "width"), scales))
        raise ValueError(f"{names}; expected two numbers with mode={mode!r}")
    sizes = (attributes["height"], attributes["width"])
    height, width = (_resized(n, mode, size, scale) for n, size, scale in zip(shape[2:], sizes, scales))
    if height < 1 or width < 1:
        raise ValueError(f"the output would be {height} x {width}; expected at least 1 x 1, from mode={mode!r}")
    return height, width


def _resize_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    size = _new_size(shapes[0], shapes[1] if len(shapes) > 1 else None, attributes)
    return [((*shapes[0][:2], *size), dtypes[0])]


def _resize_inputs(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    return ("data", "like") if attributes["mode"] == "like" else ("data",)


@operator("_contrib_BilinearResize2D", inputs=_resize_inputs, shape=_resize_shape)
def bilinear_resize_2d(
    data: Tensor,
    like: Tensor | None = None,
    *,
    height: PositiveInt = 1,
    width: PositiveInt = 1,
    scale_height: float | None = None,
    scale_width: float | None = None,
    mode: Literal["like", "odd_scale", "size", "to_even_down", "to_even_up", "to_odd_down", "to_odd_up"] = "size",
    align_corners: bool = True,
) -> Tensor:
    """Resize images by bilinear interpolation.

    Row i of H' shows row ``i * (H - 1) / (H' - 1)`` with `align_corners`, else ``(i + 0.5) * H / H' - 0.5``, held
    inside the image; a single row shows the first one. Columns likewise.

    Parameters
    ----------
    data : (N, C, H, W)
        Images, of a floating dtype.
    like : (any, any, H', W'), for mode ``like`` only
        Gives the new size. Its values do not matter and get no gradient.
    height, width : int of at least 1
        The new size, for mode ``size`` without scales.
    scale_height, scale_width : float
        Factors of height and width, for ``size`` and ``odd_scale``; the products are rounded down.
    mode : str
        What the new size is: ``size``, see above; ``odd_scale``, where an odd length n becomes
        ``(n - 1) * scale + 1``; ``like``, that of another input; ``to_even_down``, ``to_even_up``, ``to_odd_down`` and
        ``to_odd_up``, the nearest even or odd length in that direction.
    align_corners : bool
        Whether the centres of the corner pixels stay where they are, or their outer edges.

    Returns
    -------
    (N, C, H', W')

    Examples
    --------
    >>> image = mx.nd.array([[[[0, 2], [4, 6]]]])
    >>> mx.nd.contrib.BilinearResize2D(image, height=1, width=3).asnumpy().tolist()
    [[[[0.0, 1.0, 2.0]]]]
    >>> mx.nd.contrib.BilinearResize2D(image, mode="to_odd_up").shape
    (1, 1, 3, 3)
    """
    _check_image(data)
    attributes = {"height": height, "width": width, "scale_height": scale_height, "scale_width": scale_width}
    size = _new_size(data.shape, None if like is None else like.shape, {"mode": mode, **attributes})
    data = data[:, :, : 1 if size[0] == 1 else None, : 1 if size[1] == 1 else None]
    return torch.nn.functional.interpolate(data, size, mode="bilinear", align_corners=align_corners)
