"""What a terminal gets: colours unless NO_COLOR is set, and lines that a narrow one breaks between words."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from vssflow_post.cli.console import print_summary
from vssflow_post.render.job import FilmResult

PROGRAM = """
from pathlib import Path
from vssflow_post.cli.console import print_rows, print_summary, say
from vssflow_post.cli.watching import watching
from vssflow_post.progress import Progress
from vssflow_post.render.job import FilmResult

with watching(False) as watcher:
    watcher.started(0, 1, "a.mp4")
    watcher.moved(0, Progress("generate", 1, 2))
    watcher.ended(0, FilmResult(Path("a.mp4"), "failed:x", None, "it did not work", 1.0))
print_summary([FilmResult(Path("a.mp4"), "failed:x", None, "it did not work, and this says why at some length", 1.0)])
rows = [("one", "usable", "a sentence that is much longer than the terminal is wide")]
print_rows(rows, ("kind", "state", "why"), ["green"])
say("changed  a: two strikes are missing in s0004; FX is 1.0 dB louder throughout; d0003 says other words", 9)
"""


def shown(tmp_path: Path, columns: int, **environment: str) -> str:
    """What the program writes to a terminal that is so wide."""
    leader, follower = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    env = {**kept, "COLUMNS": str(columns), "LINES": "40", "TERM": "xterm-256color", **environment}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=follower, stderr=follower, env=env, cwd=tmp_path)
    os.close(follower)
    pieces = []
    while True:
        try:
            piece = os.read(leader, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not piece:
            break
        pieces.append(piece)
    os.close(leader)
    assert process.wait(60) == 0, b"".join(pieces)
    return b"".join(pieces).decode("utf-8").replace("\r\n", "\n")


def test_a_terminal_is_coloured_unless_the_user_does_not_want_it(tmp_path: Path) -> None:
    assert "\x1b[" in shown(tmp_path, 80)
    plain = shown(tmp_path, 80, NO_COLOR="1")
    assert "\x1b" not in plain
    assert "a.mp4: failed:x in 1.0 s: it did not work" in plain  # lines take the place of bars


@pytest.mark.parametrize("columns", [40, 60, 200])
def test_a_narrow_terminal_breaks_lines_between_words(tmp_path: Path, columns: int) -> None:
    lines = shown(tmp_path, columns, NO_COLOR="1").splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("changed"))
    told = lines[start:]
    assert max(map(len, told)) <= columns
    assert all(line.startswith(" " * 9) for line in told[1:])
    assert " ".join(" ".join(told).split()) == (
        "changed a: two strikes are missing in s0004; FX is 1.0 dB louder throughout; d0003 says other words"
    )
    assert (len(told) == 1) == (columns == 200)


def test_a_batchs_cast_is_told_with_all_lines_of_each_character(capsys: pytest.CaptureFixture[str]) -> None:
    casts = [(("ANNA", "slt", 2),), (("TOM", "rms", 1), ("ANNA", "slt", 3)), (("EVE", "eva", 1),), ()]
    results = [
        FilmResult(Path(f"{name}.mp4"), "done", Path("out") / name, cast=cast)
        for name, cast in zip("abcd", casts, strict=True)
    ]
    print_summary(results, Path("out"))
    told = capsys.readouterr().out
    rows = [line.split() for line in told.splitlines()]
    assert ["ANNA", "slt", "5", "2", "films"] in rows
    assert ["TOM", "rms", "1", "b.mp4"] in rows
    assert "edit out/cast.toml, and give it to --cast." in told, "the one that holds everybody"
    print_summary(results[:1], Path("out"))
    assert "edit out/a/cast.toml, and give it to --cast." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["render", "-p", "bro"], ["plain,broadcast-ebu"]),
        (["voices", "--preset", "web"], ["plain,web", "plain,web-loud"]),
        (["presets", "at"], ["plain,atsc"]),
        (["presets", "check", "mine.t"], []),
    ],
)
def test_presets_are_completed_and_files_where_none_begins_so(words: list[str], completed: list[str]) -> None:
    line = " ".join(["vssflow-post", *words])
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(len(words)), "_VSSFLOW_POST_COMPLETE": "bash_complete"}
    script = "import sys; sys.argv[0] = 'vssflow-post'; from vssflow_post.cli.start import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env={**os.environ, **asked})
    assert done.stdout.splitlines() == [f"file,{words[-1]}", *completed]


def test_a_pipe_gets_one_line_for_each_thing_said(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1].startswith("changed  a: two strikes")
    assert done.stdout.splitlines()[-1].endswith("other words")
    assert "\x1b" not in done.stdout + done.stderr
