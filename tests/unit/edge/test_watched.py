"""A request whose key is watched: its body ends with the key, and its client may leave."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from starlette.requests import Request
from starlette.types import Message

from stenolog.commands.api_keys import ApiKey, ApiKeys
from stenolog.compliance.accesses import NoAccessLog
from stenolog.edge.access.authentication import Authenticator
from stenolog.edge.access.rate_limit import rate_limits
from stenolog.edge.http.content_reads import ContentReads
from stenolog.edge.http.resource import Admission
from stenolog.errors import Unauthenticated


class Keys:
    """A store of keys that has none, and answers when it may."""

    def __init__(self) -> None:
        self.answers = asyncio.Event()

    async def api_key(self, prefix: str) -> ApiKey | None:
        await self.answers.wait()
        return None


def request(keys: Keys, message: Message) -> Request:
    async def receive() -> Message:
        return message

    admission = Admission(
        authenticator=Authenticator(cast(ApiKeys, keys)),
        limits=rate_limits(0, 0),
        reads=ContentReads(NoAccessLog()),
    )
    headers = [(b"authorization", b"Bearer sk_01234567_" + b"a" * 43)]
    return admission.watched(Request({"type": "http", "headers": headers}, receive))


async def test_a_client_that_left_is_noticed_while_no_key_can_be_read() -> None:
    assert await request(Keys(), {"type": "http.disconnect"}).is_disconnected()


async def test_a_body_ends_once_the_key_is_revoked() -> None:
    keys = Keys()
    keys.answers.set()
    with pytest.raises(Unauthenticated):
        await request(keys, {"type": "http.request", "body": b"", "more_body": False}).body()
