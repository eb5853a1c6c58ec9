"""The command line. Importing it imports no command: every worker does so, as it starts from the same script."""

from __future__ import annotations

import signal
import sys
from types import FrameType
from typing import TYPE_CHECKING

from vssflow_post.cli.ending import INTERRUPTED, TERMINATED, Terminated

if TYPE_CHECKING:
    from vssflow_post.cli.group import cli

__all__ = ["cli", "main"]


def main() -> None:
    """The console script."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        from vssflow_post.cli.group import cli

        cli(prog_name="vssflow-post")
    except KeyboardInterrupt as error:  # before any command ran
        sys.exit(TERMINATED if isinstance(error, Terminated) else INTERRUPTED)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated


def __getattr__(name: str) -> object:
    if name == "cli":
        from vssflow_post.cli.group import cli

        return cli
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
