"""A voice that is made from another has its pitch and formants moved as told, and says everything when it was said."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter, resample_poly

from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.shift import Shift, pitch_moved, pitch_of
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.phonemes import BLANK, Phoneme

FORMANTS_HZ = (700.0, 1220.0, 2600.0)
VOWEL = [Phoneme(BLANK), Phoneme("AA1"), Phoneme(BLANK)]
BEGINS_S, STOPS_S, LASTS_S = 0.3, 1.1, 1.4
Wave = npt.NDArray[np.float32]


def vowel(pitch_hz: float) -> Wave:
    """A train of pulses through three resonances, between BEGINS_S and STOPS_S of LASTS_S."""
    wave = np.zeros(round(LASTS_S * RATE_HZ))
    wave[np.round(np.arange(BEGINS_S, STOPS_S, 1 / pitch_hz) * RATE_HZ).astype(int)] = 1.0
    for hz in FORMANTS_HZ:
        radius = np.exp(-np.pi * 80.0 / RATE_HZ)
        wave = lfilter([1.0], [1.0, -2 * radius * np.cos(2 * np.pi * hz / RATE_HZ), radius**2], wave)
    return (0.3 * wave / np.abs(wave).max()).astype(np.float32)


def formants_hz(wave: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The lowest three resonances of the middle, by linear prediction at 8 kHz."""
    middle = resample_poly(wave[len(wave) // 3 : len(wave) // 2].astype(np.float64), 1, 3)
    middle = middle * np.hanning(len(middle))
    products = np.correlate(middle, middle, "full")[len(middle) - 1 :][:7]
    predictor = solve_toeplitz(products[:6], products[1:7])
    roots = np.roots([1.0, *-predictor])
    return np.sort(np.angle(roots[roots.imag > 0])) * RATE_HZ / 3 / (2 * np.pi)


@pytest.mark.parametrize(
    ("pitch_hz", "shift"),
    [(100.0, Shift(pitch=1.95, formants=1.17)), (170.0, Shift(pitch=0.64, formants=0.86))],
    ids=("a woman from a man", "a man from a woman"),
)
def test_pitch_and_formants_move_by_their_factors(pitch_hz: float, shift: Shift) -> None:
    source = vowel(pitch_hz)
    made = shift(Recital(source, VOWEL, [BEGINS_S, STOPS_S, LASTS_S]))
    voiced = pitch_of(made.audio.astype(np.float64))
    assert np.median(voiced[voiced > 0]) == pytest.approx(pitch_hz * shift.pitch, rel=0.01)
    assert formants_hz(made.audio) == pytest.approx(shift.formants * formants_hz(source), rel=0.04)
    assert formants_hz(source) == pytest.approx(FORMANTS_HZ, rel=0.06)


@pytest.mark.parametrize(
    "shift", [Shift(pitch=1.95, formants=1.17), Shift(pitch=0.64, formants=0.86)], ids=("up", "down")
)
def test_what_is_said_begins_and_ends_when_its_times_say(shift: Shift) -> None:
    made = shift(Recital(vowel(120.0), VOWEL, [BEGINS_S, STOPS_S, LASTS_S]))
    assert made.phonemes == VOWEL
    assert made.ends_s == pytest.approx([each / shift.formants for each in (BEGINS_S, STOPS_S, LASTS_S)])
    assert len(made.audio) / RATE_HZ == pytest.approx(made.ends_s[-1], abs=1e-3)
    heard = np.flatnonzero(np.abs(made.audio) > 0.1 * np.abs(made.audio).max()) / RATE_HZ
    assert heard[0] == pytest.approx(made.ends_s[0], abs=0.01)
    assert heard[-1] == pytest.approx(made.ends_s[1], abs=0.02)


def test_pitch_moves_alone_and_only_where_there_is_one() -> None:
    rng = np.random.default_rng(1)
    hiss = np.concatenate([np.zeros(RATE_HZ // 10), 0.1 * rng.standard_normal(RATE_HZ // 2), np.zeros(RATE_HZ // 10)])
    assert pitch_moved(hiss, 1.6) == pytest.approx(hiss, abs=0.02 * float(np.abs(hiss).max()))
    source = vowel(110.0).astype(np.float64)
    moved = pitch_moved(source, 1.5)
    assert len(moved) == len(source)
    assert formants_hz(moved) == pytest.approx(formants_hz(source), rel=0.05)
    level = np.sqrt(np.mean(moved**2) / np.mean(source**2))
    assert 20 * np.log10(level) == pytest.approx(0.0, abs=1.5)
