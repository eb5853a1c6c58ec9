"""What renders cost on this machine: each leaves in the user's cache what it took, and the forecast reads the last few.

Costs are counted in seconds of processors, which are nearly the same however much else runs on the machine; how much
of a processor a thread gets there now is another matter, which a forecast adds. So a pace that was measured under load
is no slow pace, and after a few more renders it is forgotten.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from vssflow_post.errors import VssflowError
from vssflow_post.generate.take_store import StoredTake
from vssflow_post.settings.preset import GenerateSection
from vssflow_post.store.entries import address
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.store.reading import read_json

VERSION = 3
REMEMBERED, MOST_KINDS = 5, 10
"""Renders that count: a pace that is no more is forgotten after so many. And kinds of deliveries that are kept."""
LOOK_WIDTH, MIX_WIDTH = 1.3, 1.2
"""How many threads work at once while a film is looked at, and while it is mixed and delivered: films of 16 and 60 s on
two cores with little else to do."""
_MIX_S, _MIX_PACE = 0.5, 0.045
"""Seconds of processors for mixing and delivery, of any film and of each of its seconds; of films of 16 to 180 s."""
_USUAL_CHANNELS, _WAVES_SHARE, _REVIEW_PACE = 6, 0.7, 0.067
"""Channels of three stereo stems, what of the work is not theirs, and for a page to review, of each second of film: the
demo in stereo, and in 5.1 with an M&E."""
_LEAST_S = 0.05
"""What a thread must have wanted of a processor for that to say something."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What four clocks say, all in seconds."""

    wall_s: float
    cpu_s: float
    """All threads of this process, on all processors."""
    ran_s: float
    """This thread, on its processor."""
    queued_s: float
    """This thread, when it could have run and others did. Linux alone tells this and the one before; 0 elsewhere."""

    @classmethod
    def now(cls) -> Moment:
        ran_ns = queued_ns = 0
        with suppress(OSError, ValueError):
            ran_ns, queued_ns = map(int, Path("/proc/thread-self/schedstat").read_text("ascii").split()[:2])
        return cls(time.monotonic(), time.process_time(), ran_ns / 1e9, queued_ns / 1e9)

    def since(self, start: Moment) -> Moment:
        """What has passed on each clock."""
        return Moment(
            self.wall_s - start.wall_s,
            self.cpu_s - start.cpu_s,
            self.ran_s - start.ran_s,
            self.queued_s - start.queued_s,
        )

    @property
    def share(self) -> float:
        """How much of a processor a thread got when it wanted one: 1 where nothing else runs."""
        wanted_s = self.ran_s + self.queued_s
        return max(0.05, self.ran_s / wanted_s) if wanted_s > _LEAST_S else 1.0


@dataclass(frozen=True, slots=True)
class Mixing:
    """What there is to mix and to deliver of a film."""

    kind: str
    """Digest of the settings: what is mixed and delivered alike costs alike."""
    n_channels: int
    """Of all WAVs together."""
    has_review: bool
    """Whether a small picture is encoded for a page to review."""

    def usual_cpu_s(self, film_s: float) -> float:
        """Seconds of processors that it takes by and large, for so many seconds of film."""
        of_waves = (_WAVES_SHARE + (1 - _WAVES_SHARE) * self.n_channels / _USUAL_CHANNELS) * usual_mix_cpu_s(film_s)
        return of_waves + (_REVIEW_PACE * film_s if self.has_review else 0.0)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one render took. Zeros where something was not done."""

    generated_s: float
    """Seconds of sound that were made."""
    generate_cpu_s: float
    """Seconds of processors that this took."""
    width: float
    """How many threads worked on it at once, on the average."""
    film_s: float
    """Seconds of film that were mixed and delivered."""
    mix_cpu_s: float
    memory_bytes: int
    """The most that the process ever held."""
    take_bytes: float
    """What a second of a take needs in the store."""
    mixing: Mixing | None = None
    """What was mixed and delivered; None where nothing was, or nobody says."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What is to be expected of the next render."""

    generate_cpu_s: float
    """Seconds of processors for a second of sound."""
    width: float
    """How many threads work at once on it."""
    mix_share: float
    """Mixing and delivery, by what they took where this was written."""
    memory_bytes: int
    take_bytes: float

    def mix_cpu_s(self, film_s: float, mixing: Mixing | None = None) -> float:
        """Seconds of processors for mixing and delivery."""
        return self.mix_share * _usual(film_s, mixing)


