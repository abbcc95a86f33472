"""The tutorial's network as a user of PyTorch writes it, and the calls below it."""

import os

import numpy as np
import torch
from torch import nn
from worker import serve

BATCH, INPUTS, HIDDEN, CLASSES, RATE = 128, 784, 128, 10, 0.001

np.random.seed(0)
pictures = np.random.randint(0, 256, (BATCH, INPUTS)).astype("uint8")
pictures_float = pictures.astype("float32")
batch_y = np.random.randint(0, CLASSES, BATCH).astype("uint8")

# -- eager, with torch.optim.SGD ------------------------------------------------------------------------------------

model = nn.Sequential(nn.Linear(INPUTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, CLASSES))
for parameter in model.parameters():
    nn.init.normal_(parameter, std=0.02)
# the tutorial adds gradients up over the batch
loss_of = nn.CrossEntropyLoss(reduction="sum")
optimizer = torch.optim.SGD(model.parameters(), lr=RATE)


def eager(x, y):
    optimizer.zero_grad()
    loss = loss_of(model(x), y)
    loss.backward()
    optimizer.step()


def step(batch_x=pictures):
    """Divide in torch, which gives float32 at once."""
    eager(torch.from_numpy(batch_x) / 255.0, torch.from_numpy(batch_y).long())


def step_float():
    step(pictures_float)


def step_numpy():
    """Divide in NumPy, as the tutorial does: float64 there, converted here."""
    eager(torch.from_numpy(pictures / 255.0).float(), torch.from_numpy(batch_y).long())


def step_data_gradient():
    """Ask for the gradient of the data too, as the tutorial's executor does."""
    x = (torch.from_numpy(pictures) / 255.0).requires_grad_()
    eager(x, torch.from_numpy(batch_y).long())


# -- the floor: the same arithmetic as calls that write into memory that stands --------------------------------------

data, label = torch.rand(BATCH, INPUTS), torch.from_numpy(batch_y).long()
w1, b1 = torch.randn(HIDDEN, INPUTS) * 0.02, torch.randn(HIDDEN) * 0.02
w2, b2 = torch.randn(CLASSES, HIDDEN) * 0.02, torch.randn(CLASSES) * 0.02
h, out, prob = torch.empty(BATCH, HIDDEN), torch.empty(BATCH, CLASSES), torch.empty(BATCH, CLASSES)
dh, dout, ddata = torch.empty_like(h), torch.empty_like(out), torch.empty_like(data)
dw1, db1, dw2, db2 = (torch.zeros_like(t) for t in (w1, b1, w2, b2))
w1t, w2t, datat, doutt, dht = w1.t(), w2.t(), data.t(), dout.t(), dh.t()
column, ones = label.unsqueeze(1), torch.ones(BATCH, 1)
raw, source = torch.from_numpy(pictures), torch.from_numpy(pictures / 255.0)


def floor(data_gradient=True):
    with torch.no_grad():
        torch.addmm(b1, data, w1t, out=h)
        h.relu_()
        torch.addmm(b2, h, w2t, out=out)
        torch.softmax(out, 1, out=dout)
        dout.scatter_add_(1, column, -ones)
        torch.mm(doutt, h, out=dw2)
        torch.sum(dout, 0, out=db2)
        torch.mm(dout, w2, out=dh)
        torch.ops.aten.threshold_backward.grad_input(dh, h, 0, grad_input=dh)
        torch.mm(dht, data, out=dw1)
        torch.sum(dh, 0, out=db1)
        if data_gradient:
            torch.mm(dh, w1, out=ddata)


def floor_without():
    floor(data_gradient=False)


def floor_update():
    for weight, gradient in ((w1, dw1), (b1, db1), (w2, dw2), (b2, db2)):
        weight.sub_(gradient, alpha=RATE)


def floor_copy():
    """Divide in NumPy as the tutorial does and convert into the array that stands."""
    data.copy_(torch.from_numpy(pictures / 255.0))
    label.copy_(torch.from_numpy(batch_y))


def floor_step():
    floor_copy()
    floor()
    floor_update()


def products(data_gradient=True):
    torch.mm(data, w1t, out=h)
    torch.mm(h, w2t, out=out)
    torch.mm(doutt, h, out=dw2)
    torch.mm(dout, w2, out=dh)
    torch.mm(dht, data, out=dw1)
    if data_gradient:
        torch.mm(dh, w1, out=ddata)


def products_without():
    products(data_gradient=False)


leaf_data = data.clone().requires_grad_()
leaves = [leaf_data, *(t.clone().requires_grad_() for t in (w1, b1, w2, b2))]
gradients = [torch.empty_like(t) for t in leaves]


def autograd():
    """Forward and backward through torch's autograd, the gradients copied to where the caller wants them."""
    x, one, bias_one, two, bias_two = leaves
    hidden = torch.relu(nn.functional.linear(x, one, bias_one))
    loss = nn.functional.cross_entropy(nn.functional.linear(hidden, two, bias_two), label, reduction="sum")
    for target, found in zip(gradients, torch.autograd.grad(loss, leaves)):
        target.copy_(found)


def train(steps):
    """Run some steps; return the resident memory after them."""
    for _ in range(steps):
        step()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    cases = [step, step_float, step_numpy, step_data_gradient, floor, floor_without, floor_update, floor_copy]
    cases += [floor_step, products, products_without, autograd]
    serve(
        {case.__name__: case for case in cases},
        {"train": train},
        facts={"version": torch.__version__, "threads": torch.get_num_threads()},
    )
