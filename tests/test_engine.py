"""The engine on both devices: batches that change nothing, deterministic mode, and memory that runs out."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

from vssflow_cpu.engine import open_engine
from vssflow_cuda.engine import ON_PROCESSOR, CudaEngine
from vssflow_dit.engine import Engine, Ready
from vssflow_post.backend import Backend, CueRequest, GenerationSettings, Take
from vssflow_post.errors import FilmFailed
from vssflow_post.timeline import Span

TEXTS = ("Hello there.", "We have to leave the house before the storm.", "No.", "Who is it now?")


def requests() -> list[CueRequest]:
    lines = [
        CueRequest(f"d{k}", "speech", Span.of_seconds(k, k + 0.7 + 0.3 * len(text.split())), k, text, "slt")
        for k, text in enumerate(TEXTS)
    ]
    sounds = [
        CueRequest(f"s{k}", "sound", Span.of_seconds(k, k + seconds), 9 + k, sound="rain")
        for k, seconds in enumerate((2.0, 6.5))
    ]
    return [*lines, *sounds]


def samples(backend: Backend, asked: Sequence[CueRequest]) -> dict[str, np.ndarray]:
    return {take.id: take.audio.samples for take in backend.render(asked)}


@pytest.mark.parametrize("deterministic", [True, False])
def test_a_take_is_the_same_alone_in_a_batch_and_in_another_order(deterministic: bool) -> None:
    """Bit for bit in deterministic mode, within a thousandth otherwise."""
    backend = open_engine(GenerationSettings(steps=4, deterministic=deterministic))
    asked = requests()
    together, backwards = samples(backend, asked), samples(backend, asked[::-1])
    for request in asked:
        alone = samples(backend, [request])[request.id]
        for other in (together[request.id], backwards[request.id]):
            if deterministic:
                assert np.array_equal(alone, other)
            assert float(np.linalg.norm(alone - other)) <= 1e-3 * float(np.linalg.norm(alone))


def test_takes_arrive_one_for_each_request_whatever_the_batch() -> None:
    for tokens in (1, 130, 10_000):
        engine = Engine("cpu", torch.device("cpu"), GenerationSettings(steps=1), torch.float32, tokens)
        assert sorted(take.id for take in engine.render(requests())) == sorted(request.id for request in requests())


def test_each_take_says_its_share_of_the_time() -> None:
    engine = Engine("cpu", torch.device("cpu"), GenerationSettings(steps=4), torch.float32, 10_000)
    list(engine.render(requests()[:1]))
    started = time.perf_counter()
    seconds = [take.seconds or 0.0 for take in engine.render(requests())]
    assert 0.5 < sum(seconds) / (time.perf_counter() - started) <= 1.0
    assert max(seconds) < 0.7 * sum(seconds)


class Small(Engine):
    """Has memory for `fits` cues at a time."""

    fits = 1
    batches: list[int]

    def _takes(self, batch: Sequence[Ready]) -> Iterator[Take]:
        self.batches.append(len(batch))
        if len(batch) > self.fits:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        yield from super()._takes(batch)


class SmallCuda(CudaEngine, Small):
    """The GPU's engine over it, on the processor."""


def small(fits: int, settings: GenerationSettings) -> SmallCuda:
    engine = SmallCuda("cuda", torch.device("cpu"), settings, torch.float32, 10_000)
    engine.fits, engine.batches = fits, []
    return engine


def test_a_batch_that_does_not_fit_is_halved_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    settings = GenerationSettings(steps=4)
    engine = small(2, settings)
    takes = list(engine.render(requests()))
    assert sorted(take.id for take in takes) == sorted(request.id for request in requests())
    assert engine.batches[0] == 6
    assert max(n for n in engine.batches[1:]) <= 3
    whole = samples(small(10, settings), requests())
    assert all(np.allclose(take.audio.samples, whole[take.id], atol=1e-4) for take in takes)


def test_a_cue_that_does_not_fit_fails_its_film_unless_the_preset_allows_the_processor(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: None)
    settings = GenerationSettings(steps=1)
    with pytest.raises(FilmFailed, match="allow_cpu_fallback") as caught:
        list(small(0, settings).render(requests()[:1]))
    assert caught.value.full_verdict == "failed:no_memory"
    (take,) = small(0, replace(settings, allow_cpu_fallback=True)).render(requests()[:1])
    assert ON_PROCESSOR in take.notes


needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


@pytest.mark.cuda
@needs_gpu
@pytest.mark.parametrize(("dtype", "bound"), [(torch.float32, 1e-2), (torch.bfloat16, 0.1)])
def test_the_gpu_makes_what_the_processor_makes(dtype: torch.dtype, bound: float) -> None:
    """In float32 and in bfloat16, whose rounding differs between devices and grows along the path."""
    from vssflow_dit import VSSFlow
    from vssflow_dit.config import STARTER

    generator = torch.Generator().manual_seed(1)
    noise = torch.randn(2, 128, 75, generator=generator)
    phonemes = torch.randint(0, 71, (2, 300), generator=generator)
    latents = []
    for device in ("cpu", "cuda"):
        model = VSSFlow.load(STARTER, device, dtype)
        condition = model.condition(75, phoneme=phonemes, voice=torch.tensor([[1], [2]]))
        latents.append(model.sample(noise.to(device), condition, "adams", 10, shift=3.0, stretch=1.2).cpu())
    assert float((latents[1] - latents[0]).norm() / latents[0].norm()) < bound


@pytest.mark.cuda
@needs_gpu
def test_the_gpus_engine_renders_every_request_the_same_again() -> None:
    from vssflow_cuda.engine import open_engine as open_gpu

    engine = open_gpu(GenerationSettings(deterministic=True))
    first, second = samples(engine, requests()), samples(engine, requests()[::-1])
    assert all(np.array_equal(first[name], second[name]) for name in first)


def test_a_line_that_no_voice_can_say_is_silent_and_told() -> None:
    engine = Engine("cpu", torch.device("cpu"), GenerationSettings(steps=1), torch.float32)
    texts = {"all": "Привет, мир!", "part": "Hello, мир.", "none": "Hello, café.", "signs": "... ?!", "nobody": ""}
    span = Span.of_seconds(0, 1.5)
    asked = [CueRequest(name, "speech", span, 1, text, "slt") for name, text in texts.items()]
    takes = {take.id: take for take in engine.render(asked)}
    assert sorted(takes) == sorted(texts)
    assert {name: take.audio.n_samples for name, take in takes.items()} == dict.fromkeys(texts, 36_000)
    assert not takes["all"].audio.samples.any()
    assert not takes["signs"].audio.samples.any()
    assert takes["part"].audio.samples.any()
    [whole], [part], [signs] = (takes[name].notes for name in ("all", "part", "signs"))
    assert "“Привет, мир!” (Cyrillic letters)" in whole
    assert "“мир” (Cyrillic letters)" in part
    assert "no word in “... ?!”" in signs
    assert takes["none"].notes == takes["nobody"].notes == ()
