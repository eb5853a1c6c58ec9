"""Features beside a film and in the store: what is read, what is refused, and that what rotted is not used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from conftest import MakeFilm
from one_film import render_here
from vssflow_post.analysis.analysis_store import FeatureStore
from vssflow_post.analysis.features import read_features
from vssflow_post.backend import Track
from vssflow_post.batch.inputs import features_beside
from vssflow_post.cli import cli
from vssflow_post.errors import FilmRejected
from vssflow_post.store.entries import Missing, address
from vssflow_post.timeline import Span


def saved(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_rows_tile_the_film_and_vectors_hold_throughout(tmp_path: Path) -> None:
    rows = np.arange(40, dtype=np.float32).reshape(20, 2)
    path = saved(
        tmp_path / "a.npz", lip=rows, sync=rows.reshape(5, 4, 2), tone=np.ones(3, np.float64), speaker=rows[:2]
    )
    tracks = read_features(path, 2.0)
    assert tracks["lip"].rate_hz == 10.0
    assert np.array_equal(tracks["sync"].values, rows)
    assert tracks["tone"].rate_hz == 0.0
    assert tracks["speaker"].values.tolist() == [[1.0, 2.0]]  # the mean over what was heard of her
    late = Span.of_seconds(1.5, 2.0)
    assert tracks["tone"].slice(late).values.tolist() == [[1.0, 1.0, 1.0]]
    assert tracks["lip"].slice(late).values[:, 0].tolist() == [30.0, 32.0, 34.0, 36.0, 38.0]
    assert features_beside(tmp_path / "a.mp4") == path
    assert features_beside(tmp_path / "b.mp4") is None


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        ({"lip": np.zeros((3, 2), np.int32)}, "lip: int32"),
        ({"lip": np.zeros((0, 2), np.float32)}, "lip: float32"),
        ({"lip": np.float32(1.0)}, "lip: float32"),
        ({"lip": np.array([[1.0, np.nan]])}, "lip: values that are not finite"),
        ({"lip": np.array([{"a": 1}], dtype=object)}, "allow_pickle=False"),
    ],
)
def test_what_is_no_feature_is_named(tmp_path: Path, arrays: dict[str, np.ndarray], named: str) -> None:
    with pytest.raises(FilmRejected, match=named) as caught:
        read_features(saved(tmp_path / "a.npz", **arrays), 1.0)
    assert caught.value.full_verdict == "rejected:bad_features"


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"text", b"\x93NUMPY"])
def test_a_file_that_is_no_archive_rejects_its_film(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, content: bytes
) -> None:
    film = make_film("a.mp4", 25)
    film.with_suffix(".npz").write_bytes(content)
    done = CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / "out"), "-p", "ci", "--json", "-q"])
    assert done.exit_code == 1
    assert "rejected:bad_features" in done.output


def test_an_archive_that_would_fill_the_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vssflow_post.analysis.features.LARGEST_BYTES", 1000)
    path = tmp_path / "a.npz"
    np.savez_compressed(path, lip=np.zeros((1000, 10), np.float32))
    with pytest.raises(FilmRejected, match="larger than 1000 bytes"):
        read_features(path, 1.0)


def test_the_store_gives_back_what_it_took_and_nothing_that_rotted(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "features")
    tracks = {
        "clip": Track(np.random.default_rng(0).normal(size=(7, 3)).astype(np.float32), 10.1),
        "tone": Track(np.ones((1, 2), np.float32), 0.0),
    }
    key = address({"film": "a"})
    assert store.get(key) is Missing.ABSENT
    store.put(key, tracks)
    known = store.get(key)
    assert not isinstance(known, Missing)
    assert {name: (track.values.tolist(), track.rate_hz) for name, track in known.items()} == {
        name: (track.values.tolist(), track.rate_hz) for name, track in tracks.items()
    }
    (path,) = (path for path in (tmp_path / "features").rglob("*") if path.is_file())
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(bytes(content))
    assert store.get(key) is Missing.ROTTED


def test_a_film_is_looked_at_once(
    make_film: MakeFilm, fake_backend: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run with another seed decodes no picture."""
    film, out = make_film("a.mp4", 25), tmp_path / "out"
    assert render_here(film, out).is_done
    scenes = json.loads((out / "a" / "report.json").read_text())["scenes"]
    decoded: list[object] = []
    monkeypatch.setattr(
        "vssflow_post.analysis.picture.frames_and_wholes", lambda *given: decoded.append(given) or iter(())
    )
    assert render_here(film, out, seed=7).is_done
    assert not decoded
    assert json.loads((out / "a" / "report.json").read_text())["scenes"] == scenes
    assert not render_here(film, tmp_path / "new").is_done
    assert decoded, "the film is not decoded where nothing is known of it: the test proves nothing"
