"""Read what can be said besides AssemblyAI's parameters, in headers or in a native body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from starlette.requests import Request

from stenolog.edge.transcriptions.extras import Extras
from stenolog.errors import InvalidRequest
from stenolog.wire.strict_json import parse_object

METADATA_BYTES_MAX = 4_096  # it may come in a header, and all headers together have 32 KiB
SUBJECT_CHARS_MAX = 256
PROVIDERS_MAX = 8
IDEMPOTENCY_KEY_HEADER = "idempotency-key"
IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")  # visible ASCII: every client can send it unchanged
HEADERS = {
    "provider": "stenolog-provider",
    "providers": "stenolog-providers",
    "region": "stenolog-region",
    "subject": "stenolog-subject",
    "retention": "stenolog-retention",
    "metadata": "stenolog-metadata",
}


def extras_of(request: Request, body: Mapping[str, object]) -> Extras:
    """Read the headers and the fields of `body`; empty headers and null fields count as absent.

    Raises:
        InvalidRequest: One is of the wrong type, too long, not UTF-8, or said twice and
            differently: audio must not go to a region because another one was overlooked.
    """
    given = _in_headers(request)
    for field, value in body.items():
        if value is not None and given.setdefault(field, value) != value:
            problem = f"is not what {HEADERS[field]} says"
            raise InvalidRequest(f"{field} {problem}", [(field, problem)])
    return _checked(given)


def idempotency_key(request: Request) -> str | None:
    """Return the header's value; None without the header.

    Raises:
        InvalidRequest: It is empty, too long, given twice, or has other characters.
    """
    given = request.headers.getlist(IDEMPOTENCY_KEY_HEADER)
    if not given:
        return None
    if len(given) > 1 or not IDEMPOTENCY_KEY.fullmatch(given[0]):
        problem = "must be given once, with 1 to 255 visible ASCII characters"
        raise InvalidRequest(f"Idempotency-Key {problem}", [("Idempotency-Key", problem)])
    return given[0]


def _in_headers(request: Request) -> dict[str, object]:
    given: dict[str, object] = {}
    for field, header in HEADERS.items():
        values = {value for value in request.headers.getlist(header) if value}
        if len(values) > 1:
            raise _wrong(header, "must be given once")
        for value in values:
            given[field] = _utf8(header, value)
    if "providers" in given:
        given["providers"] = [part.strip() for part in str(given["providers"]).split(",")]
    if "metadata" in given:
        if len(str(given["metadata"]).encode()) > METADATA_BYTES_MAX:
            raise _wrong(HEADERS["metadata"], f"must have at most {METADATA_BYTES_MAX} bytes")
        try:
            given["metadata"] = parse_object(str(given["metadata"]).encode())
        except InvalidRequest as exc:
            raise _wrong(HEADERS["metadata"], "must be a JSON object") from exc
    return given


def _checked(given: Mapping[str, object]) -> Extras:
    wrong: list[tuple[str, str]] = []
    texts: dict[str, str | None] = {}
    for field in ("provider", "region", "subject", "retention"):
        value = given.get(field)
        if value is not None and not isinstance(value, str):
            wrong.append((field, "must be a string"))
        texts[field] = value if isinstance(value, str) else None
    subject = texts["subject"]
    if subject is not None and not (
        0 < len(subject) <= SUBJECT_CHARS_MAX and subject.isprintable()
    ):
        wrong.append(("subject", f"must have 1 to {SUBJECT_CHARS_MAX} printable characters"))
    providers = _providers(given, wrong)
    metadata = given.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        wrong.append(("metadata", "must be a JSON object"))
        metadata = None
    elif metadata is not None and len(_compact(metadata)) > METADATA_BYTES_MAX:
        wrong.append(("metadata", f"must have at most {METADATA_BYTES_MAX} bytes as JSON in UTF-8"))
    if wrong:
        raise InvalidRequest(f"{wrong[0][0]} {wrong[0][1]}", wrong)
    return Extras(
        provider=texts["provider"],
        providers=providers,
        region=texts["region"],
        subject=subject,
        retention=texts["retention"],
        metadata=metadata,
    )


def _providers(given: Mapping[str, object], wrong: list[tuple[str, str]]) -> tuple[str, ...]:
    named = given.get("providers")
    if named is None:
        return ()
    texts = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
    if not texts or len(texts) > PROVIDERS_MAX or texts != named:
        wrong.append(("providers", f"must be a list of 1 to {PROVIDERS_MAX} names"))
    elif len(set(texts)) < len(texts):
        wrong.append(("providers", "must name each provider once"))
    if given.get("provider") is not None:
        wrong.append(("providers", "cannot be given beside provider"))
    return tuple(texts)


def _compact(metadata: object) -> bytes:
    """Return it as short as it may have been sent."""
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode()


def _utf8(header: str, value: str) -> str:
    try:
        return value.encode("latin-1").decode()
    except UnicodeError as exc:
        raise _wrong(header, "must be UTF-8") from exc


def _wrong(field: str, problem: str) -> InvalidRequest:
    return InvalidRequest(f"{field} {problem}", [(field, problem)])
