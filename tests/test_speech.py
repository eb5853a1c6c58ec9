"""Who speaks when: which detector is asked, what it finds, and what the user is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from vssflow_post.analysis.detectors import vssflow_speech_detectors
from vssflow_post.analysis.speech import find_segments, tidied
from vssflow_post.audio import AudioClip, Samples
from vssflow_post.backend import DetectorOffer, MouthTrack, SpeechEvidence, SpeechSettings, Track
from vssflow_post.errors import BackendUnavailable
from vssflow_post.timeline import CLOCK_HZ, Line, Span, SpeakingSegment

FILM_S = 6.0
FORMANTS_HZ = np.array([(730, 1090, 2440), (270, 2290, 3010), (570, 840, 2410), (530, 1840, 2480), (300, 870, 2240)])
BANDWIDTHS_HZ = (80, 100, 140)

Audio = Callable[[int], AudioClip]


def babble(rate_hz: int, duration_s: float) -> npt.NDArray[np.float64]:
    """Vowels, one every fifth of a second: pulses of a gliding pitch through three resonators, in blocks of 4 ms."""
    n = round(rate_hz * duration_s)
    t = np.arange(n) / rate_hz
    pitch_hz = 120 * (1 + 0.1 * np.sin(2 * np.pi * 1.3 * t) + 0.15 * np.sin(2 * np.pi * 0.4 * t))
    sound = np.diff(np.floor(np.cumsum(pitch_hz) / rate_hz), prepend=0.0)
    for k, bandwidth_hz in enumerate(BANDWIDTHS_HZ):
        vowel = FORMANTS_HZ[(t / 0.2).astype(int) % len(FORMANTS_HZ), k].astype(float)
        width = round(0.05 * rate_hz)
        centre_hz = np.convolve(
            np.pad(vowel, (width // 2, width - 1 - width // 2), mode="edge"), np.ones(width) / width, "valid"
        )
        radius = np.exp(-np.pi * bandwidth_hz / rate_hz)
        first = (2 * radius * np.cos(2 * np.pi * centre_hz / rate_hz)).tolist()
        filtered, last, before = [], 0.0, 0.0
        for value, a in zip(sound.tolist(), first, strict=True):
            last, before = value * (1 - radius) + a * last - radius * radius * before, last
            filtered.append(last)
        sound = np.array(filtered)
    sound = sound * (0.15 + np.abs(np.sin(np.pi * t / 0.2)) ** 0.7)
    return np.asarray(0.3 * sound / np.abs(sound).max())


def audio_of(make: Callable[[int, int], npt.NDArray[np.float64]]) -> Audio:
    def audio(rate_hz: int) -> AudioClip:
        n = round(rate_hz * FILM_S)
        return AudioClip(make(n, rate_hz).astype(np.float32)[None], rate_hz)

    return audio


def speech_from(start_s: float, duration_s: float) -> Audio:
    def make(n: int, rate_hz: int) -> npt.NDArray[np.float64]:
        samples = np.zeros(n)
        spoken = babble(rate_hz, duration_s)
        samples[round(start_s * rate_hz) :][: len(spoken)] = spoken
        return samples

    return audio_of(make)


SILENCE = audio_of(lambda n, rate_hz: np.zeros(n))
NOISE = audio_of(lambda n, rate_hz: 0.05 * np.random.default_rng(0).standard_normal(n))
TONE = audio_of(lambda n, rate_hz: 0.3 * np.sin(2 * np.pi * 440 * np.arange(n) / rate_hz))


def mouth(
    start_s: float, talks_s: tuple[float, float] | None, duration_s: float = 4.0, rate_hz: float = 25.0
) -> MouthTrack:
    """A face whose mouth opens and closes four times a second in `talks_s` (seconds from its start)."""
    t = np.arange(round(duration_s * rate_hz)) / rate_hz
    opening = np.full(len(t), 0.1)
    if talks_s is not None:
        talking = (t >= talks_s[0]) & (t < talks_s[1])
        opening[talking] += 0.3 * (1 - np.cos(2 * np.pi * 4 * (t[talking] - talks_s[0])))
    track = Track(opening.astype(np.float32)[:, None], rate_hz)
    return MouthTrack(Span.of_seconds(start_s, start_s + duration_s), track, (0.4, 0.3, 0.2, 0.3))


def evidence(
    lines: Sequence[Line] | None = None, audio: Audio | None = None, mouths: Sequence[MouthTrack] = ()
) -> SpeechEvidence:
    film = Span.of_seconds(0, FILM_S)
    script = Path("/films/film.srt") if lines is not None else None
    return SpeechEvidence(
        Path("/films/film.mp4"), film, None if lines is None else tuple(lines), audio, tuple(mouths), script
    )


def find(seen: SpeechEvidence, **settings: object) -> tuple[tuple[SpeakingSegment, ...], str]:
    return find_segments(seen, SpeechSettings(**settings), vssflow_speech_detectors())  # type: ignore[arg-type]


def a_line(start_s: float, end_s: float, text: str = "Hello", speaker: str | None = "ANNA") -> Line:
    return Line(Span.of_seconds(start_s, end_s), text, speaker)


def test_silero_hears_speech_where_it_is() -> None:
    [segment], sentence = find(evidence(audio=speech_from(2.0, 2.0)))
    assert segment.origin == "silero"
    assert segment.text == ""
    assert segment.span.start_s == pytest.approx(2.0, abs=0.25)
    assert segment.span.end_s == pytest.approx(4.0, abs=0.25)
    assert sentence.startswith("silero: 1 speaking segment")
    assert "pyannote: no model is configured" in sentence


@pytest.mark.parametrize("audio", [SILENCE, NOISE, TONE], ids=["silence", "noise", "tone"])
def test_silero_hears_no_speech_where_there_is_none(audio: Audio) -> None:
    segments, sentence = find(evidence(audio=audio))
    assert segments == ()
    assert "silero: no speaking segments" in sentence


def test_silero_leaves_the_number_of_threads_alone() -> None:
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        find(evidence(audio=SILENCE))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_script_comes_first_and_keeps_its_words() -> None:
    seen = evidence([a_line(1, 2), a_line(5, 9, "Late", "BOB"), a_line(7, 8)], NOISE, [mouth(0, (0.5, 2.5))])
    segments, sentence = find(seen)
    assert [(each.text, each.speaker, each.span.start_s, each.span.end_s) for each in segments] == [
        ("Hello", "ANNA", 1, 2),
        ("Late", "BOB", 5, FILM_S),
    ]
    assert sentence == "script: 2 lines in film.srt (1 more after the end of the film)"


def test_a_script_without_lines_has_the_last_word() -> None:
    segments, sentence = find(evidence([], speech_from(1.0, 2.0), [mouth(0, (0.5, 2.5))]))
    assert segments == ()
    assert sentence == "script: no lines in film.srt"


def test_short_lines_of_a_script_stay() -> None:
    segments, _ = find(evidence([a_line(1, 1.1), a_line(1.15, 1.2)]))
    assert len(segments) == 2


def test_lips_of_a_silent_film() -> None:
    [segment], sentence = find(evidence(mouths=[mouth(1.0, (1.0, 3.0)), mouth(1.0, None)]))
    assert segment.origin == "lips"
    assert segment.span.start_s == pytest.approx(2.0, abs=0.4)
    assert segment.span.end_s == pytest.approx(4.0, abs=0.4)
    assert sentence.startswith("lips: 1 speaking segment")
    assert "silero: the film has no audio" in sentence


def test_lips_of_a_film_with_music_only_are_believed_and_said() -> None:
    segments, sentence = find(evidence(audio=TONE, mouths=[mouth(1.0, (1.0, 3.0))]))
    assert [segment.origin for segment in segments] == ["lips"]
    assert sentence.startswith("silero: no speaking segments; lips: 1 speaking segment")


def test_nothing_to_go_by() -> None:
    segments, sentence = find(evidence())
    assert segments == ()
    assert sentence == (
        "no speech found; pyannote: the film has no audio; silero: the film has no audio; lips: no mouth was seen"
    )


def test_speech_can_be_switched_off() -> None:
    assert find(evidence([a_line(1, 2)]), source="none") == ((), "speech detection is switched off")


def test_a_named_detector_is_asked_and_no_other() -> None:
    seen = evidence([a_line(1, 2)], speech_from(2.0, 2.0))
    [segment], sentence = find(seen, source="silero")
    assert segment.origin == "silero"
    assert sentence == "silero: 1 speaking segment, as the preset asks"


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("script", "'script' cannot be used: there is no script"),
        ("silero", "'silero' cannot be used: the film has no audio"),
        ("lips", "'lips' cannot be used: no mouth was seen"),
        ("pyannote", "'pyannote' cannot be used: the film has no audio"),
        ("whisper", r"no speech detector 'whisper' \(there are auto, none, lips, pyannote, script, silero\)"),
    ],
)
def test_a_named_detector_that_cannot_work_is_an_error(source: str, reason: str) -> None:
    with pytest.raises(BackendUnavailable, match=reason):
        find(evidence(), source=source)


def test_a_plugin_with_a_higher_priority_comes_first() -> None:
    class Oracle:
        name = "oracle"

        def detect(self, evidence: SpeechEvidence) -> Sequence[SpeakingSegment]:
            return [
                SpeakingSegment(Span.of_seconds(1, 99), "oracle"),
                SpeakingSegment(Span.of_seconds(98, 99), "oracle"),
            ]

    oracle = DetectorOffer("oracle", 200, lambda settings: Oracle(), lambda evidence, settings: None)
    segments, _ = find_segments(evidence([a_line(1, 2)]), SpeechSettings(), [*vssflow_speech_detectors(), oracle])
    assert [(each.origin, each.span) for each in segments] == [("oracle", Span.of_seconds(1, FILM_S))]


def heard(start_s: float, end_s: float, speaker: str | None = None, text: str = "") -> SpeakingSegment:
    return SpeakingSegment(Span.of_seconds(start_s, end_s), "silero", text, speaker)


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        ([heard(0, 1), heard(1.1, 2)], [heard(0, 2)]),
        ([heard(0, 1), heard(1.2, 2)], [heard(0, 1), heard(1.2, 2)]),
        ([heard(0, 2), heard(0.5, 1)], [heard(0, 2)]),
        ([heard(0, 0.2), heard(0.3, 0.5)], [heard(0, 0.5)]),
        ([heard(0, 0.29)], []),
        ([heard(0, 1, "A"), heard(1.05, 2, "B"), heard(2.1, 3, "B")], [heard(0, 1, "A"), heard(1.05, 3, "B")]),
        ([heard(0, 1, text="a"), heard(1.05, 2, text="b")], [heard(0, 1, text="a"), heard(1.05, 2, text="b")]),
    ],
)
def test_pauses_are_closed_and_blips_left_out(segments: list[SpeakingSegment], expected: list[SpeakingSegment]) -> None:
    assert list(tidied(segments, 0.3)) == expected


def test_min_s_is_heeded() -> None:
    seen = evidence(audio=speech_from(2.0, 2.0))
    assert find(seen, min_s=5.0)[0] == ()
    assert len(find(seen, min_s=1.0)[0]) == 1


def test_audio_is_cut_to_the_film() -> None:
    seen = evidence(audio=speech_from(3.0, 3.0))
    shorter = SpeechEvidence(seen.film, Span(0, 4 * CLOCK_HZ), None, seen.audio, ())
    [segment], _ = find(shorter)
    assert segment.span.end == 4 * CLOCK_HZ


@pytest.mark.parametrize("in_blocks", [False, True])
def test_speech_over_the_border_of_two_pieces_stays_one(monkeypatch: pytest.MonkeyPatch, in_blocks: bool) -> None:
    monkeypatch.setattr("vssflow_post.analysis.silero.PIECE_S", 3)
    audio = speech_from(2.0, 2.0)

    def blocks(rate_hz: int) -> Iterator[Samples]:
        samples = audio(rate_hz).samples
        yield from (samples[:, k : k + rate_hz] for k in range(0, samples.shape[1], rate_hz))

    seen = evidence(audio=audio)
    [segment], _ = find(replace(seen, audio=None, audio_blocks=blocks) if in_blocks else seen)
    assert segment.span.start_s == pytest.approx(2.0, abs=0.25)
    assert segment.span.end_s == pytest.approx(4.0, abs=0.25)
