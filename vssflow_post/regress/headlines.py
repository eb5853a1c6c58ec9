"""What happened, in the words of somebody who listened: `FX is 1.0 dB louder throughout`, `d0003 says other words`.

Findings say what every measure reads; of one change there are many. A headline says the change: what is wrong in any
film first, then what was asked for otherwise (cues, cast), then what sounds otherwise though the same was asked for.
The mix is told of only where no stem is, for it follows them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vssflow_post.audio import BG, DX, FX, MX, PD, STEMS
from vssflow_post.regress import tolerances as limits
from vssflow_post.regress.anchors import Place, found_again
from vssflow_post.regress.comparing import Comparison, Finding, line_of, summary_of
from vssflow_post.regress.curves import HOP, SILENCE_DB, unmatched
from vssflow_post.regress.distances import HEARD_DB
from vssflow_post.regress.golden import Golden
from vssflow_post.regress.measuring import Measured
from vssflow_post.regress.reference import Reference
from vssflow_post.timeline import BED, CLOCK_HZ, SPOT

_MOST = 3
"""Statements of a headline; how many more there are is said."""
_COUNTS = ("no", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_THROUGHOUT_DB = 0.25
"""A change of level is the same throughout where nine tenths of the sound are so near its median."""
_HEARD_DB = 1.0
"""From which a stretch of 10 ms sounds otherwise."""
_KEPT_DB = 0.5
"""Where the level of all channels together changes by no more, and that of one does, the sides have changed."""
_FEW_HOPS = 10
"""Too little sound to speak of throughout."""
_ONSET_S = 0.03
"""What sounds so near an onset belongs to it."""
_MOVED_HOPS = 30
"""An onset that is gone and one that is new, so near in one cue, are one that moved."""

Facts = Mapping[str, Any]


def headline(golden: Golden, new: Measured, comparison: Comparison) -> str:
    """One sentence about a comparison with findings; without them, why there are none."""
    if not comparison.findings:
        return summary_of(comparison)
    asked = dict(_asked(golden.facts, new.golden.facts))
    facts = [finding for finding in comparison.findings if finding.kind == "fact"]
    changed = {fact.where.removeprefix("cue ") for fact in facts if fact.where.startswith("cue ")}
    wrong, otherwise = _heard(golden, new, comparison, {*asked, *changed})
    told = [*_broken(facts), *wrong, *_grouped(asked), *otherwise]
    told = list(dict.fromkeys(told)) or [_plainly(facts[0] if facts else comparison.findings[0])]
    more = len(told) - _MOST
    text = "; ".join(told[:_MOST]) + (f"; and {more} more" if more > 0 else "")
    return text.replace("{clip}", new.rendered.stem)


def _broken(facts: Sequence[Finding]) -> Iterator[str]:
    """Facts that would be wrong in any film, and are no consequence of how it sounds."""
    for fact in facts:
        if fact.where == "files":
            for word, names in re.findall(r"(gone|new): ([^;]+)", fact.sentence):
                first, *others = names.split(", ")
                yield f"{first}{f' and {len(others)} more files are' if others else ' is'} {word}"
        elif fact.where == "verdict":
            yield f"the verdict was {fact.sentence}"
        elif fact.where in ("null test", "stems less mix") and fact.is_worse:
            yield "the stems do not sum to the mix"
        elif fact.where.startswith("film ") and fact.is_worse:
            yield f"the film's {fact.where.removeprefix('film ').replace('_', ' ')} was {fact.sentence}"


def _plainly(finding: Finding) -> str:
    """A finding that nothing else is to be said of."""
    if finding.kind == "fact" and finding.where.endswith(": content"):
        return f"{finding.where.removesuffix(': content')} has other content"
    return line_of(finding).removeprefix("worse: ")


def _asked(before: Facts, after: Facts) -> Iterator[tuple[str, str]]:
    """(cue, or a character in brackets, and what is asked for otherwise)."""
    recast = set()
    for name in [name for name in {**before, **after} if name.startswith("cast ")]:
        voices = [(facts.get(name) or [None])[0] for facts in (before, after)]
        if voices[0] != voices[1] and None not in voices:
            recast.add(name.removeprefix("cast "))
            yield f"({name})", f"{name.removeprefix('cast ')} has another voice ({voices[1]}, was {voices[0]})"
    for name in [name for name in {**before, **after} if name.startswith("cue ")]:
        old, new, cue = before.get(name), after.get(name), name.removeprefix("cue ")
        if old is None or new is None:
            yield cue, "is new" if old is None else "is gone"
        elif old != new and (words := _cue_change(old, new, recast)):
            yield cue, words


def _cue_change(old: Facts, new: Facts, recast: set[str]) -> str:
    """What is asked for of a cue otherwise; "" for what the cast says already."""
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    if "text" in keys:
        return "says other words"
    if "sound" in keys:
        return f"asks for another sound ({new.get('sound') or 'none'}, was {old.get('sound') or 'none'})"
    if "speaker" in keys:
        return f"is said by {new.get('speaker') or 'nobody'}, not {old.get('speaker') or 'nobody'}"
    if "voice" in keys:
        if new.get("speaker") in recast:
            return ""
        return f"has another voice ({new.get('voice')}, was {old.get('voice')})"
    if "start_s" in keys or "end_s" in keys:
        spans = [f"{cue['start_s']:.2f} to {cue['end_s']:.2f} s" for cue in (new, old)]
        return f"lies at {spans[0]}, was at {spans[1]}"
    if "gain_db" in keys:
        return f"is asked for {_louder(float(new['gain_db']) - float(old['gain_db']))}"
    return f"has another {keys[0]}"


def _grouped(asked: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each cue, and one for several of which the same is to be said."""
    for words, n in Counter(asked.values()).items():
        cues = [cue for cue, said in asked.items() if said == words]
        if n > _MOST:
            many = words.replace("says ", "say ").replace("is ", "are ").replace("has ", "have ")
            yield f"{n} cues {many}"
        else:
            yield from (words if cue.startswith("(") else f"{cue} {words}" for cue in cues)


