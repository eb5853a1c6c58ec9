"""The cue sheet as JSON or as a table: written to be edited by hand, read back strictly."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.cues.sheet_cue import MAX_SECONDS, Reel, place_of, read_cue
from vssflow_post.cues.sheet_cue import MAX_SEED as MAX_SEED
from vssflow_post.cues.sheet_cue import cue_seed as cue_seed
from vssflow_post.cues.sheet_cue import take_seed as take_seed
from vssflow_post.cues.sheet_table import NO_FILM, files_in_table, read_cue_table, write_cue_table
from vssflow_post.cues.sheet_whole import (
    described,
    faults_of_film,
    faults_of_voice,
    scenes_of,
    twice,
    unheard,
    without_collisions,
)
from vssflow_post.cues.strict_json import JsonFault, JsonPath, Table, lines_of, load_bytes, load_json
from vssflow_post.cues.timed_text import MOST_TOLD, more_than_told
from vssflow_post.errors import ScriptError
from vssflow_post.timeline import Cue, CueSheet, Scene, cue_as_json, scene_as_json, seconds_of

if TYPE_CHECKING:
    from vssflow_post.media import Film

VERSION = 1
LEAST_MAX_BYTES, MAX_BYTES_A_SECOND, MAX_BYTES = 256 * 1024, 2048, 16 * 1024 * 1024
"""How large a sheet may be: of a short film, what each second adds, and at most. A day of film with a cue every two
seconds is 10 MB; nothing that this product writes is refused."""
SHEET_KEYS = ("version", "film", "scenes", "cues")


def write_cue_sheet(path: Path, film: Film, sheet: CueSheet, home: Path | None = None) -> None:
    """Writes the sheet, as a table where `path` ends in `.csv`; else as JSON, one cue per line.

    Times have six decimals, so that each gives its sample back. Recordings are named as they are found from `home`,
    where the sheet will lie (None: the folder of `path`).
    """
    sheet = replace(sheet, cues=tuple(_as_found_from(cue, home or path.parent) for cue in sheet.cues))
    if path.suffix.lower() == ".csv":
        write_cue_table(path, film, sheet)
        return
    about = {
        "path": str(film.path),
        "duration_s": seconds_of(film.duration.n_samples),
        "frame_rate": f"{film.frame_rate.numerator}/{film.frame_rate.denominator}",
        "start_timecode": film.start_timecode,
    }
    scenes = [scene_as_json(scene) for scene in sheet.scenes]
    cues = [cue_as_json(cue) for cue in sheet.cues]
    # The film's path may hold bytes that are no text, which only the escapes of JSON can carry.
    document = f'{{"version": {VERSION},\n "film": {json.dumps(about)},\n'
    document += f' "scenes": [{rows_of_items(scenes)}],\n "cues": [{rows_of_items(cues)}]}}\n'
    path.write_text(document, encoding="utf-8", errors="backslashreplace", newline="\n")


def _as_found_from(cue: Cue, home: Path) -> Cue:
    """The cue, its recording's path relative to the folder `home`."""
    if cue.recording is None:
        return cue
    file = cue.recording.file
    folder = os.path.relpath(os.path.realpath(file.parent), os.path.realpath(home))
    return replace(cue, recording=replace(cue.recording, file=Path(folder) / file.name))


def read_cue_sheet(path: Path, film: Reel, seed: int = 0, voices: Sequence[str] | None = None) -> CueSheet:
    """The cues of the sheet at `path` (JSON, or a table in `.csv`), by start; `seed` is for cues that name none.

    A sheet need not tile the film: where no cue lies there is silence. `voices` are those that a cue may name; None
    takes any. Raises ScriptError `bad_cues`, which names the file, and for each fault the line, the cue and the key.
    """
    sheet, faults = checked_cue_sheet(path, film, seed, voices)
    if sheet is None:
        raise _bad_cues(faults)
    return sheet


