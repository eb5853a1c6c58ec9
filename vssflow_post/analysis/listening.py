"""Which of a film's sound tracks somebody speaks in, and which of them its own dialogue is kept from.

Cameras give each microphone a track, screen recorders put the microphone behind the desktop's sound, discs have
languages and commentaries: so all tracks are listened to, each by itself, unless the preset names some.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from vssflow_post.analysis.speech import SCRIPT, counted, find_segments, tidied
from vssflow_post.analysis.survey import Survey, survey_of
from vssflow_post.backend import DetectorOffer, SpeechEvidence, SpeechSettings
from vssflow_post.media import Film, audio_blocks, production_audio
from vssflow_post.media.film import AudioStream
from vssflow_post.media.pickups import Pickup, pickups_of, tracks_of
from vssflow_post.settings.preset import DialogueSettings
from vssflow_post.timeline import SpeakingSegment

_WAY_OUT = "dialogue.tracks in the preset chooses others"


@dataclass(frozen=True, slots=True)
class Heard:
    """What is heard in a film's own sound."""

    segments: tuple[SpeakingSegment, ...]
    why: str
    """Sentence: who found them, and where."""
    pickups: tuple[Pickup, ...] = ()
    """Where kept dialogue comes from: their sum. None where the film's sound was not listened to."""
    notes: tuple[str, ...] = ()
    """Sentences: which tracks were listened to."""
    warnings: tuple[str, ...] = ()
    """Sentences: what is likely not as it was meant."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whoever listens to a film: all that is asked for beside its sound."""

    film: Film
    evidence: SpeechEvidence
    """Without the film's sound."""
    settings: SpeechSettings
    offers: Sequence[DetectorOffer]

    def hears(
        self, pickups: Sequence[Pickup], offers: Sequence[DetectorOffer]
    ) -> tuple[tuple[SpeakingSegment, ...], str]:
        """What `find_segments` gives for the sum of some pickups."""
        sound = replace(
            self.evidence,
            audio=partial(production_audio, self.film, pickups=tuple(pickups)),
            audio_blocks=partial(audio_blocks, self.film, pickups=tuple(pickups)),
        )
        return find_segments(sound, self.settings, offers)

    def split(self) -> tuple[list[DetectorOffer], list[DetectorOffer]]:
        """The detectors that need sound, and the others."""
        deaf = [offer for offer in self.offers if self.is_deaf(offer)]
        return [offer for offer in self.offers if offer not in deaf], deaf

    def is_deaf(self, offer: DetectorOffer) -> bool:
        if offer.name == SCRIPT:
            return True
        silence = replace(self.evidence, audio=lambda rate_hz: production_audio(self.film, rate_hz, ()))
        return (
            offer.unavailable(self.evidence, self.settings) is None
            or offer.unavailable(silence, self.settings) is not None
        )


def hear(
    film: Film,
    evidence: SpeechEvidence,
    wanted: DialogueSettings,
    settings: SpeechSettings,
    offers: Sequence[DetectorOffer],
) -> Heard:
    """Who speaks when, and where it is heard; `evidence` comes without the film's sound.

    Raises BackendUnavailable where the settings name a detector that does not exist or cannot work here, and what
    decoding raises.
    """
    listener = Listener(film, evidence, settings, offers)
    is_told = settings.source == "none" or (evidence.lines is not None and settings.source in ("auto", SCRIPT))
    if not film.audio_streams or (is_told and wanted.production == "speech"):
        segments, why = find_segments(evidence, settings, offers)
        return Heard(segments, why, notes=_unheard(film))
    tracks, warnings = _asked_for(film, wanted.tracks)
    survey = survey_of(film, tracks)
    groups = [list(survey.distinct)] if wanted.tracks else list(_groups(film, survey.distinct))
    if is_told or sum(map(len, groups)) < 2:
        silent = tracks if wanted.tracks else tracks[:1]
        pickups = (groups[0] if groups else []) or [each for track in silent for each in pickups_of(track)]
        segments, why = listener.hears(pickups, offers)
        deaf = [offer.name for offer in listener.split()[1]]
        spoken = tuple(segment for segment in segments if segment.origin not in deaf)
        found = dict.fromkeys(pickups, spoken) if groups and not is_told else {}
        heard = Heard(segments, why, tuple(pickups))
    else:
        heard, found = _heard_apart(listener, groups, wanted)
    warnings += survey.faults + _silent_first(film, survey, heard.pickups, wanted)
    notes = (*_listened(film, survey, found, heard.pickups), *heard.notes)
    return replace(heard, notes=notes, warnings=(*warnings, *heard.warnings))


