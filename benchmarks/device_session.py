"""Training on a GPU that is lent for minutes, where nothing can be downloaded and only small files come back.

    python benchmarks/device_session.py train PACK --out OUT --limit 570     there: everything, in so many seconds
    python benchmarks/device_session.py measure --out OUT                    there: the tests that need a GPU
    python benchmarks/device_session.py join OUT RUN                         at home: the run's folder again

`train` opens the pack, trains transformer and vocoder side by side until the time is up, and leaves the weights and
what the vocoder needs to go on in files of at most 15 MiB. It gives up early where one of the two does not get going.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PART = 15 * 2**20
MARGIN_S = 75.0
"""For reading the data before training, and for saving after it."""
START_S = 240.0
"""After so long both parts must have learned something: their steps are compiled first."""
KEPT = ("weights", "dit/log.jsonl", "dit/curves.png", "vocoder/log.jsonl", "vocoder/checkpoint.pt")


def train_command(pack: Path, run: Path, *options: str) -> list[str]:
    code = "from vssflow_dit.commands.model import model; model()"
    own = ["--start", "starter", "--data", str(pack), "--run", str(run), "--device", "cuda"]
    return [sys.executable, "-c", code, "train", *own, *options]


def environment() -> dict[str, str]:
    """The checkout as it is: nothing has to be installed."""
    paths = [str(ROOT / "backends"), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1"}


def train(pack: Path, out: Path, run: Path, limit_s: float, batch: int) -> None:
    began = time.monotonic()
    subprocess.run(train_command(pack, run, "--part", "durations"), env=environment(), check=True)
    print(f"the pack is open after {time.monotonic() - began:.0f} s", flush=True)
    minutes = (limit_s - (time.monotonic() - began) - MARGIN_S) / 60
    command = train_command(pack, run, "--time-budget", f"{minutes:.2f}", "--batch", str(batch))
    process = subprocess.Popen(command, env=environment(), cwd=ROOT)
    try:
        watch(process, run)
    finally:
        process.terminate()
        process.wait()
        bundle(run, out)
    if process.returncode:
        sys.exit(f"training ended with {process.returncode}")
    print(f"done after {time.monotonic() - began:.0f} s", flush=True)


def watch(process: subprocess.Popen[bytes], run: Path) -> None:
    """Says every half minute how it goes, until it ends."""
    began = time.monotonic()
    while process.poll() is None:
        time.sleep(min(30.0, START_S / 8))
        rows = [last_row(run / part / "log.jsonl") for part in ("dit", "vocoder")]
        print(f"{time.monotonic() - began:.0f} s", *rows, gpu(), sep=" | ", flush=True)
        if time.monotonic() - began > START_S and not all(rows):
            sys.exit("one of the parts does not learn")


def last_row(log: Path) -> str:
    return log.read_text("utf-8").splitlines()[-1] if log.exists() and log.stat().st_size else ""


def gpu() -> str:
    """How busy it is, and its memory in use."""
    query = ["nvidia-smi", "--query-gpu=name,utilization.gpu,memory.used", "--format=csv,noheader"]
    try:
        return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "no nvidia-smi"


def bundle(run: Path, out: Path) -> None:
    """The run as run.tar in parts."""
    out.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in KEPT:
            path = run / name
            if name.endswith(".pt") and path.exists():
                path = brief(path)
            if path.exists():
                tar.add(path, name)
    data = packed.getvalue()
    for k in range(0, len(data), PART):
        (out / f"run.tar.{k // PART:02d}").write_bytes(data[k : k + PART])
    print(f"{len(data) / 2**20:.1f} MiB in {out}", flush=True)


def brief(checkpoint: Path) -> Path:
    """The same in bfloat16, which keeps the range of an optimiser's squares; single numbers as they are."""
    import torch

    def shortened(value: object) -> object:
        if isinstance(value, dict):
            return {name: shortened(part) for name, part in value.items()}
        if isinstance(value, list):
            return [shortened(part) for part in value]
        if isinstance(value, torch.Tensor) and value.dim() and value.is_floating_point():
            return value.bfloat16()
        return value

    path = checkpoint.with_suffix(".brief")
    torch.save(shortened(torch.load(checkpoint, weights_only=True, map_location="cpu")), path)
    return path


def join(out: Path, run: Path) -> None:
    data = b"".join(path.read_bytes() for path in sorted(out.glob("run.tar.*")))
    run.mkdir(parents=True, exist_ok=True)
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        tar.extractall(run, filter="data")
    for log in sorted(run.glob("*/log.jsonl")):
        print(log.parent.name, f"{rate(log):.1f} steps/s")


def rate(log: Path) -> float:
    """Steps a second from the log's first row on: compiling is before it."""
    first, last = (row for row in ends(log))
    return (last[0] - first[0]) / max(last[1] - first[1], 1e-9)


def ends(log: Path) -> Iterator[tuple[float, float]]:
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    for row in (rows[0], rows[-1]):
        yield row["step"], row["seconds"] if "seconds" in row else 60 * row["minutes"]


def measure(out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    tests = [sys.executable, "-m", "pytest", "-q", "-m", "cuda", "-p", "no:cacheprovider", "tests/test_engine.py"]
    with (out / "measure.log").open("w") as log:
        for command in (tests, [sys.executable, "benchmarks/training_speed.py", "--device", "cuda"]):
            subprocess.run(command, env=environment(), cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False)
    print((out / "measure.log").read_text("utf-8")[-8000:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    training = commands.add_parser("train")
    training.add_argument("pack", type=Path)
    training.add_argument("--out", type=Path, default=Path("out"))
    training.add_argument("--run", type=Path, default=Path("/tmp/run"))
    training.add_argument("--limit", type=float, default=570.0, help="seconds in all")
    training.add_argument("--batch", type=int, default=96)
    commands.add_parser("measure").add_argument("--out", type=Path, default=Path("out"))
    joining = commands.add_parser("join")
    joining.add_argument("out", type=Path)
    joining.add_argument("run", type=Path)
    given = parser.parse_args()
    if given.command == "train":
        train(given.pack, given.out, given.run, given.limit, given.batch)
    elif given.command == "measure":
        measure(given.out)
    else:
        join(given.out, given.run)


if __name__ == "__main__":
    main()
