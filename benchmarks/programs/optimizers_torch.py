"""Steps of torch's optimizers over all parameters of a network, with its lists of tensors (foreach) and fused."""

import torch
from optimizers_shapes import NETWORKS
from worker import serve

optim = torch.optim
SETTINGS = {
    "SGD": (optim.SGD, {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-4}, True),
    "Adam": (optim.Adam, {"lr": 1e-6}, True),
    "NAG": (optim.SGD, {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-4, "nesterov": True}, True),
    "RMSProp": (optim.RMSprop, {"lr": 1e-6}, False),
    "AdaGrad": (optim.Adagrad, {"lr": 1e-6}, True),
}


def stepper(kind, options, shapes):
    weights = [torch.randn(shape, requires_grad=True) for shape in shapes]
    for weight in weights:
        weight.grad = torch.randn(weight.shape) * 0.01
    return kind(weights, **options).step


if __name__ == "__main__":
    cases = {}
    for name, (kind, options, fused) in SETTINGS.items():
        for network, shapes in NETWORKS.items():
            cases[f"{name} {network} foreach"] = stepper(kind, {**options, "foreach": True}, shapes)
            if fused:
                cases[f"{name} {network} fused"] = stepper(kind, {**options, "fused": True}, shapes)
    serve(cases)
