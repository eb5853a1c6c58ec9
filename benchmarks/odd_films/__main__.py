"""`python -m benchmarks.odd_films FOLDER --n 200 --seed 1`: no worker may crash, no film may end without its verdict.

Makes N films with the system's ffmpeg (codec, container, rate, size, shape, sound, timecode, faults and script by lot),
renders them with `vssflow-post render`, and looks at what was delivered: the verdict, the sum of the stems, the length
of the sound, and whether the delivered picture has the packets, the codec's tag and the shape of the source. What is
wrong is listed with the film's recipe; the films stay in FOLDER.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.odd_films.checks import faults_of
from benchmarks.odd_films.films import Made, draw_film
from benchmarks.odd_films.scripts import draw_script


def main() -> None:
    parser = argparse.ArgumentParser(
        "benchmarks.odd_films", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=200, help="films")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    asked = parser.parse_args()
    films = asked.folder / "films"
    films.mkdir(parents=True)
    made = list(_made(films, asked.n, asked.seed))
    (asked.folder / "recipes.txt").write_text("".join(f"{one.path.name}: {one.recipe}\n" for one in made))
    ended = _rendered(films, asked.folder / "out", asked.workers)
    print(
        "\n".join(f"{n:4d} {verdict}" for verdict, n in Counter(verdict for verdict, _ in ended.values()).most_common())
    )
    faults = [
        f"{one.path.name} ({one.recipe}): {fault}"
        for one in made
        for fault in faults_of(one.path, *ended.get(one.path.name, (None, None)), one.is_sound)
    ]
    print("\n".join(faults) or f"{len(made)} films, nothing wrong")
    sys.exit(bool(faults))


def _made(folder: Path, n_films: int, seed: int) -> Iterator[Made]:
    lots, number = random.Random(seed), 0
    while number < n_films:
        film = draw_film(folder, number, lots)
        if film is None:
            continue
        script = f", {draw_script(film.path, lots).name}" if lots.random() < 0.6 else ""
        yield replace(film, recipe=film.recipe + script)
        number += 1


def _rendered(films: Path, out: Path, workers: int) -> dict[str, tuple[str, Path | None]]:
    """Verdict and folder of each film, by its file's name."""
    words = ["render", str(films), "-o", str(out), "--workers", str(workers), "-q"]
    with (out.parent / "terminal.txt").open("w") as terminal:
        subprocess.run([sys.executable, "-m", "vssflow_post", *words], stdout=terminal, stderr=terminal, check=False)
    told = [json.loads(row) for row in (out / "batch.jsonl").read_text().splitlines()]
    return {Path(film["film"]).name: (film["verdict"], film["output"] and out / film["output"]) for film in told}


if __name__ == "__main__":
    main()
