"""Who says what is seen in films, and which table says what it would sound like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vssflow_post.backend import Recogniser, RecogniserOffer, RecogniserSettings
from vssflow_post.cues.sound_table import SoundTable, sound_table
from vssflow_post.plugins import choose_recogniser
from vssflow_post.settings.preset import CueSettings, Preset


@dataclass(slots=True)
class Recognition:
    """One recogniser for all films of a process, opened when a film first needs it."""

    offer: RecogniserOffer
    why: str
    """Sentence: why this recogniser."""
    settings: RecogniserSettings
    table: SoundTable
    _opened: Recogniser | None = field(default=None, init=False)
    _digest: str = field(default="", init=False)

    @property
    def digest(self) -> str:
        """sha256 (hex) of what decides about its labels."""
        self._digest = self._digest or self.offer.identify(self.settings)
        return self._digest

    def opened(self) -> Recogniser:
        """Raises BackendUnavailable where its weights are not what they should be."""
        self._opened = self._opened or self.offer.open(self.settings)
        return self._opened


def recognition_of(preset: Preset, offers: Sequence[RecogniserOffer]) -> Recognition:
    """Raises BackendUnavailable without a recogniser that works, UsageError for a table that cannot be read."""
    table = table_of(preset.cues)
    settings = RecogniserSettings(preset.generate.clip, table.words)
    offer, why = choose_recogniser(offers, settings, preset.picture.recogniser)
    return Recognition(offer, why, settings, table)


def is_wanted(settings: CueSettings) -> bool:
    """Whether sounds come from the picture: a prompt for all of them wins."""
    return settings.picture and not settings.sound


def table_of(settings: CueSettings) -> SoundTable:
    """The shipped table, with the user's rows where there are any. Raises UsageError for a file that cannot be read."""
    return sound_table(table_file(settings))


def table_file(settings: CueSettings) -> Path | None:
    """The user's own table, where there is one."""
    return Path(settings.picture_sounds).expanduser() if settings.picture_sounds else None
