"""The six moments of a training loop, each a class to inherit from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .... import base

if TYPE_CHECKING:
    from .estimator import Estimator


class EventHandler:
    """What all event handlers inherit from.

    An attribute `priority` (a number, 0 unless said) orders handlers of one moment: smaller numbers are called first.
    """


class TrainBegin(EventHandler):
    """A handler that is called once, before the first epoch.

    Examples
    --------
    >>> class Announce(mx.gluon.contrib.estimator.TrainBegin):
    ...     def train_begin(self, estimator, *args, **kwargs):
    ...         print("here we go")
    >>> Announce().train_begin(None)
    here we go
    """

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Do something before training; `estimator` is what trains."""


class TrainEnd(EventHandler):
    """A handler that is called once, after the last epoch.

    Examples
    --------
    >>> class Announce(mx.gluon.contrib.estimator.TrainEnd):
    ...     def train_end(self, estimator, *args, **kwargs):
    ...         print("done")
    >>> Announce().train_end(None)
    done
    """

    def train_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Do something after training; `estimator` is what trained."""


class EpochBegin(EventHandler):
    """A handler that is called before each epoch, and before each evaluation that it is given to.

    Examples
    --------
    >>> class Count(mx.gluon.contrib.estimator.EpochBegin):
    ...     epochs = 0
    ...     def epoch_begin(self, estimator, *args, **kwargs):
    ...         self.epochs += 1
    >>> count = Count()
    >>> count.epoch_begin(None)
    >>> count.epochs
    1
    """

    def epoch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Do something before an epoch."""


class EpochEnd(EventHandler):
    """A handler that is called after each epoch, and after each evaluation that it is given to.

    Examples
    --------
    >>> class Once(mx.gluon.contrib.estimator.EpochEnd):
    ...     def epoch_end(self, estimator, *args, **kwargs):
    ...         return True
    >>> Once().epoch_end(None)
    True
    """

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Do something after an epoch; a true result ends training."""
        return False


class BatchBegin(EventHandler):
    """A handler that is called before each batch.

    Examples
    --------
    >>> class Show(mx.gluon.contrib.estimator.BatchBegin):
    ...     def batch_begin(self, estimator, *args, **kwargs):
    ...         print(kwargs["batch"][0].shape)
    >>> Show().batch_begin(None, batch=[mx.nd.ones((2, 3)), mx.nd.ones((2,))])
    (2, 3)
    """

    def batch_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Do something before a batch; ``kwargs["batch"]`` is what the loader gave."""


class BatchEnd(EventHandler):
    """A handler that is called after each batch's backward pass.

    Examples
    --------
    >>> class Once(mx.gluon.contrib.estimator.BatchEnd):
    ...     def batch_end(self, estimator, *args, **kwargs):
    ...         return True
    >>> Once().batch_end(None)
    True
    """

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Do something after a batch; a true result ends the epoch.

        `kwargs` has ``batch``, what the loader gave, and the lists ``pred``, ``label`` and ``loss`` with one array for
        each context.
        """
        return False


def _check_event_handlers(handlers: Any) -> list[EventHandler]:
    """Return one handler, None or a sequence of handlers as a new list."""
    if handlers is None:
        return []
    if isinstance(handlers, EventHandler):
        return [handlers]
    try:
        found = list(handlers)
    except TypeError:
        raise base.TypeError(
            f"event_handlers is {handlers!r} of {type(handlers).__name__}; expected an EventHandler (an object, not "
            "its class) or a list of them"
        ) from None
    for handler in found:
        if not isinstance(handler, EventHandler):
            raise base.ValueError(
                f"handlers must be an EventHandler or a list of EventHandler, got: {handlers}; {handler!r} is none. "
                "Derive its class from TrainBegin, EpochEnd, BatchEnd or another of the event classes"
            )
    return found
