"""Broadcast Wave files, read by others and by hand."""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import av
import numpy as np
import pytest
import soundfile
import wavinfo

from vssflow_post.audio import LAYOUTS, MONO, SURROUND, Integers, Layout, Loudness
from vssflow_post.deliver.bwf import BroadcastWave, WaveReader, null_test
from vssflow_post.deliver.stems import Slate, stem_files
from vssflow_post.deliver.wave_header import Origin, header, ixml_chunk

LOUDNESS = Loudness(-23.04, 7.25, -1.1, -15.5, -18.333)


def ramp(n: int = 10_001) -> Integers:
    rng = np.random.default_rng(1)
    audio = rng.integers(-(2**23), 2**23, (2, n)).astype(np.int32)
    audio[:, :3] = [[2**23 - 1, -(2**23), -1], [0, 1, -2]]
    return audio


def write(path: Path, audio: Integers, origin: Origin | None = None, **more: int) -> bytes:
    wave = BroadcastWave(path, origin or Origin("Mix of film", "0123-MIX", 172_800_000), **more)
    for start in range(0, audio.shape[1], 4096):
        wave.write(audio[:, start : start + 4096])
    wave.close(LOUDNESS)
    return path.read_bytes()


def parts_of(paths: dict[str, Path]) -> dict[str, Path]:
    return {name: path for name, path in paths.items() if name != "MIX"}


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Contents by chunk name, walked by the sizes in the file."""
    found, at = {}, 12
    while at < len(data):
        name, n = struct.unpack_from("<4sI", data, at)
        if name == b"data" and n == 0xFFFF_FFFF:
            n = struct.unpack_from("<Q", found[b"ds64"], 8)[0]
        found[name] = data[at + 8 : at + 8 + n]
        at += 8 + n + n % 2
    assert at == len(data)
    return found


def test_soundfile_reads_the_same_samples(tmp_path: Path) -> None:
    audio = ramp()
    write(tmp_path / "a.wav", audio)
    samples, rate = soundfile.read(tmp_path / "a.wav", dtype="int32", always_2d=True)
    info = soundfile.info(tmp_path / "a.wav")
    assert (rate, info.subtype, info.format) == (48_000, "PCM_24", "WAV")
    np.testing.assert_array_equal(samples.T >> 8, audio)


def test_header_is_exact(tmp_path: Path) -> None:
    data = write(tmp_path / "a.wav", ramp())
    found = chunks(data)
    assert list(found) == [b"JUNK", b"bext", b"fmt ", b"data"]
    assert struct.unpack_from("<4sI4s", data) == (b"RIFF", len(data) - 8, b"WAVE")
    assert struct.unpack("<HHIIHH", found[b"fmt "]) == (1, 2, 48_000, 288_000, 6, 24)
    assert len(found[b"data"]) == 10_001 * 6


def test_bext_says_where_when_and_how_loud(tmp_path: Path) -> None:
    start = 23 * 3600 * 48_000 + 7  # past 32 bits when doubled, still one low word
    bext = chunks(write(tmp_path / "a.wav", ramp(), Origin("Dialogue stem of Fílm", "abc-DX", start)))[b"bext"]
    assert bext[:256].rstrip(b"\0") == b"Dialogue stem of F?lm"
    assert bext[256:288].rstrip(b"\0") == b"vssflow-post"
    assert bext[288:320].rstrip(b"\0") == b"abc-DX"
    assert bext[320:338] == bytes(18)
    low, high, version = struct.unpack_from("<IIH", bext, 338)
    assert (low + (high << 32), version) == (start, 2)
    assert struct.unpack_from("<5h", bext, 412) == (-2304, 725, -110, -1550, -1833)
    assert bext[422:602] == bytes(180)
    assert bext[602:].startswith(b"A=PCM,F=48000,W=24,M=stereo")


def test_a_time_reference_past_32_bits_and_loudness_that_is_not_there(tmp_path: Path) -> None:
    wave = BroadcastWave(tmp_path / "a.wav", Origin("x", "y", (5 << 32) + 6))
    wave.close(Loudness(None, 0.0, None, None, None))
    bext = chunks((tmp_path / "a.wav").read_bytes())[b"bext"]
    assert struct.unpack_from("<II", bext, 338) == (6, 5)
    assert struct.unpack_from("<5H", bext, 412) == (0x7FFF,) * 5


def test_past_the_limit_it_is_rf64(tmp_path: Path) -> None:
    audio = ramp()
    data = write(tmp_path / "a.wav", audio, largest_riff=50_000)
    found = chunks(data)
    assert struct.unpack_from("<4sI4s", data) == (b"RF64", 0xFFFF_FFFF, b"WAVE")
    assert next(iter(found)) == b"ds64"
    assert struct.unpack("<QQQI", found[b"ds64"]) == (len(data) - 8, 60_006, 10_001, 0)
    samples, _ = soundfile.read(tmp_path / "a.wav", dtype="int32", always_2d=True)
    np.testing.assert_array_equal(samples.T >> 8, audio)
    np.testing.assert_array_equal(np.concatenate(list(WaveReader(tmp_path / "a.wav").blocks(777)), axis=1), audio)


def test_reading_back_gives_what_was_written(tmp_path: Path) -> None:
    write(tmp_path / "a.wav", ramp())
    reader = WaveReader(tmp_path / "a.wav")
    assert reader.n_samples == 10_001
    np.testing.assert_array_equal(np.concatenate(list(reader.blocks(1000)), axis=1), ramp())
    (tmp_path / "b.wav").write_bytes(b"no wave at all")
    with pytest.raises(ValueError):
        WaveReader(tmp_path / "b.wav")


def test_a_stem_that_lost_samples_gets_no_name(tmp_path: Path) -> None:
    def loses() -> None:
        with stem_files({"MIX": tmp_path / "film_MIX.wav"}, Slate("film", "ab" * 32)) as files:
            wave = files.open("MIX")
            wave.write(ramp())
            wave.close()
            (written,) = tmp_path.iterdir()
            os.truncate(written, written.stat().st_size - 600)

    with pytest.raises(ValueError, match="9901 of 10001 samples"):
        loses()
    assert list(tmp_path.iterdir()) == []


def test_null_test_finds_one_step(tmp_path: Path) -> None:
    dx, fx = ramp() // 4, np.roll(ramp() // 4, 5, axis=1)
    paths = {name: tmp_path / f"{name}.wav" for name in ("DX", "FX", "MIX")}
    for name, audio in (("DX", dx), ("FX", fx), ("MIX", dx + fx)):
        write(paths[name], audio)
    assert null_test(paths["MIX"], parts_of(paths)) == 0
    wrong = dx + fx
    wrong[1, 9_999] -= 1
    write(paths["MIX"], wrong)
    assert null_test(paths["MIX"], parts_of(paths)) == 1
    write(paths["MIX"], wrong[:, 1:])
    with pytest.raises(ValueError):
        null_test(paths["MIX"], parts_of(paths))


def test_stems_appear_together_or_not_at_all(tmp_path: Path) -> None:
    paths = {name: tmp_path / f"film_{name}.wav" for name in ("DX", "FX", "MIX")}

    def breaks() -> None:
        with stem_files(paths, Slate("film", "ab" * 32)) as files:
            files.open("DX").write(ramp())
            raise RuntimeError("the generator broke")

    with pytest.raises(RuntimeError):
        breaks()
    assert list(tmp_path.iterdir()) == []
    with stem_files(paths, Slate("film", "ab" * 32, 48_000)) as files:
        for name in paths:
            files.open(name).write(ramp())  # a first try that turned out too loud
            wave = files.open(name)
            wave.write(ramp(10))
            wave.close(LOUDNESS)
        assert not any(path.exists() for path in paths.values())
    assert sorted(tmp_path.iterdir()) == sorted(paths.values())
    assert all(WaveReader(path).n_samples == 10 for path in paths.values())


@pytest.mark.parametrize("layout", list(LAYOUTS.values()), ids=list(LAYOUTS))
def test_every_reader_agrees_on_every_field(tmp_path: Path, layout: Layout) -> None:
    path, start = tmp_path / "a.wav", (1 << 32) + 12_345
    ixml = ixml_chunk("Fílm <1>\n", "Mix", layout, start, Fraction(30_000, 1001), True)
    origin = Origin("Mix of film", "0123-MIX", start, "2026-05-04", "03-02-01", layout, ixml)
    audio = np.resize(ramp(9_999), (layout.n_channels, 9_999))
    write(path, audio, origin)

    info = wavinfo.WavInfoReader(str(path))
    bext = info.bext
    assert (bext.description, bext.originator, bext.originator_ref) == ("Mix of film", "vssflow-post", "0123-MIX")
    assert (bext.originator_date, bext.originator_time, bext.version) == ("2026-05-04", "03-02-01", 2)
    assert bext.time_reference == start
    loudness = (bext.loudness_value, bext.loudness_range, bext.max_true_peak)
    assert loudness == (-23.04, 7.25, -1.1)
    assert (bext.max_momentary_loudness, bext.max_shortterm_loudness) == (-15.5, -18.33)
    assert (info.fmt.channel_count, info.fmt.sample_rate, info.fmt.bits_per_sample) == (layout.n_channels, 48_000, 24)
    assert info.data.frame_count == 9_999
    assert info.ixml.project == "Fílm <1>?"
    assert [track.name for track in info.ixml.track_list] == list(layout.channels)

    with av.open(str(path)) as container:
        stream, tags = container.streams.audio[0], container.metadata
        assert int(tags["time_reference"]) == start
        assert (tags["comment"], tags["encoded_by"], tags["date"]) == ("Mix of film", "vssflow-post", "2026-05-04")
        assert (tags["originator_reference"], tags["creation_time"]) == ("0123-MIX", "03-02-01")
        assert tags["coding_history"] == bext.coding_history
        assert (stream.codec_context.name, stream.rate, stream.duration) == ("pcm_s24le", 48_000, 9_999)
        assert stream.codec_context.layout.nb_channels == layout.n_channels
        if layout is SURROUND:
            names = [channel.name for channel in stream.codec_context.layout.channels]
            assert names == ["FL", "FR", "FC", "LFE", "BL", "BR"]

    samples, rate_hz = soundfile.read(path, dtype="int32", always_2d=True)
    assert rate_hz == 48_000
    np.testing.assert_array_equal(samples.T >> 8, audio)
    np.testing.assert_array_equal(np.concatenate(list(WaveReader(path).blocks(1000)), axis=1), audio)


@pytest.mark.parametrize(
    ("rate", "told"),
    [("24000/1001", "24000/1001"), ("2398/100", "24000/1001"), ("16", "24/1"), ("25/2", "25/1"), ("240", "60/1")],
)
def test_ixml_says_a_rate_that_recorders_know(rate: str, told: str) -> None:
    root = ElementTree.fromstring(ixml_chunk("film", "Mix", MONO, 0, Fraction(rate), False))
    assert {root.findtext(f"SPEED/{name}") for name in ("MASTER_SPEED", "CURRENT_SPEED", "TIMECODE_RATE")} == {told}


def test_ixml_counts_from_midnight_at_the_films_rate() -> None:
    start = (5 << 32) + 6
    root = ElementTree.fromstring(ixml_chunk("film", "Mix", MONO, start, Fraction(30_000, 1001), True))
    speed = {element.tag: element.text for element in root.find("SPEED") or ()}
    high, low = (speed[f"TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_{half}"] for half in ("HI", "LO"))
    assert (int(high or 0) << 32) + int(low or 0) == start
    assert (speed["TIMECODE_RATE"], speed["TIMECODE_FLAG"]) == ("30000/1001", "DF")


@pytest.mark.parametrize("n_frames", [(2**32 - 1) // 3 + k for k in (-242, -241, -1, 0, 1)])
def test_sizes_are_exact_around_four_gibibytes(tmp_path: Path, n_frames: int) -> None:
    """A mono file of 3 bytes a frame, whose samples are a hole but for the last ones: RIFF while it fits, then RF64.

    The RIFF size is 2^32 - 2 in the first case and 2^32 in the second; the data is 2^32 - 1 bytes in the fourth.
    """
    path, n_data = tmp_path / "a.wav", 3 * n_frames
    head = header(Origin("Mix", "x", layout=MONO), n_data, LOUDNESS)
    n_file = len(head) + n_data + n_data % 2
    with path.open("wb") as file:
        file.write(head)
        file.truncate(n_file)
        file.seek(len(head) + n_data - 6)
        file.write(b"\x01\x02\x03\xff\xff\x7f")
    fits = n_file - 8 <= 0xFFFF_FFFF
    assert head[:4] == (b"RIFF" if fits else b"RF64")
    riff, data = struct.unpack_from("<I", head, 4)[0], struct.unpack_from("<I", head, len(head) - 4)[0]
    assert (riff, data) == ((n_file - 8, n_data) if fits else (0xFFFF_FFFF, 0xFFFF_FFFF))
    if not fits:
        assert struct.unpack_from("<QQQI", head, 20) == (n_file - 8, n_data, n_frames, 0)

    with soundfile.SoundFile(path) as sound:
        assert (sound.frames, sound.format) == (n_frames, "WAV" if fits else "RF64")
        sound.seek(n_frames - 2)
        np.testing.assert_array_equal(sound.read(dtype="int32") >> 8, [0x030201, 0x7FFFFF])
    with av.open(str(path)) as container:
        assert container.streams.audio[0].duration == n_frames
    assert wavinfo.WavInfoReader(str(path)).data.frame_count == n_frames
    assert WaveReader(path).n_samples == n_frames


def test_the_null_test_sums_all_stems(tmp_path: Path) -> None:
    parts = {name: np.roll(ramp() // 4, k, axis=1) for k, name in enumerate(("DX", "FX", "BG"))}
    paths = {name: tmp_path / f"{name}.wav" for name in (*parts, "MIX")}
    for name, audio in (*parts.items(), ("MIX", np.sum(list(parts.values()), axis=0, dtype=np.int32))):
        write(paths[name], audio)
    assert null_test(paths["MIX"], parts_of(paths)) == 0
    assert null_test(paths["MIX"], {name: path for name, path in parts_of(paths).items() if name != "BG"}) > 0


def test_a_block_with_other_channels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="2 channels for a mono file"):
        write(tmp_path / "a.wav", ramp(), Origin("Mix", "x", layout=MONO))


def test_the_films_date_is_told_and_the_environments_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    slate = Slate("film", "ab" * 32, dated_ns=1_000_000_000_999_999_999)
    assert (slate.origin("DX").date, slate.origin("DX").time) == ("2001-09-09", "01-46-40")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert slate.origin("DX").date == "1970-01-01"
    assert Slate("film", "ab" * 32).origin("MIX").description == "Mix of film"


def test_a_date_only_where_the_environment_fixes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = {name: tmp_path / f"{name}.wav" for name in ("DX", "FX", "MIX")}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    with stem_files(paths, Slate("film", "ab" * 32)) as files:
        for name in paths:
            files.open(name).close()
    bext = chunks(paths["DX"].read_bytes())[b"bext"]
    assert bext[320:338] == b"2001-09-0901-46-40"
    assert bext[288:320].rstrip(b"\0") == b"ab" * 14 + b"-DX"
