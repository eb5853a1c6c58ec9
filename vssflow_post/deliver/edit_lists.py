"""CMX 3600 edit decision lists, one for each track: the format knows one picture track, and frames only.

Borders are rounded to the nearest frame; the .otio beside them keeps every sample.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from vssflow_post.deliver.names import in_one_line, unicode_name
from vssflow_post.deliver.timeline_otio import Edit, timeline_of
from vssflow_post.media.frame_rates import edit_rate
from vssflow_post.media.timecode import is_drop_frame, nominal_rate
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ

_REEL_CHARACTERS = 8


def write_edit_lists(folder: Path, film_stem: str, edit: Edit) -> list[Path]:
    """Writes `<film>_<track>.edl` for each track of the timeline that has clips; returns them."""
    written = []
    timeline = timeline_of(edit, unicode_name(film_stem))  # a track does not keep its timeline alive
    for track in timeline.tracks:
        if not any(True for _ in track.find_clips()):
            continue
        path = folder / f"{film_stem}_{track.name.replace(' ', '')}.edl"
        content = edit_list(track, edit, f"{unicode_name(film_stem)} {track.name}").encode("utf-8", "replace")
        publish_bytes(path, content)
        written.append(path)
    return written


def edit_list(track: Any, edit: Edit, title: str) -> str:
    """The text of a track's list; record times are on the film's timecode, at a rate that edit lists can say."""
    import opentimelineio as otio

    film = edit.film
    drop_frame, frame_rate = is_drop_frame(film.start_timecode), edit_rate(film.frame_rate)
    # The adapter counts drop-frame labels at 29.97 and 59.94 always, and whole rates never: labels are what matters.
    nominal = nominal_rate(frame_rate)
    rate = float(Fraction(1000 * nominal, 1001)) if drop_frame else float(nominal)
    cue_of = {unicode_name(take.path.name): identity for identity, take in edit.takes.items()}
    first_frame = round(film.start_sample * frame_rate / CLOCK_HZ)
    framed = _in_frames(track, frame_rate, rate, first_frame, cue_of, edit.rests)
    tracks = [framed]
    if track.kind != otio.schema.TrackKind.Video:
        tracks.append(
            otio.schema.Track(kind=otio.schema.TrackKind.Video)
        )  # the adapter wants one, and writes the first
    timeline = otio.schema.Timeline(name=in_one_line(title))
    timeline.tracks.extend(tracks)
    text: str = otio.adapters.write_to_string(
        timeline, "cmx_3600", rate=rate, style="avid", reelname_len=_REEL_CHARACTERS
    )
    head, _, events = text.partition("\n")
    return f"{head}\nFCM: {'DROP FRAME' if drop_frame else 'NON-DROP FRAME'}\n{events.lstrip(chr(10))}"


def _in_frames(
    track: Any, frame_rate: Fraction, rate: float, first_frame: int, cue_of: Mapping[str, str], rests: Collection[str]
) -> Any:
    """A copy whose clips lie on whole frames, behind a gap as long as the start timecode.

    `cue_of` has the cue of each source that is a take, by file name; `rests` are as those of an `Edit`.
    """
    import opentimelineio as otio

    def frame_of(time: Any) -> int:
        exact = Fraction(time.value) / Fraction(time.rate).limit_denominator(1001)
        return math.floor(exact * frame_rate + Fraction(1, 2))

    def framed(start: int, end: int) -> Any:
        return otio.opentime.TimeRange(
            otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(end - start, rate)
        )

    copy = otio.schema.Track(name=track.name, kind=track.kind)
    at = 0
    for clip in track.find_clips():
        place, source = clip.range_in_parent(), clip.source_range
        start, end = frame_of(place.start_time), frame_of(place.end_time_exclusive())
        if start == end and clip.metadata.get("vssflow", {}).get("id") in rests:
            continue  # less than a frame beside a cue
        start, end = max(start, at - first_frame), max(end, at - first_frame + 1, start + 1)
        if start + first_frame > at:
            copy.append(otio.schema.Gap(source_range=framed(0, start + first_frame - at)))
        source_start = frame_of(source.start_time)
        name = in_one_line(clip.name).replace("*", " ")
        reference = otio.schema.ExternalReference(target_url=in_one_line(clip.media_reference.target_url))
        source_range = framed(source_start, source_start + end - start)
        address = clip.media_reference.target_url
        reel = {"cmx_3600": {"reel": _reel_of_cue(cue_of[address]) if address in cue_of else _reel(address)}}
        copy.append(otio.schema.Clip(name=name, media_reference=reference, source_range=source_range, metadata=reel))
        at = end + first_frame
    return copy


def _reel(address: str) -> str:
    """Eight characters for a source: the last ones of its name, which tell one take from the next."""
    name = unquote(address.rsplit("/", 1)[-1]).rsplit(".", 1)[0]
    return re.sub(r"[^A-Za-z0-9]", "", name)[-_REEL_CHARACTERS:].ljust(_REEL_CHARACTERS)


def _reel_of_cue(identity: str) -> str:
    """Eight characters for a take: its cue's id, or where that is longer its start and a digest of it."""
    letters = re.sub(r"[^A-Za-z0-9]", "", identity)
    if letters == identity and len(letters) <= _REEL_CHARACTERS:
        return letters.ljust(_REEL_CHARACTERS)
    digest = hashlib.sha256(identity.encode()).hexdigest()
    return (letters[:4] + digest)[:_REEL_CHARACTERS]
