"""Say for each class of our errors with which status and title it is answered over HTTP."""

from __future__ import annotations

from collections.abc import Mapping

from stenolog import errors
from stenolog.commands.api_keys import LastManagingKey
from stenolog.commands.erasing import UnderHold
from stenolog.edge.access.redacted_links import BadLink
from stenolog.edge.http.bodies import BodyTooSlow
from stenolog.edge.transcriptions.awaiting import NotEnded, NotTranscribed
from stenolog.edge.transcriptions.idempotency import IdempotencyKeyReused
from stenolog.endpoints.registry import TooManyEndpoints
from stenolog.errors import StenologError
from stenolog.feed.consumers.books import HeldByWorkers, LeaseEnded, TooManyConsumers
from stenolog.feed.epochs import ElsewhereInTheLog
from stenolog.free_space import NoRoom
from stenolog.projections.past.moments import NotYetCome
from stenolog.projections.search.index import SearchNotReady, SearchTooLong

PROBLEMS: Mapping[type[StenologError], tuple[int, str]] = {
    errors.StenologError: (500, "Internal error"),
    errors.RequestError: (400, "The request cannot be served"),
    errors.InvalidRequest: (400, "The request is not valid"),
    errors.Unauthenticated: (401, "An API key is needed"),
    errors.BadToken: (401, "The callback is not one that we registered"),
    errors.Forbidden: (403, "The API key does not allow this"),
    BadLink: (403, "The link is not valid, or not any more"),
    errors.NotFound: (404, "There is no such thing"),
    IdempotencyKeyReused: (409, "The idempotency key belongs to another request"),
    LastManagingKey: (409, "Nobody could manage keys without it"),
    UnderHold: (409, "A legal hold is on the transcription"),
    ElsewhereInTheLog: (409, "The place is not one of this log"),
    LeaseEnded: (409, "The lease has ended"),
    HeldByWorkers: (409, "Workers hold some of it"),
    TooManyConsumers: (409, "There are too many consumers"),
    NotYetCome: (409, "The moment has not come yet"),
    TooManyEndpoints: (409, "There are as many as there may be"),
    errors.PayloadTooLarge: (413, "The body is too large"),
    BodyTooSlow: (408, "The body came too slowly"),
    errors.RateLimited: (429, "Too many requests"),
    errors.StoreError: (503, "A store failed"),
    errors.WrongExpectedVersion: (409, "The resource changed since you read it"),
    errors.StoreUnavailable: (503, "Nothing can be stored now"),
    SearchNotReady: (503, "The search index is being filled"),
    SearchTooLong: (503, "The search took too long"),
    NoRoom: (507, "There is no room for the file"),
    errors.OutcomeUnknown: (503, "It may or may not have been stored"),
    errors.SchemaTooNew: (500, "The data was written by a newer version"),
    errors.DataDirectoryLocked: (503, "Another gateway holds the data"),
    errors.KeyMissing: (410, "The content was erased"),
    errors.KeyLost: (503, "The key of the content is missing"),  # it may come back
    errors.RecordDamaged: (503, "A record of the log is damaged"),  # a backup may have it
    errors.PayloadDamaged: (503, "Stored content is damaged"),
    errors.ProviderError: (502, "The provider failed"),
    errors.ProviderRefused: (502, "The provider refused"),
    errors.ProviderUnavailable: (503, "The provider cannot be reached"),
    errors.ProviderHeldBack: (503, "The provider asked us to wait"),
    errors.ProviderOutcomeUnknown: (504, "The provider did not answer"),
    errors.ForbiddenAddress: (400, "The address is not allowed"),
    errors.EgressFailed: (502, "Another service did not answer"),
    NotTranscribed: (422, "The audio was not transcribed"),
    NotEnded: (504, "The transcription goes on"),
    errors.EvidenceError: (500, "The log is not what it was"),
    errors.CannotStart: (503, "The service is not running"),
}
