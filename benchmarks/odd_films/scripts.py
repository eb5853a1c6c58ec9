"""Scripts drawn by lot: who speaks in all spellings, what is no speech, and files as other programs leave them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

TEXTS = (
    "Come in.", "The market was full.", "ANNA: Come in.", "McGEE: The market was full.",
    "Olivia: Come in.", ">> ANNA: Come in.", ">> Come in.", "Dr. SMITH: Come in.",
    "FIRST OFFICER ON RADIO: Come in.", "Man #2: Come in.", "ANNA\nThe market was full.",
    "[TOM] Come in.", "(JOHN): Come in.", "(Tom)\nCome in.\n(Dickie)\nThe market was full.",
    "- Come in.\n- The market was full.", "<i>Come in.</i>", "{\\an8}Come in.", "<v Anna>Come in.",
    "[door slams]", "(thunder)", "♪ dramatic music ♪", "♪ Happy birthday to you",
    "# Happy birthday #", "*sighs* Come in.", "~ thunder ~", "【雷鸣】", "DOG BARKS",
    "WARNING: the door is open.", "PS: come in.", "He came (and I agree) late.", "Come<br>in.",
    "Привет, как дела?", "こんにちは", "مرحبا", "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5",
    "Café naïve, Łukasz.", "😀", "It was 9/11, at 24/7 for 5 €.", "Call 1-800-555-0199.",
    "½ of 2x4s in 1999.", "He won 3-2 on 2024-01-15.", "U.S.A. v2.0.1 at 98.6°F.", "", " ", "...",
    "A line that is far too long to be said in what little time the subtitle leaves to it, and that goes on and on.",
    "42", "2nd", "&amp; so on &lt;b&gt;", "x" * 300, "NO!", "\u202bCome in.\u202c", "Come\u00a0in.",
    "http://example.com/a?b=1",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp1251", "shift-jis", "gbk")
ENDINGS = ("\n", "\r\n", "\r", "\r\r\n")
BESIDE = ("{}.srt", "{}.srt", "{}.en.srt", "{}.eng.sdh.srt", "{}.SRT", "{}.forced.srt", "{}.de.srt")


def draw_script(film: Path, lots: random.Random) -> Path:
    """A script beside `film`, in one of the kinds that are read."""
    kind = lots.choice(("srt", "srt", "srt", "vtt", "ass", "csv"))
    lines = [(*_times(lots), lots.choice(TEXTS)) for _ in range(lots.randint(1, 5))]
    text = {"srt": _srt, "vtt": _vtt, "ass": _ass, "csv": _csv}[kind](lines, lots)
    path = film.parent / (lots.choice(BESIDE).format(film.stem) if kind == "srt" else f"{film.stem}.{kind}")
    encoding = lots.choice(ENCODINGS)
    path.write_bytes(text.replace("\n", lots.choice(ENDINGS)).encode(encoding, "replace"))
    return path


def _times(lots: random.Random) -> tuple[float, float]:
    start = lots.choice((0.0, 0.5, 1.0, 1.5, 2.0, 5.0))
    return start, start + lots.choice((0.0, 0.2, 0.8, 1.5, 2.5, 30.0))


def _stamp(seconds: float, point: str) -> str:
    milliseconds = round(1000 * seconds)
    return f"00:{milliseconds // 60000:02d}:{milliseconds // 1000 % 60:02d}{point}{milliseconds % 1000:03d}"


def _srt(lines: Sequence[tuple[float, float, str]], lots: random.Random) -> str:
    number = lots.choice(("{}", "{}", "{}", "{}\n{}", "Nr. {}", "", " {} ", "{}."))
    arrow = lots.choice((" --> ", " --> ", "-->", " -> "))
    gap = lots.choice(("\n\n", "\n\n", "\n", "\n\n\n"))
    blocks = [
        f"{number.format(n, n)}\n{_stamp(start, ',')}{arrow}{_stamp(end, ',')}\n{text}"
        for n, (start, end, text) in enumerate(lines, 1)
    ]
    return gap.join(blocks) + "\n"


def _vtt(lines: Sequence[tuple[float, float, str]], lots: random.Random) -> str:
    settings = lots.choice(("", " align:start position:0%", " line:10%"))
    blocks = [f"{_stamp(start, '.')} --> {_stamp(end, '.')}{settings}\n{text}" for start, end, text in lines]
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


def _ass(lines: Sequence[tuple[float, float, str]], lots: random.Random) -> str:
    tag = lots.choice(("", "{\\k20}", "{\\an8}", "{\\p1}", "{\\pos(10,10)}", "{\\fad(100,100)}"))
    head = "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    head += "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    rows = [
        f"Dialogue: {lots.randint(0, 2)},{_stamp(start, '.')[1:-1]},{_stamp(end, '.')[1:-1]},Default,,0,0,0,,"
        + tag
        + text.replace("\n", "\\N")
        for start, end, text in lines
    ]
    return head + "\n".join(rows) + "\n"


def _csv(lines: Sequence[tuple[float, float, str]], lots: random.Random) -> str:
    rows = []
    for start, end, text in lines:
        quoted = text.replace('"', '""')
        rows.append(f'{_stamp(start, ".")},{_stamp(end, ".")},{lots.choice(("ANNA", "", "Tom"))},"{quoted}"')
    return "start,end,speaker,text\n" + "\n".join(rows) + "\n"
