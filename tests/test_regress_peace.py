"""A hundred harmless variations of a suite raise no alarm."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from conftest import install_fake_backend, put_anew, write_film
from vssflow_post.cli import cli

CLIPS = [f"c{k}" for k in range(10)]
SCRIPT = "1\n00:00:00,500 --> 00:00:01,500\nANNA: Come in.\n"


def regress(command: str, *arguments: object) -> Result:
    return CliRunner().invoke(cli, ["regress", command, *(str(argument) for argument in arguments), "-q"])


def timecode_of(clip: int) -> str | None:
    return f"0{clip % 5}:00:00:00" if clip % 2 else None


def write_suite(folder: Path, films: dict[str, Path], order: Sequence[str]) -> Path:
    (folder / "all.toml").write_text("extends = 'ci'\n[deliver]\npicture = true\nedl = true\nixml = true\n")
    clips = [
        f'[[clip]]\nname = "{name}"\nfilm = "{films[name]}"\npreset = "all.toml"\nscript = "{name}.srt"\n'
        for name in order
    ]
    for name in order:
        (folder / f"{name}.srt").write_text(SCRIPT)
    (folder / "suite.toml").write_text("\n".join(clips))
    return folder / "suite.toml"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_hundred_harmless_variations_raise_no_alarm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_fake_backend(tmp_path, monkeypatch)
    chance = random.Random(4)
    films = {}
    for k, name in enumerate(CLIPS):
        films[name] = tmp_path / f"{name}.mp4"
        write_film(films[name], 60 + 7 * k, Fraction([24, 25, 30][k % 3]), 1 + k % 3, None, timecode_of(k))
    result = regress("record", write_suite(tmp_path, {name: Path(f"{name}.mp4") for name in CLIPS}, CLIPS))
    assert result.exit_code == 0, result.output
    told = []
    for variation in range(10):
        folder = tmp_path.joinpath(*["deep"] * (variation % 3), f"v{variation}")
        folder.mkdir(parents=True)
        moved = {}
        for k, name in enumerate(CLIPS):
            moved[name] = folder / (
                f"{name} \N{CLAPPER BOARD} {chance.randint(0, 99)}.mp4" if variation % 2 else f"{name}.mp4"
            )
            if variation in (2, 3, 5, 6, 9):
                put_anew(films[name], moved[name], timecode_of(k), f"title {variation}")
            else:
                shutil.copy(films[name], moved[name])
        order = chance.sample(CLIPS, len(CLIPS))
        suite = write_suite(folder, {name: Path(film.name) for name, film in moved.items()}, order)
        shutil.copytree(tmp_path / "suite.goldens", folder / "suite.goldens")
        checked = json.loads(regress("check", suite, "--json", "--workers", 1 + variation % 2).stdout)["clips"]
        told += [(variation, clip["clip"], clip["status"]) for clip in checked]
    assert len(told) == 100
    assert [each for each in told if each[2] != "pass"] == []
