"""What the server itself refuses, before there is a request that the application could see."""

from __future__ import annotations

import orjson

from stenolog.edge.http.problems import (
    PROBLEM_JSON,
    PROBLEM_TYPE,
    RETRY_AFTER_SECONDS,
    Failure,
)

TOO_MANY = Failure(
    status=503,
    code="connections-too-many",
    title="There are too many connections",
    detail="Every connection has a request under way: send it again in a few seconds",
    headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
)


class Refusal(Exception):
    """Bytes that are not served; they are answered once, and nothing behind them is read."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def not_http(reason: str) -> Refusal:
    """The parser does not read it."""
    return _refusal(400, "not-http", "This is not an HTTP/1.1 request", reason)


def head_too_large(bytes_max: int) -> Refusal:
    """A head has no end within the limit."""
    return _refusal(
        431,
        "head-too-large",
        "The head of the request is too large",
        f"The head of a request has at most {bytes_max} bytes",
    )


def headers_too_many(headers_max: int) -> Refusal:
    """A head has too many of them, however small."""
    return _refusal(
        431,
        "head-too-large",
        "The head of the request is too large",
        f"A request has at most {headers_max} headers",
    )


def version_unknown(version: str) -> Refusal:
    """A version that we do not speak, or a request line without one."""
    return _refusal(
        505,
        "version-not-supported",
        "The version of HTTP is not supported",
        f"Send the request as HTTP/1.1, not as HTTP/{version}",
    )


def coding_unknown() -> Refusal:
    """RFC 9112, 6.1: a transfer coding that is not understood is 501."""
    return _refusal(
        501,
        "transfer-coding-unknown",
        "The transfer coding is not supported",
        "Transfer-Encoding may be `chunked`, and nothing else",
    )


def coding_in_old_version() -> Refusal:
    """RFC 9112, 6.1: where HTTP/1.0 names a transfer coding, its framing is faulty."""
    return not_http("HTTP/1.0 has no Transfer-Encoding; send Content-Length, or HTTP/1.1")


def host_missing() -> Refusal:
    """RFC 9112, 3.2: in HTTP/1.1 a request without Host is answered 400."""
    return not_http("Host is missing: send it with the name, and perhaps the port, of the service")


def host_not_clear() -> Refusal:
    """RFC 9112, 3.2: so is one with more than one Host, or with one that is no name."""
    return not_http("Host is no name: send it once, with one name, and perhaps a port")


def chunks_too_small(chunks_max: int, bytes_min: int) -> Refusal:
    """A body in crumbs, each of which costs as much as a large piece."""
    return _refusal(
        400,
        "chunks-too-small",
        "The chunks of the body are too small",
        f"Beyond {chunks_max} chunks of a body they have {bytes_min} bytes on average: send larger",
    )


def expectation_unknown() -> Refusal:
    """RFC 9110, 10.1.1."""
    return _refusal(
        417,
        "expectation-failed",
        "The expectation cannot be met",
        "Expect may be `100-continue`, and nothing else",
    )


def no_tunnel() -> Refusal:
    """CONNECT asks for a proxy."""
    return _refusal(
        501, "connect-not-offered", "CONNECT is not offered", "This is no proxy: send GET or POST"
    )


def too_many_requests() -> Refusal:
    """As many requests are under way as there may be."""
    return Refusal(TOO_MANY)


def too_many_connections() -> bytes:
    """The whole answer to a connection for which there is no room; nothing of it was read."""
    body = orjson.dumps(
        {
            "type": PROBLEM_TYPE + TOO_MANY.code,
            "title": TOO_MANY.title,
            "status": TOO_MANY.status,
        }
    )
    return (
        b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: %b\r\nretry-after: %d\r\n"
        b"content-length: %d\r\nconnection: close\r\n\r\n%b"
    ) % (PROBLEM_JSON.encode(), RETRY_AFTER_SECONDS, len(body), body)


def _refusal(status: int, code: str, title: str, detail: str) -> Refusal:
    return Refusal(Failure(status=status, code=code, title=title, detail=detail))
