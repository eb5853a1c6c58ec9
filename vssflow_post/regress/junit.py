"""The outcome as JUnit XML, as CI servers read it (the schema of Ant's JUnit task, which Jenkins' own also accepts)."""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from xml.etree import ElementTree

from vssflow_post.regress.comparing import FAILED, Outcome
from vssflow_post.store.publishing import publish

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML cannot hold."""


def write_junit(path: Path, suite: str, outcomes: Sequence[Outcome]) -> None:
    """One test suite, one test case for each clip: a failure where it changed, an error where it did not render."""
    root = ElementTree.Element("testsuites")
    failures = [outcome for outcome in outcomes if not outcome.is_passed and outcome.status != FAILED]
    errors = [outcome for outcome in outcomes if outcome.status == FAILED]
    suite_element = ElementTree.SubElement(
        root,
        "testsuite",
        name=_clean(suite),
        package="vssflow-post.regress",
        id="0",
        timestamp=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
        hostname=_clean(socket.gethostname()) or "localhost",
        tests=str(len(outcomes)),
        failures=str(len(failures)),
        errors=str(len(errors)),
        time=_seconds(sum(outcome.seconds for outcome in outcomes)),
    )
    ElementTree.SubElement(suite_element, "properties")
    for outcome in outcomes:
        _add_case(suite_element, suite, outcome)
    ElementTree.SubElement(suite_element, "system-out")
    ElementTree.SubElement(suite_element, "system-err")
    ElementTree.indent(root)
    publish(path, lambda temporary: ElementTree.ElementTree(root).write(temporary, "utf-8", xml_declaration=True))


def _add_case(parent: ElementTree.Element, suite: str, outcome: Outcome) -> None:
    case = ElementTree.SubElement(
        parent, "testcase", name=_clean(outcome.clip), classname=_clean(suite), time=_seconds(outcome.seconds)
    )
    if outcome.is_passed:
        return
    element = ElementTree.SubElement(
        case,
        "error" if outcome.status == FAILED else "failure",
        message=_clean(outcome.summary),
        type=outcome.status,
    )
    element.text = _clean("\n".join(outcome.lines))


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
