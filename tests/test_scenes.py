"""Cuts: where they are, and where there are none."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
import pytest
from drawn_films import Picture, texture

from vssflow_post.analysis.cuts import CutFinder
from vssflow_post.backend import Frame
from vssflow_post.errors import UsageError
from vssflow_post.timeline import Span, samples_from_frame

FILM_RATE = Fraction(24000, 1001)


def shot(seed: int, n_frames: int, pan: float = 1.0, width: int = 160, height: int = 90) -> list[Picture]:
    """A pan over a pattern, with grain: content moves, but it is one shot."""
    rng = np.random.default_rng(seed)
    wide = texture(seed, width * 2, height).astype(np.int16)
    step = pan * width / n_frames
    return [
        np.clip(wide[:, round(number * step) :][:, :width] + rng.normal(0, 4, (height, width, 3)), 0, 255).astype(
            np.uint8
        )
        for number in range(n_frames)
    ]


def cuts_of(pictures: Sequence[Picture], detector: str, rate: Fraction = FILM_RATE, **settings: float) -> list[int]:
    """Frame numbers at which scenes start, but for the first; the scenes must tile the film."""
    finder = CutFinder(rate, detector, **settings)
    samples = [samples_from_frame(number, rate) for number in range(len(pictures) + 1)]
    for sample, pixels in zip(samples, pictures, strict=False):
        finder.push(Frame(sample, pixels, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)))
    scenes = finder.finish(Span(0, samples[-1]))
    assert [scene.index for scene in scenes] == list(range(len(scenes)))
    assert scenes[0].span.start == 0
    assert scenes[-1].span.end == samples[-1]
    assert all(one.span.end == other.span.start for one, other in itertools.pairwise(scenes))
    return [samples.index(scene.span.start) for scene in scenes[1:]]


@pytest.mark.parametrize("detector", ["adaptive", "content"])
def test_known_cuts_are_found_on_their_frame(detector: str) -> None:
    lengths = (40, 31, 55, 24, 60)
    pictures = [picture for seed, n in enumerate(lengths) for picture in shot(seed, n)]
    assert cuts_of(pictures, detector) == [40, 71, 126, 150]


@pytest.mark.parametrize("n_frames", [12, 48, 120])
def test_a_pan_is_no_cut(n_frames: int) -> None:
    assert cuts_of(shot(3, n_frames), "adaptive") == []


def test_a_light_that_is_switched_on_slowly_is_no_cut() -> None:
    base = texture(9, 160, 90)
    pictures = [(base * (0.2 + 0.8 * number / 60)).astype(np.uint8) for number in range(60)]
    assert cuts_of(pictures, "adaptive") == []


def test_shots_are_as_long_as_the_preset_asks() -> None:
    pictures = [picture for seed in range(12) for picture in shot(seed, 6, pan=0.05)]
    assert len(cuts_of(pictures, "adaptive", min_scene_s=0.1)) > 8
    starts = cuts_of(pictures, "adaptive", min_scene_s=1.0)
    assert starts
    assert min(np.diff([0, *starts])) >= 23


def test_uneven_pictures_are_cut_at_their_own_time() -> None:
    pictures = shot(1, 30) + shot(2, 30)
    samples = np.cumsum(np.random.default_rng(0).integers(500, 4000, 61)).tolist()
    finder = CutFinder(Fraction(20))
    for sample, pixels in zip(samples, pictures, strict=False):
        finder.push(Frame(sample, pixels, pixels[..., 0]))
    scenes = finder.finish(Span(0, samples[-1]))
    assert [scene.span.start for scene in scenes] == [0, samples[30]]


@pytest.mark.parametrize("n_frames", [1, 2, 5])
def test_the_shortest_film_is_one_scene(n_frames: int) -> None:
    assert cuts_of(shot(1, n_frames), "adaptive") == []


def test_an_unknown_detector_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="adaptive, content"):
        CutFinder(FILM_RATE, "psychic")
