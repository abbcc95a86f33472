"""All optimizers, under the names by which MXNet's pickles know them: ``mxnet.optimizer.optimizer.SGD`` and so on."""

from __future__ import annotations

from ..ndarray.op import abs as NDabs  # noqa: N812 (MXNet's name)
from ._accumulating import AdaDelta, AdaGrad, Ftrl, RMSProp
from ._adaptive import FTML, Adam, Adamax, Nadam
from ._base import Optimizer, create, register
from ._descent import DCASGD, NAG, SGD, SGLD, Signum, Test, ccSGD
from ._layerwise import LAMB, LARS, LBSGD
from ._updater import Updater, get_updater

__all__ = ["AdaDelta", "AdaGrad", "Adam", "Adamax", "DCASGD", "FTML", "Ftrl", "LARS", "LBSGD", "NAG", "NDabs",
           "Nadam", "Optimizer", "RMSProp", "SGD", "SGLD", "Signum", "LAMB", "Test", "Updater", "ccSGD", "create",
           "get_updater", "register"]  # fmt: skip

for _class in (AdaDelta, AdaGrad, Adam, Adamax, DCASGD, FTML, Ftrl, LAMB, LARS, LBSGD, NAG, Nadam, Optimizer, RMSProp,
               SGD, SGLD, Signum, Test, Updater, ccSGD):  # fmt: skip
    _class.__module__ = __name__  # pickles name it
del _class
