"""The manifest: what a folder of deliverables was made from, and the proof that it is whole. Written last."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vssflow_post.store import file_digest, publishing

NAME = "manifest.json"
VERSION = 1


def write_manifest(
    folder: Path, source_digest: str, settings_digest: str, weights_digest: str, deliverables: Sequence[Path]
) -> Path:
    """Lists `deliverables` (files in `folder`) with size and sha256; returns the manifest's path.

    Says nothing about time or machine: the same inputs give the same manifest, byte for byte.
    """
    document = {
        "version": VERSION,
        "tool": {"name": "vssflow-post", "version": _tool_version()},
        "source": source_digest,
        "settings": settings_digest,
        "weights": weights_digest,
        "deliverables": [
            {"name": path.name, "bytes": path.stat().st_size, "sha256": file_digest(path)}
            for path in sorted(deliverables, key=lambda path: path.name)
        ],
    }
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"  # ASCII: a name need not be valid Unicode
    path = folder / NAME
    with publishing(path) as temporary:
        temporary.write_text(text, encoding="ascii")
    return path


def is_complete(
    folder: Path, source_digest: str, settings_digest: str, weights_digest: str, verify: bool = False
) -> bool:
    """Whether `folder` holds everything a render of these inputs would write, so that it can be left alone.

    Sizes are compared, and a file changed after the manifest was written is digested; `verify` digests every file.
    """
    manifest = _read(folder / NAME)
    inputs = {"source": source_digest, "settings": settings_digest, "weights": weights_digest}
    wanted = {"version": VERSION, "tool": {"name": "vssflow-post", "version": _tool_version()}, **inputs}
    if any(manifest.get(key) != value for key, value in wanted.items()):
        return False
    entries = manifest.get("deliverables")
    if not isinstance(entries, list) or not entries:
        return False
    written_ns = (folder / NAME).stat().st_mtime_ns
    return all(isinstance(entry, dict) and _is_intact(folder, entry, written_ns, verify) for entry in entries)


def _is_intact(folder: Path, entry: Mapping[str, Any], written_ns: int, verify: bool) -> bool:
    name = entry.get("name")
    if not isinstance(name, str) or Path(name).name != name:
        return False
    path = folder / name
    if not path.is_file():
        return False
    stat = path.stat()
    if stat.st_size != entry.get("bytes"):
        return False
    return (not verify and stat.st_mtime_ns <= written_ns) or file_digest(path) == entry.get("sha256")


def _tool_version() -> str:
    """Version of the installed package; `source` when it runs from a source tree without one."""
    try:
        return importlib.metadata.version("vssflow-post")
    except importlib.metadata.PackageNotFoundError:
        return "source"


def _read(path: Path) -> dict[str, Any]:
    """The manifest; empty where there is none that can be read."""
    try:
        document = json.loads(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
    return document if isinstance(document, dict) else {}
