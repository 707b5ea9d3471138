"""The settings for rates and origins reach the running service, and keys outlive it."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.gateway_process import gateway

AUDIO = {"audio_url": "https://audio.example/1.mp3"}
ORIGIN = "https://app.example"


def test_rates_and_origins_are_as_set(tmp_path: Path) -> None:
    settings = {
        "ASSEMBLYAI_API_KEY": "nobody",
        "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1",
        "RATE_LIMIT_PER_MINUTE": "2",
        "CORS_ORIGINS": ORIGIN,
    }
    with gateway(tmp_path / "data", settings) as running, httpx.Client(trust_env=False) as client:
        headers = {"Authorization": running.key, "Origin": ORIGIN}
        answers = [client.get(f"{running.url}/v2/transcript", headers=headers) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json() == {"error": "Too Many Requests"}
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 30
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {ORIGIN}


def test_an_idempotency_key_is_known_after_a_restart(tmp_path: Path) -> None:
    settings = {"ASSEMBLYAI_API_KEY": "nobody", "ASSEMBLYAI_BASE_URL": "http://127.0.0.1:1"}
    bodies = []
    for replayed in (None, "true"):
        with (
            gateway(tmp_path / "data", settings) as running,
            httpx.Client(trust_env=False) as client,
        ):
            headers = {"Authorization": running.key, "Idempotency-Key": "order-7"}
            answer = client.post(f"{running.url}/v2/transcript", json=AUDIO, headers=headers)
        assert answer.headers.get("Idempotent-Replayed") == replayed
        bodies.append(answer.content)
    assert bodies[0] == bodies[1]
