"""Recordings: every file has a class, a free licence and an author, is read from its package, heard as it is used."""

from __future__ import annotations

import json
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vssflow_dit.evaluation.strikes import matched, onsets
from vssflow_dit.sounds import CLASSES, follows
from vssflow_dit.synthesis.packages import PLACES, Package, decoded
from vssflow_dit.synthesis.recordings import LICENCES, Recordings, available, sources
from vssflow_dit.synthesis.sound_shards import Recipe, write_sounds
from vssflow_dit.synthesis.waves import RATE_HZ, Wave
from vssflow_post.errors import UsageError

N = 6 * RATE_HZ


def click() -> Wave:
    """0.1 s of nothing, then something that dies away, at 44.1 kHz."""
    wave = np.zeros(44_100)
    wave[4410:8820] = np.random.default_rng(1).normal(size=4410) * np.exp(-np.arange(4410) / 2000)
    return 0.2 * wave


def file(wave: Wave, kind: str) -> bytes:
    data = BytesIO()
    soundfile.write(data, wave, 44_100, format=kind)
    return data.getvalue()


def in_cat(names: list[str], sound: bytes) -> bytes:
    """OpenTTD's container, as its `catcodec` writes it."""
    parts, table, place = [], b"", 8 * len(names)
    for name in names:
        about, path = b"A sound.\0", f"src/wav/{name}\0".encode()
        table += struct.pack("<II", place | 0x80000000, len(sound))
        parts.append(bytes([len(about)]) + about + sound + b"\0" + bytes([len(path)]) + path)
        place += len(parts[-1])
    return table + b"".join(parts)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All packages with one file for every line of the table, each a click."""
    folder, wave = tmp_path_factory.mktemp("games"), click()
    names: dict[str, list[str]] = {}
    for source in sources():
        name = source.files.replace("*", "1")
        while "[" in name:  # one of the letters in brackets
            before, _, rest = name.partition("[")
            letters, _, after = rest.partition("]")
            name = before + letters[0] + after
        names.setdefault(source.package, []).append(name)
    for package, place in PLACES.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".cat":
            path.write_bytes(in_cat(names[package], file(wave, "WAV")))
        elif path.suffix == ".zip":
            with zipfile.ZipFile(path, "w") as packed:
                for name in names[package]:
                    packed.writestr("audio/" + name, file(wave, "OGG"))
        else:
            for name in names[package]:
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(file(wave, "OGG"))
    return folder


def test_every_recording_is_of_a_class_and_free_and_somebodys() -> None:
    assert {source.package for source in sources()} == set(PLACES)
    for source in sources():
        assert source.sound in CLASSES, source.files
        assert source.licence in LICENCES, source.files
        assert len(source.author) > 2, source.files
        assert source.use in ("take", "several", "loop")
        assert source.use == "loop" or follows(source.sound) != "nothing", source.files
        assert source.use != "loop" or follows(source.sound) in ("speed", "nothing"), source.files
    assert not [licence for licence in LICENCES if "GPL" in licence or "Sampling" in licence or "NC" in licence]
    assert len({(source.package, source.files) for source in sources()}) == len(sources())


def test_each_package_gives_its_files(root: Path) -> None:
    for name in PLACES:
        first = next(source for source in sources() if source.package == name)
        [data] = Package(name, root).found(first.files).values()
        wave = decoded(data)
        assert len(wave) == pytest.approx(RATE_HZ, rel=0.01), name
        loud = np.flatnonzero(np.abs(wave) > 0.05)
        assert 0.09 < loud[0] / RATE_HZ < 0.12, name
    with pytest.raises(UsageError, match="openttd-opensfx"):
        Package("openttd-opensfx", root).found("osfx_99.wav")


def test_recordings_are_heard_as_what_they_follow(root: Path) -> None:
    recordings, rng, still = Recordings(root), np.random.default_rng(2), np.zeros(N)
    struck = recordings.heard(rng, "footsteps_gravel", N, ((1.0, 1.0), (3.0, 0.8)), still)
    assert struck is not None
    assert "gravel" in struck[1].lower()
    assert matched([1.0, 3.0], onsets(struck[0].astype(np.float32), RATE_HZ), 0.03) == 2
    called = recordings.heard(rng, "cow", N, ((2.0, 1.0),), still)
    assert called is not None
    assert not called[0][: int(1.99 * RATE_HZ)].any()
    assert called[0][int(2.0 * RATE_HZ) :].any()
    moved = recordings.heard(rng, "train_tram", N, (), np.where(np.arange(N) < N // 2, 0.9, 0.2))
    assert moved is not None
    assert np.std(moved[0][: N // 2]) > 2 * np.std(moved[0][N // 2 :])
    swing = np.abs(np.sin(np.arange(N) / RATE_HZ * np.pi))
    swung = recordings.heard(rng, "whoosh", N, (), swing)
    assert swung is not None
    assert matched([k + 0.5 for k in range(6)], onsets(swung[0].astype(np.float32), RATE_HZ), 0.06) == 6
    assert recordings.heard(rng, "whoosh", N, (), np.full(N, 0.6)) is None, "nothing swings"
    bed = recordings.heard(rng, "surf", N, (), still)
    assert bed is not None
    assert -31 < 20 * np.log10(np.std(bed[0])) < -24
    assert recordings.heard(rng, "mallets", N, ((1.0, 1.0),), still) is None


def test_data_tells_whose_recordings_are_in_it(root: Path, tmp_path: Path) -> None:
    recipe = Recipe(1, ("cow", "surf", "metal", "mallets"), root, clips_a_shard=8, pictured=0)
    [told] = write_sounds(tmp_path, 8, recipe, 1, lambda done, total: None)
    facts = told["recipe"]["recordings"]
    assert len(facts) == len(sources())
    assert {"package", "file", "sound", "licence", "author", "sha256"} == set(facts[0])
    assert any(clip["recorded"].startswith("0ad-data: ") for clip in told["clips"])
    assert json.loads((tmp_path / "0000.json").read_text())["recipe"] == told["recipe"]


def test_a_machine_without_the_packages_is_told_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="install Debian's minetest-data"):
        Recordings(tmp_path)


def test_the_installed_packages_hold_every_file_of_the_table() -> None:
    recordings = available()
    if recordings is None:
        pytest.skip("needs Debian's 0ad-data, openttd-opensfx, supertuxkart-data and minetest-data")
    assert len(recordings.facts()) > 250
    for name in recordings.classes:
        pulses = tuple((float(time), 1.0) for time in range(6))
        speed = 0.6 * np.abs(np.sin(np.arange(N) / RATE_HZ * np.pi))
        taken = recordings.heard(np.random.default_rng(3), name, N, pulses, speed)
        assert taken is not None
        assert np.isfinite(taken[0]).all()
        assert 0.01 < np.abs(taken[0]).max() < 1.3, name
