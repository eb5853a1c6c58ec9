"""The demo film is what its script, cue sheet and truth say, and what its program draws."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from vssflow_post.cues.script import read_script
from vssflow_post.cues.sheet import read_cue_sheet
from vssflow_post.media import Film
from vssflow_post.media.probe import probe

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
FPS = 24
Pictures = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def truth() -> dict[str, Any]:
    return dict(json.loads((EXAMPLES / "demo.truth.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def film() -> Film:
    return probe(EXAMPLES / "demo.mp4")


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    """Grey, quarter size, shape (n, 90, 160)."""
    import av

    with av.open(str(EXAMPLES / "demo.mp4")) as container:
        frames = [frame.reformat(160, 90, "gray8").to_ndarray() for frame in container.decode(video=0)]
    return np.stack(frames)


@pytest.fixture(scope="module")
def drawing() -> Iterator[dict[str, Any]]:
    """The modules of the drawing program, which import each other as a script's do."""
    import importlib

    names = ("canvas", "hammer", "hair", "pen", "face", "visemes", "people", "street", "window")
    sys.path.insert(0, str(EXAMPLES / "draw_demo"))
    try:
        yield {name: importlib.import_module(name) for name in names}
    finally:
        sys.path.pop(0)
        for name in names:
            sys.modules.pop(name, None)


def test_film_is_small_and_silent(film: Film, truth: dict[str, Any]) -> None:
    assert film.path.stat().st_size < 2_000_000
    assert film.audio_streams == ()
    assert (film.n_frames, film.start_timecode) == (truth["n_frames"], truth["start_timecode"])
    assert 20 <= film.duration.duration_s <= 40


def test_cuts_are_where_the_truth_says(pictures: Pictures, truth: dict[str, Any]) -> None:
    change = np.abs(np.diff(pictures.astype(float), axis=0)).mean(axis=(1, 2))
    cuts = sorted(int(k) + 1 for k in np.argsort(change)[-len(truth["cuts_s"]) :])
    assert cuts == [round(cut * FPS) for cut in truth["cuts_s"]]


def test_script_and_cue_sheet_say_the_same_lines(film: Film, truth: dict[str, Any]) -> None:
    script = read_script(EXAMPLES / "demo.srt", film.frame_rate).lines
    sheet = read_cue_sheet(EXAMPLES / "demo.cues.json", film)
    spoken = [cue for cue in sheet.cues if cue.kind == "speech"]
    expected = [(each["speaker"], each["text"], each["start_s"], each["end_s"]) for each in truth["lines"]]
    assert [(s.speaker, s.text, s.span.start_s, s.span.end_s) for s in script] == expected
    assert [(c.speaker, c.text, c.span.start_s, c.span.end_s) for c in spoken] == expected
    assert [scene.span.start_s for scene in sheet.scenes][1:] == truth["cuts_s"]


def test_cue_sheet_tiles_the_film_with_prompted_sound(film: Film) -> None:
    """One sound as long as each shot; others lie within one."""
    sheet = read_cue_sheet(EXAMPLES / "demo.cues.json", film)
    sounds = [cue for cue in sheet.cues if cue.kind == "sound"]
    shots = [scene.span for scene in sheet.scenes]
    assert [cue.span for cue in sounds if cue.span in shots] == shots
    assert all(any(shot.start <= cue.span.start < cue.span.end <= shot.end for shot in shots) for cue in sounds)
    assert (shots[0].start, shots[-1].end) == (0, film.duration.end)
    assert all(cue.sound for cue in sounds)


def test_mouths_move_while_a_line_is_said(pictures: Pictures, truth: dict[str, Any]) -> None:
    """Around the lips the picture changes more than three times as much during the line as in the second after it."""
    lips = pictures[:, 54:64, 72:88].astype(float)
    change = np.abs(np.diff(lips, axis=0)).mean(axis=(1, 2))
    for line in truth["lines"]:
        first, last = round(line["start_s"] * FPS), round(line["end_s"] * FPS)
        assert change[first:last].mean() > 3 * change[last + 4 : last + 24].mean()


def test_faces_are_found_by_the_cascade(pictures: Pictures, truth: dict[str, Any]) -> None:
    import cv2

    folder: str = cv2.data.haarcascades  # type: ignore[attr-defined]
    cascade = cv2.CascadeClassifier(folder + "haarcascade_frontalface_default.xml")
    for line in truth["lines"]:
        shown = pictures[round(line["start_s"] * FPS) : round(line["end_s"] * FPS) : 12]
        assert all(len(cascade.detectMultiScale(picture, 1.2, minSize=(36, 36))) == 1 for picture in shown)


def test_hammer_is_fastest_at_its_strikes_and_stops_there(drawing: dict[str, Any], truth: dict[str, Any]) -> None:
    angle = drawing["hammer"].arm_angle
    times = np.arange(0.0, 6.0, 0.001)
    falling = -np.diff([angle(float(t)) for t in times]) / 0.001
    for strike in truth["strikes_s"]:
        k = round(strike * 1000)
        assert falling[k - 5] == pytest.approx(falling[max(0, k - 500) : k + 100].max(), rel=0.05)
        assert np.abs(falling[k + 60 : k + 120]).max() < 0.2 * falling[k - 5]
        assert angle(strike) == pytest.approx(0.0, abs=1e-6)


def test_strikes_stop_the_picture(pictures: Pictures, truth: dict[str, Any]) -> None:
    """Above the anvil, the frames that lead to a strike change more than those after it."""
    change = np.abs(np.diff(pictures[:, :50, 40:90].astype(float), axis=0)).mean(axis=(1, 2))
    for strike in truth["strikes_s"]:
        k = int(strike * FPS)  # change[k] is from frame k to k + 1
        assert change[k - 2 : k].mean() > 3 * change[k + 2 : k + 4].mean()


def test_film_shows_what_the_program_draws(drawing: dict[str, Any], pictures: Pictures) -> None:
    import cv2

    rng = np.random.default_rng(1888)
    smithy = drawing["hammer"].Smithy(rng)
    for frame in (0, 60):
        drawn = drawing["canvas"].developed(smithy.draw(frame / FPS), np.zeros((360, 640), np.float32))
        grey = cv2.cvtColor(cv2.resize(drawn, (160, 90), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
        # The film's luma has the narrow range of video; the slope and offset of that are not what is tested.
        assert np.corrcoef(grey.ravel(), pictures[frame].ravel())[0, 1] > 0.995
