"""`stenolog prove` and `stenolog heads` write what others judge without us."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from infra.verify.stenolog_verify import verify
from stenolog.bootstrap.identity import TREE_HEAD, secret_of
from stenolog.compliance.checkpoints import HeadSigner
from stenolog.compliance.tree_heads import TreeHead
from stenolog.encryption import SigningKey
from tests.house.composed import Composed, composed
from tests.house.waiting import DEADLINE_S
from tests.http.spoken import completed
from tests.signed_notes import opened_checkpoint


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path / "data") as running:
        yield running


async def stenolog(service: Composed, *words: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "stenolog",
        *(*words, "--url", service.url, "--api-key", service.key),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, said = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    return process.returncode, out.decode(), said.decode()


async def test_a_proof_is_written_and_verified_by_the_published_key(
    service: Composed, tmp_path: Path
) -> None:
    transcription_id = await completed(service, {})
    file = tmp_path / "proof.json"
    status, out, said = await stenolog(service, "prove", transcription_id, "-o", str(file))
    assert (status, said) == (0, "")
    assert out == f"{file}: {file.stat().st_size} bytes\n"
    key = await service.client.get("/.well-known/stenolog-log-key", headers={"Authorization": ""})
    assert key.status_code == 200
    told, payloads = verify(file.read_bytes(), key.text)
    assert told.startswith(f"valid: transcription-{transcription_id}, ")
    assert any(payloads)
    await stenolog(service, "prove", transcription_id, "-o", str(file), "--commitments-only")
    assert not any(verify(file.read_bytes(), key.text)[1])
    await stenolog(service, "prove", transcription_id, "-o", str(file), "--payloads", "1")
    assert [bool(one) for one in verify(file.read_bytes(), key.text)[1]][:2] == [True, False]
    await stenolog(service, "prove", transcription_id, "-o", str(file), "--cose")
    assert file.read_bytes()[:2] == b"\xd2\x84", "a tagged COSE_Sign1"
    refused = await stenolog(
        service, "prove", transcription_id, "-o", str(file), "--cose", "--commitments-only"
    )
    assert refused[0] == 2
    unknown = await stenolog(service, "prove", "no-such", "-o", str(file))
    assert (unknown[0], "404" in unknown[2]) == (1, True)


async def test_heads_are_kept_once_the_log_continues_them(
    service: Composed, tmp_path: Path
) -> None:
    kept = tmp_path / "heads"
    export = ("heads", "export", "-o", str(kept))
    for _ in range(2):
        await service.submit()
        assert await stenolog(service, *export) == (0, "", "")
    before = kept.read_text()
    assert await stenolog(service, *export) == (0, "", ""), "the same head is not kept twice"
    assert kept.read_text() == before
    key = (await service.client.get("/.well-known/stenolog-log-key")).text
    notes = f"\n{before}".split("\nstenolog/")[1:]
    heads = [opened_checkpoint(f"stenolog/{note.rstrip()}\n", key) for note in notes]
    assert [head.size for head in heads] == sorted({head.size for head in heads})
    assert len(heads) == 2
    other = tmp_path / "other"
    status, out, _ = await stenolog(service, "heads", "export", "--command", f"cat > {other}")
    assert (status, out) == (0, "")
    assert opened_checkpoint(other.read_text(), key) == heads[-1]
    assert (await stenolog(service, "heads", "export", "--command", "exit 3"))[0] == 1
    # Somebody else's past: a head that was kept says so.
    kept.write_text(before.replace(f"\n{heads[-1].size}\n", f"\n{heads[-1].size + 5}\n"))
    status, _, said = await stenolog(service, *export)
    assert (status, "wrong one" in said) == (1, True)
    kept.write_text("no head at all\n")
    status, _, said = await stenolog(service, *export)
    assert (status, "ends with no signed tree head" in said) == (1, True)


async def test_a_log_with_another_past_is_told(service: Composed, tmp_path: Path) -> None:
    kept = tmp_path / "heads"
    await service.submit()
    await service.stores.seals.seal()
    note = (await service.client.get("/api/v1/log/tree-head")).text
    signer = HeadSigner(
        service.events.identity,
        SigningKey(await secret_of(service.keys, service.stores.master, TREE_HEAD)),
    )
    for size in (2, int(note.splitlines()[1]), 99):
        head = TreeHead.of(service.events.identity, size=size, root="ab" * 32, time="")
        kept.write_text(signer.checkpoint(head))
        status, _, said = await stenolog(service, "heads", "export", "-o", str(kept))
        assert (status, "its past is another" in said) == (1, True), said
