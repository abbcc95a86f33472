"""Patches of images: unrolling them, cropping, and correlating those of two images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import torch

from .activation import check_floating
from .attributes import NonNegativeInt, Shape
from .families import check_same_dtype, dtype_name
from .registry import Backward, operator

Tensor = torch.Tensor
Pair = tuple[int, int]


def _wide(data: Tensor) -> Tensor:
    """Return 16-bit data as float32, to add up in."""
    return data.float() if data.dtype.itemsize == 2 else data


@lru_cache(maxsize=1024)
def _steps(
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    dilate: tuple[int, ...],
    pad: tuple[int, ...],
) -> tuple[Pair, Pair, Pair, Pair]:
    """Return stride, dilate and pad with their defaults, and how many windows there are along the height and width."""
    given = (size, kernel, stride or (1, 1), dilate or (1, 1), pad or (0, 0))
    for name, value, least in zip(("output_size", "kernel", "stride", "dilate", "pad"), given, (1, 1, 1, 1, 0)):
        if len(value) != 2 or min(value) < least:
            raise ValueError(f"{name} is {value}; expected two numbers of at least {least}, for height and width")
    _, _, stride, dilate, pad = given
    windows = [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, d, p in zip(size, kernel, stride, dilate, pad)]
    if min(windows) < 1:
        raise ValueError(
            f"kernel is {kernel} with dilate {dilate}; expected at most the padded image, {size} with pad {pad}"
        )
    return (*stride,), (*dilate,), (*pad,), (windows[0], windows[1])  # type: ignore[return-value]


def _check_image(data: Tensor, name: str = "data") -> None:
    if data.dim() != 4:
        raise ValueError(f"{name} has shape {tuple(data.shape)}; expected four axes (N, C, H, W)")


def _unroll(image: Tensor, kernel: Pair, stride: Pair, dilate: Pair, pad: Pair, windows: Pair) -> Tensor:
    if any(pad):
        image = torch.nn.functional.pad(image, (pad[1], pad[1], pad[0], pad[0]))
    n, c = image.shape[:2]
    each, channel, row, column = image.stride()
    steps = (each, channel, row * dilate[0], column * dilate[1], row * stride[0], column * stride[1])
    patches = image.as_strided((n, c, *kernel, *windows), steps)
    patches = patches.clone(memory_format=torch.contiguous_format)
    return patches.view(n, c * kernel[0] * kernel[1], windows[0] * windows[1])


def _add_up(columns: Tensor, size: Pair, kernel: Pair, stride: Pair, dilate: Pair, pad: Pair, windows: Pair) -> Tensor:
    n, c = columns.shape[0], columns.shape[1] // (kernel[0] * kernel[1])
    patches = _wide(columns).reshape(n, c, *kernel, *windows)
    image = patches.new_zeros(n, c, size[0] + 2 * pad[0], size[1] + 2 * pad[1])
    for i in range(kernel[0]):
        rows = slice(i * dilate[0], i * dilate[0] + (windows[0] - 1) * stride[0] + 1, stride[0])
        for j in range(kernel[1]):
            first = j * dilate[1]
            image[:, :, rows, first : first + (windows[1] - 1) * stride[1] + 1 : stride[1]] += patches[:, :, i, j]
    inside = image[:, :, pad[0] : pad[0] + size[0], pad[1] : pad[1] + size[1]]
    return inside.to(columns.dtype).contiguous()


def _steps_of(size: Sequence[int], attributes: Mapping[str, Any]) -> tuple[Pair, Pair, Pair, Pair, Pair]:
    kernel = attributes["kernel"]
    return kernel, *_steps(tuple(size), kernel, *(attributes[name] for name in ("stride", "dilate", "pad")))


def _im2col_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data,) = backward.head_gradients, backward.inputs
    assert head is not None
    size = (data.shape[2], data.shape[3])
    return [_add_up(head, size, *_steps_of(size, backward.attributes))]


@operator("im2col", gradient=_im2col_gradient)
def im2col(data: Tensor, *, kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = ()) -> Tensor:
    """Unroll images: every window that a convolution would meet becomes a column.

    ``output[n, (c * K1 + i) * K2 + j, y * X + x] = data[n, c, y * s1 + i * d1, x * s2 + j * d2]`` on the padded data,
    with a kernel K, strides s, dilations d, and X windows along the width.

    Parameters
    ----------
    data : (N, C, H, W)
        Images, of a floating dtype.
    kernel : (int, int)
        Size of a window.
    stride, dilate, pad : (int, int)
        Step between windows (1 unless given), step inside a window (1), zeros added on both sides (0).

    Returns
    -------
    (N, C * K1 * K2, windows)

    Examples
    --------
    >>> image = mx.nd.array([[[[1, 2, 3], [4, 5, 6]]]])
    >>> mx.nd.im2col(image, kernel=(2, 2)).asnumpy().tolist()
    [[[1.0, 2.0], [2.0, 3.0], [4.0, 5.0], [5.0, 6.0]]]
    """
    check_floating(data)
    _check_image(data)
    attributes = {"kernel": kernel, "stride": stride, "dilate": dilate, "pad": pad}
    return _unroll(data, *_steps_of(data.shape[2:], attributes))


def _col2im_gradient(backward: Backward) -> list[Tensor | None]:
    (head,) = backward.head_gradients
    assert head is not None
    return [_unroll(head, *_steps_of(backward.attributes["output_size"], backward.attributes))]


@operator("col2im", gradient=_col2im_gradient)
def col2im(
    data: Tensor, *, output_size: Shape, kernel: Shape, stride: Shape = (), dilate: Shape = (), pad: Shape = ()
) -> Tensor:
    """Put the columns of `im2col` back to their places in the image; values that meet are added.

    Parameters
    ----------
    data : (N, C * K1 * K2, windows)
        Columns, of a floating dtype.
    output_size : (int, int)
        Height and width of the image.
    kernel, stride, dilate, pad : (int, int)
        Those of the `im2col` that makes such columns of such an image.

    Returns
    -------
    (N, C, *output_size)

    Examples
    --------
    >>> columns = mx.nd.array([[[1, 2], [2, 3], [4, 5], [5, 6]]])
    >>> mx.nd.col2im(columns, output_size=(2, 3), kernel=(2, 2)).asnumpy().tolist()
    [[[[1.0, 4.0, 3.0], [4.0, 10.0, 6.0]]]]
    """
    check_floating(data)
    attributes = {"kernel": kernel, "stride": stride, "dilate": dilate, "pad": pad}
    steps = _steps_of(output_size, attributes)
    elements, windows = kernel[0] * kernel[1], steps[-1][0] * steps[-1][1]
    if data.dim() != 3 or data.shape[1] % elements or data.shape[2] != windows:
        raise ValueError(
            f"data has shape {tuple(data.shape)}; expected (N, a multiple of {elements}, {windows}) from "
            f"kernel={kernel} and output_size={output_size}"
        )
    return _add_up(data, (output_size[0], output_size[1]), *steps)


@operator("Crop", view=True)
def crop(*data: Tensor, offset: Shape = (0, 0), h_w: Shape = (0, 0), center_crop: bool = False) -> Tensor:
    """Cut a rectangle out of every image.

    Parameters
    ----------
    data : (N, C, H, W), and optionally (any, any, H', W')
        Images, and an input of the same dtype that gives the size of the rectangle; it gets no gradient.
    num_args : int
        How many inputs there are, 1 or 2; it need not be given with arrays.
    offset : (int, int)
        First row and column of the rectangle; ignored with `center_crop`.
    h_w : (int, int)
        Height and width of the rectangle where there is one input.
    center_crop : bool
        Take the rectangle from the middle; nearer to the first row and column if it cannot be in between.

    Returns
    -------
    (N, C, *h_w), or (N, C, H', W')

    Examples
    --------
    >>> image = mx.nd.array([[[[1, 2, 3], [4, 5, 6]]]])
    >>> mx.nd.Crop(image, h_w=(2, 2), offset=(0, 1)).asnumpy().tolist()
    [[[[2.0, 3.0], [5.0, 6.0]]]]
    """
    if not 1 <= len(data) <= 2:
        raise ValueError(f"{len(data)} inputs came; expected images, and at most one more for the size")
    image, like = data[0], data[1] if len(data) == 2 else None
    _check_image(image)
    if like is not None:
        _check_image(like, "the second input")
        if like.dtype is not image.dtype:
            raise TypeError(
                f"the second input is {dtype_name(like.dtype)}; expected {dtype_name(image.dtype)}, the dtype of the "
                "first: cast one of them with .astype"
            )
    size, source = (h_w, "h_w") if like is None else (tuple(like.shape[2:]), "the size of the second input")
    full = tuple(image.shape[2:])
    if len(size) != 2 or not (1 <= size[0] <= full[0] and 1 <= size[1] <= full[1]):
        raise ValueError(f"{source} is {size}; expected two numbers of at least 1 and at most {full}, the data's size")
    room = (full[0] - size[0], full[1] - size[1])
    if center_crop:
        offset = (room[0] // 2, room[1] // 2)
    if len(offset) != 2 or not (0 <= offset[0] <= room[0] and 0 <= offset[1] <= room[1]):
        raise ValueError(f"offset is {offset}; expected two numbers of at least 0 and at most {room}")
    (top, left), (bottom, right) = offset, (room[0] - offset[0], room[1] - offset[1])
    if not image.requires_grad:
        return image[:, :, top : full[0] - bottom, left : full[1] - right]
    return torch.constant_pad_nd(image, (-left, -right, -top, -bottom))  # one pass back, where slices take two


class _Search:
    """The geometry of one correlation: where patches lie in the padded images, and which displacements are tried."""

    def __init__(self, shape: Sequence[int], attributes: Mapping[str, Any]) -> None:
        names = ("kernel_size", "max_displacement", "stride1", "stride2", "pad_size")
        self.kernel, self.reach, self.stride, self.step, self.pad = (int(attributes[name]) for name in names)
        if len(shape) != 4:
            raise ValueError(f"data1 has shape {tuple(shape)}; expected four axes (N, C, H, W)")
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel_size is {self.kernel}; expected an odd number")
        for name, value in (("stride1", self.stride), ("stride2", self.step)):
            if value < 1:
                raise ValueError(f"{name} is {value}; expected at least 1")
        rows, columns = (n + 2 * self.pad - 2 * self.reach for n in shape[2:])
        if min(rows, columns) < self.kernel:
            raise ValueError(
                f"max_displacement is {self.reach} and kernel_size {self.kernel}; expected them to fit into data "
                f"{tuple(shape)} with pad_size {self.pad}"
            )
        self.volume = int(shape[1]) * self.kernel**2
        self.side = 2 * (self.reach // self.step) + 1
        # Single pixels are compared only where wanted; those of larger patches everywhere, and then pooled.
        self.every = self.stride if self.kernel == 1 else 1
        self.compared = (shape[0], self.side**2, -(-rows // self.every), -(-columns // self.every))
        self.output = (*self.compared[:2], *((n - self.kernel) // self.stride + 1 for n in (rows, columns)))
        self.rows, self.columns = rows, columns

    def padded(self, data: Tensor) -> Tensor:
        return torch.nn.functional.pad(_wide(data), (self.pad,) * 4)

    def inside(self, padded: Tensor) -> Tensor:
        """Undo `padded`."""
        pad, (height, width) = self.pad, padded.shape[2:]
        return padded[:, :, pad : height - pad, pad : width - pad]

    def window(self, padded: Tensor, down: int = 0, right: int = 0) -> Tensor:
        """Return the view of what is compared, so many pixels further down and right."""
        top, left = self.reach + down, self.reach + right
        return padded[:, :, top : top + self.rows : self.every, left : left + self.columns : self.every]

    def windows(self, padded: Tensor) -> Iterator[Tensor]:
        """Iterate over the views at all displacements, row by row."""
        far = self.side // 2 * self.step
        for down in range(-far, far + 1, self.step):
            for right in range(-far, far + 1, self.step):
                yield self.window(padded, down, right)


def _correlation_shape(
    shapes: Sequence[tuple[int, ...]], dtypes: Sequence[torch.dtype], attributes: Mapping[str, Any]
) -> list[tuple[tuple[int, ...], torch.dtype]]:
    return [(_Search(shapes[0], attributes).output, dtypes[0])]


def _correlation_gradient(backward: Backward) -> list[Tensor | None]:
    (head,), (data1, data2) = backward.head_gradients, backward.inputs
    assert head is not None
    search = _Search(data1.shape, backward.attributes)
    first, second = search.padded(data1), search.padded(data2)
    patch = search.window(first)
    if search.kernel == 1:
        heads = _wide(head) / search.volume
    else:
        kernel, stride = [search.kernel] * 2, [search.stride] * 2
        like = first.new_empty(search.compared)
        pooled = torch.ops.aten.avg_pool2d_backward
        heads = pooled(_wide(head).contiguous(), like, kernel, stride, [0, 0], False, True, search.volume)
    gradients = (torch.zeros_like(first), torch.zeros_like(second))
    to_patch, multiply = search.window(gradients[0]), backward.attributes["is_multiply"]
    for i, (other, to_other) in enumerate(zip(search.windows(second), search.windows(gradients[1]))):
        part = heads[:, i : i + 1]
        if multiply:
            to_patch.addcmul_(other, part)
            to_other.addcmul_(patch, part)
        else:
            signed = torch.where(patch >= other, part, -part)
            to_patch += signed
            to_other -= signed
    return [search.inside(g).to(x.dtype) for g, x in zip(gradients, (data1, data2))]


@operator("Correlation", shape=_correlation_shape, gradient=_correlation_gradient)
def correlation(
    data1: Tensor,
    data2: Tensor,
    *,
    kernel_size: NonNegativeInt = 1,
    max_displacement: NonNegativeInt = 1,
    stride1: NonNegativeInt = 1,
    stride2: NonNegativeInt = 1,
    pad_size: NonNegativeInt = 0,
    is_multiply: bool = True,
) -> Tensor:
    """Compare every patch of one image with the patches around the same place in another.

    For a patch at p and a displacement o this is the mean over the C channels and the K x K pixels of the patch of
    ``data1[p + k] * data2[p + o + k]``, or of ``abs(data1[p + k] - data2[p + o + k])`` without `is_multiply`. Each
    displacement makes a channel of the output, in the order of rows and then columns, upwards and left first. Patches
    lie in the padded images so that they stay inside under all displacements of up to `max_displacement`.

    Parameters
    ----------
    data1, data2 : (N, C, H, W)
        Images, of one shape and one floating dtype.
    kernel_size : odd int
        Size K of a patch.
    max_displacement : int
        How far the patches of `data2` may lie away, along each axis.
    stride1, stride2 : int of at least 1
        Step between patches, and between displacements.
    pad_size : int
        Zeros around both images.
    is_multiply : bool
        Multiply, or take the distance.

    Returns
    -------
    (N, D * D, H', W'), where ``D = 2 * (max_displacement // stride2) + 1`` and H' is
    ``(H + 2 * pad_size - 2 * max_displacement - kernel_size) // stride1 + 1``, W' likewise

    References
    ----------
    Dosovitskiy et al., FlowNet: Learning Optical Flow with Convolutional Networks, 2015.

    Examples
    --------
    >>> one, two = mx.nd.array([[[[0, 1, 0]]]]), mx.nd.array([[[[5, 6, 7]]]])
    >>> mx.nd.Correlation(one, two, pad_size=1)[0, :, 0, 1].asnumpy().tolist()
    [0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 0.0, 0.0, 0.0]
    """
    check_floating(data1, "data1")
    check_same_dtype(data1, data2)
    if data1.shape != data2.shape:
        raise ValueError(f"data2 has shape {tuple(data2.shape)}; expected that of data1, {tuple(data1.shape)}")
    attributes = {"kernel_size": kernel_size, "max_displacement": max_displacement, "pad_size": pad_size}
    search = _Search(data1.shape, {"stride1": stride1, "stride2": stride2, **attributes})
    first, second = search.padded(data1), search.padded(data2)
    patch = search.window(first)
    output = first.new_empty(search.compared)
    buffer = torch.empty_like(patch, memory_format=torch.contiguous_format)
    for i, other in enumerate(search.windows(second)):
        if is_multiply:
            torch.mul(patch, other, out=buffer)
        else:
            torch.sub(patch, other, out=buffer).abs_()
        torch.sum(buffer, 1, out=output[:, i])
    if kernel_size == 1:
        output /= search.volume
    else:
        output = torch.nn.functional.avg_pool2d(output, kernel_size, stride1, divisor_override=search.volume)
    return output.to(data1.dtype)
