"""A real Ray cluster on this machine: the same files as without it, also when a worker is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from conftest import MakeFilm
from ray_cluster import running_cluster
from vssflow_post.batch.ray_crew import _placing
from vssflow_post.cli import cli
from vssflow_post.errors import UsageError
from vssflow_post.store.entries import file_digest

GIB = float(1 << 30)


def machine(cpus: float, memory: float = 64 * GIB, **more: float) -> dict[str, object]:
    return {"Alive": True, "Resources": {"CPU": cpus, "memory": memory, **more}}


def test_workers_fit_the_machines_that_are_there() -> None:
    assert _placing([machine(16), machine(4), {"Alive": False, "Resources": {}}], 0) == (10, {"num_cpus": 2})
    assert _placing([machine(16, 9 * GIB)], 0) == (2, {"num_cpus": 8})
    assert _placing([machine(2), machine(2)], 0, n_workers=4) == (4, {"num_cpus": 1})
    assert _placing([machine(0), machine(8)], 0, n_workers=1) == (1, {"num_cpus": 8})


def test_workers_share_gpus() -> None:
    nodes = [machine(32, GPU=2.0), machine(64)]
    assert _placing(nodes, 0.5) == (4, {"num_cpus": 8, "num_gpus": 0.5})
    assert _placing(nodes, 1.0) == (2, {"num_cpus": 16, "num_gpus": 1.0})
    with pytest.raises(UsageError, match="has a core and 1 of a GPU"):
        _placing([machine(64)], 1.0)


def test_a_cluster_that_is_not_there_is_wrong_usage(make_film: MakeFilm, fake_backend: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'vssflow-post[ray]'")
    film = make_film("a.mp4", n_frames=12, shots=1)
    result = CliRunner().invoke(cli, ["render", str(film), "-o", str(tmp_path / "out"), "--cluster", "nowhere"])
    assert result.exit_code == 2
    assert "no Ray cluster at nowhere" in result.stderr


@pytest.fixture
def cluster(fake_backend: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a cluster whose workers die once."""
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'vssflow-post[ray]'")
    monkeypatch.setenv("FAKE_BACKEND_FAULT", "die once")
    with running_cluster(monkeypatch) as address:
        yield address


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_cluster_delivers_what_this_machine_does_also_when_a_worker_is_killed(
    cluster: str, make_film: MakeFilm, fake_backend: Path, tmp_path: Path
) -> None:
    for name in ("films/a.mp4", "films/b.mp4", "films/c.mp4"):
        make_film(name, n_frames=25).with_suffix(".srt").write_text("1\n00:00:00,300 --> 00:00:00,800\nANNA: Hello.\n")
    command = [sys.executable, "-m", "vssflow_post", "render", "films", "-p", "draft", "--json", "-q"]
    alone = {name: value for name, value in os.environ.items() if name != "FAKE_BACKEND_FAULT"}
    for out, where, environment in (("here", [], alone), ("there", ["--cluster", cluster], dict(os.environ))):
        done = subprocess.run(
            [*command, "-o", out, "--workers", "2", *where],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["done"] == 3
    assert Path(f"{fake_backend}.died").exists()
    tries = [json.loads(line)["tries"] for line in (tmp_path / "there" / "batch.jsonl").read_text().splitlines()]
    assert sorted(tries) == [1, 1, 2]
    for film in ("a", "b", "c"):
        delivered = {path.name for path in (tmp_path / "here" / film).iterdir()}
        assert {path.name for path in (tmp_path / "there" / film).iterdir()} == delivered
        for name in delivered - {"report.json", "report.html", "manifest.json"}:  # they say how long it took
            assert file_digest(tmp_path / "there" / film / name) == file_digest(tmp_path / "here" / film / name), name
    assert not list((tmp_path / "there" / ".vssflow-post").glob("staging/*"))
