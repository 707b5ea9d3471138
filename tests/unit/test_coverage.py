"""How old what no tree head covers is, told by a clock that may have been set."""

from __future__ import annotations

from contextlib import closing

import pytest

from stenolog.clock import microseconds, rfc3339
from stenolog.compliance.compared_heads import ComparedHeads
from stenolog.compliance.coverage import uncovered
from stenolog.log.event import Event
from stenolog.log.events.logs import ClockJumped
from stenolog.stores.sqlite.checks.scratch import SqliteScratch
from tests.log_samples import ACTOR, CORRELATION, LOG_ID, TENANT

BASE_S = 1_700_000_000
HOUR_S = 3_600
JUMPED_MS = 2 * HOUR_S * 1_000


def at(position: int, second: int, jumped_ms: int = 0) -> Event:
    """An event at this second; with `jumped_ms` it says that the clock was off by so much."""
    data = {"off_ms": jumped_ms, "reason": "agreed"} if jumped_ms else {"bytes": 1}
    return Event(
        position=position,
        id=f"018f2f9e-7c1a-7d3b-8a4e-{position:012}",
        stream=f"log-{LOG_ID}",
        version=position,
        previous=position - 1,
        sequence=0,
        type=ClockJumped.type if jumped_ms else "upload.stored",
        time=rfc3339((BASE_S + second) * 1_000_000),
        tenant=TENANT,
        actor=ACTOR,
        correlation_id=CORRELATION,
        causation_id=None,
        data=data,
        commitment=None,
        schema=1,
    )


@pytest.mark.parametrize(
    ("events", "now_s", "said"),
    [
        ([at(2, 0)], 60, ""),
        ([at(2, 0)], 180, "heads were lost"),
        # The clock was two hours behind, and was believed a moment ago.
        ([at(2, 0), at(3, 2 * HOUR_S + 30, JUMPED_MS), at(4, 2 * HOUR_S + 31)], 7_260, ""),
        ([at(2, 0), at(3, 2 * HOUR_S + 30, JUMPED_MS)], 2 * HOUR_S + 180, "heads were lost"),
        # A start that was so long in coming excuses nobody: it writes a head before anything else.
        ([at(2, 0), at(3, 2 * HOUR_S)], 2 * HOUR_S + 30, "heads were lost"),
        # It was set back, and events stand still: that is known once it was believed.
        ([at(2, 2 * HOUR_S)], 0, "the clock here is behind them"),
        ([at(2, 2 * HOUR_S), at(3, 2 * HOUR_S, -JUMPED_MS)], 0, ""),
    ],
)
def test_events_are_as_old_as_a_recorded_jump_explains(
    events: list[Event], now_s: int, said: str
) -> None:
    with closing(SqliteScratch()) as scratch:
        compared = ComparedHeads(scratch)
        compared.count = compared.covered = 1
        for event in events:
            compared.passed(event)
        last = events[-1]
        now_us = (BASE_S + now_s) * 1_000_000
        sentences = list(uncovered(last.position, microseconds(last.time), compared, now_us))
    assert len(sentences) == bool(said)
    assert said in "".join(sentences)
