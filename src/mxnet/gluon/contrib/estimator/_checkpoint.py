"""Checkpoints of an estimator: written while it trains, and found again by a run that resumes."""

from __future__ import annotations

import contextlib
import os
import re
from typing import TYPE_CHECKING, Any

from .... import base
from ....metric import EvalMetric
from ...block import HybridBlock
from ._early_stopping import direction, value_of, worst
from ._events import BatchEnd, EpochEnd, TrainBegin

if TYPE_CHECKING:
    from .estimator import Estimator


class CheckpointHandler(TrainBegin, BatchEnd, EpochEnd):
    """Save the network and the trainer every few epochs or batches, and go on from there after an interruption.

    A checkpoint is two files, ``PREFIX-epochEbatchB.params`` with parameters and ``PREFIX-epochEbatchB.states`` with
    the trainer's optimizer and its states; E counts epochs from 0. At the end of an epoch, B is the number of batches
    so far; in between it is the number of the batch, from 0. ``PREFIX-symbol.json`` is the network's graph, if it is
    hybridized; ``PREFIX-best.params`` and ``.states`` are the best checkpoint. Each file appears whole or not at all,
    and a checkpoint's ``.params`` last, so that a run that was killed while it saved resumes from the one before.

    With `resume_from_checkpoint` and nothing to resume, numbers of batches at ends of epochs are one lower.

    A resumed run reads its data from the beginning of an epoch: checkpoints in the middle of one go on with the same
    parameters, but not with the same batches.

    Parameters
    ----------
    model_dir : str
        Folder of the files; made if it is not there.
    model_prefix : str
        What names of files begin with.
    monitor : EvalMetric, optional
        One of the estimator's `train_metrics` or `val_metrics`: what the best checkpoint is best at.
    verbose : int
        Above 0, each file is logged.
    save_best : bool
        Keep the best checkpoint, too.
    mode : {'auto', 'min', 'max'}
        Whether smaller or greater values of `monitor` are better. ``'auto'`` takes smaller ones for losses and errors,
        by the metric's name, and greater ones for all else; it warns which it is.
    epoch_period : int or None
        Number of epochs from one checkpoint to the next; None saves at no epoch's end.
    batch_period : int or None
        The same in batches.
    max_checkpoints : int
        How many checkpoints of this run are kept, without the best one; older ones are deleted.
    resume_from_checkpoint : bool
        Go on from the newest checkpoint in the folder, if there is one: `epochs` or `batches` of `fit` are then those
        of both runs together. Save by epochs to train by epochs, and by batches to train by batches.

    Raises
    ------
    ValueError
        If `save_best` has no metric as `monitor`, or, when training begins, if no epoch or batch is left, or a file's
        name is not understood.
    AssertionError
        When training begins: if a checkpoint is to be resumed that was saved by another period than the one trained
        by, or whose ``.states`` is not there.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> handler = mx.gluon.contrib.estimator.CheckpointHandler(folder, "net", epoch_period=5, max_checkpoints=2)
    >>> handler.saved_checkpoints
    []
    """

    best: float
    _done = 0  # batches of this run
    _before = (0, 0)  # epochs and batches of the run that is resumed

    def __init__(
        self,
        model_dir: str,
        model_prefix: str = "model",
        monitor: EvalMetric | None = None,
        verbose: int = 0,
        save_best: bool = False,
        mode: str = "auto",
        epoch_period: int | None = 1,
        batch_period: int | None = None,
        max_checkpoints: int = 5,
        resume_from_checkpoint: bool = False,
    ) -> None:
        self.monitor = monitor
        self.verbose = verbose
        self.model_dir = model_dir
        self.model_prefix = model_prefix
        self.save_best = save_best
        self.epoch_period = epoch_period
        self.batch_period = batch_period
        self.current_batch = 0
        self.current_epoch = 0
        self.max_checkpoints = max_checkpoints
        self.resume_from_checkpoint = resume_from_checkpoint
        self.saved_checkpoints: list[str] = []
        if save_best:
            if not isinstance(monitor, EvalMetric):
                raise base.ValueError(
                    f"CheckpointHandler: monitor is {monitor!r}. To save best model only, please provide one of the "
                    "metric objects from estimator.train_metrics and estimator.val_metrics as monitor."
                )
            self.monitor_op = direction("CheckpointHandler", monitor, mode)
            self.best = worst(self.monitor_op)
        try:
            os.makedirs(model_dir, exist_ok=True)
        except FileExistsError:
            raise base.ValueError(f"CheckpointHandler: model_dir {model_dir!r} is a file, expected a folder") from None

    def train_begin(self, estimator: Estimator, *args: Any, **kwargs: Any) -> None:
        """Count from zero, or go on from the newest checkpoint."""
        self.current_batch = 0
        self.current_epoch = 0
        self._before = (0, 0)
        if self.save_best:
            self.best = worst(self.monitor_op)
        if self.resume_from_checkpoint:
            self._resume_from_checkpoint(estimator)

    def batch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Save if `batch_period` says so; the graph is saved once it has run."""
        if self.current_batch == 0:
            self._save_symbol(estimator)
        self._done = self.current_batch + 1
        if self.batch_period and (self.current_batch + 1) % self.batch_period == 0:
            self._save_checkpoint(estimator)
        self.current_batch += 1

    def epoch_end(self, estimator: Estimator, *args: Any, **kwargs: Any) -> bool | None:
        """Save if `epoch_period` says so."""
        if self.epoch_period and (self.current_epoch + 1) % self.epoch_period == 0:
            self._save_checkpoint(estimator)
        self.current_epoch += 1

    def _save_checkpoint(self, estimator: Estimator) -> None:
        epoch, batch = self.current_epoch + self._before[0], self.current_batch + self._before[1]
        name = f"{self.model_prefix}-epoch{epoch}batch{batch}"
        self._save_params_and_trainer(estimator, name)
        self._count(name)
        if self.verbose > 0:
            estimator.logger.info(
                "[Epoch %d] CheckpointHandler: trained total %d batches, saving model at %s with prefix: %s",
                self.current_epoch,
                self._done,
                self.model_dir,
                name,
            )
        if self.save_best:
            self._save_best(estimator)

    def _save_best(self, estimator: Estimator) -> None:
        assert self.monitor is not None
        metric, value = value_of("CheckpointHandler", self.monitor)
        if value is None:
            return
        name, before = f"{self.model_prefix}-best", self.best
        improved = bool(self.monitor_op(value, before))
        if improved:
            self._save_params_and_trainer(estimator, name)
            self.best = value
        if self.verbose <= 0:
            return
        if improved:
            message = f"improved from {before:.5f} to {value:.5f}, updating best model at {self.model_dir} "
            message += f"with prefix: {name}"
        else:
            message = f"did not improve from {before:.5f}, skipping updating best model"
        estimator.logger.info("[Epoch %d] CheckpointHandler: %s %s", self.current_epoch, metric, message)

    def _save_symbol(self, estimator: Estimator) -> None:
        path = os.path.join(self.model_dir, f"{self.model_prefix}-symbol.json")
        net = estimator.net
        if isinstance(net, HybridBlock) and net._cached_graph:
            net._cached_graph[1].save(path)
            return
        estimator.logger.info(
            "Model architecture(symbol file) is not saved, please use HybridBlock to construct your model, and call "
            "net.hybridize() before passing to Estimator in order to save model architecture as %s.",
            path,
        )

    def _save_params_and_trainer(self, estimator: Estimator, file_prefix: str) -> None:
        path = os.path.join(self.model_dir, file_prefix)
        # .params comes last: a checkpoint that has it is complete.
        estimator.trainer.save_states(path + ".states")
        estimator.net.save_parameters(path + ".params")

    def _count(self, name: str) -> None:
        """Keep a checkpoint in mind, and delete the oldest one if there are too many."""
        with contextlib.suppress(ValueError):
            self.saved_checkpoints.remove(name)  # written again
        self.saved_checkpoints.append(name)
        if len(self.saved_checkpoints) <= self.max_checkpoints:
            return
        path = os.path.join(self.model_dir, self.saved_checkpoints.pop(0))
        for ending in (".params", ".states"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(path + ending)

    def _resume_from_checkpoint(self, estimator: Estimator) -> None:
        """Load the newest checkpoint, and take what it has trained off the estimator's epochs or batches."""
        limit = estimator.max_epoch or estimator.max_batch
        assert limit
        unit = "epochs" if estimator.max_epoch else "batches"
        wanted, other = (self.epoch_period, self.batch_period)[:: 1 if unit == "epochs" else -1]
        if not wanted or other:
            raise base.AssertionError(
                "CheckpointHandler: To use resume from checkpoint, you must only specify the same type of period you "
                f"used for training. For example, if you are training based on number of {unit}, you must save only "
                f"based on {unit}: epoch_period is {self.epoch_period}, batch_period is {self.batch_period}, and one "
                "of them must be None"
            )
        self.trained_epoch, self.trained_batch = self._newest()
        # A name at an epoch's end tells how many batches were trained, and otherwise the number of the last one. Where
        # there is nothing to resume, epochs' ends are numbered one too low, as MXNet does.
        self._before = (self.trained_epoch + 1, self.trained_batch + (unit == "batches"))
        if self.trained_epoch < 0:
            estimator.logger.info(
                "CheckpointHandler: No checkpoint found, training from scratch for %d %s", limit, unit
            )
            return
        done = (self.trained_epoch if unit == "epochs" else self.trained_batch) + 1
        if done >= limit:
            raise base.ValueError(
                f"CheckpointHandler: Found checkpoint with maximum number of {unit} {limit} reached, please specify "
                f"resume_from_checkpoint=False (default value) if you want to train from scratch, or more {unit}."
            )
        self._load(estimator)
        if unit == "epochs":
            estimator.max_epoch = limit - done
        else:
            estimator.max_batch = limit - done
        estimator.logger.info(
            "CheckpointHandler: Checkpoint resumed from epoch %d batch %d, continue to train for %d %s ",
            self.trained_epoch,
            self.trained_batch,
            limit - done,
            unit,
        )

    def _load(self, estimator: Estimator) -> None:
        name = f"{self.model_prefix}-epoch{self.trained_epoch}batch{self.trained_batch}"
        path = os.path.join(self.model_dir, name)
        for ending in (".params", ".states"):
            if not os.path.exists(path + ending):
                raise base.AssertionError(
                    f"CheckpointHandler: Failed to load checkpoint, {path + ending} does not exist; delete the other "
                    "file of this checkpoint to go on from the one before"
                )
        estimator.net.load_parameters(path + ".params", ctx=estimator.context)
        estimator.trainer.load_states(path + ".states")

    def _newest(self) -> tuple[int, int]:
        """Return epoch and batch of the newest checkpoint, or -1 twice."""
        beginning = self.model_prefix + "-epoch"
        newest = (-1, -1)
        for file in os.listdir(self.model_dir):
            if not (file.startswith(beginning) and file.endswith(".params")):
                continue
            numbers = re.fullmatch(r"(\d+)batch(\d+)", file[len(beginning) : -len(".params")])
            if numbers is None:
                raise base.ValueError(
                    f"CheckpointHandler: Error parsing checkpoint file {file!r} in {self.model_dir!r}, please "
                    "check your checkpoints have the format: "
                    "{model_name}-epoch{epoch_number}batch{batch_number}.params, there should also be a "
                    ".states file for each .params file"
                )
            newest = max(newest, (int(numbers[1]), int(numbers[2])))
        return newest
