"""A phrase, and each of its words, is nowhere once an erasure has been carried out.

Every raw file of the data directory is searched, WALs too, and a backup of before: whoever has it
can open nothing with the keys that there are now.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from stenolog.bootstrap.backing_up import back_up
from stenolog.bootstrap.restoring import Sources, restore
from stenolog.config.settings import Settings
from stenolog.errors import KeyMissing, StoreError
from tests.house.composed import Composed, composed
from tests.http.asking import get, refusal
from tests.http.spoken import BASE, answer_of

PHRASE = "quokkaberry zanthoxylum vervecine"
SUBJECT = "patient-quokka-4711"
WORD = "quokkaberry"
KEPT = "ombrophilous remains"
NEEDLES = (PHRASE, *PHRASE.split(), SUBJECT)
ERASURES, HOLDS = "/api/v1/erasures", "/api/v1/holds"


async def said(service: Composed, text: str, subject: str) -> str:
    """A finished transcription, in the views and in the search index."""
    answer = await service.client.post(
        BASE,
        json={"audio_url": "https://a.example/a.mp3", "prompt": text, "subject": subject},
    )
    transcription_id = str(answer.json()["id"])
    await service.claim(transcription_id)
    await service.accept(transcription_id)
    words = [
        {"text": word, "start": 10 * n, "end": 10 * n + 9, "confidence": 0.9, "speaker": "A"}
        for n, word in enumerate(text.split())
    ]
    await service.complete(transcription_id, answer_of(text=text, words=words, utterances=[]))
    await service.projected()
    await service.indexed()
    return transcription_id


def places_of(directory: Path, needle: str) -> set[str]:
    """The names of all files that hold it, in whatever case."""
    found = needle.lower().encode()
    return {
        str(file.relative_to(directory))
        for file in directory.rglob("*")
        if file.is_file() and found in file.read_bytes().lower()
    }


async def erased(service: Composed, **what: str) -> dict[str, Any]:
    order = (await service.client.post(ERASURES, json=what)).json()
    while await service.edge.forgetting.performer.round():
        pass
    return await get(service, f"{ERASURES}/{order['id']}")


async def test_no_file_has_a_word_of_it_and_a_backup_opens_no_more(tmp_path: Path) -> None:
    data, backup, again = tmp_path / "data", tmp_path / "backup", tmp_path / "again"
    async with composed(data) as service:
        gone, kept = await said(service, PHRASE, SUBJECT), await said(service, KEPT, "somebody")
        wrapped = await service.keys.data_key_of(f"transcription-{gone}")
        assert wrapped is not None
        assert places_of(data, WORD), "the index has words in clear: looking finds them"
        await asyncio.to_thread(back_up, Settings(data_dir=data), backup, uploads=True, step=_told)
        certificate = await erased(service, subject=SUBJECT)
        assert (certificate["status"], certificate["erased"]) == ("erased", 1)
        for needle in NEEDLES:
            assert places_of(data, needle) == set(), needle
        assert not any(
            wrapped.box in file.read_bytes() for file in data.rglob("*") if file.is_file()
        )
        assert places_of(data, KEPT.split(maxsplit=1)[0]), "what stays is there"
    for needle in NEEDLES:
        assert places_of(backup, needle) == set(), f"{needle}: a backup has sealed content alone"
    (data / "master-key").rename(tmp_path / "master-key")
    again.mkdir()
    (again / "master-key").write_bytes((tmp_path / "master-key").read_bytes())
    sources = Sources(log=backup / "log", keys=backup / "keys", newer_log=data)
    await restore(Settings(data_dir=again), sources, _told)
    async with composed(again) as service:
        await service.projector.rebuild("all")
        await service.projected()
        await service.indexed()
        assert (await get(service, f"{BASE}/{gone}"))["erased"] is True
        assert (await get(service, f"{BASE}/{kept}"))["text"] == KEPT
        [completed] = [
            one for one in await service.stream(gone) if one.type == "transcription.completed"
        ]
        with pytest.raises((KeyMissing, StoreError)):
            await service.handler.payload_of(completed.id, completed.position)
        for needle in NEEDLES:
            assert places_of(again, needle) == set(), needle


async def test_of_a_hold_and_a_deletion_at_the_same_moment_one_is_first(
    tmp_path: Path,
) -> None:
    async with composed(tmp_path) as service:
        ids = [await said(service, f"{KEPT} {n}", "somebody") for n in range(8)]
        answers = await asyncio.gather(
            *(service.client.delete(f"{BASE}/{one}") for one in ids),
            *(
                service.client.post(HOLDS, json={"transcript_id": one, "reason": "why"})
                for one in reversed(ids)
            ),
        )
        deleted = {
            one for one, answer in zip(ids, answers, strict=False) if answer.status_code == 200
        }
        for one in ids:
            types = [event.type for event in await service.stream(one)]
            held_first = "erasure.requested" not in types or (
                types.index("erasure.requested") > types.index("hold.applied")
            )
            assert ("erasure.requested" in types) == (one in deleted)
            assert not (held_first and one in deleted), "nothing is erased behind a hold"
        for one in set(ids) - deleted:
            assert (await refusal(service, "DELETE", f"{BASE}/{one}"))["status"] == 409


def _told(step: str) -> None:
    """Nobody looks."""
