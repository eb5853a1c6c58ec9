"""The house keeps its order: few names at the top, short functions, no circles, and a tour whose names are there."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "vssflow_post": ROOT / "vssflow_post",
    **{path.name: path for path in (ROOT / "backends").iterdir() if (path / "__init__.py").exists()},
}
NOT_NAMES = ("__init__.py", "__main__.py", "py.typed", "__pycache__")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def modules() -> dict[str, Path]:
    """Every module of the library, by its dotted name."""
    found = {}
    for package, folder in PACKAGES.items():
        for path in folder.rglob("*.py"):
            parts = [package, *path.relative_to(folder).with_suffix("").parts]
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported_by(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """What a module imports of ours, wherever in it: at its top, in a function, for the type checker alone."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names if name.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = [f"{node.module}.{name.name}" for name in node.names]
            yield from (name if name in known else node.module for name in inner)


@pytest.mark.parametrize("package", PACKAGES)
def test_at_most_twenty_names_lie_at_the_top(package: str) -> None:
    names = sorted(path.name for path in PACKAGES[package].iterdir() if path.name not in NOT_NAMES)
    assert len(names) <= 20, names


def test_no_file_is_in_a_circle() -> None:
    known = modules()
    try:
        TopologicalSorter({name: set(imported_by(path, known)) - {name} for name, path in known.items()}).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_contracts_have_at_most_ten_layers() -> None:
    layered = [each for each in PYPROJECT["tool"]["importlinter"]["contracts"] if each["type"] == "layers"]
    assert {"vssflow_post", "vssflow_dit"} <= {name for each in layered for name in each.get("containers", ())}
    assert all(len(each["layers"]) <= 10 for each in layered)


@pytest.mark.parametrize(("name", "path"), modules().items())
def test_functions_are_short_and_a_module_says_what_is_in_it(name: str, path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    too_long = {each.name: n for each in functions if each.end_lineno and (n := each.end_lineno - each.lineno + 1) > 45}
    assert too_long == {}
    assert ast.get_docstring(tree) or name.endswith("__main__"), "it has no docstring"


@pytest.mark.parametrize("name", sorted(name for name, path in modules().items() if path.with_suffix(".pyi").exists()))
def test_a_wing_has_what_its_face_offers(name: str) -> None:
    wing = import_module(name)
    stub = modules()[name].with_suffix(".pyi").read_text("utf-8")
    offered = re.findall(r"(\w+) as \w+", stub)
    assert offered, "a stub offers names as `from .module import name as name`"
    assert set(offered) == set(wing.__all__)
    assert all(getattr(wing, each) is not None for each in offered)
    shadowed = set(offered) & {path.stem for path in modules()[name].parent.glob("*.py")}
    assert not shadowed, "a name that is also a module's would be the one or the other, by who came first"


def links() -> list[tuple[str, str]]:
    return [
        link
        for page in ("tour.md", "architecture.md")
        for link in re.findall(r"\[`(\w+)`\]\(\.\./(\S+?\.py)\)", (ROOT / "docs" / page).read_text("utf-8"))
    ]


@pytest.mark.parametrize(("name", "path"), links())
def test_what_the_tour_names_is_where_it_says(name: str, path: str) -> None:
    file = ROOT / path
    assert file.is_file()
    defined = {
        node.name
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }
    assert name in defined | {file.stem}


def test_the_tour_names_something_of_every_wing() -> None:
    named = {Path(path).parts[:2] for _, path in links()}
    assert {("vssflow_post", path.parent.name) for path in (ROOT / "vssflow_post").glob("*/__init__.py")} <= named


@pytest.mark.parametrize("container", ["vssflow_post", "vssflow_dit"])
def test_the_architecture_shows_the_contracts_layers(container: str) -> None:
    [contract] = [
        each for each in PYPROJECT["tool"]["importlinter"]["contracts"] if each.get("containers") == [container]
    ]
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    blocks = [
        [line.strip().split("  ")[0] for line in block.splitlines()]
        for block in re.findall(r"((?:^ {4}\S.*\n)+)", page, re.M)
    ]
    assert contract["layers"] in blocks
