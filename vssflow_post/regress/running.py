"""Recording and checking: each clip rendered (or found rendered), measured, and held against its golden."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from vssflow_post.audio import MIX
from vssflow_post.errors import UsageError
from vssflow_post.regress.comparing import ACCEPTED, CHANGED, FAILED, PASS, RECORDED, Outcome, compare
from vssflow_post.regress.facts import rendered_in
from vssflow_post.regress.golden import MOST_BYTES, read_golden, write_golden
from vssflow_post.regress.headlines import headline
from vssflow_post.regress.measuring import Measured, measure
from vssflow_post.regress.preview import SUFFIXES, Heard, as_flac, as_kept, as_opus, bit_rate
from vssflow_post.regress.suite import Clip, Suite
from vssflow_post.store.publishing import publish_bytes


@dataclass(frozen=True, slots=True)
class Made:
    """What rendering gave for one clip."""

    folder: Path | None
    """Where its deliverables lie; None where it has none."""
    reason: str = ""
    """Why, as a sentence."""
    seconds: float = 0.0


def record(suite: Suite, clips: Sequence[Clip], made: Mapping[str, Made]) -> Iterator[Outcome]:
    """Stores each clip's render as its golden; what did not render keeps the golden it has."""
    for clip in clips:
        render = made[clip.name]
        if render.folder is None:
            yield Outcome(clip.name, FAILED, render.reason, render.seconds)
            continue
        weight = _recorded(suite, clip.name, measure(rendered_in(render.folder)))
        yield Outcome(clip.name, RECORDED, weight, render.seconds)


def check(suite: Suite, clips: Sequence[Clip], made: Mapping[str, Made], accept: bool = False) -> Iterator[Outcome]:
    """Holds each clip's render against its golden; `accept` makes it the golden where it is not the same."""
    for clip in clips:
        render = made[clip.name]
        if render.folder is None:
            yield Outcome(clip.name, FAILED, render.reason, render.seconds)
            continue
        started = time.perf_counter()
        outcome = _checked(suite, clip.name, measure(rendered_in(render.folder)), accept)
        yield replace(outcome, seconds=render.seconds + time.perf_counter() - started)


def found_in(folder: Path, clips: Sequence[Clip]) -> dict[str, Made]:
    """Renders that were made elsewhere: `folder/CLIP/` of each clip, or of its film's name, as `render` leaves them.

    Raises UsageError where one is missing.
    """
    made = {}
    for clip in clips:
        places = [folder / name for name in dict.fromkeys((clip.name, clip.film.stem)) if (folder / name).is_dir()]
        if not places:
            raise UsageError(f"there is no render of {clip.name} in {folder}")
        made[clip.name] = Made(places[0])
    return made


def golden_audio(suite: Suite, name: str) -> Heard | None:
    """Suffix and content of the golden that can be heard."""
    for suffix in SUFFIXES.values():
        path = suite.goldens / f"{name}{suffix}"
        if path.is_file():
            return suffix, path.read_bytes()
    return None


def _checked(suite: Suite, name: str, new: Measured, accept: bool) -> Outcome:
    golden = read_golden(suite.goldens, name)
    if golden is None:
        if accept:
            return Outcome(name, RECORDED, _recorded(suite, name, new), new=new.golden)
        heard = as_kept(new.samples[MIX], None)
        return Outcome(name, CHANGED, "there is no golden of it yet: record it", new=new.golden, heard=heard)
    comparison = compare(golden, new)
    summary = headline(golden, new, comparison)
    if comparison.status == PASS:
        return Outcome(name, PASS, summary, comparison=comparison)
    status, heard = comparison.status, as_kept(new.samples[MIX], golden_audio(suite, name))
    if accept:
        status, summary = ACCEPTED, f"{summary}; {_recorded(suite, name, new)}"
    return Outcome(name, status, summary, 0.0, comparison, golden, new.golden, heard)


def _recorded(suite: Suite, name: str, new: Measured) -> str:
    """Writes the golden and what is kept to hear it; says what it weighs."""
    paths = write_golden(suite.goldens, name, new.golden)
    for suffix in SUFFIXES.values():
        (suite.goldens / f"{name}{suffix}").unlink(missing_ok=True)
    n_bytes = sum(path.stat().st_size for path in paths)
    if suite.audio != "none":
        heard = preview_of(suite.audio, new, MOST_BYTES - n_bytes)
        if heard is not None:
            path = suite.goldens / f"{name}{SUFFIXES[suite.audio]}"
            publish_bytes(path, heard)
            n_bytes += len(heard)
    large = " (much for git: take a shorter film)" if n_bytes > MOST_BYTES and suite.audio != "whole" else ""
    return f"its golden weighs {n_bytes / 1000:.0f} kB{large}"


def preview_of(audio: str, new: Measured, n_bytes: int) -> bytes | None:
    """The mix to be heard, as the suite keeps it; None where no preview fits into `n_bytes`."""
    mix = new.samples[MIX]
    if audio == "whole":
        return as_flac(mix)
    rate = bit_rate(mix.shape[1], n_bytes)
    return None if rate is None else as_opus(mix, rate)
