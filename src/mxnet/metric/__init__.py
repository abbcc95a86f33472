"""How well a network does: running means of accuracy, errors and losses, ``mx.metric``."""

from __future__ import annotations

from .. import registry
from ._base import EvalMetric, _create, alias, check_label_shapes, create, register
from ._binary import F1, MCC, PCC, _BinaryClassificationMetrics
from ._classification import Accuracy, CrossEntropy, NegativeLogLikelihood, Perplexity, TopKAccuracy
from ._composite import CompositeEvalMetric, CustomMetric, np
from ._regression import MAE, MSE, RMSE, Caffe, Loss, PearsonCorrelation, Torch

__all__ = [
    "Accuracy", "Caffe", "CompositeEvalMetric", "CrossEntropy", "CustomMetric", "EvalMetric", "F1", "Loss", "MAE",
    "MCC", "MSE", "NegativeLogLikelihood", "PCC", "PearsonCorrelation", "Perplexity", "RMSE", "TopKAccuracy", "Torch",
    "alias", "check_label_shapes", "create", "np", "register",
]  # fmt: skip

# Pickles and logs name the classes as MXNet's single module does.
for _kind in (*registry.get_registry(EvalMetric).values(), EvalMetric, _BinaryClassificationMetrics):
    _kind.__module__ = __name__
