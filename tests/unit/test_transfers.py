"""Copies to a GPU that do not wait, with the CPU in the place of the GPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

import mxnet as mx
from mxnet._runtime import transfers


class Event:
    """What follows a copy."""

    def __init__(self) -> None:
        self.waited = 0
        self.done = False

    def synchronize(self) -> None:
        self.waited += 1

    def query(self) -> bool:
        return self.done


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Event]]:
    """Every copy is one to a GPU, and all memory is pinned."""
    made: list[Event] = []

    def event(device: torch.device) -> Event:
        made.append(Event())
        return made[-1]

    monkeypatch.setattr(transfers, "is_upload", lambda source, device: True)
    monkeypatch.setattr(transfers, "_event", event)
    monkeypatch.setattr(transfers, "_is_pinned", lambda source: True)
    yield made
    transfers.pending.clear()


def test_only_copies_from_the_host_to_a_gpu_do_not_wait():
    cpu, gpu = torch.device("cpu"), torch.device("cuda", 0)
    assert transfers.is_upload(torch.zeros(1), gpu)
    assert not transfers.is_upload(torch.zeros(1), cpu)
    assert not transfers.is_upload(torch.zeros(1, device="meta"), gpu)


def test_ordinary_memory_needs_no_event(events: list[Event], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transfers, "_is_pinned", lambda source: False)
    mx.nd.ones((2,)).as_in_context(mx.cpu(1))
    assert not events
    assert not transfers.pending


@pytest.mark.parametrize(
    "copy",
    [
        lambda x: x.as_in_context(mx.cpu(1)),
        lambda x: x.copyto(mx.cpu(1)),
        lambda x: mx.nd.array(x, ctx=mx.cpu(1)),
        lambda x: mx.gluon.utils.split_and_load(x, [mx.cpu(1)]),
    ],
)
@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.__setitem__(slice(None), 5),
        lambda x: x.__setitem__(0, 5),
        lambda x: x[1:].__setitem__(slice(None), np.array([1.0])),
        lambda x: x.__iadd__(1),
        lambda x: mx.nd.ones((2,)).copyto(x),
        lambda x: mx.nd.relu(mx.nd.ones((2,)), out=x),
        lambda x: mx.nd.sgd_update(x, mx.nd.ones((2,)), lr=1, out=x),
        lambda x: mx.nd.random.normal(shape=(2,), out=x),
    ],
)
def test_whoever_writes_to_pinned_memory_waits_for_its_copies(copy: Any, write: Any, events: list[Event]):
    x, other = mx.nd.zeros((2,)), mx.nd.zeros((2,))
    copy(x)
    (event,) = events
    other[:] = 1
    assert event.waited == 0
    write(x)
    assert event.waited == 1
    write(x)
    assert event.waited == 1


def test_reading_does_not_wait(events: list[Event]):
    x = mx.nd.ones((2,))
    x.as_in_context(mx.cpu(1))
    assert (x + 1).asnumpy().tolist() == [2, 2]
    assert events[0].waited == 0


def test_memory_that_others_may_write_to_is_read_at_once(events: list[Event]):
    x = mx.nd.array(np.ones(2), ctx=mx.cpu(1))
    assert x.asnumpy().tolist() == [1, 1]
    assert [event.waited for event in events] == [1]
    assert not transfers.pending


def test_finished_copies_are_forgotten(events: list[Event]):
    arrays = [mx.nd.ones((2,)) for _ in range(100)]
    for array in arrays:
        array.as_in_context(mx.cpu(1))
        events[-1].done = True
    assert len(transfers.pending) <= 33


def test_moved_tensors_are_contiguous_and_of_the_dtype():
    source = torch.arange(6.0).reshape(2, 3).T
    found = transfers.moved(source, torch.device("cpu"), torch.float64, copy=True)
    assert found.is_contiguous()
    assert found.dtype is torch.float64
    assert found.tolist() == source.tolist()
    assert transfers.moved(found, torch.device("cpu")) is found
