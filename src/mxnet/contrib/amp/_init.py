"""Mixed precision for everything that is computed from here on."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import torch

from ..._frontend.casting import casts, scaling
from ..._ops.attributes import DTYPE_NAMES
from ..._warning import warn
from ._rules import Conditions, rules_of, target_of

_present: list[torch.dtype] = []


def init(
    target_dtype: Any = "float16",
    target_precision_ops: Sequence[str] | None = None,
    conditional_fp32_ops: Conditions = None,
    fp32_ops: Sequence[str] | None = None,
) -> None:
    """Compute in mixed precision from here on: operators cast their inputs to the dtype that suits them.

    Convolutions, dense and recurrent layers compute in `target_dtype`, sums, exponentials and losses in float32,
    arithmetic of two arrays in the wider of their dtypes, and everything else in the dtype that comes. Parameters stay
    float32. This holds for arrays, for symbols that are made, and for blocks that are hybridized after this call; it
    cannot be taken back, and a second call does nothing.

    Parameters
    ----------
    target_dtype : {'float16', 'bfloat16'}
        The narrow dtype. Training in float16 needs `init_trainer` and `scale_loss`, too.
    target_precision_ops : list of str, optional
        Operators that compute in `target_dtype`, in the place of `list_lp16_ops`.
    conditional_fp32_ops : list of (str, str, list of str), optional
        Operator, attribute, and its values under which the operator computes in float32, in the place of
        `list_conditional_fp32_ops`.
    fp32_ops : list of str, optional
        Operators that compute in float32, in the place of `list_fp32_ops`.

    Raises
    ------
    AssertionError
        If `target_dtype` is another one, or an operator is in two of the lists.
    ValueError
        If a list names what is no operator.

    Examples
    --------
    >>> mx.contrib.amp.init("bfloat16")
    >>> data, weight = mx.nd.ones((1, 2)), mx.nd.ones((3, 2))
    >>> dense = mx.nd.FullyConnected(data, weight, num_hidden=3, no_bias=True)
    >>> dense.dtype, mx.nd.softmax(dense).dtype
    (dtype([('bfloat16', '<u2')]), <class 'numpy.float32'>)
    """
    target = target_of("amp.init", target_dtype)
    rules = rules_of("amp.init", target, ("target_precision_ops", target_precision_ops), fp32_ops, conditional_fp32_ops)
    if casts:
        if target is not _present[0]:
            warn(f"amp.init: mixed precision in {DTYPE_NAMES[_present[0]]} is on already, and stays")
        return
    logging.getLogger().info("Using AMP")
    _present[:] = [target]
    casts.update(rules)


def _off() -> None:
    """Compute as before `init`: for tests."""
    casts.clear()
    scaling.scaler = None
