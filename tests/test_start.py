"""What a render imports: short clips are most of what people render, and most of their time would be imports."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conftest import MakeFilm

NEVER_NEEDED = (
    *("torch._dynamo", "torch._inductor", "sympy", "scipy", "pandas", "matplotlib", "librosa"),
    *("transformers", "diffusers", "pyannote", "silero_vad", "torchaudio", "lightning", "vssflow_dit.synthesis"),
)
"""By a film without sound of its own that the starter renders: torch's compiler among them, seconds each."""
FOR_WORKERS = (
    "torch",
    "numpy",
    "cv2",
    "av",
    "vssflow_dit.engine",
    "vssflow_post.render.film",
    "vssflow_post.batch.worker",
)
"""What the process that hires them leaves to them."""


def imported(code: str, among: tuple[str, ...], *arguments: object) -> list[str]:
    """Those modules that a program has imported when it ends."""
    asked = f"import sys\n{code}\nprint('imported:', *(name for name in {among} if name in sys.modules))"
    command = [sys.executable, "-c", asked, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    return done.stdout.splitlines()[-1].removeprefix("imported:").split()


@pytest.mark.parametrize("script", [False, True])
def test_a_film_is_rendered_without_torchs_compiler_and_what_else_is_slow(
    script: bool, make_film: MakeFilm, tmp_path: Path
) -> None:
    film = make_film("film.mp4", n_frames=50, shots=1)
    if script:
        film.with_suffix(".srt").write_text("1\n00:00:00,200 --> 00:00:01,800\nGood morning.\n")
    code = """
from pathlib import Path
from one_film import render_here
result = render_here(Path(sys.argv[1]), Path(sys.argv[2]), preset="film")
assert result.verdict.startswith("done"), result
assert "torch" in sys.modules and "vssflow_dit.engine" in sys.modules
"""
    assert imported(code, NEVER_NEEDED, film, tmp_path / "out") == []


def test_the_process_that_hires_workers_imports_nothing_that_only_they_need(
    make_film: MakeFilm, tmp_path: Path
) -> None:
    film, out = make_film("film.mp4", n_frames=25, shots=1), tmp_path / "out"
    code = """
from vssflow_post.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
"""
    assert imported(code, (*NEVER_NEEDED, *FOR_WORKERS), "render", film, "-o", out, "-p", "ci") == []
    assert (out / "film" / "manifest.json").exists()


@pytest.mark.parametrize("command", ["voices", "sounds", "presets", "backends"])
def test_what_lists_opens_no_model(command: str) -> None:
    code = """
from vssflow_post.cli import main
try:
    main()
except SystemExit as ended:
    assert not ended.code, ended.code
"""
    assert imported(code, ("torch", "cv2", "av", "vssflow_dit.engine"), command) == []


def test_a_worker_starts_without_the_commands() -> None:
    code = "import vssflow_post.cli, vssflow_post.batch.local_crew\nfrom vssflow_post.plugins import load_plugins\n"
    assert imported(code + "load_plugins().backends()", ("click", "rich", *FOR_WORKERS)) == []
