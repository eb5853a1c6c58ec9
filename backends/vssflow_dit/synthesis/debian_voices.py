"""The free voices that Debian packages: flite's, and CMU Arctic's slt by Festival (`festvox-us-slt-hts`).

Both say when each of their phones ends; where these are our front end's, the stored symbols are ours (with stress),
elsewhere the phone is kept, so that what is stored is always what is heard.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from difflib import SequenceMatcher
from pathlib import Path

import soundfile
import soxr

from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.letters import VOWELS
from vssflow_dit.text.phonemes import BLANK, Phoneme, mark_phrases, phonemise

PITCH_HZ = {"slt": 174.0, "awb": 130.0, "kal16": 105.0}
"""Each voice's own mean for `int_f0_target_mean`; rms ignores the setting."""
_FESTIVAL_PROGRAM = """\
(voice_cmu_us_slt_arctic_hts)
(set! hts_engine_params (append hts_engine_params '(("-r" {rate:.3f}))))
(set! said (utt.synth (Utterance Text {text})))
(utt.save.wave said "{folder}/x.wav" 'riff)
(utt.save.segs said "{folder}/x.segs")
"""


def recite_flite(voice: str, text: str, stretch: float, pitch: float) -> Recital | None:
    """The sentence as flite says it, or None where it reads other words than we do or makes several phrases of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.wav"
        command = ["flite", "-voice", voice, "--setf", f"duration_stretch={stretch:.3f}"]
        if voice in PITCH_HZ:
            command += ["--setf", f"int_f0_target_mean={PITCH_HZ[voice] * pitch:.1f}"]
        said = subprocess.run(
            [*command, "-psdur", "-t", text, "-o", str(path)], capture_output=True, text=True, check=True
        )
        lines = said.stdout.strip().splitlines()
        if len(lines) != 1:
            return None
        audio, rate_hz = soundfile.read(path, dtype="float32")
    phones = [(name, float(end)) for name, _, end in (field.partition(":") for field in lines[0].split())]
    aligned = align(phones, phonemise(text))
    return None if aligned is None else Recital(soxr.resample(audio, rate_hz, RATE_HZ, quality="VHQ"), *aligned)


def align(phones: Sequence[tuple[str, float]], ours: Sequence[Phoneme]) -> tuple[list[Phoneme], list[float]] | None:
    """Flite's phones and end times under our symbols: (phonemes, ends in seconds), pauses at both edges included.

    None where fewer than four in five sounds agree: then flite and we read different words.
    """
    heard = [arpabet(name) for name, _ in phones]
    matcher = SequenceMatcher(
        None, [symbol.rstrip("012") for symbol in heard], [sound.base for sound in ours], autojunk=False
    )
    if sum(block.size for block in matcher.get_matching_blocks()) < 0.8 * max(len(ours), len(heard) - 2):
        return None
    sounds: list[Phoneme] = []
    for tag, i0, i1, j0, j1 in matcher.get_opcodes():
        if tag in ("equal", "replace") and i1 - i0 == j1 - j0:
            sounds += [_heard_as(symbol, sound) for symbol, sound in zip(heard[i0:i1], ours[j0:j1], strict=True)]
        else:
            ends_word = any(sound.word_final for sound in ours[j0:j1])
            sounds += [Phoneme(symbol, ends_word and k == i1 - 1) for k, symbol in enumerate(heard[i0:i1], start=i0)]
    return mark_phrases(sounds), [end for _, end in phones]


def arpabet(phone: str) -> str:
    """A flite phone as one of SYMBOLS: `ax` is AH0, `pau` a blank, other vowels get stress 1."""
    if phone == "pau":
        return BLANK
    base = {"AX": "AH", "AXR": "ER", "HV": "HH", "DX": "T", "EL": "L", "EM": "M", "EN": "N"}.get(
        phone.upper(), phone.upper()
    )
    return base if base not in VOWELS else base + ("0" if phone in ("ax", "axr") else "1")


def _heard_as(symbol: str, sound: Phoneme) -> Phoneme:
    """What flite said with our stress, unless it contradicts: a schwa carries no stress, a full `ah` does."""
    base = symbol.rstrip("012")
    stress = sound.symbol[len(sound.base) :]
    if base in VOWELS and stress and not (base == "AH" and (symbol == "AH0") != (stress == "0")):
        symbol = base + stress
    return Phoneme(symbol, sound.word_final and symbol != BLANK)


def recite_festival(text: str, stretch: float) -> Recital | None:
    """The sentence as Festival says it, or None where it reads other words than we do. Its pitch cannot be set."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "x.scm").write_text(_FESTIVAL_PROGRAM.format(rate=1 / stretch, text=json.dumps(text), folder=folder))
        subprocess.run(["festival", "--batch", str(folder / "x.scm")], capture_output=True, check=True)
        audio, rate_hz = soundfile.read(folder / "x.wav", dtype="float32")
        rows = (folder / "x.segs").read_text().split("#\n", 1)[1].splitlines()
    phones = [(row.split()[2], float(row.split()[0])) for row in rows if row.strip()]
    aligned = align(phones, phonemise(text))
    return None if aligned is None else Recital(soxr.resample(audio, rate_hz, RATE_HZ, quality="VHQ"), *aligned)
