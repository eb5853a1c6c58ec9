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
from vssflow_post.generate.take_store import StoredTake, TakeStore
from vssflow_post.store.entries import Missing, Store, address, file_digest
from vssflow_post.store.publishing import publish, publishing, sweep

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


def opened(folder: Path) -> StoredTake:
    found = TakeStore(folder).open(KEY)
    assert isinstance(found, StoredTake)
    return found


@pytest.mark.parametrize(("n", "channels"), [(0, 1), (1, 1), (1000, 1), (999, 2)])
def test_a_take_comes_back_as_it_was(tmp_path: Path, n: int, channels: int) -> None:
    TakeStore(tmp_path).put(KEY, take(n, channels))
    found = opened(tmp_path)
    assert (found.id, found.notes, found.rate_hz) == ("c001", take().notes, 16_000)
    np.testing.assert_array_equal(found.read(0, n), take(n, channels).audio.samples)


def test_parts_are_read_where_they_lie(tmp_path: Path) -> None:
    original = take(1000, 2)
    stored = TakeStore(tmp_path).put(KEY, original)
    np.testing.assert_array_equal(stored.read(100, 250), original.audio.samples[:, 100:250])
    np.testing.assert_array_equal(stored.read(0, 1000), original.audio.samples)
    with pytest.raises(ValueError):
        stored.read(900, 1001)


def test_a_take_stored_in_blocks_is_the_same_file(tmp_path: Path) -> None:
    original = take(1000, 2)
    whole = TakeStore(tmp_path / "a").put(KEY, original)
    parts = np.split(original.audio.samples, [7, 700], axis=1)
    pieces = TakeStore(tmp_path / "b").put_blocks(KEY, original.id, 16_000, iter(parts), original.notes)
    assert file_digest(whole.path) == file_digest(pieces.path)


@pytest.mark.parametrize("where", [0, 2000, -30, -5, -1])
def test_a_rotten_take_is_found_by_its_digest_and_replaced(tmp_path: Path, where: int) -> None:
    path = TakeStore(tmp_path).put(KEY, take()).path
    data = bytearray(path.read_bytes())
    data[where] ^= 0x10
    path.write_bytes(data)
    store = TakeStore(tmp_path)
    assert store.open(KEY) is Missing.ROTTED
    store.put(KEY, take())
    assert np.array_equal(opened(tmp_path).read(0, take().audio.n_samples), take().audio.samples)


@pytest.mark.parametrize("n_bytes", [0, 5, 3000, 4001])
def test_a_take_that_was_cut_short_is_rotten(tmp_path: Path, n_bytes: int) -> None:
    path = TakeStore(tmp_path).put(KEY, take()).path
    os.truncate(path, n_bytes)
    assert TakeStore(tmp_path).open(KEY) is Missing.ROTTED


def test_what_was_never_put_is_absent(tmp_path: Path) -> None:
    assert TakeStore(tmp_path).open(KEY) is Missing.ABSENT


def test_rot_is_noticed_after_a_take_was_verified(tmp_path: Path) -> None:
    store = TakeStore(tmp_path)
    path = store.put(KEY, take()).path
    assert isinstance(store.open(KEY), StoredTake)
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    assert store.open(KEY) is Missing.ROTTED


def test_using_an_entry_makes_it_young(tmp_path: Path) -> None:
    path = TakeStore(tmp_path).put(KEY, take()).path
    os.utime(path, (1, 1))
    opened(tmp_path)
    assert path.stat().st_mtime > 1e9


def test_only_addresses_are_keys(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        Store(tmp_path, "take").open("../../etc/passwd")


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


def test_what_does_not_verify_is_not_published(tmp_path: Path) -> None:
    target = tmp_path / "report.json"

    def refuses(path: Path) -> None:
        raise ValueError(path.read_text())

    with pytest.raises(ValueError, match="half"), publishing(target, refuses) as temporary:
        temporary.write_text("half")
    assert list(tmp_path.iterdir()) == []


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
