"""The film with its new sound: video packets copied as they are, the mix beside or instead of the old audio, in sync.

Time zero of the delivered file is the first picture, which is sample 0 of the mix. What an encoder puts before it
(priming) is declared by the container (edit list or codec delay), so that players skip it.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import contextmanager
from fractions import Fraction
from functools import partial
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from vssflow_post.audio import Integers, layout_of
from vssflow_post.deliver.along import Track, add_chapters, add_tracks
from vssflow_post.deliver.bwf import WaveReader
from vssflow_post.deliver.containers import FORMATS, language_in
from vssflow_post.deliver.copies import NoTemplate, copy_of, keep_tags, picture_copy, says_some_colours
from vssflow_post.deliver.packets import kept_packets, picture_packets, sound_packets
from vssflow_post.deliver.pixel_shape import write_pixel_shape
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

_ENCODERS = {"aac": "aac", "pcm": "pcm_s24le", "flac": "flac", "opus": "libopus"}
_CODING = {"aac": {"aac_coder": "fast", "aac_is": "0"}}
"""FFmpeg's default, `twoloop`, pays off at low rates. At 320 kb/s `fast` takes half of the time and comes closer to the
mix; intensity stereo would blur what is different on both sides (docs/delivery.md has the figures)."""
_LONGEST_WAIT_US = "500000"
"""How long, in the film's microseconds, the muxer waits for the next subtitle: pictures wait in memory meanwhile."""
_NOT_COPIED = frozenset({"encoder", "major_brand", "minor_version", "compatible_brands", "timecode", "duration"})
"""Tags of the source's container that are not true of the new one, or are written anew."""


def write_picture(film: Film, mix: Path, path: Path, settings: DeliverSettings) -> None:
    """Writes `path` (its suffix says the container) from the film's video stream and the mix's WAV.

    Raises FilmFailed("not_muxable") when the container cannot hold the film's packets, and what opening a film raises.
    """
    wave = WaveReader(mix)
    with publishing(path, partial(_require_playable, FORMATS[path.suffix])) as temporary:
        shape = mux_film(f"file:{temporary}", path.suffix, film, wave.blocks(), wave.n_channels, settings, None)
        if path.suffix == ".mkv" and shape:
            write_pixel_shape(temporary, shape)


def _require_playable(container: str, path: Path) -> None:
    """Opens what was written. Raises FilmFailed("not_muxable") when it does not hold a picture and its sound."""
    try:
        with open_film(path, container) as film:
            is_whole = bool(film.streams.video) and bool(film.streams.audio)
    except FilmRejected as error:
        raise FilmFailed("not_muxable", f"What was written cannot be opened: {error}") from error
    if not is_whole:
        raise FilmFailed("not_muxable", "What was written holds no picture, or no sound.")


def mux_film(
    target: Any,
    suffix: str,
    film: Film,
    mix: Iterable[Integers],
    n_channels: int,
    settings: DeliverSettings,
    n_packets: int | None,
) -> Fraction | None:
    """Muxes into `target` (a name or a file in memory), at most `n_packets` of each of the film's tracks.

    Returns the shape of the picture's pixels, width by height, where the source says one.
    """
    import av

    with (
        open_film(film.path, film.container) as source,
        open_film(film.path, film.container) as sound_source,
        _as_verdict(film, suffix, settings),
    ):
        original = cast("VideoStream", source.streams[film.video_index])
        options = _options(suffix, original, isinstance(target, str))
        with av.open(target, "w", format=FORMATS[suffix], container_options=options) as container:
            read_only(source, original)
            _mux(source, sound_source, container, suffix, film, mix, layout_of(n_channels).name, settings, n_packets)
        return original.sample_aspect_ratio


def _options(suffix: str, original: VideoStream, is_file: bool) -> dict[str, str]:
    """The muxer's: the same bytes on every run, and all that the source says of its picture."""
    options = {"fflags": "+bitexact", "max_interleave_delta": _LONGEST_WAIT_US}
    if suffix == ".mkv":
        return {**options, "allow_raw_vfw": "1"}
    flags = "+faststart" if suffix == ".mp4" and is_file else ""  # it is written again from its name
    if says_some_colours(original):
        flags += "+write_colr"
    if flags:
        options["movflags"] = flags
    if suffix == ".mp4":
        options["strict"] = "unofficial"  # Dolby Vision's, spherical and stereoscopic boxes
    return options


@contextmanager
def _as_verdict(film: Film, suffix: str, settings: DeliverSettings) -> Iterator[None]:
    """FFmpeg's refusals as the verdict `not_muxable`."""
    import av

    kept = sorted({one.codec for one in film.audio_streams}) if settings.keep_audio else []
    try:
        yield
    except (NoTemplate, av.error.ArgumentError, av.error.InvalidDataError, av.error.PatchWelcomeError) as error:
        raise FilmFailed(
            "not_muxable",
            f"Its packets ({', '.join([film.video_codec, *kept])}) cannot be copied into {suffix}, where "
            f'deliver.audio_codec = "{settings.audio_codec}" puts them: {getattr(error, "strerror", None) or error}.',
        ) from error


def _mux(
    source: InputContainer,
    sound_source: InputContainer,
    target: OutputContainer,
    suffix: str,
    film: Film,
    mix: Iterable[Integers],
    layout: str,
    settings: DeliverSettings,
    n_packets: int | None,
) -> None:
    """Packets of all tracks in the order of their time; `sound_source` is the source once more, for all but its
    picture."""
    original = cast("VideoStream", source.streams[film.video_index])
    picture = picture_copy(original, target, suffix)
    picture.time_base = film.time_base
    sound = _mix_track(target, film, layout, settings, suffix)
    kept = _kept_tracks(sound_source, target, film, suffix) if settings.keep_audio else []
    add_chapters(sound_source, target, film, _lead_s(kept, film, suffix))
    kept += add_tracks(sound_source, target, film, suffix)
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


def _lead_s(kept: list[Track], film: Film, suffix: str) -> Fraction:
    """How much later the first picture comes than the file begins: Matroska knows no time before zero, and is moved."""
    originals = [track.original for track in kept if suffix == ".mkv" and track.original.start_time is not None]
    first_s = min((Fraction(one.start_time * one.time_base) for one in originals), default=Fraction(0))
    return max(Fraction(0), film.first_pts * film.time_base - first_s) if originals else Fraction(0)


def _mix_track(target: OutputContainer, film: Film, layout: str, settings: DeliverSettings, suffix: str) -> AudioStream:
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
        track.metadata["language"] = language_in(suffix, language)
    if settings.title:
        track.metadata["title"] = settings.title
    track.disposition = Disposition.default
    return track


def _kept_tracks(source: InputContainer, target: OutputContainer, film: Film, suffix: str) -> list[Track]:
    """The film's own audio streams and their copies, which are not the ones to play."""
    from av.stream import Disposition

    tracks = []
    for known in film.audio_streams:
        original = cast("AudioStream", source.streams[known.index])
        copy = copy_of(original, target)
        keep_tags(original, copy, suffix)
        copy.disposition = original.disposition & ~Disposition.default
        tracks.append(Track(original, copy))
    return tracks
