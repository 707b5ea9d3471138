"""What a process says on standard error can be read by a machine, whoever says it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPEAKERS = """
import asyncio, logging, warnings
import structlog
from stenolog.telemetry import configure_logging

configure_logging()
structlog.get_logger().info("room.spoke", number=1)
logging.getLogger("uvicorn.error").warning("Invalid %s request received.", "HTTP")
logging.getLogger("uvicorn.error").info("Started server process [%d]", 1)
warnings.warn("old", DeprecationWarning, stacklevel=1)
try:
    1 / 0
except ZeroDivisionError as exc:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=exc)
try:
    raise asyncio.CancelledError
except asyncio.CancelledError as exc:
    logging.getLogger("uvicorn.error").error("Exception in ASGI application\\n", exc_info=exc)


async def forget() -> None:
    asyncio.get_running_loop().call_soon(lambda: [][0])
    await asyncio.sleep(0)
    await asyncio.sleep(0)


asyncio.run(forget())
"""


SPEAKER = """
import logging, sys
import structlog
from stenolog.telemetry import configure_logging

configure_logging(sys.argv[1], sys.argv[2] or None)
for level in ("debug", "info", "warning", "error"):
    getattr(structlog.get_logger(), level)(f"room.said_{level}", number=1)
    getattr(logging.getLogger("a.library"), level)("library said %s", level)
"""


def said(level: str, log_format: str = "") -> list[str]:
    process = subprocess.run(
        [sys.executable, "-c", SPEAKER, level, log_format],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return process.stderr.splitlines()


@pytest.mark.parametrize(
    ("level", "expected"),
    [
        ("debug", ["debug", "info", "warning", "warning", "error", "error"]),
        ("info", ["info", "warning", "warning", "error", "error"]),
        ("warning", ["warning", "warning", "error", "error"]),
        ("error", ["error", "error"]),
    ],
)
def test_lines_below_the_level_are_not_written(level: str, expected: list[str]) -> None:
    assert [json.loads(line)["level"] for line in said(level)] == expected


def test_what_people_look_for_comes_first_in_a_line() -> None:
    for line in said("info"):
        assert list(json.loads(line))[:3] == ["timestamp", "level", "event"]


def test_columns_can_be_asked_for_without_a_terminal() -> None:
    lines = said("error", "console")
    assert [("room.said_error" in line, "library said" in line) for line in lines] == [
        (True, False),
        (False, True),
    ]
    assert not any(line.startswith("{") or "\x1b" in line for line in lines)


HOSTILE = """
import logging, sys
import structlog
from stenolog.telemetry import configure_logging

configure_logging("info", "console")
evil = "\\x1b]0;owned\\x07\\x9b31m\\u202e\\n1999 [error] another line"
structlog.get_logger().info("room.said", host=evil, reasons=[evil])
logging.getLogger("a.library").warning(evil)
try:
    raise ValueError(evil)
except ValueError:
    structlog.get_logger().exception("room.failed")
"""


def test_what_others_say_obeys_the_terminal_in_nothing() -> None:
    process = subprocess.run(
        [sys.executable, "-c", HOSTILE], cwd=ROOT, capture_output=True, timeout=30, check=True
    )
    lines = process.stderr.decode().splitlines()
    assert [line for line in lines if not line.isprintable()] == []
    assert ["another line" in line for line in lines[:2]] == [True, True]


def test_every_record_of_every_library_is_one_json_line() -> None:
    process = subprocess.run(
        [sys.executable, "-W", "always", "-c", SPEAKERS],
        cwd=ROOT,
        capture_output=True,
        timeout=30,
        check=True,
    )
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    assert [(line["level"], line["event"].split("\n")[0][:29]) for line in lines] == [
        ("info", "room.spoke"),
        ("warning", "Invalid HTTP request received"),
        ("warning", lines[2]["event"][:29]),
        ("error", "Exception in ASGI application"),
        ("warning", "request cancelled"),
        ("error", "Exception in callback forget."),
    ]
    assert "DeprecationWarning: old" in lines[2]["event"]
    assert "ZeroDivisionError" in lines[3]["exception"]
    assert "exception" not in lines[4]
    assert "IndexError" in lines[5]["exception"]
    assert [line.get("logger") for line in lines] == [
        None,
        "uvicorn.error",
        "py.warnings",
        "uvicorn.error",
        "uvicorn.error",
        "asyncio",
    ]
    assert all(line["timestamp"].endswith("Z") for line in lines)
