"""`stenolog log accept-damage` and `mend-nodes`: what they allow, and what they never hide."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stenolog.bootstrap.gateway import open_gateway
from stenolog.cli.main import stenolog
from stenolog.compliance.data_keys import MasterKey
from stenolog.compliance.tree_heads import FILE_NAME, read_heads, write_head
from stenolog.compliance.vault import Vault
from stenolog.log.actors import OPERATOR, SYSTEM_TENANT
from stenolog.log.event import Event
from stenolog.stores.files.directory import locked, make_directory
from stenolog.stores.files.key_files import read_master_key
from stenolog.stores.sqlite.log.store import SqliteLog
from tests.bootstrap.test_directory import ADDRESS, settings_in
from tests.data_files import log_and_keys
from tests.log_samples import PUBLIC, new_event, several
from tests.rfc6962 import tree_hash

TRANSCRIPTION = "transcription-11111111-1111-4111-8111-111111111111"
HURT = 5
BYTES = f"UPDATE events SET bytes = x'00' WHERE position = {HURT}"
GONE = f"DELETE FROM events WHERE position = {HURT}"
COLUMN = f"UPDATE events SET type = 'upload.used' WHERE position = {HURT}"
FIRST = "UPDATE events SET bytes = x'00' WHERE position = 1"
PAYLOAD = "UPDATE payloads SET box = x'01'"
NO_PAYLOAD = "DELETE FROM payloads"
LOST = f"UPDATE events SET bytes = x'00', leaf = zeroblob(32) WHERE position = {HURT}"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory that was served, with a few hundred events and one payload."""
    path = tmp_path_factory.mktemp("whole") / "data"

    async def make() -> None:
        make_directory(path)
        async with open_gateway(settings_in(path), ADDRESS):
            pass
        async with log_and_keys(path) as (log, keys):
            secret = read_master_key(path)
            assert secret is not None
            vault = Vault(MasterKey(secret), keys, log.sealings)
            event = new_event(PUBLIC)
            sealed = await vault.seal(TRANSCRIPTION, event.id, b"what was asked")
            await log.append(TRANSCRIPTION, [replace(event, payload=sealed)])
            for _ in range(5):
                await log.append("upload-1", several(60))
        async with open_gateway(settings_in(path), ADDRESS):
            pass

    asyncio.run(make())
    return path


