"""Make entries of the search index, and look for words in its files as bytes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.search.entry import Change, Finding, Put
from stenolog.projections.search.index import Hit, Narrowed, Search
from stenolog.projections.search.passages import Passage
from stenolog.projections.search.query import read_query
from stenolog.stores.search.store import SearchIndex

ADA, BOB = "tenant-ada", "tenant-bob"
DAY = "2026-11-{:02d}T12:00:00.000000Z"


def put(
    number: int, *texts: str, tenant: str = ADA, subject: str | None = None, **more: object
) -> Put:
    """A transcription that was asked for on that day of November, said by A and B in turns."""
    findings = more.get("findings", ())
    assert isinstance(findings, tuple)
    return Put(
        transcription=f"id-{number:04d}",
        tenant=tenant,
        position=number,
        created_at=DAY.format(number % 30 + 1),
        subject=subject,
        passages=tuple(
            Passage(text=text, start_ms=1_000 * at, end_ms=1_000 * at + 900, speaker="AB"[at % 2])
            for at, text in enumerate(texts)
        ),
        findings=tuple(one for one in findings if isinstance(one, Finding)),
    )


async def store(index: SearchIndex, *changes: Change, position: int = 1) -> None:
    """Make these changes in an index that is ready."""
    if (await index.state()).filled_until is None:
        await index.begin(until=0)
    await index.advance(changes, to=Checkpoint(position=position, event_id="event"))


async def hits(index: SearchIndex, query: str, tenant: str = ADA, **more: str) -> list[Hit]:
    """Everything that is found, page by page."""
    among = Narrowed(
        tenant=tenant,
        subject=more.get("subject"),
        created_from=more.get("created_from"),
        created_to=more.get("created_to"),
    )
    found: list[Hit] = []
    after = None
    while True:
        page = await index.search(
            Search(
                terms=read_query(query),
                among=among,
                speaker=more.get("speaker"),
                limit=7,
                after=after,
            )
        )
        found += page.hits
        after = page.next
        if after is None:
            return found


async def found_in(index: SearchIndex, query: str, tenant: str = ADA, **more: str) -> list[str]:
    """The transcriptions in which it is found, in the order in which they are."""
    return list(
        dict.fromkeys(one.transcription for one in await hits(index, query, tenant, **more))
    )


def words_left(directory: Path, words: Sequence[str]) -> list[str]:
    """Which of these stand in any file of the directory, in any case."""
    held = b"".join(file.read_bytes() for file in directory.rglob("*") if file.is_file()).lower()
    return [word for word in words if word.lower().encode() in held]
