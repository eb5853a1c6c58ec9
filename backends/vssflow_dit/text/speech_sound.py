"""What timing asks of a sound of speech, in whatever alphabet it is written: whether it is a pause, where its word
ends, and how far the lips part for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class SpeechSound(Protocol):
    """`phonemes.Phoneme` is one, and so is `ipa.WrittenSound`."""

    @property
    def is_pause(self) -> bool: ...
    @property
    def word_final(self) -> bool: ...
    @property
    def word(self) -> str:
        """The word that it belongs to, as the report shall name it; "" for a pause."""
        ...

    @property
    def openness(self) -> float:
        """How far the lips part for it, 0 closed to 1."""
        ...


OPENNESS: Mapping[str, float] = {
    "<blank>": 0.0, "M": 0.0, "B": 0.0, "P": 0.0, "F": 0.1, "V": 0.1, "W": 0.15, "UW": 0.2, "OW": 0.4, "UH": 0.35,
    "R": 0.25, "S": 0.2, "Z": 0.2, "SH": 0.25, "ZH": 0.25, "CH": 0.25, "JH": 0.25, "T": 0.25, "D": 0.25, "N": 0.25,
    "L": 0.35, "TH": 0.3, "DH": 0.3, "Y": 0.3, "K": 0.35, "G": 0.35, "NG": 0.35, "HH": 0.5, "IY": 0.35, "IH": 0.45,
    "EH": 0.65, "EY": 0.6, "AH": 0.6, "ER": 0.4, "AE": 0.9, "AA": 1.0, "AO": 0.8, "AW": 0.85, "AY": 0.9, "OY": 0.6,
}  # fmt: skip
"""How far the lips part for a sound of ARPAbet, without its stress."""
_BY_OPENNESS: Mapping[float, str] = {
    0.0: "mbpɱɓʙɸβ", 0.1: "fvʋⱱ", 0.15: "wʍɥ", 0.2: "szuyʏʉɯø", 0.25: "ʃʒɕʑʂʐçtdnɹrɾɲʈɖɳɻɽɬɮɺʦ", 0.3: "θðjʝɟcʎ",  # noqa: RUF001
    0.35: "kɡgŋlɫɭxɣiʊɨqɢɴʁʀχ", 0.4: "oəɚɝɜɵɘɤ", 0.45: "ɪᵻ", 0.5: "hɦħʔʕ", 0.6: "eʌɐœɞ", 0.65: "ɛε", 0.8: "ɔɒɶ",  # noqa: RUF001
    0.9: "æ", 1.0: "aɑ",  # noqa: RUF001
}  # fmt: skip
_OF_IPA = {letter: openness for openness, letters in _BY_OPENNESS.items() for letter in letters}
UNKNOWN = 0.3
"""Of a letter that stands for no one sound."""


def openness_of(letters: str) -> float:
    """How far the lips part for a sound that begins with the first of these IPA letters that is one."""
    return next((_OF_IPA[letter] for letter in letters.casefold() if letter in _OF_IPA), UNKNOWN)
