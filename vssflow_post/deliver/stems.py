"""The three WAVs of a film: written side by side, named when all are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timezone
from pathlib import Path

from vssflow_post.deliver.bwf import BroadcastWave, Origin
from vssflow_post.store import publishing

NAMES = ("DX", "FX", "MIX")
_TITLES = {"DX": "Dialogue stem", "FX": "Effects stem", "MIX": "Mix"}


class StemFiles:
    """Gives the mix its files: `open(name)` for `DX`, `FX` and `MIX`, again where it has to start over."""

    def __init__(self, film_stem: str, film_digest: str, start_sample: int, temporary: dict[str, Path]) -> None:
        self._film_stem = film_stem
        self._film_digest = film_digest
        self._start_sample = start_sample
        self._temporary = temporary
        self._open: dict[str, BroadcastWave] = {}

    def open(self, name: str) -> BroadcastWave:
        """An empty file for the stem."""
        if name in self._open:
            self._open[name].abandon()
        date, time = _origination()
        origin = Origin(
            description=f"{_TITLES[name]} of {self._film_stem}",
            reference=f"{self._film_digest[:28]}-{name}",
            time_reference=self._start_sample,
            date=date,
            time=time,
        )
        self._open[name] = BroadcastWave(self._temporary[name], origin)
        return self._open[name]

    def abandon(self) -> None:
        """Closes what is still open."""
        for wave in self._open.values():
            wave.abandon()


@contextmanager
def stem_files(paths: dict[str, Path], film_stem: str, film_digest: str, start_sample: int) -> Iterator[StemFiles]:
    """Publishes `DX`, `FX` and `MIX` under `paths` when the block ends well; leaves nothing behind when it does not.

    `start_sample` (48 kHz samples since midnight) becomes bext's TimeReference.
    """
    with ExitStack() as stack:
        temporary = {name: stack.enter_context(publishing(paths[name])) for name in NAMES}
        files = StemFiles(film_stem, film_digest, start_sample, temporary)
        stack.callback(files.abandon)
        yield files


def _origination() -> tuple[str, str]:
    """bext's date and time: that of SOURCE_DATE_EPOCH where it is set, else none, so that a render can be repeated."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch.isdecimal():
        return "", ""
    moment = datetime.fromtimestamp(int(epoch), timezone.utc)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H-%M-%S")
