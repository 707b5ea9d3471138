"""What is known of an endpoint."""

from __future__ import annotations

from stenolog.clock import microseconds
from stenolog.endpoints.state import Endpoint

WARNED_AT = "2026-11-30T12:00:00.000000Z"


def test_a_warning_counts_while_it_is_the_same_failing_that_goes_on() -> None:
    warned_ms = microseconds(WARNED_AT) // 1000
    endpoint = Endpoint(id="e", warned=2, warned_at=WARNED_AT)
    assert endpoint.warned_since(warned_ms - 1) == 2
    assert endpoint.warned_since(warned_ms + 1) == 0, "it has succeeded since: each stage again"
    assert Endpoint(id="e").warned_since(0) == 0
