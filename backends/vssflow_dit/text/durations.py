"""How long each phoneme lasts: a small additive model, and its fit to the span that a line must fill.

The log of a duration is a sum of table entries, one from each of `contexts`' columns (what the sound is, what stands
beside it, where it is in its word and phrase). The tables are fitted by ridge regression in closed form.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from vssflow_dit.tensors import metadata_of, tensors_in
from vssflow_dit.text.phonemes import BLANK, ID, NOTHING, SYMBOLS, Phoneme
from vssflow_dit.text.speech_sound import SpeechSound
from vssflow_post.errors import UsageError

Seconds = npt.NDArray[np.float32]
Logs = npt.NDArray[np.float64]
S = TypeVar("S", bound=SpeechSound)

EDGE_S = 0.05
"""Silence that frames a line, as in the speech that the model learned from."""
SHORTEST_PAUSE_S = 0.06
LEISURELY = 1.2
"""How far a line much shorter than its span is drawn out."""
ROUNDING_S = 0.001
RIDGE = 3.0

BASES: tuple[str, ...] = tuple(sorted({symbol.rstrip("012") for symbol in SYMBOLS}))
_BASE = {base: k for k, base in enumerate(BASES)}
MANNERS: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split())
    for group in ("<blank>", "P T K", "B D G", "CH JH", "F TH S SH HH", "V DH Z ZH", "M N NG", "L R", "W Y",
                  "IH EH AH UH ER", "AA AE AO IY UW", "AW AY EY OW OY")
)  # fmt: skip
_MANNER = {base: k for k, group in enumerate(MANNERS) for base in group}
N_BASES, N_MANNERS = len(BASES), len(MANNERS)


_LITTLE = """
DH-AH AH T-AH AE-N-D AH-V IH-N IH-Z IH-T DH-AE-T W-AA-Z F-AO-R Y-UW HH-IY SH-IY W-IY DH-EY AY HH-IH-Z HH-ER M-AY
Y-AO-R AO-R B-AH-T W-IH-DH AE-T B-AY F-R-AH-M AA-N AE-Z B-IY AA-R W-IH-L HH-AE-V HH-AE-D DH-IH-S DH-EH-R AW-ER
HH-IH-M K-AE-N W-UH-D N-AA-T D-UW AH-N AE-N IH-F S-OW HH-AE-Z W-ER DH-EH-M DH-IY UW M-IY AH-S
"""
FUNCTION_WORDS: tuple[str, ...] = tuple(_LITTLE.split())
"""Little words, which are said shorter than their sounds would be elsewhere."""
_FUNCTION_WORD = {word: k for k, word in enumerate(FUNCTION_WORDS)}


class Spoken(Protocol):
    """What the model is fitted to: `synthesis.speech.Utterance` is one."""

    @property
    def voice(self) -> str: ...
    @property
    def phonemes(self) -> list[Phoneme]: ...
    @property
    def ends_s(self) -> Seconds: ...


def _syllables(phonemes: Sequence[Phoneme]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each sound how many vowels its phrase has before and after it."""
    before, after = np.zeros(len(phonemes), np.int64), np.zeros(len(phonemes), np.int64)
    for counts, order in ((before, range(len(phonemes))), (after, range(len(phonemes) - 1, -1, -1))):
        count = 0
        for k in order:
            counts[k] = count
            count = 0 if phonemes[k].symbol == BLANK else count + phonemes[k].is_vowel
    return before, after


