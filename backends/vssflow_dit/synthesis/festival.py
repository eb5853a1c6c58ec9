"""The woman's voice: CMU Arctic's slt by Festival's statistical synthesis (Debian package `festvox-us-slt-hts`)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import soundfile
import soxr

from vssflow_dit.phonemes import phonemise
from vssflow_dit.synthesis.flite import align
from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.waves import RATE_HZ

_PROGRAM = """\
(voice_cmu_us_slt_arctic_hts)
(Parameter.set 'Duration_Stretch {stretch:.3f})
(set! said (utt.synth (Utterance Text {text})))
(utt.save.wave said "{folder}/x.wav" 'riff)
(utt.save.segs said "{folder}/x.segs")
"""


def recite(text: str, stretch: float) -> Recital | None:
    """The sentence as Festival says it, or None where it reads other words than we do. Its pitch cannot be set."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.scm").write_text(_PROGRAM.format(stretch=stretch, text=json.dumps(text), folder=folder))
        subprocess.run(["festival", "--batch", str(folder / "x.scm")], capture_output=True, check=True)
        audio, rate_hz = soundfile.read(folder / "x.wav", dtype="float32")
        rows = (folder / "x.segs").read_text().split("#\n", 1)[1].splitlines()
    phones = [(row.split()[2], float(row.split()[0])) for row in rows if row.strip()]
    aligned = align(phones, phonemise(text))
    return None if aligned is None else Recital(soxr.resample(audio, rate_hz, RATE_HZ, quality="VHQ"), *aligned)
