"""The page in a browser: what is clicked seeks, nothing complains, it is readable wide and narrow, light and dark."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import soundfile

from tests import browser
from tests.browser import Browser
from tests.drawn_films import texture, write_film
from vssflow_post.audio import Loudness
from vssflow_post.deliver.report import write_report
from vssflow_post.deliver.report.facts import (
    BackendFacts,
    CastFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    ModelFacts,
    NullTestFacts,
    SeenFacts,
    Timing,
)
from vssflow_post.deliver.report.stem_pictures import draw_stems
from vssflow_post.settings.preset import LoudnessSettings
from vssflow_post.timeline import CLOCK_HZ, Cue, Scene, Span, cue_as_json

FILM_S = 8
LONG = "A long line that says what somebody says when they do not come to an end, and then they say some more of it."
SEEN = {"West Highland White Terrier": 0.4, "Old English Sheepdog": 0.2, "umbrella": 0.1, "street sign": 0.03}

pytestmark = pytest.mark.skipif(browser.missing() is not None, reason=browser.missing() or "")


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    pictures = [np.roll(texture(1, 320, 180), 2 * k, axis=1) for k in range(25 * FILM_S)]
    film = write_film(folder / "a & b.mp4", pictures, 25, audio=np.zeros((2, FILM_S * CLOCK_HZ), np.float32))
    stems = {}
    for name, hz in (("DX", 300), ("FX", 2000), ("BG", 90), ("MIX", 700)):
        wave = 0.2 * np.sin(2 * np.pi * hz * np.arange(FILM_S * CLOCK_HZ) / CLOCK_HZ)
        stems[name] = folder / f"a & b_{name}.wav"
        soundfile.write(stems[name], np.stack([wave, wave], 1), CLOCK_HZ, subtype="PCM_24")
    whole, half = Span(0, FILM_S * CLOCK_HZ), FILM_S * CLOCK_HZ // 2
    cues = (
        CueFacts(Cue("s0001", 0, "sound", Span(0, half), sound="rain", layer="bed"), seconds=1.5),
        CueFacts(
            Cue("s0003", 0, "sound", Span(CLOCK_HZ, 2 * CLOCK_HZ), sound="dog", layer="spot", seen=SEEN),
            is_silent=True,
        ),
        CueFacts(
            Cue("d0001", 1, "speech", Span(half, half + CLOCK_HZ), LONG, "ANNA", "slt", origin="script", seed=2**31),
            seconds=2.5, notes=("it was spoken faster",), choice={k: Path(f"a & b_d0001_take{k}.wav") for k in (1, 2)},
        ),
        CueFacts(
            Cue("s0002", 1, "sound", Span(half, whole.end), sound="wind", gain_db=-3.0, layer="bed", seen=SEEN),
            cached=True, stand_in="rain",
        ),
    )  # fmt: skip
    short_term = tuple((3 + k / 10, -23 + k / 20) for k in range(50))
    measured = Loudness(-23.0, 6.5, -3.4, -18.0, -20.0, short_term, dialogue_lufs=-22.0)
    loudness = LoudnessFacts(measured, LoudnessSettings(clause="EBU R 128-2020"), "pass")
    report = FilmReport(
        stem="a & b", film=film, duration=whole, verdict="done_with_warnings", frame_rate=Fraction(25),
        start_timecode="10:00:00:00", size=(320, 180), warnings=("mind the gap",),
        backends=(BackendFacts("cpu", "2 cores", "starter 0123"),),
        scenes=(Scene(0, Span(0, half)), Scene(1, Span(half, whole.end))),
        thumbnails=(cv2.imencode(".jpg", pictures[0])[1].tobytes(), cv2.imencode(".jpg", pictures[99])[1].tobytes()),
        seen=(SeenFacts(SEEN, {"rain": 0.5, "dog": 0.4}), SeenFacts({"volcano": 0.4}, {"wind": 0.3})),
        looked="imagenet: best usable recogniser (clip: there are no weights)",
        cues=cues, cast=(CastFacts("ANNA", "slt", 1, False),), models=(ModelFacts("starter", "all", "MIT", "x"),),
        loudness=loudness, timing=Timing(1.0, 4.0, 1.0, 6.5), picture=film, stems=stems, drawings=draw_stems(stems),
        null_tests={"MIX": NullTestFacts(("DX", "FX", "BG"), 0)},
    )  # fmt: skip
    for path in cues[2].choice.values():
        soundfile.write(folder / path, wave[:CLOCK_HZ], CLOCK_HZ, subtype="PCM_16")
    sheet = folder / "a & b.cues.json"
    sheet.write_text(json.dumps({"version": 1, "cues": [cue_as_json(facts.cue) for facts in cues]}))
    write_report(folder, replace(report, others=(folder / "a & b.otio", sheet)))
    return folder / "report.html"


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with Browser(tmp_path_factory.mktemp("browser")) as opened:
        yield opened


def ready(window: Browser, page: Path, width: int = 1280, dark: bool = False) -> None:
    window.show(width, 900, dark)
    window.open(page)
    window.until("return document.querySelector('video').readyState >= 2")


def position_s(window: Browser) -> float:
    window.until("return !document.querySelector('video').seeking")
    return float(window.run("return document.querySelector('video').currentTime"))


def test_whatever_is_clicked_seeks_and_nothing_complains(window: Browser, page: Path) -> None:
    ready(window, page)
    window.click(".track .cue[data-id='d0001']")
    assert position_s(window) == pytest.approx(4.0, abs=0.001)
    assert window.run("return document.getElementById('now').textContent") == "10:00:04:00"
    assert "ANNA: A long line" in window.run("return document.getElementById('heard').textContent")
    window.click(".track .chart")  # its middle is that of the film
    assert position_s(window) == pytest.approx(4.0, abs=0.02)
    window.click(".track .cue[data-id='s0001']")
    assert position_s(window) == 0.0
    window.click(".track .flag")
    assert position_s(window) == pytest.approx(4.0, abs=0.001)
    window.click("tr[data-start='0.0'] td:nth-child(2)")
    assert position_s(window) == 0.0
    window.click(".warnings button")
    assert position_s(window) == pytest.approx(4.0, abs=0.001)
    window.click(".track .scenes div:nth-child(1)")  # the middle of the first scene
    assert position_s(window) == pytest.approx(2.0, abs=0.02)
    assert window.complaints() == []


def test_layers_lie_in_lanes_of_their_own_and_what_is_silent_is_not_heard(window: Browser, page: Path) -> None:
    ready(window, page)
    lanes = window.run("return [...document.querySelectorAll('.names .cues')].map((lane) => lane.textContent)")
    assert lanes == ["Dialogue", "Beds", "Spots"]
    window.click(".track .cue[data-id='s0003']")
    assert position_s(window) == pytest.approx(1.0, abs=0.001)
    assert window.run("return [...document.querySelectorAll('.cue.now')].map((cue) => cue.dataset.id)") == [
        "s0001", "s0003",
    ]  # fmt: skip
    assert window.run("return document.getElementById('heard').textContent") == "rain"


@pytest.mark.parametrize(("zoom", "shown"), [(1, False), (8, True)])
def test_words_stand_on_a_picture_where_there_is_room(window: Browser, page: Path, zoom: int, shown: bool) -> None:
    """A scene in a narrow window: 40 pixels wide, and as many times wider as it is zoomed in."""
    ready(window, page, 390)
    window.run("document.querySelector('.track').style.minWidth = '80px'")
    window.click(f"button[data-zoom='{zoom}']")
    window.run("document.querySelector('.track').style.width = arguments[0]", f"{80 * zoom}px")
    boxes = window.run(
        "return [...document.querySelectorAll('.track .scenes span')].map((words) => ["
        "words.checkVisibility(), words.scrollWidth <= words.parentElement.clientWidth,"
        "words.getBoundingClientRect().bottom <= words.parentElement.getBoundingClientRect().bottom + .5])"
    )
    assert [is_shown for is_shown, _, _ in boxes] == [shown, shown]
    assert all(fits and lies_within for is_shown, fits, lies_within in boxes if is_shown)


@pytest.mark.alone
def test_stems_play_beside_the_muted_picture(window: Browser, page: Path) -> None:
    ready(window, page)
    assert window.run("return [...document.querySelectorAll('button[data-stem]')].map((b) => b.dataset.stem)") == [
        "MIX", "DX", "FX", "BG",
    ]  # fmt: skip
    window.click("button[data-stem='BG']")
    window.run("document.querySelector('video').play()")
    window.until("return document.querySelector(\"audio[data-stem='BG']\").currentTime > 0.3")
    apart, muted = window.run(
        "const v = document.querySelector('video'), a = document.querySelector(\"audio[data-stem='BG']\");"
        "return [Math.abs(v.currentTime - a.currentTime), v.muted]"
    )
    assert muted
    assert apart < 0.2
    assert window.complaints() == []


@pytest.mark.alone
def test_takes_play_beside_the_muted_picture_and_the_choice_is_saved(window: Browser, page: Path) -> None:
    ready(window, page)
    assert window.run("return document.getElementById('save').disabled")
    window.click("button[data-cue='d0001'][data-take='2']")
    window.until("return document.querySelector('video').currentTime > 4.2")
    assert window.run("return document.querySelector('video').muted")
    pressed = "return [...document.querySelectorAll('[data-take][aria-pressed=true]')].map((b) => b.textContent)"
    assert window.run(pressed) == ["B"]
    window.until("return document.querySelector('video').paused")  # the take is a second long
    assert not window.run("return document.querySelector('video').muted")
    window.run(
        "window.saved = null; HTMLAnchorElement.prototype.click = function () { window.name = this.download; };"
        "const make = URL.createObjectURL; "
        "URL.createObjectURL = (blob) => { blob.text().then((t) => { window.saved = t; });"
        "return make(blob); };"
    )
    window.click("#save")
    cues = json.loads(window.until("return window.saved"))["cues"]
    assert {cue["id"]: cue.get("take") for cue in cues} == {"s0001": None, "s0003": None, "d0001": 2, "s0002": None}
    assert window.run("return window.name") == "a & b.cues.json"
    assert window.complaints() == []


def test_the_table_shows_one_kind_and_the_lines_are_captions(window: Browser, page: Path) -> None:
    ready(window, page)
    window.click("button[data-show='speech']")
    assert window.run("return [...document.querySelectorAll('tbody tr[data-kind]:not([hidden])')].length") == 1
    window.run("document.querySelector('video').textTracks[0].mode = 'showing'")
    said = window.until(
        "const t = document.querySelector('video').textTracks[0].cues; return t && t.length && t[0].text"
    )
    assert LONG in said
    assert window.complaints() == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_is_readable(window: Browser, page: Path, width: int, dark: bool, tmp_path: Path) -> None:
    ready(window, page, width, dark)
    assert window.run("return document.documentElement.scrollWidth") <= width
    faint, small, cut = window.run(LEGIBILITY)
    assert faint == []
    assert small == []
    assert cut == []
    assert window.run("return [...document.images].every((image) => image.naturalWidth > 0)")
    assert window.run("return document.querySelectorAll('.wave').length") == 4
    window.picture(tmp_path / "page.png")
    seen = cv2.imread(str(tmp_path / "page.png"))
    assert seen is not None
    assert (np.median(seen) < 128) == dark
    assert window.complaints() == []


LEGIBILITY = """
const linear = (v) => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
const light = (c) => { const [r, g, b] = c.map(linear);
  return .2126 * r + .7152 * g + .0722 * b; };
const numbers = (text) => { const n = text.match(/[\\d.]+/g).map(Number);
  return text.startsWith('color(srgb') ? [...n.slice(0, 3).map((v) => 255 * v), n[3]] : n; };
const paper = (element) => { for (let e = element; e; e = e.parentElement) {
  const c = numbers(getComputedStyle(e).backgroundColor);
  if (c.length < 4 || c[3] === undefined || c[3] > .9) return c.slice(0, 3); } return [255, 255, 255]; };
const unseen = 'script, style, video, audio, .track .scenes';
const faint = [], small = [], cut = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const node = walk.currentNode, element = node.parentElement;
  if (!node.textContent.trim() || element.closest(unseen) || !element.checkVisibility()) continue;
  const style = getComputedStyle(element), word = node.textContent.trim().slice(0, 30);
  const a = light(numbers(style.color).slice(0, 3)), b = light(paper(element));
  if ((Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5) faint.push([word, style.color, paper(element)]);
  if (parseFloat(style.fontSize) < 11) small.push(word);
  const range = document.createRange(); range.selectNodeContents(node);
  if (!element.closest('.window, .names') && range.getBoundingClientRect().right > innerWidth) cut.push(word);
}
return [faint, small, cut];
"""
