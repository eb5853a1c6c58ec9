"""What CI servers and people get of a check: JUnit XML of the usual schema, and a page to see and hear, offline."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from browser import Browser, missing
from click.testing import CliRunner

from vssflow_post.cli import cli

SECONDS = 2.0


def write_render(folder: Path, name: str, loud: float) -> None:
    """The least that a render leaves: two stems and their mix."""
    import soundfile

    (folder / name).mkdir(parents=True, exist_ok=True)
    time = np.arange(round(SECONDS * 48_000)) / 48_000
    dialogue = 0.1 * loud * np.sin(2 * np.pi * 300 * time) * (time > 1)
    effects = 0.05 * np.random.default_rng(3).standard_normal(len(time))
    for stem, sound in (("DX", dialogue), ("FX", effects), ("MIX", dialogue + effects)):
        samples = np.stack([sound, sound], axis=1)
        soundfile.write(folder / name / f"{name}_{stem}.wav", samples, 48_000, subtype="PCM_24")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `junit.xml` and `html/index.html` of a check of two clips, the second of which changed."""
    folder = tmp_path_factory.mktemp("checked")
    for name in ("one", "two"):
        (folder / f"{name}.mp4").write_bytes(b"")
        write_render(folder / "renders", name, 1.0)
    suite = folder / "suite.toml"
    suite.write_text('[[clip]]\nfilm = "one.mp4"\n[[clip]]\nfilm = "two.mp4"\n')
    renders = ["--rendered", str(folder / "renders")]
    result = CliRunner().invoke(cli, ["regress", "record", str(suite), *renders])
    assert result.exit_code == 0, result.output
    write_render(folder / "renders", "two", 0.5)
    reports = ["--junit", str(folder / "junit.xml"), "--html", str(folder / "html")]
    result = CliRunner().invoke(cli, ["regress", "check", str(suite), *renders, *reports])
    assert result.exit_code == 1, result.output
    return folder


def test_junit_is_of_the_usual_schema(checked: Path) -> None:
    """Element by element and attribute by attribute what the schema of Ant's JUnit task asks for, in its order."""
    root = ElementTree.parse(checked / "junit.xml").getroot()
    assert (root.tag, root.attrib) == ("testsuites", {})
    [suite] = root
    assert set(suite.attrib) == {
        *("name", "timestamp", "hostname", "tests", "failures", "errors", "time", "package", "id"),
    }
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.attrib["timestamp"])
    assert re.fullmatch(r"\d+\.\d{3}", suite.attrib["time"])
    assert [suite.attrib[name] for name in ("id", "tests", "failures", "errors")] == ["0", "2", "1", "0"]
    assert [child.tag for child in suite] == ["properties", "testcase", "testcase", "system-out", "system-err"]
    one, two = suite.findall("testcase")
    for case in (one, two):
        assert set(case.attrib) == {"name", "classname", "time"}
        assert re.fullmatch(r"\d+\.\d{3}", case.attrib["time"])
    assert len(one) == 0
    [failure] = two
    assert (failure.tag, set(failure.attrib)) == ("failure", {"message", "type"})
    assert failure.attrib["type"] in ("changed", "worse")
    assert "DX loudness" in (failure.text or "")


def test_the_page_needs_nothing_beside_it(checked: Path) -> None:
    text = (checked / "html" / "index.html").read_text("utf-8")
    assert [path.name for path in (checked / "html").iterdir()] == ["index.html"]
    addresses = re.findall(r"(?:src|href)=\"([^\"]{0,40})", text)
    assert addresses
    assert all(address.startswith(("data:", "#")) for address in addresses)
    assert "http" not in re.sub(r"data:[^\"]*", "", text)


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if why := missing():
        pytest.skip(why)
    with Browser(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def test_a_changed_clip_is_seen_and_heard(window: Browser, checked: Path) -> None:
    window.show(1280, 900)
    window.open(checked / "html" / "index.html")
    assert window.run("return document.querySelectorAll('section').length") == 1
    for picture in ("waveform", "spectrogram"):
        drawn = f"section img.{picture}[alt^='DX']"
        assert window.until(f'return [...document.querySelectorAll("{drawn}")].filter(i => i.naturalWidth).length') == 2
    assert window.until("return document.querySelector(\"img.difference[alt^='DX']\").naturalWidth") > 100
    ready = "return [...document.querySelectorAll('audio')].filter(a => a.readyState >= 1 && a.duration > 1.9).length"
    assert window.until(f"{ready} == 2")
    window.click("section .plate")  # its middle is that of the clip
    places = "return [...document.querySelectorAll('audio')].map(a => a.currentTime)"
    assert window.run(places) == pytest.approx([SECONDS / 2, SECONDS / 2], abs=0.02)
    window.click("label.golden button")
    window.until("return !document.querySelector('audio[data-side=golden]').paused")
    assert window.run("return document.querySelector('audio[data-side=new]').paused")
    assert window.complaints() == []
