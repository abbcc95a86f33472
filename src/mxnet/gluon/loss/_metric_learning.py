"""Losses that bring embeddings of like things together and push those of others apart."""

from __future__ import annotations

from typing import Any

from ... import base, ndarray, symbol
from ...ndarray import NDArray
from ._base import Loss, _apply_weighting, _reshape_like
from ._classification import KLDivLoss


class TripletLoss(Loss):
    r"""An anchor shall be nearer to a like sample than to another one, by a margin.

    :math:`\max(0, \sum (p - p_+)^2 - \sum (p - p_-)^2 + m)`.

    Parameters
    ----------
    margin : float
        The margin :math:`m`.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called with `pred`, `positive` and `negative`, of as many elements. Returns the loss of each sample, of shape (N,).

    Examples
    --------
    >>> loss = mx.gluon.loss.TripletLoss(margin=2)
    >>> loss(mx.nd.array([[0, 0]]), mx.nd.array([[1, 1]]), mx.nd.array([[1, 0]])).asnumpy().tolist()
    [3.0]
    """

    def __init__(self, margin: float = 1, weight: float | None = None, batch_axis: int = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(self, F: Any, pred: Any, positive: Any, negative: Any) -> Any:  # pyright: ignore
        """Compute the loss of each sample."""
        near = F.square(_reshape_like(F, positive, pred) - pred)
        far = F.square(_reshape_like(F, negative, pred) - pred)
        excess = F.sum(near - far, axis=self._batch_axis, exclude=True)
        return _apply_weighting(F, F.relu(excess + self._margin), self._weight)


class CosineEmbeddingLoss(Loss):
    r"""Pairs of vectors by the cosine of their angle: :math:`1 - \cos` if they are alike, else above a margin.

    :math:`\max(0, \cos - m)` for pairs that are not alike.

    Parameters
    ----------
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Kept for MXNet's signature: the last axis holds the vectors, all others count pairs.
    margin : float
        The margin :math:`m`, from -1 to 1.

    Notes
    -----
    Called with `input1`, `input2` of the same number of elements, `label` with 1 (alike) or -1 for each pair, and if
    wanted `sample_weight` that broadcasts to (N, 1). Returns the loss of each pair, of shape (N, 1).

    Examples
    --------
    >>> loss = mx.gluon.loss.CosineEmbeddingLoss()
    >>> loss(mx.nd.array([[1, 0], [2, 0]]), mx.nd.array([[3, 0], [3, 0]]), mx.nd.array([1, -1])).asnumpy().tolist()
    [[0.0], [1.0]]
    """

    def __init__(self, weight: float | None = None, batch_axis: int = 0, margin: float = 0, **kwargs: Any) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._margin = margin

    def hybrid_forward(  # pyright: ignore
        self, F: Any, input1: Any, input2: Any, label: Any, sample_weight: Any = None
    ) -> Any:
        """Compute the loss of each pair."""
        cosine = self._cosine_similarity(F, _reshape_like(F, input1, input2), input2)
        label = F.reshape(label, shape=(-1, 1))
        unlike = F.where(label == -1, F.relu(cosine - self._margin), F.zeros_like(cosine))
        return _apply_weighting(F, F.where(label == 1, 1 - cosine, unlike), self._weight, sample_weight)

    def _cosine_similarity(self, F: Any, x: Any, y: Any, axis: int = -1) -> Any:
        """Return the cosines of the angles between vectors along `axis`, as a column."""
        product = F.reshape(F.sum(x * y, axis=axis), shape=(-1, 1))
        first, second = (F.reshape(F.norm(vectors, axis=axis), shape=(-1, 1)) for vectors in (x, y))
        lengths = first * second
        missing = lengths == 0  # vectors of zeros have no angle: no gradient, in float16, too
        cosine = product / F.where(missing, F.ones_like(lengths), F.maximum(lengths, 1e-12))
        return F.where(missing, F.zeros_like(cosine), cosine)


class SDMLLoss(Loss):
    r"""Smoothed deep metric learning: each pair of a batch is told from the mixtures of all others.

    Sample :math:`i` of `x1` and sample :math:`i` of `x2` belong together. Distances of all :math:`x_{1i}` from all
    :math:`x_{2j}`, negated, go through a softmax; the loss is its divergence from :math:`1 - s` for the own partner
    and :math:`s / (N - 1)` for each other one.

    Parameters
    ----------
    smoothing_parameter : float
        The share :math:`s` of the others, from 0 to 1.
    weight : float
        Factor on the loss.
    batch_axis : int
        Kept for MXNet's signature: it is 0.

    Notes
    -----
    Called with `x1` and `x2` of shape (N, C). Returns the loss of each pair, of shape (N,).

    References
    ----------
    M. Bonadiman, A. Kumar, A. Mittal, Large Scale Question Paraphrase Retrieval with Smoothed Deep Metric Learning,
    2019.

    Examples
    --------
    >>> loss = mx.gluon.loss.SDMLLoss(smoothing_parameter=0.1)
    >>> print(loss(mx.nd.array([[0, 0], [1, 1]]), mx.nd.array([[0, 0], [1, 1]])).asnumpy().round(4))
    [0.0018 0.0018]
    """

    def __init__(
        self, smoothing_parameter: float = 0.3, weight: float | None = 1.0, batch_axis: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self.kl_loss = KLDivLoss(from_logits=True)
        self.smoothing_parameter = smoothing_parameter

    def hybrid_forward(self, F: Any, x1: Any, x2: Any) -> Any:  # pyright: ignore
        """Compute the loss of each pair."""
        return _apply_weighting(F, self._loss(F, x1, x2), self._weight)

    def _loss(self, F: Any, x1: Any, x2: Any) -> Any:
        if isinstance(x1, NDArray) and (x1.ndim != 2 or x1.shape != x2.shape):
            kind = base.ValueError if x1.shape == x2.shape else base.AssertionError  # as MXNet
            raise kind(f"SDMLLoss: x1 has shape {x1.shape} and x2 {x2.shape}; expected (N, C) of both")
        distances = self._compute_distances(x1, x2)
        if isinstance(x1, NDArray):
            labels = self._compute_labels(F, x1.shape[0]).astype(x1.dtype, copy=False).as_in_context(x1.context)
        else:
            labels = self._symbolic_labels(F, distances)
        return self.kl_loss(F.log_softmax(-distances, axis=1), labels)

    def _compute_distances(self, x1: Any, x2: Any) -> Any:
        """Return the squared distances of all samples of `x1` (rows) from all of `x2`, of shape (N, N)."""
        F: Any = ndarray if isinstance(x1, NDArray) else symbol
        return F.sum(F.square(F.broadcast_sub(F.expand_dims(x1, 1), F.expand_dims(x2, 0))), axis=2)

    def _compute_labels(self, F: Any, batch_size: int) -> Any:
        """Return the distributions over partners, of shape (N, N); a pair without others has only its own."""
        own = F.eye(batch_size)
        share = self.smoothing_parameter if batch_size > 1 else 0.0
        return own * (1 - share) + (1 - own) * (share / max(batch_size - 1, 1))

    def _symbolic_labels(self, F: Any, distances: Any) -> Any:
        """Return the same for a batch whose size is not known yet."""
        rows, columns = (F.contrib.arange_like(distances, axis=axis) for axis in (0, 1))
        own = F.broadcast_equal(F.expand_dims(rows, 1), F.expand_dims(columns, 0))
        others = F.sum(1 - own, axis=1, keepdims=True)
        share = self.smoothing_parameter * (others > 0)
        alone = F.broadcast_mul(own, 1 - share)
        return alone + F.broadcast_mul(1 - own, share / F.maximum(others, 1))
