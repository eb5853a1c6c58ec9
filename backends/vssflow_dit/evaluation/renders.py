"""The sounds that are compared: through codec and vocoder, and from the conditions alone as `render` makes them.

And how fast they were made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from vssflow_dit.config import MEL_FRAMES_PER_TOKEN
from vssflow_dit.evaluation.heldout import JUDGED_HZ, Clip, Waveform, judged
from vssflow_dit.evaluation.measures import MODEL, Measure
from vssflow_dit.model import VSSFlow
from vssflow_dit.sound.mel import log_mel
from vssflow_dit.synthesis.speech import Utterance
from vssflow_post.backend import Backend, CueRequest
from vssflow_post.progress import OnProgress, Progress
from vssflow_post.timeline import Span

GROUP = "How fast is it?"
ABOUT = (
    "Seconds of sound made in a second by the engine that `render` opens, decoding included, as the machine was then."
)


@dataclass(frozen=True, slots=True, eq=False)
class Takes:
    """What a backend made of requests, in their order."""

    waves: list[Waveform]
    seconds: float
    """What it cost."""

    @property
    def per_second(self) -> float:
        """Seconds of sound made in a second."""
        return sum(len(wave) for wave in self.waves) / JUDGED_HZ / self.seconds


def through_codec(model: VSSFlow, wave: Waveform) -> Waveform:
    """The sound as codec and vocoder give it back: what the model would reach if its latents were perfect."""
    with torch.no_grad():
        mel = log_mel(torch.from_numpy(wave)[None], model.codec.n_bands(model.config.dit.latent_channels))
        whole = mel[..., : mel.shape[2] // MEL_FRAMES_PER_TOKEN * MEL_FRAMES_PER_TOKEN]
        made = model.waveform(model.codec.decode(model.codec.encode(whole)))[0].numpy()
    return judged(made, model.rate_hz)


def takes(backend: Backend, requests: Sequence[CueRequest], stage: str, report: OnProgress) -> Takes:
    """All requests rendered; their ids must differ."""
    made: dict[str, Waveform] = {}
    seconds = 0.0
    for take in backend.render(requests):
        made[take.id] = judged(take.audio.samples[0], take.audio.rate_hz)
        seconds += take.seconds or 0.0
        report(Progress(stage, len(made), len(requests)))
    return Takes([made[request.id] for request in requests], seconds)


def line_request(number: int, text: str, voice: str) -> CueRequest:
    """A line as a subtitle gives it: its words, and a span of a usual length for so many."""
    span = Span.of_seconds(0, 0.6 + 0.33 * len(text.split()))
    return CueRequest(f"d{number}", "speech", span, seed=number, text=text, voice=voice)


def line_requests(lines: Sequence[Utterance]) -> list[CueRequest]:
    return [line_request(number, line.text, line.voice) for number, line in enumerate(lines)]


def clip_requests(clips: Sequence[Clip]) -> list[CueRequest]:
    """Each clip's class as the prompt, and its motion as the picture's."""
    return [
        CueRequest(
            f"s{number}", "sound", Span.of_seconds(0, len(clip.audio) / JUDGED_HZ), seed=number, sound=clip.name,
            visual={"motion": clip.motion},
        )
        for number, clip in enumerate(clips)
    ]  # fmt: skip


def measures(speech: Takes, sounds: Takes) -> list[Measure]:
    return [
        Measure(GROUP, f"seconds of {what} a second", "", MODEL, made.per_second, "", len(made.waves))
        for what, made in (("speech", speech), ("sounds", sounds))
    ]
