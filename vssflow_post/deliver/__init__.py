"""Delivery: the files that leave the house, each under its final name only when it is whole."""

from __future__ import annotations

from vssflow_post.deliver.bwf import BroadcastWave, WaveReader, null_test
from vssflow_post.deliver.edit_lists import write_edit_lists
from vssflow_post.deliver.fcpxml import write_fcpxml
from vssflow_post.deliver.manifest import (
    MANIFEST,
    faults_of,
    film_folders,
    is_complete,
    is_of,
    listed,
    tool_version,
    write_manifest,
)
from vssflow_post.deliver.picture import check_picture, picture_name, write_picture
from vssflow_post.deliver.staging import staged
from vssflow_post.deliver.stems import TITLES, Slate, StemFiles, stem_files
from vssflow_post.deliver.subtitles import write_subtitles
from vssflow_post.deliver.take_files import write_takes
from vssflow_post.deliver.timeline_otio import Edit, write_timeline

__all__ = [
    "MANIFEST",
    "TITLES",
    "BroadcastWave",
    "Edit",
    "Slate",
    "StemFiles",
    "WaveReader",
    "check_picture",
    "faults_of",
    "film_folders",
    "is_complete",
    "is_of",
    "listed",
    "null_test",
    "picture_name",
    "staged",
    "stem_files",
    "tool_version",
    "write_edit_lists",
    "write_fcpxml",
    "write_manifest",
    "write_picture",
    "write_subtitles",
    "write_takes",
    "write_timeline",
]
