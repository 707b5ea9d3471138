"""Every failure that somebody branches on.

    StenologError
    ├── RequestError            the caller asked for something that cannot be
    │   ├── InvalidRequest      readable or not, but wrong: one sentence per field
    │   ├── Unauthenticated     no key, or one that is not known
    │   ├── BadToken            a callback's token or header that we did not make
    │   ├── Forbidden           the key lacks a scope
    │   ├── NotFound            no such thing for this tenant
    │   ├── PayloadTooLarge     over a named limit
    │   └── RateLimited         too many requests of one key
    ├── StoreError
    │   ├── WrongExpectedVersion   the stream moved on since it was read
    │   ├── StoreUnavailable       nothing was written; the same call may work later
    │   ├── OutcomeUnknown         it may have been written; read, or append again with the same ids
    │   ├── SchemaTooNew           the file was written by a newer Stenolog
    │   ├── DataDirectoryLocked    another gateway runs on it
    │   ├── KeyMissing             the key of a payload was destroyed: its content is gone
    │   ├── KeyLost                the key is not there, and nobody destroyed it: restore keys.db
    │   ├── RecordDamaged          an event's record is not what was appended: go on behind it
    │   └── PayloadDamaged         a payload, or the key that it needs, is not what was sealed
    ├── ProviderError
    │   ├── ProviderRefused        the provider said no: the job does not exist
    │   ├── ProviderUnavailable    nothing happened at the provider; ask again later
    │   │   └── ProviderHeldBack   it was not asked at all: it wants none now, or we cannot
    │   └── ProviderOutcomeUnknown it may have happened: settle before trying again
    ├── ForbiddenAddress        an outgoing connection to an address that is not allowed
    ├── EgressFailed            an outgoing request got no usable answer
    ├── EvidenceError           the log is not what it was
    └── CannotStart             one line for the operator

`edge/http/problem_table.py` has the one table for HTTP. `retryable` is for handling, message and
attributes for reporting. An error that one room raises and catches stands there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

Concern = Literal["request", "account"]


class StenologError(Exception):
    """The root of all our errors; `beside` are members of an answer besides the message."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False
    beside: Mapping[str, object] | None = None

    def __init_subclass__(cls, *, code: str | None = None) -> None:
        """Set `code`, which clients see at the end of a problem's `type`; without one, inherit."""
        super().__init_subclass__()
        cls.code = code or cls.code


class RequestError(StenologError, code="bad-request"):
    """The caller asked for something that is not possible."""


