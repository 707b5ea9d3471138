"""The index follows the log: what is shown can be found, and nothing else, now and after a loss."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from stenolog.commands.transcription.commands import AcceptSubmission
from stenolog.errors import NotFound
from stenolog.projections.search.entry import Drop
from stenolog.stores.search.connection import open_reader
from tests.house.composed import Composed, composed
from tests.http.spoken import URL
from tests.search.said import done, said
from tests.search.stored import found_in, words_left

pytestmark = pytest.mark.anyio

SAID = "the secretsentence that must go"
OPENED: list[str] = []
sys.addaudithook(
    lambda event, given: OPENED.append(str(given[0])) if event == "sqlite3.connect" else None
)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Composed]:
    async with composed(tmp_path) as running:
        yield running


async def found(service: Composed, query: str, **more: str) -> list[str]:
    """In which transcriptions of the first key's tenant it is found, once all is indexed."""
    await service.indexed()
    (key,) = await service.keys.api_keys(None, after="", limit=1)
    return await found_in(service.search, query, key.tenant, **more)


async def test_what_was_said_is_found_once_it_is_completed(service: Composed) -> None:
    submitted, _ = await service.submitted(audio_url=URL)
    assert await found(service, "secretsentence") == []
    await service.complete(submitted, said(text=SAID))
    failed, _ = await service.submitted(audio_url=URL)
    await service.fail(failed, "no secretsentence")
    assert await found(service, "secretsentence") == [submitted]


async def test_words_sentences_and_utterances_are_passages_with_their_times(
    service: Composed,
) -> None:
    words = [
        {"text": text, "start": 100 * at, "end": 100 * at + 90, "confidence": 0.9, "speaker": "A"}
        for at, text in enumerate(["Hello", "there.", "Nobody", "refunds", "alone."])
    ]
    by_words = await done(service, text="Hello there. Nobody refunds alone.", words=words)
    utterance = {"speaker": "B", "start": 5, "end": 900, "text": "My order please.", "words": []}
    by_turn = await done(service, text="My order please.", utterances=[utterance])
    assert await found(service, '"nobody refunds"', speaker="A") == [by_words]
    assert await found(service, "order", speaker="B") == [by_turn]
    assert await found(service, "order", speaker="A") == []


async def test_a_subject_narrows_it(service: Composed) -> None:
    one = await done(service, subject="patient-7", text=SAID)
    await done(service, text=SAID)
    assert await found(service, "secretsentence", subject="patient-7") == [one]
    assert await found(service, "secretsentence", subject="patient-8") == []


@pytest.mark.parametrize("indexed", [True, False])
async def test_delete_answers_when_no_file_has_it(
    service: Composed, tmp_path: Path, indexed: bool
) -> None:
    gone = await done(service, text=SAID)
    kept = await done(service, text="another sentence")
    if indexed:
        assert await found(service, "secretsentence") == [gone]
        assert words_left(tmp_path, ["secretsentence"]) == ["secretsentence"]
    answer = await service.client.delete(f"/v2/transcript/{gone}")
    assert answer.status_code == 200
    assert words_left(tmp_path, ["secretsentence"]) == []
    assert await found(service, "sentence") == [kept]
    await service.indexer.rebuild()
    assert await found(service, "sent*") == [kept]
    assert words_left(tmp_path, ["secretsentence"]) == []


async def test_what_is_erased_is_not_indexed_again_while_its_key_is_needed(
    service: Composed, tmp_path: Path
) -> None:
    """A job that is known by a sealed handle alone keeps the key until the provider removed it."""
    gone = await service.submit()
    await service.claim(gone)
    await service.run(
        gone,
        AcceptSubmission(number=1, provider_job=None, adopted=False),
        submission_accepted=b'{"provider_job":"a job/1"}',
    )
    await service.complete(gone, said(text=SAID))
    assert (await service.client.delete(f"/v2/transcript/{gone}")).status_code == 200
    await service.indexer.rebuild()
    assert await found(service, "secretsentence") == []
    assert words_left(tmp_path, ["secretsentence"]) == []


