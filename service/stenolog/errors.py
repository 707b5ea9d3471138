"""Every failure that somebody branches on.

    StenologError
    ├── RequestError            the caller asked for something that cannot be
    │   ├── InvalidRequest      readable or not, but wrong: one sentence per field
    │   ├── Unauthenticated     no key, or one that is not known
    │   ├── Forbidden           the key lacks a scope
    │   ├── NotFound            no such thing for this tenant
    │   ├── IdempotencyKeyReused   the key belongs to another request
    │   ├── LastManagingKey     nobody could manage keys without it
    │   ├── PayloadTooLarge     over a named limit
    │   └── RateLimited         too many requests of one key
    ├── StoreError
    │   ├── WrongExpectedVersion   the stream moved on since it was read
    │   ├── StoreUnavailable       nothing was written; the same call may work later
    │   ├── OutcomeUnknown         it may have been written; read, or append again with the same ids
    │   ├── SchemaTooNew           the file was written by a newer Stenolog
    │   ├── DataDirectoryLocked    another gateway runs on it
    │   ├── KeyMissing             a payload cannot be opened: its key was destroyed or never known
    │   ├── RecordDamaged          an event's record is not what was appended: go on behind it
    │   └── PayloadDamaged         a payload, or the key that it needs, is not what was sealed
    ├── ProviderError
    │   ├── ProviderRefused        the provider said no: the job does not exist
    │   ├── ProviderUnavailable    nothing happened at the provider; ask again later
    │   └── ProviderOutcomeUnknown it may have happened: settle before trying again
    ├── ForbiddenAddress        an outgoing connection to an address that is not allowed
    ├── EgressFailed            an outgoing request got no usable answer
    ├── EvidenceError           the log is not what it was
    └── CannotStart             one line for the operator

Errors know nothing of HTTP: `edge/problems.py` holds the one table. `retryable` is for handling,
the message and the attributes are for reporting.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class StenologError(Exception):
    """The root of all our errors."""

    code: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False


class RequestError(StenologError):
    """The caller asked for something that cannot be."""

    code = "bad-request"


class InvalidRequest(RequestError):
    """The request is unreadable or wrong.

    Attributes:
        fields: Pairs of a field's name and what is wrong with it; empty when unreadable.
    """

    code = "invalid-request"

    def __init__(self, message: str, fields: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.fields = tuple(fields)


class Unauthenticated(RequestError):
    """No API key was given, or one that is not known."""

    code = "unauthenticated"


class Forbidden(RequestError):
    """The API key lacks a scope."""

    code = "forbidden"


class NotFound(RequestError):
    """There is no such thing for this tenant."""

    code = "not-found"


class IdempotencyKeyReused(RequestError):
    """The idempotency key was used before, for another request."""

    code = "idempotency-key-reused"


class LastManagingKey(RequestError):
    """An API key is not revoked: nobody could manage keys without it."""

    code = "last-managing-key"


class PayloadTooLarge(RequestError):
    """The body is over a limit, which the message names."""

    code = "payload-too-large"


class RateLimited(RequestError):
    """Too many requests; `retry_in_ms` says when to come back."""

    code = "rate-limited"
    retryable = True

    def __init__(self, message: str, retry_in_ms: int) -> None:
        super().__init__(message)
        self.retry_in_ms = retry_in_ms


class StoreError(StenologError):
    """A store did not do what it was asked."""

    code = "store-error"


class WrongExpectedVersion(StoreError):
    """The stream moved on since it was read."""

    code = "wrong-expected-version"
    retryable = True


class StoreUnavailable(StoreError):
    """Nothing was written; the same call may work later."""

    code = "store-unavailable"
    retryable = True


class OutcomeUnknown(StoreError):
    """It may have been written: append again with the same event ids and see."""

    code = "outcome-unknown"
    retryable = True


class SchemaTooNew(StoreError):
    """The file was written by a newer Stenolog; upgrade this one."""

    code = "schema-too-new"


class DataDirectoryLocked(StoreError):
    """Another gateway runs on this data directory."""

    code = "data-directory-locked"


class KeyMissing(StoreError):
    """A payload cannot be opened: its key was destroyed or never known."""

    code = "key-missing"


class RecordDamaged(StoreError):
    """An event's record is not what was appended; run `stenolog log verify`.

    The records behind it can be read: whoever follows the log reports it once and goes on there.

    Attributes:
        position: Where it stands in the log.
        stream: Whose event it was, as far as the store can still tell; else empty.
    """

    code = "record-damaged"

    def __init__(self, message: str, *, position: int, stream: str = "") -> None:
        super().__init__(message)
        self.position = position
        self.stream = stream


class PayloadDamaged(StoreError):
    """A payload, or the key that it needs, is not what was sealed; run `stenolog log verify`."""

    code = "payload-damaged"


class ProviderError(StenologError):
    """A speech-to-text provider did not do what it was asked."""

    code = "provider-error"


class ProviderRefused(ProviderError):
    """The provider said no: what was asked for did not happen.

    Attributes:
        status: Its HTTP status.
        sentence: Its own words; for the customer, never for the log.
        final: The request itself is wrong: the same request will be refused again.
        raw: Its answer's bytes.
    """

    code = "provider-refused"

    def __init__(
        self, message: str, *, status: int, sentence: str = "", final: bool, raw: bytes = b""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.sentence = sentence
        self.final = final
        self.raw = raw


class ProviderUnavailable(ProviderError):
    """Nothing happened at the provider; ask again, not before `retry_in_ms` when it is given."""

    code = "provider-unavailable"
    retryable = True

    def __init__(self, message: str, *, status: int = 0, retry_in_ms: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_in_ms = retry_in_ms


class ProviderOutcomeUnknown(ProviderError):
    """It may have happened at the provider: settle before trying again."""

    code = "provider-outcome-unknown"
    retryable = True


class ForbiddenAddress(StenologError):
    """An outgoing connection to an address that is not allowed."""

    code = "forbidden-address"


class EgressFailed(StenologError):
    """An outgoing request got no usable answer.

    Attributes:
        sent: Whether the request may have reached the other side.
    """

    code = "egress-failed"
    retryable = True

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


class EvidenceError(StenologError):
    """The log is not what it was; `position` is the first record that is wrong or missing."""

    code = "evidence-error"

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.position = position


class CannotStart(StenologError):
    """The service cannot start; the message is one line that says what to do."""

    code = "cannot-start"
