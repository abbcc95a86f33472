"""Losses of classes and distributions: cross entropies, divergence, unaligned sequences."""

from __future__ import annotations

from typing import Any

from ... import base
from ._base import Loss, _apply_weighting, _reshape_like


def softplus(F: Any, x: Any) -> Any:
    """Return ``log(1 + exp(x))``."""
    return F.Activation(x, act_type="softrelu")


def finite_log(F: Any, x: Any) -> Any:
    """Return ``log(x + 1e-12)``, finite in float16, too, which has no such number."""
    return F.maximum(F.log(x + 1e-12), -28)


class SigmoidBinaryCrossEntropyLoss(Loss):
    r"""Cross entropy of yes or no: each element of the prediction is a class of its own.

    With :math:`q = \sigma(p)`, the mean of :math:`-w_+ l \log q - (1 - l) \log(1 - q)`. It is computed from `pred` by
    :math:`-\log \sigma(p) = \log(1 + e^{-p})`, which no number is too large for.

    Parameters
    ----------
    from_sigmoid : bool
        Whether `pred` is :math:`q` already. Leave the sigmoid to the loss where you can: that is more accurate.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called with `pred` of any shape, `label` with as many elements from 0 to 1, and if wanted `sample_weight` and
    `pos_weight` (:math:`w_+`), which broadcast to `pred`. Returns the mean for each sample, of shape (N,).

    Examples
    --------
    >>> loss = mx.gluon.loss.SigmoidBinaryCrossEntropyLoss()
    >>> print(loss(mx.nd.array([[0, 200], [-200, 0]]), mx.nd.array([[1, 1], [1, 0]])).asnumpy().round(3))
    [  0.347 100.347]
    """

    def __init__(
        self, from_sigmoid: bool = False, weight: float | None = None, batch_axis: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._from_sigmoid = from_sigmoid

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None, pos_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        label = _reshape_like(F, label, pred)
        if self._from_sigmoid:
            yes = -finite_log(F, pred) * label
            no = -finite_log(F, 1.0 - pred) * (1.0 - label)
        else:
            yes = softplus(F, -pred) * label
            no = softplus(F, pred) * (1.0 - label)
        if pos_weight is not None:
            yes = F.broadcast_mul(yes, pos_weight)
        return self._mean(F, yes + no, sample_weight)


class SoftmaxCrossEntropyLoss(Loss):
    r"""Cross entropy of one class among several, :math:`-\sum_c l_c \log \text{softmax}(p)_c`.

    Parameters
    ----------
    axis : int
        Which axis of `pred` counts the classes.
    sparse_label : bool
        Whether `label` holds numbers of classes, from 0. Otherwise it holds a distribution and has the shape of
        `pred`.
    from_logits : bool
        Whether `pred` holds logarithms of probabilities already, as `log_softmax` gives them.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called with `pred`, `label` (with sparse labels in the shape of `pred` without `axis`, or with a length of 1 there)
    and, if wanted, `sample_weight` that broadcasts to `pred` with a length of 1 at `axis`. Returns the mean for each
    sample, of shape (N,).

    Examples
    --------
    >>> loss = mx.gluon.loss.SoftmaxCrossEntropyLoss()
    >>> print(loss(mx.nd.array([[0, 0], [-100, 100]]), mx.nd.array([1, 0])).asnumpy().round(4))
    [  0.6931 200.    ]
    """

    def __init__(
        self,
        axis: int = -1,
        sparse_label: bool = True,
        from_logits: bool = False,
        weight: float | None = None,
        batch_axis: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._axis = axis
        self._sparse_label = sparse_label
        self._from_logits = from_logits

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        if not self._from_logits:
            pred = F.log_softmax(pred, axis=self._axis)
        if self._sparse_label:
            loss = -F.pick(pred, label, axis=self._axis, keepdims=True)
        else:
            loss = -F.sum(pred * _reshape_like(F, label, pred), axis=self._axis, keepdims=True)
        return self._mean(F, loss, sample_weight)


class KLDivLoss(Loss):
    r"""Kullback-Leibler divergence of a predicted distribution from the true one, :math:`\sum l (\log l - p)`.

    Parameters
    ----------
    from_logits : bool
        Whether `pred` holds logarithms of probabilities. Otherwise `log_softmax` makes them.
    axis : int
        Which axis `log_softmax` is taken along, if `from_logits` is not set.
    weight : float, optional
        Factor on the loss.
    batch_axis : int
        Which axis counts the samples.

    Notes
    -----
    Called with `pred`, `label` of the same shape (probabilities) and, if wanted, `sample_weight` that broadcasts to
    them. Returns the sum for each sample, of shape (N,).

    References
    ----------
    S. Kullback, R. A. Leibler, On Information and Sufficiency, 1951.

    Examples
    --------
    >>> loss = mx.gluon.loss.KLDivLoss(from_logits=False)
    >>> print(loss(mx.nd.array([[1, 1], [1, 1]]), mx.nd.array([[0.5, 0.5], [1, 0]])).asnumpy().round(4))
    [0.     0.6931]
    """

    def __init__(
        self,
        from_logits: bool = True,
        axis: int = -1,
        weight: float | None = None,
        batch_axis: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(weight, batch_axis, **kwargs)
        self._from_logits = from_logits
        self._axis = axis

    def hybrid_forward(self, F: Any, pred: Any, label: Any, sample_weight: Any = None) -> Any:
        """Compute the loss of each sample."""
        if not self._from_logits:
            pred = F.log_softmax(pred, axis=self._axis)
        loss = _apply_weighting(F, label * (finite_log(F, label) - pred), self._weight, sample_weight)
        return F.sum(loss, axis=self._batch_axis, exclude=True)


class CTCLoss(Loss):
    """Connectionist temporal classification: labels without their places in the sequence that they belong to.

    The last class stands for "no label here".

    Parameters
    ----------
    layout : {'NTC', 'TNC'}
        Order of the axes of `pred`: samples, time, classes.
    label_layout : {'NT', 'TN'}
        Order of the axes of `label`.
    weight : float, optional
        Factor on the loss.

    Notes
    -----
    Called with `pred` (not yet through a softmax), `label` (numbers of classes from 0, filled up with -1), and if
    wanted `pred_lengths` (N,), `label_lengths` (N,) and `sample_weight` (N,). Returns the loss of each sample, (N,).

    References
    ----------
    A. Graves, S. Fernandez, F. Gomez, J. Schmidhuber, Connectionist Temporal Classification: Labelling Unsegmented
    Sequence Data with Recurrent Neural Networks, 2006.

    Examples
    --------
    >>> loss = mx.gluon.loss.CTCLoss()
    >>> print(loss(mx.nd.zeros((1, 2, 3)), mx.nd.array([[0, 1]])).asnumpy().round(4))  # one path of nine
    [2.1972]
    """

    def __init__(
        self, layout: str = "NTC", label_layout: str = "NT", weight: float | None = None, **kwargs: Any
    ) -> None:
        for what, given, known in (("pred", layout, ("NTC", "TNC")), ("label", label_layout, ("NT", "TN"))):
            if given not in known:
                raise base.AssertionError(
                    f"CTCLoss: Only '{known[0]}' and '{known[1]}' layouts for {what} are supported. Got: {given}"
                )
        self._layout = layout
        self._label_layout = label_layout
        super().__init__(weight, label_layout.find("N"), **kwargs)

    def hybrid_forward(
        self,
        F: Any,
        pred: Any,
        label: Any,
        pred_lengths: Any = None,
        label_lengths: Any = None,
        sample_weight: Any = None,
    ) -> Any:
        """Compute the loss of each sample."""
        if self._layout == "NTC":
            pred = F.swapaxes(pred, 0, 1)
        if self._label_layout == "TN":
            label = F.swapaxes(label, 0, 1)
        lengths = {"data_lengths": pred_lengths, "label_lengths": label_lengths}
        loss = F.CTCLoss(
            pred,
            label,
            **{name: value for name, value in lengths.items() if value is not None},
            use_data_lengths=pred_lengths is not None,
            use_label_lengths=label_lengths is not None,
            blank_label="last",
        )
        return _apply_weighting(F, loss, self._weight, sample_weight)
