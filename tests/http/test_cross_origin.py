"""Pages of named origins may call us from a browser; by default none is told anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from stenolog.config.settings import BadSetting, load_settings
from tests.house.composed import Composed, composed

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


async def test_a_page_can_read_that_its_url_or_headers_are_too_long(tmp_path: Path) -> None:
    async with composed(tmp_path, cors_origins=(ORIGIN,)) as service:
        for status, query, header in ((414, "x" * 10_000, ""), (431, "", "x" * 40_000)):
            answer = await service.client.get(
                f"/v2/transcript?{query}", headers={"Origin": ORIGIN, "X-Long": header}
            )
            assert (answer.status_code, "too l" in answer.json()["error"]) == (status, True)
            assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.parametrize("agent", ["assemblyai-agent", "user-agent"])
async def test_the_official_sdk_may_ask_from_a_browser(tmp_path: Path, agent: str) -> None:
    """It says who it is in a header of its own in Chromium, in the standard one elsewhere."""
    asked = {**PREFLIGHT, "Access-Control-Request-Headers": f"{agent},authorization,content-type"}
    async with composed(tmp_path, cors_origins=(ORIGIN,)) as service:
        for path in ("/v2/transcript", "/v2/upload"):
            answer = await service.client.options(path, headers=asked)
            assert answer.status_code == 200, answer.text


async def test_callbacks_say_nothing_of_origins(tmp_path: Path) -> None:
    async with composed(tmp_path, cors_origins=(ORIGIN, "*")) as service:
        _, registration = await service.submitted()
        path = f"/callbacks/assemblyai/{registration.token}"
        preflight = await service.client.options(path, headers=PREFLIGHT)
        forged = await service.client.post(path, headers={"Origin": ORIGIN})
        good = await service.call_back(registration, headers={"Origin": ORIGIN})
        assert [a.status_code for a in (preflight, forged, good)] == [405, 401, 204]
        for answer in (preflight, forged, good):
            assert not [name for name in answer.headers if name.startswith("access-control")]


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
