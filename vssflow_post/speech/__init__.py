"""Who speaks when: from the script, the production audio or the lips.

`read_script` reads the lines; `find_segments` asks the detectors, best first.
"""

from __future__ import annotations

from vssflow_post.speech.detect import find_segments
from vssflow_post.speech.offers import built_in_detectors
from vssflow_post.speech.script import read_script, speakers_of

__all__ = ["built_in_detectors", "find_segments", "read_script", "speakers_of"]
