"""What a store keeps of its tree gives the root and the proofs of any size that it ever had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from stenolog.errors import StoreError
from stenolog.log.canonical import leaf_hash
from stenolog.log.merkle import LEVELS_PER_TILE, Frontier, Node, Place
from stenolog.log.proofs import consistency_parts, inclusion_parts
from stenolog.log.store import EVENTS_PER_APPEND_MAX, EVENTS_PER_READ_MAX
from stenolog.log.subtrees import Part, Span, hash_of, spans_for
from tests import rfc6962
from tests.conformance.conftest import Opener, ProvenStore
from tests.log_samples import several

TILE = 1 << LEVELS_PER_TILE
EVENTS = 2 * TILE + 40


async def fill(store: ProvenStore, events: int = EVENTS) -> None:
    """Appends whose sizes do not fit the tiles."""
    while missing := events - await store.head():
        await store.append("thing-1", several(min(EVENTS_PER_APPEND_MAX - 1, missing)))


async def stored(store: ProvenStore) -> list[bytes]:
    found: list[bytes] = []
    while page := await store.read(after=len(found), limit=EVENTS_PER_READ_MAX):
        found += [event.to_bytes() for event in page]
    return found


async def hashes(store: ProvenStore, parts: Sequence[Part]) -> list[bytes]:
    kept = await store.nodes(spans_for(parts))
    return [hash_of(part, kept) for part in parts]


@pytest.mark.parametrize("size", [1, 2, TILE - 1, TILE, TILE + 1, 2 * TILE, EVENTS - 1, EVENTS])
async def test_roots_and_proofs_are_those_of_rfc_6962(store: ProvenStore, size: int) -> None:
    await fill(store)
    leaves = (await stored(store))[:size]
    assert await hashes(store, [Part(0, size)]) == [rfc6962.tree_hash(leaves)]
    for index in {0, size // 2, size - 1}:
        assert await hashes(store, inclusion_parts(index, size)) == rfc6962.path(index, leaves)
        old = index + 1
        assert await hashes(store, consistency_parts(old, size)) == rfc6962.proof(old, leaves)


async def test_kept_nodes_are_there_when_the_log_is_opened_again(
    opened: Opener, tmp_path: Path
) -> None:
    async with opened(tmp_path) as store:
        await fill(store, TILE - 1)
    async with opened(tmp_path) as store:
        await fill(store, 2 * TILE + 1)
    async with opened(tmp_path) as store:
        leaves = [leaf_hash(one) for one in await stored(store)]
        frontier, completed = Frontier().grown(leaves)
        assert await store.frontier() == frontier
        kept = await store.nodes([Span(level=LEVELS_PER_TILE, first=0, last=1)])
        assert [Node(place=place, hash=one) for place, one in kept.items()] == completed
        both = await store.nodes([Span(level=0, first=3, last=3), Span(level=0, first=9, last=9)])
        assert both == {Place(0, 3): leaves[3], Place(0, 9): leaves[9]}


async def test_nodes_that_are_not_there_are_an_error(store: ProvenStore) -> None:
    await fill(store, 3)
    assert await store.nodes([]) == {}
    for missing in (Span(level=0, first=2, last=3), Span(level=LEVELS_PER_TILE, first=0, last=0)):
        with pytest.raises(StoreError, match="log verify"):
            await store.nodes([missing])
