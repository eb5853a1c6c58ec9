"""One run holds an output folder; what killed runs left in it is removed, and their processes are waited for."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from vssflow_post.errors import UsageError
from vssflow_post.store.output_folder import OutputFolder, join_run, output_lock


def test_one_wins(tmp_path: Path) -> None:
    with output_lock(OutputFolder(tmp_path)):
        began = time.monotonic()
        with pytest.raises(UsageError, match="another run is writing into"), output_lock(OutputFolder(tmp_path)):
            pass
        assert time.monotonic() - began < 1
    with output_lock(OutputFolder(tmp_path)):
        pass


def test_what_was_left_unfinished_is_removed(tmp_path: Path) -> None:
    state = OutputFolder(tmp_path).state
    kept = [state / "takes" / "ab" / f"{'ab' * 32}.take", state / "errors" / "a.txt", tmp_path / "mine.tmp"]
    left = [
        state / "takes" / "ab" / f".vssflow-{os.getpid()}-7.tmp",  # the number of a killed process may be given again
        state / "staging" / "a" / "a_MIX.wav",
        tmp_path / ".vssflow-4194305-0.tmp.json",
    ]
    for path in (*kept, *left):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with output_lock(OutputFolder(tmp_path)):
        assert [path for path in left if path.exists()] == []
        assert [path for path in kept if not path.exists()] == []


def test_a_run_waits_for_processes_of_one_that_was_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with output_lock(OutputFolder(tmp_path)):
        worker = join_run(OutputFolder(tmp_path))
    threading.Timer(0.3, os.close, [worker]).start()
    began = time.monotonic()
    with output_lock(OutputFolder(tmp_path)):
        assert time.monotonic() - began >= 0.25
        worker = join_run(OutputFolder(tmp_path))
    monkeypatch.setattr("vssflow_post.store.output_folder._WAIT_S", 0.1)
    with pytest.raises(UsageError, match="are still writing into"), output_lock(OutputFolder(tmp_path)):
        pass
    os.close(worker)
