"""Is what the vocoder adds above the mel right? Levels of its bands from 8.2 to 11.4 kHz against the originals'.

    python benchmarks/upper_band.py SPEECH [--weights starter] [--clips 4]

`SPEECH` keeps what the teachers say. Originals go through codec and vocoder; then the levels of eight bands are
compared every 32 ms, as the root mean square of their differences in dB, down to 60 dB below the loudest frame of a
clip. Beside it stands what it would be with nothing above 8 kHz, and how well the vocoder meets the bands below, which
it reads.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch

from vssflow_dit.config import config_of
from vssflow_dit.evaluation.heldout import CLIP_S, SEED, SENTENCES, teachers_speech
from vssflow_dit.model import VSSFlow
from vssflow_dit.sound.mel import log_mel
from vssflow_dit.synthesis.clips import heard, motion_for
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.progress import silent

Wave = npt.NDArray[np.float32]
VOICES = ("joe", "slt")
"""Those whose teachers speak above 8 kHz."""
FRAME, N_BANDS, RANGE_DB = 768, 8, 60.0
UPPER, LOWER = (8200.0, 11_400.0), (4000.0, 7600.0)


def powers(wave: Wave) -> npt.NDArray[np.float64]:
    """(frames, bins)."""
    frames = np.lib.stride_tricks.sliding_window_view(wave, FRAME)[::FRAME] * np.hanning(FRAME)
    return np.asarray(np.abs(np.fft.rfft(frames)) ** 2)


def distance(truth: Wave, made: Wave, within: tuple[float, float]) -> float:
    """Between the levels of N_BANDS bands, dB; what lies RANGE_DB below the truth's loudest frame is silence."""
    n = min(len(truth), len(made))
    spectra = powers(truth[:n]), powers(made[:n])
    floor = spectra[0].mean(1).max() * 10 ** (-RANGE_DB / 10) + 1e-12
    edges = np.searchsorted(np.fft.rfftfreq(FRAME, 1 / RATE_HZ), np.linspace(*within, N_BANDS + 1))
    one, other = (
        10 * np.log10(np.stack([power[:, a:b].mean(1) for a, b in pairwise(edges)]) + floor) for power in spectra
    )
    return float(np.sqrt(np.mean((one - other) ** 2)))


def report(name: str, waves: Sequence[Wave], through: Callable[[Wave], Wave]) -> list[float]:
    made = [through(wave) for wave in waves]
    rows = [
        float(np.mean([distance(wave, other, band) for wave, other in zip(waves, others, strict=True)]))
        for others, band in ((made, UPPER), ([np.zeros_like(wave) for wave in waves], UPPER), (made, LOWER))
    ]
    show(name, rows)
    return rows


def show(name: str, rows: Sequence[float]) -> None:
    print(f"| {name} | " + " | ".join(f"{value:.1f}" for value in rows) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("--weights", default="starter")
    parser.add_argument("--clips", type=int, default=4)
    arguments = parser.parse_args()
    model = VSSFlow.load(arguments.weights)

    def through(wave: Wave) -> Wave:
        mel = log_mel(torch.from_numpy(wave)[None], rate_hz=RATE_HZ)
        made = model.waveform(model.codec.decode(model.codec.encode(mel[..., : mel.shape[2] // 4 * 4])))[0].numpy()
        return np.asarray(soxr.resample(made, model.rate_hz, RATE_HZ, quality="VHQ"))

    print("| dB | above the mel | nothing there | 4 to 7.6 kHz |\n| --- | ---: | ---: | ---: |")
    lines = teachers_speech(arguments.speech, VOICES, SENTENCES[: 4 * arguments.clips], silent)
    for voice in VOICES:
        report(voice, [(line.audio / 32768).astype(np.float32) for line in lines if line.voice == voice], through)
    found = []
    for number, name in enumerate(config_of("starter").sounds):
        waves = []
        for k in range(arguments.clips):
            rng = np.random.default_rng((SEED, 16, number, k))
            waves.append(heard(rng, name, motion_for(rng, name, CLIP_S), CLIP_S).audio.astype(np.float32))
        found.append(report(name, waves, through))
    show("all sounds", np.mean(found, axis=0).tolist())


if __name__ == "__main__":
    main()
