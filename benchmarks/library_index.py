"""How long a library of many recordings takes to index, to index again where nothing changed, and to search.

    python benchmarks/library_index.py FOLDER --files 100000 --workers 2

FOLDER gets the recordings (5 kB each, made here) and the index; what lies in it already is not made again.
"""

from __future__ import annotations

import argparse
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import soundfile

from vssflow_library.choosing import best_first
from vssflow_library.index import facts, opened
from vssflow_library.indexing import update
from vssflow_library.naming.ucs import HERE
from vssflow_post.progress import silent

RATE_HZ = 22_050
EACH = 1000
"""Recordings in a folder."""


def make(folder: Path, n_files: int) -> None:
    rng = np.random.default_rng(1)
    cat_ids = [row.split(",")[0] for row in (HERE / "ucs_classes.csv").read_text("utf-8").splitlines()[1:]]
    fall = np.exp(-np.arange(RATE_HZ // 10) / RATE_HZ / 0.03)
    for number in range(n_files):
        inside = folder / f"{number // EACH:03d}"
        path = inside / f"{cat_ids[number % len(cat_ids)]}_Take {number}_VP_BENCH.wav"
        if not path.exists():
            inside.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, 0.5 * fall * rng.uniform(-1, 1, len(fall)), RATE_HZ)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    make(asked.folder / "sounds", asked.files)
    place = asked.folder / "library.sqlite"
    for what in ("first run", "again, nothing changed"):
        started = time.perf_counter()
        done = update(place, [asked.folder / "sounds"], asked.workers, silent)
        print(f"{what}: {time.perf_counter() - started:.1f} s, {done.n_read} of {done.n_recordings} read", flush=True)
    started = time.perf_counter()
    facts(place)
    print(f"named without opening: {time.perf_counter() - started:.3f} s")
    started = time.perf_counter()
    with closing(opened(place)) as connection:
        _, found = best_first(connection, "heavy door slam")
    print(f"found {len(found)} doors: {time.perf_counter() - started:.2f} s; {place.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
