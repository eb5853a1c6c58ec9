"""Tables and curves of whatever was found, and which differences are larger than the seeds' spread."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.claims.arms import ARMS, BATCH, COMPARED, ROUTED, SOUNDS, TASKS, VOICES, WINDOW_S, model_of
from benchmarks.claims.hearing import FIFTHS, N_CLIPS_EACH, N_SENTENCES, N_WINDOWS
from benchmarks.claims.runs import EVERY, RATES, SCAN, best_rate
from vssflow_dit.evaluation.run import CLAIMS, FOLDER
from vssflow_dit.sound.codec import Codec

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOCS = Path(__file__).parents[2] / "docs" / FOLDER
COLUMNS = {
    "speech loss": ".3f", "WER": ".1f", "DNSMOS": ".2f", "sound loss": ".3f", "strikes F1": ".1f", "class": ".1f",
    "Frechet": ".2f",
}  # fmt: skip
"""What is measured, and its digits."""
LESS_IS_BETTER = ("speech loss", "WER", "sound loss", "Frechet")
JOINT = tuple(name for name, arm in COMPARED.items() if len(arm.tasks) == arm.times == 2)
"""Those that saw as many examples of each task as a single one."""
COLOURS = {
    "speech": "#4d4d4d", "sound": "#4d4d4d", "speech-twice": "#b0b0b0", "sound-twice": "#b0b0b0", "joint": "#c8502d",
    "joint-balanced": "#2d6bc8", "joint-parts": "#3d8f4f", "joint-short": "#e3b7a5",
}  # fmt: skip
Result = Mapping[str, Any]
Found = Mapping[str, Sequence[Result]]
"""Arm -> its result with each seed."""


def by_arm(results: Iterable[Result]) -> dict[str, list[Result]]:
    """Rates that were only tried left out."""
    found: dict[str, list[Result]] = {}
    for result in results:
        if not result["tried"]:
            found.setdefault(result["kind"], []).append(result)
    return {name: found[name] for name in ARMS if name in found}


def point(result: Result, done: float = 1.0) -> Mapping[str, Any]:
    """What was measured when this share of the run was done."""
    found: Mapping[str, Any] = result["points"].get(str(round(result["updates"] * done)), {})
    return found


def numbers(found: Found, name: str, column: str, done: float = 1.0) -> list[float]:
    """One of each seed."""
    points = [point(result, done) for result in found.get(name, ())]
    return [each[column] for each in points if column in each]


def cell(own: Sequence[float], digits: str) -> str:
    """The mean, and half of the range."""
    spread = f" ± {(max(own) - min(own)) / 2:{digits}}" if len(own) > 1 else ""
    return f"{np.mean(own):{digits}}{spread}" if own else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def ends(found: Found, names: Iterable[str]) -> str:
    """A row for each arm: what it is, and where it ends."""
    rows = []
    for name in names:
        if name in found:
            first = found[name][0]
            seen = " + ".join(f"{n / 1000:.1f}" for n in ARMS[name].examples(first["updates"]).values())
            cells = [cell(numbers(found, name, column), digits) for column, digits in COLUMNS.items()]
            told = [ARMS[name].title, str(first["updates"]), seen, f"{first['muon_lr']:g}"]
            rows.append([*told, *cells, str(len(found[name]))])
    return table(["", "updates", "thousands of windows", "rate", *COLUMNS, "seeds"], rows)


def on_the_way(found: Found) -> str:
    """What is heard a quarter and half through, and at the end: means over seeds."""
    heard = {column: digits for column, digits in COLUMNS.items() if "loss" not in column}

    def way(name: str, column: str) -> str:
        points = [numbers(found, name, column, done) for done in (0.25, 0.5, 1.0)]
        return " / ".join(f"{np.mean(own):{heard[column]}}" for own in points if own)

    names = [name for name in COMPARED if name in found]
    return table(["", *heard], ([ARMS[name].title, *(way(name, column) for column in heard)] for name in names))


def verdict(own: Sequence[float], others: Sequence[float], less: bool) -> str:
    """Whether every seed of one is better than every seed of the other."""
    if min(len(own), len(others)) < 2:
        return "too few seeds" if own and others else ""
    sign = 1 if less else -1
    own, others = [sign * value for value in own], [sign * value for value in others]
    return "better" if max(own) < min(others) else "worse" if min(own) > max(others) else "within the spread"


def verdicts(found: Found, suffix: str = "") -> str:
    """Joint training against the single task of each measure."""
    rows = []
    for name in (name for name in JOINT if name in found):
        cells = []
        for column, digits in COLUMNS.items():
            single = ("speech" if column in ("speech loss", "WER", "DNSMOS") else "sound") + suffix
            own, others = numbers(found, name, column), numbers(found, single, column)
            change = f"{np.mean(own) - np.mean(others):+{digits}}, " if own and others else ""
            cells.append(change + verdict(own, others, column in LESS_IS_BETTER))
        rows.append([ARMS[name].title, *cells])
    return table(["", *COLUMNS], rows)


def by_t(found: Found) -> str:
    """The held-out loss in each fifth of t at the end: means over seeds."""
    head = ["", *(f"{task}, fifth {k + 1}" for task in TASKS for k in range(FIFTHS))]
    rows = []
    for name in (name for name in COMPARED if name in found):
        cells = []
        for task in TASKS:
            own = [point(r)[f"{task} loss by t"] for r in found[name] if f"{task} loss by t" in point(r)]
            cells += [f"{value:.3f}" for value in np.mean(own, axis=0)] if own else [""] * FIFTHS
        rows.append([ARMS[name].title, *cells])
    return table(head, rows)


def rates(results: Sequence[Result]) -> str:
    """The held-out losses of every rate that was tried; the chosen one is bold."""
    rows = []
    for name in dict.fromkeys(result["kind"] for result in results if result["tried"]):
        tried = {r["tried"]: point(r) for r in results if r["kind"] == name and r["tried"]}
        best = best_rate(results, name)
        cells = []
        for rate in RATES:
            losses = (
                ", ".join(f"{tried[rate][f'{task} loss']:.3f}" for task in ARMS[name].tasks) if rate in tried else ""
            )
            cells.append(f"**{losses}**" if rate == best else losses)
        rows.append([ARMS[name].title, *cells])
    return table(["", *(f"{rate:g}" for rate in RATES)], rows)


def write_page(results: Sequence[Result], docs: Path) -> None:
    """Tables and picture of these results."""
    found = by_arm(results)
    steps = {result["updates"] // ARMS[name].times for name, own in found.items() for result in own}
    text = PAGE.format(
        millions=sum(p.numel() for p in model_of(COMPARED["joint"], 1, Codec()).parameters()) / 1e6,
        steps=", ".join(map(str, sorted(steps))), batch=BATCH, each=BATCH // 2, window_s=WINDOW_S, every=EVERY,
        tries=", ".join(str(n // SCAN) for n in sorted(steps)), windows=N_WINDOWS, lines=N_SENTENCES * len(VOICES),
        clips=N_CLIPS_EACH * len(SOUNDS), compared=ends(found, COMPARED), verdicts=verdicts(found),
        twice=TWICE.format(table=verdicts(found, "-twice")) if {"speech-twice", "sound-twice"} & found.keys() else "",
        way=on_the_way(found), by_t=by_t(found), rates=rates(results),
        routed=ROUTES.format(table=ends(found, [*ROUTED, "joint-short"])) if found.keys() & ROUTED.keys() else "",
    )  # fmt: skip
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "claims.json").write_text(json.dumps(list(results)) + "\n")
    (docs / CLAIMS).write_text(text)
    picture(found, docs / "claims.png")


def picture(found: Found, path: Path) -> None:
    """Every measure over the windows of its task that were seen; a line for each seed."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12.0, 5.6), dpi=80, layout="constrained")
    axes = figure.subplots(2, 4).flat
    of_speech, of_sounds = (list(COLUMNS)[:3], list(COLUMNS)[3:])
    for axis, column, task in zip(
        (*axes[:3], *axes[4:]), of_speech + of_sounds, ["speech"] * 3 + ["sound"] * 4, strict=True
    ):
        for name in (name for name in COMPARED if name in found):
            for result in found[name]:
                draw(axis, result, column, task)
        axis.set_title(f"{column} ({'less' if column in LESS_IS_BETTER else 'more'} is better)", fontsize=8)
        axis.set_xlabel(f"thousands of windows with {task}", fontsize=7)
        axis.tick_params(labelsize=7)
        axis.grid(lw=0.3)
    axes[3].axis("off")
    lines = [axes[3].plot([], [], color=COLOURS[name])[0] for name in COMPARED if name in found]
    axes[3].legend(lines, [ARMS[name].title for name in COMPARED if name in found], fontsize=7, loc="center")
    figure.savefig(path)


