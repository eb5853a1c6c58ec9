"""What a session on a lent GPU brings back is small files, and at home the run is there again and goes on."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch


@pytest.fixture(scope="module")
def session() -> ModuleType:
    path = Path(__file__).parent.parent / "benchmarks" / "device_session.py"
    spec = importlib.util.spec_from_file_location("device_session", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["device_session"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_run_comes_back_in_small_files(session: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "PART", 50_000)
    run = tmp_path / "run"
    for name in ("weights", "dit", "vocoder"):
        (run / name).mkdir(parents=True)
    (run / "weights" / "model.safetensors").write_bytes(bytes(range(256)) * 500)
    (run / "dit" / "log.jsonl").write_text('{"step": 25, "seconds": 40.0}\n{"step": 1025, "seconds": 60.0}\n')
    layer = torch.nn.Linear(16, 16)
    optimizer = torch.optim.AdamW(layer.parameters(), torch.tensor(1e-3), fused=True)
    layer(torch.randn(4, 16)).square().sum().backward()
    optimizer.step()
    state = {"vocoder": layer.state_dict(), "optimizer": optimizer.state_dict(), "step": 7}
    torch.save(state, run / "vocoder" / "checkpoint.pt")

    session.bundle(run, tmp_path / "out")
    parts = list((tmp_path / "out").iterdir())
    assert len(parts) > 2
    assert all(part.stat().st_size <= 50_000 for part in parts)
    session.join(tmp_path / "out", tmp_path / "home")
    weights = Path("weights") / "model.safetensors"
    assert (tmp_path / "home" / weights).read_bytes() == (run / weights).read_bytes()
    assert session.rate(tmp_path / "home" / "dit" / "log.jsonl") == pytest.approx(50.0)

    back = torch.load(tmp_path / "home" / "vocoder" / "checkpoint.pt", weights_only=True)
    optimizer.load_state_dict(back["optimizer"])
    kept = optimizer.state_dict()
    assert kept["param_groups"][0]["lr"].dtype == torch.float32
    assert kept["state"][0]["step"] == 1
    assert kept["state"][0]["exp_avg_sq"].dtype == torch.float32
    for name, value in state["optimizer"]["state"][0].items():
        assert torch.allclose(kept["state"][0][name], value, rtol=0.01)


def test_its_command_needs_no_installation(session: ModuleType, tmp_path: Path) -> None:
    command = session.train_command(tmp_path, tmp_path, "--part", "vocoder")
    assert command[2].startswith("from vssflow_dit.commands")
    paths = session.environment()["PYTHONPATH"].split(":")
    assert (Path(paths[0]) / "vssflow_dit").is_dir()
    assert (Path(paths[1]) / "vssflow_post").is_dir()


def test_it_gives_up_where_a_part_does_not_learn(
    session: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "START_S", 0.4)
    (tmp_path / "dit").mkdir()
    (tmp_path / "dit" / "log.jsonl").write_text('{"step": 25}\n')
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as idle:
        with pytest.raises(SystemExit, match="does not learn"):
            session.watch(idle, tmp_path)
        idle.kill()
    with subprocess.Popen([sys.executable, "-c", ""]) as done:
        session.watch(done, tmp_path / "other")
