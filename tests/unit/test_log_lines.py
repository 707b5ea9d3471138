"""What a process says on standard error can be read by a machine, whoever says it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

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
