"""Programs after ``amp.init('bfloat16')``, which MXNet 1.9.1 cannot take back: this group has a process of its own."""

from .amp_float16 import programs

PROGRAMS = dict(programs("bfloat16", "bfloat16"))
