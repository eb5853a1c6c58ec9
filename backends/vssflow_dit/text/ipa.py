"""Sounds as the alphabet of a Piper voice writes them, and the symbols that such a voice reads.

The alphabet is mostly IPA, as espeak-ng writes it; of voices that read text it is that language's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from vssflow_dit.text.phonemes import VOWELS, Phoneme
from vssflow_dit.text.speech_sound import openness_of

_IPA = {
    "AA": "ɑː", "AE": "æ", "AH": "ʌ", "AO": "ɔː", "AW": "aʊ", "AY": "aɪ", "EH": "ɛ", "ER": "ɜː", "EY": "eɪ", "IH": "ɪ",  # noqa: RUF001
    "IY": "iː", "OW": "oʊ", "OY": "ɔɪ", "UH": "ʊ", "UW": "uː", "B": "b", "CH": "tʃ", "D": "d", "DH": "ð", "F": "f",  # noqa: RUF001
    "G": "ɡ", "HH": "h", "JH": "dʒ", "K": "k", "L": "l", "M": "m", "N": "n", "NG": "ŋ", "P": "p", "R": "ɹ", "S": "s",  # noqa: RUF001
    "SH": "ʃ", "T": "t", "TH": "θ", "V": "v", "W": "w", "Y": "j", "Z": "z", "ZH": "ʒ",
}  # fmt: skip
_UNSTRESSED = {"AH": "ə", "ER": "ɚ", "IY": "i"}
_STRESS = {"0": "", "1": "ˈ", "2": "ˌ"}  # noqa: RUF001
_START, _STOP, _PAD = "^", "$", "_"


@dataclass(frozen=True, slots=True)
class WrittenSound:
    """One sound of a line and its place in it; see `speech_sound.SpeechSound`."""

    letters: str
    """A voice's symbols, stress before the sound; of a pause the sign that stands for it, such as `,`."""
    word_final: bool = False
    is_pause: bool = False
    word: str = field(default="", compare=False)

    @property
    def openness(self) -> float:
        return 0.0 if self.is_pause else openness_of(self.letters)


def ipa(sound: Phoneme) -> str:
    """One ARPAbet phoneme as espeak's American English writes it, stress before the vowel."""
    base = sound.base
    if base not in VOWELS:
        return _IPA[base]
    stress = sound.symbol[len(base) :]
    return _UNSTRESSED[base] if stress == "0" and base in _UNSTRESSED else _STRESS[stress] + _IPA[base]


def written(sounds: Sequence[Phoneme]) -> list[WrittenSound]:
    """Our own phonemes in espeak's alphabet, one for one; every pause is a comma."""
    return [
        WrittenSound("," if sound.is_pause else ipa(sound), sound.word_final, sound.is_pause, sound.word)
        for sound in sounds
    ]


def spelled(sounds: Sequence[WrittenSound], mark: str) -> tuple[list[str], list[int]]:
    """The voice's symbols, with the padding it learned with between any two, and the sound that each belongs to.

    Owner 0 is the silence before the first sound, k + 1 is `sounds[k]`, len(sounds) + 1 the silence after the last,
    with the sentence's closing `mark`.
    """
    symbols, owners = [_START, _PAD], [0, 0]
    for k, sound in enumerate(sounds, start=1):
        for letter in sound.letters:
            symbols += [letter, _PAD]
            owners += [k, k]
        if sound.word_final and k < len(sounds) and not sounds[k].is_pause:
            symbols += [" ", _PAD]
            owners += [k, k + 1]
        elif sound.is_pause:
            symbols += [" ", _PAD]
            owners += [k, k]
    last = len(sounds) + 1
    return [*symbols, mark, _PAD, _STOP], [*owners, last, last, last]


def each_owners(values: npt.NDArray[np.floating], owners: Sequence[int], n_sounds: int) -> npt.NDArray[np.float64]:
    """Frames of each owner, shape (n_sounds + 2,), from those of each symbol."""
    return np.bincount(np.asarray(owners), values, n_sounds + 2).astype(np.float64)
