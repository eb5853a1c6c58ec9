"""Golden renders for CI: record what a suite sounds like, and tell later whether it still does."""

from __future__ import annotations

from vssflow_post.regress.running import Made, check, found_in, golden_audio, record
from vssflow_post.regress.suite import Clip, Suite, read_suite

__all__ = ["Clip", "Made", "Suite", "check", "found_in", "golden_audio", "read_suite", "record"]
