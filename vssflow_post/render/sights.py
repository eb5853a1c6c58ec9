"""What is seen in a film and what it would sound like: the picture looked at, and the table asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vssflow_post.analysis.features import KnownFeatures
from vssflow_post.analysis.looking import Looker
from vssflow_post.analysis.picture import Analysis, analyse
from vssflow_post.backend import RecogniserOffer, RecogniserSettings
from vssflow_post.cues.seen import Seen, seen_in
from vssflow_post.cues.sound_table import SoundTable, sound_table
from vssflow_post.media import Film
from vssflow_post.plugins import choose_recogniser
from vssflow_post.progress import OnProgress, silent
from vssflow_post.settings.preset import CueSettings, Preset
from vssflow_post.timeline import Scene


@dataclass(frozen=True, slots=True)
class Sights:
    """A film as it was seen."""

    scenes: tuple[Scene, ...]
    seen: tuple[Seen, ...]
    """One for each scene."""
    recogniser: str
    digest: str
    why: str
    """Sentence: why this recogniser."""


def see(film: Film, preset: Preset, offers: Sequence[RecogniserOffer], progress: OnProgress = silent) -> Sights:
    """Looks at the film. Raises BackendUnavailable without a recogniser that works, and what `analyse` raises."""
    table = table_of(preset.cues)
    settings = RecogniserSettings(preset.generate.clip, table.words)
    offer, why = choose_recogniser(offers, settings, preset.picture.recogniser)
    with Looker(lambda: offer.open(settings)) as looker:
        analysis = analyse(film, preset.picture, KnownFeatures({}), progress, looker)
    seen = seen_of(analysis, table, preset.cues)
    return Sights(analysis.scenes, seen, offer.name, offer.identify(settings), why)


def table_of(settings: CueSettings) -> SoundTable:
    """The shipped table, with the user's rows where there are any. Raises UsageError for a file that cannot be read."""
    return sound_table(Path(settings.picture_sounds).expanduser() if settings.picture_sounds else None)


def seen_of(analysis: Analysis, table: SoundTable, settings: CueSettings) -> tuple[Seen, ...]:
    """What a spotter asks of an analysis: one `Seen` for each scene."""
    faces = [mouth.span for mouth in analysis.mouths]
    return seen_in(analysis.scenes, analysis.looks, table, settings.picture_threshold, faces)
