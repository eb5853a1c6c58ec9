"""A program: takes of the starter are the same alone, in company, in another order, and on one to three threads."""

from __future__ import annotations

from collections.abc import Iterable

from vssflow_cpu.engine import open_engine
from vssflow_post.backend import CueRequest, GenerationSettings
from vssflow_post.timeline import Span


def requests() -> list[CueRequest]:
    """Lines and sounds of many lengths; the last is longer than the model's window."""
    lines = [
        CueRequest(f"d{k}", "speech", Span.of_seconds(k, k + 2.0 + 0.31 * k), k, "We have to leave.", "rms")
        for k in range(2)
    ]
    lengths = (2.0, 3.3, 6.2)
    sounds = [
        CueRequest(f"s{k}", "sound", Span.of_seconds(k, k + n), 9 + k, sound="rain") for k, n in enumerate(lengths)
    ]
    return [*lines, *sounds]


def rendered(threads: int, deterministic: bool, asked: Iterable[Iterable[CueRequest]]) -> dict[str, set[bytes]]:
    """Cue -> every way its samples came out, over the batches that were asked for."""
    engine = open_engine(GenerationSettings(steps=1, threads=threads, deterministic=deterministic))
    found: dict[str, set[bytes]] = {}
    for batch in asked:
        for take in engine.render(list(batch)):
            found.setdefault(take.id, set()).add(take.audio.samples.tobytes())
    return found


def main() -> None:
    asked = requests()
    for deterministic in (False, True):
        companies = [asked, asked[::-1], *([request] for request in asked)]
        found = [rendered(2, deterministic, companies), *(rendered(n, deterministic, [asked]) for n in (1, 3))]
        for request in asked:
            ways = set().union(*(each[request.id] for each in found))
            assert len(ways) == 1, f"{request.id} came out in {len(ways)} ways, deterministic={deterministic}"


if __name__ == "__main__":
    main()
