"""ASGI's scope of a request, and of bytes that are none."""

from __future__ import annotations

from urllib.parse import unquote

import httptools

from stenolog.bootstrap.http import refusal
from stenolog.bootstrap.http.asgi import Message
from stenolog.bootstrap.http.framing import Head
from stenolog.edge.http.problems import Failure
from stenolog.edge.http.refused import SCOPE_KEY

Address = tuple[str, int] | None
NO_METHOD = "-"  # in the log line of a request whose method is not known


def scope_of(head: Head, server: Address, client: Address) -> Message:
    """Build ASGI's scope of a request.

    Raises:
        Refusal: The target is no URL.
    """
    try:
        target = httptools.parse_url(head.target)
        raw_path = target.path or b"/"  # RFC 9112, 3.2.2: `http://host` asks for its root
        path = raw_path.decode("ascii")
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        raise refusal.not_http("the target of the request is no path or URL") from None
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": head.version,
        "server": server,
        "client": client,
        "scheme": "http",
        "root_path": "",
        "method": head.method,
        "path": unquote(path) if "%" in path else path,
        "raw_path": raw_path,
        "query_string": target.query or b"",
        "headers": head.headers,
        "state": {},
    }


def refused(
    target: bytes, failure: Failure, server: Address, client: Address
) -> tuple[Head, Message]:
    """Build head and scope of what the server refuses; `target` may be half of one, or nothing."""
    head = Head(
        method=NO_METHOD,
        target=b"/",
        version="1.1",
        headers=[],
        keep_alive=False,
        expects_continue=False,
    )
    path = target.partition(b"?")[0].decode("latin-1") or "/"
    return head, {**scope_of(head, server, client), "path": path, SCOPE_KEY: failure}


def address_of(name: object) -> Address:
    """Host and port out of a socket's name; None where it has none."""
    return (str(name[0]), int(name[1])) if isinstance(name, tuple) else None
