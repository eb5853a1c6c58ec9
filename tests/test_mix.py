"""From takes to stems: in place to the sample, at the target, under the ceiling, the same on every run."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from tempfile import TemporaryFile
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from tests.test_loudness import by_ffmpeg
from vssflow_post.audio import AudioClip, Integers, Loudness, Samples
from vssflow_post.errors import FilmFailed
from vssflow_post.mix import MixReport, lay_and_mix, mixdown
from vssflow_post.mix.dither import Quantiser
from vssflow_post.mix.ducking import duck_under
from vssflow_post.mix.laid_take import LaidTake
from vssflow_post.mix.lay import BLOCK, lay
from vssflow_post.mix.levelling import find_gain
from vssflow_post.mix.limiter import LATENCY, Limiter
from vssflow_post.mix.panning import PanCurve
from vssflow_post.mix.spool import LaidFilm
from vssflow_post.mix.truepeak import HALF, PeakFollower
from vssflow_post.mix.verdict import judge
from vssflow_post.progress import Progress
from vssflow_post.settings.preset import LoudnessSettings, MixSettings
from vssflow_post.timeline import Span

FLAT = MixSettings(effects_gain_db=0.0, fade_ms=0.0)
CENTRE = math.sqrt(0.5)


@dataclass(frozen=True, slots=True)
class ClipSource:
    """A clip in memory as the source of a take."""

    clip: AudioClip

    @property
    def rate_hz(self) -> int:
        return self.clip.rate_hz

    @property
    def n_samples(self) -> int:
        return self.clip.n_samples

    def read(self, start: int, stop: int) -> Samples:
        return self.clip.samples[:, start:stop]


class Shelf:
    """Keeps what is written, by stem."""

    def __init__(self) -> None:
        self.blocks: dict[str, list[Integers]] = {}
        self.loudness: dict[str, Loudness] = {}

    def open(self, name: str) -> _Sink:
        self.blocks[name] = []
        return _Sink(self, name)

    def stem(self, name: str) -> Integers:
        return np.concatenate(self.blocks[name], axis=1)


class _Sink:
    def __init__(self, shelf: Shelf, name: str) -> None:
        self.shelf, self.name = shelf, name

    def write(self, block: Integers) -> None:
        self.shelf.blocks[self.name].append(block)

    def close(self, loudness: Loudness) -> None:
        self.shelf.loudness[self.name] = loudness


def take(
    stem: str, start: int, samples: Samples, rate_hz: int = 48_000, end: int | None = None, **more: float
) -> LaidTake:
    clip = AudioClip(np.atleast_2d(samples).astype(np.float32), rate_hz)
    end = start + clip.n_samples * 48_000 // rate_hz if end is None else end
    return LaidTake(Span(start, end), stem, ClipSource(clip), **more)  # type: ignore[arg-type]


def laid(n: int, takes: list[LaidTake], mix: MixSettings = FLAT) -> tuple[Samples, Samples]:
    blocks = list(lay(Span(0, n), takes, mix))
    return np.concatenate([b["DX"] for b in blocks], axis=1), np.concatenate([b["FX"] for b in blocks], axis=1)


def mixed(n: int, takes: list[LaidTake], mix: MixSettings = FLAT, **loudness: float | str) -> tuple[MixReport, Shelf]:
    shelf = Shelf()
    report = lay_and_mix(Span(0, n), takes, mix, LoudnessSettings(**loudness), shelf.open)  # type: ignore[arg-type]
    return report, shelf


def noise(n: int, level: float = 0.1, seed: int = 0) -> Samples:
    return (np.random.default_rng(seed).standard_normal(n) * level).astype(np.float32)


def knocks(n: int, every: int = 24_000) -> Samples:
    """Decaying bursts over soft noise: what a limiter is for."""
    t = np.arange(n) % every
    return (noise(n, 1.0, 5) * (0.005 + 0.3 * np.exp(-t / 2000))).astype(np.float32)


def test_a_take_starts_on_its_sample() -> None:
    dx, fx = laid(2000, [take("DX", 777, np.ones(100)), take("FX", 0, np.full(5, 0.5))])
    np.testing.assert_allclose(dx[:, 777:877], CENTRE, rtol=1e-6)
    assert not dx[:, :777].any()
    assert not dx[:, 877:].any()
    np.testing.assert_allclose(fx[:, :5], 0.5 * CENTRE, rtol=1e-6)


@pytest.mark.parametrize("start", [1, BLOCK - 30_000, BLOCK])
def test_16_khz_becomes_exactly_three_times_as_long_and_stays_in_place(start: int) -> None:
    click = np.zeros(16_000, np.float32)
    click[5000] = 1.0
    dx, _ = laid(2 * BLOCK, [take("DX", start, click, 16_000)])
    assert int(np.abs(dx[0]).argmax()) == start + 15_000
    assert not dx[:, start + 48_000 :].any()


@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
@pytest.mark.parametrize("lead", [0, 1, 100, 4321])
def test_a_lead_does_not_move_the_take(rate: int, lead: int) -> None:
    click = np.zeros(rate, np.float32)
    click[rate // 2] = 1.0
    dx, _ = laid(100_000, [replace(take("DX", 20_000, click, rate), lead=lead)])
    assert int(np.abs(dx[0]).argmax()) == 44_000


def test_stereo_keeps_its_sides_and_gains_add_up() -> None:
    sides = np.stack([np.full(100, 0.5), np.full(100, -0.25)])
    dx, _ = laid(100, [take("DX", 0, sides, gain_db=-6.0)], MixSettings(dialogue_gain_db=-14.0, fade_ms=0.0))
    np.testing.assert_allclose(dx, sides * 0.1, rtol=1e-5)


def test_fades_start_and_end_in_silence_across_blocks() -> None:
    n = BLOCK + 4800
    dx, _ = laid(n, [take("DX", 0, np.ones(n))], MixSettings(fade_ms=200.0))
    curve = dx[0] / CENTRE
    assert curve[0] < 1e-6
    assert curve[-1] < 1e-6
    assert curve[4800] == pytest.approx(0.5, abs=1e-3)
    assert (np.diff(curve[:9600]) > 0).all()
    assert (np.diff(curve[-9600:]) < 0).all()
    np.testing.assert_allclose(curve[9600:-9600], 1.0, rtol=1e-6)


def test_a_source_is_cut_at_its_span_and_heard_from_its_offset() -> None:
    ramp = np.arange(1000, dtype=np.float32) / 1000
    dx, _ = laid(500, [take("DX", 100, ramp, end=200, source_start=300)])
    np.testing.assert_allclose(dx[0, 100:200], ramp[300:400] * CENTRE, rtol=1e-6)
    assert not dx[:, 200:].any()


def test_takes_that_overlap_add_and_what_hangs_over_the_end_is_cut() -> None:
    dx, _ = laid(100, [take("DX", 0, np.full(80, 0.25)), take("DX", 50, np.full(500, 0.25))])
    np.testing.assert_allclose(dx[0, 50:80], 0.5 * CENTRE, rtol=1e-6)
    assert dx.shape == (2, 100)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_fail_the_film(bad: float) -> None:
    samples = np.zeros(1000, np.float32)
    samples[500] = bad
    with pytest.raises(FilmFailed) as caught:
        mixed(1000, [take("FX", 0, samples)])
    assert caught.value.full_verdict == "failed:non_finite_audio"


def test_stems_null_against_the_mix_and_the_target_is_met_by_ffmpeg() -> None:
    n = 480_123
    takes = [take("FX", 0, knocks(n // 3), 16_000, end=n), take("DX", 48_000, noise(96_000, 0.05))]
    report, shelf = mixed(n, takes, MixSettings())
    dx, fx, mix = (shelf.stem(name) for name in ("DX", "FX", "MIX"))
    assert dx.shape == fx.shape == mix.shape == (2, n)
    np.testing.assert_array_equal(mix, dx + fx)
    ffmpeg = by_ffmpeg((mix / 2**23).astype(np.float32))
    assert ffmpeg["I"] == pytest.approx(-23.0, abs=0.1)
    assert 20 * math.log10(ffmpeg["peak"]) <= -1.0
    assert report.verdict == "pass"
    assert report.loudness.integrated_lufs == pytest.approx(ffmpeg["I"], abs=0.02)
    assert shelf.loudness["MIX"] == report.loudness


@pytest.mark.parametrize(("target", "ceiling"), [(-16.0, -1.0), (-24.0, -12.0), (-14.0, 0.0)])
def test_a_working_limiter_still_meets_target_and_ceiling(target: float, ceiling: float) -> None:
    n = 480_000
    takes = [take("FX", 0, knocks(n))]
    report, shelf = mixed(n, takes, target_lufs=target, ceiling_dbtp=ceiling, must_hit_target=True)
    ffmpeg = by_ffmpeg((shelf.stem("MIX") / 2**23).astype(np.float32))
    assert report.max_reduction_db > 1.0
    assert ffmpeg["I"] == pytest.approx(target, abs=0.1)
    assert 20 * math.log10(ffmpeg["peak"]) <= ceiling
    assert report.verdict == "pass"


def test_the_ceiling_also_holds_for_a_meter_that_looks_closer_than_the_standard() -> None:
    """Sixteen times oversampled by another interpolator; noise up to half the sampling rate is the worst case."""
    n = 240_000
    takes = [take("FX", 0, knocks(n))]
    report, shelf = mixed(n, takes, target_lufs=-14.0, ceiling_dbtp=-1.0, must_hit_target=True)
    mix = shelf.stem("MIX")[0] / 2**23
    peak = max(np.abs(resample_poly(mix[at : at + 24_000], 16, 1)).max() for at in range(0, n, 20_000))
    assert report.max_reduction_db > 6.0
    assert 20 * math.log10(peak) <= -1.0


def test_a_target_out_of_reach_is_said_and_the_ceiling_still_holds() -> None:
    takes = [take("FX", 0, knocks(240_000, 120_000))]
    report, _ = mixed(240_000, takes, target_lufs=-5.0, ceiling_dbtp=-20.0, must_hit_target=True)
    assert "not -5 LUFS" in report.verdict
    assert "comes no closer" in report.verdict
    assert report.loudness.true_peak_dbtp is not None
    assert report.loudness.true_peak_dbtp <= -20.0
    assert 29.0 < report.max_reduction_db <= 30.0
    (warning,) = report.warnings
    assert "more than loudness.max_limiting_db = 6, because loudness.must_hit_target" in warning


def test_a_few_knocks_stay_quieter_and_the_verdict_names_the_rule_and_how_far_it_is() -> None:
    n = 480_000
    takes = [take("FX", 0, knocks(n, 120_000))]
    report, _ = mixed(n, takes, target_lufs=-14.0)
    lufs = report.loudness.integrated_lufs
    assert lufs is not None
    assert 5.9 < report.max_reduction_db <= 6.0
    assert f"The mix is {lufs:.2f} LUFS, not -14 LUFS within 0.2 LU (EBU R 128-2020" in report.verdict
    assert "loudness.max_limiting_db = 6 keeps it lower" in report.verdict
    assert f"at least {6 - 14 - lufs:.1f} dB" in report.verdict
    must, _ = mixed(n, takes, target_lufs=-14.0, must_hit_target=True)
    assert must.verdict == "pass"
    assert must.max_reduction_db >= 6 - 14 - lufs, "the figure in the sentence is a lower bound"


def sparse(seed: int, n: int) -> Samples:
    """A few bursts, each of its own level and length, in silence or over noise that is hardly there."""
    random = np.random.default_rng(seed)
    samples = noise(n, 10 ** random.uniform(-5, -3), seed) * float(random.random() < 0.5)
    for _ in range(random.integers(1, 6)):
        at = int(random.integers(0, n - 1))
        burst = np.exp(-np.arange(n - at) / random.uniform(2, 4000)) * random.standard_normal(n - at)
        samples[at:] += (10 ** random.uniform(-2.5, 0.7) * burst).astype(np.float32)
    return samples


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.sampled_from([10_000, 30_000, 150_000]),
    most_db=st.sampled_from([0.0, 0.5, 6.0, 30.0]),
    target=st.floats(-40, -5),
    ceiling=st.floats(-12, -0.5),
    margin_db=st.sampled_from([0.3, 0.0, -0.1]),
)
def test_the_limiter_never_takes_more_than_it_may_and_the_ceiling_holds(
    seed: int, n: int, most_db: float, target: float, ceiling: float, margin_db: float
) -> None:
    """A margin of none makes the first writing too hot, so that the film is written again."""
    takes = [take("FX", 0, sparse(seed, n)), take("DX", n // 2, sparse(seed + 1, n // 3))]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mixdown, "_MARGIN_DB", margin_db)
        report, _ = mixed(n, takes, target_lufs=target, ceiling_dbtp=ceiling, max_limiting_db=most_db)
    assert report.max_reduction_db <= most_db
    if margin_db > 0:
        assert (report.loudness.true_peak_dbtp or -math.inf) <= ceiling


def test_stems_that_cancel_in_the_mix_are_not_clipped() -> None:
    n = 96_000
    loud = noise(n, 0.3)
    report, shelf = mixed(n, [take("DX", 0, loud), take("FX", 0, 0.05 * noise(n, 0.3, 1) - loud)], target_lufs=-12.0)
    assert np.abs(shelf.stem("DX")).max() < 2**23
    np.testing.assert_array_equal(shelf.stem("MIX"), shelf.stem("DX") + shelf.stem("FX"))
    assert report.max_reduction_db > 0


def test_the_same_takes_give_the_same_bytes() -> None:
    n = BLOCK + 1000
    takes = [take("FX", 0, knocks(n)), take("DX", 500, noise(90_000))]
    first, second = mixed(n, takes, target_lufs=-14.0)[1], mixed(n, takes[::-1], target_lufs=-14.0)[1]
    for name in ("DX", "FX", "MIX"):
        assert first.stem(name).tobytes() == second.stem(name).tobytes()


@pytest.mark.parametrize(
    ("n", "samples", "verdict"), [(48_000, 0.0, "silent"), (19_199, 0.1, "too_short"), (1, 0.1, "too_short")]
)
def test_what_has_no_loudness_gets_no_gain(n: int, samples: float, verdict: str) -> None:
    report, shelf = mixed(n, [take("DX", 0, np.full(n, samples))])
    assert (report.verdict, report.gain_db, report.loudness.integrated_lufs) == (verdict, 0.0, None)
    assert shelf.stem("MIX").shape == (2, n)
    assert np.abs(shelf.stem("MIX") / 2**23 - samples * CENTRE).max() < 1e-6


def test_a_stem_without_takes_is_digital_silence_and_gaps_stay_empty() -> None:
    _, shelf = mixed(96_000, [take("DX", 0, noise(24_000))])
    assert not shelf.stem("FX").any()
    assert not shelf.stem("DX")[:, 24_000:].any()
    assert shelf.stem("DX")[:, :24_000].any()


def test_dither_is_triangular_noise_of_one_step_and_unbiased() -> None:
    stem = np.full((2, 200_000), 0.3 / 2**23, np.float32)
    error = Quantiser(0).quantise(stem) - 0.3
    assert abs(error.mean()) < 0.01
    assert error.var() == pytest.approx(
        1 / 6 + 1 / 12, rel=0.03
    )  # TPDF and rounding: the error no longer knows the signal
    assert not np.array_equal(Quantiser(0).quantise(stem), Quantiser(1).quantise(stem))


def test_stems_that_sound_alike_are_dithered_apart() -> None:
    n = 96_000
    _, shelf = mixed(n, [take("DX", 0, noise(n)), take("FX", 0, noise(n))])
    difference = shelf.stem("DX") - shelf.stem("FX")
    assert np.abs(difference).max() <= 4
    assert difference.var() == pytest.approx(2 * (1 / 6 + 1 / 12), rel=0.1), "two independent errors"


def gains_of(limiter: Limiter, audio: Samples, cuts: list[int]) -> Samples:
    edges = [0, *sorted(cuts), audio.shape[1]]
    peaks = np.abs(audio).max(axis=0)
    parts = [limiter.push(audio[:, a:b], peaks[a:b]) for a, b in pairwise(edges)]
    return np.concatenate([*parts, limiter.flush()]).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 4000), max_size=6), seed=st.integers(0, 99))
def test_the_gain_curve_does_not_know_blocks(cuts: list[int], seed: int) -> None:
    audio = np.stack([knocks(4000, 900 + seed), noise(4000, 0.2, seed)])
    whole, pieces = gains_of(Limiter(0.4), audio, []), gains_of(Limiter(0.4), audio, cuts)
    assert len(whole) == len(pieces) == 4000
    np.testing.assert_allclose(pieces, whole, atol=2e-6)


@pytest.mark.parametrize("at", [0, 1, 500, 2998, 2999])
def test_no_peak_slips_under_the_limiter(at: int) -> None:
    audio = np.zeros((2, 3000), np.float32)
    audio[0, at] = 1.0
    gains = gains_of(Limiter(0.25), audio, [])
    assert gains[at] <= 0.25 * (1 + 1e-6)
    assert gains.min() > 0.2  # nothing asks for more
    assert np.abs(np.diff(gains)).max() < 0.01  # and the curve moves smoothly


def test_the_limiter_leaves_alone_what_is_low_enough() -> None:
    audio = np.tile(noise(20_000, 0.05), (2, 1))
    assert (gains_of(Limiter(0.9), audio, [7000]) == 1.0).all()


def test_interpolation_is_skipped_only_where_it_cannot_matter() -> None:
    audio = np.stack([noise(9_700, 0.2, 1) * np.linspace(0, 1, 9_700, dtype=np.float32), noise(9_700, 0.01)])
    everything, high = PeakFollower().push(audio, 0.0), PeakFollower().push(audio, 0.3)
    assert len(everything) == len(high) == 9_700
    over = everything > 0.3
    assert over.any()
    np.testing.assert_array_equal(high[over], everything[over])
    assert (high[~over] <= 0.3).all()
    assert (everything[HALF:] >= np.abs(audio).max(axis=0)[:-HALF]).all()


def test_levelling_without_limiting_needs_one_measure() -> None:

    def never(_: float) -> float:
        raise AssertionError("no second pass is needed")

    found = find_gain(lambda gain_db: gain_db - 30.0, 18.9, LoudnessSettings(target_lufs=-23.0), never)
    assert (found.gain_db, found.reached) == (7.0, True)


def faint(n: int, level_db: float) -> Samples:
    """A soft knock, and long tails of it that lie under the absolute gate until all is raised."""
    t = np.arange(n) / 48_000
    return (noise(n, 10 ** (level_db / 20), 3) * np.exp(-t / 1.2)).astype(np.float32)


@pytest.mark.parametrize("level_db", [-18.0, -30.0, -45.0, -52.0])
@pytest.mark.parametrize("spec", [{}, {"target_lufs": -16.0}, {"target_lufs": -30.0, "measure": "dialogue"}])
def test_a_faint_mix_reaches_its_target_by_ffmpeg(level_db: float, spec: dict[str, Any]) -> None:
    """Raised by up to 36 dB, of which each lets more of the tail over the gate."""
    n = 960_000
    made, shelf = [take("DX", 0, faint(n, level_db))], Shelf()
    report = lay_and_mix(Span(0, n), made, FLAT, LoudnessSettings(max_limiting_db=30.0, **spec), shelf.open)
    target = spec.get("target_lufs", -23.0)
    assert by_ffmpeg((shelf.stem("MIX") / 2**23).astype(np.float32))["I"] == pytest.approx(target, abs=0.1)
    assert report.verdict == "pass"


@pytest.mark.parametrize("level_db", [-66.0, -74.0, -90.0])
def test_residue_is_silence_and_is_not_raised(level_db: float) -> None:
    report, shelf = mixed(240_000, [take("FX", 0, noise(240_000, 10 ** (level_db / 20)))])
    assert (report.verdict, report.gain_db, report.max_reduction_db) == ("silent", 0.0, 0.0)
    assert np.abs(shelf.stem("MIX")).max() / 2**23 < 6 * 10 ** (level_db / 20)


def test_a_soft_sound_is_no_residue() -> None:
    report, _ = mixed(240_000, [take("FX", 0, noise(240_000, 10 ** (-50 / 20)))])
    assert report.verdict == "pass"
    assert report.gain_db > 20


def test_a_verdict_blames_the_limiter_only_where_it_worked() -> None:
    """Whatever keeps a mix from its target without a limiter at work, its setting does not."""
    far = Loudness(-25.2, 0.0, -9.5, -20.0, -22.0, (), 480_000)
    wanted = LoudnessSettings()
    assert "max_limiting_db" not in judge(far, far, "programme", 0.0, wanted)
    assert "comes no closer" in judge(far, far, "programme", 3.0, wanted)
    assert "max_limiting_db = 6 keeps it lower" in judge(far, far, "programme", 6.0, wanted)
    assert "max_limiting_db = 0 keeps it lower" in judge(
        far, far, "programme", 0.0, replace(wanted, max_limiting_db=0.0)
    )


def test_levelling_follows_a_limiter_that_gives_back_half() -> None:

    def half(gain_db: float) -> float:
        return -30.0 + min(gain_db, 5.0) + 0.5 * max(0.0, gain_db - 5.0)

    found = find_gain(
        lambda gain_db: gain_db - 30.0, 5.0, LoudnessSettings(target_lufs=-20.0, max_limiting_db=12.0), half
    )
    assert found.reached
    assert found.gain_db == pytest.approx(15.0, abs=0.1)
    held = find_gain(
        lambda gain_db: gain_db - 30.0, 5.0, LoudnessSettings(target_lufs=-20.0, max_limiting_db=6.0), half
    )
    assert (held.reached, held.n_passes) == (False, 3)
    assert 10.99 < held.gain_db <= 11.0


def test_a_take_is_read_once_however_many_passes_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[tuple[int, int]] = []
    made = take("FX", 0, noise(40_000, 0.2), rate_hz=16_000)
    read = ClipSource.read
    monkeypatch.setattr(ClipSource, "read", lambda source, *span: reads.append(span) or read(source, *span))
    report, shelf = mixed(120_000, [made], target_lufs=-9.0)
    assert report.n_passes > 2  # measured, levelled under the limiter, written
    assert sorted(reads) == sorted(set(reads))
    assert sum(stop - start for start, stop in reads) == 40_000
    assert shelf.stem("MIX").shape == (2, 120_000)


def test_blocks_of_any_layout_are_read_back_as_they_were_laid() -> None:
    settings = replace(FLAT, layout="5.1", background_stem=True)
    takes = [
        take("FX", 1000, noise(2 * BLOCK)),
        take("BG", BLOCK // 2, noise(BLOCK, seed=1)),
        take("DX", 5, knocks(900)),
    ]
    names = ("DX", "FX", "BG")
    with TemporaryFile() as file:
        film = LaidFilm(Span(0, 2 * BLOCK + 777), takes, settings, file)
        first, second, third = (list(film.blocks(names)) for _ in range(3))
    assert [block.start for block in first] == [0, BLOCK, 2 * BLOCK]
    for again in (second, third):
        for block, same in zip(first, again, strict=True):
            assert (block.start, list(block.stems)) == (same.start, list(same.stems))
            assert all(np.array_equal(block[name], same[name]) for name in block.stems)
    assert any(block["BG"].any() for block in second)


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_the_me_is_the_sum_of_what_dialogue_would_have_ducked(layout: str) -> None:
    """In several blocks; where nobody speaks its parts are the stems, bit by bit."""
    settings = replace(FLAT, layout=layout, background_stem=True)
    n, speech = 2 * BLOCK + 777, Span(BLOCK - 40_000, BLOCK + 60_000)
    duck = duck_under([speech], 12.0, 100.0, 100.0)
    ducked = [
        replace(take(stem, 0, noise(n, 0.02, seed)), duck=duck) for seed, stem in enumerate(("FX", "BG", "MX"), start=1)
    ]
    lines = [take("DX", speech.start, noise(speech.n_samples, 0.05))]
    shelf = Shelf()
    report = lay_and_mix(
        Span(0, n), [*lines, *ducked], settings, LoudnessSettings(target_lufs=-30.0), shelf.open, me=True
    )
    parts = {name: shelf.stem(f"ME_{name}") for name in ("FX", "BG", "MX")}
    assert np.array_equal(shelf.stem("ME"), sum(parts.values()))
    assert np.array_equal(shelf.stem("MIX"), sum(shelf.stem(name) for name in ("DX", "FX", "BG", "MX")))
    assert list(report.me_loudness) == ["ME_FX", "ME_BG", "ME_MX", "ME"]
    for name, part in parts.items():
        stem, inside = shelf.stem(name).astype(float), slice(speech.start, speech.end)
        assert np.array_equal(part[:, : BLOCK - 50_000], stem[:, : BLOCK - 50_000].astype(np.int32))
        gain = 10 ** (12 / 20)
        np.testing.assert_allclose(part[:, inside], gain * stem[:, inside], atol=8)


def test_progress_only_rises_and_ends_full() -> None:
    seen: list[Progress] = []
    shelf = Shelf()
    takes = [take("FX", 0, knocks(2 * BLOCK))]
    lay_and_mix(Span(0, 2 * BLOCK), takes, FLAT, LoudnessSettings(target_lufs=-14.0), shelf.open, seen.append)
    done = [progress.done for progress in seen]
    assert done == sorted(done)
    assert seen[-1].done == seen[-1].total
    assert {progress.stage for progress in seen} == {"mix"}


def test_latency_is_what_the_first_push_holds_back() -> None:
    audio = np.zeros((2, 1000), np.float32)
    assert len(Limiter(0.5).push(audio, audio[0])) == 1000 - LATENCY


NETFLIX = LoudnessSettings("Netflix", "the clause", "dialogue", -27.0, -2.0, 2.0)


def test_dialogue_is_what_reaches_its_target_however_loud_the_effects() -> None:
    """Judged by FFmpeg on the line alone, cut out of the mix."""
    n, speech = 480_000, Span(96_000, 240_000)
    takes = [take("FX", 260_000, noise(200_000, 0.4)), take("DX", speech.start, noise(speech.n_samples, 0.03, 1))]
    shelf = Shelf()
    report = lay_and_mix(Span(0, n), takes, FLAT, NETFLIX, shelf.open, speech=[speech])
    mix = (shelf.stem("MIX") / 2**23).astype(np.float32)
    assert by_ffmpeg(mix[:, speech.start : speech.end])["I"] == pytest.approx(-27.0, abs=0.1)
    assert report.loudness.dialogue_lufs == pytest.approx(-27.0, abs=0.05)
    assert by_ffmpeg(mix)["I"] > -15.0
    assert 20 * math.log10(by_ffmpeg(mix)["peak"]) <= -2.0
    assert (report.measure, report.verdict, report.warnings) == ("dialogue", "pass", ())


def test_where_nobody_speaks_the_programme_is_measured_and_that_is_said() -> None:
    shelf = Shelf()
    report = lay_and_mix(Span(0, 96_000), [take("FX", 0, noise(96_000))], FLAT, NETFLIX, shelf.open)
    assert (report.measure, report.verdict) == ("programme", "pass")
    assert report.loudness.integrated_lufs == pytest.approx(-27.0, abs=0.05)
    assert "measures dialogue, and there is none" in report.warnings[0]


def test_a_verdict_names_its_clause_and_its_tolerance_decides_it() -> None:
    """The same mix, out of reach of its target, against a narrow and a wide tolerance."""
    takes = [take("FX", 0, knocks(240_000, 120_000))]
    narrow, _ = mixed(240_000, takes, target_lufs=-5.0, ceiling_dbtp=-20.0, clause="clause 7")
    wide, _ = mixed(240_000, takes, target_lufs=-5.0, ceiling_dbtp=-20.0, clause="clause 7", tolerance_lu=100.0)
    assert "within 0.2 LU (clause 7)" in narrow.verdict
    assert wide.verdict == "pass"


@settings(max_examples=8, deadline=None)
@given(block=st.integers(3_000, 60_000), lead=st.integers(0, 9_000), rate=st.sampled_from([16_000, 44_100, 48_000]))
def test_laying_does_not_know_blocks(block: int, lead: int, rate: int) -> None:
    n, duck = 100_000, duck_under([Span(30_000, 40_000)], 6.0, 50.0, 200.0)
    pan = PanCurve(np.array([20_000, 70_000]), np.array([-1.0, 0.5], np.float32))
    takes = [
        replace(take("FX", 20_000, noise(rate), rate), pan=pan, lead=lead, tail=lead, duck=duck),
        take("DX", 30_000, noise(5_000, 0.1, 1), rate),
    ]
    whole = laid(n, takes, MixSettings())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vssflow_post.mix.lay.BLOCK", block)
        pieces = laid(n, takes, MixSettings())
    for one, other in zip(whole, pieces, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-7)
