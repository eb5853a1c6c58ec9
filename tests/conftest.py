"""What several tests need: small films made on the spot, a backend without a model, and workers that start at once."""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import hypothesis
import numpy as np
import pytest

from vssflow_post.backend import Strike, Thing, Track
from vssflow_post.timeline import CLOCK_HZ, Span
from warm_workers import warm_context

if TYPE_CHECKING:
    from tests.desk import Desk
    from vssflow_dit.picture.strikes import StrikeNet

TESTS = Path(__file__).parent
MakeFilm = Callable[..., Path]
SIDE_BY_SIDE = "PYTEST_XDIST_WORKER" in os.environ

if SIDE_BY_SIDE:  # how long an example takes depends on what runs beside it; no test may hang (`timeout`) all the same
    hypothesis.settings.register_profile("side by side", deadline=None)
    hypothesis.settings.load_profile("side by side")


@pytest.fixture(autouse=True, scope="session")
def warm_workers() -> Iterator[None]:
    """Renders that tests ask for in this process get workers of the same kind, forked instead of spawned."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vssflow_post.batch.local_crew.get_context", warm_context)
        yield


@pytest.fixture
def cold_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers exactly as the product starts them, for tests of workers."""
    monkeypatch.setattr("vssflow_post.batch.local_crew.get_context", multiprocessing.get_context)


@pytest.fixture(autouse=True)
def company(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Where tests run side by side, one marked `alone` waits until no other runs, and they wait for it."""
    if not SIDE_BY_SIDE:
        yield
        return
    with (tmp_path_factory.getbasetemp().parent / "company.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX if request.node.get_closest_marker("alone") else fcntl.LOCK_SH)
        yield


@pytest.fixture
def make_film(tmp_path: Path) -> MakeFilm:
    """Makes a small H.264 film of plain shots: `make_film("a.mp4", n_frames=50, rate=25, shots=2, sound=None)`."""

    def make(
        name: str | Path,
        n_frames: int = 50,
        rate: Fraction | int = 25,
        shots: int = 2,
        sound: np.ndarray | None = None,
        timecode: str | None = None,
    ) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_film(path, n_frames, Fraction(rate), shots, sound, timecode)
        return path

    return make


@pytest.fixture
def desk(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> Desk:
    from tests.desk import Desk

    return Desk(make_film("a.mp4", 200, 25, 1), tmp_path)


@pytest.fixture(scope="session")
def net() -> StrikeNet:
    """The net that sees strikes, as it ships."""
    import vssflow_dit
    from vssflow_dit.picture.strikes import StrikeNet

    return StrikeNet.load(Path(vssflow_dit.__path__[0]) / "weights" / "strikes.safetensors")


def write_film(
    path: Path, n_frames: int, rate: Fraction, shots: int, sound: np.ndarray | None, timecode: str | None
) -> None:
    """`sound` is float32 mono at 48 kHz."""
    import av

    options = {"timecode": timecode} if timecode else {}
    container = av.open(f"file:{os.fspath(path)}", "w", format=path.suffix[1:].replace("mkv", "matroska"))
    container.metadata.update(options)
    stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "threads": "1"})
    stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
    audio = None if sound is None else container.add_stream("aac", rate=48_000, layout="mono")
    for number in range(n_frames):
        pixels = np.full((64, 96, 3), 40 + 160 * (number * shots // n_frames % 2), np.uint8)
        pixels[8:24, number % 80 : number % 80 + 16] = (200, 30, 30)
        picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
        picture.pts, picture.time_base = number, 1 / rate
        container.mux(stream.encode(picture))
    container.mux(stream.encode(None))
    if audio is not None and sound is not None:
        for start in range(0, len(sound), 1024):
            block = av.AudioFrame.from_ndarray(sound[None, start : start + 1024].astype(np.float32), "fltp", "mono")
            block.sample_rate, block.pts, block.time_base = 48_000, start, Fraction(1, 48_000)
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))
    container.close()


def moving_thing(
    span: Span, box: tuple[float, float, float, float] = (0.4, 0.4, 0.2, 0.2), strikes: Sequence[Strike] = ()
) -> Thing:
    """A thing that stays where it is throughout a shot, and has the strikes that are named."""
    n = max(1, span.n_samples * 10 // CLOCK_HZ)
    row = np.array([box], np.float32)
    return Thing(
        span=span,
        seen=span,
        place=Track(np.full((n, 1), box[0] + box[2] / 2, np.float32), 10),
        speed=Track(np.full((n, 1), 0.1, np.float32), 10),
        strikes=tuple(strikes),
        boxes=Track(np.repeat(row, n, axis=0), 10),
        samples=np.array([span.start, span.start + 1920], np.int64),
        moments=np.array([[500, 0.5, 0.5, 0.1]], np.float32),
        weight=1.0,
    )


@pytest.fixture
def fake_backend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Installs tests/fake_backend.py as a plugin, for this process and those it starts; returns its log of cues."""
    return install_fake_backend(tmp_path, monkeypatch)


def install_fake_backend(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the fixture does, in a folder of the caller's."""
    site = folder / "site"
    info = site / "fake_backend-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[vssflow_post]\nfake = fake_backend\nbroken = fake_backend_missing\n")
    for searched in (site, TESTS):
        monkeypatch.syspath_prepend(str(searched))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), str(TESTS), *sys.path]))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    for name in [name for name in os.environ if name.startswith("VSSFLOW_POST_")]:
        monkeypatch.delenv(name)
    log = folder / "cues.log"
    monkeypatch.setenv("FAKE_BACKEND_LOG", str(log))
    return log


def put_anew(source: Path, target: Path, timecode: str | None, title: str) -> None:
    """The same pictures in a container of another layout, title and comment."""
    with av.open(str(source)) as old, av.open(str(target), "w") as new:
        new.metadata.update({"title": title, "comment": title * 7} | ({"timecode": timecode} if timecode else {}))
        stream = new.add_stream_from_template(old.streams.video[0])
        for packet in old.demux(old.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                new.mux(packet)
