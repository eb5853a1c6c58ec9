"""Films with something wrong in them, made from good ones: bytes, and the verdict they must get."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
from drawn_films import texture, write_film

PICTURES = [texture(seed, 64, 48) for seed in range(12)]
CONTAINERS = {
    "mp4": ("libx264", "aac", None, {}),
    "front.mp4": ("libx264", "aac", "mp4", {"movflags": "faststart"}),
    "pieces.mp4": ("libx264", "aac", "mp4", {"movflags": "frag_keyframe+empty_moov"}),
    "mov": ("mpeg4", "pcm_s16le", None, {}),
    "mkv": ("libx264", "pcm_s16le", None, {}),
    "webm": ("libvpx", "libopus", None, {}),
    "avi": ("mpeg4", "pcm_s16le", None, {}),
    "ts": ("libx264", "aac", None, {}),
    "m2ts": ("mpeg2video", "ac3", "mpegts", {"mpegts_m2ts_mode": "1"}),
    "mpg": ("mpeg2video", "mp2", None, {}),
    "mxf": ("mpeg2video", "pcm_s16le", None, {}),
    "flv": ("libx264", "aac", None, {}),
    "asf": ("mpeg4", "aac", "asf", {}),
    "ogv": ("libvpx", "libopus", "ogg", {}),
    "ivf": ("libvpx", None, None, {}),
    "y4m": ("wrapped_avframe", None, "yuv4mpegpipe", {}),
}
"""Video codec, audio codec, muxer and its options, by the ending."""


@cache
def whole(ending: str) -> bytes:
    """A good film of twelve pictures with sound."""
    video, audio, muxer, options = CONTAINERS[ending]
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"film.{ending}"
        with av.open(str(path), "w", format=muxer, options=options) as out:
            stream = out.add_stream(video, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            stream.codec_context.thread_count = 1
            sound = None if audio is None else out.add_stream(audio, rate=48_000, layout="mono")
            for number, picture in enumerate(PICTURES):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
                frame.pts = number
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
            if sound is not None:
                resampler = av.AudioResampler(sound.codec_context.format.name, "mono", 48_000)
                silence = av.AudioFrame.from_ndarray(np.full((1, 23_040), 0.01, np.float32), "fltp", "mono")
                silence.sample_rate = 48_000
                for block in resampler.resample(silence):
                    block.pts = None
                    for part in _in_frames(block, sound.codec_context.frame_size):
                        out.mux(sound.encode(part))
                out.mux(sound.encode(None))
        return path.read_bytes()


def _in_frames(block: av.AudioFrame, size: int) -> Iterator[av.AudioFrame]:
    fifo = av.AudioFifo()
    fifo.write(block)
    yield from fifo.read_many(size or 1024, partial=True)


def patched(data: bytes, box: bytes, offset: int, value: bytes, nth: int = 0) -> bytes:
    """`data` with other bytes at `offset` behind the name of the `nth` box of a kind."""
    at = -1
    for _ in range(nth + 1):
        at = data.index(box, at + 1)
    at += len(box) + offset
    return data[:at] + value + data[at + len(value) :]


def renamed(data: bytes, box: bytes, name: bytes) -> bytes:
    return data.replace(box, name)


def flipped(data: bytes, start: float, end: float, n: int, seed: int = 1) -> bytes:
    """`data` with `n` bytes changed between two parts of its length."""
    random = np.random.default_rng(seed)
    changed = bytearray(data)
    for at in random.integers(int(len(data) * start), int(len(data) * end), n):
        changed[at] ^= int(random.integers(1, 256))
    return bytes(changed)


def bad_films() -> Iterator[tuple[str, bytes, str]]:
    """(name, content, verdict) of all below; some are better than they look."""
    for films in (cut_films, flipped_films, patched_films, matroska_films, other_films):
        yield from films()


def cut_films() -> Iterator[tuple[str, bytes, str]]:
    for ending in CONTAINERS:
        data = whole(ending)
        for part in (0.15, 0.5, 0.85):
            n_bytes = int(len(data) * part)
            n_bytes -= n_bytes % 188 == 0 or n_bytes % 192 == 0
            yield f"cut-{int(part * 100)}-{ending.replace('.', '-')}.{ending}", data[:n_bytes], "rejected:truncated"


def flipped_films() -> Iterator[tuple[str, bytes, str]]:
    data = whole("mp4")
    start, end = data.index(b"mdat") / len(data), data.index(b"moov") / len(data)
    yield "flipped.mp4", flipped(data, start + 0.05, end - 0.05, 60), "rejected:corrupt"
    for ending, seed in (("mkv", 1), ("avi", 2), ("mpg", 3), ("ts", 4)):
        yield f"flipped-{ending}.{ending}", flipped(whole(ending), 0.1, 0.25, 60, seed), "rejected:corrupt"


def patched_films() -> Iterator[tuple[str, bytes, str]]:
    """MP4s whose index says what cannot be."""
    mp4 = whole("mp4")
    yield (
        "huge-size.mp4",
        patched(mp4, b"avc1", 24, struct.pack(">HH", 65_535, 65_535)),
        "done",
    )  # the stream knows better
    yield "encrypted.mp4", renamed(mp4, b"avc1", b"encv"), "rejected:unsupported_codec"
    yield "drm.mp4", renamed(mp4, b"avc1", b"drmi"), "rejected:unsupported_codec"
    yield "unknown-codec.mp4", renamed(mp4, b"avc1", b"zzzz"), "rejected:unsupported_codec"
    yield "tags-no-text.mp4", renamed(mp4, b"Lavf", b"\xbf\xeb\x81\xf3"), "done"
    yield "no-handler.mp4", renamed(mp4, b"vide", b"text"), "done"
    yield "no-tracks.mp4", renamed(mp4, b"trak", b"free"), "rejected:no_video"
    yield "index-renamed.mp4", renamed(mp4, b"moov", b"free"), "rejected:truncated"
    yield "scale-0.mp4", patched(mp4, b"mdhd", 12, struct.pack(">I", 0)), "rejected:corrupt"
    yield "scale-huge.mp4", patched(mp4, b"mdhd", 12, struct.pack(">I", 2**32 - 1)), "rejected:corrupt"
    yield "scale-1.mp4", patched(mp4, b"mdhd", 12, struct.pack(">I", 1)), "rejected:corrupt"
    yield "duration-huge.mp4", patched(mp4, b"mdhd", 16, struct.pack(">I", 2**31)), "done"
    yield "steps-0.mp4", patched(mp4, b"stts", 12, struct.pack(">I", 0)), "rejected:truncated"
    yield "steps-huge.mp4", patched(mp4, b"stts", 12, struct.pack(">I", 2**31)), "rejected:corrupt"
    yield "count-huge.mp4", patched(mp4, b"stts", 4, struct.pack(">I", 2**32 - 1)), "rejected:too_large"
    yield "sizes-huge.mp4", patched(mp4, b"stsz", 4, struct.pack(">I", 2**31)), "rejected:corrupt"
    yield "samples-2-to-the-32.mp4", patched(mp4, b"stsz", 8, struct.pack(">I", 2**32 - 1)), "rejected:corrupt"
    yield "chunks-outside.mp4", patched(mp4, b"stco", 8, struct.pack(">I", 2**32 - 1)), "rejected:corrupt"
    yield "chunks-in-the-index.mp4", patched(mp4, b"stco", 8, struct.pack(">I", mp4.index(b"moov"))), "rejected:corrupt"
    yield "edit-huge.mp4", patched(mp4, b"elst", 8, struct.pack(">II", 2**31 - 1, 2**31 - 1)), "rejected:corrupt"
    yield "edit-empty.mp4", patched(mp4, b"elst", 8, struct.pack(">II", 0, 0)), "rejected:corrupt"
    yield "child-larger-than-parent.mp4", patched(mp4, b"mdia", -8, struct.pack(">I", 2**31 - 1)), "done"
    yield "child-of-0.mp4", patched(mp4, b"minf", -8, struct.pack(">I", 0)), "done"
    yield "no-config.mp4", renamed(mp4, b"avcC", b"free"), "rejected:corrupt"
    yield "config-cut.mp4", patched(mp4, b"avcC", -8, struct.pack(">I", 9)), "rejected:corrupt"
    yield "elsewhere.mp4", patched(mp4, b"url ", 0, struct.pack(">I", 0)), "done"
    yield "zip-behind.mp4", mp4 + b"PK\x03\x04" + bytes(200), "done"
    yield "zeros-behind.mp4", mp4 + bytes(5000), "done"
    yield "two-films.mp4", mp4 + mp4, "done"
    yield "extreme-rate.mov", patched(whole("mov"), b"sowt", 28, struct.pack(">I", 2**32 - 1)), "done"


def matroska_films() -> Iterator[tuple[str, bytes, str]]:
    mkv = whole("mkv")
    yield "wrong-doctype.mkv", mkv.replace(b"matroska", b"nonsense", 1), "done"
    yield "unknown-codec-mkv.mkv", mkv.replace(b"V_MPEG4/ISO/AVC", b"V_MPEG4/ISO/XYZ"), "rejected:unsupported_codec"
    yield "segment-open.mkv", _open_segment(mkv), "done"
    yield "segment-open-cut.mkv", _open_segment(mkv)[: len(mkv) // 2], "rejected:corrupt"
    yield (
        "elements-nested.mkv",
        mkv[:60] + b"\x1f\x43\xb6\x75\x01\xff\xff\xff\xff\xff\xff\xff" * 3000,
        "rejected:truncated",
    )
    yield "ebml-bomb.mkv", b"\x1a\x45\xdf\xa3\x01" + b"\xff" * 7 + bytes(100), "rejected:corrupt"


def _open_segment(mkv: bytes) -> bytes:
    at = mkv.index(b"\x18\x53\x80\x67") + 4
    return mkv[:at] + b"\x01" + b"\xff" * 7 + mkv[at + 8 :]


def other_films() -> Iterator[tuple[str, bytes, str]]:
    head = b"YUV4MPEG2 W%d H%d F%b Ip A1:1 C420jpeg\n"
    frame = b"FRAME\n" + bytes(64 * 48 * 3 // 2)
    yield "huge.y4m", head % (16_000, 16_000, b"25:1") + b"FRAME\n" + bytes(1000), "rejected:too_large"
    yield "rate-0-0.y4m", head % (64, 48, b"0:0") + frame * 5, "done_with_warnings"
    yield "rate-huge.y4m", head % (64, 48, b"2000000000:1") + frame * 5, "rejected:corrupt"
    yield "rate-tiny.y4m", head % (64, 48, b"1:2000000000") + frame * 5, "rejected:too_large"
    yield "rate-negative.y4m", head % (64, 48, b"-25:1") + frame * 5, "done_with_warnings"
    yield "size-0.y4m", head % (0, 48, b"25:1") + frame * 5, "rejected:corrupt"
    yield "size-negative.y4m", b"YUV4MPEG2 W-64 H48 F25:1\n" + frame * 5, "rejected:corrupt"
    yield "no-pictures.y4m", head % (64, 48, b"25:1"), "rejected:no_video"
    yield "one-picture.y4m", head % (64, 48, b"25:1") + frame, "done_with_warnings"
    avi = whole("avi")
    yield "rate-0.avi", patched(avi, b"strh", 24, struct.pack("<II", 0, 0)), "done"
    yield "index-lies.avi", patched(avi, b"idx1", 12, b"\xff" * 8), "rejected:corrupt"
    yield "playlist-in-subtitles.avi", avi[:-8] + b"GAB2\0\2\0" + b"#EXTM3U\nhttp://127.0.0.1:9/a.ts\n", "done"
    yield "flv-no-tags.flv", whole("flv")[:13], "rejected:corrupt"
    yield "sound-ogg.mp4", _sound_only("ogg", "libopus"), "rejected:no_video"
    yield "sound-m4a.mp4", _sound_only("mp4", "aac"), "rejected:no_video"
    yield "sound-mka.mp4", _sound_only("matroska", "aac"), "rejected:no_video"
    yield "sound-wma.mp4", _sound_only("asf", "aac"), "rejected:no_video"
    yield "sound-ts.mp4", _sound_only("mpegts", "aac"), "rejected:no_video"
    yield "not-finite.mkv", _not_finite(), "rejected:non_finite_audio"
    yield "streams-300.mkv", _many_streams(300), "rejected:too_large"


@cache
def _sound_only(muxer: str, codec: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sound"
        with av.open(str(path), "w", format=muxer) as out:
            sound = out.add_stream(codec, rate=48_000, layout="mono")
            resampler = av.AudioResampler(sound.codec_context.format.name, "mono", 48_000)
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 9600), np.float32), "fltp", "mono")
            silence.sample_rate = 48_000
            for block in resampler.resample(silence):
                for part in _in_frames(block, sound.codec_context.frame_size):
                    out.mux(sound.encode(part))
            out.mux(sound.encode(None))
        return path.read_bytes()


def _not_finite() -> bytes:
    audio = np.zeros((1, 23_040), np.float32)
    audio[0, 12_000] = np.nan
    with TemporaryDirectory() as folder:
        return write_film(Path(folder) / "a.mkv", PICTURES, audio=audio).read_bytes()


def _many_streams(n: int) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "streams.mkv"
        with av.open(str(path), "w") as out:
            streams = [out.add_stream("mpeg4", rate=Fraction(25)) for _ in range(n)]
            for stream in streams:
                stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
                stream.codec_context.thread_count = 1
            for stream in streams:
                out.mux(stream.encode(av.VideoFrame(16, 16, "yuv420p")))
                out.mux(stream.encode(None))
        return path.read_bytes()
