"""The delivered film over rates, containers and codecs: packets are the source's, and sound is where it was."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.drawn_films import texture, write_film
from vssflow_post.deliver.bwf import BroadcastWave
from vssflow_post.deliver.containers import picture_name
from vssflow_post.deliver.picture import write_picture
from vssflow_post.deliver.trial import check_picture
from vssflow_post.deliver.wave_header import Origin
from vssflow_post.errors import FilmFailed
from vssflow_post.media import Film
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import DeliverSettings

CLOCK = 48_000
CLICK = 30_001
"""Where the mix clicks, in samples from the first picture."""
UNEVEN = [0, 40, 73, 120, 170, 200, 260, 310, 333, 400]
"""Timestamps (ms) of a film of variable rate, ten pictures at a time."""


def drawn(path: Path, rate: Fraction, timecode: str | None, sound: bool, uneven: bool = False) -> Film:
    n = 40
    pictures = [np.roll(texture(1, 96, 64), 3 * k, axis=1) for k in range(n)]
    audio = np.zeros((1, CLOCK), np.float32)
    audio[0, CLICK] = 0.9
    more: dict[str, Any] = {"audio": audio} if sound else {}
    if timecode:
        more["metadata"] = {"timecode": timecode}
    if uneven:
        more["video_pts"] = [440 * (k // 10) + UNEVEN[k % 10] for k in range(n)]
    return probe(write_film(path, pictures, rate, **more))


def mixed(path: Path, film: Film, channels: int = 2) -> Path:
    wave = BroadcastWave(path, Origin("mix", "mix"))
    audio = np.zeros((channels, film.duration.n_samples), np.int32)
    audio[:, CLICK] = 5_000_000
    wave.write(audio)
    wave.close()
    return path


def packets(path: Path) -> list[tuple[bytes, Fraction, bool]]:
    """Video packets with their time from the first picture."""
    with av.open(str(path)) as container:
        found = [(bytes(p), p.pts * p.time_base, p.is_keyframe) for p in container.demux(video=0) if p.size]
    first = min(time for _, time, _ in found)
    return [(data, time - first, key) for data, time, key in found]


def click_s(path: Path, track: int) -> float:
    """Where the click of an audio track is, in seconds from the first picture."""
    with av.open(str(path)) as container:
        first = min(float(frame.time) for frame in container.decode(video=0))
    with av.open(str(path)) as container:
        frames = list(container.decode(audio=track))
    planes = [frame.to_ndarray().astype(np.float64) for frame in frames]
    channels = frames[0].layout.nb_channels
    mono = [plane[0] if len(plane) == channels else plane.reshape(-1, channels)[:, 0] for plane in planes]
    rate = frames[0].sample_rate
    loudest = max(range(len(mono)), key=lambda k: np.abs(mono[k]).max())
    return float(frames[loudest].time) + int(np.abs(mono[loudest]).argmax()) / rate - first


def test_pictures_and_sound_stay_together_at_every_rate(tmp_path: Path) -> None:
    films = [
        ("a.mp4", Fraction(24_000, 1001), "01:00:00:00", True, False),
        ("b.mov", Fraction(24), "10:00:00:12", False, False),
        ("c.mp4", Fraction(25), "00:59:59:24", True, False),
        ("d.mov", Fraction(30_000, 1001), "01:00:00;02", True, False),
        ("e.mkv", Fraction(30), None, True, False),
        ("f.mp4", Fraction(50), "23:59:59:49", False, False),
        ("g.mov", Fraction(60_000, 1001), "01:00:00;04", True, False),
        ("h.mkv", Fraction(60_000, 1001), "01:00:00:00", False, False),
        ("i.mp4", Fraction(25), None, True, True),
        ("j.mkv", Fraction(25), None, False, True),
    ]
    worst = 0.0
    for name, rate, timecode, sound, uneven in films:
        film = drawn(tmp_path / name, rate, timecode, sound, uneven)
        settings = DeliverSettings(keep_audio=sound)
        check_picture(film, settings)
        out = tmp_path / f"out-{picture_name(film, name[0], settings)}"
        write_picture(film, mixed(tmp_path / "mix.wav", film), out, settings)
        before, after = packets(film.path), packets(out)
        assert [packet[::2] for packet in after] == [packet[::2] for packet in before], name
        assert max(abs(a[1] - b[1]) for a, b in zip(after, before, strict=True)) <= Fraction(1, 1000), name
        assert probe(out).start_timecode == film.start_timecode == timecode, name
        offsets = [click_s(out, 0) - CLICK / CLOCK]
        if sound:
            offsets.append(click_s(out, 1) - click_s(film.path, 0))
        assert max(map(abs, offsets)) < 0.001, (name, offsets)
        worst = max(worst, *map(abs, offsets))
    print(f"largest A/V offset {1000 * worst:.3f} ms")


@pytest.mark.parametrize(
    ("codec", "suffix", "name"), [("pcm", ".mov", "pcm_s24le"), ("flac", ".mkv", "flac"), ("opus", ".mkv", "opus")]
)
def test_the_mix_as_another_codec(tmp_path: Path, codec: str, suffix: str, name: str) -> None:
    film = drawn(tmp_path / "film.mp4", Fraction(25), "01:00:00:00", True)
    settings = DeliverSettings(audio_codec=codec, language="deu", title="Mischung")
    out = tmp_path / picture_name(film, "out", settings)
    assert out.suffix == suffix
    mix = mixed(tmp_path / "mix.wav", film)
    write_picture(film, mix, out, settings)
    with av.open(str(out)) as container:
        (track,) = container.streams.audio
        assert track.codec_context.name in (name, f"lib{name}")
        assert track.metadata["language"] in ("deu", "ger")  # QuickTime knows German by its older code
        frames = list(container.decode(audio=0))
    assert abs(click_s(out, 0) - CLICK / CLOCK) < 0.001
    assert [packet[0] for packet in packets(out)] == [packet[0] for packet in packets(film.path)]
    if codec != "opus":  # every bit of the mix is there
        values = np.concatenate([frame.to_ndarray().reshape(-1, 2) for frame in frames])
        expected = np.zeros((film.duration.n_samples, 2), np.int64)
        expected[CLICK] = 5_000_000
        assert np.array_equal(values.astype(np.int64) >> 8, expected)


def test_aac_stays_close_to_the_mix(tmp_path: Path) -> None:
    """A voice in the middle, and rain that differs on both sides: it may not be folded (intensity stereo)."""
    film = drawn(tmp_path / "film.mp4", Fraction(25), None, False)
    n = film.duration.n_samples
    random, time_s = np.random.default_rng(0), np.arange(n) / CLOCK
    voice = sum(np.sin(2 * np.pi * 140 * k * time_s) / k for k in range(1, 30)) * (
        0.5 - 0.5 * np.cos(8 * np.pi * time_s)
    )
    rain = 0.1 * random.standard_normal((2, n))
    for name, audio, floor_db in (("voice", np.stack([0.2 * voice] * 2), 50.0), ("rain", rain, 12.0)):
        wave = BroadcastWave(tmp_path / f"{name}.wav", Origin("mix", "mix"))
        wave.write(np.round(audio * (1 << 23)).astype(np.int32))
        wave.close()
        write_picture(film, tmp_path / f"{name}.wav", tmp_path / f"{name}.mp4", DeliverSettings())
        with av.open(str(tmp_path / f"{name}.mp4")) as container:
            heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
        common = min(heard.shape[1], audio.shape[1])
        error, wanted = heard[:, :common] - audio[:, :common], audio[:, :common]
        found_db = 10 * np.log10(np.mean(wanted**2) / np.mean(error**2))
        assert found_db > floor_db, name


def test_the_old_tracks_stay_after_the_mix_with_their_language(tmp_path: Path) -> None:
    film = drawn(tmp_path / "film.mov", Fraction(25), None, True)
    for keep in (False, True):
        out = tmp_path / f"{keep}.mov"
        write_picture(film, mixed(tmp_path / "mix.wav", film), out, DeliverSettings(keep_audio=keep, language="eng"))
        with av.open(str(out)) as container:
            codecs = [stream.codec_context.name for stream in container.streams.audio]
            defaults = [bool(stream.disposition & av.stream.Disposition.default) for stream in container.streams.audio]
        assert codecs == ["aac", "pcm_f32le"][: 1 + keep]
        assert defaults == [True, False][: 1 + keep]


def test_an_edit_list_stays(tmp_path: Path) -> None:
    """A film that starts inside its first group of pictures: the pictures before it are there, and not shown."""
    whole = drawn(tmp_path / "whole.mp4", Fraction(25), None, False)
    path = tmp_path / "film.mp4"
    with (
        av.open(str(whole.path)) as source,
        av.open(str(path), "w", options={"avoid_negative_ts": "disabled"}) as target,
    ):
        copy = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                shift = round(5 * Fraction(1, 25) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                target.mux(packet)
    film = probe(path)
    out = tmp_path / "out.mp4"
    write_picture(film, mixed(tmp_path / "mix.wav", film), out, DeliverSettings())
    assert [packet[0] for packet in packets(out)] == [packet[0] for packet in packets(path)]
    shown = []
    for each in (path, out):
        with av.open(str(each)) as container:
            frames = list(container.decode(video=0))
            shown.append((len(frames), frames[0].to_ndarray(format="gray").tobytes()))
    assert shown[0] == shown[1]
    assert shown[0][0] == 35
    assert abs(click_s(out, 0) - CLICK / CLOCK) < 0.001


def test_what_a_container_cannot_hold_is_told_before_any_render(tmp_path: Path) -> None:
    path = tmp_path / "vp8.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        for k in range(5):
            frame = av.VideoFrame.from_ndarray(texture(k, 96, 64), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    film = probe(path)
    check_picture(film, DeliverSettings())
    with pytest.raises(
        FilmFailed, match=r'vp8.*\.mov.*"pcm".*Matroska.*audio_codec = "flac".*picture = false'
    ) as caught:
        check_picture(film, DeliverSettings(audio_codec="pcm"))
    assert caught.value.full_verdict == "failed:not_muxable"


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_colour_tags_stay(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film{suffix}"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1
        for k in range(5):
            frame = av.VideoFrame.from_ndarray(texture(k, 96, 64), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    film = probe(path)
    write_picture(film, _short_mix(tmp_path, film), tmp_path / f"out{suffix}", DeliverSettings())
    with av.open(str(tmp_path / f"out{suffix}")) as container:
        context = container.streams.video[0].codec_context
        assert (context.color_primaries, context.color_trc, context.colorspace, context.color_range) == (9, 16, 9, 1)


def _short_mix(folder: Path, film: Film) -> Path:
    wave = BroadcastWave(folder / "short.wav", Origin("mix", "mix"))
    wave.write(np.zeros((2, film.duration.n_samples), np.int32))
    wave.close()
    return folder / "short.wav"
