"""All takes of the cues that have more than one, dry, as WAVs to be held against each other in the report."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from vssflow_post.audio import Source
from vssflow_post.deliver.names import LONGEST_FILE_NAME
from vssflow_post.store.publishing import publish


def write_choice(folder: Path, film_stem: str, choice: Mapping[str, Mapping[int, Source]]) -> Iterator[Path]:
    """Writes `<film>_<cue>_take<k>.wav` (16 bit, at its own rate) of each take of `choice`, by cue id and number."""
    for cue_id, takes in choice.items():
        for number, take in takes.items():
            path = folder / choice_name(film_stem, cue_id, number)
            publish(path, partial(_write, take=take))
            yield path


def choice_name(film_stem: str, cue_id: str, number: int) -> str:
    name = f"{film_stem}_{cue_id}_take{number}.wav"
    if len(os.fsencode(name)) <= LONGEST_FILE_NAME:
        return name
    return f"{hashlib.sha256(os.fsencode(film_stem)).hexdigest()[:8]}_{cue_id}_take{number}.wav"


def _write(path: Path, take: Source) -> None:
    import soundfile

    samples = take.read(0, take.n_samples)
    soundfile.write(os.fsencode(path), samples.T, take.rate_hz, subtype="PCM_16", format="WAV")
