"""The script: timed lines of dialogue from SRT, WebVTT, ASS or CSV, and what else its subtitles show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from vssflow_post.cues.caption_words import is_direction
from vssflow_post.cues.script_subtitles import read_subtitles
from vssflow_post.cues.script_table import names_of_columns, read_table, texts_of_table
from vssflow_post.cues.script_text import FileText, text_of
from vssflow_post.cues.spoken_text import Said, said_in
from vssflow_post.cues.subtitle_rows import rows_shown, visible
from vssflow_post.cues.timed_text import MOST_TOLD, NO_DURATION, MalformedLine, Remarks, TimedText, more_than_told, told
from vssflow_post.cues.times import ScriptTime, start_label
from vssflow_post.errors import ScriptError
from vssflow_post.timeline import MOST_OF_A_PROMPT, VOICE, Caption, Line, Run, Span, Subtitle, samples_from_seconds

SCRIPT_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa", ".csv")
"""What a script may be called."""
MAX_SCRIPT_BYTES = 5 * 1024 * 1024
MAX_LINE_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Script:
    """What a script says."""

    lines: tuple[Line, ...] = ()
    """Spoken, by time."""
    captions: tuple[Caption, ...] = ()
    """What its subtitles tell of besides, by time."""
    subtitles: tuple[Subtitle, ...] = ()
    """As they are shown, by time."""
    warnings: tuple[str, ...] = ()
    """Sentences: what is left out although somebody may miss it, with its line."""
    notes: tuple[str, ...] = ()
    """Sentences: what was read otherwise than it stands, or is rightly not spoken."""


def read_script(path: Path, frame_rate: Fraction, start_timecode: str | None = None) -> Script:
    """What the script at `path` says.

    Times count from the start of the film. Where the film starts at a later timecode (`start_timecode`,
    `HH:MM:SS:FF`, `;` for drop frame) and every line lies at or after it, they are read as that timecode.

    Raises ScriptError `bad_script`, which names the file, and for each fault the line.
    """
    script, faults = checked_script(path, frame_rate, start_timecode)
    if script is None:
        raise _bad_script(faults)
    return script


def checked_script(
    path: Path, frame_rate: Fraction | None = None, start_timecode: str | None = None
) -> tuple[Script | None, list[str]]:
    """The same, and every fault as a sentence: there is a script where there are none.

    Without a frame rate (of a film that nobody has opened yet) times that count frames only say which comes first.
    """
    remarks = Remarks()
    said: tuple[tuple[Line, ...], tuple[Caption, ...], tuple[Subtitle, ...]] = ((), (), ())
    try:
        kind = _kind_of(path)
        timed = _timed_texts(_decoded(path), kind, frame_rate, ";" in (start_timecode or ""), remarks)
        said = _said_by(_from_film_start(timed, start_timecode, frame_rate) if frame_rate else timed, remarks)
    except MalformedLine as fault:
        remarks.faults.append(fault)
    if remarks.faults:
        return None, [_sentence(path, fault) for fault in sorted(remarks.faults, key=lambda fault: fault.line)]
    return Script(*said, told(path.name, remarks.lost), told(path.name, remarks.noted)), []


def is_script(path: Path) -> bool:
    """Whether a file is a script and no cue sheet, which as a table has a column `kind`."""
    if path.suffix.lower() != ".csv":
        return path.suffix.lower() in SCRIPT_SUFFIXES
    try:
        return "kind" not in names_of_columns(_decoded(path).text)
    except MalformedLine:
        return False


def require_good_script(path: Path) -> None:
    """Raises ScriptError `bad_script` for what is wrong with a script whatever its film turns out to be."""
    if faults := checked_script(path)[1]:
        raise _bad_script(faults)


def _bad_script(faults: Sequence[str]) -> ScriptError:
    return ScriptError("bad_script", "; ".join([*faults[:MOST_TOLD], *more_than_told(faults)]))


def _sentence(path: Path, fault: MalformedLine) -> str:
    return f"{path.name}{f', line {fault.line}' if fault.line else ''}: {fault}"


def speakers_of(path: Path) -> tuple[str, ...]:
    """The names of all who speak in the script at `path`, sorted, whatever film it is for; none for a faulty one."""
    try:
        kind, text = _kind_of(path), _decoded(path).text
        remarks = Remarks()
        found = (
            texts_of_table(text)
            if kind == "csv"
            else [(each.text, each.speaker) for each in read_subtitles(text, kind, remarks) if each.is_spoken]
        )
    except MalformedLine:
        return ()
    if remarks.faults or any(_is_too_long(text) for text, _ in found):
        return ()
    return tuple(sorted({one.speaker for said in said_in(found) for one in said.utterances if one.speaker}))


def _kind_of(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SCRIPT_SUFFIXES:
        raise MalformedLine(0, f"is not called {', '.join(SCRIPT_SUFFIXES[:-1])} or {SCRIPT_SUFFIXES[-1]}")
    return suffix[1:]


def _decoded(path: Path) -> FileText:
    try:
        if not path.is_file():
            raise MalformedLine(0, "is not a file")
        with path.open("rb") as file:
            data = file.read(MAX_SCRIPT_BYTES + 1)
    except OSError as error:
        raise MalformedLine(0, f"cannot be read ({error.strerror or error})") from None
    if len(data) > MAX_SCRIPT_BYTES:
        raise MalformedLine(0, f"is larger than {MAX_SCRIPT_BYTES // 1024**2} MB, too large for a script")
    return text_of(data)


def _timed_texts(
    file: FileText, kind: str, frame_rate: Fraction | None, drop_frame: bool, remarks: Remarks
) -> list[TimedText]:
    if file.code_page:
        remarks.note(0, f"not UTF-8; read as {file.code_page}. Where letters are wrong, save it as UTF-8")
    if not file.text.strip():
        raise MalformedLine(0, "is empty")
    if kind == "csv":
        return read_table(file.text, frame_rate, drop_frame, remarks)
    return read_subtitles(file.text, kind, remarks)


def _from_film_start(timed: list[TimedText], start_timecode: str | None, frame_rate: Fraction) -> list[TimedText]:
    """The same texts on a clock that starts with the film."""
    origins = start_label(start_timecode, frame_rate)
    if origins[0].seconds <= 0 or any(each.start.seconds < origins[each.start.is_timecode].seconds for each in timed):
        return timed

    def from_start(time: ScriptTime) -> ScriptTime:
        return ScriptTime(time.seconds - origins[time.is_timecode].seconds, time.is_timecode)

    return [replace(each, start=from_start(each.start), end=from_start(each.end)) for each in timed]


def _said_by(
    timed: Sequence[TimedText], remarks: Remarks
) -> tuple[tuple[Line, ...], tuple[Caption, ...], tuple[Subtitle, ...]]:
    """The lines, captions and subtitles of the texts, each by time; one that is too long to be spoken is a fault."""
    too_long = {k for k, each in enumerate(timed) if _is_too_long(each.text)}
    problem = f"one line of dialogue has more than {MAX_LINE_CHARACTERS} characters"
    remarks.faults += [MalformedLine(timed[k].line, problem) for k in sorted(too_long) if timed[k].is_spoken]
    timed = [each for k, each in enumerate(timed) if k not in too_long]
    spoken = iter(said_in([(each.text, each.speaker) for each in timed if each.is_spoken]))
    lines: list[Line] = []
    captions: list[Caption] = []
    subtitles: list[Subtitle] = []
    for each in timed:
        said = next(spoken) if each.is_spoken else Said((), (visible(each.text),))
        span = Span(samples_from_seconds(each.start.seconds), samples_from_seconds(each.end.seconds))
        if span.n_samples < max(1, len(said.utterances)):
            remarks.lose(each.line, NO_DURATION)
            continue
        # two people in one subtitle share its time by the length of their lines
        shares = span.shared([len(one.text) for one in said.utterances]) if said.utterances else ()
        said_how = ", ".join(filter(is_direction, said.captions))[:MOST_OF_A_PROMPT]
        spoken_by = zip(shares, said.utterances, strict=True)
        here = tuple(Line(share, one.text, one.speaker, said_how) for share, one in spoken_by)
        lines += here
        captions += [Caption(span, caption) for caption in said.captions if caption and each.is_spoken]
        captions += [Caption(span, song, is_sung=True) for song in said.sung]
        subtitles.append(_shown(each, span, here))
    return (
        tuple(sorted(lines, key=lambda line: line.span)),
        tuple(sorted(captions, key=lambda caption: caption.span)),
        tuple(sorted(subtitles, key=lambda subtitle: subtitle.span)),
    )


def _shown(each: TimedText, span: Span, said: tuple[Line, ...]) -> Subtitle:
    rows = rows_shown(each.text)
    if each.speaker and rows and each.is_spoken and rows[0][0].style != VOICE:
        rows = ((Run(each.speaker, VOICE), *rows[0]), *rows[1:])
    return Subtitle(span, rows, said, each.position, each.settings)


def _is_too_long(text: str) -> bool:
    """Tags are no characters of a line; but no more than some per character are looked at."""
    return len(text) > MAX_LINE_CHARACTERS and (
        len(text) > 100 * MAX_LINE_CHARACTERS or len(visible(text)) > MAX_LINE_CHARACTERS
    )
