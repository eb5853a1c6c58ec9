"""The one record of an evaluation: a number, of what, for whom, and of which sound; and the page with its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

TRUTH, CEILING, MODEL = "ground truth", "through codec and vocoder", "model"
"""What is measured alike: the teacher's sound, that sound through codec and vocoder (what the model can reach at best),
and what the model makes of the conditions alone."""
ALONE, FITTED = "predicted durations", "fitted to the mouth"
"""What is compared where a mouth is seen."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One number."""

    group: str
    """The question it answers; a table and a heading of the page."""
    what: str
    """The quantity, and its unit unless it is a share."""
    subject: str
    """The voice or class of sound; "" for all together."""
    column: str
    """Whose it is: TRUTH, CEILING, MODEL, ALONE or FITTED."""
    value: float
    unit: str
    """`%`, `ms` or "" for a plain number; percentages are stored as 0 to 100."""
    n: int
    """Items that it is a mean over."""


def page(title: str, about: Sequence[str], answers: Mapping[str, str], pictures: Mapping[str, Sequence[str]],
         measures: Sequence[Measure]) -> str:  # fmt: skip
    """Markdown. `answers`: group -> how it was measured; `pictures`: group -> paths from the page, with their captions
    as `path|caption`. Groups come in the order of `answers`; those without a measure are said to be unmeasured."""
    parts = [f"# {title}", "\n".join(about)]
    for group, how in answers.items():
        own = [measure for measure in measures if measure.group == group]
        parts += [f"## {group}", how, table(own) if own else "Not measured here."]
        parts += ["![{1}]({0})".format(*entry.split("|", 1)) for entry in pictures.get(group, ())]
    return "\n\n".join(parts) + "\n"


def table(measures: Sequence[Measure]) -> str:
    """A row for each quantity and subject, a column for each of what is compared."""
    columns = list(dict.fromkeys(measure.column for measure in measures))
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for measure in measures:
        rows.setdefault((measure.what, measure.subject), {})[measure.column] = value_of(measure)
    lines = ["| | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    for (what, subject), values in sorted(rows.items(), key=lambda row: [key[0] for key in rows].index(row[0][0])):
        name = f"{what}: {subject}" if subject else what
        lines.append(f"| {name} | " + " | ".join(values.get(column, "") for column in columns) + " |")
    return "\n".join(lines)


def value_of(measure: Measure) -> str:
    """As many digits as mean something."""
    if measure.unit == "%":
        return f"{measure.value:.1f} %"
    if measure.unit:
        return f"{measure.value:.0f} {measure.unit}"
    return f"{measure.value:.2f}"
