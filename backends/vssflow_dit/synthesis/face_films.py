"""Films of faces that say the spoken sentences, with how open the mouth truly is in each frame."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vssflow_dit.phonemes import phoneme_frames
from vssflow_dit.synthesis.faces import FPS, looks, talking
from vssflow_dit.synthesis.picture_files import packed, replacing
from vssflow_dit.synthesis.pictures import Curve
from vssflow_dit.synthesis.speech import SpeechSet, Utterance
from vssflow_dit.visemes import opening
from vssflow_post.errors import UsageError

EVERY = 50
"""One sentence in so many is drawn: films are large."""


def write_faces(folder: Path, speech: Path, seed: int, workers: int, progress: Callable[[int, int], None]) -> list[str]:
    """A film NNNNN.npz of every EVERY-th utterance of `speech`; films that are there are kept. Returns their sha256.

    Raises UsageError where a film is of another seed or sentence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    numbers = range(0, len(SpeechSet(speech)), EVERY)
    found: list[str] = []
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        for sha in pool.map(partial(_film, folder, speech, seed), numbers, chunksize=4):
            found.append(sha)
            progress(len(found), len(numbers))
    return found


def mouth_of(spoken: Utterance) -> Curve:
    """How open (0..1) the mouth of who says it is, at each frame of a film at FPS."""
    n = round(100 * float(spoken.ends_s[-1]))
    curve = opening(phoneme_frames(spoken.ids, spoken.ends_s, n))
    at = np.arange(int(n / 100 * FPS)) / FPS
    return np.interp(at, (np.arange(n) + 0.5) / 100, curve)


def _film(folder: Path, speech: Path, seed: int, number: int) -> str:
    """Draws the film unless it is there; its sha256."""
    cv2.setNumThreads(1)  # workers stand beside each other
    spoken = SpeechSet(speech)[number]
    path, made_of = folder / f"{number:05d}.npz", f"{seed}: {spoken.voice}: {spoken.text}"
    if path.exists():
        with np.load(path) as data:
            if str(data["made_of"]) != made_of:
                raise UsageError(f"{path} is of another seed or sentence: choose another folder")
            return str(data["sha256"])
    rng = np.random.default_rng((seed, number, 2))
    curve = mouth_of(spoken)
    film = list(talking(rng, looks(rng), curve))
    arrays: dict[str, Any] = {
        **packed([[frame for frame, _ in film]]),
        "opening": curve.astype(np.float32),
        "in_sight": np.array([in_sight for _, in_sight in film]),
    }
    sha = hashlib.sha256(b"".join(arrays[name].tobytes() for name in sorted(arrays))).hexdigest()
    with replacing(path) as part, part.open("wb") as file:
        np.savez(file, **arrays, made_of=np.array(made_of), sha256=np.array(sha))
    return sha
