"""What the takes' files and the clips of timelines are called: the cue, and who says or what sounds in it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence

from vssflow_post.timeline import Cue

LONGEST_FILE_NAME = 255
"""In bytes, on every file system that is in use."""
_LONGEST_WORDS = 32
"""Of a cue's words in a file name, in characters."""


def clip_name(cue: Cue) -> str:
    """For people: `d0001 ANNA: Come in.`, `s0004 door`; the cue's id comes first, which finds it in the sheet."""
    words, speaker = cue.words, cue.speaker or ""
    return " ".join(part for part in (cue.id, f"{speaker}:" if speaker and words else speaker, words) if part)


def take_names(film_stem: str, cues: Sequence[Cue], stem_of: Mapping[str, str]) -> dict[str, str]:
    """`<film>_<stem>_<cue>_<words>.wav` by cue id; `stem_of` names the stem of each.

    No two are the same, not even to a file system that takes capitals for small letters. Where a name would be too long
    its words are left out, and then the cue's id is shortened to a digest.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for cue in cues:
        start, words = f"{film_stem}_{stem_of[cue.id]}", _file_words(cue)
        ends = [f"{cue.id}_{words}"] if words else []
        ends += [cue.id, hashlib.sha256(cue.id.encode()).hexdigest()[:8]]
        whole = [f"{start}_{end}.wav" for end in ends]
        fits = [each for each in whole if len(os.fsencode(each)) <= LONGEST_FILE_NAME and each.casefold() not in taken]
        names[cue.id] = fits[0] if fits else whole[-1]
        taken.add(names[cue.id].casefold())
    return names


def unicode_name(name: str) -> str:
    """A file name as formats can hold it that hold UTF-8 alone: bytes that are none become question marks."""
    return name.encode("utf-8", "replace").decode()


def printable(text: str) -> str:
    """The same, and question marks for control characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in unicode_name(text))


def in_one_line(text: str) -> str:
    """Without line breaks and control characters, and with question marks for bytes that are no text: as formats that
    are read line by line want it, and those that hold UTF-8 or UTF-16 alone."""
    return " ".join("".join(c if c.isprintable() else " " for c in unicode_name(text)).split())


def _file_words(cue: Cue) -> str:
    """Who speaks, or else what is said or heard, in letters and digits that every system has: `footsteps-gravel`."""
    from anyascii import anyascii

    plain = re.sub(r"['`]", "", anyascii(cue.speaker or cue.words))
    words = re.findall(r"[A-Za-z0-9]+", plain)
    text = words[0][:_LONGEST_WORDS] if words else ""
    for word in words[1:]:
        if len(text) + 1 + len(word) > _LONGEST_WORDS:
            break
        text += f"-{word}"
    return text
