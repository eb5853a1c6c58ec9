"""`report.json`: the report for programs. Keys and nesting are a contract; see docs/architecture.md."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from vssflow_post.audio import ME, MIX, TITLES, Loudness
from vssflow_post.deliver.report.facts import (
    BackendFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    NullTestFacts,
    Timing,
)
from vssflow_post.timeline import Span, cue_as_json, scene_as_json, seconds_of

VERSION = 1


def report_as_json(report: FilmReport) -> str:
    """The text of `report.json`: ASCII, strict (a loudness of minus infinity is null)."""
    document = {
        "version": VERSION,
        "verdict": report.verdict,
        "warnings": list(report.every_warning),
        "backend": _backend(report.backends[0]) if report.backends else None,
        "backends": [{**_backend(each), "task": each.task} for each in report.backends],
        "scenes": _scenes(report),
        "cues": [_cue(facts) for facts in report.cues],
        "loudness": None if report.loudness is None else _loudness(report.loudness),
        "timing": None if report.timing is None else _timing(report.timing, report.duration),
        "stems": [_stem(report, name, loudness) for name, loudness in report.stem_loudness.items()],
        "null_test": _null_test(report.null_tests.get(MIX)),
        "me_null_test": _null_test(report.null_tests.get(ME)),
        "cast": [asdict(member) for member in report.cast],
        "models": [asdict(model) for model in report.models],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _backend(backend: BackendFacts) -> dict[str, Any]:
    return {"name": backend.name, "device": backend.device, "weights": backend.weights}


def _scenes(report: FilmReport) -> list[dict[str, Any]]:
    """With what is seen in each, and the sounds that it asks for, where somebody looked."""
    seen = [{"seen": dict(each.labels), "sounds": dict(each.sounds)} for each in report.seen]
    told = seen or [{}] * len(report.scenes)
    return [{**scene_as_json(scene), **each} for scene, each in zip(report.scenes, told, strict=True)]


def _cue(facts: CueFacts) -> dict[str, Any]:
    """Which class stands in, that it stays silent, and between which takes to choose, are told where it is so."""
    made = {"seconds": round(facts.seconds, 3), "cached": facts.cached, "why_made": facts.why_made or None}
    choice = {str(number): str(path) for number, path in facts.choice.items()}
    more = {"stand_in": facts.stand_in, "silent": facts.is_silent, "made_of": list(facts.made_of), "choice": choice}
    return {**cue_as_json(facts.cue), **made, **{key: value for key, value in more.items() if value}}


def _loudness(loudness: LoudnessFacts) -> dict[str, Any]:
    measured, wanted = loudness.measured, loudness.wanted
    return {
        "integrated_lufs": _level(measured.integrated_lufs),
        "true_peak_dbtp": _level(measured.true_peak_dbtp),
        "range_lu": _level(measured.range_lu),
        "target_lufs": wanted.target_lufs,
        "ceiling_dbtp": wanted.ceiling_dbtp,
        "verdict": loudness.verdict,
        "specification": wanted.specification,
        "clause": wanted.clause,
        "tolerance_lu": wanted.tolerance_lu,
        "measure": loudness.measure,
        "dialogue_lufs": _level(measured.dialogue_lufs),
        "max_short_term_lufs": _level(measured.max_short_term_lufs),
        "max_momentary_lufs": _level(measured.max_momentary_lufs),
        "gain_db": _level(loudness.gain_db),
        "max_reduction_db": _level(loudness.max_reduction_db),
    }


def _stem(report: FilmReport, name: str, loudness: Loudness) -> dict[str, Any]:
    return {
        "name": name,
        "title": TITLES[name],
        "file": report.stems[name].name,
        "layout": report.layout,
        "integrated_lufs": _level(loudness.integrated_lufs),
        "true_peak_dbtp": _level(loudness.true_peak_dbtp),
        "range_lu": _level(loudness.range_lu),
        "max_short_term_lufs": _level(loudness.max_short_term_lufs),
        "max_momentary_lufs": _level(loudness.max_momentary_lufs),
    }


def _null_test(facts: NullTestFacts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {
        "stems": list(facts.stems),
        "largest_difference": facts.largest_difference,
        "verdict": "pass" if facts.passed else "fail",
    }


def _timing(timing: Timing, film: Span) -> dict[str, Any]:
    return {
        "analyse_s": round(timing.analyse_s, 3),
        "generate_s": round(timing.generate_s, 3),
        "mix_s": round(timing.mix_s, 3),
        "total_s": round(timing.total_s, 3),
        "film_s": seconds_of(film.n_samples),
        "realtime_factor": round(film.duration_s / timing.total_s, 3) if timing.total_s > 0 else None,
    }


def _level(value: float | None) -> float | None:
    return round(value, 2) if value is not None and math.isfinite(value) else None
