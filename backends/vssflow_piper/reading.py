"""A line as a voice reads it: its sounds in that voice's alphabet, word by word, and what of it cannot be said."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from vssflow_dit.text.ipa import WrittenSound, written
from vssflow_dit.text.phonemes import phonemise
from vssflow_dit.text.unsaid import has_sound, left_unsaid
from vssflow_piper import espeak
from vssflow_piper.english import mark_of, plain_english, sentences
from vssflow_piper.voice_files import VoiceFile
from vssflow_post.errors import UsageError

MARKS = ",;:.!?"
STRESSES = "ˈˌ"
_JOINED = frozenset(["tʃ", "dʒ", "aɪ", "aʊ", "eɪ", "oʊ", "ɔɪ", "əʊ", "ɔø", "ɔʏ", "aɪ̯", "aʊ̯"])  # noqa: RUF001
"""Two letters for one sound."""
_PAUSED = re.compile(r"\s*(?:\.{2,}|…|[-–—]{2,}|[–—]|\s-\s)\s*(?=\w)")  # noqa: RUF001
"""Dashes and dots inside a line, which espeak-ng would run over."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a voice is given of a line."""

    sounds: Sequence[WrittenSound]
    mark: str
    """How the line ends: `.`, `?` or `!`."""
    notes: tuple[str, ...] = ()
    """Sentences for the report."""


def reading(text: str, voice: VoiceFile) -> Reading:
    """Raises UsageError, with the end of a sentence, for a line that this voice cannot say at all."""
    plain = "".join(" " if unicodedata.category(each) == "So" else each for each in text)  # espeak-ng would name them
    text = unicodedata.normalize("NFC", " ".join(plain.split()))
    note = left_unsaid(text) if voice.language == "en" else ""
    if not any(letter.isalnum() for letter in text) or (voice.language == "en" and not has_sound(text)):
        raise UsageError(f"cannot say “{text[:80]}”")
    if voice.alphabet == "text" or (voice.asks_for_espeak and espeak.is_there()):
        found = _by_letters(text, voice)
    else:
        found = _by_ourselves(text, voice)
    if not found.sounds:
        raise UsageError(f"has no sounds for “{text[:80]}”")
    return Reading(found.sounds, found.mark if found.mark in voice.ids else "", (note,) if note else ())


def _by_ourselves(text: str, voice: VoiceFile) -> Reading:
    if voice.language != "en":
        raise UsageError(
            f"needs espeak-ng for the language {voice.language}, which is not there: pip install 'vssflow-post[piper]'"
        )
    sounds: list[WrittenSound] = []
    mark = ""
    for sentence in sentences(text):
        said = written(phonemise(sentence))
        if said:
            sounds += [WrittenSound(mark, is_pause=True)] if sounds else []
            sounds += said
            mark = mark_of(sentence)
    return Reading(sounds, mark)


def _by_letters(text: str, voice: VoiceFile) -> Reading:
    """By espeak-ng's IPA, or of a voice that reads text by its characters."""
    if voice.alphabet == "text":
        letters = "".join(each if each in voice.ids else each.casefold() for each in unicodedata.normalize("NFD", text))
    else:
        text = plain_english(text) if voice.language == "en" else _PAUSED.sub(", ", text)
        letters = espeak.phonemes(text, voice.espeak_voice)
    letters = "".join("".join(voice.replaced.get(each, (each,))) for each in letters)
    clauses, mark = _clauses(letters, voice)
    names = iter(_names(text, [sounds for words, _ in clauses for sounds in words], voice))
    sounds: list[WrittenSound] = []
    for words, closing in clauses:
        for groups in words:
            name = next(names, "")
            sounds += [WrittenSound(each, k == len(groups), word=name) for k, each in enumerate(groups, start=1)]
        if closing:
            sounds.append(WrittenSound(closing, is_pause=True))
    return Reading(sounds, mark)


def _clauses(letters: str, voice: VoiceFile) -> tuple[list[tuple[list[list[str]], str]], str]:
    """The words of each clause, each in its sounds, with the mark that closes it ("" of the last); and that one's."""
    clauses: list[tuple[list[list[str]], str]] = []
    # A mark closes a clause where a space follows: espeak-ng writes some tones and letters with marks inside.
    for part in re.findall(rf".*?[{MARKS}]+(?=\s|$)|.+$", letters):
        words = [_sounds_of(each, voice) for each in part.strip().rstrip(MARKS).split()]
        mark = next((each for each in part.strip()[::-1] if each in MARKS), "") if part.strip()[-1:] in MARKS else ""
        words = [word for word in words if word]
        if words:
            clauses.append((words, mark if mark in voice.ids else ","))
    last = clauses[-1][1] if clauses else ""
    clauses[-1:] = [(words, "") for words, _ in clauses[-1:]]
    return clauses, last if last in (".", "?", "!") else "."


def _sounds_of(word: str, voice: VoiceFile) -> list[str]:
    """A word's letters, each sound with its stress before and its signs behind it."""
    sounds: list[str] = []
    stress = ""
    for letter in word:
        if letter not in voice.ids:
            continue
        if letter in STRESSES:
            stress += letter
        elif sounds and not stress and (_is_sign(letter) or sounds[-1].lstrip(STRESSES) + letter in _JOINED):
            sounds[-1] += letter
        else:
            sounds.append(stress + letter)
            stress = ""
    return sounds


def _is_sign(letter: str) -> bool:
    """Whether it only says more about the letter before it: length, tone, a mark above."""
    return unicodedata.category(letter)[0] in "MNP" or unicodedata.category(letter) in ("Lm", "Sk")


def _names(text: str, spoken: Sequence[Sequence[str]], voice: VoiceFile) -> list[str]:
    """The word or words of the text behind each word that is said, for the report.

    espeak-ng reads some words as several ("25"; the last bears the name), and joins others ("of the"): where the counts
    differ, each word of the text is looked for where it would be if every letter took equally long.
    """
    words = [each.strip("\"'“”‘’«»„()[]{}.,;:!?…—–-") for each in text.split()]  # noqa: RUF001
    words = [each for each in words if any(letter.isalnum() for letter in each)]
    if len(words) == len(spoken) or voice.alphabet != "espeak":
        return words
    letters = np.cumsum([0, *(len(espeak.phonemes(each, voice.espeak_voice)) for each in words)])
    middles = (letters[:-1] + letters[1:]) / (2 * max(letters[-1], 1))
    ends = np.cumsum([sum(map(len, sounds)) for sounds in spoken])
    places = np.searchsorted(ends / ends[-1], middles)
    return [" ".join(word for word, place in zip(words, places, strict=True) if place == k) for k in range(len(spoken))]
