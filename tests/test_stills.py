"""Black, stills, titles and fades do not move, grain or not; nothing that could be heard is read of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.drawn_films import Picture, hammering, texture, write_film
from tests.test_cues import film_of, scenes_at
from tests.test_layers import seen, sounds_of
from vssflow_post.analysis.features import KnownFeatures
from vssflow_post.analysis.picture import analyse
from vssflow_post.cues.sound_table import shipped_table
from vssflow_post.cues.spotting import spot
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import CueSettings, PictureSettings
from vssflow_post.timeline import CLOCK_HZ

WIDTH, HEIGHT = 320, 180
BLACK = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
GREY = np.full_like(BLACK, 120)


def photograph() -> Picture:
    chance = np.random.default_rng(1)
    fine = cv2.GaussianBlur(chance.normal(0, 60, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1.2)
    return np.clip(texture(3, WIDTH, HEIGHT) + 2 * fine[..., None], 0, 255).astype(np.uint8)


def grained(picture: Picture, level: float, n: int = 75) -> list[Picture]:
    chance = np.random.default_rng(2)
    noise = (chance.normal(0, level, (HEIGHT, WIDTH, 1)) for _ in range(n))
    return [np.clip(picture + one, 0, 255).astype(np.uint8) for one in noise]


def faded(picture: Picture, n: int) -> list[Picture]:
    """In n pictures from black, and as slowly to black."""
    rise = [(picture * (k / n)).astype(np.uint8) for k in range(n)]
    return [*[BLACK] * 15, *rise, *[picture] * 25, *rise[::-1], *[BLACK] * 15]


def titled(*lines: str, top: float = 90) -> Picture:
    card = BLACK.copy()
    for number, line in enumerate(lines):
        cv2.putText(
            card, line, (30, round(top + 40 * number)), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (230,) * 3, 2, cv2.LINE_AA
        )
    return card


def nearer(picture: Picture, n: int = 75) -> list[Picture]:
    """A slow zoom into it."""
    zooms = (np.float32([[z, 0, WIDTH / 2 * (1 - z)], [0, z, HEIGHT / 2 * (1 - z)]]) for z in 1 + 0.001 * np.arange(n))
    return [np.asarray(cv2.warpAffine(picture, z, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)) for z in zooms]


STILLS: dict[str, Callable[[], list[Picture]]] = {
    "black": lambda: [BLACK] * 75,
    "grain on black": lambda: grained(BLACK, 12),
    "grain on grey": lambda: grained(GREY, 8),
    "photograph": lambda: [photograph()] * 75,
    "grain on a photograph": lambda: grained(photograph(), 6),
    "zoom": lambda: nearer(photograph()),
    "slow fade": lambda: faded(photograph(), 50),
    "fast fade": lambda: faded(photograph(), 12),
    "title": lambda: [*[BLACK] * 25, *[titled("THE STORM", "a film")] * 50, *[BLACK] * 25],
    "title that fades": lambda: faded(titled("THE STORM", "a film"), 25),
}


def moving(path: Path, pictures: Sequence[Picture]) -> tuple[bool, ...]:
    return analyse(probe(write_film(path, pictures)), PictureSettings(), KnownFeatures({})).moving


@pytest.mark.parametrize("still", STILLS)
def test_nothing_moves_in_it(tmp_path: Path, still: str) -> None:
    assert not any(moving(tmp_path / "film.mp4", STILLS[still]()))


def test_what_moves_does(tmp_path: Path) -> None:
    """Also darkly, in grain, and for a moment."""
    shot = list(hammering((0.8, 1.6), 2.4, 25))
    dark = [(0.4 * one).astype(np.uint8) for one in shot]
    brief = [*[shot[0]] * 50, *shot[10:35], *[shot[0]] * 50]
    chance = np.random.default_rng(1)
    grain = [np.clip(one + chance.normal(0, 5, (HEIGHT, WIDTH, 1)), 0, 255).astype(np.uint8) for one in shot]
    for number, pictures in enumerate((shot, dark, brief, grain)):
        assert moving(tmp_path / f"{number}.mp4", pictures) == (True,)


def test_rolling_credits_have_nothing_that_strikes(tmp_path: Path) -> None:
    pictures = [titled(*(f"Name {k} Surname" for k in range(12)), top=200 - 2 * n) for n in range(100)]
    found = analyse(probe(write_film(tmp_path / "film.mp4", pictures)), PictureSettings(), KnownFeatures({}))
    assert found.things == ((),)


def test_a_still_scene_has_the_sound_of_its_place_and_no_other() -> None:
    film, table = film_of(30 * CLOCK_HZ), shipped_table()
    sounds = [[], [seen("rain"), seen("drum"), seen("car_engine")], []]
    scenes = scenes_at(film, 10.0, 20.0)

    def spotted(*moves: bool, prompt: str = "") -> list[tuple[str, str, float, float]]:
        cues = CueSettings(sound=prompt)
        return sounds_of(spot(film, scenes, [], cues, 7, [] if prompt else sounds, table.classes, moves))

    assert spotted(False, False, False) == [("bed", "rain", 10, 20)]
    assert spotted(True, False, False) == [("follows", "", 0, 10), ("bed", "rain", 10, 20)]
    assert ("spot", "drum", 10, 20) in spotted(False, True, False)
    assert [sound[2:] for sound in spotted(False, False, False, prompt="metal")] == [(0, 10), (10, 20), (20, 30)]