@dataclass(frozen=True, slots=True)
class _Sound:
    """One sound of both renders, of the same shape."""

    name: str
    before: Reference
    after: Reference
    places: Sequence[Place]
    """Where pieces of the old wave are found in the new one."""
    cues: Mapping[str, Facts]

    def cue_at(self, time_s: float) -> str:
        """The cue that is heard in this sound then; of several a spot before a bed, then the shortest. "" for none."""
        kind = {DX: "speech", PD: "speech", MX: "music"}.get(self.name, "sound")
        there = {
            name: (cue.get("layer") == BED, cue.get("layer") != SPOT, cue["end_s"] - cue["start_s"])
            for name, cue in self.cues.items()
            if cue.get("kind") == kind and cue["start_s"] - HOP / CLOCK_HZ <= time_s < cue["end_s"]
        }
        return min(there, key=lambda name: there[name], default="")

    @property
    def gone_hops(self) -> list[int]:
        """Where onsets were that are not there any more."""
        return [each.hop for each in unmatched(self.before.onsets, self.after.onsets, int(limits.ONSET.limit))]

    @property
    def new_hops(self) -> list[int]:
        """Where onsets are that were not there before."""
        return [each.hop for each in unmatched(self.after.onsets, self.before.onsets, int(limits.ONSET.limit))]

    def place(self, time_s: float) -> str:
        cue = self.cue_at(time_s)
        return f"in {cue}" if cue else f"in {self.name} at {time_s:.2f} s"


def _heard(golden: Golden, new: Measured, comparison: Comparison, asked: set[str]) -> tuple[list[str], list[str]]:
    """(what is wrong in any film, what else sounds otherwise), stem by stem; cues of which other things are `asked` are
    left out."""
    cues: dict[str, Any] = {
        name.removeprefix("cue "): fact for name, fact in new.golden.facts.items() if name.startswith("cue ")
    }
    changed = {finding.where for finding in comparison.findings if finding.kind != "fact"}
    names = [name for name in new.golden.sounds if name in changed and name in golden.sounds]
    stems = [name for name in names if name in STEMS]
    told: dict[str, list[str]] = {}
    wrong: list[str] = []
    for name in stems or names[:1]:
        places = found_again(golden.sounds[name].anchors, new.samples[name])
        sound = _Sound(name, golden.sounds[name], new.golden.sounds[name], places, cues)
        found = [finding for finding in comparison.findings if finding.where == name and finding.kind != "fact"]
        told[name] = list(_throughout(sound, found))
        if not told[name]:
            wrong += _wrong(sound, found, asked)
            told[name] = list(_somewhere(sound, asked))
    n_stems = sum(name in STEMS for name in new.golden.sounds)
    alike = {each.removeprefix(f"{name} ") for name, said in told.items() for each in said}
    if (
        n_stems == len(stems) > 1
        and len(alike) == 1
        and all(told.values())
        and not any(cue in str(alike) for cue in cues)
    ):
        return [], [f"everything {alike.pop()}"]
    if any(told.values()) or wrong or asked or not told:
        return wrong, [each for said in told.values() for each in said]
    is_measured = any(finding.kind not in ("fact", "bytes") for finding in comparison.findings)
    many = len(told) > 1
    what = (
        f"sound{'' if many else 's'} a little"
        if is_measured
        else f"differ{'' if many else 's'} by less than is measured"
    )
    return [], [f"{' and '.join(told)} {what}{' otherwise' if is_measured else ''}"]


