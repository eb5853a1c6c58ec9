"""Quality against evaluations, as docs/sampling.md shows it: `python benchmarks/sampling_quality.py [--cues N]`.

Each way of sampling the starter is held to the tightly solved equation (dopri5 at 1e-6, float32): the latent's relative
error and the distance of the log-mel. What of it can be heard: sentences recognised out of those asked (PocketSphinx, a
grammar of the fifty), and onsets of drawn strikes (F1 within 60 ms).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from vssflow_cpu.engine import open_engine
from vssflow_dit.engine import Engine
from vssflow_dit.evaluation.heldout import SENTENCES
from vssflow_dit.evaluation.renders import line_request, takes
from vssflow_dit.evaluation.strikes import films, matched, onsets
from vssflow_dit.evaluation.word_errors import closed_set_accuracy
from vssflow_dit.flow import SAMPLERS, Guidance, dopri5, time_grid
from vssflow_dit.model import Sampling, VSSFlow
from vssflow_dit.transformer.conditions import Condition
from vssflow_dit.transformer.packed_field import PackedField
from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.progress import silent

DB = 20 / np.log(10)
DEFAULT = GenerationSettings(sampler="adams")
"""Of weights that were taught no few steps."""
FEW = GenerationSettings(sampler="distilled")
EVEN = {"time_shift": 1.0, "time_stretch": 1.0}
WAYS: list[GenerationSettings] = [
    replace(DEFAULT, sampler="euler", steps=10, **EVEN),
    replace(DEFAULT, sampler="midpoint", steps=8, **EVEN),
    replace(DEFAULT, sampler="heun", steps=8, **EVEN),
    replace(DEFAULT, sampler="adams", steps=10, **EVEN),
    replace(DEFAULT, sampler="adams", steps=16, **EVEN),
    replace(DEFAULT, sampler="midpoint", steps=5),
    replace(DEFAULT, sampler="midpoint", steps=8),
    replace(DEFAULT, sampler="heun", steps=5),
    replace(DEFAULT, steps=6),
    replace(DEFAULT, steps=8),
    DEFAULT,
    replace(DEFAULT, steps=12),
    replace(DEFAULT, steps=16),
    replace(DEFAULT, guidance_to=0.6),
    replace(DEFAULT, guidance_from=0.1),
    replace(DEFAULT, guidance_schedule="falling"),
    replace(DEFAULT, guidance_schedule="rising"),
    replace(DEFAULT, guidance=1.0, sound_guidance=1.0),
    FEW,
]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A cue in float32, and the solution of its equation."""

    request: CueRequest
    noise: Tensor
    engine: Engine
    solution: Tensor

    def condition(self, model: VSSFlow) -> Condition:
        ready = self.engine._front.streams(self.request)
        return model.condition(ready.n_tokens, **ready.values)

    def scale(self, settings: GenerationSettings) -> float:
        return settings.guidance if self.request.kind == "speech" else settings.sound_guidance


def problems(n: int) -> list[Problem]:
    """Lines of every voice, and sounds of every kind under drawn motion."""
    engine = Engine("cpu", torch.device("cpu"), DEFAULT, torch.float32, 1)
    struck = films(engine, n, silent)
    found = []
    for k in range(n):
        line = line_request(k, SENTENCES[k], engine.voices[k % len(engine.voices)])
        sound = engine.sounds[k % len(engine.sounds)]
        for request in (line, replace(struck[k].request, sound=sound)):
            ready = engine._front.streams(request)
            noise = torch.randn(ready.n_tokens, 128, generator=torch.Generator().manual_seed(request.seed))
            problem, model = Problem(request, noise, engine, noise), engine._model
            scales = [problem.scale(DEFAULT)]
            field = PackedField(model.unified.dit, [problem.condition(model)], scales, model.config.window_tokens)
            found.append(replace(problem, solution=dopri5(field, noise, time_grid(1), 1e-6)))
    return found


def errors(all_problems: list[Problem], settings: GenerationSettings) -> tuple[list[float], float]:
    """Relative errors of the latents, and the mean distance of the log-mels in dB."""
    found, distances = [], []
    model = Engine("cpu", torch.device("cpu"), settings, torch.float32, 1)._model
    when = Guidance(settings.guidance_from, settings.guidance_to, settings.guidance_schedule)
    sampling = Sampling(settings.sampler, settings.steps, settings.time_shift, settings.time_stretch, when)
    for problem in all_problems:
        scales = [problem.scale(settings)]
        [latent] = model.sample_all([problem.noise.T], [problem.condition(model)], scales, sampling)
        latent = latent.T
        found.append(float((latent - problem.solution).norm() / problem.solution.norm()))
        mel, wanted = (problem.engine._model.mel(x.T[None]) for x in (latent, problem.solution))
        distances.append(float((mel - wanted).abs().mean()) * DB)
    return found, float(np.mean(distances))


def heard(settings: GenerationSettings, n: int) -> tuple[float, float]:
    """(share of sentences recognised, F1 of onsets) through the engine as it renders."""
    backend = open_engine(settings)
    lines = [line_request(k, SENTENCES[k], backend.voices[k % len(backend.voices)]) for k in range(2 * n)]
    struck = films(backend, 2 * n, silent)
    hits = wanted = found = 0
    for film, wave in zip(struck, takes(backend, [film.request for film in struck], "", silent).waves, strict=True):
        at = onsets(wave, 16_000)
        hits, wanted, found = hits + matched(film.times_s, at, 0.06), wanted + len(film.times_s), found + len(at)
    said = [(wave, k) for k, wave in enumerate(takes(backend, lines, "", silent).waves)]
    return closed_set_accuracy(said, SENTENCES), 2 * hits / (wanted + found)


def in_words(settings: GenerationSettings) -> str:
    if settings == FEW:
        return "**default**: distilled"
    words = [f"{settings.sampler} {settings.steps}"]
    if (settings.time_shift, settings.time_stretch) != (1.0, 1.0):
        words.append(f"shift {settings.time_shift:g}, stretch {settings.time_stretch:g}")
    if (settings.guidance_from, settings.guidance_to) != (0.0, 1.0):
        words.append(f"guidance {settings.guidance_from:g} to {settings.guidance_to:g}")
    if settings.guidance_schedule != "constant":
        words.append(f"guidance {settings.guidance_schedule}")
    if settings.guidance == 1.0:
        words.append("no guidance")
    return ("**without them**: " if settings == DEFAULT else "") + ", ".join(words)


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cues", type=int, default=10, help="lines, and as many sounds; twice as many are listened to")
    chosen = parser.parse_args()
    all_problems = problems(chosen.cues)
    print("| sampling | evaluations | latent error, mean | worst | log-mel, dB | sentences | onset F1 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for settings in WAYS:
        latents, distance = errors(all_problems, settings)
        words, f1 = heard(settings, chosen.cues)
        evaluations = "4 of one pass"
        if settings != FEW:
            evaluations = f"{settings.steps * (SAMPLERS[settings.sampler].per_step or 0)}"
        print(
            f"| {in_words(settings)} | {evaluations} | {np.mean(latents):.1%} | {max(latents):.1%} | {distance:.2f} | "
            f"{words:.0%} | {f1:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
