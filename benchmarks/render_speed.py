"""How fast a film is rendered, start-up included: `python benchmarks/render_speed.py [FILM] [--runs N] [-p PRESET]`.

Each run is a fresh process and a fresh take store. Seconds come from the outside, stages from the film's report.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DEMO = Path(__file__).resolve().parent.parent / "examples" / "demo.mp4"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, nargs="?", default=DEMO)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("-p", "--preset", default="film")
    chosen = parser.parse_args()
    print("  total    analyse  generate mix      film s / total s")
    best = max(_run(chosen.film, chosen.preset) for _ in range(max(1, chosen.runs)))
    print(f"best real-time factor: {best:.2f}")


def _run(film: Path, preset: str) -> float:
    """Renders once; returns film seconds / wall seconds."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", folder, "-p", preset, "--json"]
        sheet = film.with_suffix(".cues.json")
        command += ["--cues", str(sheet)] if sheet.is_file() else []
        start = time.perf_counter()
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        wall_s = time.perf_counter() - start
        output = Path(json.loads(done.stdout)["films"][0]["output"])
        timing = json.loads((output / "report.json").read_text("utf-8"))["timing"]
    factor = float(timing["film_s"]) / wall_s
    stages = "".join(f"{timing[key]:7.1f} s" for key in ("analyse_s", "generate_s", "mix_s"))
    print(f"{wall_s:7.1f} s{stages}   {factor:.2f}", flush=True)
    return factor


if __name__ == "__main__":
    main()
