"""What describes the API is served with it: static, and nothing comes from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from tests.house.composed import Composed, composed
from tests.http.asking import refusal
from tests.http.spoken import BASE

PAGES = ("/docs", "/docs/errors")
POLICY = (
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
EMPTY = {"meta", "link", "br", "hr"}


class Page(HTMLParser):
    """The anchors, links and loads of a page; tags that do not fit are an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []
        self.tags: set[str] = set()
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        if tag not in EMPTY:
            self._open.append(tag)
        assert not [name for name in given if name.startswith("on") or name == "style"]
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if given.get("href"):
            (self.loads if tag == "link" else self.links).append(str(given["href"]))
        assert "src" not in given

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


def unresolved(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        for one in node.values():
            yield from unresolved(one)
    elif isinstance(node, list):
        for one in node:
            yield from unresolved(one)


async def test_pages_run_nothing_and_load_their_style_alone(service: Composed) -> None:
    for path in PAGES:
        answer = await service.client.get(path, headers={"Authorization": ""})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert answer.headers["Content-Security-Policy"] == POLICY
        page = Page(answer.text)
        here = f"http://gateway.example/under/a/path{path}"
        (load,) = page.loads
        assert urljoin(here, load) == "http://gateway.example/under/a/path/docs/style.css"
        assert not page.tags & {"script", "img", "iframe", "form", "object", "base"}
        assert len(set(page.ids)) == len(page.ids)
        for link in page.links:
            place = urljoin(here, link).removeprefix("http://gateway.example/under/a/path")
            assert place in ("/openapi.json", "/docs/errors") or link[1:] in page.ids, link
        again = await service.client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert (await service.client.head(path)).status_code == 200
    style = await service.client.get("/docs/style.css")
    assert style.headers["Content-Type"].startswith("text/css")
    assert "url(" not in style.text
    assert "@import" not in style.text


async def test_the_document_is_served_and_every_operation_is_on_the_page(
    service: Composed,
) -> None:
    document = (await service.client.get("/openapi.json")).json()
    operations = [
        operation["operationId"]
        for item in document["paths"].values()
        for operation in item.values()
    ]
    page = Page((await service.client.get("/docs")).text)
    assert set(operations) <= set(page.ids)
    assert {f"schema-{name}" for name in document["components"]["schemas"]} <= set(page.ids)
    assert all(ref.startswith("#/components/") for ref in unresolved(document))


async def test_the_type_of_a_problem_leads_to_what_to_do(service: Composed) -> None:
    page = Page((await service.client.get("/docs/errors")).text)
    for method, path in [
        ("GET", f"{BASE}?limt=1"),
        ("GET", f"{BASE}/0193a1b2-0000-7000-8000-000000000009"),
        ("PATCH", BASE),
        ("GET", "/nowhere"),
        ("GET", "/" + "a" * 20_000),
    ]:
        problem = await refusal(service, method, path)
        leads, _, code = problem["type"].partition("#")
        assert leads == "/docs/errors"
        assert code in page.ids
        assert re.fullmatch(r"[a-z-]+", code)


async def test_behind_a_proxy_with_a_path_the_type_leads_to_our_page_there(tmp_path: Path) -> None:
    async with composed(tmp_path, public_url="https://proxy.example/stt") as service:
        for path in (f"{BASE}?limt=1", "/nowhere", "/healthz?", "/api/v1/nowhere"):
            answer = await service.client.request("PUT", path)
            assert answer.json()["type"].startswith("/stt/docs/errors#"), answer.text
