"""A film small enough for a mail: H.264 and AAC in MP4, which every browser plays, made anew and kept in memory."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from fractions import Fraction
from heapq import merge
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vssflow_post.audio import SURROUND, Integers, layout_of
from vssflow_post.deliver.bwf import WaveReader
from vssflow_post.deliver.packets import sound_packets, timed
from vssflow_post.media import frames
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from vssflow_post.backend import Frame
    from vssflow_post.media import Film

_CLOCK = Fraction(1, CLOCK_HZ)
_LONGER_SIDE = 480
"""Of the picture, in pixels."""
_SOUND_BPS = 96_000
_LOWEST_BPS, _HIGHEST_BPS = 60_000, 240_000
"""Of the picture: where much moves it gets no more, and a long film gets less, so as to stay under `_LARGEST`."""
_LARGEST = 75_000_000
"""Bytes of the whole, where the lowest rate allows it."""
_CODING = {"preset": "veryfast", "crf": "28", "profile": "main", "threads": "1", "mbtree": "0"}
"""The same bytes on every run: with more threads they depend on how many there are, and x264's `mbtree` reads memory
that nobody wrote (seen by setting MALLOC_PERTURB_)."""
_SIDE = 0.7071
"""How much of a centre or surround channel goes to left and right (ITU-R BS.775)."""


def small_film(film: Film, mix: Path) -> bytes:
    """The file. Raises what decoding a film raises."""
    import av

    wave, target = WaveReader(mix), io.BytesIO()
    pictures = frames(film, _LONGER_SIDE)
    first = next(pictures)
    with av.open(target, "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        sound: Any = container.add_stream("aac", rate=CLOCK_HZ, layout=layout_of(min(2, wave.n_channels)).name)
        sound.bit_rate = _SOUND_BPS
        picture = _picture_track(container, film, first)
        tracks = (sound_packets(sound, map(_for_two, wave.blocks())), _encoded(picture, chain([first], pictures)))
        for _, packet in merge(*tracks, key=lambda each: each[0]):
            container.mux(packet)
    return target.getvalue()


def _picture_track(container: Any, film: Film, first: Frame) -> Any:
    fitting = int(8 * _LARGEST / film.duration.duration_s) - _SOUND_BPS
    n_bps = max(_LOWEST_BPS, min(_HIGHEST_BPS, fitting))
    keys = str(max(1, round(2 * film.frame_rate)))  # a key frame every two seconds: who comments jumps about
    options = {**_CODING, "maxrate": str(n_bps), "bufsize": str(4 * n_bps), "g": keys}
    track = container.add_stream("libx264", rate=film.frame_rate, options=options)
    track.height, track.width = (max(2, side - side % 2) for side in first.grey.shape)  # colour is kept by two by two
    track.pix_fmt = "yuv420p"
    track.codec_context.time_base = _CLOCK
    return track


def _encoded(track: Any, pictures: Iterable[Frame]) -> Iterator[tuple[Fraction, Any]]:
    """Each packet with its decoding time in seconds."""
    import av

    for frame in pictures:
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.pixels), "rgb24")
        picture = picture.reformat(track.width, track.height, "yuv420p", threads=1)
        picture.pts, picture.time_base = frame.sample, _CLOCK
        yield from timed(track.encode(picture))
    yield from timed(track.encode(None))


def _for_two(block: Integers) -> Integers:
    """Two channels of a 5.1 mix (L, R, C, LFE, Ls, Rs), without the LFE; others as they are."""
    if len(block) != SURROUND.n_channels:
        return block
    left, right, centre, _, left_side, right_side = block.astype(np.float64)
    both = np.stack([left + _SIDE * (centre + left_side), right + _SIDE * (centre + right_side)])
    return np.asarray(np.clip(np.rint(both), -(2**23), 2**23 - 1), np.int32)
