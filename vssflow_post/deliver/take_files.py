"""A WAV for each cue, cut from the stem it is heard in, with handles: what an editor moves about.

Gain, fades and everything else of the mix is in them: laid at their time references they give the stem back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.audio import Integers, layout_of
from vssflow_post.deliver.bwf import BroadcastWave, WaveReader
from vssflow_post.deliver.names import take_names
from vssflow_post.deliver.wave_header import Origin
from vssflow_post.store.publishing import publishing
from vssflow_post.timeline import CLOCK_HZ, Cue, Span

if TYPE_CHECKING:
    from vssflow_post.media import Film


@dataclass(frozen=True, slots=True)
class TakeFile:
    """One cue's WAV."""

    path: Path
    span: Span
    """What it holds of the film: the cue and its handles."""


@dataclass(frozen=True, slots=True)
class Lanes:
    """Stems track by track, for those in which something sounds at the same time as something else."""

    lane_of: Mapping[str, str]
    """Cue id -> name of its track: `FX 2`."""
    paths: Mapping[str, Path]
    """WAVs by these names; a track on which nothing sounds has none."""

    def track_of(self, cue_id: str, stem: str) -> str:
        """The track of a cue, or of what belongs to no cue: that lies on the first. "" for a stem that has but one."""
        return self.lane_of.get(cue_id, f"{stem} 1" if stem in {lane.split()[0] for lane in self.paths} else "")

    def blocks(self, track: str, stem: WaveReader, span: Span) -> Iterator[Integers]:
        """What is heard on a track of `stem` in `span` of the film."""
        if not track:
            yield from stem.blocks(span=span)
        elif track in self.paths:
            yield from WaveReader(self.paths[track]).blocks(span=span)
        else:
            yield from (np.zeros_like(block) for block in stem.blocks(span=span))


def write_takes(
    folder: Path,
    film_stem: str,
    film: Film,
    cues: Sequence[Cue],
    stems: Mapping[str, Path],
    stem_of: Mapping[str, str],
    handles_s: float,
    lanes: Lanes | None = None,
) -> dict[str, TakeFile]:
    """Writes a WAV into `folder` for each of `cues` (see `take_names`); returns them by cue id.

    `stem_of` names the stem of each cue id. The bext chunk of each file says where in the film it starts. Where a
    stem has `lanes`, cues are cut from these, so that each is heard without what sounds at the same time.
    """
    lanes = lanes or Lanes({}, {})
    handle = round(handles_s * CLOCK_HZ)
    files = {}
    names = take_names(film_stem, cues, stem_of)
    for cue in cues:
        name = stem_of[cue.id]
        stem = WaveReader(stems[name])
        span = Span(max(0, cue.span.start - handle), min(film.duration.end, cue.span.end + handle))
        path = folder / names[cue.id]
        origin = Origin(
            description=f"Cue {cue.id} of {film_stem}, {name}",
            reference=f"{film.digest[:16]}-{hashlib.sha256(cue.id.encode()).hexdigest()[:15]}",
            time_reference=film.start_sample + span.start,
            layout=layout_of(stem.n_channels),
        )
        with publishing(path) as temporary:
            wave = BroadcastWave(temporary, origin)
            try:
                for block in lanes.blocks(lanes.track_of(cue.id, name), stem, span):
                    wave.write(block)
                wave.close()
            finally:
                wave.abandon()
        files[cue.id] = TakeFile(path, span)
    return files
