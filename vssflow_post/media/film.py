"""`Film`: what is known of a film before anything is done with it, and whether its file is still the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from vssflow_post.errors import FilmFailed, FilmRejected
from vssflow_post.media.frame_rates import label_rate
from vssflow_post.media.joins import Join
from vssflow_post.timeline import Span, samples_from_seconds


@dataclass(frozen=True, slots=True)
class AudioStream:
    """One audio track of a film."""

    index: int
    """Number of the stream in the container."""
    codec: str
    rate_hz: int
    channels: int
    layout: str
    """FFmpeg's name of the channel layout, e.g. `stereo` or `5.1`."""
    language: str | None
    default: bool
    """Whether the container marks it as the one to play."""
    number: int = 1
    """Which of the film's audio tracks it is, counted from 1."""
    labels: tuple[str, ...] = ()
    """FFmpeg's names of its channels, e.g. `FL` and `FR`; none where they are unknown."""
    title: str = ""
    role: str = ""
    """What it is beside the film's own sound: `commentary`, `audio description`, ...; "" for the film's own sound."""

    @property
    def name(self) -> str:
        """As a sentence calls it, e.g. `track 2 (Mic, eng)`."""
        role = "" if self.role in self.title.lower() else self.role
        said = ", ".join(filter(None, (self.title, role, self.language)))
        return f"track {self.number} ({said})" if said else f"track {self.number}"


@dataclass(frozen=True, slots=True)
class Film:
    """A film that can be worked on. Time zero of its clock is the first picture."""

    path: Path
    digest: str
    """sha256 of the file, hex."""
    frame_rate: Fraction
    """Frames per second, exact; where the rate varies, the standard one of most pictures."""
    n_frames: int
    duration: Span
    """[0, n) on the clock: from the first picture to the end of the last one."""
    start_timecode: str | None
    """`HH:MM:SS:FF`, or `HH:MM:SS;FF` for drop-frame; None where the film has none."""
    start_sample: int
    """Samples (48 kHz) since midnight of the start timecode; 0 without one."""
    width: int
    """Stored pixels per line."""
    height: int
    """Stored lines."""
    video_codec: str
    audio_streams: tuple[AudioStream, ...]
    container: str
    """FFmpeg's name of the demuxer, e.g. `mov` or `matroska`."""
    video_index: int
    """Number of the video stream in the container."""
    first_pts: int
    """Timestamp of the first picture, in `time_base` units: zero of the clock."""
    time_base: Fraction
    """Seconds per unit of the video stream's timestamps."""
    last_frame_sample: int
    """Where the last picture starts, on the clock."""
    video_id: int = 0
    """The number that the container itself gives the video stream: the PID of a transport stream."""
    variable_rate: bool = False
    """Whether pictures lie at uneven distances: then times come from timestamps, never from frame numbers."""
    shown_as: tuple[str, ...] = ()
    """What the container says of how the picture is to be shown: `Dolby Vision`, `360 degrees`, `stereoscopy`."""
    notes: tuple[str, ...] = ()
    """Sentences for the report: choices that were made, oddities that were found."""
    warnings: tuple[str, ...] = ()
    """The same, of what is likely not as it was meant."""
    joins: tuple[Join, ...] = ()
    """Where the file was joined from several recordings; all times are on the clock of the first one."""
    losses: tuple[str, ...] = ()
    """Sentences for the report: what of a damaged film could not be salvaged."""
    size_bytes: int = 0
    modified_ns: int = 0
    """The file's modification time when it was probed, nanoseconds since the epoch."""

    @property
    def is_cut_off(self) -> bool:
        """Whether this is what could be salvaged of a file that is incomplete or damaged."""
        return bool(self.losses)

    @property
    def label_rate(self) -> Fraction:
        """At how many frames per second labels count: the frame rate, where it is one that they can."""
        return label_rate(self.frame_rate)

    @property
    def troubles(self) -> tuple[str, ...]:
        """Sentences for the report: losses first, then warnings."""
        return (*self.losses, *self.warnings)

    @property
    def production_stream(self) -> AudioStream | None:
        """The audio track that counts: the first one marked as default, else the first."""
        default = next((stream for stream in self.audio_streams if stream.default), None)
        return default or next(iter(self.audio_streams), None)

    def sample_of_pts(self, pts: int) -> int:
        """The clock sample of a video timestamp."""
        return samples_from_seconds((pts - self.first_pts) * self.time_base)


def ensure_unchanged(film: Film) -> None:
    """Raises FilmFailed `source_changed` when size or modification time are not those that were probed."""
    ensure_same_file(film.path, film.size_bytes, film.modified_ns)


def ensure_same_file(path: Path, size_bytes: int, modified_ns: int) -> None:
    """Raises FilmFailed `source_changed` for a file of another size or time of modification, `source_io` for none."""
    try:
        now = path.stat()
    except OSError as error:
        raise FilmFailed("source_io", f"{path} cannot be read any more: {error.strerror}.") from error
    if (now.st_size, now.st_mtime_ns) != (size_bytes, modified_ns):
        raise FilmFailed("source_changed", f"{path} changed while it was being worked on.")


@contextmanager
def judged(film: Film) -> Iterator[None]:
    """What is found wrong with a film whose file has changed meanwhile is no verdict on the film.

    Raises FilmFailed `source_changed` instead of it, or `source_io`.
    """
    try:
        yield
    except FilmRejected:
        ensure_unchanged(film)
        raise
