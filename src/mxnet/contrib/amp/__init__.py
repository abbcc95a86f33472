"""Automatic mixed precision: convolutions and matrix products in 16 bits, whatever needs more in 32."""

from __future__ import annotations

from . import loss_scaler
from ._convert import convert_hybrid_block, convert_model, convert_symbol
from ._init import init
from ._listing import (
    list_conditional_fp32_ops,
    list_fp32_ops,
    list_loss_output_functions,
    list_lp16_fp32_ops,
    list_lp16_ops,
    list_lp16_use_fp32_params,
    list_widest_type_cast,
)
from ._scaling import init_trainer, scale_loss, unscale

__all__ = ["convert_hybrid_block", "convert_model", "convert_symbol", "init", "init_trainer",
           "list_conditional_fp32_ops", "list_fp32_ops", "list_loss_output_functions", "list_lp16_fp32_ops",
           "list_lp16_ops", "list_lp16_use_fp32_params", "list_widest_type_cast", "loss_scaler", "scale_loss",
           "unscale"]  # fmt: skip

for _function in (convert_hybrid_block, convert_model, convert_symbol, init, init_trainer, scale_loss, unscale):
    _function.__module__ = __name__