def checked_cue_sheet(
    path: Path,
    film: Reel | None = None,
    seed: int = 0,
    voices: Sequence[str] | None = None,
    heard: Callable[[Cue], str] | None = None,
) -> tuple[CueSheet | None, list[str]]:
    """The same, and every fault as a sentence: there is a sheet where there are none.

    Without a film the sheet is held against what it says itself of the film that it was made for. `heard` says what is
    wrong with the recording of a cue or what its sound names in vain, "" for nothing; None leaves recordings alone.
    """
    text = ""
    scenes: tuple[Scene, ...] = ()
    cues: tuple[Cue, ...] = ()
    faults: list[JsonFault] = []
    try:
        content, places, text = _content(path, film, faults)
        sheet = Table(content, "the cue sheet", SHEET_KEYS, SHEET_KEYS)
        sheet.whole("version", VERSION, VERSION)
        reel = film or described(sheet.value("film"))
        faults += faults_of_film(sheet.value("film"), reel)
        scenes = scenes_of(sheet.items("scenes"), reel.duration, faults)
        items = sheet.items("cues")
        places = places or [place_of(each, k) for k, each in enumerate(items)]
        read: list[tuple[int, Cue]] = []
        for k, each in enumerate(items):
            cue, found = read_cue(each, (places[k], ("cues", k)), scenes, reel, seed, path.parent)
            faults += found + faults_of_voice(each, (places[k], ("cues", k)), voices)
            read += [(k, cue)] if cue is not None else []
        faults += twice(items, places) + (unheard(read, places, heard) if heard else [])
        cues, found = without_collisions(read, places)
        faults += found
    except JsonFault as fault:
        faults.append(fault)
    return (None if faults else CueSheet(scenes, cues)), _told(path, text, faults)


def require_good_sheet(path: Path, voices: Sequence[str] | None = None) -> None:
    """Raises ScriptError `bad_cues` for what is wrong with a sheet whatever its film turns out to be."""
    sheet, faults = checked_cue_sheet(path, voices=voices)
    if sheet is None and not any(NO_FILM in fault for fault in faults):
        raise _bad_cues(faults)


def _bad_cues(faults: Sequence[str]) -> ScriptError:
    return ScriptError("bad_cues", "; ".join([*faults[:MOST_TOLD], *more_than_told(faults)]))


def _told(path: Path, text: str, faults: Sequence[JsonFault]) -> list[str]:
    """Each fault once, as a sentence; where lines can be found in the text, in their order."""
    lines = lines_of(text) if any(fault.path for fault in faults) else {}
    found = [(_line(lines, fault.path), fault) for fault in faults]
    found.sort(key=lambda each: each[0] or _row(each[1]))
    sentences = (f"{path.name}{f', line {line}' if line else ''}: {fault}" for line, fault in found)
    return list(dict.fromkeys(sentences))


def _row(fault: JsonFault) -> int:
    """Where the cue of a fault stands among those of its table; 0 for what is of no cue."""
    return 1 + fault.path[1] if fault.path and fault.path[0] == "cues" and len(fault.path) > 1 else 0


def _line(lines: Mapping[JsonPath, int], path: JsonPath | None) -> int | None:
    """Of a value; of one that is missing, that of what should have it."""
    if not path or path in lines:
        return lines.get(path) if path else None
    return _line(lines, path[:-1])


def recordings_named(path: Path) -> tuple[Path, ...]:
    """The files that the cues of a sheet name, each once, in order; none of a sheet that cannot be read.

    Nothing else of the sheet is looked at: whoever reads it finds what is wrong with it.
    """
    found: list[object] = []
    with suppress(JsonFault, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        if path.suffix.lower() == ".csv":
            found += files_in_table(load_bytes(path, MAX_BYTES))
        else:
            content: Any = load_json(path, MAX_BYTES)[0]
            found += [cue.get("file") for cue in content["cues"]]
    named = (file for file in found if isinstance(file, str) and file.strip())
    return tuple(dict.fromkeys(path.parent / file for file in named))


def _content(path: Path, film: Reel | None, faults: list[JsonFault]) -> tuple[object, list[str], str]:
    """What the sheet says; where each cue of a table stands; and the text, where lines are to be found in it."""
    seconds = film.duration.duration_s if film else MAX_SECONDS
    largest = min(MAX_BYTES, LEAST_MAX_BYTES + round(seconds * MAX_BYTES_A_SECOND))
    if path.suffix.lower() == ".csv":
        return *read_cue_table(load_bytes(path, largest), film, faults), ""
    content, text = load_json(path, largest)
    return content, [], text


def rows_of_items(tables: Sequence[object]) -> str:
    """What stands between the brackets of a list in a sheet: an item a line."""
    return ",".join(f"\n  {json.dumps(table, ensure_ascii=False)}" for table in tables)
