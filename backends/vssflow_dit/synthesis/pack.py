"""A pack: training data small enough to carry to another machine.

What only the teachers can say and what was recorded travels as Opus, phonemes and their times as they are; sounds that
are computed travel as the recipe that they are computed by, and are made where the pack is opened.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from vssflow_dit.synthesis.packages import Package
from vssflow_dit.synthesis.packages import decoded as waveform
from vssflow_dit.synthesis.recorded_speech import RECORDED
from vssflow_dit.synthesis.recordings import sources
from vssflow_dit.synthesis.sound_shards import Recipe, write_sounds
from vssflow_dit.synthesis.speech import SpeechSet, Utterance, write_speech
from vssflow_dit.synthesis.waves import RATE_HZ, Wave
from vssflow_post.errors import UsageError
from vssflow_post.progress import OnProgress, Progress

Samples = npt.NDArray[np.int16]
SPEECH_LEVEL, SOUND_LEVEL = 0.95, 0.9
"""libsndfile's `compression_level`: about 19 and 31 kb/s, in a band of 12 kHz."""
LOST = 1
"""Samples that libsndfile's Opus decoder leaves out at the beginning beyond what the encoder put there."""
SHARD_S = 240.0
"""Speech of a file: many files are coded at once."""
RECORD, PACK = "data.json", "pack"
"""What says what data are, and its entry that says what a pack of them holds."""


def coded(audio: Samples | Wave, level: float = SPEECH_LEVEL) -> bytes:
    """(n,) at RATE_HZ as Opus in Ogg."""
    file = BytesIO()
    soundfile.write(file, audio, RATE_HZ, format="OGG", subtype="OPUS", compression_level=level)
    return file.getvalue()


def decoded(opus: bytes) -> Samples:
    """As many samples as were coded, each at its time."""
    audio, _ = soundfile.read(BytesIO(opus), dtype="int16")
    return np.concatenate([np.zeros(LOST, np.int16), audio[:-LOST]])


def write_pack(data: Path, out: Path, megabytes: float, workers: int, report: OnProgress) -> str:
    """Packs what `synthesise_all` made in `data` into a new folder of at most `megabytes`; returns the pack's digest.

    Sentences are left out, at random, where they do not fit: every voice keeps its share. Raises UsageError where
    `data` is not complete, or `out` holds something.
    """
    if not (data / RECORD).exists():
        raise UsageError(f"{data} has no {RECORD}, which `model synthesise` writes when it is done")
    record = json.loads((data / RECORD).read_text("utf-8"))
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out} is not empty: a pack wants a folder of its own")
    (out / "speech").mkdir(parents=True)
    with ThreadPoolExecutor(workers) as pool:
        left = megabytes * 1e6 - 1e5  # for the record
        left -= _pack_recordings(record, out / "recordings", pool)
        left -= _pack_prompts(data / "speech" / RECORDED, out / "speech" / "recorded.opus")
        shards = _coded_in_turn(SpeechSet(data / "speech"), pool, 2 * workers, report)
        hours = _pack_sentences(shards, out / "speech", left)
    files = {path.relative_to(out).as_posix(): _sha(path) for path in sorted(out.rglob("*")) if path.is_file()}
    digest = hashlib.sha256(json.dumps([record["digest"], files]).encode()).hexdigest()
    first = json.loads(min((data / "sounds").glob("*.json")).read_text("utf-8"))
    sounds = {"seed": first["recipe"]["seed"], "classes": first["recipe"]["classes"]}
    record[PACK] = {"digest": digest, "hours": hours, "sounds": sounds, "files": files}
    (out / RECORD).write_text(json.dumps(record, indent=1) + "\n")
    return digest


def is_pack(folder: Path) -> bool:
    path = folder / RECORD
    return path.exists() and PACK in json.loads(path.read_text("utf-8"))


def open_pack(pack: Path, data: Path, workers: int, report: OnProgress) -> None:
    """Makes in `data` what `pack` was made from, as far as it fitted; pictures are left out. Goes on where it stopped.

    Raises UsageError naming the file of the pack that differs from its digest.
    """
    record = json.loads((pack / RECORD).read_text("utf-8"))
    held = record.pop(PACK)
    for name, sha in held["files"].items():
        if not (pack / name).is_file() or _sha(pack / name) != sha:
            raise UsageError(f"{pack / name} is missing or differs from its digest in {RECORD}: fetch the pack again")
    if not (data / "speech" / "README.md").exists():  # written last
        _open_speech(pack / "speech", data / "speech", workers, report)
    recordings = pack / "recordings" if (pack / "recordings").is_dir() else None
    recipe = Recipe(held["sounds"]["seed"], tuple(held["sounds"]["classes"]), recordings, pictured=0)
    write_sounds(
        data / "sounds",
        record["sounds"]["clips"],
        recipe,
        workers,
        lambda done, total: report(Progress("sounds", done, total)),
    )
    (data / RECORD).write_text(json.dumps(record | {"from_pack": held["digest"]}, indent=1) + "\n")


