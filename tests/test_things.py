"""What moves in a shot, in closed form: drawn discs whose places, speeds and strikes are known."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import cv2
import numpy as np
import pytest
import torch

from vssflow_dit.picture.motion import CHANNELS
from vssflow_dit.picture.strikes import StrikeNet
from vssflow_dit.picture.thing_motion import blows, stream_of
from vssflow_post.analysis.camera import Camera, small_grey
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import Frame, Strike, Thing, Track
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

FPS, WIDTH, HEIGHT = 25, 320, 180
Disc = tuple[Callable[[float], tuple[float, float]], float]
"""A place (pixels) by time (seconds), and a radius."""


def ground(seed: int = 3) -> np.ndarray:
    """Something to hold on to, larger than the picture on every side."""
    noise = np.random.default_rng(seed).normal(0, 1, (HEIGHT + 200, WIDTH + 400)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return 110 + 30 * smooth / smooth.std()


def shot(
    discs: list[Disc], seconds: float, camera: Callable[[float], tuple[float, float]] = lambda t: (0, 0)
) -> Iterator[Frame]:
    """Discs in the world's pixels before the ground, seen by a camera that stands at `camera`."""
    world = ground()
    for k in range(round(seconds * FPS)):
        image = world.copy()
        for n, (place, radius) in enumerate(discs):
            x, y = place(k / FPS)
            cv2.circle(
                image, (round((x + 200) * 16), round((y + 100) * 16)), round(radius * 16),
                (250.0, 10.0, 240.0)[n % 3], -1, cv2.LINE_AA, 4,
            )  # fmt: skip
        dx, dy = camera(k / FPS)
        view = cv2.warpAffine(image, np.array([[1, 0, -200 - dx], [0, 1, -100 - dy]], np.float32), (WIDTH, HEIGHT))
        yield frame(np.clip(view, 0, 255).astype(np.uint8), k)


