"""The pictures of a film: each decoded once, small, with its time."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.backend import Frame
from vssflow_post.errors import FilmRejected
from vssflow_post.media.film import Film, judged
from vssflow_post.media.joins import JOINABLE, packets_on_one_clock
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.media.verdicts import Damage, is_damage, reading
from vssflow_post.media.whole import WholePicture
from vssflow_post.timeline import CLOCK_HZ, samples_from_frame

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.reformatter import VideoReformatter
    from av.video.stream import VideoStream


OPEN_ENDED = JOINABLE
"""Formats that may stop after any packet: only their last picture tells that they were cut off."""


def display_size(width: int, height: int, aspect: Fraction | None, longer_side: int) -> tuple[int, int]:
    """Width and height of the small picture: square pixels, shape kept, never larger than the film's own.

    `aspect` is the width of a stored pixel over its height; None where the film does not say.
    """
    pixel = aspect or Fraction(1)
    shown = (Fraction(width), height / pixel) if pixel > 1 else (width * pixel, Fraction(height))
    scale = min(Fraction(1), Fraction(longer_side) / max(shown))
    return max(1, round(shown[0] * scale)), max(1, round(shown[1] * scale))


def frames(film: Film, width: int) -> Generator[Frame, None, None]:
    """Each picture once, in order of presentation, upright; its longer side has at most `width` pixels.

    Memory does not grow with the film. Raises FilmRejected `corrupt` (how many pictures, and when the first),
    `truncated` or `too_large`, after the last good picture; FilmFailed `source_io` or `source_changed`.
    """
    for frame, _ in frames_and_wholes(film, width):
        yield frame


def frames_and_wholes(
    film: Film, width: int, damage: Damage | None = None
) -> Generator[tuple[Frame, WholePicture], None, None]:
    """The same, each beside the picture that it was made of, which stays in memory as long as it is held.

    `damage`, where given, tells in the end what is wrong with a film that goes on.
    """
    with judged(film):
        yield from _frames(film, width, damage or Damage())


def _frames(film: Film, width: int, damage: Damage) -> Iterator[tuple[Frame, WholePicture]]:
    from av.video.reformatter import VideoReformatter

    damage.is_known = film.is_cut_off
    with open_film(film.path, film.container) as container:
        stream = container.streams.video[[one.index for one in container.streams.video].index(film.video_index)]
        read_only(container, stream)
        stream.thread_type = "AUTO"
        size = display_size(stream.width, stream.height, stream.sample_aspect_ratio, width)
        scaler = VideoReformatter()  # one for all pictures: it keeps what it has worked out about their size
        last_sample = 0
        for picture in pictures(container, stream, film, damage):
            sample = picture_sample(film, picture, damage.n_pictures)
            if film.is_cut_off and sample >= film.duration.end:
                break
            damage.shown(sample, picture.width, picture.height, picture.is_corrupt)
            last_sample = max(last_sample, sample)
            yield _small(picture, sample, size, scaler)
    _require_all(film, last_sample, damage)


def _require_all(film: Film, last_sample: int, damage: Damage) -> None:
    """Raises FilmRejected where pictures are lost, a good part of them is damaged, or they are missing at the end."""
    near_the_end = film.last_frame_sample - samples_from_frame(2, film.frame_rate)
    lacks_the_end = not damage.n_pictures or last_sample < near_the_end
    errors = damage.errors
    ends_badly = film.container in OPEN_ENDED and not film.is_cut_off
    ends_badly = ends_badly and (lacks_the_end or bool(errors and errors[-1] > near_the_end))
    if errors and errors[0] <= near_the_end:
        damage.raise_if_any()
    if ends_badly:
        raise FilmRejected(
            "truncated",
            f"The file is cut off: its last picture, at {film.last_frame_sample / CLOCK_HZ:.3f} s, is not whole.",
        )
    damage.raise_if_any()
    if lacks_the_end and not film.is_cut_off:
        raise FilmRejected(
            "corrupt",
            f"Its last picture that can be decoded lies at {last_sample / CLOCK_HZ:.3f} s; one at "
            f"{film.last_frame_sample / CLOCK_HZ:.3f} s is there, but damaged.",
        )


def pictures(container: InputContainer, stream: VideoStream, film: Film, damage: Damage) -> Iterator[VideoFrame]:
    """Decoded pictures; those that cannot be decoded are told to `damage`, but for those before the first picture (a
    start between key frames)."""
    import av

    waiting: set[int] = set()
    first: int | None = None
    try:
        with reading(film.path, "Decoding its pictures"):
            for packet in packets_on_one_clock(container, stream, film.container):
                if packet.size and packet.pts is not None:
                    waiting.add(packet.pts)
                try:
                    decoded = packet.decode()
                except av.error.FFmpegError as error:
                    if not is_damage(error):
                        raise
                    if first is not None:
                        damage.missed(_packet_sample(film, packet))
                    continue
                for picture in decoded:
                    waiting.discard(picture.pts or 0)
                    first = picture.pts or 0 if first is None else first
                yield from decoded
    except FilmRejected as rejected:
        if not damage.is_known or rejected.code != "corrupt":
            raise
    missing = [pts for pts in waiting if first is not None and pts >= first]
    if damage.lost and len(missing) >= len(damage.lost):  # decoders run ahead: what never came is what is lost
        damage.lost = sorted(map(film.sample_of_pts, missing))


def _packet_sample(film: Film, packet: Packet[VideoStream]) -> int:
    pts = packet.pts if packet.pts is not None else packet.dts
    return film.sample_of_pts(pts) if pts is not None else film.last_frame_sample


def picture_sample(film: Film, picture: VideoFrame, number: int) -> int:
    """Its time by its own timestamp; by its number where the container has none (AVI knows only the decoding order)."""
    if picture.pts is None or (film.container == "avi" and not film.variable_rate):
        return samples_from_frame(number, film.frame_rate)
    return film.sample_of_pts(picture.pts)


def _small(
    picture: VideoFrame, sample: int, size: tuple[int, int], scaler: VideoReformatter
) -> tuple[Frame, WholePicture]:
    import cv2

    # One thread: slices of a picture this small cost more to hand out than to scale.
    scaled = scaler.reformat(picture, *size, format="rgb24", interpolation="AREA", threads=1)
    pixels = np.asarray(scaled.to_ndarray(), np.uint8)
    quarter_turns = round(picture.rotation / 90) % 4
    if quarter_turns:
        pixels = np.ascontiguousarray(np.rot90(pixels, quarter_turns))
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return Frame(sample, pixels, grey), WholePicture(picture, size, quarter_turns)
