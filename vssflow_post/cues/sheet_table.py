"""The cue sheet as a table for spreadsheets: CSV, one row for the film, each scene and each cue.

Reading gives the content that the JSON sheet would have, so that both are checked by the same rules.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

from vssflow_post.cues.sheet_cue import MOST_THINGS, Described, Reel
from vssflow_post.cues.sheet_whole import FRAME_RATE
from vssflow_post.cues.strict_csv import is_blank, names_in, require_columns, rows_of
from vssflow_post.cues.strict_json import JsonFault, shown
from vssflow_post.cues.timed_text import MalformedLine
from vssflow_post.cues.times import label_of, sample_of
from vssflow_post.media.frame_rates import label_rate
from vssflow_post.media.timecode import is_drop_frame
from vssflow_post.timeline import CLOCK_HZ, Cue, CueSheet, Span, recording_as_json, seconds_of

if TYPE_CHECKING:
    from vssflow_post.media import Film

COLUMNS = (
    *("kind", "id", "scene", "start", "end", "speaker", "text", "voice", "sound", "gain_db", "seed", "origin"),
    *("layer", "thing", "seen", "take", "takes", "direction", "language"),
    *("made_by", "file", "in_s", "fade_in_s", "fade_out_s", "match_loudness", "duck_db", "shift_s", "mute", "lock"),
)
_ALSO_READ = ("shift_frames",)
NO_FILM = "has no row of its film"
_P = ParamSpec("_P")
_REQUIRED = ("kind", "id", "start", "end")
_TEXTS = ("speaker", "text", "voice", "sound", "origin", "layer", "direction", "language", "made_by")
_NUMBERS = ("gain_db", "in_s", "fade_in_s", "fade_out_s", "duck_db", "shift_s")
_WHOLE_NUMBERS = ("scene", "seed", "thing", "take", "takes", "shift_frames")
_YES_OR_NO = ("match_loudness", "mute", "lock")
_FLAGS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
_STARTS_A_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "'")
"""A cell that starts so may be computed by a spreadsheet (full-width signs too); the apostrophe is the guard's own."""


def write_cue_table(path: Path, film: Film, sheet: CueSheet) -> None:
    """Writes the sheet as UTF-8 with a mark, which spreadsheets look for. Times are labels on the film's timecode."""
    drop_frame = is_drop_frame(film.start_timecode)

    def times(span: Span) -> dict[str, str]:
        labels = (label_of(film.start_sample + at, film.label_rate, drop_frame) for at in (span.start, span.end))
        return dict(zip(("start", "end"), labels, strict=True))

    rows: list[dict[str, object]] = [
        # With the unit, because a spreadsheet takes 24/1 for a day in January.
        {"kind": "film", "id": "film", "text": f"{_rate(film)} fps", **times(film.duration)}
    ]
    rows += [{"kind": "scene", "id": str(scene.index + 1), **times(scene.span)} for scene in sheet.scenes]
    rows += [{**_row_of(cue), **times(cue.span)} for cue in sheet.cues]
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)


