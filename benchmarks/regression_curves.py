"""How far each measure of `regress` moves under harmless and harmful changes: the curves its tolerances come from.

    python benchmarks/regression_curves.py       # some minutes; writes docs/regression-curves.svg, prints the tables

Harmless: the demo film rendered again with other kernels (narrower vectors, as on another processor), and with noise
in the latents at the level of such rounding and above. Harmful: `seeded_changes`, each from small to plain, on its
stems. Draws with matplotlib, which pyannote.audio brings.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from seeded_changes import CHANGES, FULL_SCALE, RATE_HZ, Change, Stems, read_stems

from vssflow_post.regress.distances import Distance, distances
from vssflow_post.regress.facts import rendered_in
from vssflow_post.regress.reference import Reference, reference_of
from vssflow_post.regress.tolerances import ALL, Tolerance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KERNELS = {
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "SSE": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "MKL_CBWR": "COMPATIBLE"},
}
"""Environments in which torch and its libraries take other kernels than this processor's best."""
LATENT_NOISE = (1e-5, 1e-4, 1e-3, 1e-2)
_NOISY = """
import sys, torch, vssflow_dit.engine as engine
from vssflow_post.cli import main
plain = engine.Engine._latents
def noisy(self, batch):
    random = torch.Generator().manual_seed(5)
    return [x + float(sys.argv.pop()) * x.std() * torch.randn(x.shape, generator=random) for x in plain(self, batch)]
"""
_SECONDS = 12.0
CURVES = (
    ("loudness", "gain"), ("alignment", "shift"), ("level above 10 kHz", "click"), ("noise floor", "noise"),
    ("spectral tilt", "spectral tilt"), ("momentary level", "level ramp"), ("channel likeness", "width"),
    ("waveform", "flutter"), ("passage", "reverb"),
)  # fmt: skip
"""(measure, change) of the drawing's panels."""

Sounds = dict[str, np.ndarray]
Harmless = Mapping[str, Mapping[str, float]]
"""Distance by measure, by what was done."""
Harmful = Mapping[str, Mapping[float, Mapping[str, float]]]
"""Distance by measure, by size, by change."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--output", type=Path, default=Path("docs/regression-curves.svg"))
    parser.add_argument("--renders", type=Path, help="folder of renders: `plain`, `AVX2`, `SSE`, `noise-1e-05` ...")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.renders or Path(scratch)
        if arguments.renders is None:
            render_variants(folder)
        golden, stems = heard(folder / "plain")
        harmless = {
            name: worst(golden, filed(read_stems(rendered_in(folder / name / "demo").waves)))
            for name in (*KERNELS, *(f"noise-{size:g}" for size in LATENT_NOISE))
        }
    harmful = {change.name: curve(cut(stems), change) for change in CHANGES}
    print(table(harmless, harmful))
    draw(harmless, harmful, arguments.output)


def render_variants(folder: Path) -> None:
    """The demo under every environment, and with noise in its latents."""
    command = ["-p", "ci", "-q", "-o"]
    for name, environment in {"plain": {}, **KERNELS}.items():
        run(["-m", "vssflow_post", "demo", *command, str(folder / name)], environment)
    for size in LATENT_NOISE:
        script = _NOISY.replace("float(sys.argv.pop())", f"{size}") + "engine.Engine._latents = noisy\nmain()\n"
        run(["-c", script, "demo", *command, str(folder / f"noise-{size:g}")], {})


def run(arguments: list[str], environment: Mapping[str, str]) -> None:
    subprocess.run([sys.executable, *arguments], env={**os.environ, **environment}, check=True)


def heard(folder: Path) -> tuple[dict[str, Reference], Stems]:
    """A render's references and its stems."""
    stems = read_stems(rendered_in(folder / "demo").waves)
    return {name: reference_of(sound, "") for name, sound in filed(stems).items()}, stems


def filed(stems: Stems) -> Sounds:
    """The stems as a file of 24 bits holds them; their mix follows and tells nothing more."""
    return {name: np.asarray(np.rint(sound * FULL_SCALE) / FULL_SCALE, np.float32) for name, sound in stems.items()}


