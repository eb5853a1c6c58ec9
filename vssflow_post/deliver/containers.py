"""Which container the delivered film goes into, what each of them holds, and what it calls codecs and languages."""

from __future__ import annotations

import io
from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from vssflow_post.settings.preset import DeliverSettings

if TYPE_CHECKING:
    from vssflow_post.media import Film

FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
"""Suffix -> FFmpeg's name of the muxer."""
TITLES = {".mp4": "MP4", ".mov": "QuickTime", ".mkv": "Matroska"}
_FOR_SOUND = {"pcm": ".mov", "flac": ".mkv", "opus": ".mkv"}
"""Where a mix of this codec belongs; AAC goes into any."""
_NOT_IN_QUICKTIME = frozenset({"av1", "vp8", "vp9"})
"""Codecs that FFmpeg has a QuickTime tag for, and still does not write there: Apple defines none."""
_BY_FOURCC = frozenset({"avi", "asf", "matroska", "mov", "flv"})
"""Sources whose codecs Matroska takes by their four-character code where it has no name for them."""
NO_TAG = "\0\0\0\0"
_HEVC_TAGS = ("hvc1", "hev1", "dvh1", "dvhe")
_QUICKTIME_LANGUAGES = {
    "deu": "ger",
    "nld": "dut",
    "ell": "gre",
    "isl": "ice",
    "zho": "chi",
    "sqi": "alb",
    "swe": "sve",
}
"""QuickTime numbers its languages, and FFmpeg knows these numbers by older codes than ISO 639-2/T."""


def picture_name(film: Film, film_stem: str, settings: DeliverSettings) -> str:
    """The delivered film's file name. The mix's codec decides about the container, and where it does not:

    the first that holds the picture's codec of those that are natural for the source.
    """
    if settings.audio_codec in _FOR_SOUND:
        return film_stem + _FOR_SOUND[settings.audio_codec]
    natural = _natural_for(film)
    return film_stem + next((suffix for suffix in natural if _holds(suffix, film)), natural[0])


def _natural_for(film: Film) -> tuple[str, ...]:
    """The source's own container, or the one of its trade: MXF is for editing, as QuickTime is."""
    if film.container == "mov":
        is_quicktime = film.path.suffix.lower() in (".mov", ".qt") and not film.shown_as  # which it cannot say
        return (".mov", ".mp4", ".mkv") if is_quicktime else (".mp4", ".mov", ".mkv")
    return (".mov", ".mkv") if film.container == "mxf" else (".mkv", ".mov")


def _holds(suffix: str, film: Film) -> bool:
    return film.video_codec in codecs_of(suffix) or (suffix == ".mkv" and film.container in _BY_FOURCC)


@lru_cache
def codecs_of(suffix: str) -> frozenset[str]:
    """The codecs that a container has a name for, by their own names (`av1`, not `libdav1d`)."""
    import av

    with av.open(io.BytesIO(), "w", format=FORMATS[suffix]) as container:
        names = {canonical for name in container.supported_codecs for canonical in _canonical(name)}
    return frozenset(names - _NOT_IN_QUICKTIME if suffix == ".mov" else names)


def _canonical(name: str) -> set[str]:
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    for mode in ("r", "w"):
        try:
            return {Codec(name, mode).canonical_name}
        except UnknownCodecError:
            continue
    return set()


def tag_in(suffix: str, stream: Any) -> str:
    """The four-character code of a picture: the source's where the container takes it, else the container's own.

    It says what nothing else does: the profile of ProRes, the layout of UT Video, where HEVC's parameter sets are.
    """
    tag, codec = str(stream.codec_context.codec_tag), stream.codec.canonical_name
    if suffix != ".mkv" and codec == "hevc" and tag not in _HEVC_TAGS:
        return "hvc1"  # Apple's players know no other
    if suffix != ".mkv" and codec == "dnxhd" and tag not in ("AVdn", "AVdh"):
        return "AVdh" if str(stream.profile).startswith("DNXHR") else "AVdn"
    return tag if takes(suffix, stream, tag) else NO_TAG


def takes(suffix: str, stream: Any, tag: str = NO_TAG) -> bool:
    """Whether a container's header can be written with a copy of the stream, by this code."""
    import av

    with closing(io.BytesIO()) as nowhere:  # closed before the container, which then writes no end
        container = av.open(nowhere, "w", format=FORMATS[suffix])
        try:
            copy = container.add_stream_from_template(stream, opaque=True)
            if copy.codec_context is not None:
                copy.codec_context.codec_tag = tag
            container.start_encoding()
        except (ValueError, av.error.FFmpegError):
            return False
        return True


def language_in(suffix: str, language: str) -> str:
    """An ISO 639-2/T code as the container wants it."""
    return _QUICKTIME_LANGUAGES.get(language, language) if suffix == ".mov" else language
