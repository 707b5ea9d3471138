"""Name bad days, so that `stenolog simulate` and tests can ask for one in a word."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stenolog.simulator.assemblyai import behaviour
from stenolog.simulator.assemblyai.behaviour import Behaviour, Callback, Fault, Operation
from stenolog.simulator.named_days import NamedDays
from stenolog.wire.assemblyai import sentences

FORGOTTEN_AFTER_MS = 200
SLOW_MS = 30_000
LATE_MS = 5_000
FELL_BACK = "The requested model is not available for this audio; universal-2 was used instead."


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One kind of misbehaving job.

    Attributes:
        says: What happens, for people.
        behaviour: How the job goes.
        faults: Answers to the first requests beside the job's own.
    """

    says: str
    behaviour: Behaviour
    faults: tuple[tuple[Operation, Fault], ...] = ()


def _day(says: str, how: Behaviour) -> Day:
    return Day(says=says, behaviour=how)


def _beside(says: str, operation: Operation, fault: Fault, **how: Any) -> Day:
    return Day(says=says, behaviour=Behaviour(**how), faults=((operation, fault),))


DAYS: Mapping[str, Day] = {
    "good": _day("The job completes and calls back.", Behaviour()),
    "audio-error": _day(
        "The job fails for good: the audio is too short.",
        Behaviour(error=sentences.AUDIO_TOO_SHORT),
    ),
    "server-error": _day(
        "The job ends in a server error: submit it again.",
        Behaviour(error=sentences.SERVER_ERROR),
    ),
    "create-500": _day(
        "The first create is answered 500, without a job.",
        Behaviour(create_faults=(behaviour.SERVER_ERROR,)),
    ),
    "create-503": _day(
        "The first create is answered 503.", Behaviour(create_faults=(behaviour.UNAVAILABLE,))
    ),
    "create-503-page": _day(
        "The job is made, and something in between answers its create with 503 in plain text.",
        Behaviour(lost_reply=True, reply=behaviour.UNAVAILABLE_PAGE),
    ),
    "create-413-page": _day(
        "Every create is answered 413 by a proxy, and makes no job.",
        Behaviour(create_faults=(behaviour.TOO_LARGE_PAGE,) * 100),
    ),
    "create-401": _day(
        "The first create is answered 401, as for a bad key.",
        Behaviour(create_faults=(behaviour.UNAUTHENTICATED,)),
    ),
    "create-no-balance": _day(
        "The first create is answered 400: the account's balance is negative.",
        Behaviour(create_faults=(behaviour.BALANCE_NEGATIVE,)),
    ),
    "create-403": _day(
        "The first create is answered 403 instead of 429.",
        Behaviour(create_faults=(behaviour.LIMIT_AS_403,)),
    ),
    "create-429": _day(
        "The first create is answered 429 with Retry-After: 2.",
        Behaviour(create_faults=(behaviour.too_many_requests(2),)),
    ),
    "create-web-page": _day(
        "The first create is answered 200 with a web page.",
        Behaviour(create_faults=(behaviour.WEB_PAGE,)),
    ),
    "create-dropped": _day(
        "The first create is never answered, and makes no job.",
        Behaviour(create_faults=(behaviour.DROPPED,)),
    ),
    "model-retired": _day(
        "Every model that its create names is retired: 400.", Behaviour(models_retired=True)
    ),
    "model-fallback": _day(
        "Another model does it than the wanted one, and `metadata` says so.",
        Behaviour(warning=FELL_BACK),
    ),
    "lost-reply": _day(
        "The job is made, and the answer to its create is lost.", Behaviour(lost_reply=True)
    ),
    "read-500": _day(
        "The first read of the job is answered 500.",
        Behaviour(read_faults=(behaviour.SERVER_ERROR,)),
    ),
    "read-cut-off": _day(
        "The first read of the job is answered with half a JSON object.",
        Behaviour(read_faults=(behaviour.MALFORMED,)),
    ),
    "read-web-page": _day(
        "The first read of the job is answered 200 with a web page.",
        Behaviour(read_faults=(behaviour.WEB_PAGE,)),
    ),
    "read-other-job": _day(
        "The first read of the job is answered with another job's transcript.",
        Behaviour(read_faults=(behaviour.OTHER_JOB,)),
    ),
    "gzip": _day("Reads are packed, whatever was asked for.", Behaviour(compressed=True)),
    "text-json": _day(
        "Reads are right, and claim to be text/plain.", Behaviour(content_type="text/plain")
    ),
    "odd-status": _day(
        "It never ends, and its status is a word that no document has.",
        Behaviour(never_ends=True, odd_status="cancelled"),
    ),
    "not-known-yet": _day(
        "The answer to its create is lost, and its first reads are answered as if it were unknown.",
        Behaviour(lost_reply=True, read_faults=(behaviour.UNKNOWN_JOB,) * 2),
    ),
    "made-twice": _day(
        "Two jobs are made for one create, as by a proxy that repeats it, and both call back.",
        Behaviour(lost_reply=True, jobs=2),
    ),
    "no-callback": _day("It completes and never calls.", Behaviour(callbacks=behaviour.MISSING)),
    "late-callback": _day(
        "It calls five seconds late.", Behaviour(callbacks=(Callback(after_ms=LATE_MS),))
    ),
    "early-callback": _day(
        "It calls `completed` when it has just begun, and again at its end.",
        Behaviour(callbacks=(behaviour.LYING, Callback())),
    ),
    "three-callbacks": _day(
        "It calls three times at once.", Behaviour(callbacks=(Callback(times=3),))
    ),
    "odd-callback": _day(
        "Its callback is no JSON.", Behaviour(callbacks=(Callback(body=b"status=completed"),))
    ),
    "late-redaction": _day(
        "Redacted audio is ready five seconds after the job.",
        Behaviour(redacted_after_ms=LATE_MS),
    ),
    "upload-failed": _beside(
        "The first upload is answered 422.", "upload", behaviour.UPLOAD_FAILED
    ),
    "list-500": _beside(
        "The first list is answered 500; the answer to the create is lost.",
        "list",
        behaviour.SERVER_ERROR,
        lost_reply=True,
    ),
    "delete-web-page": _beside(
        "The first DELETE is answered 200 with a web page.", "delete", behaviour.WEB_PAGE
    ),
    "slow": _day("It takes half a minute.", Behaviour(run_ms=SLOW_MS)),
    "never": _day("It never ends.", Behaviour(never_ends=True)),
    "forgotten": _day(
        "Its result is gone a fifth of a second after its end.",
        Behaviour(expires_ms=FORGOTTEN_AFTER_MS),
    ),
}


def faults_of(names: Iterable[str]) -> tuple[tuple[Operation, Fault], ...]:
    """Return the answers to the first requests that these days have beside their jobs."""
    return tuple(fault for name in names for fault in DAYS[name].faults)


def in_turn(names: Sequence[str]) -> Callable[[Mapping[str, object]], Behaviour]:
    """Jobs go by these days, one after the other and from the first again.

    An audio URL may name another one; its faults beside the job are not made. What is given raises
    InvalidRequest for a URL that names none of the days.
    """
    days = {name: day.behaviour for name, day in DAYS.items()}
    named = NamedDays(days, names, lambda one: bool(one.create_faults))
    return lambda body: named.of(str(body.get("audio_url")))
