"""What options say in numbers with units: ages, sizes, and the time that a date or an age stands for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

import click

from vssflow_post.errors import UsageError


def in_smallest_unit(text: str, units: Mapping[str, int]) -> float | None:
    """A number with one of the `units`, as in `30d`; None for any other text."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([a-z]+)", text)
    return None if match is None or match[2] not in units else float(match[1]) * units[match[2]]


class Quantity(click.ParamType):  # type: ignore[type-arg]  # a type of types from click 8.2 on
    """An option's number with a unit; the value is in the smallest unit."""

    def __init__(self, name: str, units: Mapping[str, int], example: str) -> None:
        self.name, self._units, self._example = name, units, example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = in_smallest_unit(str(value).lower(), self._units)
        if number is None:
            self.fail(f"{value!r} is not a number with {', '.join(self._units)}, as in {self._example}", param, ctx)
        return number


_AGES = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
AGE = Quantity("AGE", _AGES, "30d")
SIZE = Quantity("SIZE", {"b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}, "10GB")


def time_of(text: str, now: datetime) -> float:
    """The time that a date (`2026-11-24`, `2026-11-24T18:00`) or an age (`90m`, `36h`, `2d`, `1w`) stands for, in
    seconds since the epoch. A date without an offset is one of `now`'s clock. Raises UsageError for anything else."""
    age_s = in_smallest_unit(text.strip().lower(), _AGES)
    if age_s is not None:
        return now.timestamp() - age_s
    try:
        date = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"--since {text!r} is neither a date (2026-11-24T18:00) nor an age (90m, 36h, 2d)") from None
    return (date if date.tzinfo else date.replace(tzinfo=now.tzinfo)).timestamp()
