"""The film as an OpenTimelineIO timeline: the picture, and each stem with a clip per cue; markers for scenes, lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.audio import DX, FX, MX, STEMS
from vssflow_post.deliver.take_files import TakeFile
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ, LAYERS, Cue, CueSheet, Span

if TYPE_CHECKING:
    from vssflow_post.media import Film

_STEM_OF_KIND = {"speech": DX, "sound": FX, "music": MX}


@dataclass(frozen=True, slots=True)
class Edit:
    """What the timelines of one film are made of."""

    film: Film
    sheet: CueSheet
    picture: Path
    """The film that the picture track refers to, by file name, beside the timeline."""
    stems: Mapping[str, Path]
    """WAVs by name (`DX`, `FX`, ...); each of `STEMS` gets at least one track; the others are sums, or parts of one."""
    stem_of: Mapping[str, str] = field(default_factory=dict)
    """Cue id -> name of the stem it is heard in; without it speech is in `DX`, sound in `FX`, music in `MX`."""
    takes: Mapping[str, TakeFile] = field(default_factory=dict)
    """Cue id -> its own WAV, which its clip then refers to instead of the stem."""
    n_channels: int = 2
    """Of every WAV."""

    def stem_for(self, cue: Cue) -> str:
        """The name of the cue's stem."""
        return self.stem_of.get(cue.id, _STEM_OF_KIND.get(cue.kind, ""))


def write_timeline(path: Path, edit: Edit) -> None:
    """Writes `path` (.otio)."""
    import opentimelineio as otio

    text = otio.adapters.write_to_string(timeline_of(edit, unicode_name(path.stem)), "otio_json")
    publish_bytes(path, f"{text}\n".encode())


def timeline_of(edit: Edit, name: str) -> Any:
    """The opentimelineio Timeline: clips count samples, so that no border is rounded to a frame.

    A clip's media reach past it where there is more to hear: the rest of the stem, or the handles of its take.
    """
    import opentimelineio as otio

    film, sheet = edit.film, edit.sheet
    timeline = otio.schema.Timeline(name=name)
    timeline.global_start_time = otio.opentime.RationalTime(_start_frame(film), float(film.frame_rate))
    timeline.tracks.append(_picture_track(film, sheet, edit.picture))
    for stem in edit.stems:
        if stem not in STEMS:
            continue
        cues = [cue for cue in sheet.cues if edit.stem_for(cue) == stem]
        for layer, row in enumerate(rows_of(cues)):
            track = _sound_track(stem if layer == 0 else f"{stem} {layer + 1}", row, edit, edit.stems[stem])
            lines = [cue for cue in row if cue.kind == "speech" and cue.text.strip()]
            track.markers.extend(_marker(cue.text, cue.span, "PINK", cue.speaker) for cue in lines)
            timeline.tracks.append(track)
    return timeline


def _picture_track(film: Film, sheet: CueSheet, picture: Path) -> Any:
    """One clip of the whole film, a marker at each scene."""
    import opentimelineio as otio

    rate = float(film.frame_rate)
    whole = otio.opentime.TimeRange(
        otio.opentime.RationalTime(_start_frame(film), rate), otio.opentime.RationalTime(film.n_frames, rate)
    )
    reference = otio.schema.ExternalReference(target_url=unicode_name(picture.name), available_range=whole)
    clip = otio.schema.Clip(name=unicode_name(picture.stem), media_reference=reference, source_range=whole)
    track = otio.schema.Track(name="Picture", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    track.markers.extend(_marker(f"scene {scene.index + 1}", scene.span, "GREEN") for scene in sheet.scenes)
    return track


def rows_of(cues: Sequence[Cue]) -> list[list[Cue]]:
    """The cues, layer by layer, in as few rows as it takes for no two of a row to overlap; at least one row."""
    layers = {layer: [cue for cue in cues if cue.lane[1] == layer] for layer in ("", *LAYERS)}
    return [row for of_layer in layers.values() if of_layer for row in _rows(of_layer)] or [[]]


def _rows(cues: Sequence[Cue]) -> list[list[Cue]]:
    rows: list[list[Cue]] = []
    for cue in sorted(cues, key=lambda cue: (cue.span, cue.id)):
        row = next((row for row in rows if row[-1].span.end <= cue.span.start), None)
        if row is None:
            row = []
            rows.append(row)
        row.append(cue)
    return rows


def _sound_track(name: str, cues: Sequence[Cue], edit: Edit, stem: Path) -> Any:
    """Clips at their samples, gaps between them."""
    import opentimelineio as otio

    track = otio.schema.Track(name=name, kind=otio.schema.TrackKind.Audio)
    at = 0
    for cue in cues:
        if cue.span.start > at:
            track.append(otio.schema.Gap(source_range=_range(Span(0, cue.span.start - at))))
        facts = {"id": cue.id, "origin": cue.origin, "gain_db": cue.gain_db, "seed": cue.seed}
        if cue.recording is not None:
            facts["recording"] = unicode_name(cue.recording.file.name)
        track.append(
            otio.schema.Clip(
                name=cue.title,
                media_reference=_reference(edit.takes.get(cue.id) or TakeFile(stem, edit.film.duration), edit.film),
                source_range=_range(_stamped(cue.span, edit.film)),
                metadata={"vssflow": facts},
            )
        )
        at = cue.span.end
    return track


def _reference(heard: TakeFile, film: Film) -> Any:
    """A WAV; its first sample is at its own time reference, as in its bext chunk."""
    import opentimelineio as otio

    return otio.schema.ExternalReference(
        target_url=unicode_name(heard.path.name), available_range=_range(_stamped(heard.span, film))
    )


def _stamped(span: Span, film: Film) -> Span:
    """A span of the film, counted from midnight."""
    return Span(film.start_sample + span.start, film.start_sample + span.end)


def _marker(name: str, span: Span, colour: str, speaker: str | None = None) -> Any:
    import opentimelineio as otio

    facts = {} if speaker is None else {"vssflow": {"speaker": speaker}}
    return otio.schema.Marker(name=name, marked_range=_range(span), color=colour, metadata=facts)


def unicode_name(name: str) -> str:
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
