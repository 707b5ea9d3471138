"""Receive providers' callbacks: record those that we signed and answer 204, nothing else.

The answers are chosen for a provider that repeats after a 5xx and gives up for ever after a 4xx.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

import orjson
import structlog
from starlette.types import Message, Receive, Scope, Send

from stenolog.bounded import BoundedMemory
from stenolog.commands.callback_tokens import (
    HEADER_NAME,
    CallbackKeys,
    Registered,
    verify,
)
from stenolog.commands.transcription.state import stream_of
from stenolog.edge.http.correlation import continue_with
from stenolog.edge.http.problems import RETRY_AFTER_SECONDS
from stenolog.edge.loops import Wake
from stenolog.edge.ports import EdgeMetrics
from stenolog.edge.transcriptions.tenancy import Origin, Tenancy
from stenolog.errors import BadToken, KeyLost, KeyMissing, StoreError, StoreUnavailable
from stenolog.log.actors import PROVIDER
from stenolog.log.event_data import is_provider_job
from stenolog.log.events.callbacks import CallbackKind, CallbackReceived
from stenolog.log.facts import callback_key, callback_received
from stenolog.log.recorder import Cause, Fact, FactRecorder
from stenolog.wire.assemblyai.webhook import read_callback

BODY_BYTES_MAX = 64 * 1024  # a real callback has under 100 bytes
BODY_MS_MAX = 10_000  # AssemblyAI waits this long for an answer
HEADER_BYTES_MAX = 256  # of each header that is kept
KNOWN_MAX = 16_384  # callbacks that are remembered as recorded
JOBS_MAX = 8  # that callbacks of one submission may name, as long as this process remembers
KEPT_HEADERS = (b"content-type", b"user-agent")
NAME = HEADER_NAME.lower().encode()
RETRY_AFTER = (b"retry-after", str(RETRY_AFTER_SECONDS).encode())
ALLOW_POST = (b"allow", b"POST")

log = structlog.get_logger()


class BodyInterrupted(Exception):
    """The provider disconnected or stalled before the body was complete."""


class Callbacks:
    """The ASGI application behind `/callbacks/{provider}/{token}`.

    URL and header are verified before the first byte of the body is read.
    """

    def __init__(
        self,
        *,
        facts: FactRecorder,
        tenancy: Tenancy,
        keys: Callable[[], CallbackKeys],
        wake: Wake,
        metrics: EdgeMetrics,
        body_ms_max: int = BODY_MS_MAX,
    ) -> None:
        self._facts = facts
        self._tenancy = tenancy
        self._keys = keys
        self._wake = wake
        self._metrics = metrics
        self._body_ms_max = body_ms_max
        self._known: BoundedMemory[str, bool] = BoundedMemory(KNOWN_MAX)
        self._named: BoundedMemory[tuple[str, int], frozenset[str]] = BoundedMemory(KNOWN_MAX)
        self._pending: dict[str, asyncio.Future[bool]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """204 after the commit, or the refusal."""
        if scope["method"] != "POST":
            self._metrics.callback_refused("wrong_method")
            await _answer(send, 405, ALLOW_POST)
            return
        path = scope["path_params"]
        try:
            registered = verify(self._keys(), path["provider"], path["token"], _header(scope))
            origin = await self._tenancy.origin_of(registered.transcription_id)
            if origin is None:
                # Our signature for a stream that we do not have: another data directory's.
                raise BadToken("unknown_transcription")
            continue_with(
                scope, origin.correlation_id, transcription_id=registered.transcription_id
            )
            body = await _read(receive, self._body_ms_max)
            outcome = await self._record(registered, origin, body, scope)
        except BadToken as exc:
            self._metrics.callback_refused(exc.reason)
            await _answer(send, 401)
        except BodyInterrupted:
            self._metrics.callback("interrupted")
            await _answer(send, 503, RETRY_AFTER)
        except StoreError as exc:
            self._metrics.callback("unavailable")
            log.error("callback.not_recorded", error=exc.code, reason=str(exc))
            await _answer(send, 503, RETRY_AFTER)
        except Exception:
            self._metrics.callback("failed")
            log.exception("callback.crashed")
            await _answer(send, 500)
        else:
            self._metrics.callback(outcome)
            await _answer(send, 204)

    async def _record(
        self, registered: Registered, origin: Origin, body: bytes, scope: Scope
    ) -> str:
        """`recorded` or `duplicate`, once the log has this callback."""
        transcription_id = registered.transcription_id
        kind, provider_job = _classified(body)
        called = CallbackReceived(
            submission=registered.submission,
            kid=registered.kid,
            kind=kind,
            provider_job=provider_job,
            body_bytes=len(body),
        )
        key = callback_key(transcription_id, called)
        if not await self._is_known(key) and self._may_name(registered, provider_job):
            fact = callback_received(transcription_id, called, _payload(kind, body, scope))
            if await self._append(transcription_id, origin, fact, key):
                return "recorded"
        # A duplicate says nothing new, but the first one's fetch may have come to nothing.
        self._wake(transcription_id, "callback")
        return "duplicate"

    def _may_name(self, registered: Registered, job: str | None) -> bool:
        """Tell whether one more job may be named for this submission; count those that were."""
        if job is None:
            return True
        submission = (registered.transcription_id, registered.submission)
        named = self._named.get(submission) or frozenset()
        if job not in named and len(named) >= JOBS_MAX:
            return False
        self._named.put(submission, named | {job})
        return True

    async def _is_known(self, key: str) -> bool:
        """Tell whether the log has this callback; wait for one that is on its way there.

        Raises:
            StoreUnavailable: The callback that was waited for did not get there.
        """
        if self._known.get(key):
            return True
        pending = self._pending.get(key)
        if pending is None:
            return False
        if not await asyncio.shield(pending):
            raise StoreUnavailable("the same callback could not be recorded a moment ago")
        return True

    async def _append(self, transcription_id: str, origin: Origin, fact: Fact, key: str) -> bool:
        """Record the callback; tell whether it was the first of its kind."""
        stream = stream_of(transcription_id)
        cause = Cause(tenant=origin.tenant, actor=PROVIDER, correlation_id=origin.correlation_id)
        pending: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending[key] = pending
        done = False
        try:
            try:
                appended = await self._facts.record(stream, [fact], cause)
            except (KeyMissing, KeyLost):  # that it called is all that may, or can, be kept
                fact = replace(fact, payload=None)
                appended = await self._facts.record(stream, [fact], cause)
            self._known.put(key, True)
            done = True
            return not appended.already_there
        finally:
            del self._pending[key]
            pending.set_result(done)


def _classified(body: bytes) -> tuple[CallbackKind, str | None]:
    if len(body) > BODY_BYTES_MAX:
        return "oversized", None
    claim = read_callback(body)
    job = claim.job_id
    return claim.kind, job if job is not None and is_provider_job(job) else None


def _payload(kind: CallbackKind, body: bytes, scope: Scope) -> bytes:
    kept: dict[str, object] = {
        "headers": {
            name.decode(): value[:HEADER_BYTES_MAX].decode("latin-1")
            for name, value in scope["headers"]
            if name in KEPT_HEADERS
        }
    }
    match kind:
        case "oversized":
            pass
        case "completed" | "error" | "redacted_audio" | "unreadable":
            kept["body"] = base64.b64encode(body).decode()
        case _:
            assert_never(kind)
    return orjson.dumps(kept)


def _header(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == NAME:
            return str(value.decode("latin-1"))
    return None


async def _read(receive: Receive, body_ms_max: int) -> bytes:
    """Return the body, or its first bytes once they are over the limit; the server drops the rest.

    Raises:
        BodyInterrupted: It did not come to its end.
    """
    chunks: list[bytes] = []
    size, more_body = 0, True
    try:
        async with asyncio.timeout(body_ms_max / 1000):
            while more_body and size <= BODY_BYTES_MAX:
                message = await _next(receive)
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                more_body = message.get("more_body", False)
    except TimeoutError as exc:
        raise BodyInterrupted from exc
    return b"".join(chunks)


async def _next(receive: Receive) -> Message:
    message = await receive()
    if message["type"] == "http.disconnect":
        raise BodyInterrupted
    return message


async def _answer(send: Send, status: int, *headers: tuple[bytes, bytes]) -> None:
    length = () if status == 204 else ((b"content-length", b"0"),)  # RFC 9110, 8.6
    await send({"type": "http.response.start", "status": status, "headers": [*length, *headers]})
    await send({"type": "http.response.body", "body": b""})
