"""The cue sheet as JSON or as a table: written to be edited by hand, read back strictly."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.cues.sheet_cue import MAX_SECONDS, ROUNDING, Described, Reel, place_of, read_cue, span_in
from vssflow_post.cues.sheet_cue import MAX_SEED as MAX_SEED
from vssflow_post.cues.sheet_cue import cue_seed as cue_seed
from vssflow_post.cues.sheet_cue import take_seed as take_seed
from vssflow_post.cues.sheet_table import NO_FILM, files_in_table, read_cue_table, write_cue_table
from vssflow_post.cues.strict_json import JsonFault, JsonPath, Table, lines_of, load_bytes, load_json, shown
from vssflow_post.cues.timed_text import MOST_TOLD, more_than_told
from vssflow_post.errors import ScriptError
from vssflow_post.timeline import (
    CLOCK_HZ,
    Cue,
    CueSheet,
    Scene,
    Span,
    cue_as_json,
    samples_from_seconds,
    scene_as_json,
    seconds_of,
)

if TYPE_CHECKING:
    from vssflow_post.media import Film

VERSION = 1
LEAST_MAX_BYTES, MAX_BYTES_A_SECOND, MAX_BYTES = 256 * 1024, 2048, 16 * 1024 * 1024
"""How large a sheet may be: of a short film, what each second adds, and at most. A day of film with a cue every two
seconds is 10 MB; nothing that this product writes is refused."""
_SHEET_KEYS = ("version", "film", "scenes", "cues")
_FILM_KEYS = ("path", "duration_s", "frame_rate", "start_timecode")
_SCENE_KEYS = ("index", "start_s", "end_s")
_FRAME_RATE = re.compile(r"\d{1,12}(/[1-9]\d{0,11})?", re.ASCII)


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
    path: Path, film: Reel | None = None, seed: int = 0, voices: Sequence[str] | None = None
) -> tuple[CueSheet | None, list[str]]:
    """The same, and every fault as a sentence: there is a sheet where there are none.

    Without a film the sheet is held against what it says itself of the film that it was made for.
    """
    text = ""
    scenes: tuple[Scene, ...] = ()
    cues: list[Cue] = []
    faults: list[JsonFault] = []
    try:
        content, places, text = _content(path, film, faults)
        sheet = Table(content, "the cue sheet", _SHEET_KEYS, _SHEET_KEYS)
        sheet.whole("version", VERSION, VERSION)
        reel = film or _described(Table(sheet.value("film"), "film", _FILM_KEYS, (), ("film",)))
        _same_film(sheet.value("film"), reel)
        scenes = _scenes(sheet.items("scenes"), reel.duration)
        for k, each in enumerate(sheet.items("cues")):
            place = places[k] if places else place_of(each, k)
            cue, found = read_cue(each, (place, ("cues", k)), scenes, reel, seed, path.parent)
            faults += found
            if cue is not None:
                cues.append(cue)
                faults += _voice_faults(cue, place, k, voices)
        cues = list(_without_collisions(cues))
    except JsonFault as fault:
        faults.append(fault)
    lines = lines_of(text) if any(fault.path for fault in faults) else {}
    told = list(dict.fromkeys(_sentence(path, lines, fault) for fault in faults))
    return (None if faults else CueSheet(scenes, tuple(cues))), told


def require_good_sheet(path: Path, voices: Sequence[str] | None = None) -> None:
    """Raises ScriptError `bad_cues` for what is wrong with a sheet whatever its film turns out to be."""
    sheet, faults = checked_cue_sheet(path, voices=voices)
    if sheet is None and not any(NO_FILM in fault for fault in faults):
        raise _bad_cues(faults)


def _bad_cues(faults: Sequence[str]) -> ScriptError:
    return ScriptError("bad_cues", "; ".join([*faults[:MOST_TOLD], *more_than_told(faults)]))


def _sentence(path: Path, lines: Mapping[JsonPath, int], fault: JsonFault) -> str:
    line = lines.get(fault.path) if fault.path else None
    return f"{path.name}{f', line {line}' if line else ''}: {fault}"


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


def _voice_faults(cue: Cue, place: str, number: int, voices: Sequence[str] | None) -> list[JsonFault]:
    """What is wrong with the cue's voice, where it is not among `voices`."""
    if voices is None or not cue.voice or cue.voice in voices:
        return []
    sentence = f"there is no voice {shown(cue.voice)} (there are: {', '.join(voices) or 'none'})"
    return [JsonFault(f"{place}: 'voice': {sentence}", ("cues", number, "voice"))]


