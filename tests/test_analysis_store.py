"""An analysis comes back from the store as it was, in all its parts."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from conftest import MakeFilm, moving_thing
from vssflow_post.analysis.analysis_store import AnalysisStore, analysis_address
from vssflow_post.analysis.picture import Analysis
from vssflow_post.backend import MouthTrack, Strike, Track
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.store.entries import Missing, address
from vssflow_post.timeline import Scene, Span

KEY = address({"film": 1})


def track(seed: int, n: int = 9) -> Track:
    return Track(np.random.default_rng(seed).random((n, 1)).astype(np.float32), 24000 / 1001)


def test_an_analysis_comes_back_as_it_was(tmp_path: Path) -> None:
    scenes = (Scene(0, Span(0, 4000)), Scene(1, Span(4000, 9001)))
    mouths = (
        MouthTrack(Span(10, 3000), track(1), (0.1, 0.2, 1 / 3, 0.4)),
        MouthTrack(Span(4000, 9001), track(2, 3), (0.0, 0.5, 0.25, 0.125)),
    )
    things = ((moving_thing(scenes[0].span, strikes=[Strike(77, 0.5, "flash")]), moving_thing(scenes[0].span)), ())
    analysis = Analysis(
        scenes,
        mouths,
        {"kept elsewhere": track(3)},
        ((b"one", b""), (b"three",)),
        places=(track(4), track(5, 0)),
        things=things,
        moving=(True, False),
        bolts=(1200, 4100),
        flaws=("1 picture, at 2.000 s, is damaged in the file; the rest is whole.",),
    )
    AnalysisStore(tmp_path).put(KEY, analysis)
    found = AnalysisStore(tmp_path).get(KEY)
    assert isinstance(found, Analysis)
    assert {one.name for one in dataclasses.fields(Analysis)} == {
        *("scenes", "mouths", "features", "pictures", "places", "things", "moving", "looks", "bolts", "flaws")
    }
    assert (found.scenes, found.pictures, found.features) == (scenes, analysis.pictures, {})
    assert (found.moving, found.bolts, found.flaws) == ((True, False), (1200, 4100), analysis.flaws)
    assert [(mouth.span, mouth.box) for mouth in found.mouths] == [(mouth.span, mouth.box) for mouth in mouths]
    before = [*(mouth.opening for mouth in mouths), *analysis.places]
    after = [*(mouth.opening for mouth in found.mouths), *found.places]
    for was, now in zip(before, after, strict=True):
        assert was.rate_hz == now.rate_hz
        assert np.array_equal(was.values, now.values)
    assert [len(of_scene) for of_scene in found.things] == [2, 0]
    for was, now in zip(things[0], found.things[0], strict=True):
        assert (was.span, was.seen, was.strikes, was.weight, was.is_alone) == (
            *(now.span, now.seen, now.strikes, now.weight, now.is_alone),
        )
        for name in ("place", "speed", "boxes"):
            assert np.array_equal(getattr(was, name).values, getattr(now, name).values)
        assert np.array_equal(was.samples, now.samples)
        assert np.array_equal(was.moments, now.moments)


def test_a_rotten_analysis_is_not_used(tmp_path: Path) -> None:
    store = AnalysisStore(tmp_path)
    assert store.get(KEY) is Missing.ABSENT
    store.put(KEY, Analysis((Scene(0, Span(0, 10)),), (), {}, ((b"jpeg",),)))
    (path,) = (path for path in tmp_path.rglob("*") if path.is_file())
    path.write_bytes(path.read_bytes().replace(b"jpeg", b"jpfg"))
    assert AnalysisStore(tmp_path).get(KEY) is Missing.ROTTED


def test_its_address_is_of_what_it_depends_on(make_film: MakeFilm) -> None:
    film = probe(make_film("a.mp4", n_frames=5))
    same = dataclasses.replace(film, path=Path("elsewhere.mp4"), modified_ns=1)
    settings = PictureSettings()
    assert analysis_address(film, settings) == analysis_address(same, settings)
    assert analysis_address(film, settings) != analysis_address(dataclasses.replace(film, digest="0"), settings)
    longer = dataclasses.replace(settings, min_scene_s=settings.min_scene_s + 1)
    assert analysis_address(film, settings) != analysis_address(film, longer)
