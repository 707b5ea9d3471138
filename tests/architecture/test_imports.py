"""What import contracts cannot say: private names, modules of the standard library, packages."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

from stenolog.engine.availability import LIBRARIES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "service" / "stenolog"
MODULES = sorted(SOURCE.rglob("*.py"))
# What the engine imports counts where it cannot be installed, too.
DISTRIBUTIONS = {
    **{module: [package] for module, package in LIBRARIES.items()},
    **packages_distributions(),
}
TREES = {file: ast.parse(file.read_text()) for file in MODULES}

# Submodules of the standard library that open connections or start processes; the contracts see
# `urllib`, `http` and `asyncio` as one module each.
IO_NAMES = {
    "urllib.request",
    "http.client",
    "http.server",
    "asyncio.subprocess",
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "asyncio.open_connection",
    "asyncio.start_server",
    "os.system",
    "os.popen",
}
MAY_START_PROCESSES = {
    "bootstrap/engine_child.py",
    "cli/executing.py",
    "engine/host/spawning.py",
    "engine/host/worker_process.py",
}
# Declared, and imported by no statement of ours.
NOT_IMPORTED = {
    "faster-whisper": "imported for a model of the operator's alone, and installed for no test",
    "moonshine-voice": "its library and models are opened by path, in the confined worker",
    "mypy": "a program",
    "openai": "its test is passed over where it is not installed",
    "pytest-cov": "a plugin",
    "pytest-timeout": "a plugin",
    "pytest-xdist": "a plugin",
    "ruff": "a program",
    "setuptools": "builds the package where nothing may be downloaded for it",
    "wordllama": "two of its files are opened by path, in the confined worker",
    "types-pyyaml": "types, for mypy",
}


def private_uses(tree: ast.Module) -> Iterator[str]:
    """Names that begin with one underscore, taken from another of our modules."""
    modules: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stenolog"):
            source = node.module or ""
            names = [*source.split("."), *(alias.name for alias in node.names)]
            yield from (f"{source}: {name}" for name in names if is_private(name))
            modules |= {a.asname or a.name for a in node.names if is_module(source, a.name)}
        elif isinstance(node, ast.Import):
            ours = [alias for alias in node.names if alias.name.startswith("stenolog")]
            yield from (a.name for a in ours if any(map(is_private, a.name.split("."))))
            modules |= {alias.asname or alias.name for alias in ours}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            owner = ast.unparse(node.value)
            if owner in modules:
                yield f"{owner}: {node.attr}"


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def is_module(package: str, name: str) -> bool:
    place = SOURCE.parent.joinpath(*package.split("."), name)
    return place.is_dir() or place.with_suffix(".py").is_file()


def names_used(tree: ast.Module) -> Iterator[str]:
    """Every dotted name that is imported or written."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def packages_in(*folders: str) -> set[str]:
    """The distributions, by normalised name, of what these folders import from outside."""
    found: set[str] = set()
    for folder in folders:
        for file in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Import):
                    tops = {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    tops = {(node.module or "").split(".")[0]}
                else:
                    continue
                for top in tops - set(sys.stdlib_module_names):
                    found |= {normal(name) for name in DISTRIBUTIONS.get(top, ())}
    return found - {"stenolog"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> Mapping[str, set[str]]:
    """The distributions that pyproject declares: runtime, engine, dev, build."""
    said = tomllib.loads((ROOT / "pyproject.toml").read_text())
    project, more = said["project"], said["dependency-groups"]
    groups = {"runtime": project["dependencies"], **project["optional-dependencies"], **more}
    return {
        group: {normal(re.split(r"[<>=!~\[; ]", line)[0]) for line in lines}
        for group, lines in groups.items()
    }


def test_no_module_uses_a_private_name_of_another() -> None:
    found = {str(file.relative_to(SOURCE)): list(private_uses(t)) for file, t in TREES.items()}
    assert {file: names for file, names in found.items() if names} == {}


def test_the_search_for_private_names_finds_each_way_to_take_one() -> None:
    planted = (
        "from stenolog.clock import _now\n"
        "from stenolog.log import canonical as c\n"
        "import stenolog.errors\n"
        "c._encode(1)\n"
        "stenolog.errors._tree\n"
        "c.__name__\n"
    )
    assert sorted(private_uses(ast.parse(planted))) == [
        "c: _encode",
        "stenolog.clock: _now",
        "stenolog.errors: _tree",
    ]


def test_connections_and_processes_are_begun_by_those_alone_that_may() -> None:
    found = {
        f"{file.relative_to(SOURCE)}: {name}"
        for file, tree in TREES.items()
        if str(file.relative_to(SOURCE)) not in MAY_START_PROCESSES
        for name in names_used(tree)
        if name in IO_NAMES
    }
    assert found == set()


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    groups = declared()
    assert set(NOT_IMPORTED) <= set[str]().union(*groups.values())
    imported = packages_in("service") | set(NOT_IMPORTED)
    # A fixture for users' tests stands in the package, and is loaded by their pytest.
    tools = groups["dev"] - groups["engine"] | groups["build"]
    assert imported - tools == (groups["runtime"] | groups["engine"] | groups["whisper"])
    everywhere = packages_in("service", "tests", "infra") | set(NOT_IMPORTED)
    assert everywhere == set[str]().union(*groups.values())


def test_only_the_engine_imports_what_its_extra_installs() -> None:
    rooms = [f"service/stenolog/{path.name}" for path in SOURCE.iterdir() if path.is_dir()]
    elsewhere = packages_in(*(room for room in rooms if not room.endswith("/engine")))
    assert elsewhere & declared()["engine"] == set()