def cut(stems: Stems) -> Stems:
    return {name: sound[:, : round(_SECONDS * RATE_HZ)] for name, sound in stems.items()}


def worst(golden: Mapping[str, Reference], sounds: Sounds) -> dict[str, float]:
    """The largest distance over all sounds, by measure."""
    found: dict[str, float] = {}
    for distance in every(golden, sounds):
        name = distance.tolerance.name
        found[name] = max(found.get(name, 0.0), distance.value)
    return found


def every(golden: Mapping[str, Reference], sounds: Sounds) -> Iterator[Distance]:
    for name, samples in sounds.items():
        yield from distances(golden[name], reference_of(samples, ""), samples)


def curve(stems: Stems, change: Change) -> dict[float, dict[str, float]]:
    """The worst distances by size of the change."""
    golden = {name: reference_of(sound, "") for name, sound in filed(stems).items()}
    return {size: worst(golden, filed(change.act(dict(stems), size))) for size in change.sizes}


def table(harmless: Harmless, harmful: Harmful) -> str:
    """Two Markdown tables: what each measure reads where nothing is wrong, and from which size a change is told."""
    lines = [f"| measure | {' | '.join(harmless)} | limit |", "| --- |" + " ---: |" * (len(harmless) + 1)]
    for tolerance in ALL:
        values = " | ".join(f"{values.get(tolerance.name, 0):.2g}" for values in harmless.values())
        lines.append(f"| {tolerance.name}, {tolerance.unit or 'of 1'} | {values} | {tolerance.limit:g} |")
    lines += ["", "| change | told from | by | sizes tried |", "| --- | --- | --- | --- |"]
    for change in CHANGES:
        told = {size: beyond(values) for size, values in harmful[change.name].items()}
        first = next((size for size in change.sizes if told[size]), None)
        by = ", ".join(told[first][:4]) if first is not None else "nothing"
        shown = "never" if first is None else f"{first:g} {change.unit}".strip() if change.unit else "always"
        lines.append(f"| {change.name} | {shown} | {by} | {', '.join(f'{size:g}' for size in change.sizes)} |")
    return "\n".join(lines)


def beyond(values: Mapping[str, float]) -> list[str]:
    """The measures that pass their limits, the clearest first."""
    passed = [limit for limit in ALL if values.get(limit.name, 0.0) > limit.limit]
    return [limit.name for limit in sorted(passed, key=lambda limit: -values[limit.name] / limit.limit)]


def draw(harmless: Harmless, harmful: Harmful, path: Path) -> None:
    """One panel a pair of CURVES: the measure against the size of the change, its limit, and what is harmless."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "regression", "svg.fonttype": "none"})
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(3, 3, figsize=(11, 8.5), layout="constrained")
    limits = {limit.name: limit for limit in ALL}
    for panel, (measure, name) in zip(panels.flat, CURVES, strict=True):
        draw_panel(panel, limits[measure], name, harmful[name], max(harmless[kernel][measure] for kernel in KERNELS))
    figure.savefig(path, metadata={"Date": None})


def draw_panel(
    panel: Axes, limit: Tolerance, name: str, curve: Mapping[float, Mapping[str, float]], floor: float
) -> None:
    """See `draw`."""
    change = next(each for each in CHANGES if each.name == name)
    lowest = limit.limit / 1000
    values = [max(curve[size].get(limit.name, 0.0), lowest) for size in change.sizes]
    panel.plot(range(len(values)), values, "o-", color="#cd7d28", label=f"{name}, {change.unit}")
    panel.axhline(limit.limit, color="#b3261e", linewidth=1, label="limit")
    panel.axhspan(lowest, max(floor, 1.1 * lowest), color="#269682", alpha=0.25, label="other kernels")
    panel.set(yscale="log", title=f"{limit.name}, {limit.unit or 'of 1'}", xlabel=f"{name}, {change.unit}")
    panel.set_xticks(range(len(values)), [f"{size:g}" for size in change.sizes])
    panel.legend(fontsize=7)


if __name__ == "__main__":
    main()
