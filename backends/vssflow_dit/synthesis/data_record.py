"""What a folder of training data is: `data.json`, with one digest for all of it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from vssflow_dit.synthesis.recorded_speech import RECORDED
from vssflow_dit.synthesis.sound_shards import CLIP_S
from vssflow_dit.synthesis.speech import LICENCES, SpeechSet
from vssflow_dit.synthesis.waves import RATE_HZ

LIBRARIES = ("vssflow-post", "numpy", "scipy", "soundfile", "soxr", "opencv-python-headless", "torch")
"""What the last bits of the data depend on, besides the speaking programs."""


def write_record(out: Path, seed: int, shards: Sequence[Mapping[str, Any]], faces: Sequence[str]) -> str:
    """Writes `out`/data.json; returns the digest.

    `shards` is what the sound shards say of themselves, `faces` the sha256 of each film of a face.
    """
    speech = _speech(out / "speech")
    sounds = _sounds(shards)
    sha = hashlib.sha256("".join([speech["sha256"], *(shard["sha256"] for shard in shards), *faces]).encode())
    record = {
        "version": 1,
        "digest": sha.hexdigest(),
        "seed": seed,
        "speech": speech,
        "sounds": sounds,
        "faces": len(faces),
        "recordings": shards[0]["recipe"]["recordings"] if shards else [],
        "made_with": {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}},
    }
    (out / "data.json").write_text(json.dumps(record, indent=1) + "\n")
    return sha.hexdigest()


def _speech(folder: Path) -> dict[str, Any]:
    spoken = SpeechSet(folder)
    seconds: defaultdict[str, float] = defaultdict(float)
    sha = hashlib.sha256()
    for one in spoken:
        seconds[one.voice] += len(one.audio) / RATE_HZ
        for array in (one.audio, one.ids, one.ends_s, one.flags):
            sha.update(np.ascontiguousarray(array).tobytes())
    hours = {voice: round(total / 3600, 3) for voice, total in sorted(seconds.items())}
    recorded = folder / RECORDED
    recorded_s = 0.0
    if recorded.exists():
        audio = np.load(recorded, mmap_mode="r")
        recorded_s = len(audio) / RATE_HZ
        sha.update(np.ascontiguousarray(audio).tobytes())
    return {
        "utterances": len(spoken),
        "hours": hours,
        "teachers": {voice: LICENCES[voice] for voice in hours},
        "recorded_hours": round(recorded_s / 3600, 3),
        "sha256": sha.hexdigest(),
    }


def _sounds(shards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    clips = [clip for shard in shards for clip in shard["clips"]]
    named = Counter(clip["sound"] if clip["named"] else "unspecified" for clip in clips)
    taken = Counter(clip["recorded"] for clip in clips if clip["recorded"])
    return {
        "clips": len(clips),
        "hours": {name: round(count * CLIP_S / 3600, 3) for name, count in sorted(named.items())},
        "clips_from_recordings": dict(sorted(taken.items())),
    }
