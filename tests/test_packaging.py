"""What is on disk is what is packaged: a new folder that is not listed would work here and be missing in the wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def setuptools_table() -> dict[str, Any]:
    table: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    return table


def folder_of(package: str, table: dict[str, Any]) -> Path:
    for prefix, folder in table["package-dir"].items():
        if package == prefix or package.startswith(f"{prefix}."):
            return ROOT / str(folder) / package[len(prefix) :].strip(".").replace(".", "/")
    return ROOT / package.replace(".", "/")


def test_every_package_on_disk_is_listed(setuptools_table: dict[str, Any]) -> None:
    found = {
        path.parent.relative_to(root).as_posix().replace("/", ".")
        for root in (ROOT, ROOT / "backends")
        for top in ("vssflow_post", "vssflow_dit", "vssflow_cpu", "vssflow_cuda", "vssflow_library", "vssflow_piper")
        for path in (root / top).rglob("__init__.py")
    }
    assert found <= set(setuptools_table["packages"])


def test_every_listed_package_is_on_disk(setuptools_table: dict[str, Any]) -> None:
    missing = [
        package for package in setuptools_table["packages"]
        if not (folder_of(package, setuptools_table) / "__init__.py").is_file()
    ]  # fmt: skip
    assert missing == []


def test_every_data_file_in_git_is_packaged(setuptools_table: dict[str, Any]) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    tracked = {ROOT / name for name in listed.stdout.split("\0") if name}
    packaged = {
        path
        for package, patterns in setuptools_table["package-data"].items()
        for pattern in patterns
        for each in (setuptools_table["packages"] if package == "*" else [package])
        for path in folder_of(each, setuptools_table).glob(pattern)
    }
    folders = [folder_of(package, setuptools_table) for package in setuptools_table["packages"]]
    data = {path for path in tracked if path.suffix not in (".py", ".md") and path.exists() and path.parent in folders}
    assert data <= packaged