def _sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pack_recordings(record: Mapping[str, Any], out: Path, pool: Executor) -> int:
    """Every file that sounds were made from, by its package and name, as `Package` finds it; returns the bytes."""
    if not record["recordings"]:
        return 0
    files = {
        out / source.package / name: content
        for source in sources()
        for name, content in Package(source.package).found(source.files).items()
    }
    opus = pool.map(lambda content: coded(waveform(content), SOUND_LEVEL), files.values())
    return sum(_put(path, content) for path, content in zip(files, opus, strict=True))


def _put(path: Path, content: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.write_bytes(content)


def _pack_prompts(recorded: Path, out: Path) -> int:
    return out.write_bytes(coded(np.load(recorded))) if recorded.exists() else 0


def _pack_sentences(shards: Iterable[tuple[list[Utterance], bytes]], out: Path, left: float) -> dict[str, float]:
    """Files of sentences while they fit into `left` bytes, and their index; returns each voice's hours."""
    kept: list[Utterance] = []
    for k, (said, opus) in enumerate(shards):
        left -= len(opus) + sum(8 * len(one.ids) + len(one.text) + 24 for one in said)
        if left < 0:
            break
        (out / f"{k:04d}.opus").write_bytes(opus)
        kept += said
    if not kept:
        raise UsageError("no speech fits into a pack as small as this")
    np.savez_compressed(
        out / "index.npz",
        n_samples=[len(one.audio) for one in kept],
        n_phonemes=[len(one.ids) for one in kept],
        ids=np.concatenate([one.ids for one in kept]),
        ends_s=np.concatenate([one.ends_s for one in kept]),
        flags=np.concatenate([one.flags for one in kept]),
    )
    told = {"voices": [one.voice for one in kept], "texts": [one.text for one in kept]}
    (out / "texts.json").write_text(json.dumps(told, indent=0))
    seconds: Counter[str] = Counter()
    for one in kept:
        seconds[one.voice] += len(one.audio)
    return {voice: round(total / RATE_HZ / 3600, 3) for voice, total in sorted(seconds.items())}


def _shards(spoken: SpeechSet) -> Iterator[list[int]]:
    """All sentences in random order, the same each time, SHARD_S in a shard."""
    shard: list[int] = []
    seconds = 0.0
    for k in np.random.default_rng(1).permutation(len(spoken)):
        shard.append(int(k))
        seconds += len(spoken[int(k)].audio) / RATE_HZ
        if seconds > SHARD_S:
            yield shard
            shard, seconds = [], 0.0
    if shard:
        yield shard


def _coded_in_turn(
    spoken: SpeechSet, pool: Executor, ahead: int, report: OnProgress
) -> Iterator[tuple[list[Utterance], bytes]]:
    """The sentences of each shard and their Opus; only so many `ahead`, since the rest may not fit."""
    shards = list(_shards(spoken))
    for first in range(0, len(shards), ahead):
        said = [[spoken[k] for k in shard] for shard in shards[first : first + ahead]]
        yield from zip(said, pool.map(lambda some: coded(_joined(some)), said), strict=True)
        report(Progress("packing", min(first + ahead, len(shards)), len(shards)))


def _joined(said: Iterable[Utterance]) -> Samples:
    return np.concatenate([one.audio for one in said])


def _open_speech(packed: Path, out: Path, workers: int, report: OnProgress) -> None:
    paths = sorted(packed.glob("[0-9]*.opus"))
    audio: list[Samples] = []
    with ThreadPoolExecutor(workers) as pool:
        for part in pool.map(lambda path: decoded(path.read_bytes()), paths):
            audio.append(part)
            report(Progress("speech", len(audio), len(paths)))
    out.mkdir(parents=True, exist_ok=True)
    if (packed / "recorded.opus").exists():
        np.save(out / RECORDED, decoded((packed / "recorded.opus").read_bytes()))
    write_speech(out, list(_utterances(packed, np.concatenate(audio))))


def _utterances(packed: Path, audio: Samples) -> Iterator[Utterance]:
    told = json.loads((packed / "texts.json").read_text("utf-8"))
    with np.load(packed / "index.npz") as index:
        parts = [np.split(audio, np.cumsum(index["n_samples"])[:-1])]
        parts += [np.split(index[name], np.cumsum(index["n_phonemes"])[:-1]) for name in ("ids", "ends_s", "flags")]
    for text, voice, *arrays in zip(told["texts"], told["voices"], *parts, strict=True):
        yield Utterance(text, voice, *arrays)
