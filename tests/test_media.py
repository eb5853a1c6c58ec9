"""What a film is, by measurement: rate, duration, times of pictures and sound. Bad files get their one verdict."""

from __future__ import annotations

import hashlib
import os
import socket
import zipfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from drawn_films import texture, write_film
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_post.errors import FilmError, FilmFailed, FilmRejected
from vssflow_post.media import audio_blocks, ensure_unchanged, frames, looks_like_film, production_audio
from vssflow_post.media.decode import display_size
from vssflow_post.media.probe import probe
from vssflow_post.media.signature import demuxer_of, kind_of
from vssflow_post.timeline import samples_from_frame

SMALL = [texture(seed, 64, 48) for seed in range(60)]


def verdict_of(path: Path) -> str:
    with pytest.raises(FilmError) as caught:
        list(frames(probe(path), 64))
    assert str(caught.value).endswith((".", "!"))
    return caught.value.full_verdict


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pictures at 25 fps with stereo sound."""
    audio = np.random.default_rng(0).uniform(-0.1, 0.1, (2, 115_200)).astype(np.float32)
    return write_film(tmp_path_factory.mktemp("film") / "good.mp4", SMALL, audio=audio)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight pictures with mono sound."""
    return write_film(tmp_path_factory.mktemp("film") / "short.mp4", SMALL[:8], audio=clicks(15_360, 100))


# --- times -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".avi"])
@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "60000/1001"])
def test_rate_duration_and_picture_times_are_exact(tmp_path: Path, suffix: str, rate: str) -> None:
    frame_rate = Fraction(rate)
    film = probe(write_film(tmp_path / f"film{suffix}", SMALL, frame_rate))
    assert film.frame_rate == frame_rate
    assert not film.variable_rate
    assert film.n_frames == 60
    assert (film.duration.start, film.duration.end) == (0, samples_from_frame(60, frame_rate))
    found = [frame.sample for frame in frames(film, 64)]
    exact = [samples_from_frame(number, frame_rate) for number in range(60)]
    rounding = 24 if suffix == ".mkv" else 1  # Matroska stores whole milliseconds.
    assert np.abs(np.subtract(found, exact)).max() <= rounding


def test_probe_says_what_the_file_is(good: Path) -> None:
    film = probe(good)
    assert film.digest == hashlib.sha256(good.read_bytes()).hexdigest()
    assert (film.width, film.height, film.video_codec, film.container) == (64, 48, "h264", "mov")
    (audio,) = film.audio_streams
    assert (audio.codec, audio.rate_hz, audio.channels, audio.layout) == ("aac", 48_000, 2, "stereo")
    assert (film.start_timecode, film.start_sample, film.notes) == (None, 0, ())


def test_uneven_pictures_keep_their_own_times(tmp_path: Path) -> None:
    times = [0, 40, 80, 120, 220, 320, 420, 1000, 1033, 1066, 1100, 1500]
    film = probe(write_film(tmp_path / "uneven.mkv", SMALL[:12], video_pts=times))
    assert film.variable_rate
    assert [frame.sample for frame in frames(film, 64)] == [48 * time for time in times]
    assert film.duration.end > 48 * 1500


@pytest.mark.parametrize("times", [None, [0, 40, 80, 120, 220, 320, 420, 460], [500, 540, 580, 620], [0, 41, 79, 120]])
@pytest.mark.parametrize("audio_s", [0.0, 0.05, 5.0])
def test_the_picture_decides_the_duration(tmp_path: Path, times: list[int] | None, audio_s: float) -> None:
    """What the container declares for the video stream, whatever the sound's length."""
    audio = clicks(round(48_000 * audio_s), 10) if audio_s else None
    pictures = SMALL[: len(times) if times else 60]
    path = write_film(tmp_path / "film.mp4", pictures, video_pts=times, audio=audio, reorder=times is None)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration is not None
        assert stream.time_base is not None
        declared = stream.duration * stream.time_base
    assert probe(path).duration.end == round(declared * 48_000)


@pytest.mark.parametrize("start_s", [0.5, 3600.0])
def test_the_first_picture_is_zero_wherever_the_timestamps_start(tmp_path: Path, start_s: float) -> None:
    times = [round(1000 * start_s) + 40 * number for number in range(25)]
    film = probe(write_film(tmp_path / "late.mkv", SMALL[:25], video_pts=times))
    assert film.duration.end == 48_000
    assert [frame.sample for frame in frames(film, 64)][:3] == [0, 1920, 3840]


def test_one_picture_is_a_film(tmp_path: Path) -> None:
    film = probe(write_film(tmp_path / "one.mp4", SMALL[:1]))
    assert (film.n_frames, film.duration.end) == (1, 1920)
    assert len(list(frames(film, 64))) == 1