@pytest.fixture
def directory(whole: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    make_directory(copy)
    for path in whole.iterdir():
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    return copy


def altered(directory: Path, statement: str) -> None:
    with contextlib.closing(sqlite3.connect(directory / "log.db", isolation_level=None)) as run:
        run.execute("PRAGMA foreign_keys = OFF")
        assert run.execute(statement).rowcount >= 1


def call(directory: Path, *words: str) -> Result:
    env = {"STENOLOG_DATA_DIR": str(directory), "STENOLOG_ASSEMBLYAI_API_KEY": "k"}
    return CliRunner().invoke(stenolog, ["log", *words], env=env)


def last_line(result: Result) -> str:
    return result.stdout.splitlines()[-1]


def last_event(directory: Path) -> Event:
    async def read() -> Event:
        log = await SqliteLog.open(directory / "log.db")
        try:
            return (await log.read(after=await log.head() - 1))[-1]
        finally:
            await log.close()

    return asyncio.run(read())


def serve(directory: Path) -> int:
    """Start and stop a service; return what its last tree head covers."""

    async def open_once() -> None:
        async with open_gateway(settings_in(directory), ADDRESS):
            pass

    asyncio.run(open_once())
    return read_heads(directory / FILE_NAME)[0][-1].size


@pytest.mark.parametrize("damage", [BYTES, GONE, COLUMN, FIRST, PAYLOAD, NO_PAYLOAD])
def test_damage_is_accepted_once_and_stays_what_it_is(directory: Path, damage: str) -> None:
    altered(directory, damage)
    found = call(directory, "verify")
    assert found.exit_code == 1
    position, said = last_line(found).removeprefix("position ").split(": ", 1)
    accepted = call(directory, "accept-damage", position, "--reason", "disk")
    assert accepted.exit_code == 0, accepted.output
    assert last_line(accepted).startswith(f"position {position}, accepted: ")
    event = last_event(directory)
    assert (event.type, event.tenant, event.actor) == ("damage.accepted", SYSTEM_TENANT, OPERATOR)
    assert event.data == {"position": int(position), "reason": "disk"}
    again = call(directory, "accept-damage", position)
    assert "was accepted before" in last_line(again)
    assert last_event(directory) == event
    still = call(directory, "verify")
    assert still.exit_code == 5, "what stood there is not known"
    assert still.stdout.splitlines()[0] == (
        f"position {position}: {said}; accepted by a human at {event.time}"
    )
    assert last_line(still).startswith("partly verified: ")
    assert "heads over events of which" not in still.stdout
    as_json = json.loads(last_line(call(directory, "verify", "--json")))
    assert (as_json["holds"], as_json["complete"]) == (False, False)
    assert as_json["accepted"] == [
        {"position": int(position), "reason": said, "accepted_at": event.time}
    ]


LATER = (  # each is found before what was found until then
    ("DELETE FROM streams WHERE stream = 'upload-1'", "not verified, the files are damaged"),
    ("DELETE FROM events WHERE position = 300", "position 300: the record is missing"),
    ("UPDATE events SET bytes = x'00' WHERE position = 200", "position 200: "),
)


@pytest.mark.parametrize("damage", [BYTES, GONE, FIRST, PAYLOAD, LOST])
def test_accepted_damage_hides_nothing_behind_it(directory: Path, damage: str) -> None:
    altered(directory, damage)
    place = "1" if damage == FIRST else "4" if damage == PAYLOAD else str(HURT)
    assert call(directory, "accept-damage", place).exit_code == 0
    assert call(directory, "verify").exit_code == 5
    for later, said in LATER:
        altered(directory, later)
        found = call(directory, "verify")
        assert (found.exit_code, last_line(found)[: len(said)]) == (1, said)


def test_a_node_stands_for_a_hash_that_is_lost(directory: Path) -> None:
    """A rewrite behind the damage is found by the tree heads, as ever."""
    head = read_heads(directory / FILE_NAME)[0][-1]
    with contextlib.closing(sqlite3.connect(directory / "log.db")) as run:
        rows = run.execute("SELECT bytes FROM events WHERE position <= 100 ORDER BY position")
        root = tree_hash([stored for (stored,) in rows]).hex()
    write_head(directory / FILE_NAME, replace(head, size=100, root=root))
    write_head(directory / FILE_NAME, head)
    altered(directory, GONE)
    assert call(directory, "accept-damage", str(HURT)).exit_code == 0
    found = call(directory, "verify").stdout
    assert "not checked: 1 tree heads over events of which one has lost its hash" in found
    assert f"tree heads cover events 1 to {head.size + 1}" in found
    assert "the tree behind event" not in found
    altered(directory, "UPDATE nodes SET hash = zeroblob(32)")
    assert call(directory, "verify").exit_code == 1
    altered(directory, "DELETE FROM nodes")
    assert "the tree behind event 4" in call(directory, "verify").stdout


def test_heads_go_on_once_lost_damage_is_accepted(directory: Path) -> None:
    altered(directory, LOST)
    altered(directory, "DELETE FROM nodes")
    covered = serve(directory)
    head = last_event(directory).position
    assert covered <= head
    for _ in range(2):
        asyncio.run(one_more(directory))
        assert serve(directory) == covered, "none is written"
    assert call(directory, "accept-damage", str(HURT)).exit_code == 0
    assert read_heads(directory / FILE_NAME)[0][-1].size == covered
    assert serve(directory) == last_event(directory).position


def test_several_are_accepted_at_once_or_none(directory: Path) -> None:
    altered(directory, "UPDATE events SET bytes = x'00' WHERE position IN (4, 6)")
    before = last_event(directory)
    assert call(directory, "accept-damage", "4", "5", "6").exit_code == 1, "5 is sound"
    assert last_event(directory) == before
    done = call(directory, "accept-damage", "6", "4", "6")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [
        "position 4, accepted",
        "position 6, accepted",
    ]
    assert last_event(directory).position == before.position + 2


async def one_more(directory: Path) -> None:
    log = await SqliteLog.open(directory / "log.db")
    await log.append("upload-1", several(1))
    await log.close()


def test_what_is_not_damaged_is_refused_and_nothing_is_written(directory: Path) -> None:
    before = (directory / "log.db").read_bytes()
    for position, said in (("5", "nothing is wrong"), ("99999", "there is no position 99999")):
        refused = call(directory, "accept-damage", position)
        assert refused.exit_code == 1
        assert said in refused.stderr
    assert call(directory, "accept-damage", "0").exit_code == 2
    assert call(directory, "accept-damage", "5", "--reason", "who knows").exit_code == 2
    assert (directory / "log.db").read_bytes() == before


def test_a_payload_that_cannot_be_opened_here_is_not_judged(directory: Path) -> None:
    altered(directory, PAYLOAD)
    (directory / "master-key").unlink()
    refused = call(directory, "accept-damage", "3")
    assert (refused.exit_code, "payload was not opened" in refused.stderr) == (1, True)


@pytest.mark.parametrize("words", [["accept-damage", "5"], ["mend-nodes"]])
def test_neither_touches_a_directory_that_is_served_or_that_is_none(
    directory: Path, tmp_path: Path, words: list[str]
) -> None:
    altered(directory, BYTES)
    with locked(directory, url=ADDRESS):
        assert call(directory, *words).exit_code == 3
    assert call(tmp_path / "nowhere", *words).exit_code == 3
    assert not (tmp_path / "nowhere").exists()


def test_nodes_are_mended_where_a_start_does_not_look(directory: Path) -> None:
    altered(directory, "INSERT INTO nodes VALUES (8, 7, zeroblob(32))")
    assert "no events have" in call(directory, "verify").stdout
    assert last_line(call(directory, "mend-nodes")) == (
        "all nodes are those of the records; 1 were written anew now"
    )
    assert last_line(call(directory, "verify")).startswith("verified: ")


def test_nodes_are_not_mended_from_leaves_that_are_damaged(directory: Path) -> None:
    altered(directory, LOST)
    altered(directory, "DELETE FROM nodes")
    refused = call(directory, "mend-nodes")
    assert refused.exit_code == 1
    assert "nothing was written" in last_line(refused)
