"""The meter against the EBU's test signals, against a second reckoning, and against FFmpeg's meter."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from vssflow_post.audio import Loudness, Samples
from vssflow_post.mix.loudness import LoudnessMeter


def sine(dbfs: float, seconds: float, hz: float = 1000.0) -> Samples:
    t = np.arange(round(48_000 * seconds)) / 48_000
    return np.tile(10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * t), (2, 1)).astype(np.float32)


def measure(audio: Samples, block: int = 48_000) -> Loudness:
    meter = LoudnessMeter()
    for start in range(0, audio.shape[1], block):
        meter.push(audio[:, start : start + block])
    return meter.finish()


def by_ffmpeg(audio: Samples, layout: str = "stereo") -> dict[str, float]:
    """What FFmpeg's `ebur128` filter says; the last 100 ms are padded for the peak, not counted for the loudness."""
    import av

    if not hasattr(av.AudioFrame, "metadata"):
        pytest.skip("this PyAV does not show a frame's metadata")
    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=48_000, format="flt", layout=layout, time_base=Fraction(1, 48_000))
    meter, sink = graph.add("ebur128", "metadata=1:peak=true"), graph.add("abuffersink")
    source.link_to(meter)
    meter.link_to(sink)
    graph.configure()
    padded = np.pad(audio, ((0, 0), (0, -audio.shape[1] % 4800 + 4800)))
    figures = {}
    for start in range(0, padded.shape[1], 4800):
        block = np.ascontiguousarray(padded[:, start : start + 4800].T).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="flt", layout=layout)
        frame.sample_rate, frame.time_base, frame.pts = 48_000, Fraction(1, 48_000), start
        source.push(frame)
        metadata = sink.pull().metadata
        if start + 4800 <= audio.shape[1]:
            figures["I"], figures["LRA"] = (float(metadata[f"lavfi.r128.{key}"]) for key in ("I", "LRA"))
        figures["peak"] = float(metadata["lavfi.r128.true_peak"])
    return figures


def by_the_book(audio: Samples) -> float:
    """BS.1770-5 written out a second time: sample by sample through the filters, window by window through the gates."""
    total = np.zeros(audio.shape[1])
    for channel in audio.astype(float):
        signal = channel
        for b, a in (
            ((1.53512485958697, -2.69169618940638, 1.19839281085285), (-1.69065929318241, 0.73248077421585)),
            ((1.0, -2.0, 1.0), (-1.99004745483398, 0.99007225036621)),
        ):
            out = np.zeros_like(signal)
            x1 = x2 = y1 = y2 = 0.0
            for k, x in enumerate(signal.tolist()):
                y = b[0] * x + b[1] * x1 + b[2] * x2 - a[0] * y1 - a[1] * y2
                x1, x2, y1, y2 = x, x1, y, y1
                out[k] = y
            signal = out
        total += signal**2
    powers = [float(total[at : at + 19_200].mean()) for at in range(0, len(total) - 19_199, 4800)]
    loud = [p for p in powers if p > 10 ** ((-70 + 0.691) / 10)]
    kept = [p for p in loud if p > 0.1 * sum(loud) / len(loud)]
    return -0.691 + 10 * math.log10(sum(kept) / len(kept))


def programme(seconds: float = 6.0) -> Samples:
    rng = np.random.default_rng(3)
    n = round(48_000 * seconds)
    level = np.repeat(10 ** (rng.uniform(-50, -10, n // 4800 + 1) / 20), 4800)[:n]
    return (rng.standard_normal((2, n)) * level).astype(np.float32)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
    ],
    ids=["case 1", "case 2", "case 3", "case 4"],
)
def test_ebu_tech_3341_integrated(parts: list[tuple[float, float]], expected: float) -> None:
    figures = measure(np.concatenate([sine(*part) for part in parts], axis=1))
    assert figures.integrated_lufs == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize(
    ("levels", "expected"),
    [((-20, -30), 10.0), ((-20, -15), 5.0), ((-40, -20), 20.0)],
    ids=["case 1", "case 2", "case 3"],
)
def test_ebu_tech_3342_range(levels: tuple[float, float], expected: float) -> None:
    figures = measure(np.concatenate([sine(level, 20) for level in levels], axis=1))
    assert figures.range_lu == pytest.approx(expected, abs=1.0)


@pytest.mark.parametrize(("hz", "phase"), [(12_000, 0), (12_000, 45), (8_000, 60), (6_000, 67.5)])
def test_ebu_tech_3341_true_peak(hz: float, phase: float) -> None:
    """Cases 15 to 18: sines of -6 dBFS whose samples miss the crest."""
    t = np.arange(48_000) / 48_000
    fade = np.minimum(1.0, np.minimum(t, t[::-1]) / 0.1)
    tone = 0.5 * fade * np.sin(2 * np.pi * hz * t + np.radians(phase))
    peak = measure(np.tile(tone, (2, 1)).astype(np.float32)).true_peak_dbtp
    assert peak is not None
    assert -6.4 <= peak <= -5.8


def test_integrated_agrees_with_a_second_reckoning() -> None:
    audio = programme(2.0)
    assert measure(audio).integrated_lufs == pytest.approx(by_the_book(audio), abs=1e-4)


def test_agrees_with_ffmpeg() -> None:
    audio = programme(20.05)
    figures, ffmpeg = measure(audio), by_ffmpeg(audio)
    assert figures.integrated_lufs == pytest.approx(ffmpeg["I"], abs=0.02)
    assert figures.range_lu == pytest.approx(ffmpeg["LRA"], abs=0.2)
    assert figures.true_peak_dbtp == pytest.approx(20 * math.log10(ffmpeg["peak"]), abs=0.02)


def test_blocks_do_not_matter() -> None:
    audio = programme(4.0)
    whole, pieces = measure(audio, audio.shape[1]), measure(audio, 997)
    assert pieces.integrated_lufs == pytest.approx(whole.integrated_lufs, abs=1e-9)
    assert pieces.true_peak_dbtp == pytest.approx(whole.true_peak_dbtp, abs=1e-5)
    assert len(pieces.short_term) == len(whole.short_term) == 11


def test_a_peak_on_the_last_sample_counts() -> None:
    audio = np.zeros((2, 48_000), np.float32)
    audio[0, -1] = 0.5
    assert measure(audio).true_peak_dbtp == pytest.approx(-6.02, abs=0.05)


def test_silence_and_what_is_too_short_have_no_loudness() -> None:
    silence = measure(np.zeros((2, 96_000), np.float32))
    assert (silence.integrated_lufs, silence.true_peak_dbtp, silence.max_momentary_lufs) == (None, None, None)
    short = measure(sine(-20, 0.39))
    assert short.integrated_lufs is None
    assert short.true_peak_dbtp == pytest.approx(-20, abs=0.1)
    assert measure(sine(-20, 0.4)).integrated_lufs == pytest.approx(-20, abs=0.2)


def test_short_term_curve_follows_the_level() -> None:
    curve = dict(measure(np.concatenate([sine(-40, 5), sine(-20, 5)], axis=1)).short_term)
    assert curve[5.0] == pytest.approx(-40, abs=0.1)
    assert curve[10.0] == pytest.approx(-20, abs=0.1)
