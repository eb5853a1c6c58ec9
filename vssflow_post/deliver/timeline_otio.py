"""The film as an OpenTimelineIO timeline: picture, dialogue and effects; a clip per cue, markers for scenes, lines.

Sound is counted in samples of the 48 kHz clock, so that no clip border is rounded to a frame.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.store import publishing
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Line, Span

if TYPE_CHECKING:
    from vssflow_post.media import Film

_STEM_OF_KIND = {"speech": "DX", "sound": "FX"}


def write_timeline(
    path: Path, film: Film, sheet: CueSheet, picture: Path, stems: Mapping[str, Path], lines: Sequence[Line] = ()
) -> None:
    """Writes `path` (.otio). `picture` and `stems` (`DX`, `FX`) are referred to by file name, beside the timeline."""
    import opentimelineio as otio

    timeline = otio.schema.Timeline(name=_unicode(path.stem))
    timeline.global_start_time = otio.opentime.RationalTime(_start_frame(film), float(film.frame_rate))
    timeline.tracks.append(_picture_track(film, sheet, picture))
    for stem in ("DX", "FX"):
        cues = [cue for cue in sheet.cues if _STEM_OF_KIND.get(cue.kind) == stem]
        for layer, row in enumerate(_rows(cues)):
            name = stem if layer == 0 else f"{stem} {layer + 1}"
            track = _sound_track(name, row, _reference(stems[stem], film))
            if stem == "DX" and layer == 0:
                track.markers.extend(_marker(line.text, line.span, "PINK", line.speaker) for line in lines)
            timeline.tracks.append(track)
    text = otio.adapters.write_to_string(timeline, "otio_json")
    with publishing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")


def _picture_track(film: Film, sheet: CueSheet, picture: Path) -> Any:
    """One clip of the whole film, a marker at each scene."""
    import opentimelineio as otio

    rate = float(film.frame_rate)
    whole = otio.opentime.TimeRange(
        otio.opentime.RationalTime(_start_frame(film), rate), otio.opentime.RationalTime(film.n_frames, rate)
    )
    reference = otio.schema.ExternalReference(target_url=_unicode(picture.name), available_range=whole)
    clip = otio.schema.Clip(name=_unicode(picture.stem), media_reference=reference, source_range=whole)
    track = otio.schema.Track(name="Picture", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    track.markers.extend(_marker(f"scene {scene.index + 1}", scene.span, "GREEN") for scene in sheet.scenes)
    return track


def _rows(cues: Sequence[Cue]) -> list[list[Cue]]:
    """The cues in as few rows as it takes for no two of a row to overlap; at least one row."""
    rows: list[list[Cue]] = [[]]
    for cue in sorted(cues, key=lambda cue: (cue.span, cue.id)):
        row = next((row for row in rows if not row or row[-1].span.end <= cue.span.start), None)
        if row is None:
            row = []
            rows.append(row)
        row.append(cue)
    return rows


def _sound_track(name: str, cues: Sequence[Cue], reference: Any) -> Any:
    """Clips at their samples, gaps between them."""
    import opentimelineio as otio

    track = otio.schema.Track(name=name, kind=otio.schema.TrackKind.Audio)
    at = 0
    offset = int(reference.available_range.start_time.value)
    for cue in cues:
        if cue.span.start > at:
            track.append(otio.schema.Gap(source_range=_range(Span(0, cue.span.start - at))))
        heard = Span(offset + cue.span.start, offset + cue.span.end)
        facts = {"vssflow": {"id": cue.id, "origin": cue.origin, "gain_db": cue.gain_db, "seed": cue.seed}}
        track.append(
            otio.schema.Clip(
                name=cue.text or cue.sound or cue.id,
                media_reference=reference.clone(),
                source_range=_range(heard),
                metadata=facts,
            )
        )
        at = cue.span.end
    return track


def _reference(stem: Path, film: Film) -> Any:
    """A stem's file; its first sample is at the film's start timecode, as in its bext chunk."""
    import opentimelineio as otio

    whole = Span(film.start_sample, film.start_sample + film.duration.n_samples)
    return otio.schema.ExternalReference(target_url=_unicode(stem.name), available_range=_range(whole))


def _marker(name: str, span: Span, colour: str, speaker: str | None = None) -> Any:
    import opentimelineio as otio

    facts = {} if speaker is None else {"vssflow": {"speaker": speaker}}
    return otio.schema.Marker(name=name, marked_range=_range(span), color=colour, metadata=facts)


def _unicode(name: str) -> str:
    """A file name as OpenTimelineIO can hold it: bytes that are no UTF-8 become question marks."""
    return name.encode("utf-8", "replace").decode()


def _range(span: Span) -> Any:
    import opentimelineio as otio

    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(span.start, CLOCK_HZ), otio.opentime.RationalTime(span.n_samples, CLOCK_HZ)
    )


def _start_frame(film: Film) -> int:
    """The frame number of the start timecode: the frame that starts nearest to the film's first sample."""
    return round(film.start_sample * film.frame_rate / CLOCK_HZ)
