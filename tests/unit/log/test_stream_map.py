"""The map of streams, grown step by step, is that over all events at once."""

from __future__ import annotations

import json
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from stenolog.log.merkle import Place
from stenolog.log.proofs import inclusion_parts, root_from_inclusion
from stenolog.log.stream_map import EMPTY, TILE, StreamEnd, StreamMap, grouped, tile_hash
from stenolog.log.subtrees import hash_of, spans_for
from tests import rfc6962, stream_maps

Streams = Sequence[int]
"""The stream of each event, in order."""


def stored(streams: Streams) -> list[bytes]:
    versions: dict[int, int] = {}
    events = []
    for position, stream in enumerate(streams, start=1):
        versions[stream] = versions.get(stream, 0) + 1
        event = {"position": position, "stream": f"thing-{stream}", "version": versions[stream]}
        events.append(json.dumps(event).encode())
    return events


def ends(streams: Streams, size: int, among: range) -> list[StreamEnd]:
    """The streams that begin in these tiles, as they end after `size` events."""
    found: dict[int, StreamEnd] = {}
    for position, stream in enumerate(streams[:size], start=1):
        before = found.get(stream)
        found[stream] = StreamEnd(
            first=before.first if before else position,
            stream=f"thing-{stream}",
            version=before.version + 1 if before else 1,
            position=position,
        )
    return [end for end in found.values() if (end.first - 1) // TILE in among]


def grow(streams: StreamMap, history: Streams, size: int) -> None:
    begun = {history.index(one) + 1 for one in history[streams.size : size]}
    for numbers in grouped(streams.stale(begun, size), 2):
        streams.put(numbers, size, ends(history, size, numbers))


@settings(max_examples=25, deadline=None)
@given(
    history=st.lists(st.integers(0, 90), min_size=1, max_size=700),
    steps=st.lists(st.integers(1, 700), max_size=4),
)
def test_a_map_that_grows_in_steps_is_that_of_all_events(
    history: list[int], steps: list[int]
) -> None:
    streams = StreamMap()
    events = stored(history)
    for size in sorted({min(step, len(history)) for step in (*steps, len(history))}):
        grow(streams, history, size)
        assert streams.size == size
        assert streams.root().hex() == stream_maps.root(events[:size])
    whole = len(history) // TILE
    rest = ends(history, len(history), range(whole, whole + 1))
    again = StreamMap(len(history), bytes(streams.tiles), rest)
    assert again.root() == streams.root()


@settings(max_examples=25, deadline=None)
@given(history=st.lists(st.integers(0, 400), min_size=1, max_size=600), data=st.data())
def test_a_proof_leads_from_a_streams_end_to_the_root(
    history: list[int], data: st.DataObject
) -> None:
    streams, size = StreamMap(), len(history)
    grow(streams, history, size)
    all_ends = {end.first: end for end in ends(history, size, range(size))}
    end = all_ends[data.draw(st.sampled_from(sorted(all_ends)))]
    parts = inclusion_parts(end.first - 1, size)
    leaves = {first - 1: one.leaf() for first, one in all_ends.items()}
    kept = {
        Place(span.level, number): streams.node(Place(span.level, number), leaves)
        for span in spans_for(parts)
        for number in range(span.first, span.last + 1)
    }
    path = [hash_of(part, kept) for part in parts]
    leaf = rfc6962.leaf_of(end.entry())
    assert root_from_inclusion(end.first - 1, size, leaf, path) == streams.root()
    assert rfc6962.root_of_path(end.first - 1, size, leaf, path) == streams.root()


def test_a_tile_without_streams_is_the_tree_of_empty_entries() -> None:
    assert tile_hash({}) == EMPTY[-1] == rfc6962.tree_hash([b""] * TILE)


def test_a_map_of_a_million_streams_has_a_bit_for_each_event() -> None:
    streams = StreamMap()
    streams.put(range(0, 4_000), 4_000 * TILE, ())
    assert len(streams.tiles) == 4_000 * 32
