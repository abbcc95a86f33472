"""How gradients become new parameters: on each device, or in a key-value store."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import base
from .. import kvstore as kvs
from .. import optimizer as opt
from .._warning import warn
from ..ndarray import NDArray
from .names import require

if TYPE_CHECKING:
    from ..symbol import Symbol

#: From this number of elements in one parameter on, a 'local' store only adds gradients up.
_LARGE = 1024 * 1024 * 16


def _multiple_callbacks(callbacks: Any, *args: Any, **kwargs: Any) -> None:
    """Call one callback, or each of a list."""
    if isinstance(callbacks, list):
        for callback in callbacks:
            callback(*args, **kwargs)
    elif callbacks:
        callbacks(*args, **kwargs)


def _create_kvstore(kvstore: Any, num_device: int, arg_params: Mapping[str, NDArray]) -> tuple[Any, bool]:
    """Return the store to train with, or None, and whether it also runs the optimizer.

    Parameters
    ----------
    kvstore : KVStoreBase, str or None
        With one device, a name that is not that of a distributed store gives no store.
    num_device : int
    arg_params : dict of str to NDArray

    Raises
    ------
    TypeError
        If `kvstore` is something else.
    """
    update_on_kvstore = bool(int(os.getenv("MXNET_UPDATE_ON_KVSTORE", "1")))
    if kvstore is None:
        return None, False
    if isinstance(kvstore, str):
        if num_device == 1 and "dist" not in kvstore:
            return None, False
        if kvstore == "local" and max((array.size for array in arg_params.values()), default=0) > _LARGE:
            update_on_kvstore = False
        kvstore = kvs.create(kvstore)
    elif not isinstance(kvstore, kvs.KVStoreBase):
        raise base.TypeError(f"kvstore must be KVStore, str or None; it is a {type(kvstore).__name__}")
    return kvstore, update_on_kvstore and kvstore.is_capable(kvs.KVStoreBase.OPTIMIZER)


def make_optimizer(
    optimizer: Any, params: Any, rescale_grad: float, param_names: Sequence[str], devices: int, symbol: Symbol | None
) -> Any:
    """Return the optimizer for parameters on a number of devices, each of which has its own numbers for them.

    Parameters
    ----------
    optimizer : str or Optimizer
    params : dict, or sequence of (str, object)
        Arguments of an optimizer that is given by name.
    rescale_grad : float
        Its `rescale_grad`, unless `params` says otherwise; a given optimizer that has another is a warning.
    param_names : list of str
    devices : int
    symbol : Symbol, optional
        Its attributes set multipliers of rates.
    """
    names = {i * devices + device: name for device in range(devices) for i, name in enumerate(param_names)}
    if isinstance(optimizer, str):
        options = {"rescale_grad": rescale_grad, **dict(params)}
        return opt.create(optimizer, sym=symbol, param_idx2name=names, **options)
    require(
        isinstance(optimizer, opt.Optimizer),
        f"init_optimizer: optimizer is a {type(optimizer).__name__}, expected a name or an Optimizer",
    )
    if optimizer.rescale_grad != rescale_grad:
        warn(
            "Optimizer created manually outside Module but rescale_grad is not normalized to "
            f"1.0/batch_size/num_workers ({optimizer.rescale_grad} vs. {rescale_grad}). Is this intended?"
        )
    if not optimizer.idx2name:
        optimizer.idx2name = names.copy()
    return optimizer


def _initialize_kvstore(
    kvstore: Any,
    param_arrays: Sequence[Sequence[NDArray]],
    arg_params: Mapping[str, NDArray],
    param_names: Sequence[str],
    update_on_kvstore: bool,
) -> None:
    """Put the parameters into a store; one that runs the optimizer gives them back to every device."""
    for name, arrays in zip(param_names, param_arrays):
        dense = arg_params[name].stype == "default"  # of others, rows are pulled when a batch needs them
        if (update_on_kvstore and dense) or not hasattr(kvstore, "init"):
            kvstore.broadcast(name, arg_params[name], out=list(arrays))
        else:
            kvstore.init(name, arg_params[name])


def _update_params_on_kvstore(
    param_arrays: Sequence[Sequence[NDArray]],
    grad_arrays: Sequence[Sequence[NDArray | None]],
    kvstore: Any,
    param_names: Sequence[str],
) -> None:
    """Give a store all gradients and take the parameters that its optimizer makes of them."""
    for index, (weights, gradients, name) in enumerate(zip(param_arrays, grad_arrays, param_names)):
        if gradients[0] is None:
            continue
        if gradients[0].stype == "default" and weights[0].stype == "default":
            kvstore.pushpull(name, list(gradients), out=list(weights), priority=-index)
            continue
        kvstore.push(name, list(gradients), priority=-index)
        if weights[0].stype == "default":
            kvstore.pull(name, out=list(weights), priority=-index)


_update_params_on_kvstore_nccl = _update_params_on_kvstore


def _update_params(
    param_arrays: Sequence[Sequence[NDArray]],
    grad_arrays: Sequence[Sequence[NDArray | None]],
    updater: Callable[..., None],
    num_device: int,
    kvstore: Any = None,
    param_names: Sequence[str] | None = None,
) -> None:
    """Update the parameters on each device, after a store added the gradients up."""
    update_each(param_arrays, grad_arrays, updater, num_device, range(len(param_arrays)), kvstore, param_names)


def update_each(
    param_arrays: Sequence[Sequence[NDArray]],
    grad_arrays: Sequence[Sequence[NDArray | None]],
    updater: Callable[..., None],
    num_device: int,
    positions: Sequence[int],
    kvstore: Any = None,
    param_names: Sequence[str] | None = None,
) -> None:
    """Do what `_update_params` does; `positions` are the parameters' numbers for the optimizer."""
    if kvstore is not None:
        assert param_names is not None
        for index, gradients in enumerate(grad_arrays):
            if gradients[0] is not None:
                kvstore.pushpull(param_names[index], list(gradients), priority=-index)
    for device in range(num_device):
        found = [
            (position * num_device + device, gradients[device], weights[device])
            for position, weights, gradients in zip(positions, param_arrays, grad_arrays)
            if gradients[0] is not None
        ]
        if found:
            updater(*map(list, zip(*found)))
