"""Loggers: set up once, with labels and colours on the error stream and plain messages in files."""

from __future__ import annotations

import io
import logging
import os
import re
import sys

import pytest

import mxnet as mx

NUMBER = iter(range(10**6))


@pytest.fixture
def name():
    """A logger's name that no other test uses; its handlers are closed in the end."""
    found = f"mxnet-test-{next(NUMBER)}"
    yield found
    for handler in list(logging.getLogger(found).handlers):
        logging.getLogger(found).removeHandler(handler)
        handler.close()


@pytest.mark.parametrize(
    ("level", "begin"),
    [
        (logging.DEBUG, "\x1b[34mD"),
        (logging.INFO, "\x1b[32mI"),
        (logging.WARNING, "\x1b[31mW"),
        (logging.ERROR, "\x1b[31mE"),
        (logging.CRITICAL, "\x1b[31mC"),
        (60, "\x1b[31mU"),
        (5, "\x1b[34mU"),
    ],
)
def test_lines(name, monkeypatch, level, begin):
    """What MXNet 1.9.1 writes: label, date and time, process, file, function, line, message."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logger = mx.log.get_logger(name, level=1)
    logger.log(level, "hello %s", "you")
    place = rf"\d{{4}} \d\d:\d\d:\d\d {os.getpid()} {re.escape(__file__)}:test_lines:\d+"
    assert re.fullmatch(rf"{re.escape(begin)}{place}\]\x1b\[0m hello you\n", stream.getvalue()), stream.getvalue()


def test_exceptions_are_shown(name, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    try:
        raise KeyError("what happened")
    except KeyError:
        mx.log.get_logger(name).exception("it failed")
    assert "it failed\nTraceback" in stream.getvalue()
    assert stream.getvalue().rstrip().endswith("KeyError: 'what happened'")


def test_set_up_once(name, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logger = mx.log.get_logger(name)
    assert logger is logging.getLogger(name)
    assert logger.level == mx.log.WARNING == logging.WARNING
    assert mx.log.get_logger(name, level=mx.log.DEBUG) is logger
    assert logger.level == logging.WARNING
    logger.warning("a message")
    logger.info("nothing")
    assert stream.getvalue().count("a message") == 1
    assert "nothing" not in stream.getvalue()


def test_files(name, tmp_path):
    path = tmp_path / "x.log"
    path.write_text("before\n")
    logger = mx.log.get_logger(name, filename=str(path), level=mx.log.INFO)
    logger.info("plain %d", 1)
    assert path.read_text() == "before\nplain 1\n"


def test_files_are_overwritten_when_asked(name, tmp_path):
    path = tmp_path / "x.log"
    path.write_text("before\n")
    mx.log.get_logger(name, str(path), "w", mx.log.INFO).info("plain")
    assert path.read_text() == "plain\n"


def test_a_file_that_cannot_be_opened_can_be_corrected(name, tmp_path):
    with pytest.raises(FileNotFoundError):
        mx.log.get_logger(name, str(tmp_path / "missing" / "x.log"))
    mx.log.get_logger(name, str(tmp_path / "x.log")).error("here")
    assert (tmp_path / "x.log").read_text() == "here\n"


def test_the_root_logger_is_left_alone():
    before = list(logging.getLogger().handlers), logging.getLogger().level
    assert mx.log.get_logger(level=mx.log.DEBUG) is logging.getLogger()
    assert (logging.getLogger().handlers, logging.getLogger().level) == before


def test_old_name_warns_at_the_caller(name):
    with pytest.warns(DeprecationWarning, match="Use get_logger instead") as found:
        assert mx.log.getLogger(name) is logging.getLogger(name)
    assert found[0].filename == __file__


def test_levels():
    levels = [getattr(mx.log, level) for level in ("CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG", "NOTSET")]
    assert levels == [50, 40, 30, 20, 10, 0]
