"""What can be said of a delivery from outside, with nothing but ffmpeg, ffprobe and JSON."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

VERDICTS = ("done", "done_with_warnings", "rejected:", "failed:not_muxable")
SAME = ("codec_name", "pix_fmt", "width", "height", "field_order", "color_transfer", "color_primaries", "color_space")
"""Of the picture, wherever it is copied to."""
PICTURES = (".mp4", ".mov", ".mkv")


def faults_of(film: Path, verdict: str | None, folder: Path | None, is_sound: bool) -> Iterator[str]:
    """Sentences; `folder` is the film's, where it was delivered, and a film that `is_sound` has no fault of its own."""
    if verdict is None:
        yield "has no verdict"
    elif not verdict.startswith(VERDICTS) or (is_sound and verdict.startswith("rejected:")):
        yield verdict
    if folder is not None:
        yield from _wrong_sum(folder)
        delivered = next((path for path in folder.iterdir() if path.suffix in PICTURES), None)
        if delivered is not None and is_sound:
            yield from _changed_picture(film, delivered)


def _wrong_sum(folder: Path) -> Iterator[str]:
    stems = {path.stem.rpartition("_")[2]: _samples(path) for path in folder.glob("*_[A-Z]*.wav")}
    mix = stems.pop("MIX", None)
    if mix is None:
        yield "no mix"
    elif {len(stem) for stem in stems.values()} != {len(mix)}:
        yield "stems of other lengths than the mix"
    elif np.any(sum(stems.values()) != mix):
        yield "the stems do not sum to the mix"


def _samples(wave: Path) -> npt.NDArray[np.int64]:
    read = subprocess.run(["ffmpeg", "-v", "error", "-i", wave, "-f", "s32le", "-"], capture_output=True, check=True)
    return (np.frombuffer(read.stdout, "<i4") >> 8).astype(np.int64)


def _changed_picture(film: Path, delivered: Path) -> Iterator[str]:
    before, after = _picture(film), _picture(delivered)
    for key in SAME:
        was = before.get(key, "unknown")
        if was not in ("unknown", "progressive", after.get(key)):  # progressive is what pictures are without a word
            yield f"{key}: {was} became {after.get(key)}"
    shape = [each.get("sample_aspect_ratio", "1:1") for each in (before, after)]
    if shape[0] != shape[1] and shape[0] != "0:1":
        yield f"pixels of {shape[0]} became {shape[1]}"
    if film.suffix == delivered.suffix in (".mp4", ".mov") and before["codec_tag_string"] != after["codec_tag_string"]:
        yield f"{before['codec_tag_string']} became {after['codec_tag_string']}"
    if _decoded(film) != _decoded(delivered):
        yield "other pictures than before"


def _picture(film: Path) -> dict[str, str]:
    asked = ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_streams", "-of", "json", film]
    return dict(json.loads(subprocess.run(asked, capture_output=True, check=True).stdout)["streams"][0])


def _decoded(film: Path) -> bytes:
    """A digest of all pictures, whatever their times."""
    words = ["ffmpeg", "-v", "error", "-i", film, "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "md5", "-"]
    return subprocess.run(words, capture_output=True, check=True).stdout
