"""Every layer of Gluon with arguments and inputs: what the laws of tests/laws/test_gluon_layers.py run over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

import mxnet as mx
from mxnet.gluon import HybridBlock, loss, nn, rnn
from mxnet.gluon.contrib import cnn as contrib_cnn
from mxnet.gluon.contrib import nn as contrib_nn
from mxnet.gluon.contrib import rnn as contrib_rnn


@dataclass(frozen=True)
class Input:
    """One argument of a layer: a shape whose batch axis is replaced, and how elements are drawn."""

    shape: tuple[int, ...]
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    batch_axis: int = 0
    differentiable: bool = True

    def make(self, batch: int, seed: int, dtype: str = "float32") -> mx.nd.NDArray:
        shape = list(self.shape)
        shape[self.batch_axis] = batch
        values = self.draw(np.random.default_rng(seed), tuple(shape))
        return mx.nd.array(values, dtype=dtype)


def real(*shape: int, batch_axis: int = 0) -> Input:
    return Input(shape, lambda generator, size: generator.normal(size=size), batch_axis)


def fraction(*shape: int) -> Input:
    return Input(shape, lambda generator, size: generator.uniform(0.1, 0.9, size), differentiable=False)


def index(high: int, *shape: int) -> Input:
    return Input(shape, lambda generator, size: generator.integers(0, high, size), differentiable=False)


def sign(*shape: int) -> Input:
    return Input(shape, lambda generator, size: generator.choice([-1, 1], size), differentiable=False)


def distribution(*shape: int) -> Input:
    return Input(shape, lambda generator, size: generator.dirichlet(np.ones(size[-1]), size[:-1]), differentiable=False)


@dataclass(frozen=True)
class Layer:
    """A class, or what makes a block, with arguments, inputs, and the arguments that are otherwise found out."""

    make: Callable[..., Any]
    inputs: tuple[Input, ...]
    args: tuple[Any, ...] = ()
    kwargs: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    covers: tuple[type, ...] = ()

    def __str__(self) -> str:
        shown = [kind.__name__ for kind in self.covers] or [getattr(arg, "__name__", str(arg)) for arg in self.args]
        shown += [f"{name}={value}" for name, value in self.kwargs.items()]
        return f"{self.make.__name__}({', '.join(shown)})"

    def build(self, **more: Any) -> Any:
        return self.make(*self.args, **self.kwargs, **more)


class Unrolled(HybridBlock):
    """A recurrent cell over three steps."""

    def __init__(self, cell: Any) -> None:
        super().__init__(prefix="unrolled_")
        with self.name_scope():
            self.cell = cell()

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        self.cell.reset()
        outputs, states = self.cell.unroll(3, x, layout="NTC", merge_outputs=True)
        return (outputs, *states)


class Residual(HybridBlock):
    """What networks for images are made of: compiled graphs for prediction compute it in few steps."""

    def __init__(self, after: Any, norm: bool = True, channels: int = 4) -> None:
        super().__init__(prefix="residual_")
        with self.name_scope():
            self.body = nn.HybridSequential()
            self.body.add(nn.Conv2D(channels, 3, padding=1, use_bias=not norm))
            if norm:
                self.body.add(nn.BatchNorm(scale=channels == 4))
            self.after = after()

    def hybrid_forward(self, F: Any, x: Any) -> Any:
        return self.after(self.body(x) + x)


def _softened() -> HybridBlock:
    return nn.Activation("tanh")


def _leaky() -> HybridBlock:
    return nn.LeakyReLU(0.1)


def _rectified() -> HybridBlock:
    return nn.Activation("relu")


def _cells(kind: type, *kinds: type) -> Any:
    cell = kind()
    for one in kinds:
        cell.add(one(4))
    return cell


def _stacked() -> Any:
    return _cells(rnn.SequentialRNNCell, rnn.LSTMCell, rnn.GRUCell)


def _stacked_hybrid() -> Any:
    return _cells(rnn.HybridSequentialRNNCell, rnn.RNNCell, rnn.LSTMCell)


def _container(kind: Callable[..., Any], *layers: Callable[[], Any]) -> Callable[[], Any]:
    def make() -> Any:
        net = kind()
        with net.name_scope():
            net.add(*(layer() for layer in layers))
        return net

    make.__name__ = kind.__name__
    return make


def _of(make: Callable[..., Any], *inputs: Input, given: dict[str, Any] | None = None, **kwargs: Any) -> Layer:
    return Layer(make, inputs, kwargs=kwargs, given=given or {})


def _unary(make: Callable[..., Any], *args: Any, **kwargs: Any) -> Layer:
    return Layer(make, (real(2, 3, 4),), args, kwargs)


def _unrolled(cell: Callable[[], Any], *covers: type, shape: tuple[int, ...] = (4,)) -> Layer:
    return Layer(Unrolled, (real(2, 3, *shape),), (cell,), covers=covers)


def _convolutional(axes: int) -> list[Layer]:
    shape = (2, *(4, 3, 3)[:axes])
    kinds = [getattr(contrib_rnn, f"Conv{axes}D{kind}Cell") for kind in ("RNN", "LSTM", "GRU")]
    return [_unrolled(partial(kind, shape, 3, 3, 3, 1), kind, shape=shape) for kind in kinds]


_IMAGE = real(2, 4, 6, 5)
_IMAGE_LAST = real(2, 6, 5, 4)

LAYERS = [
    _of(nn.Dense, real(2, 5), units=3, given={"in_units": 5}),
    _of(nn.Dense, real(2, 3, 5), units=3, activation="tanh", flatten=False, use_bias=False, given={"in_units": 5}),
    _unary(nn.Dropout, 0.5),
    _unary(nn.Dropout, 0.5, axes=(1,)),
    _unary(nn.Dropout, 0),
    Layer(nn.Embedding, (index(7, 2, 3),), (7, 4)),
    Layer(nn.Embedding, (index(7, 2, 3),), (7, 4), {"sparse_grad": True}),
    _unary(nn.Flatten),
    _unary(nn.Lambda, "tanh"),
    _unary(nn.HybridLambda, "tanh"),
    _of(nn.BatchNorm, real(2, 3, 4), given={"in_channels": 3}),
    _of(nn.BatchNorm, real(2, 3, 4), axis=-1, scale=False, given={"in_channels": 4}),
    _of(nn.BatchNorm, real(2, 3), center=False, scale=False, momentum=0.5, given={"in_channels": 3}),
    _of(nn.BatchNorm, _IMAGE, use_global_stats=True, given={"in_channels": 4}),
    _of(nn.BatchNormReLU, _IMAGE, given={"in_channels": 4}),
    _of(nn.BatchNormReLU, real(2, 3), scale=False, given={"in_channels": 3}),
    _of(nn.InstanceNorm, _IMAGE, given={"in_channels": 4}),
    _of(nn.InstanceNorm, real(2, 3, 4), axis=2, scale=True, center=False, given={"in_channels": 4}),
    _of(nn.LayerNorm, real(2, 3, 4), given={"in_channels": 4}),
    _of(nn.LayerNorm, real(2, 3, 4), axis=1, scale=False, given={"in_channels": 3}),
    _of(nn.GroupNorm, _IMAGE, num_groups=2),
    *(_unary(nn.Activation, name) for name in ("relu", "sigmoid", "softrelu", "softsign", "tanh")),
    *(_unary(kind) for kind in (nn.ELU, nn.GELU, nn.PReLU, nn.SELU, nn.Swish)),
    _unary(nn.LeakyReLU, 0.1),
    _unary(nn.PReLU, in_channels=3),
    _unary(nn.Swish, 2.0),
    _of(nn.Conv1D, real(2, 4, 8), channels=6, kernel_size=3, groups=2, given={"in_channels": 4}),
    _of(nn.Conv2D, _IMAGE, channels=3, kernel_size=(3, 2), padding=1, activation="relu", given={"in_channels": 4}),
    _of(nn.Conv2D, _IMAGE_LAST, channels=4, kernel_size=3, groups=2, layout="NHWC", given={"in_channels": 4}),
    _of(nn.Conv3D, real(2, 2, 4, 4, 3), channels=3, kernel_size=2, use_bias=False, given={"in_channels": 2}),
    _of(nn.Conv3D, real(2, 4, 4, 3, 2), channels=3, kernel_size=2, layout="NDHWC", given={"in_channels": 2}),
    _of(nn.Conv1DTranspose, real(2, 4, 5), channels=6, kernel_size=3, groups=2, given={"in_channels": 4}),
    _of(nn.Conv2DTranspose, _IMAGE, channels=3, kernel_size=3, strides=2, padding=1, output_padding=1,
        given={"in_channels": 4}),
    _of(nn.Conv2DTranspose, _IMAGE_LAST, channels=2, kernel_size=2, layout="NHWC", given={"in_channels": 4}),
    _of(nn.Conv3DTranspose, real(2, 2, 3, 3, 2), channels=2, kernel_size=2, given={"in_channels": 2}),
    *(_of(kind, real(2, 3, 8)) for kind in (nn.AvgPool1D, nn.MaxPool1D, nn.GlobalAvgPool1D, nn.GlobalMaxPool1D)),
    *(_of(kind, real(2, 8, 3), layout="NWC") for kind in (nn.AvgPool1D, nn.MaxPool1D)),
    *(_of(kind, _IMAGE) for kind in (nn.AvgPool2D, nn.MaxPool2D, nn.GlobalAvgPool2D, nn.GlobalMaxPool2D)),
    *(_of(kind, _IMAGE_LAST, layout="NHWC") for kind in (nn.AvgPool2D, nn.MaxPool2D, nn.GlobalAvgPool2D)),
    _of(nn.AvgPool2D, _IMAGE, pool_size=3, strides=2, padding=1, ceil_mode=True, count_include_pad=False),
    _of(nn.MaxPool2D, _IMAGE, pool_size=3, strides=2, padding=1, ceil_mode=True),
    *(_of(kind, real(2, 2, 4, 4, 4))
      for kind in (nn.AvgPool3D, nn.MaxPool3D, nn.GlobalAvgPool3D, nn.GlobalMaxPool3D)),
    _of(nn.ReflectionPad2D, _IMAGE, padding=2),
    _of(_container(nn.Sequential, lambda: nn.Dense(3, activation="relu"), nn.BatchNorm), real(2, 5)),
    _of(_container(nn.HybridSequential, lambda: nn.Dense(3, activation="relu"), nn.BatchNorm), real(2, 5)),
    _of(_container(contrib_nn.Concurrent, lambda: nn.Dense(3), lambda: nn.Dense(2)), real(2, 5)),
    _of(_container(contrib_nn.HybridConcurrent, lambda: nn.Dense(3), contrib_nn.Identity), real(2, 5)),
    *(Layer(Residual, (_IMAGE,), (after, norm))
      for after in (_rectified, _softened, _leaky, contrib_nn.Identity) for norm in (True, False)),
    *(_of(_container(nn.HybridSequential, lambda: nn.Conv2D(4, 3, groups=2), nn.BatchNorm, after), _IMAGE)
      for after in (_rectified, _softened, _leaky, contrib_nn.Identity)),
    _unary(contrib_nn.Identity),
    _of(contrib_nn.SyncBatchNorm, real(2, 3, 4), num_devices=1, given={"in_channels": 3}),
    _of(contrib_nn.PixelShuffle1D, real(2, 4, 3), factor=2),
    _of(contrib_nn.PixelShuffle2D, real(2, 12, 3, 2), factor=(2, 3)),
    _of(contrib_nn.PixelShuffle3D, real(2, 8, 3, 2, 2), factor=2),
    _of(contrib_cnn.DeformableConvolution, _IMAGE, channels=3, kernel_size=(3, 3), padding=(1, 1),
        num_deformable_group=2, given={"in_channels": 4}),
    _of(contrib_cnn.DeformableConvolution, _IMAGE, channels=2, use_bias=False, offset_use_bias=False, activation="relu",
        given={"in_channels": 4}),
    _of(contrib_cnn.ModulatedDeformableConvolution, _IMAGE, channels=4, kernel_size=3, padding=(1, 1),
        num_deformable_group=2, groups=2, given={"in_channels": 4}),
    # recurrent layers and cells
    *(_of(kind, real(3, 2, 4, batch_axis=1), hidden_size=5, num_layers=2, bidirectional=True, given={"input_size": 4})
      for kind in (rnn.RNN, rnn.LSTM, rnn.GRU)),
    _of(rnn.LSTM, real(2, 3, 4), hidden_size=5, layout="NTC", given={"input_size": 4}),
    _of(rnn.LSTM, real(2, 3, 4), hidden_size=5, layout="NTC", projection_size=3, given={"input_size": 4}),
    _unrolled(lambda: rnn.RNNCell(4), rnn.RNNCell),
    _unrolled(lambda: rnn.LSTMCell(4), rnn.LSTMCell),
    _unrolled(lambda: rnn.GRUCell(4), rnn.GRUCell),
    _unrolled(_stacked_hybrid, rnn.HybridSequentialRNNCell),
    _unrolled(lambda: rnn.DropoutCell(0.5), rnn.DropoutCell),
    _unrolled(lambda: rnn.ResidualCell(rnn.GRUCell(4)), rnn.ResidualCell),
    _unrolled(lambda: rnn.ZoneoutCell(rnn.RNNCell(4), 0.5, 0.5), rnn.ZoneoutCell),
    _unrolled(lambda: rnn.BidirectionalCell(rnn.LSTMCell(4), rnn.LSTMCell(4)), rnn.BidirectionalCell),
    *(layer for axes in (1, 2, 3) for layer in _convolutional(axes)),
    _unrolled(lambda: contrib_rnn.LSTMPCell(5, 3), contrib_rnn.LSTMPCell),
    # one mask: graphs draw several in the order of their nodes
    _unrolled(lambda: contrib_rnn.VariationalDropoutCell(rnn.GRUCell(4), drop_inputs=0.3),
              contrib_rnn.VariationalDropoutCell),
    # losses
    *(_of(kind, real(4, 3), real(4, 3)) for kind in (loss.L1Loss, loss.L2Loss, loss.HuberLoss)),
    _of(loss.L2Loss, real(4, 3), real(4, 3), fraction(4, 1), weight=2.0),
    *(_of(kind, real(4, 3), sign(4, 3)) for kind in (loss.HingeLoss, loss.SquaredHingeLoss, loss.LogisticLoss)),
    _of(loss.SigmoidBinaryCrossEntropyLoss, real(4, 3), index(2, 4, 3)),
    _of(loss.SoftmaxCrossEntropyLoss, real(4, 3), index(3, 4)),
    _of(loss.SoftmaxCrossEntropyLoss, real(4, 3), distribution(4, 3), sparse_label=False),
    _of(loss.KLDivLoss, real(4, 3), distribution(4, 3), from_logits=False),
    _of(loss.CTCLoss, real(2, 6, 5), index(4, 2, 2)),
    _of(loss.TripletLoss, real(4, 3), real(4, 3), real(4, 3)),
    _of(loss.PoissonNLLLoss, real(4, 3), index(5, 4, 3)),
    _of(loss.CosineEmbeddingLoss, real(4, 3), real(4, 3), sign(4)),
    _of(loss.SDMLLoss, real(4, 3), real(4, 3)),
]  # fmt: skip

#: Public classes that the table leaves out, and why.
LEFT_OUT = {
    "Block": "abstract",
    "HybridBlock": "abstract",
    "SymbolBlock": "made by imports: the law about files",
    "SparseEmbedding": "needs a Trainer: tests/unit/test_gluon_contrib_nn.py",
    "Loss": "abstract",
    "RecurrentCell": "abstract",
    "HybridRecurrentCell": "abstract",
    "ModifierCell": "abstract",
    "SequentialRNNCell": "no HybridBlock: tests/unit/test_gluon_rnn_cells.py",
}
