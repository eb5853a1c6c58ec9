"""Workers forked from a server that has imported what a render needs: the product's own, each a second sooner.

A worker is spawned in the product, and spends more time on imports than a test's film takes to render. Nothing else
is different: pool, initializer, limits, news and verdicts are the real ones. Tests of workers themselves (killed,
hung, counted) have them spawned: by the fixture `cold_workers`, or by a command line in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.context import ForkServerContext, ForkServerProcess

IMPORTED = (
    *("av", "cv2", "jinja2", "opentimelineio", "otio_cmx3600_adapter", "scenedetect.detectors", "scipy.signal"),
    *("silero_vad", "soundfile", "soxr", "torch", "vssflow_dit.commands", "vssflow_post.batch.local_crew"),
    *("vssflow_post.analysis.detectors", "vssflow_post.settings.checks", "vssflow_post.batch.crew"),
)
"""What a render imports sooner or later. Importing starts no thread of theirs that a fork would lose."""


class _Worker(ForkServerProcess):
    """A process that lives in the test's environment, not in that of the server, which is older than the test."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]
        self._environment = dict(os.environ)

    def run(self) -> None:
        os.environ.clear()
        os.environ.update(self._environment)
        super().run()


class WarmContext(ForkServerContext):
    Process = _Worker


def warm_context(method: str) -> WarmContext:
    """In place of `multiprocessing.get_context`, whatever `method` of starting was asked for."""
    multiprocessing.set_forkserver_preload(list(IMPORTED))
    return WarmContext()
