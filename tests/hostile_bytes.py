"""Files that are no films, whatever they are called: content, and the verdict it must get."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import struct
import tarfile
import wave
import zipfile

import numpy as np

RANDOM = np.random.default_rng(7)

HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n"
MPD = '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>{}</BaseURL></Period></MPD>'
ELSEWHERE = (
    "secret.mp4",
    "/etc/passwd",
    "http://127.0.0.1:9/a.ts",
    "file:///etc/passwd",
    "concat:/etc/passwd|/etc/group",
)

PLAYLISTS: dict[str, bytes] = {
    **{f"hls{k}": HLS.format(target).encode() for k, target in enumerate(ELSEWHERE)},
    **{f"dash{k}": MPD.format(target).encode() for k, target in enumerate(ELSEWHERE[:3])},
    **{f"concat{k}": f"ffconcat version 1.0\nfile '{target}'\n".encode() for k, target in enumerate(ELSEWHERE[:3])},
    "hls-mark": b"\xef\xbb\xbf" + HLS.format("a.ts").encode(),
    "hls-lines": b"\r\n\r\n \t" + HLS.format("a.ts").replace("\n", "\r\n").encode(),
    "hls-master": b"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttp://127.0.0.1:9/low.m3u8\n",
    "hls-key": b'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="http://127.0.0.1:9/key"\n#EXTINF:1,\na.ts\n',
    "hls-utf16": b"\xff\xfe" + HLS.format("a.ts").encode("utf-16-le"),
    "dash-declared": b'<?xml version="1.0"?>\n<!-- a film -->\n' + MPD.format("a.mp4").encode(),
    "dash-prefix": b'<?xml version="1.0"?><mpd:MPD xmlns:mpd="urn:mpeg:dash:schema:mpd:2011"/>',
    "dash-doctype": b'<?xml version="1.0"?><!DOCTYPE MPD [<!ENTITY x SYSTEM "file:///etc/passwd">]><MPD>&x;</MPD>',
    "pls": b"[playlist]\nFile1=http://127.0.0.1:9/a.mp4\nNumberOfEntries=1\n",
    "reference": b"[Reference]\nRef1=http://127.0.0.1:9/a.asf\n",
    "asx": b'<asx version="3.0"><entry><ref href="http://127.0.0.1:9/a.wmv"/></entry></asx>',
    "smil": b'<smil><body><video src="http://127.0.0.1:9/a.mp4"/></body></smil>',
    "xspf": b'<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/"><trackList/></playlist>',
    "f4m": b'<?xml version="1.0"?><manifest xmlns="http://ns.adobe.com/f4m/1.0"><media url="a"/></manifest>',
    "smooth": b'<?xml version="1.0"?><SmoothStreamingMedia MajorVersion="2" Duration="1"/>',
    "imf": b'<?xml version="1.0"?><CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2013"/>',
    "assetmap": b'<?xml version="1.0"?><am:AssetMap xmlns:am="http://www.smpte-ra.org/schemas/429-9/2007/AM"/>',
    "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nm=video 9 RTP/AVP 96\r\n",
    "rtsp": b"RTSPtext\r\nrtsp://127.0.0.1:9/film\r\n",
}


def _tar() -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("film.mp4"), io.BytesIO(b""))
    return made.getvalue()


def _zip() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../film.mp4", bytes(100_000))
    return made.getvalue()


def zip_bomb(name: str, n_bytes: int) -> bytes:
    """An archive whose only member unpacks to `n_bytes` of zeros."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w", force_zip64=True) as file:
        for _ in range(n_bytes >> 20):
            file.write(bytes(1 << 20))
    return made.getvalue()


def _wave(n_bytes: int = 4000) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setparams((1, 2, 48_000, 0, "NONE", ""))
        file.writeframes(bytes(n_bytes))
    return made.getvalue()


