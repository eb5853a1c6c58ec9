"""Where each line of the dialogue stem comes from: the model, the production track, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vssflow_post.settings.preset import DialogueSettings
from vssflow_post.timeline import Cue

SCRIPTED = ("auto", "generate")
"""Values of `dialogue.source` under which a script is spoken."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The speech cues of a film, by what is done about them."""

    generated: tuple[Cue, ...]
    production: tuple[Cue, ...]
    warnings: tuple[str, ...]
    unheard: tuple[Cue, ...] = ()
    """Recorded lines that the preset, which wants no dialogue, leaves out."""


def divide(cues: Sequence[Cue], source: str, has_sound: bool) -> Dialogue:
    """`source` is `dialogue.source` of the preset, `has_sound` whether the film's own sound is heard at all.

    `auto` speaks cues that have words, and keeps the production sound of those that were heard in it. Lips that move
    without words give nothing (`spotting.unspoken` warns of them). Recorded lines are heard wherever dialogue is.
    """
    if source == "none":
        return _nothing_said([cue for cue in cues if cue.kind == "speech" and cue.recording is not None])
    speech = [cue for cue in cues if cue.kind == "speech" and cue.recording is None]
    worded = [cue for cue in speech if cue.text.strip()]
    wordless = [cue for cue in speech if not cue.text.strip() and cue.origin != "lips"]
    if source == "production":
        if has_sound or not speech:
            return Dialogue((), tuple(speech) if has_sound else (), ())
        return Dialogue((), (), ("The preset keeps production dialogue, but the film has no sound.",))
    if source == "auto" and has_sound:
        return Dialogue(tuple(worded), tuple(wordless), ())
    warnings: tuple[str, ...] = ()
    if wordless:
        times = ", ".join(f"{cue.id} at {cue.span.start_s:.1f} s" for cue in wordless[:5])
        warnings = (f"Somebody speaks where nobody wrote the lines, so nothing is spoken there ({times}).",)
    return Dialogue(tuple(worded), (), warnings)


def _nothing_said(recorded: Sequence[Cue]) -> Dialogue:
    if not recorded:
        return Dialogue((), (), ())
    ids = ", ".join(cue.id for cue in recorded)
    warning = f'The preset wants no dialogue (dialogue.source = "none"), so the recordings of {ids} are not heard.'
    return Dialogue((), (), (warning,), tuple(recorded))


def keeps_whole_track(settings: DialogueSettings, has_sound: bool) -> bool:
    """Whether the film's own sound is heard throughout, not only in the cues that keep it."""
    return has_sound and settings.production == "whole" and settings.source in ("auto", "production")


def keeps_sound(cues: Sequence[Cue], settings: DialogueSettings) -> bool:
    """Whether a sheet's dialogue has anything of the film's own sound, where it has some."""
    return keeps_whole_track(settings, has_sound=True) or bool(divide(cues, settings.source, True).production)
