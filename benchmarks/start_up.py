"""What a short clip costs before anything is heard: `python benchmarks/start_up.py [CLIP] [--runs N]`.

The command on a silent clip of 4 s, in a fresh folder, beside `python -c "import torch"`, by turns; the ratio is that
of the quickest of each.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np

RATE_HZ, SECONDS, WIDTH, HEIGHT = 25, 4, 1280, 720


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clip", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=5)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        clip = chosen.clip or make_clip(Path(folder) / "clip.mp4")
        render = ("-m", "vssflow_post", "render", str(clip), "-q", "-o")
        both = [
            (seconds(["-c", "import torch"]), seconds([*render, f"{folder}/{run}"]))
            for run in range(max(1, chosen.runs))
        ]
    torch_s, render_s = (min(times) for times in zip(*both, strict=True))
    print(f"import torch {torch_s:.2f} s, a clip {render_s:.2f} s: {render_s / torch_s:.2f} times")


def seconds(words: Sequence[str]) -> float:
    """Of this Python with these words."""
    started = time.perf_counter()
    subprocess.run([sys.executable, *words], check=True, capture_output=True)
    return time.perf_counter() - started


def make_clip(path: Path) -> Path:
    """A square that crosses a grey picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", RATE_HZ)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(SECONDS * RATE_HZ):
            picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
            picture[300:420, 10 * number : 10 * number + 120] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


if __name__ == "__main__":
    main()
