"""Make the result of a finished job: a complete and consistent transcript, from a seed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import groupby
from math import ceil

from stenolog.simulator.conversation import findings
from stenolog.simulator.conversation.speech import (
    PUNCTUATION,
    SPEAKERS,
    Sentence,
    Token,
    conversation,
    respelt,
)
from stenolog.wire.assemblyai.rules import understanding

SECONDS_DEFAULT = 60.0
MODEL_DEFAULT = "universal-2"
UNDERSTANDING = "speech_understanding."
LANGUAGE_CONFIDENCE = 0.9987

Json = dict[str, object]


def transcript(
    seed: str,
    seconds: float = SECONDS_DEFAULT,
    features: Collection[str] = (),
    params: Mapping[str, object] | None = None,
) -> Json:
    """Return what a completed Transcript has beyond the echo of its request.

    The same arguments give the same result. `features` are names as in
    `TranscriptRequest.features`; `params` decide on details (spelling, redaction, kind of
    summary). An hour
    has about 9,000 words. Pass the result to `wire.transcript.completed_transcript`.
    """
    given = dict(params or {})
    sentences = respelt(conversation(seed, seconds), _spelling(given))
    names = _speaker_names(features)
    tokens = [token for sentence in sentences for token in sentence.tokens]
    result: Json = {
        **_spoken(sentences, names, features, _redaction(features, given)),
        "confidence": _mean(tokens),
        "audio_duration": ceil(seconds),
        "speech_model_used": MODEL_DEFAULT,
    }
    if "redact_pii_return_unredacted" in features:
        plain = _spoken(sentences, names, features, _as_said)
        result |= {f"unredacted_{name}": value for name, value in plain.items()}
    if "multichannel" in features:
        result["audio_channels"] = SPEAKERS
    if given.get("domain"):
        result["metadata"] = {"domain_used": given["domain"]}
    options = given.get("speaker_options")
    if isinstance(options, dict) and options.get("include_speaker_confidence"):
        _tell_speaker_confidence(result)
    result |= _understood(sentences, features, given)
    if "language_detection" in features:
        result |= {"language_code": "en_us", "language_confidence": LANGUAGE_CONFIDENCE}
    return result | _findings(sentences, tokens, names, features, given)


def _spoken(
    sentences: Sequence[Sentence],
    names: Sequence[str] | None,
    features: Collection[str],
    spell: Callable[[Token], str],
) -> Json:
    """Text, words and utterances, with each word spelt by `spell`."""
    rows: list[tuple[int, Json]] = []
    for sentence in sentences:
        for token in sentence.tokens:
            row: Json = {
                "text": spell(token),
                "start": token.start,
                "end": token.end,
                "confidence": token.confidence,
                "speaker": names[token.speaker] if names else None,
            }
            if "multichannel" in features:
                row["channel"] = str(token.speaker + 1)
            rows.append((token.speaker, row))
    words = [row for _, row in rows]
    return {
        "text": " ".join(str(word["text"]) for word in words),
        "words": words,
        "utterances": _utterances(rows) if names else None,
    }


def _utterances(rows: Sequence[tuple[int, Json]]) -> list[Json]:
    """Return one utterance for each turn, of the same words."""
    utterances: list[Json] = []
    for _, turn in groupby(rows, key=lambda row: row[0]):
        words = [word for _, word in turn]
        confidences = [word["confidence"] for word in words]
        mean = sum(c for c in confidences if isinstance(c, float)) / len(words)
        utterance: Json = {
            "speaker": words[0]["speaker"],
            "text": " ".join(str(word["text"]) for word in words),
            "start": words[0]["start"],
            "end": words[-1]["end"],
            "confidence": round(mean, 6),
            "words": [dict(word) for word in words],
        }
        if "channel" in words[0]:
            utterance["channel"] = words[0]["channel"]
        utterances.append(utterance)
    return utterances


def _tell_speaker_confidence(result: Json) -> None:
    """Add to every word how sure its speaker is."""
    utterances = result["utterances"]
    spoken = [result["words"]]
    if isinstance(utterances, list):
        spoken += [turn["words"] for turn in utterances]
    for words in spoken:
        for word in words if isinstance(words, list) else ():
            word["speaker_confidence"] = word["confidence"]


def _understood(
    sentences: Sequence[Sentence], features: Collection[str], params: Mapping[str, object]
) -> Json:
    """Return what speech understanding says to each feature that was asked for."""
    asked = understanding(params) if any(one.startswith(UNDERSTANDING) for one in features) else {}
    if not asked:
        return {}
    response: dict[str, Json] = {name: {"status": "success"} for name in asked}
    wanted = asked.get("action_items")
    if isinstance(wanted, dict):
        effort = wanted.get("effort") or "low"
        response["action_items"] |= {"effort": effort, "items": findings.action_items(sentences)}
    return {"speech_understanding": {"request": dict(asked), "response": response}}


def _findings(
    sentences: Sequence[Sentence],
    tokens: Sequence[Token],
    names: Sequence[str] | None,
    features: Collection[str],
    params: Mapping[str, object],
) -> Json:
    """Return the block of each feature that was asked for."""
    made: dict[str, tuple[str, Callable[[], object]]] = {
        "auto_chapters": ("chapters", lambda: findings.chapters(sentences)),
        "sentiment_analysis": (
            "sentiment_analysis_results",
            lambda: findings.sentiment(sentences, names),
        ),
        "entity_detection": ("entities", lambda: findings.entities(tokens)),
        "content_safety": ("content_safety_labels", lambda: findings.content_safety(sentences)),
        "iab_categories": ("iab_categories_result", lambda: findings.topics(sentences)),
        "auto_highlights": ("auto_highlights_result", lambda: findings.highlights(sentences)),
        "summarization": (
            "summary",
            lambda: findings.summary(sentences, str(params.get("summary_type", "bullets"))),
        ),
    }
    return {field: make() for feature, (field, make) in made.items() if feature in features}


def _speaker_names(features: Collection[str]) -> tuple[str, ...] | None:
    """Return the speakers' names: letters, channels or both; None when not told apart."""
    labels, channels = "speaker_labels" in features, "multichannel" in features
    if channels:
        return tuple(f"{n + 1}{'A' if labels else ''}" for n in range(SPEAKERS))
    return tuple("ABCDEFGH"[:SPEAKERS]) if labels else None