def _words(phonemes: Sequence[Phoneme]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """For each sound: its word's length, its place in it, and 0 before the word's vowels, 1 among, 2 after them."""
    length, place, part = (np.zeros(len(phonemes), np.int64) for _ in range(3))
    first = 0
    for k, sound in enumerate(phonemes):
        if sound.word_final or sound.symbol == BLANK:
            vowels = [j for j in range(first, k + 1) if phonemes[j].is_vowel] or [first]
            for j in range(first, k + 1):
                length[j], place[j] = k + 1 - first, j - first
                part[j] = 0 if j < vowels[0] else 2 if j > vowels[-1] else 1
            first = k + 1
    return length, place, part


def _function_words(phonemes: Sequence[Phoneme]) -> npt.NDArray[np.int64]:
    """Which sound of which of FUNCTION_WORDS each is, 0 for none."""
    codes = np.zeros(len(phonemes), np.int64)
    word: list[int] = []
    for k, sound in enumerate(phonemes):
        word.append(k)
        if sound.word_final or sound.symbol == BLANK:
            found = _FUNCTION_WORD.get("-".join(phonemes[j].base for j in word))
            if found is not None:
                codes[word] = 1 + 4 * found + np.arange(len(word))
            word = []
    return codes


def contexts(phonemes: Sequence[Phoneme]) -> tuple[npt.NDArray[np.int64], tuple[int, ...]]:
    """The table entries of each sound: codes (n, n_columns) and the size of each column's table."""
    n = len(phonemes)
    base = np.array([_BASE[sound.base] for sound in phonemes])
    manner = np.array([_MANNER[sound.base] for sound in phonemes])
    stress = np.array([int(sound.symbol[-1]) + 1 if sound.is_vowel else 0 for sound in phonemes])
    final = np.array([sound.word_final + 2 * sound.phrase_final for sound in phonemes])
    length, place, part = _words(phonemes)
    before, after = _syllables(phonemes)
    edge = np.pad(base, 2, constant_values=_BASE[BLANK])
    edge_manner = np.pad(manner, 2)
    edge_stress = np.pad(stress, 2)
    initial = (place == 0).astype(np.int64)
    columns = (
        (np.array([sound.id for sound in phonemes]), len(SYMBOLS) + 1),
        (base * 4 + final, N_BASES * 4),
        (edge[1 : n + 1] * N_MANNERS + manner, N_BASES * N_MANNERS),
        (edge[3 : n + 3] * N_MANNERS + manner, N_BASES * N_MANNERS),
        (base * N_MANNERS + edge_manner[1 : n + 1], N_BASES * N_MANNERS),
        (base * N_MANNERS + edge_manner[3 : n + 3], N_BASES * N_MANNERS),
        (edge_manner[:n] * N_MANNERS + edge_manner[4 : n + 4], N_MANNERS**2),
        (_function_words(phonemes), 4 * len(FUNCTION_WORDS) + 1),
        ((np.minimum(length, 9) * 3 + part) * 3 + np.minimum(place, 2), 90),
        ((np.minimum(before, 4) * 6 + np.minimum(after, 5)) * N_MANNERS + manner, 30 * N_MANNERS),
        ((edge_stress[1 : n + 1] * 4 + stress) * 4 + edge_stress[3 : n + 3], 64),
        ((base * 3 + part) * 2 + initial, N_BASES * 6),
        ((manner * 4 + final) * 4 + stress, N_MANNERS * 16),
    )
    return np.stack([codes for codes, _ in columns], axis=1), tuple(size for _, size in columns)


@dataclass(frozen=True, slots=True, eq=False)
class DurationModel:
    """Tables of log-seconds, a set for each voice: voices differ in rhythm more than tables could share."""

    weights: Seconds
    """(n_voices, n_entries): the tables of all columns, end to end."""
    sizes: tuple[int, ...]
    """Entries of each column's table."""
    voices: tuple[str, ...]
    """Voices it was fitted to; for another one their mean is predicted."""

    @classmethod
    def fit(cls, spoken: Iterable[Spoken]) -> DurationModel:
        """Ridge regression on log-durations of utterances framed by silence; a few seconds for five hours of speech."""
        by_voice: dict[str, list[Spoken]] = {}
        for utterance in spoken:
            by_voice.setdefault(utterance.voice, []).append(utterance)
        fitted = {voice: _fit_voice(said) for voice, said in sorted(by_voice.items())}
        sizes = next(iter(fitted.values()))[1]
        return cls(np.stack([weights for weights, _ in fitted.values()]), sizes, tuple(fitted))

    def predict(self, phonemes: Sequence[Phoneme], voice: str | None) -> Seconds:
        """Seconds of each phoneme, shape (n,), at the natural pace of the voice."""
        if not phonemes:
            return np.zeros(0, np.float32)
        tables = self.weights[[self.voices.index(voice)] if voice in self.voices else slice(None)]
        codes, sizes = contexts(phonemes)
        logs = tables[:, _entries(codes, sizes)].sum(axis=-1).mean(axis=0)
        seconds: Seconds = np.clip(np.exp(logs), 0.015, 1.0).astype(np.float32)
        return seconds

    def save(self, path: Path) -> None:
        """One small safetensors file."""
        from safetensors.numpy import save_file

        arrays = {"weights": self.weights, "sizes": np.array(self.sizes, np.int32)}
        save_file(arrays, str(path), metadata={"voices": " ".join(self.voices)})

    @classmethod
    def load(cls, path: Path) -> DurationModel:
        """What `save` wrote. Raises UsageError for any other file."""
        tables = dict(tensors_in(path, besides=(torch.int32,)))
        try:
            weights, sizes, voices = tables["weights"], tables["sizes"], metadata_of(path)["voices"]
        except KeyError as error:
            raise UsageError(f"{path} holds no durations: {error} is missing") from error
        return cls(weights.numpy(), tuple(sizes.tolist()), tuple(voices.split()))


def _fit_voice(spoken: Sequence[Spoken], n_rounds: int = 3) -> tuple[Seconds, tuple[int, ...]]:
    """One voice's tables and their sizes; each utterance's own pace is estimated and set aside in rounds."""
    rows, targets, owners = [], [], []
    sizes: tuple[int, ...] = ()
    for owner, utterance in enumerate(spoken):
        seconds = np.diff(utterance.ends_s.astype(np.float64))[:-1]
        codes, sizes = contexts(utterance.phonemes[1:-1])
        rows.append(codes)
        targets.append(np.log(np.maximum(seconds, 0.005)))
        owners.append(np.full(len(codes), owner))
    target, owner_of = np.concatenate(targets), np.concatenate(owners)
    used, design = np.unique(_entries(np.concatenate(rows), sizes), return_inverse=True)
    inverse = np.linalg.inv(_normal_matrix(design, len(used)))
    pace = np.zeros_like(target)
    for _ in range(n_rounds):
        mean = float(target.mean())  # shrink towards the mean, not towards one second
        moments = sum(np.bincount(column, target - pace - mean, len(used)) for column in design.T)
        logs = (inverse @ moments)[design].sum(axis=1) + mean
        pace = _pace(target - logs, owner_of, len(spoken))
    tables = np.zeros(sum(sizes))
    tables[used] = inverse @ moments
    # exp of a mean log is too short on average; the first column, which every sound has, carries mean and correction.
    tables[: sizes[0]] += mean + np.log(np.exp(target).sum() / np.exp(logs + pace).sum())
    return tables.astype(np.float32), sizes


def _entries(codes: npt.NDArray[np.int64], sizes: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Each column's codes as rows of the tables laid end to end."""
    entries: npt.NDArray[np.int64] = codes + np.cumsum([0, *sizes[:-1]])
    return entries


def _normal_matrix(design: npt.NDArray[np.int64], n: int) -> Logs:
    """X'X + RIDGE of a one-hot design: how often each pair of entries meets, shape (n, n)."""
    matrix = np.zeros(n * n)
    for left in design.T:
        for right in design.T:
            matrix += np.bincount(left * n + right, minlength=n * n)
    matrix[:: n + 1] += RIDGE
    return matrix.reshape(n, n)


def _pace(residual: Logs, owner_of: npt.NDArray[np.int64], n: int) -> Logs:
    """Each utterance's mean residual, centred over utterances, at each of its rows."""
    pace = np.bincount(owner_of, residual, n) / np.maximum(np.bincount(owner_of, minlength=n), 1)
    centred: Logs = (pace - pace.mean())[owner_of]
    return centred


def fit_to_span(
    durations: Seconds,
    span_s: float,
    phonemes: Sequence[SpeechSound] | None = None,
    limits: tuple[float, float] = (0.75, 1.3),
) -> tuple[Seconds, float, str]:
    """Durations scaled to fill `span_s`, the first sound's start in it (s), and a sentence if the line does not fit.

    A line that is too long gives up its pauses first (where `phonemes` says which sounds are pauses), then speaks
    faster, to `limits[0]`; what still runs past the span is for the caller to cut (`whole_words`) or to allow. A line
    too short to fill it within `limits[1]` is drawn out a little, and starts where the span starts.
    """
    edge = EDGE_S if span_s > 10 * EDGE_S else 0.0
    room = span_s - 2 * edge
    fitted = durations.astype(np.float64)
    total = float(fitted.sum())
    if phonemes is not None and total > room:
        pause = np.array([sound.is_pause for sound in phonemes], bool)
        spare = np.where(pause, np.maximum(fitted - SHORTEST_PAUSE_S, 0.0), 0.0)
        fitted -= spare * min(1.0, (total - room) / max(float(spare.sum()), 1e-9))
        total = float(fitted.sum())
    if total <= 0.0:
        return durations.astype(np.float32), edge, ""
    ratio = room / total
    scale = min(limits[1], LEISURELY) if ratio > limits[1] else max(ratio, limits[0])
    note = ""
    if ratio < limits[0] - 1e-6:
        note = f"The line needs {total * scale + 2 * edge:.1f} s even when spoken fast, but its span is {span_s:.1f} s."
    return (fitted * scale).astype(np.float32), edge, note


def whole_words(
    phonemes: Sequence[S], durations: Seconds, offset_s: float, span_s: float
) -> tuple[Sequence[S], Seconds, str]:
    """The sounds of those words that end within the span, how long each lasts, and the words that are lost.

    No word is broken off, but for a first one that is too long by itself.
    """
    ends_s = offset_s + np.cumsum(durations, dtype=np.float64)
    last = [k for k, sound in enumerate(phonemes) if sound.word_final]
    said = [k for k in last if ends_s[k] <= span_s + ROUNDING_S]
    lost = " ".join(phonemes[k].word for k in last[len(said) :] if phonemes[k].word)
    n = said[-1] + 1 if said and lost else len(phonemes)
    return phonemes[:n], durations[:n], lost


def laid_out(phonemes: Sequence[Phoneme], durations: Seconds, offset_s: float) -> tuple[npt.NDArray[np.int16], Seconds]:
    """Ids and end times for `phonemes.phoneme_frames`: nothing, a short blank, the line, a short blank."""
    lead = min(EDGE_S, offset_s)
    ids = [NOTHING, ID[BLANK], *(sound.id for sound in phonemes), ID[BLANK]]
    ends = np.cumsum([offset_s - lead, lead, *durations, EDGE_S])
    return np.array(ids, np.int16), ends.astype(np.float32)
