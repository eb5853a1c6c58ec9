"""The timeline as AAF, which Pro Tools, Media Composer, Resolve and Premiere import: a track for each row of cues.

Clips refer to the WAVs beside the AAF, by name alone, so that the folder can be moved. A clip of several channels is
one `Audio Channel Combiner` with a source clip for each channel: that is no part of the AAF specification, and what
Pro Tools, Media Composer and Resolve write. Sound is counted in samples; timecode, scenes and lines in frames.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid5

from vssflow_post.audio import layout_of
from vssflow_post.deliver.manifest import TOOL, tool_version
from vssflow_post.deliver.names import clip_name, in_one_line
from vssflow_post.deliver.take_files import TakeFile
from vssflow_post.deliver.timeline_otio import Edit
from vssflow_post.deliver.wave_header import SAMPLE_BYTES, Origin, header
from vssflow_post.media.frame_rates import edit_rate
from vssflow_post.media.timecode import is_drop_frame, nominal_rate
from vssflow_post.store.entries import file_digest
from vssflow_post.store.publishing import publishing
from vssflow_post.timeline import CLOCK_HZ, Cue, Span

_OURS = UUID("6f0c3f4a-3d4e-5a52-9c35-0f6f2d1c8a11")
"""What the identities of objects are derived from: the same film gives the same bytes."""
_NO_DATE = datetime(2000, 1, 1)  # noqa: DTZ001  (AAF knows no time zones)
_COMBINER = "6b46dd7a-132d-4856-ab21-8b751d8462ec"
_BYTE_ORDER, _LITTLE_ENDIAN = "c0038672-a8cf-11d3-a05b-006094eb75cb", 0x4949
_EFFECT_ID, _EFFECT = "93994bd6-a81d-11d3-a05b-006094eb75cb", list(b"EFF2_AUDIO_CHANNEL_COMBINER\0")
_ORDER = ("L", "C", "R", "Ls", "Rs", "LFE")
"""Of the channels in a combiner, which is not that of a WAV."""
_TRACK_FORMATS = {2: 2, 6: 3}
"""Avid's number for a track of so many channels."""
_TIMECODE_SLOT, _PICTURE_SLOT = 1, 2
_SCENE, _LINE = ("Green", (0, 65535, 0)), ("Magenta", (65535, 0, 65535))


def write_aaf(path: Path, edit: Edit) -> None:
    """Writes `path` (.aaf)."""
    import aaf2

    with publishing(path) as temporary, aaf2.open(os.fspath(temporary), "w") as file:
        _Writer(file, edit).compose(in_one_line(path.stem))


