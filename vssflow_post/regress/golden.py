"""A golden on disk: what a clip sounded like, in two small files that belong into git.

`CLIP.json` holds facts, figures and digests, so that a change of them reads well in a review; `CLIP.npz` holds the
curves, spectra and anchors. Recording the same render again gives the same bytes.
"""

from __future__ import annotations

import json
import math
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vssflow_post.errors import UsageError
from vssflow_post.regress.anchors import LENGTH, Anchor
from vssflow_post.regress.curves import Curves, Onset
from vssflow_post.regress.reference import Reference
from vssflow_post.regress.spectrum import Spectrum
from vssflow_post.store.publishing import publish_bytes, publishing

VERSION = 1
MOST_BYTES = 200_000
"""What a clip's golden may weigh, audio included, unless the suite keeps the audio whole."""

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Golden:
    """One clip's golden."""

    stamp: Mapping[str, str]
    """What else the bits depend on: see `stamps`."""
    facts: Mapping[str, object]
    sounds: Mapping[str, Reference]
    """By name: `MIX`, the stems, and `film` for the delivered film's own track."""


def write_golden(folder: Path, name: str, golden: Golden) -> list[Path]:
    """Writes the two files of the clip `name`; returns them."""
    folder.mkdir(parents=True, exist_ok=True)
    table = {
        "version": VERSION,
        "stamp": dict(golden.stamp),
        "facts": dict(golden.facts),
        "sounds": {sound: _figures(reference) for sound, reference in golden.sounds.items()},
    }
    arrays: Arrays = {}
    for sound, reference in golden.sounds.items():
        arrays.update({f"{sound}.{part}": array for part, array in _arrays(reference).items()})
    document, data = folder / f"{name}.json", folder / f"{name}.npz"
    publish_bytes(document, (json.dumps(table, indent=1, ensure_ascii=False) + "\n").encode())
    with publishing(data) as temporary, temporary.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return [document, data]


def read_golden(folder: Path, name: str) -> Golden | None:
    """The golden of the clip `name`; None where there is none. Raises UsageError for one that is broken."""
    document, data = folder / f"{name}.json", folder / f"{name}.npz"
    if not document.is_file() and not data.is_file():
        return None
    try:
        table = json.loads(document.read_text("utf-8"))
        if table["version"] != VERSION:
            raise UsageError(f"{document} is of version {table['version']}, not {VERSION}: record it again")
        with np.load(data, allow_pickle=False) as arrays:
            sounds = {sound: _reference(facts, sound, arrays) for sound, facts in table["sounds"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise UsageError(f"the golden {document.with_suffix('')} is broken ({error}): record it again") from None
    return Golden(table["stamp"], table["facts"], sounds)


def _figures(reference: Reference) -> dict[str, object]:
    return {
        "n_samples": reference.n_samples,
        "n_channels": reference.n_channels,
        "digest": reference.digest,
        **reference.figures,
        "channels_db": [None if math.isinf(level) else round(level, 4) for level in reference.channels_db],
        "offsets": [float(f"{offset:.6g}") for offset in reference.offsets],
        "likeness": [round(value, 6) for value in reference.likeness],
    }


def _arrays(reference: Reference) -> Arrays:
    spectrum, curves, anchors = reference.spectrum, reference.curves, reference.anchors
    n_channels = reference.n_channels
    return {
        "codes": _steps(spectrum.codes),
        "hop": np.array(spectrum.hop),
        "channel_db": np.round(spectrum.channel_db, 3).astype(np.float32),
        "level": _steps(curves.level),
        "high": _steps(curves.high),
        "outline": _steps(reference.outline),
        "onsets": np.array([(onset.hop, onset.rise_db) for onset in reference.onsets], np.float32).reshape(-1, 2),
        "starts": np.array([anchor.start for anchor in anchors], np.int32),
        "waves": np.array([anchor.waves for anchor in anchors], np.int8).reshape(len(anchors), n_channels, LENGTH),
        "scales": np.array([anchor.scales for anchor in anchors], np.float32).reshape(len(anchors), n_channels),
    }


def _steps(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """From each value to the next, wrapping around: neighbours are alike, so that this packs better."""
    first = np.zeros((*values.shape[:-1], 1), values.dtype)
    return np.diff(values, axis=-1, prepend=first)


def _sums(steps: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return np.cumsum(steps, axis=-1, dtype=steps.dtype)


def _reference(facts: Mapping[str, Any], sound: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Reference:
    part = {name.partition(".")[2]: arrays[name] for name in arrays if name.startswith(f"{sound}.")}
    anchors = zip(part["starts"].tolist(), part["waves"], part["scales"], strict=True)
    fixed = ("n_samples", "n_channels", "digest", "channels_db", "offsets", "likeness")
    return Reference(
        n_samples=int(facts["n_samples"]),
        n_channels=int(facts["n_channels"]),
        digest=str(facts["digest"]),
        figures={name: value for name, value in facts.items() if name not in fixed},
        channels_db=tuple(-math.inf if level is None else float(level) for level in facts["channels_db"]),
        offsets=tuple(map(float, facts["offsets"])),
        likeness=tuple(map(float, facts["likeness"])),
        outline=_sums(part["outline"]),
        curves=Curves(_sums(part["level"]), _sums(part["high"])),
        spectrum=Spectrum(_sums(part["codes"]), int(part["hop"]), part["channel_db"].astype(np.float64)),
        onsets=tuple(Onset(int(hop), round(float(rise), 1)) for hop, rise in part["onsets"]),
        anchors=tuple(Anchor(start, waves, scales) for start, waves, scales in anchors),
    )
