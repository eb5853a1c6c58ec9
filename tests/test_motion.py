"""What is read of the picture's motion: a cut, a flash or a title card leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pytest

from vssflow_dit.picture.motion import MotionReader, camera_shift, without_repeats
from vssflow_post.backend import Frame
from vssflow_post.timeline import CLOCK_HZ

SIZES = ((54, 96), (72, 96), (96, 96), (40, 96), (52, 96), (96, 54), (53, 96), (41, 95))
"""16:9, 4:3 and square, where OpenCV's phase correlation works in place; and sizes that it pads, also odd ones."""


def planes(size: tuple[int, int], n: int) -> list[np.ndarray]:
    """A square of 12 pixels that moves over a still texture."""
    texture = np.random.default_rng(1).integers(60, 120, size).astype(np.uint8)
    found = []
    for k in range(n):
        plane = texture.copy()
        plane[10:22, 8 + 3 * k : 20 + 3 * k] = 240
        found.append(plane)
    return found


def frame(grey: np.ndarray, number: int) -> Frame:
    return Frame(number * CLOCK_HZ // 25, np.repeat(grey[:, :, None], 3, 2), grey)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shock", ["cut", "flash", "flashes", "title", "fade"])
def test_what_moves_after_a_shock_is_read_as_if_it_had_not_been(size: tuple[int, int], shock: str) -> None:
    moving = planes(size, 10)
    shocks = {
        "cut": [255 - moving[0]],
        "flash": [np.full(size, 255, np.uint8)],
        "flashes": [np.full(size, 255, np.uint8), moving[0], np.full(size, 255, np.uint8)] * 2,
        "title": [np.zeros(size, np.uint8)] * 3,
        "fade": [(moving[0] * level).astype(np.uint8) for level in (0.8, 0.4, 0.0, 0.5)],
    }
    shaken, calm = MotionReader(), MotionReader()
    for number, grey in enumerate([*shocks[shock], *moving]):
        shaken.push(frame(grey, number))
    for number, grey in enumerate(moving):
        calm.push(frame(grey, number))
    assert shaken.rows[-len(calm.rows) :] == calm.rows
    assert min(row[0] for row in calm.rows) > 1000


@pytest.mark.parametrize("size", SIZES)
def test_reading_a_shift_leaves_the_pictures_as_they_were(size: tuple[int, int]) -> None:
    before = np.random.default_rng(2).normal(128, 60, size).astype(np.float32)
    after = np.roll(before, 3, 1)
    copies = before.copy(), after.copy()
    dx, _ = camera_shift(before, after)
    assert abs(dx - 3) < 0.2
    assert np.array_equal(before, copies[0])
    assert np.array_equal(after, copies[1])


@pytest.mark.parametrize("size", SIZES)
def test_who_looks_at_a_picture_leaves_it_as_it_was(size: tuple[int, int]) -> None:
    """All finders get the same arrays, one after the other, and some keep them as the picture before."""
    from fractions import Fraction

    from vssflow_post.analysis.cuts import CutFinder
    from vssflow_post.analysis.motion import MotionPlaces
    from vssflow_post.analysis.things import ThingFinder

    rng = np.random.default_rng(5)
    finders = MotionReader(), ThingFinder(), MotionPlaces(), CutFinder(Fraction(25))
    for number in range(6):
        one = frame(rng.normal(128, 60, size).clip(0, 255).astype(np.uint8), number)
        pixels, grey = one.pixels.copy(), one.grey.copy()
        for finder in finders:
            finder.push(one)
        assert np.array_equal(one.pixels, pixels)
        assert np.array_equal(one.grey, grey)


def read(pictures: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    reader = MotionReader()
    for number, grey in enumerate(pictures):
        reader.push(frame(grey, number))
    return np.array(reader.times_s), np.array(reader.rows)


def test_pictures_that_are_shown_again_are_left_out_and_rest_is_not() -> None:
    moving = planes(SIZES[0], 11)
    every_fifth = [grey for number, grey in enumerate(moving) for _ in range(2 if number % 4 == 3 else 1)]
    _, once = read(moving)
    times, rows = without_repeats(*read(every_fifth))
    assert np.array_equal(rows, once)
    assert np.allclose(np.diff(times), [0.08 if number % 4 == 3 else 0.04 for number in range(10)])
    rests = moving[:6] + [moving[5]] * 6 + moving[6:]
    assert np.array_equal(without_repeats(*read(rests))[1], read(rests)[1], equal_nan=True)
