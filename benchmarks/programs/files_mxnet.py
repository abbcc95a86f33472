"""Parameters to a file and back. remx and MXNet 1.9.1 both run this file."""

import os
import pickle
import shutil
import tempfile

from worker import serve

import mxnet as mx

FOLDER = tempfile.mkdtemp(prefix="files-benchmark-")

#: Shapes of float32 arrays.
SETS = {
    "large": [(4096, 4096)] * 6,
    "resnet": [(64, 3, 7, 7), (1000, 2048), (1000,)]
    + [shape for width in (64, 128, 256, 512) for shape in [(width,)] * 60 + [(width, width, 3, 3)] * 4]
    + [(4 * width, width, 1, 1) for width in (64, 128, 256, 512) for _ in range(7)],
    "small": [(100,)] * 20_000,
}


def made(shapes):
    return {f"arg:layer{i}_weight": mx.nd.ones(shape) * i for i, shape in enumerate(shapes)}


ARRAYS = {name: made(shapes) for name, shapes in SETS.items()}
STATES = {i: (array, array * 2) for i, array in enumerate(ARRAYS["resnet"].values())}
mx.nd.waitall()
UPDATER = mx.optimizer.get_updater(mx.optimizer.Adam())
UPDATER.states = STATES
PICKLED = UPDATER.get_states()
CASES = {}


def add(name, arrays):
    path = os.path.join(FOLDER, name + ".params")

    def save():
        mx.nd.save(path, arrays)

    def load():
        return mx.nd.load(path)

    save()
    CASES["save " + name], CASES["load " + name] = save, load


for _name, _arrays in ARRAYS.items():
    add(_name, _arrays)


def get_states():
    UPDATER.get_states()


def set_states():
    UPDATER.set_states(PICKLED)


CASES["get_states"], CASES["set_states"] = get_states, set_states


def bytes_of(name):
    """Return the size of a file."""
    return os.path.getsize(os.path.join(FOLDER, name + ".params")) if name in SETS else len(PICKLED)


def same(name):
    """Read the file again and say whether it holds what was saved."""
    found = mx.nd.load(os.path.join(FOLDER, name + ".params"))
    return all((found[key] == array).min().asscalar() == 1 for key, array in ARRAYS[name].items())


if __name__ == "__main__":
    try:
        facts = {"pickled": len(pickle.dumps(ARRAYS["large"]["arg:layer0_weight"]))}
        serve(CASES, {"bytes_of": bytes_of, "same": same}, finish=mx.nd.waitall, facts=facts)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
