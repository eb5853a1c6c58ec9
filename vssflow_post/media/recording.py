"""The user's own recordings: any file that FFmpeg hears something in, read from where its cue starts.

One channel stays one, two stay a stereo pair, and 5.1 stays 5.1 (L R C LFE Ls Rs; so do six channels without names).
Other sets of channels are folded down to a pair (ITU-R BS.775), and to one where they have no names. The rate stays the
file's own.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.errors import FilmError, FilmRejected
from vssflow_post.media.limits import READ_TIMEOUT_S
from vssflow_post.media.opening import open_regular, packets_of, read_only
from vssflow_post.media.pickups import plain_layout
from vssflow_post.media.sound import planes_of
from vssflow_post.media.verdicts import reading

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import InputContainer

FORMATS = (
    *(
        "aac",
        "ac3",
        "aiff",
        "amr",
        "ape",
        "asf",
        "ast",
        "au",
        "avi",
        "avr",
        "caf",
        "dsf",
        "dts",
        "dtshd",
        "eac3",
        "flac",
    ),
    *("flv", "gsm", "iff", "ircam", "loas", "matroska", "webm", "mov", "mp3", "mpc", "mpc8", "mpeg", "mpegts", "mxf"),
    *("nistsphere", "nut", "ogg", "oma", "paf", "pvf", "sds", "sox", "swf", "tak", "tta", "voc", "w64", "wav", "wsaud"),
    *("wv", "xwma"),
)
"""Demuxers that may read one: those that hold sound, and open no other file on their own."""
_FORGIVING = ("mp3", "mp3float", "mp2", "mp2float")
"""Decoders that take what lies around the sound, such as a tag, for a broken frame."""
_SIDES = {
    "FL": (1.0, 0.0), "FR": (0.0, 1.0), "FC": (0.7071, 0.7071), "FLC": (1.0, 0.0), "FRC": (0.0, 1.0),
    "BL": (0.7071, 0.0), "BR": (0.0, 0.7071), "SL": (0.7071, 0.0), "SR": (0.0, 0.7071), "BC": (0.5, 0.5),
}  # fmt: skip
"""How much of each channel is heard on the left and on the right; what is not here (LFE) is left out."""
_END_S = 0.05
"""How much further than its part a recording is read, to hear whether a sound goes on."""
_QUIET = 0.01
"""Of the mean power (-20 dB): what is not louder is no sound that is cut."""
_CUT_OFF_S = 0.5
_RATES_HZ = (4_000, 768_000)
_NO_SIZE = 0x7FFF_F000
"""A RIFF size from here on means that its writer did not know it."""
_SURROUND = (("FL", "FR", "FC", "LFE", "BL", "BR"), ("FL", "FR", "FC", "LFE", "SL", "SR"))


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is to be heard of a recording."""

    rate_hz: int
    n_samples: int
    """Of the part that was asked for, at its own rate."""
    is_cut: bool
    """Whether the part ends in the middle of a sound, and the recording goes on."""

    @property
    def seconds(self) -> float:
        return self.n_samples / self.rate_hz


def extent_of(path: Path, in_s: float, seconds: float) -> Extent:
    """Reads `seconds` of a recording from `in_s` on, so that it is known to be whole.

    Raises FilmRejected `bad_recording`, with a sentence that does not name the file, where it cannot be heard.
    """
    rate_hz, n, wanted = 1, 0, 0
    energy = last_energy = 0.0
    for piece in recorded(path, in_s, seconds + _END_S):
        rate_hz, wanted = piece.rate_hz, round(seconds * piece.rate_hz)
        squares = np.square(piece.samples, dtype=np.float64).sum(axis=0)
        energy += float(squares.sum())
        last_energy += float(squares[max(0, wanted - n) :].sum())
        n += piece.n_samples
    if n < wanted:
        _require_whole(path, in_s + n / rate_hz if n else 0.0)
    if n == 0:
        raise FilmRejected("bad_recording", f"it is over by {in_s:g} s, so that nothing of it would be heard")
    is_cut = n > wanted and last_energy / (n - wanted) > _QUIET * energy / n
    return Extent(rate_hz, min(n, wanted), is_cut)


def recorded(path: Path, in_s: float, seconds: float) -> Iterator[AudioClip]:
    """The part of a recording from `in_s` on, piece by piece; it ends where the recording does.

    Raises FilmRejected `bad_recording`, with a sentence that does not name the file.
    """
    for at, piece in _pieces(path, in_s):
        first = round(in_s * piece.rate_hz)
        last = first + round(seconds * piece.rate_hz)
        heard = piece.samples[:, max(0, first - at) : max(0, last - at)]
        if heard.shape[1]:
            yield AudioClip(np.ascontiguousarray(heard), piece.rate_hz)
        if at + piece.n_samples >= last:
            return


