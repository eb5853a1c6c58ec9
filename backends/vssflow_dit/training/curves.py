"""What a run has learned so far, as a picture."""

from __future__ import annotations

import json
from pathlib import Path


def draw_curves(log: Path, picture: Path) -> None:
    """The loss over the steps and minutes of `log` (JSON lines with step, loss, seconds), as a PNG; nothing without."""
    rows = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []
    if not rows:
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot(xlabel="step", ylabel="mean squared error of the velocity", yscale="log")
    axes.plot([row["step"] for row in rows], [row["loss"] for row in rows], linewidth=1.0)
    axes.set_title(f"{rows[-1]['step']} steps, {rows[-1]['seconds'] / 60:.0f} minutes, loss {rows[-1]['loss']:.3f}")
    axes.grid(alpha=0.3)
    figure.savefig(picture, dpi=100)
