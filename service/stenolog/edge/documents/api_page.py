"""Write the page of the API from its OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from stenolog.edge.documents.html import folded, page, paragraph, said, table

METHODS = ("get", "post", "put", "patch", "delete")
Node = Mapping[str, Any]


def api_page(document: Node) -> bytes:
    """Return the page; every operation has an anchor of its name, every schema of `schema-NAME`."""
    return page(f"{document['info']['title']}: the API", _parts(document), "docs/style.css")


def _parts(document: Node) -> Iterator[str]:
    yield paragraph(document["info"].get("summary"))
    yield paragraph(document["info"].get("description"))
    yield (
        '<p>The same for programs: <a href="openapi.json">openapi.json</a>. '
        'Errors: <a href="docs/errors">problem types</a>.</p>'
    )
    operations = list(_operations(document))
    for tag in document["tags"]:
        mine = [one for one in operations if one[2]["tags"] == [tag["name"]]]
        links = "".join(
            f'<li><a href="#{escape(operation["operationId"])}"><span class="method">'
            f"{method.upper()}</span> <code>{escape(path)}</code></a></li>"
            for path, method, operation in mine
        )
        yield f"<h2>{escape(tag['description'])}</h2><nav><ul>{links}</ul></nav>"
        for path, method, operation in mine:
            yield from _operation(document, path, method, operation)
    yield "<h2>Schemas</h2>"
    for name, schema in document["components"]["schemas"].items():
        yield f'<h3 id="schema-{escape(name)}">{escape(name)}</h3>'
        yield paragraph(schema.get("description"))
        yield _properties(schema) or f"<p>{_kind(schema)}</p>"


def _operations(document: Node) -> Iterator[tuple[str, str, Node]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _operation(document: Node, path: str, method: str, operation: Node) -> Iterator[str]:
    yield (
        f'<h3 id="{escape(operation["operationId"])}"><span class="method">{method.upper()}</span>'
        f"<code>{escape(path)}</code> {said(operation['summary'])}</h3>"
    )
    yield paragraph(operation.get("description"))
    scopes = [scope for one in operation["security"] for scope in next(iter(one.values()), ())]
    yield paragraph(f"Needs the scope `{scopes[0]}`." if scopes else "", "dim")
    rows: list[tuple[str, ...]] = []
    for given in operation.get("parameters", ()):
        one = _resolved(document, given)
        where = f"{one['in']}{', required' if one.get('required') else ''}"
        name = f"<code>{escape(one['name'])}</code>"
        rows.append((name, escape(where), _kind(one["schema"]), said(one.get("description", ""))))
    yield table(("parameter", "in", "type", "what"), rows)
    if "requestBody" in operation:
        yield from _content("Body", _resolved(document, operation["requestBody"]))
    rows = []
    for status, given in operation["responses"].items():
        answer = _resolved(document, given)
        rows.append((f"<code>{escape(status)}</code>", said(answer.get("description", ""))))
    for status, given in operation["responses"].items():
        if status.startswith("2"):
            yield from _content(f"Answer {status}", _resolved(document, given))
    yield folded("All answers", table(("status", "what"), rows))


def _content(title: str, holder: Node) -> Iterator[str]:
    for media, content in holder.get("content", {}).items():
        yield f'<p class="dim">{escape(title)}: {escape(media)}, {_kind(content["schema"])}</p>'
        for example in _examples(content):
            shown = example if isinstance(example, str) else json.dumps(example, indent=2)
            yield f"<pre>{escape(shown)}</pre>"


def _examples(content: Node) -> list[object]:
    if "example" in content:
        return [content["example"]]
    return [one["value"] for one in content.get("examples", {}).values()]


def _properties(schema: Node) -> str:
    rows = [
        (f"<code>{escape(name)}</code>", _kind(one), said(one.get("description", "")))
        for part in (*schema.get("allOf", ()), schema)
        for name, one in part.get("properties", {}).items()
    ]
    above = " and ".join(_kind(one) for one in schema.get("allOf", ()) if "$ref" in one)
    return (f"<p>All of {above}, and:</p>" if above else "") + table(("name", "type", "what"), rows)


def _kind(schema: object) -> str:
    """Return what a schema allows, in a few words and links."""
    if not isinstance(schema, Mapping):
        return "anything"
    if "$ref" in schema:
        name = escape(str(schema["$ref"]).rsplit("/", 1)[1])
        return f'<a href="#schema-{name}">{name}</a>'
    for word in ("oneOf", "anyOf"):
        if word in schema:
            return " or ".join(_kind(one) for one in schema[word])
    if "enum" in schema:
        return " | ".join(escape(json.dumps(one)) for one in schema["enum"])
    types = schema.get("type", "anything")
    names = [types] if isinstance(types, str) else list(types)
    said_types = " or ".join(escape(name) for name in names)
    if "items" in schema:
        said_types = said_types.replace("array", f"list of {_kind(schema['items'])}")
    return said_types


def _resolved(document: Node, node: Node) -> Node:
    if "$ref" not in node:
        return node
    found: Any = document
    for part in str(node["$ref"]).removeprefix("#/").split("/"):
        found = found[part]
    assert isinstance(found, Mapping)
    return found
