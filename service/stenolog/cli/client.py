"""Talk to a running service as an ordinary client does."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import quote

from stenolog.cli.answers import Checked, Page, StoredUpload, checked, json_object
from stenolog.cli.recordings import Recording
from stenolog.cli.service_place import api_key, service_url
from stenolog.config.settings import BadSetting, Settings
from stenolog.egress.client import Answer, Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import (
    CannotStart,
    EgressFailed,
    NotFound,
    RequestError,
    Unauthenticated,
)

TIMEOUT_MS = 30_000
UPLOAD_TIMEOUT_MS = 3_600_000
ANSWER_BYTES_MAX = 256 << 20
HTTP_ERROR = 400
SAID_CHARS_MAX = 1_000  # of an error, which is one line on a terminal
ALIVE = "/healthz"
PAGES_MAX = 10_000  # of 200 items: more than the longest recording has words


class ServiceClient:
    """One running service, and the key that is used with it.

    The data directory's key opens everything: it is shown to the directory's own service alone.
    """

    def __init__(self, settings: Settings) -> None:
        """Find the service and the key.

        Raises:
            EgressFailed: No service was named, and none runs on the data directory.
        """
        self.url = service_url(settings)
        self._key, self._withheld = api_key(settings, self.url)
        self._egress = Egress(AddressPolicy.of(origins=[self.url]), user_agent="stenolog-cli")

    async def __aenter__(self) -> ServiceClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._egress.aclose()

    async def get(self, path: str) -> dict[str, Any]:
        """Return the JSON at `path`.

        Raises:
            BadSetting: A service is there, and there is no key for it.
            EgressFailed: The service cannot be reached.
            RequestError: It said no; the message is its own.
        """
        return _read(await self._ask("GET", path))

    async def post(
        self, path: str, body: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Return the JSON answered to a POST of `body`; raises as `get`."""
        content = json.dumps(body).encode()
        return _read(
            await self._ask(
                "POST", path, content, "application/json", idempotency_key=idempotency_key
            )
        )

    async def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON answered to a PUT of `body`; raises as `get`."""
        content = json.dumps(body).encode()
        return _read(await self._ask("PUT", path, content, "application/json"))

    async def delete(self, path: str) -> dict[str, Any]:
        """Return the JSON answered to a DELETE; raises as `get`."""
        return _read(await self._ask("DELETE", path))

    async def text(self, path: str) -> str:
        """Return the text at `path`; raises as `get`."""
        return (await self.content(path)).decode(errors="replace")

    async def content(self, path: str, *, method: str = "GET") -> bytes:
        """Return the bytes at `path`; raises as `get`."""
        answer = await self._ask(method, path)
        if answer.status >= HTTP_ERROR:
            _read(answer)
        return answer.body

    async def upload(self, recording: Recording) -> str:
        """Return the URL under which the service keeps what is read.

        Raises:
            InvalidRequest: It cannot be read, is empty, or became shorter meanwhile.
        """
        async with recording.opened() as (chunks, size):
            answer = await self._ask(
                "POST",
                "/v2/upload",
                chunks,
                "application/octet-stream",
                size=size,
                timeout_ms=UPLOAD_TIMEOUT_MS,
            )
        return checked(StoredUpload, _read(answer)).upload_url

    async def items(
        self, transcript_id: str, view: str, kind: type[Checked], *, pages_max: int = PAGES_MAX
    ) -> list[Checked]:
        """Return every item of a view of a transcription, each as `kind`.

        Raises:
            EgressFailed: No answer, or over `pages_max` pages.
        """
        return [
            checked(kind, item)
            for item in await self.whole(transcript_id, view, pages_max=pages_max)
        ]

    async def whole(
        self, transcript_id: str, view: str, *, pages_max: int = PAGES_MAX
    ) -> list[dict[str, Any]]:
        """Return every item of a view as it came, not safe for a terminal; raises as `items`."""
        found: list[dict[str, Any]] = []
        path = f"/api/v1/transcripts/{quote(transcript_id, safe='')}/{view}?limit=200"
        after = ""
        for _ in range(pages_max):
            page = checked(Page, await self.get(path + after))
            found += page.items
            if page.next is None:
                return found
            after = f"&after={quote(page.next, safe='')}"
        raise EgressFailed(f"{self.url}: {view} has no end after {pages_max} pages", sent=True)

    async def _ask(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None = None,
        content_type: str | None = None,
        *,
        size: int | None = None,
        timeout_ms: int = TIMEOUT_MS,
        idempotency_key: str | None = None,
    ) -> Answer:
        if self._withheld and path != ALIVE:
            await self._ask("GET", ALIVE)  # nobody there: that is what to say
            raise BadSetting(self._withheld)
        headers = [("authorization", self._key)] if self._key else []
        if content_type is not None:
            headers.append(("content-type", content_type))
        if idempotency_key is not None:
            headers.append(("idempotency-key", idempotency_key))
        if size is not None:
            headers.append(("content-length", str(size)))
        try:
            return await self._egress.request(
                method,
                self.url + path,
                headers=headers,
                content=content,
                timeout_ms=timeout_ms,
                answer_bytes_max=ANSWER_BYTES_MAX,
            )
        except EgressFailed as exc:
            if exc.ours:
                raise CannotStart(f"{self.url} cannot be asked: {exc}") from exc
            raise EgressFailed(
                f"no service answers at {self.url}: start one with `stenolog serve`, or name it "
                f"with --url, or its directory with --data-dir ({exc})",
                sent=exc.sent,
            ) from exc


def _read(answer: Answer) -> dict[str, Any]:
    body = json_object(answer.body)
    if answer.status < HTTP_ERROR:
        if body is None:
            raise RequestError(f"the service answers {answer.status} without JSON: no Stenolog?")
        return body
    said = ""
    if body is not None:  # what stands between may say no in its own way
        said = body.get("detail") or body.get("error") or body.get("title") or ""
    message = (
        f"the service answers {answer.status}: {str(said)[:SAID_CHARS_MAX] or 'without a reason'}"
    )
    if answer.status == 401:
        raise Unauthenticated(f"{message}; give a key with --api-key or STENOLOG_API_KEY")
    raise (NotFound if answer.status == 404 else RequestError)(message)
