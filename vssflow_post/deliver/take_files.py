"""A WAV for each cue, cut from the stem it is heard in, with handles: what an editor moves about.

Gain, fades and everything else of the mix is in them: laid at their time references they give the stem back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.audio import layout_of
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


def write_takes(
    folder: Path,
    film_stem: str,
    film: Film,
    cues: Sequence[Cue],
    stems: Mapping[str, Path],
    stem_of: Mapping[str, str],
    handles_s: float,
) -> dict[str, TakeFile]:
    """Writes a WAV into `folder` for each of `cues` (see `take_names`); returns them by cue id.

    `stem_of` names the stem of each cue id. The bext chunk of each file says where in the film it starts.
    """
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
                for block in stem.blocks(span=span):
                    wave.write(block)
                wave.close()
            finally:
                wave.abandon()
        files[cue.id] = TakeFile(path, span)
    return files
