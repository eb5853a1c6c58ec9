"""How near to a drawn film's strikes the library's hits are laid, and how near the grid that the starter hears them on.

    python benchmarks/library_strikes.py --films 40

The films are those that the evaluation draws (exposed for half a picture) and hammers that no camera blurs, without
and with sparks; and staged ones of one to three who act, before a camera that moves.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from vssflow_dit.config import STRIKES, folder_of
from vssflow_dit.evaluation.strikes import FILM_S, SEED, drawn
from vssflow_dit.picture.strikes import SharpStrikeNet, StrikeEncoder, StrikeNet
from vssflow_dit.synthesis.pictures import STRIKING
from vssflow_dit.synthesis.stage import stage
from vssflow_library.moments import moments
from vssflow_post.analysis.things import ThingFinder
from vssflow_post.backend import CueRequest, Frame
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from drawn_films import hammering

WITHIN_S = 0.06
"""Of a strike, in which a hit is taken for it."""


def films(n: int) -> Iterator[tuple[str, list[Frame], list[float]]]:
    for k in range(n):
        rng = np.random.default_rng((SEED, 7, k))
        motion = STRIKING[k % len(STRIKING)](rng, FILM_S)
        yield "exposed", list(drawn(rng, motion)), [time for time, _ in motion.strikes if time < FILM_S - 0.1]
    for k in range(n // 2):
        rng = np.random.default_rng((SEED, 8, k))
        times = list(np.cumsum(rng.uniform(0.5, 1.1, 9)) + 0.3)
        times = [time for time in times if time < FILM_S - 0.3]
        rate = float(rng.choice([24, 25, 30]))
        for kind, sparks in (("not exposed", False), ("sparks fly", True)):
            yield kind, list(_hammers(times, rate, sparks)), times
    for k in range(6 * n):  # these differ most from each other
        staged = stage(np.random.default_rng((SEED, 9, k)), FILM_S)
        yield (
            "staged",
            list(staged.frames()),
            [one.time_s for one in staged.strikes() if 0.1 < one.time_s < FILM_S - 0.2],
        )


def _hammers(times: Sequence[float], rate: float, sparks: bool) -> Iterator[Frame]:
    for k, picture in enumerate(hammering(times, FILM_S, rate, sparks=sparks)):
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
        yield Frame(round(k / rate * CLOCK_HZ), picture, grey)


def _laid(net: StrikeNet, frames: Iterable[Frame]) -> list[float]:
    encoder, finder, span = StrikeEncoder(net), ThingFinder(), Span.of_seconds(0, FILM_S)
    for frame in frames:
        encoder.push(frame)
        finder.push(frame)
    shown, things = encoder.finish([Scene(0, span)]), finder.finish([Scene(0, span)])[0]
    request = CueRequest("k", "sound", span, 1, sound="metal", visual=shown, things=things)
    return [one.sample / CLOCK_HZ for one in moments(net, request, "strikes", False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=int, default=40)
    asked = parser.parse_args()
    away: dict[tuple[str, str], list[float]] = {}
    counts: dict[tuple[str, str], Counter[str]] = {}
    nets = {
        "grid": StrikeNet.load(folder_of("starter") / STRIKES),
        "sharp": SharpStrikeNet.load(folder_of("starter") / STRIKES),
    }
    for kind, frames, times in films(asked.films):
        for name, net in nets.items():
            laid = _laid(net, frames)
            near = [min((one - time for one in laid), key=abs) for time in times if laid]
            away.setdefault((kind, name), []).extend(one for one in near if abs(one) <= WITHIN_S)
            wrong = sum(min((abs(one - time) for time in times), default=FILM_S) > WITHIN_S for one in laid)
            counts.setdefault((kind, name), Counter()).update(strikes=len(times), laid=len(laid), wrong=wrong)
    for (kind, name), values in away.items():
        late, n = 1000 * np.array(values), counts[kind, name]
        found = f"{len(late)} of {n['strikes']} strikes heard, {1 - n['wrong'] / n['laid']:.1%} of the hits are one"
        told = f"median {np.median(late):+.1f} ms, within 10 ms {np.mean(np.abs(late) <= 10):.1%}"
        print(f"{kind:<12} {name:<6} {found}; {told}, within 20 ms {np.mean(np.abs(late) <= 20):.1%}")


if __name__ == "__main__":
    main()
