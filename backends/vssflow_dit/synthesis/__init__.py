"""The data engine: aligned conditions and audio, made from nothing but free voices and physics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

SENTENCES_AN_HOUR = 1300
CLIPS_AN_HOUR = 520


def synthesise_all(
    out: Path, hours: float, seed: int, excluded: Sequence[str], workers: int, say: Callable[[str], object]
) -> None:
    """Speech in `out`/speech and sounds in `out`/sounds; each is left alone where it is complete already."""
    from vssflow_dit.configs import config_of
    from vssflow_dit.synthesis.speech import synthesise_speech
    from vssflow_dit.training.examples import save_sounds

    if not (out / "speech" / "index.npz").exists():
        made = synthesise_speech(out / "speech", round(hours * SENTENCES_AN_HOUR), seed, excluded, workers)
        say(f"{made} sentences in {out / 'speech'}")
    if not (out / "sounds" / "sounds.npz").exists():
        clips = round(hours * CLIPS_AN_HOUR)
        save_sounds(out / "sounds", clips, seed, config_of("starter").sounds)
        say(f"{clips} sounds in {out / 'sounds'}")
