"""Write the whole page of one transcript: it loads nothing, and needs no script."""

from __future__ import annotations

import base64
import calendar
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from stenolog.edge.report.conversation import Conversation
from stenolog.edge.report.elements import Html, constant, element, joined
from stenolog.edge.report.findings import NAMES, findings
from stenolog.edge.report.places import Places, clock
from stenolog.edge.report.reading import ViewItems, conversation
from stenolog.edge.report.story import NOBODY, story
from stenolog.edge.report.timeline import timeline
from stenolog.edge.report.transcript import transcript
from stenolog.projections.past.story import Step

# Where `stenolog report --audio` puts the player; no text of a transcript can look like it.
AUDIO_PLACE = "<!--audio-->"
LANGUAGE = re.compile(r"[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8})*")
PROVIDERS = {"local": "the embedded engine", "assemblyai": "AssemblyAI", "aimlapi": "AIMLAPI"}
MONTHS = tuple(calendar.month_name)[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of the transcription as a whole.

    Attributes:
        submitted_at: RFC 3339.
        warnings: Sentences for the reader.
        left_out: What the page does not show, because it is too long; empty: it shows all.
    """

    id: str
    submitted_at: str
    provider: str
    text: str = ""
    audio_ms: int | None = None
    language_code: str | None = None
    confidence: float | None = None
    words: int = 0
    subject: str | None = None
    redacted: bool = False
    warnings: tuple[str, ...] = ()
    left_out: str = ""


def report_page(
    facts: Facts,
    views: Mapping[str, ViewItems],
    steps: Sequence[Step] = (),
    names: Mapping[str, str] = NOBODY,
) -> bytes:
    """Return the page in UTF-8; the same transcript gives the same bytes.

    `steps` is what happened to it, and `names` who acted, by their ids.
    """
    said = conversation(views, facts.text)
    places = Places.of(said)
    length_ms = max(facts.audio_ms or 0, said.end_ms)
    drawn = timeline(said, places, length_ms)
    beside = findings(said, places)
    language = _language(facts.language_code)
    parts = [
        _header(facts, places, length_ms),
        constant(AUDIO_PLACE),
        _summary(said, language),
        drawn,
        element(
            "div",
            beside,
            transcript(said, places, language),
            class_="beside" if beside else None,
        ),
        story(steps, names),
        _footer(facts, said),
    ]
    body = element("main", parts)
    page = element(
        "html", _head(facts), element("body", _skip(), body, _script()), lang="en", dir="ltr"
    )
    return f"<!doctype html>\n{page}\n".encode()


def content_security_policy() -> str:
    """Return the policy: our own style and script, audio inside the page, and nothing else."""
    return (
        f"default-src 'none'; style-src '{_hash(style())}'; script-src '{_hash(script())}'; "
        "media-src data:; base-uri 'none'; form-action 'none'"
    )


@cache
def style() -> str:
    """Return the style sheet, which stands in every page."""
    return _carried("report.css")


@cache
def script() -> str:
    """Return the script, which does nothing on a page without a player."""
    return _carried("report.js")


def _head(facts: Facts) -> Html:
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=content_security_policy()),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="robots", content="noindex"),
        element("title", _title(facts)),
        element("style", constant(style())),
    )


def _title(facts: Facts) -> str:
    year, month, day = facts.submitted_at[:10].split("-")
    return f"Conversation of {int(day)} {MONTHS[int(month) - 1]} {year}"


def _skip() -> Html:
    return element("a", "Skip to the transcript", href="#transcript", class_="skip")


def _script() -> Html:
    return element("script", constant(script()))


def _header(facts: Facts, places: Places, length_ms: int) -> Html:
    voices = [voice for voice in places.voices if voice.speaker is not None]
    known: list[tuple[str, str | None]] = [
        ("Submitted", f"{facts.submitted_at[11:16]} UTC"),
        ("Length", clock(length_ms) if length_ms else None),
        ("Speakers", str(len(voices)) if voices else None),
        ("Words", f"{facts.words:,}" if facts.words else None),
        ("Language", (facts.language_code or "").replace("_", "-") or None),
        ("Confidence", None if facts.confidence is None else f"{100 * facts.confidence:.0f} %"),
        ("Subject", facts.subject),
        ("Personal data", "redacted" if facts.redacted else None),
    ]
    rows = [
        element("div", element("dt", name), element("dd", element("bdi", value)))
        for name, value in known
        if value is not None
    ]
    notes = [element("p", warning, class_="note", dir="auto") for warning in facts.warnings]
    if facts.left_out:
        notes.append(element("p", facts.left_out, class_="note"))
    jump = element("p", element("a", "Read the transcript", href="#transcript"), class_="jump")
    return element("header", element("h1", _title(facts)), element("dl", rows), notes, jump)


def _footer(facts: Facts, said: Conversation) -> Html:
    provider = PROVIDERS.get(facts.provider, facts.provider)
    ours = [NAMES[one].lower() for one in said.by_us if one in NAMES]
    found = f" Found by Stenolog in what was said: {', '.join(ours)}." if ours else ""
    return element(
        "footer",
        f"Transcription {facts.id}, made by {provider} and kept by Stenolog.{found}",
    )


def _summary(said: Conversation, language: str | None) -> Html | None:
    if not said.summary:
        return None
    lines = [line.strip() for line in said.summary.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.startswith(("- ", "• ")) for line in lines):
        shown = element("ul", [element("li", line[2:], dir="auto") for line in lines])
    else:
        shown = joined([element("p", line, dir="auto") for line in lines])
    return element(
        "section",
        element("h2", "Summary", id="summary"),
        shown,
        class_="summary",
        lang=language,
        aria_labelledby="summary",
    )


def _language(code: str | None) -> str | None:
    return code.replace("_", "-") if code and LANGUAGE.fullmatch(code) else None


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _carried(name: str) -> str:
    return files("stenolog.edge.report").joinpath(name).read_text(encoding="utf-8")
