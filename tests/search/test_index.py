"""What a search finds: a tenant's own, in every way that it can be asked for."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from stenolog.errors import StoreUnavailable
from stenolog.log.checkpoint import Checkpoint
from stenolog.projections.search.entry import Drop
from stenolog.projections.search.index import Narrowed, Search, SearchNotReady, SearchTooLong
from stenolog.projections.search.query import read_query
from stenolog.stores.search.connection import search_errors, within_time
from stenolog.stores.search.reading import RANKED_TOGETHER
from stenolog.stores.search.store import READS_MAX, SearchIndex
from tests.search.stored import ADA, BOB, DAY, found_in, hits, put, store

pytestmark = pytest.mark.anyio


async def test_every_way_of_asking_finds_the_passage(index: SearchIndex) -> None:
    said = "Don’t refund the Café order 66 in 東京都庁, naïvely"
    await store(index, put(1, "Hello there.", said), put(2, "Nothing of it."))
    asked = ["refund", "REFUND", "don't", "cafe order", '"the cafe order"', "ref*", '"café ord*"']
    asked += ["東京", "京都", "都庁", "京", "庁", "東京都庁", "naively", "order AND refund", "66"]
    for query in asked:
        assert await found_in(index, query) == ["id-0001"], query
    for query in ['"order refund"', "refunded", "hello refund", "東庁", "refund nothing", "efund*"]:
        assert await found_in(index, query) == [], query
    (hit,) = await hits(index, "refund")
    assert (hit.start_ms, hit.end_ms, hit.speaker) == (1_000, 1_900, "B")
    assert [hit.snippet.text[slice(*mark)] for mark in hit.snippet.marks] == ["refund"]


async def test_another_tenant_finds_its_own_alone(index: SearchIndex) -> None:
    await store(index, put(1, "the refund"), put(2, "the refund", tenant=BOB))
    assert await found_in(index, "refund") == ["id-0001"]
    assert await found_in(index, "refund", BOB) == ["id-0002"]
    assert await found_in(index, "refund", "tenant") == []


async def test_what_is_found_is_narrowed(index: SearchIndex) -> None:
    await store(
        index,
        put(1, "a refund", "a refund", subject="ann"),
        put(2, "a refund", "no", subject="ben"),
        put(3, "a refund", "no"),
    )
    assert await found_in(index, "refund") == ["id-0003", "id-0002", "id-0001"]
    assert await found_in(index, "refund", speaker="B") == ["id-0001"]
    assert await found_in(index, "refund", speaker="C") == []
    assert await found_in(index, "refund", subject="ben") == ["id-0002"]
    assert await found_in(index, "refund", created_from=DAY.format(3)) == ["id-0003", "id-0002"]
    assert await found_in(index, "refund", created_to=DAY.format(3)) == ["id-0002", "id-0001"]
    among = {"created_from": DAY.format(3), "created_to": DAY.format(3)}
    assert await found_in(index, "refund", **among) == ["id-0002"]
    assert await found_in(index, "refund", created_from="2027") == []


async def test_the_best_comes_first_then_the_newest_then_in_order(index: SearchIndex) -> None:
    await store(index, put(1, "refund, refund"), put(2, "a refund", "and a refund"))
    found = await hits(index, "refund")
    assert [(one.transcription, one.start_ms) for one in found] == [
        ("id-0001", 0),
        ("id-0002", 0),
        ("id-0002", 1_000),
    ]
    assert found[0].rank > found[1].rank == found[2].rank > 0


async def test_another_tenants_words_change_no_rank(index: SearchIndex) -> None:
    await store(index, put(1, "a refund of it"))
    before = await hits(index, "refund it")
    await store(index, *(put(n, "refund " * 9, tenant=BOB) for n in range(2, 9)), position=9)
    assert await hits(index, "refund it") == before


async def test_pages_show_every_match_once_while_others_come_and_go(index: SearchIndex) -> None:
    passages = ["so " * (1 + at % 3) + f"number{at}" for at in range(RANKED_TOGETHER + 700)]
    await store(index, put(1, *passages))
    search = Search(terms=read_query("so"), among=Narrowed(tenant=ADA), limit=200)
    page = await index.search(search)
    await store(index, put(2, "so new"), position=2)
    seen = list(page.hits)
    while page.next is not None:
        page = await index.search(replace(search, after=page.next))
        seen += page.hits
    assert len({one.start_ms for one in seen}) == len(seen) == len(passages)
    ranks = [one.rank for one in seen]
    assert ranks[:RANKED_TOGETHER] == sorted(ranks[:RANKED_TOGETHER], reverse=True)


async def test_a_later_result_takes_the_place_of_an_earlier_one(index: SearchIndex) -> None:
    await store(index, put(1, "the first words"))
    await store(index, replace(put(2, "the second words"), transcription="id-0001"), position=2)
    assert await found_in(index, "first") == []
    assert await found_in(index, "second") == ["id-0001"]


async def test_what_failed_is_counted_until_it_is_indexed_or_erased(index: SearchIndex) -> None:
    await store(index, put(1, "some words"))
    await store(index, Drop(transcription="id-0001", failed=(2, "unreadable")), position=2)
    assert (await index.state()).failures == 1
    assert await found_in(index, "words") == []
    await store(index, Drop(transcription="id-0001"), position=3)
    assert (await index.state()).failures == 0


async def test_half_an_index_answers_nothing(index: SearchIndex) -> None:
    with pytest.raises(SearchNotReady, match="at 0 of"):
        await hits(index, "refund")
    await index.begin(until=7)
    await index.advance([put(5, "a refund")], to=Checkpoint(position=5, event_id="e"))
    with pytest.raises(SearchNotReady, match="at 5 of 7"):
        await hits(index, "refund")
    await index.advance([], to=Checkpoint(position=7, event_id="e"))
    assert await found_in(index, "refund") == ["id-0005"]


async def test_a_search_is_interrupted_at_its_limit_of_time(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / "any.db"))
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT max(x) FROM n"
    refused = pytest.raises(SearchTooLong, match="more than 2000 ms")
    with refused, search_errors(), within_time(connection, 20):
        connection.execute(endless).fetchall()
    assert connection.execute("SELECT 1").fetchall() == [(1,)]
    connection.close()


async def test_more_searches_than_wait_are_told_so(index: SearchIndex) -> None:
    await store(index, put(1, "a refund"))
    asked = [found_in(index, "refund") for _ in range(READS_MAX + 3)]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [one for one in answers if isinstance(one, StoreUnavailable)]
    assert len(refused) == 3
    assert answers.count(["id-0001"]) == READS_MAX
    assert await found_in(index, "refund") == ["id-0001"]
