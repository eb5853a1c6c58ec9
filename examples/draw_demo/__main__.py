"""Draws the demo film: `python examples/draw_demo [FOLDER]` writes demo.mp4, its script, cue sheet and truth.

Everything is drawn by this program from fixed seeds: no picture, font or sound of anybody else's is in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import hammer
import numpy as np
import numpy.typing as npt
import people
import street
import window
from canvas import HEIGHT, WIDTH, Image, developed, exposed

FRAME_RATE = 24
START_TIMECODE = "01:00:00:00"
SHUTTER_S = 0.5 / FRAME_RATE
"""Half of the frame's time, as film cameras have it."""
SEED = 1888
"""The year of the first film."""


@dataclass(frozen=True)
class Shot:
    draw: Callable[[float], Image]
    duration_s: float
    exposures: int
    """Pictures averaged for motion blur."""
    layer: str
    """What the sound that lasts as long as the shot is: `bed` (ambience), `follows` (a motion) or `spot`."""
    sound: str
    """Its prompt."""
    gain_db: float = 0.0
    """Of that sound."""
    spot: tuple[str, float, float] | None = None
    """What is heard beside it: prompt, start and end in seconds from the start of the shot."""
    line: tuple[str, str, float, float] | None = None
    """Speaker, words, start and end."""


VOICES = {"ANNA": "slt", "TOM": "rms"}
"""Voices of the starter that suit the faces."""


def shots() -> tuple[Shot, ...]:
    rng = np.random.default_rng(SEED)
    anna = ("ANNA", people.ANNA_LINE, *people.ANNA_SAYS_S)
    tom = ("TOM", people.TOM_LINE, *people.TOM_SAYS_S)
    return (
        Shot(hammer.Smithy(rng).draw, hammer.DURATION_S, 2, "spot", "metal"),
        Shot(people.anna(rng).draw, people.DURATION_S, 1, "bed", "wind in the trees", line=anna),
        Shot(people.tom(rng).draw, people.DURATION_S, 1, "bed", "fire", -8.0, line=tom),
        Shot(street.Street(rng).draw, street.DURATION_S, 2, "follows", "car engine", spot=("a dog barks", 3.0, 6.0)),
        Shot(window.RainyWindow(rng).draw, window.DURATION_S, 1, "bed", "rain", spot=("thunder", 1.0, 6.0)),
    )


def encode(path: Path, film: tuple[Shot, ...]) -> None:
    """H.264 in MP4, one thread, so that the same encoder always writes the same bytes."""
    grain = (np.random.default_rng(SEED).standard_normal((HEIGHT, WIDTH)) * 0.008).astype(np.float32)
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=FRAME_RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.time_base = Fraction(1, FRAME_RATE)
        stream.options = {"crf": "23", "preset": "slow", "threads": "1", "g": "48"}
        stream.metadata["timecode"] = START_TIMECODE
        for number, picture in enumerate(_pictures(film, grain)):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FRAME_RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures(film: tuple[Shot, ...], grain: npt.NDArray[np.float32]) -> Any:
    for shot in film:
        for k in range(round(shot.duration_s * FRAME_RATE)):
            yield developed(exposed(shot.draw, k / FRAME_RATE, SHUTTER_S, shot.exposures), grain)


def starts(film: tuple[Shot, ...]) -> list[float]:
    """Where each shot starts, and where the film ends, in seconds."""
    return [0.0, *(float(s) for s in np.cumsum([shot.duration_s for shot in film]))]


def script(film: tuple[Shot, ...]) -> str:
    """The lines as SubRip text."""
    entries = []
    for shot, start in zip(film, starts(film)[:-1], strict=True):
        if shot.line is not None:
            speaker, words, first, last = shot.line
            times = f"{_clock(start + first)} --> {_clock(start + last)}"
            entries.append(f"{len(entries) + 1}\n{times}\n{speaker}: {words}\n")
    return "\n".join(entries)


def _clock(seconds: float) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{milliseconds:03}"


def cue_sheet(film: tuple[Shot, ...]) -> dict[str, Any]:
    """The cue sheet: a sound for each shot, which goes on under its line, and what is heard at moments."""
    edges = starts(film)
    scenes: list[dict[str, Any]] = []
    cues: list[dict[str, Any]] = []

    def add(kind: str, scene: int, start_s: float, end_s: float, **content: str | float) -> None:
        name = f"{'d' if kind == 'speech' else 's'}{sum(cue['kind'] == kind for cue in cues) + 1:04}"
        times = {"start_s": round(start_s, 6), "end_s": round(end_s, 6)}
        cues.append({"id": name, "scene": scene, "kind": kind, **times, **content})

    for index, (shot, start, end) in enumerate(zip(film, edges[:-1], edges[1:], strict=True)):
        scenes.append({"index": index, "start_s": start, "end_s": end})
        gain = {"gain_db": shot.gain_db} if shot.gain_db else {}
        add("sound", index, start, end, layer=shot.layer, sound=shot.sound, origin="user", **gain)
        if shot.spot is not None:
            prompt, first, last = shot.spot
            add("sound", index, start + first, start + last, layer="spot", sound=prompt, origin="user")
        if shot.line is not None:
            speaker, words, first, last = shot.line
            spoken = {"text": words, "speaker": speaker, "voice": VOICES[speaker], "origin": "script"}
            add("speech", index, start + first, start + last, **spoken)
    about = {
        "path": "demo.mp4",
        "duration_s": edges[-1],
        "frame_rate": f"{FRAME_RATE}/1",
        "start_timecode": START_TIMECODE,
    }
    return {"version": 1, "film": about, "scenes": scenes, "cues": cues}


def truth(film: tuple[Shot, ...]) -> dict[str, Any]:
    """What really happens in the picture, for tests: exact times in seconds."""
    edges = starts(film)
    lines = []
    for shot, start in zip(film, edges[:-1], strict=True):
        if shot.line is not None:
            speaker, text, first, last = shot.line
            times = {"start_s": round(start + first, 6), "end_s": round(start + last, 6)}
            lines.append({"speaker": speaker, "text": text, **times})
    return {
        "frame_rate": f"{FRAME_RATE}/1",
        "n_frames": round(edges[-1] * FRAME_RATE),
        "duration_s": edges[-1],
        "start_timecode": START_TIMECODE,
        "cuts_s": edges[1:-1],
        "strikes_s": list(hammer.STRIKES_S),
        "lines": lines,
    }


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    film = shots()
    encode(folder / "demo.mp4", film)
    (folder / "demo.srt").write_text(script(film), encoding="utf-8")
    for name, content in (("demo.cues.json", cue_sheet(film)), ("demo.truth.json", truth(film))):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
