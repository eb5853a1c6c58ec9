"""From laid takes to written stems: measure, level, limit, quantise, write, and check what was written.

The film is laid once, into a file that every pass reads block by block, so memory stays flat at any length.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from vssflow_post.audio import MIX, Loudness
from vssflow_post.mix.desk import Bus, Desk, StemSink, Written, busses
from vssflow_post.mix.laid_take import LaidTake
from vssflow_post.mix.lay import lanes_of, stems_of
from vssflow_post.mix.levelling import LevelResult, find_gain, most_gain_db
from vssflow_post.mix.spool import LaidFilm
from vssflow_post.mix.verdict import DIALOGUE, PROGRAMME, counted, judge, level_of, nothing_sounds, over_db
from vssflow_post.progress import Progress, silent
from vssflow_post.timeline import Span

if TYPE_CHECKING:
    from vssflow_post.settings.preset import LoudnessSettings, MixSettings

_MARGIN_DB = 0.3
"""How far below the ceiling the limiter aims: its gain curve moves, dither adds its bit, and a meter that oversamples
more than the standard's four times reads up to 0.2 dB more of sounds that reach to 20 kHz."""
_MAX_WRITES = 4


@dataclass(frozen=True, slots=True, eq=False)
class MixReport:
    """What was mixed and what it measures, read from the integers that were written."""

    loudness: Loudness
    """Of the mix."""
    stem_loudness: dict[str, Loudness]
    """Of every stem, by name."""
    verdict: str
    """`pass`, `silent`, `too_short`, or a sentence that says what is out of bounds."""
    gain_db: float
    """The static gain on everything."""
    max_reduction_db: float
    """The most the limiter took away, a positive number."""
    n_passes: int
    """Passes over the film."""
    measure: str = PROGRAMME
    """Which loudness was brought to the target: `programme` or `dialogue`."""
    warnings: tuple[str, ...] = ()
    """Sentences for the report."""
    me_loudness: dict[str, Loudness] = field(default_factory=dict)
    """Of the parts of the M&E and of their sum, by name; empty where none was asked for."""


def lay_and_mix(
    duration: Span,
    takes: Sequence[LaidTake],
    mix_settings: MixSettings,
    loudness_settings: LoudnessSettings,
    open_stem: Callable[[str], StemSink],
    progress: Callable[[Progress], None] = silent,
    speech: Sequence[Span] = (),
    scratch: Path | None = None,
    me: bool = False,
) -> MixReport:
    """Mixes a film: writes exactly `duration.n_samples` of every stem and `MIX` into what `open_stem(name)` gives.

    The stems are those of `stems_of`, the mix is their integer sum, `speech` is where dialogue loudness is measured.
    Lanes (`LaidTake.lane`) are written like stems, and sum to theirs. With `me`, the same of `ME` and its
    parts, at the mix's gain and under a limiter of their own. `open_stem` is called again for the same names when what
    was written turns out too hot. `scratch` is the folder of a temporary file that holds the stems as laid (None: the
    system's). Raises FilmFailed("non_finite_audio") for NaN or infinity in a take.
    """
    with tempfile.TemporaryFile(dir=scratch) as file:
        laid = LaidFilm(duration, takes, mix_settings, file, me)
        mix_bus, me_bus = busses(stems_of(takes, mix_settings), lanes_of(takes))
        desk = Desk(duration, laid, mix_bus, speech, mix_settings, progress)
        report = _mixed(desk, mix_bus, loudness_settings, open_stem)
        if not me:
            return report
        return replace(report, me_loudness=_written_me(desk, me_bus, report.gain_db, loudness_settings, open_stem))


def _mixed(
    desk: Desk, bus: Bus, loudness_settings: LoudnessSettings, open_stem: Callable[[str], StemSink]
) -> MixReport:
    aim = loudness_settings.ceiling_dbtp - _MARGIN_DB
    as_laid = desk.measure_as_laid()
    measure = counted(loudness_settings, as_laid.loudness)
    is_residue = nothing_sounds(as_laid.loudness)
    level = find_gain(
        lambda gain_db: None if is_residue else as_laid.raised(gain_db, measure == DIALOGUE),
        aim - as_laid.highest_db,
        loudness_settings,
        lambda gain_db: level_of(desk.measure_limited(gain_db, aim), measure),
    )
    written, gain_db, n_writes = _written(desk, bus, level, as_laid.highest_db, measure, loudness_settings, open_stem)
    loudness = written.loudness[MIX]
    return MixReport(
        loudness=loudness,
        stem_loudness={name: written.loudness[name] for name in bus.stems},
        verdict=judge(loudness, as_laid.loudness, measure, written.max_reduction_db, loudness_settings),
        gain_db=gain_db,
        max_reduction_db=written.max_reduction_db,
        n_passes=level.n_passes + n_writes,
        measure=measure,
        warnings=_warnings(written, measure, loudness_settings),
    )


def _written_me(
    desk: Desk, bus: Bus, gain_db: float, settings: LoudnessSettings, open_stem: Callable[[str], StemSink]
) -> dict[str, Loudness]:
    """What the M&E and its parts measure, written again while their peaks are too high."""
    aim = settings.ceiling_dbtp - _MARGIN_DB
    for _ in range(_MAX_WRITES):
        loudness = desk.write(bus, gain_db, aim, open_stem).loudness
        too_high_db = over_db(loudness[bus.total], settings.ceiling_dbtp)
        if too_high_db <= 0:
            break
        aim -= too_high_db + _MARGIN_DB / 2
    return loudness


def _written(
    desk: Desk,
    bus: Bus,
    level: LevelResult,
    highest_db: float,
    measure: str,
    settings: LoudnessSettings,
    open_stem: Callable[[str], StemSink],
) -> tuple[Written, float, int]:
    """What was written at last, its static gain, and how often it was written: again while its peaks are too high."""
    gain_db, aim = level.gain_db, settings.ceiling_dbtp - _MARGIN_DB
    n_writes = 0
    while True:
        written = desk.write(bus, gain_db, aim, open_stem)
        n_writes += 1
        too_high_db = over_db(written.loudness[MIX], settings.ceiling_dbtp)
        reached = level_of(written.loudness[MIX], measure)
        if too_high_db <= 0 or n_writes == _MAX_WRITES:
            return written, gain_db, n_writes
        aim -= too_high_db + _MARGIN_DB / 2
        gain_db += settings.target_lufs - reached if level.reached and reached is not None else 0.0
        gain_db = min(gain_db, most_gain_db(aim - highest_db, settings))


def _warnings(written: Written, measure: str, settings: LoudnessSettings) -> tuple[str, ...]:
    warnings = []
    if written.max_reduction_db > settings.max_limiting_db:
        warnings.append(
            f"The limiter takes up to {written.max_reduction_db:.1f} dB off the peaks, more than "
            f"loudness.max_limiting_db = {settings.max_limiting_db:g}, because loudness.must_hit_target says that "
            f"{settings.target_lufs:g} LUFS must be reached."
        )
    if measure != settings.measure and written.loudness[MIX].integrated_lufs is not None:
        warnings.append(
            f"{settings.specification} measures dialogue, and there is none here: the whole programme was brought to "
            f"{settings.target_lufs:g} LUFS."
        )
    return tuple(warnings)
