"""Inference of ResNet-18 by ONNX Runtime and by OpenVINO, each in float32 and with its own choice of kernels."""

import importlib.util
import io
import sys
import warnings

import numpy as np
import torch
from gluon_networks_torch import resnet
from worker import serve

np.random.seed(0)


def exported(count):
    """Return ResNet-18 for a batch of `count` as the bytes of an ONNX file."""
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(resnet(False).eval(), (torch.rand(count, 3, 224, 224),), file, dynamo=False, opset_version=17)
    return file.getvalue()


def pictures(count):
    return np.random.rand(count, 3, 224, 224).astype("float32")


def onnxruntime(count):
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(exported(count), options, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: pictures(count)}
    return lambda: session.run(None, given)


def openvino(count):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    model = core.compile_model(core.read_model(io.BytesIO(exported(count))), "CPU", settings)
    request, images = model.create_infer_request(), pictures(count)
    return lambda: request.infer([images])


RUNTIMES = {name: make for name, make in (("onnxruntime", onnxruntime), ("openvino", openvino))
            if importlib.util.find_spec(name) is not None}  # fmt: skip


def later(name, count, made={}):  # noqa: B006 - one for the whole program
    """Return a case that is made when it is first called."""

    def case():
        if (name, count) not in made:
            made[name, count] = RUNTIMES[name](count)
        made[name, count]()

    return case


if __name__ == "__main__":
    cases = {f"{name}_{count}": later(name, count) for name in RUNTIMES for count in (1, 16)}
    versions = {name: sys.modules[name].__version__ for name in RUNTIMES if name in sys.modules}
    serve(cases, facts={"version": versions})
