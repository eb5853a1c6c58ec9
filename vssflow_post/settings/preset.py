"""What a preset says: one frozen section per stage, its limits, and a digest of the whole.

`files` reads presets from files; a stage's function gets its own section only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePath

from vssflow_post.audio import BG, LAYOUTS, MX, PD, STEMS
from vssflow_post.backend import GenerationSettings, SpeechSettings
from vssflow_post.timeline import BED, FOLLOWS, LAYERS, MOST_OF_A_PROMPT, SPOT, USUAL_DUCK_DB

AUTO = "auto"
ROUTES = ("speech", "sound", "bed", "follow", "spot")
"""Keys of `[generate]` that say who is asked for what."""


@dataclass(frozen=True, slots=True)
class PictureSettings:
    """`[picture]`: how cuts are found, and who says what is seen."""

    shot_detector: str = "adaptive"
    """`adaptive` (follows camera movement) or `content` (fixed threshold)."""
    min_scene_s: float = 0.4
    """A shot is at least this long, in seconds."""
    recogniser: str = "auto"
    """`auto`, or the name of a recogniser: `imagenet`, `clip`, ..."""


@dataclass(frozen=True, slots=True)
class DialogueSettings:
    """`[dialogue]`: where the dialogue stem comes from."""

    source: str = "auto"
    """`generate` speaks the script, `production` keeps the film's own speech, `none` has no dialogue;
    `auto` generates where there is a script and keeps production speech where there is none."""
    production: str = "whole"
    """How much of kept production sound is heard: `whole` (all of it, room and all, ducked under generated lines) or
    `speech` (only while somebody speaks)."""
    tracks: tuple[int, ...] = ()
    """Numbers, from 1, of the film's audio tracks that are listened to and kept; () listens to all of them and keeps
    those in which somebody speaks. A preset may write `"auto"` for ()."""


@dataclass(frozen=True, slots=True)
class CueSettings:
    """`[cues]`: how the film is cut into cues."""

    effects_under_speech: bool = True
    """Whether effects go on, as cues of their own, while somebody speaks."""
    sound: str = ""
    """Sound prompt of every sound cue that has none of its own; it wins over what is seen."""
    picture: bool = True
    """Whether what the picture shows decides what is heard, where nobody prompts."""
    picture_threshold: float = 0.08
    """How sure a sound must be that what is seen asks for, 0 to 1; below it nothing is claimed."""
    picture_sounds: str = ""
    """A table of yours, as CSV, of what is to be heard where a label is seen; its rows win over those shipped."""
    effects: str = "auto"
    """Whether effects are made that no cue asks for: `always`, `never`, or `auto`, where the film's own sound is not
    kept whole; a prompt for all sounds asks for them."""


@dataclass(frozen=True, slots=True)
class GenerateSection(GenerationSettings):
    """`[generate]`: which backend renders, and how."""

    backend: str = "auto"
    """`auto`, or the name of a backend."""
    speech: tuple[str, ...] = (AUTO,)
    """Backends that are asked for lines, in this order, before `backend`, which makes what they cannot. A preset writes
    one name or a list; `"auto"` is `backend` itself."""
    sound: tuple[str, ...] = (AUTO,)
    """The same for sounds."""
    bed: tuple[str, ...] = ()
    """The same for one layer of sounds, as are the next two; () is `sound`."""
    follow: tuple[str, ...] = ()
    spot: tuple[str, ...] = ()
    seed: int = 0
    """The number all randomness of a render comes from."""
    takes: int = 1
    """How many takes are made of each cue, to choose from; the first is heard until the cue sheet says another."""

    def order(self, kind: str, layer: str = "") -> tuple[str, ...]:
        """Who is asked for cues of a kind (`speech` or `sound`) and layer, first to last; `backend` at the end."""
        of_layer = {BED: self.bed, FOLLOWS: self.follow, SPOT: self.spot}.get(layer, ())
        wanted = self.speech if kind == "speech" else of_layer or self.sound
        return tuple(dict.fromkeys((*(self.backend if name == AUTO else name for name in wanted), self.backend)))

    @property
    def backends(self) -> tuple[str, ...]:
        """Everybody who is asked for anything, `backend` first."""
        orders = [self.order("speech"), *(self.order("sound", layer) for layer in ("", *LAYERS))]
        return tuple(dict.fromkeys((self.backend, *(name for order in orders for name in order))))


@dataclass(frozen=True, slots=True)
class MixSettings:
    """`[mix]`: how stems are laid."""

    layout: str = "stereo"
    """`mono`, `stereo` or `5.1` (L R C LFE Ls Rs)."""
    background_stem: bool = False
    """Whether ambience beds get a stem of their own, BG, apart from the effects."""
    production_stem: bool = False
    """Whether production sound gets a stem of its own, PD, apart from generated dialogue."""
    dialogue_gain_db: float = 0.0
    effects_gain_db: float = -6.0
    dialogue_pan: str = "centre"
    """`centre`, or `speaker`: where the speaker's face is on screen."""
    effects_pan_width: float = 0.7
    """How far effects follow what moves on screen: 0 keeps them in the centre, 1 lets them reach the loudspeakers."""
    duck_db: float = 4.0
    """By how much effects step back while somebody speaks."""
    duck_attack_ms: float = 120.0
    """How long they take to step back; they are down when the first word comes."""
    duck_release_ms: float = 400.0
    """How long they take to come back after the last word."""
    production_duck_db: float = 12.0
    """By how much the film's own sound, kept whole, steps back under a generated line."""
    fade_ms: float = 10.0
    """Fade at both ends of each take, in milliseconds."""
    ambience_crossfade_ms: float = 400.0
    """Crossfade between two ambience beds that meet, at a cut or within a scene; 0 fades each for itself."""
    room_tone: bool = True
    """Whether each scene's own room tone lies under its effects, so that no gap is digital silence."""
    room_tone_db: float = -20.0
    """The loudest room tone, against the mean power of the scene's effects."""

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the stems that are delivered beside `MIX` of every film; one with music has `MX` too."""
        wanted = {BG: self.background_stem, PD: self.production_stem, MX: False}
        return tuple(name for name in STEMS if wanted.get(name, True))


@dataclass(frozen=True, slots=True)
class LoudnessSettings:
    """`[loudness]`: what the mix must measure (ITU-R BS.1770)."""

    specification: str = "EBU R 128"
    """Name of the delivery specification, for the report."""
    clause: str = "EBU R 128-2020: target level -23.0 LUFS, QC tolerance 0.2 LU, maximum true peak -1 dBTP"
    """Document and place that ask for it, for the report."""
    measure: str = "programme"
    """`programme`: gated loudness of the whole mix; `dialogue`: of the stretches in which somebody speaks."""
    target_lufs: float = -23.0
    """What the measured loudness is brought to."""
    ceiling_dbtp: float = -1.0
    """Highest true peak."""
    tolerance_lu: float = 0.2
    """How far from the target a mix may be and still pass; the mix itself aims at the target."""
    max_limiting_db: float = 6.0
    """The most the limiter may take off a peak, in dB; a mix that would need more stays below its target."""
    must_hit_target: bool = False
    """Whether this is a delivery that must hit its target: then the limiter may take as much as that needs."""


@dataclass(frozen=True, slots=True)
class DeliverSettings:
    """`[deliver]`: what lands beside the stems."""

    picture: bool = True
    """Whether the film is delivered with the mix (its picture stream copied)."""
    me: bool = False
    """Whether music and effects are delivered without dialogue, and not ducked by it, as `_ME` with its parts."""
    audio_codec: str = "aac"
    """How the mix lies in the film's copy: `aac`, `pcm` (QuickTime), `flac` or `opus` (Matroska)."""
    aac_kbps: int = 320
    """Bit rate of the mix as AAC."""
    opus_kbps: int = 256
    """Bit rate of the mix as Opus."""
    keep_audio: bool = False
    """Whether the film's own audio tracks stay, after the mix."""
    language: str = ""
    """ISO 639-2 code of the mix's language; "" takes that of the production track, where it has one."""
    title: str = "Mix"
    """Title of the mix's track."""
    takes: bool = False
    """Whether each cue is also delivered as a WAV of its own, which the timelines then refer to."""
    handles_s: float = 1.0
    """How far such a WAV goes on before and after its cue, where the film does, in seconds."""
    subtitles: bool = True
    """Whether the lines as placed are delivered as SRT and WebVTT."""
    captions: bool = True
    """Whether they keep what else the script's subtitles show, sounds and music (SDH); false: words alone."""
    edl: bool = False
    """Whether the timeline is also delivered as CMX 3600 edit decision lists."""
    fcpxml: bool = False
    """Whether it is also delivered as FCPXML."""
    aaf: bool = False
    """Whether it is also delivered as AAF, for Pro Tools and Media Composer."""
    reaper: bool = False
    """Whether it is also delivered as a Reaper project."""
    review: bool = False
    """Whether there is also a page for a mail, with a small picture and the mix inside."""
    ixml: bool = False
    """Whether the WAVs carry an iXML chunk (timecode rate, track names) beside bext."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """`[worker]`: how long to be patient with the process that works on a film. Changes no deliverable."""

    silence_s: float = 120.0
    """A worker that has told no progress for so long is taken for hung, and replaced."""
    silence_factor: float = 10.0
    """The same as a multiple of the film's length; the longer of the two counts."""
    gpus: float = 0.0
    """Share of a GPU that each worker on a cluster takes; 0 leaves GPUs out of account."""


