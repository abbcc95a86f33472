"""Losses: blocks that compare predictions with labels and give one number for each sample.

They are averaged over all axes but the batch's, so that ``loss.backward()`` and ``trainer.step(batch_size)`` together
average over the batch. The classes live in modules by subject beside this one.
"""

from __future__ import annotations

from ._base import Loss, _apply_weighting, _reshape_like  # losses of other authors import these helpers from here
from ._classification import CTCLoss, KLDivLoss, SigmoidBinaryCrossEntropyLoss, SoftmaxCrossEntropyLoss
from ._margins import HingeLoss, LogisticLoss, SquaredHingeLoss
from ._metric_learning import CosineEmbeddingLoss, SDMLLoss, TripletLoss
from ._regression import HuberLoss, L1Loss, L2Loss, PoissonNLLLoss

__all__ = ["Loss", "L2Loss", "L1Loss", "SigmoidBinaryCrossEntropyLoss", "SigmoidBCELoss", "SoftmaxCrossEntropyLoss",
           "SoftmaxCELoss", "KLDivLoss", "CTCLoss", "HuberLoss", "HingeLoss", "SquaredHingeLoss", "LogisticLoss",
           "TripletLoss", "PoissonNLLLoss", "CosineEmbeddingLoss", "SDMLLoss"]  # fmt: skip

SigmoidBCELoss = SigmoidBinaryCrossEntropyLoss
SoftmaxCELoss = SoftmaxCrossEntropyLoss

for _name in __all__:
    globals()[_name].__module__ = __name__  # where MXNet has them, and where pickles look for them