class InvalidRequest(RequestError, code="invalid-request"):
    """The request is unreadable, or wrong: `fields` pairs each field with what is wrong with it."""

    def __init__(self, message: str, fields: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class Unauthenticated(RequestError, code="unauthenticated"):
    """No API key was given, or one that is not known."""


class BadToken(RequestError, code="bad-token"):
    """A callback's token or header is not ours; `reason` is for the counter, not the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Forbidden(RequestError, code="forbidden"):
    """The API key lacks a scope."""


class NotFound(RequestError, code="not-found"):
    """This tenant has no such thing."""


class PayloadTooLarge(RequestError, code="payload-too-large"):
    """The body is over a limit, which the message names."""


class RateLimited(RequestError, code="rate-limited"):
    """Too many requests; `retry_in_ms` says when to come back."""

    retryable = True

    def __init__(self, message: str, retry_in_ms: int) -> None:
        super().__init__(message)
        self.retry_in_ms = retry_in_ms


class StoreError(StenologError, code="store-error"):
    """A store could not do what it was asked."""


class WrongExpectedVersion(StoreError, code="wrong-expected-version"):
    """The stream moved on since it was read."""

    retryable = True


class StoreUnavailable(StoreError, code="store-unavailable"):
    """Nothing was written; the same call may work later."""

    retryable = True


class OutcomeUnknown(StoreError, code="outcome-unknown"):
    """It may have been written: append again with the same event ids to find out."""

    retryable = True


class SchemaTooNew(StoreError, code="schema-too-new"):
    """The file was written by a newer Stenolog; upgrade this one."""


class DataDirectoryLocked(StoreError, code="data-directory-locked"):
    """Another gateway runs on this data directory."""


class KeyMissing(StoreError, code="key-missing"):
    """A payload cannot be opened: its key was destroyed, with the content or the upload."""


class KeyLost(StoreError, code="key-lost"):
    """A key is not in `keys.db`, and the log knows of no erasure: it is never told as erased."""


class RecordDamaged(StoreError, code="record-damaged"):
    """An event's record is not what was appended, or is missing; run `stenolog log verify`.

    The records behind it can be read: whoever follows the log reports it once and goes on there.
    `position` is its own; `stream` is empty where the store cannot tell whose event it was. With
    `gone` nothing stands there.
    """

    def __init__(self, said: str, *, position: int, stream: str = "", gone: bool = False) -> None:
        super().__init__(said)
        self.position, self.stream, self.gone = position, stream, gone


class PayloadDamaged(StoreError, code="payload-damaged"):
    """A payload, or the key that it needs, is not what was sealed; run `stenolog log verify`."""


class ProviderError(StenologError, code="provider-error"):
    """A speech-to-text provider did not do what it was asked."""


class ProviderRefused(ProviderError, code="provider-refused"):
    """The provider said no: what was asked for did not happen.

    Attributes:
        status: Its HTTP status.
        sentence: Its own words; for the customer, never for the log.
        final: The request itself is wrong: the same request will be refused again.
        upload_lost: The provider does not have the file any more that was uploaded for it.
        raw: Its answer's bytes.
        concerns: What is refused: this request, or all of the account.
    """

    def __init__(
        self, message: str, *, status: int, sentence: str = "", final: bool,
        upload_lost: bool = False, raw: bytes = b"", concerns: Concern = "request",
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.status, self.concerns = status, concerns
        self.sentence, self.raw = sentence, raw
        self.final, self.upload_lost = final, upload_lost


class ProviderUnavailable(ProviderError, code="provider-unavailable"):
    """Nothing happened at the provider; ask again, not before `retry_in_ms` if it is given.

    `odd`: it answered, and this was wrong with the answer.
    """

    retryable = True
    odd: str = ""

    def __init__(self, message: str, *, status: int = 0, retry_in_ms: int | None = None) -> None:
        super().__init__(message)
        self.status, self.retry_in_ms = status, retry_in_ms


class ProviderHeldBack(ProviderUnavailable, code="provider-held-back"):
    """The provider was not asked: it wants to be left alone, or this machine cannot ask it."""


class ProviderOutcomeUnknown(ProviderError, code="provider-outcome-unknown"):
    """It may have happened at the provider: settle before trying again.

    `page`: status and bytes of an answer that is not the provider's own; None: there was none.
    """

    retryable = True
    page: tuple[int, int] | None = None


class ForbiddenAddress(StenologError, code="forbidden-address"):
    """An outgoing connection leads to an address that is not allowed.

    `final`: the URL itself says so. False: its host's name leads there, now.
    """

    def __init__(self, message: str, *, final: bool = True) -> None:
        super().__init__(message)
        self.final = final


class EgressFailed(StenologError, code="egress-failed"):
    """An outgoing request got no usable answer.

    `sent`: it may have reached the other side. `dropped`: that broke off, and may answer the next
    time. `unreached`: no connection came about in time, or no name server answered; it may the next
    time. `ours`: this machine or we are at fault; nothing is known of the other side.
    """

    retryable = True

    def __init__(
        self, message: str, *, sent: bool,
        dropped: bool = False, unreached: bool = False, ours: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(message)
        self.sent, self.dropped, self.unreached, self.ours = sent, dropped, unreached, ours


class EvidenceError(StenologError, code="evidence-error"):
    """The log is not what it was; `position` is the first record that is wrong or missing."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class CannotStart(StenologError, code="cannot-start"):
    """The service cannot start; the message is one line that says what to do."""
