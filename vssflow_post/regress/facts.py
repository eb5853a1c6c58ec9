"""The exact facts of one render: what must be the same on every machine, as a flat table of names and values.

Nothing in it depends on time, on the machine, or on where the film lies and what its file is called.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vssflow_post.audio import MIX
from vssflow_post.errors import UsageError
from vssflow_post.regress.file_facts import film_facts, wave_facts

FILMS = (".mp4", ".mov", ".mkv", ".m4v", ".webm", ".avi", ".mxf", ".ts")
TEXTS = (".srt", ".vtt", ".otio", ".csv", ".edl", ".fcpxml", ".rpp")
_VOLATILE = {"seconds", "cached", "seen"}
"""Keys of a cue that change from run to run, or, by a hundredth, from processor to processor."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """The folder of one film as `render` left it."""

    folder: Path
    stem: str
    """What its files are called."""

    def wave(self, name: str) -> Path:
        """The WAV of a stem or `MIX`."""
        return self.folder / f"{self.stem}_{name}.wav"

    @property
    def waves(self) -> dict[str, Path]:
        """The WAVs that are there, by name, the mix first."""
        pattern = re.compile(re.escape(self.stem) + r"_([A-Z]{2,3})\.wav")
        names = sorted(match[1] for path in self.folder.iterdir() if (match := pattern.fullmatch(path.name)))
        return {name: self.wave(name) for name in sorted(names, key=lambda name: name != MIX)}

    @property
    def picture(self) -> Path | None:
        """The film with the mix."""
        return next((path for suffix in FILMS if (path := self.folder / f"{self.stem}{suffix}").is_file()), None)


def rendered_in(folder: Path) -> Rendered:
    """The render in `folder`, told by its report. Raises UsageError where there is none."""
    mixes = sorted(folder.glob(f"*_{MIX}.wav")) if folder.is_dir() else []
    stems = [path.name.removesuffix(f"_{MIX}.wav") for path in mixes]
    if len(stems) > 1:  # a character may be called MIX, and so the take of a line
        stems = [stem for stem in stems if (folder / f"{stem}.cues.json").is_file()]
    if len(stems) != 1:
        raise UsageError(f"there is no render in {folder}: it has {len(stems)} files that end in _{MIX}.wav, not one")
    return Rendered(folder, stems[0])


def facts_of(rendered: Rendered) -> dict[str, object]:
    """All exact facts, by name."""
    facts: dict[str, object] = {"files": _files(rendered)}
    facts.update(_report_facts(rendered.folder / "report.json"))
    facts.update(_cue_facts(rendered.folder / f"{rendered.stem}.cues.json"))
    for name, path in rendered.waves.items():
        facts.update({f"{name}: {fact}": value for fact, value in wave_facts(path, rendered.stem).items()})
    facts.update(_picture_facts(rendered.picture))
    for suffix in TEXTS:
        for path in sorted(rendered.folder.glob(f"*{suffix}")):
            name = path.name.replace(rendered.stem, "{clip}", 1)
            facts[f"{name}: content"] = _digest(_neutral(path.read_text("utf-8", "surrogateescape"), rendered))
    return facts


def differing(golden: Mapping[str, object], new: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """(name, golden's value, new value) of every fact that is not the same; None for one that is not there."""
    for name in [*golden, *(name for name in new if name not in golden)]:
        if golden.get(name) != new.get(name):
            yield name, golden.get(name), new.get(name)


def _files(rendered: Rendered) -> list[str]:
    """What was delivered and is there."""
    listed = _json(rendered.folder / "manifest.json").get("deliverables", [])
    names = [str(entry["name"]) for entry in listed if (rendered.folder / str(entry["name"])).is_file()]
    return sorted(name.replace(rendered.stem, "{clip}", 1) for name in names)


def _report_facts(path: Path) -> dict[str, object]:
    report = _json(path)
    loudness, null_test = report.get("loudness") or {}, report.get("null_test") or {}
    facts: dict[str, object] = {
        "verdict": report.get("verdict"),
        "warnings": [_without_numbers(str(sentence)) for sentence in report.get("warnings", [])],
        "null test": null_test.get("largest_difference"),
        "M&E null test": (report.get("me_null_test") or {}).get("largest_difference"),
        "loudness verdict": _without_numbers(str(loudness.get("verdict"))),
    }
    for key in ("specification", "target_lufs", "ceiling_dbtp", "measure"):
        facts[f"loudness {key}"] = loudness.get(key)
    for member in report.get("cast", []):
        facts[f"cast {member['speaker']}"] = [member["voice"], member["gain_db"], member["pan"]]
    return facts


def _cue_facts(path: Path) -> dict[str, object]:
    sheet = _json(path)
    facts: dict[str, object] = {f"film {key}": value for key, value in sheet.get("film", {}).items() if key != "path"}
    for scene in sheet.get("scenes", []):
        facts[f"scene {scene['index'] + 1}"] = [scene["start_s"], scene["end_s"]]
    for cue in sheet.get("cues", []):
        told = {key: value for key, value in cue.items() if key not in _VOLATILE | {"id"}}
        facts[f"cue {cue['id']}"] = told | ({"file": Path(cue["file"]).name} if "file" in cue else {})
    return facts


def _picture_facts(path: Path | None) -> dict[str, object]:
    import av

    if path is None:
        return {"picture": "none"}
    try:
        return {f"picture: {fact}": value for fact, value in film_facts(path).items()}
    except av.error.FFmpegError as error:
        return {"picture": f"cannot be read: {error.strerror}"}


def _neutral(text: str, rendered: Rendered) -> str:
    """The text with every name that stands for the film told as `{film}`, without the folders before it; of an edit
    decision list, title and reels are such names."""
    sheet = _json(rendered.folder / f"{rendered.stem}.cues.json")
    film = Path(str(sheet.get("film", {}).get("path", "")))
    for file in {str(cue["file"]) for cue in sheet.get("cues", []) if "file" in cue}:
        text = text.replace(file, Path(file).name)
    text = re.sub(r"file://[^\"'<>\s]*/", "", text).replace(f"{film.parent}/", "")
    text = re.sub(r"^TITLE:.*|^(\d{3,6}  )\S+ +", r"\1{film} ", text, flags=re.M)
    for name in sorted({film.stem, rendered.stem} - {""}, key=len, reverse=True):
        text = re.sub(rf"(?<![^\s\"',/:>]){re.escape(name)}(?=[\"',<._]|\s*$)", "{film}", text, flags=re.M)
    return text


def _without_numbers(sentence: str) -> str:
    """A sentence whose numbers may differ by rounding from machine to machine."""
    return re.sub(r"-?\d+(\.\d+)?", "#", sentence)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _json(path: Path) -> dict[str, Any]:
    """A file of the render; empty where it is not there or broken, which the facts then show."""
    try:
        content = json.loads(path.read_text("utf-8", "surrogateescape"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
