"""Items made ahead of their use: one stage makes the next in a thread of its own while the other works on what it has.

It pays where both spend their time in native code, which leaves Python's lock alone. Nothing is written there: files
change in the film's own thread only, so that a film that is stopped stops at one place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()
"""What the thread gives when there are no more items."""


@contextmanager
def ahead(items: Generator[T, None, None], n_ahead: int) -> Iterator[Iterator[T]]:
    """The items in their order, up to `n_ahead` of them made before they are asked for.

    What making one raises comes where the item would. When the block ends, so has the thread, and `items` is closed.
    """
    with closing(items), ThreadPoolExecutor(1) as worker:
        try:
            yield _taken(items, n_ahead, worker)
        finally:
            worker.shutdown(cancel_futures=True)


def _taken(items: Iterator[T], n_ahead: int, worker: ThreadPoolExecutor) -> Iterator[T]:
    waiting = deque(worker.submit(next, items, _END) for _ in range(n_ahead))
    while (item := waiting.popleft().result()) is not _END:
        waiting.append(worker.submit(next, items, _END))
        yield item
