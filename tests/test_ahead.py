"""Working ahead: the same items in the same order, made before they are asked for, and no thread is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator

import pytest

from vssflow_post.media.ahead import ahead


def test_items_come_in_order_and_are_made_while_the_taker_works() -> None:
    made: list[int] = []

    def items() -> Generator[int, None, None]:
        for k in range(20):
            made.append(k)
            yield k

    with ahead(items(), 4) as taken:
        assert next(taken) == 0
        deadline = time.monotonic() + 10
        while len(made) < 5 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert made == [0, 1, 2, 3, 4]  # four beyond what was taken, and no more
        assert list(taken) == list(range(1, 20))


def test_what_making_an_item_raises_comes_where_the_item_would() -> None:
    def items() -> Generator[int, None, None]:
        yield 1
        yield 2
        raise ValueError("the third")

    seen: list[int] = []
    with pytest.raises(ValueError, match="the third"), ahead(items(), 8) as taken:
        seen.extend(taken)
    assert seen == [1, 2]


def test_a_taker_that_stops_leaves_no_thread_and_nothing_open() -> None:
    closed = threading.Event()

    def items() -> Generator[int, None, None]:
        try:
            k = 0
            while True:
                yield (k := k + 1)
        finally:
            closed.set()

    before = threading.active_count()
    with pytest.raises(KeyError), ahead(items(), 3) as taken:
        raise KeyError(next(taken))
    assert closed.is_set()
    assert threading.active_count() == before
