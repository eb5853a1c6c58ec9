"""The cast: which of a backend's voices speaks for which character, and how loud.

The same names always get the same voices: in the next film of a batch, on the next run, on another machine.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from vssflow_post.backend import BackendIdentity
from vssflow_post.cues.sexes import person, sex_of, unmarked
from vssflow_post.errors import UsageError
from vssflow_post.settings.preset import CastMember
from vssflow_post.timeline import SECOND_VOICE, Cue, CueSheet

NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
ALIKE: Mapping[str, int] = MappingProxyType({})


def check_cast(cast: Mapping[str, CastMember], voices: Sequence[str]) -> None:
    """Raises UsageError naming everybody in the preset's `[cast]` whose voice the backend does not have."""
    strange = [(name, member.voice) for name, member in cast.items() if member.voice and member.voice not in voices]
    if strange:
        named = "; ".join(f"[cast] {name}: there is no voice {voice!r}" for name, voice in strange)
        raise UsageError(f"{named} (there are: {', '.join(voices) or 'none'})")


def sexes_of(identity: BackendIdentity) -> dict[str, str]:
    """Every voice with its sex: as it is known, else as its name tells (`en_US-amy-medium`), else ""."""
    return {voice: sex or sex_of(voice) or "" for voice, sex in identity.sexes.items()}


def with_voices(
    sheet: CueSheet,
    cast: Mapping[str, CastMember],
    voices: Mapping[str, str],
    batch_speakers: Iterable[str] = (),
    languages: Mapping[str, str] = NOTHING_KNOWN,
    ranks: Mapping[str, int] = ALIKE,
) -> CueSheet:
    """The cue sheet with a voice in every speech cue that has words; `voices` and `ranks` as in `choose_voices`.

    The cue's own voice wins, then the preset's `[cast]`, then one chosen by the speaker's name among the
    `batch_speakers` (everybody in the batch); a cue without a speaker gets the first voice, and who answers without a
    name another. A line in a language that the rule's voice does not speak gets one that does, of that sex where there
    is one; voices without an entry in `languages` may speak any.

    Raises UsageError for a voice of the cast that the backend does not have; those of cues were checked where their
    sheet was read.
    """
    speech = [cue for cue in sheet.cues if _is_spoken(cue)]
    chosen = choose_voices(
        {cue.speaker for cue in speech if cue.speaker and not cue.voice}, cast, voices, batch_speakers, ranks
    )
    by_rule = {name for name in chosen if not member_of(name, cast).voice}
    speaking = _Speaking(chosen, by_rule, voices, languages)
    return replace(sheet, cues=tuple(speaking.with_voice(cue) for cue in sheet.cues))


def choose_voices(
    speakers: Iterable[str],
    cast: Mapping[str, CastMember],
    voices: Mapping[str, str],
    batch_speakers: Iterable[str] = (),
    ranks: Mapping[str, int] = ALIKE,
) -> dict[str, str]:
    """A voice for each of `speakers` and of the `batch_speakers`: of the sex that the name tells, where it tells one
    (`sexes`), and different ones as long as there are enough. `voices` has the sex of each, "" where it is not known;
    of equals those of the lowest rank are taken first.

    Each name points to a voice by its hash, so that a character sounds the same in the next film; who comes later in
    the alphabet steps aside to the next free voice, and names that tell no sex take what the others left. The batch's
    speakers choose first: whoever speaks in this film, their voices are the same. `ANNA`, `Anna` and `ANNA (F)` are one
    person. The second voice without a name comes last, and is never the first one's.
    """
    batch_speakers, speakers = tuple(batch_speakers), tuple(speakers)
    check_cast(cast, tuple(voices))
    if not voices:
        return {}
    of_batch, of_film = ({person(name) for name in names} for names in (batch_speakers, speakers))
    sexes = _sexes((*batch_speakers, *speakers))
    in_cast = {person(name): member.voice for name, member in cast.items() if member.voice}
    everybody = _by_sex(of_batch, sexes) + _by_sex(of_film - of_batch, sexes)
    chosen = {one: in_cast[one] for one in everybody if one in in_cast}
    for one in everybody:
        if one not in chosen and one != SECOND_VOICE:
            chosen[one] = _likeliest(one, sexes[one], voices, list(chosen.values()), ranks)
    if SECOND_VOICE in everybody and SECOND_VOICE not in chosen:
        chosen[SECOND_VOICE] = min(list(voices)[1:] or voices, key=list(chosen.values()).count)
    return {name: chosen[person(name)] for name in (*batch_speakers, *speakers)}


