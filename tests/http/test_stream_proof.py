"""The proof of a transcription, judged by the file that an auditor gets, and nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from scitt_cose.receipt import verify_receipt

from infra.verify import stenolog_verify
from infra.verify.stenolog_verify import Refused, verify
from stenolog.commands.api_keys import DEFAULT_SCOPES
from stenolog.commands.transcription.commands import AcceptSubmission
from tests.house.composed import Composed
from tests.http.spoken import BASE, answer_of

MUTATIONS = 1_500
Proof = dict[str, Any]


async def proven(service: Composed, transcription_id: str, **query: str) -> bytes:
    answer = await service.client.get(f"{BASE}/{transcription_id}/proof", params=query)
    assert answer.status_code == 200, answer.text
    return answer.content


async def verifier_key(service: Composed) -> str:
    return (await service.client.get("/api/v1/log/verifier-key")).text


async def completed(service: Composed, **params: Any) -> str:
    transcription_id, _ = await service.submitted(**params)
    await service.complete(transcription_id, answer_of())
    return transcription_id


def said(proof: bytes) -> Proof:
    found: Proof = json.loads(proof)
    return found


def refused(proof: Proof, key: str | None = None) -> str:
    with pytest.raises(Refused) as found:
        verify(json.dumps(proof).encode(), key)
    return str(found.value)


async def test_a_proof_shows_all_events_and_what_they_commit_to(service: Composed) -> None:
    transcription_id = await completed(service)
    raw = await proven(service, transcription_id)
    told, payloads = verify(raw, await verifier_key(service))
    events = await service.stream(transcription_id)
    assert told.startswith(f"valid: transcription-{transcription_id}, {len(events)} events")
    assert "What this does not show" in told
    shown = dict(zip((event.type for event in events), payloads, strict=True))
    answer = shown["transcription.completed"]
    assert answer is not None
    assert json.loads(answer) == answer_of()
    assert shown["transcription.requested"]
    assert shown["submission.claimed"] is None, "it has our own secret at the provider"
    every = await proven(service, transcription_id, payloads="all")
    assert verify(every)[1][1] == b"{}"


async def test_the_newest_event_is_covered_whenever_one_asks(service: Composed) -> None:
    transcription_id, _ = await service.submitted()
    heads = []
    for number in range(3):
        raw = await proven(service, transcription_id, payloads="none")
        told, payloads = verify(raw)
        assert payloads == [None] * len(await service.stream(transcription_id))
        heads.append(told.splitlines()[1])
        if number:
            await service.fail(transcription_id, "broken") if number == 1 else None
    assert heads[0] == heads[1] != heads[2], "nothing is sealed where nothing has come"


async def test_payloads_are_chosen_one_by_one(service: Composed) -> None:
    transcription_id = await completed(service)
    raw = await proven(service, transcription_id, payloads="1,2")
    _, payloads = verify(raw)
    assert [payload is not None for payload in payloads] == [True, True, False, False]
    withheld = [event.get("withheld") for event in said(raw)["events"]]
    assert withheld == [None, None, None, "not-asked"]


async def test_secrets_and_what_was_to_be_redacted_are_withheld(service: Composed) -> None:
    transcription_id = await completed(
        service,
        webhook_url="http://127.0.0.1:9/hook",
        webhook_auth_header_name="x-secret",
        webhook_auth_header_value="open-sesame",
        redact_pii=True,
        redact_pii_policies=["person_name"],
    )
    raw = await proven(service, transcription_id)
    withheld = [event.get("withheld") for event in said(raw)["events"]]
    assert withheld == ["secret", "secret", None, "redacted"]
    assert base64.b64encode(b"open-sesame")[4:-4] not in raw


async def test_an_erased_transcription_shows_commitments_and_old_proofs_hold(
    service: Composed,
) -> None:
    transcription_id = await completed(service)
    old = await proven(service, transcription_id)
    answer = await service.client.delete(f"{BASE}/{transcription_id}")
    assert answer.status_code == 200
    assert verify(old)[1][-1] is not None
    new = await proven(service, transcription_id, payloads="all")
    told, payloads = verify(new)
    assert set(payloads) == {None}
    assert "payload not shown: erased" in told
    assert b"erasure.requested" in new


async def test_nothing_is_shown_of_one_whose_key_outlives_its_erasure(service: Composed) -> None:
    """A job that a payload alone names is removed at its provider first."""
    transcription_id = await service.submit()
    await service.claim(transcription_id)
    sealed = AcceptSubmission(number=1, provider_job=None, adopted=False)
    named = b'{"provider_job":"a job of another form"}'
    await service.run(transcription_id, sealed, submission_accepted=named)
    await service.complete(transcription_id, answer_of())
    assert (await service.client.delete(f"{BASE}/{transcription_id}")).status_code == 200
    assert not await service.keys.is_destroyed(f"transcription-{transcription_id}")
    for payloads in ("", "all"):
        told, shown = verify(await proven(service, transcription_id, payloads=payloads))
        assert set(shown) == {None}
        assert "payload not shown: erased" in told


async def test_who_may_not_read_gets_commitments_alone(service: Composed) -> None:
    transcription_id = await completed(service)
    path = f"{BASE}/{transcription_id}/proof"
    for scopes, payloads, status in (
        (DEFAULT_SCOPES, "none", 403),
        (("compliance:read",), "none", 200),
        (("compliance:read",), "", 403),
        (("compliance:read", "transcripts:read"), "", 200),
    ):
        headers = {"Authorization": await service.new_key("default", *scopes)}
        answer = await service.client.get(path, params={"payloads": payloads}, headers=headers)
        assert answer.status_code == status, answer.text
    foreign = {"Authorization": await service.new_key("acme")}
    assert (await service.client.get(path, headers=foreign)).status_code == 404
    wrong = await service.client.get(path, params={"payloads": "0", "format": "xml"})
    assert [one["field"] for one in wrong.json()["errors"]] == ["format", "payloads"]


def change(one: Proof, name: str, value: object) -> None:
    event = json.loads(one["event"])
    event[name] = value
    one["event"] = json.dumps(event, sort_keys=True, separators=(",", ":"))


def flipped(text: str) -> str:
    return ("A" if text[0] != "A" else "B") + text[1:]


DAMAGE: dict[str, tuple[Callable[[Proof, Proof], object], str]] = {
    "changed": (lambda p, o: change(p["events"][2], "actor", "x"), "event 3 .* is not in the log"),
    "missing": (lambda p, o: p["events"].pop(1), "event 2 is missing"),
    "first missing": (lambda p, o: p["events"].pop(0), "event 1 is missing"),
    "end missing": (lambda p, o: p["events"].pop(), "events are missing at the end"),
    "added": (lambda p, o: p["events"].append(p["events"][3]), "event 4 stands in the place of 5"),
    "reordered": (lambda p, o: p["events"].reverse(), "event 1 is missing"),
    "foreign": (lambda p, o: p["events"].__setitem__(1, o["events"][1]), "of another stream"),
    "foreign seal": (lambda p, o: p.__setitem__("seal", p["events"][0]), "the seal is another"),
    "older seal": (lambda p, o: p.update(seal=o["seal"], end=o["end"]), "the seal .* not in"),
    "payload": (
        lambda p, o: p["events"][3].__setitem__("payload", flipped(p["events"][3]["payload"])),
        "the payload of event 4 is not the one",
    ),
    "salt": (
        lambda p, o: p["events"][3].__setitem__("salt", flipped(p["events"][3]["salt"])),
        "the payload of event 4 is not the one",
    ),
    "no payload": (lambda p, o: p["events"][3].pop("payload"), "says nothing"),
    "payload of none": (
        lambda p, o: p["events"][2].__setitem__("withheld", "erased"),
        "commits to no payload",
    ),
    "head": (
        lambda p, o: p.__setitem__("checkpoint", p["checkpoint"].replace("\n1", "\n9", 1)),
        "signature",
    ),
    "other head": (lambda p, o: p.__setitem__("checkpoint", o["checkpoint"]), "."),
    "end": (lambda p, o: p["end"].pop(), "does not end with event 4"),
    "format": (lambda p, o: p.__setitem__("format", "other"), "format"),
    "more": (lambda p, o: p.__setitem__("more", 1), "format"),
}


async def test_every_damage_is_named(service: Composed, tmp_path: Path) -> None:
    other_id = await completed(service)
    other = said(await proven(service, other_id))
    transcription_id = await completed(service)
    raw = await proven(service, transcription_id)
    for name, (damage, reason) in DAMAGE.items():
        proof = said(raw)
        damage(proof, other)
        with pytest.raises(Refused, match=reason):
            verify(json.dumps(proof).encode())
        assert name
    stranger = await verifier_key(service)
    name, _, typed = stranger.strip().split("+", 2)
    forged = base64.b64encode(b"\x01" + bytes(31) + b"\x01").decode()
    number = hashlib.sha256(name.encode() + b"\n" + base64.b64decode(forged)).hexdigest()[:8]
    assert "not signed with the key" in refused(said(raw), f"{name}+{number}+{forged}")
    assert "damaged" in refused(said(raw), f"{name}+{number}+{typed}")
    _fuzzed(raw)
    _as_a_program(raw, tmp_path, stranger)


def _fuzzed(raw: bytes) -> None:
    """Whatever becomes of the file, it is refused, or shows what it showed."""
    chance = random.Random(20_261_201)
    told, payloads = verify(raw)
    whole = told.split("What this does not show")[0]
    for _ in range(MUTATIONS):
        mutant = bytearray(raw)
        for _ in range(chance.choice((1, 1, 1, 2, 5))):
            at = chance.randrange(len(mutant))
            match chance.randrange(5):
                case 0:
                    mutant[at] ^= 1 << chance.randrange(8)
                case 1:
                    del mutant[at : at + chance.choice((1, 2, 40, 4_000))]
                case 2:
                    mutant[at:at] = mutant[at : at + chance.randrange(1, 400)]
                case 3:
                    mutant[at : at + 1] = chance.choice((b'"', b"[", b"9" * 5_000, b"1e9", b"\\"))
                case _:
                    mutant[at:at] = b"[" * chance.choice((1, 50_000))
            mutant = mutant or bytearray(b"x")
        try:
            again, shown = verify(bytes(mutant))
        except Refused:
            continue
        assert again.split("What this does not show")[0] == whole
        assert shown == payloads


def _as_a_program(raw: bytes, directory: Path, key: str) -> None:
    proof, keyed = directory / "proof.json", directory / "key"
    proof.write_bytes(raw)
    keyed.write_text(key)
    tool = [sys.executable, "-I", stenolog_verify.__file__]
    run = [*tool, str(proof), "--key", str(keyed)]
    done = subprocess.run(run, capture_output=True, check=True, text=True, cwd=directory)
    assert done.stdout.startswith("valid: ")
    payload = subprocess.run([*run, "--payload", "4"], capture_output=True, check=True)
    assert json.loads(payload.stdout) == answer_of()
    proof.write_bytes(raw.replace(b'"path":["', b'"path":["AA', 1))
    no = subprocess.run(run, capture_output=True, check=False, text=True)
    assert (no.returncode, no.stdout) == (1, "")
    assert no.stderr.startswith("NOT VALID: ")


async def test_the_receipt_is_one_of_rfc_9942(service: Composed) -> None:
    """An implementation that is not ours takes each event, and no other."""
    transcription_id = await completed(service)
    receipt = await proven(service, transcription_id, format="cose")
    proof = said(await proven(service, transcription_id, payloads="none"))
    origin, _, typed = (await verifier_key(service)).strip().split("+", 2)
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(typed)[1:])
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for one in (*proof["events"], proof["seal"]):
        entry = one["event"].encode()
        found = verify_receipt(receipt, leaf_entry_hex=entry.hex(), log_public_key_pem=pem)
        assert (found.ok, found.issuer) == (True, origin), found.errors
        assert found.leaf_index == json.loads(entry)["position"] - 1
        other = entry.replace(b"position", b"positioN")
        assert not verify_receipt(receipt, leaf_entry_hex=other.hex(), log_public_key_pem=pem).ok


def test_the_verifier_is_short_enough_to_be_read() -> None:
    lines = Path(stenolog_verify.__file__).read_text().splitlines()
    assert len(lines) < 250
    imports = {
        line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))
    }
    assert imports - set(sys.stdlib_module_names) == {"cryptography"}
