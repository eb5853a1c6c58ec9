"""A whole film against its plain decoding: `python benchmarks/whole_film.py [FILM] [--clips CLIP ...] [--runs N]`.

Without a film, one of 90 s is made of clips (the demo's by default): 1080p, H.264, with grain, since grain is what
decoding costs. Each run decodes the film and does nothing else, then renders it in a fresh process into a fresh folder,
so that both meet the same machine; the ratio is that of the quickest of each.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

DEMO = Path(__file__).resolve().parent.parent / "examples" / "demo.mp4"
WIDTH, HEIGHT, RATE_HZ, SECONDS = 1920, 1080, 25, 90
GRAIN = 3.0
"""Standard deviation, grey levels."""
STAGES = ("analyse_s", "generate_s", "mix_s", "total_s")

Picture = npt.NDArray[np.uint8]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("film", type=Path, nargs="?")
    parser.add_argument("--clips", type=Path, nargs="+", default=[DEMO])
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = chosen.film or make_film(chosen.clips, Path(folder) / "film.mp4")
        print("  decoding    render   " + "".join(f"{stage.removesuffix('_s'):>11}" for stage in STAGES))
        runs = [_run(film, Path(folder) / "out") for _ in range(max(1, chosen.runs))]
    decoding_s, render_s = (min(times) for times in zip(*runs, strict=True))
    print(f"render / plain decoding: {render_s / decoding_s:.2f}")


def make_film(clips: Sequence[Path], path: Path) -> Path:
    """SECONDS of the clips, again and again, each picture cut to fill the frame."""
    random = np.random.default_rng(0)
    grain = [random.normal(0, GRAIN, (HEIGHT, WIDTH, 1)).round().astype(np.int8) for _ in range(8)]
    pictures = itertools.chain.from_iterable(map(_pictures, itertools.cycle(clips)))
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", RATE_HZ, options={"crf": "18", "preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, picture in enumerate(itertools.islice(pictures, SECONDS * RATE_HZ)):
            grainy = np.clip(picture.astype(np.int16) + grain[number % len(grain)], 0, 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grainy, "rgb24")))
        container.mux(stream.encode(None))
    return path


def _pictures(clip: Path) -> Iterator[Picture]:
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            picture = frame.to_ndarray(format="rgb24")
            scale = max(WIDTH / picture.shape[1], HEIGHT / picture.shape[0])
            size = round(picture.shape[1] * scale), round(picture.shape[0] * scale)
            large = cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC)
            left, top = (large.shape[1] - WIDTH) // 2, (large.shape[0] - HEIGHT) // 2
            yield np.asarray(large[top : top + HEIGHT, left : left + WIDTH], np.uint8)


def _run(film: Path, out: Path) -> tuple[float, float]:
    """Seconds of decoding alone, and of the command."""
    started = time.perf_counter()
    _decode(film)
    decoding_s = time.perf_counter() - started
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", str(out), "--json", "--quiet"]
    started = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    render_s = time.perf_counter() - started
    timing = json.loads((Path(json.loads(done.stdout)["films"][0]["output"]) / "report.json").read_text("utf-8"))
    stages = "".join(f"{timing['timing'][stage]:9.1f} s" for stage in STAGES)
    print(f"{decoding_s:8.1f} s{render_s:8.1f} s   {stages}", flush=True)
    return decoding_s, render_s


def _decode(film: Path) -> None:
    """All pictures, by the ffmpeg command where there is one, else by the same libraries; all cores either way."""
    if shutil.which("ffmpeg"):
        subprocess.run(["ffmpeg", "-v", "error", "-i", str(film), "-map", "0:v:0", "-f", "null", "-"], check=True)
        return
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass


if __name__ == "__main__":
    main()
