"""The language model of two LSTM layers as PyTorch writes it."""

import torch
from worker import serve

BATCH, WORDS, SIZE, LENGTHS = 32, 10000, 200, (10, 20, 40)


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = torch.nn.Embedding(WORDS, SIZE)
        self.layers = torch.nn.LSTM(SIZE, SIZE, num_layers=2)
        self.scores = torch.nn.Linear(SIZE, WORDS)

    def forward(self, data):
        return self.scores(self.layers(self.embed(data))[0].reshape(-1, SIZE))


model = Model()
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
batches = {length: torch.randint(1, WORDS, (2, length, BATCH)) for length in LENGTHS}


def step(length):
    data, label = batches[length]
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(data), label.reshape(-1), reduction="sum").div(BATCH).backward()
    optimizer.step()


if __name__ == "__main__":
    serve({f"fused {length}": (lambda length=length: step(length)) for length in LENGTHS})