def draw(axis: Axes, result: Result, column: str, task: str) -> None:
    arm = ARMS[result["kind"]]
    measured = sorted((int(step), row[column]) for step, row in result["points"].items() if column in row)
    seen = [arm.examples(step).get(task, 0) / 1000 for step, _ in measured]
    axis.plot(
        seen, [value for _, value in measured], color=COLOURS[result["kind"]], lw=1.0, ms=3,
        marker="" if "loss" in column else "o",
    )  # fmt: skip


PAGE = """\
## What the paper claims, at this scale

Models of {millions:.1f} million parameters, each trained from scratch in batches of {batch} windows of
{window_s:.0f} s. As in the paper, joint and single models saw equally many windows *of each task*: a single task made
N = {steps} updates, the joint model 2 N of {each} + {each} windows. Beside them: single tasks with twice the work (2 N
updates), and a joint model with half of it (N updates). *Balanced*: each task's loss over its running mean;
*feed-forward for each task*: attention is shared, the layers between are not. Rate: Muon's, the best of three after
{tries} updates; Adam's is a twentieth. Loss: the velocity's squared error on {windows} held-out windows of each task, t
drawn as in training. Heard on {lines} held-out sentences and {clips} held-out sounds whose conditions are the true ones
(the teachers' phoneme times, the mouth that belongs to them, the strikes of the picture); WER and DNSMOS as above,
strikes within 60 ms as F1, class and Frechet distance by a classifier as above. Mean over seeds ± half of the range.
Made by `python -m benchmarks.claims DATA RUNS`.

### Joint against single tasks

{compared}

Joint minus single, at equal examples of each task. *Better* and *worse* where every seed of one is better than every
seed of the other:

{verdicts}

{twice}A quarter through, half through and at the end:

{way}

![Every measure over what was seen, every {every} updates of a single task, every seed](evaluation/claims.png)

The held-out loss at the end by fifths of t, from noise to data:

{by_t}

Held-out losses at the three rates:

{rates}
{routed}"""
TWICE = """\
At equal work (the single tasks saw twice the examples):

{table}

"""
ROUTES = """
### Which streams are joined to the latent

Text is the phonemes, lip the mouth, sync the strikes and the speed, video the class of sound.
The rest is attended to.

{table}
"""
