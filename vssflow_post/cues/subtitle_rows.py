"""What a subtitle shows: rows of text with their italics, and where. Tags of SubRip, WebVTT and ASS are read alike."""

from __future__ import annotations

import html
import re

from vssflow_post.cues.spoken_text import BREAK, VOICE_TAG, is_tag
from vssflow_post.timeline import BOTTOM, TOP, VOICE, Run, SubtitleRow

_PIECES = re.compile(r"(</?[a-zA-Z][^<>\n]*>|<\d[\d:.]*>|\{\\[^{}\n]*\}|\{[a-zA-Z]:[^{}\s]*\}|\n)")
_MARKED = re.compile(r"[<{&]")
_HTML_STYLE = re.compile(r"<(/?)([biu])(?:\.[^>]*)?\s*>", re.IGNORECASE)
_ASS_STYLE = re.compile(r"\\([biu])(\d+)(?![a-zA-Z(])|\\(r)(?![a-zA-Z])|\\(p)(\d+)")
_PLACE = re.compile(r"\\an([1-9])")
_LINE = re.compile(r"\bline:(-?\d+(?:\.\d+)?)(%?)")
_ALIGN = re.compile(r"\balign:(\w+)")
_ACROSS = {"start": -1, "left": -1, "end": 1, "right": 1}


def rows_shown(text: str) -> tuple[SubtitleRow, ...]:
    """The rows that a subtitle of this text shows; no row is empty. Drawings are left out."""
    rows: list[list[Run]] = [[]]
    style, drawing = set[str](), False
    for piece in _PIECES.split(text):
        if piece == "\n" or BREAK.fullmatch(piece):
            rows.append([])
        elif voice := VOICE_TAG.fullmatch(piece):
            rows.append([Run(_joined(voice.group(1)), VOICE)])
        elif tag := _HTML_STYLE.fullmatch(piece):
            (style.discard if tag.group(1) else style.add)(tag.group(2).lower())
        elif piece.startswith("{\\") and _PIECES.fullmatch(piece):
            drawing = _restyled(piece, style, drawing)
        elif piece and not drawing and not _is_tag(piece):
            rows[-1].append(Run(html.unescape(piece).replace("\n", " "), "".join(sorted(style))))
    return tuple(tuple(row) for row in rows if any(run.style != VOICE and run.text.strip() for run in row))


def _is_tag(piece: str) -> bool:
    """Whether a piece is markup that has no meaning here."""
    return bool(_PIECES.fullmatch(piece)) and (piece[0] == "{" or piece[1].isdigit() or is_tag(piece[1:-1]))


def _restyled(tags: str, style: set[str], drawing: bool) -> bool:
    """Changes `style` as the tags of ASS say; whether a drawing follows."""
    for letter, number, reset, _, scale in _ASS_STYLE.findall(tags):
        if reset:
            style.clear()
        elif letter:
            (style.add if int(number[:4]) else style.discard)(letter)
        else:
            drawing = int(scale[:4]) > 0
    return drawing


def visible(text: str) -> str:
    """The words that a subtitle shows, on one line."""
    if not _MARKED.search(text):
        return _joined(text)
    rows = ("".join(run.text for run in row if run.style != VOICE) for row in rows_shown(text))
    return _joined(" ".join(rows))


def position_of(text: str, settings: str = "", position: int = BOTTOM) -> int:
    """Where it is shown, as the number keys lie: by its tags, else the cue settings of WebVTT, else its style's
    `position`."""
    if place := _PLACE.search(text):
        return int(place.group(1))
    line, align = _LINE.search(settings), _ALIGN.search(settings)
    if line is not None:
        at = float(line.group(1))
        from_top = at >= 33 if line.group(2) else at < 0
        middle = bool(line.group(2)) and 33 <= at < 66
        position = 5 if middle else BOTTOM if from_top else TOP
    return position + (_ACROSS.get(align.group(1), 0) if align else 0)


def _joined(text: str) -> str:
    return " ".join(text.split())
