"""The seam: what a generation backend, a speech detector and a recogniser promise. numpy crosses it, nothing else.

A plugin registers offers (see `hookspecs`); everything after that is an ordinary typed method call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, TypeAlias

from vssflow_post.audio import AudioClip, Samples
from vssflow_post.timeline import CLOCK_HZ, Line, Scene, Span, SpeakingSegment

if TYPE_CHECKING:  # whoever only hires workers does without
    import numpy as np
    import numpy.typing as npt

Features: TypeAlias = "npt.NDArray[np.float32]"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture, small."""

    sample: int
    """Presentation time on the film's clock (48 kHz samples from the first frame)."""
    pixels: npt.NDArray[np.uint8]
    """RGB, shape (height, width, 3)."""
    grey: npt.NDArray[np.uint8]
    """Luma, shape (height, width)."""


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """A feature measured along the film at a steady rate; row k lies at time k / rate_hz seconds."""

    values: Features
    """float32, shape (n, channels)."""
    rate_hz: float
    """0 for a feature that holds throughout the film: one row, the same for every span."""

    def slice(self, span: Span) -> Track:
        """The rows inside `span`; what lies past the end of the film is zeros."""
        if self.rate_hz == 0:
            return self
        first = round(span.start_s * self.rate_hz)
        n = max(1, round(span.duration_s * self.rate_hz))
        import numpy as np

        rows = np.zeros((n, self.values.shape[1]), np.float32)
        part = self.values[first : first + n]
        rows[: len(part)] = part
        return Track(rows, self.rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class MouthTrack:
    """One tracked face: how open its mouth is over time."""

    span: Span
    """When the face is on screen."""
    opening: Track
    """One channel, 0 closed to 1 open; row 0 lies at the span's start."""
    box: tuple[float, float, float, float]
    """Mean face box, as fractions of the picture: x, y, width, height."""

    def during(self, span: Span) -> Track:
        """The opening, with row 0 at the start of `span` and as long as it; closed where the face is not seen."""
        import numpy as np

        rate_hz = self.opening.rate_hz
        rows = np.zeros((max(1, round(span.duration_s * rate_hz)), 1), np.float32)
        offset = round((span.start - self.span.start) / CLOCK_HZ * rate_hz)
        part = self.opening.values[max(0, offset) : max(0, offset + len(rows))]
        first = max(0, -offset)
        part = part[: len(rows) - first]
        rows[first : first + len(part)] = part
        return Track(rows, rate_hz)


def speaking_mouth(mouths: Iterable[MouthTrack], span: Span) -> MouthTrack | None:
    """Who speaks during `span`: of the mouths seen in it the one that moves most in it; None where none is seen."""
    import numpy as np

    def movement(mouth: MouthTrack) -> float:
        return float(np.abs(np.diff(mouth.during(span).values, axis=0)).sum())

    return max((mouth for mouth in mouths if mouth.span.overlaps(span)), key=movement, default=None)


class Strike(NamedTuple):
    """One strike of one thing."""

    sample: int
    """On the film's clock."""
    strength: float
    """0 to 1, relative to the hardest of its thing."""
    kind: Literal["blow", "flash"] = "blow"


@dataclass(frozen=True, slots=True, eq=False)
class Thing:
    """Something that moves by itself during a shot. Its places and speed are free of the camera."""

    span: Span
    """The shot; row 0 of each track lies at its start."""
    seen: Span
    """From when to when it is seen to move."""
    place: Track
    """(n, 1): its middle, 0 the picture's left edge, 1 its right; where it rests it stays."""
    speed: Track
    """(n, 1): longer sides of the picture a second, the camera's own motion taken off."""
    strikes: tuple[Strike, ...]
    """Its flashes; its blows are for the reader of `moments` to find."""
    boxes: Track
    """(n, 4): left, top, width and height of what moves, as parts of the picture."""
    samples: npt.NDArray[np.int64]
    """(m,): the pictures that `moments` belong to, first the one before."""
    moments: Features
    """(m - 1, 4): what changed from one picture to the next. Its sum in grey levels times pixels of a picture with a
    longer side of 160 pixels; middle (x, y) and spread in longer sides. NaN where nothing did."""
    weight: float
    """Its part of all the motion in the shot, 0 to 1."""
    is_alone: bool = False
    """Whether nothing else moves in the shot, and the camera stands: then the whole picture tells of it as well."""


@dataclass(frozen=True, slots=True, eq=False)
class CueRequest:
    """All a backend needs to render one cue. Picklable, so that it can go to another process or machine."""

    id: str
    kind: str
    """`speech` or `sound`."""
    span: Span
    """Where the cue lies in the film."""
    seed: int
    text: str = ""
    voice: str | None = None
    """One of the backend's `voices`, or None for its default."""
    sound: str = ""
    """Sound prompt in words, or "" for "unspecified"."""
    visual: dict[str, Track] = field(default_factory=dict)
    """The backend's own features (from its encoder, or from the file beside the film), cut to the span."""
    mouth: Track | None = None
    """Mouth opening of the visible speaker, 0 closed to 1 open, one channel; None when no mouth is seen."""
    things: tuple[Thing, ...] = ()
    """What is heard moving (sound cues): the thing that the cue is of, or all that move in its shot; on the film's
    clock, and throughout the shot. Empty where nothing moves by itself, or features came in a file beside the film."""
    may_be_unseen: bool = False
    """Whether somebody says that the sound is heard here, so that it begins with the span where the picture shows
    nothing of it."""
    layer: str = ""
    """Of a sound: `bed`, `follows` or `spot`; "" where the sheet knows no layers."""
    language: str = ""
    """Of a line, as in ISO 639-1 (`en`, `de`); "" where nobody says."""
    turn: int = 0
    """How many cues of the same sound came before it in the film; 0 for a backend that does not ask (see `Backend`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Take:
    """What a backend returned for one request."""

    id: str
    audio: AudioClip
    """Mono or stereo (left, right); as long as the request's span, to within one sample of its own rate."""
    notes: tuple[str, ...] = ()
    """Sentences for the report, e.g. that a line did not fit its span."""
    seconds: float | None = None
    """What it cost, for a backend that makes several at once; None: the time since the take before."""
    made_of: tuple[str, ...] = ()
    """Names of the files of the user's that are heard in it, in order."""
    is_final: bool = True
    """False where something was missing that may come back, so that the next run makes it anew."""


class FrameEncoder(Protocol):
    """Takes each frame of a film once, in order, and gives the backend's visual features."""

    def push(self, frame: Frame) -> None: ...

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        """The features of the whole film; its `scenes` tile it."""
        ...


@dataclass(frozen=True, slots=True)
class GenerationSettings:
    """The `[generate]` section of a preset that a backend reads."""

    weights: str = "starter"
    """`starter`, or a folder of weights."""
    clip: str = "openai/clip-vit-base-patch16"
    """CLIP ViT-B/16 for weights that look at pictures and bring no image encoder: a folder, or a hub id that the hub's
    cache holds. Nothing is downloaded."""
    sampler: str = "distilled"
    """`distilled`, `euler`, `midpoint`, `heun`, `adams` or `dopri5` (docs/sampling.md). `distilled` takes the few steps
    that the weights were taught, with the guidance that was taught with them, and asks for none of what follows; of
    weights that were taught none it is `adams`."""
    steps: int = 10
    """Sampling steps: one evaluation each for euler and adams, two for midpoint and heun; dopri5 chooses its own."""
    time_shift: float = 3.0
    """Above 1, steps near the noise are shorter; 1 leaves them as they are."""
    time_stretch: float = 1.2
    """Above 1, steps at both ends are shorter; 1 leaves them as they are."""
    guidance: float = 2.5
    """Classifier-free guidance scale of speech; 1 is no guidance. The reference takes 3."""
    sound_guidance: float = 3.0
    """The same for sounds."""
    guidance_from: float = 0.0
    guidance_to: float = 1.0
    """Times, 0 noise and 1 sound, between which guidance acts."""
    guidance_schedule: str = "constant"
    """`constant`, `falling` (strong first) or `rising`."""
    deterministic: bool = False
    """Whether every cue is sampled alone, in float32 and by repeatable kernels: the same bits again on any device, and
    rounding that differs by a millionth between kinds of processor."""
    threads: int = 0
    """CPU threads; 0 means all cores."""
    allow_cpu_fallback: bool = False
    """Whether a backend that runs out of device memory may go on on the CPU."""
    library: str = ""
    """The index of a library of recordings; "" is the one that `vssflow-post library index` writes by itself."""
    piper_voices: str = ""
    """A folder of Piper voices, each a `.onnx` with its `.onnx.json`; "": those installed as packages."""


@dataclass(frozen=True, slots=True)
class VoiceFacts:
    """What a casting director asks about a voice."""

    sex: str = ""
    """`woman` or `man`; "" where nobody says."""
    pitch_hz: float = 0.0
    """Median pitch of its speech; 0 where it was not measured."""
    accent: str = ""
    """Such as `American`."""
    language: str = "en"
    """What it speaks, as in ISO 639-1."""
    licence: str = ""
    """As its files state it; "" where they do not."""


class Backend(Protocol):
    """A generation engine, open and ready."""

    name: str
    device: str
    """What it runs on, in words."""
    weights_digest: str
    """sha256 over the weights: part of every take's address."""
    voices: Sequence[str]
    """Voices it has by name. A backend that knows more about them says it in `voice_facts`, a mapping from some of
    these names to `VoiceFacts`; it may be left out."""
    sounds: Sequence[str]
    """Sound classes it knows by name. A backend that knows which of them words mean says it in `sound_of(words)`, ""
    for none; it may be left out."""

    # A backend that knows how long its lines take says it in `line_s(text, voice)`, two numbers: seconds when spoken as
    # fast as it speaks, and naturally. A line that is too long for its cue then runs on. It may be left out.
    #
    # A backend that cannot make every cue says so in `refuses(request)`: why it cannot make this one, as the end of a
    # sentence ("has no recording of a cow"), "" for one that it can; of `visual` it is told nothing then. What it
    # refuses is asked of the next backend in the preset's order; what all refuse, of the preset's `backend` all the
    # same, which makes what comes nearest, or silence, and says so in the take's notes. Without it, a backend makes
    # whatever it is asked for.
    #
    # A backend whose takes are under no licence of a package or voice says in `licence` under which they are, or where
    # that is found, in a few words.
    #
    # A backend with `in_turn = True` is told each request's `turn`, and its takes may depend on it.
    #
    # What a film's features depend on beside the film is the weights, or what a backend says in `sees`: features are
    # kept under it, and backends of one package that say the same share one encoder.

    def encoder(self) -> FrameEncoder:
        """A fresh encoder for one film."""
        ...

    def render(self, requests: Sequence[CueRequest]) -> Iterator[Take]:
        """One take per request, as each is ready (in any order). Deterministic in the request alone."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class BackendIdentity:
    """What is known of a backend before it is opened, and is the same once it is."""

    weights_digest: str
    voices: tuple[str, ...]
    voice_facts: Mapping[str, VoiceFacts] = field(default_factory=dict)
    """Of some of the voices, as `Backend.voices` says."""
    sees: str = ""
    """What the encoder's features depend on, as `Backend` says; "" for the weights."""
    problems: tuple[str, ...] = ()
    """Sentences: what was found and is of no use, such as a file that is no voice."""

    @property
    def languages(self) -> dict[str, str]:
        """What voices speak, of which anything is known."""
        return {voice: facts.language for voice, facts in self.voice_facts.items() if facts.language}

    @property
    def sexes(self) -> dict[str, str]:
        """All voices, each with its sex; "" where nothing is known of it."""
        return {voice: self.voice_facts[voice].sex if voice in self.voice_facts else "" for voice in self.voices}


@dataclass(frozen=True, slots=True)
class BackendOffer:
    """What a plugin registers; making one must not import torch."""

    name: str
    priority: int
    """`auto` takes the usable offer with the highest; one of 0, which cannot make every cue, only by name."""
    open: Callable[[GenerationSettings], Backend]
    """Imports what is heavy and loads the weights."""
    unavailable: str | None = None
    """Why it cannot run here, as a sentence the user reads; None when it can."""
    identify: Callable[[GenerationSettings], BackendIdentity] | None = None
    """Says what `open` would open, at once and without importing anything heavy: films that are finished are then
    recognised without it. None where only opening can tell."""
    lacks: Callable[[GenerationSettings, str], str] | None = None
    """Says what a cue's `sound` names that is not there, such as a recording, as the end of a sentence ("has no file
    Door_03.wav"), "" for nothing, without opening the backend; raises what `identify` does. None where nothing can be
    named so."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechEvidence:
    """What a detector may look at."""

    film: Path
    duration: Span
    lines: tuple[Line, ...] | None
    """The script's lines; None without a script."""
    audio: Callable[[int], AudioClip] | None
    """Decodes what is listened to, mono at the given rate: a track or channel by itself where there are several. None
    when the film has no sound."""
    mouths: tuple[MouthTrack, ...]
    """Mouths seen in the picture."""
    script: Path | None = None
    """Where `lines` came from, for the sentence that the user reads."""
    audio_blocks: Callable[[int], Iterator[Samples]] | None = None
    """The same in blocks (1, n) of any length, for detectors that need not hold a whole film in memory."""


class SpeechDetector(Protocol):
    """Finds who speaks when."""

    name: str

    def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]: ...


