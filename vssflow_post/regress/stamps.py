"""The stamp of a render: what its bits may depend on beside its inputs. Same stamp, same bytes."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
from collections.abc import Mapping
from pathlib import Path

PACKAGES = ("vssflow-post", "torch", "numpy", "scipy", "soxr", "av", "opencv-python-headless", "scenedetect-headless")
"""Whose arithmetic, or decoding, a render goes through."""
SWITCHES = (
    "ATEN_CPU_CAPABILITY",
    "ONEDNN_MAX_CPU_ISA",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "OPENBLAS_CORETYPE",
)
"""Environment variables that choose among the kernels of a processor."""
_ISA = ("avx2", "fma", "avx512f", "avx512_bf16", "amx_bf16", "neon", "asimd", "sve")


def stamp_of(report: Mapping[str, object]) -> dict[str, str]:
    """The stamp of a render on this machine; `report` is its report.json."""
    told = report.get("backends")
    backends = [facts for facts in told if isinstance(facts, dict)] if isinstance(told, list) else []
    stamp = {name: _version(name) for name in PACKAGES}
    stamp["backend"] = " ".join(str(facts.get("name", "")) for facts in backends)
    stamp["weights"] = " ".join(str(facts.get("weights", "")).rpartition(" ")[2] for facts in backends)
    stamp["device"] = re.sub(r",? \d+ threads", "", " ".join(str(facts.get("device", "")) for facts in backends))
    stamp["processor"] = processor_class()
    stamp.update({name: os.environ[name] for name in SWITCHES if name in os.environ})
    return stamp


def processor_class() -> str:
    """Model and the vector instructions that libraries choose their kernels by."""
    model, flags = platform.processor() or platform.machine(), ""
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text("utf-8", "replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                model = value.strip()
            elif key.strip().lower() in ("flags", "features"):
                flags = " ".join(name for name in _ISA if name in value.split())
            elif not key.strip() and flags:
                break
    return f"{platform.machine()} {model} {flags}".strip()


def apart(golden: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    """What two stamps differ in, as words; nothing where bytes must be the same."""
    names = [*golden, *(name for name in new if name not in golden)]
    return [
        f"{name}: {golden.get(name) or 'none'}, now {new.get(name) or 'none'}"
        for name in names
        if golden.get(name) != new.get(name)
    ]


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"