async def test_a_rebuild_finds_the_same_and_its_state_is_told(service: Composed) -> None:
    ids = [await done(service, text=f"{SAID} {number}") for number in range(3)]
    before = await found(service, "secretsentence")
    assert sorted(before) == sorted(ids)
    assert await service.indexer.rebuild("search") == ("search",)
    status = await service.indexer.status()
    assert (status.name, status.rebuilding, status.position) == ("search", 0, 0)
    assert await found(service, "secretsentence") == before
    status = await service.indexer.status()
    assert (status.rebuilding, status.failures) == (None, 0)
    assert status.position == await service.events.head()
    with pytest.raises(NotFound):
        await service.indexer.rebuild("words")


async def test_a_rebuild_makes_the_same_rows_as_following_did(
    service: Composed, tmp_path: Path
) -> None:
    words = [{"text": "Nell", "start": 0, "end": 9, "confidence": 0.9, "speaker": "A"}]
    named = {"entity_type": "person_name", "text": "Nell", "start": 0, "end": 9}
    for number in range(6):
        one = await done(service, subject=f"s{number}", words=words, text="Nell", entities=[named])
        await service.indexed()
        if number % 3 == 0:
            await service.client.delete(f"/v2/transcript/{one}")
    await service.indexed()
    followed = rows(tmp_path)
    assert [len(followed[table]) for table in followed] == [4, 4, 4, 4]
    await service.indexer.rebuild()
    await service.indexed()
    assert rows(tmp_path) == followed


def rows(directory: Path) -> dict[str, list[Any]]:
    """What the index holds, table by table, and which passages have a word of it."""
    reader = open_reader(directory / "search.db")
    tables = ("transcripts", "passages", "findings")
    held = {one: reader.execute(f"SELECT * FROM {one} ORDER BY 1, 2").fetchall() for one in tables}
    found = reader.execute("SELECT rowid FROM words WHERE words MATCH 'said : \"nell\"'").fetchall()
    reader.close()
    return {**held, "found": found}


async def test_what_cannot_be_read_leaves_out_that_transcript_alone(service: Composed) -> None:
    odd = await done(service, text=SAID, utterances="no list")
    kept = await done(service, text=SAID)
    assert await found(service, "secretsentence") == [kept]
    assert (await service.indexer.status()).failures == 1
    assert (await service.client.delete(f"/v2/transcript/{odd}")).status_code == 200
    await service.indexed()
    assert (await service.indexer.status()).failures == 0


async def test_what_failed_is_tried_again_at_the_next_start(tmp_path: Path) -> None:
    """A key that was lost may be there again."""
    async with composed(tmp_path) as service:
        one = await done(service, text=SAID)
        await service.indexed()
        (completed,) = [e for e in await service.stream(one) if e.type == "transcription.completed"]
        failed = Drop(transcription=one, failed=(completed.position, "its key is lost"))
        state = await service.search.state()
        await service.search.advance([failed], to=state.checkpoint)
        assert await found(service, "secretsentence") == []
    async with composed(tmp_path) as service:
        assert await found(service, "secretsentence") == [one]
        assert (await service.indexer.status()).failures == 0


async def test_a_lost_or_damaged_file_is_filled_again_at_the_next_start(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        one = await done(service, text=SAID)
        assert await found(service, "secretsentence") == [one]
    (tmp_path / "search.db").write_bytes(b"\xa5" * 20_000)
    async with composed(tmp_path) as service:
        assert await found(service, "secretsentence") == [one]
    (tmp_path / "search.db").unlink()
    async with composed(tmp_path) as service:
        assert await found(service, "secretsentence") == [one]


def descriptors() -> list[str]:
    """What this process has open."""
    return [os.path.realpath(f"/proc/self/fd/{one}") for one in os.listdir("/proc/self/fd")]


async def test_one_file_is_opened_by_one_library(service: Composed, tmp_path: Path) -> None:
    """Two of them in one process would drop each other's locks."""
    await done(service, text=SAID)
    await service.projected()
    await found(service, "secretsentence")
    held = {os.path.basename(one) for one in descriptors()}
    assert {"log.db", "keys.db", "views.db", "work.db", "search.db"} <= held
    by_apsw = {one.filename for one in apsw.connections()}
    assert {os.path.basename(name) for name in by_apsw} == {"search.db"}
    assert not [name for name in OPENED if "search.db" in name]
    assert any("views.db" in name for name in OPENED)


async def test_a_long_transcript_is_indexed_beside_the_event_loop(service: Composed) -> None:
    long = await done(service, text="so it was said, " * 40_000 + "the secretsentence")
    assert await found(service, "secretsentence") == [long]
    assert service.indexer._side_process.process_ids()