def _spelling(params: Mapping[str, object]) -> Mapping[str, str]:
    """Return what to write, by the lower-case word that is heard; `params` have been validated."""
    entries = params.get("custom_spelling")
    return {
        str(heard).lower(): str(entry["to"])
        for entry in (entries if isinstance(entries, list) else ())
        for heard in entry["from"]
    }


def _redaction(features: Collection[str], params: Mapping[str, object]) -> Callable[[Token], str]:
    """Return how words are spelt when some kinds of entity are redacted, one tag for each word."""
    given = params.get("redact_pii_policies")
    policies = given if isinstance(given, list) else []
    if "redact_pii" not in features:
        return _as_said
    by_name = params.get("redact_pii_sub") == "entity_name"
    static = _static_entities(params)

    def spell(token: Token) -> str:
        bare = token.text.rstrip(PUNCTUATION)
        label = token.entity if token.entity in policies else static.get(bare.lower())
        if label is None:
            return token.text
        tag = f"[{label.upper()}]" if by_name else "#" * len(bare)
        return tag + token.text[len(bare) :]

    return spell


def _static_entities(params: Mapping[str, object]) -> Mapping[str, str]:
    """Return the label of each term of one word, in lower case; longer terms are not found here."""
    given = params.get("redact_static_entities")
    labels = given.items() if isinstance(given, dict) else ()
    return {str(term).lower(): str(label) for label, terms in labels for term in terms}


def _as_said(token: Token) -> str:
    return token.text


def _mean(tokens: Sequence[Token]) -> float:
    return round(sum(token.confidence for token in tokens) / len(tokens), 6)
