"""Products, convolutions and copies of memory, large enough to reach what the machine can do."""

import torch
from torch.nn import functional
from worker import serve

MIB = 2**20
#: Convolutions of ResNets, batch 16: channels before and after, pixels, size of the kernel.
CONVOLUTIONS = (
    (64, 64, 56, 3),
    (128, 128, 28, 3),
    (256, 256, 14, 3),
    (512, 512, 7, 3),
    (256, 64, 56, 1),
    (1024, 256, 14, 1),
)
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}

torch.set_grad_enabled(False)
cases, work = {}, {}


def product(name, size):
    a, b = (torch.randn(size, size).to(DTYPES[name]) for _ in range(2))
    out = torch.empty_like(a)
    said, operations = f"{name} product peak: {size} x {size}", 2 * size**3
    add(f"{said}, torch.mm", lambda: torch.mm(a, b, out=out), operations)
    linear = getattr(torch.ops.mkldnn, "_linear_pointwise", None)  # oneDNN's; torch.mm may take another library's
    if linear:
        add(f"{said}, oneDNN", lambda: linear(a, b, None, "none", [], ""), operations)


def convolution(name, before, after, pixels, size):
    x = torch.randn(16, before, pixels, pixels).to(DTYPES[name]).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(after, before, size, size).to(DTYPES[name]).contiguous(memory_format=torch.channels_last)
    said = f"{name} convolution peak: {before} to {after} channels, {size}x{size}, on {pixels}x{pixels}"
    operations = 2 * 16 * pixels**2 * before * after * size**2
    add(said, lambda: functional.conv2d(x, weight, padding=size // 2), operations)


def memory(elements):
    a, b, c = (torch.ones(elements) for _ in range(3))
    add("memory copy: 256 MiB", lambda: a.copy_(b), 2 * 4 * elements)
    add("memory triad: 256 MiB", lambda: torch.add(b, c, alpha=3.0, out=a), 3 * 4 * elements)


def add(name, case, amount):
    cases[name], work[name] = case, amount


if __name__ == "__main__":
    for dtype in DTYPES:
        for size in (1024, 2048):
            product(dtype, size)
        for shape in CONVOLUTIONS:
            convolution(dtype, *shape)
    memory(256 * MIB // 4)
    serve(cases, facts={"work": work})
