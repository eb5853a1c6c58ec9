"""The report: what programs read, what people see, and that no film's name or words can break either."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vssflow_post.audio import Loudness
from vssflow_post.deliver.report import write_report
from vssflow_post.deliver.report.as_html import report_as_html
from vssflow_post.deliver.report.as_json import report_as_json
from vssflow_post.deliver.report.auditions import LONGEST_S, RATE_HZ, auditions_of
from vssflow_post.deliver.report.facts import (
    BackendFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    ModelFacts,
    SeenFacts,
    Timing,
)
from vssflow_post.deliver.report.loudness_chart import HEIGHT, draw_loudness
from vssflow_post.deliver.report.models import UNSTATED, Witnesses, licence_of, models_used
from vssflow_post.deliver.report.stem_pictures import draw_stem, draw_stems
from vssflow_post.settings.preset import LoudnessSettings, Preset
from vssflow_post.timeline import CLOCK_HZ, Cue, Scene, Span, SpeakingSegment

FILM_S = 4
NASTY = "</script><img src=x onerror=alert(1)> & \"quoted\" 'name'"


def _wav(path: Path, parts: list[tuple[float, float, float]], seconds: float = FILM_S) -> Path:
    """A stereo WAV with sines: (start s, end s, frequency Hz) each."""
    t = np.arange(round(seconds * CLOCK_HZ)) / CLOCK_HZ
    wave = np.zeros(len(t))
    for start, end, hz in parts:
        wave += ((t >= start) & (t < end)) * 0.3 * np.sin(2 * np.pi * hz * t)
    soundfile.write(path, np.stack([wave, wave], 1), CLOCK_HZ, subtype="PCM_24")
    return path


def _loudness(verdict: str = "pass", **changes: object) -> LoudnessFacts:
    """The loudness of a mix that passes, but for `changes` of what was measured."""
    measured = Loudness(-23.04, 6.5, -3.4, None, None, ((3.0, -22.0), (3.1, -24.0)))
    return LoudnessFacts(replace(measured, **changes), LoudnessSettings(), verdict)  # type: ignore[arg-type]


@pytest.fixture
def report(tmp_path: Path) -> FilmReport:
    half = FILM_S * CLOCK_HZ // 2
    cues = (
        CueFacts(Cue("s0001", 0, "sound", Span(0, half), sound="metal", seed=7), seconds=1.25),
        CueFacts(
            Cue("d0001", 1, "speech", Span(half, 2 * half), "Hello there.", "ANNA", "slt", origin="script"),
            cached=True,
            notes=("it was spoken faster",),
        ),
    )
    stems = {
        "DX": _wav(tmp_path / "film_DX.wav", [(2.0, 4.0, 300.0)]),
        "FX": _wav(tmp_path / "film_FX.wav", [(0.0, 2.0, 1000.0)]),
        "MIX": _wav(tmp_path / "film_MIX.wav", [(2.0, 4.0, 300.0), (0.0, 2.0, 1000.0)]),
    }
    return FilmReport(
        stem="film",
        film=Path("film.mp4"),
        duration=Span(0, 2 * half),
        verdict="done",
        frame_rate=Fraction(24),
        start_timecode="01:00:00:00",
        warnings=("mind the gap",),
        backends=(BackendFacts("cpu", "2 cores", "starter 0123"),),
        scenes=(Scene(0, Span(0, half)), Scene(1, Span(half, 2 * half))),
        segments=(SpeakingSegment(Span(half, 2 * half), "script"),),
        cues=cues,
        loudness=_loudness(),
        timing=Timing(1.0, 2.0, 0.5, 4.0),
        picture=tmp_path / "film.mp4",
        stems=stems,
        drawings=draw_stems(stems),
    )


@pytest.fixture
def looked(report: FilmReport) -> FilmReport:
    """The same film, looked at: a bed that goes on under a spot, and one cue that no sound stands in for."""
    half = FILM_S * CLOCK_HZ // 2
    rifle = {"revolver": 0.26, "rifle": 0.08, "holster": 0.05, "assault rifle": 0.01}
    cues = (
        CueFacts(Cue("s1", 0, "sound", Span(0, half), sound="wind", layer="bed"), seconds=1.0),
        CueFacts(
            Cue("s2", 0, "sound", Span(0, half), sound="gunshot", layer="spot", thing=0, seen=rifle),
            seconds=1.0,
            stand_in="explosion",
        ),
        CueFacts(Cue("s3", 1, "sound", Span(half, 2 * half), sound="dog", layer="spot"), is_silent=True),
    )
    seen = (
        SeenFacts({"revolver": 0.26, "rifle": 0.11, "holster": 0.05}, {"gunshot": 0.34}),
        SeenFacts({"crutch": 0.06}, {}),
    )
    sentence = "imagenet: best usable recogniser"
    return replace(report, cues=cues, seen=seen, looked=sentence, segments=(), stems={}, drawings={})


class _Page(HTMLParser):
    """Collects tags, and fails on what no browser would repair silently."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, css_class: str) -> list[dict[str, str | None]]:
        return [a for _, a in self.tags if css_class in (a.get("class") or "").split()]

    def texts(self) -> list[str]:
        return [word.strip() for word in self.words]

    def addresses(self) -> list[str]:
        return [value for _, a in self.tags for key, value in a.items() if key in ("src", "href", "poster") and value]


