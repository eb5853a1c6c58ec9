"""The page of an evaluation: what was asked and how, and a table for each question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from vssflow_dit.evaluation.measures import Measure


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
