"""One epoch of DataLoader. remx and MXNet 1.9.1 both run this file."""

import numpy as np
from worker import serve

import mxnet as mx
from mxnet.gluon.data import ArrayDataset, DataLoader

COUNT, BATCH = 64, 16
images = np.random.RandomState(0).randint(0, 256, (COUNT, 224, 224, 3)).astype("uint8")
labels = np.arange(COUNT, dtype="int32")


def by_arrays(image, label):
    return mx.nd.array(image, dtype="uint8").astype("float32").transpose((2, 0, 1)) / 255, label


def by_numpy(image, label):
    return np.ascontiguousarray(image.transpose(2, 0, 1), dtype=np.float32) / 255, label


def epoch(transform, data=images, batch=BATCH, **options):
    dataset = ArrayDataset(data, labels[: len(data)])
    loader = DataLoader(dataset.transform(transform) if transform else dataset, batch, **options)

    def run():
        for found, _ in loader:
            last = found
        last.wait_to_read()

    return run


if __name__ == "__main__":
    rows = np.zeros((COUNT, 10), "float32")
    serve(
        {
            "arrays_0": epoch(by_arrays),
            "arrays_2": epoch(by_arrays, num_workers=2),
            "numpy_0": epoch(by_numpy),
            "numpy_2": epoch(by_numpy, num_workers=2),
            "threads_2": epoch(by_numpy, num_workers=2, thread_pool=True),
            "rows_0": epoch(None, rows, 2),
            "rows_2": epoch(None, rows, 2, num_workers=2),
        },
        finish=mx.nd.waitall,
        facts={"images": COUNT},
    )
