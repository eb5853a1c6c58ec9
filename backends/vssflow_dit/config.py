"""What a model is, as data: its shape, its name, the folder of its weights. Known without torch.

The configuration lies inside the checkpoint, so that a checkpoint alone says what it is; the models that this package
knows by name are files in `configs/`, where a variant says only what differs.
"""

from __future__ import annotations

import hashlib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from vssflow_post.backend import BackendIdentity, GenerationSettings, VoiceFacts
from vssflow_post.errors import UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Route = Literal["cross", "concat"]
"""How a condition reaches the model: `cross`-attended (what it is), or `concat`-enated to the latent (when it is)."""
Timing = Literal["once", "pad", "nearest", "nearest-exact"]
"""How a stream meets the tokens: one value for the whole window; at the tokens' own rate, padded with nothing; or
stretched over the window, by `torch.nn.functional.interpolate`'s two rules for the nearest neighbour."""

TOKEN_RATE_HZ = 25
"""Latent tokens a second (the paper's rate)."""
MEL_BANDS = 64
MEL_FRAMES_PER_TOKEN = 4
LATENT_CHANNELS = 128
STARTER = Path(__file__).parent / "weights"
"""The starter ships inside the package."""
CONFIGS = Path(__file__).parent / "configs"
"""A file for each model that has a name."""
INDEX, MODEL = "index.json", "model.safetensors"
VAE, VOCODER, IMAGE_ENCODER = "vae.safetensors", "vocoder.safetensors", "image_encoder.safetensors"
DURATIONS, STRIKES, FEW_STEPS = "durations.safetensors", "strikes.safetensors", "few_steps.safetensors"
"""Files of a folder of weights."""


@dataclass(frozen=True, slots=True)
class Family:
    """What models of one kind have in common, whatever their size and their streams."""

    parts: tuple[str, ...]
    """Files that a folder of their weights must hold."""
    optional: tuple[str, ...]
    """Files that it may hold besides."""
    codec: Literal["linear", "vae"]
    """Inside the model, fitted to what it is trained on; or a file of its own."""
    vocoder: Literal["sources", "hifigan"]
    """Our own, which shapes sources of sound; or AudioLDM's."""
    named: bool
    """Whether a cue has its voice and its class of sound by name; where not, by features alone."""
    one_length: bool
    """Whether the transformer always sees windows of one length, so that shapes repeat."""
    data: Literal["synthesised", "features"]
    """What it is trained on: what `model synthesise` made, or files of latents and features."""
    trained: tuple[str, ...]
    """Its parts that `model train` makes."""


FAMILIES: Mapping[str, Family] = {
    "starter": Family(
        parts=(MODEL, VOCODER, DURATIONS, STRIKES),
        optional=(FEW_STEPS,),
        codec="linear",
        vocoder="sources",
        named=True,
        one_length=False,
        data="synthesised",
        trained=("dit", "vocoder", "strikes", "durations", "few_steps"),
    ),
    "reference": Family(
        parts=(MODEL, VAE, VOCODER),
        optional=(IMAGE_ENCODER,),
        codec="vae",
        vocoder="hifigan",
        named=False,
        one_length=True,
        data="features",
        trained=("dit",),
    ),
}
"""By the front end that makes the streams of their models from a cue."""


@dataclass(frozen=True, slots=True)
class Stream:
    """One condition stream of the model."""

    name: str
    route: Route
    kind: Literal["features", "ids"]
    """`features`: float vectors, projected by a two-layer MLP where `width` differs from 0; `ids`: embedded."""
    size: int
    """Features: channels of a vector; ids: the highest id, 0 meaning "nothing"."""
    per_token: int
    """Ids: symbols per token (phonemes at 100/s are 4 a token); 0 means one symbol for the whole window."""
    width: int
    """Channels after projection or embedding (of each symbol); cross streams: the cross width."""
    timing: Timing = "pad"
    silent_zero: bool = True
    """Ids: whether 0 is embedded as zeros (the starter), or has a row of its own in the table (the reference)."""
    also: tuple[Literal["concat", "modulation"], ...] = ()
    """Further ways in of a `once` stream that is cross-attended: joined to every token, and, with t, in what modulates
    each block."""

    @property
    def once(self) -> bool:
        """Whether one value holds for the whole window."""
        return self.timing == "once" or (self.kind == "ids" and self.per_token == 0)


