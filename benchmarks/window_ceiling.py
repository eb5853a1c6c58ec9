"""What a mel can keep at all: originals made again from the mels of several windows and bands, without any training.

    python benchmarks/window_ceiling.py SPEECH [--sentences 6] [--clips 2]

`SPEECH` keeps what the teachers say. Of each original only the loudness of its mel's bands is kept, every 10 ms. It is
laid on white noise, and on the original's own phases: what a vocoder makes of that mel lies between the two, nearer to
the second the better it guesses. YAMNet judges the sounds, DNSMOS the voices. The table is written to
docs/evaluation/windows.md, which `model evaluate -o docs` takes into its page.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vssflow_dit.checkpoint.weights import load
from vssflow_dit.config import config_of
from vssflow_dit.evaluation import dnsmos, heard_as
from vssflow_dit.evaluation.heldout import SENTENCES, Clip, Waveform, clips, judged, teachers_speech
from vssflow_dit.evaluation.renders import through_codec
from vssflow_dit.evaluation.run import FOLDER, WINDOW_STUDY
from vssflow_dit.model import VSSFlow
from vssflow_dit.sound.mel import HOP, N_FFT, SAMPLE_RATE_HZ, mel_filters
from vssflow_dit.sound.oscillators import band_geometry
from vssflow_dit.sound.vocoder import spread_matrix
from vssflow_dit.synthesis.recordings import available
from vssflow_dit.synthesis.sentences import sentences
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_post.progress import silent

DOCS = Path(__file__).parent.parent / "docs" / FOLDER
MELS = ((64, 1024), (64, 512), (64, 256), (80, 1024), (80, 512), (80, 256))
"""Bands, and samples of a window at 16 kHz."""
PADDED = 1600
"""Samples of silence around an original: the shortest windows leave its last samples out."""
Way = Callable[[Waveform], Waveform]


def from_mel(wave: Waveform, n_bands: int, size: int, exact: bool) -> Waveform:
    """The mel's bands, spread over the bins between their middles, on exact phases or on noise."""
    x = torch.from_numpy(np.pad(wave, (PADDED, PADDED + -len(wave) % HOP)))
    filters, found = mel_filters(n_bands), _spectrum(x, size)
    levels = (filters @ found.abs()) / filters.sum(1, keepdim=True)
    to_bins = spread_matrix(band_geometry(n_bands)[0], N_FFT // 2 + 1, SAMPLE_RATE_HZ)
    envelope = torch.exp(to_bins.T @ torch.log(levels + 1e-6))
    if exact:
        made = envelope * found / found.abs().clamp(min=1e-7)
    else:
        noise = torch.randn(len(x), generator=torch.Generator().manual_seed(0))
        made = envelope * _spectrum(noise, size) / (0.886 * np.sqrt(0.375 * size))  # the mean of its magnitudes
    back = torch.istft(made, N_FFT, HOP, size, torch.hann_window(size), length=len(x))
    return np.asarray(back.numpy()[PADDED : PADDED + len(wave)], np.float32)


def _spectrum(x: Tensor, size: int) -> Tensor:
    return torch.stft(x, N_FFT, HOP, size, torch.hann_window(size), return_complex=True)


def heard(held: Sequence[Clip], way: Way, judge: heard_as.Judge) -> float:
    """Per cent of the clips that are heard as what they are."""
    return 100.0 * float(np.mean([judge.hears(way(clip.audio), clip.name) for clip in held]))


def kept(lines: Sequence[Utterance], way: Way, judge: dnsmos.Judge) -> float:
    """DNSMOS, the mean of the lines."""
    return float(np.mean([judge.scores(way(judged(line.audio / 32768.0, RATE_HZ)))[0] for line in lines]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("--sentences", type=int, default=6)
    parser.add_argument("--clips", type=int, default=2)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    config, model = config_of("starter"), VSSFlow.of(load("starter"))
    texts = sentences(asked.sentences, 4_711, SENTENCES)
    lines = teachers_speech(asked.speech, config.voices, texts, silent)
    held = clips(config.sounds, asked.clips, 77, available())
    ear, taste = heard_as.Judge(), dnsmos.Judge()
    ways: dict[str, tuple[Way, ...]] = {
        "original": (lambda wave: wave,),
        "the starter's codec and vocoder": (partial(through_codec, model),),
    }
    for n_bands, size in MELS:
        name = f"{n_bands} bands, windows of {size / 16:.0f} ms"
        ways[name] = tuple(partial(from_mel, n_bands=n_bands, size=size, exact=exact) for exact in (False, True))
    rows = []
    for name, tried in ways.items():
        sounds = " | ".join(f"{heard(held, way, ear):.0f} %" for way in tried)
        voices = f"{kept(lines, tried[-1], taste):.2f}"
        rows.append(f"| {name} | {sounds if len(tried) > 1 else f'| {sounds}'} | {voices} |")
        print(rows[-1], flush=True)
    page = PAGE.format(lines=len(lines), clips=len(held), table="\n".join(rows))
    (DOCS / WINDOW_STUDY).write_text(page, encoding="utf-8")


PAGE = """\
## What a mel can keep

{clips} sounds of all classes and {lines} sentences of all voices, made again from the loudness of a mel's bands every
10 ms alone: on white noise, and on the original's own phases. What a vocoder makes of a mel lies between the two. By
`python benchmarks/window_ceiling.py SPEECH`.

| | sounds heard as what they are: on noise | on exact phases | DNSMOS of voices, exact phases |
| --- | ---: | ---: | ---: |
{table}

Windows cost most, bands less. On its exact phases a mel of 64 ms keeps 85 % of the voices' DNSMOS, one of 32 ms 96 %,
one of 16 ms 98 %. That is frame by frame; a network sees many frames at once. The starter's vocoder kept 87 % until it
learned on exact pitches, and keeps 92 % since, more than the mel's magnitudes do; the voices may yet gain by it. Of the
sounds it keeps as many as its mel lets anyone keep: they want shorter windows.
"""


if __name__ == "__main__":
    main()