def _throughout(sound: _Sound, found: Sequence[Finding]) -> Iterator[str]:
    """A change that is the same from the beginning to the end: of sign, place, level, sides or brightness."""
    levels = [each.curves.level_db for each in (sound.before, sound.after)]
    if levels[0].max(initial=SILENCE_DB) > SILENCE_DB >= levels[1].max(initial=SILENCE_DB):
        yield f"{sound.name} is silent"
        return
    if sound.places and all(1 - abs(place.coherence) <= limits.COHERENCE.limit for place in sound.places):
        yield from _same_wave(sound.name, sound.places)
    heard = np.minimum(*levels) > HEARD_DB
    change = (levels[1] - levels[0])[heard]
    middle = float(np.median(change)) if len(change) >= _FEW_HOPS else 0.0
    mean = _mean_change(sound, middle)
    is_level = min(abs(middle), abs(mean)) >= limits.CHANNEL.limit
    if is_level and np.quantile(np.abs(change - middle), 0.9) <= _THROUGHOUT_DB:
        yield f"{sound.name} is {_louder(mean)} throughout"
    is_level_kept = len(change) and np.quantile(np.abs(change), 0.99) <= _KEPT_DB
    if is_level_kept and not any(finding.is_worse for finding in found) and _has_other_sides(sound, found):
        yield f"{sound.name} has another stereo picture"
    high = np.median(sound.after.curves.high_db - sound.before.curves.high_db) if len(levels[0]) else 0.0
    if abs(high) > limits.HIGH.limit and not is_level:
        yield f"{sound.name} has {'more' if high > 0 else 'less'} above 10 kHz throughout"


def _same_wave(name: str, places: Sequence[Place]) -> Iterator[str]:
    if all(place.coherence < 0 for place in places):
        yield f"{name} is inverted throughout"
    shifts = [place.shift_samples for place in places]
    if min(map(abs, shifts)) > limits.SHIFT.limit and max(shifts) - min(shifts) <= 1:
        ms = float(np.median(shifts)) / CLOCK_HZ * 1000
        yield f"{name} is {abs(ms):.2g} ms {'late' if ms > 0 else 'early'} throughout"


def _has_other_sides(sound: _Sound, found: Sequence[Finding]) -> bool:
    """Whether channels changed against each other."""
    changes = _channel_changes(sound)
    if changes and max(changes) - min(changes) >= limits.GAIN.limit:
        return True
    return limits.LIKENESS.name in {finding.kind for finding in found} and abs(_mean_change(sound, None)) < _KEPT_DB


def _channel_changes(sound: _Sound) -> list[float]:
    """In dB, of every channel that is not silent before or after."""
    pairs = zip(sound.before.channels_db, sound.after.channels_db, strict=True)
    return [after - before for before, after in pairs if np.isfinite(before) and np.isfinite(after)]


def _mean_change(sound: _Sound, middle: float | None) -> float:
    """The change of the channels' mean power in dB; `middle`, the median of a curve of tenths, where they disagree."""
    changes = _channel_changes(sound)
    mean = float(np.mean(changes)) if changes else 0.0
    return mean if middle is None or abs(mean - middle) <= _THROUGHOUT_DB else middle


