"""Send requests to AssemblyAI's REST API: to which address, with which key, how fast."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace

from stenolog.clock import now_ms
from stenolog.egress.client import Answer, Egress
from stenolog.egress.retry_after import retry_after_ms
from stenolog.errors import EgressFailed, ForbiddenAddress, ProviderUnavailable
from stenolog.providers.assemblyai.answers import plain_body
from stenolog.providers.pace import Pace

ANSWER_BYTES_MAX = 8 << 20  # of all but transcripts: a page of 200, an echo of the largest request
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
        self.pace = pace
        self._address = address
        self._egress = egress
        self._timeout_ms = timeout_ms

    async def ask_again(
        self,
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
        address = self.there()
        self.pace.take()
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
        wait_ms = retry_after_ms(answer.headers, now_ms())
        if answer.status == 429 or (answer.status == 503 and wait_ms is not None):
            self.pace.refused(wait_ms)
        else:
            self.pace.answered()
        return replace(answer, body=plain_body(answer.headers, answer.body, bytes_max))

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
