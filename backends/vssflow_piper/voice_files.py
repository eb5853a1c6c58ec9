"""Voices as files: an `.onnx`, the `.onnx.json` beside it that says how it is read, and what is said of its licence."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vssflow_post.errors import UsageError

ALPHABETS = "espeak", "text"
"""Kinds of phonemes that can be written here: espeak-ng's, or the characters of the text themselves."""
OURS = "en-us"
"""The accent of our own phonemes, which are understood better than espeak-ng's (docs/piper.md has the figures)."""
RATES_HZ = 8_000, 96_000
MOST_IDS, MOST_SPEAKERS, MOST_FIELDS = 1_000_000, 10_000, 100_000
MODEL_CARDS, LICENCES = ("MODEL_CARD", "MODEL_CARD.md"), ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE")
_STATED = re.compile(r"^[\s*#-]*licen[cs]e:\s*(\S.*?)\s*$", re.IGNORECASE | re.MULTILINE)
_ISO_639_1 = {"cmn": "zh"}
"""Of espeak-ng's languages, where its name is another."""


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """One voice, or several speakers in one file, as its config describes it."""

    path: Path
    """The `.onnx`."""
    name: str
    rate_hz: int
    ids: Mapping[str, tuple[int, ...]]
    """Symbol -> what the graph reads for it."""
    language: str
    """As in ISO 639-1, or espeak-ng's name of it."""
    alphabet: str
    """One of ALPHABETS."""
    espeak_voice: str
    speakers: Mapping[str, int] = field(default_factory=dict)
    """Where there are several."""
    replaced: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Symbols that the voice spells otherwise."""
    scales: tuple[float, float, float] = 0.667, 1.0, 0.8
    """How much noise the sound has, how slow it is, and how much noise its times have."""
    licence: str = ""

    @property
    def config(self) -> Path:
        return self.path.with_name(f"{self.path.name}.json")

    @property
    def asks_for_espeak(self) -> bool:
        """Whether its phonemes are espeak-ng's to say."""
        return self.alphabet == "espeak" and self.espeak_voice.lower() != OURS

    @property
    def voices(self) -> dict[str, int]:
        """The name of each voice in it, and its number."""
        if len(self.speakers) < 2:
            return {self.name: next(iter(self.speakers.values()), 0)}
        by_number = sorted(self.speakers.items(), key=lambda item: item[1])
        return {f"{self.name}/{speaker}": number for speaker, number in by_number}


def voice_file(path: Path, name: str) -> VoiceFile:
    """What the config of an `.onnx` says. Raises UsageError, one sentence that names the file, where it says too little
    or the `.onnx` breaks off."""
    config_path = path.with_name(f"{path.name}.json")
    try:
        config = json.loads(config_path.read_text("utf-8"))
        found = _described(path, name, config)
    except FileNotFoundError as error:
        raise UsageError(f"{path} has no {config_path.name} beside it, which a voice of Piper's comes with") from error
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"{config_path} does not describe a voice of Piper's: {what}") from error
    if not _is_whole(path):
        raise UsageError(f"{path} breaks off, or is no ONNX file: copy or download it again")
    return found


def _described(path: Path, name: str, config: Mapping[str, Any]) -> VoiceFile:
    ids = {str(symbol): tuple(int(k) for k in each) for symbol, each in config["phoneme_id_map"].items()}
    missing = [symbol for symbol in ("^", "$", "_") if symbol not in ids]
    rate_hz = int(config["audio"]["sample_rate"])
    espeak_voice = str(config.get("espeak", {}).get("voice", ""))
    language = re.split(r"[-_]", str(config.get("language", {}).get("code", "")) or espeak_voice)[0].lower()
    alphabet = str(config.get("phoneme_type", "espeak"))
    if missing:
        raise ValueError(f"its phoneme_id_map lacks {' '.join(missing)}")
    if not all(0 <= k < MOST_IDS for each in ids.values() for k in each):
        raise ValueError(f"its phoneme_id_map holds numbers that are not between 0 and {MOST_IDS}")
    if not RATES_HZ[0] <= rate_hz <= RATES_HZ[1]:
        raise ValueError(f"its sample_rate is {rate_hz}")
    if not language:
        raise ValueError("it states no language")
    if alphabet not in ALPHABETS:
        raise ValueError(f"its phoneme_type is {alphabet}, and only {' and '.join(ALPHABETS)} can be written here")
    inference = config.get("inference", {})
    scales = inference.get("noise_scale", 0.667), inference.get("length_scale", 1.0), inference.get("noise_w", 0.8)
    return VoiceFile(
        path,
        name,
        rate_hz,
        ids,
        _ISO_639_1.get(language, language),
        alphabet,
        espeak_voice or language,
        _speakers(config),
        {str(each): tuple(map(str, by)) for each, by in config.get("phoneme_map", {}).items()},
        (float(scales[0]), float(scales[1]), float(scales[2])),
        _licence(path, config),
    )


def _speakers(config: Mapping[str, Any]) -> dict[str, int]:
    """Those who have a name; their numbers where there are several without."""
    named = {str(speaker): int(number) for speaker, number in config.get("speaker_id_map", {}).items()}
    return named or {str(number): number for number in range(min(int(config.get("num_speakers", 1)), MOST_SPEAKERS))}


def _licence(path: Path, config: Mapping[str, Any]) -> str:
    """What config, model card or licence file state, in their words; "" where none does.

    A card tells of one voice, so that it counts where only one lies beside it.
    """
    stated = config.get("license") or config.get("licence")
    if stated:
        return str(stated)
    folder = path.parent
    if len(list(folder.glob("*.onnx"))) == 1:
        for card in (folder / name for name in MODEL_CARDS):
            found = _STATED.findall(card.read_text("utf-8", "replace")) if card.is_file() else []
            if found:
                return "; ".join(dict.fromkeys(found))
    for file in (folder / name for name in LICENCES):
        if file.is_file():
            return next((line.strip() for line in file.read_text("utf-8", "replace").splitlines() if line.strip()), "")
    return ""


def _is_whole(path: Path) -> bool:
    """Whether the file is a protocol buffer all of whose fields end where it ends; nothing but their sizes is read."""
    size = path.stat().st_size
    with path.open("rb") as file:

        def number() -> int:
            value = shift = 0
            while byte := file.read(1):
                value |= (byte[0] & 0x7F) << shift
                shift += 7
                if byte[0] < 0x80 or shift > 63:
                    return value
            return size + 1  # past the end

        for _ in range(MOST_FIELDS):
            if file.tell() >= size:
                break
            field_number, kind = divmod(number(), 8)
            if not field_number or kind not in (0, 1, 2, 5):
                return False
            skipped = number() if kind in (0, 2) else {1: 8, 5: 4}[kind]
            if kind != 0 and file.seek(min(skipped, size + 1), 1) > size:
                return False
        return size > 0 and file.tell() == size
