"""Callbacks that are not ours: 401 without detail, never believed, never in the log."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from stenolog.commands.callback_tokens import (
    HEADER_NAME,
    CallbackKeys,
    Registration,
    register,
)
from tests.house.composed import Composed, composed
from tests.http.callback_bodies import MEGABYTE, padded


def changed(token: str, at: int) -> str:
    return token[:at] + ("B" if token[at] == "A" else "A") + token[at + 1 :]


FORGERIES: dict[str, tuple[Callable[[Registration], Registration], str]] = {
    "first character": (lambda r: replace(r, token=changed(r.token, 0)), "unknown_key"),
    "middle character": (lambda r: replace(r, token=changed(r.token, 36)), "bad_token"),
    "last character": (lambda r: replace(r, token=changed(r.token, 71)), "bad_token"),
    "truncated": (lambda r: replace(r, token=r.token[:-8]), "malformed"),
    "cut to half": (lambda r: replace(r, token=r.token[:36]), "malformed"),
    "extended": (lambda r: replace(r, token=r.token + "AAAA"), "malformed"),
    "random": (lambda r: replace(r, token="Zm9v" * 18), "unknown_key"),
    "not base64url": (lambda r: replace(r, token="%21%21%21"), "malformed"),
    "not ASCII": (lambda r: replace(r, token="%C3%A9" * 72), "malformed"),
    "a path": (lambda r: replace(r, token=f"{r.token}/more"), "malformed"),
    "a line end in it": (lambda r: replace(r, token=f"{r.token[:9]}%0A{r.token[9:]}"), "malformed"),
    "wrong header": (lambda r: replace(r, header="x" * 43), "bad_header"),
    "empty header": (lambda r: replace(r, header=""), "no_header"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_a_forged_callback_is_refused_without_detail(service: Composed, name: str) -> None:
    forge, reason = FORGERIES[name]
    transcription_id, registration = await service.submitted()
    head = await service.events.head()
    for body in (b"{}", padded(MEGABYTE)):
        answer = await service.call_back(forge(registration), body)
        assert (answer.status_code, answer.content) == (401, b"")
    assert await service.events.head() == head, "a forged callback never reaches the log"
    assert service.wakes == []
    refused = service.counted("stenolog_callbacks_refused_total")
    assert refused == {f'{{reason="{reason}"}}': 2.0}
    assert (await service.call_back(registration)).status_code == 204
    assert len(await service.received(transcription_id)) == 1


async def test_a_callback_without_the_header_is_refused(service: Composed) -> None:
    _, registration = await service.submitted()
    answer = await service.client.post(f"/callbacks/assemblyai/{registration.token}", content=b"{}")
    assert answer.status_code == 401
    assert service.counted("stenolog_callbacks_refused_total") == {'{reason="no_header"}': 1.0}


@pytest.mark.parametrize("provider", ["aimlapi", "local", "nobody"])
async def test_a_token_of_another_providers_route_is_refused(
    service: Composed, provider: str
) -> None:
    _, registration = await service.submitted()
    answer = await service.client.post(
        f"/callbacks/{provider}/{registration.token}",
        content=b"{}",
        headers={HEADER_NAME: registration.header},
    )
    assert answer.status_code == 401


async def test_a_key_that_was_never_ours_is_refused(service: Composed) -> None:
    transcription_id, _ = await service.submitted()
    current = service.signing.current
    foreign = CallbackKeys(current=current, secrets={current: os.urandom(32)})
    forged = register(foreign, "assemblyai", transcription_id, 1)
    assert (await service.call_back(forged)).status_code == 401


async def test_several_keys_hold_at_once_until_one_is_retired(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        transcription_id, old = await service.submitted()
        retired = service.signing.current
        await service.rotate()
    async with composed(tmp_path) as service:
        new = register(service.signing, "assemblyai", transcription_id, 1)
        assert old.token != new.token
        assert (await service.call_back(old)).status_code == 204
        assert (await service.call_back(new, b"{}")).status_code == 204
        received = await service.received(transcription_id)
        assert [event.data["kid"] for event in received] == [retired, service.signing.current]
    with contextlib.closing(sqlite3.connect(tmp_path / "keys.db")) as file:
        file.execute(
            "UPDATE secrets SET retired_at = '2026-11-30' WHERE purpose = 'callback' "
            "AND number = ?",
            (retired,),
        )
        file.commit()
    async with composed(tmp_path) as service:
        assert (await service.call_back(old)).status_code == 401
        assert (await service.call_back(new)).status_code == 204


async def test_our_signature_for_a_stream_that_is_not_here_is_refused(service: Composed) -> None:
    elsewhere = register(service.signing, "assemblyai", str(uuid.uuid4()), 1)
    assert (await service.call_back(elsewhere)).status_code == 401
    assert service.counted("stenolog_callbacks_refused_total") == {
        '{reason="unknown_transcription"}': 1.0
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_405(service: Composed, method: str) -> None:
    _, registration = await service.submitted()
    path = f"/callbacks/assemblyai/{registration.token}"
    answer = await service.client.request(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
