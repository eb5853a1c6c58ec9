"""The cue sheet as JSON or as a table: written to be edited by hand, read back strictly."""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vssflow_post.cues.sheet_table import files_in_table, read_cue_table, write_cue_table
from vssflow_post.cues.strict_json import JsonFault, Table, line_of, load_bytes, load_json, shown
from vssflow_post.errors import ScriptError
from vssflow_post.timeline import (
    BED,
    CLOCK_HZ,
    LAYERS,
    SPOT,
    USUAL_DUCK_DB,
    Cue,
    CueSheet,
    Recording,
    Scene,
    Span,
    cue_as_json,
    samples_from_frame,
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
ROUNDING = CLOCK_HZ // 1000
"""Times typed with three decimals may be this far off (in samples): such overlaps are trimmed, not refused."""
MAX_SECONDS = 7 * 24 * 3600.0
MAX_SEED = 2**31 - 1
MOST_SHIFT_FRAMES = 10_000_000
MOST_THINGS, MOST_LABELS = 3, 50
"""Of a scene and of a cue: what is written has no more."""

_SHEET_KEYS = ("version", "film", "scenes", "cues")
_FILM_KEYS = ("path", "duration_s", "frame_rate", "start_timecode")
_SCENE_KEYS = ("index", "start_s", "end_s")
_CUE_KEYS = (
    *("id", "scene", "kind", "start_s", "end_s", "text", "speaker", "voice", "sound", "origin", "gain_db", "seed"),
    *("layer", "thing", "seen", "file", "in_s", "fade_in_s", "fade_out_s", "match_loudness", "duck_db"),
    *("shift_s", "shift_frames", "mute", "lock"),
)
_RECORDING_KEYS = ("in_s", "fade_in_s", "fade_out_s", "match_loudness", "duck_db")
_KINDS = ("speech", "sound", "music")
_MEANINGLESS = {
    "speech": ("sound", "duck_db"),
    "sound": ("text", "speaker", "voice", "match_loudness", "duck_db"),
    "music": ("text", "speaker", "voice", "sound", "layer", "thing", "match_loudness"),
}
"""Keys that a kind of cue does not have."""
MOST_FADE_S, MOST_DUCK_DB = 3600.0, 60.0
_CUE_REQUIRED = ("id", "kind", "start_s", "end_s")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
_FRAME_RATE = re.compile(r"\d{1,12}(/[1-9]\d{0,11})?", re.ASCII)


def cue_seed(seed: int, kind: str, span: Span, text: str, layer: str = "") -> int:
    """The seed of a cue (31 bits), from the job's seed and from what the cue is."""
    identity = f"{seed}\0{kind}\0{span.start}\0{span.end}\0{text}"
    if layer in (BED, SPOT):  # what lies over another sound of the same span is another sound
        identity += f"\0{layer}"
    return int.from_bytes(sha256(identity.encode()).digest()[:4], "big") & MAX_SEED


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
    document += f' "scenes": [{_rows(scenes)}],\n "cues": [{_rows(cues)}]}}\n'
    path.write_text(document, encoding="utf-8", errors="backslashreplace", newline="\n")


def _as_found_from(cue: Cue, home: Path) -> Cue:
    """The cue, its recording's path relative to the folder `home`."""
    if cue.recording is None:
        return cue
    file = cue.recording.file
    folder = os.path.relpath(os.path.realpath(file.parent), os.path.realpath(home))
    return replace(cue, recording=replace(cue.recording, file=Path(folder) / file.name))


def read_cue_sheet(path: Path, film: Film, seed: int = 0, voices: Sequence[str] | None = None) -> CueSheet:
    """The cues of the sheet at `path` (JSON, or a table in `.csv`), by start; `seed` is for cues that name none.

    A sheet need not tile the film: where no cue lies there is silence. `voices` are those that a cue may name; None
    takes any. Raises ScriptError `bad_cues`, which names the file, the line, the cue and the key.
    """
    text = ""
    try:
        content, places, text = _content(path, film)
        sheet = Table(content, "the cue sheet", _SHEET_KEYS, _SHEET_KEYS)
        sheet.whole("version", VERSION, VERSION)
        _same_film(sheet.value("film"), film)
        scenes = _scenes(sheet.items("scenes"), film.duration)
        cues = [
            _cue(
                Table(content, places[k] if places else _place(content, k), _CUE_KEYS, _CUE_REQUIRED, ("cues", k)),
                *(scenes, film, seed, path.parent),
            )
            for k, content in enumerate(sheet.items("cues"))
        ]
        _require_voices(cues, voices, places)
        return CueSheet(scenes, _without_collisions(cues))
    except JsonFault as fault:
        line = line_of(text, fault.path) if text and fault.path else None
        raise ScriptError("bad_cues", f"{path.name}{f', line {line}' if line else ''}: {fault}") from None


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


def _require_voices(cues: Sequence[Cue], voices: Sequence[str] | None, places: Sequence[str]) -> None:
    """Raises JsonFault for a cue with a voice that is not among `voices`."""
    for k, cue in enumerate(cues):
        if voices is not None and cue.voice and cue.voice not in voices:
            known = ", ".join(voices) or "none"
            where = places[k] if places else f"cues[{k}] ({cue.id})"
            raise JsonFault(
                f"{where}: 'voice': there is no voice {shown(cue.voice)} (there are: {known})", ("cues", k, "voice")
            )


def _content(path: Path, film: Film) -> tuple[object, list[str], str]:
    """What the sheet says; where each cue of a table stands; and the text, where lines are to be found in it."""
    largest = min(MAX_BYTES, LEAST_MAX_BYTES + round(film.duration.duration_s * MAX_BYTES_A_SECOND))
    if path.suffix.lower() == ".csv":
        return *read_cue_table(load_bytes(path, largest), film), ""
    content, text = load_json(path, largest)
    return content, [], text


def _rows(tables: Sequence[dict[str, object]]) -> str:
    return ",".join(f"\n  {json.dumps(table, ensure_ascii=False)}" for table in tables)


def _same_film(content: object, film: Film) -> None:
    about = Table(content, "film", _FILM_KEYS, ("duration_s", "frame_rate"), ("film",))
    rate = about.text("frame_rate")
    if not _FRAME_RATE.fullmatch(rate) or not Fraction(rate):
        raise about.fault("frame_rate", f"must look like 24000/1001, not {shown(rate)}")
    if Fraction(rate) != film.frame_rate:
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
        span = _span(table, duration)
        before = found[-1].span.end if found else 0
        if abs(span.start - before) > ROUNDING:
            raise table.fault("start_s", f"must be {before / CLOCK_HZ:.6f}, where the scene before ends")
        if before >= span.end:
            raise table.fault("end_s", "lies before the end of the scene before")
        found.append(Scene(k, Span(before, span.end)))
    if duration.n_samples and (not found or duration.end - found[-1].span.end > ROUNDING):
        raise JsonFault(f"scenes: must reach the end of the film, {duration.end_s:.6f} s")
    return tuple(found)


def _span(table: Table, duration: Span) -> Span:
    """The table's span inside the film."""
    start = samples_from_seconds(table.number("start_s", 0.0, MAX_SECONDS))
    end = samples_from_seconds(table.number("end_s", 0.0, MAX_SECONDS))
    if end > duration.end + ROUNDING:
        raise table.fault("end_s", f"lies after the end of the film, {duration.end_s:.6f} s")
    end = min(end, duration.end)
    if start >= end:
        raise table.fault("end_s", f"must lie after 'start_s' ({start / CLOCK_HZ:.6f})")
    return Span(start, end)


def _place(content: object, position: int) -> str:
    name = content.get("id") if isinstance(content, dict) else None
    return f"cues[{position}]" + (f" ({name})" if isinstance(name, str) and _ID.fullmatch(name) else "")


def _cue(table: Table, scenes: Sequence[Scene], film: Film, seed: int, home: Path) -> Cue:
    """`home` is the folder that recordings are named from."""
    identity = table.text("id")
    if not _ID.fullmatch(identity):
        raise table.fault("id", f"must be letters, digits, '.', '_' or '-', not {shown(identity)}")
    kind = table.text("kind")
    if kind not in _KINDS:
        raise table.fault("kind", f'must be "speech", "sound" or "music", not {shown(kind)}')
    span = _span(table, film.duration)
    for key in _MEANINGLESS[kind]:
        if table.value(key) not in (None, ""):
            raise table.fault(key, f"has no meaning for a {kind} cue")
    here = bisect_right(scenes, span.start, key=lambda scene: scene.span.start) - 1
    text, layer = table.text("text"), table.text("layer")
    if layer not in ("", *LAYERS):
        raise table.fault("layer", f"must be {', '.join(LAYERS)} or nothing, not {shown(layer)}")
    return Cue(
        id=identity,
        scene=table.whole("scene", 0, max(0, len(scenes) - 1)) if "scene" in table else here,
        kind=kind,
        span=span,
        text=text,
        speaker=table.optional_text("speaker"),
        voice=table.optional_text("voice"),
        sound=table.text("sound", max_characters=500),
        origin=table.text("origin", "user", max_characters=64),
        gain_db=table.number("gain_db", -120.0, 24.0),
        seed=table.whole("seed", 0, MAX_SEED) if "seed" in table else cue_seed(seed, kind, span, text, layer),
        layer=layer,
        thing=table.whole("thing", 0, MOST_THINGS - 1) if "thing" in table else None,
        seen=_seen(table),
        recording=_recording(table, kind, home),
        shift=_shift(table, span, film),
        is_muted=table.flag("mute", False),
        is_locked=table.flag("lock", False),
    )


def _shift(table: Table, span: Span, film: Film) -> int:
    """By how many samples the cue is heard later; it stays in the film."""
    if "shift_s" in table and "shift_frames" in table:
        raise table.fault("shift_frames", "says the same as 'shift_s': leave one of them out")
    key = "shift_frames" if "shift_frames" in table else "shift_s"
    if key == "shift_frames":
        n_frames = table.whole(key, -MOST_SHIFT_FRAMES, MOST_SHIFT_FRAMES)
        shift = samples_from_frame(n_frames, film.frame_rate)
    else:
        shift = samples_from_seconds(table.number(key, -MAX_SECONDS, MAX_SECONDS))
    if shift and not (film.duration.start <= span.start + shift and span.end + shift <= film.duration.end):
        raise table.fault(key, "moves the cue out of the film")
    return shift


def _recording(table: Table, kind: str, home: Path) -> Recording | None:
    """The file that is heard in a cue; None where a backend makes it."""
    file = table.optional_text("file", max_characters=1000)
    if not (file and file.strip()):
        if kind == "music":
            raise table.fault("file", "is missing: music is a recording, and nothing makes it")
        for key in _RECORDING_KEYS:
            if table.value(key) is not None:
                raise table.fault(key, "is of a recording, and the cue has no 'file'")
        return None
    return Recording(
        file=home / file,
        in_s=table.number("in_s", 0.0, MAX_SECONDS),
        fade_in_s=table.number("fade_in_s", 0.0, MOST_FADE_S),
        fade_out_s=table.number("fade_out_s", 0.0, MOST_FADE_S),
        match_loudness=table.flag("match_loudness", True),
        duck_db=table.number("duck_db", 0.0, MOST_DUCK_DB, USUAL_DUCK_DB),
    )


def _seen(table: Table) -> dict[str, float]:
    """Labels with their confidences."""
    content = table.value("seen") or {}
    if not isinstance(content, dict) or len(content) > MOST_LABELS:
        raise table.fault("seen", f"must be an object of at most {MOST_LABELS} labels with confidences")
    labels = Table(content, f"{table.where}: seen", [*content], [], (*table.path, "seen"))
    return {label: labels.number(label, 0.0, 1.0) for label in content}


def _without_collisions(cues: Sequence[Cue]) -> tuple[Cue, ...]:
    """The cues by start; ids must differ, and no two lines, and no two sounds of a layer, may overlap."""
    ordered = sorted(cues, key=lambda cue: cue.span.start)
    seen: set[str] = set()
    last: dict[tuple[str, str], int] = {}
    for k, cue in enumerate(ordered):
        if cue.id in seen:
            raise JsonFault(f"cues: the id '{cue.id}' is there twice")
        seen.add(cue.id)
        if cue.kind == "music" or cue.is_muted:  # one piece may go over into the next; what is muted is in no one's way
            continue
        at = last.get(cue.lane)
        last[cue.lane] = k
        if at is None or ordered[at].span.end <= cue.span.start:
            continue
        before = ordered[at]
        if before.span.end - cue.span.start > ROUNDING or cue.span.start <= before.span.start:
            layer = f" in the same layer, {cue.lane[1]}" if cue.lane[1] else ""
            raise JsonFault(
                f"cues {before.id} and {cue.id} overlap: {before.id} ends at {before.span.end_s:.6f} s, "
                f"{cue.id} starts at {cue.span.start_s:.6f} s{layer}"
            )
        ordered[at] = replace(before, span=Span(before.span.start, cue.span.start))
    return tuple(ordered)
