"""`from vssflow_post import render_films` does what the command does."""

from __future__ import annotations

import json
import os
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


def asked_of_pytest(folder: Path, **environment: str) -> dict[str, str]:
    """What becomes of each test of the docs' file, in a pytest of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", "-p", "no:cacheprovider", "test_street.py"],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip
    return dict(re.findall(r"::(\S+) (PASSED|FAILED|ERROR)", done.stdout))


def test_the_pytest_of_the_docs_renders_and_compares(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tests"
    folder.mkdir()
    make_film("street.mp4", n_frames=50, shots=2).rename(folder / "street.mp4")
    (folder / "street.srt").write_text("1\n00:00:00,200 --> 00:00:01,500\nANNA: Good morning.\n")
    [code] = re.findall(r"```python\n(.*?)```", (DOCS / "pytest.md").read_text("utf-8"), re.S)
    (folder / "test_street.py").write_text(code)
    recorded = asked_of_pytest(folder, RECORD="1")
    assert len(recorded) == 5
    assert set(recorded.values()) == {"PASSED"}
    golden = folder / "street.golden.json"
    facts = json.loads(golden.read_text("utf-8"))
    facts["lines"][0][2] = "Good evening."
    facts["levels"]["FX"] = [level + 1 for level in facts["levels"]["FX"]]
    golden.write_text(json.dumps(facts), "utf-8")
    told = asked_of_pytest(folder)
    assert {name for name, state in told.items() if state != "PASSED"} == {
        "test_the_same_is_asked_for[lines]", "test_it_is_as_loud_throughout[FX]",
    }  # fmt: skip
