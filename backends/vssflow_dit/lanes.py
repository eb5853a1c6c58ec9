"""Threads of our own, each computing alone, so that a number depends on no other work and on no count of threads.

A library chooses how it cuts a sum by the shape of a product and by its threads, and each way rounds differently. Here
every sequence passes through kernels of one thread, in the shape that is its own; what runs at once are whole
sequences, or bands of one picture that are cut the same way on every machine.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar, cast

import torch

T = TypeVar("T")
R = TypeVar("R")

_here = threading.local()


def _alone() -> None:
    """OpenMP and MKL keep their number of threads for each thread that calls them."""
    torch.set_num_threads(1)
    _here.is_lane = True


class Lanes:
    """`n` threads, or none: then work is done where it is asked for, as on a GPU, which divides it itself."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._pool = ThreadPoolExecutor(n, "lane", _alone) if n else None

    @classmethod
    def on(cls, device: torch.device, n: int = 0) -> Lanes:
        """As many as `n`, or as there are processors, on a CPU; none on another device."""
        return cls((n or processors()) if device.type == "cpu" else 0)

    def run(self, work: Callable[[], R]) -> R:
        """What `work` gives, computed in a lane and without gradients."""
        return self.map(lambda _: work(), (None,))[0]

    def map(self, work: Callable[[T], R], items: Iterable[T]) -> list[R]:
        """`work` on each item, without gradients; give the longest first. Work in a lane may map in turn."""
        if self._pool is None:
            with torch.no_grad():
                return [work(item) for item in items]
        if not getattr(_here, "is_lane", False):
            return self._pool.submit(self._shared, self._pool, work, list(items)).result()
        return self._shared(self._pool, work, list(items))

    def _shared(self, pool: ThreadPoolExecutor, work: Callable[[T], R], items: list[T]) -> list[R]:
        """From a lane: it takes items itself, and so does each other lane that is free, so that nobody waits idle."""
        results: list[R | None] = [None] * len(items)
        left = iter(range(len(items)))

        def take() -> None:
            with torch.no_grad():
                for k in left:  # one iterator for all lanes: each takes what no other has
                    results[k] = work(items[k])

        others = [pool.submit(take) for _ in range(min(self.n, len(items)) - 1)]
        try:
            take()
        finally:
            failed = [other.exception() for other in others if not other.cancel()]
        for error in failed:
            if error is not None:
                raise error
        return cast("list[R]", results)


def processors() -> int:
    """Those this process may use. Not torch's count: libraries set that to what suits themselves."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
