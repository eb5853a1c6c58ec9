"""Who speaks when: asks the detectors, best first, and says which one answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vssflow_post.backend import DetectorOffer, SpeechEvidence, SpeechSettings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.timeline import CLOCK_HZ, Span, SpeakingSegment

SCRIPT = "script"
MAX_GAP_S = 0.2
"""A pause that is no longer belongs to the sentence around it."""
STAND_INS = {"silero": "pyannote"}
"""Who is asked only where the other cannot be: what the better ear did not hear, the lesser one need not."""


def find_segments(
    evidence: SpeechEvidence, settings: SpeechSettings, offers: Sequence[DetectorOffer]
) -> tuple[tuple[SpeakingSegment, ...], str]:
    """(segments inside the film by time, a sentence that says which detector found them and why that one).

    `auto` asks the usable detectors by priority until one finds speech; a script has the last word, even when it
    has no line. Raises BackendUnavailable where the settings name a detector that does not exist or cannot work here.
    """
    if settings.source == "none":
        return (), "speech detection is switched off"
    if settings.source != "auto":
        offer = _named(settings.source, offers)
        if reason := offer.unavailable(evidence, settings):
            raise BackendUnavailable(f"speech detector '{offer.name}' cannot be used: {reason}")
        segments = _ask(offer, evidence, settings)
        return segments, f"{_found(offer.name, segments, evidence)}, as the preset asks"
    return _first_that_finds(evidence, settings, sorted(offers, key=lambda offer: (-offer.priority, offer.name)))


def _first_that_finds(
    evidence: SpeechEvidence, settings: SpeechSettings, offers: Sequence[DetectorOffer]
) -> tuple[tuple[SpeakingSegment, ...], str]:
    asked: list[str] = []
    in_vain: list[str] = []
    passed_over: list[str] = []
    for offer in offers:
        if STAND_INS.get(offer.name) in asked:
            continue
        reason = offer.unavailable(evidence, settings)
        if reason is None:
            try:
                segments = _ask(offer, evidence, settings)
            except BackendUnavailable as error:  # known only once it is opened, e.g. a model that cannot be fetched
                reason = str(error)
            else:
                asked.append(offer.name)
                if segments or offer.name == SCRIPT:
                    return segments, _sentence([*in_vain, _found(offer.name, segments, evidence)], passed_over)
                in_vain.append(_found(offer.name, segments, evidence))
        if reason is not None and offer.name != SCRIPT:
            passed_over.append(f"{offer.name}: {reason}")
    return (), _sentence(in_vain or ["no speech found"], passed_over)


def _named(name: str, offers: Sequence[DetectorOffer]) -> DetectorOffer:
    for offer in offers:
        if offer.name == name:
            return offer
    known = ", ".join(["auto", "none", *sorted(offer.name for offer in offers)])
    raise BackendUnavailable(f"there is no speech detector '{name}' (there are {known})")


def _ask(offer: DetectorOffer, evidence: SpeechEvidence, settings: SpeechSettings) -> tuple[SpeakingSegment, ...]:
    segments = offer.open(settings).detect(evidence)
    inside = [replace(each, span=each.span.intersect(evidence.duration)) for each in segments]
    inside = sorted((each for each in inside if each.span.n_samples > 0), key=lambda each: each.span)
    return tuple(inside) if offer.name == SCRIPT else tidied(inside, settings.min_s)


def tidied(segments: Sequence[SpeakingSegment], min_s: float) -> tuple[SpeakingSegment, ...]:
    """Segments with short pauses closed and what is then shorter than `min_s` left out.

    Only segments of one speaker are joined, and none that has words of its own.
    """
    joined: list[SpeakingSegment] = []
    latest: dict[str | None, int] = {}
    for segment in segments:
        at = latest.get(segment.speaker)
        last = joined[at] if at is not None else None
        if (
            at is not None
            and last is not None
            and not (last.text or segment.text)
            and segment.span.start - last.span.end < MAX_GAP_S * CLOCK_HZ
        ):
            joined[at] = replace(last, span=Span(last.span.start, max(last.span.end, segment.span.end)))
        else:
            latest[segment.speaker] = len(joined)
            joined.append(segment)
    return tuple(each for each in joined if each.span.duration_s >= min_s)


def _found(name: str, segments: Sequence[SpeakingSegment], evidence: SpeechEvidence) -> str:
    n = len(segments)
    if name == SCRIPT:
        source = f" in {evidence.script.name}" if evidence.script is not None else ""
        beyond = len(evidence.lines or ()) - n
        late = f" ({beyond} more after the end of the film)" if beyond > 0 else ""
        return f"script: {counted(n, 'line')}{source}{late}"
    return f"{name}: {counted(n, 'speaking segment')}"


def counted(n: int, noun: str) -> str:
    """`no line`, `1 line` or `2 lines`."""
    return f"{n or 'no'} {noun}{'' if n == 1 else 's'}"


def _sentence(found: Sequence[str], passed_over: Sequence[str]) -> str:
    return "; ".join([*found, *passed_over])
