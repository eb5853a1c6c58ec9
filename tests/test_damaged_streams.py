"""Streams that were joined, received with faults or damaged in the middle: the film goes on, and it is said where."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from drawn_films import texture, write_film
from many_tracks import Track, spoil_sound, voice, write_tracks

from vssflow_post.cli import cli
from vssflow_post.deliver.picture import write_picture
from vssflow_post.errors import FilmRejected
from vssflow_post.media import Film, audio_blocks, frames_and_wholes, production_audio
from vssflow_post.media.probe import probe
from vssflow_post.media.verdicts import Damage
from vssflow_post.settings.preset import DeliverSettings
from vssflow_post.timeline import CLOCK_HZ

PICTURES = [texture(seed, 160, 120) for seed in range(50)]
OTHERS = [texture(seed, 160, 120) for seed in range(50, 100)]
CLICK_AT = 24_000


def a_click(seconds: float = 2.0) -> np.ndarray:
    audio = np.zeros((1, round(seconds * CLOCK_HZ)), np.float32)
    audio[:, CLICK_AT : CLICK_AT + 96] = 0.8
    return audio


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Transport streams of two seconds with a click at 0.5 s, by what is different about them."""
    folder = tmp_path_factory.mktemp("parts")
    made = {}
    for name, pictures, offset in (
        ("plain", PICTURES, "0"),
        ("other", OTHERS, "0"),
        ("late", OTHERS, "100"),
        ("before the wrap", PICTURES, "95442.5"),
        ("small", [texture(seed, 96, 64) for seed in range(50)], "0"),
    ):
        path = folder / f"{name}.ts"
        write_film(path, pictures, audio=a_click(), options={"output_ts_offset": offset})
        made[name] = path.read_bytes()
    return made


def shown(film: Film) -> tuple[list[int], Damage]:
    """When each picture is shown, and what is wrong with them."""
    damage = Damage()
    return [frame.sample for frame, _ in frames_and_wholes(film, 64, damage)], damage


def shown_or_code(path: Path) -> tuple[list[int], str]:
    """The same; or the code of its rejection."""
    try:
        return shown(probe(path))[0], ""
    except FilmRejected as rejected:
        return [], rejected.code


def clicks_of(film: Film) -> list[float]:
    """Seconds at which a click begins, a second apart at least."""
    loud = np.flatnonzero(np.abs(production_audio(film, CLOCK_HZ).samples[0]) > 0.3) / CLOCK_HZ
    return [float(at) for k, at in enumerate(loud) if k == 0 or at - loud[k - 1] > 1]


# --- joined ----------------------------------------------------------------------------------------------------------

JOINED = {
    "back": ["plain", "other"],
    "forward": ["plain", "late"],
    "far back": ["late", "plain"],
    "the same three times": ["plain", "plain", "plain"],
    "there and back": ["plain", "late", "other"],
}


@pytest.mark.parametrize("names", JOINED.values(), ids=JOINED)
def test_recordings_that_were_joined_go_on_one_behind_the_other(
    tmp_path: Path, parts: dict[str, bytes], names: Sequence[str]
) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(b"".join(parts[name] for name in names))
    film = probe(path)
    n = 50 * len(names)
    assert (film.n_frames, film.duration.end, film.frame_rate) == (n, n * 1920, 25)
    times, damage = shown(film)
    assert times == [1920 * number for number in range(n)]
    assert not damage.errors
    told = " ".join(film.notes)
    assert all(f"at {2 * k}.000 s its clock jumps" in told for k in range(1, len(names)))
    first = clicks_of(film)[0]
    assert clicks_of(film) == pytest.approx([first + 2 * k for k in range(len(names))], abs=0.011)
    assert first == pytest.approx(0.5, abs=0.03)  # a transport stream does not say how much of its sound is priming
    assert probe(path, salvage=True) == film


