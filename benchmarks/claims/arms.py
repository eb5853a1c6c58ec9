"""The models that are compared, and the two ways in which joint training is helped."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from vssflow_dit.config import DiTConfig, ModelConfig, config_of
from vssflow_dit.sound.codec import Codec
from vssflow_dit.training.examples import Drawing
from vssflow_dit.training.joint import FlowLoss, initialise
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.dit import Block, SwiGLU
from vssflow_dit.transformer.rows import RowLayout
from vssflow_dit.transformer.unified import UnifiedModel

SIZE = DiTConfig(
    width=192, depth=4, heads=3, mlp_width=512, cross_width=96, cross_heads=3, time="token", qk_norm=True,
    rotary_fraction=1.0,
)  # fmt: skip
WINDOW_S, BATCH = 3.0, 16
TASKS = ("speech", "sound")
VOICES = ("rms", "slt")
SOUNDS = (
    "wood", "metal", "glass_clink", "ball_bounce", "footsteps_gravel", "door", "keys_coins", "splash",
    "bell", "dog", "bird_call",
    "car_engine", "whoosh", "saw", "cloth", "helicopter",
    "rain", "wind", "fire", "birdsong", "stream", "applause", "clock_tick", "crowd",
)  # fmt: skip
"""Few enough to be learned in minutes: of strikes, of calls, of a speed, of nothing."""
SPEECH, SOUND, BOTH = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.5, 0.5, 0.0)
CHOSEN = frozenset({"phoneme", "mouth", "motion"})
"""What the paper joins to the latent: text, lip and sync."""
MEMORY = 0.97
"""How much of a task's running mean is kept at each update."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One model of the study."""

    title: str
    shares: tuple[float, float, float]
    """Of speech, sound, and both at once, see `Drawing`."""
    times: int = 1
    """Its updates, in multiples of N."""
    joined: frozenset[str] = CHOSEN
    """Streams that are joined to the latent; the others are attended to."""
    balanced: bool = False
    parts: bool = False
    scanned_as: str = ""
    """The arm whose learning rate it takes; its own where empty."""

    @property
    def tasks(self) -> tuple[str, ...]:
        return tuple(task for task, share in zip(TASKS, self.shares, strict=False) if share > 0)

    def examples(self, updates: int) -> dict[str, int]:
        """Windows of each task (or of both at once) that so many updates see."""
        return {task: round(updates * BATCH * share) for task, share in zip(TASKS, self.shares, strict=False) if share}

    def drawing(self, seed: int) -> Drawing:
        return Drawing(batch=BATCH, window_s=WINDOW_S, shares=self.shares, mixed=0.0, seed=seed)


SHORT = Drawing().shares
COMPARED: dict[str, Arm] = {
    "speech": Arm("speech alone", SPEECH),
    "sound": Arm("sound alone", SOUND),
    "joint": Arm("joint", BOTH, 2),
    "joint-balanced": Arm("joint, tasks balanced", BOTH, 2, balanced=True),
    "joint-parts": Arm("joint, feed-forward for each task", BOTH, 2, parts=True),
    "speech-twice": Arm("speech alone, twice the work", SPEECH, 2, scanned_as="speech"),
    "sound-twice": Arm("sound alone, twice the work", SOUND, 2, scanned_as="sound"),
    "joint-short": Arm("joint, half of the work (lip + sync + text)", SHORT, scanned_as="joint"),
}
ROUTED: dict[str, Arm] = {
    name: Arm(title, SHORT, joined=frozenset(joined.split()), scanned_as="joint")
    for name, title, joined in (
        ("none", "none", ""),
        ("all", "all", "phoneme mouth motion voice sound"),
        ("lip-sync", "lip + sync", "mouth motion"),
        ("video-text", "video + text", "sound phoneme"),
    )
}
"""As `joint-short`, but for what is joined to the latent."""
ARMS = COMPARED | ROUTED


