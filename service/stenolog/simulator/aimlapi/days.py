"""Name AIMLAPI's bad days, so that `stenolog simulate` and tests can ask for one in a word."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stenolog.simulator.aimlapi import behaviour
from stenolog.simulator.aimlapi.behaviour import Behaviour
from stenolog.simulator.assemblyai.behaviour import (
    BAD_GATEWAY,
    DROPPED,
    MALFORMED,
    TOO_LARGE_PAGE,
    WEB_PAGE,
)
from stenolog.simulator.named_days import NamedDays
from stenolog.wire.aimlapi import errors

FILE = "sha256"  # the field that a job of a file is told by
FORGOTTEN_AFTER_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One kind of misbehaving job; `says`, for people, what happens."""

    says: str
    behaviour: Behaviour


DAYS: Mapping[str, Day] = {
    "good": Day(
        says="The job completes; its answers are those of the older schema.", behaviour=Behaviour()
    ),
    # Every published form of an answer, and what clients have met besides.
    "pages": Day(
        says="It is answered as the pages of the documentation have it: no id in the answers, 200.",
        behaviour=Behaviour(variant="pages", create_status=200),
    ),
    "newer": Day(
        says="It is answered in the newest schema's words: `id`, `output`, `queued`, `generating`.",
        behaviour=Behaviour(
            variant="newer", waiting="queued", active="generating", create_status=200
        ),
    ),
    "other-words": Day(
        says="Its status words are `pending`, `processing` and `succeeded`.",
        behaviour=Behaviour(waiting="pending", active="processing", completed="succeeded"),
    ),
    "unknown-word": Day(
        says="Its status words are in no document.",
        behaviour=Behaviour(active="thinking", completed="voilà"),
    ),
    "unknown-family": Day(
        says="Its result has the shape of a family that nobody knows yet.",
        behaviour=Behaviour(result_model="nobody/knows-it"),
    ),
    # Jobs that end badly.
    "audio-error": Day(
        says="The job fails for good: the audio cannot be downloaded.",
        behaviour=Behaviour(error="The audio could not be downloaded."),
    ),
    "failed": Day(
        says="It fails, and its status is `failed`.",
        behaviour=Behaviour(error="No speech.", failed="failed", variant="newer"),
    ),
    "timeout": Day(
        says="It fails at AIMLAPI, and its status is `timeout`.",
        behaviour=Behaviour(error="Generation timeout", failed="timeout"),
    ),
    "never": Day(says="It never ends.", behaviour=Behaviour(never_ends=True)),
    "forgotten": Day(
        says="Its result is gone a fifth of a second after its creation.",
        behaviour=Behaviour(run_ms=0, waiting_ms=0, expires_ms=FORGOTTEN_AFTER_MS),
    ),
    # Creates.
    "lost-reply": Day(
        says="The job is made, and the answer to its create is lost.",
        behaviour=Behaviour(lost_reply=True),
    ),
    "create-page": Day(
        says="The job is made, and something in between answers its create with 502.",
        behaviour=Behaviour(lost_reply=True, reply=BAD_GATEWAY),
    ),
    "create-413-page": Day(
        says="The first create is answered 413 by a proxy, and makes no job.",
        behaviour=Behaviour(create_faults=(TOO_LARGE_PAGE,)),
    ),
    "create-dropped": Day(
        says="The first create is never answered, and makes no job.",
        behaviour=Behaviour(create_faults=(DROPPED,)),
    ),
    "create-400": Day(
        says="Nine creates are answered 400: the body is wrong.",
        behaviour=Behaviour(create_faults=(behaviour.refusal(400, errors.BODY_INVALID),) * 9),
    ),
    "create-401": Day(
        says="The first create is answered 401, as for a bad key.",
        behaviour=Behaviour(create_faults=(behaviour.UNAUTHENTICATED,)),
    ),
    "create-no-credits": Day(
        says="The first create is answered 403: no credits are left.",
        behaviour=Behaviour(create_faults=(behaviour.NO_CREDITS,)),
    ),
    "create-429": Day(
        says="The first create is answered 429 with Retry-After: 1.",
        behaviour=Behaviour(create_faults=(behaviour.too_many_requests(1),)),
    ),
    "create-500": Day(
        says="The first create is answered 500, without a job.",
        behaviour=Behaviour(create_faults=(behaviour.SERVER_ERROR,)),
    ),
    "create-503": Day(
        says="The first create is answered 503.",
        behaviour=Behaviour(create_faults=(behaviour.UNAVAILABLE,)),
    ),
    "create-504": Day(
        says="The first create is answered 504, without a job.",
        behaviour=Behaviour(create_faults=(behaviour.TIMED_OUT,)),
    ),
    # Reads.
    "read-429": Day(
        says="The first read of the job is answered 429 with Retry-After: 1.",
        behaviour=Behaviour(read_faults=(behaviour.too_many_requests(1),)),
    ),
    "read-500": Day(
        says="The first read of the job is answered 500.",
        behaviour=Behaviour(read_faults=(behaviour.SERVER_ERROR,)),
    ),
    "read-404": Day(
        says="The first read of the job is answered 404, as if it were unknown.",
        behaviour=Behaviour(read_faults=(behaviour.refusal(404, errors.NOT_FOUND),)),
    ),
    "read-cut-off": Day(
        says="The first read of the job is answered with half a JSON object.",
        behaviour=Behaviour(read_faults=(MALFORMED,)),
    ),
    "read-web-page": Day(
        says="The first read of the job is answered 200 with a web page.",
        behaviour=Behaviour(read_faults=(WEB_PAGE,)),
    ),
}


def in_turn(names: Sequence[str]) -> Callable[[Mapping[str, object]], Behaviour]:
    """Jobs go by these days, one after the other and from the first again.

    An audio URL may name another one. What is given raises InvalidRequest for a URL that names none
    of the days.
    """
    days = {name: day.behaviour for name, day in DAYS.items()}
    named = NamedDays(days, names, lambda one: bool(one.create_faults))
    return lambda fields: named.of(str(fields.get("url") or fields.get(FILE)))
