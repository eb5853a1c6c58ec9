"""A render against its golden: exact facts first, then bytes where they must be the same, then every distance.

And what became of a clip, in words that terminal, page and JUnit share.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from vssflow_post.audio import MIX
from vssflow_post.regress import stamps
from vssflow_post.regress import tolerances as limits
from vssflow_post.regress.distances import Distance, distances
from vssflow_post.regress.facts import differing
from vssflow_post.regress.golden import Golden
from vssflow_post.regress.measuring import AS_MEASURED, FILM, Measured
from vssflow_post.regress.preview import Heard
from vssflow_post.regress.reference import Reference
from vssflow_post.render.job import DONE, WARNINGS

PASS, CHANGED, WORSE = "pass", "changed", "worse"
"""What a comparison comes to."""
FAILED = "failed"
"""The clip did not render: nothing could be compared."""
ACCEPTED = "accepted"
"""It had changed, and is the golden now."""
RECORDED = "recorded"
"""There was nothing to compare, and it is the golden now."""
SYNC_SAMPLES = 960
"""20 ms: half a frame at 25 frames a second, from which on lips and sound part."""
_CLIPPED_DB = 12.0
"""More above 10 kHz than this within 10 ms is a click, or clipping."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as in the golden."""

    kind: str
    """`fact`, `bytes`, or the name of a tolerance."""
    where: str
    """The fact, or the sound."""
    sentence: str
    is_worse: bool = False
    """Whether it would be wrong in any film, whatever was meant."""
    time_s: float | None = None
    limit: str = ""
    """What would have passed."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that was found."""

    findings: tuple[Finding, ...]
    identical: tuple[str, ...] = ()
    """Sounds with the golden's very samples."""
    within: tuple[str, ...] = ()
    """Sounds with other samples, which no measure tells apart."""
    stamp_changes: tuple[str, ...] = ()
    """Why other bytes may be expected."""

    @property
    def status(self) -> str:
        if any(finding.is_worse for finding in self.findings):
            return WORSE
        return CHANGED if self.findings else PASS


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One clip after `check`."""

    clip: str
    status: str
    """`pass`, `changed`, `worse`, `accepted`, `recorded` or `failed`."""
    summary: str
    """One sentence."""
    seconds: float = 0.0
    comparison: Comparison | None = None
    """None where there was nothing to compare."""
    golden: Golden | None = None
    new: Golden | None = None
    """What would be the golden; None for a clip that passed, of which nothing has to be shown."""
    heard: Heard | None = None
    """The new mix, to be heard."""

    @property
    def is_passed(self) -> bool:
        return self.status in (PASS, ACCEPTED, RECORDED)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return () if self.comparison is None else self.comparison.findings

    @property
    def lines(self) -> list[str]:
        """The findings, one a line."""
        return [line_of(finding) for finding in self.findings_to_read] or [self.summary]

    @property
    def findings_to_read(self) -> tuple[Finding, ...]:
        """With the clip's name where goldens, which know no name, say `{clip}`."""
        return tuple(
            replace(
                each,
                where=each.where.replace("{clip}", self.clip),
                sentence=each.sentence.replace("{clip}", self.clip),
            )
            for each in self.findings
        )


def compare(golden: Golden, new: Measured) -> Comparison:
    """Every difference that matters."""
    changes = tuple(stamps.apart(golden.stamp, new.golden.stamp))
    findings = [_fact(*difference) for difference in differing(golden.facts, new.golden.facts)]
    identical, within = [], []
    for name in [*golden.sounds, *(name for name in new.golden.sounds if name not in golden.sounds)]:
        before, after = golden.sounds.get(name), new.golden.sounds.get(name)
        if before is not None and after is not None and before.digest == after.digest:
            identical.append(name)
            continue
        found = list(_sound(name, before, after, new, is_exact=not changes))
        findings += found
        if not found:
            within.append(name)
    return Comparison(tuple(findings), tuple(identical), tuple(within), changes)


def line_of(finding: Finding) -> str:
    """A finding as one line of text."""
    at = "" if finding.time_s is None else f" at {finding.time_s:.2f} s"
    limit = f" (limit {finding.limit})" if finding.limit else ""
    kind = "" if finding.kind == "fact" else f" {finding.kind}"
    return f"{'worse: ' if finding.is_worse else ''}{finding.where}{kind}{at}: {finding.sentence}{limit}"