class _Writer:
    """One film's composition in an AAF that is open for writing."""

    def __init__(self, file: Any, edit: Edit) -> None:
        self._file, self._edit = file, edit
        self._channels: dict[Path, list[Any]] = {}
        """The source mobs of each WAV, one for each channel."""
        self._frame_rate = edit_rate(edit.film.frame_rate)
        self._rate = f"{self._frame_rate.numerator}/{self._frame_rate.denominator}"
        self._n_frames = max(1, round(edit.film.duration.n_samples * self._frame_rate / CLOCK_HZ))
        self._layout = layout_of(edit.n_channels)
        order = [name for name in _ORDER if name in self._layout.channels]
        self._inputs = [self._layout.channels.index(name) for name in order]

    def compose(self, name: str) -> None:
        self._sign()
        self._combiner = self._combiner_definition() if self._layout.n_channels > 1 else None
        composition = self._mob(self._file.create.CompositionMob(name), "composition")
        composition.usage = "Usage_TopLevel"
        self._frame_slots(composition)
        for number, (track, _, row) in enumerate(self._edit.tracks(), 1):
            slot = composition.create_timeline_slot(str(CLOCK_HZ), _PICTURE_SLOT + number)
            slot.name = track
            slot["PhysicalTrackNumber"].value = number
            if track_format := _TRACK_FORMATS.get(self._layout.n_channels):
                tag = self._file.create.TaggedValue("_TRACK_FORMAT", track_format, "aafInt32")
                slot["TimelineMobAttributeList"].value = [tag]
            slot.segment = self._row(row)
        composition.slots.append(self._markers())

    def _sign(self) -> None:
        """Who wrote it; no time of day."""
        [signature] = self._file.header["IdentificationList"].value
        facts = {
            "ProductName": TOOL, "CompanyName": TOOL, "ProductVersionString": tool_version(), "Platform": "any",
            "ProductID": self._auid("product"), "GenerationAUID": self._auid("generation"), "Date": _NO_DATE,
        }  # fmt: skip
        for key, value in facts.items():
            signature[key].value = value
        self._file.header["LastModified"].value = _NO_DATE

    def _frame_slots(self, composition: Any) -> None:
        """Timecode, and a picture track that is empty: the film itself is imported on its own."""
        film = self._edit.film
        timecode = self._file.create.Timecode(nominal_rate(self._frame_rate), is_drop_frame(film.start_timecode))
        timecode.start = round(film.start_sample * self._frame_rate / CLOCK_HZ)
        timecode.length = self._n_frames
        picture = self._file.create.Sequence(media_kind="picture", length=self._n_frames)
        picture.components.append(self._file.create.Filler(media_kind="picture", length=self._n_frames))
        for slot_id, name, segment in ((_TIMECODE_SLOT, "TC1", timecode), (_PICTURE_SLOT, "V1", picture)):
            slot = composition.create_timeline_slot(self._rate, slot_id)
            slot.name, slot.segment = name, segment
            slot["PhysicalTrackNumber"].value = 1

    def _row(self, cues: list[Cue]) -> Any:
        """A track: clips at their samples, and fillers between them and up to the end of the film."""
        sequence, at, end = self._file.create.Sequence(media_kind="sound"), 0, self._edit.film.duration.end
        for cue in cues:
            if cue.span.start > at:
                sequence.components.append(self._filler(cue.span.start - at))
            sequence.components.append(self._clip(cue))
            at = cue.span.end
        if at < end or not cues:
            sequence.components.append(self._filler(end - at))
        sequence.length = max(at, end)
        return sequence

    def _filler(self, n_samples: int) -> Any:
        return self._file.create.Filler(media_kind="sound", length=n_samples)

    def _clip(self, cue: Cue) -> Any:
        """A cue's clip, by way of a master mob of its own, whose name is the clip's."""
        heard = self._edit.heard(cue)
        master = self._mob(self._file.create.MasterMob(in_one_line(clip_name(cue))), f"clip {cue.id}")
        n_samples, start = cue.span.n_samples, cue.span.start - heard.span.start
        clips = []
        for number, source in enumerate(self._sources(heard), 1):
            slot = master.create_timeline_slot(str(CLOCK_HZ), number)
            slot.segment = source.create_source_clip(1, 0, heard.span.n_samples, "sound")
            slot["PhysicalTrackNumber"].value = number
            clips.append(master.create_source_clip(number, start, n_samples, "sound"))
        if self._combiner is None:
            return clips[0]
        definition, parameters = self._combiner
        group = self._file.create.OperationGroup(definition, n_samples, "sound")
        group["ComponentAttributeList"].value = [self._file.create.TaggedValue("_IGNORE_TRACKING", 0, "aafInt32")]
        for parameter, value in parameters:
            group.parameters.append(self._file.create.ConstantValue(parameter, value))
        for channel in self._inputs:
            group.segments.append(clips[channel])
        return group

    def _sources(self, heard: TakeFile) -> list[Any]:
        """The mobs that stand for a WAV's channels: other content, other mobs, so that nothing old is taken for it."""
        if heard.path not in self._channels:
            content = f"{file_digest(heard.path)} {in_one_line(heard.path.name)}"
            mobs = []
            for number in range(1, self._layout.n_channels + 1):
                mob = self._mob(self._file.create.SourceMob(in_one_line(heard.path.stem)), f"{content} {number}", "")
                mob.descriptor = self._descriptor(heard)
                slot = mob.create_empty_slot(str(CLOCK_HZ), "sound", 1)
                slot.segment.length = heard.span.n_samples
                slot["PhysicalTrackNumber"].value = number
                mobs.append(mob)
            self._channels[heard.path] = mobs
        return self._channels[heard.path]

    def _descriptor(self, heard: TakeFile) -> Any:
        locator = self._file.create.NetworkLocator()
        locator["URLString"].value = quote(os.fsencode(heard.path.name))
        descriptor = self._file.create.WAVEDescriptor()
        descriptor["SampleRate"].value = CLOCK_HZ
        descriptor["Length"].value = heard.span.n_samples
        n_bytes = heard.span.n_samples * self._layout.n_channels * SAMPLE_BYTES
        descriptor["Summary"].value = header(Origin("", "", layout=self._layout), n_bytes, None)
        descriptor["Locator"].append(locator)
        return descriptor

    def _combiner_definition(self) -> tuple[Any, list[tuple[Any, Any]]]:
        """The operation, and its parameters with their values."""
        from aaf2.auid import AUID

        create, dictionary = self._file.create, self._file.dictionary
        parameters = [
            (create.ParameterDef(AUID(_BYTE_ORDER), "AvidParameterByteOrder", "", "aafInt16"), _LITTLE_ENDIAN),
            (create.ParameterDef(AUID(_EFFECT_ID), "AvidEffectID", "", "AvidBagOfBits"), _EFFECT),
        ]
        for parameter, _ in parameters:
            dictionary.register_def(parameter)
        operation = create.OperationDef(AUID(_COMBINER), "Audio Channel Combiner", "")
        operation.media_kind, operation.number_inputs = "sound", 1
        for key, value in (("IsTimeWarp", False), ("Bypass", 0), ("OperationCategory", "OperationCategory_Effect")):
            operation[key].value = value
        operation["ParametersDefined"].value = [parameter for parameter, _ in parameters]
        dictionary.register_def(operation)
        return operation, parameters

    def _markers(self) -> Any:
        """Scenes and lines, as Media Composer writes markers of a picture track."""
        from aaf2.misc import TaggedValueHelper

        sequence = self._file.create.Sequence(media_kind="DescriptiveMetadata")
        for frame, text, (colour, (red, green, blue)) in sorted(self._marked()):
            marker = self._file.create.DescriptiveMarker()
            for key, value in (
                ("Position", frame), ("Comment", text), ("CommentMarkerUser", TOOL),
                ("DescribedSlots", {_PICTURE_SLOT}), ("CommentMarkerColor", {"red": red, "green": green, "blue": blue}),
            ):  # fmt: skip
                marker[key].value = value
            words = TaggedValueHelper(marker["CommentMarkerAttributeList"])
            for key, value in (("_ATN_CRM_COLOR", colour), ("_ATN_CRM_USER", TOOL), ("_ATN_CRM_COM", text)):
                words[key] = value
            sequence.components.append(marker)
        event = self._file.create.EventMobSlot(1000 + _PICTURE_SLOT - 1, "", sequence)
        event["EditRate"].value = self._rate
        event["PhysicalTrackNumber"].value = 1
        return event

    def _marked(self) -> Iterator[tuple[int, str, tuple[str, tuple[int, int, int]]]]:
        """(frame from the film's first, text, colour) of each marker."""

        def frame(span: Span) -> int:
            return min(self._n_frames - 1, round(span.start * self._frame_rate / CLOCK_HZ))

        for mark, span in self._edit.marks():
            yield frame(span), in_one_line(mark), _SCENE
        for cue in (cue for cue in self._edit.sheet.cues if cue.is_line):
            yield frame(cue.span), in_one_line(clip_name(cue)), _LINE

    def _mob(self, mob: Any, what: str, film: str | None = None) -> Any:
        """Puts a mob into the file, without a date, its identity derived from the film and from `what` it is."""
        identity = mob.mob_id  # a copy: it has to be put back
        identity.material = self._uuid(what, self._edit.film.digest if film is None else film)
        mob.mob_id = identity
        for key in ("CreationTime", "LastModified"):
            mob[key].value = _NO_DATE
        self._file.content.mobs.append(mob)
        return mob

    def _auid(self, what: str) -> Any:
        from aaf2.auid import AUID

        return AUID(str(self._uuid(what, "")))

    def _uuid(self, what: str, film: str) -> UUID:
        return uuid5(_OURS, f"{film} {what}")