def test_a_clock_that_wraps_is_no_join(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """33 bits at 90 kHz are over after 26.5 hours."""
    path = tmp_path / "film.ts"
    path.write_bytes(parts["before the wrap"])
    film = probe(path)
    assert (film.n_frames, film.duration.end, film.joins) == (50, 96_000, ())
    assert shown(film)[0] == [1920 * number for number in range(50)]
    assert clicks_of(film) == pytest.approx([0.5], abs=0.03)


def test_one_wrong_timestamp_is_no_join(tmp_path: Path, parts: dict[str, bytes]) -> None:
    content = bytearray(parts["plain"])
    at = [k for k in range(0, len(content), 188) if content[k + 1] & 0x5F == 0x41 and content[k + 2] == 0][25]
    stamp = content.index(b"\0\0\1\xe0", at) + 9
    content[stamp + 1] ^= 0x40  # hours away
    if content[stamp - 2] & 0x40:
        content[stamp + 6] ^= 0x40
    path = tmp_path / "film.ts"
    path.write_bytes(bytes(content))
    film = probe(path)
    assert (film.n_frames, film.joins) == (50, ())
    assert film.duration.end == pytest.approx(96_000, abs=1920)


def test_a_joined_film_is_delivered_whole_and_in_sync(tmp_path: Path, parts: dict[str, bytes]) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(parts["plain"] + parts["late"])
    film = probe(path)
    soundfile.write(tmp_path / "mix.wav", np.zeros((film.duration.n_samples, 2)), CLOCK_HZ, "PCM_24")
    write_picture(film, tmp_path / "mix.wav", tmp_path / "out.mkv", DeliverSettings(keep_audio=True))
    with av.open(str(tmp_path / "out.mkv")) as out:
        times = [float(picture.time) for picture in out.decode(video=0)]
        out.seek(0)
        own = [(float(frame.time) - times[0], frame.to_ndarray()[0]) for frame in out.decode(audio=1)]
    assert [at - times[0] for at in times] == pytest.approx([number / 25 for number in range(100)], abs=0.002)
    loud = [at + float(np.argmax(np.abs(block) > 0.3)) / CLOCK_HZ for at, block in own if np.abs(block).max() > 0.3]
    assert [at for k, at in enumerate(loud) if k == 0 or at - loud[k - 1] > 1] == pytest.approx(
        clicks_of(film), abs=0.025
    )


def test_tracks_that_are_declared_on_the_way_do_not_end_a_delivery(tmp_path: Path) -> None:
    tracks = [Track(voice(seed, (0.0, 2.0)), codec="mp2") for seed in range(3)]
    one, more = (
        write_tracks(tmp_path / f"{n}.ts", tracks[:n], picture="mpeg2video").read_bytes() for n in (1, len(tracks))
    )
    unseen = (b"\x47\x1f\xff\x10" + b"\xff" * 184) * 30_000  # more than is looked at for what there is
    path = tmp_path / "film.ts"
    path.write_bytes(one + unseen + more + unseen + one)
    film = probe(path)
    assert len(film.audio_streams) == 1
    soundfile.write(tmp_path / "mix.wav", np.zeros((film.duration.n_samples, 2)), CLOCK_HZ, "PCM_24")
    write_picture(film, tmp_path / "mix.wav", tmp_path / "out.mkv", DeliverSettings(keep_audio=True))
    assert len(probe(tmp_path / "out.mkv").audio_streams) == 2


def test_pictures_that_change_their_size_on_the_way_are_told(tmp_path: Path, parts: dict[str, bytes]) -> None:
    path = tmp_path / "film.ts"
    path.write_bytes(parts["plain"] + parts["small"])
    times, damage = shown(probe(path))
    assert len(times) == 100
    (told,) = damage.sentences()
    assert "from 160x120 to 96x64 at 2.000 s" in told


def test_recordings_that_overlap_are_not_called_damaged(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """As receivers write them: the second begins anywhere, before the first one's end."""
    content = parts["plain"]
    n = len(content) // 188
    path = tmp_path / "film.ts"
    path.write_bytes(content[: n * 2 // 3 * 188] + content[n // 3 * 188 :])
    film = probe(path)
    assert len(film.joins) == 1
    assert 50 < len(shown(film)[0]) <= film.n_frames
    assert "its clock jumps by -" in " ".join(film.notes)


def test_a_picture_that_goes_on_under_another_number_is_told(tmp_path: Path, parts: dict[str, bytes]) -> None:
    numbers = {"mpegts_start_pid": "512", "mpegts_pmt_start_pid": "4608"}
    other = write_film(tmp_path / "other.ts", OTHERS, audio=a_click(), options=numbers)
    path = tmp_path / "film.ts"
    path.write_bytes(parts["plain"] + other.read_bytes())
    film = probe(path)
    assert film.n_frames == 50
    (told,) = film.warnings
    assert "is 512 and not 256" in told
    assert "50 pictures or more are left out" in told
    assert not probe(other).warnings


def test_a_track_that_begins_in_the_second_recording_is_named(tmp_path: Path, parts: dict[str, bytes]) -> None:
    """The demuxer knows that it is there, and not what it is."""
    path = write_tracks(tmp_path / "film.ts", [Track(voice(1, (0.0, 2.0)), codec="aac") for _ in "12"])
    path.write_bytes(parts["plain"] + path.read_bytes())
    film = probe(path)
    assert [track.number for track in film.audio_streams] in ([1], [1, 2])
    assert len(film.audio_streams) == 2 or "Audio track 2 cannot be decoded" in " ".join(film.notes)
    assert not np.isnan(production_audio(film, 16_000).samples).any()


# --- damaged pictures ------------------------------------------------------------------------------------------------


def spoilt(path: Path, number: int, start: float = 0.1, end: float = 0.9, with_what: int = 0xFF) -> float:
    """Overwrites a part of a video packet in a file; when its picture is shown, in seconds from the first one."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        first = min(packet.pts for packet in packets)
        packet = packets[number]
        at, size, when = packet.pos, packet.size, float((packet.pts - first) * stream.time_base)
        payload = bytes(packet)
    content = bytearray(path.read_bytes())
    at = content.index(payload[-100:], at) + 100 - size if path.suffix != ".ts" else at + 188
    n = size if path.suffix != ".ts" else 188
    for place in range(at + round(start * n), at + round(end * n)):
        content[place] = with_what
    path.write_bytes(bytes(content))
    return when


KINDS = [
    *(("libx264", suffix) for suffix in (".mp4", ".mov", ".mkv", ".ts")),
    *(("mpeg2video", suffix) for suffix in (".mp4", ".mkv", ".ts")),
    ("mpeg4", ".mov"),
]


@pytest.mark.parametrize(("codec", "suffix"), KINDS)
def test_a_broken_packet_in_the_middle_is_told_with_its_time(tmp_path: Path, codec: str, suffix: str) -> None:
    path = write_film(tmp_path / f"film{suffix}", PICTURES, codec=codec, reorder=False)
    when = spoilt(path, 24)
    film = probe(path)
    times, damage = shown(film)
    assert len(times) == 50
    assert damage.spoilt[0] / CLOCK_HZ == pytest.approx(when, abs=0.2)
    assert not damage.lost
    (told,) = damage.sentences()
    assert "1 picture, at 0." in told
    salvaged = probe(path, salvage=True)
    assert (salvaged.n_frames, salvaged.duration) == (film.n_frames, film.duration)
    assert "damaged" in salvaged.losses[0]


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_a_picture_that_is_lost_is_corrupt_and_salvage_names_it(tmp_path: Path, suffix: str) -> None:
    path = write_film(tmp_path / f"film{suffix}", PICTURES, reorder=False)
    when = spoilt(path, 24, 0.0, 1.0)
    film = probe(path)
    with pytest.raises(FilmRejected) as caught:
        shown(film)
    assert caught.value.code == "corrupt"
    assert f"the first at {when:.3f} s" in str(caught.value)
    assert "--salvage" in str(caught.value)
    salvaged = probe(path, salvage=True)
    assert salvaged.duration == film.duration
    assert f"at {when:.3f} s, is lost" in " ".join(salvaged.losses)
    times, _ = shown(salvaged)
    assert len(times) == 49
    assert times[-1] == 49 * 1920


def test_a_film_with_many_damaged_pictures_is_corrupt(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", PICTURES, codec="mpeg2video", reorder=False)
    for number in range(10, 40, 5):
        spoilt(path, number)
    with pytest.raises(FilmRejected, match="of its pictures are damaged, the first at") as caught:
        shown(probe(path))
    assert caught.value.code == "corrupt"


def test_a_packet_that_the_receiver_marked_is_told_and_its_picture_kept(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    content = bytearray(parts["plain"])
    (at, *_) = [k for k in range(len(content) // 376 * 188, len(content), 188) if content[k + 2] == 0][3:]
    content[at + 1] |= 0x80  # transport_error_indicator
    path = tmp_path / "film.ts"
    path.write_bytes(bytes(content))
    film = probe(path)
    times, damage = shown(film)
    assert len(times) == 50
    assert len(damage.errors) <= 1
    assert "1 of its video packets is damaged or incomplete, the first at 0." in " ".join(film.notes)


def test_dropped_pictures_are_corrupt_and_salvage_says_from_when_to_when(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    """Five pictures' worth of packets were not received."""
    content = parts["plain"]
    starts = [k for k in range(0, len(content), 188) if content[k + 1] & 0x5F == 0x41 and content[k + 2] == 0]
    path = tmp_path / "film.ts"
    path.write_bytes(content[: starts[20] + 188] + content[starts[25] + 188 :])
    with pytest.raises(FilmRejected) as caught:
        probe(path)
    assert caught.value.code == "corrupt"
    assert "missing from" in str(caught.value)
    film = probe(path, salvage=True)
    assert film.duration.end == 96_000
    told = " ".join(film.losses)
    assert "missing from 0." in told
    assert "s): the file lacks them" in told
    assert shown(film)[0][-1] == 49 * 1920


def sizes_of(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [packet.size for packet in container.demux(video=0) if packet.size]


def test_a_stream_that_ends_between_two_packets_is_cut_off_where_its_picture_is(
    tmp_path: Path, parts: dict[str, bytes]
) -> None:
    content = parts["plain"]
    path = tmp_path / "film.ts"
    path.write_bytes(content)
    codes = set()
    for part in np.linspace(0.5, 0.95, 12):
        path.write_bytes(content[: round(len(content) * part / 188) * 188])
        times, code = shown_or_code(path)
        n = len(sizes_of(path))
        assert code in ("", "truncated")
        # Where the last picture in the file comes in pieces, nothing says so; but none that was begun is missing.
        assert code or len(times) == n
        assert np.all(np.diff(times) == 1920)
        codes.add(code)
    assert "truncated" in codes


def test_a_recording_that_starts_between_two_key_pictures_says_so(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.ts", PICTURES, reorder=False)
    content = path.read_bytes()
    path.write_bytes(content[:564] + content[len(content) // 188 // 8 * 188 :])
    rest = write_film(tmp_path / "rest.ts", OTHERS, reorder=False)
    path.write_bytes(path.read_bytes() + rest.read_bytes())
    film = probe(path)
    times, damage = shown(film)
    told = " ".join(damage.sentences())
    assert 50 <= len(times) < film.n_frames
    assert "cannot be shown: the file starts between two key pictures" in told


# --- damaged sound ---------------------------------------------------------------------------------------------------


def test_sound_that_breaks_in_the_middle_is_silent_there_and_told(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "film.mp4", [Track(voice(1, (0.0, 2.0)), codec="aac", language="eng")])
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
        places = [(packet.pos, packet.size, float(packet.pts * packet.time_base)) for packet in packets[40:44]]
    content = bytearray(path.read_bytes())
    for at, size, _ in places:
        content[at : at + size] = b"\xff" * size
    path.write_bytes(bytes(content))
    faults: list[str] = []
    film = probe(path)
    samples = np.concatenate(list(audio_blocks(film, CLOCK_HZ, None, faults)), axis=1)[0]
    (told,) = faults
    assert "track 1 (eng)" in told
    assert f"from {places[0][2]:.1f}" in told
    broken = slice(round(places[0][2] * CLOCK_HZ), round(places[-1][2] * CLOCK_HZ))
    assert not samples[broken].any()
    assert samples[: broken.start - 2048].std() == pytest.approx(0.2, rel=0.25)
    assert samples[broken.stop + 4096 :].std() == pytest.approx(0.2, rel=0.25)


def test_sound_that_was_not_received_is_silent_there_and_told(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.ts", PICTURES, audio=voice(1, (0.0, 2.0)))
    content = path.read_bytes()
    sound = [k for k in range(0, len(content), 188) if content[k + 2] == 1 and content[k + 1] & 0x1F == 1]
    dropped = set(sound[len(sound) // 2 : len(sound) // 2 + 12])
    path.write_bytes(b"".join(content[k : k + 188] for k in range(0, len(content), 188) if k not in dropped))
    faults: list[str] = []
    film = probe(path)
    samples = np.concatenate(list(audio_blocks(film, CLOCK_HZ, None, faults)), axis=1)[0]
    assert "Sound is missing or damaged in track 1" in faults[0]
    assert "from 1.0" in faults[0]
    assert samples[: CLOCK_HZ // 4].std() == pytest.approx(0.2, rel=0.25)
    assert len(shown(film)[0]) == 50


def test_sound_that_cannot_be_decoded_at_all_ends_no_film(tmp_path: Path) -> None:
    path = write_tracks(tmp_path / "film.mkv", [Track(voice(1, (0.0, 2.0)), codec="flac")])
    spoil_sound(path)
    faults: list[str] = []
    samples = np.concatenate(list(audio_blocks(probe(path), CLOCK_HZ, None, faults)), axis=1)
    assert not samples.any()
    assert "track 1" in faults[0]


# --- the whole line --------------------------------------------------------------------------------------------------


def test_what_is_damaged_stands_in_the_report_of_every_run(fake_backend: Path, tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", PICTURES, codec="mpeg2video", reorder=False, audio=a_click())
    spoilt(path, 24)
    command = ["render", str(path), "-o", str(tmp_path / "out"), "-p", "ci", "--json", "-q"]
    for again in ([], ["--fresh"]):
        (film,) = json.loads(CliRunner().invoke(cli, [*command, *again]).stdout)["films"]
        assert film["verdict"] == "done_with_warnings"
        assert "1 picture, at 0.960 s, is damaged in the file" in film["reason"]
        report = json.loads((tmp_path / "out" / "film" / "report.json").read_text())
        assert any("at 0.960 s" in sentence for sentence in report["warnings"])


def test_salvage_of_a_film_that_lost_a_picture_in_its_middle(fake_backend: Path, tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", PICTURES, reorder=False)
    when = spoilt(path, 24, 0.0, 1.0)
    command = ["render", str(path), "-o", str(tmp_path / "out"), "-p", "ci", "--json", "-q"]
    (film,) = json.loads(CliRunner().invoke(cli, command).stdout)["films"]
    assert film["verdict"] == "rejected:corrupt"
    (film,) = json.loads(CliRunner().invoke(cli, [*command, "--salvage"]).stdout)["films"]
    assert film["verdict"] == "done_with_warnings"
    assert f"at {when:.3f} s" in film["reason"]
    assert soundfile.info(tmp_path / "out" / "film" / "film_MIX.wav").frames == Fraction(2) * CLOCK_HZ