def _content(path: Path, film: Reel | None, faults: list[JsonFault]) -> tuple[object, list[str], str]:
    """What the sheet says; where each cue of a table stands; and the text, where lines are to be found in it."""
    seconds = film.duration.duration_s if film else MAX_SECONDS
    largest = min(MAX_BYTES, LEAST_MAX_BYTES + round(seconds * MAX_BYTES_A_SECOND))
    if path.suffix.lower() == ".csv":
        return *read_cue_table(load_bytes(path, largest), film, faults), ""
    content, text = load_json(path, largest)
    return content, [], text


def _described(about: Table) -> Described:
    rate = Fraction(_frame_rate(about))
    return Described(Span.of_seconds(0, about.number("duration_s", 0.0, MAX_SECONDS)), rate)


def _frame_rate(about: Table) -> str:
    """As the sheet writes it; a fault where that is no rate."""
    rate = about.text("frame_rate")
    if not _FRAME_RATE.fullmatch(rate) or not Fraction(rate):
        raise about.fault("frame_rate", f"must look like 24000/1001, not {shown(rate)}")
    return rate


def rows_of_items(tables: Sequence[object]) -> str:
    """What stands between the brackets of a list in a sheet: an item a line."""
    return ",".join(f"\n  {json.dumps(table, ensure_ascii=False)}" for table in tables)


def _same_film(content: object, film: Reel) -> None:
    about = Table(content, "film", _FILM_KEYS, ("duration_s", "frame_rate"), ("film",))
    rate = _frame_rate(about)
    if Fraction(rate) != film.frame_rate and not film.variable_rate:  # then the rate is but a name: seconds count
        raise JsonFault(f"was made for a film with {rate} frames per second, and this one has {film.frame_rate}")
    n_samples = samples_from_seconds(about.number("duration_s", 0.0, MAX_SECONDS))
    if abs(n_samples - film.duration.n_samples) > CLOCK_HZ / film.frame_rate:
        theirs, ours = n_samples / CLOCK_HZ, film.duration.duration_s
        raise JsonFault(f"was made for a film of {theirs:.3f} s, and this one has {ours:.3f} s")


def _scenes(contents: list[object], duration: Span) -> tuple[Scene, ...]:
    found: list[Scene] = []
    for k, content in enumerate(contents):
        table = Table(content, f"scenes[{k}]", _SCENE_KEYS, _SCENE_KEYS, ("scenes", k))
        if table.whole("index", 0, len(contents)) != k:
            raise table.fault("index", f"must be {k}: scenes are numbered in order")
        span = span_in(table, duration)
        before = found[-1].span.end if found else 0
        if abs(span.start - before) > ROUNDING:
            raise table.fault("start_s", f"must be {before / CLOCK_HZ:.6f}, where the scene before ends")
        if before >= span.end:
            raise table.fault("end_s", "lies before the end of the scene before")
        found.append(Scene(k, Span(before, span.end)))
    if duration.n_samples and (not found or duration.end - found[-1].span.end > ROUNDING):
        raise JsonFault(f"scenes: must reach the end of the film, {duration.end_s:.6f} s")
    return tuple(found)


def _without_collisions(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """The cues by start; ids must differ, and no two sounds of a layer may overlap. Lines may, and music."""
    ordered = sorted(cues, key=lambda cue: cue.span.start)
    seen: set[str] = set()
    last: dict[str, int] = {}
    for k, cue in enumerate(ordered):
        if cue.id in seen:
            raise JsonFault(f"cues: the id '{cue.id}' is there twice")
        seen.add(cue.id)
        if cue.kind != "sound" or cue.is_muted:  # people speak at once; what is muted is in no one's way
            continue
        at = last.get(cue.layer)
        last[cue.layer] = k
        if at is None or ordered[at].span.end <= cue.span.start:
            continue
        before = ordered[at]
        if before.span.end - cue.span.start > ROUNDING or cue.span.start <= before.span.start:
            layer = f" in the same layer, {cue.layer}" if cue.layer else ""
            raise JsonFault(
                f"cues {before.id} and {cue.id} overlap: {before.id} ends at {before.span.end_s:.6f} s, "
                f"{cue.id} starts at {cue.span.start_s:.6f} s{layer}"
            )
        ordered[at] = replace(before, span=Span(before.span.start, cue.span.start))
    return tuple(ordered)
