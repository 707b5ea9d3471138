"""Hide in all of a transcript what `redact_pii` has hidden in its words.

Providers redact the words, and quote them unredacted in what they found: in sentiment, entities,
chapters, summaries. The words say when something is hidden, so whatever has a time is written again
from them. What was hidden is learned from such quotes, and looked for in everything else; summaries
and chapters, which have no words of their own, are read with our rules too (English alone).

The log keeps the provider's answer as it came.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from stenolog.intelligence.words import joined_text, read_words
from stenolog.projections.canonical import BESIDE
from stenolog.projections.documents import Document, text_or_none
from stenolog.projections.hidden_values import AROUND, HiddenValues
from stenolog.projections.shaped.fields import Fields
from stenolog.projections.shaped.notes import Notes
from stenolog.projections.shaped.substitutes import Substitutes
from stenolog.projections.shaped.timeline import WordsByTime
from stenolog.projections.shaped.views import REDACTED

CODE = "redaction-completed"
SENTENCE = (
    "Outside its words, the provider's answer quotes what redact_pii hides: it is hidden here, and "
    "the log keeps the answer as it came. Texts: {count}."
)
UNREDACTED = "unredacted"  # how members begin that a request asks for by a parameter of its own
ENTITIES = "entities"
LISTS = frozenset({"utterances", "sentiment_analysis_results"})
BLOCKS = frozenset({"content_safety_labels", "iab_categories_result", "auto_highlights_result"})
OF_WORD = frozenset({"text", "start", "end", "confidence", "speaker", "channel"})
HOLDING_TEXT = frozenset({str, list, dict})
WRITTEN = frozenset({"chapters", "summary"})  # in words that nobody said
# The customer's own words.
KEPT = frozenset(
    {
        "audio_url",
        "custom_spelling",
        "id",
        "keyterms_prompt",
        "prompt",
        "redact_pii_policies",
        "redact_static_entities",
        "webhook_auth_header_name",
        "webhook_url",
        "word_boost",
    }
)
# The provider's own redaction, and names of kinds, which may be the same words.
NOT_SAID = frozenset(
    {
        "acoustic_model",
        "entity_type",
        "label",
        "language_code",
        "language_model",
        "sentiment",
        "speech_model",
        "speech_model_used",
        "status",
        "summary_model",
        "summary_type",
        "words",
    }
)


def redacted(answer: Document, params: Mapping[str, Any]) -> Document:
    """Return the canonical transcript with nothing in it that its words hide.

    It is the same object where nothing was to be done.
    """
    shown = Substitutes(answer, params)
    changed = _Redactor(answer, params, shown).changed() if shown.asked else {}
    return answer.changed(changed) if changed else answer


class _Redactor:
    """Redacts one transcript."""

    def __init__(
        self, answer: Mapping[str, Any], params: Mapping[str, Any], shown: Substitutes
    ) -> None:
        self._answer = answer
        self._shown = shown
        self._fields = Fields(Notes())
        self._keeps_unredacted = params.get("redact_pii_return_unredacted") is True
        words = self._fields.objects(answer, "words")
        hides = any(shown.is_hidden(text_or_none(one.get("text")) or "") for one in words)
        text = text_or_none(answer.get("text")) or ""
        self._words = read_words(words, text) if hides else ()
        self._hidden = WordsByTime([one for one in self._words if shown.is_hidden(one.text)])
        self._by_time = WordsByTime(self._words)
        self._values = HiddenValues(shown, params)
        self._counts: Counter[str] = Counter()
        self._member = ""  # that is being redacted

    def changed(self) -> dict[str, Any]:
        """Return the members that are not as they came.

        What has times comes first: it tells what is to be looked for in everything else.
        """
        found: dict[str, Any] = {}
        for name, value in self._answer.items():
            self._member = name
            if name == ENTITIES:
                found[name] = self._each(value, self._entity)
            elif not self._hidden:
                continue
            elif name == "text":
                found[name] = self._whole_text(value)
            elif name in LISTS:
                found[name] = self._each(value, self._timed)
            elif name in BLOCKS and isinstance(value, dict):
                results = self._each(value.get("results"), self._timed)
                found[name] = {**value, "results": results} if "results" in value else value
        for name, value in self._answer.items():
            self._member = name
            if name.startswith(UNREDACTED):
                found[name] = value if self._keeps_unredacted else None
            elif name not in KEPT | NOT_SAID:
                found[name] = self._quoting(found.get(name, value), written=name in WRITTEN)
        changed = {name: one for name, one in found.items() if one != self._answer[name]}
        if changed:
            changed[BESIDE] = self._told(changed.get(BESIDE, self._answer.get(BESIDE)))
        return changed

    def _told(self, ours: object) -> dict[str, Any]:
        beside = dict(ours) if isinstance(ours, dict) else {}
        warnings = beside.get("warnings")
        message = SENTENCE.format(count=self._counts.total())
        told = {"code": CODE, "message": message}
        beside["warnings"] = [*(warnings if isinstance(warnings, list) else ()), told]
        beside[REDACTED] = dict(self._counts)
        return beside

    def _whole_text(self, text: object) -> object:
        if not isinstance(text, str):
            return text
        if len(self._hidden) <= sum(map(self._shown.is_hidden, text.split())):
            return text
        return self._rewritten(text, self._words)

    def _each(self, items: object, change: Callable[[dict[str, Any]], dict[str, Any]]) -> object:
        if not isinstance(items, list):
            return items
        return [change(one) if isinstance(one, dict) else one for one in items]

    def _timed(self, item: dict[str, Any]) -> dict[str, Any]:
        """Return an item with its text from the words in its time, where one of them is hidden."""
        if item.keys() <= OF_WORD and not self._hidden.has_some(*self._fields.span(item)):
            return item  # there are thousands, in utterances
        places = [item, item.get("timestamp"), *self._fields.objects(item, "timestamps")]
        text, changes = item.get("text"), dict[str, Any]()
        for place in places:
            if isinstance(text, str) and isinstance(place, dict) and "start" in place:
                span = self._fields.span(place)
                if self._hidden.has_some(*span):
                    text = self._rewritten(text, self._by_time.within(*span))
        if text != item.get("text"):
            changes["text"] = text
        if "words" in item:
            changes["words"] = self._each(item["words"], self._timed)
        return {**item, **changes} if changes else item

    def _entity(self, item: dict[str, Any]) -> dict[str, Any]:
        """Do the same; what is of a kind that is to be hidden is hidden whatever its time is."""
        timed = self._timed(item)
        text, kind = timed.get("text"), text_or_none(item.get("entity_type"))
        if not isinstance(text, str) or kind is None or self._shown.is_all_hidden(text):
            return timed
        hidden = self._values.hide(text, kind)
        if hidden == text:
            return timed
        self._counts[self._member] += 1
        return {**timed, "text": hidden}

    def _rewritten(self, text: str, words: Any) -> str:
        """Return what these words say, of which some are hidden; the text if it says the same."""
        rewritten = joined_text(words)
        if _letters(text) == _letters(rewritten):
            return text
        self._values.learn(text.split(), [word.text for word in words])
        self._counts[self._member] += 1
        return rewritten

    def _quoting(self, value: Any, *, written: bool) -> Any:
        """Return a value without what is hidden, wherever in it a string is."""
        if not (written or self._hidden or self._values):
            return value
        match value:
            case str():
                clean = self._values.without(value)
                clean = self._values.without_found(clean) if written else clean
                self._counts[self._member] += clean != value
                return clean
            case list():
                return [
                    self._quoting(one, written=written) if type(one) in HOLDING_TEXT else one
                    for one in value
                ]
            case dict():
                return {
                    name: one
                    if name in NOT_SAID or type(one) not in HOLDING_TEXT
                    else self._quoting(one, written=written)
                    for name, one in value.items()
                    if self._keeps_unredacted or not name.startswith(UNREDACTED)
                }
            case _:
                return value


def _letters(text: str) -> str:
    """Return what makes a difference: a comma behind a name that is hidden makes none."""
    return "".join(one.strip(AROUND) for one in text.split()).casefold()
