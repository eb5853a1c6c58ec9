"""`report.json`: the report for programs. Keys and nesting are a contract; see docs/architecture.md."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from vssflow_post.deliver.report.facts import (
    BackendFacts,
    CueFacts,
    FilmReport,
    LoudnessFacts,
    NullTestFacts,
    StemFacts,
    Timing,
)
from vssflow_post.timeline import Scene

VERSION = 1


def report_as_json(report: FilmReport) -> str:
    """The text of `report.json`: ASCII, strict (a loudness of minus infinity is null)."""
    document = {
        "version": VERSION,
        "verdict": report.verdict,
        "warnings": list(report.every_warning),
        "backend": None if report.backend is None else _backend(report.backend),
        "scenes": [_scene(scene) for scene in report.scenes],
        "cues": [_cue(facts) for facts in report.cues],
        "loudness": None if report.loudness is None else _loudness(report.loudness),
        "timing": None if report.timing is None else _timing(report.timing, report.duration.duration_s),
        "stems": [_stem(facts, report.layout) for facts in report.stem_facts],
        "null_test": None if report.null_test is None else _null_test(report.null_test),
        "cast": [asdict(member) for member in report.cast],
        "models": [asdict(model) for model in report.models],
    }
    return json.dumps(document, indent=2, allow_nan=False) + "\n"


def _backend(backend: BackendFacts) -> dict[str, Any]:
    return {"name": backend.name, "device": backend.device, "weights": backend.weights}


def _scene(scene: Scene) -> dict[str, Any]:
    return {"index": scene.index, "start_s": _seconds(scene.span.start_s), "end_s": _seconds(scene.span.end_s)}


def _cue(facts: CueFacts) -> dict[str, Any]:
    cue = facts.cue
    return {
        "id": cue.id,
        "scene": cue.scene,
        "kind": cue.kind,
        "start_s": _seconds(cue.span.start_s),
        "end_s": _seconds(cue.span.end_s),
        "text": cue.text,
        "speaker": cue.speaker,
        "voice": cue.voice,
        "sound": cue.sound,
        "origin": cue.origin,
        "gain_db": cue.gain_db,
        "seed": cue.seed,
        "seconds": round(facts.seconds, 3),
        "cached": facts.cached,
        "why_made": facts.why_made or None,
    }


def _loudness(loudness: LoudnessFacts) -> dict[str, Any]:
    return {
        "integrated_lufs": _level(loudness.integrated_lufs),
        "true_peak_dbtp": _level(loudness.true_peak_dbtp),
        "range_lu": _level(loudness.range_lu),
        "target_lufs": loudness.target_lufs,
        "ceiling_dbtp": loudness.ceiling_dbtp,
        "verdict": loudness.verdict,
        "specification": loudness.specification,
        "clause": loudness.clause,
        "tolerance_lu": loudness.tolerance_lu,
        "measure": loudness.measure,
        "dialogue_lufs": _level(loudness.dialogue_lufs),
        "max_short_term_lufs": _level(loudness.max_short_term_lufs),
        "max_momentary_lufs": _level(loudness.max_momentary_lufs),
        "gain_db": _level(loudness.gain_db),
        "max_reduction_db": _level(loudness.max_reduction_db),
    }


def _stem(facts: StemFacts, layout: str) -> dict[str, Any]:
    return {
        "name": facts.name,
        "title": facts.title,
        "file": facts.file.name,
        "layout": layout,
        "integrated_lufs": _level(facts.integrated_lufs),
        "true_peak_dbtp": _level(facts.true_peak_dbtp),
        "range_lu": _level(facts.range_lu),
        "max_short_term_lufs": _level(facts.max_short_term_lufs),
        "max_momentary_lufs": _level(facts.max_momentary_lufs),
    }


def _null_test(facts: NullTestFacts) -> dict[str, Any]:
    return {
        "stems": list(facts.stems),
        "largest_difference": facts.largest_difference,
        "verdict": "pass" if facts.passed else "fail",
    }


def _timing(timing: Timing, film_s: float) -> dict[str, Any]:
    return {
        "analyse_s": round(timing.analyse_s, 3),
        "generate_s": round(timing.generate_s, 3),
        "mix_s": round(timing.mix_s, 3),
        "total_s": round(timing.total_s, 3),
        "film_s": _seconds(film_s),
        "realtime_factor": round(film_s / timing.total_s, 3) if timing.total_s > 0 else None,
    }


def _level(value: float | None) -> float | None:
    return round(value, 2) if value is not None and math.isfinite(value) else None


def _seconds(value: float) -> float:
    """Six decimals keep a sample of the 48 kHz clock (20.8 microseconds) exact when read back."""
    return round(value, 6)
