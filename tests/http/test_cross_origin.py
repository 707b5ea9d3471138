"""Pages of named origins may call us from a browser; by default none is told anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from service.config import BadSetting, load_settings
from tests.http.composed import Composed, composed

ORIGIN = "https://app.example"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, idempotency-key",
}


async def test_by_default_nothing_is_said_of_origins(service: Composed) -> None:
    answer = await service.client.options("/v2/transcript", headers=PREFLIGHT)
    assert answer.status_code == 405
    answer = await service.client.get("/v2/transcript", headers={"Origin": ORIGIN})
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_named_origin_may_ask_and_read(tmp_path: Path) -> None:
    async with composed(tmp_path, cors_origins=(ORIGIN,)) as service:
        answer = await service.client.options("/v2/transcript", headers=PREFLIGHT)
        assert answer.status_code == 200
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "Idempotency-Key" in answer.headers["Access-Control-Allow-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers
        assert answer.headers["X-Correlation-Id"]
        for path, status in (("/v2/transcript", 200), ("/v2/nothing", 404)):
            answer = await service.client.get(path, headers={"Origin": ORIGIN})
            assert answer.status_code == status
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
            assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        refused = await service.client.get(
            "/v2/transcript", headers={"Origin": ORIGIN, "Authorization": "wrong"}
        )
        assert refused.status_code == 401
        assert refused.headers["Access-Control-Allow-Origin"] == ORIGIN


async def test_another_origin_is_refused(tmp_path: Path) -> None:
    async with composed(tmp_path, cors_origins=(ORIGIN,)) as service:
        other = {"Origin": "https://evil.example"}
        answer = await service.client.options("/v2/transcript", headers={**PREFLIGHT, **other})
        assert answer.status_code == 400
        answer = await service.client.get("/v2/transcript", headers=other)
        assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "origins", ["https://app.example/", "app.example", "https://a.example https://b.example"]
)
def test_what_is_no_origin_is_refused_at_the_start(origins: str) -> None:
    with pytest.raises(BadSetting, match="STENOLOG_CORS_ORIGINS"):
        load_settings({}, cors_origins=origins)


def test_origins_are_split_at_commas() -> None:
    settings = load_settings({}, cors_origins="https://a.example, http://[::1]:3000,*")
    assert settings.cors_origins == ("https://a.example", "http://[::1]:3000", "*")