def test_json_has_the_agreed_keys(report: FilmReport) -> None:
    document = json.loads(report_as_json(report))
    agreed = ["version", "verdict", "warnings", "backend", "backends", "scenes", "cues", "loudness", "timing"]
    assert list(document) == [*agreed, "stems", "null_test", "me_null_test", "cast", "models"]
    assert document["version"] == 1
    assert document["backend"] == {"name": "cpu", "device": "2 cores", "weights": "starter 0123"}
    assert document["scenes"][1] == {"index": 1, "start_s": 2.0, "end_s": 4.0}
    assert " ".join(document["cues"][0]) == (
        "id scene kind start_s end_s text speaker voice sound origin gain_db seed seconds cached why_made"
    )
    assert (document["cues"][0]["seconds"], document["cues"][1]["cached"]) == (1.25, True)
    assert " ".join(document["loudness"]) == (
        "integrated_lufs true_peak_dbtp range_lu target_lufs ceiling_dbtp verdict specification clause tolerance_lu "
        "measure dialogue_lufs max_short_term_lufs max_momentary_lufs gain_db max_reduction_db"
    )
    assert document["timing"]["realtime_factor"] == 1.0
    assert document["warnings"] == ["mind the gap", "d0001 at 2.0 s: it was spoken faster"]


def test_json_of_silence_and_of_a_rejected_film_is_strict(report: FilmReport) -> None:
    silent = replace(report, loudness=_loudness(integrated_lufs=None, true_peak_dbtp=-math.inf, verdict="silent"))
    document = json.loads(report_as_json(silent), parse_constant=pytest.fail)
    assert document["loudness"]["integrated_lufs"] is None
    assert document["loudness"]["true_peak_dbtp"] is None
    rejected = FilmReport("x", Path("x.txt"), Span(0, 0), "rejected:not_media", reason="x.txt is not a film")
    document = json.loads(report_as_json(rejected))
    assert (document["backend"], document["loudness"], document["timing"]) == (None, None, None)
    assert document["warnings"] == ["x.txt is not a film"]


