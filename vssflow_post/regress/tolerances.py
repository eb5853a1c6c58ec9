"""How far a new render may be from its golden where bits may differ, and why so far.

docs/regression.md shows for each what another processor's arithmetic changes and what the smallest change that people
hear does, both measured (`benchmarks/regression_curves.py`); the limit lies between the two.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tolerance:
    """One measure of the distance between a golden and a render."""

    name: str
    """What it is called in findings and in the docs."""
    limit: float
    """The largest distance that passes."""
    unit: str
    what: str
    """What is measured, in words."""


LOUDNESS = Tolerance("loudness", 0.05, "LU", "integrated loudness")
TRUE_PEAK = Tolerance("true peak", 0.1, "dB", "highest true peak")
CHANNEL = Tolerance("channel level", 0.05, "dB", "mean power of a channel")
LIKENESS = Tolerance("channel likeness", 0.002, "", "correlation of neighbouring channels")
OFFSET = Tolerance("offset", 1e-6, "of full scale", "mean of a channel (DC)")
MOMENTARY = Tolerance("momentary level", 0.3, "dB", "level over any 400 ms")
LEVEL = Tolerance("level", 1.0, "dB", "level over any 10 ms")
HIGH = Tolerance("level above 10 kHz", 3.0, "dB", "level above 10 kHz over any 10 ms")
BAND = Tolerance("band level", 0.25, "dB", "mean level of a channel in any of 36 bands")
TILT = Tolerance("spectral tilt", 0.02, "dB an octave", "slope of the change over the bands")
SPECTRUM = Tolerance("spectrum", 0.05, "dB", "mean distance of the log spectrograms")
PASSAGE = Tolerance("passage", 0.4, "dB", "distance of the log spectrograms over any 200 ms")
FLOOR = Tolerance("noise floor", 1.5, "dB", "level that a band exceeds nine tenths of the time")
ONSET = Tolerance("onsets", 1, "analysis hop", "where a sound begins (10 ms)")
SHIFT = Tolerance("alignment", 0.25, "samples", "where a piece of the waveform lies")
COHERENCE = Tolerance("waveform", 0.01, "", "what a piece of the waveform lacks to a correlation of 1")
GAIN = Tolerance("waveform level", 0.1, "dB", "level of a piece of the waveform")
SILENCE = Tolerance("silence", 1, "analysis hop", "where there is digital silence (10 ms)")

ALL = (
    LOUDNESS, TRUE_PEAK, CHANNEL, LIKENESS, OFFSET, MOMENTARY, LEVEL, HIGH, BAND, TILT, SPECTRUM, PASSAGE, FLOOR,
    ONSET, SHIFT, COHERENCE, GAIN, SILENCE,
)  # fmt: skip
