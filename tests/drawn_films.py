"""Small films for tests of the picture side, written with PyAV."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]


def texture(seed: int, width: int, height: int) -> Picture:
    """A smooth coloured pattern, another one for each seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(20, 236, (6, 8, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)


def write_film(
    path: Path,
    pictures: Iterable[Picture],
    rate: Fraction | int = 25,
    *,
    codec: str = "libx264",
    audio: npt.NDArray[np.float32] | None = None,
    audio_rate: int = 48_000,
    audio_start_s: float = 0.0,
    video_pts: list[int] | None = None,
    options: dict[str, str] | None = None,
    metadata: dict[str, str] | None = None,
    rotation: float = 0.0,
    reorder: bool = True,
) -> Path:
    """Encodes pictures (h, w, 3 RGB) and, where given, audio (channels, n) as PCM or AAC. Returns the path."""
    rate = Fraction(rate)
    pictures = list(pictures)
    with av.open(str(path), "w", options=options or {}) as out:
        out.metadata.update(metadata or {})
        video = out.add_stream(
            codec, rate=rate, options={"crf": "18", "preset": "veryfast"} | ({} if reorder else {"bf": "0"})
        )
        video.width, video.height = pictures[0].shape[1], pictures[0].shape[0]
        video.pix_fmt = "yuv420p"
        video.codec_context.thread_count = 1
        if video_pts is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            video.set_display_rotation(rotation)
        sound = None
        if audio is not None:
            layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(audio)]
            name = "aac" if path.suffix in (".mp4", ".ts") else "pcm_f32le"
            sound = out.add_stream(name, rate=audio_rate, layout=layout)
        for number, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.time_base = Fraction(1, 1000) if video_pts is not None else 1 / rate
            frame.pts = number if video_pts is None else video_pts[number]
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
        if audio is not None and sound is not None:
            for start in range(0, audio.shape[1], 1024):
                block = np.ascontiguousarray(audio[:, start : start + 1024], np.float32)
                packed = block if name == "aac" else block.T.reshape(1, -1)
                piece = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(packed), format="fltp" if name == "aac" else "flt", layout=layout
                )
                piece.sample_rate, piece.time_base = audio_rate, Fraction(1, audio_rate)
                piece.pts = start + round(audio_start_s * audio_rate)
                out.mux(sound.encode(piece))
            out.mux(sound.encode(None))
    return path


def hammering(
    strikes_s: Iterable[float],
    seconds: float,
    rate: Fraction | float,
    width: int = 320,
    height: int = 180,
    sparks: bool = False,
) -> Iterable[Picture]:
    """A hammer that strikes an anvil at the given times: it rises slowly and falls in a quarter of a second. `sparks`
    fly from each blow and go out within a fifth of a second."""
    at, unit = sorted(strikes_s), min(width, height) / 180
    ground = np.random.default_rng(7).normal((120, 130, 140), 4, (height, width, 3))
    middle, floor = width // 2, round(height * 0.83)
    ground[floor:] = (90, 80, 70)
    ground[round(floor - 30 * unit) : floor, round(middle - 34 * unit) : round(middle + 34 * unit)] = (60, 60, 66)
    for number in range(round(seconds * rate)):
        t = number / float(rate)
        due, since = min((s - t for s in at if s >= t), default=9.0), min((t - s for s in at if s <= t), default=9.0)
        up = 90 * (1 - (1 - min(due, 0.25) / 0.25) ** 2)
        up = min(up, 90 * (min(since, 0.35) / 0.35) ** 0.7)
        picture, y = ground.copy(), floor - (32 + up) * unit
        head, arm = round(15 * unit), max(1, round(3 * unit))
        picture[max(0, round(y - 60 * unit)) : max(0, round(y - 16 * unit)), middle - arm : middle + arm] = (
            120,
            90,
            50,
        )
        picture[max(0, round(y - 16 * unit)) : round(y + 2 * unit), middle - head : middle + head] = (200, 60, 40)
        if sparks:
            _sparks(picture, (middle, floor - 30 * unit), unit, since)
        yield np.clip(picture, 0, 255).astype(np.uint8)


def _sparks(picture: npt.NDArray[np.float64], blow: tuple[float, float], unit: float, since: float) -> None:
    """Fourteen of them, `since` seconds after the blow."""
    rng = np.random.default_rng(3)
    ways = rng.uniform(80, 350, 14) * np.exp(1j * rng.uniform(-np.pi, 0, 14)) * unit
    for way, life in zip(ways, rng.uniform(0.08, 0.2, 14), strict=True):
        if since < life:
            places = [complex(*blow) + way * age for age in (max(0.0, since - 0.02), since)]
            first, last = ((round(place.real), round(place.imag)) for place in places)
            cv2.line(picture, first, last, (255, 240, 160), max(1, round(2 * unit)))


_BACKGROUND = (70, 90, 110)


def drawn_face(
    opening: float, width: int = 320, height: int = 180, centre: tuple[float, float] = (160, 90), size: float = 45
) -> Picture:
    """A shaded face before a plain wall; `opening` 0..1 opens the mouth, `size` is half the head's height in pixels."""
    patch = _face_patch(round(32 * opening), size)
    shift = np.array([[1, 0, centre[0] - patch.shape[1] / 2], [0, 1, centre[1] - patch.shape[0] / 2]], np.float32)
    placed = cv2.warpAffine(patch, shift, (width, height), borderMode=cv2.BORDER_CONSTANT, borderValue=_BACKGROUND)
    return np.asarray(placed, np.uint8)


@lru_cache(maxsize=256)
def _face_patch(opening_32nds: int, size: float) -> Picture:
    """Oval head with hair, brows, eyes and nose, drawn larger and reduced, so that edges are smooth."""
    scale, opening = 3, opening_32nds / 32
    side = round(2.6 * size)
    canvas = np.full((side * scale, side * scale, 3), _BACKGROUND, np.uint8)
    middle, unit = side * scale / 2, size * scale

    def ellipse(dx: float, dy: float, rx: float, ry: float, colour: tuple[int, int, int]) -> None:
        axes = max(1, round(rx * unit)), max(1, round(ry * unit))
        cv2.ellipse(canvas, (round(middle + dx * unit), round(middle + dy * unit)), axes, 0, 0, 360, colour, -1)

    ellipse(0, -0.12, 0.80, 1.02, (60, 42, 30))
    for step in range(12):  # Light from the front: cheeks and forehead brighter than the rim.
        light = step / 11
        skin = (int(165 + 60 * light), int(120 + 55 * light), int(95 + 50 * light))
        ellipse(0, 0.05 * light, 0.74 - 0.25 * light, 0.98 - 0.35 * light, skin)
    for side_of in (-1, 1):
        ellipse(side_of * 0.31, -0.14, 0.20, 0.13, (150, 105, 85))
        ellipse(side_of * 0.31, -0.12, 0.15, 0.075, (240, 240, 235))
        ellipse(side_of * 0.31, -0.12, 0.075, 0.075, (35, 25, 20))
        ellipse(side_of * 0.31, -0.30, 0.21, 0.05, (55, 38, 28))
        ellipse(side_of * 0.09, 0.26, 0.05, 0.03, (110, 70, 60))
    ellipse(0, 0.24, 0.13, 0.05, (175, 125, 105))
    ellipse(0, 0.56, 0.27, 0.06 + 0.13 * opening, (165, 80, 80))
    ellipse(0, 0.56, 0.22, 0.012 + 0.13 * opening, (45, 15, 15))
    blurred = cv2.GaussianBlur(canvas, (0, 0), 0.6 * scale)
    return np.asarray(cv2.resize(blurred, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
