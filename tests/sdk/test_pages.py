"""The programs and commands of docs/ run as they stand there, but for ports and addresses."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.gateway_process import GatewayProcess
from tests.pages import blocks
from tests.sdk.running import node

pytestmark = pytest.mark.xdist_group("sdk")
SECRET = "change me"
SAYS_S_MAX = 20
INSTALL_S_MAX = 300


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def sh(commands: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder,
        env={**os.environ, "PATH": path, **environ},
        capture_output=True,
        text=True,
        timeout=SAYS_S_MAX,
        check=True,
    )


@contextmanager
def receiving(command: list[str], folder: Path, port: int) -> Iterator[Path]:
    """A receiver that listens until the block ends; what it prints is in the file."""
    said = folder / "said"
    with said.open("wb") as output:
        started = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "WEBHOOK_SECRET": SECRET, "PYTHONUNBUFFERED": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: is_open(port), said)
        yield said
    finally:
        started.terminate()
        started.wait(SAYS_S_MAX)


def is_open(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def wait_for(holds: object, said: Path) -> None:
    assert callable(holds)
    ends = time.monotonic() + SAYS_S_MAX
    while not holds():
        assert time.monotonic() < ends, said.read_text()
        time.sleep(0.02)


def told(process: GatewayProcess, said: Path, folder: Path, port: int) -> None:
    """Paste the page's request, and wait until the receiver was told of it."""
    (request,) = [block for block in blocks("WEBHOOKS.md", "sh") if "webhook_url" in block]
    request = request.replace("http://127.0.0.1:8080", process.url).replace("5055", str(port))
    made = sh(request, folder, KEY=process.key).stdout
    found = re.search(r'"id": ?"([0-9a-f-]{36})"', made)
    assert found, made
    wait_for(lambda: found[1] in said.read_text(), said)
    assert "completed" in said.read_text()


def test_a_first_receiver_is_told(simulated: GatewayProcess, tmp_path: Path) -> None:
    port = free_port()
    program = next(one for one in blocks("WEBHOOKS.md", "python") if "# receiver.py" in one)
    (tmp_path / "receiver.py").write_text(program.replace("5055", str(port)))
    with receiving([sys.executable, "receiver.py"], tmp_path, port) as said:
        told(simulated, said, tmp_path, port)


@pytest.mark.soak
def test_flask_is_told(simulated: GatewayProcess, tmp_path: Path) -> None:
    """Flask comes from the package registry."""
    (program,) = [one for one in blocks("WEBHOOKS.md", "python") if "flask" in one]
    (tmp_path / "flask_receiver.py").write_text(program)
    subprocess.run([sys.executable, "-m", "venv", "env"], cwd=tmp_path, check=True)
    python = str(tmp_path / "env" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "flask"]
    subprocess.run(install, cwd=tmp_path, check=True, timeout=INSTALL_S_MAX)
    port = free_port()
    command = [python, "-m", "flask", "--app", "flask_receiver", "run", "--port", str(port)]
    with receiving(command, tmp_path, port) as said:
        told(simulated, said, tmp_path, port)


@pytest.mark.soak
def test_express_is_told(simulated: GatewayProcess, tmp_path: Path) -> None:
    """Express comes from the package registry."""
    runtime, npm = node(), shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not here: nothing is proven about Express")
    port = free_port()
    (program,) = blocks("WEBHOOKS.md", "js")
    (tmp_path / "express_receiver.mjs").write_text(program.replace("5055", str(port)))
    subprocess.run([npm, "install", "--silent", "express"], cwd=tmp_path, check=True)
    with receiving([runtime, "express_receiver.mjs"], tmp_path, port) as said:
        told(simulated, said, tmp_path, port)


def test_a_head_that_was_kept_proves_the_log_of_later(
    simulated: GatewayProcess, tmp_path: Path
) -> None:
    *_, keep, verify = blocks("PROOF.md", "sh")
    ends = time.monotonic() + SAYS_S_MAX
    while True:  # the first head is written within the first minute of a log
        sh(keep.replace("http://127.0.0.1:8080", simulated.url), tmp_path, KEY=simulated.key)
        if (tmp_path / "head-of-today").read_text().startswith("stenolog/"):
            break
        assert time.monotonic() < ends
        time.sleep(0.2)
    assert (tmp_path / "verifier-key").read_text().startswith("stenolog/")
    (tmp_path / "stenolog-data").symlink_to(simulated.data_dir)
    assert "verified: head " in sh(verify, tmp_path).stdout


def test_the_simulator_serves_other_languages_and_says_what_it_was_asked(tmp_path: Path) -> None:
    (commands,) = blocks("TESTING.md", "bash")
    port = str(free_port())
    npm = tmp_path / "npm"
    create = 'curl -s -H "Authorization: simulator-key" -d \'{"audio_url": "http://a.example/a"}\''
    npm.write_text(f"#!/bin/sh\n{create} http://127.0.0.1:{port}/v2/transcript\n")
    npm.chmod(0o755)
    commands = commands.replace("8090", port).replace("npm test", "./npm test")
    done = sh(commands, tmp_path)
    assert '"status":"queued"' in done.stdout
    assert re.search(r"^\d\d:\d\d:\d\d GET /v2/transcript -> 401$", done.stderr, re.M)
    assert re.search(r"^\d\d:\d\d:\d\d POST /v2/transcript -> 200$", done.stderr, re.M)
