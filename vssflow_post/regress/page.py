"""`index.html`: what changed, to be seen and heard; one file that opens offline."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vssflow_post.audio import MIX
from vssflow_post.regress.comparing import ACCEPTED, CHANGED, FAILED, PASS, RECORDED, WORSE, Outcome, sounds_to_show
from vssflow_post.regress.pictures import MOST_DB, Pictures, draw
from vssflow_post.regress.preview import MIME, Heard
from vssflow_post.regress.suite import Suite
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.timeline import CLOCK_HZ

_BADGES = {PASS: "good", ACCEPTED: "good", RECORDED: "good", CHANGED: "fair", WORSE: "bad", FAILED: "bad"}


def write_page(folder: Path, suite: Suite, outcomes: Sequence[Outcome], goldens: Mapping[str, Heard]) -> Path:
    """Writes `folder/index.html`; `goldens` are the goldens that can be heard, by clip. Returns its path."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("vssflow_post.regress", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    text = environment.get_template("page.html.j2").render(
        suite=suite.name,
        clips=[_clip(outcome, goldens.get(outcome.clip)) for outcome in outcomes],
        n_passed=sum(outcome.is_passed for outcome in outcomes),
        most_db=MOST_DB,
    )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "index.html"
    publish_bytes(path, text.encode())
    return path


def _clip(outcome: Outcome, golden: Heard | None) -> dict[str, Any]:
    """What the page says of one clip; pictures and sound only where something changed."""
    shows = outcome.new is not None
    return {
        "name": outcome.clip,
        "status": outcome.status,
        "badge": _BADGES[outcome.status],
        "summary": outcome.summary,
        "findings": sorted(outcome.findings_to_read, key=lambda finding: not finding.is_worse),
        "reasons": outcome.comparison.stamp_changes if outcome.comparison else (),
        "sounds": list(_sounds(outcome).items()) if shows else [],
        "golden_audio": _uri(golden) if shows else "",
        "new_audio": _uri(outcome.heard),
        "duration_s": outcome.new.sounds[MIX].n_samples / CLOCK_HZ if outcome.new is not None else 0.0,
    }


def _sounds(outcome: Outcome) -> dict[str, Pictures]:
    """Pictures of the mix, and of each sound that something was found about."""
    before = {} if outcome.golden is None else outcome.golden.sounds
    after = {} if outcome.new is None else outcome.new.sounds
    every = {**before, **after}
    names = [MIX] if outcome.comparison is None else sounds_to_show(outcome.comparison, every)
    return {name: draw(before.get(name), after.get(name)) for name in names if name in every}


def _uri(heard: Heard | None) -> str:
    if heard is None:
        return ""
    return f"data:{MIME[heard[0]]};base64,{base64.b64encode(heard[1]).decode('ascii')}"