@pytest.mark.parametrize(
    ("label", "rate", "start"),
    [
        ("01:00:00:00", "25", 172_800_000),
        ("01:00:00;00", "30000/1001", 172_799_827),
        ("01:00:00:00", "30000/1001", 172_972_800),
        ("10:00:00:12", "24000/1001", 1_729_752_024),
        ("16:37:10;02", "30", 2_868_969_600),
        ("01:00:00;00", "60", 172_627_200),
        ("23:59:59:24", "25", 4_147_198_080),
    ],
)
@pytest.mark.parametrize("suffix", [".mov", ".mp4", ".mkv"])
def test_start_timecode_in_track_or_metadata(tmp_path: Path, suffix: str, label: str, rate: str, start: int) -> None:
    path = write_film(tmp_path / f"film{suffix}", SMALL[:5], Fraction(rate), metadata={"timecode": label})
    film = probe(path)
    assert (film.start_timecode, film.start_sample) == (label, start)


def test_an_impossible_timecode_is_noted_and_left_out(tmp_path: Path) -> None:
    film = probe(write_film(tmp_path / "film.mkv", SMALL[:5], metadata={"timecode": "01:00:00:31"}))
    assert (film.start_timecode, film.start_sample) == (None, 0)
    (note,) = film.notes
    assert "01:00:00:31" in note


# --- pictures --------------------------------------------------------------------------------------------------------


def test_pictures_are_small_and_true(good: Path) -> None:
    film = probe(good)
    for frame, original in zip(frames(film, 64), SMALL, strict=True):
        assert frame.pixels.shape == (48, 64, 3)
        assert frame.grey.shape == (48, 64)
        assert np.abs(frame.pixels.astype(int) - original).mean() < 12
        luma = frame.pixels.astype(float) @ (0.299, 0.587, 0.114)
        assert np.abs(frame.grey - luma).max() < 2
    assert next(iter(frames(film, 32))).pixels.shape == (24, 32, 3)
    assert next(iter(frames(film, 640))).pixels.shape == (48, 64, 3)


def test_rotated_pictures_stand_upright(tmp_path: Path) -> None:
    """A picture stored on its side, with the matrix that turns it: the red corner must come out where it belongs."""
    stored = np.full((48, 64, 3), 40, np.uint8)
    stored[:16, :16] = (220, 30, 30)
    film = probe(write_film(tmp_path / "turned.mp4", [stored] * 3, rotation=90))
    shown = next(iter(frames(film, 64))).pixels
    assert shown.shape == (64, 48, 3)
    red = shown[..., 0].astype(int) - shown[..., 1]
    row, column = np.unravel_index(red.argmax(), red.shape)
    assert (row > 40, column < 20) == (True, True)  # A quarter turn counterclockwise: top left goes to bottom left.


@given(
    st.integers(1, 9000),
    st.integers(1, 9000),
    st.one_of(st.none(), st.fractions(Fraction(1, 4), 4)),
    st.integers(16, 640),
)
@settings(deadline=None)
def test_small_size_fits_and_never_grows(width: int, height: int, aspect: Fraction | None, longer_side: int) -> None:
    small = display_size(width, height, aspect, longer_side)
    assert 1 <= max(small) <= max(longer_side, 1)
    assert small[0] <= width
    assert small[1] <= height


# --- sound -----------------------------------------------------------------------------------------------------------


def clicks(n: int, *at: int, channels: int = 1) -> np.ndarray:
    audio = np.zeros((channels, n), np.float32)
    audio[:, list(at)] = 0.5
    return audio


@pytest.mark.parametrize("late_s", [0.0, 0.1003, 0.5])
@pytest.mark.parametrize("rate_hz", [48_000, 16_000])
def test_sound_lies_where_the_picture_says(tmp_path: Path, late_s: float, rate_hz: int) -> None:
    audio = clicks(96_000, 24_000)
    path = write_film(tmp_path / "late.mkv", SMALL, audio=audio, audio_start_s=late_s)
    clip = production_audio(probe(path), rate_hz)
    assert clip.samples.shape == (1, round(2.4 * rate_hz))
    peak_s = float(np.abs(clip.samples[0]).argmax()) / rate_hz
    assert peak_s == pytest.approx(0.5 + late_s, abs=0.001)


def test_sound_that_starts_before_the_picture_is_trimmed(tmp_path: Path) -> None:
    times = [300 + 40 * number for number in range(50)]
    path = write_film(tmp_path / "early.mkv", SMALL[:50], video_pts=times, audio=clicks(96_000, 24_000))
    clip = production_audio(probe(path), 48_000)
    assert clip.n_samples == 96_000
    assert float(np.abs(clip.samples[0]).argmax()) / 48_000 == pytest.approx(0.2, abs=0.001)


