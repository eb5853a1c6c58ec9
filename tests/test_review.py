"""`review.html`: what is inside is the film with its mix, in sync; in a browser, comments come back as a table."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote

import av
import numpy as np
import pytest

from tests import browser
from tests.browser import Browser
from tests.drawn_films import texture, write_film
from vssflow_post.audio import layout_of
from vssflow_post.deliver.bwf import BroadcastWave
from vssflow_post.deliver.review.page import review_page, write_review
from vssflow_post.deliver.review.small_film import small_film
from vssflow_post.deliver.wave_header import Origin
from vssflow_post.media import Film
from vssflow_post.media.probe import probe
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Scene, Span

FILM_S = 4
HOSTILE = """</script><script>alert(1)</script> & "x" """


def film_of(folder: Path, rate: Fraction, size: tuple[int, int] = (96, 64)) -> Film:
    """Black with two white pictures, the first one and one at half time."""
    n = round(FILM_S * rate)
    dark, light = np.zeros((size[1], size[0], 3), np.uint8), np.full((size[1], size[0], 3), 255, np.uint8)
    pictures = [light if k in (0, n // 2) else dark for k in range(n)]
    return probe(write_film(folder / "film.mp4", pictures, rate, metadata={"timecode": "10:00:00:00"}))


def mix_of(folder: Path, film: Film, n_channels: int = 2, loud: tuple[int, ...] | None = None) -> Path:
    """Silence with a noise in the channels `loud` for 20 ms from half time."""
    at = round(film.n_frames // 2 / film.frame_rate * CLOCK_HZ)
    sound = np.zeros((n_channels, film.duration.n_samples), np.int32)
    noise = np.random.default_rng(1).integers(-(2**22), 2**22, 960)
    sound[list(range(n_channels) if loud is None else loud), at : at + 960] = noise
    wave = BroadcastWave(folder / "film_MIX.wav", Origin("", "", layout=layout_of(n_channels)))
    wave.write(sound)
    wave.close()
    return folder / "film_MIX.wav"


def seen_and_heard(small: bytes) -> tuple[list[float], list[float], tuple[str, str, int]]:
    """Seconds at which pictures are white, and (per channel) at which sound starts."""
    with av.open(io.BytesIO(small)) as container:
        stream = container.streams.video[0]
        kind = stream.codec.name, stream.format.name, stream.frames
        white = [frame.time for frame in container.decode(video=0) if frame.to_ndarray(format="gray").mean() > 128]
    with av.open(io.BytesIO(small)) as container:
        frames = list(container.decode(audio=0))
        sound = np.concatenate([frame.to_ndarray() for frame in frames], axis=1)
        loud = [np.flatnonzero(np.abs(channel) > 0.05) for channel in sound]
        first_s = float(frames[0].pts * frames[0].time_base)
        starts = [first_s + places[0] / CLOCK_HZ if len(places) else -1.0 for places in loud]
    return [float(each) for each in white if each is not None], starts, kind


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(24_000, 1001), Fraction(60)])
def test_picture_and_mix_are_in_sync(tmp_path: Path, rate: Fraction) -> None:
    film = film_of(tmp_path, rate)
    white, starts, kind = seen_and_heard(small_film(film, mix_of(tmp_path, film)))
    half_s = float(film.n_frames // 2 / rate)
    assert white == pytest.approx([0.0, half_s], abs=0.001)
    assert starts == pytest.approx([half_s, half_s], abs=0.003)
    assert kind == ("h264", "yuv420p", film.n_frames)


@pytest.mark.parametrize(
    ("size", "small"), [((1280, 534), (480, 200)), ((202, 402), (202, 402)), ((480, 1280), (180, 480))]
)
def test_the_picture_is_small_and_keeps_its_shape(
    tmp_path: Path, size: tuple[int, int], small: tuple[int, int]
) -> None:
    pictures = [texture(1, *size)] * 3
    film = probe(write_film(tmp_path / "film.mp4", pictures, 25))
    with av.open(io.BytesIO(small_film(film, mix_of(tmp_path, film)))) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == small


@pytest.mark.parametrize(
    ("n_channels", "loud", "sides"),
    [
        (1, (0,), [True]), (6, (0,), [True, False]), (6, (2,), [True, True]), (6, (5,), [False, True]),
        (6, (3,), [False, False]),
    ],
)  # fmt: skip
def test_every_channel_but_the_lfe_is_heard_on_its_side(
    tmp_path: Path, n_channels: int, loud: tuple[int, ...], sides: list[bool]
) -> None:
    film = film_of(tmp_path, Fraction(25))
    _, starts, _ = seen_and_heard(small_film(film, mix_of(tmp_path, film, n_channels, loud)))
    assert [start >= 0 for start in starts] == sides


def test_the_page_is_the_same_on_every_run_whatever_was_in_memory(tmp_path: Path) -> None:
    pictures = [np.roll(texture(1, 320, 180), 5 * k * (k % 3), axis=1) for k in range(60)]
    film = probe(write_film(tmp_path / "film.mp4", pictures, 25))
    mix = mix_of(tmp_path, film)
    program = (
        "import sys, hashlib; from pathlib import Path; from vssflow_post.media.probe import probe\n"
        "from vssflow_post.deliver.review.small_film import small_film\n"
        "print(hashlib.sha256(small_film(probe(Path(sys.argv[1])), Path(sys.argv[2]))).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(film.path), str(mix)],
            capture_output=True, check=True, env={**os.environ, "MALLOC_PERTURB_": perturb},
        ).stdout
        for perturb in ("0", "85")
    }  # fmt: skip
    assert len(digests) == 1


def page_of(folder: Path) -> Path:
    film = film_of(folder, Fraction(25), (320, 180))
    cues = (
        Cue("s0001", 0, "sound", Span(0, 96_000), sound="rain"),
        Cue("d0001", 0, "speech", Span(48_000, 96_000), f"Come in. {HOSTILE}", "ANNA"),
    )
    sheet = CueSheet((Scene(0, film.duration),), cues)
    return write_review(folder, "a & <b>", film, sheet, mix_of(folder, film))


def test_nothing_is_loaded_from_anywhere_and_texts_are_texts(tmp_path: Path) -> None:
    text = page_of(tmp_path).read_text("utf-8")
    assert "default-src 'none'" in text
    without_film = re.sub(r'<script type="text/plain".*?</script>', "", text, flags=re.S)
    assert not re.search(r"https?:|(?:src|href)=[\"'](?!data:)", without_film)
    assert "<script>alert" not in text
    assert "a &amp; &lt;b&gt;" in text
    (film,) = re.findall(r'<script type="text/plain" id="film">(.*?)</script>', text, flags=re.S)
    with av.open(io.BytesIO(base64.b64decode(film))) as container:
        assert {stream.type for stream in container.streams} == {"video", "audio"}


def test_a_page_of_a_film_without_cues_is_whole(tmp_path: Path) -> None:
    page = review_page("x", film_of(tmp_path, Fraction(25)), CueSheet((), ()), b"\0")
    assert "10:00:00:00" in page


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def comment(window: Browser, at_s: float, text: str) -> None:
    window.run("document.getElementById('picture').currentTime = arguments[0]", at_s)
    window.until("return !document.getElementById('picture').seeking")
    window.run(
        "const text = document.getElementById('text'); text.value = arguments[0];"
        "text.dispatchEvent(new Event('input')); document.getElementById('note').requestSubmit();",
        text,
    )


@pytest.mark.skipif(browser.missing() is not None, reason=browser.missing() or "")
def test_comments_come_back_as_a_table_on_the_films_timecode(window: Browser, tmp_path: Path) -> None:
    page = page_of(tmp_path)
    for _ in range(2):  # the second time they are still there
        window.open(page)
        window.until("return document.getElementById('picture').readyState >= 2")
        if window.run("return document.getElementById('save').hidden"):
            comment(window, 1.52, 'too "loud", and late')
            comment(window, 0.48, "=1+1")
            comment(window, 3.0, " ")
        shown = window.run("return [...document.querySelectorAll('#comments .go')].map((each) => each.textContent)")
        assert shown == ["10:00:00:12", "10:00:01:13"]
    address = window.run("return document.getElementById('save').href")
    table = unquote(address.partition(",")[2]).removeprefix("\ufeff")
    assert list(csv.DictReader(io.StringIO(table))) == [
        {"timecode": "10:00:00:12", "seconds": "0.480", "text": "'=1+1", "cues": "s0001"},
        {"timecode": "10:00:01:13", "seconds": "1.520", "text": 'too "loud", and late', "cues": "s0001 d0001"},
    ]
    assert window.run("return document.getElementById('save').download") == "a & <b>_comments.csv"
    window.click("#comments li:last-child .go")
    window.until("return !document.getElementById('picture').seeking")
    assert window.run("return document.getElementById('picture').currentTime") == pytest.approx(1.52, abs=0.001)
    assert "Come in." in window.run("return document.getElementById('heard').textContent")
    window.click("#comments li:first-child button:last-of-type")
    assert window.run("return document.querySelectorAll('#comments li').length") == 1
    assert window.complaints() == []


def test_pictures_at_uneven_distances_keep_their_times(tmp_path: Path) -> None:
    """Frames of 40 and 120 ms in turn; white from 0.96 s on, where the noise starts."""
    times = [160 * (k // 2) + 40 * (k % 2) for k in range(24)]  # ms
    dark, light = np.zeros((64, 96, 3), np.uint8), np.full((64, 96, 3), 255, np.uint8)
    pictures = [light if time >= 960 else dark for time in times]
    film = probe(write_film(tmp_path / "film.mp4", pictures, 25, video_pts=times))
    assert film.variable_rate
    sound = np.zeros((2, film.duration.n_samples), np.int32)
    sound[:, 46_080:47_040] = np.random.default_rng(1).integers(-(2**22), 2**22, 960)
    wave = BroadcastWave(tmp_path / "film_MIX.wav", Origin("", ""))
    wave.write(sound)
    wave.close()
    white, starts, kind = seen_and_heard(small_film(film, tmp_path / "film_MIX.wav"))
    assert white[0] == pytest.approx(0.96, abs=0.001)
    assert starts == pytest.approx([0.96, 0.96], abs=0.003)
    assert kind[2] == len(times)
