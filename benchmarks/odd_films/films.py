"""A film drawn by lot: what is seen, its codec and container, rate, shape and sound, and what is wrong with it."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

SIZES = ("160x90", "320x180", "240x180", "180x240", "128x72", "322x182")
RATES = (
    "8", "10", "12", "15", "16", "18", "24000/1001", "24", "25", "25/2", "30000/1001", "30", "48", "50", "60000/1001",
    "60", "90", "100", "120", "240",
)  # fmt: skip
SHAPES = ("1:1", "1:1", "1:1", "4:3", "8:9", "64:45", "3:4")
"""Of a pixel."""
LONGEST_S = 4.0

_CUT = "color=c=0x508050:s={size}:r={rate}:d={half},noise=alls=8[a];testsrc2=s={size}:r={rate}:d={half}[b];[a][b]concat"
PICTURES = {
    "moving": "testsrc2=s={size}:r={rate}:d={length}",
    "fractal": "mandelbrot=s={size}:r={rate},trim=duration={length}",
    "life": "life=s={size}:r={rate}:mold=10:ratio=0.1,trim=duration={length},format=yuv420p",
    "black": "color=c=black:s={size}:r={rate}:d={length}",
    "grainy black": "color=c=black:s={size}:r={rate}:d={length},noise=alls=6:allf=t",
    "still": "smptebars=s={size}:r={rate}:d={length}",
    "cut": _CUT,
    "flash": "testsrc2=s={size}:r={rate}:d={length},drawbox=c=white:t=fill:enable='between(t,{half},{half}+0.05)'",
    "fade": "testsrc2=s={size}:r={rate}:d={length},fade=out:st=0:d={half},fade=in:st={half}:d={half}",
}
_X264 = ("libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
CODECS: dict[str, tuple[str, ...]] = {
    "h264": _X264,
    "h264 in order": (*_X264, "-tune", "zerolatency"),
    "h264 interlaced": (*_X264, "-flags", "+ildct+ilme", "-x264opts", "tff=1"),
    "h264 10 bit": ("libx264", "-preset", "ultrafast", "-pix_fmt", "yuv422p10le"),
    "hvc1": ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=none", "-tag:v", "hvc1"),
    "hevc": ("libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"),
    "hevc hdr": (
        "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-color_primaries", "bt2020", "-color_trc",
        "smpte2084", "-colorspace", "bt2020nc", "-x265-params", "log-level=none:hdr10=1",
    ),
    "av1": ("libsvtav1", "-preset", "12", "-svtav1-params", "tune=0"),
    "vp8": ("libvpx", "-deadline", "realtime", "-cpu-used", "8"),
    "vp9": ("libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
    "vp9 alpha": ("libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-pix_fmt", "yuva420p"),
    "prores proxy": ("prores_ks", "-profile:v", "0"),
    "prores hq": ("prores_ks", "-profile:v", "3"),
    "prores 4444": ("prores_ks", "-profile:v", "4", "-pix_fmt", "yuva444p10le"),
    "dnxhr": ("dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p"),
    "mpeg2": ("mpeg2video", "-q:v", "5"),
    "mpeg1": ("mpeg1video", "-q:v", "5"),
    "mpeg4": ("mpeg4", "-q:v", "5"),
    "mjpeg": ("mjpeg", "-q:v", "5", "-pix_fmt", "yuvj420p"),
    "ffv1": ("ffv1",),
    "huffyuv": ("huffyuv", "-pix_fmt", "yuv422p"),
    "utvideo": ("utvideo", "-pix_fmt", "yuv422p"),
    "theora": ("libtheora", "-q:v", "5"),
    "qtrle": ("qtrle",),
    "png": ("png",),
    "raw": ("rawvideo", "-pix_fmt", "yuv420p"),
    "wmv2": ("wmv2", "-q:v", "5"),
}  # fmt: skip
CONTAINERS: dict[str, tuple[str, ...]] = {
    ".mp4": ("h264", "h264 in order", "hvc1", "hevc", "hevc hdr", "av1", "vp9", "mpeg4"),
    ".mov": (
        "h264", "hvc1", "prores proxy", "prores hq", "prores 4444", "dnxhr", "mjpeg", "qtrle", "png", "h264 10 bit",
        "mpeg4", "h264 interlaced",
    ),
    ".mkv": (
        "h264", "hevc", "av1", "vp8", "vp9", "ffv1", "huffyuv", "utvideo", "theora", "mpeg2", "mpeg4", "prores hq",
    ),
    ".webm": ("vp8", "vp9", "vp9 alpha", "av1"),
    ".avi": ("mpeg4", "mjpeg", "huffyuv", "raw", "h264", "ffv1"),
    ".ts": ("h264", "hevc", "mpeg2", "h264 interlaced"),
    ".m2ts": ("h264", "mpeg2"),
    ".mpg": ("mpeg1", "mpeg2"),
    ".mxf": ("mpeg2", "dnxhr"),
    ".wmv": ("wmv2",),
    ".flv": ("h264",),
    ".3gp": ("mpeg4", "h264"),
}  # fmt: skip
_FEW_RATES = {"mpeg2", "mpeg1"}
_MPEG_RATES = ("24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "60")
_SOUNDS = {
    ".mp4": "aac", ".mov": "pcm_s16le", ".mkv": "flac", ".webm": "libopus", ".avi": "pcm_s16le", ".ts": "aac",
    ".m2ts": "aac", ".mpg": "mp2", ".mxf": "pcm_s16le", ".wmv": "wmav2", ".flv": "aac", ".3gp": "aac",
}  # fmt: skip
LAYOUTS = ("mono", "stereo", "stereo", "5.1", "7.1", "3 channels", "5 channels", "16 channels", "4.0")
_AT_MOST_STEREO = frozenset({"libopus", "mp2", "wmav2"})
_AT_MOST_8 = frozenset({"aac", "flac"})
FAULTS = ("cut off", "broken packet", "joined", "another name")


@dataclass(frozen=True, slots=True)
class Made:
    """A film, and how it came about."""

    path: Path
    recipe: str
    is_sound: bool
    """Nothing was broken after ffmpeg had written it."""


def draw_film(folder: Path, number: int, lots: random.Random) -> Made | None:
    """Film `number` at `folder/NNN.SUFFIX`; None where ffmpeg cannot make what the lots say."""
    suffix = lots.choice(list(CONTAINERS))
    codec = lots.choice(CONTAINERS[suffix])
    rate = lots.choice(_MPEG_RATES if codec in _FEW_RATES or suffix == ".mxf" else RATES)
    size = "1280x720" if codec == "dnxhr" else lots.choice(SIZES)
    length = round(lots.uniform(0.6, LONGEST_S if codec != "dnxhr" else 1.0), 2)
    seen = lots.choice(list(PICTURES))
    picture = PICTURES[seen].format(size=size, rate=rate, length=length, half=length / 2)
    path = folder / f"{number:03d}{suffix}"
    sounds, heard = _sound(suffix, length, lots)
    shape = lots.choice(SHAPES)
    extras, told = _extras(suffix, rate, lots)
    command = ["-f", "lavfi", "-i", f"{picture},setsar={shape.replace(':', '/')}", *sounds]
    command += ["-c:v", *CODECS[codec], "-r", rate, "-t", str(length), *extras, str(path)]
    recipe = f"{seen}, {codec}, {rate} fps, {size}, {shape}, {length} s, {heard}{told}"
    if not _ffmpeg(command):
        path.unlink(missing_ok=True)
        return None
    is_sound = lots.random() >= 0.25
    if not is_sound:
        fault = lots.choice(FAULTS)
        path = _FAULTY[fault](path, lots)
        recipe += f", {fault}"
    return Made(path, recipe, is_sound)


def _sound(suffix: str, length: float, lots: random.Random) -> tuple[list[str], str]:
    """Inputs, maps and codecs of up to eight tracks."""
    codec = _SOUNDS[suffix]
    n_tracks = lots.choice((0, 0, 1, 1, 1, 2, 4, 8))
    if suffix in (".flv", ".3gp", ".wmv"):
        n_tracks = min(n_tracks, 1)
    layout = lots.choice(LAYOUTS)
    if suffix == ".mxf" or codec in _AT_MOST_STEREO or (codec in _AT_MOST_8 and layout == "16 channels"):
        layout = lots.choice(("mono", "stereo")) if suffix != ".mxf" else "mono"
    n_channels = {"mono": 1, "stereo": 2, "5.1": 6, "7.1": 8, "4.0": 4}.get(layout) or int(layout.split()[0])
    inputs: list[str] = []
    for track in range(n_tracks):
        heard = "0" if lots.random() < 0.3 else f"0.2*sin(2*PI*{200 + 50 * track}*t)"
        own = length if lots.random() < 0.7 else length / 2
        named = f":c={layout}" if "channels" not in layout else ""
        exprs = "|".join([heard] * n_channels)
        inputs += ["-f", "lavfi", "-i", f"aevalsrc={exprs}:s=48000:d={own}{named}"]
    maps = ["-map", "0:v", *(word for track in range(n_tracks) for word in ("-map", f"{track + 1}:a"))]
    return [*inputs, *maps, "-c:a", codec], f"{n_tracks} x {layout}" if n_tracks else "silent"


def _extras(suffix: str, rate: str, lots: random.Random) -> tuple[list[str], str]:
    words: list[str] = []
    told = ""
    if suffix in (".mov", ".mp4", ".mxf") and lots.random() < 0.4:
        drop = lots.choice((":", ";")) if rate in ("30000/1001", "60000/1001", "30", "60") else ":"
        words += [
            "-timecode",
            f"{lots.choice(('00', '01', '10', '23'))}:59:5{lots.randint(0, 9)}{drop}0{lots.randint(0, 7)}",
        ]
        told += f", timecode {words[-1]}"
    if suffix in (".mkv", ".mov", ".mp4") and lots.random() < 0.2:
        words += ["-metadata:s:v", "language=deu", "-metadata", "title=Über den Wolken"]
    return words, told


def _ffmpeg(words: Sequence[str]) -> bool:
    ran = subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-strict", "-2", *words], capture_output=True, timeout=120, check=False
    )
    return ran.returncode == 0


def _cut_off(path: Path, lots: random.Random) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * lots.uniform(0.4, 0.95))])
    return path


def _broken_packet(path: Path, lots: random.Random) -> Path:
    data = bytearray(path.read_bytes())
    at = int(len(data) * lots.uniform(0.3, 0.7))
    data[at : at + 400] = lots.randbytes(min(400, len(data) - at))
    path.write_bytes(data)
    return path


def _joined(path: Path, lots: random.Random) -> Path:
    """The file twice, end to end: what joining does to transport streams, and nonsense elsewhere."""
    data = path.read_bytes()
    path.write_bytes(data + data)
    return path


def _renamed(path: Path, lots: random.Random) -> Path:
    """A name that says another container."""
    return path.rename(path.with_suffix(lots.choice((".mp4", ".mov", ".mkv", ".avi"))))


_FAULTY: dict[str, Callable[[Path, random.Random], Path]] = dict(
    zip(FAULTS, (_cut_off, _broken_packet, _joined, _renamed), strict=True)
)
