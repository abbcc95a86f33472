"""Freed memory stays in the process, unless told otherwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mxnet._runtime import memory

#: Allocates and frees 40 MB, which glibc would map by themselves, and prints the page faults of doing it again.
PROGRAM = """
import resource
import torch
import mxnet as mx
x = mx.nd.ones((10_000_000,))
del x
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    y = mx.nd.ones((10_000_000,))
    del y
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""
OWN = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "REMX_KEEP_MEMORY")


def faults(**variables):
    environment = {name: value for name, value in os.environ.items() if name not in OWN}
    command = [sys.executable, "-c", PROGRAM]
    return int(subprocess.run(command, env={**environment, **variables}, capture_output=True, check=True).stdout)


@pytest.mark.skipif(not memory.keep_freed(), reason="no glibc here, or its thresholds are set by the environment")
def test_freed_memory_is_used_again_without_page_faults():
    assert faults() < faults(REMX_KEEP_MEMORY="0") / 4


@pytest.mark.parametrize("name", OWN)
def test_what_the_environment_says_goes(name, monkeypatch):
    monkeypatch.setenv(name, "0")
    assert not memory.keep_freed()