def _heard_apart(
    listener: Listener, groups: Sequence[Sequence[Pickup]], wanted: DialogueSettings
) -> tuple[Heard, dict[Pickup, tuple[SpeakingSegment, ...]]]:
    """Each pickup listened to by itself: who speaks in the first group in which somebody does, and in which pickups."""
    ears, deaf = listener.split()
    named = listener.settings.source
    if not ears or named in [offer.name for offer in deaf]:
        segments, why = listener.hears(groups[0], listener.offers)
        return Heard(segments, why, tuple(groups[0])), {}
    ears = [replace(offer, open=cache(offer.open)) for offer in ears]  # one detector listens to all pickups
    found, reasons = {}, []
    for pickup in (pickup for group in groups for pickup in group):
        found[pickup], why = listener.hears((pickup,), ears)
        reasons.append(why)
    spoken = [[pickup for pickup in group if found[pickup]] for group in groups]
    taken = next((group for group in spoken if group and not group[0].track.role), [])
    whole = tuple(groups[0])
    if not taken:
        segments, why = (), reasons[0]
        if named == "auto":
            segments, seen = listener.hears(whole, deaf)
            why = f"{why}; {seen}"
        return Heard(segments, why, whole, warnings=_only_elsewhere(spoken)), found
    segments = merged([found[pickup] for pickup in taken], listener.settings.min_s)
    origins = ", ".join(dict.fromkeys(segment.origin for segment in segments))
    why = f"{origins}: {counted(len(segments), 'speaking segment')} in {names_of(taken)}"
    others = [pickup for group in spoken for pickup in group if pickup not in taken]
    warnings = _from_elsewhere(groups[0], taken)
    pickups = whole if wanted.production == "whole" and taken[0] in whole else tuple(taken)
    return Heard(segments, why, pickups, _left_out(others), warnings), found


def merged(heard: Sequence[Sequence[SpeakingSegment]], min_s: float) -> tuple[SpeakingSegment, ...]:
    """What several pickups heard, as one: where two hear the same voice, it speaks once."""
    together = sorted((segment for segments in heard for segment in segments), key=lambda each: each.span)
    return tuple(together) if len(heard) == 1 else tidied(together, min_s)


def _asked_for(film: Film, numbers: Sequence[int]) -> tuple[tuple[AudioStream, ...], tuple[str, ...]]:
    """The tracks to listen to, and a sentence where the preset names one that is not there."""
    tracks = tracks_of(film)
    absent = [number for number in numbers if number not in [track.number for track in tracks]]
    chosen = tuple(track for track in tracks if track.number in numbers)
    if not absent:
        return chosen or tracks, ()
    instead = "" if chosen else ": all that there are were listened to"
    names = " and ".join(f"track {number}" for number in absent)
    return chosen or tracks, (
        f"dialogue.tracks names {names}, and the film has {counted(len(tracks), 'audio track')} to listen to{instead}.",
    )


def _groups(film: Film, pickups: Sequence[Pickup]) -> Iterator[list[Pickup]]:
    """What belongs together, never empty: the film's own sound, then that in other languages, then commentaries."""
    own = _language_of(film)
    kinds: dict[tuple[str, str], list[Pickup]] = {}
    for pickup in pickups:
        track = pickup.track
        language = "" if track.language in (None, own) else str(track.language)
        kinds.setdefault((track.role, language), []).append(pickup)
    yield from (kinds[kind] for kind in sorted(kinds, key=lambda kind: (bool(kind[0]), bool(kind[1]))))


def _language_of(film: Film) -> str | None:
    """Of the film's own sound: that of the track that plays first, else the only one that any track bears."""
    tracks = [track for track in tracks_of(film) if not track.role]
    languages = {track.language for track in tracks if track.language}
    return (tracks[0].language if tracks else None) or (languages.pop() if len(languages) == 1 else None)


