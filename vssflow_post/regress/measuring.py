"""From a rendered folder to what is stored or compared: facts, and each sound with its samples."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from vssflow_post.audio import MIX, STEMS, Samples
from vssflow_post.regress.facts import Rendered, facts_of
from vssflow_post.regress.file_facts import film_sound, stated_loudness
from vssflow_post.regress.golden import Golden
from vssflow_post.regress.reference import Reference, read_wave, reference_of
from vssflow_post.regress.stamps import stamp_of

FILM = "film"
"""Name of the delivered film's own track among the sounds."""
AS_MEASURED = "as measured"
"""What is said of the loudness that a file states truly."""
_STATED_LU = 0.05
_FULL_SCALE = 1 << 23


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One render, measured."""

    rendered: Rendered
    golden: Golden
    """What would be stored of it."""
    samples: Mapping[str, Samples]
    """Of each sound, float32 (channels, n)."""


def measure(rendered: Rendered) -> Measured:
    """Reads all of a render. Raises UsageError for a WAV that cannot be read."""
    read = dict(_sounds(rendered))
    sounds = {name: reference_of(samples, digest) for name, (samples, digest) in read.items()}
    samples = {name: each for name, (each, _) in read.items()}
    facts = {**facts_of(rendered), **_sums(samples), **_stated(rendered, sounds)}
    report: dict[str, object] = {}
    with suppress(OSError, ValueError):
        report = json.loads((rendered.folder / "report.json").read_text("utf-8", "surrogateescape"))
    return Measured(rendered, Golden(stamp_of(report), facts, sounds), samples)


def _sounds(rendered: Rendered) -> Iterator[tuple[str, tuple[Samples, str]]]:
    import av

    for name, path in rendered.waves.items():
        yield name, read_wave(path)
    if rendered.picture is not None:
        with suppress(av.error.FFmpegError):  # the facts tell
            sound = film_sound(rendered.picture)
            if sound is not None:
                yield FILM, sound


def _sums(samples: Mapping[str, Samples]) -> dict[str, object]:
    """The null test, on the files as they are: the largest difference of stems and mix, in steps of 24 bits."""
    stems = [each for name, each in samples.items() if name in STEMS]
    mix = samples[MIX]
    if not stems or any(stem.shape != mix.shape for stem in stems):
        return {"stems less mix": "of different lengths"}
    rest = mix.astype(np.float64)
    for stem in stems:
        rest -= stem
    return {"stems less mix": round(float(np.abs(rest).max(initial=0.0)) * _FULL_SCALE)}


def _stated(rendered: Rendered, sounds: Mapping[str, Reference]) -> dict[str, object]:
    """Whether each header states the loudness that its samples have."""
    facts: dict[str, object] = {}
    for name, path in rendered.waves.items():
        measured, stated = sounds[name].figures["integrated_lufs"], stated_loudness(path)
        if measured is not None:
            is_true = stated is not None and abs(stated[0] - measured) <= _STATED_LU
            facts[f"{name}: bext loudness"] = AS_MEASURED if is_true else f"not {AS_MEASURED}"
    return facts
