"""EBU Tech 3341 (2016), cases 1 to 6 and 9 to 23, and Tech 3342, cases 1 to 4, synthesised at three sampling rates.

Cases 7 and 8 (and 5 and 6 of Tech 3342) are recordings, which are not ours to ship.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import sosfilt, sosfreqz

from vssflow_post.audio import STEREO, SURROUND, Layout, Loudness, Samples, k_weighting
from vssflow_post.mix.loudness import KWeighting, LoudnessMeter

pytestmark = pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])

Parts = list[tuple[float | None, float]]
"""(dBFS or None for silence, seconds), end to end."""
TENTH = 0.1


def tones(parts: Parts, rate_hz: int) -> Samples:
    """One 1 kHz sine that goes on through all levels, in phase on both channels."""
    level = np.concatenate(
        [np.full(round(rate_hz * s), 0.0 if dbfs is None else 10 ** (dbfs / 20)) for dbfs, s in parts]
    )
    wave = level * np.sin(2 * np.pi * 1000 * np.arange(len(level)) / rate_hz)
    return np.tile(wave.astype(np.float32), (2, 1))


def measure(audio: Samples, rate_hz: int, layout: Layout = STEREO, true_peak: bool = False) -> Loudness:
    meter = LoudnessMeter(true_peak, layout, rate_hz)
    for start in range(0, audio.shape[1], 70_001):
        meter.push(audio[:, start : start + 70_001])
    return meter.finish()


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
    ids=["1", "2", "3", "4", "5"],
)
def test_cases_1_to_5_integrated(parts: Parts, lufs: float, rate_hz: int) -> None:
    figures = measure(tones(parts, rate_hz), rate_hz)
    assert figures.integrated_lufs == pytest.approx(lufs, abs=TENTH)
    if len(parts) == 1:
        assert figures.max_momentary_lufs == pytest.approx(lufs, abs=TENTH)
        assert figures.max_short_term_lufs == pytest.approx(lufs, abs=TENTH)


def test_case_6_five_channels(rate_hz: int) -> None:
    dbfs = {"L": -28, "R": -28, "C": -24, "Ls": -30, "Rs": -30}
    one = tones([(0, 20)], rate_hz)[0]
    audio = np.stack([one * (10 ** (dbfs[name] / 20) if name in dbfs else 0.0) for name in SURROUND.channels])
    assert measure(audio.astype(np.float32), rate_hz, SURROUND).integrated_lufs == pytest.approx(-23.0, abs=TENTH)


def test_case_9_short_term_stands_still(rate_hz: int) -> None:
    figures = measure(tones([(-20, 1.34), (-30, 1.66)] * 5, rate_hz), rate_hz)
    assert figures.short_term[0][0] == 3.0
    assert [lufs for _, lufs in figures.short_term] == pytest.approx([-23.0] * len(figures.short_term), abs=TENTH)


def test_case_10_short_term_of_tones_that_start_anywhere(rate_hz: int) -> None:
    for k in range(20):
        figures = measure(tones([(None, k * 0.15), (-23, 3), (None, 1)], rate_hz), rate_hz)
        assert figures.max_short_term_lufs == pytest.approx(-23.0, abs=TENTH), k


def test_case_11_short_term_climbs(rate_hz: int) -> None:
    meter = LoudnessMeter(False, STEREO, rate_hz)
    for k in range(20):
        meter.push(tones([(None, k * 0.15), (-38 + k, 3), (None, 3 - k * 0.15)], rate_hz))
        assert meter.finish().max_short_term_lufs == pytest.approx(-38 + k, abs=TENTH), k


def test_case_12_momentary_stands_still(rate_hz: int) -> None:
    audio = tones([(-20, 0.18), (-30, 0.22)] * 25, rate_hz)
    steady = measure(audio, rate_hz)
    assert steady.max_momentary_lufs == pytest.approx(-23.0, abs=TENTH)
    # The loudest window is no louder than all of them together, so none is quieter either.
    assert steady.integrated_lufs == pytest.approx(steady.max_momentary_lufs, abs=TENTH / 2)


def test_case_13_momentary_of_tones_that_start_anywhere(rate_hz: int) -> None:
    for k in range(20):
        figures = measure(tones([(None, k * 0.02), (-23, 0.4), (None, 1)], rate_hz), rate_hz)
        assert figures.max_momentary_lufs == pytest.approx(-23.0, abs=TENTH), k


def test_case_14_momentary_climbs(rate_hz: int) -> None:
    meter = LoudnessMeter(False, STEREO, rate_hz)
    for k in range(20):
        meter.push(tones([(None, k * 0.02), (-38 + k, 0.4), (None, 0.4 - k * 0.02)], rate_hz))
        assert meter.finish().max_momentary_lufs == pytest.approx(-38 + k, abs=TENTH), k


@pytest.mark.parametrize(
    ("divisor", "phase", "amplitude", "dbtp"),
    [(4, 0.0, 0.5, -6.0), (4, 45.0, 0.5, -6.0), (6, 60.0, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45.0, 1.41, 3.0)],
    ids=["15", "16", "17", "18", "19"],
)
def test_cases_15_to_19_true_peak_of_sines(
    divisor: int, phase: float, amplitude: float, dbtp: float, rate_hz: int
) -> None:
    n = rate_hz // 2
    fade = np.minimum(1.0, np.minimum(np.arange(n), np.arange(n)[::-1]) / (rate_hz / 20))
    wave = amplitude * fade * np.sin(2 * np.pi * np.arange(n) / divisor + np.radians(phase))
    peak = measure(np.tile(wave.astype(np.float32), (2, 1)), rate_hz, true_peak=True).true_peak_dbtp
    assert peak is not None
    assert dbtp - 0.4 <= peak <= dbtp + 0.2


@pytest.mark.parametrize("offset", [0, 1, 2, 3], ids=["20", "21", "22", "23"])
def test_cases_20_to_23_true_peak_wherever_it_falls(offset: int, rate_hz: int) -> None:
    """A sine with one louder period, made at four times the rate, low-passed without phase, one sample in four kept."""
    n = 4 * 12_000
    wave = 0.5 * np.sin(2 * np.pi * np.arange(n) / 24)
    wave[n // 2 : n // 2 + 16] = np.sin(2 * np.pi * np.arange(16) / 16)
    spectrum = np.fft.rfft(wave)
    spectrum *= np.clip((0.5 - np.arange(len(spectrum)) * 4 / n) / 0.05, 0, 1)  # to 0.45 of the target rate, then down
    crest = np.abs(np.fft.irfft(spectrum, 8 * n) * 8).max()
    audio = (np.fft.irfft(spectrum, n) / crest)[offset::4]
    peak = measure(np.tile(audio.astype(np.float32), (2, 1)), rate_hz, true_peak=True).true_peak_dbtp
    assert peak is not None
    assert -0.4 <= peak <= 0.2


@pytest.mark.parametrize(
    ("levels", "range_lu"),
    [((-20, -30), 10.0), ((-20, -15), 5.0), ((-40, -20), 20.0), ((-50, -35, -20, -35, -50), 15.0)],
    ids=["1", "2", "3", "4"],
)
def test_tech_3342_loudness_range(levels: tuple[float, ...], range_lu: float, rate_hz: int) -> None:
    figures = measure(tones([(level, 20) for level in levels], rate_hz), rate_hz)
    assert figures.range_lu == pytest.approx(range_lu, abs=1.0)


def test_the_filters_are_those_of_the_standard(rate_hz: int) -> None:
    """At 48 kHz the coefficients that BS.1770 prints; at other rates the same response, up to 10 kHz."""
    printed = np.array(
        [
            (1.53512485958697, -2.69169618940638, 1.19839281085285, 1.0, -1.69065929318241, 0.73248077421585),
            (1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621),
        ]
    )
    if rate_hz == 48_000:
        np.testing.assert_allclose(k_weighting(rate_hz), printed, atol=1e-11)
    hz = np.geomspace(20, 10_000, 50)
    ours, theirs = (
        20 * np.log10(np.abs(sosfreqz(sections, hz, fs=fs)[1]))
        for sections, fs in ((k_weighting(rate_hz), rate_hz), (printed, 48_000))
    )
    np.testing.assert_allclose(ours, theirs, atol=0.1)


@pytest.mark.parametrize("cut", [1_000, 70_001, 600_000])
def test_a_signal_in_blocks_is_filtered_as_the_recursion_filters_it(cut: int, rate_hz: int) -> None:
    """Loud, then faint, on an offset that the high pass has to forget."""
    audio = np.random.default_rng(cut).standard_normal((2, 5 * rate_hz + 17)).astype(np.float32) * 0.1
    audio[:, 2 * rate_hz :] *= 1e-3
    audio += 0.05
    filters = KWeighting(2, rate_hz)
    blocks = [filters.push(audio[:, start : start + cut]) for start in range(0, audio.shape[1], cut)]
    weighted = np.concatenate([*blocks, filters.finish()], axis=1)
    np.testing.assert_allclose(weighted, sosfilt(k_weighting(rate_hz), audio.astype(np.float64), axis=1), atol=2e-12)
