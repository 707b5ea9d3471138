"""No foreign error leaves the room."""

from __future__ import annotations

import builtins
import errno
import inspect
import socket
import ssl
from collections.abc import AsyncIterator

import anyio
import h11
import httpcore
import httpx
import pytest
import structlog

from stenolog.egress.client import Egress
from stenolog.egress.failures import (
    NEVER_SENT,
    OUR_ERRORS,
    RequestTrace,
    httpcore_errors,
    httpx_errors,
)
from stenolog.egress.guard import AddressPolicy
from stenolog.errors import EgressFailed, ForbiddenAddress, StenologError, StoreUnavailable
from tests.egress.scripted import serving, silence

# What anyio's streams raise; its other errors are of tasks, threads and processes.
STREAM_ERRORS = {
    "BrokenResourceError",
    "BusyResourceError",
    "ClosedResourceError",
    "DelimiterNotFound",
    "EndOfStream",
    "IncompleteRead",
    "WouldBlock",
}


def classes(module: object) -> list[type[Exception]]:
    found = [value for _, value in inspect.getmembers(module, inspect.isclass)]
    return [value for value in found if issubclass(value, Exception)]


def made(kind: type[Exception]) -> Exception:
    """An instance, however its class wants to be made."""
    if issubclass(kind, httpx.HTTPStatusError):
        request = httpx.Request("GET", "http://a")
        return kind("x", request=request, response=httpx.Response(500))
    try:
        return kind("x")
    except TypeError:
        return kind()


def sent_trace() -> RequestTrace:
    request_trace = RequestTrace()
    request_trace.sent = True
    return request_trace


@pytest.mark.parametrize("kind", classes(httpx))
def test_every_error_of_httpx_is_ours_outside(kind: type[Exception]) -> None:
    with pytest.raises((EgressFailed, ForbiddenAddress)), httpx_errors():
        raise made(kind)


@pytest.mark.parametrize("kind", classes(httpcore))
def test_every_error_of_httpcore_is_ours_outside(kind: type[Exception]) -> None:
    with pytest.raises(EgressFailed) as failed, httpcore_errors(sent_trace()):
        raise made(kind)
    assert failed.value.sent is not issubclass(kind, NEVER_SENT)


@pytest.mark.parametrize("sent", [True, False])
def test_who_had_no_time_to_send_has_not_reached_the_other_side(sent: bool) -> None:
    request_trace = sent_trace() if sent else RequestTrace()
    with pytest.raises(EgressFailed) as failed, httpcore_errors(request_trace):
        raise TimeoutError
    assert (failed.value.sent, failed.value.unreached) == (sent, not sent)


BENEATH: set[type[Exception]] = {
    *classes(h11),
    *classes(ssl),
    *classes(socket),
    *(one for one in classes(anyio) if one.__name__ in STREAM_ERRORS),
    *(one for one in classes(builtins) if issubclass(one, OSError)),
}


@pytest.mark.parametrize("kind", sorted(BENEATH, key=str))
def test_errors_that_httpcore_lets_through_are_ours_outside(kind: type[Exception]) -> None:
    with pytest.raises(EgressFailed) as failed, httpcore_errors(sent_trace()):
        raise kind
    assert failed.value.sent
    with pytest.raises(EgressFailed) as failed, httpcore_errors(RequestTrace()):
        raise kind
    assert not failed.value.sent


@pytest.mark.parametrize(
    "kind", [RuntimeError, AssertionError, KeyError, ValueError, UnicodeError, RecursionError]
)
def test_what_nobody_foresaw_ends_one_request_and_is_not_hidden(kind: type[Exception]) -> None:
    with structlog.testing.capture_logs() as lines:
        with pytest.raises(EgressFailed) as failed, httpcore_errors(sent_trace()):
            raise kind("x")
        assert failed.value.sent
        with pytest.raises((EgressFailed, ForbiddenAddress)), httpx_errors():
            raise kind("x")
    assert [line["log_level"] for line in lines if line["error"] == kind.__name__][:1] == ["error"]


def test_a_group_of_errors_is_ours_outside() -> None:
    both = ExceptionGroup("both addresses", [OSError("a"), OSError("b")])
    with (
        structlog.testing.capture_logs(),
        pytest.raises(EgressFailed),
        httpcore_errors(RequestTrace()),
    ):
        raise both


@pytest.mark.parametrize("error", [StoreUnavailable("x"), ForbiddenAddress("x")])
def test_our_own_errors_pass(error: StenologError) -> None:
    for door in (httpcore_errors(RequestTrace()), httpx_errors()):
        with structlog.testing.capture_logs() as lines, pytest.raises(type(error)), door:
            raise error
        assert lines == []


@pytest.mark.parametrize("number", OUR_ERRORS)
def test_what_this_machine_lacks_is_not_blamed_on_the_network(number: int) -> None:
    wrapped = httpcore.ConnectError("All connection attempts failed")
    wrapped.__cause__ = OSError("All connection attempts failed")
    wrapped.__cause__.__context__ = OSError(number, "a reason")
    with pytest.raises(EgressFailed) as failed, httpcore_errors(RequestTrace()):
        raise wrapped
    assert str(failed.value).startswith("this machine: ")
    assert failed.value.ours
    assert not failed.value.sent


@pytest.mark.parametrize("number", [errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH])
def test_what_the_network_does_is_not_blamed_on_this_machine(number: int) -> None:
    with pytest.raises(EgressFailed) as failed, httpcore_errors(RequestTrace()):
        raise httpcore.ConnectError from OSError(number, "a reason")
    assert not failed.value.ours


@pytest.mark.parametrize(
    ("cause", "unreached"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "try again"), True),
        (socket.gaierror(socket.EAI_NONAME, "no such name"), False),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), False),
        (httpcore.ConnectTimeout(), True),
    ],
)
def test_who_was_not_reached_in_time_may_be_the_next_time(
    cause: Exception, unreached: bool
) -> None:
    with pytest.raises(EgressFailed) as failed, httpcore_errors(RequestTrace()):
        raise httpcore.ConnectError from cause
    assert failed.value.unreached is unreached


@pytest.mark.parametrize("told", ["2", "9"])
async def test_a_body_of_another_length_than_told_is_our_fault(told: str) -> None:
    """h11 raises a LocalProtocolError, which httpcore lets through."""
    egress = Egress(AddressPolicy.of(networks=["127.0.0.0/8"]))

    async def body() -> AsyncIterator[bytes]:
        yield b"12345"

    async with serving(silence) as server:
        with pytest.raises(EgressFailed, match="declared Content-Length") as failed:
            await egress.request(
                "POST",
                server.url,
                headers=[("content-length", told)],
                content=body(),
                timeout_ms=5_000,
                answer_bytes_max=100,
            )
    await egress.aclose()
    assert (failed.value.sent, failed.value.ours) == (True, True)
