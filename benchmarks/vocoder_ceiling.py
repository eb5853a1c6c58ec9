"""Where codec and vocoder lose: originals made again in several ways, none of them trained, and judged.

    python benchmarks/vocoder_ceiling.py SPEECH [--voices joe slt kal] [--sentences 16] [--weights starter]

`SPEECH` keeps what the teachers say. Each way replaces one thing: magnitudes, phases, the codec, the pitch that the
vocoder reads, how fast its filters move. DNSMOS and PocketSphinx judge every result at 16 kHz. What was judged is kept
in docs/evaluation/ceiling.json, to which missing ways are added, and shown in ceiling.md, which closes the page of
`model evaluate -o docs`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vssflow_dit.checkpoint.weights import load
from vssflow_dit.evaluation.dnsmos import Judge
from vssflow_dit.evaluation.heldout import JUDGED_HZ, SENTENCES, Waveform, judged, teachers_speech
from vssflow_dit.evaluation.run import CEILING_STUDY, FOLDER
from vssflow_dit.evaluation.word_errors import open_vocabulary_wer
from vssflow_dit.sound.codec import Codec
from vssflow_dit.sound.mel import log_mel, mel_filters
from vssflow_dit.sound.oscillators import cycles, pulse_train
from vssflow_dit.sound.vocoder import Vocoder, VocoderConfig, source_gain
from vssflow_dit.synthesis.sentences import sentences
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.training.listening import true_pitch
from vssflow_post.progress import silent

DOCS = Path(__file__).parent.parent / "docs" / FOLDER
HOP = 160
COLUMNS = ("DNSMOS", "P.808", "WER")
Way = Callable[[Tensor], Tensor]
"""An original (1, n) at 16 kHz to what is made of it."""


def spectrum(wave: Tensor, size: int) -> Tensor:
    return torch.stft(wave, size, HOP, window=torch.hann_window(size), return_complex=True)


def wave_of(spectra: Tensor, size: int, n: int) -> Tensor:
    made: Tensor = torch.istft(spectra, size, HOP, window=torch.hann_window(size), length=n)
    return made


def with_phases_of(magnitudes_of: Tensor, phases_of: Tensor, size: int) -> Tensor:
    """One sound's magnitudes with another's phases, as often as it takes for the frames to agree on them: once."""
    phases = torch.angle(spectrum(phases_of, size))
    return wave_of(torch.polar(spectrum(magnitudes_of, size).abs(), phases), size, magnitudes_of.shape[1])


def from_mel(wave: Tensor, n_bands: int, size: int = 1024) -> Tensor:
    """The pseudo-inverse of the mel's magnitudes, never below zero, with the original's phases."""
    found = spectrum(wave, size)
    filters = mel_filters(n_bands)
    magnitudes = (torch.linalg.pinv(filters) @ (filters @ found.abs())).clamp(min=0.0)
    return wave_of(torch.polar(magnitudes, torch.angle(found)), size, wave.shape[1])


def excited(wave: Tensor) -> Tensor:
    """Pulses at the original's own pitch where it is voiced, white noise elsewhere and a little everywhere."""
    generator = torch.Generator().manual_seed(0)
    pitch, voicing = true_pitch(wave)
    pulses = pulse_train(cycles(pitch, JUDGED_HZ, generator), pitch, voicing, JUDGED_HZ)
    noise = torch.randn(pulses.shape, generator=generator)
    loud = torch.nn.functional.interpolate(1.0 - 0.9 * voicing[:, None], scale_factor=HOP)[:, 0]
    return pulses + loud * noise


def on_pulses(wave: Tensor, size: int) -> Tensor:
    """Exact magnitudes; the phases are those of pulses and noise."""
    n = wave.shape[1] // HOP * HOP
    return with_phases_of(wave[:, :n], excited(wave)[:, :n], size)


