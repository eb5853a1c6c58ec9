"""The film with its new sound: video packets copied as they are, the mix beside or instead of the old audio, in sync.

Time zero of the delivered file is the first picture, which is sample 0 of the mix. What an encoder puts before it
(priming) is declared by the container (edit list or codec delay), so that players skip it.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from contextlib import contextmanager
from functools import partial
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from vssflow_post.audio import Integers, layout_of
from vssflow_post.deliver.bwf import WaveReader
from vssflow_post.deliver.packets import kept_packets, picture_packets, sound_packets
from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.media.opening import open_film, read_only
from vssflow_post.settings.preset import DeliverSettings
from vssflow_post.store.publishing import publishing
from vssflow_post.timeline import CLOCK_HZ

if TYPE_CHECKING:
    from collections.abc import Iterator

    from av.audio.stream import AudioStream
    from av.container import InputContainer, OutputContainer
    from av.video.stream import VideoStream

    from vssflow_post.media import Film

_FORMATS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}
_MP4_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4", "mpeg2video", "mpeg1video", "mjpeg"})
"""What players expect in MP4; a film with another codec is delivered as QuickTime."""
_ENCODERS = {"aac": "aac", "pcm": "pcm_s24le", "flac": "flac", "opus": "libopus"}
_CODING = {"aac": {"aac_coder": "fast", "aac_is": "0"}}
"""FFmpeg's default, `twoloop`, pays off at low rates. At 320 kb/s `fast` takes half of the time and comes closer to the
mix; intensity stereo would blur what is different on both sides (docs/delivery.md has the figures)."""
_CONTAINERS = {"pcm": ".mov", "flac": ".mkv", "opus": ".mkv"}
"""Where sound of a kind belongs; AAC goes into any."""
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
_TRIED_PACKETS = 64
"""Of each track, when it is tried out whether a container holds them."""
_NOT_COPIED = frozenset({"encoder", "major_brand", "minor_version", "compatible_brands", "timecode", "duration"})
"""Tags of the source's container that are not true of the new one, or are written anew."""


def picture_name(film: Film, film_stem: str, settings: DeliverSettings) -> str:
    """The delivered film's file name. The mix's codec decides about the container, and where it does not:

    MP4 or QuickTime where the source is one and the codec fits, else Matroska.
    """
    if settings.audio_codec in _CONTAINERS:
        return film_stem + _CONTAINERS[settings.audio_codec]
    if film.container != "mov":
        return f"{film_stem}.mkv"
    is_quicktime = film.path.suffix.lower() in (".mov", ".qt") or film.video_codec not in _MP4_CODECS
    return f"{film_stem}{'.mov' if is_quicktime else '.mp4'}"


