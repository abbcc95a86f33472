"""The same networks as a user of PyTorch writes them; with --compiled, through torch.compile."""

import sys

import language_torch
import torch
import vision_torch
from later import Made, later
from torch import nn
from torch.nn import functional
from worker import serve
from workloads import LANGUAGE, VISION, classes, objects, pictures, tokens

COMPILED = "--compiled" in sys.argv  # with frozen weights in inference
if COMPILED:
    from torch._inductor import config

    config.freezing = True
torch.manual_seed(0)


def parameters(model):
    return sum(x.numel() for x in model.parameters())


def trained(model, inputs, labels, loss, narrow=False):
    """Return a step: forward, loss, backward, SGD with momentum; in mixed precision if it is to be narrow."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    model = torch.compile(model) if COMPILED else model

    def step():
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            value = loss(model(inputs), labels)
        value.backward()
        optimizer.step()

    return step


def laid_out(name, last):
    """Return the network and the batch of a case, both with channels last if asked for."""
    model, images = vision_torch.NETWORKS[VISION[name][0]](), torch.from_numpy(pictures(name))
    if not last:
        return model, images
    return model.to(memory_format=torch.channels_last), images.contiguous(memory_format=torch.channels_last)


def training(name, last, narrow=False):
    model, images = laid_out(name, last)
    if VISION[name][0] == "ssd":
        labels = torch.from_numpy(objects(len(images)))

        def loss(found, labels, boxes=model.anchors):
            return vision_torch.detection_loss(boxes, found, labels)
    else:
        labels, loss = torch.from_numpy(classes(len(images))), functional.cross_entropy
    return Made(trained(model, images, labels, loss, narrow), parameters(model))


def inference(name, last, narrow=False, cast=False):
    """Return inference; in mixed precision if it is to be narrow, or of a network that was cast as a whole."""
    model, images = laid_out(name, last)
    model.eval()
    if cast:
        model, images = model.bfloat16(), images.bfloat16()
    called = torch.compile(model) if COMPILED else model

    def infer():
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=narrow):
            called(images)

    return Made(infer, parameters(model))


def bfloat16_training(last):
    """Cast the whole network and update its weights in bfloat16: less exact than float32 copies, and less work."""
    name = "resnet18_training"
    model, images = laid_out(name, last)
    model, images, labels = model.bfloat16(), images.bfloat16(), torch.from_numpy(classes(len(images)))
    step = trained(model, images, labels, lambda scores, y: functional.cross_entropy(scores.float(), y))
    return Made(step, parameters(model))


def language_training(name):
    length, batch = LANGUAGE[name]
    shape = (length, batch) if name == "lstm_training" else (batch, length)
    model, (words, following) = language_torch.NETWORKS[name](), (torch.from_numpy(x) for x in tokens(shape))
    step = trained(
        model, words, following, lambda scores, y: functional.cross_entropy(scores.flatten(0, 1), y.flatten())
    )
    return Made(step, parameters(model))


def linear_call():
    layer, x = nn.Linear(4, 4), torch.ones(1, 4)
    return Made(lambda: layer(x), 20)


def operations(name):
    """Return the floating point operations of the convolutions and products of a case.

    torch counts those of the forward pass; of gradients of grouped convolutions it counts far too many. A gradient
    takes as many for the data and for the weights; the images need none.
    """
    from torch.utils.flop_counter import FlopCounterMode

    model, images = laid_out(name, False)
    of_first = []
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    first.register_forward_hook(lambda layer, _, made: of_first.append(2 * made.numel() * layer.weight[0].numel()))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model(images)
    forward = counter.get_total_flops()
    return 3 * forward - of_first[0] if "training" in name else forward


MAKERS = {
    **{
        name + ("_last" if last else ""): (
            lambda name=name, last=last: (training if "training" in name else inference)(name, last)
        )
        for name in VISION
        for last in (False, True)
    },
    **{name: (lambda name=name: language_training(name)) for name in LANGUAGE},
    **{
        f"{name}_{kind}": (lambda name=name, options=options: inference(name, True, **options))
        for name in VISION
        if "inference" in name
        for kind, options in (("autocast_last", {"narrow": True}), ("bfloat16_last", {"cast": True}))
    },
    "resnet18_autocast": lambda: training("resnet18_training", False, narrow=True),
    "resnet18_autocast_last": lambda: training("resnet18_training", True, narrow=True),
    "resnet18_bfloat16_last": lambda: bfloat16_training(True),
    "dense": linear_call,
}

if __name__ == "__main__":
    cases, measures = later(MAKERS)
    serve(cases, {**measures, "operations": operations}, facts={"version": torch.__version__})
