"""A webhook that could never be called is refused while its sender still looks."""

from __future__ import annotations

from pathlib import Path

from tests.house.composed import composed
from tests.http.asking import refusal
from tests.http.spoken import BASE, URL

REFUSED = (
    "http://localhost:5055/hook",
    "http://dev.localhost/",
    "http://10.0.0.7/",
    "http://[::1]/",
)


async def test_a_private_webhook_is_400_and_names_the_setting(tmp_path: Path) -> None:
    async with composed(tmp_path, allow_networks=()) as service:
        for webhook in REFUSED:
            body = {"audio_url": URL, "webhook_url": webhook}
            problem = await refusal(service, "POST", BASE, json=body)
            assert problem["errors"][0]["field"] == "webhook_url"
            assert "STENOLOG_ALLOW_NETWORKS=" in problem["detail"]
            answer = await service.client.post("/v2/transcript", json=body)
            assert (answer.status_code, answer.json()) == (400, {"error": problem["detail"]})
        assert await service.recorded() == []
        body = {"audio_url": URL, "webhook_url": "https://no-such-host.example/hook"}
        assert (await service.client.post(BASE, json=body)).status_code == 201


async def test_one_that_is_allowed_is_taken(tmp_path: Path) -> None:
    async with composed(tmp_path) as service:
        for webhook in ("http://localhost:5055/hook", "http://127.0.0.1:1/"):
            body = {"audio_url": URL, "webhook_url": webhook}
            assert (await service.client.post("/v2/transcript", json=body)).status_code == 200
        body = {"audio_url": URL, "webhook_url": "http://192.168.0.1/"}
        assert (await refusal(service, "POST", BASE, json=body))["status"] == 400
