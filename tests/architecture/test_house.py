"""The rules of the house that a machine can check."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from stenolog.config.shown import settings_table
from stenolog.log.events.vocabulary import ProviderName

ROOT = Path(__file__).parents[2]
VENDORS = set(get_args(ProviderName))
MODULE_LINES_MAX = 250
FUNCTION_LINES_MAX = 70
VAGUE_NAMES = {"utils", "helpers", "common", "base", "manager", "misc"}
WIRED_BY_BOOTSTRAP = re.compile(
    r"\b(?:RequestPorts|Reconciler|Dispatcher|FanOut|Eraser|UploadLifetime)\("
)
SOURCE = ROOT / "service" / "stenolog"
MODULES = sorted(SOURCE.rglob("*.py"))


def functions(module: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_every_ignored_rule_says_why() -> None:
    bare = re.compile(r"# (noqa(: [A-Z0-9, ]+)?|type: ignore(\[[a-z, -]+\])?)\s*$")
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for folder in ("service", "tests", "infra")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(file.read_text().split("\n"), start=1)
        if bare.search(line)
    ]
    assert found == []


def test_rooms_import_only_what_they_may() -> None:
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout


def test_a_service_for_tests_is_put_together_by_bootstrap() -> None:
    """Another composition root would have to learn every new capability by hand."""
    found = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for name in WIRED_BY_BOOTSTRAP.findall(file.read_text())
    ]
    assert found == []


@pytest.mark.parametrize("module", MODULES, ids=lambda m: str(m.relative_to(ROOT)))
def test_a_module_has_one_reason_and_fits_a_screenful_or_six(module: Path) -> None:
    text = module.read_text()
    assert len(text.splitlines()) <= MODULE_LINES_MAX
    assert module.stem not in VAGUE_NAMES
    assert ast.get_docstring(ast.parse(text)), "the first line says what it is for"
    for function in functions(module):
        assert function.end_lineno is not None
        length = function.end_lineno - function.lineno + 1
        assert length <= FUNCTION_LINES_MAX, f"{function.name} has {length} lines"


@pytest.mark.parametrize(
    "module", [m for m in MODULES if m.name == "__init__.py"], ids=lambda m: m.parent.name
)
def test_packages_hold_a_docstring_and_nothing_else(module: Path) -> None:
    body = ast.parse(module.read_text()).body
    assert len(body) == 1
    assert isinstance(body[0], ast.Expr)


def test_the_documents_have_the_settings_as_they_are() -> None:
    assert settings_table() in (ROOT / "docs" / "SETTINGS.md").read_text()


def test_the_readme_shows_both_commands() -> None:
    text = (ROOT / "README.md").read_text()
    assert "make demo" in text
    assert "make test" in text


def test_requirement_files_have_hashes_and_no_addresses() -> None:
    for name in (
        "requirements.txt",
        "requirements-engine.txt",
        "requirements-dev.txt",
        "requirements-whisper.txt",
    ):
        text = (ROOT / name).read_text()
        assert "://" not in text
        for line in text.splitlines():
            assert re.match(r"\S+==\S+|\s+--hash=sha256:[0-9a-f]{64}", line), line


def test_only_settings_and_the_composition_root_compare_with_a_vendors_name() -> None:
    rooms = {"bootstrap", "config"}
    found = [
        f"{module.relative_to(SOURCE)}: {ast.unparse(node)}"
        for module in MODULES
        if module.relative_to(SOURCE).parts[0] not in rooms
        for node in ast.walk(ast.parse(module.read_text()))
        if names_a_vendor(node)
    ]
    assert found == []


@pytest.mark.parametrize(
    "code",
    [
        'name == "local"',
        '"assemblyai" != name',
        'name in ("assemblyai", "x")',
        'match name:\n    case "local" | "x":\n        pass',
    ],
)
def test_a_comparison_with_a_vendors_name_is_seen(code: str) -> None:
    assert any(map(names_a_vendor, ast.walk(ast.parse(code))))


def names_a_vendor(node: ast.AST) -> bool:
    """Whether it compares something with a provider's name."""
    match node:
        case ast.Compare(left=left, comparators=others):
            parts = [inner for one in (left, *others) for inner in ast.walk(one)]
        case ast.MatchValue(value=value):
            parts = [value]
        case _:
            return False
    return any(isinstance(one, ast.Constant) and one.value in VENDORS for one in parts)
