"""What the log's end in memory answers, and what it leaves to the file."""

from __future__ import annotations

from stenolog.log.event import Event
from stenolog.log.tail import LogTail


def events(first: int, last: int, streams: int = 2) -> list[Event]:
    """Positions `first` to `last`, taking turns in as many streams from position 1 on."""
    return [
        Event(
            position=position,
            id=str(position),
            stream=f"upload-{position % streams}",
            version=(position - 1) // streams + 1,
            previous=max(0, position - streams),
            sequence=0,
            type="upload.released",
            time="2026-11-21T08:00:00.000000Z",
            tenant="t",
            actor="a",
            correlation_id="c",
            causation_id=None,
            data={},
            commitment=None,
        )
        for position in range(first, last + 1)
    ]


def positions(found: list[Event] | None) -> list[int] | None:
    return None if found is None else [event.position for event in found]


def test_a_tail_that_has_seen_nothing_knows_that_nothing_is_behind_the_head() -> None:
    tail = LogTail(7)
    assert tail.read(7, 10) == []
    assert tail.read(6, 10) is None
    assert tail.read_stream("upload-1", 3, 10) is None


def test_what_was_committed_is_read_up_to_the_limit() -> None:
    tail = LogTail(0)
    tail.extend(events(1, 4), 4)
    tail.extend(events(5, 6), 6)
    assert positions(tail.read(0, 10)) == [1, 2, 3, 4, 5, 6]
    assert positions(tail.read(2, 3)) == [3, 4, 5]
    assert positions(tail.read(6, 3)) == []
    assert positions(tail.read_stream("upload-1", 0, 10)) == [1, 3, 5]
    assert positions(tail.read_stream("upload-1", 1, 1)) == [3]
    assert positions(tail.read_stream("upload-0", 3, 10)) == []


def test_a_stream_is_known_only_from_the_version_on_that_the_tail_has() -> None:
    tail = LogTail(4)
    tail.extend(events(5, 8), 8)
    assert tail.read_stream("upload-1", 1, 10) is None
    assert positions(tail.read_stream("upload-1", 2, 10)) == [5, 7]
    assert tail.read_stream("upload-2", 0, 10) is None


def test_the_oldest_events_are_forgotten() -> None:
    tail = LogTail(0, kept=4)
    for last in range(1, 30):
        tail.extend(events(last, last), last)
        remembered = positions(tail.read(max(0, last - 4), 10))
        assert remembered == [*range(max(1, last - 3), last + 1)]
        assert tail.read(last - 10, 10) is None or last < 10
        known = tail.read_stream(f"upload-{last % 2}", (last + 1) // 2 - 1, 10)
        assert positions(known) == [last]


def test_after_a_gap_only_what_is_behind_it_is_known() -> None:
    tail = LogTail(0)
    tail.extend(events(1, 4), 4)
    tail.extend([], 5)  # a commit whose outcome was unknown turned out to be there
    assert tail.read(4, 10) is None
    assert tail.read(5, 10) == []
    assert tail.read_stream("upload-1", 0, 10) is None
    tail.extend(events(6, 7), 7)
    assert positions(tail.read(5, 10)) == [6, 7]
    assert tail.read_stream("upload-1", 2, 10) is None
    assert positions(tail.read_stream("upload-1", 3, 10)) == [7]
