"""The documents: what they say of the code is there, and DECISIONS is in order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from stenolog.log.catalogue import EVENT_TYPES

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "service" / "stenolog"
DECISION_LINES_MAX = 25
ARCHITECTURE_LINES_MAX = 200
FILE_ENDINGS = (".db", ".log", ".md", ".yaml", ".toml", ".txt", ".env")
HEADERS = {"Authorization", "Date", "Domain", "Forwarded", "Host", "Location", "Upgrade"}
# A stranger has DECISIONS.md and not the documents that the house was planned with.
ELSEWHERE = re.compile(r"(design|style|contract) §|\bgotcha \d", re.IGNORECASE)
CITED = re.compile(r"\bDECISIONS (\d+(?:, \d+)*)")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def in_backticks(document: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", (ROOT / document).read_text())


def decisions() -> list[tuple[int, str, list[str]]]:
    """Each entry's number, its title without the date, and its lines."""
    entries = []
    for entry in re.split(r"^## ", (ROOT / "DECISIONS.md").read_text(), flags=re.M)[1:]:
        lines = entry.strip().splitlines()
        heading = re.fullmatch(r"(\d+)\. (.+) \(\d{4}-\d\d-\d\d(?:, from (?:\d+))?\)", lines[0])
        assert heading, f"no number, title and date: {lines[0]}"
        entries.append((int(heading[1]), heading[2], lines))
    return entries


def table_of_decisions() -> list[list[str]]:
    """The cells of each row: number, title, status, and what it came from or was split into."""
    head = (ROOT / "DECISIONS.md").read_text().split("\n## ")[0]
    rows = [line for line in head.splitlines() if re.match(r"\| \d", line)]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def changes_of(lines: list[str]) -> list[int]:
    """The entries that this one says it changes or supersedes."""
    said = [line for line in lines if line.startswith(("Changes: ", "Supersedes: "))]
    return [int(number) for line in said for number in re.findall(r"\d+", line)]


@cache
def definitions(module: Path) -> dict[str, ast.stmt]:
    """What a module defines at its top, by name."""
    found: dict[str, ast.stmt] = {}
    for node in ast.parse(module.read_text()).body:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                found[node.name] = node
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found[name] = node
            case _:
                pass
    return found


@cache
def classes() -> dict[str, list[ast.ClassDef]]:
    found: dict[str, list[ast.ClassDef]] = {}
    for module in sorted(SOURCE.rglob("*.py")):
        for node in definitions(module).values():
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def has_member(node: ast.stmt, name: str) -> bool:
    """Whether a class has a method, an attribute or a declared field of this name."""
    return any(
        getattr(inner, "name", None) == name
        or getattr(inner, "attr", None) == name
        or (isinstance(inner, ast.AnnAssign) and getattr(inner.target, "id", None) == name)
        for inner in ast.walk(node)
    )


def is_named_in_code(dotted: str) -> bool:
    """Whether a dotted name is a module, or what a module defines, or a member of that."""
    parts = dotted.removeprefix("stenolog.").split(".")
    place = SOURCE
    while parts and (place / parts[0]).is_dir():
        place /= parts.pop(0)
    if not parts:
        return True
    module = (place / parts.pop(0)).with_suffix(".py")
    if not module.is_file() or not parts:
        return module.is_file()
    node = definitions(module).get(parts.pop(0))
    return node is not None and all(has_member(node, name) for name in parts)


def unknown_names(document: str) -> Iterator[str]:
    for token in in_backticks(document):
        if re.fullmatch(r"[a-z_]+(/[a-z_]+)*/(\w+(\.\w+)*)?", token):
            if not any((base / token).exists() for base in (SOURCE, ROOT, ROOT / "tests")):
                module = SOURCE / f"{token}.py"
                if not module.is_file():
                    yield token
        elif re.fullmatch(r"[A-Z][a-z]\w+(\.\w+)?", token):
            name, _, member = token.partition(".")
            found = classes().get(name, [])
            if name not in HEADERS and not any(
                not member or has_member(node, member) for node in found
            ):
                yield token
        elif re.fullmatch(r"[a-z_]+(\.\w+)+", token):
            is_code = token in EVENT_TYPES or token.endswith(FILE_ENDINGS)
            if token.endswith(".py"):
                is_code = (SOURCE / token).is_file()
            if not is_code and not is_named_in_code(token):
                yield token


