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


def is_there() -> bool:
    return find_spec("piper") is not None and find_spec("piper.espeakbridge") is not None


@cache
def _phonemizer() -> EspeakPhonemizer:
    from piper.phonemize_espeak import EspeakPhonemizer

    return EspeakPhonemizer()


def phonemes(text: str, voice: str) -> str:
    """What is said, in IPA: words apart by spaces, clauses closed by their marks. Raises UsageError for a voice that
    espeak-ng does not know."""
    with _ONE_AT_A_TIME:
        try:
            sentences = _phonemizer().phonemize(voice, text)
        except RuntimeError as error:
            raise UsageError(f"espeak-ng knows no language {voice}") from error
    return " ".join("".join(sentence).strip() for sentence in sentences if sentence)
