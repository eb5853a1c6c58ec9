"""The delivered film, timeline and manifest, read back."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import opentimelineio as otio
import pytest

from tests.drawn_films import texture, write_film
from vssflow_post.deliver import is_complete, write_manifest
from vssflow_post.deliver.bwf import BroadcastWave
from vssflow_post.deliver.containers import picture_name
from vssflow_post.deliver.picture import write_picture
from vssflow_post.deliver.timeline_otio import Edit, write_timeline
from vssflow_post.deliver.wave_header import Origin
from vssflow_post.errors import FilmFailed
from vssflow_post.media import Film
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import DeliverSettings
from vssflow_post.timeline import Cue, CueSheet, Scene, Span

NTSC = Fraction(24_000, 1001)
CLICKS = (24_024, 48_001, 90_000)


def film_of(path: Path, rate: Fraction = NTSC, n: int = 60, **more: object) -> Film:
    pictures = [np.roll(texture(1, 96, 64), 3 * k, axis=1) for k in range(n)]
    return probe(write_film(path, pictures, rate, **more))  # type: ignore[arg-type]


def clicks(path: Path, n: int, places: tuple[int, ...] = CLICKS) -> Path:
    wave = BroadcastWave(path, Origin("clicks", "clicks"))
    audio = np.zeros((2, n), np.int32)
    audio[:, list(places)] = 4_000_000
    wave.write(audio)
    wave.close()
    return path


def video_packets(path: Path) -> list[tuple[bytes, Fraction, bool]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [(bytes(p), p.pts * p.time_base, p.is_keyframe) for p in container.demux(stream) if p.size]


def heard(path: Path) -> tuple[Fraction, np.ndarray]:
    """Time of the first decoded sample in seconds, and the left channel."""
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=0))
        return frames[0].pts * frames[0].time_base, np.concatenate([frame.to_ndarray()[0] for frame in frames])


def first_picture_s(path: Path) -> float:
    with av.open(str(path)) as container:
        return float(next(container.decode(video=0)).time)


@pytest.mark.parametrize("name", ["film.mp4", "film.mov", "film.mkv"])
def test_packets_are_the_source_s_and_sound_is_in_sync(tmp_path: Path, name: str) -> None:
    film = film_of(tmp_path / name)
    mix = clicks(tmp_path / "mix.wav", film.duration.n_samples)
    out = tmp_path / "out" / picture_name(film, "film", DeliverSettings())
    out.parent.mkdir()
    write_picture(film, mix, out, DeliverSettings())
    assert out.suffix == Path(name).suffix
    before, after = video_packets(film.path), video_packets(out)
    assert [packet[0] for packet in after] == [packet[0] for packet in before]
    assert [packet[2] for packet in after] == [packet[2] for packet in before]
    assert max(abs(b[1] - a[1]) for a, b in zip(before, after, strict=True)) < Fraction(1, 1000)
    start, audio = heard(out)
    offset = float(start) - first_picture_s(out)
    for click in CLICKS:
        found = click - 500 + int(np.abs(audio[click - 500 : click + 500]).argmax())
        assert abs(found / 48_000 + offset - click / 48_000) < 0.001
    assert len(audio) >= film.duration.n_samples
    assert sorted(path.name for path in out.parent.iterdir()) == [out.name]


def test_a_late_first_picture_is_where_the_sound_starts(tmp_path: Path) -> None:
    film = film_of(tmp_path / "late.mkv", Fraction(25), 50, video_pts=[2000 + 40 * k for k in range(50)])
    mix = clicks(tmp_path / "mix.wav", film.duration.n_samples, (48_000,))
    write_picture(film, mix, tmp_path / "out.mkv", DeliverSettings())
    start, audio = heard(tmp_path / "out.mkv")
    assert first_picture_s(tmp_path / "out.mkv") == pytest.approx(float(start), abs=0.001)
    assert abs(int(np.abs(audio).argmax()) - 48_000) < 48


def test_the_same_film_gives_the_same_bytes(tmp_path: Path) -> None:
    film = film_of(tmp_path / "film.mp4")
    mix = clicks(tmp_path / "mix.wav", film.duration.n_samples)
    write_picture(film, mix, tmp_path / "a.mp4", DeliverSettings(aac_kbps=192))
    write_picture(film, mix, tmp_path / "b.mp4", DeliverSettings(aac_kbps=192))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_timecode_and_rotation_stay(tmp_path: Path) -> None:
    if not hasattr(av.video.stream.VideoStream, "set_display_rotation"):
        pytest.skip("this PyAV cannot write a rotation")
    film = film_of(tmp_path / "film.mov", metadata={"timecode": "10:00:00:12"}, rotation=90.0)
    mix = clicks(tmp_path / "mix.wav", film.duration.n_samples)
    write_picture(film, mix, tmp_path / "out.mov", DeliverSettings())
    again = probe(tmp_path / "out.mov")
    assert film.start_timecode == again.start_timecode == "10:00:00:12"
    rotations = []
    for path in (film.path, tmp_path / "out.mov"):
        with av.open(str(path)) as container:
            rotations.append(next(container.decode(video=0)).rotation)
    assert rotations[0] in (90, -90)
    assert rotations[1] == rotations[0]


@pytest.mark.parametrize(
    ("container", "file", "codec", "expected"),
    [
        ("mov", "a.MP4", "h264", "a.mp4"),
        ("mov", "a.mov", "prores", "a.mov"),
        ("mov", "a.mp4", "prores", "a.mov"),
        ("matroska", "a.webm", "vp9", "a.mkv"),
        ("avi", "a.avi", "mpeg4", "a.mkv"),
        ("mov", "a.mkv", "hevc", "a.mp4"),
    ],
)
def test_the_container_is_the_film_s_where_it_fits(
    tmp_path: Path, container: str, file: str, codec: str, expected: str
) -> None:
    film = dataclasses.replace(stand_in(), path=tmp_path / file, container=container, video_codec=codec)
    assert picture_name(film, "a", DeliverSettings()) == expected


def test_what_cannot_be_muxed_is_a_verdict_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "vp8.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for k in range(10):
            frame = av.VideoFrame.from_ndarray(texture(k, 96, 64), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    film = probe(path)
    mix = clicks(tmp_path / "mix.wav", film.duration.n_samples, ())
    with pytest.raises(FilmFailed) as caught:
        write_picture(film, mix, tmp_path / "out.mp4", DeliverSettings())
    assert caught.value.full_verdict == "failed:not_muxable"
    assert not (tmp_path / "out.mp4").exists()
    assert not list(tmp_path.glob(".vssflow*"))


def stand_in() -> Film:
    return Film(
        path=Path("film.mp4"), digest="ab" * 32, frame_rate=NTSC, n_frames=240, duration=Span(0, 480_480),
        start_timecode="01:00:00:00", start_sample=172_972_800, width=96, height=64, video_codec="h264",
        audio_streams=(), container="mov", video_index=0, first_pts=0, time_base=1 / NTSC, last_frame_sample=478_478,
    )  # fmt: skip


def sheet() -> CueSheet:
    return CueSheet(
        scenes=(Scene(0, Span(0, 240_240)), Scene(1, Span(240_240, 480_480))),
        cues=(
            Cue("c001", 0, "sound", Span(0, 240_240), sound="rain"),
            Cue("c002", 0, "speech", Span(100_001, 150_000), text="Come in.", speaker="ANNA"),
            Cue("c003", 1, "sound", Span(240_240, 480_480)),
            Cue("c004", 1, "sound", Span(300_000, 330_000), sound="door", origin="user"),
        ),
    )


def test_timeline_loads_and_every_clip_is_at_its_sample(tmp_path: Path) -> None:
    path = tmp_path / "film.otio"
    stems = {name: tmp_path / f"film_{name}.wav" for name in ("DX", "FX", "MIX")}
    write_timeline(path, Edit(stand_in(), sheet(), tmp_path / "film.mp4", stems))
    timeline = otio.adapters.read_from_file(str(path))
    assert otio.adapters.write_to_string(timeline, "otio_json") + "\n" == path.read_text("utf-8")
    assert [track.name for track in timeline.tracks] == ["Picture", "DX", "FX", "FX 2"]
    assert timeline.global_start_time.to_timecode() == "01:00:00:00"
    placed = {}
    for track in timeline.audio_tracks():
        for clip in track.find_clips():
            at = clip.range_in_parent()
            assert at.start_time.rate == 48_000
            placed[clip.metadata["vssflow"]["id"]] = Span(int(at.start_time.value), int(at.end_time_exclusive().value))
            assert clip.media_reference.target_url == f"film_{track.name[:2]}.wav"
            assert clip.source_range.start_time.value - at.start_time.value == 172_972_800
    assert placed == {cue.id: cue.span for cue in sheet().cues}
    picture, dialogue = timeline.tracks[0], timeline.tracks[1]
    assert picture[0].source_range.duration.value == 240
    assert [marker.name for marker in picture.markers] == ["scene 1", "scene 2"]
    assert [(marker.name, marker.metadata["vssflow"]["speaker"]) for marker in dialogue.markers] == [
        ("Come in.", "ANNA")
    ]


def test_a_film_without_cues_still_has_both_stems_tracks(tmp_path: Path) -> None:
    stems = {name: tmp_path / f"{name}.wav" for name in ("DX", "FX")}
    write_timeline(tmp_path / "a.otio", Edit(stand_in(), CueSheet((), ()), tmp_path / "film.mp4", stems))
    timeline = otio.adapters.read_from_file(str(tmp_path / "a.otio"))
    assert [track.name for track in timeline.tracks] == ["Picture", "DX", "FX"]


@pytest.mark.parametrize("name", [b"a\xff", b"[red]x:y|z", "e\u0301 \U0001f3ac\n".encode(), b"100%d", b"-y"])
def test_any_file_name_works(tmp_path: Path, name: bytes) -> None:
    folder = tmp_path / os.fsdecode(name)
    folder.mkdir()
    film = film_of(tmp_path / "film.mp4", Fraction(25), 5)
    film = dataclasses.replace(film, path=film.path.rename(folder / os.fsdecode(name + b".mp4")))
    stem = os.fsdecode(name)
    mix = clicks(folder / f"{stem}_MIX.wav", film.duration.n_samples, (100,))
    picture = folder / "out" / picture_name(film, stem, DeliverSettings())
    picture.parent.mkdir()
    write_picture(film, mix, picture, DeliverSettings(aac_kbps=128))
    write_timeline(picture.with_suffix(".otio"), Edit(film, sheet(), picture, {"DX": mix, "FX": mix}))
    write_manifest(picture.parent, "s" * 64, "p" * 64, "w" * 64, [picture, picture.with_suffix(".otio")])
    assert is_complete(picture.parent, "s" * 64, "p" * 64, "w" * 64)
    assert len(list(picture.parent.iterdir())) == 3


@pytest.fixture
def delivered(tmp_path: Path) -> Path:
    for name in ("a.wav", "b.json"):
        (tmp_path / name).write_bytes(name.encode() * 100)
    write_manifest(tmp_path, "s" * 64, "p" * 64, "w" * 64, [tmp_path / "a.wav", tmp_path / "b.json"])
    return tmp_path


def whole(folder: Path) -> bool:
    return is_complete(folder, "s" * 64, "p" * 64, "w" * 64)


def test_a_complete_folder_is_recognised(delivered: Path) -> None:
    assert whole(delivered)
    before = (delivered / "manifest.json").read_bytes()
    write_manifest(delivered, "s" * 64, "p" * 64, "w" * 64, [delivered / "b.json", delivered / "a.wav"])
    assert (delivered / "manifest.json").read_bytes() == before


@pytest.mark.parametrize("changed", [0, 1, 2])
def test_other_inputs_make_it_incomplete(delivered: Path, changed: int) -> None:
    digests = ["s" * 64, "p" * 64, "w" * 64]
    digests[changed] = "0" * 64
    assert not is_complete(delivered, *digests)


def _touch_later(path: Path) -> None:
    later = path.stat().st_mtime_ns + 10**9
    os.utime(path, ns=(later, later))


def _swap(path: Path) -> None:
    path.write_bytes(path.read_bytes()[::-1])
    _touch_later(path)


@pytest.mark.parametrize(
    ("harm", "still"),
    [
        (lambda folder: (folder / "a.wav").unlink(), False),
        (lambda folder: (folder / "a.wav").write_bytes(b"short"), False),
        (lambda folder: _swap(folder / "a.wav"), False),
        (lambda folder: _touch_later(folder / "a.wav"), True),
        (lambda folder: (folder / "manifest.json").unlink(), False),
        (lambda folder: (folder / "manifest.json").write_text("{"), False),
        (lambda folder: (folder / "manifest.json").write_text("[1]"), False),
    ],
    ids=["missing", "shorter", "changed", "only touched", "no manifest", "torn manifest", "no object"],
)
def test_harm_is_found(delivered: Path, harm: Callable[[Path], object], still: bool) -> None:
    harm(delivered)
    assert whole(delivered) is still


def test_silent_rot_is_found(delivered: Path) -> None:
    path = delivered / "a.wav"
    stat = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(stat.st_mtime_ns, stat.st_mtime_ns))
    assert not whole(delivered)


def test_a_manifest_cannot_point_out_of_its_folder(delivered: Path) -> None:
    manifest = delivered / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"a.wav"', '"../a.wav"'))
    assert not whole(delivered)
