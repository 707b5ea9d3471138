"""Read and write errors as AIMLAPI answers them: `message`, not `error`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ERROR_BYTES_MAX = 1 << 16  # of an answer that tells of an error
SENTENCE_CHARACTERS_MAX = 2_000

BODY_INVALID = "Body validation error!"
KEY_INVALID = (
    "This request requires a valid API key. You can create a new API key on the Billing page: "
    "https://aimlapi.com/app/keys"
)
NO_CREDITS = "You've run out of credits. Please top up your balance or update your payment method."
NO_CREDITS_BEGINS = NO_CREDITS.partition(".")[0]
NOT_FOUND = "Not found"
TOO_MANY_REQUESTS = "Too Many Requests"
INTERNAL_ERROR = "Internal server error"
SERVER_ERROR = "Something wrong with the server. Please, try again later."
TIMEOUT = "Generation timeout"

# Refusals that say nothing of the request: the account has to be mended.
OF_ACCOUNT = re.compile(r"\b(credits?|balance|billing|payment|top up|api key|quota)\b", re.I)
NO_SUCH_PATH = re.compile(r"cannot (get|post|delete) /", re.I)
DETAILS = ("details", "errors", "data", "meta", "issues")


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorTold:
    """An error in AIMLAPI's own shape; `sentence` has the details of the fields, too."""

    status: int
    sentence: str


def error_told(status: int, body: bytes) -> ErrorTold | None:
    """Return the error in an answer with this status; None when it is not AIMLAPI's own.

    Its shape is an object with `message`, a string or an object, and with `statusCode`, which one
    sample of the documentation has as a string. What comes from in between has no such number.
    """
    if len(body) > ERROR_BYTES_MAX:
        return None
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or str(told.get("statusCode")) != str(status):
        return None
    message = told.get("message")
    if not isinstance(message, str | dict | list):
        return None
    try:
        return ErrorTold(status=status, sentence=_sentence(message, told))
    except RecursionError:
        return None


def error_body(
    status: int, message: object, *, path: str, request_id: str, timestamp: str
) -> dict[str, object]:
    """Return an error as AIMLAPI writes it; `timestamp` is RFC 3339."""
    return {
        "message": message,
        "path": path,
        "requestId": request_id,
        "statusCode": status,
        "timestamp": timestamp,
    }


def is_of_account(sentence: str, *, of_request: bool = False) -> bool:
    """Tell whether a refusal is about our account or key: once mended, the request is taken.

    Where its status says that it is `of_request`, AIMLAPI's own sentence alone counts: others quote
    the request, in which any word may stand, and whoever wrote it would hold back everybody else's.
    """
    if of_request:
        return sentence.startswith(NO_CREDITS_BEGINS)
    return OF_ACCOUNT.search(sentence) is not None


def is_of_path(sentence: str) -> bool:
    """Tell whether a 404 is about the path itself, as with a wrong base URL."""
    return NO_SUCH_PATH.search(sentence) is not None


def _sentence(message: object, told: Mapping[str, Any]) -> str:
    said = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    details = [told[name] for name in DETAILS if told.get(name)]
    if details:
        said = (
            f"{said} {json.dumps(details if len(details) > 1 else details[0], ensure_ascii=False)}"
        )
    return said[:SENTENCE_CHARACTERS_MAX]
