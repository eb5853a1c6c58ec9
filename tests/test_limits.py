"""The cap on a worker's memory, in a process of its own: what is allocated past it fails, and the process goes on."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import resource, threading
from vssflow_post.media import limits
limits.apply(600 << 20)
import numpy as np
kept = np.ones(100 << 20, np.uint8)
try:
    np.ones(700 << 20, np.uint8)
except MemoryError:
    print("refused")
thread = threading.Thread(target=print, args=("goes on",))
thread.start(); thread.join()
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts private memory")
def test_an_allocation_past_the_cap_fails_and_nothing_else_does() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["refused", "goes on", "0"]
