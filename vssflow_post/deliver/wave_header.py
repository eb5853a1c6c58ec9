"""The header of a Broadcast Wave file: RIFF or RF64 (EBU Tech 3306), bext version 2 (EBU Tech 3285), fmt, iXML.

Everything but sizes and loudness is known before the first sample, and neither changes the header's length (a JUNK
chunk holds the place of `ds64`): the header is written first to hold its place, and again when the file is whole.

iXML is what sound departments read beside bext: project, timecode rate, and which track carries which channel. Its
specification (version 3.01, gallery.uk) names the elements; those that would only repeat bext are left out.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from fractions import Fraction
from xml.etree import ElementTree

from vssflow_post.audio import STEREO, Layout, Loudness
from vssflow_post.deliver.names import printable
from vssflow_post.media.frame_rates import edit_rate
from vssflow_post.timeline import CLOCK_HZ

ORIGINATOR = "vssflow-post"
SAMPLE_BYTES = 3
LARGEST_RIFF = 0xFFFF_FFFF
IXML_VERSION = "3.01"
_UNSET = 0x7FFF
"""bext: a loudness value that is not given (EBU Tech 3285, version 2)."""
_PCM, _EXTENSIBLE = 0x0001, 0xFFFE
_PCM_GUID = bytes.fromhex("0100000000001000800000aa00389b71")
_RIFF_AND_PLACE_OF_DS64 = 4 + 36
"""Bytes after the RIFF size and before bext: `WAVE`, and JUNK or ds64."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file says about where it comes from. Nothing in it changes from run to run."""

    description: str
    """Up to 256 bytes of ASCII."""
    reference: str
    """Up to 32 bytes of ASCII, unique to the content."""
    time_reference: int = 0
    """Samples from midnight to the first sample: the film's start timecode."""
    date: str = ""
    """`yyyy-mm-dd`, or nothing."""
    time: str = ""
    """`hh-mm-ss`, or nothing."""
    layout: Layout = STEREO
    ixml: bytes = b""
    """The text of an iXML chunk (UTF-8); none where it is empty."""


def header(origin: Origin, n_data: int, loudness: Loudness | None, largest_riff: int = LARGEST_RIFF) -> bytes:
    """Everything before the first sample of a file with `n_data` bytes of samples.

    RF64 where the RIFF size would exceed `largest_riff`; the length is the same for every `n_data`.
    """
    chunks = _chunk(b"bext", _bext(origin, loudness)) + _chunk(b"fmt ", _fmt(origin.layout))
    if origin.ixml:
        chunks += _chunk(b"iXML", origin.ixml)
    n_riff = _RIFF_AND_PLACE_OF_DS64 + len(chunks) + 8 + n_data + n_data % 2
    if n_riff <= largest_riff:
        start = struct.pack("<4sI4s", b"RIFF", n_riff, b"WAVE") + _chunk(b"JUNK", bytes(28))
        return start + chunks + struct.pack("<4sI", b"data", n_data)
    n_frames = n_data // (origin.layout.n_channels * SAMPLE_BYTES)
    ds64 = _chunk(b"ds64", struct.pack("<QQQI", n_riff, n_data, n_frames, 0))
    start = struct.pack("<4sI4s", b"RF64", 0xFFFF_FFFF, b"WAVE") + ds64
    return start + chunks + struct.pack("<4sI", b"data", 0xFFFF_FFFF)


def ixml_chunk(
    project: str, title: str, layout: Layout, start_sample: int, frame_rate: Fraction, drop_frame: bool
) -> bytes:
    """The text of an iXML chunk, UTF-8. `start_sample` counts from midnight, as bext's TimeReference does.

    A rate that recorders do not know is said as the one at which an edit counts.
    """
    root = ElementTree.Element("BWFXML")
    _add(root, "IXML_VERSION", IXML_VERSION)
    _add(root, "PROJECT", printable(project))
    _add(root, "NOTE", title)
    speed = ElementTree.SubElement(root, "SPEED")
    counted = edit_rate(frame_rate)
    rate = f"{counted.numerator}/{counted.denominator}"
    for name, value in (
        ("MASTER_SPEED", rate), ("CURRENT_SPEED", rate), ("TIMECODE_RATE", rate),
        ("TIMECODE_FLAG", "DF" if drop_frame else "NDF"),
        ("FILE_SAMPLE_RATE", CLOCK_HZ), ("AUDIO_BIT_DEPTH", 24), ("DIGITIZER_SAMPLE_RATE", CLOCK_HZ),
        ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_HI", start_sample >> 32),
        ("TIMESTAMP_SAMPLES_SINCE_MIDNIGHT_LO", start_sample & 0xFFFF_FFFF),
        ("TIMESTAMP_SAMPLE_RATE", CLOCK_HZ),
    ):  # fmt: skip
        _add(speed, name, value)
    tracks = ElementTree.SubElement(root, "TRACK_LIST")
    _add(tracks, "TRACK_COUNT", layout.n_channels)
    for number, channel in enumerate(layout.channels, 1):
        track = ElementTree.SubElement(tracks, "TRACK")
        _add(track, "CHANNEL_INDEX", number)
        _add(track, "INTERLEAVE_INDEX", number)
        _add(track, "NAME", channel)
    text: bytes = ElementTree.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _fmt(layout: Layout) -> bytes:
    """WAVEFORMATEX; more than two channels say which loudspeaker is which (WAVEFORMATEXTENSIBLE)."""
    n_channels, n_frame = layout.n_channels, layout.n_channels * SAMPLE_BYTES
    tag = _PCM if n_channels <= 2 else _EXTENSIBLE
    plain = struct.pack("<HHIIHH", tag, n_channels, CLOCK_HZ, CLOCK_HZ * n_frame, n_frame, 8 * SAMPLE_BYTES)
    if tag == _PCM:
        return plain
    return plain + struct.pack("<HHI16s", 22, 8 * SAMPLE_BYTES, layout.speaker_mask, _PCM_GUID)


def _bext(origin: Origin, loudness: Loudness | None) -> bytes:
    """EBU Tech 3285, clause 2.3: 602 bytes and the coding history (EBU R 98)."""
    history = f"A=PCM,F={CLOCK_HZ},W={8 * SAMPLE_BYTES},M={_mode(origin.layout)},T={ORIGINATOR}\r\n"
    return struct.pack(
        "<256s32s32s10s8sIIH64s5h180s",
        _ascii(origin.description), _ascii(ORIGINATOR), _ascii(origin.reference),
        _ascii(origin.date), _ascii(origin.time),
        origin.time_reference & 0xFFFF_FFFF, origin.time_reference >> 32, 2, b"", *_hundredths(loudness), b"",
    ) + _ascii(history)  # fmt: skip


def _mode(layout: Layout) -> str:
    return layout.name if layout.n_channels <= 2 else "multichannel"


def _hundredths(loudness: Loudness | None) -> list[int]:
    """The five loudness words in the order of bext, in hundredths of a unit."""
    if loudness is None:
        return [_UNSET] * 5
    figures = (
        loudness.integrated_lufs,
        loudness.range_lu if loudness.integrated_lufs is not None else None,
        loudness.true_peak_dbtp,
        loudness.max_momentary_lufs,
        loudness.max_short_term_lufs,
    )
    return [_UNSET if figure is None else max(-9999, min(9999, round(figure * 100))) for figure in figures]


def _ascii(text: str) -> bytes:
    return text.encode("ascii", "replace")


def _add(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)
