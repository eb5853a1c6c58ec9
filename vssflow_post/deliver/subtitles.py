"""The files of subtitles: the lines as they were placed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vssflow_post.captions import as_srt, as_vtt
from vssflow_post.publishing import publish
from vssflow_post.timeline import Cue


def write_subtitles(folder: Path, film_stem: str, cues: Sequence[Cue]) -> list[Path]:
    """Writes `<film>.srt` and `<film>.vtt` with the words of the speech cues; no file where nobody has words."""
    lines = [cue for cue in cues if cue.kind == "speech" and cue.text.strip()]
    if not lines:
        return []
    written = []
    for suffix, text in ((".srt", as_srt(lines)), (".vtt", as_vtt(lines))):
        path = folder / f"{film_stem}{suffix}"
        content = text.encode("utf-8", "replace")
        publish(path, partial(_write, content))
        written.append(path)
    return written


def _write(content: bytes, path: Path) -> None:
    path.write_bytes(content)
