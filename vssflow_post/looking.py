"""The first half of the line, with what an earlier run saw: a film is decoded once, however its sound is changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from vssflow_post.analysis import Analysis
from vssflow_post.analysis_store import analysis_address
from vssflow_post.backend import Frame, FrameEncoder, Track
from vssflow_post.features import KnownFeatures, read_features
from vssflow_post.inputs import Job
from vssflow_post.media import Film
from vssflow_post.progress import Report
from vssflow_post.spotting import Spotted, Spotting, spot_film
from vssflow_post.store import Missing, address
from vssflow_post.studio import Studio
from vssflow_post.timeline import Scene

MOST_WAITING = 400
"""Pictures that wait for the backend, 230 kB each: as many as are decoded while it is opened."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What was found, and sentences about what had rotted in the store."""

    spotted: Spotted
    notes: tuple[str, ...]


def look_at(job: Job, film: Film, studio: Studio, progress: Report) -> Seen:
    """The cue sheet and what it is made from. Features in the file beside the film take the place of the backend's."""
    preset = studio.preset
    beside = read_features(job.features, film.duration.end_s) if job.features else {}
    features_key, analysis_key = _features_address(film, studio), analysis_address(film, preset.picture)
    features, analysis = studio.features.get(features_key), studio.analyses.get(analysis_key)
    known = None
    if not isinstance(analysis, Missing) and not isinstance(features, Missing):
        known = replace(analysis, features=features)
    encoder = AwaitedEncoder(studio) if isinstance(features, Missing) else KnownFeatures(features)
    voices = studio.known_identity().voices
    asked = Spotting(film, job.script, job.cues, preset, studio.detectors, encoder, known, voices)
    spotted = spot_film(asked, progress)
    found = spotted.analysis
    if isinstance(features, Missing) and found.features:  # without, it may lack what it looks with, and get it later
        studio.features.put(features_key, found.features)
    if isinstance(analysis, Missing):
        studio.analyses.put(analysis_key, found)
    return Seen(
        replace(spotted, analysis=replace(found, features={**found.features, **beside})), _rotted(analysis, features)
    )


class AwaitedEncoder:
    """The encoder of a backend that is still being opened: until it is, pictures wait here, as many as there is room
    for. What opening it raises comes with the next picture."""

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._encoder: FrameEncoder | None = None
        self._waiting: list[Frame] = []

    def push(self, frame: Frame) -> None:
        if self._encoder is None and self._studio.is_opening and len(self._waiting) < MOST_WAITING:
            self._waiting.append(frame)
        else:
            self._opened().push(frame)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return self._opened().finish(scenes)

    def _opened(self) -> FrameEncoder:
        if self._encoder is None:
            self._encoder = self._studio.renderer.backend.encoder()
            for frame in self._waiting:
                self._encoder.push(frame)
            self._waiting.clear()
        return self._encoder


def _features_address(film: Film, studio: Studio) -> str:
    return address(
        {
            "film": [film.digest, film.duration.end],
            "picture": asdict(studio.preset.picture),
            "clip": studio.preset.generate.clip,
            "deterministic": studio.preset.generate.deterministic,
            "backend": [studio.offer.name, studio.plugin, studio.known_identity().weights_digest],
        }
    )


def _rotted(analysis: Analysis | Missing, features: object) -> tuple[str, ...]:
    parts = [name for name, part in (("analysis", analysis), ("features", features)) if part is Missing.ROTTED]
    return tuple(f"What the store held of this film's {name} had rotted and was made again." for name in parts)
