"""What renders cost on this machine: each leaves in the user's cache what it took, and the forecast reads the last few.

Costs are counted in seconds of processors, which are nearly the same however much else runs on the machine; how many
processors are to be had is asked when a forecast is made. So a pace that was measured under load is no slow pace, and
after a few more renders it is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import resource
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from vssflow_post.errors import VssflowError
from vssflow_post.settings.preset import GenerateSection
from vssflow_post.store.entries import address
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.store.reading import read_json

VERSION = 2
REMEMBERED = 5
"""Renders that count: a pace that is no more is forgotten after so many."""
LOOK_WIDTH, MIX_WIDTH = 1.3, 1.2
"""Processors that work at once while a film is looked at, and while it is mixed and delivered: seconds of processors by
seconds on the clock, of films of 16 and 60 s on two cores with nothing else to do."""
_MIX_S, _MIX_PACE = 0.5, 0.045
"""Seconds of processors for mixing and delivery, of any film and of each of its seconds; of films of 16 to 180 s."""
_PROBE_S = 0.25


@dataclass(frozen=True, slots=True)
class Cost:
    """What one render took. Zeros where something was not done."""

    generated_s: float
    """Seconds of sound that were made."""
    generate_cpu_s: float
    """Seconds of processors that this took."""
    width: float
    """Processors that worked at once on it, or would have, with nothing else to do on the machine."""
    film_s: float
    """Seconds of film that were mixed and delivered."""
    mix_cpu_s: float
    memory_bytes: int
    """The most that the process ever held."""
    take_bytes: float
    """What a second of a take needs in the store."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is to be expected of the next render."""

    generate_cpu_s: float
    """Seconds of processors for a second of sound."""
    width: float
    """Processors that work at once on it."""
    mix_share: float
    """Mixing and delivery, by what they took where this was written."""
    memory_bytes: int
    take_bytes: float

    def mix_cpu_s(self, film_s: float) -> float:
        """Seconds of processors for mixing and delivery."""
        return self.mix_share * usual_mix_cpu_s(film_s)


def pace_of(costs: Sequence[Cost]) -> Pace | None:
    """The pace of the last few renders; None where none of them made any sound."""
    costs = costs[-REMEMBERED:]
    making, mixed = [cost for cost in costs if cost.generated_s > 0], [cost for cost in costs if cost.film_s > 0]
    if not making:
        return None
    return Pace(
        sum(cost.generate_cpu_s for cost in making) / sum(cost.generated_s for cost in making),
        median(cost.width for cost in making),
        sum(cost.mix_cpu_s for cost in mixed) / sum(usual_mix_cpu_s(cost.film_s) for cost in mixed) if mixed else 1.0,
        max(cost.memory_bytes for cost in costs),
        making[-1].take_bytes,
    )


def usual_mix_cpu_s(film_s: float) -> float:
    """Seconds of processors that mixing and delivery take by and large."""
    return _MIX_S + _MIX_PACE * film_s


def seconds_on_the_clock(cpu_s: float, width: float, free: float) -> float:
    """How long work takes that `width` processors at once can do, where `free` of them are to be had."""
    return cpu_s / max(0.05, min(width, free))


def width_of(cpu_s: float, wall_s: float, share: float) -> float:
    """How many processors would have worked at once, had there been more than the `share` of them that there was."""
    return min(_n_processors(), cpu_s / max(wall_s, 1e-6) / max(share, 0.05))


def free_share() -> float:
    """The share of the processors that this process gets just now."""
    return min(1.0, free_processors() / _n_processors())


def free_processors() -> float:
    """How many processors this process gets just now if it asks for all: as many threads compute for a moment."""
    ends, piece = time.monotonic() + _PROBE_S, bytes(1 << 18)

    def compute() -> None:
        while time.monotonic() < ends:
            hashlib.sha256(piece)  # lets go of Python's lock

    threads = [threading.Thread(target=compute) for _ in range(_n_processors())]
    started, before = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return max(0.05, (time.process_time() - before) / (time.monotonic() - started))


def _n_processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_held() -> int:
    """The most bytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pace_file(settings: GenerateSection, backend: str, plugin: str, weights_digest: str) -> Path:
    """Where what renders with these settings took on this machine is kept, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    facts = {
        **asdict(settings),
        "seed": 0,
        "threads": 0,
        "backend": backend,
        "plugin": plugin,
        "digest": weights_digest,
    }
    identity = address({**facts, "machine": platform.node(), "version": VERSION})
    return cache / "vssflow-post" / "pace" / f"{identity}.json"


def kept_costs(path: Path) -> list[Cost]:
    """The last ones, oldest first; none where nothing was kept, or what was cannot be read."""
    return read_json(path, lambda rows: [Cost(**row) for row in rows]) or []


def keep_cost(path: Path, cost: Cost) -> None:
    """Adds one. A home that cannot be written has no memory, and that is all."""
    with suppress(OSError, VssflowError):
        path.parent.mkdir(parents=True, exist_ok=True)
        costs = [*kept_costs(path), cost][-REMEMBERED:]
        publish_bytes(path, json.dumps([asdict(one) for one in costs]).encode("ascii"))
