"""The pictures of an evaluation: spectrograms side by side, bars, and a mouth with the loudness that follows it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from vssflow_dit.evaluation.drawn_faces import FPS
from vssflow_dit.evaluation.heldout import Waveform
from vssflow_dit.evaluation.lips import QUIET_DB, Talk, loudness
from vssflow_dit.evaluation.measures import Measure
from vssflow_dit.sound.mel import log_mel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = ("#4d4d4d", "#a8a8a8", "#c8502d", "#3a7ca5")
N_COLOURS = 48
"""Of a written picture: a palette keeps spectrograms under 150 KB."""


def spectrograms(path: Path, rows: Mapping[str, Mapping[str, Waveform]]) -> None:
    """A row for each sound, a column for each of its makers; one scale of level for a row."""
    columns = list(next(iter(rows.values())))
    figure, axes = _axes(len(rows), len(columns), (3.2 * len(columns), 1.35 * len(rows) + 0.3))
    for line, (name, made) in zip(axes, rows.items(), strict=True):
        mels = [log_mel(torch.from_numpy(wave)[None])[0].numpy() for wave in made.values()]
        top = max(float(mel.max()) for mel in mels)
        for axis, column, mel in zip(line, columns, mels, strict=True):
            shown = (0.0, mel.shape[1] / 100, 0.0, 64.0)
            axis.imshow(mel, origin="lower", aspect="auto", cmap="magma", vmin=top - 8.0, vmax=top, extent=shown)
            axis.set_title(f"{name}: {column}", fontsize=8)
            axis.tick_params(labelsize=7)
            axis.set_yticks([])
    axes[-1][0].set_xlabel("seconds; mel bands from 0 to 8 kHz", fontsize=7)
    _written(figure, path)


def bars(path: Path, measures: Sequence[Measure], whats: Sequence[str]) -> None:
    """A panel for each quantity, a group of bars for each subject, a bar for each column."""
    n = max(len({m.subject for m in measures if m.what == what}) for what in whats)
    figure, axes = _axes(len(whats), 1, (max(6.0, 0.42 * n + 2.0), 2.3 * len(whats)))
    for (axis,), what in zip(axes, whats, strict=True):
        own = [measure for measure in measures if measure.what == what]
        subjects = list(dict.fromkeys(measure.subject for measure in own))
        columns = list(dict.fromkeys(measure.column for measure in own))
        for number, column in enumerate(columns):
            values = {measure.subject: measure.value for measure in own if measure.column == column}
            places = np.arange(len(subjects)) + (number - (len(columns) - 1) / 2) * 0.8 / len(columns)
            heights = [values.get(subject, 0.0) for subject in subjects]
            axis.bar(places, heights, 0.76 / len(columns), label=column, color=COLOURS[number])
        axis.set_xticks(range(len(subjects)), subjects, fontsize=7, rotation=60 if len(subjects) > 8 else 0)
        axis.set_title(what + (", %" if own[0].unit == "%" else ""), fontsize=9)
        axis.tick_params(axis="y", labelsize=7)
    figure.legend(*axes[0][0].get_legend_handles_labels(), fontsize=7, loc="outside lower center", ncols=4)
    _written(figure, path)


def mouths(path: Path, talks: Sequence[Talk], heard: Mapping[str, Sequence[Waveform]]) -> None:
    """For each talk how far its mouth is open, and how loud each sound is, on one axis of time."""
    figure, axes = _axes(len(talks), 1, (8.0, 1.9 * len(talks)))
    for k, ((axis,), talk) in enumerate(zip(axes, talks, strict=True)):
        n = len(talk.mouth.opening)
        time = (np.arange(n) + 0.5) / FPS
        axis.fill_between(time, talk.mouth.opening, color="#e5d5b8", label="mouth as drawn")
        for number, (column, waves) in enumerate(heard.items()):
            axis.plot(
                time, loudness(waves[k], n) / QUIET_DB, label=column, color=COLOURS[(0, 3, 2)[number % 3]], lw=1.2
            )
        axis.set_title(f"{talk.line.text} (mouth: {talk.line.voice}, voice: {talk.voice})", fontsize=8)
        axis.tick_params(labelsize=7)
    figure.legend(*axes[0][0].get_legend_handles_labels(), fontsize=7, loc="outside lower center", ncols=4)
    _written(figure, path)


def _axes(n_rows: int, n_columns: int, inches: tuple[float, float]) -> tuple[Figure, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, dpi=80, layout="constrained")
    return figure, figure.subplots(n_rows, n_columns, squeeze=False)


def _written(figure: Figure, path: Path) -> None:
    from PIL import Image

    raw = io.BytesIO()
    figure.savefig(raw, format="png")
    Image.open(raw).convert("RGB").quantize(N_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)
