"""Talk to a running service as an ordinary client does."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

from stenolog.config.settings import Settings
from stenolog.egress.client import Answer, Egress
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import (
    CannotStart,
    EgressFailed,
    InvalidRequest,
    NotFound,
    RequestError,
    Unauthenticated,
)
from stenolog.stores.files.directory import API_KEY, read_api_key, running

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT_MS = 30_000
UPLOAD_TIMEOUT_MS = 3_600_000
ANSWER_BYTES_MAX = 256 << 20
CHUNK_BYTES = 1 << 18
PAGES_MAX = 10_000  # of 200 items: more than the longest recording has words


class ServiceClient:
    """One running service, and the key that is used with it."""

    def __init__(self, settings: Settings) -> None:
        self.url = service_url(settings)
        self._key = api_key(settings)
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

    async def get(self, path: str) -> Any:
        """Return the JSON at `path`.

        Raises:
            EgressFailed: The service cannot be reached.
            RequestError: It said no; the message is its own.
        """
        return _read(await self._ask("GET", path))

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the JSON answered to a POST of `body`; raises as `get`."""
        content = json.dumps(body).encode()
        return _read(await self._ask("POST", path, content, "application/json"))

    async def delete(self, path: str) -> Any:
        """Return the JSON answered to a DELETE; raises as `get`."""
        return _read(await self._ask("DELETE", path))

    async def upload(self, file: Path) -> str:
        """Return the URL under which the service keeps this file.

        Raises:
            InvalidRequest: The file cannot be read, or is empty.
        """
        try:
            found = await asyncio.to_thread(file.stat)
            if stat.S_ISREG(found.st_mode) and not found.st_size:
                raise InvalidRequest(f"{file} is empty: there is nothing to transcribe")
            stream = await asyncio.to_thread(file.open, "rb")
        except OSError as exc:
            raise InvalidRequest(f"{file}: {exc.strerror}") from exc

        async def chunks() -> AsyncIterator[bytes]:
            while chunk := await asyncio.to_thread(stream.read, CHUNK_BYTES):
                yield chunk

        with stream:
            answer = await self._ask(
                "POST",
                "/v2/upload",
                chunks(),
                "application/octet-stream",
                size=found.st_size,
                timeout_ms=UPLOAD_TIMEOUT_MS,
            )
        return str(_read(answer)["upload_url"])

    async def items(self, transcript_id: str, view: str) -> list[dict[str, Any]]:
        """Return every item of a view of a transcription.

        Raises:
            EgressFailed: No answer, or over `PAGES_MAX` pages.
        """
        found: list[dict[str, Any]] = []
        path = f"/api/v1/transcripts/{quote(transcript_id, safe='')}/{view}?limit=200"
        after = ""
        for _ in range(PAGES_MAX):
            page = await self.get(path + after)
            found += page["items"]
            if page["next"] is None:
                return found
            after = f"&after={quote(str(page['next']), safe='')}"
        raise EgressFailed(f"{self.url}: {view} has no end after {PAGES_MAX} pages", sent=True)

    async def _ask(
        self,
        method: str,
        path: str,
        content: bytes | AsyncIterator[bytes] | None = None,
        content_type: str | None = None,
        *,
        size: int | None = None,
        timeout_ms: int = TIMEOUT_MS,
    ) -> Answer:
        headers = [("authorization", self._key)] if self._key else []
        if content_type is not None:
            headers.append(("content-type", content_type))
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


def service_url(settings: Settings) -> str:
    """Return where the service is: as set, else as the data directory's lock says."""
    if settings.url is not None:
        return settings.url
    holder = running(settings.data_dir)
    return (holder.url if holder else "") or DEFAULT_URL


def api_key(settings: Settings) -> str:
    """Return the key as set, else the data directory's first one; empty when there is none."""
    if settings.api_key is not None:
        return settings.api_key.get_secret_value()
    found = (
        read_api_key(settings.data_dir) if os.access(settings.data_dir / API_KEY, os.R_OK) else ""
    )
    # Whatever a damaged file holds, a header can only hold ASCII.
    return found if found.isascii() and found.isprintable() else ""


def _read(answer: Answer) -> Any:
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = None
    if answer.status < 400:
        if not isinstance(body, dict):
            raise RequestError(f"the service answers {answer.status} without JSON: no Stenolog?")
        return body
    said = ""
    if isinstance(body, dict):  # what stands between may say no in its own way
        said = body.get("detail") or body.get("error") or body.get("title") or ""
    message = f"the service answers {answer.status}: {said or 'without a reason'}"
    if answer.status == 401:
        raise Unauthenticated(f"{message}; give a key with --api-key or STENOLOG_API_KEY")
    raise (NotFound if answer.status == 404 else RequestError)(message)
