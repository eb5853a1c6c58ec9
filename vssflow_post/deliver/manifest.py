"""The manifest: what a folder of deliverables was made from, and the proof that it is whole. Written last."""

from __future__ import annotations

import importlib.metadata
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from vssflow_post.audio import MIX
from vssflow_post.store.entries import file_digest
from vssflow_post.store.publishing import publish_bytes
from vssflow_post.store.reading import read_json

MANIFEST = "manifest.json"
VERSION = 1
TOOL = "vssflow-post"


def write_manifest(
    folder: Path,
    source_digest: str,
    settings_digest: str,
    weights_digest: str,
    deliverables: Sequence[Path],
    recordings: Sequence[tuple[str, str]] = (),
) -> Path:
    """Lists `deliverables` (files in `folder`) with size and sha256; returns the manifest's path.

    `recordings` are the user's own that went into them: names and digests.

    It says nothing itself about time or machine; the report, which it lists, does.
    """
    ordered = sorted(deliverables, key=lambda path: path.name)
    with ThreadPoolExecutor() as readers:
        digests = readers.map(file_digest, ordered)
    document = {
        "version": VERSION,
        "tool": {"name": TOOL, "version": tool_version()},
        "source": source_digest,
        "settings": settings_digest,
        "weights": weights_digest,
        "recordings": [{"name": name, "sha256": digest} for name, digest in recordings],
        "deliverables": [
            {"name": path.name, "bytes": path.stat().st_size, "sha256": digest}
            for path, digest in zip(ordered, digests, strict=True)
        ],
    }
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"  # ASCII: a name need not be valid Unicode
    path = folder / MANIFEST
    publish_bytes(path, text.encode("ascii"))
    return path


def is_complete(folder: Path, source_digest: str, settings_digest: str, weights_digest: str) -> bool:
    """Whether `folder` holds everything a render of these inputs would write; every file is digested."""
    manifest = _read(folder / MANIFEST)
    inputs = {"source": source_digest, "settings": settings_digest, "weights": weights_digest}
    wanted = {"tool": {"name": TOOL, "version": tool_version()}, **inputs}
    return all(manifest.get(key) == value for key, value in wanted.items()) and not any(faults_of(folder))


def is_of(folder: Path, film: Path) -> bool:
    """Whether the manifest in `folder` is of this very film; the film is digested."""
    try:
        return _read(folder / MANIFEST).get("source") == file_digest(film)
    except OSError:
        return False


def faults_of(folder: Path) -> Iterator[str]:
    """A sentence for each way in which a folder's files are not what its manifest says; every file is digested."""
    manifest = _read(folder / MANIFEST)
    if not manifest:
        yield f"{MANIFEST} is missing or cannot be read: the film is not finished, render it again"
        return
    entries = manifest.get("deliverables")
    if manifest.get("version") != VERSION or not isinstance(entries, list) or not entries:
        yield f"{MANIFEST} is not a manifest of version {VERSION}"
        return
    for entry in entries:
        fault = _fault_of(folder, entry)
        if fault is not None:
            yield fault


def listed(manifest: Path) -> set[str]:
    """Names of the deliverables that a manifest lists; none where it cannot be read."""
    entries = _read(manifest).get("deliverables")
    names = [entry.get("name") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {name for name in names if isinstance(name, str) and Path(name).name == name}


def film_folders(root: Path) -> Iterator[Path]:
    """The folders at or below `root` that hold a film's deliverables, sorted; also one whose manifest is lost."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        here = Path(folder)
        if _read(here / MANIFEST) or f"{here.resolve().name}_{MIX}.wav" in files:
            yield here


def _read(manifest: Path) -> dict[str, Any]:
    """A manifest; empty where there is none that can be read, or that of another program."""
    return read_json(manifest, lambda document: document if document["tool"]["name"] == TOOL else None) or {}


def _fault_of(folder: Path, entry: object) -> str | None:
    if not isinstance(entry, Mapping) or not isinstance(name := entry.get("name"), str) or Path(name).name != name:
        return f"{MANIFEST} lists something that is no file name"
    path = folder / name
    try:
        if not path.is_file():
            return f"{name} is missing"
        n_bytes = path.stat().st_size
        if n_bytes != entry.get("bytes"):
            return f"{name} has {n_bytes} bytes instead of {entry.get('bytes')}"
        if file_digest(path) != entry.get("sha256"):
            return f"{name} is not the file that was delivered: its digest differs"
    except OSError as error:
        return f"{name} cannot be read: {error.strerror}"
    return None


def tool_version() -> str:
    """Version of the installed package; `source` when it runs from a source tree without one."""
    try:
        return importlib.metadata.version("vssflow-post")
    except importlib.metadata.PackageNotFoundError:
        return "source"
