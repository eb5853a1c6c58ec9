"""Lightning is seen, and nothing else taken for it: drawn skies, with bolts at known times, and what resembles one."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import moving_thing
from tests.drawn_films import write_film
from vssflow_post.analysis.bolts import BoltFinder, by_daylight
from vssflow_post.analysis.features import KnownFeatures
from vssflow_post.analysis.picture import analyse
from vssflow_post.backend import Frame, Strike
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.timeline import CLOCK_HZ, Span

FPS, WIDTH, HEIGHT = 25, 320, 180
WHITE, YELLOW = (235, 240, 255), (255, 215, 140)
Picture = np.ndarray
Path = Sequence[tuple[float, float]]
Draw = Callable[[Picture, int], None]
"""Draws into the picture of a number."""


def sky(seed: int = 1, level: float = 110.0) -> Picture:
    """Clouds over dark hills, RGB."""
    rng = np.random.default_rng(seed)
    noise = cv2.GaussianBlur(rng.normal(size=(HEIGHT, WIDTH)).astype(np.float32), (0, 0), 12)
    grey = level + 20 * noise / noise.std()
    grey[HEIGHT * 3 // 4 :] *= 0.35
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[:, :, None], 3, 2)


def film(draw: Draw, n: int = 50, ground: Picture | None = None, camera: float = 0.0) -> Iterator[Frame]:
    """`camera`: pixels by which the ground moves from picture to picture."""
    world = sky() if ground is None else ground
    for k in range(n):
        picture = np.ascontiguousarray(np.roll(world, round(camera * k), axis=1))
        draw(picture, k)
        yield Frame(k * CLOCK_HZ // FPS, picture, cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))


def struck(frames: Iterator[Frame]) -> list[int]:
    """Numbers of the pictures in which bolts are found to begin."""
    finder = BoltFinder()
    for frame in frames:
        finder.push(frame)
    return [sample * FPS // CLOCK_HZ for sample in finder.found]


def ragged(seed: int, tall: float = 0.55, stray: float = 0.16) -> Path:
    """From the sky's upper edge down, by halving: each middle lies off its line by a part of its length."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.3, 0.7) * WIDTH
    points = [(x, 4.0), (x + rng.uniform(-20, 20), 4.0 + tall * HEIGHT)]
    for _ in range(5):
        between = []
        for (ax, ay), (bx, by) in pairwise(points):
            off = rng.normal() * stray * np.hypot(bx - ax, by - ay)
            between.append(((ax + bx) / 2 + off, (ay + by) / 2 + off * 0.2))
        points = [point for pair in zip(points, [*between, None], strict=True) for point in pair if point is not None]
    return points


def drawn(picture: Picture, path: Path, colour: tuple[int, int, int] = WHITE, width: int = 2) -> None:
    points = np.round(np.array(path) * 8).astype(np.int32)
    cv2.polylines(picture, [points], False, colour, width, cv2.LINE_AA, 3)


def lit(picture: Picture, by: int) -> None:
    picture[:] = cv2.add(picture, np.full_like(picture, by))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(5, 30), st.integers(1, 5), st.integers(0, 40), st.integers(20, 140))
def test_a_bolt_is_found_when_it_strikes(seed: int, first: int, n: int, light: int, level: int) -> None:
    def draw(picture: Picture, k: int) -> None:
        if first <= k < first + n:
            lit(picture, light)
            drawn(picture, ragged(seed))

    assert struck(film(draw, ground=sky(seed, float(level)))) == [first]


def test_a_storm_has_all_of_its_bolts_and_each_once() -> None:
    times = {8: 1, 9: 1, 20: 2, 21: 2, 33: 3}

    def draw(picture: Picture, k: int) -> None:
        if k in times:
            lit(picture, 15)
            drawn(picture, ragged(times[k]))

    assert struck(film(draw, 60)) == [8, 20, 33]


def test_a_slow_camera_changes_nothing() -> None:
    assert struck(film(lambda picture, k: drawn(picture, ragged(7)) if k in (20, 21) else None, camera=0.5)) == [20]


def beam(picture: Picture, k: int) -> None:
    if 20 <= k < 24:
        drawn(picture, [(90, 5), (210, 150)], width=3)


def beams_of_a_disco(picture: Picture, k: int) -> None:
    angle = 0.3 * np.sin(k / 3.0)
    drawn(picture, [(160, 0), (160 + 150 * np.sin(angle), 150 * np.cos(angle))], width=3)


def rocket(picture: Picture, k: int) -> None:
    n = int(np.clip((k - 10) * 3, 0, 33))
    if n >= 2 and k < 35:
        drawn(picture, list(reversed(ragged(5)))[max(0, n - 12) : n])


def sparks(picture: Picture, k: int) -> None:
    if k in (12, 13, 30):
        drawn(picture, ragged(k), YELLOW)


