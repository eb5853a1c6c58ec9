"""Whether the film can be delivered as the preset wants it, found out by trying, before anything is rendered."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vssflow_post.audio import Integers
from vssflow_post.deliver.along import LeftOut, left_out
from vssflow_post.deliver.containers import FORMATS, TITLES, picture_name
from vssflow_post.deliver.picture import mux_film
from vssflow_post.errors import FilmFailed
from vssflow_post.media.opening import open_film
from vssflow_post.settings.preset import DeliverSettings
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from av.container import InputContainer

    from vssflow_post.media import Film

_TRIED_PACKETS = 64
"""Of each track, when it is tried out whether a container holds them."""
_LOSSLESS = ("flac", "pcm")


def check_picture(film: Film, settings: DeliverSettings) -> LeftOut:
    """Tries out, in memory, whether the container holds the film's first packets: before anything is rendered.

    Says what of the film will not go along. Raises FilmFailed("not_muxable"), with a way out, where the container does
    not hold it, and what opening a film raises.
    """
    try:
        _try(film, settings)
    except FilmFailed as refused:
        raise FilmFailed(refused.code, f"{refused} {_way_out(film, settings)}") from refused
    return left_out(film, _suffix(film, settings))


def _suffix(film: Film, settings: DeliverSettings) -> str:
    return Path(picture_name(film, "film", settings)).suffix


def _try(film: Film, settings: DeliverSettings) -> None:
    """Raises FilmFailed("not_muxable") where packets are refused, or the picture is another one afterwards."""
    import av

    silence: list[Integers] = [np.zeros((2, CLOCK_HZ // 10), np.int32)]
    written, suffix = io.BytesIO(), _suffix(film, settings)
    mux_film(written, suffix, film, silence, 2, settings, _TRIED_PACKETS)
    with open_film(film.path, film.container) as source:
        before = _first_picture(source, film.video_index)
    written.seek(0)
    with av.open(written, format=FORMATS[suffix]) as copy:
        after = _first_picture(copy, copy.streams.video[0].index)
    if before and after != before:
        raise FilmFailed(
            "not_muxable",
            f"Its picture ({film.video_codec}, {before}) is not told of in {suffix}, where deliver.audio_codec = "
            f'"{settings.audio_codec}" puts it: there it is read as {after or "nothing"}.',
        )


def _first_picture(container: InputContainer, index: int) -> str:
    """Layout and size of the first picture that can be decoded, in words; "" where none of the first can."""
    import av

    stream: Any = container.streams[index]
    for _, packet in zip(range(_TRIED_PACKETS), container.demux(stream), strict=False):
        try:
            pictures = packet.decode() if packet.size else []
        except av.error.FFmpegError:
            continue
        if pictures:
            return f"{pictures[0].format.name} {pictures[0].width}x{pictures[0].height}"
    return ""


def _way_out(film: Film, settings: DeliverSettings) -> str:
    """What to ask for instead, as far as it was found out by trying."""
    asked = settings.audio_codec
    instead = (*_LOSSLESS, "aac") if asked in _LOSSLESS else ("aac", *_LOSSLESS)
    ways = {f'deliver.audio_codec = "{codec}"': replace(settings, audio_codec=codec) for codec in instead}
    if settings.keep_audio:
        silent = {f"deliver.keep_audio = false and {way}": replace(one, keep_audio=False) for way, one in ways.items()}
        ways = {"deliver.keep_audio = false": replace(settings, keep_audio=False), **ways, **silent}
    for way, other in ways.items():
        try:
            _try(film, other)
        except FilmFailed:
            continue
        return f"{TITLES[_suffix(film, other)]} holds it with {way}; deliver.picture = false delivers all but the film."
    return "No container that is delivered holds it: deliver.picture = false delivers all but the film."
