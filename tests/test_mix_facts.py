"""What the report states about the mix."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.test_bwf import ramp, write
from vssflow_post.audio import Loudness
from vssflow_post.deliver.report.as_json import report_as_json
from vssflow_post.deliver.report.facts import FilmReport
from vssflow_post.errors import FilmFailed
from vssflow_post.mix import MixReport
from vssflow_post.render.facts import loudness_facts, loudness_warning, proven_sums
from vssflow_post.settings.preset import LoudnessSettings
from vssflow_post.timeline import Span


@pytest.fixture
def stems(tmp_path: Path) -> dict[str, Path]:
    """Three stems and their sum."""
    parts = {name: np.roll(ramp() // 4, k, axis=1) for k, name in enumerate(("DX", "FX", "PD"))}
    paths = {name: tmp_path / f"film_{name}.wav" for name in (*parts, "MIX")}
    for name, audio in (*parts.items(), ("MIX", np.sum(list(parts.values()), axis=0, dtype=np.int32))):
        write(paths[name], audio)
    return paths


def mix(**changes: object) -> MixReport:
    loudness = Loudness(-20.5, 6.0, -2.5, -15.0, -18.0, dialogue_lufs=-27.02)
    silent = Loudness(None, 0.0, None, None, None)
    report = MixReport(loudness, {"DX": loudness, "FX": silent, "PD": silent}, "pass", 3.5, 1.25, 2, "dialogue")
    return replace(report, **changes)  # type: ignore[arg-type]


def test_stems_that_do_not_sum_never_leave_the_house(stems: dict[str, Path]) -> None:
    facts = proven_sums(stems)["MIX"]
    assert (facts.stems, facts.largest_difference, facts.passed) == (("DX", "FX", "PD"), 0, True)
    write(stems["PD"], ramp() // 4)
    with pytest.raises(FilmFailed) as caught:
        proven_sums(stems)
    assert caught.value.full_verdict == "failed:null_test"


def test_the_machine_reads_the_verdict_and_every_stem(stems: dict[str, Path]) -> None:
    wanted = LoudnessSettings("Netflix", "the clause", "dialogue", -27.0, -2.0, 2.0)
    report = FilmReport(
        "film", Path("film.mp4"), Span(0, 48_000), "done",
        loudness=loudness_facts(mix(), wanted), stems=stems, null_tests=proven_sums(stems),
        stem_loudness={**mix().stem_loudness, "MIX": mix().loudness},
        layout="stereo",
    )  # fmt: skip
    told = json.loads(report_as_json(report))
    assert told["loudness"] == {
        "integrated_lufs": -20.5, "true_peak_dbtp": -2.5, "range_lu": 6.0, "target_lufs": -27.0, "ceiling_dbtp": -2.0,
        "verdict": "pass", "specification": "Netflix", "clause": "the clause", "tolerance_lu": 2.0,
        "measure": "dialogue", "dialogue_lufs": -27.02, "max_short_term_lufs": -18.0, "max_momentary_lufs": -15.0,
        "gain_db": 3.5, "max_reduction_db": 1.25,
    }  # fmt: skip
    assert [stem["name"] for stem in told["stems"]] == ["DX", "FX", "PD", "MIX"]
    assert told["stems"][2] == {
        "name": "PD", "title": "Production sound stem", "file": "film_PD.wav", "layout": "stereo",
        "integrated_lufs": None, "true_peak_dbtp": None, "range_lu": 0.0, "max_short_term_lufs": None,
        "max_momentary_lufs": None,
    }  # fmt: skip
    assert told["null_test"] == {"stems": ["DX", "FX", "PD"], "largest_difference": 0, "verdict": "pass"}


@pytest.mark.parametrize(
    ("verdict", "warned"), [("pass", 0), ("silent", 1), ("too_short", 1), ("The mix is too loud.", 1)]
)
def test_a_mix_that_is_not_right_is_warned_of(verdict: str, warned: int) -> None:
    assert len(loudness_warning(mix(verdict=verdict))) == warned
