"""Inference of the same networks by ONNX Runtime and by OpenVINO; PyTorch writes the ONNX files."""

import importlib
import importlib.util
import io
import warnings

import torch
import vision_torch
from later import Made, later
from worker import serve
from workloads import VISION, pictures


def exported(name):
    """Return a network for the batch of a case as the bytes of an ONNX file."""
    kind, count, size = VISION[name]
    file, images = io.BytesIO(), torch.rand(count, 3, size, size)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(vision_torch.NETWORKS[kind]().eval(), (images,), file, dynamo=False, opset_version=17)
    return file.getvalue()


def onnxruntime(name):
    import onnxruntime as runtime

    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = runtime.InferenceSession(exported(name), options, providers=["CPUExecutionProvider"])
    given = {session.get_inputs()[0].name: pictures(name)}
    return Made(lambda: session.run(None, given), None)


def openvino(name, precision="f32"):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    model = core.compile_model(core.read_model(io.BytesIO(exported(name))), "CPU", settings)
    request, images = model.create_infer_request(), pictures(name)
    return Made(lambda: request.infer([images]), None)


if __name__ == "__main__":
    installed = {
        runtime.__name__: runtime
        for runtime in (onnxruntime, openvino)
        if importlib.util.find_spec(runtime.__name__) and importlib.util.find_spec("onnx")
    }
    names = [name for name in VISION if "inference" in name]
    makers = {
        f"{name}_{kind}": (lambda name=name, make=make: make(name))
        for kind, make in installed.items()
        for name in names
    }
    if "openvino" in installed:
        makers.update({f"{name}_openvino_bfloat16": (lambda name=name: openvino(name, "bf16")) for name in names})
    cases, measures = later(makers)
    labels = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO"}
    versions = {labels[name]: importlib.import_module(name).__version__.partition("-")[0] for name in installed}
    serve(cases, measures, facts={"version": versions})
