"""Whoever starts a task looks at how it ends: asyncio itself says nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "service" / "stenolog"
MODULES = sorted(SOURCE.rglob("*.py"))
STARTS = {"create_task", "ensure_future"}
GROUPS = {"group", "loops"}  # a TaskGroup waits for its tasks, and raises what they raise
LOOKS = {"exception", "result", "gather", "log_failure"}


def starts_tasks(tree: ast.Module) -> bool:
    """Whether a task is started outside of a group."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in STARTS
        and not (isinstance(node.value, ast.Name) and node.value.id in GROUPS)
        for node in ast.walk(tree)
    )


def looks_at_tasks(tree: ast.Module) -> bool:
    """Whether an ended task is looked at, or awaited under its own name."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr in LOOKS)
        or (isinstance(node, ast.Name) and node.id in LOOKS)
        or (isinstance(node, ast.Await) and isinstance(node.value, ast.Name))
        for node in ast.walk(tree)
    )


def test_every_task_has_an_owner_who_looks_at_its_end() -> None:
    trees = {str(file.relative_to(SOURCE)): ast.parse(file.read_text()) for file in MODULES}
    starting = {name for name, tree in trees.items() if starts_tasks(tree)}
    assert starting, "the search finds nothing"
    assert not {name for name in starting if not looks_at_tasks(trees[name])}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("asyncio.create_task(work())", (True, False)),
        ("asyncio.get_running_loop().create_task(work())", (True, False)),
        ("task = asyncio.ensure_future(work())\ntask.add_done_callback(forget)", (True, False)),
        ("task = asyncio.create_task(work())\nlog_failure(task, 'x')", (True, True)),
        ("async def f():\n task = asyncio.create_task(work())\n await task", (True, True)),
        ("group.create_task(work())", (False, False)),
    ],
)
def test_a_task_that_nobody_looks_at_is_seen(code: str, found: tuple[bool, bool]) -> None:
    tree = ast.parse(code)
    assert (starts_tasks(tree), looks_at_tasks(tree)) == found
