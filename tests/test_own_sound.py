"""A film that has sound keeps it: whole, under new lines, and without effects that nobody asks for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from conftest import MakeFilm
from vssflow_post.audio import Samples
from vssflow_post.cli import cli

RATE_HZ = 48_000
SCRIPT = "1\n00:00:02,000 --> 00:00:03,000\nANNA: Hello.\n"


def render(film: Path, out: Path, settings: str = "") -> Result:
    preset = out.parent / "own.toml"
    preset.write_text(f"extends = 'ci'\n{settings}")
    result = CliRunner().invoke(cli, ["render", "-q", "-p", str(preset), str(film), "-o", str(out)])
    assert result.exit_code == 0, result.output
    return result


def stem(out: Path, name: str) -> Samples:
    audio, _ = soundfile.read(out / "a" / f"a_{name}.wav", dtype="float32", always_2d=True)
    return np.asarray(audio.T, np.float32)


def told(out: Path) -> dict[str, Any]:
    return dict(json.loads((out / "a" / "report.json").read_text()))


def hum(seconds: int = 4) -> Samples:
    """A room that hums, all the time."""
    return np.asarray(0.05 * np.sin(2 * np.pi * 440 * np.arange(seconds * RATE_HZ) / RATE_HZ), np.float32)


def levels_db(audio: Samples, *seconds: tuple[float, float]) -> list[float]:
    parts = [audio[:, round(start * RATE_HZ) : round(end * RATE_HZ)] for start, end in seconds]
    return [float(20 * np.log10(np.sqrt((part**2).mean()))) for part in parts]


def test_all_of_the_films_own_sound_is_kept_and_nothing_is_laid_over_it(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    render(make_film("a.mp4", 100, sound=hum()), out)
    before, middle, after = levels_db(stem(out, "DX"), (0.1, 1), (1.5, 2.5), (3, 3.9))
    assert before == pytest.approx(middle, abs=0.2)
    assert after == pytest.approx(middle, abs=0.2)
    assert not stem(out, "FX").any()
    assert any("kept whole, in DX" in sentence for sentence in told(out)["warnings"])
    assert told(out)["verdict"] == "done"


def test_a_scripted_line_is_laid_over_it_and_the_track_steps_back(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    film, out = make_film("a.mp4", 100, sound=hum()), tmp_path / "out"
    film.with_suffix(".srt").write_text(SCRIPT)
    render(film, out, "[mix]\nproduction_stem = true\nproduction_duck_db = 9\n")
    free, under = levels_db(stem(out, "PD"), (0.2, 1.2), (2.1, 2.9))
    assert under == pytest.approx(free - 9, abs=0.2)
    assert stem(out, "DX")[:, 2 * RATE_HZ : 3 * RATE_HZ].any()
    assert not stem(out, "DX")[:, : 2 * RATE_HZ - 1].any()


@pytest.mark.parametrize(
    ("settings", "sound", "has_effects"),
    [
        ("[cues]\neffects = 'always'\n", hum(), True),
        ("[cues]\nsound = 'rain'\n", hum(), True),
        ("[dialogue]\nproduction = 'speech'\n", hum(), True),
        ("[dialogue]\nsource = 'generate'\n", hum(), True),
        ("", np.zeros(4 * RATE_HZ, np.float32), True),
        ("", None, True),
        ("[cues]\neffects = 'never'\n", None, False),
        ("[cues]\neffects = 'never'\nsound = 'rain'\n", None, False),
    ],
)
def test_effects_are_made_where_they_are_asked_for_or_there_is_no_sound(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, settings: str, sound: Samples | None, has_effects: bool
) -> None:
    out = tmp_path / "out"
    render(make_film("a.mp4", 100, sound=sound), out, settings)
    assert stem(out, "FX").any() == has_effects
