"""Name AIMLAPI's bad days, so that a test can ask for one in a word."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

from stenolog.simulator.aimlapi import behaviour
from stenolog.simulator.aimlapi.behaviour import Behaviour
from stenolog.simulator.assemblyai.behaviour import (
    BAD_GATEWAY,
    DROPPED,
    MALFORMED,
    TOO_LARGE_PAGE,
    WEB_PAGE,
)
from stenolog.wire.aimlapi import errors

QUERY = "day"  # the parameter of an audio URL that names its day
FORGOTTEN_AFTER_MS = 200

DAYS: Mapping[str, Behaviour] = {
    "good": Behaviour(),
    # Every published form of an answer, and what clients have met besides.
    "pages": Behaviour(variant="pages", create_status=200),
    "newer": Behaviour(variant="newer", waiting="queued", active="generating", create_status=200),
    "other-words": Behaviour(waiting="pending", active="processing", completed="succeeded"),
    "unknown-word": Behaviour(active="thinking", completed="voilà"),
    # Jobs that end badly.
    "audio-error": Behaviour(error="The audio could not be downloaded."),
    "failed": Behaviour(error="No speech.", failed="failed", variant="newer"),
    "timeout": Behaviour(error="Generation timeout", failed="timeout"),
    "never": Behaviour(never_ends=True),
    "forgotten": Behaviour(run_ms=0, waiting_ms=0, expires_ms=FORGOTTEN_AFTER_MS),
    # Creates.
    "lost-reply": Behaviour(lost_reply=True),
    "create-page": Behaviour(lost_reply=True, reply=BAD_GATEWAY),
    "create-413-page": Behaviour(create_faults=(TOO_LARGE_PAGE,)),
    "create-dropped": Behaviour(create_faults=(DROPPED,)),
    "create-400": Behaviour(create_faults=(behaviour.refusal(400, errors.BODY_INVALID),) * 9),
    "create-401": Behaviour(create_faults=(behaviour.UNAUTHENTICATED,)),
    "create-no-credits": Behaviour(create_faults=(behaviour.NO_CREDITS,)),
    "create-429": Behaviour(create_faults=(behaviour.too_many_requests(1),)),
    "create-500": Behaviour(create_faults=(behaviour.SERVER_ERROR,)),
    "create-503": Behaviour(create_faults=(behaviour.UNAVAILABLE,)),
    "create-504": Behaviour(create_faults=(behaviour.TIMED_OUT,)),
    # Reads.
    "read-429": Behaviour(read_faults=(behaviour.too_many_requests(1),)),
    "read-500": Behaviour(read_faults=(behaviour.SERVER_ERROR,)),
    "read-404": Behaviour(read_faults=(behaviour.refusal(404, errors.NOT_FOUND),)),
    "read-cut-off": Behaviour(read_faults=(MALFORMED,)),
    "read-web-page": Behaviour(read_faults=(WEB_PAGE,)),
}


def of_day(fields: Mapping[str, object]) -> Behaviour:
    """Return how a job goes whose audio URL names a day, as in `?day=lost-reply`; else well."""
    names = parse_qs(urlsplit(str(fields.get("url") or "")).query).get(QUERY, ())
    return DAYS[names[0]] if names and names[0] in DAYS else DAYS["good"]
