"""The pictures of a film: each decoded once, small, with its time."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.backend import Frame
from vssflow_post.errors import FilmRejected
from vssflow_post.media.film import Film
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.media.verdicts import Damage
from vssflow_post.timeline import CLOCK_HZ, samples_from_frame

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream


def display_size(width: int, height: int, aspect: Fraction | None, longer_side: int) -> tuple[int, int]:
    """Width and height of the small picture: square pixels, shape kept, never larger than the film's own.

    `aspect` is the width of a stored pixel over its height; None where the film does not say.
    """
    pixel = aspect or Fraction(1)
    shown = (Fraction(width), height / pixel) if pixel > 1 else (width * pixel, Fraction(height))
    scale = min(Fraction(1), Fraction(longer_side) / max(shown))
    return max(1, round(shown[0] * scale)), max(1, round(shown[1] * scale))


def frames(film: Film, width: int) -> Iterator[Frame]:
    """Each picture once, in order of presentation, upright; its longer side has at most `width` pixels.

    Memory does not grow with the film. Raises FilmRejected `corrupt` (how many pictures, and when the first) or
    `truncated` after the last good picture.
    """
    damage = Damage("pictures")
    with open_film(film.path, film.container) as container:
        stream = container.streams.video[[one.index for one in container.streams.video].index(film.video_index)]
        read_only(container, stream)
        stream.thread_type = "AUTO"
        size = display_size(stream.width, stream.height, stream.sample_aspect_ratio, width)
        n_frames = last_sample = 0
        for picture in _pictures(container, stream, film, damage):
            sample = _sample(film, picture, n_frames)
            if picture.is_corrupt:
                damage.add(sample)
            n_frames += 1
            last_sample = max(last_sample, sample)
            yield _small(picture, sample, size)
    damage.raise_if_any()
    if not n_frames or last_sample < film.last_frame_sample - samples_from_frame(2, film.frame_rate):
        raise FilmRejected(
            "truncated",
            f"Its last picture lies at {last_sample / CLOCK_HZ:.3f} s; one at "
            f"{film.last_frame_sample / CLOCK_HZ:.3f} s was expected.",
        )


def _pictures(container: InputContainer, stream: VideoStream, film: Film, damage: Damage) -> Iterator[VideoFrame]:
    """Decoded pictures; errors are counted, but for those before the first picture (a start between key frames)."""
    import av

    n_pictures = 0
    try:
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                if n_pictures:
                    damage.add(_packet_sample(film, packet))
                continue
            n_pictures += len(decoded)
            yield from decoded
    except av.error.FFmpegError as error:
        raise FilmRejected("corrupt", f"Decoding stops after {n_pictures} pictures: {error.strerror}.") from error


def _packet_sample(film: Film, packet: Packet[VideoStream]) -> int:
    pts = packet.pts if packet.pts is not None else packet.dts
    return film.sample_of_pts(pts) if pts is not None else film.last_frame_sample


def _sample(film: Film, picture: VideoFrame, number: int) -> int:
    """Its time by its own timestamp; by its number where the container has none (AVI knows only the decoding order)."""
    if picture.pts is None or (film.container == "avi" and not film.variable_rate):
        return samples_from_frame(number, film.frame_rate)
    return film.sample_of_pts(picture.pts)


def _small(picture: VideoFrame, sample: int, size: tuple[int, int]) -> Frame:
    import cv2

    # One thread: slices of a picture this small cost more to hand out than to scale.
    scaled = picture.reformat(*size, format="rgb24", interpolation="AREA", threads=1)
    pixels = np.asarray(scaled.to_ndarray(), np.uint8)
    quarter_turns = round(picture.rotation / 90) % 4
    if quarter_turns:
        pixels = np.ascontiguousarray(np.rot90(pixels, quarter_turns))
    return Frame(sample, pixels, np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8))
