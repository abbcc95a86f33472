"""Loggers whose lines begin with a coloured label, as glog's do."""

from __future__ import annotations

import logging
import sys

from ._warning import warn

__all__ = ["CRITICAL", "DEBUG", "ERROR", "INFO", "NOTSET", "WARNING", "getLogger", "get_logger"]

CRITICAL = logging.CRITICAL
ERROR = logging.ERROR
WARNING = logging.WARNING
INFO = logging.INFO
DEBUG = logging.DEBUG
NOTSET = logging.NOTSET

_LABELS = {CRITICAL: "C", ERROR: "E", WARNING: "W", INFO: "I", DEBUG: "D"}


class _Formatter(logging.Formatter):
    """One letter for the level, then date, time, process, place in the code, and the message."""

    def __init__(self) -> None:
        super().__init__(datefmt="%m%d %H:%M:%S")

    def _get_color(self, level: int) -> str:
        if level >= WARNING:
            return "\x1b[31m"  # red
        return "\x1b[32m" if level >= INFO else "\x1b[34m"  # green, blue

    def _get_label(self, level: int) -> str:
        return _LABELS.get(level, "U")

    def format(self, record: logging.LogRecord) -> str:
        begin = self._get_color(record.levelno) + self._get_label(record.levelno)
        place = "%(asctime)s %(process)d %(pathname)s:%(funcName)s:%(lineno)d"
        self._style._fmt = f"{begin}{place}]\x1b[0m %(message)s"
        return super().format(record)


def getLogger(
    name: str | None = None, filename: str | None = None, filemode: str | None = None, level: int = WARNING
) -> logging.Logger:
    """Return `get_logger` of the same arguments; this name is deprecated.

    Examples
    --------
    >>> import warnings
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     mx.log.getLogger("an old example").name
    'an old example'
    """
    warn("getLogger is deprecated, Use get_logger instead.", DeprecationWarning)
    return get_logger(name, filename, filemode, level)


def get_logger(
    name: str | None = None, filename: str | None = None, filemode: str | None = None, level: int = WARNING
) -> logging.Logger:
    """Return the logger `name`, which writes to a file or with colours to the standard error stream.

    Parameters
    ----------
    name : str, optional
        Name of the logger. The root logger, for which there is none, is returned as it is.
    filename : str, optional
        File for plain messages.
    filemode : str, optional
        How to open it; ``'a'``, which appends, when left out.
    level : int
        Messages below it are dropped.

    Returns
    -------
    logging.Logger
        The first call for a name sets it up; later ones return it unchanged.

    Examples
    --------
    >>> mx.log.get_logger("example", level=mx.log.INFO).level == mx.log.INFO
    True
    """
    logger = logging.getLogger(name)
    if name is None or getattr(logger, "_init_done", None):
        return logger
    if filename:
        handler: logging.Handler = logging.FileHandler(filename, filemode or "a")
    else:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_Formatter())
    logger.addHandler(handler)
    logger.setLevel(level)
    logger._init_done = True  # type: ignore[attr-defined]
    return logger