def check_picture(film: Film, settings: DeliverSettings) -> None:
    """Tries out, in memory, whether the container holds the film's first packets: before anything is rendered.

    Raises FilmFailed("not_muxable") where it does not, and what opening a film raises.
    """
    suffix = Path(picture_name(film, "film", settings)).suffix
    silence: list[Integers] = [np.zeros((2, CLOCK_HZ // 10), np.int32)]
    _write(io.BytesIO(), suffix, film, silence, 2, settings, _TRIED_PACKETS)


def write_picture(film: Film, mix: Path, path: Path, settings: DeliverSettings) -> None:
    """Writes `path` (its suffix says the container) from the film's video stream and the mix's WAV.

    Raises FilmFailed("not_muxable") when the container cannot hold the film's packets, and what opening a film raises.
    """
    wave = WaveReader(mix)
    with publishing(path, partial(_require_playable, _FORMATS[path.suffix])) as temporary:
        _write(f"file:{temporary}", path.suffix, film, wave.blocks(), wave.n_channels, settings, None)


def _require_playable(container: str, path: Path) -> None:
    """Opens what was written. Raises FilmFailed("not_muxable") when it does not hold a picture and its sound."""
    demuxer = {"mp4": "mov"}.get(container, container)
    try:
        with open_film(path, demuxer) as film:
            is_whole = bool(film.streams.video) and bool(film.streams.audio)
    except FilmRejected as error:
        raise FilmFailed("not_muxable", f"What was written cannot be opened: {error}") from error
    if not is_whole:
        raise FilmFailed("not_muxable", "What was written holds no picture, or no sound.")


def _write(
    target: Any,
    suffix: str,
    film: Film,
    mix: Iterable[Integers],
    n_channels: int,
    settings: DeliverSettings,
    n_packets: int | None,
) -> None:
    """Muxes into `target` (a name or a file in memory), at most `n_packets` of each of the film's tracks."""
    import av

    options = {"fflags": "+bitexact"}  # no date, no version: the same bytes on every run
    if suffix == ".mp4" and isinstance(target, str):  # it is written again from its name
        options["movflags"] = "+faststart"
    with (
        open_film(film.path, film.container) as source,
        open_film(film.path, film.container) as sound_source,
        _as_verdict(film, suffix, settings),
        av.open(target, "w", format=_FORMATS[suffix], options=options) as container,
    ):
        _mux(source, sound_source, container, film, mix, layout_of(n_channels).name, settings, n_packets)


@contextmanager
def _as_verdict(film: Film, suffix: str, settings: DeliverSettings) -> Iterator[None]:
    """FFmpeg's refusals as the verdict `not_muxable`."""
    import av

    kept = sorted({one.codec for one in film.audio_streams}) if settings.keep_audio else []
    try:
        yield
    except (_NoTemplate, av.error.ArgumentError, av.error.InvalidDataError, av.error.PatchWelcomeError) as error:
        raise FilmFailed(
            "not_muxable",
            f"Its packets ({', '.join([film.video_codec, *kept])}) cannot be copied into {suffix}: "
            f"{getattr(error, 'strerror', None) or error}. The preset's deliver.audio_codec ({settings.audio_codec}) "
            "and deliver.keep_audio decide about the container.",
        ) from error


class _NoTemplate(Exception):
    """A container that has no tag for a stream's codec."""


def _copy_of(stream: Any, target: OutputContainer) -> Any:
    """A stream of `target` for the packets of `stream`."""
    try:
        return target.add_stream_from_template(stream)
    except ValueError as error:
        raise _NoTemplate(str(error)) from error


def _mux(
    source: InputContainer,
    sound_source: InputContainer,
    target: OutputContainer,
    film: Film,
    mix: Iterable[Integers],
    layout: str,
    settings: DeliverSettings,
    n_packets: int | None,
) -> None:
    """Packets of all tracks in the order of their time; `sound_source` is the source once more, for its audio."""
    original = cast("VideoStream", source.streams[film.video_index])
    read_only(source, original)
    picture = _copy_of(original, target)
    picture.time_base = film.time_base
    sound = _mix_track(target, film, layout, settings)
    kept = _kept_tracks(sound_source, target, film) if settings.keep_audio else []
    target.metadata.update({tag: value for tag, value in source.metadata.items() if tag not in _NOT_COPIED})
    if film.start_timecode is not None:
        target.metadata["timecode"] = film.start_timecode
    tracks = (
        sound_packets(sound, mix),
        islice(picture_packets(source, original, picture, film), n_packets),
        islice(kept_packets(sound_source, kept, film), n_packets),
    )
    for _, packet in merge(*tracks, key=lambda timed: timed[0]):
        target.mux(packet)


def _mix_track(target: OutputContainer, film: Film, layout: str, settings: DeliverSettings) -> AudioStream:
    from av.stream import Disposition

    encoder = _ENCODERS[settings.audio_codec]
    track = cast("AudioStream", target.add_stream(encoder, options=_CODING.get(encoder), rate=CLOCK_HZ, layout=layout))
    kbps = {"aac": settings.aac_kbps, "opus": settings.opus_kbps}.get(settings.audio_codec)
    if kbps is not None:
        track.bit_rate = kbps * 1000
    if settings.audio_codec == "flac":
        track.codec_context.format = "s32"  # which is how it takes 24 bits
    production = film.production_stream
    language = settings.language or (production.language if production else None)
    if language:
        is_quicktime = target.format.name == "mov"
        track.metadata["language"] = _QUICKTIME_LANGUAGES.get(language, language) if is_quicktime else language
    if settings.title:
        track.metadata["title"] = settings.title
    track.disposition = Disposition.default
    return track


def _kept_tracks(source: InputContainer, target: OutputContainer, film: Film) -> list[tuple[AudioStream, AudioStream]]:
    """The film's own audio streams and their copies, which are not the ones to play."""
    from av.stream import Disposition

    tracks = []
    for known in film.audio_streams:
        original = cast("AudioStream", source.streams[known.index])
        copy = _copy_of(original, target)
        copy.metadata.update({tag: original.metadata[tag] for tag in ("language", "title") if tag in original.metadata})
        copy.disposition = Disposition(0)
        tracks.append((original, copy))
    return tracks
