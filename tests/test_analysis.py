"""The one decode pass: everybody gets each frame once, and the scenes get their pictures."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from drawn_films import drawn_face, texture, write_film

from vssflow_post.analysis import picture as analysis_module
from vssflow_post.analysis.mouths import speaking_spans
from vssflow_post.analysis.picture import Analysis, Thumbnails, analyse
from vssflow_post.backend import Frame, Track
from vssflow_post.errors import FilmRejected
from vssflow_post.media.probe import probe
from vssflow_post.progress import Progress
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.timeline import CLOCK_HZ, Scene, Span


class CountingEncoder:
    """Writes down when it was given which frame."""

    def __init__(self) -> None:
        self.samples: list[int] = []

    def push(self, frame: Frame) -> None:
        self.samples.append(frame.sample)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return {"count": Track(np.full((1, 1), len(self.samples), np.float32), scenes[-1].span.end_s)}


@pytest.fixture(scope="module")
def film_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pattern, then a face that talks from its second 0.6 to 2.4, then another pattern."""

    def talk(time_s: float) -> float:
        return (0.6 <= time_s < 2.4) * (0.5 - 0.5 * float(np.cos(2 * np.pi * 4 * time_s)))

    pictures = [np.roll(texture(1, 320, 180), number, axis=1) for number in range(30)]
    pictures += [drawn_face(talk(number / 24), size=55) for number in range(72)]
    pictures += [np.roll(texture(4, 320, 180), number, axis=1) for number in range(26)]
    return write_film(tmp_path_factory.mktemp("film") / "film.mp4", pictures, Fraction(24000, 1001))


def test_one_pass_finds_scenes_and_speech_and_feeds_the_encoder(film_path: Path) -> None:
    encoder, seen = CountingEncoder(), list[Progress]()
    film = probe(film_path)
    found = analyse(film, PictureSettings(), encoder, seen.append)
    assert [scene.span.start for scene in found.scenes] == [0, 30 * 2002, 102 * 2002]
    assert found.scenes[-1].span.end == film.duration.end == 128 * 2002
    assert encoder.samples == [number * 2002 for number in range(128)]
    assert found.features["count"].values[0, 0] == 128
    (mouth,) = found.mouths
    assert found.scenes[1].span.start <= mouth.span.start < mouth.span.end <= found.scenes[1].span.end
    (said,) = speaking_spans(mouth)
    shot_s = 30 * 2002 / CLOCK_HZ
    assert said.start_s - shot_s == pytest.approx(0.6, abs=0.3)
    assert said.end_s - shot_s == pytest.approx(2.4, abs=0.35)
    assert {progress.stage for progress in seen} == {"analyse"}
    assert [progress.done for progress in seen] == sorted(progress.done for progress in seen)
    assert (seen[-1].done, seen[-1].total) == (128, 128)


@pytest.fixture(scope="module")
def found(film_path: Path) -> Analysis:
    return analyse(probe(film_path), PictureSettings(), CountingEncoder())


def test_each_scene_has_pictures_of_its_own(found: Analysis) -> None:
    assert len(found.pictures) == len(found.thumbnails) == len(found.scenes)
    assert all(1 <= len(jpegs) <= 3 for jpegs in found.pictures)
    means = []
    for jpeg in found.thumbnails:
        picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        assert picture.shape == (135, 240, 3)
        means.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB).mean(axis=(0, 1)))
    originals = [texture(1, 320, 180), drawn_face(0, size=55), texture(4, 320, 180)]
    for mean, original in zip(means, originals, strict=True):
        assert np.abs(mean - original.mean(axis=(0, 1))).max() < 8


def test_the_pass_is_the_same_twice(film_path: Path, found: Analysis) -> None:
    other = analyse(probe(film_path), PictureSettings(), CountingEncoder())
    assert found.scenes == other.scenes
    assert found.pictures == other.pictures
    for mouth, again in zip(found.mouths, other.mouths, strict=True):
        assert (mouth.span, mouth.box) == (again.span, again.box)
        assert np.array_equal(mouth.opening.values, again.opening.values)


def test_thumbnails_of_a_long_shot_stay_few() -> None:
    thumbnails = Thumbnails()
    pixels = texture(1, 64, 36)
    most = 0
    for second in range(7200):
        thumbnails.push(Frame(second * CLOCK_HZ, pixels, pixels[..., 0]))
        most = max(most, len(thumbnails._candidates))
    assert most <= analysis_module._MAX_CANDIDATES
    ((first, middle, last),) = thumbnails.of_scenes((Scene(0, Span(0, 7200 * CLOCK_HZ)),))
    assert first == middle == last


def test_a_verdict_of_the_decoder_comes_through(film_path: Path, tmp_path: Path) -> None:
    content = bytearray(film_path.read_bytes())
    at = content.index(b"mdat") + 4
    middle = (at + content.index(b"moov")) // 2
    content[middle : middle + 600] = b"\x5a" * 600
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(bytes(content))
    with pytest.raises(FilmRejected) as caught:
        analyse(probe(broken), PictureSettings(), CountingEncoder())
    assert caught.value.code == "corrupt"
