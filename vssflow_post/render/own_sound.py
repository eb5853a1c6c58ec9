"""The film's own sound: whether it is heard at all, and what follows from that for effects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from vssflow_post.cues.dialogue import divide, keeps_whole_track
from vssflow_post.media import Film
from vssflow_post.media.pickups import Pickup, pickups_of
from vssflow_post.media.sound import pickup_blocks
from vssflow_post.settings.preset import Preset
from vssflow_post.timeline import CueSheet

LOUDEST_SILENCE = 10.0 ** (-60 / 20)
"""Peak of a track that says nothing: what codecs and converters leave of silence."""
_LOOK_HZ = 16_000


def is_heard(film: Film) -> bool:
    """Whether the film has sound that is more than silence; listens until it comes."""
    return any(
        np.abs(block).max(initial=0.0) > LOUDEST_SILENCE
        for track in film.audio_streams
        for block in pickup_blocks(film, _LOOK_HZ, pickups_of(track))
    )


def n_channels_kept(pickups: Sequence[Pickup], layout: str) -> int:
    """In how many channels the film's own sound is kept whole: those of 5.1 where it and the mix have surrounds."""
    if layout == "5.1" and any(pickup.has_sides and pickup.track.channels > 2 for pickup in pickups):
        return 6
    return 2 if any(pickup.has_sides for pickup in pickups) else 1


def makes_effects(preset: Preset, has_sound: bool) -> bool:
    """Whether effects are made that no cue asks for. A film that keeps its own sound has its room and its steps."""
    kept = keeps_whole_track(preset.dialogue, has_sound) and not preset.cues.sound
    return {"always": True, "never": False, "auto": not kept}[preset.cues.effects]


def unheeded(sheet: CueSheet, preset: Preset, has_sound: bool) -> tuple[str, ...]:
    """A sentence where what is kept in a cue is muted or moved, and all of the film's own sound is heard anyway."""
    if not keeps_whole_track(preset.dialogue, has_sound):
        return ()
    kept = divide(sheet.cues, preset.dialogue.source, has_sound).production
    ids = [cue.id for cue in kept if cue.is_muted or cue.shift]
    if not ids:
        return ()
    return (
        f"The film's own sound is kept whole, so that {', '.join(ids)} cannot be muted or moved in it "
        '(dialogue.production = "speech" keeps single lines).',
    )


def kept_note(preset: Preset, has_sound: bool, has_sheet: bool) -> tuple[str, ...]:
    """A sentence where the film's own sound is kept whole: what was decided, and how to decide otherwise; with a cue
    sheet of the user's, that has decided what is made."""
    if not keeps_whole_track(preset.dialogue, has_sound):
        return ()
    if has_sheet:
        made = "; what is made beside it is what the cue sheet says"
    elif makes_effects(preset, has_sound):
        made = ", and effects are laid beside it"
    elif preset.cues.effects == "never":
        made = '; no effects are made, also where a caption asks (cues.effects = "never")'
    else:
        made = '; effects are made only where a cue or a caption asks (cues.effects = "always": everywhere)'
    return (f"The film's own sound is kept whole, in {'PD' if preset.mix.production_stem else 'DX'}{made}.",)
