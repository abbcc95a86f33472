"""One epoch of each data iterator. remx and MXNet 1.9.1 both run this file."""

import atexit
import os
import shutil
import struct
import tempfile

import numpy as np
from worker import serve

import mxnet as mx

BATCH = 128
generator = np.random.RandomState(0)
folder = tempfile.mkdtemp()
atexit.register(shutil.rmtree, folder, True)


def path(name):
    return os.path.join(folder, name)


def write_libsvm(name, rows, width, features):
    with open(path(name), "w") as file:
        for row in range(rows):
            columns = np.sort(generator.choice(width, features, replace=False))
            numbers = generator.uniform(size=features)
            pairs = " ".join(f"{column}:{number:.5g}" for column, number in zip(columns, numbers))
            file.write(f"{row % 2} {pairs}\n")


def write_idx(name, array, magic):
    with open(path(name), "wb") as file:
        file.write(struct.pack(f">{1 + array.ndim}I", magic, *array.shape) + array.tobytes())


np.savetxt(path("floats.csv"), generator.uniform(-10, 10, (20000, 50)), "%.4f", ",")
np.savetxt(path("integers.csv"), generator.randint(0, 256, (4000, 784)), "%d", ",")
np.savetxt(path("savetxt.csv"), generator.normal(size=(4000, 50)), delimiter=",")
write_libsvm("rows.libsvm", 10000, 10000, 30)
write_idx("images", generator.randint(0, 256, (60000, 28, 28)).astype("uint8"), 2051)
write_idx("labels", (np.arange(60000) % 10).astype("uint8"), 2049)
data, label = generator.uniform(size=(60000, 784)).astype("float32"), np.arange(60000) % 10
plain = mx.io.NDArrayIter(data, label, BATCH)
shuffled = mx.io.NDArrayIter(data, label, BATCH, shuffle=True)
mnist = mx.io.MNISTIter(image=path("images"), label=path("labels"), batch_size=BATCH, silent=True)


def through(it):
    for batch in it:
        last = batch
    last.data[0].wait_to_read()


def in_memory(it):
    def run():
        through(it)
        it.reset()

    return run


def csv(name, columns):
    return lambda: through(mx.io.CSVIter(data_csv=path(name), data_shape=(columns,), batch_size=BATCH))


def libsvm():
    through(mx.io.LibSVMIter(data_libsvm=path("rows.libsvm"), data_shape=(10000,), batch_size=BATCH))


if __name__ == "__main__":
    serve(
        {
            "plain": in_memory(plain),
            "shuffled": in_memory(shuffled),
            "mnist": in_memory(mnist),
            "csv_floats": csv("floats.csv", 50),
            "csv_integers": csv("integers.csv", 784),
            "csv_savetxt": csv("savetxt.csv", 50),
            "libsvm": libsvm,
        },
        finish=mx.nd.waitall,
        facts={"megabytes": {name: os.path.getsize(path(name)) / 1e6 for name in sorted(os.listdir(folder))}},
    )