def test_json_says_what_was_seen_where_somebody_looked(report: FilmReport, looked: FilmReport) -> None:
    assert all(set(scene) == {"index", "start_s", "end_s"} for scene in json.loads(report_as_json(report))["scenes"])
    document = json.loads(report_as_json(looked))
    assert document["scenes"] == [
        {
            "index": 0,
            "start_s": 0.0,
            "end_s": 2.0,
            "seen": {"revolver": 0.26, "rifle": 0.11, "holster": 0.05},
            "sounds": {"gunshot": 0.34},
        },
        {"index": 1, "start_s": 2.0, "end_s": 4.0, "seen": {"crutch": 0.06}, "sounds": {}},
    ]
    bed, shot, dog = document["cues"]
    assert (bed["layer"], "stand_in" in bed, "silent" in bed) == ("bed", False, False)
    assert (shot["stand_in"], shot["thing"], shot["seen"]["rifle"]) == ("explosion", 0, 0.08)
    assert dog["silent"] is True


def test_page_shows_on_a_scene_what_is_surely_seen_and_on_hover_all_of_it(looked: FilmReport) -> None:
    page = _Page(report_as_html(looked))
    assert "revolver, rifle" in page.texts()
    assert "♪ gunshot" in page.texts()
    assert "crutch" not in page.texts()
    titles = [a["title"] or "" for _, a in page.tags if (a.get("title") or "").startswith("Scene")]
    assert titles == [
        "Scene 1, 01:00:00:00\nseen: revolver 0.26, rifle 0.11, holster 0.05\nasks for: gunshot 0.34",
        "Scene 2, 01:00:02:00\nseen: crutch 0.06",
    ]
    assert looked.looked in page.texts()


def test_each_layer_has_a_lane_and_without_layers_there_are_effects(report: FilmReport, looked: FilmReport) -> None:
    lanes = ("Dialogue", "Effects", "Beds", "Follows", "Spots")
    for film, expected in ((report, ["Dialogue", "Effects"]), (looked, ["Beds", "Spots"])):
        words = _Page(report_as_html(film)).texts()
        assert [name for name in lanes if name in words] == expected
    both = replace(looked, cues=(*looked.cues, *report.cues))
    words = _Page(report_as_html(both)).texts()
    assert [word for word in words if word in lanes] == ["Dialogue", "Effects", "Beds", "Spots"]


def test_page_says_of_a_cue_what_was_seen_what_stands_in_and_that_it_is_silent(looked: FilmReport) -> None:
    page = _Page(report_as_html(looked))
    words = page.texts()
    assert "seen: revolver 0.26, rifle 0.08, holster 0.05 and 1 more" in words
    assert "explosion stands in" in words
    assert "silent" in words
    assert "3, 1 silent" in words
    (silent,) = (a for a in page.all("cue") if "silent" in (a["class"] or ""))
    assert silent["data-id"] == "s3"
    assert "silent: who was asked knows nothing near it" in (silent["title"] or "")


def test_models_are_named_with_what_is_known_of_their_licence() -> None:
    def of(**witnesses: object) -> list[tuple[str, str, str]]:
        found = models_used(Preset(), [BackendFacts("cpu", "2 cores", "starter 0123")], Witnesses(**witnesses))  # type: ignore[arg-type]
        return [(model.name, model.task, model.licence) for model in found[1:]]

    assert of() == []
    assert of(looked="imagenet") == [("EfficientNet-Lite2", "what is seen", "Apache 2.0")]
    assert of(looked="clip") == [(Preset().generate.clip, "what is seen", UNSTATED)]
    assert of(looked="a plugin's") == [("a plugin's", "what is seen", UNSTATED)]
    assert of(listened=("silero", "script"), found_faces=True) == [
        ("silero-vad", "who speaks when", "MIT License"),
        ("MTCNN", "faces and mouths", "MIT License"),
    ]
    assert licence_of("no-such-package") == UNSTATED


def test_page_needs_nothing_but_the_files_beside_it(report: FilmReport) -> None:
    text = report_as_html(report)
    assert not re.search(r"""(?:src|href|url\()\s*=?\s*["']?\s*(?:https?:)?//""", text)
    for address in _Page(text).addresses():
        assert address.startswith(("./", "data:")), address
    assert "./film.mp4" in _Page(text).addresses()


