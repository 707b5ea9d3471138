"""No foreign error leaves the room."""

from __future__ import annotations

import errno
import inspect
import socket
import ssl

import anyio
import h11
import httpcore
import httpx
import pytest

from stenolog.egress.failures import (
    NEVER_SENT,
    OUR_ERRORS,
    RequestTrace,
    httpcore_errors,
    httpx_errors,
)
from stenolog.errors import EgressFailed, ForbiddenAddress


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


@pytest.mark.parametrize(
    "kind", [ConnectionResetError, TimeoutError, ssl.SSLError, anyio.BrokenResourceError]
)
def test_errors_that_httpcore_lets_through_are_ours_outside(kind: type[Exception]) -> None:
    with pytest.raises(EgressFailed) as failed, httpcore_errors(sent_trace()):
        raise kind
    assert failed.value.sent
    with pytest.raises(EgressFailed) as failed, httpcore_errors(RequestTrace()):
        raise kind
    assert not failed.value.sent


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


def test_a_programmers_error_is_not_hidden() -> None:
    with pytest.raises(h11.LocalProtocolError), httpcore_errors(RequestTrace()):
        raise h11.LocalProtocolError("httpcore maps its own")