def _silent_first(film: Film, survey: Survey, kept: Sequence[Pickup], wanted: DialogueSettings) -> tuple[str, ...]:
    """A sentence where what plays first, or what the preset chooses, is silent while something else is not."""
    if wanted.tracks and not survey.distinct:
        others = [track for track in film.audio_streams if track.number not in wanted.tracks]
        sounding = survey_of(film, others).distinct if others else ()
        silent = names_of(survey.silent)
        return (f"What dialogue.tracks chooses is silent ({silent}), and {names_of(sounding)} is not.",) * bool(
            sounding
        )
    first = film.production_stream
    is_silent = first is not None and first in [one.track for one in survey.silent] and _has_nothing(first, survey)
    if wanted.tracks or not is_silent or not survey.distinct or first is None:
        return ()
    return (f"{_capital(first.name)}, which plays first, is silent: dialogue is kept from {names_of(kept)}.",)


def _has_nothing(track: AudioStream, survey: Survey) -> bool:
    sounding = (*survey.distinct, *(copy for copy, _ in survey.copies))
    return track not in [pickup.track for pickup in sounding]


def _only_elsewhere(spoken: Sequence[Sequence[Pickup]]) -> tuple[str, ...]:
    beside = [pickup for group in spoken for pickup in group]
    if not beside:
        return ()
    return (
        f"Speech is heard in {names_of(beside)} alone, which is not the film's own sound and is left out; "
        f"{_way_out(beside)}.",
    )


def _from_elsewhere(own: Sequence[Pickup], taken: Sequence[Pickup]) -> tuple[str, ...]:
    if taken[0] in own:
        return ()
    return (
        f"No speech is heard in {names_of(own)}: dialogue is kept from {names_of(taken)}, which is another language; "
        f"{_way_out(own)}.",
    )


def _left_out(others: Sequence[Pickup]) -> tuple[str, ...]:
    if not others:
        return ()
    return (f"Speech in {names_of(others)} is left out, as another language or no dialogue; {_way_out(others)}.",)


def _way_out(pickups: Iterable[Pickup]) -> str:
    numbers = sorted({pickup.track.number for pickup in pickups})
    return f"dialogue.tracks = {numbers} in the preset would keep it"


def _unheard(film: Film) -> tuple[str, ...]:
    if len(film.audio_streams) < 2:
        return ()
    return (f"It has {len(film.audio_streams)} audio tracks; none was listened to, since none of them is kept.",)


def _listened(
    film: Film, survey: Survey, found: Mapping[Pickup, Sequence[SpeakingSegment]], kept: Sequence[Pickup]
) -> Iterator[str]:
    """A sentence for a film with more than one thing to listen to: what each of those that were listened to is."""
    if max(len(film.audio_streams), len(survey.distinct) + len(survey.silent) + len(survey.copies)) < 2:
        return
    speaking = [pickup for pickup in survey.distinct if found.get(pickup)]
    mute = [pickup for pickup in survey.distinct if pickup in found and not found[pickup]]
    parts = [
        f"{what} {names_of(pickups)}"
        for what, pickups in (("speech in", speaking), ("no speech in", mute), ("no sound in", survey.silent))
        if pickups
    ]
    parts += [f"{copy.name} sounds as {other.name} does" for copy, other in survey.copies]
    n = counted(len(film.audio_streams), "audio track")
    heard = f": {', '.join(parts)}" if parts else ""
    yield f"It has {n}{heard}; dialogue is kept from {names_of(kept)} ({_WAY_OUT})."


def names_of(pickups: Iterable[Pickup]) -> str:
    """As a sentence lists them: `track 1 (eng), channels 2 and 3, and track 4`."""
    channels: dict[str, list[int]] = {}
    for pickup in pickups:
        channels.setdefault(pickup.track.name, []).extend([pickup.channel] if pickup.channel else [])
    named = [f"{name}{_channels(numbers)}" for name, numbers in channels.items()]
    return _listed(named)


def _channels(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    return f", channel{'s' if len(numbers) > 1 else ''} {_listed([str(number) for number in numbers])}"


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
