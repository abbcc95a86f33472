"""What an estimator does with one batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .... import autograd
from ....context import Context
from ....ndarray import NDArray
from ...utils import split_and_load

if TYPE_CHECKING:
    from .estimator import Estimator

__all__ = ["BatchProcessor"]

#: Data, labels, predictions and losses of a batch, one array of each for a context.
Processed = tuple[list[NDArray], list[NDArray], list[Any], list[NDArray]]


class BatchProcessor:
    """Forward and backward passes over one batch: to be overridden where a batch is not one data and one label array.

    Examples
    --------
    >>> class Squared(mx.gluon.contrib.estimator.BatchProcessor):
    ...     def _get_data_and_label(self, batch, ctx, batch_axis=0):
    ...         data, label = super()._get_data_and_label(batch, ctx, batch_axis)
    ...         return [x * x for x in data], label
    >>> data, label = Squared()._get_data_and_label([mx.nd.array([[3]]), mx.nd.array([1])], [mx.cpu()])
    >>> data[0].asnumpy().tolist(), label[0].asnumpy().tolist()
    ([[9.0]], [1.0])
    """

    def __init__(self) -> None:
        pass

    def _get_data_and_label(
        self, batch: Any, ctx: list[Context], batch_axis: int = 0
    ) -> tuple[list[NDArray], list[NDArray]]:
        """Return the first and the second array of a batch, each split evenly over the contexts."""
        data = split_and_load(batch[0], ctx_list=ctx, batch_axis=batch_axis)
        label = split_and_load(batch[1], ctx_list=ctx, batch_axis=batch_axis)
        return data, label

    def evaluate_batch(self, estimator: Estimator, val_batch: Any, batch_axis: int = 0) -> Processed:
        """Run the validation network and the validation loss on a batch.

        Parameters
        ----------
        estimator : Estimator
            Its `val_net`, `val_loss` and `context` are used.
        val_batch : list of NDArray
            Data and label, as the loader gave them.
        batch_axis : int
            The axis that counts samples.

        Returns
        -------
        tuple of four lists
            Data, labels, predictions and losses, one of each for a context.
        """
        data, label = self._get_data_and_label(val_batch, estimator.context, batch_axis)
        pred = [estimator.val_net(x) for x in data]
        loss = [estimator.val_loss(y_hat, y) for y_hat, y in zip(pred, label)]
        return data, label, pred, loss

    def fit_batch(self, estimator: Estimator, train_batch: Any, batch_axis: int = 0) -> Processed:
        """Run network, loss and backward pass on a batch; parameters are updated by a handler, after this.

        Parameters
        ----------
        estimator : Estimator
            Its `net`, `loss` and `context` are used.
        train_batch : list of NDArray
            Data and label, as the loader gave them.
        batch_axis : int
            The axis that counts samples.

        Returns
        -------
        tuple of four lists
            Data, labels, predictions and losses, one of each for a context.
        """
        data, label = self._get_data_and_label(train_batch, estimator.context, batch_axis)
        with autograd.record():
            pred = [estimator.net(x) for x in data]
            loss = [estimator.loss(y_hat, y) for y_hat, y in zip(pred, label)]
        for part in loss:
            part.backward()
        return data, label, pred, loss
