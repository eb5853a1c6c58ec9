"""Installs pip into the virtual environment whose Python runs this, from the package registry.

For systems that ship Python's venv module without pip (Debian's and Ubuntu's python3 without python3-venv).
The registry's own digest of the file is checked.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

INDEX = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
SIMPLE_JSON = "application/vnd.pypi.simple.v1+json"
WHEEL = re.compile(r"pip-(\d+)\.(\d+)(?:\.(\d+))?-py3-none-any\.whl")


def main() -> None:
    if sys.prefix == sys.base_prefix:
        sys.exit("fetch_pip: run me with the Python of a virtual environment")
    page = urllib.request.Request(f"{INDEX}/pip/", headers={"Accept": SIMPLE_JSON})
    with urllib.request.urlopen(page, timeout=60) as answer:
        files = json.load(answer)["files"]
    numbered = [
        (match, file) for file in files if (match := WHEEL.fullmatch(file["filename"])) and not file.get("yanked")
    ]
    _, newest = max(numbered, key=lambda pair: tuple(int(part or 0) for part in pair[0].groups()))
    with urllib.request.urlopen(urllib.parse.urljoin(f"{INDEX}/pip/", newest["url"]), timeout=60) as answer:
        wheel = answer.read()
    if hashlib.sha256(wheel).hexdigest() != newest["hashes"]["sha256"]:
        sys.exit(f"fetch_pip: {newest['filename']} is not what the registry says it is")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / newest["filename"]
        path.write_bytes(wheel)
        # A wheel is a zip file, and Python runs a package inside a zip file.
        command = [sys.executable, str(path / "pip"), "install", "--quiet", "--no-index", str(path)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