def test_user_text_stays_text(report: FilmReport, tmp_path: Path) -> None:
    cues = (
        CueFacts(
            Cue("s1", 0, "sound", Span(0, 100), sound=NASTY, layer="spot", seen={NASTY: 0.5}),
            notes=(NASTY,),
            stand_in=NASTY,
        ),
        CueFacts(Cue("d1", 0, "speech", Span(0, 100), NASTY, NASTY, NASTY, origin=NASTY)),
    )
    stems = {"MIX": _wav(tmp_path / "m.wav", [])}
    nasty = replace(
        report,
        stem=NASTY,
        film=Path(NASTY),
        warnings=(NASTY,),
        cues=cues,
        speech=NASTY,
        looked=NASTY,
        seen=(SeenFacts({NASTY: 0.5}, {NASTY: 0.5}),) * 2,
        models=(ModelFacts(NASTY, NASTY, NASTY, NASTY),),
        preset=NASTY,
        stems=stems,
        drawings=draw_stems(stems),
    )
    page = _Page(report_as_html(nasty))
    assert not [a for _, a in page.tags if "onerror" in a]
    assert sum(tag == "script" for tag, _ in page.tags) == 2
    assert NASTY in page.words


@pytest.mark.parametrize("name", ["a b#c?d%20.mp4", "Füße, 100 %.mp4", "http:evil.mp4", '"quoted".mp4'])
def test_addresses_find_files_whatever_their_name(report: FilmReport, tmp_path: Path, name: str) -> None:
    from urllib.parse import unquote, urlsplit

    page = _Page(report_as_html(replace(report, picture=tmp_path / name, stems={})))
    address = next(a["src"] for tag, a in page.tags if tag == "video")
    assert address is not None
    parts = urlsplit(address)
    assert (parts.scheme, parts.query, parts.fragment) == ("", "", "")
    assert unquote(parts.path) == f"./{name}"


