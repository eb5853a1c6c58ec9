"""What a listener hears of the starter's effects, from films to stems: `python benchmarks/starter_sounds.py [WEIGHTS]`.

One film of still and struck shots goes through `vssflow-post render`; everything is measured on its effects stem:
steady rain, metal told from wood, quiet where nothing moves, no speech in it, no click where cues meet.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import soundfile
import soxr
from scipy.signal import butter, sosfilt

from vssflow_dit.synthesis import pictures, sounds
from vssflow_dit.synthesis.waves import RATE_HZ

Wave = npt.NDArray[np.float64]
FPS, HEIGHT, WIDTH = 25, 216, 384


@dataclass(frozen=True, slots=True)
class Shot:
    prompt: str
    seconds: float
    struck: bool


SHOTS = (
    Shot("rain", 12.0, False),
    *(Shot(prompt, 6.0, True) for prompt in ("metal", "wood") * 3),
    Shot("", 8.0, False),
)


def main(weights: str) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        film, strikes = _film(Path(scratch) / "film.mp4")
        effects, gain_db = _rendered(film, weights)
    starts = np.cumsum([0.0, *(shot.seconds for shot in SHOTS)])
    spans = list(zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True))
    parts = [effects[round(a * RATE_HZ) : round(b * RATE_HZ)] for a, b in spans]
    levels = [_level(part) for part in np.array_split(parts[0][RATE_HZ // 2 : -RATE_HZ // 2], 11)]
    print(f"rain: {np.mean(levels):.1f} dBFS, from {min(levels):.1f} to {max(levels):.1f} in seconds of it")
    print(f"metal and wood told apart: {_told_apart(parts, spans, strikes)}")
    print(f"still, without a prompt: {_level(parts[-1][RATE_HZ:]) - gain_db:.1f} dBFS before loudness")
    print(f"speech in the effects: {100 * _speech_share(effects):.2f} % of the time")
    print(f"clicks at {len(spans) - 1} borders of cues: {sum(_clicks(effects, start) for start in starts[1:-1])}")


def _film(path: Path) -> tuple[Path, list[float]]:
    """The film, its cue sheet beside it, and the times of its strikes."""
    strikes: list[float] = []
    start = 0.0
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"crf": "18", "preset": "veryfast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number, shot in enumerate(SHOTS):
            rng = np.random.default_rng((77, number))
            motion = pictures.STRIKING[number % 3](rng, shot.seconds) if shot.struck else pictures.still(rng, 0.1)
            strikes += [start + time for time, _ in motion.strikes]
            for picture in _pictures(rng, motion, shot):
                out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="gray")))
            start += shot.seconds
        out.mux(video.encode(None))
    path.with_suffix(".cues.json").write_text(json.dumps(_sheet(path)))
    return path, strikes


def _pictures(rng: np.random.Generator, motion: pictures.Motion, shot: Shot) -> Iterator[npt.NDArray[np.uint8]]:
    """The shot at FPS, before a background of its own; a still one is one picture, held."""
    frames = list(pictures.draw(rng, motion))
    for k in range(round(shot.seconds * FPS)):
        at = min(len(frames) - 1, round(k / (shot.seconds * FPS) * len(frames))) if shot.struck else 0
        grey = cv2.resize(frames[at].grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
        yield np.ascontiguousarray(grey, np.uint8)


def _sheet(path: Path) -> dict[str, object]:
    ends = np.cumsum([shot.seconds for shot in SHOTS]).tolist()
    spans = [{"start_s": end - shot.seconds, "end_s": end} for end, shot in zip(ends, SHOTS, strict=True)]
    film = {"path": path.name, "duration_s": ends[-1], "frame_rate": f"{FPS}/1", "start_timecode": "00:00:00:00"}
    cues = [
        {"id": f"s{k}", "kind": "sound", "sound": shot.prompt, "seed": k, **span}
        for k, (shot, span) in enumerate(zip(SHOTS, spans, strict=True))
    ]
    return {"version": 1, "film": film, "scenes": [{"index": k, **s} for k, s in enumerate(spans)], "cues": cues}


def _rendered(film: Path, weights: str) -> tuple[Wave, float]:
    """The effects stem, mono at RATE_HZ, and the gain that the mix put on it."""
    command = [sys.executable, "-m", "vssflow_post", "render", str(film), "-o", str(film.parent / "out"), "--json"]
    command += ["--weights", weights, "--cues", str(film.with_suffix(".cues.json"))]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    output = Path(json.loads(done.stdout)["films"][0]["output"])
    samples, rate_hz = soundfile.read(output / f"{film.stem}_FX.wav", always_2d=True)
    report = json.loads((output / "report.json").read_text("utf-8"))
    return soxr.resample(samples.mean(axis=1), rate_hz, RATE_HZ), float(report["loudness"]["gain_db"])


def _level(wave: Wave) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(wave**2)) + 1e-9))


def _told_apart(parts: list[Wave], spans: list[tuple[float, float]], strikes: list[float]) -> str:
    """Strikes given to the nearer mean of computed metal and wood, in how long and how bright they ring."""
    known = {name: np.array([_ring(_computed(name, seed)) for seed in range(60)]) for name in ("metal", "wood")}
    scale = np.concatenate(list(known.values())).std(axis=0)
    means = {name: rows.mean(axis=0) for name, rows in known.items()}
    right = total = 0
    for shot, part, (start, end) in zip(SHOTS, parts, spans, strict=True):
        times = [time - start for time in strikes if start <= time < end - 0.3] if shot.struck else []
        for k, time in enumerate(times):
            hit = part[round((time - 0.02) * RATE_HZ) :][: round(0.3 * RATE_HZ)]
            if _level(hit) < -60 or (k + 1 < len(times) and times[k + 1] - time < 0.3):
                continue  # not heard, or another strike falls into it
            nearest = min(means, key=lambda name: float((((_ring(hit) - means[name]) / scale) ** 2).sum()))
            right, total = right + (nearest == shot.prompt), total + 1
    return f"{right} of {total} strikes"


def _computed(name: str, seed: int) -> Wave:
    strikes = ((0.02, 0.8),)
    return sounds.sound(np.random.default_rng((5, seed)), name, round(0.3 * RATE_HZ), strikes, np.zeros(0))


def _ring(hit: Wave) -> Wave:
    """(dB lost in a fifth of a second, centre of the spectrum in octaves, its spread) of a strike."""
    peak = int(np.argmax(np.abs(hit)))
    early, late = hit[peak : peak + 480], hit[peak + 2880 : peak + 3840]
    power = np.abs(np.fft.rfft(hit[peak : peak + 2400] * np.hanning(len(hit[peak : peak + 2400])))) ** 2
    octaves = np.log2(np.fft.rfftfreq(len(hit[peak : peak + 2400]), 1 / RATE_HZ) + 50)
    centre = float((power * octaves).sum() / power.sum())
    spread = float(np.sqrt((power * (octaves - centre) ** 2).sum() / power.sum()))
    return np.array([_level(early) - _level(late) if len(late) else 40.0, centre, spread])


def _speech_share(wave: Wave) -> float:
    import torch
    from silero_vad import get_speech_timestamps, load_silero_vad

    found = get_speech_timestamps(torch.from_numpy(wave.astype(np.float32)), load_silero_vad(), sampling_rate=RATE_HZ)
    return sum(span["end"] - span["start"] for span in found) / len(wave)


def _clicks(wave: Wave, border_s: float) -> bool:
    """Whether the high end jumps out within 5 ms of a border, 12 dB over all of the fifth of a second around it."""
    high = np.abs(sosfilt(butter(4, 4000, "highpass", fs=RATE_HZ, output="sos"), wave))
    at, near, far = round(border_s * RATE_HZ), RATE_HZ // 200, RATE_HZ // 10
    around = max(high[at - far : at - near].max(), high[at + near : at + far].max())
    return bool(high[at - near : at + near].max() > max(4 * around, 10 ** (-60 / 20)))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "starter")
