"""The film as an OpenTimelineIO timeline: the picture, and each stem with a clip per cue; markers for scenes, lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.audio import DX, FX, MX, STEMS
from vssflow_post.deliver.names import clip_name, unicode_name
from vssflow_post.deliver.take_files import TakeFile
from vssflow_post.media.frame_rates import meant_rate
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ, LAYERS, Caption, Cue, CueSheet, Span

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
    music: Sequence[Caption] = ()
    """Where the script's captions tell of music, and of which."""
    shown: Collection[str] = frozenset()
    """Ids of cues that are heard in another's clip: theirs say where they lie, and are turned off."""
    rests: Collection[str] = frozenset()
    """Ids of what is no cue: clips of what sounds beside them."""

    def marks(self) -> Iterator[tuple[str, Span]]:
        """What is marked in the picture: where each scene starts, and where music is told of."""
        yield from ((f"scene {scene.index + 1}", scene.span) for scene in self.sheet.scenes)
        yield from ((f"music: {each.text}", each.span) for each in self.music)

    def stem_for(self, cue: Cue) -> str:
        """The name of the cue's stem."""
        return stem_name(cue, self.stem_of)

    def cues_of(self, stem: str) -> list[Cue]:
        """What is heard in a stem."""
        return [cue for cue in self.sheet.cues if self.stem_for(cue) == stem]

    def heard(self, cue: Cue) -> TakeFile:
        """The WAV that the cue's clip refers to: its own, or else its stem."""
        return self.takes.get(cue.id) or TakeFile(self.stems[self.stem_for(cue)], self.film.duration)

    def tracks(self) -> Iterator[tuple[str, str, list[Cue]]]:
        """(its name, its stem, its cues in order) of each track of sound: no two cues of a track overlap."""
        for stem in self.stems:
            if stem not in STEMS:  # the mix is the sum of the others, which their tracks give
                continue
            for number, row in enumerate(rows_of(self.cues_of(stem)), 1):
                yield stem if number == 1 else f"{stem} {number}", stem, row


def stem_name(cue: Cue, stem_of: Mapping[str, str]) -> str:
    """The name of the cue's stem (`Edit.stem_of`)."""
    return stem_of.get(cue.id, _STEM_OF_KIND.get(cue.kind, ""))


def lanes_of(cues: Sequence[Cue], stem_of: Mapping[str, str]) -> dict[str, str]:
    """Cue id -> its track, `FX 2`, for the stems that have more than one."""
    found = {}
    for stem in STEMS:
        rows = rows_of([cue for cue in cues if stem_name(cue, stem_of) == stem])
        for number, row in enumerate(rows if len(rows) > 1 else (), 1):
            found.update({cue.id: f"{stem} {number}" for cue in row})
    return found


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

    film = edit.film
    timeline = otio.schema.Timeline(name=name)
    timeline.global_start_time = _frames_of(film, film.start_sample)
    timeline.tracks.append(_picture_track(edit))
    for track_name, _, row in edit.tracks():
        track = _sound_track(track_name, row, edit)
        lines = [cue for cue in row if cue.is_line]
        track.markers.extend(_marker(cue.text, cue.span, "PINK", cue.speaker) for cue in lines)
        timeline.tracks.append(track)
    return timeline


def _picture_track(edit: Edit) -> Any:
    """One clip of the whole film, with the marks of the picture."""
    import opentimelineio as otio

    film, picture = edit.film, edit.picture
    whole = otio.opentime.TimeRange(_frames_of(film, film.start_sample), _frames_of(film, film.duration.n_samples))
    reference = otio.schema.ExternalReference(target_url=unicode_name(picture.name), available_range=whole)
    clip = otio.schema.Clip(name=unicode_name(picture.stem), media_reference=reference, source_range=whole)
    track = otio.schema.Track(name="Picture", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    track.markers.extend(_marker(name, span, "GREEN") for name, span in edit.marks())
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


def _sound_track(name: str, cues: Sequence[Cue], edit: Edit) -> Any:
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
        clip = otio.schema.Clip(
            name=unicode_name(clip_name(cue)),
            media_reference=_reference(edit.heard(cue), edit.film),
            source_range=_range(_stamped(cue.span, edit.film)),
            metadata={"vssflow": facts},
        )
        clip.enabled = cue.id not in edit.shown
        track.append(clip)
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


def _range(span: Span) -> Any:
    import opentimelineio as otio

    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(span.start, CLOCK_HZ), otio.opentime.RationalTime(span.n_samples, CLOCK_HZ)
    )


def _frames_of(film: Film, n_samples: int) -> Any:
    """A stretch of time as the nearest number of whole frames. Where the rate varies, these are not its pictures."""
    import opentimelineio as otio

    rate = meant_rate(film.frame_rate)
    return otio.opentime.RationalTime(round(n_samples * rate / CLOCK_HZ), float(rate))