@dataclass(frozen=True, slots=True)
class DiTConfig:
    """Size and form of the diffusion transformer."""

    width: int
    depth: int
    heads: int
    mlp_width: int
    """Inner width of SwiGLU."""
    cross_width: int
    """Width of the cross-attended tokens."""
    cross_heads: int
    """Key/value heads of cross-attention (queries have `heads`)."""
    time: Literal["modulation", "token"]
    """How t enters: it modulates each block (starter), or is prepended as a token (reference)."""
    qk_norm: bool
    rotary_fraction: float
    """Share of each head's dimensions that rotary embeddings turn."""
    latent_channels: int = LATENT_CHANNELS
    time_frequencies: int = 128
    """Fourier features of t are twice as many."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """All that is needed to build a model and to feed it."""

    name: str
    dit: DiTConfig
    streams: tuple[Stream, ...]
    """Concatenated channels and cross-attended tokens come in this order."""
    voices: tuple[str, ...]
    sounds: tuple[str, ...]
    window_s: float
    """Longest span rendered in one piece; longer cues are rendered in overlapping windows."""
    shortest_s: float = 2.0
    """The model has seen nothing shorter: a short cue is rendered with room behind it and cut."""
    front: Literal["starter", "reference"] = "starter"
    """Which front end makes the streams from a cue: its family's name."""
    times: tuple[float, ...] = ()
    """Of a distilled model: the times, 0 to 1, between which it makes one step each, without guidance. Empty for a
    model that learned the field itself, which any sampler follows."""
    voice_facts: Mapping[str, VoiceFacts] = field(default_factory=dict)
    """Of the voices, what is known."""

    @property
    def family(self) -> Family:
        return FAMILIES[self.front]

    @property
    def window_tokens(self) -> int:
        return round(self.window_s * TOKEN_RATE_HZ)

    def tokens_for(self, duration_s: float) -> int:
        """Latent tokens that a cue is rendered with: what it covers, and no less than the model has seen."""
        return max(round(self.shortest_s * TOKEN_RATE_HZ), math.ceil(duration_s * TOKEN_RATE_HZ))

    def to_json(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ModelConfig:
        """Raises ValueError, KeyError or TypeError for a text that is no configuration."""
        return cls.from_table(json.loads(text))

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> ModelConfig:
        """The same from a parsed table, as a configuration file holds it."""
        fields = dict(table)
        fields["dit"] = DiTConfig(**fields["dit"])
        fields["streams"] = tuple(
            Stream(**{**stream, "also": tuple(stream.get("also", ()))}) for stream in fields["streams"]
        )
        fields["voices"], fields["sounds"] = tuple(fields["voices"]), tuple(fields["sounds"])
        fields["window_s"], fields["times"] = float(fields["window_s"]), tuple(fields.get("times", ()))
        if fields.get("front", "starter") not in FAMILIES:
            raise ValueError(f"no front end is called {fields['front']!r}")
        facts = fields.get("voice_facts", {})
        fields["voice_facts"] = {name: VoiceFacts(**about) for name, about in facts.items()}
        return cls(**fields)


def folder_of(name: str) -> Path:
    """The folder that a preset's `weights` means: `starter`, or a path. Raises UsageError where there is none."""
    folder = STARTER if name == "starter" else Path(name)
    if not (folder / INDEX).is_file():
        raise UsageError(f"no weights at {folder}: expected a folder with {INDEX} (or the name 'starter')")
    return folder


def index_digest(index: str) -> str:
    """The digest of weights: sha256 (hex) over the text of their index, which names every byte of every part."""
    return hashlib.sha256(index.encode()).hexdigest()


def identify(settings: GenerationSettings) -> BackendIdentity:
    """What an engine with these weights is, once it is open. Raises UsageError for a folder that holds no weights."""
    folder = folder_of(settings.weights)
    config = config_of_weights(folder)
    voices = config.voices if config.family.named else ()
    return BackendIdentity(index_digest((folder / INDEX).read_text()), voices, config.voice_facts, sees(folder, config))


def sees(folder: Path, config: ModelConfig) -> str:
    """What the features of a film depend on: for the starter the reader of strikes, which other backends may have too;
    "" for all the weights."""
    return strikes_seen(folder) if config.front == "starter" else ""


def strikes_seen(folder: Path) -> str:
    """What a reader of strikes in a folder of weights sees: see `BackendIdentity.sees`."""
    digests = json.loads((folder / INDEX).read_text())["sha256"]
    return f"strikes {digests[STRIKES]}"


def config_of_weights(folder: Path) -> ModelConfig:
    """What lies inside the model in `folder`, unverified. Raises UsageError where there is none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(folder / MODEL, framework="np") as file:
            return ModelConfig.from_json(file.metadata()["config"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{folder / MODEL} holds no model: {error}") from error


def config_names() -> list[str]:
    """Every configuration that `config_of` knows."""
    return sorted(path.stem for path in CONFIGS.glob("*.toml"))


def config_of(name: str) -> ModelConfig:
    """The configuration called `name`. Raises UsageError, naming those there are."""
    if name not in config_names():
        raise UsageError(f"no model configuration is called {name!r}; there are: {', '.join(config_names())}")
    return ModelConfig.from_table(_table(name))


def _table(name: str) -> dict[str, Any]:
    """A configuration's table; `extends` names the one it starts from, `routes` sends streams of that another way."""
    table: dict[str, Any] = tomllib.loads((CONFIGS / f"{name}.toml").read_text("utf-8"))
    if "extends" not in table:
        return table
    base = _table(table.pop("extends"))
    routes: Mapping[str, str] = table.pop("routes", {})
    unknown = set(routes) - {stream["name"] for stream in base["streams"]}
    if unknown:
        raise UsageError(f"configuration {name}: no stream is called {', '.join(sorted(unknown))}")
    for stream in base["streams"]:
        stream["route"] = routes.get(stream["name"], stream["route"])
    return {**base, **table, "name": name}
