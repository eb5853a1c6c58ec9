"""A film of many cues whose store lost some takes is rendered again to the same bytes, under each instruction set."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from test_same_bits import ISAS

from vssflow_post.store.entries import file_digest

EXAMPLES = Path(__file__).parent.parent / "examples"
TRIES = 6


def rendered(out: Path, isa: str, threads: int) -> dict[str, str]:
    """Digests of the demo's stems and mix, outside of deterministic mode."""
    preset = out / "threads.toml"
    preset.write_text(f"extends = 'film'\n[generate]\nthreads = {threads}\n")
    words = ["render", EXAMPLES / "demo.mp4", "--cues", EXAMPLES / "demo.cues.json", "-o", out, "-p", preset, "--fresh"]
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": isa}
    subprocess.run([sys.executable, "-m", "vssflow_post", *map(str, words)], env=environment, check=True)
    return {path.name: file_digest(path) for path in sorted((out / "demo").glob("*.wav"))}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("isa", ISAS)
def test_lost_takes_come_back_to_the_byte(isa: str, tmp_path: Path) -> None:
    chance = random.Random(isa)
    n_cues = len(json.loads((EXAMPLES / "demo.cues.json").read_text("utf-8"))["cues"])
    first = rendered(tmp_path, isa, 2)
    assert len(first) == 3
    for number in range(TRIES):
        takes = sorted((tmp_path / ".vssflow-post" / "takes").rglob("*.take"))
        assert len(takes) == n_cues
        for lost in chance.sample(takes, chance.randint(1, len(takes) - 1)):
            lost.unlink()
        assert rendered(tmp_path, isa, 1 + number % 3) == first
