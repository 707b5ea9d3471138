"""List the sentences with which AssemblyAI refuses or fails, and what to do about each."""

from __future__ import annotations

import re
from dataclasses import dataclass

FORBIDDEN = 403
THROTTLED = 429

# Answers with a status of their own. Sources: OpenAPI description 1.3.4; measured in 2026.
UNAUTHENTICATED = "Authentication error, API token missing/invalid"
TRANSCRIPT_NOT_FOUND = "Transcript lookup error, transcript id not found"
NOT_FOUND = "Not found"
TOO_MANY_REQUESTS = "Too Many Requests"
INTERNAL_ERROR = "Internal Server Error"
SERVER_ERROR = "Server error, developers have been alerted"
SERVICE_UNAVAILABLE = "Service unavailable"
UPLOAD_INACCESSIBLE = "Cannot access uploaded file"
UPLOAD_FAILED = "Upload failed, please try again"
BALANCE_NEGATIVE = (
    "Your current account balance is negative. Please top up to continue using the API."
)

# Refusals of a create.
AUDIO_URL_MISSING = "Transcript creation error, audio_url not found"
AUDIO_URL_NOT_HTTP = "Transcript creation error, audio_url should start with http"
SPEAKERS_TWICE = "Both speaker_options and speakers_expected can not be used in the same request."
SPEAKERS_NOT_LABELLED = "speaker_labels or multichannel required"
UNREDACTED_WITHOUT_REDACTION = (
    "`redact_pii_return_unredacted` can only be set to True if `redact_pii` is True"
)
AUDIO_WITHOUT_REDACTION = "`redact_pii_audio` can only be set to True if `redact_pii` is True"
CHAPTERS_AND_SUMMARY = (
    "Only one of the following models can be enabled at a time: auto_chapters, summarization."
)
CONVERSATIONAL_WITHOUT_SPEAKERS = (
    "`speaker_labels` or `dual_channel` must be enabled for 'conversational' summaries."
)

DELETED_TEXT = "Deleted by user."
DELETED_URL = "http://deleted_by_user"
DELETED_URL_IN_LIST = "deleted_by_user"

# Failed transcripts (HTTP 200, status "error").
AUDIO_TOO_SHORT = "Audio duration is too short."
DETECTION_WITHOUT_SPEECH = "language_detection cannot be performed on files with no spoken audio."


def must_be(name: str, kind: str) -> str:
    """A parameter of the wrong type: `format_text must be a Boolean`."""
    return f"{name} must be {kind}"


def download_failed(url: str) -> str:
    """The audio cannot be fetched."""
    return (
        f"Download error, unable to download {url}. Please make sure the file exists and is "
        "accessible from the internet."
    )


def download_refused(url: str, status: int, reason: str) -> str:
    """The audio's host answers an error, such as 403 Forbidden or 503 Service Unavailable."""
    whose = "Server" if status >= 500 else "Client"
    return f"Download error to {url}, {status} {whose} Error: {reason} for url: {url}"


def not_audio(media_type: str) -> str:
    """The file is something else; `media_type` says what it seems to be."""
    return f"Transcoding failed. File does not appear to contain audio. File type is {media_type}."


def below_speech_threshold(share: float, threshold: float) -> str:
    """Too little of the audio is speech; the measured share has four decimals."""
    return (
        f"Audio speech threshold {share:.4f} is below the requested speech threshold "
        f"value {threshold}"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One kind of failed transcript.

    Attributes:
        kind: A name for counters and tables.
        pattern: Where its sentence is recognised.
        retryable: Whether the same request may succeed when it is submitted again.
    """

    kind: str
    pattern: re.Pattern[str]
    retryable: bool


def _failure(kind: str, pattern: str, *, retryable: bool = False) -> Failure:
    return Failure(kind=kind, pattern=re.compile(pattern, re.IGNORECASE), retryable=retryable)


# The first that is found decides. "Resubmit on a server error" is the service's own advice; all
# others are facts about the audio or the request, which another attempt would meet again.
FAILURES: tuple[Failure, ...] = (
    _failure("download-server-error", r"^download error.*\b(5\d\d server|429 client) error",
             retryable=True),
    _failure("download-refused", r"^download error.*\b4\d\d client error"),
    _failure("download-failed", r"^download error"),
    _failure("not-audio", r"does not appear to contain audio"),
    _failure("transcoding-failed", r"^transcoding failed"),
    _failure("too-short", r"^audio duration is too short"),
    _failure("below-speech-threshold", r"^audio speech threshold .* is below"),
    _failure("below-language-confidence", r"below the requested confidence threshold"),
    _failure("no-speech", r"no spoken audio"),
    _failure("unavailable-in-language", r"not available in this language"),
    _failure("upload-inaccessible", r"^cannot access uploaded file"),
    _failure("server-error", r"^(internal )?server error", retryable=True),
    _failure("server-error", r"developers have been alerted|please (retry|resubmit|try again)",
             retryable=True),
)  # fmt: skip


# Refusals with 400 that say nothing about the request: the account has to be mended.
OF_ACCOUNT = re.compile(r"account balance is negative", re.IGNORECASE)
OF_KEY = re.compile(r"api (key|token)|authentication error|invalid (key|token)", re.IGNORECASE)


def is_of_account(sentence: str) -> bool:
    """Tell whether a refusal is about our account: once mended, the same request is taken."""
    return OF_ACCOUNT.search(sentence) is not None


def is_of_key(sentence: str) -> bool:
    """Tell whether a refusal is about our key, so that no request is taken that carries it."""
    return OF_KEY.search(sentence) is not None


def is_limit(sentence: str) -> bool:
    """Tell whether a 403 may mean that the account is over a limit, where documents say 429.

    It does where it is about neither an upload nor the key (seen in 2026).
    """
    of_upload = sentence.startswith(UPLOAD_INACCESSIBLE)
    return not (of_upload or is_of_key(sentence) or is_of_account(sentence))


def failure_of(sentence: str) -> Failure | None:
    """Return the kind of failure that a transcript's `error` names; None when not known."""
    return next((failure for failure in FAILURES if failure.pattern.search(sentence)), None)