def _sexes(speakers: Iterable[str]) -> dict[str, str | None]:
    """What the names tell of each person; a mark in one spelling decides."""
    marked_last = sorted(speakers, key=lambda name: (name != unmarked(name), name))
    return {person(name): sex_of(name) for name in marked_last}


def _by_sex(people: Iterable[str], sexes: Mapping[str, str | None]) -> list[str]:
    """The alphabet, but whose sex is known comes first."""
    return sorted(people, key=lambda one: (sexes[one] is None, one))


def _likeliest(
    name: str, sex: str | None, voices: Mapping[str, str], taken: Sequence[str], ranks: Mapping[str, int]
) -> str:
    """The voice of the fewest characters among those of a sex, then of the lowest rank; the name's hash decides among
    equals. A voice whose sex nobody knows fits where its rank is lower than that of all who are known to."""
    fitting = [voice for voice, its_sex in voices.items() if its_sex == sex]
    lowest = min((ranks.get(voice, 0) for voice in fitting), default=0)
    fitting += [voice for voice, its_sex in voices.items() if not its_sex and ranks.get(voice, 0) < lowest]
    fitting = fitting or list(voices)
    start = int.from_bytes(hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()[:8], "big")
    ring = [fitting[(start + step) % len(fitting)] for step in range(len(fitting))]
    return min(ring, key=lambda voice: (taken.count(voice), ranks.get(voice, 0)))


def member_of(speaker: str, cast: Mapping[str, CastMember]) -> CastMember:
    """What the cast says of a speaker, however the name is written there; nothing of whom it lacks."""
    found = cast.get(speaker)
    return found or next((member for name, member in cast.items() if person(name) == person(speaker)), CastMember())


def gain_db_of(cue: Cue, cast: Mapping[str, CastMember]) -> float:
    """The gain of a cue's take: the cue's own, and its character's level."""
    return cue.gain_db + (member_of(cue.speaker, cast).gain_db if cue.kind == "speech" and cue.speaker else 0.0)


def named_voices(uncast: CueSheet, cast: Mapping[str, CastMember]) -> frozenset[str]:
    """Speakers of a sheet whose voice somebody named: in the cast, or in one of its cues before `with_voices`."""
    return frozenset(
        cue.speaker for cue in uncast.cues if cue.speaker and (cue.voice or member_of(cue.speaker, cast).voice)
    )


@dataclass(frozen=True, slots=True)
class _Speaking:
    """Who speaks with which voice, and in which languages."""

    chosen: Mapping[str, str]
    by_rule: Collection[str]
    """Those whose voice nobody named."""
    voices: Mapping[str, str]
    languages: Mapping[str, str]

    def with_voice(self, cue: Cue) -> Cue:
        if cue.voice or not _is_spoken(cue):
            return cue
        first = next(iter(self.voices), None)
        voice = self.chosen.get(cue.speaker, first) if cue.speaker else first
        is_free = not cue.speaker or cue.speaker in self.by_rule
        return replace(cue, voice=self._of_language(cue.language, voice) if is_free and voice else voice)

    def _of_language(self, language: str, voice: str) -> str:
        """The voice where it speaks the language, else one that does; itself again where none does."""
        fitting = [name for name in self.voices if self.languages.get(name, language) == language]
        if not language or voice in fitting:
            return voice
        return min(fitting, key=lambda name: self.voices[name] != self.voices.get(voice), default=voice)


def _is_spoken(cue: Cue) -> bool:
    return cue.is_line and cue.recording is None
