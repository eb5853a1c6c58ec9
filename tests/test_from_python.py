"""`from vssflow_post import render_films` does what the command does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import MakeFilm
from vssflow_post.errors import UsageError

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_the_example_of_the_docs_renders_a_folder(make_film: MakeFilm, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    make_film("a.mp4", n_frames=25, shots=1).rename(tmp_path / "films" / "a.mp4")
    (tmp_path / "films" / "b.mp4").write_bytes(b"no film")
    found = re.search(r"```python\n(.*?)```", (DOCS / "python.md").read_text("utf-8"), re.S)
    assert found is not None
    script = tmp_path / "example.py"
    script.write_text(found[1].replace('"film", settings', '"ci", settings'))
    done = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=True)
    told = done.stdout.splitlines()
    assert any(line.startswith("a.mp4: generate") for line in told)
    assert told[-2].startswith("films/a.mp4 done")
    assert told[-1].startswith("films/b.mp4 rejected:")
    assert (tmp_path / "out" / "a" / "a_MIX.wav").exists()
    assert len((tmp_path / "out" / "batch.jsonl").read_text().splitlines()) == 2


def test_what_would_meet_every_film_is_raised(tmp_path: Path) -> None:
    from vssflow_post import render_films

    with pytest.raises(UsageError, match="there is no file"):
        render_films(tmp_path / "films", tmp_path / "out")


def test_a_script_without_a_guard_is_told_so(make_film: MakeFilm, tmp_path: Path) -> None:
    film, script = make_film("a.mp4", n_frames=25, shots=1), tmp_path / "careless.py"
    script.write_text(f"from vssflow_post import render_films\nrender_films({str(film)!r}, 'out', 'ci')\n")
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert 'call it under `if __name__ == "__main__":`' in done.stderr


def test_importing_it_and_asking_for_it_imports_nothing_heavy() -> None:
    heavy = ("torch", "numpy", "av", "cv2", "click", "rich", "vssflow_post.render.film")
    code = f"import sys\nfrom vssflow_post import render_films\nprint([m for m in {heavy} if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
