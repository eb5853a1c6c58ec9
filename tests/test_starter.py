"""What the shipped starter can do, through the very backend that `render` opens: words, strikes, silence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from vssflow_dit.evaluation.heldout import SENTENCES, judged
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import Backend, BackendIdentity, CueRequest, GenerationSettings, Strike, Thing, Track
from vssflow_post.errors import UsageError
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

VOICES = ("slt", "rms", "awb", "kal", "joe", "eva", "ann", "ben")


@pytest.fixture(scope="module")
def backend() -> Iterator[Backend]:
    from vssflow_cpu.engine import open_engine

    opened = open_engine(GenerationSettings())
    yield opened
    opened.close()


def test_what_is_said_of_it_before_it_is_opened_holds_once_it_is(backend: Backend) -> None:
    from vssflow_dit.config import identify

    told = identify(GenerationSettings())
    assert told == BackendIdentity(backend.weights_digest, tuple(backend.voices), told.voice_facts, told.sees)
    assert told.sees == backend.sees  # type: ignore[attr-defined]
    assert set(told.sexes.values()) == {"woman", "man"}
    with pytest.raises(UsageError, match="no weights at"):
        identify(GenerationSettings(weights="absent"))


def rendered(backend: Backend, request: CueRequest) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """As it is judged, at 16 kHz."""
    (take,) = backend.render([request])
    assert take.audio.rate_hz == 24_000
    assert abs(take.audio.n_samples - request.span.n_samples / 2) <= 1
    return judged(take.audio.samples[0], take.audio.rate_hz)


def spoken(backend: Backend, text: str, voice: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    span = Span.of_seconds(0, 0.6 + 0.33 * len(text.split()))
    return rendered(backend, CueRequest("d1", "speech", span, seed=len(text), text=text, voice=voice))


def share_recognised(backend: Backend, voice: str, chosen: list[int]) -> float:
    from vssflow_dit.evaluation.word_errors import closed_set_accuracy

    return closed_set_accuracy([(spoken(backend, SENTENCES[k], voice), k) for k in chosen], SENTENCES)


@pytest.mark.parametrize("voice", VOICES)
def test_a_listener_who_knows_the_fifty_sentences_tells_them_apart(backend: Backend, voice: str) -> None:
    assert voice in backend.voices
    assert share_recognised(backend, voice, list(range(0, 50, 5))) >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("voice", VOICES)
def test_all_fifty_sentences(backend: Backend, voice: str) -> None:
    assert share_recognised(backend, voice, list(range(50))) >= 0.9


def drawn_strikes(backend: Backend, seed: int, parted: bool) -> tuple[list[float], list[float]]:
    """(times of the drawn strikes, onsets heard) of a film that no training saw, from frames to audio."""
    from vssflow_dit.evaluation.strikes import onsets
    from vssflow_dit.synthesis import pictures

    rng = np.random.default_rng((90_001, seed))
    motion = pictures.STRIKING[seed % len(pictures.STRIKING)](rng, 6.0)
    encoder, finder = backend.encoder(), ThingFinder()
    for frame in pictures.draw(rng, motion):
        encoder.push(frame)
        finder.push(frame)
    span = Span.of_seconds(0, 6.0)
    visual, things = encoder.finish([Scene(0, span)]), finder.finish([Scene(0, span)])[0]
    request = CueRequest("s1", "sound", span, seed=seed, sound="wood", visual=visual)
    take = rendered(backend, replace(request, things=things) if parted else request)
    return [time for time, _ in motion.strikes if time < 5.9], onsets(take, 16_000)


@pytest.mark.parametrize("parted", [True, False])
def test_strikes_are_heard_when_they_are_seen_and_not_otherwise(backend: Backend, parted: bool) -> None:
    from vssflow_dit.evaluation.strikes import matched

    wanted = heard = hits = 0
    for seed in range(12):
        times, found = drawn_strikes(backend, seed, parted)
        hits += matched(times, found, 0.08)
        wanted, heard = wanted + len(times), heard + len(found)
    assert hits / wanted >= 0.8
    assert hits / heard >= 0.8


def lit_at(shot: Span, *times_s: float) -> Thing:
    """A thing that rests but for its flashes."""
    n = round(shot.duration_s * 10)
    strikes = tuple(Strike(round(time_s * CLOCK_HZ), 1.0, "flash") for time_s in times_s)
    return Thing(
        shot, shot, Track(np.full((n, 1), 0.5, np.float32), 10), Track(np.zeros((n, 1), np.float32), 10), strikes,
        Track(np.tile(np.float32([[0, 0, 1, 1]]), (n, 1)), 10), np.array([shot.start]), np.zeros((0, 4), np.float32), 1,
    )  # fmt: skip


def test_a_cue_is_heard_of_its_things_and_not_of_the_whole_picture(backend: Backend) -> None:
    from vssflow_dit.evaluation.strikes import onsets
    from vssflow_dit.picture.strikes import pulses

    whole = {"motion": Track(np.stack([pulses([(1.5, 1.0)], 300), np.zeros(300, np.float32)], 1), 100.0)}
    things = (lit_at(Span.of_seconds(10, 20), 12.5, 14.2), lit_at(Span.of_seconds(10, 20), 13.4))
    request = CueRequest("s1", "sound", Span.of_seconds(12, 15), seed=5, sound="wood", visual=whole, things=things)
    assert onsets(rendered(backend, request), 16_000) == pytest.approx([0.5, 1.4, 2.2], abs=0.05)
    assert onsets(rendered(backend, replace(request, things=())), 16_000) == pytest.approx([1.5], abs=0.05)


def test_one_thing_alone_before_a_camera_that_stands_is_heard_of_the_whole_picture(backend: Backend) -> None:
    from vssflow_dit.evaluation.strikes import onsets
    from vssflow_dit.picture.strikes import pulses

    whole = {"motion": Track(np.stack([pulses([(1.5, 1.0)], 300), np.zeros(300, np.float32)], 1), 100.0)}
    alone = replace(lit_at(Span.of_seconds(10, 20)), is_alone=True)
    request = CueRequest("s1", "sound", Span.of_seconds(12, 15), seed=5, sound="wood", visual=whole, things=(alone,))
    assert onsets(rendered(backend, request), 16_000) == pytest.approx([1.5], abs=0.05)
    assert onsets(rendered(backend, replace(request, things=(replace(alone, is_alone=False),))), 16_000) == []


def test_thunder_begins_with_its_cue_whatever_flickers(backend: Backend) -> None:
    span = Span.of_seconds(12, 16)
    things = (lit_at(Span.of_seconds(10, 20), 13.5, 14.0, 15.2),)
    request = CueRequest("s1", "sound", span, seed=5, sound="thunder", things=things)
    take = rendered(backend, request)
    assert np.array_equal(take, rendered(backend, replace(request, things=())))
    assert np.abs(take[48_000:]).max() < 0.3 * np.abs(take[:16_000]).max()


@pytest.mark.parametrize("seconds", [3, 4, 7, 20])
def test_a_still_picture_without_a_prompt_is_digital_silence(backend: Backend, seconds: int) -> None:
    still = {"motion": Track(np.zeros((100 * seconds, 2), np.float32), 100.0)}
    for seed in (3, 4):
        assert not rendered(
            backend, CueRequest("s1", "sound", Span.of_seconds(0, seconds), seed=seed, visual=still)
        ).any()


def test_what_has_no_name_is_silent_before_it_moves_and_once_it_has_rung(backend: Backend) -> None:
    from vssflow_dit.picture.strikes import pulses

    seen = {"motion": Track(np.stack([pulses([(6.0, 0.8)], 2000), np.zeros(2000, np.float32)], 1), 100.0)}
    (take,) = backend.render([CueRequest("s1", "sound", Span.of_seconds(0, 20), seed=3, visual=seen)])
    wave, rate_hz = take.audio.samples[0], take.audio.rate_hz
    assert not wave[: round(5.9 * rate_hz)].any()
    assert not wave[round(9.2 * rate_hz) :].any()
    assert float(np.abs(wave[round(5.95 * rate_hz) : round(6.3 * rate_hz)]).max()) > 0.02


def test_rain_is_steady_and_lasts(backend: Backend) -> None:
    take = rendered(backend, CueRequest("s1", "sound", Span.of_seconds(0, 12), seed=3, sound="rain"))
    levels = 20 * np.log10(np.sqrt((take[: 24 * 8000].reshape(24, 8000) ** 2).mean(axis=1)) + 1e-9)
    assert levels.min() > -50
    assert levels.max() - levels.min() < 10


@pytest.mark.parametrize(("text", "seconds"), [("Yes.", 24.0), ("We have to go now.", 6.0), ("Yes.", 0.9)])
def test_around_a_line_there_is_digital_silence(backend: Backend, text: str, seconds: float) -> None:
    """A short line in a long span starts with the span and leaves the rest silent, whatever the seed."""
    for seed in (1, 2):
        span = Span.of_seconds(0, seconds)
        (take,) = backend.render([CueRequest("d1", "speech", span, seed=seed, text=text, voice="slt")])
        wave, rate_hz = take.audio.samples[0], take.audio.rate_hz
        over = min(len(wave), round((0.25 + 0.12 * len(text)) * rate_hz))
        assert float(np.abs(wave[:over]).max()) > 0.05
        assert not wave[over:].any()


def test_words_that_nobody_can_say_are_silence(backend: Backend) -> None:
    assert not rendered(
        backend, CueRequest("d1", "speech", Span.of_seconds(0, 3), seed=1, text="... !", voice="slt")
    ).any()


def test_the_same_request_is_the_same_take_alone_and_among_others(backend: Backend) -> None:
    line = CueRequest("d1", "speech", Span.of_seconds(0, 2), seed=1, text="Come in.", voice="rms")
    other = CueRequest("s1", "sound", Span.of_seconds(0, 3), seed=2, sound="wind")
    (alone,) = backend.render([line])
    among = {take.id: take for take in backend.render([other, line])}
    assert np.array_equal(alone.audio.samples, among["d1"].audio.samples)
    assert alone.audio.samples.std() > 0.01


def test_a_line_too_long_for_its_span_is_told(backend: Backend) -> None:
    text = "This is a very long line that nobody could ever speak in half a second of film."
    (take,) = backend.render([CueRequest("d1", "speech", Span.of_seconds(0, 1.0), seed=1, text=text, voice="awb")])
    (note,) = take.notes
    assert "even when spoken fast, but its span is 1.0 s" in note
    lost = note.partition("Not heard: “")[2].partition("”")[0]
    assert text.lower().rstrip(".").endswith(lost)
    assert len(text.split()) > len(lost.split()) >= 8


def test_a_line_fits_into_the_time_that_it_is_said_to_take(backend: Backend) -> None:
    text = "The captain ordered them, at last, to lower the sails."
    fast_s, natural_s = backend.line_s(text, "slt")  # type: ignore[attr-defined]
    assert 0.5 * natural_s < fast_s < 0.8 * natural_s
    for seconds, fits in ((fast_s + 0.01, True), (fast_s - 0.3, False)):
        (take,) = backend.render([CueRequest("d1", "speech", Span.of_seconds(0, seconds), 1, text, "slt")])
        assert bool(take.notes) is not fits


def test_what_a_caption_names_is_heard_though_nothing_of_it_is_seen(backend: Backend) -> None:
    """A door that slams off screen: at once, and not at all where no caption says so."""
    still = {"motion": Track(np.zeros((150, 2), np.float32), 100.0)}
    asked = CueRequest("s1", "sound", Span(0, 72_000), 7, sound="door slams", visual=still)
    heard, unheard = backend.render([replace(asked, may_be_unseen=True), replace(asked, id="s2")])
    takes = {take.id: np.abs(take.audio.samples[0]) for take in (heard, unheard)}
    rate_hz = heard.audio.rate_hz
    assert takes["s1"][: rate_hz // 2].max() > 0.05
    assert takes["s2"].max() < 0.01


def test_a_prompt_in_words_finds_its_class_and_an_unknown_one_says_so(backend: Backend) -> None:
    from vssflow_dit.sounds import sound_class

    assert sound_class("heavy rain on a roof", backend.sounds) == ("rain", "")
    assert sound_class("A car passes", backend.sounds) == ("car_engine", "")
    assert sound_class("", backend.sounds) == ("", "")
    name, note = sound_class("an otter yawns", backend.sounds)
    assert name == ""
    assert "otter" in note


@pytest.mark.parametrize("sound", ["rain", "waterfall"])
def test_a_minute_of_sound_shows_no_seam(backend: Backend, sound: str) -> None:
    """Where windows begin and end, level and spectral flux are what they are elsewhere.

    Of steady sounds: a fire's level changes by 6 dB from moment to moment, and chance would hide a seam.
    """
    from scipy.stats import mannwhitneyu

    from vssflow_dit.transformer.packed_field import window_starts

    seconds, window = 60, 125
    take = rendered(backend, CueRequest("s1", "sound", Span.of_seconds(0, seconds), seed=3, sound=sound))
    frames = np.lib.stride_tricks.sliding_window_view(take, 640)[::160] * np.hanning(640)
    spectra = np.abs(np.fft.rfft(frames))
    level_db = 10 * np.log10((frames**2).mean(1) + 1e-12)
    flux = np.maximum(np.diff(spectra, axis=0, prepend=spectra[:1]), 0).sum(1) / spectra.sum(1)
    starts = window_starts(25 * seconds, window, window // 4)
    borders = [token * 4 for start in starts[1:-1] for token in (start, start + window) if token < 25 * seconds]
    near = np.zeros(len(level_db), bool)
    for border in borders:
        near[max(0, border - 4) : border + 4] = True
    assert len(borders) > 20
    for curve, bound in ((level_db, 0.6), (flux, 0.03 * float(np.median(flux)) + 0.01)):
        assert abs(float(np.median(curve[near]) - np.median(curve[~near]))) < bound
        # Neighbouring frames share samples, so the test counts more evidence than there is: it errs against us.
        assert mannwhitneyu(curve[near], curve[~near]).pvalue > 0.01
