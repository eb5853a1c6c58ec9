"""Small films with several sound tracks, written with PyAV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from drawn_films import texture

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Track:
    """One sound track."""

    samples: Sound
    """(channels, n)."""
    layout: str = ""
    rate_hz: int = 48_000
    title: str = ""
    language: str = ""
    disposition: int = 0
    codec: str = "pcm_s16le"


def write_tracks(path: Path, tracks: Sequence[Track], seconds: float = 2.0, picture: str = "mpeg4") -> Path:
    """A film of so many seconds at 25 fps; tracks may be of any length."""
    with av.open(str(path), "w") as out:
        video = out.add_stream(picture, rate=25)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.thread_count = 1
        streams = [_stream(out, track) for track in tracks]
        still = av.VideoFrame.from_ndarray(texture(1, 64, 48), format="rgb24").reformat(format="yuv420p")
        for number in range(round(25 * seconds)):
            still.pts, still.time_base = number, Fraction(1, 25)
            out.mux(video.encode(still))
        out.mux(video.encode(None))
        for track, stream in zip(tracks, streams, strict=True):
            _write(out, track, stream)
    return path


def spoil_sound(path: Path) -> None:
    """Puts bytes that no decoder takes in the place of the film's first sound track; the container stays whole."""
    with av.open(str(path)) as container:
        payloads = [bytes(packet) for packet in container.demux(audio=0) if packet.size]
    content = path.read_bytes()
    for payload in payloads:
        content = content.replace(payload, b"\x55" * len(payload))
    path.write_bytes(content)


def _layout_of(track: Track) -> str:
    return track.layout or {1: "mono", 2: "stereo"}.get(len(track.samples), f"{len(track.samples)} channels")


def _stream(out: av.container.OutputContainer, track: Track) -> av.AudioStream:
    options = {"mapping_family": "2"} if "ambisonic" in track.layout else {}
    stream = out.add_stream(track.codec, rate=track.rate_hz, layout=_layout_of(track), options=options)
    tags = {"title": track.title, "language": track.language}
    stream.metadata.update({name: tag for name, tag in tags.items() if tag})
    stream.disposition = av.stream.Disposition(track.disposition)
    return stream


def _write(out: av.container.OutputContainer, track: Track, stream: av.AudioStream) -> None:
    form = "flt" if stream.codec_context.format.name.startswith("flt") else "s16"
    for start in range(0, track.samples.shape[1], 1024):
        block = track.samples[:, start : start + 1024]
        if form == "flt":
            values = np.ascontiguousarray(block.T.reshape(1, -1), np.float32)
        else:
            values = np.ascontiguousarray(np.clip(np.round(block.T * 32768), -32768, 32767).reshape(1, -1), np.int16)
        frame = av.AudioFrame.from_ndarray(values, format=form, layout=_layout_of(track))
        frame.sample_rate, frame.time_base, frame.pts = track.rate_hz, Fraction(1, track.rate_hz), start
        out.mux(stream.encode(frame))
    out.mux(stream.encode(None))


def voice(
    seed: int, *spans: tuple[float, float], seconds: float = 2.0, rate_hz: int = 48_000, level: float = 0.2
) -> Sound:
    """A sound of its own for each seed, (1, n): noise of some RMS within the spans (seconds), silence elsewhere."""
    n = round(seconds * rate_hz)
    noise = np.random.default_rng(seed).standard_normal(n) * level
    at_s = np.arange(n) / rate_hz
    is_on = np.any([(start <= at_s) & (at_s < end) for start, end in spans], axis=0) if spans else np.zeros(n, bool)
    return np.clip(noise * is_on, -0.99, 0.99).astype(np.float32)[None]


def silence(n_channels: int = 1, seconds: float = 2.0, rate_hz: int = 48_000) -> Sound:
    return np.zeros((n_channels, round(seconds * rate_hz)), np.float32)
