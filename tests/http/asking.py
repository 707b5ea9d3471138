"""Questions to the native API, and what every answer has."""

from __future__ import annotations

from typing import Any

from tests.house.composed import Composed


async def get(service: Composed, path: str, **query: object) -> dict[str, Any]:
    answer = await service.client.get(path, params={k: str(v) for k, v in query.items()})
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


async def pages(service: Composed, path: str, limit: int, **query: object) -> list[dict[str, Any]]:
    """All items of a list, page by page."""
    items: list[dict[str, Any]] = []
    after: dict[str, object] = {}
    while True:
        page = await get(service, path, limit=limit, **after, **query)
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


async def refusal(service: Composed, method: str, path: str, **how: Any) -> dict[str, Any]:
    """The problem that a request is answered with."""
    answer = await service.client.request(method, path, **how)
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert isinstance(problem, dict)
    assert problem["status"] == answer.status_code
    assert problem["correlation_id"] == answer.headers["X-Correlation-Id"]
    return problem
