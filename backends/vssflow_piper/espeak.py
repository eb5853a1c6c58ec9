"""espeak-ng, from inside PyPI's `piper-tts`, which the voices were trained with: text to phonemes in some hundred
languages. It is free software under the GPL, installed by the user's choice and loaded only when a voice asks for it.
"""

from __future__ import annotations

import threading
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from vssflow_post.errors import UsageError

if TYPE_CHECKING:
    from piper.phonemize_espeak import EspeakPhonemizer

_ONE_AT_A_TIME = threading.Lock()
"""The library keeps one voice, for the whole process."""
_OTHERWISE = {"no": "nb", "zh": "cmn"}
"""Languages that espeak-ng calls by another name."""


def is_there() -> bool:
    return find_spec("piper") is not None and find_spec("piper.espeakbridge") is not None


@cache
def _phonemizer() -> EspeakPhonemizer:
    from piper.phonemize_espeak import EspeakPhonemizer

    return EspeakPhonemizer()


def phonemes(text: str, voice: str) -> str:
    """What is said, in IPA: words apart by spaces, clauses closed by their marks. An accent that espeak-ng does not
    know is its language's. Raises UsageError, with the end of a sentence, for a language that it does not know."""
    language = voice.split("-")[0]
    with _ONE_AT_A_TIME:
        for each in dict.fromkeys((voice, language, _OTHERWISE.get(language, language))):
            try:
                sentences = _phonemizer().phonemize(each, text)
            except RuntimeError:
                continue
            return " ".join("".join(sentence).strip() for sentence in sentences if sentence)
    raise UsageError(f"needs phonemes of the language {voice}, which espeak-ng does not know")
