"""Labels and the clock, against the arithmetic of SMPTE ST 12-1."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_post.media.timecode import (
    frame_at,
    frame_from_timecode,
    is_drop_frame,
    label_found,
    samples_from_timecode,
    timecode_from_frame,
    timecode_from_samples,
)
from vssflow_post.timeline import samples_from_frame

NTSC, NTSC_60, FILM = Fraction(30000, 1001), Fraction(60000, 1001), Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("label", "rate", "frame", "sample"),
    [
        ("01:00:00:00", Fraction(25), 90_000, 172_800_000),
        ("01:00:00:00", FILM, 86_400, 86_400 * 2002),
        ("01:00:00:00", NTSC, 108_000, 172_972_800),  # 3603.6 s: a non-drop hour is longer than an hour
        ("01:00:00;00", NTSC, 107_892, 172_799_827),  # 3599.9964 s
        ("00:01:00;02", NTSC, 1800, 2_882_880),
        ("00:10:00;00", NTSC, 17_982, 28_799_971),
        ("10:00:00;00", NTSC_60, 2_157_840, 1_727_998_272),
        ("23:59:59:24", Fraction(25), 2_159_999, 4_147_198_080),
        ("00:00:00:01", NTSC, 1, 1602),
        ("16:37:10;02", Fraction(30), 1_793_106, 2_868_969_600),  # what counts is the frame, at 30 a second
        ("01:00:00;00", Fraction(60), 215_784, 172_627_200),
        ("01:00:00;00", Fraction(120_000, 1001), 431_568, 172_799_827),
        ("00:01:00;08", Fraction(120), 7200, 2_880_000),
        ("00:00:01:239", Fraction(240), 479, 95_800),
    ],
)
def test_labels_stand_for_known_frames_and_samples(label: str, rate: Fraction, frame: int, sample: int) -> None:
    assert frame_from_timecode(label, rate) == frame
    assert samples_from_timecode(label, rate) == sample


def test_drop_frame_skips_exactly_the_labels_of_the_standard() -> None:
    ten_minutes = [timecode_from_frame(frame, NTSC, drop_frame=True) for frame in range(17_983)]
    assert len(set(ten_minutes)) == len(ten_minutes)
    assert ten_minutes[1799] == "00:00:59;29"
    assert ten_minutes[1800] == "00:01:00;02"
    assert ten_minutes[17_981] == "00:09:59;29"
    assert ten_minutes[17_982] == "00:10:00;00"
    assert [frame_from_timecode(label, NTSC) for label in ten_minutes] == list(range(17_983))


@pytest.mark.parametrize(
    ("label", "rate"),
    [
        ("00:01:00;00", NTSC),
        ("00:00:00:25", Fraction(25)),
        ("24:00:00:00", Fraction(25)),
        ("00:60:00:00", Fraction(25)),
        ("1:00:00:00", Fraction(25)),
        ("00:00:00;00", Fraction(25)),
        ("00:00:00;00", FILM),
        ("00:01:00;01", Fraction(30)),
        ("00:01:00;03", Fraction(60)),
        ("00:01:00;07", Fraction(120)),
        ("00:00:00;00", Fraction(150)),
        ("\u0660\u0660:00:00:00", Fraction(25)),
        ("", Fraction(25)),
    ],
)
def test_labels_that_do_not_exist_are_refused(label: str, rate: Fraction) -> None:
    with pytest.raises(ValueError, match=r"timecode|exist"):
        frame_from_timecode(label, rate)


DROPPING = [NTSC, NTSC_60, Fraction(30), Fraction(60), Fraction(120_000, 1001), Fraction(120), Fraction(240)]


@given(st.sampled_from([*DROPPING, FILM, Fraction(25), Fraction(24), Fraction(50)]), st.integers(0, 2_000_000))
@settings(deadline=None)
def test_every_frame_has_one_label_and_one_place_on_the_clock(rate: Fraction, frame: int) -> None:
    for drop_frame in (False, True) if rate in DROPPING else (False,):
        label = timecode_from_frame(frame, rate, drop_frame)
        assert frame_from_timecode(label, rate) == frame
        assert timecode_from_samples(samples_from_timecode(label, rate), rate, drop_frame) == label


def test_drop_frame_is_told_by_the_sign_before_the_frames() -> None:
    assert [is_drop_frame(label) for label in ("01:00:00:02", "01:00:00;02", "01:00:00.02", "01:00:00,02", None)] == [
        False, True, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("written", "rate", "label", "told"),
    [
        ("01:00:00:00", 25, "01:00:00:00", ""),
        (" 1:02:03:04 ", 25, "01:02:03:04", ""),
        ("01:00:00", 25, "01:00:00:00", ""),
        ("01:00:00;02", 30, "01:00:00;02", ""),
        ("01;00;00;02", 30, "01:00:00;02", ""),
        ("01:00:00.02", NTSC, "01:00:00;02", ""),
        ("00:01:00;00", 30, "00:01:00;02", "drop-frame skips"),
        ("00:01:00;03", NTSC_60, "00:01:00;04", "drop-frame skips"),
        ("00:10:00;00", 30, "00:10:00;00", ""),
        ("01:00:00;12", 25, "01:00:00:12", "knows no drop-frame"),
        ("01:00:00;12", FILM, "01:00:00:12", "knows no drop-frame"),
        ("01:00:00.500", 25, "01:00:00:12", "parts of a second"),
        ("01:00:00,75", 24, "01:00:00:18", "parts of a second"),
        ("00:00:01:239", 240, "00:00:01:239", ""),
        ("01:00:00:25", 25, None, "'01:00:00:25' does not exist at 25 fps"),
        ("24:00:00:00", 25, None, "does not exist"),
        ("01:60:00:00", 25, None, "does not exist"),
        ("yesterday", 25, None, "does not exist"),
        ("", 25, None, "does not exist"),
    ],
)
def test_a_start_timecode_is_read_as_it_is_meant(written: str, rate: Fraction, label: str | None, told: str) -> None:
    found, sentence = label_found(written, Fraction(rate))
    assert found == label
    assert told in sentence
    assert bool(sentence) == bool(told)
    if found is not None:
        assert timecode_from_frame(frame_from_timecode(found, Fraction(rate)), Fraction(rate), ";" in found) == found


@given(st.integers(0, 10**10), st.fractions(1, 1000, max_denominator=1001))
def test_the_frame_on_screen_is_the_last_that_has_begun(sample: int, rate: Fraction) -> None:
    frame = frame_at(sample, rate)
    assert samples_from_frame(frame, rate) <= sample < samples_from_frame(frame + 1, rate)
