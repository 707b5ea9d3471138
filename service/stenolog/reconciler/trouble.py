"""Say in a sentence what was wrong with a provider's answers about a job, for its customer."""

from __future__ import annotations

from collections.abc import Mapping

WORD_CHARACTERS_MAX = 32
UNKNOWN = "It says that it does not know the job, and nothing shows that it ever had it."
STOPPED = (
    "It says that it does not know the job, as of many others, so it was not asked for it again."
)
LASTING = frozenset({"not-ours", "emptied"})  # was read, and will not be otherwise
SENTENCES: Mapping[str, str] = {
    "not-json": "What it answered about the job was not JSON.",
    "no-object": "What it answered about the job was not a JSON object.",
    "no-id": "Its answer about the job named no job.",
    "other-job": "Its answer about the job was about another job.",
    "not-ours": "The job that it answered with was made for something else.",
    "emptied": "What the job held was deleted there.",
}


def sentence_of(odd: str) -> str:
    """Return the sentence about an answer with which this was wrong; empty when there is none."""
    return SENTENCES.get(odd, "")


def unknown_status(word: str | None) -> str:
    """Return the sentence about a job with this word for its status; empty for None."""
    if word is None:
        return ""
    shown = word[:WORD_CHARACTERS_MAX]
    if not shown.isprintable():
        return "Its last answer had a status that is not known."
    return f'Its last answer had the status "{shown}", which is not known.'
