"""Who gives a fact a dedupe key; `http/test_derived_keys.py` derives each of them again."""

from __future__ import annotations

import ast
from pathlib import Path

import stenolog

ROOT = Path(stenolog.__file__).parent
MADE_IN = {
    "commands/handler.py",  # a client's own, which cannot be derived
    "commands/key_ring.py",
    "compliance/restored_log.py",
    "log/facts.py",
}


def calls_with_key(module: Path) -> list[ast.Call]:
    return [
        node
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Fact"
        and any(keyword.arg == "dedupe_key" for keyword in node.keywords)
    ]


def test_a_fact_gets_a_key_in_few_places() -> None:
    """Whoever adds one: `log.derived_keys` must know it, and a test over HTTP must record it."""
    places = {str(path.relative_to(ROOT)) for path in ROOT.rglob("*.py") if calls_with_key(path)}
    assert places == MADE_IN
