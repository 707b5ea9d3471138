"""Make what audio intelligence finds in a made-up conversation, in AssemblyAI's shapes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from stenolog.simulator.conversation.speech import PUNCTUATION, Sentence, Token

# Of a label: how sure, and how severe. Fixed figures, so that sums in a test can be written down.
SAFETY_CONFIDENCE = 0.9
SAFETY_SEVERITY = 0.25
RELEVANCE = 0.95

Json = dict[str, object]


def chapters(sentences: Sequence[Sentence]) -> list[Json]:
    """Return one chapter for each stretch about one topic."""
    return [
        {
            "gist": stretch[0].topic.gist,
            "headline": stretch[0].topic.headline,
            "summary": f"{stretch[0].topic.headline} {stretch[-1].text}",
            "start": stretch[0].start,
            "end": stretch[-1].end,
        }
        for stretch in _stretches(sentences)
    ]


def sentiment(sentences: Sequence[Sentence], names: Sequence[str] | None) -> list[Json]:
    """Return one row for each sentence; `names` are the speakers', when they are told apart."""
    return [
        {
            "text": sentence.text,
            "start": sentence.start,
            "end": sentence.end,
            "sentiment": sentence.line.sentiment,
            "confidence": sentence.tokens[0].confidence,
            "speaker": names[sentence.speaker] if names else None,
        }
        for sentence in sentences
    ]


def entities(tokens: Sequence[Token]) -> list[Json]:
    """Return every entity, in order of time."""
    return [
        {
            "entity_type": words[0].entity,
            "text": " ".join(word.text for word in words).rstrip(PUNCTUATION),
            "start": words[0].start,
            "end": words[-1].end,
        }
        for words in _entity_words(tokens)
    ]


def content_safety(sentences: Sequence[Sentence]) -> Json:
    """Return one result for each sentence that deserves a label."""
    labelled = [(i, s) for i, s in enumerate(sentences) if s.line.safety]
    labels = sorted({s.line.safety for _, s in labelled if s.line.safety})
    return {
        "status": "success",
        "results": [
            {
                "text": sentence.text,
                "labels": [
                    {
                        "label": sentence.line.safety,
                        "confidence": SAFETY_CONFIDENCE,
                        "severity": SAFETY_SEVERITY,
                    }
                ],
                "sentences_idx_start": index,
                "sentences_idx_end": index,
                "timestamp": {"start": sentence.start, "end": sentence.end},
            }
            for index, sentence in labelled
        ],
        "summary": dict.fromkeys(labels, SAFETY_CONFIDENCE),
        "severity_score_summary": {
            label: {"low": 1.0 - SAFETY_SEVERITY, "medium": SAFETY_SEVERITY, "high": 0.0}
            for label in labels
        },
    }


def topics(sentences: Sequence[Sentence]) -> Json:
    """Return one result for each stretch about one topic."""
    stretches = list(_stretches(sentences))
    return {
        "status": "success",
        "results": [
            {
                "text": " ".join(sentence.text for sentence in stretch),
                "labels": [{"relevance": RELEVANCE, "label": stretch[0].topic.category}],
                "timestamp": {"start": stretch[0].start, "end": stretch[-1].end},
            }
            for stretch in stretches
        ],
        "summary": {stretch[0].topic.category: RELEVANCE for stretch in stretches},
    }


def highlights(sentences: Sequence[Sentence]) -> Json:
    """Return the topics' key phrases with every place where they were said."""
    found: dict[str, list[Json]] = {}
    for sentence in sentences:
        for phrase in sentence.topic.phrases:
            found.setdefault(phrase, []).extend(_places(sentence.tokens, phrase.split()))
    said = sorted(
        ((p, at) for p, at in found.items() if at), key=lambda row: (-len(row[1]), row[0])
    )
    total = sum(len(at) for _, at in said)
    return {
        "status": "success",
        "results": [
            {
                "count": len(at),
                "rank": round(len(at) / total, 2),
                "text": phrase,
                "timestamps": at,
            }
            for phrase, at in said
        ],
    }


def action_items(sentences: Sequence[Sentence]) -> list[Json]:
    """Return one thing to do for each topic: what was said about it last."""
    return [
        {
            "action_item": stretch[0].topic.headline,
            "quote": stretch[-1].text,
            "timestamp": {"start": stretch[-1].start, "end": stretch[-1].end},
        }
        for stretch in _stretches(sentences)
    ]


def summary(sentences: Sequence[Sentence], summary_type: str) -> str:
    """Return a summary of the wanted form, made of the topics' headlines."""
    headlines = list(dict.fromkeys(stretch[0].topic.headline for stretch in _stretches(sentences)))
    match summary_type:
        case "gist":
            return sentences[0].topic.gist
        case "headline":
            return headlines[0]
        case "paragraph":
            return " ".join(headlines)
        case _:
            return "\n".join(f"- {headline}" for headline in headlines)


def _stretches(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    for _, stretch in groupby(sentences, key=lambda sentence: sentence.topic_index):
        yield list(stretch)


def _entity_words(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    for index, words in groupby(tokens, key=lambda token: token.entity_index):
        if index >= 0:
            yield list(words)


def _places(tokens: Sequence[Token], phrase: Sequence[str]) -> Iterator[Json]:
    """Yield where a phrase was said within one sentence."""
    plain = [token.text.rstrip(PUNCTUATION).lower() for token in tokens]
    for index in range(len(plain) - len(phrase) + 1):
        if plain[index : index + len(phrase)] == list(phrase):
            end = tokens[index + len(phrase) - 1].end
            yield {"start": tokens[index].start, "end": end}
