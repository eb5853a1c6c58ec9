"""A night's worth of bad files through the command line: every verdict right, nothing else opened, no traceback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import hostile_corpus
import pytest

from conftest import TESTS
from vssflow_post.media import frames, production_audio
from vssflow_post.media.probe import probe

COMMAND = [sys.executable, "-m", "vssflow_post", "render", "-p", "ci", "--json"]


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run over the whole corpus left behind."""

    wanted: dict[str, str]
    out: Path
    done: subprocess.CompletedProcess[bytes]
    before: dict[str, tuple[int, int]]
    after: dict[str, tuple[int, int]]

    @property
    def answer(self) -> dict[str, list[dict[str, object]]]:
        answer: dict[str, list[dict[str, object]]] = json.loads(self.done.stdout)
        return answer


def environment(folder: Path) -> dict[str, str]:
    """With the backend that needs no model, and without a word of this machine's user."""
    info = folder / "site" / "fake_backend-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vssflow_post]\nfake = fake_backend\n")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VSSFLOW_POST_")}
    path = os.pathsep.join([str(folder / "site"), str(TESTS), *sys.path])
    return {
        **kept,
        "PYTHONPATH": path,
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "OMP_NUM_THREADS": "1",
    }


def states(folder: Path) -> dict[str, tuple[int, int]]:
    return {entry.name: (entry.lstat().st_size, entry.lstat().st_mtime_ns) for entry in folder.iterdir()}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("hostile")
    root = folder / "films"
    root.mkdir()
    here = Path.cwd()
    wanted = hostile_corpus.build(root)
    os.chdir(here)
    before = states(root)
    preset = folder / "all.toml"
    preset.write_text("extends = 'ci'\n[deliver]\nedl = true\nfcpxml = true\nixml = true\ntakes = true\n")
    command = [*COMMAND, "-p", preset, root, "-o", folder / "out", "--workers", "2"]
    done = subprocess.run(command, capture_output=True, env=environment(folder), timeout=280, check=False)
    return Ran(wanted, folder / "out", done, before, states(root))


def test_every_file_gets_its_verdict(ran: Ran) -> None:
    found = {Path(str(film["film"])).name: film["verdict"] for film in ran.answer["films"]}
    assert len(found) >= 200
    wrong = {
        name: (ran.wanted.get(name), verdict) for name, verdict in found.items() if ran.wanted.get(name) != verdict
    }
    assert not wrong
    assert set(found) == set(ran.wanted)


def test_every_refusal_has_its_sentence_and_none_a_traceback(ran: Ran) -> None:
    assert ran.done.returncode == 1
    assert b"Traceback" not in ran.done.stdout + ran.done.stderr
    assert not (ran.out / ".vssflow-post" / "errors").exists()
    for film in ran.answer["films"]:
        if film["verdict"] != "done":
            assert str(film["reason"]).strip(), film


def test_no_control_character_of_a_name_reaches_terminal_or_log(ran: Ran) -> None:
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", ran.done.stderr)
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", ran.done.stdout)
    assert "\u202e" not in ran.done.stderr.decode("utf-8") + ran.done.stdout.decode("utf-8")


def test_sources_stay_as_they_are(ran: Ran) -> None:
    assert ran.before == ran.after


def test_what_was_refused_left_no_folder(ran: Ran) -> None:
    done = {Path(str(film["output"])).name for film in ran.answer["films"] if film["output"]}
    assert {path.name for path in ran.out.iterdir() if path.is_dir()} == {*done, ".vssflow-post"}
    for path in ran.out.glob("*/manifest.json"):
        assert json.loads(path.read_bytes())["deliverables"]


class Elements(HTMLParser):
    """Elements and attributes that run something."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [tag, *(f"{tag} {name}" for name, _ in attrs if name.startswith("on"))]


def test_names_are_only_text_in_the_report(ran: Ran) -> None:
    """A name with markup in it gives the same elements as a plain one."""
    elements = {}
    for stem in ("100%d", "<script>alert(1)<\u2215script>&'", "{{ 7 * 7 }}"):
        parser = Elements()
        parser.feed((ran.out / stem / "report.html").read_text("utf-8"))
        elements[stem] = parser.found
    assert len({tuple(found) for found in elements.values()}) == 1


def test_names_are_only_text_in_timelines(ran: Ran) -> None:
    from xml.etree import ElementTree

    import opentimelineio as otio

    for folder in (path.parent for path in ran.out.glob("*/manifest.json")):
        (fcpxml,) = folder.glob("*.fcpxml")
        ElementTree.fromstring(fcpxml.read_bytes())
        (timeline,) = folder.glob("*.otio")
        otio.adapters.read_from_string(timeline.read_text("utf-8"), "otio_json")
        for edl in folder.glob("*.edl"):
            lines = edl.read_bytes().decode("utf-8").split("\n")
            assert all(re.match(r"TITLE:|FCM:|\d{3,}  |\* |$", line) for line in lines), lines


@pytest.mark.parametrize(
    ("name", "content", "verdict"),
    [pytest.param(*film, id=film[0]) for film in hostile_corpus.films.bad_films() if film[2].startswith("done")],
)
def test_what_looks_worse_than_it_is_is_a_film(tmp_path: Path, name: str, content: bytes, verdict: str) -> None:
    (tmp_path / name).write_bytes(content)
    film = probe(tmp_path / name)
    assert sum(1 for _ in frames(film, 64)) == film.n_frames
    production_audio(film, 16_000)


@pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")
def test_nothing_is_opened_but_film_output_and_installation(tmp_path: Path) -> None:
    root = tmp_path / "films"
    root.mkdir()
    (tmp_path / "secret.mp4").write_bytes(hostile_corpus.films.whole("mp4"))
    for number, content in enumerate(hostile_corpus.contents.PLAYLISTS.values()):
        (root / f"playlist{number}.mp4").write_bytes(content)
    for name, content, _ in hostile_corpus.films.other_films():
        if name.startswith("playlist"):
            (root / name).write_bytes(content)
    (root / "good.mp4").write_bytes(hostile_corpus.films.whole("mp4"))
    (root / "away.mp4").symlink_to(tmp_path / "secret.mp4")
    log = tmp_path / "trace"
    strace = ["strace", "-f", "-qq", "-s", "4096", "-e", "trace=open,openat,openat2,connect,sendto", "-o", log]
    command = [*strace, *COMMAND, root, "-o", tmp_path / "out", "--workers", "1"]
    subprocess.run(command, capture_output=True, env=environment(tmp_path), timeout=280, check=False)
    trace = log.read_text("utf-8", "replace")
    assert "good.mp4" in trace
    assert "secret.mp4" not in trace
    assert not re.search(r"AF_INET6?\b", trace)
    installation = {Path(sys.prefix), Path(sys.base_prefix), TESTS.parent, tmp_path, *map(Path, sys.path)}
    allowed = tuple(map(str, {*installation, *(path.resolve() for path in installation)} - {Path(), Path("/")}))
    system = (
        "/usr/",
        "/lib",
        "/etc/ld.so",
        "/etc/localtime",
        "/etc/mime.types",
        "/etc/ssl/",
        "/proc/",
        "/sys/",
        "/dev/",
    )
    opened = set(re.findall(r'open(?:at|at2)?\([^"]*"(/[^"]*)"[^)]*\) += +\d', trace))
    strange = {path for path in opened if not path.startswith((*allowed, *system, "/tmp"))}
    assert not strange
