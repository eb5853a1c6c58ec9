"""Strikes are read when they are seen: at every rate, in every shape of picture, after cuts, flashes, cards, fades."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from tests.drawn_films import Picture, hammering, write_film
from vssflow_dit.picture.strikes import StrikeEncoder, StrikeNet
from vssflow_dit.picture.thing_motion import strikes_of
from vssflow_post.analysis.picture import Analysis, analyse
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.timeline import CLOCK_HZ

STRIKES_S = (0.8, 1.6, 2.4)
SECONDS = 3.0


def seen(path: Path, pictures: Iterable[Picture], net: StrikeNet, rate: Fraction | int = 25) -> Analysis:
    return analyse(probe(write_film(path, pictures, rate)), PictureSettings(), StrikeEncoder(net))


def read(analysis: Analysis, net: StrikeNet) -> tuple[list[float], list[float]]:
    """Times of the strikes of the whole picture, and of its things, in seconds."""
    pulses = analysis.features["motion"].values[:, 0]
    peaks = np.flatnonzero((pulses[1:-1] > pulses[:-2]) & (pulses[1:-1] >= pulses[2:])) + 1
    things = [strike for shot in analysis.things for strike in strikes_of(net, shot)]
    return [at / 100 for at in peaks], [strike.sample / CLOCK_HZ for strike in things if strike.kind == "blow"]


def assert_all(expected_s: Sequence[float], analysis: Analysis, net: StrikeNet) -> None:
    """Each strike is read of the whole picture and of the things, within 50 ms; the picture has no others."""
    whole, parted = read(analysis, net)
    assert whole == pytest.approx(list(expected_s), abs=0.04)
    assert [min(parted, key=lambda at: abs(at - strike)) for strike in expected_s] == pytest.approx(
        expected_s, abs=0.05
    )


@pytest.mark.parametrize(
    "rate",
    [
        24,
        50,
        100,
        240,
        *(pytest.param(rate, marks=pytest.mark.slow) for rate in (60, 90, Fraction(120_000, 1001), 144, 200)),
    ],
)
def test_strikes_at_every_rate(tmp_path: Path, net: StrikeNet, rate: Fraction | int) -> None:
    """Above 60 a second what moves hardly differs from one picture to the next."""
    pictures = hammering(STRIKES_S, SECONDS, rate, 192, 108)
    assert_all(STRIKES_S, seen(tmp_path / "film.mp4", pictures, net, rate), net)


@pytest.mark.parametrize(
    "size",
    [
        (320, 180), (320, 172), (180, 320), pytest.param((320, 240), marks=pytest.mark.slow),
        pytest.param((240, 240), marks=pytest.mark.slow), pytest.param((322, 134), marks=pytest.mark.slow),
    ],
)  # fmt: skip
def test_strikes_in_shots_of_every_shape(tmp_path: Path, net: StrikeNet, size: tuple[int, int]) -> None:
    """A shot, the same darker and mirrored, a title card, and the shot again: each strike is read, in each."""
    shot = list(hammering(STRIKES_S, SECONDS, 25, *size))
    card = np.zeros_like(shot[0])
    card[size[1] // 2 - 8 : size[1] // 2 + 8, size[0] // 4 : size[0] // 4 * 3 : 4] = 180
    film = [*shot, *((one[:, ::-1] * 0.5).astype(np.uint8) for one in shot), *[card] * 50, *shot]
    analysis = seen(tmp_path / "film.mp4", film, net)
    assert [scene.span.start_s for scene in analysis.scenes] == [0.0, 3.0, 6.0, 8.0]
    assert_all([start + at for start in (0, 3, 8) for at in STRIKES_S], analysis, net)


def flash(shot: list[Picture], first: int, n: int) -> list[Picture]:
    return [*shot[:first], *[np.full_like(shot[0], 255)] * n, *shot[first + n :]]


def faded(shot: list[Picture], n: int) -> list[Picture]:
    """From black, and to black, in n pictures."""
    last = len(shot) - 1
    return [(one * min(1, k / n, (last - k) / n)).astype(np.uint8) for k, one in enumerate(shot)]


@pytest.mark.parametrize("size", [(320, 180), (320, 172), (320, 240)])
@pytest.mark.parametrize("shock", ["flash", "flashes", "fade"])
def test_strikes_after_flashes_and_fades(tmp_path: Path, net: StrikeNet, size: tuple[int, int], shock: str) -> None:
    shot = list(hammering(STRIKES_S, SECONDS, 25, *size))
    film = {
        "flash": flash(shot, 30, 1),
        "flashes": flash(flash(shot, 28, 4), 50, 2),
        "fade": faded(shot, 8) + faded(shot, 8),
    }[shock]
    expected = [*STRIKES_S, *(3 + at for at in STRIKES_S)] if shock == "fade" else STRIKES_S
    whole, _ = read(seen(tmp_path / "film.mp4", film, net), net)
    assert all(min(abs(at - strike) for at in whole) < 0.04 for strike in expected)
    assert len(whole) <= len(expected) + 2