def crack(picture: Picture, k: int) -> None:
    if k >= 20:
        drawn(picture, ragged(4))


def rain(picture: Picture, k: int) -> None:
    rng = np.random.default_rng(k)
    for x, y in rng.uniform((0, 0), (WIDTH, HEIGHT), (60, 2)):
        drawn(picture, [(x, y), (x + 2, y + 14)], width=1)


def birch(picture: Picture, k: int) -> None:
    drawn(picture, [(x + 8.0 * k - 100, y) for x, y in ragged(3, 0.9, 0.04)], width=3)


def flashes_of_a_camera(picture: Picture, k: int) -> None:
    if k in (15, 32):
        lit(picture, 90)


def sparkling_water(picture: Picture, k: int) -> None:
    rng = np.random.default_rng(k)
    for x, y in rng.uniform((0, HEIGHT * 0.6), (WIDTH, HEIGHT), (40, 2)):
        drawn(picture, [(x, y), (x + rng.uniform(3, 14), y + rng.uniform(-1, 1))], width=1)


def title(picture: Picture, k: int) -> None:
    if 10 <= k < 40:
        cv2.putText(picture, "SMS", (60, 120), cv2.FONT_HERSHEY_SCRIPT_SIMPLEX, 3.5, WHITE, 2, cv2.LINE_AA)


NOTHING = (
    beam, beams_of_a_disco, rocket, sparks, crack, rain, birch, flashes_of_a_camera, sparkling_water, title,
)  # fmt: skip


@pytest.mark.parametrize("draw", NOTHING, ids=[draw.__name__ for draw in NOTHING])
def test_what_resembles_lightning_is_none(draw: Draw) -> None:
    assert struck(film(draw, 60)) == []
    assert struck(film(draw, 60, sky(2, 40.0))) == []


def test_a_forest_that_a_camera_pans_over_is_none() -> None:
    ground = sky(3, 60.0)
    for seed in range(8):
        drawn(ground, [(x + 40 * seed - 160, y) for x, y in ragged(seed, 0.9, 0.05)], width=2)
    assert struck(film(lambda picture, k: None, 60, ground, camera=6.0)) == []


def test_a_dark_room_in_a_flash_is_none() -> None:
    room = sky(4, 130.0)
    for seed in range(12):
        drawn(room, [(x + 25 * seed - 150, y) for x, y in ragged(seed, 0.6, 0.1)], width=2)
    dark = (room * 0.1).astype(np.uint8)
    assert struck(film(lambda picture, k: np.copyto(picture, room) if k in (20, 21) else None, 60, dark)) == []


def test_cuts_and_other_rates_and_sizes_do_no_harm() -> None:
    finder = BoltFinder()
    for k, (height, width) in enumerate([(180, 320), (180, 320), (8, 320), (8, 320), (180, 1)]):
        pixels = np.full((height, width, 3), 255 * (k % 2), np.uint8)
        finder.push(Frame(k * CLOCK_HZ // 10, pixels, pixels[:, :, 0]))
    assert finder.found == ()
    for shape in ((4, 320), (30, 320), (320, 30)):
        night = np.zeros((*shape, 3), np.uint8)
        struck(film(lambda picture, k: drawn(picture, ragged(3)) if k == 20 else None, 40, night))
    other = sky(9, 200.0)
    assert struck(film(lambda picture, k: np.copyto(picture, other) if k >= 20 else None)) == []


def test_the_light_of_lightning_is_no_flash_of_what_it_falls_on() -> None:
    span = Span(0, 4 * CLOCK_HZ)
    strikes = [Strike(100, 1.0, "flash"), Strike(200, 0.5)]
    things = (moving_thing(span, strikes=strikes), moving_thing(span))
    assert by_daylight(things, [5 * CLOCK_HZ]) == things
    assert by_daylight((), [0]) == ()
    in_a_storm = by_daylight(things, [CLOCK_HZ])
    assert [thing.strikes for thing in in_a_storm] == [(Strike(200, 0.5),), ()]


def test_a_film_of_a_storm_is_seen_as_one_whatever_its_size(tmp_path: pathlib.Path) -> None:
    """Encoded, and four times as large as it is looked at: no flash of a thing, and a bolt at each of its times."""

    def draw(picture: Picture, k: int) -> None:
        if k in (12, 13, 40):
            lit(picture, 20)
            drawn(picture, ragged(k // 20))

    pictures = [cv2.resize(frame.pixels, (1280, 720), interpolation=cv2.INTER_CUBIC) for frame in film(draw, 75)]
    found = analyse(probe(write_film(tmp_path / "storm.mp4", pictures, FPS)), PictureSettings(), KnownFeatures({}))
    assert [bolt * FPS // CLOCK_HZ for bolt in found.bolts] == [12, 40]
    assert not [strike for shot in found.things for thing in shot for strike in thing.strikes]
