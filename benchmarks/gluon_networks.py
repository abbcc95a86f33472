"""Networks written in Gluon, hybridized, in training and inference: remx beside MXNet 1.9.1 and PyTorch eager."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

from harness import Contestant, Figure, Row, Times, compared, mxnet191, options, race

#: name of a case -> what it is, cases of PyTorch, limit over PyTorch's best, limit over MXNet's best
CASES: dict[str, tuple[str, dict[str, str], float | None, float | None]] = {
    "resnet_training": (
        "ResNet-18, training, batch 16, 224x224",
        {"PyTorch eager": "resnet_training", "PyTorch eager, channels_last": "resnet_training_last"},
        1.0,
        None,
    ),
    "resnet_inference_16": (
        "ResNet-18, inference, batch 16",
        {"PyTorch eager": "resnet_inference_16", "PyTorch eager, channels_last": "resnet_inference_16_last"},
        1.0,
        None,
    ),
    "resnet_inference_1": (
        "ResNet-18, inference, batch 1",
        {"PyTorch eager": "resnet_inference_1", "PyTorch eager, channels_last": "resnet_inference_1_last"},
        None,
        None,
    ),
    "lstm_training": (
        "LSTM language model, training: 2 layers of 512, sequence 35, batch 32, vocabulary 10,000",
        {"PyTorch eager": "lstm_training"},
        1.0,
        1.0,
    ),
    "transformer_training": (
        "Transformer encoder, training: 4 layers of 256, 8 heads, 128 tokens, batch 8, vocabulary 10,000",
        {"PyTorch eager, scaled_dot_product_attention": "transformer_training"},
        1.0,
        1 / 1.3,
    ),
}
CALL_LIMIT = 15.0  # microseconds


def main(arguments: Sequence[str] | None = None) -> dict[str, Any]:
    """Measure, print, and return the figure."""
    chosen = options(__doc__, arguments, rounds=10, names=f"of {', '.join(CASES)}, dense")
    figure = Figure(
        "Networks written in Gluon",
        "python benchmarks/gluon_networks.py --mxnet191 PYTHON",
        "`net.hybridize(static_alloc=True, static_shape=True)`; a training step is forward, loss, backward and "
        "`Trainer.step` (SGD with momentum), as the user's guides of each library write it.",
    )
    ours = Contestant("remx", "gluon_networks_mxnet.py")
    torch = Contestant("PyTorch", "gluon_networks_torch.py")
    compiled = Contestant("torch.compile", "gluon_networks_torch.py", arguments=["--compiled"])
    jax = Contestant("JAX", "networks_jax.py") if importlib.util.find_spec("jax") else None
    runtimes = Contestant("runtimes", "networks_onnx.py")
    real = mxnet191(chosen.mxnet191, "gluon_networks_mxnet.py")
    for name in chosen.only or [*CASES, "dense"]:
        if name == "dense":
            _calls(figure, ours, torch, real, chosen.rounds)
            continue
        what, peers, over_torch, over_mxnet = CASES[name]
        rows = [
            Row("remx", ours, name),
            *(Row(label, torch, case) for label, case in peers.items()),
            Row("torch.compile", compiled, name),
            *([Row("JAX, jit", jax, name)] if jax else []),
            *(Row(peer.label, peer, name) for peer in real),
        ]
        if name.startswith("resnet_inference"):
            count = name.rpartition("_")[2]
            cases = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO, float32"}
            rows += [Row(label, runtimes, f"{case}_{count}") for case, label in cases.items()
                     if f"{case}_{count}" in runtimes.facts["cases"]]  # fmt: skip
        times = race(rows, chosen.rounds)
        figure.race(what, times, "ms", base="remx")
        if over_torch is not None:
            figure.target(
                f"{what}, over PyTorch's best", compared(times["remx"], _best(times, peers)), over_torch, " x"
            )
        if over_mxnet is not None:
            found = compared(times["remx"], _best(times, [peer.label for peer in real])) if real else None
            figure.target(f"{what}, over MXNet's better", found, over_mxnet, " x")
    for contestant in (ours, torch, compiled, runtimes, *([jax] if jax else []), *real):
        contestant.close()
    if not real:
        figure.notes.append("MXNet 1.9.1 was left out: no interpreter was given.")
    return figure.finish(chosen.json)


def _best(times: dict[str, Times], names: Sequence[str] | dict[str, str]) -> Times:
    return min((times[name] for name in names), key=lambda taken: taken.median)


def _calls(figure: Figure, ours: Contestant, torch: Contestant, real: Sequence[Contestant], rounds: int) -> None:
    rows = [
        Row("remx, hybridized", ours, "dense_hybridized"),
        Row("remx", ours, "dense"),
        Row("PyTorch, nn.Linear", torch, "dense"),
        *(Row(f"hybridized: {peer.label}", peer, "dense_hybridized") for peer in real),
    ]
    times = race(rows, 3 * rounds)
    figure.race("A call of Dense(4 -> 4) on one row", times, "us")
    found = {"median": times["remx, hybridized"].median * 1e6, "min": times["remx, hybridized"].least * 1e6}
    figure.target("a call of a hybridized Dense(4 -> 4)", found, CALL_LIMIT, " us")


if __name__ == "__main__":
    main()
