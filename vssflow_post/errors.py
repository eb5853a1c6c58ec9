"""The one family of errors a user can cause or fix; the command line turns each into one sentence."""

from __future__ import annotations

from collections.abc import Collection


class VssflowError(Exception):
    """Base of every foreseeable error. `str(error)` is the sentence the user reads."""


class UsageError(VssflowError):
    """The command was asked for something that does not exist or contradicts itself (exit code 2)."""


class PresetError(UsageError):
    """A preset has an unknown key, a wrong type or a value out of range."""


class BackendUnavailable(UsageError):
    """A backend, detector or recogniser named by the user cannot run here."""


class FilmError(VssflowError):
    """One film ends with a verdict other than done; the batch goes on.

    `code` is the word after the colon of the verdict, e.g. `not_media`.
    """

    verdict = "failed"

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def full_verdict(self) -> str:
        return f"{self.verdict}:{self.code}"

    def __reduce__(self) -> tuple[type[FilmError], tuple[str, str]]:
        return type(self), (self.code, str(self))


class FilmRejected(FilmError):
    """The film itself cannot be worked on (`rejected:<code>`)."""

    verdict = "rejected"


class FilmFailed(FilmError):
    """The film is fine, the work on it went wrong (`failed:<code>`)."""

    verdict = "failed"


class ScriptError(FilmRejected):
    """A script or cue sheet cannot be read; names file, line and key."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class BackendError(FilmFailed):
    """A backend broke its contract: wrong shape, rate, length, or values that are not finite."""


def did_you_mean(word: object, known: Collection[str]) -> str:
    """The rest of a sentence about a name that nobody knows: which one it may be meant for, or ""."""
    import difflib

    close = difflib.get_close_matches(str(word), sorted(known), 1)
    return f". Did you mean {close[0]!r}?" if close else ""