def summary_of(comparison: Comparison) -> str:
    """What a comparison found, as one sentence."""
    if comparison.findings:
        n = len(comparison.findings)
        worst = next((finding for finding in comparison.findings if finding.is_worse), comparison.findings[0])
        more = f", and {n - 1} more" if n > 1 else ""
        return f"{line_of(worst)}{more}"
    if comparison.within:
        return f"the same within every tolerance, on another machine or tool ({'; '.join(comparison.stamp_changes)})"
    return f"byte for byte the same{'' if not comparison.stamp_changes else ', though the stamp differs'}"


def sounds_to_show(comparison: Comparison, sounds: Mapping[str, Reference]) -> list[str]:
    """The sounds that findings are about, the mix first."""
    named = {finding.where for finding in comparison.findings}
    return [name for name in sounds if name == MIX or name in named]


def _sound(
    name: str, before: Reference | None, after: Reference | None, new: Measured, is_exact: bool
) -> Iterator[Finding]:
    if before is None or after is None:
        yield Finding("fact", name, "is there, and the golden has none" if before is None else "is gone", after is None)
        return
    shapes = [(each.n_channels, each.n_samples) for each in (before, after)]
    if shapes[0] != shapes[1]:
        (channels, n), (now_channels, now) = shapes
        yield Finding("fact", name, f"{channels} channels of {n} samples, now {now_channels} of {now}", is_worse=True)
        return
    found = [each for each in distances(before, after, new.samples[name], name == FILM) if not each.is_within]
    if is_exact:
        why = "audibly" if found else "by less than any measure tells"
        yield Finding("bytes", name, f"its samples differ {why}, though tool and machine are the same")
    for distance in found:
        tolerance = distance.tolerance
        yield Finding(
            kind=tolerance.name,
            where=name,
            sentence=distance.detail,
            is_worse=_is_worse(distance, before, after),
            time_s=distance.time_s,
            limit=f"{tolerance.limit:g} {tolerance.unit}".strip(),
        )


def _is_worse(distance: Distance, before: Reference, after: Reference) -> bool:
    """What would be wrong in any film: lost sync, sound or sign, clicks, clipping."""
    tolerance = distance.tolerance
    if tolerance is limits.SHIFT:
        return distance.value >= SYNC_SAMPLES
    if tolerance is limits.COHERENCE:
        return distance.detail.startswith("inverted")
    if tolerance is limits.HIGH:
        return distance.value >= _CLIPPED_DB and distance.detail.startswith("+")
    if tolerance is limits.SILENCE:
        return distance.detail.startswith("silence")
    if tolerance is limits.TRUE_PEAK:
        return (after.figures["true_peak_dbtp"] or -99.0) > 0 >= (before.figures["true_peak_dbtp"] or -99.0)
    return False


def _fact(name: str, before: object, after: object) -> Finding:
    return Finding("fact", name, _change(before, after), _is_worse_fact(name, before, after))


def _is_worse_fact(name: str, before: Any, after: Any) -> bool:
    if name == "verdict":
        ranks = (DONE, WARNINGS)
        return after not in ranks or (before in ranks and ranks.index(after) > ranks.index(before))
    if name in ("null test", "stems less mix"):
        return bool(after != 0)
    if name == "M&E null test":
        return after not in (0, None)
    if name == "loudness verdict":
        return bool(before == "pass")
    if name == "files":
        return not set(before or ()) <= set(after or ())
    if name.endswith("bext loudness"):
        return bool(after != AS_MEASURED)
    return after is None


def _change(before: object, after: object) -> str:
    """Both values in words; of lists and tables only what is not in both."""
    if isinstance(before, dict) and isinstance(after, dict):
        keys = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        return "; ".join(f"{key}: {_shown(before.get(key))}, now {_shown(after.get(key))}" for key in keys)
    if isinstance(before, list) and isinstance(after, list) and all(isinstance(each, str) for each in before + after):
        gone, added = [x for x in before if x not in after], [x for x in after if x not in before]
        parts = [f"{word} {', '.join(map(str, items))}" for word, items in (("gone:", gone), ("new:", added)) if items]
        return "; ".join(parts) or "in another order"
    return f"{_shown(before)}, now {_shown(after)}"


def _shown(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 160 else f"{text[:157]}..."
