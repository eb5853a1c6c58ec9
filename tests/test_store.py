"""Takes survive exactly or not at all; files get their names only when whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pytest

from vssflow_post.audio import AudioClip
from vssflow_post.backend import Take
from vssflow_post.errors import FilmFailed
from vssflow_post.store import Store, address, file_digest, publish, sweep

KEY = address({"cue": 1})


def take(n: int = 1000, channels: int = 1) -> Take:
    samples = np.random.default_rng(n).standard_normal((channels, n)).astype(np.float32)
    return Take("c001", AudioClip(samples, 16_000), ("The line did not fit its span.",))


def test_address_depends_on_content_alone() -> None:
    assert address({"a": 1, "b": [2.5, "x"]}) == address({"b": [2.5, "x"], "a": 1})
    assert address({"a": 1}) != address({"a": 2})
    assert len(KEY) == 64
    with pytest.raises(ValueError):
        address({"gain": float("nan")})
    with pytest.raises(TypeError):
        address({"path": Path("x")})


@pytest.mark.parametrize(("n", "channels"), [(0, 1), (1, 1), (1000, 1), (999, 2)])
def test_a_take_comes_back_as_it_was(tmp_path: Path, n: int, channels: int) -> None:
    Store(tmp_path).put(KEY, take(n, channels))
    found = Store(tmp_path).get(KEY)
    assert found is not None
    assert (found.id, found.notes, found.audio.rate_hz) == ("c001", take().notes, 16_000)
    np.testing.assert_array_equal(found.audio.samples, take(n, channels).audio.samples)


def test_parts_are_read_where_they_lie(tmp_path: Path) -> None:
    original = take(1000, 2)
    stored = Store(tmp_path).put(KEY, original)
    np.testing.assert_array_equal(stored.read(100, 250), original.audio.samples[:, 100:250])
    np.testing.assert_array_equal(stored.array(), original.audio.samples)
    with pytest.raises(ValueError):
        stored.read(900, 1001)


def test_a_take_stored_in_blocks_is_the_same_file(tmp_path: Path) -> None:
    original = take(1000, 2)
    whole = Store(tmp_path / "a").put(KEY, original)
    parts = np.split(original.audio.samples, [7, 700], axis=1)
    pieces = Store(tmp_path / "b").put_blocks(KEY, original.id, 16_000, iter(parts), original.notes)
    assert file_digest(whole.path) == file_digest(pieces.path)


@pytest.mark.parametrize("where", [0, 2000, -30, -5, -1])
def test_a_rotten_take_is_absent_and_removed(tmp_path: Path, where: int) -> None:
    path = Store(tmp_path).put(KEY, take()).path
    data = bytearray(path.read_bytes())
    data[where] ^= 0x10
    path.write_bytes(data)
    store = Store(tmp_path)
    assert store.get(KEY) is None
    assert not path.exists()
    store.put(KEY, take())
    assert store.get(KEY) is not None


@pytest.mark.parametrize("n_bytes", [0, 5, 3000, 4001])
def test_a_take_that_was_cut_short_is_absent(tmp_path: Path, n_bytes: int) -> None:
    path = Store(tmp_path).put(KEY, take()).path
    os.truncate(path, n_bytes)
    assert Store(tmp_path).open(KEY) is None


def test_rot_is_noticed_after_a_take_was_verified(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = store.put(KEY, take()).path
    assert store.open(KEY) is not None
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    assert store.open(KEY) is None


def test_only_addresses_are_keys(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        Store(tmp_path).get("../../etc/passwd")


def test_publish_keeps_the_old_file_when_writing_fails(tmp_path: Path) -> None:
    target = tmp_path / "report.json"
    target.write_text("old")

    def breaks(path: Path) -> None:
        path.write_text("half of the n")
        raise RuntimeError("pulled the plug")

    with pytest.raises(RuntimeError):
        publish(target, breaks)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]
    publish(target, lambda path: path.write_text("new"))
    assert target.read_text() == "new"


def test_a_full_disk_is_a_verdict(tmp_path: Path) -> None:
    def fills(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(FilmFailed) as caught:
        publish(tmp_path / "x.wav", fills)
    assert caught.value.full_verdict == "failed:no_space"


def test_names_of_255_bytes_can_be_published(tmp_path: Path) -> None:
    target = tmp_path / ("n" * 251 + ".wav")
    publish(target, lambda path: path.write_bytes(b"x"))
    assert target.read_bytes() == b"x"


def test_sweep_removes_what_dead_runs_left(tmp_path: Path) -> None:
    dead, alive, other = (
        tmp_path / ".vssflow-4194305-0.tmp.wav",
        tmp_path / f".vssflow-{os.getpid()}-0.tmp",
        tmp_path / "x",
    )
    for path in (dead, alive, other):
        path.touch()
    sweep(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([alive, other])
