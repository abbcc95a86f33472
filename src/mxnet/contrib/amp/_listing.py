"""What 1.9.1 does with each operator, for users who change it."""

from __future__ import annotations

from typing import Any

from ..._ops.attributes import DTYPE_NAMES
from . import _lists
from ._rules import target_of


def _text(function: str, target_dtype: Any) -> str:
    return DTYPE_NAMES[target_of(f"amp.{function}", target_dtype)]


def list_lp16_ops(target_dtype: Any) -> list[str]:
    """Return the operators that compute in `target_dtype`, 'float16' or 'bfloat16'.

    Examples
    --------
    >>> mx.contrib.amp.list_lp16_ops("bfloat16")
    ['Convolution', 'FullyConnected']
    """
    return _lists.names(_lists.LOW, _text("list_lp16_ops", target_dtype))


def list_fp32_ops(target_dtype: Any) -> list[str]:
    """Return the operators that compute in float32.

    Examples
    --------
    >>> "softmax" in mx.contrib.amp.list_fp32_ops("float16")
    True
    """
    return _lists.names(_lists.FLOAT32, _text("list_fp32_ops", target_dtype))


def list_lp16_fp32_ops(target_dtype: Any) -> list[str]:
    """Return the operators that compute in the dtype that comes, be it `target_dtype` or float32.

    Examples
    --------
    >>> "Pooling" in mx.contrib.amp.list_lp16_fp32_ops("float16")
    True
    """
    return _lists.names(_lists.ANY, _text("list_lp16_fp32_ops", target_dtype))


def list_widest_type_cast(target_dtype: Any) -> list[str]:
    """Return the operators that compute in the widest of the dtypes of their inputs.

    Examples
    --------
    >>> "elemwise_add" in mx.contrib.amp.list_widest_type_cast("float16")
    True
    """
    return _lists.names(_lists.WIDEST, _text("list_widest_type_cast", target_dtype))


def list_conditional_fp32_ops(target_dtype: Any) -> list[tuple[str, str, list[str]]]:
    """Return operators that compute in float32 for some values of an attribute.

    Examples
    --------
    >>> mx.contrib.amp.list_conditional_fp32_ops("float16")
    [('Activation', 'act_type', ['softrelu']), ('LeakyReLU', 'act_type', ['elu', 'selu'])]
    """
    _text("list_conditional_fp32_ops", target_dtype)
    return [(name, attribute, list(values)) for name, attribute, values in _lists.CONDITIONAL]


def list_loss_output_functions(target_dtype: Any) -> list[str]:
    """Return the output layers whose gradient takes no head gradient.

    On arrays they multiply it by the scale themselves, from `init_trainer` on. In symbols and hybridized blocks they
    do not, and a warning is logged.

    Examples
    --------
    >>> mx.contrib.amp.list_loss_output_functions("float16")[0]
    'SoftmaxOutput'
    """
    _text("list_loss_output_functions", target_dtype)
    return list(_lists.LOSSES)


def list_lp16_use_fp32_params(target_dtype: Any) -> dict[str, list[str]] | None:
    """Return the operators that keep float32 parameters beside narrow data, with the names of their inputs.

    For float16, None.

    Examples
    --------
    >>> mx.contrib.amp.list_lp16_use_fp32_params("bfloat16")["BatchNorm"]
    ['', 'gamma', 'beta', 'moving_mean', 'moving_var']
    """
    if _text("list_lp16_use_fp32_params", target_dtype) == "float16":
        return None
    return {name: list(inputs) for name, inputs in _lists.FLOAT32_PARAMETERS.items()}
