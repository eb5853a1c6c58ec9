"""`report.html`: the report for people, one file that opens offline beside the deliverables."""

from __future__ import annotations

import base64
import json
import math
import os
import unicodedata
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import Markup

from vssflow_post.audio import BG, DX, FX, ME, MIX, MX, PD
from vssflow_post.deliver.film_clock import FilmClock
from vssflow_post.deliver.report.auditions import auditions_of
from vssflow_post.deliver.report.facts import FilmReport
from vssflow_post.deliver.report.file_list import deliverables
from vssflow_post.deliver.report.loudness_chart import draw_loudness, loudness_marks, scale_ticks
from vssflow_post.deliver.report.rows import lanes, remarks, scene_boxes, speakers, words_of
from vssflow_post.deliver.report.stem_pictures import LOWEST_HZ, mel_of_hz
from vssflow_post.deliver.subtitles import as_vtt, of_cue
from vssflow_post.timeline import CLOCK_HZ, CueSheet, Span

if TYPE_CHECKING:
    from jinja2 import Template

ORDER_OF_STEMS = (MIX, DX, PD, MX, FX, BG, ME)
"""As one listens: the whole, what is said (and what was said on the day beside it), then what sounds, and
what is sold abroad. The parts of the M&E are just linked."""


def report_as_html(report: FilmReport) -> str:
    """The text of `report.html`. User text is escaped by the template; nothing in it refers to another host."""
    return _template().render(_contents(report))


