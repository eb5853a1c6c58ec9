"""What the documents promise is there: make's words, commands, dependencies, and a plugin that works as printed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import click
import numpy as np
import pytest

from vssflow_post.backend import CueRequest, Frame, GenerationSettings
from vssflow_post.timeline import CLOCK_HZ, Scene, Span

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))


def test_every_make_word_in_the_documents_exists() -> None:
    words = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    for path in DOCUMENTS:
        told = set(re.findall(r"(?:^ {4}|`)make (?:[A-Z]+=\S+ )?([a-z-]+)", path.read_text("utf-8"), re.M))
        assert told <= words, f"{path.name} names {told - words}"
    assert {"demo", "test", "check", "fmt", "lint", "types", "arch", "wheel-test", "bench", "clean"} <= words


def test_the_readme_starts_with_its_two_commands() -> None:
    commands = re.findall(r"^ {4}(\S.*)", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert [command.split("#")[0].strip() for command in commands[:2]] == ["make demo", "make test"]


def test_every_command_and_option_in_the_documents_exists() -> None:
    from vssflow_post.cli import cli

    context = click.Context(cli)
    for path in DOCUMENTS:
        for line in re.findall(r"^ {4}vssflow-post (.*)$", path.read_text("utf-8"), re.M):
            words = line.split("#")[0].split()
            command: click.Command | None = cli.get_command(context, words[0])
            if isinstance(command, click.Group):
                command = command.get_command(context, words[1])
            assert command is not None, f"{path.name}: vssflow-post {line}"
            known = {name for option in command.params for name in option.opts}
            assert {word for word in words if word.startswith("-")} <= known, f"{path.name}: vssflow-post {line}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_no_section_of_a_document_stands_there_twice(path: Path) -> None:
    headings = re.findall(r"^#+ .*", re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.M | re.S), re.M)
    assert len(headings) == len(set(headings)), [each for each in headings if headings.count(each) > 1]


def test_every_dependency_has_its_reason() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    names = {re.match(r"[A-Za-z0-9._-]+", requirement)[0] for requirement in wanted} - {"vssflow-post"}  # type: ignore[index]
    told = set(re.findall(r"`([A-Za-z0-9._-]+)`", (ROOT / "docs" / "dependencies.md").read_text("utf-8")))
    assert names <= told, f"without a reason: {names - told}"


def test_every_file_in_the_documents_exists_and_is_told_from_its_namesakes() -> None:
    made = {".venv", "build"}  # here, and no source
    files = [path.relative_to(ROOT) for path in ROOT.rglob("*.py") if not made & {*path.relative_to(ROOT).parts}]
    for page in DOCUMENTS:
        for name in set(re.findall(r"`([\w./-]+\.py)`", page.read_text("utf-8"))) - {
            "vssflow_hum.py"
        }:  # the reader's own
            meant = [path for path in files if path.parts[-len(Path(name).parts) :] == Path(name).parts]
            assert len(meant) == 1, f"{page.name}: {name} is {', '.join(map(str, meant)) or 'nowhere'}"


def test_the_changelogs_newest_release_is_the_version() -> None:
    released = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d\d-\d\d$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M
    )
    [version] = re.findall(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.M)
    assert released[0] == version


def test_links_between_documents_lead_somewhere() -> None:
    for path in DOCUMENTS:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


@pytest.fixture
def hum() -> ModuleType:
    """The example plugin, as printed in docs/plugins.md."""
    text = (ROOT / "docs" / "plugins.md").read_text("utf-8")
    source = re.search(r"```python\n(.*?)```", text, re.S)
    assert source is not None
    module = ModuleType("vssflow_hum")
    exec(compile(source[1], "docs/plugins.md", "exec"), module.__dict__)
    return module


def test_example_plugin_registers_and_keeps_the_contract(hum: ModuleType) -> None:
    import pluggy

    from vssflow_post import hookspecs

    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(hum)
    manager.check_pending()
    [[offer]] = manager.hook.vssflow_backends()
    backend = offer.open(GenerationSettings())
    encoder = backend.encoder()
    for k in range(48):
        grey = np.full((9, 16), 4 * k, np.uint8)
        encoder.push(Frame(k * CLOCK_HZ // 24, np.repeat(grey[..., None], 3, axis=2), grey))
    features = encoder.finish([Scene(0, Span.of_seconds(0, 2))])

    span = Span.of_seconds(0.5, 1.7)
    request = CueRequest("s1", "sound", span, 5, visual={name: track.slice(span) for name, track in features.items()})
    [take], [again] = backend.render([request]), backend.render([request])
    assert take.id == "s1"
    assert take.audio.samples.shape[0] == 1
    assert abs(take.audio.n_samples - span.duration_s * take.audio.rate_hz) <= 1
    assert np.array_equal(take.audio.samples, again.audio.samples)
    assert np.isfinite(take.audio.samples).all()


def test_an_install_without_cuda_leaves_out_what_it_says_and_nothing_else() -> None:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["dependencies"]
    names = {re.match(r"[A-Za-z0-9._-]+", requirement)[0] for requirement in wanted}  # type: ignore[index]
    page = (ROOT / "docs" / "install.md").read_text("utf-8").partition("## Without CUDA")[2].partition("## Update")[0]
    left_out = {"pyannote.audio", "diffusers", "transformers"}
    assert all(name in page for name in left_out)
    commands = " ".join(line for line in page.replace("\\\n", " ").splitlines() if "pip install" in line)
    installed = {re.split(r"[<=>]", word.strip("'"))[0] for word in commands.split()}
    assert names - {"tomli", "audioop-lts"} - left_out <= installed
    assert not left_out & installed
