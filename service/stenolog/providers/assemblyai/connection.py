"""Send requests to AssemblyAI's REST API: to which address, with which key, how fast."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from typing import get_args

from stenolog.clock import now_ms
from stenolog.egress.client import Answer, Egress
from stenolog.egress.retry_after import date_ms, retry_after_ms
from stenolog.errors import (
    EgressFailed,
    ForbiddenAddress,
    PayloadTooLarge,
    ProviderHeldBack,
    ProviderUnavailable,
)
from stenolog.providers.assemblyai.answers import plain_body
from stenolog.providers.byte_budget import HeldBytes
from stenolog.providers.pace import Pace
from stenolog.providers.pause import Pause
from stenolog.providers.port import RequestKind, Standing

ANSWER_BYTES_MAX = 8 << 20  # of all but transcripts: a page of 200, an echo of the largest request
READ_TIMES = 10  # as long as a short request may take, a long answer may take in all
TOO_MANY = 429
UNAVAILABLE = 503
KINDS = get_args(RequestKind)
STARTING_MS = 500  # an engine is there within a second or two


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where the service is, and its key; both may change when an engine restarts."""

    base_url: str
    api_key: str


class Connection:
    """One account on one base URL; its requests are as fast as the account allows."""

    def __init__(
        self,
        name: str,
        address: Callable[[], ServiceAddress | None],
        egress: Egress,
        *,
        timeout_ms: int,
        pace: Pace,
    ) -> None:
        """`address` gives where to go now, or None while the service is not there."""
        self.name = name
        self._pace = pace
        self._pauses = {kind: Pause(name, kind) for kind in KINDS}
        self._requests: Counter[tuple[RequestKind, str]] = Counter()
        self._answered_at_ms: int | None = None
        self._address = address
        self._egress = egress
        self._timeout_ms = timeout_ms

    async def ask_again(
        self,
        kind: RequestKind,
        method: str,
        path: str,
        *,
        headers: list[tuple[str, str]] | None = None,
        content: AsyncIterator[bytes] | None = None,
        timeout_ms: int | None = None,
        bytes_max: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """Send a request that may be repeated: one that did not arrive did no harm.

        Raises:
            ProviderUnavailable: There is no answer, or it must not be asked now.
        """
        try:
            return await self.ask(
                kind,
                method,
                path,
                headers=headers,
                content=content,
                timeout_ms=timeout_ms,
                bytes_max=bytes_max,
            )
        except EgressFailed as exc:
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc

    async def ask(
        self,
        kind: RequestKind,
        method: str,
        path: str,
        *,
        headers: list[tuple[str, str]] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        timeout_ms: int | None = None,
        bytes_max: int = ANSWER_BYTES_MAX,
    ) -> Answer:
        """Send a request once, at the account's pace; the answer's body is decompressed.

        Raises:
            EgressFailed: There is no answer; `sent` says whether the request may have arrived.
            ProviderUnavailable: It was not asked: it is not there, or must not be asked now.
        """
        address, began_ms = self._begin(kind)
        try:
            answer = await self._egress.request(
                method,
                address.base_url.rstrip("/") + path,
                headers=[("authorization", address.api_key), *(headers or [])],
                content=content,
                timeout_ms=timeout_ms or self._timeout_ms,
                answer_bytes_max=bytes_max,
            )
        except ForbiddenAddress as exc:
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc
        except EgressFailed:
            self._requests[kind, "none"] += 1
            raise
        self._heed(kind, answer.status, answer.headers, began_ms)
        return replace(answer, body=plain_body(answer.headers, answer.body, bytes_max))

    async def read(
        self, kind: RequestKind, path: str, held: HeldBytes, *, bytes_max: int
    ) -> Answer:
        """Read what may be large, piece by piece, while the budget allows it.

        A piece may take as long as another request; all of it ten times as long.

        Raises:
            ProviderUnavailable: There is no whole answer, or it must not be asked now.
        """
        address, began_ms = self._begin(kind)
        body = bytearray()
        try:
            async with self._egress.stream(
                "GET",
                address.base_url.rstrip("/") + path,
                headers=[("authorization", address.api_key)],
                timeout_ms=READ_TIMES * self._timeout_ms,
                idle_ms=self._timeout_ms,
            ) as answer:
                async for chunk in answer.decoded_chunks(bytes_max):
                    async with asyncio.timeout(READ_TIMES * self._timeout_ms / 1000):
                        await held.grow(len(chunk))
                    body += chunk
        except TimeoutError as exc:
            raise ProviderUnavailable(f"{self.name}: too many long answers at once") from exc
        except (EgressFailed, ForbiddenAddress, PayloadTooLarge) as exc:
            self._requests[kind, "none"] += 1
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc
        self._heed(kind, answer.status, answer.headers, began_ms)
        return Answer(status=answer.status, headers=answer.headers, body=bytes(body))

    def _begin(self, kind: RequestKind) -> tuple[ServiceAddress, int]:
        """Return where to ask, and when it is asked; the request is counted."""
        address = self.there()
        self.check(kind)
        self._pace.take(probes=kind != "upload")
        began_ms = self._pace.now_ms()
        self._pauses[kind].take(began_ms)
        return address, began_ms

    def check(self, kind: RequestKind) -> None:
        """Raise unless such a request may be made now.

        Raises:
            ProviderHeldBack: The provider asked us to wait.
        """
        # An upload may take half an hour to tell that the account is asked for nothing any more.
        self._pace.check(probes=kind != "upload")
        wait_ms = self._pauses[kind].wait_ms(self._pace.now_ms())
        if wait_ms:
            raise ProviderHeldBack(
                f"{self.name}: asked us to wait", status=503, retry_in_ms=wait_ms
            )

    def standing(self) -> Standing:
        """Tell how the service has answered."""
        now = self._pace.now_ms()
        pauses: Mapping[str, Pause] = {"all": self._pace.pause, **self._pauses}
        return Standing(
            requests=dict(self._requests),
            answered_at_ms=self._answered_at_ms,
            paused_ms={
                what: left_ms for what, pause in pauses.items() if (left_ms := pause.left_ms(now))
            },
        )

    def started_anew(self) -> None:
        """End every pause: the service that asked for it was restarted."""
        for pause in (self._pace.pause, *self._pauses.values()):
            pause.end()

    def _heed(
        self, kind: RequestKind, status: int, headers: Mapping[str, str], began_ms: int
    ) -> None:
        """Count the answer; begin or end the pauses that it speaks of.

        A 429 concerns the account, a 503 that says when to come back only this kind of request.
        """
        self._requests[kind, f"{status // 100}xx"] += 1
        if status < 300:
            self._answered_at_ms = now_ms()
        told_ms, now = told_wait_ms(headers), self._pace.now_ms()
        if status == TOO_MANY:
            self._pace.pause.begin(told_ms, began_ms, now)
            return
        self._pace.pause.answered(began_ms)
        if status == UNAVAILABLE and told_ms is not None:
            self._pauses[kind].begin(told_ms, began_ms, now)
        else:
            self._pauses[kind].answered(began_ms)

    def there(self) -> ServiceAddress:
        """Return where the service is now.

        Raises:
            ProviderUnavailable: It is not running yet.
        """
        address = self._address()
        if address is None:
            raise ProviderUnavailable(
                f"{self.name}: it is not running yet", retry_in_ms=STARTING_MS
            )
        return address


def told_wait_ms(headers: Mapping[str, str]) -> int | None:
    """Return how long the answer asks to wait; None: it does not say.

    A time of day is compared with the answer's own: the other side's clock need not be ours.
    """
    return retry_after_ms(headers, date_ms(headers) or now_ms())