@dataclass(frozen=True, slots=True)
class CastMember:
    """`[cast]`: what is set for one character, in every film."""

    voice: str = ""
    """One of the backend's voices; "" leaves the choice to the rule."""
    gain_db: float = 0.0
    """Level of all lines of the character, before the mix is levelled."""
    pan: float = 0.0
    """Where the lines are heard: -1 left, 0 centre, 1 right."""


@dataclass(frozen=True, slots=True)
class MusicSettings:
    """One piece of `[music]`: a recording that lies under every film."""

    file: str = ""
    """Its path, from where the tool runs; in a preset file it is told from the preset's folder."""
    start_s: float = 0.0
    """Where in the film it starts, in seconds."""
    end_s: float = 0.0
    """Where it ends; 0 lets it go on as far as it, or the film, goes."""
    in_s: float = 0.0
    """Where in the file it starts, in seconds."""
    gain_db: float = 0.0
    duck_db: float = USUAL_DUCK_DB
    """By how much it steps back while somebody speaks."""
    fade_in_s: float = 0.0
    """Seconds; 0 takes `mix.fade_ms`."""
    fade_out_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Preset:
    """All settings of a render, resolved."""

    name: str = "film"
    """What the user called it: a name, or a path."""
    description: str = ""
    picture: PictureSettings = field(default_factory=PictureSettings)
    speech: SpeechSettings = field(default_factory=SpeechSettings)
    dialogue: DialogueSettings = field(default_factory=DialogueSettings)
    cues: CueSettings = field(default_factory=CueSettings)
    generate: GenerateSection = field(default_factory=GenerateSection)
    cast: Mapping[str, CastMember] = field(default_factory=dict)
    """By name of the character."""
    music: tuple[MusicSettings, ...] = ()
    """What lies under every film whose cue sheet has no music of its own."""
    mix: MixSettings = field(default_factory=MixSettings)
    loudness: LoudnessSettings = field(default_factory=LoudnessSettings)
    deliver: DeliverSettings = field(default_factory=DeliverSettings)
    worker: WorkerSettings = field(default_factory=WorkerSettings)

    def as_table(self) -> dict[str, dict[str, object]]:
        """The settings by section, as a preset file would say them, but for its music."""
        table = asdict(self)
        cast = {name: _brief(member) for name, member in self.cast.items()}
        return {**{section: dict(table[section]) for section in SECTIONS}, "cast": cast}

    @property
    def digest(self) -> str:
        """sha256 over all settings that can change a deliverable (hex)."""
        table = self.as_table()
        del table["generate"]["threads"], table["worker"]
        music = [{**asdict(piece), "file": PurePath(piece.file).name} for piece in self.music]
        return hashlib.sha256(json.dumps({**table, "music": music}, sort_keys=True).encode()).hexdigest()


