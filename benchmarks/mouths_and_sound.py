"""Are real mouths read? `python benchmarks/mouths_and_sound.py CLIP...`, talking heads with their own sound.

For each clip: correlation of the opening of the mouth that moves most with the loudness of the clip's sound (RMS, and
dB down to -40), the share of the time in which silero hears speech that the mouths are seen to speak, and what the look
at the picture costs. Then the same clip frozen at some of its pictures, with grain and an unsteady camera: how long
speech is seen there, which should be no time at all.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt

from vssflow_post.analysis.mouths import speaking_spans
from vssflow_post.analysis.picture import Analysis, analyse
from vssflow_post.analysis.silero import SileroDetector
from vssflow_post.backend import Frame, SpeechEvidence, Track, speaking_mouth
from vssflow_post.media import Film, production_audio
from vssflow_post.media.probe import probe
from vssflow_post.settings.preset import PictureSettings
from vssflow_post.timeline import Scene, Span

Curve = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]
RATE_HZ, SOUND_HZ = 25, 16_000
QUIET_DB = 40.0
FROZEN_S, N_FROZEN = 4, 3


class NoEncoder:
    """Takes frames and makes nothing of them."""

    def push(self, frame: Frame) -> None: ...

    def finish(self, scenes: Sequence[Scene]) -> dict[str, Track]:
        return {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", type=Path, nargs="+")
    for clip in parser.parse_args().clips:
        film = probe(clip)
        seconds, analysis = looked_at(film)
        print(f"{clip.name}: {agreement(film, analysis)}; {1000 * seconds / film.n_frames:.1f} ms a picture")
        still = [still_speech(picture) for picture in some_pictures(clip)]
        print(f"  frozen, shaken, grainy, {FROZEN_S} s each: (mouths, seconds seen to speak) {still}")


def looked_at(film: Film) -> tuple[float, Analysis]:
    start = time.perf_counter()
    analysis = analyse(film, PictureSettings(), NoEncoder())
    return time.perf_counter() - start, analysis


def agreement(film: Film, analysis: Analysis) -> str:
    sound = production_audio(film, SOUND_HZ)
    evidence = SpeechEvidence(film.path, film.duration, None, partial(production_audio, film), analysis.mouths)
    heard = on_grid([segment.span for segment in SileroDetector().detect(evidence)], film)
    seen = on_grid([span for mouth in analysis.mouths for span in speaking_spans(mouth)], film)
    share = f"speech seen in {100 * (heard & seen).sum() / max(1, heard.sum()):.0f} % of {heard.sum() / RATE_HZ:.1f} s"
    extra = f"and in {(seen & ~heard).sum() / RATE_HZ:.1f} s of {(~heard).sum() / RATE_HZ:.1f} s without"
    mouth = speaking_mouth(analysis.mouths, film.duration)
    if mouth is None:
        return f"{share} {extra}; no mouth"
    opening = mouth.opening.values[:, 0].astype(np.float64)
    loud = loudness(sound.samples.mean(axis=0), mouth.span.start_s + np.arange(len(opening)) / RATE_HZ)
    down = np.maximum(20 * np.log10(loud / loud.max()), -QUIET_DB)
    straight, in_db = (np.corrcoef(opening, curve)[0, 1] for curve in (loud, down))
    return f"mouth and loudness {straight:.2f} (RMS) {in_db:.2f} (dB); {share} {extra}"


def on_grid(spans: Sequence[Span], film: Film) -> npt.NDArray[np.bool_]:
    """Whether each moment lies in one of the spans."""
    times_s = (np.arange(round(film.duration.end_s * RATE_HZ)) + 0.5) / RATE_HZ
    return np.array([any(span.start_s <= at < span.end_s for span in spans) for at in times_s], np.bool_)


def loudness(wave: npt.NDArray[np.float32], times_s: Curve) -> Curve:
    """RMS of the 40 ms from each time on: what a picture is shown for."""
    pieces = [wave[int(at * SOUND_HZ) : int((at + 1 / RATE_HZ) * SOUND_HZ)] for at in times_s]
    return np.array(
        [np.sqrt(np.mean(piece.astype(np.float64) ** 2) + 1e-12) if len(piece) else 1e-6 for piece in pieces]
    )


def some_pictures(clip: Path) -> list[Picture]:
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [np.asarray(pictures[k], np.uint8) for k in np.linspace(0, len(pictures) - 1, N_FROZEN).astype(int)]


def still_speech(picture: Picture) -> tuple[int, float]:
    """How many mouths are seen in a shaken still picture, and for how long they speak."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "still.mp4"
        write(path, shaken(picture))
        _, analysis = looked_at(probe(path))
    spoken_s = sum(span.duration_s for mouth in analysis.mouths for span in speaking_spans(mouth))
    return len(analysis.mouths), round(spoken_s, 2)


def shaken(picture: Picture) -> list[Picture]:
    """As from a hand: it drifts by some thousandths of the picture, turns a little, and has grain."""
    rng = np.random.default_rng(7)
    height, width = (side // 2 * 2 for side in picture.shape[:2])
    places = np.cumsum(rng.normal(0, 0.001 * height, (FROZEN_S * RATE_HZ, 2)), axis=0)
    angles = np.cumsum(rng.normal(0, 0.03, FROZEN_S * RATE_HZ))
    found = []
    for (x, y), angle in zip(places, angles, strict=True):
        moved = cv2.getRotationMatrix2D((width / 2, height / 2), float(angle), 1.0)
        moved[:, 2] += x, y
        held = cv2.warpAffine(picture, moved, (width, height), borderMode=cv2.BORDER_REPLICATE)
        found.append(np.clip(held + rng.normal(0, 4, held.shape), 0, 255).astype(np.uint8))
    return found


def write(path: Path, pictures: Sequence[Picture]) -> None:
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=Fraction(RATE_HZ), options={"crf": "20", "preset": "veryfast"})
        video.height, video.width = pictures[0].shape[:2]
        video.pix_fmt = "yuv420p"
        for picture in pictures:
            out.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(video.encode(None))


if __name__ == "__main__":
    main()
