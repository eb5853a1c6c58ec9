"""What became of a clip: how it compares to its golden, in words that terminal, page and JUnit share."""

from __future__ import annotations

from dataclasses import dataclass

from vssflow_post.regress.comparing import PASS, Comparison, Finding
from vssflow_post.regress.golden import Golden
from vssflow_post.regress.preview import Heard

FAILED = "failed"
"""The clip did not render: nothing could be compared."""
ACCEPTED = "accepted"
"""It had changed, and is the golden now."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """One clip after `check`."""

    clip: str
    status: str
    """`pass`, `changed`, `worse`, `accepted` or `failed`."""
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
        return self.status in (PASS, ACCEPTED)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return () if self.comparison is None else self.comparison.findings

    @property
    def lines(self) -> list[str]:
        """The findings, one a line."""
        return [line_of(finding) for finding in self.findings] or [self.summary]


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
