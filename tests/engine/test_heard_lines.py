"""The line of a word is known by when the word begins."""

from __future__ import annotations

from stenolog.engine.worker.heard_lines import NO_LINE, HeardLines
from stenolog.intelligence.redaction import HeardLine


def line(start_ms: int) -> HeardLine:
    return HeardLine(start_ms=start_ms, end_ms=start_ms + 2_000, margin_ms=start_ms // 10)


def test_a_word_is_in_the_last_line_that_has_begun() -> None:
    lines = HeardLines()
    for start_ms in (1_000, 5_000, 9_000):
        lines.add(line(start_ms))
    moments = (10, 1_000, 4_999, 5_000, 9_000, 60_000)
    assert [lines.at(ms).start_ms for ms in moments] == [1_000, 1_000, 1_000, 5_000, 9_000, 9_000]
    assert lines.later(100).at(5_100) == HeardLine(start_ms=5_100, end_ms=7_100, margin_ms=500)


def test_without_lines_nothing_is_around_a_word() -> None:
    assert HeardLines().at(500) == NO_LINE
