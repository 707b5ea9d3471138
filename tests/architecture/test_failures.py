"""A test that fails shows why, and nothing after it: what it had opened is closed all the same."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FAILING = """
import httpx
import pytest

from stenolog.simulator.assemblyai.provider import API_KEY
from tests.delivery.conftest import home
from tests.gateway_process import before, gateway
from tests.http.conftest import service
from tests.reconciler.conftest import simulator
from tests.reconciler.house import house


@pytest.fixture
def process(tmp_path):
    with gateway(tmp_path / "data", before("http://127.0.0.1:9", API_KEY)) as started:
        yield started


@pytest.fixture(params=["assertion", "no Exception"])
def fail(request):
    def failing():
        if request.param == "no Exception":
            pytest.fail("this is not that")
        assert "this" == "that"

    return failing


async def test_a_composed_service(service, fail):
    await service.submit()
    fail()


async def test_deliveries(home, fail):
    async with home.delivering():
        await home.done()
        fail()


async def test_a_reconciler(tmp_path, simulator, fail):
    async with house(tmp_path, simulator) as home:
        await home.request()
        fail()


async def test_a_simulator(simulator, fail):
    async with httpx.AsyncClient(base_url=simulator.base_url, timeout=30) as client:
        await client.get("/v2/transcript", headers={"Authorization": API_KEY})
        fail()


def test_a_gateway_process(process, fail):
    assert httpx.get(process.url + "/healthz", timeout=30).status_code == 200
    fail()
"""
FIXTURES = 5
WAYS = {  # to fail, and what it says; each has a process of its own, because it takes its time
    "assertion": "AssertionError: assert 'this'",
    "Exception": "Failed: this is not that",
}
# Where CI says of itself that it is one, pytest cuts no line of its summary.
ENVIRONMENT = {key: value for key, value in os.environ.items() if key not in ("CI", "BUILD_NUMBER")}
NOISE = ("ERROR ", "Unraisable", "ResourceWarning", "During handling", "never awaited")


@pytest.mark.parametrize("way", WAYS)
def test_what_a_failing_test_shows_is_its_failure_and_no_other_error(
    tmp_path: Path, way: str
) -> None:
    file = tmp_path / "test_failing.py"
    file.write_text(FAILING)
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-n", "0", "-q", "-p", "no:cacheprovider"),
            *("-k", way),
            *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT), str(file)),
        ],
        cwd=ROOT,
        env={**ENVIRONMENT, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = ran.stdout + ran.stderr
    assert ran.returncode == 1, said
    failed = re.findall(r"^FAILED .* - (.*)$", ran.stdout, flags=re.MULTILINE)
    assert len(failed) == FIXTURES, said
    assert all(why.startswith(WAYS[way]) for why in failed), said
    assert [noise for noise in NOISE if noise in said] == [], said
    assert ran.stdout.splitlines()[-1].startswith("FAILED "), said
