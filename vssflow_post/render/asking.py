"""From what was spotted to what the backend is asked for: who speaks with which voice, which lines are generated, and
which takes of each cue are made."""

from __future__ import annotations

from dataclasses import dataclass

from vssflow_post.backend import CueRequest
from vssflow_post.cues.casting import with_voices
from vssflow_post.cues.dialogue import Dialogue, divide
from vssflow_post.cues.running_on import with_room
from vssflow_post.media import Film
from vssflow_post.render.first_half import SCRIPTED, Spotted, requests_of
from vssflow_post.render.job import Job
from vssflow_post.render.stand_ins import Askable, askable
from vssflow_post.render.studio import Studio
from vssflow_post.timeline import Cue, CueSheet


@dataclass(frozen=True, slots=True)
class Asked:
    """What a film asks of the backend."""

    sheet: CueSheet
    """With voices, and with room for lines that take longer than their subtitles."""
    dialogue: Dialogue
    sounds: Askable
    """The cues as the weights are asked for them."""
    requests: tuple[CueRequest, ...]

    @property
    def locked(self) -> frozenset[str]:
        """Ids of the cues that keep the takes they have."""
        return frozenset(cue.id for cue in self.sheet.sounding.cues if cue.is_locked)

    @property
    def recorded(self) -> tuple[Cue, ...]:
        """The cues in which a recording is heard."""
        cues = (cue for cue in self.sheet.sounding.cues if cue.recording is not None)
        return tuple(cue for cue in cues if cue not in self.dialogue.unheard)


def asked_of(job: Job, film: Film, seen: Spotted, studio: Studio) -> Asked:
    """Raises UsageError for a voice of the cast that the backend does not have."""
    preset, backend = studio.preset, studio.renderer.backend
    sheet = with_voices(seen.sheet, preset.cast, studio.known_identity().sexes, job.batch_speakers)
    if preset.dialogue.source in SCRIPTED:
        sheet = with_room(sheet, film.duration, getattr(backend, "line_s", None))
    sounding = sheet.sounding.cues
    dialogue = divide(sounding, preset.dialogue.source, seen.has_sound)
    sounds = askable(sounding, backend.sounds, studio.table, getattr(backend, "sound_of", None))
    requests = requests_of(sounds.cues, dialogue, seen.analysis, preset.generate.takes)
    return Asked(sheet, dialogue, sounds, tuple(requests))