def test_the_architecture_names_only_what_is_in_the_code() -> None:
    assert list(unknown_names("ARCHITECTURE.md")) == []


def test_the_decisions_name_only_modules_and_classes_that_are_in_the_code() -> None:
    named = [
        name
        for name in unknown_names("DECISIONS.md")
        if name.startswith("stenolog.") or name[0].isupper()
    ]
    assert named == []


def test_the_architecture_has_a_row_for_every_room() -> None:
    """Leaves, folders or files, share one row."""
    rows = re.findall(r"^\| .*$", (ROOT / "ARCHITECTURE.md").read_text(), flags=re.M)
    leaves = next(row for row in rows if row.startswith("| leaves |"))
    rooms = {file.stem for file in SOURCE.iterdir() if file.suffix in {"", ".py"}}
    rooms -= {"__init__", "__main__", "__pycache__"}
    missing = [
        room
        for room in sorted(rooms)
        if f"`{room}`" not in leaves
        and not any(row.startswith((f"| `{room}/` |", f"| `{room}.py` |")) for row in rows)
    ]
    assert missing == []


def test_the_architecture_fits_in_two_hundred_lines() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) < ARCHITECTURE_LINES_MAX


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda d: str(d.name))
def test_documents_name_no_file_that_is_not_there(document: Path) -> None:
    text = document.read_text()
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (document.parent / target).exists(), target
    for module in re.findall(r"`(service/[a-z_/]+(?:\.py)?)`", text):
        assert (ROOT / module).exists(), module


def test_decisions_are_numbered_from_one_without_a_gap() -> None:
    numbers = [number for number, _, _ in decisions()]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_decision_has_at_most_25_lines() -> None:
    for _, title, lines in decisions():
        assert len(lines) <= DECISION_LINES_MAX + 1, title


def test_a_decision_says_what_was_decided() -> None:
    for _, title, lines in decisions():
        assert any(line.startswith("Decision: ") for line in lines), title
        assert any(line.startswith("Context: ") for line in lines), title


def test_the_table_of_decisions_has_every_entry_under_its_title() -> None:
    listed = [(int(row[0]), row[1]) for row in table_of_decisions()]
    assert listed == [(number, title) for number, title, _ in decisions()]


def test_the_table_says_of_every_decision_whether_it_holds() -> None:
    changed_by: dict[int, list[int]] = {}
    for number, _, lines in decisions():
        for old in changes_of(lines):
            assert old < number, f"{number} changes {old}, which comes after it"
            changed_by.setdefault(old, []).append(number)
    for row in table_of_decisions():
        by = changed_by.get(int(row[0]), [])
        said = [int(number) for number in re.findall(r"\d+", row[2])]
        assert re.fullmatch(r"holds|changed by [\d, ]+|superseded by [\d, ]+", row[2]), row
        assert said == by, f"entry {row[0]}"


def test_the_table_and_the_headings_agree_on_what_came_from_where() -> None:
    came_from = {
        number: int(found[1])
        for number, _, lines in decisions()
        if (found := re.search(r", from (\d+)\)$", lines[0]))
    }
    for row in table_of_decisions():
        number = int(row[0])
        said = [int(other) for other in re.findall(r"\d+", row[3])]
        parts = [part for part, whole in came_from.items() if whole == number]
        assert said == ([came_from[number]] if number in came_from else parts), row


@pytest.mark.parametrize("folder", ["service", "tests", "infra"])
def test_code_cites_only_decisions_that_exist(folder: str) -> None:
    numbers = {number for number, _, _ in decisions()}
    for module in sorted((ROOT / folder).rglob("*.py")):
        for found in CITED.findall(module.read_text()):
            assert {int(number) for number in found.split(", ")} <= numbers, module


@pytest.mark.parametrize("folder", ["service", "tests", "infra"])
def test_code_cites_only_what_is_in_the_repository(folder: str) -> None:
    found = [
        f"{module.relative_to(ROOT)}: {cited[0]}"
        for module in sorted((ROOT / folder).rglob("*.py"))
        if (cited := ELSEWHERE.search(module.read_text())) and module != Path(__file__)
    ]
    assert found == []


def test_every_entry_of_the_changelog_leads_with_its_subject() -> None:
    entries = re.findall(r"^- .*$", (ROOT / "CHANGELOG.md").read_text(), flags=re.M)
    assert entries
    assert [entry for entry in entries if not re.match(r"- \*\*.+?\.\*\* ", entry)] == []
