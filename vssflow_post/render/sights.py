"""What is seen in a film and what it would sound like: the picture looked at, and the table asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vssflow_post.analysis.features import KnownFeatures
from vssflow_post.analysis.looking import Looker
from vssflow_post.analysis.picture import Analysis, analyse
from vssflow_post.backend import FrameEncoder, RecogniserOffer, Thing
from vssflow_post.cues.seen import Seen, seen_in
from vssflow_post.cues.sound_table import SoundTable
from vssflow_post.media import Film
from vssflow_post.progress import OnProgress, silent
from vssflow_post.render.recognition import Recognition, recognition_of
from vssflow_post.settings.preset import CueSettings, Preset
from vssflow_post.timeline import Scene


@dataclass(frozen=True, slots=True)
class Sights:
    """A film as it was seen."""

    scenes: tuple[Scene, ...]
    seen: tuple[Seen, ...]
    """One for each scene."""
    things: tuple[tuple[Thing, ...], ...]
    """What moves in each scene, the one that moves most first."""
    recogniser: str
    digest: str
    why: str
    """Sentence: why this recogniser."""


def see(film: Film, preset: Preset, offers: Sequence[RecogniserOffer], progress: OnProgress = silent) -> Sights:
    """Looks at the film. Raises BackendUnavailable without a recogniser that works, and what `analyse` raises."""
    recognition = recognition_of(preset, offers)
    analysis = looked_at(film, preset, KnownFeatures({}), recognition, progress)
    seen = seen_of(analysis, recognition.table, preset.cues)
    return Sights(analysis.scenes, seen, analysis.things, recognition.offer.name, recognition.digest, recognition.why)


def looked_at(
    film: Film, preset: Preset, encoder: FrameEncoder, recognition: Recognition | None, progress: OnProgress
) -> Analysis:
    """The film's analysis, with what the recogniser says where there is one."""
    if recognition is None:
        return analyse(film, preset.picture, encoder, progress)
    with Looker(recognition.opened) as looker:
        return analyse(film, preset.picture, encoder, progress, looker)


def seen_of(analysis: Analysis, table: SoundTable, settings: CueSettings) -> tuple[Seen, ...]:
    """What a spotter asks of an analysis: one `Seen` for each scene."""
    faces = [mouth.span for mouth in analysis.mouths]
    return seen_in(analysis.scenes, analysis.looks, table, settings.picture_threshold, faces, analysis.bolts)
