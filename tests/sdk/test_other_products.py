"""The products beside pre-recorded audio that the Python SDK knows: each is refused in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from typing import Any

import assemblyai as aai
import pytest

from tests.gateway_process import GatewayProcess

pytestmark = [
    pytest.mark.xdist_group("sdk"),
    # The SDK's own models.
    pytest.mark.filterwarnings("ignore:.*:pydantic.PydanticDeprecatedSince20"),
]
REFUSED = "are not offered"
AUDIO = b"RIFF" + bytes(4_000_000)  # more than a socket buffers: it is refused while it is sent
UNDERSTOOD = {"translation": {"target_languages": ["es"]}}


def settings_of(process: GatewayProcess) -> aai.Settings:
    return aai.Settings(
        api_key=process.key,
        base_url=process.url,
        sync_base_url=process.url,
        dictation_base_url=process.url,
        llm_gateway_base_url=process.url,
    )


@pytest.fixture(scope="module")
def client(simulated: GatewayProcess) -> Iterator[aai.Client]:
    client = aai.Client(settings=settings_of(simulated))
    with closing(client.http_client):
        yield client


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: aai.SyncTranscriber(client=client).transcribe(AUDIO),
        lambda client: aai.SyncTranscriber(client=client).transcribe(BytesIO(AUDIO)),
        lambda client: aai.SyncTranscriber(client=client).transcribe_live([AUDIO] * 3),
        lambda client: aai.SyncTranscriber(client=client).transcribe_async(AUDIO).result(),
        lambda client: aai.DictationTranscriber(client=client).transcribe_live(AUDIO),
        lambda client: aai.LLMGateway(client=client).understanding.validate(request=UNDERSTOOD),
    ],
    ids=["sync", "sync file", "sync live", "sync future", "dictation", "understanding"],
)
def test_what_is_not_offered_is_refused_with_a_status_and_a_sentence(
    client: aai.Client, ask: Callable[[aai.Client], Any]
) -> None:
    with pytest.raises(aai.AssemblyAIError, match=REFUSED) as raised:
        ask(client)
    assert raised.value.status_code == 404


def test_a_push_session_of_the_synchronous_api_ends_with_the_refusal(client: aai.Client) -> None:
    with aai.SyncTranscriber(client=client) as transcriber:
        assert transcriber.warm()
        with transcriber.open_live() as session:
            session.write(AUDIO)
        with pytest.raises(aai.SyncTranscriptError, match=REFUSED) as raised:
            session.result()
    assert raised.value.error_code == "not_found"


async def test_the_asynchronous_client_of_the_synchronous_api_is_refused_too(
    simulated: GatewayProcess,
) -> None:
    async with aai.AsyncClient(settings=settings_of(simulated)) as client:
        with pytest.raises(aai.SyncTranscriptError, match=REFUSED) as raised:
            await aai.AsyncSyncTranscriber(client=client).transcribe(AUDIO)
    assert raised.value.status_code == 404
