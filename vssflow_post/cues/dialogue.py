"""Where each line of the dialogue stem comes from: the model, the production track, or nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vssflow_post.settings.preset import DialogueSettings
from vssflow_post.timeline import Cue


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The speech cues of a film, by what is done about them."""

    generated: tuple[Cue, ...]
    production: tuple[Cue, ...]
    warnings: tuple[str, ...]
    unheard: tuple[Cue, ...] = ()
    """Recorded lines that the preset, which wants no dialogue, leaves out."""


def divide(cues: Sequence[Cue], source: str, has_audio: bool) -> Dialogue:
    """`source` is `dialogue.source` of the preset.

    `auto` speaks cues that have words, and keeps the production sound of those that were heard in it. Lips that move
    without words give nothing (`spotting.unspoken` warns of them). Recorded lines are heard wherever dialogue is.
    """
    if source == "none":
        return _nothing_said([cue for cue in cues if cue.kind == "speech" and cue.recording is not None])
    speech = [cue for cue in cues if cue.kind == "speech" and cue.recording is None]
    worded = [cue for cue in speech if cue.text.strip()]
    wordless = [cue for cue in speech if not cue.text.strip() and cue.origin != "lips"]
    if source == "production":
        if has_audio or not speech:
            return Dialogue((), tuple(speech) if has_audio else (), ())
        return Dialogue((), (), ("The preset keeps production dialogue, but the film has no audio.",))
    if source == "auto" and has_audio:
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


def keeps_whole_track(settings: DialogueSettings, has_audio: bool) -> bool:
    """Whether the film's own sound is heard throughout, not only in the cues that keep it."""
    return has_audio and settings.production == "whole" and settings.source in ("auto", "production")
