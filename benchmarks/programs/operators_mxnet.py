"""One call of any operator, forward and with its gradient. remx and MXNet 1.9.1 both run this file."""

import json

import numpy as np
from worker import serve

import mxnet as mx

CASES = {}


def find(name):
    """Return the array function of a registered name."""
    if name.startswith("_random_") and name.endswith("_like"):
        return getattr(mx.nd.random, name[len("_random_") :])
    spaces = {"_contrib_": "contrib", "_linalg_": "linalg", "_image_": "image", "_sparse_": "sparse"}
    for prefix, space in spaces.items():
        if name.startswith(prefix):
            return getattr(getattr(mx.nd, space), name[len(prefix) :])
    return getattr(mx.nd._internal if name.startswith("_") else mx.nd, name)


def load(name, file, attributes, inplace):
    """Make the cases `forward` and `both` from the arrays in a file; return why, if one cannot be made."""
    stored = np.load(file)
    arrays = [mx.nd.array(stored[key], dtype=stored[key].dtype) for key in sorted(stored.files)]
    function = find(name)
    keywords = json.loads(attributes)
    if inplace is not None:  # an optimizer's update goes into its weights
        targets = [arrays[i] for i in inplace]
        keywords["out"] = targets if len(targets) > 1 else targets[0]

    def forward():
        return function(*arrays, **keywords)

    CASES["forward"] = forward
    CASES.pop("both", None)
    try:
        outputs = forward()
        mx.nd.waitall()
    except Exception as error:
        return {"forward": str(error).strip().splitlines()[-1][:200]}
    if inplace is not None:
        return {}
    for array in arrays:
        if np.dtype(array.dtype).kind == "f":
            array.attach_grad()
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    numbers = [i for i, output in enumerate(outputs) if np.dtype(output.dtype).kind == "f"]
    heads = [mx.nd.ones(outputs[i].shape, dtype=outputs[i].dtype) for i in numbers]

    def both():
        with mx.autograd.record():
            made = function(*arrays, **keywords)
        made = made if isinstance(made, (list, tuple)) else [made]
        mx.autograd.backward([made[i] for i in numbers], heads)

    try:
        both()
        mx.nd.waitall()
    except Exception as error:
        return {"both": str(error).strip().splitlines()[-1][:200]}
    CASES["both"] = both
    return {}


if __name__ == "__main__":
    serve(
        {"forward": lambda: CASES["forward"](), "both": lambda: CASES["both"]()},
        measures={"load": load},
        finish=mx.nd.waitall,
    )