class StudyModel(UnifiedModel):
    """Attended streams that follow time say when: a sinusoid of the rotary embedding's frequencies on each token."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__(config)
        self.register_buffer("usual", torch.zeros(len(TASKS)))
        """The running mean of each task's error, 0 before the first; here it is saved with the model."""

    def condition(self, values: Mapping[str, Tensor | None], n_tokens: int) -> Condition:
        plain = super().condition(values, n_tokens)
        width = plain.cross.shape[2]
        frequencies = 10_000.0 ** (-torch.arange(0, width, 2) / width)
        angles = torch.arange(n_tokens)[:, None] * frequencies
        sinusoid = torch.cat((angles.sin(), angles.cos()), dim=1)
        places = [sinusoid if timed else torch.zeros(1, width) for timed in plain.timed]
        return replace(plain, cross=plain.cross + torch.cat(places)) if places else plain


def speaks(values: Mapping[str, Tensor | None]) -> Tensor:
    """Which examples (B,) are speech: what has a voice."""
    voice = values["voice"]
    assert voice is not None
    return voice[:, 0] > 0


class PartedModel(StudyModel):
    """Each task has feed-forward layers of its own, which begin alike; whose turn it is, the last conditions tell.

    An example without conditions, in training or for guidance, stays with its task.
    """

    def condition(self, values: Mapping[str, Tensor | None], n_tokens: int) -> Condition:
        for part in self.modules():
            if isinstance(part, TaskFeedForward):
                part.speaks = speaks(values)
        return super().condition(values, n_tokens)

    def part(self) -> None:
        for block in self.dit.blocks:
            assert isinstance(block, Block)
            assert isinstance(block.mlp, SwiGLU)
            block.mlp = TaskFeedForward(block.mlp)  # type: ignore[assignment]


class TaskFeedForward(nn.Module):
    """Speech through one, sounds through the other."""

    def __init__(self, plain: SwiGLU) -> None:
        super().__init__()
        self.speech, self.sound = plain, copy.deepcopy(plain)
        self.speaks = torch.ones(1, dtype=torch.bool)

    def forward(self, x: Tensor, layout: RowLayout) -> Tensor:
        """x (B, n, width) as `speaks` (B,) has it; where sequences lie end to end, they are of one task."""
        speaking, others = self.speaks.nonzero()[:, 0], (~self.speaks).nonzero()[:, 0]
        parts = ((self.speech, speaking), (self.sound, others))
        made = [part(x[examples], layout) for part, examples in parts if len(examples)]
        return torch.cat(made)[torch.argsort(torch.cat((speaking, others)))]


class BalancedLoss(FlowLoss):
    """Each task's error over its running mean: both speak equally loudly, whatever noise neither can know."""

    def error(self, data: Tensor, values: dict[str, Tensor], noise: Tensor, t: Tensor, keep: Tensor) -> Tensor:
        errors = self.errors(data, values, noise, t, keep)
        usual, speech = self.model.get_buffer("usual"), speaks(values)
        weighed = []
        for k, own in enumerate((errors[speech], errors[~speech])):
            if len(own):
                now = own.detach().mean()
                usual[k] = torch.lerp(now, usual[k], MEMORY) if usual[k] > 0 else now
                weighed.append(own / usual[k].clone())
        return torch.cat(weighed).mean()


def study_config(arm: Arm) -> ModelConfig:
    """The starter's streams at SIZE, for VOICES and SOUNDS, by the arm's routes."""
    starter = config_of("starter")
    known = {"voice": len(VOICES), "sound": len(SOUNDS)}
    streams = tuple(
        replace(
            s, size=known.get(s.name, s.size), route="concat" if s.name in arm.joined else "cross", also=(),
            width=SIZE.cross_width if s.once else s.width,
        )
        for s in starter.streams
    )  # fmt: skip
    return replace(
        starter, name="claims", dit=SIZE, streams=streams, window_s=WINDOW_S, voices=VOICES, sounds=SOUNDS,
        voice_facts={},
    )  # fmt: skip


def model_of(arm: Arm, seed: int, codec: Codec) -> StudyModel:
    """Fresh; of one seed, arms differ only in what they are."""
    torch.manual_seed(seed)
    model = (PartedModel if arm.parts else StudyModel)(study_config(arm))
    initialise(model)
    if isinstance(model, PartedModel):
        model.part()
    model.codec.load_state_dict(codec.state_dict())
    return model


def loss_of(arm: Arm, model: StudyModel, dropout: float) -> FlowLoss:
    return (BalancedLoss if arm.balanced else FlowLoss)(model, dropout)
