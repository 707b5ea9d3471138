"""What the README shows works as it stands there, but for the address, the key and the file."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.gateway_process import ROOT, GatewayProcess

pytestmark = pytest.mark.xdist_group("sdk")
ENDS_S = 30.0


def blocks(language: str) -> list[str]:
    text = (ROOT / "README.md").read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.M | re.S)


def here(text: str, process: GatewayProcess, audio: Path) -> str:
    text = text.replace("http://127.0.0.1:8080", process.url)
    text = text.replace("stenolog-data/api-key", str(process.data_dir / "api-key"))
    return text.replace("call.mp3", str(audio))


def test_the_python_program_prints_what_was_said(
    with_engine: GatewayProcess, opening: Path
) -> None:
    (program,) = blocks("python")
    said = subprocess.run(
        [sys.executable, "-c", here(program, with_engine, opening)],
        env={**os.environ, "ASSEMBLYAI_POLLING_INTERVAL": "0.1"},  # the SDK's own is 3 s
        capture_output=True,
        text=True,
        check=False,
    )
    assert "do you hear me" in said.stdout.lower(), said.stderr


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what the README shows")
def test_the_curl_commands_upload_create_and_read(
    with_engine: GatewayProcess, opening: Path
) -> None:
    (commands,) = [block for block in blocks("") if "curl" in block]
    text = here(commands, with_engine, opening).replace("\\\n", " ")
    key, upload, create, get = [line.strip() for line in text.strip().splitlines()]

    def run(command: str) -> dict[str, str]:
        said = subprocess.run(
            ["sh", "-c", f"{key}; {command}"], capture_output=True, text=True, check=True
        )
        answer: dict[str, str] = json.loads(said.stdout)
        return answer

    url = run(upload)["upload_url"]
    made = run(create.replace("<upload_url of the answer>", url))
    assert made["status"] == "queued"
    ends = time.monotonic() + ENDS_S
    while (found := run(get.replace("<id>", made["id"])))["status"] != "completed":
        assert time.monotonic() < ends, found
    assert "do you hear me" in found["text"].lower()