def pace_of(costs: Sequence[Cost], mixing: Mixing | None = None) -> Pace | None:
    """The pace of the last few renders, of the mix that of those which delivered the same; None where none of them made
    any sound."""
    making = [cost for cost in costs if cost.generated_s > 0][-REMEMBERED:]
    if not making:
        return None
    return Pace(
        sum(cost.generate_cpu_s for cost in making) / sum(cost.generated_s for cost in making),
        median(cost.width for cost in making),
        mix_share_of(costs, mixing),
        max(cost.memory_bytes for cost in costs[-REMEMBERED:]),
        making[-1].take_bytes,
    )


def mix_share_of(costs: Sequence[Cost], mixing: Mixing | None = None) -> float:
    """Mixing and delivery by what is usual: of the last few that delivered the same, else of any; 1 without any."""
    mixed = [cost for cost in costs if cost.film_s > 0]
    alike = [cost for cost in mixed if mixing and cost.mixing and cost.mixing.kind == mixing.kind]
    counted = (alike or mixed)[-REMEMBERED:]
    usual_s = sum(_usual(cost.film_s, cost.mixing) for cost in counted)
    return sum(cost.mix_cpu_s for cost in counted) / usual_s if counted else 1.0


def _usual(film_s: float, mixing: Mixing | None) -> float:
    return mixing.usual_cpu_s(film_s) if mixing else usual_mix_cpu_s(film_s)


def cost_of(
    made: Sequence[StoredTake], film_s: float, generating: Moment, mixing: Moment, mixed: Mixing | None = None
) -> Cost:
    """Of a render that has just ended: the takes that it made, what each half of it took, and what was mixed."""
    return Cost(
        generated_s=sum(take.n_samples / take.rate_hz for take in made),
        generate_cpu_s=generating.cpu_s,
        width=width_of(generating, mixing.share),
        film_s=film_s,
        mix_cpu_s=mixing.cpu_s,
        memory_bytes=memory_held(),
        take_bytes=4.0 * made[0].rate_hz if made else 0.0,
        mixing=mixed,
    )


def width_of(work: Moment, share: float) -> float:
    """How many threads were at `work`, each of which got a `share` of a processor."""
    return min(n_processors(), max(0.05, work.cpu_s / max(work.wall_s, 0.01) / share))


def seconds_on_the_clock(cpu_s: float, width: float, share: float) -> float:
    """How long work of `cpu_s` takes that is `width` threads wide, where each gets a `share` of a processor.

    The busier a machine, the more threads stand in line at once: a pipeline that is 1.3 wide gets as wide as there are
    processors.
    """
    return cpu_s / (width + max(0.0, n_processors() - width) * (1 - share)) / share


def n_processors() -> int:
    """That this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def usual_mix_cpu_s(film_s: float) -> float:
    """Seconds of processors that mixing and delivery take by and large: of three stereo stems."""
    return _MIX_S + _MIX_PACE * film_s


def memory_held() -> int:
    """The most bytes that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def pace_file(settings: GenerateSection, backends: Sequence[Sequence[str]]) -> Path:
    """Where what renders with these settings and backends (see `Studio.backends`) took on this machine is kept, in the
    user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    facts = {**asdict(settings), "seed": 0, "threads": 0, "takes": 1, "backends": backends}
    identity = address({**facts, "machine": platform.node(), "version": VERSION})
    return cache / "vssflow-post" / "pace" / f"{identity}.json"


def kept_costs(path: Path) -> list[Cost]:
    """The last ones, oldest first; none where nothing was kept, or what was cannot be read."""
    return read_json(path, lambda rows: [_cost(**row) for row in rows]) or []


def _cost(mixing: Mapping[str, Any] | None, **row: Any) -> Cost:
    return Cost(**row, mixing=None if mixing is None else Mixing(**mixing))


def keep_cost(path: Path, cost: Cost) -> None:
    """Adds one. A home that cannot be written has no memory, and that is all."""
    with suppress(OSError, VssflowError):
        path.parent.mkdir(parents=True, exist_ok=True)
        costs = [*kept_costs(path), cost]
        later = Counter[str]()
        kept = [one for one in reversed(costs) if _n_alike(one, later) <= REMEMBERED][: REMEMBERED * MOST_KINDS]
        publish_bytes(path, json.dumps([asdict(one) for one in reversed(kept)]).encode("ascii"))


def _n_alike(cost: Cost, seen: Counter[str]) -> int:
    """How many of what `cost` delivered have been seen, this one among them."""
    kind = cost.mixing.kind if cost.mixing else ""
    seen[kind] += 1
    return seen[kind]
