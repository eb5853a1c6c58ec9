"""The backend is opened while the film is looked at: its encoder sees every picture, and its faults come first."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vssflow_post.backend import Backend, BackendOffer, Frame, GenerationSettings, Track
from vssflow_post.errors import FilmRejected, UsageError
from vssflow_post.plugins import load_plugins
from vssflow_post.render.first_half import MOST_WAITING, AwaitedEncoder
from vssflow_post.render.studio import Studio, open_studio
from vssflow_post.settings.files import load_preset
from vssflow_post.store.output_folder import OutputFolder
from vssflow_post.timeline import Scene, Span


class Counting:
    """A backend that is its own encoder."""

    name, device, weights_digest = "counting", "nothing", "0" * 64
    voices: Sequence[str] = ()
    sounds: Sequence[str] = ()

    def __init__(self) -> None:
        self.seen: list[int] = []

    def encoder(self) -> Counting:
        return self

    def push(self, frame: Frame) -> None:
        self.seen.append(frame.sample)

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return {"count": Track(np.full((1, 1), len(self.seen), np.float32), 1.0)}

    def close(self) -> None: ...


def studio_that_opens(how: Callable[[GenerationSettings], Backend], out: Path) -> Studio:
    studio = open_studio(load_preset("ci", {}), OutputFolder(out), load_plugins())
    maker = replace(studio.main, offer=BackendOffer("counting", 1, how))
    return replace(studio, named={"auto": maker})


def frame(number: int) -> Frame:
    pixels = np.zeros((2, 2, 3), np.uint8)
    return Frame(number, pixels, pixels[..., 0])


def look(encoder: AwaitedEncoder, n: int) -> None:
    for number in range(n):
        encoder.push(frame(number))


@pytest.mark.parametrize("n_before", [0, 7, MOST_WAITING, MOST_WAITING + 3])
def test_the_encoder_sees_every_picture_in_order(n_before: int, tmp_path: Path) -> None:
    gate, backend = threading.Event(), Counting()

    def slowly(settings: GenerationSettings) -> Backend:
        assert gate.wait(20)
        return backend  # type: ignore[return-value]

    studio = studio_that_opens(slowly, tmp_path)
    if n_before > MOST_WAITING:  # nobody could open it while the film's thread waits for it
        threading.Timer(0.2, gate.set).start()
    with studio.opening():
        encoder = AwaitedEncoder(studio)
        look(encoder, n_before)
        if n_before <= MOST_WAITING:
            assert backend.seen == []  # none is lost, none has made anybody wait
            gate.set()
        for number in range(n_before, n_before + 5):
            encoder.push(frame(number))
        found = encoder.finish([Scene(0, Span(0, 48_000))])
    assert backend.seen == list(range(n_before + 5))
    assert found["count"].values[0, 0] == n_before + 5
    assert studio.main.renderer.backend is backend  # type: ignore[comparison-overlap]


def test_a_backend_that_does_not_open_is_told_before_what_is_wrong_with_the_film(tmp_path: Path) -> None:
    def in_vain(settings: GenerationSettings) -> Backend:
        time.sleep(0.2)
        raise UsageError("no such weights")

    studio = studio_that_opens(in_vain, tmp_path)
    with pytest.raises(UsageError, match="no such weights"), studio.opening():
        raise FilmRejected("corrupt", "the film is damaged")
    with pytest.raises(UsageError, match="no such weights"), studio.opening():
        look(AwaitedEncoder(studio), 10 * MOST_WAITING)
    with pytest.raises(UsageError, match="no such weights"):  # the next film tries again
        studio.opened()


def test_a_film_that_is_wrong_says_so_where_the_backend_opens(tmp_path: Path) -> None:
    backend = Counting()
    studio = studio_that_opens(lambda settings: backend, tmp_path)  # type: ignore[arg-type, return-value]
    with pytest.raises(FilmRejected, match="damaged"), studio.opening():
        raise FilmRejected("corrupt", "the film is damaged")
    assert studio.main.renderer.backend is backend  # type: ignore[comparison-overlap]
