"""Faces and mouths: drawn people who speak or do not, and pictures without any."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from fractions import Fraction

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from drawn_films import Picture, drawn_face, texture
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_post.analysis.faces import MouthTracker
from vssflow_post.analysis.mouths import speaking_spans
from vssflow_post.backend import Frame, MouthTrack, Track
from vssflow_post.timeline import CLOCK_HZ, Span

RATE = 25
STEP = CLOCK_HZ // RATE


def talking(time_s: float, start_s: float = 1.0, end_s: float = 3.2) -> float:
    """A mouth that says about four syllables a second, some wider than others."""
    inside = start_s <= time_s < end_s
    return inside * (0.5 - 0.5 * np.cos(2 * np.pi * 4 * time_s)) * (0.7 + 0.3 * np.sin(7 * time_s))


def frames_of(draw: Callable[[float], Picture], seconds: float, noise: float = 3) -> list[Frame]:
    rng = np.random.default_rng(5)
    grain = [rng.normal(0, noise, (240, 400, 3)).astype(np.float32) for _ in range(7)]
    found = []
    for number in range(round(seconds * RATE)):
        clean = draw(number / RATE)
        x, y = rng.integers(0, 60, 2)
        moved = grain[number % 7][y : y + clean.shape[0], x : x + clean.shape[1]]
        pixels = np.clip(clean + moved, 0, 255).astype(np.uint8)
        found.append(Frame(number * STEP, pixels, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)))
    return found


def tracks_of(frames: Iterable[Frame], cuts: tuple[int, ...] = ()) -> tuple[MouthTrack, ...]:
    """Cuts, as frame numbers, are told two frames late, as the cut finder does."""
    tracker = MouthTracker(Fraction(RATE))
    end = 0
    for number, frame in enumerate(frames):
        if number - 2 in cuts:
            tracker.cut((number - 2) * STEP)
        tracker.push(frame)
        end = frame.sample + STEP
    return tracker.finish(Span(0, end))


@pytest.mark.parametrize("size", [25, 45, 75])
def test_a_talking_face_is_followed_and_its_speech_found(size: int) -> None:
    def draw(time_s: float) -> Picture:
        return drawn_face(talking(time_s), size=size, centre=(160 + 12 * np.sin(time_s), 90 + 2 * np.sin(3 * time_s)))

    (track,) = tracks_of(frames_of(draw, 4.5))
    assert track.span.start == 0
    assert track.span.end_s > 4.0
    assert track.opening.rate_hz == 25
    assert len(track.opening.values) == pytest.approx(25 * track.span.duration_s, abs=1)
    assert 0 <= track.opening.values.min() <= track.opening.values.max() <= 1
    x, y, width, height = track.box
    assert abs(x + width / 2 - 0.5) < 0.06
    assert 0 < y < y + height < 1
    truth = [talking(row / 25) for row in range(len(track.opening.values))]
    assert np.corrcoef(track.opening.values[:, 0], truth)[0, 1] > 0.75
    (said,) = speaking_spans(track)
    assert said.start_s == pytest.approx(1.0, abs=0.3)
    assert said.end_s == pytest.approx(3.2, abs=0.35)


@pytest.mark.parametrize("noise", [0.0, 6.0])
def test_a_silent_face_does_not_speak(noise: float) -> None:
    (track,) = tracks_of(
        frames_of(lambda time_s: drawn_face(0, centre=(160 + 15 * np.sin(2 * time_s), 90)), 4.0, noise)
    )
    assert speaking_spans(track) == []


def test_a_yawn_is_no_speech() -> None:
    (track,) = tracks_of(frames_of(lambda time_s: drawn_face(float(np.sin(np.pi * time_s / 4) ** 2)), 4.0))
    assert track.opening.values.max() > 0.9
    assert speaking_spans(track) == []


def test_two_faces_are_two_tracks_and_only_one_of_them_speaks() -> None:
    def draw(time_s: float) -> Picture:
        left = drawn_face(talking(time_s), width=160, centre=(80, 90))
        right = drawn_face(0.1, width=160, centre=(80, 90))
        return np.hstack([left, right])

    tracks = sorted(tracks_of(frames_of(draw, 4.5)), key=lambda track: track.box[0])
    assert [bool(speaking_spans(track)) for track in tracks] == [True, False]


def test_no_track_crosses_a_cut() -> None:
    def draw(time_s: float) -> Picture:
        return drawn_face(talking(time_s % 2, 0.3, 1.8), centre=(120, 90) if time_s < 2 else (200, 80))

    tracks = tracks_of(frames_of(draw, 4.0), cuts=(50,))
    assert len(tracks) == 2
    assert tracks[0].span.end <= 50 * STEP <= tracks[1].span.start
    assert tracks[1].span.start <= 58 * STEP


@pytest.mark.parametrize("seed", range(4))
def test_no_face_is_seen_where_there_is_none(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wall = cv2.resize(rng.integers(0, 256, (24, 42, 3), dtype=np.uint8), (640, 180), interpolation=cv2.INTER_CUBIC)
    assert tracks_of(frames_of(lambda time_s: wall[:, round(40 * time_s) :][:, :320], 3.0)) == ()


def test_a_face_that_flashes_by_is_not_believed() -> None:
    empty = texture(2, 320, 180)
    assert tracks_of(frames_of(lambda time_s: drawn_face(0) if time_s < 0.3 else empty, 2.0)) == ()


def test_slow_films_have_no_mouths() -> None:
    tracker = MouthTracker(Fraction(5))
    for number in range(20):
        pixels = drawn_face(number % 2)
        tracker.push(
            Frame(number * CLOCK_HZ // 5, pixels, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))
        )
    assert tracker.finish(Span(0, 4 * CLOCK_HZ)) == ()


def test_following_a_face_is_cheap() -> None:
    """Well under the time of a picture at 25 fps, on a busy machine, too."""
    frames = frames_of(lambda time_s: drawn_face(talking(time_s)), 3.0)
    tracker = MouthTracker(Fraction(RATE))
    start = time.process_time()
    for frame in frames:
        tracker.push(frame)
    assert (time.process_time() - start) / len(frames) < 0.02


# --- speech in a curve -----------------------------------------------------------------------------------------------


def track_of(opening: npt.ArrayLike, start: int = 0, rate_hz: float = 25) -> MouthTrack:
    values = np.asarray(opening, np.float32)[:, None]
    span = Span(start, start + round(len(values) * CLOCK_HZ / rate_hz))
    return MouthTrack(span, Track(values, rate_hz), (0, 0, 1, 1))


@pytest.mark.parametrize("syllables_hz", [2.5, 4, 6])
@pytest.mark.parametrize("rate_hz", [25.0, 50.0])
def test_speech_is_found_at_the_rate_of_syllables(syllables_hz: float, rate_hz: float) -> None:
    times = np.arange(round(6 * rate_hz)) / rate_hz
    opening = np.where((times > 2) & (times < 4), 0.5 - 0.5 * np.cos(2 * np.pi * syllables_hz * times), 0)
    (span,) = speaking_spans(track_of(opening, start=48_000, rate_hz=rate_hz))
    assert span.start_s == pytest.approx(3, abs=0.2)
    assert span.end_s == pytest.approx(5, abs=0.25)


@pytest.mark.parametrize("wave_hz", [0.2, 0.5])
def test_slow_movement_is_no_speech(wave_hz: float) -> None:
    assert speaking_spans(track_of(0.5 - 0.5 * np.cos(2 * np.pi * wave_hz * np.arange(250) / 25))) == []


def test_noise_is_no_speech() -> None:
    noise = np.abs(np.random.default_rng(0).normal(0, 0.06, 500))
    assert speaking_spans(track_of(noise)) == []


def test_a_pause_parts_two_sentences_but_not_two_words() -> None:
    times = np.arange(250) / 25
    wave = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * times)
    words = np.where((times % 5 < 4) & ~((times > 2) & (times < 2.25)), wave, 0)
    assert len(speaking_spans(track_of(words))) == 2


def test_short_movements_are_dropped() -> None:
    opening = np.zeros(100)
    opening[50:54] = (0.4, 1, 1, 0.4)
    assert speaking_spans(track_of(opening), min_s=1.0) == []


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=200), st.integers(0, 10**9))
@settings(deadline=None)
def test_spans_lie_in_order_inside_the_track(opening: list[float], start: int) -> None:
    track = track_of(opening, start)
    spans = speaking_spans(track)
    edges = [edge for span in spans for edge in (span.start, span.end)]
    assert edges == sorted(edges)
    assert all(track.span.start <= edge <= track.span.end for edge in edges)
    assert all(span.duration_s >= 0.3 - 1e-3 for span in spans)