def _somewhere(sound: _Sound, asked: set[str]) -> Iterator[str]:
    """Onsets that are gone, new or elsewhere; and other cues that are as much louder throughout, or sound otherwise."""
    lost, gained = _by_cue(sound, sound.gone_hops), _by_cue(sound, sound.new_hops)
    cues = [cue for cue in dict.fromkeys([*lost, *gained]) if cue not in asked]
    for cue in cues:
        gone, new = lost.get(cue, []), gained.get(cue, [])
        moved = min(len(new), sum(any(abs(hop - other) <= _MOVED_HOPS for other in new) for hop in gone))
        place = sound.place((gone or new)[0] * HOP / CLOCK_HZ)
        for n, verb in ((moved, "moved"), (len(gone) - moved, "missing"), (len(new) - moved, "new")):
            if n > 0:
                yield _onsets(sound, n, verb, place)
    other = [cue for cue in _otherwise(sound) if cue not in asked and cue not in cues]
    levels = {cue: said for cue in other if (said := _level_change(sound, cue))}
    yield from (f"{cue} is {said}" for cue, said in levels.items())
    is_some = bool(other)
    other = [cue for cue in other if cue not in levels]
    if other:
        names = ", ".join(other[:_MOST]) + (f" and {len(other) - _MOST} more" if len(other) > _MOST else "")
        yield f"{names} {'sounds' if len(other) == 1 else 'sound'} otherwise"
    elif not is_some and not cues and not asked and abs(_mean_change(sound, None)) >= limits.CHANNEL.limit:
        yield f"{sound.name} is {_louder(_mean_change(sound, None))} on the whole"


def _level_change(sound: _Sound, cue: str) -> str:
    """By how much a cue is louder, where that is the same from its beginning to its end; "" where it is not."""
    levels = [each.curves.level_db for each in (sound.before, sound.after)]
    hops = [hop for hop in range(len(levels[0])) if sound.cue_at(hop * HOP / CLOCK_HZ) == cue]
    change = [levels[1][hop] - levels[0][hop] for hop in hops if min(levels[0][hop], levels[1][hop]) > HEARD_DB]
    if not cue or len(change) < _FEW_HOPS:
        return ""
    middle = float(np.median(change))
    is_even = float(np.quantile(np.abs(np.array(change) - middle), 0.9)) <= _THROUGHOUT_DB
    return _louder(middle) if is_even and abs(middle) >= _HEARD_DB else ""


def _wrong(sound: _Sound, found: Sequence[Finding], asked: set[str]) -> Iterator[str]:
    """Clicks, clipping and lost sound, but where another cue is asked for, or an onset is new: it may be as bright."""
    what = {limits.HIGH.name: "clicks or clips", limits.SILENCE.name: "has {}"}
    for finding in found:
        if not finding.is_worse or finding.time_s is None or finding.kind not in what:
            continue
        is_onset = any(abs(hop * HOP / CLOCK_HZ - finding.time_s) <= _ONSET_S for hop in sound.new_hops)
        if sound.cue_at(finding.time_s) not in asked and not (is_onset and finding.kind == limits.HIGH.name):
            yield f"{sound.name} {what[finding.kind].format(finding.sentence)} at {finding.time_s:.2f} s"


def _onsets(sound: _Sound, n: int, verb: str, place: str) -> str:
    """`two strikes are missing in s0004`."""
    word = "strike" if sound.name in (FX, BG) else "onset"
    count = _COUNTS[n] if n < len(_COUNTS) else str(n)
    if n == 1 and word == "onset":
        count = "an"
    noun = f"{count} {word}{'s' if n > 1 else ''}"
    return f"{noun} {verb} {place}" if verb == "moved" else f"{noun} {'are' if n > 1 else 'is'} {verb} {place}"


def _by_cue(sound: _Sound, hops: Sequence[int]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for hop in hops:
        found.setdefault(sound.cue_at(hop * HOP / CLOCK_HZ), []).append(hop)
    return found


def _otherwise(sound: _Sound) -> list[str]:
    """The cues during which the level or a piece of the wave is another; the sound's name where no cue is there."""
    before, after = (np.maximum(each.curves.level_db, HEARD_DB) for each in (sound.before, sound.after))
    times = [float(hop) * HOP / CLOCK_HZ for hop in np.flatnonzero(np.abs(after - before) > _HEARD_DB)]
    times += [place.time_s for place in sound.places if 1 - place.coherence > limits.COHERENCE.limit]
    cues = {sound.cue_at(time_s) for time_s in times}
    return sorted(cues - {""}) or [sound.name] * bool(cues)


def _louder(db: float) -> str:
    return f"{abs(db):.{1 if abs(db) >= 0.095 else 2}f} dB {'louder' if db > 0 else 'softer'}"
