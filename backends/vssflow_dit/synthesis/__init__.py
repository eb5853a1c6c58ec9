"""The data engine: aligned conditions and audio, made from nothing but free voices and physics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from vssflow_post.progress import OnProgress, Progress

SENTENCES_AN_HOUR = 1300
CLIPS_AN_HOUR = 520


def synthesise_all(
    out: Path,
    hours: float,
    seed: int,
    excluded: Sequence[str],
    recordings: bool,
    recorded_speech: Path | None,
    workers: int,
    say: Callable[[str], object],
    report: OnProgress,
) -> None:
    """Folders speech, faces and sounds in `out`, and `out`/data.json that says what they are.

    What is there already is left alone, so that a killed run goes on. Raises UsageError where it is of another recipe.
    """
    from vssflow_dit.config import config_of
    from vssflow_dit.synthesis.data_record import write_record
    from vssflow_dit.synthesis.faces import write_faces
    from vssflow_dit.synthesis.packages import ROOT
    from vssflow_dit.synthesis.recorded_speech import RECORDED, write_recorded
    from vssflow_dit.synthesis.sound_shards import Recipe, write_sounds
    from vssflow_dit.synthesis.speech import synthesise_speech

    def stage(name: str) -> Callable[[int, int], None]:
        return lambda done, total: report(Progress(name, done, total))

    recipe = Recipe(seed, config_of("starter").sounds, ROOT if recordings else None)
    shards = write_sounds(out / "sounds", round(hours * CLIPS_AN_HOUR), recipe, workers, stage("sounds"))
    say(f"{sum(len(shard['clips']) for shard in shards)} sounds in {out / 'sounds'}")
    if not (out / "speech" / "index.npz").exists():
        made = synthesise_speech(
            out / "speech", round(hours * SENTENCES_AN_HOUR), seed, excluded, workers, stage("speech")
        )
        say(f"{made} sentences in {out / 'speech'}")
    if recorded_speech is not None and not (out / "speech" / RECORDED).exists():
        write_recorded(out / "speech", recorded_speech)
        say(f"recorded speech in {out / 'speech' / RECORDED}")
    films = write_faces(out / "faces", out / "speech", seed, workers, stage("faces"))
    say(f"{len(films)} talking faces in {out / 'faces'}")
    say(f"digest: {write_record(out, seed, shards, films)}")