def _require_whole(path: Path, ended_s: float) -> None:
    """Raises FilmRejected `bad_recording` where its header promises more than the `ended_s` seconds that there are."""
    with _told_of(path), _opened(path) as container, open_regular(path) as file:
        audio = container.streams.audio[0]
        promised_s = float(audio.duration * audio.time_base) if audio.duration and audio.time_base else 0.0
        head, n_bytes = file.read(8), os.fstat(file.fileno()).st_size
        n_promised = int.from_bytes(head[4:8], "little") + 8
        if head[:4] == b"RIFF" and n_bytes < n_promised < _NO_SIZE:  # FFmpeg counts what is there
            promised_s *= n_promised / n_bytes
    if ended_s and promised_s > ended_s + _CUT_OFF_S:
        raise FilmRejected(
            "bad_recording", f"it is cut off: it should have {promised_s:.2f} s, and has {ended_s:.2f} s"
        )


def _pieces(path: Path, in_s: float) -> Iterator[tuple[int, AudioClip]]:
    """The recording in pieces, each with the number of its first sample; what lies before `in_s` may be left out."""
    rate_hz, n_channels, at = 0, 0, 0
    with _told_of(path), _opened(path) as container:
        is_sought = _sought(container, in_s)
        _, labels = plain_layout(container.streams.audio[0])
        for frame in _frames(container):
            if is_sought and not rate_hz and frame.pts is not None and frame.time_base is not None:
                at = round(frame.pts * frame.time_base * frame.sample_rate)
            rate_hz, n_channels = rate_hz or frame.sample_rate, n_channels or frame.layout.nb_channels
            if (frame.sample_rate, frame.layout.nb_channels) != (rate_hz, n_channels):
                raise FilmRejected("bad_recording", "its rate or its channels change on the way")
            if not _RATES_HZ[0] <= rate_hz <= _RATES_HZ[1]:
                raise FilmRejected("bad_recording", f"its rate of {rate_hz} Hz is none of sound")
            samples = _channels_of(frame, labels)
            if not np.isfinite(samples).all():
                raise FilmRejected("bad_recording", "it holds values that are no numbers (NaN or infinity)")
            yield at, AudioClip(samples, rate_hz)
            at += samples.shape[1]
    if not rate_hz and not is_sought:
        raise FilmRejected("bad_recording", "there is no sound in it")


def _sought(container: InputContainer, in_s: float) -> bool:
    """Goes on to shortly before `in_s` where every sample says when it is: in plain samples, not in coded sound."""
    is_plain = container.format.name == "wav" and container.streams.audio[0].codec_context.name.startswith("pcm_")
    if is_plain and in_s > 1:
        container.seek(round((in_s - 1) * 1_000_000))
    return is_plain and in_s > 1


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """Whatever is wrong with the file as `bad_recording`."""
    try:
        yield
    except FilmError as error:
        raise FilmRejected("bad_recording", str(error).replace(str(path), "it", 1).rstrip(".")) from error


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    import av

    if not os.path.lexists(path):
        raise FilmRejected("bad_recording", "there is no such file")
    open_regular(path).close()
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}
    with reading(path, "reading it as sound"):
        try:
            container = av.open(
                f"file:{os.fspath(path)}", "r", options=options, metadata_errors="replace", timeout=READ_TIMEOUT_S
            )
        except av.error.FFmpegError as error:
            if error.errno != errno.EINVAL:
                raise
            raise FilmRejected("bad_recording", "reading it as sound fails: it is no file of sound") from error
    with container:
        if not container.streams.audio:
            raise FilmRejected("bad_recording", "there is no sound in it")
        yield container


def _frames(container: InputContainer) -> Iterator[AudioFrame]:
    """What is decoded of the first track; raises FilmRejected for damage within it, or at its end."""
    import av

    audio = container.streams.audio[0]
    read_only(container, audio)
    n_before, damaged_at_s = 0, None
    is_forgiven = audio.codec_context.name in _FORGIVING
    with reading(Path(container.name), "decoding it"):
        for packet in packets_of(container, audio):
            try:
                decoded = packet.decode()
            except av.error.InvalidDataError:
                if n_before and damaged_at_s is None:
                    damaged_at_s = float((packet.pts or 0) * packet.time_base) if packet.time_base else 0.0
                continue
            if decoded and damaged_at_s is not None:
                break
            n_before += len(decoded)
            yield from decoded
    if damaged_at_s is not None and not is_forgiven:
        raise FilmRejected("bad_recording", f"it is damaged at {damaged_at_s:.2f} s")


def _channels_of(frame: AudioFrame, labels: tuple[str, ...]) -> Samples:
    """The frame as one channel, two or six: float32 (channels, n). `labels` name its channels where it does not."""
    planes = planes_of(frame, range(frame.layout.nb_channels))
    names = tuple(channel.name for channel in frame.layout.channels)
    if len(labels) == len(names) and not any(name in _SIDES for name in names):
        names = labels
    sides = np.array([_SIDES.get(name, (0.0, 0.0)) for name in names]).T
    if len(planes) <= 2 or names in _SURROUND or (len(planes) == len(_SURROUND[0]) and not sides.any()):
        return np.ascontiguousarray(planes, np.float32)
    if not sides.any():  # tracks side by side, of which nobody says where they stand
        return np.asarray(planes.mean(axis=0, keepdims=True), np.float32)
    return np.asarray(sides @ planes, np.float32)