def test_pcm_comes_through_bit_exact_and_stereo_keeps_a_centred_voice(tmp_path: Path) -> None:
    voice = np.random.default_rng(1).uniform(-0.5, 0.5, 115_200).astype(np.float32)
    path = write_film(tmp_path / "voice.mkv", SMALL, audio=np.stack([voice, voice]))
    assert np.array_equal(production_audio(probe(path), 48_000).samples[0], voice)


@pytest.mark.parametrize("rate_hz", [48_000, 44_100, 16_000, 8_000])
def test_blocks_are_the_clip(good: Path, rate_hz: int) -> None:
    film = probe(good)
    blocks = list(audio_blocks(film, rate_hz))
    assert {len(block) for block in blocks} == {1}
    assert max(block.shape[1] for block in blocks) <= rate_hz
    clip = production_audio(film, rate_hz)
    assert clip.n_samples == round(2.4 * rate_hz)
    assert np.array_equal(np.concatenate(blocks, axis=1), clip.samples)
    assert 0.01 < clip.samples.std() < 0.1


def test_a_film_without_sound_is_silent(tmp_path: Path) -> None:
    film = probe(write_film(tmp_path / "silent.mp4", SMALL))
    assert film.production_stream is None
    assert not production_audio(film, 16_000).samples.any()


def test_sound_that_is_not_finite_is_refused(tmp_path: Path) -> None:
    audio = clicks(96_000, 100)
    audio[0, 50_000] = np.nan
    film = probe(write_film(tmp_path / "nan.mkv", SMALL, audio=audio))
    with pytest.raises(FilmRejected) as caught:
        production_audio(film, 48_000)
    assert caught.value.code == "non_finite_audio"


