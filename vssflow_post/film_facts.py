"""What a report tells of a film's cues and cast, and the whole of it in one line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vssflow_post.casting import named_voices
from vssflow_post.generate import CueTake
from vssflow_post.preset import CastMember
from vssflow_post.report import CastFacts, CueFacts, FilmReport
from vssflow_post.timeline import Cue, CueSheet


def cue_facts(cues: Sequence[Cue], takes: Mapping[str, CueTake]) -> tuple[CueFacts, ...]:
    """Each cue and what became of it; `takes` by cue id."""
    return tuple(_facts_of(cue, takes.get(cue.id)) for cue in cues)


def _facts_of(cue: Cue, take: CueTake | None) -> CueFacts:
    if take is None:
        return CueFacts(cue)
    return CueFacts(cue, take.seconds, take.cached, take.why_made, take.audio.notes)


def cast_facts(spotted: CueSheet, voiced: CueSheet, cast: Mapping[str, CastMember]) -> tuple[CastFacts, ...]:
    """Everybody with a name who speaks, in order of appearance; `spotted` is the sheet before it was `voiced`."""
    return tuple(_cast(spotted, voiced, cast))


def _cast(spotted: CueSheet, voiced: CueSheet, cast: Mapping[str, CastMember]) -> Iterator[CastFacts]:
    named = named_voices(spotted, cast)
    lines: dict[str, list[Cue]] = {}
    for cue in voiced.cues:
        if cue.kind == "speech" and cue.speaker:
            lines.setdefault(cue.speaker, []).append(cue)
    for speaker, said in lines.items():
        member = cast.get(speaker, CastMember())
        voice = next((cue.voice for cue in said if cue.voice), "")
        yield CastFacts(speaker, voice, len(said), speaker in named, member.gain_db, member.pan)


def in_brief(report: FilmReport) -> str:
    """Loudness and speed."""
    loudness, timing = report.loudness, report.timing
    parts = []
    if loudness is not None and loudness.integrated_lufs is not None and loudness.true_peak_dbtp is not None:
        spoken = loudness.dialogue_lufs if loudness.measure == "dialogue" else None
        of_dialogue = "" if spoken is None else f" ({spoken:.1f} of dialogue)"
        parts.append(f"{loudness.integrated_lufs:.1f} LUFS{of_dialogue}, {loudness.true_peak_dbtp:.1f} dBTP")
    if timing is not None and timing.total_s > 0:
        parts.append(f"{report.duration.duration_s / timing.total_s:.1f} times real time")
    return ", ".join(parts)
