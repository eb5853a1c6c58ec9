"""A desk for tests of cue sheets: a silent film, sheets for it, recordings beside them, and what becomes of it all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from vssflow_post.batch.inputs import Films, find_jobs
from vssflow_post.batch.worker import work_on
from vssflow_post.plugins import load_plugins
from vssflow_post.progress import silent
from vssflow_post.render.job import FilmResult, Order
from vssflow_post.render.studio import open_studio
from vssflow_post.settings.files import load_preset
from vssflow_post.store.output_folder import OutputFolder

S = 48_000
DRY: Mapping[str, object] = {"mix.room_tone": False, "mix.effects_pan_width": 0.0, "deliver.me": True}
Cues = list[dict[str, Any]]


def tone(seconds: float, hz: float = 440.0, level: float = 0.1, rate_hz: int = S) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz)).astype(np.float32)


def speech(id: str, start_s: float, end_s: float, **more: object) -> dict[str, Any]:
    return {"id": id, "kind": "speech", "start_s": start_s, "end_s": end_s, **more}


def sound(id: str, start_s: float, end_s: float, **more: object) -> dict[str, Any]:
    return {"id": id, "kind": "sound", "start_s": start_s, "end_s": end_s, "layer": "spot", **more}


def music(id: str, start_s: float, end_s: float, **more: object) -> dict[str, Any]:
    return {"id": id, "kind": "music", "start_s": start_s, "end_s": end_s, **more}


class Desk:
    """A silent film of eight seconds, sheets for it, and what becomes of them."""

    def __init__(self, film: Path, folder: Path) -> None:
        self.film, self.folder = film, folder
        self.out = folder / "out"

    def put(self, name: str, samples: np.ndarray, rate_hz: int = S, **more: str) -> None:
        """A recording beside the sheet; samples (n,) or (n, channels)."""
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(self.folder / name, samples, rate_hz, **more)

    def sheet(self, cues: Cues) -> Path:
        about = {"path": "a.mp4", "duration_s": 8.0, "frame_rate": "25/1"}
        scenes = [{"index": 0, "start_s": 0.0, "end_s": 8.0}]
        path = self.folder / "edit.cues.json"
        path.write_text(json.dumps({"version": 1, "film": about, "scenes": scenes, "cues": cues}))
        return path

    def render(self, cues: Cues | Path, preset: str = "ci", **settings: object) -> FilmResult:
        """The film under a sheet; `settings` as `section__key`."""
        chosen = {**DRY, **{key.replace("__", "."): value for key, value in settings.items()}}
        order = Order(load_preset(preset, chosen), OutputFolder(self.out))
        sheet = cues if isinstance(cues, Path) else self.sheet(cues)
        (job,) = find_jobs(Films([self.film], cues=sheet), self.out)
        with closing(open_studio(order.preset, order.out, load_plugins())) as studio:
            return work_on(job, order, studio, silent)

    def rendered(self, cues: Cues | Path, preset: str = "ci", **settings: object) -> dict[str, np.ndarray]:
        """The WAVs by name, integers of 24 bits, (channels, n)."""
        result = self.render(cues, preset, **settings)
        assert result.is_done, result.reason
        found = {}
        for path in sorted((self.out / "a").glob("a_*.wav")):
            samples = soundfile.read(path, dtype="int32", always_2d=True)[0].T
            found[path.stem.removeprefix("a_")] = samples.astype(np.int64) >> 8
        return found

    def told(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.out / "a" / name).read_text("utf-8"))
        return told


def level_db(samples: np.ndarray, start_s: float, end_s: float) -> float:
    """RMS of the loudest channel, dBFS."""
    part = samples[:, round(start_s * S) : round(end_s * S)].astype(float) / 2**23
    return float(10 * np.log10(np.square(part).mean(axis=1).max() + 1e-20))
