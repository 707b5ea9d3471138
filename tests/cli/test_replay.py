"""`stenolog replay`: what was known at a moment, in a file that any SQLite tool opens."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner

from stenolog.bootstrap.projections import PROJECTIONS
from stenolog.cli.main import stenolog
from stenolog.cli.replay import SAME, lines_of
from stenolog.errors import CannotStart, StoreUnavailable
from stenolog.projections.of.lists import ITEM_VIEWS
from stenolog.stores.sqlite.replay.writer import replay_file
from tests.house.composed import Composed, composed
from tests.http.asking import get
from tests.http.spoken import BASE, WORDS, completed


class Answer(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str


DONE, NO, WRONG_USAGE, CANNOT_START, PARTLY = 0, 1, 2, 3, 5


async def replay(service: Composed, *words: str) -> Answer:
    """Run the command beside the service, as a process of its own."""
    directory = str(service.settings.data_dir)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "stenolog", "replay", "--data-dir", directory, *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Answer(process.returncode, stdout.decode(), stderr.decode())


def rows(file: Path, statement: str) -> list[dict[str, Any]]:
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(statement)]


async def test_the_file_has_what_every_view_showed_then(tmp_path: Path) -> None:
    file = tmp_path / "then.sqlite"
    async with composed(tmp_path / "data") as service:
        first = await completed(service, {"speaker_labels": True}, text="all of it")
        second, _ = await service.submitted(audio_url="https://audio.example/b.mp3")
        moment = await service.events.head()
        await service.complete(second, {"text": "later", "words": []})
        answer = await replay(service, "--until", str(moment), "--to", str(file))
        assert answer.exit_code == DONE, answer.stderr
        assert f"2 transcriptions, as of position {moment}" in answer.stdout
        assert "in clear" in answer.stderr
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert {one["id"]: one["status"] for one in rows(file, "SELECT * FROM transcriptions")} == {
            first: "completed",
            second: "processing",
        }
        for view in ITEM_VIEWS:
            shown = await get(service, f"{BASE}/{first}/{view}", as_of=moment)
            [told] = rows(
                file, f"SELECT * FROM views WHERE transcription = '{first}' AND view = '{view}'"
            )
            assert (told["items"], told["reason"]) == (len(shown["items"]), shown.get("reason"))
            assert told["version"] == PROJECTIONS[view].version
            items = rows(
                file,
                f"SELECT item FROM items WHERE transcription = '{first}' AND view = '{view}' "
                "ORDER BY ordinal",
            )
            assert [json.loads(one["item"]) for one in items] == shown["items"]
        [about] = rows(file, "SELECT value FROM about WHERE name = 'position'")
        assert about["value"] == str(moment)
        [word] = rows(file, "SELECT * FROM items WHERE view = 'words' AND ordinal = 2")
        assert (word["text"], word["start_ms"]) == (WORDS[1]["text"], WORDS[1]["start"])

        answer = await replay(service, "--to", str(file))
        assert (answer.exit_code, "there already" in answer.stderr) == (CANNOT_START, True)
        answer = await replay(service, "--to", str(service.settings.data_dir / "x.sqlite"))
        assert answer.exit_code == CANNOT_START
        answer = await replay(service, "--until", str(10**6), "--to", str(tmp_path / "b"))
        assert (answer.exit_code, "ends at position" in answer.stderr) == (NO, True)
    assert sorted(os.listdir(tmp_path)) == ["data", "then.sqlite"]


async def test_what_was_erased_is_a_stub_and_what_is_damaged_is_named(tmp_path: Path) -> None:
    file = tmp_path / "now.sqlite"
    async with composed(tmp_path / "data") as service:
        erased = await completed(service, {}, text="a secret")
        damaged = await completed(service, {}, text="damaged")
        whole = await completed(service, {}, text="whole")
        moment = (await service.stream(whole))[-1].time
        assert (await service.client.delete(f"{BASE}/{erased}")).status_code == 200
        position = (await service.stream(damaged))[-1].position
    with closing(sqlite3.connect(tmp_path / "data" / "log.db")) as log:
        log.execute("UPDATE events SET leaf = x'00' WHERE position = ?", (position,))
        log.commit()
    given = {"STENOLOG_DATA_DIR": str(tmp_path / "data")}
    words = ["replay", "--until", moment, "--to", str(file)]
    answer = await asyncio.to_thread(CliRunner().invoke, stenolog, words, env=given)
    assert answer.exit_code == PARTLY, answer.output
    assert "1 could not be read" in answer.stderr
    stubs = {one["id"]: one for one in rows(file, "SELECT * FROM transcriptions")}
    assert (stubs[erased]["erased"], stubs[erased]["text"]) == (1, None)
    assert stubs[erased]["erased_at"] > moment
    assert stubs[whole]["text"] == "whole"
    [failure] = rows(file, "SELECT * FROM failures")
    assert failure["transcription"] == damaged
    assert b"secret" not in file.read_bytes()


async def test_todays_mapping_is_tried_without_a_provider(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        one = await completed(service, {})
        answer = await replay(service, "--renormalise", one)
        assert (answer.exit_code, answer.stdout) == (DONE, f"{SAME}\n"), answer.stderr
        answer = await replay(service, "--renormalise", one, "--json")
        assert json.loads(answer.stdout)["views"] == []
        answer = await replay(service, "--renormalise", "0193a1b2-0000-7000-8000-000000000009")
        assert (answer.exit_code, "list` shows those there are" in answer.stderr) == (NO, True)
    view = {
        "view": "words",
        "counts": {"added": 1, "removed": 0, "changed": 0},
        "added": [{"text": "\x1b[2J"}],
        "removed": [],
    }
    lines = list(lines_of({"changed": [{"member": "text"}], "views": [view]}))
    assert lines[:2] == ["text would change", "words: 1 added, 0 removed, 0 changed"]
    assert "\x1b" not in lines[2]


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--to", "a", "--renormalise", "b"),
        ("--renormalise", "b", "--until", "1"),
        ("--to", "a", "--json"),
        ("--to", "a", "--until", "then"),
    ],
)
def test_what_goes_not_together_is_wrong_usage(tmp_path: Path, words: tuple[str, ...]) -> None:
    answer = CliRunner().invoke(stenolog, ["replay", "--data-dir", str(tmp_path / "none"), *words])
    assert answer.exit_code == WRONG_USAGE, answer.output


def test_a_replay_that_ends_with_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable), replay_file(tmp_path / "a.sqlite"):
        raise StoreUnavailable("injected: the log went away")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a.sqlite.part").touch()
    with pytest.raises(CannotStart, match="interrupted"), replay_file(tmp_path / "a.sqlite"):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["a.sqlite.part"], "another's stays"
