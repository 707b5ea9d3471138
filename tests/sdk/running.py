"""Runs a user's program against a gateway, and reads the JSON that it prints."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.gateway_process import GatewayProcess

PROGRAM_S_MAX = 50


def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is not here: nothing is proven about JavaScript")
    return found


def printed(
    command: list[str],
    process: GatewayProcess,
    audio: Path,
    seconds: int = PROGRAM_S_MAX,
    /,
    **more: str,
) -> dict[str, Any]:
    environ = {
        **os.environ,
        "BASE_URL": process.url,
        "API_KEY": process.key,
        "AUDIO_FILE": str(audio),
        **more,
    }
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer
