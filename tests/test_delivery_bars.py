"""Ten films of ten kinds through the whole line, judged by what others read in the files.

Sample counts and time references are reckoned here a second time, from what the films were drawn with.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import wavinfo
from click.testing import CliRunner

from conftest import MakeFilm
from tests import drawn_films
from tests.test_loudness import by_ffmpeg
from tests.test_mix import noise
from vssflow_post.cli import cli

NTSC = Fraction(1000, 1001)
SCRIPT = "1\n00:00:00,300 --> 00:00:01,100\nANNA: Hello there.\n\n2\n00:00:01,200 --> 00:00:01,800\nTOM: Good bye.\n"


@dataclass(frozen=True)
class Bar:
    """A film, how it is delivered, and what must come out."""

    name: str
    rate: Fraction
    n_frames: int
    timecode: str | None
    time_reference: int
    """48 kHz samples since midnight."""
    with_audio: bool
    preset: str
    settings: str = ""


BARS = (
    # At 23.976 and 29.97 a non-drop hour takes 3603.6 s; drop-frame 29.97 loses 17.2 samples of rounding an hour.
    Bar("23.976", 24 * NTSC, 61, "01:00:00:00", 172_972_800, False, "film"),
    Bar("24", Fraction(24), 49, "00:59:59:12", 172_776_000, True, "film", "[dialogue]\nproduction = 'whole'\n"),
    Bar("25", Fraction(25), 75, "10:00:00:00", 1_728_000_000, False, "broadcast-ebu"),
    Bar(
        "29.97 DF",
        30 * NTSC,
        91,
        "01:00:00;00",
        172_799_827,
        True,
        "atsc",
        "[mix]\nlayout = '5.1'\n[deliver]\nixml = true\n",
    ),
    Bar("29.97 NDF", 30 * NTSC, 77, "01:00:00:00", 172_972_800, False, "film", "[mix]\nlayout = 'mono'\n"),
    Bar("30", Fraction(30), 100, None, 0, True, "web"),
    Bar("50", Fraction(50), 111, "23:59:59:49", 4_147_199_040, False, "web-loud"),
    Bar("59.94 DF", 60 * NTSC, 200, "00:10:00;04", 28_803_174, True, "film", "[mix]\nbackground_stem = true\n"),
    Bar("60", Fraction(60), 123, "00:00:01:30", 72_000, False, "film", "[deliver]\nixml = true\n"),
    Bar("variable", Fraction(25), 60, None, 0, True, "netflix", "[mix]\nproduction_stem = true\n"),
)


@pytest.fixture
def draw(make_film: MakeFilm, tmp_path: Path) -> Callable[[Bar], tuple[Path, int | None]]:
    """Makes the film of a bar; returns it and how many samples it lasts, where its rate says so."""

    def film_of(bar: Bar) -> tuple[Path, int | None]:
        sound = noise(round(bar.n_frames / bar.rate * 48_000), 0.05, 3) if bar.with_audio else None
        if bar.name != "variable":
            path = make_film("film.mp4", bar.n_frames, bar.rate, sound=sound, timecode=bar.timecode)
            return path, int(Fraction(bar.n_frames) / bar.rate * 48_000 + Fraction(1, 2))
        times_ms = np.concatenate([[0], np.cumsum([33 + 17 * (k % 3) for k in range(bar.n_frames - 1)])]).tolist()
        pictures = [np.roll(drawn_films.texture(1, 96, 64), 3 * k, axis=1) for k in range(bar.n_frames)]
        path = drawn_films.write_film(
            tmp_path / "film.mkv", pictures, bar.rate, video_pts=times_ms, audio=None if sound is None else sound[None]
        )
        return path, None

    return film_of


@pytest.mark.parametrize("bar", BARS, ids=[bar.name for bar in BARS])
def test_bars(bar: Bar, draw: Callable[[Bar], tuple[Path, int | None]], fake_backend: Path, tmp_path: Path) -> None:
    film, n_samples = draw(bar)
    film.with_suffix(".srt").write_text(SCRIPT)
    preset = tmp_path / "bar.toml"
    preset.write_text(f"extends = '{bar.preset}'\n[cues]\neffects = 'always'\n{bar.settings}")
    result = CliRunner().invoke(cli, ["render", "-q", "-p", str(preset), str(film), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    folder = tmp_path / "out" / "film"
    report = json.loads((folder / "report.json").read_text("utf-8"))

    stems = {entry["name"]: folder / entry["file"] for entry in report["stems"]}
    assert {"DX", "FX", "MIX"} <= stems.keys()
    assert ("BG" in stems, "PD" in stems) == ("background" in bar.settings, "production_stem" in bar.settings)
    samples = {name: soundfile.read(path, dtype="int32", always_2d=True)[0].T >> 8 for name, path in stems.items()}
    assert len({audio.shape for audio in samples.values()}) == 1
    if n_samples is None:
        told = json.loads((folder / "film.cues.json").read_text("utf-8"))["film"]["duration_s"]
        n_samples = round(told * 48_000)
    assert samples["MIX"].shape[1] == n_samples
    mix = samples.pop("MIX")
    assert np.array_equal(mix, sum(samples.values()))
    assert report["null_test"] == {"stems": list(samples), "largest_difference": 0, "verdict": "pass"}
    assert all(audio.any() for name, audio in samples.items() if name in ("DX", "FX"))

    layout = report["stems"][0]["layout"]
    loudness, ffmpeg = report["loudness"], by_ffmpeg((mix / 2**23).astype(np.float32), layout)
    assert loudness["verdict"] == "pass"
    assert loudness["measure"] == ("dialogue" if bar.preset == "netflix" else "programme")
    assert ffmpeg["I"] == pytest.approx(loudness["integrated_lufs"], abs=0.1)
    measured = ffmpeg["I"] if loudness["measure"] == "programme" else spoken(mix, ((0.3, 1.1), (1.2, 1.8)))
    assert abs(measured - loudness["target_lufs"]) <= 0.2
    assert 20 * np.log10(ffmpeg["peak"]) <= loudness["ceiling_dbtp"]

    with av.open(str(next(path for path in folder.glob("film.m*")))) as container:
        assert container.streams.audio[0].codec_context.layout.name == layout
    for name, path in stems.items():
        info = wavinfo.WavInfoReader(str(path))
        assert info.bext.time_reference == bar.time_reference
        assert info.bext.description.endswith("of film"), name
        assert info.bext.originator_date.count("-") == 2
        assert (info.ixml is not None) == ("ixml" in bar.settings)
        if info.ixml is not None:
            flag = b"<TIMECODE_FLAG>DF" if bar.name.endswith(" DF") else b"<TIMECODE_FLAG>NDF"
            assert flag in path.read_bytes()[:8192]
        assert info.data.frame_count == mix.shape[1]
    assert wavinfo.WavInfoReader(str(stems["MIX"])).bext.loudness_value == loudness["integrated_lufs"]


def spoken(mix: np.ndarray, lines_s: tuple[tuple[float, float], ...]) -> float:
    """FFmpeg's loudness of the lines, cut out of the mix and laid end to end."""
    cuts = [mix[:, round(start * 48_000) : round(end * 48_000)] for start, end in lines_s]
    return by_ffmpeg((np.concatenate(cuts, axis=1) / 2**23).astype(np.float32))["I"]
