"""A damaged record does not end the gateway, which answers what it still can."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from stenolog.log.canonical import leaf_hash
from tests.gateway_process import READY_S_MAX, GatewayProcess, before, gateway

SETTINGS = before("http://127.0.0.1:9", "a-key")  # a provider that is not there


def submit(running: GatewayProcess) -> str:
    status, body = ask(running, "/v2/transcript", {"audio_url": "https://audio.example/a.mp3"})
    assert status == 200
    return str(json.loads(body)["id"])


def ask(
    running: GatewayProcess, path: str, body: object = None, method: str | None = None
) -> tuple[int, bytes]:
    request = urllib.request.Request(
        running.url + path,
        None if body is None else json.dumps(body).encode(),
        {"authorization": running.key},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, exc.read()


def damage(data_dir: Path, choice: str, change: str = "UPDATE events SET bytes = x'00'") -> None:
    """Views and work are lost as well: everything is followed again from the beginning."""
    for path in (*data_dir.glob("views.db*"), *data_dir.glob("work.db*")):
        path.unlink()
    with contextlib.closing(sqlite3.connect(data_dir / "log.db")) as connection:
        connection.create_function("leaf_of", 1, lambda text: leaf_hash(text.encode()))
        run = connection.execute(f"{change} WHERE position = ({choice})")
        assert run.rowcount == 1
        connection.commit()


def last_stream(data_dir: Path) -> str:
    """Whose event is the last: the provider was asked meanwhile, for one or the other."""
    with contextlib.closing(sqlite3.connect(data_dir / "log.db")) as connection:
        row = connection.execute("SELECT stream FROM events ORDER BY position DESC").fetchone()
    return str(row[0])


def readable(running: GatewayProcess, transcription_id: str) -> None:
    """Return once its views are there."""
    ends = time.monotonic() + READY_S_MAX
    while ask(running, f"/api/v1/transcripts/{transcription_id}")[0] != 200:
        assert time.monotonic() < ends, running.said
        assert running.process is not None
        assert running.process.poll() is None, running.said
        time.sleep(0.02)


def tried(running: GatewayProcess, transcription_id: str) -> None:
    """Return once its first submission was claimed and refused."""
    ends = time.monotonic() + READY_S_MAX
    path = f"/api/v1/transcripts/{transcription_id}/events"
    while len(json.loads(ask(running, path)[1])["items"]) < 3:
        assert time.monotonic() < ends, running.said
        time.sleep(0.02)


def test_a_damaged_record_is_gone_on_behind(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", SETTINGS) as running:
        hurt, whole = submit(running), submit(running)
    stream = f"'transcription-{hurt}'"
    damage(tmp_path / "data", f"SELECT min(position) FROM events WHERE stream = {stream}")
    with gateway(tmp_path / "data", SETTINGS) as running:
        readable(running, whole)
        readable(running, submit(running))
        assert ask(running, f"/v2/transcript/{whole}")[0] == 200
    assert "projector.record_damaged" in running.said
    assert "stenolog log verify" in running.said
    assert "Traceback" not in running.said


GONE = "DELETE FROM events"
DAMAGED = "UPDATE events SET bytes = x'00'"
NEWER = (
    "UPDATE events SET bytes = CAST(replace(bytes, 'submission.claimed', 'later.fact') AS BLOB), "
    "leaf = leaf_of(replace(bytes, 'submission.claimed', 'later.fact'))"
)


@pytest.mark.parametrize("change", [GONE, DAMAGED, NEWER], ids=["gone", "damaged", "newer"])
@pytest.mark.parametrize("concurrency", ["0", "1"])
def test_a_stream_that_cannot_be_folded_keeps_nobody_waiting(
    tmp_path: Path, concurrency: str, change: str
) -> None:
    settings = {**SETTINGS, "TENANT_CONCURRENCY": concurrency}
    with gateway(tmp_path / "data", settings) as running:
        hurt = submit(running)
        tried(running, hurt)
        whole = submit(running)
    stream = f"'transcription-{hurt}'"
    choice = f"SELECT position FROM events WHERE stream = {stream} AND version = 2"
    damage(tmp_path / "data", choice, change)
    with gateway(tmp_path / "data", settings) as running:
        readable(running, whole)
        tried(running, submit(running))
        status, body = ask(running, f"/v2/transcript/{hurt}", method="DELETE")
        assert (status == 200) == (change != NEWER), body
        readable(running, submit(running))
    assert "Traceback" not in running.said
    assert ("reconciler.passed_over" in running.said) == (concurrency == "1")


def test_a_damaged_last_record_stops_nothing_but_what_needs_it(tmp_path: Path) -> None:
    with gateway(tmp_path / "data", SETTINGS) as running:
        ids = {submit(running), submit(running)}
    hurt = last_stream(tmp_path / "data")
    damage(tmp_path / "data", "SELECT max(position) FROM events")
    with gateway(tmp_path / "data", SETTINGS) as running:
        for whole in ids - {hurt.removeprefix("transcription-")}:
            readable(running, whole)
        assert ask(running, "/readyz")[0] == 200
        readable(running, submit(running))
    assert "Traceback" not in running.said