def minimum_phase(wave: Tensor) -> Tensor:
    """Pulses and noise under the mel's envelope, whose phase is the least that such an envelope can have."""
    vocoder = Vocoder(VocoderConfig())  # untrained: it analyses and adds up
    gain = source_gain(log_mel(wave)) @ vocoder.filter_matrix
    cepstrum = torch.fft.irfft(gain.clamp(min=-12.0), 480)
    fold = torch.zeros(480)
    fold[0], fold[1:240], fold[240] = 1.0, 2.0, 1.0
    turned = torch.fft.rfft(cepstrum * fold)
    return vocoder.overlap_add(vocoder.analyse(excited(wave[:, : wave.shape[1] // HOP * HOP])) * turned.exp())


class Ours:
    """The vocoder on an original's mel, with one thing changed."""

    def __init__(self, codec: Codec, vocoder: Vocoder) -> None:
        self.codec, self.vocoder = codec, vocoder

    def whole(self, wave: Tensor) -> Tensor:
        return wave[:, : wave.shape[1] // (4 * HOP) * 4 * HOP]

    def mel(self, wave: Tensor, is_coded: bool = True) -> Tensor:
        mel = log_mel(self.whole(wave))
        return self.codec.decode(self.codec.encode(mel)) if is_coded else mel

    def plain(self, wave: Tensor, is_coded: bool = True, is_smooth: bool = False) -> Tensor:
        mel = self.mel(wave, is_coded)
        return self.heard(self.vocoder(smoothed(mel.transpose(1, 2)).transpose(1, 2) if is_smooth else mel))

    def heard(self, made: Tensor) -> Tensor:
        return torch.from_numpy(judged(made[0].numpy(), self.vocoder.rate_hz))[None]

    def true_pitch(self, wave: Tensor) -> Tensor:
        mel = self.mel(wave)
        pitch, voicing = true_pitch(self.whole(wave))
        excitation = replace(self.vocoder.excitation(self.vocoder.read(mel)), pitch_hz=pitch, voicing=voicing)
        return self.heard(self.vocoder.synthesise(mel, excitation, torch.Generator().manual_seed(0)))

    def slow_filters(self, wave: Tensor) -> Tensor:
        """What the head says of each source, smoothed over three frames where the voice sounds."""
        vocoder, mel = self.vocoder, self.mel(wave)
        voiced = (vocoder.read(mel).voicing_logit > 0)[..., None]
        shape = vocoder.shape

        def slow(*given: object) -> Tensor:
            filters = shape(*given)  # type: ignore[arg-type]
            return torch.where(voiced, smoothed(filters), filters)

        vocoder.shape = slow  # type: ignore[method-assign]
        try:
            return self.heard(vocoder(mel))
        finally:
            del vocoder.shape

    def swapped(self, wave: Tensor, size: int, is_phase: bool) -> Tensor:
        """Its phases under the original's magnitudes, or the other way round."""
        made, wave = self.plain(wave), self.whole(wave)
        return with_phases_of(wave, made, size) if is_phase else with_phases_of(made, wave, size)


def smoothed(x: Tensor) -> Tensor:
    """1-2-1 over time: (B, T, C)."""
    padded = torch.nn.functional.pad(x.transpose(1, 2), (1, 1), mode="replicate").transpose(1, 2)
    return (padded[:, :-2] + 2.0 * padded[:, 1:-1] + padded[:, 2:]) / 4.0


def ways(codec: Codec, vocoder: Vocoder) -> dict[str, Way]:
    ours = Ours(codec, vocoder)
    return {
        "original": lambda wave: wave,
        "codec and vocoder": ours.plain,
        "a: exact magnitudes (30 ms), phases of pulses and noise": partial(on_pulses, size=480),
        "a: exact magnitudes (64 ms), phases of pulses and noise": partial(on_pulses, size=1024),
        "b: mel's envelope of least phase on pulses and noise": minimum_phase,
        "c: magnitudes from 64 mel bands, exact phases": partial(from_mel, n_bands=64),
        "c: magnitudes from 80 mel bands, exact phases": partial(from_mel, n_bands=80),
        "d: vocoder without codec": partial(ours.plain, is_coded=False),
        "e: vocoder with the true pitch and voicing": ours.true_pitch,
        "f: vocoder on a mel smoothed over 3 frames": partial(ours.plain, is_smooth=True),
        "g: vocoder, filters smoothed over 3 frames": ours.slow_filters,
        "h: exact magnitudes (30 ms), the vocoder's phases": partial(ours.swapped, size=480, is_phase=True),
        "h: exact magnitudes (64 ms), the vocoder's phases": partial(ours.swapped, size=1024, is_phase=True),
        "h: the vocoder's magnitudes (30 ms), exact phases": partial(ours.swapped, size=480, is_phase=False),
        "h: the vocoder's magnitudes (64 ms), exact phases": partial(ours.swapped, size=1024, is_phase=False),
    }


def scores(waves: Sequence[Waveform], texts: Sequence[str], judge: Judge) -> dict[str, float]:
    """Of each of COLUMNS; the word error rate in %."""
    overall, p808 = np.mean([judge.scores(wave) for wave in waves], axis=0)
    errors = open_vocabulary_wer([(wave, k) for k, wave in enumerate(waves)], texts)
    return dict(zip(COLUMNS, (float(overall), float(p808), 100.0 * errors), strict=True))


def measured(way: Way, lines: Sequence[Utterance], voices: Sequence[str], judge: Judge) -> dict[str, dict[str, float]]:
    """Voice -> scores."""
    found = {}
    for voice in voices:
        own = [line for line in lines if line.voice == voice]
        waves = [torch.from_numpy(judged(line.audio / 32768.0, RATE_HZ))[None] for line in own]
        with torch.no_grad():
            found[voice] = scores([way(wave)[0].numpy() for wave in waves], [line.text for line in own], judge)
    return found


def written(found: Mapping[str, Mapping[str, Mapping[str, float]]], n: int) -> None:
    """The numbers, and their page."""
    (DOCS / "ceiling.json").write_text(json.dumps({"sentences": n, "found": found}, indent=1) + "\n")
    truth = next(iter(found.values()))
    rows = [
        "| | " + " | ".join(f"{voice}: {column}" for voice in truth for column in COLUMNS) + " |",
        "| --- |" + " ---: |" * (len(truth) * len(COLUMNS)),
    ]
    for way, voices in found.items():
        cells = [
            f"{own['DNSMOS']:.2f} ({100 * own['DNSMOS'] / truth[voice]['DNSMOS']:.0f} %) | {own['P.808']:.2f} | "
            f"{own['WER']:.0f} %"
            for voice, own in voices.items()
        ]
        rows.append(f"| {way} | " + " | ".join(cells) + " |")
    (DOCS / CEILING_STUDY).write_text(PAGE.format(n=n, table="\n".join(rows)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("--voices", nargs="+", default=["joe", "slt", "kal"])
    parser.add_argument("--sentences", type=int, default=16)
    parser.add_argument("--weights", default="starter")
    arguments = parser.parse_args()
    texts = sentences(arguments.sentences, 4_711, SENTENCES)
    lines = teachers_speech(arguments.speech, arguments.voices, texts, silent)
    weights, judge = load(arguments.weights), Judge()
    kept = DOCS / "ceiling.json"
    found = json.loads(kept.read_text())["found"] if kept.exists() else {}
    for name, way in ways(weights.codec, weights.vocoder).items():
        if name not in found:
            found[name] = measured(way, lines, arguments.voices, judge)
            written(found, arguments.sentences)
            print(name, found[name], flush=True)
    written(found, arguments.sentences)


PAGE = """\
## Where codec and vocoder lose

{n} sentences each, none of those above, made again without training, and judged as above; in brackets the share of the
original's DNSMOS. Word errors over so few words are uncertain by 3 points. Measured on the vocoder of 16 kHz, by
`python benchmarks/vocoder_ceiling.py SPEECH`.

{table}

Neither the codec (d) nor the pitch that is read (e) nor restless filters (f, g) cost anything that can be measured, and
longer windows make it worse (a, h). About half of the loss is in the phases, half in the magnitudes: with its own
magnitudes and the original's phases (h) the vocoder keeps 92 to 97 %, with its own phases and the original's magnitudes
92 to 94 %; the words are in the magnitudes. Sixteen more bands would help whoever only inverts the mel (c).
"""


if __name__ == "__main__":
    main()