@dataclass(frozen=True, slots=True)
class SpeechSettings:
    """The `[speech]` section of a preset."""

    source: str = "auto"
    """`auto`, `none`, or the name of a detector: `script`, `pyannote`, `silero`, `lips`, ..."""
    pyannote_model: str = ""
    """Folder, checkpoint file or hub id of a pyannote pipeline or segmentation model; "" leaves pyannote out."""
    min_s: float = 0.3
    """Shorter segments are dropped (those found by audio or lips)."""


@dataclass(frozen=True, slots=True)
class DetectorOffer:
    """What a plugin registers for speech detection."""

    name: str
    priority: int
    """`auto` takes the usable offer with the highest."""
    open: Callable[[SpeechSettings], SpeechDetector]
    unavailable: Callable[[SpeechEvidence, SpeechSettings], str | None]
    """Why it cannot work on this film, as a sentence; None when it can."""


class Recogniser(Protocol):
    """Says in words what a picture shows."""

    name: str
    digest: str
    """sha256 over the weights, and over whatever else decides what it says: part of an analysis's address."""

    def recognise(self, pictures: Sequence[npt.NDArray[np.uint8]]) -> Sequence[Mapping[str, float]]:
        """For each picture, RGB of shape (height, width, 3), its labels with confidences, which sum to 1 at most.

        A picture's labels depend on it alone, not on the others. Labels that are next to impossible may be left out.
        """
        ...


@dataclass(frozen=True, slots=True)
class RecogniserSettings:
    """What opening a recogniser may depend on."""

    clip: str = "openai/clip-vit-base-patch16"
    """A folder, or a hub id that the hub's cache holds, as in `GenerationSettings`. Nothing is downloaded."""
    words: tuple[str, ...] = ()
    """What may be seen, in words, for a recogniser that knows no labels of its own."""


@dataclass(frozen=True, slots=True)
class RecogniserOffer:
    """What a plugin registers for looking; making one must not import torch."""

    name: str
    priority: int
    """`auto` takes the usable offer with the highest."""
    open: Callable[[RecogniserSettings], Recogniser]
    """Imports what is heavy and loads the weights. Raises BackendUnavailable where they are not what they should be."""
    unavailable: Callable[[RecogniserSettings], str | None]
    """Why it cannot work here, as a sentence that the user reads; None when it can."""
    identify: Callable[[RecogniserSettings], str]
    """The digest that the recogniser has once it is open, at once and without importing anything heavy."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a recogniser said of one picture of a film."""

    sample: int
    """When, on the film's clock."""
    labels: Mapping[str, float]
    """Label -> confidence."""
    thing: int | None = None
    """Number of the moving thing whose crop was looked at; None: the whole picture."""
