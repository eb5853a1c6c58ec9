"""Which language a line is in, so that no voice says words that it cannot.

Letters tell a long line and hardly a short one. A short one is taken for its script's language where nearly all of the
script is in one; a line that could be anything is nobody's, and whatever voice it has says it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from vssflow_post.timeline import CueSheet

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

SURE = 0.95
"""How likely a language must be that a line is said to be in it, and a script."""
MOST = 0.9
"""Of the letters whose language is sure: so many must be of one for it to be the script's."""
_TOLD_APART = (
    *("ar", "bg", "ca", "cs", "cy", "da", "de", "el", "en", "es", "et", "eu", "fa", "fi", "fr", "ga", "he", "hi", "hr"),
    *("hu", "id", "is", "it", "ja", "ka", "kk", "ko", "lt", "lv", "nl", "no", "pl", "pt", "ro", "ru", "sk", "sl", "sq"),
    *("sr", "sv", "sw", "te", "th", "tr", "uk", "ur", "vi", "zh"),
)
"""Languages that there are voices for, and some that are written with the same letters."""


def with_languages(sheet: CueSheet) -> CueSheet:
    """The sheet with a language in each line for which it is known; what a line says of itself stays."""
    unknown = [cue for cue in sheet.cues if cue.is_line and not cue.language and cue.recording is None]
    found = dict(zip((cue.id for cue in unknown), languages_of([cue.text for cue in unknown]), strict=True))
    return replace(sheet, cues=tuple(replace(cue, language=found.get(cue.id, cue.language)) for cue in sheet.cues))


def languages_of(lines: Sequence[str]) -> list[str]:
    """Of each line of a script its language, as in ISO 639-1; "" where nobody can tell."""
    likely = [_likelihoods(line) for line in lines]
    sure = [_sure_of(each) for each in likely]
    usual = _usual(lines, sure)
    # What may well be English among foreign lines is nobody's: a name, or a word that several languages have.
    may_be_usual = [each["en"] < 0.5 or usual == "en" for each in likely]
    return [known or (usual if may_be else "") for known, may_be in zip(sure, may_be_usual, strict=True)]


def _usual(lines: Sequence[str], sure: Sequence[str]) -> str:
    """The language that the script is nearly all in, by its letters; "" where it is not, or nobody can tell."""
    if not any(sure):
        return _sure_of(_likelihoods(" ".join(lines))) if lines else ""
    letters: Counter[str] = Counter()
    for line, language in zip(lines, sure, strict=True):
        letters[language] += len(line)
    language = max(filter(None, letters), key=lambda name: letters[name])
    known = letters.total() - letters[""]
    return language if letters[language] >= MOST * known and known >= letters.total() / 2 else ""


def _sure_of(likely: Mapping[str, float]) -> str:
    language = max(likely, key=lambda name: likely[name])
    return language if likely[language] >= SURE else ""


def _likelihoods(text: str) -> dict[str, float]:
    return dict(_identifier().rank(text.lower()))


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_TOLD_APART))
    return identifier
