"""Exit codes of commands that Ctrl-C or SIGTERM ends, and the exception that SIGTERM becomes."""

from __future__ import annotations

INTERRUPTED, TERMINATED = 130, 143
"""Exit codes after Ctrl-C and after SIGTERM."""


class Terminated(KeyboardInterrupt):
    """SIGTERM: everything is left as on Ctrl-C."""
