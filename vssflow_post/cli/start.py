"""Where the command starts: `main` is the console script."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType

from vssflow_post.cli.ending import INTERRUPTED, TERMINATED, Terminated


def main() -> None:
    """The console script. No command is imported before it runs: every worker starts from the same script."""
    signal.signal(signal.SIGTERM, _terminate)
    gc.set_threshold(
        100_000
    )  # what is imported stays: looking through it again and again takes a fifth of torch's start
    try:
        from vssflow_post.cli.group import cli

        cli(prog_name="vssflow-post")
    except KeyboardInterrupt as error:  # before any command ran
        sys.exit(TERMINATED if isinstance(error, Terminated) else INTERRUPTED)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated
