"""What the unit and the container limit leaves the service and its workers what they need."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from stenolog.cli.words import CANNOT_START, CANNOT_START_YET, NO, WRONG_USAGE
from stenolog.config.settings import Settings
from stenolog.engine.worker.confinement import MEMORY_BYTES_MAX
from tests.architecture.test_infra import INFRA, gateway_service, one, unit

GATEWAY_BYTES = 200_000_000  # what it promises to stay below
UNITS = {"G": 1 << 30, "g": 1 << 30}
# What `engine.worker.confinement` calls, on x86-64 and aarch64.
WORKER_CALLS = ("prlimit64", "unshare", "prctl", "getrusage")


def size(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def test_no_status_that_needs_the_operator_is_started_again() -> None:
    assert one("Restart") == "on-failure"
    prevented = {int(status) for status in one("RestartPreventExitStatus").split()}
    assert prevented == {WRONG_USAGE, CANNOT_START}
    assert NO not in prevented  # a crash is status 1
    assert CANNOT_START_YET not in prevented  # it passes by itself
    assert int(one("RestartSec")) >= 5
    assert one("StartLimitIntervalSec") == "0"  # a machine with a full disk gets well again
    assert gateway_service()["restart"] == "unless-stopped"  # whatever the status is


def test_memory_is_limited_and_a_worker_reaches_its_own_limit_first() -> None:
    needed = MEMORY_BYTES_MAX * Settings.model_fields["engine_workers"].default + GATEWAY_BYTES
    compose = gateway_service()
    assert size(one("MemoryMax")) == size(compose["mem_limit"]) >= needed
    assert compose["memswap_limit"] == compose["mem_limit"]
    assert one("OOMPolicy") == "continue"


def test_descriptors_and_tasks_are_limited_alike() -> None:
    compose = gateway_service()
    assert int(one("TasksMax")) == compose["pids_limit"]
    descriptors = int(one("LimitNOFILE"))
    assert compose["ulimits"]["nofile"] == {"soft": descriptors, "hard": descriptors}
    assert int(one("LimitCORE")) == compose["ulimits"]["core"] == 0


def test_the_unit_gives_up_what_the_service_does_not_use() -> None:
    said = unit()
    for directive in (
        ("RemoveIPC", "true"),
        ("ProcSubset", "pid"),
        ("NoNewPrivileges", "true"),
        ("SystemCallFilter", "@system-service"),
        ("SystemCallFilter", "~@privileged @resources"),
    ):
        assert directive in said
    assert one("RestrictNamespaces") == "user net"  # a worker leaves the network by both


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="it is not installed here")
def test_no_call_of_the_workers_is_refused() -> None:
    refused = next(v for k, v in unit() if k == "SystemCallFilter" and v.startswith("~"))
    for group in refused.removeprefix("~").split():
        said = subprocess.run(
            ["systemd-analyze", "syscall-filter", group], capture_output=True, text=True, check=True
        ).stdout.split()
        assert "setpriority" in said or "chroot" in said  # the groups are what they are taken for
        assert not set(WORKER_CALLS) & set(said)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="it is not installed here")
def test_systemd_knows_every_directive() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", str(INFRA / "stenolog.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Unknown" not in done.stderr
    assert "Failed to parse" not in done.stderr
