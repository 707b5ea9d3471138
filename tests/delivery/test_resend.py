"""A transcription's own webhook: its attempts are shown, and it is called once more when asked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from stenolog.simulator.receiver import Reply
from tests.delivery.pushed import Pushed, pushed
from tests.house.waiting import eventually
from tests.http.spoken import answer_of


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Pushed]:
    async with pushed(tmp_path) as made:
        yield made


async def ends(home: Pushed, transcription_id: str) -> list[dict[str, Any]]:
    """How its deliveries have ended."""
    events = await home.service.stream(transcription_id)
    return [
        dict(one.data) for one in events if one.type in ("delivery.succeeded", "delivery.failed")
    ]


async def attempts(home: Pushed, transcription_id: str) -> Any:
    path = f"/api/v1/transcripts/{transcription_id}/webhook/attempts"
    return (await home.service.client.get(path)).json()


async def test_a_refused_message_is_sent_again_under_its_id(home: Pushed) -> None:
    home.answers["/hook"] = lambda one: Reply(status=404 if one.number == 1 else 204)
    transcription_id, _ = await home.service.submitted(webhook_url=f"{home.url}/hook")
    assert (await attempts(home, transcription_id))["items"] == []
    resend = f"/api/v1/transcripts/{transcription_id}/webhook/resend"
    assert (await home.service.client.post(resend)).status_code == 400, "it has not ended"
    await home.service.complete(transcription_id, answer_of())

    async def ended(count: int) -> bool:
        return len(await ends(home, transcription_id)) == count

    await eventually(lambda: ended(1))
    answer = await home.service.client.post(resend)
    assert answer.status_code == 202, answer.text
    assert answer.json()["round"] == 1
    await eventually(lambda: ended(2))
    first, second = await ends(home, transcription_id)
    assert (first["reason"], first["round"]) == ("refused", 0)
    assert (second["status"], second["round"]) == (204, 1)
    assert home.got("/hook")[0].body == home.got("/hook")[1].body
    shown = (await attempts(home, transcription_id))["items"]
    assert [(one["status"], one["kind"]) for one in shown] == [(404, "outcome"), (204, "outcome")]
    assert {one["message_id"] for one in shown} == {answer.json()["message_id"]}
    await home.service.projected()
    view = (await home.service.client.get(f"/api/v1/transcripts/{transcription_id}")).json()
    assert view["webhook_status_code"] == 204


async def test_without_a_webhook_there_is_nothing_to_send(home: Pushed) -> None:
    transcription_id = await home.done()
    said = await attempts(home, transcription_id)
    assert (said["items"], said["reason"]) == ([], "no_webhook")
    answer = await home.service.client.post(
        f"/api/v1/transcripts/{transcription_id}/webhook/resend"
    )
    assert answer.status_code == 400


async def test_of_another_tenant_nothing_is_told(home: Pushed) -> None:
    transcription_id, _ = await home.service.submitted(webhook_url=f"{home.url}/hook")
    other = {"Authorization": await home.service.new_key("acme")}
    endpoint = await home.endpoint()
    client, base = home.service.client, f"/api/v1/endpoints/{endpoint['id']}"
    for method, path in (
        ("GET", f"/api/v1/transcripts/{transcription_id}/webhook/attempts"),
        ("POST", f"/api/v1/transcripts/{transcription_id}/webhook/resend"),
        ("GET", base),
        ("PATCH", base),
        ("DELETE", base),
        ("GET", f"{base}/attempts"),
        *(("POST", f"{base}/{what}") for what in ("rotate", "test", "recover", "replay")),
    ):
        answer = await client.request(method, path, headers=other)
        assert answer.status_code == 404, (method, path)
    assert (await client.get("/api/v1/endpoints", headers=other)).json()["items"] == []
    assert (await home.shown(endpoint))["enabled"] is True