# --- verdicts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (np.random.default_rng(7).bytes(20_000), "not_media"),
        (b"Dear editor, this is not a film.\n" * 100, "not_media"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "not_media"),
        (b"\x00" * 5000, "not_media"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "not_media"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nsecret.mp4\n#EXT-X-ENDLIST\n", "playlist"),
        (b"\xef\xbb\xbf\n#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "playlist"),
        (b"ffconcat version 1.0\nfile secret.mp4\n", "playlist"),
        (b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>', "playlist"),
        (b"v=0\no=- 0 0 IN IP4 127.0.0.1\n", "playlist"),
        (b"fLaC" + b"\0" * 60, "no_video"),
        (b"ID3\x04" + b"\0" * 60, "no_video"),
    ],
)
def test_what_is_no_film(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    assert verdict_of(path) == f"rejected:{code}"
    assert not looks_like_film(path)


def test_a_zip_is_no_film(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "film.mp4", "w") as archive:
        archive.writestr("film.mp4", b"x" * 1000)
    assert verdict_of(tmp_path / "film.mp4") == "rejected:not_media"


def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.mp4")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)
        server.bind("socket.mp4")
    for name in ("fifo.mp4", "socket.mp4", "."):
        assert verdict_of(tmp_path / name) == "rejected:not_regular"
        assert not looks_like_film(tmp_path / "fifo.mp4")
    assert verdict_of(Path("/dev/zero")) == "rejected:not_regular"
    assert verdict_of(tmp_path / "missing.mp4") == "failed:source_io"
    (tmp_path / "loop.mp4").symlink_to("loop.mp4")
    assert verdict_of(tmp_path / "loop.mp4") == "failed:source_io"


@pytest.mark.parametrize(
    "name",
    [
        "-y.mp4",
        "a:b.mp4",
        "concat:x|y.mp4",
        "100%d.mp4",
        "new\nline.mp4",
        "tab\t\x1b[31m.mp4",
        "🎬.mp4",
        os.fsdecode(b"\xff.mp4"),
        "no extension",
        "x" * 251 + ".mp4",
        "pipe:0",
        "file:http:x",
    ],
)
def test_odd_names_are_only_names(good: Path, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(good.read_bytes())
    for path in (Path(name), tmp_path / name):
        film = probe(path)
        assert film.n_frames == 60
        assert sum(1 for _ in frames(film, 32)) == 60


def test_a_playlist_in_disguise_opens_nothing(tmp_path: Path, good: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even when the demuxer is forced past the signature, the white lists hold."""
    from vssflow_post.media.opening import open_film

    (tmp_path / "secret.mp4").write_bytes(good.read_bytes())
    path = tmp_path / "list.mp4"
    path.write_bytes(b"ffconcat version 1.0\nfile secret.mp4\n")
    with pytest.raises(FilmRejected):
        open_film(path, "mov")


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".ts", ".avi"])
def test_a_file_cut_anywhere_is_truncated(tmp_path: Path, suffix: str) -> None:
    whole = write_film(tmp_path / f"whole{suffix}", SMALL, audio=clicks(115_200, 100)).read_bytes()
    path = tmp_path / f"cut{suffix}"
    sizes = [len(whole) * tenth // 10 for tenth in range(1, 10)] + [len(whole) - 1]
    for size in sizes:
        path.write_bytes(whole[: size - (size % 188 == 0)])
        assert verdict_of(path) == "rejected:truncated", size


def test_a_film_whose_index_promises_more_than_there_is(tmp_path: Path) -> None:
    """Index in front, data cut at the box's end by shortening the box itself: only the timestamps can tell."""
    whole = write_film(tmp_path / "w.mp4", SMALL, options={"movflags": "faststart"}).read_bytes()
    at = whole.index(b"mdat") - 4
    n_kept = int.from_bytes(whole[at : at + 4], "big") // 2
    path = tmp_path / "half.mp4"
    path.write_bytes(whole[:at] + n_kept.to_bytes(4, "big") + whole[at + 4 : at + n_kept])
    assert verdict_of(path) in ("rejected:truncated", "rejected:corrupt")


def test_flipped_bits_are_counted(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [texture(seed, 320, 240) for seed in range(40)])
    broken = bytearray(path.read_bytes())
    at = broken.index(b"mdat") + 4
    end = broken.index(b"moov") - 4
    for place in np.linspace(at + (end - at) // 3, end - 100, 12).astype(int):
        broken[place : place + 40] = b"\xa5" * 40
    path.write_bytes(bytes(broken))
    with pytest.raises(FilmRejected) as caught:
        list(frames(probe(path), 64))
    assert caught.value.code == "corrupt"
    assert "damaged, the first at" in str(caught.value)


def test_a_cover_picture_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as out:
        sound = out.add_stream("aac", rate=48_000, layout="mono")
        cover = out.add_stream("mjpeg", rate=25)
        cover.width, cover.height, cover.pix_fmt = 64, 48, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        piece = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        piece.sample_rate = 48_000
        picture = av.VideoFrame.from_ndarray(SMALL[0], format="rgb24")
        out.mux(cover.encode(picture.reformat(format="yuvj420p")))
        out.mux(cover.encode(None))
        out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    assert verdict_of(path) == "rejected:no_video"


def test_an_encrypted_or_unknown_picture_is_unsupported(good: Path, tmp_path: Path) -> None:
    for tag in (b"encv", b"zzzz"):
        path = tmp_path / "film.mp4"
        path.write_bytes(good.read_bytes().replace(b"avc1", tag))
        assert verdict_of(path) == "rejected:unsupported_codec"


def test_a_huge_picture_is_refused(tmp_path: Path) -> None:
    header = b"YUV4MPEG2 W16000 H16000 F25:1 Ip A1:1 C420jpeg\nFRAME\n"
    path = tmp_path / "huge.y4m"
    path.write_bytes(header + b"\0" * 1000)
    assert verdict_of(path) == "rejected:too_large"


@pytest.mark.parametrize("suffix", [".mkv", ".mov"])
def test_too_many_streams_are_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"streams{suffix}"
    with av.open(str(path), "w") as out:
        streams = [out.add_stream("mpeg4", rate=25) for _ in range(300)]
        for stream in streams:
            stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for stream in streams:
            out.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
            out.mux(stream.encode(None))
    assert verdict_of(path) == "rejected:too_large"


def test_a_film_that_changes_is_noticed(good: Path, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    path.write_bytes(good.read_bytes())
    film = probe(path)
    ensure_unchanged(film)
    path.write_bytes(good.read_bytes() + b"\0")
    with pytest.raises(FilmFailed) as caught:
        ensure_unchanged(film)
    assert caught.value.full_verdict == "failed:source_changed"


@given(st.binary(max_size=3000))
@settings(max_examples=100, deadline=None)
def test_any_first_bytes_give_a_demuxer_or_a_verdict(head: bytes) -> None:
    try:
        said = demuxer_of(kind_of(head))
    except FilmRejected as rejected:
        said = rejected.code
    assert said
    assert (said == "empty") == (head == b"")


@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_any_damage_ends_in_a_verdict_or_a_film(
    data: st.DataObject, short: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No traceback of another kind, wherever bytes are changed."""
    content = bytearray(short.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 9))
        content[at : at + 8] = data.draw(st.binary(min_size=8, max_size=8))
    path = tmp_path_factory.getbasetemp() / "damaged.mp4"
    path.write_bytes(bytes(content))
    n_frames, code = 0, ""
    try:
        film = probe(path)
        n_frames = sum(1 for _ in frames(film, 32))
        production_audio(film, 8000)
    except FilmError as verdict:
        code = verdict.code
    assert n_frames or code
