"""From what was spotted to what the backend is asked for: who speaks with which voice, which lines are generated, and
which takes of each cue are made."""

from __future__ import annotations

from dataclasses import dataclass

from vssflow_post.cues.casting import sexes_of, with_voices
from vssflow_post.cues.dialogue import SCRIPTED, Dialogue, divide
from vssflow_post.cues.language import with_languages
from vssflow_post.cues.running_on import with_room
from vssflow_post.generate.renderer import Commission
from vssflow_post.media import Film
from vssflow_post.render.first_half import Spotted
from vssflow_post.render.job import Job
from vssflow_post.render.routing import commissions, routing_of
from vssflow_post.render.stand_ins import Askable
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
    requests: tuple[Commission, ...]
    notes: tuple[str, ...]
    """Sentences: which backend could not make what, and which does."""

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
    preset = studio.preset
    identity = studio.known_identity()
    spoken = preset.dialogue.source in SCRIPTED
    sheet = with_languages(seen.sheet) if spoken and identity.languages else seen.sheet
    sheet = with_voices(
        sheet, preset.cast, sexes_of(identity), job.batch_speakers, identity.languages, studio.ranks(identity)
    )
    if spoken:
        sheet = with_room(sheet, film.duration, studio.line_s)
    sounding = sheet.sounding.cues
    dialogue = divide(sounding, preset.dialogue.source, seen.has_sound)
    route = routing_of(sounding, dialogue, seen.analysis, studio)
    requests = commissions(route, dialogue, seen.analysis, studio)
    return Asked(sheet, dialogue, route.asked, tuple(requests), route.notes)
