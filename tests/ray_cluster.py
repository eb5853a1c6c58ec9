"""A Ray cluster on this machine, for tests."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


def free_port() -> int:
    with socket.socket() as sought:
        sought.bind(("", 0))
        return int(sought.getsockname()[1])


@contextmanager
def running_cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its address. What stands in the environment now, its workers have too."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_raylet_start_wait_time_s", "200")
    from ray.cluster_utils import Cluster

    # A machine with much to do takes longer to find ports than Ray waits for them.
    ports = {f"{name}_port": free_port() for name in ("metrics_agent", "metrics_export", "dashboard_agent_listen")}
    ports["runtime_env_agent_port"] = free_port()
    running = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False, **ports})
    yield running.address
    running.shutdown()
