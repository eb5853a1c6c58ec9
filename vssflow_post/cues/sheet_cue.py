"""One cue of a sheet, read strictly: every fault names its place and its key."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from vssflow_post.cues.strict_json import JsonFault, JsonPath, Table, shown
from vssflow_post.media.frame_rates import label_rate
from vssflow_post.timeline import (
    BED,
    CLOCK_HZ,
    LAYERS,
    MOST_OF_A_PROMPT,
    SPOT,
    USUAL_DUCK_DB,
    Cue,
    Recording,
    Scene,
    Span,
    samples_from_frame,
    samples_from_seconds,
)

ROUNDING = CLOCK_HZ // 1000
"""Times typed with three decimals may be this far off (in samples): such overlaps are trimmed, not refused."""
MAX_SECONDS = 7 * 24 * 3600.0
MAX_SEED = 2**31 - 1
MOST_SHIFT_FRAMES = 10_000_000
MOST_TAKES = 9
MOST_THINGS, MOST_LABELS = 3, 50
"""Of a scene and of a cue: what is written has no more."""

_CUE_KEYS = (
    *("id", "scene", "kind", "start_s", "end_s", "text", "speaker", "voice", "sound", "origin", "gain_db", "seed"),
    *("layer", "thing", "seen", "take", "takes", "direction", "language", "made_by"),
    *("file", "in_s", "fade_in_s", "fade_out_s", "match_loudness", "duck_db"),
    *("shift_s", "shift_frames", "mute", "lock"),
)
_RECORDING_KEYS = ("in_s", "fade_in_s", "fade_out_s", "match_loudness", "duck_db")
_KINDS = ("speech", "sound", "music")
_MEANINGLESS = {
    "speech": ("sound", "duck_db"),
    "sound": ("text", "speaker", "voice", "direction", "language", "match_loudness", "duck_db"),
    "music": (
        *("text", "speaker", "voice", "direction", "language", "sound", "layer", "thing", "take", "takes"),
        *("match_loudness", "made_by"),
    ),
}
"""Keys that a kind of cue does not have."""
MOST_FADE_S, MOST_DUCK_DB = 3600.0, 60.0
_CUE_REQUIRED = ("id", "kind", "start_s", "end_s")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class Reel(Protocol):
    """What a sheet has to know of its film, in its own words where the film is not at hand."""

    @property
    def duration(self) -> Span: ...

    @property
    def frame_rate(self) -> Fraction: ...

    @property
    def start_timecode(self) -> str | None: ...

    @property
    def start_sample(self) -> int: ...

    @property
    def variable_rate(self) -> bool: ...

    @property
    def label_rate(self) -> Fraction: ...


@dataclass(frozen=True, slots=True)
class Described:
    """A film as its sheet describes it."""

    duration: Span
    frame_rate: Fraction
    start_timecode: str | None = None
    start_sample: int = 0
    variable_rate: bool = False

    @property
    def label_rate(self) -> Fraction:
        """The rate at which its timecode counts."""
        return label_rate(self.frame_rate)


def cue_seed(seed: int, kind: str, span: Span, text: str, layer: str = "") -> int:
    """The seed of a cue (31 bits), from the job's seed and from what the cue is."""
    identity = f"{seed}\0{kind}\0{span.start}\0{span.end}\0{text}"
    if layer in (BED, SPOT):  # what lies over another sound of the same span is another sound
        identity += f"\0{layer}"
    return int.from_bytes(sha256(identity.encode()).digest()[:4], "big") & MAX_SEED


def take_seed(seed: int, take: int) -> int:
    """The seed of take `take` of a cue, from 1; the first has the cue's own."""
    return seed if take == 1 else int.from_bytes(sha256(f"{seed}\0take {take}".encode()).digest()[:4], "big") & MAX_SEED


def read_cue(
    content: object, place: tuple[str, JsonPath], scenes: Sequence[Scene], reel: Reel, seed: int, home: Path
) -> tuple[Cue | None, list[JsonFault]]:
    """The cue that an item of a sheet stands for, or everything that is wrong with it.

    `place` is where it stands, in words and as a path; `home` is the folder that recordings are named from.
    """
    faults: list[JsonFault] = []
    passed: set[str] = set()
    while True:
        try:
            cue = _cue(Table(content, place[0], _CUE_KEYS, _CUE_REQUIRED, place[1]), scenes, reel, seed, home)
            return (None if faults else cue), faults
        except JsonFault as fault:
            key = fault.path[len(place[1])] if fault.path and len(fault.path) > len(place[1]) else None
            if key not in passed:
                faults.append(fault)
            if not isinstance(content, Mapping) or key is None or key in passed:
                return None, faults
            passed.add(key)
            content = _passed_over(content, key, reel.duration.end_s)


def _passed_over(content: Mapping[str, object], key: str, film_s: float) -> dict[str, object]:
    """The cue with something right where a key is wrong or missing, so that its other faults are found."""
    left = {name: value for name, value in content.items() if name != key}
    if key in ("start_s", "end_s"):  # how far it may be moved is not known then
        left = {name: value for name, value in left.items() if name not in ("shift_s", "shift_frames")}
    if key == "kind":
        kind = "speech" if {"text", "speaker", "voice"} & set(left) else "music" if "duck_db" in left else "sound"
        return {"kind": kind, **{name: value for name, value in left.items() if name not in _MEANINGLESS[kind]}}
    right: dict[str, object] = {"id": "cue", "start_s": 0.0, "end_s": film_s, "file": "recording"}
    return {**left, key: right[key]} if key in right else left


