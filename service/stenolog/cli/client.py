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
from urllib.parse import quote, urlsplit

from stenolog.cli.answers import Checked, Page, StoredUpload, checked, json_object
from stenolog.commands.api_keys import prefix_of
from stenolog.config.settings import BadSetting, Settings
from stenolog.egress.client import Answer, Egress
from stenolog.egress.guard import AddressPolicy, origin
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

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Return the JSON answered to a POST of `body`; raises as `get`."""
        content = json.dumps(body).encode()
        return _read(await self._ask("POST", path, content, "application/json"))

    async def delete(self, path: str) -> dict[str, Any]:
        """Return the JSON answered to a DELETE; raises as `get`."""
        return _read(await self._ask("DELETE", path))

    async def upload(self, file: Path) -> str:
        """Return the URL under which the service keeps this file.

        Raises:
            InvalidRequest: The file cannot be read, is empty, or became shorter meanwhile.
        """
        try:
            found = await asyncio.to_thread(file.stat)
            size = found.st_size if stat.S_ISREG(found.st_mode) else None  # a pipe has none
            if size == 0:
                raise InvalidRequest(f"{file} is empty: there is nothing to transcribe")
            stream = await asyncio.to_thread(file.open, "rb")
        except OSError as exc:
            raise InvalidRequest(f"{file}: {exc.strerror}") from exc

        async def chunks() -> AsyncIterator[bytes]:
            left = size  # what was announced is sent, though the file may grow
            while left != 0:
                most = CHUNK_BYTES if left is None else min(left, CHUNK_BYTES)
                if not (chunk := await asyncio.to_thread(stream.read, most)):
                    break
                yield chunk
                left = None if left is None else left - len(chunk)
            if left:
                raise InvalidRequest(f"{file} became shorter while it was read")

        with stream:
            answer = await self._ask(
                "POST",
                "/v2/upload",
                chunks(),
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
        found: list[Checked] = []
        path = f"/api/v1/transcripts/{quote(transcript_id, safe='')}/{view}?limit=200"
        after = ""
        for _ in range(pages_max):
            page = checked(Page, await self.get(path + after))
            found += [checked(kind, item) for item in page.items]
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
    ) -> Answer:
        if self._withheld and path != ALIVE:
            await self._ask("GET", ALIVE)  # nobody there: that is what to say
            raise BadSetting(self._withheld)
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
    """Return where the service is: as set, else as the data directory's lock says.

    Raises:
        EgressFailed: Neither says it, and the directory has a key, which nobody else may see.
    """
    if settings.url is not None:
        return settings.url
    running_url = _running_url(settings.data_dir)
    # DECISIONS 60, 119: whoever listens at the default address is not this directory's service.
    if not running_url and settings.api_key is None and _own_key(settings.data_dir):
        raise EgressFailed(
            f"no service runs on {settings.data_dir}: start it with `stenolog serve`, or name "
            "another one with --url, and its key with --api-key",
            sent=False,
        )
    return running_url or DEFAULT_URL


def api_key(settings: Settings, url: str) -> tuple[str, str]:
    """Return the key for the service at `url`, and why there is none although there is one here.

    The key that was set is for every service; that of the data directory is for the service that
    its lock names, while that runs. Either text may be empty.
    """
    if settings.api_key is not None:
        return settings.api_key.get_secret_value(), ""
    own = _own_key(settings.data_dir)
    running_url = _running_url(settings.data_dir)
    if not own or (running_url and _place(url) == _place(running_url)):
        return own, ""
    runs = f"which listens at {running_url}" if running_url else "and none runs there"
    return "", (
        f"--api-key (STENOLOG_API_KEY): {url} needs one: {settings.data_dir / API_KEY} is sent "
        f"only to the service of its directory, {runs}"
    )


def _own_key(data_dir: Path) -> str:
    """Return the data directory's key; empty when it cannot be read or is none."""
    key = read_api_key(data_dir) if os.access(data_dir / API_KEY, os.R_OK) else ""
    return key if prefix_of(key) else ""


def _running_url(data_dir: Path) -> str:
    holder = running(data_dir)
    return holder.url if holder else ""


def _place(url: str) -> tuple[str, str, int]:
    """Return what must be equal for two URLs to lead to one service."""
    return urlsplit(url).scheme, *origin(url)


def _read(answer: Answer) -> dict[str, Any]:
    body = json_object(answer.body)
    if answer.status < 400:
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