@cache
def _template() -> Template:
    """Compiled once for all films of a worker, which takes as long as to fill it in."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("vssflow_post.deliver.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["level"] = _level
    environment.filters["address"] = _address
    environment.filters["remarks"] = remarks
    environment.filters["words"] = words_of
    return environment.get_template("report.html.j2")


def _contents(report: FilmReport) -> dict[str, Any]:
    """Everything that the template names."""
    clock = FilmClock(report.frame_rate, report.start_timecode)
    loudness = report.loudness
    chart = None if loudness is None else draw_loudness(loudness, report.duration.duration_s)
    return {
        "report": report,
        "badge": _badge(report.verdict),
        "clock": clock,
        "duration_s": report.duration.duration_s,
        "scenes": list(scene_boxes(report, clock)),
        "lanes": list(lanes(report, clock)),
        "speakers": speakers(report.cues),
        "has_music": any(facts.cue.kind == "music" for facts in report.cues),
        "is_layered": any(facts.cue.layer for facts in report.cues),
        "n_silent": sum(facts.is_silent for facts in report.cues),
        "cast": auditions_of(report.cues, report.stems.get(DX)),
        "members": {member.speaker: member for member in report.cast},
        "stems": _stems(report),
        "chart": chart,
        "marks": () if loudness is None else loudness_marks(loudness),
        "scale": scale_ticks(),
        "warnings": _warnings(report),
        "captions": _captions(report),
        "files": list(deliverables(report)),
        "sheet": _sheet(report),
        "shares": _shares(report),
        "slowest_s": max((facts.seconds for facts in report.cues), default=0.0) or 1.0,
        "pitches": _pitches(),
        "ticks": _ticks(report.duration.duration_s),
        "n_cached": sum(facts.cached for facts in report.cues),
        "player": {"duration_s": report.duration.duration_s, **clock.facts},
    }


def _badge(verdict: str) -> tuple[str, str]:
    """CSS class and words."""
    word, _, code = verdict.partition(":")
    kind = {"done": "good", "done_with_warnings": "fair"}.get(word, "bad")
    return kind, word.replace("_", " ") + (f": {code}" if code else "")


def _warnings(report: FilmReport) -> list[tuple[str, Span | None]]:
    """Every warning, with the span of the cue that it is about, whose id it starts with."""
    spans = {facts.cue.id: facts.cue.heard for facts in report.cues}
    return [(sentence, spans.get(sentence.partition(" ")[0].rstrip(":"))) for sentence in report.every_warning]


def _sheet(report: FilmReport) -> dict[str, Any] | None:
    """The cue sheet, into which the page writes which takes are chosen; None where there is nothing to choose.

    Recordings have their whole paths in it, since nobody knows where it will lie.
    """
    path = next((path for path in report.others if path.name.endswith(".cues.json")), None)
    if path is None or not any(facts.choice for facts in report.cues):
        return None
    content = json.loads(path.read_text(encoding="utf-8"))
    files = {facts.cue.id: facts.cue.recording.file for facts in report.cues if facts.cue.recording}
    for cue in content["cues"]:
        if cue["id"] in files:
            cue["file"] = str(files[cue["id"]].absolute())
    return {"name": path.name, "content": content}


def _captions(report: FilmReport) -> str:
    """The lines as WebVTT in a `data:` URI; "" where nobody has words."""
    heard = CueSheet(report.scenes, tuple(facts.cue for facts in report.cues)).as_heard.cues
    lines = [cue for cue in heard if cue.is_line]
    if not lines:
        return ""
    text = as_vtt([of_cue(cue) for cue in lines]).encode("utf-8", "replace")
    return "data:text/vtt;base64," + base64.b64encode(text).decode("ascii")


def _shares(report: FilmReport) -> list[tuple[str, float, float]]:
    """(stage, seconds, percent of the whole)."""
    timing = report.timing
    if timing is None or timing.total_s <= 0:
        return []
    stages = (("analyse", timing.analyse_s), ("generate", timing.generate_s), ("mix", timing.mix_s))
    rest = max(0.0, timing.total_s - sum(seconds for _, seconds in stages))
    return [(name, seconds, 100 * seconds / timing.total_s) for name, seconds in (*stages, ("rest", rest))]


def _pitches() -> list[tuple[float, str]]:
    """(percent from the top, label) of some frequencies beside a spectrogram of 48 kHz sound."""
    low, high = mel_of_hz(LOWEST_HZ), mel_of_hz(CLOCK_HZ / 2)
    labels = ((250.0, "250"), (1000.0, "1k"), (4000.0, "4k"), (12000.0, "12k"))
    return [(100 * (high - mel_of_hz(hz)) / (high - low), label) for hz, label in labels]


def _stems(report: FilmReport) -> list[dict[str, Any]]:
    """The WAVs; the loudness of the mix is told at length elsewhere."""
    names = [name for name in ORDER_OF_STEMS if name in report.stems]
    return [
        {
            "name": name,
            "path": report.stems[name],
            "loudness": report.stem_loudness.get(name) if name != MIX else None,
            "pictures": report.drawings.get(name),
        }
        for name in names
    ]


def _ticks(duration_s: float) -> list[tuple[float, str]]:
    """Marks of the ruler: (percent, label), some ten of them at round times."""
    if duration_s <= 0:
        return []
    step = next((s for s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600) if duration_s / s <= 12), 7200)
    times = range(0, math.ceil(duration_s), step)
    return [(100 * t / duration_s, f"{t // 60}:{t % 60:02d}") for t in times if t < duration_s * 0.985]


def _shown(value: object) -> object:
    """Text without the control characters that a file's name may hold; HTML has no way to write them."""
    value = str(value) if isinstance(value, Path) else value
    if not isinstance(value, str) or value.isprintable():
        return value
    harmless = "".join(
        c if c in "\n\t" or unicodedata.category(c) != "Cc" else "\N{REPLACEMENT CHARACTER}" for c in value
    )
    return Markup(harmless) if isinstance(value, Markup) else harmless


def _level(value: float | None, unit: str) -> str:
    """A level with a true minus sign, or words for silence."""
    if value is None or not math.isfinite(value):
        return f"\N{MINUS SIGN}\N{INFINITY} {unit}"
    return f"{value:.1f} {unit}".replace("-", "\N{MINUS SIGN}")


def _address(path: Path) -> str:
    """The relative address of a file in the report's folder, whatever bytes its name has."""
    return "./" + quote(os.fsencode(path.name))
