"""The WAVs of a film: written side by side, named when all are whole."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from fractions import Fraction
from functools import partial
from pathlib import Path

from vssflow_post.audio import STEREO, TITLES, Layout
from vssflow_post.deliver.bwf import BroadcastWave, WaveReader
from vssflow_post.deliver.wave_header import Origin, ixml_chunk
from vssflow_post.store.publishing import publishing


@dataclass(frozen=True, slots=True)
class Slate:
    """What all WAVs of a film say about it."""

    film_stem: str
    """Name of the film without its extension."""
    film_digest: str
    """sha256 of the film, hex."""
    start_sample: int = 0
    """48 kHz samples since midnight: bext's TimeReference."""
    layout: Layout = STEREO
    dated_ns: int | None = None
    """When the film was made, nanoseconds since the epoch; with None only SOURCE_DATE_EPOCH gives a date."""
    timecode: tuple[Fraction, bool] | None = None
    """Frame rate and drop-frame, for an iXML chunk; None writes none."""

    def origin(self, name: str) -> Origin:
        """What the stem `name` says in its header."""
        date, time = _origination(self.dated_ns)
        ixml = b""
        if self.timecode is not None:
            ixml = ixml_chunk(self.film_stem, TITLES.get(name, name), self.layout, self.start_sample, *self.timecode)
        return Origin(
            description=f"{TITLES.get(name, name)} of {self.film_stem}",
            reference=f"{self.film_digest[:28]}-{name}",
            time_reference=self.start_sample,
            date=date,
            time=time,
            layout=self.layout,
            ixml=ixml,
        )


class StemFiles:
    """Gives the mix its files: `open(name)` for each stem and `MIX`, again where it has to start over."""

    def __init__(self, slate: Slate, paths: Mapping[str, Path]) -> None:
        """`paths` are those of the files, by stem; they may be filled in later."""
        self._slate = slate
        self._paths = paths
        self._open: dict[str, BroadcastWave] = {}

    def open(self, name: str) -> BroadcastWave:
        """An empty file for the stem."""
        if name in self._open:
            self._open[name].abandon()
        self._open[name] = BroadcastWave(self._paths[name], self._slate.origin(name))
        return self._open[name]

    def require_whole(self, name: str, path: Path) -> None:
        """Raises ValueError unless every sample of the stem that was written can be read from `path`."""
        written, found = self._open[name].n_samples, WaveReader(path).n_samples
        if found != written:
            raise ValueError(f"{path} holds {found} of {written} samples")

    def abandon(self) -> None:
        """Closes what is still open."""
        for wave in self._open.values():
            wave.abandon()


@contextmanager
def stem_files(paths: Mapping[str, Path], slate: Slate) -> Iterator[StemFiles]:
    """Publishes the stems and `MIX` under `paths` when the block ends well; leaves nothing behind when it does not."""
    with ExitStack() as stack:
        temporary: dict[str, Path] = {}
        files = StemFiles(slate, temporary)
        for name, path in paths.items():
            temporary[name] = stack.enter_context(publishing(path, partial(files.require_whole, name)))
        stack.callback(files.abandon)
        yield files


def _origination(dated_ns: int | None) -> tuple[str, str]:
    """bext's date and time (UTC): SOURCE_DATE_EPOCH where it is set, else the film's, never today's.

    A render can then be repeated to the byte.
    """
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        seconds = int(epoch)
    elif dated_ns is not None:
        seconds = dated_ns // 1_000_000_000
    else:
        return "", ""
    moment = datetime.fromtimestamp(seconds, timezone.utc)
    return moment.strftime("%Y-%m-%d"), moment.strftime("%H-%M-%S")
