"""A library's index: what files are called, what is heard in them, and how it is brought up to date."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PurePath

import av
import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from recorded_library import HITS, LOOPS, RATE_HZ, hit, make, steady, with_hits
from vssflow_dit.sounds import CLASSES
from vssflow_library.commands import library
from vssflow_library.heard import hear
from vssflow_library.index import Recording, facts, opened, recordings, usual_place
from vssflow_library.indexing import Update, update
from vssflow_library.naming import ucs
from vssflow_library.naming.chunks import Said, said_in
from vssflow_library.naming.label import of_words
from vssflow_post.errors import BackendUnavailable, UsageError
from vssflow_post.progress import silent

NAMES = {
    "DOORWood_Slam Heavy Oak_TN_DORY": "door",
    "DOORWood-INT_Kitchen-Slam Heavy Oak_TN_DORY_MKH8040_take_2": "door",
    "DOORCreak_Cellar Door Slow_TN_NONE": "wood_creak",
    "DOORKnck_Three Times Hollow_A_B": "knock",
    "DOORGeneral_knock three times_A_B": "knock",
    "GUNAuto_UZI 9mm-Rapid Fire Close Up Short Bursts_TN_DORY": "gunshot",
    "GUNMech_Pistol Cock And Load_A_B": "latch",
    "FEETHmn_Boots Walk Wood Floor_A_B": "footsteps_wood",
    "FEETHmn_Sneakers Gravel Slow_A_B": "footsteps_gravel",
    "FEETHmn_High Heels Concrete Stairs_A_B": "footsteps_hard",
    "FEETHmn_SnowWalkDeep_A_B": "footsteps_snow",
    "FEETHmn_Forest Floor Leaves_A_B": "footsteps_grass",
    "FEETHors_Gallop Dirt_A_B": "horse_hooves",
    "ANMLFarm_Goat Bleat_A_B": "sheep_goat",
    "ANMLFarm_Llama Hum_A_B": "",
    "ANMLDog_Large Growl_A_B": "dog",
    "ANMLWdog_Coyote Howling_A_B": "wolf",
    "ANMLInsc_Crickets Meadow_A_B": "night_insects",
    "BIRDFowl_Duck Quack Single_A_B": "duck_goose",
    "BIRDFowl_Rooster Crow_A_B": "chicken",
    "BIRDPrey_Barn Owl Hoot_A_B": "owl",
    "MUSCPerc_Snare Drum Hit_A_B": "drum",
    "MUSCPerc_Xylophone Gliss_A_B": "mallets",
    "SPRTCourt_Tennis Racket Serve_A_B": "ball_hit",
    "SPRTCourt_Basketball Dribble_A_B": "ball_bounce",
    "OBJMisc_Coins Drop On Table_A_B": "keys_coins",
    "AMBForst_Pine Forest Calm_A_B": "wind_leaves",
    "AMBRoom_Office At Night_A_B": "room_tone",
    "AMBTraf_City Street Busy_A_B": "city_traffic",
    "RAIN_On Roof_A_B": "rain",
    "THUN_Close Crack_A_B": "thunder",
    "WATRSurf_Beach Small_A_B": "surf",
    "VEHCar_Sedan Drive By_A_B": "car_engine",
    "VEHDoor_Truck Slam_A_B": "car_door",
    "TOOLPowr_Circular Saw_A_B": "power_tool",
    "WEAPSwrd_Sword Swing Fast_A_B": "whoosh",
    "VOXMale_Man Shouts Door_A_B": "",
    "HMNCough_Dry Twice_A_B": "",
    "MAGSpel_Glass Bell Shimmer_A_B": "",
}
PLAIN = {
    "Doors/Wood/slam 01": "door",
    "Footsteps/Gravel/walk_03": "footsteps_gravel",
    "Vehicles/Cars/horn short": "car_horn",
    "Rain_on the roof": "rain",
    "ZOOM0012": "",
}


@pytest.mark.parametrize(("stem", "sound"), [*NAMES.items(), *PLAIN.items()])
def test_a_name_says_the_class(stem: str, sound: str) -> None:
    assert of_words(PurePath(f"{stem}.wav")).sound == sound


def test_every_cat_id_has_a_class_that_there_is_or_none() -> None:
    rows = (Path(ucs.__file__).parent / "ucs_classes.csv").read_text("utf-8").splitlines()[1:]
    assert len(rows) == 754
    for row in rows:
        cat_id = row.split(",")[0]
        assert ucs.class_of(cat_id, "") in ("", *CLASSES)


def test_a_name_is_parsed_with_all_its_blocks() -> None:
    name = ucs.parse("GUNAuto-EXT_UZI 9mm-Rapid Fire_TN_NONE_416-MKH8040_DualMono")
    assert name is not None
    assert (name.cat_id, name.user_category, name.vendor_category) == ("GUNAuto", "EXT", "UZI 9mm")
    assert (name.fx_name, name.creator, name.source, name.user_data) == (
        "Rapid Fire", "TN", "NONE", "416-MKH8040_DualMono",
    )  # fmt: skip
    assert ucs.parse("gunauto_rapid") is not None
    assert ucs.parse("Uzi rapid fire") is None
    assert ucs.parse("rain_on roof") is None


@settings(max_examples=30)
@given(st.text(max_size=60))
def test_any_name_has_a_class_or_none(stem: str) -> None:
    path = PurePath(stem.replace("/", " ").replace("\0", " ") + ".wav")
    assert of_words(path).sound in ("", *CLASSES)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data + b"\0" * (len(data) % 2)


def test_what_no_name_tells_the_chunks_do(tmp_path: Path) -> None:
    plain = tmp_path / "ZOOM0012.wav"
    soundfile.write(plain, hit(np.random.default_rng(1)), RATE_HZ)
    body = plain.read_bytes()[12:]
    xml = b"<?xml version='1.0'?><BWFXML><USER><CATID>ANMLCat</CATID><FXNAME>Meow Angry</FXNAME></USER></BWFXML>"
    for extra, sound in (
        (_chunk(b"bext", b"a dog barks twice".ljust(602, b"\0")), "dog"),
        (_chunk(b"iXML", xml), "cat"),
        (_chunk(b"iXML", b"<broken") + _chunk(b"bext", b"thunder far away".ljust(602, b"\0")), "thunder"),
    ):
        for whole in (extra + body, body + extra):
            plain.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(whole)) + b"WAVE" + whole)
            assert of_words(PurePath("ZOOM0012.wav"), said_in(plain)).sound == sound
    plain.write_bytes(b"RIFF\1")
    assert said_in(plain) == Said()


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3"])
def test_what_no_name_tells_the_tags_do(tmp_path: Path, ending: str) -> None:
    plain, tagged = tmp_path / "plain.wav", tmp_path / f"ZOOM0012.{ending}"
    soundfile.write(plain, hit(np.random.default_rng(1)), RATE_HZ)
    for tags, sound, also in (
        ({"title": "A dog barks", "comment": "in the yard"}, "dog", "yard"),
        ({"description": "Thunder far away", "genre": "Weather"}, "thunder", "weather"),
        ({"CATID": "ANMLCat", "title": "Angry"}, "cat", "angry"),
        ({"genre": "Metal"}, "", "metal"),
        ({"title": "\0\x01" + "x" * 100_000}, "", ""),
        ({}, "", ""),
    ):
        _tag(plain, tagged, tags)
        found = of_words(PurePath(tagged.name), said_in(tagged))
        assert (found.sound, also in found.words.split() or not also) == (sound, True), (tags, found.words)
    tagged.write_bytes(tagged.read_bytes()[:100])
    assert said_in(tagged).cat_id == ""
    tagged.write_text("#EXTM3U\n#EXTINF:1,A dog barks\nhttp://127.0.0.1:9/dog.ts\n")
    assert said_in(tagged) == Said(), "a playlist is no recording"


def _tag(source: Path, target: Path, tags: dict[str, str]) -> None:
    """The same sound in another form, with tags."""
    codec = {"flac": "flac", "ogg": "libopus", "mp3": "libmp3lame"}[target.suffix[1:]]
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        write.metadata.update(tags)
        stream = write.add_stream(codec, RATE_HZ)
        stream.metadata.update(tags)
        for frame in [*read.decode(audio=0), None]:
            if frame is not None:
                frame.pts = None
            for packet in stream.encode(frame):
                write.mux(packet)


@pytest.mark.parametrize("rate_hz", [22_050, 44_100, 48_000, 96_000])
def test_hits_begin_where_they_were_put(tmp_path: Path, rate_hz: int) -> None:
    wave, starts = with_hits(np.random.default_rng(rate_hz), 5, rate_hz)
    soundfile.write(tmp_path / "a.wav", wave, rate_hz, subtype="PCM_24")
    heard = hear(tmp_path / "a.wav")
    assert len(heard.onsets) == 5
    assert np.abs(np.array(heard.onsets) - starts).max() <= 1
    assert not heard.is_steady


def test_a_soft_attack_begins_before_it_is_loud(tmp_path: Path) -> None:
    wave = np.zeros(RATE_HZ, np.float32)
    rise = np.clip((np.arange(RATE_HZ // 2) / (0.03 * RATE_HZ)), 0, 1)
    wave[RATE_HZ // 4 : RATE_HZ // 4 * 3] = 0.5 * rise * np.sin(np.arange(RATE_HZ // 2) * 0.05)
    soundfile.write(tmp_path / "a.wav", wave, RATE_HZ)
    [onset] = hear(tmp_path / "a.wav").onsets
    assert 0 <= onset - RATE_HZ // 4 <= 0.006 * RATE_HZ


def test_what_goes_on_steadily_is_told_from_what_does_not(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    even = steady(rng, 8.0)
    walk = np.concatenate([np.pad(hit(rng), (0, 100)) for _ in range(16)])
    waves = {"even": even.T, "swells": (even * np.linspace(0.02, 1, even.shape[1])).T.astype(np.float32), "walk": walk}
    for name, wave in waves.items():
        soundfile.write(tmp_path / f"{name}.wav", wave, RATE_HZ)
        assert hear(tmp_path / f"{name}.wav").is_steady == (name == "even"), name


def test_the_loudness_is_that_of_the_line(tmp_path: Path) -> None:
    from vssflow_post.audio import layout_of
    from vssflow_post.mix.loudness import LoudnessMeter

    wave = steady(np.random.default_rng(4), 3.0)
    soundfile.write(tmp_path / "a.wav", wave.T, RATE_HZ, subtype="FLOAT")
    meter = LoudnessMeter(False, layout_of(2), RATE_HZ)
    meter.push(wave)
    assert hear(tmp_path / "a.wav").lufs == pytest.approx(meter.finish().max_momentary_lufs, abs=0.02)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sounds")
    make(folder, loop_s=3.0)
    return folder


@pytest.fixture
def own(sounds: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sounds, tmp_path / "sounds"))


def index_of(place: Path) -> list[Recording]:
    with closing(opened(place)) as connection:
        return recordings(connection)


def test_an_index_knows_each_recording(own: Path, tmp_path: Path) -> None:
    place = tmp_path / "library.sqlite"
    update(place, [own], 1, silent)
    classes = {cat_id: sound for cat_id, (sound, _) in {**HITS, **LOOPS}.items()}
    found = index_of(place)
    assert [one.inside for one in found] == sorted(path.name for path in own.iterdir())
    assert all(one.sound == classes[one.inside.split("_")[0]] for one in found)
    assert all(one.is_steady == (not one.onsets) for one in found)


def test_an_update_reads_what_changed_and_nothing_else(own: Path, tmp_path: Path) -> None:
    place = tmp_path / "library.sqlite"
    n = len(list(own.iterdir()))
    assert update(place, [own], 1, silent) == Update(n, n, 0, ())
    before = facts(place)
    assert update(place, [], 1, silent) == Update(n, 0, 0, ())
    assert facts(place) == before
    gone, changed = sorted(own.iterdir())[:2]
    gone.unlink()
    changed.write_bytes(sorted(own.iterdir())[3].read_bytes())
    (own / "more").mkdir()
    soundfile.write(own / "more" / "GLASBrk_Window_A_B.ogg", hit(np.random.default_rng(9)), RATE_HZ)
    (own / "broken.wav").write_bytes(b"RIFF no sound")
    done = update(place, [own], 1, silent)
    assert (done.n_recordings, done.n_read, done.n_gone) == (n, 3, 1)
    assert [one.path for one in done.unreadable] == [str(own / "broken.wav")]
    assert facts(place)[0] != before[0]
    assert "glass_break" in facts(place)[1]
    again = update(place, [own], 1, silent)
    assert (again.n_read, again.unreadable) == (0, done.unreadable)


def test_every_format_is_read(tmp_path: Path) -> None:
    wave, _ = with_hits(np.random.default_rng(6), 3, 44_100)
    four = np.stack([wave] * 4, axis=1)
    for ending, kind in (
        ("wav", "WAV"),
        ("rf64", "RF64"),
        ("flac", "FLAC"),
        ("ogg", "OGG"),
        ("mp3", "MP3"),
        ("aif", "AIFF"),
    ):
        data = four if kind in ("WAV", "FLAC") else four[:, :2]
        soundfile.write(tmp_path / f"DOORWood_{kind}_A_B.{ending}", data, 44_100, format=kind)
    assert update(tmp_path / "a.sqlite", [tmp_path], 1, silent) == Update(6, 6, 0, ())
    found = index_of(tmp_path / "a.sqlite")
    assert {one.channels for one in found} == {2, 4}
    assert all((len(one.onsets), one.sound, one.rate_hz) == (3, "door", 44_100) for one in found)


def test_what_is_odd_is_told_and_skipped(tmp_path: Path) -> None:
    wave = hit(np.random.default_rng(1))
    soundfile.write(tmp_path / "slow.wav", wave, 100)
    soundfile.write(tmp_path / "empty.wav", wave[:0], RATE_HZ)
    soundfile.write(tmp_path / "broken.wav", np.full(100, np.nan), RATE_HZ, subtype="FLOAT")
    (tmp_path / "nowhere.wav").symlink_to(tmp_path / "missing.wav")
    (tmp_path / ".hidden.wav").write_bytes(b"")
    with (tmp_path / "silent.wav").open("wb") as file:
        soundfile.write(file, wave * 0, RATE_HZ, format="WAV")
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.wav"))).write_bytes((tmp_path / "slow.wav").read_bytes())
    done = update(tmp_path / "a.sqlite", [tmp_path], 1, silent)
    assert {Path(one.path.strip("'")).name: one.why for one in done.unreadable} == {
        "\\udcff.wav": "its name is no text",
        "broken.wav": "it holds values that are no numbers",
        "empty.wav": "it holds no sound",
        "slow.wav": "its rate of 100 Hz is none of sound",
    }
    assert [one.inside for one in index_of(tmp_path / "a.sqlite")] == ["silent.wav"]


def test_the_digest_is_that_of_the_library_and_not_of_its_place(own: Path, tmp_path: Path) -> None:
    elsewhere = Path(shutil.copytree(own, tmp_path / "elsewhere"))
    for path in elsewhere.iterdir():
        os.utime(path, (1, 1))
    for place, folder in ((tmp_path / "a.sqlite", own), (tmp_path / "b.sqlite", elsewhere)):
        update(place, [folder], 1, silent)
    assert facts(tmp_path / "a.sqlite") == facts(tmp_path / "b.sqlite")
    found = index_of(tmp_path / "a.sqlite")
    assert replace(found[0], mtime_ns=0, size=0).told == found[0].told


def test_what_is_no_index_or_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="library index"):
        facts(tmp_path / "none.sqlite")
    (tmp_path / "text.sqlite").write_text("no index at all, but a text that is long enough to be one" * 9)
    with pytest.raises(BackendUnavailable, match="no index"):
        facts(tmp_path / "text.sqlite")
    with pytest.raises(BackendUnavailable, match="no index"):
        update(tmp_path / "text.sqlite", [tmp_path], 1, silent)
    with pytest.raises(UsageError, match="no folder"):
        update(tmp_path / "a.sqlite", [tmp_path / "missing"], 1, silent)
    with pytest.raises(UsageError, match="No folder"):
        update(tmp_path / "a.sqlite", [], 1, silent)


def test_an_index_is_named_without_numpy(own: Path, tmp_path: Path) -> None:
    update(tmp_path / "a.sqlite", [own], 1, silent)
    code = (
        "import sys; from pathlib import Path; import vssflow_library; from vssflow_library.index import facts; "
        f"print(facts(Path({str(tmp_path / 'a.sqlite')!r}))[0]); "
        "assert not {'numpy', 'torch', 'soundfile', 'scipy'} & set(sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == facts(tmp_path / "a.sqlite")[0]


def test_the_commands_index_find_and_tell(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    run = CliRunner()
    (own / "broken.flac").write_bytes(b"fLaC")
    indexed = run.invoke(library, ["index", str(own), "--workers", "1"], catch_exceptions=False)
    assert indexed.exit_code == 0
    assert "broken.flac" in indexed.stderr
    assert usual_place().is_file()
    found = run.invoke(library, ["find", "angry door slam"], catch_exceptions=False)
    assert "Slam Angry" in found.output.splitlines()[1]
    told = json.loads(run.invoke(library, ["find", "heavy rain", "--json"], catch_exceptions=False).output)
    assert told["class"] == "rain"
    assert "Heavy" in told["recordings"][0]["file"]
    assert told["recordings"][0]["steady"]
    facts = json.loads(run.invoke(library, ["info", "--json"], catch_exceptions=False).output)
    assert facts["sounds"]["door"] == 6
    assert facts["unreadable"] == 1
    nothing = run.invoke(library, ["find", "cow"], catch_exceptions=False)
    assert nothing.exit_code == 0, "that there is none is an answer"
    assert nothing.output.startswith("no recording of cow\nthe index has ")
    assert "most of " in nothing.output
    assert "`vssflow-post library info` lists all" in nothing.output
    misspelt = run.invoke(library, ["find", "thundre rainn"], catch_exceptions=False).output
    assert "near it: rain" in misspelt
    told = json.loads(run.invoke(library, ["find", "cow", "--json"], catch_exceptions=False).output)
    assert told["found"] == 0
    assert told["instead"] == nothing.output.splitlines()[1:]
    other = run.invoke(library, ["find", "a cow in the oak"], catch_exceptions=False).output
    assert "so described, and of door: " in other


def test_a_folder_that_is_away_is_told_and_keeps_its_recordings(tmp_path: Path) -> None:
    folder, place = tmp_path / "sounds", tmp_path / "a.sqlite"
    folder.mkdir()
    soundfile.write(folder / "WOODImpt_Hit_A_B.wav", hit(np.random.default_rng(3), 22_050, 0.05), 22_050)
    update(place, [folder], 1, silent)
    folder.rename(tmp_path / "away")
    with pytest.raises(UsageError, match="is indexed, and not there now"):
        update(place, [], 1, silent)
    assert len(index_of(place)) == 1


@pytest.mark.slow
def test_a_run_that_is_killed_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    rng = np.random.default_rng(2)
    for k in range(1500):
        soundfile.write(folder / f"WOODImpt_Hit {k}_A_B.wav", hit(rng, 22_050, 0.05), 22_050)
    place = tmp_path / "killed.sqlite"
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom vssflow_library import indexing\n"
        "indexing.STORE_EACH_S = 0.0\n"
        "def killed(progress):\n    if progress.done >= 500:\n        os.killpg(0, signal.SIGKILL)\n"
        "indexing.update(Path(sys.argv[1]), [Path(sys.argv[2])], 2, killed)\n"
    )
    words = [sys.executable, "-c", program, str(place), str(folder)]
    assert subprocess.run(words, start_new_session=True).returncode == -signal.SIGKILL
    kept = len(index_of(place))
    assert 0 < kept < 1500
    done = update(place, [folder], 2, silent)
    assert (done.n_recordings, done.n_read) == (1500, 1500 - kept)
    update(tmp_path / "whole.sqlite", [folder], 1, silent)
    assert facts(place) == facts(tmp_path / "whole.sqlite")


@pytest.mark.slow
def test_a_file_that_ends_its_reader_is_skipped(own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import os, soundfile\n_open = soundfile.SoundFile.__init__\n"
        "def _fatal(self, file, *a, **k):\n"
        "    os._exit(9) if 'Slam Angry' in str(file) else _open(self, file, *a, **k)\n"
        "soundfile.SoundFile.__init__ = _fatal\n"
    )
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    done = update(tmp_path / "a.sqlite", [own], 2, silent)
    assert [Path(one.path).name.split("_")[1] for one in done.unreadable] == ["Slam Angry 01"]
    assert done.unreadable[0].why == "reading it ended the process"
    assert done.n_recordings == len(list(own.iterdir())) - 1
