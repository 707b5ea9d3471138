"""Erasures of many and legal holds, over HTTP: what is ordered is done, and held is kept."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from stenolog.commands.transcription.commands import CompleteErasure, RecordRemoval
from stenolog.commands.transcription.state import stream_of
from stenolog.compliance.forgetting.certificates import SIGNED_AS
from stenolog.log.canonical import canonical_bytes
from tests.house.composed import Composed, composed
from tests.http.asking import get, pages, refusal
from tests.http.spoken import BASE, answer_of

ERASURES, HOLDS = "/api/v1/erasures", "/api/v1/holds"
SAID = "the-sentence-that-must-go"
SUBJECT = "patient-4711"
NOBODY = "11111111-2222-4333-8444-555555555555"


async def of_subject(service: Composed, subject: str = SUBJECT, **more: Any) -> str:
    """A finished transcription that was asked for with a subject."""
    headers = {"Stenolog-Subject": subject}
    answer = await service.client.post(
        "/v2/transcript", json={"audio_url": "https://a.example/a.mp3", **more}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    transcription_id = str(answer.json()["id"])
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    await service.complete(transcription_id, answer_of(text=SAID))
    await service.projected()
    return transcription_id


async def ordered(service: Composed, **what: str) -> dict[str, Any]:
    answer = await service.client.post(ERASURES, json=what)
    assert answer.status_code == 202, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    assert answer.headers["Location"] == f"{ERASURES}/{body['id']}"
    return body


async def placed(service: Composed, **what: str) -> dict[str, Any]:
    answer = await service.client.post(HOLDS, json={"reason": "case 12/26", **what})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


async def rounds(service: Composed) -> None:
    """Let the performer do all that it can do now."""
    while await service.edge.forgetting.performer.round():
        pass


async def gone_at_the_provider(service: Composed, transcription_id: str) -> None:
    """Do what the reconciler does."""
    await service.run(transcription_id, RecordRemoval(number=1, known="deleted"))
    await service.run(transcription_id, CompleteErasure())


def verified(certificate: dict[str, Any]) -> None:
    """The signature is over everything but itself and the place of the next page."""
    said = {k: v for k, v in certificate.items() if k not in {"signature", "next"}}
    signature = certificate["signature"]
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature["public_key"]))
    key.verify(base64.b64decode(signature["value"]), SIGNED_AS + canonical_bytes(said))


async def test_all_of_a_subject_is_erased_and_certified(tmp_path: Path) -> None:
    async with composed(tmp_path, key_backup_days=30) as service:
        two = [await of_subject(service) for _ in range(2)]
        other = await of_subject(service, "somebody else")
        order = await ordered(service, subject=SUBJECT)
        assert (order["status"], order["transcripts"], order["erased"]) == ("erasing", 2, 0)
        await rounds(service)
        found = await get(service, f"{ERASURES}/{order['id']}")
        verified(found)
        assert (found["status"], found["erased"], found["scope"]) == ("erased", 2, "subject")
        assert found["key_backups"]["kept_days"] == 30
        assert found["key_backups"]["gone_at"] > found["ordered_at"]
        for one in two:
            assert (await get(service, f"{BASE}/{one}"))["erased"] is True
        assert (await get(service, f"{BASE}/{other}"))["text"] == SAID
        for one in two:
            await gone_at_the_provider(service, one)
        await rounds(service)
        done = await get(service, f"{ERASURES}/{order['id']}")
        verified(done)
        assert done["status"] == "completed"
        assert [item["transcript_id"] for item in done["items"]] == sorted(two)
        copies = {copy["copy"]: copy for copy in done["items"][0]["copies"]}
        assert set(copies) == {"payloads", "views", "search_index", "provider_job"}
        assert all(copy["gone"] for copy in copies.values())
        assert copies["provider_job"]["known"] == "deleted"
        [event] = [e for e in await service.stream(two[0]) if e.type == "erasure.requested"]
        assert event.data["erasure"] == order["id"]
        listed = await pages(service, ERASURES, 1)
        assert [one["id"] for one in listed] == [order["id"]]


async def test_a_request_that_was_never_recorded_is_missing(service: Composed) -> None:
    tenant = (await service.stream(await of_subject(service, "somebody else")))[0].tenant
    await service.edge.forgetting.subjects.note(tenant, SUBJECT, stream_of(NOBODY))
    order = await ordered(service, subject=SUBJECT)
    assert order["items"] == [{"transcript_id": NOBODY, "outcome": "pending"}]
    await rounds(service)
    found = await get(service, f"{ERASURES}/{order['id']}")
    assert (found["status"], found["missing"]) == ("completed", 1)


async def test_pages_of_a_certificate_are_signed_each(service: Composed) -> None:
    three = sorted([await of_subject(service) for _ in range(3)])
    order = await ordered(service, subject=SUBJECT)
    await rounds(service)
    seen: list[str] = []
    after: dict[str, Any] = {}
    while True:
        page = await get(service, f"{ERASURES}/{order['id']}", limit=2, **after)
        verified(page)
        assert page["first_item"] == len(seen) + 1
        seen += [item["transcript_id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert seen == three


async def test_what_is_held_is_neither_deleted_nor_erased(service: Composed) -> None:
    held, free = await of_subject(service), await of_subject(service)
    hold = await placed(service, transcript_id=held)
    assert (hold["in_force"], hold["scope"], hold["reason"]) == (True, "transcript", "case 12/26")
    answer = await service.client.delete(f"/v2/transcript/{held}")
    assert answer.status_code == 400
    assert "legal hold" in answer.json()["error"]
    problem = await refusal(service, "DELETE", f"{BASE}/{held}")
    assert (problem["status"], problem["holds"]) == (409, [hold["id"]])
    order = await ordered(service, subject=SUBJECT)
    await rounds(service)
    found = await get(service, f"{ERASURES}/{order['id']}")
    assert (found["erased"], found["held"]) == (1, 1)
    outcomes = {item["transcript_id"]: item["outcome"] for item in found["items"]}
    assert outcomes == {held: "held", free: "erased"}
    assert (await get(service, f"{BASE}/{held}"))["text"] == SAID
    released = await service.client.delete(f"{HOLDS}/{hold['id']}")
    assert released.json()["in_force"] is False
    again = await service.client.delete(f"{HOLDS}/{hold['id']}")
    assert again.json() == released.json()
    assert (await service.client.delete(f"/v2/transcript/{held}")).status_code == 200


async def test_a_hold_on_a_subject_is_on_what_comes_later(service: Composed) -> None:
    before = await of_subject(service)
    hold = await placed(service, subject=SUBJECT)
    assert (hold["scope"], hold["transcripts"], hold["erased_before"]) == ("subject", 1, 0)
    later = await of_subject(service)
    for one in (before, later):
        assert (await service.client.delete(f"{BASE}/{one}")).status_code == 409
    other = await of_subject(service, "somebody else")
    assert (await service.client.delete(f"{BASE}/{other}")).status_code == 200
    await service.client.delete(f"{HOLDS}/{hold['id']}")
    last = await of_subject(service)
    for one in (before, later, last):
        assert (await service.client.delete(f"{BASE}/{one}")).status_code == 200


async def test_two_holds_are_two(service: Composed) -> None:
    held = await of_subject(service)
    first, second = [await placed(service, transcript_id=held) for _ in range(2)]
    await service.client.delete(f"{HOLDS}/{first['id']}")
    problem = await refusal(service, "DELETE", f"{BASE}/{held}")
    assert problem["holds"] == [second["id"]]
    assert [one["id"] for one in await pages(service, HOLDS, 1)] == [second["id"], first["id"]]


async def test_what_is_anothers_is_not_there(service: Composed) -> None:
    mine = await of_subject(service)
    hold = await placed(service, transcript_id=mine)
    order = await ordered(service, subject="nobody at all")
    assert order["transcripts"] == 0
    other = {"Authorization": await service.new_key("other")}
    for method, path in (
        ("GET", f"{HOLDS}/{hold['id']}"),
        ("DELETE", f"{HOLDS}/{hold['id']}"),
        ("GET", f"{ERASURES}/{order['id']}"),
        ("GET", f"{ERASURES}/{NOBODY}"),
        ("GET", f"{HOLDS}/no-id"),
    ):
        assert (await refusal(service, method, path, headers=other))["status"] == 404
    for path, body in ((ERASURES, {}), (HOLDS, {"reason": "why"})):
        what = {"transcript_id": mine, **body}
        problem = await refusal(service, "POST", path, json=what, headers=other)
        assert problem["status"] == 404
    order = (await service.client.post(ERASURES, json={"subject": SUBJECT}, headers=other)).json()
    assert order["transcripts"] == 0
    assert (await get(service, HOLDS))["items"][0]["id"] == hold["id"]
    assert (await service.client.get(HOLDS, headers=other)).json()["items"] == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (ERASURES, {}),
        (ERASURES, {"subject": "s", "transcript_id": NOBODY}),
        (ERASURES, {"subject": ""}),
        (ERASURES, {"subjekt": "s"}),
        (HOLDS, {"subject": "s"}),
        (HOLDS, {"subject": "s", "reason": "x" * 2_001}),
        (HOLDS, {"reason": "why"}),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    service: Composed, path: str, body: dict[str, str]
) -> None:
    problem = await refusal(service, "POST", path, json=body)
    assert problem["status"] == 400


@pytest.mark.parametrize(
    ("scope", "path"), [("compliance:hold", ERASURES), ("compliance:erase", HOLDS)]
)
async def test_each_needs_its_own_scope(service: Composed, scope: str, path: str) -> None:
    headers = {"Authorization": await service.new_key("default", scope)}
    problem = await refusal(service, "POST", path, json={"subject": "s"}, headers=headers)
    assert problem["status"] == 403
