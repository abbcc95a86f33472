"""The same networks as a user of PyTorch writes them."""

import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from worker import serve

VOCABULARY = 10_000
COMPILED = "--compiled" in sys.argv  # by torch.compile; with frozen weights in inference
if COMPILED:
    from torch._inductor import config

    config.freezing = True
np.random.seed(0)
torch.manual_seed(0)


def trained(model, inputs, labels, loss, rate=0.01):
    """Return a step: forward, loss, backward, SGD with momentum."""
    model = torch.compile(model) if COMPILED else model
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)

    def step():
        optimizer.zero_grad()
        loss(model(inputs), labels).backward()
        optimizer.step()

    return step


# -- ResNet-18 ------------------------------------------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self, before, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.shortcut = None
        if stride != 1 or before != channels:
            self.shortcut = nn.Sequential(nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        y = functional.relu(self.bn1(self.conv1(x)), inplace=True)
        y = self.bn2(self.conv2(y))
        return functional.relu(y + (x if self.shortcut is None else self.shortcut(x)), inplace=True)


def resnet(channels_last):
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    before = 64
    for channels, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
        layers += [Block(before, channels, stride), Block(channels, channels, 1)]
        before = channels
    model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000))
    return model.to(memory_format=torch.channels_last) if channels_last else model


def pictures(count, channels_last):
    images = torch.from_numpy(np.random.rand(count, 3, 224, 224).astype("float32"))
    return images.contiguous(memory_format=torch.channels_last) if channels_last else images


def resnet_training(channels_last):
    labels = torch.from_numpy(np.random.randint(0, 1000, 16))
    return trained(resnet(channels_last), pictures(16, channels_last), labels, functional.cross_entropy)


def resnet_inference(count, channels_last):
    model, images = resnet(channels_last).eval(), pictures(count, channels_last)

    model = torch.compile(model) if COMPILED else model

    def infer():
        with torch.inference_mode():
            model(images)

    return infer


# -- language models ------------------------------------------------------------------------------------------------


class LanguageModel(nn.Module):
    def __init__(self, width=512):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.lstm = nn.LSTM(width, width, num_layers=2)
        self.scores = nn.Linear(width, VOCABULARY)

    def forward(self, tokens):
        return self.scores(self.lstm(self.embedding(tokens))[0])


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.projections = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.wide, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        batch, length, width = x.shape
        q, k, v = self.projections(x).view(batch, length, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(batch, length, width)
        x = self.norm1(x + self.output(mixed))
        return self.norm2(x + self.narrow(functional.gelu(self.wide(x))))


class Transformer(nn.Module):
    def __init__(self, layers=4, width=256, heads=8, length=128):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, width)
        self.places = nn.Parameter(0.02 * torch.randn(1, length, width))
        self.layers = nn.Sequential(*(Layer(width, heads) for _ in range(layers)))
        self.scores = nn.Linear(width, VOCABULARY)

    def forward(self, tokens):
        return self.scores(self.layers(self.embedding(tokens) + self.places))


def language_training(model, shape):
    tokens, labels = (torch.from_numpy(np.random.randint(0, VOCABULARY, shape)) for _ in range(2))
    return trained(model, tokens, labels, lambda scores, y: functional.cross_entropy(scores.flatten(0, 1), y.flatten()))


def linear_call():
    layer, x = nn.Linear(4, 4), torch.ones(1, 4)
    return lambda: layer(x)


MAKERS = {
    "resnet_training": lambda: resnet_training(False),
    "resnet_training_last": lambda: resnet_training(True),
    "resnet_inference_16": lambda: resnet_inference(16, False),
    "resnet_inference_16_last": lambda: resnet_inference(16, True),
    "resnet_inference_1": lambda: resnet_inference(1, False),
    "resnet_inference_1_last": lambda: resnet_inference(1, True),
    "lstm_training": lambda: language_training(LanguageModel(), (35, 32)),
    "transformer_training": lambda: language_training(Transformer(), (8, 128)),
    "dense": linear_call,
}


def later(name, made={}):  # noqa: B006 - one for the whole program
    """Return a case that is made when it is first called; a new one takes the place of the last."""

    def case():
        if name not in made:
            if len(made) > 1:
                made.clear()
            made[name] = MAKERS[name]()
        made[name]()

    return case


if __name__ == "__main__":
    facts = {"version": torch.__version__, "threads": torch.get_num_threads()}
    serve({name: later(name) for name in MAKERS}, facts=facts)
