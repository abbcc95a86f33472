"""Networks for words in PyTorch: an LSTM language model and a transformer encoder."""

import torch
from torch import nn
from torch.nn import functional
from workloads import VOCABULARY


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


NETWORKS = {"lstm_training": LanguageModel, "transformer_training": Transformer}
