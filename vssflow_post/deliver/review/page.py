"""`review.html`: one file with the film in it, for somebody who has nothing but a browser."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.deliver.film_clock import FilmClock
from vssflow_post.deliver.names import clip_name, in_one_line
from vssflow_post.deliver.review.small_film import small_film
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CueSheet

if TYPE_CHECKING:
    from vssflow_post.media import Film

REVIEW = "review.html"


def write_review(folder: Path, film_stem: str, film: Film, sheet: CueSheet, mix: Path) -> Path:
    """Writes the page into `folder`; nothing in it refers to another file. Raises what decoding a film raises."""
    path = folder / REVIEW
    publish_bytes(path, review_page(film_stem, film, sheet, small_film(film, mix)).encode("utf-8", "replace"))
    return path


def review_page(film_stem: str, film: Film, sheet: CueSheet, small: bytes) -> str:
    """The text of the page; `small` is an MP4. User text is escaped by the template."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("vssflow_post.deliver", ".")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    clock = FilmClock(film.frame_rate, film.start_timecode)
    cues = [
        {
            "id": cue.id,
            "kind": cue.kind,
            "words": in_one_line(clip_name(cue)),
            "start_s": cue.span.start_s,
            "end_s": cue.span.end_s,
        }
        for cue in sheet.cues
    ]
    facts = {"film": film.digest, **clock.facts, "cues": cues}
    return environment.get_template("review/review.html.j2").render(
        stem=in_one_line(film_stem),
        start=clock(0),
        facts=facts,
        film=base64.b64encode(small).decode("ascii"),
    )
