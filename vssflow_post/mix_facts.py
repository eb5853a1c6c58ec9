"""What the report states about the mix: loudness against the specification, stems, and that they sum to it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from vssflow_post.deliver import TITLES, null_test
from vssflow_post.errors import FilmFailed
from vssflow_post.mix import Loudness, MixReport
from vssflow_post.preset import LoudnessSettings
from vssflow_post.report import LoudnessFacts, NullTestFacts, StemFacts


def loudness_facts(mix: MixReport, wanted: LoudnessSettings) -> LoudnessFacts:
    """The measured loudness of the mix and what was asked for."""
    loudness = mix.loudness
    return LoudnessFacts(
        specification=wanted.specification,
        integrated_lufs=loudness.integrated_lufs,
        true_peak_dbtp=loudness.true_peak_dbtp,
        range_lu=loudness.range_lu,
        target_lufs=wanted.target_lufs,
        ceiling_dbtp=wanted.ceiling_dbtp,
        tolerance_lu=wanted.tolerance_lu,
        verdict=mix.verdict,
        short_term=loudness.short_term,
        stem_levels={name: (stem.integrated_lufs, stem.true_peak_dbtp) for name, stem in mix.stem_loudness.items()},
        clause=wanted.clause,
        measure=mix.measure,
        dialogue_lufs=loudness.dialogue_lufs,
        max_short_term_lufs=loudness.max_short_term_lufs,
        max_momentary_lufs=loudness.max_momentary_lufs,
        gain_db=mix.gain_db,
        max_reduction_db=mix.max_reduction_db,
    )


def loudness_warning(mix: MixReport) -> tuple[str, ...]:
    """A sentence where the mix does not meet its specification."""
    return {
        "pass": (),
        "silent": ("The mix is silent, so it has no loudness to bring to the target.",),
        "too_short": ("The film is too short for its loudness to be measured (BS.1770 needs 400 ms).",),
    }.get(mix.verdict, (mix.verdict,))


def stem_facts(mix: MixReport, paths: Mapping[str, Path]) -> tuple[StemFacts, ...]:
    """One entry per delivered WAV, the mix last."""
    measured: dict[str, Loudness] = {**mix.stem_loudness, "MIX": mix.loudness}
    return tuple(
        StemFacts(
            name=name,
            title=TITLES[name],
            file=paths[name],
            integrated_lufs=loudness.integrated_lufs,
            true_peak_dbtp=loudness.true_peak_dbtp,
            range_lu=loudness.range_lu,
            max_short_term_lufs=loudness.max_short_term_lufs,
            max_momentary_lufs=loudness.max_momentary_lufs,
        )
        for name, loudness in measured.items()
    )


def proven_sum(paths: Mapping[str, Path]) -> NullTestFacts:
    """Reads the files back and subtracts the stems from the mix.

    Raises FilmFailed("null_test") unless nothing is left: such a set of stems must not leave the house.
    """
    difference = null_test(paths)
    if difference:
        raise FilmFailed("null_test", f"The stems miss the mix by up to {difference} steps of 24 bits.")
    return NullTestFacts(tuple(name for name in paths if name != "MIX"), difference)
