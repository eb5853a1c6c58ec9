"""What a recording is of, from what is written on it: chunks or tags, its UCS name, else words of file and folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath

from vssflow_dit.sounds import CLASSES, sound_class
from vssflow_library.naming import ucs
from vssflow_library.naming.chunks import Said, said_in

NOTHING = Said()
FOLDERS = 3
"""How many folders above a file say something of it, nearest first."""


@dataclass(frozen=True, slots=True)
class Label:
    """What a recording is of."""

    sound: str
    """A class of `vssflow_dit.sounds.CLASSES`; "" where nothing tells."""
    words: str
    """All that is said of it, in plain words, for prompts to be held against."""


def label(file: Path, inside: PurePath) -> Label:
    """Of a file, and of its path inside the folder that was named for indexing.

    Raises OSError where the file cannot be opened.
    """
    return of_words(inside, said_in(file))


def of_words(inside: PurePath, said: Said = NOTHING) -> Label:
    """A CatID in the file's own chunks counts before that of its name; what neither tells, words do: those of the name,
    then of the folders, then the description."""
    name = ucs.parse(inside.stem)
    folders = [" ".join(ucs.words(folder)) for folder in reversed(inside.parts[:-1])][:FOLDERS]
    own = name.said if name is not None else " ".join(ucs.words(inside.stem))
    told = " ".join(ucs.words(f"{said.description} {said.filed_under}"))
    everything = " ".join(part for part in (own, *folders, told) if part)
    if said.cat_id:
        return Label(ucs.class_of(said.cat_id, f"{own} {said.description}"), everything)
    if name is not None:
        return Label(ucs.class_of(name.cat_id, own), everything)
    in_category = ucs.in_category(inside.stem)
    if in_category:
        return Label(in_category, everything)
    for spoken in (" ".join([own, *folders]), said.description):
        sound = sound_class(spoken, CLASSES)[0]
        if sound:
            return Label(sound, everything)
    return Label("", everything)
