"""Films that are cut off, taken as far as they go; and films that change or cannot be read while they are worked on."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from drawn_films import texture, write_film
from hostile_films import CONTAINERS, whole

from vssflow_post.cli import cli
from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.media import frames, production_audio
from vssflow_post.media.probe import probe
from vssflow_post.media.verdicts import reading

NOTHING_WITHOUT_ITS_END = ("mp4", "mov")
"""Their index comes last."""


@pytest.mark.parametrize("ending", [ending for ending in CONTAINERS if ending not in NOTHING_WITHOUT_ITS_END])
@pytest.mark.parametrize("part", [0.5, 0.85])
def test_what_is_there_of_a_film_is_whole(tmp_path: Path, ending: str, part: float) -> None:
    content = whole(ending)
    path = tmp_path / f"film.{ending}"
    path.write_bytes(content[: int(len(content) * part) - 3])
    film = probe(path, salvage=True)
    shown = [frame.sample for frame in frames(film, 64)]
    assert len(shown) == film.n_frames
    assert np.abs(np.subtract(shown, 1920 * np.arange(len(shown)))).max() <= 48  # no hole in it
    assert abs(film.duration.end - 1920 * len(shown)) <= 48
    assert production_audio(film, 48_000).n_samples == film.duration.end
    assert f"covers 0.000 s to {film.duration.duration_s:.3f} s" in film.losses[0]


@pytest.mark.parametrize("ending", NOTHING_WITHOUT_ITS_END)
def test_without_an_index_nothing_is_salvaged(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"film.{ending}"
    path.write_bytes(whole(ending)[: len(whole(ending)) // 2])
    with pytest.raises(FilmRejected, match="nothing can be salvaged") as caught:
        probe(path, salvage=True)
    assert caught.value.code == "truncated"


def test_a_whole_film_is_the_same_with_salvage(tmp_path: Path) -> None:
    for ending in ("mp4", "ts", "mpg"):
        path = tmp_path / f"film.{ending}"
        path.write_bytes(whole(ending))
        assert probe(path, salvage=True) == probe(path)


def test_picture_and_stems_cover_what_was_salvaged(fake_backend: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mkv"
    written = write_film(film, [texture(seed, 64, 48) for seed in range(50)], audio=np.zeros((1, 96_000), np.float32))
    film.write_bytes(written.read_bytes()[:-20_000])
    preset = tmp_path / "picture.toml"
    preset.write_text("extends = 'ci'\n[deliver]\npicture = true\n")
    command = ["render", str(film), "-o", str(tmp_path / "out"), "-p", str(preset), "--json", "-q"]
    (refused,) = json.loads(CliRunner().invoke(cli, command).stdout)["films"]
    assert refused["verdict"] == "rejected:truncated"
    (done,) = json.loads(CliRunner().invoke(cli, [*command, "--salvage"]).stdout)["films"]
    assert done["verdict"] == "done_with_warnings"
    assert "What is here covers 0.000 s to" in done["reason"]
    folder = tmp_path / "out" / "film"
    n_samples = soundfile.info(folder / "film_MIX.wav").frames
    with av.open(str(folder / "film.mkv")) as container:
        pictures = list(container.decode(video=0))
    assert 10 < len(pictures) < 50
    assert abs(n_samples - 1920 * len(pictures)) <= 48
    assert not any(picture.is_corrupt for picture in pictures)


def test_a_film_that_changes_while_it_is_decoded_is_not_called_damaged(tmp_path: Path) -> None:
    head = b"YUV4MPEG2 W320 H240 F25:1 C420jpeg\n"
    path = tmp_path / "film.y4m"
    path.write_bytes(head + (b"FRAME\n" + bytes(320 * 240 * 3 // 2)) * 40)
    shown = frames(probe(path), 64)
    next(shown)
    path.write_bytes(head + b"FRAME\n" + bytes(500))
    with pytest.raises(FilmFailed) as caught:
        list(shown)
    assert caught.value.full_verdict == "failed:source_changed"


@pytest.mark.parametrize(
    ("number", "verdict"),
    [(errno.EACCES, "failed:source_io"), (errno.ENOMEM, "rejected:too_large"), (errno.EINVAL, "rejected:corrupt")],
)
def test_what_the_file_system_says_is_no_verdict_on_the_film(tmp_path: Path, number: int, verdict: str) -> None:
    with pytest.raises((FilmFailed, FilmRejected)) as caught, reading(tmp_path / "film.mp4", "Reading it"):
        av.error.err_check(-number)
    assert caught.value.full_verdict == verdict


def test_ten_thousand_streams_are_too_many(tmp_path: Path) -> None:
    mp4 = whole("front.mp4")
    at = mp4.index(b"moov") - 4
    index = mp4[at : at + int.from_bytes(mp4[at : at + 4], "big")]
    track_at = index.index(b"trak") - 4
    track = index[track_at : track_at + int.from_bytes(index[track_at : track_at + 4], "big")]
    tracks = track * 10_000
    path = tmp_path / "streams.mp4"
    path.write_bytes(
        mp4[:at] + (len(index) + len(tracks)).to_bytes(4, "big") + index[4:] + tracks + mp4[at + len(index) :]
    )
    with pytest.raises(FilmRejected) as caught:
        probe(path)
    assert caught.value.full_verdict == "rejected:too_large"


def test_a_picture_of_a_quarter_of_a_gigapixel_is_too_large(tmp_path: Path) -> None:
    """A black PNG of 16000 x 16000 in 0.75 MB, as a film."""
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    size = struct.pack(">IIBBBBB", 16_000, 16_000, 8, 2, 0, 0, 0)
    squeezed = zlib.compressobj(9)
    pixels = b"".join(squeezed.compress(bytes(1 + 3 * 16_000)) for _ in range(16_000)) + squeezed.flush()
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    assert len(png) < 800_000
    path = tmp_path / "huge.mov"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("png", rate=25)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "rgb24"
        for packet in stream.encode(av.VideoFrame(16, 16, "rgb24")):
            huge = av.Packet(png)
            huge.stream, huge.pts, huge.dts, huge.time_base = stream, 0, 0, packet.time_base
            huge.is_keyframe = True
            out.mux(huge)
    with pytest.raises(FilmRejected) as caught:
        list(frames(probe(path), 64))
    assert caught.value.full_verdict == "rejected:too_large"
