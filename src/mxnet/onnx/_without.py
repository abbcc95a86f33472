"""The operators that have no translation, with the reason, which error messages give."""

from __future__ import annotations

_TRAINING = "it changes weights in training; export the network that was trained"
_FILES = "it reads files or their bytes; decode images before the model"
_CREATES = "it makes an array of a given shape, which an export computes itself; this one it cannot"
_AUGMENTS = "it changes training images at random; leave it out of a network that predicts"

_REASONS: dict[str, tuple[str, ...]] = {
    _TRAINING: (
        "_adamw_update", "_contrib_group_adagrad_update", "_mp_adamw_update", "_multi_adamw_update",
        "_multi_lamb_update", "_multi_mp_adamw_update", "_multi_mp_lamb_update", "_sparse_adagrad_update",
        "adam_update", "ftml_update", "ftrl_update", "lamb_update_phase1", "lamb_update_phase2",
        "mp_lamb_update_phase1", "mp_lamb_update_phase2", "mp_nag_mom_update", "mp_sgd_mom_update", "mp_sgd_update",
        "multi_lars", "multi_mp_sgd_mom_update", "multi_mp_sgd_update", "multi_sgd_mom_update", "multi_sgd_update",
        "nag_mom_update", "preloaded_multi_mp_sgd_mom_update", "preloaded_multi_mp_sgd_update",
        "preloaded_multi_sgd_mom_update", "preloaded_multi_sgd_update", "reset_arrays", "rmsprop_update",
        "rmspropalex_update", "sgd_mom_update", "sgd_update", "signsgd_update", "signum_update",
    ),
    "it is a step of a backward pass": (
        "_contrib_backward_gradientmultiplier", "_contrib_backward_hawkesll", "_contrib_backward_index_copy",
        "_contrib_backward_quadratic", "_NoGradient",
    ),
    "it is a loss; export the part before it, which predicts": ("CTCLoss", "_contrib_hawkesll"),
    "it makes the targets of training from labels; leave it out of a network that predicts": (
        "_contrib_MultiBoxTarget", "_contrib_bipartite_matching", "_sample_unique_zipfian",
    ),
    _AUGMENTS: ("_image_random_color_jitter", "_image_random_hue"),
    _FILES: ("_cvimdecode", "_cvimread", "_imdecode"),
    "it runs Python or a program of its own, which is not in the graph": (
        "Custom", "_CachedOp", "_CachedOpThreadSafe", "_CustomFunction", "_NDArray", "_Native",
    ),
    _CREATES: ("_arange", "_eye", "_linspace", "_set_value"),
    "eigenvectors need a number of steps that depends on the values": ("_linalg_syevd",),
    "its bins move and turn with the inputs, which no pooling of ONNX does": (
        "_contrib_DeformablePSROIPooling", "_contrib_RROIAlign",
    ),
}  # fmt: skip

#: Why each operator without a translation has none.
WITHOUT = {name: reason for reason, names in _REASONS.items() for name in names}
