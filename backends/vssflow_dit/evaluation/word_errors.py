"""Is the speech understood? PocketSphinx listens; nothing may be trained against it.

Closed set: a grammar of just the test sentences, so a hit says that the words are there. Open vocabulary: the
package's own English model, so the errors say how natural the words sound to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from vssflow_dit.bars import watched
from vssflow_dit.evaluation.heldout import JUDGED_HZ, Waveform
from vssflow_dit.evaluation.measures import Measure
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.text.normalise import spoken_words
from vssflow_dit.text.phonemes import dictionary, word_symbols
from vssflow_dit.text.readings import PAUSE
from vssflow_post.progress import OnProgress

if TYPE_CHECKING:
    from pocketsphinx import Decoder

GROUP = "Is the speech understood?"
ABOUT = (
    "PocketSphinx, which nothing was trained against, with a grammar of just the sentences spoken (closed set), and "
    "with its own English model (open vocabulary; lower is better)."
)
Said: TypeAlias = tuple[Waveform, int]
"""A waveform (n,) at 16 kHz, full scale 1, and the index of the sentence that it says."""


def words_of(sentence: str) -> list[str]:
    """What is said, as the recogniser writes it: lower-case words, a letter's name as the letter."""
    return [word.replace(".", "") for word in spoken_words(sentence, dictionary()) if word != PAUSE]


def measures(said: Mapping[str, Sequence[Waveform]], lines: Sequence[Utterance], report: OnProgress) -> list[Measure]:
    """`said`: column -> a waveform for each line."""
    texts = list(dict.fromkeys(line.text for line in lines))
    found = []
    for voice in dict.fromkeys(line.voice for line in lines):
        own = [(k, texts.index(line.text)) for k, line in enumerate(lines) if line.voice == voice]
        for column, waves in said.items():
            spoken: list[Said] = [(waves[k], index) for k, index in own]
            closed = closed_set_accuracy(spoken, texts)
            errors = open_vocabulary_wer(watched(f"understood: {voice}, {column}", spoken, report), texts)
            found += [
                Measure(GROUP, "closed set, sentences recognised", voice, column, 100 * closed, "%", len(own)),
                Measure(GROUP, "open vocabulary, word error rate", voice, column, 100 * errors, "%", len(own)),
            ]
    return found


def closed_set_accuracy(said: Iterable[Said], sentences: Sequence[str]) -> float:
    """The share of waveforms that a grammar of just these sentences takes for the right one, 0 to 1.

    Raises ValueError where nothing was said.
    """
    wanted = [words_of(sentence) for sentence in sentences]
    decoder = _closed_decoder(wanted)
    hits = [_heard(decoder, waveform) == wanted[index] for waveform, index in said]
    if not hits:
        raise ValueError("nothing was said")
    return float(np.mean(hits))


def open_vocabulary_wer(said: Iterable[Said], sentences: Sequence[str]) -> float:
    """Word errors over words, with the package's language model; words of ours that it lacks are taught to it.

    Raises ValueError where nothing was said.
    """
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=JUDGED_HZ, loglevel="FATAL")
    wanted = [words_of(sentence) for sentence in sentences]
    _teach(decoder, wanted)
    errors = n_words = 0
    for waveform, index in said:
        errors += word_errors(wanted[index], _heard(decoder, waveform))
        n_words += len(wanted[index])
    if not n_words:
        raise ValueError("nothing was said")
    return errors / n_words


def word_errors(wanted: Sequence[str], heard: Sequence[str]) -> int:
    """Substitutions, insertions and deletions between two word sequences (Levenshtein's distance)."""
    row = list(range(len(heard) + 1))
    for i, word in enumerate(wanted, start=1):
        last, row[0] = row[0], i
        for j, other in enumerate(heard, start=1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (word != other))
    return row[-1]


def _closed_decoder(wanted: Sequence[Sequence[str]]) -> Decoder:
    from pocketsphinx import Decoder

    decoder = Decoder(samprate=JUDGED_HZ, loglevel="FATAL", lm=None)
    _teach(decoder, wanted)
    choices = " | ".join(" ".join(words) for words in wanted)
    decoder.add_jsgf_string("sentences", f"#JSGF V1.0; grammar sentences; public <sentence> = {choices} ;")
    decoder.activate_search("sentences")
    return decoder


def _teach(decoder: Decoder, wanted: Sequence[Sequence[str]]) -> None:
    """Adds the words that the decoder's dictionary lacks, said as our front end says them."""
    missing = sorted({word for words in wanted for word in words if decoder.lookup_word(word) is None})
    for word in missing:
        sounds = " ".join(symbol.rstrip("012") for symbol in word_symbols(word))
        decoder.add_word(word, sounds, word == missing[-1])


def _heard(decoder: Decoder, waveform: Waveform) -> list[str]:
    """The words of the best hypothesis; a quarter of a second of faint noise at both ends, as microphones give."""
    quiet = np.random.default_rng(0).normal(0.0, 2e-4, JUDGED_HZ // 4)
    padded = np.concatenate([quiet, np.asarray(waveform, np.float64), quiet])
    decoder.start_utt()
    decoder.process_raw(np.round(np.clip(padded, -1.0, 1.0) * 32767.0).astype("<i2").tobytes(), full_utt=True)
    decoder.end_utt()
    hypothesis = decoder.hyp()
    return re.sub(r"\(\d+\)", "", hypothesis.hypstr).split() if hypothesis else []
