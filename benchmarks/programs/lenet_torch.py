"""The same step of LeNet as a user of PyTorch writes it."""

import numpy as np
import torch
from torch import nn
from worker import serve

BATCH = 128

np.random.seed(0)
pictures = torch.from_numpy(np.random.rand(BATCH, 1, 28, 28).astype("float32"))
labels = torch.from_numpy(np.random.randint(0, 10, BATCH))
model = nn.Sequential(
    nn.Conv2d(1, 20, 5), nn.Tanh(), nn.MaxPool2d(2),
    nn.Conv2d(20, 50, 5), nn.Tanh(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(800, 500), nn.Tanh(), nn.Linear(500, 10),
)  # fmt: skip
optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
right = torch.zeros((), dtype=torch.long)


def step():
    scores = model(pictures)
    optimizer.zero_grad()
    nn.functional.cross_entropy(scores, labels).backward()
    optimizer.step()
    right.add_((scores.detach().argmax(1) == labels).sum())


def inference():
    with torch.no_grad():
        torch.softmax(model(pictures), 1)


if __name__ == "__main__":
    serve(
        {"step": step, "inference": inference},
        facts={"version": torch.__version__, "threads": torch.get_num_threads()},
    )
