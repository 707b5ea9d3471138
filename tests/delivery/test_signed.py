"""A tenant's webhook secret signs the webhooks that its requests name, beside the same body."""

from __future__ import annotations

import base64
import json
import sqlite3
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook

from stenolog.simulator.receiver import Delivery, Reply
from stenolog.stores.files.directory import KEYS
from tests.delivery.house import House
from tests.house.waiting import until
from tests.pages import blocks

SECRET = "/api/v1/webhook-secret"


async def secret_of(home: House, **given: object) -> str:
    """Make a secret, and return it as it is shown once."""
    answer = await home.service.client.put(SECRET, json=given)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["secret"])


def verify(secret: str, one: Delivery) -> None:
    """As the official library does, which raises."""
    Webhook(secret).verify(one.body, dict(one.headers))


async def test_without_a_secret_nothing_is_added(home: House) -> None:
    async with home.delivering():
        await home.ended(await home.done())
    (got,) = home.got()
    assert not [name for name in got.headers if name.startswith("webhook-")]


async def test_every_attempt_has_the_same_id_and_the_official_library_verifies_it(
    home: House,
) -> None:
    home.receiver.answer = lambda delivery: Reply(status=500 if delivery.number == 1 else 200)
    secret = await secret_of(home)
    async with home.delivering():
        transcription_id = await home.done()
        await home.ended(transcription_id)
    first, second = home.got()
    outcome = next(
        event
        for event in await home.service.stream(transcription_id)
        if event.type == "transcription.completed"
    )
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == outcome.id
    said = f'{{"transcript_id": "{transcription_id}", "status": "completed"}}'
    assert first.body == said.encode()
    verify(secret, first)
    verify(secret, second)


async def test_the_two_messages_of_one_event_have_two_ids(home: House) -> None:
    await secret_of(home)
    async with home.delivering():
        transcription_id = await home.requested(
            redact_pii=True, redact_pii_audio=True, redact_pii_policies=["person_name"]
        )
        await home.service.complete(transcription_id, {"text": "x"})
        await until(lambda: len(home.got()) == 2)
        await home.settled()
    by_kind = {
        "link" if b"redacted_audio_url" in one.body else "outcome": one for one in home.got()
    }
    outcome = by_kind["outcome"].headers["webhook-id"]
    assert by_kind["link"].headers["webhook-id"] == f"{outcome}-redacted_audio"


async def test_while_the_secret_changes_both_verify(home: House) -> None:
    old = await secret_of(home)
    new = await secret_of(home, asymmetric=True)
    async with home.delivering():
        await home.ended(await home.done())
    (got,) = home.got()
    verify(old, got)
    verify(new, got)
    made = got.headers["webhook-signature"].partition("v1a,")[2]
    published = (await home.service.client.get("/.well-known/webhook-keys")).json()["keys"]
    (key,) = [base64.b64decode(one["key"].removeprefix("whpk_")) for one in published]
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    Ed25519PublicKey.from_public_bytes(key).verify(base64.b64decode(made), signed)


async def test_a_customers_own_header_of_that_name_stays_alone(home: House) -> None:
    await secret_of(home)
    async with home.delivering():
        transcription_id = await home.done(
            webhook_auth_header_name="Webhook-Signature", webhook_auth_header_value="mine"
        )
        await home.ended(transcription_id)
    (got,) = home.got()
    assert got.headers["webhook-signature"] == "mine"
    assert "webhook-id" not in got.headers


async def test_a_secret_that_keys_db_lost_holds_messages_back_until_there_is_another(
    home: House,
) -> None:
    """Nothing goes out unsigned that the receiver believes to be signed."""
    await secret_of(home)
    with sqlite3.connect(home.directory / KEYS) as file:
        file.execute("DELETE FROM secrets WHERE purpose LIKE 'signing %'")
    file.close()
    async with home.delivering():
        transcription_id = await home.done()
        await until(lambda: home.leased() == 0)
        assert home.got() == []
        assert await home.facts(transcription_id) == []
        secret = await secret_of(home)
        home.due_at_once()
        home.wake()
        await home.ended(transcription_id)
    (got,) = home.got()
    verify(secret, got)
    assert json.loads(got.body)["transcript_id"] == transcription_id


async def test_the_documents_program_tells_ours_from_others(home: House) -> None:
    (program,) = [one for one in blocks("WEBHOOKS.md", "python") if "# verify.py" in one]
    verifying: dict[str, Any] = {}
    exec(program, verifying)
    secret = await secret_of(home)
    async with home.delivering():
        await home.ended(await home.done())
    (got,) = home.got()
    assert verifying["is_ours"](secret, dict(got.headers), got.body)
    assert not verifying["is_ours"](secret, dict(got.headers), got.body + b" ")
    assert not verifying["is_ours"](secret, {"webhook-signature": "v1"}, got.body)
