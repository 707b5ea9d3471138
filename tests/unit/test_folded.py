"""Log lines that an attack would repeat are folded into one a minute."""

from __future__ import annotations

import structlog

from stenolog.bootstrap.http.folded import FOLDED_MS, Folded


def test_the_first_is_said_at_once_and_the_next_minute_says_how_many_there_were() -> None:
    now = 0.0
    folded = Folded(lambda: now)
    with structlog.testing.capture_logs() as lines:
        for _ in range(1_000):
            folded.info("closed", reason="slow")
        folded.info("closed", reason="unread")
        folded.warning("closed", advice="look")
        now += FOLDED_MS / 1000
        folded.info("closed", reason="slow")
    assert [(line["log_level"], line.get("reason"), line["times"]) for line in lines] == [
        ("info", "slow", 1),
        ("info", "unread", 1),
        ("warning", None, 1),
        ("info", "slow", 1_000),
    ]
