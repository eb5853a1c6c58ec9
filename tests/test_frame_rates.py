"""Which rate a film is said to have, and at which one its labels and its edits count."""

from __future__ import annotations

import dataclasses
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
from drawn_films import texture, write_film
from hypothesis import given
from hypothesis import strategies as st

from tests.test_deliver import stand_in
from vssflow_post.deliver.delivery import timeline_notes
from vssflow_post.deliver.edit_lists import write_edit_lists
from vssflow_post.deliver.fcpxml import as_fcpxml
from vssflow_post.deliver.names import clip_name
from vssflow_post.deliver.timeline_otio import Edit, timeline_of
from vssflow_post.media import Film, frames
from vssflow_post.media.frame_rates import edit_rate, label_rate, meant_rate
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import DeliverSettings
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Scene, Span, samples_from_frame

SMALL = [texture(seed, 64, 48) for seed in range(40)]
KNOWN = [Fraction(rate) for rate in ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")]


@pytest.mark.parametrize(
    ("rate", "labels", "edits"),
    [
        *((str(rate), str(rate), str(rate)) for rate in KNOWN),
        ("48", "48", "48"),
        ("15", "15", "30"),
        ("16", "16", "24"),
        ("18", "18", "24"),
        ("25/2", "25", "25"),
        ("90", "90", "30"),
        ("100", "100", "50"),
        ("120000/1001", "120000/1001", "60000/1001"),
        ("120", "120", "60"),
        ("144", "144", "24"),
        ("240", "240", "60"),
        ("1000", "1000", "50"),
        ("15000/1001", "15000/1001", "30000/1001"),
        ("1/10", "24", "24"),
        ("100/7", "24", "24"),
        ("2398/100", "24000/1001", "24000/1001"),
        ("23976/1000", "24000/1001", "24000/1001"),
        ("2997/100", "30000/1001", "30000/1001"),
        ("5994/100", "60000/1001", "60000/1001"),
        ("11988/100", "120000/1001", "60000/1001"),
    ],
)
def test_labels_and_edits_count_at_rates_that_can_be_said(rate: str, labels: str, edits: str) -> None:
    assert label_rate(Fraction(rate)) == Fraction(labels)
    assert edit_rate(Fraction(rate)) == Fraction(edits)


@given(st.fractions(Fraction(1, 600), 1000, max_denominator=100_000))
def test_any_rate_gets_one_that_editors_know_and_labels_that_keep_to_the_seconds(rate: Fraction) -> None:
    assert edit_rate(rate) in [*KNOWN, 48, Fraction(48_000, 1001)]
    counted = label_rate(rate)
    assert abs(counted / max(1, round(counted)) - 1) < Fraction(1, 450)
    assert abs(meant_rate(rate) / rate - 1) < Fraction(1, 2000)


@pytest.mark.parametrize(
    "rate", ["1/10", "1/2", "5", "16", "18", "25/2", "2398/100", "24000/1001", "2997/100", "119", "240", "1000"]
)
def test_an_even_film_has_the_rate_of_its_timestamps(tmp_path: Path, rate: str) -> None:
    exact = Fraction(rate)
    film = probe(write_film(tmp_path / "film.mov", SMALL, exact, codec="mpeg4", options={"video_track_timescale": "0"}))
    last = samples_from_frame(39, exact)
    assert not film.variable_rate
    assert abs(film.frame_rate / exact - 1) < Fraction(1, 5000)
    assert abs(film.last_frame_sample - last) <= 48
    assert [frame.sample for frame in frames(film, 64)][-1] == film.last_frame_sample


STEPS = {
    "a telephone's": ([33, 33, 34, 33, 67, 33, 33, 34, 42, 33] * 3, 30, 30),
    "one picture lost": ([40] * 20 + [80] + [40] * 18, 25, 25),
    "3:2": ([33, 50] * 19, 24, 24),
    "a recorded screen": ([17, 16, 17, 17, 16, 17, 900, 17, 16, 17, 17, 4000, 17, 17, 16] * 2, 60, 60),
    "a slide show's": ([3000, 5000, 7000, 2000], 1, 24),
    "15 and 30 by turns": ([67, 66, 33, 34] * 9, 20, 60),
    "half 25, half 50": ([40] * 19 + [20] * 20, 34, 30),
}


@pytest.mark.parametrize(("steps", "rate", "edited"), STEPS.values(), ids=STEPS)
def test_a_varying_rate_is_said_as_the_one_of_most_pictures(
    tmp_path: Path, steps: list[int], rate: int, edited: int
) -> None:
    times = list(accumulate(steps, initial=0))
    film = probe(write_film(tmp_path / "film.mkv", SMALL[: len(times)], video_pts=times, reorder=False))
    assert film.variable_rate
    assert round(film.frame_rate) == rate
    assert abs(film.frame_rate / rate - 1) <= Fraction(1, 1000)
    assert round(edit_rate(film.frame_rate)) == edited
    assert [frame.sample for frame in frames(film, 64)] == [48 * time for time in times]


def test_a_declared_rate_that_runs_off_the_timestamps_is_not_believed(tmp_path: Path) -> None:
    """A header may say 30 where the pictures come at 29.97: after an hour that is 3.6 s."""
    times = [round(1001 * number / 30) for number in range(120)]
    film = probe(write_film(tmp_path / "film.mkv", SMALL * 3, 30, video_pts=times, reorder=False))
    assert film.frame_rate == Fraction(30_000, 1001)


ODD = ["15", "16", "18", "25/2", "90", "100", "120000/1001", "120", "144", "240", "2398/100", "1/10", "1000", "varying"]


def film_at(rate: str) -> Film:
    """Ten seconds or so, from 01:00:00:00."""
    exact = Fraction(30) if rate == "varying" else Fraction(rate)
    n_frames = max(1, round(10 * exact))
    start = samples_from_frame(3600 * round(label_rate(exact)), label_rate(exact))
    duration = Span(0, samples_from_frame(n_frames, exact))
    n_frames -= 40 * (rate == "varying")
    return dataclasses.replace(
        stand_in(), frame_rate=exact, n_frames=n_frames, duration=duration, start_sample=start,
        variable_rate=rate == "varying",
    )  # fmt: skip


@pytest.fixture(params=ODD)
def edit(request: pytest.FixtureRequest, tmp_path: Path) -> Edit:
    film = film_at(request.param)
    end = film.duration.end
    cues = (
        Cue("s1", 0, "sound", Span(0, end // 3), sound="rain"),
        Cue("s2", 0, "sound", Span(end // 3, end), sound="wind"),
        Cue("d1", 0, "speech", Span(end // 2 + 1, end - 480), "Hello.", "ANNA"),
    )
    stems = {name: tmp_path / f"film_{name}.wav" for name in ("DX", "FX", "MIX")}
    return Edit(film, CueSheet((Scene(0, film.duration),), cues), tmp_path / "film.mov", stems)


def test_edit_lists_at_any_rate_lie_right_in_seconds(edit: Edit, tmp_path: Path) -> None:
    rate = edit_rate(edit.film.frame_rate)
    counted = round(rate)
    spans = {cue.id: cue.span for cue in edit.sheet.cues}
    told = {"DX": ["d1"], "FX": ["s1", "s2"]}
    for path in write_edit_lists(tmp_path, "film", edit):
        text = path.read_text()
        assert text.splitlines()[1] == "FCM: NON-DROP FRAME"
        timeline = otio.adapters.read_from_string(text, "cmx_3600", rate=counted)
        (track,) = [track for track in timeline.tracks if len(track)]
        clips = list(track.find_clips())
        for clip, cue in zip(clips, told.get(path.stem.removeprefix("film_"), []), strict=False):
            start = Fraction(clip.source_range.start_time.value) - 3600 * counted
            assert abs(start / rate - Fraction(spans[cue].start, CLOCK_HZ)) <= Fraction(101, 100) / rate
            length = Fraction(clip.source_range.duration.value) / rate
            assert abs(length - Fraction(spans[cue].n_samples, CLOCK_HZ)) <= Fraction(101, 100) / rate
        assert clips


def test_fcpxml_at_any_rate_is_one_that_editors_know_and_lies_right_in_seconds(edit: Edit) -> None:
    root = ElementTree.fromstring(as_fcpxml(edit, "film"))

    def seconds(element: ElementTree.Element, key: str) -> Fraction:
        return Fraction(element.attrib[key].removesuffix("s"))

    formats = {form.attrib["id"]: 1 / seconds(form, "frameDuration") for form in root.iter("format")}
    assets = {asset.attrib["id"]: asset for asset in root.iter("asset")}
    (sequence,) = root.iter("sequence")
    rate = formats[sequence.attrib["format"]]
    assert rate == edit_rate(edit.film.frame_rate)
    assert (seconds(sequence, "tcStart") * rate).denominator == (seconds(sequence, "duration") * rate).denominator == 1
    whole, *cues = root.iter("asset-clip")
    if not edit.film.variable_rate:
        assert formats[whole.attrib["format"]] == meant_rate(edit.film.frame_rate)
        assert assets[whole.attrib["ref"]].attrib["format"] == whole.attrib["format"]
    by_name = {clip_name(cue): cue.span for cue in edit.sheet.cues}
    for clip in cues:
        span, asset = by_name[clip.attrib["name"]], assets[clip.attrib["ref"]]
        start = seconds(clip, "offset") - seconds(whole, "start")
        assert abs(start - Fraction(span.start, CLOCK_HZ)) <= Fraction(51, 100) / rate
        assert (start * rate).denominator == (seconds(clip, "duration") * rate).denominator == 1
        assert abs(seconds(clip, "start") - seconds(asset, "start") - start) <= Fraction(51, 100) / rate
        end = seconds(clip, "start") + seconds(clip, "duration")
        assert end <= seconds(asset, "start") + seconds(asset, "duration") + Fraction(1, 96_000)


def test_the_timeline_keeps_the_films_own_rate_and_every_sample(edit: Edit) -> None:
    timeline = timeline_of(edit, "film")
    rate = meant_rate(edit.film.frame_rate)
    assert timeline.global_start_time.rate == float(rate)
    assert timeline.global_start_time.to_seconds() == pytest.approx(edit.film.start_sample / CLOCK_HZ, abs=0.51 / rate)
    (picture,) = timeline.video_tracks()[0].find_clips()
    length_s = edit.film.duration.duration_s
    assert picture.source_range.duration.to_seconds() == pytest.approx(length_s, abs=0.51 / float(rate))
    starts = [
        int(clip.source_range.start_time.value) for track in timeline.audio_tracks() for clip in track.find_clips()
    ]
    assert sorted(starts) == sorted(edit.film.start_sample + cue.span.start for cue in edit.sheet.cues)


def test_it_is_told_where_edits_cannot_count_the_films_frames() -> None:
    wanted = DeliverSettings(edl=True, fcpxml=True)
    (told,) = timeline_notes(film_at("16"), wanted)
    assert "edit lists and FCPXML count 24 frames a second" in told
    assert "know no 16" in told
    (told,) = timeline_notes(film_at("varying"), wanted)
    assert "varying rate" in told
    assert timeline_notes(film_at("16"), DeliverSettings()) == ()
    assert timeline_notes(film_at("2398/100"), wanted) == ()
    assert timeline_notes(stand_in(), wanted) == ()