def _brief(member: CastMember) -> object:
    """A member of the cast as a preset would say it: the voice alone where nothing else is set."""
    return member.voice if member == CastMember(member.voice) else asdict(member)


SECTIONS: Mapping[str, type] = {
    "picture": PictureSettings,
    "speech": SpeechSettings,
    "dialogue": DialogueSettings,
    "cues": CueSettings,
    "generate": GenerateSection,
    "mix": MixSettings,
    "loudness": LoudnessSettings,
    "deliver": DeliverSettings,
    "worker": WorkerSettings,
}
"""The sections with fixed keys; `[cast]` is a free table, and `[[music]]` may be there several times."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "picture.shot_detector": ("adaptive", "content"),
    "dialogue.source": ("auto", "generate", "production", "none"),
    "generate.sampler": ("distilled", "euler", "midpoint", "heun", "adams", "dopri5"),
    "generate.guidance_schedule": ("constant", "falling", "rising"),
    "dialogue.production": ("speech", "whole"),
    "cues.effects": ("auto", "always", "never"),
    "mix.layout": tuple(LAYOUTS),
    "mix.dialogue_pan": ("centre", "speaker"),
    "loudness.measure": ("programme", "dialogue"),
    "deliver.audio_codec": ("aac", "pcm", "flac", "opus"),
}
"""Keys that take one of a few words."""

MOST_CHARACTERS: Mapping[str, int] = {"cues.sound": MOST_OF_A_PROMPT}
"""Of texts that go into a cue sheet, which would not be read with more."""

RANGES: Mapping[str, tuple[float, float]] = {
    "picture.min_scene_s": (0.0, 60.0),
    "cues.picture_threshold": (0.0, 1.0),
    "speech.min_s": (0.0, 10.0),
    "generate.steps": (1, 1000),
    "generate.time_shift": (0.1, 10.0),
    "generate.time_stretch": (0.5, 3.0),
    "generate.guidance_from": (0.0, 1.0),
    "generate.guidance_to": (0.0, 1.0),
    "generate.guidance": (0.0, 30.0),
    "generate.sound_guidance": (0.0, 30.0),
    "generate.threads": (0, 1024),
    "generate.seed": (0, 2**63 - 1),
    "generate.takes": (1, 9),
    "mix.dialogue_gain_db": (-60.0, 24.0),
    "mix.effects_gain_db": (-60.0, 24.0),
    "mix.effects_pan_width": (0.0, 1.0),
    "mix.duck_db": (0.0, 40.0),
    "mix.production_duck_db": (0.0, 60.0),
    "mix.duck_attack_ms": (0.0, 5000.0),
    "mix.duck_release_ms": (0.0, 10000.0),
    "mix.fade_ms": (0.0, 1000.0),
    "mix.ambience_crossfade_ms": (0.0, 5000.0),
    "mix.room_tone_db": (-80.0, 0.0),
    "loudness.target_lufs": (-60.0, -5.0),
    "loudness.ceiling_dbtp": (-20.0, 0.0),
    "loudness.tolerance_lu": (0.05, 5.0),
    "loudness.max_limiting_db": (0.0, 30.0),
    "dialogue.tracks": (1, 256),
    "deliver.aac_kbps": (32, 576),
    "deliver.opus_kbps": (16, 510),
    "deliver.handles_s": (0.0, 60.0),
    "worker.silence_s": (1.0, 1e6),
    "worker.silence_factor": (0.0, 1000.0),
    "worker.gpus": (0.0, 8.0),
}
"""Lowest and highest value of every number, both allowed."""

MUSIC_RANGES: Mapping[str, tuple[float, float]] = {
    "start_s": (0.0, 604800.0),
    "end_s": (0.0, 604800.0),
    "in_s": (0.0, 604800.0),
    "gain_db": (-120.0, 24.0),
    "duck_db": (0.0, 60.0),
    "fade_in_s": (0.0, 3600.0),
    "fade_out_s": (0.0, 3600.0),
}
"""The same for a piece of music; they are those of a cue."""

CAST_RANGES: Mapping[str, tuple[float, float]] = {"gain_db": (-60.0, 24.0), "pan": (-1.0, 1.0)}
"""The same for a member of the cast."""
