"""What a file says of itself: a WAV in its bext and iXML chunks (EBU Tech 3285; ixml.info), others in their tags."""

from __future__ import annotations

import struct
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vssflow_library.naming.tags import tags_in
from vssflow_library.naming.ucs import known

MOST_BYTES = 1 << 20
"""Of a chunk that is read: what is larger is no description."""
DESCRIBES = (
    "FXNAME", "TRACKTITLE", "TITLE", "NOTE", "DESCRIPTION", "COMMENT", "KEYWORDS", "SUBCATEGORY", "CATEGORY",
    "BWF_DESCRIPTION",
)  # fmt: skip
"""Fields of iXML, and tags, that say what is heard, the shortest first."""
FILED_UNDER = ("GENRE", "GROUPING")
"""Tags that are words for a search and name no class: music is filed under Metal and Rock."""
FORMS = (b"RIFF", b"RF64", b"BW64")


@dataclass(frozen=True, slots=True)
class Said:
    """What the chunks say; "" for nothing."""

    cat_id: str = ""
    """A CatID of the UCS."""
    description: str = ""
    filed_under: str = ""
    """Words for a search that name no class."""


def said_in(path: Path) -> Said:
    """What the chunks or tags of a file say; nothing for one that has none, or whose chunks are damaged.

    Raises OSError where the file cannot be opened.
    """
    description, fields = "", tags_in(path)
    for name, data in _chunks(path):
        if name == b"bext":
            description = data[:256].split(b"\0")[0].decode("utf-8", "replace").strip()
        else:
            fields = _fields(data)
    cat_id = next((found for key in ("CATID", "USERCATEGORY") if (found := known(fields.get(key, "").strip()))), "")
    parts = dict.fromkeys([*(fields[key] for key in DESCRIBES if fields.get(key)), description])
    filed_under = " ".join(fields[key] for key in FILED_UNDER if fields.get(key))
    return Said(cat_id, " ".join(part for part in parts if part), filed_under)


def _chunks(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Name and data of the chunks that are read."""
    with path.open("rb") as file:
        if file.read(4) not in FORMS or len(file.read(8)) < 8:
            return
        size64 = 0
        while len(head := file.read(8)) == 8:
            name, size = struct.unpack("<4sI", head)
            if name == b"ds64" and 16 <= size <= MOST_BYTES:
                data = file.read(size + size % 2)
                size64 = struct.unpack("<Q", data[8:16])[0] if len(data) >= 16 else 0
            elif name in (b"bext", b"iXML") and size <= MOST_BYTES:
                yield name, file.read(size + size % 2)[:size]
            else:
                size = size64 if name == b"data" and size == 0xFFFFFFFF else size
                file.seek(size + size % 2, 1)


def _fields(data: bytes) -> dict[str, str]:
    """Each element's text by its name, of whatever depth (`BWFXML/USER/CATID`, `BWFXML/ASWG/catId`)."""
    text = data.rstrip(b"\0 \r\n\t").decode("utf-8", "replace")
    if "<!" in text:  # no such file needs a document type, and an entity may be as large as it likes
        return {}
    try:
        root = ElementTree.fromstring(text.encode("utf-8"))
    except ElementTree.ParseError:
        return {}
    return {
        node.tag.rsplit("}", 1)[-1].upper(): node.text.strip()
        for node in root.iter()
        if node.text and node.text.strip()
    }
