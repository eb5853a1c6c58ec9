"""Through `render`: speech follows a mouth that it sees, and a line that cannot be said in its time is told of.

The faces are the evaluation's, which no training saw, and they talk with the rhythm of another voice than speaks.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from drawn_films import Picture, write_film

from vssflow_dit.config import DURATIONS, STARTER
from vssflow_dit.evaluation.drawn_faces import FPS, Curve, looks, mouth_of, talking
from vssflow_dit.evaluation.heldout import SENTENCES
from vssflow_dit.evaluation.lips import agreement, loudness
from vssflow_dit.synthesis.speech import Utterance
from vssflow_dit.text.durations import EDGE_S, DurationModel
from vssflow_dit.text.phonemes import BLANK, ID, phonemise
from vssflow_post.cli import cli

LINES = SENTENCES[1:16:3]
STARTS_S, AFTER_S = (0.2, 0.45, 0.3, 0.5, 0.25), 0.4
HURRIED = "Nobody could ever say so many long words within a single second."
WALL = np.full((216, 384, 3), 120, np.uint8)


def said_by_another(text: str, seed: int) -> Utterance:
    """The sentence with the rhythm of awb, who slows down and hurries on the way; without its sound."""
    sounds = phonemise(text)
    drift = 1.0 + 0.3 * np.sin(np.linspace(0.0, 5.0, len(sounds)) + seed)
    seconds = DurationModel.load(STARTER / DURATIONS).predict(sounds, "awb") * drift
    ends = np.cumsum([EDGE_S, *seconds, EDGE_S]).astype(np.float32)
    ids = np.array([ID[BLANK], *(sound.id for sound in sounds), ID[BLANK]], np.int16)
    return Utterance(text, "awb", np.zeros(0, np.int16), ids, ends, np.zeros(len(ids), np.uint8))


def drawn_shots() -> tuple[list[list[Picture]], list[Curve]]:
    """Pictures of each shot, and how far its mouth is open in them."""
    shots, openings = [], []
    for k, (text, start_s) in enumerate(zip(LINES, STARTS_S, strict=True)):
        line, rng = said_by_another(text, k), np.random.default_rng((3, k))
        mouth = mouth_of(line, start_s, start_s + float(line.ends_s[-1]) + AFTER_S)
        shots.append([frame.pixels for frame in talking(rng, looks(rng), mouth)])
        openings.append(mouth.opening)
    return shots, openings


def script(shots: list[list[Picture]]) -> str:
    """Each line over its whole shot, and a last one in a second."""
    edges = np.cumsum([0.0, *(len(shot) / FPS for shot in shots), 1.0])
    spans = zip([*LINES, HURRIED], edges[:-1], edges[1:], strict=True)
    return "\n".join(f"{k}\n{clock(a)} --> {clock(b)}\nANNA: {text}\n" for k, (text, a, b) in enumerate(spans, start=1))


def clock(seconds: float) -> str:
    return f"00:00:{int(seconds):02},{round(seconds * 1000) % 1000:03}"


@pytest.mark.slow
def test_speech_follows_the_mouths_of_drawn_faces(tmp_path: Path) -> None:
    shots, openings = drawn_shots()
    (tmp_path / "quick.toml").write_text(
        'extends = "draft"\n[cues]\neffects_under_speech = false\n[cast]\nANNA = "slt"\n[deliver]\npicture = false\n'
    )
    followed = {}
    for name, film in (("seen", shots), ("unseen", [[WALL] * len(shot) for shot in shots])):
        pictures = [picture for shot in film for picture in shot] + [WALL] * FPS
        path = write_film(tmp_path / f"{name}.mp4", pictures, FPS)
        path.with_suffix(".srt").write_text(script(shots))
        asked = ["render", path, "-o", tmp_path / "out", "-p", tmp_path / "quick.toml", "--backend", "cpu"]
        result = CliRunner().invoke(cli, [str(word) for word in asked])
        assert result.exit_code == 0, result.output
        followed[name] = agreements(tmp_path / "out" / name / f"{name}_DX.wav", openings)
    assert np.mean(followed["seen"]) > np.mean(followed["unseen"]) + 0.15
    assert sum(np.array(followed["seen"]) > followed["unseen"]) >= 4
    report = json.loads((tmp_path / "out" / "seen" / "report.json").read_text("utf-8"))
    assert any("The line needs" in warning and "its span is 1.0 s" in warning for warning in report["warnings"])


def agreements(stem: Path, openings: list[Curve]) -> list[float]:
    """Correlation of loudness and opening in each shot."""
    samples, rate_hz = soundfile.read(stem, dtype="float32", always_2d=True)
    wave = samples.mean(axis=1)[:: rate_hz // 16_000]
    edges = np.cumsum([0, *(len(opening) for opening in openings)]) * 16_000 // FPS
    return [
        agreement(opening, loudness(wave[a:b], len(opening)))[0]
        for opening, a, b in zip(openings, edges[:-1], edges[1:], strict=True)
    ]
