"""The log's evidence over `/api/v1/log`, judged from outside by the specifications alone."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
from typing import Any

import pytest
import rfc8785

from stenolog.commands.api_keys import DEFAULT_SCOPES
from stenolog.stores.files.directory import LOG
from tests import rfc6962
from tests.house.composed import Composed
from tests.http.asking import get
from tests.http.spoken import BASE
from tests.signed_notes import Checkpoint, opened_checkpoint

EVIDENCE = "/api/v1/log"
PROOF = f"{EVIDENCE}/proof"


async def signed_head(service: Composed) -> Checkpoint:
    """The tree head over all that the log has now, once its signature holds."""
    await service.stores.heads.write()
    note = await service.client.get(f"{EVIDENCE}/tree-head")
    assert note.status_code == 200, note.text
    assert note.headers["Content-Type"] == "text/plain; charset=utf-8"
    key = await service.client.get(f"{EVIDENCE}/verifier-key")
    return opened_checkpoint(note.text, key.text)


def raw(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


async def test_an_event_is_proven_against_the_signed_head(service: Composed) -> None:
    await service.submit()
    transcription_id = await service.submit(audio_url="https://audio.example/é.mp3")
    head = await signed_head(service)
    assert head.size == await service.events.head()
    events = (await get(service, f"{BASE}/{transcription_id}/events"))["items"]
    assert events
    for event in events:
        position = event["position"]
        proof = await get(service, f"{PROOF}/inclusion", position=position)
        assert (proof["position"], proof["size"]) == (position, head.size)
        leaf = rfc6962.leaf_of(rfc8785.dumps(event))
        assert raw(proof["leaf"]) == leaf
        path = [raw(one) for one in proof["path"]]
        assert rfc6962.root_of_path(position - 1, head.size, leaf, path) == head.root


async def test_each_older_head_is_proven_to_be_continued(service: Composed) -> None:
    heads = [await signed_head(service)]
    for _ in range(4):
        await service.submit()
        heads.append(await signed_head(service))
    assert len({head.size for head in heads}) == 5
    for number, old in enumerate(heads):
        for new in heads[number:]:
            asked = {"from": old.size, "to": new.size}
            proof = await get(service, f"{PROOF}/consistency", **asked)
            assert (proof["from"], proof["to"]) == (old.size, new.size)
            assert (raw(proof["from_root"]), raw(proof["to_root"])) == (old.root, new.root)
            path = [raw(one) for one in proof["path"]]
            assert rfc6962.roots_of_proof(old.size, new.size, old.root, path) == (
                old.root,
                new.root,
            )
    last = await get(service, f"{PROOF}/consistency", **{"from": 1})
    assert last["to"] == heads[-1].size, "the last head is the default"


async def test_a_proof_in_an_older_tree_leads_to_its_root(service: Composed) -> None:
    old = await signed_head(service)
    await service.submit()
    await signed_head(service)
    proof = await get(service, f"{PROOF}/inclusion", position=1, size=old.size)
    path = [raw(one) for one in proof["path"]]
    assert raw(proof["root"]) == old.root
    assert rfc6962.root_of_path(0, old.size, raw(proof["leaf"]), path) == old.root


async def test_what_no_head_covers_is_not_proven(service: Composed) -> None:
    head = await signed_head(service)
    await service.submit()
    answer = await service.client.get(f"{PROOF}/inclusion?position={head.size + 1}")
    assert answer.status_code == 400
    assert f"from 1 to {head.size}" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("asked", "fields"),
    [
        ("inclusion", ["position"]),
        ("inclusion?position=", ["position"]),
        ("inclusion?position=0", ["position"]),
        ("inclusion?position=-1", ["position"]),
        ("inclusion?position=1.0", ["position"]),
        ("inclusion?position=x&size=0", ["size", "position"]),
        ("inclusion?position=2&size=1", ["position"]),
        ("inclusion?position=1&size=99999", ["size"]),
        (f"inclusion?position={'9' * 400}", ["position"]),
        ("inclusion?position=%D9%A1", ["position"]),
        ("consistency", ["from"]),
        ("consistency?from=0", ["from"]),
        ("consistency?from=2&to=1", ["from"]),
        ("consistency?from=1&to=99999", ["to"]),
        ("consistency?from=&to=x", ["to", "from"]),
    ],
)
async def test_a_number_that_is_none_is_refused_by_name(
    service: Composed, asked: str, fields: list[str]
) -> None:
    answer = await service.client.get(f"{PROOF}/{asked}")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert [error["field"] for error in problem["errors"]] == fields
    assert "must be an integer from 1 to" in problem["detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("tree-head", {}),
        ("verifier-key", {}),
        ("proof/inclusion", {"position": "1"}),
        ("proof/consistency", {"from": "1"}),
    ],
)
async def test_evidence_needs_a_scope_that_no_key_has_by_default(
    service: Composed, path: str, query: dict[str, str]
) -> None:
    for scopes, status in ((DEFAULT_SCOPES, 403), (("compliance:read",), 200)):
        headers = {"Authorization": await service.new_key("acme", *scopes)}
        await service.stores.heads.write()
        answer = await service.client.get(f"{EVIDENCE}/{path}", params=query, headers=headers)
        assert answer.status_code == status, answer.text


async def test_an_answer_that_is_known_is_not_sent_again(service: Composed) -> None:
    whole = f"{PROOF}/inclusion?position=1"
    answer = await service.client.get(whole)
    again = await service.client.get(whole, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE events SET leaf = zeroblob(32) WHERE position = 2",
        "UPDATE events SET leaf = 'text' WHERE position = 2",
    ],
)
async def test_a_damaged_tree_proves_nothing_wrong(service: Composed, damage: str) -> None:
    for _ in range(3):
        await service.submit()
    head = await signed_head(service)
    with contextlib.closing(sqlite3.connect(service.settings.data_dir / LOG)) as run, run:
        run.execute(damage)
    for asked in ("inclusion?position=1", "consistency?from=1", "inclusion?position=1&size=3"):
        answer = await service.client.get(f"{PROOF}/{asked}")
        assert answer.status_code == 503, asked
        assert "root" not in answer.json()
    assert (await signed_head(service)).root == head.root, "what was signed stays signed"


async def test_nothing_but_hashes_and_numbers_is_shown(service: Composed) -> None:
    await service.submit(audio_url="https://audio.example/secret.mp3")
    head = await signed_head(service)
    for position in range(1, head.size + 1):
        shown: dict[str, Any] = await get(service, f"{PROOF}/inclusion", position=position)
        hashes = [shown.pop("leaf"), shown.pop("root"), *shown.pop("path")]
        assert shown == {"position": position, "size": head.size}
        assert all(len(raw(one)) == 32 for one in hashes)
