"""Clients of the official Python SDK, with nothing changed but key, address and patience."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import assemblyai as aai

from tests.gateway_process import GatewayProcess

POLL_S = 0.05  # the SDK's own default is 3 s


def settings_of(process: GatewayProcess) -> aai.Settings:
    return aai.Settings(api_key=process.key, base_url=process.url, polling_interval=POLL_S)


@contextmanager
def client_of(process: GatewayProcess) -> Iterator[aai.Client]:
    client = aai.Client(settings=settings_of(process))
    try:
        yield client
    finally:
        client.http_client.close()
