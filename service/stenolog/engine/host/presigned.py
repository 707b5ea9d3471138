"""Tell whether a presigned URL was refused because its time was over. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

FIELDS_MAX = 64  # of a query; a signed one has about ten
SECONDS_MAX = 100 * 365 * 86_400  # what is larger is no time
# Amazon S3, Google Cloud Storage, Alibaba OSS and others: signed at, good for so many seconds.
SIGNED_AT, GOOD_FOR = re.compile(r"x-[a-z]+-date"), re.compile(r"x-[a-z]+-expires")
BASIC_FORMAT = "%Y%m%dT%H%M%S%z"
SIGNATURES = frozenset({"signature", "sig"})  # Amazon S3 before version 4, CloudFront; Azure
# What they say in the body: Amazon S3; Google Cloud Storage and S3's session tokens; Azure.
EXPIRED = re.compile(
    rb"request has expired|expiredtoken|provided token has expired|"
    rb"not valid in the specified time frame|signed expiry time",
    re.IGNORECASE,
)


def expiry_sentence(url: str, body: bytes, now: datetime) -> str:
    """Return what to add to the refusal of `url`, whose answer begins with `body`; mostly nothing.

    The query is believed before the body: it says when.
    """
    ended = expires_at(url)
    if ended is not None and ended <= now:
        text = ended.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f". The URL expired at {text}; sign it for longer, or upload the file."
    if EXPIRED.search(body):
        return ". The URL has expired; sign it for longer, or upload the file."
    return ""


def expires_at(url: str) -> datetime | None:
    """Return when a presigned URL ends, in UTC; None when its query does not say it readably."""
    try:
        pairs = parse_qsl(urlsplit(url).query, max_num_fields=FIELDS_MAX)
        fields = {name.lower(): value for name, value in pairs}
        signed_at = next((value for name, value in fields.items() if SIGNED_AT.fullmatch(name)), "")
        good_for = next((value for name, value in fields.items() if GOOD_FOR.fullmatch(name)), "")
        if signed_at and good_for:
            begun = datetime.strptime(signed_at, BASIC_FORMAT)
            return _at(begun.timestamp() + _seconds(good_for))
        if not SIGNATURES & fields.keys():
            return None
        if "se" in fields:
            ended = datetime.fromisoformat(fields["se"])
            return ended.astimezone(UTC) if ended.tzinfo else ended.replace(tzinfo=UTC)
        return _at(_seconds(fields["expires"])) if "expires" in fields else None
    except (ValueError, OverflowError):
        return None


def _seconds(text: str) -> int:
    seconds = int(text[:12])
    if not 0 <= seconds <= SECONDS_MAX:
        raise ValueError
    return seconds


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
