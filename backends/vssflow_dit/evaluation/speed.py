"""How fast are takes made?"""

from __future__ import annotations

from vssflow_dit.evaluation.measures import MODEL, Measure
from vssflow_dit.evaluation.rendered import Takes

GROUP = "How fast is it?"
ABOUT = (
    "Seconds of sound made in a second by the engine that `render` opens, decoding included, as the machine was then."
)


def measures(speech: Takes, sounds: Takes) -> list[Measure]:
    return [
        Measure(GROUP, f"seconds of {what} a second", "", MODEL, made.per_second, "", len(made.waves))
        for what, made in (("speech", speech), ("sounds", sounds))
    ]
