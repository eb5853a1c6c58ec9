"""The delivered film says of itself what the source says: codes, shapes, colours, tags, and what goes along with it."""

from __future__ import annotations

import json
import struct
import zlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from click.testing import CliRunner

from tests.drawn_films import texture
from vssflow_post.cli import cli
from vssflow_post.deliver.along import LeftOut
from vssflow_post.deliver.bwf import BroadcastWave
from vssflow_post.deliver.containers import picture_name
from vssflow_post.deliver.picture import write_picture
from vssflow_post.deliver.trial import check_picture
from vssflow_post.deliver.wave_header import Origin
from vssflow_post.errors import FilmFailed
from vssflow_post.media import Film
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import DeliverSettings

N_PICTURES = 12
FAST = {
    "libsvtav1": {"preset": "12"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=0"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "auto-alt-ref": "0"},
}
TAGS = {("rawvideo", "a.mov"): "raw "}
"""What the muxer does not choose by itself."""


def encoded(
    path: Path,
    codec: str = "libx264",
    layout: str = "yuv420p",
    size: tuple[int, int] = (96, 64),
    tag: str = "",
    options: dict[str, str] | None = None,
    **context: Any,
) -> Path:
    """A film of one track; `context` is set on its codec."""
    with av.open(str(path), "w", container_options={"strict": "experimental"}) as out:
        stream = out.add_stream(codec, rate=25, options=options or {})
        stream.width, stream.height, stream.pix_fmt = *size, layout
        stream.codec_context.thread_count = 1
        for name, value in ({"codec_tag": tag} if tag else {}).items() | context.items():
            setattr(stream.codec_context, name, value)
        for k in range(N_PICTURES):
            frame = av.VideoFrame.from_ndarray(np.roll(texture(1, *size), 3 * k, axis=1), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def put_anew(source: Path, target: Path, **context: Any) -> Path:
    """The same packets in another file, with something else set on the track: what the container alone says."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        original = old.streams.video[0]
        copy = new.add_stream_from_template(original, opaque=True)
        for name, value in context.items():
            setattr(copy.codec_context, name, value)
        for packet in old.demux(original):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    return target


def delivered(film: Film, settings: DeliverSettings | None = None) -> tuple[Path, LeftOut]:
    settings = settings or DeliverSettings()
    folder = film.path.parent / "out"
    folder.mkdir(exist_ok=True)
    mix = folder / "mix.wav"
    wave = BroadcastWave(mix, Origin("mix", "mix"))
    wave.write(np.zeros((2, film.duration.n_samples), np.int32))
    wave.close()
    out = folder / picture_name(film, film.path.stem, settings)
    left_out = check_picture(film, settings)
    write_picture(film, mix, out, settings)
    return out, left_out


def pictures(path: Path) -> list[tuple[Fraction, str, bytes]]:
    """Each picture as it is decoded: its time from the first one, its layout, its values."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [
            (Fraction(f.pts) * f.time_base, f.format.name, f.to_ndarray().tobytes()) for f in container.decode(stream)
        ]
    return [(time - frames[0][0], layout, values) for time, layout, values in frames]


def assert_same_pictures(source: Path, out: Path) -> None:
    before, after = pictures(source), pictures(out)
    assert [each[1:] for each in after] == [each[1:] for each in before]
    assert max(abs(a[0] - b[0]) for a, b in zip(after, before, strict=True)) <= Fraction(1, 1000)


@pytest.mark.parametrize(
    ("codec", "layout", "name", "expected"),
    [
        ("libsvtav1", "yuv420p", "a.mp4", ".mp4"),
        ("libsvtav1", "yuv420p", "a.mkv", ".mkv"),
        ("libsvtav1", "yuv420p", "a.webm", ".mkv"),
        ("libvpx", "yuv420p", "a.webm", ".mkv"),
        ("libvpx-vp9", "yuv420p", "a.mp4", ".mp4"),
        ("mpeg2video", "yuv420p", "a.mpg", ".mkv"),
        ("mpeg2video", "yuv420p", "a.ts", ".mkv"),
        ("mpeg2video", "yuv422p", "a.mxf", ".mov"),
        ("mpeg4", "yuv420p", "a.avi", ".mkv"),
        ("mjpeg", "yuvj420p", "a.avi", ".mkv"),
        ("ffv1", "yuv420p", "a.mkv", ".mkv"),
        ("huffyuv", "yuv422p", "a.avi", ".mkv"),
        ("utvideo", "yuv420p", "a.avi", ".mkv"),
        ("wmv2", "yuv420p", "a.wmv", ".mkv"),
        ("flv", "yuv420p", "a.flv", ".mkv"),
        ("png", "rgb24", "a.mov", ".mov"),
        ("qtrle", "rgb24", "a.mov", ".mov"),
        ("rawvideo", "yuv420p", "a.avi", ".mkv"),
        ("rawvideo", "rgb24", "a.mov", ".mov"),
        ("jpeg2000", "yuv420p", "a.mxf", ".mov"),
        ("cfhd", "yuv422p10le", "a.mov", ".mov"),
        ("cfhd", "yuv422p10le", "a.avi", ".mkv"),
    ],
)
def test_what_can_be_copied_is_copied(tmp_path: Path, codec: str, layout: str, name: str, expected: str) -> None:
    source = encoded(tmp_path / name, codec, layout, tag=TAGS.get((codec, name), ""), options=FAST.get(codec))
    film = probe(source)
    out, left_out = delivered(film)
    assert (out.suffix, left_out) == (expected, LeftOut())
    assert_same_pictures(source, out)
    assert probe(out).video_codec == film.video_codec  # the codec's own name, not its decoder's
    assert not film.video_codec.startswith("lib")


def test_pictures_that_are_told_late_stay_in_order(tmp_path: Path) -> None:
    source = encoded(tmp_path / "a.avi", "mpeg4", options={"bf": "2"})
    assert_same_pictures(source, delivered(probe(source))[0])


@pytest.mark.parametrize(
    ("codec", "layout", "size", "options", "tag"),
    [
        ("prores_ks", "yuv422p10le", (96, 64), {"profile": "0"}, "apco"),
        ("prores_ks", "yuv422p10le", (96, 64), {"profile": "1"}, "apcs"),
        ("prores_ks", "yuv422p10le", (96, 64), {"profile": "2"}, "apcn"),
        ("prores_ks", "yuv422p10le", (96, 64), {"profile": "3"}, "apch"),
        ("prores_ks", "yuva444p10le", (96, 64), {"profile": "4"}, "ap4h"),
        ("prores_ks", "yuv444p10le", (96, 64), {"profile": "5"}, "ap4x"),
        ("dnxhd", "yuv422p", (1920, 1080), {"b": "120M"}, "AVdn"),
        ("dnxhd", "yuv422p", (256, 128), {"profile": "dnxhr_sq"}, "AVdh"),
        ("libx265", "yuv420p", (96, 64), FAST["libx265"], "hvc1"),
        ("libx265", "yuv420p", (96, 64), FAST["libx265"], "hev1"),
        ("mpeg2video", "yuv420p", (96, 64), {}, "xdv4"),
    ],
)
def test_the_code_of_the_codec_stays(
    tmp_path: Path, codec: str, layout: str, size: tuple[int, int], options: dict[str, str], tag: str
) -> None:
    source = encoded(tmp_path / "a.mov", codec, layout, size, tag, options)
    for asked in ("aac", "pcm"):
        out, _ = delivered(probe(source), DeliverSettings(audio_codec=asked))
        with av.open(str(source)) as before, av.open(str(out)) as after:
            codes = [each.streams.video[0].codec_context.codec_tag for each in (before, after)]
            profiles = [each.streams.video[0].profile for each in (before, after)]
        assert (out.suffix, codes) == (".mov", [tag, tag])
        assert profiles[0] == profiles[1]


@pytest.mark.parametrize(("name", "tag"), [("a.mkv", "hvc1"), ("a.ts", "hvc1")])
def test_hevc_from_elsewhere_is_what_apple_plays(tmp_path: Path, name: str, tag: str) -> None:
    film = probe(encoded(tmp_path / name, "libx265", options=FAST["libx265"]))
    out, _ = delivered(film, DeliverSettings(audio_codec="pcm"))
    with av.open(str(out)) as container:
        assert container.streams.video[0].codec_context.codec_tag == tag
    assert_same_pictures(film.path, out)


@pytest.mark.parametrize("layout", ["dnxhd", "dnxhr"])
def test_dnxhd_in_mxf_goes_into_quicktime_by_itself(tmp_path: Path, layout: str) -> None:
    options = {"b": "120M"} if layout == "dnxhd" else {"profile": "dnxhr_sq"}
    source = encoded(tmp_path / "a.mxf", "dnxhd", "yuv422p", (1920, 1080), options=options)
    out, _ = delivered(probe(source))
    with av.open(str(out)) as container:
        code = container.streams.video[0].codec_context.codec_tag
    assert (out.suffix, code) == (".mov", {"dnxhd": "AVdn", "dnxhr": "AVdh"}[layout])
    assert_same_pictures(source, out)


@pytest.mark.parametrize("asked", ["aac", "pcm", "flac"])
@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
@pytest.mark.parametrize("shape", [Fraction(1), Fraction(3, 4), Fraction(64, 45), Fraction(427, 320), Fraction(16, 1)])
def test_pixels_keep_the_shape_that_the_container_says(tmp_path: Path, shape: Fraction, name: str, asked: str) -> None:
    source = put_anew(encoded(tmp_path / f"plain-{name}"), tmp_path / name, sample_aspect_ratio=shape)
    out, _ = delivered(probe(source), DeliverSettings(audio_codec=asked))
    assert [shape_of(source), shape_of(out)] == [shape, shape]
    assert_same_pictures(source, out)
    again, _ = delivered(probe(out), DeliverSettings(audio_codec="flac"))  # Matroska says it, too
    assert shape_of(again) == shape


def test_the_container_s_word_on_the_shape_wins_over_the_stream_s(tmp_path: Path) -> None:
    wide = encoded(tmp_path / "wide.mov", "mpeg2video", size=(720, 480), sample_aspect_ratio=Fraction(32, 27))
    narrow = put_anew(wide, tmp_path / "narrow.mov", sample_aspect_ratio=Fraction(8, 9))
    for asked in ("aac", "flac"):
        out, _ = delivered(probe(narrow), DeliverSettings(audio_codec=asked))
        assert shape_of(out) == Fraction(8, 9)
        assert probe(delivered(probe(out))[0]).video_codec == "mpeg2video"


def shape_of(path: Path) -> Fraction | None:
    """As FFmpeg reads it; and Matroska's own sum over its tracks is right."""
    if path.suffix == ".mkv":
        data, mark = path.read_bytes(), b"\x16\x54\xae\x6b"
        at = data.index(mark, data.index(mark) + 4) + 4  # behind the table that says where they are
        n = 9 - data[at].bit_length()
        tracks = data[at + n : at + n + (int.from_bytes(data[at : at + n], "big") & ~(1 << 7 * n))]
        assert tracks[:2] == b"\xbf\x84"
        assert tracks[2:6] == zlib.crc32(tracks[6:]).to_bytes(4, "little")
    with av.open(str(path)) as container:
        return container.streams.video[0].sample_aspect_ratio


def test_where_no_shape_is_said_none_is_made_up(tmp_path: Path) -> None:
    source = encoded(tmp_path / "a.mp4")
    assert shape_of(source) is None
    for asked in ("aac", "pcm", "flac"):
        assert shape_of(delivered(probe(source), DeliverSettings(audio_codec=asked))[0]) is None


def test_the_alpha_of_vp9_is_still_told_of(tmp_path: Path) -> None:
    source = encoded(tmp_path / "a.webm", "libvpx-vp9", "yuva420p", options=FAST["libvpx-vp9"])
    with av.open(str(source)) as before, av.open(str(delivered(probe(source))[0])) as after:
        assert [each.streams.video[0].metadata.get("alpha_mode") for each in (before, after)] == ["1", "1"]


@pytest.mark.parametrize("colours", [(9, 16, 9), (9, 2, 2), (2, 2, 9)])
@pytest.mark.parametrize("name", ["a.mov", "a.mp4", "a.mkv"])
def test_colours_that_only_the_container_says_stay(tmp_path: Path, name: str, colours: tuple[int, int, int]) -> None:
    plain = encoded(tmp_path / "plain.mov", "prores_ks" if name != "a.mp4" else "mpeg4", "yuv422p10le"
                    if name != "a.mp4" else "yuv420p")  # fmt: skip
    said = dict(zip(("color_primaries", "color_trc", "colorspace"), colours, strict=True))
    source = tmp_path / name
    with av.open(str(plain)) as old, av.open(str(source), "w", container_options={"movflags": "+write_colr"}
                                             if name != "a.mkv" else {}) as new:  # fmt: skip
        copy = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for key, value in said.items():
            setattr(copy.codec_context, key, value)
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = copy
                new.mux(packet)
    for asked in ("aac", "flac"):
        with av.open(str(delivered(probe(source), DeliverSettings(audio_codec=asked))[0])) as container:
            context = container.streams.video[0].codec_context
            assert (context.color_primaries, context.color_trc, context.colorspace) == colours


def box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


LIGHT = box(b"clli", struct.pack(">2H", 1000, 400)) + box(
    b"mdcv", struct.pack(">8H2I", 13250, 34500, 7500, 3000, 34000, 16000, 15635, 16450, 10_000_000, 50)
)
"""Content light levels and the mastering display of HDR10."""
DOLBY_VISION = box(b"dvvC", struct.pack(">BBHB", 1, 0, 8 << 9 | 6 << 3 | 0b101, 4 << 4) + bytes(19))
"""Profile 8.4, as telephones record it."""
SPHERE = box(b"st3d", struct.pack(">IB", 0, 1)) + box(
    b"sv3d",
    box(b"svhd", b"\0\0\0\0Lavf\0")
    + box(b"proj", box(b"prhd", struct.pack(">I3i", 0, 5 << 16, 6 << 16, 0)) + box(b"equi", bytes(20))),
)


def with_boxes(path: Path, boxes: bytes, code: bytes) -> Path:
    """The film with more boxes in its sample description; its headers stand behind its packets."""
    data = bytearray(path.read_bytes())
    around = []
    at, end = 0, len(data)
    while at < end:
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        if kind in (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd", code):
            around.append(at)
            at, end = at + (16 if kind == b"stsd" else 8), at + size
            if kind == code:
                break
        else:
            at += size
    data[end:end] = boxes
    for start in around:
        size = struct.unpack_from(">I", data, start)[0]
        struct.pack_into(">I", data, start, size + len(boxes))
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("name", "boxes", "suffix"),
    [
        ("a.mp4", LIGHT, ".mp4"),
        ("a.mov", LIGHT, ".mov"),
        ("a.mp4", DOLBY_VISION, ".mp4"),
        ("a.mov", DOLBY_VISION, ".mp4"),
        ("a.mp4", SPHERE, ".mp4"),
        ("a.mov", SPHERE, ".mp4"),
    ],
    ids=["light", "light in mov", "dolby vision", "dolby vision in mov", "sphere", "sphere in mov"],
)
def test_how_a_picture_is_to_be_shown_is_still_told(tmp_path: Path, name: str, boxes: bytes, suffix: str) -> None:
    source = with_boxes(encoded(tmp_path / name, "libx265", tag="hvc1", options=FAST["libx265"]), boxes, b"hvc1")
    film = probe(source)
    out, left_out = delivered(film)
    assert (out.suffix, left_out) == (suffix, LeftOut())
    written = out.read_bytes()
    for one in (LIGHT[:12], LIGHT[12:], DOLBY_VISION, SPHERE[:13], SPHERE[-52:]):
        assert (one in written) == (one in boxes)
    asked = DeliverSettings(audio_codec="pcm")
    _, left_out = delivered(film, asked)
    if boxes == LIGHT:
        assert left_out == LeftOut()
    else:
        assert all(word in left_out.warnings[0] for word in (film.shown_as[0], "QuickTime", '"flac"'))


@pytest.mark.parametrize(
    ("codec", "layout", "name", "asked", "cure"),
    [
        ("libsvtav1", "yuv420p", "a.mp4", "pcm", 'Matroska.*audio_codec = "flac"'),
        ("huffyuv", "yuv422p", "a.avi", "pcm", 'Matroska.*audio_codec = "flac"'),
        ("rawvideo", "yuv420p", "a.avi", "pcm", 'Matroska.*audio_codec = "flac"'),  # muxed, and then not read
        ("qtrle", "rgb24", "a.mov", "flac", 'QuickTime.*audio_codec = "pcm"'),
        ("rawvideo", "rgb24", "a.mov", "opus", 'QuickTime.*audio_codec = "aac"'),  # red would be blue
    ],
)
def test_what_a_container_does_not_take_is_told_with_one_that_does(
    tmp_path: Path, codec: str, layout: str, name: str, asked: str, cure: str
) -> None:
    film = probe(encoded(tmp_path / name, codec, layout, tag=TAGS.get((codec, name), ""), options=FAST.get(codec)))
    with pytest.raises(FilmFailed, match=f'{film.video_codec}.*"{asked}".*{cure}.*deliver.picture = false') as caught:
        check_picture(film, DeliverSettings(audio_codec=asked))
    assert caught.value.full_verdict == "failed:not_muxable"
    assert "lib" not in str(caught.value)


def test_pictures_that_matroska_cannot_hide_are_told_of(tmp_path: Path) -> None:
    whole, source = encoded(tmp_path / "whole.mp4"), tmp_path / "a.mp4"
    options = {"avoid_negative_ts": "disabled"}
    with av.open(str(whole)) as old, av.open(str(source), "w", container_options=options) as new:
        copy = new.add_stream_from_template(old.streams.video[0], opaque=True)
        for packet in old.demux(video=0):
            if packet.size:
                shift = round(Fraction(5, 25) / packet.time_base)
                packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
                new.mux(packet)
    film = probe(source)
    assert delivered(film)[1] == LeftOut()
    (warning,) = delivered(film, DeliverSettings(audio_codec="flac"))[1].warnings
    assert "5 pictures before" in warning
    assert '"pcm"' in warning


def test_the_file_s_frame_rate_stays_where_the_stream_says_another(tmp_path: Path) -> None:
    plain, source = encoded(tmp_path / "plain.mkv"), tmp_path / "a.mkv"
    with av.open(str(plain)) as old, av.open(str(source), "w") as new:
        copy = new.add_stream_from_template(old.streams.video[0], opaque=True)
        copy.codec_context.framerate = Fraction(25, 2)
        for packet in old.demux(video=0):
            if packet.size:
                packet.pts, packet.dts, packet.stream = 2 * packet.pts, 2 * (packet.dts or 0), copy
                packet.duration *= 2
                new.mux(packet)
    for asked in ("aac", "pcm"):
        with av.open(str(delivered(probe(source), DeliverSettings(audio_codec=asked))[0])) as container:
            assert container.streams.video[0].average_rate == Fraction(25, 2)


def test_sound_of_windows_media_stays_beside_the_mix(tmp_path: Path) -> None:
    source = tmp_path / "a.wmv"
    with av.open(str(source), "w") as out:
        video, audio = out.add_stream("wmv2", rate=25), out.add_stream("wmav2", rate=44_100, layout="stereo")
        video.width, video.height, video.pix_fmt, audio.bit_rate = 96, 64, "yuv420p", 128_000
        for k in range(N_PICTURES):
            frame = av.VideoFrame.from_ndarray(texture(k, 96, 64), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            out.mux(video.encode(frame))
        sound = av.AudioFrame.from_ndarray(np.zeros((2, 20_480), np.float32), format="fltp", layout="stereo")
        sound.sample_rate, sound.pts, sound.time_base = 44_100, 0, Fraction(1, 44_100)
        out.mux(audio.encode(sound))
        for stream in (video, audio):
            out.mux(stream.encode(None))
    out_path, _ = delivered(probe(source), DeliverSettings(keep_audio=True))
    with av.open(str(source)) as before, av.open(str(out_path)) as after:
        assert [each.codec.canonical_name for each in after.streams.audio] == ["aac", "wmav2"]
        packets = [[bytes(p) for p in each.demux(audio=n) if p.size] for each, n in ((before, 0), (after, 1))]
        assert packets[0] == packets[1] != []


SAID = ((1000, 2000, "The market was full."), (3200, 700, "Ärger über Straße."))
"""Start and length in ms from the first picture, and words."""


def with_company(path: Path, start_ms: int = 0) -> Path:
    """A film of 4 s with two chapters, subtitles and, where it may, a font, a cover and bitmap subtitles."""
    is_mkv = path.suffix == ".mkv"
    with av.open(str(path), "w", container_options={"output_ts_offset": str(start_ms / 1000)}) as out:
        video = out.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        video.width, video.height = 96, 64
        text = out.add_stream("subrip" if is_mkv else "mov_text")
        text.codec_context.subtitle_header = HEADER
        text.metadata.update({"language": "swe" if is_mkv else "fra", "title": "Signs"})
        text.disposition = av.stream.Disposition.forced
        text.time_base = Fraction(1, 1000)
        bitmaps = out.add_mux_stream("hdmv_pgs_subtitle") if is_mkv else None
        if is_mkv:
            out.add_attachment("a.ttf", "application/x-truetype-font", b"font" * 100)
        at = start_ms
        out.set_chapters([chapter(1, at, at + 2000, "One"), chapter(2, at + 2000, at + 4000, "Two")])
        packets: list[Any] = []
        for k in range(100):
            frame = av.VideoFrame.from_ndarray(texture(k % 5, 96, 64), format="rgb24")
            frame.pts, frame.time_base = k, Fraction(1, 25)
            packets += video.encode(frame)
        packets += video.encode(None)
        for start, length, words in SAID:
            event = av.subtitles.subtitle.SubtitleSet.create(f"0,0,Default,,0,0,0,,{words}".encode(), 0, length)
            packet = text.codec_context.encode_subtitle(event)
            packet.pts = packet.dts = start
            packet.duration, packet.time_base, packet.stream = length, Fraction(1, 1000), text
            packets.append(packet)
        if bitmaps:
            packet = av.Packet(b"\x16\x00\x00" * 20)
            packet.pts = packet.dts = 500
            packet.duration, packet.time_base, packet.stream = 100, Fraction(1, 1000), bitmaps
            packets.append(packet)
        for packet in sorted(packets, key=lambda each: each.dts * each.time_base):
            out.mux(packet)
    return path


HEADER = (
    b"[Script Info]\nScriptType: v4.00+\nPlayResX: 384\nPlayResY: 288\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, "
    b"PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, "
    b"Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding\n"
    b"Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0\n[Events]\n"
    b"Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
)


def chapter(identity: int, start_ms: int, end_ms: int, title: str) -> Any:
    return {
        "id": identity, "start": start_ms, "end": end_ms, "time_base": Fraction(1, 1000), "metadata": {"title": title}
    }  # fmt: skip


def chapters_of(path: Path) -> list[tuple[float, str]]:
    with av.open(str(path)) as container:
        return [(float(c["start"] * c["time_base"]), c["metadata"]["title"]) for c in container.chapters()]


def words_of(path: Path) -> list[tuple[float, str]]:
    """Subtitles by their times, counted from the first picture."""
    with av.open(str(path)) as container:
        first_s = min(float(frame.time) for frame in container.decode(video=0))
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.subtitles[0]
        for packet in container.demux(stream):
            said = [each.dialogue.decode() for each in stream.decode(packet)] if packet.size else []
            if any(said):
                found.append((round(float(packet.pts * packet.time_base) - first_s, 3), "".join(said)))
    return found


@pytest.mark.parametrize("start_ms", [0, 5000])
@pytest.mark.parametrize("asked", ["aac", "flac", "pcm"])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4"])
def test_subtitles_and_chapters_go_along_in_sync(tmp_path: Path, name: str, asked: str, start_ms: int) -> None:
    source = with_company(tmp_path / name, start_ms)
    out, left_out = delivered(probe(source), DeliverSettings(audio_codec=asked))
    assert words_of(out) == words_of(source) == [(start / 1000, words) for start, _, words in SAID]
    assert chapters_of(out) == [(0.0, "One"), (2.0, "Two")]
    with av.open(str(source)) as before, av.open(str(out)) as after:
        track, copy = before.streams.subtitles[0], after.streams.subtitles[0]
        if name == "a.mkv" and out.suffix == ".mkv":  # no other knows it
            assert track.disposition & copy.disposition & av.stream.Disposition.forced
        assert copy.metadata["language"] in (track.metadata["language"], "sve")
        assert copy.metadata.get("title", copy.metadata.get("name")) == "Signs"
        attachments = [each.name for each in after.streams if each.type == "attachment"]
    lost = ["track 2 (subtitle, hdmv_pgs_subtitle)", "track 3 (attachment, a.ttf)"] if (
        name == "a.mkv" and asked == "pcm") else []  # fmt: skip
    assert attachments == (["a.ttf"] if name == "a.mkv" and not lost else [])
    assert len(left_out.warnings) == bool(lost)
    assert all(each in left_out.warnings[0] and "Matroska" in left_out.warnings[0] for each in lost)


def test_what_is_left_out_stands_in_the_report_and_in_the_forecast(fake_backend: Path, tmp_path: Path) -> None:
    source, preset = with_company(tmp_path / "a.mkv"), tmp_path / "pcm.toml"
    preset.write_text("extends = 'ci'\n[deliver]\npicture = true\naudio_codec = 'pcm'\n")
    for more in ([], ["--dry-run"]):
        words = ["render", str(source), "-o", str(tmp_path / "out"), "-q", "--json", "-p", str(preset), *more]
        film = json.loads(CliRunner().invoke(cli, words).stdout)["films"][0]
        assert film["verdict"] == "done_with_warnings"
        assert "track 3 (attachment, a.ttf)" in film["reason"]
    assert any("a.ttf" in each for each in json.loads((tmp_path / "out/a/report.json").read_text())["warnings"])


def test_subtitles_begin_with_the_picture_and_end_with_it(tmp_path: Path) -> None:
    """One is over before the first picture, one goes on under it, and one waits until the film is over."""
    early, source = with_company(tmp_path / "early.mkv"), tmp_path / "a.mkv"
    with av.open(str(early)) as old, av.open(str(source), "w") as new:
        video, text = old.streams.video[0], old.streams.subtitles[0]
        picture, said = (new.add_stream_from_template(each, opaque=True) for each in (video, text))
        words = bytes(next(old.demux(text)))
        for start, length in ((0, 1000), (4000, 1800), (6000, 500), (90_000, 500)):
            packet = av.Packet(words)
            packet.pts = packet.dts = start
            packet.duration, packet.time_base, packet.stream = length, Fraction(1, 1000), said
            new.mux(packet)
        old.seek(0)
        for packet in old.demux(video):
            if packet.size:
                packet.pts, packet.dts, packet.stream = packet.pts + 5000, (packet.dts or 0) + 5000, picture
                new.mux(packet)
    for asked in ("aac", "pcm"):
        out, _ = delivered(probe(source), DeliverSettings(audio_codec=asked))
        assert [time for time, _ in words_of(out)] == [0.0, 1.0]


def test_a_subtitle_that_steps_back_fails_no_film(tmp_path: Path) -> None:
    source = with_company(tmp_path / "a.mkv")
    data = bytearray(source.read_bytes())
    at = data.index(SAID[1][2].encode()) - 3  # in its block: two bytes of time, flags, and the words
    data[at : at + 2] = (int.from_bytes(data[at : at + 2], "big") - 2700).to_bytes(2, "big")
    source.write_bytes(data)
    assert [time for time, _ in words_of(source)] == [1.0, 0.5]
    out, _ = delivered(probe(source))
    assert [time for time, _ in words_of(out)] == [1.0, 1.0]


@pytest.mark.parametrize(("asked", "suffix"), [("aac", ".mp4"), ("flac", ".mkv"), ("pcm", ".mov")])
def test_a_cover_stays_a_cover(tmp_path: Path, asked: str, suffix: str) -> None:
    jpeg = encoded(tmp_path / "cover.mkv", "mjpeg", "yuvj420p")
    source = tmp_path / "a.mp4"
    with (
        av.open(str(jpeg)) as still,
        av.open(str(encoded(tmp_path / "b.mp4"))) as old,
        av.open(str(source), "w") as new,
    ):
        cover, video = (new.add_stream_from_template(each.streams.video[0], opaque=True) for each in (still, old))
        cover.disposition = av.stream.Disposition.attached_pic
        picture = next(packet for packet in still.demux(video=0) if packet.size)
        image = bytes(picture)
        picture.stream = cover
        new.mux(picture)
        for packet in old.demux(video=0):
            if packet.size:
                packet.stream = video
                new.mux(packet)
    film = probe(source)
    out, left_out = delivered(film, DeliverSettings(audio_codec=asked))
    assert out.suffix == suffix
    assert probe(out).video_codec == "h264"
    with av.open(str(out)) as container:
        covers = [each for each in container.streams.video if each.disposition & av.stream.Disposition.attached_pic]
        kept = [bytes(next(container.demux(each))) for each in covers]
    assert kept == ([] if asked == "pcm" else [image])
    assert len(left_out.warnings) == (asked == "pcm")
