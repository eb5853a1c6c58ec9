"""Delivery: the files that leave the house, each under its final name only when it is whole."""

from __future__ import annotations

from vssflow_post.deliver.bwf import BroadcastWave, WaveReader, null_test
from vssflow_post.deliver.manifest import is_complete, write_manifest
from vssflow_post.deliver.picture import picture_name, write_picture
from vssflow_post.deliver.stems import TITLES, Slate, StemFiles, stem_files
from vssflow_post.deliver.timeline_otio import write_timeline

__all__ = [
    "TITLES",
    "BroadcastWave",
    "Slate",
    "StemFiles",
    "WaveReader",
    "is_complete",
    "null_test",
    "picture_name",
    "stem_files",
    "write_manifest",
    "write_picture",
    "write_timeline",
]
