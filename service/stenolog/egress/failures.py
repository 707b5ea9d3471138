"""Turn the errors of httpx, httpcore and what they stand on into ours, and let no other out."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import h11
import httpcore
import httpx
import structlog

from stenolog.egress.resolving import NoThread
from stenolog.errors import EgressFailed, ForbiddenAddress, StenologError

# httpcore has no root class of its own, and lets errors of h11, TLS, sockets and anyio through.
HTTPCORE_ERRORS: tuple[type[Exception], ...] = (
    httpcore.ConnectionNotAvailable,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.TimeoutException,
    httpcore.UnsupportedProtocol,
    anyio.BrokenResourceError,
    anyio.BusyResourceError,
    anyio.ClosedResourceError,
    anyio.DelimiterNotFound,
    anyio.EndOfStream,
    anyio.IncompleteRead,
    anyio.WouldBlock,
    h11.ProtocolError,
    ssl.SSLError,
    OSError,
)
# Raised only before a byte of the request was written.
NEVER_SENT = (
    httpcore.ConnectError,
    httpcore.ConnectTimeout,
    httpcore.ConnectionNotAvailable,
    httpcore.PoolTimeout,
    httpcore.UnsupportedProtocol,
)
# Errors of connect(2) and socket(2) that say nothing of the other side, and what to do.
OUR_ERRORS = {
    errno.EMFILE: "too many open files; raise the limit (ulimit -n, LimitNOFILE)",
    errno.ENFILE: "too many open files in the whole system",
    errno.ENOMEM: "no memory for a connection",
    errno.ENOBUFS: "no memory for a connection",
    errno.EADDRNOTAVAIL: "no free port to connect from",
    errno.EPERM: "connecting is not permitted; a local firewall or sandbox forbids it",
    errno.EACCES: "connecting is not permitted; a local firewall or sandbox forbids it",
}
CAUSES_MAX = 8  # httpcore and anyio wrap an error twice each
HTTPX_ERRORS = (httpx.HTTPError, httpx.CookieConflict, httpx.StreamError)

log = structlog.get_logger(__name__)


class RequestTrace:
    """Tells whether a request may have reached the other side, from httpcore's trace."""

    __slots__ = ("sent",)

    def __init__(self) -> None:
        self.sent = False

    async def trace(self, event: str, _info: object) -> None:
        """Note the moment from which bytes of the request may be on their way."""
        if event.endswith("send_request_headers.started"):
            self.sent = True


@contextmanager
def httpcore_errors(request_trace: RequestTrace) -> Iterator[None]:
    """Turn what httpcore raises, and a deadline that ended, into `EgressFailed`.

    Our own errors pass. What no library is known to raise is `EgressFailed` too, so that it ends
    one request and no loop; a line at level error has its traceback.

    Raises:
        EgressFailed: With `sent` False only when nothing can have reached the other side,
            `dropped` when a connection ended or brought nonsense, not when it was too slow,
            `unreached` when no connection came about in time, and `ours` when this machine could
            not connect to anybody, or we sent another body than our headers say.
    """
    try:
        yield
    except TimeoutError as exc:
        sent = request_trace.sent
        raise EgressFailed("no complete answer in time", sent=sent, unreached=not sent) from exc
    except h11.LocalProtocolError as exc:
        raise EgressFailed(f"no request: {exc}", sent=request_trace.sent, ours=True) from exc
    except HTTPCORE_ERRORS as exc:
        sent = request_trace.sent and not isinstance(exc, NEVER_SENT)
        dropped = sent and not isinstance(exc, httpcore.TimeoutException)
        lacking = None if sent else _lacking(exc)
        if lacking is not None:
            raise EgressFailed(f"this machine: {lacking}", sent=False, ours=True) from exc
        raise EgressFailed(
            f"no usable answer: {type(exc).__name__}",
            sent=sent,
            dropped=dropped,
            unreached=not sent and _is_late(exc),
        ) from exc
    except StenologError:
        raise
    except Exception as exc:  # the door: see above
        log.exception("egress.crashed", error=type(exc).__name__)
        raise EgressFailed(
            f"no usable answer: {type(exc).__name__}", sent=request_trace.sent
        ) from exc


@contextmanager
def httpx_errors() -> Iterator[None]:
    """Turn what httpx raises while it reads a URL or builds a request into ours; nothing was sent.

    Raises:
        ForbiddenAddress: The URL cannot be one. `idna`, which httpx asks, raises a `UnicodeError`.
        EgressFailed: Anything else; what httpx is not known to raise has a line at level error.
    """
    try:
        yield
    except (httpx.InvalidURL, ValueError) as exc:
        raise ForbiddenAddress("the URL is not valid") from exc
    except HTTPX_ERRORS as exc:
        raise EgressFailed(f"no request: {type(exc).__name__}", sent=False) from exc
    except StenologError:
        raise
    except Exception as exc:  # the door: see above
        log.exception("egress.crashed", error=type(exc).__name__)
        raise EgressFailed(f"no request: {type(exc).__name__}", sent=False) from exc


def _lacking(exc: BaseException) -> str | None:
    """Return what this machine lacks, when an error that the system raised says so."""
    for cause in _causes(exc):
        if isinstance(cause, NoThread):
            return str(cause)
        if isinstance(cause, OSError) and cause.errno in OUR_ERRORS:
            return OUR_ERRORS[cause.errno]
    return None


def _is_late(exc: BaseException) -> bool:
    """Tell whether a host, or the name server that knows it, has not answered in time."""
    return any(
        isinstance(cause, httpcore.ConnectTimeout)
        or (isinstance(cause, socket.gaierror) and cause.errno == socket.EAI_AGAIN)
        for cause in _causes(exc)
    )


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield the error and what it came from, at most `CAUSES_MAX` in all."""
    cause: BaseException | None = exc
    for _ in range(CAUSES_MAX):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or cause.__context__
