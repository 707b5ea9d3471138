"""A newcomer's path: README from top to bottom, every command pasted as it stands there.

Not pasted are `git clone`, which names no address, and what needs Docker. Of `make` the targets are
looked up here; in a fresh clone they run among the long tests.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway_process import READY_S_MAX, ROOT, STOP_S_MAX, GatewayProcess

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is what the README shows"),
    pytest.mark.skipif(sys.prefix == sys.base_prefix, reason="the README activates an environment"),
]
NOT_PASTED = ("git clone", "docker ")
ADDRESS = "http://127.0.0.1:8080"
SAID = "do you hear me"
PASTED_S_MAX = 50
CLONE_S_MAX = 800


def blocks(*languages: str) -> list[str]:
    """The commands and programs, in order."""
    text = (ROOT / "README.md").read_text()
    wanted = "|".join(languages)
    return re.findall(rf"^```(?:{wanted})\n(.*?)^```", text, flags=re.M | re.S)


def environment() -> dict[str, str]:
    kept = {name: one for name, one in os.environ.items() if not name.startswith("STENOLOG_")}
    return {**kept, "ASSEMBLYAI_POLLING_INTERVAL": "0.1"}  # the SDK's own is 3 s


def paste(commands: str, folder: Path, timeout: int = PASTED_S_MAX) -> str:
    """What a terminal shows in the end; a command that fails is an error."""
    done = subprocess.run(
        ["bash", "-e", "-c", commands],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, commands + done.stdout + done.stderr
    return done.stdout


def pasted(block: str) -> list[str]:
    return [line for line in block.splitlines() if not line.startswith(NOT_PASTED)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clone, as far as these commands see it."""
    made = tmp_path_factory.mktemp("clone")
    (made / ".venv").symlink_to(sys.prefix)
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[GatewayProcess]:
    """What the first terminal's commands start; the port may be any, for others may have 8080."""
    block = blocks("sh")[1]
    process = GatewayProcess(folder / "stenolog-data")
    with (folder / "terminal").open("wb") as terminal:
        started = subprocess.Popen(
            ["bash", "-c", "\n".join(pasted(block)).replace("\nstenolog", "\nexec stenolog")],
            cwd=folder,
            env={**environment(), "STENOLOG_PORT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.STDOUT,
        )
    process.process = started
    ends = time.monotonic() + READY_S_MAX
    while not (folder / "stenolog-data" / "lock").exists():
        assert time.monotonic() < ends, (folder / "terminal").read_text()
        assert started.poll() is None, (folder / "terminal").read_text()
        time.sleep(0.02)
    process.wait_ready()
    yield process
    started.send_signal(signal.SIGINT)
    started.wait(STOP_S_MAX)


def test_what_is_made_can_be_made() -> None:
    commands = pasted(blocks("sh")[0])
    assert [line.split()[:2] for line in commands] == [
        ["make", "install"],
        ["make", "demo"],
        ["make", "test"],
    ]
    for line in commands:
        paste(line.replace("make ", "make -n "), ROOT)


def test_the_second_terminal_shows_who_said_what(
    served: GatewayProcess, folder: Path, opening: Path
) -> None:
    pytest.importorskip("moonshine_voice", reason="the recording comes with the engine")
    first, curl = blocks("sh")[2:]
    activate, copy, *commands = pasted(first)
    paste(f"{activate}\n{copy}", folder)
    shutil.copy(opening, folder / "call.wav")  # the first seconds of the same
    said = paste("\n".join([activate, *commands]), folder)
    assert SAID in said.lower()
    assert "A: " in said
    assert said.splitlines()[-1].split()[1] == "completed"
    said = paste(f"{activate}\n{curl.replace(ADDRESS, served.url)}", folder)
    text, subtitles = said.split("\n1\n")
    assert SAID in text.lower()
    assert SAID in subtitles.lower()
    assert re.match(r"00:00:0\d,\d{3} --> ", subtitles)
    terminal = (folder / "terminal").read_text()
    assert re.search(r"^  provider +the embedded engine$", terminal, re.M)
    assert re.search(r"^  warning +.*/master-key was made now and .*$", terminal, re.M)
    assert "engine.job_finished" in terminal
    assert "webhook" not in terminal, "the engine's own call is not a customer's"


def test_the_python_program_prints_what_was_said(
    served: GatewayProcess, folder: Path, opening: Path
) -> None:
    (program,) = blocks("python")
    shutil.copy(opening, folder / "call.wav")
    (folder / "program.py").write_text(program.replace(ADDRESS, served.url))
    assert SAID in paste(". .venv/bin/activate && python program.py", folder).lower()


def test_what_the_readme_links_to_is_there() -> None:
    text = (ROOT / "README.md").read_text()
    for place in re.findall(r"\]\(([^)#]+)", text):
        assert (ROOT / place).is_file(), place
    assert len(text.splitlines()) <= 120, "it is one page"


@pytest.mark.soak
def test_a_fresh_clone_makes_the_demo(tmp_path: Path) -> None:
    """With the package registry, as a newcomer has it."""
    paste(f"git clone -q {ROOT} stenolog", tmp_path, CLONE_S_MAX)
    demo = [line for line in pasted(blocks("sh")[0]) if "demo" in line]
    said = paste("\n".join(demo), tmp_path / "stenolog", CLONE_S_MAX)
    shown = re.findall(r"^```text\n(.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)[0]
    for line in shown.splitlines():
        if line.startswith("0:"):
            assert line in said
    assert "From the callback until readable: " in said
    assert "verified: head " in said
