"""The nets that find faces, and mouths cut from the full-size picture."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from drawn_films import Picture, drawn_face, texture, write_film

from vssflow_post.analysis import face_nets
from vssflow_post.analysis.face_nets import FaceNets, net_files
from vssflow_post.analysis.faces import MouthTracker
from vssflow_post.analysis.mouth_opening import COLUMNS, ROWS, mouth_place, openings
from vssflow_post.errors import BackendUnavailable
from vssflow_post.media import frames_and_wholes
from vssflow_post.media.probe import probe
from vssflow_post.media.whole import WholePicture

SMALL = 160
"""Longer side of the small pictures here."""


@pytest.fixture(scope="module")
def nets() -> FaceNets:
    return FaceNets()


@pytest.mark.parametrize(("size", "centre"), [(25, (80, 60)), (45, (160, 90)), (75, (230, 95))])
def test_a_face_is_found_with_its_eyes_and_its_mouth(nets: FaceNets, size: float, centre: tuple[int, int]) -> None:
    (face,) = nets.find(drawn_face(0.3, size=size, centre=centre), 20)
    assert face.score > 0.95
    x, y = centre
    eyes_and_mouth = [(x - 0.31 * size, y - 0.12 * size), (x + 0.31 * size, y - 0.12 * size), (x, y + 0.56 * size)]
    left, right, mouth = face.points[0], face.points[1], face.points[3:].mean(axis=0)
    assert np.abs(np.array([left, right, mouth]) - eyes_and_mouth).max() < 0.15 * size
    left_edge, top, width, height = face.box
    assert left_edge < left[0] < right[0] < left_edge + width
    assert top < left[1] < mouth[1] < top + height


def test_two_faces_are_two_the_larger_first(nets: FaceNets) -> None:
    both = np.hstack([drawn_face(0, width=160, centre=(80, 90), size=30), drawn_face(0, width=160, centre=(80, 90))])
    found = nets.find(np.asarray(both, np.uint8), 20)
    assert [face.box[0] > 160 for face in found] == [True, False]


@pytest.mark.parametrize("seed", range(3))
def test_there_is_no_face_in_a_pattern(nets: FaceNets, seed: int) -> None:
    assert nets.find(texture(seed, 320, 180), 20) == []


@pytest.mark.parametrize("shape", [(1, 1), (11, 400), (12, 12)])
def test_pictures_of_any_size_are_looked_at(nets: FaceNets, shape: tuple[int, int]) -> None:
    assert nets.find(np.full((*shape, 3), 90, np.uint8), 20) == []


def test_a_face_at_the_edge_is_looked_at(nets: FaceNets) -> None:
    seen = nets.look_at(drawn_face(0, centre=(5, 90)), np.array([[-40, 40, 50, 140], [900, 0, 960, 60]], np.float32))
    assert len(seen) == 2
    assert seen[1].score < 0.5


def test_each_face_is_known_again_where_it_was(nets: FaceNets) -> None:
    picture = drawn_face(0.5)
    (face,) = nets.find(picture, 20)
    x, y, width, height = face.box
    (again,) = nets.look_at(picture, np.array([[x, y, x + width, y + height]], np.float32))
    assert again.score > 0.9
    assert np.abs(again.points - face.points).max() < 4


def test_the_files_are_those_that_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, path in net_files().items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == face_nets._DIGESTS[name]
    monkeypatch.setitem(face_nets._DIGESTS, "rnet.onnx", "0" * 64)
    with pytest.raises(BackendUnavailable, match=r"rnet\.onnx is not the net that is known"):
        net_files()
    monkeypatch.setattr(face_nets, "PACKAGE", "no-such-package")
    with pytest.raises(BackendUnavailable, match="is not installed"):
        net_files()


# --- the opening ------------------------------------------------------------------------------------------------------


def mouths(opening: np.ndarray, inside: int, noise: float = 2.0) -> np.ndarray:
    """Lips that part by `opening` rows, and show what lies between them: dark, or teeth."""
    rng = np.random.default_rng(3)
    rows = np.arange(ROWS)[None, :, None] - 16
    seen = np.full((len(opening), ROWS, COLUMNS), 150.0)
    seen[np.broadcast_to(np.abs(rows) < 6, seen.shape)] = 120
    seen = np.where(np.abs(rows) < 0.5 + opening[:, None, None], inside if opening.any() else 70, seen)
    seen = np.where((np.abs(rows) < 1) & (opening[:, None, None] < 0.5), 70, seen)
    return np.clip(seen + rng.normal(0, noise, seen.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("inside", [20, 215])
def test_a_mouth_that_shows_darkness_or_teeth_is_open(inside: int) -> None:
    times = np.arange(100) / 25
    truth = np.where((times > 1) & (times < 3), 5 * np.sin(2 * np.pi * 2 * times) ** 2, 0)
    found = openings(mouths(truth, inside), times)
    assert np.corrcoef(found, truth)[0, 1] > 0.85
    assert found[:20].max() < 0.2
    assert found.max() == 1


@pytest.mark.parametrize("held", [0.0, 4.0])
def test_a_mouth_that_keeps_still_stays_near_zero(held: float) -> None:
    assert openings(mouths(np.full(100, held), 20, noise=4), np.arange(100) / 25).max() < 0.3


def test_a_single_look_is_a_closed_mouth() -> None:
    assert openings(mouths(np.zeros(1), 20), np.zeros(1)).tolist() == [0.0]


# --- the full-size picture --------------------------------------------------------------------------------------------


def marked(width: int, height: int) -> Picture:
    """A gradient, in which each place is known by its brightness."""
    columns, rows = np.meshgrid(np.linspace(30, 220, width), np.linspace(0, 20, height))
    return np.repeat((columns + rows)[:, :, None], 3, axis=2).astype(np.uint8)


@pytest.mark.parametrize("form", ["yuv420p", "yuv422p", "nv12", "yuv420p10le", "p010le", "rgb24", "gray", "yuyv422"])
@pytest.mark.parametrize("quarter_turns", range(4))
def test_a_piece_is_cut_where_the_small_picture_shows_it(form: str, quarter_turns: int) -> None:
    stored = marked(640, 480)
    picture = av.VideoFrame.from_ndarray(stored, format="rgb24").reformat(format=form)
    small = cv2.resize(stored, (SMALL, 120), interpolation=cv2.INTER_AREA)
    upright = cv2.cvtColor(np.ascontiguousarray(np.rot90(small, quarter_turns)), cv2.COLOR_RGB2GRAY).astype(float)
    whole = WholePicture(picture, (SMALL, 120), quarter_turns)
    where = np.array([[1.0, 0, 30], [0, 1.0, 50]])
    piece = whole.cut(where, 40, 20).astype(float)
    expected = upright[50:70, 30:70]
    if form.startswith(("yuv4", "nv")):  # luma as stored has a smaller range than a picture
        piece = (piece - 16) * 255 / 219
    assert np.abs(piece - expected).mean() < 3


@pytest.mark.parametrize("form", ["yuv420p", "yuv420p10le", "p010le", "rgb24", "gray"])
@pytest.mark.parametrize("quarter_turns", range(4))
def test_in_colour_it_is_upright_and_no_larger_than_it_is_stored(form: str, quarter_turns: int) -> None:
    stored = marked(640, 480)
    picture = av.VideoFrame.from_ndarray(stored, format="rgb24").reformat(format=form)
    whole = WholePicture(picture, (SMALL, 120), quarter_turns)
    for longer_side, size in ((320, (320, 240)), (960, (640, 480))):
        expected = np.rot90(cv2.resize(stored, size, interpolation=cv2.INTER_AREA), quarter_turns)
        found = whole.in_colour(longer_side)
        assert found.shape == expected.shape
        assert np.abs(found.astype(float) - expected).mean() < 3


def test_a_small_face_is_read_from_the_full_size_picture(tmp_path: Path) -> None:
    """Its mouth is five pixels wide in the analysed picture."""

    def opening(time_s: float) -> float:
        return (0.5 < time_s < 3) * float(0.5 - 0.5 * np.cos(2 * np.pi * 3.5 * time_s))

    pictures = [drawn_face(opening(k / 25), 1280, 720, (640, 360), 100) for k in range(90)]
    film = probe(write_film(tmp_path / "film.mp4", pictures))
    tracker = MouthTracker(Fraction(25))
    for frame, whole in frames_and_wholes(film, 320):
        tracker.push(frame, whole)
    (track,) = tracker.finish(film.duration)
    truth = [opening(k / 25) for k in range(len(track.opening.values))]
    assert np.corrcoef(track.opening.values[:, 0], truth)[0, 1] > 0.9


def test_a_mouth_is_cut_level_with_the_eyes(nets: FaceNets) -> None:
    """A head that leans gives the same mouth."""
    picture = drawn_face(0.6, size=60)
    pieces = []
    for angle in (-12, 0, 12):
        turned = cv2.warpAffine(picture, cv2.getRotationMatrix2D((160, 90), angle, 1), (320, 180), borderValue=90)
        face = nets.find(np.asarray(turned, np.uint8), 20)[0]
        place = mouth_place(face.points)
        assert np.degrees(np.arctan2(place[1, 0], place[0, 0])) == pytest.approx(-angle, abs=4)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(turned), format="rgb24").reformat(format="yuv444p")
        pieces.append(WholePicture(frame, (320, 180), 0).cut(place, COLUMNS, ROWS).astype(float))
    assert np.corrcoef(pieces[0].ravel(), pieces[1].ravel())[0, 1] > 0.8
    assert np.corrcoef(pieces[2].ravel(), pieces[1].ravel())[0, 1] > 0.8
