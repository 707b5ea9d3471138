"""Words that are expected are raised where they go on, and where they might begin."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stenolog.engine.options import Keyterms
from stenolog.engine.speech.keyterms import BEGIN_NATS, GO_ON_NATS, RaisedTokens

TOKENS = ("", "▁", "▁s", "▁sten", "▁Sten", "olog", "o", "log", "▁log", "▁a", "▁an", "▁ann")


def logits(*, sure: str = "") -> NDArray[np.float32]:
    found = np.zeros(len(TOKENS), dtype=np.float32)
    if sure:
        found[TOKENS.index(sure)] = 10.0
    return found


def raised(tokens: RaisedTokens, given: NDArray[np.float32]) -> dict[str, float]:
    by = tokens.raised(given) - given
    return {TOKENS[at]: float(by[at]) for at in np.flatnonzero(by)}


def test_a_term_is_begun_where_nothing_is_sure_and_goes_on_wherever_it_began() -> None:
    tokens = RaisedTokens(TOKENS, Keyterms(terms=("Stenolog",)))
    tokens.begin()
    assert raised(tokens, logits()) == {"▁sten": BEGIN_NATS, "▁Sten": BEGIN_NATS}
    assert raised(tokens, logits(sure="▁a")) == {}
    tokens.written(TOKENS.index("▁Sten"))
    assert raised(tokens, logits(sure="▁a")) == {"olog": GO_ON_NATS, "o": GO_ON_NATS}
    tokens.written(TOKENS.index("o"))
    assert raised(tokens, logits(sure="▁a")) == {"log": GO_ON_NATS}
    tokens.written(TOKENS.index("log"))
    assert raised(tokens, logits(sure="▁a")) == {}


def test_another_word_and_another_line_forget_what_was_begun() -> None:
    tokens = RaisedTokens(TOKENS, Keyterms(terms=("Stenolog",)))
    tokens.written(TOKENS.index("▁Sten"))
    tokens.written(TOKENS.index("▁log"))
    assert raised(tokens, logits(sure="▁a")) == {}
    tokens.written(TOKENS.index("▁Sten"))
    tokens.begin()
    assert raised(tokens, logits(sure="▁a")) == {}


def test_a_phrase_goes_on_over_its_spaces_and_strength_counts() -> None:
    tokens = RaisedTokens(TOKENS, Keyterms(terms=("  ann   log ",), strength=2.0))
    assert raised(tokens, logits()) == {"▁an": 2 * BEGIN_NATS, "▁ann": 2 * BEGIN_NATS}
    tokens.written(TOKENS.index("▁ann"))
    assert raised(tokens, logits(sure="▁a")) == {"▁": 2 * GO_ON_NATS, "▁log": 2 * GO_ON_NATS}


def test_terms_that_cannot_be_written_raise_nothing() -> None:
    tokens = RaisedTokens(TOKENS, Keyterms(terms=("", "東京", "zz")))
    assert raised(tokens, logits()) == {}