def read_cue_table(data: bytes, film: Reel | None, faults: list[JsonFault]) -> tuple[dict[str, Any], list[str]]:
    """The content of the JSON sheet, and for each cue the place where it stands; what is wrong with single rows is
    added to `faults`. Without a film the table's own row of the film stands for it. Raises JsonFault."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonFault("is not UTF-8 text (save it as CSV UTF-8)") from None
    rows = list(_rows(text))
    film = film or _described(rows)
    for line, row in rows:
        _require_same_film(line, row, film)
    scenes: list[dict[str, Any]] = []
    cues: list[dict[str, Any]] = []
    places: list[str] = []
    whole = film.duration
    for line, row in rows:
        try:
            kind, times = row["kind"].strip().lower(), {"start_s": row["start"], "end_s": row["end"]}
            if kind in ("film", "scene"):
                span = {name: _seconds(label, f"line {line}", name, film) for name, label in times.items()}
                whole = Span.of_seconds(0, span["end_s"]) if kind == "film" else whole
                scenes += [{"index": len(scenes), **span}] if kind == "scene" else []
                continue
            cues.append({**_cue_of(row, f"line {line}"), "kind": kind, "id": row["id"].strip()})
            places.append(_place_of(row, line))
            for name, label in times.items():
                cues[-1][name] = _or_fault(_seconds, label, f"line {line}", name, film)
        except JsonFault as fault:
            faults.append(fault)
    if not scenes and film.duration.n_samples:
        scenes = [{"index": 0, "start_s": 0.0, "end_s": film.duration.end_s}]
    for cue, place in zip(cues, places, strict=True):
        for name, most in (("scene", len(scenes)), ("thing", MOST_THINGS)):
            _count_from_1(cue, place, name, most)
    about = {"duration_s": whole.end_s, "frame_rate": _rate(film)}
    return {"version": 1, "film": about, "scenes": scenes, "cues": cues}, places


def _place_of(row: dict[str, str], line: int) -> str:
    identity = row["id"].strip()
    return f"line {line} ({identity})" if identity.isascii() and identity.isprintable() else f"line {line}"


def _require_same_film(line: int, row: dict[str, str], film: Reel) -> None:
    """Raises JsonFault where a row of a film is that of another one: then no time in the table is right."""
    if row["kind"].strip().lower() != "film":
        return
    if (rate := _rate_in(row)) not in ("", _rate(film)):
        raise JsonFault(f"was made for a film with {shown(rate)} frames per second, and this one has {_rate(film)}")
    starts = label_of(film.start_sample, film.label_rate, is_drop_frame(film.start_timecode))
    try:
        theirs = sample_of(row["start"], film.label_rate, is_drop_frame(film.start_timecode))
    except ValueError:  # told with the row
        return
    if abs(theirs - film.start_sample) >= CLOCK_HZ / film.frame_rate:
        raise JsonFault(f"was made for a film that starts at {row['start'].strip()}, and this one does at {starts}")


def _count_from_1(cue: dict[str, Any], place: str, name: str, most: int) -> None:
    """What a table counts from 1, as it is in the JSON sheet."""
    number = cue.get(name)
    if isinstance(number, int) and not 1 <= number <= most:
        cue[name] = JsonFault(f"{place}: '{name}' must lie between 1 and {most}, not {number}")
    elif isinstance(number, int):
        cue[name] = number - 1


def _rate_in(row: dict[str, str]) -> str:
    return row.get("text", "").strip().removesuffix("fps").strip()


def _described(rows: Sequence[tuple[int, dict[str, str]]]) -> Described:
    """Raises JsonFault where there is no such row, or it says nothing of use."""
    line, row = next(((line, row) for line, row in rows if row["kind"].strip().lower() == "film"), (0, {}))
    if not row or not _rate_in(row):
        what = " with its frame rate" if row else ""
        raise JsonFault(f"{NO_FILM}{what}: name the film as well, so that its rate and length are known")
    if not FRAME_RATE.fullmatch(_rate_in(row)):
        found = shown(row.get("text", "").strip())
        raise JsonFault(f"line {line}: 'text' of the film's row must be its frame rate, like 25/1 fps, not {found}")
    try:
        rate, drop_frame = Fraction(_rate_in(row)), is_drop_frame(row["start"])
        start, end = (sample_of(row[name], label_rate(rate), drop_frame) for name in ("start", "end"))
        return Described(Span(0, end - start), rate, row["start"], start)
    except (ValueError, ZeroDivisionError) as error:
        raise JsonFault(f"line {line}: the row of the film: {error}") from None


def files_in_table(data: bytes) -> list[str]:
    """What stands in the column `file`. Raises JsonFault, UnicodeDecodeError."""
    return [unguarded(row["file"]) for _, row in _rows(data.decode("utf-8-sig")) if row.get("file")]


def _rate(film: Film | Reel) -> str:
    return f"{film.frame_rate.numerator}/{film.frame_rate.denominator}"


def _row_of(cue: Cue) -> dict[str, object]:
    texts = {name: guarded(getattr(cue, name) or "") for name in _TEXTS}
    return {
        **texts,
        "kind": cue.kind,
        "id": cue.id,
        "scene": cue.scene + 1,
        "gain_db": repr(cue.gain_db),
        "seed": cue.seed,
        "thing": "" if cue.thing is None else cue.thing + 1,
        "take": cue.take if cue.take > 1 else "",
        "takes": cue.takes or "",
        "seen": guarded("; ".join(f"{label.replace(';', ',')} {x:g}" for label, x in cue.seen.items())),
        "shift_s": repr(seconds_of(cue.shift)) if cue.shift else "",
        "mute": "yes" if cue.is_muted else "",
        "lock": "yes" if cue.is_locked else "",
        **_recording_cells(cue),
    }


def _recording_cells(cue: Cue) -> dict[str, object]:
    if cue.recording is None:
        return {}
    told = recording_as_json(cue.recording, cue.kind)
    numbers = {key: repr(told[key]) for key in _NUMBERS if key in told}
    matched = "" if told.get("match_loudness", True) else "no"
    return {**numbers, "file": guarded(str(told["file"])), "match_loudness": matched}


def guarded(text: str) -> str:
    """`text` as a cell that no spreadsheet computes: an apostrophe before what could be a formula."""
    return f"'{text}" if text.lstrip().startswith(_STARTS_A_FORMULA) else text


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and guarded(cell[1:]) == cell else cell


def delimiter_of(text: str) -> str:
    """What parts the cells of a table: the header has most of it."""
    return max(",;\t", key=text.split("\n", 1)[0].count)


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """(line, cells by column) of each row that is not blank."""
    columns: list[str] | None = None
    try:
        for line, cells in rows_of(text, delimiter_of(text)):
            if columns is None:
                columns = _columns(cells)
            elif not is_blank(cells):
                if not is_blank(cells[len(columns) :]):
                    raise MalformedLine(line, f"has {len(cells)} cells, and there are {len(columns)} columns")
                yield line, dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
    except MalformedLine as error:
        raise JsonFault(f"line {error.line}: {error}") from None


def _columns(cells: list[str]) -> list[str]:
    names = names_in(cells)
    while names and not names[-1]:
        names.pop()
    require_columns(names, 1, (*COLUMNS, *_ALSO_READ), _REQUIRED, shown)
    return names


def _or_fault(read: Callable[_P, object], *words: _P.args, **more: _P.kwargs) -> object:
    """What a reader gives, or what it finds wrong, which the sheet tells in its turn with all else."""
    try:
        return read(*words, **more)
    except JsonFault as fault:
        return fault


def _seconds(label: str, where: str, name: str, film: Reel) -> float:
    """`start_s` or `end_s`, counted from the first frame, exact to the sample. Raises JsonFault."""
    name = name.removesuffix("_s")
    try:
        sample = sample_of(label, film.label_rate, is_drop_frame(film.start_timecode)) - film.start_sample
    except ValueError as error:
        raise JsonFault(f"{where}: '{name}': {error}") from None
    if sample < 0:
        raise JsonFault(f"{where}: '{name}' lies before the start of the film, {film.start_timecode}")
    return sample / CLOCK_HZ


def _cue_of(row: dict[str, str], where: str) -> dict[str, Any]:
    """The keys of a cue whose cells are not empty, but for its times, kind and id."""
    cue: dict[str, Any] = {name: unguarded(row[name]) for name in (*_TEXTS, "file") if row.get(name)}
    for name in (*_WHOLE_NUMBERS, *_NUMBERS):
        if cell := row.get(name, "").strip().replace("\u2212", "-"):
            cue[name] = _or_fault(_number, cell, where, name)
    for name in _YES_OR_NO:
        if flag := row.get(name, "").strip().lower():
            cue[name] = _FLAGS.get(flag, JsonFault(f"{where}: '{name}' must be yes or no, not {shown(flag)}"))
    if seen := unguarded(row.get("seen", "")).strip():
        cue["seen"] = _or_fault(_labels, seen, where)
    return cue


def _number(cell: str, where: str, name: str) -> float | int:
    read, what = (float, "a number") if name in _NUMBERS else (int, "a whole number")
    try:
        return read(cell.replace(",", ".", 1) if read is float else cell)
    except ValueError:
        raise JsonFault(f"{where}: '{name}' must be {what}, not {shown(cell)}") from None


def _labels(cell: str, where: str) -> dict[str, float]:
    return dict(_label(part.strip(), where) for part in cell.split(";"))


def _label(part: str, where: str) -> tuple[str, float]:
    """`race car 0.4` as a label and its confidence."""
    label, _, confidence = part.rpartition(" ")
    try:
        return label, float(confidence.replace(",", ".", 1))
    except ValueError:
        raise JsonFault(
            f"{where}: 'seen' must be labels with confidences like race car 0.4; not {shown(part)}"
        ) from None
