"""The cast: which of a backend's voices speaks for which character. The same film always gets the same cast."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from vssflow_post.errors import UsageError
from vssflow_post.timeline import Cue, CueSheet


def check_cast(cast: Mapping[str, str], voices: Sequence[str]) -> None:
    """Raises UsageError when the preset's `[cast]` names a voice that the backend does not have."""
    for character, voice in cast.items():
        _require(voice, voices, f"[cast] {character}")


def with_voices(sheet: CueSheet, cast: Mapping[str, str], voices: Sequence[str]) -> CueSheet:
    """The cue sheet with a voice in every speech cue that has words.

    The cue's own voice wins, then the preset's `[cast]`, then one chosen by the speaker's name; a cue without a speaker
    gets the first voice. Raises UsageError for a voice that the backend does not have.
    """
    speech = [cue for cue in sheet.cues if _is_spoken(cue)]
    chosen = choose_voices({cue.speaker for cue in speech if cue.speaker and not cue.voice}, cast, voices)
    return replace(sheet, cues=tuple(_with_voice(cue, chosen, voices) for cue in sheet.cues))


def choose_voices(speakers: Iterable[str], cast: Mapping[str, str], voices: Sequence[str]) -> dict[str, str]:
    """A voice for each speaker: different ones as long as there are enough.

    Each name points to a voice by its hash, so that a character sounds the same in the next film; who comes later in
    the alphabet steps aside to the next free voice.
    """
    check_cast(cast, voices)
    if not voices:
        return {}
    names = sorted(set(speakers))
    chosen = {name: cast[name] for name in names if name in cast}
    for name in names:
        if name not in chosen:
            start = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big")
            ring = [voices[(start + step) % len(voices)] for step in range(len(voices))]
            taken = set(chosen.values())
            chosen[name] = next((voice for voice in ring if voice not in taken), ring[0])
    return chosen


def _with_voice(cue: Cue, chosen: Mapping[str, str], voices: Sequence[str]) -> Cue:
    if not _is_spoken(cue):
        return cue
    if cue.voice:
        _require(cue.voice, voices, f"cue {cue.id}")
        return cue
    first = voices[0] if voices else None
    return replace(cue, voice=chosen.get(cue.speaker, first) if cue.speaker else first)


def _is_spoken(cue: Cue) -> bool:
    return cue.kind == "speech" and bool(cue.text.strip())


def _require(voice: str, voices: Sequence[str], where: str) -> None:
    if voice not in voices:
        raise UsageError(f"{where}: there is no voice {voice!r} (there are: {', '.join(voices) or 'none'})")
