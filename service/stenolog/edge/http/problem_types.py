"""List the types of problems, and what to do about each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stenolog.edge.http.problem_table import PROBLEMS
from stenolog.edge.http.problems import INTERNAL, METHOD_NOT_ALLOWED, UNKNOWN_PATH

ADVICE: Mapping[str, str] = {
    "internal": "Report the correlation id to whoever runs the gateway; its log has the reason.",
    "bad-request": "`detail` says what cannot be done.",
    "invalid-request": "Mend what `errors` names, field by field, and ask again.",
    "unauthenticated": "Send a key in `Authorization`; `stenolog keys create` makes one.",
    "bad-token": "For providers' callbacks alone: the token or its header was not made here.",
    "forbidden": "Use a key that has the scope; `stenolog keys list` shows what each may do.",
    "bad-link": "Ask for the transcript again: it has a new link.",
    "not-found": "Your tenant has no such thing: look at the id, and at whose key it is.",
    "idempotency-key-reused": "Use a new `Idempotency-Key` for a new request.",
    "under-hold": "Each hold in `holds` must be released first, with `DELETE /api/v1/holds/ID`.",
    "last-managing-key": "Make another key with `keys:write` first.",
    "other-place": "Go on from `go_on_from`, with `epoch`: later positions are void.",
    "lease-ended": "Claim anew: another worker may have what it held.",
    "held-by-workers": "Wait until they have acknowledged it, or POST `reset`: that ends leases.",
    "too-many-endpoints": "DELETE an endpoint that nobody uses any more.",
    "too-many-consumers": "DELETE a consumer that nobody uses any more.",
    "not-yet-come": "`detail` says where the log ends, or that the time lies in the future.",
    "payload-too-large": "`detail` names the limit.",
    "body-too-slow": "Send it again over a faster line; `detail` names the limit.",
    "not-transcribed": "`detail` says why: the audio is at fault, or it was deleted meanwhile.",
    "not-ended": "Read it by the id that `detail` names; do not send the audio again.",
    "rate-limited": "Ask again after `Retry-After` seconds.",
    "store-error": "Whoever runs the gateway should run `stenolog log verify` and `doctor`.",
    "wrong-expected-version": "Read it again, and then repeat the change.",
    "store-unavailable": "Nothing was stored: ask again after `Retry-After` seconds.",
    "search-not-ready": "Ask again later: `detail` says how far the index is.",
    "search-too-long": "Search for rarer words, or among fewer transcripts, or ask again.",
    "no-room": "Ask again later; whoever runs the gateway has to make room on the disk.",
    "outcome-unknown": "It may have been stored: repeat it with the same `Idempotency-Key`.",
    "schema-too-new": "Whoever runs the gateway has to install the newer version again.",
    "data-directory-locked": "Another gateway runs on these data: ask that one.",
    "key-missing": "Nothing can bring the content back: it was erased.",
    "key-lost": "Ask again later; whoever runs the gateway has to restore `keys.db`.",
    "record-damaged": "Whoever runs the gateway should run `stenolog log verify`.",
    "payload-damaged": "Whoever runs the gateway should run `stenolog log verify`.",
    "provider-error": "Ask again later, or look at the provider's status page.",
    "provider-refused": "The provider said no; `detail` has its words where they are for you.",
    "provider-unavailable": "Ask again after `Retry-After` seconds.",
    "provider-held-back": "Ask again after `Retry-After` seconds.",
    "provider-outcome-unknown": "Read it again later: it is settled with the provider.",
    "forbidden-address": "Give a public address, or have the operator allow this one.",
    "egress-failed": "Ask again later: another service did not answer.",
    "evidence-error": "Whoever runs the gateway should run `stenolog log verify`.",
    "cannot-start": "Ask again when the gateway has started.",
    "unknown-path": "`GET /docs` lists every path.",
    "method-not-allowed": "The header `Allow` lists the methods of this path.",
    "uri-too-long": "Shorten the path and the query; `detail` names the limit.",
    "headers-too-large": "Send fewer or shorter headers; `detail` names the limit.",
    "connections-too-many": "Ask again after `Retry-After` seconds, on fewer connections.",
    "not-http": "Mend the client: `detail` says what is no HTTP/1.1.",
    "head-too-large": "Send a shorter request line, or fewer headers; `detail` names the limit.",
    "version-not-supported": "Use HTTP/1.1.",
    "transfer-coding-unknown": "Send the body with `Content-Length`, or chunked.",
    "chunks-too-small": "Send the body in larger chunks.",
    "expectation-failed": "Leave `Expect` out, or send `100-continue`.",
    "connect-not-offered": "Send the request to the gateway itself: it is no proxy.",
}
# What is refused before there is a request, here or by the server below.
BEFORE_A_REQUEST: Mapping[str, tuple[int, str]] = {
    "uri-too-long": (414, "The URL is too long"),
    "headers-too-large": (431, "The headers are too large"),
    "connections-too-many": (503, "There are too many connections"),
    "not-http": (400, "This is not an HTTP/1.1 request"),
    "head-too-large": (431, "The head of the request is too large"),
    "version-not-supported": (505, "The version of HTTP is not supported"),
    "transfer-coding-unknown": (501, "The transfer coding is not supported"),
    "chunks-too-small": (400, "The chunks of the body are too small"),
    "expectation-failed": (417, "The expectation cannot be met"),
    "connect-not-offered": (501, "CONNECT is not offered"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemType:
    """One type of problem; `code` is the end of its `type`."""

    code: str
    status: int
    title: str
    advice: str


def _problem_types() -> Sequence[ProblemType]:
    found = {**BEFORE_A_REQUEST}
    found |= {kind.code: (status, title) for kind, (status, title) in PROBLEMS.items()}
    for failure in (INTERNAL, UNKNOWN_PATH, METHOD_NOT_ALLOWED):
        found[failure.code] = (failure.status, failure.title)
    return [
        ProblemType(code=code, status=status, title=title, advice=ADVICE.get(code, ""))
        for code, (status, title) in sorted(found.items(), key=lambda one: (one[1][0], one[0]))
    ]


PROBLEM_TYPES = _problem_types()
