"""Changes that a regression suite must tell, or must not mind, made on purpose to the files of a render.

Each acts on the stems as float (channels, n) at 48 kHz and lets the mix follow; `size` is how large it is, in the unit
of its name. `benchmarks/regression_curves.py` draws how far each moves every measure, tests hold that each is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
from scipy import signal

Sound = npt.NDArray[np.float64]
Stems = dict[str, Sound]

RATE_HZ = 48_000
FULL_SCALE = 1 << 23


@dataclass(frozen=True, slots=True)
class Change:
    """One kind of change."""

    name: str
    unit: str
    sizes: tuple[float, ...]
    """From harmless to plain."""
    told_from: float
    """The least of them that must be told by the measures alone, bytes apart."""
    act: Callable[[Stems, float], Stems]


def of_all(act: Callable[[Sound, float], Sound]) -> Callable[[Stems, float], Stems]:
    return lambda stems, size: {name: act(sound, size) for name, sound in stems.items()}


def of_one(stem: str, act: Callable[[Sound, float], Sound]) -> Callable[[Stems, float], Stems]:
    return lambda stems, size: {name: act(sound, size) if name == stem else sound for name, sound in stems.items()}


def db(size: float) -> float:
    return float(10 ** (size / 20))


def gain(sound: Sound, size: float) -> Sound:
    return sound * db(size)


def shift(sound: Sound, size: float) -> Sound:
    """By `size` samples, also a part of one, later."""
    whole = round(size)
    if abs(size - whole) > 1e-9:
        n = sound.shape[1] + 256
        turn = np.exp(-2j * np.pi * np.fft.rfftfreq(n) * size)
        return np.fft.irfft(np.fft.rfft(sound, n) * turn, n)[:, : sound.shape[1]]
    return np.pad(sound, ((0, 0), (whole, 0)))[:, : sound.shape[1]]


def loudest(sound: Sound, seconds: float) -> slice:
    """The loudest stretch of that length."""
    n = round(seconds * RATE_HZ)
    power = np.cumsum(np.concatenate([[0.0], np.square(sound).sum(axis=0)]))
    start = int(np.argmax(power[n:] - power[:-n]))
    return slice(start, start + n)


def in_loudest(seconds: float, act: Callable[[Sound, float], Sound]) -> Callable[[Sound, float], Sound]:
    """Only in the loudest so many seconds: one cue."""

    def changed(sound: Sound, size: float) -> Sound:
        where, done = loudest(sound, seconds), sound.copy()
        done[:, where] = act(sound[:, where], size)
        return done

    return changed


def low_pass(sound: Sound, size: float) -> Sound:
    return signal.sosfiltfilt(signal.butter(6, size, fs=RATE_HZ, output="sos"), sound, axis=1)


def click(sound: Sound, size: float) -> Sound:
    done = sound.copy()
    done[:, sound.shape[1] // 3] += db(size)
    return done


def drop(sound: Sound, size: float) -> Sound:
    """`size` milliseconds cut out of the loudest second; the end is filled with silence."""
    n, start = round(size * RATE_HZ / 1000), loudest(sound, 1.0).start
    return np.pad(np.delete(sound, slice(start, start + n), axis=1), ((0, 0), (0, n)))


def mute(sound: Sound, size: float) -> Sound:
    done = sound.copy()
    done[:, loudest(sound, size / 1000)] = 0
    return done


def offset(sound: Sound, size: float) -> Sound:
    return sound + db(size) * (np.abs(sound).max() > 0)


def linear_resampler(sound: Sound, size: float) -> Sound:
    """Through `size` Hz and back by straight lines."""
    n = sound.shape[1]
    at = np.arange(0, n, RATE_HZ / size)
    slow = [np.interp(at, np.arange(n), low) for low in low_pass(sound, size * 0.45)]
    return np.stack([np.interp(np.arange(n), at, each) for each in slow])


def speed(sound: Sound, size: float) -> Sound:
    """Pitch and time by `size` percent; the end is cut or filled."""
    n = sound.shape[1]
    at = np.arange(n) * (1 + size / 100)
    return np.stack([np.interp(at, np.arange(n), channel, right=0.0) for channel in sound])


def flutter(sound: Sound, size: float) -> Sound:
    """Pitch that sways by `size` percent, four times a second."""
    n = sound.shape[1]
    time = np.arange(n)
    sway = size / 100 * RATE_HZ / (2 * np.pi * 4) * np.sin(2 * np.pi * 4 * time / RATE_HZ)
    return np.stack([np.interp(time + sway, time, channel) for channel in sound])


def tilt(sound: Sound, size: float) -> Sound:
    """`size` dB an octave around 1 kHz."""
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ)
    curve = db(size) ** np.log2(np.maximum(hz, 20) / 1000)
    return np.fft.irfft(np.fft.rfft(sound) * curve, sound.shape[1])


def peak_filter(sound: Sound, size: float) -> Sound:
    """A bell of `size` dB at 2 kHz, an octave wide."""
    hz = np.fft.rfftfreq(sound.shape[1], 1 / RATE_HZ)
    curve = db(size) ** np.exp(-0.5 * (np.log2(np.maximum(hz, 1) / 2000) / 0.5) ** 2)
    return np.fft.irfft(np.fft.rfft(sound) * curve, sound.shape[1])


def ramp(sound: Sound, size: float) -> Sound:
    """From -size/2 to +size/2 dB."""
    return sound * 10 ** (np.linspace(-size / 2, size / 2, sound.shape[1]) / 20)


def clip(sound: Sound, size: float) -> Sound:
    """`size` dB below the peak."""
    limit = np.abs(sound).max() * db(-size)
    return np.clip(sound, -limit, limit)


def narrow(sound: Sound, size: float) -> Sound:
    """`size` percent of the side channel gone."""
    side = (sound[:1] - sound[1:2]) / 2 * size / 100
    return sound - np.concatenate([side, -side])


def noise(sound: Sound, size: float) -> Sound:
    heard = np.abs(sound).max() > 0
    return sound + heard * db(size) * np.random.default_rng(1).standard_normal(sound.shape)


def hum(sound: Sound, size: float) -> Sound:
    return sound + db(size) * np.sin(2 * np.pi * 50 * np.arange(sound.shape[1]) / RATE_HZ)


def reverb(sound: Sound, size: float) -> Sound:
    """300 ms of it, `size` dB below the sound."""
    n = round(0.3 * RATE_HZ)
    tail = np.random.default_rng(2).standard_normal(n) * 10 ** (-3 * np.arange(n) / n)
    tail /= np.sqrt(np.square(tail).sum())
    return sound + db(size) * signal.oaconvolve(sound, tail[None], axes=1)[:, : sound.shape[1]]


def delay_right(sound: Sound, size: float) -> Sound:
    return np.concatenate([sound[:1], shift(sound[1:2], size)])


def echo(sound: Sound, size: float) -> Sound:
    """One, 5 ms later, `size` dB below."""
    return sound + db(size) * shift(sound, 240)


def fewer_bits(sound: Sound, size: float) -> Sound:
    step = 2.0 ** (1 - size)
    return np.rint(sound / step) * step


def squeeze(sound: Sound, size: float) -> Sound:
    """A compressor without make-up: what is above -30 dB goes up by 1/size as much."""
    power = signal.oaconvolve(np.square(sound).mean(axis=0), np.ones(2400) / 2400, mode="same")
    level = 10 * np.log10(np.maximum(power, 1e-12))
    return sound * 10 ** (-np.maximum(0, level + 30) * (1 - 1 / size) / 20)


def repeat(sound: Sound, size: float) -> Sound:
    """`size` milliseconds of the loudest second said again in place of those after it."""
    n, start = round(size * RATE_HZ / 1000), loudest(sound, 1.0).start
    done = sound.copy()
    done[:, start + n : start + 2 * n] = sound[:, start : start + n]
    return done


def leak(stems: Stems, size: float) -> Stems:
    """Dialogue in the effects, `size` dB below itself."""
    return {**stems, "FX": stems["FX"] + db(size) * stems["DX"]}


def swap_cues(stems: Stems, size: float) -> Stems:
    """`size` seconds of effects exchanged with the next."""
    n, done = round(size * RATE_HZ), stems["FX"].copy()
    done[:, :n], done[:, n : 2 * n] = stems["FX"][:, n : 2 * n], stems["FX"][:, :n]
    return {**stems, "FX": done}


CHANGES: tuple[Change, ...] = (
    Change("gain", "dB", (0.003, 0.01, 0.03, 0.1, 0.3, 1), 0.1, of_all(gain)),
    Change("gain of the dialogue", "dB", (0.01, 0.03, 0.1, 0.3, 1), 0.1, of_one("DX", gain)),
    Change("gain of one second", "dB", (0.03, 0.1, 0.3, 1, 3), 1, of_one("FX", in_loudest(1.0, gain))),
    Change("shift", "samples", (0.03, 0.1, 0.3, 1, 48, 960), 1, of_all(shift)),
    Change("shift of the dialogue", "samples", (0.1, 1, 960), 1, of_one("DX", shift)),
    Change("shift of one second", "samples", (1, 48, 960), 960, of_one("DX", in_loudest(1.0, shift))),
    Change("polarity", "", (1,), 1, of_all(lambda sound, size: -sound)),
    Change("polarity of one channel", "", (1,), 1, of_all(lambda sound, size: sound * np.array([[1.0], [-1.0]]))),
    Change("channels swapped", "", (1,), 1, of_all(lambda sound, size: sound[::-1])),
    Change("low-pass", "Hz", (20_000, 16_000, 12_000, 7_000, 4_000), 12_000, of_all(low_pass)),
    Change("click", "dBFS", (-110, -90, -70, -50, -30), -50, of_all(click)),
    Change("drop", "ms", (0.02, 1, 5, 20, 100), 20, of_all(drop)),
    Change("mute", "ms", (1, 5, 20, 100, 1000), 20, of_all(mute)),
    Change("DC", "dBFS", (-140, -120, -100, -80, -60), -80, of_all(offset)),
    Change("resampler", "Hz", (16_000,), 16_000, of_all(linear_resampler)),
    Change("speed", "%", (0.001, 0.01, 0.1, 1), 1, of_all(speed)),
    Change("speed of one second", "%", (0.1, 1, 3), 1, of_one("DX", in_loudest(1.0, speed))),
    Change("flutter", "%", (0.003, 0.03, 0.3), 0.3, of_all(flutter)),
    Change("spectral tilt", "dB an octave", (0.003, 0.01, 0.03, 0.1, 0.3), 0.1, of_all(tilt)),
    Change("bell at 2 kHz", "dB", (0.03, 0.1, 0.3, 1, 3), 1, of_all(peak_filter)),
    Change("level ramp", "dB", (0.03, 0.1, 0.3, 1, 3), 1, of_all(ramp)),
    Change("clipping", "dB below the peak", (0.01, 0.1, 1, 3, 6), 1, of_all(clip)),
    Change("width", "% less", (0.3, 1, 10, 100), 10, of_one("FX", narrow)),
    Change("noise", "dBFS", (-130, -110, -90, -70, -50), -90, of_all(noise)),
    Change("hum", "dBFS", (-110, -90, -70, -50), -70, of_all(hum)),
    Change("reverb", "dB", (-70, -50, -30, -20, -10), -20, of_one("DX", reverb)),
    Change("right channel late", "samples", (0.1, 1, 5, 48), 5, of_one("FX", delay_right)),
    Change("echo", "dB", (-70, -50, -30, -20, -10), -20, of_all(echo)),
    Change("bits", "", (20, 18, 16, 12, 8), 16, of_all(fewer_bits)),
    Change("compressor", ": 1", (1.003, 1.03, 1.1, 2), 1.1, of_all(squeeze)),
    Change("stretch said twice", "ms", (1, 20, 100), 20, of_one("FX", repeat)),
    Change("dialogue in the effects", "dB", (-90, -70, -50, -30), -30, leak),
    Change("cues swapped", "s", (2,), 2, swap_cues),
    Change("one second backwards", "", (1,), 1, of_one("FX", in_loudest(1.0, lambda sound, size: sound[:, ::-1]))),
    Change("effects gone", "", (1,), 1, of_one("FX", lambda sound, size: 0 * sound)),
    Change("other effects", "", (1,), 1, of_one("FX", lambda sound, size: np.roll(sound, 2 * RATE_HZ, axis=1))),
    Change("pitch of the dialogue", "%", (10,), 10, of_one("DX", speed)),
)


def read_stems(waves: Mapping[str, Path]) -> Stems:
    """The stems of a render, without its mix."""
    return {name: soundfile.read(path, always_2d=True)[0].T for name, path in waves.items() if name != "MIX"}


def write_stems(waves: Mapping[str, Path], stems: Stems) -> None:
    """Puts the samples of the stems, and of the mix as their sum, into the files; headers stay as they are."""
    whole = {name: np.clip(np.rint(sound * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1) for name, sound in stems.items()}
    whole["MIX"] = np.clip(sum(whole.values()), -FULL_SCALE, FULL_SCALE - 1)
    for name, path in waves.items():
        raw = bytearray(path.read_bytes())
        at = raw.index(b"data") + 8
        frames = np.ascontiguousarray(whole[name].T.astype("<i4")).view(np.uint8).reshape(-1, 4)[:, :3]
        raw[at : at + frames.size] = frames.tobytes()
        path.write_bytes(raw)
