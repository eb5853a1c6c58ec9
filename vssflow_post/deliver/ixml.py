"""iXML: what sound departments read beside bext: project, timecode rate, and which track carries which channel.

The iXML specification (version 3.01, gallery.uk) names the elements; those that would only repeat bext are left out.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

from vssflow_post.layout import Layout
from vssflow_post.timeline import CLOCK_HZ

VERSION = "3.01"


def ixml_chunk(
    project: str, title: str, layout: Layout, start_sample: int, frame_rate: Fraction, drop_frame: bool
) -> bytes:
    """The text of the chunk, UTF-8. `start_sample` counts from midnight, as bext's TimeReference does."""
    root = ElementTree.Element("BWFXML")
    _add(root, "IXML_VERSION", VERSION)
    _add(root, "PROJECT", _printable(project))
    _add(root, "NOTE", title)
    speed = ElementTree.SubElement(root, "SPEED")
    rate = f"{frame_rate.numerator}/{frame_rate.denominator}"
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


def _add(parent: ElementTree.Element, name: str, value: object) -> None:
    ElementTree.SubElement(parent, name).text = str(value)


def _printable(name: str) -> str:
    """A file's name without what XML cannot hold: control characters, and bytes that are no text."""
    return "".join(sign if sign.isprintable() else "?" for sign in name.encode("utf-8", "replace").decode("utf-8"))
