#!/usr/bin/env python3
"""Write the files of a small net in every way that MXNet 1.9.1 has, and what the net answers.

    python tests/golden/gluon/record.py

It runs in an interpreter that has ``mxnet==1.9.1`` (Python 3.8), with MXNET_SUBGRAPH_BACKEND=NONE.
"""

from __future__ import annotations

import pathlib
import warnings

import numpy as np

import mxnet as mx
from mxnet.gluon import nn

FOLDER = pathlib.Path(__file__).resolve().parent


def main() -> None:
    net = nn.HybridSequential(prefix="net_")
    with net.name_scope():
        net.add(nn.Conv2D(2, 3, activation="relu"), nn.BatchNorm(), nn.Flatten(), nn.Dense(3))
    tied = nn.Dense(3, params=net[3].params, prefix="tied_")
    net.initialize(mx.init.Xavier())
    x = mx.nd.array(np.sin(np.arange(32)).reshape(2, 1, 4, 4))
    with mx.autograd.record():
        net(x)
    net.hybridize()
    y = net(x)
    mx.nd.save(str(FOLDER / "answer.params"), {"x": x, "y": y})
    net.save_parameters(str(FOLDER / "structure.params"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        net.save_params(str(FOLDER / "stripped.params"))
    net.collect_params().save(str(FOLDER / "names.params"))
    net.export(str(FOLDER / "export"), 7)
    net.save(str(FOLDER / "whole"))
    both = nn.Sequential()
    both.add(net[3], tied)
    both.save_parameters(str(FOLDER / "tied.params"))
    both.save_parameters(str(FOLDER / "once.params"), deduplicate=True)
    net.cast("float16")
    net.save_parameters(str(FOLDER / "half.params"))


if __name__ == "__main__":
    main()