def test_names_that_are_no_text_are_written(report: FilmReport, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    machine, page = write_report(tmp_path, replace(report, stem=name, film=Path(name), warnings=(name,), stems={}))
    assert "caf" in page.read_text("utf-8")
    assert json.loads(machine.read_text("utf-8"))["verdict"] == "done"
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []


def test_cues_lie_where_they_are_heard(report: FilmReport) -> None:
    page = _Page(report_as_html(replace(report, stems={})))
    places = {a["data-id"]: [float(x) for x in re.findall(r"([\d.]+)%", a["style"] or "")] for a in page.all("cue")}
    assert places == {"s0001": [0.0, 50.0], "d0001": [50.0, 50.0]}
    assert "01:00:02:00" in page.words  # on the film's own timecode


def test_drop_frame_timecode_is_kept(report: FilmReport) -> None:
    film = replace(report, frame_rate=Fraction(30000, 1001), start_timecode="00:00:59;28", stems={})
    cue = CueFacts(Cue("s1", 0, "sound", Span(0, 3203)))  # two frames; labels ;00 and ;01 of the minute are skipped
    assert "00:01:00;02" in _Page(report_as_html(replace(film, cues=(cue,)))).words


def test_a_film_without_anything_still_has_a_page() -> None:
    rejected = FilmReport("x", Path("x.txt"), Span(0, 0), "rejected:not_media", reason="x.txt is not a film")
    page = _Page(report_as_html(rejected))
    assert "x.txt is not a film" in page.words
    assert "rejected: not_media" in page.words
    assert not [tag for tag, _ in page.tags if tag in ("video", "audio")]


def _decoded(uri: str) -> np.ndarray:
    import base64

    import cv2

    data = np.frombuffer(base64.b64decode(uri.partition(",")[2]), np.uint8)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    assert picture is not None
    return picture


def test_spectrogram_shows_a_tone_at_its_pitch_and_time(tmp_path: Path) -> None:
    pictures = draw_stem(_wav(tmp_path / "a.wav", [(2.0, 4.0, 1000.0)]), (10, 200, 30))
    assert pictures is not None
    light = _decoded(pictures.spectrogram).astype(float).sum(axis=2)
    n_rows, n_columns = light.shape
    assert light[:, : n_columns // 2 - 10].max() == light.min()
    row = int(light[:, n_columns * 3 // 4].argmax())
    lowest, tone, highest = (2595 * math.log10(1 + hz / 700) for hz in (40, 1000, 24000))
    expected = n_rows * (highest - tone) / (highest - lowest)
    assert abs(row - expected) < 3
    wave = _decoded(pictures.waveform)
    height = (wave[..., 3] > 128).sum(axis=0)
    assert height[n_columns // 4] <= 2
    assert height[n_columns * 3 // 4] == pytest.approx(0.3 * wave.shape[0], abs=3)


def test_an_empty_stem_has_no_picture(tmp_path: Path) -> None:
    assert draw_stem(_wav(tmp_path / "a.wav", [], seconds=0), (0, 0, 0)) is None


def test_loudness_line_stops_where_it_is_silent() -> None:
    curve = ((1.0, -23.0), (1.1, -23.0), (1.2, -math.inf), (1.3, -70.0), (1.4, -20.0), (1.5, -20.0))
    chart = draw_loudness(_loudness(short_term=curve), 2.0)
    assert len(chart.lines) == 2
    first = chart.lines[0].split()[0]
    assert first == f"500.00,{chart.target_y}"
    assert chart.band_y < chart.target_y < chart.band_y + chart.band_height
    assert float(chart.lines[1].split()[0].split(",")[1]) < chart.target_y  # louder is higher
    assert all(0 <= y <= HEIGHT for y, _ in chart.grid)


def test_auditions_play_each_speaker_and_nobody_else(tmp_path: Path) -> None:
    stem = _wav(tmp_path / "dx.wav", [(1.0, 2.0, 300.0), (3.0, 4.0, 600.0)], seconds=30)
    cues = [
        CueFacts(Cue(f"d{k}", 0, "speech", Span.of_seconds(start, end), "x", who, "slt"))
        for k, (who, start, end) in enumerate([("ANNA", 1, 2), ("TOM", 3, 4), ("MUTE", 5, 6), ("ANNA", 10, 29)])
    ]
    cast = {audition.speaker: audition for audition in auditions_of(cues, stem)}
    assert list(cast) == ["ANNA", "TOM", "MUTE"]
    assert cast["MUTE"].sound == ""
    assert cast["ANNA"].n_lines == 2
    for speaker, hz in (("ANNA", 300.0), ("TOM", 600.0)):
        samples = _audio(cast[speaker].sound)
        spectrum = np.abs(np.fft.rfft(samples[:RATE_HZ]))
        assert spectrum.argmax() == pytest.approx(hz, abs=3)
        assert len(samples) / RATE_HZ <= LONGEST_S + 0.5
    assert [audition.sound for audition in auditions_of(cues, None)] == ["", "", ""]


def _audio(uri: str) -> np.ndarray:
    import base64
    import io

    samples, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert rate_hz == RATE_HZ
    return np.asarray(samples)


def test_a_note_of_many_cues_is_one_warning() -> None:
    def facts(name: str, *notes: str) -> CueFacts:
        return CueFacts(Cue(name, 0, "sound", Span(0, 48_000), seed=1), notes=notes)

    shifted = CueFacts(Cue("s4", 0, "sound", Span(0, 48_000), seed=1, shift=96_000), notes=("Late.",))
    cues = (facts("s1", "No clip."), facts("s2", "No clip.", "Too loud."), facts("s3", "No clip."), shifted)
    report = FilmReport(stem="a", film=Path("a.mp4"), duration=Span(0, 48_000), verdict="done", cues=cues)
    assert report.every_warning == ("s1 at 0.0 s and 2 more: No clip.", "s2 at 0.0 s: Too loud.", "s4 at 2.0 s: Late.")
