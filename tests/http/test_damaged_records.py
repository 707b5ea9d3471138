"""A damaged record stops what needs it, with 503, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from stenolog.cli.main import stenolog
from stenolog.commands.callback_tokens import Registration
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.http.problems import PROBLEM_TYPE
from tests.house.composed import Composed, composed
from tests.http.asking import get
from tests.http.spoken import BASE, completed

WIRE = ("", "/sentences", "/paragraphs", "/srt", "/vtt", "/word-search?words=word1")
NATIVE = ("", "/words", "/utterances", "/chapters", "/events")
OTHERS = (
    "/v2/transcript",
    BASE,
    "/api/v1/log/tree-head",
    "/api/v1/log/verifier-key",
    "/api/v1/keys",
    "/api/v1/projections",
    "/healthz",
    "/metrics",
)
PROOFS = ("/api/v1/log/proof/inclusion?position=3", "/api/v1/log/proof/consistency?from=2&to=5")
TYPES = {
    PROBLEM_TYPE + code
    for code in ("record-damaged", "payload-damaged", "store-unavailable", "store-error")
}
OF_HURT = "position = (SELECT position FROM events WHERE stream = :hurt AND version = {})"
REQUEST, CLAIM, ANSWER = (OF_HURT.format(version) for version in (1, 2, 5))
LAST = "position = (SELECT max(position) FROM events)"
BYTES, GONE = "UPDATE events SET bytes = x'00' WHERE ", "DELETE FROM events WHERE "
BOX, NO_BOX = "UPDATE payloads SET box = x'01' WHERE ", "DELETE FROM payloads WHERE "
DAMAGES = {
    "request's payload": BOX + REQUEST,
    "request's payload gone": NO_BOX + REQUEST,
    "answer's payload": BOX + ANSWER,
    "answer's payload gone": NO_BOX + ANSWER,
    "request": BYTES + REQUEST,
    "request gone": GONE + REQUEST,
    "claim": BYTES + CLAIM,
    "claim gone": GONE + CLAIM,
    "answer": BYTES + ANSWER,
    "answer gone": GONE + ANSWER,
    "hash": "UPDATE events SET leaf = zeroblob(32) WHERE " + CLAIM,
    "last": BYTES + LAST,
    "log.begun": BYTES + "position = 1",
    "log.begun gone": GONE + "position = 1",
    "node": "INSERT INTO nodes VALUES (8, 0, zeroblob(32))",
}


@dataclass(frozen=True)
class Made:
    """A directory with a transcription whose records will be damaged, and others."""

    directory: Path
    hurt: str
    whole: str
    open: str
    registration: Registration


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    directory = tmp_path_factory.mktemp("made")

    async def make() -> Made:
        async with composed(directory) as service:
            whole = await completed(service, {"speaker_labels": True}, text="whole")
            unfinished, registration = await service.submitted()
            hurt = await completed(service, {"speaker_labels": True}, text="hurt")
            await service.submit()
            await service.projected()
            return Made(directory, hurt, whole, unfinished, registration)

    return asyncio.run(make())


def damaged(made: Made, directory: Path, statement: str) -> None:
    """A copy of the directory, with this done to its log."""
    shutil.copytree(made.directory, directory)
    hurt = {"hurt": stream_of(made.hurt)} if ":hurt" in statement else {}
    with contextlib.closing(sqlite3.connect(directory / "log.db", isolation_level=None)) as run:
        run.execute("PRAGMA foreign_keys = OFF")
        assert run.execute(statement, hurt).rowcount == 1


@contextlib.asynccontextmanager
async def served(
    made: Made, directory: Path, statement: str, views: bool
) -> AsyncIterator[Composed]:
    damaged(made, directory, statement)
    if not views:
        (directory / "views.db").unlink()
    async with composed(directory) as service:
        await service.projected()
        yield service


def checked(answer: httpx.Response, path: str) -> None:
    """It is 200, or a 503 that says why, and when to come back."""
    assert answer.status_code in (200, 503), (path, answer.status_code, answer.text)
    if answer.status_code == 503:
        assert int(answer.headers["Retry-After"]) > 0, path
        if path.startswith("/api"):
            assert answer.json()["type"] in TYPES, path
            assert answer.headers["Content-Type"] == "application/problem+json"
        else:
            assert list(answer.json()) == ["error"], path


WITH_VIEWS = ("request's payload gone", "answer", "last", "node")  # they show what is damaged now


@pytest.mark.parametrize(
    ("damage", "views"),
    [*((damage, False) for damage in DAMAGES), *((damage, True) for damage in WITH_VIEWS)],
)
async def test_a_damaged_record_stops_what_needs_it_and_nothing_else(
    made: Made, tmp_path: Path, damage: str, views: bool
) -> None:
    async with served(made, tmp_path / "data", DAMAGES[damage], views) as service:
        hurt = [f"/v2/transcript/{made.hurt}{path}" for path in WIRE]
        hurt += [f"{BASE}/{made.hurt}{path}" for path in NATIVE]
        for path in (*hurt, *PROOFS):
            checked(await service.client.get(path), path)
        shown = await service.client.get(f"/v2/transcript/{made.hurt}")
        if shown.status_code == 200:
            assert (shown.json()["status"], shown.json()["text"]) == ("completed", "hurt")
        whole = [f"/v2/transcript/{made.whole}{path}" for path in WIRE]
        whole += [f"{BASE}/{made.whole}{path}" for path in NATIVE]
        whole += [f"/v2/transcript/{made.open}", f"{BASE}/{made.open}", *OTHERS, "/readyz"]
        for path in whole:
            answer = await service.client.get(path)
            assert answer.status_code == 200, (path, answer.text)
        fresh = await completed(service, {}, text="fresh")
        assert (await get(service, f"/v2/transcript/{fresh}"))["text"] == "fresh"
        for one in (made.hurt, made.open, made.whole):
            assert (await service.client.delete(f"/v2/transcript/{one}")).status_code == 200
            gone = await service.client.get(f"/v2/transcript/{one}")
            checked(gone, f"/v2/transcript/{one}")
            assert gone.status_code == 503 or gone.json()["text"] == "Deleted by user."
            assert gone.status_code == 200 or one == made.hurt


@pytest.mark.parametrize("what", [BYTES, GONE])
@pytest.mark.parametrize("version", [1, 2, 3])
async def test_a_callback_for_a_damaged_transcription_is_taken_or_asked_for_again(
    made: Made, tmp_path: Path, what: str, version: int
) -> None:
    damage = what + OF_HURT.format(version)
    hurt = replace(made, hurt=made.open)
    async with served(hurt, tmp_path / "data", damage, views=False) as service:
        for _ in range(2):
            answer = await service.call_back(made.registration)
            assert answer.status_code in (204, 503), answer.text
            assert answer.status_code == 204 or int(answer.headers["Retry-After"]) > 0
        checked(await service.client.get(f"/v2/transcript/{made.open}"), "/v2/transcript")
        assert (await get(service, f"/v2/transcript/{made.whole}"))["text"] == "whole"


async def test_nothing_is_appended_behind_an_end_that_is_gone(made: Made, tmp_path: Path) -> None:
    async with served(made, tmp_path / "data", GONE + LAST, True) as service:
        for path in (f"/v2/transcript/{made.whole}", BASE, "/healthz"):
            assert (await service.client.get(path)).status_code == 200
        asked = {"audio_url": "https://audio.example/a.mp3"}
        for method, path, body in (
            ("GET", "/readyz", None),
            ("POST", "/v2/transcript", asked),
            ("POST", BASE, asked),
            ("DELETE", f"/v2/transcript/{made.whole}", None),
        ):
            answer = await service.client.request(method, path, json=body)
            assert answer.status_code == 503, (path, answer.text)
            assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("damage", ["answer's payload gone", "claim", "last", "log.begun gone"])
def test_commands_say_what_is_damaged(made: Made, tmp_path: Path, damage: str) -> None:
    directory = tmp_path / "data"
    damaged(made, directory, DAMAGES[damage])
    env = {"STENOLOG_DATA_DIR": str(directory), "STENOLOG_ASSEMBLYAI_API_KEY": "k"}
    for words, status in (
        (["log", "verify"], 1),
        (["log", "show"], 0),
        (["projections", "rebuild", "all"], 0),
        (["keys", "list"], 0),
        (["backup", str(tmp_path / "backup")], 0),
        (["log", "verify"], 1),
    ):
        result = CliRunner().invoke(stenolog, words, env=env)
        assert result.exit_code == status, (words, result.output, result.exception)
