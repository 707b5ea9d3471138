"""A service that cannot listen says whether its host or its port is wrong."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from stenolog.bootstrap.listening import CannotStartYet, cannot_listen
from stenolog.bootstrap.serving import bind
from stenolog.cli.words import CANNOT_START_YET
from stenolog.config.settings import BadSetting
from stenolog.errors import CannotStart

NOT_OURS = "192.0.2.1"  # RFC 5737: an example's, nobody's
ANYBODY = "127.0.0.1"


@pytest.mark.parametrize("host", [NOT_OURS, "2001:db8::1", "a..b", "-.invalid", "127.0.0.1\r"])
def test_a_host_that_is_not_ours_is_named(host: str) -> None:
    with pytest.raises((BadSetting, CannotStart), match=r"^--host \(STENOLOG_HOST\): ") as raised:
        bind(host, 0)
    assert "port" not in str(raised.value)


def test_an_address_of_another_machine_is_a_wrong_setting() -> None:
    with pytest.raises(BadSetting, match="not an address of this machine"):
        bind(NOT_OURS, 0)


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server((ANYBODY, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CannotStart, match=rf"^--port .* port {port} on {ANYBODY} is taken"):
            bind(ANYBODY, port)


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (OSError(errno.EACCES, "Permission denied"), BadSetting, "--port .* 1024 or more"),
        (socket.gaierror(socket.EAI_NONAME, "unknown"), BadSetting, "--host .* no known name"),
        (socket.gaierror(socket.EAI_AGAIN, "later"), CannotStartYet, "--host .* try again later"),
        (OSError(errno.ENOBUFS, "No buffer space"), CannotStartYet, "now: No buffer space"),
        (OSError(errno.EADDRINUSE, "in use"), CannotStart, "--port .* taken by another"),
        (OSError(errno.EIO, "I/O error"), CannotStart, "I/O error"),
    ],
)
def test_what_can_pass_is_no_wrong_setting(
    error: OSError, kind: type[Exception], said: str
) -> None:
    exc = cannot_listen("h", 80, error)
    assert type(exc) is kind
    assert re.search(said, str(exc))


@pytest.mark.parametrize("command", ["serve", "simulate"])
def test_commands_end_with_status_2_and_name_the_host(tmp_path: Path, command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "stenolog", command, "--host", NOT_OURS, "--port", "0"],
        env={
            **os.environ,
            "STENOLOG_ASSEMBLYAI_API_KEY": "k",
            "STENOLOG_DATA_DIR": str(tmp_path / "data"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    (line,) = done.stderr.splitlines()
    assert line.startswith("stenolog: --host")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="it is not installed here")
def test_a_silent_name_server_ends_the_start_with_status_75(tmp_path: Path) -> None:
    """In a network of its own, which has nothing but an idle loopback, no name server answers."""
    networkless = ["unshare", "--map-root-user", "--net"]
    if subprocess.run([*networkless, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not make a network")
    done = subprocess.run(
        [*networkless, sys.executable, "-m", "stenolog", "serve", "--host", "gateway.example.com"],
        env={
            **os.environ,
            "STENOLOG_ASSEMBLYAI_API_KEY": "k",
            "STENOLOG_DATA_DIR": str(tmp_path / "data"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == CANNOT_START_YET, done.stderr
    (line,) = done.stderr.splitlines()
    assert "try again later" in line
