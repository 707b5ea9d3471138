"""Every warning says what to do, or when it is tried again."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "service" / "stenolog"
REMEDIES = {"advice", "retry_in_ms"}


def warnings_in(source: str) -> Iterator[tuple[int, set[str | None]]]:
    """Yield line and keywords of each call of `log.warning`; None stands for `**`."""
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "warning"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "log"
        ):
            yield node.lineno, {keyword.arg for keyword in node.keywords}


def test_every_warning_has_advice_or_is_tried_again() -> None:
    found = [
        (f"{file.relative_to(PACKAGE)}:{line}", keywords)
        for file in sorted(PACKAGE.rglob("*.py"))
        for line, keywords in warnings_in(file.read_text())
    ]
    assert len(found) > 10
    assert [place for place, keywords in found if not keywords & {*REMEDIES, None}] == []


def test_a_warning_without_either_is_seen() -> None:
    assert [words & REMEDIES for _, words in warnings_in("log.warning('a.b', reason='x')")] == [
        set()
    ]
