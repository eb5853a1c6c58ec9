"""A folder of bad films and of good ones with bad names, and the verdict that each must get."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import hostile_bytes as contents
import hostile_films as films

ODD_NAMES = [
    "-y.mp4",
    "--help.mp4",
    "a:b.mp4",
    "concat:x|y.mp4",
    "file:http:x.mp4",
    "100%d.mp4",
    "[red]x[-red].mp4",
    "new\nline.mp4",
    "tab\t\x1b[31m\x07.mp4",
    "\u202eright-to-left.mp4",
    "🎬.mp4",
    "caf\u00e9.mp4",
    "cafe\u0301.mp4",
    "=1+1.mp4",
    "<script>alert(1)</script>&'.mp4".replace("/", "\u2215"),
    "{{ 7 * 7 }}.mp4",
    "$(id);`id`.mp4",
    os.fsdecode(b"\xff\xfe.mp4"),
    "x" * 251 + ".mp4",
    "\u00e9" * 125 + ".mp4",
]
LINE = "1\n00:00:00,100 --> 00:00:00,400\nANNA: Hello.\n"
SCRIPTS: dict[str, tuple[str, bytes, str]] = {
    "utf16": (".srt", LINE.encode("utf-16"), "done"),
    "mark": (".srt", b"\xef\xbb\xbf" + LINE.encode(), "done"),
    "western": (".srt", LINE.replace("Hello", "Señor").encode("cp1252"), "done"),
    "crlf": (".vtt", ("WEBVTT\n\n" + LINE.replace(",", ".")).replace("\n", "\r\n").encode(), "done"),
    "empty": (".srt", b"", "rejected:bad_script"),
    "binary": (".srt", contents.RANDOM.bytes(3000) + b"\0", "rejected:bad_script"),
    "nuls": (".srt", LINE.replace("Hello", "He\0llo").encode(), "rejected:bad_script"),
    "backwards": (".srt", b"1\n00:00:02,000 --> 00:00:01,000\nHello\n", "rejected:bad_script"),
    "minute-99": (".srt", b"1\n00:99:00,000 --> 00:99:01,000\nHello\n", "rejected:bad_script"),
    "long-line": (".srt", LINE.replace("Hello", "x" * 3000).encode(), "rejected:bad_script"),
    "no-events": (".ass", b"[Script Info]\nTitle: x\n", "rejected:bad_script"),
    "fields": (".ass", b"[Events]\nDialogue: 0,oops,0:00:02.50,D,,0,0,0,,Hi\n", "rejected:bad_script"),
    "braces": (".ass", b"[Events]\nDialogue: 0,0:00:00.10,0:00:00.40,D,,0,0,0,," + b"{" * 5000, "rejected:bad_script"),
    "columns": (".csv", b"start,end,words\n", "rejected:bad_script"),
    "huge-cell": (".csv", b"start,end,text\n00:00:00.100,00:00:00.400," + b"x" * 200_000, "rejected:bad_script"),
    "quote": (".csv", b'start,end,text\n00:00:00.100,00:00:00.400,"x\n', "rejected:bad_script"),
    "digits": (".csv", b"start,end,text\n" + b"9" * 5000 + b",00:00:00.400,x\n", "rejected:bad_script"),
}
"""What lies beside a good film: the ending, the content, and the film's verdict."""


def build(root: Path) -> dict[str, str]:
    """Fills `root`, and what it refers to beside it; returns the verdicts by file name."""
    verdicts: dict[str, str] = {}
    for name, content, verdict in _files():
        (root / name).write_bytes(content)
        verdicts[name] = verdict
    good = films.whole("mp4")
    for name, (ending, content, verdict) in SCRIPTS.items():
        (root / f"script-{name}.mp4").write_bytes(good)
        (root / f"script-{name}{ending}").write_bytes(content)
        verdicts[f"script-{name}.mp4"] = verdict
    return {**verdicts, **_unopenable(root, good), **_unusable_beside(root, good)}


def _files() -> Iterator[tuple[str, bytes, str]]:
    yield "empty.mp4", b"", "rejected:empty"
    for kind, verdict in (
        (contents.PLAYLISTS, "playlist"),
        (contents.NOT_MEDIA, "not_media"),
        (contents.SOUNDS, "no_video"),
        (contents.TRUNCATED, "truncated"),
    ):
        for name, content in kind.items():
            yield f"{verdict}-{name}.mp4", content, f"rejected:{verdict}"
    yield from (film for film in films.bad_films() if film[2].startswith("rejected"))
    for name in ODD_NAMES:
        yield name, films.whole("mp4"), "done"


def _unopenable(root: Path, good: bytes) -> dict[str, str]:
    """Pipes, sockets, links and holes."""
    outside = root.parent / "outside"
    outside.mkdir()
    (outside / "secret.mp4").write_bytes(good)
    os.mkfifo(root / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(root)  # a socket's address is short
        server.bind("socket.mp4")
    (root / "folder.mp4").mkdir()
    (root / "inside").symlink_to(root)
    (root / "away").symlink_to(outside)
    (root / "away.mp4").symlink_to(outside / "secret.mp4")
    (root / "device.mp4").symlink_to("/dev/zero")
    (root / "loop-a.mp4").symlink_to("loop-b.mp4")
    (root / "loop-b.mp4").symlink_to("loop-a.mp4")
    (root / "dangling.mp4").symlink_to("nothing.mp4")
    with (root / "hole.mp4").open("wb") as file:
        file.truncate(2 << 30)
    with (root / "hole-behind.mkv").open("wb") as file:
        file.write(b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska\x42\x87\x81\x04\x42\x85\x81\x02")
        file.truncate(1 << 24)
    return {
        "pipe.mp4": "rejected:not_regular",
        "socket.mp4": "rejected:not_regular",
        "away": "rejected:outside_root",
        "away.mp4": "rejected:outside_root",
        "device.mp4": "rejected:outside_root",
        "loop-a.mp4": "failed:source_io",
        "loop-b.mp4": "failed:source_io",
        "dangling.mp4": "failed:source_io",
        "hole.mp4": "rejected:not_media",
        "hole-behind.mkv": "rejected:corrupt",
    }


def _unusable_beside(root: Path, good: bytes) -> dict[str, str]:
    """Good films beside which lies, under a script's or features' name, what must not be opened."""
    (root.parent / "outside" / "script.srt").write_text(LINE)
    verdicts = {}
    for name in ("pipe", "folder", "hole", "link", "dangling", "features-pipe", "features-text", "features-bomb"):
        (root / f"beside-{name}.mp4").write_bytes(good)
        verdicts[f"beside-{name}.mp4"] = "rejected:bad_features" if "features" in name else "rejected:bad_script"
    os.mkfifo(root / "beside-pipe.srt")
    (root / "beside-folder.srt").mkdir()
    with (root / "beside-hole.srt").open("wb") as file:
        file.truncate(10 << 30)
    (root / "beside-link.srt").symlink_to(root.parent / "outside" / "script.srt")
    verdicts["beside-link.mp4"] = "rejected:outside_root"
    (root / "beside-dangling.srt").symlink_to("nowhere.srt")
    os.mkfifo(root / "beside-features-pipe.npz")
    (root / "beside-features-text.npz").write_text("no arrays")
    (root / "beside-features-bomb.npz").write_bytes(contents.zip_bomb("clip.npy", 200 << 20))
    return verdicts