NOT_MEDIA: dict[str, bytes] = {
    "one-byte": b"\0",
    "newline": b"\n",
    "random": RANDOM.bytes(20_000),
    "zeros": bytes(5000),
    "ones": b"\xff" * 5000,
    "text": b"Dear editor, this is not a film.\n" * 100,
    "good-morning": b"Good morning.",
    "utf16-text": "Dear editor, this is not a film.".encode("utf-16"),
    "html": b"<!DOCTYPE html><html><body>404</body></html>",
    "json": b'{"error": "not found"}',
    "xml": b'<?xml version="1.0"?><rss version="2.0"><channel/></rss>',
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><image href="http://127.0.0.1:9/a.png"/></svg>',
    "subtitles": b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
    "script": b"#!/bin/sh\nrm -rf /\n",
    "zip": _zip(),
    "gzip-bomb": gzip.compress(bytes(20_000_000)),
    "bzip2": bz2.compress(bytes(1000)),
    "xz": lzma.compress(bytes(1000)),
    "seven-zip": b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "tar": _tar(),
    "rar": b"Rar!\x1a\x07\x01\0" + bytes(100),
    "elf": b"\x7fELF\x02\x01\x01" + bytes(100),
    "exe": b"MZ\x90\0" + bytes(200),
    "java": b"\xca\xfe\xba\xbe" + bytes(50),
    "pickle": pickle.dumps({"film": [1, 2, 3]}),
    "npy": b"\x93NUMPY\x01\0" + bytes(100),
    "pdf": b"%PDF-1.7\n" + bytes(100),
    "pdf-and-mp4": b"%PDF-1.7\n" + struct.pack(">I4s", 20, b"ftyp") + b"isom" + bytes(8),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(100),
    "jpeg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(100),
    "webp": b"RIFF" + struct.pack("<I", 1000) + b"WEBPVP8 " + bytes(992),
    "bmp": b"BM" + bytes(100),
    "tiff": b"II*\0\x08\0\0\0" + bytes(100),
    "dpx": b"SDPX" + bytes(2048),
    "h264": b"\0\0\0\1\x67\x42\0\x1e" + bytes(100),
    "mpeg-video": b"\0\0\1\xb3" + bytes(100),
    "dv": b"\x1f\x07\0\xbf" + bytes(1000),
    "sqlite": b"SQLite format 3\0" + bytes(100),
    "swf": b"FWS\x0a" + bytes(100),
    "realmedia": b".RMF\0\0\0\x12" + bytes(100),
    "safetensors": struct.pack("<Q", 2) + b"{}",
}
SOUNDS: dict[str, bytes] = {
    "wave": _wave(),
    "rf64": b"RF64\xff\xff\xff\xffWAVEds64" + bytes(100),
    "flac": b"fLaC" + bytes(60),
    "id3": b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" + bytes(400),
    "id3-cover": b"ID3\x03\0\0\0\0\x01\0APIC\0\0\0\x60\0\0\0image/png\0\x03\0\x89PNG\r\n\x1a\n" + bytes(400),
    "mp3": (b"\xff\xfb\x90\x64" + bytes(413)) * 3,
    "adts": (b"\xff\xf1\x50\x80\x02\x1f\xfc" + bytes(10)) * 3,
    "ac3": b"\x0b\x77" + bytes(100),
    "aiff": b"FORM" + struct.pack(">I", 4) + b"AIFF",
    "au": b".snd\0\0\0\x18" + bytes(40),
    "amr": b"#!AMR\n" + bytes(40),
    "midi": b"MThd\0\0\0\x06" + bytes(20),
    "caf": b"caff\0\1\0\0" + bytes(20),
}
TRUNCATED: dict[str, bytes] = {
    "wave-cut": _wave(48_000)[:30_000],
    "mp4-head": struct.pack(">I4s", 32, b"ftyp") + b"isom",
    "mp4-no-index": struct.pack(">I4s", 20, b"ftyp") + bytes(12) + struct.pack(">I4s", 1008, b"mdat") + bytes(1000),
    "mp4-huge-box": struct.pack(">I4s", 20, b"ftyp") + bytes(12) + struct.pack(">I4sQ", 1, b"mdat", 2**63) + bytes(99),
    "mp4-recursive": struct.pack(">I4s", 2**32 - 1, b"moov") * 200,
    "avi-huge": b"RIFF" + struct.pack("<I", 2**31) + b"AVI LIST" + bytes(100),
    "mkv-head": b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska",
    "ogg-head": b"OggS\0\x02" + bytes(10),
    "flv-head": b"FLV\x01\x05\0\0\0\x09\0\0",
    "ivf-head": b"DKIF\0\0\x20\0VP80",
    "gif-head": b"GIF89a\x10\0\x10\0\x80\0\0",
    "ts-first-packet": (b"\x47\x40\0\x10\0" + bytes(183))[:150],
    "y4m-half": b"YUV4MPEG2 W64 H48 F25:1 C420jpeg\nFRAME\n" + bytes(1000),
    "pack": b"\0\0\1\xba\x44" + bytes(4),
    "mxf-head": bytes.fromhex("060e2b34020501010d0102010102040083") + b"\0\0\x78" + bytes(20),
}