def _cue(table: Table, scenes: Sequence[Scene], reel: Reel, seed: int, home: Path) -> Cue:
    """`home` is the folder that recordings are named from."""
    identity = table.text("id")
    if not _ID.fullmatch(identity):
        raise table.fault("id", f"must be letters, digits, '.', '_' or '-', not {shown(identity)}")
    kind = table.text("kind")
    if kind not in _KINDS:
        raise table.fault("kind", f'must be "speech", "sound" or "music", not {shown(kind)}')
    span = span_in(table, reel.duration)
    for key in _MEANINGLESS[kind]:
        if table.value(key) not in (None, ""):
            raise table.fault(key, f"has no meaning for a {kind} cue")
    here = bisect_right(scenes, span.start, key=lambda scene: scene.span.start) - 1
    text, layer = table.text("text"), table.text("layer")
    if layer not in ("", *LAYERS):
        raise table.fault("layer", f"must be {', '.join(LAYERS)} or nothing, not {shown(layer)}")
    return Cue(
        id=identity,
        scene=table.whole("scene", 0, max(0, len(scenes) - 1)) if "scene" in table else here,
        kind=kind,
        span=span,
        text=text,
        speaker=table.optional_text("speaker"),
        voice=table.optional_text("voice"),
        sound=table.text("sound", max_characters=MOST_OF_A_PROMPT),
        origin=table.text("origin", "user", max_characters=64),
        gain_db=table.number("gain_db", -120.0, 24.0),
        seed=table.whole("seed", 0, MAX_SEED) if "seed" in table else cue_seed(seed, kind, span, text, layer),
        layer=layer,
        thing=table.whole("thing", 0, MOST_THINGS - 1) if "thing" in table else None,
        seen=_seen(table),
        take=table.whole("take", 1, MOST_TAKES) if "take" in table else 1,
        takes=table.whole("takes", 1, MOST_TAKES) if "takes" in table else 0,
        direction=table.text("direction", max_characters=MOST_OF_A_PROMPT),
        language=_language(table),
        made_by=table.text("made_by", max_characters=64),
        recording=_recording(table, kind, home),
        shift=_shift(table, span, reel),
        is_muted=table.flag("mute", False),
        is_locked=table.flag("lock", False),
    )


def _language(table: Table) -> str:
    """The language of a tag such as `de` or `de-AT`, in small letters; "" where there is none."""
    tag = table.text("language", max_characters=35).strip()
    if tag and not _LANGUAGE.fullmatch(tag):
        raise table.fault("language", f"must be a language as in ISO 639-1, such as en or de, not {shown(tag)}")
    return tag.partition("-")[0].lower()


def _shift(table: Table, span: Span, reel: Reel) -> int:
    """By how many samples the cue is heard later; it stays in the reel."""
    if "shift_s" in table and "shift_frames" in table:
        raise table.fault("shift_frames", "says the same as 'shift_s': leave one of them out")
    key = "shift_frames" if "shift_frames" in table else "shift_s"
    if key == "shift_frames":
        n_frames = table.whole(key, -MOST_SHIFT_FRAMES, MOST_SHIFT_FRAMES)
        shift = samples_from_frame(n_frames, reel.frame_rate)
    else:
        shift = samples_from_seconds(table.number(key, -MAX_SECONDS, MAX_SECONDS))
    if shift and not (reel.duration.start <= span.start + shift and span.end + shift <= reel.duration.end):
        raise table.fault(key, "moves the cue out of the film")
    return shift


def _recording(table: Table, kind: str, home: Path) -> Recording | None:
    """The file that is heard in a cue; None where a backend makes it."""
    file = table.optional_text("file", max_characters=1000)
    if not (file and file.strip()):
        if kind == "music":
            raise table.fault("file", "is missing: music is a recording, and nothing makes it")
        for key in _RECORDING_KEYS:
            if table.value(key) is not None:
                raise table.fault(key, "is of a recording, and the cue has no 'file'")
        return None
    return Recording(
        file=home / file,
        in_s=table.number("in_s", 0.0, MAX_SECONDS),
        fade_in_s=table.number("fade_in_s", 0.0, MOST_FADE_S),
        fade_out_s=table.number("fade_out_s", 0.0, MOST_FADE_S),
        match_loudness=table.flag("match_loudness", True),
        duck_db=table.number("duck_db", 0.0, MOST_DUCK_DB, USUAL_DUCK_DB),
    )


def _seen(table: Table) -> dict[str, float]:
    """Labels with their confidences."""
    content = table.value("seen") or {}
    if not isinstance(content, dict) or len(content) > MOST_LABELS:
        raise table.fault("seen", f"must be an object of at most {MOST_LABELS} labels with confidences")
    labels = Table(content, f"{table.where}: seen", [*content], [], (*table.path, "seen"))
    return {label: labels.number(label, 0.0, 1.0) for label in content}


def span_in(table: Table, duration: Span) -> Span:
    """The table's span inside the film."""
    start = samples_from_seconds(table.number("start_s", 0.0, MAX_SECONDS))
    end = samples_from_seconds(table.number("end_s", 0.0, MAX_SECONDS))
    if end > duration.end + ROUNDING:
        raise table.fault("end_s", f"lies after the end of the film, {duration.end_s:.6f} s")
    end = min(end, duration.end)
    if start >= end:
        raise table.fault("end_s", f"must lie after 'start_s' ({start / CLOCK_HZ:.6f})")
    return Span(start, end)


def place_of(content: object, position: int) -> str:
    name = content.get("id") if isinstance(content, dict) else None
    return f"cues[{position}]" + (f" ({name})" if isinstance(name, str) and _ID.fullmatch(name) else "")
