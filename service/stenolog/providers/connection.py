"""Send requests to a provider's REST API: to which address, with which key, how fast."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from stenolog.clock import now_ms
from stenolog.egress.client import Answer, Egress
from stenolog.errors import (
    EgressFailed,
    ForbiddenAddress,
    PayloadTooLarge,
    ProviderUnavailable,
)
from stenolog.providers.admission import Admission
from stenolog.providers.byte_budget import HeldBytes
from stenolog.providers.oddities import Oddities
from stenolog.providers.pace import Pace
from stenolog.providers.plain_body import BYTE_ORDER_MARK, plain_body
from stenolog.providers.port import RequestKind, Standing
from stenolog.providers.read_times import READ_TIMES, ReadTimes
from stenolog.providers.told_wait import told_wait_ms

ANSWER_BYTES_MAX = 8 << 20  # of all but transcripts: a page of 200, an echo of the largest request
STARTING_MS = 500  # an engine is there within a second or two


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """Where the service is, and its key; both may change when an engine restarts."""

    base_url: str
    api_key: str


class Connection:
    """One account on one base URL; its requests are as fast as the account allows.

    Attributes:
        name: The service's, in messages.
        admission: Says when it may be asked.
        oddities: Counts what is wrong with its answers.
    """

    def __init__(
        self,
        name: str,
        address: Callable[[], ServiceAddress | None],
        egress: Egress,
        *,
        timeout_ms: int,
        pace: Pace,
        scheme: str = "",
    ) -> None:
        """`address` gives where to go now, or None while the service is not there.

        `scheme` stands before the key in `Authorization`; without one the key is all of it.
        """
        self.name = name
        self.admission = Admission(name, pace)
        self.oddities = Oddities(name)
        self._requests: Counter[tuple[RequestKind, str]] = Counter()
        self._answered_at_ms: int | None = None
        self._address = address
        self._egress = egress
        self._timeout_ms = timeout_ms
        self._scheme = scheme

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
        reserved: bytes | None = None,
    ) -> Answer:
        """Send a request once, at the account's pace; the answer's body is decompressed.

        `reserved` is what the request's turn was taken with, where that is not its `content`.

        Raises:
            EgressFailed: There is no answer; `sent` says whether the request may have arrived.
            ProviderUnavailable: It was not asked: it is not there, or must not be asked now.
        """
        address = self.there()
        began_ms = self.admission.begin(
            kind, content if reserved is None and isinstance(content, bytes) else reserved
        )
        try:
            answer = await self._egress.request(
                method,
                address.base_url.rstrip("/") + path,
                headers=[self._authorization(address), *(headers or [])],
                content=content,
                timeout_ms=timeout_ms or self._timeout_ms,
                answer_bytes_max=bytes_max,
            )
        except ForbiddenAddress as exc:
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc
        except EgressFailed as exc:
            self._not_answered(kind, exc, began_ms)
            raise
        plain = replace(answer, body=plain_body(answer.headers, answer.body, bytes_max))
        self._count(kind, answer.status)
        return await self._understood(kind, plain, began_ms)

    async def read(
        self, kind: RequestKind, path: str, held: HeldBytes, *, bytes_max: int
    ) -> Answer:
        """Read what may be large, piece by piece, while the budget allows it.

        A piece may take as long as another request, all of them ten times as long, and waiting for
        the budget as long again. An answer that drips is broken off, as it keeps others waiting.

        Raises:
            ProviderUnavailable: There is no whole answer, or it must not be asked now.
        """
        address, began_ms = self.there(), self.admission.begin(kind)
        body, times = bytearray(), ReadTimes(self._timeout_ms)
        try:
            async with self._egress.stream(
                "GET",
                address.base_url.rstrip("/") + path,
                headers=[self._authorization(address)],
                timeout_ms=2 * READ_TIMES * self._timeout_ms,
                idle_ms=self._timeout_ms,
            ) as answer:
                async for chunk in answer.decoded_chunks(bytes_max):
                    times.came(len(body) + len(chunk))
                    async with asyncio.timeout(times.room_s_left):
                        await held.grow(len(chunk))
                    times.had_room()
                    body += chunk
        except TimeoutError as exc:
            raise ProviderUnavailable(f"{self.name}: too many long answers at once") from exc
        except EgressFailed as exc:
            self._not_answered(kind, exc, began_ms)
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc
        except (ForbiddenAddress, PayloadTooLarge) as exc:
            self._requests[kind, "none"] += 1
            raise ProviderUnavailable(f"{self.name}: {exc}") from exc
        self._count(kind, answer.status)
        plain = bytes(body.removeprefix(BYTE_ORDER_MARK))
        told = Answer(status=answer.status, headers=answer.headers, body=plain)
        return await self._understood(kind, told, began_ms)

    async def judged(self, kind: RequestKind, answer: Answer) -> Answer:
        """Return the answer as it is meant; a vendor's connection may know better."""
        return answer

    async def _understood(self, kind: RequestKind, answer: Answer, began_ms: int) -> Answer:
        """Return the answer, after the pauses that it speaks of have begun or ended."""
        answer = await self.judged(kind, answer)
        self.admission.heed(kind, answer.status, told_wait_ms(answer.headers), began_ms)
        return answer

    async def ask_beside(self, kind: RequestKind, path: str) -> Answer | None:
        """Send a GET at once, also while others are held back: it belongs to a request.

        None: there is no answer.
        """
        try:
            address = self.there()
            answer = await self._egress.request(
                "GET",
                address.base_url.rstrip("/") + path,
                headers=[self._authorization(address)],
                timeout_ms=self._timeout_ms,
                answer_bytes_max=ANSWER_BYTES_MAX,
            )
        except (EgressFailed, ForbiddenAddress, ProviderUnavailable):
            self._requests[kind, "none"] += 1
            return None
        self._count(kind, answer.status)
        return answer

    def standing(self) -> Standing:
        """Tell how the service has answered."""
        return Standing(
            requests=dict(self._requests),
            answered_at_ms=self._answered_at_ms,
            paused_ms=self.admission.paused_ms(),
            odd=self.oddities.counts,
        )

    def _authorization(self, address: ServiceAddress) -> tuple[str, str]:
        return "authorization", f"{self._scheme} {address.api_key}".strip()

    def _count(self, kind: RequestKind, status: int) -> None:
        self._requests[kind, f"{status // 100}xx"] += 1
        if status < 300:
            self._answered_at_ms = now_ms()

    def _not_answered(self, kind: RequestKind, exc: EgressFailed, began_ms: int) -> None:
        """Count a request without an answer, unless this machine could not make it.

        Raises:
            ProviderHeldBack: It could not.
        """
        self.admission.not_made(exc, began_ms)
        self._requests[kind, "none"] += 1

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