def frame(grey: np.ndarray, number: int) -> Frame:
    return Frame(number * CLOCK_HZ // FPS, np.repeat(grey[:, :, None], 3, 2), grey)


def things_of(frames: Iterator[Frame] | list[Frame], seconds: float) -> tuple[Thing, ...]:
    finder = ThingFinder()
    for one in frames:
        finder.push(one)
    return finder.finish([Scene(0, Span.of_seconds(0, seconds))])[0]


def shaking(t: float) -> tuple[float, float]:
    """A pan of 30 pixels a second, from a hand that shakes by two."""
    return 30 * t - 45 + 2 * math.sin(23 * t), 2 * math.sin(31 * t + 1)


def test_two_discs_that_part_under_a_panning_shaking_camera_are_two_things_at_their_places_with_their_speeds() -> None:
    seconds, slow, fast = 2.0, 45.0, 70.0
    left: Disc = (lambda t: (150 - slow * t, 60.0), 14.0)
    right: Disc = (lambda t: (170 + fast * t, 110.0), 14.0)
    found = things_of(shot([left, right], seconds, shaking), seconds)
    assert len(found) == 2
    by_place = sorted(found, key=lambda thing: float(thing.place.values.mean()))
    for thing, disc, speed in zip(by_place, (left, right), (slow, fast), strict=True):
        for row in range(3, 17, 3):
            t = row / thing.place.rate_hz
            seen = (disc[0](t)[0] - shaking(t)[0]) / WIDTH
            assert abs(float(thing.place.values[row, 0]) - seen) < 0.04
        middle = thing.speed.values[10:40, 0]
        assert abs(float(np.median(middle)) - speed / WIDTH) < 0.3 * speed / WIDTH
        assert not thing.strikes


@pytest.mark.parametrize("camera", [lambda t: (0.0, 0.0), shaking])
def test_where_nothing_moves_by_itself_there_is_no_thing(camera: Callable[[float], tuple[float, float]]) -> None:
    assert things_of(shot([], 3.0, camera), 3.0) == ()


def test_a_flash_is_told_from_what_passes() -> None:
    still = list(shot([], 3.0))
    for k in (30, 31):
        lit = still[k].grey.copy()
        cv2.circle(lit, (240, 60), 16, 255, -1)
        still[k] = frame(lit, k)
    (thing,) = things_of(still, 3.0)
    assert [(strike.kind, strike.sample) for strike in thing.strikes] == [("flash", 30 * CLOCK_HZ // FPS)]
    assert abs(float(thing.place.values[12, 0]) - 240 / WIDTH) < 0.03
    assert float(thing.speed.values.max()) < 0.05
    passing = things_of(shot([(lambda t: (20 + 90 * t, 90.0), 16.0)], 3.0), 3.0)
    assert [strike.kind for thing in passing for strike in thing.strikes if strike.kind == "flash"] == []


def test_lightning_lights_all_of_the_picture_and_is_no_motion() -> None:
    still = list(shot([], 2.0))
    still[20] = frame(np.clip(still[20].grey.astype(int) + 60, 0, 255).astype(np.uint8), 20)
    (thing,) = things_of(still, 2.0)
    assert [(strike.kind, strike.sample) for strike in thing.strikes] == [("flash", 20 * CLOCK_HZ // FPS)]
    assert float(thing.speed.values.max()) == 0.0


def bouncing(first_s: float, period_s: float) -> Callable[[float], float]:
    """Height over the floor, 0 to 1, of a ball that strikes at `first_s` and every `period_s` from then."""

    def height(t: float) -> float:
        phase = ((t - first_s) / period_s) % 1.0
        return 4 * phase * (1 - phase)

    return height


def test_each_of_three_balls_has_its_own_strikes(net: StrikeNet) -> None:
    seconds, rhythms = 4.0, ((0.30, 1.0), (0.55, 0.9), (0.80, 1.1))
    heights = [bouncing(*rhythm) for rhythm in rhythms]
    discs: list[Disc] = [
        (lambda t, x=x, height=height: (x, 150 - 110 * height(t)), 11.0)
        for x, height in zip((60.0, 160.0, 260.0), heights, strict=True)
    ]
    found = sorted(things_of(shot(discs, seconds), seconds), key=lambda thing: float(thing.place.values.mean()))
    assert len(found) == 3
    for thing, (first_s, period_s) in zip(found, rhythms, strict=True):
        struck = [sample / CLOCK_HZ for sample, *_ in blows(net, thing)]
        wanted = [first_s + k * period_s for k in range(5) if first_s + k * period_s < seconds - 0.2]
        assert len(struck) == len(wanted)
        assert np.abs(np.array(struck) - wanted).max() < 0.06


def test_a_thing_is_alone_where_nothing_else_moves_and_the_camera_stands() -> None:
    left, right = (lambda t: (60 + 40 * t, 60.0), 14.0), (lambda t: (250 - 40 * t, 130.0), 14.0)
    assert [thing.is_alone for thing in things_of(shot([left], 2.0), 2.0)] == [True]
    assert not any(thing.is_alone for thing in things_of(shot([left, right], 2.0), 2.0))
    assert not any(thing.is_alone for thing in things_of(shot([left], 2.0, shaking), 2.0))


def test_what_is_shown_twice_does_not_stand_still() -> None:
    moving = list(shot([(lambda t: (40 + 60 * t, 90.0), 14.0)], 3.0))
    doubled = [frame(moving[k - k % 2].grey, k) for k in range(len(moving))]
    (once,), (twice,) = things_of(moving, 3.0), things_of(doubled, 3.0)
    for thing in (once, twice):
        assert abs(float(np.median(thing.speed.values[10:60])) - 60 / WIDTH) < 0.3 * 60 / WIDTH


def test_rest_begins_where_motion_ends_and_a_repeat_is_left_out() -> None:
    moving = list(shot([(lambda t: (40 + 60 * min(t, 1.2), 90.0), 14.0)], 2.0))
    (thing,) = things_of(moving, 2.0)
    last = round(1.2 * FPS)
    assert list(np.diff(thing.samples)) == [CLOCK_HZ // FPS] * (len(thing.samples) - 1)
    changed = {
        int(sample) * FPS // CLOCK_HZ: mass for sample, mass in zip(thing.samples[1:], thing.moments[:, 0], strict=True)
    }
    assert changed[last - 1] > 0 == changed[last + 2] == changed[last + 3]
    doubled = [frame(moving[k - k % 2].grey, k) for k in range(last)]
    (thing,) = things_of(doubled, last / FPS)
    assert list(np.diff(thing.samples)[1:-1]) == [2 * CLOCK_HZ // FPS] * (len(thing.samples) - 3)


def test_a_thing_ends_at_the_cut_however_late_it_is_known() -> None:
    first = list(shot([(lambda t: (60 + 40 * t, 60.0), 14.0)], 2.0))
    second = [frame(255 - one.grey[:, ::-1], 50 + k) for k, one in enumerate(first)]
    scenes = [Scene(0, Span.of_seconds(0, 2)), Scene(1, Span.of_seconds(2, 4))]
    early, late = ThingFinder(), ThingFinder()
    for k, one in enumerate([*first, *second]):
        early.push(one)
        late.push(one)
        if k == 53:
            early.cut(scenes[1].span.start)
    for found in (early.finish(scenes), late.finish(scenes)):
        assert [len(things) for things in found] == [1, 1]
        assert found[0][0].place.values[-1] > 0.3
        assert found[1][0].place.values[0] > 0.7


def test_the_things_are_the_same_on_any_number_of_threads() -> None:
    def all_of() -> list[np.ndarray]:
        (thing,) = things_of(shot([(lambda t: (60 + 40 * t, 60.0), 14.0)], 1.5, shaking), 1.5)
        return [thing.place.values, thing.speed.values, thing.boxes.values, thing.moments]

    before, found = cv2.getNumThreads(), []
    try:
        for n_threads in (1, 2, 4):
            cv2.setNumThreads(n_threads)
            found.append(all_of())
    finally:
        cv2.setNumThreads(before)
    pairs = [pair for some in found for pair in zip(some, found[0], strict=True)]
    assert all(np.array_equal(one, other, equal_nan=True) for one, other in pairs)


@pytest.mark.parametrize(("dx", "dy"), [(3.0, 1.0), (-8.0, 2.0), (14.0, 0.0), (0.4, -0.4)])
def test_the_cameras_shift_is_found(dx: float, dy: float) -> None:
    before, after = (small_grey(one) for one in list(shot([], 0.08, lambda t: (-dx * FPS * t, -dy * FPS * t))))
    step = Camera(*before.shape).step(before, after)
    centre = complex(WIDTH / 4, HEIGHT / 4)
    assert abs(step.camera(centre) - centre - complex(dx, dy) / 2) < 0.2 + 0.05 * abs(complex(dx, dy)) / 2
    assert step.changed < 0.06


def at_rest(strikes: tuple[Strike, ...], speed: float, start_s: float = 0.0) -> Thing:
    """Two seconds of a thing that does what it is told to."""
    span = Span.of_seconds(start_s, start_s + 2)
    return Thing(
        span, span, Track(np.full((20, 1), 0.5, np.float32), 10), Track(np.full((50, 1), speed, np.float32), 25),
        strikes, Track(np.tile(np.float32([[0, 0, 1, 1]]), (20, 1)), 10), np.array([span.start]),
        np.zeros((0, 4), np.float32), 1.0,
    )  # fmt: skip


def test_what_the_model_hears_of_things_are_their_strikes_and_the_fastest_ones_pace(net: StrikeNet) -> None:
    one = at_rest((Strike(CLOCK_HZ, 0.8, "flash"),), 0.035)
    other = at_rest((Strike(CLOCK_HZ + 2400, 1.0, "flash"), Strike(CLOCK_HZ * 3 // 2, 0.5, "flash")), 0.175)
    heard = stream_of(net, (one, other), Span.of_seconds(0.5, 2.5)).values
    assert heard.shape == (200, 2)
    assert list(np.flatnonzero(heard[:, 0] >= 0.5)) == [49, 50, 51, 100]  # seen on both within 90 ms it is one strike
    assert heard[50, 0] == pytest.approx(1.0)
    assert heard[100, 1] == pytest.approx(0.5)
    assert heard[160, 1] == 0.0  # the shot is over


def test_a_thing_is_heard_in_the_span_of_the_cue_wherever_its_shot_lies(net: StrikeNet) -> None:
    strike = Strike(11 * CLOCK_HZ, 1.0, "flash")
    heard = stream_of(net, (at_rest((strike,), 0.0, 10.0),), Span.of_seconds(10.5, 11.5)).values
    assert int(heard[:, 0].argmax()) == 50


def test_a_bright_thing_that_goes_to_and_fro_is_no_flash() -> None:
    swinging = things_of(shot([(lambda t: (160 + 70 * math.sin(9 * t), 90.0), 18.0)], 3.0), 3.0)
    assert [strike for thing in swinging for strike in thing.strikes] == []


@pytest.mark.parametrize(
    ("height", "width"), [(5, 160), (8, 160), (27, 160), (160, 5), (160, 27), (5, 5), (31, 45), (90, 160)]
)
def test_pictures_of_any_shape_are_compared(height: int, width: int) -> None:
    """OpenCV's flow refuses small pictures, and ends the process where one side is much shorter than the other."""
    noise = np.random.default_rng(0).integers(0, 256, (4, height, width), np.uint8)
    camera = Camera(height, width)
    for before, after in pairwise(noise):
        step = camera.step(before, after)
        assert step.change.shape == (height, width)
        assert np.isfinite(step.change).all()


def test_where_surely_nothing_strikes_nothing_overflows(net: StrikeNet) -> None:
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        assert net.strikes(np.full((50, len(CHANNELS)), 1e4, np.float32)) is not None
        for logit in (-1e4, 1e4):
            curves = torch.stack([torch.full((9,), logit), torch.ones(9)])[None]
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(StrikeNet, "forward", lambda self, motion, curves=curves: curves)
                net.strikes(np.zeros((9, len(CHANNELS)), np.float32))
