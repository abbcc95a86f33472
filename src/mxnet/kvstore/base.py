"""What any key-value store offers, stores by name, and how arguments are taken apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from .. import base
from .._warning import warn
from ..ndarray.dispatch import NDArrayBase, write
from ..ndarray.ndarray import NDArray
from ._processes import OneProcess

__all__ = ["KVStoreBase", "TestStore", "create"]

Class = TypeVar("Class", bound=type)

#: An array, or one for each device; for several keys, a list with one of these for each.
Values = Any

ONE_MACHINE = ("local", "device", "nccl", "local_update_cpu", "local_allreduce_cpu", "local_allreduce_device")
#: Stores of other packages, which register themselves when they are imported.
ELSEWHERE = ("horovod", "byteps")


class KVStoreBase:
    """What a key-value store for training offers.

    Packages that sum gradients in their own way derive from it, override `broadcast`, `pushpull` and the properties,
    and register the class. ``mx.kv.create`` then finds it by name.

    Examples
    --------
    >>> @mx.kv.KVStoreBase.register
    ... class Halved(mx.kv.KVStoreBase):
    ...     def pushpull(self, key, value, out=None, priority=0):
    ...         out[:] = value / 2
    >>> out = mx.nd.zeros((2,))
    >>> mx.kv.create("halved").pushpull("w", mx.nd.array([2, 4]), out)
    >>> out.asnumpy().tolist()
    [1.0, 2.0]
    >>> del mx.kv.KVStoreBase.kv_registry["halved"]
    """

    OPTIMIZER = "optimizer"
    kv_registry: ClassVar[dict[str, type]] = {}

    def broadcast(self, key: Any, value: Values, out: Values, priority: int = 0) -> None:
        """Make `value` the value of `key` everywhere, and write it into the arrays of `out`.

        Parameters
        ----------
        key : int or str, or a list of them
            What is set.
        value : NDArray, or a list for several keys
            Initial values.
        out : NDArray, list of NDArray, or a list of these for several keys
            Arrays to write to.
        priority : int
            Kept for MXNet's signature.
        """
        raise NotImplementedError(_missing(self, "broadcast"))

    def pushpull(self, key: Any, value: Values, out: Values = None, priority: int = 0) -> None:
        """Sum the values of all devices, and write the result into the arrays of `out`.

        Parameters
        ----------
        key : int or str, or a list of them
            What is summed.
        value : NDArray, list of NDArray, or a list of these for several keys
            One array from each device.
        out : the same as `value`, optional
            Arrays to write to; those of `value` when left out.
        priority : int
            Kept for MXNet's signature.
        """
        raise NotImplementedError(_missing(self, "pushpull"))

    def set_optimizer(self, optimizer: Any) -> None:
        """Let the store update its values with an optimizer.

        Parameters
        ----------
        optimizer : mx.optimizer.Optimizer
        """
        raise NotImplementedError(_missing(self, "set_optimizer"))

    def is_capable(self, capability: str) -> bool:
        """Return whether the store can do something.

        Parameters
        ----------
        capability : {'optimizer'}
            'optimizer': run the optimizer on its values.
        """
        raise NotImplementedError(_missing(self, "is_capable"))

    def save_optimizer_states(self, fname: str, dump_optimizer: bool = False) -> None:
        """Write the optimizer's states to a file.

        Parameters
        ----------
        fname : str
            Name of the file.
        dump_optimizer : bool
            Whether to write the optimizer too.
        """
        raise NotImplementedError(_missing(self, "save_optimizer_states"))

    def load_optimizer_states(self, fname: str) -> None:
        """Read the optimizer's states from a file.

        Parameters
        ----------
        fname : str
            Name of the file.
        """
        raise NotImplementedError(_missing(self, "load_optimizer_states"))

    @property
    def type(self) -> str:
        """Name of the kind of store."""
        raise NotImplementedError(_missing(self, "type"))

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        raise NotImplementedError(_missing(self, "rank"))

    @property
    def num_workers(self) -> int:
        """Number of processes."""
        raise NotImplementedError(_missing(self, "num_workers"))

    @staticmethod
    def register(klass: Class) -> Class:
        """Register a class of stores under its name in lower case, and return it.

        Parameters
        ----------
        klass : type
            The class.
        """
        name = klass.__name__.lower()
        before = KVStoreBase.kv_registry.get(name)
        if before is not None:
            warn(
                f"New kvstore {klass.__module__}.{klass.__name__} is overriding existing kvstore "
                f"{before.__module__}.{before.__name__}"
            )
        KVStoreBase.kv_registry[name] = klass
        return klass


def _missing(store: KVStoreBase, name: str) -> str:
    return f"{type(store).__name__}.{name} is not written: a store derived from KVStoreBase overrides it"


def check_capability(capability: str) -> str:
    """Return the capability in lower case; ValueError if there is no such thing."""
    if capability.lower() != KVStoreBase.OPTIMIZER:
        raise base.ValueError(f"is_capable: unknown capability {capability!r}, expected {KVStoreBase.OPTIMIZER!r}")
    return KVStoreBase.OPTIMIZER


def arrays_of(what: str, value: Any) -> list[NDArray]:
    """Return the arrays given for one key; one may stand alone."""
    if isinstance(value, NDArrayBase):
        return [value]  # type: ignore[list-item]
    if not isinstance(value, (list, tuple)):
        raise base.TypeError(f"{what}: came {type(value).__name__}, expected an NDArray or a list of them")
    for item in value:
        if not isinstance(item, NDArrayBase):
            raise base.TypeError(f"{what}: the list has a {type(item).__name__}, expected NDArrays")
    return list(value)


def by_key(what: str, keys: Any, values: Values) -> list[tuple[int | str, list[NDArray]]]:
    """Return the arrays of each key, in the order of the keys; those of a key that comes twice are joined."""
    if isinstance(keys, (str, int)):
        return [(keys, arrays_of(what, values))]
    if not isinstance(keys, (list, tuple)):
        raise base.TypeError(f"{what}: key is a {type(keys).__name__}, expected an int, a str, or a list of them")
    kinds = {str if isinstance(key, str) else int if isinstance(key, int) else type(key) for key in keys}
    if not kinds <= {int, str} or len(kinds) > 1:
        raise base.TypeError(
            f"{what}: keys are of {', '.join(sorted(kind.__name__ for kind in kinds))}, expected all int or all str"
        )
    if not isinstance(values, (list, tuple)) or len(values) != len(keys):
        count = f"{len(values)} values" if isinstance(values, (list, tuple)) else f"a {type(values).__name__}"
        raise base.ValueError(f"{what}: {len(keys)} keys came with {count}, expected a list of as many")
    found: dict[Any, list[NDArray]] = {}
    for key, value in zip(keys, values):
        found.setdefault(key, []).extend(arrays_of(what, value))
    return sorted(found.items())


def deliver(what: str, value: NDArray, targets: Sequence[NDArray]) -> None:
    """Copy a value into arrays of its shape, on whatever devices."""
    plain = value.stype == "default"
    for target in targets:
        if target.shape != value.shape:
            raise base.MXNetError(
                f"{what}: the array to write to has shape {target.shape}, but the value has {value.shape}"
            )
        if target is value:
            continue
        if plain:
            write(what, target, value._data)
        else:
            value.copyto(target)


@KVStoreBase.register
class TestStore(KVStoreBase):
    """The smallest store there can be: it sums, and keeps nothing.

    Examples
    --------
    >>> out = mx.nd.zeros((2,))
    >>> mx.kv.create("teststore").pushpull("w", [mx.nd.ones((2,)), mx.nd.ones((2,))], out)
    >>> out.asnumpy().tolist()
    [2.0, 2.0]
    """

    __test__ = False  # no test, whatever pytest makes of the name

    def broadcast(self, key: Any, value: Values, out: Values, priority: int = 0) -> None:
        """Write `value` into the arrays of `out`."""
        del priority
        targets = dict(by_key("TestStore.broadcast", key, out))
        for name, (first, *_) in by_key("TestStore.broadcast", key, value):
            deliver("TestStore.broadcast", first, targets[name])

    def pushpull(self, key: Any, value: Values, out: Values = None, priority: int = 0) -> None:
        """Write the sum of the arrays of `value` into those of `out`, or of `value`."""
        del priority
        targets = dict(by_key("TestStore.pushpull", key, value if out is None else out))
        for name, (total, *others) in by_key("TestStore.pushpull", key, value):
            for other in others:
                total = total + other.as_in_context(total.context)
            deliver("TestStore.pushpull", total, targets[name])

    @staticmethod
    def is_capable(capability: str) -> bool:  # pyright: ignore[reportIncompatibleMethodOverride] - as in MXNet
        """Return False: it runs no optimizer."""
        check_capability(capability)
        return False

    @property
    def type(self) -> str:
        """'teststore'."""
        return "teststore"

    @property
    def rank(self) -> int:
        """0."""
        return 0

    @property
    def num_workers(self) -> int:
        """1."""
        return 1


def create(name: str = "local") -> Any:
    """Make a key-value store.

    Parameters
    ----------
    name : str
        In any case, one of

        - 'local', 'local_update_cpu', 'local_allreduce_cpu': sums over the devices of this machine;
        - 'device', 'local_allreduce_device', 'nccl': the same; the name also allows `set_gradient_compression`
          (but for 'nccl');
        - the name of a class that was registered with ``KVStoreBase.register``.

    Returns
    -------
    KVStore, or an instance of the registered class

    Raises
    ------
    MXNetError
        For stores over several machines ('dist_sync', 'dist_async' ...), which are not there yet, for stores of
        packages that are not imported ('horovod', 'byteps'), and for other names. TypeError if it is not a str.

    Examples
    --------
    >>> store = mx.kv.create("device")
    >>> store.init("w", mx.nd.zeros((2,)))
    >>> store.push("w", [mx.nd.ones((2,), ctx=mx.cpu(0)), mx.nd.ones((2,), ctx=mx.cpu(1))])
    >>> out = mx.nd.zeros((2,))
    >>> store.pull("w", out=out)
    >>> out.asnumpy().tolist()
    [2.0, 2.0]
    """
    if not isinstance(name, str):
        raise base.TypeError(f"kv.create: name must be a string, got {type(name).__name__}")
    name = name.lower()
    registered = KVStoreBase.kv_registry.get(name)
    if registered is not None:
        return registered()
    if name in ONE_MACHINE:
        from .kvstore import KVStore  # it derives from the class above

        return KVStore(OneProcess(name))
    if "dist" in name or name == "p3":
        raise base.MXNetError(
            f"kv.create: {name!r} trains on several machines, which this version cannot do yet; 'local' or 'device' "
            "sum over the devices of one machine"
        )
    if name in ELSEWHERE:
        raise base.MXNetError(
            f"kv.create: {name!r} is a store of another package; none has registered it. Import a package that calls "
            "mx.kv.KVStoreBase.register, or use 'local' or 'device'"
        )
    known = ", ".join(map(repr, [*ONE_MACHINE, *KVStoreBase.kv_registry]))
    raise base.MXNetError(f"kv.create: there is no store {name!r}; expected one of {known}")
